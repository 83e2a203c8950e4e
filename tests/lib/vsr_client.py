# SPDX-License-Identifier: GPL-2.0
"""A client of the wire protocol: it logs in and sends SCSI commands.

	c = Client(link, "tcp:127.0.0.1:7300", queues=2, features=HDGST | DDGST)
	c.login()
	status, data, sense = c.command(inquiry(96), read=96)
	c.close()

For what no honest client does: c.conns[q].send() sends any PDU, c.open() begins a
command and c.step() takes one PDU of an answer.
"""
import dataclasses
import select
import struct
import time
import uuid

import vsr
import vsr_scsi as scsi


@dataclasses.dataclass
class Command:
    """An open command."""
    queue: int
    tag: int
    srp: bytes              # its tag in the IUs
    write: bytes = b""
    read: int = 0
    sent: int = 0           # of write
    data: bytes = b""
    last: bool = False      # no DATA_IN may follow
    rsp: bytes = None       # the answer's IU, b"": all was done
    put: bool = False
    cancelled: bool = False
    hold: bool = False      # XFER_RDY is not answered
    wanted: tuple = None    # (offset, length) of the XFER_RDY that was held


@dataclasses.dataclass
class Limits:
    """LOGIN_RSP's IU."""
    queues: int
    depth: int
    max_segs: int
    zero: int
    max_data: int
    caps: int


