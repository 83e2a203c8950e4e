#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: debug
# kernels: +6.1 +6.12 7.2
# disks: 16M 16M
# limit: 420
# leaks: whole
# summary: create, write, one leg fails, comes back, only what changed is copied
. /src/tests/suites/mirror/lib.sh

mods dm-vmirror
legs

t "a set is created on two blank legs" mirror /dev/mapper/l0 /dev/mapper/l1 1 create 2 clean_ms 200
# What is written to one leg after the other must not change in between.
is "V9 the volume wants stable pages" \
	"$(cat "/sys/dev/block/$(dmsetup info -c --noheadings -o major,minor --separator : m)/queue/stable_writes")" 1
t "the first resync ends" wait_for 60 in_state normal
is "all of the volume was copied" "$(value copied_kib)" "$(($(size) / 2))"
fill 1 0 4096
t "what was written is read" check 1 0 4096
drop_caches
t "V9 legs are equal" legs_equal
t "write intent of idle regions is taken back" wait_for 60 idle

for lost in 0 1; do
	other=$((1 - lost))
	fill 2 0 2048
	break_leg $lost
	t "leg $lost fails: a write sees no error" fill 3 1024 1536
	is "state is degraded" "$(state)" degraded
	is "the flags say which" "$(field $((4 + 2 * lost))) $(field $((4 + 2 * other)))" "F A"
	t "leg $other serves what leg $lost had (1)" check 2 0 1024
	t "leg $other serves the new data (2)" check 3 1024 1536
	fill 4 12288 512
	is "dirty regions are few" "$(($(dirty) < 32))" 1
	copied=$(value copied_total_kib)
	repair_leg $lost
	t "leg $lost is attached by itself and resynced" wait_for 30 in_state normal
	copied=$(($(value copied_total_kib) - copied))
	echo "# copied $copied KiB of $(($(size) / 2))"
	is "only dirty regions were copied" "$((copied < 6144 && copied >= 2048))" 1
	t "data is there after the resync" check 4 12288 512
	drop_caches
	t "V9 legs are equal" legs_equal
done
echo "# $(status)"
t "remove" dm remove m
t "legs can be removed" nolegs
t "unload" rmmod dm_vmirror
kmemleak_check
done_testing
