# SPDX-License-Identifier: GPL-2.0
"""What happens around the driver: the user's I/O, lost legs, crashes; and what must hold.

The user has one write or flush in flight. A leg can be cut off or lose its power
(and what its cache held) at every step, and comes back when it likes; the host
can crash at every step, with the legs' caches or without.
"""
from driver import (DEGRADED, DOWN, ERR, NORMAL, OK, REFUSED, RESYNC, SENT, STATE, Driver, State,
                    acknowledge, down, forget, in_service, noticed, send_write, serving, with_leg)
from media import (BOTH_TARGETS, CUT, DARK, DIVERGED, FRESH, FROM_0, FROM_1, FULL_0, FULL_1, IN_SYNC, UP,
                   chosen, compare, flushed, losses, put)


FOLLOWS_0, FOLLOWS_1 = (FROM_0, FULL_0), (FROM_1, FULL_1)


def first(crashes, losses_, forces):
    """Both legs equal, the host up."""
    sb = FRESH.sb
    return State((FRESH, FRESH), NORMAL, 0, 0, 0, 0, 0, 0, 0, (sb, sb), 0, None, None, None, None,
                 0, 0, 0, 0, 0, crashes, losses_, forces, 0)


class World:
    """The whole model, for explore.search()."""

    def __init__(self, off, writes):
        self.off = frozenset(off)
        self.writes = writes
        self.driver = Driver(off)

    def successors(self, s):
        """What is broken here, and everything that can happen next."""
        driver = self.driver.steps(s)
        broken = self.check(s) or self.stuck(s, driver)
        if broken:
            return broken, []
        if s.st == REFUSED:
            return None, []
        return None, driver + self.bio_steps(s) + self.user_steps(s) + self.faults(s)

    # --- bios of the user ---

    def bio_steps(self, s):
        """The halves of a write."""
        steps = []
        if s.op and s.op[0] == "w":
            for i in (0, 1):
                if s.op[3 + i] == SENT:
                    steps += self.half_steps(s, i)
        return steps

    def half_steps(self, s, i):
        """A leg ends its half: it is there, or it failed, there or not."""
        v, leg = s.op[1], s.legs[i]
        there = with_leg(s, i, data=put(leg.data, v))
        if leg.up == UP:
            return [(f"v{v} reaches leg {i}" + more, t)
                    for more, t in self.half_ended(set_half(there, i, OK))]
        steps = []
        for text, t in (("", s), (", but is there", there)) if leg.up == CUT else (("", s),):
            t = set_half(noticed(t, i), i, ERR)
            steps += [(f"leg {i} fails v{v}{text}{more}", u) for one in self.half_failed(t, i)
                      for more, u in self.half_ended(one)]
        return steps

    def half_failed(self, s, i):
        """A leg of two failed it; the last one only tells the user."""
        if s.op[2] != 3:
            return [s]
        steps = self.driver.leg_failed(s, i)
        if s.st == RESYNC and i == s.src:
            steps.append(s)	# a bad sector: no reason to doubt the rest of the leg
        return steps

    def half_ended(self, s):
        """Both halves have ended: the user is told, or the worker."""
        _, v, mask, a, b = s.op
        if SENT in (a, b):
            if "io: a write ends when both legs let go" in self.off and OK in (a, b):
                text, t = acknowledge(s, v)
                i = 0 if a == SENT else 1
                return [(f"; {text}, the other half is still out", t._replace(late=(v, i)))]
            return [("", s)]
        if ERR not in (a, b):
            label, s = acknowledge(s, v)
            return [("; " + label, s)]
        if mask != 3:
            return [(f"; write v{v} ends with an error", s._replace(op=None))]
        if "degrade: the record is durable before the answer" in self.off and OK in (a, b):
            label, s = acknowledge(s, v)
            return [("; " + label, s)]
        return [("", s)]

    def readers(self, s):
        """Legs that a read may be served by now."""
        mask = serving(s)
        legs = {s.src} if mask else set()
        if s.bad and s.st == NORMAL and "io: reads wait while a leg is suspect" in self.off:
            legs = {i for i in (0, 1) if not s.bad >> i & 1}
        if s.st == RESYNC and mask and "io: a resync reads the source" in self.off:
            legs = {0, 1}
        if s.st == NORMAL and mask and "io: one leg is read" in self.off:
            legs = {0, 1}
        return [i for i in legs if s.legs[i].up == UP]

    def user_steps(self, s):
        """A new write, a flush, a read that shows something new."""
        steps, mask = [], serving(s)
        for i in self.readers(s):
            v = s.legs[i].data[-1]
            if v > s.seen:
                steps.append((f"v{v} is read from leg {i}", s._replace(seen=v)))
        if s.op or not mask:
            return steps
        if s.ver < self.writes:
            v = s.ver + 1
            t = s._replace(ver=v)
            if s.hot:
                steps.append((f"write v{v} is sent", send_write(t, v, self.driver.write_mask(t, mask))))
            else:
                steps.append((f"write v{v} waits for the worker", t._replace(op=("d", v))))
        if s.stable < s.acked and all(s.legs[i].up == UP for i in (0, 1) if mask >> i & 1):
            if "io: a flush goes to both legs" in self.off:
                mask = 1 << s.src
            steps.append(("a flush is acknowledged", s._replace(stable=s.acked, legs=tuple(
                flushed(leg) if mask >> i & 1 else leg for i, leg in enumerate(s.legs)))))
        return steps

    # --- what goes wrong ---

    def faults(self, s):
        """Legs lost and back, an I/O that shows it, the host's crash, the operator."""
        steps = []
        for i in (0, 1):
            leg = s.legs[i]
            if leg.up == UP:
                if s.losses:
                    steps += self.lose(s._replace(losses=s.losses - 1), i)
            elif leg.up == CUT or s.st == DOWN or not in_service(s) >> i & 1 or \
                    "legs: a lost cache is noticed" in self.off:
                steps.append((f"leg {i} is back", with_leg(s, i, up=UP)))
            if leg.up != UP and serving(s) >> i & 1:
                if leg.up == DARK or self.driver.leg_failed(s, i) != [s]:
                    steps += [(f"an I/O to leg {i} fails", t)
                              for t in self.driver.leg_failed(noticed(s, i), i)]
        if s.st == DOWN and not s.pc and s.forces:
            steps += self.driver.starts(s, True)
        if s.st != DOWN and s.crashes:
            steps += self.crash(s._replace(crashes=s.crashes - 1))
        return steps

    def healthy(self, s, i):
        """Would leg i alone hold all that was acknowledged?"""
        return s.st == NORMAL and s.legs[i].up == UP and not s.bad >> i & 1 and not s.legs[i].lossy

    def lose(self, s, i):
        """A leg is cut off, or loses its power with what was in its cache."""
        t = with_leg(s, i, up=CUT)
        if s.legs[1 - i].lossy:
            t = forget(t)
        steps = [(f"leg {i} is cut off", t)]
        leg = s.legs[i]
        if len(leg.data) < 2 and not leg.soft:
            return steps
        for left in losses(leg):
            t = s._replace(legs=tuple(left if i == k else l for k, l in enumerate(s.legs)))
            if in_service(s) >> i & 1:
                t = with_leg(t, i, up=DARK, lossy=1)
            else:
                t = with_leg(t, i, up=CUT)
            if self.authority(s, i) and not self.healthy(s, 1 - i):
                t = forget(t)
            steps.append((f"leg {i} loses its power: v{left.data[-1]} is left", t))
        return steps

    def authority(self, s, i):
        """May what was acknowledged rest on this leg?"""
        if s.st == DEGRADED:
            return i == s.src
        if s.st == RESYNC:
            sb = s.legs[i].sb
            return i == s.src or not (sb and sb.target)
        return True

    def crash(self, s):
        """The host crashes, in the middle of a metadata write; caches survive or not."""
        torn = [("", s)]
        if s.pc and s.pc[0] == "super" and s.pc[4]:
            i, leg = s.pc[1], s.legs[s.pc[1]]
            over = s.over >> i & 1 or "superblock: two slots in turn" in self.off
            sb, old = (leg.old, None) if over else (leg.sb, None)
            torn.append((f", leg {i} superblock torn", with_leg(s, i, sb=sb, old=old)))
        steps = []
        for text, t in torn:
            lossy = any(leg.lossy for leg in t.legs)
            t = t._replace(seen=t.acked)
            for a in self.after_crash(t, 0):
                for b in self.after_crash(t, 1):
                    lost = [str(i) for i, leg in enumerate((a, b)) if leg != t.legs[i]]
                    u = down(t._replace(legs=tuple(
                        leg._replace(up=UP if leg.up == UP else CUT, lossy=0) for leg in (a, b))))
                    if lossy or any(self.authority(s, int(i)) for i in lost):
                        u = forget(u)
                    what = f", leg {' and '.join(lost)} without its cache" if lost else ""
                    steps.append((f"the host crashes{text}{what}", u))
        return steps

    def after_crash(self, s, i):
        """What may be left of a leg."""
        leg = s.legs[i]
        return [leg] + (losses(leg) if len(leg.data) > 1 or leg.soft else [])

    # --- what must hold ---

    def check(self, s):
        """The invariant that this state breaks, or None."""
        for i in self.readers(s):
            broken = self.check_served(s, i)
            if broken:
                return broken
        sb = [chosen(leg, self.off) for leg in s.legs]
        for i in (0, 1):
            if s.legs[i].sb is None:
                return f"V8 superblock: leg {i} has no intact one"
        verdict = compare(*sb, self.off)
        if verdict in (DIVERGED, BOTH_TARGETS) and not s.forced:
            return "P17 the legs can never be started together again, though neither was forced"
        if s.st == DEGRADED and not s.forced and verdict in (FOLLOWS_1, FOLLOWS_0)[s.src]:
            return f"P17 leg {s.src} serves, though leg {1 - s.src} is newer"
        return self.check_bits(s, verdict) or (self.check_starts(s, sb, verdict)
                                               if s.st == DOWN and not s.pc else None)

    def check_served(self, s, i):
        """Is what leg i serves new enough and whole?"""
        v = s.legs[i].data[-1]
        if v < s.stable:
            return f"V1 v{s.stable} was acknowledged and flushed, leg {i} serves v{v}"
        if v < s.acked:
            return f"V8 v{s.acked} was acknowledged, leg {i} serves v{v}"
        if v < s.seen:
            return f"V2 v{s.seen} was read, leg {i} serves v{v}"
        if s.legs[i].mixed:
            return f"V8 leg {i} serves, half overwritten"
        return None

    def check_bits(self, s, verdict):
        """V9: where no bit is set, the legs are equal."""
        a, b = s.legs
        if a.bit or b.bit or verdict not in (IN_SYNC, FROM_0, FROM_1):
            return None
        if len(set(a.data + b.data)) > 1:
            return f"V9 no bit is set, leg 0 holds v{a.data[-1]}, leg 1 v{b.data[-1]}"
        return None

    def check_starts(self, s, sb, verdict):
        """Whatever legs survive: what starts serves every acknowledged write."""
        src = {IN_SYNC: 0, FROM_0: 0, FULL_0: 0, FROM_1: 1, FULL_1: 1}.get(verdict)
        serve = [] if src is None else [(src, "both legs")]
        need = "start: one leg needs ALONE_OK" not in self.off
        for i in (0, 1) if not s.forced else ():
            if (sb[i].alone or not need) and not sb[i].target:
                serve.append((i, f"leg {i} alone"))
        for i, what in serve:
            broken = self.check_served(s, i)
            if broken:
                return f"{broken}, after a start from {what}"
        return None

    def stuck(self, s, driver):
        """V10: with both legs there, the driver has something to do until all is normal."""
        if driver or s.forced or s.st == REFUSED or any(leg.up != UP for leg in s.legs):
            return None
        if s.op or s.st == NORMAL and not s.bad:
            return None
        return f"V10 stuck in state {STATE[s.st]}"


def set_half(s, i, half):
    """The state with one half of the write got on."""
    return s._replace(op=s.op[:3 + i] + (half,) + s.op[4 + i:])
