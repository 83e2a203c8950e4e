#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the wrong versions of "make mutants" still fit the source; what counts as caught
# kernel: host
# limit: 300
cd "$(dirname "$0")/../../.." || exit
. tests/lib/guest.sh

# verdicts EXIT-CODE CONSOLE: of the mutants that shared a machine
verdicts() {
	printf '%b' "$2" | python3 -c '
import sys
sys.path.insert(0, "tests/mutants")
import kunit
check, vm = kunit.script("tests/check", "check"), kunit.script("tests/vm/vm", "vm")
for name, segment in kunit.segments(sys.stdin.read()).items():
    try:
        v = kunit.judge(segment, int(sys.argv[1]), check, vm.SPLATS)
        print(name, "caught" if v.caught else "survived", v.why, end=";")
    except kunit.Failed as e:
        print(name, "error", e, end=";")' "$1"
}
begin='[ 1.0] mutants: begin m\n' end='[ 2.0] mutants: end m\n'
# cases RESULT: the console while a suite of one case runs
cases() { echo "[ 1.1]     # Subtest: s\n[ 1.1]     1..1\n[ 1.1]     $1 1 - a\n[ 1.2] $1 1 - s\n"; }

t "each patch has a header and applies" tests/mutants/run --check
is "a case that fails catches a mutant" "$(verdicts 0 "$begin$(cases 'not ok')$end")" "m caught s.a;"
is "none does: it survived" "$(verdicts 0 "$begin$(cases ok)$end")" "m survived ;"
is "so does what the kernel says" "$(verdicts 99 "$begin$(cases ok)[ 1.3] BUG: x\n$end")" \
	"m caught BUG: x;"
is "only after the mutant was loaded" "$(verdicts 99 "[ 0.9] BUG: x\n$begin$(cases ok)$end")" "m survived ;"
is "a case that does not end" "$(verdicts 0 "${begin}[ 1.9] mutants: hangs m\n")" \
	"m caught the limit of time was exceeded;"
is "... after a part of it failed" "$(verdicts 0 "${begin}[ 1.8]     # a: EXPECTATION FAILED at f.c:1\n[ 1.9] mutants: hangs m\n")" \
	"m caught a;"
is "a machine that reaches its limit" "$(verdicts 98 "$begin")" "m caught the limit of time was exceeded;"
is "a machine that dies proves nothing" "$(verdicts 97 "$begin")" \
	"m error the machine died in silence (exit 97);"
is "nor does a module that does not load" "$(verdicts 0 "${begin}[ 1.9] mutants: load failed m\n$end")" \
	"m error a module does not load, though no case fails;"
is "nor cases that did not run" "$(verdicts 0 "$begin$end")" "m error no KUnit case ran;"
second="[ 3.0] mutants: begin n\n$(cases ok)[ 4.0] mutants: end n\n"
is "each is judged by its own" "$(verdicts 0 "$begin$(cases 'not ok')${end}$second")" \
	"m caught s.a;n survived ;"
done_testing
