#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: five minutes of fio verify over multipath, a path fails every ten seconds
# kernel: stock
# disks: 64M
# limit: 900
# round: 300
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/multipath/lib.sh

mp_up /dev/vdb
t "one LU over two servers" test -n "$one" -a -n "$two"
mp_start
t "R8 multipath makes one map of both" test -b "$map"
mp_load "$map" 16M &
load=$!
wait_for 240 passed 1
end=$((SECONDS + ${SOAK_SECONDS:-300})) lost=0 wrong=''
while [ $SECONDS -lt $end ] && [ ! -e /tmp/errors ]; do
	for server in vios1 vios2; do
		[ $server = vios1 ] && disk=$one || disk=$two
		next=$((SECONDS + 10))
		vpart partition fail $server >/dev/null || { wrong="$server does not fail"; break 2; }
		wait_for 120 is_path $disk 'failed faulty' || { wrong="$disk is not lost"; break 2; }
		# Half of the time away, half of it there; the other is lost only then.
		sleep 5
		vpart partition start $server >/dev/null || { wrong="$server does not start"; break 2; }
		wait_for 120 mp_has 2 || { wrong="$disk does not return"; break 2; }
		lost=$((lost + 1))
		[ $SECONDS -ge $next ] || sleep $((next - SECONDS))
	done
done
touch /tmp/stop
wait $load
is "R9 the same disks" "$(disk_of p1 0) $(disk_of p2 0)" "$one $two"
t "R9 the map has two paths" wait_for 120 mp_has 2
is "R9 each path that was lost returned" "$wrong" ''
read -r reads writes <<<"$(ios)"
t "V3 R8 $lost paths lost and regained, $(cat /tmp/passes) passes of $reads reads and $writes writes: zero errors, zero mismatches" \
	sh -c "[ ! -e /tmp/errors ] && [ $lost -ge 2 ] && [ $reads -gt 0 ]"
mp_stop
t "multipath ends" mp_none
t "all paths go at once" vpart lu del d1
t "all of it away" mp_down
done_testing
