#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: host
# limit: 900
# summary: the server of shared memory: its words, and what its peers see; also with sanitizers
# when: whole
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/guest.sh
. tests/lib/guest.sh

tool=build/tools/vpart-ivshmem
log=build/log/${NAME:-tools/70-ivshmem}
mkdir -p "$log"

t "it has help" grep -q 'vpart-ivshmem status' <<<"$($tool --help)"
for verb in serve status; do
	t "$verb has help with an example" grep -q '^Example:' <<<"$($tool $verb --help)"
done
t "it has a version" grep -q '^vpart-ivshmem [0-9]' <<<"$($tool --version)"
$tool >/dev/null 2>&1
is "without a word it is of no use" $? 2

# wrong REGEX WORD...: exit code 2, and one sentence
wrong() {
	local regex=$1 said rc
	shift
	said=$(timeout 60 $tool "$@" 2>&1)
	rc=$?
	if [ "$rc" -eq 2 ] && [ "$(wc -l <<<"$said")" -eq 1 ] && grep -Eq -- "$regex" <<<"$said"; then
		ok "refused: $*"
	else
		not_ok "refused: $*" "exit $rc: $said"
	fi
}
wrong "unknown verb 'sing'" sing
wrong "socket is missing" serve
wrong "socket is missing" serve --size 1M
wrong "value is missing after '--socket'" serve --socket
wrong "unknown option '--colour'" serve --socket x --colour red
wrong "unknown word 'x'" serve x y
for size in 3M 1K 0 -1 1T 18446744073709551616 99999999999G 1MM '' K; do
	wrong "'$size' is no size" serve --socket x --size "$size"
done
for n in 0 129 1x ''; do wrong "no number of vectors" serve --socket x --vectors "$n"; done
for mode in 1777 0688 rw; do wrong "'$mode' is no mode" serve --socket x --mode $mode; done
wrong "no group 'nobodys'" serve --socket x --group nobodys
wrong "no user 'nobodys'" serve --socket x --allow-uid nobodys
nine=()
for n in {1..9}; do nine+=(--allow-uid "$n"); done
wrong "more than 8 times" serve --socket x "${nine[@]}"
wrong "is given twice" serve --socket x --socket y --socket x
wrong "more than 100 characters" serve --socket "$(printf '%0101d' 0)"
wrong "more than 100 characters" status "$(printf '%0101d' 0)"
wrong "path of a socket is missing" status --json
wrong "unknown option '-x'" status -x
fails "a folder that there is not" "cannot open .*No such file" timeout 60 $tool serve --socket /nowhere/x
fails "more files than the system allows" "need .* open files, and 64 is the limit" \
	bash -c "ulimit -n 64; exec timeout 60 $tool serve --socket $log/x --vectors 128"

# try NAME PROGRAM: all that peers can see; its tests are counted here.
try() {
	local line end
	while IFS= read -r line; do
		case $line in
		"ok "*)		ok "$1: ${line#* - }" ;;
		"not ok "*)	not_ok "$1: ${line#* - }" ;;
		*)		end=$line; echo "$line" ;;
		esac
	done < <(python3 tests/lib/ivshmem.py "$2" "$log" 2>&1; echo "# ended with $?")
	is "$1: all of it ran" "$end" "# ended with 0"
}
try "as installed" $tool
sanitize=-fsanitize=address,undefined
t "it builds with sanitizers" make -C tools BUILD="$PWD/build/tests/sanitized" \
	CFLAGS="-O1 -g -fno-omit-frame-pointer $sanitize -fno-sanitize-recover=undefined" \
	LDFLAGS=$sanitize "$PWD/build/tests/sanitized/vpart-ivshmem"
try "with sanitizers" build/tests/sanitized/vpart-ivshmem
done_testing
