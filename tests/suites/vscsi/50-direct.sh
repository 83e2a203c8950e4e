#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: READ and WRITE of a LU in the client's own context, where that is asked for
# kernel: 7.2
# kernels: +6.1 +6.12
# disks: 64M 64M
# limit: 300
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh

vscsi_mods
vpart partition add vios1 vios >/dev/null
vpart partition add client1 client >/dev/null
direct=$cfg/vscsi/client1-vios1/tpgt_1/direct
lu() { vpart lu "$@" >/dev/null; }
is_direct() { vpart --json lu show "$1" | grep -q "\"direct\": *$2"; }
attr() { echo "$*" >"$direct"; }

t "a LU" lu add d1 server vios1 client client1 device /dev/vdb
t "R10 is served by a worker if nobody asks otherwise" is_direct d1 false
truncate -s 8M /tmp/file
t "a LU of a file" lu add f1 server vios1 client client1 device /tmp/file
fails "R10 a file is not direct" 'no block device' vpart lu set f1 direct on
t "... and it is not" is_direct f1 false
fails "direct is on or off" 'on or off' vpart lu set d1 direct perhaps
fails "what is no LU is not direct" 'there is no LU' vpart lu set d9 direct on
for wrong in '' 0 '0 2' '0 1 1' '-1 1' 'x 1' '300 1' '1 1'; do
	fails "the kernel refuses '$wrong'" '.*' attr "$wrong"
done
if ! attr 0 1 2>/dev/null; then
	fails "R10 an older kernel cannot" 'Linux 6.4' vpart lu set d1 direct on
	fails "... nor add one" 'Linux 6.4' vpart lu add d2 server vios1 client client1 device /dev/vdc --direct
	fails "of which nothing is left" 'there is no LU' vpart lu show d2
	t "off is as it was" lu set d1 direct off
	done_testing
fi
t "off" lu set d1 direct off
t "is not direct" is_direct d1 false
t "R10 a LU is made direct" lu set d1 direct on
t "which it says" is_direct d1 true
is "as the kernel does" "$(cat "$direct")" 0
disk=$(basename "$(vpart --json lu show d1 | sed -n 's|.*"disk": *"/dev/\([a-z]*\)".*|\1|p')")

# --- who carries it out ---
tracing=/sys/kernel/tracing
[ -e $tracing/kprobe_events ] || mount -t tracefs tracefs $tracing
echo 'p:worker vscsi_target:vscsi_tq_work' >>$tracing/kprobe_events
echo 'p:client vscsi_target:vscsi_run' >>$tracing/kprobe_events
echo 1 >$tracing/events/kprobes/enable
hits() { awk -v e="$1" '$1 == e { print $2 }' $tracing/kprobe_profile; }
# by WORKER|CLIENT COMMAND...: how often it was called meanwhile
by() {
	local was
	was=$(hits "$1")
	"${@:2}" >/dev/null 2>&1 || { echo failed; return; }
	echo $(($(hits "$1") - was))
}
reads() { dd if="/dev/$disk" of=/dev/null bs=4k count=200 iflag=direct status=none; }
writes() { dd if=/dev/urandom of="/dev/$disk" bs=4k count=200 oflag=direct status=none; }
turs() { sg_turs -n 50 "/dev/$disk"; }
n=$(by client reads)
t "a READ is carried out in its client's context ($n of 200)" test "$n" -ge 200
n=$(by worker reads)
t "... not by a worker ($n)" test "$n" -le 5
n=$(by worker writes)
t "nor is a WRITE ($n)" test "$n" -le 5
n=$(by worker turs)
t "all else is the worker's ($n of 50)" test "$n" -ge 50
t "the data is right, many at a time" fio --name=direct --filename="/dev/$disk" --rw=randrw --bs=4k-64k \
	--size=16M --direct=1 --ioengine=libaio --iodepth=32 --iodepth_batch=16 --verify=crc32c \
	--verify_fatal=1 --output=/out/fio
