# SPDX-License-Identifier: GPL-2.0
"""Fail each memory allocation of an operation in turn.

A walk does an operation again and again; the first time its first allocation
fails, then its second, until it needs no more. Each failure must come out with
an errno that says so, and the next round is the second try that must work.

Who fails (mode):
	"one"		one allocation of this task
	"burst"		that one and the next few, as when memory is really short:
			kvmalloc() fails in no other way
	"workers"	one allocation of each kernel worker, for what runs there
	"workers burst"	that one and the next few of whatever worker

Prints lines "ok TAB DESCRIPTION" and "not TAB DESCRIPTION TAB WHY" for
walks() of faults.sh.
"""
import contextlib
import ctypes
import errno
import fcntl
import os
import random
import struct
import time

DEBUGFS = "/sys/kernel/debug"
TRACING = "/sys/kernel/tracing"
BURST = 8
LIMIT = 1500    # allocations of a walk
# A whole check takes one allocation of each so many, beginning anywhere.
STEP = int(os.environ.get("WALK_STEP", "1"))
# What may come of a lack of memory. EAGAIN: netlink, configfs and LIO say so.
SHORT = {errno.ENOMEM, errno.ENOBUFS, errno.EAGAIN, errno.ENOSPC}


def put(path, text):
    """Write to a file of the kernel's, in one piece."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def get(path):
    """What a file of the kernel's says."""
    with open(path, encoding="utf-8") as f:
        return f.read().strip()


def wait_for(cond, seconds=60):
    """Until cond() is true; False if it never is."""
    end = time.monotonic() + seconds
    while not cond():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Injector:
    """Arms the failure of an allocation, here or in the kernel's workers."""

    def __init__(self):
        for what in ("failslab", "fail_page_alloc"):
            put(f"{DEBUGFS}/{what}/ignore-gfp-wait", "N")
            put(f"{DEBUGFS}/{what}/verbose", "0")
            put(f"{DEBUGFS}/{what}/task-filter", "Y")
        put(f"{DEBUGFS}/fail_page_alloc/min-order", "0")
        put(f"{DEBUGFS}/failslab/probability", "100")
        self.times = os.open(f"{DEBUGFS}/failslab/times", os.O_WRONLY)
        self.nth = os.open("/proc/thread-self/fail-nth", os.O_RDWR)
        self.make = os.open("/proc/thread-self/make-it-fail", os.O_WRONLY)
        self.workers = {}   # PID: its fail-nth and its make-it-fail

    def _find_workers(self):
        for pid in os.listdir("/proc"):
            if not pid.isdigit() or pid in self.workers:
                continue
            try:
                if get(f"/proc/{pid}/comm").startswith("kworker"):
                    nth = os.open(f"/proc/{pid}/fail-nth", os.O_RDWR)
                    make = os.open(f"/proc/{pid}/make-it-fail", os.O_WRONLY)
                    self.workers[pid] = nth, make
            except OSError:
                continue    # it has ended

    def _each_worker(self, what):
        for pid, fds in list(self.workers.items()):
            try:
                yield what(*fds)
            except OSError:
                for fd in fds:
                    os.close(fd)
                del self.workers[pid]

    def _arm_workers(self, text, burst):
        def arm(nth, make):
            os.write(nth, text)
            if burst:
                os.write(make, b"1")
        self._find_workers()
        if burst:
            os.write(self.times, str(BURST).encode())
        list(self._each_worker(arm))

    def arm(self, mode, n):
        """Allocation n from here on fails."""
        text = str(n).encode()
        if mode.startswith("workers"):
            self._arm_workers(text, mode.endswith("burst"))
            return
        if mode == "burst":
            os.write(self.times, str(BURST).encode())
            os.write(self.make, b"1")
        os.write(self.nth, text)

    def left(self):
        """How far this task is from its failure."""
        return int(os.pread(self.nth, 16, 0))

    def disarm(self, mode):
        """None fails any more. True if one did."""
        if mode.startswith("workers"):
            # First the burst: who has failed once would go on.
            list(self._each_worker(lambda nth, make: os.write(make, b"0")))
            left = list(self._each_worker(lambda nth, make: os.pread(nth, 16, 0)))
            list(self._each_worker(lambda nth, make: os.write(nth, b"0")))
            return any(int(text) == 0 for text in left)
        left = self.left()
        os.write(self.nth, b"0")
        os.write(self.make, b"0")
        return left == 0


