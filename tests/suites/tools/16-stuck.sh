#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: host
# limit: 60
# summary: which commands keep a LU from going, by what the server tells, look after look
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/guest.sh
. tests/lib/guest.sh

dir=$(mktemp -d) || exit
trap 'rm -rf "$dir"; [ -n "$_finished" ] || echo "Bail out! it ended early"' EXIT
t "it builds with sanitizers" gcc -O1 -g -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror \
	"-fsanitize=address,undefined" -fno-sanitize-recover=all -Itools/libvpart -Iinclude/uapi \
	-Wl,--wrap={vpart_nl_start,vpart_nl_run} -o "$dir/lab" \
	tests/suites/tools/stuck_lab.c tools/libvpart/stuck.c build/tools/libvpart.a -lmnl
is "V10 a LU goes, or stays with a sentence" "$("$dir/lab" 2>&1; echo $?)" 0
done_testing
