#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: sg3_utils on a vscsi disk: who it is, reservations, provisioning, copies, resets, many commands at once
# kernel: stock
# soak: debug
# kernels: +6.12 +7.2
# limit: 420
# smp: 2
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh
# shellcheck source=tests/suites/conform/lib.sh
. /src/tests/suites/conform/lib.sh

sg() { PYTHONPATH=/src/tests/suites/vscsi timeout 120 python3 -B /src/tests/suites/conform/sg.py "$@"; }
# has DESCRIPTION REGEX COMMAND...: it succeeds and prints that.
has() {
	local desc=$1 regex=$2 out rc
	shift 2
	out=$("$@" 2>&1)
	rc=$?
	if [ $rc = 0 ] && grep -Eqi -- "$regex" <<<"$out"; then ok "$desc"; else not_ok "$desc" "exit $rc, not /$regex/: $*"$'\n'"$out"; fi
}
generic() { echo "/dev/$(sg_of "$(basename "$1")")"; }
field() { sed -n "s/.*$1[:=] *//p" | head -1; }
fill() { head -c $(($3 * 512)) /dev/zero | tr '\0' "$2" >"$1"; }	# FILE LETTER BLOCKS
# blocks LBA COUNT [DEVICE]: the first byte of each, read past the LU.
blocks() {
	dd if="${3:-/dev/n1}" bs=512 skip="$1" count="$2" iflag=direct status=none |
		tr '\0' 0 | fold -w512 | cut -c1 | tr -d '\n'
}
fill /tmp/a A 1
fill /tmp/b B 1

two_paths_up
# "vpart lu add" makes what LIO wants there for a registration.
rm -rf "$(cat "$cfg/dbroot")"
vpart partition add client2 client >/dev/null
pair p3 client2 vios1
wait_for 60 link_is p3 up
null n1 64
null n2 32
uuid=0a1b2c3d-1111-4222-8333-444455556666
t "R11 a LU" vpart lu add d1 adapter p1 device /dev/n1 identity none lun 0 uuid $uuid
store=$(store_of d1)
for a in emulate_tpu=1 emulate_tpws=1 max_unmap_lba_count=65536 max_unmap_block_desc_count=8; do
	echo "${a#*=}" >"$store/attrib/${a%=*}"
done
thin d2 /dev/n2
lun_add p2 0 d1
lun_add p3 0 d1
lun_add p1 1 d2
one=/dev/$(disk_of p1 0) two=/dev/$(disk_of p2 0) foe=/dev/$(disk_of p3 0) copy=/dev/$(disk_of p1 1)
# Who has LUNs added is told: not what is looked at here.
settle() { for disk in "$one" "$two" "$foe"; do sg_turs "$disk" || sg_turs "$disk"; done >/dev/null 2>&1; }
settle

# --- who it is ---
shown=$(vpart --json lu show d1 | python3 -c 'import json, sys; print(json.load(sys.stdin)["uuid"])')
is "R11 the LU's uuid" "$shown" $uuid
has "R10 INQUIRY" 'vendor identification: LIO-ORG' sg_inq "$one"
has "VPD 0x00 lists the others" 'block limits' sg_vpd -p 0 "$one"
is "R13 VPD 0x80: the serial is the LU's uuid" "$(sg_vpd -p 0x80 "$one" | field 'serial number')" "$uuid"
# NAA 6, LIO's company id, and the first 25 digits of the uuid
digits=${uuid//-/}
naa=0x6001405${digits:0:25}
for disk in "$one" "$two" "$foe"; do
	has "R11 VPD 0x83: its NAA is made of the uuid, by each path" "$naa" sg_vpd -p 0x83 "$disk"
done
is "... and of no other LU" "$(sg_vpd -p 0x83 "$copy" | grep -c "$naa")" 0
has "VPD 0xb0: COMPARE AND WRITE of one block" 'maximum compare and write length: 1 ' sg_vpd -p 0xb0 "$one"
has "... and the limit of UNMAP that was set" 'maximum unmap lba count: 65536' sg_vpd -p 0xb0 "$one"
has "VPD 0xb1: it does not rotate" 'non-rotating medium' sg_vpd -p 0xb1 "$one"
has "VPD 0xb2: it takes UNMAP" '\(LBPU\): 1' sg_vpd -p 0xb2 "$one"
has "... and WRITE SAME with it" '\(LBPWS\): 1' sg_vpd -p 0xb2 "$one"
is "REPORT LUNS: both" "$(sg_luns "$one" | grep -c '^ *[0-9a-f]\{16\}')" 2
has "READ CAPACITY (10)" 'Last LBA=131071' sg_readcap "$one"
has "READ CAPACITY (16)" 'Last LBA=131071' sg_readcap -l "$one"
case $(uname -r) in
6.1.*) fails "REPORT SUPPORTED OPERATION CODES is not in this LIO" '.*' sg_opcodes "$one" ;;
*) has "REPORT SUPPORTED OPERATION CODES: COMPARE AND WRITE" 'compare and write' sg_opcodes "$one" ;;
esac

