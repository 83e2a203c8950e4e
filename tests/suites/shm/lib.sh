# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# lib.sh: ends of links over shared memory whose other side is no kernel. The
# devices are those of "# ivshmem: 16M": the kernel has the first, a program the
# second; of another pair 2 and 3, and so on.
#
#	. /src/tests/lib/guest.sh
#	. /src/tests/suites/vscsi/lib.sh
#	. /src/tests/suites/shm/lib.sh
#	shm_up				modules, partitions
#	server p1 7 none d1		a server's end on the first device, its LUN 0 is d1
#	client p1 7 none		a client's end
#
# The pairs' numbers and the partitions' UUIDs are known to the programs, too.

shm_client=c1000000-0000-4000-8000-000000000001
shm_server=50000000-0000-4000-8000-000000000001
shm_driver=/sys/bus/pci/drivers/vpart_shm

# shm_dev N: the address of a device, from 0.
shm_dev() { printf '0000:00:%02x.0' $((16 + $1)); }
# A device without a driver is a program's.
shm_unbind() { echo "$(shm_dev "$1")" >$shm_driver/unbind; }
shm_bind() { echo "$(shm_dev "$1")" >$shm_driver/bind; }

shm_up() {
	vscsi_mods && mods vpart_shm || return
	vpart partition add vios1 vios uuid $shm_server >/dev/null &&
		vpart partition add client1 client uuid $shm_client >/dev/null
}

# key NAME BYTES: a key, or another in its place.
key() {
	keyctl unlink "%logon:vpart:$1" %:.vpart 2>/dev/null
	printf '%s' "$2" | keyctl padd logon "vpart:$1" %:.vpart >/dev/null
}

# server PAIR ID KEY [BACKSTORE [DEVICE]]
server() {
	vpart link add "$1" client client1 server vios1 id "$2" listen "shm:$(shm_dev "${5:-0}")" key "$3" \
		>/dev/null || return
	mkdir -p "$cfg/vscsi/$1/tpgt_1" && echo 1 >"$cfg/vscsi/$1/tpgt_1/enable" || return
	[ -z "${4:-}" ] || lun_add "$1" 0 "$4"
}
server_del() { vpart link del "$1" side server --force >/dev/null; }

# client PAIR ID KEY [DEVICE [WORD...]]
client() {
	vpart link add "$1" client client1 server vios1 id "$2" connect "shm:$(shm_dev "${4:-0}")" key "$3" \
		"${@:5}" >/dev/null
}
client_del() { vpart link del "$1" side client --force >/dev/null; }

# linkinfo PAIR SIDE FIELD
linkinfo() { vpart --json link show "$1" side "$2" | python3 -c "import json,sys; print(json.load(sys.stdin)['$3'])"; }
link_state() { [ "$(linkinfo "$1" "$2" state)" = "$3" ]; }

shm_down() {
	vpart partition del client1 >/dev/null && vpart partition del vios1 >/dev/null || return
	[ ! -d "$cfg/vscsi" ] || rmdir "$cfg/vscsi" || return
	rmmod vscsi_host && rmmod vscsi_target && rmmod vpart_shm && rmmod vpart_auth && rmmod vpart
}
