# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The whole of it in one VM: two nodes, a VIOS on each, one client, a disk each.

# shellcheck source=tests/lib/fabric.sh
. /src/tests/lib/fabric.sh

# slice_up DISK1 DISK2: modules, partitions and the volume /dev/mapper/vol.
slice_up() {
	mods vpart vscsi_target vscsi_host dm-vmirror sd_mod &&
	modprobe target_core_iblock &&
	vpart node add cec1 && vpart node add cec2 &&
	vpart partition add vios1 role vios node cec1 pool 1 &&
	vpart partition add vios2 role vios node cec2 pool 1 &&
	vpart partition add client1 role client node cec1 pool 2 &&
	slice_join &&
	vpart lu add d1 server vios1 client client1 device "$1" ${DIRECT:+--direct} &&
	vpart lu add d2 server vios2 client client1 device "$2" ${DIRECT:+--direct} &&
	wait_for 60 slice_disk d1 && wait_for 60 slice_disk d2 &&
	vpart mirror create vol d1 d2
}

# slice_disk LU: the client has its disk; "vpart lu add" waits 15 s for it, and goes on.
slice_disk() { vpart lu show "$1" | grep -q /dev/sd; }

# The local fabric's adapters come with the LUs.
slice_join() {
	[ "${FABRIC:-local}" != local ] || return 0
	fabric_mods && join client1-vios1 client1 vios1 && join client1-vios2 client1 vios2
}

# Words of the volume's status: slice_state -> normal, degraded, resync...
slice_status() { dmsetup status --noudevsync vol; }
slice_state() { slice_status | awk '{ print $4 }'; }
slice_is() { [ "$(slice_state)" = "$1" ]; }

# The data areas of the two backing disks, compared beneath everything.
slice_equal() { cmp -i $((2048 * 512)) -n "$(blockdev --getsize64 /dev/mapper/vol)" "$1" "$2"; }
