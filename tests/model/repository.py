# SPDX-License-Identifier: GPL-2.0
"""The cluster database on its replicas: claims, the chain of confirmed terms, commits (P1-P3).

Nodes that know nothing of each other but what they read; no lock keeps them apart.
A node that does not take its next step is paused; its writes land when they like, or
never. One step is one write that lands on one replica, one read of what one node has
on one replica, or one fault. "off" is the set of rules that are removed.
"""
from itertools import combinations

from replicas import (AREA, CHECK, CLAIM, CONFIRM, DONE, GONE, IDLE, LOGS, OWN, RECORD,
                      SNAPSHOT, WHOLE, bits, chain, idle, put, subsets, unbroken, words)

# Without these a write may go over a later one: each lands in a step of its own.
EAGER = {"log: no second write to a block while one is on its way",
         "restart: writes of the former life have ended"}

# What must have happened somewhere in the exploration, else it shows nothing.
KINDS = ("claims", "claim lands", "reads the slots", "goes higher", "reads the logs",
         "reads the logs again", "confirms", "confirms with all records", "entry lands", "appends", "acknowledges",
         "acknowledges in a later term", "sees a higher claim", "claims again", "crashes",
         "crashes, torn", "gives up", "write fails", "replica exchanged", "replica counts",
         "claims again, for a replica is gone", "uses its blocks again", "late write lands")


