# SPDX-License-Identifier: GPL-2.0
"""The part of tests/soak/78-events-many.sh that runs in the machine, where n1 and n2 are mounted:

	flood.py EVENTS SECONDS SEED

Programs change the database, and tell of paths, until there were so many events or the time is
over. Others listen meanwhile: one that keeps up; some that have next to no buffer and sleep; and
"vpart cluster events", which is stopped now and then. Each writes down what it heard. Each line
is a test, as those of faults.py."""
import errno
import importlib.util
import multiprocessing
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import time
import zlib

from faults import check, wait_for

SPEC = importlib.util.spec_from_file_location("cnl", "/src/tests/suites/clusterfs/nl.py")
cnl = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(cnl)
nl = cnl.nl

NODES = ("n1", "n2")
WRITERS = 4             # sockets
SLOW = 3                # listeners without a buffer
AHEAD = 600             # events that the one who keeps up may be behind
BEHIND = 200            # events that are more than what a node keeps of either kind
SO_RCVBUFFORCE = 33
KEPT = {"stored": ("EVENT_GET", "REPOSITORY"), "own": ("NODE_EVENT_GET", "BOOT")}
A = cnl.ATTRS
STREAMS = [("n1", "stored"), ("n2", "stored"), ("n1", "own")]
KIND = {cnl.CMDS["EVENT_GET"]: "stored", cnl.CMDS["EVENT_NTF"]: "stored",
        cnl.CMDS["NODE_EVENT_GET"]: "own", cnl.CMDS["NODE_EVENT_NTF"]: "own"}


def u64(data):
    """A number."""
    return struct.unpack("=Q", data)[0]


def lasts(asker):
    """The number of the last event of each stream."""
    out = {}
    for node, kind in STREAMS:
        if kind == "stored":
            got = nl.parse(asker.ask(asker.family, cnl.CMDS["MOUNT_GET"],
                                     cnl.encode(A, f"MOUNT={node}"))[0])
            out[node, kind] = u64(got[A["LAST_EVENT"]])
        else:
            got = asker.ask(asker.family, cnl.CMDS["NODE_EVENT_GET"],
                            cnl.encode(A, f"MOUNT={node}"), nl.DUMP, [])
            out[node, kind] = u64(nl.parse(got[-1])[A["SEQ"]]) if got else 0
    return out


class Listener:
    """Hears events, and reads again what it has missed."""

    def __init__(self, name, size, at):
        self.out = open(f"/out/{name}", "w", encoding="ascii")
        self.asker = nl.Netlink()
        self.s = nl.Netlink().s
        self.s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE if size > 1 else socket.SO_RCVBUF, size)
        self.s.setsockopt(nl.SOL_NETLINK, 1, self.asker.group)
        self.s.setblocking(False)
        self.last, self.history = dict(at), {}

    def take(self, kind, data):
        """An event, or that some are lost."""
        a = nl.parse(data)
        key = (a[A["MOUNT"]].rstrip(b"\0").decode(), kind)
        if key not in self.last:
            return
        seq = u64(a[A["SEQ"]])
        self.history[key] = a.get(A["REPOSITORY"]) or a.get(A["BOOT"])
        if A["LOST"] in a and seq - 1 > self.last[key]:
            # But not that which was heard before
            print(*key, "lost", self.last[key] + 1, seq - 1, file=self.out)
            self.last[key] = seq - 1
        if A["LOST"] in a or seq <= self.last[key]:
            return
        what = b"".join(struct.pack("=H", k) + a[k] for k in sorted(a) if k != A["MOUNT"])
        print(*key, "event", seq, zlib.crc32(what), file=self.out)
        self.last[key] = seq

    def hear(self):
        """A datagram; False: there is none."""
        try:
            data = self.s.recv(1 << 16)
        except BlockingIOError:
            return False
        except OSError as e:
            if e.errno != errno.ENOBUFS:
                raise
            self.again()
            return True
        while len(data) >= 16:
            size, kind = struct.unpack_from("=IH", data)
            if kind == self.asker.family:
                self.take(KIND.get(data[16]), data[20:size])
            data = data[(size + 3) & ~3:]
        return True

    def again(self):
        """V11: read what is kept of all that was missed. Until the socket is empty, the kernel
        throws away what comes, without another word."""
        print("missed", file=self.out)
        while True:
            try:
                self.s.recv(1 << 16)
            except BlockingIOError:
                break
            except OSError as e:
                if e.errno != errno.ENOBUFS:
                    raise
        for (node, kind), last in list(self.last.items()):
            cmd, name = KEPT[kind]
            attrs = cnl.encode(A, f"MOUNT={node}") + cnl.encode(A, f"SEQ=u64:{last + 1}")
            if (node, kind) in self.history:
                attrs += nl.attr(A[name], self.history[node, kind])
            for data in self.asker.ask(self.asker.family, cnl.CMDS[cmd], attrs, nl.DUMP, []):
                self.take(kind, data)

    def sleep(self, nap, count, end):
        """For a moment; now and then until what it has not heard is not kept any more."""
        time.sleep(random.random() * nap)
        if random.random() < 0.01:
            to = [self.last[k] + BEHIND for k in STREAMS]
            while any(n < t for n, t in zip(count, to)) and not all(end):
                time.sleep(0.1)

    def run(self, nap, heard, count, end):
        """Until END says where the events end, and that was heard; COUNT is where they are."""
        while not all(end) or any(self.last[k] < n for k, n in zip(STREAMS, end)):
            if not self.hear():
                time.sleep(0.002)
            if nap and not all(end):
                self.sleep(nap, count, end)
            for i, key in enumerate(STREAMS if heard else []):
                heard[i] = self.last[key]
        self.out.close()


