# SPDX-License-Identifier: GPL-2.0
"""A server of the wire protocol, with a disk in memory.

	s = Server(link, "tcp:127.0.0.1:7400")
	with s.session() as sess:
		sess.serve(5)

For what no honest server does: Server(hook=f) has f(session, conn, pdu) called for
each REQ first; if it returns true, that was all.
"""
import dataclasses
import os
import select
import socket
import struct
import time
import uuid

import vsr
import vsr_scsi as scsi


@dataclasses.dataclass
class Call:
    """An open command."""
    conn: vsr.Conn
    tag: int
    iu: bytes
    write: int = 0
    read: int = 0
    data: bytes = b""
    wanted: int = 0     # end of what was asked for

    @property
    def srp(self):
        """The IU's tag."""
        return self.iu[8:16]

    @property
    def cdb(self):
        """The command."""
        return self.iu[32:]


class Server:
    """A listener, and what it grants."""

    def __init__(self, link, address, hook=None, disk=None, features=vsr.HDGST | vsr.DDGST, **lim):
        self.link, self.hook, self.disk = link, hook, disk or scsi.Disk()
        self.features, self.boot = features, uuid.uuid4().bytes
        self.lim = dict({"imm_max": 8192, "max_pdu_data": 65536, "max_data": 1 << 20,
                         "max_segs": 1024, "login_queues": None, "version": 1, "good": False,
                         "auth": None}, **lim)
        host, port = address.split(":")[1:]
        self.sock = socket.create_server((host, int(port)), backlog=64)
        self.epoch = 0

    def close(self):
        """Listen no more."""
        self.sock.close()

    def accept(self, timeout=20):
        """The next connection, its INIT read."""
        if not select.select([self.sock], [], [], timeout)[0]:
            raise vsr.Late("nobody calls")
        sock, _ = self.sock.accept()
        sock.settimeout(30)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        conn = vsr.Conn(sock, vsr.SERVER)
        try:
            p = conn.expect(vsr.INIT)
        except (vsr.Ended, vsr.Late):
            conn.close()
            raise
        init = vsr.Init.unpack(p.iu)
        conn.queue = init.queue
        return conn, p, init

    def answer(self, init):
        """The INIT_ACK of queue 0."""
        small = {name: min(getattr(init, name), self.lim[name]) for name in
                 ("max_pdu_data", "imm_max")}
        small["imm_max"] = min(small.values())
        return dataclasses.replace(init, ver_min=self.lim["version"], client=bytes(16),
                                   boot=self.boot, features=init.features & self.features,
                                   session=struct.unpack(">Q", os.urandom(8))[0] | 1, **small)

    def session(self, timeout=20):
        """A whole login; returns the session, which runs."""
        conn, p, init = self.accept(timeout)
        if init.queue:
            raise vsr.Wrong(f"queue {init.queue} comes first")
        ack = self.answer(init)
        conns = [conn]
        if not vsr.respond(conn, p, ack, self.link.key, self.lim["auth"]):
            raise vsr.Refused(vsr.Pdu(vsr.BYE, arg=vsr.BYE_AUTH))
        for _ in range(1, ack.queues):
            conn, p, init = self.accept()
            if not init.queue:      # it has given up, and tries again
                conn.close()
                conns[0].expect(vsr.LOGIN, 1)
            if init.session != ack.session or init.queue in (c.queue for c in conns):
                raise vsr.Wrong(f"queue {init.queue} of session {init.session:#x}")
            conns.append(conn)
            vsr.respond(conn, p, dataclasses.replace(ack, queue=init.queue), self.link.key)
        conns.sort(key=lambda c: c.queue)
        login = conns[0].expect(vsr.LOGIN)
        if login.iu != scsi.login_req(self.link.adapter):
            raise vsr.Wrong(f"LOGIN {login.iu.hex()}")
        return self.run(conns, ack)

    def run(self, conns, ack):
        """LOGIN_RSP."""
        self.epoch += 1
        lim, queues = self.lim, self.lim["login_queues"] or len(conns)
        iu = struct.pack(">HHHHII", queues, ack.depth, lim["max_segs"], 0, lim["max_data"], 0)
        conns[0].epoch = self.epoch
        conns[0].send(vsr.LOGIN_RSP, iu=iu + scsi.login_rsp(queues * ack.depth))
        for conn in conns:
            conn.running(self.epoch, ack.depth, lim["max_data"])
        return Session(self, conns, ack)


