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

walks <<'E'
making a node # NODE_DEL NAME=f # NODE_NEW NAME=f
making a partition # PARTITION_DEL NAME=f # PARTITION_NEW NAME=f NODE=n ROLE=1
making an adapter pair # ADAPTER_DEL NAME=f # ADAPTER_NEW NAME=f CLIENT=c SERVER=s
E
nl ADAPTER_NEW CLIENT=c SERVER=s >/dev/null
walks <<'E'
showing a node # # NODE_GET NAME=n
showing a partition # # PARTITION_GET NAME=s
showing an adapter # # ADAPTER_GET NAME=c-s
changing an adapter # ADAPTER_SET NAME=c-s PATH_LOSS=30 # ADAPTER_SET NAME=c-s PATH_LOSS=40
failing a partition # PARTITION_SET NAME=s STATE=0 # PARTITION_SET NAME=s STATE=1
listing adapters # # -d ADAPTER_GET
listing events # # -d EVENT_GET
deleting an adapter # ADAPTER_NEW CLIENT=c SERVER=s # ADAPTER_DEL NAME=c-s
E
nl ADAPTER_DEL NAME=c-s
walks <<'E'
deleting a partition # PARTITION_NEW NAME=c NODE=n ROLE=0 POOL=1 # PARTITION_DEL NAME=c
E
nl_close
kmemleak_check "nothing leaked on the way out"
t "the module goes" rmmod vpart
kmemleak_check
done_testing
