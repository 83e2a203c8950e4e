#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""client.py: a client that was written from the text, and the kernel's server.

Pair 7 (without a key) on the segment of 0000:00:10.0, LUN 0 on /dev/vdb; pair 8 (with
base.KEY) on that of 0000:00:12.0, LUN 0 on /dev/vdc.
"""
import os
import sys
import time
import uuid

sys.path.insert(0, "/src/tests/suites/stream")
# pylint: disable=wrong-import-position
import vsr  # noqa: E402
import vsr_scsi as scsi  # noqa: E402
from base import KEY, Counters, Log, direct, expect, link, link_get, pattern, \
    raises, until, vpart  # noqa: E402
from steady import case, once, promptly  # noqa: E402
from vsr_shm import ABSENT, IDLE, RUN, Client, Layout, Segment  # noqa: E402

PLAIN, KEYED = link(7), link(8, KEY)
SEGS = {7: Segment("0000:00:11.0"), 8: Segment("0000:00:13.0")}
PAIR = {7: "p1", 8: "p2"}
DISK = {7: "/dev/vdb", 8: "/dev/vdc"}
CLIENT, SERVER = 0, 1


def client(which=PLAIN):
    """Not logged in yet."""
    return Client(SEGS[which.adapter], which)


def is_up(which=PLAIN):
    """The kernel's end."""
    return int(link_get(PAIR[which.adapter], SERVER)["STATE"]) == 2


