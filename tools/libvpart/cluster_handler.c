// SPDX-License-Identifier: LGPL-2.1-or-later
/* Handlers of a cluster's events: one of each class at a node, who answers each event */
#include <errno.h>
#include <linux/clusterfs.h>
#include <linux/clusterfs_netlink.h>
#include <linux/genetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"

_Static_assert(VPART_CLUSTER_CLASSES == CFS_EVENT_KINDS, "classes of the database");

/**
 * struct vpart_cluster_handler - a handler of some classes at one node
 * @queue: events that were sent and not yet handed out
 * @v: handle of its own: its socket is the handler, and whatever else is asked for on it,
 *	events come between
 * @cluster: of the node
 * @node: its name
 * @pos: the next of @queue
 * @classes: a bit for each that it handles
 * @unsure: something that was sent had no room
 * @gone: the node is being unmounted
 */
struct vpart_cluster_handler {
	struct vpart_list	queue;
	struct vpart		*v;
	char			cluster[VPART_CLUSTER_NAME_SIZE];
	char			node[VPART_CLUSTER_NAME_SIZE];
	size_t			pos;
	uint32_t		classes;
	bool			unsure;
	bool			gone;
};

/**
 * vpart_cluster_class_name - a class of events as a word
 * @class_number: the class
 *
 * Return: the word.
 */
const char *vpart_cluster_class_name(uint32_t class_number)
{
	static const char *const names[CFS_EVENT_KINDS] = {
		[CFS_EVENT_LIFECYCLE] = "lifecycle", [CFS_EVENT_ALERT] = "alert",
		[CFS_EVENT_TOPOLOGY] = "topology", [CFS_EVENT_RESERVATION] = "reservation",
		[CFS_EVENT_PATH] = "path", [CFS_EVENT_CAPACITY] = "capacity",
		[CFS_EVENT_HEALTH] = "health",
	};

	return class_number < ARRAY_SIZE(names) ? names[class_number] : "unknown";
}

/* --- what is told of a node --- */

/**
 * vpart_cluster_say - a node tells of a path, of capacity, or of its local copy
 * @v: the handle
 * @at: the node, mounted here
 * @ev: its class, severity, code, type, object and text
 *
 * Return: 0 or a negative errno.
 */
int vpart_cluster_say(struct vpart *v, const struct vpart_cluster_at *at,
		      const struct vpart_cluster_event *ev)
{
	struct nlmsghdr *nlh = vpart_cluster_ask(v, at, CLUSTERFS_CMD_NODE_EVENT_SAY, NLM_F_ACK);

	if (!nlh)
		return -v->error.err;
	mnl_attr_put_u32(nlh, CLUSTERFS_A_CLASS, ev->class);
	mnl_attr_put_u32(nlh, CLUSTERFS_A_SEVERITY, ev->severity);
	mnl_attr_put_u32(nlh, CLUSTERFS_A_CODE, ev->code);
	mnl_attr_put_u32(nlh, CLUSTERFS_A_OBJECT_TYPE, ev->type);
	mnl_attr_put_u64(nlh, CLUSTERFS_A_OBJECT, ev->object);
	mnl_attr_put_strz(nlh, CLUSTERFS_A_TEXT, ev->text);
	return vpart_nl_run(v, nlh, "event", NULL, NULL);
}

/* --- who handles what --- */

static int each_post(const struct nlmsghdr *nlh, void *arg)
{
	struct vpart_cluster_post *p = vpart_list_add(arg);
	const struct nlattr *a;

	if (!p)
		return 0;
	memset(p, 0, sizeof(*p));
	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(a)) {
		case CLUSTERFS_A_CLASS:
			p->class = (uint32_t)vpart_attr_u64(a);
			break;
		case CLUSTERFS_A_HOLDER:
			vpart_attr_text(a, p->holder, sizeof(p->holder));
			break;
		case CLUSTERFS_A_TIMEOUT_MS:
			p->timeout_ms = (uint32_t)vpart_attr_u64(a);
			break;
		case CLUSTERFS_A_SEQ:
			p->next = vpart_attr_u64(a);
			break;
		case CLUSTERFS_A_DELIVERY:
			p->delivery = vpart_attr_u64(a);
			break;
		case CLUSTERFS_A_HANDLED:
			p->handled = vpart_attr_u64(a);
			break;
		case CLUSTERFS_A_FAILED:
			p->failed = vpart_attr_u64(a);
			break;
		case CLUSTERFS_A_LATE:
			p->late = vpart_attr_u64(a);
			break;
		}
	}
	return 0;
}

/**
 * vpart_cluster_posts - who handles events at a node, and what became of them
 * @v: the handle
 * @at: the node
 * @list: where the list goes; free() it
 * @n: its length
 *
 * A class that never had a handler is not among them.
 *
 * Return: 0 or a negative errno.
 */
