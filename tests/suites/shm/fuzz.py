#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""fuzz.py SECONDS SEED: a live fuzzer over real rings, half of the time each.

As a client of pair 7 on the segment of 0000:00:10.0, whose LUN 0 is /dev/vdb; then as
a server of pair 8 on that of 0000:00:12.0. What is right and what is not comes in turns,
while another thread writes anything anywhere in the segment. The kernel may end sessions
as it likes; afterwards all has to work for who keeps to the text.
"""
import collections
import contextlib
import glob
import os
import random
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, "/src/tests/suites/stream")
# pylint: disable=wrong-import-position
import vsr  # noqa: E402
import vsr_scsi as scsi  # noqa: E402
from base import Counters, case, direct, disk_of, expect, host_of, link, link_get, \
    pattern, until  # noqa: E402
from steady import steady  # noqa: E402
from vsr_shm import ENTRIES, ENTRY, IDLE, MAIL, QUEUES, RUN, Client, Segment, Server  # noqa: E402

SECONDS, SEED = float(sys.argv[1]), int(sys.argv[2])
RND = random.Random(SEED)
PLAIN, OTHER = link(7), link(8)
# What a side that does not keep to the text may see of itself.
UPSET = (vsr.Wrong, vsr.Ended, vsr.Late, vsr.Rejected, vsr.Refused, struct.error, KeyError,
         ValueError, IndexError, TypeError, StopIteration)
NUMBERS = (0, 1, 2, 3, 15, 16, 17, 47, 48, 255, 511, 512, 513, 4095, 4096, 0x7fffffff,
           0x80000000, 0xfffffffe, 0xffffffff)


def number(bits=32):
    """One that is on some edge, or any."""
    n = RND.choice(NUMBERS) if RND.random() < 0.7 else RND.getrandbits(bits)
    return n & (1 << bits) - 1


class Scribbler(threading.Thread):
    """Writes to the segment, what comes to mind, while it is in use."""

    def __init__(self, side):
        super().__init__(daemon=True)
        self.side, self.rnd, self.over, self.count = side, random.Random(SEED ^ 1), False, 0
        self.start()

    def place(self):
        """An offset, and how much."""
        side, lay, rnd = self.side, self.side.lay, self.rnd
        places = [(side.us, 256), (side.us + 64, 16), (MAIL[side.side], 608)]
        if lay:
            queue = rnd.randrange(lay.queues)
            places += 3 * [(QUEUES + 256 * queue, 256), (lay.ring(queue, side.side), 16 * lay.entries),
                           (lay.tag(queue, rnd.randrange(lay.depth)), 1024), (lay.events, 8192)]
        at, length = rnd.choice(places)
        at += rnd.randrange(length)
        return at & ~3, rnd.choice((4, 4, 4, 16, 64))

    def run(self):
        while not self.over:
            at, length = self.place()
            if self.rnd.random() < 0.5:
                self.side.seg.mem[at:at + length] = self.rnd.randbytes(length)
            else:
                self.side.seg.set(at, self.rnd.choice(NUMBERS))
            self.count += 1
            time.sleep(self.rnd.choice((0, 0.001, 0.02, 0.1)))

    def end(self):
        """No more."""
        self.over = True
        self.join()


def counters(side):
    """One counter of a ring that is ours to write."""
    ring, field = RND.choice([(r, "prod") for r in side.tx] +
                             [(r, f) for r in side.rx for f in ("cons", "event")])
    at = getattr(ring, field)
    side.seg.set(at, number() if RND.random() < 0.5 else side.seg.get(at) + RND.randrange(-3, 40))
    side.bell(RND.randrange(8))


def raw_entry(side):
    """Any fields at all; mostly of this session, or it ends here."""
    kind = RND.choice(list(ENTRIES)) if RND.random() < 0.9 else number(8)
    session = side.id if RND.random() < 0.95 else number()
    queue = RND.randrange(len(side.tx))
    side.tx[queue].put(ENTRY.pack(kind, RND.choice((0, 0, 1, 2, 4, 64, 3, number(8))), number(16),
                                  session, RND.choice((0, 1, 2, 3, number())), number()))
    side.bell(queue)


def raw_mail(side):
    """A PDU that is out of place, or worse."""
    iu = RND.randbytes(RND.choice((0, 4, 16, 32, 48, 160, 512)))
    how = RND.choice(({}, {"length": number()}, {"hcrc": bytes(4)}, {"iu_len": number(16)},
                      {"seq": number()}, {"answers": number()}))
    side.mail(RND.choice((*range(8), vsr.CLOSE_SESSION, vsr.CLOSE_RSP)), arg=number(), iu=iu,
              epoch=RND.choice((0, side.epoch)), **how)


def moves(side):
    """Another state, or another self."""
    how = RND.randrange(4)
    if how == 0:
        side.introduce()
    elif how == 1:
        side.leave(number(), number())
    elif how == 2:
        side.state(RND.choice((0, 1, 2, number())), RND.choice((side.id, 0, number())))
    else:
        for _ in range(200):    # as fast as it can
            side.state(RND.choice((IDLE, RUN)), number())


def goes_on(end, sessions, count):
    """Until the time is over; on a slow machine, until there is something to tell."""
    left = end - time.monotonic()
    return left > 0 or (left > -120 and (sessions < 4 or count.protocol_errors < 4))


# --- a client -------------------------------------------------------------------------

def right_command(c):
    """One that a client may send."""
    size = RND.choice((512, 4096, 5120, 65536, 1 << 20))
    lba = RND.randrange(30 << 11)
    kind = RND.randrange(4)
    if kind == 0:
        c.open(scsi.inquiry(96), read=96, queue=RND.randrange(c.limits[0]))
    elif kind == 1:
        c.open(bytes(6))
    else:
        c.open(scsi.rw16(kind == 2, lba, size // 512), queue=RND.randrange(c.limits[0]),
               **{"write": RND.randbytes(size)} if kind == 2 else {"read": size})


def wrong_command(c):
    """One with a field that is out of place."""
    how = RND.choice((
        {"tag": number()}, {"tag": RND.randrange(16)}, {"arg": number()}, {"iu_len": number(16)},
        {"flags": number(8)}, {"blocks": tuple(number(16) for _ in range(RND.randrange(256)))}))
    if how.get("tag", 0) >= 16:
        c.put(vsr.REQ, vsr.F_READ, 48, how["tag"], 512)
    else:
        c.open(RND.choice((RND.randbytes(16), scsi.rw16(False, 0, 8))), lun=RND.choice((0, 0, 7)),
               read=RND.choice((0, 512, 8192)), **how)


def cancels(c):
    """What is open, or not."""
    c.put(vsr.CANCEL, tag=RND.randrange(c.limits[1]), queue=RND.randrange(c.limits[0]))


def closes(c):
    """A session is to be closed: this one, or none."""
    c.mail(vsr.CLOSE_SESSION, epoch=c.epoch, iu=struct.pack(
        ">IIQ16s16s", RND.choice((7, 8, number())), RND.choice((0, 0, 0, 1)),
        RND.choice((c.ack.session, 1 + number())), c.link.client.bytes, c.boot))


def closed(s):
    """It was, or so; nobody may have asked."""
    s.mail(vsr.CLOSE_RSP, arg=RND.choice((0, 1, 2, number())), epoch=s.epoch)


def answers(c):
    """Taken, if they are there."""
    for queue in range(c.limits[0]):
        while c.step(queue):
            pass


def client_login(c):
    """However long it takes the kernel to notice what was before."""
    for _ in range(20):
        try:
            c.introduce()
            c.login(queues=RND.choice((1, 2, 3)), depth=16, features=RND.choice((0, vsr.CLOSES)))
            return
        except UPSET:
            time.sleep(0.3)
    raise vsr.Late("no login in 20 tries")


@steady
def is_served(c):
    """One that keeps to the text."""
    client_login(c)
    for i in range(4):
        data = pattern(i, 65536)
        c.good(scsi.rw16(True, 256 * i, 128), write=data)
        expect(c.good(scsi.rw16(False, 256 * i, 128), read=65536) == data, "other data")
        expect(direct("/dev/vdb", offset=131072 * i, length=65536) == data, "not on the disk")


def fuzz_client(seconds):
    """Session after session."""
    did, sessions = collections.Counter(), 0
    actions = 12 * [right_command] + 4 * [answers] + 2 * [wrong_command, cancels] + \
        [raw_entry, counters, raw_mail, moves, closes]
    count = Counters("p1", 1)
    with Client(Segment("0000:00:11.0"), PLAIN) as c:
        end = time.monotonic() + seconds
        while goes_on(end, sessions, count):
            client_login(c)
            sessions += 1
            scribbler = Scribbler(c) if RND.random() < 0.5 else None
            try:
                for _ in range(RND.randrange(10, 400)):
                    what = RND.choice(actions)
                    did[what.__name__] += 1
                    what(c)
                    if c.get("session") != c.id and RND.random() < 0.5:
                        break
            except UPSET:
                pass
            finally:
                if scribbler:
                    scribbler.end()
                    did["scribbles"] += scribbler.count
            c.seen = c.seg.get(c.into) & ~1
        errors = count.protocol_errors
        is_served(c)
    print(f"# a client: {sessions} sessions, {errors} errors found, {dict(did)}", file=sys.stderr,
          flush=True)
    expect(sessions > 3 and errors > 3, f"{sessions} sessions, {errors} errors")


# --- a server -------------------------------------------------------------------------

def wrong_answer(s, call):
    """Of a command, but not what it should be."""
    how = RND.choice(({"tag": number()}, {"arg": number()}, {"iu_len": number(16)},
                      {"flags": number(8)}, {"queue": RND.randrange(len(s.tx))}, {}))
    iu = RND.choice((RND.randbytes(48), scsi.response(call.iu[8:16], number(8)), b""))
    s.answer(call, iu, **{"valid": RND.choice((0, call.read, number())), **how})


def any_answer(s, call):
    """For Server.hook: true if it was seen to."""
    how = RND.random()
    if how < 0.8:
        return False
    if how < 0.85:
        return True             # it stays without one
    if how < 0.9:
        s.calls.pop((call.queue, call.tag))
        s.put(vsr.PUT, tag=call.tag, queue=call.queue)
    elif how < 0.95:
        s.answer(call, scsi.response(call.iu[8:16]), call.read)
        s.put(vsr.RSP, vsr.F_PUT, 0, call.tag, queue=call.queue)    # and once more
    else:
        wrong_answer(s, call)
    return True


def events(s):
    """In right slots and in wrong ones."""
    s.event(RND.choice((0, 1, number(8))), RND.choice((0x2a, number(8))),
            RND.choice((3, 4, 5, 6, number(8))), RND.choice((None, None, number())))


def steps(s):
    """What has come is served."""
    for _ in range(50):
        if not any([s.step(q) for q in range(len(s.rx))]):
            break
    time.sleep(0.005)


def server_login(s):
    """The kernel comes by itself, and anew for each instance that it sees: the login that it
    begins then is not to find yet another one."""
    upset, anew = [], True
    for _ in range(20):
        try:
            if anew:
                s.introduce()
            s.login(10, ack={"features": RND.choice((0, vsr.CLOSES))})
            return
        except UPSET as e:
            upset.append(f"{type(e).__name__} {e}")
            anew = not isinstance(e, vsr.Refused)
            s.state(IDLE)
    raise vsr.Late(f"no login in {len(upset)} tries: {upset}")


def serve_until(s, over, end):
    """By the text, in one session or more."""
    while not over():
        expect(time.monotonic() < end, "no end of it")
        try:
            s.serve(10, over)
        except UPSET:
            server_login(s)


class Load:
    """Somebody reads and writes, whatever comes of it."""

    def __init__(self, disk):
        self.over = False
        script = f"""while :; do
