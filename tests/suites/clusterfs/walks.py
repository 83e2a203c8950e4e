# SPDX-License-Identifier: GPL-2.0
"""The walks of 45-faults.sh: a node registers and leaves whole, or is refused whole."""
import ctypes
import errno
import os

import faults
import mount

LIBC = ctypes.CDLL(None, use_errno=True)
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
    join("n2", OTHER)
    faults.walk("R17 a node leaves", lambda: leave(OTHER), lambda: join("n2", OTHER))
    with open(FOLDER + "/config", encoding="utf-8") as f:
        faults.check("the node that stayed is well", "state: OK" in f.read())
    leave(OTHER)
    leave()


if __name__ == "__main__":
    main()
