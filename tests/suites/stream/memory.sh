# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# memory.sh: each allocation of a fabric's module, ends, logins and commands fails.
#
#	export FABRIC=unix		the fabric of a pair, see lib/fabric.sh
#	module=vpart_stream up=stream_up
#	ends=(stream tcp:...)		walks of ends: fabric, addresses
#	begin() { ...; }		what else there is when the module is loaded
#	. /src/tests/suites/stream/memory.sh
. /src/tests/lib/faults.sh

faults_possible
memory=/src/tests/suites/stream/memory.py
mods vpart vpart_auth
walks $memory module "$module"
mods "$module"
key k 0123456789abcdef0123456789abcdef
begin
ends_parts
walks $memory ends "${ends[@]}"
walks /src/tests/suites/stream/shown.py "${ends[1]}" 150
t "no end is left" rmmod "$module"
t "nor anything else" rmmod vpart_auth vpart

t "modules and partitions" "$up"
key k 0123456789abcdef0123456789abcdef
backstore d1 /dev/vdb
export KEY=k
t "R10 a pair, both ends here, over $FABRIC" eval 'pair p1 client1 vios1 60 && lun_add p1 0 d1'
walks $memory session p1 16384
t "the ends go" eval 'client_del p1 && server_del p1'
t "the modules go" ends_down
no_leaks "nothing leaked on the way out"
done_testing
