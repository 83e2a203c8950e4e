#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""server.py: a server that was written from the text, and the kernel's client.

Pair 7 (without a key) on the segment of 0000:00:10.0, pair 8 (with base.KEY) on that
of 0000:00:12.0. The kernel's ends are there already, and wait.
"""
import contextlib
import json
import os
import struct
import sys
import threading
import time
import traceback

sys.path.insert(0, "/src/tests/suites/stream")
# pylint: disable=wrong-import-position
import vsr  # noqa: E402
import vsr_scsi as scsi  # noqa: E402
from base import KEY, Counters, direct, disk_of, expect, host_attr, link, pattern, raises, \
    until, vpart  # noqa: E402
from steady import case, once, promptly  # noqa: E402
from vsr_shm import IDLE, Segment, Server  # noqa: E402

PLAIN, KEYED = link(7), link(8, KEY)
SEGS = {7: Segment("0000:00:11.0"), 8: Segment("0000:00:13.0")}
PAIR = {7: "p1", 8: "p2"}
CLIENT = 0
DONE, TIMEOUT = 0, 2
DISK = {7: scsi.Disk(4 << 20), 8: scsi.Disk(4 << 20)}


def info(which=PLAIN):
    """The kernel's end."""
    return json.loads(vpart("--json", "link", "show", PAIR[which.adapter], "side", "client"))


def server(which=PLAIN):
    """Not logged in to yet."""
    return Server(SEGS[which.adapter], which, DISK[which.adapter])


class Serving(threading.Thread):
    """Serves session after session in the background."""

    def __init__(self, srv):
        super().__init__(daemon=True)
        self.srv, self.done, self.error, self.logins = srv, False, None, 0
        self.start()

    def run(self):
        """Until it is told to end. What is wrong ends it, too."""
        try:
            while not self.done:
                try:
                    self.srv.login(1)
                    self.logins += 1
                    self.srv.serve(600, lambda: self.done)
                except (vsr.Ended, vsr.Late, vsr.Refused):
                    if not self.done:
                        self.srv.leave()
        except Exception as e:  # pylint: disable=broad-except
            print("#", traceback.format_exc().replace("\n", " "), file=sys.stderr, flush=True)
            self.error = e
            self.srv.leave()

    def end(self):
        """No more."""
        self.done = True
        self.join(20)
        if self.error:
            raise self.error

    def __enter__(self):
        return self

    def __exit__(self, kind, *unused):
        self.done = True
        self.join(20)
        if not kind and self.error:
            raise self.error


def ready(serving):
    """Its session is that of the client's disk."""
    which = serving.srv.link
    until(30, lambda: serving.logins and info(which)["state"] == "up" and
          scsi_state(which) == "up", "the SCSI host up")


def scsi_state(which=PLAIN):
    """Of the SCSI host."""
    return host_attr(PAIR[which.adapter], "link_state")


# --- data -------------------------------------------------------------------------

def all_sizes(which):
    """Written and read back, large and small."""
    with server(which) as s, Serving(s) as serving:
        disk = disk_of(PAIR[which.adapter])
        ready(serving)
        for i, size in enumerate((512, 4096, 4608, 65536, 1 << 20)):
            data = pattern(which.adapter * 10 + i, size)
            direct(disk, data, 65536 * i)
            expect(bytes(s.disk.store[65536 * i:65536 * i + size]) == data, "not in the store")
            expect(direct(disk, offset=65536 * i, length=size) == data, "other data are read")
        got = info(which)
        expect(got["commands"] > 10 and got["tx_bytes"] > 1 << 20 and got["rx_bytes"] > 1 << 20,
               str(got))
        expect(got["connections"] and got["peer"], str(got))


