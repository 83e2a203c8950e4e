#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: host
# limit: 600
# summary: one part of the model of database and roles in wider bounds
cd "$(dirname "$0")/../.." || exit
exec python3 -B tests/model/cluster.py long "${SEED:-$RANDOM}"
