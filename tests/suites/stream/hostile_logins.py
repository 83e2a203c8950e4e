# SPDX-License-Identifier: GPL-2.0
"""Logins of servers that break the protocol, to the client's end of pair p4, number 10: for
hostile_server.py."""
import time

import vsr
from base import Log, connected, expect, link, link_get, until
from vsr_server import Server

SAID = {vsr.MALFORMED: "malformed", vsr.HDR_DIGEST: "header digest", vsr.DATA_DIGEST: "data digest",
        vsr.SEQ: "lost or repeated", vsr.EPOCH: "another epoch", vsr.TAG: "tag that it may not use",
        vsr.LENGTH: "length beyond", vsr.OFFSET: "offset out of order",
        vsr.STATE: "may not come now", vsr.UNSUPPORTED: "unknown type", vsr.TIMEOUT: "silent"}


def fewer_queues():
    """LOGIN_RSP for one queue of two, and then an answer on the other."""
    s = Server(link(10), "tcp:127.0.0.1:7401", login_queues=1)
    log = Log()
    with connected("p4", 10, s, port=7401) as srv:
        seen = []       # it may end meanwhile
        until(60, lambda: seen.append(srv.sess) or seen[-1], "a session")
        sess = seen[-1]
        expect(len(sess.conns) == 2, f"{len(sess.conns)} queues")
        other = sess.conns.pop(1)
        other.epoch = sess.conns[0].epoch
        try:
            for kind in (vsr.RSP, vsr.DATA_IN, vsr.XFER_RDY):
                other.send(kind, vsr.F_PUT if kind == vsr.RSP else 0,
                           iu=bytes(36) if kind == vsr.RSP else bytes(4) if kind == vsr.XFER_RDY else b"",
                           data=bytes(512) if kind == vsr.DATA_IN else b"")
                time.sleep(0.2)
        except vsr.Ended:
            pass
        until(60, lambda: log.having("not enough") or log.having("adapter p4"), "a word of it")
    # Not before: who serves the session may be waiting for it.
    other.close()
    log.close()


class Twisted(Server):
    """One PDU of its logins has other bytes somewhere, and a digest that fits."""

    def __init__(self, kind, at, new, **lim):
        self.kind, self.at, self.new = kind, at, new
        super().__init__(link(10), "tcp:127.0.0.1:7401", **lim)

    def accept(self, timeout=20):
        """With another raw()."""
        conn, p, init = super().accept(min(timeout, 2))
        send = conn.raw

        def raw(data):
            if data[4] == self.kind:
                b = bytearray(data)
                b[self.at:self.at + len(self.new)] = self.new
                size = 32 + (int.from_bytes(b[6:8], "big") + 3 & ~3)
                b = b.ljust(size, b"\0")[:size]
                b[28:32] = vsr.crc32c(bytes(b[:28] + b[32:]))
                data = bytes(b)
            send(data)
        conn.raw = raw
        return conn, p, init


