# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# corosync.sh: in a machine, a cluster by corosync and dlm_controld. Their logs are in /out.

# corosync_conf NODE...: each is ID,NAME,ADDRESS[,VOTES]; two are a pair (two_node), unless
# their votes differ
corosync_conf() {
	local node id name address votes two=
	[[ $# -ne 2 || $1$2 = *,*,*,* ]] || two="two_node: 1"
	mkdir -p /etc/corosync /var/lib/corosync
	# One statement in a line: its parser is strict.
	{
		printf '%s\n' "totem {" "version: 2" "cluster_name: lab" "token: 1000" \
			"crypto_cipher: none" "crypto_hash: none" "}" \
			"logging {" "to_stderr: no" "to_syslog: no" "to_logfile: yes" \
			"logfile: /out/corosync.log" "timestamp: on" "}" \
			"quorum {" "provider: corosync_votequorum" ${two:+"$two"} "}" "nodelist {"
		for node; do
			IFS=, read -r id name address votes <<<"$node"
			printf '%s\n' "node {" "nodeid: $id" "name: $name" "ring0_addr: $address" \
				"quorum_votes: ${votes:-1}" "}"
		done
		echo "}"
	} >/etc/corosync/corosync.conf
}

quorate() { corosync-quorumtool -s 2>/dev/null | grep -q 'Quorate: *Yes'; }
# corosync_up: start it; quorate is for who wants to wait
corosync_up() { setsid -f corosync -f </dev/null >>/out/corosync 2>&1; }

# dlm_up [LINE...]: dlm_controld, whose dlm.conf has these lines
dlm_up() {
	modprobe dlm
	mkdir -p /etc/dlm
	printf '%s\n' log_debug=1 protocol=tcp post_join_delay=3 "$@" >/etc/dlm/dlm.conf
	setsid -f dlm_controld -D </dev/null >>/out/dlm_controld 2>&1
	wait_for 20 dlm_tool status
}

# clusterd_up [OPTION...]: what it says goes to /out/clusterd
clusterd_up() { setsid -f vpart-clusterd "$@" </dev/null >>/out/clusterd 2>&1; }
# clusterd_says REGEX [TIMES]
clusterd_says() { [ "$(grep -cE -- "$1" /out/clusterd)" -ge "${2:-1}" ]; }
# pid NAME: of a program that runs
pid() { pidof -s "$1"; }
