#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""blocked.py: senders of the kernel whose peer does not read, or is gone.

Pair 7 (p1) at 127.0.0.1:7300 is the kernel's server, LUN 0 on /dev/vdb.
"""
import contextlib
import os
import socket
import statistics
import struct
import subprocess
import threading
import time

import nl
import vsr
import vsr_scsi as scsi
from base import Counters, direct, disk_of, expect, link, link_get, pattern, run_cases, until, vpart
from vsr_client import Client
from vsr_server import Server

ADDRESS = "tcp:127.0.0.1:7300"
MIB = 1 << 20
WRITES = 40     # of 8 KiB: more than sockets of 64 KiB take


def client(**how):
    """Logged in."""
    return Client(link(7), ADDRESS, **how).login()


def honest():
    """Somebody who does nothing wrong is served."""
    with client() as c:
        data = pattern(1, 16384)
        c.good(scsi.rw16(True, 0, 32), write=data)
        expect(c.good(scsi.rw16(False, 0, 32), read=16384) == data, "other data")


# --- nothing waits for nothing ------------------------------------------------------

def read_times(features):
    """Of 31 reads of 16 KiB, whose data go to the socket as they are; of more than half a
    window TCP would not wait with the rest."""
    times = []
    with client(features=features) as c:
        for _ in range(31):
            since = time.monotonic()
            c.good(scsi.rw16(False, 0, 32), read=16384)
            times.append(time.monotonic() - since)
    return statistics.median(times)


def not_corked():
    """With a data digest something follows the data, without it nothing does: TCP must not
    wait for it, which takes it 200 ms. The machine may have been slower meanwhile: then
    they are compared once more, but TCP would wait each time."""
    for _ in range(4):
        plain, digest = read_times(0), read_times(vsr.DDGST)
        if plain < digest + 0.1:
            return
    raise AssertionError(f"{plain * 1000:.0f} ms, with digests {digest * 1000:.0f} ms")


def states():
    """Of all TCP sockets of port 7300: {state: how many}."""
    count = {}
    with open("/proc/net/tcp", encoding="ascii") as f:
        for line in f.readlines()[1:]:
            local, _, state = line.split()[1:4]
            if local.endswith(":1C84"):
                count[state] = count.get(state, 0) + 1
    return count


def no_orphans():
    """A stranger who is gone before the server closes: the server's socket does not stay."""
    was = Counters("p1", vsr.SERVER)
    lost = [vsr.dial(ADDRESS) for _ in range(5)]
    until(60, lambda: states().get("01", 0) >= 5, "they are there")
    subprocess.run(("ip", "link", "set", "lo", "down"), check=True)
    try:
        time.sleep(7)       # the handshake's limit is 5 s
        for sock in lost:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
    finally:
        subprocess.run(("ip", "link", "set", "lo", "up"), check=True)
    until(60, lambda: set(states()) <= {"0A"}, f"only the listener is left: {states()}")
    expect(not was.logins, "logins")
    honest()


# --- a client that does not read ------------------------------------------------------

