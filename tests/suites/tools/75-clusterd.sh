#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: host
# limit: 400
# summary: vpart-clusterd beside a corosync and a kernel that do as they are told: old answers, errors, verdicts, local copies
cd "$(dirname "$0")/../../.." || exit
# Mounts of its own: the daemon looks when they change.
[ "${OWN_MOUNTS:-}" = 1 ] || OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
# shellcheck source=tests/lib/guest.sh
. tests/lib/guest.sh

log=$PWD/build/log/${NAME:-tools/75-clusterd}
rm -rf "$log"
mkdir -p "$log/lab" "$log/mnt" "$log/lib"
export LAB=$log/lab ASAN_OPTIONS=detect_leaks=0
verdicts=$log/run/verdicts
copies=$log/lib/vpart/cluster
life=0b6f3a70-52c1-4e0e-9a42-4d1f8c9b7a01
later=0b6f3a70-52c1-4e0e-9a42-4d1f8c9b7a02
pid=
trap '[ -z "$pid" ] || kill -KILL "$pid"; [ -n "$_finished" ] || echo "Bail out! it ended early"' EXIT

program() {	# NAME SOURCE...: with what stands for the others
	local out=$1
	shift
	gcc -O1 -g -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -pthread \
		-fsanitize=address,undefined -fno-sanitize-recover=undefined \
		-DVPART_VERSION='"lab"' "-DRUN_FOLDER=\"$log/run\"" "-DMOUNT_TABLE=\"$LAB/mountinfo\"" \
		"-DCOPY_FOLDER=\"$copies\"" -DCOPY_MS=300U -DCOPY_AGAIN_MS=300U \
		-Itools/vpart-clusterd -Itools/libvpart -Iinclude/uapi -Wl,--wrap=openat \
		-o "$log/$out" tests/suites/tools/{clusterd,database}_lab.c tools/libvpart/cluster_{copy,take}.c \
		"${@/#/tools/vpart-clusterd/}" tools/vpart-clusterd/{say,places,verdict}.c \
		build/tools/libvpart.a -lmnl
}
put() { echo "$2" >"$LAB/$1.new" && mv "$LAB/$1.new" "$LAB/$1"; }	# FILE TEXT
event() { echo >"$LAB/event"; }
# mounts LINE...: the table says so, and the daemon looks
mounts() {
	put mountinfo "$(printf '%s\n' "$@")"
	mount -t tmpfs lab "$log/mnt" && umount "$log/mnt"
}
now() { awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime; }
told() { awk -v since="$1" '$1 >= since' "$LAB/told" 2>/dev/null | grep -E "${2:-quorum}"; }	# SINCE [REGEX]
tells() { [ -n "$(told "$@")" ]; }
says() { [ "$(grep -cE -- "$1" "$log/said")" -ge "${2:-1}" ]; }	# REGEX [TIMES]
said() { t "$1" wait_for 10 says "$2" "${3:-1}"; }	# DESCRIPTION REGEX [TIMES]
start() { "$log/clusterd" "$@" </dev/null >>"$log/said" 2>&1 & pid=$!; }
finish() { kill -TERM "$pid"; wait "$pid"; }
kept() { find "$verdicts" -type f -printf '%f\n' 2>/dev/null | sort | xargs; }
keeps() { [ "$(kept)" = "$1" ]; }
order() { printf '%s\n' "$@" | "$log/fence"; }
# into NAME: what is on stdin is a file of the folder at once, as a verdict is
into() { cat >"$verdicts/.$1" && mv "$verdicts/.$1" "$verdicts/$1"; }
members() { put members "$1"; event; sleep 0.3; }
# back: corosync sees node 2, and nothing is known by its number any more; it goes again
back() { members "1 2"; wait_for 5 keeps ""; members 1; }
row() { echo "40 25 8:16 / /run/cfs rw,relatime shared:1 - clusterfs $1 rw,$2"; }	# DEVICE OPTIONS
dlm() { row /dev/vdb "node=n1,lock=dlm,lockspace=cfs-1,cluster=lab,timeout=30,io-timeout=30"; }

