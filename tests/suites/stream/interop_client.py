#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""interop_client.py: a client that was written from the text, and the kernel's server.

Pairs 7 (without a key) and 8 (with base.KEY) at 127.0.0.1:7300, LUN 0 on /dev/vdb
and /dev/vdc.
"""
import dataclasses
import glob
import os
import time
import uuid

import vsr
import vsr_scsi as scsi
from base import Counters, DIGESTS, KEY, direct, expect, link, pattern, raises, run_cases, until
from vsr_client import Client

ADDRESS = "tcp:127.0.0.1:7300"
PLAIN, KEYED = link(7), link(8, KEY)
DISK = {7: "/dev/vdb", 8: "/dev/vdc"}


def client(which=PLAIN, **how):
    """Not logged in yet."""
    return Client(which, ADDRESS, **how)


def move(c, lba, data, queue=0, **how):
    """Write it, compare beneath everything, read it."""
    c.good(scsi.rw16(True, lba, len(data) // 512), write=data, queue=queue, **how)
    raw = direct(DISK[c.link.adapter], offset=lba * 512, length=len(data))
    expect(raw == data, "what is on the disk is not what was written")
    got = c.good(scsi.rw16(False, lba, len(data) // 512), read=len(data), queue=queue)
    expect(got == data, "what was read is not what was written")


# --- data -------------------------------------------------------------------------

def all_ways(which, features):
    """Immediate, asked for, both; one PDU and many."""
    with client(which, features=features, max_pdu_data=16384).login() as c:
        expect(c.ack.features == features and c.ack.auth == bool(which.key), str(c.ack))
        expect(c.ack.imm_max == 8192 and c.ack.max_pdu_data == 16384, str(c.ack))
        inq = c.good(scsi.inquiry(96), read=96)
        expect(inq[0] & 0x1f == 0 and len(inq) >= 36, inq.hex())
        move(c, 0, pattern(1, 512))
        move(c, 8, pattern(2, 8192))
        move(c, 64, pattern(3, 8192), imm=False)
        move(c, 128, pattern(4, 40960))
        move(c, 256, pattern(5, 40960), imm=False)
        c.close(0)


def small_pdus():
    """The smallest that a client may ask for, no immediate data."""
    with client(max_pdu_data=4096, imm_max=0).login() as c:
        expect(c.ack.max_pdu_data == 4096 and c.ack.imm_max == 0, str(c.ack))
        data = pattern(6, 20480)
        cmd = c.open(scsi.rw16(True, 512, 40), write=data)
        cmd.hold = True
        while not cmd.wanted:
            c.step()
        c.data_out(cmd, *cmd.wanted, piece=1536)
        expect(c.wait(cmd)[0] == scsi.GOOD, "not GOOD")
        expect(c.good(scsi.rw16(False, 512, 40), read=20480) == data, "other data")


def one_mib():
    """The longest command."""
    with client(features=0).login() as c:
        expect(c.limits.max_data >= 1 << 20, str(c.limits))
        move(c, 1024, pattern(7, 1 << 20))


def queues():
    """Four at a time."""
    with client(queues=4, depth=8).login() as c:
        expect(c.ack.queues == 4 and c.limits.queues == 4 and c.limits.depth == 8, str(c.limits))
        cmds = [c.open(scsi.rw16(True, 4096 + 64 * i, 16), write=pattern(10 + i, 8192), queue=i % 4)
                for i in range(16)]
        for cmd in cmds:
            expect(c.wait(cmd)[0] == scsi.GOOD, "not GOOD")
        for i in range(16):
            got = c.good(scsi.rw16(False, 4096 + 64 * i, 16), read=8192, queue=3 - i % 4)
            expect(got == pattern(10 + i, 8192), f"write {i}")


def fewer():
    """LOGIN with two of four queues."""
    c = client(queues=4, open_queues=2)
    e = raises(vsr.Rejected, c.login, 40, again=0)
    expect(e.reason == vsr.BUSY, str(e))
    c.close()


def short_answers():
    """Fewer bytes than asked for, sense data, a LUN that is not there."""
    with client().login() as c:
        got = c.command(scsi.inquiry(255), read=255)
        expect(got[0] == scsi.GOOD and 36 <= len(got[1]) < 255, str(got))
        status, data, sense = c.command(scsi.rw16(False, 1 << 40, 1), read=512)
        expect(status == scsi.CHECK and not data and sense[2] & 15 == 5, f"{status} {sense.hex()}")
        status, data, sense = c.command(scsi.rw16(False, 0, 1), read=512, lun=9)
        expect(status == scsi.CHECK and sense[12] == 0x25, f"{status} {sense.hex()}")
        expect(c.good(bytes(6)) == b"", "TEST UNIT READY with data")
        # Nothing of the server's own in it.
        status, _, sense = c.command(scsi.rw16(False, 0, 1), write=bytes(512))
        expect(status == scsi.CHECK and sense == scsi.fixed_sense(5, 0x0e, 3), f"{status} {sense.hex()}")


def tmf():
    """Functions on reserved tags."""
    with client().login() as c:
        for tag, function, codes in ((c.limits.depth - 1, 8, {0}), (c.limits.depth - 2, 1, {0, 4, 5}),
                                     (c.limits.depth - 1, 0x77, {4})):
            srp = scsi.make_tag(100 + function, 0, tag)
            c.conns[0].send(vsr.REQ, flags=vsr.F_PRIO, tag=tag,
                            iu=scsi.task(srp, 0, function, scsi.make_tag(1, 0, 3)))
            p = reply(c)
            answer = scsi.Answer(p.iu, srp)
            expect(p.type == vsr.RSP and p.tag == tag and answer.code in codes,
                   f"{function}: code {answer.code}")


def reply(c, queue=0):
    """The next PDU that is no NOP."""
    conn = c.conns[queue]
    while True:
        p = conn.recv()
        if p.type == vsr.NOP:
            conn.send(vsr.NOP_ACK, arg=p.arg)
        elif p.type != vsr.NOP_ACK:
            return p


def cancel():
    """Of what waits for data, and of what is not there."""
    with client().login() as c:
        c.conns[0].send(vsr.CANCEL, tag=5)
        cmd = c.open(scsi.rw16(True, 0, 128), write=pattern(30, 65536), imm=False)
        cmd.hold = True
        while not cmd.wanted:
            c.step()
        cmd.cancelled = True
        c.conns[0].send(vsr.CANCEL, tag=cmd.tag)
        expect(c.wait(cmd) is None, "it was answered")
        move(c, 0, pattern(31, 65536), imm=False)


def event():
    """The administrator has the server tell of a new size."""
    with client().login() as c:
        with open("/sys/kernel/config/target/vscsi/p1/tpgt_1/rescan", "w", encoding="ascii") as f:
            f.write("0")
        until(60, lambda: c.idle(0.1) or len(c.events) > 1, "two events")
        for (number, iu), before, asc in zip(c.events, (c.events[0][0] - 1, c.events[0][0]),
                                             ((0x3f, 0x0e), (0x2a, 0x09))):
            expect(number == before + 1 and iu[0] == scsi.AER and iu[20:28] == scsi.lun_bytes(0)
                   and tuple(iu[36 + 12:36 + 14]) == asc, f"{number}: {iu.hex()}")


# --- which LU -----------------------------------------------------------------------

LUN0 = "/sys/kernel/config/target/vscsi/p1/tpgt_1/lun/lun_0"


def store(name):
    """A backstore."""
    return glob.glob(f"/sys/kernel/config/target/core/*/{name}")[0]


def lead_to(name):
    """LUN 0 is that backstore's."""
    for path in glob.glob(LUN0 + "/*"):
        if os.path.islink(path):
            os.unlink(path)
    os.symlink(store(name), f"{LUN0}/{name}")


