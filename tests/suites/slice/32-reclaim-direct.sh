#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: dirty pages and swap where the LUs are direct, in 256 MiB, while servers fail and return
# when: whole
# kernel: 7.2
# mem: 256
# disks: 96M 96M
# limit: 900
# append: init_on_alloc=0
DIRECT=1
. /src/tests/suites/slice/30-reclaim.sh
