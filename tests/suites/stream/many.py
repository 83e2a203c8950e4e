#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""many.py COUNT...: so many clients of one server, then one of them greedy.

Pairs m0, m1, ... (numbers 100, ...) with both ends here, at 127.0.0.1:7300; each a LUN
on the backstore d1.
"""
import concurrent.futures
import glob
import os
import subprocess
import sys
import time

import hotplug
import vsr
from base import case, direct, disk_of, expect, host_attr, links_get, until, vpart

TARGET = "/sys/kernel/config/target"
MADE = []       # pairs


def write(path, text):
    """A file of the kernel's."""
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


def make(i):
    """Both ends of a pair."""
    pair, store = f"m{i}", glob.glob(f"{TARGET}/core/*/d1")[0]
    words = ("client", "client1", "server", "vios1", "id", str(100 + i))
    MADE.append(pair)
    vpart("link", "add", pair, *words, "listen", "tcp:127.0.0.1:7300", "key", "none")
    os.makedirs(f"{TARGET}/vscsi/{pair}/tpgt_1")
    write(f"{TARGET}/vscsi/{pair}/tpgt_1/enable", "1")
    hotplug.add(pair, store, 0)
    vpart("link", "add", pair, *words, "connect", "tcp:127.0.0.1:7300", "key", "none")


def unmake():
    """All of them."""
    while MADE:
        pair = MADE.pop()
        vpart("link", "del", pair, "side", "client", "--force")
        hotplug.remove(pair, glob.glob(f"{TARGET}/core/*/d1")[0], 0)
        os.rmdir(f"{TARGET}/vscsi/{pair}/tpgt_1")
        os.rmdir(f"{TARGET}/vscsi/{pair}")
        vpart("link", "del", pair, "side", "server")


def available():
    """KiB of memory, when all is given back that can be."""
    hotplug.memory()
    with open("/proc/meminfo", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("MemAvailable"))


def logins(ends):
    """Of each pair."""
    return [int(ends[pair, vsr.CLIENT]["LOGINS"]) for pair in MADE]


def served(pair):
    """Its disk can be read."""
    direct(disk_of(pair, 120), length=4096)


def clients(count):
    """So many log in, are served, and come back at once when the server was away."""
    before, start = available(), time.monotonic()
    new = range(len(MADE), count)
    for i in new:
        make(i)
    until(300, lambda: min(logins(links_get())) >= 1, "all log in")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(served, MADE))
    took = time.monotonic() - start
    used = before - available()
    was = logins(links_get())
    vpart("partition", "fail", "vios1")
    until(60, lambda: all(links_get()[pair, vsr.CLIENT]["STATE"] != "2" for pair in MADE), "all are down")
    start = time.monotonic()
    vpart("partition", "start", "vios1")
    until(120, lambda: all(n > w for n, w in zip(logins(links_get()), was)), "all come back")
    back = time.monotonic() - start
    for pair in MADE:
        served(pair)
    return f"{used / len(new):.0f} KiB and {took * 1000 / len(new):.0f} ms for each new one, both ends " \
           f"and its disk; all back in {back:.2f} s, {back * 1000 / count:.0f} ms a login"


def commands():
    """That the server has had, of each pair."""
    ends = links_get()
    return [int(ends[pair, vsr.SERVER]["COMMANDS"]) for pair in MADE]


def fair(size, depth):
    """A greedy client keeps every tag in use, a small one has one command open: of what
    the server does, that one has its part. A queue that is served in turn has at most
    all of the greedy one's commands before each of the small one's; twice that is
    allowed."""
    small = disk_of("m1")
    greedy = subprocess.Popen(
        ("fio", "--name=greedy", "--rw=randread", f"--bs={size}", "--direct=1", "--ioengine=libaio",
         f"--iodepth={depth}", f"--filename={disk_of('m0')}", "--size=8m", "--time_based",
         "--runtime=600", "--allow_file_create=0"), stdout=subprocess.DEVNULL)
    try:
        first = commands()[0]
        until(60, lambda: commands()[0] > first + 2 * depth, "the greedy one has begun")
        before, done = commands(), 0
        while done < 60 or commands()[0] - before[0] < 4 * depth:
            direct(small, offset=done % 1000 * 4096, length=4096)
            done += 1
        others = [now - was for now, was in zip(commands(), before)]
        expect(greedy.poll() is None, "fio has ended")
    finally:
        greedy.terminate()
        greedy.wait(60)
    expect(others[1] >= done, f"{others[1]} of {done} were commands")
    expect(others[0] <= others[1] * depth * 2, f"{others[0]} of the greedy one, {others[1]} of the small one")
    return f"{others[0]} commands of one that has {depth} open, {others[1]} of one that has one"


def main():
    """As told."""
    counts = [int(word) for word in sys.argv[1:]]
    try:
        for count in counts:
            if not case(f"V10 {count} clients of one server", clients, count):
                break
        depth = int(host_attr("m0", "can_queue"))
        case("V10 a greedy client leaves a small one its part", fair, "4k", depth)
        case("V10 ... with 1 MiB a command", fair, "1m", depth)
    finally:
        case(f"V10 all {len(MADE)} go", unmake)


main()
