#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ivshmem.py SERVER FOLDER: try a server of shared memory, as its peers see it.

SERVER is a vpart-ivshmem. Prints a TAP line for each test, but not the plan.
"""
import contextlib
import fcntl
import grp
import json
import mmap
import os
import pwd
import select
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time

LIMIT = 60      # seconds for anything
F_GET_SEALS = 1034
SEALS = 0x1 | 0x2 | 0x4     # SEAL, SHRINK, GROW
NOBODY = pwd.getpwnam("nobody")
tests = 0


def check(what, good, detail=""):
    """A test's line."""
    global tests
    tests += 1
    print(f"{'ok' if good else 'not ok'} {tests} - {what}", flush=True)
    if not good and detail != "":
        for line in str(detail).splitlines():
            print("#", line, flush=True)


def same(what, got, want):
    """A test that two things are equal."""
    check(what, got == want, f"got  {got!r}\nwant {want!r}")


def until(condition):
    """True as soon as the condition is, False when it never is."""
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Peer:
    """One end of a segment: reads what the server says."""

    def __init__(self, path, wait=True):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(LIMIT)
        self.sock.connect(path)
        self.own, self.others, self.id, self.memory = [], {}, None, None
        if wait:
            self.version, _ = self.message()
            if self.version == 0:
                self.id, _ = self.message()
                number, self.memory = self.message()
                assert number == -1 and self.memory is not None, (number, self.memory)

    def message(self):
        """A number and a file, or None for the end."""
        data, files, _, _ = socket.recv_fds(self.sock, 8, 1)
        if len(data) != 8:
            return None, None
        return struct.unpack("<q", data)[0], files[0] if files else None

    def take(self, count):
        """That many messages about peers."""
        for _ in range(count):
            number, file = self.message()
            if number == self.id:
                self.own.append(file)
            elif file is None:
                for old in self.others.pop(number, []):
                    os.close(old)
            else:
                self.others.setdefault(number, []).append(file)
        return self

    def take_all(self):
        """What is there to read, about the others; their IDs in turn."""
        told = []
        while select.select([self.sock], [], [], 0)[0]:
            number, file = self.message()
            if file is not None:
                os.close(file)
            told.append(number)
        return told

    def gone(self):
        """The server has closed the connection."""
        try:
            return self.message() == (None, None)
        except ConnectionError:
            return True

    def silent(self):
        """Nothing is there to read."""
        return not select.select([self.sock], [], [], 0.2)[0]

    def map(self):
        """The memory."""
        return mmap.mmap(self.memory, 0)

    def close(self):
        """Leave."""
        self.sock.close()
        for file in [self.memory, *self.own, *sum(self.others.values(), [])]:
            if file is not None:
                os.close(file)
        self.own, self.others, self.memory = [], {}, None


def ring(file):
    """Send a doorbell."""
    os.write(file, struct.pack("=Q", 1))


def rung(file):
    """How often it came, or 0."""
    if not select.select([file], [], [], LIMIT)[0]:
        return 0
    return struct.unpack("=Q", os.read(file, 8))[0]


class Server:
    """The program under test."""

    def __init__(self, program, folder, *words):
        self.program = program
        self.path = os.path.join(folder, "seg")
        self.log = os.path.join(folder, "log")
        self.process = None
        self.words = words or ("--size", "1M", "--vectors", "3")

    def start(self, *words):
        """Serve; returns when it does."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "serve", "--socket", self.path, *(words or self.words)],
                stdin=subprocess.DEVNULL, stderr=log)
        asked = until(lambda: self.process.poll() is not None or self.ask(self.path)[0] == 0)
        assert asked and self.process.poll() is None, self.said()
        return self

    def stop(self, how=signal.SIGTERM):
        """Its exit code."""
        self.process.send_signal(how)
        return self.process.wait(LIMIT)

    def said(self):
        """Its log."""
        with open(self.log, encoding="utf-8") as f:
            return f.read()

    def says(self, *words):
        """A moment later, as it tells a peer before it writes a line."""
        return until(lambda: all(w in self.said() for w in words))

    def ask(self, *words):
        """(exit code, output, errors) of "status"."""
        done = subprocess.run([self.program, "status", *words], timeout=LIMIT, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return done.returncode, done.stdout, done.stderr

    def status(self):
        """The status of its segment."""
        return json.loads(self.ask("--json", self.path)[1])[0]

    def peers(self):
        """How many are connected."""
        return len(self.status()["peers"])

    def files(self):
        """How many files it has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    @contextlib.contextmanager
    def pair(self):
        """Two peers that know each other."""
        a = Peer(self.path).take(3)
        b = Peer(self.path).take(6)
        a.take(3)
        try:
            yield a, b
        finally:
            a.close()
            b.close()
            assert until(lambda: self.peers() == 0)


