#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""super.py get DEVICE FIELD          a field of the newest intact superblock
super.py set DEVICE FIELD=VALUE...  change both copies, with a right CRC
super.py bits DEVICE                how many bits of the bitmap are set
super.py bit DEVICE REGION          1 if the bit of a region is set
super.py newest DEVICE              which copy that is, 0 or 1"""
import os
import struct
import sys

BLOCK = 4096
FIELDS = {"version": ("<I", 8), "crc": ("<I", 12), "seq": ("<Q", 16), "incompat": ("<Q", 40),
          "set_uuid": ("16s", 48), "leg_uuid": ("16s", 64), "index": ("<I", 80),
          "flags": ("<I", 84), "data_sectors": ("<Q", 88), "bitmap_blocks": ("<I", 112),
          "region": ("<I", 116), "current": ("<Q", 128), "bitmap": ("<Q", 136)}


def crc32c(data):
    """CRC32C, bit by bit over a table."""
    table = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
        table.append(n)
    crc = 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xff]
    return crc ^ 0xffffffff


def crc_of(block):
    """The CRC a superblock should bear."""
    return crc32c(block[:12] + bytes(4) + block[16:])


def field(block, name):
    """A field's value."""
    fmt, at = FIELDS[name]
    return struct.unpack_from(fmt, block, at)[0]


def main():
    """As the text at the top says."""
    op, path = sys.argv[1:3]
    fd = os.open(path, os.O_RDWR | os.O_SYNC)
    copies = [bytearray(os.pread(fd, BLOCK, BLOCK * n)) for n in (1, 2)]
    good = [n for n in (0, 1) if copies[n][:8] == b"VMIRSUP\n" and
            field(copies[n], "crc") == crc_of(copies[n])]
    newest = max(good, key=lambda n: field(copies[n], "seq")) if good else None
    if op == "newest":
        print(newest)
    elif op == "get":
        value = field(copies[newest], sys.argv[3])
        print(value.hex() if isinstance(value, bytes) else value)
    elif op == "set":
        for n in good:
            for word in sys.argv[3:]:
                name, value = word.split("=")
                fmt, at = FIELDS[name]
                struct.pack_into(fmt, copies[n], at, bytes.fromhex(value) if "s" in fmt
                                 else int(value, 0))
            struct.pack_into("<I", copies[n], 12, crc_of(copies[n]))
            os.pwrite(fd, copies[n], BLOCK * (n + 1))
    elif op == "bits":
        count = field(copies[newest], "bitmap_blocks")
        print(sum(bin(int.from_bytes(os.pread(fd, BLOCK - 16, BLOCK * (16 + n) + 16), "little")).count("1")
                  for n in range(count)))
    elif op == "bit":
        block, at = divmod(int(sys.argv[3]), 8 * (BLOCK - 16))
        byte = os.pread(fd, 1, BLOCK * (16 + block) + 16 + at // 8)[0]
        print(byte >> at % 8 & 1)
    os.fsync(fd)


main()
