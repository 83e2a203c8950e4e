# SPDX-License-Identifier: GPL-2.0
"""The part of 63-handlers.sh that is a handler itself, of two nodes, n1 and n2: in order, late,
killed, with answers that are not its own. Each line is a test, as those of faults.py."""
import errno
import importlib.util
import os
import re
import select
import struct
import subprocess
import sys

from faults import check

SPEC = importlib.util.spec_from_file_location("cnl", "/src/tests/suites/clusterfs/nl.py")
cnl = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(cnl)
nl = cnl.nl

LIFECYCLE, ALERT, TOPOLOGY, RESERVATION, PATH = range(5)
LONG = 60000


class Event:
    """What a handler was sent."""

    def __init__(self, payload):
        self.cmd = payload[0]
        self.attrs = nl.parse(payload[4:])

    def number(self, name):
        """An attribute, None if it is not there."""
        data = self.attrs.get(cnl.ATTRS[name])
        return data and struct.unpack("=I" if len(data) == 4 else "=Q", data)[0]

    def text(self):
        """Its sentence."""
        return self.attrs.get(cnl.ATTRS["TEXT"], b"").rstrip(b"\0").decode()

    def answer(self, result=0):
        """The request that answers it."""
        return (f"HANDLER_ANSWER MOUNT={self.mount()} CLASS={self.number('CLASS')} "
                f"DELIVERY={self.number('DELIVERY')} RESULT={result}")

    def mount(self):
        """Who tells it."""
        return self.attrs[cnl.ATTRS["MOUNT"]].rstrip(b"\0").decode()


class Handler(nl.Netlink):
    """A socket; what it is sent unasked is kept."""

    def __init__(self):
        self.events = []
        super().__init__()

    def receive(self):
        """Without events."""
        for kind, flags, seq, payload in super().receive():
            if seq or kind != self.family:
                yield kind, flags, seq, payload
            else:
                self.events.append(Event(payload))

    def do(self, words, flags=nl.ACK):
        """A request, and its answer."""
        cmd, *attrs = words.split()
        return [Event(b"\0\0\0\0" + p) for p in self.ask(
            self.family, cnl.CMDS[cmd], b"".join(cnl.encode(cnl.ATTRS, a) for a in attrs), flags,
            [])]

    def take(self, where, class_number, ms=LONG, more=""):
        """Be the handler."""
        return self.do(f"HANDLER_NEW MOUNT={where} CLASS={class_number} TIMEOUT_MS={ms} {more}")

    def next(self):
        """The next event; waits for it."""
        while not self.events:
            list(self.receive())
        return self.events.pop(0)

    def quiet(self):
        """Is there nothing, nor comes in the time that a worker takes?"""
        while select.select([self.s], [], [], 0.2)[0]:
            list(self.receive())
        return not self.events

    def refused(self, desc, regex, err, words):
        """A test: it is refused so."""
        try:
            self.do(words)
        except nl.Refused as e:
            check(desc, e.errno == err and re.search(regex, str(e)), f"{words}: {e}")
        else:
            check(desc, False, f"{words}: done")


def same(desc, got, want):
    """A test of a value."""
    return check(desc, got == want, f"got {got}, want {want}")


def post(asker, where, class_number):
    """What is said of a handler."""
    for one in asker.do(f"HANDLER_GET MOUNT={where}", nl.DUMP):
        if one.number("CLASS") == class_number:
            return [one.number(n) for n in ("HANDLED", "FAILED", "LATE")]
    return None