class Repository:
    """The whole model, for explore.search()."""

    def __init__(self, off, limits, ordered=True):
        self.off = frozenset(off)
        self.nodes = limits.nodes
        self.majority = limits.replicas // 2 + 1
        self.writes = 1 if "replicas: a majority is written" in off else self.majority
        self.reads = 1 if "replicas: a majority is read" in off else self.majority
        self.ordered = ordered		# replicas are alike, their order is none
        self.highest = sum(limits.claims) + 1
        self.others = [tuple(m for m in range(limits.nodes) if m != n) for n in range(limits.nodes)]
        self.all_read = [sum(2 << m for m in others) for others in self.others]
        self.reached = dict.fromkeys(KINDS, 0)
        self.known = {}			# what is read from a set of replicas
        # With several replicas a write that is on its way lands when somebody looks, not before.
        self.lazy = limits.replicas > 1 and not self.off & EAGER
        # Asked often:
        self.forgets = "restart: writes of the former life have ended" not in off
        self.waits = "log: no second write to a block while one is on its way" not in off
        self.crc = "log: a torn block does not count" not in off

    def successors(self, s):
        """What is broken here, and everything that can happen next."""
        if len(s) == 1:
            return s[0], []
        broken = self.check(s)
        if broken:
            return broken, []
        out = [] if self.lazy else self.landings(s)
        for n in range(self.nodes):
            out += self.node_steps(s, n)
        if not out:
            broken = self.stuck(s)
        out += self.faults(s)
        return broken, out

    def state(self, columns, nodes, logs, told, heard, left):
        """The canonical state: replicas have no names."""
        if self.ordered:
            columns = tuple(sorted(columns))
        return (columns, nodes, logs, told, heard, left)

    # --- writes ---

    def landings(self, s):
        """A write that is on its way reaches its replica."""
        columns, nodes, logs, told, heard, left = s
        out, seen = [], set()
        for x, column in enumerate(columns):
            if column in seen and self.ordered:
                continue
            seen.add(column)
            for n in range(self.nodes):
                slot, claims, mask, way, flags = column[n + 1]
                if not claims and not way:
                    continue
                pc, term, mem = nodes[n][0], nodes[n][1], nodes[n][3]
                for v in claims:
                    mine = pc == CLAIM and v == term and column[0]
                    rest = tuple(c for c in claims if c != v)
                    cell = (max(slot, v), rest, mask, way, flags | (DONE if mine else 0))
                    out.append((("claim lands", n, x, v), self.state(
                        put(columns, x, put(column, n + 1, cell)), nodes, logs, told, heard, left)))
                    self.count("claim lands", "late write lands", pc == CLAIM and v == term)
                for e in bits(way):
                    mine = pc in (OWN, CHECK) and mem[0] == e
                    cell = (slot, claims, self.over(logs[n], mask, e), way & ~(1 << e),
                            flags | (DONE if mine and column[0] else 0))
                    out.append((("entry lands", n, x, logs[n][e]), self.state(
                        put(columns, x, put(column, n + 1, cell)), nodes, logs, told, heard, left)))
                    self.count("entry lands", "late write lands", mine)
        return out

    def landed(self, s, x, n, claims_too, entries_too):
        """The column x with none, some or all of what n has on its way to it landed there."""
        columns, nodes, logs = s[:3]
        column, out = columns[x], [columns[x]]
        slot, claims, mask, way, flags = column[n + 1]
        if not self.lazy:
            return out
        pc, term, mem = nodes[n][0], nodes[n][1], nodes[n][3]
        before = [(slot, claims, flags)]
        if claims_too and claims:
            mine = DONE if pc == CLAIM and term in claims and column[0] else 0
            before.append((max(slot, *claims), (), flags | mine))
            self.count("claim lands", "late write lands", mine)
            out.append(put(column, n + 1, (before[1][0], (), mask, way, before[1][2])))
        for some in subsets(way) if entries_too else ():
            now, mine = mask, 0
            for e in bits(some):
                now = self.over(logs[n], now, e)
                if pc in (OWN, CHECK) and mem[0] == e and column[0]:
                    mine = DONE
            self.count("entry lands", "late write lands", mine)
            for slot, claims, flags in before:
                cell = (slot, claims, now, way & ~some, flags | mine)
                out.append(put(column, n + 1, cell))
        return out

    def complete(self, s, n):
        """The latest write of n has ended on a majority."""
        columns, nodes, logs, told, heard, left = s
        pc, term, mem = nodes[n][0], nodes[n][1], nodes[n][3]
        done, ready = 0, []
        for x, column in enumerate(columns):
            _, claims, _, way, flags = column[n + 1]
            if flags & DONE:
                done += 1
            elif column[0] and (term in claims if pc == CLAIM else way >> mem[0] & 1):
                ready.append(x)
        if done + len(ready) < self.writes:
            self.reached["gives up"] += 1
            return [(("gives up", n), self.lost(s, n))]
        if not self.lazy:
            return []
        out = {}
        for chosen in combinations(ready, self.writes - done):
            cols = columns
            for x in chosen:
                slot, claims, mask, way, flags = cols[x][n + 1]
                if pc == CLAIM:
                    self.reached["claim lands"] += 1
                    cell = (max(slot, term), tuple(c for c in claims if c != term), mask, way,
                            flags | DONE)
                else:
                    self.reached["entry lands"] += 1
                    e = mem[0]
                    cell = (slot, claims, self.over(logs[n], mask, e), way & ~(1 << e),
                            flags | DONE)
                cols = put(cols, x, put(cols[x], n + 1, cell))
            cols = self.settled(cols, n, term if pc == CLAIM and not left[2] else 0)
            out[self.state(cols, nodes, logs, told, heard, left)] = \
                ("is durable", n, "claim" if pc == CLAIM else logs[n][mem[0]])
        return [(label, t) for t, label in out.items()]

    def settled(self, columns, n, term):
        """The same columns, fewer states: which replicas ended the write is of no interest.

        Nor is where a claim is, once whoever reads a majority finds it, and no replica is lost.
        """
        new = []
        known = self.writes == self.reads == self.majority <= \
            sum(column[0] and column[n + 1][0] >= term for column in columns)
        for column in columns:
            slot, claims, mask, way, flags = column[n + 1]
            if known and term > slot and column[0]:
                slot, claims = term, tuple(c for c in claims if c > term)
            new.append(put(column, n + 1, (slot, claims, mask, way, flags | DONE)))
        return tuple(new)

    def count(self, kind, late, mine):
        """A step of this kind was reached."""
        self.reached[kind] += 1
        if not mine:
            self.reached[late] += 1

    @staticmethod
    def over(log, mask, e, there=True):
        """The entries of a cell after e was written over what was in its block."""
        block = log[e][0]
        for k in bits(mask):
            if log[k][0] == block:
                mask &= ~(1 << k)
        return mask | 1 << e if there else mask

    def send_claim(self, columns, n, term):
        """The claim goes to every replica with no claim of n on its way."""
        new = []
        for column in columns:
            slot, claims, mask, way, _ = column[n + 1]
            if not claims or not self.waits or not self.forgets:
                claims = tuple(sorted(set(claims) | {term}))
            new.append(put(column, n + 1, (slot, claims, mask, way, 0)))
        return tuple(new)

    def send_entry(self, columns, n, log, e):
        """An entry goes to every replica with no write of n to its block on its way."""
        new, block = [], log[e][0]
        for column in columns:
            slot, claims, mask, way, _ = column[n + 1]
            busy = any(log[k][0] == block for k in bits(way))
            if not busy or not self.waits or not self.forgets:
                way |= 1 << e
            new.append(put(column, n + 1, (slot, claims, mask, way, 0)))
        return tuple(new)

    def durable(self, columns, n):
        """Has the latest write of n ended on a majority?"""
        return sum(column[n + 1][4] & DONE for column in columns) >= self.writes

    # --- a node ---

    def node_steps(self, s, n):
        """What node n can do next."""
        pc = s[1][n][0]
        if pc == IDLE:
            return self.begin_claim(s, n) if s[1][n][4] else []
        if pc == LOGS:
            return self.read_logs(s, n)
        durable = self.durable(s[0], n)
        out = [] if durable else self.complete(s, n)
        if pc == CLAIM:
            if durable or "claim: durable before the slots are read" in self.off:
                out += self.claimed(s, n)
        elif pc == OWN:
            out += self.owner(s, n)
        elif "commit: the slots are read after it" in self.off or s[1][n][3][2]:
            out += [self.acknowledge(s, n)] if durable else []
        elif durable or "commit: durable before the slots are read" in self.off:
            out += self.checked(s, n, durable)
        return out

    def counted(self, columns):
        """Sets of replicas that suffice to read."""
        there = [column for column in columns if column[0]]
        return combinations(there, self.reads)

    def begin_claim(self, s, n):
        """It looks for the highest claim, and for the end of its log if it has restarted."""
        columns, nodes, logs, told, heard, left = s
        _, _, end, _, claims, commits = nodes[n]
        out = {}
        sets = self.counted(columns)
        if end < 0 and "restart: the end of the log is read from a majority" in self.off:
            sets = [(column,) for column in columns if column[0]]
        for chosen in sets:
            term = 1 + max(cell[0] for column in chosen for cell in column[1:])
            at, mem = end, ()
            if end < 0:
                mine = 0
                for column in chosen:
                    mine |= column[n + 1][2]
                blocks = [logs[n][e][0] for e in bits(mine) if logs[n][e][0] < AREA]
                at = blocks[-1] + 1 if blocks else 0
            if "claim: the logs are read after it" in self.off:
                mem = self.view(chosen)
            key = (term, at, mem)
            if key not in out:
                out[key] = (CLAIM, term, at, mem, claims - 1, commits)
        self.reached["claims"] += len(out)
        return [(("claims", n, key[0]), self.state(
            self.send_claim(columns, n, key[0]), put(nodes, n, node), logs, told, heard, left))
            for key, node in out.items()]

    def read_slots(self, s, n, lowest):
        """It reads the slots of the others on a majority of the replicas.

        Yields (replica, highest claim, columns) for a claim that is at least lowest and that it
        may see, and (None, 0, columns) if it may see none. A slot only grows, so what none
        of several reads shows was nowhere when the first was made: one moment is enough.
        """
        columns, nodes = s[:2]
        clear = 0
        for x, column in enumerate(columns):
            if not column[0]:
                continue
            here = max((column[m + 1][0] for m in self.others[n]), default=0)
            clear += here < lowest
            if x and self.ordered and column == columns[x - 1]:
                continue
            if here >= lowest:
                yield x, here, columns
            for m in self.others[n] if self.lazy else ():
                for now in self.landed(s, x, m, True, False)[1:]:
                    if now[m + 1][0] >= lowest and now[m + 1][0] > here:
                        yield x, now[m + 1][0], put(columns, x, now)
        if clear >= self.reads:
            yield None, 0, columns

    def has_read(self, columns, n):
        """Has n read the logs of all others on enough replicas?"""
        every = self.all_read[n]
        return sum(column[n + 1][4] & every == every for column in columns) >= self.reads

    def claimed(self, s, n):
        """The slots after the claim: another as high means higher."""
        columns, nodes, logs, told, heard, left = s
        _, term, end, mem, claims, commits = nodes[n]
        lowest = term + ("claim: another as high means higher" in self.off)
        if "claim: the slots are read again" in self.off:
            lowest = WHOLE
        out = []
        for x, hi, cols in self.read_slots(s, n, lowest):
            self.reached["reads the slots"] += 1
            if x is None:
                if mem:
                    out += [(("reads the slots", n), t) for t in self.confirm(
                        (self.unread(cols, n), nodes, logs, told, heard, left), n, mem)]
                    continue
                none = (0,) * self.nodes, (-1,) * self.nodes
                new = self.state(self.unread(cols, n), put(nodes, n, (
                    LOGS, term, end, none, claims, commits)), logs, told, heard, left)
                out.append((("reads the slots", n), new))
            elif hi >= self.highest:
                out.append((("goes higher, no more", n, x, hi), self.lost(
                    (cols,) + s[1:], n)))
            else:
                self.reached["goes higher"] += 1
                out.append((("goes higher", n, x, hi), self.state(
                    self.send_claim(cols, n, hi + 1), put(nodes, n, (
                        CLAIM, hi + 1, end, mem, claims, commits)), logs, told, heard, left)))
        return out

    def unread(self, columns, n):
        """The replicas with nothing read by n."""
        return tuple(put(column, n + 1, column[n + 1][:4] + (column[n + 1][4] & (DONE | GONE),))
                     for column in columns)

    def view(self, chosen):
        """What is on any and what is on all of some replicas, for each node."""
        some, every = [], []
        for n in range(self.nodes):
            a, b = 0, -1
            for column in chosen:
                a |= column[n + 1][2]
                b &= column[n + 1][2]
            some.append(a)
            every.append(b)
        return tuple(some), tuple(every)

    def view_landed(self, chosen):
        """What is on any of some replicas when all that is on its way is there."""
        some = []
        for n in range(self.nodes):
            a = 0
            for column in chosen:
                a |= column[n + 1][2] | column[n + 1][3]
            some.append(a)
        return tuple(some)

    def read_logs(self, s, n):
        """It reads the log of another node on one replica, and its own with it."""
        columns, nodes, logs, told, heard, left = s
        pc, term, end, (some, every), claims, commits = nodes[n]
        out = []
        for x, column in enumerate(columns):
            if not column[0] or x and self.ordered and column == columns[x - 1]:
                continue
            cell = column[n + 1]
            for m in self.others[n]:
                if cell[4] & 2 << m:
                    continue
                for now in self.landed(s, x, m, False, True):
                    a = put(some, m, some[m] | now[m + 1][2])
                    b = put(every, m, every[m] & now[m + 1][2])
                    a = put(a, n, a[n] | cell[2])
                    b = put(b, n, b[n] & cell[2])
                    cols = put(columns, x, put(now, n + 1, cell[:4] + (cell[4] | 2 << m,)))
                    self.reached["reads the logs"] += 1
                    if self.has_read(cols, n):
                        new = self.confirm((self.unread(cols, n), nodes, logs, told, heard, left),
                                           n, (a, b))
                    else:
                        node = (pc, term, end, (a, b), claims, commits)
                        new = [self.state(cols, put(nodes, n, node), logs, told, heard, left)]
                    for t in new:
                        out.append((("reads the logs", n, x, m), t))
        return out

    def confirm(self, s, n, view):
        """It appends CONFIRM, with the parent that it found or with all records."""
        left = s[5]
        some, every = view
        if any(e[1] and e[2] == s[1][n][1] for m in self.others[n] for e in s[2][m]):
            return [(f"V5 term {s[1][n][1]} is confirmed by two nodes",)]
        found = [(m, s[2][m][e]) for m in range(self.nodes) for e in bits(some[m])]
        if "confirm: what the chain names has been read" not in self.off and not unbroken(found):
            there = self.view([column for column in s[0] if column[0]])[0]
            if not unbroken([(m, s[2][m][e]) for m in range(self.nodes) for e in bits(there[m])]):
                return [(f"V10 node {n} reads for ever: the chain names what is nowhere",)]
            self.reached["reads the logs again"] += 1
            node = s[1][n]
            return [self.state(s[0], put(s[1], n, (
                LOGS, node[1], node[2], ((0,) * self.nodes, (-1,) * self.nodes)) + node[4:]), *s[2:])]
        if any(e[1] == SNAPSHOT and e[4] for _, e in found) and self.relies(s[0], n) and \
                "replicas: what an exchanged one had is written again" not in self.off:
            self.reached["claims again, for a replica is gone"] += 1
            _, term, end, _, claims, commits = s[1][n]
            if term >= self.highest:
                return [self.lost(s, n)]
            return [self.state(self.send_claim(s[0], n, term + 1), put(s[1], n, (
                CLAIM, term + 1, end, (), claims, commits)), *s[2:])]
        whole = "confirm: what is not on a majority comes along" not in self.off and \
            self.unsure(s[2], some, every) or not all(column[0] for column in s[0])
        if not whole and left[3]:
            return [self.confirmed(s, n, some, False),
                    self.confirmed(s[:5] + (left[:3] + (left[3] - 1,),), n, some, True)]
        return [self.confirmed(s, n, some, whole)]

    def relies(self, columns, n):
        """Was the claim of n written when another replica was in the place of one of these?"""
        return any(column[n + 1][4] & GONE for column in columns)

    def unsure(self, logs, some, every):
        """Is anything that the chain rests on not known on a majority?"""
        missing = [logs[n][e] for n in range(self.nodes) for e in bits(some[n] & ~every[n])]
        if not missing:
            return False
        found = [logs[n][e] for n in range(self.nodes) for e in bits(some[n])]
        top = max((e[2] for e in found if e[1]), default=0)
        return any(e[2] == top for e in missing)

    def confirmed(self, s, n, some, whole):
        """The CONFIRM is on its way."""
        columns, nodes, logs, told, heard, left = s
        _, term, end, _, claims, commits = nodes[n]
        found = [(n_, logs[n_][e]) for n_ in range(self.nodes) for e in bits(some[n_])]
        history = chain(found)
        confirmed = [(e[2], n_) for n_, e in found if e[1]]
        top = max(confirmed, default=(0, 0))[0]
        if any(record[0] < 0 for record in history):
            return ("V6 a torn record is in the history",)
        if "confirm: the parent is the highest found" in self.off:
            top = max([t for t, n_ in confirmed if n_ == n], default=0)
            history = chain([(n_, e) for n_, e in found if e[2] <= top])
        if whole:
            areas = [(e[2], e[0]) for n_, e in found if n_ == n and e[1] == SNAPSHOT]
            area = max(areas)[1] if areas else AREA
            if areas and "snapshot: two areas in turn" not in self.off:
                area = 2 * AREA + 1 - area
            # It names the replicas too: here, whether one was exchanged.
            entry = (area, SNAPSHOT, term, history, int(not all(c[0] for c in columns)))
            self.reached["confirms with all records"] += 1
        else:
            length = sum(1 for _, e in found if e[1] == RECORD and e[2] == top)
            if "confirm: the length of the parent" in self.off:
                length = WHOLE
            entry = (end, CONFIRM, term, top, length)
            end += 1
        self.reached["confirms"] += 1
        e = len(logs[n])
        log = logs[n] + (entry,)
        view = some if "replicas: nobody writes another's blocks" in self.off else ()
        node = (OWN, term, end, (e, history, view), claims, commits)
        return self.state(self.send_entry(columns, n, log, e), put(nodes, n, node),
                          put(logs, n, log), told, heard, left)

    def owner(self, s, n):
        """It may commit, or claim again."""
        columns, nodes, logs, told, heard, left = s
        _, term, end, (e, history, view), claims, commits = nodes[n]
        out = []
        durable = self.durable(columns, n)
        snapshot = logs[n][e][1] == SNAPSHOT
        if durable and snapshot:
            out += self.returned(s, n, view)
        if snapshot and end and (durable or "snapshot: durable before its blocks are used again"
                                 in self.off):
            out += self.again(s, n)
        if commits and (durable or "confirm: durable before the first commit" in self.off):
            generation = len(history) + 1
            record = (generation, term, n, len(logs[n]))
            log = logs[n] + ((end, RECORD, term, record),)
            node = (CHECK, term, end + 1, (len(logs[n]), history + (record,), 0), claims,
                    commits - 1)
            more = told
            if "events: after the acknowledgement" in self.off:
                more = heard if len(heard) > len(history) else history + (record,)
            else:
                more = heard
            self.reached["appends"] += 1
            out.append((("appends", n, record), self.state(
                self.send_entry(columns, n, log, len(logs[n])), put(nodes, n, node),
                put(logs, n, log), told, more, left)))
        if claims and durable:
            self.reached["claims again"] += 1
            out.append((("claims again", n), self.lost(s, n)))
        return out

    def again(self, s, n):
        """With all records in its CONFIRM, the oldest block of its log is the next."""
        columns, nodes, logs, told, heard, left = s
        _, term, end, mem, claims, commits = nodes[n]
        lowest = term + 1
        if "snapshot: no higher claim before its blocks are used again" in self.off:
            lowest = WHOLE
        out = []
        if not self.durable(columns, n):	# only without the rule: they are written over now
            old = sum(1 << e for e, entry in enumerate(logs[n]) if entry[0] < AREA)
            columns = tuple(put(column, n + 1, column[n + 1][:2] + (column[n + 1][2] & ~old,) +
                                column[n + 1][3:]) for column in columns)
            s = (columns,) + s[1:]
        for x, hi, cols in self.read_slots(s, n, lowest):
            if x is None:
                self.reached["uses its blocks again"] += 1
                out.append((("uses its blocks again", n), self.state(cols, put(nodes, n, (
                    OWN, term, 0, mem, claims, commits)), logs, told, heard, left)))
            else:
                self.reached["sees a higher claim"] += 1
                out.append((("sees a higher claim", n, x, hi), self.lost((cols,) + s[1:], n)))
        return out

    def returned(self, s, n, view):
        """A replica that was exchanged counts again."""
        columns, nodes, logs, told, heard, left = s
        out = []
        if "replicas: nobody writes another's blocks" in self.off:
            # It writes there what it read of all nodes when it claimed.
            e = nodes[n][3][0]
            for x, column in enumerate(columns):
                new = (1,) + tuple(
                    (max(c[m + 1][0] for c in columns), column[m + 1][1],
                     view[m] if m != n else column[n + 1][2] | 1 << e) + column[m + 1][3:]
                    for m in range(self.nodes))
                if new != column:
                    out.append((("replica counts", n, x), self.state(
                        put(columns, x, new), nodes, logs, told, heard, left)))
            return out
        lowest = nodes[n][1] + 1
        if "replicas: no higher claim before a new one counts" in self.off:
            lowest = WHOLE
        for x, column in enumerate(columns):
            if column[0]:
                continue
            for now in self.landed(s, x, n, True, True):
                if self.holds_all(now[n + 1], nodes[n]):
                    out += self.counts(s, n, x, now, lowest)
        return out

    def holds_all(self, cell, node):
        """Are the claim and the CONFIRM with all records on this replica?"""
        return cell[2] >> node[3][0] & 1 and cell[0] == node[1] or \
            "replicas: a new one counts with all records on it" in self.off

    def counts(self, s, n, x, now, lowest):
        """Unless both others have a higher claim to show."""
        columns, nodes, logs, told, heard, left = s
        out = []
        for y, hi, cols in self.read_slots(s, n, lowest):
            if y is not None:
                self.reached["sees a higher claim"] += 1
                out.append((("sees a higher claim", n, y, hi), self.lost((cols,) + s[1:], n)))
            else:
                self.reached["replica counts"] += 1
                out.append((("replica counts", n, x), self.state(
                    put(columns, x, (1,) + now[1:]), nodes, logs, told, heard, left)))
        return out

    def checked(self, s, n, durable):
        """The slots after a commit: no higher claim, or the outcome is unknown."""
        columns, nodes, logs, told, heard, left = s
        pc, term, end, (e, history, _), claims, commits = nodes[n]
        out = []
        for x, hi, cols in self.read_slots(s, n, term + 1):
            now = (cols,) + s[1:]
            if x is not None:
                self.reached["sees a higher claim"] += 1
                out.append((("sees a higher claim", n, x, hi), self.lost(now, n)))
            elif durable:
                out.append(self.acknowledge(now, n))
            else:
                node = (pc, term, end, (e, history, 1), claims, commits)
                out.append((("reads the slots", n), self.state(
                    cols, put(nodes, n, node), logs, told, heard, left)))
        return out

    def acknowledge(self, s, n):
        """The commit is acknowledged, and told to the listeners."""
        columns, nodes, logs, told, heard, left = s
        _, term, end, (e, history, _), claims, commits = nodes[n]
        if told[:len(history)] != history[:len(told)]:
            return (("acknowledges", n, history[-1]),
                    (f"V6 generation {len(history)} is acknowledged twice, or after another history",))
        if any(record[1] != history[-1][1] for record in told):
            self.reached["acknowledges in a later term"] += 1
        self.reached["acknowledges"] += 1
        told = max(told, history, key=len)
        heard = max(told, heard, key=len)
        view = (0,) * self.nodes if "replicas: nobody writes another's blocks" in self.off else ()
        node = (OWN, term, end, (e, history, view), claims, commits)
        if not claims and not commits and not left[2] and all(column[0] for column in columns):
            return (("acknowledges", n, history[-1]),
                    self.lost((columns, nodes, logs, told, heard, left), n))
        return (("acknowledges", n, history[-1]), self.state(
            self.unread(columns, n), put(nodes, n, node), logs, told, heard, left))

    def lost(self, s, n):
        """It no longer believes in its claim; what it sent is still on its way."""
        columns, nodes, logs, told, heard, left = s
        _, _, end, _, claims, commits = nodes[n]
        columns = tuple(put(column, n + 1, column[n + 1][:4] + (0,)) for column in columns)
        return self.state(columns, put(nodes, n, idle(end, claims, commits)), logs, told, heard,
                          left)

    # --- what goes wrong ---

    def faults(self, s):
        """Crashes, cuts and losses that are left."""
        columns, nodes, logs, told, heard, (crashes, cuts, losses, snapshots) = s
        out = []
        if crashes:
            after = s[:5] + ((crashes - 1, cuts, losses, snapshots),)
            for n in range(self.nodes):
                if nodes[n][0] != IDLE or any(c[n + 1][1] or c[n + 1][3] for c in columns):
                    out += self.crash(after, n)
        if cuts:
            after = s[:5] + ((crashes, cuts - 1, losses, snapshots),)
            for n in range(self.nodes):
                out += self.cut(after, n)
        if losses:
            after = (crashes, cuts, losses - 1, snapshots)
            for x, column in enumerate(columns):
                out += self.lose(s, x, column, after)
        return out

    def crash(self, s, n):
        """A node restarts; what it had sent has landed, or is torn, or is not there."""
        columns, nodes, logs, told, heard, left = s
        claims, commits = nodes[n][4:]
        found = [((),)]
        for x in range(len(columns)):
            found = [done[:-1] + (done[-1] + (now,),) for done in found
                     for now in self.landed(s, x, n, True, True)]
        found = {tuple(sorted(done[0])) if self.ordered else done[0] for done in found}
        nodes = put(nodes, n, idle(-1, claims, commits))
        out = []
        for cols in found:
            out += self.crashed((cols, nodes, logs, told, heard, left), n)
        return out

    def crashed(self, s, n):
        """...of which this has landed."""
        columns, nodes, logs, told, heard, left = s
        out, whole, torn = [], [], []
        for column in columns:
            slot, ways, mask, way, _ = column[n + 1]
            if not self.forgets:
                whole.append(put(column, n + 1, (slot, ways, mask, way, 0)))
                continue
            whole.append(put(column, n + 1, (slot, (), mask, 0, 0)))
            for e in bits(way):
                mask = self.over(logs[n], mask, e, False)
                if not self.crc:
                    mask |= 1 << e
            if ways and "claim: two blocks in turn" in self.off:
                slot = 0
            torn.append(put(column, n + 1, (slot, (), mask, 0, 0)))
        self.reached["crashes"] += 1
        out.append((("crashes", n), self.state(tuple(whole), nodes, logs, told, heard, left)))
        if torn and torn != whole:
            self.reached["crashes, torn"] += 1
            if not self.crc:
                logs = put(logs, n, tuple(
                    e[:3] + ((-1, "torn"),) if e[1] == RECORD and any(
                        c[n + 1][3] >> i & 1 for c in columns) else e
                    for i, e in enumerate(logs[n])))
            out.append((("crashes, torn", n), self.state(tuple(torn), nodes, logs, told, heard,
                                                         left)))
        return out

    def cut(self, s, n):
        """A node's write to one replica fails, or it has waited too long."""
        columns, nodes, logs, told, heard, left = s
        out = []
        for x, column in enumerate(columns):
            slot, claims, mask, way, flags = column[n + 1]
            if (claims or way) and (not x or column != columns[x - 1]):
                self.reached["write fails"] += 1
                for now in self.landed(s, x, n, True, True):
                    slot, _, mask, _, _ = now[n + 1]
                    out.append((("write fails", n, x), self.state(
                        put(columns, x, put(column, n + 1, (slot, (), mask, 0, flags))), nodes,
                        logs, told, heard, left)))
        pc, term, end, mem, claims, commits = nodes[n]
        if pc == IDLE:
            return out
        self.reached["gives up"] += 1
        if pc == CHECK and "commit: without an outcome the node stops" in self.off:
            view = ()
            node = (OWN, term, end, (mem[0], mem[1][:-1], view), claims, commits)
            cols = tuple(put(c, n + 1, c[n + 1][:4] + (DONE,)) for c in columns)
            out.append((("gives up", n), self.state(cols, put(nodes, n, node), logs, told, heard,
                                                    left)))
        else:
            out.append((("gives up", n), self.lost(s, n)))
        return out

    def lose(self, s, x, column, left):
        """A replica is exchanged for an empty one; or loses its power."""
        columns, nodes, logs, told, heard, _ = s
        out = []
        if "log: FUA" in self.off:
            for n in range(self.nodes):
                mask = column[n + 1][2]
                if mask:
                    cell = column[n + 1]
                    cell = cell[:2] + (mask & ~(1 << mask.bit_length() - 1),) + cell[3:]
                    out.append((("loses power", x), self.state(
                        put(columns, x, put(column, n + 1, cell)), nodes, logs, told, heard, left)))
            return out
        if all(c[0] for c in columns) and self.majority > 1:
            counts = int("replicas: a new one does not count" in self.off)
            found = [()]
            for n in range(self.nodes):
                found = [cells + (now[n + 1][4],) for cells in found
                         for now in self.landed(s, x, n, True, True)]
            self.reached["replica exchanged"] += 1
            for flags in set(found):
                new = (counts,) + tuple((0, (), 0, 0, flag | GONE if flag & DONE else flag)
                                        for flag in flags)
                out.append((("replica exchanged", x), self.state(
                    put(columns, x, new), nodes, logs, told, heard, left)))
        return out

    # --- what must hold ---

    def check(self, s):
        """Whoever reads a majority finds all that was acknowledged, in one order."""
        columns, _, logs, told, heard, _ = s
        if not told and not heard:
            return None
        views = [(chosen, self.view(chosen)[0]) for chosen in self.counted(columns)]
        if self.lazy:
            views += [(chosen, self.view_landed(chosen)) for chosen, _ in views]
        for chosen, masks in views:
            history = self.read(logs, masks)
            if "history: a claim without CONFIRM is none" in self.off:
                claim = max(cell[0] for column in chosen for cell in column[1:])
                if claim > self.top(logs, masks):
                    history = ()
            if history[:len(told)] != told:
                return f"V6 acknowledged: {words(told)}; read: {words(history)}"
            if heard != told and history[:len(heard)] != heard and \
                    len(history) >= len(heard):
                return f"V11 told to listeners: {words(heard)}; read: {words(history)}"
        return None

    def read(self, logs, masks):
        """The history in what was read, remembered."""
        key = (logs, masks)
        history = self.known.get(key)
        if history is None:
            history = self.known[key] = chain(
                [(n, logs[n][e]) for n in range(self.nodes) for e in bits(masks[n])])
        return history

    def top(self, logs, masks):
        """The highest confirmed term in what was read."""
        return max((logs[n][e][2] for n in range(self.nodes) for e in bits(masks[n])
                    if logs[n][e][1]), default=0)

    def stuck(self, s):
        """V10: nobody waits for what cannot come."""
        for n, node in enumerate(s[1]):
            if node[0] not in (IDLE, OWN) or node[0] == OWN and node[5]:
                return f"V10 node {n} waits for ever"
        return None