t "it builds with sanitizers" program clusterd main.c quorum.c judge.c copy.c
t "fence_vpart, too" program fence fence.c
put name "0 n1"
put names $'1 n1\n2 n2'
put members 1
event
put changed ""

# --- the lease
start --lease 800
said "it waits for a mount" "waits for one"
mounts "$(dlm)"
said "V12 without corosync nothing is renewed" "node n1 of cluster lab: its lease is not renewed: corosync does not answer"
is "... the kernel was told nothing" "$(told 0)" ""
put quorate 1
said "P19 with quorum it is" "there is quorum, its lease of 800 ms is renewed"
sleep 3
is "P19 at least each half of a lease" \
	"$(told 0 'quorum lab n1 1' | awk 'p && $1 - p > 400 { late++ } { p = $1 } END { print late + 0, (NR > 9) }')" "0 1"
is "P19 each is asked for" "$(told 0 'asked|quorum' | awk '/quorum/ && p !~ /asked/ { n++ } { p = $2 } END { print n + 0 }')" 0

put slow 500
sleep 1
since=$(now)
sleep 2
is "P19 an answer that took its time counts for less" "$(told "$since" | awk '$NF > 300 || $NF < 100 { n++ } END { print n + 0, (NR > 1) }')" "0 1"
put slow 900
sleep 2
since=$(now)
sleep 2
is "V12 one that is older than the lease counts for nothing" "$(told "$since")" ""
t "... it was asked and answered" tells "$since" asked
said "... which is said" "not renewed: corosync stands still"
mounts "$(dlm)" "$(row /dev/vde 'node=n7,lock=local,cluster=three,quorum=lease')"
said "... also of a mount that comes meanwhile" "node n7 of cluster three: its lease is not renewed: corosync stands still"
mounts "$(dlm)"
rm "$LAB/slow"
since=$(now)
t "P19 it goes on" wait_for 10 tells "$since" "quorum lab n1 1"

put fails 6
event
sleep 1
since=$(now)
sleep 1
is "V12 corosync is busy: nothing is renewed" "$(told "$since")" ""
said "... which is said" "not renewed: corosync is busy"
is "... it is asked no more often for that, each 200 ms" "$(($(told "$since" asked | wc -l) * 200 < $(now) - since + 1000))" 1
rm "$LAB/fails"
since=$(now)
t "P19 it goes on" wait_for 10 tells "$since" "quorum lab n1 1"
put quorate 0
since=$(now)
t "P19 no quorum: the lease is withdrawn" wait_for 10 tells "$since" "quorum lab n1 0"
said "... which is said" "node n1 of cluster lab: there is no quorum"
rm "$LAB/quorate"
said "corosync has gone" "not renewed: corosync (has gone|does not answer)" 2
since=$(now)
sleep 1
is "V12 ... nothing is told" "$(told "$since")" ""
put quorate 1
t "P19 another one is found" wait_for 10 tells "$since" "quorum lab n1 1"
put quorum_error 108
said "what the kernel refuses is said" "node n1 of cluster lab: the kernel says 108"
sleep 1
is "... once" "$(grep -c 'the kernel says 108' "$log/said")" 1
rm "$LAB/quorum_error"
since=$(now)
finish
is "it ends when it is asked to" $? 0
is "P19 which withdraws nothing" "$(told "$since" 'quorum .* 0 ')" ""

# --- what it is told at once
start --lease 16000
t "P19 a lease at once, for what is mounted" wait_for 10 tells "$since" "quorum lab n1 1 1[56]"
put quorate 0
put told_quorate 1
since=$(now)
event
t "P19 corosync tells something: it is asked" wait_for 1 tells "$since" "quorum lab n1 0"
is "V12 what it told counts for nothing" "$(told "$since" 'quorum lab n1 1')" ""
put quorate 1
since=$(now)
event
t "P19 quorum is back: a lease" wait_for 1 tells "$since" "quorum lab n1 1"
rm "$LAB/told_quorate"

