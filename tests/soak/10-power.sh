#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: debug
# limit: 60
# append: preempt=full
# summary: power cuts, round after round
ROUNDS=1000000
. /src/tests/suites/crash/10-power.sh
