#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""examples.py PROGRAM: the examples of clusterfs-format.rst are what the library writes.

And they are right: CRCs, magics, places and the fields that the tables name are read
here anew, from the text alone. Prints what is wrong, one line each; exit code 1 then.
"""
import os
import re
import struct
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TEXT = os.path.join(TOP, "Documentation/filesystems/clusterfs-format.rst")


def crc32c(data):
    """As the text has it, bit by bit."""
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def dumps(text, head):
    """{name: {offset: row}} of hex dumps."""
    found = {}
    for name, body in re.findall(head + r"\n*((?: {4}[0-9a-f]{4}  [0-9a-f ]+\n)+)", text):
        rows = [re.match(r" {4}([0-9a-f]{4})  (.*)", line).groups() for line in body.splitlines()]
        found[name] = {int(offset, 16): bytes.fromhex(row) for offset, row in rows}
    return found


def whole(rows, size):
    """All bytes."""
    data = bytearray(size)
    for offset, row in rows.items():
        data[offset:offset + 16] = row
    return bytes(data)


def table(text, title):
    """{field: (offset, size)} of the first table below a title."""
    body = text[text.index(f"\n{title}\n==="):].split("\noffset", 1)[1].split("\n\n", 1)[0]
    return {m[3]: (int(m[1]), int(m[2]))
            for m in re.finditer(r"^(\d+) +(\d+) +``(\w+)``", body, re.M)}


def field(data, where):
    """A number."""
    offset, size = where
    return int.from_bytes(data[offset:offset + size], "little")


def main():
    """Compare, then check."""
    with open(TEXT, encoding="utf-8") as f:
        text = f.read()
    written = dumps(subprocess.run([sys.argv[1]], check=True, stdout=subprocess.PIPE,
                                   text=True).stdout, r"(\w+)\n")
    shown = dumps(text, r"Example ``(\w+)``[^\n]*::\n")
    wrong = []
    if not written or set(written) != set(shown):
        wrong.append(f"the text has {sorted(shown)}, the library {sorted(written)}")
    for name in sorted(set(written) & set(shown)):
        if written[name] != shown[name]:
            wrong.append(f"{name} is not what the library writes")
    superblock = table(text, "Superblock")
    record = table(text, "Records")
    for name, rows in shown.items():
        data = whole(rows, 4096 if name == "superblock" else 512)
        fields = superblock if name == "superblock" else record
        at = fields["crc"][0]
        if field(data, fields["crc"]) != crc32c(data[:at] + bytes(4) + data[at + 4:]):
            wrong.append(f"{name} has a wrong CRC")
    sb = whole(shown["superblock"], 4096)
    if sb[:8] != b"CLUSFS1\n" or field(sb, superblock["nodes"]) != 2:
        wrong.append("the superblock is not that of the text")
    for name, kind, term, gen in (("claim", 1, 1, 0), ("confirm", 2, 1, 0), ("client", 4, 1, 1),
                                  ("confirm_snapshot", 2, 2, 1), ("client_snapshot", 4, 2, 1)):
        data = whole(shown[name], 512)
        got = tuple(field(data, record[f]) for f in ("magic", "tag", "type", "term", "gen", "node"))
        if got != (0x31524643, field(sb, superblock["tag"]), kind, term, gen, 1):
            wrong.append(f"{name} says {got}")
    # The places, computed as the text says.
    log, snap = field(sb, superblock["log_blocks"]), field(sb, superblock["snap_blocks"])
    area = field(sb, superblock["area_block"]) + log + 2 * snap
    for name, block in (("claim", field(sb, superblock["slot_block"]) + 2), ("confirm", area),
                        ("client", area + 1), ("confirm_snapshot", area + 2),
                        ("client_snapshot", area + log)):
        if field(whole(shown[name], 512), record["sector"]) != 8 * block:
            wrong.append(f"{name} is in another place")
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
