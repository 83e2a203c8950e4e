#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the netlink family: what is told and changed, and refused with a sentence
# kernel: stock
# soak: debug
# disks: 64M
# limit: 300
# kernels: +6.12 7.2
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/clusterfs/lib.sh
. /src/tests/suites/vpart/lib.sh
NLPY=$suite/nl.py
mods clusterfs dm_mod
repo /dev/vdb >/dev/null
nl_open

is "no mount, no entry" "$(nl -d MOUNT_GET)" ""
refusals <<'E'
a mount that is not there # no such node is mounted here # MOUNT_GET
objects of no mount # no such node is mounted here # -d NODE_GET
E
t "R17 a node is mounted" cfs n1 /dev/vdb
one=$(nl MOUNT_GET)
is "R22 it tells who it is" "$(value CLUSTER "$one") $(value MOUNT "$one") $(value NODE "$one") $(value HEALTH "$one")" "lab n1 0 OK"
as_tree() {
	one=$(nl MOUNT_GET)
	[ "$(value TERM "$one") $(value COMMIT "$one") $(value REPOSITORY "$one") $(value LAST_EVENT "$one")" = \
		"$(of term $mnt/n1/config) $(of commit $mnt/n1/config) $(of uuid $mnt/n1/config) $(of events $mnt/n1/config)" ]
}
t "R22 ... what the tree says of it" wait_for 20 as_tree
t "R17 another one is mounted" cfs n2 /dev/vdb
is "a dump has both" "$(nl -d MOUNT_GET | grep -o '\bMOUNT=[^ ]*' | xargs)" "MOUNT=n1 MOUNT=n2"
both() { [ "$(nl -d NODE_GET MOUNT=n1 | grep -c 'STATE=1 ')$(nl -d NODE_GET MOUNT=n2 | grep -c 'STATE=1 ')" = 22 ]; }
t "R22 both tell of both" wait_for 20 both
is "R21 who is the primary node" "$(value NAME "$(nl PRIMARY_GET MOUNT=n2)")" n1
before=$(value CHANGES "$(nl STATS_GET MOUNT=n1)")
is "a node by its name" "$(value ID "$(nl NODE_GET MOUNT=n1 NAME=n2)")" 1

refusals <<'E'
which of two mounts # several nodes are mounted here: say which # MOUNT_GET
... for a dump # several nodes are mounted here # -d LU_GET
a mount of another cluster # no such node is mounted here # MOUNT_GET CLUSTER=bal MOUNT=n1
a dump of one mount # a dump of mounts is of all # -d MOUNT_GET MOUNT=n1
a dump with a name # a dump takes no id and no name # -d NODE_GET MOUNT=n1 NAME=n2
which node # which node: give its id or its name # NODE_GET MOUNT=n1
which map # which map: give its id$ # MAP_GET MOUNT=n1
an unknown node # there is no such node # NODE_GET MOUNT=n1 NAME=n9
a name with another's id # there is no such node # NODE_GET MOUNT=n1 NAME=n1 ID=1
an adapter has no name # Unsupported attribute|Unknown attribute # ADAPTER_GET MOUNT=n1 NAME=a
a name of bytes # the name has a character that cannot be printed # CLIENT_NEW MOUNT=n1 NAME=hex:f800
... of nothing that is there # the name has a character that cannot be printed # CLIENT_DEL MOUNT=n1 NAME=hex:66f00a00
an unknown attribute # Unknown attribute type # MOUNT_GET 200=1
an id of 4 bytes # (Invalid argument|out of range): .+ # NODE_GET MOUNT=n1 ID=u32:1
a command that is not there # Operation not supported # 99
an event as a request # Operation not supported # EVENT_NTF
E

c1=$(nl CLIENT_NEW MOUNT=n1 NAME=web UUID=uuid:11111111-2222-3333-4444-555555555555)
is "R19 a client gets an id" "$(value ID "$c1") $(value NAME "$c1")" "1 web"
is "R19 and the next one another, at another node" "$(value ID "$(nl CLIENT_NEW MOUNT=n2 NAME=db)")" 2
a1=$(nl ADAPTER_NEW MOUNT=n1 NODE=0 CLIENT=1 SLOT=3)
is "R19 an adapter, with its client's name" "$(value ID "$a1") $(value CLIENT_NAME "$a1")" "1 web"
v1=$(nl VOLUME_NEW MOUNT=n1 NAME=vol SECTORS=2048 \
	LEG=NODE:0,UUID:11111111-2222-3333-4444-555555555551 LEG=NODE:1,UUID:11111111-2222-3333-4444-555555555552,STATE:2)
