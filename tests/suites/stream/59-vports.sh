#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: virtual ports between kernels: the server's end is the grant, the parent's key proves who asks
# kernel: stock
# soak: debug
# kernels: +6.12
# leaks: whole
# limit: 480
# disks: 32M 32M
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/stream/lib.sh

name=3123456789abcdef other=5123456789abcdef
grant() { vpart vport add "$1" side server "${@:2}" >/dev/null && enable "$1"; }
# vport NAME WORD...: the client's end
vport() { vpart vport add "$1" side client "${@:2}" >/dev/null; }
vport_del() { vpart vport del "$1" side "$2" --force >/dev/null; }
problem() { linkinfo "$1" "$2" problem | grep -Eq "$3"; }
disk_is() { [ "$(tr -dc 'a-z0-9-' <"/sys/block/$(disk_of "$1" 0)/device/vpd_pg80")" = "$2" ]; }
epoch() { cat "/sys/bus/vpart/devices/$1.client/epoch"; }

t "partitions" stream_up
key k 0123456789abcdef0123456789abcdef
key wrong 00000000000000000123456789abcdef
backstore d1 /dev/vdb
backstore d2 /dev/vdc
t "a link with a key, in both its ends" eval \
	'server p1 7 7300 k d1 && client p1 7 7300 k digest all path-loss 60 && wait_for 60 link_state p1 client up'

# --- what is said twice must be said ---
fails "R16 which of the parent's ends is meant has to be said" 'both ends of adapter p1 are here: say which side' \
	vpart vport add va parent p1 id 9
fails "R16 to another kernel it needs an id" 'needs an id, the same at both ends' \
	vpart vport add va parent p1 side client

# --- no grant ---
t "R16 a client makes a virtual port" vport va parent p1 id 9 port-name $name
t "R16 its server has not granted it" wait_for 60 problem va client 'has no such adapter'
t "R16 it stays down" link_state va client down

# --- the grant is of another name ---
t "R16 the server grants the port, with another name" grant va parent p1 id 9 port-name $other
t "R16 P9 the client is refused, and told why" wait_for 60 problem va client 'has granted another port name, or none'
t "R16 the server tells who asked" problem va server "the client says port name $name, $other is granted"
t "R16 no session came of it" test "$(linkinfo va client logins)" = 0
t "the grant goes" vport_del va server
t "R16 the server grants the name" grant va parent p1 id 9 port-name $name
t "R16 then it is let in, by itself" wait_for 60 link_state va client up
lun_add va 0 d2
t "R16 and sees its own LU" disk_is va d2-2
is "R16 key, digest and path loss are the parent's" "$(vpart --json adapter show va | python3 -c '
import json,sys; o=json.load(sys.stdin); print(o["key"], o["digest"], o["path_loss"], o["address"])')" \
	"k all 60 tcp:127.0.0.1:7300"
is "R16 the digests are used" "$(linkinfo va client digest)" all
t "R16 data goes there" dd if=/dev/urandom of="/dev/$(disk_of va 0)" bs=64k count=8 oflag=direct status=none
t "... and nowhere else" cmp -n 524288 /dev/vdb /dev/zero

# --- who has no port name, or one that is not asked for ---
vport_del va client
t "R16 a plain adapter of this number" client va 9 7300 k
t "R16 P9 is refused: it says no port name" wait_for 60 problem va server "the client says no port name, $name is granted"
t "R16 and is told" wait_for 60 problem va client 'has granted another port name, or none'
client_del va
server px 11 7300 k
t "R16 a virtual port to a plain adapter" vport px parent p1 id 11 port-name $other
t "R16 P9 is refused: that is none" wait_for 60 problem px server "the client says port name $other, this is no virtual port"
vport_del px client
server_del px

# --- another's key ---
client q 12 7300 wrong
t "R16 a virtual port of a link with another key" vport va parent q id 9 port-name $name
t "R16 P9 is refused, though it knows the name" wait_for 60 problem va client 'wants the right key'
t "R16 P9 that is counted" eval '[ "$(linkinfo va server auth_failures)" -ge 1 ]'
t "R16 it stays down" link_state va client down
vport_del va client
client_del q

# --- sessions of their own ---
t "R16 the other end's name is taken if none is given" vport va parent p1 id 9
t "R16 it comes up again" wait_for 60 link_state va client up
was=$(epoch va) pwas=$(epoch p1)
echo 0 >$cfg/vscsi/p1/tpgt_1/enable
t "R16 the parent's link goes" wait_for 60 link_state p1 client down
is "R16 its virtual port's stays" "$(linkinfo va client state) $(epoch va)" "up $was"
echo 1 >$cfg/vscsi/p1/tpgt_1/enable
wait_for 60 link_state p1 client up
t "R16 it comes back, with another epoch" test "$(epoch p1)" -gt "$pwas"
fails "R16 the client's parent stays" 'virtual ports, delete these first: va' vpart link del p1 side client --force
fails "R16 and the server's" 'virtual ports, delete these first: va' vpart link del p1 side server --force

t "R16 the client's virtual port goes" vport_del va client
fails "R16 the server's parent stays for the grant" 'virtual ports, delete these first: va' vpart link del p1 side server --force
t "R16 the client's parent goes then" client_del p1
t "R16 the grant goes" vport_del va server
t "the server's end goes" server_del p1
t "the modules go" stream_down
kmemleak_check
done_testing
