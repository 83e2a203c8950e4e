#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a replica's disk is pulled and comes back under another name
# kernel: stock
# soak: debug
# disks: 64M 64M 64M 64M
# limit: 240
# leaks: whole
. /src/tests/lib/guest.sh
. /src/tests/suites/clusterfs/lib.sh
mods clusterfs

# The disks by names that stay: a disk that comes back may have another in /dev.
repo /dev/vdb /dev/vdc /dev/vdd >/dev/null
for r in 0 1 2; do ln -s "$(printf '/dev/vd%b' "\\x$((62 + r))")" /run/r$r; done
pci() { readlink -f "/sys/block/$(basename "$(readlink -f /run/r$1)")/device/.."; }
pull() { echo 1 >"$(pci "$1")/remove"; }
# back REPLICA PCI: its device is found again, and the name leads to it
back() {
	echo 1 >/sys/bus/pci/rescan
	wait_for 10 test -d "$2"/virtio*/block
	ln -sfn "/dev/$(ls "$2"/virtio*/block)" /run/r$1
}
join() { cfs $1 /run/r0 replica=/run/r1 replica=/run/r2; }
how() { of replica-$2 $mnt/$1/config; }
is_how() { [ "$(how $1 $2)" = "$3" ]; }
said() { dmesg | grep -q "$1"; }

# --- pulled while it is mounted
t "P3 three replicas" join n1
was=$(pci 1)
t "the disk of one is pulled" pull 1
t "P3 ... which is told" wait_for 30 is_how n1 1 "unreadable /run/r1"
path() { vpart cluster events --node --kept at "$1" | grep -q " path: replica 1, /run/r1, $2"; }
t "R20 ... and an event of a path" wait_for 30 path n1 "is lost"
t "P3 two more nodes register without it" eval 'join n2 && join n3'
is "... for these it is missing" "$(how n2 1), $(how n3 1)" "missing, missing"
t "the disk comes back" back 1 "$was"
for n in n1 n2 n3; do
	t "P3 node $n has it in use again" wait_for 60 is_how $n 1 "ok /run/r1"
done
t "R20 ... which is an event" wait_for 30 path n1 "is in use again"
t "... that it was overwritten is told" said "node n2: replica 1, /run/r1, is there again: it is overwritten"
t "... and that it counts" said "node n3: replica 1 is in use again"
t "P3 nothing on it differs, while nodes are joined" fsck.clusterfs -n /run/r0 /run/r1 /run/r2

# --- now it is one of the two that are left
was=$(pci 2)
t "another disk is pulled" pull 2
t "P3 ... which is told" wait_for 30 is_how n1 2 "unreadable /run/r2"
t "P3 a node leaves, with the one that returned" umount $mnt/n3
is "V6 which is stored there" "$(dump '["nodes"][2]["state"]' /run/r0 /run/r1)" left
is "... the nodes go on" "$(of state $mnt/n1/config) $(of state $mnt/n2/config)" "OK OK"

# --- exchanged for an empty one: a node does not take it
ln -sfn /dev/vde /run/r2
t "it leaves, too" umount $mnt/n2
t "P3 a node with an empty disk in that place leaves it out" join n2
is "... it is missing" "$(how n2 2)" missing
reads() { awk '{ print $1 }' /sys/block/vde/stat; }
was_read=$(reads)
looked() { [ "$(reads)" -gt "$was_read" ]; }
t "... it is looked at again" wait_for 20 looked
is "... and is missing still" "$(how n1 2), $(how n2 2)" "unreadable /run/r2, missing"
is "P3 nothing was written to it" "$(tr -d '\0' </dev/vde | wc -c)" 0
t "the nodes leave" umount $mnt/n1 $mnt/n2
back 2 "$was"

# --- what it lacks is said, and by whom
fsck.clusterfs -n /run/r0 /run/r1 /run/r2 >/out/fsck
is "fsck says what is behind" "$(grep -Ec '^/run/r2: [0-9]+ blocks differ from what the majority has, of node 0 \([0-9]+\), 1 \([0-9]+\), 2 \([0-9]+\)$' /out/fsck)" 1
fsck.clusterfs /run/r0 /run/r1 /run/r2 >/dev/null
t "V6 and overwrites it" fsck.clusterfs -n /run/r0 /run/r1 /run/r2
t "the module goes" wait_for 10 rmmod clusterfs
kmemleak_check
done_testing
