#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""fuzz.py DEVICE FOLDER SEED ROUNDS: a good repository is on DEVICE. In each round some of
what a node reads is changed, mostly with the CRC made right again, and a node tries to mount
it: it is refused with a sentence, or mounted; then all is read, and it leaves."""
import ctypes
import os
import random
import struct
import subprocess
import sys

import mount
from crc32c import crc32c

BLOCK, SECTOR = 4096, 512
FIELDS = [(8, 4), (16, 8), (24, 8), (32, 8), (40, 16), (56, 8), (64, 8), (72, 64), (136, 4),
          (140, 4), (144, 4), (148, 4), (152, 16), (168, 4), (172, 4), (176, 4), (180, 4),
          (184, 8), (192, 8), (200, 8), (208, 8), (216, 8), (224, 8), (240, 3856)]
WHOLE = 8 << 20


def edge(rng, size):
    """A number that is worth a try."""
    bits = size * 8
    return rng.choice([0, 1, 2, 3, 255, 2 ** (bits - 1), 2 ** bits - 1, 2 ** bits - 2,
                       rng.getrandbits(bits), 1 << rng.randrange(bits)]) % 2 ** bits


def seal(image, at, size, crc):
    """The CRC of a block or sector that has one."""
    image[at + crc:at + crc + 4] = bytes(4)
    image[at + crc:at + crc + 4] = struct.pack("<I", crc32c(bytes(image[at:at + size])))


def superblock(rng, image):
    """A field, or random bytes; of one copy or of both."""
    both = [BLOCK, 255 * BLOCK]
    at, size = rng.choice(FIELDS)
    size = min(size, 8)
    value = edge(rng, size).to_bytes(size, "little")
    for block in both if rng.random() < 0.8 else [rng.choice(both)]:
        image[block + at:block + at + size] = value
        if rng.random() < 0.95:
            seal(image, block, BLOCK, 12)


def noise(rng, image):
    """Random bytes where superblocks are."""
    block = rng.choice([BLOCK, 255 * BLOCK])
    for _ in range(rng.randint(1, 64)):
        image[block + rng.randrange(256)] = rng.getrandbits(8)


def record(rng, image):
    """A field of a record: whatever it says, it says it with a good CRC."""
    places = [at for at in range(256 * BLOCK, WHOLE, SECTOR) if image[at:at + 4] == b"CFR1"]
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        place = rng.choice(places)
        size = rng.choice([1, 2, 4, 8])
        at = rng.randrange(8, 128 if rng.random() < 0.5 else 420) // size * size
        image[place + at:place + at + size] = edge(rng, size).to_bytes(size, "little")
        if rng.random() < 0.95:
            seal(image, place, SECTOR, 4)


def moved(rng, image):
    """A sector as it was somewhere else, or zeroed."""
    places = [at for at in range(256 * BLOCK, WHOLE, SECTOR) if image[at:at + 4] == b"CFR1"]
    source, target = rng.choice(places), rng.choice(places)
    image[target:target + SECTOR] = image[source:source + SECTOR] if rng.random() < 0.7 \
        else bytes(SECTOR)
    if image[target:target + 4] == b"CFR1":
        image[target + 16:target + 24] = struct.pack("<Q", target // SECTOR)
        seal(image, target, SECTOR, 4)


def main():
    """ROUNDS of it; tells how many were mounted and refused."""
    device, folder, seed, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    rng = random.Random(seed)
    libc = ctypes.CDLL(None, use_errno=True)
    with open(device, "rb") as f:
        good = f.read(WHOLE)
    count = {"mounted": 0, "refused": 0}
    for number in range(rounds):
        image = bytearray(good)
        how = rng.choice([superblock, superblock, noise, record, record, record, moved])
        how(rng, image)
        with open(device, "r+b") as f:
            f.write(image)
        error, text = mount.mount(device, folder, ["node=n1", "lock=local", "timeout=60"])
        if error:
            count["refused"] += 1
            if "e clusterfs: " not in text:
                sys.exit(f"round {number}, {how.__name__}: refused without a sentence: {error} {text}")
            continue
        count["mounted"] += 1
        done = subprocess.run(f"ls -lR {folder} && find {folder} -type f -exec cat {{}} +",
                              shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        if done.returncode or b"state: OK" not in done.stdout:
            sys.exit(f"round {number}, {how.__name__}: mounted, and not to be read: "
                     f"{done.stdout[-400:]}")
        if libc.umount2(os.fsencode(folder), 0):
            sys.exit(f"round {number}, {how.__name__}: it does not leave")
    print(count)
    # Neither all nor none: else nothing was tried.
    sys.exit(min(count.values()) == 0)


main()
