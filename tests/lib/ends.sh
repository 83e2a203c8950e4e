# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# ends.sh: the two ends of a link, each by itself, whatever fabric it is over: for
# suites/stream/lib.sh and suites/shm/lib.sh, which know the addresses.
#
# The partitions' UUIDs are known to the programs at the other side, too.

ends_client=c1000000-0000-4000-8000-000000000001
ends_server=50000000-0000-4000-8000-000000000001
ends_parts() {
	vpart partition add vios1 vios uuid $ends_server >/dev/null &&
		vpart partition add client1 client uuid $ends_client >/dev/null
}

# key NAME BYTES: a key, or another in its place.
key() {
	keyctl unlink "%logon:vpart:$1" %:.vpart 2>/dev/null
	printf '%s' "$2" | keyctl padd logon "vpart:$1" %:.vpart >/dev/null
}

# server_at ADDRESS PAIR ID KEY [BACKSTORE]: whom it lets in finds his disk there.
server_at() {
	vpart link add "$2" client client1 server vios1 id "$3" listen "$1" key "$4" >/dev/null || return
	mkdir -p "$cfg/vscsi/$2/tpgt_1" || return
	[ -z "${5:-}" ] || lun_add "$2" 0 "$5" || return
	enable "$2"
}
# With its target, LUNs and their backstores.
server_del() { vpart link del "$1" side server --force >/dev/null; }

# client_at ADDRESS PAIR ID KEY [WORD...]
client_at() {
	vpart link add "$2" client client1 server vios1 id "$3" connect "$1" key "$4" "${@:5}" >/dev/null
}
client_del() { vpart link del "$1" side client --force >/dev/null; }

# linkinfo PAIR SIDE FIELD
linkinfo() { vpart --json link show "$1" side "$2" | python3 -c "import json,sys; print(json.load(sys.stdin)['$3'])"; }
link_state() { [ "$(linkinfo "$1" "$2" state)" = "$3" ]; }

# layer NAME: a way of its own to the one disk, which can be made to hold what it has.
layer() {
	dmsetup create --noudevsync --noudevrules "$1" \
		--table "0 $(blockdev --getsz /dev/vdb) linear /dev/vdb 0" && dmsetup mknodes "$1"
}

ends_down() {
	vpart partition del client1 >/dev/null && vpart partition del vios1 >/dev/null || return
	[ ! -d "$cfg/vscsi" ] || rmdir "$cfg/vscsi" || return
	rmmod vscsi_host && rmmod vscsi_target && fabric_rmmod && rmmod vpart
}
