#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""silent.py COUNT: so many client's ends whose server accepts and says nothing do not
keep another, that of p1, from coming back. It connects to 7310, our proxy."""
import socket
import sys
import time

import vsr
from base import case, expect, host_attr, link_get, until, vpart
from proxy import Proxy


def back(proxy, alone=None):
    """A link that was cut is up again; the longest time of three. With others, the
    shortest counts: they would hold it up each time."""
    times = []
    for _ in range(3):
        was = int(link_get("p1", vsr.CLIENT)["LOGINS"])
        time.sleep(1.2)
        start = time.monotonic()
        proxy.cut()
        until(60, lambda w=was: int(link_get("p1", vsr.CLIENT)["LOGINS"]) > w, "a login")
        times.append(time.monotonic() - start)
    # One of them is waited for for 5 s.
    expect(alone is None or min(times) < 3 + 5 * alone, f"{min(times):.1f} s until the next login")
    return max(times)


def main():
    """Make them, look, delete them."""
    count = int(sys.argv[1])
    proxy = Proxy(7310, 7300)
    mute = socket.create_server(("127.0.0.1", 7399), backlog=1024)
    until(60, lambda: host_attr("p1", "link_state") == "up", "link up")
    alone, start = back(proxy), time.monotonic()
    for i in range(count):
        vpart("link", "add", f"m{i}", "client", "client1", "server", "vios1", "id", str(100 + i),
              "connect", "tcp:127.0.0.1:7399", "key", "none")
    made = time.monotonic() - start
    case(f"V10 {count} servers that say nothing do not hold up another link",
         lambda: back(proxy, alone) and None)
    start = time.monotonic()
    for i in range(count):
        vpart("link", "del", f"m{i}", "side", "client", "--force")
    took = time.monotonic() - start
    case("V10 their links are deleted, and nobody waits for them", expect,
         took < made + count * 2, f"{took:.0f} s for {count} that were made in {made:.0f} s")
    mute.close()
    proxy.close()


main()
