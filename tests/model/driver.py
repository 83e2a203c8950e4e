# SPDX-License-Identifier: GPL-2.0
"""The steps of drivers/mirror, as its files have them: worker, bios, resync, start.

One step of the model is one I/O of the driver, or what it does in memory between
two of them. "off" is the set of rules that are removed.
"""
from typing import NamedTuple, Optional

from media import (BOTH_TARGETS, CUT, DIVERGED, FROM_0, FROM_1, FULL_0, FULL_1, IN_SYNC, UP, VERDICT,
                   Leg, Super, chosen, compare, degrade, flushed, put, write_super)

DOWN, NORMAL, DEGRADED, RESYNC, FAILED, REFUSED = range(6)
STATE = ("down", "normal", "degraded", "resync", "failed", "refused")
IN_SERVICE = {NORMAL: (3, 3), RESYNC: (3, 3), DEGRADED: (1, 2)}

# How a leg's half of a write is getting on.
NONE, SENT, OK, ERR = range(4)
LOOKED = ("looked",)		# the worker: no failure was there when it looked for one


class State(NamedTuple):
    """Two legs, the driver's memory, and what has to hold."""
    legs: tuple
    st: int
    src: int
    bad: int			# mask of legs that failed, not settled yet
    img: int			# the bit, in memory
    chg: int			# ...and it may not be on disk
    hot: int
    dirty: int
    again: int			# the source of the resync failed an I/O
    mem: tuple			# superblocks as the driver knows them
    over: int			# mask of legs: the next superblock goes over the newest
    pc: Optional[tuple]		# what the worker waits for
    rs: Optional[tuple]		# the copying of the region: ("quiet",) or ("write", v)
    late: Optional[tuple]	# (v, leg): a write that nobody waits for any more
    op: Optional[tuple]		# of the user: ("d", v) waits, ("w", v, mask, half, half) is sent
    acked: int			# newest version acknowledged
    seen: int			# newest version acknowledged or read
    stable: int			# newest version acknowledged before a flush
    ver: int			# newest version written
    excused: int		# version in flight when cached data lost its last copy
    crashes: int		# what may still happen
    losses: int
    forces: int
    forced: int


def with_leg(s, i, **fields):
    """The state with one leg changed."""
    leg = s.legs[i]._replace(**fields)
    return s._replace(legs=(leg, s.legs[1]) if i == 0 else (s.legs[0], leg))


def new_leg(s, i, leg):
    """The state with one leg replaced."""
    return s._replace(legs=(leg, s.legs[1]) if i == 0 else (s.legs[0], leg))


def with_mem(s, i, sb):
    """The state with the driver's idea of a superblock changed."""
    return s._replace(mem=(sb, s.mem[1]) if i == 0 else (s.mem[0], sb))


def serving(s):
    """Legs that bios go to, as a mask; 0 holds them (m->mode)."""
    if s.bad or s.st not in IN_SERVICE:
        return 0
    return IN_SERVICE[s.st][s.src]


def in_service(s):
    """Legs that metadata goes to, as a mask (vmirror_in_service)."""
    return IN_SERVICE[s.st][s.src] if s.st in IN_SERVICE else 0


def quiet(s):
    """No write is in flight in the region."""
    return not s.op or s.op[0] != "w"


def drained(s, i):
    """The leg has ended every write it was given (vmirror_drained)."""
    return quiet(s) or s.op[3 + i] != SENT


def alone(sb):
    """vmirror_is_alone"""
    return sb.alone and sb.bm


def new_id(s):
    """The state without ids that nobody can ask for any more, and an id that no leg bears."""
    bearers = [sb for leg in s.legs for sb in (leg.sb, leg.old) if sb] + [sb for sb in s.mem if sb]
    used = {0}
    for sb in bearers:
        used |= {sb.cur, sb.bm}

    def pruned(sb):
        return sb and sb._replace(hist=tuple(i for i in sb.hist if i in used))

    s = s._replace(legs=tuple(leg._replace(sb=pruned(leg.sb), old=pruned(leg.old))
                              for leg in s.legs), mem=tuple(pruned(sb) for sb in s.mem))
    new = 1
    while new in used:
        new += 1
    return s, new


