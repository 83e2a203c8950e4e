// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: to become the writer (P1).
 *
 *  1. SLOTS	read all claim slots
 *  2. CLAIM	write max + 1 into the own slot, FUA
 *  3. CHECK	read all slots again: another as high, then 2 with a higher term
 *  4. LOG	read the log of each node that has ever claimed
 *  5. ROOT	follow the chain from the highest CONFIRM, read its snapshot
 *  6. COPY	with replicas, if the chain is not on a majority of them everywhere: make
 *		the own part of it durable on all that are in use
 *  7. LOOK	read all slots: may a claim between that term and the own still confirm
 *		another history?
 *  8. SNAPSHOT	if space is to be freed, or another's part of the chain is not on a
 *		majority: write all objects, FUA, to an own area that nobody needs
 *  9. CONFIRM	append CONFIRM to the own log, PREFLUSH | FUA: {term, parent, its last
 *		commit that counts}, or {term, snapshot}
 * 10. SETTLE	read all slots: none is higher, then whoever claims later finds this
 *		CONFIRM, and what is not on its chain is free
 *
 * Each step is one read or write, or one scan. Between two of them anything may happen,
 * and this node may stand still for any time: whatever it does later, it acknowledges
 * nothing then (P2), and its CONFIRM is on no chain, because a higher one is there.
 *
 * 7 and 10 are for the space. A node that has claimed in between may have read the
 * logs before this CONFIRM was there, and may yet continue an older term: what that one
 * needs must still be there. See cfs_mark_live().
 */
#include "clusterfs.h"

#define CFS_CLAIM_TRIES		32U
#define CFS_CHUNK_BLOCKS	64U

/* Claim again, higher; or there is no end to it. */
static int cfs_claim_higher(struct cfs_db *db, u64 than)
{
	cfs_logs_free(&db->logs);
	if (++db->tries > CFS_CLAIM_TRIES)
		return cfs_fail(db, -EBUSY,
				"%u claims in turn were outbid: two nodes write without the lock",
				CFS_CLAIM_TRIES);
	db->term = than + 1;
	db->step = CFS_STEP_CLAIM;
	return CFS_MORE;
}

static int cfs_claim_check(struct cfs_db *db)
{
	int ret = cfs_slots_read(db);

	if (ret)
		return ret;
	if (cfs_slots_higher(db, db->term))
		return cfs_claim_higher(db, db->highest);
	if (db->slot_term[db->me] != db->term)
		return cfs_fail(db, -EIO, "the own claim of term %llu cannot be read back",
				(unsigned long long)db->term);
	db->next_log = 0;
	db->step = CFS_STEP_LOG;
	return CFS_MORE;
}

/* Whoever has never claimed has never written. */
static int cfs_next_log(struct cfs_db *db)
{
	int ret;

	while (db->next_log < db->sb.nodes && !db->slot_term[db->next_log] &&
	       !db->slot_bad[db->next_log])
		db->next_log++;
	if (db->next_log == db->sb.nodes) {
		db->step = CFS_STEP_ROOT;
		return CFS_MORE;
	}
	ret = cfs_logs_add(db, db->next_log++);
	return ret ? ret : CFS_MORE;
}

static int cfs_claim_root(struct cfs_db *db)
{
	int ret, err;

	ret = cfs_chain(db);
	if (ret == -EUCLEAN) {
		/* Changed under our eyes, or broken? The sentence is kept. */
		char why[sizeof(db->why)];

		memcpy(why, db->why, sizeof(why));
		err = cfs_slots_read(db);
		if (err)
			return err;
		if (cfs_slots_higher(db, db->term))
			return cfs_claim_higher(db, db->highest);
		memcpy(db->why, why, sizeof(why));
	}
	if (ret)
		return ret;
	/* A slot that was lost may have had it; a record never lies about its term. */
	if (db->parent >= db->term)
		return cfs_claim_higher(db, max(db->parent, db->highest));
	db->step = db->behind ? CFS_STEP_COPY : CFS_STEP_LOOK;
	return CFS_MORE;
}

/* The snapshot that the chain begins with, which is an own one. */
static int cfs_copy_snapshot(struct cfs_db *db)
{
	u64 block = cfs_snap_block(&db->sb, db->me, db->root_area);
	u32 left = DIV_ROUND_UP(db->root_records, CFS_BLOCK_SECTORS), n;
	int ret = 0;
	u8 *buf;

	buf = kvmalloc(CFS_CHUNK_BLOCKS * CFS_BLOCK_SIZE, GFP_KERNEL);
	if (!buf)
		return cfs_fail(db, -ENOMEM, "there is no memory for a snapshot");
	for (; left && !ret; left -= n, block += n) {
		n = min(left, CFS_CHUNK_BLOCKS);
		ret = cfs_read(db, block, buf, n, NULL);
		if (!ret)
			ret = cfs_write(db, block, buf, n, CFS_FUA);
	}
	kvfree(buf);
	return ret;
}

