# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# lib.sh: repositories, mounts and what they show.
suite=/src/tests/suites/clusterfs
mnt=/run/cfs

# repo DEVICE...: a small repository, made anew
repo() {
	mkfs.clusterfs --force --cluster lab --nodes 4 --objects 256 --events 16 --log 32 "$@"
}
# cfs NODE DEVICE [OPTION]...: mount it, at $mnt/NODE, and see it queued for the primary node's role
cfs() {
	mkdir -p "$mnt/$1"
	python3 $suite/mount.py "$2" "$mnt/$1" "node=$1" lock=local "${@:3}" || return
	wait_for 20 grep -Eq '^primary: (active|queued: .|off: .)' "$mnt/$1/config"
}
# of KEY FILE: the value of a line
of() { sed -n "s/^$1: //p" "$2"; }
# list FOLDER: the names in it, in a line
list() { find "$1" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs; }
# state NODE WANT: what its config says
state() { [ "$(of state "$mnt/$1/config")" = "$2" ]; }
# dump FILTER DEVICE...: a field of the repository as the tools read it
dump() {
	clusterfs-dump --json "${@:2}" | python3 -c 'import json, sys
print(eval("d" + sys.argv[1], {"d": json.load(sys.stdin)}))' "$1"
}
# poke DEVICE OFFSET BYTES: change some, as printf says them
poke() {
	# shellcheck disable=SC2059
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
# fault FAULT NODE: kill, stale, learn: see fs/clusterfs/lock_debug.c
fault() {
	echo "$1 $(of lockspace "$mnt/$2/config") $2" >/sys/kernel/debug/clusterfs/lock_local
}
# primary NODE TERM [BY]: who is the primary node, as BY shows
primary() { [ "$(of node "$mnt/${3:-$1}/primary") $(of term "$mnt/${3:-$1}/primary")" = "$1 $2" ]; }
