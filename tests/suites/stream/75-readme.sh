#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: what README.md shows of two servers and a client, on three machines, then a server is lost
# kernel: host
# machines: 3
# limit: 900
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh
# shellcheck source=tests/lib/readme.sh
. tests/lib/readme.sh

# all_of MACHINE <COMMANDS: each succeeds.
all_of() {
	local line
	while read -r line; do
		t "$1: $line" typed "$1" "$line" </dev/null
	done
}
ask() { on client "vpart --json $1" | python3 -c "import json, sys; o = json.load(sys.stdin); print($2)"; }
links_are() { [ "$(ask 'link show' '[(l["state"], len(l["disks"])) for l in o]')" = "$1" ]; }
mirror_is() { [ "$(ask 'mirror show vol' 'o["state"]')" = "$1" ]; }

is "there is what it has to show" "$(for re in '^On the first server' '^On the second one' \
	'On the client:' '^After a moment both links'; do shown "$re" | wc -l; done | xargs)" "9 9 8 5"
t "three machines with the addresses of README.md" readme_machines 64M || exit
all_of server1 < <(shown '^On the first server')
all_of server2 < <(shown '^On the second one')
t "the keys are brought to the client" bring_keys
all_of client < <(shown 'On the client:')
t "R10 both links come up, each with a disk" wait_for 60 links_are "[('up', 1), ('up', 1)]"
all_of client < <(shown '^After a moment both links')
is "R13 the mirror has a leg of each server" \
	"$(ask 'mirror show vol' 'o["state"], [l["server"] for l in o["legs"]]')" "normal ['vios1', 'vios2']"
t "R10 files are written" on -t 300 client 'cp -r /etc /mnt && sync'

# --- a server loses its power, and is back after its boot ---
t "R8 server1 is killed" kill_machine server1
t "R8 files are written meanwhile" on -t 300 client 'cp -r /etc /mnt/again && sync'
t "R8 the mirror says so" mirror_is degraded
t "R9 server1 starts" eval 'start_machine server1 && as_installed server1'
is "its units do something" "$(boots | wc -l)" 5
all_of server1 < <(boots)
t "R9 the mirror has both legs, nobody did anything at the client" wait_for 120 mirror_is normal

# --- the client boots, too ---
on client 'umount /mnt && vpart mirror stop vol' >/dev/null
t "the client starts again" eval 'stop_machine client && start_machine client && as_installed client'
all_of client < <(boots)
t "R9 its volume is there, with both legs" wait_for 120 mirror_is normal
t "V1 so are the files" on -t 300 client 'mount /dev/mapper/vol /mnt && diff -r --no-dereference /etc /mnt/etc &&
	diff -r --no-dereference /mnt/etc /mnt/again'
done_testing