def at_once():
    """More than the segment has room for: what does not fit waits, in order."""
    with server() as s, Serving(s) as serving:
        disk = disk_of("p1")
        ready(serving)
        held = []

        def hold(_, call):
            """Until all that fit are here."""
            if call.write < 65536:
                return False
            held.append(call)
            return True
        s.hook = hold
        # 30 MiB through 16
        buf = pattern(77, 1 << 20)
        threads = [threading.Thread(target=direct, args=(disk, buf, (i % 4) << 20))
                   for i in range(30)]
        for t in threads:
            t.start()
        until(30, lambda: sum(c.write for c in held) > 12 << 20, "a full segment")
        time.sleep(0.5)
        full = sum(c.write for c in held)
        expect(full <= s.lay.blocks * s.lay.block, f"{full} bytes")
        # A command without data passes by.
        os.close(os.open(disk, os.O_RDONLY))
        s.hook = None
        for call in held:
            s.go_on(call)
        for t in threads:
            t.join(60)
            expect(not t.is_alive(), "a write that never ends")
        expect(bytes(s.disk.store) == buf * 4, "other data in the store")


def rtt():
    """Round trips are counted."""
    with server() as s, Serving(s) as serving:
        ready(serving)
        before = sum(b["count"] for b in info()["rtt_histogram"])
        until(30, lambda: sum(b["count"] for b in info()["rtt_histogram"]) > before + 1, "NOPs")
        got = info()
        expect(got["rtt_min_us"] <= got["rtt_last_us"] <= got["rtt_max_us"], str(got))


def events():
    """In slots; and the client looks for itself when some are lost."""
    with server() as s, Serving(s) as serving:
        disk = disk_of("p1")
        ready(serving)
        losses = int(host_attr("p1", "event_losses"))

        def size():
            """Of the disk."""
            with open(f"/sys/block/{os.path.basename(disk)}/size", encoding="ascii") as f:
                return int(f.read()) * 512
        s.disk.store.extend(bytes(1 << 20))
        with s.lock:
            s.event(0, 0x2a)
        until(30, lambda: size() == 5 << 20, "the new size")
        del s.disk.store[4 << 20:]
        with s.lock:
            s.put(vsr.EVENT_LOST)
        until(30, lambda: size() == 4 << 20, "the old size")
        expect(int(host_attr("p1", "event_losses")) > losses, "not counted")


# --- wrong entries ------------------------------------------------------------------

class Held:
    """A READ of the client that is not answered yet."""

    def __init__(self, s):
        self.s, self.call = s, None
        s.hook = self.hook
        disk = disk_of("p1")
        self.thread = threading.Thread(target=self.read, args=(disk,))
        self.got = None
        self.thread.start()
        until(30, lambda: self.call, "a READ")

    def hook(self, _, call):
        """Only the first."""
        if self.call or call.read != 8192:
            return False
        self.call = call
        return True

    def read(self, disk):
        """It goes on in the next session."""
        self.got = direct(disk, offset=1 << 20, length=8192)


def breaks(code, do, errors=1):
    """The client ends the session with that error, and comes again; its READ is right."""
    with server() as s, Serving(s) as serving:
        ready(serving)
        held, count, logins = Held(s), Counters("p1", CLIENT), serving.logins
        session = s.id
        with s.lock:    # until it is seen nobody puts right what is wrong
            do(s, held.call)
            until(30, lambda: s.get("session") != session, "the session's end")
        expect(s.get("error") == code, f"error {s.get('error')}, not {code}")
        until(30, lambda: serving.logins > logins, "another login")
        held.thread.join(60)
        expect(held.got == bytes(s.disk.store[1 << 20:(1 << 20) + 8192]), "other data are read")
        expect(count.protocol_errors == errors and count.lost == 1, str(count.now()))


def rsp(s, call, **how):
    """An answer, wrong in something."""
    s.put(vsr.RSP, **dict({"flags": vsr.F_PUT, "iu_len": 36, "tag": call.tag, "arg": 0,
                           "queue": call.queue}, **how))


def other_tag(s, call):
    """A tag that is not open."""
    return next(t for t in range(100) if (call.queue, t) not in s.calls and t != call.tag)


def jump(s, what, ring, by):
    """A counter that cannot be. Who does it has the lock, and takes what comes meanwhile."""
    def quiet():
        while s.step(0):
            pass
        return s.seg.get(ring.cons) == s.seg.get(ring.prod)
    until(30, quiet, "all entries taken")
    at = getattr(ring, what)
    s.seg.set(at, s.seg.get(at) + by)
    s.bell(0)


def answered_twice(s, call):
    """RSP and then another."""
    s.go_on(call)
    rsp(s, call, bell=True)
    rsp(s, call)


