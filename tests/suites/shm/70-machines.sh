#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a disk over shared memory between two machines, which are paused and killed
# kernel: host
# machines: 2
# limit: 1500
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh

# there MACHINE COMMAND: with the functions of machine.sh.
there() { on -t 300 "$1" ". tests/suites/shm/machine.sh; $2"; }
state() { there "$1" 'info state'; }
is_up() { [ "$(state "$1")" = up ]; }
not_up() { [ "$(state "$1")" != up ]; }
epoch() { there "$1" "vpart --json adapter show p1" | python3 -c 'import json,sys; print(json.load(sys.stdin)["epoch"])'; }
# The disk's first MiB as each of them sees it.
sums() {
	there s "dd if=/dev/vdb bs=1M count=$1 iflag=direct status=none | sha256sum"
	there c "dd if=/dev/sda bs=1M count=$1 iflag=direct status=none | sha256sum"
}
# same: both have the same bytes.
same() { [ "$(sums "${1:-24}" | uniq | wc -l)" = 1 ]; }

t "two machines" machine s --disk 32M --ivshmem pair1:16M:4
machine c --ivshmem pair1
t "the server is set up" there s server_up
t "the client is set up" there c client_up
t "R10 the link is up" there c 'wait_for 90 state_is up'
t "R11 the disk is there" there c 'wait_for 90 test -b /dev/sda'
t "R10 data are written" there c 'dd if=/dev/urandom of=/dev/sda bs=1M count=24 oflag=direct status=none'
t "R10 both see the same" same
t "R10 random I/O, verified" there c 'verify one 5'
t "R10 both see the same" same
# lost MACHINE: more than a machine that stood still has cost, as is said.
lost() { there "$1" 'more=$(($(info lost) - $(dmesg | grep -cE "has no pulse|complains: silent for too long"))); echo $((more > 0 ? more : 0))'; }
is "R10 nothing was lost" "$(lost c) $(lost s)" "0 0"

# --- paused ---
there c 'verify pause 40' &
load=$!
t "the load runs" there c 'wait_for 90 pgrep -x fio'
# stays: a pause of 2 s, so short that nobody minds, unless this machine makes more of it.
stays() {
	first=$(epoch s)
	pause s
	sleep 2
	resume s
	is_up c && [ "$(epoch s)" = "$first" ]
}
# tries N COMMAND...: one of them succeeds.
tries() {
	local n
	for ((n = $1; n; n--)); do
		"${@:2}" && return
		there c 'wait_for 90 state_is up'
	done
	return 1
}
tries 5 stays
t "P9 a pause of 2 s: the link stays" is_up c
is "P9 ... and the session" "$(epoch s)" "$first"
# frozen: both stand still for longer than either waits for the other's pulse. The server does
# first, and goes on last: its pulse never comes just in time to hide what the client counts.
frozen() {
	first=$(epoch s)
	freeze s
	sleep 1
	freeze c
	sleep 8
	thaw c
	sleep 1
	thaw s
	there c 'dd if=/dev/sda of=/dev/null bs=4k count=1 iflag=direct status=none' && [ "$(epoch s)" = "$first" ]
}
t "P9 a host that stands still for 8 s: nobody's pulse was missed" tries 4 frozen
pause s
t "P9 a server that is paused has no pulse" there c 'wait_for 90 eval "! state_is up"'
t "... which is said" there c 'wait_for 90 eval "info problem | grep -q \"no pulse\""'
resume s
t "P9 it comes back" there c 'wait_for 90 state_is up'
pause c
t "P9 a client that is paused has none, too" there s 'wait_for 90 eval "! state_is up"'
resume c
t "P9 it comes back" there c 'wait_for 90 state_is up'
wait $load
is "R8 V1 I/O was held meanwhile, and all is right" $? 0
t "V3 both see the same" same
is "... in other sessions" "$(($(epoch s) > first))" 1

# --- what a client leaves behind ---
t "a short path loss time" there c 'vpart adapter set p1 path-loss 5'
# block: the disk's first, as the server has it.
block() { there s 'dd if=/dev/vdb bs=4k count=1 iflag=direct status=none' | sha256sum; }
# write WORD: another first block.
write() { there c "printf %4096s $1 >/tmp/$1; dd if=/tmp/$1 of=/dev/sda bs=4k oflag=direct status=none" 2>/dev/null; }
old=$(printf %4096s old | sha256sum)
t "a block is written" write old
is "... it is there" "$(block)" "$old"
pause s
write new
is "P14 a write to a server that is paused fails in the end" $? 1
resume s
t "P9 the link is up again" there c 'wait_for 90 state_is up'
is "P14 the write was not carried out" "$(block)" "$old"
t "a long path loss time" there c 'vpart adapter set p1 path-loss 120'
t "the disk is there" there c 'wait_for 90 dd if=/dev/sda of=/dev/null bs=4k count=1 iflag=direct'

# --- killed ---
there c 'verify kill 30' &
load=$!
t "the load runs" there c 'wait_for 90 pgrep -x fio'
kill_machine s
t "P9 a server that is killed has no pulse" there c 'wait_for 90 eval "! state_is up"'
start_machine s
t "the server is there again" there s server_up
t "P9 the link comes up" there c 'wait_for 90 state_is up'
kill_machine s
start_machine s		# so fast that its end may not have been noticed
t "and once more" there s server_up
t "P9 the link comes up" there c 'wait_for 90 state_is up'
wait $load
is "R8 V1 I/O was held meanwhile, and all is right" $? 0
t "V3 both see the same" same
kill_machine c
t "P9 a client that is killed has no pulse" there s 'wait_for 90 eval "! state_is up"'
start_machine c
t "the client is there again" there c client_up
t "P9 the link comes up" there c 'wait_for 90 state_is up'
t "R11 the disk is there" there c 'wait_for 90 test -b /dev/sda'
t "V3 both see the same" same

# --- in order ---
t "the client's end goes" there c 'vpart link del p1'
t "the server has seen it" there s 'wait_for 90 eval "! state_is up"'
t "the client's end comes again" there c \
	'vpart link add p1 client client1 server vios1 id 1 connect "$(shm_here)" key k >/dev/null'
t "the link is up" there c 'wait_for 90 state_is up'
t "R11 so does the disk" there c 'wait_for 90 test -b /dev/sda'
t "V3 both see the same" same
t "all of it away" there c '{ vpart link del p1 && vpart partition del client1 && vpart partition del vios1; } >/dev/null &&
	rmmod vscsi_host vscsi_target vpart_shm vpart_auth vpart'
t "the server's too" there s 'vpart link del p1 --force >/dev/null && rmmod vpart_shm'
done_testing
