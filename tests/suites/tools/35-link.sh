#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# disks: 64M 64M
# ivshmem: 4M
# limit: 420
# summary: links from the command: both ends in one kernel over TCP, keys, counters, saved and restored
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh

cfg=/etc/vpart/config.json
# No udev runs here: dmsetup makes the nodes.
export DM_DISABLE_UDEV=1
value() { get "o['$2']" link show "$1" side "$3"; }	# NAME KEY SIDE
# told NAME SIDE KEY REGEX: the link says so
told() { value "$1" "$3" "$2" | grep -Eq "$4"; }
up() { mods target_core_iblock target_core_file sd_mod vpart vpart_stream vscsi_target vscsi_host dm-vmirror; }
key() { head -c 32 /dev/urandom >"/etc/vpart/keys/$1"; load "$1"; }
load() { keyctl padd logon "vpart:$1" %:.vpart <"/etc/vpart/keys/$1" >/dev/null; }
drop() { keyctl unlink "%logon:vpart:$1" %:.vpart; }
last_event() { vpart events | tail -n 1 | cut -d' ' -f1; }
disk() { vpart --json lu show "$1" | sed -n 's|.*"disk": *"/dev/\(.*\)".*|\1|p'; }
there() { [ -n "$(disk "$1")" ] && [ -b "/dev/$(disk "$1")" ]; }

ip link set lo up
ip addr add 192.0.2.1/32 dev lo
mkdir -p /etc/vpart/keys
up
key k7
key k8
vpart node add cec1 >/dev/null
vpart node add cec2 >/dev/null
vpart partition add vios1 vios node cec1 uuid 5b0e2d2c-7b1f-4a40-8d6e-6f3a1c9b0011 >/dev/null
vpart partition add vios2 vios node cec2 uuid 5b0e2d2c-7b1f-4a40-8d6e-6f3a1c9b0012 >/dev/null
vpart partition add client1 client node cec2 uuid 5b0e2d2c-7b1f-4a40-8d6e-6f3a1c9b0021 >/dev/null
end="client client1 server vios1 id 7"

# --- what the kernel refuses ---
fails "R10 an address that is none is refused" 'link disk7: .*(number|address|expected|port)' \
	vpart link add disk7 $end connect tcp:localhost:3260 key k7
fails "R10 an address that is not this machine's is not listened at" 'cannot listen' \
	vpart link add disk7 $end listen tcp:198.51.100.9:3260 key k7
fails "R10 unknown partitions are refused by name" 'nobody' \
	vpart link add disk7 client client1 server nobody id 7 connect tcp:127.0.0.1:3260 key k7
is "after refusals there is no link, no adapter pair" "$(get 'o' link) $(get 'o' adapter)" "[] []"

# --- one end, then the other ---
t "R10 the client's end is made, the server is not there" \
	vpart link add disk7 $end connect tcp:127.0.0.1:3260 key k7 digest all
t "V10 why it does not come up is told in words" wait_for 60 told disk7 client problem 'nobody listens at tcp:127.0.0.1:3260'
is "R10 nobody was there who could have refused" "$(value disk7 why client)" "not connected"
is "R10 the pair has one end here, and a slot there" \
	"$(get 'o["here"], o["client_slot"], o["server_slot"], o["fabric"], o["key"]' adapter show disk7)" "client 1 None stream k7"
fails "R10 the same end is not made twice" 'there is an adapter disk7 already' \
	vpart link add disk7 $end connect tcp:127.0.0.1:3260 key k7
fails "R10 the other end has the same id" 'adapter disk7 already' \
	vpart link add disk7 client client1 server vios1 id 8 listen tcp:127.0.0.1:3260 key k7
fails "R10 the other end has the same name" "id 7 is adapter disk7's" \
	vpart link add other $end listen tcp:127.0.0.1:3260 key k7
fails "R11 a LU is not served where the server is not" 'the server vios1 of adapter pair disk7 is in another kernel' \
	vpart lu add d1 adapter disk7 device /dev/vdb
fails "R11 nor by the partitions' names" 'is in another kernel' \
	vpart lu add d1 server vios1 client client1 device /dev/vdb