int vpart_cluster_posts(struct vpart *v, const struct vpart_cluster_at *at,
			struct vpart_cluster_post **list, size_t *n)
{
	struct vpart_list l = { .size = sizeof(struct vpart_cluster_post) };
	struct nlmsghdr *nlh = vpart_cluster_ask(v, at, CLUSTERFS_CMD_HANDLER_GET, NLM_F_DUMP);
	int ret = nlh ? vpart_nl_run(v, nlh, "handlers", each_post, &l) : -v->error.err;

	return vpart_list_done(v, ret, &l, list, n);
}

/* --- to be one --- */

/* Of this node; one that had the socket's number before may have been another's handler. */
static bool is_ours(const struct vpart_cluster_handler *h, const struct nlmsghdr *nlh)
{
	const struct nlattr *a;
	bool ours = true;

	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(a) == CLUSTERFS_A_CLUSTER)
			ours &= !strcmp(mnl_attr_get_str(a), h->cluster);
		else if (mnl_attr_get_type(a) == CLUSTERFS_A_MOUNT)
			ours &= !strcmp(mnl_attr_get_str(a), h->node);
	}
	return ours;
}

/* What is sent to the handler's socket, between answers, too. */
static void hear(const struct nlmsghdr *nlh, void *arg)
{
	const struct genlmsghdr *g = mnl_nlmsg_get_payload(nlh);
	struct vpart_cluster_handler *h = arg;
	struct vpart_cluster_event *ev;
	const struct nlattr *a;

	if (nlh->nlmsg_type != h->v->cluster.id || !is_ours(h, nlh))
		return;
	/* This one's, or that of the one before? The kernel is asked. */
	h->unsure |= g->cmd == CLUSTERFS_CMD_HANDLER_GONE;
	if (g->cmd != CLUSTERFS_CMD_HANDLER_EVENT)
		return;
	ev = vpart_list_add(&h->queue);
	if (!ev)
		return;
	memset(ev, 0, sizeof(*ev));
	mnl_attr_for_each(a, nlh, sizeof(*g))
		vpart_cluster_parse_event(a, ev);
}

/**
 * vpart_cluster_handler_open - begin to handle events at a node
 * @v: the handle, for the error if it fails
 * @at: the node, mounted here
 *
 * Return: the handler, of no class yet; or NULL: see vpart_last_error().
 */
struct vpart_cluster_handler *vpart_cluster_handler_open(struct vpart *v,
							 const struct vpart_cluster_at *at)
{
	struct vpart_cluster_handler *h = calloc(1, sizeof(*h));
	struct vpart_cluster_mount mount;

	if (h)
		h->v = vpart_open();
	if (!h || !h->v) {
		free(h);
		vpart_no_memory(v);
		return NULL;
	}
	h->queue.size = sizeof(struct vpart_cluster_event);
	if (vpart_cluster_find(h->v, at, &mount)) {
		v->error = h->v->error;
		vpart_cluster_handler_close(h);
		return NULL;
	}
	vpart_copy(h->cluster, sizeof(h->cluster), mount.cluster);
	vpart_copy(h->node, sizeof(h->node), mount.node);
	h->v->unasked = hear;
	h->v->unasked_arg = h;
	return h;
}

static struct nlmsghdr *request(struct vpart_cluster_handler *h, uint8_t cmd, uint32_t class)
{
	const struct vpart_cluster_at at = { .cluster = h->cluster, .node = h->node };
	struct nlmsghdr *nlh = vpart_cluster_ask(h->v, &at, cmd, NLM_F_ACK);

	if (nlh)
		mnl_attr_put_u32(nlh, CLUSTERFS_A_CLASS, class);
	return nlh;
}

/**
 * vpart_cluster_handler_add - be the handler of a class, until it is closed
 * @h: the handler
 * @class_number: the class
 * @timeout_ms: an answer may take so long, 0: as the kernel says
 * @from: the first event wanted; 0: where the last handler ended, or if there was none, the
 *	next one
 *
 * Return: 0; -EBUSY: there is one, and vpart_cluster_handler_error() says who; or another
 * negative errno.
 */
int vpart_cluster_handler_add(struct vpart_cluster_handler *h, uint32_t class_number,
			      uint32_t timeout_ms, uint64_t from)
{
	struct nlmsghdr *nlh = request(h, CLUSTERFS_CMD_HANDLER_NEW, class_number);
	int ret;

	if (!nlh)
		return -h->v->error.err;
	if (timeout_ms)
		mnl_attr_put_u32(nlh, CLUSTERFS_A_TIMEOUT_MS, timeout_ms);
	if (from)
		mnl_attr_put_u64(nlh, CLUSTERFS_A_SEQ, from);
	ret = vpart_nl_run(h->v, nlh, "handler", NULL, NULL);
	if (!ret)
		h->classes |= 1U << class_number;
	return ret;
}

/*
 * Something had no room, an event, which is sent again, or that the node is unmounted; or the
 * latter may have been for the one who had the socket's number before. Is this
 * still the handler of a class? The kernel says whether by refusing an answer to nothing.
 */