def writer(number, heard, count, over):
    """Two commits and two events of the node itself, again and again."""
    asker = nl.Netlink()
    asker.s.settimeout(300)
    made = 0
    while not over.value:
        if any(n - h > AHEAD for n, h in zip(count, heard)):
            time.sleep(0.01)
            continue
        # Now and then the other node commits.
        node = NODES[made % 50 == 49]
        for words in (["CLIENT_NEW", f"MOUNT={node}", f"NAME=c{number}"],
                      ["NODE_EVENT_SAY", "MOUNT=n1", "CLASS=4", f"TEXT=made-{number}-{made}"],
                      ["CLIENT_DEL", f"MOUNT={node}", f"NAME=c{number}"],
                      ["NODE_EVENT_SAY", "MOUNT=n1", "CLASS=5", f"TEXT=gone-{number}-{made}"]):
            code, _, err = nl.request(asker, words)
            if code:
                print("refused", *words, err, file=sys.stderr)
                os._exit(1)
        made += 1
    os._exit(0)


# --- what was heard ---

def record(name, base, final):
    """({stream: {seq: content}}, how many were lost, how often some were missed, what is wrong)."""
    heard, at, lost, missed, wrong = {k: {} for k in STREAMS}, dict(base), 0, 0, []
    with open(f"/out/{name}", encoding="ascii") as f:
        for line in f:
            if line == "missed\n":
                missed += 1
                continue
            node, kind, what, first, second = line.split()
            first, second, key = int(first), int(second), (node, kind)
            if first != at[key] + 1:
                wrong.append(f"{node} {kind}: {first} follows {at[key]}")
            if what == "lost":
                lost += second - first + 1
            else:
                heard[key][first] = second
            at[key] = second if what == "lost" else first
    wrong += [f"{k}: {at[k]} is the last, of {final[k]}" for k in STREAMS if at[k] != final[k]]
    return heard, lost, missed, wrong


class Command:
    """ "vpart cluster events", which is stopped now and then."""

    def __init__(self, stream, first):
        node, kind = self.stream = stream
        self.first = first
        self.path = f"/out/command-{node}-{kind}"
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(
                ["vpart", "cluster", "events", "--from", str(first)] +
                (["--node"] if kind == "own" else []) + ["at", node], stdout=out, stderr=out)
        self.stopped = False

    def toggle(self):
        """Stop it, or let it go on."""
        self.process.send_signal(signal.SIGCONT if self.stopped else signal.SIGSTOP)
        self.stopped = not self.stopped

    def lines(self):
        """(first, last, lost) of each line."""
        with open(self.path, encoding="utf-8") as f:
            for line in f.read().splitlines():
                words = line.split()
                if words[0] == "lost:":
                    before = int(words[4])
                    yield before - int(words[1]), before - 1, True
                else:
                    yield int(words[0]), int(words[0]), False

    def end(self, last):
        """It hears the last; what is wrong with what it has told, and how many it has lost."""
        if self.stopped:
            self.toggle()
        wait_for(lambda: [x for _, x, _ in self.lines()][-1:] == [last], 180)
        self.process.kill()
        self.process.wait()
        at, lost, wrong = self.first - 1, 0, []
        for first, end, gone in self.lines():
            if first != at + 1:
                wrong.append(f"{first} follows {at}")
            lost += gone * (end - first + 1)
            at = end
        return wrong + ([f"{at} is the last, of {last}"] if at != last else []), lost


