#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: what locks between nodes do, with lock_local; 57-locks-dlm has the same cases with DLM
# kernel: debug
# limit: 240
# kernels: +7.2
. /src/tests/lib/guest.sh
mods clusterfs clusterfs_drive
told python3 -B /src/tests/suites/clusterfs/locks.py local
done_testing
