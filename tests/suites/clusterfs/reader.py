# SPDX-License-Identifier: GPL-2.0
"""The part of 61-events.sh that is a program with libvpart, whose socket has no room just when
it reads what it has missed; NODE is mounted. Each line is a test, as those of faults.py."""
import ctypes
import importlib.util
import os
import socket
import sys

from faults import check

SPEC = importlib.util.spec_from_file_location("cnl", "/src/tests/suites/clusterfs/nl.py")
cnl = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(cnl)
nl = cnl.nl

EVENT_SIZE = 4096       # of struct vpart_cluster_event, at most
MANY = 100              # more than the smallest buffer has room for


class At(ctypes.Structure):
    """struct vpart_cluster_at"""
    _fields_ = [("cluster", ctypes.c_char_p), ("node", ctypes.c_char_p)]


class Reader:
    """What a node tells of itself, from its first event on."""

    def __init__(self, node):
        self.lib = ctypes.CDLL("/src/build/tools/libvpart.so")
        self.lib.vpart_open.restype = ctypes.c_void_p
        self.lib.vpart_cluster_events_open_node.restype = ctypes.c_void_p
        at = At(None, node.encode())
        self.handle = ctypes.c_void_p(self.lib.vpart_open())
        self.events = ctypes.c_void_p(self.lib.vpart_cluster_events_open_node(
            self.handle, ctypes.byref(at), ctypes.c_uint64(0), True))
        fd = os.dup(self.lib.vpart_cluster_events_fd(self.events))
        with socket.socket(fileno=fd) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self.event = (ctypes.c_uint64 * (EVENT_SIZE // 8))()

    def next(self):
        """The number of the next event, None if there is none for a while."""
        ret = self.lib.vpart_cluster_events_next(self.events, ctypes.byref(self.event), 2000)
        return self.event[0] if ret == 1 and not self.event[1] else None

    def rest(self):
        """The numbers of all until there is none for a while."""
        out = []
        while (seq := self.next()) is not None:
            out.append(seq)
        return out


def main():
    """All of them."""
    node = sys.argv[1]
    teller = nl.Netlink()

    def say(text):
        nl.request(teller, ["NODE_EVENT_SAY", f"MOUNT={node}", "CLASS=4", f"TEXT={text}"])
    reader = Reader(node)
    reader.rest()
    for i in range(MANY):
        say(f"many{i}")
    first = reader.next()
    say("late")
    heard = [first] + reader.rest()
    check("V11 a reader that has missed some reads all that is kept, without a gap",
          first and heard == list(range(first, first + len(heard))), str(heard))
    _, out, _ = nl.request(teller, ["-d", "NODE_EVENT_GET", f"MOUNT={node}"])
    last = int([w for w in out[-1].split() if w.startswith("SEQ=")][0][4:])
    check("V11 ... and what comes while it does", heard[-1] == last,
          f"the last that it heard is {heard[-1]}, of {last}")


if __name__ == "__main__":
    main()
