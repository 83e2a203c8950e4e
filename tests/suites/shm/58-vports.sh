#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a virtual port over shared memory: a segment of its own, the grant as elsewhere
# when: whole
# kernel: stock
# leaks: whole
# limit: 360
# disks: 32M 32M
# ivshmem: 16M 16M
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh

FABRIC=shm
name=3123456789abcdef
problem() { get 'o["problem"]' link show "$1" side "$2" | grep -q "$3"; }
serial() { tr -dc 'a-z0-9-' <"/sys/block/$1/device/vpd_pg80"; }

t "a pair over shared memory" vscsi_up
backstore d1 /dev/vdb
backstore d2 /dev/vdc
lun_add p1 0 d1
fails "R16 its segment is not shared with a virtual port" 'fabric shm has an address for each link: give one' \
	vpart vport add va parent p1 side server id 9
fails "R16 nor by name" '0000:00:10.0 is in use by adapter p1' \
	vpart vport add va parent p1 side server id 9 address shm:0000:00:10.0
t "R16 with a segment of its own the port is granted" \
	vpart vport add va parent p1 side server id 9 port-name $name address shm:0000:00:12.0
enable va
vpart vport add va parent p1 side client id 9 port-name 2123456789abcdef address shm:0000:00:13.0 >/dev/null
t "R16 P9 another name is refused" wait_for 60 problem va client 'has granted another port name, or none'
t "R16 and the server tells" problem va server "says port name 2123456789abcdef, $name is granted"
vpart vport del va side client >/dev/null
t "R16 the client's end" vpart vport add va parent p1 side client id 9 port-name $name address shm:0000:00:13.0
t "R16 it comes up" wait_for 60 link_is va up
lun_add va 0 d2
is "R16 each sees its own LU" "$(serial "$(disk_of va 0)") $(serial "$(disk_of p1 0)")" "d2-2 d1-1"
t "R16 data goes there" dd if=/dev/urandom of="/dev/$(disk_of va 0)" bs=64k count=8 oflag=direct status=none
t "... and nowhere else" cmp -n 524288 /dev/vdb /dev/zero
t "all of it away" vscsi_down
kmemleak_check
done_testing
