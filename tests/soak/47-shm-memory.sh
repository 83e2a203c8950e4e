#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: each allocation of loading, of a device, of an end, of login and of commands over shared memory fails
# kernel: debug
# leaks: check
# disks: 16M
# ivshmem: 16M
# smp: 2
# round: 60
# limit: 600
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/shm/lib.sh

module=vpart_shm up=shm_up
ends=(shm "shm:$(shm_dev 0)")
begin() { shm_unbind 0; walks "$memory" devices $shm_driver "$(shm_dev 0)"; }
export FABRIC=shm
. /src/tests/suites/stream/memory.sh
