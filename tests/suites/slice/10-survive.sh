# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# kernel: debug
# disks: 96M 96M
# limit: 420
# append: kmemleak=on
# summary: verified I/O goes on while each server in turn fails and returns
. /src/tests/lib/guest.sh
. /src/tests/suites/slice/lib.sh

t "R10 three commands make a mirrored volume" slice_up /dev/vdb /dev/vdc
t "R2 vios1 and vios2 are partners" bash -c 'vpart --json partition show vios1 | grep -q "\"partner\".*vios2"'
t "the volume is in sync" wait_for 60 slice_is normal

fio --name=verify --filename=/dev/mapper/vol --direct=1 --rw=randwrite --bsrange=4k-64k \
	--ioengine=libaio --iodepth=8 --verify=crc32c --verify_backlog=256 --verify_fatal=1 \
	--norandommap=0 --size=64M --loops=100 --time_based --runtime=90 \
	--output=/out/fio.txt --error_dump=1 &
fio=$!

# Each server fails under load, stays away while writes go on, and returns.
for round in 1 2; do
	for v in 1 2; do
		before=$(awk '{ print $7 }' /sys/block/dm-0/stat)
		t "R8 vios$v fails" vpart partition fail "vios$v"
		t "R8 round $round: the volume goes on without vios$v" wait_for 20 slice_is degraded
		more() { [ "$(awk '{ print $7 }' /sys/block/dm-0/stat)" -gt $((before + 4096)) ]; }
		t "R8 round $round: writes go on without vios$v" wait_for 30 more
		t "R9 vios$v returns" vpart partition start "vios$v"
		t "R9 round $round: redundancy is back" wait_for 60 slice_is normal
	done
done
t "V1 V2 no command saw an error, every block read back is right" wait $fio

sync
t "V9 with no write in flight both legs are equal" slice_equal /dev/vdb /dev/vdc
t "the volume is taken down" vpart mirror stop vol
for lu in d1 d2; do
	t "$lu is withdrawn" vpart lu del $lu
done
t "R10 adapters go" bash -c 'for a in $(vpart --json adapter show | python3 -c "
import json, sys
[print(a[\"name\"]) for a in json.load(sys.stdin)]"); do vpart adapter del "$a" || exit; done'
t "the modules can be unloaded" rmmod vscsi_host vscsi_target dm-vmirror vpart
kmemleak_check
done_testing