def flood(asker, events, seconds, base, shared):
    """Until there are so many events; the last ones."""
    heard, count, over = shared
    writers = [multiprocessing.Process(target=writer, args=(i, heard, count, over))
               for i in range(WRITERS)]
    commands = [Command(k, max(base[k] + 1, 1)) for k in STREAMS]
    for one in writers:
        one.start()
    end, now = time.monotonic() + seconds, base
    while time.monotonic() < end and all(w.is_alive() for w in writers):
        now = lasts(asker)
        count[:] = [now[k] for k in STREAMS]
        if now["n1", "stored"] + now["n1", "own"] - sum(base[k] for k in STREAMS[::2]) >= events:
            break
        if random.random() < 0.1:
            random.choice(commands).toggle()
        time.sleep(0.1)
    over.value = 1
    for one in writers:
        one.join()
    check("no change was refused", not any(w.exitcode for w in writers))
    while (last := lasts(asker)) != now or last["n1", "stored"] != last["n2", "stored"]:
        now = last
        time.sleep(2)
    return last, commands


def main():
    """All of it."""
    events, seconds, seed = map(int, sys.argv[1:])
    random.seed(seed)
    asker = nl.Netlink()
    base = lasts(asker)
    heard, count, end = (multiprocessing.Array("Q", len(STREAMS), lock=False) for _ in range(3))
    heard[:] = count[:] = [base[k] for k in STREAMS]
    names = ["keeps-up"] + [f"slow-{i}" for i in range(SLOW)]
    readers = []
    for i, name in enumerate(names):
        one = Listener(name, 1 if i else 32 << 20, base)
        readers.append(multiprocessing.Process(
            target=one.run, args=(0.1 * i, None if i else heard, count, end)))
        readers[-1].start()
    began = time.monotonic()
    over = multiprocessing.Value("b", lock=False)
    last, commands = flood(asker, events, seconds, base, (heard, count, over))
    took = time.monotonic() - began
    end[:] = [last[k] for k in STREAMS]
    for one in readers:
        one.join(180)
    stored, own = (last[k] - base[k] for k in STREAMS[::2])
    print(f"# {stored} stored events and {own} of a node in {took:.0f} s", flush=True)
    check(f"R20 {events} events", stored + own >= events, f"{stored} stored and {own} own")
    check("V11 all listeners have heard the last", not any(r.is_alive() for r in readers))
    whole, lost, missed, wrong = record(names[0], base, last)
    check("V11 who keeps up hears each, in order", not wrong and not lost and not missed,
          f"{missed} times missed, {lost} lost, {wrong[:5]}")
    check("R20 both nodes tell the same", whole[STREAMS[0]] == whole[STREAMS[1]])
    times = gone = 0
    for name in names[1:]:
        some, lost, missed, wrong = record(name, base, last)
        differ = [(k, n) for k in STREAMS for n, what in some[k].items() if whole[k].get(n) != what]
        print(f"# {name}: {sum(map(len, some.values()))} events, {missed} times some were missed, "
              f"{lost} lost", flush=True)
        check(f"V11 {name}: what it has missed it reads again, or is told to be lost", not wrong,
              str(wrong[:5]))
        check(f"V11 {name}: each is as the others hear it", not differ, str(differ[:5]))
        times += missed
        gone += lost
    for one in commands:
        wrong, lost = one.end(last[one.stream])
        print(f"# vpart cluster events, {one.stream}: {lost} lost", flush=True)
        check(f"V11 the command tells of each gap: {one.stream}", not wrong,
              str(wrong[:5]))
    check("V11 some were missed, and some lost", times > 10 and gone, f"{times} times, {gone} lost")


if __name__ == "__main__":
    main()
