// SPDX-License-Identifier: GPL-2.0
/*
 * Partitions: virtual machines of a node, clients or I/O servers.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/netlink.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "vpart.h"

/*
 * Written under vpart_config, sorted by id; vpart_partner() may read it under
 * RCU alone. The generation tells dumps of a change.
 */
LIST_HEAD(vpart_partitions);
unsigned int vpart_partition_gen;

static unsigned int vpart_nr_partitions;
static u32 vpart_last_partition;

static void vpart_partition_release(struct device *dev)
{
	kfree_rcu(to_vpart_partition(dev), rcu);
}

struct class vpart_class = {
	.name		= "vpart",
	.dev_groups	= vpart_partition_groups,
	.dev_release	= vpart_partition_release,
};

/**
 * vpart_partition_find() - look a partition up
 * @id: its id, or 0
 * @name: its name, or NULL
 * @extack: gets a sentence on failure
 *
 * Context: vpart_config held.
 * Return: the partition, ERR_PTR(-EINVAL) if nothing names it, ERR_PTR(-ENOENT).
 */
struct vpart_partition *vpart_partition_find(u32 id, const char *name,
					     struct netlink_ext_ack *extack)
{
	struct vpart_partition *p;

	lockdep_assert_held(&vpart_config);
	if (!id && !name) {
		NL_SET_ERR_MSG(extack, "which partition: give its id or its name");
		return ERR_PTR(-EINVAL);
	}
	list_for_each_entry(p, &vpart_partitions, entry) {
		if (id ? p->id != id : strcmp(p->name, name))
			continue;
		if (name && strcmp(p->name, name)) {
			NL_SET_ERR_MSG_FMT(extack, "partition %u has another name: %s",
					   p->id, p->name);
			return ERR_PTR(-EINVAL);
		}
		return p;
	}
	if (id)
		NL_SET_ERR_MSG_FMT(extack, "there is no partition %u", id);
	else
		NL_SET_ERR_MSG_FMT(extack, "there is no partition %.31s", name);
	return ERR_PTR(-ENOENT);
}

/**
 * vpart_partner() - who is paired with a partition
 * @p: the partition
 *
 * Partitions of different nodes with the same pool number are partners. With
 * more than two of them they pair in the order of their nodes' ids: first with
 * second, third with fourth; an odd one stays unpaired.
 *
 * Context: vpart_config held, or RCU.
 * Return: the partner, or NULL.
 */
struct vpart_partition *vpart_partner(const struct vpart_partition *p)
{
	struct vpart_partition *o, *before = NULL, *after = NULL;
	unsigned int rank = 0;

	list_for_each_entry_rcu(o, &vpart_partitions, entry,
				lockdep_is_held(&vpart_config)) {
		if (o->pool != p->pool || o == p)
			continue;
		if (o->node->id < p->node->id) {
			rank++;
			if (!before || o->node->id > before->node->id)
				before = o;
		} else if (!after || o->node->id < after->node->id) {
			after = o;
		}
	}
	return rank & 1 ? before : after;
}

/**
 * vpart_partition_boot() - the instance of a partition that runs now
 * @p: the partition
 * @since: gets the time its state was entered, may be NULL
 *
 * Context: Any.
 * Return: a uuid that changes with each failure and each return.
 */
uuid_t vpart_partition_boot(struct vpart_partition *p, ktime_t *since)
{
	unsigned long flags;
	uuid_t boot;

	spin_lock_irqsave(&p->lock, flags);
	boot = p->boot;
	if (since)
		*since = p->since;
	spin_unlock_irqrestore(&p->lock, flags);
	return boot;
}
EXPORT_SYMBOL_GPL(vpart_partition_boot);

static int vpart_partition_check(const struct vpart_partition_args *args,
				 const struct vpart_node *n,
				 struct netlink_ext_ack *extack)
{
	struct vpart_partition *p;

