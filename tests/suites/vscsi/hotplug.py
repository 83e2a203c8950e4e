#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""hotplug.py: LUNs of a target come and go.

	hotplug.py cycles PAIR BACKSTORE LUN COUNT [WARMUP]
		add and remove a LUN COUNT times, each time until the client's disk is
		there and gone; then say which slab caches, and how much other memory,
		grew with each cycle since the first WARMUP of them
	hotplug.py burst PAIR BACKSTORE LUN RESCAN COUNT
		add a LUN, and tell of a new size of LUN RESCAN COUNT times, while
		nobody else can run: one processor, real-time priority

BACKSTORE is its folder. Exit code 0 if all of it went as it should.
"""
import os
import re
import socket
import sys
import time

TARGET = "/sys/kernel/config/target/vscsi"
UEVENT, GROUP_KERNEL, RCVBUFFORCE = 15, 1, 33
LIMIT = 60
# Pools of the debug kernel's own checks, filled in batches; and what vfree() has given back,
# unmapped 32 MiB at a time: of what is in use VmallocUsed tells.
OWN = ("debug_objects_cache", "kmemleak_object", "kmemleak_scan_area", "vmap_area")
MEMORY = ("SUnreclaim", "Percpu", "VmallocUsed", "KernelStack", "PageTables")


class Disks:
    """The kernel's events of the disks of one adapter pair."""

    def __init__(self, pair):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, UEVENT)
        self.sock.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 1 << 22)
        self.sock.bind((0, GROUP_KERNEL))
        self.pair = f"/{pair}.client/"

    def wait(self, action, lun):
        """Until the disk at a LUN has come ("add") or gone ("remove")."""
        end = time.monotonic() + LIMIT
        want = re.compile(rf"{action}@.*/\d+:\d+:\d+:{lun}/block/sd[a-z]+$")
        while True:
            self.sock.settimeout(max(0.001, end - time.monotonic()))
            try:
                head = self.sock.recv(65536).split(b"\0", 1)[0].decode()
            except socket.timeout:
                sys.exit(f"no {action} of LUN {lun} within {LIMIT} s")
            if self.pair in head and want.match(head):
                return


def add(pair, backstore, lun):
    """Map a backstore."""
    folder = f"{TARGET}/{pair}/tpgt_1/lun/lun_{lun}"
    os.mkdir(folder)
    os.symlink(backstore, f"{folder}/{os.path.basename(backstore)}")


def remove(pair, backstore, lun):
    """Unmap it."""
    folder = f"{TARGET}/{pair}/tpgt_1/lun/lun_{lun}"
    os.unlink(f"{folder}/{os.path.basename(backstore)}")
    os.rmdir(folder)


def write(path, text):
    """Write a small file."""
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


def memory():
    """{slab cache: objects}, {kind: KiB}, once nothing more is on its way back.

    kfree_rcu() keeps what it is given for up to 5 s, and KASAN its quarantine.
    """
    end, last = time.monotonic() + LIMIT, sample()
    while time.monotonic() < end:
        time.sleep(1)
        now = sample()
        if all(last[0].get(k, 0) - n < 16 for k, n in now[0].items()):
            return now
        last = now
    return last


def sample():
    """The same at this moment, after all that can be given back was."""
    os.sync()
    write("/proc/sys/vm/drop_caches", "3")
    for name in os.listdir("/sys/kernel/slab"):
        try:
            write(f"/sys/kernel/slab/{name}/shrink", "1")
        except OSError:
            pass
    with open("/proc/slabinfo", encoding="ascii") as f:
        slabs = {w[0]: int(w[1]) for w in (line.split() for line in f.readlines()[2:])}
    with open("/proc/meminfo", encoding="ascii") as f:
        lines = dict(line.split(":") for line in f)
    return slabs, {k: int(lines[k].split()[0]) for k in MEMORY if k in lines}


def allocated(name):
    """Who allocated most of a cache's objects, where slub_debug=U keeps that."""
    try:
        with open(f"/sys/kernel/debug/slab/{name}/alloc_traces", encoding="ascii") as f:
            most = [" ".join(line.split()[:2]) for line in f if re.match(r" *\d+ ", line)][:4]
    except OSError:
        return ""
    return f" (now {', '.join(most)})" if most else ""


def grown(before, after, count):
    """What has grown by more than half an object, or an eighth of a page, a cycle."""
    found = []
    for name, n in after[0].items():
        if name in OWN:
            continue
        more = n - before[0].get(name, 0)
        if more > max(64, count / 2):
            found.append(f"{name}: {more} objects more{allocated(name)}")
    for name, kib in after[1].items():
        more = kib - before[1][name]
        if more > max(512, count / 2):
            found.append(f"{name}: {more} KiB more")
    return found


def cycles(pair, backstore, lun, count, warmup="0", seconds="0"):
    """COUNT times there and back again, or as often as that can be in SECONDS."""
    disks, count, warmup, seconds = Disks(pair), int(count), int(warmup), int(seconds)
    before, start = memory(), time.monotonic()
    for i in range(count):
        if seconds and time.monotonic() - start > seconds:
            count = i
            break
        if i and i == warmup:
            before = memory()
        add(pair, backstore, lun)
        disks.wait("add", lun)
        remove(pair, backstore, lun)
        disks.wait("remove", lun)
        if i % 500 == 499:
            print(f"# {i + 1} cycles, {time.monotonic() - start:.0f} s", flush=True)
    after = memory()
    if count <= warmup:
        print(f"{count} cycles say nothing, {warmup} are to warm up")
        return 1
    found = grown(before, after, count - warmup)
    print(f"# {count} cycles, {time.monotonic() - start:.0f} s;", *(
        f"{k} {after[1][k] - before[1][k]:+d} KiB" for k in after[1]))
    print(*found, sep="\n")
    return 1 if found else 0


def burst(pair, backstore, lun, rescan, count):
    """More events at once than the link's queue keeps."""
    write("/proc/sys/kernel/sched_rt_runtime_us", "-1")
    fd = os.open(f"{TARGET}/{pair}/tpgt_1/rescan", os.O_WRONLY)
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
    add(pair, backstore, lun)
    for _ in range(int(count)):
        os.pwrite(fd, rescan.encode(), 0)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return 0


if __name__ == "__main__":
    sys.exit({"cycles": cycles, "burst": burst}[sys.argv[1]](*sys.argv[2:]))
