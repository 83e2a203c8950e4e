// SPDX-License-Identifier: GPL-2.0
/*
 * Adapter pairs: a client's adapter in one partition, a server's in another.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/kmod.h>
#include <linux/netlink.h>
#include <linux/slab.h>

#include "vpart.h"

/* Under vpart_config; sorted by id. The generation tells dumps of a change. */
LIST_HEAD(vpart_links);
DEFINE_SPINLOCK(vpart_links_lock);	/* changes of the list; inside of vpart_config */
unsigned int vpart_adapter_gen;

static unsigned int vpart_nr_links;
static u32 vpart_last_link;

static const char * const vpart_side_names[] = {
	[VPART_SIDE_CLIENT] = "client",
	[VPART_SIDE_SERVER] = "server",
};

/**
 * vpart_link_order() - where a link stands among all
 * @link: link
 *
 * By id; of a pair with a link for each end the client's is first.
 *
 * Return: a number that no other link has, at least 2.
 */
u64 vpart_link_order(const struct vpart_link *link)
{
	return vpart_link_id(link) * 2ULL + (vpart_here(link, VPART_SIDE_CLIENT) ? 0 : 1);
}

/**
 * vpart_adapter_lookup() - look an adapter pair up
 * @id: its id, or 0
 * @name: its name, or NULL
 * @side: an end of it that shall be here, or VPART_SIDE_ANY
 * @extack: gets a sentence on failure
 *
 * Context: vpart_config held.
 * Return: its link, ERR_PTR(-EINVAL) if nothing names it, ERR_PTR(-ENOENT).
 */
struct vpart_link *vpart_adapter_lookup(u32 id, const char *name, int side,
					struct netlink_ext_ack *extack)
{
	struct vpart_link *link, *found = NULL;

	lockdep_assert_held(&vpart_config);
	if (!id && !name) {
		NL_SET_ERR_MSG(extack, "which adapter: give its id or its name");
		return ERR_PTR(-EINVAL);
	}
	list_for_each_entry(link, &vpart_links, entry) {
		if (!link->live)
			continue;
		if (side != VPART_SIDE_ANY && !vpart_here(link, side))
			continue;
		if (id ? vpart_link_id(link) != id :
		    strcmp(vpart_link_name(link), name))
			continue;
		if (name && strcmp(vpart_link_name(link), name)) {
			NL_SET_ERR_MSG_FMT(extack, "adapter %u has another name: %s",
					   id, vpart_link_name(link));
			return ERR_PTR(-EINVAL);
		}
		/* A pair that leaves this kernel and comes back has two links. */
		if (found) {
			NL_SET_ERR_MSG_FMT(extack, "both ends of adapter %s are here: say which side",
					   vpart_link_name(link));
			return ERR_PTR(-EINVAL);
		}
		found = link;
	}
	if (found)
		return found;
	if (id)
		NL_SET_ERR_MSG_FMT(extack, "there is no adapter %u", id);
	else
		NL_SET_ERR_MSG_FMT(extack, "there is no adapter %.31s", name);
	return ERR_PTR(-ENOENT);
}

static void vpart_adapter_release(struct device *dev)
{
	vpart_link_put(to_vpart_adapter(dev)->link);
}

static bool vpart_slot_used(const struct vpart_partition *p, u32 slot)
{
	struct vpart_link *link;
	unsigned int side;

	list_for_each_entry(link, &vpart_links, entry)
		for (side = 0; side < 2; side++)
			if (vpart_here(link, side) && link->part[side] == p &&
			    link->adapter[side].slot == slot)
				return true;
	return false;
}

static int vpart_slot_choose(const struct vpart_partition *p, u32 want,
			     u32 *slot, struct netlink_ext_ack *extack)
{
	if (want) {
		if (vpart_slot_used(p, want)) {
			NL_SET_ERR_MSG_FMT(extack, "slot %u of partition %s is taken",
					   want, p->name);
			return -EEXIST;
		}
		*slot = want;
		return 0;
	}
	/* A partition has no more adapters than there are: one is free. */
	for (*slot = 1; vpart_slot_used(p, *slot); ++*slot)
		;
	return 0;
}

