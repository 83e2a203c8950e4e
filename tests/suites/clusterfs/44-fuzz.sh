#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: whatever a repository says, a node refuses it with a sentence or mounts it
# kernel: debug
# disks: 64M
# limit: 400
# leaks: whole
. /src/tests/lib/guest.sh
. /src/tests/suites/clusterfs/lib.sh
mods clusterfs
mkdir -p $mnt/n1
# As random as it gets, and told, so that it can be repeated.
seed=${SEED:-$RANDOM}
rounds=120
[ ! -e /sys/kernel/debug/kmemleak ] || rounds=40	# of three seconds each

repo /dev/vdb >/dev/null
/src/build/clusterfs/image.fast 0 sample /dev/vdb
/src/build/clusterfs/image.fast 1 fill=12 /dev/vdb
/src/build/clusterfs/image.fast 2 compact /dev/vdb
/src/build/clusterfs/image.fast 0 fill=3 /dev/vdb
t "V6 $rounds damaged repositories, seed $seed" python3 -B $suite/fuzz.py /dev/vdb $mnt/n1 "$seed" $rounds
t "the module goes" rmmod clusterfs
kmemleak_check
done_testing
