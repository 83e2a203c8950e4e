#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: libiscsi's conformance suite on a vscsi disk with two paths, compared with a list and with tcm_loop
# kernel: stock
# kernels: +6.12 +7.2
# limit: 600
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh
# shellcheck source=tests/suites/conform/lib.sh
. /src/tests/suites/conform/lib.sh
here=/src/tests/suites/conform

t "R8 a LU with two paths, by two servers" two_paths_up
null n1 64
null n2 64
thin d1 /dev/n1
thin d2 /dev/n2
lun_add p1 0 d1
lun_add p2 0 d1
a=$(disk_of p1 0) b=$(disk_of p2 0)

# run NAME TEST DISK...: an exit code of 1 is that of a test that failed, which is judged below.
run() {
	local name=$1 tests=$2 disk
	local paths=()
	shift 2
	for disk; do paths+=("/dev/$disk"); done
	# What a run leaves on the disk must not decide another.
	dd if=/dev/zero of="/dev/$1" bs=1M count=64 oflag=direct status=none || return
	timeout 480 iscsi-test-cu -d -A -V -v -t "$tests" "${paths[@]}" >"/out/$name" 2>&1
	[ $? -le 1 ]
}
all=ALL without=''
case $(uname -r) in
*-debug)
	# LIO's EXTENDED COPY is a complaint of this kernel: its command is on the stack.
	skip "ExtendedCopy, ReceiveCopyResults" "LIO's way to do it is a complaint of this kernel"
	all='ALL.[!ER]*,ALL.Re[!c]*' without='ExtendedCopy|ReceiveCopyResults'
	;;
esac
# It compares 257 blocks with zeros of which it has written 256.
alone=ALL.MultipathIO.CompareAndWrite
t "the suite runs on a vscsi disk" run vscsi "$all" "$a" "$b"
t "... and this test alone" run vscsi.alone $alone "$a" "$b"

modprobe tcm_loop
for n in a b; do
	w=$cfg/loopback/naa.60014051234567${n}0
	mkdir -p "$w/tpgt_1/lun/lun_0"
	echo "naa.60014051234567${n}1" >"$w/tpgt_1/nexus"
	ln -s "$(store_of d2)" "$w/tpgt_1/lun/lun_0/d2"
done
loops() {
	local host
	for host in $(grep -l tcm_loopback /sys/class/scsi_host/host*/proc_name); do
		ls "${host%/*}"/device/target*/*/block
	done
}
two_loops() { [ "$(loops | wc -w)" = 2 ]; }
wait_for 60 two_loops
# shellcheck disable=SC2046 # two words
set -- $(loops)
t "the suite runs on tcm_loop" run loop "$all" "$1" "$2"
t "... and this test alone" run loop.alone $alone "$1" "$2"

iscsi-test-cu --list | grep -vE "^ALL\.(${without:-none})\." >/out/names
release=$(uname -r)
column=$(cut -d. -f1,2 <<<"${release%%-*}")
python3 $here/libiscsi.py judge "$column" $here/libiscsi.expected /out/names \
	/out/vscsi /out/loop /out/vscsi.alone /out/loop.alone "$without" >/out/judged 2>/out/errors
is "the results are compared" "$? $(cat /out/errors)" "0 "
while IFS=$'\t' read -r result name detail; do
	case $result in
	ok) ok "$name" ;;
	skip) skip "$name" "$detail" ;;
	*) not_ok "$name" "$detail" ;;
	esac
done </out/judged

for n in a b; do
	w=$cfg/loopback/naa.60014051234567${n}0
	rm "$w/tpgt_1/lun/lun_0/d2"
	rmdir "$w/tpgt_1/lun/lun_0" "$w/tpgt_1" "$w"
done
t "all of it away" two_paths_down
done_testing
