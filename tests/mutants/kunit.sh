#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kunit.sh SPLAT NAME=MODULE,MODULE...: in a VM, the KUnit cases of one mutant after
# the other. The runner reads the console: between "begin NAME" and "end NAME" is
# what NAME's modules said. A machine that is not to be trusted any more ends early.
splat=$1
shift
ko=/src/build/mutants/ko
LIMIT=120	# seconds for a module to load, which runs its cases

say() { echo "mutants: $*" >/dev/kmsg; }
loaded() { [ -d "/sys/module/${1//-/_}" ]; }
ours() { [ -e "$ko/base/$1.ko" ]; }

# load FOLDER MODULE: with those it needs, ours from the tree without a mutant
load() {
	local dep pid end
	for dep in $(modinfo -F depends "$1/$2.ko" | tr , ' '); do
		if ! ours "$dep"; then
			modprobe "$dep" || return
		elif ! loaded "$dep"; then
			load "$ko/base" "$dep" || return
		fi
	done
	insmod "$1/$2.ko" &
	pid=$!
	end=$((SECONDS + LIMIT))
	while kill -0 $pid 2>/dev/null; do
		if [ $SECONDS -ge $end ]; then
			say "hangs $name"
			exit 1
		fi
		sleep 0.1
	done
	wait $pid
}
unload() {
	for m in clusterfs vpart_stream vpart_shm vpart_auth dm-vmirror vscsi_target vscsi_host "$@"; do
		! loaded "$m" || timeout 60 rmmod "$m" || return
	done
}

ip link set lo up || exit
for item in "$@"; do
	name=${item%%=*} IFS=,
	read -ra modules <<<"${item#*=}"
	unset IFS
	# The bus stays for the mutants of its drivers: its cases take the longest.
	if [ "${modules[0]}" = vpart ]; then unload vpart; else unload; fi || exit
	[ "${modules[0]}" = vpart ] || for m in "${modules[@]}"; do
		for dep in $(modinfo -F depends "$ko/$name/$m.ko" | tr , ' '); do
			# But not what the mutant has itself.
			[[ " ${modules[*]} " == *" $dep "* ]] || ! ours "$dep" || loaded "$dep" ||
				load "$ko/base" "$dep" || exit
		done
	done
	say "begin $name"
	for m in "${modules[@]}"; do
		load "$ko/$name" "$m" || say "load failed $name"
	done
	say "end $name"
	! dmesg | sed -n "/mutants: begin $name\$/,\$p" | grep -qE "$splat" || exit
done
unload vpart
