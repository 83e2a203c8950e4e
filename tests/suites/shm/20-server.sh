#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a server written from the text, right and wrong, and the kernel's client
# kernel: debug
# ivshmem: 16M 16M
# leaks: whole
# smp: 2
# limit: 900
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/shm/lib.sh

t "modules and partitions" shm_up
key k 0123456789abcdef0123456789abcdef
t "the other sides are a program's" eval 'shm_unbind 1 && shm_unbind 3'
t "clients' ends" eval 'client p1 7 none 0 path-loss 60 && client p2 8 k 2 path-loss 60'
walks /src/tests/suites/shm/server.py
t "the clients' ends go" eval 'client_del p1 && client_del p2'
t "the modules go" shm_down
kmemleak_check
done_testing