class Driver:
    """All steps of the driver, with some rules removed."""

    def __init__(self, off):
        self.off = frozenset(off)
        self.tidy = not any(rule.startswith("superblock") for rule in off)
        self.finish = {
            "record": self.recorded, "start-bits": self.start_bits, "start-record": self.start_done,
            "mark": self.target_marked, "bits": self.target_bits, "attach-bits": self.attach_bits,
            "attach-id": self.bits_named,
            "revive": self.revived, "intent": self.intent_done, "clean-0": self.clean_flushed,
            "clean-1": self.clean_flushed, "clean-bits": self.clean_done,
            "end-flush": self.end_flushed,
        }
        for n in range(3):
            self.finish[f"end-{n}"] = lambda s, ok, leg, n=n: self.end_super(s, ok, leg, n)

    # --- failures of a leg, and what follows (io.c, state.c) ---

    def leg_failed(self, s, i):
        """vmirror_leg_failed(): the states that may follow."""
        if s.st == RESYNC and i == s.src:
            on = "resync: source failure copies again" not in self.off
            return [s._replace(again=1) if on else s]
        if s.st not in (NORMAL, RESYNC) or s.bad >> i & 1:
            return [s]
        new = s._replace(bad=s.bad | 1 << i)
        # The worker may just have looked, and go on with what it found then.
        return [new, new._replace(pc=LOOKED)] if not s.pc and not s.bad else [new]

    def set_degraded(self, s, leg, record=True):
        """vmirror_set_state(DEGRADED)"""
        if "degrade: all bits are dirty" not in self.off and s.img:
            s = s._replace(dirty=1)
        s = with_leg(s, 1 - leg, lossy=0)
        s = with_mem(s, 1 - leg, None)
        return s._replace(st=DEGRADED, src=leg, bad=0, again=0, pc=None) if record else s

    def abort_copy(self, s):
        """vmirror_abort_copy(): a write to the target may still be out."""
        if not s.rs:
            return s
        if "resync: an aborted copy stays dirty" in self.off:
            s = s._replace(dirty=0)
        late = (s.rs[1], 1 - s.src) if s.rs[0] == "write" else s.late
        return s._replace(rs=None, late=late)

    def settle(self, s):
        """vmirror_settle()"""
        bad = s.pc[1] if s.pc and s.pc[0] == "settle" else s.bad
        leg = s.src
        if s.st == NORMAL and bad != 3:
            leg = 1 if bad & 1 else 0
        if not drained(s, leg) and "degrade: drain the leg that stays" not in self.off:
            return []
        s = self.abort_copy(s)._replace(pc=None)
        if s.legs[leg].lossy:
            s = forget(s)
        if s.st != NORMAL and alone(s.mem[leg]):
            return [(f"degraded to leg {leg}", self.set_degraded(s, leg))]
        s, new = new_id(s)
        return [(f"all writes have ended on leg {leg}",
                 self.begin_super(s, leg, degrade(s.mem[leg], new, self.off), "record"))]

    def recorded(self, s, ok, leg):
        """The superblock of the leg that stays."""
        if ok or "degrade: without the record nothing serves" in self.off:
            return [(f"; degraded to leg {leg}", self.set_degraded(s, leg))]
        return [("; failed", s._replace(st=FAILED, src=leg, bad=0, pc=None, again=0))]

    def finish_half(self, s):
        """vmirror_finish_half(): writes that a leg failed."""
        v, half = s.op[1], s.op[3:]
        if s.st == NORMAL and half[s.src] == ERR and \
                "io: a write that the source failed fails the leg" not in self.off:
            return [("a write that the source failed is still unsettled", new)
                    for new in self.leg_failed(s, s.src)]
        if s.st == RESYNC and half[s.src] == ERR and \
                "resync: a write that the source failed is dirty" not in self.off:
            s = s._replace(dirty=1)
        if s.st == FAILED or half[s.src] == ERR:
            return [(f"write v{v} ends with an error", s._replace(op=None))]
        return [acknowledge(s, v)]

    def renamed(self, s):
        """The same state, with one copy id when there is but one: fewer states."""
        bearers = [leg.sb for leg in s.legs] + [leg.old for leg in s.legs] + list(s.mem)
        if not self.tidy or None in bearers or len({sb.cur for sb in bearers}) > 1 or \
                any(sb.bm for sb in bearers):
            return s

        def plain(sb):
            return sb._replace(cur=1, hist=())

        return s._replace(legs=tuple(leg._replace(sb=plain(leg.sb), old=plain(leg.old))
                                     for leg in s.legs), mem=tuple(plain(sb) for sb in s.mem))

    # --- metadata I/O (meta.c) ---

    def begin_super(self, s, i, new, then):
        """Begin to write a superblock."""
        return with_mem(s, i, new)._replace(pc=("super", i, new, then, int(s.legs[i].up == UP)))

    def begin_bits(self, s, legs, then):
        """Begin to write the bit to legs; with nothing to write, it is done."""
        return s._replace(pc=("bits", legs, 0, then))

    def super_steps(self, s):
        """A superblock is written, or cannot be."""
        _, i, new, then, begun = s.pc
        leg, over = s.legs[i], s.over >> i & 1
        if "superblock: two slots in turn" in self.off:
            over = 1
        text = f"leg {i} superblock: {words(new)}"
        if leg.up == UP:
            done = new_leg(s, i, write_super(leg, new, over, "done", self.off))
            done = done._replace(over=done.over & ~(1 << i), pc=None)
            if self.tidy:
                done = with_leg(done, i, old=new)	# the next one goes over it
            return [(text + more, t) for more, t in self.finish[then](done, True, i)]
        steps = []
        for how in ("lost", "torn", "done") if begun else ("lost",):
            t = new_leg(s, i, write_super(leg, new, over, how, self.off))
            t = noticed(t, i)._replace(pc=None, over=s.over & ~(1 << i) | self.next_over(over, how) << i)
            label = f"{text} fails" + {"lost": "", "torn": ", torn", "done": ", but is there"}[how]
            steps += [(label + more, u) for more, u in self.finish[then](t, False, i)]
        return steps

    def next_over(self, over, how):
        """Does the superblock after one that failed go over the newest intact one?"""
        same_slot = "superblock: a failed one is tried again in its slot" not in self.off
        if how == "done":
            return int(same_slot)
        if how == "lost":
            return over if same_slot else 1 - over
        return 0 if same_slot else 1

    def bit_steps(self, s):
        """The bit is written to legs in parallel."""
        _, left, failed, then = s.pc
        steps = []
        for i in (0, 1):
            if not left >> i & 1:
                continue
            rest = left & ~(1 << i)
            if s.legs[i].up == UP:
                steps += self.bits_done(self.put_bit(s, i), rest, failed, then,
                                        f"leg {i} bit = {s.img}")
                continue
            text = f"leg {i} bit = {s.img} fails"
            t = noticed(s, i)
            steps += self.bits_done(t, rest, failed | 1 << i, then, text)
            if s.legs[i].bit != s.img and s.legs[i].up == CUT:
                steps += self.bits_done(self.put_bit(t, i), rest, failed | 1 << i, then,
                                        text + ", but is there")
        return steps

    def put_bit(self, s, i):
        """The bit as it is on one leg."""
        soft = s.legs[i].soft
        if "bits: FUA" in self.off and s.legs[i].bit != s.img:
            soft |= 2
        return with_leg(s, i, bit=s.img, soft=soft)

    def bits_done(self, s, left, failed, then, text):
        """One leg has ended; with the last one, go on."""
        if left:
            return [(text, s._replace(pc=("bits", left, failed, then)))]
        s = s._replace(pc=None, chg=s.chg if failed else 0)
        return [(text + more, t) for more, t in self.finish[then](s, not failed, failed)]

    def flush_steps(self, s):
        """A leg is flushed for the worker."""
        _, i, then = s.pc
        if s.legs[i].up == UP:
            done = new_leg(s, i, flushed(s.legs[i]))._replace(pc=None)
            return [(f"leg {i} flushed" + more, t) for more, t in self.finish[then](done, True, i)]
        s = noticed(s, i)._replace(pc=None)
        return [(f"leg {i} flush fails" + more, t) for more, t in self.finish[then](s, False, i)]

    # --- write intent (io.c, bitmap.c) ---

    def run_deferred(self, s):
        """vmirror_run_deferred(): the write whose region is cold, or was held."""
        v = s.op[1]
        if s.st == FAILED:
            return [(f"write v{v} ends with an error", s._replace(op=None))]
        if s.img and not s.chg and not self.send(s):
            return []
        if not s.img:
            s = s._replace(img=1, chg=1, dirty=1 if s.st == DEGRADED else s.dirty)
        if s.chg and "bits: before the data" not in self.off:
            legs = in_service(s)
            if "bits: on both legs" in self.off:
                legs = 1 << s.src
            return [("the bit is set in memory", self.begin_bits(s, legs, "intent"))]
        return [(label, t) for label, t in self.send(s)]

    def intent_done(self, s, ok, failed):
        """The bit is durable, or a leg failed it."""
        if ok:
            return self.send(s) or [("; held", s)]
        states = [s]
        for i in (0, 1):
            if failed >> i & 1:
                states = [t for one in states for t in self.leg_failed(one, i)]
        return [("", t) if t.bad & failed else
                (f"; write v{s.op[1]} ends with an error", t._replace(op=None)) for t in states]

    def send(self, s):
        """vmirror_send_write()"""
        mask = serving(s)
        if not mask or s.rs and "resync: writers wait for the copy" not in self.off:
            return []
        return [("; sent", send_write(s._replace(hot=1), s.op[1], self.write_mask(s, mask)))]

    def write_mask(self, s, mask):
        """vmirror_write_mask(): to a dirty region only the leg that is read."""
        if s.st == RESYNC and s.dirty and "resync: dirty is written to the source only" not in self.off:
            return 1 << s.src
        return mask

    def clean(self, s):
        """vmirror_clean(): begin to take the bit back."""
        if in_service(s) != 3 and not (s.st == DEGRADED and "clean: not while degraded" in self.off):
            return []
        if not s.hot:
            return []
        if s.dirty and "clean: not while degraded" not in self.off and \
                "clean: not what is dirty" not in self.off:
            return []
        if not quiet(s) and "clean: the region is quiet" not in self.off:
            return []
        s = s._replace(hot=0)
        if "clean: both legs are flushed" in self.off:
            return [("the bit is cleared in memory", self.clear_bit(s))]
        if s.st == DEGRADED:
            return [("the cleaner begins", s._replace(pc=("flush", s.src, "clean-1")))]
        return [("the cleaner begins", s._replace(pc=("flush", 0, "clean-0")))]

    def clear_bit(self, s):
        """The bit is cleared, first in memory."""
        return self.begin_bits(s._replace(img=0, chg=1), in_service(s), "clean-bits")

    def clean_flushed(self, s, ok, i):
        """A leg was flushed for the cleaner."""
        if not ok:
            return [("", t) for t in self.leg_failed(s._replace(hot=1), i)]
        if i == 0 and in_service(s) == 3:
            return [("", s._replace(pc=("flush", 1, "clean-1")))]
        if (s.bad or s.again) and "clean: stops at a failure" not in self.off:
            return [("; a leg has failed: the bit stays", s._replace(hot=1))]
        return [("", self.clear_bit(s))]

    def clean_done(self, s, ok, failed):
        """The cleared bit is on disk, or a leg failed it."""
        states = [s]
        for i in (0, 1):
            if not ok and failed >> i & 1:
                states = [t for one in states for t in self.leg_failed(one, i)]
        return [("", t) for t in states]

    # --- attach, resync and its end (resync.c) ---

    def attach(self, s):
        """vmirror_probe() and vmirror_attach_found()"""
        leg, off = 1 - s.src, self.off
        if s.legs[0].up != UP or s.legs[1].up != UP:
            return []
        if s.late and "attach: an earlier copy has ended" not in off:
            return []
        if not drained(s, leg) and "attach: the target is drained" not in off:
            return []
        found = chosen(s.legs[leg], off)
        if not found:
            return []
        verdict = compare(found, s.mem[1], off) if s.src else compare(s.mem[0], found, off)
        if verdict not in ((FROM_1, FULL_1) if s.src else (FROM_0, FULL_0)):
            return []
        bit = s.legs[leg].bit if "attach: the bits of the target are merged" not in off else 0
        if verdict in (FULL_0, FULL_1):
            bit = 1
        chg = s.chg or int(bit > s.img)
        s = s._replace(img=s.img | bit, chg=chg)
        if s.img and "attach: all bits are dirty" not in off:
            s = s._replace(dirty=1)
        s = with_mem(s, leg, found)._replace(over=s.over & ~(1 << leg))
        text = f"leg {leg} is found ({VERDICT[verdict]})"
        if chg:
            return [(text, self.begin_bits(s, 1 << s.src, "attach-bits"))]
        return [(text, self.mark_target(s))]

    def attach_bits(self, s, ok, _failed):
        """The merged bits are on the source."""
        return [("", self.mark_target(s) if ok else with_mem(s, 1 - s.src, None))]

    def mark_target(self, s):
        """vmirror_attach_leg()"""
        leg, src = 1 - s.src, s.mem[s.src]
        verdict = compare(*s.mem, self.off)
        if verdict in (FULL_0, FULL_1) and "attach: bits of a full copy are of no other leg" not in self.off:
            s, new = new_id(s)
            return self.begin_super(s, s.src, s.mem[s.src]._replace(bm=new), "attach-id")
        return self.mark_leg(s)

    def bits_named(self, s, ok, _leg):
        """The bits of the source have an id that no leg bears."""
        return [("", self.mark_leg(s) if ok else with_mem(s, 1 - s.src, None))]

    def mark_leg(self, s):
        """...and its second half"""
        leg = 1 - s.src
        if "attach: RESYNC_TARGET before the bits" in self.off and s.legs[leg].bit != s.img:
            return self.begin_bits(s, 1 << leg, "bits")
        new = s.mem[leg]
        if "attach: RESYNC_TARGET" not in self.off:
            new = new._replace(target=1)
        if "attach: the target loses ALONE_OK" not in self.off:
            new = new._replace(alone=0)
        return self.begin_super(s, leg, new, "mark")

    def target_marked(self, s, ok, leg):
        """The target's superblock."""
        if not ok:
            return [("", with_mem(s, leg, None))]
        if "attach: RESYNC_TARGET before the bits" in self.off or \
                "attach: the target gets all bits" in self.off:
            return [("; resync begins", self.begin_resync(s))]
        return [("", self.begin_bits(s, 1 << leg, "bits"))]

    def target_bits(self, s, ok, _failed):
        """The target has all bits."""
        if not ok:
            return [("", with_mem(s, 1 - s.src, None))]
        if "attach: RESYNC_TARGET before the bits" in self.off:
            return [("", self.mark_target(s))]
        return [("; resync begins", self.begin_resync(s))]

    def begin_resync(self, s):
        """vmirror_set_state(RESYNC)"""
        return s._replace(st=RESYNC, bad=0, again=0, pc=None)

    def copy_steps(self, s):
        """vmirror_resync_region(), and what of it outlives an abort."""
        src, tgt, kind = s.src, 1 - s.src, s.rs[0]
        if kind == "quiet":
            if not quiet(s) and "resync: the copy waits for writers" not in self.off:
                return []
            if s.legs[src].up == UP:
                v = s.legs[src].data[-1]
                return [(f"the copy reads v{v} from leg {src}",
                         with_leg(s, tgt, mixed=1)._replace(rs=("write", v)))]
            s = noticed(s, src)._replace(rs=None)
            return [(f"the copy cannot read leg {src}", t) for t in self.leg_failed(s, tgt)]
        if s.legs[tgt].up == UP:
            t = with_leg(s, tgt, data=put(s.legs[tgt].data, s.rs[1]), mixed=0)
            if s.again:
                return [(f"v{s.rs[1]} copied to leg {tgt}, to be copied again", t._replace(rs=None))]
            return [(f"v{s.rs[1]} copied to leg {tgt}", t._replace(rs=None, dirty=0, hot=1))]
        s = noticed(s, tgt)._replace(rs=None)
        return [(f"the copy cannot write leg {tgt}", t) for t in self.leg_failed(s, tgt)]

    def late_steps(self, s):
        """A write that nobody waits for: that of an aborted copy."""
        v, i = s.late
        steps = [(f"the late write of v{v} ends without a trace", s._replace(late=None))]
        if s.legs[i].up == UP:
            steps.append((f"the late write of v{v} reaches leg {i}",
                          with_leg(s, i, data=put(s.legs[i].data, v))._replace(late=None)))
        return steps

    def begin_copy(self, s):
        """Make the region quiet."""
        hot = s.hot if "resync: writers wait for the copy" in self.off else 0
        return [("the copy begins", s._replace(rs=("quiet",), hot=hot))]

    def copy_again(self, s):
        """The source failed an I/O: it may have lost what the target has."""
        return [("the source failed: all bits are dirty again", s._replace(again=0, dirty=s.dirty | s.img))]

    def end_order(self):
        """P16: the superblocks at the end of a resync, in order."""
        order = ["alone", "target", "bits"]
        if "end: ALONE_OK first" in self.off:
            order = ["target", "alone", "bits"]
        if "end: bitmap id last" in self.off:
            order = ["alone", "bits", "target"]
        if "end: the source gives up ALONE_OK" in self.off:
            order.remove("alone")
        return order

    def resync_end(self, s):
        """vmirror_resync_end()"""
        if "end: the target is flushed" in self.off:
            return [("the resync ends", self.end_next(s, 0))]
        return [("the resync ends", s._replace(pc=("flush", 1 - s.src, "end-flush")))]

    def end_flushed(self, s, ok, leg):
        """The target was flushed."""
        if not ok:
            return [("", t) for t in self.leg_failed(s, leg)]
        if (s.bad or s.again) and "end: stops at a failure" not in self.off:
            return [("; a leg has failed: no end", s)]
        return [("", self.end_next(s, 0))]

    def end_next(self, s, n):
        """The next superblock of the end, or the state normal."""
        order = self.end_order()
        if n == len(order):
            bad = 0
            if "end: a failure is kept" not in self.off:
                bad = s.bad | s.again << s.src
            return self.renamed(s._replace(st=NORMAL, bad=bad, again=0, pc=None))
        src, tgt = s.src, 1 - s.src
        frm, to = s.mem[src], s.mem[tgt]
        if order[n] == "alone":
            return self.begin_super(s, src, frm._replace(alone=0), f"end-{n}")
        if order[n] == "bits":
            return self.begin_super(s, src, frm._replace(bm=0), f"end-{n}")
        new = Super(frm.cur, 0, 0, 0, frm.hist)
        if "end: the target takes the copy id" in self.off:
            new = Super(to.cur, 0, 0, 0, to.hist)
        return self.begin_super(s, tgt, new, f"end-{n}")

    def end_super(self, s, ok, leg, n):
        """Superblock n of the end."""
        what = self.end_order()[n]
        if not ok and what == "bits" and n == len(self.end_order()) - 1:
            s = self.end_next(s, n + 1)
            return [("; normal", t) for t in self.leg_failed(s, leg)]
        if not ok and "end: a superblock that fails stops it" not in self.off:
            return [("", t) for t in self.leg_failed(s, 1 - s.src)]
        s = self.end_next(s, n + 1)
        return [("; normal" if s.st == NORMAL else "", s)]

    def revive(self, s):
        """vmirror_revive(): the last leg of a failed mirror answers."""
        leg = s.legs[s.src]
        if leg.up != UP or not chosen(leg, self.off):
            return []
        return [(f"leg {s.src} answers again", self.begin_super(s, s.src, s.mem[s.src], "revive"))]

    def revived(self, s, ok, leg):
        """Its superblock is written again."""
        return [("; degraded", self.set_degraded(s, leg)) if ok else ("", s)]

    # --- the start (state.c) ---

    def starts(self, s, forced):
        """A start with all legs that are there, or with the one that the operator names."""
        there = [i for i in (0, 1) if s.legs[i].up == UP and chosen(s.legs[i], self.off)]
        s = s._replace(over=0)
        found = [chosen(leg, self.off) for leg in s.legs]
        steps = []
        # Once a leg was forced, only both together can tell which one to follow.
        for i in there if forced or not s.forced else ():
            steps += self.start_one(s._replace(mem=tuple(sb if i == k else None for k, sb
                                                         in enumerate(found))), i, forced)
        if len(there) == 2 and not forced:
            steps += self.start_both(s._replace(mem=tuple(found)))
        return steps

    def start_both(self, s):
        """vmirror_start_both()"""
        verdict = compare(*s.mem, self.off)
        bits = s.legs[0].bit | s.legs[1].bit
        if verdict in (DIVERGED, BOTH_TARGETS):
            return [(f"start: {VERDICT[verdict]}, refused", s._replace(st=REFUSED))]
        src = int(verdict in (FROM_1, FULL_1))
        if "start: the bits of both legs" in self.off:
            bits = s.legs[src].bit
        if verdict == IN_SYNC and (not bits or "start: bits mean resync" in self.off):
            return [("start: the legs are equal", self.renamed(s._replace(st=NORMAL, src=0)))]
        if verdict in (FULL_0, FULL_1):
            bits = 1
        return [(f"start: {VERDICT[verdict]}, bit {bits}", self.start_alone(s, src, bits))]

    def start_one(self, s, leg, forced):
        """vmirror_start_one()"""
        sb = s.mem[leg]
        if sb.target and "start: never from a target" not in self.off:
            return []
        need = "start: one leg needs ALONE_OK" not in self.off
        if forced:
            if sb.alone or not s.forces:
                return []
            v = s.legs[leg].data[-1]
            s = s._replace(forces=s.forces - 1, forced=1, acked=min(s.acked, v),
                           seen=min(s.seen, v), stable=min(s.stable, *s.legs[leg].data))
            return [(f"start from leg {leg} by force, with v{v}",
                     self.start_alone(s, leg, s.legs[leg].bit))]
        if need and not sb.alone:
            return []
        return [(f"start from leg {leg} alone", self.start_alone(s, leg, s.legs[leg].bit))]

    def start_alone(self, s, leg, bits):
        """vmirror_start_alone()"""
        s = s._replace(src=leg, img=bits, dirty=bits, chg=bits)
        if bits:
            return self.begin_bits(s, 1 << leg, "start-bits")
        return self.start_record(s)

    def start_bits(self, s, ok, _failed):
        """The merged bits are on the leg that has the data."""
        return [("", self.start_record(s) if ok else down(s))]

    def start_record(self, s):
        """That the leg serves alone is made durable, if it is not."""
        if alone(s.mem[s.src]) or "start: the record is durable" in self.off:
            return self.serve_alone(s)
        s, new = new_id(s)
        return self.begin_super(s, s.src, degrade(s.mem[s.src], new, self.off), "start-record")

    def start_done(self, s, ok, _leg):
        """The record is durable."""
        return [("; serves", self.serve_alone(s))] if ok else [("; no start", down(s))]

    def serve_alone(self, s):
        """Degraded; the other leg, if it was there, becomes the target."""
        other = s.mem[1 - s.src]
        s = s._replace(st=DEGRADED, pc=None)
        if not other:
            return s
        return self.mark_target(s)

    # --- what can happen next ---

    def worker_steps(self, s):
        """vmirror_worker(), idle: what it may begin."""
        half = s.op and s.op[0] == "w" and s.op[2] == 3 and SENT not in s.op[3:]
        stale = s.pc == LOOKED
        steps = []
        if s.bad and not stale:
            if "degrade: failures are looked at after the drain" in self.off:
                steps.append((f"the worker sees failed legs {s.bad:02b}",
                              s._replace(pc=("settle", s.bad))))
            else:
                steps += self.settle(s)
        if half and (not s.bad or stale and "io: half-done writes wait for the record" in self.off):
            steps += self.finish_half(s)
        if s.bad and not stale:
            return steps
        if stale:
            steps.append(("the worker looks again", s._replace(pc=None)))
            s = s._replace(pc=None)
        if s.st == RESYNC and s.again and not s.rs:
            steps += self.copy_again(s)
        elif s.st == RESYNC and not s.rs and (not s.dirty or "end: nothing is dirty" in self.off):
            steps += self.resync_end(s)
        if s.op and s.op[0] == "d" and not stale:
            steps += self.run_deferred(s)
        steps += self.clean(s)
        if s.st == DEGRADED:
            steps += self.attach(s)
        elif s.st == FAILED:
            steps += self.revive(s)
        return steps

    def steps(self, s):
        """Every step the driver can take."""
        if s.st == REFUSED:
            return []
        if s.pc and s.pc != LOOKED:
            kind = s.pc[0]
            steps = self.super_steps(s) if kind == "super" else self.bit_steps(s) if kind == "bits" \
                else self.settle(s) if kind == "settle" else self.flush_steps(s)
        elif s.st == DOWN:
            return self.starts(s, False)
        else:
            steps = self.worker_steps(s)
        if s.late:
            steps += self.late_steps(s)
        if s.rs:
            steps += self.copy_steps(s)
        elif s.st == RESYNC and s.dirty and not s.bad and not s.again and \
                (not s.late or "resync: one copy at a time" in self.off):
            steps += self.begin_copy(s)
        return steps


