#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# disks: 16M 16M
# limit: 180
# summary: what waits for what: bits for flushes and writes, copies for writes
. /src/tests/suites/mirror/lib.sh

mods dm-vmirror dm-delay
META=2048	# sectors of metadata before the data
REGION=512
# The last region is shorter than the others.
legs $((META + 59 * REGION + 408))
TAIL=$((59 * REGION / 2 + 200))	# its last KiBs

# Below leg 0: a gate for its metadata and its flushes, data of region 0 that can be slow
# to be written. The delay ends with the table that makes it.
dm create g0 --table "0 $META linear /dev/vdb 0"
shape() { # MS
	local first=$((META + REGION)) n
	n=$(leg_size 0)
	swap_table l0 "0 $META linear /dev/mapper/g0 0
$META $REGION delay /dev/vdb $META 0 /dev/vdb $META $1 /dev/vdb $META 0
$first $((n - first)) linear /dev/vdb $first"
}
shut() { dm suspend --noflush --nolockfs g0; }
open() { dm resume g0; }
# busy DEVICE: writes are under way
busy() { awk '{ exit !$2 }' "/sys/block/$(dmsetup info -c --noheadings -o blkdevname "$1")/inflight"; }
# out: a write is, and the mirror does not hold it. (A delayed one does not count on its leg.)
out() { busy m && [ "$(field 12)" = 0 ]; }
# bit LEG REGION
bit() { super bit "$(_base "$1")" "$2"; }
retune() { dm suspend m && dm load m --table "$(table /dev/mapper/l0 /dev/mapper/l1 0 2 clean_ms "$1")" && dm resume m; }
shape 0

# The cleaner: flush, then clear.
create 4000
fill 1 0 4
shut
t "the cleaner flushes leg 0" wait_for 60 busy l0
is "V9 no bit is cleared before that, on either leg" "$(bit 0 0) $(bit 1 0)" "1 1"
open
t "then it is" wait_for 60 idle
# It is hot no more before the flush, the bit goes after it.
gone() { [ "$(bit 0 0) $(bit 1 0)" = "0 0" ]; }
t "on both" wait_for 60 gone

# A leg fails a write to a region that is hot: nothing but that tells of it.
fill 2 1024 4
message resync pause
break_leg 1
t "leg 1 fails: the write is good" fill 3 1024 4
is "V1 and the leg is out" "$(state)" degraded
fill 4 0 4
fill 5 $TAIL 4
repair_leg 1
t "leg 1 is attached again" wait_for 60 in_state resync
t "V2 what it lacks is read from leg 0" check 5 $TAIL 4

# The copy of a region waits for the writes in flight to it.
shape 100000
fill 6 0 4 &
pid=$!
t "a write is out on leg 0" wait_for 60 out
message resync resume
wait_for 1 in_state normal
t "still" kill -0 $pid
is "V9 and as long the resync does not end" "$(state)" resync
shape 0
wait $pid
is "the write is good" $? 0
t "the resync ends then" wait_for 60 in_state normal
t "its data is read" check 6 0 4
drop_caches
t "V9 legs are equal, to the end of the last region" legs_equal

# The cleaner leaves a region alone while a write to it is in flight.
t "cleaned more often" retune 100
shape 100000
fill 7 0 4 &
pid=$!
t "a write is out on leg 0" wait_for 60 out
for _ in 1 2 3; do
	before=$(stat cleaned)
	cleaned() { [ "$(stat cleaned)" -gt "$before" ]; }
	fill 8 1024 4
	t "another region is cleaned meanwhile" wait_for 60 cleaned
done
is "V9 its bit stays" "$(bit 0 0) $(bit 1 0)" "1 1"
t "it is still out" kill -0 $pid
shape 0
wait $pid
t "then the bit goes" wait_for 60 idle

t "removed" dm remove m
nolegs
dm remove g0
t "unload" rmmod dm_vmirror
done_testing
