#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: vpart cluster create, join and leave on two machines: one command for each; one is fenced, and joins again
# kernel: host
# when: whole
# machines: 2
# guests: stock
# limit: 420
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh
# shellcheck source=tests/lib/cluster.sh
. tests/lib/cluster.sh

port=7600
setup=/etc/vpart/cluster.setup
mnt=/run/clusterfs
# The fence device has a way of its own. Corosync locks its memory.
machine a --net lan --net power --disk 160M --mem 768
machine b --net lan --net power --disk-of a --mem 768
power $port

of() { on "$1" "sed -n 's/^$2: //p' $mnt/$3"; }	# MACHINE KEY FILE
says() { [ "$(of "$1" "$2" "$4")" = "$3" ]; }	# MACHINE KEY VALUE FILE
fence="/src/tests/lib/fence_lab port=$port host=$(addr host power) n1:machine=a n2:machine=b"
debian a
debian b

# --- one command on each
# create FENCE: on the first one; what it says is in /out
create() {
	on -t 280 a "vpart cluster create prod n1=$(addr a lan) n2=$(addr b lan) repo /dev/vdb fence '$1' >/out/said 2>/out/create
		rc=\$?; cat /out/said /out/create >&2; exit \$rc"
}
fails "P24 the fence device is not reached over the nodes' link" "reached over the nodes' only link" \
	create "/src/tests/lib/fence_lab port=$port host=$(addr host lan) n1:machine=a n2:machine=b"
create "$fence" >"$_lab/create" 2>&1 &
created=$!
t "the first one has a file for the other one" wait_for 60 on a test -s $setup
on a "cp $setup /out/setup"
cp "$(out a)/setup" "$(out b)/setup"
waits() { grep -q "1 of 2 nodes are there, which is no quorum yet" "$(out a)/create"; }
t "it waits for that, and says so" wait_for 60 waits
t "R17 the other one joins by one command" on -t 280 b vpart cluster join /out/setup
wait $created
is "R17 the first one has become a member meanwhile" "$? $(grep -c "node n1 is a member of cluster prod, which is mounted at $mnt: OK" "$_lab/create")" "0 1"
for m in a b; do
	t "both see both ($m)" wait_for 20 sees $m "n1:member n2:member"
	t "R17 each is well ($m)" on $m vpart cluster status
done
is "what two nodes need" "$(on b corosync-quorumtool -s | grep -oE '2Node|Quorate|WaitForAll' | sort -u | xargs)" "2Node Quorate WaitForAll"
is "it is encrypted" "$(on b corosync-cmapctl -g totem.crypto_cipher)" "totem.crypto_cipher (str) = aes256"
is "their configuration is the same" "$(on a cat /etc/corosync/corosync.conf /etc/dlm/dlm.conf $setup | md5sum)" \
	"$(on b cat /etc/corosync/corosync.conf /etc/dlm/dlm.conf $setup | md5sum)"
is "units are enabled, and DLM is started by ours" "$(on b ls /run/enabled | xargs)" "corosync.service vpart-cluster.service vpart-clusterd.service"
# status LINE...: of dlm_controld's configuration, then what vpart says of it
status() { on a "dlm_tool set_config $1 >/dev/null; vpart cluster status | grep -c '^without a fence agent DLM grants'; vpart --json cluster status | grep '\"fencing\"'" | tr -d ' ,\n'; }
is "P19 status says that nobody is fenced, as DLM's daemon runs" "$(status enable_fencing=0)" '1"fencing":false'
is "P19 ... and says nothing otherwise" "$(status enable_fencing=1)" '0"fencing":true'
is "R17 an address is stored" "$(on b "vpart --json cluster nodes" | grep -c "$(addr b lan)")" 1
on a "vpart cluster add client c1 >/dev/null"
t "R22 the other one knows" on b "wait_for 20 grep -qsx 'name: c1' $mnt/clients/*"
t "a second time it is done already" on b vpart cluster join

# --- what it knew
copy=/var/lib/vpart/cluster/n2@prod
t "R18 it keeps what it knows" on b "wait_for 10 test -s $copy"
on b "umount $mnt && python3 /src/tests/suites/clusterfs/local.py $copy 9"
fails "P23 it knew a newer repository: it does not join" \
	"this repository is older than what the node knew: generation 1, not 9; .*vpart cluster local forget" \
	on -t 120 b vpart cluster join
t "... nothing of it was registered" sees a "n1:member n2:left"
t "P23 that is forgotten" on b vpart cluster local forget
t "R17 it joins" on -t 120 b vpart cluster join
t "R18 what it knows is kept again" on b "wait_for 10 test -s $copy"
on b "umount $mnt"
t "R18 it knew an older one, and joins" on -t 120 b vpart cluster join

# --- one leaves, and joins again
on b "exec 9<$mnt/config; vpart cluster leave 2>/out/said; echo \$? >>/out/said"
is "what is in use is not left" "$(grep -c 'something there is in use' "$(out b)/said") $(tail -n 1 "$(out b)/said")" "1 1"
t "... and goes on" on b vpart cluster status
t "R17 it leaves" on -t 120 b vpart cluster leave
is "nothing is left of it" "$(on b "find $setup /etc/dlm /etc/corosync /run/enabled /var/lib/vpart -type f; pidof corosync dlm_controld vpart-clusterd; ls /sys/kernel/dlm" 2>/dev/null | xargs)" ""
t "R22 the other one sees that" wait_for 20 sees a "n1:member n2:left"
t "... and goes on" on a "wait_for 20 vpart cluster status && vpart cluster add client c2"
t "R17 it joins again" on -t 280 b vpart cluster join /out/setup
t "R22 it is a member again" wait_for 20 sees a "n1:member n2:member"
is "nobody was fenced" "$(grep -c ^off "$_lab/power")" 0

# --- the fence agent is the one that was named
on b 'kill -KILL $(pidof corosync)'
t "P19 who dies is fenced" wait_for 60 grep -q '^b off' "$_lab/power"
t "P19 and the cluster knows" wait_for 60 sees a "n1:member n2:fenced"
t "... and goes on" on a "wait_for 40 vpart cluster status && vpart cluster add client c3"
start_machine b
debian b
t "its files are written" on b vpart cluster join /out/setup --no-start
is "... and nothing else: the package's example runs" "$(on b corosync-cmapctl -g totem.cluster_name)" \
	"totem.cluster_name (str) = debian"
t "R17 it joins again by them" on -t 280 b vpart cluster join
t "R22 with what was committed meanwhile" on b "wait_for 20 grep -qsx 'name: c3' $mnt/clients/*"
t "both are members" wait_for 20 sees a "n1:member n2:member"
for m in b a; do t "R17 $m leaves" on -t 120 $m vpart cluster leave; done
t "V6 the repository is whole" on a fsck.clusterfs -n /dev/vdb
done_testing
