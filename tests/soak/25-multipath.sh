#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: five minutes of fio verify over multipath, a path fails every ten seconds
# kernel: stock
# disks: 64M
# limit: 900
# least: 300
# round: 300
# Over FABRIC, else in this kernel.
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/multipath/lib.sh
export FABRIC=${FABRIC:-local}
uses_first() { uses "$(_disk p1 0)"; }
linked() { [ "$FABRIC" != local ]; }

mp_up /dev/vdb
t "one LU over two servers" test -n "$one" -a -n "$two"
mp_start
t "R8 multipath makes one map of both" test -b "$map"
tmos() { local f; for f in fast_io_fail_tmo dev_loss_tmo; do tmo "$1" $f; done | xargs; }
policy() { [ "$(tmos p1) $(tmos p2)" = "5 600 5 600" ]; }
! linked || t "R8 udev has set the policy of both remote ports" wait_for 60 policy

mp_load "$map" 16M &
load=$!
wait_for 240 passed 1
# As many as belong to the time, however long a busy machine takes for them.
begin=$SECONDS end=$((SECONDS + ${SOAK_SECONDS:-300})) want=$((${SOAK_SECONDS:-300} / 10)) lost=0 wrong=''
while [ $SECONDS -lt $end ] || [ $lost -lt $want ]; do
	[ ! -e /tmp/errors ] || break
	for server in vios1 vios2; do
		[ $server = vios1 ] && pair=p1 disk=$one || pair=p2 disk=$two
		half=$((SECONDS + 5)) next=$((SECONDS + 10))
		vpart partition fail $server >/dev/null || { wrong="$server does not fail"; break 2; }
		wait_for 120 is_path $disk 'failed faulty' || { wrong="$disk is not lost"; break 2; }
		# What I/O saw of it, the port did: it went when fast_io_fail_tmo was over.
		! linked || port_is $pair fail-fast || { wrong="the port of $pair is $(tmo $pair state)"; break 2; }
		# Half of the time away, half of it there; the other is lost only then.
		[ $SECONDS -ge $half ] || sleep $((half - SECONDS))
		vpart partition start $server >/dev/null || { wrong="$server does not start"; break 2; }
		wait_for 120 mp_has 2 || { wrong="$disk does not return"; break 2; }
		! linked || wait_for 60 port_is $pair running || { wrong="the port of $pair does not run"; break 2; }
		lost=$((lost + 1))
		[ $SECONDS -ge $next ] || sleep $((next - SECONDS))
	done
done
took=$((SECONDS - begin))
touch /tmp/stop
wait $load
is "R9 the same disks" "$(disk_of p1 0) $(disk_of p2 0)" "$one $two"
t "R9 the map has two paths" wait_for 120 mp_has 2
is "R9 each path that was lost returned" "$wrong" ''
read -r reads writes <<<"$(ios)"
t "R8 a path lost for each ten seconds of $((want * 10)): $lost in $took s" test $lost -ge "$want"
is "V3 R8 zero errors, zero mismatches in $(cat /tmp/passes) passes of $reads reads and $writes writes" \
	"$(cat /tmp/errors 2>/dev/null)" ''
t "... there were some" test "$reads" -gt 0 -a "$writes" -gt 0

if linked; then
	# --- away for longer than dev_loss_tmo ---
	tmo p1 dev_loss_tmo 6
	mp_load "$map" 4M &
	load=$!
	vpart partition fail vios1 >/dev/null
	t "R8 dev_loss_tmo: the disk goes" wait_for 120 no_disk p1 0
	t "... and multipath's path with it" wait_for 120 mp_only "$two"
	n=$(cat /tmp/passes)
	t "R8 ... I/O goes on over the other" wait_for 240 passed $((n + 1))
	vpart partition start vios1 >/dev/null
	t "R9 it returns by itself, and is a path again" wait_for 120 mp_has 2
	t "R9 ... of which the map uses the preferred one" wait_for 120 uses_first
	touch /tmp/stop
	wait $load
	is "V3 R8 zero errors, zero mismatches" "$(cat /tmp/errors 2>/dev/null)" ''
fi
mp_stop
t "multipath ends" mp_none
t "all paths go at once" vpart lu del d1
t "all of it away" mp_down
done_testing
