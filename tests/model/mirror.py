#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""mirror.py [long [N] | without RULE...]: explore the model of the mirror, print TAP.

Without arguments: no rule removed, in three bounds; then each rule of rules.py
removed in turn, with the verdict that is expected. "long" goes to wider bounds
for what must hold, with a number N only part N of that, counted round.
"without" removes the rules named and prints the shortest trace. V=1 prints the
traces of all that is found.
"""
import re
import sys

from explore import search
from rules import BASE, BOTH_LEGS, FOUND, HOLD, HOLD_LONG, OVERWRITE, REDUNDANT, TWICE, WIDER
from tap import Tap, document, figures, run, switches, traced
from world import World, first


def explore(tap, off, bounds):
    """One search; the rules in off are removed."""
    start = first(bounds.crashes, bounds.losses, bounds.forces)
    result = search(start, World(off, bounds.writes).successors)
    tap.states += result.states
    return result


def hold(tap, bounds):
    """Nothing is removed, nothing may break."""
    result = explore(tap, (), bounds)
    tap.result(not result.broken, f"V1 V2 V8 V9 V10 P15 P16 P17 hold: {bounds} ({figures(result)})",
               traced(result) if result.broken else ())


def found(tap, rule):
    """A rule is removed: the invariant it is for breaks."""
    result = explore(tap, (rule.rule,), rule.bounds)
    tap.broken_as(result, rule.breaks, f"{rule.breaks} breaks without \"{rule.rule}\" "
                  f"({len(result.trace)} steps, {result.states} states)")


def redundant(tap, rule, bounds):
    """A rule is removed: nothing breaks, another one stands in for it."""
    result = explore(tap, (rule.rule,), bounds)
    tap.result(not result.broken, f"V1 V2 V8 V9 hold without \"{rule.rule}\": {rule.because} "
               f"({bounds}, {figures(result)})", traced(result) if result.broken else ())


def partners(tap, rule):
    """...which shows when both are removed."""
    result = explore(tap, (rule.rule,) + rule.partners, rule.bounds)
    names = " and ".join(f'"{name}"' for name in (rule.rule,) + rule.partners)
    tap.broken_as(result, rule.breaks,
                  f"{rule.breaks} breaks without {names} ({len(result.trace)} steps)")


def all_listed(tap):
    """Each switch in the model is in the list and in the text, and the other way round."""
    used = switches(("driver.py", "world.py", "media.py"))
    listed = {rule.rule for rule in FOUND + REDUNDANT}
    tap.result(used == listed, f"each of the {len(listed)} rules is removed once",
               sorted(used ^ listed))
    told = dict(re.findall(r"^([a-z]+: .+?)  +(found|redundant)\b", document("mirror-model.rst"),
                           re.M))
    verdicts = {rule.rule: "found" for rule in FOUND}
    verdicts |= {rule.rule: "redundant" for rule in REDUNDANT}
    tap.result(told == verdicts, "and is in Documentation/design/mirror-model.rst",
               sorted(str(row) for row in told.items() ^ verdicts.items()))


def without(rules):
    """Try a set of rules by hand."""
    for bounds in (BASE, OVERWRITE, BOTH_LEGS, TWICE):
        result = explore(Tap(), rules, bounds)
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


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], __doc__, check, wider, without))
