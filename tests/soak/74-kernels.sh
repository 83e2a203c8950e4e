#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: three machines with different kernels: verified I/O while each gets another one in turn
# kernel: host
# machines: 3
# guests: 6.1 6.12 7.2
# round: 60
# limit: 2400
cd "$(dirname "$0")/../.." || exit
# shellcheck source=tests/lib/machines.sh
. tests/lib/machines.sh
# shellcheck source=tests/lib/three.sh
. tests/lib/three.sh
# One of the links with digests, which kernels compute by different interfaces.
client_up() { begin c && on c "$(_partitions)" && reach 1 1 digest all && reach 2; }

runs() { on "$1" 'uname -r' | grep -oE '^[0-9]+\.[0-9]+'; }
# kernels WANTED: of the client, server 1 and server 2
kernels() { is "the client runs ${1/ /, its servers }" "$(echo "$(runs c)" "$(runs s1)" "$(runs s2)")" "$1"; }

# server N KERNEL: it gets another kernel while the client writes.
server() {
	local what="server $1 gets $2"
	seqs vol
	t "$what: the load has begun" goes_on vol
	t "$what: R8 its machine is off" kill_machine "s$1"
	t "$what: R8 writes go on" goes_on vol
	t "$what: R9 it starts with it" eval "start_machine s$1 $2 && back s$1"
	t "$what: R9 redundancy is back, under load" wait_for 600 mirror_is normal
	t "$what: R9 writes go on" goes_on vol
	seqs_ok "$what: R8 R9 V1 V2 no error" vol
	quiet "$what"
}
# client KERNEL
client() {
	local what="the client gets $1"
	t "$what: it is off" stop_machine c
	t "$what: R9 it starts with it, and has its volume" eval "start_machine c $1 && back c"
	t "$what: R9 with both legs" wait_for 300 mirror_is normal
	seqs vol
	t "$what: it works" goes_on vol
	seqs_ok "$what: V1 V2 and has what it had" vol
	quiet "$what"
}

t "three machines" three 64M
t "R10 a mirror over two servers" three_up || exit
kernels "6.1 6.1 6.1"
server 1 7.2
server 2 6.12
kernels "6.1 7.2 6.12"
client 7.2
server 1 6.1
kernels "7.2 6.1 6.12"
client 6.12
server 2 7.2
kernels "6.12 6.1 7.2"
for n in 1 2; do
	is "nothing was wrong on link $n, at either end" \
		"$(for m in c s$n; do json $m '[o[k] for k in ("auth_failures", "digest_errors", "protocol_errors")]' link show disk$n; done | uniq)" \
		"[0, 0, 0]"
done
is "link 1 has digests" "$(link c 1 digest) $(link s1 1 digest)" "all all"
done_testing