static int vpart_adapter_check(const struct vpart_adapter_args *args,
			       const char *name, u8 ends,
			       struct vpart_partition *part[2],
			       struct netlink_ext_ack *extack)
{
	struct vpart_partition *client = part[VPART_SIDE_CLIENT];
	struct vpart_partition *server = part[VPART_SIDE_SERVER];
	bool same_name, same_id;
	struct vpart_link *link;

	if (client == server) {
		NL_SET_ERR_MSG_FMT(extack, "both ends are partition %s",
				   client->name);
		return -EINVAL;
	}
	if (client->role != VPART_ROLE_CLIENT) {
		NL_SET_ERR_MSG_FMT(extack, "partition %s is no client",
				   client->name);
		return -EINVAL;
	}
	if (server->role != VPART_ROLE_VIOS) {
		NL_SET_ERR_MSG_FMT(extack, "partition %s is no VIOS",
				   server->name);
		return -EINVAL;
	}
	if (vpart_nr_links >= VPART_ADAPTERS_MAX) {
		NL_SET_ERR_MSG_FMT(extack, "there are %d adapters already",
				   VPART_ADAPTERS_MAX);
		return -ENOSPC;
	}
	if (args->remote && !args->id) {
		NL_SET_ERR_MSG(extack, "an adapter to another kernel needs an id, the same at both ends");
		return -EINVAL;
	}
	list_for_each_entry(link, &vpart_links, entry) {
		same_name = !strcmp(vpart_link_name(link), name);
		same_id = args->id && vpart_link_id(link) == args->id;
		/* A pair may leave this kernel and come back: its other end */
		if (same_name && same_id && !(link->ends & ends))
			continue;
		if (same_name) {
			NL_SET_ERR_MSG_FMT(extack, "there is an adapter %s already",
					   name);
			return -EEXIST;
		}
		if (same_id) {
			NL_SET_ERR_MSG_FMT(extack, "id %u is adapter %s's",
					   args->id, vpart_link_name(link));
			return -EEXIST;
		}
	}
	if (!args->id && vpart_last_link >= VPART_ID_MAX) {
		NL_SET_ERR_MSG(extack, "no id is left to assign: give one");
		return -ENOSPC;
	}
	return 0;
}

static int vpart_adapter_name(const struct vpart_adapter_args *args,
			      char name[VPART_NAME_SIZE],
			      struct netlink_ext_ack *extack)
{
	int err;

	if (!args->name) {
		if (snprintf(name, VPART_NAME_SIZE, "%s-%s", args->client,
			     args->server) < VPART_NAME_SIZE)
			return 0;
		NL_SET_ERR_MSG_FMT(extack, "<client>-<server> is too long (%d): give a name",
				   VPART_NAME_MAX);
		return -EINVAL;
	}
	err = vpart_name_check(args->name, extack);
	if (!err)
		strscpy(name, args->name, VPART_NAME_SIZE);
	return err;
}

/* Off every list; the devices were never added, or were deleted. */
static void vpart_adapter_unlist(struct vpart_link *link)
{
	lockdep_assert_held(&vpart_config);
	spin_lock(&vpart_links_lock);
	list_del(&link->entry);
	spin_unlock(&vpart_links_lock);
	link->part[VPART_SIDE_CLIENT]->nr_adapters--;
	link->part[VPART_SIDE_SERVER]->nr_adapters--;
	vpart_nr_links--;
	vpart_adapter_gen++;
}

static int vpart_adapter_strings(struct vpart_link *link,
				 const struct vpart_adapter_args *args)
{
	if (!args->remote)
		return 0;
	link->address = kstrdup(args->address, GFP_KERNEL);
	link->key = args->key ? kstrdup(args->key, GFP_KERNEL) : NULL;
	link->digest = args->digest;
	link->poll = args->poll;
	return link->address && (link->key || !args->key) ? 0 : -ENOMEM;
}

/* Listed, but not live: its names and slots are taken, nobody finds it. */
static struct vpart_link *vpart_adapter_prepare(const struct vpart_adapter_args *args,
						const struct vpart_fabric_ops *fabric,
						struct netlink_ext_ack *extack)
{
	u8 ends = args->remote ? BIT(args->side) :
				 BIT(VPART_SIDE_CLIENT) | BIT(VPART_SIDE_SERVER);
	struct vpart_partition *part[2];
	char name[VPART_NAME_SIZE];
	struct vpart_link *link, *pos;
	struct vpart_adapter *a;
	unsigned int side;
	u64 port_name;
	u32 slot[2];
	int err;

