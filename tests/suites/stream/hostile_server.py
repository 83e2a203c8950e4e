#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""hostile_server.py [CASE...]: what no honest server does, to the kernel's client.

Makes the client's end of pair p3, number 9, to 127.0.0.1:7400. The client answers
each violation by ERROR with the code of the text, ends the session, says so once,
counts it, and comes back; the read or write under way is done by the honest session
that follows, and never with other data than what the disk has.
"""
import os
import socket
import struct
import threading
import time

import vsr
import vsr_scsi as scsi
from base import (Counters, DIGESTS, Log, case, connected, direct, disk_of, expect, host_attr, link,
                  pattern, raises, run_cases, until, vpart)
from hostile_logins import SAID, TWISTS, fewer_queues, small_limits, twisted
from vsr_server import Server

ADDRESS = "tcp:127.0.0.1:7400"
PAIR, NUMBER = "p3", 9
AT, SIZE = 256 * 1024, 16384    # what the cases read and write
NETLINK_KOBJECT_UEVENT = 15
DIGEST_CODES = (vsr.HDR_DIGEST, vsr.DATA_DIGEST)


class Rig:
    """The client's end, its disk, and mischief for one command."""

    def __init__(self, serving):
        self.serving, self.server = serving, serving.server
        self.server.hook = self.hook
        self.mischief = None
        until(60, lambda: host_attr(PAIR, "link_state") == "up", "link up")
        self.disk = disk_of(PAIR)

    def hook(self, sess, conn, call):
        """The command of the case gets what it deserves, once."""
        op = call.cdb[0]
        if not self.mischief or op not in (scsi.READ_10, scsi.READ_16, scsi.WRITE_10, scsi.WRITE_16) \
                or scsi.Disk.place(call.cdb)[0] != AT // 512:
            return False
        do, self.mischief = self.mischief, None
        # A session that was short would have the next wait.
        time.sleep(max(0, 1.1 - (time.monotonic() - self.serving.since)))
        return do(sess, conn, call) is not False

    def read(self, seed):
        """The case's read; a second run of it by an honest session is right."""
        self.server.disk.store[AT:AT + SIZE] = pattern(seed, SIZE)
        got = direct(self.disk, offset=AT, length=SIZE)
        expect(got == pattern(seed, SIZE), "data that the disk does not have")

    def write(self, seed):
        """The case's write."""
        direct(self.disk, pattern(seed, SIZE), AT)
        expect(self.server.disk.store[AT:AT + SIZE] == pattern(seed, SIZE), "it is not there")


RIG = None
SEED = [100]


def violation(code, do, write=False):
    """After do(sess, conn, call) comes ERROR with that code; then all is well again."""
    rig, was, log = RIG, Counters(PAIR, vsr.CLIENT), Log()
    SEED[0] += 1
    ended = len(rig.serving.ended)
    rig.mischief = do
    (rig.write if write else rig.read)(SEED[0])
    expect(rig.mischief is None, "nothing was asked for")
    codes = code if isinstance(code, tuple) else (code,)

    def ends():
        """Of sessions, but for those in which all of us stood still for seconds."""
        return [e for e in rig.serving.ended[ended:]
                if vsr.TIMEOUT in codes or getattr(e, "code", None) != vsr.TIMEOUT]
    until(60, ends, "the session's end")
    e = ends()[0]
    # ERROR is not said in the middle of another PDU.
    expect(isinstance(e, vsr.Ended) or isinstance(e, vsr.Refused) and e.code in codes,
           f"{type(e).__name__} {e}, not ERROR {code}")
    bad = was.digest_errors if codes[0] in DIGEST_CODES else was.protocol_errors
    expect(bad == (0 if codes[0] == vsr.TIMEOUT else 1), f"counted {bad} times")
    until(60, lambda: was.logins >= 1, "a login")
    lines = [line for line in log.having(f"adapter {PAIR}:", "queue ")
             if vsr.TIMEOUT in codes or SAID[vsr.TIMEOUT] not in line]
    log.close()
    expect(len(lines) <= 1, f"said {len(lines)} times: {lines}")
    expect(any(SAID[c] in line for c in codes for line in lines) or isinstance(e, vsr.Refused),
           f"{e}, not ERROR {code}, and said {lines}")


