#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# disks: 64M 64M 64M
# limit: 420
# summary: which command is stuck, a dump that does not get stuck too, and every command of manual and help
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh

export DM_DISABLE_UDEV=1
mods target_core_iblock sd_mod sg vpart vscsi_target vscsi_host dm-vmirror

# --- every command of manual and help, as it stands there; README's have 80-readme ---
# run_all WHERE COMMANDS: each succeeds.
run_all() {
	local line
	while read -r line; do
		t "$1: $line" bash -c "$line"
	done <<<"$2"
}
clear_all() {
	local a p n
	[ ! -b /dev/mapper/vol ] || vpart mirror stop vol
	for a in client1-vios1 client1-vios2; do [ ! -d /sys/bus/vpart/devices/$a.client ] || vpart adapter del $a --force; done
	for p in vios1 vios2 client1; do vpart partition del $p; done
	for n in cec1 cec2; do vpart node del $n; done
	for a in vdb vdc; do dd if=/dev/zero of=/dev/$a bs=1M count=1 oflag=direct; done
} >/dev/null 2>&1
manual=$(sed -n '/^EXAMPLE/,/^FILES/p' /src/Documentation/man/vpart.8.rst | sed -n 's/^ *\(vpart .*\)/\1/p')
run_all manual "$(sed 's/vpart mirror status vol$/vpart mirror status vol || [ $? = 4 ]/' <<<"$manual")"
help=$(vpart -h | sed -n 's/^  \(vpart .*\)/\1/p')
clear_all
rm -f /etc/vpart/config.json
vpart node add cec1 >/dev/null
vpart node add cec2 >/dev/null
vpart partition add vios1 vios node cec1 pool 1 >/dev/null
vpart partition add vios2 vios node cec2 pool 1 >/dev/null
vpart partition add client1 client node cec1 >/dev/null
run_all help "$help"
clear_all

# --- a stuck command ---
dmsetup create slow -u LAB-slow --table "0 $(cat /sys/block/vdb/size) linear /dev/vdb 0"
vpart partition add vios1 vios >/dev/null
vpart partition add client1 client >/dev/null
vpart lu add d1 server vios1 client client1 device /dev/mapper/slow >/dev/null
vpart lu add d2 server vios1 client client1 device /dev/vdc >/dev/null
vpart lu add d3 server vios1 client client1 device /dev/vdd >/dev/null
mkdir -p /sys/kernel/config/target/iscsi/iqn.2026-11.test:x/tpgt_1 2>/dev/null ||
	{ modprobe iscsi_target_mod; mkdir -p /sys/kernel/config/target/iscsi/iqn.2026-11.test:x/tpgt_1; }
echo -n topsecret >/sys/kernel/config/target/iscsi/iqn.2026-11.test:x/tpgt_1/auth/password 2>/dev/null
is "R10 an idle adapter pair: all credits are free" \
	"$(get '(o["inflight"], o["free"] == o["credits"], o["oldest_tag"], o["last_errno"])' adapter show client1-vios1)" "(0, True, None, 0)"
dmsetup suspend slow
dd if=/dev/sda of=/dev/null bs=4k count=1 iflag=direct status=none &
reader=$!
stuck() { [ "$(cat /sys/bus/vpart/devices/client1-vios1.client/inflight)" = 1 ]; }
wait_for 60 stuck
pair=$(vpart --json adapter show client1-vios1)
is "R10 a command in flight takes a credit" "$(get '(o["inflight"], o["credits"] - o["free"])' adapter show client1-vios1)" "(1, 1)"
tag=$(sed -n 's/.*"oldest_tag":"\([0-9.]*\)".*/\1/p' <<<"$pair")
mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
busy=/sys/kernel/debug/block/sda/hctx${tag%.*}/busy
t "R10 the oldest command's tag ($tag) is blk-mq's own" grep -qE "[^_]tag=${tag#*.}[^0-9]" "$busy"
is "sysfs says the same" "$(cat /sys/bus/vpart/devices/client1-vios1.client/oldest_tag)" "$tag"

# --- a LU that cannot go: each command is named, up to 16 of them for people ---
readers=()
for i in $(seq 19); do
	dd if=/dev/sda of=/dev/null bs=4k count=1 skip="$i" iflag=direct status=none &
	readers+=($!)
done
all_stuck() { [ "$(cat /sys/bus/vpart/devices/client1-vios1.client/inflight)" = 20 ]; }
t "twenty commands are stuck" wait_for 60 all_stuck
is "R10 their LU stays" "$(code timeout -k 1 60 vpart lu del d1 --force)" 1
t "R10 ... the first of them is the oldest: client, pair, LUN, tag, command, age, blocks" \
	grep -Eq "^client1 +client1-vios1 +0 +$tag +READ\(10\) +[0-9]{4,} +0 +8$" <(sed -n 3p /tmp/err)