t "... on the medium too" cmp <(dd if="/dev/$disk" bs=1M iflag=direct status=none) <(dd if=/dev/vdb bs=1M iflag=direct status=none)
mkfs.ext4 -q "/dev/$disk" && mount "/dev/$disk" /mnt
t "a file system on it" bash -c 'cp -r /src/drivers /mnt && sync && echo 3 >/proc/sys/vm/drop_caches && diff -r /src/drivers /mnt/drivers'
umount /mnt

t "R10 off again, under load" bash -c "
	fio --name=turn --filename=/dev/$disk --rw=randrw --bs=4k --size=8M --direct=1 --ioengine=libaio \
		--iodepth=16 --verify=crc32c --verify_fatal=1 --output=/out/turn & load=\$!
	for i in 1 2 3 4 5; do vpart lu set d1 direct off && vpart lu set d1 direct on || exit; done
	vpart lu set d1 direct off && wait \$load"
n=$(by worker reads)
t "a worker reads then ($n of 200)" test "$n" -ge 150

# --- a LUN that is used again is another one ---
t "on" lu set d1 direct on
t "config keeps it" bash -c 'vpart config save /tmp/config.json >/dev/null && grep -q "\"direct\": *true" /tmp/config.json'
t "the LU goes" lu del d1
is "and is direct no longer" "$(cat "$direct" 2>/dev/null)" ''
t "a LU at its number" lu add d2 adapter client1-vios1 device /dev/vdc lun 0
t "is not direct" is_direct d2 false
lu del d2
t "config restores it" vpart config restore /tmp/config.json
t "direct" is_direct d1 true
lu del d1
t "R10 one that is direct from the beginning, and says so at once" bash -c '
	vpart --json lu add d1 server vios1 client client1 device /dev/vdb --direct | grep "\"direct\": *true"'
t "is" is_direct d1 true
fails "a file is not, from the beginning" 'no block device' vpart lu add f2 server vios1 client client1 device /tmp/file --direct

# --- what the client's task holds itself ---
# Two requests are all that the device has, and the task has both in its plug.
modprobe null_blk nr_devices=0
nb=/sys/kernel/config/nullb/two
mkdir $nb && echo 2 >$nb/hw_queue_depth && echo 4096 >$nb/blocksize && echo 64 >$nb/size && echo 1 >$nb/power
wait_for 10 test -b /dev/two
half=$(($(cat /sys/block/two/size) / 2))
dm_dev() { echo "/dev/dm-$(dmsetup info -c --noheadings -o minor "$1")"; }
dmsetup create lower --noudevsync --noudevrules --table "0 $half linear /dev/two 0"
dmsetup create upper --noudevsync --noudevrules --table "0 $half linear /dev/two $half"
t "a LU over a device of two requests" lu add n1 server vios1 client client1 device "$(dm_dev lower)" identity none --direct
two=$(vpart --json lu show n1 | sed -n 's|.*"disk": *"/dev/\([a-z]*\)".*|\1|p')
n=$(by client timeout 100 python3 /src/tests/suites/vscsi/direct.py "/dev/$two" "$(dm_dev upper)" "$(dm_dev upper)")
t "V10 a task never waits for what its own plug holds ($n)" test "$n" -ge 100

# --- in the end ---
lu del n1
dmsetup remove upper --noudevsync --noudevrules
dmsetup remove lower --noudevsync --noudevrules
t "a server fails and returns" bash -c 'vpart partition fail vios1 >/dev/null && vpart partition start vios1 >/dev/null'
disk=$(basename "$(vpart --json lu show d1 | sed -n 's|.*"disk": *"/dev/\([a-z]*\)".*|\1|p')")
t "and the disk is there" wait_for 60 reads
n=$(by worker reads)
t "direct as before ($n)" test "$n" -le 5
echo 0 >$tracing/events/kprobes/enable
echo >$tracing/kprobe_events
t "all goes" bash -c 'vpart lu del d1 && vpart lu del f1 && vpart adapter del client1-vios1'
t "the modules too" rmmod vscsi_host vscsi_target
done_testing
