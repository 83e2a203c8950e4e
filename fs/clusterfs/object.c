// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: clients, adapters, LUs, maps and volumes are made and removed. Each change is
 * one commit with one event (R20). What names another object names one that is there, and
 * what is named is not removed; a tombstone holds the id of what was (R18).
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include "object.h"

/**
 * cfs_object_name() - what an object is called
 * @r: its record
 *
 * Return: the name, or NULL: its type has none.
 */
const char *cfs_object_name(const struct cfs_disk_record *r)
{
	const void *p = r->payload;

	switch (r->type) {
	case CFS_NODE:
		return ((const struct cfs_disk_node *)p)->name;
	case CFS_CLIENT:
		return ((const struct cfs_disk_client *)p)->name;
	case CFS_LU:
		return ((const struct cfs_disk_lu *)p)->name;
	case CFS_VOLUME:
		return ((const struct cfs_disk_volume *)p)->name;
	default:
		return NULL;
	}
}

/**
 * cfs_object_uses() - does an object name another one (R26)
 * @r: its record
 * @type: of the other one
 * @id: of the other one
 *
 * Return: true if so.
 */
bool cfs_object_uses(const struct cfs_disk_record *r, unsigned int type, u64 id)
{
	const struct cfs_disk_adapter *adapter = (const void *)r->payload;
	const struct cfs_disk_volume *volume = (const void *)r->payload;
	const struct cfs_disk_map *map = (const void *)r->payload;
	const struct cfs_disk_lu *lu = (const void *)r->payload;
	const struct cfs_disk_pr *pr = (const void *)r->payload;

	switch (r->type) {
	case CFS_ADAPTER:
		return (type == CFS_NODE && le64_to_cpu(adapter->node) == id) ||
		       (type == CFS_CLIENT && le64_to_cpu(adapter->client) == id) ||
		       (type == CFS_ADAPTER && le64_to_cpu(adapter->peer) == id);
	case CFS_LU:
		return (type == CFS_NODE && le32_to_cpu(lu->owner) == id) ||
		       (type == CFS_VOLUME && le64_to_cpu(lu->volume) == id);
	case CFS_MAP:
		return (type == CFS_LU && le64_to_cpu(map->lu) == id) ||
		       (type == CFS_CLIENT && le64_to_cpu(map->client) == id) ||
		       (type == CFS_ADAPTER && le64_to_cpu(map->adapter) == id);
	case CFS_VOLUME:
		return type == CFS_NODE && (le32_to_cpu(volume->owner) == id ||
					    le32_to_cpu(volume->leg[0].node) == id ||
					    le32_to_cpu(volume->leg[1].node) == id);
	case CFS_PR:
		return (type == CFS_LU && le64_to_cpu(pr->lu) == id) ||
		       (type == CFS_CLIENT && le64_to_cpu(pr->client) == id);
	default:
		return false;
	}
}

static int __printf(4, 5) cfs_wrong(struct cfs_mount *m, struct cfs_object *o, int wrong,
				    const char *fmt, ...)
{
	va_list args;

	o->wrong = wrong;
	va_start(args, fmt);
	vscnprintf(m->db.why, sizeof(m->db.why), fmt, args);
	va_end(args);
	return -EINVAL;
}

/* The object of a name. */
static struct cfs_obj *cfs_named(struct cfs_index *ix, unsigned int type, const char *name)
{
	struct cfs_obj *o;

	for (o = cfs_first(ix, type); o; o = cfs_next(o))
		if (!strcmp(cfs_object_name(&o->d), name))
			return o;
	return NULL;
}

static u64 cfs_id_of(const struct cfs_obj *o)
{
	return le64_to_cpu(o->d.id);
}

/* --- what may be made --- */

static int cfs_check_client(struct cfs_mount *m, struct cfs_object *o)
{
	return 0;
}

