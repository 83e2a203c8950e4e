#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a client that sends nothing learns of reservations and access states, over TCP
# when: whole
# kernel: stock
# kernels: +7.2
# limit: 420
# disks: 32M 32M
export FABRIC=tcp6 DIGEST=header
. /src/tests/suites/vscsi/32-attention.sh
