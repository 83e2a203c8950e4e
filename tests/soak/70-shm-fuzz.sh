#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: anything at all in the rings of shared memory, both sides
# kernel: debug
# limit: 300
# round: 600
# disks: 32M
# ivshmem: 16M 16M
# leaks: check
# smp: 2
export FUZZ_SECONDS=$SOAK_SECONDS
. /src/tests/suites/shm/30-fuzz.sh