	lockdep_assert_held(&vpart_config);
	part[VPART_SIDE_CLIENT] = vpart_partition_find(0, args->client, extack);
	if (IS_ERR(part[VPART_SIDE_CLIENT]))
		return ERR_CAST(part[VPART_SIDE_CLIENT]);
	part[VPART_SIDE_SERVER] = vpart_partition_find(0, args->server, extack);
	if (IS_ERR(part[VPART_SIDE_SERVER]))
		return ERR_CAST(part[VPART_SIDE_SERVER]);
	err = vpart_adapter_name(args, name, extack);
	if (err)
		return ERR_PTR(err);
	err = vpart_adapter_check(args, name, ends, part, extack) ?:
	      vpart_vport_admit(args, name, ends, &port_name, extack);
	if (err)
		return ERR_PTR(err);
	for (side = 0; side < 2; side++) {
		/* A slot of a partition elsewhere is for that kernel to choose. */
		slot[side] = args->slot[side];
		if (!(ends & BIT(side)))
			continue;
		err = vpart_slot_choose(part[side], args->slot[side],
					&slot[side], extack);
		if (err)
			return ERR_PTR(err);
	}

	link = vpart_link_alloc(fabric, ends);
	if (!link)
		return ERR_PTR(-ENOMEM);
	if (vpart_adapter_strings(link, args)) {
		vpart_link_discard(link);
		return ERR_PTR(-ENOMEM);
	}
	link->path_loss = args->path_loss ?: VPART_PATH_LOSS_DEFAULT;
	link->port_name = port_name;
	link->parent = args->parent;
	if (link->parent)
		vpart_link_get(link->parent);
	for (side = 0; side < 2; side++) {
		a = &link->adapter[side];
		a->link = link;
		a->side = side;
		a->id = args->id ?: vpart_last_link + 1;
		a->slot = slot[side];
		strscpy(a->name, name, sizeof(a->name));
		link->part[side] = part[side];
		get_device(&part[side]->dev);
		part[side]->nr_adapters++;
		if (!(ends & BIT(side)))
			continue;
		device_initialize(&a->dev);
		a->dev.parent = &part[side]->dev;
		a->dev.bus = &vpart_bus;
		a->dev.release = vpart_adapter_release;
	}
	list_for_each_entry(pos, &vpart_links, entry)
		if (vpart_link_order(pos) > vpart_link_order(link))
			break;
	spin_lock(&vpart_links_lock);
	list_add_tail(&link->entry, &pos->entry);
	spin_unlock(&vpart_links_lock);
	vpart_nr_links++;
	vpart_last_link = max(vpart_last_link, vpart_link_id(link));
	return link;
}

static void vpart_adapter_put_devices(struct vpart_link *link)
{
	u8 ends = link->ends;	/* the last reference takes the link along */
	unsigned int side;

	for (side = 0; side < 2; side++)
		if (ends & BIT(side))
			put_device(&link->adapter[side].dev);
}

static void vpart_adapter_del_devices(struct vpart_link *link, unsigned int sides)
{
	unsigned int side;

	for (side = 0; side < sides; side++)
		if (vpart_here(link, side))
			device_del(&link->adapter[side].dev);
}

/* Driver core and probes: no lock of ours is held. */
static int vpart_adapter_add(struct vpart_link *link,
			     const struct vpart_adapter_args *args,
			     struct netlink_ext_ack *extack)
{
	struct vpart_adapter *a;
	unsigned int side;
	int err;

	if (link->fabric->open) {
		err = link->fabric->open(link, args, extack);
		if (err) {
			/* It was listed: a change of its partitions has looked at it. */
			vpart_link_begin_remove(link);
			vpart_link_gone(link);
			return err;
		}
	}
	for (side = 0; side < 2; side++) {
		if (!vpart_here(link, side))
			continue;
		a = &link->adapter[side];
		err = dev_set_name(&a->dev, "%s.%s", a->name,
				   vpart_side_names[side]);
		if (!err)
			err = device_add(&a->dev);
		if (err)
			goto del;
	}
	return 0;

del:
	NL_SET_ERR_MSG_FMT(extack, "adapter %s: no device could be made",
			   vpart_link_name(link));
	/* Nobody used it: the link was not live. */
	vpart_link_begin_remove(link);
	vpart_adapter_del_devices(link, side);
	vpart_link_gone(link);
	if (link->fabric->close)
		link->fabric->close(link);
	return err;
}

