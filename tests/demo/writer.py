#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""writer.py FOLDER LIST SEED: write files for ever, and note each that is safe.

A file is noted in LIST, by its checksum as of sha256sum, after it and its folder
were fsynced. LIST has to be where a crash of this machine cannot reach it.
"""
import hashlib
import os
import random
import sys


def store(path, data):
    """A new file and its name, durable when this returns."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    os.write(fd, data)
    os.fsync(fd)
    os.close(fd)
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(folder)
    os.close(folder)


def main():
    """Until the end of the machine."""
    folder, notes, seed = sys.argv[1:]
    rng = random.Random(seed)
    os.mkdir(folder)
    out = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    number = 0
    while True:
        data = rng.randbytes(rng.choice((1000, 5000, 20000, 100000)))
        path = os.path.join(folder, f"{number:05}")
        store(path, data)
        os.write(out, f"{hashlib.sha256(data).hexdigest()}  {path}\n".encode())
        number += 1


main()