def words(sb):
    """A superblock in words."""
    return f"id {sb.cur}, bitmap id {sb.bm}" + (", ALONE_OK" if sb.alone else "") + \
        (", RESYNC_TARGET" if sb.target else "")


def noticed(s, i):
    """An I/O to the leg has failed, so the driver knows."""
    return s if s.legs[i].up == CUT else with_leg(s, i, up=CUT)


def acknowledge(s, v):
    """The user gets GOOD for a write."""
    s = s._replace(op=None)
    if v > s.excused:
        s = s._replace(acked=max(s.acked, v), seen=max(s.seen, v))
    return f"write v{v} acknowledged", s


def send_write(s, v, mask):
    """A write is on its way to the legs in mask."""
    return s._replace(op=("w", v, mask, SENT if mask & 1 else NONE, SENT if mask & 2 else NONE))


def down(s):
    """Nothing is left in the host's memory."""
    return s._replace(st=DOWN, src=0, bad=0, img=0, chg=0, hot=0, dirty=0, again=0,
                      mem=(None, None), over=0, pc=None, rs=None, late=None, op=None)


def forget(s):
    """Cached data was lost where it had no second copy: only what was flushed must be there."""
    excused = s.op[1] if s.op and s.op[0] == "w" else s.excused
    return s._replace(acked=s.stable, seen=s.stable, excused=excused)