WRONG = (
    ("another session", vsr.EPOCH, lambda s, c: rsp(s, c, session=s.id ^ 5)),
    ("an unknown type", vsr.UNSUPPORTED, lambda s, c: s.put(0x7f)),
    ("a client's type", vsr.UNSUPPORTED, lambda s, c: s.put(vsr.REQ, 0, 48, 1)),
    ("a stream's type", vsr.UNSUPPORTED, lambda s, c: s.put(vsr.DATA_IN, tag=c.tag)),
    ("a tag beyond the depth", vsr.TAG, lambda s, c: rsp(s, c, tag=500)),
    ("a tag far beyond", vsr.TAG, lambda s, c: rsp(s, c, tag=0xffffffff)),
    ("a tag that is not open", vsr.TAG, lambda s, c: rsp(s, c, tag=other_tag(s, c))),
    ("PUT of it", vsr.TAG, lambda s, c: s.put(vsr.PUT, tag=other_tag(s, c), queue=c.queue)),
    ("RSP without PUT", vsr.MALFORMED, lambda s, c: rsp(s, c, flags=0)),
    ("an unknown flag", vsr.MALFORMED, lambda s, c: rsp(s, c, flags=vsr.F_PUT | 0x80)),
    ("PUT with data", vsr.MALFORMED,
     lambda s, c: s.put(vsr.PUT, tag=c.tag, queue=c.queue, arg=512)),
    ("PUT with an IU", vsr.MALFORMED,
     lambda s, c: s.put(vsr.PUT, tag=c.tag, queue=c.queue, iu_len=36)),
    ("more data than was asked for", vsr.LENGTH, lambda s, c: rsp(s, c, arg=8193)),
    ("4 GiB of data", vsr.LENGTH, lambda s, c: rsp(s, c, arg=0xffffffff)),
    ("an IU of 513 bytes", vsr.LENGTH, lambda s, c: rsp(s, c, iu_len=513)),
    ("an event without a number", vsr.LENGTH, lambda s, c: s.put(vsr.EVENT, iu_len=7)),
    ("event number 0", vsr.MALFORMED, lambda s, c: (
        s.seg.mem.__setitem__(slice(s.lay.events, s.lay.events + 8), bytes(8)),
        s.put(vsr.EVENT, iu_len=20))),
    ("an event in slot 16", vsr.TAG, lambda s, c: s.put(vsr.EVENT, iu_len=20, tag=16)),
    ("an event of 513 bytes", vsr.LENGTH, lambda s, c: s.put(vsr.EVENT, iu_len=513)),
    ("an event with an arg", vsr.MALFORMED, lambda s, c: s.put(vsr.EVENT, iu_len=20, arg=1)),
    ("an event on queue 1", vsr.STATE, lambda s, c: s.put(vsr.EVENT, iu_len=20, queue=1)),
    ("EVENT_LOST with a tag", vsr.MALFORMED, lambda s, c: s.put(vsr.EVENT_LOST, tag=1)),
    ("NOP_ACK on queue 1", vsr.STATE, lambda s, c: s.put(vsr.NOP_ACK, queue=1)),
    ("more entries than there can be", vsr.SEQ,
     lambda s, c: jump(s, "prod", s.tx[0], s.lay.entries + 1)),
    ("fewer entries than there were", vsr.SEQ, lambda s, c: jump(s, "prod", s.tx[0], -1)),
    ("more taken than there was", vsr.SEQ,
     lambda s, c: (jump(s, "cons", s.rx[0], 100), s.put(vsr.NOP, arg=1))),
)


def twice():
    """A second answer to the same command: it may be the next's by then, or nobody's."""
    with server() as s, Serving(s) as serving:
        ready(serving)
        held, logins = Held(s), serving.logins
        answered_twice(s, held.call)
        until(30, lambda: serving.logins > logins, "another login")
        held.thread.join(60)
        expect(held.got == bytes(s.disk.store[1 << 20:(1 << 20) + 8192]), "other data are read")


def lies():
    """GOOD, and less data than was asked for: no error may be hidden from the reader."""
    with server() as s, Serving(s) as serving:
        ready(serving)
        bad = int(host_attr("p1", "bad"))
        held = Held(s)
        with s.lock:
            s.answer(held.call, scsi.response(held.call.iu[8:16]), 512)
        until(30, lambda: int(host_attr("p1", "bad")) > bad, "it being noticed")
        held.thread.join(60)
        expect(held.got == bytes(s.disk.store[1 << 20:(1 << 20) + 8192]), "other data are read")