	if (vpart_nr_partitions >= VPART_PARTITIONS_MAX) {
		NL_SET_ERR_MSG_FMT(extack, "there are %d partitions already",
				   VPART_PARTITIONS_MAX);
		return -ENOSPC;
	}
	list_for_each_entry(p, &vpart_partitions, entry) {
		if (!strcmp(p->name, args->name)) {
			NL_SET_ERR_MSG_FMT(extack, "there is a partition %s already",
					   p->name);
			return -EEXIST;
		}
		if (args->id && p->id == args->id) {
			NL_SET_ERR_MSG_FMT(extack, "id %u is partition %s's",
					   p->id, p->name);
			return -EEXIST;
		}
		if (uuid_equal(&p->uuid, &args->uuid)) {
			NL_SET_ERR_MSG_FMT(extack, "the uuid is partition %s's",
					   p->name);
			return -EEXIST;
		}
		if (args->pool && p->node == n && p->pool == args->pool) {
			NL_SET_ERR_MSG_FMT(extack, "pool number %u is partition %s's on this node",
					   p->pool, p->name);
			return -EEXIST;
		}
	}
	if (!args->id && vpart_last_partition >= VPART_ID_MAX) {
		NL_SET_ERR_MSG(extack, "no id is left to assign: give one");
		return -ENOSPC;
	}
	return 0;
}

/* The next in sequence on the node; 0 if none is left. */
static u32 vpart_pool_next(const struct vpart_node *n)
{
	struct vpart_partition *p;
	u32 last = 0;

	list_for_each_entry(p, &vpart_partitions, entry)
		if (p->node == n)
			last = max(last, p->pool);
	return last < VPART_POOL_MAX ? last + 1 : 0;
}

/**
 * vpart_partition_new() - make a partition, running
 * @args: what it shall be
 * @id: gets its id
 * @extack: gets a sentence on failure
 *
 * Context: Process context; takes vpart_config.
 * Return: 0, -EINVAL, -ENOENT, -EEXIST, -ENOSPC or -ENOMEM.
 */
int vpart_partition_new(const struct vpart_partition_args *args, u32 *id,
			struct netlink_ext_ack *extack)
{
	struct vpart_partition *p, *pos;
	struct vpart_node *n;
	unsigned int noio;
	u32 pool;
	int err;

	noio = vpart_config_lock();
	err = vpart_name_check(args->name, extack);
	if (err)
		goto unlock;
	n = vpart_node_find(0, args->node, extack);
	if (IS_ERR(n)) {
		err = PTR_ERR(n);
		goto unlock;
	}
	err = vpart_partition_check(args, n, extack);
	if (err)
		goto unlock;
	pool = args->pool ?: vpart_pool_next(n);
	if (!pool) {
		NL_SET_ERR_MSG_FMT(extack, "node %s has no pool number left: give one",
				   n->name);
		err = -ENOSPC;
		goto unlock;
	}
	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p) {
		err = -ENOMEM;
		goto unlock;
	}
	spin_lock_init(&p->lock);
	p->node = n;
	p->id = args->id ?: vpart_last_partition + 1;
	p->role = args->role;
	p->pool = pool;
	p->state = VPART_STATE_RUNNING;
	p->since = ktime_get();
	uuid_gen(&p->boot);
	strscpy(p->name, args->name, sizeof(p->name));
	if (uuid_is_null(&args->uuid))
		uuid_gen(&p->uuid);
	else
		p->uuid = args->uuid;

	device_initialize(&p->dev);
	p->dev.class = &vpart_class;
	err = dev_set_name(&p->dev, "%s", p->name);
	if (!err)
		err = device_add(&p->dev);
	if (err) {
		NL_SET_ERR_MSG_FMT(extack, "partition %s: no device could be made",
				   p->name);
		put_device(&p->dev);
		goto unlock;
	}

	list_for_each_entry(pos, &vpart_partitions, entry)
		if (pos->id > p->id)
			break;
	list_add_tail_rcu(&p->entry, &pos->entry);
	vpart_last_partition = max(vpart_last_partition, p->id);
	vpart_nr_partitions++;
	vpart_partition_gen++;
	n->nr_partitions++;
	*id = p->id;
	vpart_notify(VPART_OBJECT_PARTITION, p->id, p->name,
		     VPART_EVENT_TYPE_CREATE, "created on node %s, pool %u",
		     n->name, p->pool);
