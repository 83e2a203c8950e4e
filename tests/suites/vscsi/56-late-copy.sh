#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a backing device that never answers, over a local link with pages of its own
# kernel: debug
# when: whole
# disks: 64M 64M
# limit: 700
export FABRIC=copy
. /src/tests/suites/stream/56-late.sh
