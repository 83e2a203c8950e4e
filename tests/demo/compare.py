#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""compare.py DISK DISK BYTES [NAME NAME]: are the data of a mirror's two legs equal?

Reads both disks past every cache, from where the superblock in block 1 says
that the data begins.
"""
import mmap
import os
import sys

BLOCK = 4096
CHUNK = 1 << 20
DATA_OFFSET_AT = 96  # of the field data_offset in struct vmirror_disk_super


def read(fd, buf, offset, size):
    """Fill the first bytes of buf, which is a page-aligned buffer."""
    view = memoryview(buf)[:size]
    if os.preadv(fd, [view], offset) != size:
        sys.exit(f"short read at {offset}")
    return view


def main():
    """Compare, count and say."""
    disks, size = sys.argv[1:3], int(sys.argv[3])
    names = sys.argv[4:6] or disks
    fds = [os.open(disk, os.O_RDONLY | os.O_DIRECT) for disk in disks]
    bufs = [mmap.mmap(-1, CHUNK) for _ in disks]
    start = []
    for fd, buf in zip(fds, bufs):
        head = read(fd, buf, BLOCK, BLOCK)
        if bytes(head[:8]) != b"VMIRSUP\n":
            sys.exit("no superblock")
        start.append(int.from_bytes(head[DATA_OFFSET_AT:DATA_OFFSET_AT + 8], "little") * 512)
    differ = 0
    for at in range(0, size, CHUNK):
        want = min(CHUNK, size - at)
        one, two = (read(fd, buf, s + at, want) for fd, buf, s in zip(fds, bufs, start))
        if one != two:
            differ += sum(one[i:i + BLOCK] != two[i:i + BLOCK] for i in range(0, want, BLOCK))
    blocks = size // BLOCK
    if differ:
        sys.exit(f"{differ} of {blocks} blocks of {names[0]} and {names[1]} differ")
    print(f"all {blocks} blocks of 4 KiB are equal on {names[0]} and {names[1]}, "
          "compared outside the file system")


main()
