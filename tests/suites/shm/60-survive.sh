#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: verified I/O goes on while each server fails and returns, over shared memory
# kernel: stock
# limit: 600
# disks: 24M 24M
# ivshmem: 16M 16M
# kernels: 6.12 +7.2
export FABRIC=shm
. /src/tests/suites/slice/10-survive.sh
