# SPDX-License-Identifier: GPL-2.0
"""The wire protocol of Documentation/protocol/wire.rst, a second time.

Written from the text alone, so that what understands this and the kernel
understands the text. What the other end sends is held to all that the text says
of it (Wrong); what is sent can be made wrong in any field: send(..., seq=7).

	pack(), crc32c()	PDUs as bytes
	Conn			a socket: numbers, digests, checks
	Init, Link		what a handshake says, what is known of the link
	initiate(), respond()	INIT to AUTH_ACK on a connection

Commands on top of it are in vsr_client.py and vsr_server.py.
"""
import dataclasses
import hashlib
import hmac
import os
import select
import socket
import struct
import threading
import time
import uuid

MAGIC = b"VSR1"
HDR = struct.Struct(">4sBBHIIIIII")
IU_MAX = 512

INIT, INIT_ACK, AUTH, AUTH_ACK, LOGIN, LOGIN_RSP, REJECT = range(7)
REQ, RSP, PUT, XFER_RDY, DATA_OUT, DATA_IN, CANCEL = range(0x10, 0x17)
EVENT, EVENT_LOST, NOP, NOP_ACK, BYE, ERROR = range(0x20, 0x26)
CLOSE_SESSION, CLOSE_RSP = 0x30, 0x31
FWD_CMD, FWD_RSP = 0x38, 0x39

# Flags; "PUT" is the name of a type too
F_WRITE, F_READ, F_PUT, F_DDGST, F_LAST, F_GOOD, F_PRIO = (1 << i for i in range(7))

HDGST, DDGST, CLOSES, LU_TERM, FORWARD = (1 << i for i in (0, 1, 2, 8, 9))

# Error codes
MALFORMED, HDR_DIGEST, DATA_DIGEST, SEQ, EPOCH, TAG, LENGTH, OFFSET, STATE, UNSUPPORTED, \
    TIMEOUT = range(1, 12)
# Reasons of REJECT
NO_ADAPTER, NO_AUTH, NO_VERSION, DRAIN, NOT_READY, DRIVER, TOO_MANY, BUSY, BAD_INIT = range(1, 10)
# Those that pass, and for how many seconds a test comes again
LATER, AGAIN = (DRAIN, NOT_READY, BUSY), 20
BYE_AUTH = 5

CLIENT, SERVER = 0, 1
_C, _S, _CS = {CLIENT}, {SERVER}, {CLIENT, SERVER}
# type: (name, who sends it, shortest and longest IU, data, tag, arg, flags)
TYPES = {
    INIT: ("INIT", _C, 160, 160, 0, 0, 0, 0),
    INIT_ACK: ("INIT_ACK", _S, 160, 160, 0, 0, 0, 0),
    AUTH: ("AUTH", _C, 0, 32, 0, 0, 0, 0),
    AUTH_ACK: ("AUTH_ACK", _S, 0, 32, 0, 0, 0, 0),
    LOGIN: ("LOGIN", _C, 1, 512, 0, 0, 0, 0),
    LOGIN_RSP: ("LOGIN_RSP", _S, 16, 512, 0, 0, 0, 0),
    REJECT: ("REJECT", _S, 0, 4, 0, 0, 1, 0),
    REQ: ("REQ", _C, 1, 512, 1, 1, 1, F_WRITE | F_READ | F_DDGST | F_PRIO),
    RSP: ("RSP", _S, 0, 512, 0, 1, 0, F_PUT),
    PUT: ("PUT", _S, 0, 0, 0, 1, 0, 0),
    XFER_RDY: ("XFER_RDY", _S, 4, 4, 0, 1, 1, 0),
    DATA_OUT: ("DATA_OUT", _C, 0, 0, 1, 1, 1, F_DDGST | F_LAST),
    DATA_IN: ("DATA_IN", _S, 0, 0, 1, 1, 1, F_DDGST | F_LAST | F_GOOD),
    CANCEL: ("CANCEL", _C, 0, 0, 0, 1, 0, 0),
    EVENT: ("EVENT", _S, 8, 512, 0, 0, 0, 0),
    EVENT_LOST: ("EVENT_LOST", _S, 0, 0, 0, 0, 0, 0),
    NOP: ("NOP", _CS, 0, 0, 0, 0, 1, 0),
    NOP_ACK: ("NOP_ACK", _CS, 0, 0, 0, 0, 1, 0),
    BYE: ("BYE", _CS, 0, 0, 0, 0, 1, 0),
    ERROR: ("ERROR", _CS, 4, 4, 0, 0, 1, 0),
    CLOSE_SESSION: ("CLOSE_SESSION", _C, 48, 48, 0, 0, 0, 0),
    CLOSE_RSP: ("CLOSE_RSP", _S, 0, 0, 0, 0, 1, 0),
    FWD_CMD: ("FWD_CMD", _C, 65, 512, 1, 1, 1, F_WRITE | F_READ | F_DDGST | F_PRIO),
    FWD_RSP: ("FWD_RSP", _S, 16, 512, 0, 1, 0, F_PUT),
}


