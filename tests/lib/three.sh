# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# three.sh: two servers, each with a disk, and a client with a mirror over both, on
# three machines and by TCP, or as three_at and three_to say. What is typed in them is that of
# Documentation/admin-guide/vpart-links.rst.
#
#	. tests/lib/machines.sh
#	. tests/lib/three.sh
#	three 64M
#	three_up
#	kill_machine s1; start_machine s1
#	back s1
#
# Machines s1, s2 and c; partitions vios1, vios2 and client1; links disk1 and disk2 to
# LUs d1 and d2; the volume vol. What they keep (keys, configuration, notes of
# seqs.py) is in /out.

client=5b0e2d2c-7b1f-4a40-8d6e-6f3a1c9b0021
port=7300
# Where server N listens, and where the client finds it, if that is not by TCP; and
# what module is for that.
declare -A three_at three_to
three_modules=vpart_stream

# _uuid N: of server N's partition. UUID1 is another one for vios1, if set.
_uuid() { echo "5b0e2d2c-7b1f-4a40-8d6e-6f3a1c9b001$1"; }

# Nodes and partitions are known on every machine.
_partitions() {
	echo "vpart node add cec1
vpart node add cec2
vpart node add cec3
vpart partition add vios1 vios node cec1 uuid ${UUID1:-$(_uuid 1)}
vpart partition add vios2 vios node cec2 uuid $(_uuid 2)
vpart partition add client1 client node cec3 uuid $client"
}

# begin MACHINE: modules and keys, as its boot would load them.
begin() {
	local modules="$three_modules vscsi_target target_core_iblock"
	[ "$1" != c ] || modules="sd_mod $three_modules vscsi_host dm-vmirror"
	on -t 120 "$1" "mods $modules || exit
for key in /out/keys/*; do
	keyctl padd logon vpart:\${key##*/} %:.vpart <\$key >/dev/null || exit
done"
}

# keep MACHINE: for its next life.
keep() { on "$1" vpart config save /out/config.json; }

# back MACHINE: after start_machine, what its boot does.
back() { begin "$1" && on -t 240 "$1" vpart config restore /out/config.json --timeout 120; }

# key NAME MACHINE...: make one, and bring it to these machines.
key() {
	local m name=$1
	shift
	for m in "$@"; do mkdir -p "$(out "$m")/keys"; done
	head -c 32 /dev/urandom >"$(out "$1")/keys/$name"
	for m in "${@:2}"; do cp "$(out "$1")/keys/$name" "$(out "$m")/keys/$name"; done
}

# serve N DEVICE [ID]: server N gives the client a disk by link disk<ID>, which is the
# same one when the server is set up anew.
serve() {
	local id=${3:-$1}
	on "s$1" "vpart link add disk$id client client1 server vios$1 id $id listen ${three_at[$1]:-tcp:0.0.0.0:$port} key k$1 &&
vpart lu add d$id adapter disk$id device $2 uuid d000000$id-7b1f-4a40-8d6e-6f3a1c9b0001" && keep "s$1"
}

# reach N [ID [WORD...]]: the client's end of it.
reach() {
	local id=${2:-$1}
	on c "vpart link add disk$id client client1 server vios$1 id $id connect ${three_to[$1]:-tcp:$(addr "s$1" lan):$port} key k$1 ${*:3}"
}

# three SIZE [OPTION...]: start the machines; the options are for s1.
three() {
	machine s1 --net lan --disk "$1" "${@:2}" && machine s2 --net lan --disk "$1" &&
		machine c --net lan && key k1 s1 c && key k2 s2 c
}

# server_up N, client_up: all of it, by hand.
server_up() { begin "s$1" && on "s$1" "$(_partitions)" && serve "$1" /dev/vdb; }
client_up() { begin c && on c "$(_partitions)" && reach 1 && reach 2; }

# three_up: from nothing to a mirror in sync.
three_up() {
	server_up 1 && server_up 2 && client_up && wait_for 60 has_disk 1 && wait_for 60 has_disk 2 &&
		on -t 600 c vpart mirror create vol "$(disk 1)" "$(disk 2)" --wait && keep c
}

