# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# common.sh: what scripts and the agents of several machines both use.

# wait_for SECONDS COMMAND...: until the command succeeds. What takes so long on a machine
# that has nothing else to do may take three times that here; then it fails.
wait_for() {
	local end=$((${EPOCHREALTIME/./} + $1 * 3000000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# mods NAME...: load modules in this order, each with what it depends on. Ours
# are in /modules; any other is the kernel's own.
mods() {
	local m dep
	for m in "$@"; do
		if [ ! -f "/modules/$m.ko" ]; then
			modprobe "$m" || return
			continue
		fi
		[ ! -d "/sys/module/${m//-/_}" ] || continue
		for dep in $(modinfo -F depends "/modules/$m.ko" | tr ',' ' '); do
			mods "$dep" || return
		done
		insmod "/modules/$m.ko" || return
	done
}
