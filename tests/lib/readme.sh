# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# readme.sh: the machines that README.md sets up, by what it shows.
#
#	. tests/lib/machines.sh
#	. tests/lib/readme.sh
#	readme_machines 64M
#	shown 'On the first server' | while read -r line; do typed server1 "$line"; done
#	bring_keys
#	kill_machine server1; start_machine server1
#	as_installed server1
#	boots | while read -r line; do typed server1 "$line"; done
#
# Machines server1, server2 and client, with the addresses of README.md. What is in
# /etc/vpart outlives a machine, as it would on a disk.

# readme_machines SIZE: start them, with a disk of that size in each server.
readme_machines() {
	local m
	machine server1 --net lan --disk "$1" && machine server2 --net lan --disk "$1" &&
		machine client --net lan || return
	for m in server1 server2 client; do as_installed $m || return; done
}

# as_installed MACHINE: what README.md presumes of one that has booted.
as_installed() {
	local n=3
	[ "$1" = client ] || n=${1#server}
	# udev would load sd_mod when it sees a disk.
	on -t 120 "$1" "ip addr add 192.0.2.$n/24 dev lan &&
		mkdir -p /out/vpart /etc/vpart && mount --bind /out/vpart /etc/vpart && mods sd_mod"
}

# shown REGEX: the commands in the block after the line of README.md that has it.
shown() {
	awk -v re="$1" '!on { on = $0 ~ re; next } /^```/ { if (in_block++) exit; next } in_block' README.md
}

# boots: what the installed units do at boot.
boots() {
	cat tools/systemd/vpart-keys.service tools/systemd/vpart.service | sed -e :a -e '/\\$/N; s/\\\n\t*//; ta' |
		sed -n 's|%%|%|g; s|\$\$|$|g; s|^ExecStart\(Pre\)\?=/\(usr/\)\?s\?bin/||p'
}

# here LINE: the same for our machines, whose modules are where modprobe does not look.
here() { echo "${1/modprobe -a/mods}"; }

# typed MACHINE LINE: run it there.
typed() { on -t 300 "$1" "$(here "$2")"; }

# bring_keys: those of the servers to the client.
bring_keys() {
	mkdir -p "$(out client)/vpart/keys" &&
		cp "$(out server1)"/vpart/keys/* "$(out server2)"/vpart/keys/* "$(out client)/vpart/keys"
}
