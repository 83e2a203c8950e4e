// SPDX-License-Identifier: LGPL-2.1-or-later
/* Events of the kernel's objects */
#include <linux/genetlink.h>
#include <stdlib.h>
#include "internal.h"

struct vpart_events {
	struct vpart_reader	r;
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

static struct nlmsghdr *ask(struct vpart_reader *r, uint64_t from)
{
	struct nlmsghdr *nlh = vpart_nl_start(r->v, VPART_CMD_EVENT_GET, NLM_F_DUMP);

	if (nlh && from)
		mnl_attr_put_u64(nlh, VPART_A_EVENT_SEQ, from);
	return nlh;
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
	e->r = (struct vpart_reader){
		.queue.size = sizeof(struct vpart_event), .v = v, .family = &v->vpart,
		.what = "events", .ask = ask, .each = each_event,
	};
	/* Listen first, read then: nothing falls between. */
	if (follow) {
		e->r.nl = vpart_nl_subscribe(v);
		if (!e->r.nl)
			goto close;
	}
	if (vpart_reader_begin(&e->r, from))
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
	return vpart_reader_next(&e->r, ev, timeout_ms);
}

/**
 * vpart_events_fd - a descriptor to poll for more events
 * @e: the reader
 *
 * Return: the descriptor, -1 if it does not follow.
 */
int vpart_events_fd(const struct vpart_events *e)
{
	return e->r.nl ? mnl_socket_get_fd(e->r.nl) : -1;
}

/**
 * vpart_events_close - stop reading
 * @e: the reader, or NULL
 */
void vpart_events_close(struct vpart_events *e)
{
	if (!e)
		return;
	vpart_reader_end(&e->r);
	free(e);
}