is "a volume, with its legs" "$(grep -o 'LEG=[^ ]*' <<<"$v1" | xargs)" \
	"LEG=0/11111111-2222-3333-4444-555555555551/1 LEG=1/11111111-2222-3333-4444-555555555552/2"
l1=$(nl LU_NEW MOUNT=n2 NAME=d1 SECTORS=2048 BACKING=/dev/vol VOLUME=1)
is "a LU, of nobody yet" "$(value ID "$l1") $(value BLOCK "$l1") $(value OWNER "$l1")" "1 512 "
nl LU_NEW MOUNT=n2 NAME=d2 SECTORS=4096 BLOCK=4096 >/dev/null
m1=$(nl MAP_NEW MOUNT=n1 LU=1 CLIENT=1 LUN=0 ADAPTER=1)
is "R26 a client sees a LU" "$(value ID "$m1") $(value LU_NAME "$m1") $(value CLIENT_NAME "$m1")" "1 d1 web"
seen() { [ "$(nl -d MAP_GET MOUNT=n2 | wc -l)" = 1 ] && [ -e $mnt/n2/lus/2 ]; }
t "R22 R27 the other node sees what was done at this one" wait_for 20 seen

refusals <<'E'
a client without a name # the name is missing # CLIENT_NEW MOUNT=n1
a client with an empty name # the name is empty # CLIENT_NEW MOUNT=n1 NAME=
a client's name twice # there is a client of this name: 1 \(at byte # CLIENT_NEW MOUNT=n2 NAME=web
a client's uuid twice # the uuid is that of client 1 \(at byte # CLIENT_NEW MOUNT=n1 NAME=c UUID=uuid:11111111-2222-3333-4444-555555555555
a uuid of zeroes # the uuid is all zeroes \(at byte # CLIENT_NEW MOUNT=n1 NAME=c UUID=uuid:00000000-0000-0000-0000-000000000000
a name of 64 characters # the name is longer than 63 characters \(at byte # CLIENT_NEW MOUNT=n1 NAME=aaaaaaaabbbbbbbbccccccccddddddddaaaaaaaabbbbbbbbccccccccdddddddd
a name with a line end # cannot be printed \(at byte # CLIENT_NEW MOUNT=n1 NAME=hex:610a00
an adapter of no node # the node's id is missing # ADAPTER_NEW MOUNT=n1 CLIENT=1
an adapter of an unknown node # there is no node 3 \(at byte # ADAPTER_NEW MOUNT=n1 NODE=3 CLIENT=1
an adapter for an unknown client # there is no client 9 \(at byte # ADAPTER_NEW MOUNT=n1 NODE=0 CLIENT=9
an unknown peer # there is no adapter 7 \(at byte # ADAPTER_NEW MOUNT=n1 NODE=0 CLIENT=1 PEER=7
a slot twice # slot 3 of node 0 has adapter 1 already # ADAPTER_NEW MOUNT=n1 NODE=0 CLIENT=2 SLOT=3
a LU without a size # the number of sectors is missing # LU_NEW MOUNT=n1 NAME=d3
a LU of no sectors # no disk has so many sectors # LU_NEW MOUNT=n1 NAME=d3 SECTORS=0
a LU of too many # no disk has so many sectors # LU_NEW MOUNT=n1 NAME=d3 SECTORS=18014398509481984
a LU's odd block # a block has 512 or 4096 bytes # LU_NEW MOUNT=n1 NAME=d3 SECTORS=8 BLOCK=520
a LU's unknown flag # a LU has no such flag # LU_NEW MOUNT=n1 NAME=d3 SECTORS=8 FLAGS=2
P24 a shared LU without fencing # needs confirmed fencing # LU_NEW MOUNT=n1 NAME=d3 SECTORS=8 FLAGS=1
a LU on an unknown volume # there is no volume 5 # LU_NEW MOUNT=n1 NAME=d3 SECTORS=8 VOLUME=5
R26 a volume under two LUs # volume 1 has lu 1 already # LU_NEW MOUNT=n1 NAME=d3 SECTORS=8 VOLUME=1
a map without a lun # the lun is missing # MAP_NEW MOUNT=n1 LU=2 CLIENT=1
a map to an unknown LU # there is no lu 9 \(at byte # MAP_NEW MOUNT=n1 LU=9 CLIENT=1 LUN=1
a map of an unknown client # there is no client 9 # MAP_NEW MOUNT=n1 LU=2 CLIENT=9 LUN=1
a map at another client's adapter # adapter 1 is another client's # MAP_NEW MOUNT=n1 LU=2 CLIENT=2 LUN=1 ADAPTER=1
a lun twice # client 1 has lu 1 as lun 0 # MAP_NEW MOUNT=n1 LU=2 CLIENT=1 LUN=0
a LU twice for a client # client 1 has lu 1 already, as lun 0 # MAP_NEW MOUNT=n1 LU=1 CLIENT=1 LUN=1
R26 a LU that another client has # lu 1 is used by client 1, and is not shared # MAP_NEW MOUNT=n1 LU=1 CLIENT=2 LUN=0
R26 ... asked at another node # lu 1 is used by client 1, and is not shared # MAP_NEW MOUNT=n2 LU=1 CLIENT=2 LUN=0
three legs # two legs at most # VOLUME_NEW MOUNT=n1 NAME=v SECTORS=8 LEG=NODE:0,UUID:11111111-2222-3333-4444-555555555551 LEG=NODE:0,UUID:11111111-2222-3333-4444-555555555551 LEG=NODE:0,UUID:11111111-2222-3333-4444-555555555551
a leg without a uuid # a leg has a node and a uuid # VOLUME_NEW MOUNT=n1 NAME=v SECTORS=8 LEG=NODE:0
a leg of an unknown state # a leg has no such state # VOLUME_NEW MOUNT=n1 NAME=v SECTORS=8 LEG=NODE:0,UUID:11111111-2222-3333-4444-555555555551,STATE:3
a leg at an unknown node # there is no node 3 # VOLUME_NEW MOUNT=n1 NAME=v SECTORS=8 LEG=NODE:3,UUID:11111111-2222-3333-4444-555555555551
a client that is used # client 1 is used by adapter 1, and 1 more \(at byte # CLIENT_DEL MOUNT=n1 ID=1
a LU that is used # lu 1 is used by map 1, and 0 more # LU_DEL MOUNT=n1 ID=1
an adapter that is used # adapter 1 is used by map 1 # ADAPTER_DEL MOUNT=n1 ID=1
a volume that is used # volume 1 is used by lu 1 # VOLUME_DEL MOUNT=n1 NAME=vol
an unknown LU # there is no lu 9 # LU_DEL MOUNT=n1 ID=9
an unknown name # there is no lu d9 # LU_DEL MOUNT=n1 NAME=d9
a LU with another's name # lu 1 has another name: d1 # LU_DEL MOUNT=n1 ID=1 NAME=d2
id 0 # ids are numbered from 1 # LU_DEL MOUNT=n1 ID=0
which LU # which lu: give its id or its name # LU_DEL MOUNT=n1
used by whom # used by whom: one lu, client # -d USAGE_GET MOUNT=n1
... one thing # used by whom: one lu # -d USAGE_GET MOUNT=n1 LU=1 CLIENT=1
an unknown one # there is no lu 9 # -d USAGE_GET MOUNT=n1 LU=9
a lease that is too long # a lease is 60000 ms at most # QUORUM_SET MOUNT=n1 QUORATE=1 LEASE_MS=60001
a lease that has ended # the lease has ended already # QUORUM_SET MOUNT=n1 QUORATE=1 LEASE_END=1
half a quorum # it is 0 or 1 # QUORUM_SET MOUNT=n1 QUORATE=2
P19 a verdict about nobody # the name is missing # FENCE_DONE MOUNT=n1 METHOD=kill CONFIRMED=1
P19 a verdict without a life # the life of the node is missing # FENCE_DONE MOUNT=n1 NAME=n2 METHOD=kill CONFIRMED=1
P6 a move of nothing # the object's type is missing # OWNER_MOVE MOUNT=n1
P6 ... of what has no owner # LUs and volumes have owners # OWNER_MOVE MOUNT=n1 OBJECT_TYPE=3 OBJECT=0
P6 ... of no number # the object's id is missing # OWNER_MOVE MOUNT=n1 OBJECT_TYPE=6
P6 ... to no node # no node has such a number # OWNER_MOVE MOUNT=n1 OBJECT_TYPE=6 OBJECT=1 NODE=32
P6 ... of what this node does not own # node n1 is not the owner of lu 1 # OWNER_MOVE MOUNT=n1 OBJECT_TYPE=6 OBJECT=1
P6 ... of what is not there # node n1 is not the owner of volume 77 # OWNER_MOVE MOUNT=n1 OBJECT_TYPE=8 OBJECT=77 NODE=1
owners of no mount # no such node is mounted here # -d OWNER_GET MOUNT=n9
P19 a verdict that is not confirmed # confirmed # FENCE_DONE MOUNT=n1 NAME=n2 BOOT=uuid:11111111-2222-3333-4444-555555555555 METHOD=ping CONFIRMED=0
E
is "nothing of all that was made" "$(for o in CLIENT ADAPTER LU MAP VOLUME; do nl -d ${o}_GET MOUNT=n1 | wc -l; done | xargs)" "2 1 2 1 1"

