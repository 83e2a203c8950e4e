#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: four lives of all modules, one of each kind, leave nothing behind
# kernel: debug
# leaks: check
# disks: 6M 6M
# round: 60
# limit: 480
. /src/tests/lib/guest.sh
. /src/tests/suites/slice/lib.sh
. /src/tests/suites/slice/life.sh
lives "${ROUNDS:-4}" /dev/vdb /dev/vdc
kmemleak_check
done_testing
