# SPDX-License-Identifier: GPL-2.0
"""TAP for what was explored, the words for a search, the command line of a model."""
import gc
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
VERBOSE = os.environ.get("V") == "1"


class Tap:
    """Numbered results, and what was explored in all."""

    def __init__(self):
        self.count = 0
        self.failed = 0
        self.states = 0

    def result(self, good, text, notes=()):
        """One line, with notes below it."""
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {text}")
        for note in notes:
            print(f"#   {note}")
        sys.stdout.flush()

    def broken_as(self, result, breaks, text):
        """The search found what it had to find."""
        good = bool(result.broken) and result.broken.startswith(breaks + " ")
        self.result(good, text, traced(result) if VERBOSE or not good else [result.broken])
        return good

    def finish(self, seconds):
        """The plan; the exit code."""
        print(f"# {self.states} states in {seconds:.0f} s")
        print(f"1..{self.count}")
        return self.failed and 1


def figures(result):
    """The size of a search."""
    return f"{result.states} states, {result.steps} steps, depth {result.depth}, " \
           f"{result.seconds:.1f} s"


def traced(result):
    """The trace, numbered, and what it breaks."""
    return [f"{n}. {step}" for n, step in enumerate(result.trace, 1)] + [f"=> {result.broken}"]


def switches(files):
    """The names of all rules that these files can do without."""
    text = ""
    for name in files:
        with open(os.path.join(HERE, name), encoding="utf-8") as f:
            text += f.read()
    return set(re.findall(r'"([^"{}]+: [^"{}]+)"\s+(?:not )?in (?:self\.)?off', text))


def document(name):
    """A design text."""
    with open(os.path.join(HERE, "../../Documentation/design", name), encoding="utf-8") as f:
        return f.read()


def run(args, usage, check, wider, without):
    """What the first lines of a model's program say; the exit code."""
    gc.disable()	# millions of tuples, and no cycles
    if args[:1] == ["without"]:
        return without(args[1:])
    if args and (args[0] != "long" or len(args) > 2 or not all(n.isdigit() for n in args[1:])):
        sys.exit(usage)
    begin = time.monotonic()
    tap = Tap()
    if args:
        wider(tap, int(args[1]) if len(args) > 1 else None)
    else:
        check(tap)
    return tap.finish(time.monotonic() - begin)
