#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: vpart cluster create, join, leave on one machine: what is refused, with nothing written; the files
# kernel: stock
# disks: 160M 160M 160M 160M
# limit: 300
. /src/tests/lib/guest.sh

here="vios1=10.9.0.1"
pair="$here vios2=10.9.0.2"
setup=/etc/vpart/cluster.setup
conf=/etc/corosync/corosync.conf
# written: what there is of a cluster, and whether corosync.conf is still the package's
written() {
	find /etc/vpart /etc/dlm /etc/corosync -type f ! -name corosync.conf 2>/dev/null | sort | xargs
	[ "$(md5sum <$conf)" = "$example" ] || echo "another corosync.conf"
	head -c 2M /dev/vdb | tr -d '\0' | head -c 1 | wc -c
}
example=$(md5sum <$conf)
nothing=$(written)
# no DESCRIPTION REGEX WORD...: vpart cluster refuses it by one sentence, and writes nothing
no() {
	local desc=$1 regex=$2
	shift 2
	is "$desc" "$(code vpart cluster "$@") $(wc -l </tmp/err) $(grep -Eqe "$regex" /tmp/err && echo said || cat /tmp/err) $(written)" \
		"1 1 said $nothing"
}
# set_up DESCRIPTION WORD...: it is, and without systemd no member yet
set_up() { is "$1" "$(code vpart cluster "${@:2}") $(grep -c 'is set up; there is no systemd here' /tmp/out) $(grep -vE ': bring /etc|vdb is used: if another|: without a fence agent' /tmp/err)" "4 1 "; }
create() { vpart cluster create prod $pair repo /dev/vdb fence none "$@"; }
clean() { rm -rf /etc/vpart /etc/dlm /etc/corosync/authkey; cp /root/example $conf; wipe /dev/vdb; }
wipe() { dd if=/dev/zero of="$1" bs=1M count=2 conv=fsync,notrunc status=none; }
cp $conf /root/example
mkdir -p /etc/vpart

# --- who this is
no "a machine without an address of theirs" "none of the nodes" create prod $pair repo /dev/vdb fence none --shared-storage
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
ip addr add 10.9.0.1/24 dev v0
no "one with half of them" "one address of node vios1, but not 10.8.0.1" \
	create prod vios1=10.9.0.1,10.8.0.1 vios2=10.9.0.2,10.8.0.2 repo /dev/vdb fence none --shared-storage
ip addr add 10.9.0.2/24 dev v0
no "one with those of two" "addresses of several" create prod $pair repo /dev/vdb fence none --shared-storage
ip addr del 10.9.0.2/24 dev v0
echo vios2.example >/proc/sys/kernel/hostname
no "one that is called as another" "is called vios2, and has the address of node vios1" create prod $pair repo /dev/vdb fence none --shared-storage
echo vm >/proc/sys/kernel/hostname

# --- P24
no "P24 a pair without an arbiter" "need an arbiter: a fence agent" create prod $pair repo /dev/vdb fence none
# What the agent does is in /root/agent, what it was told in /root/told.
agent=/usr/local/sbin/fence_x
cat >$agent <<-'END'
	#!/bin/sh
	told=$(cat)
	echo "$told" >>/root/told
	read -r does </root/agent
	env | sort >/root/env
	case "$does $told" in
	mute*) ;;
	*action=metadata*)
		echo '<actions><action name="on" /><action name="status" /><action name="off" /></actions>'
		exit 0 ;;
	on*action=status*) exit 0 ;;
	off*action=status*)
		echo "Status: OFF"
		exit 2 ;;
	usage*action=status*)
		echo "usage: fence_x on|off|status"
		exit 2 ;;
	noisy*action=status*)
		echo "$told" | sed "s/.*/WARNING: Parse error: Ignoring unknown option '&'/"
		echo "Failed: nobody logs in with 'very-secret'"
		echo
		exit 1 ;;
	endless*action=status*) yes & echo $! >/root/child; wait ;;
	slow*action=status*) sleep 1000 & echo $! >/root/child; wait ;;
	esac
	echo "Failed: Unable to connect to $does" >&2
	exit 1
