# SPDX-License-Identifier: GPL-2.0
"""The walks of 50-faults.sh: the mirror's constructor, start, messages, workers.

	walks.py LEG0 LEG1 SECTORS	two disks; the volume's size
"""
import errno
import sys

import faults

SET = "5f2d7a10-6c1e-4d55-9d0a-2b8f6f7c01e1"
NEW = "2 create assume_clean"
META = 1024 * 1024


class Mirror:
    """One mirror over two disks, at rest between two walks."""

    def __init__(self, legs, sectors):
        self.legs = legs
        self.sectors = sectors
        self.dm = faults.Dm("m")

    def table(self, features="0", legs=None):
        """The line for dm."""
        a, b = legs or self.legs
        return f"0 {self.sectors} vmirror {SET} {a} {b} {features}"

    def blank(self):
        """No metadata on either leg."""
        for leg in self.legs:
            with open(leg, "r+b", buffering=0) as f:
                f.write(bytes(META))

    def fresh(self):
        """A device without a table over two legs that are equal."""
        self.blank()
        self.dm.load(self.table(NEW))
        self.dm.resume()
        self.stop()

    def state(self):
        """The first word of the status."""
        return self.dm.status().split()[0]

    def until(self, state):
        """Wait for it."""
        return faults.wait_for(lambda: self.state() == state)

    def stop(self):
        """Back to a device that is suspended, with an empty table."""
        self.dm.remove()
        self.dm.create()


def tables(m):
    """Constructor and destructor."""
    # dm makes two slab caches for the first table of this kind, a matter of its own.
    first = faults.Dm("first")
    first.create()
    first.load(m.table())
    faults.walk("R6 a table is loaded", lambda: m.dm.load(m.table()), m.dm.clear)
    first.remove()


def starts(m):
    """preresume: nothing of a start that failed stays."""
    def load(features, legs=None):
        m.dm.load(m.table(features, legs))

    def again(features, legs=None):
        m.stop()
        load(features, legs)

    def blank():
        m.stop()
        m.blank()
        load(NEW)

    # The tables of the regions fall back to another kind of memory.
    for mode in ("one", "burst"):
        m.stop()
        m.blank()
        load(NEW)
        faults.walk("R6 a set is created and started", m.dm.resume, blank, mode, (errno.EIO,))
        m.dm.resume()
        again("0")
        faults.walk("a set is started", m.dm.resume, lambda: again("0"), mode, (errno.EIO,))
        alone = ("1 force_alone", (m.legs[0], "-"))
        again(*alone)
        faults.walk("R8 one leg is started", m.dm.resume, lambda: again(*alone), mode,
                    (errno.EIO,))
        m.stop()
        m.fresh()


def messages(m):
    """What an administrator asks of a mirror that runs."""
    m.dm.load(m.table("1 manual_attach"))
    m.dm.resume()
    faults.walk("status", m.dm.status)
    faults.walk("table", lambda: m.dm.status(faults.DM_F_TABLE))
    faults.walk("stats", lambda: m.dm.message("stats"))
    faults.walk("resync pause", lambda: m.dm.message("resync", "pause"),
                lambda: m.dm.message("resync", "resume"))

    def back():
        assert m.until("degraded"), m.dm.status()
        m.dm.message("attach")
        assert m.until("normal"), m.dm.status()
    faults.walk("R8 fail a leg", lambda: m.dm.message("fail", "1"), back)
    m.dm.message("fail", "1")
    assert m.until("degraded")

    def away():
        assert m.until("normal"), m.dm.status()
        m.dm.message("fail", "1")
        assert m.until("degraded"), m.dm.status()
    faults.walk("R9 attach a leg", lambda: m.dm.message("attach"), away)
    m.dm.message("attach")
    assert m.until("normal")
    faults.walk("suspend", lambda: m.dm.suspend(faults.DM_F_SKIP_LOCKFS), m.dm.resume)

    def swap():
        m.dm.load(m.table("1 manual_attach"))
        m.dm.suspend(faults.DM_F_SKIP_LOCKFS)
    swap()
    faults.walk("the table is replaced while it runs", m.dm.resume, swap, errors=(errno.EIO,))
    m.stop()


def workers(m):
    """Failure, probe, attach, resync: all of it in workers, none may be lost."""
    m.dm.load(m.table())
    m.dm.resume()

    def cycle():
        m.dm.message("fail", "1")
        assert m.until("degraded"), m.dm.status()
        m.dm.message("attach")
        # An attempt that failed is made again by itself.
        assert m.until("normal"), m.dm.status()
    faults.walk("R8 R9 a leg is lost, found and resynced", cycle, mode="workers")

    node = m.dm.node()

    def write():
        with open(node, "r+b", buffering=0) as f:
            f.write(b"x" * 65536)
            faults.os.fsync(f.fileno())
    faults.walk("R6 a write", write, mode="workers", errors=(errno.EIO,))
    m.stop()


def main():
    """All of them."""
    faults.insmod("dm-vmirror")
    m = Mirror(sys.argv[1:3], int(sys.argv[3]))
    m.dm.create()
    m.fresh()
    tables(m)
    starts(m)
    messages(m)
    workers(m)
    m.dm.remove()
    m.blank()


if __name__ == "__main__":
    main()
