#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a million operations beside a model; any byte of a repository wrong; what it costs
# kernel: host
# limit: 600
cd "$(dirname "$0")/../../.." || exit
. tests/lib/guest.sh

t "the library and its tests build" flock build/clusterfs.lock make -s -C tests/clusterfs BUILD="$PWD/build/clusterfs"
t "V5 V6 a million operations by four nodes are as in the model" \
	build/clusterfs/random.fast 1000000 "$RANDOM"
t "... a part of them under the sanitizers" build/clusterfs/random 60000 "$RANDOM"
t "V6 V11 an id has one owner, an event that is not kept is lost" build/clusterfs/ids
t "V6 a damaged byte is refused or does not matter, a forged field stays in bounds" \
	build/clusterfs/corrupt.fast
t "... a part of them under the sanitizers" build/clusterfs/corrupt 7
t "the examples of the format's text are what is written, and right" \
	python3 -B tests/clusterfs/examples.py build/clusterfs/examples
t "what 32 nodes and 4096 LUs cost, in blocks and comparisons" build/clusterfs/growth.fast
t "... without a leak" build/clusterfs/growth
done_testing
