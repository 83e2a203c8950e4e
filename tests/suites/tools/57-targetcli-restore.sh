#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# disks: 64M 64M
# limit: 900
# summary: targetcli's restore and vpart's, in either order: the same result or a refusal
# when: whole
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh
# shellcheck source=tests/suites/tools/targetcli.sh
. /src/tests/suites/tools/targetcli.sh

# All that a kernel forgets at a reboot goes, but for the kernel itself.
down() {
	targetctl clear && { [ ! -d $cfg/vscsi ] || rmdir $cfg/vscsi; } && vpart adapter del p1 --force &&
		vpart adapter del Pair_2 --force && vpart link del far && rmmod vscsi_target vscsi_host vpart_stream vpart
} >/dev/null
reboot() { down && up; }
state() { targetctl save /tmp/state.json && canon /tmp/state.json "$@"; }
# But for the names that each gives its links, and for the target port groups: vpart puts
# what it restores in the group of its server.
state_but_links() { state alias alua_tpgs alua_tg_pt_gp_name; }
nothing_to_do() { vpart config restore | grep -q 'nothing to do'; }

up
bus
install_package
pairs
t "R10 a target made as the documentation does it" make_target
# tree: what "targetcli ls" draws, but for the number of dots and the client's name
tree() { sed -E 's/ \.{3,} / ... /; s/0x[0-9a-f]{32}/0x/'; }
is "it looks as is shown there" "$(targetcli ls /vscsi | tree)" \
	"$(sed -n '/^``targetcli ls/,/^[A-Z]/s/^  //p' $doc | tree)"
t "R11 the client's disks" wait_for 60 all_seen
t "R13 vpart saves it" vpart config save
were=$(identities) before=$(canon $saved) but_links=$(state_but_links)
t "R13 vpart has nothing to restore" nothing_to_do

# --- as at boot: targetctl first, when there is no pair ---
t "all of it goes" reboot
t "targetctl restores what it can" bash -c "targetctl restore 2>/tmp/err"
is "... and says what it cannot" "$(cat /tmp/err)" \
	"Could not create Target object: 'p1' is no adapter pair whose server is in this kernel, skipped"
is "... which is the target" "$(targets)/$(stores)" "/d1 f1"
t "R13 vpart restores the rest" vpart config restore
t "R11 the client's disks are there" wait_for 60 all_seen
is "R13 they are the ones they were" "$(identities)" "$were"
is "R26 nothing is there twice, nothing is missing" "$(state_but_links)" "$but_links"
t "R13 restored again, nothing happens" nothing_to_do

# --- vpart first ---
t "all of it goes" reboot
t "R13 vpart restores everything" vpart config restore
t "R11 the client's disks are there" wait_for 60 all_seen
is "R13 they are the ones they were" "$(identities)" "$were"
now=$(state)
fails "targetcli does not restore over it" "storageobject .* exist not restoring" targetcli restoreconfig
is "... and has changed nothing" "$(state)" "$now"
is "... for the client neither" "$(identities)" "$were"
is "targetctl, which clears first, restores the same" "$(targetctl restore 2>&1)" ""
is "R13 everything is as it was saved" "$(state)" "$before"
t "R11 the client's disks are there" wait_for 60 all_seen
is "R13 they are the ones they were" "$(identities)" "$were"
t "R13 vpart has nothing to restore" nothing_to_do

# --- one of both alone, with the pairs there ---
t "targetcli clears" targetcli clearconfig confirm=True
t "targetcli restores" targetcli restoreconfig
is "R13 everything is as it was saved" "$(state)" "$before"
t "R13 vpart has nothing to restore" nothing_to_do
t "targetcli clears again" targetcli clearconfig confirm=True
t "vpart restores" vpart config restore
t "R11 the client's disks are there" wait_for 60 all_seen
is "R13 they are the ones they were" "$(identities)" "$were"
t "a LUN goes" targetcli $tpgt/luns delete 4
t "vpart restores it, with the ACL's mapping" vpart config restore
t "R11 the client sees it" wait_for 60 all_seen
is "R26 nothing is there twice" "$(state_but_links)" "$but_links"

# --- the one deletes what the other has made ---
t "targetcli moves a LUN" bash -c "targetcli $tpgt/luns delete 4 && targetcli $tpgt/luns create /backstores/fileio/f1 6"
fails "R13 vpart's file contradicts it" 'LU f1 .*contradicts.* another number at adapter pair p1' vpart config restore
t "vpart deletes a LU that targetcli has mapped" vpart lu del f1
is "... the whole of it" "$(ls $tpg/lun)/$(stores)" lun_0/d1
t "vpart restores it" vpart config restore
t "targetcli deletes a LU that vpart has made" targetcli /backstores/fileio delete f1
is "... the whole of it" "$(ls $tpg/lun)/$(stores)" lun_0/d1
t "targetcli restores over nothing" bash -c "targetcli clearconfig confirm=True && targetcli restoreconfig"
t "vpart deletes the pair with all that targetcli has made" vpart adapter del p1 --force
is "... the whole of it" "$(targets)/$(stores)" /
done_testing
