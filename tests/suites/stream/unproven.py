#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""unproven.py: what a client holds that a lost server may still carry out, when nobody
else can say: the remote port's files "unproven" and "fenced".

The pairs and the disk are those of close_session.py.
"""
import contextlib
import json
import os
import re
import subprocess
import threading

import vsr
from base import direct, disk_of, expect, host_attr, host_of, link_get, pattern, raises, run_cases, until, vpart
from close_session import AT, DISK, MULTIPATH, Writing, dmsetup, held, kernel_client, served

PATH = f"/dev/mapper/{MULTIPATH}"
LIMIT = 5       # path loss, seconds


def port(name, value=None):
    """A file of p1's remote port."""
    number = os.path.basename(host_of("p1"))[len("host"):]
    path = f"/sys/class/srp_remote_ports/port-{number}:1/{name}"
    if value is None:
        with open(path, encoding="ascii") as f:
            return f.read().strip()
    with open(path, "w", encoding="ascii") as f:
        f.write(value)
    return value


def waiting():
    """What vpart says of it."""
    return json.loads(vpart("adapter", "show", "p1", "--json"))["unproven"]


def fenced():
    """The word; what becomes of it: exit code and sentence."""
    done = subprocess.run(("vpart", "adapter", "fenced", "p1"), capture_output=True, text=True, check=False,
                          timeout=60)
    return done.returncode, done.stdout + done.stderr


class Reading(threading.Thread):
    """A read, past the page cache."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.error = path, None
        self.start()

    def run(self):
        try:
            direct(self.path, None, AT, 4096)
        except OSError as e:
            self.error = e


def paths():
    """State of the only path: A, F."""
    return re.search(r" \d+:\d+ ([AF]) ", dmsetup("status", MULTIPATH))[1]


@contextlib.contextmanager
def client(how="hold"):
    """Its end of p1, whose server is at a disk that hangs: the proxy, and that the disk goes on."""
    with kernel_client("p1") as proxy, contextlib.ExitStack() as disk:
        vpart("adapter", "set", "p1", "path-loss", str(LIMIT))
        if how:
            port("unproven", how)
        disk.enter_context(held())
        yield proxy, disk.close


def lose(proxy, writer):
    """The link, when the write of it is at the disk, for longer than the limit."""
    until(60, lambda: served("p1") == 1, "it is at the disk")
    proxy.hold(True)
    until(60, lambda: host_attr("p1", "link_state") == "lost", "the path is lost")
    until(10, lambda: host_attr("p1", "held") == "1", "nothing else waits")    # what was not sent fails
    expect(writer.is_alive(), "it was let go")
    expect(host_attr("p1", "held_unproven") == "1" and waiting() == 1, "nobody says that it is held")


def ends(writer, error, text):
    """It does, in time."""
    writer.join(60)
    expect(not writer.is_alive(), f"{text}: it is held")
    expect(bool(writer.error) == error, f"{text}: {writer.error}")
    expect(waiting() == 0, f"{text}: something else is")


def word():
    """Held beyond all clocks, while what was never sent fails; let go by a person's word."""
    with client() as (proxy, _):
        port("dev_loss_tmo", str(LIMIT + 1))
        expect(port("unproven") == "hold", "the policy is another")
        code, text = fenced()
        expect(code == 1 and "is not off" in text, f"a server that answers is off: {code} {text}")
        one = Writing(PATH, pattern(41, 4096))
        lose(proxy, one)
        disk = disk_of("p1")
        raises(OSError, direct, disk, None, AT, 4096)
        raises(OSError, direct, disk, pattern(42, 4096), AT + 4096)
        one.join(LIMIT)     # dev_loss_tmo, too
        expect(one.is_alive() and port("state") != "lost", "the disk is removed")
        expect(raises(OSError, port, "fenced", "0").errno == 22, "0 is a word")
        code, text = fenced()
        expect(not code and "is off" in text, f"not taken: {code} {text}")
        ends(one, True, "fenced")
        until(60, lambda: port("state") == "lost", "now the disk goes")
        raises(OSError, direct, disk, None, AT, 4096)


