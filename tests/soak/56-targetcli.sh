#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# disks: 64M 64M
# round: 60
# limit: 900
# summary: Debian's targetcli and targetctl with the fabric vscsi: made, saved, cleared, restored
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh
# shellcheck source=tests/suites/tools/targetcli.sh
. /src/tests/suites/tools/targetcli.sh

up
bus
fails "without the package targetcli knows no vscsi" 'No such path /vscsi' targetcli /vscsi ls
install_package
fabric_is() { targetcli ls / 1 | grep -q 'o- vscsi '; }
is "without an adapter pair it shows none" "$(fabric_is; echo $?)" 1
pairs
t "with one it does" fabric_is
is "it lists the pairs whose server is here, and takes upper for upper case" \
	"$(targetcli /vscsi info | sed -n 's/Allowed WWNs list: //p')" "Pair_2, p1"
for name in nopair pair_2 P1 far ../p1; do
	fails "R10 $name, which is no such pair, is refused by name" \
		"'$name' is no adapter pair whose server is in this kernel" targetcli /vscsi create $name
done
fails "R10 nor is one made up" 'was not given' targetcli /vscsi create
is "nothing is left of them" "$(targets)" ""

# --- made ---
t "R10 a target" targetcli /vscsi create p1
is "it is enabled" "$(cat $tpg/enable)" 1
fails "a second one of its name is refused" 'already exists' targetcli /vscsi create p1
fails "a second portal group is refused" 'Could not create TPG' targetcli /vscsi/p1 create 2
t "R12 a disk as backstore" targetcli /backstores/block create d1 /dev/vdb
t "R12 a file" targetcli /backstores/fileio create f1 /var/f1 8M
t "R11 LUN 0" targetcli /vscsi/p1/tpg1/luns create /backstores/block/d1
t "R11 LUN 4" targetcli /vscsi/p1/tpg1/luns create /backstores/fileio/f1 4
t "R11 the client sees the disk" wait_for 60 seen d1 0 0
t "R11 and the file" wait_for 60 seen f1 4 0
is "R13 targetcli's serial number is the disk's" "$(serial_of d1)" "$(wwn_of d1)"
head -c 4096 /dev/urandom | dd of="/dev/$(disk f1)" oflag=direct conv=fsync status=none
for bad in 0x123 "${name}g" client1 "0x$(printf 'g%.0s' {1..32})"; do
	fails "R10 $bad is no client's name" "'$bad' is no client's name" \
		targetcli $tpgt/acls create "$bad"
done
initiator=$(cat $tpg/initiator)
t "R10 the whole target goes, enabled as it is" targetcli /vscsi delete p1
is "... with its LUNs, without its backstores" "$(targets)/$(stores)" "/d1 f1"

