#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: anything at all sent to the netlink family: answered, refused with a sentence
# kernel: debug
# disks: 64M
# leaks: whole
# limit: 300
. /src/tests/lib/guest.sh
. /src/tests/suites/clusterfs/lib.sh
. /src/tests/suites/vpart/lib.sh
mods clusterfs
repo /dev/vdb >/dev/null
t "R17 two nodes" eval 'cfs n1 /dev/vdb && cfs n2 /dev/vdb'
seed=${SEED:-$RANDOM}
echo "# seed $seed"
t "V7 requests of every kind" python3 -B $suite/netlink_fuzz.py "${FUZZ_SECONDS:-10}" "$seed"
t "the nodes are well" wait_for 60 eval 'state n1 OK && state n2 OK'
same() { diff <(cd $mnt/n1 && cat clients/* lus/* volumes/* adapters/*) <(cd $mnt/n2 && cat clients/* lus/* volumes/* adapters/*); }
t "R22 both say the same" wait_for 60 same
t "they leave" umount $mnt/n1 $mnt/n2
t "V6 the repository is whole" fsck.clusterfs -n /dev/vdb
t "the module goes" rmmod clusterfs
kmemleak_check
done_testing
