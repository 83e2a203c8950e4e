#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the errors of 20-errors, over LUs whose client lends its context
# when: whole
# kernel: 7.2
# limit: 600
# disks: 64M 64M
export DIRECT=1
. /src/tests/suites/vscsi/20-errors.sh
