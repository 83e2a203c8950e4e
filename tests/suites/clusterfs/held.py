# SPDX-License-Identifier: GPL-2.0
"""The part of 60-netlink.sh in which the repository's disk stands still: changes are under
way, and everything else goes on. Each line is a test, as those of faults.py."""
import errno
import glob
import importlib.util
import os
import signal
import socket
import struct
import subprocess
import sys

import faults
import mount
from faults import check, wait_for

SPEC = importlib.util.spec_from_file_location("cnl", "/src/tests/suites/clusterfs/nl.py")
cnl = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(cnl)
nl = cnl.nl

FOLDER = "/run/cfs/held"
OF_SOCKET, OF_MOUNT = 16, 64
NOBODY = "uuid:00000000-0000-4000-8000-000000000001"
ORPHAN = 1000


class Disk(faults.Dm):
    """The repository's, which can stand still."""

    def __init__(self):
        super().__init__("held")
        self.create()
        size = int(faults.get("/sys/block/vdb/size"))
        self.load(f"0 {size} linear /dev/vdb 0")
        self.resume()

    def gone(self):
        """Nobody has it, and it is removed."""
        try:
            self.remove()
            return True
        except OSError:
            return False

    def __enter__(self):
        self.suspend(faults.DM_F_SKIP_LOCKFS | faults.DM_F_NOFLUSH)

    def __exit__(self, *args):
        self.resume()


class Child:
    """A process that does something."""

    def __init__(self, act):
        self.code = None
        self.pid = os.fork()
        if not self.pid:
            code = 255
            try:
                act()
                code = 0
            except nl.Refused as e:
                code = e.errno
            finally:
                os._exit(code)

    def over(self):
        """Has it ended?"""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code is not None

    def ends(self):
        """Its exit code."""
        wait_for(self.over)
        return self.code

    def kill(self):
        """At once."""
        os.kill(self.pid, 9)
        return self.ends()

    def inside(self, function):
        """Is it in there?"""
        return function in stack(self.pid)


def stack(pid):
    """Where a task is in the kernel."""
    try:
        return faults.get(f"/proc/{pid}/stack")
    except OSError:
        return ""


def inside(function):
    """How many tasks are in there?"""
    return sum(f" {function}+" in stack(p.split("/")[2]) for p in glob.glob("/proc/[0-9]*/stack"))


def begun():
    """Is a change being done, by anybody?"""
    return inside("cfs_change_locked") > 0


class Asker(nl.Netlink):
    """A socket that need not wait for an answer before it asks again."""

    def post(self, *requests, flags=nl.ACK):
        """All in one datagram; which number the first has."""
        first, data = self.seq + 1, b""
        for words in requests:
            cmd, *attrs = words.split()
            payload = struct.pack("=BBH", cnl.CMDS[cmd], 1, 0)
            payload += b"".join(cnl.encode(cnl.ATTRS, a) for a in attrs)
            self.seq += 1
            data += struct.pack("=IHHII", 16 + len(payload), self.family, nl.REQUEST | flags,
                                self.seq, 0) + payload
        self.s.send(data)
        return first

    def hear(self, count, first=0):
        """So many messages: "NUMBER reply", or "NUMBER ERRNO SENTENCE"; numbers from FIRST."""
        out = []
        while len(out) < count:
            for kind, flags, seq, payload in self.receive():
                text = "reply"
                if kind == nl.ERROR:
                    err = -struct.unpack_from("=i", payload)[0]
                    text = f"{errno.errorcode.get(err, err)} {self.sentence(kind, payload, flags)}"
                out.append(f"{seq - first + 1} {text}".rstrip())
        return out

    def do(self, words):
        """A request, and the wait for its answer; what that says."""
        cmd, *attrs = words.split()
        return [nl.parse(p) for p in self.ask(
            self.family, cnl.CMDS[cmd], b"".join(cnl.encode(cnl.ATTRS, a) for a in attrs))]

    def unanswered(self):
        """Changes that are under way."""
        return struct.unpack("=I", self.do("STATS_GET")[0][cnl.ATTRS["UNANSWERED"]])[0]

    def there(self, name):
        """Is there a client of this name?"""
        try:
            return bool(self.do(f"CLIENT_GET NAME={name}"))
        except nl.Refused:
            return False


def same(desc, got, want):
    """A test that two lists are alike."""
    return check(desc, got == want, f"got {got}, want {want}")


def join(disk):
    """Mount it; it has nothing to do by itself."""
    error, text = mount.mount(disk.node(), FOLDER, ["node=held", "lock=local", "timeout=100",
                                                    "io-timeout=100"])
    if error:
        sys.exit(text)
    wait_for(lambda: "\nprimary: active" in faults.get(f"{FOLDER}/config"))


