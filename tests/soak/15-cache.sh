#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# limit: 60
# summary: power cuts of disks that overwrite nothing before it is flushed
ROUNDS=1000000
. /src/tests/suites/crash/15-cache.sh
