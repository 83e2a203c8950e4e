#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""mount.py DEVICE FOLDER [KEY[=VALUE]...]: mount a clusterfs by fsopen(2), and tell on
stderr what the kernel says; mount(8) of Debian 12 leaves that to the kernel's log."""
import ctypes
import os
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
FSOPEN, FSCONFIG, FSMOUNT, MOVE_MOUNT = 430, 431, 432, 429
SET_FLAG, SET_STRING, CREATE = 0, 1, 6
AT_FDCWD = -100
EMPTY_PATH = 4


def syscall(*args):
    """Its result, or OSError."""
    ret = LIBC.syscall(*args)
    if ret < 0:
        err = ctypes.get_errno()
        raise OSError(err, os.strerror(err))
    return ret


def mount(source, folder, options):
    """None or the OSError, and what the kernel says."""
    fs = syscall(FSOPEN, b"clusterfs", 0)
    mnt, failed = -1, None
    try:
        for option in ([f"source={source}"] if source else []) + options:
            key, eq, value = option.partition("=")
            if eq:
                syscall(FSCONFIG, fs, SET_STRING, key.encode(), os.fsencode(value), 0)
            else:
                syscall(FSCONFIG, fs, SET_FLAG, key.encode(), None, 0)
        syscall(FSCONFIG, fs, CREATE, None, None, 0)
        mnt = syscall(FSMOUNT, fs, 0, 0)
        syscall(MOVE_MOUNT, mnt, b"", AT_FDCWD, os.fsencode(folder), EMPTY_PATH)
    except OSError as error:
        failed = error
    if mnt >= 0:
        os.close(mnt)
    text = b""
    while True:
        try:
            text += os.read(fs, 4096)
        except OSError:
            break
    os.close(fs)
    return failed, text.decode(errors="replace")


if __name__ == "__main__":
    ERROR, TEXT = mount(sys.argv[1], sys.argv[2], sys.argv[3:])
    print(TEXT, file=sys.stderr, end="")
    if ERROR:
        sys.exit(f"mount.py: {ERROR}")
