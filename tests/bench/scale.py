#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""scale.py luns|adapters|peer|queues COUNT: in the guest of tests/bench/scale, measure.

Prints "WHAT VALUE". The guest's clock counts instructions (but for queues): a cost is
what the processor did, without the time that it was idle; "first" and "last" are what the
clock showed, waits and all. Memory is in bytes: what is gone when all that the kernel can
give back was given back, without this program's own.

Each LU stands on a null_blk of its own. The commands are vpart's, as people use them;
a thousand LUs come from a file by "vpart config restore", which is a row itself.
"""
import ctypes
import glob
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time

NULLB = "/sys/kernel/config/nullb"
LIO = "/sys/kernel/config/target"
MIB = 16
REPEATS = 5
# What Python has no names for
KOBJECT_UEVENT = 15
UEVENT_KERNEL = 1
RCVBUFFORCE = 33
INIT_MODULE = 175


def say(what, value):
    """A row."""
    print(what, value, flush=True)


def note(text):
    """Where we are, on the console."""
    print(f"# {time.monotonic():.3f} {text}", file=sys.stderr, flush=True)


def put(path, text):
    """Write a file of sysfs or configfs."""
    with open(path, "w", encoding="ascii") as f:
        f.write(str(text))


def get(path):
    """Read one."""
    with open(path, encoding="ascii") as f:
        return f.read().strip()


def run(*command):
    """A command that succeeds; its output."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode:
        sys.exit(f"scale: {' '.join(command)}: {done.stderr}{done.stdout}")
    return done.stdout


# ---- what something costs ----

def clock():
    """Nanoseconds of the guest that were not idle, so instructions."""
    text = get("/proc/timer_list")
    now = int(re.search(r"^now at (\d+) nsecs", text, re.M)[1])
    return now - sum(int(idle) for idle in
                     re.findall(r"\.(?:idle|iowait)_sleeptime\s*: (\d+)", text))


def busy(what):
    """What a call costs."""
    start = clock()
    what()
    return clock() - start


def nothing():
    """What looking at the clock costs is taken away again."""


def cost(what):
    """What a call costs, by itself."""
    return max(busy(what) - statistics.median(busy(nothing) for _ in range(3)), 0)


def vpart(*words):
    """What a command costs, and what it has the kernel do meanwhile, once it is in memory."""
    run("vpart", "config", "restore", "--dry-run", "/tmp/config")
    return cost(lambda: run("vpart", *words))


def settle():
    """Until the machine has been idle for a second, but for its ticks."""
    for _ in range(600):
        if busy(lambda: time.sleep(1)) < 20_000_000:
            return
    sys.exit("scale: the machine does not come to rest")


def until_rest(what):
    """What a call costs with all that it has the kernel do until there is nothing more."""
    def both():
        what()
        settle()
    return max(busy(both) - statistics.median(busy(settle) for _ in range(3)), 0)


def small(what):
    """The same of what is done within a second, the median."""
    def wait():
        time.sleep(1)

    def both():
        what()
        wait()
    return max(statistics.median(busy(both) for _ in range(REPEATS)) -
               statistics.median(busy(wait) for _ in range(REPEATS)), 0)


def wait_for(what, limit=600):
    """Until it holds; the guest's time passes quickly while nothing runs."""
    end = time.monotonic() + limit
    while not what():
        if time.monotonic() > end:
            sys.exit("scale: waited in vain")
        time.sleep(0.01)


def memory():
    """What is in use: all of it, slab, per processor, kernel stacks."""
    settle()
    os.sync()
    for _ in range(3):
        put("/proc/sys/vm/drop_caches", 3)
        for path in glob.glob("/sys/kernel/slab/*/shrink"):
            put(path, 1)
        time.sleep(0.5)
    # Free, but on a processor's list
    free = sum(int(n) << 12 for n in
               re.findall(r"^\s+count:\s+(\d+)", get("/proc/zoneinfo"), re.M))
    have = {name: int(kib) << 10 for name, kib in
            re.findall(r"^(\w+):\s+(\d+) kB", get("/proc/meminfo"), re.M)}
    own = int(re.search(r"^RssAnon:\s+(\d+) kB", get("/proc/self/status"), re.M)[1]) << 10
    return {"": have["MemTotal"] - have["MemFree"] - free - have["Buffers"] - have["Cached"] - own,
            "-slab": have["Slab"], "-percpu": have["Percpu"], "-stack": have["KernelStack"]}


def say_memory(what, before, after):
    """What is more in use."""
    for kind, size in after.items():
        say(what + kind, size - before[kind])


