#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# soak: debug
# disks: 64M
# limit: 420
# summary: nodes, partitions, adapter pairs and events from the command
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh


mods vpart sd_mod vscsi_host vscsi_target
t "a node is added" vpart node add cec1 id 7
t "a node is added with a uuid" vpart node add cec2 uuid 11111111-2222-4333-8444-555555555555
is "nodes are shown" "$(get '[n["name"] for n in o]' node)" "['cec1', 'cec2']"
is "a node keeps its id" "$(get 'o["id"]' node show cec1)" 7
is "a node keeps its uuid" "$(get 'o["uuid"]' node show cec2)" 11111111-2222-4333-8444-555555555555
fails "R2 a node's name is unique" 'cec1' vpart node add cec1
fails "a node's uuid is unique" 'uuid|UUID' \
	vpart node add cec3 uuid 11111111-2222-4333-8444-555555555555

t "a partition is added" vpart partition add vios1 vios node cec1 pool 1
is "R2 equal pool numbers on two nodes make partners" \
	"$(get 'o["partner"]' partition add vios2 role vios node cec2 pool 1)" vios1
is "R2 both know" "$(get 'o["partner"]' partition show vios1)" vios2
is "R2 without a mate there is no partner" \
	"$(get 'o["partner"]' partition add client1 client node cec1)" None
is "a partition goes to the first node" "$(get 'o["node"]' partition add c2 client)" cec1
fails "a partition's name is unique" 'vios1' vpart partition add vios1 vios node cec1
fails "an unknown node is refused by name" 'cec9' vpart partition add v9 vios node cec9
fails "R2 a pool number is used once on a node" 'pool' vpart partition add v9 vios node cec1 pool 1
is "partition show is a list" "$(get 'len(o)' partition show)" 4
is "an unknown partition is not found" "$(code vpart partition fail nobody)" 3

is "R10 a pair gets a name" \
	"$(get 'o["name"]' adapter add client client1 server vios1)" client1-vios1
is "a second pair of the same two gets another" \
	"$(get 'o["name"]' adapter add client client1 server vios1 path-loss 9)" client1-vios1.2
is "a pair keeps its path loss time" "$(get 'o["path_loss"]' adapter show client1-vios1.2)" 9
is "the path loss time can be set" \
	"$(get 'o["path_loss"]' adapter set client1-vios1 path-loss 12)" 12
fails "R10 a client is no server" 'c2|role|vios' vpart adapter add client client1 server c2
fails "R10 a vios is no client" 'vios2|role|client' vpart adapter add client vios2 server vios1
fails "an unknown partition is refused by name" 'nobody' vpart adapter add client nobody server vios1
is "a pair that is not served is down" "$(get 'o["link"]' adapter show client1-vios1)" down
t "a pair is deleted" vpart adapter del client1-vios1.2
is "a deleted pair is not found" "$(code vpart adapter del client1-vios1.2)" 3

is "without links, link show shows none" "$(get 'o' link show)" "[]"
is "R10 both ends of a pair are here" "$(get 'o["here"]' adapter show client1-vios1)" both
fails "R10 such a pair is no link" 'both its ends are here' vpart link show client1-vios1
fails "R10 ... and is not deleted as one" 'no link.*vpart adapter del' vpart link del client1-vios1
end="client client1 server vios1 id 77"
fails "a fabric without a module: refused by name" 'link far: there is no fabric shm' \
	vpart link add far $end connect shm:0000:00:1f.0 key none
is "an unknown link is not found" "$(code vpart link show nolink) $(code vpart link del nolink)" "3 3"
is "after refusals there is no link" "$(get 'o' link show)" "[]"
t "R8 a partition fails" vpart partition fail vios1
is "R8 and is shown so" "$(get 'o["state"]' partition show vios1)" failed
is "R8 its partner runs on" "$(get 'o["state"]' partition show vios2)" running
t "a partition starts again" vpart partition start vios1
fails "a partition with adapters is not deleted" 'adapter|use' vpart partition del vios1
fails "a node with partitions is not deleted" 'partition|use' vpart node del cec1

count=$(vpart events | wc -l)
is "R20 events have no gap" "$(vpart events | awk '{ print $1 }')" "$(seq 1 "$count")"
t "R20 each event is a JSON object" python3 -c 'import json, subprocess
for line in subprocess.check_output(["vpart", "--json", "events"]).splitlines():
	json.loads(line)["detail"]'
is "R20 they are read from a number on" "$(vpart events --from "$count" | awk '{ print $1 }')" "$count"
fails "a number of an event is checked" 'no number' vpart events --from x
vpart events --follow --from $((count + 1)) >/tmp/events &
pid=$!
t "an object changes" vpart partition fail c2
t "R20 a follower hears it" wait_for 60 grep -q 'partition c2: failed' /tmp/events
kill $pid
wait $pid 2>/dev/null
# A small socket buffer: stopped, the follower misses most of what comes.
read -r room </proc/sys/net/core/rmem_default
echo 4608 >/proc/sys/net/core/rmem_default
vpart events --follow --from $((count + 1)) >/tmp/events &
pid=$!
wait_for 60 test -s /tmp/events
kill -STOP $pid
for _ in {1..15}; do
	vpart partition start c2
	vpart partition fail c2
done >/dev/null
kill -CONT $pid
echo "$room" >/proc/sys/net/core/rmem_default
last=$(vpart events | tail -n 1 | awk '{ print $1 }')
t "R20 a slow follower comes to the last event" wait_for 60 grep -q "^$last " /tmp/events
kill $pid
is "R20 it has read again what it missed: every one is there, once" \
	"$(awk '{ print $1 }' /tmp/events)" "$(seq $((count + 1)) "$last")"

t "the pair is deleted" vpart adapter del client1-vios1
for p in vios1 vios2 client1 c2; do t "$p is deleted" vpart partition del $p; done
for n in cec1 cec2; do t "$n is deleted" vpart node del $n; done
is "nothing is left" "$(get 'o' partition) $(get 'o' node) $(get 'o' adapter)" "[] [] []"
t "a partition without any node makes the first" vpart partition add p client
is "which is node1" "$(get 'o["node"]' partition show p)" node1
t "the modules can be unloaded" rmmod vscsi_target vscsi_host vpart
done_testing
