#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# agent.sh NET,MAC,IPV4/LENGTH,IPV6/LENGTH...: in a machine of tests/vm/machines,
# set up its network adapters, then run what is asked for by the second serial port:
#
#	run NUMBER	the commands in /run/vm/cmd/NUMBER.sh, whose output goes to
#			NUMBER.out and .err there; when they end: "done NUMBER CODE"
#	kill NUMBER	them and what they started
#	off		ends the machine
#
# Each runs in a shell of its own, with the functions of common.sh.

# shellcheck source=tests/lib/common.sh
. /src/tests/lib/common.sh
# The cable is in, and what is sent is no more thrown away.
works() {
	local state
	read -r state <"/sys/class/net/$1/operstate"
	[ "$state" = up ]
}

[ $# -eq 0 ] || modprobe -q virtio_net
for nic; do
	IFS=, read -r net mac v4 v6 <<<"$nic"
	for dev in /sys/class/net/*; do
		read -r its <"$dev/address"
		[ "$its" != "$mac" ] || ip -batch - <<-EOT
			link set ${dev##*/} name $net up
			addr add $v4 dev $net
			addr add $v6 dev $net nodad
		EOT
	done
done
for nic; do wait_for 60 works "${nic%%,*}" || echo "no link: $nic"; done

port=/dev/ttyS1
cmd=/run/vm/cmd
declare -A running
stty -F $port raw -echo
exec 3<>$port
set -m	# a process group for each
echo ready >&3
while read -r -u 3 verb n; do
	case $verb in
	run)
		{
			( . "$cmd/$n.sh" ) </dev/null >"$cmd/$n.out" 2>"$cmd/$n.err" 3>&-
			echo "done $n $?" >&3
		} &
		running[$n]=$!
		;;
	kill)
		kill -KILL -- -"${running[$n]}"
		;;
	off)
		exit
		;;
	esac
done
