#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a stuck device, a lost link, a reset: no error that need not be, no early end
# kernel: debug
# kernels: +6.12 +7.2
# limit: 600
# disks: 64M 64M
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh

vscsi_up 120
# LUN 0 over a device that can be stopped, LUN 1 over another.
dmsetup create slow --noudevsync --noudevrules --table "0 $(cat /sys/block/vdb/size) linear /dev/vdb 0"
slow=/dev/$(basename "$(readlink -f /dev/mapper/slow)")
[ -b "$slow" ] || slow=/dev/dm-0
backstore d1 "$slow"
backstore d2 /dev/vdc
lun_add p1 0 d1
lun_add p1 1 d2
disk=$(disk_of p1 0) other=$(disk_of p1 1)

stop() { dmsetup suspend --noflush --nolockfs slow; }
go() { dmsetup resume slow; }
# put FILE AT DISK: write FILE at MiB number AT, past all caches.
put() { dd if="$1" of="/dev/$3" bs=256k seek="$2" oflag=direct,seek_bytes conv=notrunc status=none; }
pattern() { head -c "$2" /dev/urandom >"/tmp/$1"; }
same() { cmp -n "$(stat -c %s "/tmp/$1")" "/tmp/$1" <(dd if="$2" bs=64k skip="$3" iflag=direct,skip_bytes status=none); }
ends() { ! kill -0 "$1" 2>/dev/null; }
attr_ge() { [ "$(hostattr p1 "$1")" -ge "$2" ]; }
is_down() { ! link_is p1 up; }
# reset OPTION DISK: an answer has 3 s. When these are over, the machine was busy: again.
reset() {
	local start
	for _ in 1 2 3; do
		start=$SECONDS
		timeout 60 sg_reset -N "$@" && return
		[ $((SECONDS - start)) -ge 3 ] || return
	done
	return 1
}

# --- a stuck backing device ---
pattern a 524288
# Six tries of 4 s: longer than it will be stuck.
echo 4 >"/sys/block/$disk/device/timeout"
stop
put /tmp/a 1048576 "$disk" &
writer=$!
t "V10 a command whose timer fires is aborted" wait_for 120 attr_ge aborts 1
t "the other LUN goes on meanwhile" timeout 60 dd if=/dev/zero of=/dev/$other bs=64k count=16 oflag=direct status=none
t "no command ends while the server has its pages" kill -0 $writer
start=$SECONDS
fails "a reset of the stuck LUN fails" '.*' timeout 60 sg_reset -N -d "/dev/$disk"
t "... within its limit" test $((SECONDS - start)) -lt 45
t "a reset of the other LUN works" reset -d "/dev/$other"
resets=$(hostattr p1 resets)
fails "a target reset fails while one of its LUNs is stuck" '.*' timeout 60 sg_reset -N -t "/dev/$other"
is "... at that one" "$(hostattr p1 resets)" $((resets + 1))
t "the other LUN goes on then" timeout 60 dd if=/dev/zero of=/dev/$other bs=64k count=16 oflag=direct status=none
go
wait $writer
is "the command ends well when the device goes on" $? 0
t "with the right data" same a "/dev/$disk" 1048576
t "V3 and on the medium" same a /dev/vdb 1048576
t "a reset of a LUN works then" reset -d "/dev/$disk"
t "a target reset" reset -t "/dev/$disk"
t "a host reset is a new epoch" reset -H "/dev/$disk"
t "the link is up after it" wait_for 60 link_is p1 up
echo 30 >"/sys/block/$disk/device/timeout"

# A passthrough command has no retries: its abort is seen.
stop
dmesg -C
aborts=$(hostattr p1 aborts)
sg_raw -t 2 -s 512 -i /tmp/a "/dev/$disk" 2a 00 00 00 00 08 00 00 01 00 >/tmp/raw 2>&1 &
raw=$!
t "a passthrough command is aborted too" wait_for 60 attr_ge aborts $((aborts + 1))
heard() { dmesg | grep -q 'ABORT_TASK: Found'; }	# LIO, before the device goes on
wait_for 60 heard
go
wait $raw
t "and says that it was" test $? -ne 0

# --- a lost link ---
pattern b 524288
vpart partition fail vios1 >/dev/null
t "V10 the link is down" wait_for 60 link_is p1 blocked
put /tmp/b 2097152 "$disk" &
writer=$!
t "R8 a command is held" wait_for 60 attr_ge held 1
vpart partition start vios1 >/dev/null
wait $writer
is "R8 and goes on when the server returns" $? 0
t "with the right data" same b /dev/vdb 2097152

