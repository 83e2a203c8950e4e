# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# fabric.sh: adapter pairs by whatever fabric a script is run over.
#
# FABRIC says how the ends of a pair are joined: local (default), copy (the same with
# pages of its own), or tcp, tcp6, vsock, unix or shm with both ends in this machine;
# DIGEST=all asks for digests, KEY=NAME for a key, POLL=N over shm for poll queues. shm
# wants "# ivshmem: 16M" in the script's header, once for each pair.

fabric_mods() {
	case ${FABRIC:-local} in local | copy) return 0 ;; esac
	if [ "$FABRIC" = shm ]; then
		mods vpart_shm
		return
	fi
	mods vpart_stream && ip link set lo up || return
	[ "$FABRIC" != vsock ] || modprobe vsock_loopback 2>/dev/null || [ -e /dev/vsock ]
}
fabric_rmmod() {
	local m
	for m in vpart_stream vpart_shm vpart_auth; do
		[ ! -d /sys/module/$m ] || rmmod $m || return
	done
}

# shm_free: the number of the first shared memory whose devices no link uses.
shm_free() {
	local n used
	used=$(vpart link show)
	for n in 0 1 2 3; do
		grep -q "$(printf 'shm:0000:00:%02x.0' $((16 + 2 * n)))" <<<"$used" || break
	done
	echo $n
}

# join NAME CLIENT SERVER [PATH-LOSS]: an adapter pair, by the fabric that is asked for.
_pairs=0
join() {
	local listen connect n _how=()
	_pairs=$((_pairs + 1))
	case ${FABRIC:-local} in
	local | copy)
		[ "${FABRIC:-local}" = local ] || _how=(--copy)
		vpart adapter add client "$2" server "$3" name "$1" ${4:+path-loss "$4"} "${_how[@]}" >/dev/null
		return
		;;
	tcp) listen=tcp:127.0.0.1:7300 connect=$listen ;;
	tcp6) listen="tcp:[::1]:7300" connect=$listen ;;
	vsock) listen=vsock:any:7300 connect=vsock:local:7300 ;;
	unix) listen=unix:@vpart connect=$listen ;;
	shm)
		n=$(shm_free)
		listen=$(printf 'shm:0000:00:%02x.0' $((16 + 2 * n)))
		connect=$(printf 'shm:0000:00:%02x.0' $((17 + 2 * n)))
		;;
	*) return 1 ;;
	esac
	vpart link add "$1" client "$2" server "$3" id $_pairs listen $listen key "${KEY:-none}" >/dev/null &&
		vpart link add "$1" client "$2" server "$3" id $_pairs connect $connect key "${KEY:-none}" \
			digest "${DIGEST:-none}" ${4:+path-loss "$4"} ${POLL:+poll "$POLL"} >/dev/null
}
