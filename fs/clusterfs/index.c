// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: what the database says, in memory. Objects by type and id and by type
 * and uuid, the ids that were given, the last events.
 */
#include "clusterfs.h"

/**
 * cfs_index_init() - an empty index
 * @ix: to be filled
 * @sb: superblock, for its bounds
 *
 * Return: 0 or -ENOMEM.
 */
int cfs_index_init(struct cfs_index *ix, const struct cfs_super *sb)
{
	memset(ix, 0, sizeof(*ix));
	ix->max_objects = sb->objects;
	ix->max_events = sb->events;
	ix->bits = ilog2(sb->objects) + 1;
	ix->seed = get_random_u64();
	ix->ids = kvcalloc(BIT(ix->bits), sizeof(*ix->ids), GFP_KERNEL);
	ix->uuids = kvcalloc(BIT(ix->bits), sizeof(*ix->uuids), GFP_KERNEL);
	ix->events = kvcalloc(sb->events, sizeof(*ix->events), GFP_KERNEL);
	if (!ix->ids || !ix->uuids || !ix->events) {
		cfs_index_free(ix);
		return -ENOMEM;
	}
	cfs_index_clear(ix);
	return 0;
}

static void cfs_obj_unlink(struct cfs_index *ix, struct cfs_obj *o)
{
	hlist_del_init(&o->by_id);
	hlist_del_init(&o->by_uuid);
	hlist_del_init(&o->of_type);
	ix->count[o->d.type]--;
	ix->objects--;
}

/**
 * cfs_index_clear() - forget all
 * @ix: index
 */
void cfs_index_clear(struct cfs_index *ix)
{
	struct cfs_obj *o;
	unsigned int type;

	for (type = 0; type < CFS_TYPES; type++) {
		/* ids and uuids: one list after the other becomes empty */
		while ((o = cfs_first(ix, type))) {
			cfs_obj_unlink(ix, o);
			kfree(o);
		}
		ix->next[type] = 1;
	}
	ix->event_first = 1;
}

/**
 * cfs_index_free() - give its memory back
 * @ix: index, may be half made
 */
void cfs_index_free(struct cfs_index *ix)
{
	cfs_index_clear(ix);
	kvfree(ix->events);
	kvfree(ix->uuids);
	kvfree(ix->ids);
	memset(ix, 0, sizeof(*ix));
}

/* Multiplied, the high bits depend on all; the seed is not on the disk. */
static struct hlist_head *cfs_id_bucket(struct cfs_index *ix, unsigned int type, u64 id)
{
	u64 v = (id ^ (u64)type << 56 ^ ix->seed) * 0x9e3779b97f4a7c15ULL;

	return &ix->ids[v >> (64 - ix->bits)];
}

static struct hlist_head *cfs_uuid_bucket(struct cfs_index *ix, unsigned int type, const u8 *uuid)
{
	u64 half[2], v;

	memcpy(half, uuid, sizeof(half));
	v = (half[0] ^ (u64)type << 56 ^ ix->seed) * 0x9e3779b97f4a7c15ULL;
	v = ((v >> 31 | v << 33) ^ half[1]) * 0xbf58476d1ce4e5b9ULL;
	return &ix->uuids[v >> (64 - ix->bits)];
}

/* Of a tombstone: what it was. */
static unsigned int cfs_was(const struct cfs_disk_record *r)
{
	return r->type == CFS_TOMBSTONE ? r->otype : r->type;
}

/* The object or tombstone that has an id. */
static struct cfs_obj *cfs_holder(struct cfs_index *ix, unsigned int type, u64 id)
{
	struct cfs_obj *o;

	hlist_for_each_entry(o, cfs_id_bucket(ix, type, id), by_id) {
		ix->looked_at++;
		if (le64_to_cpu(o->d.id) == id && cfs_was(&o->d) == type)
			return o;
	}
	return NULL;
}

/**
 * cfs_get() - find an object
 * @ix: index
 * @type: CFS_NODE...
 * @id: its id
 *
 * Return: the object, or NULL: there is none, or a tombstone.
 */
struct cfs_obj *cfs_get(struct cfs_index *ix, unsigned int type, u64 id)
{
	struct cfs_obj *o = cfs_holder(ix, type, id);

	return o && o->d.type == type ? o : NULL;
}

/**
 * cfs_get_uuid() - find an object
 * @ix: index
 * @type: CFS_NODE...
 * @uuid: its 16 bytes
 *
 * Return: the object or NULL.
 */
struct cfs_obj *cfs_get_uuid(struct cfs_index *ix, unsigned int type, const u8 *uuid)
{
	struct cfs_obj *o;

	hlist_for_each_entry(o, cfs_uuid_bucket(ix, type, uuid), by_uuid) {
		ix->looked_at++;
		if (o->d.type == type && !memcmp(o->d.uuid, uuid, sizeof(o->d.uuid)))
			return o;
	}
	return NULL;
}

/**
 * cfs_get_event() - find an event
 * @ix: index
 * @id: its number; the kept ones are event_first up to next[CFS_EVENT] - 1
 *
 * Return: its record, or NULL: it is lost, or has not happened.
 */
const struct cfs_disk_record *cfs_get_event(struct cfs_index *ix, u64 id)
{
	if (id < ix->event_first || id >= ix->next[CFS_EVENT])
		return NULL;
	return &ix->events[id % ix->max_events];
}

/**
 * cfs_first() - the first object of a type, in no order
 * @ix: index
 * @type: CFS_NODE..., CFS_TOMBSTONE too
 *
 * Return: it, or NULL.
 */
struct cfs_obj *cfs_first(struct cfs_index *ix, unsigned int type)
{
	return hlist_entry_safe(ix->types[type].first, struct cfs_obj, of_type);
}

