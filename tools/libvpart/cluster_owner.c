// SPDX-License-Identifier: LGPL-2.1-or-later
/* Owners of a cluster's LUs and volumes, and planned moves */
#include <linux/clusterfs_netlink.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"

static void parse_number(const struct nlattr *a, struct vpart_cluster_owner *o)
{
	const uint64_t n = vpart_attr_u64(a);

	switch (mnl_attr_get_type(a)) {
	case CLUSTERFS_A_OBJECT_TYPE:
		o->type = (enum vpart_cluster_type)n;
		break;
	case CLUSTERFS_A_OBJECT:
		o->id = n;
		break;
	case CLUSTERFS_A_OWNER:
		o->owner = (uint32_t)n;
		break;
	case CLUSTERFS_A_ROLE_TERM:
		o->term = n;
		break;
	case CLUSTERFS_A_SINCE:
		o->since = n;
		break;
	case CLUSTERFS_A_WAITS:
		o->waits = (uint32_t)n;
		break;
	}
}

static int each_owner(const struct nlmsghdr *nlh, void *arg)
{
	struct vpart_cluster_owner *o = vpart_list_add(arg);
	const struct nlattr *a;

	if (!o)
		return 0;
	o->owner = VPART_CLUSTER_NOBODY;
	o->waits = VPART_CLUSTER_NOBODY;
	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(a)) {
		case CLUSTERFS_A_NAME:
			vpart_attr_text(a, o->name, sizeof(o->name));
			break;
		case CLUSTERFS_A_UUID:
			vpart_attr_uuid(a, o->uuid);
			break;
		case CLUSTERFS_A_ROLE:
			vpart_attr_text(a, o->role, sizeof(o->role));
			break;
		case CLUSTERFS_A_REASON:
			vpart_attr_text(a, o->reason, sizeof(o->reason));
			break;
		case CLUSTERFS_A_ENDS:
			vpart_attr_text(a, o->ends, sizeof(o->ends));
			break;
		default:
			parse_number(a, o);
		}
	}
	return 0;
}

/**
 * vpart_cluster_owners - who owns each LU and volume, and a node's part in that
 * @v: the handle
 * @at: who is asked
 * @list: where the list goes; free() it
 * @n: its length
 *
 * Return: 0 or a negative errno.
 */
int vpart_cluster_owners(struct vpart *v, const struct vpart_cluster_at *at,
			 struct vpart_cluster_owner **list, size_t *n)
{
	struct vpart_list l = { .size = sizeof(struct vpart_cluster_owner) };
	struct nlmsghdr *nlh = vpart_cluster_ask(v, at, CLUSTERFS_CMD_OWNER_GET, NLM_F_DUMP);
	int ret = nlh ? vpart_nl_run(v, nlh, "owners", each_owner, &l) : -v->error.err;

	return vpart_list_done(v, ret, &l, list, n);
}

/**
 * vpart_cluster_move - a node moves a LU or volume away that it owns
 * @v: the handle
 * @at: the owner, mounted here
 * @type: VPART_CLUSTER_LU or VPART_CLUSTER_VOLUME
 * @id: of it
 * @to: id of the node that is to own it, VPART_CLUSTER_NOBODY: the next one that waits
 *
 * Return: 0 or a negative errno; -EPERM: the node is not the owner; -ENXIO: that one did not
 * take it; -ETIMEDOUT: it goes on by itself.
 */
int vpart_cluster_move(struct vpart *v, const struct vpart_cluster_at *at,
		       enum vpart_cluster_type type, uint64_t id, uint32_t to)
{
	struct nlmsghdr *nlh = vpart_cluster_ask(v, at, CLUSTERFS_CMD_OWNER_MOVE, NLM_F_ACK);

	if (!nlh)
		return -v->error.err;
	mnl_attr_put_u32(nlh, CLUSTERFS_A_OBJECT_TYPE, type);
	mnl_attr_put_u64(nlh, CLUSTERFS_A_OBJECT, id);
	if (to != VPART_CLUSTER_NOBODY)
		mnl_attr_put_u32(nlh, CLUSTERFS_A_NODE, to);
	return vpart_cluster_change(v, nlh, "move", NULL, NULL);
}
