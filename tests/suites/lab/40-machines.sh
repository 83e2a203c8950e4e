#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: several machines, the network between them, and what a script does to them
# when: whole
# kernel: host
# machines: 2
# limit: 900
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh

pings() { on "$1" ping -c 1 -W 2 "$2"; }	# MACHINE ADDRESS
qemu_of() { pgrep -f "path=$_lab/$1/console"; }	# MACHINE
up() { on "$1" "cut -d. -f1 /proc/uptime"; }

t "two machines start" machine a --net lan --disk 32M --ivshmem pair1:1M:2
machine b --net lan --disk 16M --net wan --append vpart.test=1 --ivshmem pair1
fails "a name is given once" "exists" machine a
fails "an option is checked" "unrecognized" machine c --colour red
fails "a kernel that there is not" "no kernel 1.0" machine d --kernel 1.0
t "both come up" ready a b

# --- commands ---
is "a command's output comes back" "$(on a 'echo one; echo two')" $'one\ntwo'
is "its errors come apart" "$(on a 'echo one; echo two >&2' 2>&1 >/dev/null)" two
on a 'exit 7'
is "so does its exit code" $? 7
is "words keep their borders" "$(on a printf '[%s]' 'x  y' '$z')" '[x  y][$z]'
is "each runs in a shell of its own" "$(on a 'v=1; cd /'; on a 'echo "${v:-none} $PWD"')" "none /src"
is "with the functions of common.sh" "$(on a 'type -t mods wait_for')" $'function\nfunction'
is "the machines are not one" "$(on a hostname) $(on b hostname)" "a b"
is "the disk has its size, the command line its word" \
	"$(on a cat /sys/block/vdb/size) $(on b grep -o 'vpart.test=1' /proc/cmdline)" "65536 vpart.test=1"
t "a file in /out arrives here" on a 'echo kept >/out/file'
is "with what was written" "$(cat "$(out a)/file")" kept
out=$(on -t 15 a 'echo begun; sleep 61' 2>&1)
is "a command that does not end is ended at its limit" \
	"$? $out" "98 begun"$'\n'"machine a: the command did not end within 15 s, see $(console a)"
t "so is what it started" on a 'wait_for 60 eval "! pgrep -x sleep"'
on a 'sleep 62' &
client=$!
t "a command in the background leaves room for others" on a 'wait_for 60 pgrep -x sleep'
kill $client
wait $client 2>/dev/null
t "it ends with who waited for it" on a 'wait_for 60 eval "! pgrep -x sleep"'
is "a hundred at once are not mixed up" "$(
	for n in {1..100}; do on -t 300 a "echo $n" & done | sort -n | md5sum)" "$(seq 100 | md5sum)"
t "a word on the console is found" on b 'echo vpart: "here I am" >/dev/kmsg'
t "... from here" wait_console 60 b 'vpart: here I am'

on a 'wait_for 60 test -e /out/go' &
on b 'touch /out/been' &
touch "$(out a)/go"
wait
t "wait is for what the script has started" test -e "$(out b)/been"

# --- a boot that does not go on ---
machine h
pause h
t "a machine in which no program runs is started anew" on h true
is "... which is said" "$(grep -c '^machine h: no program ran, it is started anew$' "$_lab/machines")" 1
t "it ends as another one" stop_machine h

# --- the network ---
t "they reach each other" wait_for 60 pings b "$(addr a lan)"
t "with IPv6 too" wait_for 60 pings a "$(addr6 b lan)"
is "each network has its own addresses" "$(addr b lan) $(addr b wan) $(addr host wan)" \
	"10.9.1.2 10.9.2.2 10.9.2.254"
t "this host is a member of each" in_net python3 -c "
import socket, subprocess
socket.create_server(('$(addr host wan)', 7)).close()"
fails "a is not on the other" "" pings a "$(addr b wan)"
t "the cable is pulled" net_down b lan
t "b sees it" on b 'wait_for 60 grep -q 0 /sys/class/net/lan/carrier'
fails "nothing passes" "" pings a "$(addr b lan)"
t "the other cable is in" on b 'read -r s </sys/class/net/wan/carrier; [ "$s" = 1 ]'
t "the cable is put back" net_up b lan
t "b sees it" on b 'wait_for 60 grep -q 1 /sys/class/net/lan/carrier'
t "all passes" wait_for 60 pings a "$(addr b lan)"
fails "a cable that there is not" "not on network" net_down a wan