# --- ALUA ---
has "REPORT TARGET PORT GROUPS" 'active/optimized' sg_rtpg -d "$one"
group=$(sg_inq -p 0x83 "$one" | field 'Target port group')
t "SET TARGET PORT GROUPS: standby" sg_stpg --standby --tp="$group" "$one"
settle
is "a READ is refused there" "$(sg io "$one" 28000000000000000100 in 512 /tmp/in)" "status 02 sense 2/040b"
t "... and active again" sg_stpg --optimized --tp="$group" "$one"
settle

# --- persistent reservations ---
pr() { sg_persist "$@" 2>&1; }
read1=28000000000000000100 write1=2a000000000000000100
reads() { sg io "$1" $read1 in 512 /tmp/in; }
writes() { sg io "$1" $write1 out /tmp/a; }
t "V7 a key is registered" pr --out --register --param-sark=a1 "$one"
t "by the other client, too" pr --out --register --param-sark=f0 "$foe"
has "both are seen by a third path" '0xa1' pr --in --read-keys "$two"
t "V7 reserved: write exclusive" pr --out --reserve --param-rk=a1 --prout-type=1 "$one"
has "by another path it is seen" 'Write Exclusive' pr --in --read-reservation "$two"
is "the holder writes" "$(writes "$one")" "status 00"
is "V7 the other client does not" "$(writes "$foe")" "status 18"
is "... nor one that has not registered" "$(writes "$two")" "status 18"
is "they may read" "$(reads "$foe"), $(reads "$two")" "status 00, status 00"
t "released" pr --out --release --param-rk=a1 --prout-type=1 "$one"
is "then it writes" "$(writes "$foe")" "status 00"
t "V7 reserved for registrants: exclusive access" pr --out --reserve --param-rk=f0 --prout-type=6 "$foe"
is "a registrant reads" "$(reads "$one")" "status 00"
is "another does not" "$(reads "$two")" "status 18"
t "released" pr --out --release --param-rk=f0 --prout-type=6 "$foe"
is "the other registrant is told: reservations released" "$(sg io "$one" 000000000000)" "status 02 sense 6/2a04"
t "reserved again" pr --out --reserve --param-rk=f0 --prout-type=3 "$foe"
t "V7 preempted" pr --out --preempt --param-rk=a1 --param-sark=f0 --prout-type=3 "$one"
is "who lost its registration is told" "$(sg io "$foe" 000000000000)" "status 02 sense 6/2a05"
is "... and reads no more" "$(reads "$foe")" "status 18"
t "registered again" pr --out --register --param-sark=f0 "$foe"
t "V7 cleared" pr --out --clear --param-rk=a1 "$one"
is "the others are told: reservations preempted" "$(sg io "$foe" 000000000000)" "status 02 sense 6/2a03"
has "no key is left" 'there are NO registered' pr --in --read-keys "$one"
is "it writes" "$(writes "$foe")" "status 00"
t "RESERVE (6)" test "$(sg io "$one" 160000000000)" = "status 00"
is "another conflicts" "$(writes "$foe")" "status 18"
t "RELEASE (6)" test "$(sg io "$one" 170000000000)" = "status 00"
is "then not" "$(writes "$foe")" "status 00"

# --- provisioning, WRITE SAME, COMPARE AND WRITE ---
fill /tmp/a64 A 64
dd if=/tmp/a64 of="$one" oflag=direct status=none
t "UNMAP" sg_unmap --force --lba=8,16 --num=4,2 "$one"
is "... what it names is zero" "$(blocks 6 13)" AA0000AAAA00A
t "WRITE SAME (10)" sg_write_same --10 --in=/tmp/b --lba=24 --num=3 "$one"
t "WRITE SAME (16)" sg_write_same --16 --in=/tmp/b --lba=28 --num=2 "$one"
t "WRITE SAME (32)" sg_write_same --32 --in=/tmp/b --lba=32 --num=1 "$one"
is "... write the same" "$(blocks 23 11)" ABBBABBAABA
t "WRITE SAME (10) with UNMAP" sg_write_same --10 --unmap --lba=24 --num=1 "$one"
t "WRITE SAME (16) with UNMAP" sg_write_same --16 --unmap --lba=28 --num=2 "$one"
is "... unmap" "$(blocks 23 11)" A0BBA00AABA
fails "WRITE SAME without data is refused: LIO has no NDOB" 'Illegal request' \
	sg_write_same --16 --ndob --lba=24 --num=1 "$one"
