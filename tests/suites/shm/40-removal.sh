#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the device is taken away from a link, at either end, under load and at rest
# kernel: stock
# soak: debug
# disks: 32M
# ivshmem: 16M
# leaks: whole
# smp: 2
# limit: 400
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/shm/lib.sh

both_up() { link_state p1 server up && link_state p1 client up; }
neither_up() { ! link_state p1 server up && ! link_state p1 client up; }
says() { linkinfo p1 "$1" problem | grep -q "$2"; }	# SIDE REGEX
# Somebody reads and writes until the disk is gone.
load() {
	wait_for 60 test -b "$1"	# its name is there before it is
	while [ -b "$1" ]; do
		dd if="$1" of=/dev/null bs=256k count=16 iflag=direct
		dd if=/dev/zero of="$1" bs=64k count=16 oflag=direct conv=nocreat
	done >/dev/null 2>&1
}
busy() { [ "$(linkinfo p1 client commands)" -gt $((commands + 20)) ]; }
# The device N, by the way that is asked for, and back.
away() { if [ "$1" = unbind ]; then shm_unbind "$2"; else echo 1 >"/sys/bus/pci/devices/$(shm_dev "$2")/remove"; fi; }
back() { if [ "$1" = unbind ]; then shm_bind "$2"; else echo 1 >/sys/bus/pci/rescan; fi; }
bound() { [ -e "$shm_driver/$(shm_dev "$1")" ]; }

t "modules and partitions" shm_up
for how in unbind remove; do
	for n in 0 1; do
		side=server other=client
		[ $n = 0 ] || side=client other=server
		t "$how, $side: both ends" eval 'backstore d1 /dev/vdb && server p1 7 none d1 && client p1 7 none 1 path-loss 5'
		t "$how, $side: P9 the link is up" wait_for 60 both_up
		disk=/dev/$(disk_of p1 0)
		commands=$(linkinfo p1 client commands)
		load "$disk" &
		load=$!
		t "$how, $side: R11 the disk is in use" wait_for 60 busy
		t "$how, $side: P9 the device is taken away" timeout 60 bash -c "$(declare -f away shm_dev shm_unbind); shm_driver=$shm_driver; away $how $n"
		t "$how, $side: P9 the link is down at both ends" wait_for 60 neither_up
		t "$how, $side: P9 that is said here" wait_for 60 says $side 'was removed'
		[ $other = server ] || t "$how, $side: P9 and at the other end" wait_for 60 says $other 'nobody is at the other side'
		t "$how, $side: P9 the device is there again" eval "back $how $n && wait_for 60 bound $n"
		t "$how, $side: P9 but not the link" neither_up
		t "$how, $side: the ends go" eval 'client_del p1 && server_del p1'
		wait $load
	done
done
# While a login is under way, and before one
t "a client's end without a server's" eval 'client p1 7 none 1'
t "P9 it says so" wait_for 60 says client 'nobody is at the other side'
t "R13 it is saved, as of no network namespace" vpart config save /tmp/config.json
t "P9 the device is taken away" shm_unbind 1
fails "P9 there is no such device any more" "no shared memory at" client p2 8 none 1
t "P9 that is said" wait_for 60 says client 'was removed'
t "the end goes" client_del p1
t "P9 the device is there again" shm_bind 1
t "P9 another link may have it" eval 'backstore d1 /dev/vdb && server p1 7 none d1 && client p1 7 none 1'
fails "P9 but no second one" "in use by adapter" client p2 8 none 1
t "P9 it comes up" wait_for 60 both_up
t "R11 with its disk" disk_of p1 0
t "the ends go" eval 'client_del p1 && server_del p1'
t "the modules go" shm_down
kmemleak_check
done_testing
