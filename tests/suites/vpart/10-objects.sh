#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: nodes, partitions and adapter pairs: what is made, what is refused and why
# kernel: debug
# kernels: +6.1 +6.12 7.2
# leaks: whole
# limit: 480
. /src/tests/lib/guest.sh
. /src/tests/suites/vpart/lib.sh

t "vpart is loaded" mods vpart
nl_open
node=$(nl NODE_NEW NAME=n1)
t "a node is made and shown" grep -q "ID=1 NAME=n1 UUID=" <<<"$node"
t "a node is made with id and uuid" nl NODE_NEW NAME=n2 ID=7 UUID=uuid:11111111-2222-3333-4444-555555555555
is "an id that is given moves the next one on" "$(value ID "$(nl NODE_NEW NAME=n3)")" 8

refusals <<'E'
a node without a name # the node's name is missing # NODE_NEW
a node's name twice # there is a node n1 already # NODE_NEW NAME=n1
a node's id twice # id 7 is node n2's # NODE_NEW NAME=n4 ID=7
a node's uuid twice # the uuid is node n2's # NODE_NEW NAME=n4 UUID=uuid:11111111-2222-3333-4444-555555555555
a uuid of zeroes # the uuid is all zeroes # NODE_NEW NAME=n4 UUID=uuid:00000000-0000-0000-0000-000000000000
a uuid that is too short # (Invalid argument|out of range): .+ # NODE_NEW NAME=n4 UUID=hex:0011
id 0 # id 0 is not from 1 to # NODE_NEW NAME=n4 ID=0
an id that is too large # is not from 1 to 2147483647 # NODE_NEW NAME=n4 ID=2147483648
an id of 3 bytes # (Invalid argument|out of range): .+ # NODE_NEW NAME=n4 ID=hex:010203
an empty name # the name is empty # NODE_NEW NAME=
a name of 32 characters # longer than 31 characters # NODE_NEW NAME=abcdefghijklmnopqrstuvwxyz012345
a name with a slash # letters, digits # NODE_NEW NAME=a/b
a name that begins with a dot # letters, digits # NODE_NEW NAME=.a
a name with a line end # letters, digits # NODE_NEW NAME=hex:610a00
a name without its end # (Invalid argument|out of range): .+ # NODE_NEW NAME=hex:616263
an unknown attribute # Unknown attribute type # NODE_NEW NAME=n4 77=1
an attribute that the operation does not take # Unsupported attribute|Unknown attribute # NODE_GET NAME=n1 UUID=uuid:11111111-2222-3333-4444-555555555555
an unknown command # Operation not supported # 99
a notification as a request # Operation not supported # EVENT_NTF
an unknown node # there is no node nx # NODE_GET NAME=nx
an unknown node's id # there is no node 99 # NODE_DEL ID=99
a node of nothing # which node: give its id or its name # NODE_GET
id and name of two nodes # node 1 has another name: n1 # NODE_DEL ID=1 NAME=n2
a dump with a name # a dump takes no id and no name # -d NODE_GET NAME=n1
E
is "nothing of all that was made" "$(nl -d NODE_GET | wc -l)" 3

p1=$(nl PARTITION_NEW NAME=vios1 NODE=n1 ROLE=1)
p2=$(nl PARTITION_NEW NAME=vios2 NODE=n2 ROLE=1)
c1=$(nl PARTITION_NEW NAME=client1 NODE=n1 ROLE=0)
is "R2 the first of a node has pool number 1" "$(value POOL "$p1")$(value POOL "$p2")" 11
is "R2 the second of a node has pool number 2" "$(value POOL "$c1")" 2
is "R2 the same number on two nodes: partners" "$(value PARTNER "$(nl PARTITION_GET NAME=vios1)")$(value PARTNER "$p2")" vios2vios1
is "R2 one without a mate has no partner" "$(value PARTNER "$c1")" ""

