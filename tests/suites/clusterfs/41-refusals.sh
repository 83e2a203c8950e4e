#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: what cannot be mounted says why: options, devices, superblocks, replicas, slots
# kernel: stock
# soak: debug
# disks: 64M 64M 64M 64M 1M
# limit: 300
# leaks: whole
. /src/tests/lib/guest.sh
. /src/tests/suites/clusterfs/lib.sh
mods clusterfs

# no DESCRIPTION SENTENCE DEVICE OPTION...: it is refused so, and nothing of it is left
no() {
	fails "$1" "clusterfs: $2" python3 $suite/mount.py "$3" $mnt/no "${@:4}"
}
mkdir -p $mnt/no
n1=(node=n1 lock=local)

# --- options
repo /dev/vdb >/dev/null
before=$(md5sum </dev/vdb)
no "no device" "the device of the repository is missing" "" "${n1[@]}"
no "no node" "node= is missing: the name of this node" /dev/vdb lock=local
no "no lock" "lock= is missing: dlm, or local for nodes that are all in this kernel" /dev/vdb node=n1
no "a lock that is not known" "lock=none is not known: local and dlm are" /dev/vdb node=n1 lock=none
no "an engine that cannot be loaded" "lock=dlm needs the module clusterfs_dlm, which cannot be loaded" \
	/dev/vdb node=n1 lock=dlm
no "an option that is not known" "Unknown parameter 'nodes'" /dev/vdb "${n1[@]}" nodes=3
for name in "a b" a/b "#1" .. "" $'a\tb' "$(printf 'x%.0s' {1..64})"; do
	no "a name that is none: '${name//[^ -~]/?}'" "node=.* is no name: 1 to 63 printable|Unexpected value|Bad value" \
		/dev/vdb "node=$name" lock=local
done
no "no time at all" "timeout is 1 to 600 seconds" /dev/vdb "${n1[@]}" timeout=0
no "too much time" "io-timeout is 1 to 600 seconds" /dev/vdb "${n1[@]}" io-timeout=601
no "four devices" "/dev/vde: a repository has at most 3 replicas" /dev/vdb "${n1[@]}" \
	replica=/dev/vdc replica=/dev/vdd replica=/dev/vde
no "read-only" "to mount is to register, which writes: it cannot be read-only" /dev/vdb "${n1[@]}" ro
no "another cluster" "/dev/vdb belongs to cluster lab, not to prod" /dev/vdb "${n1[@]}" cluster=prod
is "... and nothing was written" "$(md5sum </dev/vdb)" "$before"

# --- what the node knew (P23)
uuid=$(dump '["uuid"]' /dev/vdb)
other=00000000-1111-4222-8333-444444444444
for text in x "$uuid" "$uuid:1" "$uuid:1:1:1:1:1:1" "$uuid:1:1:1:1:1:1:1:1" "$uuid:0:1:1:1:1:1:1" "${uuid%?}:1:1:1:1:1:1:1" \
		"$uuid:1:1:-1:1:1:1:1" "$uuid:1:1:1:1:1:1:18446744073709551616" "$uuid:1:1: 1:1:1:1:1" "$uuid:1:1:1:1:1:1:1x"; do
	no "a point that is none: '$text'" "expect= is UUID:GENERATION:TERM:COMMIT:EVENT:TERM:COMMIT:TIME" \
		/dev/vdb "${n1[@]}" "expect=$text"
done
no "P23 an empty one is older than any" "node n1 is not registered: .*older than what the node knew: commit 0 of term 0, not 1 of 1; to use it all the same: vpart cluster local forget" \
	/dev/vdb "${n1[@]}" "expect=$uuid:1:1:1:0:0:0:0"
