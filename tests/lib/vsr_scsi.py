# SPDX-License-Identifier: GPL-2.0
"""The IUs of SRP as the wire protocol has them, and a disk in memory behind them."""
import struct

LOGIN_REQ, TSK_MGMT, CMD, LOGIN_OK, RESPONSE, AER = 0x00, 0x01, 0x02, 0xc0, 0xc1, 0x82
GOOD, CHECK = 0, 2
# Flags of a response
RSPVALID, SNSVALID, DOOVER, DOUNDER, DIOVER, DIUNDER = (1 << i for i in range(6))

READ_10, WRITE_10, INQUIRY, READ_16, WRITE_16 = 0x28, 0x2a, 0x12, 0x88, 0x8a


def make_tag(gen, queue, index):
    """The 8-byte tag of an IU."""
    return struct.pack(">IHH", gen & 0xffffffff, queue, index)


def lun_bytes(lun):
    """A LUN below 256 as SAM has it."""
    return struct.pack(">H6x", lun)


def login_req(adapter):
    """SRP_LOGIN_REQ."""
    return struct.pack(">B15xI6xB5x12xI16x", LOGIN_REQ, 292, 1, adapter)


def login_ok(iu):
    """Is it an SRP_LOGIN_RSP that the text allows?"""
    return len(iu) >= 52 and iu[0] == LOGIN_OK and iu[26] == 2 and \
        struct.unpack_from(">I", iu, 16)[0] >= 292 and struct.unpack_from(">I", iu, 4)[0] > 0


def login_rsp(credit):
    """SRP_LOGIN_RSP."""
    return struct.pack(">B3xI8xII2xB25x", LOGIN_OK, credit, 292, 132, 2)


def command(tag, lun, cdb, attr=0, mark=0):
    """SRP_CMD; mark: of the LU that is meant."""
    more = cdb[16:] + bytes(-len(cdb[16:]) & 3)
    return struct.pack(">B7x8sI8sBBBB", CMD, tag, mark, lun_bytes(lun), 0, attr, 0, len(more)) + \
        cdb[:16].ljust(16, b"\0") + more


def task(tag, lun, function, victim):
    """SRP_TSK_MGMT."""
    return struct.pack(">B7x8s4x8s2xB1x8s8x", TSK_MGMT, tag, lun_bytes(lun), function, victim)


def response(tag, status=GOOD, sense=b"", flags=0, residual_out=0, residual_in=0, mark=0):
    """SRP_RSP; mark: of the LU that has answered an INQUIRY."""
    return struct.pack(">B3xI8s2xBBIIII", RESPONSE, mark, tag, flags | (SNSVALID if sense else 0), status,
                       residual_out, residual_in, len(sense), 0) + sense


def aer(lun, asc, ascq=0):
    """SRP_AER_REQ with a unit attention."""
    sense = fixed_sense(6, asc, ascq)
    return struct.pack(">B19x8sI4x", AER, lun_bytes(lun), len(sense)) + sense


def fixed_sense(key, asc, ascq=0):
    """18 bytes of sense data."""
    return bytes((0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq, 0, 0, 0, 0))


def other_lu(mark):
    """Sense data of a command that was meant for another LU than the one that is there."""
    return struct.pack(">BBBIBxxxxBBxxxx", 0xf0, 0, 6, mark, 10, 0x3f, 0x0e)


class Answer:
    """An SRP_RSP taken apart; ValueError if it is none."""

    def __init__(self, iu, tag):
        if len(iu) < 36 or iu[0] != RESPONSE or iu[8:16] != tag:
            raise ValueError(f"no response to {tag.hex()}: {iu.hex()}")
        self.flags, self.status = iu[18], iu[19]
        self.mark, = struct.unpack_from(">I", iu, 4)
        self.residual_out, self.residual_in, sense, rsp = struct.unpack_from(">IIII", iu, 20)
        if len(iu) != 36 + (sense if self.flags & SNSVALID else 0) + \
                (rsp if self.flags & RSPVALID else 0):
            raise ValueError(f"{len(iu)} bytes with {sense} of sense, {rsp} of response")
        rest = iu[36:]
        self.code = None
        if self.flags & RSPVALID:
            self.code, rest = rest[3], rest[rsp:]
        self.sense = rest if self.flags & SNSVALID else b""


