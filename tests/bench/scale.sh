#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scale.sh luns|adapters|peer|queues COUNT: in the guest, what so many of them cost, as lines
# "WHAT VALUE" in /out/rows. See scale.
. /src/tests/lib/guest.sh
trap - EXIT

mount -t configfs configfs /sys/kernel/config 2>/dev/null
# An idle machine that counts instructions goes on to its next timer at once: to it the
# host's disk may take minutes.
echo 0 >/proc/sys/kernel/hung_task_timeout_secs
if [ "$1" = peer ]; then
	mods null_blk target_core_iblock sd_mod tcm_loop
else
	mods null_blk target_core_iblock sd_mod vpart vscsi_target
fi
# The client's driver is loaded when it is measured: all that it needs, before.
modinfo -F depends /modules/vscsi_host.ko | tr ',' '\n' | while read -r m; do mods "$m"; done
python3 /src/tests/bench/scale.py "$@" | tee /out/rows
exit "${PIPESTATUS[0]}"
