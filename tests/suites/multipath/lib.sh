# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# lib.sh: one LU over two servers, and Debian's multipath-tools with what vpart installs.
#
#	. /src/tests/lib/guest.sh
#	. /src/tests/suites/vscsi/lib.sh
#	. /src/tests/suites/multipath/lib.sh
#	mp_up /dev/vdb		LU d1 by vios1 (pair p1) and vios2 (pair p2)
#	mp_start		udev, multipathd; $map is the map, $one and $two its paths

mp_mods() {
	local m
	vscsi_mods || return
	for m in dm_multipath scsi_dh_alua dm_service_time; do modprobe -q $m; done
	dmsetup targets | grep -q multipath
}

# mp_parts, mp_pairs: the numbers of their target ports come from the UUIDs and the slots.
mp_parts() {
	vpart partition add vios1 vios uuid 5b0e2d2c-7b1f-4a40-8d6e-6f3a1c9b0011 >/dev/null &&
		vpart partition add vios2 vios uuid 5b0e2d2c-7b1f-4a40-8d6e-6f3a1c9b0012 >/dev/null &&
		vpart partition add client1 client >/dev/null
}
mp_pairs() { join p1 client1 vios1 5 && join p2 client1 vios2 5; }

mp_up() { # DEVICE
	mp_mods && mp_parts && mp_pairs || return
	vpart lu add d1 adapter p1 device "$1" uuid 0b6f3a70-52c1-4e0e-9a42-4d1f8c9b7a01 >/dev/null &&
		vpart lu add d1 adapter p2 >/dev/null || return
	# shellcheck disable=SC2034 # for the scripts
	one=$(disk_of p1 0) two=$(disk_of p2 0)
	wait_for 60 test -b "/dev/$two"
}

mp_clear() {
	local p
	vpart adapter del p1 --force >/dev/null && vpart adapter del p2 --force >/dev/null || return
	for p in vios1 vios2 client1; do vpart partition del $p >/dev/null || return; done
}
mp_down() {
	mp_clear && { [ ! -d "$cfg/vscsi" ] || rmdir "$cfg/vscsi"; } && rmmod vscsi_host && rmmod vscsi_target &&
		fabric_rmmod && rmmod vpart
}

# Devices are named by udev, as on any Debian: scsi_id reads VPD page 0x83. Links have the
# time-outs of the policy multipath.
mp_udev() {
	mkdir -p /run/udev/rules.d /etc/multipath/conf.d /etc/vpart/policy &&
		cp /src/tools/multipath/vpart.conf /etc/multipath/conf.d/ &&
		cp /src/tools/udev/60-vpart-path-loss.rules /run/udev/rules.d/ &&
		echo VPART_POLICY=multipath >/etc/vpart/policy/default || return
	/lib/systemd/systemd-udevd --daemon >/dev/null 2>&1
	udevadm trigger --action=add --subsystem-match=block --subsystem-match=srp_remote_ports &&
		udevadm settle -t 120
}
mp_start() {
	mp_udev || return
	multipathd -d -s -v2 >/out/multipathd 2>&1 &
	multipathd=$!
	wait_for 120 mp_mapped || return
	map=/dev/mapper/$(mp_field w)
	wait_for 60 test -b "$map"
}
mp_stop() {
	kill "$multipathd"
	wait "$multipathd"
	multipath -F >/dev/null 2>&1
}
mp_none() { [ "$(dmsetup ls --target multipath)" = 'No devices found' ]; }

