# SPDX-License-Identifier: GPL-2.0
"""What locks between nodes do, whatever the engine: the cases of locks.py.

fs/clusterfs/lock_test.c has most of them as well, and those of lock.c alone, in one kernel
with lock_local. What only an engine can show is with it: a node that stands still and does
not know is lock_local_test.c's, DLM's daemon is 51-dlm.sh's.
"""
import errno
import time

from locks import (CR, EX, KILLABLE, LONG_MS, MODES, NL, NONE, NOQUEUE, PR, PW, SET_LVB, SHORT_MS,
                   Failed, together)

ECANCELED, EDEADLK, EBUSY, EINVAL = errno.ECANCELED, errno.EDEADLK, errno.EBUSY, errno.EINVAL
ENOENT, ETIMEDOUT, EBADR, EAGAIN = errno.ENOENT, errno.ETIMEDOUT, errno.EBADR, errno.EAGAIN


def same(got, want, what):
    """They are."""
    if got != want:
        raise Failed(f"{what}: {got}, not {want}")


def joined(lab):
    """R17 nodes become members, one after the other, and know each other"""
    for node in lab.nodes:
        lab.joins(node)
        same(node.told(), "d", f"{node.name} was told")
    same([node.told() for node in lab.nodes], ["dpdpd", "dpd", "d"], "all were told")
    same(lab.nodes[0].look()[:2], ("running", 3), "what it says of itself")


# --- locks; most of these are in lock_test.c, under these names

def matrix(lab):
    """V4 V12 which modes go together, for a request and for a conversion"""
    a, b = lab.open(0, "r"), lab.open(1, "r")
    for one in MODES:
        for other in MODES:
            want = together(one, other)
            a.take(one)
            same(b.tries(other), want, f"request of {other} beside {one}")
            b.expect("granted" if want else "idle", other if want else NONE)
            b.take(NL)
            same(b.tries(other), want, f"conversion to {other} beside {one}")
            b.expect("granted", other if want else NL)
            b.take(NONE)
            a.take(NONE)


def order(lab):
    """P4 first come, first served: who could be granted does not overtake"""
    locks = [lab.open(i, "r") for i in range(4)]
    locks[0].take(PR)
    for lock, mode in zip(locks[1:], (EX, PR, EX)):
        lock.request(mode)
        lab.waits(lock)
    locks[0].take(NONE)
    locks[1].ended(0)
    lab.waits(locks[2])
    locks[1].release()
    locks[2].ended(0)
    lab.waits(locks[3])
    # A request for NL bars nobody and waits for nobody.
    locks[0].take(NL)
    locks[2].release()
    locks[3].ended(0)
    lab.stands(locks[3], "granted", EX)


def order_convert(lab):
    """P4 conversions up are in order, too, and before requests"""
    locks = [lab.open(i, "r") for i in range(5)]
    locks[0].take(PR)
    for lock in locks[1:4]:
        lock.take(NL)
    for lock, mode in zip((locks[1], locks[2]), (EX, PR)):
        lock.convert(mode)
        lab.waits(lock, NL)
    locks[4].request(EX)
    lab.waits(locks[4])
    locks[3].convert(EX)
    lab.waits(locks[3], NL)
    lab.waits(locks[2], NL)
    locks[0].take(NL)
    locks[1].ended(0)
    lab.waits(locks[2], NL)
    locks[1].convert(NL)
    locks[2].ended(0)
    locks[2].convert(NL)
    locks[3].ended(0)
    lab.waits(locks[4])
    locks[3].convert(NL)
    locks[4].ended(0)


def down(lab):
    """V12 what is given up is not held from then on, and who waits has it at once"""
    a, b = lab.open(0, "r"), lab.open(1, "r")
    a.take(EX)
    b.request(PR)
    lab.waits(b)
    a.convert(PR)
    same(a.look()["mode"], PR, "what is believed")
    b.ended(0)
    a.ended(0)
    for lock in (a, b):
        same((lock.look()["held"], lock.looked["mode"]), (1, PR), lock.name)
    a.release()
    same(a.look()["mode"], NONE, "what is believed")
    a.ended(0, 0)
    same(b.tries(EX), True, "the other one is alone")


