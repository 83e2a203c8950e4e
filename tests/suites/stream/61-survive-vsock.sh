#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the same over vsock
# when: whole
# kernel: stock
# limit: 480
# disks: 24M 24M
export FABRIC=vsock DIGEST=all
. /src/tests/suites/slice/10-survive.sh
