#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: two containers, each with a virtual port: they see their own disks, and reach no other
# kernel: stock
# limit: 420
# disks: 32M 32M 32M
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh

run=/src/tools/container/vpart-container

# start NAME: a container whose first process is a shell that does what it is told
declare -A pid
start() {
	rm -f "/tmp/$1.in" "/tmp/$1.out"
	mkfifo "/tmp/$1.in"
	: >"/tmp/$1.out"
	$run "$1" bash <"/tmp/$1.in" >"/tmp/$1.out" 2>&1 &
	pid[$1]=$!
	case $1 in va) exec 5>/tmp/va.in ;; vb) exec 6>/tmp/vb.in ;; esac
}
# in_c NAME COMMAND: its output and exit code
answered() { grep -q "^@$2 " "/tmp/$1.out"; }
in_c() {
	local n=$(($(grep -c '^@' "/tmp/$1.out") + 1)) rc
	echo "{ $2; } </dev/null 2>&1; rc=\$?; echo; echo @$n \$rc" >"/tmp/$1.in"
	wait_for 60 answered "$1" $n || return 99
	awk -v n=$n '/^@/ { if ($2 == "") next; at = substr($1, 2); next } at == n - 1 || (n == 1 && at == "")' "/tmp/$1.out"
	rc=$(sed -n "s/^@$n //p" "/tmp/$1.out")
	return "$rc"
}
# c DESCRIPTION NAME COMMAND: it succeeds there; cfails DESCRIPTION REGEX NAME COMMAND: it does not
c() { t "$1" in_c "$2" "$3"; }
cfails() {
	local out
	if out=$(in_c "$3" "$4"); then not_ok "$1" "succeeded: $4"
	elif ! grep -Eq -- "$2" <<<"$out"; then not_ok "$1" "not /$2/: $out"
	else ok "$1"; fi
}
# stop NAME: its shell has nothing more to read
stop() {
	case $1 in va) exec 5>&- ;; vb) exec 6>&- ;; esac
	wait "${pid[$1]}"
}

vscsi_up
vpart vport add va parent p1 >/dev/null
vpart vport add vb parent p1 >/dev/null
enable va
enable vb
printf 'this is of A' | dd of=/dev/vdb conv=notrunc,fsync status=none
printf 'this is of B' | dd of=/dev/vdc conv=notrunc,fsync status=none
backstore d1 /dev/vdb
backstore d2 /dev/vdc
backstore d3 /dev/vdd
lun_add va 0 d1
lun_add vb 0 d2
da=$(disk_of va 0) db=$(disk_of vb 0)
modprobe sg

# --- what is refused ---
is "R16 a container of an unknown virtual port" "$(code $run vx true)" 125
t "... is refused" grep -q 'no virtual port vx has a client' /tmp/err
is "R16 one of an adapter" "$(code $run p1 true)" 125
t "... is refused" grep -q 'p1 is no virtual port' /tmp/err
is "R16 without a command it is wrong use" "$(code $run va)" 2
is "R16 a root without folders is none" "$(mkdir -p /tmp/empty; code $run --root /tmp/empty va true)" 126
t "... and said" grep -q 'is no root file system: there is no folder dev' /tmp/err
is "R16 the command's exit code is its own" "$(code $run va sh -c 'exit 7')" 7
is "... as is that it is not there" "$(code $run va /nobody)" 126
t "R16 nothing is left of these" eval '! grep -q vpart-container /proc/mounts'

start va
start vb
# --- its own disk ---
is "R16 container A reads its disk" "$(in_c va "head -c 12 /dev/$da")" "this is of A"
is "R16 container B reads its own" "$(in_c vb "head -c 12 /dev/$db")" "this is of B"
c "R16 A writes its disk" va "printf 'written by A' | dd of=/dev/$da conv=notrunc,fsync status=none"
is "... which its LU has" "$(dd if=/dev/vdb bs=512 count=1 iflag=direct status=none | head -c 12)" "written by A"
is "R16 A has no other block device" "$(in_c va 'find /dev -type b')" "/dev/$da"
is "R16 nor does B" "$(in_c vb 'find /dev -type b')" "/dev/$db"
is "R16 lsblk finds A's disk alone" "$(in_c va 'lsblk -ndo NAME')" "$da"
is "R16 A is root, of its own users" "$(in_c va 'id -u; head -n 1 /proc/self/uid_map' | xargs | awk '{ print $1, $2, $4, ($3 >= 524288) }')" "0 0 65536 1"
is "R16 nobody else's processes are there" "$(in_c va 'echo /proc/[0-9]*')" /proc/1

