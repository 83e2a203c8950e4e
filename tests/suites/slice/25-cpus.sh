#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: processors go and come back under verified I/O; a server fails while some are off
# when: whole
# kernel: debug
# smp: 2
# mem: 1024
# disks: 24M 24M
# limit: 480
. /src/tests/lib/guest.sh
. /src/tests/suites/slice/lib.sh

mods sd_mod
t "R10 a mirrored volume" slice_up /dev/vdb /dev/vdc
# All but the first, which this machine cannot do without.
mapfile -t cpus < <(seq "$(($(nproc) - 1))")
cpu() { echo "${cpus[$1 % ${#cpus[@]}]}"; }
on() { [ "$(cat "/sys/devices/system/cpu/cpu$1/online")" = 1 ]; }
# set CPU 0|1: bounded, as all else here.
set_cpu() { timeout 120 sh -c "echo $2 >/sys/devices/system/cpu/cpu$1/online" && [ "$(cat "/sys/devices/system/cpu/cpu$1/online")" = "$2" ]; }
all_on() { local c; for c in "${cpus[@]}"; do on "$c" || set_cpu "$c" 1 || return; done; }
written() { awk '{ print $7 }' /sys/block/dm-0/stat; }	# sectors
past() { [ "$(written)" -gt "$1" ]; }
goes_on() { wait_for 30 past "$(written)"; }
# Jobs of four processes, so that there are commands of every CPU, until told to stop.
load() {
	until [ -e /tmp/stop ]; do
		fio --output=/out/fio.txt --filename=/dev/mapper/vol --direct=1 --rw=randwrite --bsrange=4k-64k \
			--ioengine=libaio --iodepth=8 --verify=crc32c --verify_backlog=64 --verify_fatal=1 \
			--verify_state_save=0 --size=1M --io_size=2M --randrepeat=0 --name=a --offset=0 --name=b --offset=1M \
			--name=c --offset=2M --name=d --offset=3M || return
	done
}
# One CPU after the other, and each fourth time all of them at once.
rounds() {
	local i c
	for ((i = 0; i < $1; i++)); do
		set_cpu "$(cpu $i)" 0 && goes_on || return
		if [ $((i % 4)) = 3 ]; then
			for c in "${cpus[@]}"; do
				! on "$c" || set_cpu "$c" 0 || return
			done
			goes_on || return
		fi
		all_on && kill -0 $load || return
	done
}

t "the volume is in sync" wait_for 60 slice_is normal
load &
load=$!
t "the load has begun" wait_for 60 past $(($(written) + 512))
t "V1 CPUs go and come while it runs" rounds "${ROUNDS:-4}"
t "V1 a CPU goes" set_cpu "$(cpu 0)" 0
t "R8 a server fails meanwhile" vpart partition fail vios1
t "R8 the mirror goes on alone" wait_for 60 slice_is degraded
t "all CPUs come back while it is away" all_on
t "another goes" set_cpu "$(cpu 1)" 0
t "R9 the server returns" vpart partition start vios1
t "all CPUs come back during the resync" all_on
t "R9 redundancy is back" wait_for 120 slice_is normal
touch /tmp/stop
wait $load
is "R8 V1 V2 no error, every block read back is right" $? 0

is "V10 nothing malformed was seen" "$(sort -u /sys/class/scsi_host/host*/bad)" 0
sync
t "V9 with no write in flight both legs are equal" slice_equal /dev/vdb /dev/vdc
t "the volume is taken down" vpart mirror stop vol
t "all of it away" bash -c 'vpart lu del d1 && vpart lu del d2 && vpart adapter del client1-vios1 && vpart adapter del client1-vios2'
t "the modules can be unloaded" rmmod vscsi_host vscsi_target dm-vmirror vpart
done_testing