t "R10 the server's end is made" vpart link add disk7 $end listen tcp:127.0.0.1:3260 key k7
is "R10 both are shown" "$(get '[(l["name"], l["side"]) for l in o]' link show)" "[('disk7', 'client'), ('disk7', 'server')]"
is "R10 each in a row of adapter pairs" "$(vpart adapter show | awk '/^disk7/ { print $4, $5 }')" $'client stream\nserver stream'
t "R11 a LU is served over it" vpart lu add d1 adapter disk7 device /dev/vdb
t "R11 the client sees its disk" wait_for 60 there d1
is "R10 the link is up, at both ends" "$(value disk7 state client) $(value disk7 state server)" "up up"
is "R10 ... with a connection for each queue" "$(value disk7 connections client)" "$(get 'o["queues"]' adapter show disk7)"
is "R10 ... and the digests of both" "$(value disk7 digest client) $(value disk7 digest server)" "all all"
is "R10 no problem is left" "$(value disk7 problem client) $(value disk7 why client)" "None None"
is "R10 the client's end has the disk, the server's none" \
	"$(value disk7 disks client) $(value disk7 disks server)" "['/dev/$(disk d1)'] []"
t "R10 ... as the table says" bash -c "vpart link show | grep -q '^disk7 *client .* /dev/$(disk d1)\$'"
t "R10 each end knows the other's address" bash -c '[ "$(vpart --json link show disk7 | grep -c "\"peer\":\"tcp:127.0.0.1:3260\"")" = 1 ]'

# --- counters ---
before=$(value disk7 commands client)
t "R11 data goes through" bash -c "echo hello | dd of=/dev/$(disk d1) bs=512 conv=sync,fsync status=none
	dd if=/dev/vdb iflag=direct count=1 status=none | grep -q hello"
dd if="/dev/$(disk d1)" of=/dev/null bs=1M count=16 iflag=direct status=none
t "R10 commands are counted" test "$(value disk7 commands client)" -ge $((before + 17))
is "R10 ... the same at both ends" "$(value disk7 commands client)" "$(value disk7 commands server)"
t "R10 bytes too" test "$(value disk7 rx_bytes client)" -gt $((16 << 20))
timed() { [ "$(get 'sum(b["count"] for b in o["rtt_histogram"])' link show disk7)" -ge 1 ]; }
t "R10 a round trip is measured" wait_for 60 timed
t "R10 ... and charted" bash -c 'vpart link show disk7 | sed -n "/^round trips/,\$p" | grep -q "#"'
is "R10 nothing was lost or wrong" \
	"$(for k in reconnects lost auth_failures digest_errors protocol_errors; do value disk7 $k server; done | xargs)" "0 0 0 0 0"
ip link set lo down
cut() { [ "$(value disk7 lost client)" -ge 1 ]; }
t "R8 a cut cable is noticed" wait_for 60 cut
t "R20 ... and told" wait_for 60 eval 'vpart events | grep -q "adapter disk7: down: the connection was lost"'
ip link set lo up
again() { [ "$(value disk7 reconnects client)" -ge 1 ] && [ "$(value disk7 state client)" = up ]; }
t "R9 the link comes back by itself" wait_for 60 again
t "R11 the disk too" dd if="/dev/$(disk d1)" of=/dev/null bs=4k count=1 iflag=direct status=none

# --- path loss, mirrors ---
is "R13 the path loss time is set at the client's end" \
	"$(get 'o["path_loss"]' adapter set disk7 path-loss 12) $(cat /sys/bus/vpart/devices/disk7.client/path_loss)" "12 12"
t "R10 a second link listens at the same address" vpart link add disk8 client client1 server vios2 id 8 listen tcp:127.0.0.1:3260 key k8
t "R10 its client's end, in a chosen slot" vpart link add disk8 client client1 server vios2 id 8 connect tcp:127.0.0.1:3260 key k8 slot 9
fails "R13 a link is no leg before its disk is there" 'link disk8 has brought no disk yet' \
	vpart mirror create vol link:disk7 link:disk8
