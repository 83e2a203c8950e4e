// SPDX-License-Identifier: GPL-2.0
/*
 * What corosync says of quorum, by a thread: its library waits for it without a limit, and
 * the loop has to go on when corosync stands still.
 *
 * Each answer is that of a request which corosync was sent and has answered just now. What
 * it tells by itself is only a reason to ask: it may have lain in the socket for long.
 */
#include <corosync/quorum.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "clusterd.h"

static int asking = -1;		/* counts what quorum_ask() asks for */
static int answers[2] = { -1, -1 };

static quorum_handle_t handle;
static int corosync = -1;	/* its socket, -1: not connected */
static bool busy;		/* it is heard again when it is asked again */
static struct answer now;

static void told(quorum_handle_t h, uint32_t quorate, uint64_t seq, uint32_t n, uint32_t *list)
{
	(void)h;
	(void)quorate;
	(void)seq;
	(void)n;
	(void)list;
}

static int down(const char *what, cs_error_t err)
{
	if (corosync >= 0 || err == CS_OK)
		quorum_finalize(handle);
	corosync = -1;
	if (what)
		snprintf(now.why, sizeof(now.why), "%s (error %d of its library)", what, err);
	return -1;
}

static int up(void)
{
	quorum_callbacks_t calls = { .quorum_notify_fn = told };
	uint32_t type;
	cs_error_t err;
	int fd;

	if (corosync >= 0)
		return 0;
	err = quorum_initialize(&handle, &calls, &type);
	if (err != CS_OK)
		return down("corosync does not answer", err);
	if (type != QUORUM_SET) {
		down(NULL, CS_OK);
		snprintf(now.why, sizeof(now.why),
			 "corosync.conf has no provider of quorum: corosync_votequorum");
		return -1;
	}
	if (quorum_fd_get(handle, &fd) != CS_OK ||
	    quorum_trackstart(handle, CS_TRACK_CHANGES) != CS_OK) {
		down(NULL, CS_OK);
		snprintf(now.why, sizeof(now.why), "corosync does not tell of changes");
		return -1;
	}
	if (corosync_name(0, now.name, now.why, sizeof(now.why)))
		return down(NULL, CS_OK);
	corosync = fd;
	return 0;
}

/* Asked, answered, and told to who waits for that. */
static void ask(void)
{
	int quorate = 0;
	cs_error_t err;

	now.asked = now_ms();
	now.up = false;
	now.quorate = false;
	now.why[0] = 0;
	if (!up()) {
		err = quorum_dispatch(handle, CS_DISPATCH_ALL);
		if (err == CS_OK || err == CS_ERR_TRY_AGAIN)
			err = quorum_getquorate(handle, &quorate);
		now.up = err == CS_OK;
		now.quorate = quorate;
		/* Busy is not gone. */
		busy = err == CS_ERR_TRY_AGAIN;
		if (busy)
			snprintf(now.why, sizeof(now.why), "corosync is busy");
		else if (!now.up)
			down("corosync has gone", err);
	}
	if (write(answers[1], &now, sizeof(now)) != sizeof(now))
		say("an answer of corosync is lost: %s", strerror(errno));
}

static void run(void)
{
	struct pollfd fds[2];
	uint64_t n;

	for (;;) {
		fds[0] = (struct pollfd){ .fd = asking, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = busy ? -1 : corosync, .events = POLLIN };
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents && read(asking, &n, sizeof(n)) < 0)
			continue;
		ask();
	}
}

/**
 * quorum_start - begin; nothing is asked yet
 *
 * Return: a file that quorum_hear() can be called for when it is readable, or -errno.
 */
int quorum_start(void)
{
	int err;

	asking = eventfd(0, EFD_CLOEXEC);
	if (asking < 0 || pipe2(answers, O_CLOEXEC))
		return -errno;
	err = thread_start(run);
	return err ? -err : answers[0];
}

/**
 * quorum_ask - ask corosync, also if it has not answered yet
 */
void quorum_ask(void)
{
	uint64_t one = 1;

	if (write(asking, &one, sizeof(one)) < 0)
		say("corosync is not asked: %s", strerror(errno));
}

/**
 * quorum_hear - an answer
 * @a: where it goes
 *
 * Return: 0, or -1: there is none.
 */
int quorum_hear(struct answer *a)
{
	return read(answers[0], a, sizeof(*a)) == sizeof(*a) ? 0 : -1;
}
