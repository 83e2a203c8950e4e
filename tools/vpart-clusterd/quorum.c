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
#include <pthread.h>
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

/*
 * Who was there when: the members, and when those that are none any more were last. By
 * lock, as the loop reads it.
 */
#define SEEN_MAX	256

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	uint64_t	known;		/* since then all changes were told, 0: they are not */
	uint64_t	quorate;	/* there was quorum since then, 0: there is none */
	uint64_t	times;		/* that it was told */
	size_t		n;
	bool		full;
	struct {
		uint32_t	id;
		bool		member;
		uint64_t	last;
	} seen[SEEN_MAX];
} members;

static void seen(uint32_t id, uint64_t when)
{
	size_t i;

	for (i = 0; i < members.n && members.seen[i].id != id; i++)
		;
	if (i == SEEN_MAX) {
		members.full = true;
		return;
	}
	if (i == members.n)
		members.n++;
	members.seen[i].id = id;
	members.seen[i].member = true;
	members.seen[i].last = when;
}

static void told(quorum_handle_t h, uint32_t quorate, uint64_t seq, uint32_t n, uint32_t *list)
{
	const uint64_t when = now_ms();
	uint32_t i;

	(void)h;
	(void)seq;
	pthread_mutex_lock(&lock);
	members.times++;
	if (!quorate)
		members.quorate = 0;
	else if (!members.quorate)
		members.quorate = when;
	/* Who is none any more was one until now. */
	for (i = 0; i < members.n; i++) {
		if (members.seen[i].member)
			members.seen[i].last = when;
		members.seen[i].member = false;
	}
	for (i = 0; i < n; i++)
		seen(list[i], when);
	pthread_mutex_unlock(&lock);
}

/* From now on all changes are told; or none. */
static void members_known(bool known)
{
	pthread_mutex_lock(&lock);
	members.known = known ? now_ms() : 0;
	members.quorate = 0;
	members.n = 0;
	members.full = false;
	pthread_mutex_unlock(&lock);
}

/**
 * quorum_away - since when has a node been away for certain
 * @id: its number
 *
 * Since then this one was in a quorate partition without a break, and that one was not in
 * it; so it was in no other quorate one either. As of the last answer.
 *
 * Return: the time, by now_ms(); 0: it is there, or nobody knows.
 */
uint64_t quorum_away(uint32_t id)
{
	uint64_t since = 0;
	size_t i;

	pthread_mutex_lock(&lock);
	if (members.known && members.quorate && !members.full)
		since = members.known > members.quorate ? members.known : members.quorate;
	for (i = 0; i < members.n && since; i++) {
		if (members.seen[i].id != id)
			continue;
		if (members.seen[i].member)
			since = 0;
		else if (members.seen[i].last > since)
			since = members.seen[i].last;
	}
	pthread_mutex_unlock(&lock);
	return since;
}

static int down(const char *what, cs_error_t err)
{
	if (corosync >= 0 || err == CS_OK)
		quorum_finalize(handle);
	members_known(false);
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
	members_known(true);
	if (quorum_fd_get(handle, &fd) != CS_OK ||
	    quorum_trackstart(handle, CS_TRACK_CURRENT | CS_TRACK_CHANGES) != CS_OK) {
		down(NULL, CS_OK);
		snprintf(now.why, sizeof(now.why), "corosync does not tell of changes");
		return -1;
	}
	if (corosync_name(0, now.name, now.why, sizeof(now.why)))
		return down(NULL, CS_OK);
	corosync = fd;
	return 0;
}

static uint64_t told_times(void)
{
	uint64_t times;

	pthread_mutex_lock(&lock);
	times = members.times;
	pthread_mutex_unlock(&lock);
	return times;
}

/*
 * What corosync told before it answered is there when its answer is: it is heard then. If
 * something has changed, the answer may be older than that, and it is asked again.
 */
static cs_error_t question(int *quorate)
{
	unsigned int tries;
	cs_error_t err;
	uint64_t times;

	for (tries = 0; tries < 8; tries++) {
		times = told_times();
		now.asked = now_ms();
		err = quorum_getquorate(handle, quorate);
		if (err == CS_OK)
			err = quorum_dispatch(handle, CS_DISPATCH_ALL);
		if (err != CS_OK || times == told_times())
			return err;
	}
	return CS_ERR_TRY_AGAIN;
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
		err = question(&quorate);
		now.up = err == CS_OK;
		now.quorate = now.up && quorate;
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
