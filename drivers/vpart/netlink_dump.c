// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps of the netlink family. A dump of objects keeps the id of the last one
 * sent in args[0], of links vpart_link_order().
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "netlink.h"

static void vpart_nl_dump_out(struct vpart_nl_out *out, struct sk_buff *skb,
			      struct netlink_callback *cb)
{
	out->skb = skb;
	out->portid = NETLINK_CB(cb->skb).portid;
	out->seq = cb->nlh->nlmsg_seq;
	out->flags = NLM_F_MULTI;
	out->cb = cb;
}

/*
 * A dump gives all objects: to ask for one of them is another request. Asked
 * here and not in ->start(), where 6.1 has no room for a sentence.
 */
static int vpart_nl_dump_check(struct netlink_callback *cb)
{
	struct nlattr **attrs = genl_info_dump(cb)->attrs;

	BUILD_BUG_ON((int)VPART_A_NODE_ID != (int)VPART_A_PARTITION_ID ||
		     (int)VPART_A_NODE_ID != (int)VPART_A_ADAPTER_ID ||
		     (int)VPART_A_NODE_ID != (int)VPART_A_LINK_ID ||
		     (int)VPART_A_NODE_NAME != (int)VPART_A_LINK_NAME ||
		     (int)VPART_A_NODE_NAME != (int)VPART_A_PARTITION_NAME ||
		     (int)VPART_A_NODE_NAME != (int)VPART_A_ADAPTER_NAME);
	if (attrs[VPART_A_NODE_ID] || attrs[VPART_A_NODE_NAME]) {
		NL_SET_ERR_MSG(cb->extack, "a dump takes no id and no name");
		return -EINVAL;
	}
	return 0;
}

/**
 * vpart_nl_node_dump() - all nodes
 * @skb: message to fill
 * @cb: the dump
 *
 * Context: Process context, as netlink calls it.
 * Return: bytes in @skb, 0 at the end, or an errno.
 */
int vpart_nl_node_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct vpart_nl_out out;
	struct vpart_node *n;
	unsigned int noio;
	int err;

	err = vpart_nl_dump_check(cb);
	if (err)
		return err;
	vpart_nl_dump_out(&out, skb, cb);
	noio = vpart_config_lock();
	cb->seq = vpart_node_gen + 1;
	list_for_each_entry(n, &vpart_nodes, entry) {
		if (n->id <= cb->args[0])
			continue;
		err = vpart_nl_node(&out, n);
		if (err)
			break;
		cb->args[0] = n->id;
	}
	vpart_config_unlock(noio);
	return skb->len ?: err;
}

/**
 * vpart_nl_partition_dump() - all partitions
 * @skb: message to fill
 * @cb: the dump
 *
 * Context: Process context, as netlink calls it.
 * Return: bytes in @skb, 0 at the end, or an errno.
 */
int vpart_nl_partition_dump(struct sk_buff *skb,
			    struct netlink_callback *cb)
{
	struct vpart_nl_out out;
	struct vpart_partition *p;
	unsigned int noio;
	int err;

	err = vpart_nl_dump_check(cb);
	if (err)
		return err;
	vpart_nl_dump_out(&out, skb, cb);
	noio = vpart_config_lock();
	cb->seq = vpart_partition_gen + 1;
	list_for_each_entry(p, &vpart_partitions, entry) {
		if (p->id <= cb->args[0])
			continue;
		err = vpart_nl_partition(&out, p);
		if (err)
			break;
		cb->args[0] = p->id;
	}
	vpart_config_unlock(noio);
	return skb->len ?: err;
}

static int vpart_nl_dump_links(struct sk_buff *skb, struct netlink_callback *cb,
			       int (*put)(const struct vpart_nl_out *out,
					  struct vpart_link *link))
{
	struct vpart_link *link;
	struct vpart_nl_out out;
	unsigned int noio;
	int err;

	err = vpart_nl_dump_check(cb);
	if (err)
		return err;
	vpart_nl_dump_out(&out, skb, cb);
	noio = vpart_config_lock();
	cb->seq = vpart_adapter_gen + 1;
	list_for_each_entry(link, &vpart_links, entry) {
		if (!link->live || vpart_link_order(link) <= cb->args[0])
			continue;
		err = put(&out, link);
		if (err)
			break;
		cb->args[0] = vpart_link_order(link);
	}
	vpart_config_unlock(noio);
	return skb->len ?: err;
}

/**
 * vpart_nl_adapter_dump() - all adapter pairs
 * @skb: message to fill
 * @cb: the dump
 *
 * Context: Process context, as netlink calls it.
 * Return: bytes in @skb, 0 at the end, or an errno.
 */
int vpart_nl_adapter_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return vpart_nl_dump_links(skb, cb, vpart_nl_adapter);
}

/* Those that lead to another kernel; of the others nothing is told. */
static int vpart_nl_real_link(const struct vpart_nl_out *out,
			      struct vpart_link *link)
{
	return link->fabric->stats ? vpart_nl_link(out, link) : 0;
}