# --- shared memory ---
# memory MACHINE WORD: put a word there, tell what was there.
memory() {
	on "$1" "cd /sys/bus/pci/devices
for dev in *; do
	read -r vendor <\$dev/vendor; read -r device <\$dev/device
	[ \$vendor:\$device != 0x1af4:0x1110 ] || break
done
echo 1 >\$dev/enable
python3 - \$dev/resource2 $2 <<-'PY'
import mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDWR)
shared = mmap.mmap(fd, 0)
print(len(shared), shared[4096:4104].strip(bytes(1)).decode())
shared[4096:4104] = sys.argv[2].encode().ljust(8, bytes(1))
PY"
}
is "a has shared memory, all zero" "$(memory a from-a)" "1048576 "
is "b has the same" "$(memory b from-b)" "1048576 from-a"
is "a sees b's word" "$(memory a -)" "1048576 from-b"
status() { build/tools/vpart-ivshmem status "$_lab/pair1.ivshmem"; }
t "two peers are there" grep -q '1024 KiB, 2 vectors, 2 of 2 peers' <<<"$(status)"
machine e --ivshmem pair1
on e true 2>/dev/null
is "a third machine with it does not start" $? 97
t "QEMU says why" grep -q 'server sent version -1' "$_lab/e/qemu"

# --- pause, kill, start ---
t "a machine is paused" pause b
fails "it answers nobody" "" pings a "$(addr b lan)"
t "and goes on" resume b
t "as if nothing had been" wait_for 60 pings a "$(addr b lan)"
on a 'echo data | dd of=/dev/vdb oflag=sync status=none'
on -t 60 a 'sleep 63' 2>/dev/null &
client=$!
on a 'wait_for 60 pgrep -x sleep'
t "a machine is killed" kill_machine a
wait $client
is "who waited for a command in it is told" $? 97
is "its QEMU is gone" "$(qemu_of a)" ''
is "what it has written is read here" "$(head -c 4 "$(medium a)")" data
fails "a disk that there is not" "no disk 2" medium a 2
fails "nor in another order" "no such disks" disks a 1 2
fails "nor twice" "no such disks" disks a 1 1
fails "no order reaches it" "not running" on a true
fails "it is started once" "is running" start_machine b
fails "not with a kernel that there is not" "no kernel 1.0" start_machine a 1.0
t "it starts again" start_machine a stock
t "with its disk" on a 'read -r word </dev/vdb; [ "$word" = data ]'
t "and its network" wait_for 60 pings b "$(addr a lan)"
is "and its place at the shared memory, which b kept" "$(memory a -)" "1048576 -"
is "it is another life" "$(on a 'ls /proc/[0-9]*/comm | xargs grep -lx sleep')" ''
t "a machine is stopped in order" stop_machine b
is "its QEMU is gone too" "$(qemu_of b)" ''
t "a machine that ends by itself" start_machine b
on b 'echo o >/proc/sysrq-trigger; sleep 60' 2>/dev/null
is "is told from a command's end" $? 97

# --- another script's machines ---
# script COMMANDS: run them as such a script; its output in $said, its exit code in $rc.
child=$_lab/child
script() {
	said=$(NAME=lab/40-machines/child bash -c ". tests/lib/machines.sh
$1
done_testing" 2>&1)
	rc=$?
}
script 'machine c; on c "echo \"WARNING: CPU: 0 at nowhere\" >/dev/kmsg"; t "all is well" true'
is "a complaint of a kernel fails a script that says all is well" "$rc" 99
t "the message names the machine's console" grep -q "see $child/c/console" <<<"$said"
t "what was tested is on the console" grep -q "ok 1 - all is well" "$child/c/console"

bash -c "NAME=lab/40-machines/child
. tests/lib/machines.sh
machine d --net lan --disk 32M
ready d
in_net ip link >$child/links
echo up >$child/up
on -t 60 d 'sleep 60'" >/dev/null 2>&1 &
killed=$!
t "a script is up" wait_for 120 test -f "$child/up"
t "with a network of its own" grep -q ' lan.1:' "$child/links"
lab=$(pgrep -f "tests/vm/machines $child")
kill -KILL $killed
wait $killed 2>/dev/null
gone() { ! pgrep -f "$child" && [ ! -e "/proc/$lab" ]; }
t "a script that is killed leaves no process" wait_for 60 gone
is "and no network here" "$(ip -br link | grep -E '^lan|^wan')" ''
is "nor a disk" "$(find "$child" -size +16M)" ''
done_testing
