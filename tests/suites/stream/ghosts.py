#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ghosts.py: what a client has given up, or had before it began anew.

Pairs 7 (p1) and 10 (p3) at 127.0.0.1:7300 lead to one LU, on the device-mapper device
"slow" over /dev/vdb.
"""
import contextlib
import itertools
import uuid

import vsr
import vsr_scsi as scsi
from base import direct, expect, link, link_get, pattern, raises, run_cases, until
from close_session import ADDRESS, AT, DISK, DONE, close, gone, held, served, what
from vsr_client import Client

DETACH, COMPLETE, FAILED, ABORTED = 0x80, 0, 5, 1
BLOCK = 4096
GENERATION = itertools.count(1000)
BEFORE, OLD, NEW = (pattern(n, BLOCK) for n in (40, 41, 42))


def client(number, boot, **how):
    """Logged in."""
    return Client(link(number), ADDRESS, boot, features=vsr.CLOSES, **how).login()


def put(c, data):
    """A write that is not waited for."""
    return c.open(scsi.rw16(True, AT // 512, BLOCK // 512), write=data)


def there():
    """What the disk has."""
    return direct(DISK, offset=AT, length=BLOCK)


@contextlib.contextmanager
def disk_held():
    """The disk holds what it gets, and has something else."""
    direct(DISK, BEFORE, AT)
    with held():
        yield


def task(c, function, tag, queue=0):
    """A task management function; its code."""
    bus = c.limits.depth - 1
    srp = scsi.make_tag(next(GENERATION), queue, bus)
    c.conns[queue].send(vsr.REQ, flags=vsr.F_PRIO, tag=bus, iu=scsi.task(srp, 0, function, tag))
    while True:
        p = c.conns[queue].recv()
        if p.type == vsr.NOP:
            c.conns[queue].send(vsr.NOP_ACK, arg=p.arg)
        elif p.type == vsr.RSP and p.tag == bus:
            return scsi.Answer(p.iu, srp).code


def open_one(c, cmd):
    """Not answered, though the server has answered what came after it."""
    c.good(scsi.inquiry(36), read=36)
    expect(cmd.rsp is None and not cmd.put, f"answered: {cmd.rsp}")


@contextlib.contextmanager
def write_given_up(c):
    """One that the disk has."""
    with disk_held():
        old = put(c, OLD)
        until(60, lambda: served("p1") == 1, "the write is at the disk")
        expect(task(c, DETACH, old.srp) == COMPLETE, "not detached")
        yield old


def given_up():
    """The newer write waits, on both paths, until the older one has ended."""
    boot = uuid.uuid4().bytes
    with client(7, boot) as a, client(10, boot) as b:
        with write_given_up(a) as old:
            expect(task(a, DETACH, old.srp) == COMPLETE, "not twice")
            newer, mine = put(b, NEW), put(a, NEW)
            until(60, lambda: served("p3") == 1 and served("p1") == 2, "they are at the server")
            open_one(b, newer)
            open_one(a, mine)
            expect(there() == BEFORE, "written by now")
        for c, cmd in ((a, old), (a, mine), (b, newer)):
            expect(c.wait(cmd)[0] == scsi.GOOD, "no GOOD in the end")
        expect(there() == NEW, "the older write is the last")


def dropped():
    """What waits can be aborted, given up, and cancelled; then it never happens."""
    boot = uuid.uuid4().bytes
    with client(7, boot) as a, client(10, boot) as b:
        with write_given_up(a) as old:
            for function in (ABORTED, DETACH):
                newer = put(b, NEW)
                until(60, lambda: served("p3") == 1, "it is at the server")
                expect(task(b, function, newer.srp) == COMPLETE, f"function {function}")
                until(60, lambda: not served("p3"), "it has gone")
            newer = put(b, NEW)
            until(60, lambda: served("p3") == 1, "it is at the server")
            b.conns[0].send(vsr.CANCEL, tag=newer.tag)
            until(60, lambda: not served("p3"), "it has gone, too")
        a.wait(old)
        expect(there() == OLD, "what was dropped has happened")


def strange():
    """Tasks that are not there, of another queue, and those that change nothing."""
    boot = uuid.uuid4().bytes
    with client(7, boot, queues=2) as a, client(10, boot) as b:
        expect(task(a, DETACH, scsi.make_tag(7, 0, 3)) == COMPLETE, "one that is not there")
        expect(task(a, DETACH, scsi.make_tag(7, 0, 0xfff0)) == COMPLETE, "one that cannot be")
        expect(task(a, DETACH, scsi.make_tag(7, 1, 3)) == FAILED, "one of another queue")
        with disk_held():
            read = a.open(scsi.rw16(False, AT // 512, 8), read=BLOCK)
            until(60, lambda: served("p1") == 1, "the read is at the disk")
            expect(task(a, DETACH, read.srp) == COMPLETE, "not detached")
            newer = put(b, NEW)
            until(60, lambda: served("p3") == 1, "the write is at the disk")
        expect(b.wait(newer)[0] == scsi.GOOD and a.wait(read)[0] == scsi.GOOD, "no GOOD")


def renewed():
    """A client that was reset: its old session ends, and holds its new one back."""
    a = client(7, uuid.uuid4().bytes)
    with disk_held():
        put(a, OLD)
        until(60, lambda: served("p1") == 1, "the write is at the disk")
        b = client(10, uuid.uuid4().bytes)
        gone(a)
        expect(link_get("p1", vsr.SERVER)["STATE"] == "3", "the old session does not drain")
        refusal = raises(vsr.Rejected, Client(link(7), ADDRESS, b.boot).login, again=0)
        expect(refusal.reason == vsr.DRAIN, f"let in: {refusal}")
        newer = put(b, NEW)
        until(60, lambda: served("p3") == 1, "the newer write is at the server")
        open_one(b, newer)
        expect(there() == BEFORE, "written by now")
    expect(b.wait(newer)[0] == scsi.GOOD, "no GOOD")
    expect(there() == NEW, "the older write is the last")
    expect(close(b, what(b, adapter=7, session=a.ack.session, boot=a.boot)) in (DONE, 1), "not over")
    a.close()
    b.close()


def main():
    """All cases, or those whose name is given."""
    run_cases([
        ("V3 a write that was given up: newer ones wait for it, by any path", given_up),
        ("V10 what waits can be given up", dropped),
        ("what there is nothing to wait for does not", strange),
        ("V3 P9 a client begins anew: its older session ends, and is waited for", renewed),
    ])


if __name__ == "__main__":
    main()