# json MACHINE 'PYTHON OF o' NOUN...: of what vpart says there.
json() {
	on "$1" vpart --json "${@:3}" | python3 -c "import json, sys
text = sys.stdin.read()
o = json.loads(text) if text else sys.exit(1)
print($2)"
}
link() { json "$1" "o['$3']" link show "disk$2"; }	# MACHINE ID KEY
disk() { json c '" ".join(o["disks"])' link show "disk$1"; }	# ID
has_disk() { on c test -b "$(disk "$1")"; }
link_is() { [ "$(link "$1" "$2" state)" = "$3" ]; }	# MACHINE ID STATE
# link_says MACHINE ID KEY REGEX
link_says() { link "$1" "$2" "$3" | grep -Eq -- "$4"; }
mirror() { json c "o['$1']" mirror show vol; }	# KEY
mirror_is() { [ "$(mirror state)" = "$1" ]; }

# --- load ---
# Each job of blocks with numbers has a name, and a place from byte $at of $device
# on, $blocks long. By default it is on the volume.
_seqs=tests/suites/stream/seqs.py
declare -A seqs_pid seqs_at seqs_blocks seqs_device
# seqs NAME [DEVICE AT BLOCKS [THREADS]]: begin, or go on with one that was stopped.
seqs() {
	seqs_device[$1]=${2:-${seqs_device[$1]:-/dev/mapper/vol}}
	seqs_at[$1]=${3:-${seqs_at[$1]:-$((16 << 20))}}
	seqs_blocks[$1]=${4:-${seqs_blocks[$1]:-1024}}
	rm -f "$(out c)/$1.stop"
	on -t 7200 c python3 "/src/$_seqs" write "${seqs_device[$1]}" "${seqs_at[$1]}" \
		"${seqs_blocks[$1]}" "/out/$1" "${5:-8}" >"$_lab/seqs-$1" 2>&1 &
	seqs_pid[$1]=$!
}
# Acknowledged writes so far, for what is not to be waited for by the clock.
acked() {
	python3 -c "import struct, sys
data = open(sys.argv[1], 'rb').read()
print(sum(struct.unpack(f'<{len(data) // 8}Q', data)))" "$(out c)/$1" 2>/dev/null || echo 0
}
_past() { [ "$(acked "$1")" -ge "$2" ]; }
# goes_on NAME [WRITES]: so many more are acknowledged.
goes_on() { wait_for 300 _past "$1" $(($(acked "$1") + ${2:-100})); }
# seqs_end NAME: stop it; its exit code, and what it says in $said.
seqs_end() {
	local rc
	touch "$(out c)/$1.stop"
	wait "${seqs_pid[$1]}"
	rc=$?
	said=$(cat "$_lab/seqs-$1")
	echo "# $1: ${said%%$'\n'*}"
	return $rc
}
# seqs_ok DESCRIPTION NAME: it ended well.
seqs_ok() {
	local rc
	seqs_end "$2"
	rc=$?
	if [ $rc = 0 ]; then ok "$1"; else not_ok "$1" "exit $rc"$'\n'"$said"; fi
}
# seqs_check least|exact NAME MACHINE [DISK]: look at a medium, from outside. On a leg
# the data begin at 1 MiB.
seqs_check() {
	local at=${seqs_at[$2]}
	[ "${seqs_device[$2]}" != /dev/mapper/vol ] || at=$((at + (1 << 20)))
	python3 "$_seqs" "$1" "$(medium "$3" "${4:-1}")" "$at" "${seqs_blocks[$2]}" "$(out c)/$2"
}
# The data of both legs, from outside.
legs_equal() { cmp -i $((1 << 20)) "$(medium s1)" "$(medium s2)"; }

# quiet WHAT: after the load, when nothing is in flight any more.
quiet() {
	t "$1: V9 both legs are equal" legs_equal
	t "$1: V1 V3 each block of vios1's disk is of its last write" seqs_check exact vol s1
	t "$1: V1 V3 each block of vios2's disk too" seqs_check exact vol s2
}
