#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""attention.py FILE: the unit attentions that the kernel sends as uevents, one to a line:
the SCSI device (0:0:0:1) and the value of SDEV_UA. The first line is "listening"."""
import socket
import sys

NETLINK_KOBJECT_UEVENT = 15


def main():
    """Until it is ended."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_KOBJECT_UEVENT)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.bind((0, 1))
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        print("listening", file=out, flush=True)
        while True:
            said = dict(w.split("=", 1) for w in
                        sock.recv(65536).decode(errors="replace").split("\0") if "=" in w)
            if "SDEV_UA" in said:
                print(said.get("DEVPATH", "").split("/")[-1], said["SDEV_UA"], file=out,
                      flush=True)


if __name__ == "__main__":
    main()
