#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: each allocation of loading and of each request fails: refused whole, or done whole
# kernel: debug
# soak: debug
# leaks: check
# limit: 480
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh

faults_possible
walks /src/tests/suites/vpart/walks.py
t "the module goes" rmmod vpart
no_leaks "nothing leaked on the way out"
done_testing
