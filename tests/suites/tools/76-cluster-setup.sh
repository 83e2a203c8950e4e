#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: host
# limit: 120
# summary: vpart cluster create: what its words have to be; the file that it writes for the others, changed in every way
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/guest.sh
. tests/lib/guest.sh

work=$(mktemp -d) || exit
trap 'rm -rf "$work"; [ -n "$_finished" ] || echo "Bail out! it ended early"' EXIT
vpart=build/tools/vpart
lab=$work/setup
mapfile -t json < <(pkg-config --cflags json-c | xargs -n 1)
t "it builds with sanitizers" gcc -O1 -g -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined -Itools/vpart -Itools/libvpart \
	-Iinclude/uapi "${json[@]}" -o "$lab" tests/suites/tools/setup_lab.c \
	tools/vpart/cluster_{setup,conf}.c build/tools/libvpart.a -lmnl

# --- the words: what is wrong in them is wrong use, and is said before the machine is looked at
# no DESCRIPTION REGEX WORD...: create with these
no() {
	local desc=$1 regex=$2 out
	shift 2
	out=$("$vpart" cluster create "$@" 2>&1)
	is "$desc" "$? $(wc -l <<<"$out") $(grep -Eqe "$regex" <<<"$out" && echo said || echo "$out")" "2 1 said"
}
two="vios1=198.51.100.1 vios2=198.51.100.2"
all="repo /dev/vdb fence none"
fails "a cluster has two nodes" "needs: NAME NODE=ADDRESS" "$vpart" cluster create prod vios1=198.51.100.1
no "... and a name that is one" "'pr od' is no name" "pr od" $two $all
no "a node has an address" "'vios2' is no node: NAME=ADDRESS is" prod vios1=198.51.100.1 vios2 $all
no "a node's name is one" "'vi:os' is no name of a node" prod vi:os=198.51.100.1 vios2=198.51.100.2 $all
no "... and ends" "is no name of a node" prod "a123456789b123456789c123456789d1=198.51.100.1" vios2=198.51.100.2 $all
for a in 127.0.0.1 0.0.0.0 224.0.0.5 169.254.1.1 host1 198.51.100 ::1 :: fe80::1 ff02::1 ::ffff:1.2.3.4 "" 198.51.100.1; do
	no "'$a' is no address of a second node" "is no address of a node|is the address of" prod vios1=198.51.100.1 "vios2=$a" $all
done
no "an address that is written otherwise is the same" "2001:db8::1 is the address of" \
	prod vios1=2001:db8::1 vios2=2001:db8:0::1 $all
no "two nodes have two names" "two nodes are called" prod vios1=198.51.100.1 VIOS1=198.51.100.2 $all
no "all have as many addresses" "not as many addresses" prod vios1=198.51.100.1,203.0.113.1 vios2=198.51.100.2 $all
no "... two at most" "more than 2 addresses" prod vios1=198.51.100.1,203.0.113.1,203.0.113.2 vios2=198.51.100.2 $all
no "... of one kind on a link" "not of the same kind" prod vios1=198.51.100.1 vios2=2001:db8::2 $all
mapfile -t many < <(for i in {1..33}; do echo "n$i=198.51.100.$i"; done)
no "a cluster has 32 nodes at most" "unknown word 'n33=" prod "${many[@]}" $all
no "a repository is named" "which device is the repository" prod $two fence none
no "... by a path" "'vdb' is no path" prod $two repo vdb fence none
no "... that is no option of mount" "no path" prod $two repo '/dev/x y' fence none
no "it has one device or three" "1 device, or 3 as replicas, not 2" prod $two repo /dev/vdb,/dev/vdc fence none
no "... not four" "1 device, or 3" prod $two repo /dev/a,/dev/b,/dev/c,/dev/d fence none
no "... which differ" "cannot be two replicas" prod $two repo /dev/a,/dev/a,/dev/c fence none
no "fencing is named, or that there is none" "which agent fences" prod $two repo /dev/vdb
for agent in fence_scsi /usr/sbin/fence_mpath fence_vpart; do
	no "P19 $agent is no agent" "does not cut the power" prod $two repo /dev/vdb fence "$agent a=b"
