# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Shared by the scripts of this suite. The module must be loaded.
NLPY=/src/tests/suites/vpart/nl.py

# One interpreter answers all requests; its ends survive in subshells.
nl_open() {
	coproc NL { exec python3 $NLPY -b; }
	exec 7<&"${NL[0]}" 8>&"${NL[1]}"
	eval "exec ${NL[0]}<&- ${NL[1]}>&-"
	nl_pid=$NL_PID
}
nl_close() {
	exec 7<&- 8>&-
	wait "$nl_pid"
}

# nl [-d] COMMAND [ATTR=VALUE...]: a request, as nl.py's.
nl() {
	local kind text
	echo "$*" >&8
	while read -r kind text <&7; do
		case $kind in
		o) echo "$text" ;;
		e) echo "$text" >&2 ;;
		x) return "$text" ;;
		esac
	done
	return 99
}

# refused DESCRIPTION REGEX REQUEST...: with a sentence that matches.
refused() { local d=$1 r=$2; shift 2; fails "$d" "$r" nl "$@"; }

# Each line of stdin is a test, see nl.py: "DESCRIPTION # REGEX # REQUEST..."
refusals() {
	local result desc detail
	while IFS=$'\t' read -r result desc detail; do
		if [ "$result" = ok ]; then ok "$desc"; else not_ok "$desc" "$detail"; fi
	done < <(python3 $NLPY -r)
}

# value ATTR MESSAGE
value() { grep -o "\b$1=[^ ]*" <<<"$2" | cut -d= -f2; }