uses() { nl -d USAGE_GET "$@" | sed -n 's/.*OBJECT_TYPE=\([0-9]*\) OBJECT=\([0-9]*\).*/\1:\2/p' | xargs; }
is "R26 who uses a LU, asked at any node" "$(uses MOUNT=n1 LU=1) $(uses MOUNT=n2 LU=1)" "7:1 7:1"
is "R26 who uses a client" "$(uses MOUNT=n2 CLIENT=1)" "5:1 7:1"
is "R26 who uses an adapter, and a volume" "$(uses MOUNT=n2 ADAPTER=1) $(uses MOUNT=n2 VOLUME=1)" "7:1 6:1"
is "R26 who uses a node" "$(uses MOUNT=n1 NODE=0)" "5:1 8:1"
is "R26 who uses nothing" "$(uses MOUNT=n1 LU=2)" ""

unpriv() { setpriv --reuid=65534 --clear-groups --bounding-set=-all --inh-caps=-all python3 $NLPY "$@"; }
fails "who has no CAP_NET_ADMIN changes nothing" "Operation not permitted" unpriv LU_DEL MOUNT=n1 ID=2
fails "... tells of no quorum" "Operation not permitted" unpriv QUORUM_SET MOUNT=n1 QUORATE=0
fails "... lets nobody yield" "Operation not permitted" unpriv PRIMARY_YIELD MOUNT=n1
fails "... moves nothing" "Operation not permitted" unpriv OWNER_MOVE MOUNT=n1 OBJECT_TYPE=6 OBJECT=1
is "... but sees who owns what" "$(unpriv -d OWNER_GET MOUNT=n2 | sed -n 's/.*OBJECT_TYPE=\([0-9]*\) OBJECT=\([0-9]*\) NAME=\([a-z0-9]*\) .*ROLE=\([a-z]*\).*/\1:\2:\3:\4/p' | xargs)" \
	"6:1:d1:none 6:2:d2:none 8:1:vol:none"
