// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual ports: adapter pairs that hang on another pair, their parent.
 *
 * A virtual port has a link of its own, so that no workload takes another's
 * credits, and a port name: LUs are mapped to it, and by it the server knows who
 * logs in. What leads to the other end (partitions, fabric, copies or not, address,
 * key, digest) and the path loss time-out are the parent's.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/netlink.h>
#include <linux/random.h>

#include "vpart.h"

#define VPART_NAA_SHIFT		60
#define VPART_NAA_EXTENDED	2ULL	/* IEEE extended */
#define VPART_NAA_LOCAL		3ULL	/* assigned by who uses it */
#define VPART_NAA_REGISTERED	5ULL	/* IEEE registered */

/**
 * vpart_port_name_valid() - may a virtual port have this name
 * @port_name: 64 bits
 *
 * Return: true for an NAA name of the three kinds that have 64 bits.
 */
bool vpart_port_name_valid(u64 port_name)
{
	switch (port_name >> VPART_NAA_SHIFT) {
	case VPART_NAA_EXTENDED:
	case VPART_NAA_LOCAL:
	case VPART_NAA_REGISTERED:
		return true;
	default:
		return false;
	}
}

/* Is @link the other end of what shall be made: the pair comes back to this kernel */
static bool vpart_vport_twin(const struct vpart_link *link,
			     const struct vpart_adapter_args *args,
			     const char *name, u8 ends)
{
	return vpart_link_id(link) == args->id && !(link->ends & ends) &&
	       !strcmp(vpart_link_name(link), name);
}

/* Whose the port name is already, but for the other end of the same pair; or NULL */
static struct vpart_link *vpart_vport_named(u64 port_name,
					    const struct vpart_adapter_args *args,
					    const char *name, u8 ends)
{
	struct vpart_link *link;

	list_for_each_entry(link, &vpart_links, entry)
		if (link->port_name == port_name &&
		    !vpart_vport_twin(link, args, name, ends))
			return link;
	return NULL;
}

/* One that nobody here has; the other end's, if that is here. */
static u64 vpart_vport_name(const struct vpart_adapter_args *args, const char *name,
			    u8 ends)
{
	struct vpart_link *link;
	u64 port_name;

	list_for_each_entry(link, &vpart_links, entry)
		if (link->port_name && vpart_vport_twin(link, args, name, ends))
			return link->port_name;
	do {
		port_name = VPART_NAA_LOCAL << VPART_NAA_SHIFT |
			    (get_random_u64() & GENMASK_ULL(VPART_NAA_SHIFT - 1, 0));
	} while (vpart_vport_named(port_name, args, name, ends));
	return port_name;
}

/**
 * vpart_vport_admit() - is what shall be made in order, if it is a virtual port
 * @args: what it shall be
 * @name: its name
 * @ends: BIT(side) of those that are to be here
 * @port_name: gets its port name, given or made; 0 if it is no virtual port
 * @extack: gets a sentence on failure
 *
 * Context: vpart_config held. Whoever is admitted is listed before it is let go:
 * from then on the parent is not deleted.
 * Return: 0, -EBUSY if the parent goes, -EEXIST.
 */
int vpart_vport_admit(const struct vpart_adapter_args *args, const char *name, u8 ends,
		      u64 *port_name, struct netlink_ext_ack *extack)
{
	struct vpart_link *parent = args->parent, *other;

	lockdep_assert_held(&vpart_config);
	*port_name = 0;
	if (!parent)
		return 0;
	if (!parent->live || parent->removing) {
		NL_SET_ERR_MSG_FMT(extack, "adapter %s is being deleted", vpart_link_name(parent));
		return -EBUSY;
	}
	if (!args->port_name) {
		*port_name = vpart_vport_name(args, name, ends);
		return 0;
	}
	other = vpart_vport_named(args->port_name, args, name, ends);
	if (other) {
		NL_SET_ERR_MSG_FMT(extack, "port name %016llx is that of %s", args->port_name,
				   vpart_link_name(other));
		return -EEXIST;
	}
	*port_name = args->port_name;
	return 0;
}

