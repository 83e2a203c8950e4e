#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a client written from the text, right and wrong, and the kernel's server
# kernel: stock
# disks: 32M 32M
# ivshmem: 16M 16M
# leaks: whole
# smp: 2
# limit: 700
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/shm/lib.sh

t "modules and partitions" shm_up
backstore d1 /dev/vdb
backstore d2 /dev/vdc
key k 0123456789abcdef0123456789abcdef
t "the other sides are a program's" eval 'shm_unbind 1 && shm_unbind 3'
t "servers' ends" eval 'server p1 7 none d1 && server p2 8 k d2 2'
walks /src/tests/suites/shm/client.py
t "the servers' ends go" eval 'server_del p1 && server_del p2'
t "the modules go" shm_down
kmemleak_check
done_testing
