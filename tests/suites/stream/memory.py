# SPDX-License-Identifier: GPL-2.0
"""The walks of a fabric's 47-memory.sh: its module's init, devices, ends of links, logins,
commands.

	memory.py module NAME
	memory.py devices DRIVER ADDRESS
	memory.py ends FABRIC ADDRESS...
	memory.py session PAIR BYTES...

Of several addresses of ends, the first is for both sides. "session" is for a pair whose
both ends are here; over sockets, ones that no callback reads, so that all memory is asked
for in processes.
"""
import errno
import mmap
import os
import sys

import faults
import nl
import walks
from base import disk_of, host_attr

SCAN = "/sys/module/scsi_mod/parameters/scan"


def module(name):
    """From insmod to its end."""
    faults.put("/proc/sys/kernel/modprobe", "\n")
    faults.walk_load(f"{name} loads", name)
    faults.insmod(name)
    try:
        faults.load(faults.open_module(name, twin=True))
        error = 0
    except OSError as e:
        error = e.errno
    faults.check("R10 nor does it load when there is such a fabric", error == errno.EEXIST,
                 os.strerror(error))
    faults.rmmod(name)


def devices(driver, address):
    """A driver finds one, and lets go of it. The kernel says EBUSY of a region of memory
    that it could not note down."""
    faults.walk(f"{driver} takes {address}", lambda: faults.put(f"{driver}/bind", address),
                lambda: faults.put(f"{driver}/unbind", address), errors=(errno.EBUSY,))
    faults.put(f"{driver}/bind", address)


def ends(fabric, address, *others):
    """What is asked for by netlink, with no driver there."""
    walks.NL = nl.Netlink()
    pair = f"ADAPTER_NEW NAME=f ID=9 CLIENT=client1 SERVER=vios1 FABRIC={fabric}"
    server = f"SIDE=1 ADDRESS={address}"
    for desc, more in (
            ("R10 a client's end is made", f"SIDE=0 ADDRESS={address} KEY=k"),
            ("R10 a server's end is made", server),
            *((f"R10 ... at {other}", f"SIDE=1 ADDRESS={other}") for other in others)):
        # The kernel's words for a socket, and for a port, that cannot be had.
        walks.walk(desc, f"{pair} {more}", "ADAPTER_DEL NAME=f SIDE=" + more[5], ("one", "burst"),
                   (errno.ENFILE, errno.EADDRINUSE))
    walks.ask(f"{pair} {server}".split())
    walks.walk("R10 links are listed", "-d LINK_GET")
    walks.walk("R10 a server's end goes", "ADAPTER_DEL NAME=f SIDE=1",
               f"{pair} {server}")
    walks.ask(["ADAPTER_DEL", "NAME=f", "SIDE=1"])


class Pages:
    """Memory for O_DIRECT."""

    def __init__(self, path, size):
        self.path, self.map = path, mmap.mmap(-1, size)
        self.size, self.turn = size, 0

    def write(self):
        """Another byte each time."""
        self.turn = (self.turn + 1) % 251
        self.map.seek(0)
        self.map.write(bytes([self.turn]) * self.size)
        fd = os.open(self.path, os.O_WRONLY | os.O_DIRECT)
        try:
            os.pwrite(fd, self.map, 0)
        finally:
            os.close(fd)

    def read(self):
        """What was written last."""
        fd = os.open(self.path, os.O_RDONLY | os.O_DIRECT)
        try:
            os.preadv(fd, [self.map], 0)
        finally:
            os.close(fd)
        assert self.map[:] == bytes([self.turn]) * self.size, "it is not what was written"


def session(pair, *sizes):
    """Logins and commands: what runs in workers, of both ends."""
    walks.NL = nl.Netlink()

    def wait(state):
        assert faults.wait_for(lambda: host_attr(pair, "link_state") == state, 120), \
            f"{host_attr(pair, 'link_state')}, not {state}"

    def relogin():
        walks.ask("PARTITION_SET NAME=vios1 STATE=1".split())
        wait("blocked")
        walks.ask("PARTITION_SET NAME=vios1 STATE=0".split())
        wait("up")
    path = disk_of(pair, 120)
    # A scan of 6.1 oopses when a queue's budget map cannot be allocated.
    faults.put(SCAN, "none")
    faults.walk("R10 P9 a client logs in", relogin, mode="workers", upto=60)
    for size in sizes:
        pages = Pages(path, int(size))
        pages.write()
        for what, act, mode, upto in (("write", pages.write, "workers", 20),
                                      ("read", pages.read, "workers", 20),
                                      ("write", pages.write, "workers burst", 8)):
            faults.walk(f"R10 a {what} of {size} bytes", act, mode=mode, errors=(errno.EIO,),
                        upto=upto)
            pages.write()
    faults.put(SCAN, "sync")


{"module": module, "devices": devices, "ends": ends, "session": session}[sys.argv[1]](*sys.argv[2:])
