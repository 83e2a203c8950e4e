#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: mkfs.clusterfs, fsck.clusterfs, clusterfs-dump, clusterfs-repo: what they make, show, refuse, repair
# kernel: host
# limit: 300
cd "$(dirname "$0")/../../.." || exit
. tests/lib/guest.sh

work=$(mktemp -d) || exit
trap 'rm -rf "$work"; [ -n "$_finished" ] || echo "Bail out! the script ended before done_testing"' EXIT
t "the tools build" make -s tools
t "the library and its tests build" flock build/clusterfs.lock make -s -C tests/clusterfs BUILD="$PWD/build/clusterfs"
src=$PWD
PATH=$PWD/build/tools:$PWD/build/clusterfs:$PATH
cd "$work" || exit

# blank FILE...: of 64 MiB
blank() { rm -f "$@"; truncate -s 64M "$@"; }
# make FILE...: a small repository
repo() { blank "$@"; mkfs.clusterfs --cluster lab --nodes 4 --objects 256 --events 16 --log 32 "$@"; }
# field FILTER FILE...: of the dump as JSON
field() { clusterfs-dump --json "${@:2}" | python3 -c 'import json, sys
print(eval("d" + sys.argv[1], {"d": json.load(sys.stdin)}))' "$1"; }
# code WANT DESCRIPTION REGEX COMMAND...: its exit code, and what it says
code() {
	local want=$1 desc=$2 regex=$3 out rc
	shift 3
	out=$("$@" 2>&1)
	rc=$?
	is "$desc" "$rc $(grep -Eqe "$regex" <<<"$out" && echo said || echo "$out")" "$want said"
}
# flip FILE OFFSET: one byte becomes another
flip() {
	local byte
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	# shellcheck disable=SC2059
	printf "\\x$(printf %x $((byte ^ 255)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# --- mkfs
for tool in mkfs.clusterfs fsck.clusterfs clusterfs-dump clusterfs-repo; do
	code 0 "$tool --help has an example" "^  $tool .*/dev/" "$tool" --help
	code "$([ $tool = fsck.clusterfs ] && echo 16 || echo 2)" "$tool with a word it does not know" \
		"is no option" "$tool" --what
done
t "a repository is made" repo a
mkfs() { mkfs.clusterfs --cluster lab --nodes 4 --objects 256 "$@"; }
before=$(md5sum <a)
code 1 "an existing one is not overwritten" "a has a clusterfs repository: --force" mkfs a
is "... and nothing was written" "$(md5sum <a)" "$before"
code 1 "... nor would it be" "a has a clusterfs repository: --force" mkfs --dry-run a
code 0 "with --force it would be" "^cluster  *lab" mkfs --dry-run --force a
is "... and nothing was written" "$(md5sum <a)" "$before"
t "... with --force it is" mkfs --force a
is "... and is another one" "$([ "$(md5sum <a)" = "$before" ] || echo other)" other
# sig OFFSET BYTES NAME
sig() {
	blank s
	# shellcheck disable=SC2059
	printf "$2" | dd of=s bs=1 seek="$1" conv=notrunc status=none
	code 1 "mkfs names what it finds: $3" "s has $3" mkfs s
}
sig $((0x438)) '\x53\xef' "an ext2, ext3 or ext4 file system"
sig 0 'XFSB' "an xfs file system"
sig 512 'LABELONE' "an LVM physical volume"
sig 512 'EFI PART' "a GPT partition table"
sig 512 'VMIRLEG\n' "a leg of a vmirror"
sig 4086 'SWAPSPACE2' "swap space"
sig 510 '\x55\xaa' "an MBR partition table"
code 1 "too small is said, with the size" "needed are [0-9]+" mkfs.clusterfs --cluster lab a
code 1 "a device that is not there" "No such file" mkfs nothing
code 1 "a folder is no device" "neither a block device nor a file" mkfs .
code 2 "two devices are no replicas" "1 device, or 3" mkfs a s
code 2 "a name is needed" "name of the cluster" mkfs.clusterfs a
code 2 "... without a space" "is not 1 to 63" mkfs.clusterfs --cluster "a b" a
code 2 "33 nodes are too many" "1 to 32" mkfs.clusterfs --cluster lab --nodes 33 a
code 2 "12x is no number" "64 to 65536" mkfs.clusterfs --cluster lab --objects 12x a
ln a twin
code 1 "one file is no two replicas" "a and twin are the same" mkfs --force a twin s
blank s
printf 'EFI PART' | dd of=s bs=1 seek=$((64 * 1024 * 1024 - 512)) conv=notrunc status=none
code 1 "mkfs looks at the end too" "s has a GPT partition table at its end" mkfs s
mkfs --force s >/dev/null
is "... and --force leaves nothing there" "$(tail -c 512 s | tr -d '\0' | wc -c)" 0
blank j
is "mkfs --json" "$(mkfs --json j | python3 -c 'import json, sys
d = json.load(sys.stdin); print(d["cluster"], d["nodes_max"], d["objects_max"], d["replicas"])')" "lab 4 256 1"

# --- dump
repo a >/dev/null
code 0 "a new repository is clean" "clean: term 0, generation 0, 0 objects" fsck.clusterfs -n a
t "a node writes one of each" image 0 sample a
t "another one goes on" image 1 fill=5 a
is "P1 the dump follows the chain" "$(field '["term"]' a) $(field '["gen"]' a)" "2 7"
is "dump: a LU" "$(field '["lus"][0]["name"]' a) $(field '["lus"][0]["sectors"]' a)" "root 2097152"
is "dump: a registration" "$(field '["registrations"][0]["key"]' a)" 0000000000000abc
is "dump: a tombstone holds its id" \
	"$(field '["tombstones"][0]["of"]' a) $(field '["tombstones"][0]["id"]' a)" "client 2"
is "dump: the events" "$(field '["events"][-1]["id"]' a) $(field '["events"][0]["text"]' a)" "6 root is there"
is "dump --log: every record" "$(clusterfs-dump --log a | grep -c confirm)" 2
code 0 "dump: a table" '^  id  name +sectors' clusterfs-dump a
before=$(md5sum <a)
clusterfs-dump --log a >/dev/null
fsck.clusterfs -n a >/dev/null
is "neither dump nor fsck -n writes" "$(md5sum <a)" "$before"
blank z
code 1 "no repository is said" "no clusterfs superblock" clusterfs-dump z
code 8 "... by fsck with 8" "no clusterfs superblock" fsck.clusterfs -n z

# --- fsck
flip a 4196
code 4 "a damaged superblock is found" "superblock 0 is damaged" fsck.clusterfs -n a
code 1 "... and repaired from the other one" "superblock 0 is damaged.*: repaired" fsck.clusterfs a
is "... as it was" "$(md5sum <a)" "$before"
flip a 4196
flip a $((255 * 4096 + 100))
code 8 "both damaged: it cannot be checked" "bad CRC in both" fsck.clusterfs a
flip a 4196
flip a $((255 * 4096 + 100))
is "..." "$(md5sum <a)" "$before"
log() { echo $((($1 * (32 + 2 * 34) + 512) * 4096)); }
flip a $(($(log 0) + 4096 + 200))
code 4 "V6 a damaged record of the chain is left, and named" \
	"commit 1 of term 1 by node 0 is damaged or missing" fsck.clusterfs a
code 1 "... dump says so" "commit 1 of term 1" clusterfs-dump a
code 1 "... and no node can claim it" "commit 1 of term 1" image 2 claim a
repo a >/dev/null
image 0 sample a
image 1 compact a
flip a $(($(log 1) + 32 * 4096 + 200))
code 4 "V6 a damaged snapshot is named" "the snapshot of term 2 by node 1 is damaged: record 0" fsck.clusterfs -n a
repo a >/dev/null
image 0 sample a
image 0 claim a
for k in 0 4096; do flip a $((256 * 4096 + k + 200)); done
code 4 "both claims of a node damaged" "node 0: both claim blocks are damaged" fsck.clusterfs -n a
code 1 "... no node claims then" "both claim blocks" image 1 claim a
code 1 "... repaired with a claim above all" "both claim blocks.*: repaired" fsck.clusterfs a
t "... and nodes claim" image 1 claim a
is "P1 above the terms in the logs" "$(field '["term"]' a)" 4
flip a $((258 * 4096 + 200))
code 0 "P1 a torn claim is what a power cut leaves" "node 1: a claim was torn" fsck.clusterfs -n a
t "... the next claim takes its place" image 1 claim a

# feature FILE OFFSET: a bit that nobody knows, in both copies
feature() {
	python3 - "$@" "$src/tests/clusterfs" <<'END'
import struct, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[3])
from examples import crc32c
with open(sys.argv[1], "r+b") as f:
    for block in (1, 255):
        f.seek(4096 * block)
        data = bytearray(f.read(4096))
        data[int(sys.argv[2])] ^= 0x80
        data[12:16] = struct.pack("<I", crc32c(bytes(data[:12]) + bytes(4) + bytes(data[16:])))
        f.seek(4096 * block)
        f.write(data)
END
}
repo a >/dev/null
feature a 16
code 0 "a compatible feature is no matter" clean fsck.clusterfs a
feature a 24
code 0 "a feature that allows only reading: dump reads" "cluster" clusterfs-dump a
code 0 "... so does fsck -n" "clean" fsck.clusterfs -n a
code 8 "... fsck does not write" "allows only reading" fsck.clusterfs a
code 1 "... nor does a node" "allows only reading" image 0 claim a
feature a 32
code 1 "an incompatible feature: nobody reads" "incompatible feature" clusterfs-dump a

# --- replicas
t "P3 three replicas" repo r0 r1 r2
image 0 sample r0 r1 r2
is "two of three are enough" "$(field '["gen"]' r2 r0)" 2
code 1 "one is not" "a majority is needed" clusterfs-dump r1
code 1 "the same one twice" "are the same replica" clusterfs-dump r1 r1
cp r1 old
image 1 fill=4 r0 r1 r2
cp old r1
is "a replica that fell behind takes nothing away" "$(field '["gen"]' r1 r2) $(field '["gen"]' r0 r1)" "6 6"
code 4 "... is found" "r1: [0-9]+ blocks differ" fsck.clusterfs -n r0 r1 r2
code 1 "... and overwritten from the majority" "r1: .*: repaired" fsck.clusterfs r2 r1 r0
code 0 "... then all is well" "clean" fsck.clusterfs -n r0 r1 r2
flip r0 $(($(log 0) + 4096 + 200))
code 1 "a damaged record has two more copies" "r0: 1 blocks differ.*: repaired" fsck.clusterfs r0 r1 r2
repo other0 other1 other2 >/dev/null
code 4 "a replica of another repository does not count" "is no replica of this repository" \
	fsck.clusterfs r0 r1 other2
code 4 "a missing one is said" "replica 2 is missing" fsck.clusterfs r0 r1

# --- backup, restore, replace
make() { clusterfs-repo "$@"; }
# content FILE...: all that a restore keeps
content() {
	clusterfs-dump --json "$@" | python3 -c 'import json, sys
d = json.load(sys.stdin)
for key in "generation", "replicas", "first_term", "first_gen", "made", "term", "gen", "claims", "history_begins_with_term":
    del d[key]
for node in d["nodes"]:
    node["state"] = "left"
print(json.dumps(d, sort_keys=True))'
}
repo a >/dev/null
image 0 sample a
image 1 fill=5 a
before=$(md5sum <a)
is "P21 a backup tells its commit" "$(make backup --json bak a | python3 -c 'import json, sys
d = json.load(sys.stdin); print(d["generation"], d["term"], d["gen"], d["records"])')" "1 2 7 15"
is "... has a sector for each record, is nobody else's" "$(stat -c '%s %a' bak)" "8192 600"
is "... writes nothing to the repository, leaves no other file" "$(md5sum <a) $(echo bak*)" "$before bak"
image 1 fill=1 a
cp bak older
t "a backup replaces one" make backup bak a
is "... " "$(cmp -s bak older || echo another)" another
echo precious >text
code 1 "it replaces nothing else" "text is there and is no backup" make backup text a
ln -s a link
code 1 "... nor a device named by mistake" "link is there and is no backup" make backup link a
is "... and both are as they were" "$(cat text) $(readlink link)" "precious a"
code 1 "nothing is backed up of no repository" "no clusterfs superblock" make backup new z
code 1 "a folder that is not there" "cannot write none/new: No such file" make backup none/new a
is "... and no file is left" "$(find . -name 'new*')" ""
image 1 stop=3 a
code 1 "P21 what is not settled is not backed up, and who settles it is said" \
	"node 1 has claimed term 4 after term 3 and confirmed nothing: another claim settles it" make backup new a
t "... then it is" image 0 claim a
t "... and is backed up" make backup bak a

blank b c d
sum=$(md5sum b c d)
code 1 "P5 nodes that were members: somebody has to say that they have ended" "all have to have ended; --ended" \
	make restore bak b
code 1 "a device too small is said" "z2 has 4096 bytes, needed are 3735552" \
	bash -c 'truncate -s 4096 z2; clusterfs-repo restore --ended bak z2'
for n in 8 40 60 100 700 2000 8190; do
	cp bak bad
	flip bad $n
	code 1 "P21 a backup with byte $n changed" "bad: (it is no backup|its first sector|record [0-9]+ of it)" \
		make restore --ended bad b c d
done
head -c 4096 bak >short
code 1 "... cut short" "short: it has 4096 bytes, and should have 8704" make restore --ended short b
: >empty
code 1 "... empty" "empty: it is too short" make restore --ended empty b
code 1 "... that is a folder" "is no backup" make restore --ended . b
code 1 "... that is a repository" "is no backup" make restore --ended a b
is "... and nothing was written" "$(md5sum b c d)" "$sum"
t "P21 restored, on three replicas" make restore --ended bak b c d
code 0 "... it is clean" "clean: term [0-9]+, generation 9, 9 objects" fsck.clusterfs -n d b c
is "... of the next generation, above every term and commit" \
	"$(field '["generation"]' b c) $(field '["first_term"]' b c) $(field '["first_gen"]' b c)" "2 6 9"
is "... says the same" "$(content c d)" "$(content a)"
is "... but no node is a member" "$(field '["nodes"][0]["state"]' b c)" left
is "... and has the uuid" "$(field '["uuid"]' b c)" "$(field '["uuid"]' a)"
t "V6 nodes go on" image 2 fill=3 b c d
is "... with the next number" "$(field '["events"][-1]["id"]' b c) $(field '["gen"]' b c)" "10 12"
code 1 "an existing repository is not overwritten" "b has a clusterfs repository: --force" make restore --ended bak b
cp c c.2
code 0 "P21 restored again; what was known is said before it is overwritten" \
	"to commit 12 of term 8, .* say --above 8:12 --generation 2 the next time" \
	make restore --ended --force --json bak b c d
is "... over what the devices know, not only the backup" \
	"$(field '["generation"]' b c) $(field '["first_gen"]' b c) $(field '["first_term"]' b c)" "3 13 9"
is "... no id that was given since is given again: events begin anew" \
	"$(field '["events"]' b c) $(image 0 fill=1 b c d; field '["events"][-1]["id"]' b c)" "[] 264"
is "... a role's term only grows" "$(field '["lus"][0]["role_term"]' b c)" 6
cp c c.3
cp c.2 c
code 4 "P21 a replica of the former generation does not count beside the new ones" \
	"c is no replica of this repository as it is now" fsck.clusterfs b c d
code 1 "... nor makes it one of them a majority" "1 of 3 replicas are there and belong together" clusterfs-dump b c
cp c.3 c
blank e
code 0 "P21 --above" "^first_gen +78$" make restore --ended --above 70:77 --generation 9 bak e
is "... all of it" "$(field '["generation"]' e) $(field '["first_term"]' e) $(field '["gen"]' e)" "10 71 78"
blank e
code 0 "P21 what only the backup knows is said" "note: only the backup says how far" make restore --ended bak e
code 1 "a term that leaves no room is refused" "out of range" \
	bash -c 'truncate -s 64M f; clusterfs-repo restore --ended --generation 4294967293 bak f && clusterfs-repo backup g f &&
	clusterfs-repo restore --ended --force g f'
code 2 "above what is asked" "is no TERM:COMMIT" make restore --above 12 bak b
code 2 "... in numbers" "is no TERM:COMMIT" make restore --above 1:x bak b
code 2 "a generation is a number" "is no generation" make restore --generation 0 bak b
code 2 "two devices are no replicas" "1 device, or 3" make restore --ended bak b c
code 2 "a file is named first" "a file is named, then 1 to 3 devices" make backup bak
code 2 "one of three verbs" "'copy' is neither backup nor restore nor replace" make copy a b
code 2 "... is needed" "backup, restore or replace" make
code 2 "replace restores nothing" "are for restore" make replace --ended a b c
code 2 "backup forces nothing" "nothing to force" make backup --force bak a
ln b twin2
code 1 "one file is no two replicas" "b and twin2 are the same" make restore --ended --force bak b twin2 c

was=$(content b c)
blank c
code 0 "P3 a blank disk becomes the lost replica" "^replica +1$" make replace c b d
code 0 "... all is well" "clean" fsck.clusterfs -n b c d
is "... with either of the others it says the same" "$(content c b) $(content c d)" "$was $was"
cp b b.3
t "... and nodes go on with it" image 2 fill=1 b c d
cp b.3 b
code 1 "P3 what the other one has missed is found" "b: [0-9]+ blocks differ.*repaired" fsck.clusterfs b c d
code 2 "the new one and two others" "then the two that are left" make replace c b
code 1 "one that is left is no majority" "1 of 3 replicas are there and belong together" make replace c b other2
repo other0 other1 other2 >/dev/null
code 1 "another repository is not overwritten" "other1 has a clusterfs repository: --force" make replace other1 b d
code 1 "nor is the same one's" "c has a clusterfs repository: --force" make replace c b d
truncate -s 8192 tiny
code 1 "too small is said" "tiny has 8192 bytes, needed are 3735552" make replace tiny b d
code 1 "the new one is none of the others" "b.* are the same" make replace twin2 b d
code 1 "one device has no replicas" "repository of one device" make replace c e other2
sum=$(md5sum d)
t "--force takes a disk of another one" make replace --force other1 b d
is "... and writes nothing to the others" "$(md5sum d)" "$sum"
is "... which is a replica then" "$(content other1 b)" "$(content b d)"
flip d $(($(log 2) + 200))
flip b $(($(log 2) + 200))
sum=$(md5sum c)
code 1 "what is left is damaged: the disk may have what they lack" "c is no replica: the CONFIRM of term [0-9]+ .* is damaged" \
	make replace --force c b d
is "... so nothing was written" "$(md5sum c)" "$sum"

# --- while a node writes
repo a >/dev/null
image 0 fill=1 a
# Without an end; but for the backups' own time.
"$src/build/clusterfs/image.fast" 1 fill=1000000000 a &
writer=$! taken=0 last=0
for k in 1 2 3 4 5; do
	gen=$(make backup --json moved a | python3 -c 'import json, sys; print(json.load(sys.stdin)["gen"])')
	blank f
	make restore --ended moved f >/dev/null 2>&1 && [ "$(field '["first_gen"]' f)" = $((gen + 1)) ] &&
		[ "$gen" -gt "$last" ] && taken=$((taken + 1))
	last=${gen:-0}
done
kill $writer
wait $writer 2>/dev/null
is "P21 backups while a node writes: each is a later one, and can be restored" "$taken" 5

# --- cut at every write
t "what cuts them builds" gcc -shared -fPIC -Wall -Werror -D_GNU_SOURCE -o cut.so "$src/tests/suites/clusterfs/cut.c" -ldl
for n in 0 1 2; do cp r$n k$n; done
image 0 fill=3 k0 k1 k2
t "a backup of what is there" make backup k.bak k0 k1 k2
image 1 fill=2 k0 k1 k2
now=$(content k0 k1 k2)
# cuts COMMAND ALLOWED...: cut it at every write. Each time $show says one of these of what
# opens of ${files[@]}, which begin as ${from[@]}. Tells that nothing opened once, and a 1 for
# each of those that was seen.
cuts() {
	local rc=77 n k got none=0 seen=()
	for ((n = 1; rc == 77; n++)); do
		for k in "${!from[@]}"; do cp "${from[k]}" "c$k" || return; done
		CUT=$n LD_PRELOAD=$PWD/cut.so $1 >/dev/null 2>&1
		rc=$?
		[ $rc = 77 ] || [ $rc = 0 ] || { echo "write $n: exit $rc"; return 1; }
		if ! clusterfs-dump "${files[@]}" >/dev/null 2>&1; then
			none=1
			continue
		fi
		got=$($show "${files[@]}")
		for ((k = 2; k <= $#; k++)); do
			[ "$got" != "${!k}" ] || break
		done
		[ $k -le $# ] || { echo "write $n: $got"; return 1; }
		seen[k - 2]=1
	done
	echo "$none ${seen[*]}"
}
show=content
from=(k0 k1 k2)
files=(c0 c1 c2)
cp k0 c0 && cp k1 c1 && cp k2 c2
make restore --ended --force k.bak c0 c1 c2 >/dev/null
new=$(content c0 c1 c2)
is "P21 a restore cut at any write: none, the old repository, whole, or the new one" \
	"$(cuts "clusterfs-repo restore --ended --force k.bak c0 c1 c2" "$now" "$new")" "1 1 1"
files=(c2 c0)
is "P3 a replacement cut at any write: two replicas are no majority, or say the same" \
	"$(cuts "clusterfs-repo replace --force c2 c0 c1" "$now")" "1 1"
show=whose
from=(e)
files=(c0)
uuid=$(field '["uuid"]' e)
# whose FILE: the old one's uuid, and how many nodes
whose() { echo "$([ "$(field '["uuid"]' "$1")" = "$uuid" ] && echo old) $(field '["nodes"].__len__()' "$1")"; }
is "mkfs cut at any write: an old repository is not taken for an empty one" \
	"$(export HALF=second; cuts "mkfs.clusterfs --force --cluster lab --nodes 4 --objects 256 --events 16 --log 32 c0" \
		"old 1" " 0")" "1 1 1"
cp bak k.cut
n=1
while CUT=$n LD_PRELOAD=$PWD/cut.so clusterfs-repo backup k.cut k0 k1 k2 >/dev/null; [ $? = 77 ]; do
	is "P21 a backup cut at write $n: the one that was there is" "$(md5sum <k.cut)" "$(md5sum <bak)"
	n=$((n + 1))
done
is "... then it is there as a whole: one write, one name" \
	"$n $(make restore --ended k.cut "$(blank f2; echo f2)" >/dev/null 2>&1; content f2)" "3 $now"
if [ "$(id -u)" = 0 ] && loop=$(losetup -f --show e 2>/dev/null); then
	held() {
		python3 -c 'import os, subprocess, sys
os.open(sys.argv[1], os.O_RDWR | os.O_EXCL); sys.exit(subprocess.call(sys.argv[2:]))' "$loop" "$@"
	}
	code 1 "a device that is mounted is refused: restore" "$loop is in use: unmount it" \
		held clusterfs-repo restore --ended --force bak "$loop"
	code 1 "... replace, as the new one" "$loop is in use" held clusterfs-repo replace --force "$loop" c d
	code 1 "... and as one of the others" "$loop is in use" held clusterfs-repo replace --force c "$loop" d
	code 0 "... a backup is not" "gen " held clusterfs-repo backup held "$loop"
	losetup -d "$loop"
else
	skip "a device that is mounted is refused" "there is no loop device"
fi
done_testing
