#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""mirror.py [long [N] | without RULE...]: explore the model of the mirror, print TAP.

Without arguments: no rule removed, in three bounds; then each rule of rules.py
removed in turn, with the verdict that is expected. "long" goes to wider bounds
for what must hold, with a number N only part N of that, counted round.
"without" removes the rules named and prints the shortest trace. V=1 prints the
traces of all that is found.
"""
import gc
import os
import re
import sys
import time

from explore import search
from rules import BASE, BOTH_LEGS, FOUND, HOLD, HOLD_LONG, OVERWRITE, REDUNDANT, TWICE, WIDER
from world import World, first

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

    def explore(self, off, bounds):
        """One search; the rules in off are removed."""
        start = first(bounds.crashes, bounds.losses, bounds.forces)
        result = search(start, World(off, bounds.writes).successors)
        self.states += result.states
        return result


def figures(result):
    """The size of a search."""
    return f"{result.states} states, {result.steps} steps, depth {result.depth}, " \
           f"{result.seconds:.1f} s"


def traced(result):
    """The trace, numbered, and what it breaks."""
    return [f"{n}. {step}" for n, step in enumerate(result.trace, 1)] + [f"=> {result.broken}"]


def hold(tap, bounds):
    """Nothing is removed, nothing may break."""
    result = tap.explore((), bounds)
    tap.result(not result.broken, f"V1 V2 V8 V9 V10 P15 P16 P17 hold: {bounds} ({figures(result)})",
               traced(result) if result.broken else ())


def found(tap, rule):
    """A rule is removed: the invariant it is for breaks."""
    result = tap.explore((rule.rule,), rule.bounds)
    good = bool(result.broken) and result.broken.startswith(rule.breaks + " ")
    text = f"{rule.breaks} breaks without \"{rule.rule}\" ({len(result.trace)} steps, " \
           f"{result.states} states)"
    notes = traced(result) if VERBOSE or not good else [result.broken]
    tap.result(good, text, notes)


def redundant(tap, rule, bounds):
    """A rule is removed: nothing breaks, another one stands in for it."""
    result = tap.explore((rule.rule,), bounds)
    tap.result(not result.broken, f"V1 V2 V8 V9 hold without \"{rule.rule}\": {rule.because} "
               f"({bounds}, {figures(result)})", traced(result) if result.broken else ())


def partners(tap, rule):
    """...which shows when both are removed."""
    result = tap.explore((rule.rule,) + rule.partners, rule.bounds)
    good = bool(result.broken) and result.broken.startswith(rule.breaks + " ")
    names = " and ".join(f'"{name}"' for name in (rule.rule,) + rule.partners)
    tap.result(good, f"{rule.breaks} breaks without {names} ({len(result.trace)} steps)",
               traced(result) if VERBOSE or not good else [result.broken])


def all_listed(tap):
    """Each switch in the model is in the list and in the text, and the other way round."""
    text = ""
    for name in ("driver.py", "world.py", "media.py"):
        with open(os.path.join(HERE, name), encoding="utf-8") as f:
            text += f.read()
    used = set(re.findall(r'"([^"{}]+: [^"{}]+)"\s+(?:not )?in (?:self\.)?off', text))
    listed = {rule.rule for rule in FOUND + REDUNDANT}
    tap.result(used == listed, f"each of the {len(listed)} rules is removed once",
               sorted(used ^ listed))
    with open(os.path.join(HERE, "../../Documentation/design/mirror-model.rst"),
              encoding="utf-8") as f:
        told = dict(re.findall(r"^([a-z]+: .+?)  +(found|redundant)\b", f.read(), re.M))
    verdicts = {rule.rule: "found" for rule in FOUND}
    verdicts |= {rule.rule: "redundant" for rule in REDUNDANT}
    tap.result(told == verdicts, "and is in Documentation/design/mirror-model.rst",
               sorted(str(row) for row in told.items() ^ verdicts.items()))


def without(rules):
    """Try a set of rules by hand."""
    for bounds in (BASE, OVERWRITE, BOTH_LEGS, TWICE):
        result = Tap().explore(rules, bounds)
        print(f"{bounds}: {figures(result)}")
        if result.broken:
            print(*traced(result), sep="\n")
            break


def check(tap):
    """All rules, in bounds that are quick to explore."""
    all_listed(tap)
    for bounds in HOLD:
        hold(tap, bounds)
    for rule in FOUND:
        found(tap, rule)
    for rule in REDUNDANT:
        redundant(tap, rule, BASE)
        if rule.partners:
            partners(tap, rule)


def wider(tap, number):
    """What must hold, in wider bounds; all of it, or one part."""
    parts = [(hold, bounds) for bounds in HOLD_LONG]
    parts += [(redundant, rule, bounds) for rule in REDUNDANT for bounds in WIDER]
    if number is not None:
        parts = [parts[number % len(parts)]]
    for part, *args in parts:
        part(tap, *args)


def main(args):
    """As the text at the top says."""
    gc.disable()	# millions of tuples, and no cycles
    if args[:1] == ["without"]:
        return without(args[1:])
    if args and (args[0] != "long" or len(args) > 2 or not all(n.isdigit() for n in args[1:])):
        sys.exit(__doc__)
    begin = time.monotonic()
    tap = Tap()
    if args:
        wider(tap, int(args[1]) if len(args) > 1 else None)
    else:
        check(tap)
    print(f"# {tap.states} states in {time.monotonic() - begin:.0f} s")
    print(f"1..{tap.count}")
    return tap.failed and 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
