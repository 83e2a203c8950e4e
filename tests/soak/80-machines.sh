#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: three machines under load: cables pulled, machines paused and killed, by a seed
# kernel: host
# machines: 3
# round: 1800
# limit: 1200
cd "$(dirname "$0")/../.." || exit
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh
# shellcheck source=tests/lib/three.sh
. tests/lib/three.sh

end=$((SECONDS + ${SOAK_SECONDS:-300}))
RANDOM=$((${SEED:-$$} & 32767))

t "three machines" three 64M --disk 32M
t "R10 a mirror over two servers" three_up || exit
t "R10 a disk of server 1 that has no other path" eval 'serve 1 /dev/vdc 3 && reach 1 3 path-loss 300' || exit
t "R11 it is there" wait_for 60 has_disk 3 || exit
keep c

one() { seqs one "$(disk 3)" 0 512; }	# its name may be another one now
both_go_on() { goes_on vol && goes_on one; }
all_up() { link_is c 1 up && link_is c 2 up && link_is c 3 up && mirror_is normal; }
# patience SECONDS: how long a leg waits for its path.
patience() { on c "vpart adapter set disk1 path-loss $1 && vpart adapter set disk2 path-loss $1" >/dev/null; }

# Each MACHINE SECONDS.
cable() { net_down "$1" lan && sleep "$2" && net_up "$1" lan; }
paused() { pause "$1" && sleep "$2" && resume "$1"; }
killed() { kill_machine "$1" && sleep "$2" && start_machine "$1" && back "$1"; }
# happens WHAT HOW MACHINE SECONDS
happens() {
	if [ "$2$3" != killedc ]; then
		t "$1: it happens, and is over" "${@:2}"
		return
	fi
	# Its writers end with it; what they were told must be on both disks.
	t "$1: it happens" kill_machine c
	wait "${seqs_pid[vol]}" "${seqs_pid[one]}"
	t "$1: V1 vios1's disk has what was acknowledged, or later" seqs_check least vol s1
	t "$1: V1 vios2's disk too" seqs_check least vol s2
	t "$1: V1 the disk with one path too" seqs_check least one s1 2
	sleep "$4"
	t "$1: R9 it is over" eval 'start_machine c && back c && wait_for 60 has_disk 3'
	seqs vol
	one
}

# one_round NUMBER: something happens, and heals; then all must be as it should.
one_round() {
	local machines=(s1 s2 c) seconds=(1 10 60) hows=(cable paused killed) again=''
	local m=${machines[RANDOM % 3]} s=${seconds[RANDOM % 3]} how=${hows[RANDOM % 3]} what
	[ $((RANDOM % 3)) != 0 ] || again=1
	what="round $1: $m $how for $s s"
	# Without its own cable the client has no leg to go on with.
	if [ $m = c ]; then patience 120; else patience 5; fi
	seqs vol
	one
	t "$what: the load has begun" both_go_on
	happens "$what" $how $m $s
	if [ -n "$again" ] && [ $m != c ]; then
		t "$what: R9 the link comes back" wait_for 120 link_is c ${m#s} up
		happens "$what: again, while its leg is filled" $how $m $s
	fi
	t "$what: R9 all links are up, the mirror has both legs" wait_for 900 all_up
	t "$what: R9 writes go on" both_go_on
	seqs_ok "$what: R8 V1 V2 no error on the mirror" vol
	seqs_ok "$what: R8 V1 V2 nor with one path" one
	t "$what: V3 each block of its disk is of its last write" seqs_check exact one s1 2
	quiet "$what"
}

for ((number = 1; number == 1 || SECONDS < end; number++)); do
	one_round $number
	[ "$_failed" = 0 ] || break	# the rest says nothing
done
echo "# seed ${SEED:-$$}: $((number - 1)) rounds"
done_testing
