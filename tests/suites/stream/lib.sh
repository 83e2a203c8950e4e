# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# lib.sh: ends of links for a peer that is no kernel, or a proxy.
#
#	. /src/tests/lib/guest.sh
#	. /src/tests/suites/vscsi/lib.sh
#	. /src/tests/suites/stream/lib.sh
#	. /src/tests/lib/faults.sh
#	stream_up			modules, partitions
#	server p1 7 7300 none d1	a server's end, its LUN 0 the backstore d1
#	client p1 7 7300 none		a client's end
#	walks /src/tests/suites/stream/NAME.py
#
# The pairs' numbers and the partitions' UUIDs are known to base.py, too.

stream_client=c1000000-0000-4000-8000-000000000001
stream_server=50000000-0000-4000-8000-000000000001

stream_up() {
	vscsi_mods && mods vpart_stream && ip link set lo up || return
	vpart partition add vios1 vios uuid $stream_server >/dev/null &&
		vpart partition add client1 client uuid $stream_client >/dev/null
}

# key NAME BYTES: a key, or another in its place.
key() {
	keyctl unlink "%logon:vpart:$1" %:.vpart 2>/dev/null
	printf '%s' "$2" | keyctl padd logon "vpart:$1" %:.vpart >/dev/null
}

# server PAIR ID PORT KEY [BACKSTORE]
server() {
	vpart link add "$1" client client1 server vios1 id "$2" listen "tcp:127.0.0.1:$3" key "$4" \
		>/dev/null || return
	mkdir -p "$cfg/vscsi/$1/tpgt_1" && echo 1 >"$cfg/vscsi/$1/tpgt_1/enable" || return
	[ -z "${5:-}" ] || lun_add "$1" 0 "$5"
}
# With its target, LUNs and their backstores.
server_del() { vpart link del "$1" side server --force >/dev/null; }

# client PAIR ID PORT KEY [WORD...]
client() {
	vpart link add "$1" client client1 server vios1 id "$2" connect "tcp:127.0.0.1:$3" key "$4" \
		"${@:5}" >/dev/null
}
client_del() { vpart link del "$1" side client --force >/dev/null; }

# linkinfo PAIR SIDE FIELD
linkinfo() { vpart --json link show "$1" side "$2" | python3 -c "import json,sys; print(json.load(sys.stdin)['$3'])"; }
link_state() { [ "$(linkinfo "$1" "$2" state)" = "$3" ]; }

stream_down() {
	vpart partition del client1 >/dev/null && vpart partition del vios1 >/dev/null || return
	[ ! -d "$cfg/vscsi" ] || rmdir "$cfg/vscsi" || return
	rmmod vscsi_host && rmmod vscsi_target && rmmod vpart_stream && rmmod vpart_auth && rmmod vpart
}

# harm_up: both ends of p1, with a proxy's place between them, see harm.py; the disk is
# a device-mapper device so that it can be made to hold what it has.
harm_up() {
	stream_up || return
	dmsetup create --noudevsync --noudevrules slow \
		--table "0 $(blockdev --getsz /dev/vdb) linear /dev/vdb 0" || return
	dmsetup mknodes slow
	backstore d1 /dev/mapper/slow && server p1 7 7300 none d1 && client p1 7 7310 none digest all path-loss 120
}
harm_down() { client_del p1 && server_del p1 && dmsetup remove --noudevsync slow && stream_down; }

# fuzz_up: servers' ends f0 to f3, see fuzz.py, and p2 with another disk.
fuzz_up() {
	local i
	stream_up && backstore d1 /dev/vdb && backstore d2 /dev/vdc && server p2 8 7300 none d2 || return
	for i in 0 1 2 3; do
		server f$i $((20 + i)) 7300 none d1 || return
	done
}
fuzz_down() {
	local i
	for i in 0 1 2 3; do
		server_del f$i || return
	done
	server_del p2
}
disk_is_blank() { cmp -n "$(blockdev --getsize64 "$1")" "$1" /dev/zero; }
