#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the core of it: numbers, states, a server that fails; nothing is leaked
# kernel: stock
# soak: debug
# kernels: +6.12 +7.2
# leaks: whole
# limit: 900
# disks: 48M
# smp: 2
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/multipath/lib.sh

mp_up /dev/vdb
t "one LU over two servers" test -n "$one" -a -n "$two"
port1=$(of port p1) port2=$(of port p2) group1=$(of group p1) group2=$(of group p2)
is "R8 REPORT TARGET PORT GROUPS tells the servers apart" "$(rtpg "$one" | sort)" \
	"$(printf '%s\n' "$group1 0 1 $port1" "$group2 1 0 $port2" | sort)"
is "... with the numbers of VPD page 0x83" "$(inquiry port "$two") $(inquiry group "$two")" "$port2 $group2"

# --- the port's number in configfs ---
tpg=$cfg/vscsi/p2/tpgt_1
is "the number of the port" $(($(cat $tpg/rtpi))) "$port2"
is "the number of the group" "$(cat $tpg/port_group)" "$group2"
fails "the port's is fixed while the target is enabled" 'Invalid argument' bash -c "echo 4711 >$tpg/rtpi"
echo 0 >$tpg/enable
for bad in 0 65536 x; do fails "it is no $bad" 'Invalid argument|out of range' bash -c "echo $bad >$tpg/rtpi"; done
echo "$port1" >$tpg/rtpi
fails "R8 a number that another target has is refused" 'Invalid argument' bash -c "echo 1 >$tpg/enable"
echo 4711 >$tpg/rtpi
t "another one is taken" sh -c "echo 1 >$tpg/enable"
wait_for 60 link_is p2 up
is "R8 ... and the client sees it" "$(inquiry port "$two")" 4711
echo 0 >$tpg/enable
echo "$port2" >$tpg/rtpi
echo 1 >$tpg/enable
wait_for 60 link_is p2 up
vpart adapter add client client1 server vios2 name p3 >/dev/null
mkdir -p $cfg/vscsi/p3/tpgt_1
t "R8 a server's targets are one group" test "$(cat $cfg/vscsi/p3/tpgt_1/port_group)" = "$group2"
t "... of different ports" test $(($(cat $cfg/vscsi/p3/tpgt_1/rtpi))) != "$port2"
rmdir $cfg/vscsi/p3/tpgt_1 $cfg/vscsi/p3
vpart adapter del p3 >/dev/null

# --- a map by hand: udev, and so multipathd, want more than this kernel has ---
dev1=$(cat "/sys/block/$one/dev") dev2=$(cat "/sys/block/$two/dev") name=mp
dmsetup create mp --noudevsync --noudevrules --table "0 $(cat "/sys/block/$one/size") multipath 1 queue_if_no_path \
	1 alua 2 1 round-robin 0 1 1 $dev1 1000 round-robin 0 1 1 $dev2 1000"
map=/dev/dm-$(dmsetup info -c --noheadings -o minor mp)
t "R8 a multipath map of both" wait_for 60 test -b "$map"
is_dm() { dmsetup status mp | grep -q " $1 $2 "; }	# DEVICE A|F
mp_load "$map" 1M &
load=$!
t "... that prefers the one" wait_for 120 uses "$one"
wait_for 240 passed 1
vpart partition fail vios1 >/dev/null
t "R8 the first server fails, its path too" wait_for 120 is_dm "$dev1" F
t "... I/O goes over the other" wait_for 60 uses "$two"
n=$(cat /tmp/passes)
t "... and on" wait_for 240 passed $((n + 2))
vpart partition start vios1 >/dev/null
wait_for 60 link_is p1 up
dmsetup message mp 0 "reinstate_path $dev1"
is "R9 it returns, the same disk" "$(disk_of p1 0)" "$one"
t "R9 and is used again" wait_for 60 is_dm "$dev1" A
dmsetup message mp 0 "switch_group 1"
t "... first" wait_for 60 uses "$one"
touch /tmp/stop
wait $load
t "R8 R24 zero errors, zero mismatches in $(cat /tmp/passes) passes" test ! -e /tmp/errors
t "vpart has the other preferred" vpart lu set d1 adapter p2 access optimized
is "... and says so" "$(of access p1) $(of access p2)" "non-optimized optimized"
is "... to the client, too" "$(rtpg "$one" | sort)" "$(printf '%s\n' "$group1 1 0 $port1" "$group2 0 1 $port2" | sort)"
dmsetup remove mp --noudevsync --noudevrules
t "all paths go at once" vpart lu del d1
t "all of it away" mp_down
kmemleak_check
done_testing
