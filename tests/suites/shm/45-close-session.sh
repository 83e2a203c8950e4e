#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a lost session is closed over shared memory, and one over shared memory over another link
# when: whole
# kernel: stock
# disks: 16M
# ivshmem: 16M 16M
# smp: 2
# limit: 400
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/shm/lib.sh

# over_tcp PAIR ID PORT BACKSTORE
over_tcp() { server_at "tcp:127.0.0.1:$3" "$1" "$2" none "$4"; }

t "modules and partitions" eval 'shm_up && mods vpart_stream && ip link set lo up'
for n in 1 2 3 4; do
	layer way$n
	backstore d$n /dev/mapper/way$n
done
t "the other sides are a program's" eval 'shm_unbind 1 && shm_unbind 3'
t "servers' ends, by memory and by TCP" eval 'server p1 7 none d1 && server p2 8 none d2 2 &&
	over_tcp p3 9 7301 d3 && over_tcp p4 10 7302 d4'
walks /src/tests/suites/shm/closing.py text
t "the devices are the kernel's" eval 'shm_bind 1 && shm_bind 3'
walks /src/tests/suites/shm/closing.py kernel
t "the servers' ends go" eval 'for n in 1 2 3 4; do server_del p$n || break; done'
t "the ways go" eval 'for n in 1 2 3 4; do dmsetup remove --noudevsync way$n || break; done'
t "the modules go" eval 'vpart partition del client1 && vpart partition del vios1 && { [ ! -d $cfg/vscsi ] || rmdir $cfg/vscsi; } &&
	rmmod vscsi_host vscsi_target vpart_stream vpart_shm vpart_auth vpart'
done_testing
