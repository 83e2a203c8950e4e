# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Shared by the scripts of tests/: where things are kept and how to speak.
VPART_CACHE=${VPART_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/vpart}
mkdir -p "$VPART_CACHE"

say() { printf '%s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# kernel_source: print the folder of Debian's kernel source, unpacked once.
kernel_source() {
	local tarball=/usr/src/linux-source-6.1.tar.xz src
	[ -f "$tarball" ] || die "no $tarball: run tests/vm/deps"
	src=$VPART_CACHE/linux-source-6.1-$(dpkg-query -W -f '${Version}' linux-source-6.1)
	(
		flock 8
		[ ! -f "$src/.unpacked" ] || exit 0
		rm -rf "$src"
		mkdir -p "$src"
		tar -C "$src" --strip-components=1 -xf "$tarball" && touch "$src/.unpacked"
	) 8>"$VPART_CACHE/kernel-source.lock" || die "cannot unpack $tarball"
	echo "$src"
}

# debian_mirror: print the address of this machine's own Debian mirror.
debian_mirror() {
	local uri
	# shellcheck disable=SC2016 # apt expands the fields
	uri=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		awk '$2 == "bookworm" && $3 == "main" { print $1; exit }')
	[ -n "$uri" ] || die "apt has no source for Debian bookworm on this machine"
	echo "$uri"
}
