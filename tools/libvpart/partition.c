// SPDX-License-Identifier: LGPL-2.1-or-later
/* Nodes and the partitions on them */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"

/**
 * vpart_role_name - a role as a word
 * @role: the role
 *
 * Return: the word.
 */
const char *vpart_role_name(enum vpart_role role)
{
	return role == VPART_ROLE_CLIENT ? "client" : role == VPART_ROLE_VIOS ? "vios" : "unknown";
}

/**
 * vpart_state_name - a partition's state as a word
 * @state: the state
 *
 * Return: the word.
 */
const char *vpart_state_name(enum vpart_state state)
{
	return state == VPART_STATE_RUNNING ? "running" :
	       state == VPART_STATE_FAILED ? "failed" : "unknown";
}

static void parse_node(const struct nlmsghdr *nlh, struct vpart_node *node)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(a)) {
		case VPART_A_NODE_ID:
			node->id = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_NODE_NAME:
			vpart_attr_text(a, node->name, sizeof(node->name));
			break;
		case VPART_A_NODE_UUID:
			vpart_attr_uuid(a, node->uuid);
			break;
		}
	}
}

static int one_node(const struct nlmsghdr *nlh, void *arg)
{
	parse_node(nlh, arg);
	return 0;
}

static int each_node(const struct nlmsghdr *nlh, void *arg)
{
	struct vpart_node *node = vpart_list_add(arg);

	if (node)
		parse_node(nlh, node);
	return 0;
}

/**
 * vpart_nodes - all nodes
 * @v: the handle
 * @list: where the list goes; free() it
 * @n: its length
 *
 * Return: 0 or a negative errno.
 */
int vpart_nodes(struct vpart *v, struct vpart_node **list, size_t *n)
{
	struct vpart_list l = { .size = sizeof(struct vpart_node) };
	struct nlmsghdr *nlh = vpart_nl_start(v, VPART_CMD_NODE_GET, NLM_F_DUMP);
	int ret = nlh ? vpart_nl_run(v, nlh, "nodes", each_node, &l) : -v->error.err;

	return vpart_list_done(v, ret, &l, list, n);
}

/**
 * vpart_node_find - a node by its name
 * @v: the handle
 * @name: its name
 * @node: where it goes
 *
 * Return: 0 or a negative errno.
 */
int vpart_node_find(struct vpart *v, const char *name, struct vpart_node *node)
{
	struct nlmsghdr *nlh;
	char what[64];

	if (vpart_check_name(v, "node", name))
		return -v->error.err;
	nlh = vpart_nl_start(v, VPART_CMD_NODE_GET, NLM_F_ACK);
	if (!nlh)
		return -v->error.err;
	mnl_attr_put_strz(nlh, VPART_A_NODE_NAME, name);
	snprintf(what, sizeof(what), "node %s", name);
	memset(node, 0, sizeof(*node));
	return vpart_nl_run(v, nlh, what, one_node, node);
}

/**
 * vpart_node_add - make a node
 * @v: the handle
 * @node: name, and id and uuid unless zero; on return what it has become
 *
 * Return: 0 or a negative errno.
 */
int vpart_node_add(struct vpart *v, struct vpart_node *node)
{
	struct nlmsghdr *nlh;
	char what[64];

	if (vpart_check_name(v, "node", node->name))
		return -v->error.err;
	nlh = vpart_nl_start(v, VPART_CMD_NODE_NEW, NLM_F_ACK);
	if (!nlh)
		return -v->error.err;
	mnl_attr_put_strz(nlh, VPART_A_NODE_NAME, node->name);
	if (node->id)
		mnl_attr_put_u32(nlh, VPART_A_NODE_ID, node->id);
	if (!vpart_uuid_is_null(node->uuid))
		mnl_attr_put(nlh, VPART_A_NODE_UUID, sizeof(node->uuid), node->uuid);
	snprintf(what, sizeof(what), "add node %s", node->name);
	return vpart_nl_run(v, nlh, what, one_node, node);
}

/**
 * vpart_node_del - delete a node that has no partitions
 * @v: the handle
 * @name: its name
 *
 * Return: 0 or a negative errno.
 */
int vpart_node_del(struct vpart *v, const char *name)
{
	struct nlmsghdr *nlh;
	char what[64];

	if (vpart_check_name(v, "node", name))
		return -v->error.err;
	nlh = vpart_nl_start(v, VPART_CMD_NODE_DEL, NLM_F_ACK);
	if (!nlh)
		return -v->error.err;
	mnl_attr_put_strz(nlh, VPART_A_NODE_NAME, name);
	snprintf(what, sizeof(what), "delete node %s", name);
	return vpart_nl_run(v, nlh, what, NULL, NULL);
}

static void parse_partition(const struct nlmsghdr *nlh, struct vpart_partition *p)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(a)) {
		case VPART_A_PARTITION_ID:
			p->id = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_PARTITION_NAME:
			vpart_attr_text(a, p->name, sizeof(p->name));
			break;
		case VPART_A_PARTITION_UUID:
			vpart_attr_uuid(a, p->uuid);
			break;
		case VPART_A_PARTITION_NODE:
			vpart_attr_text(a, p->node, sizeof(p->node));
			break;
		case VPART_A_PARTITION_ROLE:
			p->role = (enum vpart_role)vpart_attr_u64(a);
			break;
		case VPART_A_PARTITION_STATE:
			p->state = (enum vpart_state)vpart_attr_u64(a);
			break;
		case VPART_A_PARTITION_POOL:
			p->pool = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_PARTITION_PARTNER:
			vpart_attr_text(a, p->partner, sizeof(p->partner));
			break;
		case VPART_A_PARTITION_SINCE_MS:
			p->since_ms = vpart_attr_u64(a);
			break;
		}
	}
}