/**
 * vpart_adapter_new() - make an adapter pair
 * @args: what it shall be
 * @id: gets its id
 * @extack: gets a sentence on failure
 *
 * Context: Process context; takes vpart_config, but not while drivers probe.
 * Return: 0, -EINVAL, -ENOENT, -EEXIST, -ENOSPC or -ENOMEM, or what the fabric
 * says to the arguments that are its own.
 */
int vpart_adapter_new(const struct vpart_adapter_args *args, u32 *id,
		      struct netlink_ext_ack *extack)
{
	const struct vpart_fabric_ops *fabric;
	struct vpart_link *link;
	unsigned int noio, side;
	int err;

	fabric = vpart_fabric_get(args->fabric ?: "local");
	if (!fabric) {
		NL_SET_ERR_MSG_FMT(extack, "there is no fabric %.31s",
				   args->fabric);
		return -EINVAL;
	}
	err = -EINVAL;
	if (args->remote && !fabric->open) {
		NL_SET_ERR_MSG_FMT(extack, "fabric %s has no addresses: both ends are here",
				   fabric->name);
		goto put_fabric;
	}
	if (!args->remote && fabric->open) {
		NL_SET_ERR_MSG_FMT(extack, "fabric %s leads to another kernel: give side and address",
				   fabric->name);
		goto put_fabric;
	}
	if (args->poll && !(fabric->caps & VPART_CAP_POLL)) {
		NL_SET_ERR_MSG_FMT(extack, "fabric %s cannot be polled: it has no poll queues",
				   fabric->name);
		goto put_fabric;
	}
	if (args->copy && fabric != &vpart_local) {
		NL_SET_ERR_MSG_FMT(extack, "copy is for the local fabric: links over %s own their pages anyway",
				   fabric->name);
		goto put_fabric;
	}
	if (args->copy)
		fabric = &vpart_local_copy;
	noio = vpart_config_lock();
	link = vpart_adapter_prepare(args, fabric, extack);
	vpart_config_unlock(noio);
	err = PTR_ERR_OR_ZERO(link);
	if (err)
		goto put_fabric;

	err = vpart_adapter_add(link, args, extack);
	if (!err)
		for (side = 0; side < 2; side++)
			if (vpart_here(link, side) &&
			    !link->adapter[side].dev.driver)
				request_module_nowait("vpart:%s",
						      vpart_side_names[side]);

	noio = vpart_config_lock();
	if (err) {
		vpart_adapter_unlist(link);
	} else {
		*id = vpart_link_id(link);
		link->live = true;
		vpart_adapter_gen++;
		vpart_notify(VPART_OBJECT_ADAPTER, *id, vpart_link_name(link),
			     VPART_EVENT_TYPE_CREATE, "created");
	}
	vpart_config_unlock(noio);
	if (err)
		vpart_adapter_put_devices(link);
put_fabric:
	vpart_fabric_put(fabric);
	return err;
}

/*
 * The client's drivers, of the pair and of its virtual ports, have time-outs of
 * their own, which are below and above it.
 */
static int vpart_adapter_loss(struct vpart_link *link, u32 path_loss,
			      struct netlink_ext_ack *extack)
{
	unsigned int min = 0, max = UINT_MAX;
	struct vpart_link *other;
	unsigned long flags;

	lockdep_assert_held(&vpart_config);
	spin_lock_irqsave(&link->lock, flags);
	list_for_each_entry(other, &vpart_links, entry) {
		if (other != link && other->parent != link)
			continue;
		min = max(min, other->loss_min);
		max = min(max, other->loss_max);
	}
	if (path_loss >= min && path_loss <= max)
		WRITE_ONCE(link->path_loss, path_loss);
	spin_unlock_irqrestore(&link->lock, flags);
	if (path_loss < min) {
		NL_SET_ERR_MSG_FMT(extack,
				   "a path loss time-out of %u s is below fast_io_fail_tmo, %u s",
				   path_loss, min);
		return -EINVAL;
	}
	if (path_loss > max) {
		NL_SET_ERR_MSG_FMT(extack,
				   "a path loss time-out of %u s is not below dev_loss_tmo, %u s",
				   path_loss, max + 1);
		return -EINVAL;
	}
	return 0;
}

