#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the same over unix sockets
# kernel: stock
# limit: 480
# disks: 24M 24M
export FABRIC=unix
. /src/tests/suites/slice/10-survive.sh
