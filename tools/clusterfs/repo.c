// SPDX-License-Identifier: GPL-2.0
/* Devices, and the repository on them. */
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "repo.h"

static void sentence(const char *fmt, va_list args)
{
	fprintf(stderr, "%s: ", program);
	vfprintf(stderr, fmt, args);
}

void complain(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	sentence(fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

/* The same of words that cannot be understood; the exit code for that. */
int wrong_use(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	sentence(fmt, args);
	va_end(args);
	fprintf(stderr, "; see %s --help\n", program);
	return 2;
}

/* Open a block device or a file; -1 and a sentence if that cannot be. */
int device_open(const char *path, bool writes, u64 *size)
{
	struct stat st;
	int fd;

	if (stat(path, &st)) {
		complain("%s: %s", path, strerror(errno));
		return -1;
	}
	if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode)) {
		complain("%s is neither a block device nor a file", path);
		return -1;
	}
	/* The kernel gives a block device to one that asks so: none is mounted meanwhile. */
	fd = open(path, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC |
		  (writes && S_ISBLK(st.st_mode) ? O_EXCL : 0));
	if (fd < 0) {
		if (errno == EBUSY)
			complain("%s is in use: unmount it, or end what else has it open", path);
		else
			complain("cannot open %s: %s", path, strerror(errno));
		return -1;
	}
	/* A node that has it mounted writes past the cache. */
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	*size = st.st_size;
	if (S_ISBLK(st.st_mode) && ioctl(fd, BLKGETSIZE64, size)) {
		complain("%s does not tell its size: %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

/* All of it, or a negative errno. */
static int device_io(int fd, u64 offset, void *buf, size_t n, bool write)
{
	u8 *at = buf;
	ssize_t got;

	while (n) {
		got = write ? pwrite(fd, at, n, offset) : pread(fd, at, n, offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EIO;
		at += got;
		offset += got;
		n -= got;
	}
	return 0;
}

int device_read(int fd, u64 offset, void *buf, size_t n)
{
	return device_io(fd, offset, buf, n, false);
}

int device_write(int fd, u64 offset, const void *buf, size_t n)
{
	return device_io(fd, offset, (void *)buf, n, true);
}

static int repo_read(void *ctx, unsigned int replica, u64 block, void *buf, unsigned int blocks)
{
	struct repo *repo = ctx;

	if (repo->fd[replica] < 0)
		return -ENODEV;
	if (repo->fresh)
		posix_fadvise(repo->fd[replica], block * CFS_BLOCK_SIZE,
			      (off_t)blocks * CFS_BLOCK_SIZE, POSIX_FADV_DONTNEED);
	return device_read(repo->fd[replica], block * CFS_BLOCK_SIZE, buf,
			   (size_t)blocks * CFS_BLOCK_SIZE);
}

static int repo_write(void *ctx, unsigned int replica, u64 block, const void *buf,
		      unsigned int blocks, unsigned int flags)
{
	struct repo *repo = ctx;
	int fd = repo->fd[replica], ret;

	if (fd < 0)
		return -ENODEV;
	if (!repo->writes)
		return -EROFS;
	if (flags & CFS_PREFLUSH && fdatasync(fd))
		return -errno;
	ret = device_write(fd, block * CFS_BLOCK_SIZE, buf, (size_t)blocks * CFS_BLOCK_SIZE);
	if (!ret && flags & CFS_FUA && fdatasync(fd))
		ret = -errno;
	return ret;
}

/* Which replica is this? Its number, or 0 where that cannot be told. */
static unsigned int replica_of(int fd)
{
	u8 block[2][CFS_BLOCK_SIZE];
	struct cfs_super sb;
	enum cfs_found found;

	memset(block, 0, sizeof(block));
	if (device_read(fd, CFS_SUPER_BLOCK * CFS_BLOCK_SIZE, block[0], CFS_BLOCK_SIZE) ||
	    device_read(fd, CFS_SUPER_BLOCK_2 * CFS_BLOCK_SIZE, block[1], CFS_BLOCK_SIZE))
		return 0;
	found = cfs_super_choose(block[0], block[1], &sb);
	return found == CFS_VALID || found == CFS_RO_ONLY ? sb.replica : 0;
}

/* No device yet. */
void repo_init(struct repo *repo, bool writes)
{
	unsigned int r;

	memset(repo, 0, sizeof(*repo));
	repo->writes = writes;
	for (r = 0; r < CFS_REPLICAS_MAX; r++)
		repo->fd[r] = -1;
	repo->io = (struct cfs_io) { repo_read, repo_write, repo };
}

/*
 * Open the repository that these devices are replicas of, in any order. 0, or a
 * negative errno and a sentence on stderr.
 */
int repo_open(struct repo *repo, char **paths, int count, bool writes)
{
	unsigned int r;
	int i, fd, ret;
	u64 size;

	repo_init(repo, writes);
	for (i = 0; i < count; i++) {
		fd = device_open(paths[i], writes, &size);
		if (fd < 0) {
			ret = -EIO;
			goto close;
		}
		r = replica_of(fd);
		if (repo->fd[r] >= 0) {
			complain("%s and %s are the same replica, or one of them is none",
				 repo->path[r], paths[i]);
			close(fd);
			ret = -EINVAL;
			goto close;
		}
		repo->fd[r] = fd;
		repo->path[r] = paths[i];
		repo->size[r] = size;
	}
	/* A feature that allows only reading stops whoever is to write, as it stops a node. */
	ret = cfs_open(&repo->db, &repo->io, CFS_REPLICAS_MAX, writes ? 0 : CFS_NODES_MAX, NULL);
	if (ret) {
		complain("%s: %s", paths[0], repo->db.why);
		goto close;
	}
	repo->db.me = CFS_NODES_MAX;
	repo->open = true;
	for (r = 0; r < repo->db.sb.replicas; r++) {
		if (repo->fd[r] < 0 || repo->size[r] >= repo->db.sb.total_blocks * CFS_BLOCK_SIZE)
			continue;
		complain("%s is too small for its own superblock: %llu bytes of %llu",
			 repo->path[r], (unsigned long long)repo->size[r],
			 (unsigned long long)repo->db.sb.total_blocks * CFS_BLOCK_SIZE);
		ret = -EINVAL;
		goto close;
	}
	return 0;
close:
	repo_close(repo);
	return ret;
}

void repo_close(struct repo *repo)
{
	unsigned int r;

	if (repo->open)
		cfs_close(&repo->db);
	repo->open = false;
	for (r = 0; r < CFS_REPLICAS_MAX; r++)
		if (repo->fd[r] >= 0)
			close(repo->fd[r]);
}

void uuid_text(char *text, const void *uuid)
{
	const u8 *b = uuid;
	int i;

	for (i = 0; i < 16; i++)
		text += sprintf(text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
				b[i]);
}

/* A whole number in a range, and nothing behind it. */
bool take_number(const char *text, u64 low, u64 high, u64 *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && !errno && !*end && *value >= low &&
	       *value <= high;
}