/**
 * vpart_adapter_set() - change the path loss time-out of an adapter pair
 * @id: its id, or 0
 * @name: its name, or NULL
 * @side: which end, if the pair has a link of its own for each; VPART_SIDE_ANY
 * @path_loss: seconds, already checked
 * @extack: gets a sentence on failure
 *
 * Context: Process context; takes vpart_config.
 * Return: 0, -EINVAL or -ENOENT.
 */
int vpart_adapter_set(u32 id, const char *name, int side, u32 path_loss,
		      struct netlink_ext_ack *extack)
{
	struct vpart_link *link;
	unsigned int noio;
	int err = 0;

	noio = vpart_config_lock();
	link = vpart_adapter_lookup(id, name, side, extack);
	if (IS_ERR(link)) {
		err = PTR_ERR(link);
	} else if (link->parent) {
		NL_SET_ERR_MSG_FMT(extack, "a virtual port has its parent's: set that of %s",
				   vpart_link_name(link->parent));
		err = -EINVAL;
	} else if (link->path_loss != path_loss) {
		err = vpart_adapter_loss(link, path_loss, extack);
		if (err)
			goto unlock;
		vpart_adapter_gen++;
		vpart_notify(VPART_OBJECT_ADAPTER, vpart_link_id(link),
			     vpart_link_name(link), VPART_EVENT_TYPE_CHANGE,
			     "path loss time-out %u s", path_loss);
	}
unlock:
	vpart_config_unlock(noio);
	return err;
}

/* Devices off the bus, drivers off the devices, link and work at rest. */
static void vpart_adapter_destroy(struct vpart_link *link)
{
	unsigned int noio;

	vpart_adapter_del_devices(link, 2);
	vpart_link_gone(link);
	/* Nobody looks at it any more when the fabric's part goes. */
	noio = vpart_config_lock();
	link->live = false;
	vpart_adapter_gen++;
	vpart_config_unlock(noio);
	if (link->fabric->close)
		link->fabric->close(link);

	noio = vpart_config_lock();
	vpart_adapter_unlist(link);
	vpart_notify(VPART_OBJECT_ADAPTER, vpart_link_id(link),
		     vpart_link_name(link), VPART_EVENT_TYPE_DELETE, "deleted");
	vpart_config_unlock(noio);
	vpart_adapter_put_devices(link);
}

/**
 * vpart_adapter_del() - delete an adapter pair
 * @id: its id, or 0
 * @name: its name, or NULL
 * @side: which end, if the pair has a link of its own for each; VPART_SIDE_ANY
 * @extack: gets a sentence on failure
 *
 * The link goes down first. If the server does not let go of its calls within
 * VPART_DRAIN_WAIT, the pair stays and its link comes back.
 *
 * Context: Process context; takes vpart_config, but not while it waits.
 * Return: 0, -EINVAL, -ENOENT or -EBUSY.
 */
int vpart_adapter_del(u32 id, const char *name, int side,
		      struct netlink_ext_ack *extack)
{
	struct vpart_link *link;
	unsigned int noio, open;
	struct vpart_oldest old;

	noio = vpart_config_lock();
	link = vpart_adapter_lookup(id, name, side, extack);
	if (!IS_ERR(link) && link->removing) {
		NL_SET_ERR_MSG_FMT(extack, "adapter %s is being deleted already",
				   vpart_link_name(link));
		link = ERR_PTR(-EBUSY);
	}
	if (!IS_ERR(link) && vpart_vport_none(link, extack))
		link = ERR_PTR(-EBUSY);
	/* Ours to delete from here: a second deletion is refused above. */
	if (!IS_ERR(link))
		vpart_link_begin_remove(link);
	vpart_config_unlock(noio);
	if (IS_ERR(link))
		return PTR_ERR(link);

	if (vpart_link_wait_down(link)) {
		open = vpart_calls_open(link, &old);
		NL_SET_ERR_MSG_FMT(extack,
				   "server still holds %u commands, oldest for %llu ms (queue %u, tag %u)",
				   open, old.age_ms, old.queue, old.tag);
		vpart_link_unremove(link);
		return -EBUSY;
	}
	vpart_adapter_destroy(link);
	return 0;
}

/**
 * vpart_adapter_del_all() - delete every adapter pair, at module exit
 *
 * Context: Process context; no driver is registered, so no link is up.
 */
