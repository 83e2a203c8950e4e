# SPDX-License-Identifier: GPL-2.0
"""The walks of 60-faults.sh: target, LUN, ACL, probe, login, scan, reset, I/O.

	walks.py CONFIGFS DISK0 DISK1
"""
import errno
import fcntl
import glob
import mmap
import os
import sys
import threading

import faults
import nl

BUS = "/sys/bus/vpart"
ACL = "0x" + "1" * 32
SG_SCSI_RESET, NO_ESCALATE = 0x2284, 0x100
RESET_DEVICE, RESET_HOST = 1, 3
SCAN = "/sys/module/scsi_mod/parameters/scan"
# What a command that was not carried out comes out as.
FAILED = (errno.EIO,)


class Lab:
    """An adapter pair, its target, and two backing devices."""

    def __init__(self, cfg, disks):
        self.cfg = cfg
        self.target = cfg + "/vscsi/p1"
        self.tpg = self.target + "/tpgt_1"
        self.disks = disks
        self.stores = [f"{cfg}/core/iblock_{i}/d{i}" for i in (1, 2)]
        self.nl = nl.Netlink()

    def ask(self, request):
        """A request to the registry, which must be granted."""
        code, _, err = nl.request(self.nl, request.split())
        assert not code, f"{request}: {err}"

    def pair(self):
        """Make the adapter pair, or make it anew: no driver is bound to it."""
        if os.path.exists(BUS + "/devices/p1.client"):
            self.ask("ADAPTER_DEL NAME=p1")
        copy = int(os.environ.get("FABRIC") == "copy")
        self.ask(f"ADAPTER_NEW NAME=p1 CLIENT=client1 SERVER=vios1 COPY={copy}")

    def tree(self):
        """All that is configured."""
        return sorted(where for where, _, _ in os.walk(self.cfg + "/vscsi"))

    def backstores(self):
        """Make them."""
        for i, (store, disk) in enumerate(zip(self.stores, self.disks)):
            os.makedirs(store)
            faults.put(store + "/control", f"udev_path={disk}")
            faults.put(store + "/enable", "1")
            faults.put(store + "/wwn/vpd_unit_serial", f"serial-{i}")

    def lun(self, n, store):
        """Give a LUN its backing device."""
        folder = f"{self.tpg}/lun/lun_{n}"
        if not os.path.exists(folder):
            os.mkdir(folder)
        os.symlink(self.stores[store], folder + "/store")

    def enable(self, on):
        """Let the target's clients in, or send them off."""
        faults.put(self.tpg + "/enable", str(int(on)))

    def host(self):
        """The SCSI host's folder."""
        return glob.glob(BUS + "/devices/p1.client/host*/scsi_host/host*")[0]

    def state(self):
        """Of the client's link."""
        return faults.get(self.host() + "/link_state")

    def wait(self, state):
        """Until the link is in it."""
        assert faults.wait_for(lambda: self.state() == state), self.state()

    def devices(self, what=""):
        """Folders of the SCSI devices, or of something below them."""
        return glob.glob(self.host() + "/device/target*/*:*:*:*" + what)

    def disk(self):
        """Name of the disk, which must come."""
        assert faults.wait_for(lambda: self.devices("/block/*")), "no disk comes"
        return os.path.basename(self.devices("/block/*")[0])


def walk(lab, desc, act, undo, errors=()):
    """Refused, and nothing is left of it; or done, and undone."""
    before = lab.tree()

    def clean(failed):
        return not failed or lab.tree() == before

    def take_back():
        undo()
        assert lab.tree() == before, "it leaves " + " ".join(set(lab.tree()) ^ set(before))
    # In a burst, for a large page that is missing alone is done without.
    faults.walk(desc, act, take_back, "burst", errors, clean)


