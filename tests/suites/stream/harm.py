#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""harm.py PHASE...: harm between the two ends of pair p1 while writers are at its disk.

The server's end listens at 127.0.0.1:7300; its LUN 0 is the device-mapper device
"slow" over /dev/vdb. The client's end connects to 7310, where our proxy is, with all
digests and a path loss limit above all that is done here. Phases, each followed by a
look at the writers and the counters:

	flips N		one bit is another, N times: each is caught, and all that are not
			in a header by a digest
	pieces N	PDUs twice, lost, in another order, bytes in another order, N times:
			each is caught
	cuts SECONDS	every connection reset in the middle of a PDU, once a second
	lean SECONDS	the same, and nothing of it stays behind
	delay SECONDS	each piece waits 30 ms
	slow SECONDS	256 KiB a second and no more: nobody is taken for dead
	hole SECONDS	nothing passes, and nobody is told
	full SECONDS	the disk holds what it has, until the client may send no more
	fence SECONDS	the disk holds what it has, the session is cut: no login before
			it is through
	mixed SECONDS	any of it, at random

SEED is in the environment. At the end each block of the disk must be of its last write.
"""
import contextlib
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

import hotplug
import vsr
from base import Counters, case, disk_of, expect, host_attr, link_get, until
from proxy import HDR, BitFlips, Proxy

SEQS = "/src/tests/suites/stream/seqs.py"
BLOCKS = 512                    # of 4 KiB, for seqs.py; fio has what is behind
FIO = ("fio", "--name=load", "--rw=randwrite", "--bsrange=4k-192k", "--bs_unaligned=0", "--direct=1",
       "--ioengine=libaio", "--iodepth=4", "--offset=8m", "--size=8m", "--verify=crc32c",
       "--verify_fatal=1", "--verify_backlog=16", "--time_based", "--runtime=3600",
       "--allow_file_create=0", "--eta=never")


class Load:
    """Writers at the disk."""

    def __init__(self, disk):
        self.state = tempfile.mktemp(prefix="seqs.", dir="/tmp")
        self.out = tempfile.NamedTemporaryFile("w+", prefix="load.", dir="/tmp")
        self.seqs = subprocess.Popen([SEQS, "write", disk, "0", str(BLOCKS), self.state, "4"],
                                     stdout=self.out, stderr=subprocess.STDOUT)
        self.fio = subprocess.Popen(FIO + (f"--filename={disk}",), stdout=self.out,
                                    stderr=subprocess.STDOUT)

    def done(self):
        """Writes that were acknowledged."""
        try:
            with open(self.state, "rb") as f:
                data = f.read()
        except OSError:
            return 0
        return sum(int.from_bytes(data[i:i + 8], "little") for i in range(0, len(data), 8))

    def goes_on(self, seconds=60):
        """More of them are."""
        was = self.done()
        until(seconds, lambda: self.done() > was + 3, "writes go on")
        self.well()

    def well(self):
        """Neither has found anything wrong, nor had an error."""
        for name, proc in (("seqs", self.seqs), ("fio", self.fio)):
            expect(proc.poll() is None, f"{name} ended: {self.said()[-800:]}")

    def said(self):
        """By both."""
        self.out.flush()
        with open(self.out.name, encoding="utf-8") as f:
            return f.read().replace("\n", " | ")

    def end(self):
        """Stop them; both must be content."""
        self.well()
        with open(self.state + ".stop", "w", encoding="ascii"):
            pass
        self.fio.terminate()    # it verifies nothing more
        expect(self.seqs.wait(120) == 0, self.said()[-800:])
        self.fio.wait(120)
        text = self.said()
        expect("verify:" not in text and "err= 0" in text, text[:500])
        return re.search(r"\d+ writes, \d+ reads, .* wrong", text)[0]

    def kill(self):
        """Whatever comes."""
        for proc in (self.seqs, self.fio):
            if proc.poll() is None:
                proc.kill()
                proc.wait(60)


class Clock(threading.Thread):
    """Looks ten times a second; when it could not for longer than the keepalive, all of the
    machine may have stood still, and each end may have taken the other one for dead."""
    LIMIT = 2

    def __init__(self):
        super().__init__(daemon=True)
        self.stops = []
        self.start()

    def run(self):
        last = time.monotonic()
        while True:
            time.sleep(0.1)
            now = time.monotonic()
            if now - last > self.LIMIT:
                self.stops.append(now - last)
            last = now


class Rig:
    """The link, its proxy, and the load."""

    def __init__(self, seed):
        self.rng, self.clock = random.Random(seed), Clock()
        self.proxy = Proxy(7310, 7300)
        self.client, self.server = Counters("p1", vsr.CLIENT), Counters("p1", vsr.SERVER)
        self.up()
        self.disk = disk_of("p1", 60)
        self.load = Load(self.disk)
        self.load.goes_on()

    def up(self, seconds=60):
        """The link is."""
        until(seconds, lambda: host_attr("p1", "link_state") == "up", "link up")

    @staticmethod
    def inflight():
        """Commands that the server holds."""
        return int(link_get("p1", vsr.SERVER, "ADAPTER_GET")["INFLIGHT"])

    def mark(self):
        """Count from here."""
        self.client, self.server = Counters("p1", vsr.CLIENT), Counters("p1", vsr.SERVER)
        self.clock.stops.clear()

    def not_lost(self):
        """No login since, nor a reason for one, but that the machine stood still."""
        expect(self.clock.stops or self.client.logins == 0 and self.client.lost == 0, f"{self.client.now()}")

    def caught(self):
        """Errors of the wire that either end has seen."""
        return self.digests() + self.client.protocol_errors + self.server.protocol_errors

    def digests(self):
        """Those that a digest has told."""
        return self.client.digest_errors + self.server.digest_errors

    def well(self):
        """It is up, and the load goes on."""
        self.up()
        self.load.goes_on()

    def edited(self, edit, done):
        """An edit of one PDU: done, and caught once."""
        self.proxy.edit = lambda upward, pdu: pdu
        self.proxy.cut()    # whole PDUs are told from a connection's beginning on
        self.well()
        before, self.proxy.edit = self.caught(), edit
        until(60, done, f"an edit: {vars(edit)}")
        until(60, lambda: self.caught() > before, f"an edit is caught: {vars(edit)}")
        self.well()
        expect(self.caught() == before + 1, f"caught {self.caught() - before} times: {vars(edit)}")
        self.proxy.edit = None


class Flip:
    """An edit: one bit of one PDU, in its header, its IU, its data, or a digest."""
    WHERE = ("header", "IU", "data", "header digest", "data digest")

    def __init__(self, rng, where):
        self.rng, self.where, self.upward = rng, where, rng.random() < 0.5
        self.lock, self.done = threading.Lock(), ""

    def place(self, pdu):
        """Offset and length of what may change."""
        _, kind, flags, iu, data = HDR.unpack(pdu[:32])
        at = 32 + (iu + 3 & ~3)
        if kind < 0x10 or kind in (vsr.BYE, vsr.ERROR):
            return 0, 0
        return {"header": (0, 28), "IU": (32, iu), "data": (at, data), "header digest": (28, 4),
                "data digest": (len(pdu) - 4, 4 if flags & vsr.F_DDGST else 0)}[self.where]

    def __call__(self, upward, pdu):
        with self.lock:
            at, size = self.place(pdu)
            if self.done or not size or (upward != self.upward and self.where != "IU"):
                return pdu
            at += self.rng.randrange(size)
            pdu = bytearray(pdu)
            pdu[at] ^= 1 << self.rng.randrange(8)
            self.done = f"byte {at} of a PDU of type {pdu[4]:#x}"
            return bytes(pdu)


def flips(rig, count):
    """One bit each: caught, once, and by the digests if nothing else can."""
    rig.mark()
    wrong = 0
    for i in range(count):
        flip = Flip(rig.rng, Flip.WHERE[i % len(Flip.WHERE)])
        rig.edited(flip, lambda f=flip: f.done)
        wrong += flip.where != "header"
        expect(rig.digests() >= wrong, f"{flip.where}, {flip.done}: not by a digest")
    return f"{count} bits, {wrong} not in a header, {rig.caught()} caught, {rig.digests()} by digests"


class Shuffle:
    """An edit: a PDU twice, lost, or behind the next one."""
    WHAT = ("twice", "lost", "late")

    def __init__(self, what, upward):
        self.what, self.upward, self.held, self.lock = what, upward, b"", threading.Lock()
        self.done, self.pump = False, None

    def __call__(self, upward, pdu):
        with self.lock:
            pump = threading.get_ident()    # each connection has a thread of its own
            if self.done or upward != self.upward or pdu[4] < 0x10 or self.pump not in (None, pump):
                return pdu
            self.pump = pump
            if self.what == "lost":
                self.done = True
                return b""
            if not self.held and self.what == "late":
                self.held = pdu
                return b""
            self.done = True
            return pdu + (self.held or pdu)


class Swap:
    """Harm: two pieces of what came change places."""

    def __init__(self, rng):
        self.rng, self.done, self.lock = rng, False, threading.Lock()

    def __call__(self, _upward, data):
        with self.lock:
            if self.done or len(data) < 64:
                return data
            i, j, k = sorted(self.rng.sample(range(len(data) + 1), 3))
            swapped = data[:i] + data[j:k] + data[i:j] + data[k:]
            self.done = swapped != data
            return swapped


def pieces(rig, count):
    """Each is caught, once."""
    rig.mark()
    for i in range(count):
        what = i % (len(Shuffle.WHAT) + 1)
        if what < len(Shuffle.WHAT):
            harm = Shuffle(Shuffle.WHAT[what], rig.rng.random() < 0.5)
            rig.edited(harm, lambda h=harm: h.done)
            continue
        rig.well()
        before, harm = rig.caught(), Swap(rig.rng)
        rig.proxy.harm = harm
        until(60, lambda h=harm: h.done, "pieces change places")
        until(60, lambda b=before: rig.caught() > b, "pieces in another order are caught")
        expect(rig.caught() == before + 1, f"caught {rig.caught() - before} times")
        rig.proxy.harm = None
        rig.well()
    return f"{count} times, {rig.caught()} caught, {rig.digests()} by digests"


def many_flips(rig, seconds):
    """As many as come."""
    before, harm = rig.caught(), BitFlips(rig.rng.random(), 30000)
    rig.proxy.harm = harm
    time.sleep(seconds)
    rig.proxy.harm = None
    rig.well()
    expect(harm.flips and rig.caught() > before, f"{harm.flips} flips, caught {rig.caught() - before}")


def cuts(rig, seconds):
    """In the middle of a PDU."""
    rig.mark()
    end, done = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        rig.proxy.cut(rig.rng.random())
        done += 1
        time.sleep(0.8 + 0.4 * rig.rng.random())
    until(60, lambda: rig.client.logins, "a login")
    rig.well()
    most = done + 1 + len(rig.clock.stops)
    expect(rig.client.logins <= most, f"{rig.client.logins} logins after {done} cuts")
    expect(rig.client.lost >= rig.client.logins and rig.client.protocol_errors == 0 and
           rig.server.protocol_errors == 0, f"{rig.client.now()} {rig.server.now()}")
    return f"{done} cuts, {rig.client.logins} logins"


def lean(rig, seconds):
    """Cut again and again: nothing is left of each session."""
    cuts(rig, 20)
    before, was = hotplug.memory(), rig.client.now()["LOGINS"]
    cuts(rig, seconds)
    times = rig.client.now()["LOGINS"] - was
    grown = [g for g in hotplug.grown(before, hotplug.memory(), times) if "tw_sock" not in g]
    expect(not grown, f"{times} logins: {'; '.join(grown)}")
    return f"{times} logins"


def delay(rig, seconds):
    """No reason to log in anew."""
    rig.mark()
    rig.proxy.delay = 0.03
    time.sleep(seconds)
    rig.load.goes_on()
    until(60, lambda: int(link_get("p1", vsr.CLIENT)["RTT_MAX_US"]) > 50000, "a round trip that took longer")
    rig.proxy.delay = 0
    rig.not_lost()


def slow(rig, seconds):
    """Who is slow is not dead, and others' bytes are not lost."""
    rig.mark()
    rig.proxy.rate = 256 << 10
    rig.load.goes_on()
    time.sleep(seconds)
    rig.load.goes_on()
    rig.proxy.rate = 0
    rig.not_lost()
    rig.well()


