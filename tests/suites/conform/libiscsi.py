#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What iscsi-test-cu printed, test by test.

libiscsi.py list OUTPUT: one line per test.
libiscsi.py judge COLUMN EXPECTED NAMES OURS THEIRS OURS_ALONE THEIRS_ALONE [WITHOUT]: compare
a vscsi disk's results with the list EXPECTED and with those of tcm_loop. NAMES is what the
suite says it has (--list). The next two are of tests run alone on an empty disk. WITHOUT is
what of the list was not to run. Prints, for the script that called,
RESULT<TAB>TEST<TAB>DETAIL."""
import re
import sys

RANK = {"fail": 0, "skip": 1, "pass": 2}


class Run:
    """The results of one run: {suite.test: (result, what it said)}."""

    def __init__(self, path):
        self.tests = {}
        self.whole = False
        suite = test = None
        said = []
        with open(path, encoding="utf-8", errors="replace") as f:
            lines = f.read().splitlines()
        for line in lines:
            if m := re.match(r"Suite: (.*\S)", line):
                suite = m[1]
            elif m := re.match(r"  Test: (.*?) \.\.\.(.*)", line):
                test, said = f"{suite}.{m[1]}", []
                line = m[2]
            elif m := re.match(r" +tests +(\d+) +(\d+) +(\d+) +(\d+)", line):
                total, ran, passed, failed = map(int, m.groups())
                results = [result for result, _ in self.tests.values()]
                self.whole = total == ran == len(results) and failed == results.count("fail") \
                    and passed == ran - failed
            if not test:
                if self.tests and (m := re.match(r" +\d+\. (.*)", line)):
                    last = list(self.tests)[-1]
                    if self.tests[last][0] == "fail" and m[1] not in self.tests[last][1]:
                        self.tests[last][1].append(m[1])
                continue
            if m := re.search(r"\[SKIPPED\] (.*\S)", line):
                said.append(m[1])
            if line in ("passed", "FAILED"):
                if line == "FAILED":
                    self.tests[test] = ("fail", [])
                else:
                    self.tests[test] = ("skip" if said else "pass", sorted(set(said)))
                test = None

    def result(self, name):
        """pass, skip, fail, or none: it did not run, or did not end."""
        return self.tests[name][0] if name in self.tests else "none"


class Expected:
    """The checked-in list: see its head."""

    def __init__(self, path, column):
        self.tests, self.why, self.skips = {}, {}, {}
        columns = []
        with open(path, encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                line = line.strip()
                if not line or line.startswith("#"):
                    continue
                words, _, why = (part.strip() for part in line.partition(" = "))
                if words.startswith("kernels "):
                    columns = words.split()[1:]
                elif words.startswith("skip "):
                    if not why:
                        sys.exit(f"{path}:{number}: a skip without a reason")
                    self.skips[words[5:]] = why
                else:
                    name, *results = words.split()
                    if len(results) != len(columns) or set(results) - set(RANK) or \
                            name in self.tests or ("fail" in results and not why):
                        sys.exit(f"{path}:{number}: not a line of the list")
                    self.tests[name] = results[columns.index(column)]
                    self.why[name] = why


def judge(column, expected, names, ours, theirs, ours_alone, theirs_alone, without=""):
    """Print what is to be said of each test."""
    want = Expected(expected, column)
    runs = [Run(path) for path in (ours, theirs, ours_alone, theirs_alone)]
    mine, loop, mine_alone, loop_alone = runs
    with open(names, encoding="utf-8") as f:
        offered = {m[1] for m in (re.match(r"ALL\.(.+\..+)", line.strip()) for line in f) if m}
    for run, what in zip(runs, ("vscsi", "tcm_loop", "vscsi, alone", "tcm_loop, alone")):
        print("ok" if run.whole else "not ok", f"the suite ran to its end: {what}",
              f"{len(run.tests)} tests", sep="\t")
    used = set()
    listed = {name for name in want.tests if name.split(".")[0] not in without.split("|")}
    for name in sorted(offered | set(mine.tests) | listed):
        got, wanted = mine.result(name), want.tests.get(name, "nothing: it is not in the list")
        said = mine.tests.get(name, ("", []))[1]
        used.update(said)
        best = max(RANK.get(run.result(name), -1) for run in (loop, loop_alone))
        best_mine = max(RANK.get(run.result(name), -1) for run in (mine, mine_alone))
        unlisted = [text for text in said if got == "skip" and text not in want.skips]
        if got != wanted:
            print("not ok", name, f"{got}, but the list has {wanted}: {'; '.join(said)}", sep="\t")
        elif unlisted:
            print("not ok", name, f"skipped for no reason of the list: {unlisted}", sep="\t")
        elif best_mine < best:
            print("not ok", name, f"{got}, but tcm_loop does better", sep="\t")
        elif got == "skip":
            print("skip", name, "; ".join(want.skips[text] for text in said), sep="\t")
        elif got == "fail":
            print("ok", f"{name} fails as listed: {want.why[name]}", "", sep="\t")
        else:
            print("ok", name, "", sep="\t")
    for name in ("MultipathIO.Simple", "CompareAndWrite.Simple", "CompareAndWrite.Miscompare"):
        print("ok" if mine.result(name) == "pass" else "not ok",
              f"R10 {name} passes, whatever tcm_loop does", "", sep="\t")
    for name in mine_alone.tests:
        print("ok" if mine_alone.result(name) == "pass" else "not ok",
              f"{name} passes on an empty disk", "", sep="\t")


def main():
    """As the arguments say."""
    if len(sys.argv) == 3 and sys.argv[1] == "list":
        for name, (result, said) in Run(sys.argv[2]).tests.items():
            print(name, result, "; ".join(said), sep="\t")
    elif len(sys.argv) in (9, 10) and sys.argv[1] == "judge":
        judge(*sys.argv[2:])
    else:
        sys.exit(__doc__)


main()