def mark_of(c):
    """What INQUIRY says."""
    cmd = c.open(scsi.inquiry(96), read=96)
    expect(c.wait(cmd)[0] == scsi.GOOD and cmd.data[0] == 0, "no disk")
    return scsi.Answer(cmd.rsp, cmd.srp).mark


def writes(c, seed, **how):
    """A write of LBA 2048: what it says, and that is so of both media. A unit attention says the
    mark of the LU that is there."""
    data = pattern(seed, 4096)
    status, _, sense = c.command(scsi.rw16(True, 2048, 8), write=data, **how)
    there = [direct(disk, offset=2048 * 512, length=4096) == data for disk in DISK.values()]
    expect(sum(there) == (status == scsi.GOOD), f"status {status}, and it is there: {there}")
    if status == scsi.GOOD:
        return there.index(True), 0
    mark = int.from_bytes(sense[3:7], "big")
    expect(status == scsi.CHECK and sense == scsi.other_lu(mark), f"{status} {sense.hex()}")
    return None, mark


def marks():
    """R11 a command that says which LU it is meant for is carried out there, or not at all."""
    with client(depth=32).login() as c:
        c.good(bytes(6))
        one = mark_of(c)
        expect(one, "no mark")
        expect(writes(c, 80, mark=one) == (0, 0), "not written")
        expect(writes(c, 81, mark=one ^ 1) == (None, one), "written by another's mark")
        # Of what the LU that is there cannot do, too.
        for cdb, asc in ((scsi.rw16(True, 1 << 40, 8), 0x21), (bytes((0xbf,)) + bytes(11), 0x20)):
            status, _, sense = c.command(cdb, write=bytes(4096), mark=one ^ 1)
            expect(status == scsi.CHECK and sense == scsi.other_lu(one), f"{status} {sense.hex()}")
            status, _, sense = c.command(cdb, write=bytes(4096), mark=one)
            expect(status == scsi.CHECK and sense[2] == 5 and sense[12] == asc, f"{status} {sense.hex()}")
        # None of these is for the medium.
        for cdb, size in ((scsi.inquiry(96), 96), (b"\x03" + bytes(3) + b"\x12\0", 18),
                          (b"\xa0" + bytes(8) + b"\x10\0\0", 16)):
            expect(c.command(cdb, read=size, mark=one ^ 1)[0] == scsi.GOOD, cdb.hex())
        try:
            lead_to("d2")
            two = mark_of(c)
            expect(two not in (0, one), f"marks {one} and {two}")
            for i in range(40):     # more than there are tags
                expect(writes(c, 82 + i, mark=one) == (None, two), "written to another LU")
            expect(writes(c, 82, mark=two) == (1, 0), "not written")
            lead_to("d1")
            expect(writes(c, 83, mark=two) == (None, one), "written to another LU")
            expect(writes(c, 84, mark=one) == (0, 0), "not written")
        finally:
            lead_to("d1")


