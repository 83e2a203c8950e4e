// SPDX-License-Identifier: GPL-2.0
/*
 * Disks whose power can be cut: each is a process that serves an nbd device. The
 * medium is memory that is shared with it, the cache is its own: to kill it is to
 * cut the power. A write stays in the cache until a flush, or until the disk
 * likes to put it away; a FUA write goes past it.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/nbd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash.h"

#define LEG_BLOCKS	(DATA_BLOCK + BLOCKS)
#define MAX_REQUEST	(LEG_BLOCKS * BS)

struct disk {
	unsigned char *medium;
	pid_t server, driver;
};

static struct disk disks[LEGS];

/* --- in the server --- */

static unsigned char *medium, *cache;
static bool cached[LEG_BLOCKS];
static unsigned int put_away;	/* one block of the cache, with so many per cent */

static bool all(int fd, void *buf, size_t size, bool out)
{
	ssize_t n;

	for (; size; buf = (char *)buf + n, size -= n) {
		n = out ? send(fd, buf, size, MSG_NOSIGNAL) : recv(fd, buf, size, MSG_WAITALL);
		if (n <= 0)
			return false;
	}
	return true;
}

static void settle(unsigned int block)
{
	if (cached[block])
		memcpy(medium + block * BS, cache + block * BS, BS);
	cached[block] = false;
}

static void write_block(unsigned int block, const unsigned char *data, bool fua)
{
	memcpy((fua ? medium : cache) + block * BS, data, BS);
	cached[block] = !fua;
	if (chance(put_away))
		settle(below(LEG_BLOCKS));
}

static void serve(int fd)
{
	struct nbd_reply reply = { .magic = htobe32(NBD_REPLY_MAGIC) };
	unsigned char *buf = aligned(MAX_REQUEST);
	struct nbd_request req;
	unsigned int delay = chance(50) ? 0 : 50 << below(4);
	uint32_t type, len, i, first;

	put_away = chance(50) ? 0 : 1 + below(50);
	while (all(fd, &req, sizeof(req), false)) {
		type = be32toh(req.type);
		len = be32toh(req.len);
		first = be64toh(req.from) / BS;
		if ((type & 0xffff) == NBD_CMD_WRITE) {
			if (!all(fd, buf, len, false))
				break;
			for (i = 0; i < len / BS; i++)
				write_block(first + i, buf + i * BS, type & NBD_CMD_FLAG_FUA);
		} else if ((type & 0xffff) == NBD_CMD_FLUSH) {
			for (i = 0; i < LEG_BLOCKS; i++)
				settle(i);
		} else if ((type & 0xffff) == NBD_CMD_READ) {
			for (i = 0; i < len / BS; i++)
				memcpy(buf + i * BS, (cached[first + i] ? cache : medium) +
				       (first + i) * BS, BS);
		} else {
			break;
		}
		if (delay)
			pause_us(delay);
		memcpy(reply.handle, req.handle, sizeof(reply.handle));
		if (!all(fd, &reply, sizeof(reply), true))
			break;
		if ((type & 0xffff) == NBD_CMD_READ && !all(fd, buf, len, true))
			break;
	}
	_exit(0);
}

/* --- in the program --- */

static pid_t child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static int device(unsigned int i)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/nbd%u", i);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

static void wait_for_size(int nbd)
{
	uint64_t size = 0, end = now_us() + LIMIT_MS * 1000ULL;

	while (!ioctl(nbd, BLKGETSIZE64, &size) && size != LEG_BLOCKS * BS) {
		if (now_us() > end)
			die("an nbd device does not get its size");
		pause_us(1000);
	}
}

static void on(unsigned int i)
{
	struct disk *d = &disks[i];
	int ends[2], nbd = device(i);
	uint64_t seed = random64();

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		die("socketpair: %s", strerror(errno));
	d->server = child();
	if (!d->server) {
		close(ends[0]);
		close(nbd);
		seed_random(seed);
		medium = d->medium;
		cache = aligned(MAX_REQUEST);
		serve(ends[1]);
	}
	close(ends[1]);
	if (ioctl(nbd, NBD_SET_BLKSIZE, (long)BS) ||
	    ioctl(nbd, NBD_SET_SIZE_BLOCKS, (long)LEG_BLOCKS) ||
	    ioctl(nbd, NBD_SET_FLAGS, (long)(NBD_FLAG_HAS_FLAGS | NBD_FLAG_SEND_FLUSH |
					     NBD_FLAG_SEND_FUA)) ||
	    ioctl(nbd, NBD_SET_SOCK, (long)ends[0]))
		die("nbd%u cannot be set up: %s", i, strerror(errno));
	d->driver = child();
	if (!d->driver) {
		ioctl(nbd, NBD_DO_IT);
		ioctl(nbd, NBD_CLEAR_SOCK);
		_exit(0);
	}
	close(ends[0]);
	wait_for_size(nbd);
	close(nbd);
}

static void off(unsigned int i)
{
	struct disk *d = &disks[i];

	kill(d->server, SIGKILL);
	if (waitpid(d->server, NULL, 0) != d->server || waitpid(d->driver, NULL, 0) != d->driver)
		die("the server of nbd%u does not end", i);
}

static void make(unsigned int i)
{
	disks[i].medium = mmap(NULL, MAX_REQUEST, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (disks[i].medium == MAP_FAILED)
		die("no memory for a medium");
}

const struct disks nbd_disks = { "/dev/nbd", make, on, off };