/**
 * cfs_next() - the next object of its type
 * @o: object
 *
 * Return: it, or NULL.
 */
struct cfs_obj *cfs_next(struct cfs_obj *o)
{
	return hlist_entry_safe(o->of_type.next, struct cfs_obj, of_type);
}

/**
 * cfs_counted() - are ids of this type given in order, and none twice
 * @type: CFS_NODE...
 *
 * A node's id is its slot and a client's has 16 bits: these are free again when
 * their tombstone is forgotten. There is one primary.
 *
 * Return: true if so.
 */
bool cfs_counted(unsigned int type)
{
	return type != CFS_NODE && type != CFS_CLIENT && type != CFS_PRIMARY;
}

/**
 * cfs_is_new() - does a record make an object
 * @ix: index
 * @r: record
 *
 * Return: true if it needs a struct cfs_obj.
 */
bool cfs_is_new(struct cfs_index *ix, const struct cfs_disk_record *r)
{
	return (cfs_is_object(r->type) || r->type == CFS_TOMBSTONE) &&
	       !cfs_holder(ix, cfs_was(r), le64_to_cpu(r->id));
}

static const char *cfs_object_wrong(struct cfs_index *ix, const struct cfs_disk_record *r,
				    u64 next, bool snapshot)
{
	u64 id = le64_to_cpu(r->id);
	struct cfs_obj *o = cfs_holder(ix, r->type, id), *other = NULL;

	if (o && snapshot)
		return "it is there twice";
	if (o && o->d.type == CFS_TOMBSTONE)
		return "its id is held by a tombstone";
	if (memchr_inv(r->uuid, 0, sizeof(r->uuid)))
		other = cfs_get_uuid(ix, r->type, r->uuid);
	if (o) {
		if (memcmp(o->d.uuid, r->uuid, sizeof(r->uuid)))
			return "its id belongs to another";
		if (le64_to_cpu(r->role_term) < le64_to_cpu(o->d.role_term))
			return "its role term is lower than before";
		return NULL;
	}
	if (other)
		return "its uuid belongs to another";
	if (ix->objects >= ix->max_objects)
		return "there is no room for another object";
	if (cfs_counted(r->type) && (snapshot ? id >= next : id != next))
		return snapshot ? "its id was never given" : "its id is not the next one";
	return NULL;
}

/**
 * cfs_apply_wrong() - may a record follow what the index says
 * @ix: index
 * @r: record that cfs_record_wrong() accepts
 * @next: first id of its type that was never given
 * @snapshot: it is from a snapshot, not from a log
 *
 * Return: a part of a sentence, or NULL if it may.
 */
const char *cfs_apply_wrong(struct cfs_index *ix, const struct cfs_disk_record *r, u64 next,
			    bool snapshot)
{
	u64 id = le64_to_cpu(r->id);
	struct cfs_obj *o;

	if (r->type == CFS_EVENT)
		return id == next ? NULL : "its number is not the next one";
	if (cfs_is_object(r->type))
		return cfs_object_wrong(ix, r, next, snapshot);
	if (r->type != CFS_TOMBSTONE)
		return "it is no object";

	o = cfs_holder(ix, r->otype, id);
	if (snapshot) {
		if (o)
			return "it is there twice";
		if (le32_to_cpu(r->flags) & CFS_F_FORGET)
			return "it forgets a tombstone in a snapshot";
		if (ix->objects >= ix->max_objects)
			return "there is no room for another object";
		return cfs_counted(r->otype) && id >= next ? "its id was never given" : NULL;
	}
	if (!o || memcmp(o->d.uuid, r->uuid, sizeof(r->uuid)))
		return "there is no such object";
	if (le32_to_cpu(r->flags) & CFS_F_FORGET)
		return o->d.type == CFS_TOMBSTONE ? NULL : "it forgets what is not buried";
	return o->d.type == CFS_TOMBSTONE ? "it buries twice" : NULL;
}

/**
 * cfs_apply() - let a record count
 * @ix: index
 * @r: record that cfs_apply_wrong() accepts
 * @fresh: memory for an object, used up if and only if cfs_is_new()
 */
void cfs_apply(struct cfs_index *ix, const struct cfs_disk_record *r, struct cfs_obj *fresh)
{
	unsigned int was = cfs_was(r);
	u64 id = le64_to_cpu(r->id);
	struct cfs_obj *o;

	if (r->type == CFS_EVENT) {
		ix->events[id % ix->max_events] = *r;
		ix->next[CFS_EVENT] = id + 1;
		if (ix->next[CFS_EVENT] - ix->event_first > ix->max_events)
			ix->event_first = ix->next[CFS_EVENT] - ix->max_events;
		return;
	}
	o = cfs_holder(ix, was, id);
	if (o) {
		cfs_obj_unlink(ix, o);
		if (le32_to_cpu(r->flags) & CFS_F_FORGET) {
			kfree(o);
			return;
		}
	} else {
		o = fresh;
		INIT_HLIST_NODE(&o->by_id);
		INIT_HLIST_NODE(&o->by_uuid);
		INIT_HLIST_NODE(&o->of_type);
	}
	o->d = *r;
	hlist_add_head(&o->by_id, cfs_id_bucket(ix, was, id));
	if (r->type != CFS_TOMBSTONE && memchr_inv(r->uuid, 0, sizeof(r->uuid)))
		hlist_add_head(&o->by_uuid, cfs_uuid_bucket(ix, was, r->uuid));
	hlist_add_head(&o->of_type, &ix->types[r->type]);
	ix->count[r->type]++;
	ix->objects++;
	if (id >= ix->next[was])
		ix->next[was] = id + 1;
}
