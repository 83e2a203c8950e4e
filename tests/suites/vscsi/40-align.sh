#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: buffers at odd offsets are never misread, whatever the backing device wants
# kernel: stock
# soak: debug
# kernels: +6.12 +7.2
# limit: 420
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh
try() { python3 /src/tests/suites/vscsi/align.py "$@"; }

null() { # NAME BLOCKSIZE: a null_blk that keeps its data
	local d=/sys/kernel/config/nullb/$1
	mkdir "$d" && echo "$2" >"$d/blocksize" && echo 32 >"$d/size" && echo 1 >"$d/memory_backed" && echo 1 >"$d/power"
}
vscsi_up
modprobe null_blk nr_devices=0 2>/dev/null
null n512 512
null n4k 4096
small=/dev/n512 big=/dev/n4k

backstore d1 "$small"
lun_add p1 0 d1
disk=$(disk_of p1 0)
# A link with pages of its own has no use for it.
[ "${FABRIC:-local}" = local ] && want=511 more=4095 || want=3 more=3
is "the queue knows the alignment of what is behind it" "$(cat /sys/block/$disk/queue/dma_alignment)" $want
t "P7 no transfer at an odd offset is wrong" try /dev/$disk

# The control: the same over tcm_loop, which does not know it.
if modprobe tcm_loop 2>/dev/null; then
	w=$cfg/loopback/naa.600140512345678a
	mkdir -p $w/tpgt_1/lun/lun_0
	echo naa.600140512345678b >$w/tpgt_1/nexus
	ln -s "$(store_of d1)" $w/tpgt_1/lun/lun_0/d1
	loop() { grep -l 'TCM_Loopback\|tcm_loopback' /sys/class/scsi_host/*/proc_name | sed 's|.*/host\([0-9]*\)/.*|\1|'; }
	loopdisk() { ls -d /sys/class/scsi_host/host"$(loop)"/device/target*/*/block/*; }
	wait_for 60 loopdisk
	fails "the test sees such errors: tcm_loop makes them" '.*' try "/dev/$(basename "$(loopdisk)")"
	rm $w/tpgt_1/lun/lun_0/d1
	rmdir $w/tpgt_1/lun/lun_0 $w/tpgt_1 $w
	rmdir $cfg/loopback
	rmmod tcm_loop
else
	skip "the test sees such errors" "no tcm_loop here"
fi

# A LU that wants more than the link was told, added while it is up.
backstore d2 "$big"
lun_add p1 1 d2
disk=$(disk_of p1 1)
is "the link keeps its limits" "$(cat /sys/block/$disk/queue/dma_alignment)" $want
t "R7 a LU with a larger alignment, added later, is served right" try /dev/$disk 4096
lun_del p1 0
lun_del p1 1
wait_for 60 no_disk p1 1
lun_add p1 1 d2
wait_for 60 has_disk p1 1
# next_epoch LUN BACKSTORE: LUN 1 goes, and, while the link is away, another one comes.
next_epoch() {
	lun_del p1 1
	wait_for 60 no_disk p1 1
	vpart partition fail vios1 >/dev/null
	wait_for 60 link_is p1 blocked
	lun_add p1 "$1" "$2"
	vpart partition start vios1 >/dev/null
}
next_epoch 1 d2
disk=$(disk_of p1 1)
is "the next epoch tells the client" "$(cat /sys/block/$disk/queue/dma_alignment)" $more
t "and all is right" try /dev/$disk 4096
next_epoch 0 d1
is "without it, one epoch later, the others' is enough" "$(cat "/sys/block/$(disk_of p1 0)/queue/dma_alignment")" $want
t "all of it away" vscsi_down
done_testing