def move(c, lba, data, queue=0):
    """Write it, compare beneath everything, read it."""
    c.good(scsi.rw16(True, lba, len(data) // 512), write=data, queue=queue)
    raw = direct(DISK[c.link.adapter], offset=lba * 512, length=len(data))
    expect(raw == data, "what is on the disk is not what was written")
    got = c.good(scsi.rw16(False, lba, len(data) // 512), read=len(data), queue=queue)
    expect(got == data, "what was read is not what was written")


# --- data -------------------------------------------------------------------------

def all_sizes(which):
    """One block, part of one, many."""
    with client(which) as c:
        c.login(queues=3, depth=17)
        expect((c.ack.queues, c.ack.depth, c.ack.auth) == (3, 17, bool(which.key)), str(c.ack))
        expect(c.limits[:2] == (3, 17) and c.limits[4] == 1 << 20, str(c.limits))
        inq = c.good(scsi.inquiry(96), read=96)
        expect(inq[0] & 0x1f == 0 and len(inq) >= 36, inq.hex())
        for i, size in enumerate((512, 4096, 4608, 65536, 1 << 20)):
            move(c, 4096 * i, pattern(i, size), queue=i % 3)


def many_at_once():
    """All tags of all queues, and all blocks."""
    with client() as c:
        c.login(queues=2, depth=16)
        cmds = [c.open(scsi.rw16(True, 128 * (28 - i), 16), write=pattern(50 + i, 8192), queue=i % 2)
                for i in range(28)]
        for cmd in cmds:
            expect(c.wait(cmd)[0] in (scsi.GOOD, scsi.CHECK), "no status")
        cmds = [c.open(scsi.rw16(True, 2048 * i, 2048), write=pattern(90 + i, 1 << 20))
                for i in range(12)]
        for cmd in cmds:
            expect(c.wait(cmd)[0] == scsi.GOOD, "not GOOD")
        raw = direct(DISK[7], offset=0, length=12 << 20)
        want = b"".join(pattern(90 + i, 1 << 20) for i in range(12))
        expect(raw == want, "what is on the disk is not what was written")


def wraps():
    """A ring many times around."""
    with client() as c:
        c.login(queues=1, depth=3)
        expect(c.lay.entries == 32, str(c.lay.entries))
        for i in range(200):
            c.good(bytes(6), tag=i % 1)
        expect(c.tx[0].next >= 200, "no entries")


def sense():
    """An error of the disk."""
    with client() as c:
        c.login()
        c.good(bytes(6))
        status, _, data = c.wait(c.open(scsi.rw16(False, 1 << 40, 1), read=512))
        expect(status == scsi.CHECK and data[2] & 15 == 5, f"{status} {data.hex()}")
        status, _, data = c.wait(c.open(bytes((0xc1,)) + bytes(5)))
        expect(status == scsi.CHECK and data[2] & 15 == 5, f"{status} {data.hex()}")


def less_than_asked():
    """What the server has not written is not sent."""
    with client() as c:
        c.login()
        c.good(bytes(6))
        blocks = tuple(c.free[:2])
        c.copy(blocks, 8192, b"\xa5" * 8192)
        cmd = c.open(scsi.inquiry(255), read=8192)
        status, data, _ = c.wait(cmd)
        expect(status == scsi.GOOD and 36 <= len(data) <= 255, f"{status}, {len(data)} bytes")
        expect(c.copy(blocks, 8192)[len(data):] == b"\xa5" * (8192 - len(data)),
               "the server has written more than it says")


def task_management():
    """A task that is not there."""
    with client() as c:
        c.login()
        c.good(bytes(6))
        tag = c.limits[1] - 1
        with c.tx[0].together():    # the server sees no other IU than this
            cmd = c.open(b"", tag=tag, flags=vsr.F_PRIO)
            srp, at = scsi.make_tag(99, 0, tag), c.lay.tag(0, tag)
            c.seg.mem[at:at + 48] = scsi.task(srp, 0, 1, scsi.make_tag(1, 0, 3))
        c.bell(0)
        end = time.monotonic() + 60
        while not cmd.put:
            c.step(0)
            expect(time.monotonic() < end, "no answer")
        expect(cmd.rsp is None or cmd.rsp[0] == scsi.RESPONSE, str(cmd.rsp))


def grants(queues, depth, size=16 << 20):
    """What the segment has room for."""
    with client() as c:
        c.login(queues=queues, depth=depth)
        got = Layout(size, c.ack.queues, c.ack.depth)
        expect(got.blocks * got.block >= size // 4, "less than a quarter for data")
        more = Layout(size, min(queues, 2 * c.ack.queues), depth)
        expect(c.ack.queues == queues or more.blocks * more.block < size // 4, str(c.ack))
        expect(c.ack.max_pdu_data == got.max_data == c.limits[4], str(c.ack))
        c.good(bytes(6), queue=c.limits[0] - 1)


# --- events -------------------------------------------------------------------------

CFG = "/sys/kernel/config/target/vscsi/p1/tpgt_1/lun/lun_5"


def new_lun():
    """A LUN that comes and goes: two events."""
    src = os.path.realpath("/sys/kernel/config/target/vscsi/p1/tpgt_1/lun/lun_0/d1")
    os.mkdir(CFG)
    os.symlink(src, CFG + "/d1")
    os.unlink(CFG + "/d1")
    os.rmdir(CFG)


def takes(c, count):
    """Until the client has so many events."""
    def look():
        while c.step(0):
            pass
        return len(c.events) >= count
    until(30, look, f"{count} events")


def events():
    """In order, each in a slot; what there is no slot for is said to be lost, once."""
    with client() as c:
        c.login()
        new_lun()
        takes(c, 2)
        expect(c.events == list(range(1, len(c.events) + 1)), str(c.events))
        had = len(c.events)
        for _ in range(12):     # nobody takes them
            new_lun()
        time.sleep(0.5)
        while c.step(0):
            pass
        got = c.events[had:]
        expect(got == list(range(had + 1, had + 17)) + [None], str(got))
        new_lun()
        takes(c, had + 19)
        expect(None not in c.events[had + 17:] and c.events[had + 17] > had + 17, str(c.events))


# --- login ------------------------------------------------------------------------

def rejected(reason, c, what, *args, **kw):
    """REJECT for that reason, and the next login is good."""
    count = Counters(PAIR[c.link.adapter], SERVER)
    e = raises(vsr.Rejected, what, *args, **kw)
    expect(e.reason == reason, str(e))
    expect(count.refused == 1, f"{count.refused} refused")
    c.login()
    c.good(bytes(6))


def versions():
    """Of two the one that both speak; of none, none."""
    with client() as c:
        c.greet(ver_min=1, ver_max=2)
        expect(c.ack.version == 1, str(c.ack))
        rejected(vsr.NO_VERSION, c, c.greet, ver_min=2, ver_max=3)


def strangers():
    """Another adapter, other partitions, a VIOS, another queue."""
    with client() as c:
        for name, value in (("adapter", 9), ("client", uuid.uuid4()), ("server", uuid.uuid4())):
            right = getattr(PLAIN, name)
            setattr(PLAIN, name, value)
            try:
                e = raises(vsr.Rejected, c.greet)
                expect(e.reason == vsr.NO_ADAPTER, str(e))
            finally:
                setattr(PLAIN, name, right)
        e = raises(vsr.Rejected, c.greet, role=1)
        expect(e.reason == vsr.NO_ADAPTER, str(e))
        e = raises(vsr.Rejected, c.greet, queue=1, session=5)
        expect(e.reason == vsr.NO_ADAPTER, str(e))
        e = raises(vsr.Rejected, c.greet, depth=2)
        expect(e.reason == vsr.BAD_INIT, str(e))
        c.login()


def wrong_key():
    """Another key, none, an old proof, our own word back."""
    with client(KEYED) as c:
        count = Counters("p2", SERVER)
        sent, got = c.greet()
        e = raises(vsr.Rejected, c.prove, sent, got, auth=vsr.proof(
            b"x" * 32, b"vpart-1 client", sent, got))
        expect(e.reason == vsr.NO_AUTH, str(e))
        sent, got = c.greet()
        old = vsr.proof(KEY, b"vpart-1 client", sent, got)
        e = raises(vsr.Rejected, c.prove, *c.greet(), auth=old)
        expect(e.reason == vsr.NO_AUTH, str(e))
        sent, got = c.greet()
        e = raises(vsr.Rejected, c.prove, sent, got, auth=vsr.proof(
            KEY, b"vpart-1 server", sent, got))
        expect(e.reason == vsr.NO_AUTH, str(e))
        sent, got = c.greet()
        c.mail(vsr.AUTH)        # no proof
        raises(vsr.Rejected, c.mailed, vsr.AUTH_ACK)
        expect(count.auth_failures == 3 and count.refused == 4, str(count.now()))
        c.login()
        c.good(bytes(6))


def nonsense():
    """Mailboxes with something else in them."""
    with client() as c:
        for how in ({"length": 31}, {"length": 545}, {"hcrc": bytes(4)}, {"magic": b"VSR2"},
                    {"seq": 1}, {"iu_len": 159}, {"data_len": 4}):
            c.tx_seq = c.rx_seq = 0
            c.mail(vsr.INIT, iu=c.init().pack(), **how)
            p = c.mailed(vsr.REJECT)
            expect(p.arg == vsr.BAD_INIT, f"{how}: REJECT {p.arg}")
        # What is not an answer to what was said last is nobody's.
        sent, got = c.greet()
        c.mail(vsr.AUTH, answers=c.seen - 2)
        raises(vsr.Late, c.mailed, vsr.AUTH_ACK, 1)
        # LOGIN without AUTH
        c.greet()
        c.mail(vsr.LOGIN, iu=scsi.login_req(7))
        expect(c.mailed(vsr.REJECT).arg == vsr.BAD_INIT, "another reason")
        # A writer that stopped in the middle, and comes again
        seg = c.seg
        seg.set(c.out, seg.get(c.out) | 1)
        c.login()
        del sent, got


def knock(c):
    """A login but for coming into the session: LOGIN_RSP, and what is counted since INIT."""
    def once_more():
        count = Counters("p1", SERVER)
        c.prove(*c.greet())
        c.mail(vsr.LOGIN, iu=scsi.login_req(7))
        return c.mailed(vsr.LOGIN_RSP), count
    return vsr.patiently(once_more, vsr.AGAIN)


def again():
    """A login ends the session before it, which drains first."""
    with client() as c:
        c.login()
        c.good(bytes(6))
        first, session = c.limits, c.id
        for _ in range(5):
            c.leave()
            c.login()
            c.good(bytes(6))
        expect(c.id != session and c.limits == first, "the same session")
        # Without leaving the last one
        p, count = knock(c)
        expect(p.epoch and count.logins == 1, f"epoch {p.epoch}, {count.logins} logins")
        c.leave()


def gives_up():
    """LOGIN, and the client does not come."""
    with client() as c:
        knock(c)
        until(30, lambda: not is_up(), "the link down")


# --- wrong entries ------------------------------------------------------------------

def breaks(code, do):
    """The server ends the session with that error, says so once, and the next login is good."""
    with client() as c:
        c.login(queues=2, depth=16)
        c.good(bytes(6))
        count = Counters("p1", SERVER)
        do(c)
        until(30, lambda: c.get("session") != c.id, "the session's end")
        expect(c.get("error") == code, f"error {c.get('error')}, not {code}")
        until(30, lambda: count.lost == 1, "the count")
        expect(count.protocol_errors == 1, f"{count.protocol_errors} errors")
        c.state(IDLE)
        c.login()
        c.good(bytes(6))


def read_512(c, **how):
    """A READ."""
    return c.open(scsi.rw16(False, 0, 1), read=512, **how)


def twice(c):
    """A tag that is in use: both are there when the first is taken, so that is not done."""
    with c.tx[0].together():
        read_512(c, tag=3)
        read_512(c, tag=3)
        for i in range(4, 14):
            c.open(scsi.rw16(False, 0, 2048), read=1 << 20, tag=i)
        c.open(scsi.rw16(False, 0, 2048), read=1 << 20, tag=4)
    c.bell(0)


def block_of_other(c):
    """A block that another command has."""
    with c.tx[0].together():
        first = c.open(scsi.rw16(False, 0, 2048), read=1 << 20)
        read_512(c, blocks=first.blocks[200:201])
    c.bell(0)


def jump(c, what, ring, by):
    """A counter that cannot be."""
    def quiet():
        while c.step(0):    # a NOP may come at any time
            pass
        return c.seg.get(ring.cons) == c.seg.get(ring.prod)
    until(30, quiet, "all entries taken")
    at = getattr(ring, what)
    c.seg.set(at, c.seg.get(at) + by)
    c.bell(0)


WRONG = (
    ("another session", vsr.EPOCH, lambda c: c.put(vsr.REQ, 0, 48, 1, 0, session=c.id ^ 1)),
    ("no session", vsr.EPOCH, lambda c: c.put(vsr.NOP, session=0)),
    ("an unknown type", vsr.UNSUPPORTED, lambda c: c.put(0x77)),
    ("a server's type", vsr.UNSUPPORTED, lambda c: c.put(vsr.RSP, vsr.F_PUT, 36, 1)),
    ("a stream's type", vsr.UNSUPPORTED, lambda c: c.put(vsr.DATA_OUT, tag=1)),
    ("a tag beyond the depth", vsr.TAG, lambda c: c.put(vsr.REQ, 0, 48, 16)),
    ("a tag far beyond", vsr.TAG, lambda c: c.put(vsr.REQ, 0, 48, 0xffffffff)),
    ("a reserved tag", vsr.TAG, lambda c: c.put(vsr.REQ, 0, 48, 14)),
    ("CANCEL of a tag beyond", vsr.TAG, lambda c: c.put(vsr.CANCEL, tag=16)),
    ("a tag in use", vsr.TAG, twice),
    ("data both ways", vsr.MALFORMED, lambda c: read_512(c, flags=3)),
    ("data no way", vsr.MALFORMED, lambda c: read_512(c, flags=0)),
    ("a way without data", vsr.MALFORMED, lambda c: read_512(c, arg=0)),
    ("an unknown flag", vsr.MALFORMED, lambda c: read_512(c, flags=vsr.F_READ | 4)),
    ("CANCEL with an arg", vsr.MALFORMED, lambda c: c.put(vsr.CANCEL, tag=1, arg=1)),
    ("NOP with a tag", vsr.MALFORMED, lambda c: c.put(vsr.NOP, tag=1)),
    ("NOP on queue 1", vsr.STATE, lambda c: c.put(vsr.NOP, queue=1)),
    ("no IU", vsr.LENGTH, lambda c: read_512(c, iu_len=0)),
    ("an IU of 513 bytes", vsr.LENGTH, lambda c: read_512(c, iu_len=513)),
    ("more data than may be", vsr.LENGTH, lambda c: read_512(c, arg=(1 << 20) + 1)),
    ("4 GiB of data", vsr.LENGTH, lambda c: read_512(c, arg=0xffffffff)),
    ("a block that there is not", vsr.OFFSET, lambda c: read_512(c, blocks=(c.lay.blocks,))),
    ("block 65535", vsr.OFFSET, lambda c: read_512(c, blocks=(65535,))),
    ("a block twice", vsr.TAG,
     lambda c: c.open(scsi.rw16(False, 0, 16), read=8192, blocks=(7, 7))),
    ("another command's block", vsr.TAG, block_of_other),
    ("more entries than there can be", vsr.SEQ,
     lambda c: jump(c, "prod", c.tx[0], c.lay.entries + 1)),
    ("fewer entries than there were", vsr.SEQ, lambda c: jump(c, "prod", c.tx[0], -1)),
)


def cons_jumps():
    """The server notices when it looks for room: every second, for its NOP."""
    def do(c):
        while c.step(0):
            pass
        jump(c, "cons", c.rx[0], 100)
        c.put(vsr.NOP, arg=1)
    breaks(vsr.SEQ, do)


def stale_cancel():
    """CANCEL of what is not there is what crossed an answer."""
    with client() as c:
        c.login()
        for _ in range(3):
            c.put(vsr.CANCEL, tag=2)
        c.good(bytes(6))


def no_flood():
    """NOPs without end are not all answered, and nothing else suffers."""
    with client() as c:
        c.login(queues=1, depth=16)
        for n in range(200):
            try:
                c.put(vsr.NOP, arg=n)
            except vsr.Wrong:
                time.sleep(0.01)
        c.good(bytes(6))


def said():
    """What is wrong is said, and no more than five times in five seconds."""
    time.sleep(5.5)
    log = Log()
    done = got = 0
    while done < 12 or (got == done and done < 60):     # a slow machine is below that rate
        breaks(vsr.EPOCH, lambda c: c.put(vsr.NOP, session=0))
        done += 1
        got = len(log.having("breaks the protocol"))
    log.close()
    expect(1 <= got < done, f"{got} of {done} times")


# --- ends ------------------------------------------------------------------------

def left_behind():
    """A command that a client has left in the ring is not carried out."""
    with client() as c:
        c.login()
        old = pattern(1000, 4096)
        c.good(scsi.rw16(True, 9000, 8), write=old)
        c.set("session", 0)     # it has left, and told nobody
        c.open(scsi.rw16(True, 9000, 8), write=pattern(1001, 4096))
        until(30, lambda: not is_up(), "the link down")
        time.sleep(0.2)
        expect(direct(DISK[7], offset=9000 * 512, length=4096) == old, "it was carried out")


def no_pulse():
    """5 seconds without one."""
    with client() as c:
        c.login()
        c.good(bytes(6))
        count = Counters("p1", SERVER)
        c.pulse = False
        until(60, lambda: c.get("session") != c.id, "the session's end")
        took = time.monotonic() - c.beaten
        expect(took > 4, f"after {took:.1f} s")
        expect(c.get("error") == vsr.TIMEOUT, f"error {c.get('error')}")
        expect(count.lost == 1 and not count.protocol_errors, str(count.now()))
        c.pulse = True
        c.state(IDLE)
        c.login()


def other_instance():
    """Seen at once, told or not."""
    with client() as c:
        def seen(told):
            c.login()
            begun = time.monotonic()
            if told:
                c.introduce()
            else:
                c.set("session", 0)
                c.seg.mem[c.us + 32:c.us + 48] = os.urandom(16)
                c.set("state", IDLE)
            until(30, lambda: not is_up(), "the link down")
            return time.monotonic() - begun
        for told in (True, False):
            promptly(4, seen, told)
        c.introduce()
        c.login()


def goes():
    """In order: the kernel says so, and is there when we come again."""
    with client() as c:
        c.login()
        c.close(3)
        until(30, lambda: not is_up(), "the link down")
    with client() as c:
        c.peer_is(IDLE)
        c.login()
        c.good(bytes(6))


def strange_side(offset, value, words):
    """A side block that makes no sense is one of nobody."""
    with client() as c:
        c.state(ABSENT)
        beat = c.get("beat")
        until(30, lambda: (c.get("beat") - beat) & 0xffffffff > 1, "a look that begins now ends")
        c.seg.mem[c.us + 32:c.us + 48] = os.urandom(16)
        old = c.seg.mem[c.us + offset:c.us + offset + len(value)]
        c.seg.mem[c.us + offset:c.us + offset + len(value)] = value
        c.state(IDLE)
        until(30, lambda: words in vpart("link", "show", "p1", "side", "server"), words)
        c.seg.mem[c.us + offset:c.us + offset + len(value)] = old
        c.introduce()
        c.login()
        c.good(bytes(6))


def main():
    """All of it."""
    case("a client from the text moves data", all_sizes, PLAIN)
    case("... with a key", all_sizes, KEYED)
    case("... with all tags, and all blocks", many_at_once)
    case("the rings go around", wraps)
    case("errors come with their sense", sense)
    case("what the disk does not say is not written to the segment", less_than_asked)
    case("task management has its own tags", task_management)
    for queues, depth in ((1, 3), (8, 131), (64, 131), (64, 1024), (1, 1024)):
        case(f"{queues} queues of {depth} are asked for", grants, queues, depth)
    case("events have slots; what has none is told to be lost", events)
    case("P9 versions", versions)
    case("P9 who is not meant is refused", strangers)
    case("P9 a wrong key, no key, an old proof, our own word", wrong_key)
    case("P9 mailboxes with nonsense", nonsense)
    case("P9 a login ends the session before", again)
    case("P9 a login that is not taken up", gives_up)
    for desc, code, do in WRONG:
        case(f"P9 wrong entry: {desc}", breaks, code, do)
    case("P9 wrong entry: more taken than there was", cons_jumps)
    case("P9 what is wrong is said, not too often", said)
    case("CANCEL may cross the answer", stale_cancel)
    case("a flood of NOPs", no_flood)
    case("P14 what a client has left behind is not carried out", left_behind)
    once("P9 no pulse for 5 seconds", no_pulse)
    case("P9 another instance is seen at once", other_instance)
    case("a client goes, and comes again", goes)
    case("a side that is something else", strange_side, 0, b"QEMU", "something else")
    case("a side of another version", strange_side, 4, b"\2\0", "another version")
    case("a side that is a server too", strange_side, 6, b"\1", "a server too")
    case("a side with another size", strange_side, 16, b"\1", "another size")
    case("a side without interrupts", strange_side, 8, bytes(4), "no interrupts")


main()