def deadlock(lab):
    """V10 of two that bar each other the second is refused, and holds on"""
    a, b, c = lab.open(0, "r"), lab.open(1, "r"), lab.open(2, "r")
    a.take(PR)
    b.take(PR)
    a.convert(EX)
    lab.waits(a, PR)
    b.sync(EX, want=EDEADLK)
    b.expect("granted", PR)
    lab.waits(a, PR)
    b.take(NL)
    a.ended(0)
    lab.stands(a, "granted", EX)
    # Only one of them is barred by the other's present mode.
    a.take(PR)
    c.take(NL)
    c.convert(EX)
    lab.waits(c, NL)
    a.sync(EX, want=EDEADLK)
    a.take(NL)
    c.ended(0)


def found(lock, mode):
    """What is read, coming from NL; None: nothing valid."""
    lock.take(NL)
    lock.fill(0xee)
    lock.take(mode)
    block = lock.block()
    lock.take(NL)
    return block


def value_block(lab):
    """who reads the value block, and who writes it"""
    a, b, keeps = lab.open(0, "r"), lab.open(1, "r"), lab.open(2, "r")
    keeps.take(NL)
    same(found(a, EX), None, "nobody has written it")
    a.take(EX)
    a.set(NL, 1)
    same((found(b, PR), found(b, CR)), (1, 1), "written")
    # Not without being told to.
    a.take(EX)
    a.fill(2)
    a.take(NL)
    same(found(b, EX), 1, "not told to write")
    # Not by who may only read.
    a.take(PR)
    a.set(NL, 3)
    same(found(b, EX), 1, "written in PR")
    # From PW, by a release, and without going anywhere.
    a.take(PW)
    a.set(CR, 4)
    same(found(b, CR), 4, "from PW")
    a.take(EX)
    a.fill(5)
    a.sync(NONE, SET_LVB)
    same(found(b, PR), 5, "by a release")
    a.take(PW)
    a.set(PW, 6)
    same(found(b, CR), 6, "staying")
    a.take(NL)
    # Level below PW reads.
    a.take(CR)
    b.take(PW)
    b.set(NL, 7)
    a.fill(0xee)
    a.take(CR)
    same(a.block(), 7, "level in CR")
    # Zeros are nothing.
    b.take(PW)
    b.set(NL, 0)
    same(found(b, PR), None, "zeros")


def cancel(lab):
    """P4 a stand-by withdraws; who is behind it moves up"""
    a, b, c = lab.open(0, "r"), lab.open(1, "r"), lab.open(2, "r")
    a.take(PR)
    b.cancel(want=ENOENT)
    a.cancel(want=ENOENT)
    b.request(EX)
    lab.waits(b)
    c.request(PR)
    lab.waits(c)
    b.cancel()
    b.ended(ECANCELED)
    c.ended(0)      # by nothing else
    lab.stands(b, "idle", NONE)
    # A conversion goes back to what it was, and bars again.
    c.convert(EX)
    lab.waits(c, PR)
    b.take(NL)
    b.convert(PR)
    lab.waits(b, NL)
    c.cancel()
    c.ended(0, ECANCELED)
    b.ended(ECANCELED, 0)
    lab.stands(c, "granted", PR)
    same(a.tries(EX), False, "EX beside PR")


