#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: to mount is to register: the tree, permissions, df, poll, unmount and remount
# kernel: debug
# disks: 64M 64M
# limit: 300
# leaks: whole
# kernels: +7.2
. /src/tests/lib/guest.sh
. /src/tests/suites/clusterfs/lib.sh
mods clusterfs

t "a repository is made" repo /dev/vdb
t "R17 a node registers by mounting it" cfs n1 /dev/vdb
tree=$mnt/n1
is "... as the mount table says" "$(findmnt -no FSTYPE,SOURCE $tree | tr -s ' ')" "clusterfs /dev/vdb"
is "... with its options" "$(findmnt -no OPTIONS $tree | grep -o 'node=n1,lock=local,lockspace=cfs-')" \
	"node=n1,lock=local,lockspace=cfs-"
is "... in the first slot" "$(of id $tree/config) $(of node $tree/config) $(of cluster $tree/config)" "0 n1 lab"
is "... and all is well" "$(of state $tree/config)" OK
is "R17 it is stored: the record, and an event that says so" \
	"$(dump '["nodes"][0]["name"], d["nodes"][0]["state"], d["events"][0]["text"]' /dev/vdb)" \
	"('n1', 'member', 'node n1 has registered')"
is "the root" "$(list $tree)" "adapters clients config events lus nodes primary reservations volumes"
is "all of the tree" "$(cd $tree && find . -type f | sort | xargs)" \
	"./config ./events/1 ./events/2 ./nodes/n1 ./primary"
is "R22 a node" "$(of name $tree/nodes/n1) $(of state $tree/nodes/n1) $(of id $tree/nodes/n1)" "n1 member 0"
is "R20 an event" "$(of class $tree/events/1) $(of code $tree/events/1) $(of object $tree/events/1) $(of commit $tree/events/1)" \
	"lifecycle 1 node 0 1"
is "R21 the only node is the primary one" "$(of node $tree/primary) $(of term $tree/primary)" "n1 1"
is "each line is key: value" "$(cat $tree/config $tree/nodes/n1 $tree/events/1 $tree/primary | grep -vcE '^[a-z0-9-]+: ')" 0
fails "a name that is not there" "No such file" cat $tree/nodes/n2
fails "... nor a number written otherwise" "No such file" cat $tree/events/01
fails "nobody writes a file" "Invalid argument" bash -c "echo x >$tree/config"
fails "... makes one" "Permission denied|Operation not permitted" touch $tree/nodes/n2
fails "... or a folder" "Operation not permitted|Permission denied" mkdir $tree/x
fails "... or removes one" "Operation not permitted|Permission denied" rm $tree/config
is "permissions" "$(stat -c %A $tree $tree/nodes $tree/config | xargs)" "dr-xr-xr-x dr-xr-xr-x -r--r--r--"
is "df counts objects" "$(df -B512 --output=size,used,avail $tree | tail -1 | xargs)" "256 2 254"
is "... and so does df -i" "$(df --output=itotal,iused $tree | tail -1 | xargs)" "256 2"
fails "the device is held" "in use" mkfs.clusterfs --force --cluster lab /dev/vdb
fails "the same node twice" "node n1 of cluster lab is mounted already" cfs n1 /dev/vdb
fails "a remount does not make it read-only" "not changed by a remount|bad option|Invalid argument" \
	mount -o remount,ro $tree
exec 5<$tree/config
fails "a tree in use is not unmounted" "busy" umount $tree
exec 5<&-

t "R17 it leaves" umount $tree
is "... and that is stored" \
	"$(dump '["nodes"][0]["state"], d["events"][-1]["text"]' /dev/vdb)" "('left', 'node n1 has left')"
t "the repository is whole" fsck.clusterfs -n /dev/vdb
t "R17 it comes back" cfs n1 /dev/vdb
is "R17 with its id" "$(of id $tree/config) $(of state $tree/nodes/n1) $(list $tree/events)" "0 member 1 2 3 4 5 6"
before=$(of uuid $tree/nodes/n1)
umount $tree
t "another name is another node" cfs n2 /dev/vdb
is "R17 with another id" "$(of id $mnt/n2/config) $(list $mnt/n2/nodes)" "1 n1 n2"
is "... the first one is remembered" "$(of state $mnt/n2/nodes/n1) $(of uuid $mnt/n2/nodes/n1)" "left $before"
umount $mnt/n2

# More commits than a log has blocks: the log is compacted, nothing is lost.
many() {
	local i
	for i in $(seq 20); do
		cfs n1 /dev/vdb && umount $mnt/n1 || return
	done
}
t "twenty times, more than the log holds" many
t "... and it is whole" fsck.clusterfs -n /dev/vdb
is "V11 the last events are kept, without a gap" \
	"$(dump '["events"][0]["id"], d["events"][-1]["id"], len(d["events"])' /dev/vdb)" "(77, 92, 16)"

