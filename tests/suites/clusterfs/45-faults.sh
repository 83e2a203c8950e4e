#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: each allocation of loading, registering, reading and leaving fails
# kernel: debug
# soak: debug
# disks: 64M
# leaks: check
# limit: 480
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/clusterfs/lib.sh

faults_possible
repo /dev/vdb >/dev/null
walks /src/tests/suites/clusterfs/walks.py
t "V6 the repository is whole" fsck.clusterfs -n /dev/vdb
t "the module goes" rmmod clusterfs
no_leaks "nothing leaked on the way out"
done_testing
