#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: LUNs come, go, grow and change; who may see them
# kernel: stock
# soak: debug
# kernels: +6.12 +7.2
# limit: 420
# disks: 32M 32M
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh

vscsi_up
backstore d1 /dev/vdb
backstore d2 /dev/vdc
ended() { ! kill -0 "$1" 2>/dev/null; }
serial() { cat "/sys/block/$1/device/vpd_pg80" | tr -dc 'a-z0-9-'; }

lun_add p1 3 d1
disk=$(disk_of p1 3)
t "R7 a LU added later appears by itself" test -b "/dev/$disk"
lun_del p1 3
t "one removed disappears by itself" wait_for 60 no_disk p1 3
lun_add p1 3 d2
t "its number leads to another LU" grep -q d2 <(serial "$(disk_of p1 3)")
lun_del p1 3
wait_for 60 no_disk p1 3

# The same while the link is down: nobody is told.
lun_add p1 0 d1
lun_add p1 1 d2
wait_for 60 has_disk p1 1
disk=$(disk_of p1 0)
vpart partition fail vios1 >/dev/null
wait_for 60 link_is p1 blocked
dd if=/dev/zero of="/dev/$disk" bs=4k count=1 oflag=direct status=none 2>/dev/null &
writer=$!
held() { [ "$(hostattr p1 held)" -ge 1 ]; }
wait_for 60 held
lun_del p1 0
lun_del p1 1
lun_add p1 0 d2
dd if=/dev/urandom of=/tmp/was bs=4k count=1 status=none
dd if=/tmp/was of=/dev/vdc bs=4k count=1 oflag=direct status=none
vpart partition start vios1 >/dev/null
wait $writer
t "R11 a held write never goes to another LU at its number" test $? -ne 0
t "... whose data is as it was" cmp -n 4096 /tmp/was /dev/vdc
second() { [ "$(serial "$(_disk p1 0)" 2>/dev/null | grep -c d2)" = 1 ] && no_disk p1 1; }
t "the client follows the change" wait_for 60 second

# The same for a disk that the midlayer does not use at the time: someone has set it
# offline, with a write that waits for the link.
disk=$(disk_of p1 0)
dev=$(basename "$(readlink -f "/sys/block/$disk/device")")
dd if=/dev/vdb of=/tmp/was1 bs=4k count=1 iflag=direct status=none
vpart partition fail vios1 >/dev/null
wait_for 60 link_is p1 blocked
dd if=/tmp/was of="/dev/$disk" bs=4k count=1 oflag=direct status=none 2>/dev/null &
writer=$!
wait_for 60 held
t "a disk with a held write is set offline" sh -c "echo offline >/sys/class/scsi_device/$dev/device/state"
lun_del p1 0
lun_add p1 0 d1
dmesg -C
vpart partition start vios1 >/dev/null
# If it is there still, it is set running again.
t "V10 the held write ends" wait_for 60 ended $writer
echo running >"/sys/class/scsi_device/$dev/device/state" 2>/dev/null
wait $writer
t "R11 it fails: the number leads to another LU" test $? -ne 0
t "R11 ... which has no byte of it" cmp -n 4096 /tmp/was1 <(dd if=/dev/vdb bs=4k count=1 iflag=direct status=none)
t "V10 the log says why" wait_for 60 sh -c 'dmesg | grep -q "LUN 0 is another disk now"'
first() { [ "$(serial "$(_disk p1 0)" 2>/dev/null | grep -c d1)" = 1 ]; }
t "R11 the disk goes, and the other one comes" wait_for 60 first
lun_del p1 0
lun_add p1 0 d2
wait_for 60 second