def configfs(lab):
    """What an administrator makes of a target. LIO says EINVAL for all errors."""
    einval = (errno.EINVAL,)
    tpg, lun, acl = lab.tpg, lab.tpg + "/lun/lun_0", f"{lab.tpg}/acls/{ACL}"
    os.mkdir(lab.cfg + "/vscsi")
    walk(lab, "a target is made", lambda: os.mkdir(lab.target), lambda: os.rmdir(lab.target),
         errors=einval)
    os.mkdir(lab.target)
    walk(lab, "a portal group is made", lambda: os.mkdir(tpg), lambda: os.rmdir(tpg),
         errors=einval)
    os.mkdir(tpg)
    walk(lab, "it is enabled", lambda: lab.enable(True), lambda: lab.enable(False))
    walk(lab, "a LUN is made", lambda: os.mkdir(lun), lambda: os.rmdir(lun), errors=einval)
    os.mkdir(lun)
    walk(lab, "R7 a LUN gets its backing device",
         lambda: os.symlink(lab.stores[0], lun + "/store"), lambda: os.unlink(lun + "/store"),
         errors=einval)
    os.symlink(lab.stores[0], lun + "/store")
    walk(lab, "an ACL is made", lambda: os.mkdir(acl), lambda: os.rmdir(acl), errors=einval)
    os.mkdir(acl)
    mapped = acl + "/lun_0"
    walk(lab, "an ACL gets a LUN", lambda: os.mkdir(mapped), lambda: os.rmdir(mapped),
         errors=einval)
    os.mkdir(mapped)
    walk(lab, "a LUN is mapped", lambda: os.symlink(lun, mapped + "/lun"),
         lambda: os.unlink(mapped + "/lun"), errors=einval)
    os.rmdir(mapped)
    os.rmdir(acl)
    os.unlink(lun + "/store")
    os.rmdir(lun)


def probes(lab):
    """Each driver takes its end of a pair, in the task that asks for it."""
    faults.put(BUS + "/drivers_autoprobe", "0")
    for end in ("p1.server", "p1.client"):
        def probe(name=end):
            faults.put(BUS + "/drivers_probe", name)
            if not os.path.exists(f"{BUS}/devices/{name}/driver"):
                raise OSError(errno.ENOMEM, "not bound")
        lab.pair()
        # The bus says EINVAL when it has not come to the driver.
        faults.walk(f"R10 {end} is bound", probe, lab.pair, "burst", (errno.EINVAL,))
        faults.put(BUS + "/drivers_probe", end)
    faults.put(BUS + "/drivers_autoprobe", "1")
    lab.pair()
    lab.enable(True)
    lab.wait("up")


def logins(lab):
    """Login and check run in workers; what fails there is tried again."""
    def relogin():
        lab.enable(False)
        lab.wait("blocked")
        lab.enable(True)
        lab.wait("up")
    # A scan of 6.1 oopses when a queue's budget map cannot be allocated.
    faults.put(SCAN, "none")
    faults.walk("R10 a client logs in", relogin, mode="workers", upto=60)

    def first_login():
        lab.pair()
        lab.wait("up")
    # What fails here is also the ACL, and the memory of the calls, which falls back once.
    faults.walk("R10 a client logs in for the first time", first_login, mode="workers burst",
                upto=20)
    faults.put(SCAN, "sync")


def scans(lab):
    """A LUN becomes a disk, in the task that asks for the scan."""
    scan = lab.host() + "/scan"

    def act():
        faults.put(scan, "- - -")
        if not lab.devices():
            raise OSError(errno.ENOMEM, "no device")

    def delete():
        lab.disk()
        faults.put(lab.devices()[0] + "/delete", "1")
        assert faults.wait_for(lambda: not lab.devices()), "it does not go"

    def again(failed):
        if failed:
            faults.put(scan, "- - -")
            delete()
        return True
    lab.lun(0, 0)
    lab.disk()
    delete()
    # Not from the other caches: see logins().
    with faults.marked():
        faults.walk("R7 a LUN is found", act, delete, then=again)
    faults.put(scan, "- - -")
    lab.disk()


def resets(lab):
    """What a person asks for by sg_reset."""
    with open("/dev/" + lab.disk(), "rb", buffering=0) as disk:
        def reset(what):
            fcntl.ioctl(disk, SG_SCSI_RESET, (what | NO_ESCALATE).to_bytes(4, "little"))
        for mode in ("one", "workers"):
            faults.walk("V10 a LUN reset", lambda: reset(RESET_DEVICE), mode=mode, errors=FAILED)
        faults.put(SCAN, "none")
        faults.walk("V10 a host reset", lambda: reset(RESET_HOST), mode="workers", errors=FAILED,
                    then=lambda failed: lab.wait("up") or True, upto=40)
        faults.put(SCAN, "sync")


