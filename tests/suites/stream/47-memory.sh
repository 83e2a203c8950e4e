#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: each allocation of loading, of an end, of login and of commands fails: refused whole, or done later
# when: whole
# kernel: debug
# soak: debug
# leaks: whole
# disks: 16M
# smp: 2
# limit: 600
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/stream/lib.sh

module=vpart_stream up=stream_up
ends=(stream tcp:127.0.0.1:7400 unix:@f)
begin() { ip link set lo up; }
export FABRIC=unix
. /src/tests/suites/stream/memory.sh
