# SPDX-License-Identifier: GPL-2.0
"""The shared segment of Documentation/protocol/shm.rst, a second time, from the text.

	Segment("0000:00:11.0")		the device's memory and doorbell
	Client(segment, link)		a client: login(), command()
	Server(segment, link)		a server with a disk in memory: login(), serve()

The device must not be bound to a driver. What the other side writes is held to the
text (vsr.Wrong); what is written can be made wrong: put() takes any field, seg.u32[]
and seg.mem[] any byte.
"""
import contextlib
import dataclasses
import mmap
import os
import struct
import threading
import time

import vsr
import vsr_scsi as scsi

MAGIC, VERSION = b"VPSM", 1
ABSENT, IDLE, RUN = range(3)
SIDE = (0, 2048)
MAIL = (4096, 8192)
QUEUES = 12288
EVENT_SLOTS, LIST_MAX, CMD_MAX = 16, 256, 1 << 20
ENTRY = struct.Struct("<BBHIII")
# Offsets of a queue's counters, by who puts entries in: (prod, cons, event)
COUNTERS = ((0, 64, 68), (128, 192, 196))
# type: (who puts it in, tag, arg, IU, flags, queue 0 alone)
ENTRIES = {
    vsr.REQ: (0, 1, 1, 1, vsr.F_WRITE | vsr.F_READ | vsr.F_PRIO, 0),
    vsr.RSP: (1, 1, 1, 1, vsr.F_PUT, 0),
    vsr.PUT: (1, 1, 0, 0, 0, 0),
    vsr.CANCEL: (0, 1, 0, 0, 0, 0),
    vsr.EVENT: (1, 1, 0, 1, 0, 1),
    vsr.EVENT_LOST: (1, 0, 0, 0, 0, 1),
    vsr.NOP: (None, 0, 1, 0, 0, 1),
    vsr.NOP_ACK: (None, 0, 1, 0, 0, 1),
}


def up(n, unit):
    """To a multiple."""
    return (n + unit - 1) // unit * unit