def no_marks():
    """R11 who says none is told, until he has read that, or asked."""
    with client(depth=32).login() as c:
        c.good(bytes(6))
        one = mark_of(c)
        expect(writes(c, 85) == (0, 0), "not written")
        try:
            lead_to("d2")
            told = [writes(c, 86 + tag, tag=tag) for tag in range(1, 9)]
            expect(told == [(None, told[0][1])] * 8 and told[0][1] != one, f"{told}")
            expect(writes(c, 94, tag=1) == (1, 0), "not even with a tag that was told")
            expect(writes(c, 95, tag=9) == (1, 0), "not with another")
            lead_to("d1")
            expect(writes(c, 96, tag=1) == (None, one), "the same again is not told")
            expect(mark_of(c) == one, "another mark")
            expect(writes(c, 97, tag=2) == (0, 0), "told of what it has asked for")
        finally:
            lead_to("d1")
    with client().login() as c:
        expect(writes(c, 98) == (0, 0), "told of what was before its login")


# --- handshake ----------------------------------------------------------------------

def newer():
    """Versions 1 to 2, features of tomorrow, something where zeroes are today."""
    with client(ver_max=2, features=DIGESTS | 1 << 40 | vsr.FORWARD, zero1=7,
                zero2=b"tomorrow" + bytes(30)).login() as c:
        expect(c.ack.version == 1 and c.ack.features == DIGESTS, str(c.ack))
        move(c, 0, pattern(40, 4096))


def refused(reason, which=PLAIN, init=None, **how):
    """INIT is answered by REJECT, which is the last word."""
    c = client(which, **how)
    e = raises(vsr.Rejected, c.connect, 0, None, init)
    expect(e.reason == reason, f"REJECT {e.reason}, not {reason}")
    gone = raises((vsr.Ended, vsr.Wrong), c.conns[0].recv)
    expect(isinstance(gone, vsr.Ended), f"behind REJECT: {gone}")
    c.close()


def too_new():
    """No version in common, whatever else it says."""
    refused(vsr.NO_VERSION, ver_min=2, ver_max=3)
    refused(vsr.NO_VERSION, ver_min=2, ver_max=3, depth=0, zero2=bytes(37) + b"x")


def bad_inits():
    """Values that the table does not allow."""
    for how in ({"queues": 0}, {"queues": 65}, {"depth": 2}, {"depth": 1025}, {"keepalive": 499},
                {"keepalive": 60001}, {"max_pdu_data": 4095}, {"max_pdu_data": 4096 + 256},
                {"max_pdu_data": 2 << 20}, {"imm_max": 65537}, {"imm_max": 8192, "max_pdu_data": 4096},
                {"session": 5}, {"role": 2}, {"zero1": 1}, {"zero2": bytes(37) + b"\1"},
                {"ver_min": 2, "ver_max": 1}):
        try:
            refused(vsr.BAD_INIT, **how)
        except AssertionError as e:
            raise AssertionError(f"{how}: {e}") from e