def blocked(lab):
    """P4 who has a cache is told once what it bars, for each grant; who has a role is not"""
    cache, role = lab.open(0, "r"), lab.open(1, "r", "role")
    b, c = lab.open(2, "r"), lab.open(3, "r")
    for lock in (cache, role, b):
        lock.take(PR)
    lab.settle(cache.res)
    cache.was_told()
    b.convert(EX)
    cache.was_told(EX)
    c.request(EX)
    lab.waits(c)
    cache.was_told(EX)
    cache.take(NL)
    role.take(NONE)
    b.ended(0)
    # For what it has been granted, which bars c. Not while it converted; not by itself.
    b.was_told(EX)
    cache.convert(PR)
    lab.waits(cache, NL)
    b.take(NONE)
    cache.ended(0)
    cache.was_told(EX, EX)
    lab.stands(role, "idle", NONE)
    same(role.tolds, [], "a role lock was told")
    cache.close()
    c.ended(0)


def blocked_more(lab):
    """P4 ... and once more when a higher mode is barred"""
    a, b, c, d = (lab.open(i, "r") for i in range(4))
    a.take(EX)
    b.request(PR)
    a.was_told(PR)
    c.request(EX)
    a.was_told(PR, EX)
    d.request(PR)
    lab.waits(d)
    a.was_told(PR, EX)
    # Nobody that it bars is left: what it was told of is over.
    c.close()
    a.take(CR)
    b.ended(0)
    d.ended(0)
    lab.settle(a.res)
    a.was_told(PR, EX)
    b.was_told()


def bounded(lab):
    """V10 a wait ends, is a line in the log, and leaves nothing behind"""
    a, b = lab.open(0, "r"), lab.open(1, "r")
    a.take(EX)
    b.sync(EX, 0, SHORT_MS, want=ETIMEDOUT)
    lab.log_says(b.node, f"lock {b.res}: no EX in {SHORT_MS} ms")
    b.becomes("idle", NONE)
    b.take(NL)
    b.sync(PR, 0, SHORT_MS, want=ETIMEDOUT)
    b.becomes("granted", NL)
    # Nobody is in the queue.
    a.take(NL)
    same(a.tries(EX), True, "it is free")
    same(b.dones, [], "what a wait was for was told")
    lab.sound(a.res)


def killed(lab):
    """V10 whoever waits can be killed"""
    a, b = lab.open(0, "r"), lab.open(1, "r")
    a.take(EX)
    call = b.begin_sync(EX, KILLABLE, "child")
    b.becomes("waiting", NONE)
    call.kill()
    lab.ends(call, "killed")
    b.becomes("idle", NONE)
    a.take(NL)
    same(a.tries(EX), True, "it is free")


def refused(lab):
    """what cannot be begun is refused, and changes nothing"""
    a, b = lab.open(0, "r"), lab.open(1, "r")
    for mode in (2, NONE, EX + 1):
        a.request(mode, want=EINVAL)
    a.convert(EX, want=EINVAL)
    a.release(want=EINVAL)
    a.sync(2, want=EINVAL)
    a.sync(NONE)
    a.take(PR)
    a.request(EX, want=EINVAL)
    b.request(EX)
    lab.waits(b)
    b.request(EX, want=EBUSY)
    b.release(want=EBUSY)
    lab.stands(a, "granted", PR)
    a.node.do(f"leave {a.node.name} {LONG_MS}", EBUSY)
    same(a.node.look()[:2], ("running", 3), "who did not leave")
    a.take(NL)
    b.ended(0)


def untold(lab):
    """who wants to be told of nothing is not; what it began is done"""
    a, b = lab.open(0, "r", "untold"), lab.open(1, "r")
    a.request(EX)
    a.becomes("granted", EX)
    b.request(EX)
    lab.waits(b)
    a.take(NONE)
    b.ended(0)
    same((a.dones, a.tolds), ([], []), "it was told")


def close(lab):
    """V10 a lock goes in whatever state, and who waits for it goes on"""
    a, b, c, d = (lab.open(i, "r") for i in range(4))
    lab.open(0, "idle").close()
    a.take(PR)
    b.take(PR)
    b.convert(EX)
    lab.waits(b, PR)
    for lock in (c, d):
        lock.request(EX)
        lab.waits(lock)
    c.close()           # waiting
    b.close()           # converting
    lab.waits(d)
    a.close()           # granted
    d.ended(0)


