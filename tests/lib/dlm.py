#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""dlm.py: who is in DLM's lockspaces, said by a test instead of corosync and dlm_controld.

    dlm.py lead PORT			decides; on the machine that drives the others
    dlm.py serve HOST PORT ID ADDRESS [CLUSTER [CALLBACKS]]
					in a machine: its node of DLM, set up by configfs;
					goes on in the background when that is done
    dlm.py tell HOST PORT WORD...	to who leads:
	gone ID		that node is fenced: it does nothing any more
	hold		what kernels ask for is not answered
	go		...but now

A kernel asks by a uevent to join or to leave a lockspace, and waits. Who leads stops the
lockspace at all members, waits for all, says who the members are, and starts it again:
Linux, fs/dlm/member.c. Each line between the programs is a list in JSON; an order's answer
is what went wrong, or "".
"""
import json
import os
import selectors
import socket
import struct
import sys
import zlib

CONFIG = "/sys/kernel/config/dlm/cluster"
LIMIT = 30      # seconds that a machine may take for an order


def put(path, text):
    """One write, as configfs and sysfs want it."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text if isinstance(text, bytes) else str(text).encode())
    finally:
        os.close(fd)


def entries(path):
    """The names in a folder, if there is one."""
    return os.listdir(path) if os.path.isdir(path) else []


