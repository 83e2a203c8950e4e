#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# disks: 32M 32M
# limit: 300
# summary: virtual ports from the command: shown, saved and restored, in a bundle of diag
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh

cfg=/etc/vpart/config.json
up() { mods target_core_iblock sd_mod vpart vpart_stream vscsi_target vscsi_host; }
is_up() { [ "$(get "o['link']" vport show "$1" side "$2")" = up ]; }
disk() { get "o['disk']" lu show "$1"; }
name=2123456789abcdef

mkdir -p /etc/vpart
ip link set lo up
up
vpart partition add vios1 vios >/dev/null
vpart partition add client1 client >/dev/null
vpart adapter add client client1 server vios1 name p1 path-loss 11 >/dev/null
namespaces=''
[ ! -e /proc/self/ns/net ] || namespaces=1
${namespaces:+ip netns add blue}
${namespaces:+ip -n blue link set lo up}
in_blue() { ${namespaces:+ip netns exec blue} "$@"; }
end="client client1 server vios1 id 20"
in_blue vpart link add l1 $end listen tcp:127.0.0.1:7300 key none >/dev/null
in_blue vpart link add l1 $end connect tcp:127.0.0.1:7300 key none >/dev/null

# Of a number below its parent's, so that the order of numbers is none of need.
t "R16 a virtual port of a pair" vpart vport add web parent p1 id 90
t "R16 of each end of a link" eval 'vpart vport add far parent l1 side server id 3 port-name $name &&
	vpart vport add far parent l1 side client id 3'
is "R16 the other end's port name is the same" "$(get 'o["port_name"]' vport show far side client)" $name
t "R16 LUs at them" eval 'vpart lu add d1 adapter web device /dev/vdb &&
	vpart lu add d2 adapter far device /dev/vdc'
t "R16 ... as disks" test -b "$(disk d1)" -a -b "$(disk d2)"
is "R16 in the parent's network namespace, whoever asks" \
	"$(get 'o["netns_name"]' link show far side client) $(get 'o["netns_name"]' link show far side server)" \
	"$([ -n "$namespaces" ] && echo blue blue || echo None None)"
t "R16 a LU without an adapter's name goes to the pair" eval \
	'vpart lu del d1 && vpart lu add d1 server vios1 client client1 device /dev/vdb'
is "... itself" "$(get 'o["adapter"]' lu show d1)" p1
vpart lu del d1 >/dev/null
vpart lu add d1 adapter web device /dev/vdb >/dev/null

shape() { get '"\n".join(str([(k, a[k]) for k in ("name", "id", "client", "server", "client_slot", "server_slot", "here", "address", "key", "digest", "path_loss", "parent", "port_name")]) for a in o)' adapter show
	get '"\n".join(str((x["name"], x["adapter"], x["lun"])) for x in o)' lu show; }
was=$(shape)
t "R16 R13 all of it is saved" vpart config save
is "R13 with what is a virtual port's own" "$(python3 -c "
import json
for a in json.load(open('$cfg'))['adapters']:
    if 'parent' in a: print(a['name'], *sorted(a))" | xargs)" \
	"far client_slot id name parent port_name side far id name parent port_name server_slot side web client_slot id name parent port_name server_slot"
t "R13 what is there is left as it is" bash -c 'vpart config restore | grep -q "nothing to do"'
edited() {
	python3 -c "import json; o = json.load(open('$cfg')); a = {(x['name'], x.get('side')): x for x in o['adapters']}
w, c, p = a['web', None], a['far', 'client'], a['p1', None]; $3
json.dump(o, open('/tmp/edited', 'w'))"
	fails "$1" "$2" vpart config restore /tmp/edited
}
edited "R16 another port name contradicts" 'adapter pair web .*contradicts.* another port name' 'w["port_name"] = "3" + "0" * 15'
edited "R16 a parent that is not there" 'virtual port web names parent px, which is not there' 'w["parent"] = "px"'
edited "R16 a virtual port as parent" 'virtual port web names parent far, which is not there, has other ends or is' 'w["parent"] = "far"'
edited "R16 a parent with other ends" 'virtual port web names parent l1, which is not there, has other ends' 'w["parent"] = "l1"'
edited "R16 a port name that is none" '"port_name" is .6123456789abcdef' 'w["port_name"] = "6123456789abcdef"'
edited "R16 no port name" '"port_name" is missing' 'del w["port_name"]'
edited "R16 a port name twice" 'has the port name of' 'w["port_name"] = c["port_name"]'
edited "R16 a path loss time of its own" 'a key that is not known' 'w["path_loss"] = 30'
edited "R16 another's port name" 'its port name is of pair far' \
	'[x.update({"name": "near", "id": 55, x["side"] + "_slot": 77}) for x in o["adapters"] if x["name"] == "far"]; [m.update(adapter="near") for l in o["lus"] for m in l["at"] if m["adapter"] == "far"]'

down() {
	vpart lu del d1 && vpart lu del d2 && vpart vport del web && vpart vport del far && vpart adapter del l1 &&
		vpart adapter del p1 && rmmod vscsi_target vscsi_host vpart_stream vpart_auth vpart
}
t "R16 all of it goes" down
up
t "R13 R16 all of it comes back" vpart config restore --timeout 60
back() { [ "$(shape)" = "$was" ]; }
t "R13 as it was" wait_for 60 back || diff <(echo "$was") <(shape)
t "R16 the links come up" wait_for 60 eval 'is_up web client && is_up far client'
t "restored twice, nothing happens" bash -c 'vpart config restore | grep -q "nothing to do"'
vpart adapter set p1 path-loss 22 >/dev/null
t "R13 a path loss time is restored by its parent's" eval 'vpart config restore | grep -c "path loss" | grep -qx 1'
is "R16 ... which all follow" "$(get 'o["path_loss"]' vport show web)" 11

# --- as legs of a mirror, which want a short path loss time ---
mods dm-vmirror
DM_DISABLE_UDEV=1 vpart mirror create vol d1 d2 >/tmp/out 2>&1
t "R16 a mirror has its legs at virtual ports" grep -q vol /tmp/out
is "R16 whose parents' path loss time is that of legs" \
	"$(get 'o["path_loss"]' vport show web) $(get 'o["path_loss"]' vport show far side client) $(get 'o["path_loss"]' adapter show p1)" "5 5 5"
t "the mirror stops" env DM_DISABLE_UDEV=1 vpart mirror stop vol

is "R16 one end of two" "$(code vpart vport show far side left)" 2
t "R20 a bundle of diag has them" eval 'vpart diag save /tmp/d.tar >/dev/null && tar -xOf /tmp/d.tar --wildcards "*vports.json" | grep -q $name'
t "R16 the client's end of one alone is deleted" vpart vport del far side client --force
is "R16 the server's is left" "$(get '[(a["name"], a["here"]) for a in o]' vport show)" "[('far', 'server'), ('web', 'both')]"
done_testing
