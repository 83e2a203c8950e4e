#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the vSCSI suite's basics over vsock
# when: whole
# kernel: stock
# kernels: +7.2
# limit: 420
# disks: 64M 64M 64M 64M
export FABRIC=vsock
. /src/tests/suites/vscsi/10-basic.sh
