#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""fuzz.py server|client SECONDS PAIRS: conversations that were recorded, or are going on,
with something changed in them, over real sockets.

	server	the server's ends f0, f1, ... (numbers 20, ...) at 127.0.0.1:7300, with
		the same disk. Each conversation is a client's that was recorded: its
		session, numbers and epoch are brought up to date, and then a few of its
		PDUs are changed, left out, sent twice, or out of order.
	client	makes the clients' ends f0, f1, ... to servers of our own, which do so with
		what they send, while their disks are read

SEED is in the environment. Afterwards an honest login is served, or served by, each.
"""
import contextlib
import os
import random
import struct
import sys
import threading
import time

import vsr
import vsr_scsi as scsi
from base import (DIGESTS, Counters, case, connected, direct, disk_of, expect, link, links_get,
                  pattern, until, vpart)
from proxy import Framer
from vsr_client import Client
from vsr_server import Server

ADDRESS = "tcp:127.0.0.1:7300"
FIRST = 20      # number of f0
# offset in the header, length
FIELDS = ((4, 1), (5, 1), (6, 2), (8, 4), (12, 4), (16, 4), (20, 4), (24, 4))
AT_FEATURES, AT_ADAPTER, AT_SESSION = 8, 16, 24     # in INIT's IU


# --- what is changed ------------------------------------------------------------

def number(rng, size):
    """One that somebody may not have thought of."""
    top = 1 << size * 8
    return rng.choice((0, 1, 2, 3, top - 1, top >> 1, (top >> 1) - 1, 512, 4096, 65536, 1 << 20,
                       rng.randrange(top), rng.randrange(256), 1 << rng.randrange(size * 8))) % top


def bits(rng, b):
    """Some of them."""
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        b[rng.randrange(len(b))] ^= 1 << rng.randrange(8)


def field(rng, b):
    """One of the header."""
    at, size = rng.choice(FIELDS)
    b[at:at + size] = number(rng, size).to_bytes(size, "big")


def word(rng, b):
    """One of what follows it."""
    size = rng.choice((1, 2, 4, 8))
    if len(b) > 32 + size:
        at = rng.randrange(32, len(b) - size)
        b[at:at + size] = number(rng, size).to_bytes(size, "big")


def iu_size(rng, b):
    """Another IU, of a length that fits the header's."""
    size, old = rng.choice((0, 1, 4, 16, 35, 36, 48, 64, 160, 511, 512)), int.from_bytes(b[6:8], "big")
    rest = b[32 + (old + 3 & ~3):]
    b[6:8] = size.to_bytes(2, "big")
    b[32:] = bytes(b[32:32 + size]).ljust(size, bytes((rng.randrange(256),))) + vsr.pad(bytes(size)) + rest


def cut(rng, b):
    """Less of it, or none."""
    del b[rng.randrange(len(b)):]


def grown(rng, b):
    """More of it."""
    at = rng.randrange(len(b) + 1)
    b[at:at] = rng.randbytes(rng.randrange(1, 64))


def reseal(b, hdgst):
    """Digests that fit, as far as there are any."""
    if len(b) < 32:
        return
    iu = 32 + (int.from_bytes(b[6:8], "big") + 3 & ~3)
    size = int.from_bytes(b[8:12], "big")
    if hdgst or b[4] < 0x10:
        b[28:32] = vsr.crc32c(bytes(b[:28] + b[32:iu]))
    if b[5] & vsr.F_DDGST and len(b) == iu + (size + 3 & ~3) + 4:
        b[-4:] = vsr.crc32c(bytes(b[iu:iu + size]))


def changed(rng, data, hdgst):
    """A PDU that is not what it was."""
    b = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        if b:
            rng.choice((bits, field, field, word, word, iu_size, cut, grown))(rng, b)
    if rng.random() < 0.7:
        reseal(b, hdgst)
    return bytes(b)


# --- a client's conversation ----------------------------------------------------

