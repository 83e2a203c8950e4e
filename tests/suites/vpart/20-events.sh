#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: events: contiguous for every reader, or "lost" comes first (V11, P22)
# kernel: debug
# leaks: whole
# limit: 480
. /src/tests/lib/guest.sh
. /src/tests/suites/vpart/lib.sh

# listen NAME SECONDS [-q BYTES]: in the background, into /tmp/NAME
listen() {
	python3 $NLPY -l "${@:2}" >/tmp/"$1" 2>&1 &
	wait_for 30 grep -q listening /tmp/"$1" # $! stays the listener's
}
seqs() { grep -o '^SEQ=[0-9]*' "$1" | cut -d= -f2; }
# contiguous FILE: each number is one more than the one before
contiguous() { seqs "$1" | awk 'NR > 1 && $1 != last + 1 { exit 1 } { last = $1 } END { exit NR == 0 }'; }
toggle() {
	local i
	for ((i = 0; i < $1; i++)); do
		echo PARTITION_SET NAME=p STATE=$((1 - i % 2))
	done | python3 $NLPY -b >/dev/null
}

t "vpart is loaded" mods vpart
nl_open
listen one 600; one=$!
listen two 600; two=$!
t "two listeners listen" grep -q listening /tmp/one /tmp/two
nl NODE_NEW NAME=n >/dev/null
nl PARTITION_NEW NAME=p NODE=n ROLE=1 >/dev/null
nl PARTITION_NEW NAME=c NODE=n ROLE=0 >/dev/null
nl ADAPTER_NEW CLIENT=c SERVER=p >/dev/null
nl PARTITION_SET NAME=p STATE=1
nl PARTITION_SET NAME=p STATE=1
nl ADAPTER_SET NAME=c-p PATH_LOSS=60
nl ADAPTER_DEL NAME=c-p
nl PARTITION_DEL NAME=c
want='1 0 0 1 n created
2 0 1 1 p created_on_node_n,_pool_1
3 0 1 2 c created_on_node_n,_pool_2
4 0 2 1 c-p created
5 2 1 1 p failed
6 2 2 1 c-p path_loss_time-out_60_s
7 1 2 1 c-p deleted
8 1 1 2 c deleted'
fields() {
	sed -n 's/^SEQ=\([0-9]*\) .* TYPE=\([0-9]*\) OBJECT=\([0-9]*\) ID=\([0-9]*\) NAME=\([^ ]*\) DETAIL=\([^ ]*\)$/\1 \2 \3 \4 \5 \6/p'
}
nl -d EVENT_GET >/tmp/dump
is "what was done is what the ring says" "$(fields </tmp/dump)" "$want"
wait_for 30 grep -q '^SEQ=8' /tmp/one
wait_for 30 grep -q '^SEQ=8' /tmp/two
is "and what a listener heard" "$(fields </tmp/one)" "$want"
is "and another" "$(fields </tmp/two)" "$want"
boot=$(value BOOT_ID "$(head -1 /tmp/dump)")
is "from a number on" "$(nl -d EVENT_GET SEQ=u64:7 | fields | cut -d' ' -f1 | xargs)" "7 8"
is "from the next one on: nothing yet" "$(nl -d EVENT_GET SEQ=u64:9 BOOT_ID=uuid:"$boot")" ""
refused "number 0" "events are numbered from 1" -d EVENT_GET SEQ=u64:0
refused "a number of 4 bytes" "(Invalid argument|out of range): .+" -d EVENT_GET SEQ=1
refused "a name" "Unsupported attribute|Unknown attribute" -d EVENT_GET NAME=n
lost=18446744073709551615
out=$(nl -d EVENT_GET SEQ=u64:10)
is "a number that was never given: lost" "$(value LOST "$(head -1 <<<"$out")")" $lost
is "and then everything" "$(tail -n +2 <<<"$out" | fields)" "$want"
out=$(nl -d EVENT_GET SEQ=u64:8 BOOT_ID=uuid:11111111-2222-3333-4444-555555555555)
is "a number of another boot: lost" "$(value LOST "$(head -1 <<<"$out")")" $lost
is "and then everything " "$(tail -n +2 <<<"$out" | fields)" "$want"

toggle 1100
out=$(nl -d EVENT_GET SEQ=u64:1)
printf '%s\n' "$out" | tail -n +2 >/tmp/dump
first=$(seqs /tmp/dump | head -1)
is "the ring keeps 1024" "$(wc -l </tmp/dump)" 1024
is "the older ones are counted as lost, first" "$(value LOST "$(head -1 <<<"$out")")" $((first - 1))
t "the rest is contiguous" contiguous /tmp/dump
last=$(seqs /tmp/dump | tail -1)
wait_for 60 grep -q "^SEQ=$last" /tmp/one
t "a listener that keeps up heard all, contiguous" test "$(seqs /tmp/one | wc -l)" = "$last"
t "in order" contiguous /tmp/one

# A listener that does not read: its socket overflows, it is told, and reads on.
listen three 600 -q 4096; third=$!
t "a third listener listens with a small buffer" grep -q listening /tmp/three
kill -STOP $third
toggle 40
kill -CONT $third
wait_for 30 grep -q error /tmp/three
t "a listener that is too slow is told" grep -q "error No buffer space available" /tmp/three
cp /tmp/three /tmp/heard	# it reads on
heard=$(seqs /tmp/heard | tail -1)
nl -d EVENT_GET SEQ=u64:$((heard + 1)) BOOT_ID=uuid:"$boot" >/tmp/more
t "and finds the rest in the ring" contiguous <(cat /tmp/heard /tmp/more)
kill $one $two $third
nl_close
t "the module goes" rmmod vpart
kmemleak_check
done_testing