# --- not another's ---
bnum=$(cat "/sys/block/$db/dev")
cfails "R16 A does not open B's disk by name" 'No such file' va "head -c 12 /dev/$db"
cfails "R16 nor makes its node" 'not permitted' va "mknod /tmp/disk b ${bnum/:/ }"
cfails "R16 nor in /dev" 'Read-only|not permitted' va "mknod /dev/disk b ${bnum/:/ }"
cfails "R16 nor that of its own" 'not permitted' va "mknod /tmp/own b $(tr : ' ' <"/sys/block/$da/dev")"
cfails "R16 no sg is there" 'No such file' va 'ls /dev/sg0'
cfails "R16 nor is it made" 'not permitted' va 'mknod /tmp/sg c 21 0'
cfails "R16 nor /dev/mem" 'not permitted' va 'mknod /tmp/mem c 1 1'
cfails "R16 no /dev of the machine is mounted" 'denied|permi|must be superuser' va 'mount -t devtmpfs none /tmp'
cfails "R16 not by a user namespace further in, either" 'denied|permi' va 'unshare -Urm mount -t devtmpfs none /tmp'
is "R16 /sys has A's disk alone" "$(in_c va 'ls /sys/block /sys/class/block' | xargs)" "/sys/block: $da /sys/class/block: $da"
is "R16 and one host" "$(in_c va 'find /sys/devices -maxdepth 8 -name "host*" -path "*.client/host*" -prune | wc -l')" 1
is "R16 nothing there has B's name" "$(in_c va "find /sys -name '$db'")" ""
cfails "R16 its own is not deleted there" 'Read-only|denied' va "echo 1 >/sys/block/$da/device/delete"
cfails "R16 no other /sys is mounted" 'denied|permi|must be superuser' va 'mount -t sysfs none /tmp'
cfails "R16 ... in a user and network namespace further in" 'denied|permi' va 'unshare -Urmn mount -t sysfs none /tmp'
cfails "R16 nor another /proc" 'denied|permi' va 'unshare -Urmpf mount -t proc none /tmp'
is "R16 /proc tells of no disks" "$(in_c va 'cat /proc/partitions /proc/diskstats; ls /proc/scsi 2>/dev/null' | xargs)" ""
cfails "R16 what covers them is not taken off" 'denied|permi|must be superuser|not mounted' va 'umount /proc/partitions'
cfails "R16 ... in a user namespace further in" 'Invalid|denied|permi|not mounted' va 'unshare -Urm umount /proc/partitions'
cfails "R16 nor is /dev" 'Invalid|denied|permi|busy|not mounted' va 'unshare -Urm umount -l /dev'
cfails "R16 the machine's settings are not A's" 'denied' va 'echo x >/proc/sys/kernel/core_pattern'
cfails "R16 nor its files" 'Read-only|denied' va 'touch /etc/was_here'
t "B's disk is as it was" eval '[ "$(in_c vb "head -c 12 /dev/$db")" = "this is of B" ]'

# --- disks come and go ---
lun_add va 1 d3
dc=$(disk_of va 1)
there() { in_c "$1" "test -b /dev/$2" >/dev/null; }
gone() { ! there "$@"; }
t "R16 a LU that is mapped later comes to the container" wait_for 60 there va "$dc"
c "R16 ... and is read there" va "head -c 512 /dev/$dc | cmp -n 512 - /dev/zero"
is "R16 ... and in /sys" "$(in_c va 'ls /sys/block' | xargs)" "$(echo "$da $dc" | xargs -n 1 | sort | xargs)"
cfails "R16 not to the other" 'No such file' vb "head -c 512 /dev/$dc"
cnum=$(cat "/sys/block/$dc/dev")
lun_del va 1
t "R16 one that is taken away goes" wait_for 60 gone va "$dc"
lun_add vb 1 d3
disk_of vb 1 >/dev/null
is "R16 its number is given again, to B" "$(cat "/sys/block/$(_disk vb 1)/dev")" "$cnum"
t "R16 where it comes" wait_for 60 there vb "$(_disk vb 1)"
is "R16 A has nothing of that number" "$(in_c va 'find /dev -type b')" "/dev/$da"

# --- one container for a port; they end ---
is "R16 a second one of a port is refused" "$(code $run va true)" 125
t "... and told why" grep -q 'a container has the virtual port va already' /tmp/err
first=$(pgrep -P "${pid[va]}")
kill -9 "${pid[va]}"
t "R16 when its keeper is killed it ends" wait_for 60 test ! -d "/proc/$first"
is "R16 the port can be used again" "$(code $run va head -c 12 "/dev/$da") $(cat /tmp/out)" "0 written by A"
stop vb
is "R16 B ends in order" $? 0
t "R16 nothing is left of them" eval '! grep -q vpart-container /proc/mounts'
lun_del vb 1
t "all of it away" vscsi_down
done_testing