class Block:
    """A page of memory, for O_DIRECT."""

    def __init__(self, byte):
        self.map = mmap.mmap(-1, 4096)
        self.map.write(byte * 4096)

    def write(self, path):
        """To the beginning of a disk."""
        fd = os.open(path, os.O_WRONLY | os.O_DIRECT)
        try:
            os.pwrite(fd, self.map, 0)
        finally:
            os.close(fd)


def first_page(path):
    """What a disk's beginning holds."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECT)
    page = mmap.mmap(-1, 4096)
    try:
        os.preadv(fd, [page], 0)
    finally:
        os.close(fd)
    return page[:]


def transfers(lab):
    """Commands, whose every step at the server runs in a worker."""
    disk = "/dev/" + lab.disk()
    faults.walk("R7 a write", lambda: Block(b"w").write(disk), mode="workers", errors=FAILED)
    faults.walk("R7 a read", lambda: first_page(disk), mode="workers", errors=FAILED)
    vpd = lab.devices()[0] + "/rescan"
    faults.walk("R7 capacity and VPD pages", lambda: faults.put(vpd, "1"), mode="workers")


def exchanged(lab):
    """The LUN is another disk when the link returns: no held write gets there."""
    def round_of(old, new):
        disk = "/dev/" + lab.disk()
        Block(b"n").write(lab.disks[new])
        fd = os.open(disk, os.O_WRONLY | os.O_DIRECT)
        lab.enable(False)
        lab.wait("blocked")
        page = Block(b"X").map
        results = []

        def write():
            try:
                results.append(os.pwrite(fd, page, 0))
            except OSError as e:
                results.append(e.errno)
        writer = threading.Thread(target=write)
        writer.start()
        assert faults.wait_for(lambda: faults.get(lab.host() + "/held") != "0"), "nothing waits"
        os.unlink(lab.tpg + "/lun/lun_0/store")
        lab.lun(0, new)

        def finish():
            lab.enable(True)
            writer.join(30)
            assert results, "a held write does not end"
        return fd, finish, old

    turn = [0]
    opened = []

    def prepare():
        faults.put(SCAN, "none")
        old = turn[0]
        turn[0] = 1 - old
        opened[:] = round_of(old, 1 - old)

    def act():
        opened[1]()

    def check(_):
        os.close(opened[0])
        lab.wait("up")
        new = turn[0]
        if first_page(lab.disks[new]) != b"n" * 4096:
            raise faults.Wrong("a write for the old disk reached the new one")
        faults.put(SCAN, "sync")
        # Whatever failed: in the end the new one is served.
        rescan(lab, new)
        prepare()
        return True
    prepare()
    if not faults.walk("R8 V8 another disk under the same number", act, mode="workers",
                       then=check, upto=40):
        return
    opened[1]()
    os.close(opened[0])
    lab.wait("up")
    faults.put(SCAN, "sync")
    rescan(lab, turn[0])


def rescan(lab, store):
    """Until the disk that is served is this one; a scan that failed is asked for again."""
    mark = os.urandom(16).hex().encode() * 128
    fd = os.open(lab.disks[store], os.O_WRONLY | os.O_DIRECT)
    page = mmap.mmap(-1, 4096)
    page.write(mark)
    os.pwrite(fd, page, 0)
    os.close(fd)

    def served():
        faults.put(lab.host() + "/scan", "- - -")
        names = lab.devices("/block/*")
        try:
            return names and first_page("/dev/" + os.path.basename(names[0])) == mark
        except OSError:
            return False
    assert faults.wait_for(served), "the new disk is not served"


def main():
    """All of them."""
    faults.put("/proc/sys/kernel/modprobe", "\n")
    for name in ("vscsi_target", "vscsi_host"):
        faults.walk_load(f"{name} loads", name)
    lab = Lab(sys.argv[1], sys.argv[2:4])
    lab.backstores()
    faults.insmod("vscsi_target")
    lab.pair()
    configfs(lab)
    faults.insmod("vscsi_host")
    probes(lab)
    logins(lab)
    scans(lab)
    resets(lab)
    transfers(lab)
    exchanged(lab)


if __name__ == "__main__":
    main()
