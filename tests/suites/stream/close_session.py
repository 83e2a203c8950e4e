#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""close_session.py: CLOSE_SESSION, by a client from the text and by the kernel's.

Pairs 7 (p1) and 8 (p2) at 127.0.0.1:7300 lead to one disk, /dev/vdb, by the
device-mapper devices "slow" and "fast".
"""
import contextlib
import os
import socket
import struct
import subprocess
import threading
import time
import uuid

import vsr
import vsr_scsi as scsi
from base import (Counters, connected, direct, disk_of, expect, host_attr, link, link_get, links_get, pattern, raises,
                  run_cases, until, vpart)
from proxy import Proxy
from vsr_client import Client
from vsr_server import Server

ADDRESS = "tcp:127.0.0.1:7300"
MIB = 1 << 20
DISK, AT = "/dev/vdb", MIB
DONE, UNKNOWN, TIMEOUT = range(3)
WHY_LOST, WHY_CLOSED = 9, 11
MULTIPATH = "mp"


def dmsetup(*words):
    """The command; its output."""
    done = subprocess.run(("dmsetup",) + words, capture_output=True, text=True, check=False, timeout=60)
    expect(not done.returncode, f"dmsetup {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


@contextlib.contextmanager
def held(name="slow"):
    """The disk holds what it gets."""
    dmsetup("suspend", name)
    try:
        yield
    finally:
        dmsetup("resume", name)


def served(pair):
    """Calls that the server holds."""
    return int(link_get(pair, vsr.SERVER, "ADAPTER_GET")["INFLIGHT"])


# --- a client from the text ---------------------------------------------------------

def client(number, boot, **how):
    """Logged in."""
    return Client(link(number), ADDRESS, boot, features=vsr.CLOSES, **how).login()


@contextlib.contextmanager
def two():
    """Sessions of one client, by both ways."""
    boot = uuid.uuid4().bytes
    with client(7, boot) as a, client(8, boot) as b:
        yield a, b


def what(c, adapter=None, session=None, who=None, boot=None, zero=0):
    """The IU of a CLOSE_SESSION that means c's session, or something else."""
    return struct.pack(">IIQ16s16s", adapter or c.link.adapter, zero,
                       c.ack.session if session is None else session,
                       who or c.link.client.bytes, boot or c.boot)


def close(by, iu, timeout=30):
    """Ask; the answer."""
    by.conns[0].send(vsr.CLOSE_SESSION, iu=iu)
    end = time.monotonic() + timeout
    while True:
        p = by.step(0, max(0.01, end - time.monotonic()))
        if p.type == vsr.CLOSE_RSP:
            return p.arg


def gone(c):
    """Its session has ended."""
    raises((vsr.Refused, vsr.Ended), c.idle, 30)


def closed():
    """One that has nothing to do."""
    with two() as (a, b):
        expect(close(b, what(a)) == DONE, "not closed")
        gone(a)
        expect(int(link_get("p1", vsr.SERVER)["WHY"]) in (WHY_CLOSED, 8), "not said")
        expect(close(b, what(a)) == DONE, "not closed any more")
        b.good(scsi.inquiry(36), read=36)
        with client(7, a.boot) as again:
            expect(close(b, what(a)) == UNKNOWN, "the last session is still known")
            again.good(scsi.inquiry(36), read=36)


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
            expect(close(b, iu) == UNKNOWN, text)
            a.nop()
        for c in (a, b):
            c.good(scsi.inquiry(36), read=36)


def itself():
    """The session that it is said over."""
    with two() as (_, b):
        b.conns[0].send(vsr.CLOSE_SESSION, iu=what(b))
        gone(b)


def refused(code, *ius, features=vsr.CLOSES):
    """ERROR for the last of them, and nothing has happened to the other session."""
    boot = uuid.uuid4().bytes
    with Client(link(8), ADDRESS, boot, features=features).login() as c, client(7, boot) as a:
        for iu in ius:
            c.conns[0].send(vsr.CLOSE_SESSION, iu=iu(a))
        e = raises(vsr.Refused, c.idle, 30)
        expect(e.code == code, str(e))
        a.good(scsi.inquiry(36), read=36)


