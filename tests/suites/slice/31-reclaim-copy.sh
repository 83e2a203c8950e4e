#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: dirty pages and swap over links that copy, in 256 MiB, while servers fail and return
# when: whole
# kernel: stock
# mem: 256
# disks: 96M 96M
# limit: 900
# append: init_on_alloc=0
export FABRIC=copy
. /src/tests/suites/slice/30-reclaim.sh
