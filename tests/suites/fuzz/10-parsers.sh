#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: hostile bytes for the parsers of the wire protocol, of SRP and of a repository, in user space
# kernel: host
# limit: 600
cd "$(dirname "$0")/../../.." || exit
. tests/lib/guest.sh

# A minute and more, now and then: make fuzz
t "the header and the IUs of a session: 10 s under libFuzzer" tests/fuzz/run --seconds 10 header
t "the handshake: 10 s" tests/fuzz/run --seconds 10 login
t "the IUs of the vSCSI drivers: 10 s" tests/fuzz/run --seconds 10 vscsi
t "V6 a repository with forged records: 10 s" tests/fuzz/run --seconds 10 clusterfs
size=$(find tests/fuzz/corpus -type f -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }')
t "the corpus in the tree is small: $size bytes" test "$size" -lt 102400
done_testing
