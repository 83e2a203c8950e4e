#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: while a device does not answer, nothing that needs it goes, and each refusal says so
# kernel: debug
# disks: 24M 24M
# limit: 420
. /src/tests/lib/guest.sh
. /src/tests/suites/slice/lib.sh

tpg=/sys/kernel/config/target/vscsi/client1-vios1/tpgt_1
# bounded DESCRIPTION REGEX COMMAND...: refused, and not waited for.
bounded() {
	local desc=$1 regex=$2
	shift 2
	fails "$desc" "$regex" timeout -k 1 60 "$@"
}
stuck() { [ "$(cat /sys/bus/vpart/devices/client1-vios1.server/oldest_ms)" -ge 5000 ]; }
go() { dmsetup resume slow --noudevsync; }

mods sd_mod
dmsetup create slow -u LAB-slow --noudevsync --noudevrules --table "0 $(cat /sys/block/vdb/size) linear /dev/vdb 0"
t "R10 a mirrored volume" slice_up /dev/dm-0 /dev/vdc
t "in sync" wait_for 120 slice_is normal
echo 4 | tee /sys/block/sd?/device/timeout >/dev/null
dmsetup suspend --noflush --nolockfs slow
dd if=/dev/zero of=/dev/mapper/vol bs=4k count=4 oflag=direct status=none & writer=$!
t "a command is stuck" wait_for 30 stuck
t "R6 the adapter counts it" grep -q '^[1-9]' /sys/bus/vpart/devices/client1-vios1.server/inflight
t "the log names adapter, disk and command" wait_for 60 \
	sh -c "dmesg | grep -Eq 'sd [0-9:]+: client1-vios1: command 0x2a open for [0-9]+ s'"

for m in vscsi_host vscsi_target dm-vmirror vpart; do
	bounded "R10 $m stays" "${m//-/.} is in use" rmmod $m
done
bounded "the volume stays" 'in use|busy' vpart mirror stop vol
for force in '' --force; do
	bounded "R6 the LU stays, and what does not answer is named ${force:+(forced)}" \
		'd1.*/dev/dm-0 does not answer.*client1-vios1 has [0-9]+ open commands that hold it, the oldest for [0-9]+ ms' vpart lu del d1 $force
done
bounded "R6 the adapter pair stays" 'client1-vios1' vpart adapter del client1-vios1
bounded "R6 even forced, and says why" 'does not answer.*client1-vios1' vpart adapter del client1-vios1 --force
bounded "configfs: the LUN stays" 'not empty|busy' rmdir $tpg/lun/lun_0
bounded "configfs: the portal group stays" 'not empty|busy' rmdir $tpg
bounded "configfs: the target stays" 'not empty|busy' rmdir "${tpg%/*}"
t "a target that is disabled does not wait for it for ever" timeout -k 1 60 sh -c "echo 0 >$tpg/enable"
t "... and says so" sh -c "dmesg | grep -q 'client1-vios1: stopped, but a backing device still holds commands'"
t "... and comes back" timeout -k 1 60 sh -c "echo 1 >$tpg/enable"
# --- what does not need the device ---
seen=$(vpart events | tail -n 1 | cut -d' ' -f1)
truncate -s 16M /var/f1
vpart partition add client2 role client node cec1 >/dev/null
t "V10 another client of the server's logs in" timeout -k 1 60 \
	vpart lu add f1 server vios1 client client2 device /var/f1
ready() { [ "$(get 'o["state"]' lu show "$1")" = ready ] && slice_disk "$1"; }
t "V10 ... and gets its disk" wait_for 60 ready f1
t "R20 of which there are events meanwhile" wait_for 60 \
	sh -c "vpart events --from $((seen + 1)) | grep -q 'adapter client2-vios1: up'"
t "V10 ... and it goes" timeout -k 1 60 sh -c 'vpart lu del f1 && vpart adapter del client2-vios1'
t "the other LU's device is not held by it" timeout 60 dd if=/dev/sdb of=/dev/null bs=4k count=1 iflag=direct status=none
t "the command is still there" kill -0 $writer

go
wait $writer
is "it ends well when the device answers" $? 0
t "the mirror is whole" wait_for 60 slice_is normal
t "the volume is stopped" vpart mirror stop vol

# --- who unlinks the LUN by hand waits for the device, nobody for him ---
disk=$(get 'o["disk"]' lu show d1)
# Aborted it would be sent again, to a LUN that is no more.
echo 300 >"/sys/block/${disk##*/}/device/timeout"
dmsetup suspend --noflush --nolockfs slow
dd if="$disk" of=/dev/null bs=4k count=1 iflag=direct status=none & reader=$!
t "a command is stuck again" wait_for 30 stuck
rm $tpg/lun/lun_0/d1 & unlinker=$!
waits() { grep -q transport_clear_lun_ref /proc/$unlinker/stack; }
t "LIO waits for it to unlink the LUN" wait_for 60 waits
# Who waits there cannot be killed.
gone() { ! kill -0 "$1" 2>/dev/null; }
answers() {
	local pid
	vpart "$@" >/tmp/answer 2>&1 & pid=$!
	wait_for 60 gone $pid && wait $pid
}
for verb in 'lu show' 'lu show d1' 'adapter show' 'partition show' 'mirror show' events 'config save /tmp/saved'; do
	# shellcheck disable=SC2086 # words
	t "R6 V10 vpart $verb does not wait for that" answers $verb
done
is "R6 the LU has its path as long as the device has the command" \
	"$(get '(o["adapter"], o["lun"], o["access"])' lu show d1)" "('client1-vios1', 0, 'optimized')"
bounded "R6 vpart takes nothing away" 'd1.*/dev/dm-0 does not answer' vpart lu del d1 --force
t "who unlinks still does" kill -0 $unlinker
go
wait $reader
is "its command ends well when the device answers" $? 0
wait $unlinker
is "the LUN is unlinked then" $? 0
is "R6 and the LU has no path" "$(get 'o["adapter"]' lu show d1)" None
rmdir $tpg/lun/lun_0
t "all of it goes then" bash -c 'vpart lu del d1 && vpart lu del d2 &&
	vpart adapter del client1-vios1 && vpart adapter del client1-vios2'
t "and the modules" rmmod vscsi_host vscsi_target dm-vmirror vpart
dmsetup remove slow --noudevsync --noudevrules
done_testing
