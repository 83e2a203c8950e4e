#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: one LU over two servers is one disk of multipath, whichever of them fails
# when: whole
# kernel: stock
# limit: 1200
# disks: 320M
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/multipath/lib.sh

mp_up /dev/vdb
t "one LU over two servers" test -n "$one" -a -n "$two"

# --- who is who ---
naa() { sg_vpd -p 0x83 "/dev/$1" | sed -n 's/^ *\(0x6[0-9a-f]*\)$/\1/p'; }
is "R11 both paths say that they are one disk" "$(naa "$one")" "$(naa "$two")"
is "... which is the LU's UUID" "$(naa "$one" | cut -c10-34)" 0b6f3a7052c14e0e9a424d1f8
is "... in its serial number, too" "$(tr -dc 'a-z0-9-' <"/sys/block/$two/device/vpd_pg80")" 0b6f3a70-52c1-4e0e-9a42-4d1f8c9b7a01
port1=$(of port p1) port2=$(of port p2) group1=$(of group p1) group2=$(of group p2)
t "R8 their target ports differ" test "$port1" -ge 1024 -a "$port2" -ge 1024 -a "$port1" != "$port2"
t "R8 and the servers' port groups" test "$group1" -ge 1024 -a "$group2" -ge 1024 -a "$group1" != "$group2"
is "VPD page 0x83 has the port, by the one path" "$(inquiry port "$one")" "$port1"
is "... and by the other" "$(inquiry port "$two")" "$port2"
is "... and the group" "$(inquiry group "$one")" "$group1"
is "... and by the other" "$(inquiry group "$two")" "$group2"
want=$(printf '%s\n' "$group1 0 1 $port1" "$group2 1 0 $port2" | sort)
is "REPORT TARGET PORT GROUPS has the same numbers, and which is to be used" "$(rtpg "$one" | sort)" "$want"
is "... over the other path, too" "$(rtpg "$two" | sort)" "$want"
is "vpart says so" "$(of access p1) $(of access p2)" "optimized non-optimized"
dh_knows() { [ "$(cat "/sys/block/$1/device/access_state")" = "$2" ]; }
t "the client's kernel knows the one" wait_for 60 dh_knows "$one" active/optimized
t "... and the other" wait_for 60 dh_knows "$two" active/non-optimized

# --- the same numbers again ---
vpart config save /tmp/config.json >/dev/null
t "the numbers are kept" grep -q "\"port\": $port2" /tmp/config.json
t "all of it goes with the adapters" mp_down
mods vpart vscsi_target vscsi_host
mp_parts
# In another order.
join p2 client1 vios2 5
join p1 client1 vios1 5
vpart lu add d1 adapter p2 device /dev/vdb >/dev/null
vpart lu add d1 adapter p1 >/dev/null
is "R13 made anew by hand, they are the same" "$(of port p1) $(of port p2) $(of group p1) $(of group p2)" "$port1 $port2 $group1 $group2"
is "the first path is the optimized one" "$(of access p2)" optimized
mp_clear
vpart node del node1 >/dev/null
# A number that is set by hand outlives a boot, too.
port2=4711
sed -i "s/\"port\": $(grep -A3 '"adapter": "p2"' /tmp/config.json | sed -n 's/.*"port": \([0-9]*\).*/\1/p')/\"port\": $port2/" /tmp/config.json
t "R13 the configuration is restored" vpart config restore /tmp/config.json
is "R13 with its numbers and who is optimized" "$(of port p1) $(of port p2) $(of group p1) $(of group p2) $(of access p1)" \
	"$port1 $port2 $group1 $group2 optimized"
one=$(disk_of p1 0) two=$(disk_of p2 0)
is "... which the client sees" "$(inquiry port "$two")" $port2

# --- changes of the state ---
store=$(store_of d1)
echo 2 >"$store/alua/vios2/alua_access_state"
t "a unit attention tells the client of a change in LIO" wait_for 60 \
	sh -c "sg_turs /dev/$two >/dev/null 2>&1; [ \"\$(cat /sys/block/$two/device/access_state)\" = standby ]"