END
echo on >/root/agent
no "P24 a fence device that is a node" "10.9.0.2 is node vios2 itself" \
	create prod $pair repo /dev/vdb fence "fence_x vios1:ip=10.9.0.2 vios2:ip=10.9.0.2"
no "P24 a fence device that is reached over the only link" "10.9.0.9 is reached over the nodes' only link \(v0\)" \
	create prod $pair repo /dev/vdb fence "fence_x ip=10.9.0.9"
no "P19 a line of dlm.conf that would be cut" "a line of dlm.conf would have [0-9]* characters" \
	create prod $pair repo /dev/vdb fence "/bin/true p=$(printf %0250d 0) enable_fencing=0 q=1" --fence-unasked
no "an agent that is not there" "fence_x is not installed" create prod $pair repo /dev/vdb fence "fence_x ip=10.7.0.9"
chmod +x $agent
ip addr add 10.7.0.1/24 dev v1
t "P24 one that is reached over another one will do" vpart cluster create prod $pair repo /dev/vdb fence "fence_x ip=10.7.0.9" --dry-run
t "P24 so will a second link" vpart cluster create prod vios1=10.9.0.1,10.7.0.1 vios2=10.9.0.2,10.7.0.2 \
	repo /dev/vdb fence "fence_x ip=10.9.0.9" --dry-run
t "P24 so will a third replica" vpart cluster create prod $pair repo /dev/vdb,/dev/vdc,/dev/vdd fence none --dry-run
t "P24 and a preference" create preferred vios2 --dry-run
vpart cluster create prod $pair repo /dev/vdb fence none preferred vios2 --dry-run >/tmp/out 2>/tmp/err
is "P19 no agent: what is not safe then is said in a sentence" "$(grep -c 'vpart: without a fence agent DLM grants .* with no proof that it is dead: .*not safe here' /tmp/err)" 1
t "P24 of three none is needed" vpart cluster create prod $pair vios3=10.9.0.3 repo /dev/vdb fence none --dry-run
is "a dry run writes nothing" "$(written)" "$nothing"

# --- the agent is asked, what it is told is not shown, and one command is at work at a time
fence="fence_x port=7 passwd=very-secret pw=q vios1:ip=10.7.0.11 vios2:ip=10.7.0.12 vios2:hexadecimal_kg=abc"
rm -f /root/told
is "a dry run shows no password" "$(vpart cluster create prod $pair repo /dev/vdb fence "$fence" --dry-run | grep -E '^(device|connect)')" \
	"device power fence_vpart agent=fence_x port=7 passwd=* pw=*
connect power node=1 ip=10.7.0.11
connect power node=2 ip=10.7.0.12 hexadecimal_kg=*"
is "... to programs neither" "$(vpart --json cluster create prod $pair repo /dev/vdb fence "$fence" --dry-run | grep -c 'very-secret')" 0
is "P24 the agent is asked for the other node, when it has told that it can be" "$(head -n 8 /root/told | xargs)" \
	"action=metadata action=status port=7 passwd=very-secret pw=q ip=10.7.0.12 hexadecimal_kg=abc node=2"
echo off >/root/agent
t "P24 a node that is off is an answer" vpart cluster create prod $pair repo /dev/vdb fence "$fence" --dry-run
is "P24 it is run as by a daemon" "$(grep -vE '^(PWD|_|SHLVL|OLDPWD)=' /root/env | xargs) $(grep -c '^PWD=/$' /root/env)" \
	"LANG=C PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin 1"
echo usage >/root/agent
no "P24 exit code 2 alone is no answer, wrong words have that, too" \
	"the device of node vios2: exit code 2: usage: fence_x on|off|status; nothing was written" create prod $pair repo /dev/vdb fence "$fence"
echo noisy >/root/agent
no "what it says last is shown, without a password" "exit code 1: Failed: nobody logs in with '\*'; nothing was written" \
	create prod $pair repo /dev/vdb fence "$fence"
echo nowhere >/root/agent
no "P24 an agent that does not reach the device" \
	"fence_x does not reach the device of node vios2: exit code 1: Failed: Unable to connect to nowhere; nothing was written" \
	create prod $pair repo /dev/vdb fence "$fence"