class Wrong(Exception):
    """The other end does not keep to the text."""


class Ended(Exception):
    """The connection is over."""


class Late(Exception):
    """Nothing came in time."""


class Rejected(Exception):
    """REJECT instead of an answer."""

    def __init__(self, reason, err=0):
        super().__init__(f"REJECT {reason}" + (f", errno {err}" if err else ""))
        self.reason, self.err = reason, err


def patiently(once, again, close=lambda: None):
    """Log in as a client has to: for so many seconds again while the server says "later"."""
    end = time.monotonic() + again
    while True:
        try:
            return once()
        except Rejected as e:
            close()
            if e.reason not in LATER or time.monotonic() > end:
                raise
        time.sleep(0.1)


class Refused(Exception):
    """ERROR or BYE of the other end."""

    def __init__(self, pdu):
        super().__init__(f"{'ERROR' if pdu.type == ERROR else 'BYE'} {pdu.arg}")
        self.code = pdu.arg if pdu.type == ERROR else None
        self.bye = pdu.arg if pdu.type == BYE else None
        self.seq = struct.unpack(">I", pdu.iu)[0] if pdu.type == ERROR else None


def _table():
    for i in range(256):
        for _ in range(8):
            i = i >> 1 ^ (0x82f63b78 if i & 1 else 0)
        yield i


_CRC = tuple(_table())


def crc32c(data):
    """Of the whole of it, as 4 bytes."""
    crc, table = 0xffffffff, _CRC
    for byte in data:
        crc = table[(crc ^ byte) & 0xff] ^ crc >> 8
    return struct.pack(">I", crc ^ 0xffffffff)


def pad(data):
    """The zeroes behind it."""
    return bytes(-len(data) & 3)


@dataclasses.dataclass
class Pdu:
    """One PDU; raw is header, IU and pad as they were on the wire."""
    type: int
    flags: int = 0
    tag: int = 0
    arg: int = 0
    iu: bytes = b""
    data: bytes = b""
    epoch: int = 0
    seq: int = 0
    raw: bytes = b""

    @property
    def name(self):
        """In words."""
        return TYPES[self.type][0] if self.type in TYPES else f"type {self.type:#04x}"


def pack(p, hdgst=False, ddgst=False, *, magic=MAGIC, iu_len=None, data_len=None, hcrc=None,
         iu_pad=None, data_pad=None, dcrc=None):
    """(header, IU and pad; data, pad and digest). What is given instead is wrong."""
    flags = p.flags
    if ddgst and p.data and not flags & F_DDGST:
        flags |= F_DDGST
    head = HDR.pack(magic, p.type, flags, len(p.iu) if iu_len is None else iu_len,
                    len(p.data) if data_len is None else data_len, p.epoch, p.seq, p.tag, p.arg,
                    0)[:28]
    iu = p.iu + (pad(p.iu) if iu_pad is None else iu_pad)
    if hcrc is None:
        hcrc = crc32c(head + iu) if hdgst or p.type < 0x10 else bytes(4)
    data = b""
    if p.data:
        data = p.data + (pad(p.data) if data_pad is None else data_pad)
        if flags & F_DDGST:
            data += crc32c(p.data) if dcrc is None else dcrc
    return head + hcrc + iu, data


