#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# coverage: yes
# disks: 16M 16M
# limit: 420
# summary: legs fail, hang and come back under load; no error, no older data, no hang
. /src/tests/suites/mirror/lib.sh

mods dm-vmirror dm-delay
legs
A=/dev/mapper/l0 B=/dev/mapper/l1
META=2048	# sectors of metadata before the data

# shape LEG METADATA_MS DATA_MS: how long its writes take
shape() {
	local n base
	n=$(leg_size "$1") base=$(_base "$1")
	swap_table "l$1" "0 $META delay $base 0 0 $base 0 $2 $base 0 0
$META $((n - META)) delay $base $META 0 $base $META $3 $base $META 0"
}

# retune MS: reload with this clean_ms. Nothing is hot then, and leg 0 is read.
retune() { dm suspend m && dm load m --table "$(table $A $B 0 2 clean_ms "$1")" && dm resume m; }

create 60000
fill 1 0 1024

# The block that is written below.
python3 - >/tmp/want <<'PY'
import hashlib, sys
sys.stdout.buffer.write(hashlib.shake_128(b"2 %d" % (4096 * 1024)).digest(64) * 64)
PY

# Order: a cold region's bit is durable before its first write.
# The metadata of leg 0 passes a gate, which is shut.
dm create g --table "0 $META linear /dev/vdb 0"
n=$(leg_size 0)
swap_table l0 "0 $META linear /dev/mapper/g 0
$META $((n - META)) linear /dev/vdb $META"
dm suspend --noflush --nolockfs g
fill 2 4096 4 &
pid=$!
held() { [ "$(field 12)" != 0 ]; }
t "a write to a cold region is held" wait_for 60 held
blockdev --flushbufs /dev/vdb
t "V9 no data before the intent is durable" sh -c '! cmp -s -n 4096 -i $(( (1024 + 4096) * 1024 )):0 /dev/vdb /tmp/want'
t "it is waiting for that" kill -0 $pid
dm resume g
wait $pid
drop_caches
t "then it is on both" sh -c 'cmp -n 4096 -i $(( (1024 + 4096) * 1024 )):0 /dev/vdb /tmp/want && cmp -n 4096 -i $(( (1024 + 4096) * 1024 )):0 /dev/vdc /tmp/want'
repair_leg 0
dm remove g

# Order: no write is acknowledged by one leg before that is durable on it.
fill 3 0 4
shape 1 5000 0
break_leg 0
t "P15 a write while leg 0 fails" fill 4 0 4
drop_caches
is "its acknowledgement came after the durable record: ALONE_OK" "$(super get /dev/vdc flags)" 1
is "with a copy id of its own" "$(test "$(super get /dev/vdc current)" != "$(super get /dev/vdb current)"; echo $?)" 0
repair_leg 1
repair_leg 0
t "back to normal" wait_for 30 in_state normal
t "reload" retune 60000

# P15: a write in flight that leg 0 has shown is not unseen when leg 0 is lost.
fill 5 0 4
shape 1 0 100000
fill 6 0 4 &
pid=$!
t "a write that only leg 0 has is read" wait_for 60 check 6 0 4
t "and is not acknowledged yet" kill -0 $pid
break_leg 0
check 6 0 4 &
reader=$!
t "a read after leg 0 was lost is held" wait_for 60 held
# The delay ends with the table that makes it.
repair_leg 1
wait $reader
is "V2 it is read after leg 0 was lost" $? 0
wait $pid
is "and acknowledged" $? 0
repair_leg 0
t "back to normal" wait_for 30 in_state normal
t "reload" retune 200

# A leg with a bad spot.
n=$(leg_size 0)
swap_table l0 "0 4096 linear /dev/vdb 0
4096 8 error
4104 $((n - 4104)) linear /dev/vdb 4104"
fill 7 2048 4 2>/dev/null
t "a read that one leg fails is served by the other" check 6 0 4
blockdev --flushbufs /dev/mapper/m
t "so is one of the bad spot" dd if=/dev/mapper/m of=/dev/null bs=4k skip=256 count=1 iflag=direct
repair_leg 0
t "back to normal" wait_for 30 in_state normal

# Load, with legs that come and go.
fio --name=v --filename=/dev/mapper/m --direct=1 --rw=randrw --bs=4k --iodepth=8 --ioengine=libaio \
	--size=12m --io_size=48m --time_based --runtime=14 --verify=crc32c --verify_fatal=1 --randseed=7 \
	--verify_backlog=64 --verify_state_save=0 >/tmp/fio.out 2>&1 &
pid=$!
for lost in 0 1 0 1; do
	sleep 0.5
	break_leg $lost
	fill 1 13312 4
	t "load: leg $lost lost" wait_for 60 in_state degraded
	repair_leg $lost
	t "load: resynced while I/O goes on" wait_for 40 in_state normal
done
wait $pid
is "fio saw no error and no wrong block" $? 0
grep -E 'err=|verify|bad' /tmp/fio.out | head -5 | sed 's/^/# /'
wait_for 60 idle
drop_caches
t "V9 legs are equal" legs_equal