t "... unless it is not asked" vpart cluster create prod $pair repo /dev/vdb fence "$fence" --fence-unasked --dry-run
echo mute >/root/agent
rm /root/told
no "P24 one that does not tell what it knows" "does not tell by action=metadata that it knows status or monitor" \
	create prod $pair repo /dev/vdb fence "$fence"
is "... is told of no node" "$(cat /root/told)" "action=metadata"
echo slow >/root/agent
rm -f /root/child
code vpart cluster create prod $pair repo /dev/vdb fence "$fence" >/tmp/slow &
slow=$!
wait_for 30 test -s /root/child
# busy WORD...: refused at once, because the one in the background is at work
busy() {
	timeout 10 vpart cluster "$@" >/tmp/busy 2>&1
	echo "$? $(wc -l </tmp/busy) $(grep -c "(process [1-9][0-9]*) is at work on this node" /tmp/busy)"
}
for word in "create prod $pair repo /dev/vdb fence none preferred vios2" join leave; do
	# shellcheck disable=SC2086
	is "one at a time: ${word%% *} is refused at once" "$(busy $word)" "1 1 1"
done
t "... a dry run is not, which writes nothing" vpart cluster create prod $pair repo /dev/vdb fence none preferred vios2 --dry-run
kill "$(cat /root/child)"
wait $slow
echo endless >/root/agent
no "V10 an agent that answers without end has a limit" "device of node vios2: no answer in 30 s, it was killed" \
	create prod $pair repo /dev/vdb fence "$fence"
gone() { ! grep -qs '^State:.*[RSD] ' "/proc/$(cat /root/child)/status"; }
t "... and nothing of it is left" wait_for 10 gone
is "... nor written" "$(written)" "$nothing"
echo on >/root/agent

# --- the device, and what is here
no "a device that is not there" "/dev/vdx: No such" create prod $pair repo /dev/vdx fence none --shared-storage
no "one that is none" "/etc/fstab is no block device" create prod $pair repo /etc/fstab fence none --shared-storage
mkfs.ext4 -q /dev/vdc
no "one that has something" "/dev/vdc has an ext2, ext3 or ext4 file system" create prod $pair repo /dev/vdc fence none --shared-storage
mkfs.clusterfs --force --cluster other --nodes 4 --objects 256 /dev/vdc >/dev/null
no "one of another cluster" "/dev/vdc has a clusterfs repository" create prod $pair repo /dev/vdc fence none --shared-storage
mkdir /etc/dlm
touch /etc/dlm/dlm.conf
is "one whose DLM is configured" "$(code vpart cluster create prod $pair repo /dev/vdb fence none --shared-storage) $(cat /tmp/err)" \
	"1 vpart: /etc/dlm/dlm.conf is there already, of another cluster: this node leaves that first"
rm -r /etc/dlm
sed -i 's/127.0.0.1/10.1.1.1/' $conf
is "one that is in a cluster" "$(code vpart cluster create prod $pair repo /dev/vdb fence none --shared-storage) $(cat /tmp/err)" \
	"1 vpart: $conf is of another cluster: this node leaves that first"
cp /root/example $conf
mv /usr/sbin/dlm_controld /root
no "one without dlm_controld" "dlm_controld is not installed: apt install dlm-controld" create prod $pair repo /dev/vdb fence none --shared-storage
mv /root/dlm_controld /usr/sbin
no "no cluster: none is left" "in no cluster that vpart has set up" leave
no "... nor joined" "in no cluster that vpart has set up" join

# --- the files
modes() { stat -c '%a %U %n' $setup /etc/corosync/authkey /etc/dlm/dlm.conf $conf | xargs; }
t "there is no systemd: the files are written, and it is said what to start" \
	bash -c "vpart cluster create prod $pair repo /dev/vdb fence 'fence_x port=7 vios1:ip=10.7.0.11 vios2:ip=10.7.0.12' | grep -q 'no systemd here: start corosync, when all nodes are there dlm_controld'"
