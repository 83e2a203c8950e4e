#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# disks: 64M 64M 96M
# limit: 480
# summary: a mirrored volume in three commands, and everything one does with it
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh

vol=/dev/mapper/vol
# What the volume must hold: SEED BLOCKS
pattern() { python3 -c "import random, sys
random.seed('$1'); sys.stdout.buffer.write(random.randbytes($2 * 4096))"; }
put() { pattern "$1" 256 | dd of=$vol bs=1M oflag=direct,seek_bytes iflag=fullblock seek="$2" conv=notrunc status=none; }
holds() { cmp <(pattern "$1" 256) <(dd if=$vol bs=1M count=1 iflag=direct,skip_bytes skip="$2" status=none); }

mods vpart sd_mod vscsi_host vscsi_target dm-vmirror
vpart node add cec1 >/dev/null
vpart node add cec2 >/dev/null
vpart partition add vios1 vios node cec1 pool 1 >/dev/null
vpart partition add vios2 vios node cec2 pool 1 >/dev/null
vpart partition add client1 client node cec1 >/dev/null

is "no mirror: an empty list" "$(get 'o' mirror)" "[]"
is "no mirror: status is fine" "$(code vpart mirror status)" 0
is "an unknown mirror is not found" "$(code vpart mirror status vol)" 3
t "the first of three commands" vpart lu add d1 server vios1 client client1 device /dev/vdb
t "the second" vpart lu add d2 server vios2 client client1 device /dev/vdc
fails "a leg that is no LU is refused by name" "no LU 'd9'" vpart mirror create vol d1 d9
fails "a leg that is no device is refused by name" '/dev/sdx' vpart mirror create vol d1 /dev/sdx
fails "a leg twice is refused" 'the same disk' vpart mirror create vol d1 lu:d1
fails "also by another name" 'the same disk' vpart mirror create vol d1 /dev/sda
fails "a new mirror needs both legs" 'both legs' vpart mirror create vol d1 -
# A LU of a server elsewhere that shows the same name: nothing here could refuse it.
twin=/sys/kernel/config/target/core/iblock_900/twin
twin_lun=/sys/kernel/config/target/vscsi/client1-vios2/tpgt_1/lun/lun_9
twin_up() {
	mkdir -p $twin && echo udev_path=/dev/vdd >$twin/control && echo 1 >$twin/enable &&
		sed 's/.*: //' /sys/kernel/config/target/core/iblock_*/d1/wwn/vpd_unit_serial >$twin/wwn/vpd_unit_serial &&
		mkdir $twin_lun && ln -s $twin $twin_lun/ && wait_for 60 test -b /dev/sdc
}
twin_down() { rm $twin_lun/twin && rmdir $twin_lun $twin "${twin%/*}" && wait_for 60 test ! -b /dev/sdc; }
t "R11 two LUs of one name" twin_up
fails "R11 they are no mirror" 'both say that they are wwid:naa' vpart mirror create vol d1 /dev/sdc
t "R11 the second goes" twin_down
vpart lu add d3 server vios2 client client1 device /dev/vdd >/dev/null
fails "legs of different size are refused with the sizes" 'd1 has 67108864 bytes, d3 has 100663296' \
	vpart mirror create vol d1 d3
fails "a name with a slash is refused" 'is no name for a mirror' vpart mirror create a/b d1 d2
fails "a start of what is no mirror is refused" 'd1 is no leg of a mirror' vpart mirror start vol d1 d2
is "R6 the third command makes the volume" \
	"$(get 'o["state"]' mirror create vol d1 d2 --wait)" normal
t "R6 the volume is there" test -b $vol
is "R6 its legs are the two LUs of the two servers" \
	"$(get '[(l["lu"], l["server"], l["state"]) for l in o["legs"]]' mirror show vol)" \
	"[('d1', 'vios1', 'active'), ('d2', 'vios2', 'active')]"
is "a leg waits only 5 s for its server" "$(get '[a["path_loss"] for a in o]' adapter)" "[5, 5]"
is "a healthy mirror: exit code 0" "$(code vpart mirror status vol)" 0
t "mirror show without a name lists it" bash -c 'vpart mirror show | grep -q "^vol  *normal"'
fails "its name is taken" 'exists already' vpart mirror create vol d1 d2
fails "its legs are in use, and by whom is said" 'held by /dev/mapper/vol' vpart mirror create v2 d1 d3
fails "a leg's backing disk is no leg" 'served as LU d1' vpart mirror create v2 /dev/vdb d3
fails "a leg's LU is not deleted" 'held by /dev/mapper/vol' vpart lu del d1
t "data can be written" put one 0
exec 9<$vol
fails "an open mirror is not stopped" 'vol is in use' vpart mirror stop vol
exec 9<&-

t "R8 a server fails" vpart partition fail vios1
t "R8 writes go on" put two 1048576
is "R8 the mirror says that it is degraded: exit code 4" "$(code vpart mirror status vol)" 4
is "R8 and which leg failed" "$(get 'o["legs"][0]["state"]' mirror show vol)" failed
t "R8 reads go on" holds one 0
t "R9 the server returns" vpart partition start vios1
t "R9 both legs hold everything again" vpart mirror wait vol --timeout 180
copied=$(get 'o["copied_kib"]' mirror show vol)
t "R9 only what changed was copied: $copied KiB" test "$copied" -gt 0 -a "$copied" -lt 16384

t "a leg is taken out by command" vpart mirror fail vol leg 1
is "it is failed" "$(get 'o["legs"][1]["state"]' mirror show vol)" failed
fails "the last leg is not taken out" 'leg 0|last' vpart mirror fail vol leg 0
t "it is written to meanwhile" put three 2097152
fails "a new device that is too small is refused" 'too small|in use' \
	vpart mirror attach vol leg 1 device /dev/vda
fails "attach needs leg and device together" 'both' vpart mirror attach vol leg 1
t "it is taken back" vpart mirror attach vol --wait --timeout 180
is "both legs are active" "$(get '[l["state"] for l in o["legs"]]' mirror show vol)" \
	"['active', 'active']"
fails "a healthy mirror has nothing to attach" 'attach' vpart mirror attach vol

t "copying can be paused" vpart mirror resync vol pause
t "a leg fails again" vpart mirror fail vol leg 1
t "and is written to" put four 3145728
vpart mirror attach vol >/dev/null
t "the copy waits" wait_for 60 bash -c 'vpart --json mirror show vol | grep -q "\"resync\":\"paused\""'
fails "waiting for it has an end" 'still resync after 1 seconds' vpart mirror wait vol --timeout 1
t "and goes on" vpart mirror resync vol resume
t "to the end" vpart mirror wait vol --timeout 180

t "a mirror is stopped" vpart mirror stop vol
fails "its legs are not taken for another" 'd1 is leg 0 of mirror' vpart mirror create v2 d1 d2
fails "one leg alone is not trusted" 'alone' vpart mirror start vol d2
t "it is started, the legs in any order" vpart mirror start vol d2 d1
is "they are in their places" "$(get '[l["lu"] for l in o["legs"]]' mirror show vol)" "['d1', 'd2']"
for at in one:0 two:1048576 three:2097152 four:3145728; do
	t "the data at ${at#*:} is what was written" holds "${at%:*}" "${at#*:}"
done
t "a degraded mirror" vpart mirror fail vol leg 1
t "is stopped" vpart mirror stop vol
t "R9 and starts from the leg that may serve alone" vpart mirror start vol d1
is "it is degraded: exit code 4" "$(code vpart mirror status vol)" 4
t "the missing leg is given to it" vpart mirror attach vol leg 1 device d2 --wait --timeout 180
t "the data is there" holds four 3145728
t "it is stopped" vpart mirror stop vol

dd if=/dev/zero of=/dev/sda bs=1M count=1 oflag=direct status=none
dd if=/dev/zero of=/dev/sdb bs=1M count=1 oflag=direct status=none
is "legs known to be equal need no copy" \
	"$(get 'o["copied_kib"]' mirror create vol d1 d2 --assume-clean --wait)" 0
t "that mirror is stopped" vpart mirror stop vol
dd if=/dev/urandom of=/dev/sda bs=1M count=1 oflag=direct status=none
fails "a leg with a destroyed superblock is refused by name" 'd1 is no leg' vpart mirror start vol d1 d2
for lu in d1 d2 d3; do t "LU $lu is deleted" vpart lu del $lu; done
for a in client1-vios1 client1-vios2; do t "adapter pair $a is deleted" vpart adapter del $a; done
for p in vios1 vios2 client1; do t "partition $p is deleted" vpart partition del $p; done
for n in cec1 cec2; do t "node $n is deleted" vpart node del $n; done
t "the modules can be unloaded" rmmod dm-vmirror vscsi_target vscsi_host vpart
done_testing
