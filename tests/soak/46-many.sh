#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: 1, 16, 64 clients of one server: memory and time of each, and who is greedy
# kernel: stock
# disks: 32M
# mem: 1536
# smp: 2
# round: 60
# limit: 400
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/stream/lib.sh

stream_up
backstore d1 /dev/vdb
walks /src/tests/suites/stream/many.py 1 16 64
t "all of it goes" eval 'backstore_del d1 && stream_down'
done_testing
