// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: one or three replicas, read and written by majority (P3).
 *
 * A sector is a register that one node writes. It is on a majority when its write
 * has ended well, so that any majority that is read has it; among what the replicas
 * say the highest (term, generation) counts. A sector that was seen on fewer than a
 * majority may be unseen by the next reader: who builds on it makes it durable first
 * (see claim.c).
 */
#include "clusterfs.h"

/**
 * cfs_fail() - leave a sentence and an error
 * @db: database
 * @err: negative errno
 * @fmt: the sentence, without a full stop
 *
 * Return: @err.
 */
int cfs_fail(struct cfs_db *db, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vscnprintf(db->why, sizeof(db->why), fmt, args);
	va_end(args);
	return err;
}

/**
 * cfs_majority() - how many replicas decide
 * @sb: superblock
 *
 * Return: 1 of 1, 2 of 3.
 */
unsigned int cfs_majority(const struct cfs_super *sb)
{
	return sb->replicas / 2 + 1;
}

/* Is record @a newer than @b? Both have been checked. */
static bool cfs_newer(const struct cfs_disk_record *a, const struct cfs_disk_record *b)
{
	u64 ta = le64_to_cpu(a->term), tb = le64_to_cpu(b->term);

	return ta > tb || (ta == tb && le64_to_cpu(a->gen) > le64_to_cpu(b->gen));
}

/* Let the newer sectors of @other replace those of @buf. */
static void cfs_take_newer(struct cfs_db *db, u64 sector, void *buf, const void *other,
			   unsigned int sectors, u8 *copies)
{
	unsigned int i;

	for (i = 0; i < sectors; i++, buf += CFS_SECTOR_SIZE, other += CFS_SECTOR_SIZE) {
		if (!memcmp(buf, other, CFS_SECTOR_SIZE)) {
			if (copies)
				copies[i]++;
		} else if (cfs_sealed(other, &db->sb, sector + i) &&
			   (!cfs_sealed(buf, &db->sb, sector + i) || cfs_newer(other, buf))) {
			memcpy(buf, other, CFS_SECTOR_SIZE);
			if (copies)
				copies[i] = 1;
		}
	}
}

/**
 * cfs_read() - read blocks from a majority
 * @db: database
 * @block: first block
 * @buf: filled
 * @blocks: how many
 * @copies: for each sector, set to how many replicas have what is in @buf; or NULL
 *
 * Return: 0, -ENOMEM, or -EIO: no majority can be read.
 */
int cfs_read(struct cfs_db *db, u64 block, void *buf, unsigned int blocks, u8 *copies)
{
	const u32 size = blocks * CFS_BLOCK_SIZE;
	unsigned int r, good = 0;
	void *into = buf;
	int ret, err = 0;

	if (block + blocks > db->sb.total_blocks)
		return cfs_fail(db, -EIO, "block %llu is beyond the repository",
				(unsigned long long)block);
	if (db->sb.replicas > 1 && db->other_size < size) {
		kvfree(db->other);
		db->other_size = 0;
		db->other = kvmalloc(size, GFP_KERNEL);
		if (!db->other)
			return cfs_fail(db, -ENOMEM, "there is no memory to compare replicas");
		db->other_size = size;
	}
	for (r = 0; r < db->sb.replicas; r++) {
		if (db->failed & BIT(r))
			continue;
		ret = db->io.read(db->io.ctx, r, block, into, blocks);
		if (ret) {
			db->unread |= BIT(r);
			err = ret;
			continue;
		}
		if (!good++) {
			if (copies)
				memset(copies, 1, blocks * CFS_BLOCK_SECTORS);
			into = db->other;
			continue;
		}
		cfs_take_newer(db, block * CFS_BLOCK_SECTORS, buf, db->other,
			       blocks * CFS_BLOCK_SECTORS, copies);
	}
	if (good < cfs_majority(&db->sb))
		return cfs_fail(db, -EIO, "block %llu: %u of %u replicas can be read (error %d)",
				(unsigned long long)block, good, db->sb.replicas, err);
	return 0;
}

/**
 * cfs_write() - write blocks to a majority
 * @db: database
 * @block: first block, of this node's own
 * @buf: what
 * @blocks: how many
 * @flags: CFS_FUA, which each write has, and CFS_PREFLUSH
 *
 * What has ended is durable on each replica that counts for it: a flush that comes with
 * a later write may reach others. A replica that fails is left out from
 * here on, so that those in use have all that was written; it returns when it has been
 * overwritten from the others (resync.c). If no majority has it, nothing has ended and
 * none is left out for it: this node has to claim, and so to read what there is.
 *
 * Return: 0, or -EIO: what is on the medium is unknown.
 */
int cfs_write(struct cfs_db *db, u64 block, const void *buf, unsigned int blocks,
	      unsigned int flags)
{
	u32 failed = db->failed;
	unsigned int r, good = 0;
	int ret, err = 0;

	if (block < CFS_SLOT_BLOCK || block + blocks > db->sb.total_blocks)
		return cfs_fail(db, -EIO, "block %llu is beyond the repository",
				(unsigned long long)block);
	for (r = 0; r < db->sb.replicas; r++) {
		if (db->failed & BIT(r) & ~db->returning)
			continue;
		ret = db->io.write(db->io.ctx, r, block, buf, blocks, flags);
		if (db->returning & BIT(r)) {
			if (ret)
				db->returning = 0;
			continue;
		}
		if (!ret) {
			good++;
			continue;
		}
		err = ret;
		if (db->sb.replicas > 1)
			failed |= BIT(r);
	}
	if (good < cfs_majority(&db->sb))
		return cfs_fail(db, -EIO,
				"block %llu: %u of %u replicas can be written (error %d)",
				(unsigned long long)block, good, db->sb.replicas, err);
	db->failed = failed;
	return 0;
}
