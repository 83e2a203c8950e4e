#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: debug
# limit: 60
# mem: 1024
# summary: a start at nearly every entry of a long recorded run
OPS=400 STEP=2
. /src/tests/suites/crash/20-log.sh
