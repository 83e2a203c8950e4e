# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# targetcli.sh: what the scripts of targetcli's fabric share. Sourced by them.

cfg=/sys/kernel/config/target
tpg=$cfg/vscsi/p1/tpgt_1
tpgt=/vscsi/p1/tpg1
saved=/etc/rtslib-fb-target/saveconfig.json
packages=/usr/lib/python3/dist-packages

up() {
	mods target_core_mod || return
	mkdir -p /etc/rtslib-fb-target/{pr,alua}
	mods target_core_iblock target_core_file sd_mod vpart vpart_stream vscsi_target vscsi_host
}
# targetcli asks the system's bus for handlers of backstores in user space.
bus() { mkdir -p /run/dbus && dbus-daemon --system --fork; }
# What "make install" does.
install_package() { cp -r /src/tools/targetcli/vpart_rtslib{,.pth} $packages; }
# p1 and Pair_2 have their server here, far has only its client.
pairs() {
	vpart partition add vios1 vios &&
		vpart partition add client1 client &&
		vpart adapter add client client1 server vios1 name p1 path-loss 5 &&
		vpart adapter add client client1 server vios1 name Pair_2 &&
		vpart link add far client client1 server vios1 id 9 connect tcp:192.0.2.1:3260 key none
} >/dev/null
targets() { find $cfg/vscsi -mindepth 1 -maxdepth 1 -type d ! -name discovery_auth -printf '%f\n' | sort | xargs; }
stores() { find $cfg/core -mindepth 2 -maxdepth 2 -type d ! -path "$cfg/core/alua/*" -printf '%f\n' | sort | xargs; }

disk() { vpart --json lu show "$1" | sed -n 's|.*"disk": *"/dev/\(.*\)".*|\1|p'; }
lun_of() { readlink "/sys/class/block/$(disk "$1")/device" | sed 's/.*://'; }
# seen LU LUN RO: the client sees it there
seen() { [ -b "/dev/$(disk "$1")" ] && [ "$(lun_of "$1") $(cat "/sys/class/block/$(disk "$1")/ro")" = "$2 $3" ]; }
serial_of() { sg_vpd -p sn "/dev/$(disk "$1")" | sed -n 's/.*number: *//p'; }
wwn_of() { sed 's/.*: //' $cfg/core/*/"$1"/wwn/vpd_unit_serial; }
naa_of() { sg_vpd -p di "/dev/$(disk "$1")" | grep '^ *0x6[0-9a-f]\{31\}$\|NAA' | xargs; }
# Of each LU: where it is seen, and by what and with what in it it is known.
identities() {
	local lu d
	for lu in d1 f1; do
		d=$(disk $lu)
		echo "$lu $(lun_of $lu) $(cat "/sys/class/block/$d/ro") $(serial_of $lu) $(naa_of $lu) $(head -c 4096 "/dev/$d" | md5sum)"
	done
}
link_is() { [ "$(cat "$(dirname "$(grep -lx p1 /sys/class/scsi_host/host*/adapter)")/link_state")" = "$1" ]; }
held() { [ "$(cat "$(dirname "$(grep -lx p1 /sys/class/scsi_host/host*/adapter)")/held")" -gt 0 ]; }
# no_lun N: of p1, which is the first adapter
lun_there() { ls -d /sys/bus/scsi/devices/*:0:0:"$1" >/dev/null 2>&1; }
no_lun() { ! lun_there "$1"; }
no_disks() { ! ls /sys/class/scsi_host/host*/device/target*/*/block >/dev/null 2>&1; }
all_seen() { seen d1 0 0 && seen f1 5 1; }
# canon FILE [KEY]: what it says but for such keys; the kernel lists things in any order.
canon() {
	python3 -c '
import json, sys
def order(x):
    if isinstance(x, dict):
        return {k: order(v) for k, v in x.items() if k not in sys.argv[2:]}
    if isinstance(x, list):
        return sorted((order(v) for v in x), key=lambda v: json.dumps(v, sort_keys=True))
    return x
print(json.dumps(order(json.load(open(sys.argv[1]))), sort_keys=True))' "$@"
}
doc=/src/Documentation/admin-guide/vscsi.rst
# make_target: of p1, as the documentation does it.
make_target() { bash -ec "$(sed -n '/^targetcli$/,/^``targetcli ls/s/^  \(targetcli\|acl=\)/\1/p' $doc)"; }
