#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: buffers at odd offsets where the link has pages of its own
# when: whole
# kernel: stock
# limit: 420
export FABRIC=copy
. /src/tests/suites/vscsi/40-align.sh