static int cfs_check_adapter(struct cfs_mount *m, struct cfs_object *o)
{
	const struct cfs_disk_adapter *a = &o->adapter, *b;
	u64 node = le64_to_cpu(a->node), client = le64_to_cpu(a->client);
	u64 peer = le64_to_cpu(a->peer);
	struct cfs_index *ix = &m->db.index;
	struct cfs_obj *other;

	if (!cfs_get(ix, CFS_NODE, node))
		return cfs_wrong(m, o, CFS_WRONG_NODE, "there is no node %llu", node);
	if (!cfs_get(ix, CFS_CLIENT, client))
		return cfs_wrong(m, o, CFS_WRONG_CLIENT, "there is no client %llu", client);
	if (peer && !cfs_get(ix, CFS_ADAPTER, peer))
		return cfs_wrong(m, o, CFS_WRONG_PEER, "there is no adapter %llu", peer);
	for (other = cfs_first(ix, CFS_ADAPTER); a->slot && other; other = cfs_next(other)) {
		b = (const void *)other->d.payload;
		if (b->node == a->node && b->slot == a->slot)
			return cfs_wrong(m, o, CFS_WRONG_SLOT,
					 "slot %u of node %llu has adapter %llu already",
					 le32_to_cpu(a->slot), node, cfs_id_of(other));
	}
	return 0;
}

static int cfs_check_lu(struct cfs_mount *m, struct cfs_object *o)
{
	u64 volume = le64_to_cpu(o->lu.volume);
	struct cfs_index *ix = &m->db.index;
	struct cfs_obj *other;

	/* P24: nobody can tell yet that a node's keys are pre-empted, or that it is fenced. */
	if (le32_to_cpu(o->lu.flags) & CFS_LU_SHARED)
		return cfs_wrong(m, o, CFS_WRONG_FLAGS,
				 "a shared LU needs confirmed fencing, of which nothing is known");
	if (volume && !cfs_get(ix, CFS_VOLUME, volume))
		return cfs_wrong(m, o, CFS_WRONG_VOLUME, "there is no volume %llu", volume);
	for (other = cfs_first(ix, CFS_LU); volume && other; other = cfs_next(other))
		if (cfs_object_uses(&other->d, CFS_VOLUME, volume))
			return cfs_wrong(m, o, CFS_WRONG_VOLUME, "volume %llu has lu %llu already",
					 volume, cfs_id_of(other));
	return 0;
}

/* R26: nobody gets what another one has. */
static int cfs_check_map(struct cfs_mount *m, struct cfs_object *o)
{
	u64 lu = le64_to_cpu(o->map.lu), client = le64_to_cpu(o->map.client), theirs;
	u64 adapter = le64_to_cpu(o->map.adapter);
	struct cfs_index *ix = &m->db.index;
	struct cfs_obj *it = cfs_get(ix, CFS_LU, lu), *other;
	const struct cfs_disk_lu *shared;
	const struct cfs_disk_map *map;

	if (!it)
		return cfs_wrong(m, o, CFS_WRONG_LU, "there is no lu %llu", lu);
	shared = (const void *)it->d.payload;
	if (!cfs_get(ix, CFS_CLIENT, client))
		return cfs_wrong(m, o, CFS_WRONG_CLIENT, "there is no client %llu", client);
	other = adapter ? cfs_get(ix, CFS_ADAPTER, adapter) : NULL;
	if (adapter && !other)
		return cfs_wrong(m, o, CFS_WRONG_ADAPTER, "there is no adapter %llu", adapter);
	if (other && !cfs_object_uses(&other->d, CFS_CLIENT, client))
		return cfs_wrong(m, o, CFS_WRONG_ADAPTER, "adapter %llu is another client's",
				 adapter);
	for (other = cfs_first(ix, CFS_MAP); other; other = cfs_next(other)) {
		map = (const void *)other->d.payload;
		theirs = le64_to_cpu(map->client);
		if (theirs == client && map->lun == o->map.lun)
			return cfs_wrong(m, o, CFS_WRONG_LUN, "client %llu has lu %llu as lun %u",
					 client, le64_to_cpu(map->lu), le32_to_cpu(map->lun));
		if (map->lu != o->map.lu)
			continue;
		if (theirs == client)
			return cfs_wrong(m, o, CFS_WRONG_LU,
					 "client %llu has lu %llu already, as lun %u", client, lu,
					 le32_to_cpu(map->lun));
		if (!(le32_to_cpu(shared->flags) & CFS_LU_SHARED))
			return cfs_wrong(m, o, CFS_WRONG_LU,
					 "lu %llu is used by client %llu, and is not shared", lu,
					 theirs);
	}
	return 0;
}