/* What is the own of it as it was read, to every replica in use: that changes nothing. */
static int cfs_claim_copy(struct cfs_db *db)
{
	const u8 *log = db->logs.log[db->me];
	int ret = 0;

	db->step = CFS_STEP_LOOK;
	if (!(db->behind & CFS_BEHIND_OWN) || !log)
		return CFS_MORE;
	if (db->root_records)
		ret = cfs_copy_snapshot(db);
	if (!ret)
		ret = cfs_write(db, cfs_log_block(&db->sb, db->me), log, db->sb.log_blocks,
				CFS_PREFLUSH | CFS_FUA);
	if (ret)
		return ret;
	db->behind &= ~CFS_BEHIND_OWN;
	if (db->confirmed_by == db->me)
		db->confirmed = true;
	return CFS_MORE;
}

static int cfs_claim_look(struct cfs_db *db)
{
	bool settled = db->confirmed;
	unsigned int n;
	int ret;

	ret = cfs_slots_read(db);
	if (ret)
		return ret;
	if (cfs_slots_higher(db, db->term))
		return cfs_claim_higher(db, db->highest);
	for (n = 0; n < db->sb.nodes; n++)
		if (n != db->me && db->slot_term[n] > db->parent)
			settled = false;
	cfs_mark_live(db, settled);
	if (cfs_wants_compaction(db))
		db->compact = true;
	if (db->areas == 3 && db->behind)
		return cfs_fail(db, -EAGAIN,
				"both snapshot areas may be needed by a node that has claimed, and the history is not on a majority of the replicas: let another node claim");
	/* No area is free: it is for another claim, when this one is settled. */
	if (db->areas == 3)
		db->compact = false;
	else if (db->behind)
		db->compact = true;
	db->area = db->areas & 1;
	db->written = 0;
	db->step = db->compact ? CFS_STEP_SNAPSHOT : CFS_STEP_CONFIRM;
	return CFS_MORE;
}

/* The next record of a snapshot: objects by type, tombstones, events in order. */
static const struct cfs_disk_record *cfs_snapshot_next(struct cfs_db *db)
{
	struct cfs_cursor *cur = &db->cur;
	struct cfs_obj *o;

	while (!cur->at && cur->type < CFS_TYPES - 1) {
		cur->type++;
		if (cur->type != CFS_EVENT)
			cur->at = db->index.types[cur->type].first;
	}
	if (!cur->at)
		return cfs_get_event(&db->index, cur->event++);
	o = hlist_entry(cur->at, struct cfs_obj, of_type);
	cur->at = cur->at->next;
	return &o->d;
}

static u32 cfs_snapshot_records(const struct cfs_db *db)
{
	return db->index.objects + (u32)(db->index.next[CFS_EVENT] - db->index.event_first);
}

static int cfs_claim_snapshot(struct cfs_db *db)
{
	const u32 records = cfs_snapshot_records(db);
	const u64 block = cfs_snap_block(&db->sb, db->me, db->area) +
			  db->written / CFS_BLOCK_SECTORS;
	struct cfs_disk_record *r;
	u32 i, blocks;
	int ret;
	u8 *buf;

	if (!db->written) {
		memset(&db->cur, 0, sizeof(db->cur));
		db->cur.event = db->index.event_first;
	}
	if (db->written >= records) {
		db->step = CFS_STEP_CONFIRM;
		return CFS_MORE;
	}
	buf = kvcalloc(CFS_CHUNK_BLOCKS, CFS_BLOCK_SIZE, GFP_KERNEL);
	if (!buf)
		return cfs_fail(db, -ENOMEM, "there is no memory for a snapshot");
	for (i = 0; i < CFS_CHUNK_BLOCKS * CFS_BLOCK_SECTORS && db->written < records; i++) {
		r = (void *)(buf + i * CFS_SECTOR_SIZE);
		*r = *cfs_snapshot_next(db);
		r->term = cpu_to_le64(db->term);
		r->gen = cpu_to_le64(db->gen);
		r->node = cpu_to_le16(db->me);
		r->index = cpu_to_le32(db->written++);
		r->count = cpu_to_le32(records);
		cfs_seal(r, &db->sb, block * CFS_BLOCK_SECTORS + i);
	}
	blocks = DIV_ROUND_UP(i, CFS_BLOCK_SECTORS);
	ret = cfs_write(db, block, buf, blocks, CFS_FUA);
	kvfree(buf);
	return ret ? ret : CFS_MORE;
}