# A leg that hangs: bounded by the leg alone; nothing else hangs.
fill 1 0 1024
dm suspend --noflush --nolockfs l1
fill 2 0 4 &
pid=$!
sleep 0.3
t "a write waits for a leg that hangs" kill -0 $pid
t "reads do not" timeout 60 dd if=/dev/mapper/m of=/dev/null bs=4k skip=1024 count=8 iflag=direct
t "status does not" timeout 60 dmsetup status m
dm load l1 --table "0 $(leg_size 1) error" && dm resume l1
wait $pid
is "the leg fails: the write is good" $? 0
is "degraded" "$(state)" degraded

# Degraded: suspend, resume, table reload, with the dead leg.
t "suspend while degraded" dm suspend m
t "resume" dm resume m
t "data" check 2 0 4
t "reload while degraded" sh -c "dmsetup suspend m && dmsetup load m --table '$(table $A $B)' && dmsetup resume m"
is "still degraded" "$(state) $(field 6)" "degraded F"
t "data" check 2 0 4

# Both legs fail.
break_leg 0
dd if=/dev/zero of=/dev/mapper/m bs=4k count=1 oflag=direct 2>/dev/null
is "both dead: a write ends with an error" $? 1
dd if=/dev/mapper/m of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null
is "and a read" $? 1
t "suspend with dead legs" timeout 60 dmsetup suspend m
t "resume with dead legs" timeout 60 dmsetup resume m
# The last leg is a disk with bad blocks where the superblock is: unlike dm-error, it
# counts what it is asked.
modprobe null_blk nr_devices=0 2>/dev/null
bad=/sys/kernel/config/nullb/bad
mkdir $bad && echo 16 >$bad/size && echo +0-511 >$bad/badblocks && echo 1 >$bad/power
on_bad() { swap_table l0 "0 $(leg_size 1) linear /dev/bad 0"; }
on_bad
dmesg -C
repair_leg 1
reads() { awk '{print $1}' /sys/block/bad/stat; }
before=$(reads)
asked() { [ $(($(reads) - before)) -ge 3 ]; }
t "the other leg returns: the last one is asked for what it would copy" wait_for 30 asked
is "and as it cannot be read, no resync begins" "$(dmesg | grep -c -- '-> resync')" 0
break_leg 0
echo 0 >$bad/power && echo -0-511 >$bad/badblocks && echo 1 >$bad/power
dmesg -C
on_bad
other() { dmesg | grep -q 'is another disk now'; }
t "V1 in the place of the last leg is another disk: it is said" wait_for 30 other
is "and it is not copied over the leg that returned" "$(dmesg | grep -c -- '-> resync')" 0
repair_leg 0
t "the last leg returns: data is there" check 2 0 4
t "and can be written" fill 3 8192 4
t "resynced" wait_for 30 in_state normal
wait_for 60 idle

# Both fail a write, and one answers again: it is not the user's error. As when a
# client has lost both links for a moment.
t "reload" retune 60000
fill 1 0 4
dm suspend --noflush --nolockfs l0
dm suspend --noflush --nolockfs l1
fill 4 0 4 &
pid=$!
inflight() { read -r _ n <"/sys/class/block/dm-$(dm info -c --noheadings -o minor m)/inflight" && [ "$n" = 1 ]; }
t "a write waits for both legs" wait_for 60 inflight
errors=$(stat leg0_write_errors)
dm load l0 --table "0 $(leg_size 0) error" && dm resume l0
failed() { [ "$(stat leg0_write_errors)" -gt "$errors" ]; }
t "one fails it" wait_for 60 failed
repair_leg 0
dm load l1 --table "0 $(leg_size 1) error" && dm resume l1
wait $pid
is "R8 both have failed it, one of them answers again: no error" $? 0
t "R8 the mirror goes on with that one" in_state degraded
t "V2 the data are there" check 4 0 4
repair_leg 1
t "back to normal" wait_for 30 in_state normal
t "reload" retune 200
drop_caches
t "V9 legs are equal" legs_equal

# Both at once, from normal.
fill 1 0 4
dm suspend --noflush --nolockfs l0
dm suspend --noflush --nolockfs l1
fill 9 0 4 2>/dev/null &
pid=$!
sleep 0.3
for i in 0 1; do dm load l$i --table "0 $(leg_size $i) error"; done
for i in 0 1; do dm resume l$i; done
wait $pid
is "both legs fail at once: the write ends with an error" "$(($? != 0))" 1
t "the state says failed" wait_for 60 in_state failed
is "and so does the mode" "$(field 13)" fail
dd if=/dev/mapper/m of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null
is "reads end with an error" $? 1
repair_leg 0
repair_leg 1
t "the mirror goes on by itself when they return" wait_for 40 in_state normal
t "writes are good again" fill 1 0 8
t "and read" check 1 0 8
break_leg 0
break_leg 1
t "remove with dead legs" timeout 60 dmsetup remove m
nolegs
t "unload" rmmod dm_vmirror
done_testing
