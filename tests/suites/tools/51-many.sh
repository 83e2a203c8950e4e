#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel: stock
# summary: what a command does for one LU does not grow with their number
# when: whole
# limit: 300
# mem: 1024
# shellcheck source=tests/lib/guest.sh
. /src/tests/lib/guest.sh
FEW=40 MANY=160
lio=/sys/kernel/config/target

mount -t configfs configfs /sys/kernel/config 2>/dev/null
mods null_blk target_core_iblock vpart vscsi_target
for ((i = 0; i < MANY; i++)); do
	d=/sys/kernel/config/nullb/n$i
	mkdir $d
	for a in queue_mode=0 size=16 power=1; do echo "${a#*=}" >"$d/${a%%=*}"; done
done
vpart partition add vios1 vios >/dev/null
vpart partition add client1 client >/dev/null
vpart adapter add client client1 server vios1 name p1 >/dev/null
vpart config save /tmp/base >/dev/null

# A file with the first so many of them.
config() {
	python3 - "$1" <<'E2'
import json
import sys

with open("/tmp/base", encoding="ascii") as f:
    config = json.load(f)
config["lus"] = [{"name": f"lu{n}", "uuid": f"{n:08x}-0000-4000-8000-000000000000",
                  "device": f"/dev/n{n}", "identity": "none", "kind": "block",
                  "bytes": 16 << 20, "at": [{"adapter": "p1", "lun": n}]}
                 for n in range(int(sys.argv[1]))]
with open(f"/tmp/config{sys.argv[1]}", "w", encoding="ascii") as f:
    json.dump(config, f)
E2
}
# System calls of a command
calls() {
	strace -f -c -U calls,name -o /tmp/calls "$@" >/dev/null &&
		awk '$2 == "total" { print $1 }' /tmp/calls
}
# What is done for each LU of many is at most a tenth more than for each of few.
linear() { # CALLS-FOR-FEW CALLS-FOR-MANY
	echo "$1 for $FEW, $2 for $MANY"
	[ "$1" -gt $FEW ] && [ $(($2 * FEW * 10)) -le $(($1 * MANY * 11)) ]
}

# Who names one LU hardly looks at the others: each costs less than a third of what one
# costs that is shown.
named() { # ALL-OF-FEW ALL-OF-MANY ONE-OF-FEW ONE-OF-MANY
	echo "one: $3, $4; all: $1, $2"
	[ $((($4 - $3) * 3)) -lt $(($2 - $1)) ]
}

config $FEW
config $MANY
for n in $FEW $MANY; do
	restore[n]=$(calls vpart config restore /tmp/config$n)
	is "R7 all $n LUs are there" "$(ls -d $lio/vscsi/p1/tpgt_1/lun/lun_*/lu* | wc -l)" $n
	same[n]=$(calls vpart config restore /tmp/config$n)
	save[n]=$(calls vpart config save /tmp/saved$n)
	show[n]=$(calls vpart lu show)
	one[n]=$(calls vpart lu show lu7)
	if [ $n = $FEW ]; then
		for ((i = 0; i < FEW; i++)); do vpart lu del lu$i >/dev/null; done
		is "... and go" "$(ls -d $lio/core/iblock_*/lu* 2>/dev/null)" ''
	fi
done
t "R13 restoring LUs" linear "${restore[FEW]}" "${restore[MANY]}"
t "... that are there" linear "${same[FEW]}" "${same[MANY]}"
t "R13 saving them" linear "${save[FEW]}" "${save[MANY]}"
t "R7 showing all" linear "${show[FEW]}" "${show[MANY]}"
t "... and one" named "${show[FEW]}" "${show[MANY]}" "${one[FEW]}" "${one[MANY]}"
done_testing
