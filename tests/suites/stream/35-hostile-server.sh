#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: servers that let a client in and then break the protocol in every way
# kernel: debug
# kernels: +6.12 +7.2
# smp: 2
# limit: 600
# leaks: whole
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/stream/lib.sh

stream_up
walks /src/tests/suites/stream/hostile_server.py
t "the modules go" stream_down
kmemleak_check
done_testing