def hole(rig, seconds):
    """Short: nothing is noticed. Longer: the link goes down, and comes back."""
    rig.mark()
    rig.proxy.hold(True)
    time.sleep(seconds)
    if seconds > 9:
        until(60, lambda: rig.client.lost and rig.server.lost, "both ends have noticed")
    rig.proxy.hold(False)
    if seconds > 9:
        until(60, lambda: rig.client.logins, "a login")
    rig.well()
    if seconds < 4:
        rig.not_lost()


def dm(*words):
    """dmsetup."""
    subprocess.run(("dmsetup", "--noudevsync", "--noudevrules") + words, check=True)


@contextlib.contextmanager
def suspended():
    """The disk takes no more, and ends nothing."""
    dm("suspend", "--noflush", "--nolockfs", "slow")
    try:
        yield
    finally:
        dm("resume", "slow")


def full(rig, seconds):
    """Every tag is in use: the others wait, and nothing else comes of it."""
    rig.mark()
    most = int(host_attr("p1", "can_queue"))
    many = ("fio", "--name=many", "--rw=randread", "--bs=4k", "--direct=1", "--ioengine=libaio", "--iodepth=1024",
                      "--offset=16m", "--size=8m", f"--number_ios={4 * most}",
                      "--allow_file_create=0", f"--filename={rig.disk}")
    with suspended():
        reader = subprocess.Popen(many, stdout=subprocess.DEVNULL)
        until(60, lambda: rig.inflight() == most, f"{most} commands are open")
        time.sleep(seconds)
        rig.not_lost()
    expect(reader.wait(120) == 0, f"fio: {reader.returncode}")
    rig.well()
    rig.not_lost()


