#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# coverage: yes
# disks: 8M 8M 12M
# limit: 420
# summary: every bad table, leg and superblock is refused with a sentence and nothing is written
. /src/tests/suites/mirror/lib.sh

mods dm-vmirror
legs
A=/dev/mapper/l0 B=/dev/mapper/l1

raw() { dm create m --table "$*"; }
n=$(size)

refused "too few arguments" 'Too few arguments' raw "0 $n vmirror $SET $A"
refused "a bad set uuid" 'Invalid set uuid' raw "0 $n vmirror nonsense $A $B"
refused "an unknown feature" 'unknown feature sparkle' mirror $A $B 1 sparkle
refused "an unknown core argument" 'unknown core argument colour' mirror $A $B 0 2 colour 1
refused "core arguments that are no pairs" 'pairs of key and value' mirror $A $B 0 1 region_size
refused "a value that is no number" 'region_size: big is not a number' mirror $A $B 0 2 region_size big
refused "a region size that is no power of two" 'region_size 768 is not a power' mirror $A $B 0 2 region_size 768
refused "arguments left over" 'Too many arguments' mirror $A $B 0 0 more
refused "assume_clean without create" 'assume_clean needs create' mirror $A $B 1 assume_clean
refused "no leg at all" 'No leg is given' mirror - -
refused "a device that does not exist" 'leg 1: device /dev/nothing cannot be opened' mirror $A /dev/nothing
refused "a leg that is the other leg" 'leg 0 .* and leg 1 .* are the same device' mirror $A $A 1 create
refused "a volume larger than a leg" 'leg 0 .* has [0-9]+ sectors, the volume needs' raw "0 $((n + 8)) vmirror $SET $A $B 1 create"
refused "a volume that is too small" 'too small or too large' raw "0 1024 vmirror $SET $A $B 1 create"
refused "legs of different size" 'differ in size: [0-9]+ and [0-9]+ sectors' mirror $A /dev/vdd 1 create
refused "blank legs without create" 'leg 0 .* carries no vmirror superblock' mirror
refused "assume_clean with one leg" 'assume_clean needs two new legs' mirror $A - 2 create assume_clean

t "a set is created" create 200
fill 1 0 1024
t "its intent is taken back" wait_for 60 idle
dm remove m
is "both legs were left clean" "$(super bits /dev/vdb) $(super bits /dev/vdc)" "0 0"
t "it starts again" mirror
is "in sync, without a resync" "$(state) $(value copied_total_kib)" "normal 0"
dm remove m
save

OTHER=11111111-2222-3333-4444-555555555555
refused "a foreign set" "leg 0 .* belongs to the set $SET, not to $OTHER" raw "0 $n vmirror $OTHER $A $B"
refused "create over a foreign set" "leg 0 .* belongs to the set $SET" raw "0 $n vmirror $OTHER $A $B 1 create"
refused "a table of another length" 'holds a volume of [0-9]+ sectors, the table says' raw "0 $((n - 8)) vmirror $SET $A $B"
refused "another region size" 'has regions of 512 sectors, the table says 1024' mirror $A $B 0 2 region_size 1024
refused "legs the wrong way round" 'leg 0 .* is leg 1 of its set' mirror $B $A
refused "one leg without ALONE_OK: leg 0" 'leg 0 .* may not start alone: the other leg may be newer' mirror $A -
refused "one leg without ALONE_OK: leg 1" 'leg 1 .* may not start alone' mirror - $B
swap_table l1 "0 $(leg_size 1) error"
refused "one leg without ALONE_OK, the other cannot be read" 'leg 0 .* may not start alone' mirror
refused "create while a leg cannot be read" 'leg 0 .* may not start alone' mirror $A $B 1 create
repair_leg 1

super set /dev/vdc "leg_uuid=$(super get /dev/vdb leg_uuid)"
refused "one leg seen twice" 'are the same leg' mirror
restore
super set /dev/vdb version=2
refused "a newer version" 'leg 0 .* carries a superblock of a newer version' mirror
refused "a newer version, with create" 'leg 0 .* carries a superblock of a newer version' mirror $A $B 1 create
restore
super set /dev/vdc incompat=1
refused "an unknown incompatible feature" 'leg 1 .* unknown incompatible feature' mirror
restore
super set /dev/vdc region=768
refused "impossible sizes" 'leg 1 .* impossible sizes' mirror
restore
for c in 1 2; do printf 'x' | dd of=/dev/vdb bs=1 seek=$((4096 * c + 2000)) conv=notrunc status=none; done
refused "both superblocks corrupted" 'leg 0 .* carries only corrupted superblocks' mirror
refused "both superblocks corrupted, with create" 'leg 0 .* carries only corrupted superblocks' mirror $A $B 1 create
restore
super set /dev/vdb flags=2
super set /dev/vdc flags=2
refused "two resync targets" 'cannot serve: both were being overwritten' mirror
refused "a resync target never starts alone, forced or not" 'it was being overwritten' mirror $A - 1 force_alone
restore
super set /dev/vdb flags=4
refused "an outdated leg never starts alone" 'it is outdated' mirror $A - 1 force_alone
restore
super set /dev/vdb current=77
refused "diverged legs" 'have diverged: each was written without the other' mirror

restore
t "after all that the set starts" mirror
t "with its data" check 1 0 1024
for bad in "fail 2" "fail x" "attach" "resync faster" "nonsense" "fail"; do
	# shellcheck disable=SC2086
	fails "message $bad is refused" 'failed' message $bad
done
t "a module in use cannot be unloaded" sh -c '! rmmod dm_vmirror'
is "nothing of that changed the state" "$(state)" normal
dm remove m
nolegs
t "unload" rmmod dm_vmirror
done_testing
