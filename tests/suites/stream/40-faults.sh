#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: flipped bits, cuts, delays, black holes and a slow disk between the two ends, under writers
# kernel: debug
# when: whole
# disks: 32M
# smp: 2
# limit: 400
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/stream/lib.sh

harm_up
walks /src/tests/suites/stream/harm.py flips 5 pieces 4 cuts 10 delay 3 slow 4 full 3 hole 1 hole 6 hole 12 fence 3
walks /src/tests/suites/stream/silent.py 16
t "all of it goes" harm_down
done_testing
