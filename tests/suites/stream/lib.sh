# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# lib.sh: ends of links for a peer that is no kernel, or a proxy.
#
#	. /src/tests/lib/guest.sh
#	. /src/tests/suites/vscsi/lib.sh
#	. /src/tests/suites/stream/lib.sh
#	. /src/tests/lib/faults.sh
#	stream_up			modules, partitions
#	server p1 7 7300 none d1	a server's end, its LUN 0 the backstore d1
#	client p1 7 7300 none		a client's end
#	walks /src/tests/suites/stream/NAME.py
#
# The pairs' numbers are known to base.py, too.

# shellcheck source=tests/lib/ends.sh
. /src/tests/lib/ends.sh

stream_up() { vscsi_mods && mods vpart_stream && ip link set lo up && ends_parts; }
stream_down() { ends_down; }

# server PAIR ID PORT KEY [BACKSTORE], client PAIR ID PORT KEY [WORD...]
server() { server_at "tcp:127.0.0.1:$3" "$1" "$2" "${@:4}"; }
client() { client_at "tcp:127.0.0.1:$3" "$1" "$2" "${@:4}"; }

# harm_up: both ends of p1, with a proxy's place between them, see harm.py; the disk is
# a device-mapper device so that it can be made to hold what it has.
harm_up() {
	stream_up && layer slow || return
	backstore d1 /dev/mapper/slow && server p1 7 7300 none d1 && client p1 7 7310 none digest all path-loss 120
}
harm_down() { client_del p1 && server_del p1 && dmsetup remove --noudevsync slow && stream_down; }

# fuzz_up: servers' ends f0 to f3, see fuzz.py, and p2 with another disk.
fuzz_up() {
	local i
	stream_up && backstore d1 /dev/vdb && backstore d2 /dev/vdc && server p2 8 7300 none d2 || return
	for i in 0 1 2 3; do
		server f$i $((20 + i)) 7300 none d1 || return
	done
}
fuzz_down() {
	local i
	for i in 0 1 2 3; do
		server_del f$i || return
	done
	server_del p2
}
disk_is_blank() { cmp -n "$(blockdev --getsize64 "$1")" "$1" /dev/zero; }
