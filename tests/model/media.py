# SPDX-License-Identifier: GPL-2.0
"""The legs: superblocks in two slots, the intent bit, data behind a volatile cache.

What drivers/mirror/super.c and meta.c say about them, with one region. A copy id
is a small number.
"""
from typing import NamedTuple, Optional

CUT, UP, DARK = 0, 1, 2		# DARK: lost its power, and no I/O has failed since


class Super(NamedTuple):
    """One superblock."""
    cur: int		# id of the copy
    bm: int		# id that the bits are relative to, or 0
    alone: int		# ALONE_OK
    target: int		# RESYNC_TARGET
    hist: tuple			# older ids, the last one first


class Leg(NamedTuple):
    """All that one leg holds."""
    up: int
    data: tuple			# versions since the last flush, newest last
    bit: int
    sb: Optional[Super]		# the slot with the highest number that is intact
    old: Optional[Super]	# the other slot; None: torn
    soft: int			# 1: newest superblock, 2: bit; in the cache only (rules removed)
    mixed: int			# ghost: holds parts of two versions
    lossy: int			# ghost: lost cached data while in service


FRESH = Leg(UP, (0,), 0, Super(1, 0, 0, 0, ()), Super(1, 0, 0, 0, ()), 0, 0, 0)
IN_SYNC, FROM_0, FROM_1, FULL_0, FULL_1, BOTH_TARGETS, DIVERGED = range(7)
VERDICT = ("in sync", "1 follows 0", "0 follows 1", "1 lacks everything", "0 lacks everything",
           "both are targets", "diverged")


def put(data, version):
    """Data of a leg after a write into its cache."""
    return data if data[-1] == version else data + (version,)


def flushed(leg):
    """A leg after a flush."""
    return leg._replace(data=leg.data[-1:], soft=0) if len(leg.data) > 1 or leg.soft else leg


def losses(leg):
    """What may be left of a leg after its cache is gone: any write, or none, got through."""
    left = [leg._replace(data=(v,), soft=0) for v in sorted(set(leg.data))]
    if leg.soft & 1:
        left += [one._replace(sb=one.old, old=None) for one in left]
    if leg.soft & 2:
        left += [one._replace(bit=1 - one.bit) for one in left]
    return left


def chosen(leg, off):
    """The superblock that counts (vmirror_super_choose)."""
    if "superblock: newest counts" in off and leg.old:
        return leg.old
    return leg.sb


def write_super(leg, new, over, how, off):
    """Write a superblock over the slot that is not the newest, or over=1 the newest.

    how: "done", "torn", or "lost" (nothing got there).
    """
    if how == "lost":
        return leg
    if "superblock: flush before" not in off:
        leg = flushed(leg)
    if how == "torn":
        return leg._replace(sb=leg.old, old=None) if over else leg._replace(old=None)
    soft = leg.soft | 1 if "superblock: FUA" in off else leg.soft
    leg = leg._replace(sb=new, old=leg.old if over else leg.sb, soft=soft)
    return leg


def descends(sb, cur):
    """Is cur among the older ids of this copy?"""
    return cur in sb.hist


def covers(sb, cur):
    """Do the bits of this copy say all that one with the id cur lacks (vmirror_covers)?"""
    if not sb.bm or sb.bm == cur:
        return bool(sb.bm)
    return sb.bm in sb.hist and cur in sb.hist[:sb.hist.index(sb.bm)]


def compare(a, b, off):
    """Who follows whom (vmirror_compare)."""
    if a.target and b.target:
        return BOTH_TARGETS
    if a.cur == b.cur:
        if a.target:
            return FROM_1
        if b.target:
            return FROM_0
        if a.bm:
            return FROM_0
        return FROM_1 if b.bm else IN_SYNC
    newer, older = descends(a, b.cur), descends(b, a.cur)
    full = "start: full copy if bits do not fit" not in off
    if newer and not older and not a.target:
        return FROM_0 if covers(a, b.cur) or not full else FULL_0
    if older and not newer and not b.target:
        return FROM_1 if covers(b, a.cur) or not full else FULL_1
    if "start: diverged is refused" in off:
        return FROM_1 if a.target else FROM_0
    return DIVERGED


def degrade(sb, new, off):
    """The superblock of a leg that goes on alone (vmirror_super_degrade)."""
    if "degrade: new copy id" in off:
        return sb._replace(bm=sb.bm or sb.cur, alone=1)
    older = sb.cur if "degrade: bits stay relative to the oldest" in off else sb.bm or sb.cur
    return Super(new, older, 1, sb.target, (sb.cur,) + sb.hist)