fails "... and sees no reservation keys" "Operation not permitted" unpriv -d PR_GET MOUNT=n1
t "... but the state of things" unpriv -d LU_GET MOUNT=n1
t "nobody has a key" nl -d PR_GET MOUNT=n1

t "a map goes" nl MAP_DEL MOUNT=n2 ID=1
t "R26 and the LU is another client's" nl MAP_NEW MOUNT=n1 LU=1 CLIENT=2 LUN=0
t "an adapter goes" nl ADAPTER_DEL MOUNT=n1 ID=1
t "a client goes" nl CLIENT_DEL MOUNT=n2 NAME=web
t "a client of that name comes" nl CLIENT_NEW MOUNT=n1 NAME=web
is "R18 its id is not that of the one that went" "$(value ID "$(nl CLIENT_GET MOUNT=n1 NAME=web)")" 3
s=$(nl STATS_GET MOUNT=n1)
is "statistics: what was stored, and more that was not" "$(($(value CHANGES "$s") - before)) $(($(value REFUSED "$s") > 20)) $(($(value TRIES "$s") > 5))" "7 1 1"
t "... and how long that took" test "$(value CHANGE_US "$s")" -ge "$(value CHANGE_MAX_US "$s")" -a "$(value CHANGE_MAX_US "$s")" -gt 0

