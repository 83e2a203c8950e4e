// SPDX-License-Identifier: LGPL-2.1-or-later
/* Events: numbered without a gap, read again from the last one when some are missed */
#include <errno.h>
#include <linux/genetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"

/**
 * struct vpart_events - a reader
 * @v: handle, for errors and reading again
 * @nl: subscribed socket, or NULL: only what the kernel keeps
 * @queue: read and not yet handed out
 * @pos: the next of them
 * @last: number handed out last, 0: none yet
 * @buf: for messages of @nl
 */
struct vpart_events {
	struct vpart		*v;
	struct mnl_socket	*nl;
	struct vpart_list	queue;
	size_t			pos;
	uint64_t		last;
	char			buf[VPART_NL_BUF];
};

/**
 * vpart_event_type_name - what kind of thing happened, as a word
 * @type: the kind
 *
 * Return: the word.
 */
const char *vpart_event_type_name(enum vpart_event_type type)
{
	return type == VPART_EVENT_TYPE_CREATE ? "create" :
	       type == VPART_EVENT_TYPE_DELETE ? "delete" :
	       type == VPART_EVENT_TYPE_CHANGE ? "change" : "unknown";
}

/**
 * vpart_object_name - a kind of object as a word
 * @object: the kind
 *
 * Return: the word.
 */
const char *vpart_object_name(enum vpart_object object)
{
	return object == VPART_OBJECT_NODE ? "node" :
	       object == VPART_OBJECT_PARTITION ? "partition" :
	       object == VPART_OBJECT_ADAPTER ? "adapter" :
	       object == VPART_OBJECT_LU ? "lu" : "unknown";
}

static int each_event(const struct nlmsghdr *nlh, void *arg)
{
	const struct genlmsghdr *g = mnl_nlmsg_get_payload(nlh);
	struct vpart_event *ev;
	const struct nlattr *a;

	/* A dump answers with EVENT_GET's number or with the notification's. */
	if (g->cmd != VPART_CMD_EVENT_NTF && g->cmd != VPART_CMD_EVENT_GET)
		return 0;
	ev = vpart_list_add(arg);
	if (!ev)
		return 0;
	mnl_attr_for_each(a, nlh, sizeof(*g)) {
		switch (mnl_attr_get_type(a)) {
		case VPART_A_EVENT_SEQ:
			ev->seq = vpart_attr_u64(a);
			break;
		case VPART_A_EVENT_TIME_NS:
			ev->time_ns = vpart_attr_u64(a);
			break;
		case VPART_A_EVENT_TYPE:
			ev->type = (enum vpart_event_type)vpart_attr_u64(a);
			break;
		case VPART_A_EVENT_OBJECT:
			ev->object = (enum vpart_object)vpart_attr_u64(a);
			break;
		case VPART_A_EVENT_ID:
			ev->id = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_EVENT_NAME:
			vpart_attr_text(a, ev->name, sizeof(ev->name));
			break;
		case VPART_A_EVENT_DETAIL:
			vpart_attr_text(a, ev->detail, sizeof(ev->detail));
			break;
		case VPART_A_EVENT_LOST:
			ev->lost = vpart_attr_u64(a);
			break;
		}
	}
	return 0;
}

/* Read what the kernel keeps from @from on (0: all) into the queue. */
static int fetch(struct vpart_events *e, uint64_t from)
{
	struct nlmsghdr *nlh = vpart_nl_start(e->v, VPART_CMD_EVENT_GET, NLM_F_DUMP);
	int ret;

	if (!nlh)
		return -e->v->error.err;
	if (from)
		mnl_attr_put_u64(nlh, VPART_A_EVENT_SEQ, from);
	e->queue.n = 0;
	e->pos = 0;
	ret = vpart_nl_run(e->v, nlh, "events", each_event, &e->queue);
	if (!ret && e->queue.oom)
		ret = vpart_no_memory(e->v);
	return ret;
}

