#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the vSCSI suite's basics over TCP, with a key and digests
# kernel: debug
# limit: 420
# disks: 64M 64M 64M 64M
# kernels: +6.1 +6.12 +7.2
export FABRIC=tcp DIGEST=all
. /src/tests/suites/vscsi/10-basic.sh
