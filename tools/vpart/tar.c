// SPDX-License-Identifier: GPL-2.0
/* Where a diagnostic dump goes: a new folder, or a new tar archive (POSIX ustar) */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "diag.h"

#define BLOCK	512

/**
 * struct ustar - the head of a file in the archive
 *
 * Numbers are octal text.
 */
struct ustar {
	char	name[100];
	char	mode[8];
	char	uid[8];
	char	gid[8];
	char	size[12];
	char	mtime[12];
	char	sum[8];
	char	type;
	char	linkname[100];
	char	magic[6];
	char	version[2];
	char	uname[32];
	char	gname[32];
	char	major[8];
	char	minor[8];
	char	prefix[155];
	char	pad[12];
};

static int write_all(int fd, const void *data, size_t len)
{
	const char *at = data;
	ssize_t put;

	while (len) {
		put = write(fd, at, len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put ? -errno : -EIO;
		at += put;
		len -= (size_t)put;
	}
	return 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t a = strlen(text), b = strlen(end);

	return a > b && !strcmp(text + a - b, end);
}

/* Make the archive if the name ends with .tar, else the folder. 0 or -errno. */
int sink_open(struct sink *s, const char *path)
{
	const char *base = strrchr(path, '/');
	size_t len;

	memset(s, 0, sizeof(*s));
	s->tar = ends_with(path, ".tar");
	base = base && base[1] ? base + 1 : path;
	len = strlen(base) - (s->tar ? strlen(".tar") : 0);
	if (len >= sizeof(s->top))
		return -ENAMETOOLONG;
	memcpy(s->top, base, len);
	/* For root's eyes: the kernel's log is in it. Never into what is there. */
	if (s->tar) {
		s->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		return s->fd < 0 ? -errno : 0;
	}
	if (mkdir(path, 0700))
		return -errno;
	s->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return s->fd < 0 ? -errno : 0;
}

static int put_tar(struct sink *s, const char *name, const char *data, size_t len)
{
	static const char zero[BLOCK];
	struct ustar h;
	unsigned int sum = 0;
	size_t i;
	int ret;

	memset(&h, 0, sizeof(h));
	snprintf(h.name, sizeof(h.name), "%.60s/%.38s", s->top, name);
	strcpy(h.mode, "0000600");
	strcpy(h.uid, "0000000");
	strcpy(h.gid, "0000000");
	snprintf(h.size, sizeof(h.size), "%011zo", len);
	snprintf(h.mtime, sizeof(h.mtime), "%011llo", (unsigned long long)time(NULL));
	memset(h.sum, ' ', sizeof(h.sum));
	h.type = '0';
	memcpy(h.magic, "ustar", sizeof(h.magic));
	memcpy(h.version, "00", sizeof(h.version));
	strcpy(h.uname, "root");
	strcpy(h.gname, "root");
	for (i = 0; i < sizeof(h); i++)
		sum += ((unsigned char *)&h)[i];
	snprintf(h.sum, sizeof(h.sum), "%06o", sum & 0777777);
	h.sum[7] = ' ';
	ret = write_all(s->fd, &h, sizeof(h));
	if (!ret)
		ret = write_all(s->fd, data, len);
	if (!ret && len % BLOCK)
		ret = write_all(s->fd, zero, BLOCK - len % BLOCK);
	return ret;
}

/* One more file. 0 or -errno. */
int sink_put(struct sink *s, const char *name, const char *data, size_t len)
{
	int fd, ret;

	if (s->tar)
		return put_tar(s, name, data, len);
	fd = openat(s->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	ret = write_all(fd, data, len);
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}

/* 0 when everything is written, or -errno. */
int sink_close(struct sink *s)
{
	static const char end[2 * BLOCK];
	int ret = s->tar ? write_all(s->fd, end, sizeof(end)) : 0;

	if (close(s->fd) && !ret)
		ret = -errno;
	return ret;
}
