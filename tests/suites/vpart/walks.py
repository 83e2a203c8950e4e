# SPDX-License-Identifier: GPL-2.0
"""The walks of 30-faults.sh: each request is refused whole, or done whole."""
import errno
import re

import faults
import nl

NL = None


def objects(what):
    """What a dump lists; AssertionError when it does not."""
    code, out, err = nl.request(NL, ["-d", what + "_GET"])
    assert not code, f"{what}: {err}"
    return out


def everything():
    """All objects, without what changes by itself or is assigned."""
    changing = re.compile(r"\b(SINCE_MS|UUID|BOOT|PORT_NAME|ID)=\S*")
    return sorted(changing.sub("", text) for what in ("NODE", "PARTITION", "ADAPTER")
                  for text in objects(what))


def ask(words):
    """A request; OSError when it is refused. The answer may be lost: ENOBUFS."""
    global NL   # pylint: disable=global-statement
    flags = nl.ACK
    if words[0] == "-d":
        flags, words = nl.DUMP, words[1:]
    names = nl.SETS[words[0].split("_")[0]]
    attrs = b"".join(nl.encode(names, word) for word in words[1:])
    try:
        NL.ask(NL.family, nl.CMDS[words[0]], attrs, flags, [])
    except nl.Refused as e:
        raise OSError(e.errno, str(e)) from e
    except nl.Lost as e:
        if flags == nl.DUMP:
            NL.s.close()    # the dump would go on in this socket
            NL = None
        raise OSError(errno.ENOBUFS, str(e)) from e


def walk(desc, request, undo="", modes=("one",), errors=()):
    """Whatever fails, all objects are as they were, or as they should be."""
    before = everything()
    back = undo.split()

    def as_before(failed):
        global NL   # pylint: disable=global-statement
        NL = NL or nl.Netlink()
        # An answer that was lost says nothing: it was done or not.
        if failed and back and everything() != before:
            nl.request(NL, back)
        return not failed or everything() == before

    def take_back():
        if back:
            ask(back)
        if everything() != before:
            raise faults.Wrong(f"done and undone, it leaves {everything()}, not {before}")

    for mode in modes:
        faults.walk(desc, lambda: ask(request.split()), take_back, mode, errors, as_before)


def main():
    """All of them."""
    global NL   # pylint: disable=global-statement
    # No driver is there to be loaded; asking for one takes a process each time.
    faults.put("/proc/sys/kernel/modprobe", "\n")
    faults.walk_load("the module loads", "vpart")
    faults.insmod("vpart")
    NL = nl.Netlink()
    ask(["NODE_NEW", "NAME=n"])
    ask("PARTITION_NEW NAME=c NODE=n ROLE=0".split())
    ask("PARTITION_NEW NAME=s NODE=n ROLE=1".split())
    walk("R1 making a node", "NODE_NEW NAME=f", "NODE_DEL NAME=f")
    walk("R1 making a partition", "PARTITION_NEW NAME=f NODE=n ROLE=1", "PARTITION_DEL NAME=f")
    pair = "ADAPTER_NEW CLIENT=c SERVER=s"
    # A link's tables fall back to another kind of memory.
    walk("R10 making an adapter pair", pair, "ADAPTER_DEL NAME=c-s", ("one", "burst"))
    ask(pair.split())
    vport = "ADAPTER_NEW PARENT=c-s NAME=v"
    walk("R16 making a virtual port", vport, "ADAPTER_DEL NAME=v")
    walk("showing a node", "NODE_GET NAME=n")
    walk("showing a partition", "PARTITION_GET NAME=s")
    walk("showing an adapter", "ADAPTER_GET NAME=c-s")
    walk("changing an adapter", "ADAPTER_SET NAME=c-s PATH_LOSS=40",
         "ADAPTER_SET NAME=c-s PATH_LOSS=30")
    walk("failing a partition", "PARTITION_SET NAME=s STATE=1", "PARTITION_SET NAME=s STATE=0")
    walk("listing adapters", "-d ADAPTER_GET")
    walk("R20 listing events", "-d EVENT_GET")
    walk("deleting an adapter", "ADAPTER_DEL NAME=c-s", pair)
    ask(["ADAPTER_DEL", "NAME=c-s"])
    walk("deleting a partition", "PARTITION_DEL NAME=c", "PARTITION_NEW NAME=c NODE=n ROLE=0 POOL=1")
    ask(["NODE_NEW", "NAME=m"])
    walk("deleting a node", "NODE_DEL NAME=m", "NODE_NEW NAME=m")


if __name__ == "__main__":
    main()
