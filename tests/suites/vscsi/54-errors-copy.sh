#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a stuck device, a lost link, a reset, where the link has pages of its own
# when: whole
# kernel: stock
# limit: 600
# disks: 64M 64M
export FABRIC=copy
. /src/tests/suites/vscsi/20-errors.sh
