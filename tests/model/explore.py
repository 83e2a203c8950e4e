# SPDX-License-Identifier: GPL-2.0
"""Breadth-first search: every state that can be reached, the shortest trace to a bad one."""
import time
from typing import NamedTuple, Optional


class Result(NamedTuple):
    """What a search found."""
    broken: Optional[str]	# the invariant, None: holds everywhere
    trace: list			# labels of the steps that lead there
    states: int
    steps: int
    depth: int
    seconds: float
    whole: bool			# nothing was left out because of the limit


def trace_to(state, came):
    """The labels of the steps from the first state to this one."""
    trace = []
    while came[state] is not None:
        state, label = came[state]
        trace.append(label)
    return trace[::-1]


def search(first, successors, limit=None):
    """Explore from the state first, at most limit states.

    successors(state) gives (what is broken in this state or None, list of
    (label, next state)). The search ends at the first state that is broken.
    """
    begin = time.monotonic()
    came = {first: None}
    level, depth, steps = [first], 0, 0

    def result(broken, trace, whole=True):
        return Result(broken, trace, len(came), steps, depth, time.monotonic() - begin, whole)

    while level:
        following = []
        for state in level:
            broken, nexts = successors(state)
            if broken:
                return result(broken, trace_to(state, came))
            steps += len(nexts)
            for label, new in nexts:
                if new not in came:
                    came[new] = (state, label)
                    following.append(new)
            if limit and len(came) > limit:
                return result(None, [], False)
        level = following
        depth += bool(level)
    return result(None, [])