class Disks:
    """The kernel's announcements of disks, with their times."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, KOBJECT_UEVENT)
        self.sock.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 1 << 26)
        self.sock.bind((0, UEVENT_KERNEL))
        self.sock.settimeout(600)

    def wait(self, count):
        """When the first disk was announced, and when the last of so many."""
        first, names = None, set()
        while len(names) < count:
            text = self.sock.recv(65536)
            if text.startswith(b"add@") and b"\0DEVTYPE=disk\0" in text and b"/block/sd" in text:
                first = first or time.monotonic_ns()
                names.add(text.split(b"\0")[0])
        return first, time.monotonic_ns()


# ---- what is measured ----

def null_devices(count):
    """As many null_blk as that."""
    for i in range(count):
        folder = f"{NULLB}/n{i}"
        os.mkdir(folder)
        for name, value in (("queue_mode", 0), ("blocksize", 4096), ("size", MIB), ("power", 1)):
            put(f"{folder}/{name}", value)


def partitions():
    """Two partitions, and a pair, which has had a LU: then LIO has loaded all its modules."""
    run("vpart", "partition", "add", "vios1", "vios")
    run("vpart", "partition", "add", "client1", "client")
    run("vpart", "adapter", "add", "client", "client1", "server", "vios1", "name", "p0")
    run("vpart", "lu", "add", "lu", "adapter", "p0", "device", "/dev/n0", "identity", "none")
    run("vpart", "lu", "del", "lu")


def config(adapters, luns):
    """A file with so many adapter pairs of so many LUs each, made from one that vpart wrote."""
    run("vpart", "config", "save", "/tmp/base")
    with open("/tmp/base", encoding="utf-8") as f:
        c = json.load(f)
    pair = c["adapters"][0]
    c["adapters"] = []
    for a in range(adapters):
        c["adapters"].append({**pair, "name": f"p{a}", "id": pair["id"] + a,
                              "client_slot": pair["client_slot"] + a,
                              "server_slot": pair["server_slot"] + a})
        for i in range(luns):
            n = a * luns + i
            # Two LUs must differ in the first 25 digits.
            c["lus"].append({"name": f"lu{n}", "uuid": f"{n:08x}-0000-4000-8000-000000000000",
                             "device": f"/dev/n{n}", "identity": "none", "kind": "block",
                             "bytes": MIB << 20, "at": [{"adapter": f"p{a}", "lun": i}]})
    with open("/tmp/config", "w", encoding="utf-8") as f:
        json.dump(c, f)
    run("vpart", "adapter", "del", pair["name"])


def disk_of(adapter, lun):
    """The disk of a LUN."""
    path = glob.glob(f"/sys/bus/vpart/devices/{adapter}.client/host*/target*/*:0:0:{lun}/block/sd*")
    return os.path.basename(path[0])


def insert(module):
    """Load a module that is in memory: no file is waited for."""
    if ctypes.CDLL(None, use_errno=True).syscall(INIT_MODULE, module, ctypes.c_long(len(module)),
                                                 b""):
        sys.exit("scale: load the module: " + os.strerror(ctypes.get_errno()))


def client_up(count):
    """Load the client's driver: to the first disk, to all, and what it costs."""
    events = Disks()
    times = {}
    before = commands()
    with open("/modules/vscsi_host.ko", "rb") as f:
        module = f.read()

    def load():
        times["start"] = time.monotonic_ns()
        insert(module)
        times["first"], times["last"] = events.wait(count)
    all_of_it = until_rest(load)
    have = len(glob.glob("/sys/bus/vpart/devices/*.client/host*/target*/*:*:*:*/block/sd*"))
    if have != count:
        sys.exit(f"scale: {have} disks of {count}")
    say("first", times["first"] - times["start"])
    say("last", times["last"] - times["start"])
    say("client", all_of_it)
    say_asked("client", before)


def commands():
    """What LIO has had from the clients, by LU."""
    return {path.split("/")[-4]: int(get(path)) for path in
            glob.glob(LIO + "/core/iblock_*/*/statistics/scsi_lu/num_cmds")}


def say_asked(what, before):
    """What that made the clients send, and to how many LUs that were there."""
    after = commands()
    say(what + "-commands", sum(after.values()) - sum(before.values()))
    say(what + "-asked", sum(after[name] != was for name, was in before.items()))


def io(*words, lowest=False):
    """The medians of tests/bench/io, or the lowest of its repeats."""
    for line in run("/src/build/bench/io", *words).splitlines():
        op, depth, *cost = line.split()
        yield f"{op}-{depth}", int(cost[lowest])


def tools():
    """Commands that look."""
    say("show", vpart("lu", "show"))
    for name, words in (("show-one", ("lu", "show", "lu0")), ("show-adapter", ("adapter", "show"))):
        say(name, statistics.median(vpart(*words) for _ in range(3)))
    say("save", vpart("config", "save", "/tmp/saved"))
    say("restore-same", vpart("config", "restore", "/tmp/saved"))


def event(adapter):
    """One LUN of an adapter may have another size."""
    def tell():
        put(f"{LIO}/vscsi/{adapter}/tpgt_1/rescan", 0)
    settle()
    say("event", small(tell))
    before = commands()
    tell()
    settle()
    say_asked("event", before)


