#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# coverage: yes
# disks: 16M 16M
# limit: 420
# summary: legs fail and return between two steps of the worker
. /src/tests/suites/mirror/lib.sh

mods dm-vmirror
legs
META=2048	# sectors of metadata before the data

# Below leg N: gN carries its metadata (and holds its flushes), dN its data.
for i in 0 1; do
	n=$(leg_size $i) base=$(_base $i)
	dm create g$i --table "0 $META linear $base 0"
	dm create d$i --table "0 $((n - META)) linear $base $META"
	swap_table l$i "0 $META linear /dev/mapper/g$i 0
$META $((n - META)) linear /dev/mapper/d$i 0"
done
SPOT=8192	# sector of the data that can be bad
heal() { swap_table "d$1" "0 $(blockdev --getsz "/dev/mapper/d$1") linear $(_base "$1") $META"; }
hurt() {
	local n
	n=$(blockdev --getsz "/dev/mapper/d$1")
	swap_table "d$1" "0 $SPOT linear $(_base "$1") $META
$SPOT 8 error
$((SPOT + 8)) $((n - SPOT - 8)) linear $(_base "$1") $((META + SPOT + 8))"
}
shut() { dm suspend --noflush --nolockfs "g$1"; }
open() { dm resume "g$1"; }
# at_gate LEG: the worker waits for a leg's metadata
at_gate() { awk '{ exit !$2 }' "/sys/block/$(dmsetup info -c --noheadings -o blkdevname "l$1")/inflight"; }
noticed() { [ "$(state)" = suspect ] || [ "$(field 12)" != 0 ]; }
# forgets LEG KIB: 4 KiB that its cache held are gone
forgets() { dd if=/dev/zero of="$(_base "$1")" bs=4k seek=$((META / 8 + $2 / 4)) count=1 oflag=direct status=none; }
spot() { dd if=/dev/mapper/m of=/dev/null bs=4k skip=$((SPOT / 8)) count=1 iflag=direct status=none; }
# all_equal TEXT: also when no bit is left that says where they may differ
all_equal() {
	t "back to normal" wait_for 30 in_state normal
	dm suspend m
	dm resume m
	is "no intent is left" "$(value hot)" 0
	drop_caches
	t "$1" legs_equal
}
# paused_resync: degraded by a write to SPOT, the copying of it is held back
paused_resync() {
	message resync pause
	hurt 1
	fill "$1" $((SPOT / 2)) 4
	heal 1
	t "a resync from leg 0 is about to begin" wait_for 60 in_state resync
}

create 4000
fill 1 0 4

# The cleaner: what was flushed after a failure may have been lost before it.
shut 0
t "the cleaner flushes leg 0" wait_for 60 at_gate 0
forgets 0 0
hurt 0
spot 2>/tmp/err &
pid=$!
t "which fails a read meanwhile" wait_for 30 noticed
heal 0
open 0
wait $pid
is "the read is served by leg 1" "$?$(cat /tmp/err)" 0
all_equal "V9 a flush that ends after a failure clears no bit"

# Leg 1 is read now; leg 0 again after a start. No bit is cleared in between.
t "removed" dm remove m
t "started again" mirror /dev/mapper/l0 /dev/mapper/l1 0 2 clean_ms 600000

# The end of a resync: the target fails a write and returns.
paused_resync 2
shut 0
message resync resume
t "the end of the resync waits for leg 0" wait_for 60 at_gate 0
hurt 1
fill 3 $((SPOT / 2)) 4 &
pid=$!
t "leg 1 fails a write meanwhile" wait_for 30 noticed
heal 1
open 0
wait $pid
is "the write is good" $? 0
all_equal "V9 a leg that failed while the resync ended is filled again"
t "and the write is there" check 3 $((SPOT / 2)) 4

# The same before the target was flushed.
paused_resync 4
shut 1
dmesg -C
message resync resume
t "leg 1 is flushed at the end of the resync" wait_for 60 at_gate 1
hurt 1
fill 5 $((SPOT / 2)) 4 &
pid=$!
t "it fails a write meanwhile" wait_for 30 noticed
heal 1
open 1
wait $pid
is "the write is good" $? 0
all_equal "legs are equal"
is "V1 P16 no end of a resync on a flush after a failure" \
	"$(dmesg | sed -n 's/.*state resync -> \([a-z]*\):.*/\1/p' | head -n 1)" degraded

# The target takes the data, but not the superblock that says it is equal.
paused_resync 8
gone() { swap_table "g$1" "0 $META error"; }
back() { swap_table "g$1" "0 $META linear $(_base "$1") 0"; }
gone 1
dmesg -C
message resync resume
fell_back() { dmesg | grep -q 'state resync -> degraded:'; }
t "V8 a leg that cannot be told that it is equal does not serve" wait_for 60 fell_back
is "it was never in service" "$(dmesg | grep -c 'resync -> normal')" 0
t "the data is read from the other" check 8 $((SPOT / 2)) 4
t "which can be written" fill 9 $((SPOT / 2)) 4
back 1
all_equal "V9 it is filled again when its superblock can be written"
t "and holds the write" check 9 $((SPOT / 2)) 4

# The source loses what it wrote since the last flush, and shows it by a failed read.
paused_resync 6
fill 6 2048 4
forgets 0 2048
dmesg -C
hurt 0
t "the source fails a read: an error" sh -c "! dd if=/dev/mapper/m of=/dev/null bs=4k skip=$((SPOT / 8)) count=1 iflag=direct 2>/dev/null"
is "and stays in service" "$(state)" resync
heal 0
message resync resume
all_equal "V9 what the target had got of it is copied again"
t "the log says so" sh -c 'dmesg | grep -q "all is copied again"'

# A superblock that cannot be written.
before=$(super newest /dev/vdc)
n=$META
swap_table g1 "0 $n error"
swap_table g0 "0 $n error"
hurt 0
spot 2>/dev/null
t "leg 0 fails, leg 1 cannot be made the last" wait_for 60 in_state failed
is "the last good superblock is left" "$(super newest /dev/vdc)" "$before"
swap_table g1 "0 $n linear /dev/vdc 0"
revived() { [ "$(state)" != failed ]; }
t "leg 1 can be written again" wait_for 60 revived
is "V8 it was not overwritten, but the one that failed" "$(super newest /dev/vdc)" "$((1 - before))"
heal 0
swap_table g0 "0 $n linear /dev/vdb 0"
all_equal "legs are equal"

t "removed" dm remove m
nolegs
for i in 0 1; do dm remove g$i; dm remove d$i; done
t "unload" rmmod dm_vmirror
done_testing
