#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: COMPARE AND WRITE and its semaphore in every error; lengths and directions that do not fit; CDBs of 32 bytes
# kernel: stock
# soak: debug
# kernels: +6.12 +7.2
# limit: 420
# disks: 16M
# smp: 2
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh
# shellcheck source=tests/suites/conform/lib.sh
. /src/tests/suites/conform/lib.sh

# sg WORDS...: sg.py's answer. Who waits for a device cannot be killed, so that there is
# none is an answer, too.
sg() {
	local said=/tmp/sg.$BASHPID answer limit rc
	PYTHONPATH=/src/tests/suites/vscsi python3 -B /src/tests/suites/conform/sg.py "$@" >"$said" 2>&1 &
	answer=$!
	sleep 99 &
	limit=$!
	wait -n $answer $limit
	rc=$?
	kill -0 $answer 2>/dev/null && echo "no answer" && return 1
	{ kill $limit; wait $limit; } 2>/dev/null
	cat "$said"
	return $rc
}
fill() { head -c $(($3 * 512)) /dev/zero | tr '\0' "$2" >"$1"; }	# FILE LETTER BLOCKS
fill /tmp/a A 1
fill /tmp/b B 1
fill /tmp/0 '\0' 1
cat /tmp/a /tmp/b >/tmp/ab
cat /tmp/0 /tmp/b >/tmp/0b
fill /tmp/c C 1
cat /tmp/b /tmp/c >/tmp/bc
# cdb FORMAT NUMBER...: a CDB in hex.
cdb() { local format=$1; shift; printf "$format" "$@"; }
caw() { cdb '8900%016x000000%02x0000' "$1" "${2:-1}"; }
# put LBA FILE, block LBA [COUNT]: past the LU, on the medium.
medium=/dev/n1
put() { dd if="$2" of=$medium bs=512 seek="$1" oflag=direct conv=notrunc status=none; }
block() {
	dd if=$medium bs=512 skip="$1" count="${2:-1}" iflag=direct status=none |
		tr '\0' 0 | fold -w512 | cut -c1 | tr -d '\n'
}

two_paths_up
vpart partition add client2 client >/dev/null
pair p3 client2 vios1
wait_for 60 link_is p3 up
# Each command takes a while: two that are under way together do meet.
null n1 64 irqmode=2 completion_nsec=150000000
thin d1 /dev/n1
for p in p1 p2 p3; do lun_add $p 0 d1; done
one=/dev/$(disk_of p1 0) two=/dev/$(disk_of p2 0) foe=/dev/$(disk_of p3 0)

# --- the command itself ---
put 8 /tmp/a
is "R10 COMPARE AND WRITE: equal" "$(sg io "$one" "$(caw 8)" out /tmp/ab)" "status 00"
is "... is written" "$(block 8)" B
is "unequal says so, and where" "$(sg io "$one" "$(caw 8)" out /tmp/ab)" "status 02 sense e/1d00 at 0"
{ head -c 300 /tmp/b; head -c 212 /tmp/a; cat /tmp/0; } >/tmp/at300
is "... the byte" "$(sg io "$one" "$(caw 8)" out /tmp/at300)" "status 02 sense e/1d00 at 300"
is "... and is not written" "$(block 8)" B
is "two blocks at once are refused: LIO takes one" "$(sg io "$one" "$(caw 8 2)" out <(cat /tmp/ab /tmp/ab))" \
	"status 02 sense 5/2400"
is "no block is none" "$(sg io "$one" "$(caw 8 0)")" "status 00"
is "beyond the end is refused" "$(sg io "$one" "$(caw 131072)" out /tmp/ab)" "status 02 sense 5/2100"
is "half of the data is refused" "$(sg io "$one" "$(caw 8)" out /tmp/b)" "status 02 sense 5/0e03"
is "... and none, too" "$(sg io "$one" "$(caw 8)")" "status 02 sense 5/0e03"

# atomic WHY: of two at once, one finds what the other has written.
atomic() {
	put 16 /tmp/0
	is "one at a time $1" "$(sg race "$one" "$two" 16)" "status 00, status 02 sense e/1d00 at 0"
}
atomic "after all of that"

