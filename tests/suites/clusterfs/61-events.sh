#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: events over netlink: none is missing, or "lost" comes first (V11, P22); vpart cluster
# kernel: stock
# soak: debug
# disks: 64M
# limit: 300
# kernels: +7.2
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/clusterfs/lib.sh
. /src/tests/suites/vpart/lib.sh
NLPY=$suite/nl.py
mods clusterfs
mkfs.clusterfs --force --cluster lab --nodes 4 --objects 1024 --events 64 --log 32 /dev/vdb >/dev/null
t "two nodes are mounted" eval 'cfs n1 /dev/vdb && cfs n2 /dev/vdb'
nl_open

# listen NAME [-q BYTES]: in the background, into /out/NAME
listen() {
	python3 $NLPY -l 600 "${@:2}" >/out/"$1" 2>&1 &
	wait_for 30 grep -q listening /out/"$1" # $! stays the listener's
}
# seqs NODE FILE: the numbers that it told
seqs() { sed -n "s/.* MOUNT=$1 REPOSITORY=.* SEQ=\([0-9]*\) .* CLASS=.*/\1/p" "$2"; }
contiguous() { awk 'NR > 1 && $1 != last + 1 { exit 1 } { last = $1 } END { exit NR == 0 }'; }
last() { value LAST_EVENT "$(nl MOUNT_GET MOUNT="$1")"; }
# change N NAME: as many commits, by the two nodes in turn
change() {
	local i
	for ((i = 0; i < $1; i++)); do
		echo CLIENT_NEW MOUNT=n$((i % 2 + 1)) NAME="$2$i"
	done | python3 $NLPY -b >/out/changes
	! grep '^e' /out/changes
}
# heard FILE NODE: all up to the node's last event
heard() { [ "$(seqs "$2" "$1" | tail -1)" = "$(last "$2")" ]; }
level() { [ "$(last n1)" = "$(last n2)" ] && [ "$(value NAME "$(nl PRIMARY_GET MOUNT=n2)")" = n1 ]; }
t "both have read the same, and one is the primary node" wait_for 20 level
base=$(last n1)

listen one; one=$!
vpart cluster events at n2 >/out/cli 2>&1 & cli=$!
t "R20 the command prints what is there, and a line behind it" wait_for 30 grep -qx "exists -" /out/cli
is "... the nodes" "$(grep -c '^exists node' /out/cli)" 2
nl CLIENT_NEW MOUNT=n1 NAME=web >/dev/null
nl LU_NEW MOUNT=n2 NAME=d1 SECTORS=8 >/dev/null
nl MAP_NEW MOUNT=n1 LU=1 CLIENT=1 LUN=4 >/dev/null
nl MAP_DEL MOUNT=n2 ID=1
nl LU_DEL MOUNT=n2 NAME=d1
nl CLIENT_DEL MOUNT=n1 NAME=web
t "R20 a listener hears of the last" wait_for 30 heard /out/one n2
fields() {
	sed -n "s/.* MOUNT=$1 REPOSITORY=.* CLASS=\([0-9]*\) SEVERITY=0 CODE=\([0-9]*\) OBJECT_TYPE=\([0-9]*\) OBJECT=\([0-9]*\) TEXT=\(.*\)/\1 \2 \3 \4 \5/p" /out/one
}
want='0 1 4 1 client_1_web_is_there
2 1 6 1 lu_1_d1_is_there
2 1 7 1 client_1_sees_lu_1_as_lun_4
2 2 7 1 client_1_no_longer_sees_lu_1_as_lun_4
2 2 6 1 lu_1_d1_is_gone
0 2 4 1 client_1_web_is_gone'
is "R20 class, code, object and sentence of each" "$(fields n1)" "$want"
is "R20 the other node tells the same" "$(fields n2)" "$want"
t "R20 the command has the same" wait_for 30 grep -q "^$((base + 6)) .* lifecycle: client 1 web is gone" /out/cli
is "... each once, behind what was there" "$(sed '1,/^exists -/d' /out/cli | cut -d' ' -f1 | xargs)" "$(seq -s' ' $((base + 1)) $((base + 6)))"
repo=$(value REPOSITORY "$(nl MOUNT_GET MOUNT=n1)")
dumped() { nl -d EVENT_GET "$@" | sed -n 's/.* SEQ=\([0-9]*\) .*/\1/p' | xargs; }
is "from a number on" "$(dumped MOUNT=n1 SEQ=$((base + 5)))" "$((base + 5)) $((base + 6))"
is "from the next one on: nothing yet" "$(dumped MOUNT=n1 SEQ=$((base + 7)) REPOSITORY=uuid:"$repo")" ""
lost=18446744073709551615
refusals <<'E'
number 0 # events are numbered from 1 # -d EVENT_GET MOUNT=n1 SEQ=0
E
out=$(nl -d EVENT_GET MOUNT=n1 SEQ=$((base + 8)))
is "a number that was never given: lost, then all" "$(value LOST "$(head -1 <<<"$out")") $(wc -l <<<"$out")" "$lost $((base + 7))"
out=$(nl -d EVENT_GET MOUNT=n1 SEQ=$((base + 6)) REPOSITORY=uuid:11111111-2222-3333-4444-555555555555)
is "a number of another repository: lost, then all" "$(value LOST "$(head -1 <<<"$out")") $(wc -l <<<"$out")" "$lost $((base + 7))"