# --- all kinds of objects
repo /dev/vdb >/dev/null
t "another tool writes one of each" /src/build/clusterfs/image.fast 0 sample /dev/vdb
t "R22 and a node shows them" cfs n5 /dev/vdb
tree=$mnt/n5
t "R19 the primary node gives the ids of what went long ago again" wait_for 20 test -e $tree/events/4
is "... all" "$(cd $tree && find . -type f | sort | xargs)" \
	"./adapters/1 ./clients/1 ./config ./events/1 ./events/2 ./events/3 ./events/4 ./lus/1 ./nodes/n5 ./nodes/vios1 ./primary ./reservations/1 ./volumes/1"
is "a client, and what it sees" "$(of name $tree/clients/1) $(of map-1 $tree/clients/1)" \
	"client1 lu 1 lun 3 adapter 1"
is "an adapter" "$(of node $tree/adapters/1) $(of client $tree/adapters/1) $(of slot $tree/adapters/1)" "vios1 1 2"
is "a LU" "$(of name $tree/lus/1) $(of sectors $tree/lus/1) $(of owner $tree/lus/1) $(of term $tree/lus/1) $(of shared $tree/lus/1)" \
	"root 2097152 vios1 2 yes"
is "a volume" "$(of name $tree/volumes/1) $(of owner $tree/volumes/1) $(of leg-1-node $tree/volumes/1) $(of leg-1-state $tree/volumes/1)" \
	"root vios1 n5 outdated"
is "a reservation" "$(of holder $tree/reservations/1) $(of type $tree/reservations/1) $(of registration-1 $tree/reservations/1)" \
	"1 5 client 1 key 0000000000000abc generation 4 port 1"
is "... whose keys are not for all" "$(stat -c %A $tree/reservations/1)" "-r--------"
is "R21 the primary node was another one" "$(of node $tree/primary) $(of term $tree/primary)" "n5 2"
is "what is in the config" "$(of nodes $tree/config), $(of objects $tree/config), $(of first-event $tree/config) $(of events $tree/config)" \
	"2 of 4, 9 of 256, 1 4"
umount $tree

# --- mount(8), as an administrator does it
mkdir -p $mnt/m
t "mount(8)" mount -t clusterfs -o node=n6,lock=local,cluster=lab,address=192.0.2.7,timeout=20 /dev/vdb $mnt/m
is "... an address" "$(of address $mnt/m/nodes/n6)" 192.0.2.7
umount $mnt/m
dmesg -C
fails "a refusal by mount(8)" "wrong fs type|bad option" \
	mount -t clusterfs -o node=n6,lock=local,cluster=other /dev/vdb $mnt/m
t "... is in the kernel's log" grep -q "clusterfs: /dev/vdb belongs to cluster lab, not to other" <(dmesg)

# --- its helper: the kernel is told what the node knew
ln -s "$(command -v mount.clusterfs)" /sbin/mount.clusterfs
copy=/var/lib/vpart/cluster/n6@lab
by_hand() { mount -t clusterfs -o "node=n6,lock=local${1:+,$1}" /dev/vdb $mnt/m; }
told() { findmnt -no OPTIONS $mnt/m | grep -cw expected; }
t "R18 a node that knows nothing" by_hand
is "... is told nothing" "$(told)" 0
mkdir -p ${copy%/*}
python3 /src/tests/suites/clusterfs/local.py $copy "$(of generation $mnt/m/config)" "$(of term $mnt/m/config)" \
	"$(of commit $mnt/m/config)" "$(of uuid $mnt/m/config)" lab n6
umount $mnt/m
t "P23 one that knows something" by_hand
is "P23 ... tells it" "$(told)" 1
t "... a remount does not" mount -o remount,noexec $mnt/m
umount $mnt/m
python3 /src/tests/suites/clusterfs/local.py $copy 9
dmesg -C
is "P23 an older repository is refused" "$(code by_hand)" 32
t "... with a sentence" grep -q "this repository is older than what the node knew: generation 1, not 9" <(dmesg)
t "P23 unless nothing is to be compared" by_hand expect=none
is "... which the kernel does not see" "$(told)" 0
umount $mnt/m
repo --cluster other /dev/vdc >/dev/null
dmesg -C
is "P23 the only copy's cluster is told: a device of another one is refused" \
	"$(code mount -t clusterfs -o node=n6,lock=local /dev/vdc $mnt/m)" 32
t "... with a sentence" grep -q "clusterfs: /dev/vdc belongs to cluster other, not to lab" <(dmesg)
truncate -s 100 $copy
is "P23 a copy that is damaged is no permission" "$(code by_hand)" 32
t "... with a sentence" grep -q "^mount.clusterfs: $copy: it is no local copy: .*expect=none, or vpart cluster local forget at n6 cluster lab" /tmp/err
rm -r ${copy%/*} /sbin/mount.clusterfs

t "the module goes" rmmod clusterfs
kmemleak_check
done_testing