def not_read():
    """Who asks again while the last answer cannot be sent: he does not read."""
    was = Counters("p1", vsr.SERVER)
    with client(7, uuid.uuid4().bytes, depth=32) as c:
        done = int(link_get("p1", vsr.SERVER)["COMMANDS"])
        for _ in range(12):     # more than the sockets hold
            c.open(scsi.rw16(False, 0, MIB // 512), read=MIB)
        until(60, lambda: int(link_get("p1", vsr.SERVER)["COMMANDS"]) >= done + 12, "the reads are there")
        unknown = what(c, session=c.ack.session ^ 1)
        c.conns[0].send(vsr.CLOSE_SESSION, iu=unknown)
        time.sleep(1)   # its answer waits behind the data
        c.conns[0].send(vsr.CLOSE_SESSION, iu=unknown)

        def left():
            c.conns[0].send(vsr.NOP, arg=1)
            time.sleep(0.3)
            return was.lost == 1
        try:
            until(60, left, "he is left")
        except vsr.Ended:
            until(60, lambda: was.lost == 1, "he is left")
        expect(not was.protocol_errors, "for another reason")


def stuck():
    """The disk has a write of it: not before that is over."""
    new, old = pattern(21, 4096), pattern(22, 4096)
    with two() as (a, b):
        b.good(scsi.rw16(True, AT // 512, 8), write=new)
        with held():
            a.open(scsi.rw16(True, AT // 512, 8), write=old)
            until(60, lambda: served("p1") == 1, "the write is at the disk")
            for _ in range(2):
                since = time.monotonic()
                expect(close(b, what(a)) == TIMEOUT, "closed, with a write at the disk")
                expect(time.monotonic() - since > 1.5, "not waited for")
            gone(a)
            b.nop()
            refusal = raises(vsr.Rejected, Client(link(7), ADDRESS, a.boot).login, again=0)
            expect(refusal.reason == vsr.DRAIN, f"let in: {refusal}")
            b.nop()
            expect(direct(DISK, offset=AT, length=4096) == new, "written by now")
        until(60, lambda: close(b, what(a)) == DONE, "closed after it")
        expect(not served("p1"), "closed before it")
        expect(direct(DISK, offset=AT, length=4096) == old, "the write has been lost")


# --- the kernel's client -------------------------------------------------------------

class Writing(threading.Thread):
    """A write, past the page cache."""

    def __init__(self, path, data, at=AT):
        super().__init__(daemon=True)
        self.path, self.data, self.at, self.error = path, data, at, None
        self.start()

    def run(self):
        try:
            direct(self.path, self.data, self.at)
        except OSError as e:
            self.error = e


@contextlib.contextmanager
def kernel_client(*paths):
    """Its ends, p1's through a proxy, and a multipath device over their disks."""
    proxy = Proxy(7310, 7300)
    ends = [(pair, number, port) for pair, number, port in (("p1", 7, 7310), ("p2", 8, 7300)) if pair in paths]
    for pair, number, port in ends:
        vpart("link", "add", pair, "client", "client1", "server", "vios1", "id", str(number), "connect",
              f"tcp:127.0.0.1:{port}", "key", "none", "path-loss", "60")
    disks = [disk_of(pair) for pair, _, _ in ends]
    with open(f"/sys/class/block/{os.path.basename(disks[0])}/size", encoding="ascii") as f:
        size = f.read().strip()
    groups = " ".join(f"round-robin 0 1 1 {disk} 1000" for disk in disks)
    dmsetup("create", "--noudevsync", "--noudevrules", MULTIPATH, "--table",
            f"0 {size} multipath 0 0 {len(disks)} 1 {groups}")
    dmsetup("mknodes", MULTIPATH)
    try:
        yield proxy
    finally:
        proxy.hold(False)
        dmsetup("remove", "--noudevsync", MULTIPATH)
        for pair, _, _ in ends:
            if (pair, vsr.CLIENT) in links_get():
                vpart("link", "del", pair, "side", "client", "--force")
        proxy.close()


def lost(pair):
    """The client knows it, and holds a command that the server has had; the kernel may have
    asked the disk something, too."""
    return link_get(pair, vsr.CLIENT)["STATE"] != "2" and int(host_attr(pair, "held")) >= 1


def ghost():
    """A write that hangs at the server is not sent over another path before it is over."""
    first, second = pattern(31, 4096), pattern(32, 4096)
    path = f"/dev/mapper/{MULTIPATH}"
    with kernel_client("p1", "p2") as proxy:
        with held():
            one = Writing(path, first)
            until(60, lambda: served("p1") == 1, "the write is at the disk")
            proxy.hold(True)
            until(60, lambda: lost("p1"), "the path is lost, and the write held")
            until(60, lambda: int(link_get("p1", vsr.SERVER)["WHY"]) == WHY_CLOSED or
                  link_get("p1", vsr.SERVER)["STATE"] == "3", "the server has been told")
            one.join(5)
            expect(one.is_alive(), f"the write has ended: {one.error}")
            got = served("p1"), int(host_attr("p1", "held")), one.is_alive()
            expect(got[0] == 1 <= got[1] and got[2], f"the write was let go: served, held, waits: {got}")
        one.join(60)
        expect(not one.is_alive() and not one.error, f"the write did not end: {one.error}")
        expect(link_get("p1", vsr.CLIENT)["STATE"] != "2", "by the same path")
        two_ = Writing(path, second)
        two_.join(60)
        expect(not two_.is_alive() and not two_.error, "nor did the second")
        expect(direct(DISK, offset=AT, length=4096) == second, "the older write is the last")
        expect(not served("p1"), "there is one left")


def alone():
    """Without another path to the server nobody can say; who has a way to another is not kept."""
    path = f"/dev/mapper/{MULTIPATH}"
    with kernel_client("p1") as proxy, held():
        one = Writing(path, pattern(33, 4096))
        until(60, lambda: served("p1") == 1, "the write is at the disk")
        proxy.hold(True)
        one.join(40)    # no path-loss limit: that is 60 s
        expect(not one.is_alive() and one.error, "the write is held")


def session_of(iu):
    """Which one a CLOSE_SESSION means."""
    return struct.unpack(">Q", iu[8:16])[0]


def late(leave):
    """The answer about a lost session comes when its link is up again; perhaps the path that
    it came by is lost, too. The session that runs by now goes on, and when it is lost in its
    turn it is asked for."""
    server = Server(link(9), "tcp:127.0.0.1:7400", features=vsr.CLOSES)
    with kernel_client("p1") as proxy, connected("p9", 9, server) as by:
        disk_of("p9")
        logins = Counters("p1", vsr.CLIENT)
        proxy.hold(True)    # it is not up again before it was asked for
        proxy.cut()
        until(60, lambda: by.sess and by.sess.asked, "it is asked for")
        proxy.hold(False)
        lost_one = session_of(by.sess.asked[0])
        until(60, lambda: logins.logins == 1 and host_attr("p1", "link_state") == "up", "it is up again")
        by.sess.conns[0].send(vsr.CLOSE_RSP, arg=TIMEOUT)
        time.sleep(2)       # asked for again by now, if at all
        if leave:
            was = by.sessions
            by.sess.conns[0].sock.shutdown(socket.SHUT_RDWR)
            until(60, lambda: by.sessions > was and host_attr("p9", "link_state") == "up", "p9 is up again")
        else:
            expect(len(by.sess.asked) == 1, "asked for again")
        with held():
            one = Writing(f"/dev/mapper/{MULTIPATH}", pattern(34, 4096))
            until(60, lambda: served("p1") == 1, "the write is at the disk")
            count = len(by.sess.asked)
            proxy.hold(True)
            until(60, lambda: len(by.sess.asked) > count, "it is asked for")
            expect(session_of(by.sess.asked[-1]) != lost_one, "not for this one")
            one.join(2)
            expect(one.is_alive() and int(host_attr("p1", "held")) >= 1, f"the write is not held: {one.error}")
            by.sess.conns[0].send(vsr.CLOSE_RSP, arg=DONE)
            one.join(40)
            expect(not one.is_alive(), "the write is held")


def main():
    """All cases, or those whose name is given."""
    run_cases([
        ("P14 a session is closed over another path, and stays closed", closed),
        ("P14 R19 nobody's session, or another client's, is not", others),
        ("P14 a session that closes itself", itself),
        ("number 0 is refused by 1", refused, vsr.MALFORMED, lambda a: what(a, session=0)),
        ("what has to be zero and is not is refused by 1", refused, vsr.MALFORMED,
         lambda a: what(a, zero=1)),
        ("who asks and does not read is left", not_read),
        ("V3 P14 a write at the disk: only when it is over", stuck),
        ("V3 P14 the kernel's client: a lost write waits for its end before it goes another way", ghost),
        ("P14 the kernel's client: without another path to that server it does not", alone),
        ("V3 P14 the kernel's client: who asks late does not end the next session", late, False),
        ("V3 P14 the kernel's client: nor is it let go unproven when it is lost", late, True),
    ])


if __name__ == "__main__":
    main()
