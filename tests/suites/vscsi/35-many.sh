#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: many LUNs and high numbers: each is found, and a change of one is no matter of the others
# kernel: stock
# when: whole
# limit: 420
# mem: 1024
# disks: 32M 32M 32M
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh

vscsi_up
# Commands that LIO has had for a LU.
commands() { cat "$(store_of "$1")/statistics/scsi_lu/num_cmds"; }
quiet() { local n; n=$(commands "$1"); sleep 0.5; [ "$(commands "$1")" = "$n" ]; }

# --- a change of one ---
backstore one /dev/vdb
backstore two /dev/vdc
lun_add p1 0 one
disk_of p1 0 >/dev/null
wait_for 60 quiet one
n=$(commands one)
lun_add p1 1 two
t "R7 a LU more appears" has_disk p1 1 || wait_for 60 has_disk p1 1
wait_for 60 quiet two
is "... and the client asks that one alone" "$(commands one)" "$n"
m=$(commands two)
echo 1 >$cfg/vscsi/p1/tpgt_1/rescan
asked() { [ "$(commands two)" -gt "$m" ]; }
t "R7 one may have another size: the client asks" wait_for 60 asked
wait_for 60 quiet two
is "... that one alone" "$(commands one)" "$n"
lun_del p1 1
t "R7 one that goes, goes" wait_for 60 no_disk p1 1
is "... without a word to the other" "$(commands one)" "$n"
backstore three /dev/vdd
lun_del p1 0
lun_add p1 0 three
other() { grep -q three- <(tr -d '\0' <"/sys/block/$(_disk p1 0)/device/vpd_pg80" 2>/dev/null); }
t "R11 another LU at a number is another disk, whatever came in between" wait_for 60 other
lun_del p1 0
wait_for 60 no_disk p1 0
backstore_del three

# --- numbers ---
vpart lu add low adapter p1 device /dev/vdd lun 255 --no-wait >/dev/null
t "LUN 255" wait_for 60 has_disk p1 255
vpart lu del low >/dev/null
for lun in 256 1023 16383; do
	t "LUN $lun by the command" vpart lu add high adapter p1 device /dev/vdd lun $lun
	disk=$(disk_of p1 $lun)
	head -c 65536 /dev/urandom >/tmp/data
	dd if=/tmp/data of="/dev/$disk" bs=64k oflag=direct status=none
	t "... is a disk that is written" cmp -n 65536 /tmp/data <(dd if=/dev/vdd bs=64k count=1 iflag=direct status=none)
	is "... with that number" "$(get 'o["lun"]' lu show high)" $lun
	t "... which a file keeps" vpart config save /tmp/config
	t "... that is taken again" vpart config restore /tmp/config
	t "... and goes" vpart lu del high
	wait_for 60 no_disk p1 $lun
done
fails "LUN 16384 is refused" "16383" vpart lu add high adapter p1 device /dev/vdd lun 16384
is "... nothing is left of it" "$(ls -d $cfg/core/*/high 2>/dev/null)" ''
# The target went with its last LUN.
enable p1
wait_for 60 link_is p1 up
dmesg -C
lun_add p1 16384 two
t "... by configfs it is there, for nobody" wait_for 60 sh -c 'dmesg | grep -q "clients do not see LUN 16384"'
lun_add p1 3 one
disk_of p1 3 >/dev/null
echo 16384 >$cfg/vscsi/p1/tpgt_1/rescan
t "... nor when the client looks at all of them" wait_for 60 quiet one
t "... it has no such disk" no_disk p1 16384
lun_del p1 16384
lun_del p1 3
wait_for 60 no_disk p1 3

# --- more than fit into the list that the midlayer asks for first: 511 ---
many=600
for ((i = 0; i < many; i++)); do
	mkdir -p $cfg/vscsi/p1/tpgt_1/lun/lun_$((i * 3)) && ln -s "$(store_of one)" $cfg/vscsi/p1/tpgt_1/lun/lun_$((i * 3))/one
done
disks() { find "/sys/class/scsi_host/host$(host_of p1)/device/target"*/*:*:*:*/block -mindepth 1 -maxdepth 1 | wc -l; }
all() { [ "$(disks)" = $many ]; }
t "R7 $many LUNs, added one by one, are $many disks" wait_for 200 all
vpart partition fail vios1 >/dev/null
wait_for 60 link_is p1 blocked
vpart partition start vios1 >/dev/null
t "R9 the link returns" wait_for 200 link_is p1 up
t "... with all of them" all
t "all of it away" vscsi_down
done_testing
