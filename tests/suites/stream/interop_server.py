#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""interop_server.py: the kernel's client, and a server that was written from the text.

Makes and deletes the client's end of pair p3, number 9, to 127.0.0.1:7400.
"""
import dataclasses
import time

import vsr
import vsr_scsi as scsi
from base import (Counters, DIGESTS, KEY, Log, connected, direct, disk_of, expect, host_attr, link,
                  link_get, pattern, run_cases, until)
from vsr_server import Server

ADDRESS = "tcp:127.0.0.1:7400"
PAIR, NUMBER = "p3", 9


def server(key=b"", **how):
    """It listens."""
    return Server(link(NUMBER, key), ADDRESS, **how)


def up():
    """The link is."""
    until(60, lambda: host_attr(PAIR, "link_state") == "up", "link up")


def data(digest, key, **how):
    """A disk is found, written and read."""
    s = server(KEY if key == "k" else b"", **how)
    with connected(PAIR, NUMBER, s, "digest", digest, key=key) as srv:
        up()
        disk = disk_of(PAIR)
        want = {"none": 0, "header": vsr.HDGST, "data": vsr.DDGST, "all": DIGESTS}[digest]
        expect(srv.sess.ack.features == want, f"features {srv.sess.ack.features:#x}")
        for seed, offset, size in ((1, 0, 4096), (2, 65536, 8192), (3, 131072, 131072)):
            direct(disk, pattern(seed, size), offset)
            expect(s.disk.store[offset:offset + size] == pattern(seed, size), f"not there: {seed}")
            expect(direct(disk, offset=offset, length=size) == pattern(seed, size), f"read {seed}")
        expect(host_attr(PAIR, "bad") == "0", "it thinks ill of answers")
        expect(srv.sessions == 1, f"{srv.sessions} sessions: {srv.ended}")


def at_rest(sess):
    """The client has looked at everything: no command came for a second."""
    seen = []

    def nothing_new():
        now, since = len(sess.seen), time.monotonic()
        seen[:] = seen if seen and seen[0] == now else [now, since]
        return since - seen[1] > 1
    until(60, nothing_new, "the client is at rest")


def capacity():
    """An event, and a gap in their numbers: both have the client look again."""
    s = server()
    with connected(PAIR, NUMBER, s) as srv:
        up()
        size = "/sys/block/" + disk_of(PAIR)[5:] + "/size"

        def sectors():
            with open(size, encoding="ascii") as f:
                return int(f.read())
        expect(sectors() == 2048, str(sectors()))
        at_rest(srv.sess)
        s.disk.store += bytes(1 << 20)
        srv.sess.event(0, 0x2a, 9)
        until(60, lambda: sectors() == 4096, "the size of the event")
        at_rest(srv.sess)
        s.disk.store += bytes(1 << 20)
        # Of another LUN, but one was lost before it.
        srv.sess.event(5, 0x29, number=srv.sess.events + 2)
        until(60, lambda: sectors() == 6144, "a gap in the numbers makes it look at everything")


def called(s):
    """A connection whose client still waits: one that came long ago may have given up."""
    while True:
        try:
            conn, _, init = s.accept(60)
        except vsr.Ended:
            continue
        try:
            conn.recv(0.01)
        except vsr.Late:
            return conn, init
        except vsr.Ended:
            pass
        conn.close()


def answered(change, key=b"", **how):
    """What the client says to such an INIT_ACK: its BYE or ERROR."""
    s = server(key, **how)
    with connected(PAIR, NUMBER, Mute(), key="none"):
        try:
            conn, init = called(s)
            ack = dataclasses.replace(s.answer(init), **change(init) if callable(change) else change)
            auth = ack.ver_max
            conn.send(vsr.INIT_ACK, iu=dataclasses.replace(ack, nonce=bytes(31) + b"n").pack())
            conn.now = {vsr.AUTH}
            expect(auth in range(256), "")
            return conn.expect(vsr.AUTH)
        except vsr.Refused as e:
            return e
        finally:
            s.close()


class Mute:
    """No server: the case has its own."""

    @staticmethod
    def session(_timeout):
        """Nobody."""
        time.sleep(0.1)
        raise vsr.Late()

    @staticmethod
    def close():
        """Nothing."""


def bad_acks():
    """INIT_ACKs that are no answer."""
    none = {"ver_max": 0}
    for code, change in (
            (vsr.UNSUPPORTED, {"ver_min": 2}), (vsr.UNSUPPORTED, {"ver_min": 0}),
            (vsr.UNSUPPORTED, {"ver_max": 2}),
            (vsr.MALFORMED, {"features": 1 << 40}), (vsr.MALFORMED, {"session": 0}),
            (vsr.MALFORMED, {"queues": 64}), (vsr.MALFORMED, {"depth": 1024}),
            (vsr.MALFORMED, {"queues": 0}), (vsr.MALFORMED, {"keepalive": 60000}),
            (vsr.MALFORMED, {"adapter": 1}), (vsr.MALFORMED, {"server": bytes(16)}),
            (vsr.MALFORMED, {"queue": 1}), (vsr.MALFORMED, {"max_pdu_data": 1 << 20}),
            (vsr.MALFORMED, {"imm_max": 65536}), (vsr.MALFORMED, {"zero1": 1}),
            (vsr.MALFORMED, {"client": b"x" * 16}), (vsr.MALFORMED, {"zero2": b"x" * 38})):
        got = answered({**none, **change})
        expect(isinstance(got, vsr.Refused) and got.code == code, f"{change}: {got}, not {code}")
    got = answered(none)
    expect(isinstance(got, vsr.Pdu), f"an honest one: {got}")


def wrong_key(desc, key, server_key, problem, **how):
    """A server that does not have the key gets BYE 5, and no AUTH if it says so."""
    s, log = server(server_key, **how), Log()
    with connected(PAIR, NUMBER, s, key=key) as srv:
        was = Counters(PAIR, vsr.CLIENT)
        until(60, lambda: srv.ended, "an end")
        until(60, lambda: was.auth_failures > 0, "a failure that is counted")
        got = srv.ended[0]
        expect(isinstance(got, vsr.Refused) and got.bye == vsr.BYE_AUTH or desc == "auth",
               f"{type(got).__name__} {got}")
        # It is said when the login is over, which is counted before.
        until(60, lambda: log.having(f"adapter {PAIR}:", problem), f"it is said: {problem}")
    log.close()


def keys():
    """All ways in which they do not fit."""
    wrong_key("none here", "none", KEY, "wants a key")
    wrong_key("none there", "k", b"", "has no key")
    wrong_key("auth", "k", b"another key, 32 bytes of it, here", "wants the right key")
    wrong_key("auth_ack", "k", KEY, "does not have the key", auth=bytes(32))


def rejected():
    """Every reason: the client tries again, soon or slowly, and says why."""
    for reason, soon in ((vsr.NO_ADAPTER, False), (vsr.DRAIN, True), (vsr.NOT_READY, True),
                         (vsr.TOO_MANY, False), (vsr.BUSY, True), (77, False)):
        s = server()
        with connected(PAIR, NUMBER, Mute()):
            times = []
            for _ in range(3):
                conn, _ = called(s)
                times.append(time.monotonic())
                conn.send(vsr.REJECT, arg=reason)
                conn.close()
            # A machine that stands still does so once; who waits too long does so each time.
            took = min(times[2] - times[1], times[1] - times[0])
            expect(not soon or took < 1, f"{reason}: {took:.1f} s")
            expect(int(link_get(PAIR, vsr.CLIENT)["REFUSED"]) >= 2, f"{reason}: not counted")
        s.close()


def main():
    """All cases, or those whose name is given."""
    run_cases([
        ("R10 the kernel's client and a server that was written from the text", data, "none", "none"),
        ("R10 ... header digests, GOOD in the data", data, "header", "none", {"good": True}),
        ("R10 P9 ... all digests, a key, small PDUs", data, "all", "k", {"max_pdu_data": 4096}),
        ("R10 ... data digests, no immediate data, GOOD in the data", data, "data", "none",
         {"imm_max": 0, "good": True}),
        ("R20 an event, and a gap in the numbers", capacity),
        ("INIT_ACKs that are no answer: ERROR 10, 1", bad_acks),
        ("P9 keys that do not fit: BYE 5", keys),
        ("every REJECT: soon or slowly again", rejected),
    ])


main()
