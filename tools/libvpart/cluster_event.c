// SPDX-License-Identifier: LGPL-2.1-or-later
/* Events of a cluster */
#include <linux/clusterfs_netlink.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"

/**
 * struct vpart_cluster_events - a reader
 * @r: what all readers are
 * @cluster: whose events
 * @node: told by whom: each mounted node tells each event
 * @own: what the node tells of itself, which is not stored
 * @repository: the numbers are of this one; @own: of this life of the node; 0: not known yet
 */
struct vpart_cluster_events {
	struct vpart_reader	r;
	char			cluster[VPART_CLUSTER_NAME_SIZE];
	char			node[VPART_CLUSTER_NAME_SIZE];
	bool			own;
	uint8_t			repository[VPART_UUID_SIZE];
};

/* An attribute of an event. */
void vpart_cluster_parse_event(const struct nlattr *a, struct vpart_cluster_event *ev)
{
	const uint64_t n = vpart_attr_u64(a);

	switch (mnl_attr_get_type(a)) {
	case CLUSTERFS_A_SEQ:
		ev->seq = n;
		break;
	case CLUSTERFS_A_LOST:
		ev->lost = n;
		break;
	case CLUSTERFS_A_DELIVERY:
		ev->delivery = n;
		break;
	case CLUSTERFS_A_TERM:
		ev->term = n;
		break;
	case CLUSTERFS_A_COMMIT:
		ev->commit = n;
		break;
	case CLUSTERFS_A_TIME:
		ev->time = n;
		break;
	case CLUSTERFS_A_CLASS:
		ev->class = (uint32_t)n;
		break;
	case CLUSTERFS_A_SEVERITY:
		ev->severity = (uint32_t)n;
		break;
	case CLUSTERFS_A_CODE:
		ev->code = (uint32_t)n;
		break;
	case CLUSTERFS_A_OBJECT_TYPE:
		ev->type = (uint32_t)n;
		break;
	case CLUSTERFS_A_OBJECT:
		ev->object = n;
		break;
	case CLUSTERFS_A_TEXT:
		vpart_attr_text(a, ev->text, sizeof(ev->text));
		break;
	}
}

/*
 * Another repository is mounted under the names of the one before: its events have
 * numbers of their own, and what it had before @ev was not heard.
 */
static void other_repository(struct vpart_cluster_events *e, const struct nlattr *uuid,
			     const struct vpart_cluster_event *ev)
{
	const bool first = vpart_uuid_is_null(e->repository);
	struct vpart_cluster_event *to;

	if (!memcmp(e->repository, mnl_attr_get_payload(uuid), sizeof(e->repository)))
		return;
	memcpy(e->repository, mnl_attr_get_payload(uuid), sizeof(e->repository));
	if (ev->lost || first)
		return;		/* the kernel says so itself */
	to = vpart_list_add(&e->r.queue);
	if (to)
		*to = (struct vpart_cluster_event){
			.seq = ev->seq, .lost = CLUSTERFS_LOST_UNKNOWN,
		};
}

/* One event into the queue, unless another node tells it. */
static int each_event(const struct nlmsghdr *nlh, void *arg)
{
	const struct genlmsghdr *g = mnl_nlmsg_get_payload(nlh);
	struct vpart_cluster_event ev = { .seq = 0 }, *to;
	struct vpart_cluster_events *e = (struct vpart_cluster_events *)arg;
	const struct nlattr *a, *uuid = NULL;
	bool ours = true;

	if (g->cmd != (e->own ? CLUSTERFS_CMD_NODE_EVENT_NTF : CLUSTERFS_CMD_EVENT_NTF) &&
	    g->cmd != (e->own ? CLUSTERFS_CMD_NODE_EVENT_GET : CLUSTERFS_CMD_EVENT_GET))
		return 0;
	mnl_attr_for_each(a, nlh, sizeof(*g)) {
		if (mnl_attr_get_type(a) == CLUSTERFS_A_CLUSTER)
			ours &= !strcmp(mnl_attr_get_str(a), e->cluster);
		else if (mnl_attr_get_type(a) == CLUSTERFS_A_MOUNT)
			ours &= !strcmp(mnl_attr_get_str(a), e->node);
		else if (mnl_attr_get_type(a) ==
			 (e->own ? CLUSTERFS_A_BOOT : CLUSTERFS_A_REPOSITORY))
			uuid = a;
		else
			vpart_cluster_parse_event(a, &ev);
	}
	if (ours && uuid && mnl_attr_get_payload_len(uuid) == sizeof(e->repository))
		other_repository(e, uuid, &ev);
	to = ours ? vpart_list_add(&e->r.queue) : NULL;
	if (to)
		*to = ev;
	return 0;
}