def rw16(write, lba, blocks):
    """READ(16) or WRITE(16)."""
    return struct.pack(">BBQIBB", WRITE_16 if write else READ_16, 0, lba, blocks, 0, 0)


def inquiry(length, page=None):
    """INQUIRY."""
    return struct.pack(">BBBHB", INQUIRY, page is not None, page or 0, length, 0)


class Disk:
    """A LU in memory, as much of one as sd asks for. LUN 0 alone."""
    BLOCK = 512

    def __init__(self, size=1 << 20, naa="6001405000000001", mark=0):
        self.store, self.naa, self.mark = bytearray(size), bytes.fromhex(naa), mark

    def execute(self, cdb, lun, data):
        """(status, data, sense) of a command."""
        op = cdb[0]
        if lun != lun_bytes(0) and op not in (0x12, 0xa0):
            return self.bad(0x25)
        if op in (0x28, 0x88, 0x2a, 0x8a):
            return self.move(cdb, data)
        if op == 0x12:
            return self.inquiry(cdb, lun)
        if op == 0xa0:
            return self.cut(struct.pack(">I4x8s", 8, lun_bytes(0)), cdb, ">I", 6)
        if op == 0x25:
            return GOOD, struct.pack(">II", self.blocks() - 1, self.BLOCK), b""
        if op == 0x9e and cdb[1] & 0x1f == 0x10:
            return self.cut(struct.pack(">QI20x", self.blocks() - 1, self.BLOCK), cdb, ">I", 10)
        if op == 0x1a:
            return self.cut(bytes((3, 0, 0, 0)), cdb, ">B", 4)
        if op in (0x00, 0x35, 0x91):
            return GOOD, b"", b""
        return self.bad(0x20)

    @staticmethod
    def bad(asc):
        """ILLEGAL REQUEST."""
        return CHECK, b"", fixed_sense(5, asc)

    @staticmethod
    def cut(data, cdb, form, offset):
        """No more than the CDB has room for."""
        return GOOD, data[:struct.unpack_from(form, cdb, offset)[0]], b""

    def blocks(self):
        """Its size."""
        return len(self.store) // self.BLOCK

    @staticmethod
    def place(cdb):
        """First block and number of them."""
        if cdb[0] < 0x80:
            return struct.unpack_from(">I", cdb, 2) + struct.unpack_from(">H", cdb, 7)
        return struct.unpack_from(">QI", cdb, 2)

    def move(self, cdb, data):
        """READ and WRITE, 10 and 16."""
        lba, count = self.place(cdb)
        if lba + count > self.blocks():
            return self.bad(0x21)
        at, end = lba * self.BLOCK, (lba + count) * self.BLOCK
        if cdb[0] in (0x28, 0x88):
            return GOOD, bytes(self.store[at:end]), b""
        self.store[at:end] = data[:end - at]
        return GOOD, b"", b""

    def inquiry(self, cdb, lun):
        """The pages that have to be."""
        name = b"vsr-test-0001"
        if not cdb[1] & 1:
            kind = 0 if lun == lun_bytes(0) else 0x7f
            page = struct.pack(">BBBBB3x8s16s4s", kind, 0, 6, 2, 31, b"VSR", b"TESTDISK", b"1")
            return self.cut(page, cdb, ">H", 3)
        pages = {
            0x00: bytes((0x00, 0x80, 0x83)),
            0x80: name,
            0x83: bytes((0x01, 0x03, 0x00, len(self.naa))) + self.naa +
                  bytes((0x02, 0x00, 0x00, len(name))) + name,
        }
        if cdb[2] not in pages:
            return self.bad(0x24)
        body = pages[cdb[2]]
        return self.cut(struct.pack(">BBH", 0, cdb[2], len(body)) + body, cdb, ">H", 3)