def fence(rig, seconds):
    """P12, P14: the epoch's commands end before the next begins."""
    rig.mark()
    with suspended():
        # Of both writers; one at least has no more to send.
        until(60, lambda: rig.inflight() > 4, "the disk holds commands")
        rig.proxy.cut()
        until(60, lambda: "last_session" in link_get("p1", vsr.CLIENT).get("PROBLEM", ""),
              "the server says that it holds commands")
        time.sleep(seconds)
        expect(rig.client.logins == 0 and rig.server.logins == 0, "a login before they ended")
        expect(link_get("p1", vsr.SERVER)["STATE"] == "3", "the server's end does not drain")
    rig.well()
    expect(rig.client.logins >= 1, "no login")


def mixed(rig, seconds):
    """At random, for as long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        left = max(1, min(10, end - time.monotonic()))
        what, arg = rig.rng.choice(((cuts, left), (cuts, left), (many_flips, left), (delay, 2),
                                    (hole, 1), (hole, 6), (fence, 1), (full, 1), (slow, 3),
                                    (flips, 5), (pieces, 5)))
        print(f"# {what.__name__} {arg:.0f}", flush=True)
        what(rig, arg)


PHASES = {
    "flips": (flips, "V1 {} single flipped bits: each is caught"),
    "pieces": (pieces, "V1 {} times PDUs twice, lost, in another order: each is caught"),
    "slow": (slow, "V10 256 KiB a second for {} s: no login"),
    "full": (full, "V10 all credits in use for {} s: no login, and all is done in the end"),
    "cuts": (cuts, "V1 cut in the middle of a PDU every second for {} s"),
    "lean": (lean, "V1 cut every second for {} s: all comes back, nothing grows"),
    "delay": (delay, "V10 30 ms more each way for {} s: no login"),
    "hole": (hole, "V10 nothing passes for {} s: no error, commands go on"),
    "fence": (fence, "P12 V3 commands that the disk holds for {} s: no login before they end"),
    "mixed": (mixed, "V1 V2 V3 all of it for {} s"),
}


def main():
    """As told."""
    seed = os.environ.get("SEED") or str(time.time_ns())
    print(f"# seed {seed}", flush=True)
    rig = Rig(seed)
    try:
        for name, arg in zip(sys.argv[1::2], sys.argv[2::2]):
            what, desc = PHASES[name]
            if not case(desc.format(arg), what, rig, int(arg)):
                break
        case("V1 V2 the writers saw every block as they had written it", rig.load.end)
    finally:
        rig.load.kill()
        rig.proxy.close()
    done = subprocess.run([SEQS, "exact", "/dev/vdb", "0", str(BLOCKS), rig.load.state],
                          capture_output=True, text=True, check=False)
    case("V3 each block of the disk is of its last write", expect, done.returncode == 0,
         done.stdout.replace("\n", " | "))


main()
