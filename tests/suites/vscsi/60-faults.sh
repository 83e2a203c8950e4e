#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: each allocation of configuring, probe, login, scan, LUN and reset fails: refused, nothing left, the next try works
# kernel: debug
# soak: debug
# append: slub_debug=A,kmalloc-16
# leaks: check
# disks: 16M 16M
# limit: 400
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh

faults_possible
mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
mods target_core_mod target_core_iblock vpart sd_mod sg
vpart partition add vios1 vios >/dev/null
vpart partition add client1 client >/dev/null
walks /src/tests/suites/vscsi/walks.py $cfg /dev/vdb /dev/vdc
t "all of it goes" vscsi_down
no_leaks "nothing leaked on the way out"
done_testing
