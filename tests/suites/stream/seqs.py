#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Blocks that tell which of its writes each one is of.

seqs.py write DEVICE AT BLOCKS STATE THREADS
	Write and read random ones of BLOCKS blocks of 4 KiB from byte AT on, until
	STATE.stop is there. STATE keeps for each the number of the last write that
	was acknowledged, and outlives the machine if it lies in /out. Every read
	must give that number, or that of a later write that was begun. What failed
	is written again at the end, so that every block's number is known.
	Exit code: 0; 1 if a block was wrong; 3 if an I/O failed, and no block was.

seqs.py least|exact DEVICE AT BLOCKS STATE
	Does the device have what was acknowledged, or something later (least)?
	Exactly that (exact)?
"""
import mmap
import os
import random
import struct
import sys
import threading
import time
import zlib

BLOCK = 4096
RECORD = struct.Struct("<8sQQI")    # magic, block, number, checksum of these
COPIES = BLOCK // 64                # a record each, padded: a torn block shows
MAGIC = b"seqs\0\0\0\1"


def encode(block, number):
    """A block's data."""
    text = RECORD.pack(MAGIC, block, number, 0)[:-4]
    return (text + struct.pack("<I", zlib.crc32(text))).ljust(64, b"\0") * COPIES


def decode(data, block):
    """The number of a block's data; 0 of one that was never written; None: none."""
    if not any(data):
        return 0
    magic, its, number, _ = RECORD.unpack_from(data)
    if magic != MAGIC or its != block or data != encode(block, number):
        return None
    return number


class State:
    """Numbers of acknowledged writes, in a file."""

    def __init__(self, path, blocks):
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        os.ftruncate(self.fd, blocks * 8)
        self.acked = list(struct.unpack(f"<{blocks}Q", os.pread(self.fd, blocks * 8, 0)))

    def ack(self, block, number):
        """A write is acknowledged."""
        self.acked[block] = number
        os.pwrite(self.fd, struct.pack("<Q", number), block * 8)


class Device:
    """Blocks of a device, past its cache."""

    def __init__(self, path, at, flags=0):
        try:
            self.fd = os.open(path, flags | os.O_DIRECT)
        except OSError:     # a file where that is not possible
            self.fd = os.open(path, flags)
        self.at = at

    def read(self, block, buf):
        """Into a page."""
        if os.preadv(self.fd, [buf], self.at + block * BLOCK) != BLOCK:
            raise OSError("short read")

    def write(self, block, buf):
        """From a page."""
        if os.pwritev(self.fd, [buf], self.at + block * BLOCK) != BLOCK:
            raise OSError("short write")


class Worker(threading.Thread):
    """One I/O after the other, on blocks of its own."""

    def __init__(self, job, device, state, blocks):
        super().__init__(daemon=True)
        self.job = job
        self.device = device
        self.state = state
        self.blocks = blocks
        self.begun = {}
        self.buf = mmap.mmap(-1, BLOCK)
        self.writes = self.reads = self.longest = 0
        self.errors = []
        self.wrong = []

    def timed(self, what, block):
        """Do it; how long it took counts. False: it failed."""
        start = time.monotonic()
        try:
            what(block, self.buf)
            return True
        except OSError as e:
            self.errors.append(f"{what.__name__} of block {block}: {e.strerror or e}")
            time.sleep(0.01)    # where everything fails, let the others do something
            return False
        finally:
            self.longest = max(self.longest, time.monotonic() - start)

    def read(self, block):
        """What is there must be the last write, or one of those that failed after it."""
        if not self.timed(self.device.read, block):
            return None
        self.reads += 1
        number, least = decode(self.buf[:], block), self.state.acked[block]
        most = self.begun.get(block, number)
        if number is None or not least <= number <= most:
            self.wrong.append(f"block {block} has {number}, {least} was acknowledged, "
                              f"{most} begun")
        return number or 0

    def write(self, block):
        """The next number."""
        number = self.begun[block] = self.begun[block] + 1
        self.buf[:] = encode(block, number)
        if self.timed(self.device.write, block):
            self.writes += 1
            self.state.ack(block, number)

    def run(self):
        while not self.job.stop and not self.wrong:
            block = random.choice(self.blocks)
            if block not in self.begun:
                number = self.read(block)
                if number is not None:
                    self.begun[block] = max(number, self.state.acked[block])
            elif random.random() < 0.25:
                self.read(block)
            else:
                self.write(block)
        if self.wrong:
            self.job.stop = True
            return
        # An earlier life's writes, and those that failed: which came to be?
        for block in self.blocks:
            if block not in self.begun:
                number = self.read(block)
                self.begun[block] = max(number or 0, self.state.acked[block])
            if self.begun[block] != self.state.acked[block]:
                self.write(block)


class Job:
    """All workers."""

    def __init__(self, path, at, blocks, state, threads):
        device = Device(path, at, os.O_RDWR)
        numbers = State(state, blocks)
        self.stop = False
        self.workers = [Worker(self, device, numbers, range(n, blocks, threads))
                        for n in range(threads)]
        self.signal = state + ".stop"

    def run(self):
        """Until it is told to stop; the exit code."""
        for worker in self.workers:
            worker.start()
        while not self.stop and not os.path.exists(self.signal):
            time.sleep(0.1)
        self.stop = True
        for worker in self.workers:
            worker.join()
        errors = [e for w in self.workers for e in w.errors]
        wrong = [e for w in self.workers for e in w.wrong]
        print(f"{sum(w.writes for w in self.workers)} writes, "
              f"{sum(w.reads for w in self.workers)} reads, {len(errors)} errors, "
              f"{len(wrong)} wrong, the longest took {max(w.longest for w in self.workers):.1f} s")
        print("\n".join(wrong[:10] + errors[:10]))
        return 1 if wrong else 3 if errors else 0


def check(path, at, blocks, state, exact):
    """All blocks of a device that nobody writes to."""
    device = Device(path, at)
    acked = State(state, blocks).acked
    buf = mmap.mmap(-1, BLOCK)
    wrong = []
    for block in range(blocks):
        device.read(block, buf)
        number = decode(buf[:], block)
        if number is None or (number != acked[block] if exact else number < acked[block]):
            wrong.append(f"block {block} has {number}, {acked[block]} was acknowledged")
    print(f"{len(wrong)} of {blocks} blocks of {path} are wrong, "
          f"{sum(1 for a in acked if a)} were written")
    print("\n".join(wrong[:10]))
    return 1 if wrong or not any(acked) else 0


def main():
    """As told."""
    what, path, at, blocks, state = sys.argv[1:6]
    if what == "write":
        return Job(path, int(at), int(blocks), state, int(sys.argv[6])).run()
    return check(path, int(at), int(blocks), state, what == "exact")


if __name__ == "__main__":
    sys.exit(main())
