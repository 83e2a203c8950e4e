// SPDX-License-Identifier: GPL-2.0
/*
 * The database in the plainest way: a table, searched from its begin. Its digest and
 * that of the library's index are sums of hashes, so that the order of neither counts.
 */
#include "lab.h"

u64 draw(u64 *seed, u64 below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed % below;
}

static u64 mix(u64 h, const void *data, size_t n)
{
	const u8 *p = data;

	while (n--)
		h = (h ^ *p++) * 0x100000001b3ULL;
	return h ^ h >> 29;
}

static u64 hash_obj(unsigned int type, bool dead, u64 id, u64 role_term, u64 gen, const u8 *uuid,
		    const u8 *payload, size_t len)
{
	u64 head[5] = { type, dead, id, role_term, gen };

	return mix(mix(mix(0xcbf29ce484222325ULL, head, sizeof(head)), uuid, 16), payload, len);
}

static u64 hash_record(const struct cfs_disk_record *r)
{
	bool dead = r->type == CFS_TOMBSTONE;

	return hash_obj(dead ? r->otype : r->type, dead, le64_to_cpu(r->id),
			le64_to_cpu(r->role_term), le64_to_cpu(r->since_gen), r->uuid, r->payload,
			le32_to_cpu(r->len));
}

static u64 hash_mine(const struct model_obj *o)
{
	return hash_obj(o->type, o->dead, o->id, o->role_term, o->gen, o->uuid, o->payload,
			cfs_payload_size(o->dead ? CFS_TOMBSTONE : o->type));
}

void model_init(struct model *m, const struct cfs_super *sb)
{
	unsigned int type;

	memset(m, 0, sizeof(*m));
	m->room = sb->objects;
	m->obj = calloc(m->room, sizeof(*m->obj));
	must(m->obj, "memory");
	m->events = sb->events;
	m->gen = sb->first_gen;
	for (type = 0; type < CFS_TYPES; type++)
		m->next[type] = 1;
}

void model_free(struct model *m)
{
	free(m->obj);
	memset(m, 0, sizeof(*m));
}

void model_copy(struct model *to, const struct model *from)
{
	struct model_obj *obj = to->obj;

	memcpy(obj, from->obj, from->room * sizeof(*obj));
	*to = *from;
	to->obj = obj;
}

static u64 digest(u64 sum, const u64 *next)
{
	return mix(sum, next, CFS_TYPES * sizeof(*next));
}

u64 model_digest(const struct model *m)
{
	return digest(m->sum + m->event_sum, m->next);
}

u64 index_digest(struct cfs_index *ix)
{
	unsigned int type, count;
	struct cfs_obj *o;
	u64 sum = 0, e;

	for (type = 0; type < CFS_TYPES; type++) {
		for (count = 0, o = cfs_first(ix, type); o; o = cfs_next(o), count++)
			sum += hash_record(&o->d);
		must(count == ix->count[type], "%u of type %u", count, type);
	}
	for (e = ix->event_first; e < ix->next[CFS_EVENT]; e++)
		sum += hash_record(cfs_get_event(ix, e));
	return digest(sum, ix->next);
}

static struct model_obj *model_find(struct model *m, unsigned int type, u64 id)
{
	unsigned int i;

	for (i = 0; i < m->room; i++)
		if (m->obj[i].type == type && m->obj[i].id == id)
			return &m->obj[i];
	return NULL;
}

static void model_event(struct model *m, const struct cfs_disk_record *r)
{
	u64 id = le64_to_cpu(r->id), *place = &m->event_hash[id % m->events];

	must(id == m->next[CFS_EVENT], "event %llu", (unsigned long long)id);
	m->event_sum -= *place;
	*place = hash_record(r);
	m->event_sum += *place;
	m->next[CFS_EVENT]++;
}

