#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: three machines: the client killed, a server's disk that hangs, other UUIDs, wrong keys
# when: whole
# kernel: host
# machines: 3
# limit: 2400
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh
# shellcheck source=tests/lib/three.sh
. tests/lib/three.sh

t "three machines" three 64M --disk 32M
t "R10 a mirror over two servers" three_up || exit
# Of server 1 too, on a device that can be stopped: while it is, it answers nothing.
t "R10 a disk without another path" eval 'on s1 "DM_DISABLE_UDEV=1 dmsetup create slow -u LAB-slow --table \"0 65536 linear /dev/vdc 0\"" &&
	serve 1 /dev/mapper/slow 3 && reach 1 3 path-loss 300 && keep c' || exit
t "R11 it is there" wait_for 60 has_disk 3 || exit
stop_disk() { on s1 dmsetup suspend --noflush --nolockfs slow; }
resume_disk() { on s1 env DM_DISABLE_UDEV=1 dmsetup resume slow; }
inflight() { json s1 'o["inflight"]' adapter show disk3; }
_hangs() { [ "$(inflight)" -ge "$1" ]; }
one() { seqs one "$(disk 3)" 0 512; }	# its name may be another one now

# --- a session ends while the server's disk holds its commands ---
one
t "the load has begun" goes_on one
stop_disk
t "the server's disk stops, with commands" wait_for 60 _hangs 8
net_down s1 lan
t "R8 the connection is lost" wait_for 60 link_says c 3 last_why 'connection lost'
t "R8 the server's end too" wait_for 60 link_is s1 3 draining
net_up s1 lan
t "P12 V3 no new session before the old one's commands have ended: it is told so" \
	wait_for 120 link_says c 3 problem 'still holds commands of the last session'
is "P12 ... at the server" "$(link s1 3 state)" draining
is "P12 ... the others log in" "$(wait_for 60 link_is c 1 up && link c 1 state)" up
t "V10 who is late is told at the server" [ "$(json s1 'o["oldest_ms"]' adapter show disk3)" -gt 1000 ]
resume_disk
t "R9 when they have, it logs in" wait_for 60 link_is c 3 up
t "R9 writes go on" goes_on one
seqs_ok "R8 V1 V2 no error" one
t "V3 each block is of its last write" seqs_check exact one s1 2

# --- the client is killed, its commands are not ---
t "R9 the mirror has both legs" wait_for 300 mirror_is normal
seqs vol
one
t "the load has begun" eval 'goes_on vol && goes_on one'
stop_disk
t "the server's disk stops, with commands" wait_for 60 _hangs 8
logins() { echo "$(link s1 1 logins) $(link s2 2 logins) $(link s1 3 logins)"; }
read -r was1 was2 was3 <<<"$(logins)"
t "the client's machine is killed" kill_machine c
wait "${seqs_pid[vol]}" "${seqs_pid[one]}"
t "V1 vios1's disk has what was acknowledged, or later" seqs_check least vol s1
t "V1 vios2's disk too" seqs_check least vol s2
t "R9 the client's machine starts again" start_machine c
begin c
on -t 300 c vpart config restore /out/config.json --timeout 240 >"$_lab/restore" 2>&1 &
restore=$!
t "P9 P12 its new instance waits for the old one's commands" \
	wait_for 120 link_says c 3 problem 'still holds commands of the last session'
resume_disk
t "P9 then it is let in" wait_for 60 link_is c 3 up
wait $restore
is "R9 all of it is there" $? 0 || cat "$_lab/restore"
t "R9 the mirror too" wait_for 300 mirror_is normal
t "R9 the disk too" wait_for 60 has_disk 3
is "P9 each server has let it in once more" "$(link s1 1 logins) $(link s2 2 logins)" \
	"$(($(link s1 1 reconnects) + 1)) $(($(link s2 2 reconnects) + 1))"
read -r now1 now2 now3 <<<"$(logins)"
is "P9 ... and it is another instance, which counts anew" \
	"$(link c 1 logins) $(link c 2 logins) $(link c 3 logins)" "$((now1 - was1)) $((now2 - was2)) $((now3 - was3))"
seqs vol
one
t "V1 V2 what it reads is what was acknowledged, or later" eval 'goes_on vol && goes_on one'
seqs_ok "V1 V2 no block went back" vol
seqs_ok "V1 V2 with one path neither" one
t "V3 each block is of its last write" seqs_check exact one s1 2
quiet "the client was killed"

# --- who is not the one ---
# again: server 1 was off, and is set up by hand.
again() { kill_machine s1 && start_machine s1 && server_up 1; }
on c vpart link del disk3 --force >/dev/null
seqs vol
t "the load has begun" goes_on vol
UUID1=5b0e2d2c-7b1f-4a40-8d6e-6f3a1c9b00ff
t "server 1 comes back as a partition with another UUID" again
t "P9 it is refused, in a sentence" wait_for 120 link_says c 1 problem 'has no such adapter, or with other partitions'
t "P9 the server says who has called" wait_console 60 s1 "client at tcp:$(addr c lan):[0-9]+ asks for adapter 1 of partition $client"
is "P9 no disk was served" "$(link s1 1 logins)" 0
t "P9 ... as the client says" wait_for 60 link_says c 1 why 'login refused'
t "R8 the mirror goes on" goes_on vol
UUID1=''
head -c 32 /dev/urandom >"$(out s1)/keys/k1"
t "server 1 comes back with another key" again
t "P9 it is refused, in a sentence" wait_for 120 link_says c 1 problem 'wants the right key'
t "P9 the server says who has called" wait_console 60 s1 "client at tcp:$(addr c lan):[0-9]+ does not have the key k1"
failures() { [ "$(link c 1 auth_failures)" -ge 1 ] && [ "$(link s1 1 auth_failures)" -ge 1 ]; }
t "P9 both ends count it" wait_for 60 failures
is "P9 no disk was served" "$(link s1 1 logins)" 0
t "P9 ... as the client says" wait_for 60 link_says c 1 why 'login refused'
t "R8 the mirror goes on" goes_on vol
cp "$(out c)/keys/k1" "$(out s1)/keys/k1"
t "P9 it gets the right key" on s1 'keyctl unlink %logon:vpart:k1 %:.vpart && keyctl padd logon vpart:k1 %:.vpart </out/keys/k1'
t "P9 it is let in without another word" wait_for 60 link_is c 1 up
t "R9 the mirror has both legs again" wait_for 300 mirror_is normal
t "R9 writes go on" goes_on vol
seqs_ok "R8 R9 V1 V2 no error meanwhile" vol
quiet "at the end"
done_testing