static int cfs_check_volume(struct cfs_mount *m, struct cfs_object *o)
{
	u32 node;
	int i;

	for (i = 0; i < 2; i++) {
		node = le32_to_cpu(o->volume.leg[i].node);
		if (node != CFS_NOBODY && !cfs_get(&m->db.index, CFS_NODE, node))
			return cfs_wrong(m, o, CFS_WRONG_LEG, "there is no node %u", node);
	}
	return 0;
}

static const struct {
	int	(*check)(struct cfs_mount *m, struct cfs_object *o);
	u8	class;
	u32	came;
	u32	went;
} cfs_objects[CFS_TYPES] = {
	[CFS_CLIENT] = {
		cfs_check_client, CFS_EVENT_LIFECYCLE, CFS_CODE_REGISTERED, CFS_CODE_LEFT,
	},
	[CFS_ADAPTER] = {
		cfs_check_adapter, CFS_EVENT_TOPOLOGY, CFS_CODE_ADDED, CFS_CODE_REMOVED,
	},
	[CFS_LU] = {
		cfs_check_lu, CFS_EVENT_TOPOLOGY, CFS_CODE_ADDED, CFS_CODE_REMOVED,
	},
	[CFS_MAP] = {
		cfs_check_map, CFS_EVENT_TOPOLOGY, CFS_CODE_ADDED, CFS_CODE_REMOVED,
	},
	[CFS_VOLUME] = {
		cfs_check_volume, CFS_EVENT_TOPOLOGY, CFS_CODE_ADDED, CFS_CODE_REMOVED,
	},
};

static int cfs_object_event(struct cfs_mount *m, struct cfs_txn *t, const struct cfs_object *o,
			    const struct cfs_disk_record *r, bool came)
{
	const struct cfs_disk_map *map = (const void *)r->payload;
	const char *name = cfs_object_name(r), *what = came ? "is there" : "is gone";
	u32 code = came ? cfs_objects[o->type].came : cfs_objects[o->type].went;
	u8 class = cfs_objects[o->type].class;

	if (o->type == CFS_MAP)
		return cfs_txn_event(&m->db, t, class, CFS_INFORMATION, code, CFS_MAP, o->id,
				     "client %llu %s lu %llu as lun %u", le64_to_cpu(map->client),
				     came ? "sees" : "no longer sees", le64_to_cpu(map->lu),
				     le32_to_cpu(map->lun));
	return cfs_txn_event(&m->db, t, class, CFS_INFORMATION, code, o->type, o->id,
			     "%s %llu%s%s %s", cfs_type_name(o->type), o->id, name ? " " : "",
			     name ? : "", what);
}

static int cfs_fill_add(struct cfs_mount *m, struct cfs_txn *t, void *arg)
{
	struct cfs_index *ix = &m->db.index;
	struct cfs_object *o = arg;
	const char *name = o->type == CFS_CLIENT ? (char *)o->client.name :
			   o->type == CFS_LU ? (char *)o->lu.name :
			   o->type == CFS_VOLUME ? (char *)o->volume.name : NULL;
	struct cfs_obj *other = name ? cfs_named(ix, o->type, name) : NULL;
	bool uuid = o->type != CFS_MAP;
	int ret;

	o->wrong = CFS_WRONG_NOTHING;
	if (other)
		return cfs_wrong(m, o, CFS_WRONG_NAME, "there is a %s of this name: %llu",
				 cfs_type_name(o->type), cfs_id_of(other));
	other = uuid ? cfs_get_uuid(ix, o->type, o->uuid) : NULL;
	if (other)
		return cfs_wrong(m, o, CFS_WRONG_UUID, "the uuid is that of %s %llu",
				 cfs_type_name(o->type), cfs_id_of(other));
	ret = cfs_objects[o->type].check(m, o);
	if (!ret)
		ret = cfs_id_new(&m->db, t, o->type, &o->id);
	if (!ret)
		ret = cfs_txn_put(&m->db, t, o->type, o->id, uuid ? o->uuid : NULL, 0, &o->client);
	return ret ? : cfs_object_event(m, t, o, &t->rec[t->count - 1], true);
}