def quorum(disk, asker):
    """A module with a family is loaded, and the agent is heard, while a change is done."""
    with disk:
        change = Child(lambda: Asker().do("CLIENT_NEW NAME=slow"))
        check("a change stands still", wait_for(begun))
        module = Child(lambda: faults.insmod("vpart"))
        wait_for(lambda: module.over() or module.inside("genl_register_family"))
        agent = Child(lambda: Asker().do("QUORUM_SET QUORATE=1 LEASE_MS=60000"))
        heard = wait_for(agent.over, 20) and agent.code == 0
        check("P19 the agent is heard while a module with a family is loaded",
              heard and not change.over(), f"agent {agent.code}, change {change.code}")
        check("... which is loaded at once", wait_for(module.over, 20) and module.code == 0 and
              not change.over(), f"module {module.code}, change {change.code}")
        if heard:
            same("... and what is read is told", (asker.unanswered(), change.over()), (1, False))
    for child in (change, module, agent):
        child.ends()
    same("the change goes on", (change.code, asker.there("slow")), (0, True))
    faults.rmmod("vpart")


def order(disk, _):
    """Several requests in one datagram."""
    asker = Asker()
    with disk:
        first = asker.post("CLIENT_NEW NAME=b1", "MOUNT_GET", "CLIENT_NEW NAME=b2",
                           "CLIENT_DEL NAME=nobody", "CLIENT_NEW NAME=b1 NAME=b1")
        same("several in one datagram: what is read is told first", asker.hear(2, first),
             ["2 reply", "2 0"])
        same("... the changes are under way", asker.unanswered(), 4)
    same("... and answered in their order", asker.hear(6, first), [
        "1 reply", "1 0", "3 reply", "3 0", "4 ENOENT there is no client nobody (at byte 20)",
        "5 EINVAL there is a client of this name: 2 (at byte 28)"])
    first = asker.post("CLIENT_DEL NAME=b1", "CLIENT_NEW NAME=b3", "CLIENT_DEL NAME=nobody",
                       flags=0)
    same("without NLM_F_ACK a reply and a refusal are all", asker.hear(2, first),
         ["2 reply", "3 ENOENT there is no client nobody (at byte 20)"])
    same("... and nothing is behind them", asker.hear(2, asker.post("MOUNT_GET")),
         ["1 reply", "1 0"])
    asker.s.setsockopt(nl.SOL_NETLINK, nl.CAP_ACK, 0)
    asker.s.setsockopt(nl.SOL_NETLINK, nl.EXT_ACK, 0)
    asker.post("CLIENT_DEL NAME=nobody")
    kind, flags, _, payload = next(asker.receive())
    same("an old program has its request back, and no sentence",
         (kind, flags, struct.unpack_from("=i", payload)[0], payload[24:]),
         (nl.ERROR, 0, -errno.ENOENT, nl.attr(cnl.ATTRS["NAME"], b"nobody\0")))


