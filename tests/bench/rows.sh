#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# rows.sh [scsi]: in the guest, measure each row; "ROW OP QD MEDIAN LOWEST HIGHEST"
# lines go to /out/rows. A row whose device cannot be made is named on stderr. With
# "scsi": only tcm_loop, our pair in this kernel, and the device below them.
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

mods null_blk target_core_iblock sd_mod tcm_loop
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
		vpart lu add lu1 server vios1 client client1 device /dev/plain identity none
}
new_disk vscsi_up && row vscsi-local "/dev/$disk"
# Not every kernel lets a client's task do the server's work.
direct=$lio/vscsi/client1-vios1/tpgt_1/direct
if echo "0 1" >"$direct" 2>/dev/null; then
	row vscsi-direct "/dev/$disk"
	[ "$(cat "$direct")" = 0 ] || failed=1
fi
vpart lu del lu1
vpart adapter del client1-vios1
[ "${1:-}" != scsi ] || exit $failed

# --- the same disk over TCP, both ends in this machine --------------------------
ip link set lo up
stream_up() { # DIGEST
	mods vpart_stream &&
		vpart link add client1-vios1 client client1 server vios1 id 1 \
			listen tcp:127.0.0.1:7300 key none &&
		vpart link add client1-vios1 client client1 server vios1 id 1 \
			connect tcp:127.0.0.1:7300 key none digest "$1" &&
		vpart lu add lu1 server vios1 client client1 device /dev/plain identity none
}
stream_down() { vpart lu del lu1 && vpart link del client1-vios1; }
new_disk stream_up none && row vscsi-stream "/dev/$disk"
stream_down
new_disk stream_up all && row vscsi-stream-crc "/dev/$disk"
stream_down

nvmet=/sys/kernel/config/nvmet
nqn=nqn.2024-01.lab:bench
nvme_appeared() {	# not the hidden disk of its one path
	local d
	for d in /sys/block/nvme[0-9]n1; do disk=${d##*/}; done
	[ -b "/dev/$disk" ]
}
nvme_up() { # DIGEST
	local sub=$nvmet/subsystems/$nqn port=$nvmet/ports/1
	mods nvmet nvmet_tcp nvme_tcp
	mkdir -p "$sub/namespaces/1" "$port"
	echo 1 >"$sub/attr_allow_any_host"
	echo -n /dev/plain >"$sub/namespaces/1/device_path"
	echo 1 >"$sub/namespaces/1/enable"
	echo tcp >"$port/addr_trtype"
	echo ipv4 >"$port/addr_adrfam"
	echo 127.0.0.1 >"$port/addr_traddr"
	echo 4420 >"$port/addr_trsvcid"
	ln -s "$sub" "$port/subsystems/$nqn"
	echo "transport=tcp,traddr=127.0.0.1,trsvcid=4420,nqn=$nqn,hostnqn=nqn.2024-01.lab:host,nr_io_queues=1$1" \
		>/dev/nvme-fabrics
	wait_for 20 nvme_appeared
}
nvme_down() {
	echo 1 >"/sys/block/$disk/device/delete_controller" 2>/dev/null ||
		echo 1 >/sys/class/nvme/nvme0/delete_controller
	rm "$nvmet/ports/1/subsystems/$nqn"
	rmdir "$nvmet/ports/1" "$nvmet/subsystems/$nqn/namespaces/1" "$nvmet/subsystems/$nqn"
}
nvme_up '' && row nvme-tcp "/dev/$disk"
nvme_down
nvme_up ,hdr_digest,data_digest && row nvme-tcp-crc "/dev/$disk"
nvme_down

iqn=iqn.2024-01.lab:bench
iscsi_up() {
	local tpg=$lio/iscsi/$iqn/tpgt_1
	mods iscsi_target_mod iscsi_tcp
	backstore 0 bench /dev/plain
	mkdir -p "$tpg/np/127.0.0.1:3260" "$tpg/lun/lun_0"
	ln -s "$lio/core/iblock_0/bench" "$tpg/lun/lun_0/bench"
	for a in authentication=0 generate_node_acls=1 demo_mode_write_protect=0; do
		echo "${a#*=}" >"$tpg/attrib/${a%%=*}"
	done
	echo 1 >"$tpg/enable"
	mkdir -p /run/lock/iscsi /etc/iscsi
	echo InitiatorName=iqn.2024-01.lab:host >/etc/iscsi/initiatorname.iscsi
	iscsid
	iscsiadm -m discovery -t st -p 127.0.0.1 >/dev/null
	iscsiadm -m node -T $iqn -p 127.0.0.1 --login >/dev/null
}
iscsi_down() {
	iscsiadm -m node -T $iqn -p 127.0.0.1 --logout >/dev/null
	rm "$lio/iscsi/$iqn/tpgt_1/lun/lun_0/bench"
	rmdir "$lio/iscsi/$iqn/tpgt_1/lun/lun_0" "$lio/iscsi/$iqn/tpgt_1/np/127.0.0.1:3260" \
		"$lio/iscsi/$iqn/tpgt_1" "$lio/iscsi/$iqn" "$lio/core/iblock_0/bench"
}
new_disk iscsi_up && row iscsi "/dev/$disk"
iscsi_down

# --- mirrors, and the thinnest device-mapper target beside them ----------------
mods raid1 dm_mod
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