static int one_partition(const struct nlmsghdr *nlh, void *arg)
{
	parse_partition(nlh, arg);
	return 0;
}

static int each_partition(const struct nlmsghdr *nlh, void *arg)
{
	struct vpart_partition *p = vpart_list_add(arg);

	if (p)
		parse_partition(nlh, p);
	return 0;
}

/**
 * vpart_partitions - all partitions
 * @v: the handle
 * @list: where the list goes; free() it
 * @n: its length
 *
 * Return: 0 or a negative errno.
 */
int vpart_partitions(struct vpart *v, struct vpart_partition **list, size_t *n)
{
	struct vpart_list l = { .size = sizeof(struct vpart_partition) };
	struct nlmsghdr *nlh = vpart_nl_start(v, VPART_CMD_PARTITION_GET, NLM_F_DUMP);
	int ret = nlh ? vpart_nl_run(v, nlh, "partitions", each_partition, &l) : -v->error.err;

	return vpart_list_done(v, ret, &l, list, n);
}

/* Begin a request about one partition; NULL: the error is recorded. */
static struct nlmsghdr *about(struct vpart *v, uint8_t cmd, const char *name)
{
	struct nlmsghdr *nlh;

	if (vpart_check_name(v, "partition", name))
		return NULL;
	nlh = vpart_nl_start(v, cmd, NLM_F_ACK);
	if (nlh)
		mnl_attr_put_strz(nlh, VPART_A_PARTITION_NAME, name);
	return nlh;
}

/**
 * vpart_partition_find - a partition by its name
 * @v: the handle
 * @name: its name
 * @p: where it goes
 *
 * Return: 0 or a negative errno.
 */
int vpart_partition_find(struct vpart *v, const char *name, struct vpart_partition *p)
{
	struct nlmsghdr *nlh = about(v, VPART_CMD_PARTITION_GET, name);
	char what[64];

	if (!nlh)
		return -v->error.err;
	snprintf(what, sizeof(what), "partition %s", name);
	memset(p, 0, sizeof(*p));
	return vpart_nl_run(v, nlh, what, one_partition, p);
}

/* The node for a partition that names none: the first, made if there is none. */
static int default_node(struct vpart *v, char *name, size_t size)
{
	struct vpart_node *list, first = { .name = "node1" };
	size_t n;
	int ret;

	ret = vpart_nodes(v, &list, &n);
	if (ret)
		return ret;
	if (n)
		first = list[0];
	else
		ret = vpart_node_add(v, &first);
	vpart_copy(name, size, first.name);
	free(list);
	return ret;
}

/**
 * vpart_partition_add - make a partition
 * @v: the handle
 * @p: name and role, and what else is not zero; on return what it has become
 *
 * Return: 0 or a negative errno.
 */
int vpart_partition_add(struct vpart *v, struct vpart_partition *p)
{
	struct nlmsghdr *nlh;
	char what[64];

	if (vpart_check_name(v, "partition", p->name))
		return -v->error.err;
	if (p->node[0] ? vpart_check_name(v, "node", p->node) :
	    default_node(v, p->node, sizeof(p->node)))
		return -v->error.err;
	nlh = about(v, VPART_CMD_PARTITION_NEW, p->name);
	if (!nlh)
		return -v->error.err;
	mnl_attr_put_u32(nlh, VPART_A_PARTITION_ROLE, p->role);
	mnl_attr_put_strz(nlh, VPART_A_PARTITION_NODE, p->node);
	if (p->id)
		mnl_attr_put_u32(nlh, VPART_A_PARTITION_ID, p->id);
	if (p->pool)
		mnl_attr_put_u32(nlh, VPART_A_PARTITION_POOL, p->pool);
	if (!vpart_uuid_is_null(p->uuid))
		mnl_attr_put(nlh, VPART_A_PARTITION_UUID, sizeof(p->uuid), p->uuid);
	snprintf(what, sizeof(what), "add partition %s", p->name);
	return vpart_nl_run(v, nlh, what, one_partition, p);
}

/**
 * vpart_partition_set_state - fail a partition, or start it again
 * @v: the handle
 * @name: its name
 * @state: the state it shall be in
 *
 * Return: 0 or a negative errno.
 */
int vpart_partition_set_state(struct vpart *v, const char *name, enum vpart_state state)
{
	struct nlmsghdr *nlh = about(v, VPART_CMD_PARTITION_SET, name);
	char what[64];

	if (!nlh)
		return -v->error.err;
	mnl_attr_put_u32(nlh, VPART_A_PARTITION_STATE, state);
	snprintf(what, sizeof(what), "%s partition %s",
		 state == VPART_STATE_FAILED ? "fail" : "start", name);
	return vpart_nl_run(v, nlh, what, NULL, NULL);
}

/**
 * vpart_partition_del - delete a partition that has no adapters
 * @v: the handle
 * @name: its name
 *
 * Return: 0 or a negative errno.
 */
int vpart_partition_del(struct vpart *v, const char *name)
{
	struct nlmsghdr *nlh = about(v, VPART_CMD_PARTITION_DEL, name);
	char what[64];

	if (!nlh)
		return -v->error.err;
	snprintf(what, sizeof(what), "delete partition %s", name);
	return vpart_nl_run(v, nlh, what, NULL, NULL);
}
