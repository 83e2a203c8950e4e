// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: dumps of the netlink family. A dump of objects or events holds the view that
 * it began with, so it is of one moment, and no mount waits for who reads it slowly.
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include "netlink.h"

/**
 * struct cfs_nl_dump - a dump, in cb->args[0]
 * @view: what it shows
 * @from: who shows it
 * @pos: place of the next of a type; of events: number of the next
 * @types: of a usage query: types that are done
 * @type: of a usage query: of what is used
 * @id: of a usage query: of what is used
 * @end: of events: behind the last
 * @unknown: of events: the asker's history is not ours
 */
struct cfs_nl_dump {
	struct cfs_view		*view;
	struct cfs_nl_from	from;
	u64			pos;
	unsigned int		types;
	u8			type;
	u64			id;
	u64			end;
	bool			unknown;
};

/**
 * cfs_nl_dump_out() - where an entry of a dump goes
 * @out: set to it
 * @skb: message to fill
 * @cb: the dump
 * @cmd: CLUSTERFS_CMD_*
 */
void cfs_nl_dump_out(struct cfs_nl_out *out, struct sk_buff *skb, struct netlink_callback *cb,
		     u8 cmd)
{
	out->skb = skb;
	out->portid = NETLINK_CB(cb->skb).portid;
	out->seq = cb->nlh->nlmsg_seq;
	out->flags = NLM_F_MULTI;
	out->cmd = cmd;
}

static u8 cfs_nl_dump_cmd(struct netlink_callback *cb)
{
	return ((struct genlmsghdr *)nlmsg_data(cb->nlh))->cmd;
}

/**
 * cfs_nl_mount_dump() - all mounts, or what they have done
 * @skb: message to fill
 * @cb: the dump
 *
 * Context: process, as netlink calls it.
 * Return: bytes in @skb, 0 at the end, or -errno.
 */
int cfs_nl_mount_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	const u8 cmd = cfs_nl_dump_cmd(cb);
	struct nlattr **attrs = genl_info_dump(cb)->attrs;
	struct cfs_nl_out out;
	struct cfs_mount *m;
	int err = 0;

	if (attrs[CLUSTERFS_A_CLUSTER] || attrs[CLUSTERFS_A_MOUNT])
		return cfs_nl_say(cb->extack, -EINVAL, "a dump of mounts is of all");
	cfs_nl_dump_out(&out, skb, cb, cmd);
	while (!err) {
		m = cfs_mount_next(cb->args[0]);
		if (!m)
			break;
		err = cmd == CLUSTERFS_CMD_STATS_GET ? cfs_nl_put_stats(&out, m) :
						       cfs_nl_put_mount(&out, m);
		if (!err)
			cb->args[0] = m->number;
		cfs_mount_let_go(m);
	}
	return skb->len ?: err;
}

/* The dump, begun if it was not: asked here, where 6.1 has room for a sentence. */
static struct cfs_nl_dump *cfs_nl_dump_get(struct netlink_callback *cb)
{
	struct cfs_nl_dump *d = (void *)cb->args[0];
	struct cfs_mount *m;

	if (d)
		return d;
	d = kzalloc(sizeof(*d), GFP_KERNEL);
	if (!d)
		return ERR_PTR(-ENOMEM);
	m = cfs_nl_mount_look(genl_info_dump(cb)->attrs, cb->extack);
	if (IS_ERR(m)) {
		kfree(d);
		return ERR_CAST(m);
	}
	d->view = cfs_view_get(m);
	cfs_nl_from(&d->from, m);
	cfs_mount_put(m);
	cb->args[0] = (long)d;
	return d;
}

/**
 * cfs_nl_dump_done() - the end of a dump of objects or events
 * @cb: the dump
 *
 * Return: 0.
 */
int cfs_nl_dump_done(struct netlink_callback *cb)
{
	struct cfs_nl_dump *d = (void *)cb->args[0];

	if (d) {
		cfs_view_put(d->view);
		kfree(d);
	}
	return 0;
}

/**
 * cfs_nl_object_dump() - all objects of a type
 * @skb: message to fill
 * @cb: the dump
 *
 * Context: process, as netlink calls it.
 * Return: bytes in @skb, 0 at the end, or -errno.
 */