refused "R21 who is not the primary node does not yield" "node n2|primary" PRIMARY_YIELD MOUNT=n2
t "R21 the primary node yields" nl PRIMARY_YIELD MOUNT=n1
primary() { [ "$(value NAME "$(nl PRIMARY_GET MOUNT=n1)")" = "$1" ]; }
t "R21 the other one is it" wait_for 20 primary n2

# A dump is of one moment, and holds no mount.
for i in $(seq 40); do nl LU_NEW MOUNT=n1 NAME=many"$i" SECTORS=8 BACKING=/dev/disk/by-id/abcdefghijklmnopqrstuvwxyz >/dev/null; done
is "a dump of many has each once" "$(nl -d LU_GET MOUNT=n1 | grep -o '\bID=[0-9]*' | sort -u | wc -l)" 42
many() { [ "$(nl -d LU_GET MOUNT=n2 | wc -l)" = 42 ]; }
t "R22 ... at the other node, too" wait_for 20 many
mkfifo /run/go
python3 - >/out/dumped <<'E' &
import importlib.util
spec = importlib.util.spec_from_file_location("cnl", "/src/tests/suites/clusterfs/nl.py")
cnl = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cnl)
s = cnl.nl.Netlink()
s.send(s.family, cnl.CMDS["LU_GET"], cnl.encode(cnl.ATTRS, "MOUNT=n2"), 1 | 0x300)
open("/run/asked", "w").close()
open("/run/go").read()
n, more = 0, True
while more:
    for kind, _, _, _ in s.receive():
        more &= kind != 3
        n += more
print(n)
E
dumper=$!
wait_for 30 test -e /run/asked
for i in 1 2 3; do nl LU_DEL MOUNT=n1 NAME=many"$i" >/dev/null; done
t "a mount is left while somebody dumps it" umount $mnt/n2
echo >/run/go
wait $dumper
is "a dump that was begun before is whole" "$(cat /out/dumped)" 42
refusals <<'E'
what is left is not found # no such node is mounted here # -d LU_GET MOUNT=n2
E
is "one mount is left: it needs no name" "$(nl -d LU_GET | wc -l)" 39
t "P19 the agent tells of quorum" vpart cluster quorum 30000
t "P19 ... that there is none" vpart cluster quorum lost
well() { [ "$(value HEALTH "$(nl MOUNT_GET)")" = "$1" ]; }
t "P19 the node is frozen" wait_for 20 well FROZEN
t "P19 ... with a reason" grep -q 'REASON=[^ ]' <<<"$(nl MOUNT_GET)"
t "P19 there is quorum again" nl QUORUM_SET QUORATE=1 LEASE_MS=30000
t "P19 the node is well again" wait_for 20 well OK
fails "P19 a lease has a limit" "a lease is [0-9]+ ms at most" vpart cluster quorum 4000000000
boot=$(of boot $mnt/n1/nodes/n1) other=00000000-0000-4000-8000-000000000001
fails "P19 a verdict about a node that nobody knows" "node n9 is not known" vpart cluster fenced n9 boot "$boot" method lab
fails "P19 ... about another life of it" "the verdict is about boot $other of node n2, which has boot [-0-9a-f]{36}$" vpart cluster fenced n2 boot $other method lab
fails "P19 ... about itself" "cannot tell that it is fenced itself" vpart cluster fenced n1 boot "$boot" method lab
fails "P19 ... without a method" "how is that known" vpart cluster fenced n2 boot "$boot"
t "P19 ... about one that has left: nothing is to be stored" vpart cluster fenced n2 boot "$(of boot $mnt/n1/nodes/n2)" method lab
nl_close
t "it leaves" umount $mnt/n1
t "V6 the repository is whole" fsck.clusterfs -n /dev/vdb

# --- changes that take their time
walks $suite/held.py
t "V6 the repository is whole, again" fsck.clusterfs -n /dev/vdb
t "the module goes" rmmod clusterfs
done_testing