# --- what ends it before it begins ---
# early WHY RESULT DISK: it is answered so, and nothing is compared, and nothing written.
early() {
	put 24 /tmp/a
	is "V7 COMPARE AND WRITE after $1" "$(sg io "$3" "$(caw 24)" out /tmp/0b)" "$2"
	is "... writes nothing" "$(block 24)" A
}
persist() { sg_persist --out "$@" >/dev/null 2>&1; }
settle() { for disk; do sg_turs "$disk" || sg_turs "$disk"; done >/dev/null 2>&1; }
persist --register --param-sark=a1 "$one"
persist --register --param-sark=f0 "$foe"
persist --clear --param-rk=f0 "$foe"
early "a unit attention" "status 02 sense 6/2a03" "$one"
atomic "after a unit attention"
persist --register --param-sark=f0 "$foe"
persist --reserve --param-rk=f0 --prout-type=1 "$foe"
early "a reservation conflict" "status 18" "$one"
persist --clear --param-rk=f0 "$foe"
settle "$one" "$two"
atomic "after a reservation conflict"
group=$(sg_inq -p 0x83 "$one" | sed -n 's/.*Target port group: *//p')
t "SET TARGET PORT GROUPS: standby" sg_stpg --standby --tp="$group" "$one"
settle "$one"
early "an ALUA state that forbids it" "status 02 sense 2/040b" "$one"
t "... and active" sg_stpg --optimized --tp="$group" "$one"
settle "$one" "$two"
atomic "after it"
sg_reset -N -d "$two" >/dev/null 2>&1
early "a reset of the LUN" "status 02 sense 6/2903" "$one"
settle "$two"
atomic "after it"

# --- what ends it while it runs ---
null n4 64 irqmode=2 completion_nsec=150000000
medium=/dev/n4
dmsetup create slow --noudevsync --noudevrules --table "0 $(cat /sys/block/n4/size) linear /dev/n4 0"
slow=/dev/$(basename "$(readlink -f /dev/mapper/slow)")
[ -b "$slow" ] || slow=/dev/dm-0
null n2 16
backstore d2 "$slow"
backstore d3 /dev/n2
for p in p1 p2; do lun_add $p 1 d2; lun_add $p 2 d3; done
held1=/dev/$(disk_of p1 1) held2=/dev/$(disk_of p2 1) other=/dev/$(disk_of p1 2)
seen() { cat "$(store_of d2)/statistics/scsi_lu/num_cmds"; }
seen_ge() { [ "$(seen)" -ge "$1" ]; }
# hold FILE: the device stops; it has the first of three, by $held1, the others wait. The
# data of the third is FILE.
hold() {
	local before
	put 32 /tmp/0
	# LIO's, that there are more LUNs, nobody else may have read yet.
	settle "$held1"
	dmsetup suspend --noflush --nolockfs slow
	before=$(seen)
	raws=()
	for n in 1 2 3; do
		sg io "$held1" "$(caw 32)" out "$([ $n = 3 ] && echo "$1" || echo /tmp/0b)" >/tmp/raw$n 2>&1 &
		raws+=($!)
		wait_for 30 seen_ge $((before + n)) || return
	done
}
go_on() { dmsetup resume slow && wait "${raws[@]}"; }
answers() { sort /tmp/raw[123] | tr '\n' ',' | sed 's/,$//'; }

hold /tmp/0b
is "V10 the device keeps one, two wait for it" $? 0
t "V10 another LU of the same adapter does not" timeout 60 dd if=/dev/zero of="$other" bs=64k count=4 oflag=direct status=none
is "... not even with a COMPARE AND WRITE" "$(sg io "$other" "$(caw 40)" out /tmp/0b)" "status 00"
go_on
miscompare="status 02 sense e/1d00 at 0"
is "then they run, one after the other" "$(answers)" "status 00,$miscompare,$miscompare"

# A reset of the LUN by another path. It has no answer as long as the device keeps the first.
hold /tmp/0b
is "the device keeps one, two wait for it" $? 0
fails "V10 a reset of its LUN ends without it" '.*' timeout 60 sg_reset -N -d "$held2"
go_on
is "all three are aborted" "$(answers)" "status 40,status 40,status 40"
is "... and have written nothing" "$(block 32)" 0
settle "$held1" "$held2"
is "after it the next one works" "$(sg io "$held1" "$(caw 32)" out /tmp/0b)" "status 00"
put 16 /tmp/0
is "one at a time after it" "$(sg race "$held1" "$held2" 16)" "status 00, $miscompare"

