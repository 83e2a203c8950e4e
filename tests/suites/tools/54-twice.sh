#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# disks: 32M 32M 32M
# limit: 420
# summary: two backstores of one name, targets that may only be read, paths of multipath
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh
export DM_DISABLE_UDEV=1
core=/sys/kernel/config/target/core
tpg=/sys/kernel/config/target/vscsi/p1/tpgt_1
lu() { get "o['$2']" lu show "$1"; }
stores() { (cd $core && find . -mindepth 2 -maxdepth 2 -name d1 | cut -c3- | sort | xargs); }
luns() { find $tpg/lun -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs; }
up() { mods target_core_iblock target_core_file sd_mod vpart vscsi_target vscsi_host; }
down() { vpart adapter del p1 --force >/dev/null && rmmod vscsi_target vscsi_host vpart; }
pairs() { vpart partition add vios1 vios && vpart partition add client1 client && vpart adapter add client client1 server vios1 name p1; } >/dev/null

# --- another tool has made a backstore of the same name ---
up
pairs
t "R11 a LU" vpart lu add d1 adapter p1 device /dev/vdb
one=$(lu d1 backstore)
truncate -s 8M /var/f1
mkdir -p $core/fileio_77/d1
echo "fd_dev_name=/var/f1,fd_dev_size=8388608" >$core/fileio_77/d1/control
echo /var/f1 >$core/fileio_77/d1/udev_path
echo 11111111-2222-4333-8444-555555555555 >$core/fileio_77/d1/wwn/vpd_unit_serial
echo 1 >$core/fileio_77/d1/enable
mkdir $tpg/lun/lun_7
ln -s $core/fileio_77/d1 $tpg/lun/lun_7/d1
is "R11 two LUs of one name, of two backstores" "$(stores)" "fileio_77/d1 $one/d1"
fails "R11 a name that means two is refused, both are named" \
	"there are two LUs 'd1': say (fileio_77|$one)/d1 or (fileio_77|$one)/d1" vpart lu del d1
is "R11 ... and both are there" "$(stores) $(luns)" "fileio_77/d1 $one/d1 lun_0 lun_7"
fails "R11 by its adapter pair, too" "there are two LUs 'd1'" vpart lu del d1 adapter p1
fails "R13 nor are two of one name saved" 'LU d1 is there twice: .*fileio_77/d1' vpart config save
t "R11 one of them is deleted by its backstore's name" vpart lu del fileio_77/d1
is "R11 ... that one alone" "$(stores) $(luns)" "$one/d1 lun_0"
is "... with its backstore" "$(ls -d $core/fileio_77 2>/dev/null)" ""
is "R11 the other one is found by its name alone again" "$(lu d1 lun)" 0
mkdir -p $core/fileio_77/d1
echo "fd_dev_name=/var/f1,fd_dev_size=8388608" >$core/fileio_77/d1/control
echo 1 >$core/fileio_77/d1/enable
mkdir $tpg/lun/lun_7
ln -s $core/fileio_77/d1 $tpg/lun/lun_7/d1
t "R11 an adapter pair goes with both of them" vpart adapter del p1 --force
is "... and with their backstores" "$(stores)" ""
rmmod vscsi_target vscsi_host vpart

# --- another tool's restore has made the backstore, by the disk's name ---
up
pairs
vpart lu add d1 adapter p1 device /dev/vdb uuid 0a1b2c3d-1111-4222-8333-444455556666 --no-wait >/dev/null
vpart lu add d2 adapter p1 device /dev/vdc --no-wait >/dev/null
t "R13 saved" vpart config save
t "all goes" down
up
mkdir -p $core/iblock_0/d1
echo udev_path=/dev/vdd >$core/iblock_0/d1/control
echo /dev/vdd >$core/iblock_0/d1/udev_path
echo 0a1b2c3d-1111-4222-8333-444455556666 >$core/iblock_0/d1/wwn/vpd_unit_serial
echo 1 >$core/iblock_0/d1/enable
is "R13 restored: exit code 1" "$(code vpart config restore)" 1
t "R13 a backstore on another disk is not served, both disks are named" \
	grep -q "lu d1: failed: d1: its backstore iblock_0/d1 is on /dev/vdd (serial:disk3), which is not its device /dev/vdb (serial:disk1)" /tmp/err