def cancel_race(lab):
    """V4 P4 a cancel races with a grant: one outcome, told once, and it is so"""
    a, b = lab.open(0, "r"), lab.open(1, "r")
    granted = 0
    for i in range(40):
        a.take(EX)
        b.request(EX)
        if i % 4:
            lab.settle(a.res)
        calls = []
        for word in (f"release {a.name} 0", f"cancel {b.name}")[::1 if i % 2 else -1]:
            calls.append((a if word[0] == "r" else b).node.begin(word))
            time.sleep(i % 8 / 4000)
        lab.until(lambda: all(call.error is not None for call in calls), "both are told")
        count = i + 1
        lab.until(lambda: len(b.dones) == count and len(a.dones) == count, "one outcome")
        if b.dones[-1]:
            same(b.dones[-1], ECANCELED, "the outcome")
            b.expect("idle", NONE)
            continue
        granted += 1
        b.expect("granted", EX)
        same(a.tries(CR), False, "CR beside EX")
        b.take(NONE)
    print(f"# {granted} of 40 were granted", flush=True)
    same(0 < granted < 40, True, "each is first now and then")


def crowd(lab):
    """V4 one at a time, each finds what the last has left, and some give up"""
    locks = [lab.open(i, "r") for i in range(4)]
    for lock in locks:
        lock.take(NL)
    calls = [lock.node.begin(f"turns {lock.name} 40 {LONG_MS}") for lock in locks]
    for lock, call in zip(locks, calls):
        lab.ends(call)
        lab.until(lambda lock=lock: lock.turns is not None, "its turns")
    turns = [lock.turns for lock in locks]
    # What gives up at once may be granted all the same.
    if any(count < 35 for count in turns):
        raise Failed(f"too few turns: {turns}")
    locks[0].take(PR)
    same((locks[0].look()["valid"], locks[0].looked["first"]), (1, sum(turns)), "the sum")


# --- members

def leaving(lab):
    """V6 V12 who leaves has not died; what it held is granted, who waits behind it moves up"""
    a, _, c = lab.nodes
    number = c.number
    held, follows = lab.open(2, "held"), lab.open(0, "held")
    own, withdraws, last = lab.open(0, "own"), lab.open(2, "own"), lab.open(1, "own")
    held.take(EX)
    follows.request(EX)
    lab.waits(follows)
    own.take(EX)
    for lock in (withdraws, last):
        lock.request(EX)
        lab.waits(lock)
    lab.forget()
    for lock in lab.of(c):
        c.do("close " + lock.name)
    lab.ends(c.leave())
    follows.ended(0)
    lab.agree()
    same([node.told().replace("g", "") for node in lab.living()], ["pd", "pd"], "they were told")
    same([lock.name for lock in lab.of(c) if not lock.free], [], "not freed")
    own.release()
    last.ended(0)
    lab.joins(c)
    same([node.told().replace("g", "") for node in lab.nodes], ["pdpd", "pdpd", "d"], "all were told")
    same(c.number, number, "its number")
    same(a.gone, [], "died")


