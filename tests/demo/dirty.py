#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""dirty.py DISK DISK: bytes that either leg of a mirror calls dirty.

Read from the disks' own bitmaps, while no mirror runs on them.
"""
import struct
import sys

BLOCK = 4096
HEADER = 16     # of a block of the bitmap
SIZES_AT = 104  # bitmap_offset, bitmap_blocks, region_sectors of the superblock


def bits(name):
    """The bitmap of a leg as one number, and the bytes of a region."""
    with open(name, "rb") as disk:
        disk.seek(BLOCK)
        block = disk.read(BLOCK)
        if block[:8] != b"VMIRSUP\n":
            sys.exit(f"{name}: no superblock")
        at, blocks, region = struct.unpack_from("<QII", block, SIZES_AT)
        disk.seek(at * 512)
        data = b"".join(disk.read(BLOCK)[HEADER:] for _ in range(blocks))
    return int.from_bytes(data, "little"), region * 512


def main():
    """One number."""
    (one, region), (two, _) = map(bits, sys.argv[1:3])
    print(bin(one | two).count("1") * region)


main()
