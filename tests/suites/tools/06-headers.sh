#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: host
# limit: 1200
# summary: the modules build for a 6.1 that lacks what its later releases got from newer kernels
# when: whole
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/lib/guest.sh
. tests/lib/guest.sh

dir=$(mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT
kdir=$(readlink -f "$(ls -d /lib/modules/6.1.*-amd64/build | sort -V | tail -n 1)")
common=$(sed -n 's|^include \(/.*\)/Makefile$|\1|p' "$kdir/Makefile")

# without FILE WORD: the field is not called so.
without() {
	sed "s/\<$2\>/not_$2/g" "$common/$1" >"$dir/header" &&
		cp --remove-destination "$dir/header" "$dir/common/$1"
}
headers() {
	cp -rs "$common" "$dir/common" && cp -rs "$kdir" "$dir/kernel" &&
		cp --remove-destination "$kdir/Makefile" "$dir/kernel/Makefile" &&
		sed -i "s|$common|$dir/common|" "$dir/kernel/Makefile" &&
		without include/target/target_core_fabric.h fabric_post_unlink &&
		without include/net/sock.h sk_use_task_frag &&
		without include/linux/device-mapper.h needs_stable_writes
}
t "headers of an older release" headers
t "the modules build for it without a warning" make -s modules KDIR="$dir/kernel" BUILD="$dir/build" WERROR=1
t "all of them" test "$(find "$dir/build" -name '*.ko' | wc -l)" -ge 5
done_testing