for node in n1 n2; do cfs $node /dev/vdb; done
vpart cluster add client c at n1 >/dev/null
for node in n1 n2; do umount $mnt/$node; done
before=$(md5sum </dev/vdb)
term=$(dump '["term"]' /dev/vdb) commit=$(dump '["gen"]' /dev/vdb)
read -r event eterm egen etime < <(dump '["events"][-1]' /dev/vdb | python3 -c '
import ast, sys
e = ast.literal_eval(sys.stdin.read())
print(e["id"], e["term"], e["gen"], e["time"])')
# knew DESCRIPTION SENTENCE UUID GENERATION TERM COMMIT EVENT TERM COMMIT TIME
knew() {
	local IFS=:
	no "P23 $1" "node n1 is not registered: .*$2.*; to use it all the same: vpart cluster local forget" /dev/vdb "${n1[@]}" "expect=${*:3}"
}
knew "another one" "this is repository $uuid, the node knew $other" $other 1 1 1 0 0 0 0
knew "an older generation" "older than what the node knew: generation 1, not 2" "$uuid" 2 1 1 0 0 0 0
knew "a lower term" "older .*: commit $commit of term $term, not $commit of $((term + 1))" "$uuid" 1 $((term + 1)) "$commit" 0 0 0 0
knew "a lower commit" "older .*: commit $commit of term $term, not $((commit + 1)) of 1" "$uuid" 1 1 $((commit + 1)) 0 0 0 0
other="another history .*: event $event is of another commit"
knew "an event by another commit" "$other" "$uuid" 1 "$term" "$commit" "$event" "$eterm" $((egen - 1)) "$etime"
knew "... of another term" "$other" "$uuid" 1 "$term" "$commit" "$event" $((eterm + 1)) "$egen" "$etime"
knew "... at another time" "$other" "$uuid" 1 "$term" "$commit" "$event" "$eterm" "$egen" $((etime - 1))
knew "an event that it has not" "another history .*: no event $((event + 1))" "$uuid" 1 "$term" "$commit" $((event + 1)) "$term" "$commit" "$etime"
is "P23 ... and nothing was written" "$(md5sum </dev/vdb)" "$before"
is "R20 ... each an alert of the kernel's log" "$(dmesg | grep -c 'clusterfs: node n1 is not registered: this .*local forget')" 9
t "P23 what it knew is a part of it" cfs n1 /dev/vdb "expect=$uuid:1:$term:$commit:$event:$eterm:$egen:$etime"
t "... which is shown" grep -q " $mnt/n1 clusterfs [^ ]*,expected[, ]" /proc/mounts
fails "P23 a remount compares nothing" "not changed by a remount|bad option|wrong fs type|Invalid" \
	mount -i -o "remount,expect=$uuid:1:1:1:0:0:0:0" $mnt/n1
for i in {1..16}; do vpart cluster add client more$i >/dev/null; done
umount $mnt/n1
t "P23 of an event that is not kept nobody can tell" cfs n1 /dev/vdb "expect=$uuid:1:1:1:1:1:1:1"
umount $mnt/n1

# --- devices
no "a device that is not there" "/dev/nothing: there is no such device" /dev/nothing "${n1[@]}"
no "a file" "/etc/passwd is no block device" /etc/passwd "${n1[@]}"
blockdev --setro /dev/vdb
no "a read-only device" "/dev/vdb is read-only: a node writes its registration" /dev/vdb "${n1[@]}"
blockdev --setrw /dev/vdb
mkfs.ext4 -q /dev/vde
mount /dev/vde /mnt
no "a device of somebody else's" "/dev/vde is in use by another" /dev/vde "${n1[@]}"
umount /mnt
no "another file system" "/dev/vde has no clusterfs superblock" /dev/vde "${n1[@]}"
dd if=/dev/vdb of=/dev/vdf bs=1M count=1 status=none
no "a device that is too small" "/dev/vdf is too small for its own superblock: 1048576 bytes of [0-9]+" \
	/dev/vdf "${n1[@]}"

# --- superblocks
# super OFFSET VALUE BYTES: a field of both copies, and their CRC
super() {
	python3 - /dev/vdb "$@" <<-'EOP'
	import os, sys
	sys.path.insert(0, "/src/tests/suites/clusterfs")
	import crc32c
	path, at, value, size = sys.argv[1], *map(int, sys.argv[2:])
	fd = os.open(path, os.O_RDWR)
	for block in (1, 255):
	    b = bytearray(os.pread(fd, 4096, block * 4096))
	    b[at:at + size] = value.to_bytes(size, "little")
	    b[12:16] = bytes(4)
	    b[12:16] = crc32c.crc32c(bytes(b)).to_bytes(4, "little")
	    os.pwrite(fd, b, block * 4096)
	os.close(fd)
	EOP
}
# field DESCRIPTION SENTENCE OFFSET VALUE BYTES
field() {
	repo /dev/vdb >/dev/null
	super "${@:3}"
	no "$1" "/dev/vdb has $2" /dev/vdb "${n1[@]}"
}
field "a newer version" "a superblock of a newer version" 8 2 4
field "an unknown incompatible feature" "a superblock with an unknown incompatible feature" 32 1 8
field "a feature that allows only reading" \
	"a superblock with an unknown feature that allows only reading" 24 1 8
field "impossible sizes" "a superblock with impossible sizes, or two that differ" 144 2 4
repo /dev/vdb >/dev/null
super 16 1 8
t "a compatible feature does not matter" cfs n1 /dev/vdb
umount $mnt/n1
repo /dev/vdb >/dev/null
poke /dev/vdb 4200 x
t "one damaged superblock does not matter" cfs n1 /dev/vdb
umount $mnt/n1
poke /dev/vdb $((255 * 4096 + 104)) x
no "two do" "/dev/vdb has only corrupted superblocks" /dev/vdb "${n1[@]}"

# --- the database
repo /dev/vdb >/dev/null
/src/build/clusterfs/image.fast 0 sample /dev/vdb
poke /dev/vdb $(((512 + 1) * 4096 + 200)) x
no "V6 a commit that is damaged" "node n1 is not registered: commit 1 of term 1 by node 0 is damaged or missing" \
	/dev/vdb "${n1[@]}"
repo /dev/vdb >/dev/null
for n in 1 2 3 4; do cfs n$n /dev/vdb && umount $mnt/n$n; done
no "R17 a node too many" "node n5 is not registered: node n5 is not known, and all 4 places for nodes are taken" \
	/dev/vdb node=n5 lock=local
t "R17 ... but those that are known come back" cfs n3 /dev/vdb
is "R17 with their ids" "$(of id $mnt/n3/config)" 2
no "a repository in two lockspaces" \
	"node n3 has this repository with lockspace cfs-.*, lock=local: its locks would not keep the two apart" \
	/dev/vdb "${n1[@]}" lockspace=mine
no "the same node twice" "node n3 of cluster lab is mounted already" /dev/vdb node=n3 lock=local
umount $mnt/n3

# --- replicas
three=(replica=/dev/vdc replica=/dev/vdd)
repo /dev/vdb /dev/vdc /dev/vdd >/dev/null
no "P3 one of three" "1 of 3 replicas are there and belong together: a majority is needed" /dev/vdb "${n1[@]}"
no "P3 one that is there and two that are not" "1 of 3 replicas are there" /dev/vdb "${n1[@]}" \
	replica=/dev/gone replica=/dev/lost
no "one named twice" "/dev/vdc and /dev/vdc are the same replica, number 1" /dev/vdb "${n1[@]}" \
	replica=/dev/vdc replica=/dev/vdc
repo /dev/vde >/dev/null
no "one of another repository" "/dev/vdb and /dev/vde belong to different repositories" /dev/vdb \
	"${n1[@]}" replica=/dev/vdc replica=/dev/vde
dd if=/dev/zero of=/dev/vdb bs=1M count=2 status=none
dd if=/dev/zero of=/dev/vdc bs=1M count=2 status=none
no "P3 two that were exchanged" "1 of 3 replicas are there" /dev/vdb "${n1[@]}" "${three[@]}"
dd if=/dev/zero of=/dev/vdd bs=1M count=2 status=none
no "three of them" "none of the devices is a replica of a repository" /dev/vdb "${n1[@]}" "${three[@]}"

t "nothing is left open" blockdev --rereadpt /dev/vdb
t "the module goes" rmmod clusterfs
kmemleak_check
done_testing