# One that is offline while its LU stays the same keeps its name, and goes on.
disk=$(disk_of p1 0)
dev=$(basename "$(readlink -f "/sys/block/$disk/device")")
vpart partition fail vios1 >/dev/null
wait_for 60 link_is p1 blocked
dd if=/tmp/was of="/dev/$disk" bs=4k count=1 oflag=direct status=none 2>/dev/null &
writer=$!
wait_for 60 held
echo offline >/sys/class/scsi_device/$dev/device/state
vpart partition start vios1 >/dev/null
wait $writer
is "R9 a held write of an offline disk is done when its LU is the same" $? 0
echo running >/sys/class/scsi_device/$dev/device/state
is "R9 ... and the disk is the same" "$(_disk p1 0)" "$disk"

# There is a LU, but it answers nothing, not even who it is.
disk=$(disk_of p1 0)
if [ -n "$(port p1)" ]; then
	# Between two kernels it stays until dev_loss_tmo is over.
	vpart adapter set p1 path-loss 5 >/dev/null
	tmo p1 dev_loss_tmo 6
fi
offline() { echo "$1" >$cfg/vscsi/p1/tpgt_1/lun/lun_0/alua_tg_pt_offline; }
vpart partition fail vios1 >/dev/null
wait_for 60 link_is p1 blocked
dd if=/dev/zero of="/dev/$disk" bs=4k count=1 oflag=direct status=none 2>/dev/null &
writer=$!
wait_for 60 held
offline 1
dmesg -C
vpart partition start vios1 >/dev/null
wait $writer
t "V8 nor to one that does not say who it is" test $? -ne 0
t "... whose data is as it was" cmp -n 4096 /tmp/was /dev/vdc
t "V10 the log says why" wait_for 60 sh -c 'dmesg | grep -q "LUN 0 does not say which disk it is"'
t "V10 the link does not wait for it" wait_for 60 link_is p1 up
t "its disk goes" wait_for 60 no_disk p1 0
offline 0
echo 0 >$cfg/vscsi/p1/tpgt_1/rescan
t "R11 it returns when it answers again" wait_for 60 second
disk=$(disk_of p1 0)
t "... with its data" cmp -n 4096 /tmp/was <(dd if="/dev/$disk" bs=4k count=1 iflag=direct status=none)
[ -z "$(port p1)" ] || tmo p1 dev_loss_tmo off
lun_del p1 0
wait_for 60 no_disk p1 0

# The number leads to one and then the other, while the disk is written and read. Whoever
# has sent a command before it knew must not have it carried out.
# exchange PAIR N FOLDER D1 D2: D1 and D2 are what to link there
exchange() { python3 -B /src/tests/suites/vscsi/exchange.py 8 "$(host_of "$1")" "$2" "$3" "d1=$4=/dev/vdb" "d2=$5=/dev/vdc"; }
lun_add p1 4 d1
disk_of p1 4 >/dev/null
t "V3 R11 what was meant for a LU that had the number is not done on the one that has it" \
	exchange p1 4 $cfg/vscsi/p1/tpgt_1/lun/lun_4 "$(store_of d1)" "$(store_of d2)"
t "V10 the link is up" link_is p1 up
lun_del p1 4
wait_for 60 no_disk p1 4

