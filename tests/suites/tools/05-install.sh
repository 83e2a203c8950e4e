#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: host
# limit: 120
# summary: make install into an empty root: what is there works, and systemd accepts the unit
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/guest.sh
. tests/lib/guest.sh

root=$(mktemp -d) || exit
trap 'rm -rf "$root"' EXIT
t "make install DESTDIR=" make install DESTDIR="$root"
t "the command runs" "$root/usr/sbin/vpart" -h
t "the library can be linked, its header stands alone" bash -c "echo '#include <libvpart.h>
int main(void) { vpart_close(vpart_open()); return 0; }' |
	gcc -Wall -Werror -I$root/usr/include -o $root/user -x c - -L$root/usr/lib -lvpart -Wl,-rpath,$root/usr/lib && $root/user"
zcat "$root/usr/share/man/man8/vpart.8.gz" >$root/page
for word in config diag resize; do
	t "the manual page has $word" grep -q "$word" "$root/page"
done
unit=lib/systemd/system/vpart.service
t "the unit is there" test -f "$root/$unit"
t "it names the installed command" grep -q '^ExecStart=/usr/sbin/vpart config restore' "$root/$unit"
if command -v systemd-analyze >/dev/null && [ -f /lib/systemd/system/sys-kernel-config.mount ]; then
	# What the unit wants of a system, as far as this one has it.
	cp /lib/systemd/system/{*.target,sys-kernel-config.mount,modprobe@.service} "$root/lib/systemd/system"
	mkdir -p "$root/sbin"
	cp "$(readlink -f /bin/true)" "$root/sbin/modprobe"
	said=$(systemd-analyze verify --man=no --root="$root" vpart.service 2>&1)
	rc=$?
	is "systemd-analyze verify has nothing to say of it" "$rc $(grep vpart <<<"$said")" "0 "
else
	skip "systemd-analyze verify has nothing to say of it" "there is no systemd here"
fi
done_testing
