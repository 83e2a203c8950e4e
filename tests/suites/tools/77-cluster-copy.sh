#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: host
# limit: 120
# summary: the local copy of a node: damaged at every byte, cut at every call, compared; vpart cluster local
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/guest.sh
. tests/lib/guest.sh

work=$(mktemp -d) || exit
trap 'rm -rf "$work"; [ -n "$_finished" ] || echo "Bail out! it ended early"' EXIT
folder=$work/lib/cluster
mkdir "$work/lib"
lab=$work/lab
flags=(-O1 -g -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror "-fsanitize=address,undefined"
	-fno-sanitize-recover=all "-DCOPY_FOLDER=\"$folder\"" -Itools/libvpart -Iinclude/uapi)
t "it builds with sanitizers" gcc "${flags[@]}" -Wl,--wrap={openat,write,fsync,renameat,mkdir,close} \
	-o "$lab" tests/suites/tools/copy_lab.c tools/libvpart/cluster_copy.c build/tools/libvpart.a -lmnl
t "R18 what is written is read" "$lab" roundtrip
t "R18 each byte, and each length: what is damaged is none" "$lab" damage
t "... with a right checksum it is read or refused" "$lab" hostile
t "R18 the machine dies at each call: the old one is there, or the new one" "$lab" dies
t "... each call fails: so it is" "$lab" fails
t "R18 it is on the disk before it has its name" "$lab" order
t "what is no name, no file, or too much" "$lab" strange
t "P23 newer is followed, older and foreign is not" "$lab" compare

# --- the command, whose folder is here, too
mapfile -t json < <(pkg-config --cflags --libs json-c devmapper libmnl | xargs -n 1)
t "the command builds with it" gcc "${flags[@]}" -DVPART_VERSION='"lab"' -Itools/vpart \
	-o "$work/vpart" tools/vpart/*.c tools/libvpart/cluster_copy.c build/tools/libvpart.a "${json[@]}"
vpart() { ASAN_OPTIONS=detect_leaks=0 "$work/vpart" "$@"; }
shown() { vpart --json cluster local show "${@:2}" | python3 -c "import json, sys; o = json.load(sys.stdin); print($1)"; }
rm -rf "$folder"
is "there is none" "$(shown 'o')" "[]"
is "... to be forgotten" "$(code vpart cluster local forget) $(cat /tmp/err)" "3 vpart: there is no such local copy"
"$lab" order
is "it is shown" "$(shown '[(r["cluster"], r["node"], r["commit"], r["objects"], r["state"]) for r in o]')" \
	"[('lab', 'n@1', 2, 5, 'ok')]"
is "... with what is in it" "$(shown '[(k, len(v), v[0]["id"]) for k, v in sorted(o["list"].items())]' at n@1)" \
	"[('client', 1, 101), ('lu', 1, 102), ('map', 1, 103), ('node', 1, 100), ('volume', 1, 104)]"
is "P23 ... and what mount is told" "$(shown 'o["expect"]' at n@1)" \
	"07070707-0707-0707-0707-070707070707:2:$((1 << 40)):2:9:4:2:12"
t "as a table" grep -q "^lab .* n@1 .* ok" <<<"$(vpart cluster local show)"
is "of nobody: not found" "$(code vpart cluster local show at n9)" 3
cp "$folder/n%401@lab" "$folder/n1@lab"
is "a damaged one is shown, too" "$(shown '[r["state"].split(": ")[-1] for r in o]') $(code vpart cluster local show)" \
	"['it is of another node', 'ok'] 4"
fails "of two, one is named" "there are 2 local copies: which one" vpart cluster local forget
t "P23 it is forgotten" vpart cluster local forget at n1
t "... the last one needs no name" vpart cluster local forget
is "... and is not there" "$(find "$folder" -type f)" ""
fails "a word that is none" "'keep' is neither show nor forget" vpart cluster local keep
done_testing
