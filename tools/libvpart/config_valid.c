// SPDX-License-Identifier: LGPL-2.1-or-later
/* Does a configuration make sense in itself? Before anything is done with it. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"

const struct config_attrib *config_attribs_of(const struct config *c, size_t lu)
{
	const struct config_attrib *a = c->attribs.data;
	size_t from = 0, to = c->attribs.n, mid;

	while (from < to) {
		mid = from + (to - from) / 2;
		if (a[mid].lu < lu)
			from = mid + 1;
		else
			to = mid;
	}
	return a ? a + from : NULL;
}

/*
 * Two entries of one list must differ in name, id and uuid, where the entries
 * have them; @id is 0 and @uuid too if not. name is the first member of all.
 */
struct shape {
	const char	*what;
	size_t		name;
	size_t		id;
	size_t		uuid;
	bool		has_id;
	bool		has_uuid;
};

static int differ(struct vpart *v, const struct vpart_list *l, const struct shape *s)
{
	const char *a, *b, *end = (const char *)l->data + l->n * l->size;
	const char *name;

	for (a = l->data; a && a < end; a += l->size) {
		name = a + s->name;
		for (b = l->data; b < a; b += l->size) {
			if (!strcmp(name, b + s->name))
				return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
						  "%s %s is there twice", s->what, name);
			if (s->has_id && !memcmp(a + s->id, b + s->id, sizeof(uint32_t)))
				return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
						  "%s %s has the id of %s", s->what, name,
						  b + s->name);
			if (s->has_uuid && !memcmp(a + s->uuid, b + s->uuid, VPART_UUID_SIZE))
				return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
						  "%s %s has the UUID of %s", s->what, name,
						  b + s->name);
		}
	}
	return 0;
}

static const struct shape shapes[] = {
	{ "node", offsetof(struct vpart_node, name), offsetof(struct vpart_node, id),
	  offsetof(struct vpart_node, uuid), true, true },
	{ "partition", offsetof(struct vpart_partition, name),
	  offsetof(struct vpart_partition, id), offsetof(struct vpart_partition, uuid), true,
	  true },
	{ "LU", offsetof(struct config_lu, name), 0, offsetof(struct config_lu, uuid), false,
	  true },
	{ "mirror", offsetof(struct config_mirror, name), 0,
	  offsetof(struct config_mirror, uuid), false, true },
};

static int unknown(struct vpart *v, const char *what, const char *name, const char *other_what,
		   const char *other)
{
	return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
			  "%s %s names %s %s, which is not there or not of that kind", what, name,
			  other_what, other);
}

static int check_partitions(struct vpart *v, const struct config *c)
{
	const struct vpart_partition *p, *o;
	const struct vpart_node *n;

	config_each(p, &c->partitions) {
		config_each(n, &c->nodes)
			if (!strcmp(n->name, p->node))
				break;
		if (n == (const struct vpart_node *)c->nodes.data + c->nodes.n)
			return unknown(v, "partition", p->name, "node", p->node);
		config_each(o, &c->partitions)
			if (o != p && o->pool == p->pool && !strcmp(o->node, p->node))
				return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
						  "partitions %s and %s of node %s both have pool number %u",
						  p->name, o->name, p->node, p->pool);
	}
	return 0;
}

static bool is_partition(const struct config *c, const char *name, enum vpart_role role)
{
	const struct vpart_partition *p;

	config_each(p, &c->partitions)
		if (!strcmp(p->name, name))
			return p->role == role;
	return false;
}

/* The same pair, and the same of its ends. */
bool config_same_pair(const struct vpart_pair *a, const struct vpart_pair *b)
{
	return !strcmp(a->name, b->name) && a->ends == b->ends;
}

/* A link that leaves this kernel and comes back is two entries of one pair. */
static bool other_end(const struct vpart_pair *a, const struct vpart_pair *b)
{
	return !(a->ends & b->ends) && !strcmp(a->name, b->name) && a->id == b->id;
}

static bool same_slot(const struct vpart_pair *a, const struct vpart_pair *b)
{
	unsigned int both = a->ends & b->ends;

	return ((both & VPART_END_CLIENT) && !strcmp(a->client, b->client) &&
		a->client_slot == b->client_slot) ||
	       ((both & VPART_END_SERVER) && !strcmp(a->server, b->server) &&
		a->server_slot == b->server_slot);
}

static int check_two_pairs(struct vpart *v, const struct vpart_pair *p, const struct vpart_pair *o)
{
	if (other_end(p, o))
		return 0;
	if (!strcmp(o->name, p->name))
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID, "adapter pair %s is there twice",
				  p->name);
	if (o->id == p->id)
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID, "adapter pair %s has the id of %s",
				  o->name, p->name);
	if (p->port_name && p->port_name == o->port_name)
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "virtual port %s has the port name of %s", o->name, p->name);
	if (same_slot(p, o))
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "adapter pairs %s and %s want the same slot", p->name, o->name);
	return 0;
}

