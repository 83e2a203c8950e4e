#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The steps of locks_cases.py, tried with an engine of locks between nodes.

    locks.py local			three nodes, all in this machine
    locks.py dlm PORT FOLDER DLM	three nodes, each in a machine, whose locks_node.py
					connects to PORT; FOLDER is that of tests/vm/machines,
					DLM is how dlm.py is told something

Each line is a test: see told() of guest.sh. A case sees nodes and locks, and not which engine
these have: what it asks of one it asks of the other.
"""
import errno
import itertools
import json
import os
import select
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import locks_node

SPACE, CLUSTER = "locks", "lab"
NODES = 3
LONG = 60           # seconds: longer than anything takes
LONG_MS = 40000
BOOT = 200          # seconds for the machines to be there
SHORT_MS = 20       # what is to end without its answer

NONE, NL, CR, PR, PW, EX = -1, 0, 1, 3, 4, 5
MODES = (NL, CR, PR, PW, EX)
NOQUEUE, SET_LVB, KILLABLE = 1, 2, 4


def together(one, other):
    """Documentation/design/clusterfs-locks.rst: the modes."""
    high, low = max(one, other), min(one, other)
    return low <= {EX: NL, PW: CR}.get(high, EX)


class Failed(Exception):
    """What a case expected is not so."""


def name_of(error):
    """An error as one reads it."""
    return errno.errorcode.get(error, str(error))


class Call:
    """An order on its way."""

    def __init__(self, link, number, text):
        self.link, self.number, self.text = link, number, text
        self.error = None

    def kill(self):
        """The program that follows it."""
        self.link.send(self.number, "kill")


class Link:
    """The connection to a machine."""

    def __init__(self, sock):
        self.sock = sock
        self.data = b""
        self.calls = {}
        self.numbers = itertools.count(1)
        self.gone = False

    def fileno(self):
        """For select()."""
        return self.sock.fileno()

    def send(self, *words):
        """One line."""
        self.sock.sendall(json.dumps(words).encode() + b"\n")

    def order(self, text, *how):
        """Begin one."""
        call = Call(self, next(self.numbers), text)
        self.calls[call.number] = call
        self.send(call.number, text, *how)
        return call

    def lines(self):
        """What came: what was said; answers find their calls."""
        data = self.sock.recv(65536)
        if not data:
            raise Failed("a machine's connection has ended")
        *lines, self.data = (self.data + data).split(b"\n")
        for number, what in map(json.loads, lines):
            if number is None:
                yield what
            else:
                self.calls.pop(number).error = what


class Node:
    """A member, and all that it was told in order: (p)rep, (s)lot, (d)one, (g)ranted."""

    def __init__(self, lab, name, link):
        self.lab, self.name, self.link = lab, name, link
        self.log = ""
        self.members, self.gone = {}, []
        self.generation = self.number = self.slot = 0
        self.why, self.looked = "", None
        self.joined = self.dead = False

    def hear(self, what, *words):
        """A line about it."""
        if what == "prep":
            self.log += "p"
        elif what == "gone":
            self.gone.append(int(words[0]))
            self.log += "s"
        elif what == "members":
            self.generation, self.number, self.slot = map(int, words[:3])
            self.members = dict(map(int, word.split(":")) for word in words[3:])
            self.log += "d"
        elif what == "why":
            self.why = " ".join(words)
        elif what == "is":
            self.looked = words[0], int(words[1]), int(words[2])

    def told(self):
        """The log. A second recover_prep() before recover_done() says nothing new."""
        log = self.log
        while "pp" in log:
            log = log.replace("pp", "p")
        return log

    def begin(self, text, *how):
        """An order that is not waited for."""
        return self.link.order(text, *how)

    def do(self, text, want=0):
        """...that is, and has to end so."""
        self.lab.ends(self.begin(text), want)

    def join(self, **other):
        """Begin to be a member."""
        told = {"cluster": CLUSTER, "ms": LONG_MS, "how": (), **other}
        return self.begin(f"join {self.name} {self.lab.engine} {told['cluster']} {SPACE} "
                          f"{told['ms']}", *told["how"])

    def leave(self, ms=LONG_MS):
        """Begin to be none."""
        self.joined = False
        return self.begin(f"leave {self.name} {ms}")

    def look(self):
        """Its state, how many members it knows, their generation."""
        self.looked = None
        self.do(f"look {self.name}")
        return self.looked


class Lock:
    """A node's lock on a resource, and what was told of it."""

    def __init__(self, node, name, res):
        self.node, self.name, self.res = node, name, res
        self.dones, self.tolds = [], []
        self.free = False
        self.turns = self.looked = None

    def hear(self, what, *words):
        """A line about it."""
        if what == "done":
            self.dones.append(-int(words[0]))
            if words[0] == "0":
                self.node.log += "g"
        elif what == "blocked":
            self.tolds.append(int(words[0]))
        elif what == "free":
            self.free = True
        elif what == "turns":
            self.turns = int(words[0])
        elif what == "is":
            self.looked = dict(zip(("mode", "wanted", "kept", "held", "valid", "first", "last"),
                                   map(int, words[1:])), state=words[0])

    def look(self):
        """What it is."""
        self.looked = None
        self.node.do(f"look {self.name}")
        return self.looked

    def request(self, mode, flags=0, want=0):
        """Begin to take it."""
        self.node.do(f"request {self.name} {mode} {flags}", want)

    def convert(self, mode, flags=0, want=0):
        """Begin to change what is held."""
        self.node.do(f"convert {self.name} {mode} {flags}", want)

    def release(self, flags=0, want=0):
        """Begin to give it back."""
        self.node.do(f"release {self.name} {flags}", want)

    def cancel(self, want=0):
        """Withdraw what is on its way."""
        self.node.do(f"cancel {self.name}", want)

    def sync(self, mode, flags=0, ms=LONG_MS, want=0):
        """Wait for it."""
        self.node.do(f"sync {self.name} {mode} {flags} {ms}", want)

    def begin_sync(self, mode, flags=0, *how):
        """...later."""
        return self.node.begin(f"sync {self.name} {mode} {flags} {LONG_MS}", *how)

    def take(self, mode):
        """Have it, however long that takes."""
        self.sync(mode)

    def tries(self, mode):
        """At once or not at all: is it granted?"""
        call = self.begin_sync(mode, NOQUEUE)
        self.node.lab.until(lambda: call.error is not None, call.text)
        if call.error not in (0, errno.EAGAIN):
            raise Failed(f"{call.text}: {name_of(call.error)}")
        return not call.error

    def set(self, mode, byte):
        """Down, or level, with a value block."""
        self.fill(byte)
        self.sync(mode, SET_LVB)

    def fill(self, byte):
        """Its value block."""
        self.node.do(f"fill {self.name} {byte}")

    def block(self):
        """What it has read: a byte, or None if that is not valid."""
        now = self.look()
        if now["first"] != now["last"]:
            raise Failed(f"{self.name}: half of a value block: {now}")
        return now["first"] if now["valid"] else None

    def is_(self, state, mode):
        """Is it so?"""
        now = self.look()
        return (now["state"], now["mode"]) == (state, mode)

    def expect(self, state, mode):
        """It is so."""
        if not self.is_(state, mode):
            raise Failed(f"{self.name}: not {state} {mode}: {self.looked}")

    def becomes(self, state, mode):
        """It is so, sooner or later."""
        end = time.monotonic() + LONG
        while not self.is_(state, mode):
            if time.monotonic() > end:
                raise Failed(f"{self.name}: never {state} {mode}: {self.looked}")

    def ended(self, *dones):
        """It was told of all these ends, by now or later."""
        self.node.lab.until(lambda: len(self.dones) >= len(dones),
                            f"{self.name} was told {self.dones}, not {dones}")
        if self.dones != list(dones):
            raise Failed(f"{self.name} was told {self.dones}, not {dones}")

    def was_told(self, *modes):
        """It was told that it bars these, by now or later."""
        self.node.lab.until(lambda: len(self.tolds) >= len(modes),
                            f"{self.name} was told that it bars {self.tolds}, not {modes}")
        if self.tolds != list(modes):
            raise Failed(f"{self.name} was told that it bars {self.tolds}, not {modes}")

    def close(self):
        """No further use for it."""
        self.node.do(f"close {self.name}")
        self.node.lab.until(lambda: self.free, f"{self.name} is freed")


