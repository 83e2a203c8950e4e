#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""netlink_fuzz.py SECONDS SEED: requests of the family "clusterfs" that are well-formed,
nearly so, and not at all. Each is answered, and each refusal has a sentence, but for what
the kernel's netlink refuses before the family sees it.

Exit code 0 if so; the last line counts what was sent.
"""
import collections
import errno
import importlib.util
import random
import re
import socket
import struct
import sys
import time

SPEC = importlib.util.spec_from_file_location("cnl", "/src/tests/suites/clusterfs/nl.py")
cnl = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(cnl)
nl = cnl.nl

NAMES = ["n1", "n2", "n3", "lab", "web", "db", "disk", "", "x" * 63, "x" * 64, "x" * 300, "a b",
         "\x01", "../..", "%s%n"]
NUMBERS = [0, 1, 2, 3, 7, 511, 512, 4096, 1 << 20, (1 << 31) - 1, (1 << 32) - 1, (1 << 63), (1 << 64) - 1]
OFTEN = ["CLUSTER", "MOUNT", "ID", "NAME", "CLIENT", "LU", "LUN", "NODE", "SECTORS", "SEQ", "ADAPTER"]
# A verdict in which all is right would end a node of this kernel; its life is not in the pool.
QUORUM, MOUNT = cnl.CMDS["QUORUM_SET"], cnl.ATTRS["MOUNT"]
# Refused by the core, without a word: no such command, or one that is not for dumps; no room.
SILENT = (errno.EOPNOTSUPP, errno.ENOBUFS)


def value(rng, kind):
    """What an attribute of a kind may hold, mostly."""
    if rng.random() < 0.1:
        return rng.randbytes(rng.choice((0, 1, 3, 4, 7, 8, 16, 17, 64, 300)))
    if kind == "string":
        return rng.choice(NAMES).encode() + b"\0"
    if kind == "u64":
        return struct.pack("=Q", rng.choice(NUMBERS))
    if kind == "binary":
        return rng.choice((rng.randbytes(16), bytes(16)))
    if kind == "nest":
        return b"".join(nl.attr(n, value(rng, cnl.KINDS["A_LEG_" + name]))
                        for name, n in cnl.LEG.items() if rng.random() < 0.7)
    return struct.pack("=I", rng.choice(NUMBERS) & 0xFFFFFFFF)


def takes():
    """What each command takes, as the spec says: by its number."""
    with open("/src/Documentation/netlink/specs/clusterfs.yaml", encoding="utf-8") as f:
        text = re.split("^(?:operations|mcast-groups):", f.read(), flags=re.M)[1]
    out = {}
    for name, body in re.findall(r"^      name: (\S+)\n(.*?)(?=^    -$|\Z)", text, re.M | re.S):
        number = cnl.CMDS[name.upper().replace("-", "_")]
        found = re.search(r"attributes: \[([^]]*)\]", body)
        out[number] = found[1].upper().replace("-", "_").split(", ") if found else []
    return out


TAKES = takes()


def attributes(rng, cmd):
    """Some attributes, half of the time of those that it takes; the mount's name nearly always."""
    if rng.random() < 0.5:
        names = [n for n in TAKES.get(cmd, ()) if n != "CLUSTER" and rng.random() < 0.7]
    else:
        names = [n for n in cnl.ATTRS if rng.random() < (0.35 if n in OFTEN else 0.04)]
    out = b""
    if rng.random() < 0.9:
        out += nl.attr(MOUNT, rng.choice((b"n1\0", b"n2\0")))
        names = [n for n in names if n != "MOUNT" or rng.random() < 0.1]
    for name in names:
        number = cnl.ATTRS[name]
        if cnl.KINDS["A_" + name] == "nest" and rng.random() < 0.8:
            number |= 0x8000
        out += nl.attr(number, value(rng, cnl.KINDS["A_" + name]))
    return out


def damaged(rng, data):
    """Bytes changed, cut or added."""
    data = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(data) + 1)
        what = rng.randrange(3)
        if what == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif what == 1:
            del data[at:at + rng.choice((1, 4, 8))]
        else:
            data[at:at] = rng.randbytes(rng.choice((1, 4, 8)))
    return bytes(data)


class Fuzz:
    """One run."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.s = nl.Netlink()
        self.count = collections.Counter()
        self.speechless = {}
        # A listener that never reads, with next to no room.
        self.deaf = nl.Netlink()
        self.deaf.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self.deaf.s.setsockopt(nl.SOL_NETLINK, 1, self.deaf.group)

    def one(self, cmd, data, flags):
        """A request and its answer."""
        try:
            self.s.ask(self.s.family, cmd, data, flags, [])
            self.count["done"] += 1
        except nl.Refused as e:
            self.count["refused"] += 1
            if e.errno not in SILENT and str(e).endswith(": "):
                self.speechless[(cmd, e.errno)] = data.hex()
        except nl.Lost:
            self.count["lost"] += 1

    def step(self):
        """One of any kind."""
        rng = self.rng
        cmd = rng.randrange(0, max(cnl.CMDS.values()) + 3)
        data = attributes(rng, cmd)
        if rng.random() < 0.3:
            data = damaged(rng, data)
        self.one(cmd, data, nl.DUMP if rng.random() < 0.2 else nl.ACK)
        if cmd == QUORUM:
            # What was said of quorum is no reason to refuse all the rest.
            for mount in ("n1", "n2"):
                self.s.ask(self.s.family, QUORUM, b"".join(
                    cnl.encode(cnl.ATTRS, w)
                    for w in ("MOUNT=" + mount, "QUORATE=1", "LEASE_MS=60000")))


def main():
    """Until the time is over."""
    end = time.monotonic() + int(sys.argv[1])
    fuzz = Fuzz(int(sys.argv[2]))
    while time.monotonic() < end:
        fuzz.step()
    for (cmd, err), data in fuzz.speechless.items():
        print(f"command {cmd}, error {err}: no sentence for {data}")
    print("#", *(f"{n} {what}" for what, n in fuzz.count.items()))
    return 1 if fuzz.speechless or not fuzz.count["done"] or not fuzz.count["refused"] else 0


if __name__ == "__main__":
    sys.exit(main())