int cfs_nl_object_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr **attrs = genl_info_dump(cb)->attrs;
	const struct cfs_disk_record *r;
	struct cfs_nl_dump *d;
	struct cfs_nl_out out;
	int err = 0;

	/* Every policy that comes here has them. */
	if (attrs[CLUSTERFS_A_ID] || attrs[CLUSTERFS_A_NAME])
		return cfs_nl_say(cb->extack, -EINVAL, "a dump takes no id and no name");
	d = cfs_nl_dump_get(cb);
	if (IS_ERR(d))
		return PTR_ERR(d);
	cfs_nl_dump_out(&out, skb, cb, cfs_nl_dump_cmd(cb));
	while (!err) {
		r = cfs_view_at(d->view, cfs_nl_type(out.cmd), d->pos);
		if (!r)
			break;
		err = cfs_nl_put_object(&out, d->view, r);
		if (!err)
			d->pos++;
	}
	return skb->len ?: err;
}

/* What is asked for: one thing, which is there. */
static int cfs_nl_usage_of(struct netlink_callback *cb, struct cfs_nl_dump *d)
{
	static const struct {
		u8 attr, type;
	} of[] = {
		{ CLUSTERFS_A_LU, CFS_LU }, { CLUSTERFS_A_CLIENT, CFS_CLIENT },
		{ CLUSTERFS_A_ADAPTER, CFS_ADAPTER }, { CLUSTERFS_A_NODE, CFS_NODE },
		{ CLUSTERFS_A_VOLUME, CFS_VOLUME },
	};
	struct nlattr **attrs = genl_info_dump(cb)->attrs, *a;
	char why[CFS_NL_WHY];
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(of); i++) {
		a = attrs[of[i].attr];
		if (!a)
			continue;
		n++;
		d->type = of[i].type;
		d->id = d->type == CFS_NODE ? nla_get_u32(a) : nla_get_u64(a);
	}
	if (n != 1)
		return cfs_nl_say(cb->extack, -EINVAL,
				  "used by whom: one lu, client, adapter, node or volume");
	if (cfs_view_object(d->view, d->type, d->id))
		return 0;
	snprintf(why, sizeof(why), "there is no %s %llu", cfs_type_name(d->type), d->id);
	return cfs_nl_say(cb->extack, -ENOENT, why);
}

/**
 * cfs_nl_usage_dump() - all that uses an object (R26)
 * @skb: message to fill
 * @cb: the dump
 *
 * Context: process, as netlink calls it.
 * Return: bytes in @skb, 0 at the end, or -errno.
 */
int cfs_nl_usage_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	static const u8 users[] = { CFS_ADAPTER, CFS_LU, CFS_MAP, CFS_VOLUME, CFS_PR };
	struct cfs_nl_dump *d = cfs_nl_dump_get(cb);
	const struct cfs_disk_record *r;
	struct cfs_nl_out out;
	int err = 0;

	if (IS_ERR(d))
		return PTR_ERR(d);
	if (!d->type)
		err = cfs_nl_usage_of(cb, d);
	if (err)
		return err;
	cfs_nl_dump_out(&out, skb, cb, CLUSTERFS_CMD_USAGE_GET);
	while (d->types < ARRAY_SIZE(users)) {
		r = cfs_view_at(d->view, users[d->types], d->pos);
		if (!r) {
			d->types++;
			d->pos = 0;
			continue;
		}
		if (cfs_object_uses(r, d->type, d->id))
			err = cfs_nl_put_usage(&out, d->view, r);
		if (err)
			break;
		d->pos++;
	}
	return skb->len ?: err;
}

/* Where a dump of events begins and ends; one does not chase new ones. */
static void cfs_nl_event_begin(struct netlink_callback *cb, struct cfs_nl_dump *d)
{
	struct nlattr **attrs = genl_info_dump(cb)->attrs;
	struct nlattr *seq = attrs[CLUSTERFS_A_SEQ], *uuid = attrs[CLUSTERFS_A_REPOSITORY];
	const struct cfs_disk_record *first = cfs_view_at(d->view, CFS_EVENT, 0);
	u64 from = first ? le64_to_cpu(first->id) : 1;

	d->end = from + d->view->count[CFS_EVENT];
	d->pos = from;
	d->unknown = uuid && memcmp(nla_data(uuid), &d->from.uuid, sizeof(d->from.uuid));
	if (!seq || d->unknown)
		return;
	if (nla_get_u64(seq) > d->end)
		d->unknown = true;
	else
		d->pos = nla_get_u64(seq);
}

static int cfs_nl_event_next(const struct cfs_nl_out *out, struct cfs_nl_dump *d)
{
	const u64 first = d->end - d->view->count[CFS_EVENT];
	u64 lost = d->unknown ? CLUSTERFS_LOST_UNKNOWN : d->pos < first ? first - d->pos : 0;
	int err;

	if (lost) {
		err = cfs_nl_put_event(out, &d->from, NULL, lost, first);
		if (err)
			return err;
		d->unknown = false;
		d->pos = first;
		return 0;
	}
	err = cfs_nl_put_event(out, &d->from, cfs_view_at(d->view, CFS_EVENT, d->pos - first), 0,
			       d->pos);
	if (!err)
		d->pos++;
	return err;
}

