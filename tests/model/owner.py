# SPDX-License-Identifier: GPL-2.0
"""Who owns a LU: the role lock, the take-over, the proof that the old owner is out (P4, P5, P8).

The database is what repository.py shows it to be: a commit takes effect if nobody else
has committed since its writer read, else the writer learns that it failed; it may land
late. The engine may grant the lock to another while a node still believes it holds it.
One step is one commit, one grant, one I/O that reaches the disk, or one fault.
"""
from typing import NamedTuple

# What a node is doing; from GRANTED on it believes that it holds the lock.
DOWN, STANDBY, GRANTED, TAKE, PROOF, PROVEN, READY, ACTIVE, DRAIN = range(9)
TAKING, ACTIVATE, OUTDATE, FREE = range(4)	# what is committed
COMMIT = ("TAKING", "ACTIVE", "the others' OUTDATED", "the release")
FENCE, KEY, GATE = range(3)			# what proves that the old owner is out
PROOF_BY = ("fence", "key", "gate")
READ, WRITE = range(2)
NOBODY = -1

KINDS = ("is granted the lock", "re-reads", "is not eligible", "commit lands", "commit fails",
         "fences", "pre-empts", "the key is read back", "closes the gate", "the gate is drained",
         "has its proof", "admits in a later term", "sends an I/O", "I/O accepted", "I/O refused",
         "I/O takes effect", "outdates the other", "drains", "releases", "learns", "crashes",
         "restarts", "the lock is taken away", "pre-emption lost", "forwarded", "forwarded, arrives",
         "takes over without a fault")


class Turns(NamedTuple):
    """What may happen in one run."""
    proof: int
    nodes: int
    terms: int		# beyond the first
    crashes: int = 0
    cuts: int = 0	# the engine takes the lock away from a node that believes, a pre-emption is lost
    outdated: int = 0	# an owner goes on alone
    requests: int = 0	# forwarded by another node

    def __str__(self):
        return f"proof by {PROOF_BY[self.proof]}, " + ", ".join(
            f"{name} {n}" for name, n in list(zip(self._fields, self))[1:] if n)


class Node(NamedTuple):
    """What a node knows."""
    pc: int = STANDBY
    boot: int = 1
    term: int = 0
    version: int = 0	# of the database, as it read it
    old: tuple = ()	# the owner to be proven out, and that one's boot
    may: int = 1	# it was eligible when it last looked
    way: tuple = ()	# a commit on its way: (what, version, term)
    io: tuple = ()	# an I/O on its way: (kind, term, accepted by the disk)
    key: int = 0	# its key on the disk: the term


class Database(NamedTuple):
    """The LU's record."""
    version: int
    term: int
    owner: int
    boot: int
    may: int		# mask of the nodes whose copy is UPTODATE
    since: int = 1	# the term in which the owner became ACTIVE


class State(NamedTuple):
    """Nodes, engine, database, disk."""
    nodes: tuple
    holder: int
    db: Database
    gate: int		# the lowest term that the disk's gate lets pass
    fenced: tuple	# of each node: the boot that a confirmed verdict names
    admitted: int	# the highest term that admitted a command
    request: tuple	# one that is forwarded: (term, to)
    crashes: int
    cuts: int
    outdated: int
    requests: int
    clean: int		# no fault has happened


def first(turns):
    """Node 0 owns the LU in term 1."""
    owner = Node(ACTIVE, term=1, key=1)
    return State((owner,) + (Node(),) * (turns.nodes - 1), 0, Database(0, 1, 0, 1, (1 << turns.nodes) - 1),
                 1, (0,) * turns.nodes, 1, (), turns.crashes, turns.cuts, turns.outdated,
                 turns.requests, 1)


def set_node(s, n, **fields):
    """The state with one node changed."""
    return s._replace(nodes=s.nodes[:n] + (s.nodes[n]._replace(**fields),) + s.nodes[n + 1:])


