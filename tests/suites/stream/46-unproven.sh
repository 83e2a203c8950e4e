#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: what a lost server may still write is held until it is known to be off, if that is the policy
# kernel: stock
# soak: debug
# kernels: +6.12 +7.2
# disks: 16M
# smp: 2
# leaks: whole
# limit: 420
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/stream/lib.sh

stream_up
t "two ways to a disk" eval 'layer slow && layer fast'
backstore d1 /dev/mapper/slow
backstore d2 /dev/mapper/fast
server p1 7 7300 none d1
server p2 8 7300 none d2
walks /src/tests/suites/stream/unproven.py
t "the servers' ends go" eval 'server_del p1 && server_del p2'
t "the ways go" eval 'dmsetup remove --noudevsync slow && dmsetup remove --noudevsync fast'
t "the modules go" stream_down
done_testing
