// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Does a configuration contradict what exists? What exists and is the same is
 * left as it is, what is missing is made: anything else is for a person to
 * decide, so the first contradiction is told and nothing is done.
 */
#include <errno.h>
#include <string.h>
#include "config.h"

static int contradicts(struct vpart *v, const char *what, const char *name, const char *how,
		       const char *other)
{
	return vpart_fail(v, EEXIST, VPART_CODE_FAILED,
			  "%s %s of the file contradicts what exists: %s%s%s", what, name, how,
			  other[0] ? " " : "", other);
}

static int check_nodes(struct vpart *v, const struct config *want, const struct config *have)
{
	const struct vpart_node *w, *h;

	config_each(w, &want->nodes) {
		config_each(h, &have->nodes) {
			bool same = !strcmp(w->name, h->name);
			bool uuid = !memcmp(w->uuid, h->uuid, sizeof(w->uuid));

			if (same && !uuid)
				return contradicts(v, "node", w->name, "it has another UUID", "");
			if (same && w->id != h->id)
				return contradicts(v, "node", w->name, "it has another id", "");
			if (!same && uuid)
				return contradicts(v, "node", w->name, "its UUID is of node",
						   h->name);
			if (!same && w->id == h->id)
				return contradicts(v, "node", w->name, "its id is of node",
						   h->name);
		}
	}
	return 0;
}

/* What differs in a partition of the same name; NULL: nothing. */
static const char *other_partition(const struct vpart_partition *a,
				   const struct vpart_partition *b)
{
	return memcmp(a->uuid, b->uuid, sizeof(a->uuid)) ? "it has another UUID" :
	       a->id != b->id ? "it has another id" :
	       a->role != b->role ? "it has another role" :
	       strcmp(a->node, b->node) ? "it is on another node" :
	       a->pool != b->pool ? "it has another pool number" : NULL;
}

static int check_partitions(struct vpart *v, const struct config *want, const struct config *have)
{
	const struct vpart_partition *w, *h;
	const char *how;

	config_each(w, &want->partitions) {
		config_each(h, &have->partitions) {
			if (!strcmp(w->name, h->name)) {
				how = other_partition(w, h);
				if (how)
					return contradicts(v, "partition", w->name, how, "");
				continue;
			}
			how = !memcmp(w->uuid, h->uuid, sizeof(w->uuid)) ?
				      "its UUID is of partition" :
			      w->id == h->id ? "its id is of partition" :
			      w->pool == h->pool && !strcmp(w->node, h->node) ?
				      "its pool number is of partition" : NULL;
			if (how)
				return contradicts(v, "partition", w->name, how, h->name);
		}
	}
	return 0;
}

static const char *other_pair(const struct vpart_pair *a, const struct vpart_pair *b)
{
	return a->id != b->id ? "it has another id" :
	       strcmp(a->client, b->client) ? "it has another client" :
	       strcmp(a->server, b->server) ? "it has another server" :
	       strcmp(a->fabric, b->fabric) ? "it has another fabric" :
	       a->copy != b->copy ? "it differs in copy" :
	       /* That of a partition elsewhere is for the other kernel to choose. */
	       ((a->ends & VPART_END_CLIENT) && a->client_slot != b->client_slot) ||
	       ((a->ends & VPART_END_SERVER) && a->server_slot != b->server_slot) ?
		       "it is in another slot" :
	       strcmp(a->address, b->address) ? "it has another address" :
	       strcmp(a->key, b->key) ? "it has another key" :
	       a->digest != b->digest ? "it has another digest" :
	       a->poll != b->poll ? "it has another number of poll queues" :
	       strcmp(a->netns, b->netns) ? "it is in another network namespace" :
	       strcmp(a->parent, b->parent) ? "it has another parent" :
	       a->port_name != b->port_name ? "it has another port name" : NULL;
}

/* Is what exists, of another name or the other end of a link, in the way? */
static const char *in_the_way(const struct vpart_pair *w, const struct vpart_pair *h)
{
	unsigned int both = w->ends & h->ends;
	bool same_id = w->id == h->id;

	if (!strcmp(w->name, h->name))
		return both || !same_id ? "its ends or its id are not those of pair" : NULL;
	return same_id ? "its id is of pair" :
	       w->port_name && w->port_name == h->port_name ? "its port name is of pair" :
	       ((both & VPART_END_CLIENT) && !strcmp(w->client, h->client) &&
		w->client_slot == h->client_slot) ||
	       ((both & VPART_END_SERVER) && !strcmp(w->server, h->server) &&
		w->server_slot == h->server_slot) ? "its slot is of pair" : NULL;
}

