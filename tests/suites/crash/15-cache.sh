#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# limit: 420
# summary: the same as 10-power, with disks that overwrite nothing before it is flushed
# when: whole
. /src/tests/suites/crash/lib.sh

mods dm-vmirror
modprobe nbd nbds_max=2
crash "V1 V2 V8 V9 P16 P17: power cuts at random moments" \
	/src/build/tests/power nbd "$SEED" "${ROUNDS:-100}" "${SOAK_SECONDS:-3600}"
happened "rounds" rounds 100
happened "both legs at once" together 25
happened "one leg after the other" in_turn 25
happened "a leg came back under load" returns 25
happened "the end met a resync" during_resync 5
happened "P17 a leg started alone" alone 25
happened "P17 a leg was refused alone" refused 25
done_testing
