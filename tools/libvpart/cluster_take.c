// SPDX-License-Identifier: LGPL-2.1-or-later
/* What of the database concerns a mounted node: for its local copy. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "internal.h"

#define TAKE_TRIES	3

static const enum vpart_cluster_type types[] = {
	VPART_CLUSTER_NODE, VPART_CLUSTER_CLIENT, VPART_CLUSTER_ADAPTER, VPART_CLUSTER_VOLUME,
	VPART_CLUSTER_LU, VPART_CLUSTER_MAP,
};

/* What an object is known by: its uuid, a map by those of its LU and its client. */
struct key {
	uint8_t	type;
	uint8_t	uuid[2 * VPART_UUID_SIZE];
};

/* All objects of the database, by their types. */
struct whole {
	struct vpart_cluster_object	*list[VPART_CLUSTER_VOLUME + 1];	/* by id */
	size_t				n[VPART_CLUSTER_VOLUME + 1];
	uint32_t			me;
	uint64_t			*client;	/* those with an adapter of this node */
	size_t				clients;
	uint64_t			*lu;		/* those that they see */
	size_t				lus;
};

static void whole_free(struct whole *w)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(w->list); i++)
		free(w->list[i]);
	free(w->client);
	free(w->lu);
	memset(w, 0, sizeof(*w));
}

static int by_id(const void *p, const void *q)
{
	const struct vpart_cluster_object *a = p, *b = q;

	return a->id < b->id ? -1 : a->id > b->id;
}

static int by_number(const void *p, const void *q)
{
	const uint64_t a = *(const uint64_t *)p, b = *(const uint64_t *)q;

	return a < b ? -1 : a > b;
}

static int by_key(const void *p, const void *q)
{
	return memcmp(p, q, sizeof(struct key));
}

static const struct vpart_cluster_object *find(const struct whole *w, enum vpart_cluster_type type,
					       uint64_t id)
{
	const struct vpart_cluster_object key = { .id = id };

	return w->n[type] ? bsearch(&key, w->list[type], w->n[type], sizeof(key), by_id) : NULL;
}

static bool in(uint64_t id, const uint64_t *list, size_t n)
{
	return n && bsearch(&id, list, n, sizeof(id), by_number);
}

/* --- what concerns the node --- */

/* A map names a client, and one adapter of it or none. */
static bool map_here(const struct whole *w, const struct vpart_cluster_object *map)
{
	const struct vpart_cluster_object *a;

	if (!map->adapter)
		return in(map->client, w->client, w->clients);
	a = find(w, VPART_CLUSTER_ADAPTER, map->adapter);
	return a && a->node == w->me;
}

/* Which clients, and which LUs by that. */
static int look(struct vpart *v, struct whole *w)
{
	const struct vpart_cluster_object *a = w->list[VPART_CLUSTER_ADAPTER];
	const struct vpart_cluster_object *m = w->list[VPART_CLUSTER_MAP];
	size_t i;

	w->client = calloc(w->n[VPART_CLUSTER_ADAPTER] + 1, sizeof(*w->client));
	w->lu = calloc(w->n[VPART_CLUSTER_MAP] + 1, sizeof(*w->lu));
	if (!w->client || !w->lu)
		return vpart_no_memory(v);
	for (i = 0; i < w->n[VPART_CLUSTER_ADAPTER]; i++)
		if (a[i].node == w->me)
			w->client[w->clients++] = a[i].client;
	qsort(w->client, w->clients, sizeof(*w->client), by_number);
	for (i = 0; i < w->n[VPART_CLUSTER_MAP]; i++)
		if (map_here(w, &m[i]))
			w->lu[w->lus++] = m[i].lu;
	qsort(w->lu, w->lus, sizeof(*w->lu), by_number);
	return 0;
}

static bool volume_here(const struct whole *w, const struct vpart_cluster_object *o)
{
	return o->owner == w->me || o->leg[0].node == w->me || o->leg[1].node == w->me;
}

