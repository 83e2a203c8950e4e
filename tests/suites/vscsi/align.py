#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""align.py DISK [BLOCK]: write and read with buffers at odd offsets of a page,
by SG_IO and O_DIRECT, and compare. Exit 0 if each transfer was either refused
or right. Prints how many were wrong."""
import ctypes
import errno
import fcntl
import mmap
import os
import sys

SG_IO = 0x2285
TO, FROM = -2, -3
SIZE = 16384


class Hdr(ctypes.Structure):
    """struct sg_io_hdr"""
    _fields_ = [("interface_id", ctypes.c_int), ("dxfer_direction", ctypes.c_int),
                ("cmd_len", ctypes.c_ubyte), ("mx_sb_len", ctypes.c_ubyte),
                ("iovec_count", ctypes.c_ushort), ("dxfer_len", ctypes.c_uint),
                ("dxferp", ctypes.c_void_p), ("cmdp", ctypes.c_void_p),
                ("sbp", ctypes.c_void_p), ("timeout", ctypes.c_uint),
                ("flags", ctypes.c_uint), ("pack_id", ctypes.c_int),
                ("usr_ptr", ctypes.c_void_p), ("status", ctypes.c_ubyte),
                ("masked_status", ctypes.c_ubyte), ("msg_status", ctypes.c_ubyte),
                ("sb_len_wr", ctypes.c_ubyte), ("host_status", ctypes.c_ushort),
                ("driver_status", ctypes.c_ushort), ("resid", ctypes.c_int),
                ("duration", ctypes.c_uint), ("info", ctypes.c_uint)]


def sg_io(fd, opcode, lba, blocks, direction, address, length):
    """One READ(10) or WRITE(10) with the data at an address."""
    cdb = (ctypes.c_ubyte * 10)(opcode, 0, *lba.to_bytes(4, "big"), 0,
                                *blocks.to_bytes(2, "big"), 0)
    sense = (ctypes.c_ubyte * 64)()
    h = Hdr(ord("S"), direction, 10, 64, 0, length, address, ctypes.addressof(cdb),
            ctypes.addressof(sense), 60000, 0)
    fcntl.ioctl(fd, SG_IO, h)
    return h.status == 0 and h.host_status == 0 and h.driver_status & 0xf == 0


def main():
    disk, block = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 512
    fd = os.open(disk, os.O_RDWR | os.O_DIRECT)
    area = mmap.mmap(-1, 1 << 18)
    base = ctypes.addressof(ctypes.c_char.from_buffer(area))
    wrong = right = refused = 0
    for turn in range(10):
        for offset in (0, 4, 100, 512, 2052):
            lba = (turn * 8 + offset % 7) * (65536 // block)
            data = os.urandom(SIZE)
            back = 131072 + offset
            # the kernel's own transfer, at aligned addresses, is the witness
            area[offset:offset + SIZE] = data
            ok = sg_io(fd, 0x2a, lba, SIZE // block, TO, base + offset, SIZE)
            area[65536:65536 + SIZE] = bytes(SIZE)
            os.preadv(fd, [memoryview(area)[65536:65536 + SIZE]], lba * block)
            wrong += not ok or area[65536:65536 + SIZE] != data
            area[back:back + SIZE] = bytes(SIZE)
            ok = sg_io(fd, 0x28, lba, SIZE // block, FROM, base + back, SIZE)
            if ok and area[back:back + SIZE] == data:
                right += 1
            else:
                wrong += 1
            try:
                data = os.urandom(SIZE)
                area[offset:offset + SIZE] = data
                os.pwritev(fd, [memoryview(area)[offset:offset + SIZE]], lba * block)
                area[back:back + SIZE] = bytes(SIZE)
                os.preadv(fd, [memoryview(area)[back:back + SIZE]], lba * block)
                if area[back:back + SIZE] == data:
                    right += 1
                else:
                    wrong += 1
            except OSError as e:
                if e.errno != errno.EINVAL:
                    raise
                refused += 1
    print(f"{wrong} wrong, {right} right, {refused} refused")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
