# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the mirror's scripts share. Legs are dm-linear devices l0 and l1 over
# /dev/vdb and /dev/vdc, so that each can be made to fail; the mirror is m.

# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh

SET=5f2d7a10-6c1e-4d55-9d0a-2b8f6f7c01e1
DATA=$((1024 * 1024))		# offset of the data on a leg
# There is no udev: dmsetup makes the nodes itself.
export DM_DISABLE_UDEV=1
dm() { dmsetup "$@"; }

_base() { if [ "$1" = 0 ]; then echo "${BASE0:-/dev/vdb}"; else echo "${BASE1:-/dev/vdc}"; fi; }
_sectors() { blockdev --getsz "$(_base "$1")"; }

# legs [SECTORS]: make l0 and l1, their metadata blank
legs() {
	local i
	for i in 0 1; do
		dd if=/dev/zero of="$(_base $i)" bs=1M count=1 oflag=direct status=none
		dm create l$i --table "0 ${1:-$(_sectors $i)} linear $(_base $i) 0" || return
	done
}
nolegs() { dm remove l0; dm remove l1; }

# swap_table DEVICE TABLE: what hangs below changes, I/O in flight goes on
swap_table() {
	dm suspend --noflush --nolockfs "$1" && dm load "$1" --table "$2" && dm resume "$1"
}
leg_size() { blockdev --getsz "/dev/mapper/l$1"; }
break_leg() { swap_table "l$1" "0 $(leg_size "$1") error"; }
repair_leg() { swap_table "l$1" "0 $(leg_size "$1") linear $(_base "$1") 0"; }

size() { echo $((($(blockdev --getsz /dev/mapper/l0) - 2048) / 8 * 8)); }
# table [LEG0 LEG1 [FEATURES...]]: the line for m
table() {
	local a=${1:-/dev/mapper/l0} b=${2:-/dev/mapper/l1}
	shift $(($# > 2 ? 2 : $#))
	echo "0 $(size) vmirror $SET $a $b $*"
}
# mirror [LEG0 LEG1 [FEATURES...]]: activate m
mirror() { dm create m --table "$(table "$@")"; }
create() { mirror /dev/mapper/l0 /dev/mapper/l1 2 create assume_clean 2 clean_ms "${1:-5000}"; }

status() { dmsetup status m | cut -d' ' -f4-; }
field() { status | cut -d' ' -f"$1"; }
state() { field 1; }
in_state() { [ "$(state)" = "$1" ]; }
value() { status | tr ' ' '\n' | sed -n "s/^$1=//p"; }
stat() { dmsetup message m 0 stats | tr ' ' '\n' | sed -n "s/^$1=//p"; }
message() { dmsetup message m 0 "$@"; }
# idle: no region has write intent any more
idle() { [ "$(value hot)" = 0 ]; }
dirty() { field 7 | { IFS=/ read -r a b; echo $((b - a)); }; }

# legs_equal: block by block, outside the mirror
legs_equal() { cmp -i "$DATA" -n $(($(size) * 512)) /dev/mapper/l0 /dev/mapper/l1; }
# What is read next comes from the disks, not from somebody's cache.
drop_caches() {
	local d
	sync
	for d in "$(_base 0)" "$(_base 1)" /dev/mapper/l0 /dev/mapper/l1; do blockdev --flushbufs "$d"; done
}

# fill SEED OFFSET_KIB KIB: a pattern; check: it is there. O_DIRECT.
fill() { python3 /src/tests/suites/mirror/pattern.py write /dev/mapper/m "$@"; }
check() { python3 /src/tests/suites/mirror/pattern.py check /dev/mapper/m "$@"; }
last_log() { dmesg | grep -E 'vmirror|device-mapper' | tail -n "${1:-3}"; }
logged() { dmesg | tail -n 12 | grep -Eq -- "$1"; }
super() { drop_caches; python3 /src/tests/suites/mirror/super.py "$@"; }
sums() { md5sum "$(_base 0)" "$(_base 1)"; }

# refused DESCRIPTION REGEX COMMAND...: it fails, the log says why, no leg changed
refused() {
	local desc=$1 regex=$2 before after
	shift 2
	drop_caches
	before=$(sums)
	dmesg -C
	if "$@" 2>/dev/null; then
		not_ok "$desc" "succeeded: $*"
		dm remove m
		return
	fi
	drop_caches
	after=$(sums)
	if [ "$before" != "$after" ]; then
		not_ok "$desc" "a leg was written"
	elif ! dmesg | grep -Eq -- "$regex"; then
		not_ok "$desc" "no /$regex/ in: $(dmesg)"
	else
		ok "$desc"
	fi
}

# save, restore: what the legs hold, to go on from the same state again
save() { sync; for i in 0 1; do cp "$(_base $i)" /dev/shm/leg$i; done; }
restore() {
	local i
	for i in 0 1; do dd if=/dev/shm/leg$i of="$(_base $i)" bs=1M oflag=direct status=none; done
	drop_caches
}
