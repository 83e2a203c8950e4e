#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# disks: 64M
# limit: 600
# summary: what tells rtslib of vscsi harms no other program; the patch for rtslib itself
# when: whole
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh
# shellcheck source=tests/suites/tools/targetcli.sh
. /src/tests/suites/tools/targetcli.sh

modules() { python3 -c 'import sys; print(*sorted(sys.modules), sep="\n")'; }
modules >/tmp/without
install_package
quiet='print("ran")'
says() { "$@" 2>&1; }

# --- programs that want nothing of it ---
modules >/tmp/with
is "a program without rtslib loads one small module more" "$(comm -13 /tmp/without /tmp/with)" vpart_rtslib
for flags in "" -I -E -S "-W error" "-X dev"; do
	# shellcheck disable=SC2086 # none, one or two words
	is "python3 $flags runs and says nothing" "$(says python3 $flags -c "$quiet")" ran
done
is "so it does for a user" "$(says setpriv --reuid 65534 --clear-groups python3 -c "$quiet")" ran

# --- rtslib's users ---
features='print(*m.FabricModule("vscsi").features)'
is "who uses rtslib has the fabric" "$(says python3 -W error -c "import rtslib_fb as m; $features")" "acls tpgts"
is "under its other name too" "$(says python3 -c "import rtslib as m; $features")" "acls tpgts"
is "under both at once" "$(says python3 -c "import rtslib_fb, rtslib as m; $features; m = rtslib_fb; $features")" \
	"acls tpgts
acls tpgts"
is "the other fabrics are there" "$(says python3 -c 'import rtslib_fb.fabric as f; print(*sorted(f.fabric_modules))')" \
	"efct ibmvscsis iscsi loopback qla2xxx sbp srpt tcm_fc vhost vscsi xen-pvscsi"
is "loaded anew, it has it again" "$(says python3 -c '
import importlib, rtslib_fb.fabric as f
print("vscsi" in importlib.reload(f).fabric_modules)')" True
is "its source is still found" "$(says python3 -c '
import importlib.util, inspect, rtslib_fb.fabric as f
print(importlib.util.find_spec("rtslib_fb.fabric").origin, "class ISCSIFabricModule" in inspect.getsource(f))')" \
	"$packages/rtslib_fb/fabric.py True"

# --- rtslib gone, broken, another ---
mkdir -p /tmp/other/rtslib_fb
touch /tmp/other/rtslib_fb/__init__.py
# other TEXT: what an import of such a table says
other() {
	echo "$1" >/tmp/other/rtslib_fb/fabric.py
	PYTHONPATH=/tmp/other python3 ${2:+-W "$2"} -c 'import rtslib_fb.fabric as f; print(getattr(f, "fabric_modules", None))' 2>&1 | tail -n 1
}
is "a broken rtslib says so itself" "$(other 'def')" "SyntaxError: invalid syntax"
is "so does one that raises" "$(other 'raise OSError("of its own")')" "OSError: of its own"
is "one with another table is loaded" "$(other 'x = 1')" None
is "... even if warnings are errors" "$(other 'x = 1' error)" None
echo 'x = 1' >/tmp/other/rtslib_fb/fabric.py
t "... and it is said what is missing" bash -c "PYTHONPATH=/tmp/other python3 -c 'import rtslib_fb.fabric' 2>&1 |
	grep -q 'targetcli will not know the fabric vscsi: .*fabric_modules'"
is "one that has the fabric keeps its own" "$(other 'fabric_modules = {"vscsi": 1}')" "{'vscsi': 1}"
mv $packages/rtslib{,_fb} /tmp
is "without rtslib Python runs and says nothing" "$(says python3 -c "$quiet")" ran
is "... and says that it is missing" "$(says python3 -c 'import rtslib_fb' | tail -n 1)" "ModuleNotFoundError: No module named 'rtslib_fb'"
mv /tmp/rtslib{,_fb} $packages

# --- ourselves gone or broken ---
rm -r $packages/vpart_rtslib
is "half gone, nobody is told" "$(says python3 -c "$quiet")" ran
is "... rtslib's users neither" "$(says python3 -c 'import rtslib_fb.fabric as f; print("vscsi" in f.fabric_modules)')" False
install_package
echo 'def' >$packages/vpart_rtslib/__init__.py
is "broken, nobody is told" "$(says python3 -c "$quiet")" ran
install_package
echo 'def' >$packages/vpart_rtslib/fabric.py
is "broken in the other half, nobody is told" "$(says python3 -c "$quiet")" ran
t "... but who uses rtslib, which works" bash -c "python3 -c 'import rtslib_fb; rtslib_fb.FabricModule(\"iscsi\")' 2>&1 |
	grep -q 'targetcli will not know the fabric vscsi'"
install_package

# --- the patch for rtslib ---
mkdir -p /tmp/up
cp -r $packages/rtslib_fb /tmp/up
t "the patch applies to Debian's rtslib" \
	env -C /tmp/up/rtslib_fb busybox patch -p2 -i /src/tools/targetcli/0001-rtslib-Add-the-vscsi-fabric.patch
is "with it rtslib has the class that the package adds, word for word" "$(says python3 - <<'EOT'
import inspect, sys, textwrap
sys.path.insert(0, "/tmp/up")
import rtslib_fb.fabric as patched, rtslib.fabric as added
source = [textwrap.dedent(inspect.getsource(f.fabric_modules["vscsi"])) for f in (patched, added)]
print(patched.fabric_modules["vscsi"].__module__, added.fabric_modules["vscsi"].__module__, source[0] == source[1])
EOT
)" "rtslib_fb.fabric vpart_rtslib.fabric True"
up
bus
pairs
export PYTHONPATH=/tmp/up
rm -r $packages/vpart_rtslib{,.pth}
t "R10 with the patch alone: a target" make_target
t "R11 the client's disks" wait_for 60 all_seen
were=$(identities)
t "it is cleared" targetcli clearconfig confirm=True
is "... all of it" "$(targets)/$(stores)" /
t "it is restored" targetcli restoreconfig
t "R11 the client's disks again" wait_for 60 all_seen
is "R13 the same disks" "$(identities)" "$were"
done_testing