/**
 * cfs_nl_event_dump() - the events that are kept, from the number asked for
 * @skb: message to fill
 * @cb: the dump
 *
 * Context: process, as netlink calls it.
 * Return: bytes in @skb, 0 at the end, or -errno.
 */
int cfs_nl_event_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr *seq = genl_info_dump(cb)->attrs[CLUSTERFS_A_SEQ];
	struct cfs_nl_dump *d;
	struct cfs_nl_out out;
	int err = 0;

	if (seq && !nla_get_u64(seq))
		return cfs_nl_say(cb->extack, -EINVAL, "events are numbered from 1");
	d = cfs_nl_dump_get(cb);
	if (IS_ERR(d))
		return PTR_ERR(d);
	if (!d->end)
		cfs_nl_event_begin(cb, d);
	cfs_nl_dump_out(&out, skb, cb, CLUSTERFS_CMD_EVENT_GET);
	while (!err && (d->unknown || d->pos < d->end))
		err = cfs_nl_event_next(&out, d);
	return skb->len ?: err;
}

/* --- what a node tells of itself --- */

/* A dump of that, in cb->args[0]: all of one moment. */
struct cfs_nl_local {
	struct cfs_nl_from	from;
	uuid_t			boot;
	u64			first;
	u64			pos;
	u64			end;
	u64			lost;
	struct cfs_disk_event	e[CFS_RING_SIZE];
};

static struct cfs_nl_local *cfs_nl_local_get(struct netlink_callback *cb)
{
	struct nlattr **attrs = genl_info_dump(cb)->attrs;
	struct nlattr *seq = attrs[CLUSTERFS_A_SEQ], *boot = attrs[CLUSTERFS_A_BOOT];
	struct cfs_nl_local *d = (void *)cb->args[0];
	struct cfs_mount *m;

	if (d)
		return d;
	if (seq && !nla_get_u64(seq)) {
		cfs_nl_say(cb->extack, 0, "events are numbered from 1");
		return ERR_PTR(-EINVAL);
	}
	d = kvzalloc(sizeof(*d), GFP_KERNEL);
	if (!d)
		return ERR_PTR(-ENOMEM);
	m = cfs_nl_mount(attrs, cb->extack);
	if (IS_ERR(m)) {
		kvfree(d);
		return ERR_CAST(m);
	}
	cfs_nl_from(&d->from, m);
	d->boot = m->boot;
	d->first = cfs_ring_copy(m, d->e, &d->end);
	cfs_mount_let_go(m);
	d->pos = seq ? nla_get_u64(seq) : d->first;
	if ((boot && memcmp(nla_data(boot), &d->boot, sizeof(d->boot))) || d->pos > d->end)
		d->lost = CLUSTERFS_LOST_UNKNOWN;
	else if (d->pos < d->first)
		d->lost = d->first - d->pos;
	if (d->lost)
		d->pos = d->first;
	cb->args[0] = (long)d;
	return d;
}

/**
 * cfs_nl_local_done() - the end of a dump of what a node tells of itself
 * @cb: the dump
 *
 * Return: 0.
 */
int cfs_nl_local_done(struct netlink_callback *cb)
{
	kvfree((void *)cb->args[0]);
	return 0;
}

/**
 * cfs_nl_local_dump() - what a node tells of itself, from the number asked for
 * @skb: message to fill
 * @cb: the dump
 *
 * Context: process, as netlink calls it.
 * Return: bytes in @skb, 0 at the end, or -errno.
 */
int cfs_nl_local_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cfs_nl_local *d = cfs_nl_local_get(cb);
	struct cfs_nl_out out;
	int err = 0;

	if (IS_ERR(d))
		return PTR_ERR(d);
	cfs_nl_dump_out(&out, skb, cb, CLUSTERFS_CMD_NODE_EVENT_GET);
	while (!err && (d->lost || d->pos < d->end)) {
		struct cfs_event ev = {
			.cluster = d->from.cluster, .node = d->from.mount, .history = d->boot,
			.local = true, .seq = d->pos, .lost = d->lost,
		};

		if (!d->lost)
			cfs_event_local(&ev, &d->e[d->pos - d->first]);
		err = cfs_nl_put_told(&out, &ev);
		if (!err && !d->lost)
			d->pos++;
		if (!err)
			d->lost = 0;
	}
	return skb->len ?: err;
}
