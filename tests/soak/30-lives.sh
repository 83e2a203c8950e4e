#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: all modules loaded, used, taken down under load and unloaded, again and again
# kernel: stock
# disks: 6M 6M
# limit: 120
ROUNDS=${ROUNDS:-100000}
. /src/tests/suites/slice/20-lives.sh
