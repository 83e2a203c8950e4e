#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# disks: 64M 64M
# limit: 420
# summary: a restored configuration beside targetcli's; who may see what; files that are refused
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh

cfg=/etc/vpart/config.json
core=/sys/kernel/config/target/core
last_event() { vpart events | tail -n 1 | cut -d' ' -f1; }
up() { mods target_core_iblock target_core_file sd_mod iscsi_target_mod vpart vscsi_target vscsi_host; }
down() {
	local a
	for a in p1 p3; do [ ! -d /sys/bus/vpart/devices/$a.client ] || vpart adapter del $a --force || return; done
	rmmod vscsi_target vscsi_host vpart
} >/dev/null
disk() { vpart --json lu show "$1" | sed -n 's|.*"disk": *"/dev/\(.*\)".*|\1|p'; }
lun_of() { readlink "/sys/class/block/$(disk "$1")/device" | sed 's/.*://'; }

up
truncate -s 8M /var/f1
vpart node add cec1 >/dev/null
vpart partition add vios1 vios node cec1 pool 1 >/dev/null
vpart partition add client1 client node cec1 pool 2 >/dev/null
vpart adapter add client client1 server vios1 name p1 >/dev/null
vpart adapter add client client1 server vios1 name p3 >/dev/null
vpart lu add d1 adapter p1 device /dev/vdb >/dev/null

