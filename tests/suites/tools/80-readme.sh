#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# disks: 64M 64M
# limit: 240
# summary: what README.md shows of a mirrored volume in one machine
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh
# shellcheck source=tests/lib/readme.sh
. /src/tests/lib/readme.sh

# all_of REGEX: each command of the block after that line of README.md.
all_of() {
	local line
	while read -r line; do
		t "README.md: $line" eval "$(here "$line")" </dev/null
	done < <(shown "$1")
}
is "there is what it has to show" "$(shown '^The shortest way' | wc -l) $(shown '^Now lose a server' | wc -l)" "11 7"
mods sd_mod	# udev would
all_of '^The shortest way'
all_of '^Now lose a server'
is "R9 at the end both legs hold everything" \
	"$(vpart --json mirror show vol | python3 -c 'import json, sys; print(json.load(sys.stdin)["state"])')" normal
t "V1 what was copied meanwhile is there" diff -r --no-dereference /etc /mnt/etc
done_testing
