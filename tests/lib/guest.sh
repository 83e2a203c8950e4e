# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# guest.sh: what a suite's script uses in its VM. Prints TAP: one line per test.
#
#	. /src/tests/lib/guest.sh
#	mods vpart vscsi_host
#	t "R1 a partition is made" vpart partition add client1
#	fails "R1 its name is unique" 'exists' vpart partition add client1
#	done_testing

# shellcheck source=tests/lib/common.sh
. "${BASH_SOURCE[0]%/*}/common.sh"

_n=0 _failed=0 _planned='' _finished=''

# What the test said goes to the guest's console too, so a splat there has a place.
_say() { echo "$1"; [ ! -d /run/vm ] || echo "$1" >/dev/kmsg; }
_report() { # RESULT DESCRIPTION [DETAIL]
	local line
	_n=$((_n + 1))
	[ "$1" = ok ] || _failed=$((_failed + 1))
	_say "$1 $_n - $2"
	[ -z "${3:-}" ] || while IFS= read -r line; do echo "# $line"; done <<<"$3"
}

plan() { _planned=$1; echo "1..$1"; }
ok() { _report ok "$1"; }
not_ok() { _report 'not ok' "$1" "${2:-}"; }
skip() { _report ok "$1 # SKIP $2"; }	# skip DESCRIPTION WHY

# t DESCRIPTION COMMAND...: the command succeeds.
t() {
	local desc=$1 out rc
	shift
	out=$("$@" 2>&1)
	rc=$?
	if [ $rc -eq 0 ]; then ok "$desc"; else not_ok "$desc" "exit $rc: $*"$'\n'"$out"; fi
	return $rc
}

# fails DESCRIPTION REGEX COMMAND...: it fails, and says why on stderr.
fails() {
	local desc=$1 regex=$2 err rc
	shift 2
	err=$("$@" 2>&1 >/dev/null)
	rc=$?
	if [ $rc -eq 0 ]; then
		not_ok "$desc" "succeeded: $*"
	elif ! grep -Eq -- "$regex" <<<"$err"; then
		not_ok "$desc" "exit $rc, but not /$regex/: $*"$'\n'"$err"
	else
		ok "$desc"
	fi
}

# is DESCRIPTION GOT WANT
is() {
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got  $2"$'\n'"want $3"; fi
}

# waited DESCRIPTION PID: what this script has started ended well. Not "t ... wait PID": t runs
# commands in a subshell, whose child it is not, and which knows its end only if it was before.
waited() {
	wait "$2"
	is "$1" "exit $?" "exit 0"
}

# told COMMAND...: each line that it prints is a test, "ok TAB DESCRIPTION" or "not TAB
# DESCRIPTION TAB WHY", or a comment.
told() {
	local result desc detail
	while IFS=$'\t' read -r result desc detail; do
		case $result in
		'#'*) _say "$result" ;;
		ok) ok "$desc" ;;
		*) not_ok "$desc" "$detail" ;;
		esac
	done < <("$@" || printf 'not\tit ends in order\texit %s: %s\n' $? "$*")
}

# code COMMAND...: its exit code; what it says goes to /tmp/out and /tmp/err
code() { "$@" >/tmp/out 2>/tmp/err; echo $?; }

# get 'PYTHON OF o' WORD...: a value of what "vpart --json WORD..." says
get() { vpart --json "${@:2}" | python3 -c "import json, sys; o = json.load(sys.stdin); print($1)"; }

# kmemleak_check [DESCRIPTION]: a test that nothing was leaked so far. Needs the
# debug kernel booted with kmemleak=on (a script asks by "# leaks: ...");
# that, and the two scans, make a run about twice as long.
kmemleak_check() {
	local file=/sys/kernel/debug/kmemleak desc=${1:-nothing was leaked} found
	if [ ! -e $file ] || ! grep -q kmemleak=on /proc/cmdline; then
		skip "$desc" "kmemleak is off"
		return
	fi
	# The kernel reports an object that is 5 s old, in the second scan that misses it.
	sleep 6
	echo scan >$file && echo scan >$file
	found=$(cat $file)
	if [ -z "$found" ]; then ok "$desc"; else not_ok "$desc" "$found"; fi
}

# summary: the runner's closing line, for a script that runs by itself too.
summary() { plan $_n; echo "$((_n - _failed)) passed, $_failed failed"; }

# The last line of a script: without it, the run counts as failed.
done_testing() {
	_finished=1
	[ -n "$_planned" ] || echo "1..$_n"
	[ "$_failed" -eq 0 ] && [ "$_n" -gt 0 ] && [ "${_planned:-$_n}" -eq "$_n" ]
	exit
}

trap '[ -n "$_finished" ] || echo "Bail out! the script ended before done_testing"' EXIT