def relogin(count):
    """The link is lost and comes back."""
    states = glob.glob("/sys/bus/vpart/devices/*.client/host*/scsi_host/host*/link_state")

    def lose():
        run("vpart", "partition", "fail", "vios1")
        wait_for(lambda: all(get(state) != "up" for state in states))
        run("vpart", "partition", "start", "vios1")
        wait_for(lambda: all(get(state) == "up" for state in states))
    if len(states) != count:
        sys.exit(f"scale: {len(states)} hosts of {count}")
    before = commands()
    say("relogin", until_rest(lose))
    say_asked("relogin", before)


def set_up(adapters, luns):
    """The devices, the server's side, then the client's, each with its memory."""
    null_devices(adapters * luns + 1)
    partitions()
    config(adapters, luns)
    note("server")
    base = memory()
    say("restore", vpart("config", "restore", "/tmp/config"))
    served = memory()
    say_memory("server-memory", base, served)
    note("client")
    client_up(adapters * luns)
    say_memory("client-memory", served, memory())
    note("tools")
    tools()
    note("event")
    event("p0")


def luns_part(count):
    """So many LUNs of one adapter."""
    set_up(1, count)
    settle()
    before = commands()
    new = ("more", "adapter", "p0", "device", f"/dev/n{count}", "identity", "none", "lun",
           str(count))
    say("add", until_rest(lambda: run("vpart", "lu", "add", *new)))
    say_asked("add", before)
    say("del", until_rest(lambda: run("vpart", "lu", "del", "more")))
    note("link")
    relogin(1)
    note("I/O")
    for name, lun in (("io-first", 0), ("io-last", count - 1)):
        say(name, dict(io("/dev/" + disk_of("p0", lun)))["read-1"])


def adapters_part(count):
    """So many adapters of one LUN each."""
    set_up(count, 1)
    say("threads", sum(int(get(path + "/stat").rsplit(")", 1)[1].split()[1] == "2")
                       for path in glob.glob("/proc/[0-9]*")))
    note("link")
    relogin(count)
    note("I/O")
    say("io-last", dict(io("/dev/" + disk_of(f"p{count - 1}", 0)))["read-1"])


def peer_part(count):
    """So many LUNs of tcm_loop, whose kernel makes the disk when a LUN is linked."""
    tpg = LIO + "/loopback/naa.6001405000000001/tpgt_1"
    null_devices(count)
    note("backstores")
    base = memory()
    for i in range(count):
        folder = f"{LIO}/core/iblock_{i}/lu{i}"
        os.makedirs(folder)
        put(folder + "/control", f"udev_path=/dev/n{i}")
        # Without one it has no VPD pages, and a client nothing to ask for.
        put(folder + "/wwn/vpd_unit_serial", f"{i:08x}-0000-4000-8000-000000000000")
        put(folder + "/enable", 1)
    served = memory()
    say_memory("server-memory", base, served)
    os.makedirs(tpg)
    put(tpg + "/nexus", "naa.6001405000000002")

    def link():
        for i in range(count):
            os.mkdir(f"{tpg}/lun/lun_{i}")
            os.symlink(f"{LIO}/core/iblock_{i}/lu{i}", f"{tpg}/lun/lun_{i}/lu{i}")
    note("disks")
    before = commands()
    say("client", until_rest(link))
    say_asked("client", before)
    say_memory("client-memory", served, memory())
    last = {}
    for path in glob.glob("/sys/bus/scsi/devices/*:0:1:*/block/sd*"):
        last[int(path.split("/")[5].split(":")[3])] = os.path.basename(path)
    if len(last) != count:
        sys.exit(f"scale: {len(last)} disks of {count}")
    note("I/O")
    for name, lun in (("io-first", 0), ("io-last", count - 1)):
        say(name, dict(io("/dev/" + last[lun]))["read-1"])


def queues_part(count):
    """The same device over as many queues as there are processors, and over one.

    An adapter has as many queues as there are processors when it comes.
    """
    null_devices(1)
    run("insmod", "/modules/vscsi_host.ko")
    partitions()
    others = glob.glob("/sys/devices/system/cpu/cpu[1-9]*/online")
    run("vpart", "lu", "add", "lu0", "adapter", "p0", "device", "/dev/n0", "identity", "none")
    for path in others:
        put(path, 0)
    run("vpart", "adapter", "add", "client", "client1", "server", "vios1", "name", "p1")
    run("vpart", "lu", "add", "lu0", "adapter", "p1")
    for path in others:
        put(path, 1)
    disks = {count: disk_of("p0", 0), 1: disk_of("p1", 0)}
    for queues, disk in disks.items():
        have = len(os.listdir(f"/sys/block/{disk}/mq"))
        if have != queues:
            sys.exit(f"scale: {have} queues instead of {queues}")
    for number in range(REPEATS):
        for jobs in (1, count):
            for queues, disk in sorted(disks.items(), reverse=number % 2):
                for what, value in io("/dev/" + disk, str(jobs), lowest=True):
                    say(f"{number}:{jobs}:{queues}:{what}", value)


if __name__ == "__main__":
    {"luns": luns_part, "adapters": adapters_part, "peer": peer_part,
     "queues": queues_part}[sys.argv[1]](int(sys.argv[2]))
