#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the KUnit cases inside $MODULES run when each is loaded
# kernel: debug
# append: kunit.enable=1
# leaks: check
# limit: 480
# The runner reads the cases from the console.
. /src/tests/lib/guest.sh

# A case may have its own allocations fail, those that may wait too.
failslab=/sys/kernel/debug/failslab
[ ! -d $failslab ] || { echo N >$failslab/ignore-gfp-wait && echo 0 >$failslab/verbose; }

# Sockets are tried over the machine's own addresses.
ip link set lo up || exit

loaded=()
for m in $MODULES; do
	t "$m is loaded" mods "$m" && loaded=("$m" "${loaded[@]}")
done
# While the modules are there, so that a leak is told with names.
kmemleak_check "the cases leak nothing"
for m in "${loaded[@]}"; do
	t "$m is unloaded" rmmod "$m"
done
done_testing
