#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a peer that does not read: what waits to be sent, and what is given up meanwhile
# kernel: debug
# disks: 32M
# smp: 2
# limit: 240
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/stream/lib.sh

stream_up
backstore d1 /dev/vdb
server p1 7 7300 none d1
walks /src/tests/suites/stream/blocked.py not_corked no_orphans arriving
# Little is on its way at a time: a sender is soon at a stand.
sysctl -qw net.ipv4.tcp_wmem="4096 16384 65536" net.ipv4.tcp_rmem="4096 16384 65536"
walks /src/tests/suites/stream/blocked.py tag_again given_up
t "the server's end goes" server_del p1
t "the modules go" stream_down
done_testing
