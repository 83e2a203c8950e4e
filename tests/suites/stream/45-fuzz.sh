#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: recorded conversations with changes in them, to a server and to a client
# kernel: debug
# when: whole
# disks: 32M 32M
# smp: 2
# limit: 400
# leaks: whole
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/stream/lib.sh

fuzz_up
walks /src/tests/suites/stream/fuzz.py server "${SECONDS_EACH:-4}" 4
t "V2 nothing of it is on another client's disk" disk_is_blank /dev/vdc
t "the servers' ends go" fuzz_down
walks /src/tests/suites/stream/fuzz.py client "${SECONDS_EACH:-4}" 6
t "the modules go" stream_down
kmemleak_check
done_testing