def full(disk, asker):
    """More than may be under way."""
    many = [Asker() for _ in range(OF_MOUNT // OF_SOCKET)]
    last = Asker()
    with disk:
        first = many[0].post(*(f"CLIENT_NEW NAME=f0-{i}" for i in range(OF_SOCKET + 1)))
        same("one socket's that are too many are refused at once", many[0].hear(1, first),
             [f"{OF_SOCKET + 1} EBUSY {OF_SOCKET} changes of this socket are not answered yet"])
        for n, one in enumerate(many[1:], 1):
            one.post(*(f"CLIENT_NEW NAME=f{n}-{i}" for i in range(OF_SOCKET)))
        first = last.post("CLIENT_NEW NAME=more",
                          f"FENCE_DONE NAME=n9 METHOD=lab CONFIRMED=1 BOOT={NOBODY}")
        same("a mount's, too", last.hear(1, first),
             [f"1 EBUSY {OF_MOUNT} changes of this node are not answered yet"])
        same("... but a verdict has a place", asker.unanswered(), OF_MOUNT + 1)
    for one in many:
        heard = one.hear(2 * OF_SOCKET)
        if not all(h.endswith((" reply", " 0")) for h in heard):
            check("all others are done", False, str(heard))
    same("... it is answered, too", last.hear(1, first), ["2 ENOENT node n9 is not known"])
    same("what is answered has no place any more", asker.unanswered(), 0)
    same("nothing of what was refused was done", asker.there("more"), False)


def turns(disk, asker):
    """Nobody overtakes: who asks for more is behind who asked before."""
    many = [Asker() for _ in range(4)]
    with disk:
        for n, one in enumerate(many):
            one.post(*(f"CLIENT_NEW NAME=t{n}-{i}" for i in range(3)))
        check("each of four sockets has a change that waits",
              wait_for(lambda: inside("cfs_change_asked") == len(many)))
    for one in many:
        one.hear(6)
    ids = sorted((struct.unpack("=Q", asker.do(f"CLIENT_GET NAME=t{n}-{i}")[0]
                                [cnl.ATTRS["ID"]])[0], i) for n in range(4) for i in range(3))
    same("V10 ... and the next of each is behind the first of all", [i for _, i in ids],
         [0] * 4 + [1] * 4 + [2] * 4)


def stranger(port):
    """A socket of that number; None while another one has it."""
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, nl.NETLINK_GENERIC)
    try:
        s.bind((port, 0))
        return s
    except OSError:
        s.close()
        return None


def killed(disk, asker):
    """A program is killed while its change is done; its socket has its number."""
    def ask():
        one = Asker()
        one.post("CLIENT_NEW NAME=orphan")
        signal.pause()
    with disk:
        child = Child(ask)
        check("a program waits for its change", wait_for(begun))
        same("... is killed", child.kill(), -9)
        found = [stranger(child.pid)]
        check("... and nobody gets the number of its socket before the answer", not found[0])
    check("its change is done", wait_for(lambda: not asker.unanswered()) and asker.there("orphan"))

    def freed():
        found[0] = found[0] or stranger(child.pid)
        return found[0]
    if not check("then another one gets it", wait_for(freed)):
        return
    other = Asker.__new__(Asker)
    other.s, other.seq, other.family = found[0], ORPHAN, asker.family
    other.s.settimeout(Asker.LIMIT)
    same("... and no answer but its own", other.hear(2, other.post("MOUNT_GET")),
         ["1 reply", "1 0"])


def left(disk, asker):
    """The node is unmounted while changes are under way."""
    others = [Asker() for _ in range(OF_MOUNT // OF_SOCKET - 1)]
    agent, admin = Asker(), Asker()
    verdict = f"FENCE_DONE NAME=n9 METHOD=lab CONFIRMED=1 BOOT={NOBODY}"
    with disk:
        first = asker.post("CLIENT_NEW NAME=u1", "CLIENT_NEW NAME=u2", "CLIENT_NEW NAME=u3")
        check("changes are under way when the node is unmounted", wait_for(begun))
        asked = [one.post(*(f"CLIENT_NEW NAME=v{n}-{i}" for i in range(OF_SOCKET)))
                 for n, one in enumerate(others)]
        told, yields = agent.post(verdict, verdict), admin.post("PRIMARY_YIELD")
        same("... of several sockets", asker.unanswered(), 6 + OF_SOCKET * len(others))
        check("... one waits for the primary node's yield",
              wait_for(lambda: inside("cfs_role_yield")))
        try:
            faults.rmmod("clusterfs")
            check("... the module stays", False)
        except OSError:
            check("... the module stays", True)
        gone = Child(lambda: subprocess.run(["umount", FOLDER], check=True))

        def hidden():
            try:
                return not Asker().do("MOUNT_GET")
            except nl.Refused as e:
                return e.errno == errno.ENODEV
        check("... it is found no more", wait_for(hidden))
        check("... and waits for what is being done", not gone.over())
        for one, number in zip(others, asked):
            same("V10 ... what waits for its turn is refused at once", one.hear(OF_SOCKET, number), [
                f"{i + 1} ENODEV the node is being unmounted" for i in range(OF_SOCKET)])
        same("V10 ... so is who waits for the yield", admin.hear(1, yields),
             ["1 ENODEV the node is being unmounted"])
        want = "node held: unmounting waits for a new client, asked for by port "
        check("V10 ... and what is waited for is named", wait_for(lambda: want in subprocess.run(
            ["dmesg"], capture_output=True, text=True, check=True).stdout))
    same("the one that was being done is done, the others are refused", asker.hear(4, first), [
        "1 reply", "1 0", "2 ENODEV the node is being unmounted",
        "3 ENODEV the node is being unmounted"])
    same("P19 ... but verdicts, which are looked at", agent.hear(2, told),
         [f"{i} ENOENT node n9 is not known" for i in (1, 2)])
    same("it is unmounted", gone.ends(), 0)
    join(disk)
    same("that is what was stored", [asker.there(n) for n in ("u1", "u2", "u3")],
         [True, False, False])


def main():
    """All of them."""
    disk = Disk()
    os.makedirs(FOLDER)
    subprocess.run(["mkfs.clusterfs", "--force", "--cluster", "lab", "--nodes", "4", "--objects",
                    "256", "--events", "16", "--log", "32", disk.node()], check=True,
                   stdout=subprocess.DEVNULL)
    join(disk)
    asker = Asker()
    for case in (quorum, order, full, turns, killed, left):
        asker.do("QUORUM_SET QUORATE=1 LEASE_MS=60000")
        case(disk, asker)
    subprocess.run(["umount", FOLDER], check=True)
    check("nobody has the disk any more", wait_for(disk.gone))


if __name__ == "__main__":
    main()