def aside(lab):
    """V12 while members change nothing is granted; what is begun then is done after it"""
    a, b, c = lab.nodes
    held, follows, mine = lab.open(1, "held"), lab.open(0, "held"), lab.open(0, "mine")
    free, no, gone, short = (lab.open(0, "free") for _ in range(4))
    held.take(EX)
    follows.request(EX)
    lab.waits(follows)
    mine.take(PR)
    lab.forget()
    b.do("hold " + b.name)
    call = c.leave()
    lab.until(lambda: "p" in a.log and "p" in b.log, "members change")
    same((mine.look()["mode"], mine.looked["held"]), (PR, 0), "what it held")
    same(a.look()[0], "recovering", "what it says of itself")
    gone.request(EX)
    free.request(EX)
    no.request(EX, NOQUEUE)
    short.sync(EX, 0, SHORT_MS, want=ETIMEDOUT)
    held.release()
    gone.cancel()
    gone.ended(ECANCELED)
    gone.expect("idle", NONE)
    short.becomes("idle", NONE)
    for lock in (free, no, follows):
        lock.expect("waiting", NONE)
    same((a.log, call.error), ("p", None), "while a member is not ready")
    b.do("go " + b.name)
    lab.ends(call)
    follows.ended(0)
    free.ended(0)
    no.ended(EAGAIN)
    held.ended(0)
    same(a.log, "pdgg", "it was told")
    same(mine.look()["held"], 1, "what it holds")
    lab.joins(c)


def join_bounded(lab):
    """V10 a join that others hold up has a limit, and can be killed; what it joins late it leaves"""
    a, b, c = lab.nodes

    def left_again():
        # A member that had not recovered from the join sees both as one change.
        lab.until(lambda: all(node.log.endswith("d") and len(node.members) == 2
                              for node in (a, b)), "it has left again")
    lab.ends(c.leave())
    lab.agree()
    lab.forget()
    b.do("hold " + b.name)
    lab.ends(c.join(ms=SHORT_MS), ETIMEDOUT)
    lab.until(lambda: "was not joined in time" in c.why, "its sentence")
    lab.log_says(c, "joining was given up")
    lab.until(lambda: "p" in b.log, "members change")
    b.do("go " + b.name)
    left_again()
    lab.forget()
    b.do("hold " + b.name)
    call = c.join(how=("child",))
    while "p" not in b.log:
        lab.hear()
        if call.error is not None:      # it had not left yet
            call = c.join(how=("child",))
    call.kill()
    lab.ends(call, "killed")
    lab.until(lambda: "killed while lockspace" in c.why, "its sentence")
    b.do("go " + b.name)
    left_again()
    same(c.log, "", "it was told")
    lab.joins(c)


def leave_bounded(lab):
    """V10 so has a leave: it goes on in the background, and says so"""
    a, b, c = lab.nodes
    b.do("hold " + b.name)
    lab.ends(c.leave(SHORT_MS), ETIMEDOUT)
    lab.log_says(c, "goes on in the background")
    lab.until(lambda: "p" in b.log, "members change")
    b.do("go " + b.name)
    lab.until(lambda: a.told() == b.told() == "pd", "it has left")
    lab.joins(c)


def other_cluster(lab):
    """R17 a node of another cluster is refused, with a sentence, in under a second"""
    guest = lab.guest(lab.nodes[2])
    for _ in range(10):     # a machine that has much to do
        start = time.monotonic()
        lab.ends(guest.join(cluster="other"), EBADR)
        if time.monotonic() - start < 1:
            break
    else:
        raise Failed("it took longer")
    lab.until(lambda: "cluster" in guest.why and "other" in guest.why, "its sentence")
    same([node.log for node in lab.nodes], [""] * len(lab.nodes), "members were told")


def went_on(lab, died):
    """The others were told who died, before anything else was granted."""
    lab.agree()
    for node in lab.living():
        same(node.told().replace("g", ""), "psd", f"{node.name} was told")
        same("g" in node.log.partition("d")[0], False, "granted before the members were told")
        same(node.gone, [died.number], "who died")
        node.gone.clear()