echo 1 >"$store/alua/vios2/alua_access_state"
wait_for 60 sh -c "sg_turs /dev/$two >/dev/null 2>&1; [ \"\$(cat /sys/block/$two/device/access_state)\" = active/non-optimized ]"
t "SET TARGET PORT GROUPS by the client" sg_stpg --state=an,ao --tp="$group1,$group2" "/dev/$one"
is "... is what vpart says then" "$(of access p1) $(of access p2)" "non-optimized optimized"
t "vpart turns it back" vpart lu set d1 adapter p1 access optimized
is "... the other is not optimized any more" "$(of access p1) $(of access p2)" "optimized non-optimized"
t "... and an idle client hears of it" wait_for 60 dh_knows "$one" active/optimized

# --- multipath ---
mp_start
t "R8 multipath makes one map of both, by VPD page 0x83" test -b "$map"
is "... named by the NAA identifier" "$(mp_field w)" "3$(naa "$one" | cut -c3-)"
# If its path answered later at the start, the client has made the other optimized, too.
wait_for 120 uses "$one"
vpart lu set d1 adapter p1 access optimized >/dev/null
t "the preferred path is first" wait_for 60 is_prio "$one" 130
t "... the other last" wait_for 120 is_prio "$two" 10
t "... and I/O goes over the preferred one" wait_for 60 uses "$one"
t "vpart has another server preferred" vpart lu set d1 adapter p2 access optimized
t "... multipath follows" wait_for 120 is_prio "$two" 130
t "... and I/O" wait_for 120 uses "$two"
vpart lu set d1 adapter p1 access optimized >/dev/null
t "... and back" wait_for 120 uses "$one"

# --- paths fail in turn ---
mp_load "$map" 8M &
load=$!
wait_for 120 passed 1
for round in 1 2; do
	t "R8 the first server fails, multipath sees it" lose vios1 "$one"
	t "... I/O goes over the other path" wait_for 60 uses "$two"
	n=$(cat /tmp/passes)
	t "... and on" wait_for 240 passed $((n + 2))
	t "R9 it returns, the map has two paths again" regain vios1
	is "R9 the same disk" "$(disk_of p1 0)" "$one"
	t "R9 and is preferred again" wait_for 120 uses "$one"
	t "R8 the second fails" lose vios2 "$two"
	n=$(cat /tmp/passes)
	t "... I/O goes on" wait_for 240 passed $((n + 1))
	t "R9 it returns, the map has two paths again" regain vios2
	is "R9 the same disk" "$(disk_of p2 0)" "$two"
done
touch /tmp/stop
wait $load
t "R8 R24 zero errors, zero mismatches in $(cat /tmp/passes) passes" test ! -e /tmp/errors

# --- both away: waited for ---
lose vios1 "$one"
lose vios2 "$two"
head -c 1048576 /dev/urandom >/tmp/a
dd if=/tmp/a of="$map" bs=64k seek=16 oflag=direct conv=notrunc status=none &
writer=$!
queued() { [ "$(mpd show maps raw format '%Q' | grep -c 'chk')" = 1 ]; }
t "without any path, I/O waits" wait_for 60 kill -0 $writer
vpart partition start vios2 >/dev/null
wait $writer
is "R9 and goes on with the first that returns" $? 0
t "with the right data" cmp /tmp/a <(dd if=/dev/vdb bs=64k skip=16 count=16 iflag=direct status=none)
regain vios1

