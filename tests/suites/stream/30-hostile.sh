#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: clients that log in and then break the protocol in every way
# kernel: debug
# kernels: +6.12 +7.2
# disks: 32M 32M
# smp: 2
# limit: 300
# leaks: check
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/stream/lib.sh

stream_up
backstore d1 /dev/vdb
backstore d2 /dev/vdc
server p1 7 7300 none d1
server p2 8 7300 none d2
walks /src/tests/suites/stream/hostile_client.py
t "the servers' ends go" eval 'server_del p1 && server_del p2'
t "the modules go" stream_down
kmemleak_check
done_testing
