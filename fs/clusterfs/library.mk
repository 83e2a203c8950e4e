# SPDX-License-Identifier: GPL-2.0
# The repository's format, read and written: compiled for the kernel, and for the tools
# and the tests of user space.
CFS_LIBRARY := record.o geometry.o disk.o slots.o index.o txn.o chain.o claim.o commit.o open.o
CFS_LIBRARY += follow.o resync.o