class Lab:
    """The nodes, and what a case may ask of them."""

    def __init__(self, engine, links):
        self.engine = engine
        self.links = links
        self.nodes = [Node(self, f"n{i + 1}", link) for i, link in enumerate(links)]
        self.place = None
        self.locks, self.probes = {}, {}
        self.case = 0
        self.names = itertools.count(1)

    # --- what comes ---

    def hear(self):
        """What is there, for at most a moment."""
        for link in select.select([l for l in set(self.links) if not l.gone], [], [], 0.5)[0]:
            for line in link.lines():
                name, *words = line.split()
                for one in (self.locks.get(name), *(n for n in self.nodes if n.name == name)):
                    if one:
                        one.hear(*words)

    def until(self, condition, what, seconds=LONG):
        """Wait for it."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise Failed("never: " + what)
            self.hear()

    def ends(self, call, want=0):
        """An order ends so."""
        self.until(lambda: call.error is not None, call.text)
        if call.error != want:
            raise Failed(f"{call.text}: {name_of(call.error)}, not {name_of(want)}")

    # --- nodes ---

    def living(self):
        """Those that are members."""
        return [node for node in self.nodes if node.joined and not node.dead]

    def joins(self, node):
        """It becomes a member; all know it. What it is leaving in the background comes first."""
        end = time.monotonic() + LONG
        node.log = ""   # of an earlier life
        while True:
            call = node.join()
            self.until(lambda: call.error is not None, call.text)
            if call.error != errno.EEXIST or time.monotonic() > end:
                break
        self.ends(call)
        node.joined = True
        self.agree()

    def guest(self, node):
        """A name for one that is to be refused, where another is."""
        guest = Node(self, "guest", node.link)
        self.nodes.append(guest)
        return guest

    def agree(self):
        """All members know the same, sooner or later."""
        now = self.living()

        def same():
            return all(len(n.members) == len(now) and n.generation == now[0].generation
                       and not n.told().endswith("p") for n in now)
        self.until(same, f"{[(n.told(), n.members, n.generation) for n in now]} agree")
        for node in now:
            if node.members != now[0].members or node.members.get(node.number) != node.slot:
                raise Failed(f"{node.name}: {node.members}, it is {node.number}:{node.slot}")
        if len(set(now[0].members.values())) != len(now):
            raise Failed(f"a slot is given twice: {now[0].members}")

    def forget(self):
        """Logs begin anew."""
        for node in self.nodes:
            node.log = ""

    # --- locks ---

    def open(self, node, res, user="cache"):
        """A node's lock, by the node's number. Who has a resource first has its master in DLM:
        in some rounds that is a node of its own."""
        res = f"c{self.case}-{res}"
        if self.place is not None and not any(lock.res == res for lock in self.locks.values()):
            self.probe(self.nodes[self.place], res)
        return self.open_at(self.nodes[node % NODES], res, user)

    def open_at(self, node, res, user):
        """The same of a node."""
        name = f"l{next(self.names)}.{node.name}"
        self.locks[name] = lock = Lock(node, name, res)
        node.do(f"open {node.name} {name} {res} {user}")
        return lock

    def probe(self, node, res):
        """A lock that is there to be answered: in NL it bars nobody and waits for nobody."""
        probe = self.probes.get((node, res))
        if not probe:
            probe = self.probes[node, res] = self.open_at(node, res, "untold")
        probe.take(NL)

    def of(self, node):
        """A node's locks."""
        return [lock for lock in self.locks.values() if lock.node is node]

    def settle(self, res):
        """What was begun before has come to whoever is to know: answers come in order."""
        for node in {lock.node for lock in self.locks.values() if lock.res == res}:
            if not node.dead:
                self.probe(node, res)

    def stands(self, lock, state, mode):
        """It is so, and stays so: everybody knows what was begun. Nobody believes too much."""
        self.settle(lock.res)
        lock.expect(state, mode)
        self.sound(lock.res)

    def waits(self, lock, mode=NONE):
        """It is in the queue."""
        self.stands(lock, "waiting" if mode == NONE else "converting", mode)

    def sound(self, res):
        """No two nodes believe what does not go together."""
        held = [(lock.name, lock.look()["mode"]) for lock in list(self.locks.values())
                if lock.res == res and not lock.free and not lock.node.dead]
        for one, other in itertools.combinations(held, 2):
            if not together(one[1], other[1]):
                raise Failed(f"both are held: {one} {other}")

    def clear(self):
        """A case leaves nothing behind."""
        for node in self.living():
            node.do("go " + node.name)
        for res in {lock.res for lock in self.locks.values()}:
            self.sound(res)
        for name, lock in list(self.locks.items()):
            if not lock.node.dead and not lock.free:
                lock.close()
            del self.locks[name]
        self.probes.clear()
        del self.nodes[NODES:]
        self.agree()
        self.forget()

    def log_says(self, node, text):
        """Its kernel has said that, by now or later."""
        raise NotImplementedError

    def die(self, node):
        """It does nothing more, from now on; the others learn that."""
        raise NotImplementedError