# Readers that are stopped, with the smallest buffer that there is.
listen slow -q 1; slow=$!
vpart cluster events --from 1 at n1 >/out/slow-cli 2>&1 & slow_cli=$!
wait_for 30 grep -q "^$((base + 6)) " /out/slow-cli
kill -STOP $slow $slow_cli
t "R22 40 commits by two nodes" change 40 a
kill -CONT $slow $slow_cli
t "R20 a listener that keeps up hears all" wait_for 60 heard /out/one n1
for n in n1 n2; do
	t "V11 in order, as $n tells" eval "seqs $n /out/one | contiguous"
	is "V11 each once, as $n tells" "$(seqs $n /out/one | wc -l)" $(($(last n1) - base))
done
t "V11 one that was too slow is told" wait_for 30 grep -q "error No buffer space available" /out/slow
t "V11 ... and finds the rest" eval '{ seqs n1 /out/slow
	nl -d EVENT_GET MOUNT=n1 SEQ=$(($(seqs n1 /out/slow | tail -1) + 1)) | sed -n "s/.* SEQ=\([0-9]*\) .*/\1/p"; } | sort -nu |
	tail -n 41 | contiguous'
numbers() { sed -n 's/^\([0-9]*\) .*/\1/p' "$1"; }
t "V11 the command repairs that itself" wait_for 30 eval '[ "$(numbers /out/slow-cli | tail -1)" = "$(last n1)" ]'
t "V11 ... without a gap" eval 'numbers /out/slow-cli | contiguous'
is "V11 ... and nothing is lost" "$(grep -c lost /out/slow-cli)" 0

# More than are kept.
kill -STOP $slow_cli
t "more commits than are kept" change 150 b
kill -CONT $slow_cli
t "V11 the command reads to the end" wait_for 60 eval '[ "$(numbers /out/slow-cli | tail -1)" = "$(last n1)" ]'
# Each line follows the one before, or "lost" has said how many are missing.
whole() {
	sed -n 's/^lost: \([0-9]*\) events before \([0-9]*\) .*/lost \1 \2/p; s/^\([0-9]*\) .*/event \1/p' "$1" |
		awk '$1 == "lost" { if (last + 1 + $2 != $3) exit 1; last = $3 - 1; next }
			last && $2 != last + 1 { exit 1 } { last = $2 } END { exit !last }'
}
t "V11 what it could not read it says, and no more" whole /out/slow-cli
t "V11 who keeps up has lost nothing" wait_for 60 heard /out/one n2
is "V11 ... not one" "$(seqs n2 /out/one | wc -l)" $(($(last n2) - base))
first=$(value FIRST_EVENT "$(nl MOUNT_GET MOUNT=n1)")
out=$(nl -d EVENT_GET MOUNT=n1 SEQ=2)
is "V11 those that are gone are counted, first" "$(value LOST "$(head -1 <<<"$out")") $(wc -l <<<"$out")" "$((first - 2)) 65"
kill $one $slow $cli $slow_cli
wait $one $slow $cli $slow_cli 2>/dev/null

