#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# soak: debug
# disks: 64M 64M 32M
# limit: 420
# summary: what was saved comes back after a reboot, and a second time nothing happens
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh
# shellcheck source=tests/suites/tools/config.sh
. /src/tests/suites/tools/config.sh

sums() { (cd "$1" && find . -type f -exec sha256sum {} + | sort); }
all() { vpart --json lu show; vpart --json partition show; vpart --json node show; }

up
setup
mount /dev/mapper/vol /mnt
cp -r /etc/systemd /etc/default /etc/init.d /mnt
sums /mnt >/tmp/sums
umount /mnt
was=$(all)

t "R13 all of it is saved" vpart config save
is "the file is for root alone" "$(stat -c %a $cfg)" 600
is "R13 a device is known by what it says it is, where it says so" \
	"$(sed -n 's/.*"identity": "\(.*\)".*/\1/p' $cfg | xargs)" "none none dm:LAB-leg3"
before=$(last_event)
t "what is there is left as it is" bash -c 'vpart config restore | grep -q "nothing to do: all 13 objects"'
is "... without a single event" "$(last_event)" "$before"
cp $cfg /tmp/first
t "saved again" vpart config save
t "it is the same file" cmp $cfg /tmp/first
is "nothing is left beside it" "$(ls /etc/vpart)" config.json

t "everything goes, the modules too" down
undm third
dm renamed vdd LAB-leg3
up
pr=$(cat /sys/kernel/config/target/dbroot)/pr
rm -rf "$pr"
is "a dry run tells what would be done" "$(vpart config restore --dry-run | grep -c 'would be added')" 14
is "... and does nothing" "$(vpart --json node | tr -d '[:space:]')" "[]"
t "R13 it is all restored" vpart config restore
t "V7 with LIO's folder for reservations" test -d "$pr"
t "R9 the volume is there, with both legs" bash -c 'vpart mirror show vol | grep -c ": active" | grep -qx 2'
mount /dev/mapper/vol /mnt
t "R9 every file is what it was" cmp /tmp/sums <(sums /mnt)
umount /mnt
t "R13 a device with another name now is found" grep -q third "/dev/$(disk d3)"
is "R11 each LU is at its number" "$(for d in d1 d2 d3 f1; do lun_of $d; done | xargs)" "0 6 9 0"
is "R13 ids, UUIDs, nodes, pools and sizes are as before" \
	"$(all | diff <(echo "$was") - | grep '^[<>]' | grep -vE '"(since_ms|disk|backstore|device)"')" ""
is "the path loss time too" "$(cat /sys/bus/vpart/devices/p3.client/path_loss)" 9
copies() { vpart adapter show $1 | awk '$1 == "copy" { print $2 }'; }
is "and what copies, and what does not" "$(copies p3) $(copies p1)" "yes no"
before=$(last_event)
t "restored twice, nothing happens" bash -c 'vpart config restore | grep -q "nothing to do"'
is "... at all" "$(last_event)" "$before"
t "all of it away" down
done_testing
