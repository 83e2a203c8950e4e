#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: corosync, dlm_controld and vpart-clusterd on two machines: quorum, a node that is fenced, its return
# kernel: host
# machines: 2
# guests: stock
# limit: 300
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh
# shellcheck source=tests/lib/cluster.sh
. tests/lib/cluster.sh

export PYTHONDONTWRITEBYTECODE=1
port=7500
mnt=/run/cfs
hold=$_lab/hold		# while it is there, the fence agent waits
# corosync locks its memory.
machine a --net lan --disk 64M --mem 768
machine b --net lan --disk-of a --mem 768
power $port "$hold"

# lib MACHINE COMMAND: with the functions of corosync.sh
lib() { on "$1" ". /src/tests/lib/corosync.sh; $2"; }
# of MACHINE KEY [FILE]: the value of a line
of() { on "$1" "sed -n 's/^$2: //p' $mnt/${3:-config}"; }
says() { [ "$(of "$1" "$2" "${4:-config}")" = "$3" ]; }	# MACHINE KEY VALUE [FILE]
# becomes DESCRIPTION SECONDS MACHINE STATE
becomes() { t "$1" wait_for "$2" says "$3" state "$4"; }
cfs() {	# MACHINE NODE
	on -t 100 "$1" "mkdir -p $mnt; python3 /src/tests/suites/clusterfs/mount.py /dev/vdb $mnt lock=dlm node=$2 timeout=60"
}
# all of a node but its mount
up() {
	lib "$1" "mods clusterfs_dlm
		PAIR=1 corosync_conf 1,n1,$(addr a lan) 2,n2,$(addr b lan)
		corosync_up"
}
controlled() {
	local at
	at="host=$(addr host lan) port=$port"
	lib "$1" "wait_for 60 quorate && clusterd_up && dlm_up \
		'device lab fence_vpart agent=/src/tests/lib/fence_lab $at' \
		'connect lab node=1 machine=a' 'connect lab node=2 machine=b'"
}
said() { lib "$1" "clusterd_says '$2' ${3:-1}"; }	# MACHINE REGEX [TIMES]

on a "mods clusterfs && mkfs.clusterfs --force --cluster lab --nodes 4 --objects 256 --events 16 --log 32 /dev/vdb"
up a
up b
t "both have quorum, DLM and the agent" controlled a
t "... and so has the other one" controlled b
t "R17 a node" cfs a n1

# --- a name that corosync does not know
t "R17 a node under another name than corosync's" cfs b n9
t "P19 it gets no lease" wait_for 20 said b "node n9 .*not renewed: this node is n2 in corosync.conf"
t "... and leaves" on b umount $mnt
t "R17 with its name" cfs b n2
for m in a b; do
	becomes "P19 $m has quorum" 30 $m OK
	t "... by its agent" wait_for 10 said $m "node n[12] .*its lease of 2000 ms is renewed"
done
is "the table of mounts says what locks these are" "$(on a grep -c "clusterfs .*lock=dlm" /proc/mounts)" 1
on a "vpart cluster add client c1 >/dev/null"
is "R22 both see the same" "$(on b "cat $mnt/clients/*" | grep -cx 'name: c1')" 1

# --- a LU: its owner, and a move
lu=7d1c3a52-90be-4f0a-8a2e-5f7d0b6c1e01
own() { on "$1" "echo $2 $3 lu $lu >/sys/kernel/debug/clusterfs/owner"; }	# MACHINE WHAT NODE
part() { says "$1" role "$2" lus/1; }
owner() { [ "$(of "$1" owner lus/1) $(of "$1" term lus/1)" = "$2" ]; }	# MACHINE "NODE TERM"
on a "vpart cluster add lu d1 sectors 2048 uuid $lu >/dev/null"
t "P4 a LU could be owned by both" eval 'own a take n1 && wait_for 20 part a active && own b take n2'
t "P4 ... and is by one" wait_for 20 part b queued
t "P6 it is moved, by DLM's locks" on a vpart cluster move lu d1 to n2
t "P6 ... to the other one" wait_for 20 eval 'part b active && owner a "n2 2"'
t "a command is on its way there" own b begin n2
t "P4 the first one waits again" wait_for 20 part a queued

# --- corosync dies on one: it stops, the other one waits until it is fenced
touch "$hold"
on b 'kill -KILL $(pidof corosync)'
becomes "V12 without corosync the lease runs out" 20 b FROZEN
t "P19 the other one has it fenced" wait_for 60 grep -q '^off b' "$_lab/power"
is "P19 nothing rests on it yet" "$(of a state nodes/n2)" member
on a "setsid -f sh -c 'vpart cluster add client c2; echo \$? >/run/added'" >/dev/null
like=$(of a state)	# FROZEN after 10 s
t "V4 nobody else owns the LU" eval 'part a queued && owner a "n2 2"'
is "... it does not commit" "${like/FROZEN/SUSPECT} $(on a "ls /run/added 2>&1" | grep -c 'No such file')" "SUSPECT 1"
rm "$hold"
t "P19 the agent has confirmed it" wait_for 30 grep -q '^b off' "$_lab/power"
becomes "P19 then the other one goes on" 40 a OK
t "P19 and the cluster knows who is out" wait_for 40 says a state fenced nodes/n2
t "... by which agent" on a "vpart cluster events --from 1 --kept | grep -q 'node n2, boot .* is fenced (fence_lab)'"
is "no verdict is kept" "$(on a 'ls /run/vpart-clusterd/verdicts && echo none else')" "none else"
t "P5 then the LU is taken over" wait_for 30 eval 'part a active && owner a "n1 3"'
t "R21 it is the primary node" wait_for 30 says a node n1 primary
t "R19 it commits what waited" on a "wait_for 30 test -s /run/added && grep -x 0 /run/added"
t "... and more" on a vpart cluster add client c3

# --- the one that was fenced returns
start_machine b
up b
t "the machine is started again" controlled b
t "R17 it mounts" cfs b n2
becomes "P19 it has quorum" 30 b OK
is "R18 it is a member, with what was committed meanwhile" \
	"$(of a state nodes/n2) $(on b "cat $mnt/clients/*" | grep -cx 'name: c3')" "member 1"
becomes "the other one is well" 20 a OK

# --- one dies while the other one has nothing mounted that says which life that was
t "the other one leaves" on a umount $mnt
kill_machine b
kept() { on a "test -e /run/vpart-clusterd/verdicts/node-2"; }
t "P19 it is fenced all the same" wait_for 60 kept
is "P19 its record says nothing of that" "$(on a clusterfs-dump --json /dev/vdb | grep -c '"state":"member"')" 1
t "R17 the other one mounts" cfs a n1
t "P19 which life that was is known then" wait_for 40 says a state fenced nodes/n2
start_machine b
up b
t "P19 corosync sees it again, and the verdict is no use any more" \
	wait_for 60 said a "node n2 was fenced by fence_lab is of no use any more"
is "... and is not kept" "$(on a 'ls /run/vpart-clusterd/verdicts && echo none else')" "none else"

# --- in order
t "the other one leaves" on a umount $mnt
t "V6 the repository is whole" on a fsck.clusterfs -n /dev/vdb
done_testing
