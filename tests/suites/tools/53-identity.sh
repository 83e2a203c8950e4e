#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: host
# machines: 1
# guests: stock
# limit: 900
# summary: a LU's device is found by its identity when its name is another one after a reboot
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh

# Disks 1, 2 have serial numbers; 3 has none, but a partition table; 4 is blank;
# 5 has a serial number, and so has 6: the same.
machine s --disk 24M --disk 24M --disk 24M: --disk 24M: --disk 24M:twin --disk 24M:twin
cfg=/out/config.json
# What each boot does first. Its output is the test's; exit codes are those of vpart.
# shellcheck disable=SC2016
begin='export PATH=/src/build/tools:$PATH DM_DISABLE_UDEV=1
mods target_core_iblock target_core_file sd_mod dm_mod dm_multipath dm_round_robin vpart vscsi_target vscsi_host'
s() { on -t 180 s "export PATH=/src/build/tools:\$PATH DM_DISABLE_UDEV=1; $1"; }
up() { s "$begin"; }
reorder() { kill_machine s && disks s "$@" && start_machine s && up; }	# NUMBER...
# of DISK...: what the client reads at the start of these LUs' disks
of() {
	# shellcheck disable=SC2016
	s 'for d in '"$*"'; do
		disk=$(vpart --json lu show $d 2>/dev/null | sed -n "s|.*\"disk\": *\"\(/dev/.*\)\".*|\1|p")
		[ -z "$disk" ] && echo "$d:withheld" || echo "$d:$(dd if=$disk bs=512 skip=40 count=1 iflag=direct status=none | tr -d "\0")"
	done | xargs'
}
restore() { s "vpart config restore $cfg >/tmp/said 2>/tmp/err; echo \$?"; }
said() { s "grep -E '$1' /tmp/err"; }
identity() { s "vpart --json lu show $1" | python3 -c 'import json, sys
o = json.load(sys.stdin); print(o["identity_type"], o["identity"])'; }

t "a machine with disks of all sorts" up
# shellcheck disable=SC2016
t "each holds its own number" s 'for n in b c d e f g; do echo data-vd$n | dd of=/dev/vd$n bs=512 seek=40 conv=sync,notrunc oflag=direct status=none || exit; done
	python3 /src/tests/lib/gpt.py /dev/vdd 11111111-2222-4333-8444-555555555555 2048 16384 aaaaaaaa-2222-4333-8444-555555555501 \
		18432 16384 aaaaaaaa-2222-4333-8444-555555555502 && blockdev --rereadpt /dev/vdd && wait_for 20 test -b /dev/vdd2
	for n in 1 2; do echo part$n | dd of=/dev/vdd$n bs=512 seek=40 conv=sync,notrunc oflag=direct status=none || exit; done
	vpart partition add vios1 vios; vpart partition add client1 client'

# --- what a device is known by ---
add="vpart lu add \$d server vios1 client client1"
t "R13 a disk with a serial number" s "d=d1; $add device /dev/vdb"
is "R13 is known by that, the UDID" "$(identity d1)" "udid serial:disk1"
t "R13 a partition of a disk without one" s "d=d3; $add device /dev/vdd2"
is "R13 is known by its id in the disk's table, a PVID" "$(identity d3)" "pvid partuuid:aaaaaaaa-2222-4333-8444-555555555502"
fails "R13 a blank disk without one is refused, and the ways out are named" \
	"/dev/vde says nothing by which it is known again.*serial number or a partition table, or say 'identity none'" \
	s "d=d4; $add device /dev/vde"
fails "R13 so are two disks that say the same" \
	'/dev/vdf: /dev/vdf and /dev/vdg both say that they are serial:twin: nobody can tell' s "d=d5; $add device /dev/vdf"
is "nothing is left of them" "$(s 'vpart --json lu show' | grep -c '"name"')" 2
fails "R13 another identity than the device's is refused, both are named" \
	'/dev/vdc is another device: it is serial:disk2, not serial:disk9' s "d=d2; $add device /dev/vdc identity serial:disk9"
fails "R13 an identity that it has not" '/dev/vdc has no identity of kind fsuuid' s "d=d2; $add device /dev/vdc identity fsuuid"
fails "R13 a kind that there is not" "'name:x' is no identity: dm, md, wwid" s "d=d2; $add device /dev/vdc identity name:x"
fails "R13 an identity that no device has" 'no device is serial:disk9' s "d=d2; $add identity serial:disk9"
t "R13 a device is named by its identity alone" s "d=d2; $add identity serial:disk2"
is "R13 that is the right one" "$(identity d2) $(of d2)" "udid serial:disk2 d2:data-vdc"
t "R13 a blank disk is served knowingly" s "d=d4; $add device /dev/vde identity none"
is "R13 which is shown" "$(identity d4)" "none none"
t "R13 one of the twins, too" s "d=d5; $add device /dev/vdf identity none"
is "R13 what it says is shown" "$(identity d5)" "none none:serial:twin"
t "R13 a partition by a link of udev" s "mkdir -p /dev/disk/by-partuuid; ln -s ../../vdd1 /dev/disk/by-partuuid/one
	d=d6; $add device /dev/disk/by-partuuid/one"
is "R13 ... is known by what the link names" "$(identity d6)" "pvid partuuid:aaaaaaaa-2222-4333-8444-555555555501"
is "R13 the clients' disks" "$(of d1 d2 d3 d4 d5 d6)" "d1:data-vdb d2:data-vdc d3:part2 d4:data-vde d5:data-vdf d6:part1"
t "R13 all of it is saved" s "vpart config save $cfg"
is "R13 each with its identity" "$(s "sed -n 's/.*\"identity\": \"\(.*\)\".*/\1/p' $cfg | sort | xargs")" \
	"none none:serial:twin partuuid:aaaaaaaa-2222-4333-8444-555555555501 partuuid:aaaaaaaa-2222-4333-8444-555555555502 serial:disk1 serial:disk2"

# --- the disks change places ---
t "the machine is started with its disks in another order" reorder 3 2 1 4 5 6
is "... so the names are others' now" "$(s 'dd if=/dev/vdb bs=512 skip=2088 count=1 iflag=direct status=none | tr -d "\0"; cat /sys/block/vdd/serial')" $'part1\ndisk1'
is "R13 all of it is restored" "$(restore)" 0
is "R13 each LU is on the disk it was on" "$(of d1 d2 d3 d4 d5 d6)" \
	"d1:data-vdb d2:data-vdc d3:part2 d4:data-vde d5:data-vdf d6:part1"
t "R13 restored again, nothing happens" s "vpart config restore $cfg | grep 'nothing to do'"
t "R13 saved again" s "vpart config save /out/again && sed '/\"device\"/d' $cfg >/tmp/a && sed '/\"device\"/d' /out/again | cmp - /tmp/a"

# --- disks are missing, others have their names ---
t "the machine is started without two of them" reorder 2 5 3
s 'rm -f /dev/log; socat -u UNIX-RECV:/dev/log CREATE:/tmp/log >/dev/null 2>&1 & wait_for 10 test -S /dev/log'
is "R13 missing disks: exit code 1" "$(restore)" 1
t "R13 another disk at the name is refused, and both are named" said 'lu d1: failed: d1: its device serial:disk1 is missing; /dev/vdb is another one \(serial:disk2\)'
t "R13 a disk without an identity is not taken for the one that was there" said 'lu d4: failed: d4: its device /dev/vde is missing'
t "R13 nor one that says something now" said 'lu d5: failed: d5: its device /dev/vdf is missing'
is "R13 they are withheld, the others are served" "$(of d1 d2 d3 d4 d5 d6)" \
	"d1:withheld d2:data-vdc d3:part2 d4:withheld d5:withheld d6:part1"
t "R13 the system's log has an alert" s "wait_for 20 grep -q '<25>.*vpart.*: lu d1 is not restored: d1: its device serial:disk1 is missing' /tmp/log"
t "R13 the state can be asked for at any time" s "vpart config restore --dry-run $cfg 2>&1 | grep 'lu d1: would fail: d1: its device serial:disk1 is missing'"

t "a blank disk of that size comes in place of the one that said nothing" reorder 1 2 3 5 4 6
is "R13 ... exit code 1" "$(restore)" 1
t "R13 a disk that says something now is not it" said 'lu d4: failed: d4: /dev/vde is another device now: it says that it is serial:twin and said nothing before'
t "R13 nor is one that says nothing the one that said something" said 'lu d5: failed: d5: /dev/vdf is another device now: it says nothing and said serial:twin before'

# --- two of one identity, after the boot ---
t "all disks are there again" reorder 1 2 3 4 5 6
# shellcheck disable=SC2016
t "a clone of the one with a partition table" s 'dd if=/dev/vdd of=/dev/vdg bs=1M status=none && blockdev --rereadpt /dev/vdg && wait_for 20 test -b /dev/vdg2'
is "R13 a clone: exit code 1" "$(restore)" 1
t "R13 nobody chooses between original and clone" said 'lu d3: failed: d3: /dev/vdd2 and /dev/vdg2 both say that they are partuuid:aaaaaaaa-2222-4333-8444-555555555502: nobody can tell'
is "R13 they are withheld, the others are served" "$(of d1 d2 d3 d4 d5 d6)" \
	"d1:data-vdb d2:data-vdc d3:withheld d4:data-vde d5:data-vdf d6:withheld"
t "the clone goes" s 'wipefs -qa /dev/vdg && blockdev --rereadpt /dev/vdg'
is "R13 what was withheld comes with the next restore" "$(restore)" 0
is "R13 from the right disk" "$(of d1 d2 d3 d4 d5 d6)" "d1:data-vdb d2:data-vdc d3:part2 d4:data-vde d5:data-vdf d6:part1"

# --- what is written on a whole disk, as another program reads it ---
# written WHAT KIND TAG COMMAND: COMMAND writes it on /dev/vde.
written() {
	t "R13 a disk with $1" s "vpart lu del d4 --force >/dev/null; wipefs -qa /dev/vde && { $4; } >/dev/null && d=d4 && $add device /dev/vde"
	is "R13 ... is known by it" "$(identity d4)" "pvid $2:$(s "blkid -p -s $3 -o value /dev/vde")"
}
written "an ext4 on it" fsuuid UUID "mkfs.ext4 -q /dev/vde"
written "an xfs" fsuuid UUID "truncate -s 320M /tmp/x && mkfs.xfs -q /tmp/x && dd if=/tmp/x of=/dev/vde bs=1M count=1"
written "swap space" fsuuid UUID "mkswap -q /dev/vde"
written "a physical volume of LVM" pvuuid UUID \
	"pvcreate --config 'devices { use_devicesfile=0 obtain_device_list_from_udev=0 external_device_info_source=\"none\" }' -qy /dev/vde"
written "a GPT" ptuuid PTUUID "python3 /src/tests/lib/gpt.py /dev/vde 99999999-2222-4333-8444-555555555555"
written "a DOS partition table" ptuuid PTUUID \
	'dd if=/dev/zero of=/dev/vde bs=1M count=1; printf "\x12\x34\xab\xcd\0\0\x80\0\2\0\x83\0\x8\0\0\x8\0\0\0\x40\0\0" | dd of=/dev/vde bs=1 seek=440; printf "\x55\xaa" | dd of=/dev/vde bs=1 seek=510; blockdev --rereadpt /dev/vde'
is "R13 and its partition by that and its number" "$(s "d=d7; { vpart lu del d4 && $add device /dev/vde1; } >/dev/null"; identity d7)" "pvid partuuid:cdab3412-01"
fails "R13 half a GPT is none" 'says nothing by which it is known again' s "vpart lu del d7; dd if=/dev/zero of=/dev/vde bs=1M count=1
	python3 /src/tests/lib/gpt.py /dev/vde 99999999-2222-4333-8444-555555555555; dd if=/dev/zero of=/dev/vde bs=1 seek=600 count=1 conv=notrunc; d=d4; $add device /dev/vde"

# --- a person says what it is known by ---
t "R13 what a LU is known by can be changed" s "vpart lu set d2 identity none"
is "R13 ... and is" "$(identity d2)" "none none:serial:disk2"
fails "R13 not to what it has not" 'has no identity of kind ptuuid' s "vpart lu set d2 identity ptuuid"
t "R13 and back" s "vpart lu set d2 identity serial"
is "R13 ... and is again" "$(identity d2)" "udid serial:disk2"
done_testing
