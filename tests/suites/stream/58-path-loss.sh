#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the remote port of a link over TCP: its states, its time-outs, disks that stay, go and return
# kernel: stock
# soak: debug
# kernels: +6.12 +7.2
# disks: 24M 24M 24M
# leaks: whole
# limit: 600
# Over FABRIC, else TCP.
export FABRIC=${FABRIC:-tcp}
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/multipath/lib.sh

t "a link, and multipath" mp_mods
vscsi_up 8
pair p2 client1 vios1 5
FABRIC=local pair l1 client1 vios1
wait_for 60 link_is p2 up
wait_for 60 link_is l1 up
backstore d1 /dev/vdb
backstore d2 /dev/vdc
lun_add p1 0 d1
lun_add p1 1 d2
lun_add p2 0 d2
disk=$(disk_of p1 0) other=$(disk_of p1 1)
wait_for 60 has_disk p2 0

fail() { vpart partition fail vios1 >/dev/null; }
start() { vpart partition start vios1 >/dev/null; }
loss() { vpart adapter set "$1" path-loss "$2" >/dev/null; }
held() { [ "$(hostattr p1 held)" -ge "$1" ]; }
ended() { ! kill -0 "$1" 2>/dev/null; }
said() { dmesg | grep -q "$1"; }
# The device behind the name, in /dev and in /sys: another one has other inodes.
node() { stat -c %i "/dev/$1" "/sys/block/$1/" | xargs; }
put() { dd if=/dev/zero of="$1" bs=4k count=1 seek="${2:-0}" oflag=direct conv=notrunc status=none; }
reads() { dd if="/dev/$1" of=/dev/null bs=4k count=1 iflag=direct status=none; }
tmos() { local f; for f in reconnect_delay fast_io_fail_tmo dev_loss_tmo; do tmo "$1" $f; done | xargs; }
refused() { fails "$1" 'Invalid argument' bash -c "echo '$4' >$(port "$2")/$3"; }

# --- what there is ---
is "R10 a host whose server is elsewhere has one port" "$(port p1)" \
	"/sys/class/srp_remote_ports/port-$(host_of p1):1"
is "... and a local one none" "$(port l1)" ""
is "... nor a transport" "$(cd /sys/class/srp_host && echo *)" "$(for p in p1 p2; do echo "host$(host_of $p)"; done | sort | xargs)"
is "it is a server's" "$(cat "$(port p1)/roles")" "SRP Target"
is "... named by its partition and the pair" "$(tr -d ': \n' <"$(port p1)/port_id")" \
	"$(tr -d '-' </sys/class/vpart/vios1/uuid | cut -c-24)00000001"
is "it runs" "$(tmo p1 state)" running
is "by default what has another path fails at once, and no disk is removed" \
	"$(tmos p1)" "2 0 off"

# --- what is refused: fast_io_fail_tmo <= path loss < dev_loss_tmo ---
dmesg -C
refused "R10 fast_io_fail_tmo is not above the path loss limit" p1 fast_io_fail_tmo 9
t "... and the log says why" said 'p1: fast_io_fail_tmo refused: .* path loss limit, 8 s'
refused "R10 dev_loss_tmo is above it" p1 dev_loss_tmo 8
t "... and the log says why" said 'p1: dev_loss_tmo refused'
for bad in 0 x -2 '1 2' 99999999999; do refused "no dev_loss_tmo: $bad" p1 dev_loss_tmo "$bad"; done
refused "no fast_io_fail_tmo: offf" p1 fast_io_fail_tmo offf
for bad in 0 off -1 301; do refused "no reconnect_delay: $bad" p1 reconnect_delay "$bad"; done
is "nothing was changed" "$(tmos p1)" "2 0 off"
tmo p1 fast_io_fail_tmo 8
tmo p1 dev_loss_tmo 9
fails "R10 the path loss limit is not below fast_io_fail_tmo" '7 s is below fast_io_fail_tmo, 8 s' loss p1 7
fails "... nor as long as dev_loss_tmo" '9 s is not below dev_loss_tmo, 9 s' loss p1 9
is "... and stays" "$(cat /sys/bus/vpart/devices/p1.client/path_loss)" 8
tmo p1 fast_io_fail_tmo off
tmo p1 dev_loss_tmo off
t "when they are off it is free" loss p1 120
tmo p1 reconnect_delay 1
is "a shorter reconnect_delay" "$(tmo p1 reconnect_delay)" 1

