#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# kernels: +6.12 +7.2
# disks: 64M 64M
# limit: 300
# summary: Debian's targetcli with the fabric vscsi: a target is made, saved, cleared, restored
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh
# shellcheck source=tests/suites/tools/targetcli.sh
. /src/tests/suites/tools/targetcli.sh

up
bus
install_package
pairs
t "R10 a target, made and saved as the documentation does it" make_target
t "R11 the client has its disks" wait_for 60 all_seen
head -c 4096 /dev/urandom | dd of="/dev/$(disk d1)" oflag=direct status=none
were=$(identities) before=$(canon $saved) d1=$(disk d1) f1=$(disk f1)
t "cleared" targetcli clearconfig confirm=True
is "R10 no target is left, no backstore" "$(targets)/$(stores)" /
t "R10 for the client its server is lost" wait_for 60 link_is lost
t "restored" targetcli restoreconfig
t "R10 the client goes on" wait_for 60 link_is up
t "R11 with the disks it had" wait_for 60 all_seen
is "R11 under their names" "$(disk d1) $(disk f1)" "$d1 $f1"
is "R13 with their serial numbers, NAAs, LUNs and data" "$(identities)" "$were"
t "saved again" targetcli saveconfig
is "R13 everything is as it was" "$(canon $saved)" "$before"
done_testing
