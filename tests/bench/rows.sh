#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# rows.sh: in the guest, measure each row; "ROW OP QD MEDIAN LOWEST HIGHEST" lines
# go to /out/rows. A row whose device cannot be made is named on stderr.
#
# Every device stands on null_blk in bio mode. Those of the mirror rows keep what
# is written (a mirror must read its metadata back), and so does "raw-memory":
# what it costs above "raw-null_blk" is the copying, once per leg.
. /src/tests/lib/guest.sh
trap - EXIT

failed=0
row() { # NAME DEVICE
	if /src/build/bench/io "$2" >/tmp/row; then
		sed "s/^/$1 /" /tmp/row | tee -a /out/rows
	else
		echo "row $1: no figures from $2" >&2
		failed=1
	fi
}

null_device() { # NAME MEMORY_BACKED
	local d=/sys/kernel/config/nullb/$1
	mkdir "$d"
	for a in queue_mode=0 blocksize=4096 size=256 memory_backed="$2" power=1; do
		echo "${a#*=}" >"$d/${a%%=*}"
	done
	wait_for 10 test -b "/dev/$1"
}

lio=/sys/kernel/config/target
backstore() { # NUMBER NAME DEVICE
	mkdir -p "$lio/core/iblock_$1/$2"
	echo "udev_path=$3" >"$lio/core/iblock_$1/$2/control"
	echo 1 >"$lio/core/iblock_$1/$2/enable"
}
disk_appeared() { disk=$(comm -13 /tmp/disks <(ls /sys/block) | grep -m1 '^sd'); }
new_disk() { # COMMAND...: run it; the SCSI disk it brings is $disk
	ls /sys/block >/tmp/disks
	"$@" || return
	wait_for 20 disk_appeared
}

mods null_blk target_core_iblock sd_mod raid1 dm_mod tcm_loop
null_device plain 0
null_device mem0 1
null_device mem1 1

row raw-null_blk /dev/plain
row raw-memory /dev/mem0

# --- SCSI: the same LIO backstore behind tcm_loop and behind our pair ----------
tcm_loop_up() {
	local hba=$lio/loopback/naa.6001405000000001
	backstore 0 bench /dev/plain
	mkdir -p "$hba/tpgt_1"
	echo naa.6001405000000002 >"$hba/tpgt_1/nexus"
	mkdir -p "$hba/tpgt_1/lun/lun_0"
	ln -s "$lio/core/iblock_0/bench" "$hba/tpgt_1/lun/lun_0/bench"
}
tcm_loop_down() {
	local hba=$lio/loopback/naa.6001405000000001
	rm "$hba/tpgt_1/lun/lun_0/bench"
	rmdir "$hba/tpgt_1/lun/lun_0" "$hba/tpgt_1" "$hba" "$lio/core/iblock_0/bench"
}
new_disk tcm_loop_up && row tcm_loop "/dev/$disk"
tcm_loop_down

vscsi_up() {
	mods vpart vscsi_host vscsi_target &&
		vpart partition add vios1 vios &&
		vpart partition add client1 client &&
		vpart lu add lu1 server vios1 client client1 device /dev/plain
}
new_disk vscsi_up && row vscsi-local "/dev/$disk"
vpart lu del lu1

# --- mirrors, and the thinnest device-mapper target beside them ----------------
dm() { # NAME TABLE: make the device; it is $dev
	dmsetup --noudevsync --noudevrules create "$1" --table "$2" || return
	dev=/dev/dm-$(dmsetup info -c --noheadings -o minor "$1")
}
md() { # BITMAP
	mdadm --create /dev/md0 --level=1 --raid-devices=2 --assume-clean --run --metadata=1.2 \
		--bitmap="$1" /dev/mem0 /dev/mem1
}
md_off() {
	mdadm --stop /dev/md0 && mdadm --zero-superblock /dev/mem0 /dev/mem1
}
sectors=$(blockdev --getsz /dev/mem0)

dm linear "0 $sectors linear /dev/mem0 0" && row dm-linear "$dev"
dmsetup --noudevsync --noudevrules remove linear
md none && row md-raid1 /dev/md0
md_off
md internal && row md-raid1-bitmap /dev/md0
md_off

# 1 MiB of each leg is metadata (include/uapi/linux/dm-vmirror.h).
mods dm-vmirror && dm mirror "0 $((sectors - 2048)) vmirror $(cat /proc/sys/kernel/random/uuid) \
	/dev/mem0 /dev/mem1 2 create assume_clean" && row vmirror "$dev"
dmsetup status mirror
exit $failed
