#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: who does not have the key, or plays with a handshake, is refused
# kernel: stock
# soak: debug
# disks: 32M
# smp: 2
# limit: 360
# leaks: check
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/stream/lib.sh

stream_up
backstore d1 /dev/vdb
key k 0123456789abcdef0123456789abcdef
server p2 8 7300 k d1
walks /src/tests/suites/stream/auth.py
t "the server's end goes" server_del p2
t "the modules go" stream_down
kmemleak_check
done_testing
