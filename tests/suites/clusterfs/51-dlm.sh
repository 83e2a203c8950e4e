#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: DLM between machines: mount, leave, a member that dies, what is refused and why
# kernel: host
# machines: 2
# guests: stock
# limit: 240
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh

export PYTHONDONTWRITEBYTECODE=1
port=7400
mnt=/run/cfs
machine a --net lan --disk 64M
machine b --net lan --disk-of a
in_net setpriv --pdeathsig KILL python3 tests/lib/dlm.py lead $port >"$_lab/lead" 2>&1 &
lead() { in_net python3 tests/lib/dlm.py tell "$(addr host lan)" $port "$@"; }
# serve MACHINE ID [CLUSTER [CALLBACKS]]: its daemon
serve() {
	on "$1" "python3 /src/tests/lib/dlm.py serve $(addr host lan) $port $2 $(addr "$1" lan) ${*:3} >>/out/dlm 2>&1"
}
# cfs MACHINE NODE [OPTION...]
cfs() {
	on "$1" "mkdir -p $mnt; python3 /src/tests/suites/clusterfs/mount.py /dev/vdb $mnt node=$2 lock=dlm ${*:3}"
}
for m in a b; do on $m mods dlm clusterfs clusterfs_dlm; done
on a mkfs.clusterfs --force --cluster lab --nodes 4 --objects 256 --events 16 --log 32 /dev/vdb
t "serve" serve a 1
t "R17 mount" cfs a n1
on a "cat $mnt/config"
t "serve" serve b 2
t "R17 mount" cfs b n2
on b "cat $mnt/config; ls $mnt/nodes"
on a "cat $mnt/config; ls $mnt/nodes"
t "leave" on b umount $mnt
on a "cat $mnt/config; cat $mnt/nodes/*"
t "leave" on a umount $mnt
on a rmmod clusterfs_dlm clusterfs
cat "$_lab/lead"
done_testing