is "... and writes nothing" "$(blocks 24 1)" 0
cat /tmp/a /tmp/b >/tmp/ab
t "COMPARE AND WRITE: equal" sg_compare_and_write --in=/tmp/ab --lba=40 "$one"
sg_compare_and_write --quiet --in=/tmp/ab --lba=40 "$one" >/dev/null 2>&1
is "COMPARE AND WRITE: unequal" $? 14
is "... writes once" "$(blocks 40 2)" BA
fails "two blocks in two pages are refused" 'Illegal request' \
	sg_compare_and_write --in=<(head -c 2048 /tmp/a64) --lba=40 --num=2 "$one"
# Both halves in pages of their own: with blocks of 4 KiB there is no other way.
mkdir /sys/kernel/config/nullb/n4
(cd /sys/kernel/config/nullb/n4 && echo 32 >size && echo 4096 >blocksize && echo 1 >memory_backed && echo 1 >power)
backstore d4 /dev/n4
lun_add p1 4 d4
large=/dev/$(disk_of p1 4)
cat <(head -c 4096 /dev/zero) <(head -c 4096 /tmp/a64) >/tmp/large
t "COMPARE AND WRITE of a block of 4 KiB" sg_compare_and_write --in=/tmp/large --lba=1 --xferlen=8192 "$large"
t "... is written whole" cmp -n 4096 /tmp/a64 <(dd if=/dev/n4 bs=4096 skip=1 count=1 iflag=direct status=none)
is "... and no more" "$(dd if=/dev/n4 bs=4096 skip=2 count=1 iflag=direct status=none | tr -d '\0' | wc -c)" 0
sg_compare_and_write --quiet --in=/tmp/large --lba=1 --xferlen=8192 "$large" >/dev/null 2>&1
is "... and compared" $? 14
lun_del p1 4

# --- EXTENDED COPY ---
head -c 262144 /dev/urandom >/tmp/random
dd if=/tmp/random of="$one" bs=64k seek=16 oflag=direct conv=notrunc status=none
case $(uname -r) in
*-debug)
	# target_xcopy_read_source() has its command on the stack.
	skip "R10 EXTENDED COPY from one LU to another" "LIO's way to do it is a complaint of this kernel"
	;;
*)
	t "R10 EXTENDED COPY from one LU to another" \
		sg_xcopy if="$(generic "$one")" of="$(generic "$copy")" bs=512 skip=2048 seek=1024 count=512
	t "... copies the data" cmp -n 262144 /tmp/random \
		<(dd if=/dev/n2 bs=64k skip=8 count=4 iflag=direct status=none)
	;;
esac

# --- resets ---
# reset OPTION DISK: an answer has 3 s. When these are over, the machine was busy: again.
reset() {
	local start
	for _ in 1 2 3; do
		start=$SECONDS
		timeout 60 sg_reset -N "$@" && return
		[ $((SECONDS - start)) -ge 3 ] || return
	done
	return 1
}
t "a reset of the LU" reset -d "$one"
is "the other client is told" "$(sg io "$foe" 000000000000)" "status 02 sense 6/2903"
t "a reset of the target" reset -t "$one"
t "a reset of the host" reset -H "$one"
t "the link is up after it" wait_for 60 link_is p1 up
settle
is "it reads" "$(reads "$one")" "status 00"

# --- many at once ---
is "R10 16 threads with commands of all lengths" "$(sg queue "$one" 16 8)" "16 threads"
modprobe sg 2>/dev/null
raw=$(generic "$one")
head -c 8388608 /dev/urandom >/tmp/big
t "sgp_dd writes with 8 threads" sgp_dd if=/tmp/big of="$raw" bs=512 count=16384 bpt=64 thr=8
t "... and reads" sgp_dd if="$raw" of=/tmp/back bs=512 count=16384 bpt=64 thr=8
t "... the same" cmp /tmp/big /tmp/back
is "no answer was malformed" "$(hostattr p1 bad) $(hostattr p2 bad) $(hostattr p3 bad)" "0 0 0"

t "all of it away" two_paths_down
done_testing
