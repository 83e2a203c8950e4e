#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: two servers and a client with a mirror over both, on three machines
# kernel: host
# when: whole
# machines: 3
# limit: 1200
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh
# shellcheck source=tests/lib/three.sh
. tests/lib/three.sh

t "three machines" three 64M
for n in 1 2; do
	t "R10 server $n is set up, nobody has called yet" server_up $n
	is "R10 its link waits" "$(link s$n $n state) $(link s$n $n why)" "down not connected"
	is "R11 its LU is served to another kernel" "$(json s$n 'o["remote"], o["client"]' lu show d$n)" "True client1"
done
t "R10 the client is set up" client_up
for n in 1 2; do
	t "R11 disk $n appears" wait_for 60 has_disk $n
	is "R11 ... it is that of server $n" \
		"$(on c "tail -c +5 /sys/class/block/$(basename "$(disk $n)")/device/vpd_pg80 | tr -d '\\0'")" \
		"$(json s$n 'o["uuid"]' lu show d$n)"
done
t "R10 a mirror over both" on -t 600 c vpart mirror create vol "$(disk 1)" "$(disk 2)" --wait
is "R13 ... shortens the path loss time of both" "$(json c '[a["path_loss"] for a in o]' adapter show)" "[5, 5]"
is "R13 ... and tells the servers" "$(json c 'sorted(l["server"] for l in o["legs"])' mirror show vol)" "['vios1', 'vios2']"

# --- data ---
t "R10 data are written" on -t 300 c 'dd if=/dev/urandom of=/tmp/data bs=1M count=8 status=none &&
	dd if=/tmp/data of=/dev/mapper/vol bs=256k oflag=direct conv=fsync status=none'
t "R10 and read back" on -t 300 c 'dd if=/dev/mapper/vol bs=64k count=128 iflag=direct status=none | cmp - /tmp/data'
sum=$(on c 'sha256sum </tmp/data')
for n in 1 2; do
	is "R10 server $n has them" \
		"$(dd if="$(medium s$n)" bs=1M skip=1 count=8 status=none | sha256sum)" "$sum"
done
t "V9 both legs are equal" legs_equal
seqs vol
t "R10 small I/O too" goes_on vol 300
seqs_ok "V1 V2 every read is right" vol
quiet "after that"

# --- what the links say ---
# stood_still N: a machine of link N did for seconds: it was taken for dead, or said "later".
stood_still() { grep -qE 'silent for too long|is not ready' "$(console c)" "$(console s$1)"; }
once() { [ "$(link c $1 logins) $(link s$1 $1 logins)" = "1 1" ] || stood_still $1; }
# errors N 'KEYS': at both ends of link N.
errors() { local m; for m in c s$1; do json $m "[o[k] for k in ($2)]" link show disk$1; done | uniq; }
undisturbed() { [ "$(errors $1 '"refused", "lost"')" = "[0, 0]" ] || stood_still $1; }
for n in 1 2; do
	is "R10 link $n is up at both ends" "$(link c $n state) $(link s$n $n state)" "up up"
	is "R10 ... a connection for each queue" "$(link c $n connections) $(link s$n $n connections)" \
		"$(json c 'o["queues"], o["queues"]' adapter show disk$n | tr -d '(,)')"
	is "R10 ... each knows the other" "$(link c $n peer) $(link s$n $n peer | sed 's/:[0-9]*$//')" \
		"tcp:$(addr s$n lan):$port tcp:$(addr c lan)"
	t "R10 ... and logged in once" once $n
	t "R10 ... was neither refused nor lost" undisturbed $n
	is "R10 ... without an error" "$(errors $n '"auth_failures", "digest_errors", "protocol_errors"')" "[0, 0, 0]"
	t "R10 ... its data are counted" [ "$(link c $n tx_bytes)" -gt $((8 << 20)) ]
	t "R10 ... round trips are measured" wait_for 30 eval "[ \$(link c $n rtt_last_us) != None ]"
done
# The client's udev may still look at what is new.
counted_alike() { [ "$(link c $1 commands)" = "$(link s$1 $1 commands)" ] || stood_still $1; }
for n in 1 2; do
	t "R10 link $n's commands are counted, the same at both ends" wait_for 60 counted_alike $n
done

# --- all stand still ---
# frozen: their host does, for longer than any of them waits for another. One that takes
# more time than others to go on is missed then.
logins() { echo "$(link c 1 logins) $(link s1 1 logins) $(link c 2 logins) $(link s2 2 logins)"; }
frozen() {
	local was n
	for ((n = 4; n; n--)); do
		was=$(logins)
		freeze c s1 s2
		sleep 8
		thaw c s1 s2
		on -t 300 c 'dd if=/dev/mapper/vol of=/dev/null bs=4k count=16 iflag=direct status=none' || return
		[ "$(logins)" != "$was" ] || return 0
		wait_for 90 link_is c 1 up && wait_for 90 link_is c 2 up
	done
	return 1
}
t "P9 a host that stands still for 8 s: nobody is taken for dead" frozen

# --- taken down ---
t "R12 the volume goes" on c vpart mirror stop vol
t "R12 the client's links go" on c 'vpart link del disk1 && vpart link del disk2'
is "R12 ... and the disks" "$(on c 'ls /sys/class/block | grep ^sd')" ""
for n in 1 2; do
	t "R12 server $n has lost its client" wait_for 30 link_is s$n $n down
	t "R12 its LU goes, its link, its modules" on s$n "vpart lu del d$n && vpart link del disk$n &&
		rmmod vscsi_target vpart_stream vpart"
done
t "R12 the client's modules too" on c rmmod dm_vmirror vscsi_host vpart_stream vpart
done_testing
