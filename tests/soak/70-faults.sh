#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: all that can happen between the two ends of a link, at random, under writers
# kernel: debug
# disks: 32M
# smp: 2
# limit: 300
# round: 1800
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/stream/lib.sh

harm_up
export SEED
walks /src/tests/suites/stream/harm.py mixed "${SOAK_SECONDS:-60}"
t "all of it goes" harm_down
done_testing