/* Hear what comes next; -ENOBUFS: some was missed. 1, 0 after @timeout_ms. */
static int hear(struct vpart_events *e, int timeout_ms)
{
	struct pollfd p = { .fd = mnl_socket_get_fd(e->nl), .events = POLLIN };
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)e->buf;
	ssize_t got;
	int len, ret;

	ret = poll(&p, 1, timeout_ms);
	if (ret < 0 && errno != EINTR)
		return vpart_fail(e->v, errno, VPART_CODE_FAILED, "events: %s", strerror(errno));
	if (ret <= 0)
		return ret < 0 ? -EINTR : 0;
	got = mnl_socket_recvfrom(e->nl, e->buf, sizeof(e->buf));
	if (got < 0) {
		if (errno == ENOBUFS)
			return -ENOBUFS;
		return vpart_fail(e->v, errno, VPART_CODE_FAILED, "events: %s", strerror(errno));
	}
	e->queue.n = 0;
	e->pos = 0;
	len = (int)got;
	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
		if (nlh->nlmsg_type == e->v->vpart.id)
			each_event(nlh, &e->queue);
	return e->queue.oom ? vpart_no_memory(e->v) : 1;
}

/**
 * vpart_events_open - begin to read events
 * @v: the handle; the reader uses it until vpart_events_close()
 * @from: number of the first event wanted, 0: all that the kernel keeps
 * @follow: go on with what happens from now on
 *
 * Return: the reader, or NULL: see vpart_last_error().
 */
struct vpart_events *vpart_events_open(struct vpart *v, uint64_t from, bool follow)
{
	struct vpart_events *e = calloc(1, sizeof(*e));

	if (!e) {
		vpart_no_memory(v);
		return NULL;
	}
	e->v = v;
	e->queue.size = sizeof(struct vpart_event);
	e->last = from ? from - 1 : 0;
	/* Listen first, read then: nothing falls between. */
	if (follow) {
		e->nl = vpart_nl_subscribe(v);
		if (!e->nl)
			goto close;
	}
	if (fetch(e, from))
		goto close;
	return e;
close:
	vpart_events_close(e);
	return NULL;
}

/**
 * vpart_events_next - the next event
 * @e: the reader
 * @ev: where it goes; see @lost of struct vpart_event
 * @timeout_ms: how long to wait if it follows, -1: for ever
 *
 * Return: 1 with an event; 0 at the end, or when the time is up; -EINTR after
 * a signal; another negative errno.
 */
int vpart_events_next(struct vpart_events *e, struct vpart_event *ev, int timeout_ms)
{
	bool again = false;
	int ret;

	for (;;) {
		while (e->pos < e->queue.n) {
			*ev = ((struct vpart_event *)e->queue.data)[e->pos];
			if (ev->lost) {
				e->pos++;
				e->last = ev->seq - 1;
				return 1;
			}
			if (ev->seq <= e->last) {
				e->pos++;
				continue;
			}
			if (e->last && ev->seq != e->last + 1) {
				if (!again)
					goto read_again;
				/* Read again, and the gap is still there. */
				ev->lost = ev->seq - e->last - 1;
				e->last = ev->seq - 1;
				return 1;
			}
			e->pos++;
			e->last = ev->seq;
			return 1;
		}
		if (!e->nl)
			return 0;
		ret = hear(e, timeout_ms);
		if (ret == 1) {
			again = false;
			continue;
		}
		if (ret != -ENOBUFS)
			return ret;
read_again:
		again = true;
		ret = fetch(e, e->last + 1);
		if (ret)
			return ret;
	}
}

/**
 * vpart_events_fd - a descriptor to poll for more events
 * @e: the reader
 *
 * Return: the descriptor, -1 if it does not follow.
 */
int vpart_events_fd(const struct vpart_events *e)
{
	return e->nl ? mnl_socket_get_fd(e->nl) : -1;
}

/**
 * vpart_events_close - stop reading
 * @e: the reader, or NULL
 */
void vpart_events_close(struct vpart_events *e)
{
	if (!e)
		return;
	if (e->nl)
		mnl_socket_close(e->nl);
	free(e->queue.data);
	free(e);
}