static bool concerns(const struct whole *w, const struct vpart_cluster_object *o)
{
	const struct vpart_cluster_object *volume;

	switch (o->type) {
	case VPART_CLUSTER_NODE:
		return o->id == w->me;
	case VPART_CLUSTER_CLIENT:
		return in(o->id, w->client, w->clients);
	case VPART_CLUSTER_ADAPTER:
		return o->node == w->me;
	case VPART_CLUSTER_VOLUME:
		return volume_here(w, o);
	case VPART_CLUSTER_LU:
		volume = o->volume ? find(w, VPART_CLUSTER_VOLUME, o->volume) : NULL;
		return o->owner == w->me || (volume && volume_here(w, volume)) ||
		       in(o->id, w->lu, w->lus);
	case VPART_CLUSTER_MAP:
		return map_here(w, o);
	default:
		return false;
	}
}

static void take_one(const struct whole *w, const struct vpart_cluster_object *o,
		     struct vpart_cluster_copied *to)
{
	const struct vpart_cluster_object *lu, *client;

	memset(to, 0, sizeof(*to));
	to->o = *o;
	if (o->type != VPART_CLUSTER_MAP)
		return;
	lu = find(w, VPART_CLUSTER_LU, o->lu);
	client = find(w, VPART_CLUSTER_CLIENT, o->client);
	if (lu)
		memcpy(to->lu, lu->uuid, sizeof(to->lu));
	if (client)
		memcpy(to->client, client->uuid, sizeof(to->client));
}

/* Which are there, then as many are taken. */
static int take_those(struct vpart *v, const struct whole *w, struct vpart_cluster_copy *copy)
{
	struct vpart_list l = { .size = sizeof(struct vpart_cluster_copied) };
	struct vpart_cluster_copied *to;
	size_t t, i;

	for (t = 0; t < ARRAY_SIZE(types); t++) {
		for (i = 0; i < w->n[types[t]]; i++) {
			if (!concerns(w, &w->list[types[t]][i]) ||
			    l.n >= VPART_CLUSTER_COPY_OBJECTS)
				continue;
			to = vpart_list_add(&l);
			if (to)
				take_one(w, &w->list[types[t]][i], to);
		}
	}
	return vpart_list_done(v, 0, &l, &copy->list, &copy->n);
}

static struct key key_of(const struct vpart_cluster_copied *c)
{
	struct key key = { .type = (uint8_t)c->o.type };

	if (c->o.type == VPART_CLUSTER_MAP) {
		memcpy(key.uuid, c->lu, VPART_UUID_SIZE);
		memcpy(key.uuid + VPART_UUID_SIZE, c->client, VPART_UUID_SIZE);
	} else {
		memcpy(key.uuid, c->o.uuid, VPART_UUID_SIZE);
	}
	return key;
}

/* What of a copy the database has no longer. By uuid: an id may be another object's now. */
static int find_gone(struct vpart *v, const struct whole *w,
		     const struct vpart_cluster_copy *known, bool *gone)
{
	struct vpart_cluster_copied one;
	size_t t, i, n = 0, all = 1;
	struct key *keys, key;

	for (t = 0; t < ARRAY_SIZE(types); t++)
		all += w->n[types[t]];
	keys = calloc(all, sizeof(*keys));
	if (!keys)
		return vpart_no_memory(v);
	for (t = 0; t < ARRAY_SIZE(types); t++) {
		for (i = 0; i < w->n[types[t]]; i++) {
			take_one(w, &w->list[types[t]][i], &one);
			keys[n++] = key_of(&one);
		}
	}
	qsort(keys, n, sizeof(*keys), by_key);
	for (i = 0; i < known->n; i++) {
		key = key_of(&known->list[i]);
		gone[i] = !n || !bsearch(&key, keys, n, sizeof(key), by_key);
	}
	free(keys);
	return 0;
}

/* --- the point --- */

static int take_whole(struct vpart *v, const struct vpart_cluster_at *at, struct whole *w)
{
	size_t i;
	int ret;

	whole_free(w);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		ret = vpart_cluster_objects(v, at, types[i], &w->list[types[i]], &w->n[types[i]]);
		if (ret) {
			whole_free(w);
			return ret;
		}
		/* The kernel sorts some by what they are of. */
		if (w->n[types[i]])
			qsort(w->list[types[i]], w->n[types[i]], sizeof(*w->list[0]), by_id);
	}
	return 0;
}

