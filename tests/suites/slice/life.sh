# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# life.sh: a whole life of the modules, from insmod to rmmod, as often as wanted.
#
#	. /src/tests/lib/guest.sh
#	. /src/tests/suites/slice/lib.sh
#	. /src/tests/suites/slice/life.sh
#	lives 50 /dev/vdb /dev/vdc

life_mods=(vscsi_host vscsi_target dm-vmirror vpart)
vol=/dev/mapper/vol

# said REGEX COMMAND...: the command fails and says so.
said() {
	local regex=$1 text
	shift
	text=$("$@" 2>&1) && { echo "succeeded: $*"; return 1; }
	grep -Eq -- "$regex" <<<"$text" || { echo "$*: $text, not /$regex/"; return 1; }
}

# Writes and reads without an end, until it is stopped or fails; the device stays open.
load_on() { # DEVICE
	local i
	for ((i = 0; ; i = (i + 1) % 16)); do
		dd if=/tmp/pattern of="$1" bs=64k seek=$i count=4 oflag=direct conv=notrunc status=none || return
		dd if="$1" of=/dev/null bs=64k skip=$i count=4 iflag=direct status=none || return
	done 3<"$1"
}
written() { awk '{ print $7 }' /sys/block/dm-0/stat; }	# sectors
past() { [ "$(written)" -gt "$1" ]; }
unused() { [ "$(dmsetup info -c --noheadings -o open vol)" -eq 0 ]; }
pairs=(client1-vios1 client1-vios2)

# life NUMBER DISK1 DISK2: each fourth is another: a server is away when all is
# taken down, a leg or the client's links are just coming back, or nothing is.
life() {
	local n=$1 pid start pair
	slice_up "$2" "$3" >/dev/null || return
	load_on $vol &
	pid=$!
	start=$(written)
	wait_for 60 past $((start + 512)) || return

	# In use: refused by name, and nothing is harmed.
	case $((n % 5)) in
	0) said 'vol.*(in use|busy|open)' vpart mirror stop vol ;;
	1) said 'LU d1 is in use.*vol' vpart lu del d1 ;;
	2) said "${pairs[0]}.*d1" vpart adapter del "${pairs[0]}" ;;
	3) said 'vscsi_host is in use' rmmod vscsi_host && said 'vscsi_target is in use' rmmod vscsi_target ;;
	4) said 'dm.vmirror is in use' rmmod dm-vmirror && said 'vpart is in use' rmmod vpart ;;
	esac || return

	case $((n % 4)) in
	1) vpart partition fail vios1 >/dev/null ;;
	2) vpart partition fail vios2 >/dev/null && wait_for 60 slice_is degraded && vpart partition start vios2 >/dev/null ;;
	esac || return
	start=$(written)
	wait_for 60 past $((start + 512)) || return
	kill $pid || return	# it ran to here without an error
	wait $pid 2>/dev/null
	wait_for 60 unused || return	# its last dd ends after it
	if [ $((n % 4)) = 3 ]; then
		vpart partition fail client1 >/dev/null || return
		# Away for all of it once in 24: the mirror waits for the path loss limit.
		[ $((n % 24)) = 3 ] || vpart partition start client1 >/dev/null || return
	fi

	vpart mirror stop vol >/dev/null && vpart lu del d1 >/dev/null && vpart lu del d2 >/dev/null || return
	for pair in "${pairs[@]}"; do
		vpart adapter del "$pair" >/dev/null || return
	done
	rmmod "${life_mods[@]}"
}

# lives HOW-MANY DISK1 DISK2: or, in a soak, until its time is over.
lives() {
	local i why
	head -c 262144 /dev/urandom >/tmp/pattern
	for ((i = 1; i <= $1 && SECONDS < ${SOAK_SECONDS:-100000}; i++)); do
		if ! life "$i" "$2" "$3" >/tmp/life 2>&1; then
			why="ended in number $i"$'\n'"$(cat /tmp/life)"$'\n'"$(vpart adapter show 2>&1)"
			not_ok "R10 lives of all modules, under load" "$why"
			return
		fi
		# The legs of the next life are new ones.
		dd if=/dev/zero of="$2" bs=64k count=16 status=none
		dd if=/dev/zero of="$3" bs=64k count=16 status=none
	done
	ok "R10 $((i - 1)) lives of all modules, under load"
}
