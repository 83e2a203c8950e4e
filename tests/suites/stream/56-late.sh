#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a backing device that never answers, over TCP: its commands fail in time, nothing overtakes them
# kernel: stock
# soak: debug
# kernels: +6.12 +7.2
# disks: 64M 64M
# limit: 700
# Over FABRIC, else TCP: each copies the client's data.
export FABRIC=${FABRIC:-tcp}
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh

limit=8
vscsi_up $limit
pair p2 client1 vios1 300
wait_for 60 link_is p2 up
dmsetup create slow --noudevsync --noudevrules --table "0 $(cat /sys/block/vdb/size) linear /dev/vdb 0"
slow=/dev/dm-$(dmsetup info -c --noheadings -o minor slow)
backstore d1 "$slow"
backstore d2 /dev/vdc
# What submits to this one sleeps with it.
file=$cfg/core/fileio_9/f1
mkdir -p "$file"
echo "fd_dev_name=$slow,fd_dev_size=33554432" >"$file/control"
echo 1 >"$file/enable"
lun_add p1 0 d1
lun_add p1 1 d2
lun_add p1 2 f1
lun_add p2 0 d1
disk=$(disk_of p1 0) other=$(disk_of p1 1) sleepy=$(disk_of p1 2) second=$(disk_of p2 0)

stop() { dmsetup suspend --noflush --nolockfs slow; }
go() { dmsetup resume slow; }
pattern() { head -c "$2" /dev/urandom >"/tmp/$1"; }
# put FILE DISK AT: past all caches.
put() { dd if="$1" of="/dev/$2" bs=64k seek="$3" oflag=direct,seek_bytes conv=notrunc status=none; }
same() { cmp -n "$(stat -c %s "/tmp/$1")" "/tmp/$1" <(dd if="$2" bs=64k skip="$3" iflag=direct,skip_bytes status=none); }
ended() { ! kill -0 "$1" 2>/dev/null; }
detached() { [ "$(hostattr "$1" detached)" -ge "$2" ]; }
parks() { dmesg | grep -q "$1: LUN 0: commands wait"; }
# calls PAIR: that the server's end has.
calls() { vpart --json adapter show | python3 -c "import json,sys; print(next(a['inflight'] for a in json.load(sys.stdin) if a['name'] == '$1' and a['here'] != 'client'))"; }
served() { [ "$(calls "$1")" -ge "$2" ]; }

# A unit attention (LUNs were added) that ALUA's handler has retried: until then the midlayer
# sends the LUN nothing as long as it has commands out.
for i in "$disk" "$other" "$sleepy" "$second"; do
	dd if="/dev/$i" of=/dev/null bs=4k count=1 iflag=direct status=none
done

# --- V10: failed in time; the others go on ---
pattern old 65536
stop
# Each of them leaves a tag behind. Together, or the later ones wait for the first at the server.
fio --name=s --filename="/dev/$disk" --offset=1M --size=4M --rw=write:64k --bs=64k --number_ios=25 \
	--direct=1 --ioengine=libaio --iodepth=25 --iodepth_batch=25 --buffer_pattern=0x5a --scramble_buffers=0 >/tmp/err 2>&1 &
writer=$!
t "the device has them all" wait_for 60 served p1 25
t "another LUN goes on meanwhile" timeout 60 dd if=/dev/zero of="/dev/$other" bs=64k count=16 oflag=direct status=none
t "V10 a command that the device keeps fails" wait_for 120 ended $writer
wait $writer
is "with an error" "$? $(grep -c 'io_u error.*write offset=1048576' /tmp/err)" "1 1"
t "V10 so do all of them" wait_for 120 detached p1 25
wait
is "... once each" "$(hostattr p1 detached)" 25
# shellcheck disable=SC2046 # numbers
t "V10 ... when the limit was over, by the kernel's own count" in_time $limit $(given_up p1 0x2a)
t "they are at the server yet" served p1 25
t "the link is up all the same" link_is p1 up
is "no reset of it" "$(hostattr p1 resets)" 0

fio --name=o --filename="/dev/$other" --rw=randrw --bs=4k --size=4M --direct=1 --ioengine=libaio --iodepth=64 \
	--verify=crc32c --do_verify=1 --output=/out/fio >/dev/null 2>&1
