#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest.sh: the demonstration itself, in the virtual machine. See run.
set -u
# shellcheck source=tests/demo/lib.sh
. /src/tests/demo/lib.sh

# A real tree: what this machine has installed.
tree=(/usr/lib/modules /usr/share /usr/lib/python3.11)
disks=(/dev/vdb /dev/vdc)
mnt=/mnt/vol
volume=/dev/mapper/vol

# Bytes that the volume has been given to write so far.
written() {
	local f
	read -ra f <"/sys/class/block/$node/stat"
	echo $((f[6] * 512))
}
has_written() { [ "$(written)" -ge "$1" ]; }

# What the file system or its user could have seen of a failure.
no_error_seen() {
	local seen
	seen=$(dmesg | grep -E "EXT4-fs (error|warning)|error.*\b$node\b|Aborting journal")
	[ -z "$seen" ] || give_up "the file system saw errors: $seen"
}

# The legs' data, read from the disks themselves past every cache.
compare_legs() {
	do_it python3 /src/tests/demo/compare.py "${disks[@]}" "$bytes"
}

right_sums() { # FOLDER
	(cd "$1" && sha256sum --quiet -c /tmp/sums) || give_up "a file in $1 differs"
}

# round SERVER FOLDER: copy the tree while the server fails, then let it return.
round() {
	local server=$1 to=$mnt/$2 start at cp_pid copied err=/tmp/$2.err
	tell "--- $server will fail while files are copied ---"
	do_it mkdir "$to"
	start=$(written)
	tell "\$ cp -a ${tree[*]} $to"
	cp -a "${tree[@]}" "$to" 2>"$err" &
	cp_pid=$!
	at=$((start + tree_bytes / 3))
	wait_for 300 has_written $at || give_up "the copy did not reach a third"
	kill -0 $cp_pid 2>/dev/null || give_up "the copy was over before $server could fail"
	tell "A third is written ($(mib $(($(written) - start))) of $(mib "$tree_bytes")). Now $server fails:"
	do_it vpart partition fail "$server"
	kill -0 $cp_pid 2>/dev/null || give_up "the copy was over when $server failed"
	wait $cp_pid || give_up "cp failed: $(cat "$err")"
	[ ! -s "$err" ] || give_up "cp said: $(cat "$err")"
	tell "The copy went on to its end without an error."
	do_it sync -f "$to"
	vpart mirror status vol >/tmp/status
	[ $? -eq 4 ] || give_up "the mirror does not say that it is degraded"
	show </tmp/status
	do_it umount $mnt
	echo 3 >/proc/sys/vm/drop_caches
	do_it mount $volume $mnt
	right_sums "$to"
	tell "The checksums of all $files files are right, read back from the surviving copy."

	tell "$server returns:"
	do_it vpart partition start "$server"
	vpart mirror wait vol --timeout 300 2>/tmp/wait >/tmp/waited ||
		give_up "$(cat /tmp/wait)"
	copied=$(($(field copied_kib) * 1024))
	tell "$(cat /tmp/waited). Copied back: $(mib $copied) of a volume of $(mib "$bytes")" \
		"($((copied * 1000 / bytes / 10)).$((copied * 1000 / bytes % 10)) %)."
	if [ "$copied" -le 0 ] || [ "$copied" -ge "$bytes" ]; then
		give_up "that is not only what changed"
	fi
	no_error_seen
	do_it umount $mnt
	do_it vpart mirror stop vol
	compare_legs
	do_it vpart mirror start vol d1 d2
	do_it mount $volume $mnt
	right_sums "$to"
	tell "The checksums are right again, read from the mirror that was started anew."
}

mods vpart sd_mod vscsi_host vscsi_target dm-vmirror || give_up "a module cannot be loaded"
# What is copied shall reach the disks steadily, not at the end.
echo $((16 << 20)) >/proc/sys/vm/dirty_bytes
mkdir -p $mnt
files=$(find "${tree[@]}" -type f | wc -l)
tree_bytes=$(find "${tree[@]}" -type f -printf '%s\n' | awk '{ s += $1 } END { printf "%d", s }')
tell "One Linux $(uname -r), one machine; two nodes are played in it, with an I/O server each."
tell "The tree to copy: ${tree[*]}: $files files, $(mib "$tree_bytes")."
[ "$tree_bytes" -ge 100000000 ] || give_up "the tree is smaller than 100 MB"

do_it vpart node add cec1
do_it vpart node add cec2
do_it vpart partition add vios1 vios node cec1 pool 1
do_it vpart partition add vios2 vios node cec2 pool 1
do_it vpart partition add client1 client node cec1 pool 2
vpart partition show | show

tell "A mirrored disk in three commands:"
do_it vpart lu add d1 server vios1 client client1 device "${disks[0]}"
do_it vpart lu add d2 server vios2 client client1 device "${disks[1]}"
do_it vpart mirror create vol d1 d2 --wait
vpart lu show | show
vpart mirror show | show
for disk in $(vpart --json lu show | python3 -c 'import json, sys
for lu in json.load(sys.stdin): print(lu["disk"])'); do
	tell "client1 sees $disk: $(sg_inq "$disk" 2>/dev/null | awk -F': *' \
		'/Vendor|Product id|Unit serial/ { printf "%s ", $2 }')"
done
node=$(field node)
bytes=$(field bytes)

do_it mkfs.ext4 -q $volume
do_it mount $volume $mnt
# Sums relative to a folder that holds the tree's parts side by side.
for part in "${tree[@]}"; do
	(cd "$(dirname "$part")" && find "$(basename "$part")" -type f -exec sha256sum {} +)
done >/tmp/sums
[ "$(wc -l </tmp/sums)" -eq "$files" ] || give_up "not every file has a checksum"

round vios1 first
round vios2 second

do_it vpart mirror status vol
do_it umount $mnt
do_it vpart mirror stop vol
do_it vpart lu del d1
do_it vpart lu del d2
tell "No command saw an error; both servers were lost and came back; only what had changed was copied back."
