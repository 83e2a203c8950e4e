#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: vpart-clusterd: the lease by corosync's quorum, who kills it and what is hung; verdicts of fence_vpart
# kernel: stock
# disks: 64M 64M
# mem: 1024
# limit: 240
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh
# shellcheck source=tests/suites/clusterfs/lib.sh
. /src/tests/suites/clusterfs/lib.sh
# shellcheck source=tests/lib/corosync.sh
. /src/tests/lib/corosync.sh

verdicts=/run/vpart-clusterd/verdicts
why() { of reason "$mnt/$1/config"; }
# said DESCRIPTION SECONDS REGEX [TIMES]
said() { t "$1" wait_for "$2" clusterd_says "$3" "${4:-1}"; }
# The corosync that is this machine's, and not the other one
own_pid() {
	own() { own=$(pidof corosync | tr ' ' '\n' | grep -vx "$other"); [ -n "$own" ]; }
	wait_for 10 own
}
# same DESCRIPTION: it is the daemon that was started last
same() { is "$1" "$(pid vpart-clusterd)" "$daemon"; }
up() { clusterd_up --lease 1000; wait_for 5 pid vpart-clusterd && daemon=$(pid vpart-clusterd); }
count() { grep -cE -- "$1" /out/clusterd; }
becomes() { t "$1" wait_for "$2" state n1 "$3"; }	# DESCRIPTION SECONDS STATE

# --- its words
t "it has help with an example" grep -q '^Example:' <<<"$(vpart-clusterd --help)"
t "fence_vpart, too" grep -q '^Example' <<<"$(fence_vpart --help)"
t "they have versions" grep -c '^[a-z_-]* [0-9]' <<<"$(vpart-clusterd --version; fence_vpart --version)"
for words in "sing" "--lease" "--lease 399" "--lease 60001" "--lease 1x" "--lease 500 x"; do
	# shellcheck disable=SC2086
	is "refused: $words" "$(code vpart-clusterd $words) $(wc -l </tmp/err)" "2 1"
done
# order LINE...: fence_vpart is told so
order() { printf '%s\n' "$@" | fence_vpart; }
fails "an agent is needed" "agent= is missing" order node=2
fails "a node, too" "node= is missing" order agent=true
fails "a number, not a name" "'n2' is no number of a node" order agent=true node=n2
fails "to look is not to fence" "action=status fences nobody" order agent=true node=2 action=status
fails "an agent that does not look whether it was off" "confirms nothing" order agent=true node=2 method=cycle
fails "an agent by half a path" "is no agent" order agent=../true node=2
fails "too much" "more than [0-9]* characters" order agent=true node=2 "x=$(printf '%09000d' 0)"

# --- nothing is there yet
mkdir -m 777 /run/vpart-clusterd
fails "a folder that anybody can write to is refused" "not a folder that only this user" vpart-clusterd
chmod 755 /run/vpart-clusterd
up
said "without a module and a mount it waits, and says so" 10 "waits for one"
fails "there is one of it" "another vpart-clusterd runs already" vpart-clusterd
mods clusterfs
repo /dev/vdb >/dev/null
t "a node that needs no lease" cfs n3 /dev/vdb
t "R17 a node that needs one" cfs n1 /dev/vdb quorum=lease
said "it is seen" 10 "node n1 of cluster lab: mounted"
said "V12 without corosync its lease is not renewed" 10 "n1 .* not renewed: corosync does not answer"
is "P19 one that needs none is left alone" "$(grep -c 'node n3' /out/clusterd)" 0
becomes "P19 the lease of the mount runs out" 20 SUSPECT

# --- corosync is there
corosync_conf 1,n1,192.0.2.1 2,n2,192.0.2.2
corosync_other 192.0.2.2 192.0.2.1
corosync_up
own_pid
becomes "P19 with quorum it is OK" 30 OK
said "... which is said" 5 "there is quorum, its lease of 1000 ms is renewed"
is "it runs before others, and is not swapped out" \
	"$(chrt -p "$(pid vpart-clusterd)" | sed -n 's/.*policy: //p') $(grep -c 'VmLck:.*[1-9]' "/proc/$(pid vpart-clusterd)/status")" \
	"SCHED_RR 1"
