#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: anything at all in the rings, and in the rest of the segment, both sides
# when: whole
# kernel: debug
# disks: 32M
# ivshmem: 16M 16M
# leaks: whole
# smp: 2
# limit: 600
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/shm/lib.sh

t "modules and partitions" shm_up
backstore d1 /dev/vdb
t "the other sides are a program's" eval 'shm_unbind 1 && shm_unbind 3'
t "a server's end and a client's" eval 'server p1 7 none d1 && client p2 8 none 2 path-loss 5'
walks /src/tests/suites/shm/fuzz.py "${FUZZ_SECONDS:-15}" "${SEED:-$RANDOM}"
t "the ends go" eval 'server_del p1 && client_del p2'
t "the modules go" shm_down
kmemleak_check
done_testing