# --- mounts
since=$(now)
mounts "$(row /dev/vdb 'node=a\054b\040c,lock=dlm,cluster=x\134y')" "$(row /dev/vdc 'node=n1,lock=local,cluster=one')" \
	"$(row /dev/vdd 'node=n1,lock=dlm,cluster=two,quorum=none')" "$(row /dev/vde 'node=n7,lock=local,cluster=three,quorum=lease')" \
	"$(row /dev/vdf 'node=n1,lock=dlm')" "50 25 8:17 / /mnt rw - ext4 /dev/sdb rw,node=n1,lock=dlm,cluster=no"
t "R17 another mount: a lease" wait_for 5 tells "$since" "quorum three n7 1"
said "a name that corosync does not know gets none" "node a,b c of cluster x.y: its lease is not renewed: this node is n1"
is "P19 nobody else does from then on" "$(told "$since" | awk '$3 == "three" { on = 1 } on && $3 != "three"')" ""
since=$(now)
mounts "$(row /dev/vde 'node=n9,lock=dlm,cluster=three')"
said "R17 a node under another name" "node n9 of cluster three: its lease is not renewed: this node is n1"
mounts "$(row /dev/vde 'node=n9,lock=local,cluster=three,quorum=lease')"
t "... which is nothing to corosync as soon as its locks are local" wait_for 5 tells "$since" "quorum three n9 1"
mounts "$(dlm)"
since=$(now)
t "R17 the first again" wait_for 5 tells $((since - 1000)) "quorum lab n1 1"

# --- verdicts
true &
wait $!
gone=$!
touch "$verdicts/.$life.$gone" "$verdicts/.$life.$$"
finish
start --lease 4000
t "what somebody left who was killed is removed" wait_for 5 test ! -e "$verdicts/.$life.$gone"
t "... and not what is being written" test -e "$verdicts/.$life.$$"
rm "$verdicts/.$life.$$"
cat >"$log/agent" <<EOT
#!/bin/bash
cat >$log/agent.in
[ ! -x $log/meanwhile ] || $log/meanwhile
exit \$(cat $log/agent.rc)
EOT
chmod +x "$log/agent"
echo 0 >"$log/agent.rc"
put nodes "n1 1 $later"$'\n'"n2 1 $life"
since=$(now)
t "P19 a node is fenced" order "agent=$log/agent" node=2 port=4
t "P19 the kernel is told, of that life" wait_for 5 tells "$since" "fenced lab n1 n2 $life agent"
t "... and nothing is kept" wait_for 5 keeps ""
is "the agent got all but its name, and is to look whether it was off" "$(xargs <"$log/agent.in")" \
	"node=2 port=4 method=onoff"