class Client:
    """One session."""

    def __init__(self, link, address, boot=None, imm=True, open_queues=None, **init):
        self.link, self.address, self.imm = link, address, imm
        self.boot = boot or uuid.uuid4().bytes
        self.init = dict({"queues": 1, "depth": 16}, **init)
        self.open_queues = open_queues      # fewer than granted
        self.conns, self.ack, self.limits = [], None, None
        self.open_cmds, self.events, self.gen = {}, [], 0
        self.nopped = 0

    # --- login ---

    def first(self):
        """The INIT of queue 0."""
        return vsr.Init(adapter=self.link.adapter, client=self.link.client.bytes,
                        server=self.link.server.bytes, boot=self.boot, **self.init)

    def next(self, queue):
        """The INIT of another."""
        a = self.ack
        return vsr.Init(a.version, a.version, 0, 0, queue, a.queues, a.features, a.adapter,
                        a.keepalive, a.session, self.link.client.bytes, self.link.server.bytes,
                        self.boot, bytes(32), a.max_pdu_data, a.imm_max, a.depth)

    def connect(self, queue=0, auth=None, init=None):
        """A queue up to its AUTH_ACK."""
        conn = vsr.Conn(vsr.dial(self.address), vsr.CLIENT, queue)
        self.conns.append(conn)
        ack = vsr.initiate(conn, init or (self.next(queue) if queue else self.first()),
                           self.link.key, auth)
        if not queue:
            self.ack = ack
        return conn

    def login(self, timeout=30, again=vsr.AGAIN):
        """All of it; see vsr.patiently(). What came of it is in self.ack and self.limits."""
        return vsr.patiently(lambda: self.once(timeout), again, self.close)

    def once(self, timeout):
        """One try."""
        self.connect()
        for queue in range(1, self.open_queues or self.ack.queues):
            self.connect(queue)
        self.finish_login(timeout)
        return self

    def finish_login(self, timeout=30):
        """LOGIN to LOGIN_RSP."""
        zero = self.conns[0]
        zero.send(vsr.LOGIN, iu=scsi.login_req(self.link.adapter))
        p = zero.expect(vsr.LOGIN_RSP, timeout)
        lim = self.limits = Limits(*struct.unpack(">HHHHII", p.iu[:16]))
        if not 1 <= lim.queues <= len(self.conns) or not 3 <= lim.depth <= self.ack.depth or \
                not lim.max_segs or lim.zero or not 512 <= lim.max_data <= 1 << 30 or lim.caps & ~4:
            raise vsr.Wrong(f"LOGIN_RSP: {lim}")
        if not scsi.login_ok(p.iu[16:]):
            raise vsr.Wrong(f"LOGIN_RSP: no SRP_LOGIN_RSP: {p.iu[16:].hex()}")
        for conn in self.conns[lim.queues:]:
            conn.bye()
        del self.conns[lim.queues:]
        for conn in self.conns:
            conn.running(p.epoch, lim.depth, lim.max_data)
        self.nop()

    def nop(self):
        """A sign of life on all queues: each is spoken on first by the client."""
        self.nopped = time.monotonic()
        for conn in self.conns:
            conn.send(vsr.NOP, arg=0x5eed)

    def close(self, bye=None):
        """Leave, by BYE or without."""
        for conn in self.conns:
            if bye is None:
                conn.close()
            else:
                conn.bye(bye)
        self.conns = []

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    # --- commands ---

    def free_tag(self, queue):
        """One that no command has."""
        for tag in range(self.limits.depth - 2):
            if (queue, tag) not in self.open_cmds:
                return tag
        raise vsr.Wrong("no free tag")

    def open(self, cdb, lun=0, read=0, write=b"", queue=0, tag=None, imm=None, mark=0, **extra):
        """Send a REQ."""
        conn = self.conns[queue]
        tag = self.free_tag(queue) if tag is None else tag
        self.gen += 1
        cmd = Command(queue, tag, scsi.make_tag(self.gen, queue, tag), write, read)
        now = min(len(write), self.ack.imm_max) if (self.imm if imm is None else imm) else 0
        cmd.sent = now
        self.open_cmds[queue, tag] = cmd
        conn.send(vsr.REQ, flags=vsr.F_WRITE if write else vsr.F_READ if read else 0, tag=tag,
                  arg=len(write) or read, iu=scsi.command(cmd.srp, lun, cdb, mark=mark),
                  data=write[:now],
                  **extra)
        return cmd

    def data_out(self, cmd, offset, length, piece=None):
        """DATA_OUT for a wanted range."""
        conn, end = self.conns[cmd.queue], offset + length
        while offset < end:
            n = min(piece or conn.max_pdu_data, end - offset)
            conn.send(vsr.DATA_OUT, flags=vsr.F_LAST if offset + n == end else 0, tag=cmd.tag,
                      arg=offset, data=cmd.write[offset:offset + n])
            offset += n
        cmd.sent = end

    def step(self, queue=0, timeout=30):
        """Take one PDU of a queue."""
        conn = self.conns[queue]
        p = conn.recv(timeout)
        if p.type in (vsr.BYE, vsr.ERROR):
            raise vsr.Refused(p)
        if p.type == vsr.NOP:
            conn.send(vsr.NOP_ACK, arg=p.arg)
        elif p.type in (vsr.EVENT, vsr.EVENT_LOST):
            self.events.append((struct.unpack(">Q", p.iu[:8])[0], p.iu[8:]) if p.iu else None)
        elif p.type not in (vsr.NOP_ACK, vsr.CLOSE_RSP):
            cmd = self.open_cmds.get((queue, p.tag))
            if not cmd:
                raise vsr.Wrong(f"{p.name} for tag {p.tag}, which is not open")
            self.take(cmd, p)
        return p

    def take(self, cmd, p):
        """A PDU of a command."""
        if cmd.rsp is not None and p.type != vsr.PUT:
            raise vsr.Wrong(f"{p.name} behind the answer")
        if p.type == vsr.DATA_IN:
            if p.arg != len(cmd.data) or cmd.last or len(cmd.data) + len(p.data) > cmd.read:
                raise vsr.Wrong(f"DATA_IN at {p.arg}+{len(p.data)} behind {len(cmd.data)} of {cmd.read}")
            cmd.data += p.data
            cmd.last = bool(p.flags & vsr.F_LAST)
            if len(cmd.data) == cmd.read and not cmd.last:
                raise vsr.Wrong("DATA_IN without LAST")
            if p.flags & vsr.F_GOOD:
                if len(cmd.data) != cmd.read or not cmd.last:
                    raise vsr.Wrong("GOOD before all is there")
                cmd.rsp, cmd.put = b"", True
        elif p.type == vsr.XFER_RDY:
            want, = struct.unpack(">I", p.iu)
            if p.arg != cmd.sent or not want or p.arg + want > len(cmd.write) or cmd.wanted:
                raise vsr.Wrong(f"XFER_RDY {p.arg}+{want} behind {cmd.sent} of {len(cmd.write)}")
            if cmd.hold:
                cmd.wanted = (p.arg, want)
            elif not cmd.cancelled:
                self.data_out(cmd, p.arg, want)
        elif p.type == vsr.RSP:
            cmd.rsp, cmd.put = p.iu, bool(p.flags & vsr.F_PUT)
            if not p.iu and (len(cmd.data) != cmd.read or cmd.sent != len(cmd.write)):
                raise vsr.Wrong(f"all was done with {len(cmd.data)} of {cmd.read} bytes, "
                                f"{cmd.sent} of {len(cmd.write)} sent")
        elif p.type == vsr.PUT:
            cmd.put = True
        if cmd.put:
            del self.open_cmds[cmd.queue, cmd.tag]

    def wait(self, cmd, timeout=60):
        """Until its tag is free: (status, data, sense), or None if it was dropped."""
        end = time.monotonic() + timeout
        while not cmd.put:
            self.pump(end, cmd.queue)
        return self.outcome(cmd)

    @staticmethod
    def outcome(cmd):
        """Of a command that has ended."""
        if cmd.rsp is None:
            return None
        if not cmd.rsp:
            return scsi.GOOD, cmd.data, b""
        try:
            a = scsi.Answer(cmd.rsp, cmd.srp)
        except ValueError as e:
            raise vsr.Wrong(str(e)) from e
        return a.status, cmd.data, a.sense

    def pump(self, end, queue=None):
        """Take one PDU of whatever queue, and stay alive; Late at the end."""
        while True:
            now = time.monotonic()
            if now >= end:
                raise vsr.Late("no answer")
            if now - self.nopped > 1:
                self.nop()
            whole = [i for i, c in enumerate(self.conns) if c.buf]
            ready = whole or [i for i, c in enumerate(self.conns) if c.sock in
                              select.select([c.sock for c in self.conns], [], [],
                                            min(1, end - now))[0]]
            if ready:
                self.step(queue if queue in ready else ready[0], max(0.01, end - now))
                return

    def idle(self, seconds):
        """Answer what comes, and nothing else."""
        end = time.monotonic() + seconds
        while True:
            try:
                self.pump(end)
            except vsr.Late:
                return

    def command(self, cdb, timeout=60, **how):
        """One command from beginning to end."""
        return self.wait(self.open(cdb, **how), timeout)

    def good(self, cdb, **how):
        """The same; it must be GOOD, if not at once: a unit attention comes first. Its data."""
        for _ in range(4):
            got = self.command(cdb, **how)
            if not got or got[0] != scsi.CHECK or got[2][2] & 15 != 6:
                break
        if not got or got[0] != scsi.GOOD:
            raise vsr.Wrong(f"not GOOD: {got and (got[0], got[2].hex())}")
        return got[1]
