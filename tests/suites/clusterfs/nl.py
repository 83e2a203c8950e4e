#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""nl.py: raw generic netlink for the family "clusterfs": usage and output as those of
tests/suites/vpart/nl.py. A number goes as the header says, u32 or u64; u32:NUMBER and
u64:NUMBER otherwise. LEG=NODE:N,UUID:UUID[,STATE:N] is a nest."""
import collections
import importlib.util
import re
import struct
import sys
import uuid

SPEC = importlib.util.spec_from_file_location("vpart_nl", "/src/tests/suites/vpart/nl.py")
nl = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(nl)
HEADER = "/src/include/uapi/linux/clusterfs_netlink.h"


def header():
    """Commands, attributes and attributes of a leg by number; kinds of the attributes."""
    with open(HEADER, encoding="utf-8") as f:
        text = f.read()
    sets, kinds = [], {}
    for body in re.findall(r"enum \{(.*?)\}", text, re.S):
        prefix = re.search(r"__CLUSTERFS_((?:CMD|A_LEG|A)_)MAX", body)[1]
        rows = re.findall(rf"^\tCLUSTERFS_{prefix}(\w+)(?: = 1)?,[ \t]*(?:/\* (\w+))?", body, re.M)
        sets.append({name: i + 1 for i, (name, _) in enumerate(rows)})
        kinds.update({prefix + name: kind for name, kind in rows})
    return sets[2], sets[0], sets[1], kinds


CMDS, ATTRS, LEG, KINDS = header()
plain_encode, plain_show = nl.encode, nl.show


def encode(names, word):
    """ATTR=VALUE as an attribute."""
    key, value = word.split("=", 1)
    if key == "LEG" and ":" in value:
        data = b"".join(leg(*part.split(":", 1)) for part in value.split(","))
        return nl.attr(ATTRS["LEG"] | 0x8000, data)
    if value.startswith("u32:"):
        value = value[4:]
    elif value.isdigit() and KINDS.get("A_" + key) == "u64":
        value = "u64:" + value
    return plain_encode(names, f"{key}={value}")


def leg(key, value):
    """An attribute of a leg."""
    data = uuid.UUID(value).bytes if key == "UUID" else struct.pack("=I", int(value))
    return nl.attr(LEG[key], data)


def show(names, data):
    """The attributes of a message as words, its legs as LEG=NODE/UUID/STATE."""
    legs, rest, off = [], b"", 0
    while off + 4 <= len(data):
        size, kind = struct.unpack_from("=HH", data, off)
        one = data[off:off + ((size + 3) & ~3)]
        if kind & 0x3FFF == ATTRS["LEG"]:
            has = nl.parse(data[off + 4:off + size])
            node = struct.unpack("=I", has[1])[0] if 1 in has else "none"
            state = struct.unpack("=I", has[3])[0]
            legs.append(f"LEG={node}/{uuid.UUID(bytes=has[2])}/{state}")
        else:
            rest += one
        off += len(one)
    return " ".join([plain_show(names, rest)] + legs)


nl.CMDS = CMDS
nl.SETS = collections.defaultdict(lambda: ATTRS)
nl.STRINGS = {n for n in ATTRS if KINDS["A_" + n] == "string"}
nl.UUIDS = {n for n in ATTRS if KINDS["A_" + n] == "binary"} - {"TID"}
nl.encode, nl.show = encode, show
nl.Netlink.FAMILY = b"clusterfs\0"
# A change is answered when it is done: it may wait for locks and disks before.
nl.Netlink.LIMIT = 120

if __name__ == "__main__":
    sys.exit(nl.main())