def order(admin):
    """One at each mount; the next when the one before is answered."""
    one, two, other = Handler(), Handler(), Handler()
    one.take("n1", LIFECYCLE)
    two.take("n2", LIFECYCLE)
    me = rf"python3 \(pid {os.getpid()}\)"
    other.refused("R20 a second handler is refused, and told who it is",
                  f"{me} has the lifecycle events", errno.EBUSY,
                  f"HANDLER_NEW MOUNT=n1 CLASS={LIFECYCLE}")
    one.refused("... also by itself", f"{me} has the", errno.EBUSY,
                f"HANDLER_NEW MOUNT=n1 CLASS={LIFECYCLE}")
    admin.do("CLIENT_NEW MOUNT=n1 NAME=web")
    admin.do("LU_NEW MOUNT=n2 NAME=d0 SECTORS=8")
    admin.do("CLIENT_NEW MOUNT=n2 NAME=db")
    first, there = one.next(), two.next()
    same("R20 each mount tells its own", [first.text(), there.text(), there.mount()],
         ["client 1 web is there", "client 1 web is there", "n2"])
    same("... the same event", first.number("SEQ"), there.number("SEQ"))
    two.do(there.answer())
    second = two.next()
    same("R20 of its class alone, in order", second.text(), "client 2 db is there")
    check("R20 who has not answered gets no other", one.quiet())
    other.refused("another socket's answer is none", f"not this socket but {me} has the lifecycle events", errno.EPERM,
                  first.answer())
    two.refused("... nor another mount's", "not this socket but .* has", errno.EPERM, first.answer())
    other.refused("... of a class that has none", "nobody has the alert events", errno.EPERM,
                  f"HANDLER_ANSWER MOUNT=n1 CLASS={ALERT} DELIVERY=1 RESULT=0")
    number = first.number("DELIVERY")
    for wrong in (0, number + 1, (1 << 64) - 1):
        one.refused(f"a delivery {'that was never made' if wrong else 'of no number'}",
                    f"there is no delivery {wrong}", errno.ENOENT,
                    first.answer().replace(f"DELIVERY={number}", f"DELIVERY={wrong}"))
    one.refused("a result that is no error's", "a result is 0, or", errno.EINVAL, first.answer(4096))
    one.refused("no result", "the result is missing", errno.EINVAL,
                f"HANDLER_ANSWER MOUNT=n1 CLASS=0 DELIVERY={number}")
    one.refused("no such class", "no such class", errno.EINVAL, "HANDLER_NEW MOUNT=n1 CLASS=7")
    one.refused("no time", "may take 1 to 600000 ms", errno.EINVAL,
                f"HANDLER_NEW MOUNT=n1 CLASS={ALERT} TIMEOUT_MS=0")
    one.refused("an event that is not there yet", "is not there yet: the next is", errno.ERANGE,
                f"HANDLER_NEW MOUNT=n1 CLASS={ALERT} SEQ=100000")
    check("... all of which changed nothing", one.quiet())
    one.do(first.answer(5))
    one.refused("an answer counts once", "is over", errno.ETIME, first.answer())
    again = one.next()
    same("R20 answered: the next comes", again.text(), "client 2 db is there")
    check("... with a number of its own", again.number("DELIVERY") > number)
    one.do(again.answer())
    same("R20 what came of them is counted", post(admin, "n1", LIFECYCLE), [1, 1, 0])
    one.do(f"HANDLER_DEL MOUNT=n1 CLASS={LIFECYCLE}")
    one.refused("who is none any more is told", "nobody has", errno.EPERM,
                f"HANDLER_DEL MOUNT=n1 CLASS={LIFECYCLE}")
    return two, second


def late(admin):
    """What is not answered in time is over."""
    one = Handler()
    one.take("n1", TOPOLOGY, 1500)
    admin.do("LU_NEW MOUNT=n1 NAME=d1 SECTORS=8")
    admin.do("LU_NEW MOUNT=n1 NAME=d2 SECTORS=8")
    first = one.next()
    second = one.next()
    same("V10 what is not answered in time is passed", [first.text(), second.text()],
         ["lu 2 d1 is there", "lu 3 d2 is there"])
    one.refused("V10 a late answer is refused", "delivery 1 is over", errno.ETIME, first.answer())
    one.do(second.answer())
    same("V10 ... and counted once", post(admin, "n1", TOPOLOGY), [1, 0, 1])
    log = subprocess.run(["dmesg"], capture_output=True, text=True, check=True).stdout
    want = (f"clusterfs: node n1: python3 (pid {os.getpid()}) has not answered topology event "
            f"{first.number('SEQ')} in 1500 ms")
    same("V10 ... and named in the log, once", log.count(want), 1)


def killed(admin):
    """A handler that is killed has handled nothing; the next gets it, at least once."""
    ready, tell = os.pipe()
    child = os.fork()
    if not child:
        dying = Handler()
        dying.take("n2", TOPOLOGY)
        os.write(tell, b"r")
        os.write(tell, str(dying.next().number("DELIVERY")).encode())
        select.select([], [], [])
    os.read(ready, 1)
    admin.do("LU_NEW MOUNT=n1 NAME=d3 SECTORS=8")
    number = int(os.read(ready, 20))
    one = Handler()
    one.refused("R20 a handler holds its place", rf"python3 \(pid {child}\) has", errno.EBUSY,
                f"HANDLER_NEW MOUNT=n2 CLASS={TOPOLOGY}")
    os.kill(child, 9)
    os.waitpid(child, 0)
    one.take("n2", TOPOLOGY)
    event = one.next()
    same("R20 kill -9: the next handler gets what was not answered", event.text(),
         "lu 4 d3 is there")
    check("... under another number", event.number("DELIVERY") > number)
    one.refused("... and the dead one's answer is late", "is over", errno.ETIME,
                event.answer().replace(f"DELIVERY={event.number('DELIVERY')}",
                                       f"DELIVERY={number}"))
    one.s.close()
    # Closed: at once, and by whoever has the last descriptor.
    two = Handler()
    two.take("n2", TOPOLOGY)
    held = two.s.dup()
    two.s.close()
    try:
        Handler().take("n2", TOPOLOGY)
        check("a socket is open while somebody has it", False)
    except nl.Refused as e:
        check("a socket is open while somebody has it", e.errno == errno.EBUSY, str(e))
    held.close()
    three = Handler()
    three.take("n2", TOPOLOGY)
    same("... then the next has it", three.next().text(), "lu 4 d3 is there")


