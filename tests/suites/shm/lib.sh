# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# lib.sh: ends of links over shared memory whose other side is no kernel. The
# devices are those of "# ivshmem: 16M": the kernel has the first, a program the
# second; of another pair 2 and 3, and so on.
#
#	. /src/tests/lib/guest.sh
#	. /src/tests/suites/vscsi/lib.sh
#	. /src/tests/suites/shm/lib.sh
#	shm_up				modules, partitions
#	server p1 7 none d1		a server's end on the first device, its LUN 0 is d1
#	client p1 7 none		a client's end
#
# The pairs' numbers are known to the programs, too.

# shellcheck source=tests/lib/ends.sh
. /src/tests/lib/ends.sh

shm_driver=/sys/bus/pci/drivers/vpart_shm

# shm_dev N: the address of a device, from 0.
shm_dev() { printf '0000:00:%02x.0' $((16 + $1)); }
# A device without a driver is a program's.
shm_unbind() { echo "$(shm_dev "$1")" >$shm_driver/unbind; }
shm_bind() { echo "$(shm_dev "$1")" >$shm_driver/bind; }

shm_up() { vscsi_mods && mods vpart_shm && ends_parts; }
shm_down() { ends_down; }

# server PAIR ID KEY [BACKSTORE [DEVICE]], client PAIR ID KEY [DEVICE [WORD...]]
server() { server_at "shm:$(shm_dev "${5:-0}")" "${@:1:4}"; }
client() { client_at "shm:$(shm_dev "${4:-0}")" "${@:1:3}" "${@:5}"; }
