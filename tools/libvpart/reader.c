// SPDX-License-Identifier: LGPL-2.1-or-later
/* Readers of events: numbered without a gap, read again from the last one when some are missed */
#include <errno.h>
#include <linux/vpart.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "internal.h"

/* What each event begins with. */
struct head {
	uint64_t	seq;
	uint64_t	lost;
};

_Static_assert(!offsetof(struct vpart_event, seq) && offsetof(struct vpart_event, lost) == 8 &&
	       !offsetof(struct vpart_cluster_event, seq) &&
	       offsetof(struct vpart_cluster_event, lost) == 8, "each event begins alike");

/* Read what is kept from @from on (0: all) into the queue. */
static int fetch(struct vpart_reader *r, uint64_t from)
{
	struct nlmsghdr *nlh = r->ask(r, from);
	int ret;

	if (!nlh)
		return -r->v->error.err;
	r->queue.n = 0;
	r->pos = 0;
	ret = vpart_nl_run(r->v, nlh, r->what, r->each, &r->queue);
	if (!ret && r->queue.oom)
		ret = vpart_no_memory(r->v);
	return ret;
}

static int hear_failed(struct vpart_reader *r)
{
	return vpart_fail(r->v, errno, VPART_CODE_FAILED, "%s: %s", r->what, strerror(errno));
}

/*
 * Some was missed, and what is unheard will be read again. Until all of that is heard the kernel
 * throws away what comes, without another word.
 */
static void forget(struct vpart_reader *r)
{
	const int fd = mnl_socket_get_fd(r->nl);

	while (recv(fd, r->buf, sizeof(r->buf), MSG_DONTWAIT) >= 0 || errno == ENOBUFS ||
	       errno == EINTR)
		;
}

/* Hear what comes next; -ENOBUFS: some was missed. 1, 0 after @timeout_ms. */
static int hear(struct vpart_reader *r, int timeout_ms)
{
	struct pollfd p = { .fd = mnl_socket_get_fd(r->nl), .events = POLLIN };
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)r->buf;
	ssize_t got;
	int len, ret;

	ret = poll(&p, 1, timeout_ms);
	if (ret < 0 && errno != EINTR)
		return hear_failed(r);
	if (ret <= 0)
		return ret < 0 ? -EINTR : 0;
	got = mnl_socket_recvfrom(r->nl, r->buf, sizeof(r->buf));
	if (got < 0)
		return errno == ENOBUFS ? -ENOBUFS : hear_failed(r);
	r->queue.n = 0;
	r->pos = 0;
	len = (int)got;
	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
		if (nlh->nlmsg_type == r->family->id)
			r->each(nlh, &r->queue);
	return r->queue.oom ? vpart_no_memory(r->v) : 1;
}

/* 1: the next of the queue; 0: it is empty; -1: some before that was missed. @again: still. */
static int hand_out(struct vpart_reader *r, void *ev, bool again)
{
	const char *at;
	struct head h;
	bool gap;

	for (; r->pos < r->queue.n; r->pos++) {
		at = (const char *)r->queue.data + r->pos * r->queue.size;
		memcpy(&h, at, sizeof(h));
		if (!h.lost && h.seq <= r->last)
			continue;
		gap = r->last && h.seq > r->last + 1;
		/* What the kernel says is lost may only not have been heard. */
		if (gap && !again && (!h.lost || (r->nl && h.lost != VPART_EVENT_LOST_UNKNOWN)))
			return -1;
		memcpy(ev, at, r->queue.size);
		if (gap && !h.lost) {
			/* Read again, and the gap is still there. */
			h.lost = h.seq - r->last - 1;
			memcpy(ev, &h, sizeof(h));
		} else {
			r->pos++;
		}
		r->last = h.lost ? h.seq - 1 : h.seq;
		return 1;
	}
	return 0;
}

/**
 * vpart_reader_begin - read what is kept
 * @r: the reader
 * @from: number of the first event wanted, 0: all
 *
 * Return: 0 or a negative errno.
 */
int vpart_reader_begin(struct vpart_reader *r, uint64_t from)
{
	r->last = from ? from - 1 : 0;
	return fetch(r, from);
}

/**
 * vpart_reader_next - the next event
 * @r: the reader
 * @ev: where it goes
 * @timeout_ms: how long to wait if it follows, -1: for ever
 *
 * Return: 1 with an event; 0 at the end, or when the time is up; -EINTR after
 * a signal; another negative errno.
 */
int vpart_reader_next(struct vpart_reader *r, void *ev, int timeout_ms)
{
	bool again = false;
	int ret;

	for (;;) {
		/* Before, if that has failed: what is missed may be the last there is. */
		ret = r->behind ? -1 : hand_out(r, ev, again);
		if (ret > 0)
			return ret;
		if (!ret) {
			if (!r->nl)
				return 0;
			ret = hear(r, timeout_ms);
			if (ret == 1) {
				again = false;
				continue;
			}
			if (ret != -ENOBUFS)
				return ret;
			forget(r);
		}
		r->behind = true;
		ret = fetch(r, r->last + 1);
		if (ret)
			return ret;
		r->behind = false;
		again = true;
	}
}

/**
 * vpart_reader_end - stop reading
 * @r: the reader; what is in it is freed
 */
void vpart_reader_end(struct vpart_reader *r)
{
	if (r->nl)
		mnl_socket_close(r->nl);
	free(r->queue.data);
}
