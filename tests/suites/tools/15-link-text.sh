#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: host
# limit: 400
# summary: what vpart link asks of a kernel and prints of its answers, which canned.c gives
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/guest.sh
. tests/lib/guest.sh

dir=$(mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT
make -s tools >/dev/null || exit
gcc -O1 -Wall -Wextra -Werror -Iinclude/uapi -shared -fPIC -o "$dir/canned.so" tests/suites/tools/canned.c || exit
# canned SCENE COMMAND...
canned() {
	local scene=$1
	shift
	CANNED=$scene CANNED_LOG=$dir/log LD_PRELOAD=$dir/canned.so "build/tools/$1" "${@:2}"
}
# get SCENE 'PYTHON OF o' COMMAND...
get() { canned "$1" vpart --json "${@:3}" | python3 -c "import json, sys; o = json.load(sys.stdin); print($2)"; }
# asks DESCRIPTION WANTED COMMAND...: these requests, and no others, are made.
asks() {
	rm -f "$dir/log"
	canned "${scene:-both}" "${@:3}" >"$dir/out" 2>&1
	is "$1" "$(cat "$dir/log")" "$2"
}
number() { # NAME: of a command or attribute in the header
	awk -v name="VPART_$1" '/^enum/ { n = 0 } /= 1,/ { n = 0 } $1 ~ /^VPART_(CMD|A)_/ { n++; sub(",", "", $1); if ($1 == name) print n }' include/uapi/linux/vpart.h
}

# --- what it prints ---
is "a table: both ends of a link that comes back to its kernel" "$(canned both vpart link show)" \
"NAME   SIDE    STATE  WHY            ADDRESS             PEER                CONN  COMMANDS              SENT   RECEIVED  RECONNECTS  LOST  DIGEST-ERRORS  ROUND-TRIP  DISKS
disk7  client  up     -              tcp:192.0.2.1:3260  tcp:192.0.2.1:3260  2     18446744073709551615  3 GiB  1.5 KiB   4           4     6              90 us       -
disk7  server  down   not connected  tcp:0.0.0.0:3260    -                   0     0                     0 B    0 B       0           0     0              -           -
disk7 (server): the other end has another key"
is "JSON: every name and value" "$(get both '" ".join(f"{k}={v}" for k, v in o.items() if k != "rtt_histogram")' link show disk7)" \
"name=disk7 id=7 side=client fabric=stream state=up why=None last_why=connection lost problem=None since_ms=123456 address=tcp:192.0.2.1:3260 peer=tcp:192.0.2.1:3260 key=k7 digest=all disks=[] netns=1 netns_name=None connections=2 commands=18446744073709551615 tx_bytes=3221225472 rx_bytes=1536 logins=5 reconnects=4 refused=2 auth_failures=1 lost=4 digest_errors=6 protocol_errors=8 rtt_min_us=70 rtt_max_us=600 rtt_last_us=90"
is "JSON: the histogram by the begin of each bucket" \
	"$(get both '[(b["from_us"], b["count"]) for b in o["rtt_histogram"] if b["count"]], o["rtt_histogram"][23]["from_us"]' link show disk7)" \
	"[(64, 1000), (128, 500), (512, 3)] 8388608"
is "of one: the histogram as a chart" "$(canned both vpart link show disk7 | sed -n '/^round trips/,$p')" \
"round trips
  64 us - 128 us            1000 ########################################
  128 us - 256 us            500 ####################
  256 us - 512 us              0
  512 us - 1.0 ms              3 #"
is "of one: bytes and times for people" "$(canned both vpart link show disk7 | grep -E '^(tx|rx|rtt_)' | tr -s ' ')" \
"tx_bytes 3 GiB
rx_bytes 1.5 KiB
rtt_min_us 70 us
rtt_max_us 600 us
rtt_last_us 90 us"
is "the other end, when asked for" "$(get both 'o["side"], o["why"], o["problem"], o["rtt_last_us"]' link show disk7 side server)" \
	"server not connected the other end has another key None"
t "... no round trip is said" bash -c "CANNED=server LD_PRELOAD=$dir/canned.so build/tools/vpart link show disk7 | grep -qx 'no round trip yet'"
is "the only end, when none is asked for" "$(get server 'o["side"]' link show disk7)" server
is "rows of one end alone" "$(get both '[l["side"] for l in o]' link show side server)" "['server']"
is "an end that is not there: not found" "$(canned server vpart link show disk7 side client 2>/dev/null; echo $?)" 3
is "values that nobody knows" "$(get odd 'o[0]["side"], o[0]["state"], o[0]["why"], o[0]["digest"], o[0]["address"], sum(b["count"] for b in o[0]["rtt_histogram"])' link show)" \
	"unknown unknown unknown unknown abc 0"
is "the longest and the shortest of all" "$(canned odd vpart link show x | sed -n '/^round trips/,$p' | sed -n '2p;$p')" \
"  below 2 us                   1 #
  8.4 s or more       18446744073709551615 ########################################"
is "R10 an adapter pair with its only end here" "$(get server 'o["here"], o["client_slot"], o["server_slot"], o["address"], o["key"], o["digest"], o["problem"]' adapter show disk7)" \
	"server None 4 tcp:192.0.2.1:3260 k7 header the other end has another key"
is "R10 ... for people: a slot elsewhere is -" "$(canned server vpart adapter show disk7 | grep _slot | tr -s ' ')" $'client_slot -\nserver_slot 4'
is "R10 adapter pairs: which end is here" "$(canned both vpart adapter show | awk '{ print $4, $5 }')" $'HERE FABRIC\nclient stream\nserver stream'

# --- what it asks for ---
new=$(number CMD_ADAPTER_NEW) del=$(number CMD_ADAPTER_DEL)
want="$new: $(number A_ADAPTER_ID)=7 $(number A_ADAPTER_NAME)=l $(number A_ADAPTER_CLIENT)=c $(number A_ADAPTER_SERVER)=s"
slot=" $(number A_ADAPTER_CLIENT_SLOT)=9" fabric=" $(number A_ADAPTER_FABRIC)=stream" loss=" $(number A_ADAPTER_PATH_LOSS)=12"
side=" $(number A_ADAPTER_SIDE)" address=" $(number A_ADAPTER_ADDRESS)" key=" $(number A_ADAPTER_KEY)=k" digest=" $(number A_ADAPTER_DIGEST)=3"
poll=" $(number A_ADAPTER_POLL)=2"
asks "connect makes the client's end, with all that it has" \
	"$want$slot$fabric$loss$side=0$address=tcp:[::1]:4$key$digest$poll" \
	vpart link add l client c server s id 7 connect 'tcp:[::1]:4' key k digest all path-loss 12 slot 9 poll 2
asks "listen makes the server's end; what is not given is not sent" "$want$fabric$side=1$address=unix:@x" \
	vpart link add l client c server s id 7 listen unix:@x key none
asks "vsock is of the fabric stream too" "$want$fabric$side=1$address=vsock:any:5" \
	vpart link add l client c server s id 7 listen vsock:any:5 key none digest none
asks "shm is a fabric of its own" "$want${fabric/stream/shm}$side=0$address=shm:0000:00:04.0" \
	vpart link add l client c server s id 7 connect shm:0000:00:04.0 key none
# deletes DESCRIPTION SIDES COMMAND...: the ends that are deleted, in this order.
deletes() {
	rm -f "$dir/log"
	canned "${scene:-both}" "${@:3}" >"$dir/out" 2>&1
	is "$1" "$(grep "^$del:" "$dir/log" | sed "s/.*$side=//" | xargs)" "$2"
}
deletes "R10 a link goes with both its ends, the client's first" "0 1" vpart link del disk7
deletes "R10 ... as an adapter pair too" "0 1" vpart adapter del disk7
deletes "R10 one end when it is asked for" 1 vpart link del disk7 side server
scene=server
deletes "R10 the only end" 1 vpart link del disk7
deletes "R10 ... and only that" "" vpart link del disk7 side client
is "... which is said" "$(cat "$dir/out")" "vpart: the client's end of link disk7 is not in this kernel"
done_testing
