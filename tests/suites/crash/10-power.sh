#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# limit: 420
# append: preempt=full
# summary: power cuts of one leg, both in turn, both at once; what was flushed is there
. /src/tests/suites/crash/lib.sh

# preempt=full: a null_blk whose cache is full spins until another thread that
# is just emptying it goes on, and does not let it run by itself.
mods dm-vmirror
modprobe null_blk nr_devices=0
crash "V1 V2 V8 V9 P16 P17: power cuts at random moments" \
	/src/build/tests/power null_blk "$SEED" "${ROUNDS:-200}" "${SOAK_SECONDS:-3600}"
happened "rounds" rounds 200
happened "both legs at once" together 50
happened "one leg after the other" in_turn 50
happened "a leg came back under load" returns 50
happened "the end met a resync" during_resync 10
happened "P17 a leg started alone" alone 50
happened "P17 a leg was refused alone" refused 50
done_testing
