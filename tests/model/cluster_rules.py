# SPDX-License-Identifier: GPL-2.0
"""The rules of database and roles, each with what the explorer says when it is removed.

As in rules.py: without a rule an invariant breaks within the bounds given, or the rule
is redundant there for the reason given.
"""
from owner import FENCE, GATE, KEY, Turns
from replicas import bounds
from rules import Found, Redundant

ONE = bounds(2, 1, 1, 1)	# one replica
AGAIN = bounds(2, 1, 2, 1)	# ...and each node may claim twice
BOTH = AGAIN._replace(commits=(2, 2))
THREE = bounds(2, 3, 1, 1)	# three replicas
BEGUN = THREE._replace(claims=(1, 2), commits=(1, 1), empty=1, begun=1)
ALL = (1, 1, 1, 1)		# crashes, cuts, OUTDATED, requests

HOLD = (
    BOTH,
    bounds(3, 1, 1, 1),
    AGAIN._replace(claims=(2, 1), crashes=1, cuts=1, snapshots=1),
    THREE._replace(commits=(2, 2)),
    THREE._replace(crashes=1, cuts=1),
    THREE._replace(commits=(1, 0), losses=1),
    THREE._replace(empty=1),
    BEGUN,
    Turns(FENCE, 2, 2, *ALL),
    Turns(KEY, 2, 2, *ALL),
    Turns(GATE, 2, 2, *ALL),
)
# Wider: parts of the long run.
HOLD_LONG = (
    AGAIN._replace(crashes=1, snapshots=1),
    AGAIN._replace(crashes=1, cuts=1),
    AGAIN._replace(snapshots=2),
    THREE._replace(losses=1),
    THREE._replace(cuts=1, empty=1),
    Turns(FENCE, 3, 2, *ALL),
    Turns(KEY, 3, 2, *ALL),
    Turns(GATE, 3, 2, *ALL),
    Turns(FENCE, 2, 3, *ALL),
    Turns(KEY, 2, 3, *ALL),
    Turns(GATE, 2, 3, *ALL),
)
# Nothing goes wrong: it must still work.
CALM = (AGAIN, THREE, Turns(FENCE, 2, 2))

STALE = Turns(FENCE, 2, 1, cuts=1)	# the engine takes the lock away from who believes

FOUND = (
    Found("claim: the slots are read again", "V5", ONE),
    Found("claim: durable before the slots are read", "V5", ONE),
    Found("claim: another as high means higher", "V5", ONE),
    Found("claim: two blocks in turn", "V5", AGAIN._replace(crashes=1)),
    Found("claim: the logs are read after it", "V6", ONE),
    Found("confirm: durable before the first commit", "V6", ONE),
    Found("confirm: the parent is the highest found", "V6", AGAIN),
    Found("confirm: the length of the parent", "V6", AGAIN),
    Found("confirm: what the chain names has been read", "V6", bounds(3, 1, 1, 1)),
    Found("confirm: what is not on a majority comes along", "V6", THREE),
    Found("history: a claim without CONFIRM is none", "V6", ONE),
    Found("commit: the slots are read after it", "V6", ONE),
    Found("commit: durable before the slots are read", "V6", ONE),
    Found("commit: without an outcome the node stops", "V6", ONE._replace(commits=(2, 2), cuts=1)),
    Found("log: FUA", "V6", ONE._replace(losses=1)),
    Found("log: a torn block does not count", "V6", ONE._replace(crashes=1)),
    Found("log: no second write to a block while one is on its way", "V6",
          AGAIN._replace(cuts=1, snapshots=2)),
    Found("restart: writes of the former life have ended", "V6", AGAIN._replace(crashes=1)),
    Found("restart: the end of the log is read from a majority", "V6",
          THREE._replace(claims=(2, 2), crashes=1)),
    Found("snapshot: durable before its blocks are used again", "V6",
          BOTH._replace(snapshots=1)),
    Found("snapshot: no higher claim before its blocks are used again", "V10",
          AGAIN._replace(snapshots=1)),
    Found("snapshot: two areas in turn", "V6", AGAIN._replace(crashes=1, snapshots=2)),
    Found("replicas: a majority is written", "V6", THREE),
    Found("replicas: a majority is read", "V6", THREE),
    Found("replicas: a new one does not count", "V6", THREE._replace(losses=1)),
    Found("replicas: a new one counts with all records on it", "V6", BEGUN),
    Found("replicas: no higher claim before a new one counts", "V6", BEGUN),
    Found("replicas: what an exchanged one had is written again", "V6", BEGUN),
    Found("replicas: nobody writes another's blocks", "V6", THREE._replace(empty=1)),
    Found("events: after the acknowledgement", "V11", ONE),
    Found("database: a commit fails when another came first", "V5", Turns(FENCE, 2, 2, cuts=1)),
    Found("role: an ineligible node lets go", "V8", Turns(FENCE, 2, 2, cuts=1, outdated=1)),
    Found("role: a failed promotion lets go", "V10", Turns(FENCE, 2, 2, cuts=1)),
    Found("role: its own earlier I/O has ended", "V4", STALE),
    Found("role: TAKING is committed before the proof", "V5", Turns(GATE, 2, 1, cuts=1)),
    Found("role: proof before ACTIVE", "V4", STALE),
    Found("role: ACTIVE is committed before it admits", "V4", Turns(FENCE, 3, 2, cuts=2)),
    Found("role: a clean release drains first", "V4", Turns(FENCE, 2, 1)),
    Found("fence: confirmed when its I/O has ended", "V4", STALE),
    Found("fence: the verdict names the boot", "V4", Turns(FENCE, 2, 3, cuts=2)),
    Found("key: its commands are aborted", "V4", STALE._replace(proof=KEY)),
    Found("key: it is read back", "V4", STALE._replace(proof=KEY, cuts=2)),
    Found("key: reads are refused too", "V12", STALE._replace(proof=KEY)),
    Found("gate: a lower term is refused", "V4", STALE._replace(proof=GATE)),
    Found("gate: it is drained", "V4", STALE._replace(proof=GATE)),
)

REDUNDANT = (
    Redundant("role: only an eligible node queues", "who is granted the lock looks again",
              ("role: an ineligible node lets go",), "V8", Turns(FENCE, 2, 2, *ALL)),
    Redundant("role: a clean release is committed",
              "without the record the next owner asks for proof", (), None, Turns(FENCE, 2, 2, *ALL)),
    Redundant("role: old routes are dropped", "the owner refuses a request of another term",
              ("request: its term is the owner's",), "V3", Turns(FENCE, 2, 2, *ALL)),
    Redundant("request: its term is the owner's", "the routes are dropped before the owner admits",
              ("role: old routes are dropped",), "V3", Turns(FENCE, 2, 2, *ALL)),
)
