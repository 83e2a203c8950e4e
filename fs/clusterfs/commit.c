// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: to write (P2).
 *
 *  1. APPEND	the records to the own log, each block FUA, the last one PREFLUSH too
 *  2. ACK	read all claim slots: none is higher, then the commit is acknowledged.
 *		Else its outcome is unknown and the node is lost: it has to claim anew.
 *
 * Each block, because a write of the next one may end on other replicas: one that has lost
 * its power in between would have the last block, and count, without those before it.
 *
 * Without 2 the record of a node that stood still between its claim and this commit
 * would be acknowledged, though the next writer has not seen it.
 */
#include "clusterfs.h"

/*
 * Blocks that only a CONFIRM may use: without one no space is ever freed. One is used up
 * each time that the power goes between a CONFIRM and the look that settles it.
 */
#define CFS_LOG_RESERVE		4U

/**
 * cfs_wants_compaction() - is the own log nearly full
 * @db: database, the writer
 *
 * Return: true if it is time for cfs_claim() with a snapshot.
 */
bool cfs_wants_compaction(const struct cfs_db *db)
{
	return db->free < db->sb.log_blocks / 4 + CFS_LOG_RESERVE;
}

/**
 * cfs_commit_begin() - begin to write
 * @db: database, the writer
 * @t: what; unchanged by the caller until the end
 *
 * Return: 0; or an error, with nothing written: -ESTALE: this node is not the writer;
 * -EAGAIN: the own log is full, to be freed by cfs_claim() with a snapshot; or as
 * cfs_txn_check() says.
 */
int cfs_commit_begin(struct cfs_db *db, struct cfs_txn *t)
{
	int ret;

	if (db->state != CFS_WRITER || db->step != CFS_STEP_NONE)
		return cfs_fail(db, -ESTALE, "this node is not the writer");
	ret = cfs_txn_check(db, t);
	if (ret)
		return ret;
	if (db->free < DIV_ROUND_UP(t->count, CFS_BLOCK_SECTORS) + CFS_LOG_RESERVE)
		return cfs_fail(db, -EAGAIN, "the own log is full: a snapshot frees it");
	db->txn = t;
	db->written = 0;
	db->step = CFS_STEP_APPEND;
	return 0;
}

static int cfs_append(struct cfs_db *db)
{
	const u64 block = cfs_log_block(&db->sb, db->me) + db->cursor;
	struct cfs_txn *t = db->txn;
	u32 first = db->written * CFS_BLOCK_SECTORS, i;
	bool last = t->count - first <= CFS_BLOCK_SECTORS;
	struct cfs_disk_record *r = (void *)db->block;

	memset(db->block, 0, CFS_BLOCK_SIZE);
	for (i = first; i < t->count && i < first + CFS_BLOCK_SECTORS; i++, r++) {
		cfs_seal(&t->rec[i], &db->sb, block * CFS_BLOCK_SECTORS + i - first);
		*r = t->rec[i];
	}
	db->written++;
	__set_bit(db->cursor, db->live);
	db->free--;
	db->cursor = (db->cursor + 1) % db->sb.log_blocks;
	if (last)
		db->step = CFS_STEP_ACK;
	return cfs_write(db, block, db->block, 1, last ? CFS_PREFLUSH | CFS_FUA : CFS_FUA);
}

static int cfs_acknowledge(struct cfs_db *db)
{
	struct cfs_txn *t = db->txn;
	unsigned int i;
	int ret;

	ret = cfs_slots_read(db);
	if (ret)
		return ret;
	if (cfs_slots_higher(db, db->term) || db->slot_term[db->me] != db->term)
		return cfs_fail(db, -ESTALE,
				"term %llu was claimed after term %llu of this node: the outcome of its commit %llu is unknown",
				(unsigned long long)db->highest, (unsigned long long)db->term,
				(unsigned long long)db->gen + 1);
	for (i = 0; i < t->count; i++) {
		if (cfs_is_new(&db->index, &t->rec[i])) {
			cfs_apply(&db->index, &t->rec[i], t->obj[i]);
			t->obj[i] = NULL;
		} else {
			cfs_apply(&db->index, &t->rec[i], NULL);
		}
	}
	db->gen++;
	cfs_known(db, db->me, db->cursor);
	db->step = CFS_STEP_NONE;
	db->txn = NULL;
	return 0;
}

/**
 * cfs_commit_step() - one step of it
 * @db: database, begun
 *
 * Return: CFS_MORE; 0: it is acknowledged; or -errno: its outcome is unknown, and this
 * node has to claim before it knows it.
 */
int cfs_commit_step(struct cfs_db *db)
{
	int ret;

	if (db->step == CFS_STEP_APPEND) {
		ret = cfs_append(db);
		if (!ret)
			return CFS_MORE;
	} else if (db->step == CFS_STEP_ACK) {
		ret = cfs_acknowledge(db);
	} else {
		return cfs_fail(db, -EINVAL, "no commit was begun");
	}
	if (ret) {
		db->state = CFS_LOST;
		db->step = CFS_STEP_NONE;
		db->txn = NULL;
	}
	return ret;
}

/**
 * cfs_commit() - write, and wait until it is acknowledged
 * @db: database, the writer
 * @t: what
 *
 * Return: 0 or -errno. db->state says what it means: CFS_WRITER: nothing was written;
 * CFS_LOST: the outcome is unknown.
 */
int cfs_commit(struct cfs_db *db, struct cfs_txn *t)
{
	int ret = cfs_commit_begin(db, t);

	if (!ret)
		do {
			ret = cfs_commit_step(db);
		} while (ret == CFS_MORE);
	return ret;
}
