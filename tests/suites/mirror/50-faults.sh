#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: debug
# soak: debug
# leaks: check
# disks: 16M 16M
# limit: 480
# summary: each allocation of table, start, message and resync fails: refused, nothing left, the next try works
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh

faults_possible
# A failed start is no news here.
dmesg -n 5
walks /src/tests/suites/mirror/walks.py /dev/vdb /dev/vdc 16384
dmesg -n 7
t "the module goes" rmmod dm_vmirror
no_leaks "nothing leaked on the way out"
done_testing