class Tape:
    """What an honest client of two queues sent, and how many PDUs it had by then."""

    def __init__(self, pair):
        self.entries, self.got = [], {}
        send, recv = vsr.Conn.send, vsr.Conn.recv

        def sent(conn, kind, flags=0, tag=0, arg=0, iu=b"", data=b"", **more):
            if conn.side == vsr.CLIENT:
                if kind == vsr.INIT and not conn.queue:     # anew: it was told to come again
                    self.entries, self.got = [], {}
                self.entries.append((conn.queue, self.got.get(conn.queue, 0),
                                     vsr.Pdu(kind, flags, tag, arg, iu, data)))
            return send(conn, kind, flags, tag, arg, iu, data, **more)

        def received(conn, timeout=10):
            p = recv(conn, timeout)
            if conn.side == vsr.CLIENT and p.type not in (vsr.NOP, vsr.NOP_ACK):
                self.got[conn.queue] = self.got.get(conn.queue, 0) + 1
            return p
        vsr.Conn.send, vsr.Conn.recv = sent, received
        try:
            self.talk(pair)
        finally:
            vsr.Conn.send, vsr.Conn.recv = send, recv

    @staticmethod
    def talk(pair):
        """Some of all that there is."""
        with Client(link(pair), ADDRESS, queues=2).login() as c:
            for queue in (0, 1):
                c.good(scsi.inquiry(96), read=96, queue=queue)
                c.good(scsi.rw16(True, 8, 1), write=pattern(1, 512), queue=queue)
                c.good(scsi.rw16(True, 16, 32), write=pattern(2, 16384), imm=False, queue=queue)
                c.good(scsi.rw16(False, 16, 32), read=16384, queue=queue)
            cmd = c.open(scsi.rw16(True, 64, 32), write=bytes(16384), imm=False)
            cmd.hold = True
            while not cmd.wanted:
                c.step()
            c.conns[0].send(vsr.CANCEL, tag=cmd.tag)
            while not cmd.put:
                c.step()
            srp = scsi.make_tag(77, 0, 15)
            c.open_cmds[0, 15] = cmd = type(cmd)(0, 15, srp)
            c.conns[0].send(vsr.REQ, vsr.F_PRIO, 15, iu=scsi.task(srp, 0, 8, bytes(8)))
            while not cmd.put:
                c.step()
            c.nop()
            c.close(0)


class Replay:
    """One conversation, a bit different."""

    def __init__(self, tape, rng, address):
        self.rng, self.address = rng, address
        self.queues, self.session, self.epoch = {}, 0, 0
        self.features = rng.choice((0, vsr.HDGST, DIGESTS))
        self.patience = 5
        self.play(self.mixed(tape.entries))
        for sock, _, _ in self.queues.values():
            sock.close()

    def mixed(self, entries):
        """(entry, is it to be changed) ..., mostly in order."""
        rng = self.rng
        todo = [[e, False] for e in entries]
        for _ in range(rng.choice((1, 1, 2, 3, 6))):
            i = rng.randrange(len(todo))
            what = rng.random()
            if what < 0.7:
                todo[i][1] = True
            elif what < 0.8:
                todo[i:i + 1] = [todo[i]] * rng.choice((2, 2, 3, 40))
            elif what < 0.9 and len(todo) > 4:
                del todo[i]
            else:
                j = rng.randrange(len(todo))
                todo[i], todo[j] = todo[j], todo[i]
        if rng.random() < 0.2:
            del todo[rng.randrange(len(todo)):]
        return todo

    def play(self, todo):
        """Until all is sent, or nobody listens."""
        seq = {}
        for (queue, got, p), harm in todo:
            if not self.wait(queue, got):
                return
            iu = bytearray(p.iu)
            if p.type == vsr.INIT and len(iu) == 160:
                iu[AT_FEATURES:AT_FEATURES + 8] = struct.pack(">Q", self.features)
                iu[AT_SESSION:AT_SESSION + 8] = struct.pack(">Q", self.session if queue else 0)
            plain = p.type < 0x10
            head, data = vsr.pack(vsr.Pdu(p.type, p.flags, p.tag, p.arg, bytes(iu), p.data,
                                          0 if plain else self.epoch, seq.get(queue, 0)),
                                  bool(self.features & vsr.HDGST), bool(self.features & vsr.DDGST))
            seq[queue] = seq.get(queue, 0) + 1
            out = head + data
            if harm:
                self.patience = min(self.patience, 0.2)
                out = changed(self.rng, out, bool(self.features & vsr.HDGST))
            try:
                self.send(queue, out)
            except OSError:
                return

    def send(self, queue, out):
        """In pieces, perhaps."""
        sock = self.queues[queue][0]
        if self.rng.random() < 0.1 and out:
            at = self.rng.randrange(len(out))
            sock.sendall(out[:at])
            out = out[at:]
        sock.sendall(out)

    def wait(self, queue, got):
        """Until so many answers have come; not for long once something was changed, and
        still less when one did not."""
        if queue not in self.queues:
            try:
                sock = vsr.dial(self.address)
            except OSError:
                return False
            sock.settimeout(0.02)
            self.queues[queue] = [sock, Framer(), 0]
        state = self.queues[queue]
        end = time.monotonic() + self.patience
        while state[2] < got:
            if time.monotonic() > end:
                self.patience = 0.02
                break
            try:
                data = state[0].recv(1 << 16)
            except TimeoutError:
                continue
            except OSError:
                return False
            if not data:
                return False
            for pdu in state[1].feed(data):
                self.heard(state, pdu)
        return True

    def heard(self, state, pdu):
        """What the next PDUs need."""
        if pdu[4] not in (vsr.NOP, vsr.NOP_ACK):
            state[2] += 1
        if pdu[4] == vsr.INIT_ACK and len(pdu) == 192:
            self.session, = struct.unpack(">Q", pdu[32 + AT_SESSION:40 + AT_SESSION])
        elif pdu[4] == vsr.LOGIN_RSP:
            self.epoch = int.from_bytes(pdu[12:16], "big")