echo "printf '%s\n' 'n1 1 $later' 'n2 1 $later' >$LAB/nodes" >"$log/meanwhile"
chmod +x "$log/meanwhile"
since=$(now)
t "P19 it comes back while it is fenced" order "agent=$log/agent" node=2
t "P19 the life before is told of" wait_for 5 tells "$since" "fenced lab n1 n2 $life"
is "P19 and not the later one" "$(told "$since" "fenced .*$later")" ""
rm "$log/meanwhile"
put nodes "n1 1 $later"$'\n'"n2 1 $life"
echo 1 >"$log/agent.rc"
since=$(now)
fails "P19 an agent that fails fences nobody" "has not fenced node 2: exit code 1" order "agent=$log/agent" node=2
fails "... nor one that is not there" "cannot be run" order "agent=$log/nobody" node=2
printf '#!/bin/sh\nkill -9 $$\n' >"$log/dies"
chmod +x "$log/dies"
fails "... nor one that dies" "signal 9" order "agent=$log/dies" node=2
sleep 0.3
is "P19 ... there is no verdict" "$(kept)$(told "$since" fenced)" ""
echo 0 >"$log/agent.rc"
put fenced_error 112
t "P19 a kernel that cannot store it now" order "agent=$log/agent" node=2
told_again() { [ "$(told "$since" "fenced lab n1 n2 $life" | wc -l)" -ge "$1" ]; }
t "... is told again" wait_for 15 told_again 3
is "... which is said once" "$(grep -c 'fenced by agent, which is not stored yet: the kernel says 112' "$log/said")" 1
is "... it is kept" "$(kept)" "$life"
put fenced_error 22
said "P19 so it is if the kernel does not understand that" "not stored yet: the kernel says 22"
put no_module 1
put fenced_error 2
said "P19 and if there is none" "not stored yet: the kernel says 2$"
rm "$LAB/no_module"
is "... it is kept" "$(kept)" "$life"
put fenced_error 2
said "P19 a kernel that knows of no such node: it is of no use" "fenced by agent, which is of no use: the kernel says 2$"
t "... and not kept" wait_for 5 keeps ""
rm "$LAB/fenced_error"

# --- several
third=${life%1}3
put names $'1 n1\n2 n2\n3 n3\n4 n4'
put nodes "n1 1 $later"$'\n'"n2 1 $life"$'\n'"n3 1 $third"$'\n'"n4 1 ${life%1}2"
put fenced_bad "$life"$'\n'"$third"
for node in 2 3; do order "agent=$log/agent" node=$node; done
since=$(now)
t "P19 those that cannot be stored hold up nobody" order "agent=$log/agent" node=4
t "... the kernel is told" wait_for 5 tells "$since" "fenced lab n1 n4"
is "... they are kept" "$(kept)" "$life $third"
rm "$LAB/fenced_bad"
t "... and told of then" wait_for 15 keeps ""

# --- what is in their folder
put fenced_error 112
order "agent=$log/agent" node=2
put open_error 24
echo x | into junk
said "what cannot be read now is said" "cannot read all of .*: Too many open files"
is "P19 ... and not removed" "$(kept)" "$life junk"
rm "$LAB/open_error"
said "it is read when it can be" "junk in .* is no verdict: removed"
is "P19 the verdict is still there" "$(kept)" "$life"
mkdir -p "$verdicts/empty" "$verdicts/full/x"
ln -s junk "$verdicts/link"
: | into nothing
said "what is no verdict is removed" "(empty|link|nothing) in .* is no verdict: removed" 3
echo x | into junk
said "... each time" "junk in .* is no verdict: removed" 2
is "what cannot be is said once" "$(grep -c 'full in .* is no verdict, and cannot be removed' "$log/said")" 1
rm -r "$verdicts"
said "the folder is removed" "was removed: it is made anew"
rm "$LAB/fenced_error"
since=$(now)
t "P19 a node is fenced" order "agent=$log/agent" node=2
t "P19 ... which is not lost" wait_for 5 tells "$since" "fenced lab n1 n2 $life agent"

# --- which life it was is not known, or not read yet
put nodes "n1 1 $later"$'\n'"n2 1 $life"
sleep 0.5
put fenced_error 3
order "agent=$log/agent" node=2
said "P19 another life is registered" "fenced by agent, which is of no use: the kernel says 3"
t "P19 ... that it was fenced is kept" wait_for 5 keeps node-2
rm "$LAB/fenced_error"
put nodes "n1 1 $later"$'\n'"n2 1 $later"
since=$(now)
members 1
event
t "P19 ... and it was that one, if it stays away" wait_for 10 tells "$since" "fenced lab n1 n2 $later agent"
put nodes "n1 1 $later"$'\n'"n2 2 $later"
back
t "a node that is no member here" order "agent=$log/agent" node=2
is "P19 ... may be one" "$(kept)" node-2
put nodes "n1 1 $later"$'\n'"n2 1 $life"
since=$(now)
members 1
event
t "P19 ... as is read later" wait_for 10 tells "$since" "fenced lab n1 n2 $life agent"
put nodes "n1 1 $later"$'\n'"n2 2 $life"
back
put nodes "n1 1 $later"$'\n'"n2 1 $life"
put cluster other
since=$(now)
t "P19 a node of another cluster is fenced" order "agent=$log/agent" node=2
members 1
members 1
is "P19 ... it is nobody of this one" "$(told "$since" fenced)" ""
t "P19 ... and one that has no name" order "agent=$log/agent" node=9
back
rm "$LAB/cluster"
fails "P19 that of this one is not" "nobody knows who that is: node 9 has no name" order "agent=$log/agent" node=9

