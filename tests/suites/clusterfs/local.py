#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""local.py FILE GENERATION: the local copy of a node says that the repository was of another
generation, with a right checksum."""
import sys

from crc32c import crc32c

with open(sys.argv[1], "r+b") as f:
    data = bytearray(f.read())
    data[24:32] = int(sys.argv[2]).to_bytes(8, "little")
    data[12:16] = bytes(4)
    data[12:16] = crc32c(bytes(data)).to_bytes(4, "little")
    f.seek(0)
    f.write(data)
