#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""exchange.py TIMES HOST LUN FOLDER NAME=TARGET=DEVICE NAME=TARGET=DEVICE: a number leads to one
LU and then to the other, in turn, while its disk is written and read without pause.

HOST and LUN are the client's. FOLDER, in configfs, has a link to TARGET, which leads to DEVICE;
NAME begins the LU's unit serial. Each LU has a part that only its own disk's writers write to, by
this: whatever is in the other's part was meant for the other, and so is what a reader gets that is
not the LU's own."""
import glob
import mmap
import os
import sys
import threading
import time

BLOCK = 4096
PART = 1 << 20
WRITERS, READERS = 6, 2


class Lu:
    """One of the two."""

    def __init__(self, number, text):
        self.name, self.target, self.device = text.split("=")
        self.stamp = self.name.encode().ljust(8, b".") * (BLOCK // 8)
        self.mine = number * PART           # written by its disk's writers
        self.read = 2 * PART                # read by all
        self.done = 0                       # reads and writes that went well

    def raw(self, offset, data=None, length=PART):
        """What is on the medium, past all of ours."""
        fd = os.open(self.device, os.O_RDWR | os.O_DIRECT)
        with mmap.mmap(-1, length) as buf:
            if data:
                buf[:] = data * (length // len(data))
                os.pwrite(fd, buf, offset)
            else:
                os.preadv(fd, [buf], offset)
            os.close(fd)
            return bytes(buf)


class Exchange:
    """The number, and who uses it."""

    def __init__(self, times, host, lun, folder, *lus):
        self.times, self.folder = int(times), folder
        self.disks = f"/sys/class/scsi_host/host{host}/device/target*/*:*:*:{lun}/block/*"
        self.lus = [Lu(i, text) for i, text in enumerate(lus)]
        self.stop, self.wrong = False, []
        for lu in self.lus:
            for part in range(2):
                lu.raw(part * PART, bytes(BLOCK))
            lu.raw(lu.read, lu.stamp)

    def open(self):
        """The disk that is there, and which it is; while it is open its name is no other's."""
        for path in glob.glob(self.disks):
            fd = os.open("/dev/" + os.path.basename(path), os.O_RDWR | os.O_DIRECT)
            try:
                rdev = os.fstat(fd).st_rdev
                with open(f"/sys/dev/block/{os.major(rdev)}:{os.minor(rdev)}/device/vpd_pg80",
                          "rb") as f:
                    serial = f.read()[4:].decode()
                return fd, next(lu for lu in self.lus if serial.startswith(lu.name))
            except (OSError, StopIteration):
                os.close(fd)
        raise OSError

    def use(self, number):
        """One thread: a command at a time, of the disk that is there as long as it is."""
        at = number * BLOCK
        with mmap.mmap(-1, BLOCK) as buf:
            while not self.stop:
                try:
                    fd, lu = self.open()
                except OSError:
                    time.sleep(0.01)
                    continue
                try:
                    while not self.stop:
                        self.one(fd, lu, buf, number, at)
                        at = (at + 16 * BLOCK) % PART
                except OSError:
                    pass
                os.close(fd)

    def one(self, fd, lu, buf, number, at):
        """A write or a read."""
        if number < WRITERS:
            buf[:] = lu.stamp
            os.pwrite(fd, buf, lu.mine + at)
        else:
            # Of a disk that has gone nothing is read, without an error.
            if os.preadv(fd, [buf], lu.read + at) != BLOCK:
                raise OSError
            if bytes(buf) != lu.stamp:
                self.wrong.append(f"{lu.name}: read {bytes(buf[:8])} at {lu.read + at}")
        lu.done += 1

    def lead_to(self, lu):
        """The number leads to this one, and its disk comes; the last one's may go, or go on."""
        was = lu.done
        for link in glob.glob(f"{self.folder}/*"):
            if os.path.islink(link):
                os.unlink(link)
        os.symlink(lu.target, f"{self.folder}/{lu.name}")
        limit = time.monotonic() + 60
        while lu.done < was + 100:
            if time.monotonic() > limit:
                sys.exit(f"nothing is done on {lu.name}")
            time.sleep(0.01)

    def run(self):
        """All of it."""
        threads = [threading.Thread(target=self.use, args=(i,)) for i in range(WRITERS + READERS)]
        for thread in threads:
            thread.start()
        try:
            for i in range(self.times):
                self.lead_to(self.lus[i % 2])
        finally:
            self.stop = True
            for thread in threads:
                thread.join()
        for lu, other in (self.lus, self.lus[::-1]):
            strange = lu.raw(other.mine)
            for at in range(0, PART, BLOCK):
                if strange[at:at + BLOCK] != bytes(BLOCK):
                    self.wrong.append(f"{lu.name}: has {strange[at:at + 8]} at {other.mine + at}")
        print(*self.wrong[:20], sep="\n")
        print(", ".join(f"{lu.name}: {lu.done}" for lu in self.lus))
        return bool(self.wrong)


if __name__ == "__main__":
    sys.exit(Exchange(*sys.argv[1:]).run())
