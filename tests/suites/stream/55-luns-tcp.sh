#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: LUNs come, go, grow and change, over TCP
# when: whole
# kernel: stock
# limit: 420
# disks: 32M 32M
export FABRIC=tcp6 DIGEST=header
. /src/tests/suites/vscsi/30-luns.sh
