#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the launcher of the test machines reports what happened in them
# kernel: host
# limit: 900
cd "$(dirname "$0")/../../.." || exit
. tests/lib/guest.sh

log=build/log/lab/child
vm() { tests/vm/vm --name lab/child "$@"; }	# runs one machine; its output in $out
run() {
	out=$(vm "$@" 2>&1)
	rc=$?
}

run --disk 32M --disk 16M -- 'cat /sys/block/vd[bc]/size; ls -d /src/drivers; echo kept >/out/file; exit 7'
is "the command's exit code passes through" "$rc" 7
is "the command's output passes through; the disks have their sizes" "$out" $'65536\n32768\n/src/drivers'
is "a file in /out is kept" "$(cat $log/out/file)" kept
t "the console is kept" grep -q 'Run /init' $log/dmesg

run -- 'echo "WARNING: CPU: 0 at nowhere" >/dev/kmsg; exit 0'
is "a complaint of the kernel fails a run that says 0" "$rc" 99
t "the message names the console" grep -q "lab/child/console" <<<"$out"

run --limit 30 -- 'echo started; sleep 600'
is "a machine that hangs is killed at its limit" "$rc" 98
t "what it printed until then is kept" grep -q '^started' <<<"$out"
is "its QEMU is gone" "$(pgrep -f "$PWD/$log/console")" ''

run --boot 1 -- 'echo started; exit 3'
is "a machine that does not boot is started anew, once" \
	"$rc $(grep -c '^started' <<<"$out") $(grep -c 'it is started anew' <<<"$out")" "3 1 1"

run -- 'echo c >/proc/sysrq-trigger; sleep 60'
is "a panic ends the run at once, as a complaint" "$rc" 99
run -- 'echo o >/proc/sysrq-trigger; sleep 60'
is "a machine that is gone before its command ended counts as died" "$rc" 97
done_testing
