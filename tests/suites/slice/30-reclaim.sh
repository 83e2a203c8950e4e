#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: dirty pages over iblock and fileio, swap over iblock, in 256 MiB, while servers fail and return
# when: whole
# kernel: stock
# mem: 256
# disks: 96M 96M
# limit: 900
# append: init_on_alloc=0
. /src/tests/lib/guest.sh
. /src/tests/suites/slice/lib.sh

hung=/proc/sys/kernel/hung_task_timeout_secs
[ ! -e $hung ] || echo 60 >$hung
# Clearing and moving pages is what an emulated processor is slowest at.
echo 0 >/proc/sys/vm/compaction_proactiveness
mods sd_mod
# A third of memory may be dirty, so that writers wait for the disks.
echo 30 >/proc/sys/vm/dirty_ratio
echo 10 >/proc/sys/vm/dirty_background_ratio
mem=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)	# MiB
echo "# $mem MiB of memory"

# Files in FOLDER, written and read back, over and over until told to stop: what is
# not yet on the disks is more than may be dirty.
writer() { # FOLDER
	until [ -e /tmp/stop ]; do
		fio --name=dirty --directory="$1" --ioengine=psync --rw=write --bs=64k --size=64M --nrfiles=4 \
			--fallocate=none --randrepeat=0 --verify=crc32c --do_verify=1 --verify_fatal=1 \
			--verify_state_save=0 --output=/out/dirty.txt || return
	done
}
written() { awk '{ print $7 }' "/sys/block/$1/stat"; }	# sectors
past() { [ "$(written "$1")" -gt "$2" ]; }
goes_on() { wait_for 120 past "$1" $(($(written "$1") + ${2:-8})); }
# Nothing else is on the volume then.
swap_goes_on() { goes_on dm-0 2048; }
alive() { kill -0 "$1"; }
quiet() { # nobody was killed, nobody hung
	! dmesg | grep -E 'Out of memory|oom-kill|blocked for more than|page allocation failure'
}
# Both servers fail and return, one after the other, while PID goes on.
servers_come_and_go() { # PID PROGRESS-COMMAND...
	local pid=$1 v
	shift
	for v in vios1 vios2; do
		t "$what: $v fails" vpart partition fail $v
		t "$what: R8 it goes on with the other" "$@"
		t "$what: $v returns" vpart partition start $v
		t "$what: R9 redundancy is back" wait_for 120 slice_is normal
	done
	t "$what: it still runs" alive "$pid"
}
down() {
	vpart mirror stop vol && vpart lu del d1 && vpart lu del d2
}

dirty() {
	what="dirty pages, $1"
	mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 /dev/mapper/vol && mount /dev/mapper/vol /mnt
	writer /mnt & pid=$!
	t "$what: it has begun" goes_on dm-0 4096
	servers_come_and_go $pid goes_on dm-0
	touch /tmp/stop
	wait $pid
	is "$what: V1 V2 ends without an error, all bytes are right" $? 0
	umount /mnt
	rm /tmp/stop
	t "$what: nobody was killed, nobody hung" quiet
}
swap() {
	what="swap, $1"
	mkswap /dev/mapper/vol >/dev/null && swapon /dev/mapper/vol
	python3 /src/tests/suites/slice/hog.py $((mem - 16)) /tmp/stop >/tmp/hog 2>&1 & pid=$!
	t "$what: it swaps" swap_goes_on
	servers_come_and_go $pid swap_goes_on
	touch /tmp/stop
	wait $pid
	is "$what: V2 more memory than there is, and each page is right" $? 0
	sed 's/^/# /' /tmp/hog
	swapoff /dev/mapper/vol
	t "$what: nobody was killed, nobody hung" quiet
	rm /tmp/stop
}

t "iblock: a mirrored volume" slice_up /dev/vdb /dev/vdc
t "iblock: in sync" wait_for 120 slice_is normal
dirty iblock
swap iblock
t "iblock: taken down" down
wipefs -qa /dev/vdb /dev/vdc

# Files, written through the page cache of the servers' file systems.
files() {
	for d in b c; do
		mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 /dev/vd$d
		mkdir -p /tmp/srv$d && mount /dev/vd$d /tmp/srv$d && truncate -s 80M /tmp/srv$d/lu
	done
	cfg=/sys/kernel/config/target
	file_lu() { # NAME PAIR FILE
		local store=$cfg/core/fileio_9${1#d}/$1 tpg=$cfg/vscsi/$2/tpgt_1
		mkdir -p "$store" "$tpg/lun/lun_0" &&
			echo "fd_dev_name=$3,fd_dev_size=$(stat -c %s "$3"),fd_buffered_io=1" >"$store/control" &&
			echo 1 >"$store/enable" && cat /proc/sys/kernel/random/uuid >"$store/wwn/vpd_unit_serial" &&
			ln -s "$store" "$tpg/lun/lun_0/" && echo 1 >"$tpg/enable"
	}
	modprobe -q target_core_file
	t "fileio: LUs" file_lu d1 client1-vios1 /tmp/srvb/lu
	t "fileio: on both servers" file_lu d2 client1-vios2 /tmp/srvc/lu
	wait_for 60 slice_disk d1 && wait_for 60 slice_disk d2
	t "fileio: a mirrored volume" vpart mirror create vol d1 d2
	t "fileio: in sync" wait_for 120 slice_is normal
	dirty fileio
	t "fileio: taken down" down
	umount /tmp/srvb /tmp/srvc
}
[ "${FABRIC:-local}${DIRECT:-}" != local ] || files
t "all of it away" bash -c 'vpart adapter del client1-vios1 && vpart adapter del client1-vios2'
t "the modules can be unloaded" rmmod vscsi_host vscsi_target dm-vmirror vpart
done_testing
