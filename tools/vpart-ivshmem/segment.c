// SPDX-License-Identifier: GPL-2.0
/* A segment's sockets: made by one process at a time, seen by others when they work. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "ivshmem.h"

/* More than one peer waits only when machines start at the same time. */
#define BACKLOG		16
/* A lock is replaced when its owner ends; who loses that race often gives up. */
#define LOCK_TRIES	100
/* Of a path with what beside() appends */
#define NAME_SIZE	sizeof(((struct sockaddr_un *)0)->sun_path)

/* A line of the log. */
void note(const struct segment *s, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", s->path);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("\n", stderr);
}

time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void beside(const struct segment *s, const char *what, char name[static NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%s%s", s->path, what);
}

/* The lock's file may have been removed by its last owner while we waited for it. */
static bool is_current(int fd, const char *name)
{
	struct stat mine, theirs;

	return !fstat(fd, &mine) && !lstat(name, &theirs) && mine.st_dev == theirs.st_dev &&
	       mine.st_ino == theirs.st_ino;
}

static int take_lock(struct segment *s)
{
	char name[NAME_SIZE];
	int fd, tries;

	beside(s, ".lock", name);
	for (tries = 0; tries < LOCK_TRIES; tries++) {
		fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return failed("cannot open %s: %s", name, strerror(errno));
		if (flock(fd, LOCK_EX | LOCK_NB)) {
			close(fd);
			return failed("%s is served by another process", s->path);
		}
		if (is_current(fd, name)) {
			s->lock = fd;
			return 0;
		}
		close(fd);
	}
	return failed("cannot keep %s: others take it again and again", name);
}

/* True when a program of another kind, which takes no lock, serves the socket. */
static bool is_served(const char name[static NAME_SIZE])
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	bool served;
	int fd;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return true;
	memcpy(addr.sun_path, name, sizeof(addr.sun_path));
	served = !connect(fd, (struct sockaddr *)&addr, sizeof(addr)) || errno == EAGAIN;
	close(fd);
	return served;
}

/* What is there may be replaced if it is a socket that a dead process left. */
static int may_replace(const char name[static NAME_SIZE])
{
	struct stat st;

	if (lstat(name, &st))
		return errno == ENOENT ? 0 :
		       failed("cannot look at %s: %s", name, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return failed("%s exists and is no socket", name);
	if (is_served(name))
		return failed("%s is served by another program", name);
	return 0;
}

/*
 * A socket that listens. It gets its mode by the umask and its group before anyone
 * can connect, and its name when it works, in place of one that a dead server left.
 */
static int make_socket(const struct segment *s, const char *what, int *sock)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char name[NAME_SIZE], made[NAME_SIZE];
	mode_t mask;
	int fd, ret;

	beside(s, what, name);
	beside(s, ".new", made);
	if (may_replace(name) || may_replace(made))
		return EXIT_FAILURE;
	unlink(made);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return failed("no socket for %s: %s", name, strerror(errno));
	memcpy(addr.sun_path, made, sizeof(addr.sun_path));
	mask = umask(~s->mode & 0777);
	ret = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	umask(mask);
	if (ret) {
		failed("cannot make %s: %s", name, strerror(errno));
		goto err_close;
	}
	if (s->gid != (gid_t)-1 && lchown(made, (uid_t)-1, s->gid)) {
		failed("cannot give %s to group %u: %s", name, s->gid, strerror(errno));
		goto err_unlink;
	}
	if (listen(fd, BACKLOG) || rename(made, name)) {
		failed("cannot listen at %s: %s", name, strerror(errno));
		goto err_unlink;
	}
	*sock = fd;
	return 0;

err_unlink:
	unlink(made);
err_close:
	close(fd);
	return EXIT_FAILURE;
}

/* Begin to serve a segment; 0, or an exit code after saying why. Nothing is left then. */
int segment_open(struct segment *s)
{
	int ret = take_lock(s);

	if (!ret)
		ret = make_socket(s, ".status", &s->reporter);
	if (!ret)
		ret = make_socket(s, "", &s->listener);
	if (ret)
		segment_close(s);
	return ret;
}

static void remove_socket(const struct segment *s, const char *what, int *sock)
{
	char name[NAME_SIZE];

	if (*sock < 0)
		return;
	beside(s, what, name);
	unlink(name);
	close(*sock);
	*sock = -1;
}

/* Let both peers go, and serve it no more. */
void segment_close(struct segment *s)
{
	unsigned int i;

	remove_socket(s, "", &s->listener);
	remove_socket(s, ".status", &s->reporter);
	for (i = 0; i < PEERS; i++)
		if (s->peer[i].sock >= 0)
			peer_leave(s, i);
	remove_socket(s, ".lock", &s->lock);
}
