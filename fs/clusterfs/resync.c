// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: a replica that was away is overwritten from the majority, never merged (P3).
 *
 * No block is written by two nodes, here neither: a node overwrites what is its own, its
 * claim slot, its log and its snapshot areas, and then counts the replica for what it
 * writes. When all nodes have done so, the replica has everything.
 *
 *  1. BEGIN	the replica says that it is what it was: its superblocks
 *  2. COPY	a few blocks: read them from the majority, which the replica is not of, and
 *		from the replica; write what differs, FUA
 *  3. COUNT	after the last of them: it is one of those in use again
 *
 * Between two steps this node may claim and commit. Each write goes to the replica as well
 * from 1 on, so that what was copied stays equal; it counts for nothing. A replica that
 * fails meanwhile has to begin anew.
 *
 * A replica that was exchanged has no superblock and is refused here: until it has what all
 * nodes wrote it must not be read as one of a majority.
 */
#include "clusterfs.h"

#define CFS_RESYNC_BLOCKS	64U

/* Forget it: the replica is as far away as before. */
static int cfs_resync_stop(struct cfs_db *db, int err)
{
	db->returning = 0;
	return err;
}

/**
 * cfs_resync_begin() - a replica is there again
 * @db: database, of a node
 * @r: number of the replica, one that was left out
 *
 * Return: 0; -EINVAL: it is not left out; -EBUSY: a claim or a commit is on its way;
 * -EROFS: this handle only reads; or -errno: the replica cannot be read, or is not of this
 * repository.
 */
int cfs_resync_begin(struct cfs_db *db, unsigned int r)
{
	struct cfs_super sb;
	int ret;

	if (db->me >= db->sb.nodes)
		return cfs_fail(db, -EROFS, "the repository is open to be read only");
	if (db->step != CFS_STEP_NONE)
		return cfs_fail(db, -EBUSY, "a claim or a commit is on its way");
	if (r >= db->sb.replicas || !(db->failed & BIT(r)))
		return cfs_fail(db, -EINVAL, "replica %u is not left out", r);
	db->returning = 0;
	ret = cfs_super_read(db, r, &sb);
	if (ret)
		return ret;
	if (!cfs_super_same(&sb, &db->sb))
		return cfs_fail(db, -EINVAL, "replica %u is of another repository", r);
	db->returning = BIT(r);
	db->resynced = 0;
	return 0;
}

/* The own blocks from number @db->resynced on, and how many of them are one step. */
static u32 cfs_resync_part(const struct cfs_db *db, u64 *block)
{
	u32 at = db->resynced, area;

	/* One after the other: a torn one leaves the claim before it. */
	if (at < 2) {
		*block = cfs_slot_block(db->me) + at;
		return 1;
	}
	at -= 2;
	if (at < db->sb.log_blocks) {
		*block = cfs_log_block(&db->sb, db->me) + at;
		return min(db->sb.log_blocks - at, CFS_RESYNC_BLOCKS);
	}
	at -= db->sb.log_blocks;
	area = at / db->sb.snap_blocks;
	if (area > 1)
		return 0;
	at %= db->sb.snap_blocks;
	*block = cfs_snap_block(&db->sb, db->me, area) + at;
	return min(db->sb.snap_blocks - at, CFS_RESYNC_BLOCKS);
}

/* @n blocks: what differs on the replica is written there. */
static int cfs_resync_copy(struct cfs_db *db, u64 block, u32 n, u8 *good, u8 *there)
{
	const unsigned int r = __ffs(db->returning);
	u32 i, run;
	int ret;

	ret = cfs_read(db, block, good, n, NULL);
	if (ret)
		return ret;
	ret = db->io.read(db->io.ctx, r, block, there, n);
	for (i = 0; !ret && i < n; i += run ? run : 1) {
		for (run = 0; i + run < n; run++)
			if (!memcmp(good + (size_t)(i + run) * CFS_BLOCK_SIZE,
				    there + (size_t)(i + run) * CFS_BLOCK_SIZE, CFS_BLOCK_SIZE))
				break;
		if (run)
			ret = db->io.write(db->io.ctx, r, block + i,
					   good + (size_t)i * CFS_BLOCK_SIZE, run, CFS_FUA);
	}
	if (ret)
		return cfs_fail(db, ret, "block %llu of replica %u cannot be overwritten (error %d)",
				(unsigned long long)block, r, ret);
	return 0;
}

/**
 * cfs_resync_step() - one step of it, of at most 64 blocks
 * @db: database, begun
 *
 * Return: CFS_MORE; 0: the replica is in use again; -EBUSY: a claim or a commit is on its
 * way, which is to be ended first; or -errno: the replica is left out as before.
 */
int cfs_resync_step(struct cfs_db *db)
{
	u64 block = 0;
	u32 n;
	u8 *buf;
	int ret;

	if (!db->returning)
		return cfs_fail(db, -EINVAL, "no replica is returning");
	if (db->step != CFS_STEP_NONE)
		return cfs_fail(db, -EBUSY, "a claim or a commit is on its way");
	n = cfs_resync_part(db, &block);
	if (!n) {
		db->failed &= ~db->returning;
		db->returning = 0;
		return 0;
	}
	buf = kvmalloc(2 * n * CFS_BLOCK_SIZE, GFP_KERNEL);
	if (!buf)
		return cfs_resync_stop(db, cfs_fail(db, -ENOMEM,
						    "there is no memory to compare replicas"));
	ret = cfs_resync_copy(db, block, n, buf, buf + n * CFS_BLOCK_SIZE);
	kvfree(buf);
	if (ret)
		return cfs_resync_stop(db, ret);
	db->resynced += n;
	return CFS_MORE;
}

/**
 * cfs_resync() - overwrite all that is this node's on a replica that is there again
 * @db: database, of a node
 * @r: number of the replica
 *
 * Return: 0 or -errno, see cfs_resync_begin() and cfs_resync_step().
 */
int cfs_resync(struct cfs_db *db, unsigned int r)
{
	int ret = cfs_resync_begin(db, r);

	if (!ret)
		do {
			ret = cfs_resync_step(db);
		} while (ret == CFS_MORE);
	return ret;
}
