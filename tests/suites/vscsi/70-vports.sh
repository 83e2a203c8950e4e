#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: virtual ports: a SCSI host with a port name each, LUs that only one of them sees
# kernel: stock
# soak: debug
# kernels: +7.2
# leaks: whole
# limit: 480
# disks: 64M 64M 32M 32M
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh

# vget NAME KEY: of vpart vport show
vget() { get "o['$2']" vport show "$1"; }
name_a=3123456789abcdef
last=0
note() { last=$(vpart events | tail -n 1 | cut -d' ' -f1); }
told() { vpart events --from $((last + 1)) | grep -q "$1"; }

t "partitions, a pair of adapters, a link" vscsi_up
backstore d1 /dev/vdb
backstore d2 /dev/vdc
backstore d3 /dev/vdd
lun_add p1 0 d3

# --- made, shown, refused ---
note
t "R16 a virtual port is made with a port name" vpart vport add va parent p1 port-name $name_a
t "R16 another gets a name of its own" vpart vport add vb parent p1
t "R16 an event tells of it" told 'adapter.*va.*created'
name_b=$(vget vb port_name)
t "R16 ... a locally assigned NAA name" grep -Eqx '3[0-9a-f]{15}' <<<"$name_b"
is "R16 it has its parent's partitions" "$(vget va client) $(vget va server)" "client1 vios1"
is "R16 the adapters show the parent" "$(vpart --json adapter show va |
	python3 -c 'import json,sys; o=json.load(sys.stdin); print(o["parent"], o["port_name"])')" "p1 $name_a"
is "R16 only virtual ports are listed" "$(vpart --json vport show | python3 -c 'import json,sys; print(*[o["name"] for o in json.load(sys.stdin)])')" "va vb"
fails "R16 a port name is given once" "add virtual port vc: port name $name_a is that of va" \
	vpart vport add vc parent p1 port-name 0x$name_a
fails "R16 a name is given once" 'there is an adapter va already' vpart vport add va parent p1
fails "R16 a virtual port has none" 'adapter va is a virtual port itself' vpart vport add vc parent va
fails "R16 its parent is there" 'there is no adapter px' vpart vport add vc parent px
fails "R16 an address is its parent's" "a virtual port has its parent's address" \
	vpart vport add vc parent p1 address shm:0000:00:05.0
is "R16 what is no NAA name of 64 bits is wrong use" "$(code vpart vport add vc parent p1 port-name 6123456789abcdef)" 2
t "R16 ... and said" grep -q "'6123456789abcdef' is no port name: 16 hexadecimal digits, the first 2, 3 or 5" /tmp/err
is "R16 nor is one that is too short" "$(code vpart vport add vc parent p1 port-name 3123)" 2
is "R16 without a parent it is wrong use" "$(code vpart vport add vc)" 2
is "R16 a pair is no virtual port" "$(code vpart vport show p1) $(cat /tmp/err)" "3 vpart: adapter pair p1 is no virtual port"
fails "R16 the path loss time is the parent's to set" "has its parent's: set that of p1" \
	vpart adapter set va path-loss 7
vpart adapter set p1 path-loss 7 >/dev/null
is "R16 which the virtual port follows" "$(cat /sys/bus/vpart/devices/va.client/path_loss)" 7
fails "R16 the parent stays while it has virtual ports" \
	'adapter pair p1 has virtual ports, delete these first: va, vb' vpart adapter del p1 --force
fails "R16 the kernel refuses, too" 'delete its 2 virtual ports first, va is one' \
	python3 /src/tests/suites/vpart/nl.py ADAPTER_DEL NAME=p1

