#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a session that was lost is closed over another path, before its writes go there
# kernel: debug
# kernels: +6.12 +7.2
# disks: 16M
# smp: 2
# limit: 300
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
server p3 10 7300 none d1
walks /src/tests/suites/stream/close_session.py
walks /src/tests/suites/stream/ghosts.py
t "the servers' ends go" eval 'server_del p1 && server_del p2 && server_del p3'
t "the ways go" eval 'dmsetup remove --noudevsync slow && dmsetup remove --noudevsync fast'
t "the modules go" stream_down
done_testing
