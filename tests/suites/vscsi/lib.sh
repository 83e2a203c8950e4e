# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# lib.sh: vSCSI by hand. Partitions and adapters by the vpart command, LUs by
# configfs, as Documentation/admin-guide/vscsi.rst shows it.
#
#	. /src/tests/lib/guest.sh
#	. /src/tests/suites/vscsi/lib.sh
#	vscsi_up				modules, partitions vios1 and client1, pair p1
#	backstore d1 /dev/vdb			an iblock backstore
#	lun_add p1 0 d1; disk=$(disk_of p1 0)	a LU, and its disk at the client

# shellcheck source=tests/lib/fabric.sh
. /src/tests/lib/fabric.sh

cfg=/sys/kernel/config/target

vscsi_mods() {
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
	mods target_core_mod target_core_iblock target_core_file vpart vscsi_target vscsi_host sd_mod sg || return
	fabric_mods || return
	mkdir -p "$(cat $cfg/dbroot)/pr"
}

# enable PAIR: its target, which is made if there is none.
enable() { mkdir -p "$cfg/vscsi/$1/tpgt_1" && echo 1 >"$cfg/vscsi/$1/tpgt_1/enable"; }
# pair NAME CLIENT SERVER [PATH-LOSS]: join, with an enabled, empty target.
pair() { join "$@" && enable "$1"; }

vscsi_up() { # [PATH-LOSS]
	vscsi_mods || return
	vpart partition add vios1 vios >/dev/null && vpart partition add client1 client >/dev/null || return
	pair p1 client1 vios1 "${1:-}" || return
	wait_for 60 link_is p1 up
}

# host_of PAIR: the SCSI host of its client's end.
host_of() { grep -lx "$1" /sys/class/scsi_host/host*/adapter 2>/dev/null | sed 's|.*/host\([0-9]*\)/.*|\1|'; }
hostattr() { cat "/sys/class/scsi_host/host$(host_of "$1")/$2"; }
link_is() { [ "$(hostattr "$1" link_state)" = "$2" ]; }

