// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: what is to be committed together, and the ids that it gives.
 */
#include "clusterfs.h"

/**
 * cfs_txn_begin() - nothing to be committed yet
 * @t: overwritten
 */
void cfs_txn_begin(struct cfs_txn *t)
{
	t->count = 0;
	memset(t->obj, 0, sizeof(t->obj));
}

/**
 * cfs_txn_end() - give back what a commit did not use
 * @t: begun before
 */
void cfs_txn_end(struct cfs_txn *t)
{
	unsigned int i;

	for (i = 0; i < CFS_TXN_MAX; i++)
		kfree(t->obj[i]);
	cfs_txn_begin(t);
}

static struct cfs_disk_record *cfs_txn_add(struct cfs_db *db, struct cfs_txn *t)
{
	struct cfs_disk_record *r;

	if (t->count == CFS_TXN_MAX) {
		cfs_fail(db, -E2BIG, "a commit has at most %u records", CFS_TXN_MAX);
		return NULL;
	}
	r = &t->rec[t->count++];
	memset(r, 0, sizeof(*r));
	return r;
}

/**
 * cfs_txn_put() - make or change an object, or tell an event
 * @db: database
 * @t: commit that it goes with
 * @type: CFS_NODE...
 * @id: its id, for a new one from cfs_id_new()
 * @uuid: its 16 bytes, or NULL for a type that has none
 * @role_term: term of its owner, 0 for a type that has none
 * @payload: the structure of its type
 *
 * Return: 0 or -E2BIG.
 */
int cfs_txn_put(struct cfs_db *db, struct cfs_txn *t, unsigned int type, u64 id, const u8 *uuid,
		u64 role_term, const void *payload)
{
	struct cfs_disk_record *r = cfs_txn_add(db, t);

	if (!r)
		return -E2BIG;
	r->type = type;
	r->id = cpu_to_le64(id);
	r->role_term = cpu_to_le64(role_term);
	r->len = cpu_to_le32(cfs_payload_size(type));
	if (uuid)
		memcpy(r->uuid, uuid, sizeof(r->uuid));
	memcpy(r->payload, payload, cfs_payload_size(type));
	return 0;
}

static int cfs_txn_bury(struct cfs_db *db, struct cfs_txn *t, unsigned int type, u64 id,
			const u8 *uuid, u64 time, u32 flags)
{
	struct cfs_disk_tombstone stone = { cpu_to_le64(time) };
	int ret = cfs_txn_put(db, t, CFS_TOMBSTONE, id, uuid, 0, &stone);

	if (!ret) {
		t->rec[t->count - 1].otype = type;
		t->rec[t->count - 1].flags = cpu_to_le32(flags);
	}
	return ret;
}

/**
 * cfs_txn_del() - remove an object; a tombstone holds its id
 * @db: database
 * @t: commit that it goes with
 * @type: CFS_NODE...
 * @id: its id
 * @now: seconds since 1970
 *
 * Return: 0, -ENOENT or -E2BIG.
 */
int cfs_txn_del(struct cfs_db *db, struct cfs_txn *t, unsigned int type, u64 id, u64 now)
{
	struct cfs_obj *o = cfs_get(&db->index, type, id);

	if (!o)
		return cfs_fail(db, -ENOENT, "there is no %s %llu", cfs_type_name(type),
				(unsigned long long)id);
	return cfs_txn_bury(db, t, type, id, o->d.uuid, now, 0);
}

/**
 * cfs_txn_forget() - remove a tombstone: its id may be given again, if it is of that kind
 * @db: database
 * @t: commit that it goes with
 * @type: what it was
 * @id: its id
 *
 * Return: 0, -ENOENT or -E2BIG.
 */
int cfs_txn_forget(struct cfs_db *db, struct cfs_txn *t, unsigned int type, u64 id)
{
	struct cfs_obj *o;

	for (o = cfs_first(&db->index, CFS_TOMBSTONE); o; o = cfs_next(o))
		if (o->d.otype == type && le64_to_cpu(o->d.id) == id)
			return cfs_txn_bury(db, t, type, id, o->d.uuid, 0, CFS_F_FORGET);
	return cfs_fail(db, -ENOENT, "there is no tombstone of %s %llu", cfs_type_name(type),
			(unsigned long long)id);
}

/* Does a commit give this id? */
static bool cfs_txn_gives(const struct cfs_txn *t, unsigned int type, u64 id)
{
	unsigned int i;

	for (i = 0; t && i < t->count; i++)
		if (t->rec[i].type == type && le64_to_cpu(t->rec[i].id) == id)
			return true;
	return false;
}