def lost(admin):
    """A handler that wants what is gone is told so."""
    one = Handler()
    first = admin.do("MOUNT_GET MOUNT=n1")[0].number("FIRST_EVENT")
    check("more events than are kept", first > 1)
    one.take("n1", RESERVATION, LONG, "SEQ=1")
    event = one.next()
    same("V11 what is gone is told to be lost", [event.number("LOST"), event.number("SEQ")],
         [first - 1, first])
    one.do(event.answer())
    check("V11 ... once", one.quiet())


def own(admin):
    """What a node tells of itself."""
    one, two = Handler(), Handler()
    one.take("n1", PATH)
    two.take("n2", PATH)
    admin.do(f"NODE_EVENT_SAY MOUNT=n1 CLASS={PATH} SEVERITY=1 CODE=3 OBJECT_TYPE=6 OBJECT=2 TEXT=port_2")
    event = one.next()
    same("P22 what is said of a path goes to its handler",
         [event.text(), event.number("SEVERITY"), event.number("CODE"), event.number("OBJECT")],
         ["port_2", 1, 3, 2])
    check("P22 ... numbered in this life of the node",
          cnl.ATTRS["BOOT"] in event.attrs and cnl.ATTRS["REPOSITORY"] not in event.attrs)
    one.do(event.answer())
    check("P22 ... of that node alone", two.quiet())
    kept = [e for e in admin.do("NODE_EVENT_GET MOUNT=n1", nl.DUMP) if e.text() == "port_2"]
    same("P22 it is kept", [e.number("SEQ") for e in kept], [event.number("SEQ")])
    admin.refused("only some classes are told so", "only events of paths", errno.EINVAL,
                  f"NODE_EVENT_SAY MOUNT=n1 CLASS={ALERT} TEXT=x")
    admin.refused("no text", "the text is missing", errno.EINVAL,
                  f"NODE_EVENT_SAY MOUNT=n1 CLASS={PATH}")
    admin.refused("a text that is too long", "longer than 255", errno.EINVAL,
                  f"NODE_EVENT_SAY MOUNT=n1 CLASS={PATH} TEXT={'x' * 256}")
    admin.refused("a severity that is none", "no such severity", errno.EINVAL,
                  f"NODE_EVENT_SAY MOUNT=n1 CLASS={PATH} SEVERITY=3 TEXT=x")
    admin.refused("a type that is none", "no such type", errno.EINVAL,
                  f"NODE_EVENT_SAY MOUNT=n1 CLASS={PATH} OBJECT_TYPE=13 TEXT=x")
    boot = "11111111-2222-3333-4444-555555555555"
    first = admin.do(f"NODE_EVENT_GET MOUNT=n1 SEQ=2 BOOT=uuid:{boot}", nl.DUMP)[0]
    same("V11 of another life of the node: lost", first.number("LOST"), (1 << 64) - 1)


def nobody():
    """Who is not root is no handler."""
    child = os.fork()
    if not child:
        code = 255
        try:
            os.setuid(65534)
            Handler().take("n1", ALERT)
        except nl.Refused as e:
            code = e.errno
        finally:
            os._exit(code)
    same("only root is a handler", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), errno.EPERM)


def unmounted(two, event):
    """Who handles events of a node that goes is told."""
    left = subprocess.run(["umount", "/run/cfs/n2"], check=False, timeout=60)
    same("a node with a handler that owes an answer is unmounted", left.returncode, 0)
    same("R20 its handler is told", two.next().cmd, cnl.CMDS["HANDLER_GONE"])
    two.refused("... and its answer is refused", "no such node is mounted here", errno.ENODEV,
                event.answer())


def main():
    """All of them."""
    admin = Handler()
    two, event = order(admin)
    late(admin)
    killed(admin)
    lost(admin)
    own(admin)
    nobody()
    unmounted(two, event)
    return 0


if __name__ == "__main__":
    sys.exit(main())
