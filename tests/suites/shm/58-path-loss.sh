#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the remote port of a link over shared memory
# when: whole
# kernel: stock
# limit: 600
# disks: 24M 24M 24M
# ivshmem: 16M 16M
export FABRIC=shm
. /src/tests/suites/stream/58-path-loss.sh
