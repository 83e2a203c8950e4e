#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a poll queue: no interrupts, and what nobody polls for, is lost, late or aborted ends as elsewhere
# kernel: stock
# limit: 300
# disks: 32M 16M 16M
# ivshmem: 16M
# smp: 2
# kernels: +6.12 +7.2
export FABRIC=shm POLL=1
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh

limit=5
t "a link whose client has a poll queue" vscsi_up $limit
is "it is shown, at the client's end" "$(get 'sorted((a["here"], a["poll"]) for a in o)' adapter show)" \
	"[('client', 1), ('server', 0)]"
t "R13 it is saved" vpart config save /tmp/saved
is "R13 ... at the client's end" "$(grep -c '"poll": 1' /tmp/saved)" 1
sed 's/"poll": 1/"poll": 2/' /tmp/saved >/tmp/edited
fails "R13 ... and compared" 'another number of poll queues' vpart config restore /tmp/edited
sed 's/"poll": 1/"poll": 33/' /tmp/saved >/tmp/edited
fails "R13 ... and bounded" '"poll" is 33: a number from 1 to 32' vpart config restore /tmp/edited

dmsetup create slow --noudevsync --noudevrules --table "0 $(cat /sys/block/vdb/size) linear /dev/vdb 0"
stop() { dmsetup suspend --noflush --nolockfs slow; }
go() { dmsetup resume slow; }
backstore d1 "/dev/dm-$(dmsetup info -c --noheadings -o minor slow)"
lun_add p1 0 d1
disk=$(disk_of p1 0)

is "a queue for each processor, and one more for both" "$(cat "/sys/block/$disk/mq"/*/cpu_list | sort | xargs)" "0 0, 1 1"
is "the disk can be polled" "$(cat "/sys/block/$disk/queue/io_poll")" 1

# irqs DEVICE [QUEUE]: how many interrupts it has had: 10 is the server's end, 11 the client's.
irqs() {
	local list
	list=$(cd "/sys/bus/pci/devices/0000:00:$1.0/msi_irqs" && printf '%s\n' * | sort -n | sed -n "${2:+$(($2 + 1))}p" | xargs)
	awk -v list=" $list " -v cpus="$(nproc)" '{ sub(":", "", $1) }
		index(list, " " $1 " ") { for (i = 2; i <= cpus + 1; i++) n += $i } END { print n + 0 }' /proc/interrupts
}
# A simple command, so that $! is fio's.
io=(fio --name=poll --thread --filename="/dev/$disk" --bs=4k --direct=1 --ioengine=io_uring --hipri --output=/out/fio)
sixteen=(--rw=randwrite --size=4M --number_ios=16 --iodepth=16)
# Beside I/O each end is told of the other's pulse, four times a second at most.
few() { [ "$1" -lt $((100 + 8 * (SECONDS - since))) ]; }

# --- no interrupts ---
since=$SECONDS was=$(irqs 11)
t "V1 2048 blocks, written and verified by polling" "${io[@]}" --rw=randwrite --size=8M --iodepth=8 --verify=crc32c \
	--verify_fatal=1 --do_verify=1
