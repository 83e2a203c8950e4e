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
t "it builds with sanitizers" gcc "${flags[@]}" -Wl,--wrap={openat,write,fsync,renameat,mkdir,close,readdir} \
	-o "$lab" tests/suites/tools/copy_lab.c tools/libvpart/cluster_copy.c build/tools/libvpart.a -lmnl
t "R18 what is written is read" "$lab" roundtrip
t "R18 each byte, and each length: what is damaged is none" "$lab" damage
t "... with a right checksum it is read or refused" "$lab" hostile
t "R18 the machine dies at each call: the old one is there, or the new one" "$lab" dies
t "... each call fails: so it is" "$lab" fails
t "R18 it is on the disk before it has its name" "$lab" order
t "what is no name, no file, or too much" "$lab" strange
t "R18 a folder that cannot be read to its end is no list" "$lab" listed
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

# --- mount(8)'s helper: what it hands on
t "the helper builds with it" gcc "${flags[@]}" -DVPART_VERSION='"lab"' -o "$work/mount.clusterfs" \
	tools/mount.clusterfs/main.c tools/libvpart/cluster_copy.c build/tools/libvpart.a -lmnl
mkdir "$work/bin"
cat >"$work/bin/mount" <<'E'
#!/bin/sh
echo "$@"
E
chmod +x "$work/bin/mount"
helper() { PATH=$work/bin:$PATH ASAN_OPTIONS=detect_leaks=0 "$work/mount.clusterfs" "$@"; }
expect=expect=07070707-0707-0707-0707-070707070707:2:$((1 << 40)):2:9:4:2:12
is "what comes is handed on" "$(helper dev dir -sfnv -N 7 -o rw,node=n2 -t clusterfs)" \
	"-i -t clusterfs -s -f -n -v -N 7 -o rw,node=n2 -- dev dir"
is "... without options, too" "$(POSIXLY_CORRECT=1 helper dev dir -n)" "-i -t clusterfs -n -- dev dir"
is "P23 what the node knew is added" "$(helper dev dir -o rw,node=n@1,cluster=lab)" \
	"-i -t clusterfs -o rw,node=n@1,cluster=lab,$expect -- dev dir"
is "P23 ... and the cluster, so that the kernel refuses another one" "$(helper dev dir -o node=n@1 -o rw)" \
	"-i -t clusterfs -o node=n@1,rw,cluster=lab,$expect -- dev dir"
is "not that of another cluster" "$(helper dev dir -o node=n@1,cluster=other)" \
	"-i -t clusterfs -o node=n@1,cluster=other -- dev dir"
is "not beside what was said" "$(helper dev dir -o node=n@1,expect=x)" "-i -t clusterfs -o node=n@1,expect=x -- dev dir"
is "not if that was said, which the kernel does not get" "$(helper dev dir -o expect=none,node=n@1)" \
	"-i -t clusterfs -o node=n@1 -- dev dir"
is "not to a remount" "$(helper dev dir -o remount,node=n@1)" "-i -t clusterfs -o remount,node=n@1 -- dev dir"
is "quotes are looked at" "$(helper dev dir -o 'context="a,expect=none",node=n@1,,cluster=lab')" \
	"-i -t clusterfs -o context=\"a,expect=none\",node=n@1,cluster=lab,$expect -- dev dir"
# What mount(8) makes of these depends on its version.
for options in 'node="n@1"' 'node=n@1,cluster="lab"' 'cluster=lab,node=n\@1' 'node=n@1,expect="none"' \
	'x=\,node=n@1' 'x=\",node=n@1' 'x="a,node=n@1'; do
	is "P23 nobody knows what $options is: refused" "$(code helper dev dir -o "$options") $(grep -cE 'it has a quote or a backslash|a backslash before a comma or a quote|a quote of the options has no end' /tmp/err)" "1 1"
done
cp "$folder/n%401@lab" "$folder/n%401@other"
is "P23 of two clusters nobody knows which one: refused" \
	"$(code helper dev dir -o node=n@1) $(grep -cE 'copies of node n@1 of the clusters (lab and other|other and lab): say which one, cluster=NAME' /tmp/err)" "32 1"
is "... if it is not said" "$(helper dev dir -o node=n@1,cluster=lab)" "-i -t clusterfs -o node=n@1,cluster=lab,$expect -- dev dir"
mv "$folder/n%401@other" "$folder/n2@a,b"
is "P23 a name that would be two options: refused" "$(code helper dev dir -o node=n2) $(grep -c 'a name that mount(8) cannot hand on' /tmp/err)" "32 1"
rm "$folder/n2@a,b"
mv "$folder" "$folder.away"
for options in node=n@1 node=n@1,cluster=lab; do
	is "without the folder $options is handed on, and that is said" \
		"$(helper dev dir -o $options 2>/tmp/err) $(grep -c "^mount.clusterfs: there is no $folder, so nothing is compared with what node n@1 knew" /tmp/err)" \
		"-i -t clusterfs -o $options -- dev dir 1"
done
mv "$folder.away" "$folder"
is "... with it, nothing is said" "$(helper dev dir -o node=n2 2>&1)" "-i -t clusterfs -o node=n2 -- dev dir"
t "the helper builds with a folder that cannot be read" gcc "${flags[@]}" -DVPART_VERSION='"lab"' -Wl,--wrap=readdir -o "$work/unread" \
	tools/mount.clusterfs/main.c tools/libvpart/cluster_copy.c -x c - -x none build/tools/libvpart.a -lmnl <<'E'
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
struct dirent *__wrap_readdir(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir)
{
	(void)dir;
	errno = EIO;
	return NULL;
}
E
unread() { PATH=$work/bin:$PATH ASAN_OPTIONS=detect_leaks=0 "$work/unread" "$@"; }
is "P23 ... which is no permission" "$(code unread dev dir -o node=n@1) $(grep -c "$folder: Input/output error: nobody knows what node n@1 knew" /tmp/err)" "32 1"
is "P23 ... nor in the way of who says where to look" "$(unread dev dir -o node=n@1,cluster=lab)" \
	"-i -t clusterfs -o node=n@1,cluster=lab,$expect -- dev dir"
is "P23 a damaged copy: refused" "$(code helper dev dir -o node=n1) $(grep -c 'n1@lab: it is of another node: .*expect=none' /tmp/err)" "32 1"
is "wrong use" "$(code helper dev) $(code helper dev dir more) $(code helper dev dir -x) $(code helper dev dir -t clusterfs.x)" "1 1 1 1"
is "no mount(8)" "$(PATH=/nonexistent ASAN_OPTIONS=detect_leaks=0 code "$work/mount.clusterfs" dev dir) $(cat /tmp/err)" \
	"2 mount.clusterfs: mount: No such file or directory"

t "P23 it is forgotten" vpart cluster local forget at n1
t "... the last one needs no name" vpart cluster local forget
is "... and is not there" "$(find "$folder" -type f)" ""
fails "a word that is none" "'keep' is neither show nor forget" vpart cluster local keep
done_testing
