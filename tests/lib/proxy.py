# SPDX-License-Identifier: GPL-2.0
"""A TCP proxy that does harm, for tests of what is at its two ends.

	p = Proxy(7310, 7300)
	p.edit = f	f(upward, PDU's bytes) returns what is passed on: whole PDUs
	p.harm = f	f(upward, bytes) returns what is passed on: bytes as they come
	p.delay = 0.1	each piece waits so long
	p.rate = 65536	so many bytes a second each way, and no more
	p.hold(True)	nothing passes, and nobody is told; hold(False): all of it does
	p.cut(0.5)	every connection is reset, each behind half of the piece
			that comes next, or after 0.2 s
	p.close()

upward: from the client to the server. Either function may raise Cut.
"""
import random
import select
import socket
import struct
import threading
import time

HDR = struct.Struct(">4sBBHI20x")
DDGST = 8


class Cut(Exception):
    """Reset this connection."""


class Framer:
    """Whole PDUs out of pieces."""

    def __init__(self):
        self.buf = b""

    def feed(self, data):
        """What is whole now."""
        self.buf += data
        while len(self.buf) >= 32:
            _, _, flags, iu, data_len = HDR.unpack(self.buf[:32])
            size = 32 + (iu + 3 & ~3) + (data_len + 3 & ~3) + (4 if flags & DDGST else 0)
            if len(self.buf) < size:
                return
            pdu, self.buf = self.buf[:size], self.buf[size:]
            yield pdu

    def rest(self):
        """What is not."""
        data, self.buf = self.buf, b""
        return data


class Pair:
    """A connection, and that to the server behind it."""

    def __init__(self, proxy, near):
        self.proxy, self.near = proxy, near
        self.far = socket.create_connection(proxy.target, 10)
        self.dead, self.cut_at = False, None
        for sock in (self.near, self.far):
            sock.settimeout(None)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.threads = [threading.Thread(target=self.pump, args=args, daemon=True)
                        for args in ((True, self.near, self.far), (False, self.far, self.near))]
        for thread in self.threads:
            thread.start()

    def pump(self, upward, source, to):
        """One direction."""
        framer = Framer()
        try:
            while True:
                data = source.recv(1 << 16)
                if not data:
                    break
                self.proxy.free.wait()
                if self.cut_at is not None:
                    to.sendall(data[:int(len(data) * self.cut_at)])
                    raise Cut
                self.pass_on(upward, data, to, framer)
                self.proxy.passed += len(data)
        except (OSError, Cut):
            pass
        finally:    # a direction whose thread has died would be silent
            self.reset()

    def pass_on(self, upward, data, to, framer):
        """A piece, perhaps harmed."""
        proxy = self.proxy
        if proxy.delay:
            time.sleep(proxy.delay)
        # What another thread may change meanwhile is looked at once.
        if edit := proxy.edit:
            for pdu in framer.feed(data):
                to.sendall(edit(upward, pdu))
            return
        data = framer.rest() + data
        if harm := proxy.harm:
            data = harm(upward, data)
        while data and (rate := proxy.rate) and not self.dead:
            to.sendall(data[:4096])
            data = data[4096:]
            time.sleep(4096 / rate)
        to.sendall(data)

    def reset(self):
        """Both ends learn that it is over."""
        self.dead = True
        for sock in (self.near, self.far):
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()


class Proxy:
    """Listens at once."""

    def __init__(self, port, target, host="127.0.0.1"):
        self.target = (host, target)
        self.edit = self.harm = None
        self.delay, self.rate, self.passed = 0, 0, 0
        self.free = threading.Event()
        self.free.set()
        self.pairs, self.stop = [], False
        self.sock = socket.create_server((host, port), backlog=64)
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        """One pair after the other."""
        while not self.stop:
            if not select.select([self.sock], [], [], 0.1)[0]:
                continue
            near, _ = self.sock.accept()
            try:
                self.pairs = [p for p in self.pairs if not p.dead] + [Pair(self, near)]
            except OSError:
                near.close()

    def hold(self, yes):
        """A black hole, or not."""
        if yes:
            self.free.clear()
        else:
            self.free.set()

    def cut(self, part=None):
        """Reset all connections."""
        pairs, self.pairs = self.pairs, []
        if part is not None:
            for pair in pairs:
                pair.cut_at = part
            end = time.monotonic() + 0.2
            while time.monotonic() < end and not all(p.dead for p in pairs):
                time.sleep(0.005)
        for pair in pairs:
            pair.reset()

    def close(self):
        """No more of it."""
        self.stop = True
        self.thread.join(5)
        self.sock.close()
        self.free.set()
        self.cut()


class BitFlips:
    """Harm: one bit in some thousands of bytes is another, at random. flips counts."""

    def __init__(self, seed, every):
        self.rng, self.every, self.flips = random.Random(seed), every, 0
        self.next = self.rng.randrange(every)
        self.lock = threading.Lock()

    def __call__(self, _upward, data):
        with self.lock:
            if self.next >= len(data):
                self.next -= len(data)
                return data
            data = bytearray(data)
            data[self.next] ^= 1 << self.rng.randrange(8)
            self.next = self.rng.randrange(self.every)
            self.flips += 1
            return bytes(data)
