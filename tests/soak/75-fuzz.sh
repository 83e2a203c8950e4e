#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: recorded conversations with changes in them, to a server and to a client, for long
# kernel: debug
# disks: 32M 32M
# smp: 2
# limit: 400
# round: 1800
# leaks: check
export SEED SECONDS_EACH=$((${SOAK_SECONDS:-60} / 2))
. /src/tests/suites/stream/45-fuzz.sh