/**
 * vpart_nl_link_dump() - all links to other kernels
 * @skb: message to fill
 * @cb: the dump
 *
 * Context: Process context, as netlink calls it.
 * Return: bytes in @skb, 0 at the end, or an errno.
 */
int vpart_nl_link_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return vpart_nl_dump_links(skb, cb, vpart_nl_real_link);
}

/**
 * vpart_nl_call_dump() - the calls that the server of an adapter pair holds
 * @skb: message to fill
 * @cb: the dump; args[0] is where it goes on
 *
 * Context: Process context, as netlink calls it.
 * Return: bytes in @skb, 0 at the end, or an errno.
 */
int vpart_nl_call_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr *name = genl_info_dump(cb)->attrs[VPART_A_CALL_NAME];
	unsigned long *pos = (unsigned long *)&cb->args[0];
	struct vpart_nl_out out;
	struct vpart_link *link;
	struct vpart_held held;
	unsigned int noio;
	int err = 0;

	if (!name) {
		NL_SET_ERR_MSG(cb->extack, "the adapter pair's name is missing");
		return -EINVAL;
	}
	vpart_nl_dump_out(&out, skb, cb);
	out.cb = NULL;	/* a look at moving things */
	noio = vpart_config_lock();
	link = vpart_adapter_lookup(0, nla_data(name), VPART_SIDE_SERVER, cb->extack);
	if (IS_ERR(link))
		err = PTR_ERR(link);
	while (!err && vpart_calls_next(link, pos, &held)) {
		err = vpart_nl_call(&out, link, &held);
		if (!err)
			++*pos;
	}
	vpart_config_unlock(noio);
	return skb->len ?: err;
}

/**
 * struct vpart_nl_events - where a dump of events is, in cb->ctx
 * @cursor: number of the next event to send
 * @end: the last event when the dump began; a dump does not chase new ones
 * @unknown: the asker's history is not ours
 */
struct vpart_nl_events {
	u64	cursor;
	u64	end;
	bool	unknown;
};

/**
 * vpart_nl_event_start() - where a dump of events begins and ends
 * @cb: the dump
 *
 * Context: Process context, as netlink calls it.
 * Return: 0; what is wrong with the request is told by the dump.
 */
int vpart_nl_event_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = genl_info_dump(cb)->attrs;
	struct vpart_nl_events *ctx = (void *)cb->ctx;
	struct nlattr *seq = attrs[VPART_A_EVENT_SEQ];
	struct nlattr *boot = attrs[VPART_A_EVENT_BOOT_ID];

	BUILD_BUG_ON(sizeof(*ctx) > sizeof(cb->ctx));
	ctx->end = vpart_ring_last();
	/* Without a number: from the oldest kept on, nothing was lost to it. */
	ctx->cursor = ctx->end > VPART_RING_SIZE ?
		      ctx->end - VPART_RING_SIZE + 1 : 1;
	ctx->unknown = boot && memcmp(nla_data(boot), &vpart_boot_id,
				      sizeof(vpart_boot_id));
	if (!seq || ctx->unknown)
		return 0;
	if (nla_get_u64(seq) > ctx->end + 1)
		ctx->unknown = true;
	else
		ctx->cursor = nla_get_u64(seq);
	return 0;
}

/**
 * vpart_nl_event_dump() - the events that are kept, from the number asked for
 * @skb: message to fill
 * @cb: the dump
 *
 * Context: Process context, as netlink calls it.
 * Return: bytes in @skb, 0 at the end, or an errno.
 */
int vpart_nl_event_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct vpart_nl_events *ctx = (void *)cb->ctx;
	struct vpart_nl_out out;
	struct vpart_event ev;
	u64 cursor, lost;
	int err = 0;

	vpart_nl_dump_out(&out, skb, cb);
	out.cb = NULL;	/* each event is complete by itself */
	if (!ctx->cursor) {
		NL_SET_ERR_MSG(cb->extack, "events are numbered from 1");
		return -EINVAL;
	}
	if (ctx->unknown) {
		err = vpart_nl_event(&out, VPART_CMD_EVENT_GET, NULL,
				     VPART_EVENT_LOST_UNKNOWN, ctx->cursor);
		if (err)
			return skb->len ?: err;
		ctx->unknown = false;
	}
	while (ctx->cursor <= ctx->end) {
		cursor = ctx->cursor;
		if (!vpart_ring_next(&cursor, &ev, &lost))
			break;
		if (lost) {
			err = vpart_nl_event(&out, VPART_CMD_EVENT_GET, NULL,
					     lost, ev.seq);
			if (err)
				break;
			ctx->cursor = ev.seq;
		}
		err = vpart_nl_event(&out, VPART_CMD_EVENT_GET, &ev, 0, ev.seq);
		if (err)
			break;
		ctx->cursor = cursor;
	}
	return skb->len ?: err;
}