# --- the link is lost, and returns ---
dev=$(cat "/sys/block/$disk/dev") was=$(node "$disk")
mp_make() {
	dmsetup create mp --noudevsync --noudevrules \
		--table "0 $(cat "/sys/block/$disk/size") multipath 0 0 1 1 round-robin 0 1 1 $dev 1000" &&
		map=/dev/dm-$(dmsetup info -c --noheadings -o minor mp)
}
# hold_two: the link is lost, and two writes wait for it, of which $marked has another path.
hold_two() {
	fail
	wait_for 60 port_is p1 blocked
	put "/dev/$disk" 1 &
	plain=$!
	wait_for 60 held 1
	put "$map" 2 2>/tmp/err &
	marked=$!
	wait_for 60 held 2
}
mp_make
hold_two
t "R8 the port is blocked" port_is p1 blocked
t "V10 fast_io_fail_tmo off: what has another path is held, too" held 2
start
wait $plain
is "R8 they go on when the server returns" $? 0
wait $marked
is "... both" $? 0
t "the port runs" wait_for 60 port_is p1 running
is "R8 the disk is the same" "$(node "$disk")" "$was"

# --- fast_io_fail_tmo ---
hold_two
tmo p1 fast_io_fail_tmo 3
t "V10 fast_io_fail_tmo, set meanwhile: what has another path fails" wait_for 60 ended $marked
t "... with an error" grep -q rror /tmp/err
is "the port says so" "$(tmo p1 state)" fail-fast
is "the path loss limit is not over" "$(hostattr p1 link_state) $(dmesg | grep -c 'p1: path lost')" "blocked 0"
t "V10 what has no other path waits" held 1
start
wait $plain
is "R8 and goes on" $? 0
wait_for 60 port_is p1 running
is "on the same disk" "$(node "$disk")" "$was"
dmsetup message mp 0 "reinstate_path $dev"

# Of one that the server has had it is not known what becomes of it.
dmsetup create slow --noudevsync --noudevrules --table "0 $(cat /sys/block/vdd/size) linear /dev/vdd 0"
slow=/dev/dm-$(dmsetup info -c --noheadings -o minor slow)
backstore d3 "$slow"
lun_add p1 2 d3
disk=$(disk_of p1 2)
dmsetup remove mp --noudevsync --noudevrules
dev=$(cat "/sys/block/$disk/dev")
mp_make
dmsetup suspend --noflush --nolockfs slow
put "$map" 3 2>/tmp/err &
sent=$!
at_server() { [ "$(cat /sys/bus/vpart/devices/p1.server/inflight)" -ge 1 ]; }
t "the server has a write" wait_for 60 at_server
# By p2 it can be asked for it.
echo 0 >$cfg/vscsi/p1/tpgt_1/enable &
disable=$!
t "the port is at fail-fast" wait_for 60 port_is p1 fail-fast
t "V3 the write, whose outcome is unknown, is held" wait_for 60 held 1
fails "... what was never sent fails" rror put "$map" 4
t "V3 ... the write does not" held 1
t "... nor has it ended" kill -0 $sent
dmsetup resume slow
t "V3 it fails when it can do nothing any more" wait_for 60 ended $sent
t "... with an error" grep -q rror /tmp/err
wait $disable
echo 1 >$cfg/vscsi/p1/tpgt_1/enable
t "the link returns" wait_for 60 link_is p1 up
dmsetup remove mp --noudevsync --noudevrules
lun_del p1 2
wait_for 60 no_disk p1 2
backstore_del d3
dmsetup remove slow --noudevsync --noudevrules

