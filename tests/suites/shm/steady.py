# SPDX-License-Identifier: GPL-2.0
"""Cases for a machine that stands still now and then, and a program that stands still with it.

Who has no pulse for 5 seconds is left, as the protocol has it; the kernel says so.
"""
import functools

from base import Log, case as once


def steady(what):
    """What is done again, twice at most, when it failed and somebody had no pulse."""
    @functools.wraps(what)
    def tried(*args, **kw):
        left = 2
        while True:
            log = Log()
            try:
                return what(*args, **kw)
            except Exception:   # pylint: disable=broad-except
                if not left or not log.having("has no pulse"):
                    raise
            finally:
                log.close()
            left -= 1
    return tried


def case(desc, what, *args, **kw):
    """base.case() of it."""
    return once(desc, steady(what), *args, **kw)


def promptly(seconds, what, *args):
    """What returns how long something took, which was less, in one of five tries."""
    took = []
    while len(took) < 5:
        took.append(what(*args))
        if took[-1] < seconds:
            return
    raise AssertionError(f"too late, each time: {', '.join(f'{t:.1f} s' for t in took)}")
