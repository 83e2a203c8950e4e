#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""nl.py: raw generic netlink for the family "vpart", well-formed or not.

	nl.py COMMAND [ATTR=VALUE...]	one request; prints the answer's attributes
	nl.py -d COMMAND [ATTR=VALUE...]	a dump; one line per message
	nl.py -b			one request per line of stdin; answers with
					lines "o OUTPUT", "e ERROR", last "x EXITCODE"
	nl.py -r			lines "DESCRIPTION # REGEX # REQUEST" from stdin:
					says whether each is refused with such a sentence
	nl.py -l SECONDS [-q BYTES]	listen to events, print them; -q is the
					receive buffer

ATTR is a name of the header without its prefix (NAME, CLIENT_SLOT) or a number.
VALUE is a number (u32), u64:NUMBER, hex:BYTES, uuid:UUID, else a string.
Exit code: 0; 1 and "errno: sentence (at byte N)" on stderr if refused; 2 if the
answer was lost.
"""
import errno
import os
import re
import socket
import struct
import sys
import time
import uuid

HEADER = "/src/include/uapi/linux/vpart.h"
NETLINK_GENERIC, SOL_NETLINK = 16, 270
CAP_ACK, EXT_ACK, STRICT = 10, 11, 12
ERROR, DONE = 2, 3
REQUEST, MULTI, ACK, DUMP, INTR = 1, 2, 4, 0x300, 0x10
CTRL, GETFAMILY = 16, 3


def header():
    """({command: number}, {set: {name: number}}) of the header."""
    with open(HEADER, encoding="utf-8") as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    cmds, sets = {}, {}
    for body in re.findall(r"enum\s*\{(.*?)\}", text, re.S):
        names = re.findall(r"^\s*(VPART_\w+)", body, re.M)
        for i, name in enumerate(n for n in names if not n.endswith("_MAX")):
            m = re.match(r"VPART_(CMD|A_([A-Z]+))_(\w+)", name)
            if m[1] == "CMD":
                cmds[m[3]] = i + 1
            else:
                sets.setdefault(m[2], {})[m[3]] = i + 1
    return cmds, sets


CMDS, SETS = header()
STRINGS = {"NAME", "NODE", "PARTNER", "CLIENT", "SERVER", "FABRIC", "DETAIL",
           "ADDRESS", "KEY", "PROBLEM", "PEER", "PARENT"}
UUIDS = {"UUID", "BOOT", "BOOT_ID"}


def attr(kind, data):
    """One attribute, padded."""
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def parse(data):
    """{number: bytes} of attributes."""
    out, off = {}, 0
    while off + 4 <= len(data):
        size, kind = struct.unpack_from("=HH", data, off)
        if size < 4:
            break
        out[kind & 0x3FFF] = data[off + 4:off + size]
        off += (size + 3) & ~3
    return out


def encode(names, word):
    """ATTR=VALUE as an attribute."""
    key, value = word.split("=", 1)
    kind = int(key) if key.isdigit() else names[key]
    if value.isdigit():
        data = struct.pack("=I", int(value))
    elif value.startswith("u64:"):
        data = struct.pack("=Q", int(value[4:]))
    elif value.startswith("hex:"):
        data = bytes.fromhex(value[4:])
    elif value.startswith("uuid:"):
        data = uuid.UUID(value[5:]).bytes
    else:
        data = value.encode() + b"\0"
    return attr(kind, data)


def show(names, data):
    """The attributes of a message, as words."""
    words, by_number = [], {v: k for k, v in names.items()}
    for kind, value in parse(data).items():
        name = by_number.get(kind, str(kind))
        if name in UUIDS:
            text = str(uuid.UUID(bytes=value))
        elif name == "CDB":
            text = value.hex()
        elif name in STRINGS:
            text = value.rstrip(b"\0").decode().replace(" ", "_")
        else:
            text = ",".join(str(n) for n in
                            struct.unpack("=I" if len(value) == 4 else f"={len(value) // 8}Q",
                                          value))
        words.append(f"{name}={text}")
    return " ".join(words)


class Refused(Exception):
    """The kernel said no."""

    def __init__(self, err, text):
        super().__init__(f"{os.strerror(err)}: {text}")
        self.errno = err


class Lost(Exception):
    """The answer could not be queued: nobody knows what was done."""


class Netlink:
    """A socket of the family."""

    FAMILY = b"vpart\0"
    LIMIT = 30  # seconds for an answer

    def __init__(self):
        self.s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.s.setsockopt(SOL_NETLINK, CAP_ACK, 1)
        self.s.setsockopt(SOL_NETLINK, EXT_ACK, 1)
        self.s.setsockopt(SOL_NETLINK, STRICT, 1)
        self.s.settimeout(self.LIMIT)
        self.s.bind((0, 0))
        self.seq = 0
        found = parse(self.ask(CTRL, GETFAMILY, attr(2, self.FAMILY))[0])
        self.family = struct.unpack("=H", found[1])[0]
        groups = parse(found[7])
        self.group = struct.unpack("=I", parse(groups[1])[2])[0]

    def send(self, family, cmd, attrs, flags):
        """Send a request."""
        self.seq += 1
        payload = struct.pack("=BBH", cmd, 1, 0) + attrs
        self.s.send(struct.pack("=IHHII", 16 + len(payload), family, flags, self.seq, 0) + payload)

    def receive(self):
        """The messages of one datagram: (type, flags, sequence number, payload)."""
        try:
            data = self.s.recv(1 << 16)
        except OSError as e:
            if e.errno != errno.ENOBUFS:
                raise
            raise Lost(e.strerror) from e
        while len(data) >= 16:
            size, kind, flags, seq = struct.unpack_from("=IHHI", data)
            yield kind, flags, seq, data[16:size]
            data = data[(size + 3) & ~3:]

    def ask(self, family, cmd, attrs=b"", flags=ACK, notes=None):
        """The payloads of the answer; what else there is to say into notes."""
        out = []
        try:
            self.send(family, cmd, attrs, REQUEST | flags)
        except OSError as e:
            raise Refused(e.errno, "not sent") from e
        while True:
            for kind, mflags, seq, payload in self.receive():
                if seq != self.seq:
                    continue  # of a request whose answer was lost
                if mflags & INTR:
                    notes.append("interrupted")
                if kind == ERROR or kind == DONE:
                    err = struct.unpack_from("=i", payload)[0]
                    if err:
                        raise Refused(-err, self.sentence(kind, payload, mflags))
                    return out
                out.append(payload[4:])

    @staticmethod
    def sentence(kind, payload, mflags):
        """What the extended acknowledgement says."""
        off = 4 if kind == DONE else 20
        if kind == ERROR and not mflags & 0x100:
            off += struct.unpack_from("=I", payload, 4)[0] - 16
        tlvs = parse(payload[off:]) if mflags & 0x200 else {}
        text = tlvs.get(1, b"").rstrip(b"\0").decode()
        if 2 in tlvs:
            text += f" (at byte {struct.unpack('=I', tlvs[2])[0]})"
        return text


def listen(nl, seconds, size):
    """Print events as they come."""
    if size:
        nl.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    nl.s.setsockopt(SOL_NETLINK, 1, nl.group)
    print("listening", flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        nl.s.settimeout(max(0.01, end - time.monotonic()))
        try:
            for _, _, _, payload in nl.receive():
                print(show(SETS["EVENT"], payload[4:]), flush=True)
        except socket.timeout:
            break
        except Lost as e:
            print(f"error {e}", flush=True)


def request(nl, args):
    """One request: (exit code, output lines, error line)."""
    flags, out = ACK, []
    if args[0] == "-d":
        flags, args = DUMP, args[1:]
    number = int(args[0]) if args[0].isdigit() else CMDS[args[0]]
    names = SETS[args[0].split("_")[0]] if not args[0].isdigit() else {}
    try:
        for payload in nl.ask(nl.family, number, b"".join(encode(names, w) for w in args[1:]),
                              flags, out):
            out.append(show(names, payload))
    except Refused as e:
        return 1, out, str(e)
    except Lost as e:
        return 2, out, str(e)
    return 0, out, None


def batch(nl):
    """Requests from stdin: an interpreter for each would take too long."""
    for line in sys.stdin:
        code, out, err = request(nl, line.split())
        for text in out:
            print("o", text)
        if err:
            print("e", err)
        print("x", code, flush=True)


def refusals(nl):
    """Requests from stdin that must be refused: "ok" or "not", TAB, description."""
    for line in sys.stdin:
        desc, regex, words = (w.strip() for w in line.split(" # "))
        code, _, err = request(nl, words.split())
        if code and re.search(regex, err):
            print("ok", desc, sep="\t")
        else:
            print("not", desc, f"{words}: exit {code}, {err}, not /{regex}/", sep="\t")


def main():
    """The command line above."""
    args = sys.argv[1:]
    nl = Netlink()
    if args[0] == "-b":
        batch(nl)
        return 0
    if args[0] == "-r":
        refusals(nl)
        return 0
    if args[0] == "-l":
        listen(nl, float(args[1]), int(args[3]) if args[2:3] == ["-q"] else 0)
        return 0
    code, out, err = request(nl, args)
    print(*out, sep="\n", end="\n" if out else "")
    if err:
        print(err, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
