#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the basics where the link has pages of its own
# when: whole
# kernel: stock
# kernels: +7.2
# leaks: whole
# limit: 420
# disks: 64M 64M
export FABRIC=copy
. /src/tests/suites/vscsi/10-basic.sh