static int cfs_claim_confirm(struct cfs_db *db)
{
	const u64 block = cfs_log_block(&db->sb, db->me) + db->cursor;
	struct cfs_disk_record *r = (void *)db->block;
	struct cfs_disk_confirm *c = (void *)r->payload;
	unsigned int type;
	int ret;

	if (!db->free)
		return cfs_fail(db, -ENOSPC, "the own log has no block for a CONFIRM");
	memset(db->block, 0, CFS_BLOCK_SIZE);
	r->type = CFS_CONFIRM;
	r->node = cpu_to_le16(db->me);
	r->term = cpu_to_le64(db->term);
	r->gen = cpu_to_le64(db->gen);
	r->count = cpu_to_le32(1);
	r->since_term = r->term;
	r->since_gen = r->gen;
	r->len = cpu_to_le32(sizeof(*c));
	c->carries = db->compact ? CFS_SNAPSHOT : CFS_PARENT;
	c->parent = cpu_to_le64(db->parent);
	c->parent_gen = cpu_to_le64(db->gen);
	if (db->compact) {
		c->area = db->area;
		c->records = cpu_to_le32(cfs_snapshot_records(db));
		for (type = 0; type < CFS_TYPES; type++)
			c->next[type] = cpu_to_le64(db->index.next[type]);
	}
	cfs_seal(r, &db->sb, block * CFS_BLOCK_SECTORS);
	ret = cfs_write(db, block, db->block, 1, CFS_PREFLUSH | CFS_FUA);
	if (ret)
		return ret;

	db->step = CFS_STEP_SETTLE;
	return CFS_MORE;
}

static int cfs_claim_settle(struct cfs_db *db)
{
	int ret;

	ret = cfs_slots_read(db);
	if (ret)
		return ret;
	if (cfs_slots_higher(db, db->term) || db->slot_term[db->me] != db->term)
		return cfs_fail(db, -ESTALE, "term %llu was claimed after term %llu of this node",
				(unsigned long long)db->highest, (unsigned long long)db->term);
	if (db->compact) {
		memset(db->live, 0, BITS_TO_LONGS(db->sb.log_blocks) * sizeof(long));
		db->root = db->term;
	} else {
		u32 at = db->cursor;

		cfs_mark_live(db, true);
		db->cursor = at;
	}
	__set_bit(db->cursor, db->live);
	db->cursor = (db->cursor + 1) % db->sb.log_blocks;
	cfs_count_free(db);
	cfs_logs_free(&db->logs);
	db->state = CFS_WRITER;
	db->step = CFS_STEP_NONE;
	cfs_known(db, db->me, db->cursor);
	return 0;
}

/**
 * cfs_claim_begin() - begin to become the writer
 * @db: database; it may be the writer already, to free space
 * @compact: carry a snapshot in any case
 *
 * Return: 0 or -EROFS: this handle only reads.
 */
int cfs_claim_begin(struct cfs_db *db, bool compact)
{
	if (db->me >= db->sb.nodes)
		return cfs_fail(db, -EROFS, "the repository is open to be read only");
	cfs_logs_free(&db->logs);
	db->state = CFS_IDLE;
	db->step = CFS_STEP_SLOTS;
	db->compact = compact;
	db->tries = 0;
	return 0;
}

/**
 * cfs_claim_step() - one step of it
 * @db: database, begun
 *
 * Return: CFS_MORE; 0: this node is the writer; or -errno: it is not, and may begin
 * again. -ESTALE: another has claimed since; -EBUSY: others claim all the time;
 * -EUCLEAN: the chain is broken.
 */
int cfs_claim_step(struct cfs_db *db)
{
	int ret;

	switch (db->step) {
	case CFS_STEP_SLOTS:
		ret = cfs_slots_read(db);
		if (!ret)
			ret = CFS_MORE;
		db->term = db->highest + 1;
		db->step = CFS_STEP_CLAIM;
		break;
	case CFS_STEP_CLAIM:
		ret = cfs_slot_write(db, db->term);
		if (!ret)
			ret = CFS_MORE;
		db->step = CFS_STEP_CHECK;
		break;
	case CFS_STEP_CHECK:
		ret = cfs_claim_check(db);
		break;
	case CFS_STEP_LOG:
		ret = cfs_next_log(db);
		break;
	case CFS_STEP_ROOT:
		ret = cfs_claim_root(db);
		break;
	case CFS_STEP_LOOK:
		ret = cfs_claim_look(db);
		break;
	case CFS_STEP_COPY:
		ret = cfs_claim_copy(db);
		break;
	case CFS_STEP_SNAPSHOT:
		ret = cfs_claim_snapshot(db);
		break;
	case CFS_STEP_CONFIRM:
		ret = cfs_claim_confirm(db);
		break;
	case CFS_STEP_SETTLE:
		ret = cfs_claim_settle(db);
		break;
	default:
		return cfs_fail(db, -EINVAL, "no claim was begun");
	}
	if (ret < 0) {
		cfs_logs_free(&db->logs);
		db->step = CFS_STEP_NONE;
	}
	return ret;
}

/**
 * cfs_claim() - become the writer
 * @db: database
 * @compact: carry a snapshot in any case
 *
 * Return: 0 or -errno, see cfs_claim_step().
 */
int cfs_claim(struct cfs_db *db, bool compact)
{
	int ret = cfs_claim_begin(db, compact);

	if (!ret)
		do {
			ret = cfs_claim_step(db);
		} while (ret == CFS_MORE);
	return ret;
}
