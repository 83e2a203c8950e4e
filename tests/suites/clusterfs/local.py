#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""local.py FILE GENERATION: the local copy of a node says that the repository was of another
generation, with a right checksum.
local.py FILE GENERATION TERM COMMIT UUID CLUSTER NODE: one is made, without objects."""
import struct
import sys
import uuid

from crc32c import crc32c

if len(sys.argv) > 3:
    with open(sys.argv[1], "wb") as f:
        f.write(struct.pack("<8s4I8Q16s64s64s280x", b"VPCOPY1\n", 1, 0, 0, 0, 0,
                            *map(int, sys.argv[3:5]), 0, 0, 0, 0, 0, uuid.UUID(sys.argv[5]).bytes,
                            sys.argv[6].encode(), sys.argv[7].encode()))
with open(sys.argv[1], "r+b") as f:
    data = bytearray(f.read())
    data[24:32] = int(sys.argv[2]).to_bytes(8, "little")
    data[12:16] = bytes(4)
    data[12:16] = crc32c(bytes(data)).to_bytes(4, "little")
    f.seek(0)
    f.write(data)
