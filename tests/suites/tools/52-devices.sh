#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# disks: 64M 64M 32M
# limit: 420
# summary: devices that are missing, that changed places, that are others, at the next boot
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh
# shellcheck source=tests/suites/tools/config.sh
. /src/tests/suites/tools/config.sh

up
setup
vpart config save >/dev/null
down

# --- a disk is missing ---
undm third
rm /var/f1
up
is "R13 missing devices: exit code 1" "$(code vpart config restore)" 1
t "R13 the missing disk is named" grep -q 'lu d3: failed: d3: its device dm:LAB-leg3 .* is missing' /tmp/err
t "R13 so is the file" grep -q 'lu f1: failed: f1: its device /var/f1 is missing' /tmp/err
t "the sum is told" grep -q '2 of 13 objects of .*config.json failed' /tmp/err
t "the rest is there: the volume" fsck.ext4 -fn /dev/mapper/vol
dm third vdd LAB-leg3
truncate -s 8M /var/f1
t "what was missing comes with the next restore" vpart config restore
t "... d3" grep -q third "/dev/$(disk d3)"
down

# --- another disk at its place ---
undm third la lb
dm la vdc
dm lb vdb
dm third vdd LAB-other
up
is "R13 disks that changed places: exit code 1" "$(code vpart config restore)" 1
t "R13 the other leg of the mirror is not taken for this one" \
	grep -q 'lu d1: failed: d1: /dev/mapper/la is another device now: leg 0 of mirror vol is not on it' /tmp/err
t "R13 another device at the old path is not served" \
	grep -q 'lu d3: failed: d3: its device dm:LAB-leg3 is missing; /dev/mapper/third is another one' /tmp/err
is "R13 none of them is served" "$(ls -d $core/*/d[123] 2>/dev/null)" ""
t "R13 and there is no volume" test ! -e /dev/mapper/vol
t "... which is said" grep -q 'mirror vol: failed: neither leg can be read' /tmp/err
undm la lb third
dmsetup create la --table "0 49152 linear /dev/vdb 0"
code vpart config restore >/dev/null
t "R13 a device of another size is not served" grep -q 'd1: /dev/mapper/la has 25165824 bytes and had 67108864' /tmp/err
undm la
dmsetup create la -u LAB-new --table "0 $(cat /sys/block/vdb/size) linear /dev/vdb 0"
code vpart config restore >/dev/null
t "R13 nor one that says who it is now" grep -q 'd1: /dev/mapper/la is another device now: it says that it is dm:LAB-new' /tmp/err
undm la
dm la vdb
dm lb vdc
dm third vdd LAB-leg3
t "R13 all of them are there again" vpart config restore

# --- a mirror without a leg ---
vpart mirror fail vol leg 0 >/dev/null
vpart mirror stop vol >/dev/null
t "R8 a mirror runs without a leg" vpart mirror start vol d2
t "saved meanwhile" vpart config save
is "the missing leg is still known" "$(grep -c '"lu": "d[12]"' $cfg)" 2
t "R9 the next restore attaches it" vpart config restore
t "R9 and it is brought up to date" vpart mirror wait vol --timeout 180
vpart mirror fail vol leg 0 >/dev/null
down
undm la
up
is "R8 at boot without that leg: exit code 1" "$(code vpart config restore)" 1
t "R8 the volume is there, from the other one" grep -q 'mirror vol: added: degraded: leg 0 (d1) is not there' /tmp/out
t "... and is whole" fsck.ext4 -fn /dev/mapper/vol
is "a leg that went is known after a save" "$(vpart config save >/dev/null; grep -c '"missing": true' $cfg)" 1
t "all of it away" down
done_testing