now=$(irqs 11)
t "... took hardly an interrupt at the client ($((now - was)))" few $((now - was))
since=$SECONDS was=$now
t "V1 1024 of them, one after the other" "${io[@]}" --rw=randread --size=4M --iodepth=1
now=$(irqs 11)
t "... hardly one either ($((now - was)))" few $((now - was))
own=$(grep -lx 1 "/sys/block/$disk/mq"/*/cpu_list)
own=$(basename "${own%/*}")
was=$(irqs 11 "$own")
t "V1 1024 of processor 1 that are not polled for" "${io[@]}" --rw=randread --size=4M --iodepth=1 --hipri=0 --cpus_allowed=1
now=$(irqs 11 "$own")
t "... one each, nearly, by that one's queue ($((now - was)))" [ $((now - was)) -gt 700 ]
was=$(irqs 10)
t "V1 a batch of 32 at a time" "${io[@]}" --rw=randread --size=4M --iodepth=32 --iodepth_batch=32 --iodepth_batch_complete=32
now=$(irqs 10)
t "... is one doorbell at the server, not 32 ($((now - was)) for 1024)" [ $((now - was)) -lt 512 ]

# --- a mirror, and multipath, over disks that can be polled ---
# map TABLE, unmap: there is no udev
map() { dmsetup create m --noudevsync --noudevrules --table "$1"; }
unmap() { dmsetup remove m --noudevsync --noudevrules; }
# upper NAME TABLE: a map is read, but not by polling: its bios may change their disk.
upper() {
	local node of
	t "$1 over disks that are polled" map "$2" || return
	node=dm-$(dmsetup info -c --noheadings -o minor m)
	of=(--filename="/dev/$node" --rw=randread --size=1M --iodepth=4)
	# Older kernels show what is below it.
	case $(uname -r) in
	6.1.*) ;;
	*) is "... is not" "$(cat "/sys/block/$node/queue/io_poll")" 0 ;;
	esac
	"${io[@]}" "${of[@]}" >/dev/null 2>&1
	is "... it refuses that" "$(($? > 0)) $(grep -o 'error=.*' /out/fio | head -n 1)" "1 error=Operation not supported"
	t "... and is read otherwise" "${io[@]}" "${of[@]}" --hipri=0
	unmap
}
backstore d2 /dev/vdc
backstore d3 /dev/vdd
lun_add p1 1 d2
lun_add p1 2 d3
legs=("/dev/$(disk_of p1 1)" "/dev/$(disk_of p1 2)")
sectors=$(blockdev --getsz "${legs[0]}")
mods dm-vmirror
modprobe -q dm_multipath
upper "a mirror" "0 $(((sectors - 2048) / 8 * 8)) vmirror 5f2d7a10-6c1e-4d55-9d0a-2b8f6f7c01e1 ${legs[*]} 2 create assume_clean"
upper "multipath" "0 $sectors multipath 0 0 1 1 round-robin 0 1 0 ${legs[0]}"

# --- nobody polls ---
open() { local r w; read -r r w <"/sys/block/$disk/inflight"; echo $((r + w)); }
open_is() { [ "$(open)" = "$1" ]; }
ended() { ! kill -0 "$1" 2>/dev/null; }
stop
"${io[@]}" "${sixteen[@]}" &
writer=$!
t "16 commands are open" wait_for 30 open_is 16
kill -STOP $writer
go
t "V10 nobody polls for them: they end" wait_for 5 open_is 0
kill -CONT $writer
wait $writer
is "... and are found when somebody does" $? 0
stop
"${io[@]}" "${sixteen[@]}" >/dev/null 2>&1 &
writer=$!
t "16 commands of who is killed" wait_for 30 open_is 16
kill -KILL $writer
go
t "V10 ... end" wait_for 10 open_is 0
wait $writer 2>/dev/null

# --- a command that the device keeps ---
more() { [ "$(hostattr p1 "$1")" -gt "$2" ]; }
echo 2 >"/sys/block/$disk/device/timeout"
stop
"${io[@]}" --rw=write --size=4k &
writer=$!
t "R10 an abort is sent" wait_for 30 more aborts 0
go
wait $writer
is "... answered, and the command sent again" "$? $(hostattr p1 detached)" "0 0"
echo 30 >"/sys/block/$disk/device/timeout"
stop
since=$SECONDS
"${io[@]}" --rw=randwrite --size=4M --number_ios=128 --iodepth=128 >/dev/null 2>&1 &
writer=$!
t "V10 128 commands that the device keeps fail" wait_for 60 ended $writer
wait $writer
is "... with an error" "$(($? > 0)) $(hostattr p1 detached)" "1 128"
t "V10 ... together, not one at each pulse" [ $((SECONDS - since)) -lt $((2 * limit + 4)) ]
# shellcheck disable=SC2046 # numbers
t "V10 ... when the limit was over" in_time $limit $(given_up p1 0x2a)
go
is "the link has stayed up" "$(hostattr p1 resets) $(hostattr p1 link_state)" "0 up"

# --- the path is lost ---
fail() { vpart partition fail vios1 >/dev/null; }
start() { vpart partition start vios1 >/dev/null; }
held() { [ "$(hostattr p1 held)" -gt 0 ]; }
"${io[@]}" --rw=randrw --size=8M --iodepth=8 --verify=crc32c --verify_fatal=1 --verify_backlog=64 --time_based --runtime=8 &
writer=$!
for i in 1 2 3; do
	wait_for 30 eval '! open_is 0'
	fail
	t "R8 loss $i: what is polled for is held" wait_for 30 held
	start
	t "... the link returns" wait_for 60 link_is p1 up
done
wait $writer
is "R8 V1 it went on, and all is right" $? 0
since=$SECONDS was=$(irqs 11)
t "V1 in the new session" "${io[@]}" --rw=randread --size=4M --iodepth=1
now=$(irqs 11)
t "... hardly an interrupt ($((now - was)))" few $((now - was))
fail
wait_for 30 link_is p1 blocked
"${io[@]}" "${sixteen[@]}" >/dev/null 2>&1 &
writer=$!
t "V10 a path that stays lost: it fails" wait_for 60 ended $writer
wait $writer
is "... with an error" $(($? > 0)) 1
# shellcheck disable=SC2046 # numbers
t "V10 ... when the limit was over" in_time $limit $(lost_for p1)
start
t "the link returns" wait_for 60 link_is p1 up

# --- it goes under load ---
"${io[@]}" --rw=randread --size=8M --iodepth=8 --time_based --runtime=300 >/dev/null 2>&1 &
writer=$!
wait_for 30 eval '! open_is 0'
t "R10 the link is deleted while somebody polls" vpart link del p1 side client --force
t "... who ends" wait_for 60 ended $writer
wait $writer
is "... with an error" $(($? > 0)) 1
t "all of it away" eval 'vscsi_down && dmsetup remove slow --noudevsync --noudevrules && rmmod dm_vmirror'
done_testing