/* A commit that the library accepted. */
void model_apply(struct model *m, const struct cfs_txn *t)
{
	const struct cfs_disk_record *r;
	struct model_obj *o;
	unsigned int i, type;
	bool dead;
	u64 id;

	m->gen++;
	for (i = 0; i < t->count; i++) {
		r = &t->rec[i];
		if (r->type == CFS_EVENT) {
			model_event(m, r);
			continue;
		}
		dead = r->type == CFS_TOMBSTONE;
		type = dead ? r->otype : r->type;
		id = le64_to_cpu(r->id);
		o = model_find(m, type, id);
		if (o) {
			m->sum -= hash_mine(o);
			if (le32_to_cpu(r->flags) & CFS_F_FORGET) {
				must(o->dead, "forgotten alive");
				o->type = 0;
				m->used--;
				continue;
			}
		} else {
			must(!dead, "buried nothing");
			for (o = m->obj; o->type; o++)
				must(o < m->obj + m->room - 1, "room");
			m->used++;
		}
		must(!o->type || dead || !o->dead, "an id has two owners");
		must(!o->type || o->role_term <= le64_to_cpu(r->role_term) || dead, "role term");
		o->type = type;
		o->dead = dead;
		o->id = id;
		o->gen = m->gen;
		o->role_term = le64_to_cpu(r->role_term);
		memcpy(o->uuid, r->uuid, sizeof(o->uuid));
		memcpy(o->payload, r->payload, sizeof(o->payload));
		if (id >= m->next[type])
			m->next[type] = id + 1;
		m->sum += hash_mine(o);
	}
}

/* Some object that is, or some tombstone; NULL: there is none. */
struct model_obj *model_pick(struct model *m, u64 *seed, bool dead)
{
	unsigned int at = draw(seed, m->room), i;

	for (i = 0; i < m->room; i++) {
		struct model_obj *o = &m->obj[(at + i) % m->room];

		if (o->type && o->dead == dead)
			return o;
	}
	return NULL;
}

void uuid_of(u8 *uuid, u64 tag)
{
	u64 half[2] = { tag * 0x9e3779b97f4a7c15ULL | 1, tag };

	memcpy(uuid, half, 16);
}

static void some_payload(unsigned int type, u8 *payload, u64 *seed, u64 word)
{
	memset(payload, 0, CFS_PAYLOAD_SIZE);
	switch (type) {
	case CFS_NODE: {
		struct cfs_disk_node *n = (void *)payload;

		sprintf((char *)n->name, "node%llu", (unsigned long long)word);
		n->state = draw(seed, CFS_NODE_STATES);
		break;
	}
	case CFS_CLIENT:
		sprintf((char *)payload, "client%llu", (unsigned long long)word);
		break;
	case CFS_ADAPTER:
		((struct cfs_disk_adapter *)payload)->slot = cpu_to_le32(word);
		break;
	case CFS_LU: {
		struct cfs_disk_lu *l = (void *)payload;

		sprintf((char *)l->name, "lu%llu", (unsigned long long)word);
		l->block = cpu_to_le32(512);
		l->sectors = cpu_to_le64(word);
		l->owner = cpu_to_le32(CFS_NOBODY);
		break;
	}
	case CFS_MAP: {
		struct cfs_disk_map *p = (void *)payload;

		p->lu = cpu_to_le64(word + 1);
		p->client = cpu_to_le64(1);
		break;
	}
	case CFS_VOLUME: {
		struct cfs_disk_volume *v = (void *)payload;

		sprintf((char *)v->name, "volume%llu", (unsigned long long)word);
		v->owner = cpu_to_le32(0);
		break;
	}
	case CFS_PR: {
		struct cfs_disk_pr *p = (void *)payload;

		p->lu = cpu_to_le64(1);
		p->key = cpu_to_le64(word + 1);
		p->tid_len = cpu_to_le16(4);
		memcpy(p->tid, "tid0", 4);
		break;
	}
	case CFS_PRIMARY:
		((struct cfs_disk_primary *)payload)->node = cpu_to_le32(0);
		break;
	case CFS_EVENT:
		((struct cfs_disk_event *)payload)->object = cpu_to_le64(word);
		break;
	}
}

static bool has_uuid(unsigned int type)
{
	return type == CFS_NODE || type == CFS_CLIENT || type == CFS_ADAPTER || type == CFS_LU ||
	       type == CFS_VOLUME;
}

/* Is an object of the model in the commit already? */
static bool in_txn(const struct cfs_txn *t, unsigned int type, u64 id)
{
	unsigned int i;

	for (i = 0; i < t->count; i++) {
		const struct cfs_disk_record *r = &t->rec[i];

		if ((r->type == CFS_TOMBSTONE ? r->otype : r->type) == type &&
		    le64_to_cpu(r->id) == id)
			return true;
	}
	return false;
}

