#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the primary node: elected, and again when it leaves, dies, or loses the database
# kernel: debug
# disks: 64M
# limit: 240
# leaks: whole
# kernels: 6.12
. /src/tests/lib/guest.sh
. /src/tests/suites/clusterfs/lib.sh
mods clusterfs dm_mod

dm() { dmsetup --noudevsync --noudevrules "$@"; }
size=$(blockdev --getsz /dev/vdb)
for n in 1 2 3; do
	dm create r$n --table "0 $size linear /dev/vdb 0" && dm mknodes r$n
done
now() { dm load "$1" --table "0 $size ${*:2}" && dm suspend --nolockfs --noflush "$1" && dm resume "$1"; }
part() { [[ "$(of primary "$mnt/$1/config")" = "$2"* ]]; }

repo /dev/mapper/r1 >/dev/null
t "R21 one node" cfs n1 /dev/mapper/r1
t "R21 ... is the primary one" wait_for 20 primary n1 1
is "... and says so" "$(of primary $mnt/n1/config)" active
t "R21 two more" eval 'cfs n2 /dev/mapper/r2 && cfs n3 /dev/mapper/r3'
t "R21 ... wait, in order" eval 'wait_for 20 part n2 queued && wait_for 20 part n3 queued'
is "... for what" "$(of primary $mnt/n2/config)" "queued: another node has it"
t "R22 all say the same" eval 'wait_for 20 primary n1 1 n2 && wait_for 20 primary n1 1 n3'

fault kill n1
t "R21 it dies: the next one is" wait_for 20 primary n2 2
t "R22 ... as the third one sees" wait_for 20 primary n2 2 n3
t "V12 the dead one stops" wait_for 20 part n1 "off: the node is LOST"
t "it begins another life" eval 'umount $mnt/n1 && cfs n1 /dev/mapper/r1'
t "R21 ... and waits" wait_for 20 part n1 queued

t "R21 the primary node leaves" umount $mnt/n2
t "R21 the next one is, in order" wait_for 20 primary n3 3
now r3 error
t "R21 it loses the database: the next one is" wait_for 40 primary n1 4
t "P20 ... and it asks for nothing" wait_for 20 part n3 off:
t "P20 ... RESTRICTED" state n3 RESTRICTED
now r3 linear /dev/vdb 0
t "P20 the database is back: it waits again" wait_for 40 part n3 queued
t "R22 it sees who is" wait_for 20 primary n1 4 n3

is "R20 each term is an event" "$(grep -h '^text: .* is the primary node' $mnt/n1/events/* |
	grep -o 'node n[0-9].*' | sort -t, -k2 | xargs)" \
	"node n1 is the primary node, term 1 node n2 is the primary node, term 2 node n3 is the primary node, term 3 node n1 is the primary node, term 4"
t "they leave" umount $mnt/n3 $mnt/n1
is "R21 nobody is it then" "$(dump '["primary"][0]["node"]' /dev/mapper/r1)" None
t "V6 the repository is whole" fsck.clusterfs -n /dev/mapper/r1
t "the module goes" rmmod clusterfs
kmemleak_check
done_testing
