#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a mirror over shared memory and TCP; its servers are killed and paused
# kernel: host
# when: whole
# machines: 3
# limit: 2400
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh
# shellcheck source=tests/lib/three.sh
. tests/lib/three.sh

# The address of a machine's shared memory.
shm_of() {
	on "$1" 'for dev in /sys/bus/pci/devices/*; do
	[ "$(cat "$dev/vendor" "$dev/device" | xargs)" != "0x1af4 0x1110" ] || echo "shm:${dev##*/}"
done'
}
three_modules="vpart_stream vpart_shm"
machines() {
	machine s1 --net lan --disk 64M --ivshmem pair1 && machine s2 --net lan --disk 64M &&
		machine c --net lan --ivshmem pair1 && key k1 s1 c && key k2 s2 c
}
t "three machines" machines
three_at[1]=$(shm_of s1) three_to[1]=$(shm_of c)
t "R10 a mirror over two servers, the first by shared memory" three_up || exit
is "R10 by that" "$(link c 1 peer | cut -d' ' -f1) $(link s1 1 peer | cut -d' ' -f1)" \
	"${three_to[1]#shm:} ${three_at[1]#shm:}"
seqs vol
t "R10 it works" goes_on vol 300

for n in 1 2; do
	name=vios$n
	lost=$(link c $n lost)
	t "$name: R8 its machine is killed" kill_machine s$n
	t "$name: R8 the mirror goes on alone" wait_for 120 mirror_is degraded
	t "$name: R8 the link is down, the machine has not refused anything" \
		wait_for 60 link_says c $n why 'connection lost|not connected'
	is "$name: R20 that is counted, once" "$(($(link c $n lost) - lost))" 1
	t "$name: R8 writes go on" goes_on vol
	t "$name: R9 its machine starts again" start_machine s$n
	t "$name: R9 it serves again, as it was" back s$n
	t "$name: R9 the client logs in by itself" wait_for 60 link_is c $n up
	t "$name: R9 redundancy is back, under load" wait_for 600 mirror_is normal
	t "$name: R9 writes go on" goes_on vol
done

# A machine that was paused has old commands in its ring when it goes on.
t "P9 vios1 is paused" pause s1
t "R8 the mirror goes on alone" wait_for 120 mirror_is degraded
t "R8 the client has noticed that there is no pulse" wait_for 60 link_says c 1 problem 'no pulse|does not answer'
t "R8 writes go on" goes_on vol 300
t "P9 vios1 goes on" resume s1
t "R9 the client logs in by itself" wait_for 60 link_is c 1 up
t "R9 redundancy is back" wait_for 600 mirror_is normal
t "R9 writes go on" goes_on vol

t "P9 the client is paused" pause c
t "P9 vios1 has noticed it" wait_for 60 link_says s1 1 state 'down|draining'
t "P9 the client goes on" resume c
t "R9 its links are up" wait_for 60 eval 'link_is c 1 up && link_is c 2 up'
t "R9 redundancy is back" wait_for 600 mirror_is normal
t "R9 writes go on" goes_on vol

seqs_ok "R8 R9 V1 V2 no error, every block read back is right" vol
is "R8 R9 no error was seen above" "$(on c "dmesg | grep -E 'I/O error.*dev dm-|Buffer I/O error'")" ""
quiet "at the end"
done_testing