unlock:
	vpart_config_unlock(noio);
	return err;
}

/**
 * vpart_partition_set() - a partition fails, or returns
 * @id: its id, or 0
 * @name: its name, or NULL
 * @state: its new state; the one it has is no change
 * @extack: gets a sentence on failure
 *
 * The links of its adapters follow by themselves.
 *
 * Context: Process context; takes vpart_config.
 * Return: 0, -EINVAL or -ENOENT.
 */
int vpart_partition_set(u32 id, const char *name, enum vpart_state state,
			struct netlink_ext_ack *extack)
{
	bool failed = state == VPART_STATE_FAILED;
	struct vpart_partition *p;
	struct vpart_link *link;
	unsigned int noio, side;
	int err = 0;

	noio = vpart_config_lock();
	p = vpart_partition_find(id, name, extack);
	if (IS_ERR(p)) {
		err = PTR_ERR(p);
		goto unlock;
	}
	if (p->state == state)
		goto unlock;

	spin_lock_irq(&p->lock);
	WRITE_ONCE(p->state, state);
	p->since = ktime_get();
	uuid_gen(&p->boot);
	spin_unlock_irq(&p->lock);
	vpart_partition_gen++;
	pr_info("partition %s: %s\n", p->name,
		failed ? "running -> failed" : "failed -> running");
	vpart_notify(VPART_OBJECT_PARTITION, p->id, p->name,
		     VPART_EVENT_TYPE_CHANGE, failed ? "failed" : "running");

	list_for_each_entry(link, &vpart_links, entry)
		for (side = 0; side < 2; side++)
			if (link->part[side] == p)
				vpart_link_partition(link, side, state);
unlock:
	vpart_config_unlock(noio);
	return err;
}

static void vpart_partition_destroy(struct vpart_partition *p)
{
	lockdep_assert_held(&vpart_config);
	list_del_rcu(&p->entry);
	vpart_nr_partitions--;
	vpart_partition_gen++;
	p->node->nr_partitions--;
	vpart_notify(VPART_OBJECT_PARTITION, p->id, p->name,
		     VPART_EVENT_TYPE_DELETE, "deleted");
	device_del(&p->dev);
	put_device(&p->dev);
}

/**
 * vpart_partition_del() - delete a partition that has no adapters
 * @id: its id, or 0
 * @name: its name, or NULL
 * @extack: gets a sentence on failure
 *
 * Context: Process context; takes vpart_config. Attributes of a partition are
 * shown without it, so device_del() may be called under it.
 * Return: 0, -EINVAL, -ENOENT or -EBUSY.
 */
int vpart_partition_del(u32 id, const char *name,
			struct netlink_ext_ack *extack)
{
	struct vpart_partition *p;
	unsigned int noio;
	int err = 0;

	noio = vpart_config_lock();
	p = vpart_partition_find(id, name, extack);
	if (IS_ERR(p)) {
		err = PTR_ERR(p);
	} else if (p->nr_adapters) {
		NL_SET_ERR_MSG_FMT(extack, "partition %s has %u adapters: delete them first",
				   p->name, p->nr_adapters);
		err = -EBUSY;
	} else {
		vpart_partition_destroy(p);
	}
	vpart_config_unlock(noio);
	return err;
}

/**
 * vpart_partition_del_all() - delete every partition, at module exit
 *
 * Context: Process context; the adapters are gone.
 */
void vpart_partition_del_all(void)
{
	struct vpart_partition *p, *next;
	unsigned int noio;

	noio = vpart_config_lock();
	list_for_each_entry_safe(p, next, &vpart_partitions, entry)
		vpart_partition_destroy(p);
	vpart_last_partition = 0;
	vpart_config_unlock(noio);
}
