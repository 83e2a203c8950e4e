#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: whatever can back a LU does, says the same of itself, and holds what the client wrote
# kernel: stock
# kernels: +6.12 +7.2
# limit: 480
# disks: 48M 48M 48M
# smp: 2
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh
# No udev runs here: dmsetup and lvm make the nodes.
export DM_DISABLE_UDEV=1

lu() { get "o['$2']" lu show "$1"; }
uuid=0a1b2c3d-1111-4222-8333-44445555660
n=0
# pattern FILE BYTES: other bytes each time
pattern() { head -c "$2" /dev/urandom >"$1"; }

# serves WHAT DEVICE BACKSTORE IDENTITY BELOW: LU s is made of DEVICE, says who it is, and
# what its client writes at 1 MiB is what BELOW, a command, prints.
serves() {
	local what=$1 device=$2 id=$uuid$n disk
	n=$((n + 1))
	t "R12 $what is served" vpart lu add s adapter p1 device "$device" uuid $id
	is "R12 ... by LIO's $3" "$(lu s backstore | sed 's/_.*//')" "$3"
	is "R13 ... known by" "$(lu s identity)" "$4"
	disk=$(lu s disk)
	is "R11 $what: serial number and NAA are the LU's UUID" \
		"$(sg_vpd -p sn "$disk" | sed -n 's/.*number: *//p') $(cat "/sys/block/${disk#/dev/}/device/wwid")" \
		"$id naa.6001405$(tr -d - <<<$id | cut -c1-25)"
	is "R12 ... its size is the device's" "$(blockdev --getsize64 "$disk")" "$(lu s bytes)"
	pattern /tmp/pattern 262144
	dd if=/tmp/pattern of="$disk" bs=64k seek=16 oflag=direct conv=notrunc status=none
	t "R12 ... the client reads what it wrote" cmp /tmp/pattern <(dd if="$disk" bs=64k skip=16 count=4 iflag=direct status=none)
	t "R12 ... and it is there, seen from beneath" cmp /tmp/pattern <(eval "$5")
	t "R12 ... it goes" vpart lu del s
	wait_for 60 no_file "$disk"
}
no_file() { [ ! -e "$1" ]; }
# at DEVICE MIB: 256 KiB, past every cache
at() { dd if="$1" bs=64k skip=$(($2 * 16)) count=4 iflag=direct status=none; }

t "partitions, a pair of adapters, a link" vscsi_up
modprobe dm_mod
modprobe -a raid1 dm-raid loop 2>/dev/null

serves "a whole disk" /dev/vdb iblock serial:disk1 "at /dev/vdb 1"

python3 /src/tests/lib/gpt.py /dev/vdb 11111111-2222-4333-8444-555555555555 2048 32768 aaaaaaaa-2222-4333-8444-555555555501 \
	34816 32768 aaaaaaaa-2222-4333-8444-555555555502
blockdev --rereadpt /dev/vdb
serves "a partition" /dev/vdb2 iblock serial:disk1-part2 "at /dev/vdb 18"
wipefs -qa /dev/vdb
blockdev --rereadpt /dev/vdb

truncate -s 32M /var/file
serves "a file" /var/file fileio "file:/var/file" "dd if=/var/file bs=64k skip=16 count=4 status=none"
loop=$(losetup -f --show /var/file)
serves "a file by a loop device" "$loop" iblock "file:/var/file" "losetup -d $loop; dd if=/var/file bs=64k skip=16 count=4 status=none"

pattern /tmp/zero 4096
size=65536
dmsetup create joined -u LAB-joined --table "0 $size linear /dev/vdb 1024
$size $((size / 2)) linear /dev/vdc 0" || dmsetup create joined -u LAB-joined <<<"0 $size linear /dev/vdb 1024
$size $((size / 2)) linear /dev/vdc 0"
serves "a concatenation of disks" /dev/mapper/joined iblock dm:LAB-joined \
	"dd if=/dev/vdb bs=512 skip=\$((1024 + 2048)) count=512 iflag=direct status=none"
dmsetup remove joined

# Chunks of 128 KiB: of 256 KiB at 1 MiB, each disk has one half.
dmsetup create striped -u LAB-striped --table "0 131072 striped 2 256 /dev/vdb 0 /dev/vdc 0"
serves "stripes over two disks" /dev/mapper/striped iblock dm:LAB-striped \
	"for d in b c; do dd if=/dev/vd\$d bs=64k skip=8 count=2 iflag=direct status=none; done"
dmsetup remove striped

# A raid1 of dm, without metadata: each disk has all of it.
if dmsetup create both -u LAB-both --table "0 65536 raid raid1 2 0 nosync 2 - /dev/vdb - /dev/vdc"; then
	serves "a RAID 1 of the device-mapper" /dev/mapper/both iblock dm:LAB-both \
		"at /dev/vdb 1; cmp <(at /dev/vdb 1) <(at /dev/vdc 1)"
	dmsetup remove both
else
	skip "R12 a RAID 1 of the device-mapper" "this kernel has none"
fi

# Its superblock is at the end, so that the data are where the client has put them.
if mdadm --create /dev/md7 --run --level=1 --raid-devices=2 --metadata=1.0 --assume-clean \
	--uuid=01234567:89abcdef:00112233:44556677 /dev/vdb /dev/vdc >/tmp/md 2>&1; then
	[ -b /dev/md7 ] || mknod /dev/md7 b 9 7
	serves "a RAID 1 of md" /dev/md7 iblock "md:$(cat /sys/block/md7/md/uuid)" "at /dev/vdc 1"
	mdadm --stop /dev/md7 >/dev/null 2>&1
	mdadm --zero-superblock /dev/vdb /dev/vdc
else
	cat /tmp/md
	skip "R12 a RAID 1 of md" "this kernel has none"
fi

mkdir -p /run/lvm
lvm=(--config 'devices { obtain_device_list_from_udev=0 external_device_info_source="none" use_devicesfile=0 filter=["a|/dev/vd[bc]$|","r|.*|"] } activation { udev_sync=0 udev_rules=0 } global { use_lvmpolld=0 event_activation=0 }')
if vgcreate "${lvm[@]}" -qy vg /dev/vdb /dev/vdc >/tmp/lvm 2>&1 && lvcreate "${lvm[@]}" -qy -Wn -Zn -L 24M -n lv vg >>/tmp/lvm 2>&1; then
	start=$(dmsetup table vg-lv | awk '{ print $5 }')
	serves "a logical volume" /dev/mapper/vg-lv iblock "dm:$(dmsetup info -c --noheadings -o uuid vg-lv)" \
		"dd if=/dev/vdb bs=512 skip=\$(($start + 2048)) count=512 iflag=direct status=none"
	t "... and goes as the administrator wants" vgremove "${lvm[@]}" -qfy vg
else
	not_ok "R12 a logical volume" "$(cat /tmp/lvm)"
fi

# --- more than one path: nothing may be kept in the memory of one server ---
vpart partition add vios2 vios >/dev/null
vpart adapter add client client1 server vios2 name p2 >/dev/null
t "R12 a file" vpart lu add f adapter p1 device /var/file
is "R12 ... is written through" "$(grep -o 'Mode: [^ ]*' $cfg/core/"$(lu f backstore)"/f/info)" "Mode: O_DSYNC"
t "R12 ... and has a second path" vpart lu add f adapter p2
t "R12 ... it goes" vpart lu del f
loop=$(losetup -f --show /var/file)
t "R12 what keeps writes in memory" vpart lu add l adapter p1 device "$loop"
fails "R12 ... has none" "l cannot have a second path: .*keeps writes in memory" vpart lu add l adapter p2
t "R12 ... it goes" vpart lu del l
losetup -d "$loop"

# --- one SCSI id, two partitions, two LUs ---
vpart partition add client2 client >/dev/null
vpart adapter add client client2 server vios1 name p3 >/dev/null
t "R11 LUN 5 of one client" vpart lu add one adapter p1 device /dev/vdb lun 5
t "R11 LUN 5 of another" vpart lu add two adapter p3 device /dev/vdc lun 5
address() { basename "$(readlink "/sys/class/block/$(basename "$(lu "$1" disk)")/device")" | cut -d: -f2-; }
is "R11 both have one SCSI id" "$(address one) $(address two)" "0:0:5 0:0:5"
echo one >/tmp/one; echo two >/tmp/two
for lu in one two; do dd if=/tmp/$lu of="$(lu $lu disk)" conv=sync oflag=direct status=none; done
is "R11 and lead to two LUs" "$(for d in b c; do dd if=/dev/vd$d count=1 iflag=direct status=none | tr -d '\0'; done | xargs)" "one two"
t "R11 which say so" test "$(cat "/sys/class/block/$(basename "$(lu one disk)")/device/wwid")" != "$(cat "/sys/class/block/$(basename "$(lu two disk)")/device/wwid")"
fails "R11 an id leads to one LU" "LUN 5 is taken at this adapter pair" vpart lu add three adapter p1 device /dev/vdd lun 5
fails "R11 a LU has one id at an adapter" "one is at adapter pair p1 already" vpart lu add one adapter p1 lun 6
for lu in one two; do vpart lu del $lu >/dev/null; done
vpart adapter del p2 --force >/dev/null
vpart partition del vios2 >/dev/null
t "all of it away" vscsi_down
done_testing
