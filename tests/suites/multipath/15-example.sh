#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the commands of the admin guide, as they stand there; a server fails under xfs on the map
# kernel: stock
# kernels: +6.12 +7.2
# limit: 300
# disks: 320M
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/multipath/lib.sh

guide=/src/Documentation/admin-guide/multipath.rst
# The first block of commands, without those that fetch packages and modules.
sed -n '/^Setting it up/,/^The second/s/^  //p' $guide | grep -vE '^(apt-get|modprobe) ' >/tmp/commands
mp_mods
mp_udev
t "the guide has commands" test "$(grep -c '^vpart' /tmp/commands)" -ge 7
t "they work" sh -e /tmp/commands
vpart lu show | tee /out/show
is "the guide shows what vpart lu show does" "$(sed -n '/^  # vpart lu show/,/^$/s/^  //p' $guide | sed 1d)" "$(cat /out/show)"
multipathd -d -s -v2 >/out/multipathd 2>&1 &
multipathd=$!
t "R8 multipath makes one map of the two disks" wait_for 120 mp_mapped
map=/dev/mapper/$(mp_field w)
t "... that uses the preferred one" wait_for 120 uses sda
multipath -ll | tee /out/multipath
# Which comes first, and what the second is worth, depends on which answered first.
shape() { grep -oE 'size=.*|sd[a-z] 8:[0-9]+ +active ready running|prio=130|^[0-9a-f]{33} dm-0 .*' | sed 's/^[0-9a-f]\{33\} //' | sort; }
is "... as the guide shows it" "$(sed -n '/^  # multipath -ll/,/^$/s/^  //p' $guide | shape)" "$(shape </out/multipath)"

# --- a server fails, under a file system ---
t "R8 xfs on the map" sh -c "mkfs.xfs -qf $map && mount -t xfs $map /mnt"
{ cp -a /usr/lib/python3.*/asyncio /mnt && sync -f /mnt; } &
copy=$!
t "R8 the preferred server fails, multipath sees it" lose vios1 sda
t "... and uses the other path" wait_for 60 uses sdb
wait $copy
is "R8 ... files are written" $? 0
t "R9 it returns, the map has two paths again" regain vios1
t "R9 ... and uses the preferred one" wait_for 120 uses sda
umount /mnt
t "R8 the file system is whole" xfs_repair -n "$map"
t "... mounted again" mount -t xfs "$map" /mnt
t "V3 its files are right" diff -r /usr/lib/python3.*/asyncio /mnt/asyncio
umount /mnt

wwid=$(mp_field w)
mpd del path sdb >/dev/null
t "a path is taken away" vpart lu del d1 adapter client1-vios2
t "... and it was one" wait_for 60 test ! -b /dev/sdb
multipath -f "$wwid" >/dev/null 2>&1
kill $multipathd
wait $multipathd
t "all are" vpart lu del d1
done_testing
