#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""cluster.py [long [N] | without RULE...]: explore database and roles, print TAP.

Without arguments: no rule removed; then each rule of cluster_rules.py removed in turn,
with the verdict that is expected. "long" goes to wider bounds for what must hold, with
a number N only part N of that, counted round. "without" removes the rules named and
prints the shortest trace for each of the bounds. V=1 prints the traces of all that is found.
"""
import re
import sys

import owner
import replicas
import repository
from cluster_rules import CALM, FOUND, HOLD, HOLD_LONG, REDUNDANT
from explore import search
from tap import VERBOSE, document, figures, run, switches, traced

HOLDS = {replicas.Bounds: "V5 V6 V10 V11 P1 P2 P3 hold",
         owner.Turns: "V3 V4 V5 V8 V10 V12 P4 P5 hold"}


def model(off, bounds, ordered=True):
    """The model that these bounds are for."""
    if isinstance(bounds, owner.Turns):
        return owner.Owner(off, bounds), owner.first(bounds)
    return repository.Repository(off, bounds, ordered), replicas.first(bounds)


def explore(tap, off, bounds, reached=None):
    """One search; the rules in off are removed."""
    one, start = model(off, bounds)
    result = search(start, one.successors)
    tap.states += result.states
    if reached is not None:
        for kind, count in one.reached.items():
            reached[kind] = reached.get(kind, 0) + count
    if result.broken and VERBOSE:	# once more, with replicas that keep their names
        one, start = model(off, bounds, False)
        result = search(start, one.successors)
    return result._replace(trace=[words(label) for label in result.trace])


def words(label):
    """A step for a reader."""
    kind, who, *more = label
    if kind in ("replica exchanged", "loses power"):
        return f"replica {who}: {kind}"
    if more and isinstance(more[-1], tuple) and len(more[-1]) > 3 and more[-1][0] is not None:
        more[-1] = entry(more[-1])
    return f"node {who}: {kind}" + (f" ({', '.join(str(m) for m in more)})" if more else "")


def entry(e):
    """An entry of a log, or a record."""
    if len(e) == 4 and e[1] == replicas.RECORD and isinstance(e[3], tuple):
        return f"block {e[0]}: generation {e[3][0]} of term {e[2]}"
    if len(e) == 5 and e[1] == replicas.CONFIRM:
        return f"block {e[0]}: CONFIRM {e[2]}, parent {e[3]}, length {e[4]}"
    if isinstance(e[3], tuple):
        return f"area {e[0]}: CONFIRM {e[2]} with {len(e[3])} records"
    return f"generation {e[0]} of term {e[1]}"


def hold(tap, bounds, reached=None):
    """Nothing is removed, nothing may break."""
    result = explore(tap, (), bounds, reached)
    tap.result(not result.broken, f"{HOLDS[type(bounds)]}: {bounds} ({figures(result)})",
               traced(result) if result.broken else ())


def found(tap, rule, told):
    """A rule is removed: the invariant it is for breaks, in as many steps as the text says."""
    result = explore(tap, (rule.rule,), rule.bounds)
    steps = told.get(rule.rule)
    if tap.broken_as(result, rule.breaks, f"{rule.breaks} breaks without \"{rule.rule}\" "
                     f"({len(result.trace)} steps, {result.states} states)"):
        tap.result(steps == f"{rule.breaks} {len(result.trace)}", "...as cluster-model.rst says",
                   () if steps else ["it is not in the table"])


def redundant(tap, rule):
    """A rule is removed: nothing breaks, until its partner is too."""
    result = explore(tap, (rule.rule,), rule.bounds)
    tap.result(not result.broken, f"nothing breaks without \"{rule.rule}\": {rule.because} "
               f"({figures(result)})", traced(result) if result.broken else ())
    if rule.partners:
        result = explore(tap, (rule.rule,) + rule.partners, rule.bounds)
        tap.broken_as(result, rule.breaks, f"{rule.breaks} breaks without \"{rule.rule}\" and "
                      f"\"{rule.partners[0]}\" ({len(result.trace)} steps)")


def all_listed(tap):
    """Each switch in the model is in the list and in the text, and the other way round."""
    used = switches(("repository.py", "owner.py"))
    listed = {rule.rule for rule in FOUND + REDUNDANT}
    tap.result(used == listed, f"each of the {len(listed)} rules is removed once",
               sorted(used ^ listed))
    told = dict(re.findall(r"^([a-z]+: .+?)  +(V\d+ +\d+|redundant)\b",
                           document("cluster-model.rst"), re.M))
    tap.result(set(told) == listed, "and is in Documentation/design/cluster-model.rst",
               sorted(set(told) ^ listed))
    return {rule: " ".join(verdict.split()) for rule, verdict in told.items()}


def calm(tap):
    """Without a fault it works: commits in two terms, take-overs."""
    for bounds in CALM:
        reached = {}
        result = explore(tap, (), bounds, reached)
        one = isinstance(bounds, owner.Turns)
        needed = ("takes over without a fault", "releases") if one else \
            ("acknowledges", "acknowledges in a later term")
        tap.result(not result.broken and all(reached[kind] for kind in needed),
                   f"V10 without a fault: {bounds}: {', '.join(needed)}")


def check(tap):
    """All rules, in bounds that are quick to explore."""
    told = all_listed(tap)
    calm(tap)
    reached = {}
    for bounds in HOLD:
        hold(tap, bounds, reached)
    never = sorted(kind for kind, count in reached.items() if not count)
    tap.result(not never, f"each of the {len(reached)} kinds of steps was reached", never)
    for rule in FOUND:
        found(tap, rule, told)
    for rule in REDUNDANT:
        redundant(tap, rule)


def without(rules):
    """Try a set of rules by hand."""
    unknown = set(rules) - {rule.rule for rule in FOUND + REDUNDANT}
    if unknown:
        sys.exit(f"cluster.py: no such rule: {', '.join(sorted(unknown))}")
    for bounds in dict.fromkeys([rule.bounds for rule in FOUND + REDUNDANT if rule.rule in rules]):
        one, start = model(rules, bounds, False)
        result = search(start, one.successors)
        print(f"{bounds}: {figures(result)}")
        if result.broken:
            result = result._replace(trace=[words(label) for label in result.trace])
            print(*traced(result), sep="\n")
            return


def wider(tap, number):
    """What must hold, in wider bounds; all of it, or one part."""
    for bounds in HOLD_LONG if number is None else [HOLD_LONG[number % len(HOLD_LONG)]]:
        hold(tap, bounds)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], __doc__, check, wider, without))
