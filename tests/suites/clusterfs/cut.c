// SPDX-License-Identifier: GPL-2.0
/*
 * cut: preloaded into a tool. With CUT=N the Nth of its writes is done half, with HALF=second
 * the other half, a rename not at all; the tool ends there, as if the power went. Exit code 77.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Is this the one? */
static int here(void)
{
	static int left;
	const char *cut = getenv("CUT");

	if (!left)
		left = cut ? atoi(cut) : -1;
	return left > 0 && !--left;
}

static ssize_t put(const char *name, int fd, const void *buf, size_t n, off_t at)
{
	ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, name);
	ssize_t done;
	size_t half;

	if (!here())
		return real(fd, buf, n, at);
	/* By sectors; of one sector, all. */
	half = n > 512 ? n / 1024 * 512 : 0;
	if (getenv("HALF"))
		done = real(fd, (const char *)buf + half, n - half, at + half);
	else
		done = real(fd, buf, half ? half : n, at);
	if (done < 0)
		_exit(1);
	_exit(77);
}

ssize_t pwrite(int fd, const void *buf, size_t n, off_t at)
{
	return put("pwrite", fd, buf, n, at);
}

ssize_t pwrite64(int fd, const void *buf, size_t n, off_t at)
{
	return put("pwrite64", fd, buf, n, at);
}

int rename(const char *from, const char *to)
{
	int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");

	if (here())
		_exit(77);
	return real(from, to);
}
