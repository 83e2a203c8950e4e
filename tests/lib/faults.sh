# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For scripts that let allocations fail, see faults.py.

# faults_possible: else skips everything and ends the script.
faults_possible() {
	[ -e /sys/kernel/debug/failslab ] && [ -e /proc/self/fail-nth ] && return
	skip "allocations fail" "no fault injection in this kernel"
	done_testing
}

# walks SCRIPT [ARGUMENT...]: each line a walk prints is a test, or a comment.
walks() {
	told env PYTHONPATH=/src/tests/lib:/src/tests/suites/vpart:/src/tests/suites/vscsi python3 -B "$@"
}

# no_leaks DESCRIPTION: as kmemleak_check, but for what the kernel itself loses
# when its own class_register(), bus_register() or kmem_cache_create() fails (6.1; the
# object's name).
no_leaks() {
	local file=/sys/kernel/debug/kmemleak found
	# The next line of its own on the console would be a complaint.
	dmesg -n 5
	sleep 6
	echo scan >$file && echo scan >$file
	dmesg -n 7
	found=$(awk 'function out() { if (text !~ /kobject_set_name[^\n]*\n([^\n]*kobject_init_and_add[^\n]*\n)?[^\n]*(__class_register|bus_register|sysfs_slab_add)/) printf "%s", text }
		/^unreferenced/ { out(); text = "" } { text = text $0 "\n" } END { out() }' $file)
	if [ -z "$found" ]; then ok "$1"; else not_ok "$1" "$(head -n 60 <<<"$found")"; fi
}