# The link goes: the first runs to its end, as the device has it; one that waits in its
# turn does not begin, though it would find what the first has written.
hold /tmp/bc
is "the device keeps one, two wait for it" $? 0
vpart partition fail vios1 >/dev/null
wait_for 60 link_is p1 blocked
go_on
vpart partition start vios1 >/dev/null
wait_for 60 link_is p1 up
is "V3 what has not begun when the link goes never does" "$(block 32)" B
put 16 /tmp/0
is "R8 one at a time after it" "$(sg race "$held1" "$held2" 16)" "status 00, $miscompare"
for p in p1 p2; do lun_del $p 1; lun_del $p 2; done
backstore_del d2
dmsetup remove slow --noudevsync --noudevrules
wait_for 60 no_disk p1 1

# --- many at once ---
null n3 16
thin d4 /dev/n3
for p in p1 p2; do lun_add $p 3 d4; done
fast1=/dev/$(disk_of p1 3) fast2=/dev/$(disk_of p2 3)
is "no step of a counter is lost" "$(sg count "$fast1" "$fast2" 0 4 10)" "40 of 40"

# --- lengths ---
cat /tmp/a /tmp/b /tmp/c >/tmp/abc
medium=/dev/n1
settle "$one"
put 48 /tmp/abc
read10() { cdb '2800%08x00%04x00' "$1" "$2"; }
write10() { cdb '2a00%08x00%04x00' "$1" "$2"; }
is "R10 a read of less than was offered has a residual" "$(sg io "$one" "$(read10 48 1)" in 1536 /tmp/in)" \
	"status 00 residual 1024"
t "... its data" cmp -n 512 /tmp/in /tmp/a
is "... and no other" "$(tail -c 1024 /tmp/in | tr -d '\0\245' | wc -c)" 0
is "R10 a read of more than was offered" "$(sg io "$one" "$(read10 48 3)" in 1024 /tmp/in)" "status 00"
t "... has what there is room for" cmp /tmp/in <(cat /tmp/a /tmp/b)
# Of a device that refuses parts of blocks.
backstore d5 /dev/vdb
lun_add p1 4 d5
strict=/dev/$(disk_of p1 4)
dd if=/tmp/abc of=/dev/vdb bs=512 oflag=direct conv=notrunc status=none
is "room for no whole block" "$(sg io "$strict" "$(read10 0 3)" in 700 /tmp/in)" "status 00"
t "... has what there is room for" cmp /tmp/in <(cat /tmp/a; head -c 188 /tmp/b)
settle "$one"
is "room for nothing" "$(sg io "$one" "$(read10 48 1)")" "status 00"
is "R10 a write of less than came is refused" "$(sg io "$one" "$(write10 48 1)" out /tmp/abc)" "status 02 sense 5/0e03"
is "a write of more than came is refused" "$(sg io "$one" "$(write10 48 3)" out /tmp/b)" "status 02 sense 5/0e03"
is "a write without data is refused" "$(sg io "$one" "$(write10 48 1)")" "status 02 sense 5/0e03"
is "... and none of them writes" "$(block 48 3)" ABC
# INQUIRY: its length is in its fifth byte.
for room in 400 255 200; do
	got=$(sg io "$one" 12000000ff00 in $room /tmp/in)
	is "R10 INQUIRY of 255 bytes into $room has a residual" "$got" \
		"status 00 residual $((room - 5 - $(od -An -tu1 -j4 -N1 /tmp/in)))"
done
is "MODE SENSE with less room than it has" "$(sg io "$one" 1a003f00ff00 in 4 /tmp/in)" "status 00"

# --- directions ---
is "a READ whose data goes out is refused" "$(sg io "$one" "$(read10 48 1)" out /tmp/c)" "status 02 sense 5/0e03"
is "a WRITE whose data comes in is refused" "$(sg io "$one" "$(write10 48 1)" in 512 /tmp/in)" "status 02 sense 5/0e03"
is "a COMPARE AND WRITE, too" "$(sg io "$one" "$(caw 48)" in 512 /tmp/in)" "status 02 sense 5/0e03"
is "... and none of them writes" "$(block 48 3)" ABC

# --- 32 bytes ---
# The block is in bytes 12 to 19, the number of blocks in the last four.
cdb32() { cdb '7f00000000000018%04x0000%016x%016x%08x' "$1" "$2" 0 "$3"; }
is "R10 WRITE SAME (32): its CDB arrives whole" "$(sg io "$one" "$(cdb32 13 65 3)" out /tmp/c)" "status 00"
is "... to its last byte" "$(block 64 5)" 0CCC0
is "READ (32) is not known to LIO" "$(sg io "$one" "$(cdb32 9 65 1)" in 512 /tmp/in)" "status 02 sense 5/2000"

for lun in 3 4; do lun_del p1 $lun; done
t "all of it away" two_paths_down
done_testing
