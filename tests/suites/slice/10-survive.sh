#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# kernel: debug
# kernels: +6.1 6.12 7.2
# disks: 24M 24M
# limit: 480
# leaks: check
# summary: verified I/O goes on while each server in turn fails and returns
. /src/tests/lib/guest.sh
. /src/tests/suites/slice/lib.sh

t "R10 three commands make a mirrored volume" slice_up /dev/vdb /dev/vdc
t "R2 vios1 and vios2 are partners" bash -c 'vpart --json partition show vios1 | grep -q "\"partner\".*vios2"'
t "the volume is in sync" wait_for 60 slice_is normal

# A job of verified writes; job NAME starts it, its pid is in $fio.
job() {
	fio --name="$1" --filename=/dev/mapper/vol --direct=1 --rw=randwrite --bsrange=4k-64k \
		--ioengine=libaio --iodepth=8 --verify=crc32c --verify_backlog=64 \
		--verify_fatal=1 --size=6M --io_size=6M --randseed=$RANDOM --output="/out/$1.txt" &
	fio=$!
}
finished() { waited "$1" "$fio"; }
written() { awk '{ print $7 }' /sys/block/dm-0/stat; }	# sectors
past() { [ "$(written)" -gt "$1" ]; }

# Each server fails under load, stays away while writes go on, and returns
# under load; the next one fails only when redundancy is back.
for v in 1 2; do
	name="vios$v"
	job "fail-$v"
	t "$name: the load has begun" wait_for 60 past $(($(written) + 512))
	t "$name: R8 it fails" vpart partition fail "vios$v"
	t "$name: R8 a write elsewhere is no error either" \
		dd if=/dev/zero of=/dev/mapper/vol bs=4k count=1 seek=2000 oflag=direct
	t "$name: R8 the mirror goes on alone" wait_for 60 slice_is degraded
	finished "$name: R8 V1 V2 no error, every block read back is right"
	job "return-$v"
	t "$name: R9 it returns" vpart partition start "vios$v"
	t "$name: R9 redundancy is back, under load" wait_for 120 slice_is normal
	finished "$name: R9 V1 V2 no error, every block read back is right"
done

sync
t "V9 with no write in flight both legs are equal" slice_equal /dev/vdb /dev/vdc
t "the volume is taken down" vpart mirror stop vol
for lu in d1 d2; do
	t "$lu is withdrawn" vpart lu del $lu
done
t "R10 adapters go" bash -c 'for a in $(vpart --json adapter show | python3 -c "
import json, sys
[print(n) for n in {a[\"name\"] for a in json.load(sys.stdin)}]"); do vpart adapter del "$a" || exit; done'
t "the modules can be unloaded" bash -c '. /src/tests/lib/fabric.sh; rmmod vscsi_host vscsi_target dm-vmirror && fabric_rmmod && rmmod vpart'
kmemleak_check
done_testing