class Owner:
    """The whole model, for explore.search()."""

    def __init__(self, off, turns):
        self.off = frozenset(off)
        self.proof = turns.proof
        self.last = 1 + turns.terms
        self.reached = dict.fromkeys(KINDS, 0)
        self.promote = {GRANTED: self.granted, PROOF: self.prove, PROVEN: self.proven,
                        READY: self.ready, ACTIVE: self.active, DRAIN: self.drain}

    def successors(self, s):
        """What is broken here, and everything that can happen next."""
        if isinstance(s, str):
            return s, []
        broken = self.check(s)
        if broken:
            return broken, []
        out = []
        for n, node in enumerate(s.nodes):
            if node.pc in self.promote:
                out += self.promote[node.pc](s, n, node)
            if node.way:
                out += self.commit(s, n, node)
            if node.io:
                out += self.io(s, n, node)
        out += self.engine(s)
        if not out and any(node.pc not in (DOWN, STANDBY, ACTIVE) for node in s.nodes):
            return "V10 a take-over waits for ever", []
        return None, out + self.faults(s)

    def step(self, kind, n, s):
        """One step, counted."""
        self.reached[kind] += 1
        return ((kind, n), s)

    # --- the engine ---

    def engine(self, s):
        """Grants, restarts, forwarded requests."""
        out = []
        if s.holder == NOBODY:
            for n, node in enumerate(s.nodes):
                if node.pc == STANDBY and (node.may or "role: only an eligible node queues" in self.off) \
                        and not node.way and s.db.term < self.last:
                    out.append(self.step("is granted the lock", n, set_node(
                        s._replace(holder=n), n, pc=GRANTED)))
        elif s.nodes[s.holder].pc == DOWN:
            out.append((("the engine sees the death of", s.holder), s._replace(holder=NOBODY)))
        for n, node in enumerate(s.nodes):
            if node.pc == DOWN:
                # What its former life sent has ended (P9).
                out.append(self.step("restarts", n, set_node(
                    s, n, pc=STANDBY, boot=node.boot + 1, term=0, version=0, old=(), may=1, way=(),
                    io=())))
            elif node.pc > STANDBY and s.holder != n:
                out.append(self.step("learns", n, set_node(s, n, pc=STANDBY, term=0, version=0, old=())))
        if s.request:
            term, to = s.request
            node = s.nodes[to]
            if node.pc == ACTIVE and node.term != term and "request: its term is the owner's" in self.off:
                out.append((("a request is carried out by", to),
                            f"V3 a request of term {term} is carried out in term {node.term}"))
            elif node.pc in (ACTIVE, STANDBY):
                out.append(self.step("forwarded, arrives", to, s._replace(request=())))
        elif s.requests and s.db.owner != NOBODY:
            out.append(self.step("forwarded", s.db.owner, s._replace(
                request=(s.db.since, s.db.owner), requests=s.requests - 1)))
        return out

    def release(self, s, n):
        """The lock is let go, if the engine still thinks that n has it."""
        s = set_node(s, n, pc=STANDBY, term=0, version=0, old=())
        return s._replace(holder=NOBODY) if s.holder == n else s

    # --- take-over ---

    def granted(self, s, n, node):
        """P5.1 re-read, P4 eligible or not, P5.2 TAKING."""
        may = s.db.may >> n & 1
        if not may and "role: an ineligible node lets go" not in self.off:
            t = set_node(self.release(s, n), n, may=0)
            return [self.step("is not eligible", n, t)]
        if s.db.term >= self.last:
            return [(("no more terms", n), self.release(s, n))]
        term = s.db.term + 1
        t = set_node(s, n, term=term, version=s.db.version, old=(s.db.owner, s.db.boot), may=may)
        if "role: TAKING is committed before the proof" in self.off:
            return [self.step("re-reads", n, set_node(t, n, pc=PROOF))]
        return [self.step("re-reads", n, set_node(
            t, n, pc=TAKE, way=(TAKING, s.db.version, term)))]

    def prove(self, s, n, node):
        """P5.3: the old owner can no longer act."""
        old, boot = node.old
        if node.io and "role: its own earlier I/O has ended" not in self.off:
            return []
        if old in (NOBODY, n) or "role: proof before ACTIVE" in self.off:
            return [self.step("has its proof", n, set_node(s, n, pc=PROVEN, key=node.term))]
        return (self.fence, self.preempt, self.close)[self.proof](s, n, node, old, boot)

    def fence(self, s, n, node, old, boot):
        """A confirmed verdict names this boot; else it is fenced."""
        names = s.fenced[old] >= boot or \
            s.fenced[old] and "fence: the verdict names the boot" in self.off
        if names:
            return [self.step("has its proof", n, set_node(s, n, pc=PROVEN))]
        victim = s.nodes[old]
        if victim.boot > boot:		# it restarted by itself: that boot is over
            return [self.step("has its proof", n, set_node(s, n, pc=PROVEN))]
        out = []
        if not (victim.io and victim.io[2]) or "fence: confirmed when its I/O has ended" in self.off:
            io = victim.io if "fence: confirmed when its I/O has ended" in self.off else ()
            fenced = s.fenced[:old] + (victim.boot,) + s.fenced[old + 1:]
            out.append(self.step("fences", n, set_node(
                s._replace(fenced=fenced), old, pc=DOWN, way=(), io=io)))
        return out

    def preempt(self, s, n, node, old, boot):
        """The old owner's key is taken off the disk with all its commands, and that is read back."""
        out = []
        victim = s.nodes[old]
        if node.key != node.term:
            return [(("registers its key", n), set_node(s, n, key=node.term))]
        if victim.key:
            io = victim.io
            if io and io[2] and "key: its commands are aborted" not in self.off:
                io = ()
            out.append(self.step("pre-empts", n, set_node(s, old, key=0, io=io)))
            if s.cuts:
                t = s._replace(cuts=s.cuts - 1, clean=0)
                if "key: it is read back" in self.off:
                    t = set_node(t, n, pc=PROVEN)
                out.append(self.step("pre-emption lost", n, t))
        else:
            out.append(self.step("the key is read back", n, set_node(s, n, pc=PROVEN)))
            self.reached["has its proof"] += 1
        return out

    def close(self, s, n, node, old, boot):
        """The gate refuses lower terms, and has drained what it had let pass."""
        if s.gate < node.term:
            return [self.step("closes the gate", n, s._replace(gate=node.term))]
        if any(m.io and m.io[2] and m.io[1] < node.term for m in s.nodes) and \
                "gate: it is drained" not in self.off:
            return []
        self.reached["has its proof"] += 1
        return [self.step("the gate is drained", n, set_node(s, n, pc=PROVEN))]

    def proven(self, s, n, node):
        """P5.4: ACTIVE is committed."""
        if node.way:
            return []
        if "role: ACTIVE is committed before it admits" in self.off:
            return [(("admits at once", n), set_node(s, n, pc=READY))]
        t = set_node(s, n, way=(ACTIVATE, node.version, node.term))
        return [(("commits ACTIVE", n), t)]

    def ready(self, s, n, node):
        """P5.5 the old routes are dropped, P5.7 it admits."""
        if s.request and s.request[0] < node.term and "role: old routes are dropped" not in self.off:
            s = s._replace(request=())
        if s.clean:
            self.reached["takes over without a fault"] += 1
        return [self.step("admits in a later term", n, set_node(
            s._replace(admitted=max(s.admitted, node.term), gate=max(s.gate, node.term)
                       if self.proof == GATE else s.gate), n, pc=ACTIVE))]

    # --- an owner ---

    def active(self, s, n, node):
        """It executes, goes on alone, or hands over."""
        out = []
        if s.db.owner == n and s.db.term == node.term and not s.db.may >> n & 1:
            return [(("serves", n), "V8 a copy that is OUTDATED serves")]
        if not node.io:
            for kind in (WRITE, READ):
                out.append(self.step("sends an I/O", n, set_node(s, n, io=(kind, node.term, 0))))
        if s.outdated and not node.way and len(s.nodes) > 1:
            out.append(self.step("outdates the other", n, set_node(
                s._replace(outdated=s.outdated - 1), n, way=(OUTDATE, node.version, node.term))))
        if not node.way and s.db.term < self.last:
            out.append(self.step("drains", n, set_node(s, n, pc=DRAIN)))
        return out

    def drain(self, s, n, node):
        """P4: released only when nothing is left and that is committed."""
        if node.way or node.io and "role: a clean release drains first" not in self.off:
            return []
        if "role: a clean release is committed" in self.off:
            return [self.step("releases", n, self.release(s, n))]
        return [(("commits its release", n), set_node(
            s, n, way=(FREE, node.version, node.term)))]

    def commit(self, s, n, node):
        """A commit lands, or fails because somebody else has committed."""
        what, version, term = node.way
        checked = "database: a commit fails when another came first" not in self.off
        if s.db.version != version and checked:
            t = set_node(s, n, way=())
            if node.pc > STANDBY and "role: a failed promotion lets go" not in self.off:
                t = self.release(t, n)
            return [self.step("commit fails", n, t)]
        db = s.db._replace(version=s.db.version + 1)
        if what == TAKING:
            db = db._replace(term=term)
        elif what == ACTIVATE:
            db = db._replace(term=max(term, db.term), owner=n, boot=node.boot,
                             since=term)
        elif what == OUTDATE:
            db = db._replace(may=1 << n)
        else:
            db = db._replace(owner=NOBODY, boot=0)
        t = set_node(s._replace(db=db), n, way=())
        if node.pc > STANDBY and node.term == term:
            t = set_node(t, n, version=db.version)
            if what == TAKING and node.pc == TAKE:
                t = set_node(t, n, pc=PROOF)
            elif what == ACTIVATE and node.pc == PROVEN:
                t = set_node(t, n, pc=READY)
            elif what == FREE:
                self.reached["releases"] += 1
                t = self.release(t, n)
        self.reached["commit lands"] += 1
        return [((f"{COMMIT[what]} lands in the database", n), t)]

    def io(self, s, n, node):
        """An I/O comes to the disk, is let in or refused, takes effect."""
        kind, term, accepted = node.io
        done = set_node(s, n, io=())
        if accepted:
            if term < s.admitted:
                what = "V4 a write" if kind == WRITE else "V12 a read"
                return [(("I/O takes effect", n),
                         f"{what} of term {term} is carried out after a command of {s.admitted}")]
            return [self.step("I/O takes effect", n, done)]
        refused = False
        if self.proof == KEY:
            refused = node.key != term and (
                kind == WRITE or "key: reads are refused too" not in self.off)
        elif self.proof == GATE:
            refused = term < s.gate and "gate: a lower term is refused" not in self.off
        if refused:
            return [self.step("I/O refused", n, done)]
        return [self.step("I/O accepted", n, set_node(s, n, io=(kind, term, 1)))]

    # --- what goes wrong ---

    def faults(self, s):
        """Crashes, and an engine that grants to others."""
        out = []
        if s.crashes:
            t = s._replace(crashes=s.crashes - 1, clean=0)
            for n, node in enumerate(s.nodes):
                if node.pc != DOWN:
                    out.append(self.step("crashes", n, set_node(t, n, pc=DOWN, way=())))
        if s.cuts and s.holder != NOBODY:
            out.append(self.step("the lock is taken away", s.holder, s._replace(
                holder=NOBODY, cuts=s.cuts - 1, clean=0)))
        return out

    # --- what must hold ---

    def check(self, s):
        """The invariant that this state breaks, or None."""
        terms = [node.term for node in s.nodes if node.pc >= PROOF]
        if len(set(terms)) < len(terms):
            return f"V5 two nodes act in term {max(terms)}"
        shown = s.gate if self.proof == GATE else max(node.key for node in s.nodes)
        if shown > s.db.term:
            return f"V5 the disk was told of term {shown}, which is not committed"
        return None
