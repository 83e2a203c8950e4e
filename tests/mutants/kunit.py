# SPDX-License-Identifier: GPL-2.0
"""Mutants that KUnit cases see: their modules, one after the other in one machine."""
import os
import re
import shutil
import subprocess
from typing import NamedTuple

from tree import HERE, LIMITED, TOP, WORK, Failed, read, script

KO = os.path.join(WORK, "ko")
BASE = "base"		# the tree without a mutant


class Verdict(NamedTuple):
    """What became of a mutant."""
    caught: bool
    why: str
    sure: bool = True	# False: an earlier one in the same machine may be to blame


class Segment:
    """What the console says of one mutant."""

    def __init__(self):
        self.lines = []
        self.marks = set()


def segments(console):
    """The console, by mutant, in order."""
    found, now = {}, None
    for line in console.splitlines():
        m = re.search(r"mutants: (begin|end|hangs|load failed) (\S+)$", line.rstrip("\r"))
        if m and m[1] == "begin":
            now = found[m[2]] = Segment()
        elif m and now:
            now.marks.add(m[1])
            if m[1] == "end":
                now = None
        elif now:
            now.lines.append(line)
    return found


def judge(segment, code, check, splats):
    """A segment's verdict, or Failed: it says nothing."""
    cases, complaint = check.parse_ktap("\n".join(segment.lines))
    failed = [case.name for case in cases if case.result == "not ok"]
    if failed:
        return Verdict(True, failed[0])
    for line in segment.lines:
        if splats.search(line):
            return Verdict(True, re.sub(r"^\[[ \d.]+\] ", "", line.strip()), False)
        # The case goes on after that, perhaps for long.
        m = re.search(r"# (\w+): (EXPECTATION|ASSERTION) FAILED", line)
        if m and "end" not in segment.marks:
            return Verdict(True, m[1])
    if "hangs" in segment.marks or "end" not in segment.marks and code == LIMITED:
        return Verdict(True, "the limit of time was exceeded", False)
    if "end" not in segment.marks:
        raise Failed(f"the machine died in silence (exit {code})")
    if "load failed" in segment.marks:
        raise Failed("a module does not load, though no case fails")
    if complaint:
        raise Failed(complaint)
    return Verdict(False, "")


class Batch:
    """Mutants that share machines: a new one starts when the last is not to be trusted."""

    def __init__(self, number, check):
        self.number = number
        self.check = check
        self.vm = script(os.path.join(TOP, "tests/vm/vm"), f"vm{number}")
        self.boots = 0
        self.log = ""

    def boot(self, items):
        """Try items, (name, modules) each; what the console said, exit code."""
        name = f"mutants/kunit{self.number}.{self.boots}"
        self.boots += 1
        self.log = os.path.join("build/log", name, "console")
        words = [os.path.join(TOP, "tests/vm/vm"), "--kernel", "debug", "--name", name,
                 "--limit", str(150 + 60 * len(items)), "--append", "kunit.enable=1", "--",
                 "bash", "/src/" + os.path.relpath(os.path.join(HERE, "kunit.sh"), TOP),
                 self.vm.SPLATS.pattern]
        words += [f"{item}={','.join(modules)}" for item, modules in items]
        done = subprocess.run(words, cwd=TOP, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False)
        return segments(read(os.path.join(TOP, self.log))), done.returncode

    def run(self, items, report):
        """report(name, Verdict or Failed) for each; the first item is the base."""
        todo, why = dict(items), None
        while todo and not why:
            found, code = self.boot(list(todo.items()))
            if not found:
                why = Failed(f"no case ran in its machine (exit {code}) [{self.log}]")
            trusted = True
            for name, segment in found.items():
                try:
                    verdict = judge(segment, code, self.check, self.vm.SPLATS)
                    if not verdict.sure and not trusted:
                        continue	# first in the next machine
                except Failed as e:
                    verdict = Failed(f"{e} [{self.log}]")
                modules = todo.pop(name)
                trusted = isinstance(verdict, Verdict) and not verdict.caught and trusted
                report(name, verdict)
                if name == BASE and not trusted:
                    why = Failed(f"{' '.join(modules)}: not without it either")
                    break
        for name in todo:
            report(name, why)


def save(name, built, wanted):
    """Keep what was built, for the machine."""
    folder = os.path.join(KO, name)
    os.makedirs(folder, exist_ok=True)
    for module in wanted:
        if module not in built:
            raise Failed(f"no module {module} was built")
        shutil.copy(built[module], folder)
