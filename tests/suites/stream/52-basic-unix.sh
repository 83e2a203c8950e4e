#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the vSCSI suite's basics over a unix socket
# when: whole
# kernel: debug
# kernels: +7.2
# limit: 420
# disks: 64M 64M 64M 64M
export FABRIC=unix
. /src/tests/suites/vscsi/10-basic.sh