class Session:
    """What runs."""

    def __init__(self, server, conns, ack):
        self.server, self.conns, self.ack = server, conns, ack
        self.calls, self.seen, self.events = {}, [], 0
        self.asked = []         # of CLOSE_SESSION, which is not answered by itself
        self.lenient = False    # DATA_OUT may come for what is not open

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for conn in self.conns:
            conn.close()

    def serve(self, seconds, until=None):
        """Until the time is over, until() is true, or the client has gone (an exception)."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (until and until()):
            socks = {c.sock: c for c in self.conns}
            for sock in select.select(list(socks), [], [], 0.1)[0]:
                try:
                    self.step(socks[sock])
                except (vsr.Refused, vsr.Ended) as e:
                    raise self.reason(socks[sock], e) from e
        return until() if until else True

    def reason(self, ended, e):
        """One queue is ended by an ERROR, the others by BYE."""
        for conn in self.conns:
            try:
                while conn is not ended and getattr(e, "code", None) is None:
                    p = conn.recv(30)   # each has its last word, if not at once
                    if p.type == vsr.ERROR:
                        return vsr.Refused(p)
            except (vsr.Ended, vsr.Late, vsr.Wrong):
                pass
        return e

    def step(self, conn):
        """Take the PDUs that are there."""
        while True:
            p = conn.recv(30)
            if p.type in (vsr.BYE, vsr.ERROR):
                raise vsr.Refused(p)
            self.take(conn, p)
            if not conn.buf:
                return

    def take(self, conn, p):
        """One PDU."""
        key = conn.queue, p.tag
        if p.type == vsr.NOP:
            conn.send(vsr.NOP_ACK, arg=p.arg)
        elif p.type == vsr.REQ:
            if key in self.calls:
                raise vsr.Wrong(f"tag {p.tag} of queue {conn.queue} is in use")
            call = self.calls[key] = Call(conn, p.tag, p.iu, data=p.data,
                                          write=p.arg if p.flags & vsr.F_WRITE else 0,
                                          read=p.arg if p.flags & vsr.F_READ else 0)
            self.check(call, p)
            self.seen.append(p)
            if not (self.server.hook and self.server.hook(self, conn, call)):
                self.go_on(call)
        elif p.type == vsr.DATA_OUT:
            self.data_out(self.calls.get(key), p)
        elif p.type == vsr.CANCEL and key in self.calls:
            del self.calls[key]
            conn.send(vsr.PUT, tag=p.tag)
        elif p.type == vsr.CLOSE_SESSION:
            self.asked.append(p.iu)

    def check(self, call, p):
        """What the text says of a REQ."""
        both = p.flags & (vsr.F_READ | vsr.F_WRITE)
        if both == vsr.F_READ | vsr.F_WRITE or bool(both) != bool(p.arg):
            raise vsr.Wrong(f"REQ: flags {p.flags:#x} with {p.arg} bytes")
        if p.tag >= call.conn.depth - 2 and not p.flags & vsr.F_PRIO:
            raise vsr.Wrong(f"REQ: reserved tag {p.tag}")
        if p.arg > call.conn.max_data or (p.data and len(p.data) != min(p.arg, self.ack.imm_max)):
            raise vsr.Wrong(f"REQ: {len(p.data)} of {p.arg} bytes")

    def data_out(self, call, p):
        """A piece of what was asked for."""
        if not call and self.lenient:
            return
        if not call or p.arg != len(call.data) or p.arg + len(p.data) > call.wanted or \
                bool(p.flags & vsr.F_LAST) != (p.arg + len(p.data) == call.wanted):
            raise vsr.Wrong(f"DATA_OUT {p.arg}+{len(p.data)}, flags {p.flags:#x}: {call}")
        call.data += p.data
        if p.flags & vsr.F_LAST:
            self.go_on(call)

    def go_on(self, call):
        """Ask for data, or do it and answer."""
        left = call.write - len(call.data)
        if left:
            want = min(left, 24576)     # more than one range for what is large
            call.wanted = len(call.data) + want
            call.conn.send(vsr.XFER_RDY, tag=call.tag, arg=len(call.data), iu=struct.pack(">I", want))
            return
        if call.iu[0] == scsi.TSK_MGMT:
            self.answer(call, struct.pack(">B7x8s2xBB12xI", scsi.RESPONSE, call.srp, scsi.RSPVALID,
                                          0, 4) + bytes((0, 0, 0, 4)))
            return
        disk, mark = self.server.disk, 0
        if disk.mark and call.cdb[0] == scsi.INQUIRY:
            mark = disk.mark
        elif disk.mark and call.cdb[0] not in (0x03, 0xa0) and \
                call.iu[16:20] not in (bytes(4), struct.pack(">I", disk.mark)):
            self.answer(call, scsi.response(call.srp, scsi.CHECK, scsi.other_lu(disk.mark)))
            return
        status, data, sense = disk.execute(call.cdb, call.iu[20:28], call.data)
        data = data[:call.read]
        missing = call.read - len(data)
        if not missing and call.read and not status and self.server.lim["good"] and not mark:
            self.data_in(call, data, vsr.F_GOOD)
            del self.calls[call.conn.queue, call.tag]
            return
        self.data_in(call, data)
        if self.server.lim["good"] and not status and not missing and not mark:
            self.answer(call, b"")
            return
        self.answer(call, scsi.response(call.srp, status, sense,
                                        scsi.DIUNDER if missing and not status else 0,
                                        residual_in=missing if not status else 0, mark=mark))

    def data_in(self, call, data, good=0):
        """All that there is."""
        size = call.conn.max_pdu_data
        for at in range(0, len(data), size):
            last = at + size >= len(data)
            call.conn.send(vsr.DATA_IN, tag=call.tag, arg=at, data=data[at:at + size],
                           flags=vsr.F_LAST | good if last else 0)

    def answer(self, call, iu):
        """RSP with PUT."""
        del self.calls[call.conn.queue, call.tag]
        call.conn.send(vsr.RSP, flags=vsr.F_PUT, tag=call.tag, iu=iu)

    def event(self, lun, asc, ascq=0, number=None):
        """A unit attention."""
        self.events = self.events + 1 if number is None else number
        self.conns[0].send(vsr.EVENT, iu=struct.pack(">Q", self.events) + scsi.aer(lun, asc, ascq))