is "R10 ... then the others, as many as fit" "$(grep -c READ /tmp/err) $(tail -n 1 /tmp/err)" "16 ... and 4 more"
is "R10 a program gets all of them" \
	"$(get 'len({c["tag"] for c in o["commands"]}), [c["lba"] for c in sorted(o["commands"], key=lambda c: c["lba"])] == [8 * i for i in range(20)], {(c["client"], c["lun"], c["command"], c["blocks"]) for c in o["commands"]}' lu del d1 2>/dev/null)" \
	"20 True {('client1', 0, 'READ(10)', 8)}"
t "R10 another LU of the pair is not held by them" timeout -k 1 60 vpart lu del d3
# A copy holds the LU that it writes to, too, which its command does not name.
generic() { echo "/dev/$(ls "/sys/class/block/$1/device/scsi_generic")"; }
other=$(vpart --json lu show d2 | sed -n 's|.*"disk": *"/dev/\(.*\)".*|\1|p')
sg_xcopy if="$(generic sda)" of="$(generic "$other")" bs=512 count=8 --on_src >/tmp/xcopy 2>&1 &
copier=$!
copies() { [ "$(cat /sys/bus/vpart/devices/client1-vios1.client/inflight)" = 21 ]; }
t "a copy to another LU is stuck" wait_for 60 copies
is "V10 that LU stays" "$(code timeout -k 1 60 vpart lu del d2 --force)" 1
t "V10 ... held by the copy" grep -q "^vpart: LU d2 is in use: .* 1 open copies that may hold it" /tmp/err
t "R10 ... which is named" grep -Eq "^client1 +client1-vios1 +0 +[0-9]+\.[0-9]+ +EXTENDED COPY +[0-9]{4,} +- +-$" /tmp/err

start=$SECONDS
t "a dump is taken meanwhile" vpart diag save /tmp/dump.tar
t "it took $((SECONDS - start)) s" test $((SECONDS - start)) -lt 120
mkdir /tmp/dump
tar -C /tmp/dump -xf /tmp/dump.tar
dump=/tmp/dump/dump
is "for root's eyes only" "$(stat -c %a /tmp/dump.tar)" 600
for f in versions adapters links partitions nodes; do
	t "$f.json is JSON" python3 -m json.tool $dump/$f.json
done
t "the stuck command is in it" grep -q "\"oldest_tag\":\"$tag\"" $dump/adapters.json
t "so are the kernel's log" grep -q 'vscsi\|vpart\|scsi' $dump/log.txt
t "... the modules" grep -q '/sys/module/vscsi_target/refcnt' $dump/modules.txt
t "... and the waiting tasks with their stacks" grep -q 'dd' $dump/tasks.txt
t "no secret is" bash -c "! grep -rq topsecret $dump"
fails "a dump goes into nothing that is there" 'File exists' vpart diag save /tmp/dump.tar
t "a dump into a folder" vpart diag save /tmp/folder
t "events are in it" grep -q '"seq"' /tmp/folder/events.json
t "the SCSI host is" grep -q 'scsi_host/host.*link_state: up' /tmp/folder/hosts.txt
t "LIO's tree is" grep -q 'tpgt_1/enable: ' /tmp/folder/lio-fabric.txt
fails "R10 a pair that cannot go says which command holds it" "oldest for [0-9]* ms .queue ${tag%.*}, tag ${tag#*.}" \
	python3 /src/tests/suites/vpart/nl.py ADAPTER_DEL NAME=client1-vios1

# Now LIO's folders are locked, by one who waits for the command.
rm "$(find /sys/kernel/config/target/vscsi/client1-vios1/tpgt_1/lun/lun_0 -type l)" &
deleter=$!
waits() { grep -q ' D ' /proc/$deleter/stat; }
t "a LU is taken away by hand while its command is stuck" wait_for 60 waits
start=$SECONDS
t "a dump is taken nevertheless" bash -c 'vpart --json diag save /tmp/stuck.tar >/tmp/stuck.json'
t "it took $((SECONDS - start)) s" test $((SECONDS - start)) -lt 120
t "who is stuck in the folders of LIO is in it" bash -c 'tar -xOf /tmp/stuck.tar stuck/tasks.txt | grep -qw rm'
dmsetup resume slow
wait $reader "${readers[@]}"
waited "then the copy ends" $copier
waited "then the LU goes" $deleter
# A part has 5 seconds, which a machine that stands still may take away.
whole() {
	rm -f /tmp/whole.tar
	vpart --json diag save /tmp/whole.tar | python3 -c "import json, sys; sys.exit(len(json.load(sys.stdin)['stuck']))"
}
t "a dump when all is well: each part is whole" wait_for 60 whole
done_testing
