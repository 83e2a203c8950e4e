#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the repository after a power cut anywhere, under several writers, on three replicas
# kernel: host
# limit: 600
cd "$(dirname "$0")/../../.." || exit
. tests/lib/guest.sh

t "the library and its tests build" flock build/clusterfs.lock make -s -C tests/clusterfs BUILD="$PWD/build/clusterfs"
t "V6 a cut at every sector of every write, and in the cache: nothing acknowledged is lost" \
	build/clusterfs/crash.fast
t "... the same under the sanitizers, another run" build/clusterfs/crash 5 4
t "V6 P1 P2 several writers, each standing still at each of its steps" build/clusterfs/races.fast
t "V6 P3 three replicas, one away, the power cut at every write: any two say the same" \
	build/clusterfs/replicas 3
t "... another run" build/clusterfs/replicas.fast 77
t "V6 P3 one replica fails, another loses its power, at any two writes: any two say the same" \
	build/clusterfs/power.fast
t "V6 P3 a replica returns and is overwritten, with a cut or a failure at every write" \
	build/clusterfs/returns.fast
t "P21 a backup of every kind of damage, a restore and a replacement cut at every write" \
	build/clusterfs/reborn.fast
t "... another run under the sanitizers" build/clusterfs/reborn 5
done_testing
