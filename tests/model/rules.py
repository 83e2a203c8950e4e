# SPDX-License-Identifier: GPL-2.0
"""The rules of the mirror, each with what the explorer says when it is removed.

A rule is FOUND: without it an invariant is broken, within the bounds given; or
REDUNDANT in this placement, for the reason given. Where another rule stands in
for it, the two are removed together and that is found ("partners").
"""
from typing import NamedTuple, Optional


class Bounds(NamedTuple):
    """What may happen in one run."""
    writes: int
    crashes: int	# of the host
    losses: int		# of a leg, of its path or its power
    forces: int		# starts by force_alone

    def __str__(self):
        return " ".join(f"{name} {n}" for name, n in zip(self._fields, self))


BASE = Bounds(1, 1, 1, 1)
OVERWRITE = Bounds(2, 1, 1, 0)
BOTH_LEGS = Bounds(1, 1, 2, 0)
TWICE = Bounds(1, 2, 1, 1)

HOLD = (BASE, OVERWRITE, BOTH_LEGS)
HOLD_LONG = (TWICE, Bounds(1, 1, 2, 1), Bounds(2, 1, 1, 1), Bounds(1, 2, 2, 0), Bounds(2, 1, 2, 0))
WIDER = (OVERWRITE, BOTH_LEGS)	# for what is redundant, beyond BASE


class Found(NamedTuple):
    """A rule without which an invariant is broken."""
    rule: str
    breaks: str		# the invariant that the shortest trace ends at
    bounds: Bounds = BASE


class Redundant(NamedTuple):
    """A rule that another one stands in for."""
    rule: str
    because: str
    partners: tuple = ()
    breaks: Optional[str] = None	# with the partners removed too
    bounds: Bounds = BASE


# The names are those in driver.py, world.py and media.py.
FOUND = (
    Found("bits: before the data", "V9"),
    Found("bits: FUA", "V9"),
    Found("clean: both legs are flushed", "V9"),
    Found("clean: the region is quiet", "V9"),
    Found("clean: not while degraded", "V9"),
    Found("clean: not what is dirty", "V9"),
    Found("clean: stops at a failure", "V9"),
    Found("io: one leg is read", "V2"),
    Found("io: a flush goes to both legs", "V1"),
    Found("io: reads wait while a leg is suspect", "V2"),
    Found("io: a resync reads the source", "V8"),
    Found("io: a write ends when both legs let go", "V8"),
    Found("io: half-done writes wait for the record", "V8", BOTH_LEGS),
    Found("io: a write that the source failed fails the leg", "V9"),
    Found("degrade: the record is durable before the answer", "V8"),
    Found("degrade: without the record nothing serves", "V8", BOTH_LEGS),
    Found("degrade: drain the leg that stays", "V2"),
    Found("degrade: failures are looked at after the drain", "V2", BOTH_LEGS),
    Found("degrade: new copy id", "P17"),
    Found("superblock: newest counts", "V8"),
    Found("superblock: two slots in turn", "V8", BOTH_LEGS),
    Found("superblock: a failed one is tried again in its slot", "V8", BOTH_LEGS),
    Found("superblock: FUA", "V8"),
    Found("start: one leg needs ALONE_OK", "P17"),
    Found("start: never from a target", "V8"),
    Found("start: diverged is refused", "V8", TWICE),
    Found("start: bits mean resync", "V2"),
    Found("start: the record is durable", "V10"),
    Found("attach: RESYNC_TARGET", "V8"),
    Found("resync: the copy waits for writers", "V9"),
    Found("resync: writers wait for the copy", "V9"),
    Found("resync: a write that the source failed is dirty", "V9"),
    Found("resync: source failure copies again", "V9"),
    Found("end: nothing is dirty", "V8"),
    Found("end: the target is flushed", "V1", BOTH_LEGS),
    Found("end: the source gives up ALONE_OK", "P17", BOTH_LEGS),
    Found("end: the target takes the copy id", "P17"),
    Found("end: a superblock that fails stops it", "V9", OVERWRITE),
    Found("end: stops at a failure", "V1", BOTH_LEGS),
    Found("end: a failure is kept", "V9", OVERWRITE),
    Found("legs: a lost cache is noticed", "V8"),
)

REDUNDANT = (
    Redundant("degrade: bits stay relative to the oldest", "else the bits do not fit the target, "
              "and all is copied"),
    Redundant("attach: bits of a full copy are of no other leg", "it is for the disk that was in the "
              "target's place before it"),
    Redundant("bits: on both legs", "a start and an attach merge the bits of both legs",
              ("start: the bits of both legs",), "V9"),
    Redundant("start: the bits of both legs", "bits are durable on both before the data",
              ("bits: on both legs",), "V9"),
    Redundant("attach: the bits of the target are merged",
              "bits are durable on both before the data", ("bits: on both legs",), "V9"),
    Redundant("attach: the target gets all bits", "a start and an attach merge the bits of both"),
    Redundant("attach: RESYNC_TARGET before the bits", "bits that a leg has too many only copy more"),
    Redundant("attach: the target loses ALONE_OK", "RESYNC_TARGET keeps it from serving; "
              "ALONE_OK is on the newest leg only"),
    Redundant("attach: all bits are dirty", "degrading made them dirty",
              ("degrade: all bits are dirty",), "V9"),
    Redundant("degrade: all bits are dirty", "the attach makes them dirty",
              ("attach: all bits are dirty",), "V9"),
    Redundant("attach: the target is drained", "the copy waits for all writers of its region"),
    Redundant("attach: an earlier copy has ended", "a copy begins only when the one before has ended",
              ("resync: one copy at a time",), "V9", OVERWRITE),
    Redundant("resync: one copy at a time", "an attach waits for the copy before",
              ("attach: an earlier copy has ended",), "V9", OVERWRITE),
    Redundant("resync: dirty is written to the source only", "the copy waits for writers, "
              "and overwrites what they left"),
    Redundant("resync: an aborted copy stays dirty", "degrading and the attach make all bits dirty"),
    Redundant("superblock: flush before", "who relies on flushed data flushes first",
              ("end: the target is flushed",), "V1"),
    Redundant("start: full copy if bits do not fit", "a bit is cleared only where both legs are equal, "
              "whatever their ids; it is for a leg put back from an old image"),
    Redundant("end: ALONE_OK first", "while the bitmap id is set the source is followed, "
              "and the target has no ALONE_OK"),
    Redundant("end: bitmap id last", "a target with an older id then gets a full copy"),
)