class Conn:
    """A connection. side is ours; what comes is held to the text."""

    def __init__(self, sock, side, queue=0):
        self.sock, self.side, self.queue = sock, side, queue
        self.tx_seq = self.rx_seq = self.epoch = 0
        self.hdgst = self.ddgst = self.closes = False
        self.max_pdu_data = self.depth = self.max_data = 0
        self.buf = b""
        self.now = {INIT_ACK, REJECT} if side == CLIENT else {INIT}
        self.noted = time.monotonic()   # when something came last
        self.lock = threading.Lock()    # of who sends: a server answers in a thread of its own

    def send(self, kind, flags=0, tag=0, arg=0, iu=b"", data=b"", epoch=None, seq=None, **wrong):
        """Send a PDU, perhaps a wrong one; returns header and IU as sent."""
        with self.lock:
            p = Pdu(kind, flags, tag, arg, iu, data, self.epoch if epoch is None else epoch,
                    self.tx_seq if seq is None else seq)
            self.tx_seq = (self.tx_seq + 1) & 0xffffffff
            head, rest = pack(p, self.hdgst, self.ddgst, **wrong)
            self.raw(head + rest)
        return head

    def raw(self, data):
        """Send bytes as they are."""
        try:
            self.sock.sendall(data)
        except OSError as e:
            raise Ended(str(e)) from e

    def _need(self, n, end):
        """Until there are n bytes."""
        while len(self.buf) < n:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.sock], [], [], left)[0]:
                raise Late(f"{len(self.buf)} of {n} bytes came")
            try:
                got = self.sock.recv(1 << 18)
            except OSError as e:
                raise Ended(str(e)) from e
            if not got:
                raise Ended("closed" if not self.buf else f"closed after {len(self.buf)} of {n} bytes")
            self.buf += got
            self.noted = time.monotonic()

    def recv(self, timeout=30):
        """The next PDU, checked."""
        end = time.monotonic() + timeout
        self._need(32, end)
        magic, kind, flags, iu_len, data_len, epoch, seq, tag, arg, _ = HDR.unpack(self.buf[:32])
        p = Pdu(kind, flags, tag, arg, epoch=epoch, seq=seq)
        if magic != MAGIC:
            raise Wrong(f"magic {magic!r}")
        if kind not in TYPES:
            raise Wrong(f"unknown type {kind:#04x}")
        self._check(p, iu_len, data_len)
        iu_end = 32 + (iu_len + 3 & ~3)
        data_end = iu_end + (data_len + 3 & ~3)
        whole = data_end + (4 if flags & F_DDGST else 0)
        self._need(whole, end)
        p.raw, p.iu = self.buf[:iu_end], self.buf[32:32 + iu_len]
        p.data = self.buf[iu_end:iu_end + data_len]
        if any(self.buf[32 + iu_len:iu_end]) or any(self.buf[iu_end + data_len:data_end]):
            raise Wrong(f"{p.name}: a pad that is not zero")
        self._digests(p, self.buf[data_end:whole])
        self.buf = self.buf[whole:]
        self.rx_seq = (self.rx_seq + 1) & 0xffffffff
        return p

    def _check(self, p, iu_len, data_len):
        """What the header alone shows."""
        name, senders, low, high, data, tag, arg, flags = TYPES[p.type]
        if 1 - self.side not in senders:
            raise Wrong(f"{name} from the wrong side")
        if p.type not in self.now and p.type not in (BYE, ERROR):
            raise Wrong(f"{name} now; may come: {sorted(self.now)}")
        if p.flags & ~flags:
            raise Wrong(f"{name}: flags {p.flags:#04x}")
        if bool(p.flags & F_DDGST) != bool(self.ddgst and data_len):
            raise Wrong(f"{name}: DDGST is {p.flags & F_DDGST}")
        if (p.tag and not tag) or (p.arg and not arg):
            raise Wrong(f"{name}: tag {p.tag}, arg {p.arg}")
        if not low <= iu_len <= high or data_len > (self.max_pdu_data if data else 0):
            raise Wrong(f"{name}: {iu_len} bytes of IU, {data_len} of data")
        if p.type == LOGIN_RSP:
            if not p.epoch:
                raise Wrong("LOGIN_RSP: epoch 0")
            self.epoch = p.epoch
        elif p.type not in (BYE, ERROR) and p.epoch != self.epoch:
            raise Wrong(f"{name}: epoch {p.epoch}, not {self.epoch}")
        if p.seq != self.rx_seq:
            raise Wrong(f"{name}: seq {p.seq}, not {self.rx_seq}")
        if tag and p.tag >= self.depth:
            raise Wrong(f"{name}: tag {p.tag} of {self.depth}")
        if data and not data_len and p.type != REQ:
            raise Wrong(f"{name} without data")

    def _digests(self, p, dcrc):
        """Of what came whole."""
        want = bytes(4)
        if self.hdgst or p.type < 0x10:
            want = crc32c(p.raw[:28] + p.raw[32:])
        if p.raw[28:32] != want:
            raise Wrong(f"{p.name}: header digest {p.raw[28:32].hex()}, not {want.hex()}")
        if p.flags & F_DDGST and dcrc != crc32c(p.data):
            raise Wrong(f"{p.name}: data digest")

    def expect(self, kind, timeout=30):
        """The next PDU is of that type; REJECT, BYE and ERROR are exceptions."""
        p = self.recv(timeout)
        if p.type == kind:
            return p
        if p.type == REJECT:
            raise Rejected(p.arg, struct.unpack(">I", p.iu)[0] if p.iu else 0)
        if p.type in (BYE, ERROR):
            raise Refused(p)
        raise Wrong(f"{p.name} instead of {TYPES[kind][0] if kind in TYPES else kind}")

    def negotiated(self, ack):
        """What INIT_ACK says is in force."""
        self.hdgst, self.ddgst = bool(ack.features & HDGST), bool(ack.features & DDGST)
        self.closes = bool(ack.features & CLOSES)
        self.max_pdu_data = ack.max_pdu_data
        self.now = {AUTH_ACK, REJECT} if self.side == CLIENT else {AUTH}

    def running(self, epoch, depth, max_data):
        """What LOGIN_RSP says is in force."""
        self.epoch, self.depth, self.max_data = epoch, depth, max_data
        if self.side == CLIENT:
            self.now = {RSP, PUT, XFER_RDY, DATA_IN, NOP, NOP_ACK}
            if not self.queue:
                self.now |= {EVENT, EVENT_LOST, CLOSE_RSP}
        else:
            self.now = {REQ, DATA_OUT, CANCEL, NOP, NOP_ACK}
            if self.closes and not self.queue:
                self.now.add(CLOSE_SESSION)

    def bye(self, reason=0):
        """Leave."""
        try:
            self.send(BYE, arg=reason)
        except Ended:
            pass
        self.close()

    def close(self):
        """Without a word."""
        self.sock.close()


