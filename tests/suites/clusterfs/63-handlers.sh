#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: handlers of events, one of each class: late, killed, hostile; vpart cluster handle
# kernel: debug
# disks: 64M
# limit: 180
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/clusterfs/lib.sh
mods clusterfs
mkfs.clusterfs --force --cluster lab --nodes 4 --objects 64 --events 8 --log 32 /dev/vdb >/dev/null
t "R17 two nodes are mounted" eval 'cfs n1 /dev/vdb && cfs n2 /dev/vdb'
walks $suite/handlers.py

# The command; n1 alone is mounted.
handler() { get "[x['handler'] for x in o if x['class'] == '$1']" cluster handlers; }
has() { handler "$1" | grep -q "vpart (pid $2)"; }
# handle NAME CLASS WORD... -- COMMAND...: in the background, into /out/NAME; when it has the class
handle() {
	vpart cluster handle "${@:2}" >/out/"$1" 2>&1 &
	wait_for 30 has "${2##*,}" $!
}
is "R20 what nobody has handled comes first" "$(vpart cluster handle topology --count 1 -- sh -c 'echo "$VPART_TEXT"')" "lu 4 d3 is there"
put='cat >>/out/json; echo "$VPART_SEQ $VPART_CLASS $VPART_SEVERITY $VPART_OBJECT $VPART_ID $VPART_NODE $VPART_TEXT" >>/out/words'
handle two topology,path --count 2 -- sh -c "$put"; two=$!
fails "R20 another is refused, and told who has it" "vpart \(pid $two\) has the path events" vpart cluster handle path -- true
t "R20 a LU" vpart cluster add lu disk9 sectors 8
t "R20 a path" vpart cluster say path "port 2 is down" severity warning lu disk9
wait $two
is "R20 the command ran for both, and it ends" $? 0
is "R20 ... with their words" "$(sed 's/^[0-9]* //' /out/words | sort)" "path warning lu 5 n1 port 2 is down
topology information lu 5 n1 lu 5 disk9 is there"
is "R20 ... and as JSON" "$(python3 -c 'import json
print(sorted((o["class"], o["id"], o["text"]) for o in map(json.loads, open("/out/json"))))')" \
	"[('path', 5, 'port 2 is down'), ('topology', 5, 'lu 5 disk9 is there')]"
is "R20 nobody handles them then" "$(handler path)" "[None]"
handle bad path --count 1 -- false; bad=$!
vpart cluster say path again
wait $bad
t "R20 a command that fails is told" grep -q "false failed" /out/bad
handle slow path --timeout 1 --count 1 -- sh -c 'echo $$ >/out/pid; sleep 1000'; slow=$!
vpart cluster say path and-again
wait $slow
t "V10 one that takes too long is killed" grep -q "took longer than 1 s, and was killed" /out/slow
t "V10 ... with what it has started" eval '[ -s /out/pid ] && ! pgrep -g "$(cat /out/pid)"'
is "R20 all are counted" "$(get '[(x["handled"], x["failed"] + x["late"]) for x in o if x["class"] == "path"]' cluster handlers)" "[(2, 2)]"

# What the node tells of itself.
own() { vpart cluster events --node --kept | cut -d' ' -f3-; }
is "P22 it is read again" "$(own | grep -c '^path: ')" 4
is "P22 ... as JSON" "$(vpart --json cluster events --node --kept | tail -1 | python3 -c 'import json, sys; o = json.load(sys.stdin); print(o["class"], o["text"], "commit" in o)')" \
	"path and-again False"
vpart cluster events --node >/out/own 2>&1 & own=$!
t "P22 a reader follows" wait_for 30 grep -q and-again /out/own
for i in $(seq 60); do vpart cluster add client c$i || break; done >/dev/null 2>/out/full
t "R20 little room is an event" grep -qx "capacity: the repository has 52 objects of 64" <(own)
t "R20 ... and next to none an error" grep -qx "capacity: the repository has 61 objects of 64" <(own)
t "R19 ... then it is full" grep -q "there is no room for another object" /out/full
is "P22 the reader has both" "$(grep -c ' capacity: ' /out/own)" 2
t "P19 quorum is lost" vpart cluster quorum lost
t "P22 the node's health is an event" wait_for 30 grep -q "health: node n1 is FROZEN: " /out/own
t "P19 it is back" vpart cluster quorum 60000
t "P22 ... which is one, too" wait_for 30 grep -qx ".* health: node n1 is OK" /out/own
is "V11 none is missing" "$(cut -d' ' -f1 /out/own | awk 'NR > 1 && $1 != last + 1 { print "gap" } { last = $1 }')" ""
kill $own
wait $own 2>/dev/null

# Both have an event at once; the second one's time is not over while the first is handled.
late() { get '[x["late"] for x in o if x["class"] in ("path", "capacity")]' cluster handlers; }
before=$(late)
handle both path,capacity --timeout 4 --count 2 -- sh -c 'sleep 3; echo "$VPART_TEXT" >>/out/done'; both=$!
vpart cluster say path one
vpart cluster say capacity two
wait $both
is "V10 two classes are handled one after the other" $? 0
is "V10 ... both" "$(sort /out/done)" "one
two"
is "V10 ... neither too late" "$(late)" "${before/%]/, 0]}"

# Whoever ends it ends the command, and the next one gets the event.
ends='trap "echo term >/out/term; exit 1" TERM; echo $$ >/out/runs; sleep 1000 & wait'
for sig in TERM KILL; do
	rm -f /out/runs
	handle ends path -- sh -c "$ends"; ends_pid=$!
	vpart cluster say path "end by $sig"
	t "V10 a command runs" wait_for 30 test -s /out/runs
	kill -$sig $ends_pid
	wait $ends_pid 2>/dev/null
	t "V10 SIG$sig ends it with its handler" wait_for 30 eval '! kill -0 $(cat /out/runs) 2>/dev/null'
	is "V10 ... and the next one gets the event" \
		"$(vpart cluster handle path --count 1 -- sh -c 'echo "$VPART_TEXT"')" "end by $sig"
done
t "V10 a command may end in its own way" grep -q term /out/term
unwaited() { python3 -c 'import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execvp("vpart", ["vpart", *sys.argv[1:]])' "$@"; }
vpart cluster say path "nobody waits"
is "V10 who ignores SIGCHLD starts it like anybody" \
	"$(unwaited cluster handle path --timeout 30 --count 1 -- sh -c 'echo "$VPART_TEXT"' 2>&1)" "nobody waits"
handle last health -- true; last=$!
t "it leaves" umount $mnt/n1
wait $last
t "R20 the command ends with the node" grep -q "node n1 is unmounted" /out/last
t "V6 the repository is whole" fsck.clusterfs -n /dev/vdb
t "the module goes" rmmod clusterfs
done_testing
