#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# limit: 420
# summary: help for every verb, exit codes, what is said while modules are missing
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh

# exits CODE DESCRIPTION COMMAND...
exits() {
	local want=$1 desc=$2 got
	shift 2
	"$@" >/tmp/out 2>/tmp/err
	got=$?
	is "$desc" "$got" "$want"
}
# Every "NOUN VERB" that the command knows.
verbs() {
	vpart -h | awk '/^  [a-z]/ && !/^  vpart/ { noun = $1; getline; n = split($1, v, "|");
		for (i = 1; i <= n; i++) print noun, v[i] }'
}

has_example() { vpart "$1" "$2" -h | grep -A1 '^Example:' | grep -q "^  vpart $1"; }
is "help lists all nouns and verbs" "$(verbs | wc -l)" 66
while read -r noun verb; do
	t "vpart $noun $verb -h has an example" has_example "$noun" "$verb"
done < <(verbs)
for noun in node partition adapter link vport lu mirror events config cluster diag version; do
	t "vpart $noun --help works" vpart "$noun" --help
done

exits 2 "no arguments: wrong use" vpart
exits 0 "help is no failure" vpart help
exits 2 "an unknown noun: wrong use" vpart disk
exits 2 "an unknown verb: wrong use" vpart lu serve
exits 2 "an unknown option: wrong use" vpart lu show --all
exits 2 "a missing argument: wrong use" vpart mirror create vol /dev/vdb
exits 2 "a missing value: wrong use" vpart adapter add client
exits 2 "a word too much: wrong use" vpart partition fail vios1 now
exits 2 "a word twice: wrong use" vpart adapter add client a client b server c
fails "wrong use names the help" 'see vpart lu add -h' vpart lu add d1 device
fails "a bad name is refused with the rule" "'-d' is no name|unknown option" vpart lu del -d
fails "a name with a slash is refused" 'is no name' vpart partition add a/b client
fails "a long name is refused" 'is no name' \
	vpart partition add a123456789b123456789c123456789d1 client
fails "a bad UUID is refused" 'is no UUID' vpart partition add p client uuid 12
fails "a bad number is refused" 'from 5 to 300' \
	vpart adapter add client a server b path-loss 4
fails "a negative number is refused" 'is no pool' vpart partition add p client pool -1
fails "a bad role is refused" "'host' is no role" vpart partition add p host
fails "a new LU needs a device" 'which device' \
	vpart lu add d1 server a client b uuid 0b6f3a70-52c1-4e0e-9a42-4d1f8c9b7a01
fails "... or its identity, with a value" 'which device' vpart lu add d1 server a client b identity serial
fails "one thing is set at a time" 'one at a time' vpart lu set d1 access optimized identity serial
fails "a state of a path is a word" 'access is optimized' vpart lu set d1 access best
fails "a LU needs a server" 'served by whom' vpart lu add d1 device /dev/vda
end="client a server b id 7"
fails "a link needs a name" 'needs: NAME' vpart link add
fails "a link needs a client" 'which client' vpart link add l server b id 7 connect tcp:1.2.3.4:5 key none
fails "a link needs an address, and so an end" 'connect where' vpart link add l $end key none
fails "... but one" 'one of them' vpart link add l $end connect unix:@a listen unix:@b key none
fails "an address of no fabric is refused" "'disk:4' is no address: .*tcp:, vsock:, unix: or shm:" \
	vpart link add l $end connect disk:4 key none
fails "a link needs an id" 'which id.*the same at both ends' \
	vpart link add l client a server b connect unix:@a key none
fails "an id is a number from 1" "'0' is no id" \
	vpart link add l client a server b id 0 connect unix:@a key none
fails "a link without a key is asked for by name, never silently" 'which key.*key none.*can be the other end' \
	vpart link add l $end connect unix:@a
fails "a key's name has at most 31 characters" 'no name of a key: 1 to 31' \
	vpart link add l $end connect unix:@a key a123456789b123456789c123456789d1
fails "an unknown digest is refused" "'crc' is no digest: none, header, data and all" \
	vpart link add l $end connect unix:@a key none digest crc
fails "the server's end does not wait: no path loss time" "for the client's end" \
	vpart link add l $end listen unix:@a key none path-loss 9
fails "... nor does it poll" "poll is for the client's end" \
	vpart link add l $end listen unix:@a key none poll 1
fails "poll queues have a number" "'33' is no number of poll queues: a number from 0 to 32" \
	vpart link add l $end connect unix:@a key none poll 33
fails "a slot is a number" 'is no slot' vpart link add l $end listen unix:@a key none slot 0
fails "an unknown side is refused" "'left' is no side: client and server" vpart link del l side left
fails "an object of a cluster has a type" "'disk' is none of node, client" vpart cluster add disk d
fails "a node is not added" 'by mounting it' vpart cluster add node n
fails "a client has no size" 'a client has no sectors' vpart cluster add client c sectors 8
fails "an adapter has a node" 'of which node' vpart cluster add adapter client 1
fails "a map has a lun" 'as which lun' vpart cluster map d c
fails "a class of events is a word" "'bogus' is no class of events" vpart cluster handle path,bogus -- true
fails "a handler is a command" 'which command' vpart cluster handle path
fails "a handler has some time" 'no number of seconds' vpart cluster handle path --timeout 0 -- true
fails "what is told has a severity" "'bad' is no severity" vpart cluster say path x severity bad
fails "an event has a number" 'is no number of an event' vpart cluster events --from 0
fails "a leg number is checked" 'from 0 to 1' vpart mirror fail vol leg 2

exits 1 "without the module vpart: failed" vpart partition show
fails "vpart missing is said, with the remedy" 'vpart is not loaded: modprobe vpart' \
	vpart node show
fails "clusterfs missing is said, with the remedy" 'clusterfs is not loaded: modprobe clusterfs' \
	vpart cluster status
modprobe dm_mod
fails "dm-vmirror missing is said, with the remedy" 'modprobe dm-vmirror' vpart mirror show
mods vpart
fails "LIO missing is said, with the remedy" 'modprobe target_core_mod' \
	vpart lu add d1 server a client b device /dev/vda
modprobe target_core_mod
fails "vscsi_target missing is said, with the remedy" 'modprobe vscsi_target' \
	vpart lu add d1 server a client b device /dev/vda
t "without LUs, lu show shows none" vpart lu show
exits 3 "an unknown partition: not found" vpart partition show nobody
is "an error prints nothing on stdout" "$(cat /tmp/out)" ""
is "an error is one sentence" "$(wc -l </tmp/err)" 1

is "version knows the loaded module" \
	"$(vpart --json version | python3 -c 'import json, sys; print(json.load(sys.stdin)["vscsi_host"])')" \
	"not loaded"
vpart -h >/dev/full 2>/tmp/err
is "a full disk is noticed" "$?" 1
done_testing
