#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# limit: 420
# mem: 1024
# summary: every write of both legs in one order; a start at every flush and between
# when: whole
. /src/tests/suites/crash/lib.sh

mods dm-vmirror
modprobe null_blk nr_devices=0
modprobe dm-log-writes
crash "V1 V2 V8 V9 P16 P17: starts from every flush mark of a recorded run" \
	/src/build/tests/replay "$SEED" "${OPS:-200}" "${STEP:-10}" "${SOAK_SECONDS:-3600}"
happened "starts at marks" at_marks 10
happened "between marks" between 10
happened "with a part of the caches" partial 10
happened "legs were lost and came back" losses 2
happened "P17 a leg started alone" alone 5
happened "P17 a leg was refused alone" refused 20
happened "leg 0 was copied" from_0 5
happened "leg 1 was copied" from_1 1
done_testing