# Who may see what: by hand, as targetcli would.
tpg=/sys/kernel/config/target/vscsi/p3/tpgt_1
mkdir -p $tpg
name=$(cat $tpg/initiator)
echo 0 >$tpg/attrib/generate_node_acls
vpart lu add f1 adapter p3 device /var/f1 lun 4 --no-wait >/dev/null
mkdir "$tpg/acls/$name" "$tpg/acls/$name/lun_5"
ln -s $tpg/lun/lun_4 "$tpg/acls/$name/lun_5/f1"
echo 1 >"$tpg/acls/$name/lun_5/write_protect"
echo 1 >$core/fileio_0/f1/attrib/emulate_tpu
t "a mapping of an ACL is told to the client" vpart lu resize f1
at_5() { [ "$(lun_of f1)" = 5 ]; }
t "R11 the client sees the LU at the ACL's number" wait_for 60 at_5
t "R13 all of it is saved" vpart config save
t "targetcli saves what it knows: the backstores" targetctl save /tmp/saveconfig.json
t "a LU goes, although an ACL names it" down
up
t "targetcli restores" targetctl restore /tmp/saveconfig.json
t "... the backstores" test -d $core/fileio_0/f1
t "R13 what it has restored is used" vpart config restore
is "R26 ... not made a second time" "$(ls -d $core/*/{d1,f1} | wc -l)" 2
is "R11 only who was admitted is admitted" "$(cat $tpg/attrib/generate_node_acls) $(ls $tpg/acls)" "0 $name"
t "R11 he sees the LU at the ACL's number" wait_for 60 at_5
is "... read-only" "$(cat "/sys/class/block/$(disk f1)/ro")" 1
is "an attribute that was chosen is kept" "$(cat $core/fileio_0/f1/attrib/emulate_tpu)" 1
t "restored twice, nothing happens" bash -c 'vpart config restore | grep -q "nothing to do"'
down
rmdir $core/*/{d1,f1} $core/{iblock,fileio}_* 2>/dev/null
up
sed 's|/dev/vdb|/dev/vdc|' $cfg >/tmp/renamed
t "without targetcli everything is made here" vpart config restore /tmp/renamed
is "R13 a disk that had another name then is found" "$(cat $core/iblock_0/d1/udev_path)" /dev/vdb
t "R11 the LU at the ACL's number too" wait_for 60 at_5
is "the attribute is set" "$(cat $core/fileio_0/f1/attrib/emulate_tpu)" 1

# --- files that are refused ---
# edited DESCRIPTION REGEX SED: the file so edited is refused with such a sentence.
edited() {
	sed "$3" $cfg >/tmp/edited
	cmp -s /tmp/edited $cfg && not_ok "$1" "the edit changed nothing: $3" && return
	fails "$1" "$2" vpart config restore /tmp/edited
}
before=$(last_event)
vpart config save >/dev/null
edited "a node with another UUID contradicts" 'node cec1 of the file contradicts .* another UUID' '0,/"uuid": "../s//"uuid": "ff/'
edited "a partition with another pool number does" 'partition vios1 .*contradicts.* another pool number' 's/"pool": 1/"pool": 9/'
edited "one whose id is taken" 'partition other .*contradicts.* UUID is of partition vios1' '/"partitions"/,/"adapters"/s/"name": "vios1"/"name": "other"/; s/"server": "vios1"/"server": "other"/'
edited "an adapter pair in another slot" 'adapter pair p3 .*contradicts.* another slot' '/"name": "p3"/,/fabric/s/"client_slot": ./"client_slot": 77/'
edited "one that copies" 'adapter pair p3 .*contradicts.* differs in copy' '/"name": "p3"/,/fabric/s/"fabric": "local"/&, "copy": true/'
edited "a LU on another device" 'LU d1 .*contradicts.* on another device: /dev/vdb' 's|/dev/vdb|/dev/vdc|; s|"identity": "serial:[^"]*"|"identity": "serial:other"|'
edited "a LU at another number" 'LU f1 .*contradicts.* another number at adapter pair p3' 's/"lun": 4/"lun": 7/; s/"of": 4/"of": 7/'
edited "a LU with another UUID" 'LU (d1|f1) .*contradicts.* another UUID' '/"lus"/,/"device"/s/"uuid": "../"uuid": "ff/'
edited "an unknown client" 'adapter pair p1 names client nobody' '/"name": "p1"/,/server_slot/s/client1/nobody/'
edited "an unknown adapter pair" 'LU d1 names adapter pair nopair' 's/"adapter": "p1"/"adapter": "nopair"/'
edited "two of one name" 'LU d1 is there twice|LU f1 is there twice' 's/"name": "f1"/"name": "d1"/'
edited "a device twice" 'same device' 's|/var/f1|/dev/vdb|; s/"kind": "file"/"kind": "block"/; s/8388608/67108864/'
edited "a key that nobody knows" 'adapters.0.: there is a key that is not known' '0,/"path_loss"/s//"pathloss": 5, "path_loss"/'
edited "a missing key" 'lus.0.: "device" is missing' '0,/"device"/s/"device": .*,$//'
edited "text for a number" 'partitions.0.: "pool" is no int' '0,/"pool": [0-9]*/s//"pool": "1"/'
edited "a number beyond its range" '"path_loss" is 3000: a number from 5 to 300' '0,/"path_loss": [0-9]*/s//"path_loss": 3000/'
edited "a negative number" '"id" is -1: ' '0,/"id": [0-9]*/s//"id": -1/'
edited "a name that is a path" 'no name: .\.\./x' '0,/"name": "cec1"/s//"name": "..\/x"/'
edited "a relative path" '"device" is no path' 's|/dev/vdb|vdb|'
edited "a line break in a path" 'does not belong there' 's|/dev/vdb|/dev/vdb\\n|'
edited "an end in the middle of a text" 'does not belong there' 's|/dev/vdb|/dev/vdb\\u0000x|'
edited "an initiator that is a path" 'no name of a port' 's|"initiator": "0x|"initiator": "../0x|'
edited "a newer version" 'a newer vpart has made it: version 2' 's/"vpart_config": 1/"vpart_config": 2/'
edited "what is no JSON" 'no JSON' 's/\[/(/'
head -c 500 $cfg >/tmp/short
fails "half a file" 'no JSON: it ends too early' vpart config restore /tmp/short
python3 -c 'print("[" * 100000)' >/tmp/deep
fails "a very deep file" 'no JSON: nesting too deep' vpart config restore /tmp/deep
head -c 9000000 /dev/zero >/tmp/big
fails "a huge file" 'too large' vpart config restore /tmp/big
fails "a device" 'no regular file' vpart config restore /dev/vdc
mkfifo /tmp/fifo
fails "a pipe without a writer" 'no regular file' timeout 60 vpart config restore /tmp/fifo
fails "no file" 'No such file' vpart config restore /tmp/nothing
python3 - $cfg <<'EOT' >/tmp/fuzz
import random, subprocess, sys
random.seed(1)
good = open(sys.argv[1], "rb").read()
for i in range(150):
    bad = bytearray(good)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(bad))
        bad[at:at + random.randint(0, 3)] = bytes(random.choice(b'"{}[],:0-9eE\\\x00\xff a/') for _ in range(random.randint(0, 3)))
    open("/tmp/mangled", "wb").write(bad)
    run = subprocess.run(["vpart", "config", "restore", "--dry-run", "/tmp/mangled"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode not in (0, 1, 2) or (run.returncode and not run.stderr):
        print(i, run.returncode, bytes(bad))
EOT
is "150 mangled files: an error or a plan, no crash" "$(cat /tmp/fuzz)" ""
is "nothing was done by any of them" "$(last_event)" "$before"

# --- the file is the old one or the new one ---
cp $cfg /tmp/good
mkdir /tmp/small
mount -t tmpfs -o size=8k none /tmp/small
cp $cfg /tmp/small/config.json 2>/dev/null || head -c 4000 $cfg >/tmp/small/config.json
cp /tmp/small/config.json /tmp/was
dd if=/dev/zero of=/tmp/small/fill bs=4k count=2 status=none 2>/dev/null
fails "a full file system is told" 'No space left' vpart config save /tmp/small/config.json
t "the old file is as it was" cmp /tmp/was /tmp/small/config.json
is "nothing is left beside it" "$(echo /tmp/small/*)" "/tmp/small/config.json /tmp/small/fill"
umount /tmp/small
fails "a folder that is not there" 'No such file' vpart config save /tmp/none/config.json
fails "a device is not overwritten" 'no regular file' vpart config save /dev/vdc

# --- size ---
modprobe loop
truncate -s 16M /tmp/grow
loop=$(losetup -f --show /tmp/grow)
vpart lu add g adapter p1 device "$loop" >/dev/null
truncate -s 24M /tmp/grow
losetup -c "$loop"
t "R12 a device that has grown: the client is told" vpart lu resize g
is "R12 its disk has the new size" "$(cat "/sys/class/block/$(disk g)/size")" 49152
t "a LU that has the size it had" vpart lu resize g
truncate -s 12M /var/f1
fails "a file cannot grow while it is served" 'fixed while it is served' vpart lu resize f1
fails "an unknown LU" "no LU 'nolu'" vpart lu resize nolu
# --- the same by itself, where udev runs ---
size_is() { [ "$(cat "/sys/class/block/$(disk "$1" | head -n 1)/size")" = "$2" ]; }
fails "nothing is meant" 'which LU' vpart lu resize --no-wait
fails "two are meant" 'which LU' vpart lu resize g device "$loop"
fails "a file's size is its own" 'f1 is not a block device' vpart lu resize device /var/f1
is "a device without a LU" "$(vpart lu resize device /dev/vdc) $(get 'o' lu resize device /dev/vdc)" "no LU is on /dev/vdc []"
if [ -x /lib/systemd/systemd-udevd ]; then
	mkdir -p /run/udev/rules.d
	sed "s|/usr/sbin/vpart|$(command -v vpart)|" /src/tools/udev/60-vpart-resize.rules >/run/udev/rules.d/60-vpart-resize.rules
	/lib/systemd/systemd-udevd --daemon >/dev/null 2>&1
	truncate -s 32M /tmp/grow
	losetup -c "$loop"
	t "R12 a device has grown, and so has the client's disk" wait_for 60 size_is g 65536
	truncate -s 20M /tmp/grow
	losetup -c "$loop"
	t "R12 it has shrunk" wait_for 60 size_is g 40960
	# A logical volume is such a device. The name that it was given is gone, what is served is the same.
	dmsetup create lv --noudevsync --noudevrules --table "0 32768 linear /dev/vdc 0"
	ln -s "/dev/dm-$(dmsetup info -c --noheadings -o minor lv)" /tmp/lv
	vpart lu add h adapter p1 device /tmp/lv identity none >/dev/null
	vpart lu add h adapter p3 access non-optimized --no-wait >/dev/null
	rm /tmp/lv
	echo /dev/none >"$(echo $core/iblock_*/h)/udev_path"
	dmsetup suspend lv --noudevsync --noudevrules
	dmsetup reload lv --table "0 65536 linear /dev/vdc 0"
	dmsetup resume lv --noudevsync --noudevrules
	t "R12 a logical volume has grown" wait_for 60 size_is h 65536
	t "R12 by hand, what is compared is what is served" vpart lu resize h
	t "... of the device, too" vpart lu resize device "/dev/dm-$(dmsetup info -c --noheadings -o minor lv)"
	# By hand, with another tool: a file that is a block device.
	truncate -s 16M /tmp/file
	loop=$(losetup -f --show /tmp/file)
	mkdir -p $core/fileio_9/fb
	echo "fd_dev_name=$loop,fd_dev_size=16777216" >$core/fileio_9/fb/control
	echo "$loop" >$core/fileio_9/fb/udev_path
	cat /proc/sys/kernel/random/uuid >$core/fileio_9/fb/wwn/vpd_unit_serial
	echo 1 >$core/fileio_9/fb/enable
	mkdir /sys/kernel/config/target/vscsi/p1/tpgt_1/lun/lun_77
	ln -s $core/fileio_9/fb /sys/kernel/config/target/vscsi/p1/tpgt_1/lun/lun_77/fb
	wait_for 60 size_is fb 32768
	truncate -s 24M /tmp/file
	losetup -c "$loop"
	t "R12 a block device that LIO has as a file has grown" wait_for 60 size_is fb 49152
	truncate -s 16M /tmp/file
	losetup -c "$loop"
	t "... and shrunk" wait_for 60 size_is fb 32768
	truncate -s 24M /tmp/file
	losetup -c "$loop"
	wait_for 60 size_is fb 49152
	udevadm control --exit
	# The name is a file's now, and to open the device does not succeed: neither is asked.
	truncate -s 1M /tmp/lv
	echo /tmp/lv >"$(echo $core/iblock_*/h)/udev_path"
	dmsetup suspend lv --noudevsync --noudevrules
	dmsetup reload lv --table "0 49152 linear /dev/vdc 0"
	dmsetup resume lv --noudevsync --noudevrules
	mkdir /tmp/closed
	mount -t tmpfs -o nodev none /tmp/closed
	mknod /tmp/closed/lv b "$(dmsetup info -c --noheadings -o major lv)" "$(dmsetup info -c --noheadings -o minor lv)"
	t "R12 as udev runs it, no device is opened" vpart lu resize device /tmp/closed/lv --no-wait
	t "R12 ... and the client is told" wait_for 60 size_is h 49152
	t "R12 ... by the name of the LU, too" vpart lu resize h
	umount /tmp/closed
	truncate -s 8M /tmp/file
	losetup -c "$loop"
	t "R12 who tells of a smaller one by hand is told so" bash -c "vpart lu resize device $loop 2>&1 | grep 'fb shrinks for client1: .* has 24 MiB, its device 8 MiB'"
	is "R12 ... when it was done" "$(cat "/sys/class/block/$(disk fb)/size")" 16384
else
	skip "devices that grow are told by themselves" "no udev here"
fi
t "all of it away" down
done_testing
