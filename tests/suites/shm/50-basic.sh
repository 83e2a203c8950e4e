#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the vSCSI suite's basics over shared memory
# kernel: stock
# limit: 420
# disks: 64M 64M 64M 64M
# ivshmem: 16M
# kernels: +6.12 7.2
export FABRIC=shm
. /src/tests/suites/vscsi/10-basic.sh
