#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a client that sends nothing learns of lost reservations and of its access state
# kernel: debug
# kernels: +6.12 +7.2
# leaks: whole
# limit: 600
# disks: 32M 32M
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh

modprobe -q scsi_dh_alua
vscsi_up
vpart partition add client2 client >/dev/null
pair p2 client2 vios1
wait_for 60 link_is p2 up
backstore d1 /dev/vdb
backstore d2 /dev/vdc
lun_add p1 0 d1
lun_add p2 0 d1
one=$(disk_of p1 0) two=$(disk_of p2 0)
sg1=/dev/$(sg_of "$one") sg2=/dev/$(sg_of "$two")
dev1=$(basename "$(readlink -f "/sys/block/$one/device")") dev2=$(basename "$(readlink -f "/sys/block/$two/device")")
t "two clients of one LU" test -c "$sg1" -a -c "$sg2"
python3 /src/tests/suites/vscsi/attention.py /tmp/ua &
listener=$!
wait_for 60 grep -q listening /tmp/ua

sg() { PYTHONPATH=/src/tests/suites/vscsi timeout 120 python3 -B /src/tests/suites/conform/sg.py "$@"; }
pr() { sg_persist --no-inquiry --out "$@" >/dev/null 2>&1; }
# quiet SG: its unit attentions were told by commands
quiet() { wait_for 60 sg_turs "$1" >/dev/null 2>&1; }
# said PAIR WORDS: how often vpart says so of its LUN 0; uevents DEVICE WORD: the kernel.
said() { vpart events | grep -c " $1: LUN 0: $2\$"; }
uevents() { grep -c "^$1 $2\$" /tmp/ua; }
# both DEVICE WORD PAIR WORDS N: by both, N times
both() { [ "$(uevents "$1" "$2")" = "$5" ] && [ "$(said "$3" "$4")" = "$5" ]; }
preempted() { both "$dev2" REGISTRATIONS_PREEMPTED p2 'registrations preempted' "$1"; }
released() { both "$dev2" RESERVATIONS_RELEASED p2 'reservations released' "$1"; }
cleared() { both "$dev2" RESERVATIONS_PREEMPTED p2 'reservations preempted' "$1"; }
changed() { both "$dev2" ASYMMETRIC_ACCESS_STATE_CHANGED p2 'access state changed' "$1"; }
# keys: one and two are registered
keys() { pr --register-ignore --param-sark=0x1 "$sg1" && pr --register-ignore --param-sark=0x2 "$sg2"; }

# --- persistent reservations ---
quiet "$sg1"
quiet "$sg2"
t "both are registered" keys
t "the second has a reservation" pr --reserve --param-rk=0x2 --prout-type=5 "$sg2"
t "the first takes it away" pr --preempt --param-rk=0x1 --param-sark=0x2 --prout-type=5 "$sg1"
t "R20 who sends nothing is told that its registration was preempted" wait_for 60 preempted 1
is "V7 ... the unit attention is there for who uses the device" "$(sg io "/dev/$two" 000000000000)" "status 02 sense 6/2a05"
is "... once" "$(sg io "/dev/$two" 000000000000)" "status 00"
t "registered again" keys
t "the first gives up what is for registrants" pr --release --param-rk=0x1 --prout-type=5 "$sg1"
t "R20 the other is told that it was released" wait_for 60 released 1
is "V7 ... and has the unit attention yet" "$(sg io "/dev/$two" 000000000000)" "status 02 sense 6/2a04"
t "one that is not for registrants" pr --reserve --param-rk=0x1 --prout-type=1 "$sg1"
t "... is given up, of which nobody is told" pr --release --param-rk=0x1 --prout-type=1 "$sg1"
t "all registrations are cleared" pr --clear --param-rk=0x1 "$sg1"
t "R20 the other is told of that" wait_for 60 cleared 1
is "V7 ... and has the unit attention yet" "$(sg io "/dev/$two" 000000000000)" "status 02 sense 6/2a03"
t "who is not registered is told nothing" eval 'pr --register --param-sark=0x1 "$sg1" &&
	pr --reserve --param-rk=0x1 --prout-type=5 "$sg1" && pr --clear --param-rk=0x1 "$sg1"'

# LIO reports the first of several, and forgets the others.
keys
quiet "$sg2"
lun_add p2 1 d2
wait_for 60 has_disk p2 1
t "a unit attention is there already" pr --preempt --param-rk=0x1 --param-sark=0x2 --prout-type=5 "$sg1"
t "R20 the later one is told of all the same" wait_for 60 preempted 2
quiet "$sg2"
t "what comes behind a lost one is told of, too" eval 'keys && pr --preempt --param-rk=0x1 --param-sark=0x2 --prout-type=5 "$sg1" && wait_for 60 preempted 3'
quiet "$sg2"
t "each of them once, no others" eval 'released 1 && cleared 1 && preempted 3'
is "who did it is told nothing" "$(uevents "$dev1" '[A-Z]*_PREEMPTED')$(uevents "$dev1" '[A-Z]*_RELEASED')" 00

# --- access state ---
alua=$(store_of d1)/alua/default_tg_pt_gp
state() { cat "/sys/block/$two/device/access_state" 2>/dev/null; }
is_state() { [ "$(state)" = "$1" ]; }
said_more() { [ "$(said p2 'access state changed')" -gt "$1" ]; }
if is_state active/optimized; then
	t "the first client changes the access state" eval 'sg_stpg --active "$sg1" && grep -qx 1 "$alua/alua_access_state"'
	t "R8 who sends nothing knows it" wait_for 60 is_state active/non-optimized
	t "R20 ... and says so" wait_for 60 changed 1
	t "and back" sg_stpg --optimized "$sg1"
	t "R8 R20 the same again" wait_for 60 eval 'is_state active/optimized && changed 2'

	t "a state that nobody is told of" sh -c "echo 1 >$alua/alua_access_state"
	sg_turs "$sg2" >/dev/null 2>&1
	t "R20 what a command is told is said, too" wait_for 60 changed 3
	t "R8 ... and known" wait_for 60 is_state active/non-optimized

	# By hand, and behind an older unit attention.
	lun_add p2 2 d2
	wait_for 60 has_disk p2 2
	n=$(said p2 'access state changed')
	t "an administrator changes it" sh -c "echo 2 >$alua/alua_access_state"
	t "... and writes rescan" sh -c "echo 0 >$cfg/vscsi/p2/tpgt_1/rescan"
	t "R8 the client knows it" wait_for 60 is_state standby
	t "R20 ... and says so" wait_for 60 said_more "$n"
	t "so it does of what vpart sets" vpart lu set d1 adapter p2 access optimized
	t "R8 ... at once" wait_for 60 is_state active/optimized
else
	skip "the access state" "no handler of this kernel's is there for it: $(state)"
fi

kill $listener
wait $listener 2>/dev/null
cp /tmp/ua /out/ua
t "all of it away" vscsi_down
kmemleak_check
done_testing