class Layout:
    """Where what is."""

    def __init__(self, size, queues, depth):
        self.size, self.queues, self.depth = size, queues, depth
        self.entries = 32
        while self.entries < 4 * depth:
            self.entries *= 2
        power = 1
        while power < size:
            power *= 2
        self.block = max(4096, power // 65536)
        self.rings = QUEUES + up(256 * queues, 4096)
        self.events = self.rings + queues * 2 * 16 * self.entries
        self.tags = self.events + EVENT_SLOTS * 512
        self.data = up(self.tags + 1024 * queues * depth, self.block)
        self.blocks = max(0, min((size - self.data) // self.block, 65535))
        self.max_data = min(CMD_MAX, self.blocks * self.block, LIST_MAX * self.block)

    def ring(self, queue, side):
        """A queue's ring by who puts entries in."""
        return self.rings + (2 * queue + side) * 16 * self.entries

    def tag(self, queue, tag):
        """A tag's memory."""
        return self.tags + (queue * self.depth + tag) * 1024


class Segment:
    """The device."""

    def __init__(self, address):
        path = f"/sys/bus/pci/devices/{address}/"
        with open(path + "enable", "w", encoding="ascii") as f:
            f.write("1")
        with open(path + "resource0", "r+b", 0) as f:
            self.regs = memoryview(mmap.mmap(f.fileno(), 256)).cast("I")
        with open(path + "resource2", "r+b", 0) as f:
            self.mem = mmap.mmap(f.fileno(), 0)
        self.u32 = memoryview(self.mem).cast("I")
        self.size = len(self.mem)

    def get(self, offset):
        """A number of 32 bits."""
        return self.u32[offset // 4]

    def set(self, offset, value):
        """The same."""
        self.u32[offset // 4] = value & 0xffffffff

    def position(self):
        """Of our device."""
        return self.regs[2]

    def bell(self, position, vector):
        """Interrupt the other side."""
        self.regs[3] = position << 16 | vector


class Ring:
    """One ring of a queue, at either end."""

    def __init__(self, seg, lay, queue, side):
        base = QUEUES + 256 * queue
        self.seg, self.size, self.at = seg, lay.entries, lay.ring(queue, side)
        self.prod, self.cons, self.event = (base + n for n in COUNTERS[side])
        self.next, self.held = 0, False

    def reset(self, *fields):
        """Before a session: what is ours to write."""
        self.next = 0
        for field in fields:
            self.seg.set(getattr(self, field), 0)

    def put(self, entry):
        """Put 16 bytes in; must the other side be told?"""
        taken = self.next - self.seg.get(self.cons) & 0xffffffff
        if taken >= self.size:
            raise vsr.Wrong(f"a ring is full, or its counter wrong: {taken}")
        at = self.at + self.next % self.size * 16
        self.seg.mem[at:at + 16] = entry
        self.next = self.next + 1 & 0xffffffff
        if self.held:
            return False
        self.seg.set(self.prod, self.next)
        return self.seg.get(self.event) == self.next - 1 & 0xffffffff

    @contextlib.contextmanager
    def together(self):
        """What is put in meanwhile is there all at once; nobody is told."""
        self.held = True
        try:
            yield
        finally:
            self.held = False
            self.seg.set(self.prod, self.next)

    def take(self):
        """16 bytes, or None."""
        there = self.seg.get(self.prod) - self.next & 0xffffffff
        if there > self.size:
            raise vsr.Wrong(f"{there} entries in a ring of {self.size}")
        if not there:
            self.seg.set(self.event, self.next)
            if self.seg.get(self.prod) == self.next:
                return None
        at = self.at + self.next % self.size * 16
        entry = self.seg.mem[at:at + 16]
        self.next = self.next + 1 & 0xffffffff
        return entry

    def taken(self):
        """Say so."""
        self.seg.set(self.cons, self.next)


@dataclasses.dataclass
class Entry:
    """An entry that came."""
    type: int
    flags: int
    iu_len: int
    session: int
    tag: int
    arg: int


class Side:
    """One side of the segment: its block, its mailbox, its rings, its pulse."""

    def __init__(self, seg, side, link):
        self.seg, self.side, self.link = seg, side, link
        self.us, self.them = SIDE[side], SIDE[1 - side]
        self.out, self.into = MAIL[side], MAIL[1 - side]
        self.seen = seg.get(self.into)
        self.sent = self.tx_seq = self.rx_seq = self.id = 0
        self.lay, self.tx, self.rx, self.ack = None, [], [], None
        self.pulse, self.over, self.beaten = True, False, time.monotonic()
        self.lock = threading.RLock()   # of who serves in another thread
        self.introduce()
        self.beating = threading.Thread(target=self.beat, daemon=True)
        self.beating.start()

    # --- the side block ---

    def introduce(self, vectors=4, size=None):
        """Another instance."""
        seg, instance = self.seg, os.urandom(16)
        self.state(ABSENT)
        seg.mem[self.us:self.us + 64] = struct.pack(
            "<4sHBxIIQ8x16s16x", MAGIC, VERSION, self.side, vectors, seg.position(),
            size or seg.size, instance)
        self.set("bye", 0)
        self.set("error", 0)
        self.state(IDLE)

    FIELDS = {"vectors": 8, "position": 12, "state": 64, "session": 68, "bye": 72, "error": 76,
              "beat": 128}

    def get(self, name):
        """What the other side says."""
        return self.seg.get(self.them + self.FIELDS[name])

    def set(self, name, value):
        """What we say."""
        self.seg.set(self.us + self.FIELDS[name], value)

    def state(self, state, session=0):
        """Ours, told."""
        self.set("session", session)
        self.set("state", state)
        self.bell(0)

    def bell(self, queue):
        """Interrupt the other side for a queue."""
        if self.get("state"):
            self.seg.bell(self.get("position"), queue % max(1, self.get("vectors")))

    def beat(self):
        """Until it is over."""
        n = 0
        while not self.over:
            if self.pulse:
                n += 1
                self.beaten = time.monotonic()
                self.set("beat", n)
            time.sleep(0.2)

    def close(self, bye=0):
        """Go, in order."""
        self.over = True
        self.beating.join()
        self.set("bye", bye)
        self.state(ABSENT)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if not self.over:
            self.close()

    def peer_is(self, state, seconds=30):
        """Wait for the other side's state."""
        end = time.monotonic() + seconds
        while self.get("state") != state:
            if time.monotonic() > end:
                raise vsr.Late(f"the other side is in state {self.get('state')}, not {state}")
            time.sleep(0.01)

    # --- the mailboxes ---

    def mail(self, kind, arg=0, iu=b"", epoch=0, answers=None, seq=None, length=None, **wrong):
        """Send a PDU through the mailbox; returns it."""
        seg, turn = self.seg, self.seg.get(self.out) & ~1
        pdu, _ = vsr.pack(vsr.Pdu(kind, 0, 0, arg, iu, b"", epoch,
                                  self.tx_seq if seq is None else seq), vsr.HDGST, **wrong)
        self.tx_seq += 1
        seg.set(self.out, turn + 1)
        if answers is None:
            answers = 0 if kind == vsr.INIT else self.seen
        seg.set(self.out + 4, answers)
        seg.set(self.out + 8, len(pdu) if length is None else length)
        seg.mem[self.out + 64:self.out + 64 + len(pdu)] = pdu
        self.sent = (turn + 2 & 0xffffffff) or 2
        seg.set(self.out, self.sent)
        self.bell(0)
        return pdu

    def mailed(self, kind, seconds=30):
        """The next PDU, of that type; REJECT is an exception, and a client that begins anew."""
        end = time.monotonic() + seconds
        while True:
            p = self.look()
            if p:
                break
            if time.monotonic() > end:
                raise vsr.Late("nothing in the mailbox")
            time.sleep(0.005)
        if p.seq != self.rx_seq:
            raise vsr.Wrong(f"{p.name}: seq {p.seq}, not {self.rx_seq}")
        self.rx_seq += 1
        if p.type == vsr.INIT and kind != vsr.INIT and self.side == vsr.SERVER:
            self.seen = self.seen - 2 & 0xffffffff      # the next login is to find it
            raise vsr.Refused(vsr.Pdu(vsr.BYE, arg=0))
        if p.type == vsr.REJECT and kind != vsr.REJECT:
            raise vsr.Rejected(p.arg, struct.unpack(">I", p.iu)[0] if p.iu else 0)
        if p.type != kind:
            raise vsr.Wrong(f"{p.name} instead of {vsr.TYPES[kind][0]}")
        return p

    def look(self):
        """A PDU that is new and for us, or None."""
        seg = self.seg
        turn = seg.get(self.into)
        if turn == self.seen or turn & 1:
            return None
        answers, length = seg.get(self.into + 4), seg.get(self.into + 8)
        raw = seg.mem[self.into + 64:self.into + 64 + 544]
        if seg.get(self.into) != turn:
            return None
        self.seen = turn
        if not 32 <= length <= 544:
            raise vsr.Wrong(f"a PDU of {length} bytes")
        raw = raw[:length]
        magic, kind, flags, iu_len, data, epoch, seq, tag, arg, _ = vsr.HDR.unpack(raw[:32])
        if answers != (0 if kind == vsr.INIT else self.sent):
            return None
        if magic != vsr.MAGIC or flags or data or tag or \
                kind > vsr.REJECT and kind not in (vsr.CLOSE_SESSION, vsr.CLOSE_RSP) or \
                length != 32 + up(iu_len, 4) or any(raw[32 + iu_len:]) or \
                raw[28:32] != vsr.crc32c(raw[:28] + raw[32:]):
            raise vsr.Wrong(f"a PDU in the mailbox: {raw.hex()}")
        if kind == vsr.INIT:
            self.tx_seq = self.rx_seq = 0
        return vsr.Pdu(kind, flags, tag, arg, raw[32:32 + iu_len], b"", epoch, seq, raw)

    # --- the rings ---

    def rings(self, queues, depth):
        """INIT_ACK says so: the layout, and empty rings."""
        self.lay = Layout(self.seg.size, queues, depth)
        self.tx = [Ring(self.seg, self.lay, q, self.side) for q in range(queues)]
        self.rx = [Ring(self.seg, self.lay, q, 1 - self.side) for q in range(queues)]
        for ring in self.tx:
            ring.reset("prod")
        for ring in self.rx:
            ring.reset("cons", "event")

    def put(self, kind, flags=0, iu_len=0, tag=0, arg=0, queue=0, session=None, bell=None):
        """An entry."""
        with self.lock:
            told = self.tx[queue].put(ENTRY.pack(kind, flags, iu_len, self.id if session is None
                                                 else session, tag, arg))
        if told if bell is None else bell:
            self.bell(queue)

    def take(self, queue=0):
        """The next entry, checked, or None. Its IU may be overwritten when it is taken()."""
        raw = self.rx[queue].take()
        if raw is None:
            return None
        e = Entry(*ENTRY.unpack(raw))
        if e.type not in ENTRIES:
            raise vsr.Wrong(f"an entry of type {e.type:#x}")
        side, tag, arg, iu, flags, zero = ENTRIES[e.type]
        if side == self.side or e.session != self.id or e.flags & ~flags or (e.tag and not tag) or \
                (e.arg and not arg) or (e.iu_len and not iu) or e.iu_len > 512 or \
                (zero and queue) or (e.type != vsr.EVENT and e.tag >= self.lay.depth) or \
                (e.type == vsr.EVENT and e.tag >= EVENT_SLOTS):
            raise vsr.Wrong(f"queue {queue}, session {self.id:#x}: {e}")
        return e

    def blocks_of(self, queue, tag, length):
        """The numbers that a tag has."""
        at = self.lay.tag(queue, tag) + 512
        n = -(-length // self.lay.block)
        return struct.unpack(f"<{n}H", self.seg.mem[at:at + 2 * n])

    def copy(self, blocks, length, data=None):
        """What is in blocks; or put data there."""
        got = b""
        for i, block in enumerate(blocks):
            at = self.lay.data + block * self.lay.block
            n = max(0, min(self.lay.block, length - i * self.lay.block))
            if data is None:
                got += self.seg.mem[at:at + n]
            else:
                part = data[i * self.lay.block:i * self.lay.block + n]
                self.seg.mem[at:at + len(part)] = part
        return got

    def nop(self, e):
        """Answer one."""
        if e.type == vsr.NOP:
            self.put(vsr.NOP_ACK, arg=e.arg)
        return e.type in (vsr.NOP, vsr.NOP_ACK)


# --- a client ---------------------------------------------------------------------

@dataclasses.dataclass
class Command:
    """An open command."""
    queue: int
    tag: int
    srp: bytes
    blocks: tuple
    read: int = 0
    data: bytes = b""
    rsp: bytes = None
    put: bool = False


class Client(Side):
    """One session after the other."""

    def __init__(self, seg, link):
        super().__init__(seg, vsr.CLIENT, link)
        self.free, self.open_cmds, self.gen, self.events, self.epoch = [], {}, 0, [], 0
        self.limits, self.boot = None, os.urandom(16)

    def init(self, **how):
        """INIT's IU."""
        how = dict({"queues": 2, "depth": 16, "max_pdu_data": CMD_MAX, "imm_max": 0}, **how)
        return vsr.Init(adapter=self.link.adapter, client=self.link.client.bytes,
                        server=self.link.server.bytes, boot=self.boot, nonce=os.urandom(32), **how)

    def greet(self, **how):
        """INIT and INIT_ACK; returns both PDUs."""
        init = self.init(**how)
        self.tx_seq = self.rx_seq = 0
        sent = self.mail(vsr.INIT, iu=init.pack())
        p = self.mailed(vsr.INIT_ACK)
        self.ack = vsr.Init.unpack(p.iu)
        vsr.check_ack(self.ack, init)
        if self.ack.imm_max or self.ack.features & ~vsr.CLOSES or \
                not self.ack.session & 0xffffffff:
            raise vsr.Wrong(f"INIT_ACK: {self.ack}")
        return sent, p.raw

    def prove(self, sent, got, auth=None):
        """AUTH and AUTH_ACK."""
        key = self.link.key
        if auth is None:
            auth = vsr.proof(key, b"vpart-1 client", sent, got) if key else b""
        mine = self.mail(vsr.AUTH, iu=auth)
        theirs = self.mailed(vsr.AUTH_ACK)
        if theirs.iu != (vsr.proof(key, b"vpart-1 server", sent, got, mine) if key else b""):
            raise vsr.Wrong("AUTH_ACK: not the key")

    def login(self, again=vsr.AGAIN, **how):
        """All of it; see vsr.patiently()."""
        return vsr.patiently(lambda: self.once(**how), again)

    def once(self, **how):
        """One try."""
        self.prove(*self.greet(**how))
        ack = self.ack
        self.rings(ack.queues, ack.depth)
        if ack.max_pdu_data > self.lay.max_data:
            raise vsr.Wrong(f"max_pdu_data {ack.max_pdu_data} of {self.lay.max_data}")
        self.mail(vsr.LOGIN, iu=scsi.login_req(self.link.adapter))
        p = self.mailed(vsr.LOGIN_RSP)
        self.limits = struct.unpack(">HHHHII", p.iu[:16])
        if self.limits[0] > ack.queues or not 3 <= self.limits[1] <= ack.depth or \
                self.limits[4] > ack.max_pdu_data or not p.epoch or not scsi.login_ok(p.iu[16:]):
            raise vsr.Wrong(f"LOGIN_RSP: {p.iu.hex()}")
        self.id, self.epoch = ack.session & 0xffffffff, p.epoch
        if self.get("state") != RUN or self.get("session") != self.id:
            raise vsr.Wrong("LOGIN_RSP before the server is in the session")
        self.free = list(range(self.lay.blocks))
        self.open_cmds.clear()
        self.state(RUN, self.id)
        return self

    def leave(self, bye=0, error=0):
        """The session, not the segment."""
        self.set("bye", bye)
        self.set("error", error)
        self.state(IDLE)

    def ask(self, iu, **wrong):
        """Have another session closed; what came of it."""
        self.mail(vsr.CLOSE_SESSION, iu=iu, **dict({"epoch": self.epoch}, **wrong))
        p = self.mailed(vsr.CLOSE_RSP)
        if p.epoch != self.epoch or p.arg > 2 or p.iu:
            raise vsr.Wrong(f"CLOSE_RSP: {p}")
        return p.arg

    def open(self, cdb, lun=0, read=0, write=b"", queue=0, tag=None, blocks=None, flags=None,
             arg=None, iu_len=None, bell=None):
        """Send a command, perhaps a wrong one."""
        length = len(write) or read
        if tag is None:
            tag = next(t for t in range(self.limits[1] - 2) if (queue, t) not in self.open_cmds)
        n = -(-length // self.lay.block)
        if blocks is None:
            blocks, self.free = tuple(self.free[:n]), self.free[n:]
        self.gen += 1
        cmd = Command(queue, tag, scsi.make_tag(self.gen, queue, tag), blocks, read)
        self.open_cmds[queue, tag] = cmd
        iu, at = scsi.command(cmd.srp, lun, cdb), self.lay.tag(queue, tag)
        self.seg.mem[at:at + len(iu)] = iu
        self.seg.mem[at + 512:at + 512 + 2 * len(blocks)] = struct.pack(f"<{len(blocks)}H", *blocks)
        if write:
            self.copy(blocks, length, write)
        if flags is None:
            flags = vsr.F_WRITE if write else vsr.F_READ if read else 0
        self.put(vsr.REQ, flags, len(iu) if iu_len is None else iu_len, tag,
                 length if arg is None else arg, queue, bell=bell)
        return cmd

    def step(self, queue):
        """Take one entry; false if there is none."""
        e = self.take(queue)
        if not e:
            return False
        if not self.nop(e):
            if e.type == vsr.EVENT_LOST:
                self.events.append(None)
            elif e.type == vsr.EVENT:
                at = self.lay.events + 512 * e.tag
                self.events.append(struct.unpack(">Q", self.seg.mem[at:at + 8])[0])
            else:
                self.answer(self.open_cmds.pop((queue, e.tag), None), e)
        self.rx[queue].taken()
        return True

    def answer(self, cmd, e):
        """Of a command."""
        if not cmd:
            raise vsr.Wrong(f"an answer to what is not open: {e}")
        if e.type == vsr.RSP:
            if e.flags != vsr.F_PUT or e.arg > cmd.read:
                raise vsr.Wrong(f"RSP: {e}")
            at = self.lay.tag(cmd.queue, cmd.tag)
            cmd.rsp = self.seg.mem[at:at + e.iu_len]
            cmd.data = self.copy(cmd.blocks, e.arg)
        cmd.put = True
        self.free += cmd.blocks

    def wait(self, cmd, seconds=60):
        """(status, data, sense), or None if it was dropped."""
        end = time.monotonic() + seconds
        while not cmd.put:
            if not any([self.step(q) for q in range(self.limits[0])]):
                if self.get("session") != self.id:
                    raise vsr.Ended(f"the server has left: error {self.get('error')}")
                if time.monotonic() > end:
                    raise vsr.Late("no answer")
                time.sleep(0.002)
        if cmd.rsp is None:
            return None
        if cmd.rsp == b"":
            return scsi.GOOD, cmd.data, b""
        a = scsi.Answer(cmd.rsp, cmd.srp)
        return a.status, cmd.data, a.sense

    def good(self, cdb, **how):
        """It must be GOOD, if not at once: a unit attention comes first. Its data."""
        for _ in range(4):
            got = self.wait(self.open(cdb, **how))
            if not got or got[0] != scsi.CHECK or got[2][2] & 15 != 6:
                break
        if not got or got[0] != scsi.GOOD:
            raise vsr.Wrong(f"not GOOD: {got and (got[0], got[2].hex())}")
        return got[1]


# --- a server ---------------------------------------------------------------------

@dataclasses.dataclass
class Call:
    """An open command."""
    queue: int
    tag: int
    iu: bytes
    write: int
    read: int
    blocks: tuple


class Server(Side):
    """One session after the other."""

    def __init__(self, seg, link, disk=None):
        super().__init__(seg, vsr.SERVER, link)
        self.disk = disk or scsi.Disk()
        self.epoch, self.calls, self.boot = 0, {}, os.urandom(16)
        self.hook, self.events = None, 0

    def login(self, seconds=20, ack=None, auth_ack=None, **lim):
        """A whole login. ack: fields of INIT_ACK instead of the right ones; lim: of LOGIN_RSP."""
        p = self.mailed(vsr.INIT, seconds)
        init = vsr.Init.unpack(p.iu)
        grant = Layout(self.seg.size, init.queues, init.depth)
        fields = dict({"ver_min": 1, "client": bytes(16), "boot": self.boot, "features": 0,
                       "session": struct.unpack(">Q", os.urandom(8))[0] | 1, "imm_max": 0,
                       "ver_max": int(bool(self.link.key)), "nonce": os.urandom(32),
                       "max_pdu_data": min(init.max_pdu_data, grant.max_data)}, **ack or {})
        self.ack = dataclasses.replace(init, **fields)
        sent = self.mail(vsr.INIT_ACK, iu=self.ack.pack())
        auth = self.mailed(vsr.AUTH)
        key = self.link.key
        if auth.iu != (vsr.proof(key, b"vpart-1 client", p.raw, sent) if key else b""):
            self.mail(vsr.REJECT, arg=vsr.NO_AUTH)
            raise vsr.Wrong("AUTH: not the key")
        if auth_ack is None:
            auth_ack = vsr.proof(key, b"vpart-1 server", p.raw, sent, auth.raw) if key else b""
        self.mail(vsr.AUTH_ACK, iu=auth_ack)
        login = self.mailed(vsr.LOGIN)
        if login.iu != scsi.login_req(self.link.adapter):
            raise vsr.Wrong(f"LOGIN {login.iu.hex()}")
        self.rings(self.ack.queues, self.ack.depth)
        self.calls.clear()
        self.id = self.ack.session & 0xffffffff
        self.state(RUN, self.id)
        self.epoch += 1
        lim = dict({"queues": self.ack.queues, "depth": self.ack.depth, "segs": 1024,
                    "max_data": self.ack.max_pdu_data}, **lim)
        self.mail(vsr.LOGIN_RSP, epoch=self.epoch, iu=struct.pack(
            ">HHHHII", lim["queues"], lim["depth"], lim["segs"], 0, lim["max_data"], 0) +
            scsi.login_rsp(self.ack.queues * self.ack.depth))
        self.joined()
        return self

    def joined(self, seconds=20):
        """The client comes into the session."""
        end = time.monotonic() + seconds
        while self.get("session") != self.id:
            if self.get("state") == IDLE and self.look_again():
                raise vsr.Refused(vsr.Pdu(vsr.BYE, arg=0))
            if time.monotonic() > end:
                raise vsr.Late("the client does not come into the session")
            time.sleep(0.01)

    def look_again(self):
        """Has the client begun anew?"""
        return self.seg.get(self.into) not in (self.seen, self.seen + 1)

    def leave(self, bye=0, error=0):
        """The session, not the segment."""
        self.set("bye", bye)
        self.set("error", error)
        self.state(IDLE)

    def serve(self, seconds, until=None):
        """Until the time is over, or until() is true; vsr.Ended when the client has left."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (until and until()):
            with self.lock:
                some = any([self.step(q) for q in range(len(self.rx))])
            if not some:
                if self.get("session") != self.id:
                    raise vsr.Ended(f"the client has left: error {self.get('error')}")
                time.sleep(0.002)
        return until() if until else True

    def step(self, queue):
        """Take one entry; false if there is none."""
        e = self.take(queue)
        if not e:
            return False
        if e.type == vsr.REQ:
            self.request(queue, e)
        elif e.type == vsr.CANCEL and self.calls.pop((queue, e.tag), None):
            self.put(vsr.PUT, tag=e.tag, queue=queue)
        else:
            self.nop(e)
        self.rx[queue].taken()
        return True

    def request(self, queue, e):
        """A REQ."""
        if (queue, e.tag) in self.calls or not e.iu_len or \
                (e.tag >= self.lay.depth - 2 and not e.flags & vsr.F_PRIO) or \
                e.flags & 3 == 3 or bool(e.flags & 3) != bool(e.arg):
            raise vsr.Wrong(f"REQ: {e}")
        at = self.lay.tag(queue, e.tag)
        blocks = self.blocks_of(queue, e.tag, e.arg)
        others = [b for c in self.calls.values() for b in c.blocks]
        if len(set(blocks)) != len(blocks) or set(blocks) & set(others) or \
                any(b >= self.lay.blocks for b in blocks) or e.arg > self.lay.max_data:
            raise vsr.Wrong(f"REQ: {e} with blocks {blocks}")
        call = Call(queue, e.tag, self.seg.mem[at:at + e.iu_len],
                    e.arg if e.flags & vsr.F_WRITE else 0, e.arg if e.flags & vsr.F_READ else 0,
                    blocks)
        self.calls[queue, e.tag] = call
        if not (self.hook and self.hook(self, call)):
            self.go_on(call)

    def go_on(self, call):
        """Do it and answer."""
        with self.lock:
            self.do(call)

    def do(self, call):
        """That."""
        if call.iu[0] == scsi.TSK_MGMT:
            self.answer(call, struct.pack(">B7x8s2xBB12xI", scsi.RESPONSE, call.iu[8:16],
                                          scsi.RSPVALID, 0, 4) + bytes((0, 0, 0, 4)))
            return
        status, data, sense = self.disk.execute(call.iu[32:], call.iu[20:28],
                                                self.copy(call.blocks, call.write))
        data = data[:call.read]
        missing = 0 if status else call.read - len(data)
        self.copy(call.blocks, len(data), data)
        self.answer(call, scsi.response(call.iu[8:16], status, sense,
                                        scsi.DIUNDER if missing else 0, residual_in=missing),
                    len(data))

    def answer(self, call, iu, valid=0, **wrong):
        """RSP with PUT."""
        at = self.lay.tag(call.queue, call.tag)
        self.seg.mem[at:at + len(iu)] = iu
        self.calls.pop((call.queue, call.tag), None)
        self.put(vsr.RSP, **dict({"flags": vsr.F_PUT, "iu_len": len(iu), "tag": call.tag,
                                  "arg": valid, "queue": call.queue}, **wrong))

    def asked(self, seconds=30):
        """A client wants a session closed: its adapter pair and its number."""
        p = self.mailed(vsr.CLOSE_SESSION, seconds)
        adapter, zero, session = struct.unpack(">IIQ", p.iu[:16])
        if p.epoch != self.epoch or zero or len(p.iu) != 48 or \
                p.iu[16:32] != self.link.client.bytes:
            raise vsr.Wrong(f"CLOSE_SESSION: {p}")
        return adapter, session

    def closed(self, result, **wrong):
        """Answer it."""
        self.mail(vsr.CLOSE_RSP, arg=result, **dict({"epoch": self.epoch}, **wrong))

    def event(self, lun, asc, ascq=9, slot=None):
        """A unit attention."""
        slot = self.events % EVENT_SLOTS if slot is None else slot
        self.events += 1
        iu = struct.pack(">Q", self.events) + scsi.aer(lun, asc, ascq)
        at = self.lay.events + 512 * slot
        self.seg.mem[at:at + len(iu)] = iu
        self.put(vsr.EVENT, iu_len=len(iu), tag=slot)
