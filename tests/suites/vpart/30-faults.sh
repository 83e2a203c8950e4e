#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: each allocation of each request fails once: refused whole, or done whole
# kernel: debug
# append: kmemleak=on
# limit: 400
. /src/tests/lib/guest.sh
. /src/tests/suites/vpart/lib.sh

t "vpart is loaded" mods vpart
fail=/sys/kernel/debug/failslab
if [ ! -e $fail ] || [ ! -e /proc/self/fail-nth ]; then
	skip "allocations fail" "no fault injection in this kernel"
	done_testing
fi
# Sleeping allocations fail too, and only those of the task that asks.
echo N >$fail/ignore-gfp-wait
echo 0 >$fail/verbose
nl_open
nl NODE_NEW NAME=n >/dev/null
nl PARTITION_NEW NAME=c NODE=n ROLE=0 >/dev/null
nl PARTITION_NEW NAME=s NODE=n ROLE=1 >/dev/null

# everything: what there is, without what changes by itself
everything() {
	{ nl -d NODE_GET; nl -d PARTITION_GET; nl -d ADAPTER_GET; } |
		sed 's/SINCE_MS=[0-9]*//; s/ UUID=[^ ]*//; s/BOOT=[^ ]*//; s/^ID=[0-9]*//; s/\bID=[0-9]*//' | sort
}

# walk DESCRIPTION UNDO REQUEST...: fail the first allocation, the second, ...
# until the request passes with none left to fail; a refusal changes nothing.
walk() {
	local d=$1 undo=$2 n before out rc refusals=0
	shift 2
	before=$(everything)
	for ((n = 1; n < 400; n++)); do
		out=$(nl -f $n "$@" 2>/tmp/err)
		rc=$?
		case $rc in
		0)	# "left N": allocation N was never reached, so all were tried.
			grep -q '^left 0' <<<"$out" || break
			[ -z "$undo" ] || nl $undo >/dev/null ;;
		1)	refusals=$((refusals + 1)) ;;
		*)	# Done or not, the answer was lost.
			[ -z "$undo" ] || nl $undo >/dev/null 2>&1 ;;
		esac
		if [ "$(everything)" != "$before" ]; then
			not_ok "$d" "allocation $n, $(cat /tmp/err): now there is $(everything)"
			return
		fi
	done
	[ -z "$undo" ] || nl $undo >/dev/null
	if [ $n -lt 400 ]; then ok "$d ($((n - 1)) allocations, $refusals refusals)"
	else not_ok "$d" "no end"; fi
}

walk "making a node" "NODE_DEL NAME=f" NODE_NEW NAME=f
walk "making a partition" "PARTITION_DEL NAME=f" PARTITION_NEW NAME=f NODE=n ROLE=1
walk "making an adapter pair" "ADAPTER_DEL NAME=f" ADAPTER_NEW NAME=f CLIENT=c SERVER=s
nl ADAPTER_NEW CLIENT=c SERVER=s >/dev/null
walk "showing a node" "" NODE_GET NAME=n
walk "showing a partition" "" PARTITION_GET NAME=s
walk "showing an adapter" "" ADAPTER_GET NAME=c-s
walk "changing an adapter" "ADAPTER_SET NAME=c-s PATH_LOSS=30" ADAPTER_SET NAME=c-s PATH_LOSS=40
walk "failing a partition" "PARTITION_SET NAME=s STATE=0" PARTITION_SET NAME=s STATE=1
walk "listing adapters" "" -d ADAPTER_GET
walk "listing events" "" -d EVENT_GET
walk "deleting an adapter" "ADAPTER_NEW CLIENT=c SERVER=s" ADAPTER_DEL NAME=c-s
nl ADAPTER_DEL NAME=c-s
walk "deleting a partition" "PARTITION_NEW NAME=c NODE=n ROLE=0 POOL=1" PARTITION_DEL NAME=c
nl_close
kmemleak_check "nothing leaked on the way out"
t "the module goes" rmmod vpart
kmemleak_check
done_testing
