#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: DLM between machines: mount, leave, a member that dies, what is refused and why
# kernel: host
# machines: 2
# guests: stock
# limit: 300
# kernels: +6.12 7.2
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh

export PYTHONDONTWRITEBYTECODE=1
port=7400
mnt=/run/cfs
machine a --net lan --disk 64M
machine b --net lan --disk-of a
serves "$_lab/lead" python3 tests/lib/dlm.py lead $port
wait_for 30 grep -q ready "$_lab/lead"
lead() { in_net python3 tests/lib/dlm.py tell "$(addr host lan)" $port "$@"; }
# serve MACHINE ID [CLUSTER [CALLBACKS]]: its node of DLM
serve() {
	on "$1" "python3 /src/tests/lib/dlm.py serve $(addr host lan) $port $2 $(addr "$1" lan) ${*:3} 2>>/out/dlm"
}
# cfs MACHINE NODE [OPTION...]; later ones win
cfs() {
	on "$1" "mkdir -p $mnt; python3 /src/tests/suites/clusterfs/mount.py /dev/vdb $mnt lock=dlm quorum=none node=$2 ${*:3}"
}
# no DESCRIPTION SENTENCE OPTION...: it is refused so on a
no() { fails "$1" "clusterfs: $2" cfs a n1 "${@:3}"; }
at_once() {	# SENTENCE
	on a python3 -c "import sys, time
sys.path.insert(0, '/src/tests/suites/clusterfs')
import mount
start = time.monotonic()
error, text = mount.mount('/dev/vdb', '$mnt', ['lock=dlm', 'node=n1'])
sys.exit(not (\"$1\" in text and time.monotonic() - start < 1))"
}
# quick DESCRIPTION SENTENCE: it is refused so on a, which takes less than a second
quick() {
	no "$1" "$2"
	t "R17 ... in under a second" wait_for 10 at_once "$2"
}
# of MACHINE KEY [FILE]: the value of a line
of() { on "$1" "sed -n 's/^$2: //p' $mnt/${3:-config}"; }
says() { [ "$(of "$1" "$2" "${4:-config}")" = "$3" ]; }	# MACHINE KEY VALUE [FILE]
member() { on "$1" "grep -l . $mnt/nodes/* | xargs grep -h ^state | sort | xargs"; }
log() { on "$1" dmesg | grep -cE "$2"; }
led() { tail -n 1 "$_lab/lead" | grep -q -- "$1"; }

# --- what is refused, each at once
on a "mods clusterfs dlm && mkfs.clusterfs --force --cluster lab --nodes 4 --objects 256 --events 16 --log 32 /dev/vdb"
no "lock=dlm without its engine" "lock=dlm needs the module clusterfs_dlm, which cannot be loaded"
on a mods clusterfs_dlm
quick "DLM without a daemon" "DLM has no daemon here: start corosync and dlm_controld"
serve a 1 other
quick "another cluster's" "DLM's cluster is another one than lab: see cluster_name in corosync.conf"
serve a 1 lab 0
quick "DLM that tells nothing of members" "DLM does not tell of members: its recover_callbacks was off"
t "... which is left again" wait_for 20 led "-> \[\]"
is "R17 nobody was registered" "$(on a clusterfs-dump --json /dev/vdb | grep -c '"name":"n1"')" 0

# --- a daemon that does not answer
serve a 1
lead hold
no "R17 a mount has a limit" "lockspace cfs-.*-1 was not joined in time" timeout=1
fails "R17 a mount can be killed" "" on a "timeout -s KILL 2 python3 /src/tests/suites/clusterfs/mount.py /dev/vdb $mnt lock=dlm node=n1 timeout=60"
lead go
late() { [ "$(log a 'joining has ended late')" = 2 ]; }
t "what is joined late is left again" wait_for 30 late
t "... both times" wait_for 20 led "-> \[\]"

# --- two nodes
t "R17 a node" cfs a n1 cluster=lab timeout=60
on b mods clusterfs_dlm
serve b 2
t "R17 another one, on another machine" cfs b n2
is "its locks are DLM's" "$(of a lock) $(of a lockspace | sed 's/-.*-/-/')" "dlm cfs-1"
is "R17 their ids differ" "$(of a id) $(of b id)" "0 1"
t "R22 the first one sees the second" wait_for 20 says a state member nodes/n2
is "R22 both say the same" "$(on a cat $mnt/nodes/n1 $mnt/nodes/n2 $mnt/events/2)" \
	"$(on b cat $mnt/nodes/n1 $mnt/nodes/n2 $mnt/events/2)"
is "all are members" "$(of a members) $(of a locks) $(of b members) $(of b locks)" "2 running 2 running"
is "the table of mounts says so, too" "$(on b grep -c "clusterfs .*node=n2,lock=dlm," /proc/mounts)" 1
on a "mkdir -p /run/other"
fails "one kernel is one node" "this kernel is in lockspace cfs-.* already: with lock=dlm it is one node" \
	on a "python3 /src/tests/suites/clusterfs/mount.py /dev/vdb /run/other node=n3 lock=dlm"
fails "no other locks beside DLM's" "node n1 has this repository with lockspace cfs-.*, lock=dlm" \
	on a "python3 /src/tests/suites/clusterfs/mount.py /dev/vdb /run/other node=n3 lock=local"

# --- one leaves, and comes back
t "the second one leaves" on b umount $mnt
t "R22 the first one sees that" wait_for 20 says a state left nodes/n2
t "... and is alone" wait_for 20 says a members 1
is "V12 who has left has not died" "$(log a 'member 2 of lockspace .* is gone')" 0
t "R17 it comes back" cfs b n2
is "R17 with its id" "$(of b id) $(of a members)" "1 2"

# --- one dies: what it held is granted when it is fenced, and not before
kill_machine b
on a "setsid -f sh -c 'umount $mnt; echo \$? >/run/umount'"
# "db" is b's and a asks for it in EX
queued() { on a "sed -n '/^Conversion Queue/,/^Waiting Queue/p' /sys/kernel/debug/dlm/cfs-*-1 | grep -q EX"; }
t "P19 the other one waits for a lock of its" wait_for 20 queued
is "P19 ... which nobody is granted" "$(on a "cat /run/umount 2>&1" | grep -c 'No such file')" 1
t "it is fenced" lead gone 2
t "P19 then it is granted" on a "wait_for 30 test -s /run/umount"
is "... and all was well" "$(on a cat /run/umount)" 0
is "V12 who is gone is told" "$(log a 'node n1: member 2 of lockspace .* is gone')" 1
is "V6 that the first one has left is a record" \
	"$(on a clusterfs-dump --json /dev/vdb | grep -c '"state":"left"')" 1
start_machine b
on b mods clusterfs_dlm
serve b 2
t "R17 the one that died comes back" cfs b n2
is "R17 with its id, alone" "$(of b id) $(of b members)" "1 1"
t "R17 the other one, too" cfs a n1
t "V6 the repository is whole" on a fsck.clusterfs -n /dev/vdb

# --- nobody answers when it leaves
t "it leaves" on b umount $mnt
t "the modules go" on b rmmod clusterfs_dlm clusterfs
lead hold
t "V10 to leave has a limit" on a umount $mnt
is "... which it says" "$(log a 'goes on in the background')" 1
fails "... the module is still needed" "in use" on a rmmod clusterfs_dlm
lead go
gone() { on a rmmod clusterfs_dlm clusterfs 2>/dev/null; }
t "it has left, and the modules go" wait_for 20 gone
is "no order went wrong" "$(grep -c '^node' "$_lab/lead")" 0
done_testing
