// SPDX-License-Identifier: GPL-2.0
/*
 * ids: an id has one owner. Those that are counted up are never given again, whoever
 * writes and whatever was freed; a client's, of 16 bits, when its tombstone is forgotten
 * and all others were given. And an event that is no longer kept is known to be lost.
 */
#include "lab.h"

static struct cfs_txn *t;

static void put(struct cfs_db *db, unsigned int type, u64 id, u64 tag)
{
	struct cfs_disk_client client = { .name = "c" };
	struct cfs_disk_lu lu = { .name = "l", .block = cpu_to_le32(512) };
	u8 uuid[16];

	uuid_of(uuid, tag);
	cfs_txn_begin(t);
	must(!cfs_txn_put(db, t, type, id, uuid, 0, type == CFS_LU ? (void *)&lu : (void *)&client),
	     "%s", db->why);
}

static void commit(struct cfs_db *db)
{
	must(!cfs_commit(db, t), "%s", db->why);
	cfs_txn_end(t);
}

static u64 fresh(struct cfs_db *db, unsigned int type)
{
	u64 id;

	must(!cfs_id_new(db, NULL, type, &id), "%s", db->why);
	return id;
}

static void gone(struct cfs_db *db, unsigned int type, u64 id, bool forget)
{
	cfs_txn_begin(t);
	must(!cfs_txn_del(db, t, type, id, 5), "%s", db->why);
	commit(db);
	if (!forget)
		return;
	must(!cfs_txn_forget(db, t, type, id), "%s", db->why);
	commit(db);
}

static void refused(struct cfs_db *db, const char *why)
{
	int ret = cfs_commit(db, t);

	must(ret == -EINVAL && strstr(db->why, why), "%d: %s", ret, db->why);
	cfs_txn_end(t);
}

static void lus(struct cfs_db *db, struct cfs_db *other)
{
	put(db, CFS_LU, fresh(db, CFS_LU), 1);
	commit(db);
	put(db, CFS_LU, fresh(db, CFS_LU), 2);
	commit(db);
	gone(db, CFS_LU, 2, true);
	must(fresh(db, CFS_LU) == 3 && !cfs_get(&db->index, CFS_LU, 2), "LU 2 is given again");
	put(db, CFS_LU, 2, 3);
	refused(db, "not the next one");
	/* After a snapshot, which has neither the LU nor its tombstone, by another node. */
	must(!cfs_claim(db, true) && !cfs_claim(other, true), "%s", other->why);
	must(fresh(other, CFS_LU) == 3, "LU 2 is given again");
	put(other, CFS_LU, 2, 3);
	refused(other, "not the next one");
	must(!cfs_claim(db, false) && fresh(db, CFS_LU) == 3, "%s", db->why);
}

static void clients(struct cfs_db *db)
{
	u64 id;

	put(db, CFS_CLIENT, fresh(db, CFS_CLIENT), 11);
	commit(db);
	put(db, CFS_CLIENT, fresh(db, CFS_CLIENT), 12);
	commit(db);
	gone(db, CFS_CLIENT, 1, false);
	must(fresh(db, CFS_CLIENT) == 3, "upwards first");
	put(db, CFS_CLIENT, 1, 13);
	refused(db, "held by a tombstone");
	/* As if all but the last had been given. */
	put(db, CFS_CLIENT, 65534, 14);
	commit(db);
	must(fresh(db, CFS_CLIENT) == 65535, "the last");
	put(db, CFS_CLIENT, 65535, 15);
	commit(db);
	/* 1 is held, 2 is there. */
	must(fresh(db, CFS_CLIENT) == 3, "the first that nobody has");
	must(!cfs_txn_forget(db, t, CFS_CLIENT, 1), "%s", db->why);
	commit(db);
	must(fresh(db, CFS_CLIENT) == 1, "forgotten, so free");
	must(!cfs_claim(db, true) && fresh(db, CFS_CLIENT) == 1, "after a snapshot");
	put(db, CFS_CLIENT, 1, 12);
	refused(db, "uuid belongs to another");
	put(db, CFS_CLIENT, 65536, 16);
	refused(db, "out of range");
	must(cfs_id_new(db, NULL, CFS_PRIMARY, &id) == 0 && id == 1, "one primary");
	db->index.next[CFS_ADAPTER] = 1ULL << 32;
	must(cfs_id_new(db, NULL, CFS_ADAPTER, &id) == -ENOSPC && strstr(db->why, "no id is left"),
	     "%s", db->why);
}

static void events(struct cfs_db *db)
{
	struct cfs_disk_event event = { .text = "e" };
	unsigned int i;
	u64 e;

	must(!cfs_claim(db, false), "%s", db->why);
	for (i = 1; i <= 3 * CFS_EVENTS_MIN; i++) {
		cfs_txn_begin(t);
		must(!cfs_txn_put(db, t, CFS_EVENT, i, NULL, 0, &event), "%s", db->why);
		if (i == CFS_EVENTS_MIN || cfs_wants_compaction(db))
			must(!cfs_claim(db, true), "%s", db->why);
		commit(db);
	}
	must(!cfs_claim(db, true) && db->index.next[CFS_EVENT] == i, "%s", db->why);
	must(!cfs_load(db) && db->index.event_first == i - CFS_EVENTS_MIN, "the oldest kept");
	for (e = 0; e <= i; e++) {
		const struct cfs_disk_record *r = cfs_get_event(&db->index, e);

		must(!r == (e < i - CFS_EVENTS_MIN || e >= i), "event %llu",
		     (unsigned long long)e);
		must(!r || (le64_to_cpu(r->id) == e && le64_to_cpu(r->since_gen)), "event");
	}
}

int main(void)
{
	struct cfs_super sb = small_repo(2, 1);
	struct cfs_db db, other;
	struct disks d;

	t = malloc(sizeof(*t));
	must(t, "memory");
	cfs_txn_begin(t);
	disks_init(&d, &sb);
	must(!cfs_open(&db, &d.io, 1, 0, NULL) && !cfs_open(&other, &d.io, 1, 1, NULL), "open");
	must(!cfs_claim(&db, false), "%s", db.why);
	lus(&db, &other);
	clients(&db);
	events(&db);
	cfs_close(&db);
	cfs_close(&other);
	disks_free(&d);
	free(t);
	return 0;
}