# --- a LUN that does not say who it is ---
offline() { echo "$1" >$cfg/vscsi/p1/tpgt_1/lun/lun_1/alua_tg_pt_offline; }
disk=$(disk_of p1 0) was=$(node "$other")
tmo p1 fast_io_fail_tmo off
fail
wait_for 60 port_is p1 blocked
put "/dev/$other" 1 &
plain=$!
wait_for 60 held 1
offline 1
dmesg -C
writes=/sys/kernel/tracing/events/target/target_sequencer_start
mount -t tracefs none /sys/kernel/tracing 2>/dev/null
[ ! -d $writes ] || { echo 'unpacked_lun == 1 && opcode == 0x2a' >$writes/filter && echo 1 >$writes/enable; }
start
t "V10 the link is up without it" wait_for 60 link_is p1 up
t "... which the log says" said 'LUN 1 does not say which disk it is: its commands wait'
t "V10 other LUNs go on" timeout 60 dd if="/dev/$disk" of=/dev/null bs=4k count=1 iflag=direct status=none
t "V8 what was held for it is held" held 1
if [ -d $writes ]; then
	# Offline, it would refuse the write, which would be held again.
	is "V8 ... and was not sent" "$(grep -c sequencer_start /sys/kernel/tracing/trace)" 0
	echo 0 >$writes/enable
else
	skip "V8 ... and was not sent" "no tracing here"
fi
fails "... nor a reset" '.*' timeout 60 sg_reset -N -d "/dev/$other"
offline 0
wait $plain
is "R8 it says that it is the same: what was held goes on" $? 0
is "R8 under the same name" "$(node "$other")" "$was"
none_held() { [ "$(hostattr p1 held)" = 0 ]; }
t "nothing is held" wait_for 60 none_held

# --- a number that an ACL has lead to the same LU on another backstore, the link being up ---
# twin NAME OF N: a backstore that calls itself as another one, and is smaller.
twin() {
	local s=$cfg/core/fileio_$3/$1
	truncate -s 16M "/tmp/$1"
	mkdir -p "$s" && echo "fd_dev_name=/tmp/$1,fd_dev_size=16777216" >"$s/control" && echo 1 >"$s/enable" &&
		sed 's/.*: //' "$(store_of "$2")/wwn/vpd_unit_serial" | tr -d '\n' >"$s/wwn/vpd_unit_serial"
}
# lead PAIR N TO: LUN N of the client is its TO-th; nobody is told.
lead() {
	local f acl
	acl=$cfg/vscsi/$1/tpgt_1/acls/$(cat "$cfg/vscsi/$1/tpgt_1/initiator")/lun_$2
	mkdir -p "$acl"
	for f in "$acl"/*; do [ ! -L "$f" ] || rm "$f"; done
	ln -s "$cfg/vscsi/$1/tpgt_1/lun/lun_$3" "$acl/to"
}
# acl_pair PAIR PATH-LOSS: LUNs 0 and 1 are d3 and d2; 2 and 3 are the same again, and say nothing.
acl_pair() {
	local n=0 store
	pair "$1" client1 vios1 "$2" && wait_for 60 link_is "$1" up && echo 0 >"$cfg/vscsi/$1/tpgt_1/enable" || return
	for store in d3 d2 t3 t2; do
		lun_add "$1" $n $store || return
		n=$((n + 1))
	done
	mute "$1" 2 1
	mute "$1" 3 1
	echo 0 >"$cfg/vscsi/$1/tpgt_1/attrib/generate_node_acls"
	mkdir "$cfg/vscsi/$1/tpgt_1/acls/$(cat "$cfg/vscsi/$1/tpgt_1/initiator")"
	lead "$1" 0 0 && lead "$1" 1 1 && echo 1 >"$cfg/vscsi/$1/tpgt_1/enable" && wait_for 60 link_is "$1" up
}
mute() { echo "$3" >"$cfg/vscsi/$1/tpgt_1/lun/lun_$2/alua_tg_pt_offline"; }
acl_pair_del() {
	local n acl
	acl=$(echo "$cfg/vscsi/$1/tpgt_1/acls"/*)
	rm "$acl"/lun_*/to && rmdir "$acl"/lun_* "$acl" || return
	for n in 0 1 2 3; do lun_del "$1" $n || return; done
	target_del "$1" && vpart adapter del "$1" --force >/dev/null
}
blocks() { [ "$(cat "/sys/block/$1/size")" = "$2" ]; }
backstore d3 /dev/vdd
t "LUs that call themselves as others" eval 'twin t3 d3 8 && twin t2 d2 9'
t "a client with an ACL" acl_pair p4 5
disk=$(disk_of p4 0) other=$(disk_of p4 1) was=$(node "$disk")
dev=$(cat "/sys/block/$disk/dev") size=$(cat "/sys/block/$disk/size")
mp_make
mute p4 2 0
lead p4 0 2
t "R8 what has another path waits while its LU is compared" put "$map" 2
is "... the path is good" "$(dmsetup status mp | grep -c " $dev A ")" 1
t "V1 what the LU can do is read again: its size" wait_for 60 blocks "$disk" 32768
lead p4 0 0
t "it leads to the first again" reads "$disk"
t "V1 ... with that one's size" wait_for 60 blocks "$disk" "$size"
dmsetup remove mp --noudevsync --noudevrules
# Nobody asks yet, and then neither says who it is.
mute p4 2 1
lead p4 0 2
lead p4 1 3
dmesg -C
put "/dev/$other" 1 2>/tmp/err &
plain=$!
t "a LUN is stopped, and silent" wait_for 60 said 'LUN 1 does not say which disk it is: its commands wait'
wait $plain
t "V10 its path is lost: it fails when the limit is over" grep -q rror /tmp/err
# shellcheck disable=SC2046 # a number
t "... which the log says" in_time 5 $(lost_for p4 ' to silent LUNs')
put "/dev/$disk" 1 2>/tmp/err &
plain=$!
t "V10 nothing waits for one that becomes silent then" wait_for 60 ended $plain
t "... it fails" grep -q rror /tmp/err
mute p4 2 0
mute p4 3 0
t "R8 they say who they are: they go on" wait_for 60 put "/dev/$disk" 1
t "... both" wait_for 60 put "/dev/$other" 1
is "R8 the disk is the same" "$(node "$disk")" "$was"
t "the client goes" acl_pair_del p4
t "one in this kernel" eval 'FABRIC=local acl_pair p5 60'
disk=$(disk_of p5 0) was=$(node "$disk")
dmesg -C
lead p5 0 2
put "/dev/$disk" 1 &
plain=$!
t "R8 a disk of the same kernel does not go while it says nothing" wait_for 60 said 'LUN 0 does not say which disk it is: its commands wait'
mute p5 2 0
wait $plain
is "R8 what was held goes on" $? 0
is "R8 the disk is the same" "$(node "$disk")" "$was"
t "the client goes" acl_pair_del p5
backstore_del t3
backstore_del t2
backstore_del d3
disk=$(disk_of p1 0) other=$(disk_of p1 1)

