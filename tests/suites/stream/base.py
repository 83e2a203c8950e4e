# SPDX-License-Identifier: GPL-2.0
"""What the stream suite's programs have in common: the ends that lib.sh made, what
the kernel counts and says, and cases as lines for walks() of faults.sh."""
import contextlib
import glob
import mmap
import os
import subprocess
import sys
import threading
import time
import traceback
import uuid

import nl
import vsr

CLIENT = uuid.UUID("c1000000-0000-4000-8000-000000000001")
SERVER = uuid.UUID("50000000-0000-4000-8000-000000000001")
KEY = b"0123456789abcdef0123456789abcdef"
DIGESTS = vsr.HDGST | vsr.DDGST


def link(number, key=b""):
    """An adapter pair of lib.sh."""
    return vsr.Link(number, CLIENT, SERVER, key)


# --- cases ----------------------------------------------------------------------

def case(desc, what, *args, **kw):
    """Do it; how it went is a line, with the figures that it returns."""
    try:
        got = what(*args, **kw)
    except Exception as e:  # pylint: disable=broad-except
        where = traceback.extract_tb(e.__traceback__)
        line = next((f.lineno for f in where if f.filename == sys.argv[0]), 0)
        print("not", desc, f"{type(e).__name__}: {e} (line {line})".replace("\n", " "), sep="\t",
              flush=True)
        return False
    print("ok", f"{desc}: {got}" if isinstance(got, str) else desc, sep="\t", flush=True)
    return True


def run_cases(cases, prefix=""):
    """All cases (description, function, arguments, perhaps a dictionary of more), or those
    whose function, or a part of whose description, this program was told."""
    only = sys.argv[1:]
    for desc, what, *args in cases:
        if only and what.__name__ not in only and not any(o in desc for o in only):
            continue
        kw = args.pop() if args and isinstance(args[-1], dict) else {}
        case(prefix + desc, what, *args, **kw)


def expect(cond, what):
    """AssertionError that says what."""
    if not cond:
        raise AssertionError(what)


def raises(kind, what, *args, **kw):
    """The exception of that kind which it ends with."""
    try:
        got = what(*args, **kw)
    except kind as e:
        return e
    names = [k.__name__ for k in (kind if isinstance(kind, tuple) else (kind,))]
    raise AssertionError(f"no {' or '.join(names)}, but {got}")


def until(seconds, what, text):
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {text}")
        time.sleep(0.05)


# --- the kernel -----------------------------------------------------------------

_NL = []


def links_get(what="LINK_GET"):
    """All ends' attributes: {(name, side): {NAME: text}}."""
    if not _NL:
        _NL.append(nl.Netlink())
    _, lines, err = nl.request(_NL[0], ["-d", what])
    if err:
        raise OSError(err)
    found = [dict(w.split("=", 1) for w in line.split()) for line in lines]
    return {(words["NAME"], int(words["SIDE"])): words for words in found}


def link_get(name, side, what="LINK_GET"):
    """One end's attributes, or its adapter's (ADAPTER_GET)."""
    return links_get(what)[name, side]


class Counters:
    """How an end's counters have changed since."""
    NAMES = ("LOGINS", "REFUSED", "AUTH_FAILURES", "LOST", "DIGEST_ERRORS", "PROTOCOL_ERRORS")

    def __init__(self, name, side):
        self.name, self.side = name, side
        self.before = self.now()

    def now(self):
        """All of them."""
        got = link_get(self.name, self.side)
        return {n: int(got[n]) for n in self.NAMES}

    def __getattr__(self, name):
        return self.now()[name.upper()] - self.before[name.upper()]