# --- handshake ------------------------------------------------------------------

INIT_IU = struct.Struct(">BBBBHHQIIQ16s16s16s32sIIH38s")


@dataclasses.dataclass
class Init:
    """INIT's IU and INIT_ACK's: the same fields, but for what bytes 0, 1 and 32 say."""
    ver_min: int = 1    # INIT_ACK: version
    ver_max: int = 1    # INIT_ACK: auth
    role: int = 0
    zero1: int = 0
    queue: int = 0
    queues: int = 1
    features: int = 0
    adapter: int = 0
    keepalive: int = 2000
    session: int = 0
    client: bytes = bytes(16)
    server: bytes = bytes(16)
    boot: bytes = bytes(16)
    nonce: bytes = bytes(32)
    max_pdu_data: int = 128 * 1024
    imm_max: int = 8192
    depth: int = 32
    zero2: bytes = bytes(38)

    def pack(self):
        """As bytes."""
        return INIT_IU.pack(*dataclasses.astuple(self))

    @classmethod
    def unpack(cls, iu):
        """From bytes."""
        return cls(*INIT_IU.unpack(iu))

    @property
    def version(self):
        """Of an INIT_ACK."""
        return self.ver_min

    @property
    def auth(self):
        """Of an INIT_ACK."""
        return self.ver_max


@dataclasses.dataclass
class Link:
    """What both ends know of an adapter pair before they talk."""
    adapter: int
    client: uuid.UUID
    server: uuid.UUID
    key: bytes = b""


