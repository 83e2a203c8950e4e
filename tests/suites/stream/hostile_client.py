#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""hostile_client.py [CASE...]: what no honest client does, after a correct login.

Pairs 7 (p1) and 8 (p2), without a key, at 127.0.0.1:7300, LUN 0 on /dev/vdb and
/dev/vdc. The server answers each violation by ERROR with the code of the text, ends
the session, says so once, counts it, and lets an honest client in.
"""
import fcntl
import mmap
import os
import struct
import termios
import time

import vsr
import vsr_scsi as scsi
from base import (Counters, DIGESTS, Log, direct, expect, link, link_get, pattern, raises, run_cases,
                  until)
from vsr_client import Client

ADDRESS = "tcp:127.0.0.1:7300"
BIG = bytes(1 << 20)
DIGEST_CODES = (vsr.HDR_DIGEST, vsr.DATA_DIGEST)


def client(number=7, **how):
    """Logged in."""
    return Client(link(number), ADDRESS, **how).login()


def honest(number=7, seed=1):
    """Somebody who does nothing wrong is served."""
    with client(number) as c:
        data = pattern(seed, 16384)
        c.good(scsi.rw16(True, 0, 32), write=data)
        expect(c.good(scsi.rw16(False, 0, 32), read=16384) == data, "other data")


def end_of(c, queue=0, timeout=30):
    """ERROR, or BYE, that ends it."""
    end = time.monotonic() + timeout
    while True:
        c.step(queue, max(0.01, end - time.monotonic()))


def mute_end_of(c):
    """The same, without a word."""
    while True:
        p = c.conns[0].recv()
        if p.type in (vsr.BYE, vsr.ERROR):
            raise vsr.Refused(p)


def violation(code, do, features=0, seq=None, **how):
    """After do(c) comes ERROR with that code, for the PDU that was sent last."""
    was, log = Counters("p1", vsr.SERVER), Log()
    c = client(features=features, **how)
    c.idle(0.05)
    try:
        do(c)
    except vsr.Ended:
        pass        # it was quicker
    at = c.conns[0].tx_seq - 1 if seq is None else seq
    e = raises(vsr.Refused, end_of if code != vsr.TIMEOUT else mute_end_of, c)
    codes = code if isinstance(code, tuple) else (code,)
    expect(e.code in codes, f"{e}, not ERROR {code}")
    if seq is None or seq >= 0:
        expect(e.seq == at, f"ERROR for {e.seq}, not {at}")
    raises(vsr.Ended, end_of, c)
    c.close()
    until(60, lambda: was.protocol_errors + was.digest_errors + was.lost, "it is counted")
    bad = was.digest_errors if e.code in DIGEST_CODES else was.protocol_errors
    if e.code != vsr.TIMEOUT:
        expect(bad == 1, f"counted {bad} times")
    lines = log.having("adapter p1:", "queue 0:")
    log.close()
    expect(len(lines) <= 1, f"said {len(lines)} times: {lines}")


def send(c, *args, **kw):
    """On queue 0."""
    c.conns[0].send(*args, **kw)


def req(c, tag=0, iu=None, queue=0):
    """The IU of a TEST UNIT READY, or the IU."""
    return iu or scsi.command(scsi.make_tag(9, queue, tag), 0, bytes(6))


def asked(c, size=65536, **how):
    """A write whose XFER_RDY has come and has no answer."""
    cmd = c.open(scsi.rw16(True, 0, size // 512), write=pattern(3, size), imm=False, **how)
    cmd.hold = True
    while not cmd.wanted:
        c.step()
    return cmd


def out(c, cmd, offset, size, last=False, **how):
    """A DATA_OUT."""
    send(c, vsr.DATA_OUT, vsr.F_LAST if last else 0, cmd.tag, offset,
         data=cmd.write[offset:offset + size], **how)


HEADERS = [
    ("another magic", vsr.MALFORMED, dict(kind=vsr.NOP, magic=b"VSR2"), {}),
    ("an unknown type", vsr.UNSUPPORTED, dict(kind=0x3f), {}),
    ("a type beyond all", vsr.UNSUPPORTED, dict(kind=0xff), {}),
    ("a type between those that there are", vsr.UNSUPPORTED, dict(kind=0x17), {}),
    ("CLOSE_SESSION, not negotiated", (vsr.UNSUPPORTED, vsr.STATE),
     dict(kind=vsr.CLOSE_SESSION, iu=bytes(48)), {}),
    ("FWD_CMD, not negotiated", vsr.UNSUPPORTED, dict(kind=vsr.FWD_CMD, iu=bytes(112)), {}),
    ("RSP from a client", vsr.STATE, dict(kind=vsr.RSP, iu=bytes(36)), {}),
    ("XFER_RDY from a client", vsr.STATE, dict(kind=vsr.XFER_RDY, iu=bytes(4)), {}),
    ("EVENT from a client", vsr.STATE, dict(kind=vsr.EVENT, iu=bytes(44)), {}),
    ("LOGIN in a session that runs", vsr.STATE, dict(kind=vsr.LOGIN, iu=bytes(64)), {}),
    ("INIT in a session that runs", vsr.STATE, dict(kind=vsr.INIT, iu=bytes(160)), {}),
    ("flag 7", vsr.MALFORMED, dict(kind=vsr.NOP, flags=0x80), {}),
    ("GOOD in REQ", vsr.MALFORMED, dict(kind=vsr.REQ, flags=vsr.F_GOOD, iu=True), {}),
    ("PUT in CANCEL", vsr.MALFORMED, dict(kind=vsr.CANCEL, flags=vsr.F_PUT), {}),
    ("DDGST without data", vsr.MALFORMED, dict(kind=vsr.NOP, flags=vsr.F_DDGST), {}),
    ("DDGST that was not negotiated", vsr.MALFORMED,
     dict(kind=vsr.REQ, flags=vsr.F_DDGST | vsr.F_WRITE, arg=512, data=bytes(512), iu=True), {}),
    ("no DDGST though it was", vsr.MALFORMED,
     dict(kind=vsr.REQ, flags=vsr.F_WRITE, arg=512, data=bytes(512), iu=True, plain=True),
     dict(features=vsr.DDGST)),
    ("a tag in NOP", vsr.MALFORMED, dict(kind=vsr.NOP, tag=1), {}),
    ("an arg in CANCEL", vsr.MALFORMED, dict(kind=vsr.CANCEL, arg=1), {}),
    ("a digest that was not negotiated", vsr.MALFORMED, dict(kind=vsr.NOP, hcrc=b"\0\0\0\1"), {}),
    ("REQ without IU", vsr.LENGTH, dict(kind=vsr.REQ), {}),
    ("513 bytes of IU", vsr.LENGTH, dict(kind=vsr.REQ, iu=bytes(513)), {}),
    ("64 KiB of IU", vsr.LENGTH, dict(kind=vsr.REQ, iu=bytes(4), iu_len=65535), {}),
    ("NOP with an IU", vsr.LENGTH, dict(kind=vsr.NOP, iu=bytes(4)), {}),
    ("CANCEL with data", vsr.LENGTH, dict(kind=vsr.CANCEL, data=bytes(4)), {}),
    ("4 GiB of data", vsr.LENGTH, dict(kind=vsr.DATA_OUT, data=bytes(4), data_len=0xffffffff), {}),
    ("another epoch", vsr.EPOCH, dict(kind=vsr.NOP, epoch=0x7fffffff), {}),
    ("epoch 0", vsr.EPOCH, dict(kind=vsr.REQ, epoch=0, iu=True), {}),
    ("a tag beyond depth", vsr.TAG, dict(kind=vsr.REQ, tag=16, iu=True), {}),
    ("a tag far beyond", vsr.TAG, dict(kind=vsr.CANCEL, tag=0xffffffff), {}),
    ("a reserved tag", vsr.TAG, dict(kind=vsr.REQ, tag=14, iu=True), {}),
    ("READ and WRITE", vsr.MALFORMED,
     dict(kind=vsr.REQ, flags=vsr.F_READ | vsr.F_WRITE, arg=512, iu=True), {}),
    ("READ of nothing", vsr.MALFORMED, dict(kind=vsr.REQ, flags=vsr.F_READ, iu=True), {}),
    ("a length without a direction", vsr.MALFORMED, dict(kind=vsr.REQ, arg=512, iu=True), {}),
    ("more than max_data", vsr.LENGTH, dict(kind=vsr.REQ, flags=vsr.F_READ, arg=1 << 30, iu=True), {}),
    ("some immediate data, not all", vsr.LENGTH,
     dict(kind=vsr.REQ, flags=vsr.F_WRITE, arg=1024, data=bytes(512), iu=True), {}),
    ("more immediate data than the command has", vsr.LENGTH,
     dict(kind=vsr.REQ, flags=vsr.F_WRITE, arg=512, data=bytes(1024), iu=True), {}),
    ("immediate data of a read", vsr.LENGTH,
     dict(kind=vsr.REQ, flags=vsr.F_READ, arg=512, data=bytes(512), iu=True), {}),
    ("DATA_OUT without data", vsr.LENGTH, dict(kind=vsr.DATA_OUT), {}),
    ("DATA_OUT beyond max_data", vsr.OFFSET, dict(kind=vsr.DATA_OUT, arg=0xfffffe00, data=bytes(512)), {}),
    ("DATA_OUT that nobody asked for", vsr.TAG,
     dict(kind=vsr.DATA_OUT, flags=vsr.F_LAST, data=bytes(512)), {}),
    ("a pad of the IU that is not zero", vsr.MALFORMED,
     dict(kind=vsr.REQ, iu=bytes(49), iu_pad=b"\0\0\1"), {}),
    ("a pad of the data that is not zero", vsr.MALFORMED,
     dict(kind=vsr.REQ, flags=vsr.F_WRITE, arg=510, data=bytes(510), data_pad=b"\1\0", iu=True), {}),
    ("a wrong header digest", vsr.HDR_DIGEST, dict(kind=vsr.NOP, hcrc=b"none"),
     dict(features=DIGESTS)),
    ("... of a REQ", vsr.HDR_DIGEST, dict(kind=vsr.REQ, iu=True, hcrc=bytes(4)),
     dict(features=DIGESTS)),
    ("a wrong data digest", vsr.DATA_DIGEST,
     dict(kind=vsr.REQ, flags=vsr.F_WRITE, arg=512, data=bytes(512), iu=True, dcrc=b"none"),
     dict(features=DIGESTS)),
]


def bad_pdu(kind, plain=False, iu=b"", **how):
    """A function for violation()."""
    def do(c):
        if plain:
            c.conns[0].ddgst = False
        send(c, kind, iu=req(c, how.get("tag", 0)) if iu is True else iu, **how)
    return do


def gap(c):
    """A number left out."""
    send(c, vsr.NOP, seq=c.conns[0].tx_seq + 1)


def again(c):
    """A number twice."""
    send(c, vsr.NOP, seq=c.conns[0].tx_seq - 1)


def twice(c):
    """A tag that is in use."""
    cmd = asked(c)
    send(c, vsr.REQ, tag=cmd.tag, iu=req(c, cmd.tag))


def offset(at, size, last):
    """A DATA_OUT that is not what was asked for."""
    def do(c):
        cmd = asked(c)
        out(c, cmd, 0, 16384)
        out(c, cmd, at, size, last)
    return do


def behind_cancel(c):
    """Data for what was given up."""
    cmd = asked(c)
    send(c, vsr.CANCEL, tag=cmd.tag)
    out(c, cmd, 0, 16384)


def second_range(c):
    """Data for a range that is complete."""
    cmd = asked(c)
    out(c, cmd, 0, 65536, True)
    out(c, cmd, 0, 512, True)


def bad_digest_out(c):
    """One DATA_OUT of several is broken; nothing of the command may reach the disk."""
    cmd = asked(c)
    out(c, cmd, 0, 32768)
    out(c, cmd, 32768, 32768, True, dcrc=b"none")


def digest_and_disk():
    """... and nothing of it did."""
    direct("/dev/vdb", pattern(99, 65536))
    violation(vsr.DATA_DIGEST, bad_digest_out, DIGESTS)
    expect(direct("/dev/vdb", length=65536) == pattern(99, 65536), "broken data is on the disk")


def truncated():
    """Half a PDU, then silence: dead after 2.5 K."""
    for cut in (5, 31, 40, 32 + 48 + 100):
        def do(c, cut=cut):
            head, data = vsr.pack(vsr.Pdu(vsr.REQ, vsr.F_WRITE, 0, 512, req(c), bytes(512),
                                          c.conns[0].epoch, c.conns[0].tx_seq))
            c.conns[0].raw((head + data)[:cut])
        violation(vsr.TIMEOUT, do, seq=-1, keepalive=500)


def by_byte():
    """A PDU in pieces of one byte each is as good as any."""
    c = client(features=DIGESTS)
    cmd = c.open(scsi.rw16(True, 64, 2), write=pattern(4, 1024), imm=False)
    cmd.hold = True
    while not cmd.wanted:
        c.step()
    conn = c.conns[0]
    head, data = vsr.pack(vsr.Pdu(vsr.DATA_OUT, vsr.F_LAST, cmd.tag, 0, b"", cmd.write, conn.epoch,
                                  conn.tx_seq), True, True)
    conn.tx_seq += 1
    cmd.sent = 1024
    for i in range(0, len(head + data)):
        conn.raw((head + data)[i:i + 1])
    expect(c.wait(cmd)[0] == scsi.GOOD, "not GOOD")
    expect(direct("/dev/vdb", offset=64 * 512, length=1024) == cmd.write, "other data")
    c.close()


def held_credits():
    """All tags wait for data that does not come: task management gets through, others
    are served, and a next login frees it all."""
    c = client(depth=128)
    cmds = []
    for _ in range(126):
        cmd = c.open(scsi.rw16(True, 0, 2048), write=bytes(1 << 20), imm=False)
        cmd.hold = True
        cmds.append(cmd)
    until(60, lambda: c.idle(0.5) or any(cmd.wanted for cmd in cmds), "one may send its data")
    granted = sum(1 for cmd in cmds if cmd.wanted)
    expect(1 <= granted < 126, f"{granted} MiB are reserved for one client")
    srp = scsi.make_tag(77, 0, 127)
    c.open_cmds[0, 127] = cmd = type(cmds[0])(0, 127, srp)
    send(c, vsr.REQ, vsr.F_PRIO, 127, iu=scsi.task(srp, 0, 8, bytes(8)))
    while not cmd.put:
        c.step()
    expect(scsi.Answer(cmd.rsp, srp).code is not None, "no answer to the reset")
    honest(8)
    second = client()
    second.idle(0.2)
    second.close()
    c.close()
    honest()


def free_memory():
    """KiB."""
    with open("/proc/meminfo", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("MemAvailable"))


def greedy(write):
    """Commands of 1 MiB with every tag of many queues, and never an answer taken: what
    the server keeps for one client is bounded, and others are served."""
    c = client(depth=1024, queues=2)
    before = least = free_memory()
    start = time.monotonic()
    try:
        for tag in range(1022):
            for queue in range(2):
                c.open(scsi.rw16(write, 0, 2048), queue=queue, tag=tag,
                       **({"write": BIG} if write else {"read": 1 << 20}))
            if tag % 16 == 0:
                least = min(least, free_memory())
    except (vsr.Ended, TimeoutError):
        pass
    while time.monotonic() < start + 4:
        least = min(least, free_memory())
        time.sleep(0.2)
    used = (before - least) >> 10
    honest(8, 5)
    c.close()
    expect(used < 100, f"{used} MiB for one client")


def no_growth():
    """Sessions that end with answers in the socket, commands at the disk, and writes
    that wait leave nothing behind."""
    for round in range(24):
        if round == 4:
            before = free_memory()
        with client() as c:
            for tag in range(14):
                write = tag % 2
                c.open(scsi.rw16(write, 0, 2048), tag=tag, imm=tag % 4 == 1,
                       **({"write": BIG} if write else {"read": 1 << 20}))
            time.sleep(0.02 * (round % 4))
    until(60, lambda: free_memory() > before - (64 << 10),
          f"{before - free_memory()} KiB are gone after 20 sessions")


def comes_and_goes():
    """Who logs in and goes at once, again and again, does not fill the console."""
    log, was, start = Log(), Counters("p1", vsr.SERVER), time.monotonic()
    for _ in range(150):
        with client():
            pass
    until(60, lambda: was.logins >= 150, "it is counted")
    until(60, lambda: int(link_get("p1", vsr.SERVER)["STATE"]) == 0, "the end of the last one")
    seconds = time.monotonic() - start
    lines = len(log.having("adapter p1: server's link"))
    log.close()
    expect(0 < lines <= 50 * (2 + int(seconds / 10)), f"{lines} lines in {seconds:.0f} s")


def slow_reader():
    """Answers that are not taken: the session ends, others are served meanwhile."""
    was = Counters("p1", vsr.SERVER)
    c = client()
    for tag in range(14):
        c.open(scsi.rw16(False, 0, 2048), read=1 << 20, tag=tag)
    honest(8, 6)

    def over():
        try:
            c.nop()
        except vsr.Ended:
            return True
        time.sleep(0.4)
        return was.lost > 0
    until(60, over, "an end")
    c.close()


def stopped(c):
    """Answers fill the socket, and are not taken: nothing is sent behind them."""
    came = int(link_get("p1", vsr.SERVER)["COMMANDS"]) + 12
    for tag in range(12):
        c.open(scsi.rw16(False, 0, 2048), read=1 << 20, tag=tag)

    def answered():
        c.nop()
        return int(link_get("p1", vsr.SERVER)["COMMANDS"]) >= came and \
            link_get("p1", vsr.SERVER, "ADAPTER_GET")["INFLIGHT"] == "0"
    until(60, answered, "the disk has done all")
    sock, size, same = c.conns[0].sock, -1, 0
    while same < 10:    # looks, between which the server could send
        time.sleep(0.05)
        now = struct.unpack("=i", fcntl.ioctl(sock, termios.FIONREAD, bytes(4)))[0]
        size, same = now, same + 1 if now == size else 0
    expect(0 < size < 12 << 20, f"{size} bytes wait")


def used_early(data):
    """A tag that is used again while the XFER_RDY of the last command waits to be sent:
    the server has not let go of it. With data that nobody has asked for yet, or CANCEL."""
    was, log = Counters("p1", vsr.SERVER), Log()
    c = client()
    stopped(c)
    try:
        # With CANCEL before there is memory the server may let go twice, but not more often.
        for _ in range(3):
            send(c, vsr.REQ, vsr.F_WRITE, 13, 512,
                 iu=scsi.command(scsi.make_tag(9, 0, 13), 0, scsi.rw16(True, 0, 1)))
            time.sleep(0.3)     # for memory, and XFER_RDY
            if data:
                send(c, vsr.DATA_OUT, vsr.F_LAST, 13, 0, data=bytes(512))
            else:
                send(c, vsr.CANCEL, tag=13)
            time.sleep(0.3)     # for the disk
    except vsr.Ended:
        pass        # it was quicker
    until(60, lambda: was.protocol_errors == 1, "it is counted")
    until(60, lambda: log.having("adapter p1:", "tag that it may not use"), "it is said")
    log.close()
    c.close()
    honest(7, 2)


def floods():
    """Many small PDUs."""
    with client() as c:
        for _ in range(20):
            send(c, vsr.NOP)
        for i in range(3000):
            send(c, vsr.CANCEL, tag=i % 16)
            if i % 100 == 0:
                send(c, vsr.NOP, arg=i)
        c.nop()
        c.idle(0.1)
        c.good(bytes(6))


def bad_srp():
    """IUs that are no SRP: the command is dropped unanswered, the session goes on."""
    with client() as c:
        good = scsi.command(scsi.make_tag(9, 0, 3), 0, bytes(6))
        for what, iu in (("opcode", b"\x7f" + good[1:]), ("short", good[:20]), ("one byte", b"\2"),
                         ("format", good[:5] + b"\x22" + good[6:]),
                         ("attribute", good[:29] + b"\7" + good[30:]),
                         ("CDB beyond", good[:31] + b"\xf4" + good[32:]),
                         ("a tag of another queue", good[:13] + b"\1" + good[14:]),
                         ("another tag", good[:15] + b"\4" + good[16:]),
                         ("variable CDB", good[:32] + b"\x7f" + bytes(6) + b"\xff" + good[40:])):
            cmd = c.open_cmds[0, 3] = type("", (), {})()
            cmd.put = cmd.rsp = None
            send(c, vsr.REQ, tag=3, iu=iu)
            while True:
                p = c.conns[0].recv()
                if p.type == vsr.NOP:
                    send(c, vsr.NOP_ACK, arg=p.arg)
                elif p.type == vsr.PUT and p.tag == 3:
                    break
                elif p.type != vsr.NOP_ACK:
                    raise AssertionError(f"{what}: {p.name}")
            del c.open_cmds[0, 3]
        c.good(bytes(6))


def dirty():
    """Leave a pattern in much of the memory that is free."""
    buf, piece = mmap.mmap(-1, 192 << 20), b"\xa5" * (1 << 20)
    for _ in range(192):
        buf.write(piece)
    buf.close()


def no_leaks():
    """What the server sends holds nothing of what was in its memory before."""
    secret = b"\xa5" * 8
    poison = (b"\x6b" * 8, b"\xaa" * 8, b"\xcc" * 8, b"\xfe" * 8)
    direct("/dev/vdb", bytes(1 << 20))
    dirty()
    with client() as c:
        reads = [scsi.inquiry(n) for n in (5, 36, 96, 255, 4096)]
        reads += [scsi.inquiry(255, page) for page in (0, 0x80, 0x83, 0xb0, 0xb1, 0xb2, 0x77)]
        reads += [struct.pack(">BB8x", 0x25, 0), struct.pack(">BB8xIH", 0x9e, 0x10, 255, 0),
                  bytes((0x1a, 0, 0x3f, 0, 255, 0)), bytes((0x5a, 0, 0x3f, 0, 0, 0, 0, 0, 255, 0)),
                  struct.pack(">BBBxxxIH", 0xa0, 0, 0, 4096, 0), bytes((3, 0, 0, 0, 255, 0)),
                  struct.pack(">BB6xH", 0x5e, 0, 4096)[:10], struct.pack(">BBBBHIH", 0xa3, 0x0a, 0, 0, 0, 4096, 0),
                  scsi.rw16(False, 1 << 40, 8), scsi.rw16(False, 0, 1), struct.pack(">BB", 0xff, 0)]
        for cdb in reads:
            for size in (36, 4096, 65536):
                cmd = c.open(cdb, read=size)
                c.wait(cmd)
                for what, seen in (("data", cmd.data), ("answer", cmd.rsp or b"")):
                    expect(secret not in seen, f"{cdb.hex()}: {what} of {size}: {seen.hex()[:400]}")
                    expect(not any(p in seen for p in poison), f"{cdb.hex()}: {what}: {seen.hex()[:400]}")


def main():
    """All cases, or those whose name is given."""
    cases = []
    for desc, code, how, more in HEADERS:
        cases.append((f"{desc}: ERROR {code}", violation, code, bad_pdu(**how), more))
    more = [
        ("a number left out: ERROR 4", violation, vsr.SEQ, gap, {"seq": -1}),
        ("a number twice: ERROR 4", violation, vsr.SEQ, again, {"seq": -1}),
        ("a tag in use: ERROR 6", violation, vsr.TAG, twice, {}),
        ("data with a gap: ERROR 8", violation, vsr.OFFSET, offset(32768, 16384, False), {}),
        ("data again: ERROR 8", violation, vsr.OFFSET, offset(0, 16384, False), {}),
        ("LAST too early: ERROR 1", violation, vsr.MALFORMED, offset(16384, 16384, True), {}),
        ("the end without LAST: ERROR 1", violation, vsr.MALFORMED, offset(16384, 49152, False), {}),
        ("data behind CANCEL: ERROR 6", violation, vsr.TAG, behind_cancel, {}),
        ("data for a range that is complete: ERROR 6", violation, vsr.TAG, second_range, {}),
        ("V1 a broken DATA_OUT: ERROR 3, nothing of the command reaches the disk", digest_and_disk),
        ("truncated PDUs, then silence: ERROR 11", truncated),
        ("a PDU by one byte at a time", by_byte),
        ("IUs that are no SRP", bad_srp),
        ("all credits held", held_credits),
        ("a tag used again before its XFER_RDY is sent", used_early, False),
        ("... with data that nobody has asked for", used_early, True),
        ("floods of NOP and CANCEL", floods),
        ("nothing of the server's memory leaks out", no_leaks),
        ("a client that comes and goes", comes_and_goes),
        ("a slow reader", slow_reader),
        ("a greedy reader", greedy, False),
        ("a greedy writer", greedy, True),
        ("sessions that break off", no_growth),
        ("an honest client, after all that", honest),
    ]
    run_cases(cases + more, "V10 ")


main()