def strangers():
    """Pairs and partitions that are not here."""
    refused(vsr.NO_ADAPTER, link(99))
    refused(vsr.NO_ADAPTER, dataclasses.replace(PLAIN, client=uuid.uuid4()))
    refused(vsr.NO_ADAPTER, dataclasses.replace(PLAIN, server=uuid.uuid4()))


def wrong_queue():
    """A further queue that does not fit."""
    # Each in a handshake of its own, which has no more than 5 s.
    for reason, field, change in ((vsr.BUSY, "depth", lambda depth: depth - 1),
                                  (vsr.BUSY, "features", lambda _: 3),
                                  (vsr.BUSY, "boot", lambda _: os.urandom(16)),
                                  (vsr.BUSY, "session", lambda session: session ^ 1),
                                  (vsr.BAD_INIT, "queue", lambda _: 3)):
        c = client(queues=3)
        c.connect()
        good = c.next(1)
        bad = client(queues=3)
        e = raises(vsr.Rejected, bad.connect, 1, None,
                   dataclasses.replace(good, **{field: change(getattr(good, field))}))
        bad.close()
        expect(e.reason == reason, f"{field}: REJECT {e.reason}, not {reason}")
        c.connect(1)
        c.close()
    c = client(queues=3)
    c.connect()
    c.connect(1)
    twice = client(queues=3)
    e = raises(vsr.Rejected, twice.connect, 1, None, c.next(1))
    twice.close()
    expect(e.reason == vsr.BUSY, f"the same queue twice: REJECT {e.reason}")
    c.connect(2)
    c.finish_login()
    move(c, 0, pattern(50, 4096), queue=2)
    c.close()


def wrong_driver():
    """The login request of another adapter pair."""
    c = client()
    c.connect()
    c.conns[0].send(vsr.LOGIN, iu=scsi.login_req(8))
    e = raises(vsr.Rejected, c.conns[0].expect, vsr.LOGIN_RSP)
    expect((e.reason, e.err) == (vsr.DRIVER, 13), str(e))
    c.close()


def wrong_order():
    """What may not come in the handshake: ERROR 9, or 10 for what nobody knows."""
    for steps, kind, code, iu in ((0, vsr.AUTH, vsr.STATE, b""), (0, vsr.LOGIN, vsr.STATE, b"x"),
                                  (0, vsr.REQ, vsr.STATE, b"x"), (0, 0x0f, vsr.UNSUPPORTED, b""),
                                  (0, vsr.BYE, vsr.STATE, b""), (0, vsr.FWD_CMD, vsr.UNSUPPORTED, b""),
                                  (1, vsr.LOGIN, vsr.STATE, b"x"), (1, vsr.INIT, vsr.STATE, bytes(160)),
                                  (2, vsr.AUTH, vsr.STATE, b""), (2, vsr.REQ, vsr.STATE, b"x"),
                                  (2, vsr.NOP, vsr.STATE, b"")):
        c = client()
        conn = vsr.Conn(vsr.dial(ADDRESS), vsr.CLIENT)
        c.conns.append(conn)
        if steps == 1:
            conn.send(vsr.INIT, iu=c.first().pack())
            conn.expect(vsr.INIT_ACK)
        elif steps == 2:
            vsr.initiate(conn, c.first(), b"")
        conn.send(kind, iu=iu)
        e = raises(vsr.Refused, conn.expect, 0xff)
        expect(e.code == code and e.seq == conn.tx_seq - 1,
               f"after {steps}, type {kind:#x}: {e} of {e.seq}")
        c.close()


def too_slow():
    """A handshake that does not go on."""
    start = time.monotonic()
    conn = vsr.Conn(vsr.dial(ADDRESS), vsr.CLIENT)
    c = client()
    conn.send(vsr.INIT, iu=c.first().pack())
    conn.expect(vsr.INIT_ACK)
    e = raises(vsr.Refused, conn.expect, 0xff, 40)
    expect(e.code == vsr.TIMEOUT and time.monotonic() - start > 4, str(e))
    conn.close()


def relogin():
    """A second login ends the first session, when it comes to LOGIN and not before."""
    first = client().login()
    move(first, 0, pattern(60, 4096))
    second = client()
    second.connect()
    first.idle(0.5)
    move(first, 0, pattern(61, 4096))
    second.finish_login()
    gone = raises((vsr.Refused, vsr.Ended), first.idle, 30)
    expect(isinstance(gone, vsr.Ended) or gone.bye == 3, str(gone))
    expect(second.conns[0].epoch != first.conns[0].epoch, "the same epoch")
    move(second, 0, pattern(62, 4096))
    second.close()
    first.close()