def death(lab):
    """P4 V12 a node dies: who waits for it is told, then granted, in order; its value blocks are none"""
    c = lab.nodes[2]
    # A value block that it could write; one that it managed, too; one that it read.
    block = [lab.open(i, "block") for i in range(3)]
    block[0].take(EX)
    block[0].set(NL, 1)
    block[2].take(EX)
    same(block[2].block(), 1, "what it reads")
    managed = [lab.open(i, "managed") for i in (2, 0)]
    managed[0].take(EX)
    managed[0].set(NL, 4)
    managed[1].take(NL)
    managed[0].take(EX)
    read = [lab.open(i, "read") for i in range(3)]
    read[0].take(EX)
    read[0].set(PR, 2)
    read[2].take(PR)
    # A role, for which one of its own waits as well.
    keeps, role = lab.open(0, "role"), lab.open(2, "role")
    keeps.take(NL)
    role.take(EX)
    dies, follows, last = (lab.open(i, "role", "role") for i in (2, 0, 1))
    for lock in (dies, follows, last):
        lock.request(EX)
        lab.waits(lock)
    other = [lab.open(i, "other", "role") for i in (2, 0, 1)]
    other[0].take(EX)
    for lock in other[1:]:
        lock.request(EX)
        lab.waits(lock)
    # What it bars by what it reads; what it waits for.
    converts, reads = lab.open(0, "converts"), lab.open(2, "converts")
    converts.take(PR)
    reads.take(PR)
    converts.convert(EX)
    lab.waits(converts, PR)
    cache, wants, tries = lab.open(0, "cache"), lab.open(2, "cache"), lab.open(1, "cache")
    cache.take(PR)
    wants.request(EX)
    cache.was_told(EX)
    lab.forget()
    lab.die(c)
    follows.ended(0)
    converts.ended(0)
    went_on(lab, c)
    lab.waits(last)
    block[0].take(PR)
    same(block[0].block(), None, "the block that it could write")
    block[0].take(NL)
    block[0].take(EX)
    same(block[0].block(), None, "... nobody has written since")
    block[0].set(NL, 3)
    block[1].take(PR)
    same(block[1].block(), 3, "... written again")
    managed[1].take(PR)
    same(managed[1].block(), None, "the block of what it managed")
    read[1].take(PR)
    same(read[1].block(), 2, "the block that it read")
    lab.stands(cache, "granted", PR)
    same(tries.tries(EX), False, "EX beside PR")
    follows.release()
    last.ended(0)
    # DLM does not keep the order of several nodes where their manager dies: clusterfs-locks.rst.
    lab.until(lambda: other[1].dones or other[2].dones, "one has the role")
    lab.settle(other[0].res)
    same(sorted(map(len, (other[1].dones, other[2].dones))), [0, 1], "how many have it")
    first, second = sorted(other[1:], key=lambda lock: not lock.dones)
    first.release()
    second.ended(0)


def death_again(lab):
    """P4 V12 another one dies: who is left goes on alone"""
    b = lab.nodes[1]
    role, follows = lab.open(1, "role"), lab.open(0, "role")
    role.take(EX)
    follows.request(EX)
    lab.waits(follows)
    block = [lab.open(i, "block") for i in range(2)]
    block[0].take(EX)
    block[0].set(NL, 1)
    block[1].take(CR)
    lab.forget()
    lab.die(b)
    follows.ended(0)
    went_on(lab, b)
    same(lab.nodes[0].look()[:2], ("running", 1), "what it says of itself")
    block[0].take(PR)
    same(block[0].block(), 1, "a block that nobody could write")


# Each with the nodes that take a resource first, in turn: in DLM that one manages it. None: who
# takes it first anyway.
ANYHOW, EACH = (None,), (0, 1, 2)
CASES = (
    (matrix, (1,)), (order, EACH), (order_convert, EACH), (down, EACH), (deadlock, EACH),
    (value_block, EACH), (cancel, EACH), (blocked, EACH), (blocked_more, EACH),
    (bounded, EACH), (killed, ANYHOW), (refused, ANYHOW), (untold, ANYHOW), (close, EACH),
    (cancel_race, EACH), (crowd, EACH),
    (leaving, ANYHOW), (aside, ANYHOW), (join_bounded, ANYHOW), (leave_bounded, ANYHOW),
    (other_cluster, ANYHOW), (death, ANYHOW), (death_again, ANYHOW),
)