# Once more, closed before it is opened.
t "a new target is not enabled by itself" targetcli set global auto_enable_tpgt=false
t "R10 a target" targetcli /vscsi create p1
is "it is not enabled" "$(cat $tpg/enable)" 0
t "R11 whoever has no ACL is not admitted" targetcli $tpgt set attribute generate_node_acls=0
t "R11 LUN 0 again" targetcli $tpgt/luns create /backstores/block/d1
t "R11 LUN 4 again" targetcli $tpgt/luns create /backstores/fileio/f1 4
t "R11 an ACL, in whatever case" targetcli $tpgt/acls create "0x$(tr a-f A-F <<<"${initiator#0x}")" \
	add_mapped_luns=false
t "R11 it maps LUN 0" targetcli "$tpgt/acls/$initiator" create 0 0
t "R11 and LUN 4 as 5, read-only" targetcli "$tpgt/acls/$initiator" create 5 4 write_protect=1
t "an attribute of the portal group" targetcli $tpgt set attribute cache_dynamic_acls=0
t "one of a backstore" targetcli /backstores/fileio/f1 set attribute emulate_tpu=1
t "enabled" targetcli $tpgt enable
t "R11 the client sees what the ACL maps" wait_for 60 all_seen
fails "R11 and cannot write where it is read-only" 'not permitted|Read-only' \
	dd if=/dev/zero of="/dev/$(disk f1)" count=1
t "a second target" targetcli /vscsi create Pair_2
t "... with its attribute" targetcli /vscsi/Pair_2/tpg1 set attribute demo_mode_write_protect=1
t "a look at it" targetcli ls /
is "... does not enable it" "$(cat $cfg/vscsi/Pair_2/tpgt_1/enable)" 0

# --- saved, cleared, restored ---
t "saved" targetcli saveconfig
d1=$(disk d1) f1=$(disk f1)
before=$(canon $saved) were=$(identities)
is "the file has both targets" "$(python3 -c "
import json
print([(t['fabric'], t['wwn'], t['tpgs'][0]['enable']) for t in json.load(open('$saved'))['targets']])")" \
	"[('vscsi', 'Pair_2', False), ('vscsi', 'p1', True)]"
fails "nobody clears by accident" 'confirm=True' targetcli clearconfig
t "cleared" targetcli clearconfig confirm=True
is "R10 no target is left, no backstore" "$(targets)/$(stores)" /
t "R10 for the client its server is lost" wait_for 60 link_is lost
fails "... its disk can no longer be read" 'error' \
	dd if="/dev/$d1" of=/dev/null count=1 iflag=direct
t "restored" targetcli restoreconfig
t "R10 the client goes on" wait_for 60 link_is up
t "R11 with the disks it had" all_seen
is "R11 under their names" "$(disk d1) $(disk f1)" "$d1 $f1"
is "R13 with their serial numbers, NAAs, LUNs and data" "$(identities)" "$were"
t "saved again" targetcli saveconfig
is "R13 everything is as it was" "$(canon $saved)" "$before"
fails "what is there is not restored over" 'exist' targetcli restoreconfig
is "... and stays" "$(identities)" "$were"
t "targetctl saves the same" targetctl save /tmp/ctl.json
is "... in its file" "$(canon /tmp/ctl.json)" "$before"
vpart adapter set p1 path-loss 300 >/dev/null
t "targetctl clears" targetctl clear
is "R10 everything" "$(targets)/$(stores)" /
dd if=/dev/urandom of="/dev/$d1" bs=4k count=1 seek=1 oflag=direct status=none &
writer=$!
t "R10 what the client writes meanwhile waits" wait_for 60 held
is "targetctl restores without a complaint" "$(targetctl restore /tmp/ctl.json 2>&1)" ""
waited "R10 ... and is written then" $writer
t "R11 the client's disks are the ones they were" all_seen
is "R13 the same disks" "$(identities)" "$were"
t "targetctl saves once more" targetctl save /tmp/ctl2.json
is "R13 nothing has changed" "$(canon /tmp/ctl2.json)" "$before"

# --- one after the other goes ---
t "R11 a third mapping" targetcli "$tpgt/acls/$initiator" create 7 4
t "... for which the client has to look anew" bash -c "targetcli $tpgt disable && targetcli $tpgt enable"
t "... is seen" wait_for 60 lun_there 7
t "a mapping goes" targetcli "$tpgt/acls/$initiator" delete 5
is "... alone" "$(ls -d $tpg/acls/*/lun_* | sed 's/.*_//' | sort | xargs)" "0 7"
t "a LUN goes" targetcli $tpgt/luns delete 0
is "... alone" "$(ls $tpg/lun)" lun_4
t "R11 ... at the client, too" wait_for 60 no_lun 0
fails "a LUN that is not there" 'Invalid LUN' targetcli $tpgt/luns delete 7
t "a backstore goes" targetcli /backstores/fileio delete f1
is "... with its LUN" "$(ls $tpg/lun)/$(stores)" /d1
t "R10 the client has no disk" wait_for 60 no_disks
t "the disk once more, for who has an ACL" targetcli $tpgt/luns create /backstores/block/d1
t "... for which the client has to look anew" bash -c "targetcli $tpgt disable && targetcli $tpgt enable"
t "R11 the client sees it" wait_for 60 lun_there 0
t "an ACL goes" targetcli $tpgt/acls delete "$initiator"
is "... with what it maps" "$(ls $tpg/acls)" ""
t "a portal group goes" targetcli /vscsi/p1 delete 1
is "... alone" "$(ls -d $cfg/vscsi/p1/tpgt_1 2>/dev/null)" ""
t "it is made again" targetcli /vscsi/p1 create
t "a target goes" targetcli /vscsi delete p1
is "... alone" "$(targets)" Pair_2
fails "an unknown one does not" 'no adapter pair' targetcli /vscsi delete nopair
fails "nor one without a target" 'No such Target' targetcli /vscsi delete p1

# --- a pair goes, its target stays ---
python3 /src/tests/suites/vpart/nl.py ADAPTER_DEL NAME=Pair_2
vpart adapter del p1 >/dev/null
is "no pair is left" "$(ls /sys/bus/vpart/devices)" far.client
t "R10 a target whose pair has gone is shown" bash -c 'targetcli ls /vscsi | grep -q Pair_2'
t "... and saved" targetctl save /tmp/gone.json
t "... and can go" targetcli /vscsi delete Pair_2
is "it has gone" "$(targets)" ""
is "what has no pair is not restored, and named" "$(targetctl restore /tmp/gone.json 2>&1)" \
	"Could not create Target object: 'Pair_2' is no adapter pair whose server is in this kernel, skipped"
t "without a pair all can be looked at" targetcli ls /

# --- names that rtslib takes for something else ---
vpart adapter add client client1 server vios1 name p1 >/dev/null
for pair in naa.6x lio_version; do
	vpart adapter add client client1 server vios1 name $pair >/dev/null
	vpart lu add "lu-$pair" adapter $pair device /dev/vdc --no-wait >/dev/null
	is "R10 vpart serves $pair" "$(targets)" $pair
	t "targetcli can look at the others" targetcli ls /
	is "... and does not know it" "$(targetcli /vscsi info | sed -n 's/Allowed WWNs list: //p')" p1
	vpart adapter del $pair --force >/dev/null
done

# --- other fabrics ---
iqn=iqn.2003-01.org.linux-iscsi.test:sn.1 naa=naa.5001405000000001
t "iSCSI beside it" targetcli /iscsi create $iqn
t "loopback beside it" targetcli /loopback create $naa
t "the same backstore at both" targetcli /iscsi/$iqn/tpg1/luns create /backstores/block/d1
t "... and at the adapter pair" targetcli /vscsi create p1
t "... as its LUN" targetcli $tpgt/luns create /backstores/block/d1
t "all are saved" targetctl save /tmp/three.json
before=$(canon /tmp/three.json)
is "all are restored" "$(targetctl restore /tmp/three.json 2>&1)" ""
t "... and saved again" targetctl save /tmp/three2.json
is "R13 as they were" "$(canon /tmp/three2.json)" "$before"
is "... all three" "$(python3 -c "
import json
print(*sorted(t['fabric'] for t in json.load(open('/tmp/three2.json'))['targets']))")" "iscsi loopback vscsi"
t "all go" targetcli clearconfig confirm=True
t "the modules can go" bash -c "rmdir $cfg/vscsi && vpart adapter del p1 && vpart link del far &&
	rmmod vscsi_target vscsi_host vpart_stream vpart"
done_testing