refusals <<'E'
a partition without a name # the partition's name is missing # PARTITION_NEW NODE=n1 ROLE=0
a partition without a node # the node's name is missing # PARTITION_NEW NAME=p ROLE=0
a partition without a role # the partition's role is missing # PARTITION_NEW NAME=p NODE=n1
a partition of an unknown role # there is no role 2: client is 0, VIOS is 1 # PARTITION_NEW NAME=p NODE=n1 ROLE=2
a partition on an unknown node # there is no node nx # PARTITION_NEW NAME=p NODE=nx ROLE=0
a partition's name twice, on another node # there is a partition vios1 already # PARTITION_NEW NAME=vios1 NODE=n2 ROLE=1
a partition's id twice # id 1 is partition vios1's # PARTITION_NEW NAME=p NODE=n2 ROLE=1 ID=1
E
refused "a partition's uuid twice" "the uuid is partition vios1's" PARTITION_NEW NAME=p NODE=n2 ROLE=1 "UUID=uuid:$(value UUID "$p1")"
refusals <<'E'
a pool number twice on a node # pool number 2 is partition client1's on this node # PARTITION_NEW NAME=p NODE=n1 ROLE=1 POOL=2
pool number 0 # pool number 0 is not from 1 to 65535 # PARTITION_NEW NAME=p NODE=n1 ROLE=1 POOL=0
a state when it is made # Unsupported attribute|Unknown attribute # PARTITION_NEW NAME=p NODE=n1 ROLE=1 STATE=1
no state # the partition's state is missing # PARTITION_SET NAME=vios1
an unknown state # there is no state 2: running is 0, failed is 1 # PARTITION_SET NAME=vios1 STATE=2
the state of an unknown partition # there is no partition px # PARTITION_SET NAME=px STATE=1
a node with partitions is not deleted # node n1 has 2 partitions # NODE_DEL NAME=n1
E

a1=$(nl ADAPTER_NEW CLIENT=client1 SERVER=vios1)
is "R10 a pair is named after its ends" "$(value NAME "$a1")" client1-vios1
is "a pair has slot 1 in each" "$(value CLIENT_SLOT "$a1")$(value SERVER_SLOT "$a1")" 11
is "its path loss time-out is 30 s" "$(value PATH_LOSS "$a1")" 30
is "its link is down: no client" "$(value LINK_STATE "$a1")$(value WHY "$a1")" 03
a2=$(nl ADAPTER_NEW CLIENT=client1 SERVER=vios2 NAME=second ID=5 SERVER_SLOT=9 PATH_LOSS=5)
is "slots are assigned or given" "$(value CLIENT_SLOT "$a2")$(value SERVER_SLOT "$a2")" 29

