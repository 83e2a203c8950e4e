#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: host
# limit: 600
# summary: one part of the mirror's model in wider bounds
cd "$(dirname "$0")/../.." || exit
exec python3 -B tests/model/mirror.py long "${SEED:-$RANDOM}"