since=$(of since $mnt/n1/config)
ticks() { awk '{ print $14 + $15 }' "/proc/$(pid vpart-clusterd)/stat"; }
before=$(ticks)
sleep 3	# three leases, of which none may run out
is "P19 it stays so" "$(of state $mnt/n1/config) $(of since $mnt/n1/config)" "OK $since"
used=$(($(ticks) - before))
t "it does nothing in between: $used of 300 ticks" [ "$used" -lt 30 ]

# --- quorum
kill -STOP "$other"
t "P19 quorum is lost: FROZEN" wait_for 10 state n1 FROZEN
is "... for that reason" "$(why n1)" "there is no quorum"
is "... which was told, and did not run out" "$(dmesg | grep -c 'node n1: OK -> SUSPECT: the quorum lease')" 1
kill -CONT "$other"
becomes "P19 quorum is back" 10 OK

# --- corosync stands still, and dies
before=$(count "stands still")
kill -STOP "$own"
becomes "V12 corosync stands still: the lease runs out" 10 SUSPECT
is "... by itself" "$(why n1)" "the quorum lease has run out: nobody renews it"
said "... which is said" 5 "not renewed: corosync stands still" $((before + 1))
same "... by a daemon that goes on"
becomes "P19 it is FROZEN then" 10 FROZEN
kill -CONT "$own"
becomes "it goes on" 10 OK
kill -STOP "$own"
becomes "corosync stands still again" 10 SUSPECT
before=$(count "has gone|does not answer")
kill -KILL "$own"
said "... and dies: that is noticed" 20 "not renewed: corosync (has gone|does not answer)" $((before + 1))
corosync_up
own_pid
becomes "P19 another one is found" 30 OK
kill -KILL "$own"
becomes "V12 it is killed: the lease runs out" 10 SUSPECT
becomes "... and it is FROZEN" 10 FROZEN
corosync_up
own_pid
becomes "P19 another one is found again" 30 OK
same "all of that left the daemon as it is"

# --- the daemon ends
kill -TERM "$(pid vpart-clusterd)"
t "it ends when it is asked to" wait_for 5 bash -c '! pidof vpart-clusterd'
is "P19 no lease is withdrawn by that" "$(why n1 | grep -c 'no quorum')" 0
becomes "V12 it runs out" 10 SUSPECT
up
becomes "P19 another one renews it" 10 OK
kill -STOP "$(pid vpart-clusterd)"
becomes "V12 it stands still: the lease runs out" 10 SUSPECT
kill -CONT "$(pid vpart-clusterd)"
becomes "P19 it goes on" 10 OK

# --- verdicts
t "another node" cfs n2 /dev/vdb quorum=lease
fenced() { [ "$(of state $mnt/n1/nodes/n2)" = fenced ]; }
kept() { list $verdicts; }
cat >/tmp/agent <<'EOT'
#!/bin/bash
cat >/tmp/agent.in
[ ! -x /tmp/meanwhile ] || /tmp/meanwhile
exit "$(cat /tmp/agent.rc)"
EOT
chmod +x /tmp/agent
echo 3 >/tmp/agent.rc
fails "P19 an agent that fails fences nobody" "agent /tmp/agent has not fenced node 2: exit code 3" \
	order agent=/tmp/agent node=2 port=7 fail_time=9
is "... it was told all but its name" "$(xargs </tmp/agent.in)" "node=2 port=7 fail_time=9 method=onoff"
is "P19 ... and there is no verdict" "$(kept) $(of state $mnt/n1/nodes/n2)" " member"
echo 0 >/tmp/agent.rc
fails "a node that corosync does not know is not fenced" "node 7 is not in the nodelist" order agent=/tmp/agent node=7
t "who comes back is not fenced" order agent=/tmp/agent node=2 action=on
is "... its agent is told nothing more" "$(xargs </tmp/agent.in)" "node=2 action=on"
is "... there is no verdict" "$(kept)" ""

