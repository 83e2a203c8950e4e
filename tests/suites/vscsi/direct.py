#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""direct.py LU DEVICE...: read one block of each, all submitted at once, LU first and then
last. The kernel keeps them in one plug until all are there."""
import ctypes
import mmap
import os
import sys

SETUP, GETEVENTS, SUBMIT = 206, 208, 209
libc = ctypes.CDLL(None, use_errno=True)


class Iocb(ctypes.Structure):  # pylint: disable=too-few-public-methods
    """struct iocb"""
    _fields_ = [("data", ctypes.c_uint64), ("key", ctypes.c_uint32), ("flags", ctypes.c_uint32),
                ("opcode", ctypes.c_uint16), ("prio", ctypes.c_int16), ("fd", ctypes.c_uint32),
                ("buf", ctypes.c_uint64), ("nbytes", ctypes.c_uint64),
                ("offset", ctypes.c_int64), ("reserved", ctypes.c_uint64),
                ("iflags", ctypes.c_uint32), ("resfd", ctypes.c_uint32)]


class Event(ctypes.Structure):  # pylint: disable=too-few-public-methods
    """struct io_event"""
    _fields_ = [("data", ctypes.c_uint64), ("obj", ctypes.c_uint64),
                ("res", ctypes.c_int64), ("res2", ctypes.c_int64)]


def call(*args):
    """A system call that must not fail."""
    ret = libc.syscall(*args)
    if ret < 0:
        sys.exit(f"direct.py: {os.strerror(ctypes.get_errno())}")
    return ret


def read_all(aio, fds, memory):
    """One block of each, in this order, too far apart to become one request."""
    n = len(fds)
    iocbs = (Iocb * n)()
    for i, fd in enumerate(fds):
        iocbs[i] = Iocb(fd=fd, buf=memory + 4096 * i, nbytes=4096, offset=65536 * i)
    pointers = (ctypes.c_void_p * n)(*(ctypes.addressof(one) for one in iocbs))
    if call(SUBMIT, aio, n, pointers) != n:
        sys.exit("direct.py: not all were taken")
    events = (Event * n)()
    call(GETEVENTS, aio, n, n, events, None)
    for event in events:
        if event.res != 4096:
            sys.exit(f"direct.py: read {event.res}")


def main():
    """Both orders, many times."""
    fds = [os.open(path, os.O_RDONLY | os.O_DIRECT) for path in sys.argv[1:]]
    memory = mmap.mmap(-1, 4096 * len(fds))
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    aio = ctypes.c_uint64()
    call(SETUP, len(fds), ctypes.byref(aio))
    for _ in range(50):
        read_all(aio, fds, address)
        read_all(aio, fds[::-1], address)


main()