class Local(Lab):
    """All nodes in this machine."""

    def __init__(self):
        mine, its = socket.socketpair()
        if not os.fork():
            mine.close()
            locks_node.Agent(its).loop()
            os._exit(0)
        its.close()
        super().__init__("local", [Link(mine)] * NODES)

    def log_says(self, node, text):
        """Its kernel is this one."""
        done = subprocess.run(["dmesg"], stdout=subprocess.PIPE, text=True, check=True)
        if text not in done.stdout:
            raise Failed(f"the log does not say: {text}")

    def die(self, node):
        """By a fault that the engine has."""
        node.dead = True
        fd = os.open("/sys/kernel/debug/clusterfs/lock_local", os.O_WRONLY)
        os.write(fd, f"kill {SPACE} {node.name}".encode())
        os.close(fd)


class Dlm(Lab):
    """Each node in a machine."""

    def __init__(self, port, folder, *lead):
        self.folder, self.lead = folder, lead
        self.machines = {}
        listener = socket.create_server(("", int(port)))
        listener.settimeout(BOOT)
        print("# ready", flush=True)
        links = {}
        while len(links) < NODES:
            sock, _ = listener.accept()
            sock.settimeout(None)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = Link(sock)
            links[next(link.lines())] = link
        super().__init__("dlm", [links[name] for name in sorted(links)])
        self.machines = dict(zip(self.nodes, sorted(links)))

    def tell(self, *words):
        """To who has the machines."""
        subprocess.run(["tests/vm/tell", self.folder, *words], check=True)

    def log_says(self, node, text):
        """On its machine's console."""
        path = os.path.join(self.folder, self.machines[node], "console")

        def said():
            with open(path, encoding="utf-8", errors="replace") as f:
                return text in f.read()
        self.until(said, f"the log of {node.name} says: {text}")

    def die(self, node):
        """Its machine loses its power; then that is told, as by a fence agent."""
        node.dead = node.link.gone = True
        self.tell("kill", self.machines[node])
        subprocess.run([*self.lead, "gone", str(node.number)], check=True)


def attempt(lab, case, place):
    """One case: a line that says what came of it."""
    lab.case += 1
    lab.place = place
    what = case.__doc__.splitlines()[0].rstrip(".")
    if place is not None:
        what += f" (n{place + 1} was there first)"
    start = time.monotonic()
    try:
        case(lab)
        lab.clear()
        print(f"ok\t{what}", flush=True)
        print(f"# {time.monotonic() - start:.1f} s", flush=True)
        return True
    except Failed as failed:
        print(f"not\t{what}\t{failed}", flush=True)
        return False


def main():
    """The cases, one after the other. After one that failed nobody knows what is held."""
    import locks_cases      # pylint: disable=import-outside-toplevel
    engine, *words = sys.argv[1:]
    lab = Dlm(*words) if engine == "dlm" else Local()
    good = attempt(lab, locks_cases.joined, None)
    for case, places in locks_cases.CASES:
        for place in places:
            good = good and attempt(lab, case, place)
    return 0


if __name__ == "__main__":
    # The cases import this file by its name.
    sys.modules["locks"] = sys.modules["__main__"]
    sys.exit(main())
