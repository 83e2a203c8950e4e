# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# machine.sh: what the machines of 70-machines.sh do. Both know the same partitions.
. tests/suites/vscsi/lib.sh
. tests/suites/shm/lib.sh

# The address of this machine's shared memory.
shm_here() {
	local dev
	for dev in /sys/bus/pci/devices/*; do
		grep -q 0x1110 "$dev/device" && grep -q 0x1af4 "$dev/vendor" && echo "shm:${dev##*/}"
	done
}

partitions() {
	mods vpart_shm || return
	key k 0123456789abcdef0123456789abcdef
	ends_parts
}

# server_up: serves /dev/vdb.
server_up() {
	vscsi_mods && partitions && backstore d1 /dev/vdb && server_at "$(shm_here)" p1 1 k d1
}

# client_up: reaches it; its disk is /dev/sda.
client_up() {
	vscsi_mods && partitions && client_at "$(shm_here)" p1 1 k path-loss "${1:-120}"
}

# info FIELD: of this machine's end.
info() { vpart --json link show p1 | python3 -c "import json,sys; print(json.load(sys.stdin)['$1'])"; }
state_is() { [ "$(info state)" = "$1" ]; }

# verify NAME SECONDS: writes and reads back for so long.
verify() {
	fio --name="$1" --filename=/dev/sda --size=24M --rw=randrw --bsrange=512-256k --bs_unaligned=0 \
		--blockalign=512 --direct=1 --ioengine=libaio --iodepth=8 --verify=crc32c --verify_fatal=1 \
		--verify_backlog=64 --time_based --runtime="$2" --output=/out/fio-"$1"
}
