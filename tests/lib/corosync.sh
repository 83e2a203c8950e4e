# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# corosync.sh: in a machine, a cluster by corosync and dlm_controld. Their logs are in /out.

# corosync_conf NODE...: each is ID,NAME,ADDRESS. PAIR=1: either of two may go on alone.
corosync_conf() {
	local node id name address
	mkdir -p /etc/corosync /var/lib/corosync
	# One statement in a line: its parser is strict.
	{
		printf '%s\n' "totem {" "version: 2" "cluster_name: lab" "token: 1000" \
			"crypto_cipher: none" "crypto_hash: none" "}" \
			"logging {" "to_stderr: no" "to_syslog: no" "to_logfile: yes" \
			"logfile: /out/corosync.log" "timestamp: on" "}" \
			"quorum {" "provider: corosync_votequorum" ${PAIR:+"two_node: 1"} "}" "nodelist {"
		for node; do
			IFS=, read -r id name address <<<"$node"
			printf '%s\n' "node {" "nodeid: $id" "name: $name" "ring0_addr: $address" "}"
		done
		echo "}"
	} >/etc/corosync/corosync.conf
}

quorate() { corosync-quorumtool -s 2>/dev/null | grep -q 'Quorate: *Yes'; }
# corosync_up: start it; quorate is for who wants to wait
corosync_up() { setsid -f corosync -f </dev/null >>/out/corosync 2>&1; }

# corosync_other ADDRESS OWN: a second node in this machine, with a network, processes' memory
# and files of its own; this one gets the address OWN. Sets $other, its pid.
corosync_other() {
	local file
	file=$(mktemp)
	# shellcheck disable=SC2016
	setsid -f unshare -m -n bash -c 'echo $$ >"$1"
		umount -a -t clusterfs	# what is unmounted outside is gone
		for dir in /dev/shm /run /var/lib/corosync; do mount -t tmpfs own "$dir"; done
		ip link set lo up
		until ip link set v2 up; do sleep 0.05; done
		ip addr add "$2/24" dev v2
		exec corosync -f' other "$file" "$1" </dev/null >>/out/other 2>&1
	wait_for 5 test -s "$file"
	other=$(cat "$file")
	rm "$file"
	ip link add v1 type veth peer name v2 netns "$other"
	ip link set v1 up
	ip addr add "$2/24" dev v1
}

# dlm_answers: does dlm_controld? The exit code of dlm_tool is always 0.
dlm_answers() { dlm_tool status 2>/dev/null | grep -q '^cluster nodeid'; }
# dlm_up [LINE...]: dlm_controld, whose dlm.conf has these lines
dlm_up() {
	modprobe dlm
	mkdir -p /etc/dlm
	printf '%s\n' log_debug=1 protocol=tcp post_join_delay=3 "$@" >/etc/dlm/dlm.conf
	setsid -f dlm_controld -D </dev/null >>/out/dlm_controld 2>&1
	wait_for 20 dlm_answers
}

# clusterd_up [OPTION...]: what it says goes to /out/clusterd
clusterd_up() { setsid -f vpart-clusterd "$@" </dev/null >>/out/clusterd 2>&1; }
# clusterd_says REGEX [TIMES]
clusterd_says() { [ "$(grep -cE -- "$1" /out/clusterd)" -ge "${2:-1}" ]; }
# pid NAME: of a program that runs
pid() { pidof -s "$1"; }

# as_debian: a machine as its packages leave it: corosync runs with its example, and DLM with it;
# vpart cluster finds systemd, and the mount its module
as_debian() {
	mkdir -p /run/systemd/system
	ln -sf /src/tests/lib/systemctl /usr/local/sbin/systemctl
	mods clusterfs_dlm
	systemctl enable corosync.service dlm.service
	systemctl start corosync.service dlm.service
}