fails "R13 nor if there is no such link" "disk9" vpart mirror create vol link:disk7 link:disk9
vpart lu add d2 adapter disk8 device /dev/vdc >/dev/null
t "R11 its disk comes" wait_for 60 there d2
truncate -s 64M /var/f0
vpart lu add f0 adapter disk7 device /var/f0 >/dev/null
fails "R13 nor if it has two disks" 'link disk7 has brought 2 disks' vpart mirror create vol link:disk7 link:disk8
vpart lu del f0 >/dev/null
one() { [ "$(get 'len(o["disks"])' link show disk7 side client)" = 1 ]; }
t "R13 one goes" wait_for 60 one
is "R10 the slot is that" "$(get 'o["client_slot"]' adapter show disk8)" 9
t "R13 a mirror over both" vpart mirror create vol link:disk7 link:disk8 --assume-clean
is "R13 the path loss time of its legs is a mirror's" "$(cat /sys/bus/vpart/devices/disk[78].client/path_loss | xargs)" "5 5"
is "R13 its servers are named" "$(get '[l["server"] for l in o["legs"]]' mirror show vol)" "['vios1', 'vios2']"
echo volume | dd of=/dev/mapper/vol bs=512 conv=sync,fsync status=none

# --- keys ---
vpart mirror stop vol >/dev/null
vpart link del disk8 side client >/dev/null
vpart link add disk8 client client1 server vios2 id 8 connect tcp:127.0.0.1:3260 key k7 >/dev/null
t "P9 a wrong key is refused" wait_for 60 told disk8 client problem 'wants the right key'
is "P9 ... and shown so" "$(value disk8 why client)" "login refused"
refused() { [ "$(value disk8 auth_failures server)" -ge 1 ]; }
t "P9 ... and counted" wait_for 60 refused
vpart link del disk8 side client >/dev/null
vpart link add disk8 client client1 server vios2 id 8 connect tcp:127.0.0.1:3260 key none >/dev/null
t "P9 so is none" wait_for 60 told disk8 client problem 'wants a key, this link has none'
vpart link del disk8 side client >/dev/null
drop k8
fails "what is no memory is not polled" 'fabric stream cannot be polled' \
	vpart link add disk8 client client1 server vios2 id 8 connect tcp:127.0.0.1:3260 key k8 poll 1
vpart link add disk8 client client1 server vios2 id 8 connect tcp:127.0.0.1:3260 key k8 >/dev/null
t "P9 a key that is not loaded is told" wait_for 60 told disk8 client problem 'key k8: error 126'
load k8
t "P9 when it is, the link comes up by itself" wait_for 60 told disk8 client state up

# --- saved and restored ---
t "R11 its disk comes again" wait_for 60 there d2
vpart mirror start vol d1 d2 >/dev/null
# The debug kernel has no network namespaces.
namespaces=''
[ ! -e /proc/self/ns/net ] || namespaces=1
${namespaces:+ip netns add blue}
t "R10 an end ${namespaces:+in another network namespace}" ${namespaces:+ip netns exec blue} \
	vpart link add far client client1 server vios2 id 9 listen unix:@far key none
is "R10 ... which is shown by its name" "$(get 'o["netns_name"]' link show far)" "$([ -n "$namespaces" ] && echo blue || echo None)"
shape() { get '"\n".join(str([(k, l[k]) for k in ("name", "id", "side", "fabric", "address", "key", "netns_name", "state")]) for l in o)' link show; }
pairs() { get '"\n".join(str([(k, a[k]) for k in ("name", "id", "client", "server", "client_slot", "server_slot", "here", "address", "key", "digest", "path_loss")]) for a in o)' adapter show; }
was=$(shape; pairs)
t "R13 all of it is saved" vpart config save
is "R13 each end, with its key's name and its namespace's" \
	"$(grep -c '"address": "tcp:127.0.0.1:3260"' $cfg) $(grep -c '"key": "k[78]"' $cfg) $(grep -c '"netns": "blue"' $cfg)" "4 4 ${namespaces:-0}"