is "their modes" "$(modes)" "600 root $setup 400 root /etc/corosync/authkey 600 root /etc/dlm/dlm.conf 644 root $conf"
t "corosync takes its configuration" corosync -t
is "it is encrypted" "$(grep -c 'crypto_cipher: aes256\|crypto_hash: sha256' $conf) $(stat -c %s /etc/corosync/authkey)" "2 256"
is "P24 two nodes" "$(grep -E 'two_node|wait_for_all|quorum_votes' $conf | xargs)" "two_node: 1 wait_for_all: 1"
is "P19 a node is fenced by its own device, which is told" "$(grep -v '^#' /etc/dlm/dlm.conf)" "protocol=tcp
enable_fencing=1
device power fence_vpart agent=fence_x port=7
connect power node=1 ip=10.7.0.11
connect power node=2 ip=10.7.0.12"
uuid() { clusterfs-dump --json "$1" | sed -n 's/.*"uuid": *"\([^"]*\)".*/\1/p' | head -n 1; }
is "the repository is in the file" "$(sed -n 's/^repository //p' $setup)" "$(uuid /dev/vdb)"
is "nothing is left beside" "$(find /etc/vpart /etc/dlm /etc/corosync -type f | wc -l)" 4
is "nothing is written beside when that is full" "$(mount -t tmpfs -o size=4k none /etc/dlm && head -c 4096 /dev/zero >/etc/dlm/full
	rm -f /etc/dlm/dlm.conf; code vpart cluster join; find /etc/dlm -name 'dlm.conf*'; umount /etc/dlm; ls $setup /etc/corosync/authkey | wc -l)" "1
2"
is "a second time it is refused" "$(code create --shared-storage) $(cat /tmp/err)" \
	"1 vpart: this node is set up for a cluster already: vpart cluster leave ends that"
set_up "to join goes on with it" join
cp $setup /root/first
set_up "... with the file as well" join /root/first
rm -r /etc/vpart /etc/dlm /etc/corosync/authkey
cp /root/example $conf
rm -f /root/told
is "a file that is only looked at has no agent run" "$(code vpart cluster join /root/first --dry-run) $(cat /root/told 2>/dev/null)" "0 "
set_up "... one that is joined has" join /root/first
is "... it was" "$(grep -c action=status /root/told)" 1
rm /etc/dlm/dlm.conf
echo "# mine" >>$conf
set_up "... and writes what is missing" join
is "... as it was, and nothing else" "$(grep -c '^connect' /etc/dlm/dlm.conf) $(grep -c '^# mine' $conf)" "2 1"
is "what was changed is not removed" "$(code vpart cluster leave) $(cat /tmp/err)" \
	"1 vpart: $conf is not as vpart cluster has written it: --force removes it all the same"
set_up "... but is no reason not to join" join
t "... and with --force it goes" vpart cluster leave --force
is "all files have gone" "$(find /etc/vpart /etc/dlm /etc/corosync -type f | wc -l)" 0
t "the repository is as it was" bash -c "[ '$(uuid /dev/vdb)' = $(sed -n 's/^repository //p' /root/first) ]"

# --- the same repository once more, three nodes, a preference, two links
cp /root/example $conf
set_up "one of this name that nobody has is used" create prod $pair vios3=10.9.0.3 repo /dev/vdb fence none
is "... it is" "$(sed -n 's/^repository //p' $setup)" "$(uuid /dev/vdb)"
is "three go by majority" "$(grep -E 'two_node|wait_for_all|quorum_votes' $conf | xargs) $(grep enable_fencing /etc/dlm/dlm.conf)" \
	" enable_fencing=0"
t "corosync takes it" corosync -t
rm /etc/corosync/authkey /etc/dlm/dlm.conf
cp /root/example $conf
cp $setup /root/third
t "one that was begun is left" vpart cluster leave
is "... and leaves the package's file" "$(md5sum <$conf)" "$example"
set_up "it is joined again" join /root/third
is "P19 who joins is told that there is no agent" "$(grep -c ': without a fence agent' /tmp/err)" 1
is "another cluster is not joined" "$(code vpart cluster join /root/first) $(cat /tmp/err)" \
	"1 vpart: this node is set up for another cluster, which it leaves first"
t "it is left" vpart cluster leave
clean
set_up "a pair with a preference" create prod $pair repo /dev/vdb fence none preferred vios2
is "P24 that one has the majority alone" \
	"$(grep -E 'two_node|wait_for_all|quorum_votes|name: vios' $conf | xargs)" \
	"name: vios1 name: vios2 quorum_votes: 2 wait_for_all: 1"
t "corosync takes it" corosync -t
vpart cluster leave >/dev/null
clean