class Lines:
    """A connection of lines."""

    def __init__(self, sock):
        self.sock = sock
        self.data = b""
        self.early = []     # lines that came with the one that was waited for

    def fileno(self):
        """For select()."""
        return self.sock.fileno()

    def send(self, *words):
        """One line; who has gone does not matter."""
        try:
            self.sock.sendall(json.dumps(words).encode() + b"\n")
        except OSError:
            pass

    def receive(self):
        """Those that have come; None at the end."""
        try:
            data = self.sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            return None
        *lines, self.data = (self.data + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def answer(self):
        """The next one, which is waited for."""
        while not self.early:
            self.early = self.receive()
            if self.early is None:
                sys.exit("dlm.py: the connection has ended")
        return self.early.pop(0)


# --- a machine ----------------------------------------------------------------

class Node:
    """What is done in a machine, by orders."""

    def __init__(self, me, cluster, callbacks):
        self.me = me
        os.makedirs(CONFIG, exist_ok=True)
        put(CONFIG + "/cluster_name", cluster)
        put(CONFIG + "/recover_callbacks", callbacks)
        put(CONFIG + "/protocol", 0)    # TCP

    @staticmethod
    def lockspace(name, file):
        """One of its files."""
        return f"/sys/kernel/dlm/{name}/{file}"

    def do_know(self, node, address):
        """A node's address, from when it is known until it is forgotten."""
        folder = f"{CONFIG}/comms/{node}"
        if os.path.isdir(folder):
            return
        os.mkdir(folder)
        put(folder + "/nodeid", node)
        put(folder + "/addr", struct.pack("<H2x4s120x", socket.AF_INET, socket.inet_aton(address)))
        put(folder + "/local", int(node == self.me))

    def do_forget(self, node):
        """A member that is in no lockspace because it died, not because it left."""
        if str(node) in entries(CONFIG + "/comms"):
            os.rmdir(f"{CONFIG}/comms/{node}")

    def do_stop(self, name):
        """Nothing is granted from now on."""
        put(self.lockspace(name, "control"), 0)

    @staticmethod
    def do_members(name, nodes):
        """Who they are when it is started."""
        space = f"{CONFIG}/spaces/{name}"
        os.makedirs(space, exist_ok=True)
        for node in entries(space + "/nodes"):
            if int(node) not in nodes:
                os.rmdir(f"{space}/nodes/{node}")
        for node in nodes:
            folder = f"{space}/nodes/{node}"
            if not os.path.isdir(folder):
                os.mkdir(folder)
                put(folder + "/nodeid", node)

    def do_start(self, name):
        """With these members."""
        put(self.lockspace(name, "control"), 1)

    def do_name(self, name):
        """The number that all have for it."""
        put(self.lockspace(name, "id"), zlib.crc32(name.encode()))

    def do_end(self, name):
        """The kernel, which has left, goes on."""
        self.do_members(name, [])
        os.rmdir(f"{CONFIG}/spaces/{name}")
        self.do_over(name)

    def do_over(self, name):
        """What the kernel has asked for is done."""
        put(self.lockspace(name, "event_done"), 0)

    def follow(self, order):
        """What went wrong, or ""."""
        try:
            getattr(self, "do_" + order[0])(*order[1:])
        except OSError as error:
            return f"{order}: {error}"
        return ""


def uevents():
    """A socket of what the kernel says."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 15)
    sock.bind((0, 1))
    return sock


def asked(message):
    """What a kernel asks for: its action and the lockspace's name; None: nothing of DLM's."""
    head = message.split(b"\0")[0].decode(errors="replace")
    action, _, path = head.partition("@")
    if action in ("online", "offline") and path.startswith("/kernel/dlm/"):
        return [action, path.rsplit("/", 1)[1]]
    return None


def serve(host, port, me, address, cluster="lab", callbacks="1"):
    """A machine's node; returns in the program that was called when it is set up."""
    kernel = uevents()
    node = Node(int(me), cluster, callbacks)
    lead = Lines(socket.create_connection((host, int(port)), LIMIT))
    lead.sock.settimeout(None)
    lead.send("hello", int(me), address)
    while True:     # until it is told that all know each other
        order = lead.answer()
        if order == ["welcome"]:
            break
        lead.send(node.follow(order))
    if os.fork():
        return
    os.setsid()
    select = selectors.DefaultSelector()
    select.register(kernel, selectors.EVENT_READ)
    select.register(lead, selectors.EVENT_READ)
    for order in lead.early:
        lead.send(node.follow(order))
    while True:
        for key, _ in select.select():
            if key.fileobj is kernel:
                what = asked(kernel.recv(65536))
                if what:
                    lead.send("asks", *what)
                continue
            orders = lead.receive()
            if orders is None:
                sys.exit()
            for order in orders:
                lead.send(node.follow(order))


# --- who leads ----------------------------------------------------------------

class Lead:
    """All nodes, and the lockspaces that they are in."""

    def __init__(self, port):
        self.listener = socket.create_server(("", int(port)))
        self.select = selectors.DefaultSelector()
        self.select.register(self.listener, selectors.EVENT_READ)
        self.nodes, self.addresses, self.spaces = {}, {}, {}
        self.todo, self.replies = [], {}
        self.held = False
        print("ready", flush=True)

    def number(self, lines):
        """Of the node that this connection is of; None: it gives orders, or is gone."""
        return next((n for n, its in self.nodes.items() if its is lines), None)

    def close(self, lines):
        """A connection that is there no more, or is to be so."""
        if lines and lines.fileno() >= 0:
            self.select.unregister(lines)
            lines.sock.close()

    def hear(self):
        """What came, put where it belongs."""
        for key, _ in self.select.select():
            lines = key.fileobj
            if lines.fileno() < 0:
                continue        # one before it has closed it
            if lines is self.listener:
                sock, _ = self.listener.accept()
                self.select.register(Lines(sock), selectors.EVENT_READ)
                continue
            words = lines.receive()
            if words is None:
                self.close(lines)
            for line in words or []:
                self.sort(lines, line)

    def sort(self, lines, line):
        """An order, a wish or an answer. Who is gone gives no answer, from now on."""
        node = self.number(lines)
        if line[0] == "hello":
            self.close(self.nodes.get(line[1]))
            self.nodes[line[1]] = lines
            self.addresses[line[1]] = line[2]
            self.todo.append((lines, ["hello", line[1]]))
        elif node is None or line[0] == "asks":
            if line[0] == "gone":
                self.nodes.pop(int(line[1]), None)
            self.todo.append((lines, line))
        else:
            self.replies[node] = line[0]

    def order(self, nodes, *words):
        """The same for several nodes at once; all have done it."""
        nodes = [node for node in nodes if node in self.nodes]
        self.replies = {}
        for node in nodes:
            self.nodes[node].send(*words)
        while any(node not in self.replies for node in nodes if node in self.nodes):
            self.hear()
        wrong = [f"node {node}: {said}" for node, said in self.replies.items() if said]
        if wrong:
            print("\n".join(wrong), flush=True)

    def change(self, name, now, joins=None, leaves=None):
        """The members of a lockspace are others."""
        was = self.spaces.get(name, [])
        print(f"{name}: {was} -> {now}", flush=True)
        self.order(was, "stop", name)
        if joins:
            self.order([joins], "name", name)
        self.order(now, "members", name, now)
        self.spaces[name] = now
        self.order(now, "start", name)
        if joins:
            self.order([joins], "over", name)
        if leaves:
            self.order([leaves], "end", name)

    def do_hello(self, lines, node):
        """A node is there: all know each other before it is welcome."""
        # Of one that comes meanwhile it is told when that is at its turn.
        for other, address in list(self.addresses.items()):
            self.order([node], "know", other, address)
        self.order([n for n in self.nodes if n != node], "know", node, self.addresses[node])
        lines.send("welcome")

    def do_asks(self, lines, action, name):
        """A kernel wants to be a member, or not any more."""
        node = self.number(lines)
        members = self.spaces.get(name, [])
        if node is None:
            return
        if action == "online":
            self.change(name, sorted({*members, node}), joins=node)
        else:
            self.change(name, [n for n in members if n != node], leaves=node)

    def do_gone(self, lines, node):
        """A node is fenced."""
        node = int(node)
        self.addresses.pop(node, None)
        for name, members in self.spaces.items():
            if node in members:
                self.order([n for n in members if n != node], "stop", name)
        self.order(list(self.nodes), "forget", node)
        for name, members in self.spaces.items():
            if node in members:
                self.change(name, [n for n in members if n != node])
        lines.send("ok")

    def do_hold(self, lines):
        """What kernels ask for waits."""
        self.held = True
        lines.send("ok")

    def do_go(self, lines):
        """It is done."""
        self.held = False
        lines.send("ok")

    def next(self):
        """What is to be done, and can be."""
        for i, (_, line) in enumerate(self.todo):
            if not (self.held and line[0] == "asks"):
                return self.todo.pop(i)
        return None

    def loop(self):
        """One thing after another."""
        while True:
            while todo := self.next():
                lines, line = todo
                getattr(self, "do_" + line[0])(lines, *line[1:])
            self.hear()


def tell(host, port, *words):
    """An order, which is done when this returns."""
    lead = Lines(socket.create_connection((host, int(port)), LIMIT))
    lead.send(*words)
    return lead.answer()


def main():
    """As it is called."""
    what, *words = sys.argv[1:]
    if what == "lead":
        Lead(*words).loop()
    elif what == "serve":
        serve(*words)
    else:
        tell(*words)


if __name__ == "__main__":
    main()
