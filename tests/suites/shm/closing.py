#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""closing.py text|kernel [CASE...]: CLOSE_SESSION over shared memory, by a client from
the text, and by the kernel's.

One disk, /dev/vdb, is at four pairs, by the device-mapper devices way1 to way4: 7 (p1)
and 8 (p2) by the segments of 0000:00:10.0 and 12.0, 9 (p3) and 10 (p4) by TCP.
"""
import contextlib
import os
import sys
import time
import uuid

sys.path.insert(0, "/src/tests/suites/stream")
# pylint: disable=wrong-import-position
import vsr  # noqa: E402
import vsr_scsi as scsi  # noqa: E402
from base import Log, direct, disk_of, expect, host_attr, link, link_get, pattern, raises, run_cases, \
    until, vpart  # noqa: E402
from close_session import AT, DISK, DONE, MULTIPATH, TIMEOUT, UNKNOWN, WHY_CLOSED, Writing, \
    dmsetup, held, lost, served, what  # noqa: E402
from proxy import Proxy  # noqa: E402
from steady import steady  # noqa: E402
from vsr_shm import Client, Segment  # noqa: E402

DEVICES = {7: "0000:00:11.0", 8: "0000:00:13.0"}
SEGS = {}
DRIVER = "/sys/bus/pci/drivers/vpart_shm/"


def segment(number):
    """Of a pair: the program's side."""
    if number not in SEGS:
        SEGS[number] = Segment(DEVICES[number])
    return SEGS[number]


# --- a client from the text ---------------------------------------------------------

def client(number, boot, **how):
    """Logged in."""
    c = Client(segment(number), link(number))
    c.boot = boot
    return c.login(**dict({"features": vsr.CLOSES}, **how))


@contextlib.contextmanager
def two(**how):
    """Sessions of one client, by both ways."""
    boot = uuid.uuid4().bytes
    with client(7, boot) as a, client(8, boot, **how) as b:
        yield a, b


def gone(c, error=0):
    """Its session has ended."""
    until(30, lambda: c.get("session") != c.id, "the end of the session")
    expect(c.get("error") == error, f"error {c.get('error')}")


def closes(by, iu):
    """Asked as often as it is not in time: a slow machine takes its time."""
    until(60, lambda: by.ask(iu) == DONE, "closed")


def closed():
    """One that has nothing to do."""
    with two() as (a, b), contextlib.closing(Log()) as log:
        closes(b, what(a))
        gone(a)
        until(30, lambda: log.having("p1", "closed it over another path"), "that it is said")
        expect(b.ask(what(a)) == DONE, "not closed any more")
        b.good(scsi.inquiry(36), read=36)
        session = what(a)
        a.leave()
        a.login(features=vsr.CLOSES)
        expect(b.ask(session) == UNKNOWN, "the last session is still known")
        a.good(scsi.inquiry(36), read=36)


def others():
    """What is nobody's, or somebody else's, goes on."""
    with two() as (a, b):
        for text, iu in (
                ("another number", what(a, session=a.ack.session ^ 1)),
                ("another pair", what(a, adapter=99)),
                ("the other pair", what(a, adapter=8)),
                ("another instance", what(a, boot=uuid.uuid4().bytes)),
                ("another client", what(a, who=uuid.uuid4().bytes)),
                ("the server", what(a, who=a.link.server.bytes))):
            expect(b.ask(iu) == UNKNOWN, text)
        for c in (a, b):
            c.good(scsi.inquiry(36), read=36)


def itself():
    """The session that it is said over."""
    with two() as (_, b):
        b.mail(vsr.CLOSE_SESSION, iu=what(b), epoch=b.epoch)
        gone(b)
        b.leave()
        b.login(features=vsr.CLOSES)
        b.good(scsi.inquiry(36), read=36)


def refused(code, *ius, features=vsr.CLOSES, **wrong):
    """Ends the session that it came by, and nothing has happened to the other."""
    with two(features=features) as (a, b):
        for iu in ius:
            b.mail(vsr.CLOSE_SESSION, iu=iu(a), **dict({"epoch": b.epoch}, **wrong))
        gone(b, code)
        a.good(scsi.inquiry(36), read=36)


