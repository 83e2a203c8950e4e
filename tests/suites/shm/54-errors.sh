#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a stuck device, a lost link, a reset, over shared memory
# when: whole
# kernel: stock
# limit: 700
# disks: 64M 64M
# ivshmem: 16M
export FABRIC=shm
. /src/tests/suites/vscsi/20-errors.sh