refusals <<'E'
a pair without a client # the client's partition is missing # ADAPTER_NEW SERVER=vios1
a pair without a server # the server's partition is missing # ADAPTER_NEW CLIENT=client1
a pair's unknown client # there is no partition cx # ADAPTER_NEW CLIENT=cx SERVER=vios1
a pair's unknown server # there is no partition vx # ADAPTER_NEW CLIENT=client1 SERVER=vx
the client is a VIOS # partition vios1 is no client # ADAPTER_NEW CLIENT=vios1 SERVER=vios2
E
nl PARTITION_NEW NAME=client2 NODE=n2 ROLE=0 >/dev/null
refusals <<'E'
the server is a client # partition client2 is no VIOS # ADAPTER_NEW CLIENT=client1 SERVER=client2
both ends in one partition # both ends are partition vios1 # ADAPTER_NEW CLIENT=vios1 SERVER=vios1
a pair's name twice # there is an adapter client1-vios1 already # ADAPTER_NEW CLIENT=client1 SERVER=vios1
a pair's id twice # id 5 is adapter second's # ADAPTER_NEW CLIENT=client1 SERVER=vios1 NAME=a ID=5
a client's slot twice # slot 1 of partition client1 is taken # ADAPTER_NEW CLIENT=client1 SERVER=vios1 NAME=a CLIENT_SLOT=1
a server's slot twice # slot 9 of partition vios2 is taken # ADAPTER_NEW CLIENT=client1 SERVER=vios2 NAME=a SERVER_SLOT=9
slot 0 # client slot 0 is not from 1 to 65535 # ADAPTER_NEW CLIENT=client1 SERVER=vios2 NAME=a CLIENT_SLOT=0
a path loss time-out of 4 s # time-out of 4 s is not from 5 to 300 # ADAPTER_NEW CLIENT=client1 SERVER=vios2 NAME=a PATH_LOSS=4
a path loss time-out of 301 s # time-out of 301 s is not from 5 to 300 # ADAPTER_SET NAME=second PATH_LOSS=301
a change to nothing # the path loss time-out is missing # ADAPTER_SET NAME=second
an unknown fabric # there is no fabric pigeon # ADAPTER_NEW CLIENT=client1 SERVER=vios2 NAME=a FABRIC=pigeon
a copy of 2 # copy is 0 or 1 # ADAPTER_NEW CLIENT=client1 SERVER=vios2 NAME=a COPY=2
poll queues in one kernel # fabric local cannot be polled # ADAPTER_NEW CLIENT=client1 SERVER=vios2 NAME=a POLL=1
too many poll queues # 33 poll queues are too many: 32 may be # ADAPTER_NEW CLIENT=client1 SERVER=vios2 NAME=a POLL=33
poll queues at the server's end # it is the client that polls # ADAPTER_NEW CLIENT=client1 SERVER=vios2 NAME=a ID=9 SIDE=1 FABRIC=shm ADDRESS=shm:00:10.0 POLL=1
poll queues as a wish # Unsupported attribute|Unknown attribute # ADAPTER_SET NAME=second POLL=1
a copy as a wish # Unsupported attribute|Unknown attribute # ADAPTER_SET NAME=second COPY=1
a link state as a wish # Unsupported attribute|Unknown attribute # ADAPTER_SET NAME=second LINK_STATE=2
an unknown pair # there is no adapter ax # ADAPTER_DEL NAME=ax
the commands of an unknown pair # there is no adapter ax # -d CALL_GET NAME=ax
the commands of no pair # the adapter pair's name is missing # -d CALL_GET
the commands of a LUN # Unsupported attribute|Unknown attribute # -d CALL_GET NAME=second LUN=u64:0
a client with adapters is not deleted # partition client1 has 2 adapters # PARTITION_DEL NAME=client1
a server with adapters is not deleted # partition vios1 has 1 adapters # PARTITION_DEL NAME=vios1
E
is "nothing of all that was made" "$(nl -d ADAPTER_GET | wc -l) $(nl -d PARTITION_GET | wc -l)" "2 4"
v1=$(nl ADAPTER_NEW PARENT=second NAME=v1 PORT_NAME=u64:3458764513820543676)
is "R16 a virtual port has its parent's partitions" "$(value CLIENT "$v1") $(value SERVER "$v1") $(value PARENT "$v1")" "client1 vios2 second"
is "R16 and the port name that was given" "$(value PORT_NAME "$v1")" 3458764513820543676
refusals <<'E'
R16 a port name without a parent # the virtual port's parent is missing # ADAPTER_NEW NAME=v2 PORT_NAME=u64:3458764513820543676
R16 a virtual port without a name # the virtual port's name is missing # ADAPTER_NEW PARENT=second
R16 a virtual port's own client # has its parent's partitions # ADAPTER_NEW PARENT=second NAME=v2 CLIENT=client1
R16 a virtual port's own server # has its parent's partitions # ADAPTER_NEW PARENT=second NAME=v2 SERVER=vios1
R16 a virtual port's own fabric # has its parent's partitions, fabric # ADAPTER_NEW PARENT=second NAME=v2 FABRIC=local
R16 a virtual port's own copying # has its parent's partitions # ADAPTER_NEW PARENT=second NAME=v2 COPY=1
R16 a virtual port's own path loss time-out # path loss # ADAPTER_NEW PARENT=second NAME=v2 PATH_LOSS=9
R16 a virtual port's own key # key and digest # ADAPTER_NEW PARENT=second NAME=v2 KEY=k
R16 a virtual port's own digest # key and digest # ADAPTER_NEW PARENT=second NAME=v2 DIGEST=1
R16 a virtual port's own poll queues # poll queues # ADAPTER_NEW PARENT=second NAME=v2 POLL=1
R16 a virtual port's own address # has its parent's address # ADAPTER_NEW PARENT=second NAME=v2 ADDRESS=tcp:127.0.0.1:1
R16 an unknown parent # there is no adapter ax # ADAPTER_NEW PARENT=ax NAME=v2
R16 a virtual port as parent # adapter v1 is a virtual port itself # ADAPTER_NEW PARENT=v1 NAME=v2
R16 a virtual port's name twice # there is an adapter v1 already # ADAPTER_NEW PARENT=second NAME=v1
R16 a pair's name for a virtual port # there is an adapter client1-vios1 already # ADAPTER_NEW PARENT=second NAME=client1-vios1
R16 a virtual port's slot twice # slot 9 of partition vios2 is taken # ADAPTER_NEW PARENT=second NAME=v2 SERVER_SLOT=9
R16 a port name twice # port name 3000000000000abc is that of v1 # ADAPTER_NEW PARENT=second NAME=v2 PORT_NAME=u64:3458764513820543676
R16 a port name of another kind # 0000000000000001 is no 64-bit NAA name: its first digit is 2, 3 or 5 # ADAPTER_NEW PARENT=second NAME=v2 PORT_NAME=u64:1
R16 a port name of 4 bytes # (Invalid argument|out of range): .+ # ADAPTER_NEW PARENT=second NAME=v2 PORT_NAME=1
R16 the path loss time-out of a virtual port # set that of second # ADAPTER_SET NAME=v1 PATH_LOSS=9
R16 a parent with a virtual port # delete its virtual port v1 first # ADAPTER_DEL NAME=second
E
is "R16 nothing of all that was made" "$(nl -d ADAPTER_GET | wc -l)" 3
t "R16 a virtual port is deleted" nl ADAPTER_DEL NAME=v1
t "the path loss time-out is changed" nl ADAPTER_SET ID=5 PATH_LOSS=300
is "and shown" "$(value PATH_LOSS "$(nl ADAPTER_GET ID=5)")" 300