static struct nlmsghdr *ask(struct vpart_reader *r, uint64_t from)
{
	const struct vpart_cluster_events *e = (const struct vpart_cluster_events *)r;
	const uint8_t cmd = e->own ? CLUSTERFS_CMD_NODE_EVENT_GET : CLUSTERFS_CMD_EVENT_GET;
	struct nlmsghdr *nlh = vpart_nl_start_cluster(r->v, cmd, NLM_F_DUMP);

	if (!nlh)
		return NULL;
	mnl_attr_put_strz(nlh, CLUSTERFS_A_CLUSTER, e->cluster);
	mnl_attr_put_strz(nlh, CLUSTERFS_A_MOUNT, e->node);
	if (from) {
		mnl_attr_put_u64(nlh, CLUSTERFS_A_SEQ, from);
		if (!vpart_uuid_is_null(e->repository))
			mnl_attr_put(nlh, e->own ? CLUSTERFS_A_BOOT : CLUSTERFS_A_REPOSITORY,
				     sizeof(e->repository), e->repository);
	}
	return nlh;
}

static struct vpart_cluster_events *events_open(struct vpart *v, const struct vpart_cluster_at *at,
						uint64_t from, bool follow, bool own)
{
	struct vpart_cluster_events *e = calloc(1, sizeof(*e));
	struct vpart_cluster_mount mount;

	if (!e) {
		vpart_no_memory(v);
		return NULL;
	}
	e->own = own;
	e->r = (struct vpart_reader){
		.queue.size = sizeof(struct vpart_cluster_event), .v = v, .family = &v->cluster,
		.what = "events of the cluster", .ask = ask, .each = each_event,
	};
	/* Listen first, read then: nothing falls between. */
	if (follow) {
		e->r.nl = vpart_nl_subscribe_cluster(v);
		if (!e->r.nl)
			goto close;
	}
	if (vpart_cluster_find(v, at, &mount))
		goto close;
	vpart_copy(e->cluster, sizeof(e->cluster), mount.cluster);
	vpart_copy(e->node, sizeof(e->node), mount.node);
	if (!own)
		memcpy(e->repository, mount.repository, sizeof(e->repository));
	if (from == UINT64_MAX)
		from = mount.last_event + 1;
	if (vpart_reader_begin(&e->r, from))
		goto close;
	return e;
close:
	vpart_cluster_events_close(e);
	return NULL;
}

/**
 * vpart_cluster_events_open - begin to read the events of a cluster
 * @v: the handle; the reader uses it until vpart_cluster_events_close()
 * @at: who tells them
 * @from: number of the first event wanted, 0: all that are kept; UINT64_MAX:
 *	only what happens from now on
 * @follow: go on with what happens from now on
 *
 * Return: the reader, or NULL: see vpart_last_error().
 */
struct vpart_cluster_events *vpart_cluster_events_open(struct vpart *v,
						       const struct vpart_cluster_at *at,
						       uint64_t from, bool follow)
{
	return events_open(v, at, from, follow, false);
}

/**
 * vpart_cluster_events_open_node - begin to read what a node tells of itself
 * @v: the handle; the reader uses it until vpart_cluster_events_close()
 * @at: the node
 * @from: number of the first event wanted, 0: all that are kept
 * @follow: go on with what happens from now on
 *
 * Paths, capacity and health: that is not stored, and numbered from the node's mount on.
 *
 * Return: the reader, or NULL: see vpart_last_error().
 */
struct vpart_cluster_events *vpart_cluster_events_open_node(struct vpart *v,
							    const struct vpart_cluster_at *at,
							    uint64_t from, bool follow)
{
	return events_open(v, at, from, follow, true);
}

/**
 * vpart_cluster_events_next - the next event
 * @e: the reader
 * @ev: where it goes; see @lost of struct vpart_cluster_event
 * @timeout_ms: how long to wait if it follows, -1: for ever
 *
 * Return: 1 with an event; 0 at the end, or when the time is up; -EINTR after
 * a signal; another negative errno.
 */
int vpart_cluster_events_next(struct vpart_cluster_events *e, struct vpart_cluster_event *ev,
			      int timeout_ms)
{
	return vpart_reader_next(&e->r, ev, timeout_ms);
}

/**
 * vpart_cluster_events_fd - a descriptor to poll for more events
 * @e: the reader
 *
 * Return: the descriptor, -1 if it does not follow.
 */
int vpart_cluster_events_fd(const struct vpart_cluster_events *e)
{
	return e->r.nl ? mnl_socket_get_fd(e->r.nl) : -1;
}

/**
 * vpart_cluster_events_close - stop reading
 * @e: the reader, or NULL
 */
void vpart_cluster_events_close(struct vpart_cluster_events *e)
{
	if (!e)
		return;
	vpart_reader_end(&e->r);
	free(e);
}
