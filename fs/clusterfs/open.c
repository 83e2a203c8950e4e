// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: to open a repository: its replicas are found to be of one.
 */
#include "clusterfs.h"

/**
 * cfs_super_read() - a replica says what it is
 * @db: database; nothing is to be written: its block is used
 * @r: number of the place that the replica is in
 * @sb: filled
 *
 * Return: 0, or -errno and a sentence.
 */
int cfs_super_read(struct cfs_db *db, unsigned int r, struct cfs_super *sb)
{
	void *first = db->block, *second = db->block + CFS_BLOCK_SIZE;
	enum cfs_found found;
	int ret;

	ret = db->io.read(db->io.ctx, r, CFS_SUPER_BLOCK, first, 1);
	/* One copy that cannot be read is a damaged one: it has the magic, but no CRC. */
	if (ret)
		memcpy(memset(first, 0, CFS_BLOCK_SIZE), CFS_MAGIC, CFS_MAGIC_SIZE);
	if (db->io.read(db->io.ctx, r, CFS_SUPER_BLOCK_2, second, 1)) {
		if (ret)
			return cfs_fail(db, ret, "replica %u cannot be read (error %d)", r, ret);
		memcpy(memset(second, 0, CFS_BLOCK_SIZE), CFS_MAGIC, CFS_MAGIC_SIZE);
	}
	found = cfs_super_choose(first, second, sb);
	if (found == CFS_RO_ONLY && db->me >= CFS_NODES_MAX)
		found = CFS_VALID;
	if (found != CFS_VALID)
		return cfs_fail(db, found == CFS_BLANK ? -ENODEV : -EPROTONOSUPPORT,
				"replica %u has %s", r, cfs_found_text[found]);
	if (sb->replica != r)
		return cfs_fail(db, -EINVAL, "replica %u is in the place of replica %u",
				sb->replica, r);
	return 0;
}

/* The replicas that belong together, at least a majority; the others count as failed. */
static int cfs_choose_replicas(struct cfs_db *db, unsigned int replicas)
{
	struct cfs_super sb[CFS_REPLICAS_MAX];
	char why[sizeof(db->why)] = "";
	u32 good = 0, same = 0;
	unsigned int r, k;
	int ret = -ENODEV;

	for (r = 0; r < replicas; r++) {
		int err = cfs_super_read(db, r, &sb[r]);

		if (!err) {
			good |= BIT(r);
		} else if (!why[0]) {
			ret = err;
			memcpy(why, db->why, sizeof(why));
		}
	}
	for (r = 0; r < replicas; r++) {
		if (!(good & BIT(r)))
			continue;
		same = 0;
		for (k = 0; k < replicas; k++)
			if (good & BIT(k) && cfs_super_same(&sb[r], &sb[k]))
				same |= BIT(k);
		if (hweight32(same) >= cfs_majority(&sb[r])) {
			db->sb = sb[r];
			db->failed = (BIT(sb[r].replicas) - 1) & ~same;
			return 0;
		}
	}
	memcpy(db->why, why, sizeof(why));
	if (good)
		ret = cfs_fail(db, -ENODEV,
			       "%u of %u replicas are there and belong together: a majority is needed",
			       hweight32(same), sb[__ffs(good)].replicas);
	return ret;
}

/**
 * cfs_open() - open a repository; nothing of the database is read yet
 * @db: overwritten
 * @io: its devices, copied
 * @replicas: how many @io has places for
 * @me: slot of this node; CFS_NODES_MAX or more: to read only
 * @boot: boot id for the claims, or NULL
 *
 * Return: 0; or -errno, with nothing to close and a sentence in @db->why.
 */
int cfs_open(struct cfs_db *db, const struct cfs_io *io, unsigned int replicas, unsigned int me,
	     const uuid_t *boot)
{
	int ret = -ENOMEM;

	memset(db, 0, sizeof(*db));
	db->io = *io;
	db->me = me;
	if (boot)
		db->boot = *boot;
	db->block = kvmalloc(2 * CFS_BLOCK_SIZE, GFP_KERNEL);
	if (!db->block)
		goto no_memory;
	if (!replicas || replicas > CFS_REPLICAS_MAX) {
		ret = cfs_fail(db, -EINVAL, "a repository has 1 or %u replicas", CFS_REPLICAS_MAX);
		goto close;
	}
	ret = cfs_choose_replicas(db, replicas);
	if (ret)
		goto close;
	if (me >= db->sb.nodes && me < CFS_NODES_MAX) {
		ret = cfs_fail(db, -EINVAL, "node %u has no slot here: there are %u", me,
			       db->sb.nodes);
		goto close;
	}
	ret = -ENOMEM;
	db->live = kvcalloc(BITS_TO_LONGS(db->sb.log_blocks), sizeof(long), GFP_KERNEL);
	db->slots = kvmalloc(2 * db->sb.nodes * CFS_BLOCK_SIZE, GFP_KERNEL);
	if (!db->live || !db->slots || cfs_index_init(&db->index, &db->sb))
		goto no_memory;
	return 0;
no_memory:
	cfs_fail(db, ret, "there is no memory for the repository");
close:
	cfs_close(db);
	return ret;
}

/**
 * cfs_close() - give all memory back; the sentence stays
 * @db: opened, or half so
 */
void cfs_close(struct cfs_db *db)
{
	cfs_logs_free(&db->logs);
	if (db->index.ids)
		cfs_index_free(&db->index);
	kvfree(db->other);
	kvfree(db->live);
	kvfree(db->slots);
	kvfree(db->block);
	db->other = NULL;
	db->live = NULL;
	db->slots = NULL;
	db->block = NULL;
	db->other_size = 0;
	db->state = CFS_IDLE;
}
