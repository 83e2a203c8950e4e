#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: 100 000 events, readers that sleep, are stopped, and have next to no buffer: none is missing unsaid (V11)
# kernel: stock
# disks: 256M
# mem: 1024
# smp: 2
# limit: 600
# round: 2400
# least: 1800
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/clusterfs/lib.sh

mods clusterfs
mkfs.clusterfs --force --cluster lab --nodes 4 --objects 4096 --events 64 --log 256 /dev/vdb >/dev/null
# What is gone makes room soon.
echo 1 >/sys/module/clusterfs/parameters/reuse_hold
t "R17 two nodes are mounted" eval 'cfs n1 /dev/vdb && cfs n2 /dev/vdb'
walks $suite/flood.py "${EVENTS:-100000}" "${SOAK_SECONDS:-1200}" "${SEED:-1}"
t "they leave" umount $mnt/n1 $mnt/n2
t "V6 the repository is whole" fsck.clusterfs -n /dev/vdb
t "the module goes" rmmod clusterfs
done_testing