@contextlib.contextmanager
def marked():
    """Fail allocations of the slab cache alone that slub_debug=A,CACHE names at boot."""
    injector()
    put(f"{DEBUGFS}/failslab/cache-filter", "Y")
    put(f"{DEBUGFS}/fail_page_alloc/min-order", "9")
    try:
        yield
    finally:
        put(f"{DEBUGFS}/fail_page_alloc/min-order", "0")
        put(f"{DEBUGFS}/failslab/cache-filter", "N")


INJECTOR = None


def injector():
    """The only one."""
    global INJECTOR     # pylint: disable=global-statement
    INJECTOR = INJECTOR or Injector()
    return INJECTOR


class Wrong(Exception):
    """What should not have come of a failure."""


def _round(mode, n, act, errors):
    """One try: (whether an allocation failed, the errno or 0)."""
    inj = injector()
    err = 0
    inj.arm(mode, n)
    try:
        act()
    except OSError as e:
        err = e.errno
    finally:
        hit = inj.disarm(mode)
    if err and not hit:
        raise Wrong(f"fails by itself: {os.strerror(err)}")
    if err and err not in errors:
        raise Wrong(f"allocation {n} fails, and it says {os.strerror(err)}")
    return hit, err


def walk(desc, act, undo=None, mode="one", errors=(), then=None, upto=None):
    """Fail allocation 1, 2, ... of act() until it needs no more.

    undo() takes back what a successful act() did. then(failed) must be true
    after each try, with failed saying whether act() was refused. What follows
    allocation number upto is another's business and not tried.
    """
    errors = SHORT | set(errors)
    refused, n = 0, 0
    start = time.monotonic()
    try:
        for n in range(random.randint(1, STEP), (upto or LIMIT) + 1, STEP):
            hit, err = _round(mode, n, act, errors)
            refused += err != 0
            if then and not then(err != 0):
                raise Wrong(f"allocation {n} ({os.strerror(err)}): not as it should be after it")
            if not err and undo:
                undo()
            if not hit and not err:
                n -= 1
                break
        else:
            if not upto:
                raise Wrong("no end")
    except (Wrong, OSError, AssertionError) as e:
        print("not", desc, f"allocation {n}, {mode}: {e}", sep="\t", flush=True)
        return False
    spent = time.monotonic() - start
    each = f", one in {STEP}" if STEP > 1 else ""
    print("ok", f"{desc} ({mode}: {n} allocations{each}, {refused} refusals, {spent:.0f} s)",
          sep="\t", flush=True)
    return True


def check(desc, good, why=""):
    """A test that is no walk."""
    print("ok" if good else "not", desc, *([] if good else [why]), sep="\t", flush=True)
    return good


# --- modules ------------------------------------------------------------------

LIBC = ctypes.CDLL(None, use_errno=True)
FINIT_MODULE, DELETE_MODULE = 313, 176


def _called(ret):
    if ret < 0:
        err = ctypes.get_errno()
        raise OSError(err, os.strerror(err))


def insmod(name):
    """Load one of our modules."""
    load(open_module(name))


def open_module(name, twin=False):
    """Its file, in memory: the share it comes from takes no failure well. twin: it calls
    itself and what belongs to it by another name, so that it can be loaded beside it."""
    fd = os.memfd_create(name)
    with open(f"/modules/{name}.ko", "rb") as f:
        data = f.read()
    own = name.replace("-", "_").encode()
    os.write(fd, data.replace(own + b"\0", own[:-1] + b"2\0") if twin else data)
    return os.open(f"/proc/self/fd/{fd}", os.O_RDONLY)


def load(fd):
    """Load a module's file."""
    _called(LIBC.syscall(FINIT_MODULE, fd, b"", 0))


def rmmod(name):
    """Unload it."""
    _called(LIBC.syscall(DELETE_MODULE, name.replace("-", "_").encode(), os.O_NONBLOCK))


