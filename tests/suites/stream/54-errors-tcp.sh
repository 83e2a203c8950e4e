#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a stuck device, a lost link, a reset, over TCP
# kernel: stock
# when: whole
# limit: 700
# disks: 64M 64M
export FABRIC=tcp
. /src/tests/suites/vscsi/20-errors.sh
