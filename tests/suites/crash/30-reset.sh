#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# when: whole
# disks: 256M 256M
# limit: 420
# resets: yes
# summary: the machine is reset twice amid fsynced writes
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh

t "V1 V9 R9 R13 what was fsynced survives a reset from outside, and one by sysrq-b" \
	bash -c '/src/tests/demo/reset.sh 2>&1 | tee -a /out/story; exit "${PIPESTATUS[0]}"'
is "it booted three times" "$(cut -d' ' -f2 /out/reset-state)" 3
cut -c1-160 /out/story | sed 's/^/# /'
done_testing