done
no "an agent comes first" "which agent" prod $two repo /dev/vdb fence "ip=198.51.100.9"
no "... with a whole path, if with one" "which agent" prod $two repo /dev/vdb fence "bin/agent"
for word in action=on method=cycle missing-as-off=1 agent=fence_x option=off node=2 plug_node=2 a=node=2 noarg =x 'vios1:=x'; do
	no "P19 an argument is not $word" "not for you|node= itself|is no argument" prod $two repo /dev/vdb fence "fence_x $word"
done
no "no line ends in it" "only printable" prod $two repo /dev/vdb fence $'fence_x a=b\nenable_fencing=0'
no "an argument is of a node" "no node vios9" prod $two repo /dev/vdb fence "fence_x vios9:a=b"
no "P19 one that cannot be fenced is told" "node vios2 could not be fenced" prod $two repo /dev/vdb fence "fence_x vios1:ip=203.0.113.9"
no "two can prefer one" "only one of two" prod $two vios3=198.51.100.3 $all preferred vios1
no "... of theirs" "no node vios3 to prefer" prod $two $all preferred vios3
no "a time is a number" "is no time" prod $two $all --timeout soon

# --- the file
# setup NAME LINE...: one with a right sum
setup() {
	local file=$work/$1
	shift
	python3 - "$file" "$@" <<-'END'
		import sys
		text = "".join(line + "\n" for line in sys.argv[2:])
		crc = 0xffffffff
		for byte in text.encode("latin-1"):
		    crc ^= byte
		    for _ in range(8):
		        crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
		open(sys.argv[1], "w", encoding="latin-1").write(text + f"crc {crc ^ 0xffffffff:08x}\n")
	END
}
head=("vpart cluster setup 1" "cluster prod" "repository 0b6f3a70-52c1-4e0e-9a42-4d1f8c9b7a01")
key="key $(printf '%0512d' 7)"
setup good "${head[@]}" "device /dev/vdb" "node vios1 198.51.100.1" "node vios2 198.51.100.2" \
	"preferred vios1" "shared-storage" "fence fence_x a=b vios1:ip=203.0.113.1 vios2:ip=203.0.113.2" "$key"
t "a file as it is written is taken" "$lab" "$work/good"
t "each bit of it matters, and each byte" "$lab" "$work/good" each
for seed in 1 2 3; do
	t "lines by chance with a right sum are taken only as they are written (seed $seed)" "$lab" "$work/good" $seed 20000
done
# bad DESCRIPTION REGEX LINE...: it has a right sum, and is not taken
bad() {
	setup bad "${@:3}"
	fails "$1" "$2" "$vpart" cluster join "$work/bad"
}
nodes=("device /dev/vdb" "node vios1 198.51.100.1" "node vios2 198.51.100.2")
bad "a newer one is not" "written by a newer vpart" "vpart cluster setup 2" "${head[@]:1}" "${nodes[@]}" "$key"
bad "one with more in it" "is damaged, or was changed" "${head[@]}" "${nodes[@]}" "votes 3" "$key"
bad "one with a line twice" "is damaged, or was changed" "${head[@]}" "${head[1]}" "${nodes[@]}" "$key"
bad "one without a cluster" "is damaged|names no cluster" "${head[0]}" "${head[2]}" "${nodes[@]}" "$key"
bad "one of no repository" "names no cluster|UUID" "${head[@]:0:2}" "repository 00000000-0000-0000-0000-000000000000" "${nodes[@]}" "$key"
bad "one with one node" "at least 2 nodes" "${head[@]}" "${nodes[@]:0:2}" "$key"
bad "one whose name is a path" "is no name" "${head[0]}" "cluster ../x" "${head[2]}" "${nodes[@]}" "$key"
bad "one whose agent is none" "does not cut the power" "${head[@]}" "${nodes[@]}" "fence fence_scsi" "$key"
bad "one with half a key" "key is not whole" "${head[@]}" "${nodes[@]}" "${key:0:260}"
echo "not mine" >"$work/other"
fails "another file" "no file that vpart cluster create has written" "$vpart" cluster join "$work/other"
head -c 100000 /dev/zero >"$work/big"
fails "a long one" "no file that vpart cluster create has written" "$vpart" cluster join "$work/big"
mkfifo "$work/pipe"
fails "one that is none" "pipe: " timeout 5 "$vpart" cluster join "$work/pipe"
done_testing
