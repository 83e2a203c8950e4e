# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# lib.sh: a LU with two paths, by two servers in this kernel that export the same
# backstore: pair p1 to vios1, pair p2 to vios2. What is behind it is a null_blk.

# shellcheck source=tests/suites/vscsi/lib.sh
. /src/tests/suites/vscsi/lib.sh

# null NAME MiB [ATTRIBUTE=VALUE...]: a device that keeps its data and takes discards.
null() {
	local d=/sys/kernel/config/nullb/$1 a
	[ -d /sys/kernel/config/nullb ] || modprobe null_blk nr_devices=0 || return
	mkdir "$d" && echo "$2" >"$d/size" && echo 512 >"$d/blocksize" &&
		echo 1 >"$d/memory_backed" && echo 1 >"$d/discard" || return
	shift 2
	for a in "$@"; do echo "${a#*=}" >"$d/${a%%=*}" || return; done
	echo 1 >"$d/power"
}

# thin NAME DEVICE: a backstore with UNMAP, no more of it at once than others offer.
thin() { backstore "$1" "$2" emulate_tpu=1 emulate_tpws=1 max_unmap_lba_count=65536; }

two_paths_up() {
	vscsi_mods || return
	vpart partition add vios1 vios >/dev/null && vpart partition add vios2 vios >/dev/null &&
		vpart partition add client1 client >/dev/null || return
	pair p1 client1 vios1 && pair p2 client1 vios2 || return
	wait_for 60 link_is p1 up && wait_for 60 link_is p2 up
}
two_paths_down() {
	vscsi_clear && vpart partition del vios2 >/dev/null || return
	[ ! -d "$cfg/vscsi" ] || rmdir "$cfg/vscsi" || return
	rmmod vscsi_host && rmmod vscsi_target && rmmod vpart
}
