#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the runner counts what a suite printed, and no less than it promised; machines in turn
# kernel: host
# limit: 300
cd "$(dirname "$0")/../../.." || exit
. tests/lib/guest.sh

# runner CODE WORD...: Python that has the runner as "check".
runner() {
	python3 -c '
import importlib.machinery, importlib.util, sys
loader = importlib.machinery.SourceFileLoader("check", "tests/check")
check = importlib.util.module_from_spec(importlib.util.spec_from_loader("check", loader))
sys.dont_write_bytecode = True
loader.exec_module(check)
'"$1" "${@:2}"
}

# tap TEXT / ktap TEXT: "results; complaint" as the runner reads them.
reader() {
	runner '
tests, complaint = getattr(check, "parse_" + sys.argv[1])(sys.stdin.read())
print(",".join(t.result for t in tests) + ";", complaint or "fine")' "$1"
}
tap() { printf '%b' "$1" | reader tap; }
ktap() { printf '%b' "$1" | reader ktap; }

is "a whole run" "$(tap 'ok 1 - a\nnoise\nnot ok 2 - b\n# why\nok 3 - c # SKIP no\n1..3\n')" \
	"ok,not ok,skip; fine"
is "fewer tests than planned" "$(tap '1..2\nok 1 - a\n')" "ok; 1 of 2 planned tests ran"
is "no done_testing" "$(tap 'ok 1 - a\n')" "ok; it ended without its plan (done_testing)"
is "no test at all" "$(tap '1..0\n')" "; no test ran"
is "a script that bailed out" "$(tap 'ok 1 - a\nBail out! x\n1..1\n')" "ok; Bail out! x"

suite='[ 1.0]     # Subtest: s\n[ 1.0]     1..2\n[ 1.1]     ok 1 - a\n'
is "KUnit cases are counted one by one" \
	"$(ktap "$suite"'[ 1.2]     # b: EXPECTATION FAILED at f.c:1\n[ 1.2]     not ok 2 - b\n[ 1.3] not ok 1 - s\n')" \
	"ok,not ok; fine"
is "parameters belong to their case" \
	"$(ktap "$suite"'[ 1.2]         ok 1 - p\n[ 1.2]         ok 2 - q\n[ 1.2]     ok 2 - b\n[ 1.3] ok 1 - s\n')" \
	"ok,ok; fine"
is "a case is missing" "$(ktap "$suite"'[ 1.3] ok 1 - s\n')" "ok; KUnit suite s: 1 of 2 cases ran"
is "a suite that never ended" "$(ktap "$suite")" "ok; KUnit suite s did not end"
is "no case" "$(ktap '[ 1.0] hello\n')" "; no KUnit case ran"

# Scripts 0 and 1 drive several machines, 2 and 3 have one; each runs until it is told.
fakes='
import threading
changed, running, log = threading.Condition(), [], []
class Fake(check.Job):
    def __init__(self, n, machines):
        self.n, self.machines, self.told = n, machines, threading.Event()
    def run(self):
        with changed:
            running.append(self.n)
            log.append("".join(map(str, sorted(running))))
            changed.notify_all()
        self.told.wait(60)
        with changed:
            running.remove(self.n)
jobs = [Fake(n, machines) for n, machines in enumerate((3, 3, 0, 0))]
'
is "two at a time, of those with several machines one" "$(runner "$fakes"'
check.AT_ONCE = 2
def director():
    for number, ends in ((2, [2]), (3, [0]), (4, [1, 3])):
        with changed:
            changed.wait_for(lambda: len(log) >= number, 60)
        for n in ends:
            jobs[n].told.set()
threading.Thread(target=director).start()
check.keep_busy(check.in_turn(jobs), lambda job: None)
print(*log[1:])')" "02 03 13"
is "interrupted, what runs is ended and nothing else begins" "$(runner "$fakes"'
check.AT_ONCE = 1
class Proc:
    def terminate(self):
        print("told to end", end="; ")
def report(job):
    raise KeyboardInterrupt
check.RUNNING.add(Proc())
jobs[0].told.set()
try:
    check.keep_busy(check.in_turn(jobs), report)
except KeyboardInterrupt:
    print(*log)')" "told to end; 0"

# turns MINUTES SCRIPT COUNT: what the soak gives it, as "kernel seconds".
turns() {
	runner '
soak = check.Soak(int(sys.argv[1]), sys.argv[2])
soak.first, seconds = 0, "SOAK_SECONDS"
jobs = [soak.next([]) for _ in range(int(sys.argv[3]))]
print(*(f"{job.kernel()} {job.told[seconds]}" if job else job for job in jobs), sep=", ")' "$@" 2>/dev/null
}
is "the soak gives a script its turn in any case" "$(turns 0 50-hotplug 2)" "stock 20, None"
is "... no less than it wants" "$(turns 0 25-multipath 2)" "stock 300, None"
is "... nor more" "$(turns 60 25-multipath 2)" "stock 300, stock 300"
is "of the kernels that are left to it, one in each round" "$(turns 60 kernels/vscsi-30-luns 3)" \
	"6.12 300, 7.2 300, 6.12 300"
done_testing