def walk_load(desc, name, mode="burst"):
    """Walk a module's init, from its end back to where the loader's part begins."""
    inj, refused, n, total = injector(), 0, 0, 1 << 20
    fd = open_module(name)
    if not os.path.ismount(TRACING):
        LIBC.mount(b"none", TRACING.encode(), b"tracefs", 0, None)
    put(f"{TRACING}/events/initcall/initcall_start/enable", "1")
    try:
        inj.arm(mode, total)
        load(fd)
        total -= inj.left()
        inj.disarm(mode)
        rmmod(name)
        for n in range(total, 0, -1):
            with open(f"{TRACING}/trace", "w", encoding="utf-8"):
                pass    # emptied
            err = _round(mode, n, lambda: load(fd), SHORT)[1]
            if "initcall_start" not in get(f"{TRACING}/trace").splitlines()[-1]:
                break
            refused += err != 0
            if not err:
                rmmod(name)
        load(fd)
        rmmod(name)
    except (Wrong, OSError) as e:
        return check(desc, False, f"allocation {n}, {mode}: {e}")
    finally:
        put(f"{TRACING}/events/initcall/initcall_start/enable", "0")
        os.close(fd)
    return check(f"{desc} ({mode}: {total - n} allocations, {refused} refusals)", refused > 0,
                 "nothing was refused")


# --- device mapper, without a process for each step ---------------------------

DM_CREATE, DM_REMOVE, DM_SUSPEND, DM_LOAD, DM_CLEAR = 3, 4, 6, 9, 10
DM_STATUS, DM_MESSAGE = 12, 14
DM_F_SUSPEND, DM_F_TABLE, DM_F_SKIP_LOCKFS, DM_F_NOFLUSH = 2, 16, 1 << 10, 1 << 11
DM_HEADER, DM_SIZE = 312, 16384


class Dm:
    """A mapped device, made and unmade by single ioctls."""

    def __init__(self, name):
        self.name = name.encode()
        self.dev = 0
        self.control = os.open("/dev/mapper/control", os.O_RDWR)

    def ioctl(self, cmd, flags=0, data=b"", targets=0):
        """One ioctl; returns what it filled in behind the header."""
        head = struct.pack("=IIIIIIiIII Q", 4, 0, 0, DM_SIZE, DM_HEADER, targets, 0, flags, 0, 0,
                           0)
        buf = bytearray(DM_SIZE)
        buf[:len(head)] = head
        buf[len(head):len(head) + len(self.name)] = self.name
        buf[DM_HEADER:DM_HEADER + len(data)] = data
        fcntl.ioctl(self.control, 3 << 30 | DM_HEADER << 16 | 0xfd << 8 | cmd, buf, True)
        self.dev = struct.unpack_from("=Q", buf, 40)[0]
        start = struct.unpack_from("=I", buf, 16)[0]
        return bytes(buf[start:])

    def create(self):
        """Make it, without a table."""
        self.ioctl(DM_CREATE)

    def remove(self):
        """And take it away."""
        self.ioctl(DM_REMOVE)

    def load(self, table):
        """Load "START LENGTH TYPE PARAMETERS" as the inactive table."""
        start, length, kind, params = table.split(" ", 3)
        text = params.encode() + b"\0"
        text += bytes(-len(text) % 8)
        spec = struct.pack("=QQiI16s", int(start), int(length), 0, 40 + len(text), kind.encode())
        self.ioctl(DM_LOAD, data=spec + text, targets=1)

    def clear(self):
        """Drop the inactive table."""
        self.ioctl(DM_CLEAR)

    def suspend(self, flags=0):
        """Stop it."""
        self.ioctl(DM_SUSPEND, DM_F_SUSPEND | flags)

    def resume(self):
        """Swap tables and go on."""
        self.ioctl(DM_SUSPEND)

    def message(self, *words):
        """A message to the target; its answer."""
        data = struct.pack("=Q", 0) + " ".join(words).encode() + b"\0"
        return self.ioctl(DM_MESSAGE, data=data).split(b"\0")[0].decode()

    def status(self, flags=0):
        """The target's status line."""
        return self.ioctl(DM_STATUS, flags)[40:].split(b"\0")[0].decode()

    def node(self):
        """Its device file."""
        self.ioctl(DM_STATUS)
        return f"/dev/dm-{os.minor(self.dev)}"