static int still_mine(struct vpart_cluster_handler *h)
{
	const struct vpart_cluster_at at = { .cluster = h->cluster, .node = h->node };
	struct vpart_cluster_mount mount;
	struct nlmsghdr *nlh;
	uint32_t class;
	int ret;

	for (class = 0; class < VPART_CLUSTER_CLASSES; class++) {
		if (!(h->classes & 1U << class))
			continue;
		nlh = request(h, CLUSTERFS_CMD_HANDLER_ANSWER, class);
		if (!nlh)
			return -h->v->error.err;
		mnl_attr_put_u64(nlh, CLUSTERFS_A_DELIVERY, 0);
		mnl_attr_put_u32(nlh, CLUSTERFS_A_RESULT, 0);
		ret = vpart_nl_run(h->v, nlh, "handler", NULL, NULL);
		if (ret == -EPERM || ret == -ENODEV)
			h->gone = true;
		else if (ret == -ENOBUFS)
			h->unsure = true;
		else if (ret != -ENOENT)
			return ret;
	}
	/* A kernel that has no clusterfs any more says ENOENT, too. */
	return h->gone ? 0 : vpart_cluster_find(h->v, &at, &mount);
}

/* Receive what is there, which poll() has seen. */
static int receive(struct vpart_cluster_handler *h)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)h->v->buf;
	ssize_t got = mnl_socket_recvfrom(h->v->nl, h->v->buf, sizeof(h->v->buf));
	int len = (int)got;

	if (got < 0) {
		h->unsure |= errno == ENOBUFS;
		if (errno == ENOBUFS || errno == EINTR || errno == EAGAIN)
			return 0;
		return vpart_fail(h->v, errno, VPART_CODE_FAILED, "handler: %s", strerror(errno));
	}
	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
		if (!nlh->nlmsg_seq)
			hear(nlh, h);
	return h->queue.oom ? vpart_no_memory(h->v) : 0;
}

/**
 * vpart_cluster_handler_next - the next event to be handled
 * @h: the handler
 * @ev: where it goes; with @lost of struct vpart_cluster_event that is to be answered, too
 * @timeout_ms: how long to wait, -1: for ever
 *
 * Return: 1 with an event; 0 when the time is up; -ENODEV: the node is unmounted; -EINTR after
 * a signal; another negative errno.
 */
int vpart_cluster_handler_next(struct vpart_cluster_handler *h, struct vpart_cluster_event *ev,
			       int timeout_ms)
{
	struct pollfd p = { .fd = vpart_cluster_handler_fd(h), .events = POLLIN };
	int ret;

	while (h->pos == h->queue.n) {
		h->pos = 0;
		h->queue.n = 0;
		if (h->unsure) {
			h->unsure = false;
			ret = still_mine(h);
			if (ret)
				return ret;
			if (h->queue.n)
				break;
		}
		if (h->gone)
			return vpart_fail(h->v, ENODEV, VPART_CODE_NOT_FOUND,
					  "handler: node %s is unmounted", h->node);
		ret = poll(&p, 1, timeout_ms);
		if (ret < 0 && errno != EINTR)
			return vpart_fail(h->v, errno, VPART_CODE_FAILED, "handler: %s",
					  strerror(errno));
		if (ret <= 0)
			return ret < 0 ? -EINTR : 0;
		ret = receive(h);
		if (ret)
			return ret;
	}
	*ev = ((struct vpart_cluster_event *)h->queue.data)[h->pos++];
	return 1;
}

/**
 * vpart_cluster_handler_answer - what came of an event
 * @h: the handler
 * @ev: the event
 * @result: 0: it is done; or an errno
 *
 * Return: 0; -ETIME: too late; or another negative errno.
 */
int vpart_cluster_handler_answer(struct vpart_cluster_handler *h,
				 const struct vpart_cluster_event *ev, uint32_t result)
{
	struct nlmsghdr *nlh = request(h, CLUSTERFS_CMD_HANDLER_ANSWER, ev->class);

	if (!nlh)
		return -h->v->error.err;
	mnl_attr_put_u64(nlh, CLUSTERFS_A_DELIVERY, ev->delivery);
	mnl_attr_put_u32(nlh, CLUSTERFS_A_RESULT, result);
	return vpart_nl_run(h->v, nlh, "answer", NULL, NULL);
}

/**
 * vpart_cluster_handler_error - why the last call of a handler failed
 * @h: the handler
 *
 * Return: see vpart_last_error().
 */
const struct vpart_error *vpart_cluster_handler_error(const struct vpart_cluster_handler *h)
{
	return vpart_last_error(h->v);
}

/**
 * vpart_cluster_handler_fd - a descriptor to poll for more events
 * @h: the handler
 *
 * Return: the descriptor.
 */
int vpart_cluster_handler_fd(const struct vpart_cluster_handler *h)
{
	return mnl_socket_get_fd(h->v->nl);
}

/**
 * vpart_cluster_handler_close - handle no more
 * @h: the handler, or NULL
 *
 * What is not answered is given to the next handler.
 */
void vpart_cluster_handler_close(struct vpart_cluster_handler *h)
{
	if (!h)
		return;
	vpart_close(h->v);
	free(h->queue.data);
	free(h);
}
