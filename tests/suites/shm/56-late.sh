#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a backing device that never answers, over shared memory
# when: whole
# kernel: stock
# limit: 700
# disks: 64M 64M
# ivshmem: 16M 16M
export FABRIC=shm
. /src/tests/suites/stream/56-late.sh
