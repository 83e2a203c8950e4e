#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a client and a server written from the protocol's text, and the kernel's
# kernel: debug
# kernels: +7.2
# disks: 32M 32M
# smp: 2
# limit: 240
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/stream/lib.sh

suite=/src/tests/suites/stream
stream_up
walks $suite/examples.py
backstore d1 /dev/vdb
backstore d2 /dev/vdc
key k 0123456789abcdef0123456789abcdef
server p1 7 7300 none d1
server p2 8 7300 k d2
walks $suite/interop_client.py
t "the servers' ends go" eval 'server_del p1 && server_del p2'
walks $suite/interop_server.py
t "the modules go" stream_down
done_testing