def busy(c):
    """More answers than fit on the way; until the server has all of the requests."""
    was = int(link_get("p1", vsr.SERVER)["COMMANDS"])
    for _ in range(6):
        c.open(scsi.rw16(False, 0, MIB // 512), read=MIB)
    until(60, lambda: int(link_get("p1", vsr.SERVER)["COMMANDS"]) >= was + 6, "the requests are there")


def tag_again():
    """A tag is used again while the word of its last use has not been sent: such a client is
    left, and nobody else has a part in it."""
    was = Counters("p1", vsr.SERVER)
    c = client(depth=32)
    conn, tag = c.conns[0], 20
    busy(c)
    write = {"flags": vsr.F_WRITE, "tag": tag, "arg": 65536}
    for gen in range(6):
        cdb = scsi.command(scsi.make_tag(100 + gen, 0, tag), 0, scsi.rw16(True, 4096, 128))
        try:
            conn.send(vsr.REQ, iu=cdb, **write)
            time.sleep(0.2)
            conn.send(vsr.CANCEL, tag=tag)
        except (OSError, vsr.Ended):
            break
    until(60, lambda: was.protocol_errors == 1, "it was noticed")
    c.close()
    honest()


# --- a client that does not send ------------------------------------------------------

def arriving():
    """A write whose data have not come is no LU's yet; what its tag had before is over."""
    with client() as c:
        c.good(scsi.rw16(True, 0, 32), write=pattern(1, 16384))
        cmd = c.open(scsi.rw16(True, 0, 32), write=pattern(2, 16384), imm=False)
        cmd.hold = True
        while not cmd.wanted:
            c.pump(time.monotonic() + 60)
        _, lines, err = nl.request(nl.Netlink(), ["-d", "CALL_GET", "NAME=p1"])
        expect(not err and len(lines) == 1, f"{err}: {lines}")
        told = dict(w.split("=", 1) for w in lines[0].split())
        expect(told["TAG"] == str(cmd.tag) and not {"LUN", "CDB"} & set(told), lines[0])
        c.data_out(cmd, *cmd.wanted)
        expect(c.wait(cmd)[0] == scsi.GOOD, "the write failed")


# --- a server that does not read ------------------------------------------------------

class Deaf:
    """A server in a thread that can stop to read, and is alive all the same."""

    def __init__(self):
        self.server = Server(link(9), "tcp:127.0.0.1:7400")
        self.server.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.deaf, self.ended, self.stop, self.seen = False, [], False, []
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def loop(self):
        """One session after the other."""
        while not self.stop:
            try:
                with self.server.session(0.3) as sess:
                    self.seen = sess.seen
                    self.serve(sess)
            except vsr.Late:
                pass
            except Exception as e:  # pylint: disable=broad-except
                self.ended.append(e)

    def serve(self, sess):
        """Until it is told to stop."""
        while not self.stop:
            if self.deaf:
                for conn in sess.conns:
                    conn.send(vsr.NOP, arg=1)
                time.sleep(0.5)
            else:
                sess.serve(0.3, lambda: self.stop or self.deaf)


@contextlib.contextmanager
def kernel_end():
    """The kernel's client of it; its disk."""
    vpart("link", "add", "p9", "client", "client1", "server", "vios1", "id", "9", "connect",
          "tcp:127.0.0.1:7400", "key", "none")
    try:
        yield disk_of("p9")
    finally:
        vpart("link", "del", "p9", "side", "client", "--force")


def at_a_stand(disk):
    """All writes are there, and nothing was sent between twenty looks: by the clock alone,
    the sender may have stood still with all of the machine."""
    last = [-1, 0]

    def look():
        now = int(link_get("p9", vsr.CLIENT)["TX_BYTES"])
        with open(f"/sys/block/{os.path.basename(disk)}/inflight", encoding="ascii") as f:
            all_there = sum(int(n) for n in f.read().split()) >= WRITES
        last[:] = [now, last[1] + 1 if now == last[0] and all_there else 0]
        return last[1] >= 20
    return look


def given_up():
    """A function that is given up before its turn is never sent."""
    deaf = Deaf()
    with kernel_end() as disk:
        deaf.deaf = True
        writes = [threading.Thread(target=direct, args=(disk, pattern(n, 8192), n * 8192))
                  for n in range(WRITES)]
        for write in writes:
            write.start()
        until(60, at_a_stand(disk), "the sender is at a stand")
        done = subprocess.run(("sg_reset", "-N", "-d", disk), capture_output=True, text=True, check=False, timeout=60)
        expect(done.returncode, "the reset was answered")
        seen = len(deaf.seen)
        deaf.deaf = False
        for n, write in enumerate(writes):
            write.join(60)
            expect(not write.is_alive(), "a write that never ends")
            expect(direct(disk, offset=n * 8192, length=8192) == pattern(n, 8192), "other data")
        prio = [p for p in deaf.seen[seen:] if p.flags & vsr.F_PRIO]
        expect(not prio, f"{len(prio)} of them came")
        expect(not deaf.ended, f"the session ended: {deaf.ended}")
    deaf.stop = True
    deaf.thread.join(20)
    deaf.server.close()


def main():
    """All cases, or those whose name is given."""
    run_cases([
        ("data with nothing behind them do not wait in the socket", not_corked),
        ("R19 strangers that are gone leave no sockets behind", no_orphans),
        ("R10 a command that is still arriving is told as such", arriving),
        ("a tag that is used again before the word of its end was sent", tag_again),
        ("V3 the kernel's client: a reset that was given up is not sent later", given_up),
    ])


main()