walks $suite/reader.py n1

# The command.
is "R22 status of both" "$(get '[x["state"] for x in o]' cluster status)" "['OK', 'OK']"
fails "which of both" "several nodes are mounted here" vpart cluster nodes
at="at n1"
is "R22 the nodes" "$(get '[x["name"] for x in o]' cluster nodes $at)" "['n1', 'n2']"
t "R19 a client" vpart cluster add client web $at
t "a volume" vpart cluster add volume vol sectors 4096 $at
t "a LU on it" vpart cluster add lu disk1 sectors 4096 volume vol backing /dev/vol $at
t "an adapter" vpart cluster add adapter node n2 client web slot 7 $at
t "R26 a map" vpart cluster map disk1 web lun 3 adapter 1 --read-only $at
fails "R26 what is used is not another's" "is used by client .*not shared" vpart cluster map disk1 a1 lun 0 $at
fails "what is used is not removed" "lu .* is used by map" vpart cluster del lu disk1 at n2
is "R26 who uses it" "$(get '[(x["user"], x["client_name"], x["lun"]) for x in o]' cluster usage lu disk1 at n2)" "[('map', 'web', 3)]"
is "maps" "$(get '[(x["lu_name"], x["read_only"]) for x in o]' cluster maps $at)" "[('disk1', True)]"
is "LUs" "$(get '[(x["name"], x["bytes"], x["owner"]) for x in o]' cluster lus $at)" "[('disk1', 2097152, None)]"
t "tables of the rest" eval 'for x in clients adapters volumes reservations; do vpart cluster $x $at || break; done'
is "what is not there: exit code 3" "$(code vpart cluster del lu disk9 $at)" 3
is "... by its number, too" "$(code vpart cluster del lu 99 $at)" 3
t "the map goes" vpart cluster unmap disk1 web $at
is "... once" "$(code vpart cluster unmap disk1 web $at)" 3
t "the LU goes" vpart cluster del lu disk1 $at
is "R20 the last event" "$(vpart cluster events --from 1 --kept $at | tail -1 | cut -d: -f4-)" " lu 2 disk1 is gone"
is "... as JSON" "$(vpart --json cluster events --from 1 --kept $at | tail -1 | python3 -c 'import json, sys; o = json.load(sys.stdin); print(o["class"], o["object"], o["id"])')" "topology lu 2"
# Another repository under the same names, whose events have lower numbers.
vpart cluster events --from 1 at n1 >/out/renewed 2>&1 & renewed=$!
wait_for 30 grep -q "lu 2 disk1 is gone" /out/renewed
t "they leave" umount $mnt/n1 $mnt/n2
t "V6 the repository is whole" fsck.clusterfs -n /dev/vdb
repo /dev/vdb >/dev/null
t "a node of that name, of a new repository" cfs n1 /dev/vdb
t "V11 its events are told, though their numbers are low" wait_for 30 grep -q "^2 .*is the primary node" /out/renewed
t "V11 ... and that others are lost" grep -q "^lost: events before [0-9]* can no longer be read" /out/renewed
kill $renewed
wait $renewed 2>/dev/null
nl_close
t "it leaves" umount $mnt/n1
t "the module goes" rmmod clusterfs
done_testing