# Where in the PDU, what; the codes that may come of it, or what the link says. IUs begin
# at 32. For the fields of INIT_ACK see interop_server.py, too.
MALFORMED = (vsr.MALFORMED, vsr.UNSUPPORTED)
TWISTS = [
    ("keepalive 0", vsr.INIT_ACK, 52, bytes(4), MALFORMED),
    ("PDUs of no data", vsr.INIT_ACK, 144, bytes(4), MALFORMED),
    ("depth 0", vsr.INIT_ACK, 152, b"\0\0", MALFORMED),
    ("an INIT_ACK of 156 bytes", vsr.INIT_ACK, 6, b"\0\x9c", (vsr.LENGTH,)),
    ("an INIT_ACK of 512 bytes", vsr.INIT_ACK, 6, b"\2\0", (vsr.LENGTH,)),
    ("AUTH_ACK in place of INIT_ACK", vsr.INIT_ACK, 4, b"\3", (vsr.STATE, vsr.LENGTH)),
    ("LOGIN_RSP in place of INIT_ACK", vsr.INIT_ACK, 4, b"\5", (vsr.STATE,)),
    ("INIT from a server", vsr.INIT_ACK, 4, b"\0", (vsr.STATE,)),
    ("RSP in place of AUTH_ACK", vsr.AUTH_ACK, 4, b"\x11", (vsr.STATE,)),
    ("AUTH_ACK with a MAC nobody asked for", vsr.AUTH_ACK, 6, b"\0\x20", (vsr.LENGTH,)),
    ("AUTH_ACK number 7", vsr.AUTH_ACK, 16, b"\0\0\0\7", (vsr.SEQ,)),
    ("AUTH_ACK of an epoch", vsr.AUTH_ACK, 12, b"\0\0\0\7", (vsr.EPOCH,)),
    ("LOGIN_RSP of epoch 0", vsr.LOGIN_RSP, 12, bytes(4), (vsr.EPOCH, vsr.MALFORMED)),
    ("LOGIN_RSP: no queue", vsr.LOGIN_RSP, 32, b"\0\0", MALFORMED),
    ("LOGIN_RSP: 64 queues", vsr.LOGIN_RSP, 32, b"\0\x40", MALFORMED),
    ("LOGIN_RSP: depth 2", vsr.LOGIN_RSP, 34, b"\0\2", MALFORMED),
    ("LOGIN_RSP: depth 1024", vsr.LOGIN_RSP, 34, b"\4\0", MALFORMED),
    ("LOGIN_RSP: depth 3, too little", vsr.LOGIN_RSP, 34, b"\0\3", ()),
    ("LOGIN_RSP: no segments", vsr.LOGIN_RSP, 36, b"\0\0", MALFORMED),
    ("LOGIN_RSP: a zero field that is not", vsr.LOGIN_RSP, 38, b"\0\1", MALFORMED),
    ("LOGIN_RSP of 12 bytes", vsr.LOGIN_RSP, 6, b"\0\x0c", (vsr.LENGTH,)),
    ("LOGIN_RSP without the driver's answer", vsr.LOGIN_RSP, 6, b"\0\x10", ()),
    ("LOGIN_RSP with half of it", vsr.LOGIN_RSP, 6, b"\0\x20", ()),
    ("REJECT for a reason that there is not", vsr.LOGIN_RSP, 4, b"\6", (vsr.LENGTH, vsr.MALFORMED,
                                                                      vsr.EPOCH)),
]


def twisted(kind, at, new, outcome):
    """No commands come of it; a person is told, and the server if it breaks the protocol."""
    server, log, seen = Twisted(kind, at, new), Log(), []
    server.hook = lambda *a: seen.append(a)
    with connected("p4", 10, server, port=7401) as srv:
        def problem():
            return link_get("p4", vsr.CLIENT).get("PROBLEM", "").replace("_", " ")
        if not outcome:
            until(60, lambda: log.having("not enough"), "the driver refuses")
        else:
            until(60, lambda: any(SAID[code] in problem() for code in outcome),
                  f"a problem of {outcome}")
            expect(link_get("p4", vsr.CLIENT)["LOGINS"] == "0", "let in")
            codes = [e.code for e in srv.ended if isinstance(e, vsr.Refused)]
            # One try may have come in seconds in which all of us stood still.
            expect(all(code in outcome + (vsr.TIMEOUT,) for code in codes), f"ERROR {codes}")
        expect(not seen, "a command")
        # What it says to that may have other numbers than we count.
        srv.ended[:] = [e for e in srv.ended if not isinstance(e, vsr.Wrong)]
    log.close()


def small_limits():
    """LOGIN_RSP with limits that are too small for the driver, or too large for anyone."""
    for how, up in (({"max_data": 512}, True), ({"max_segs": 1}, True), ({"max_data": 1 << 30}, True),
                    ({"max_data": 511}, False), ({"max_data": 2 << 30}, False), ({"max_segs": 0}, False)):
        s = Server(link(10), "tcp:127.0.0.1:7401", **how)
        with connected("p4", 10, s, port=7401) as srv:
            if up:
                until(60, lambda: link_get("p4", vsr.CLIENT)["STATE"] == "2", f"{how}: link up")
            else:
                until(60, lambda: any(isinstance(e, vsr.Refused) and e.code == vsr.MALFORMED
                                      for e in srv.ended), f"{how}: ERROR 1: {srv.ended}")
