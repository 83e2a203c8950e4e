#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: verified I/O goes on while each server fails and returns, over TCP
# kernel: stock
# soak: debug
# kernels: +6.12 7.2
# limit: 600
# disks: 24M 24M
# leaks: whole
export FABRIC=tcp DIGEST=data
. /src/tests/suites/slice/10-survive.sh