# --- dev_loss_tmo ---
loss p1 5
tmo p1 dev_loss_tmo 600
was=$(node "$disk")
dmesg -C
fail
t "V10 the path loss limit is over" wait_for 60 link_is p1 lost
# shellcheck disable=SC2046 # a number
t "... when it is time" in_time 5 $(lost_for p1)
start
wait_for 60 link_is p1 up
wait_for 60 link_is p2 up
t "R8 the disk works, dev_loss_tmo not being over" wait_for 60 reads "$disk"
is "R8 ... and is the same" "$(node "$disk")" "$was"
tmo p1 dev_loss_tmo 6
tmo p2 dev_loss_tmo 6
p1=$(port p1) host=$(host_of p1)
dev=$(cat "/sys/block/$disk/dev")
mp_make
fail
put "/dev/$disk" 1 2>/tmp/err &
plain=$!
t "R8 dev_loss_tmo: the disks go" wait_for 60 no_disk p1 0
t "... all of them" wait_for 60 no_disk p1 1
wait $plain
t "V10 what was held has failed" grep -q rror /tmp/err
fails "what is above hears of it" rror put "$map" 1
is "the port says so" "$(tmo p1 state)" lost
dmsetup remove mp --noudevsync --noudevrules
t "nothing of a disk is left" wait_for 60 test ! -e "/sys/block/$disk"
start
t "R9 the link returns: so do they, by themselves" wait_for 60 has_disk p1 0
t "... all of them" wait_for 60 has_disk p1 1
t "and work" reads "$(disk_of p1 0)"
is "the host is the same, and its port" "$(host_of p1) $(port p1) $(tmo p1 state)" "$host $p1 running"
is "... with its settings" "$(tmo p1 dev_loss_tmo) $(tmo p1 reconnect_delay)" "6 1"