# The node comes back while its agent ends: that life goes on.
cat >/tmp/meanwhile <<EOT
#!/bin/bash
umount $mnt/n2 && exec python3 $suite/mount.py /dev/vdb $mnt/n2 node=n2 lock=local quorum=lease
EOT
chmod +x /tmp/meanwhile
t "P19 a node comes back while it is fenced" order agent=/tmp/agent node=2
rm /tmp/meanwhile
said "P19 ... the verdict is about its life before" 20 "n2 of cluster lab was fenced by agent, which is of no use: .*verdict is about boot"
nothing_kept() { [ -z "$(kept)" ]; }
t "P19 ... and nothing is kept of a node that corosync sees" wait_for 5 nothing_kept
is "P19 ... it is a member" "$(of state $mnt/n1/nodes/n2)" member

kill -TERM "$(pid vpart-clusterd)"
wait_for 5 bash -c '! pidof vpart-clusterd'
t "P19 a node is fenced while nobody listens" order agent=/tmp/agent node=2
is "... the verdict is kept" "$(kept | wc -w) $(of state $mnt/n1/nodes/n2)" "1 member"
echo "node=n2" >$verdicts/0b6f3a70-52c1-4e0e-9a42-4d1f8c9b7a01
ln -s /etc/passwd $verdicts/0b6f3a70-52c1-4e0e-9a42-4d1f8c9b7a02
head -c 3000 /dev/zero >$verdicts/x
up
t "P19 it is stored when somebody does" wait_for 20 fenced
said "what is no verdict is said" 5 "is no verdict: removed" 3
t "... and nothing is kept" wait_for 5 nothing_kept
t "R20 all nodes are told" grep -q 'node n2, boot .* is fenced (agent)' <<<"$(vpart cluster events --from 1 --kept at n1)"
t "P19 who was fenced is LOST" wait_for 10 state n2 LOST
said "... which is said once" 10 "node n2 of cluster lab: .*LOST"
t "a node that is out is fenced again" order agent=/tmp/agent node=2
t "... that is no verdict" wait_for 5 nothing_kept
is "... and changes nothing" "$(of state $mnt/n1/nodes/n2)" fenced
umount $mnt/n2
t "R17 it comes back" cfs n2 /dev/vdb quorum=lease
t "P19 with a lease" wait_for 10 state n2 OK
is "all of that left n1 as it is" "$(of state $mnt/n1/config)" OK

# --- two repositories
repo /dev/vdc >/dev/null
mkdir -p $mnt/other
for quorum in lease none; do
	fails "P19 no second repository of a node that needs a lease: quorum=$quorum" \
		"node n1 of cluster lab has another repository here" \
		python3 $suite/mount.py /dev/vdc $mnt/other node=n1 lock=local quorum=$quorum
done
t "... one of another name" python3 $suite/mount.py /dev/vdc $mnt/other node=n4 lock=local quorum=none
umount $mnt/other
for node in n1 n2 n3; do umount $mnt/$node; done
said "it waits for the next mount" 10 "is mounted any more: waits for one"

# --- the module is loaded anew
t "the module is removed" rmmod clusterfs
mods clusterfs
t "R17 a node" cfs n1 /dev/vdb quorum=lease
since=$(of since $mnt/n1/config)
sleep 12	# longer than the lease of the mount
is "P19 its lease is renewed by the same daemon" \
	"$(of state $mnt/n1/config) $(of since $mnt/n1/config) $(pid vpart-clusterd)" "OK $since $daemon"
umount $mnt/n1

