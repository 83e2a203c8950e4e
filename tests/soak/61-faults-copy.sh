#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: each allocation fails where the link has pages of its own: refused, nothing left, the next try works
# kernel: debug
# append: slub_debug=A,kmalloc-16
# leaks: check
# disks: 16M 16M
# round: 60
# limit: 400
export FABRIC=copy
. /src/tests/suites/vscsi/60-faults.sh