def luns(length):
    """A list of LUNs that says it is longer than there can be."""
    with server() as s:
        asked = []

        def hook(_, call):
            if call.iu[32] != 0xa0:
                return False
            asked.append(call)
            data = struct.pack(">I4x8x", length)[:call.read]
            s.copy(call.blocks, len(data), data)
            s.answer(call, scsi.response(call.iu[8:16]), call.read)
            return True
        with Serving(s) as serving:
            ready(serving)
            bad = int(host_attr("p1", "bad"))
            s.hook = hook
            with s.lock:
                s.put(vsr.EVENT_LOST)
            until(30, lambda: len(asked) and int(host_attr("p1", "bad")) > bad, "it was counted")
            s.hook = None
            with s.lock:
                s.put(vsr.EVENT_LOST)
            got = direct(disk_of("p1"), offset=0, length=4096)
            expect(got == bytes(s.disk.store[:4096]), "other data")


def dropped():
    """PUT instead of an answer: the command is sent again."""
    with server() as s, Serving(s) as serving:
        ready(serving)
        held = Held(s)
        with s.lock:
            del s.calls[held.call.queue, held.call.tag]
            s.put(vsr.PUT, tag=held.call.tag, queue=held.call.queue)
        held.thread.join(60)
        expect(held.got == bytes(s.disk.store[1 << 20:(1 << 20) + 8192]), "other data are read")


# --- login ------------------------------------------------------------------------

def bad_login(words, which=PLAIN, rejoin=True, **how):
    """A login that the client does not take; the next is good."""
    with server(which) as s:
        def told():
            """The client tries again by itself; of a try that nobody answers it says that."""
            try:
                s.login(**how)
                raise AssertionError("it was taken")
            except (vsr.Late, vsr.Refused, vsr.Wrong):
                return words in (info(which)["problem"] or "")
        until(60, told, words)
        s.leave()
        if rejoin:
            with Serving(s):
                until(30, lambda: info(which)["state"] == "up", "the link up")


def rejected(words, **how):
    """Each try, until it is said: of one that nobody answers something else is."""
    with server() as s:
        def told():
            s.mailed(vsr.INIT)
            s.mail(vsr.REJECT, **how)
            return words in (info()["problem"] or "")
        until(60, told, words)


def rejects():
    """Each reason in words."""
    for reason, words in ((vsr.NO_ADAPTER, "no such adapter"), (vsr.NO_AUTH, "the right key"),
                          (vsr.NO_VERSION, "no version"), (vsr.DRAIN, "still holds"),
                          (vsr.NOT_READY, "not ready"), (vsr.TOO_MANY, "too many"),
                          (vsr.BUSY, "busy"), (99, "nobody knows why")):
        rejected(words, arg=reason)
    rejected("28", arg=vsr.DRIVER, iu=struct.pack(">I", 28))


def wrong_key():
    """A server that does not have it."""
    count = Counters("p2", CLIENT)
    bad_login("does not have the key", KEYED, auth_ack=bytes(32))
    expect(count.auth_failures >= 1, str(count.now()))
    for which, other, words in ((KEYED, link(8), "has no key"), (PLAIN, link(7, KEY), "wants a key")):
        with server(which) as s:
            s.link = other

            def told(s=s, which=which, words=words):
                raises((vsr.Late, vsr.Refused, vsr.Wrong), s.login)
                return words in (info(which)["problem"] or "")
            until(60, told, words)
            s.link = which


# --- ends ------------------------------------------------------------------------

def no_pulse():
    """5 seconds without one; commands are held, and go on in the next session."""
    with server() as s:
        serving = Serving(s)
        ready(serving)
        held = Held(s)
        s.pulse = False
        session = s.id
        serving.done = True
        until(60, lambda: s.get("session") != session, "the session's end")
        took = time.monotonic() - s.beaten
        expect(took > 4, f"after {took:.1f} s")
        until(30, lambda: scsi_state() == "blocked", "the SCSI host waits")
        until(30, lambda: "no pulse" in (info()["problem"] or ""), "a word of it")
        expect(held.thread.is_alive(), "the READ has ended")
        serving.join(60)
        s.pulse = True
        s.leave()
        with Serving(s):
            held.thread.join(60)
            expect(held.got == bytes(s.disk.store[1 << 20:(1 << 20) + 8192]), "other data")