/**
 * vpart_vport_none() - has an adapter pair no virtual ports
 * @parent: its link
 * @extack: gets a sentence on failure
 *
 * Context: vpart_config held.
 * Return: 0 or -EBUSY.
 */
int vpart_vport_none(const struct vpart_link *parent, struct netlink_ext_ack *extack)
{
	struct vpart_link *link, *first = NULL;
	unsigned int nr = 0;

	lockdep_assert_held(&vpart_config);
	list_for_each_entry(link, &vpart_links, entry) {
		if (link->parent != parent)
			continue;
		first = first ?: link;
		nr++;
	}
	if (!nr)
		return 0;
	if (nr == 1)
		NL_SET_ERR_MSG_FMT(extack, "delete its virtual port %s first",
				   vpart_link_name(first));
	else
		NL_SET_ERR_MSG_FMT(extack, "delete its %u virtual ports first, %s is one",
				   nr, vpart_link_name(first));
	return -EBUSY;
}

static struct vpart_link *vpart_vport_parent(const char *name, int side, const char *address,
					     struct netlink_ext_ack *extack)
{
	struct vpart_link *parent;

	lockdep_assert_held(&vpart_config);
	parent = vpart_adapter_lookup(0, name, side, extack);
	if (IS_ERR(parent))
		return parent;
	if (parent->parent) {
		NL_SET_ERR_MSG_FMT(extack, "adapter %s is a virtual port itself", name);
		return ERR_PTR(-EINVAL);
	}
	if (parent->fabric->exclusive && !address) {
		NL_SET_ERR_MSG_FMT(extack, "fabric %s has an address for each link: give one",
				   parent->fabric->name);
		return ERR_PTR(-EINVAL);
	}
	if (!parent->fabric->exclusive && address) {
		NL_SET_ERR_MSG(extack, "a virtual port has its parent's address");
		return ERR_PTR(-EINVAL);
	}
	vpart_link_get(parent);
	return parent;
}

/**
 * vpart_vport_new() - make a virtual port
 * @args: what is its own: id, name, slots, port name, address; gets what is its parent's
 * @name: its parent's
 * @side: the end that is meant, of a parent with two links; VPART_SIDE_ANY
 * @id: gets its id
 * @extack: gets a sentence on failure
 *
 * Context: Process context; takes vpart_config, but not while drivers probe.
 * Return: as vpart_adapter_new().
 */
int vpart_vport_new(struct vpart_adapter_args *args, const char *name, int side, u32 *id,
		    struct netlink_ext_ack *extack)
{
	struct vpart_link *parent;
	unsigned int noio;
	int err;

	noio = vpart_config_lock();
	parent = vpart_vport_parent(name, side, args->address, extack);
	vpart_config_unlock(noio);
	if (IS_ERR(parent))
		return PTR_ERR(parent);

	args->parent = parent;
	args->client = parent->part[VPART_SIDE_CLIENT]->name;
	args->server = parent->part[VPART_SIDE_SERVER]->name;
	args->fabric = parent->fabric->name;
	args->copy = parent->fabric == &vpart_local_copy;
	args->remote = parent->fabric->open;
	args->side = vpart_here(parent, VPART_SIDE_CLIENT) ? VPART_SIDE_CLIENT :
							     VPART_SIDE_SERVER;
	args->address = args->address ?: parent->address;
	args->key = parent->key;
	args->digest = parent->digest;
	args->poll = parent->poll;
	err = vpart_adapter_new(args, id, extack);
	vpart_link_put(parent);
	return err;
}

/**
 * vpart_port_name() - the port name of a virtual port
 * @a: adapter
 *
 * Context: Any.
 * Return: a 64-bit NAA name, or 0: it is no virtual port.
 */
u64 vpart_port_name(const struct vpart_adapter *a)
{
	return a->link->port_name;
}
EXPORT_SYMBOL_GPL(vpart_port_name);