static int check_pairs(struct vpart *v, const struct config *want, const struct config *have)
{
	const struct vpart_pair *w, *h;
	const char *how;

	config_each(w, &want->pairs) {
		config_each(h, &have->pairs) {
			if (config_same_pair(w, h)) {
				how = other_pair(w, h);
				if (how)
					return contradicts(v, "adapter pair", w->name, how, "");
				continue;
			}
			how = in_the_way(w, h);
			if (how)
				return contradicts(v, "adapter pair", w->name, how, h->name);
		}
	}
	return 0;
}

/* @h: a backstore or a mapping of one, perhaps put there by another tool. */
static int check_lu(struct vpart *v, const struct config_lu *w, const struct vpart_lu *h)
{
	bool same = !strcmp(w->name, h->name);
	bool uuid = h->uuid_valid && !memcmp(w->uuid, h->uuid, sizeof(w->uuid));
	struct config_device now;

	if (same && !uuid)
		return contradicts(v, "LU", w->name, "it has another UUID", "");
	if (!same && uuid)
		return contradicts(v, "LU", w->name, "its UUID is of LU", h->name);
	if (!same)
		return 0;
	if (h->recorded && !w->device.file && !strcmp(w->device.id, h->identity))
		return 0;
	/* A backstore that nobody sees is in the way of this LU alone: restore_lu(). */
	if (!h->pair[0])
		return 0;
	if (!h->device[0] || config_device_look(v, h->device, &now))
		return contradicts(v, "LU", w->name, "nobody can tell what it is on", "");
	if (!config_device_same(&w->device, &now))
		return contradicts(v, "LU", w->name, "it is on another device:", now.path);
	return 0;
}

/* One LUN: @w of the LU @name, against what exists at that pair. */
static int check_map(struct vpart *v, const struct config_map *w, const char *name,
		     const struct vpart_lu *h)
{
	if (strcmp(w->pair, h->pair))
		return 0;
	if (!strcmp(name, h->name) && w->lun != h->lun)
		return contradicts(v, "LU", name, "it has another number at adapter pair", h->pair);
	if (strcmp(name, h->name) && w->lun == h->lun)
		return contradicts(v, "LU", name, "its number is taken by LU", h->name);
	return 0;
}

static int check_lus(struct vpart *v, const struct config *want, const struct vpart_lu *lus,
		     size_t n)
{
	const struct config_lu *w, *first = want->lus.data;
	const struct config_map *m;
	int ret = 0;
	size_t i;

	config_each(w, &want->lus)
		for (i = 0; i < n && !ret; i++)
			ret = check_lu(v, w, &lus[i]);
	config_each(m, &want->maps)
		for (i = 0; i < n && !ret; i++)
			ret = check_map(v, m, first[m->lu].name, &lus[i]);
	return ret;
}

/* Is a leg that runs the one of the file? A missing one may become it. */
static bool same_leg(const struct config_leg *w, const struct config_leg *h)
{
	if (w->missing || h->missing)
		return true;
	if (w->lu[0] || h->lu[0])
		return !strcmp(w->lu, h->lu);
	return config_device_same(&w->device, &h->device);
}

static int check_mirrors(struct vpart *v, const struct config *want, const struct config *have)
{
	const struct config_mirror *w, *h;
	int i;

	config_each(w, &want->mirrors) {
		config_each(h, &have->mirrors) {
			bool same = !strcmp(w->name, h->name);
			bool uuid = !memcmp(w->uuid, h->uuid, sizeof(w->uuid));

			if (same && !uuid)
				return contradicts(v, "mirror", w->name, "it has another UUID", "");
			if (!same && uuid)
				return contradicts(v, "mirror", w->name, "its UUID is of mirror",
						   h->name);
			for (i = 0; same && i < VPART_MIRROR_LEGS; i++)
				if (!same_leg(&w->legs[i], &h->legs[i]))
					return contradicts(v, "mirror", w->name,
							   i ? "its leg 1 is" : "its leg 0 is",
							   h->legs[i].lu[0] ? h->legs[i].lu :
							   h->legs[i].device.path);
		}
	}
	return 0;
}

/* 0, or -EEXIST with the first contradiction. @lus: all that exist. */
int config_check(struct vpart *v, const struct config *want, const struct config *have,
		 const struct vpart_lu *lus, size_t n)
{
	int ret = check_nodes(v, want, have);

	if (!ret)
		ret = check_partitions(v, want, have);
	if (!ret)
		ret = check_pairs(v, want, have);
	if (!ret)
		ret = check_lus(v, want, lus, n);
	if (!ret)
		ret = check_mirrors(v, want, have);
	return ret;
}
