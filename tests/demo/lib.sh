# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What all parts of the demonstration tell with; and, in a machine, what its part uses.

begin=${begin:-${EPOCHREALTIME/./}}
now() { echo $(((${EPOCHREALTIME/./} - begin) / 100000)); }
tell() {
	local t
	t=$(now)
	printf '[%3d.%d s] %s\n' $((t / 10)) $((t % 10)) "$*"
}
show() { sed 's/^/            /'; }
mib() { awk -v b="$1" 'BEGIN { printf "%.1f MiB", b / 1048576 }'; }
[ -d /run/vm ] || return 0

# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh
trap - EXIT
give_up() {
	tell "NOT SO: $*"
	{ vpart adapter show; vpart lu show; vpart mirror show; dmesg | tail -30; } 2>&1 | show
	exit 1
}
# do_it COMMAND...: it must succeed, and says what it did.
do_it() {
	local out
	tell "\$ $*"
	out=$("$@" 2>&1) || give_up "the command failed: $out"
	[ -z "$out" ] || show <<<"$out"
}
field() { vpart --json mirror show vol | python3 -c "import json, sys; print(json.load(sys.stdin)['$1'])"; }
