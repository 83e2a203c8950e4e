#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: servers that have the same numbers are named at the client
# kernel: stock
# kernels: +6.12 +7.2
# limit: 180
# disks: 16M 16M
# smp: 2
FABRIC=tcp	# each end for itself, as in two kernels
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/multipath/lib.sh

mp_mods
mp_parts
join p1 client1 vios1
join p2 client1 vios2
problems() {
	vpart --json lu paths | python3 -c 'import json, sys
print(*sorted(str(p["problem"]) for p in json.load(sys.stdin)), sep=", ")'
}

# What two kernels would serve: two backstores of one identity.
n=0
for pair in p1 p2; do
	n=$((n + 1))
	mkdir -p $cfg/core/iblock_$n/d$n
	[ $n = 1 ] && dev=/dev/vdb || dev=/dev/vdc
	echo "udev_path=$dev" >$cfg/core/iblock_$n/d$n/control
	echo 1 >$cfg/core/iblock_$n/d$n/enable
	printf %s 0b6f3a70-52c1-4e0e-9a42-4d1f8c9b7a01 >$cfg/core/iblock_$n/d$n/wwn/vpd_unit_serial
	enable $pair
	lun_add $pair 0 d$n
done
one=$(disk_of p1 0) two=$(disk_of p2 0)
t "the client has two disks" test -n "$one" -a -n "$two"
is "R8 in LIO's own group the servers are one: the client says so" "$(problems)" \
	'server vios1 has the same port group, server vios2 has the same port group'
t "... to people, too" sh -c 'vpart lu paths | grep -q "server vios2 has the same port group$"'
t "the first gets a group" vpart lu set d1 adapter p1 access optimized
two_groups() { [ "$(problems)" = 'None, None' ]; }
t "R8 ... which the other is not in" wait_for 60 two_groups
t "the second gets a group" vpart lu set d2 adapter p2 access non-optimized
group() { vpart --json lu paths | python3 -c 'import json, sys
print(*[p["group"] for p in json.load(sys.stdin) if p["adapter"] == sys.argv[1]])' "$1"; }
of_server() { [ "$(group p2)" = "$(cat $cfg/vscsi/p2/tpgt_1/port_group)" ]; }
t "R8 ... its own" wait_for 60 of_server
t "... without a problem" two_groups
fails "a number that another server has at the LU is refused" 'd1: port group [0-9]* of server vios1 is another' sh -c "
	vpart lu del d1 --force >/dev/null
	mkdir -p $cfg/core/iblock_1/d1 && echo udev_path=/dev/vdb >$cfg/core/iblock_1/d1/control
	echo 1 >$cfg/core/iblock_1/d1/enable
	mkdir $cfg/core/iblock_1/d1/alua/other $cfg/vscsi/p1 $cfg/vscsi/p1/tpgt_1
	cat $cfg/vscsi/p1/tpgt_1/port_group >$cfg/core/iblock_1/d1/alua/other/tg_pt_gp_id
	mkdir -p $cfg/vscsi/p1/tpgt_1/lun/lun_0
	ln -s $cfg/core/iblock_1/d1 $cfg/vscsi/p1/tpgt_1/lun/lun_0/d1
	vpart lu set d1 adapter p1 access optimized"
is "... and no group is left" "$(ls -d $cfg/core/iblock_1/d1/alua/vios1 2>/dev/null)" ''
done_testing
