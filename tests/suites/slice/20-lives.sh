#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: all modules loaded, used, taken down under load and unloaded, each way
# kernel: stock
# when: whole
# disks: 6M 6M
# limit: 360
. /src/tests/lib/guest.sh
. /src/tests/suites/slice/lib.sh
. /src/tests/suites/slice/life.sh
mods sd_mod
lives "${ROUNDS:-15}" /dev/vdb /dev/vdc
done_testing
