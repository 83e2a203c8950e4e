#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: vpart cluster on three machines with two links: made, a link cut, a node lost and fenced, it joins again, all leave
# kernel: host
# machines: 3
# guests: stock
# when: whole
# limit: 500
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh
# shellcheck source=tests/lib/cluster.sh
. tests/lib/cluster.sh

port=7700
setup=/etc/vpart/cluster.setup
mnt=/run/clusterfs
machine a --net one --net two --disk 160M --mem 640
for m in b c; do machine $m --net one --net two --disk-of a --mem 640; done
power $port
for m in a b c; do debian $m; done

both() { echo "$(addr "$1" one),$(addr "$1" two)"; }
join() { on -t 380 "$1" vpart cluster join /out/setup; }
fence="/src/tests/lib/fence_lab port=$port host=$(addr host one) n1:machine=a n2:machine=b n3:machine=c"
on -t 380 a "vpart cluster create prod n1=$(both a) n2=$(both b) n3=$(both c) repo /dev/vdb fence '$fence' >/out/create 2>&1" &
created=$!
t "the first one has a file for the others" wait_for 60 on a test -s $setup
on a "cp $setup /out/setup"
for m in b c; do cp "$(out a)/setup" "$(out $m)/setup"; done
join b >"$_lab/join" 2>&1 &
joined=$!
waits() { grep -q "2 of 3 nodes are there, and DLM would have the others fenced" "$(out a)/create"; }
t "P19 two of them wait for the third: it is not taken for a dead one" wait_for 90 waits
t "R17 the third one joins" join c
wait $created
rc=$?
wait $joined
is "R17 the others have become members meanwhile" "$rc $?" "0 0"
for m in a b c; do t "each sees all ($m)" wait_for 20 sees $m "n1:member n2:member n3:member"; done
is "DLM goes by both links" "$(on a "sed -n 's/^protocol=//p' /etc/dlm/dlm.conf; cat /sys/kernel/config/dlm/cluster/protocol" | xargs)" "sctp 1"

# --- a link is not missed
net_down c two
t "without one link the other one is used" on c "wait_for 20 vpart cluster add client c1"
t "... everybody is well" on a "wait_for 30 vpart cluster status"
net_up c two
is "nobody was fenced" "$(grep -c ^off "$_lab/power")" 0

# --- one is lost: two are a majority
kill_machine c
t "P19 who is lost is fenced" wait_for 60 grep -q '^c off' "$_lab/power"
t "P19 and known to be out" wait_for 60 sees a "n1:member n2:member n3:fenced"
t "V12 two go on" on -t 120 a "wait_for 40 vpart cluster status && vpart cluster add client c2"
start_machine c
debian c
t "R17 it joins again: DLM runs, and nobody else is waited for" join c
t "R22 with what was committed meanwhile" on c "wait_for 20 grep -qsx 'name: c2' $mnt/clients/*"

# --- all leave; the last one has no quorum
t "R17 one leaves" on -t 120 b vpart cluster leave
t "R22 the others see that" wait_for 20 sees c "n1:member n2:left n3:member"
t "... and go on" on c "wait_for 20 vpart cluster add client c3"
for m in c a; do t "R17 $m leaves" on -t 180 $m vpart cluster leave; done
t "V6 the repository is whole" on a fsck.clusterfs -n /dev/vdb
done_testing
