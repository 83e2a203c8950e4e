#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: all modules loaded, used, taken down under load and unloaded, 30 times
# kernel: stock
# disks: 6M 6M
# limit: 480
. /src/tests/lib/guest.sh
. /src/tests/suites/slice/lib.sh
. /src/tests/suites/slice/life.sh
mods sd_mod
lives "${ROUNDS:-50}" /dev/vdb /dev/vdc
done_testing