# --- size ---
modprobe loop 2>/dev/null
losetup_dev() { losetup -f --show "$1"; }
truncate -s 16M /tmp/file
loop=$(losetup_dev /tmp/file)
if [ -n "$loop" ]; then
	backstore g "$loop"
	lun_add p1 2 g
	disk=$(disk_of p1 2)
	truncate -s 24M /tmp/file
	losetup -c "$loop"
	echo 2 >$cfg/vscsi/p1/tpgt_1/rescan
	grown() { [ "$(cat "/sys/block/$disk/size")" = 49152 ]; }
	t "R7 a LU that grew is seen by the client" wait_for 60 grown
	if sg_vpd -p 0xb2 "/dev/$disk" | grep -q 'Unmap command supported (LBPU): 1'; then has=1; else has=0; fi
	[ $has = 1 ] || { lun_del p1 2; wait_for 60 no_disk p1 2; echo 1 >"$(store_of g)/attrib/emulate_tpu"; echo 1 >"$(store_of g)/attrib/emulate_tpws"; lun_add p1 2 g; disk=$(disk_of p1 2); }
	dd if=/dev/urandom of="/dev/$disk" bs=1M count=8 oflag=direct status=none
	t "UNMAP" sg_unmap --lba=0 --num=2048 "/dev/$disk"
	t "the range reads as zero" cmp -n 1048576 /dev/zero <(dd if="/dev/$disk" bs=1M count=1 iflag=direct status=none)
	nonzero() { ! cmp -s -n 1048576 /dev/zero <(dd if="/dev/$disk" bs=1M skip=1 count=1 iflag=direct status=none); }
	t "the next does not" nonzero
	t "WRITE SAME with UNMAP" sg_write_same --16 --unmap --lba=4096 --num=2048 --xferlen=512 "/dev/$disk"
	t "that range reads as zero" cmp -n 1048576 /dev/zero <(dd if="/dev/$disk" bs=1M skip=2 count=1 iflag=direct status=none)
	head -c 512 /dev/urandom >/tmp/block
	t "WRITE SAME of a block" sg_write_same --10 --in=/tmp/block --lba=8192 --num=64 --xferlen=512 "/dev/$disk"
	t "is in each block" cmp <(for i in $(seq 64); do cat /tmp/block; done) <(dd if="/dev/$disk" bs=512 skip=8192 count=64 iflag=direct status=none)
	t "discard by the file system's way" blkdiscard "/dev/$disk"
	lun_del p1 2
	wait_for 60 no_disk p1 2
	backstore_del g
	losetup -d "$loop"
else
	skip "a LU that grew" "no loop device"
fi

# --- who may see what ---
vpart partition add client2 client >/dev/null
pair p2 client2 vios1
wait_for 60 link_is p2 up
lun_add p1 0 d1
lun_add p2 0 d2
one=$(disk_of p1 0) two=$(disk_of p2 0)
t "R11 LUN 0 of one client is one LU" grep -q d1 <(serial "$one")
t "R11 LUN 0 of the other is another" grep -q d2 <(serial "$two")
lun_del p2 0
wait_for 60 no_disk p2 0

tpg=$cfg/vscsi/p2/tpgt_1
name=$(cat $tpg/initiator)
echo 0 >$tpg/enable
wait_for 60 link_is p2 blocked
echo 0 >$tpg/attrib/generate_node_acls
fails "an ACL's name must be a port's" 'Invalid argument' mkdir $tpg/acls/iqn.2026-01.x
other=0x00000000000000000000000000000001
mkdir $tpg/acls/$other
echo 1 >$tpg/enable
refused() { vpart adapter show p2 >/tmp/show; grep -qi refused /tmp/show; }
t "R11 a client without an ACL is refused" wait_for 60 refused
cat /tmp/show; t "... and sees nothing" no_disk p2 0
lun_add p2 7 d2
mkdir $tpg/acls/$name
mkdir $tpg/acls/$name/lun_5
ln -s $tpg/lun/lun_7 $tpg/acls/$name/lun_5/d2
echo 7 >$tpg/rescan
t "with one it is admitted" wait_for 60 link_is p2 up
t "R11 and sees the LU at the number of the ACL" has_disk p2 5 || wait_for 60 has_disk p2 5
t "... only there" no_disk p2 7
mkdir $tpg/acls/$name/lun_6
ln -s $tpg/lun/lun_7 $tpg/acls/$name/lun_6/d2
dd if="/dev/$(disk_of p2 5)" of=/dev/null bs=4k count=1 iflag=direct status=none
t "R7 a LUN of which nobody but a unit attention tells is found" wait_for 60 has_disk p2 6
rm $tpg/acls/$name/lun_6/d2
rmdir $tpg/acls/$name/lun_6
lun_add p2 8 d1
# Of what an ACL maps LIO tells nobody at all.
t "V3 R11 nor where an ACL leads to another LU" exchange p2 5 $tpg/acls/$name/lun_5 $tpg/lun/lun_8 $tpg/lun/lun_7

t "all of it away" vscsi_down
done_testing