# --- words
for word in agent=fence_scsi agent=/usr/sbin/fence_mpath missing_as_off=1 missing-as-off \
		method=cycle 'method="cycle"' method 'action="status"' =1; do
	fails "refused: $word" "; see fence_vpart --help" order node=2 agent=true "$word"
done
fails "a key with a blank" "a key has no blanks" order node=2 agent=true "method =cycle"
fails "... before it" "a key has no blanks" order node=2 agent=true " method=cycle"
fails "what is two lines for an agent" "no lines of text" order node=2 agent=true $'delay=1\rmethod=cycle'
t "a method that looks" order node=2 "agent=$log/agent" method=onoff
is "... is not said twice" "$(xargs <"$log/agent.in")" "node=2 method=onoff"
wait_for 5 keeps "" || back

# --- it leaves
put nodes "n1 1 $later"$'\n'"n2 1 $life"
put fenced_error 112
order "agent=$log/agent" node=2
put leaving n1
mounts ""
since=$(now)
# A round that had begun before may still tell.
renewed() { [ "$(told "$since" "quorum lab n1 1" | wc -l)" -ge 2 ]; }
wait_for 20 renewed
since=$(now)
sleep 3
is "P19 who leaves has its lease until it has left" "$(($(told "$since" "quorum lab n1 1" | wc -l) > 1))" 1
is "... and tells of nobody any more" "$(told "$since" fenced) $(kept)" " $life"
is "... is not said to have left" "$(grep -c 'is mounted any more' "$log/said")" 0
rm "$LAB/leaving"
said "all is unmounted" "is mounted any more: waits for one"
since=$(now)
sleep 1
is "... and told no more" "$(told "$since" "quorum|asked")" ""
rm "$LAB/fenced_error"
mounts "$(dlm)"
t "P19 the verdict is told of with the next mount" wait_for 10 keeps ""

# --- nothing is mounted that says which life it was
mounts ""
said "all is unmounted again" "is mounted any more: waits for one" 2
since=$(now)
t "P19 it is fenced" order "agent=$log/agent" node=2
is "P19 a verdict by number" "$(kept)" node-2
sleep 0.5
is "... of nobody yet" "$(told "$since" fenced)" ""
mounts "$(dlm)"
sleep 0.5
event	# an answer after the database was read
t "P19 what is mounted then says who that was" wait_for 10 tells "$since" "fenced lab n1 n2 $life agent"
put nodes "n1 1 $later"$'\n'"n2 2 $life"
is "... it is kept as long as the node is away" "$(kept)" node-2
put members "1 2"
event
said "P19 it is seen again: the verdict is of no use" "that node n2 was fenced by agent is of no use any more"
t "... and not kept" wait_for 5 keeps ""
put members 1
event
put nodes "n1 1 $later"$'\n'"n2 1 $life"
mounts ""
# returned DESCRIPTION COMMAND...: what happens in between, so that nobody knows
returned() {
	local desc=$1
	shift
	sleep 0.2
	order "agent=$log/agent" node=2 2>/dev/null
	keeps node-2 || not_ok "$desc: no verdict"
	"$@"
	since=$(now)
	mounts "$(dlm)"
	sleep 0.5
	event
	sleep 0.5
	event
	t "$desc" wait_for 5 keeps ""
	is "P19 ... nobody is told" "$(told "$since" fenced)" ""
	mounts ""
}
seen() { put members "1 2"; event; sleep 0.3; put members 1; event; sleep 0.3; }
flash() { put flash "1 2"; event; sleep 0.3; rm "$LAB/flash"; }
lost() { put quorate 0; event; sleep 0.3; put quorate 1; event; sleep 0.3; }
gone() { rm "$LAB/quorate"; event; sleep 0.3; put quorate 1; event; sleep 1.5; }
restarted() { finish; start --lease 4000; sleep 0.5; }
returned "P19 it was there and has gone again: of no use" seen
returned "P19 it was there for a moment: of no use" flash
returned "P19 quorum was lost in between: of no use" lost
returned "P19 corosync died in between: of no use" gone
returned "P19 the agent was started anew in between: of no use" restarted