# --- its disk stands still while it leaves
dm() { dmsetup --noudevsync --noudevrules "$@"; }
mods dm_mod
dm create slow --table "0 $(blockdev --getsz /dev/vdb) linear /dev/vdb 0"
dm mknodes slow
t "R17 a node" cfs n1 /dev/mapper/slow quorum=lease
becomes "P19 with a lease" 10 OK
before=$(dmesg | grep -c 'node n1: OK -> SUSPECT')
dm suspend --nolockfs --noflush slow
umount $mnt/n1 &
left=$!
sleep 6	# longer than the lease, and than a node is SUSPECT
t "it leaves, which takes longer than its lease" kill -0 $left
dm resume slow
waited "... and has left" $left
is "P19 its lease was renewed until then" "$(dmesg | grep -c 'node n1: OK -> SUSPECT')" "$before"
is "... and that it has left is recorded" \
	"$(dmesg | grep -c 'n1: that it has left is not recorded') $(clusterfs-dump --json /dev/vdb | grep -c '"state":"member"')" "0 0"
dm remove slow
t "V6 the repository is whole" fsck.clusterfs -n /dev/vdb

# --- the local copy
copies=/var/lib/vpart/cluster
local_of() { get "$1" cluster local show at n1; }
has() { [ "$(local_of 'sorted(l["name"] for l in o["list"].get("lu", []))')" = "$1" ]; }
expect() { echo "expect=$(local_of 'o["expect"]')"; }
for node in n1 n2; do cfs $node /dev/vdb quorum=lease; done
vpart cluster add client web at n1 >/dev/null
vpart cluster add adapter client web node n1 at n1 >/dev/null
for i in 1 2; do
	vpart cluster add lu disk$i sectors 8 at n1 >/dev/null
	vpart cluster map disk$i web lun $i at n1 >/dev/null
done
vpart cluster add lu far sectors 8 at n1 >/dev/null
t "R18 a node keeps what concerns it" wait_for 10 has "['disk1', 'disk2']"
is "... under its name" "$(list $copies)" "n1@lab n2@lab"
umount $mnt/n1
vpart cluster unmap disk2 web at n2 >/dev/null
vpart cluster del lu disk2 at n2 >/dev/null
t "R18 it is back" cfs n1 /dev/vdb quorum=lease "$(expect)"
said "R18 what was deleted meanwhile is dropped, and said" 10 "lu [0-9]*, disk2 \([0-9a-f-]*\) was deleted meanwhile: dropped"
t "R20 ... as an event" grep -q "health: .*disk2 .* dropped from the local copy" <<<"$(vpart cluster events --node --from 1 --kept at n1)"
t "... and is not kept" wait_for 10 has "['disk1']"
becomes "P19 it has a lease" 10 OK
for node in n1 n2; do umount $mnt/$node; done
dd if=/dev/vdb of=/tmp/older bs=1M conv=sparse iflag=direct status=none
cfs n1 /dev/vdb quorum=lease
vpart cluster add lu disk3 sectors 8 at n1 >/dev/null
vpart cluster map disk3 web lun 3 at n1 >/dev/null
t "R18 time goes by" wait_for 10 has "['disk1', 'disk3']"
umount $mnt/n1
expect=$(expect)
dd if=/tmp/older of=/dev/vdb bs=1M oflag=direct status=none
before=$(md5sum </dev/vdb)
fails "P23 an older image is refused, which says the command that ends that" \
	"this repository is older than what the node knew: commit [0-9]+ of term .*; to use it all the same: vpart cluster local forget" \
	cfs n1 /dev/vdb quorum=lease "$expect"
is "P23 ... and nothing is written" "$(md5sum </dev/vdb)" "$before"
t "by hand it is mounted" cfs n1 /dev/vdb quorum=lease
becomes "P23 ... and FROZEN" 10 FROZEN
said "P23 ... which is said" 10 "not renewed: the repository is older than its local copy: .*: vpart cluster local forget"
t "R20 ... as an alert" grep -q "health: .*the repository is older than its local copy" <<<"$(vpart cluster events --node --from 1 --kept at n1)"
sleep 2
is "P23 ... it stays so, and so does the copy" "$(of state $mnt/n1/config) $(expect)" "FROZEN $expect"
t "P23 what it knew is forgotten" vpart cluster local forget at n1
becomes "P19 it has a lease" 10 OK
t "R18 the copy is begun anew" wait_for 10 has "['disk1']"
umount $mnt/n1
done_testing
