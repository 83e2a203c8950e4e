#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: three replicas, one of them missing or failing; a repository that fails in the middle
# kernel: debug
# disks: 64M 64M 64M
# limit: 300
# leaks: whole
. /src/tests/lib/guest.sh
. /src/tests/suites/clusterfs/lib.sh
mods clusterfs dm_flakey

dm() { dmsetup --noudevsync --noudevrules "$@"; }
# table NAME DEVICE TARGET...: what stands between a replica and its device
size=$(blockdev --getsz /dev/vdb)
through() { dm create "$1" --table "0 $size linear $2 0"; dm mknodes "$1"; }
now() { dm load "$1" --table "0 $size ${*:2}" && dm suspend --nolockfs --noflush "$1" && dm resume "$1"; }

# --- three replicas
repo /dev/vdb /dev/vdc /dev/vdd >/dev/null
t "P3 three replicas" cfs n1 /dev/vdb replica=/dev/vdc replica=/dev/vdd
is "... all are in use" "$(for r in 0 1 2; do of replica-$r $mnt/n1/config; done | xargs)" \
	"ok /dev/vdb ok /dev/vdc ok /dev/vdd"
is "... and in the mount table" "$(findmnt -no OPTIONS $mnt/n1 | grep -o 'replica=/dev/vdc,replica=/dev/vdd')" \
	"replica=/dev/vdc,replica=/dev/vdd"
umount $mnt/n1
t "P3 two of three" cfs n1 /dev/vdd replica=/dev/vdb
is "... one is missing" "$(for r in 0 1 2; do of replica-$r $mnt/n1/config; done | xargs)" \
	"ok /dev/vdb missing ok /dev/vdd"
umount $mnt/n1
cfs n1 /dev/gone replica=/dev/vdc replica=/dev/vdb 2>/out/gone
t "P3 one that is not there" state n1 OK
t "... is told" grep -q "/dev/gone: there is no such device: it is left out" /out/gone
umount $mnt/n1
is "P3 any two say the same" "$(for p in "b c" "b d" "c d"; do
	set -- $p
	dump '["gen"], len(d["events"])' /dev/vd$1 /dev/vd$2
done | sort | uniq -c | xargs)" "3 (12, 12)"
fsck.clusterfs /dev/vdb /dev/vdc /dev/vdd >/out/fsck
t "P3 who returns is overwritten" fsck.clusterfs -n /dev/vdb /dev/vdc /dev/vdd

# --- one of three fails while it is mounted
for d in b c d; do through r$d /dev/vd$d; done
t "P3 three again" cfs n1 /dev/mapper/rb replica=/dev/mapper/rc replica=/dev/mapper/rd
now rc error
one() { grep -Eq "^replica-1: (unreadable|failed) " $mnt/n1/config; }
t "P3 one fails: its state says so" wait_for 30 one
is "... the node's is OK" "$(of state $mnt/n1/config)" OK
t "P3 another node registers nevertheless" cfs n2 /dev/mapper/rb replica=/dev/mapper/rc replica=/dev/mapper/rd
t "... and leaves" umount $mnt/n2
now rd error
t "P20 two fail: the node is RESTRICTED" wait_for 30 state n1 RESTRICTED
t "P20 ... with a reason" grep -Eq '^reason: block [0-9]+: 1 of 3 replicas can be read' $mnt/n1/config
is "P20 what is known is still shown" "$(of state $mnt/n1/nodes/n1)" member
fails "P20 nobody can register" "replicas (can be|are)" cfs n2 /dev/mapper/rb replica=/dev/mapper/rc replica=/dev/mapper/rd
now rd linear /dev/vdd 0
t "P20 one returns: OK" wait_for 30 state n1 OK
t "it leaves" umount $mnt/n1
is "R17 which is stored" "$(dump '["nodes"][0]["state"]' /dev/vdb /dev/vdd)" left

# --- the only one fails: reading, writing, or not at all
repo /dev/mapper/rb >/dev/null
t "one replica" cfs n1 /dev/mapper/rb
now rb error
t "P20 it fails: RESTRICTED" wait_for 30 state n1 RESTRICTED
t "... the tree is as it was" ls -R $mnt/n1
t "V10 to leave takes a bounded time" umount $mnt/n1
t "... and says what is not recorded" grep -q "node n1: that it has left is not recorded: block" <(dmesg)
now rb linear /dev/vdb 0
is "V6 what was acknowledged is there" "$(dump '["nodes"][0]["state"]' /dev/mapper/rb)" member
t "R17 it comes back" cfs n1 /dev/mapper/rb
now rb flakey /dev/vdb 0 0 1000 1 error_writes
fails "P20 writes fail: nobody registers" "node n2 is not registered: block [0-9]+: 0 of 1 replicas can be written" \
	cfs n2 /dev/mapper/rb
t "... who was there goes on" state n1 OK
now rb linear /dev/vdb 0
t "... and who comes later can" cfs n2 /dev/mapper/rb
t "they leave" umount $mnt/n1 $mnt/n2
t "V6 the repository is whole" fsck.clusterfs -n /dev/mapper/rb

# --- a device that does not answer
t "one replica, and little patience" cfs n1 /dev/mapper/rb io-timeout=2
dm suspend --nolockfs --noflush rb
t "V10 no answer is RESTRICTED too" wait_for 40 state n1 RESTRICTED
t "... the tree is read" cat $mnt/n1/nodes/n1
mkdir -p $mnt/n2
python3 $suite/mount.py /dev/mapper/rb $mnt/n2 node=n2 lock=local io-timeout=600 2>/out/killed &
waits() { grep -q clusterfs /proc/$!/stack; }
t "a mount that waits for it" wait_for 20 waits
kill -9 $!
t "V10 is killed" timeout 20 tail --pid=$! -f /dev/null
t "V10 to leave takes a bounded time" timeout 120 umount $mnt/n1
fails "V4 nobody mounts it behind what is on its way to it" \
	"what an earlier mount sent to /dev/mapper/rb has not come back" cfs n1 /dev/mapper/rb
fails "the module is in use until the device has given all back" "in use" rmmod clusterfs
dm resume rb
t "... then it goes" wait_for 30 rmmod clusterfs
mods clusterfs
t "R17 the node comes back" cfs n1 /dev/mapper/rb
umount $mnt/n1
t "V6 the repository is whole" fsck.clusterfs -n /dev/mapper/rb
for d in b c d; do dm remove r$d; done
t "the module goes" wait_for 10 rmmod clusterfs
kmemleak_check
done_testing