# --- it comes back while corosync gives no answer, or before it was asked
mounts ""
finish
start --lease 16000	# asked when this says so
sleep 0.5
order "agent=$log/agent" node=2 2>/dev/null
is "P19 a verdict by number" "$(kept)" node-2
put fails 6
put members "1 2"
put nodes "n1 1 $later"$'\n'"n2 1 $later"
event
since=$(now)
for _ in 1 2 3; do
	mounts "$(dlm)"
	sleep 0.4
done
is "P19 what is no answer proves nothing" "$(told "$since" fenced) $(kept)" " node-2"
rm "$LAB/fails"
mounts ""
t "P19 ... it is back" wait_for 5 keeps ""
members 1
put nodes "n1 1 $later"$'\n'"n2 1 $life"
order "agent=$log/agent" node=2 2>/dev/null
since=$(now)
put slow_nodes 1000
mounts "$(dlm)"
sleep 0.3
event	# answered while the nodes are read
sleep 0.3
put slow 1500	# it tells of the node's return when this is over
put nodes "n1 1 $later"$'\n'"n2 1 $later"
put members "1 2"
event
sleep 1
rm "$LAB/slow_nodes" "$LAB/slow"
t "P19 nor does an answer to what was asked before" wait_for 5 keeps ""
is "P19 ... nobody is told" "$(told "$since" fenced)" ""
# --- the local copy
mounts ""
finish
rm -rf "$copies" "$LAB/said"
repository=11111111-1111-1111-1111-111111111111
file=$copies/n1@lab
database() { put database "$repository $*"; }	# GENERATION TERM COMMIT FIRST LAST ID
changed() { echo >"$LAB/changed"; }
alerts() { [ "$(grep -cE -- "$1" "$LAB/said")" -ge "${2:-1}" ]; } 2>/dev/null	# REGEX [TIMES]
id() { printf '0000000%s-0000-4000-8000-00000000000%s' "$1" "$1"; }
# objects LINE...: as well as a client of another node
objects() { put objects "$(printf '%s\n' "$@" "client 9 $(id 9) 0 0 0 0 far" "adapter 9 $(id 8) 2 9 0 0 -")"; }
own=("adapter 1 $(id 1) 1 1 0 0 -" "client 1 $(id 2) 0 0 0 0 web" "lu 1 $(id 3) 1 0 0 0 disk1"
	"lu 2 $(id 4) 3 0 0 0 disk2" "map 1 - 0 1 2 0 disk2")
