#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: fio verify over multipath of two links over TCP: each fails as often as it returns, the timers of remote ports
# kernel: stock
# disks: 64M
# limit: 900
# least: 300
# round: 300
export FABRIC=tcp
. /src/tests/soak/25-multipath.sh
