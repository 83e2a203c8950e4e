# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Shared by the scripts of tests/: where things are kept and how to speak.
VPART_CACHE=${VPART_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/vpart}
mkdir -p "$VPART_CACHE"

say() { printf '%s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