objects "${own[@]}" "lu 3 $(id 5) 3 0 0 0 disk3"
database 2 5 20 3 12 1
put kept "12 5 20 7"
put nodes "n1 1 $later"$'\n'"n2 1 $life"
# kept_at TERM COMMIT OBJECTS: what is in the file
kept_at() {
	python3 - "$file" "$@" <<-'END' 2>/dev/null
		import struct, sys
		d = open(sys.argv[1], "rb").read()
		records, _id, _gen, term, commit = struct.unpack_from("<IIQQQ", d, 16)
		sys.exit([term, commit, records] != [int(x) for x in sys.argv[2:]])
	END
}
start --lease 4000
mounts "$(dlm)"
said "R18 a local copy is begun" "node n1 of cluster lab: a local copy is begun: commit 20 of term 5"
t "... of what concerns the node" wait_for 5 kept_at 5 20 5
put database "$repository 2 5 21 3 13 1"
objects "${own[@]}" "lu 3 $(id 5) 1 0 0 0 disk3"
changed
t "R18 it is brought up to date by events" wait_for 5 kept_at 5 21 6
before=$(stat -c %i "$file")
changed
sleep 0.6
is "... and not written for nothing" "$(stat -c %i "$file")" "$before"
writes=0
end=$(($(now) + 2000)) commit=21
while [ "$(now)" -lt $end ]; do
	database 2 5 $((++commit)) 3 13 1
	changed
	now_is=$(stat -c %i "$file")
	[ "$now_is" = "$before" ] || writes=$((writes + 1))
	before=$now_is
	sleep 0.02