# port PAIR: the remote port of its client's end, if the server is in another kernel.
port() { find /sys/class/srp_remote_ports -name "port-$(host_of "$1"):*" 2>/dev/null; }
# tmo PAIR FILE [VALUE]: a time-out of it, or its state; port_is PAIR STATE
tmo() { if [ $# -gt 2 ]; then echo "$3" >"$(port "$1")/$2"; else cat "$(port "$1")/$2"; fi; }
port_is() { [ "$(tmo "$1" state)" = "$2" ]; }

# given_up PAIR OPCODE: how old commands were that it has given up, lost_for PAIR [WORDS]: how
# long it was down when it gave up waiting, as its log says, in seconds; in_time LIMIT SECONDS...:
# are there any, and were they all given up when that was over (it is counted in tenths)?
given_up() { dmesg | sed -nE "s/.* $1: command $2 open for ([0-9]+) s: given up.*/\1/p"; }
lost_for() { dmesg | sed -nE "s/.* $1: path lost for ([0-9]+) s: failing commands${2:-}\$/\1/p"; }
in_time() {
	local limit=$1 s
	shift
	[ $# -gt 0 ] || return
	for s; do [ "$s" -ge $((limit * 8 / 10)) ] && [ "$s" -le $((limit * 3)) ] || return; done
}

# backstore NAME DEVICE [ATTRIBUTE=VALUE...]
_hba=0
backstore() {
	local name=$1 dev=$2 a
	_hba=$((_hba + 1))
	shift 2
	mkdir -p "$cfg/core/iblock_$_hba/$name" || return
	echo "udev_path=$dev" >"$cfg/core/iblock_$_hba/$name/control" || return
	echo 1 >"$cfg/core/iblock_$_hba/$name/enable" || return
	# Hidden from the kernel's log, a unit serial of its own.
	printf '%s' "$name-$_hba" >"$cfg/core/iblock_$_hba/$name/wwn/vpd_unit_serial" || return
	for a in "$@"; do
		echo "${a#*=}" >"$cfg/core/iblock_$_hba/$name/attrib/${a%%=*}" || return
	done
}
store_of() { echo "$cfg"/core/*/"$1"; }
# groups_del STORE: the target port groups that "vpart lu add" made.
groups_del() { find "$1/alua" -mindepth 1 -maxdepth 1 -type d ! -name default_tg_pt_gp -exec rmdir {} +; }
backstore_del() { local s; s=$(store_of "$1"); rmdir "$s" && rmdir "${s%/*}"; }

# lun_add PAIR N BACKSTORE, lun_del PAIR N; with DIRECT set they are direct.
DIRECT=${DIRECT:-}
lun_add() {
	mkdir -p "$cfg/vscsi/$1/tpgt_1/lun/lun_$2" &&
		ln -s "$(store_of "$3")" "$cfg/vscsi/$1/tpgt_1/lun/lun_$2/$3" || return
	[ -z "$DIRECT" ] || echo "$2 1" >"$cfg/vscsi/$1/tpgt_1/direct"
}
lun_del() {
	local l=$cfg/vscsi/$1/tpgt_1/lun/lun_$2 f
	for f in "$l"/*; do [ ! -L "$f" ] || rm "$f" || return; done
	rmdir "$l"
}
target_del() { rmdir "$cfg/vscsi/$1/tpgt_1" && rmdir "$cfg/vscsi/$1"; }

# disk_of PAIR N: waits for the disk, prints its name (sda).
_disk() {
	local d
	for d in "/sys/class/scsi_host/host$(host_of "$1")/device/target"*/*:*:*:"$2"/block/*; do
		[ ! -d "$d" ] || echo "${d##*/}"
	done
}
has_disk() { [ -n "$(_disk "$1" "$2")" ]; }
no_disk() { ! has_disk "$1" "$2"; }
disk_of() { wait_for 60 has_disk "$1" "$2"; _disk "$1" "$2"; }
sg_of() { ls "/sys/block/$1/device/scsi_generic"; }

# refs: how often each of our modules is used; no_more BEFORE: none is more often now. A
# scan that goes on when a disk has gone is counted for a moment, too.
refs() { cat /sys/module/{vpart,vscsi_host,vscsi_target}/refcnt | xargs; }
no_more() {
	local was now i
	read -ra was <<<"$1"
	read -ra now <<<"$(refs)"
	for i in "${!was[@]}"; do [ "${now[i]}" -le "${was[i]}" ] || return; done
}

# All of a test's vSCSI away; vscsi_down: the modules too, so that nothing is
# left for kmemleak to find.
vscsi_clear() {
	local p l s
	for p in "$cfg"/vscsi/*/; do
		p=$(basename "$p")
		[ -d "$cfg/vscsi/$p" ] || continue
		[ -d "$cfg/vscsi/$p/tpgt_1" ] || continue
		for l in "$cfg/vscsi/$p/tpgt_1/acls"/*/lun_*/*; do [ ! -L "$l" ] || rm "$l"; done
		for l in "$cfg/vscsi/$p/tpgt_1/acls"/*/lun_*; do [ ! -d "$l" ] || rmdir "$l"; done
		for l in "$cfg/vscsi/$p/tpgt_1/acls"/*; do [ ! -d "$l" ] || rmdir "$l"; done
		for l in "$cfg/vscsi/$p/tpgt_1/lun"/lun_*; do [ ! -d "$l" ] || lun_del "$p" "${l##*_}"; done
		target_del "$p" || return
	done
	for s in "$cfg"/core/iblock_*/*/; do
		[ ! -d "$s/attrib" ] || { groups_del "$s" && rmdir "$s" && rmdir "$(dirname "$s")"; } || return
	done
	vpart --json adapter show | python3 -c 'import json,sys
for _, n in sorted({(not a["parent"], a["name"]) for a in json.load(sys.stdin)}): print(n)' | while read -r p; do vpart adapter del "$p" --force >/dev/null || exit; done
	for p in client1 client2 vios1; do
		[ ! -d "/sys/class/vpart/$p" ] || vpart partition del $p >/dev/null || return
	done
}
vscsi_down() {
	vscsi_clear && { [ ! -d "$cfg/vscsi" ] || rmdir "$cfg/vscsi"; } && rmmod vscsi_host && rmmod vscsi_target &&
		fabric_rmmod && rmmod vpart
}