def pushed(a, b):
    """Has a second request come before the answer to the first, which takes 2 seconds?"""
    b.mail(vsr.CLOSE_SESSION, iu=what(a), epoch=b.epoch)
    beat = b.get("beat")
    until(30, lambda: int(link_get("p1", vsr.SERVER)["STATE"]) == 3, "p1 is closed")
    until(30, lambda: (b.get("beat") - beat) & 0xffffffff > 1, "a look that begins now ends")
    b.mail(vsr.CLOSE_SESSION, iu=what(a), epoch=b.epoch)
    until(30, lambda: b.get("session") != b.id or b.seg.get(b.into) != b.seen, "it is over, or answered")
    if b.get("session") != b.id:
        b.look()
        return True
    expect(b.mailed(vsr.CLOSE_RSP).arg == TIMEOUT, "closed, with a write at the disk")
    b.tx_seq -= 1       # the second did not answer that, and was not heard
    return False


def impatient():
    """A second one before the answer to the first."""
    with two() as (a, b):
        a.good(bytes(6))
        with held("way1"):
            a.open(scsi.rw16(True, AT // 512, 8), write=pattern(20, 4096))
            until(30, lambda: served("p1") == 1, "the write is at the disk")
            until(60, lambda: pushed(a, b), "the second comes before the answer")
            gone(b, vsr.STATE)
            # What is said of a session that is over is not heard; nor is it answered late.
            b.mail(vsr.CLOSE_SESSION, iu=what(a), epoch=b.epoch)
            raises(vsr.Late, b.mailed, vsr.REJECT, 3)
            b.leave()
            b.login(features=vsr.CLOSES)
            expect(b.ask(what(a)) == TIMEOUT, "closed, with a write at the disk")
        until(30, lambda: b.ask(what(a)) == DONE, "closed after it")
        b.good(scsi.inquiry(36), read=36)


def stuck():
    """The disk has a write of it: not before that is over."""
    new, old = pattern(21, 4096), pattern(22, 4096)
    with two() as (a, b):
        for c in (a, b):
            c.good(bytes(6))
        b.good(scsi.rw16(True, AT // 512, 8), write=new)
        with held("way1"):
            a.open(scsi.rw16(True, AT // 512, 8), write=old)
            until(30, lambda: served("p1") == 1, "the write is at the disk")
            for _ in range(2):
                since = time.monotonic()
                expect(b.ask(what(a)) == TIMEOUT, "closed, with a write at the disk")
                expect(time.monotonic() - since > 1.5, "not waited for")
            gone(a)
            b.good(scsi.inquiry(36), read=36)
            expect(direct(DISK, offset=AT, length=4096) == new, "written by now")
        until(30, lambda: b.ask(what(a)) == DONE, "closed after it")
        expect(not served("p1"), "closed before it")
        expect(direct(DISK, offset=AT, length=4096) == old, "the write has been lost")


# --- the kernel's client -------------------------------------------------------------

PATHS = {"p1": (7, "shm:" + DEVICES[7], "way1"), "p2": (8, "shm:" + DEVICES[8], "way2"),
         "p3": (9, "tcp:127.0.0.1:7311", "way3"), "p4": (10, "tcp:127.0.0.1:7302", "way4")}


def bind(number, there):
    """The kernel's client has its device, or it is taken away."""
    with open(DRIVER + ("bind" if there else "unbind"), "w", encoding="ascii") as f:
        f.write(DEVICES[number])


@contextlib.contextmanager
def losing(pair):
    """The client's way to it is lost, and comes again at the end."""
    if pair == "p3":
        proxy = Proxy(7311, 7301)
        try:
            yield lambda: proxy.hold(True)
        finally:
            proxy.hold(False)
            proxy.close()
        return
    number = PATHS[pair][0]
    try:
        yield lambda: bind(number, False)
    finally:
        if not os.path.exists(DRIVER + DEVICES[number]):
            bind(number, True)


@contextlib.contextmanager
def ends(*pairs):
    """The kernel's client's, and a multipath device over their disks, by the first first."""
    for pair in pairs:
        number, address, _ = PATHS[pair]
        vpart("link", "add", pair, "client", "client1", "server", "vios1", "id", str(number),
              "connect", address, "key", "none", "path-loss", "60")
    disks = [disk_of(pair, 60) for pair in pairs]
    with open(f"/sys/class/block/{os.path.basename(disks[0])}/size", encoding="ascii") as f:
        size = f.read().strip()
    groups = " ".join(f"round-robin 0 1 1 {disk} 1000" for disk in disks)
    dmsetup("create", "--noudevsync", "--noudevrules", MULTIPATH, "--table",
            f"0 {size} multipath 0 0 {len(disks)} 1 {groups}")
    dmsetup("mknodes", MULTIPATH)
    try:
        yield
    finally:
        dmsetup("remove", "--noudevsync", MULTIPATH)
        for pair in pairs:
            vpart("link", "del", pair, "side", "client", "--force")


def draining(pair):
    """The server's end is over, but for what hangs at the disk."""
    got = link_get(pair, vsr.SERVER)
    return int(got["WHY"]) == WHY_CLOSED or got["STATE"] == "3"


def ghost(pair, other):
    """A write that hangs at the server is not sent over another path before it is over."""
    first, second = pattern(31, 4096), pattern(32, 4096)
    path = f"/dev/mapper/{MULTIPATH}"
    with losing(pair) as lose, ends(pair, other):
        with held(PATHS[pair][2]):
            one = Writing(path, first)
            until(30, lambda: served(pair) == 1, "the write is at the disk")
            lose()
            until(60, lambda: lost(pair), "the path is lost, and the write held")
            until(60, lambda: draining(pair), "the server knows")
            one.join(5)
            expect(one.is_alive(), f"the write has ended: {one.error}")
            expect(served(pair) == 1 and int(host_attr(pair, "held")) == 1, "the write was let go")
        one.join(60)
        expect(not one.is_alive() and not one.error, f"the write did not end: {one.error}")
        expect(link_get(pair, vsr.CLIENT)["STATE"] != "2", "by the same path")
        two_ = Writing(path, second)
        two_.join(60)
        expect(not two_.is_alive() and not two_.error, "nor did the second")
        expect(direct(DISK, offset=AT, length=4096) == second, "the older write is the last")
        expect(not served(pair), "there is one left")


def main():
    """All cases of the one half, or those whose name is given."""
    text = [
        ("P14 a session is closed over another segment, and stays closed", closed),
        ("P14 R19 nobody's session, or another client's, is not", others),
        ("P14 a session that closes itself", itself),
        ("number 0 is refused by 1", refused, vsr.MALFORMED, lambda a: what(a, session=0)),
        ("what has to be zero and is not is refused by 1", refused, vsr.MALFORMED,
         lambda a: what(a, zero=1)),
        ("another epoch is refused by 5", refused, vsr.EPOCH, what, {"epoch": 99}),
        ("another header digest is refused by 2", refused, vsr.HDR_DIGEST, what,
         {"hcrc": bytes(4)}),
        ("without the feature it is refused by 10", refused, vsr.UNSUPPORTED, what,
         {"features": 0}),
        ("P14 the rest of a session that is over is not heard", impatient),
        ("V3 P14 a write at the disk: only when it is over", stuck),
    ]
    kernel = [
        ("V3 P14 lost over TCP, closed over shared memory, before the write goes there", ghost,
         "p3", "p2"),
        ("V3 P14 lost over shared memory, closed over TCP", ghost, "p1", "p4"),
        ("V3 P14 lost over shared memory, closed over another segment", ghost, "p1", "p2"),
    ]
    run_cases([(desc, steady(case), *args) for desc, case, *args in
               {"text": text, "kernel": kernel}[sys.argv.pop(1)]])


main()
