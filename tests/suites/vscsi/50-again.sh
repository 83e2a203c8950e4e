#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: made and unmade eight times, with and without a link, nothing is left behind
# kernel: debug
# append: kmemleak=on
# limit: 420
# disks: 32M
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh
once() { # NUMBER
	local disk
	vscsi_up || return
	backstore d1 /dev/vdb && lun_add p1 0 d1 || return
	disk=$(disk_of p1 0)
	dd if=/dev/zero of="/dev/$disk" bs=64k count=16 oflag=direct status=none || return
	case $(($1 % 4)) in
	1) vpart partition fail vios1 >/dev/null ;;	# unmade while the link is down
	2) vpart partition fail client1 >/dev/null ;;
	3) echo 0 >$cfg/vscsi/p1/tpgt_1/enable ;;
	esac
	if [ $(($1 % 4)) = 0 ]; then vscsi_down; else vscsi_clear; fi
}
for i in $(seq 8); do
	once "$i" || break
done
is "made and unmade" "$i" 8
kmemleak_check
done_testing