# --- one that waits for the other node keeps nobody from what ends that
set_up "a pair" create prod $pair repo /dev/vdb fence none --shared-storage
setsid -f corosync -f </dev/null >/tmp/corosync 2>&1
waits() { vpart cluster join --timeout 60 >/tmp/waits 2>&1; echo $? >/tmp/waits.code; }
t "corosync runs here" wait_for 30 corosync-cmapctl -g totem.cluster_name
waits &
t "it waits for the other node" wait_for 30 grep -q '1 of 2 nodes are there, which is no quorum yet' /tmp/waits
is "V10 meanwhile another one may join" "$(code vpart cluster join --incomplete --timeout 1) $(grep -c 'there is no quorum: 1 of 2 nodes' /tmp/err)" "1 1"
is "... or leave" "$(code vpart cluster leave) $(grep -c 'the node has unmounted; there is no systemd here' /tmp/err)" "1 1"
mv $setup /root/away
corosync-cmapctl -s quorum.cancel_wait_for_all u8 1
t "it has waited long enough" wait_for 30 test -s /tmp/waits.code
is "... and sees that the node has left" "$(cat /tmp/waits.code) $(grep -c 'this node has left cluster prod meanwhile' /tmp/waits)" "1 1"
mv /root/away $setup
kill "$(pidof corosync)"
ended() { ! pidof corosync >/dev/null; }
t "corosync ends" wait_for 30 ended
vpart cluster leave >/dev/null
clean
set_up "a pair with two links, and three replicas" create prod vios1=10.9.0.1,10.7.0.1 vios2=10.9.0.2,10.7.0.2 \
	repo /dev/vdd,/dev/vdb,/dev/vde fence none
is "each node has two addresses, DLM the protocol for them" \
	"$(grep -c ring1_addr $conf) $(grep protocol /etc/dlm/dlm.conf)" "2 protocol=sctp"
t "corosync takes it" corosync -t
cp $setup /root/two
vpart cluster leave >/dev/null

# --- on the other node: its devices are found by what is on them
ip addr del 10.9.0.1/24 dev v0
ip addr del 10.7.0.1/24 dev v1
ip addr add 10.9.0.2/24 dev v0
ip addr add 10.7.0.2/24 dev v1
cp /root/example $conf
sed 's|^device .*|device /dev/vdx|' /root/two >/root/moved
is "a file that was changed is not taken" "$(code vpart cluster join /root/moved) $(cat /tmp/err)" \
	"1 vpart: /root/moved is damaged, or was changed: copy it again"
found() { vpart --json cluster join /root/two "$@" | python3 -c 'import json, sys; print(*json.load(sys.stdin)["devices"])'; }
is "as the first node calls them" "$(found --dry-run)" "/dev/vdd /dev/vdb /dev/vde"
wipe /dev/vde
is "by what is on them, two of three" "$(found --dry-run)" "/dev/vdd /dev/vdb"
is "those that are named" "$(found --dry-run repo /dev/vdb,/dev/vdd)" "/dev/vdd /dev/vdb"
vpart cluster join /root/two --no-start repo /dev/vdd,/dev/vdb >/dev/null
is "... the next time, too" "$(vpart --json cluster join --dry-run | grep -c '/dev/vd[bd]"') $(cat /etc/vpart/cluster.devices)" "2 /dev/vdd,/dev/vdb"
vpart cluster leave >/dev/null
cp /root/example $conf
is "none that is another" "$(code vpart cluster join /root/two repo /dev/vdb,/dev/vdc) $(cat /tmp/err)" \
	"1 vpart: /dev/vdc is not the repository of cluster prod, or cannot be read"
dd if=/dev/vdb of=/dev/vde bs=1M count=2 conv=fsync,notrunc status=none
is "not two that are the same" "$(code vpart cluster join /root/two) $(grep -c 'are both replica 1' /tmp/err)" "1 1"
wipe /dev/vde
wipe /dev/vdd
is "no minority" "$(code vpart cluster join /root/two) $(cat /tmp/err)" "1 vpart: only 1 of 3 replicas of cluster prod are here"
is "nothing was written" "$(find /etc/vpart /etc/dlm /etc/corosync -type f)" $conf
done_testing