is "R13 the others are" "$(luns) $(lu d2 lun)" "lun_1 1"
rmdir $core/iblock_0/d1
t "R13 when it has gone the LU comes" vpart config restore
is "R13 from its disk" "$(lu d1 device) $(lu d1 identity)" "/dev/vdb serial:disk1"
t "all goes" down

# --- who may only read ---
up
pairs
t "R11 a target that may only be read" vpart lu add d1 adapter p1 device /dev/vdb --no-wait
name=$(cat $tpg/initiator)
vpart lu del d1
mkdir -p $tpg
echo 1 >$tpg/attrib/demo_mode_write_protect
echo 1 >$tpg/attrib/prod_mode_write_protect
vpart lu add d1 adapter p1 device /dev/vdb >/dev/null
read_only() { [ "$(cat "/sys/class/block/$(basename "$(lu d1 disk)")/ro")" = 1 ]; }
t "R11 its client may only read" read_only
t "R13 saved" vpart config save
t "all goes" down
up
t "R13 restored" vpart config restore
is "R13 the target's attributes are as they were" "$(cat $tpg/attrib/demo_mode_write_protect $tpg/attrib/prod_mode_write_protect | xargs)" "1 1"
t "R11 its client has its disk" wait_for 60 test -b /dev/sda
t "R11 ... and may only read" read_only
fails "R11 what it writes is refused" '.' dd if=/dev/zero of="$(lu d1 disk)" bs=512 count=1 oflag=direct status=none
is "... and its name is the same" "$(cat $tpg/initiator)" "$name"
t "R13 restored again, nothing happens" bash -c 'vpart config restore | grep "nothing to do"'
t "all goes" down

# --- a disk over two paths ---
# The same disk, by one adapter, and after a boot by two.
up
pairs
modprobe scsi_debug add_host=1 vpd_use_hostno=0 dev_size_mb=16
disks() { grep -l scsi_debug /sys/block/sd*/device/model | sed 's|/sys/block/\(.*\)/device.*|/dev/\1|' | xargs; }
paths() { [ "$(disks | wc -w)" = "$1" ]; }
t "a disk over one path" wait_for 60 paths 1
id=$(cat "/sys/block/$(basename "$(disks)")/device/wwid")
t "R13 is served" vpart lu add m adapter p1 device "$(disks)"
is "R13 by its NAA id" "$(lu m identity_type) $(lu m identity)" "ieee wwid:$id"
t "R13 saved" vpart config save
t "all goes" down
rmmod scsi_debug
up
modprobe scsi_debug add_host=2 vpd_use_hostno=0 dev_size_mb=16
t "the disk has two paths now" wait_for 60 paths 2
read -r a b <<<"$(disks)"
is "R13 restored: exit code 1" "$(code vpart config restore)" 1
t "R13 of two paths none is chosen" grep -q "lu m: failed: m: $a and $b both say that they are wwid:$id: nobody can tell" /tmp/err
dmsetup create mpatha -u "mpath-3${id#naa.}" --table "0 32768 multipath 0 0 1 1 round-robin 0 2 1 $a 1000 $b 1000"
t "R13 of the paths of a map, the map is taken" vpart config restore
is "R13 ... that is it" "$(lu m device)" /dev/mapper/mpatha
t "it goes" vpart lu del m
fails "R13 a path of a map is not served" "$a is a path of /dev/mapper/mpatha: serve that" vpart lu add m adapter p1 device "$a"
t "R13 the map is" vpart lu add m adapter p1 device /dev/mapper/mpatha
is "R13 by the NAA id in its UUID" "$(lu m identity_type) $(lu m identity)" "ieee dm:mpath-3${id#naa.}"
t "all goes" down
dmsetup remove mpatha
done_testing
