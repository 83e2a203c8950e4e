// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: owners of LUs and volumes over netlink: who has which, what a mounted node waits
 * for, and planned moves (P6).
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include "netlink.h"

static const u8 cfs_owned[] = { CFS_LU, CFS_VOLUME };

/* A dump, in cb->args[0]: the objects of one moment, each with the node's part as it is told. */
struct cfs_nl_owners {
	struct cfs_view	*view;
	unsigned int	type;		/* of cfs_owned[] */
	u32		pos;
};

static struct cfs_nl_owners *cfs_nl_owners_get(struct netlink_callback *cb, struct cfs_mount *m)
{
	struct cfs_nl_owners *d = (void *)cb->args[0];

	if (d)
		return d;
	d = kzalloc(sizeof(*d), GFP_KERNEL);
	if (!d)
		return NULL;
	d->view = cfs_view_get(m);
	cb->args[0] = (long)d;
	return d;
}

/**
 * cfs_nl_owner_done() - the end of a dump of owners
 * @cb: the dump
 *
 * Return: 0.
 */
int cfs_nl_owner_done(struct netlink_callback *cb)
{
	struct cfs_nl_owners *d = (void *)cb->args[0];

	if (d) {
		cfs_view_put(d->view);
		kfree(d);
	}
	return 0;
}

static int cfs_nl_owners_fill(const struct cfs_nl_out *out, struct cfs_mount *m,
			      struct cfs_nl_owners *d)
{
	const struct cfs_disk_record *r;
	int err;

	while (d->type < ARRAY_SIZE(cfs_owned)) {
		r = cfs_view_at(d->view, cfs_owned[d->type], d->pos);
		if (!r) {
			d->type++;
			d->pos = 0;
			continue;
		}
		err = cfs_nl_put_owner(out, m, d->view, r);
		if (err)
			return err;
		d->pos++;
	}
	return 0;
}

/**
 * cfs_nl_owner_dump() - who owns what, and this node's part in it; also while it is left
 * @skb: message to fill
 * @cb: the dump
 *
 * Context: process, as netlink calls it.
 * Return: bytes in @skb, 0 at the end, or -errno.
 */
int cfs_nl_owner_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cfs_mount *m = cfs_nl_mount_look(genl_info_dump(cb)->attrs, cb->extack);
	struct cfs_nl_owners *d;
	struct cfs_nl_out out;
	int err = -ENOMEM;

	if (IS_ERR(m))
		return PTR_ERR(m);
	d = cfs_nl_owners_get(cb, m);
	if (d) {
		cfs_nl_dump_out(&out, skb, cb, CLUSTERFS_CMD_OWNER_GET);
		err = cfs_nl_owners_fill(&out, m, d);
	}
	cfs_mount_put(m);
	return skb->len ?: err;
}

/**
 * cfs_nl_owner_move() - the owner moves a LU or a volume away
 * @skb: what came from the asker's socket
 * @info: the request
 *
 * Return: -EINTR: it is answered later; or another -errno.
 */
int cfs_nl_owner_move(struct sk_buff *skb, struct genl_info *info)
{
	const u32 type = cfs_nl_u32(info, CLUSTERFS_A_OBJECT_TYPE);
	struct cfs_nl_moved o = {
		.to = CFS_NOBODY, .id = cfs_nl_u64(info, CLUSTERFS_A_OBJECT),
	};
	int err;

	err = cfs_nl_need(info, CLUSTERFS_A_OBJECT_TYPE, "object's type") ? :
	      cfs_nl_need(info, CLUSTERFS_A_OBJECT, "object's id");
	if (err)
		return err;
	if (type != CFS_LU && type != CFS_VOLUME)
		return cfs_nl_wrong(info, CLUSTERFS_A_OBJECT_TYPE, -EINVAL,
				    "LUs and volumes have owners");
	o.type = type;
	if (info->attrs[CLUSTERFS_A_NODE]) {
		o.to = cfs_nl_u32(info, CLUSTERFS_A_NODE);
		if (o.to >= CFS_NODES_MAX)
			return cfs_nl_wrong(info, CLUSTERFS_A_NODE, -EINVAL,
					    "no node has such a number");
	}
	return cfs_nl_later(skb, info, cfs_nl_move, &o, sizeof(o));
}
