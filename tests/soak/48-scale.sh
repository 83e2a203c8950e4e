#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: what 256 LUNs and 32 adapters cost beside few: nothing grows faster than it is to
# kernel: host
# machines: 1
# round: 20
# limit: 2400
cd "$(dirname "$0")/../.." || exit
. tests/lib/guest.sh

log=build/log/$NAME
mkdir -p "$log"
for part in luns:1,64,256 adapters:1,8,32; do
	t "nothing grows faster than it is to: $part" \
		env KERNEL="$GUEST" tests/bench/scale "$log/${part%:*}.json" $part
done
done_testing
