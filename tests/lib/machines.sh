# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# machines.sh: what a script uses that drives several machines, from this one.
# Its header says how many, and what they run (the default is stock):
#
#	# kernel: host
#	# machines: 2
#	# guests: debug
#	cd "$(dirname "$0")/../../.." || exit
#	. tests/lib/machines.sh
#	machine a --net lan --disk 64M
#	machine b --net lan --ivshmem pair1
#	t "they see each other" on b "ping -c1 $(addr a lan)"
#	done_testing
#
# It has the functions of guest.sh, but those that are for a guest; a machine has
# those of common.sh (mods, wait_for). Everything ends with the script, killed or
# not. See tests/README.md.

# shellcheck source=tests/lib/guest.sh
. tests/lib/guest.sh

# tests/check names the folder of the log; by hand it is the script's own.
_lab=build/log/${NAME:-$(realpath -m --relative-to=tests/suites "${0%.sh}")}
rm -rf "$_lab"
mkdir -p "$_lab"
tests/vm/machines "$_lab" $$ </dev/null >"$_lab/machines" 2>&1 &
_lab_pid=$!
disown	# a script's "wait" is for what it has started itself
# Ends with the shell it is in: so does an order that it waits for.
_tell() { setpriv --pdeathsig KILL tests/vm/tell "$_lab" "$@"; }
_lab_is_gone() { ! kill -0 "$_lab_pid"; }
_lab_is_up() { [ -S "$_lab/control" ] || _lab_is_gone; }

# What the test said goes to the consoles too, so a splat there has a place.
_say() {
	local console
	echo "$1"
	for console in "$_lab"/*/console; do
		[ ! -f "$console" ] || echo "# $1" >>"$console"
	done
}

# machine NAME [OPTION...]: start one, and do not wait for it.
#	--kernel NAME	stock, debug, 6.12...; otherwise what the header says
#	--mem MIB	512		--smp N		1
#	--disk SIZE[:SERIAL]	an empty disk, /dev/vdb and on; it survives its machine's
#			end. Its serial number is disk1 and on, or SERIAL, or none ("32M:")
#	--disk-of MACHINE[:NUMBER]	a disk that one has already: they share it
#	--net NAME	an adapter that is called NAME in it, on the network NAME
#	--ivshmem NAME[:SIZE[:VECTORS]]		a device of shared memory (16M, 4)
#	--append WORDS	for the kernel's command line
machine() { _tell machine "$@"; }

# ready NAME...: wait until they are up, no longer than a boot may take. The
# functions below wait by themselves.
ready() { _tell ready "$@"; }

# on [-t SECONDS] NAME COMMAND...: run it there, as a script if it is one word.
# Its output, its errors and its exit code are this function's; 97 when the machine
# died, 98 at the limit of 60 s, when it is killed. May run in the background (&).
on() {
	local limit=60 name
	if [ "$1" = -t ]; then
		limit=$2
		shift 2
	fi
	name=$1
	shift
	[ $# -eq 1 ] || set -- "$(printf '%q ' "$@")"
	_tell on "$name" "$limit" "$1"
}

# The cable between a machine and a network: MACHINE NETWORK
net_down() { _tell link "$1" "$2" down; }
net_up() { _tell link "$1" "$2" up; }

pause() { _tell pause "$1"; }
resume() { _tell resume "$1"; }
# The same for several at once, whose clocks go on: their host was too busy.
freeze() { _tell freeze "$@"; }
thaw() { _tell thaw "$@"; }
kill_machine() { _tell kill "$1"; }	# power lost, without a warning
start_machine() { _tell start "$@"; }	# again, with its disks: NAME [KERNEL]
stop_machine() { _tell stop "$1" "${2:-60}"; }	# in order; no later than SECONDS

# disks MACHINE [NUMBER...]: those that it has from its next start on, in this order.
# Each keeps its data and its serial number.
disks() { _tell disks "$@"; }

# addr MACHINE|host NETWORK, addr6: an address. "host" is this one.
addr() { _tell addr 4 "$2" "$1"; }
addr6() { _tell addr 6 "$2" "$1"; }

# in_net COMMAND...: run it here, as a member ("host") of all networks.
in_net() { nsenter --net="/proc/$_lab_pid/ns/net" "$@"; }

# serves FILE COMMAND...: the same in the background, to FILE, no longer than this script runs
serves() {
	# Without another shell in between, whose end it would wait for.
	{ exec nsenter --net="/proc/$_lab_pid/ns/net" setpriv --pdeathsig KILL "${@:2}"; } >"$1" 2>&1 &
	disown
}

# The medium of a machine's disk, a file of this machine: MACHINE [NUMBER]. What a
# machine has written and flushed is there, whether it runs or not.
medium() { _tell medium "$1" "${2:-1}"; }

console() { echo "$_lab/$1/console"; }	# MACHINE
out() { echo "$_lab/$1/out"; }		# MACHINE: what it sees as /out

# wait_console SECONDS MACHINE REGEX: until its kernel says that.
wait_console() { wait_for "$1" grep -qE -- "$3" "$_lab/$2/console"; }

# What fails first is looked at where it happened: each machine's dump is in its /out,
# and what its links and mirrors say is part of the output.
_looked=
not_ok() {
	local m
	_report 'not ok' "$1" "${2:-}"
	[ -z "$_looked" ] || return
	_looked=1
	for m in "$_lab"/*/console; do
		m=$(basename "${m%/console}")
		# shellcheck disable=SC2016
		on "$m" 'echo w >/proc/sysrq-trigger
			command -v vpart && vpart diag save /out/diag
			timeout 5 vpart link show; timeout 5 vpart mirror show' 2>&1 | sed "s/^/# $m: /"
	done
}

# The machines' own verdict counts before what the script found.
_machines_end() {
	local rc=$? said console
	[ -n "$_finished" ] || echo "Bail out! the script ended before done_testing"
	# What lines of our modules ran, of the machines that are up still.
	[ "${COVERAGE:-}" != 1 ] || for console in "$_lab"/*/console; do
		on -t 120 "$(basename "${console%/console}")" bash /src/tests/lib/gcov.sh >/dev/null 2>&1
	done
	_tell end
	said=$?
	wait_for 30 _lab_is_gone
	[ $said -eq 0 ] || exit $said
	exit $rc
}
trap _machines_end EXIT

wait_for 60 _lab_is_up
