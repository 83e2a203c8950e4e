#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the mirror's steps explored, and each of its rules removed in turn
# kernel: host
# limit: 600
cd "$(dirname "$0")/../../.." || exit
exec python3 -B tests/model/mirror.py