def quiet_queue():
    """Before the client's first word the server says nothing on a further queue."""
    c = client(queues=2)
    c.nop = lambda: None
    c.login()
    c.conns[0].send(vsr.NOP, arg=1)
    late = raises((vsr.Late, vsr.Wrong), c.conns[1].recv, 2.2)
    expect(isinstance(late, vsr.Late), f"it said something: {late}")
    c.close()


def keepalive():
    """NOP in time, NOP_ACK with its number; silence ends the session by ERROR 11."""
    start = time.monotonic()
    c = client(keepalive=1000).login()
    expect(c.ack.keepalive == 1000, str(c.ack))
    conn = c.conns[0]
    at, acked, spoke = [], False, time.monotonic()
    conn.send(vsr.NOP, arg=0xabcdef01)
    # Two of them one K apart; a machine that stands still makes others later.
    while not acked or len(at) < 3 or min(b - a for a, b in zip(at, at[1:])) > 1.8:
        expect(time.monotonic() < start + 30, f"NOPs after {at} s at K = 1 s, acked {acked}")
        try:
            p = conn.recv(0.3)
        except vsr.Late:
            spoke = time.monotonic()
            conn.send(vsr.NOP, arg=0xabcdef01)
            continue
        if p.type == vsr.NOP:
            spoke = time.monotonic()
            at.append(spoke - start)
            conn.send(vsr.NOP_ACK, arg=p.arg)
        acked |= p.type == vsr.NOP_ACK and p.arg == 0xabcdef01
    expect(all(then > 0.95 * n for n, then in enumerate(at, 1)), f"NOPs after {at} s at K = 1 s")
    e = raises(vsr.Refused, quiet, conn)
    took = time.monotonic() - spoke
    expect(e.code == vsr.TIMEOUT, str(e))
    expect(2.4 <= took < 30, f"dead after {took:.1f} s, K is 1 s")
    c.close()


def quiet(conn):
    """Hear, say nothing."""
    while True:
        p = conn.recv(15)
        if p.type in (vsr.BYE, vsr.ERROR):
            raise vsr.Refused(p)


def stray_ack():
    """NOP_ACK that nobody waits for is ignored; no more than one NOP at a time."""
    with client().login() as c:
        c.idle(0.2)
        for i in range(20):
            c.conns[0].send(vsr.NOP_ACK, arg=i)
        move(c, 0, pattern(70, 512))


def counted():
    """What was refused, and why."""
    was = Counters("p1", vsr.SERVER)
    refused(vsr.BAD_INIT, depth=2)
    expect(was.refused in (0, 1), f"{was.refused}")
    client().login().close(0)
    until(60, lambda: was.logins == 1, "one login")


def main():
    """All cases, or those whose name is given."""
    run_cases([
        ("R10 three ways of data both ways, no digests", all_ways, PLAIN, 0),
        ("R10 ... with header digests", all_ways, PLAIN, vsr.HDGST),
        ("R10 ... with data digests", all_ways, PLAIN, vsr.DDGST),
        ("R10 P9 ... with both, and a key", all_ways, KEYED, DIGESTS),
        ("R10 the smallest PDUs, no immediate data", small_pdus),
        ("R10 a command of 1 MiB", one_mib),
        ("R10 four queues", queues),
        ("LOGIN before all queues are there is refused by 8", fewer),
        ("short answers, sense data, a LUN that is not there", short_answers),
        ("task management on reserved tags", tmf),
        ("CANCEL of a write that waits, of a tag that is free", cancel),
        ("R20 an event", event),
        ("V3 R11 commands say which LU they are meant for", marks),
        ("V3 R11 a client whose commands do not", no_marks),
        ("a newer client: versions 1 to 2, unknown features, no zeroes", newer),
        ("versions 2 to 3 are refused by 3", too_new),
        ("values of INIT that may not be are refused by 9", bad_inits),
        ("R19 strangers are refused by 1", strangers),
        ("further queues that do not fit are refused by 8", wrong_queue),
        ("R19 the driver refuses another adapter: 6, EACCES", wrong_driver),
        ("the handshake's order: ERROR 9, 10", wrong_order),
        ("a handshake that does not go on: ERROR 11", too_slow),
        ("P14 a second login ends the first session, by its LOGIN", relogin),
        ("the server is silent on a queue until the client has spoken", quiet_queue),
        ("NOP every K, dead after 2.5 K", keepalive),
        ("NOP_ACK that nobody waits for", stray_ack),
        ("logins and refusals are counted", counted),
    ])


main()
