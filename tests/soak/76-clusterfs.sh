#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the repository with other seeds, and more changes from writer to writer
# kernel: host
# limit: 900
cd "$(dirname "$0")/../.." || exit
. tests/lib/guest.sh

seed=${SEED:-$RANDOM}
echo "# seed $seed"
t "the library and its tests build" flock build/clusterfs.lock make -s -C tests/clusterfs BUILD="$PWD/build/clusterfs"
t "V6 cuts" build/clusterfs/crash.fast "$seed"
t "V6 P3 replicas" build/clusterfs/replicas.fast "$seed"
t "V5 V6 ten million operations" build/clusterfs/random.fast 10000000 "$seed"
t "V6 P1 P2 several writers, one more change between them" build/clusterfs/races.fast 1
done_testing
