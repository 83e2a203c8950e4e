#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: host
# limit: 300
# summary: vpart-clusterd beside a corosync and a kernel that do as they are told: old answers, errors, verdicts
cd "$(dirname "$0")/../../.." || exit
# Mounts of its own: the daemon looks when they change.
[ "${OWN_MOUNTS:-}" = 1 ] || OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
# shellcheck source=tests/lib/guest.sh
. tests/lib/guest.sh

log=$PWD/build/log/${NAME:-tools/75-clusterd}
rm -rf "$log"
mkdir -p "$log/lab" "$log/mnt"
export LAB=$log/lab ASAN_OPTIONS=detect_leaks=0
verdicts=$log/run/verdicts
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
		-Itools/vpart-clusterd -Itools/libvpart -Iinclude/uapi \
		-o "$log/$out" tests/suites/tools/clusterd_lab.c \
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
row() { echo "40 25 8:16 / /run/cfs rw,relatime shared:1 - clusterfs $1 rw,$2"; }	# DEVICE OPTIONS
dlm() { row /dev/vdb "node=n1,lock=dlm,lockspace=cfs-1,cluster=lab,timeout=30,io-timeout=30"; }

t "it builds with sanitizers" program clusterd main.c quorum.c judge.c
t "fence_vpart, too" program fence fence.c
put name "0 n1"
put names $'1 n1\n2 n2'
put members 1
event

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
is "... it is asked no more often for that" "$(($(told "$since" asked | wc -l) < 9))" 1
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
mounts "$(dlm)"
since=$(now)
t "R17 the first again" wait_for 5 tells $((since - 1000)) "quorum lab n1 1"

# --- verdicts
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
is "the agent got all but its name" "$(xargs <"$log/agent.in")" "node=2 port=4"
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
said "... is told again" "fenced by agent, which is not stored yet: the kernel says 112" 2
is "... it is kept" "$(kept)" "$life"
put fenced_error 3
said "P19 another life is registered: it is of no use" "fenced by agent, which is of no use: the kernel says 3"
t "... and not kept" wait_for 5 keeps ""
rm "$LAB/fenced_error"
put nodes "n1 1 $later"$'\n'"n2 0 $life"
t "one that has left" order "agent=$log/agent" node=2
is "... is no verdict" "$(kept)" ""

# --- nothing is mounted that says which life it was
put nodes "n1 1 $later"$'\n'"n2 1 $life"
mounts ""
said "all is unmounted" "is mounted any more: waits for one"
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
restarted() { finish; start --lease 16000; sleep 0.5; }
returned "P19 it was there and has gone again: of no use" seen
returned "P19 it was there for a moment: of no use" flash
returned "P19 quorum was lost in between: of no use" lost
returned "P19 corosync died in between: of no use" gone
returned "P19 the agent was started anew in between: of no use" restarted
kill -0 "$pid"
is "no sanitizer has complained" "$? $(grep -c Sanitizer "$log/said")" "0 0"
finish
is "it ends" $? 0
pid=
done_testing
