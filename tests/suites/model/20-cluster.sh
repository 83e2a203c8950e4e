#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the cluster's database and roles explored, and each of their rules removed in turn
# kernel: host
# limit: 900
cd "$(dirname "$0")/../../.." || exit
exec python3 -B tests/model/cluster.py
