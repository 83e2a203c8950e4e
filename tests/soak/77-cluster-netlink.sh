#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: anything at all sent to the netlink family of clusterfs
# kernel: debug
# disks: 64M
# leaks: check
# limit: 300
# round: 600
export FUZZ_SECONDS=$SOAK_SECONDS
. /src/tests/suites/clusterfs/62-netlink-fuzz.sh
