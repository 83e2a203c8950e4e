#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the KUnit cases inside $MODULES run when each is loaded
# kernel: debug
# append: kunit.enable=1 kmemleak=on
# limit: 480
# The runner reads the cases from the console.
. /src/tests/lib/guest.sh

# A case may have its own allocations fail, those that may wait too.
failslab=/sys/kernel/debug/failslab
[ ! -d $failslab ] || { echo N >$failslab/ignore-gfp-wait && echo 0 >$failslab/verbose; }

# Sockets are tried over the machine's own addresses.
ip link set lo up || exit

# Locks are tried with DLM, too, on a node that is alone; who asks for its engine gets it.
dlm=
case " $MODULES " in *" clusterfs "*) dlm=1 ;; esac
if [ -n "$dlm" ]; then
	# shellcheck disable=SC2016
	printf '#!/bin/sh\n[ "$3" != clusterfs-dlm ] || exec insmod /modules/clusterfs_dlm.ko\n' >/run/modprobe
	chmod +x /run/modprobe
	echo /run/modprobe >/proc/sys/kernel/modprobe
	python3 /src/tests/lib/dlm.py lead 7400 >/out/dlm 2>&1 &
	wait_for 60 grep -q ready /out/dlm
	python3 /src/tests/lib/dlm.py serve 127.0.0.1 7400 1 127.0.0.1 2>>/out/dlm || exit
fi

loaded=()
for m in $MODULES; do
	t "$m is loaded" mods "$m" && loaded=("$m" "${loaded[@]}")
done
if [ -n "$dlm" ]; then
	loaded=(clusterfs_dlm "${loaded[@]}")
	# with WHAT: cases of locks that ran so
	with() { grep -c "^ *ok [0-9] - $1\$" /sys/kernel/debug/kunit/clusterfs-lock/results; }
	t "V4 the cases of locks ran with DLM, too" \
		[ "$(with 'dlm, one node') $(with 'local, one node')" = "16 16" ]
fi
# While the modules are there, so that a leak is told with names.
kmemleak_check "the cases leak nothing"
for m in "${loaded[@]}"; do
	t "$m is unloaded" rmmod "$m"
done
done_testing