def proof(key, label, *pdus):
    """AUTH's or AUTH_ACK's IU."""
    return hmac.new(key, label + b"\0" + b"".join(pdus), hashlib.sha256).digest()


def check_ack(ack, init):
    """Is that an answer to this INIT?"""
    same = {"queue", "adapter", "server"}
    less = {"queues", "depth", "keepalive", "max_pdu_data", "imm_max"}
    if init.queue:
        same |= less | {"features", "session"}
    for name in sorted(same):
        if getattr(ack, name) != getattr(init, name):
            raise Wrong(f"INIT_ACK: {name} {getattr(ack, name)}, not {getattr(init, name)}")
    for name in sorted(less):
        if getattr(ack, name) > getattr(init, name):
            raise Wrong(f"INIT_ACK: {name} {getattr(ack, name)} above {getattr(init, name)}")
    if not init.ver_min <= ack.version <= init.ver_max or ack.auth > 1:
        raise Wrong(f"INIT_ACK: version {ack.version}, auth {ack.auth}")
    if ack.role or ack.zero1 or any(ack.client) or any(ack.zero2):
        raise Wrong("INIT_ACK: a zero field is not")
    if ack.features & ~init.features or not ack.session or not any(ack.nonce):
        raise Wrong(f"INIT_ACK: features {ack.features:#x}, session {ack.session}")
    if not 1 <= ack.queues <= 64 or not 3 <= ack.depth <= 1024 or \
            not 500 <= ack.keepalive <= 60000 or not 4096 <= ack.max_pdu_data <= 1 << 20 or \
            ack.max_pdu_data % 512 or ack.imm_max > min(65536, ack.max_pdu_data):
        raise Wrong("INIT_ACK: a limit is beyond what is sane")


def initiate(conn, init, key, auth=None):
    """A client's INIT to AUTH_ACK; returns the INIT_ACK. auth: an IU to send as AUTH."""
    init.nonce = os.urandom(32)
    sent = conn.send(INIT, iu=init.pack())
    p = conn.expect(INIT_ACK)
    ack = Init.unpack(p.iu)
    check_ack(ack, init)
    conn.negotiated(ack)
    if ack.auth != bool(key):
        conn.bye(BYE_AUTH)
        raise Wrong(f"INIT_ACK: auth {ack.auth}")
    if auth is None:
        auth = proof(key, b"vpart-1 client", sent, p.raw) if key else b""
    mine = conn.send(AUTH, iu=auth)
    theirs = conn.expect(AUTH_ACK)
    if key and theirs.iu != proof(key, b"vpart-1 server", sent, p.raw, mine):
        conn.bye(BYE_AUTH)
        raise Wrong("AUTH_ACK: not the key")
    if not key and theirs.iu:
        raise Wrong("AUTH_ACK: an IU without auth")
    conn.now = {LOGIN_RSP, REJECT} if not conn.queue else set()
    return ack


def respond(conn, init_pdu, ack, key, auth_ack=None):
    """A server's INIT_ACK to AUTH_ACK; false if it is not the client's key."""
    ack.ver_max = 1 if key else 0
    ack.nonce = os.urandom(32)
    sent = conn.send(INIT_ACK, iu=ack.pack())
    conn.negotiated(ack)
    p = conn.expect(AUTH)
    if key and p.iu != proof(key, b"vpart-1 client", init_pdu.raw, sent):
        conn.send(REJECT, arg=NO_AUTH)
        return False
    if auth_ack is None:
        auth_ack = proof(key, b"vpart-1 server", init_pdu.raw, sent, p.raw) if key else b""
    conn.send(AUTH_ACK, iu=auth_ack)
    conn.now = {LOGIN} if not conn.queue else set()
    return True


def dial(address, timeout=30):
    """A socket to "tcp:HOST:PORT", "unix:@NAME", "vsock:CID:PORT"."""
    family, _, rest = address.partition(":")
    if family == "tcp":
        host, _, port = rest.rpartition(":")
        sock = socket.create_connection((host.strip("[]"), int(port)), timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    elif family == "vsock":
        cid, port = rest.split(":")
        sock = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
        sock.connect((int(cid), int(port)))
    else:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.connect(rest.replace("@", "\0", 1))
    sock.settimeout(30)     # for sends: no test hangs
    return sock
