#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: nodes of one cluster in one kernel: each sees what another commits, poll tells
# kernel: stock
# soak: debug
# disks: 64M
# limit: 300
# leaks: check
# kernels: +7.2
. /src/tests/lib/guest.sh
. /src/tests/suites/clusterfs/lib.sh
mods clusterfs

repo /dev/vdb >/dev/null
t "R17 one node" cfs n1 /dev/vdb
t "R17 another one, in the same kernel" cfs n2 /dev/vdb
is "R17 their ids differ" "$(of id $mnt/n1/config) $(of id $mnt/n2/config)" "0 1"
sees() { [ "$(of state "$mnt/$1/nodes/$2")" = "$3" ]; }
t "R22 the first one sees the second" wait_for 20 sees n1 n2 member
t "R22 and the second the first" sees n2 n1 member
same() {
	[ "$(of commit $mnt/n1/config)" = "$(of commit $mnt/n2/config)" ] &&
		diff <(cd $mnt/n1 && cat nodes/* events/* primary) <(cd $mnt/n2 && cat nodes/* events/* primary)
}
t "R22 both say the same" wait_for 20 same

# watch FILE OUT: tell when it is open, and what it says when poll() has ended
watch() {
	python3 - "$1" "$2" <<-'EOP' &
	import os, select, sys
	fd = os.open(sys.argv[1], os.O_RDONLY)
	out = open(sys.argv[2], "w", buffering=1)
	os.read(fd, 65536)
	p = select.poll()
	p.register(fd, select.POLLPRI | select.POLLERR)
	print("before", len(p.poll(0)), file=out)
	got = p.poll(120000)
	try:
	    text = os.pread(fd, 65536, 0).decode()
	except OSError as e:
	    text = str(e)
	print("after", len(got), text, file=out)
	EOP
	away+=($!)
	wait_for 30 grep -q before "$2"
}
watch $mnt/n1/config /out/config
watch $mnt/n1/nodes/n2 /out/n2
watch $mnt/n1/nodes/n1 /out/n1
is "R20 a file that was read is not new" "$(cat /out/{config,n1,n2} | sort -u)" "before 0"
dd if=/dev/vdb of=/tmp/copy bs=1M conv=sparse iflag=direct status=none
t "R17 a third one comes" cfs n3 /dev/vdb
modprobe -q loop
copy=$(losetup -f --show /tmp/copy)
fails "P21 nobody comes with a copy that is behind" "the devices are a copy, or old" cfs n4 "$copy"
losetup -d "$copy"
rm /tmp/copy
t "R20 poll() tells who has read the config" wait_for 30 grep -q "^after 1" /out/config
is "R20 ... and is silent of what is as it was" "$(grep -c after /out/n2)$(grep -c after /out/n1)" 00
is "R17 the third one has an id of its own" "$(of id $mnt/n3/config)" 2
t "R22 all see it" eval 'wait_for 20 sees n1 n3 member && wait_for 20 sees n2 n3 member'
t "the second one leaves" umount $mnt/n2
t "R20 poll() tells who has read its file" wait_for 30 grep -q "state: left" /out/n2
t "R22 the others see that" eval 'wait_for 20 sees n1 n2 left && wait_for 20 sees n3 n2 left'
is "R20 nothing was told of the first one's" "$(grep -c after /out/n1)" 0

# What is open of an event that is kept no longer.
exec 6<$mnt/n1/events/1
cat <&6 >/dev/null
# Two come and go, again and again, while the others read.
busy() {
	local i
	for i in $(seq 12); do
		cfs "$1" /dev/vdb && umount "$mnt/$1" || return
	done
}
readers() {
	until [ -e /run/stop ]; do
		ls -R $mnt/n1 $mnt/n3 && cat $mnt/n1/config $mnt/n3/nodes/* $mnt/n1/events/*
	done >/dev/null 2>&1
}
readers &
away+=($!)
busy n2 >/out/n2.log 2>&1 &
two=$!
t "R17 a node comes and goes" busy n4
wait $two
is "... and another one at the same time" $? 0
touch /run/stop
alike() {
	[ "$(of commit $mnt/n1/config)" = "$(of commit $mnt/n3/config)" ] &&
		diff <(cat $mnt/n1/nodes/* $mnt/n1/events/*) <(cat $mnt/n3/nodes/* $mnt/n3/events/*)
}
t "R22 who stayed says the same" wait_for 30 alike
is "V6 each commit is there once" "$(of commit $mnt/n1/config)" "$(of id "$mnt/n1/events/$(ls $mnt/n1/events | sort -n | tail -1)")"
is "V6 and so many they were" "$(of commit $mnt/n1/config)" $((5 + 2 * 24))
kill "${away[@]}" 2>/dev/null
wait "${away[@]}"
fails "V11 an event that is kept no longer is gone" "No such file" cat $mnt/n1/events/1
fails "V11 ... for who has it open, too" "No such device" \
	python3 -c 'import os; os.pread(6, 100, 0)'
exec 6<&-
t "they leave" umount $mnt/n1 $mnt/n3
is "each has left" "$(clusterfs-dump --json /dev/vdb | grep -c '"state":"left"')" 4
t "V6 the repository is whole" fsck.clusterfs -n /dev/vdb
t "the module goes" rmmod clusterfs
kmemleak_check
done_testing