dd if={disk} of=/dev/null bs=64k count=8 iflag=direct
dd if=/dev/zero of={disk} bs=4k count=8 seek=$((RANDOM % 512)) oflag=direct conv=nocreat,notrunc
[ -e {disk} ] || sleep 0.2; done"""
        with open(os.devnull, "wb") as null:
            self.process = subprocess.Popen(    # pylint: disable=consider-using-with
                ["bash", "-c", script], stdout=null, stderr=null, start_new_session=True)

    def end(self):
        """It, and what it waits for."""
        os.killpg(self.process.pid, 9)
        self.process.wait(60)


def fuzz_server(seconds):
    """Session after session."""
    did, sessions = collections.Counter(), 0
    actions = 60 * [steps] + 4 * [events] + [raw_entry, counters, raw_mail, moves, closed]
    count = Counters("p2", 0)
    with Server(Segment("0000:00:13.0"), OTHER, scsi.Disk(4 << 20)) as s:
        server_login(s)
        found = []
        looking = threading.Thread(target=lambda: found.append(disk_of("p2", 90)), daemon=True)
        looking.start()
        serve_until(s, lambda: not looking.is_alive(), time.monotonic() + 100)
        expect(found, "no disk")
        load = Load(found[0])
        s.hook = any_answer
        end = time.monotonic() + seconds
        while goes_on(end, sessions, count):
            sessions += 1
            scribbler = Scribbler(s) if RND.random() < 0.5 else None
            try:
                for _ in range(RND.randrange(10, 2000)):
                    what = RND.choice(actions)
                    did[what.__name__] += 1
                    what(s)
                    if s.get("session") != s.id:
                        break
            except UPSET:
                pass
            finally:
                if scribbler:
                    scribbler.end()
                    did["scribbles"] += scribbler.count
            s.seen = s.seg.get(s.into) & ~1
            s.hook = None
            server_login(s)
            s.hook = any_answer
        errors = count.protocol_errors
        s.hook = None
        load_ends = threading.Thread(target=load.end, daemon=True)
        load_ends.start()
        works(s, load_ends)
    print(f"# a server: {sessions} sessions, {errors} errors found, {dict(did)}", file=sys.stderr,
          flush=True)
    expect(sessions > 3 and errors > 3, f"{sessions} sessions, {errors} errors")


def running():
    """Is the disk? Who does not answer resets either has it taken offline, or away."""
    states = []
    for path in glob.glob(f"{host_of('p2')}/device/target*/*:*:*:0/state"):
        with contextlib.suppress(OSError):  # it is just going
            with open(path, encoding="ascii") as f:
                states.append(f.read().strip())
            if states[-1] == "offline":
                with open(path, "w", encoding="ascii") as f:
                    f.write("running\n")
    return states == ["running"]


def state_of_disk():
    """For who wonders."""
    done = subprocess.run(
        f"grep -H . {host_of('p2')}/device/target*/*:*:*:*/state {host_of('p2')}/{{link_state,held}}",
        shell=True, executable="/bin/bash", capture_output=True, text=True, check=False, timeout=30)
    return " ".join(done.stdout.split())


def works(s, first):
    """A server that keeps to the text serves."""
    end, over = time.monotonic() + 180, threading.Event()
    wrong = []

    def moved():
        data = pattern(77, 1 << 20)
        try:
            first.join()
            until(60, lambda: int(link_get("p2", 0)["STATE"]) == 2, "the link up")
            until(60, running, "the disk running")
            direct(disk_of("p2"), data, 1 << 20)
            expect(direct(disk_of("p2"), offset=1 << 20, length=1 << 20) == data, "other data")
        except (OSError, AssertionError) as e:
            wrong.append(f"{e}; {state_of_disk()}")
        over.set()
    threading.Thread(target=moved, daemon=True).start()
    serve_until(s, over.is_set, end)
    expect(not wrong, " ".join(wrong))


def main():
    """Both."""
    case(f"P9 a client that does as it likes, seed {SEED}: then one that does not is served",
         fuzz_client, SECONDS / 2)
    case(f"P9 a server that does as it likes, seed {SEED}: then one that does not serves",
         fuzz_server, SECONDS / 2)


main()