# A link that comes up in the moment in which dev_loss_tmo is over. p2 tells when that is.
for i in 1 2 3; do
	wait_for 60 has_disk p2 0
	disk=$(disk_of p1 0)
	tmo p1 dev_loss_tmo off
	fail
	wait_for 60 no_disk p2 0
	start &
	tmo p1 dev_loss_tmo 6
	wait
	t "R9 race $i: the link is up" wait_for 60 port_is p1 running
	up() { reads "$(_disk p1 0)" && reads "$(_disk p1 1)"; }
	t "R9 race $i: the disks are there" wait_for 60 up
done
disk=$(disk_of p1 0)

# --- it goes while it waits ---
loss p1 120 2>/tmp/err
t "a limit above dev_loss_tmo is refused" grep -q 'is not below dev_loss_tmo' /tmp/err
tmo p1 dev_loss_tmo off
loss p1 120
fail
wait_for 60 port_is p1 blocked
fails "V10 a module in use is not unloaded, the link being down" 'in use' rmmod vscsi_host
start
t "the link is up" wait_for 60 link_is p1 up

# --- policies ---
# Not with the debug kernel: udev wants more than it has.
udevd=/lib/systemd/systemd-udevd
case $(uname -r) in *-debug) udevd=/none ;; esac
if [ -x $udevd ]; then
	mkdir -p /run/udev/rules.d /etc/vpart/policy
	cp /src/tools/udev/60-vpart-path-loss.rules /run/udev/rules.d/
	echo VPART_POLICY=multipath >/etc/vpart/policy/default
	echo VPART_POLICY=root >/etc/vpart/policy/p2.client
	$udevd --daemon >/dev/null 2>&1
	udevadm trigger --action=add --subsystem-match=srp_remote_ports
	policy() { [ "$(tmos "$1")" = "$2" ]; }
	t "R8 udev has set the policy multipath" wait_for 60 policy p1 "1 5 600"
	t "R8 and root, where a pair has one of its own" wait_for 60 policy p2 "5 off off"
	echo VPART_POLICY=multipath >/etc/vpart/policy/p2.client
	udevadm trigger --subsystem-match=srp_remote_ports
	t "another one, now" wait_for 60 policy p2 "5 5 600"
	echo VPART_POLICY=shared >/etc/vpart/policy/p2.client
	udevadm trigger --subsystem-match=srp_remote_ports
	unproven_is() { [ "$(tmo "$1" unproven)" = "$2" ]; }
	t "P14 shared" wait_for 60 policy p2 "5 5 off"
	t "P14 ... holds what is not proven" wait_for 60 unproven_is p2 hold
	t "P14 ... the others do not" unproven_is p1 fail
	echo VPART_POLICY=multipath >/etc/vpart/policy/p2.client
	udevadm trigger --subsystem-match=srp_remote_ports
	t "another one again" wait_for 60 policy p2 "5 5 600"
	t "P14 ... that does not" wait_for 60 unproven_is p2 fail
	udevadm control --exit
else
	skip "udev has set the policies" "no udev here"
fi
disk=$(disk_of p1 0)
wait_for 60 link_is p2 up
tmo p2 dev_loss_tmo 6
fail
wait_for 60 port_is p1 fail-fast
put "/dev/$disk" 1 2>/tmp/err &
plain=$!
wait_for 60 held 1
gone() { [ -z "$(host_of "$1")" ]; }
t "R10 a pair is deleted while its link is down" vpart link del p1 side client --force
wait $plain
t "V10 ... what is held ends" grep -q rror /tmp/err
t "its host goes" wait_for 60 gone p1
t "a port is lost" wait_for 60 port_is p2 lost
t "R10 a pair is deleted then" vpart link del p2 side client --force
t "its host goes" wait_for 60 gone p2
t "no port is left" test -z "$(ls /sys/class/srp_remote_ports 2>/dev/null)"
start

t "all of it away" vscsi_down
kmemleak_check
done_testing
