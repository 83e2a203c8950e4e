#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: each allocation of loading, of an end, of login and of commands fails: refused whole, or done later
# kernel: debug
# append: kmemleak=on
# disks: 16M
# smp: 2
# limit: 600
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/stream/lib.sh

faults_possible
memory=/src/tests/suites/stream/memory.py
mods vpart vpart_auth
walks $memory module vpart_stream
mods vpart_stream && ip link set lo up
key k 0123456789abcdef0123456789abcdef
vpart partition add vios1 vios uuid $stream_server >/dev/null
vpart partition add client1 client uuid $stream_client >/dev/null
walks $memory ends stream tcp:127.0.0.1:7400 unix:@f
walks /src/tests/suites/stream/shown.py tcp:127.0.0.1:7400 150
t "no end is left" rmmod vpart_stream
t "nor anything else" rmmod vpart_auth vpart

stream_up
key k 0123456789abcdef0123456789abcdef
backstore d1 /dev/vdb
export FABRIC=unix KEY=k
. /src/tests/lib/fabric.sh
t "R10 a pair, both ends here, by a unix socket" eval 'join p1 client1 vios1 60 && mkdir -p $cfg/vscsi/p1/tpgt_1 && echo 1 >$cfg/vscsi/p1/tpgt_1/enable && lun_add p1 0 d1'
walks $memory session p1 16384
t "the ends go" eval 'vpart link del p1 side client --force && server_del p1'
t "the modules go" stream_down
no_leaks "nothing leaked on the way out"
done_testing