def returns():
    """The server comes back: what was held is sent again."""
    new = pattern(43, 4096)
    with client() as (proxy, disk_goes_on):
        one = Writing(PATH, new)
        lose(proxy, one)
        disk_goes_on()
        proxy.hold(False)
        ends(one, False, "the server is back")
        expect(direct(DISK, offset=AT, length=4096) == new, "not written")
        expect(host_attr("p1", "link_state") == "up", "by another path")


def another():
    """Another link to that kernel comes up: it is asked, and says when it is over."""
    with client() as (proxy, disk_goes_on):
        one = Writing(PATH, pattern(44, 4096))
        lose(proxy, one)
        vpart("link", "add", "p2", "client", "client1", "server", "vios1", "id", "8", "connect",
              "tcp:127.0.0.1:7300", "key", "none", "path-loss", "60")
        try:
            until(60, lambda: link_get("p1", vsr.SERVER)["STATE"] != "2", "the session is closed")
            one.join(5)
            expect(one.is_alive() and served("p1") == 1, "let go, with the write at the disk")
            disk_goes_on()
            ends(one, True, "it is over at the server")
            expect(not served("p1"), "let go before it was")
        finally:
            vpart("link", "del", "p2", "side", "client", "--force")


def policy():
    """It is changed while something is held; the default is the other one. Disks that would
    have gone go then."""
    with client(None) as (proxy, _):
        expect(port("unproven") == "fail", "not the default")
        expect(raises(OSError, port, "unproven", "wait").errno == 22, "any word is a policy")
        expect(port("unproven") == "fail", "not the last one")
        port("unproven", "hold")
        port("dev_loss_tmo", str(LIMIT + 1))
        one = Writing(PATH, pattern(45, 4096))
        lose(proxy, one)
        one.join(LIMIT)
        expect(one.is_alive() and port("state") == "fail-fast", "dev_loss_tmo has ended it")
        port("unproven", "fail")
        ends(one, True, "by the policy")
        until(60, lambda: port("state") == "lost", "the disk goes")


def reads():
    """What changes nothing goes another way as ever."""
    with client() as (proxy, _):
        vpart("adapter", "set", "p1", "path-loss", "60")
        port("fast_io_fail_tmo", "1")
        one, other = Writing(PATH, pattern(49, 4096)), Reading(PATH)
        until(60, lambda: served("p1") == 2, "they are at the disk")
        proxy.hold(True)
        other.join(40)      # not the limit
        expect(not other.is_alive() and other.error, "the read is held")
        expect(one.is_alive() and host_attr("p1", "held_unproven") == "1", "so is not the write")


def soon():
    """The word is said before the client knows that its server is off."""
    with client() as (proxy, _):
        one = Writing(PATH, pattern(50, 4096))
        until(60, lambda: served("p1") == 1, "it is at the disk")
        proxy.hold(True)
        code, text = fenced()
        expect(not code, f"not taken: {code} {text}")
        ends(one, True, "fenced")


def many():
    """More than the path has tags: what comes behind them fails, so that the path does."""
    with client() as (proxy, _):
        port("fast_io_fail_tmo", "1")
        all_of = [Writing(PATH, pattern(60 + i, 4096), AT + 4096 * i) for i in range(200)]
        until(120, lambda: served("p1") >= 100, "the path is full")
        until(60, lambda: paths() == "A", "it is there")
        proxy.hold(True)
        until(60, lambda: paths() == "F", "the path has failed")
        raises(OSError, direct, disk_of("p1"), None, AT, 4096)
        expect(int(host_attr("p1", "held_unproven")) >= 100, "they were let go")
        code, text = fenced()
        expect(not code, f"not taken: {code} {text}")
        for one in all_of:
            ends(one, True, "fenced")


