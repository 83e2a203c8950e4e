#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: each allocation of loading, of a device, of an end, of login and of commands over shared memory fails
# kernel: debug
# append: kmemleak=on
# disks: 16M
# ivshmem: 16M
# smp: 2
# round: 60
# limit: 600
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/shm/lib.sh

faults_possible
memory=/src/tests/suites/stream/memory.py
mods vpart vpart_auth
walks $memory module vpart_shm
mods vpart_shm
key k 0123456789abcdef0123456789abcdef
shm_unbind 0
walks $memory devices $shm_driver "$(shm_dev 0)"
vpart partition add vios1 vios uuid $shm_server >/dev/null
vpart partition add client1 client uuid $shm_client >/dev/null
walks $memory ends shm "shm:$(shm_dev 0)"
walks /src/tests/suites/stream/shown.py "shm:$(shm_dev 0)" 150
t "no end is left" rmmod vpart_shm
t "nor anything else" rmmod vpart_auth vpart

t "modules and partitions" shm_up
key k 0123456789abcdef0123456789abcdef
backstore d1 /dev/vdb
export FABRIC=shm KEY=k
. /src/tests/lib/fabric.sh
t "R10 a pair, both ends here" eval 'join p1 client1 vios1 60 && mkdir -p $cfg/vscsi/p1/tpgt_1 && echo 1 >$cfg/vscsi/p1/tpgt_1/enable && lun_add p1 0 d1'
walks $memory session p1 16384
t "the ends go" eval 'vpart link del p1 side client --force && server_del p1'
t "the modules go" shm_down
no_leaks "nothing leaked on the way out"
done_testing
