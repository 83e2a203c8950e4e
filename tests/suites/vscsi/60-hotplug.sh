#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: LUNs come and go again and again; more events than the queue keeps
# kernel: debug
# when: whole
# limit: 420
# disks: 32M 32M
# leaks: whole
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh

hotplug=/src/tests/suites/vscsi/hotplug.py
vscsi_up
backstore d1 /dev/vdb
backstore d2 /dev/vdc

# The first of each kind allocates what stays.
lun_add p1 1 d1
disk_of p1 1 >/dev/null
lun_del p1 1
wait_for 60 no_disk p1 1
before=$(refs)
t "R11 a LU comes and goes 30 times" python3 $hotplug cycles p1 "$(store_of d1)" 1 30 5
t "... and nobody is counted who has gone" wait_for 60 no_more "$before"

# --- more events than the queue keeps ---
modprobe loop 2>/dev/null
truncate -s 16M /tmp/file
loop=$(losetup -f --show /tmp/file)
backstore g "$loop"
lun_add p1 0 g
disk=$(disk_of p1 0)
truncate -s 24M /tmp/file
losetup -c "$loop"
is "R11 a client does not know a size it was not told" "$(cat "/sys/block/$disk/size")" 32768
was=$(hostattr p1 event_losses)
t "R11 a LU appears and another has a new size, which is told 100 times at once" \
	python3 $hotplug burst p1 "$(store_of d2)" 10 0 100
lost() { [ "$(hostattr p1 event_losses)" -gt "$was" ]; }
t "R20 the link's queue has overflown, and the client was told so" wait_for 60 lost
grown() { [ "$(cat "/sys/block/$disk/size")" = 49152 ]; }
t "R11 it has looked at everything: the new size is there" wait_for 60 grown
t "R11 and the new LU" wait_for 60 has_disk p1 10
lun_del p1 10
t "R11 which goes" wait_for 60 no_disk p1 10
t "the one that stays still answers" dd if="/dev/$disk" of=/dev/null bs=1M count=1 skip=20 iflag=direct status=none
lun_del p1 0
wait_for 60 no_disk p1 0
backstore_del g
losetup -d "$loop"
t "all of it away" vscsi_down
kmemleak_check
done_testing