# 6.1's su and setpriv drop the capability that changes need
unpriv() { setpriv --reuid=65534 --clear-groups --bounding-set=-all --inh-caps=-all \
	python3 $NLPY "$@"; }
fails "who has no CAP_NET_ADMIN changes nothing" "Operation not permitted" unpriv NODE_NEW NAME=n9
fails "... and is not told what a client asks for" "Operation not permitted" unpriv -d CALL_GET NAME=a1
t "but sees the state of things" unpriv PARTITION_GET NAME=vios1

d=/sys/bus/vpart/devices
is "sysfs: side, slot, peer of the server" "$(cat $d/second.server/{side,slot,peer} | xargs)" "server 9 client1"
is "sysfs: side, slot, peer of the client" "$(cat $d/second.client/{side,slot,peer} | xargs)" "client 2 vios2"
is "sysfs: the link" "$(cat $d/second.client/{link_state,epoch,inflight,oldest_ms,path_loss} | xargs)" "down 0 0 0 300"
is "sysfs: why it is down" "$(cat $d/second.client/why)" "no client driver has started"
is "sysfs: a partition" "$(cat /sys/class/vpart/vios1/{node,role,state,pool,partner} | xargs)" "n1 vios running 1 vios2"
is "sysfs: an adapter is below its partition" "$(basename "$(dirname "$(readlink -f $d/second.server)")")" vios2
is "sysfs: a device tells which driver it wants" "$(grep MODALIAS $d/second.server/uevent)" MODALIAS=vpart:server

boot=$(value BOOT "$p1")
t "R8 a partition fails" nl PARTITION_SET NAME=vios1 STATE=1
p=$(nl PARTITION_GET NAME=vios1)
is "it is shown as failed" "$(value STATE "$p") $(cat /sys/class/vpart/vios1/state)" "1 failed"
t "it is another instance" test "$boot" != "$(value BOOT "$p")"
is "its links say why" "$(cat $d/client1-vios1.client/why)" "server partition failed"
t "to fail it again is no change" nl PARTITION_SET NAME=vios1 STATE=1
is "not even of its instance" "$(value BOOT "$(nl PARTITION_GET NAME=vios1)")" "$(value BOOT "$p")"
t "R9 it returns" nl PARTITION_SET NAME=vios1 STATE=0
is "its links wait for the next reason" "$(cat $d/client1-vios1.client/why)" "no client driver has started"

for i in {4..64}; do nl NODE_NEW NAME=many"$i" >/dev/null; done
refusals <<'E'
more nodes than there may be # there are 64 nodes already # NODE_NEW NAME=n99
E
is "a dump of many nodes has each once, by id" "$(nl -d NODE_GET | grep -o '\bID=[^ ]*' | cut -d= -f2 | sort -nu | wc -l)" 64

t "a pair is deleted" nl ADAPTER_DEL ID=5
t "its devices are gone" test ! -e $d/second.client -a ! -e $d/second.server
refusals <<'E'
once # there is no adapter 5 # ADAPTER_DEL ID=5
E
kmemleak_check "nothing leaked with objects there"
nl_close
t "the module goes with objects left in it" rmmod vpart
t "their devices are gone" test ! -e /sys/class/vpart
kmemleak_check "nothing leaked"
t "and it comes back" mods vpart
nl_open
is "empty" "$(nl -d NODE_GET; nl -d PARTITION_GET; nl -d ADAPTER_GET; nl -d EVENT_GET)" ""
done_testing
