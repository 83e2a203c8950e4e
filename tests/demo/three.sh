#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# three.sh: two servers and a client on three machines, set up as README.md tells;
# the machine of a server is killed while files are copied, and comes back. See run.
set -u
cd "$(dirname "$0")/../.." || exit
NAME=demo-three
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh
# shellcheck source=tests/lib/readme.sh
. tests/lib/readme.sh
# shellcheck source=tests/demo/lib.sh
. tests/demo/lib.sh

_finished=1	# this prints no TAP
tree='/usr/share /usr/bin /usr/lib/python3.11'
to=/mnt/copy
machines=(server1 server2 client)

give_up() {
	local m
	tell "NOT SO: $*"
	for m in "${machines[@]}"; do
		echo "--- $m:"
		on $m 'vpart link show; vpart mirror show; dmesg | tail -20'
	done 2>&1 | show
	exit 1
}
# at MACHINE COMMAND: it must succeed, and says what it did.
at() {
	local out
	tell "$1 # $2"
	out=$(typed "$1" "exec 2>&1; $2") || give_up "the command failed: $out"
	[ -z "$out" ] || show <<<"$out"
}
# all_of MACHINE <LINES: so must each of them.
all_of() { while read -r line; do at "$1" "$line" </dev/null; done; }
ask() { on client "vpart --json $1" | python3 -c "import json, sys; o = json.load(sys.stdin); print($2)"; }
mirror_says() { ask 'mirror show vol' "$1"; }
both_up() { [ "$(ask 'link show' '[(l["state"], len(l["disks"])) for l in o]')" = "[('up', 1), ('up', 1)]" ]; }
# Bytes that the volume has been given to write so far.
written() { on client "read -ra f </sys/class/block/$node/stat; echo \$((f[6] * 512))"; }
has_written() { [ "$(written)" -ge "$1" ]; }
degraded() { [ "$(mirror_says 'o["state"]')" = degraded ]; }
right_sums() {
	on -t 300 client "cd $to && sha256sum --quiet -c /tmp/sums" || give_up "a file in $to differs"
}
no_error_seen() {
	local seen
	seen=$(on client "dmesg | grep -E 'EXT4-fs (error|warning)|error.*\\b$node\\b|Aborting journal'")
	[ -z "$seen" ] || give_up "the file system saw errors: $seen"
}

tell "Three machines boot: two servers with a disk each, one client, one network between them."
readme_machines 256M || give_up "the machines do not come up"
on client 'echo $((16 << 20)) >/proc/sys/vm/dirty_bytes'	# the copy shall reach the disks steadily
tell "They are up. What is typed now is what README.md tells. The first server:"
all_of server1 < <(shown '^On the first server')
tell "The second server:"
all_of server2 < <(shown '^On the second one')
bring_keys || give_up "the keys cannot be copied"
tell "The key files are brought to the client, which is the third:"
all_of client < <(shown 'On the client:')
wait_for 60 both_up || give_up "the links do not come up"
all_of client < <(shown '^After a moment both links')
bytes=$(mirror_says 'o["bytes"]')
node=$(mirror_says 'o["node"]')

read -r files tree_bytes < <(on -t 120 client "find $tree -type f -printf '%s\n' |
	awk '{ s += \$1 } END { printf \"%d %d\", NR, s }'
for part in $tree; do
	(cd \$(dirname \$part) && find \$(basename \$part) -type f -exec sha256sum {} +)
done >/tmp/sums; echo")
[ "$(on client 'wc -l </tmp/sums')" = "$files" ] || give_up "not every file has a checksum"
tell "The tree to copy: $tree: $files files, $(mib "$tree_bytes")."

# --- the loss ---
at client "mkdir $to"
start=$(written)
tell "client # cp -a $tree $to"
on -t 600 client "cp -a $tree $to" >"$_lab/cp" 2>&1 &
cp_pid=$!
wait_for 300 has_written $((start + tree_bytes / 3)) || give_up "the copy did not reach a third"
tell "A third is written ($(mib $(($(written) - start)))). Now server1 loses its power: SIGKILL to its virtual machine."
kill_machine server1 || give_up "it cannot be killed"
lost=$(now)
kill -0 $cp_pid 2>/dev/null || give_up "the copy was over when server1 was lost"
wait_for 60 degraded || give_up "the mirror does not go on alone"
tell "The client waited $((($(now) - lost) / 10)) s for it, then goes on with server2 alone:"
on client 'vpart link show; vpart mirror show' | show
wait $cp_pid || give_up "cp failed: $(cat "$_lab/cp")"
[ ! -s "$_lab/cp" ] || give_up "cp said: $(cat "$_lab/cp")"
tell "The copy went on to its end without an error."
at client "sync -f $to"
at client "umount /mnt"
on client 'echo 3 >/proc/sys/vm/drop_caches'
at client "mount -o ro /dev/mapper/vol /mnt"	# what differs shall not change any more
right_sums
tell "The checksums of all $files files are right, read back from server2."
dirty=$(mirror_says '(o["regions"] - o["regions_equal"]) * o["region"] * 512')
tell "server1 does not have $(mib "$dirty") of the volume's $(mib "$bytes")."

# --- the return ---
tell "server1 has power again, and boots. What its units do (systemctl enable vpart-keys vpart):"
start_machine server1 && as_installed server1 || give_up "it does not boot"
all_of server1 < <(boots)
tell "The client finds it by itself:"
typed client 'vpart mirror wait vol --timeout 120' >"$_lab/wait" 2>"$_lab/progress" || give_up "$(cat "$_lab/progress")"
copied=$(($(mirror_says 'o["copied_kib"]') * 1024))
tell "$(cat "$_lab/wait"). Copied: $(mib $copied), nothing else of the volume's $(mib "$bytes")."
on client 'vpart link show; vpart mirror show' | show
if [ $copied -le 0 ] || [ $copied -gt "$dirty" ]; then
	give_up "that is not what server1 did not have"
fi
no_error_seen
at client "umount /mnt"
at client "e2fsck -fn /dev/mapper/vol"
at client "vpart mirror stop vol"
tell "Both disks are compared from outside the machines:"
python3 tests/demo/compare.py "$(medium server1)" "$(medium server2)" "$bytes" \
	"server1's disk" "server2's disk" >"$_lab/compare" 2>&1 || give_up "$(cat "$_lab/compare")"
show <"$_lab/compare"
at client "vpart mirror start vol link:disk1 link:disk2"
at client "mount /dev/mapper/vol /mnt"
right_sums
tell "The checksums are right again, read from both servers."
at client "umount /mnt"
tell "A server was killed and came back; no command saw an error; only what it did not have was copied."
