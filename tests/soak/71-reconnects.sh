#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a link that is cut every second for ten minutes, under writers, and leaves nothing behind
# kernel: stock
# disks: 32M
# smp: 2
# limit: 300
# round: 600
# append: slub_nomerge slub_debug=FU
. /src/tests/lib/guest.sh
. /src/tests/lib/faults.sh
. /src/tests/suites/vscsi/lib.sh
. /src/tests/suites/stream/lib.sh

# A slab cache without slub_debug=F counts each CPU's slab as if all of its objects were
# in use, hundreds of the small ones; U: and who allocated what there is more of.
harm_up
export SEED
walks /src/tests/suites/stream/harm.py lean "${SOAK_SECONDS:-600}"
t "all of it goes" harm_down
done_testing
