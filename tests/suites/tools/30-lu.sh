#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# disks: 64M 64M
# limit: 480
# summary: LUs of disks and files: made, seen by the client, in use, deleted
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh

core=/sys/kernel/config/target/core
backstores() { find $core -mindepth 2 -maxdepth 2 -type d ! -path "$core/alua/*" | wc -l; }
no_file() { [ ! -e "$1" ]; }

mods vpart vscsi_target
vpart partition add vios1 vios >/dev/null
vpart partition add client1 client >/dev/null
uuid=0a1b2c3d-1111-4222-8333-444455556666

fails "an unknown server is refused by name" 'nobody' \
	vpart lu add d1 server nobody client client1 device /dev/vdb
fails "an unknown adapter pair is refused by name" 'nopair' \
	vpart lu add d1 adapter nopair device /dev/vdb
fails "an unknown device is refused by name" '/dev/vdx: No such' \
	vpart lu add d1 server vios1 client client1 device /dev/vdx
is "and is not found" "$(code vpart lu add d1 server vios1 client client1 device /dev/vdx)" 3
fails "a folder is no device" 'neither a block device nor a file' \
	vpart lu add d1 server vios1 client client1 device /tmp
fails "a character device is none" 'neither' \
	vpart lu add d1 server vios1 client client1 device /dev/null
fails "a bad name of a LU is refused" 'is no name for a LU' \
	vpart lu add a/b server vios1 client client1 device /dev/vdb
mkfs.ext4 -q /dev/vdb
mkdir -p /mnt/b
mount /dev/vdb /mnt/b
fails "R12 a mounted disk is not served" 'in use: mounted at /mnt/b' \
	vpart lu add d1 server vios1 client client1 device /dev/vdb
umount /mnt/b
pr=$(cat /sys/kernel/config/target/dbroot)/pr
rm -rf "${pr%/*}" && touch "${pr%/*}"
fails "V7 one whose reservations LIO could not keep is not served" "reservations in $pr, which cannot be made: Not a dir" \
	vpart lu add d1 server vios1 client client1 device /dev/vdb
rm "${pr%/*}"
is "after a refusal no adapter pair is left" "$(get 'o' adapter)" "[]"
is "after a refusal no backstore is left" "$(backstores)" 0

is "R11 without a client's driver the LU has no disk yet" \
	"$(get 'o["disk"]' lu add d1 server vios1 client client1 device /dev/vdb uuid $uuid)" None
t "what is missing is said" bash -c 'vpart lu add x server vios1 client client1 device /dev/vdc |
	grep "modprobe vscsi_host"'
t "a LU is deleted" vpart lu del x
# LIO lists the paths to a LU in a page, which has room for about a hundred of these.
luns=/sys/kernel/config/target/vscsi/client1-vios1/tpgt_1/lun
for ((i = 16000; i < 16120; i++)); do
	mkdir $luns/lun_$i && ln -s $core/iblock_*/d1 $luns/lun_$i/d1
done
is "R6 every path is shown, be there ever so many" "$(get 'len(o)' lu) $(get 'o[-1]["lun"]' lu)" "121 16119"
rm $luns/lun_16*/d1 && rmdir $luns/lun_16*
mods vscsi_host sd_mod
t "R10 with the drivers, the client sees a SCSI disk" wait_for 60 test -b /dev/sda
is "R11 the LU names it" "$(get 'o["disk"]' lu show d1)" /dev/sda
is "R13 the disk has the LU's uuid as serial number" \
	"$(sg_vpd -p sn /dev/sda | sed -n 's/.*number: *//p')" $uuid
is "LIO's folder for reservations was made, for root alone" "$(stat -c %a "$pr")" 700
t "V7 a client registers a key" sg_persist --no-inquiry --out --register --param-sark=a1 /dev/sda
t "... of which LIO has a note there" test -s "$pr/aptpl_$uuid"
is "the adapter pair was made" "$(get 'o["adapter"]' lu show d1)" client1-vios1
is "the lowest LUN was taken" "$(get 'o["lun"]' lu show d1)" 0

fails "R26 a disk that is served is not served again" 'in use: served as LU d1' \
	vpart lu add d2 server vios1 client client1 device /dev/vdb
fails "a LU's name is unique" 'd1 exists' \
	vpart lu add d1 server vios1 client client1 device /dev/vdc
fails "a LU's uuid is unique" 'd1 has this UUID' \
	vpart lu add d2 server vios1 client client1 device /dev/vdc uuid $uuid
fails "R11 a uuid that makes the same name in VPD page 0x83 is refused" 'd1 has a UUID with the same first 25' \
	vpart lu add d2 server vios1 client client1 device /dev/vdc uuid "${uuid%???}777"
fails "a LUN is used once" 'LUN 0 is taken' \
	vpart lu add d2 server vios1 client client1 device /dev/vdc lun 0
is "after a refusal no backstore is left behind" "$(backstores)" 1
t "R11 a LUN can be chosen" vpart lu add d2 adapter client1-vios1 device /dev/vdc lun 9
is "R11 it is at that number" "$(cat /sys/class/block/sdb/device/uevent >/dev/null 2>&1
	basename "$(readlink /sys/class/block/sdb/device)" | cut -d: -f4)" 9
truncate -s 16M /var/f1
is "R12 a file is served" \
	"$(get 'o["bytes"]' lu add f1 server vios1 client client1 device /var/f1)" 16777216
truncate -s 1000 /var/f2
fails "a file of odd size is not" 'multiple of 512' \
	vpart lu add f2 server vios1 client client1 device /var/f2
is "lu show is a list" "$(get 'sorted(l["name"] for l in o)' lu)" "['d1', 'd2', 'f1']"
t "data goes through the disk" bash -c 'echo hello | dd of=/dev/sda bs=512 conv=sync,fsync status=none
	dd if=/dev/vdb iflag=direct count=1 status=none | grep -q hello'

mkfs.ext4 -q /dev/sda
mount /dev/sda /mnt/b
fails "a LU in use is not deleted" 'd1 is in use: the disk /dev/sda of client1 is mounted at /mnt/b' \
	vpart lu del d1
fails "nor is its adapter pair" 'in use: the disk /dev/sda' vpart adapter del client1-vios1
umount /mnt/b
fails "an adapter pair that serves is not deleted" 'still serves LU' vpart adapter del client1-vios1
t "R8 a failed server is shown at its LUs" vpart partition fail vios1
down() { [ "$(get 'o["state"]' lu show d2)" = "link down" ]; }
t "R8 their link is down" wait_for 60 down
is "R8 the disk stays" "$(get 'o["disk"]' lu show d2)" /dev/sdb
t "R9 the server returns" vpart partition start vios1
t "R9 and serves" wait_for 60 bash -c 'vpart --json lu show d2 | grep -q ready'

t "a LU is deleted with its disk" vpart lu del d1
t "the client's disk goes" wait_for 60 no_file /dev/sda
is "a deleted LU is not found" "$(code vpart lu del d1)" 3
t "an adapter pair goes with its LUs by --force" vpart adapter del client1-vios1 --force
is "no LU is left" "$(get 'o' lu)" "[]"
is "no backstore is left" "$(backstores)" 0
t "the partitions are deleted" bash -c 'vpart partition del vios1 && vpart partition del client1'
t "the modules can be unloaded" rmmod vscsi_target vscsi_host vpart
done_testing
