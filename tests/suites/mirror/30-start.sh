#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# coverage: yes
# disks: 16M 16M
# limit: 420
# summary: crash at a moment, start again: the right leg wins, only what may differ is copied
. /src/tests/suites/mirror/lib.sh

mods dm-vmirror
legs
A=/dev/mapper/l0 B=/dev/mapper/l1
half=$(($(size) / 2))

# crash: what the disks hold now, with nothing said to anybody
crash() {
	local i
	for i in 0 1; do dd if="$(_base $i)" of=/dev/shm/leg$i bs=1M iflag=direct status=none; done
	dm remove m
	restore
}
# spoil LEG OFFSET_KIB: as if a write that was cut off had reached only this leg
spoil() { tr '\0' x </dev/zero | dd of="$(_base "$1")" bs=1K count=4 seek=$((1024 + $2)) conv=notrunc oflag=sync status=none; }

t "a set" create 60000
fill 1 0 4096
crash
t "both legs bear write intent" test "$(super bits /dev/vdb) $(super bits /dev/vdc)" = "16 16"
spoil 1 1000
t "start after a crash" mirror
t "the regions that were written are resynced" wait_for 60 in_state normal
is "no more than these" "$(value copied_kib)" 4096
t "data of leg 0" check 1 0 4096
drop_caches
t "V9 legs are equal" legs_equal
wait_for 60 idle
dm remove m

for lost in 0 1; do
	stays=$((1 - lost))
	alone=(- -) lone=(- -)
	alone[$stays]=/dev/mapper/l$stays lone[$lost]=/dev/mapper/l$lost
	mirror $A $B 1 manual_attach 2 clean_ms 60000
	fill 2 0 1024
	message fail $lost
	t "leg $lost is failed by command" wait_for 60 in_state degraded
	fill 3 512 1024
	crash
	refused "P17 the stale leg $lost never starts alone" 'may not start alone: the other leg may be newer' mirror "${lone[@]}"
	t "P17 leg $stays has ALONE_OK: it starts alone" mirror "${alone[@]}"
	is "degraded, the other leg missing" "$(state) $(field $((4 + 2 * lost)))" "degraded M"
	t "with the newest data" check 3 512 1024
	fill 4 2048 256
	crash
	t "both again" mirror
	t "V8 the stale leg is resynced, it does not win" wait_for 60 in_state normal
	is "the dirty regions of both starts" "$(value copied_kib)" $((1536 + 256))
	t "newest data" check 3 512 1024
	t "newest data, alone" check 4 2048 256
	drop_caches
	t "V9 legs are equal" legs_equal
	is "P16 no ALONE_OK is left" "$(super get /dev/vdb flags) $(super get /dev/vdc flags)" "0 0"
	is "P16 copy ids are equal" "$(super get /dev/vdb current) $(super get /dev/vdb bitmap)" "$(super get /dev/vdc current) $(super get /dev/vdc bitmap)"
	wait_for 60 idle
	dm remove m
done

# Cut in the middle of a resync.
mirror $A $B 1 manual_attach
message fail 1
wait_for 60 in_state degraded
fill 5 0 8192
message resync pause
message attach
t "attached, the resync is paused" wait_for 60 in_state resync
is "status says so" "$(field 8)" paused
fill 6 12288 256
crash
refused "P17 a resync target never starts alone, forced or not" 'being overwritten' mirror - $B 1 force_alone
t "start in the middle of a resync" mirror
t "it is ended" wait_for 60 in_state normal
t "what was written meanwhile" check 6 12288 256
drop_caches
t "V9 legs are equal" legs_equal
dm remove m

save
t "operator's command: leg 1 alone" mirror - $B 1 force_alone
fill 7 0 256
dm remove m
t "then both: leg 1 wins" mirror
t "resynced" wait_for 60 in_state normal
t "its data" check 7 0 256
dm remove m
restore
mirror - $B 1 force_alone && dm remove m
mirror $A - 1 force_alone && dm remove m
refused "V8 both were started alone: nothing serves" 'have diverged' mirror
t "the operator chooses leg 0: leg 1 is made new" sh -c "dd if=/dev/zero of=/dev/mapper/l1 bs=4096 count=3 oflag=direct status=none"
t "and is filled" mirror $A $B 1 create
t "all of it" wait_for 30 in_state normal
is "copied" "$(value copied_kib)" "$half"
wait_for 60 idle
dm remove m

# Metadata that is torn or rotten.
mirror $A $B 2 manual_attach create 2 clean_ms 60000
fill 8 0 256
message fail 1
wait_for 60 in_state degraded
crash
c=$(super newest /dev/vdb)
dd if=/dev/urandom of=/dev/vdb bs=512 seek=$(((1 + c) * 8 + 3)) count=2 conv=notrunc oflag=sync status=none
t "a torn superblock: the copy before it counts" mirror
t "as if the leg had not failed" wait_for 60 in_state normal
is "the region with intent was resynced" "$(value copied_kib)" 256
wait_for 60 idle
dm remove m
dd if=/dev/urandom of=/dev/vdc bs=512 seek=$((16 * 8 + 1)) count=1 conv=notrunc oflag=sync status=none
dmesg -C
t "a bitmap block with a bad CRC" mirror $A $B 0 2 clean_ms 60000
t "is logged" sh -c "dmesg | grep -q 'leg 1 .* bitmap block 0 is corrupted: all its regions count as dirty'"
t "all its regions are resynced" wait_for 30 in_state normal
is "copied" "$(value copied_kib)" "$half"
drop_caches
t "V9 legs are equal" legs_equal

# A hot region costs one bit test.
fill 9 0 4
before=$(stat metadata_blocks) w=$(awk '{print $5}' /sys/block/vdb/stat)
python3 - <<'PY'
import mmap, os
fd = os.open("/dev/mapper/m", os.O_WRONLY | os.O_DIRECT)
buf = mmap.mmap(-1, 4096)
for i in range(100):
    os.pwrite(fd, buf, 4096 * (i % 64))
PY
is "hot writes cause no metadata write" "$(($(stat metadata_blocks) - before))" 0
is "and one write on a leg each" "$(($(awk '{print $5}' /sys/block/vdb/stat) - w))" 100
dm remove m
nolegs
t "unload" rmmod dm_vmirror
done_testing