def two_peers(server):
    """What two peers get."""
    with server.pair() as (a, b):
        same("the protocol's version is 0, for both", (a.version, b.version), (0, 0))
        same("the peers' IDs differ", (a.id, b.id), (0, 1))
        same("each has its own vectors and the other's",
             [len(a.own), len(a.others[1]), len(b.own), len(b.others[0])], [3, 3, 3, 3])
        for vector in range(3):
            for _ in range(vector + 1):
                ring(a.others[1][vector])
        same("b's doorbells arrive, by vector", [rung(file) for file in b.own], [1, 2, 3])
        ring(b.others[0][2])
        same("so do a's", rung(a.own[2]), 1)
        same("and no other", select.select(a.own + b.own, [], [], 0), ([], [], []))
        one, other = a.map(), b.map()
        same("the memory has its size", (len(one), len(other)), (1 << 20, 1 << 20))
        same("and is zero", one[:], bytes(1 << 20))
        one[1000:1005] = b"hello"
        same("what one writes the other reads", other[1000:1005], b"hello")
        same("it cannot be resized or sealed", fcntl.fcntl(a.memory, F_GET_SEALS) & 0xf, SEALS)
        for size in (4096, 1 << 21):
            try:
                os.ftruncate(a.memory, size)
                check(f"not even to {size}", False)
            except PermissionError:
                check(f"not even to {size}", True)


def coming_and_going(server):
    """Who leaves, comes back, or comes too many."""
    with server.pair() as (a, b):
        shared = a.map()
        shared[0:6] = b"secret"
        third = Peer(server.path)
        same("a third one gets a version that there is not", third.version, -1)
        check("and is let go", third.gone())
        third.close()
        check("a line says so", server.says("refused: two peers are connected"), server.said())
        check("the two do not notice", a.silent() and b.silent())
        ring(a.others[1][0])
        same("nor do their doorbells", rung(b.own[0]), 1)
        b.close()
        same("that a peer left is told", a.message(), (1, None))
        b = Peer(server.path).take(6)
        same("its next life has another ID", b.id, 2)
        number, file = a.message()
        check("of which the other is told", number == 2 and file is not None, number)
        ring(file)
        same("with its doorbells", rung(b.own[0]), 1)
        os.close(file)
        same("it finds the memory as it was", b.map()[0:6], b"secret")
        a.take(2)
        a.close()
        b.take(1)
        same("the first one's end is told too", b.others, {})
        b.close()
    with server.pair() as (a, b):
        same("the next pair finds none of it, even if somebody kept it",
             (a.map()[0:6], shared[0:6]), (bytes(6), b"secret"))
        same("and begins with the first IDs", (a.id, b.id), (0, 1))
    with server.pair() as (a, b):
        os.kill(server.process.pid, signal.SIGSTOP)
        a.close()
        b.close()
        late = Peer(server.path, wait=False)
        os.kill(server.process.pid, signal.SIGCONT)
        same("who comes as two others go has a place", late.message(), (0, None))
        late.close()


def bad_peers(server):
    """Who does not keep to the protocol."""
    with server.pair() as (a, b):
        b.sock.send(b"x")
        same("a peer that speaks is dropped", a.message(), (1, None))
        check("a line says so", server.says("peer 1", "it speaks"), server.said())
        check("it is let go", b.gone())
    with contextlib.ExitStack() as stack:
        slow = Peer(server.path)
        stack.callback(slow.close)
        rounds = 0
        dropped = server.status()["dropped"]
        while server.status()["dropped"] == dropped and rounds < 2000:
            Peer(server.path).take(6).close()
            until(lambda: server.peers() == 1)
            rounds += 1
        check("a peer that does not read is dropped", 0 < rounds < 2000, rounds)
        check("a line says so", server.says("it does not read"), server.said())
        fast = Peer(server.path)
        same("others are served meanwhile", fast.version, 0)
        fast.close()
    until(lambda: server.peers() == 0)


def leaks(server):
    """A thousand reconnects, and more that are cut short."""
    with server.pair():
        pass
    before = server.files()
    a = Peer(server.path).take(3)
    with_one = server.files()
    told = []
    for n in range(1000):
        b = Peer(server.path, wait=n % 3 > 0)
        if n % 3 == 2:
            b.take(6)
        b.close()
        told += a.take_all()
    check("1000 reconnects are told, in order", until(lambda: server.peers() == 1) and
          server.status()["joined"] >= 1000 and len(set(told)) > 600 and told == sorted(told),
          server.ask(server.path)[1])
    check("no file is left over from them", until(lambda: server.files() == with_one),
          f"{server.files()} files, {with_one} before")
    a.close()
    check("nor from the pair", until(lambda: server.files() == before),
          f"{server.files()} files, {before} before")


def no_ids(server):
    """When all IDs were given, nobody is given a second one's."""
    a = Peer(server.path).take(1)
    while True:
        b = Peer(server.path)
        if b.version != 0:
            break
        last = b.id
        b.close()
        a.take_all()
    same("65535 peers come and go", last, 65535)
    b = Peer(server.path)
    same("then there is no ID", b.version, -1)
    b.close()
    a.close()
    until(lambda: server.peers() == 0)
    b = Peer(server.path)
    same("until the other one has gone as well", (b.version, b.id), (0, 0))
    b.close()