void vpart_adapter_del_all(void)
{
	struct vpart_link *link;

	for (;;) {
		link = list_first_entry_or_null(&vpart_links, struct vpart_link,
						entry);
		if (!link)
			break;
		vpart_link_begin_remove(link);
		vpart_adapter_destroy(link);
	}
	vpart_last_link = 0;
}

/**
 * vpart_find_server() - find the server's end of an adapter pair
 * @name: name of the pair
 *
 * Context: Process context; takes the configuration mutex.
 * Return: the adapter, to be given back with vpart_adapter_put(), or NULL.
 */
struct vpart_adapter *vpart_find_server(const char *name)
{
	struct vpart_adapter *a = NULL;
	struct vpart_link *link;
	unsigned int noio;

	noio = vpart_config_lock();
	link = vpart_adapter_lookup(0, name, VPART_SIDE_SERVER, NULL);
	if (!IS_ERR(link) && !link->removing) {
		a = &link->adapter[VPART_SIDE_SERVER];
		get_device(&a->dev);
	}
	vpart_config_unlock(noio);
	return a;
}
EXPORT_SYMBOL_GPL(vpart_find_server);

/**
 * vpart_adapter_put() - give back what vpart_find_server() found
 * @a: adapter
 *
 * Context: Process context.
 */
void vpart_adapter_put(struct vpart_adapter *a)
{
	put_device(&a->dev);
}
EXPORT_SYMBOL_GPL(vpart_adapter_put);

/**
 * vpart_peer() - who is at the other end
 * @a: adapter
 * @peer: gets the answer
 *
 * Context: Any, never sleeps.
 */
void vpart_peer(const struct vpart_adapter *a, struct vpart_peer *peer)
{
	struct vpart_partition *p = a->link->part[vpart_other(a)->side];
	unsigned long flags;

	peer->uuid = p->uuid;
	if (vpart_here(a->link, vpart_other(a)->side)) {
		peer->boot = vpart_partition_boot(p, NULL);
	} else {
		spin_lock_irqsave(&a->link->lock, flags);
		peer->boot = a->link->peer_boot;
		spin_unlock_irqrestore(&a->link->lock, flags);
	}
	peer->adapter_id = a->id;
	strscpy(peer->partition, p->name, sizeof(peer->partition));
}
EXPORT_SYMBOL_GPL(vpart_peer);

/**
 * vpart_path_loss() - how long a client holds commands of a link that is down
 * @a: adapter
 *
 * Context: Any.
 * Return: seconds; may change at any time.
 */
unsigned int vpart_path_loss(const struct vpart_adapter *a)
{
	const struct vpart_link *link = a->link->parent ?: a->link;

	return READ_ONCE(link->path_loss);
}
EXPORT_SYMBOL_GPL(vpart_path_loss);

/**
 * vpart_bound_path_loss() - have the path loss time-out stay between two others
 * @a: client's adapter
 * @min: seconds, the least that it may be
 * @max: seconds, the most
 *
 * Context: Any.
 * Return: 0; -ERANGE: it is not between them now, and nothing was changed.
 */
int vpart_bound_path_loss(struct vpart_adapter *a, unsigned int min, unsigned int max)
{
	struct vpart_link *link = a->link, *owner = link->parent ?: link;
	unsigned long flags;
	int ret = -ERANGE;

	spin_lock_irqsave(&owner->lock, flags);
	if (owner->path_loss >= min && owner->path_loss <= max) {
		link->loss_min = min;
		link->loss_max = max;
		ret = 0;
	}
	spin_unlock_irqrestore(&owner->lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(vpart_bound_path_loss);

/**
 * vpart_poll_queues() - how many queues of its own a client shall poll
 * @a: client's adapter
 *
 * Context: Any.
 * Return: a number, 0 without VPART_CAP_POLL; never changes.
 */
unsigned int vpart_poll_queues(const struct vpart_adapter *a)
{
	return a->link->poll;
}
EXPORT_SYMBOL_GPL(vpart_poll_queues);

/**
 * vpart_remote() - is the other end in another kernel, as far as the fabric knows?
 * @a: adapter
 *
 * Context: Any.
 * Return: false on the local fabric.
 */
bool vpart_remote(const struct vpart_adapter *a)
{
	return !vpart_here(a->link, vpart_other(a)->side);
}
EXPORT_SYMBOL_GPL(vpart_remote);
