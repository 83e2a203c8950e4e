#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a node whose disk is pulled, that stands still, that dies: its states, and each way back
# kernel: debug
# disks: 64M
# limit: 240
# kernels: +7.2
. /src/tests/lib/guest.sh
. /src/tests/suites/clusterfs/lib.sh
mods clusterfs dm_mod

dm() { dmsetup --noudevsync --noudevrules "$@"; }
size=$(blockdev --getsz /dev/vdb)
# Each node has a way of its own to the one disk.
for n in 1 2; do
	dm create r$n --table "0 $size linear /dev/vdb 0" && dm mknodes r$n
done
now() { dm load "$1" --table "0 $size ${*:2}" && dm suspend --nolockfs --noflush "$1" && dm resume "$1"; }
reason() { of reason "$mnt/$1/config"; }

repo /dev/mapper/r1 >/dev/null
fails "P19 quorum is a lease or is not asked for" "quorum=maybe is not known" \
	cfs n1 /dev/mapper/r1 quorum=maybe
t "R17 two nodes" eval 'cfs n1 /dev/mapper/r1 && cfs n2 /dev/mapper/r2'
t "OK" wait_for 20 state n1 OK
is "... for no reason" "$(reason n1)" ""

# --- RESTRICTED
now r1 error
t "R25 P20 its disk is pulled: RESTRICTED" wait_for 30 state n1 RESTRICTED
t "... why" grep -q "^reason: ." $mnt/n1/config
is "R25 P20 what it knows is shown" "$(of state $mnt/n1/nodes/n2)" member
is "P20 the other one is not concerned" "$(of state $mnt/n2/config)" OK
now r1 linear /dev/vdb 0
t "P20 the disk is back: OK" wait_for 30 state n1 OK

# --- SUSPECT: it stood still, the others went on, and it learns that members change
fault stale n1
t "another one is told of that" wait_for 20 eval '[ "$(of members $mnt/n2/config)" = 1 ]'
is "V12 it believes" "$(of state $mnt/n1/config)" OK
fault learn n1
t "V12 it learns: SUSPECT" wait_for 20 state n1 SUSPECT
is "... why" "$(reason n1)" "the lockspace recovers"
t "P19 for so long: FROZEN" wait_for 30 state n1 FROZEN
t "the way back: unmount" umount $mnt/n1
t "... and mount" cfs n1 /dev/mapper/r1
t "... OK" state n1 OK
t "R22 both are members" wait_for 20 eval '[ "$(of members $mnt/n2/config)" = 2 ]'

# --- LOST
fault kill n1
t "V12 it is dead: LOST" wait_for 20 state n1 LOST
is "... why" "$(reason n1)" "the lock engine is gone: unmount, then mount again"
is "... what it knew is shown" "$(of state $mnt/n1/nodes/n2)" member
t "the way back: unmount" umount $mnt/n1
is "V12 ... which it could not store" "$(of state $mnt/n2/nodes/n1)" member
t "P19 it is out: a verdict" vpart cluster fenced n1 boot "$(of boot $mnt/n2/nodes/n1)" method lab
is "P19 ... that is stored" "$(of state $mnt/n2/nodes/n1)" fenced
t "P19 ... with an alert" grep -q "^text: node n1, boot .* is fenced (lab)" $mnt/n2/events/*
t "... and mount" cfs n1 /dev/mapper/r1
t "... OK" state n1 OK

# --- a lease that nobody renews
umount $mnt/n1
t "P19 with a lease" cfs n1 /dev/mapper/r1 quorum=lease
is "P19 it has some seconds" "$(of state $mnt/n1/config)" OK
t "P19 nobody renews it: SUSPECT, FROZEN" wait_for 40 state n1 FROZEN
is "... why" "$(reason n1)" "the quorum lease has run out: nobody renews it"
is "... as it is mounted" "$(findmnt -no OPTIONS $mnt/n1 | grep -o quorum=lease)" quorum=lease
t "it leaves nevertheless" umount $mnt/n1
is "V12 ... which is not stored" "$(of state $mnt/n2/nodes/n1)" member
t "the other one leaves" umount $mnt/n2
t "V6 the repository is whole" fsck.clusterfs -n /dev/mapper/r1
t "the module goes" rmmod clusterfs
done_testing
