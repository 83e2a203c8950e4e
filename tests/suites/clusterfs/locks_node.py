#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""locks_node.py HOST PORT NAME: a machine's part of locks.py, which is at HOST, PORT.

It passes orders on to fs/clusterfs/lock_drive.c, and back what came of them and what was
told; it goes on in the background. Each line is a list in JSON: [NUMBER, ORDER] or
[NUMBER, ORDER, "child"], which can be killed by [NUMBER, "kill"], and [NUMBER, ERROR] or
[null, LINE]. ERROR is one of errno, 0, or "killed".
"""
import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading

DRIVE = "/sys/kernel/debug/clusterfs_drive"
# What waits for others: each has a thread, so that others can be told meanwhile.
WAITS = {"join", "leave", "sync", "turns"}


class Agent:
    """A connection, and the nodes and locks that are driven by it."""

    def __init__(self, sock):
        self.sock = sock
        self.file = os.open(DRIVE, os.O_RDWR)
        self.sending = threading.Lock()
        self.children = {}
        self.data = b""

    def send(self, *words):
        """A line to who drives."""
        with self.sending:
            self.sock.sendall(json.dumps(words).encode() + b"\n")

    def tell(self):
        """What was said so far."""
        while select.select([self.file], [], [], 0)[0]:
            self.send(None, os.read(self.file, 512).decode())

    def follow(self, number, order, at_once=False):
        """One order, in one write. What is done at once has said all before it ends."""
        try:
            os.write(self.file, order.encode())
            error = 0
        except OSError as failed:
            error = failed.errno
        if at_once:
            self.tell()
        self.send(number, error)

    def follow_child(self, number, order):
        """The same in a program of its own."""
        child = subprocess.Popen(["/bin/sh", "-c", f'printf %s "$0" >&{self.file}', order],
                                 pass_fds=[self.file], stderr=subprocess.DEVNULL)
        self.children[number] = child
        self.send(number, "killed" if child.wait() < 0 else child.returncode)

    def take(self, number, order, how=""):
        """An order of who drives."""
        if order == "kill":
            self.children[number].kill()
        elif how:
            threading.Thread(target=self.follow_child, args=(number, order), daemon=True).start()
        elif order.split()[0] in WAITS:
            threading.Thread(target=self.follow, args=(number, order), daemon=True).start()
        else:
            self.follow(number, order, True)

    def loop(self):
        """Until who drives has gone."""
        with contextlib.suppress(ConnectionError):
            self.pass_on()

    def pass_on(self):
        """Both ways."""
        while True:
            ready = select.select([self.sock, self.file], [], [])[0]
            self.tell()
            if self.sock not in ready:
                continue
            data = self.sock.recv(65536)
            if not data:
                return
            *lines, self.data = (self.data + data).split(b"\n")
            for line in lines:
                self.take(*json.loads(line))


def main():
    """Connect, then serve in the background."""
    host, port, name = sys.argv[1:]
    sock = socket.create_connection((host, int(port)), 30)
    sock.settimeout(None)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    agent = Agent(sock)
    agent.send(None, name)
    if os.fork():
        return
    os.setsid()
    agent.loop()


if __name__ == "__main__":
    main()