# Their answers end with a NUL.
mpd() { multipathd "$@" 2>/dev/null | tr -d '\0'; }
mp_field() { mpd show maps raw format "%$1" | head -n 1 | tr -d ' '; }
mp_mapped() { [ "$(mp_active)" = 2 ]; }
mp_active() { mpd show paths raw format '%t %T %m' | grep -c '^active *ready'; }
mp_has() { [ "$(mp_active)" = "$1" ]; }
mp_only() { [ "$(mpd show paths raw format '%d' | xargs)" = "$1" ]; }
# prio DISK, path DISK: what multipathd says of a path.
prio() { mpd show paths raw format '%d %p' | awk -v d="$1" '$1 == d { print $2 }'; }
path() { mpd show paths raw format '%d %t %T' | awk -v d="$1" '$1 == d { print $2, $3 }'; }
is_prio() { [ "$(prio "$1")" = "$2" ]; }
is_path() { [ "$(path "$1")" = "$2" ]; }
# The paths of the group in use, as the kernel's map $map or $name has them.
in_use() {
	dmsetup status "${name:-${map##*/}}" | python3 -c 'import re, sys
words = sys.stdin.read()
for state, paths in re.findall(r" ([AED]) \d+ \d+ \d+((?: \d+:\d+ [AF] \d+(?: \d+)*)+)", words):
	if state == "A":
		print(*re.findall(r"(\d+:\d+) A", paths))'
}
uses() { [ "$(in_use)" = "$(cat "/sys/block/$1/dev")" ]; }

# of KEY PAIR: a number of LU d1's path, as vpart says.
of() {
	vpart --json lu show d1 | python3 -c 'import json, sys
lu = json.load(sys.stdin)
for p in lu.get("paths", [lu]):
	if p["adapter"] == sys.argv[2]:
		print(p[sys.argv[1]])' "$1" "$2"
}
# inquiry KIND DISK: a number in VPD page 0x83 (port or group).
inquiry() {
	case $1 in
	port) sg_vpd -p 0x83 "/dev/$2" | sed -n 's/.*Relative target port: //p' ;;
	group) sg_vpd -p 0x83 "/dev/$2" | sed -n 's/.*Target port group: //p' ;;
	esac | while read -r n; do echo $((n)); done
}
# rtpg DISK: REPORT TARGET PORT GROUPS as lines "group state preferred ports".
rtpg() {
	sg_rtpg -d "/dev/$1" | python3 -c 'import re, sys
for g in re.split(r"target port group id : ", sys.stdin.read())[1:]:
	print(int(g.split()[0], 16), int(re.search(r"access state : (0x\w+)", g)[1], 16),
	      re.search(r"Pref=(\d)", g)[1],
	      *sorted(int(p, 16) for p in re.findall(r"^ +(0x[0-9a-f]+) *$", g, re.M)))'
}

# Write and read back, over and over, until told to stop.
mp_load() { # DEVICE SIZE
	local i=0
	rm -f /tmp/stop /tmp/errors /out/issued
	while [ ! -e /tmp/stop ]; do
		i=$((i + 1))
		fio --name=v --filename="$1" --rw=randwrite --bsrange=4k-32k --size="$2" --direct=1 --ioengine=libaio \
			--iodepth=16 --randseed=$((${SEED:-0} + i)) --verify=crc32c --verify_fatal=1 --do_verify=1 \
			--output=/out/fio.$((i % 4)) >/dev/null 2>&1 || { echo "pass $i" >>/tmp/errors; cp "/out/fio.$((i % 4))" /out/fio.bad; }
		grep -h 'issued rwts' "/out/fio.$((i % 4))" >>/out/issued
		echo $i >/tmp/passes
	done
}
# ios: reads and writes that its whole passes issued.
ios() { sed 's/.*total=\([0-9]*\),\([0-9]*\),.*/\1 \2/' /out/issued | awk '{ r += $1; w += $2 } END { print r + 0, w + 0 }'; }
passed() { [ "$(cat /tmp/passes 2>/dev/null || echo 0)" -ge "$1" ]; }

# lose VIOS DISK, regain VIOS: and multipath has seen it.
lose() { vpart partition fail "$1" >/dev/null && wait_for 120 is_path "$2" 'failed faulty'; }
regain() { vpart partition start "$1" >/dev/null && wait_for 120 mp_has 2; }