/* The event with a number, as the repository has it; false: it is not there. */
static int take_event(struct vpart *v, const struct vpart_cluster_at *at, uint64_t seq,
		      struct vpart_cluster_point *p)
{
	struct vpart_cluster_events *e = vpart_cluster_events_open(v, at, seq, false);
	struct vpart_cluster_event ev;
	int ret;

	if (!e)
		return -vpart_last_error(v)->err;
	do {
		ret = vpart_cluster_events_next(e, &ev, 0);
	} while (ret > 0 && (ev.lost || ev.seq != seq));
	vpart_cluster_events_close(e);
	if (ret < 0)
		return ret;
	if (!ret)
		return -EAGAIN;
	p->event = seq;
	p->event_term = ev.term;
	p->event_commit = ev.commit;
	p->event_time = ev.time;
	return 0;
}

/**
 * vpart_cluster_copy_point - how far has the repository of a mounted node come?
 * @v: the handle
 * @at: the node, and its cluster
 * @known: what was known, or NULL
 * @now: where that goes
 * @is: the same, for vpart_cluster_copy_compare() with @known
 *
 * Return: 0; -EAGAIN: ask again; or another negative errno.
 */
int vpart_cluster_copy_point(struct vpart *v, const struct vpart_cluster_at *at,
			     const struct vpart_cluster_point *known,
			     struct vpart_cluster_point *now, struct vpart_cluster_point *is)
{
	struct vpart_cluster_mount m;
	unsigned int tries;
	int ret = -EAGAIN;

	/* An event may be dropped before it is read, if others come fast. */
	for (tries = 0; ret == -EAGAIN && tries < TAKE_TRIES; tries++) {
		memset(now, 0, sizeof(*now));
		ret = vpart_cluster_find(v, at, &m);
		if (ret)
			return ret;
		memcpy(now->repository, m.repository, sizeof(m.repository));
		now->generation = m.generation;
		now->term = m.term;
		now->commit = m.commit;
		if (m.last_event)
			ret = take_event(v, at, m.last_event, now);
		*is = *now;
		if (ret || !known || !known->event || known->event >= is->event)
			continue;
		if (known->event < m.first_event)
			is->event = m.first_event;
		else
			ret = take_event(v, at, known->event, is);
	}
	return ret == -EAGAIN ? vpart_fail(v, EAGAIN, VPART_CODE_FAILED,
					   "the database was changed while it was read") : ret;
}

/**
 * vpart_cluster_copy_take - read what concerns a mounted node
 * @v: the handle
 * @at: the node, and its cluster
 * @known: what was known of it, or NULL
 * @now: as vpart_cluster_copy_point() said before
 * @copy: where it goes; vpart_cluster_copy_free() it
 * @gone: for each object of @known: set if the database has it no longer; or NULL
 *
 * An object may be newer than @now, and is never older.
 *
 * Return: 0 or a negative errno.
 */
int vpart_cluster_copy_take(struct vpart *v, const struct vpart_cluster_at *at,
			    const struct vpart_cluster_copy *known,
			    const struct vpart_cluster_point *now,
			    struct vpart_cluster_copy *copy, bool *gone)
{
	struct vpart_cluster_mount m;
	struct whole w = {};
	int ret;

	memset(copy, 0, sizeof(*copy));
	ret = vpart_cluster_find(v, at, &m);
	if (!ret)
		ret = take_whole(v, at, &w);
	if (ret)
		return ret;
	w.me = m.id;
	vpart_copy(copy->cluster, sizeof(copy->cluster), m.cluster);
	vpart_copy(copy->node, sizeof(copy->node), m.node);
	copy->id = m.id;
	copy->at = *now;
	copy->time = (uint64_t)time(NULL);
	ret = look(v, &w);
	if (!ret && gone && known)
		ret = find_gone(v, &w, known, gone);
	if (!ret)
		ret = take_those(v, &w, copy);
	whole_free(&w);
	return ret;
}
