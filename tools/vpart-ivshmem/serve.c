// SPDX-License-Identifier: GPL-2.0
/* The loop: one thread that waits for peers of all segments, and for a signal to end. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "ivshmem.h"

/* Files that a segment is watched by: its peers, then those who come. */
enum { LISTENER = PEERS, REPORTER, FILES };

/* Open files a segment needs at most: also its lock, memory, vectors, and one that is refused. */
static uint64_t files_needed(const struct segment *s, unsigned int n)
{
	uint64_t files = 16;
	unsigned int i;

	for (i = 0; i < n; i++)
		files += FILES + 3 + 2 * s[i].vectors;
	return files;
}

static int raise_limit(const struct segment *s, unsigned int n)
{
	uint64_t need = files_needed(s, n);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return failed("no limit of open files: %s", strerror(errno));
	if (limit.rlim_max < need)
		return failed("the segments need %llu open files, and %llu is the limit",
			      (unsigned long long)need, (unsigned long long)limit.rlim_max);
	/* Files that wait in sockets count against it as well. */
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return failed("no more open files: %s", strerror(errno));
	return 0;
}

static int signal_file(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Fill in what to watch; how many milliseconds at most, or -1. */
static int watch(const struct segment *segments, unsigned int n, struct pollfd *fds)
{
	unsigned int i, p;
	int timeout = -1;

	for (i = 0; i < n; i++, fds += FILES) {
		const struct segment *s = &segments[i];
		bool retry = s->retry_at && now() < s->retry_at;

		/* A negative file is not looked at. */
		for (p = 0; p < PEERS; p++)
			fds[p] = (struct pollfd){ .fd = s->peer[p].sock, .events = POLLIN };
		fds[LISTENER] = (struct pollfd){ .fd = retry ? -1 : s->listener, .events = POLLIN };
		fds[REPORTER] = (struct pollfd){ .fd = retry ? -1 : s->reporter, .events = POLLIN };
		if (retry)
			timeout = 1000;
	}
	return timeout;
}

/* Those that leave come first: their places are free for those that join. */
static void look(struct segment *segments, unsigned int n, const struct pollfd *fds)
{
	unsigned int i, p;

	for (i = 0; i < n; i++, fds += FILES) {
		struct segment *s = &segments[i];

		/* One that left may have taken the other with it. */
		for (p = 0; p < PEERS; p++)
			if (fds[p].revents && s->peer[p].sock == fds[p].fd)
				peer_readable(s, p);
		if (fds[LISTENER].revents)
			peer_accept(s);
		if (fds[REPORTER].revents)
			status_answer(s);
	}
}

static int loop(struct segment *segments, unsigned int n, int signals)
{
	struct pollfd *fds = calloc((size_t)n * FILES + 1, sizeof(*fds));
	int ret = 0, got;

	if (!fds)
		return failed("out of memory");
	for (;;) {
		int timeout = watch(segments, n, fds + 1);

		fds[0] = (struct pollfd){ .fd = signals, .events = POLLIN };
		got = poll(fds, (nfds_t)n * FILES + 1, timeout);
		if (got < 0 && errno != EINTR) {
			ret = failed("cannot wait: %s", strerror(errno));
			break;
		}
		if (got > 0 && fds[0].revents)
			break;
		if (got > 0)
			look(segments, n, fds + 1);
	}
	free(fds);
	return ret;
}

/* Serve segments until a signal; an exit code. */
int serve(struct segment *segments, unsigned int n)
{
	unsigned int open = 0, i;
	int ret, signals;

	setvbuf(stderr, NULL, _IOLBF, 0);
	ret = raise_limit(segments, n);
	if (ret)
		return ret;
	signals = signal_file();
	if (signals < 0)
		return failed("no file for signals: %s", strerror(errno));
	while (!ret && open < n) {
		ret = segment_open(&segments[open]);
		if (!ret)
			open++;
	}
	for (i = 0; !ret && i < n; i++)
		note(&segments[i], "%llu KiB, %u vectors",
		     (unsigned long long)(segments[i].size >> 10), segments[i].vectors);
	if (!ret)
		ret = loop(segments, n, signals);
	while (open)
		segment_close(&segments[--open]);
	close(signals);
	return ret;
}
