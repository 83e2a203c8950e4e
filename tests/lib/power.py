#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""power.py FOLDER PORT HOLD: cuts the power of machines of tests/vm/machines, FOLDER theirs.

A line "off NAME" is answered with "off" when that machine is gone, whoever ended it, and
with what went wrong otherwise; "status NAME" with "on" or "off". While there is a file HOLD,
nothing is done.
"""
import os
import socket
import subprocess
import sys
import time

TELL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../vm/tell")


# What the machines are told, and the answer if that is done.
VERBS = {"off": ("kill", "off"), "status": ("ready", "on")}


def answer(folder, verb, name):
    """What is answered."""
    if verb not in VERBS:
        return "what?"
    word, well = VERBS[verb]
    done = subprocess.run([TELL, folder, word, name], capture_output=True, text=True, check=False)
    if "is not running" in done.stderr:
        return "off"
    return well if done.returncode == 0 else done.stderr.strip() or "failed"


def main():
    """One after another."""
    folder, port, hold = sys.argv[1:]
    listener = socket.create_server(("", int(port)))
    print("ready", flush=True)
    while True:
        sock, _ = listener.accept()
        with sock, sock.makefile("rw", encoding="ascii", errors="replace") as lines:
            verb, _, name = lines.readline().strip().partition(" ")
            print(verb, name, flush=True)
            while os.path.exists(hold):
                time.sleep(0.05)
            said = answer(folder, verb, name)
            print(name, said, flush=True)
            try:
                print(said, file=lines, flush=True)
            except OSError:
                pass    # who asked has gone


if __name__ == "__main__":
    main()