is "R10 their tags are in no other LUN's way" $? 0
is "... no command of its was given up" "$(hostattr p1 detached)" 25

# --- V3: what comes later waits ---
pattern new 65536
dmesg -C
put /tmp/new "$second" 1048576 &
newer=$!
t "V3 a write by another path waits at the server" wait_for 60 parks p2
t "what touches no data does not" timeout 60 sg_turs "/dev/$second"
t "nor does it on the first path" timeout 60 sg_inq "/dev/$disk"
fails "a read waits, too" 'rror' timeout 60 sg_raw -t 3 -r 512 "/dev/$(sg_of "$second")" 28 00 00 00 08 00 00 00 01 00
t "the newer write has not ended" kill -0 $newer
t "... and the medium is as it was" cmp -n 65536 /dev/zero <(dd if=/dev/vdb bs=64k skip=16 count=1 iflag=direct status=none)
go
wait $newer
is "V3 it ends when they have" $? 0
t "V3 and is what is read" same new "/dev/$disk" 1048576
t "V3 also on the medium" same new /dev/vdb 1048576
head -c 65536 /dev/zero | tr '\0' Z >/tmp/before
t "those before it have ended" same before /dev/vdb 2097152
none_open() { [ "$(calls p1)" = 0 ]; }
t "their tags are free" wait_for 60 none_open
t "V10 the disk is as good as new" put /tmp/old "$disk" 1048576

# --- what sends no data, or little ---
head -c 512 /tmp/new >/tmp/block
was=$(hostattr p1 detached)
stop
sync "/dev/$disk" 2>/dev/null & flush=$!
sg_write_same --10 --in=/tmp/block --lba=16384 --num=64 "/dev/$disk" >/dev/null 2>&1 & repeat=$!
t "the device has a flush and a WRITE SAME" wait_for 60 served p1 2
t "V10 both are given up" wait_for 120 detached p1 $((was + 2))
wait $flush
t "... fsync fails" test $? -ne 0
wait $repeat
t "... the WRITE SAME, too" test $? -ne 0
# shellcheck disable=SC2046 # numbers
t "V10 when the limit was over, a flush" in_time $limit $(given_up p1 0x35)
# shellcheck disable=SC2046 # numbers
t "V10 ... and a WRITE SAME" in_time $limit $(given_up p1 0x41)
go
t "they end when the device has answered" wait_for 60 none_open
t "V10 the disk is as good as new" put /tmp/old "$disk" 1048576

# --- a device whose submission sleeps ---
stop
put /tmp/old "$sleepy" 1048576 2>/dev/null &
writer=$!
wait_for 60 served p1 1
t "V10 it holds up no other LUN" timeout 60 dd if=/dev/zero of="/dev/$other" bs=64k count=16 oflag=direct status=none
t "V10 and its own command fails in time" wait_for 120 ended $writer
fails "a reset of that LUN does not wait for it" '.*' timeout 60 sg_reset -N -d "/dev/$sleepy"
t "the link is up" link_is p1 up
go
wait
t "V10 it goes on when the device does" wait_for 60 put /tmp/old "$sleepy" 1048576

# --- the server is asked to end what waits ---
stop
put /tmp/old "$disk" 1048576 2>/dev/null &
was=$(hostattr p1 detached)
t "one more is given up" wait_for 120 detached p1 $((was + 1))
dmesg -C
put /tmp/new "$second" 1048576 &
newer=$!
wait_for 60 parks p2
vpart partition fail vios1 >/dev/null
t "V10 its link may end while it waits" wait_for 60 link_is p2 blocked
vpart partition start vios1 >/dev/null
go
wait $newer
is "... and it goes on over the next" $? 0
t "V3 with the last word" same new /dev/vdb 1048576
is "nothing malformed was seen" "$(hostattr p1 bad) $(hostattr p2 bad)" "0 0"

for i in "p1 0" "p1 1" "p1 2" "p2 0"; do
	# shellcheck disable=SC2086
	lun_del $i
done
rmdir "$file" "${file%/*}"
dmsetup remove slow --noudevsync --noudevrules
t "all of it away" vscsi_down
done_testing
