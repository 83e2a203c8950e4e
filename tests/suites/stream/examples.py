#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""examples.py: vsr.py makes the examples of the protocol's text, byte for byte."""
import re
import struct

import vsr
import vsr_scsi as scsi
from base import case, expect

TEXT = "/src/Documentation/protocol/wire.rst"
KEY = bytes(range(32))


def dumps():
    """{name: bytes} of the text."""
    with open(TEXT, encoding="utf-8") as f:
        text = f.read()
    return {name: bytes.fromhex("".join(re.findall(r"^ {4}[0-9a-f]{4}  ([0-9a-f ]+)$", body, re.M)))
            for name, body in re.findall(r"Example\s+``(\w+)``[^:]*::\n\n((?: {4}[^\n]*\n)+)", text)}


def again(dump, hdgst):
    """The same PDU, taken apart and made anew."""
    _, kind, flags, iu_len, data_len, epoch, seq, tag, arg, _ = vsr.HDR.unpack(dump[:32])
    data = 32 + (iu_len + 3 & ~3)
    p = vsr.Pdu(kind, flags, tag, arg, dump[32:32 + iu_len], dump[data:data + data_len], epoch, seq)
    return b"".join(vsr.pack(p, hdgst)), p


def pdus(found):
    """All of them."""
    for name, dump in found.items():
        made, p = again(dump, name != "nop_plain")
        expect(made == dump, f"{name}: {made.hex()}")
        expect(p.type in vsr.TYPES, name)


def handshake(found):
    """The IUs, and the MACs."""
    init, ack = vsr.Init.unpack(found["init"][32:]), vsr.Init.unpack(found["init_ack"][32:])
    expect(init.pack() == found["init"][32:] and init.queues == 4 and init.depth == 128, str(init))
    vsr.check_ack(ack, init)
    expect(found["auth"][32:] == vsr.proof(KEY, b"vpart-1 client", found["init"], found["init_ack"]),
           "AUTH")
    expect(found["auth_ack"][32:] == vsr.proof(KEY, b"vpart-1 server", found["init"],
                                               found["init_ack"], found["auth"]), "AUTH_ACK")


def srp(found):
    """The IUs of SCSI."""
    tag = scsi.make_tag
    read = bytes((3, 0, 0, 0, 18, 0))
    for name, iu in {
            "login": scsi.login_req(7),
            "login_rsp": struct.pack(">HHHHII", 2, 128, 256, 0, 1 << 20, 0) + scsi.login_rsp(256),
            "req_read": scsi.command(tag(1, 0, 3), 1, read),
            "rsp_good": scsi.response(tag(1, 0, 4)),
            "rsp_sense": scsi.response(tag(2, 0, 5), scsi.CHECK, scsi.fixed_sense(5, 0x26)),
            "req_tmf": scsi.task(tag(3, 0, 126), 1, 1, tag(1, 0, 6)),
            "event": struct.pack(">Q", 41) + scsi.aer(1, 0x2a, 9)}.items():
        dump = found[name]
        got = dump[32:32 + struct.unpack_from(">H", dump, 6)[0]]
        expect(got == iu, f"{name}: {iu.hex()}, not {got.hex()}")


def main():
    """Three cases."""
    found = dumps()
    case("the text has its examples", expect, len(found) > 25, str(len(found)))
    case("P14 each PDU of the text is made anew byte for byte by tests/lib/vsr.py", pdus, found)
    case("P9 the handshake of the text, its MACs too", handshake, found)
    case("the SRP units of the text", srp, found)


main()