def removed():
    """The pair is deleted by force: what is held fails, and the log says what that was."""
    with client() as (proxy, _):
        one = Writing(PATH, pattern(51, 4096))
        lose(proxy, one)
        vpart("link", "del", "p1", "side", "client", "--force")
        one.join(60)
        expect(not one.is_alive() and one.error, "it is held")
        said = subprocess.run(("dmesg",), capture_output=True, text=True, check=True).stdout
        expect("p1: removed with 1 commands that its server may still carry out" in said, "nothing is said")


class Comparing(threading.Thread):
    """A COMPARE AND WRITE."""

    def __init__(self, disk, was, becomes):
        super().__init__(daemon=True)
        self.path = "/tmp/compare"
        with open(self.path, "wb") as f:
            f.write(was + becomes)
        self.words = ("sg_compare_and_write", "-v", f"--in={self.path}", f"--lba={AT // 512}", "--num=1", disk)
        self.text, self.error = "", None
        self.start()

    def run(self):
        done = subprocess.run(self.words, capture_output=True, text=True, check=False, timeout=300)
        self.text = done.stderr
        # Of a transport that has failed its exit code says nothing.
        self.error = done.returncode or "transport: " in self.text


def once():
    """What must not be sent twice is held as well, and fails when it is over."""
    was, becomes = pattern(46, 512), pattern(47, 512)
    direct(DISK, was, AT)
    with client() as (proxy, disk_goes_on):
        one = Comparing(disk_of("p1"), was, becomes)
        lose(proxy, one)
        disk_goes_on()
        proxy.hold(False)
        ends(one, True, "the server is back")
        expect(direct(DISK, offset=AT, length=512) == becomes, "it was not carried out")
        expect("DID_TRANSPORT_FAILFAST" in one.text, f"it was sent again: {one.text}")


def closed():
    """By the other policy, too, it is held until another link has said that it is over."""
    was, becomes = pattern(52, 512), pattern(53, 512)
    direct(DISK, was, AT)
    with kernel_client("p1", "p2") as proxy:
        with held():
            one = Comparing(disk_of("p1"), was, becomes)
            until(60, lambda: served("p1") == 1, "it is at the disk")
            proxy.hold(True)
            until(60, lambda: int(host_attr("p1", "held")) >= 1, "the path is lost, and it is held")
            one.join(5)
            expect(one.is_alive() and port("unproven") == "fail", f"it was let go: {one.text}")
        one.join(60)
        expect(not one.is_alive() and "DID_TRANSPORT_FAILFAST" in one.text, f"it is held, or done: {one.text}")
        expect(not served("p1") and host_attr("p1", "link_state") != "up", "let go by something else")


def given_up():
    """The link is up, and the server does not end it: it is not given up, with the other policy it is."""
    with client() as (_, disk_goes_on):
        one = Writing(PATH, pattern(48, 4096))
        until(60, lambda: served("p1") == 1, "it is at the disk")
        one.join(2 * LIMIT)
        expect(one.is_alive() and host_attr("p1", "detached") == "0", "it was given up")
        port("unproven", "fail")
        until(60, lambda: host_attr("p1", "detached") == "1", "it is given up")
        ends(one, True, "given up")
        disk_goes_on()


def main():
    """All cases, or those whose name is given."""
    run_cases([
        ("V3 P14 V10 what a lost server may still write is held, until its end is said", word),
        ("V3 P14 it is sent again when the server returns", returns),
        ("V3 P14 or let go when another link says that it is over", another),
        ("P14 a read is not", reads),
        ("V10 the word is taken when the loss is not known yet", soon),
        ("P14 V10 as many as the path has tags: it fails nevertheless", many),
        ("P14 the policy is changed meanwhile", policy),
        ("V3 V10 the pair is deleted with what is held", removed),
        ("V3 P13 P14 COMPARE AND WRITE is held, and not sent again", once),
        ("V3 P13 P14 by the other policy as well", closed),
        ("V3 P14 what a living server does not end is waited for", given_up),
    ])


if __name__ == "__main__":
    main()