def other_instance():
    """Seen at once; the client logs in to the new one."""
    with server() as s:
        with Serving(s) as serving:
            ready(serving)

            def seen():
                begun, session, logins = time.monotonic(), s.id, serving.logins
                s.introduce()
                until(30, lambda: s.get("session") != session, "the session's end")
                took = time.monotonic() - begun
                until(30, lambda: serving.logins > logins and scsi_state() == "up",
                      "the host up again")
                return took
            promptly(4, seen)


def both(s, by):
    """Both sessions; the client has no other lost one to ask for."""
    s.login()
    by.login(ack={"features": vsr.CLOSES})


def lose(s, by):
    """The client loses one session of two, and asks over the other; the number of the one."""
    both(s, by)
    session = s.ack.session
    s.leave()
    expect(by.asked() == (7, session), "another session")
    return session


def closes():
    """The client asks until it is told that the session is over."""
    with server() as s, server(KEYED) as by:
        session = lose(s, by)
        by.closed(TIMEOUT)
        expect(by.asked() == (7, session), "another session")
        by.closed(DONE)
        with contextlib.suppress(vsr.Late):     # who gave up before that was said asks once more
            expect(by.asked(1) == (7, session), "another session")
            by.closed(DONE)
            raises(vsr.Late, by.asked, 1)


def closes_wrongly(code, result, begin=lose):
    """Of an answer that is none it leaves the session."""
    with server() as s, server(KEYED) as by:
        begin(s, by)
        by.closed(result)
        until(30, lambda: by.get("session") != by.id, "the session's end")
        expect(by.get("error") == code, f"error {by.get('error')}, not {code}")


def nobody():
    """Nobody there: that is said, and the link is up soon after somebody has come."""
    until(30, lambda: "nobody is at the other side" in (info()["problem"] or ""), "that it is said")
    expect("not connected" in info()["why"], info()["why"])
    with server() as s, Serving(s):
        until(30, lambda: info()["state"] == "up", "the link up")
        s.peer_is(2)


def main():
    """All of it."""
    case("nobody at the other side", nobody)
    case("a server from the text serves a disk", all_sizes, PLAIN)
    case("... with a key", all_sizes, KEYED)
    case("more data than the segment has room for waits", at_once)
    case("round trips are counted", rtt)
    case("events, and lost ones", events)
    for desc, code, do in WRONG:
        case(f"P9 wrong entry: {desc}", breaks, code, do)
    case("P9 a second answer", twice)
    case("GOOD without data is no read", lies)
    for length in (0xfffffff8, 0x7ffffff8, 8 * 16385):
        case(f"REPORT LUNS says {length} bytes", luns, length)
    case("a command that is dropped is sent again", dropped)
    case("P9 refusals are said", rejects)
    case("P9 a wrong key", wrong_key)
    case("P9 LOGIN_RSP: more data than the segment has room for", bad_login, "length beyond",
         max_data=(1 << 20) + 4096)
    case("P9 LOGIN_RSP: more tags than granted", bad_login, "malformed", depth=1000)
    case("P9 LOGIN_RSP: no queues", bad_login, "malformed", queues=0)
    case("P9 INIT_ACK: more queues than asked for", bad_login, "malformed", ack={"queues": 60})
    case("P9 INIT_ACK: session 0 below", bad_login, "malformed", ack={"session": 1 << 32})
    case("P9 INIT_ACK: version 2", bad_login, "unknown type", ack={"ver_min": 2})
    once("P9 no pulse for 5 seconds", no_pulse)
    case("P9 another instance is seen at once", other_instance)
    case("P14 a lost session is closed over the other segment", closes)
    case("P14 CLOSE_RSP with an unknown result", closes_wrongly, vsr.MALFORMED, 3)
    case("P14 CLOSE_RSP that nobody has asked for", closes_wrongly, vsr.STATE, DONE, both)


main()
