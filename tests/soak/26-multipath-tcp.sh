#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: fio verify over multipath of two links over TCP, which fail in turn as often as they return
# kernel: stock
# disks: 64M
# limit: 900
# least: 300
# round: 300
export FABRIC=tcp
. /src/tests/soak/25-multipath.sh
