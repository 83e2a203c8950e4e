#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: host
# limit: 400
# summary: make install into an empty root: what is there works, and systemd accepts the unit
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/guest.sh
. tests/lib/guest.sh

root=$(mktemp -d) || exit
trap 'rm -rf "$root"' EXIT
t "make install DESTDIR=" make install DESTDIR="$root"
t "the command runs" "$root/usr/sbin/vpart" -h
t "so does the server of shared memory" "$root/usr/sbin/vpart-ivshmem" -h
for tool in vpart-clusterd fence_vpart; do
	t "so does $tool" "$root/usr/sbin/$tool" --help
	t "it has a manual page" grep -q dlm_controld <(zcat "$root/usr/share/man/man8/$tool.8.gz")
done
t "R16 so does what makes containers" "$root/usr/sbin/vpart-container" -h
for tool in mkfs.clusterfs fsck.clusterfs clusterfs-dump clusterfs-repo; do
	t "so does $tool" "$root/usr/sbin/$tool" --help
	t "it has a manual page" grep -q clusterfs <(zcat "$root/usr/share/man/man8/$tool.8.gz")
done
t "mount(8) finds its helper" "$root/sbin/mount.clusterfs" --help
t "it has a manual page" grep -q expect <(zcat "$root/usr/share/man/man8/mount.clusterfs.8.gz")
t "... which says what /etc/fstab needs where /var is a file system" \
	grep -q 'requires.*mounts.*for=/var/lib/vpart' <(zcat "$root/usr/share/man/man8/mount.clusterfs.8.gz")
t "the library can be linked, its header stands alone" bash -c "echo '#include <libvpart.h>
int main(void) { vpart_close(vpart_open()); return 0; }' |
	gcc -Wall -Werror -I$root/usr/include -o $root/user -x c - -L$root/usr/lib -lvpart -Wl,-rpath,$root/usr/lib && $root/user"
t "so does the one of clusters" bash -c "echo '#include <libvpart_cluster.h>' |
	gcc -Wall -Werror -I$root/usr/include -fsyntax-only -x c -"
zcat "$root/usr/share/man/man8/vpart.8.gz" >"$root/page"
for word in config diag resize link cluster; do
	t "the manual page has $word" grep -q "$word" "$root/page"
done
zcat "$root/usr/share/man/man8/vpart-ivshmem.8.gz" >"$root/page"
t "the server has one too" grep -q IVPosition "$root/page"
unit=lib/systemd/system/vpart.service
t "the unit is there" test -f "$root/$unit"
t "it names the installed command" grep -q '^ExecStart=/usr/sbin/vpart config restore' "$root/$unit"
generator=$root/lib/systemd/system-generators/vpart-generator
# wanted FILE: what the generator adds with this configuration
wanted() {
	rm -rf "$root/run"
	mkdir "$root/run"
	VPART_CONFIG=$1 "$generator" "$root/run" "$root/run" "$root/run" && (cd "$root/run" && find . -type l)
}
echo '{ "adapters": [ { "name": "p1", "fabric": "local" } ] }' >"$root/pairs"
echo '{ "adapters": [ { "name": "l1", "address": "tcp:192.0.2.1:3260" } ] }' >"$root/links"
is "without links nobody waits for the network" "$(wanted "$root/pairs") $(wanted "$root/none")" " "
is "with links the network is wanted first" "$(wanted "$root/links")" ./vpart.service.wants/network-online.target
t "udev's rules are there" test -f "$root/lib/udev/rules.d/60-vpart-path-loss.rules"
t "... and name the installed command" grep -q 'RUN+="/usr/sbin/vpart lu resize device ' "$root/lib/udev/rules.d/60-vpart-resize.rules"
keys=lib/systemd/system/vpart-keys.service
t "the keys' unit comes before it" grep -q '^Before=vpart.service' "$root/$keys"
t "the unit comes after the network" grep -q '^After=.*network-online.target' "$root/$unit"
agent=lib/systemd/system/vpart-clusterd.service
t "the agent's unit names the installed command" grep -qx 'ExecStart=/usr/sbin/vpart-clusterd' "$root/$agent"
is "a node is a member again at boot, when its daemons run" \
	"$(grep -xE 'ExecStart=/usr/sbin/vpart cluster join .*|After=.* corosync.service dlm.service vpart-clusterd.service' \
		"$root/lib/systemd/system/vpart-cluster.service" | wc -l)" 2
is "it is started again however often it dies, and not for wrong use" \
	"$(grep -xE 'StartLimitIntervalSec=0|Restart(PreventExitStatus=2|=always)' "$root/$agent" | wc -l)" 3
python=$root/usr/lib/python3/dist-packages
is "targetcli's fabric is there, and nothing else of Python" "$(cd "$python" && find . -type f | sort | xargs)" \
	"./vpart_rtslib.pth ./vpart_rtslib/__init__.py ./vpart_rtslib/fabric.py"
is "Python takes it in from there, and says nothing" \
	"$(python3 -c "import site, sys; site.addsitedir('$python'); print('vpart_rtslib' in sys.modules)" 2>&1)" True
mkdir -p "$python/other" "$root/alone"
make install DESTDIR="$root" PYTHONDIR=/alone >/dev/null 2>&1
is "a second installation removes nothing, and can be put elsewhere" "$(echo "$python/other" "$root"/alone/*)" \
	"$python/other $root/alone/vpart_rtslib $root/alone/vpart_rtslib.pth"
said=$(make modules_install KERNEL=stock INSTALL_MOD_PATH="$root" 2>&1)
is "make modules_install INSTALL_MOD_PATH=" \
	"$? $(find "$root/lib/modules" -name '*.ko' | sed 's|.*/||' | sort | xargs)" \
	"0 clusterfs.ko clusterfs_dlm.ko dm-vmirror.ko vpart.ko vpart_auth.ko vpart_shm.ko vpart_stream.ko vscsi_host.ko vscsi_target.ko"
is "... without a key to sign them with" "$(grep -iE 'error|signing' <<<"$said")" ""
if command -v systemd-analyze >/dev/null && [ -f /lib/systemd/system/sys-kernel-config.mount ]; then
	# What the unit wants of a system, as far as this one has it.
	cp /lib/systemd/system/{*.target,sys-kernel-config.mount,modprobe@.service} "$root/lib/systemd/system"
	mkdir -p "$root/sbin" "$root/bin"
	cp "$(readlink -f /bin/true)" "$root/sbin/modprobe"
	cp "$(readlink -f /bin/true)" "$root/bin/sh"
	said=$(systemd-analyze verify --man=no --root="$root" vpart{,-keys,-clusterd,-cluster}.service 2>&1)
	rc=$?
	is "systemd-analyze verify has nothing to say of them" "$rc $(grep vpart <<<"$said")" "0 "
else
	skip "systemd-analyze verify has nothing to say of them" "there is no systemd here"
fi
done_testing
