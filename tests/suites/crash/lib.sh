# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the crash scripts share: one program does it all, and prints key=value.

# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh
# Always the same one, so that two runs can be compared; tests/soak is told others.
SEED=${SEED:-1}

# crash DESCRIPTION COMMAND...: run it; its figures and a failure's log are shown
crash() {
	local desc=$1 out rc
	shift
	out=$("$@" 2>&1)
	rc=$?
	printf '%s\n' "$out" >"/out/${1##*/}"
	if [ $rc -eq 0 ]; then
		ok "$desc"
		while IFS= read -r line; do echo "# $line"; done <<<"$out"
	else
		not_ok "$desc" "$out"$'\n'"again: SEED=$SEED"$'\n'"$(dmesg |
			grep -E 'vmirror|device-mapper' | tail -n 30)"
	fi
	figures=$out
}
figure() { tr ' ' '\n' <<<"$figures" | sed -n "s/^$1=//p"; }
# happened DESCRIPTION KEY AT_LEAST; in a soak, each machine ends when its time is over
happened() {
	local n least=${SOAK_SECONDS:+0}
	n=$(figure "$2")
	if [ "${n:--1}" -ge "${least:-$3}" ]; then
		ok "$1: $n"
	else
		not_ok "$1" "$2=${n:-none}, at least $3 wanted"
	fi
}