done
t "R18 a storm of them writes it each 300 ms at most: $writes times in 2 s" [ $((writes >= 2 && writes <= 9)) = 1 ]
t "... and the last one counts" wait_for 5 kept_at 5 $commit 6
mounts ""
said "all is unmounted" "waits for one" 1
sleep 0.2
database 2 7 900 5 30 1
objects "${own[@]:0:3}" "lu 2 $(id 6) 3 0 0 0 other"	# its id was given again
mounts "$(dlm)"
said "P23 a newer database is followed" "is newer than its local copy, and followed: commit 900 of term 7"
said "R18 what was deleted meanwhile is dropped, and told" "lu 2, disk2 \($(id 4)\) was deleted meanwhile: dropped"
said "... by its type" "LU disk2 is mapped to client .* no longer: dropped"
t "... and from the file" wait_for 5 kept_at 7 900 3
is "... each once, and no more" "$(grep -c 'dropped from the local copy' "$log/said")" 3
t "R20 ... as events of the node" alerts "class 6 severity 0 code 2 lu 3: lu 3, disk3"
since=$(now)
t "P19 its lease is renewed" wait_for 10 tells "$since" "quorum lab n1 1"
mounts ""
sleep 0.2
database 3 1 1 1 1 1
mounts "$(dlm)"
said "P21 one that was restored is followed, whatever its numbers" "was replaced or restored since"
t "... into the file" wait_for 5 kept_at 1 1 3
database 3 9 90 40 60 1
put kept "60 9 89 7"
changed
t "R18 time goes by" wait_for 5 kept_at 9 90 3
# refused DESCRIPTION REGEX: what is mounted then
refused() {
	mounts ""
	wait_for 5 says "waits for one"
	rm -f "$LAB/said"
	cp "$file" "$log/file"
	since=$(now)
	mounts "$(dlm)"
	t "P23 refused: $1" wait_for 5 says "its lease is not renewed: $2.*; to use it all the same: vpart cluster local forget"
	t "R20 ... an alert says which is older" alerts "class 6 severity 2 code 2 node .: $2"
	t "P23 ... the kernel is told that there is no quorum" wait_for 5 tells "$since" "quorum lab n1 0"
	changed
	sleep 0.5
	is "P23 ... and of no lease" "$(told "$since" "quorum lab n1 1")" ""
	is "P23 ... the copy stays as it is" "$(cmp "$file" "$log/file" && echo same)" same
	: >"$log/said"
}
database 2 9 95 40 65 1
refused "an older generation" "the repository is older than its local copy: generation 2, not 3"
database 3 8 95 40 65 1
refused "a lower term" "the repository is older than its local copy: commit 95 of term 8, not 90 of 9"
database 3 9 89 40 59 1
refused "a lower commit" "the repository is older than its local copy: commit 89 of term 9, not 90 of 9"
database 3 11 95 40 65 1
put kept "60 10 91 7"
refused "another history" "the repository has another history than its local copy, which has event 60 of commit 89"
put kept "60 9 89 8"
refused "another one with the same numbers" "the repository has another history than its local copy"
database 3 11 95 40 55 1
refused "a history without the event" "the repository has another history"
put database "22222222-1111-1111-1111-111111111111 9 99 99 40 65 1"
refused "another repository" "repository 22222222-1111-1111-1111-111111111111 is not $repository"
# What is mounted grows beyond the copy
database 3 99 999 900 999 1
changed
sleep 0.6
is "P23 ... also when it grows" "$(cmp "$file" "$log/file" && echo same) $(told "$since" "quorum lab n1 1")" "same "
since=$(now)
rm "$file"
t "P23 what the node knew is forgotten: it is followed" wait_for 5 tells "$since" "quorum lab n1 1"
said "... which is said" "its local copy was removed, and is begun anew"
t "... and the copy is begun anew" wait_for 5 kept_at 99 999 3
mounts ""
sleep 0.2
printf x | dd of="$file" bs=1 seek=700 conv=notrunc status=none
since=$(now)
mounts "$(dlm)"
said "R18 a damaged one is no obstacle" "its local copy is begun anew: .*n1@lab: it is damaged: its checksum is another one"
t "... the lease is renewed" wait_for 5 tells "$since" "quorum lab n1 1"
t "... and it is whole again" wait_for 5 kept_at 99 999 3
mounts ""
sleep 0.2
rm -r "$copies"
: >"$copies"
database 3 99 1000 900 1000 1
since=$(now)
mounts "$(dlm)"
said "R18 nor is one that cannot be read" "its local copy is begun anew: .*: Not a directory"
said "... or written, which is said" "its local copy cannot be written, which is tried again: .*: Not a directory"
t "... the lease is renewed" wait_for 5 tells "$since" "quorum lab n1 1"
rm "$copies"
t "... it is tried again" wait_for 5 kept_at 99 1000 3
put find_error 5
finish
since=$(now)
: >"$log/said"
start --lease 4000
said "P23 what cannot be compared is said" "cannot be compared, which is tried again: the kernel says 5"
said "P23 ... and gets no lease" "its lease is not renewed: its local copy is not compared yet"
is "P23 ... after a restart the copy admits nothing" "$(told "$since" "quorum lab n1 1")" ""
since=$(now)
order "agent=$log/agent" node=2
mounts "$(dlm),expected"
t "P23 what the kernel has compared does not wait for that" wait_for 5 tells "$since" "quorum lab n1 1"
t "P19 ... and is told who is fenced" wait_for 5 tells "$since" "fenced lab n1 n2"
mounts "$(dlm | sed 's/8:16/8:17/')"
rm "$LAB/find_error"
since=$(now)
t "P19 it goes on" wait_for 5 tells "$since" "quorum lab n1 1"
said "P23 another mount under the same names is compared anew" "the repository is as its local copy" 1
put database "33333333-1111-1111-1111-111111111111 9 99 99 40 65 1"
mounts "$(dlm)"
t "P23 ... and refused, if it is foreign" wait_for 5 says "its lease is not renewed: repository 33333333"
since=$(now)
order "agent=$log/agent" node=2
t "P23 ... it is told of no quorum" wait_for 5 tells "$(($(now) + 1500))" "quorum lab n1 0"
is "P23 ... and of nobody who is fenced" "$(told "$since" fenced) $(kept)" " $life"
database 3 99 1000 900 1000 1
since=$(now)
mounts "$(dlm | sed 's/8:16/8:18/')"
t "P23 ... the right one is not" wait_for 5 tells "$since" "quorum lab n1 1"
t "P19 ... and told" wait_for 5 tells "$since" "fenced lab n1 n2"
kill -0 "$pid"
is "no sanitizer has complained" "$? $(grep -c Sanitizer "$log/said")" "0 0"
finish
is "it ends" $? 0
pid=
done_testing
