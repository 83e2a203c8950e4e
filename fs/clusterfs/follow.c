// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: to read without becoming the writer.
 *
 * What was read once and is settled stays: it is a part of every later history, whose
 * beginning it is. So a reader that knows the history up to commit G of term T, by node W,
 * needs no more than
 *
 *  - what W has appended since, from the block behind commit G on: within a term a log has
 *    no gaps;
 *  - the logs of those whose slot shows a claim above T: a CONFIRM of a higher term is in
 *    the log of who claimed it, and the slot was written before.
 *
 * If that does not fit together, all is read.
 */
#include "clusterfs.h"

#define CFS_LOAD_TRIES		32U

/* Blocks of a log that are read at a time, in the hope that they are all. */
#define CFS_AHEAD_BLOCKS	8U

#define U(x)			((unsigned long long)(x))

/**
 * cfs_known() - the index is a history that stays
 * @db: database; term and gen say how far it goes
 * @node: whose term it is
 * @at: block of that node's log behind the last commit
 */
void cfs_known(struct cfs_db *db, unsigned int node, u32 at)
{
	db->known = true;
	db->known_term = db->term;
	db->known_by = node;
	db->known_at = at;
}

/* The logs stay, for a while. */
static int cfs_load_logs(struct cfs_db *db)
{
	char why[sizeof(db->why)];
	unsigned int tries, n;
	u64 highest;
	int ret;

	db->state = CFS_IDLE;
	db->step = CFS_STEP_NONE;
	db->known = false;
	for (tries = 0; ; tries++) {
		cfs_logs_free(&db->logs);
		ret = cfs_slots_read(db);
		highest = db->highest;
		for (n = 0; !ret && n < db->sb.nodes; n++)
			if (db->slot_term[n] || db->slot_bad[n])
				ret = cfs_logs_add(db, n);
		if (!ret)
			ret = cfs_chain(db);
		if (ret != -EUCLEAN || tries == CFS_LOAD_TRIES)
			break;
		/* Somebody may have freed what we were reading; else it is broken. */
		memcpy(why, db->why, sizeof(why));
		if (cfs_slots_read(db) || db->highest == highest) {
			memcpy(db->why, why, sizeof(why));
			break;
		}
	}
	db->term = db->parent;
	return ret;
}

/**
 * cfs_load() - read the database, and write nothing
 * @db: database
 *
 * What is read is what was acknowledged before the call, and perhaps more; whether that
 * stays is not known: see cfs_follow().
 *
 * Return: 0 or -errno.
 */
int cfs_load(struct cfs_db *db)
{
	int ret = cfs_load_logs(db);

	cfs_logs_free(&db->logs);
	return ret;
}

/* Where the commits of the highest term end in its writer's log. */
static u32 cfs_behind_last(const struct cfs_db *db)
{
	const struct cfs_logs *logs = &db->logs;
	u32 at = db->known_at, i;

	for (i = 0; i < logs->entries; i++)
		if (logs->entry[i].term == db->parent && logs->entry[i].gen <= db->gen)
			at = (logs->entry[i].sector / CFS_BLOCK_SECTORS + 1) % db->sb.log_blocks;
	return at;
}

/* What the writer of the term that is known has appended: until a block has none of it. */
static int cfs_read_ahead(struct cfs_db *db)
{
	const struct cfs_logs *logs = &db->logs;
	u32 at = db->known_at, left = db->sb.log_blocks, n, i;
	bool more = true;
	int ret;

	while (more && left) {
		n = min(min(left, db->sb.log_blocks - at), CFS_AHEAD_BLOCKS);
		i = logs->entries;
		ret = cfs_logs_add_part(db, db->known_by, at, n);
		if (ret)
			return ret;
		at = (at + n) % db->sb.log_blocks;
		left -= n;
		/* Is the last of these blocks one of them? */
		for (more = false; i < logs->entries; i++)
			if (logs->entry[i].term >= db->known_term &&
			    (logs->entry[i].sector / CFS_BLOCK_SECTORS + 1) % db->sb.log_blocks == at)
				more = true;
	}
	return 0;
}

/* CFS_MORE: all has to be read. */
static int cfs_follow_on(struct cfs_db *db)
{
	const u64 term = db->known_term;
	unsigned int n;
	int ret;

	db->state = CFS_IDLE;
	db->step = CFS_STEP_NONE;
	cfs_logs_free(&db->logs);
	ret = cfs_slots_read(db);
	for (n = 0; !ret && n < db->sb.nodes; n++)
		if (db->slot_term[n] > term || db->slot_bad[n])
			ret = cfs_logs_add(db, n);
	if (!ret && !db->logs.log[db->known_by])
		ret = cfs_read_ahead(db);
	/* From here on the index is half new, if anything fails. */
	db->known = false;
	if (!ret)
		ret = cfs_chain_on(db, term);
	if (ret == -EUCLEAN)
		ret = CFS_MORE;
	db->term = db->parent;
	db->known_at = cfs_behind_last(db);
	cfs_logs_free(&db->logs);
	return ret;
}

/* All of it. */
static int cfs_follow_all(struct cfs_db *db)
{
	int ret = cfs_load_logs(db);

	db->known_at = cfs_behind_last(db);
	cfs_logs_free(&db->logs);
	return ret;
}

/**
 * cfs_follow() - read the database as far as it may be told to others
 * @db: database
 *
 * As cfs_load(), and what is read is in every later history; so the next time only what is
 * new is read. A commit that was never acknowledged may be in none: if fewer than a majority
 * of the replicas have it, or if somebody has claimed since and has read the logs before it
 * was there. Then only a claim settles what is.
 *
 * Return: 0; -EAGAIN: it is not settled, do not show it; or -errno.
 */
int cfs_follow(struct cfs_db *db)
{
	unsigned int n;
	int ret = CFS_MORE;

	if (db->known)
		ret = cfs_follow_on(db);
	if (ret == CFS_MORE)
		ret = cfs_follow_all(db);
	/* After the logs, as before an acknowledgement: who claims later has read them (P2). */
	if (!ret)
		ret = cfs_slots_read(db);
	if (ret)
		return ret;
	if (db->behind)
		return cfs_fail(db, -EAGAIN,
				"of what leads to commit %llu of term %llu a part is on fewer than %u of %u replicas: a claim settles it",
				U(db->gen), U(db->term), cfs_majority(&db->sb), db->sb.replicas);
	for (n = 0; n < db->sb.nodes; n++)
		if (db->slot_term[n] > db->term)
			return cfs_fail(db, -EAGAIN,
					"node %u has claimed term %llu after term %llu and confirmed nothing: another claim settles it",
					n, U(db->slot_term[n]), U(db->term));
	/* Of an empty repository nothing is known: whose term is it? */
	if (db->term)
		cfs_known(db, db->confirmed_by, db->known_at);
	return 0;
}
