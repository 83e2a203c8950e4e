#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# reset.sh: the machine is reset while files are written and fsynced, once from
# outside and once by itself; its disks stay. Runs anew after each boot: what has to
# outlive the machine is in /out. See run; needs "vm --resets".
set -u
state=/out/reset-state
[ ! -f $state ] || read -r begin boots <$state
# shellcheck source=tests/demo/lib.sh
. /src/tests/demo/lib.sh

disks=(/dev/vdb /dev/vdc)
mnt=/mnt/vol
volume=/dev/mapper/vol
config=/out/config.json
promised=/out/promised
writers=3
boots=$((${boots:-0} + 1))
echo "$begin $boots" >$state

noted() { cat $promised/* 2>/dev/null | wc -l; }
each_has_noted() { # MORE: each writer so many of this boot
	local w
	for ((w = 1; w <= writers; w++)); do
		[ "$(grep -c . "$promised/$boots-$w" 2>/dev/null)" -ge "$1" ] || return
	done
}

set_up() {
	mkdir $promised
	do_it vpart node add cec1
	do_it vpart node add cec2
	do_it vpart partition add vios1 vios node cec1 pool 1
	do_it vpart partition add vios2 vios node cec2 pool 1
	do_it vpart partition add client1 client node cec1 pool 2
	do_it vpart lu add d1 server vios1 client client1 device "${disks[0]}"
	do_it vpart lu add d2 server vios2 client client1 device "${disks[1]}"
	do_it vpart mirror create vol d1 d2 --wait
	do_it vpart config save $config
	do_it mkfs.ext4 -q $volume
}

come_back() {
	local dirty copied bytes files
	dirty=$(python3 /src/tests/demo/dirty.py "${disks[@]}") || give_up "$dirty"
	tell "The machine is up again. On the disks, $(mib "$dirty") of the volume are marked as possibly different."
	do_it vpart config restore $config
	vpart mirror wait vol --timeout 120 >/tmp/waited 2>&1 || give_up "$(cat /tmp/waited)"
	copied=$(($(field copied_kib) * 1024))
	bytes=$(field bytes)
	tell "$(tail -n 1 /tmp/waited). Copied: $(mib $copied) of a volume of $(mib "$bytes")."
	[ "$dirty" -gt 0 ] || give_up "the reset met no write"
	[ $copied -le "$dirty" ] || give_up "that is more than what was marked"
	[ "$dirty" -lt $((bytes / 2)) ] || give_up "more was marked than what was written"
	do_it mount $volume $mnt
	do_it umount $mnt
	do_it vpart mirror stop vol
	do_it python3 /src/tests/demo/compare.py "${disks[@]}" "$bytes"
	do_it vpart mirror start vol d1 d2
	do_it e2fsck -fn $volume
	do_it mount $volume $mnt
	files=$(noted)
	[ "$files" -gt 0 ] || give_up "no file was promised"
	cat $promised/* >/tmp/promised
	sha256sum --quiet -c /tmp/promised || give_up "a file that had been fsynced is not whole"
	tell "All $files files whose fsync had returned before the resets are there and whole."
}

# The machine ends here, at a moment that nobody chose.
write_until() { # HOW COMMAND
	local w
	for ((w = 1; w <= writers; w++)); do
		python3 /src/tests/demo/writer.py "$mnt/$boots-$w" "$promised/$boots-$w" "$RANDOM" &
	done
	wait_for 60 each_has_noted 10 || give_up "the writers are too slow"
	sleep "0.$((RANDOM % 900 + 100))"
	[ "$(jobs -r | wc -l)" -eq $writers ] || give_up "a writer ended"
	tell "$writers writers are at work, $(noted) files are fsynced. Now $1:"
	eval "$2"
	sleep 60
	give_up "no reset came"
}

mods vpart sd_mod vscsi_host vscsi_target target_core_iblock dm-vmirror ||
	give_up "a module cannot be loaded"
mkdir -p $mnt
case $boots in
1)	tell "A mirrored disk whose machine will be reset while files are written to it:"
	set_up
	do_it mount $volume $mnt
	write_until "the reset button, pressed from outside" "touch /out/reset" ;;
2)	come_back
	write_until "echo b >/proc/sysrq-trigger" "echo b >/proc/sysrq-trigger" ;;
3)	come_back
	do_it umount $mnt
	do_it vpart mirror stop vol
	tell "Two resets amid writes: no file lost, no full copy, no repair of the file system." ;;
*)	give_up "the machine was reset a third time" ;;
esac
