#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a person scans and deletes disks while the client looks at its LUNs
# kernel: debug
# kernels: +6.12 +7.2
# disks: 16M 16M
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh

vscsi_up
backstore d1 /dev/vdb
backstore d2 /dev/vdc
lun_add p1 0 d1
lun_add p1 1 d2
disk_of p1 1 >/dev/null
disk_of p1 0 >/dev/null
host=/sys/class/scsi_host/host$(host_of p1)
event() { echo "$1" >$cfg/vscsi/p1/tpgt_1/rescan; }	# LUN: the client looks at it
offline() { echo "$1" >$cfg/vscsi/p1/tpgt_1/lun/lun_0/alua_tg_pt_offline; }
# LUN 0, and how it is deleted at once: without a cache, for flushing it would wait
# until the look is over.
fresh() {
	device=$(realpath "/sys/block/$(disk_of p1 0)/device")
	echo "temporary write through" | tee "$device/scsi_disk"/*/cache_type >/dev/null
}
delete() { echo 1 >"$device/delete"; }
checking() { # no process is started here: it is a matter of a few tenths of a second
	local state end=$((SECONDS + 60))
	until read -r state <"$host/link_state" && [ "$state" = checking ]; do
		[ $SECONDS -lt $end ] || return
	done
}

# --- one goes while it is looked at: it answers nothing, so that takes a while ---
fresh
offline 1
vpart partition fail vios1 >/dev/null
t "the link is lost" wait_for 60 link_is p1 blocked
vpart partition start vios1 >/dev/null &
t "it is back, and the client asks for its disks" checking
delete
t "R11 a disk is deleted meanwhile" no_disk p1 0
wait
t "V10 the link does not wait for it" wait_for 60 link_is p1 up
for _ in {1..2}; do
	offline 0
	event 0
	fresh
	offline 1
	event 0
	sleep 0.05	# until the client asks; earlier or later is another case
	delete
done
offline 0
event 0
t "R11 it is there again" wait_for 60 has_disk p1 0

# --- one that comes is not looked at before it is there ---
touch /tmp/hand
while [ -e /tmp/hand ]; do event 0; event 1; done &
for _ in {1..6}; do
	fresh
	delete
	echo "- - -" >"$host/scan"
done
rm /tmp/hand
wait
both() { has_disk p1 0 && has_disk p1 1; }
t "R7 disks that come and go by hand are all there in the end" wait_for 60 both
t "all of it goes" vscsi_down
done_testing