static int check_pairs(struct vpart *v, const struct config *c)
{
	const struct vpart_pair *p, *o;
	int ret = 0;

	config_each(p, &c->pairs) {
		if (!is_partition(c, p->client, VPART_ROLE_CLIENT))
			return unknown(v, "adapter pair", p->name, "client", p->client);
		if (!is_partition(c, p->server, VPART_ROLE_VIOS))
			return unknown(v, "adapter pair", p->name, "server", p->server);
		config_each(o, &c->pairs)
			if (o > p && !ret)
				ret = check_two_pairs(v, p, o);
	}
	return ret;
}

static int check_maps(struct vpart *v, const struct config *c)
{
	const struct config_lu *lus = c->lus.data;
	const struct config_map *m, *o;
	const struct vpart_pair *p;

	config_each(m, &c->maps) {
		config_each(p, &c->pairs)
			if (!strcmp(p->name, m->pair) && (p->ends & VPART_END_SERVER))
				break;
		if (p == (const struct vpart_pair *)c->pairs.data + c->pairs.n)
			return unknown(v, "LU", lus[m->lu].name, "adapter pair", m->pair);
		config_each(o, &c->maps)
			if (o != m && o->lun == m->lun && !strcmp(o->pair, m->pair))
				return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
						  "LUN %u of adapter pair %s is there twice: %s and %s",
						  m->lun, m->pair, lus[m->lu].name,
						  lus[o->lu].name);
	}
	return 0;
}

/* Two of these may be one device if they are neighbours in one of two orders. */
struct device {
	const struct config_lu	*lu;
	char			*real;	/* NULL: there is nothing at its path */
};

static const char *real_path(const struct device *d)
{
	return d->real ? d->real : d->lu->device.path;
}

static int by_id(const void *a, const void *b)
{
	const struct device *x = a, *y = b;

	return strcmp(x->lu->device.id, y->lu->device.id);
}

/* Of those at one path, who has no identity comes first. */
static int by_path(const void *a, const void *b)
{
	const struct device *x = a, *y = b;
	int order = strcmp(real_path(x), real_path(y));

	if (!order)
		order = x->lu->device.file - y->lu->device.file;
	return order ? order : by_id(a, b);
}

static int check_neighbours(struct vpart *v, const struct device *d, size_t n)
{
	const struct config_lu *a, *b;
	size_t i;

	for (i = 1; i < n; i++) {
		if (!config_device_same(&d[i - 1].lu->device, &d[i].lu->device))
			continue;
		/* As they are in the file. */
		a = d[i - 1].lu < d[i].lu ? d[i - 1].lu : d[i].lu;
		b = d[i - 1].lu < d[i].lu ? d[i].lu : d[i - 1].lu;
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "LUs %s and %s are on the same device", a->name, b->name);
	}
	return 0;
}

static int check_devices(struct vpart *v, const struct config *c)
{
	struct device *d = calloc(c->lus.n + 1, sizeof(*d));
	const struct config_lu *lu;
	size_t i = 0;
	int ret;

	if (!d)
		return vpart_no_memory(v);
	config_each(lu, &c->lus) {
		d[i].lu = lu;
		d[i++].real = realpath(lu->device.path, NULL);
	}
	qsort(d, i, sizeof(*d), by_id);
	ret = check_neighbours(v, d, i);
	if (!ret) {
		qsort(d, i, sizeof(*d), by_path);
		ret = check_neighbours(v, d, i);
	}
	while (i)
		free(d[--i].real);
	free(d);
	return ret;
}

static int check_legs(struct vpart *v, const struct config *c)
{
	const struct config_mirror *m, *o;
	const struct config_lu *lu;
	int i, j;

	config_each(m, &c->mirrors) {
		for (i = 0; i < VPART_MIRROR_LEGS; i++) {
			if (!m->legs[i].lu[0])
				continue;
			config_each(lu, &c->lus)
				if (!strcmp(lu->name, m->legs[i].lu))
					break;
			if (lu == (const struct config_lu *)c->lus.data + c->lus.n)
				return unknown(v, "mirror", m->name, "LU", m->legs[i].lu);
			config_each(o, &c->mirrors)
				for (j = 0; j < VPART_MIRROR_LEGS; j++)
					if ((o != m || j != i) &&
					    !strcmp(o->legs[j].lu, m->legs[i].lu))
						return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
								  "LU %s is two legs: of mirror %s and of %s",
								  m->legs[i].lu, o->name, m->name);
		}
	}
	return 0;
}

/* 0, or -EINVAL with a sentence that names the thing. */
int config_valid(struct vpart *v, const struct config *c)
{
	const struct vpart_list *lists[] = {
		&c->nodes, &c->partitions, &c->lus, &c->mirrors,
	};
	int ret = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lists) && !ret; i++)
		ret = differ(v, lists[i], &shapes[i]);
	if (!ret)
		ret = check_partitions(v, c);
	if (!ret)
		ret = check_pairs(v, c);
	if (!ret)
		ret = check_maps(v, c);
	if (!ret)
		ret = check_devices(v, c);
	if (!ret)
		ret = check_legs(v, c);
	return ret;
}
