#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: path loss over TCP on the debug kernel, which takes eight minutes
# kernel: debug
# disks: 24M 24M 24M
# append: kmemleak=on
# round: 60
# limit: 900
. /src/tests/suites/stream/58-path-loss.sh
