#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""SCSI commands by SG_IO, as sg3_utils do not send them.

sg.py io DISK CDB [in BYTES FILE | out FILE]	one command; says how it ended
sg.py race DISK DISK LBA			two COMPARE AND WRITE of the same block at once
sg.py count DISK DISK LBA THREADS N		a counter that all raise, by COMPARE AND WRITE
sg.py queue DISK THREADS SECONDS		each thread writes and reads blocks of its own
"""
import ctypes
import errno
import fcntl
import os
import random
import struct
import sys
import threading
import time

from align import FROM, SG_IO, TO, Hdr

NONE = -1
BLOCK = 512
GOOD, CHECK, BUSY = 0, 2, 8
MISCOMPARE = 0xe


class Answer:
    """How a command ended."""

    def __init__(self, header, sense, data):
        self.status, self.host, self.resid = header.status, header.host_status, header.resid
        self.key = self.asc = 0
        self.information = None
        self.data = data
        if header.sb_len_wr >= 14 and sense[0] & 0x7f == 0x70:
            self.key, self.asc = sense[2] & 0xf, sense[12] << 8 | sense[13]
            if sense[0] & 0x80:
                self.information = int.from_bytes(bytes(sense[3:7]), "big")

    def __str__(self):
        if self.host:
            return f"host {self.host:#x}"
        text = f"status {self.status:02x}"
        if self.status == CHECK:
            text += f" sense {self.key:x}/{self.asc:04x}"
            if self.information is not None:
                text += f" at {self.information}"
        elif self.resid:
            text += f" residual {self.resid}"
        return text


def sg_io(fd, cdb, out=None, wanted=0):
    """Send a command with the data OUT, or asking for WANTED bytes."""
    direction, length = (TO, len(out)) if out else (FROM, wanted) if wanted else (NONE, 0)
    data = ctypes.create_string_buffer(bytes(out or b"\xa5" * wanted), length) if length else None
    command = (ctypes.c_ubyte * len(cdb))(*cdb)
    sense = (ctypes.c_ubyte * 64)()
    header = Hdr(ord("S"), direction, len(cdb), 64, 0, length,
                 ctypes.addressof(data) if data else None, ctypes.addressof(command),
                 ctypes.addressof(sense), 60000, 0)
    fcntl.ioctl(fd, SG_IO, header)
    return Answer(header, sense, data.raw if data else b"")


def compare_and_write(fd, lba, old, new):
    """COMPARE AND WRITE of one block."""
    return sg_io(fd, struct.pack(">BBQ3xBBx", 0x89, 0, lba, 1, 0), out=old + new)


def one(disk, cdb, *data):
    """sg.py io"""
    fd = os.open(disk, os.O_RDWR)
    cdb = bytes.fromhex(cdb)
    if data[:1] == ("out",):
        with open(data[1], "rb") as f:
            print(sg_io(fd, cdb, out=f.read()))
    elif data[:1] == ("in",):
        answer = sg_io(fd, cdb, wanted=int(data[1]))
        with open(data[2], "wb") as f:
            f.write(answer.data)
        print(answer)
    else:
        print(sg_io(fd, cdb))


def at_once(jobs):
    """Run them in threads that start together; the first exception is raised."""
    start, failed = threading.Barrier(len(jobs)), []

    def run(job):
        try:
            start.wait()
            job()
        except Exception as e:      # pylint: disable=broad-except
            failed.append(e)
    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def race(first, second, lba):
    """sg.py race: one of them finds what the other has written."""
    answers = []
    old = bytes(BLOCK)

    def writer(disk, letter):
        fd = os.open(disk, os.O_RDWR)
        return lambda: answers.append(compare_and_write(fd, int(lba), old, letter * BLOCK))
    at_once([writer(first, b"1"), writer(second, b"2")])
    print(*sorted(map(str, answers)), sep=", ")


def count(first, second, lba, threads, n):
    """sg.py count: each success is one step of the counter, and there is no other."""
    lba, n = int(lba), int(n)
    steps = []

    def raiser(disk):
        fd = os.open(disk, os.O_RDWR)

        def run():
            done, value = 0, 0
            while done < n:
                answer = compare_and_write(fd, lba, value.to_bytes(BLOCK, "big"),
                                           (value + 1).to_bytes(BLOCK, "big"))
                if answer.status == GOOD and not answer.host:
                    done += 1
                    value += 1
                    continue
                if answer.key != MISCOMPARE and answer.status != BUSY:
                    raise OSError(errno.EIO, str(answer))
                value = int.from_bytes(
                    sg_io(fd, struct.pack(">BBIBHB", 0x28, 0, lba, 0, 1, 0), wanted=BLOCK).data,
                    "big")
            steps.append(done)
        return run
    at_once([raiser((first, second)[i % 2]) for i in range(int(threads))])
    fd = os.open(first, os.O_RDWR)
    data = sg_io(fd, struct.pack(">BBIBHB", 0x28, 0, lba, 0, 1, 0), wanted=BLOCK).data
    print(f"{int.from_bytes(data, 'big')} of {sum(steps)}")


def queue(disk, threads, seconds):
    """sg.py queue: many commands are under way, of all lengths; each has its own data."""
    end = time.monotonic() + int(seconds)
    done = []

    def worker(number):
        fd = os.open(disk, os.O_RDWR)
        rng = random.Random(number)

        def run():
            n = 0
            # Each has something to do, however slow the machine is.
            while n < 4 or time.monotonic() < end:
                blocks = rng.choice((1, 1, 3, 8, 17, 64))
                lba = number * 128 + rng.randrange(128 - blocks)
                data = rng.randbytes(blocks * BLOCK)
                answer = sg_io(fd, struct.pack(">BBQIxx", 0x8a, 0, lba, blocks), out=data)
                if answer.status or answer.host:
                    raise OSError(errno.EIO, f"write: {answer}")
                answer = sg_io(fd, struct.pack(">BBQIxx", 0x88, 0, lba, blocks),
                               wanted=blocks * BLOCK)
                if answer.status or answer.host or answer.data != data:
                    raise OSError(errno.EIO, f"read at {lba}: {answer}")
                n += 1
            done.append(n)
        return run
    at_once([worker(i) for i in range(int(threads))])
    print(f"{len(done)} threads")


def main():
    """As the arguments say."""
    jobs = {"io": one, "race": race, "count": count, "queue": queue}
    if len(sys.argv) < 3 or sys.argv[1] not in jobs:
        sys.exit(__doc__)
    jobs[sys.argv[1]](*sys.argv[2:])


main()
