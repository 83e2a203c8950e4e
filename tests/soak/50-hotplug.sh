#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a LU comes and goes 10000 times, or as often as there is time, and leaves nothing behind
# kernel: stock
# limit: 120
# round: 3600
# disks: 32M
# append: slub_nomerge
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh

vscsi_up
backstore d1 /dev/vdb
lun_add p1 1 d1
disk_of p1 1 >/dev/null
lun_del p1 1
wait_for 60 no_disk p1 1
before=$(refs)
python3 /src/tests/suites/vscsi/hotplug.py cycles p1 "$(store_of d1)" 1 10000 50 "${SOAK_SECONDS:-0}" >/tmp/cycles 2>&1
rc=$?
count=$(sed -n 's/^# \([0-9]* cycles\), .*;.*/\1/p' /tmp/cycles)
t "R11 ${count:-no cycles}, and no cache of the kernel grows with it" bash -c "cat /tmp/cycles; exit $rc"
t "nobody is counted who has gone" wait_for 60 no_more "$before"
lun_add p1 1 d1
disk=$(disk_of p1 1)
t "R11 a LU is served as at the beginning" dd if="/dev/$disk" of=/dev/null bs=1M iflag=direct status=none
lun_del p1 1
t "all of it away, the modules too" vscsi_down
done_testing
