#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: verified I/O on three machines while each server is killed and started again
# kernel: host
# machines: 3
# limit: 2400
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh
# shellcheck source=tests/lib/three.sh
. tests/lib/three.sh

t "three machines" three 64M
t "R10 a mirror over two servers" three_up || exit

# A job of verified writes, from 32 MiB on; its pid is in $fio.
job() {
	on -t 3000 c fio --name="$1" --filename=/dev/mapper/vol --direct=1 --rw=randwrite \
		--bsrange=4k-64k --ioengine=libaio --iodepth=8 --verify=crc32c \
		--verify_backlog=64 --verify_fatal=1 --offset=32M --size=6M --io_size=6M \
		--randseed=$RANDOM >"$_lab/fio-$1" 2>&1 &
	fio=$!
}
finished() {
	local rc
	wait $fio
	rc=$?
	[ $rc = 0 ] || sed 's/^/# /' "$_lab/fio-$2"
	is "$1" $rc 0
}
# What the file system above could have seen of it.
complaints() { on c "dmesg | grep -E 'I/O error.*dev dm-|Buffer I/O error'"; }

# Each server is killed under load, is away while writes go on, and returns under
# load; the other one only when redundancy is back.
for n in 1 2; do
	name=vios$n
	seqs vol
	job fail-$n
	t "$name: the load has begun" goes_on vol
	was=$(link c $n logins)	# more than one, if a machine stood still
	t "$name: R8 its machine is killed" kill_machine s$n
	t "$name: R8 the mirror goes on alone" wait_for 120 mirror_is degraded
	t "$name: R8 the link is down, the machine has not refused anything" \
		wait_for 60 link_says c $n why 'connection lost|not connected'
	t "$name: R8 so do the writes" goes_on vol
	finished "$name: R8 V1 V2 no error, every block read back is right" fail-$n
	is "$name: R8 the mirror has the other server" \
		"$(json c '[l["server"] for l in o["legs"] if l["state"] == "active"]' mirror show vol)" \
		"['vios$((3 - n))']"
	job return-$n
	t "$name: R9 its machine starts again" start_machine s$n
	t "$name: R9 it serves again, as it was" back s$n
	t "$name: R9 the client logs in by itself" wait_for 60 link_is c $n up
	t "$name: R9 redundancy is back, under load" wait_for 600 mirror_is normal
	# The jobs write to 6 MiB and 4 MiB of the volume's 63.
	copied=$(mirror copied_kib)
	t "$name: R9 only what could differ was copied: $copied KiB" \
		[ "$copied" -gt 0 -a "$copied" -le $((11 << 10)) ]
	t "$name: R9 writes go on" goes_on vol
	finished "$name: R9 V1 V2 no error, every block read back is right" return-$n
	seqs_ok "$name: R8 R9 V1 V2 nor with numbered blocks" vol
	is "$name: R8 R9 no error was seen above" "$(complaints)" ""
	quiet "$name"
	is "$name: R20 the link's end and return are counted" \
		"$(json c "'ok' if o['logins'] - 1 == o['reconnects'] >= $was else o" link show disk$n)" ok
	is "$name: R20 the new machine counts anew" "$(link s$n $n logins)" $(($(link c $n logins) - was))
done

# --- neither is there when the client comes ---
t "everything is off" stop_machine c
kill_machine s1
kill_machine s2
start_machine c
t "R9 the client is started first" begin c
on -t 300 c vpart config restore /out/config.json --timeout 240 >"$_lab/restore" 2>&1 &
restore=$!
t "R9 it waits for its servers" wait_for 60 link_says c 1 problem 'does not answer|error 113'
start_machine s2
start_machine s1
t "R9 the second server" back s2
t "R9 the first one" back s1
wait $restore
is "R9 then the volume is there" $? 0 || cat "$_lab/restore"
t "R9 with both legs" wait_for 300 mirror_is normal
seqs vol
t "R9 it works" goes_on vol
seqs_ok "V1 V2 and has what it had" vol
quiet "at the end"
done_testing