def honest_client(pair):
    """Is served."""
    with Client(link(FIRST + pair), ADDRESS, features=DIGESTS, queues=2).login() as c:
        data = pattern(pair, 4096)
        c.good(scsi.rw16(True, 0, 8), write=data, queue=1)
        expect(c.good(scsi.rw16(False, 0, 8), read=4096) == data, "other data")


def talk(seconds, pairs, seed):
    """To the server; three conversations of each pair at least, however long they take."""
    tape, done = Tape(FIRST), [0] * pairs
    end, died = time.monotonic() + seconds, []

    def one(pair):
        entry = Tape.__new__(Tape)      # the same, of another adapter
        entry.entries = [(q, g, renumbered(p, FIRST + pair)) for q, g, p in tape.entries]
        rng = random.Random(f"{seed} {pair}")
        try:
            while time.monotonic() < end or done[pair] < 3:
                Replay(entry, rng, ADDRESS)
                done[pair] += 1
        except Exception as e:  # pylint: disable=broad-except
            died.append(e)
    threads = [threading.Thread(target=one, args=(i,), daemon=True) for i in range(pairs)]
    before = [Counters(f"f{i}", vsr.SERVER) for i in range(pairs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 120)
    expect(not died, f"{died}")
    expect(not any(t.is_alive() for t in threads), "a conversation does not end")
    expect(min(done) >= 3 and sum(c.logins for c in before) > 0, f"{done}")
    return f"{sum(done)} of {len(tape.entries)} PDUs, {sum(c.logins for c in before)} logins, " \
           f"{sum(c.protocol_errors for c in before)} protocol errors, " \
           f"{sum(c.digest_errors for c in before)} digest errors"


def renumbered(p, adapter):
    """The same for another pair."""
    iu = p.iu
    if p.type == vsr.INIT:
        iu = iu[:AT_ADAPTER] + struct.pack(">I", adapter) + iu[AT_ADAPTER + 4:]
    elif p.type == vsr.LOGIN:
        iu = scsi.login_req(adapter)
    return vsr.Pdu(p.type, p.flags, p.tag, p.arg, iu, p.data)


# --- a server's -----------------------------------------------------------------

class Liar(Server):
    """What it sends is changed, now and then."""

    def __init__(self, pair, seed, **lim):
        rng = random.Random(f"{seed} {pair}")
        self.rng, self.rate, self.old = rng, 0, []
        super().__init__(link(FIRST + pair), f"tcp:127.0.0.1:{7500 + pair}",
                         features=rng.choice((0, vsr.HDGST)), **lim)

    def accept(self, timeout=20):
        """With another raw()."""
        conn, p, init = super().accept(timeout)
        send, held = conn.raw, []

        def raw(data):
            rng, what = self.rng, self.rng.random()
            out = [data]
            if self.rate and rng.random() < self.rate:
                if what < 0.7:
                    out = [changed(rng, data, conn.hdgst)]
                elif what < 0.8:
                    out = [data, data]
                elif what < 0.85:
                    out = []
                elif what < 0.9 and self.old:
                    out = [data, rng.choice(self.old)]
                else:
                    held.append(data)
                    out = []
            elif held:
                out.append(held.pop())
            if len(data) < 4096:
                self.old = self.old[-50:] + [data]
            for piece in out:
                send(piece)
        conn.raw = raw
        return conn, p, init


class Lying:
    """Sessions, one after the other."""

    def __init__(self, pair, seed):
        self.server = Liar(pair, seed, good=pair % 2 == 1)
        self.rng = random.Random(f"{seed} {pair} lengths")
        self.stop, self.sessions, self.calls = False, 0, 0
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def loop(self):
        """None of them for long."""
        while not self.stop:
            # Now the login is changed, now what comes after it.
            self.server.rate = self.rng.choice((0, 0, 0, 0.1))
            try:
                with self.server.session(0.3) as sess:
                    self.sessions += 1
                    self.server.rate = self.rng.choice((0.02, 0.1))
                    try:
                        sess.serve(1.2, lambda: self.stop)
                    finally:
                        self.calls += len(sess.seen)
            except Exception:   # pylint: disable=broad-except
                pass    # whatever a client makes of it, and we of that

    def close(self):
        """Stop."""
        self.stop = True
        self.thread.join(20)
        self.server.close()


def reads(pair, enough):
    """For something to talk about."""
    while not enough.is_set():
        try:
            path = disk_of(pair, 1)
            for at in range(0, 1 << 20, 1 << 16):
                direct(path, offset=at, length=16384)
                direct(path, pattern(at, 4096), at)
                if enough.is_set():
                    break
        except (AssertionError, OSError):
            time.sleep(0.1)


def serve(seconds, pairs, seed):
    """Clients."""
    liars, enough = [Lying(i, seed) for i in range(pairs)], threading.Event()
    for i in range(pairs):
        vpart("link", "add", f"f{i}", "client", "client1", "server", "vios1", "id", str(FIRST + i),
              "connect", f"tcp:127.0.0.1:{7500 + i}", "key", "none", "digest",
              "all" if i % 3 else "none", "path-loss", "5")
    for i in range(pairs):
        threading.Thread(target=reads, args=(f"f{i}", enough), daemon=True).start()
    time.sleep(seconds)

    def counted():
        ends = links_get()
        return [sum(int(ends[f"f{i}", vsr.CLIENT][name]) for i in range(pairs))
                for name in ("LOGINS", "PROTOCOL_ERRORS", "DIGEST_ERRORS")]
    # So much is sure to come, but not when; if not, it is said below.
    with contextlib.suppress(AssertionError):
        until(120, lambda: counted()[0] >= pairs and counted()[1] > 0, "logins and errors")
    enough.set()
    sums = counted()
    for i in range(pairs):
        vpart("link", "del", f"f{i}", "side", "client", "--force")
    for liar in liars:
        liar.close()
    expect(sums[0] >= pairs and sums[1] > 0, f"{sums}")
    return f"{sum(one.calls for one in liars)} commands, " \
           "{} logins, {} protocol errors, {} digest errors".format(*sums)


def honest_server(pair):
    """Is believed."""
    server = Server(link(FIRST + pair), "tcp:127.0.0.1:7400", features=DIGESTS)
    server.disk.store[:4096] = pattern(pair, 4096)
    with connected(f"f{pair}", FIRST + pair, server, "digest", "all"):
        until(60, lambda: links_get()[f"f{pair}", vsr.CLIENT]["STATE"] == "2", "link up")
        expect(direct(disk_of(f"f{pair}"), length=4096) == pattern(pair, 4096), "other data")


def main():
    """As told."""
    side, seconds, pairs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    seed = os.environ.get("SEED") or str(time.time_ns())
    print(f"# seed {seed}", flush=True)
    what, then = (talk, honest_client) if side == "server" else (serve, honest_server)
    case(f"P9 V10 {seconds} s of changed conversations with a {side}", what, seconds, pairs, seed)
    for pair in range(pairs):
        case(f"P9 an honest one afterwards, f{pair}", then, pair)


main()