# With the server, when the link is cut.
pattern c 524288
stop
put /tmp/c 3145728 "$disk" &
writer=$!
inflight() { [ "$(awk '{print $1 + $2}' "/sys/block/$disk/inflight")" -ge 1 ]; }
wait_for 60 inflight
vpart partition fail vios1 >/dev/null
wait_for 60 link_is p1 blocked
t "a command at the server does not end with the link" kill -0 $writer
vpart partition start vios1 >/dev/null
t "no new epoch while it is there" kill -0 $writer
go
wait $writer
is "it ends well with the next epoch" $? 0
t "with the right data" same c /dev/vdb 3145728

# As many commands as there are tags: what is to be sent first when the link
# returns may need none of them.
vpart adapter set p1 path-loss 120 >/dev/null
vpart partition fail vios1 >/dev/null
wait_for 60 link_is p1 blocked
fio --name=full --filename="/dev/$disk" --rw=write --bs=4k --size=2M --direct=1 --ioengine=libaio --iodepth=512 \
	--verify=crc32c --do_verify=1 --output=/out/full >/dev/null 2>&1 &
load=$!
t "R8 every tag is held" wait_for 100 attr_ge held "$(cat "/sys/block/$disk/device/queue_depth")"
vpart partition start vios1 >/dev/null
t "the link is up all the same" wait_for 60 link_is p1 up
wait $load
is "no error, all data as written" $? 0

if modprobe dm_multipath 2>/dev/null && modprobe dm_round_robin 2>/dev/null || dmsetup targets | grep -q multipath; then
	dev=$(cat "/sys/block/$disk/dev")
	t "a multipath device over it" dmsetup create mp --noudevsync --noudevrules \
		--table "0 $(cat "/sys/block/$disk/size") multipath 0 0 1 1 round-robin 0 1 1 $dev 1000"
	vpart partition fail vios1 >/dev/null
	wait_for 60 link_is p1 blocked
	fails "a command that asks for it fails at once" 'rror' timeout 200 dd if=/dev/zero of="/dev/dm-$(dmsetup info -c --noheadings -o minor mp)" bs=4k count=1 oflag=direct
	t "... and not because the path is lost" link_is p1 blocked
	vpart partition start vios1 >/dev/null
	wait_for 60 link_is p1 up
	dmsetup remove mp --noudevsync --noudevrules
else
	skip "a command that asks for it fails at once" "no dm-multipath here"
fi

vpart adapter set p1 path-loss 8 >/dev/null
start=$SECONDS
dmesg -C
vpart partition fail vios1 >/dev/null
wait_for 60 is_down
fails "V10 a held command fails at the path loss limit" 'rror' timeout 200 dd if=/tmp/b of=/dev/$disk bs=4k count=1 oflag=direct
t "... not before" test $((SECONDS - start)) -ge 7
# shellcheck disable=SC2046 # a number
t "V10 ... nor long after, by the kernel's own count" in_time 8 $(lost_for p1)
is "the state says so" "$(hostattr p1 link_state)" lost
fails "from then on at once" 'rror' timeout 60 dd if=/tmp/b of=/dev/$disk bs=4k count=1 oflag=direct
vpart partition start vios1 >/dev/null
t "the disk is usable when the server returns" wait_for 60 dd if="/dev/$disk" of=/dev/null bs=4k count=1 iflag=direct status=none
is "nothing malformed was seen" "$(hostattr p1 bad)" 0

# Under load: cut and return, ten times. How long a login takes is not the question.
vpart adapter set p1 path-loss 120 >/dev/null
fio --name=v --filename="/dev/$disk" --rw=randwrite --bs=4k --size=8M --direct=1 --ioengine=libaio --iodepth=32 \
	--verify=crc32c --do_verify=1 --time_based=0 --loops=10 --output=/out/fio >/dev/null 2>&1 &
load=$!
for i in 1 2 3 4 5 6 7 8 9 10; do
	vpart partition fail vios1 >/dev/null
	wait_for 30 link_is p1 blocked
	vpart partition start vios1 >/dev/null
	wait_for 60 link_is p1 up
done
t "R8 ten losses of the link under load" kill -0 $load
wait $load
is "no error, all data as written" $? 0

lun_del p1 0
dmsetup remove slow --noudevsync --noudevrules 2>/dev/null
t "all of it away" vscsi_down
done_testing
