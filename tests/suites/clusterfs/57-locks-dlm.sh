#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: what locks between nodes do, with DLM: the cases of 56-locks on three machines, two of which die
# kernel: host
# machines: 3
# guests: stock
# limit: 300
# kernels: +6.12 7.2
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh

port=7800
for m in a b c; do machine $m --net lan --mem 384; done
serves "$_lab/lead" python3 tests/lib/dlm.py lead $port
wait_for 30 grep -q ready "$_lab/lead"
# up MACHINE ID: its node of DLM, then what drives it; which waits for who drives
up() {
	on "$1" "mods clusterfs_dlm clusterfs_drive
		python3 /src/tests/lib/dlm.py serve $(addr host lan) $port $2 $(addr "$1" lan) 2>>/out/dlm &&
		wait_for 30 python3 -B /src/tests/suites/clusterfs/locks_node.py $(addr host lan) $((port + 1)) $1"
}
up a 1 &
up b 2 &
up c 3 &
told in_net python3 -B tests/suites/clusterfs/locks.py dlm $((port + 1)) "$_lab" \
	python3 tests/lib/dlm.py tell "$(addr host lan)" $port
wait
is "no order went wrong" "$(grep -c '^node' "$_lab/lead")" 0
done_testing
