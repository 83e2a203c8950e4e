#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a stuck device holds much data: bounded, in nobody's way; its link may end, nothing it needs goes
# kernel: stock
# kernels: +6.12 +7.2
# disks: 128M 64M
# limit: 600
export FABRIC=copy
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh

limit=10
vscsi_up $limit
vpart partition add client2 client >/dev/null
pair p2 client2 vios1 $limit
wait_for 60 link_is p2 up
FABRIC=local pair p3 client1 vios1 $limit

# --- what is asked for is what is shown ---
copy_of() { vpart --json adapter show "$1" | python3 -c 'import json,sys; print(json.load(sys.stdin)["copy"])'; }
is "R6 who copies says so, who does not, too" "$(copy_of p1) $(copy_of p3)" "True False"
is "... for people" "$(vpart adapter show p1 | awk '$1 == "copy" { print $2 }')" yes
mods vpart_stream
fails "R6 a link to another kernel has no use for it" 'links over stream own their pages anyway' \
	python3 /src/tests/suites/vpart/nl.py ADAPTER_NEW CLIENT=client1 SERVER=vios1 NAME=l ID=77 FABRIC=stream SIDE=0 ADDRESS=tcp:127.0.0.1:7399 COPY=1
vpart adapter del p3 --force >/dev/null

dmsetup create slow --noudevsync --noudevrules --table "0 $(cat /sys/block/vdb/size) linear /dev/vdb 0"
slow=/dev/dm-$(dmsetup info -c --noheadings -o minor slow)
# A LU that vpart makes is known by its UUID, and so is its disk.
vpart lu add d1 adapter p1 device "$slow" lun 0 identity none >/dev/null
backstore d2 /dev/vdc
lun_add p1 1 d2
lun_add p2 1 d2
disk=$(disk_of p1 0) other=$(disk_of p1 1) theirs=$(disk_of p2 1)
head -c 1048576 /dev/urandom >/tmp/big

stop() { dmsetup suspend --noflush --nolockfs slow; }
go() { dmsetup resume slow; }
attr() { cat "/sys/bus/vpart/devices/$1.server/$2"; }
served() { [ "$(attr "$1" inflight)" -ge "$2" ]; }
idle() { [ "$(attr "$1" inflight)" = 0 ]; }
over() { local p; for p in "$@"; do ! kill -0 "$p" 2>/dev/null || return; done; }
# get AT, put AT: 1 MiB of the stuck disk.
get() { dd if="/dev/$disk" of=/dev/null bs=1M count=1 skip="$1" iflag=direct status=none; }
put() { dd if=/tmp/big of="/dev/$disk" bs=1M count=1 seek="$1" oflag=direct conv=notrunc status=none; }
# copied DISK: 1 MiB there and back, with no cache in between.
copied() {
	timeout 60 dd if=/tmp/big of="/dev/$1" bs=1M oflag=direct status=none &&
		timeout 60 cmp -n 1048576 /tmp/big <(dd if="/dev/$1" bs=1M count=1 iflag=direct status=none)
}

# --- V10: more than there is memory for, at a disk that is stuck ---
stop
readers=()
for i in $(seq 60); do get "$i" 2>/dev/null & readers+=($!); done
t "the server has them" wait_for 60 served p1 40
t "V10 another disk of the link moves as much at once" copied "$other"
t "V10 and so does another client's" copied "$theirs"
t "V10 all of them end in time, also those that wait for memory" wait_for 200 over "${readers[@]}"
failed=0
for i in "${readers[@]}"; do wait "$i" || failed=$((failed + 1)); done
is "... with an error" $failed 60
# shellcheck disable=SC2046 # numbers
t "V10 ... when the limit was over, by the kernel's own count" in_time $limit $(given_up p1 0x28)
# 16 MiB: half of what the link has.
is "R6 what the device has is counted: no more than there is memory for" "$(attr p1 inflight)" 16
t "R6 ... with the age of the oldest" test "$(attr p1 oldest_ms)" -ge $((limit * 1000))
t "V10 the other disk goes on" copied "$other"

# --- nothing goes that the device has ---
refused() {
	local desc=$1 regex=$2
	shift 2
	fails "$desc" "$regex" timeout -k 1 60 "$@"
}
refused "V10 the LU stays, and what does not answer is named" 'does not answer' vpart lu del d1 --force
# The client has given them up, so of its disk nothing is open: it is the server's word that counts.
code timeout -k 1 60 vpart lu del d1 --force >/dev/null
is "V10 ... each of its commands, too" "$(grep -cE '^client1 +p1 +0 +[0-9]+\.[0-9]+ +READ\(10\) +[0-9]{5,} +[0-9]+ +2048$' /tmp/err)" 16
refused "V10 the pair stays" 'p1' vpart adapter del p1 --force
t "... and its link is up" link_is p1 up
refused "V10 the kernel says so, too" 'server still holds [0-9]+ commands' python3 /src/tests/suites/vpart/nl.py ADAPTER_DEL NAME=p1
is "... and takes the link down for it" "$(attr p1 link_state)" draining
refused "V10 the modules stay" 'in use' rmmod vscsi_target
t "V10 another client's disk goes on" copied "$theirs"
go
t "V10 when the device answers the link is up again" wait_for 60 link_is p1 up
t "the memory is there again" wait_for 60 idle p1
t "V10 the disk is as good as new" put 1

# --- a link that ends while the device is stuck ---
stop
put 2 2>/tmp/err & writer=$!
t "the device has a write" wait_for 60 served p1 1
vpart partition fail vios1 >/dev/null
t "the link is down, the server has the write" served p1 1
t "V10 P14 the client waits for its limit, not for the device" wait_for 120 over $writer
wait $writer
is "... and it fails" "$? $(grep -c 'error writing' /tmp/err)" "1 1"
vpart partition start vios1 >/dev/null
t "V3 no new epoch beside the old one" bash -c "sleep 1; [ \$(cat /sys/bus/vpart/devices/p1.client/link_state) = draining ]"
go
t "then there is one" wait_for 60 link_is p1 up
head -c 1048576 /dev/urandom >/tmp/big
t "V3 a newer write is the last word" put 2
t "V3 ... on the medium" cmp -n 1048576 /tmp/big <(dd if=/dev/vdb bs=1M skip=2 count=1 iflag=direct status=none)

for i in "p1 0" "p1 1" "p2 1"; do
	# shellcheck disable=SC2086
	lun_del $i
done
t "all of it away" vscsi_down
dmsetup remove slow --noudevsync --noudevrules
done_testing