# --- file systems ---
for fs in ext4 xfs; do
	mkfs() { if [ $fs = ext4 ]; then mkfs.ext4 -qF "$map"; else mkfs.xfs -qf "$map"; fi; }
	vpart partition fail vios1 >/dev/null
	t "R8 mkfs.$fs, a server fails" mkfs
	vpart partition start vios1 >/dev/null
	mount -t $fs "$map" /mnt
	cp -a /usr/bin/python3* /usr/lib/python3.*/asyncio /mnt &
	copy=$!
	wait_for 120 mp_has 2
	vpart partition fail vios1 >/dev/null
	wait $copy
	t "... files while it returns and fails" test $? = 0
	vpart partition start vios1 >/dev/null
	sync -f /mnt
	wait_for 120 mp_has 2
	vpart partition fail vios2 >/dev/null
	t "... which are right" diff -r /usr/lib/python3.*/asyncio /mnt/asyncio
	umount /mnt
	if [ $fs = ext4 ]; then t "... fsck finds nothing" e2fsck -fn "$map"; else t "... xfs_repair finds nothing" xfs_repair -n "$map"; fi
	vpart partition start vios2 >/dev/null
	wait_for 120 mp_has 2
done

# --- a path goes, and comes ---
fails "a path in use is not taken away" "d1 is in use: the disk /dev/$two" vpart lu del d1 adapter p2
t "... unless it is forced" vpart lu del d1 adapter p2 --force
t "multipath has one path then" wait_for 120 mp_has 1
is "... and vpart" "$(vpart --json lu show d1 | grep -c '"adapter"')" 1
t "the LU is served still" dd if="$map" of=/dev/null bs=4k count=1 iflag=direct status=none
is "its port group went" "$(ls -d "$store"/alua/vios2 2>/dev/null)" ''
t "R9 a path more" vpart lu add d1 server vios2 client client1
t "... is one of the map" wait_for 120 mp_has 2
is "... with its number" "$(of group p2)" "$group2"

# --- what is refused ---
fails "a second path at the same adapters" 'd1 is at adapter pair p2 already' vpart lu add d1 adapter p2
fails "a path to no LU" "there is no LU 'd9'; name a device" vpart lu add d9 adapter p2
fails "a path with a UUID of its own" 'which device\?' vpart lu add d1 adapter p2 uuid 0b6f3a70-52c1-4e0e-9a42-4d1f8c9b7a02
fails "a state that is none" 'access is optimized' vpart lu set d1 adapter p1 access best
fails "a state of which path?" 'd1 has 2 paths' vpart lu set d1 access optimized
fails "a path that is none" 'd1 is not at adapter pair p9' vpart lu del d1 adapter p9
truncate -s 16M /tmp/file
mkdir -p $cfg/core/fileio_7/buffered
echo "fd_dev_name=/tmp/file,fd_dev_size=16777216,fd_buffered_io=1" >$cfg/core/fileio_7/buffered/control
echo 1 >$cfg/core/fileio_7/buffered/enable
mkdir -p $cfg/vscsi/p1/tpgt_1/lun/lun_7
ln -s $cfg/core/fileio_7/buffered $cfg/vscsi/p1/tpgt_1/lun/lun_7/buffered
fails "R8 a LU that may forget what it has confirmed: a buffered file" 'buffered cannot have a second path: its file is served buffered' vpart lu add buffered adapter p2
rm $cfg/vscsi/p1/tpgt_1/lun/lun_7/buffered
rmdir $cfg/vscsi/p1/tpgt_1/lun/lun_7 $cfg/core/fileio_7/buffered $cfg/core/fileio_7
t "a file that is not" vpart lu add f1 adapter p1 device /tmp/file --no-wait
t "... may have two paths" vpart lu add f1 adapter p2 --no-wait
t "both go at once" vpart lu del f1 --force
modprobe loop
loop=$(losetup -f --show /tmp/file)
t "a loop device" vpart lu add l1 adapter p1 device "$loop" --no-wait
fails "R8 ... keeps writes in memory" "l1 cannot have a second path: .*in memory .${loop#/dev/}" vpart lu add l1 adapter p2
vpart lu del l1 --force >/dev/null
fails "R8 ... also if its other path is elsewhere" "l1 cannot have a second path" vpart lu add l1 adapter p1 device "$loop" access non-optimized
losetup -d "$loop"

mp_stop
t "multipath ends" mp_none
t "all paths go at once" vpart lu del d1
is "nothing is left of the LU" "$(vpart --json lu show | tr -d ' \n')" '[]'
t "all of it away" mp_down
done_testing