class Log:
    """What the kernel said since."""

    def __init__(self):
        self.fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        os.lseek(self.fd, 0, os.SEEK_END)
        self.lines = []

    def read(self):
        """All lines so far."""
        while True:
            try:
                text = os.read(self.fd, 8192).decode(errors="replace")
            except BlockingIOError:
                return self.lines
            except BrokenPipeError:
                continue    # some were overwritten
            self.lines.append(text.split("\n")[0].split(";", 1)[-1])

    def having(self, *words):
        """Those with all the words."""
        return [line for line in self.read() if all(w in line for w in words)]

    def close(self):
        """No more."""
        os.close(self.fd)


# --- data ---------------------------------------------------------------------------

def direct(path, write=None, offset=0, length=0):
    """Read, or write, past the page cache."""
    length = length or len(write)
    buf = mmap.mmap(-1, length)
    fd = os.open(path, (os.O_RDONLY if write is None else os.O_RDWR) | os.O_DIRECT)
    try:
        if write is not None:
            buf[:] = write
            return os.pwritev(fd, [buf], offset)
        got = os.preadv(fd, [buf], offset)
        return bytes(buf[:got])
    finally:
        os.close(fd)


def pattern(seed, length):
    """Bytes that tell where they are from."""
    word = (seed * 2654435761 + 12345) & 0xffffffff
    return b"".join((word + i & 0xffffffff).to_bytes(4, "big") for i in range(length // 4))


# --- a client's end in the kernel ---------------------------------------------------

def vpart(*words):
    """The command; its output."""
    done = subprocess.run(("vpart",) + words, capture_output=True, text=True, check=False, timeout=60)
    expect(not done.returncode, f"vpart {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def host_of(pair):
    """Folder of the pair's SCSI host."""
    for path in glob.glob("/sys/class/scsi_host/host*/adapter"):
        with open(path, encoding="ascii") as f:
            if f.read().strip() == pair:
                return os.path.dirname(path)
    raise AssertionError(f"no SCSI host of {pair}")


def host_attr(pair, name):
    """An attribute of it."""
    with open(f"{host_of(pair)}/{name}", encoding="ascii") as f:
        return f.read().strip()


def disk_of(pair, seconds=60):
    """Its disk at LUN 0, when it has come."""
    found = []

    def look():
        found[:] = glob.glob(f"{host_of(pair)}/device/target*/*:*:*:0/block/*")
        try:
            os.close(os.open("/dev/" + os.path.basename(found[0]), os.O_RDONLY))
        except (IndexError, OSError):   # its name is there before it is
            return False
        return True
    until(seconds, look, f"a disk of {pair}")
    return "/dev/" + os.path.basename(found[0])


class Serving:
    """A server of vsr_server.py in a thread, for one session after the other."""

    def __init__(self, server, pair=None):
        self.server, self.pair = server, pair
        self.ended, self.stop, self.sess, self.sessions, self.since = [], False, None, 0, 0
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def loop(self):
        """Until it is told to stop; what ended each session is in self.ended."""
        while not self.stop:
            try:
                with self.server.session(0.3) as self.sess:
                    self.sessions += 1
                    self.since = time.monotonic()
                    self.sess.serve(3600, lambda: self.stop)
            except vsr.Late:
                pass
            except Exception as e:  # pylint: disable=broad-except
                self.ended.append(e)
            self.sess = None

    def close(self):
        """Stop."""
        self.stop = True
        self.thread.join(20)
        self.server.close()

    def wrongs(self):
        """What the client did that it may not."""
        return [str(e) for e in self.ended if isinstance(e, (vsr.Wrong, ValueError, TypeError,
                                                             AttributeError, KeyError))]


@contextlib.contextmanager
def connected(pair, number, server, *words, key="none", port=7400):
    """A client's end with that server; gone at the end."""
    serving = Serving(server)
    vpart("link", "add", pair, "client", "client1", "server", "vios1", "id", str(number), "connect",
          f"tcp:127.0.0.1:{port}", "key", key, *words)
    try:
        yield serving
    finally:
        vpart("link", "del", pair, "side", "client", "--force")
        serving.close()
    expect(not serving.wrongs(), "; ".join(serving.wrongs()))