# --- hosts, links, LUs ---
enable va
enable vb
t "R16 each has a link of its own" wait_for 60 eval 'link_is va up && link_is vb up'
is "R16 each is a SCSI host with its port name" "$(hostattr va port_name) $(hostattr vb port_name)" "$name_a $name_b"
t "R16 its parent's has none" test ! -e "/sys/class/scsi_host/host$(host_of p1)/port_name"
is "R16 the server knows it by that" "$(cat $cfg/vscsi/va/tpgt_1/initiator)" "0x${name_a}0000000000000000"
is "R16 as vport show says" "$(vget va initiator)" "0x${name_a}0000000000000000"
lun_add va 0 d1
lun_add vb 0 d2
da=$(disk_of va 0) db=$(disk_of vb 0) dp=$(disk_of p1 0)
serial() { tr -dc 'a-z0-9-' <"/sys/block/$1/device/vpd_pg80"; }
t "R16 a LU that is mapped to a virtual port is a disk there" test -b "/dev/$da" -a -b "/dev/$db"
is "R16 each sees its own LU, the parent another" "$(serial "$da") $(serial "$db") $(serial "$dp")" "d1-1 d2-2 d3-3"
luns_of() { cat "/sys/class/scsi_host/host$(host_of "$1")/device/target"*/*/type | wc -l; }
is "R16 and no other" "$(luns_of va)$(luns_of vb)$(luns_of p1)" 111
is "R16 host and disks are shown" "$(vget va host) $(vget va disks)" "host$(host_of va) ['/dev/$da']"
t "R16 data goes to its LU" dd if=/dev/urandom of="/dev/$da" bs=64k count=16 oflag=direct status=none
t "... as its device shows" cmp -n 1048576 "/dev/$da" /dev/vdb
t "... and to no other" cmp -n 1048576 "/dev/$db" /dev/zero

# --- an ACL by the port name ---
acl=$cfg/vscsi/va/tpgt_1/acls/0x${name_a}0000000000000000
echo 0 >$cfg/vscsi/va/tpgt_1/attrib/generate_node_acls
echo 0 >$cfg/vscsi/va/tpgt_1/enable
echo 1 >$cfg/vscsi/va/tpgt_1/enable
refused() { [ "$(cat /sys/bus/vpart/devices/va.client/why)" = "the server refused the login" ]; }
t "R16 without an ACL of its name it is refused" wait_for 60 refused
mkdir -p "$acl/lun_0" && ln -s $cfg/vscsi/va/tpgt_1/lun/lun_0 "$acl/lun_0/lun"
t "R16 with one it is let in" wait_for 60 link_is va up
echo 1 >$cfg/vscsi/va/tpgt_1/attrib/generate_node_acls
rm "$acl/lun_0/lun" && rmdir "$acl/lun_0" "$acl"
t "R16 and logs in anew when that goes" wait_for 60 link_is va up
wait_for 60 has_disk va 0
da=$(_disk va 0)

# --- two I_T nexuses ---
lun_add vb 1 d1
shared=$(disk_of vb 1)
t "R16 one LU at both" test "$(serial "$shared")" = "d1-1"
pr() { sg_persist --no-inquiry --out "$@" >/dev/null; }
t "R16 A registers" pr --register --param-sark=0xa "/dev/$da"
t "R16 A reserves" pr --reserve --prout-type=1 --param-rk=0xa "/dev/$da"
t "R16 A writes" dd if=/dev/zero of="/dev/$da" bs=4k count=1 oflag=direct status=none
fails "R16 it conflicts for B: another nexus" 'exchange|error' \
	dd if=/dev/zero of="/dev/$shared" bs=4k count=1 oflag=direct status=none
t "R16 B is told that it is not the holder" eval \
	'! sg_persist --no-inquiry --out --release --prout-type=1 --param-rk=0xb /dev/$shared >/dev/null 2>&1'
t "R16 the holder is named by its port name" grep -qi "$(sed 's/../& /g; s/ $//' <<<"$name_a")" \
	<(sg_persist --no-inquiry --in --read-full-status "/dev/$shared")
t "R16 A releases" pr --release --prout-type=1 --param-rk=0xa "/dev/$da"
t "R16 B writes" dd if=/dev/zero of="/dev/$shared" bs=4k count=1 oflag=direct status=none
t "R16 A unregisters" pr --register --param-rk=0xa "/dev/$da"
lun_del vb 1

# --- epochs and credits are its own ---
epoch() { cat "/sys/bus/vpart/devices/$1.client/epoch"; }
was="$(epoch va) $(epoch p1)" bwas=$(epoch vb)
echo 0 >$cfg/vscsi/vb/tpgt_1/enable
echo 1 >$cfg/vscsi/vb/tpgt_1/enable
t "R16 B's link comes back" wait_for 60 link_is vb up
t "R16 with another epoch" test "$(epoch vb)" -gt "$bwas"
is "R16 A's and the parent's know nothing of it" "$(epoch va) $(epoch p1)" "$was"
vpart partition fail vios1 >/dev/null
t "R16 a failed server fails them all" wait_for 60 eval 'link_is p1 blocked && link_is va blocked && link_is vb blocked'
vpart partition start vios1 >/dev/null
t "R16 and they return with it" wait_for 60 eval 'link_is p1 up && link_is va up && link_is vb up'

# --- by the command ---
t "R16 vpart lu add maps to a virtual port as to an adapter" \
	vpart lu add web adapter vb device /dev/vde
is "... where it is" "$(get 'o["adapter"]' lu show web)" vb
fails "R16 one that serves LUs is not deleted" 'adapter pair vb still serves LU' vpart vport del vb

# --- away ---
lun_del vb 0
t "R16 the LU goes" vpart lu del web
target_del vb
backstore_del d2
t "R16 a virtual port is deleted" vpart vport del vb
is "R16 once" "$(code vpart vport del vb)" 3
t "R16 with its host" test -z "$(host_of vb)"
fails "R16 the parent stays for the other" 'delete these first: va$' vpart adapter del p1
t "all of it away" vscsi_down
kmemleak_check
done_testing
