# SPDX-License-Identifier: GPL-2.0
"""What repository.py explores: replicas, nodes, their logs; and the history that logs tell."""
from typing import NamedTuple

# What a node is doing. It has read all it needs for the next step when it takes that.
IDLE, CLAIM, LOGS, OWN, CHECK = range(5)
# An entry of a log: (block, kind, term, ...): a record's generation and writer, what a
# CONFIRM names as its parent and the parent's length, or all records it carries.
RECORD, CONFIRM, SNAPSHOT = range(3)
AREA = 100		# blocks from here on are the two areas for snapshots
WHOLE = 999		# a parent's length when the rule about it is removed
DONE = 1		# a flag of a cell: the node's latest write has landed there
GONE = 64		# ...on the replica that was there before it was exchanged


class Bounds(NamedTuple):
    """What may happen in one run."""
    nodes: int
    replicas: int
    claims: tuple	# of each node
    commits: tuple	# of each node
    crashes: int = 0
    cuts: int = 0	# a node's write to a replica fails, or it gives up waiting
    losses: int = 0	# a replica is exchanged for an empty one, or loses its power
    snapshots: int = 0	# a CONFIRM carries all records to free space
    empty: int = 0	# replicas that were exchanged before
    begun: int = 0	# ...after the claim 2 of the last node had landed on it

    def __str__(self):
        return ", ".join(f"{name} {n}" for name, n in zip(self._fields, self) if n)


def bounds(nodes, replicas, claims, commits, **faults):
    """Bounds with as many claims and commits for each node."""
    return Bounds(nodes, replicas, (claims,) * nodes, (commits,) * nodes, **faults)


def put(t, i, v):
    """The tuple t with v at i."""
    return t[:i] + (v,) + t[i + 1:]


def bits(mask):
    """The numbers of the bits that are set."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def subsets(mask):
    """The masks with some of the bits of this one."""
    some = mask
    while some:
        yield some
        some = some - 1 & mask


def idle(end, claims, commits):
    """A node that claims nothing; one that never will again has nothing to remember."""
    return (IDLE, 0, end, (), claims, commits) if claims else (IDLE, 0, 0, (), 0, 0)


def first(limits):
    """Nothing is written, nobody claims.

    A replica is (counts, cell of each node); a cell is (claim, claims on their way,
    entries, entries on their way, flags), entries being a mask of numbers in the node's
    log. A node is (what it does, term, next block, what it remembers, claims and commits
    that are left).
    """
    cell = (0, (), 0, 0, 0)
    columns = ((1,) + (cell,) * limits.nodes,) * (limits.replicas - limits.empty)
    columns = ((0,) + (cell,) * limits.nodes,) * limits.empty + columns
    if limits.begun:
        # Its basis, a claim 1 that no majority had, went with that replica.
        columns = tuple(put(column, limits.nodes, (0, (2,), 0, 0, 0) if column[0] else
                            (0, (), 0, 0, DONE | GONE)) for column in columns)
    nodes = tuple((IDLE, 0, 0, (), claims, commits)
                  for claims, commits in zip(limits.claims, limits.commits))
    if limits.begun:
        nodes = nodes[:-1] + ((CLAIM, 2, 0, (), limits.claims[-1] - 1, limits.commits[-1]),)
    left = (limits.crashes, limits.cuts, limits.losses, limits.snapshots)
    return (columns, nodes, ((),) * limits.nodes, (), (), left)


def chain(found):
    """The history: from the highest confirmed term through its parents."""
    confirms = {e[2]: e for _, e in found if e[1]}
    term, history, length = max(confirms, default=0), (), None
    while term in confirms:
        records = tuple(sorted(e[3] for _, e in found if e[1] == RECORD and e[2] == term))
        history = records[:length] + history
        entry = confirms[term]
        if entry[1] == SNAPSHOT:
            return entry[3] + history
        term, length = entry[3], entry[4]
    return history


def unbroken(found):
    """Is every record there that the chain names, and every parent?"""
    confirms = {e[2]: e for _, e in found if e[1]}
    term = max(confirms, default=0)
    while term and confirms[term][1] != SNAPSHOT:
        term, length = confirms[term][3:5]
        if term and term not in confirms or \
                WHOLE > length > sum(1 for _, e in found if e[1] == RECORD and e[2] == term):
            return False
    return True


def words(history):
    """A history for a trace."""
    return " ".join(f"g{r[0]}(term {r[1]})" for r in history) or "nothing"
