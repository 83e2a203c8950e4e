// SPDX-License-Identifier: GPL-2.0
/*
 * Nodes: the physical machines that partitions live on.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netlink.h>
#include <linux/slab.h>

#include "vpart.h"

/* Under vpart_config; sorted by id. The generation tells dumps of a change. */
LIST_HEAD(vpart_nodes);
unsigned int vpart_node_gen;

static unsigned int vpart_nr_nodes;
static u32 vpart_last_node;

static struct vpart_node *vpart_node_by_id(u32 id)
{
	struct vpart_node *n;

	list_for_each_entry(n, &vpart_nodes, entry)
		if (n->id == id)
			return n;
	return NULL;
}

static struct vpart_node *vpart_node_by_name(const char *name)
{
	struct vpart_node *n;

	list_for_each_entry(n, &vpart_nodes, entry)
		if (!strcmp(n->name, name))
			return n;
	return NULL;
}

/**
 * vpart_node_find() - look a node up
 * @id: its id, or 0
 * @name: its name, or NULL
 * @extack: gets a sentence on failure
 *
 * Context: vpart_config held.
 * Return: the node, ERR_PTR(-EINVAL) if nothing names it, ERR_PTR(-ENOENT).
 */
struct vpart_node *vpart_node_find(u32 id, const char *name,
				   struct netlink_ext_ack *extack)
{
	struct vpart_node *n;

	lockdep_assert_held(&vpart_config);
	if (!id && !name) {
		NL_SET_ERR_MSG(extack, "which node: give its id or its name");
		return ERR_PTR(-EINVAL);
	}
	n = id ? vpart_node_by_id(id) : vpart_node_by_name(name);
	if (!n) {
		if (id)
			NL_SET_ERR_MSG_FMT(extack, "there is no node %u", id);
		else
			NL_SET_ERR_MSG_FMT(extack, "there is no node %.31s", name);
		return ERR_PTR(-ENOENT);
	}
	if (name && strcmp(n->name, name)) {
		NL_SET_ERR_MSG_FMT(extack, "node %u has another name: %s",
				   n->id, n->name);
		return ERR_PTR(-EINVAL);
	}
	return n;
}

static int vpart_node_check(const struct vpart_node_args *args,
			    struct netlink_ext_ack *extack)
{
	struct vpart_node *n;
	int err;

	err = vpart_name_check(args->name, extack);
	if (err)
		return err;
	if (vpart_nr_nodes >= VPART_NODES_MAX) {
		NL_SET_ERR_MSG_FMT(extack, "there are %d nodes already",
				   VPART_NODES_MAX);
		return -ENOSPC;
	}
	list_for_each_entry(n, &vpart_nodes, entry) {
		if (!strcmp(n->name, args->name)) {
			NL_SET_ERR_MSG_FMT(extack, "there is a node %s already",
					   n->name);
			return -EEXIST;
		}
		if (args->id && n->id == args->id) {
			NL_SET_ERR_MSG_FMT(extack, "id %u is node %s's",
					   n->id, n->name);
			return -EEXIST;
		}
		if (uuid_equal(&n->uuid, &args->uuid)) {
			NL_SET_ERR_MSG_FMT(extack, "the uuid is node %s's",
					   n->name);
			return -EEXIST;
		}
	}
	if (!args->id && vpart_last_node >= VPART_ID_MAX) {
		NL_SET_ERR_MSG(extack, "no id is left to assign: give one");
		return -ENOSPC;
	}
	return 0;
}

/**
 * vpart_node_new() - make a node
 * @args: what it shall be
 * @id: gets its id
 * @extack: gets a sentence on failure
 *
 * Context: Process context; takes vpart_config.
 * Return: 0, -EINVAL, -EEXIST, -ENOSPC or -ENOMEM.
 */
int vpart_node_new(const struct vpart_node_args *args, u32 *id,
		   struct netlink_ext_ack *extack)
{
	struct vpart_node *n, *pos;
	unsigned int noio;
	int err;

	noio = vpart_config_lock();
	err = vpart_node_check(args, extack);
	if (err)
		goto unlock;
	n = kzalloc(sizeof(*n), GFP_KERNEL);
	if (!n) {
		err = -ENOMEM;
		goto unlock;
	}
	n->id = args->id ?: vpart_last_node + 1;
	vpart_last_node = max(vpart_last_node, n->id);
	strscpy(n->name, args->name, sizeof(n->name));
	if (uuid_is_null(&args->uuid))
		uuid_gen(&n->uuid);
	else
		n->uuid = args->uuid;
	list_for_each_entry(pos, &vpart_nodes, entry)
		if (pos->id > n->id)
			break;
	list_add_tail(&n->entry, &pos->entry);
	vpart_nr_nodes++;
	vpart_node_gen++;
	*id = n->id;
	vpart_notify(VPART_OBJECT_NODE, n->id, n->name,
		     VPART_EVENT_TYPE_CREATE, "created");
unlock:
	vpart_config_unlock(noio);
	return err;
}

static void vpart_node_destroy(struct vpart_node *n)
{
	lockdep_assert_held(&vpart_config);
	list_del(&n->entry);
	vpart_nr_nodes--;
	vpart_node_gen++;
	vpart_notify(VPART_OBJECT_NODE, n->id, n->name,
		     VPART_EVENT_TYPE_DELETE, "deleted");
	kfree_rcu(n, rcu);
}

/**
 * vpart_node_del() - delete a node that has no partitions
 * @id: its id, or 0
 * @name: its name, or NULL
 * @extack: gets a sentence on failure
 *
 * Context: Process context; takes vpart_config.
 * Return: 0, -EINVAL, -ENOENT or -EBUSY.
 */
int vpart_node_del(u32 id, const char *name, struct netlink_ext_ack *extack)
{
	struct vpart_node *n;
	unsigned int noio;
	int err = 0;

	noio = vpart_config_lock();
	n = vpart_node_find(id, name, extack);
	if (IS_ERR(n)) {
		err = PTR_ERR(n);
	} else if (n->nr_partitions) {
		NL_SET_ERR_MSG_FMT(extack, "node %s has %u partitions: delete them first",
				   n->name, n->nr_partitions);
		err = -EBUSY;
	} else {
		vpart_node_destroy(n);
	}
	vpart_config_unlock(noio);
	return err;
}

/**
 * vpart_node_del_all() - delete every node, at module exit
 *
 * Context: Process context; the partitions are gone.
 */
void vpart_node_del_all(void)
{
	struct vpart_node *n, *next;
	unsigned int noio;

	noio = vpart_config_lock();
	list_for_each_entry_safe(n, next, &vpart_nodes, entry)
		vpart_node_destroy(n);
	vpart_last_node = 0;
	vpart_config_unlock(noio);
}
