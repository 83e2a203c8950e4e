#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""gpt.py DEVICE GUID [START SECTORS GUID]...: write a GPT with these partitions.

The kernel has to be told then: blockdev --rereadpt DEVICE.
"""
import os
import struct
import sys
import uuid
import zlib

SECTOR, ENTRIES, ENTRY = 512, 128, 128
LINUX = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4").bytes_le
TABLE = ENTRIES * ENTRY // SECTOR


def header(guid, table, here, other, start, last):
    """One of both headers, with its sums."""
    def pack(crc):
        return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, crc, 0, here, other,
                           TABLE + 2, last - TABLE - 1, guid, start, ENTRIES, ENTRY,
                           zlib.crc32(table))
    return pack(zlib.crc32(pack(0))).ljust(SECTOR, b"\0")


def main():
    """Both copies, and the table that guards them from older programs."""
    device, guid, *parts = sys.argv[1:]
    guid = uuid.UUID(guid).bytes_le
    table = b""
    for start, sectors, part in zip(parts[::3], parts[1::3], parts[2::3]):
        table += struct.pack("<16s16sQQQ72s", LINUX, uuid.UUID(part).bytes_le, int(start),
                             int(start) + int(sectors) - 1, 0, b"")
    table = table.ljust(ENTRIES * ENTRY, b"\0")
    with open(device, "r+b", buffering=0) as f:
        last = f.seek(0, os.SEEK_END) // SECTOR - 1
        guard = struct.pack("<446xB3sB3sII48xH", 0, b"\0\2\0", 0xee, b"\xff" * 3, 1, last, 0xaa55)
        f.seek(0)
        f.write(guard + header(guid, table, 1, last, 2, last) + table)
        f.seek((last - TABLE) * SECTOR)
        f.write(table + header(guid, table, last, 1, last - TABLE, last))
        os.fsync(f.fileno())


if __name__ == "__main__":
    main()