/**
 * cfs_id_new() - an id that nobody has
 * @db: database
 * @t: commit that it is for, or NULL
 * @type: CFS_CLIENT...
 * @id: set to it
 *
 * It is given by the commit, not by this call.
 *
 * Return: 0, or -ENOSPC: all are given, or held by tombstones.
 */
int cfs_id_new(struct cfs_db *db, const struct cfs_txn *t, unsigned int type, u64 *id)
{
	struct cfs_obj *o;
	u64 max = cfs_id_max(type, &db->sb), n = db->index.next[type];

	while (n <= max && cfs_txn_gives(t, type, n))
		n++;
	if (n > max && !cfs_counted(type)) {
		/* All were given once: the first that neither an object nor a tombstone has. */
		unsigned long *used = kvcalloc(BITS_TO_LONGS(max + 1), sizeof(long), GFP_KERNEL);

		if (!used)
			return cfs_fail(db, -ENOMEM, "there is no memory");
		for (o = cfs_first(&db->index, type); o; o = cfs_next(o))
			__set_bit(le64_to_cpu(o->d.id), used);
		for (o = cfs_first(&db->index, CFS_TOMBSTONE); o; o = cfs_next(o))
			if (o->d.otype == type)
				__set_bit(le64_to_cpu(o->d.id), used);
		for (n = 1; n <= max && (test_bit(n, used) || cfs_txn_gives(t, type, n)); n++)
			;
		kvfree(used);
	}
	if (n > max)
		return cfs_fail(db, -ENOSPC, "no id is left for another %s", cfs_type_name(type));
	*id = n;
	return 0;
}

/* What is wrong with record @i among those before it. */
static const char *cfs_txn_clash(const struct cfs_txn *t, unsigned int i)
{
	const struct cfs_disk_record *r = &t->rec[i], *s;
	unsigned int k, was = r->type == CFS_TOMBSTONE ? r->otype : r->type;

	for (k = 0; k < i; k++) {
		s = &t->rec[k];
		if ((s->type == CFS_TOMBSTONE ? s->otype : s->type) != was)
			continue;
		if (s->id == r->id)
			return "an earlier one of the same commit is about it";
		if (memchr_inv(r->uuid, 0, sizeof(r->uuid)) && s->type == r->type &&
		    !memcmp(s->uuid, r->uuid, sizeof(r->uuid)))
			return "its uuid belongs to another";
	}
	return NULL;
}

/**
 * cfs_txn_check() - may this be committed now
 * @db: database
 * @t: what; memory for new objects is added to it
 *
 * Return: 0, -EINVAL, -ENOSPC or -ENOMEM; then nothing of it is.
 */
int cfs_txn_check(struct cfs_db *db, struct cfs_txn *t)
{
	struct cfs_index *ix = &db->index;
	u64 ahead[CFS_TYPES] = {}, next;
	u32 fresh = 0;
	const char *wrong;
	unsigned int i;

	if (!t->count)
		return cfs_fail(db, -EINVAL, "a commit has at least one record");
	for (i = 0; i < t->count; i++) {
		struct cfs_disk_record *r = &t->rec[i];

		r->term = cpu_to_le64(db->term);
		r->gen = cpu_to_le64(db->gen + 1);
		r->node = cpu_to_le16(db->me);
		r->index = cpu_to_le32(i);
		r->count = cpu_to_le32(t->count);
		r->since_term = r->term;
		r->since_gen = r->gen;
		wrong = cfs_record_wrong(r, &db->sb);
		if (!wrong)
			wrong = cfs_txn_clash(t, i);
		next = r->type < CFS_TYPES ? ix->next[r->type] + ahead[r->type] : 0;
		if (!wrong)
			wrong = cfs_apply_wrong(ix, r, next, false);
		if (wrong)
			return cfs_fail(db, -EINVAL, "record %u, %s %llu: %s", i,
					cfs_type_name(r->type),
					(unsigned long long)le64_to_cpu(r->id), wrong);
		if (r->type == CFS_EVENT)
			ahead[CFS_EVENT]++;
		if (!cfs_is_new(ix, r))
			continue;
		ahead[r->type]++;
		if (ix->objects + ++fresh > ix->max_objects)
			return cfs_fail(db, -ENOSPC,
					"there is no room for another object: %u are there, with tombstones",
					ix->objects);
		if (!t->obj[i])
			t->obj[i] = kmalloc(sizeof(*t->obj[i]), GFP_KERNEL);
		if (!t->obj[i])
			return cfs_fail(db, -ENOMEM, "there is no memory for another object");
	}
	return 0;
}
