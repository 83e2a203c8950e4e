# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# config.sh: two servers, a client, LUs on each kind of device, and a mirror; and a
# reboot but for the kernel itself. Sourced by scripts of this suite.
#
#	up; setup		modules, then all objects
#	vpart config save; down; up; vpart config restore

cfg=/etc/vpart/config.json
core=/sys/kernel/config/target/core
# No udev runs here: dmsetup makes the nodes.
export DM_DISABLE_UDEV=1

last_event() { vpart events | tail -n 1 | cut -d' ' -f1; }
up() { mods target_core_iblock target_core_file sd_mod vpart vscsi_target vscsi_host dm-vmirror; }
# Everything goes that lives in the kernel, the modules too.
down() {
	local m a
	for m in /dev/mapper/vol*; do [ ! -b "$m" ] || vpart mirror stop "${m##*/}" || return; done
	for a in p1 p2 p3; do [ ! -d /sys/bus/vpart/devices/$a.client ] || vpart adapter del $a --force || return; done
	rmmod dm-vmirror vscsi_target vscsi_host vpart
} >/dev/null
# dm NAME DISK [UUID]: a disk by another name; without a UUID nobody can tell whose it is.
dm() { dmsetup create "$1" ${3:+-u "$3"} --table "0 $(cat /sys/block/"$2"/size) linear /dev/$2 0"; }
undm() { local n; for n in "$@"; do dmsetup remove "$n" || return; done; }
disk() { vpart --json lu show "$1" | sed -n 's|.*"disk": *"/dev/\(.*\)".*|\1|p'; }
lun_of() { readlink "/sys/class/block/$(disk "$1")/device" | sed 's/.*://'; }

setup() {
	dm la vdb
	dm lb vdc
	dm third vdd LAB-leg3
	truncate -s 8M /var/f1
	vpart node add cec1
	vpart node add cec2 id 7
	vpart partition add vios1 role vios node cec1 pool 1
	vpart partition add vios2 role vios node cec2 pool 1
	vpart partition add client1 role client node cec1 pool 2
	vpart adapter add client client1 server vios1 name p1
	vpart adapter add client client1 server vios2 name p2
	vpart adapter add client client1 server vios1 name p3 path-loss 9 --copy
	vpart lu add d1 adapter p1 device /dev/mapper/la identity none
	vpart lu add d2 adapter p2 device /dev/mapper/lb identity none lun 6
	vpart lu add d3 adapter p1 device /dev/mapper/third lun 9
	vpart lu add f1 adapter p3 device /var/f1
	vpart mirror create vol d1 d2 --assume-clean
	mkfs.ext4 -q /dev/mapper/vol
	echo third | dd of="/dev/$(disk d3)" conv=sync,fsync status=none
} >/dev/null