static void add_new(struct cfs_db *db, struct model *m, struct cfs_txn *t, u64 *seed)
{
	unsigned int type = CFS_CLIENT + draw(seed, 6);
	u8 payload[CFS_PAYLOAD_SIZE], uuid[16];
	u64 id;

	if (draw(seed, 40) == 0 && !model_find(m, CFS_PRIMARY, 1) && !in_txn(t, CFS_PRIMARY, 1)) {
		type = CFS_PRIMARY;
		id = 1;
	} else if (draw(seed, 40) == 0 && !model_find(m, CFS_NODE, 0) && !in_txn(t, CFS_NODE, 0)) {
		type = CFS_NODE;
		id = 0;
	} else {
		if (type == CFS_VOLUME + 1)
			type = CFS_PR;
		if (cfs_id_new(db, t, type, &id))
			return;
	}
	uuid_of(uuid, draw(seed, U64_MAX));
	some_payload(type, payload, seed, draw(seed, 1000));
	must(!cfs_txn_put(db, t, type, id, has_uuid(type) ? uuid : NULL, draw(seed, 3), payload),
	     "%s", db->why);
}

/* Some records that the library has to accept, as far as there is room. */
void random_txn(struct cfs_db *db, struct model *m, struct cfs_txn *t, u64 *seed, unsigned int max)
{
	unsigned int want = 1 + draw(seed, max), tries = 0, fresh = 0;
	u8 payload[CFS_PAYLOAD_SIZE];
	struct model_obj *o;

	cfs_txn_begin(t);
	while (t->count < want && tries++ < 4 * max) {
		unsigned int what = draw(seed, 10);

		if (what < 3 && m->used + fresh < m->room) {
			unsigned int had = t->count;

			add_new(db, m, t, seed);
			fresh += t->count - had;
			continue;
		}
		o = model_pick(m, seed, what == 9);
		if (what == 8 || !o) {
			some_payload(CFS_EVENT, payload, seed, draw(seed, 1000));
			cfs_txn_put(db, t, CFS_EVENT, 0, NULL, 0, payload);
			/* Numbered by their place. */
			t->rec[t->count - 1].id = cpu_to_le64(m->next[CFS_EVENT]);
			for (unsigned int i = 0; i + 1 < t->count; i++)
				if (t->rec[i].type == CFS_EVENT)
					t->rec[t->count - 1].id =
						cpu_to_le64(le64_to_cpu(t->rec[i].id) + 1);
			continue;
		}
		if (in_txn(t, o->type, o->id))
			continue;
		if (what == 9) {
			must(!cfs_txn_forget(db, t, o->type, o->id), "%s", db->why);
		} else if (what == 7 || (what == 6 && m->used > m->room / 2)) {
			must(!cfs_txn_del(db, t, o->type, o->id, draw(seed, 100)), "%s", db->why);
		} else {
			some_payload(o->type, payload, seed, draw(seed, 1000));
			must(!cfs_txn_put(db, t, o->type, o->id, has_uuid(o->type) ? o->uuid : NULL,
					  o->role_term + draw(seed, 2), payload), "%s", db->why);
		}
	}
}

void lu_txn(struct cfs_db *db, struct cfs_txn *t, u64 tag, u64 *id)
{
	u8 payload[CFS_PAYLOAD_SIZE], uuid[16];
	u64 seed = 1;

	cfs_txn_begin(t);
	must(!cfs_id_new(db, t, CFS_LU, id), "%s", db->why);
	uuid_of(uuid, tag);
	some_payload(CFS_LU, payload, &seed, tag);
	must(!cfs_txn_put(db, t, CFS_LU, *id, uuid, 1, payload), "%s", db->why);
}

int commit_lu(struct cfs_db *db, struct cfs_txn *t, u64 tag, u64 *id)
{
	lu_txn(db, t, tag, id);
	return cfs_commit(db, t);
}

int commit_event(struct cfs_db *db, struct cfs_txn *t)
{
	struct cfs_disk_event event = { .text = "something happened" };

	cfs_txn_begin(t);
	return cfs_txn_put(db, t, CFS_EVENT, db->index.next[CFS_EVENT], NULL, 0, &event) ?:
	       cfs_commit(db, t);
}
