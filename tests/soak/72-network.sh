#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: cables pulled and machines paused under a mirror, and under a disk with one path
# kernel: host
# machines: 3
# round: 60
# limit: 3000
cd "$(dirname "$0")/../.." || exit
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh
# shellcheck source=tests/lib/three.sh
. tests/lib/three.sh

t "three machines" three 64M --disk 32M
t "R10 a mirror over two servers" three_up || exit
t "R10 a disk of server 1 that has no other path" eval "serve 1 /dev/vdc 3 && reach 1 3 path-loss 60"
t "R11 it is there" wait_for 60 has_disk 3
seqs_device[one]=$(disk 3) seqs_at[one]=0 seqs_blocks[one]=512

# longest NAME SECONDS: its longest I/O took at least so long.
longest() { awk -v s="$2" '/the longest took/ { exit !($(NF - 1) >= s) }' "$_lab/seqs-$1"; }
# all_up: the links are, and the mirror has both legs.
all_up() { link_is c 1 up && link_is c 2 up && link_is c 3 up && mirror_is normal; }

# outage DESCRIPTION SECONDS BEGIN END MACHINE [WORD]: under load, for so long; what was
# held must go on, and the media be right.
outage() {
	local what="$1 for $2 s"
	seqs vol
	seqs one
	t "$what: the load has begun" eval 'goes_on vol && goes_on one'
	t "$what: it begins" "$3" "${@:5}"
	sleep "$2"	# this long, nothing is waited for
	t "$what: it ends" "$4" "${@:5}"
	t "$what: R9 the mirror has both legs again" wait_for 600 all_up
	t "$what: R9 writes go on" eval 'goes_on vol && goes_on one'
	seqs_ok "$what: R8 V1 V2 no error on the mirror" vol
	seqs_ok "$what: R8 V1 V2 nor with one path" one
	t "$what: V3 each block of its disk is of its last write" seqs_check exact one s1 2
	quiet "$what"
}

outage "server 1's cable pulled" 1 net_down net_up s1 lan
outage "server 1's cable pulled" 10 net_down net_up s1 lan
t "R8 with one path, I/O was held meanwhile" longest one 8
outage "server 2's cable pulled" 10 net_down net_up s2 lan
outage "server 1 paused" 3 pause resume s1
outage "server 1 paused" 8 pause resume s1
outage "server 2 paused" 8 pause resume s2
# Both links at once: there is no leg to go on with, so all of it is held, for as long
# as the last leg may wait for its path.
for n in 1 2; do
	t "R13 a longer path loss time for link $n" on c vpart adapter set disk$n path-loss 60
done
outage "the client's cable pulled" 8 net_down net_up c lan
outage "the client paused" 8 pause resume c
is "R20 all that was lost came back" \
	"$(for n in 1 2 3; do json c '"ok" if o["logins"] - 1 == o["reconnects"] > 0 else o' link show disk$n; done | uniq)" ok

# --- longer than the path loss time ---
t "R13 one path, a short path loss time" on c vpart adapter set disk3 path-loss 5
seqs one
t "the load has begun" goes_on one
net_down s1 lan
t "R8 V10 the limit is told" wait_console 120 c 'disk3: path lost for [0-9]+ s: failing commands'
t "R8 V10 I/O fails then" wait_for 60 grep -q "error, dev $(basename "${seqs_device[one]}")" "$(console c)"
net_up s1 lan
t "R9 the link comes back" wait_for 120 link_is c 3 up
t "R9 so does the disk" goes_on one
seqs_end one
is "R8 I/O has failed, and nothing else was wrong" $? 3
t "V3 each block is of its last write that was acknowledged" seqs_check exact one s1 2
t "R9 the mirror has both legs again" wait_for 300 mirror_is normal
done_testing