def answer(conn, call, flags=vsr.F_PUT, status=scsi.GOOD, **how):
    """An RSP."""
    conn.send(vsr.RSP, flags, call.tag, iu=scsi.response(call.srp, status, **how))


def busy(conn, call):
    """An RSP without PUT, after which the command is tried again."""
    answer(conn, call, 0, 8)


def data(conn, call, at=0, size=SIZE, flags=vsr.F_LAST, **how):
    """A DATA_IN of what is on the disk; what comes of it may be believed."""
    store = RIG.server.disk.store
    conn.send(vsr.DATA_IN, flags, call.tag, at, data=bytes(store[AT + at:AT + at + size]), **how)


def steps(*what):
    """A function for violation(): each step is (function of conn and call, arguments)."""
    def do(sess, conn, call):
        sess.lenient = True
        sess.calls.pop((conn.queue, call.tag))
        for f, *args in what:
            kw = args.pop() if args and isinstance(args[-1], dict) else {}
            f(conn, call, *args, **kw)
    return do


def pdu(conn, call, kind, **how):
    """Any PDU; with a tag if that is how it is."""
    if kind in vsr.TYPES and vsr.TYPES[kind][5]:
        how.setdefault("tag", call.tag)
    conn.send(kind, **how)


def stray(conn, call, kind, **how):
    """A PDU for a tag that is free: far from those that are taken next, which may be under way."""
    tags = conn.depth - 2
    conn.send(kind, tag=(call.tag + tags // 2) % tags, **how)


def at_once(*what):
    """Like steps(), in one piece."""
    def do(sess, conn, call):
        sent = []
        conn.raw = sent.append
        steps(*what)(sess, conn, call)
        del conn.raw
        conn.raw(b"".join(sent))
    return do


def half(conn, _call):
    """Not a whole header, and never more."""
    conn.raw(vsr.HDR.pack(vsr.MAGIC, vsr.RSP, 0, 36, 0, 0, 0, 0, 0, 0)[:20])
    conn.send = lambda *a, **kw: b""


def xfer(conn, call, at, want, **how):
    """An XFER_RDY."""
    conn.send(vsr.XFER_RDY, tag=call.tag, arg=at, iu=struct.pack(">I", want), **how)


def event_zero(sess, _conn, call):
    """They are counted from 1."""
    sess.conns[0].send(vsr.EVENT, iu=bytes(8) + scsi.aer(0, 0x2a))
    sess.calls.pop((call.conn.queue, call.tag))


def event_elsewhere(sess, _conn, call):
    """They come on queue 0 alone."""
    sess.conns[1].send(vsr.EVENT, iu=struct.pack(">Q", 1) + scsi.aer(0, 0x2a))
    sess.calls.pop((call.conn.queue, call.tag))


READS = [
    ("RSP twice", vsr.TAG, steps((data,), (answer,), (answer,))),
    ("RSP without PUT twice", vsr.TAG, steps((data,), (answer, 0), (answer, 0))),
    ("RSP for a tag that is free", vsr.TAG, steps((stray, vsr.RSP, {"iu": bytes(36)}))),
    ("RSP for a tag beyond depth", vsr.TAG, steps((pdu, vsr.RSP, {"tag": 4000, "iu": bytes(36)}))),
    ("PUT for a tag that is free", vsr.TAG, steps((stray, vsr.PUT))),
    ("PUT twice", vsr.TAG, steps((data,), (answer, 0), (pdu, vsr.PUT), (pdu, vsr.PUT))),
    ("DATA_IN for a tag that is free", vsr.TAG, steps((stray, vsr.DATA_IN, {"data": b"x" * 512}))),
    ("DATA_IN behind the answer", vsr.TAG, steps((busy,), (data,))),
    ("DATA_IN beyond the end", vsr.LENGTH, steps((data, 0, SIZE + 512))),
    ("DATA_IN twice", vsr.OFFSET, steps((data, 0, 512, 0), (data, 0, 512, 0))),
    ("DATA_IN with a gap", vsr.OFFSET, steps((data, 512, 512, 0))),
    ("DATA_IN behind LAST", (vsr.OFFSET, vsr.LENGTH, vsr.TAG),
     steps((data, 0, 512, vsr.F_LAST), (data, 512, 512, 0))),
    ("all data without LAST", vsr.MALFORMED, steps((data, 0, SIZE, 0))),
    ("GOOD before the end", vsr.MALFORMED, steps((data, 0, 512, vsr.F_LAST | vsr.F_GOOD))),
    ("GOOD without LAST", vsr.MALFORMED, steps((data, 0, SIZE, vsr.F_GOOD))),
    ("DATA_IN of nothing", vsr.LENGTH, steps((data, 0, 0))),
    ("XFER_RDY for a read", vsr.TAG, steps((xfer, 0, 512))),
    ("another magic", vsr.MALFORMED, steps((pdu, vsr.NOP, {"magic": b"VSR0"}))),
    ("an unknown type", vsr.UNSUPPORTED, steps((pdu, 0x2f))),
    ("REQ from a server", vsr.STATE, steps((pdu, vsr.REQ, {"tag": 0, "iu": bytes(48)}))),
    ("REJECT in a session that runs", vsr.STATE, steps((pdu, vsr.REJECT, {"arg": 8}))),
    ("LOGIN_RSP in a session that runs", vsr.STATE, steps((pdu, vsr.LOGIN_RSP, {"iu": bytes(68)}))),
    ("CLOSE_RSP, not negotiated", (vsr.UNSUPPORTED, vsr.STATE), steps((pdu, vsr.CLOSE_RSP))),
    ("a flag that RSP does not have", vsr.MALFORMED, steps((answer, vsr.F_PUT | vsr.F_LAST))),
    ("an arg in RSP", vsr.MALFORMED, steps((pdu, vsr.RSP, {"arg": 1, "iu": bytes(36)}))),
    ("an IU of 513 bytes", vsr.LENGTH, steps((pdu, vsr.RSP, {"iu": bytes(513)}))),
    ("2 GiB of data", vsr.LENGTH, steps((data, 0, 512, 0, {"data_len": 1 << 31}))),
    ("another epoch", vsr.EPOCH, steps((pdu, vsr.NOP, {"epoch": 0x1234567}))),
    ("a number left out", vsr.SEQ, steps((pdu, vsr.NOP, {"seq": 0x7000}))),
    ("a header digest that is not agreed", vsr.HDR_DIGEST, steps((pdu, vsr.NOP, {"hcrc": b"evil"}))),
    ("a data digest that is wrong", vsr.DATA_DIGEST, steps((data, 0, SIZE, vsr.F_LAST, {"dcrc": b"evil"}))),
    ("... of the second half", vsr.DATA_DIGEST,
     steps((data, 0, 8192, 0), (data, 8192, 8192, vsr.F_LAST, {"dcrc": b"evil"}))),
    ("a pad that is not zero", vsr.MALFORMED, steps((data, 0, 510, 0, {"data_pad": b"\0\1"}))),
    ("event number 0", vsr.MALFORMED, event_zero),
    ("an event on a further queue", vsr.STATE, event_elsewhere),
    ("half a PDU, then silence", vsr.TIMEOUT,
     steps((half,))),
]
WRITES = [
    ("XFER_RDY beyond the end", vsr.LENGTH, steps((xfer, 0, SIZE + 512))),
    ("XFER_RDY of nothing", vsr.LENGTH, steps((xfer, 0, 0))),
    ("XFER_RDY with a gap", vsr.OFFSET, steps((xfer, 512, 512))),
    ("XFER_RDY beyond max_data", vsr.OFFSET, steps((xfer, 0xffffff00, 512))),
    # Two may be under way; the client sends what they ask for, and must not keep up.
    ("many XFER_RDY at a time", vsr.STATE,
     at_once(*((xfer, at, 512) for at in range(0, SIZE, 512)))),
    ("XFER_RDY for all, and more", vsr.LENGTH,
     at_once((xfer, 0, SIZE), (xfer, SIZE, 512))),
    ("XFER_RDY behind the answer", vsr.TAG, steps((busy,), (xfer, 0, 512))),
    ("DATA_IN for a write", vsr.LENGTH, steps((data, 0, 512, 0))),
]


def survives(do, write=False, bad=None):
    """After do() the session goes on; the command is done in the end."""
    rig = RIG
    SEED[0] += 1
    sessions, was = rig.serving.sessions, int(host_attr(PAIR, "bad"))
    rig.mischief = do
    (rig.write if write else rig.read)(SEED[0])
    expect(rig.mischief is None, "nothing was asked for")
    expect(rig.serving.sessions == sessions, "it was a new session")
    if bad is not None:
        expect(int(host_attr(PAIR, "bad")) - was == bad, f"bad: {host_attr(PAIR, 'bad')}")


def unanswered(_sess, conn, call):
    """Dropped: PUT alone."""
    conn.send(vsr.PUT, tag=call.tag)
    _sess.calls.pop((conn.queue, call.tag))


def never_answered():
    """A command gets no answer at all: it is aborted in vain, others are served, and the
    next session does it."""
    rig, held, got = RIG, [], []
    SEED[0] += 1
    rig.mischief = lambda sess, conn, call: held.append(sess)
    with open(f"/sys/block/{rig.disk[5:]}/device/timeout", "w", encoding="ascii") as f:
        f.write("1")
    aborts = int(host_attr(PAIR, "aborts"))
    reader = threading.Thread(target=lambda: got.append(rig.read(SEED[0])), daemon=True)
    reader.start()
    until(60, lambda: held, "it is sent")
    until(60, lambda: int(host_attr(PAIR, "aborts")) > aborts, "an abort")
    for i in range(20):
        direct(rig.disk, offset=i * 4096, length=4096)
    expect(reader.is_alive() and rig.serving.sess is held[0], "it has ended")
    for conn in held[0].conns:
        conn.sock.shutdown(socket.SHUT_RDWR)
    reader.join(60)
    expect(got == [None], "it is not done")
    with open(f"/sys/block/{rig.disk[5:]}/device/timeout", "w", encoding="ascii") as f:
        f.write("30")


def kept(mute):
    """V10 a command that the server keeps past the limit. If it does not know how to hold back
    what comes later, it is waited for; if it says nothing at all of that, it is left."""
    rig, held, got, log = RIG, [], [], Log()
    honest, sessions = rig.server.hook, rig.serving.sessions
    SEED[0] += 1

    def hook(sess, conn, call):
        return mute and held and call.iu[0] == scsi.TSK_MGMT or honest(sess, conn, call)
    rig.server.hook = hook
    rig.mischief = lambda sess, conn, call: held.append(sess)
    vpart("adapter", "set", PAIR, "path-loss", "5")
    reader = threading.Thread(target=lambda: got.append(rig.read(SEED[0])), daemon=True)
    reader.start()
    until(60, lambda: held, "it is sent")
    for i in range(20):
        direct(rig.disk, offset=i * 4096, length=4096)
    if mute:
        until(60, lambda: rig.serving.sessions > sessions, "the server is left")
        until(60, lambda: log.having("answers nothing"), "it is said")
    else:
        until(60, lambda: log.having("cannot let go"), "it is said")
        expect(reader.is_alive() and rig.serving.sess is held[0], "it has ended")
        for conn in held[0].conns:
            conn.sock.shutdown(socket.SHUT_RDWR)
    reader.join(60)
    expect(got == [None], "it is not done")
    expect(int(host_attr(PAIR, "detached")) == 0, "it was given up")
    rig.server.hook = honest
    vpart("adapter", "set", PAIR, "path-loss", "30")
    log.close()


def late_put(sess, conn, call):
    """The answer first, the tag later."""
    conn.send(vsr.DATA_IN, vsr.F_LAST, call.tag, data=bytes(sess.server.disk.store[AT:AT + SIZE]))
    answer(conn, call, 0)
    time.sleep(0.3)
    conn.send(vsr.PUT, tag=call.tag)
    sess.calls.pop((conn.queue, call.tag))


def alive(sess, conn):
    """What takes long on one queue leaves no other one silent."""
    for other in sess.conns:
        if other is not conn:
            other.send(vsr.NOP)


def by_byte(sess, conn, call):
    """The answer by one byte at a time."""
    sent = []
    conn.raw = sent.append
    conn.send(vsr.DATA_IN, vsr.F_LAST, call.tag, data=bytes(sess.server.disk.store[AT:AT + SIZE]))
    answer(conn, call)
    del conn.raw
    sess.calls.pop((conn.queue, call.tag))
    whole = b"".join(sent)
    for i in range(600):
        if i % 100 == 0:
            alive(sess, conn)
        conn.raw(whole[i:i + 1])
    conn.raw(whole[600:-400])
    for i in range(len(whole) - 400, len(whole)):
        if i % 100 == 0:
            alive(sess, conn)
        conn.raw(whole[i:i + 1])


def liar(**how):
    """An answer without the data that it speaks of, or one that is none: the reader
    gets an error or the right data from a second try, never what was in his buffer."""
    def do(sess, conn, call):
        conn.send(vsr.RSP, vsr.F_PUT, call.tag, iu=how["iu"](call))
        sess.calls.pop((conn.queue, call.tag))
    return do


def lies():
    """Answers that are none. None of them wakes the midlayer's error handler."""
    rig = RIG
    good = scsi.response
    sessions, resets = rig.serving.sessions, host_attr(PAIR, "resets")
    for what, iu in (("GOOD without data", lambda c: good(c.srp)),
                     ("all was done, without data", lambda c: b""),
                     ("a residual", lambda c: good(c.srp, flags=scsi.DIUNDER, residual_in=512)),
                     ("a residual of more than all", lambda c: good(c.srp, flags=scsi.DIUNDER,
                                                                   residual_in=1 << 31)),
                     ("another tag", lambda c: good(b"\1" + c.srp[1:])),
                     ("short", lambda c: good(c.srp)[:20]),
                     ("512 bytes", lambda c: good(c.srp) + bytes(476)),
                     ("sense beyond", lambda c: good(c.srp, 2)[:18] + b"\2" + good(c.srp, 2)[19:28] +
                      b"\0\0\x0f\xff\0\0\0\0"),
                     ("opcode", lambda c: b"\x77" + good(c.srp)[1:]),
                     ("CONDITION MET", lambda c: good(c.srp, 4)),
                     ("INTERMEDIATE", lambda c: good(c.srp, 0x10)),
                     ("COMMAND TERMINATED", lambda c: good(c.srp, 0x22)),
                     ("a status that there is not", lambda c: good(c.srp, 0x7e)),
                     ("CHECK CONDITION without sense", lambda c: good(c.srp, 2)),
                     ("CHECK CONDITION with none", lambda c: good(c.srp, 2, bytes(18)))):
        SEED[0] += 1
        rig.mischief = liar(iu=iu)
        rig.server.disk.store[AT:AT + SIZE] = pattern(SEED[0], SIZE)
        try:
            got = direct(rig.disk, offset=AT, length=SIZE)
        except OSError as e:
            expect(e.errno == 5, f"{what}: {e}")
            continue
        expect(got == pattern(SEED[0], len(got)), f"{what}: data that the disk does not have")
        if len(got) == SIZE:
            expect(rig.mischief is None, f"{what}: not asked for")
    expect(rig.serving.sessions == sessions and host_attr(PAIR, "resets") == resets,
           "the error handler has been at work")


def events(sess, conn, _call):
    """Events that are none are no reason for anything."""
    conn = sess.conns[0]
    for iu in (b"", b"\x82", scsi.aer(0, 0x2a)[:30], b"\x11" * 504,
               scsi.aer(0, 0x2a)[:28] + b"\0\0\xff\xff" + scsi.aer(0, 0x2a)[32:]):
        sess.events += 1
        conn.send(vsr.EVENT, iu=struct.pack(">Q", sess.events) + iu)
    for i in range(1000):
        if i % 100 == 0:
            alive(sess, conn)
        conn.send(vsr.EVENT_LOST)
    return False


def attentions(sess, _conn, _call):
    """Unit attentions that there are not, of LUNs that there are not, without end."""
    log = Log()
    for asc, ascq, lun in [(0x2a, q, 0) for q in (0, 1, 2, 7, 8, 255)] + \
            [(0x29, 0, 0), (0xff, 0xff, 0)] + [(0x2a, q, 0xc101) for q in (3, 4, 5, 6)]:
        sess.event(lun, asc, ascq)
    until(60, lambda: log.having("is of no use here"), "a word about them")
    for i in range(2000):
        if i % 100 == 0:
            alive(sess, sess.conns[0])
        sess.event((0, 0, 1, 16383, 0xc101)[i % 5], 0x2a, 3 + i % 4)
    expect(len(log.having("is of no use here")) < 50, "too many words")
    log.close()
    return False


class Told:
    """The uevents of the kernel that have WORD."""

    def __init__(self, word):
        self.word, self.times = word, []
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_KOBJECT_UEVENT)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.sock.bind((0, 1))
        self.sock.setblocking(False)

    def more(self):
        """When there were some, those that came since the last call among them."""
        try:
            while True:
                if self.word in self.sock.recv(65536):
                    self.times.append(time.monotonic())
        except BlockingIOError:
            return self.times


def word_of_silent():
    """R11 an event of a LUN that has not said yet which disk it is: told when it has."""
    rig, log, told = RIG, Log(), Told(b"SDEV_UA=RESERVATIONS_RELEASED")
    honest, mute, asked = rig.server.hook, [True], []
    not_ready = bytes([0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 4, 12, 0, 0, 0, 0])

    def hook(sess, conn, call):
        if not mute or call.iu[0] != scsi.CMD or call.cdb[0] != scsi.INQUIRY \
                or call.cdb[1:3] != b"\x01\x83":
            return honest(sess, conn, call)
        asked.append(sess)
        sess.calls.pop((conn.queue, call.tag))
        answer(conn, call, status=2, sense=not_ready)
        return True
    rig.server.hook = hook
    for conn in rig.serving.sess.conns:
        conn.sock.shutdown(socket.SHUT_RDWR)
    until(60, lambda: log.having("does not say which disk it is"), "it is silent")
    asked[-1].event(0, 0x2a, 4)
    before = len(asked)
    until(60, lambda: len(asked) > before + 2, "it is asked again")
    expect(not told.more(), "a word of nobody's LUN")
    mute.clear()
    until(60, lambda: log.having("is the same disk"), "it is known")
    until(60, told.more, "it is told")
    rig.server.hook = honest
    told.sock.close()
    log.close()


def notices():
    """One unit attention that there is not, without end: it is told, ever less often."""
    told = Told(b"SDEV_UA=RESERVATIONS_PREEMPTED")

    def flood(sess, _conn, _call):
        start = time.monotonic()
        while time.monotonic() < start + 3:
            for _ in range(20):
                sess.event(0, 0x2a, 3)
            alive(sess, sess.conns[0])
            time.sleep(0.05)
        return False
    survives(flood)
    until(60, told.more, "it is told")
    told.sock.close()
    expect(len(told.times) <= 12, f"told {len(told.times)} times")


def looks(say):
    """say(sess) has the client look at LUNs, and is said again while it does: it pauses for
    as long as it has looked."""
    rig, times = RIG, []
    honest = rig.server.hook

    def hook(sess, conn, call):
        if call.iu[0] == scsi.CMD and call.cdb[0] == scsi.INQUIRY and not call.cdb[1] & 1:
            start = time.monotonic()
            for _ in range(10):
                say(sess)
            time.sleep(0.3)
            for _ in range(10):
                say(sess)
            times.append((start, time.monotonic()))
        return honest(sess, conn, call)
    sessions = rig.serving.sessions
    rig.server.hook = hook

    def begin(sess, _conn, _call):
        say(sess)
        return False
    rig.mischief = begin
    rig.read(SEED[0])
    until(60, lambda: len(times) >= 6, "it looks")
    rig.server.hook = honest
    expect(rig.serving.sessions == sessions, "it was a new session")
    # The first may be one of two that were asked for before: at all, and at one. It is in
    # all that as much is paused as was looked: a processor whose clock stands still, as a
    # machine's may, has one pause shorter, and another one longer.
    gaps = [b[0] - a[1] for a, b in zip(times[1:], times[2:])]
    looked = [b - a for a, b in times[1:-1]]
    expect(sum(gaps) >= 0.9 * sum(looked), f"pauses of {gaps} for looks of {looked}")


def lost(sess):
    """Events were lost."""
    sess.conns[0].send(vsr.EVENT_LOST)


def changed(lun, asc, ascq):
    """An event."""
    return lambda sess: sess.event(lun, asc, ascq)


def malformed():
    """No answer is one: the log says so, and does not go on saying it."""
    rig, log, bad = RIG, Log(), int(host_attr(PAIR, "bad"))
    honest = rig.server.hook

    def hook(sess, conn, call):
        if call.iu[0] != scsi.CMD or call.cdb[0] not in (scsi.READ_10, scsi.READ_16):
            return honest(sess, conn, call)
        conn.send(vsr.RSP, vsr.F_PUT, call.tag, iu=scsi.response(call.srp)[:20])
        sess.calls.pop((conn.queue, call.tag))
        return True
    rig.server.hook = hook
    for _ in range(60):
        e = raises(OSError, direct, rig.disk, offset=AT, length=SIZE)
        expect(e.errno == 5, e)
    rig.server.hook = honest
    said = len(log.having("malformed response"))
    expect(int(host_attr(PAIR, "bad")) - bad >= 60, "they are not counted")
    expect(1 <= said <= 40, f"said {said} times")
    log.close()


def sysfs(disk):
    """The block device, and which one it is."""
    path = f"/sys/block/{os.path.basename(disk)}"
    try:
        return path, os.stat(path).st_ino
    except OSError:
        return path, None


def follow(was):
    """The disk that came in place of another."""
    rig = RIG
    until(60, lambda: sysfs(disk_of(PAIR))[1] not in (was, None), "another disk")
    rig.disk = disk_of(PAIR)
    SEED[0] += 1
    rig.write(SEED[0])


def exchanged(event):
    """R11 the number leads to another LU, and the midlayer has read its pages since: by an event
    that speaks of the access state, or because a person wanted it. It is another disk."""
    rig, log, held, got = RIG, Log(), [], []
    path, was = sysfs(rig.disk)
    SEED[0] += 1
    other = scsi.Disk(naa=f"60014050{SEED[0]:08x}")
    if event:
        def other_one(sess, _conn, _call):
            rig.server.disk = other
            sess.event(0, 0x2a, 6)
            return False
        rig.mischief = other_one
        direct(rig.disk, offset=AT, length=SIZE)
    else:
        # A write is under way, and what becomes of it is not known.
        rig.mischief = lambda sess, conn, call: held.append(sess)

        def write():
            try:
                direct(rig.disk, pattern(SEED[0], SIZE), AT)
            except OSError as e:
                got.append(e.errno)
        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        until(60, lambda: held, "it is sent")
        rig.server.disk = other
        with open(f"{path}/device/rescan", "w", encoding="ascii") as f:
            f.write("1")
        with open(f"{path}/device/vpd_pg83", "rb") as f:
            expect(other.naa in f.read(), "the midlayer has not read it")
        for conn in held[0].conns:
            conn.sock.shutdown(socket.SHUT_RDWR)
        writer.join(60)
        expect(got, "the write was done, or waits")
        expect(not any(other.store), "it was done on the other disk")
    until(60, lambda: log.having("LUN 0 is another disk now"), "it is said")
    follow(was)
    log.close()


def meant(other):
    """R11 while a write is on its way its number is given to another LU, of which no event tells; or
    the LU is known by another mark from then on, and the write is done, once it was compared."""
    rig, log, said = RIG, Log(), []
    path, was = sysfs(rig.disk)
    SEED[0] += 1
    mark = rig.server.disk.mark
    new = scsi.Disk(naa=f"60014050{SEED[0]:08x}") if other else rig.server.disk

    def change(_sess, _conn, call):
        said.append(struct.unpack_from(">I", call.iu, 16)[0])
        rig.server.disk, new.mark = new, mark + 1
        return False
    rig.mischief = change
    if other:
        raises(OSError, direct, rig.disk, pattern(SEED[0], SIZE), AT)
        expect(not any(new.store), "it was done on the other disk")
        until(60, lambda: log.having("LUN 0 is another disk now"), "it is said")
        follow(was)
    else:
        new.store.extend(bytes(len(new.store)))
        rig.write(SEED[0])
        expect(sysfs(rig.disk) == (path, was), "it is another disk")
        with open(f"{path}/size", encoding="ascii") as f:
            until(60, lambda: f.seek(0) == 0 and int(f.read()) == new.blocks(), "its size is read again")
    expect(said == [mark], f"it was meant for {said}, not {mark}")
    log.close()


def word_of_stopped():
    """R11 an event of a LUN that is being compared: told when it has said that it is the same."""
    rig, told, said = RIG, Told(b"SDEV_UA=RESERVATIONS_RELEASED"), []
    honest = rig.server.hook

    def hook(sess, conn, call):
        if not said and call.iu[0] == scsi.CMD and call.cdb[0] == scsi.INQUIRY and call.cdb[1:3] == b"\x01\x83":
            sess.event(0, 0x2a, 4)
            said.append(call.tag)
            # Slow, but not as one that says nothing.
            time.sleep(1)
            expect(not told.more(), "a word of a LUN that may be another")
        return honest(sess, conn, call)

    def change(_sess, _conn, _call):
        rig.server.disk.mark += 1
        rig.server.hook = hook
        return False
    rig.mischief = change
    SEED[0] += 1
    rig.write(SEED[0])
    until(60, told.more, "it is told")
    rig.server.hook = honest
    told.sock.close()


def meant_for_none():
    """Whatever it reads is meant for another LU, says the server, and that all are the same."""
    rig, refused = RIG, []
    path, was = sysfs(rig.disk)
    honest = rig.server.hook

    def hook(sess, conn, call):
        if call.iu[0] != scsi.CMD or call.cdb[0] not in (scsi.READ_10, scsi.READ_16) or len(refused) > 50:
            return honest(sess, conn, call)
        refused.append(call.tag)
        sess.answer(call, scsi.response(call.srp, scsi.CHECK, scsi.other_lu(len(refused) << 8)))
        return True
    rig.server.hook = hook
    SEED[0] += 1
    rig.read(SEED[0])
    rig.server.hook = honest
    expect(len(refused) > 50, f"asked {len(refused)} times")
    expect(sysfs(rig.disk) == (path, was), "it is another disk")


def nops(sess, conn, _call):
    """Floods of them, and of answers that nobody waits for."""
    for i in range(1000):
        if i % 100 == 0:
            alive(sess, conn)
        conn.send(vsr.NOP if i % 2 else vsr.NOP_ACK, arg=i)
    return False


def main():
    """All cases, or those whose name is given."""
    global RIG
    cases = [(f"{desc}: ERROR {code}", violation, code, do) for desc, code, do in READS]
    cases += [(f"{desc}: ERROR {code}", violation, code, do, True) for desc, code, do in WRITES]
    cases += [
        ("PUT without an answer: the command is sent again", survives, unanswered),
        ("the answer, and the tag later", survives, late_put),
        ("a command that is never answered", never_answered),
        ("V3 V10 one that it keeps, and it does not know DETACH", kept, False),
        ("V10 nor does it say so", kept, True),
        ("an answer by one byte at a time", survives, by_byte),
        ("answers that are none, or lie", lies),
        ("R11 an event of a LUN that does not say yet which disk it is", word_of_silent),
        ("events that are none, and a flood of EVENT_LOST", survives, events),
        ("a flood of unit attentions, and some that are none", survives, attentions),
        ("a unit attention without end", notices),
        ("a flood of EVENT_LOST: looks have pauses", looks, lost),
        ("... of events that LUNs changed", looks, changed(0xc101, 0x3f, 0x0e)),
        ("... that one LUN did", looks, changed(0, 0x3f, 0x0e)),
        ("... that its size did", looks, changed(0, 0x2a, 9)),
        ("a flood of answers that are none: the log is spared", malformed),
        ("V3 R11 another LU, while a write was on its way", meant, True),
        ("R11 the same LU under another mark", meant, False),
        ("R11 an event of a LU that is being compared", word_of_stopped),
        ("a LU that is always another", meant_for_none),
        ("R11 another LU, of which an event says that its access state changed", exchanged, True),
        ("R11 another LU, whose pages a person had read before the next session", exchanged, False),
        ("floods of NOP and NOP_ACK", survives, nops),
        ("LOGIN_RSP takes a queue away", fewer_queues),
        ("limits of LOGIN_RSP", small_limits),
    ]
    cases += [(f"a login with {desc}", twisted, kind, at, new, outcome)
              for desc, kind, at, new, outcome in TWISTS]
    server = Server(link(NUMBER), ADDRESS, disk=scsi.Disk(mark=0x10000), features=DIGESTS)
    with connected(PAIR, NUMBER, server, "digest", "all") as serving:
        RIG = Rig(serving)
        run_cases(cases, "V10 ")
        case("V10 an honest server, after all that", survives, lambda *a: False)


main()