/**
 * cfs_object_add() - make an object
 * @m: mount, not locked
 * @o: object; its id is set
 * @why: as of cfs_change()
 *
 * Context: as of cfs_change().
 * Return: 0, or -errno and a sentence; @o->wrong says what that is about.
 */
int cfs_object_add(struct cfs_mount *m, struct cfs_object *o, char *why)
{
	return cfs_change_asked(m, cfs_fill_add, o, why);
}

/* --- what may be removed --- */

/* It is not used, or a sentence says by whom. */
static int cfs_unused(struct cfs_mount *m, struct cfs_object *o)
{
	static const u8 users[] = { CFS_ADAPTER, CFS_MAP, CFS_LU, CFS_PR };
	const struct cfs_obj *first = NULL;
	struct cfs_obj *user;
	u32 more = 0, i;

	for (i = 0; i < ARRAY_SIZE(users); i++) {
		for (user = cfs_first(&m->db.index, users[i]); user; user = cfs_next(user)) {
			if (!cfs_object_uses(&user->d, o->type, o->id))
				continue;
			if (first)
				more++;
			else
				first = user;
		}
	}
	if (!first)
		return 0;
	cfs_wrong(m, o, CFS_WRONG_ID, "%s %llu is used by %s %llu, and %u more",
		  cfs_type_name(o->type), o->id, cfs_type_name(first->d.type), cfs_id_of(first),
		  more);
	return -ENOTEMPTY;
}

/* Nobody owns it, or a sentence says who does. */
static int cfs_unowned(struct cfs_mount *m, struct cfs_object *o, const struct cfs_disk_record *r)
{
	u32 owner = CFS_NOBODY;

	if (o->type == CFS_LU)
		owner = le32_to_cpu(((const struct cfs_disk_lu *)(const void *)r->payload)->owner);
	if (o->type == CFS_VOLUME)
		owner = le32_to_cpu(((const struct cfs_disk_volume *)
				     (const void *)r->payload)->owner);
	if (owner == CFS_NOBODY)
		return 0;
	cfs_wrong(m, o, CFS_WRONG_ID, "%s %llu is owned by node %u", cfs_type_name(o->type), o->id,
		  owner);
	return -ENOTEMPTY;
}

static int cfs_fill_del(struct cfs_mount *m, struct cfs_txn *t, void *arg)
{
	struct cfs_object *o = arg;
	const char *type = cfs_type_name(o->type);
	struct cfs_obj *it;
	int ret;

	o->wrong = CFS_WRONG_NOTHING;
	it = o->id ? cfs_get(&m->db.index, o->type, o->id) :
		     cfs_named(&m->db.index, o->type, o->name);
	if (!it) {
		if (o->id)
			cfs_wrong(m, o, CFS_WRONG_ID, "there is no %s %llu", type, o->id);
		else
			cfs_wrong(m, o, CFS_WRONG_NAME, "there is no %s %s", type, o->name);
		return -ENOENT;
	}
	if (o->name && strcmp(o->name, cfs_object_name(&it->d)))
		return cfs_wrong(m, o, CFS_WRONG_NAME, "%s %llu has another name: %s", type, o->id,
				 cfs_object_name(&it->d));
	o->id = cfs_id_of(it);
	ret = cfs_unused(m, o);
	if (!ret)
		ret = cfs_unowned(m, o, &it->d);
	if (!ret)
		ret = cfs_txn_del(&m->db, t, o->type, o->id, ktime_get_real_seconds());
	return ret ? : cfs_object_event(m, t, o, &it->d, false);
}

/**
 * cfs_object_del() - remove an object
 * @m: mount, not locked
 * @o: its type, and id or name; its id is set
 * @why: as of cfs_change()
 *
 * Context: as of cfs_change().
 * Return: 0, or -errno and a sentence; @o->wrong says what that is about.
 */
int cfs_object_del(struct cfs_mount *m, struct cfs_object *o, char *why)
{
	return cfs_change_asked(m, cfs_fill_del, o, why);
}