def restarts(server):
    """The server's own ends."""
    with server.pair() as (a, b):
        ring(a.others[1][0])
        server.stop(signal.SIGKILL)
        server.process = None
        check("the server is killed: its peers see the end", a.gone() and b.gone())
        same("and keep what they have", rung(b.own[0]), 1)
        check("what it left is no service", server.ask(server.path)[0] == 3)
        server.start()
        check("the next one takes its place", server.peers() == 0)
    second = subprocess.run([server.program, "serve", "--socket", server.path], timeout=LIMIT,
                            stderr=subprocess.PIPE, text=True, check=False)
    same("two do not serve one segment", (second.returncode, second.stderr),
         (1, f"vpart-ivshmem: {server.path} is served by another process\n"))
    folder = os.path.dirname(server.path)
    same("a server that is told to end does", server.stop(), 0)
    same("and leaves nothing", sorted(os.listdir(folder)), ["log"])
    same("nobody answers then", server.ask(server.path),
         (3, "", f"vpart-ivshmem: {server.path} is not served\n"))
    with open(server.path, "w", encoding="ascii") as f:
        f.write("precious\n")
    refused = subprocess.run([server.program, "serve", "--socket", server.path], timeout=LIMIT,
                             stderr=subprocess.PIPE, text=True, check=False)
    same("a file in the way is kept", (refused.returncode, refused.stderr),
         (1, f"vpart-ivshmem: {server.path} exists and is no socket\n"))
    os.unlink(server.path)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(server.path)
        other.listen()
        refused = subprocess.run([server.program, "serve", "--socket", server.path],
                                 timeout=LIMIT, stderr=subprocess.PIPE, text=True, check=False)
        same("so is another program's socket", (refused.returncode, refused.stderr),
             (1, f"vpart-ivshmem: {server.path} is served by another program\n"))
    os.unlink(server.path)
    same("nothing is left of the attempts", sorted(os.listdir(folder)), ["log"])


def as_nobody(path):
    """What a user of no right sees: the protocol's first number, or an error's name."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.setgroups([])
        os.setgid(NOBODY.pw_gid)
        os.setuid(NOBODY.pw_uid)
        try:
            word = str(Peer(path).version)
        except OSError as e:
            word = type(e).__name__
        os.write(writer, word.encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as f:
        return f.read()


def rights(server):
    """Who may be a peer."""
    os.chmod(os.path.dirname(server.path), 0o755)
    server.start()
    for suffix in ("", ".status"):
        same(f"a socket is its owner's: {suffix or 'the segment'}",
             stat.S_IMODE(os.stat(server.path + suffix).st_mode), 0o600)
    same("another user cannot connect", as_nobody(server.path), "PermissionError")
    server.stop()
    group = grp.getgrgid(NOBODY.pw_gid).gr_name
    server.start("--mode", "0660", "--group", group)
    info = os.stat(server.path)
    same("mode and group as asked for", (stat.S_IMODE(info.st_mode), info.st_gid),
         (0o660, NOBODY.pw_gid))
    same("the group may connect", as_nobody(server.path), "0")
    server.stop()
    server.start("--mode", "0666", "--allow-uid", "root", "--allow-uid", "4242")
    same("a user who is not allowed is refused", as_nobody(server.path), "-1")
    check("a line says so", server.says("of user 65534 is refused: this user is not allowed"),
          server.said())
    peer = Peer(server.path)
    same("one who is allowed is not", peer.version, 0)
    peer.close()
    server.stop()


def many_segments(server):
    """One process, several segments, the largest number of vectors."""
    other = server.path + "2"
    server.start("--size", "64K", "--vectors", "128", "--socket", other, "--size", "2M")
    a = Peer(server.path).take(128)
    b = Peer(server.path, wait=False)
    c = Peer(other).take(4)
    until(lambda: server.peers() == 2)
    same("a peer has 128 vectors", len(a.own), 128)
    a.take(128)
    ring(a.others[1][127])
    same("the setup of a peer that reads late fits its socket",
         [b.message()[0] for _ in range(3 + 256)], [0, 1, -1] + [0] * 128 + [1] * 128)
    same("each segment has memory of its own",
         (os.fstat(a.memory).st_size, os.fstat(c.memory).st_size), (64 << 10, 2 << 20))
    code, text, _ = server.ask(server.path, other)
    check("the status tells of both", code == 0 and "2 of 2 peers" in text and
          "1 of 2 peers" in text and f"peer 0: pid {os.getpid()}, user 0" in text, text)
    for peer in (a, b, c):
        peer.close()
    server.stop()


def main():
    """All of it."""
    with tempfile.TemporaryDirectory(dir=sys.argv[2]) as folder:
        server = Server(sys.argv[1], folder)
        try:
            server.start()
            for part in (two_peers, coming_and_going, bad_peers, leaks):
                part(server)
            server.stop()
            server.start("--size", "64K", "--vectors", "1")
            no_ids(server)
            server.stop()
            server.start()
            restarts(server)
            rights(server)
            many_segments(server)
        finally:
            if server.process and server.process.poll() is None:
                server.process.kill()
                server.process.wait()
            complaints = [line for line in server.said().splitlines() if "Sanitizer" in line or
                          "runtime error" in line]
            same("no sanitizer had anything to say", complaints, [])


if __name__ == "__main__":
    main()
