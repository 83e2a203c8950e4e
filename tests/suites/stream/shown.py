# SPDX-License-Identifier: GPL-2.0
"""shown.py ADDRESS ROUNDS: ends of links come and go while others list them.

ADDRESS is one that a server's end may listen at. Needs partitions client1 and vios1.
"""
import contextlib
import os
import signal
import sys

import nl
from base import case, expect

LISTERS, OTHERS = 2, 12


def ask(sock, *words):
    """A request that must be done."""
    code, _, err = nl.request(sock, words)
    expect(not code, f"{' '.join(words)}: {err}")


def listing():
    """Another process that does nothing else."""
    pid = os.fork()
    if pid:
        return pid
    try:
        sock = nl.Netlink()
        while True:
            ask(sock, "-d", "LINK_GET")
    finally:
        os._exit(1)


def shown(address, rounds):
    """With others between which it is found, so that a list takes its time."""
    sock = nl.Netlink()
    fabric = "shm" if address.startswith("shm") else "stream"

    def new(name, number, where):
        ask(sock, "ADAPTER_NEW", f"NAME={name}", f"ID={number}", "CLIENT=client1", "SERVER=vios1",
            f"FABRIC={fabric}", "SIDE=1", f"ADDRESS={where}")

    def delete(name):
        ask(sock, "ADAPTER_DEL", f"NAME={name}", "SIDE=1")
    others = [] if fabric == "shm" else [(f"o{n}", n, f"tcp:127.0.0.1:{7500 + n}") for n in range(1, OTHERS)]
    for other in others:
        new(*other)
    pids = [listing() for _ in range(LISTERS)]
    try:
        for _ in range(int(rounds)):
            new("f", 99, address)
            delete("f")
        for pid in pids:
            expect(os.waitpid(pid, os.WNOHANG) == (0, 0), "a list was refused, or there is none any more")
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
    for name, _, _ in others:
        delete(name)


case("R10 ends come and go while others list them", shown, *sys.argv[1:])
