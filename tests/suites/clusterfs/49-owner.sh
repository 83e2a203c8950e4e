#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the owner of a LU: chosen, moved to a named node, and taken over when it is proven to be out
# kernel: debug
# disks: 64M
# limit: 240
# kernels: 6.12 +7.2
. /src/tests/lib/guest.sh
. /src/tests/suites/clusterfs/lib.sh
mods clusterfs

lu=7d1c3a52-90be-4f0a-8a2e-5f7d0b6c1e01
vol=7d1c3a52-90be-4f0a-8a2e-5f7d0b6c1e02
own() { echo "$1 $2 ${3:-lu $lu}" >/sys/kernel/debug/clusterfs/owner; }
told() { sed -n "s/^$1 $lu //p" /sys/kernel/debug/clusterfs/owner; }
says() { of "$2" "$mnt/$1/lus/1"; }
role() { [ "$(says "$1" role)" = "$2" ]; }
owner() { [ "$(says "${3:-$1}" owner) $(says "${3:-$1}" term)" = "$1 $2" ]; }
json() { vpart --json cluster owners at "$1" | python3 -c 'import json, sys
print(*[r[k] for r in json.load(sys.stdin) for k in sys.argv[1:]])' "${@:2}"; }

repo --events 64 /dev/vdb >/dev/null
t "R17 three nodes" eval 'cfs n1 /dev/vdb && cfs n2 /dev/vdb && cfs n3 /dev/vdb'
t "a LU" vpart cluster add lu d1 sectors 2048 uuid $lu at n1
t "R22 all know it" wait_for 20 test -e $mnt/n2/lus/1 -a -e $mnt/n3/lus/1
is "nobody could own it" "$(says n1 owner) $(says n1 role)" "none none"
fails "an unknown LU has no owner" "No such file" own take n1 "lu $vol"
t "P4 the first one that could" own take n1
t "P5 ... is the owner" eval 'wait_for 20 role n1 active && owner n1 1'
t "P4 two more" eval 'own take n2 && wait_for 20 role n2 queued && own take n3'
t "P4 ... wait, in order" eval 'wait_for 20 role n3 queued && wait_for 20 grep -q "^reason: another node has it" $mnt/n2/lus/1'
is "V10 ... and say what ends that" "$(says n2 ends-by)" "vpart cluster move lu d1 to n2 at n1"
t "V10 ... since when" test "$(says n2 since)" -gt 1500000000
is "R22 the tool says the same" "$(json n2 type name owner term role ends)" \
	"lu d1 n1 1 queued vpart cluster move lu d1 to n2 at n1"
fails "a LU that is owned is not removed" "owned by node 0" vpart cluster del lu d1 at n2

fails "P6 who is not the owner moves nothing" "node n2 is not the owner of lu 1" \
	vpart cluster move lu d1 at n2
fails "P6 it goes to a member" "node 3 is no member" vpart cluster move lu d1 to 3 at n1
fails "P6 ... not to where it is" "is the one that it is to be moved from" \
	vpart cluster move lu d1 to n1 at n1
t "a command is on its way" own begin n1
{ vpart cluster move lu d1 to n3 at n1; echo $? >/run/moved; } &
t "P6 it is to move: it drains" wait_for 20 role n1 draining
fails "P6 ... and admits nothing more" "temporarily unavailable" own begin n1
t "V10 ... for what was begun, and says so" wait_for 20 grep -q "^reason: what was begun has not ended: it was given" $mnt/n1/lus/1
end=$(json n1 ends)
is "V10 ... and what ends that, at another node" "${end% boot *} ${end##* method }" "power n1 off, then vpart cluster fenced n1 WORD at n2"
fails "P6 ... it is moved once" "moving lu 1 away already" vpart cluster move lu d1 at n1
t "V4 nobody else has it" eval 'owner n1 1 n2 && role n2 queued && role n3 queued'
t "P6 the command ends, and may be answered" own end n1
t "P6 then it has moved" wait_for 20 grep -qx 0 /run/moved
t "P6 ... to the one that was named, not the first that waits" wait_for 20 eval 'role n3 active && owner n3 2 n2'
fails "P6 what comes to the old owner is STALE" "Stale" own begin n1
t "P6 it was parked, and then demoted" wait_for 20 eval '[ "$(told n1)" = "term 0 held 0 parked 1 lost 0 demoted 1" ]'
t "P4 it waits again" wait_for 20 role n1 queued

t "a command is on its way at the owner" own begin n3
fault kill n3
t "P5 the owner dies: the next one waits for a proof" wait_for 20 eval 'role n1 proof || role n2 proof'
if role n1 proof; then a=n1 b=n2; else a=n2 b=n1; fi
is "V10 ... of whose end, and says so" "$(says $a waits-for) $(says $a reason)" \
	"n3 the old owner has to leave or to be fenced"
fails "V4 ... and does not execute" "Stale" own begin $a
is "V5 its term is there before it has it" "$(says $a owner) $(says $a term)" "n3 3"
end=$(json $a ends)
is "V10 the command that ends that" "${end% boot *}" "vpart cluster fenced n3"
# shellcheck disable=SC2086
t "P5 it is said: the node is out" ${end/WORD/lab} at $b
t "P5 the next one is the owner" wait_for 20 eval 'role $a active && owner $a 3 $b'
t "V4 it executes" eval 'own begin $a && own end $a'
t "V12 the dead one has lost it" wait_for 20 eval '[ "$(told n3)" = "term 2 held 1 parked 0 lost 1 demoted 0" ]'
fails "V12 ... and answers nothing GOOD" "Stale" own end n3
t "V12 ... nor admits anything" eval '! own begin n3 2>/dev/null'
t "V12 ... and is demoted" wait_for 20 eval '[ "$(told n3)" = "term 0 held 0 parked 0 lost 1 demoted 1" ]'
t "it is unmounted" umount $mnt/n3
is "its user knows" "$(told n3)" "term 0 held 0 parked 0 lost 1 demoted 1 gone"

t "a volume has an owner, too" eval 'vpart cluster add volume v1 sectors 2048 uuid $vol at $a && own take $a "volume $vol"'
t "... whose part is told with it" wait_for 20 eval '[ "$(of role $mnt/$a/volumes/1)" = active ]'
is "R22 ... by the tool, after the LUs" "$(json $a type owner role)" "lu $a active volume $a active"
t "a command is on its way at the owner" own begin $a
{ umount $mnt/$a; echo $? >/run/left; } &
t "P4 the owner leaves: its volume is served by nobody, its LU drains" wait_for 20 eval '[ "$(json $a role)" = "draining off" ]'
t "V10 ... and says what it waits for" eval 'json $a reason | grep -q "what was begun has not ended: it is given up"'
is "V4 nobody else has it" "$(says $b owner) $(says $b role)" "$a queued"
t "the command ends" own end $a
t "P4 it has left" wait_for 20 grep -qx 0 /run/left
t "P4 the next one has it, without a verdict" wait_for 20 eval 'role $b active && owner $b 4'
is "R20 each owner is an event" "$(grep -h '^text: node .* is the owner of lu 1' $mnt/$b/events/* |
	grep -o 'node n[0-9].*' | sort -t, -k2 | xargs)" \
	"node n1 is the owner of lu 1, term 1 node n3 is the owner of lu 1, term 2 node $a is the owner of lu 1, term 3 node $b is the owner of lu 1, term 4"
t "they give it up" eval 'own drop n1 && own drop n2 && own drop n3 && own drop $a "volume $vol"'
t "P6 nobody owns it" wait_for 20 eval '[ "$(says $b owner) $(says $b role)" = "none none" ]'
t "it can be removed" vpart cluster del lu d1 at $b
t "it leaves" umount $mnt/$b
t "V6 the repository is whole" fsck.clusterfs -n /dev/vdb
t "the module goes" rmmod clusterfs
done_testing
