# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# cluster.sh: clusters by corosync and DLM of machines of tests/vm/machines, which a script on
# this machine starts and looks at; corosync.sh is what runs in them.

# power PORT [HOLD]: what tests/lib/fence_lab asks to cut the power. What it was asked and has
# answered is in $_lab/power; while there is a file HOLD, it waits.
power() {
	serves "$_lab/power" python3 tests/lib/power.py "$_lab" "$1" "${2:-$_lab/hold}"
	wait_for 30 grep -q ready "$_lab/power"
}

# debian MACHINE: as its packages leave it
debian() { on "$1" ". /src/tests/lib/corosync.sh; as_debian"; }
# nodes MACHINE: all that it knows, and what they are
nodes() { on "$1" "vpart --json cluster nodes" | python3 -c 'import json, sys
print(*sorted(n["name"] + ":" + n["state"] for n in json.load(sys.stdin)))'; }
sees() { [ "$(nodes "$1")" = "$2" ]; }	# MACHINE NODES
