#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""hog.py MIB FILE: fill memory and look at all of it, until FILE is there: is it as written?

Each page tells its number and the round, so that a page in another's place, or
an older one, is found. Two rounds at least.
"""
import itertools
import mmap
import os
import struct
import sys

PAGE = mmap.PAGESIZE


def check(area, stamp, at, want):
    """The stamp there is the one of the last round."""
    found = stamp.unpack_from(area, at)
    if found != want:
        sys.exit(f"at {at}: page and round {found}, not {want}")


def main():
    """Fill, check and fill anew."""
    mib, stop = int(sys.argv[1]), sys.argv[2]
    pages = mib * 1024 * 1024 // PAGE
    area = mmap.mmap(-1, pages * PAGE)
    stamp = struct.Struct("<QQ")
    for turn in itertools.count():
        for page in range(pages):
            # At both ends: half a page is not enough.
            for at in (page * PAGE, (page + 1) * PAGE - stamp.size):
                if turn:
                    check(area, stamp, at, (page, turn - 1))
                stamp.pack_into(area, at, page, turn)
        if turn > 1 and os.path.exists(stop):
            print(f"{turn} rounds over {pages} pages")
            return


if __name__ == "__main__":
    main()
