# SPDX-License-Identifier: GPL-2.0
"""The walks of 45-faults.sh: a node registers and leaves whole, or is refused whole; and so
is a change that is asked for."""
import ctypes
import errno
import importlib.util
import os

import faults
import mount

SPEC = importlib.util.spec_from_file_location("cnl", "/src/tests/suites/clusterfs/nl.py")
cnl = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(cnl)
LIBC = ctypes.CDLL(None, use_errno=True)
LU = "7d1c3a52-90be-4f0a-8a2e-5f7d0b6c1e01"
DEVICE, FOLDER, OTHER = "/dev/vdb", "/run/cfs/n1", "/run/cfs/n2"


def join(node="n1", folder=FOLDER):
    """Mount it; OSError when it is refused."""
    error, _ = mount.mount(DEVICE, folder, [f"node={node}", "lock=local"])
    if error:
        raise error


def leave(folder=FOLDER):
    """Unmount it, whatever fails."""
    if LIBC.umount2(folder.encode(), 0):
        err = ctypes.get_errno()
        raise OSError(err, os.strerror(err))


def read_all():
    """Each folder, each file."""
    for path, _, names in os.walk(FOLDER, onerror=lambda e: (_ for _ in ()).throw(e)):
        for name in names:
            with open(f"{path}/{name}", "rb", buffering=0) as f:
                while f.read(65536):
                    pass


def ask(by, words, flags=cnl.nl.ACK):
    """A request; OSError when it is refused. The answer may be lost: ENOBUFS."""
    cmd, *attrs = words.split()
    data = b"".join(cnl.encode(cnl.ATTRS, word) for word in attrs)
    try:
        return by.ask(by.family, cnl.CMDS[cmd], data, flags)
    except cnl.nl.Refused as e:
        raise OSError(e.errno, str(e)) from e
    except cnl.nl.Lost as e:
        raise OSError(errno.ENOBUFS, str(e)) from e


def walk_changes():
    """A change is done by a worker, or refused: then its place is free again."""
    by = cnl.nl.Netlink()

    def as_before(failed):
        # An answer that was lost says nothing: it was done or not.
        if failed and ask(by, "CLIENT_GET", cnl.nl.DUMP):
            ask(by, "CLIENT_DEL NAME=web")
        stats = cnl.nl.parse(ask(by, "STATS_GET")[0])
        return stats[cnl.ATTRS["UNANSWERED"]] == bytes(4)
    for mode in ("one", "burst"):
        faults.walk("a change is asked for", lambda: ask(by, "CLIENT_NEW NAME=web"),
                    lambda: ask(by, "CLIENT_DEL NAME=web"), mode, then=as_before)
    by.s.close()


def walk_handler():
    """A socket is the handler of a class, or refused: then the place is free."""
    by = cnl.nl.Netlink()

    def free():
        try:
            ask(by, "HANDLER_DEL CLASS=4")
        except OSError as e:
            # An answer that was lost says nothing: it was the handler or not.
            if e.errno != errno.EPERM:
                raise
        return True
    faults.walk("R20 a handler registers", lambda: ask(by, "HANDLER_NEW CLASS=4"),
                lambda: ask(by, "HANDLER_DEL CLASS=4"), then=lambda failed: not failed or free())
    by.s.close()


def walk_owner():
    """A module says what the node could own, or is refused: then it may say so again."""
    by = cnl.nl.Netlink()
    ask(by, f"LU_NEW NAME=d1 SECTORS=8 UUID=uuid:{LU}")

    def own(what):
        faults.put("/sys/kernel/debug/clusterfs/owner", f"{what} n1 lu {LU}")
    faults.walk("P4 an owner registers", lambda: own("take"), lambda: own("drop"))
    faults.walk("V10 who owns what is told", lambda: ask(by, "OWNER_GET", cnl.nl.DUMP))
    ask(by, "LU_DEL NAME=d1")
    by.s.close()


def walk_listener():
    """There is no memory to tell the listeners something: they are told that, and find it."""
    by, listener = cnl.nl.Netlink(), cnl.nl.Netlink()
    listener.s.setsockopt(cnl.nl.SOL_NETLINK, 1, listener.group)
    missed, wrong = 0, []

    def seqs(payloads):
        return [int.from_bytes(cnl.nl.parse(p)[cnl.ATTRS["SEQ"]], "little") for p in payloads]

    def hear():
        told = []
        while not told:
            told = [p[4:] for _, _, _, p in listener.receive()
                    if p[0] == cnl.CMDS["NODE_EVENT_NTF"]]
        return seqs(told)

    def kept(first):
        return seqs(ask(by, f"NODE_EVENT_GET SEQ={first}", cnl.nl.DUMP))
    ask(by, "NODE_EVENT_SAY CLASS=4 TEXT=first")
    want = hear()[-1]
    for n in list(range(1, 9)) * 3:
        want += 1
        faults.injector().arm("workers", n)
        ask(by, f"NODE_EVENT_SAY CLASS=4 TEXT=short-{n}")
        try:
            heard = hear()
        except cnl.nl.Lost:
            missed += 1
            heard = kept(want)
        faults.injector().disarm("workers")
        if heard != [want]:
            wrong.append(f"allocation {n}: {heard} instead of {want}")
    faults.check("V11 who could not be told is told that, and finds it", missed and not wrong,
                 f"{missed} times missed; {wrong}")
    for one in (by, listener):
        one.s.close()


def main():
    """All of them."""
    os.makedirs(FOLDER)
    os.makedirs(OTHER)
    faults.walk_load("the module loads", "clusterfs")
    faults.insmod("clusterfs")
    # The library says EIO of what no replica could be asked for.
    short = {errno.EIO}
    faults.walk("R17 a node registers", join, leave, errors=short)
    faults.walk("R17 a node registers", join, leave, "burst", short)
    join()
    faults.walk("R22 all is read", read_all)
    faults.walk("R22 all is read", read_all, mode="burst")
    walk_changes()
    walk_handler()
    walk_owner()
    walk_listener()
    join("n2", OTHER)
    faults.walk("R17 a node leaves", lambda: leave(OTHER), lambda: join("n2", OTHER))
    with open(FOLDER + "/config", encoding="utf-8") as f:
        faults.check("the node that stayed is well", "state: OK" in f.read())
    leave(OTHER)
    leave()


if __name__ == "__main__":
    main()