is "R13 ... and the digest that was asked for" "$(grep -c '"digest": "all"' $cfg)" 1
t "R13 no key is" bash -c "! grep -qi '$(od -An -tx1 -N4 /etc/vpart/keys/k7 | tr -d ' ')' $cfg"
t "what is there is left as it is" bash -c 'vpart config restore | grep -q "nothing to do"'
# edited DESCRIPTION REGEX PYTHON: with its adapters a[] edited, the file is refused with such a sentence.
edited() {
	python3 -c "import json; o = json.load(open('$cfg')); a = {(x['name'], x['side']): x for x in o['adapters']}
c, s, f = a['disk7', 'client'], a['disk7', 'server'], a['far', 'server']; $3
json.dump(o, open('/tmp/edited', 'w'))"
	fails "$1" "$2" vpart config restore /tmp/edited
}
edited "another address contradicts" 'adapter pair disk7 .*contradicts.* another address' 's["address"] = "tcp:127.0.0.1:3261"'
edited "another key does" 'adapter pair disk7 .*contradicts.* another key' 'c["key"] = "k9"'
edited "no key does" 'adapter pair disk7 .*contradicts.* another key' 'del c["key"]'
edited "another digest" 'adapter pair disk7 .*contradicts.* another digest' 'c["digest"] = "data"'
edited "another network namespace" 'adapter pair far .*contradicts.* another network namespace' 'f["netns"] = "red"'
edited "a slot that is taken" 'adapter pair far2 .*contradicts.* its slot is of pair far' 'f.update(name="far2", id=99)'
edited "an id that is taken" 'adapter pair far2 .*contradicts.* its id is of pair far' 'f.update(name="far2", server_slot=99)'
edited "a pair within the kernel of that name" 'adapter pair far .*contradicts.* its ends or its id are not those of pair far' \
	'f.update(fabric="local", client_slot=77); [f.pop(k, 0) for k in ("side", "address", "digest", "netns")]'
edited "the same end twice" 'adapter pair disk7 is there twice' 'o["adapters"].append(dict(c))'
edited "its two ends with two ids" 'adapter pair disk7 is there twice' 's["id"] = 70'
edited "two ends of two names with one id" 'adapter pair .* has the id of' 's["name"] = "other"'
edited "a word that is no digest" '"digest" is .many' 'c["digest"] = "many"'
edited "a side that is none" '"side" is .left' 'c["side"] = "left"'
edited "an end without an address" '"address" is missing' 'del c["address"]'
edited "a slot of the other end" 'a key that is not known' 'c["server_slot"] = 1'
edited "an address without a side" 'is missing|not known' 'del c["side"]'
edited "a LU at an end that is not here" 'LU d1 names adapter pair disk7' 'o["adapters"].remove(s)'
down() {
	local a
	[ ! -b /dev/mapper/vol ] || vpart mirror stop vol || return
	for a in far disk7 disk8; do [ "$(code vpart adapter show $a)" = 3 ] || vpart adapter del $a --force || return; done
	rmmod dm-vmirror vscsi_target vscsi_host vpart_stream vpart_auth vpart
} >/dev/null
t "everything goes, the modules too" down
mods target_core_iblock sd_mod vpart vscsi_target vscsi_host dm-vmirror
is "R13 without the fabric: exit code 1" "$(code vpart config restore --timeout 2)" 1
t "R13 ... what is missing is said" grep -q 'link disk7: failed: add the .*: there is no fabric stream' /tmp/err
t "R13 ... the rest is there" vpart partition show vios2
mods vpart_stream
${namespaces:+ip netns del blue}
is "R13 without keys, and a namespace: exit code 1" "$(code vpart config restore --timeout 2)" 1
t "R13 ... the namespace is named" grep -q "${namespaces:+link far: failed: there is no network namespace blue}" /tmp/err
t "R13 the links wait for their keys" wait_for 60 told disk7 client problem 'key k7: error 126'
load k7
load k8
${namespaces:+ip netns add blue}
t "R13 then all of it comes" vpart config restore --timeout 60
all_up() { [ "$(shape; pairs)" = "$was" ]; }
t "R13 every link and pair is as before" wait_for 60 all_up || diff <(echo "$was") <(shape; pairs)
is "R13 so is what they agreed on" "$(value disk7 digest client) $(value disk8 digest client)" "all none"
t "R9 the volume is there, with both legs" bash -c 'vpart mirror show vol | grep -c ": active" | grep -qx 2'
t "R9 its data too" bash -c 'dd if=/dev/mapper/vol bs=512 count=1 iflag=direct status=none | grep -q volume'
before=$(last_event)
t "restored twice, nothing happens" bash -c 'vpart config restore | grep -q "nothing to do"'
is "... at all" "$(last_event)" "$before"

