// SPDX-License-Identifier: GPL-2.0
/*
 * vpart diag: one command collects what is needed to find out what is wrong.
 *
 * It is wanted most when something is stuck, and whoever looks at a stuck thing
 * may get stuck too: a folder of configfs is locked while a LUN waits for its
 * commands. So each part is collected by a process of its own, which has a few
 * seconds; one that does not end is left behind, and where it is stuck becomes
 * part of the dump.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "cmd.h"
#include "diag.h"

#define SECTION_MS	5000
#define SECTION_MAX	(16 << 20)

/**
 * struct text - what a section has printed
 * @data: bytes
 * @len: how many
 * @room: size of @data
 */
struct text {
	char	*data;
	size_t	len;
	size_t	room;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Read more of it. 1, 0 at the end or when there is no room, -1. */
static int more(struct text *t, int fd)
{
	ssize_t got;
	char *data;

	if (t->len == t->room) {
		if (t->room >= SECTION_MAX)
			return 0;
		data = realloc(t->data, t->room ? 2 * t->room : 65536);
		if (!data)
			return -1;
		t->data = data;
		t->room = t->room ? 2 * t->room : 65536;
	}
	got = read(fd, t->data + t->len, t->room - t->len);
	if (got < 0)
		return errno == EINTR || errno == EAGAIN ? 1 : -1;
	t->len += (size_t)got;
	return got > 0;
}

/* A few words more, as far as there is room. */
static void add(struct text *t, const char *words)
{
	size_t len = strlen(words);

	if (t->len + len > t->room)
		return;
	memcpy(t->data + t->len, words, len);
	t->len += len;
}

/* Where in the kernel a process is stuck. */
static void add_stack(struct text *t, pid_t pid)
{
	char path[64], buf[4096];
	ssize_t got = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stack", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, buf, sizeof(buf) - 1);
		close(fd);
	}
	buf[got > 0 ? got : 0] = 0;
	add(t, buf);
}

/* 0: it is whole; -ETIMEDOUT: it got stuck; another negative errno. */
static int collect(const struct section *s, struct text *t)
{
	uint64_t end = now_ms() + SECTION_MS, now = 0;
	struct pollfd p = { .events = POLLIN };
	int fds[2], ret = 1, status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		ret = -errno;
		close(fds[0]);
		close(fds[1]);
		return ret;
	}
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		s->run();
		fflush(stdout);
		_exit(0);
	}
	close(fds[1]);
	p.fd = fds[0];
	while (ret > 0) {
		now = now_ms();
		if (now >= end)
			break;
		if (poll(&p, 1, (int)(end - now)) > 0)
			ret = more(t, fds[0]);
	}
	close(fds[0]);
	if (ret > 0) {
		add(t, "\n[no more within 5 seconds: it is stuck here]\n");
		add_stack(t, pid);
		/* It may not die before what it waits for ends: nobody waits for it. */
		kill(pid, SIGKILL);
		waitpid(pid, &status, WNOHANG);
		return -ETIMEDOUT;
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return ret < 0 ? -EIO : 0;
}

static void default_path(char *path, size_t size)
{
	char stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(path, size, "/var/tmp/vpart-diag-%s.tar", stamp);
}

static int run_save(struct cmd *c)
{
	struct json_object *o, *stuck = json_object_new_array();
	const struct section *s;
	size_t files = 0;
	char path[4096];
	struct sink sink;
	int ret;

	if (c->npos)
		snprintf(path, sizeof(path), "%s", c->pos[0]);
	else
		default_path(path, sizeof(path));
	ret = sink_open(&sink, path);
	for (s = sections; s->run && !ret; s++) {
		struct text t = { .data = NULL };

		ret = collect(s, &t);
		if (ret) {
			json_object_array_add(stuck, json_object_new_string(s->name));
			fprintf(stderr, "vpart: %s is not whole: %s\n", s->name, strerror(-ret));
		}
		ret = sink_put(&sink, s->name, t.data, t.len);
		free(t.data);
		files++;
	}
	if (!ret)
		ret = sink_close(&sink);
	if (ret) {
		fprintf(stderr, "vpart: %s: %s\n", path, strerror(-ret));
		json_object_put(stuck);
		return EXIT_FAILURE;
	}
	o = json_object_new_object();
	put_text(o, "file", path);
	put_number(o, "parts", files);
	json_object_object_add(o, "stuck", stuck);
	return done(c, o, "%zu parts are in %s", files, path);
}

static const struct verb verbs[] = {
	{
		.name = "save", .args = "[FILE.tar|DIR]", .max = 1, .run = run_save,
		.what = "Collect all that helps to find out what is wrong, for a report.",
		.more = "  FILE.tar   a new archive (/var/tmp/vpart-diag-TIME.tar)\n"
			"  DIR        a new folder\n\n"
			"Versions, modules, all objects, events, LIO's tree, mirrors, SCSI hosts, tasks that\n"
			"wait, the kernel's log. No passwords or keys, no command lines, no data of disks.\n"
			"Does not wait for what is stuck: each part has 5 seconds.",
		.example = "vpart diag save /tmp/vpart.tar",
	}, { .name = NULL },
};

const struct noun diag_noun = { "diag", "a dump of everything, for finding faults", verbs };
