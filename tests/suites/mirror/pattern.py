#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""pattern.py write|check DEVICE SEED OFFSET_KIB KIB: blocks that tell seed and place."""
import hashlib
import mmap
import os
import sys

BLOCK = 4096
CHUNK = 256 * 1024


def chunk(seed, at, size):
    """The data for size bytes at offset at."""
    return b"".join(hashlib.shake_128(f"{seed} {at + i}".encode()).digest(64) * (BLOCK // 64)
                    for i in range(0, size, BLOCK))


def main():
    """Write or check."""
    op, path, seed = sys.argv[1:4]
    at, left = int(sys.argv[4]) * 1024, int(sys.argv[5]) * 1024
    fd = os.open(path, os.O_RDWR | os.O_DIRECT)
    buf = mmap.mmap(-1, CHUNK)
    while left:
        n = min(CHUNK, left)
        want = chunk(seed, at, n)
        if op == "write":
            buf[:n] = want
            os.pwritev(fd, [memoryview(buf)[:n]], at)
        else:
            os.preadv(fd, [memoryview(buf)[:n]], at)
            if buf[:n] != want:
                bad = next(i for i in range(0, n, BLOCK) if buf[i:i + BLOCK] != want[i:i + BLOCK])
                sys.exit(f"{path}: block at {at + bad} is not of seed {seed}")
        at += n
        left -= n
    os.close(fd)


main()