# To a client whose server is elsewhere the legs are disks, not LUs: so they are here.
leg() { echo "{'device': '/dev/$(disk "$1")', 'kind': 'block', 'bytes': 67108864, 'identity': 'wwid:$(cat "/sys/class/block/$(disk "$1")/device/wwid")'}"; }
python3 -c "import json; o = json.load(open('$cfg')); o['mirrors'][0]['legs'] = [$(leg d1), $(leg d2)]
json.dump(o, open('/tmp/elsewhere', 'w'))"
t "everything goes once more" down
up
vpart config restore /tmp/elsewhere --timeout 60 >/tmp/out 2>&1 &
restore=$!
wait_for 60 told disk8 client problem 'key k8: error 126'
load k7
load k8
wait $restore
is "R13 a mirror waits for disks that another machine serves: until then there were no keys" "$?" 0
t "R9 ... both" bash -c 'vpart mirror show vol | grep -c ": active" | grep -qx 2'

# --- a dump, and the end ---
vpart diag save /tmp/dump >/dev/null
is "a dump has all links" "$(python3 -c 'import json; print([l["name"] for l in json.load(open("/tmp/dump/links.json"))])')" \
	"['disk7', 'disk7', 'disk8', 'disk8', 'far']"
vpart mirror stop vol >/dev/null
mkfs.ext4 -q "/dev/$(disk d1)"
mount "/dev/$(disk d1)" /mnt
fails "R12 a link whose disk is used is not deleted" 'in use: the disk /dev/sd. of client1 .LU d1. is mounted at /mnt' vpart link del disk7
fails "R12 nor its client's end" 'in use: the disk' vpart link del disk7 side client
umount /mnt
fails "R12 nor the end of a server that serves" 'still serves LU d1' vpart link del disk7 side server
t "R12 the client's end goes" vpart link del disk7 side client
is "R11 the LU is served still, to a client elsewhere" "$(get 'o["remote"], o["disk"], o["state"]' lu show d1)" "True None link down"
is "... who is not there" "$(code vpart link del disk7 side client)" 3
t "R11 one more LU waits for no disk" bash -c "truncate -s 8M /var/f1; timeout 14 vpart lu add f1 adapter disk7 device /var/f1 | grep 'for client1 in another kernel'"
t "R12 a link is deleted with its LUs by force" vpart link del disk7 --force
is "... and they are gone" "$(get '[l["name"] for l in o if l["adapter"] == "disk7"]' lu)" "[]"
t "R10 both ends of a link go at once" bash -c 'vpart lu del d2 && vpart adapter del disk8'
is "R20 each with its event" "$(vpart events | grep -c 'adapter disk8: deleted')" 2
t "R10 the last one" vpart link del far
is "nothing is left" "$(get 'o' link) $(get 'o' adapter) $(get 'o' lu)" "[] [] []"

# --- the commands of the documents, as they stand there ---
clear_all() {
	local a
	for a in $(get '" ".join(x["name"] for x in o)' adapter); do vpart adapter del "$a" --force; done
	for a in vios1 vios2 client1; do vpart partition del $a; done
	for a in cec1 cec2; do vpart node del $a; done
	drop k7
	umount /mnt
} >/dev/null 2>&1
# run_all WHERE COMMANDS: each succeeds.
run_all() {
	local line
	while read -r line; do
		t "$1: $line" bash -c "$line"
	done <<<"$2"
}
# blocks FILE: what a machine is told, blocks apart by a line "--"
blocks() { sed -n 's/^ *\(modprobe -a vpart_stream .*\)/--\n\1/p; s/^ *\((umask .*\)/\1/p; s/^ *\(\(keyctl padd\|vpart [a-z]* add\|vpart link show\) .*\)/\1/p' "$1" | awk '/^--/ { on = 1 } on'; }
mods vpart_shm
for doc in man/vpart.8.rst admin-guide/vpart-links.rst; do
	section=$(sed -n '/^LINKS$/,/^EXIT STATUS/p; /^Two machines/,/^Digests/p' "/src/Documentation/$doc")
	for n in 1 2; do
		clear_all
		commands=$(blocks <(echo "$section") | awk -v n=$n '/^--/ { i++; next } i == n')
		t "$doc: the commands of machine $n are found" test "$(wc -l <<<"$commands")" -ge 6
		# The modules are loaded, from where modprobe does not look; the devices are ours.
		run_all "$doc" "$(sed '/^modprobe/d; s/shm:0000:00:05/shm:0000:00:10/; s/shm:0000:00:06/shm:0000:00:11/' <<<"$commands")"
	done
done
clear_all
t "the modules can be unloaded" rmmod dm-vmirror vscsi_target vscsi_host vpart_stream vpart_shm vpart_auth vpart
done_testing
