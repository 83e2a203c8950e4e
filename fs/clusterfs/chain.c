// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: history is a chain (P1). From the highest confirmed term through its
 * parents to a snapshot or to the beginning; what is not on it does not exist.
 *
 * A term's commits are numbered on from its CONFIRM, which has the number of the last
 * commit of the parent that counts. So a commit is found by (term, generation) alone,
 * wherever in its writer's log it is.
 */
#include "clusterfs.h"

#define CFS_SCAN_BLOCKS		64U

#define U(x)			((unsigned long long)(x))

/**
 * cfs_logs_free() - forget what was read
 * @logs: may be empty
 */
void cfs_logs_free(struct cfs_logs *logs)
{
	unsigned int n;

	for (n = 0; n < CFS_NODES_MAX; n++)
		kvfree(logs->log[n]);
	kvfree(logs->entry);
	memset(logs, 0, sizeof(*logs));
}

static int cfs_logs_grow(struct cfs_logs *logs, u32 more)
{
	struct cfs_entry *entry;

	if (logs->room - logs->entries >= more)
		return 0;
	entry = kvmalloc_array(logs->entries + more, sizeof(*entry), GFP_KERNEL);
	if (!entry)
		return -ENOMEM;
	if (logs->entries)
		memcpy(entry, logs->entry, logs->entries * sizeof(*entry));
	kvfree(logs->entry);
	logs->entry = entry;
	logs->room = logs->entries + more;
	return 0;
}

static const struct cfs_disk_record *cfs_record_of(const struct cfs_db *db,
						   const struct cfs_entry *e)
{
	return (const void *)(db->logs.log[e->node] + (size_t)e->sector * CFS_SECTOR_SIZE);
}

/**
 * cfs_logs_add_part() - read a part of the log of a node
 * @db: database
 * @node: slot
 * @first: block of the log, none of which was read since cfs_logs_free()
 * @blocks: how many
 *
 * Return: 0 or -errno.
 */
int cfs_logs_add_part(struct cfs_db *db, unsigned int node, u32 first, u32 blocks)
{
	const u64 block = cfs_log_block(&db->sb, node) + first;
	const u32 sectors = blocks * CFS_BLOCK_SECTORS;
	struct cfs_logs *logs = &db->logs;
	const struct cfs_disk_record *r;
	struct cfs_entry *e;
	u8 *copies, *part;
	int ret = -ENOMEM;
	u32 i, found = 0;

	if (!logs->log[node])
		logs->log[node] = kvmalloc((size_t)db->sb.log_blocks * CFS_BLOCK_SIZE, GFP_KERNEL);
	copies = kvmalloc(sectors, GFP_KERNEL);
	if (!logs->log[node] || !copies) {
		cfs_fail(db, ret, "there is no memory for the log of node %u", node);
		goto free;
	}
	part = logs->log[node] + (size_t)first * CFS_BLOCK_SIZE;
	ret = cfs_read(db, block, part, blocks, copies);
	if (ret)
		goto free;
	for (i = 0; i < sectors; i++) {
		r = (const void *)(part + (size_t)i * CFS_SECTOR_SIZE);
		/* 0 is no number of replicas: such a sector is not looked at below. */
		if (le16_to_cpu(r->node) != node || r->type == CFS_CLAIM ||
		    !cfs_sealed(r, &db->sb, block * CFS_BLOCK_SECTORS + i))
			copies[i] = 0;
		else
			found++;
	}
	ret = cfs_logs_grow(logs, found);
	if (ret) {
		cfs_fail(db, ret, "there is no memory for the log of node %u", node);
		goto free;
	}
	for (i = 0; i < sectors; i++) {
		if (!copies[i])
			continue;
		r = (const void *)(part + (size_t)i * CFS_SECTOR_SIZE);
		e = &logs->entry[logs->entries++];
		e->term = le64_to_cpu(r->term);
		e->gen = le64_to_cpu(r->gen);
		e->index = le32_to_cpu(r->index);
		e->count = le32_to_cpu(r->count);
		e->node = node;
		e->type = r->type;
		e->copies = copies[i];
		e->sector = first * CFS_BLOCK_SECTORS + i;
	}
free:
	kvfree(copies);
	return ret;
}

/**
 * cfs_logs_add() - read the log of a node
 * @db: database
 * @node: slot
 *
 * Return: 0 or -errno.
 */
int cfs_logs_add(struct cfs_db *db, unsigned int node)
{
	return cfs_logs_add_part(db, node, 0, db->sb.log_blocks);
}

/* A CONFIRM before the commits of its term, whatever their numbers say. */
static int cfs_entry_cmp(const void *p, const void *q)
{
	const struct cfs_entry *a = p, *b = q;

	if (a->term != b->term)
		return a->term < b->term ? -1 : 1;
	if (a->type != b->type && (a->type == CFS_CONFIRM || b->type == CFS_CONFIRM))
		return a->type == CFS_CONFIRM ? -1 : 1;
	if (a->gen != b->gen)
		return a->gen < b->gen ? -1 : 1;
	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	return a->node < b->node ? -1 : a->node > b->node;
}

/* The first entry of a term, which is its CONFIRM if it has one; or the end. */
static u32 cfs_find_term(const struct cfs_logs *logs, u64 term)
{
	u32 low = 0, high = logs->entries, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (logs->entry[mid].term < term)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* A record that fewer than a majority of the replicas have may be unseen by the next. */
static void cfs_on_chain(struct cfs_db *db, unsigned int node, unsigned int copies)
{
	if (copies < cfs_majority(&db->sb))
		db->behind |= node == db->me ? CFS_BEHIND_OWN : CFS_BEHIND_OTHERS;
}

static int cfs_broken(struct cfs_db *db, const struct cfs_disk_record *r, unsigned int node,
		      const char *wrong)
{
	return cfs_fail(db, -EUCLEAN,
			"commit %llu, term %llu, node %u, record %u, %s %llu: %s",
			U(le64_to_cpu(r->gen)), U(le64_to_cpu(r->term)), node,
			le32_to_cpu(r->index), cfs_type_name(r->type), U(le64_to_cpu(r->id)),
			wrong);
}

/* Let one record count: of a commit, or of the snapshot. */
static int cfs_replay_record(struct cfs_db *db, const struct cfs_disk_record *r,
			     unsigned int node, bool snapshot, const u64 *next)
{
	struct cfs_index *ix = &db->index;
	struct cfs_obj *fresh = NULL;
	const char *wrong;

	wrong = cfs_record_wrong(r, &db->sb);
	if (!wrong && !snapshot && (r->since_term != r->term || r->since_gen != r->gen))
		wrong = "it is said to be of another commit";
	if (!wrong && snapshot && (le64_to_cpu(r->since_term) > le64_to_cpu(r->term) ||
				   le64_to_cpu(r->since_gen) > le64_to_cpu(r->gen)))
		wrong = "it is newer than its snapshot";
	/* The first event of a snapshot is the oldest that is kept. */
	if (!wrong && snapshot && r->type == CFS_EVENT && ix->next[CFS_EVENT] == 1) {
		ix->next[CFS_EVENT] = le64_to_cpu(r->id);
		ix->event_first = ix->next[CFS_EVENT];
	}
	if (!wrong) {
		u64 number = ix->next[r->type];

		if (snapshot && r->type != CFS_EVENT)
			number = next[r->type == CFS_TOMBSTONE ? r->otype : r->type];
		wrong = cfs_apply_wrong(ix, r, number, snapshot);
	}
	if (wrong)
		return cfs_broken(db, r, node, wrong);
	if (cfs_is_new(ix, r)) {
		fresh = kmalloc(sizeof(*fresh), GFP_KERNEL);
		if (!fresh)
			return cfs_fail(db, -ENOMEM, "there is no memory for another object");
	}
	cfs_apply(ix, r, fresh);
	return 0;
}

/* The snapshot that a CONFIRM carries. */
static int cfs_replay_snapshot(struct cfs_db *db, const struct cfs_entry *e,
			       const struct cfs_disk_confirm *c)
{
	u64 block = cfs_snap_block(&db->sb, e->node, c->area), next[CFS_TYPES];
	u32 records = le32_to_cpu(c->records), i, blocks, done = 0;
	u8 copies[CFS_SCAN_BLOCKS * CFS_BLOCK_SECTORS];
	const struct cfs_disk_record *r;
	unsigned int type;
	int ret = 0;
	u8 *buf;

	for (type = 0; type < CFS_TYPES; type++) {
		next[type] = le64_to_cpu(c->next[type]);
		if (!next[type])
			return cfs_fail(db, -EUCLEAN,
					"the snapshot of term %llu by node %u has a counter of zero",
					U(e->term), e->node);
	}
	buf = kvmalloc(CFS_SCAN_BLOCKS * CFS_BLOCK_SIZE, GFP_KERNEL);
	if (!buf)
		return cfs_fail(db, -ENOMEM, "there is no memory for a snapshot");
	while (done < records && !ret) {
		blocks = DIV_ROUND_UP(records - done, CFS_BLOCK_SECTORS);
		blocks = min(blocks, CFS_SCAN_BLOCKS);
		ret = cfs_read(db, block, buf, blocks, copies);
		for (i = 0; !ret && i < blocks * CFS_BLOCK_SECTORS && done < records; i++, done++) {
			r = (const void *)(buf + i * CFS_SECTOR_SIZE);
			if (!cfs_sealed(r, &db->sb, block * CFS_BLOCK_SECTORS + i) ||
			    le64_to_cpu(r->term) != e->term || le64_to_cpu(r->gen) != e->gen ||
			    le16_to_cpu(r->node) != e->node || le32_to_cpu(r->index) != done ||
			    le32_to_cpu(r->count) != records) {
				db->overwritten = cfs_sealed(r, &db->sb,
							     block * CFS_BLOCK_SECTORS + i) &&
						  le64_to_cpu(r->term) > e->term;
				ret = cfs_fail(db, -EUCLEAN,
					       "the snapshot of term %llu by node %u is damaged: record %u of %u is not there",
					       U(e->term), e->node, done, records);
			} else {
				ret = cfs_replay_record(db, r, e->node, true, next);
			}
			cfs_on_chain(db, e->node, copies[i]);
		}
		block += blocks;
	}
	kvfree(buf);
	if (ret)
		return ret;
	if (db->index.next[CFS_EVENT] != next[CFS_EVENT] && db->index.next[CFS_EVENT] != 1)
		return cfs_fail(db, -EUCLEAN,
				"the snapshot of term %llu by node %u lacks its last events",
				U(e->term), e->node);
	if (db->index.next[CFS_EVENT] == 1)
		db->index.event_first = next[CFS_EVENT];
	memcpy(db->index.next, next, sizeof(next));
	return 0;
}

/*
 * The commits of a term of @node that are not in the index yet, up to @cut; of the highest
 * term: as far as they go. There a commit of which a part is missing was never
 * acknowledged, if it is the last.
 */
static int cfs_replay_commits(struct cfs_db *db, u64 term, unsigned int node, u64 cut)
{
	struct cfs_logs *logs = &db->logs;
	const u32 end = cfs_find_term(logs, term + 1);
	u32 i = cfs_find_term(logs, term), k;
	const struct cfs_entry *e;
	int ret;

	while (db->gen < cut) {
		while (i < end && logs->entry[i].gen <= db->gen)
			i++;
		e = &logs->entry[i];
		for (k = 0; i + k < end && k < CFS_TXN_MAX && e[k].gen == db->gen + 1 &&
		     e[k].index == k && e[k].count == e->count && e[k].node == node; k++)
			if (k + 1 == e->count)
				break;
		if (i + k >= end || k == CFS_TXN_MAX || k + 1 != e->count ||
		    e[k].gen != db->gen + 1 || e[k].index != k) {
			if (cut != U64_MAX)
				return cfs_fail(db, -EUCLEAN,
						"commit %llu of term %llu by node %u is damaged or missing: a later term continues it",
						U(db->gen + 1), U(term), node);
			while (i < end && logs->entry[i].gen <= db->gen + 1)
				i++;
			if (i < end)
				return cfs_fail(db, -EUCLEAN,
						"commit %llu of term %llu by node %u is damaged or missing: commit %llu came after it",
						U(db->gen + 1), U(term), node,
						U(logs->entry[i].gen));
			return 0;
		}
		i += e->count;
		for (k = 0; k < e->count; k++) {
			ret = cfs_replay_record(db, cfs_record_of(db, &e[k]), e->node, false, NULL);
			if (ret)
				return ret;
			cfs_on_chain(db, e[k].node, e[k].copies);
		}
		db->gen++;
	}
	return 0;
}

/* A term that begins at @at: its CONFIRM, and its commits. */
static int cfs_replay_term(struct cfs_db *db, u32 at, u64 cut)
{
	const struct cfs_logs *logs = &db->logs;
	const struct cfs_entry *confirm = &logs->entry[at];

	if (at + 1 < logs->entries && confirm[1].term == confirm->term &&
	    confirm[1].type == CFS_CONFIRM)
		return cfs_fail(db, -EUCLEAN, "term %llu is confirmed twice: by nodes %u and %u",
				U(confirm->term), confirm->node, confirm[1].node);
	cfs_on_chain(db, confirm->node, confirm->copies);
	return cfs_replay_commits(db, confirm->term, confirm->node, cut);
}

/*
 * From the highest term down to a snapshot, the beginning, or the term that continues
 * @known: where each begins and ends. The number of terms.
 */
static int cfs_walk(struct cfs_db *db, u32 at, u32 *begin, u64 *cut, u32 max, u64 known)
{
	struct cfs_logs *logs = &db->logs;
	const struct cfs_disk_confirm *c;
	const struct cfs_disk_record *r;
	const struct cfs_entry *e;
	u64 end = U64_MAX, parent;
	const char *wrong;
	u32 n = 0;

	for (;;) {
		e = &logs->entry[at];
		r = cfs_record_of(db, e);
		c = (const void *)r->payload;
		wrong = cfs_record_wrong(r, &db->sb);
		parent = le64_to_cpu(c->parent);
		if (!wrong && (le64_to_cpu(c->parent_gen) != e->gen || parent >= e->term ||
			       e->gen > end || e->gen < db->sb.first_gen || n == max))
			wrong = "it does not fit its parent, or its child";
		if (!wrong && c->carries == CFS_PARENT && !parent && e->gen != db->sb.first_gen)
			wrong = "it is the first, and continues another";
		if (wrong)
			return cfs_broken(db, r, e->node, wrong);
		begin[n] = at;
		cut[n++] = end;
		end = e->gen;
		if (c->carries == CFS_SNAPSHOT || !parent || parent == known)
			return n;
		at = cfs_find_term(logs, parent);
		if (at == logs->entries || logs->entry[at].term != parent ||
		    logs->entry[at].type != CFS_CONFIRM)
			return cfs_fail(db, -EUCLEAN,
					"term %llu by node %u continues term %llu, whose CONFIRM is damaged or missing",
					U(e->term), e->node, U(parent));
	}
}

/* The own blocks and the snapshot area that the history up to @term needs. */
static void cfs_mark_chain(struct cfs_db *db, u64 term)
{
	const struct cfs_logs *logs = &db->logs;
	const struct cfs_disk_confirm *c;
	const struct cfs_entry *confirm, *e;
	u64 cut = U64_MAX;
	u32 at, i;

	while (term) {
		at = cfs_find_term(logs, term);
		confirm = &logs->entry[at];
		if (at == logs->entries || confirm->term != term || confirm->type != CFS_CONFIRM)
			return;
		c = (const void *)cfs_record_of(db, confirm)->payload;
		for (i = at; i < logs->entries; i++) {
			e = &logs->entry[i];
			if (e->term != term)
				break;
			if (e->node == db->me && e->gen <= cut)
				__set_bit(e->sector / CFS_BLOCK_SECTORS, db->live);
		}
		if (c->carries == CFS_SNAPSHOT) {
			if (confirm->node == db->me)
				db->areas |= BIT(c->area & 1);
			return;
		}
		cut = confirm->gen;
		/* Downwards, whatever the disk says. */
		if (le64_to_cpu(c->parent) >= term)
			return;
		term = le64_to_cpu(c->parent);
	}
}

/**
 * cfs_mark_live() - what of the own log and areas may not be overwritten
 * @db: database, after cfs_chain(), with the logs still there
 * @settled: every later history continues the highest confirmed term
 *
 * A term is settled when its CONFIRM was on the medium before a look at the slots
 * that found no higher claim: whoever claims afterwards finds it. Whoever claimed
 * before may yet confirm a history without it. So what the last term needs that is
 * known to be settled stays, and so does all that is newer. A term with commits was
 * settled before the first of them.
 */
void cfs_mark_live(struct cfs_db *db, bool settled)
{
	const struct cfs_logs *logs = &db->logs;
	const struct cfs_disk_confirm *c;
	const struct cfs_entry *e;
	u64 last = db->parent;
	u32 i;

	memset(db->live, 0, BITS_TO_LONGS(db->sb.log_blocks) * sizeof(long));
	db->areas = 0;
	cfs_mark_chain(db, db->parent);
	if (!settled) {
		for (last = 0, i = 0; i < logs->entries; i++)
			if (logs->entry[i].type != CFS_CONFIRM)
				last = logs->entry[i].term;
		cfs_mark_chain(db, last);
	}
	/* Sorted: the last of the own entries is the newest. */
	db->cursor = 0;
	for (i = 0; i < logs->entries; i++) {
		e = &logs->entry[i];
		if (e->node != db->me)
			continue;
		db->cursor = (e->sector / CFS_BLOCK_SECTORS + 1) % db->sb.log_blocks;
		if (e->term <= last)
			continue;
		__set_bit(e->sector / CFS_BLOCK_SECTORS, db->live);
		c = (const void *)cfs_record_of(db, e)->payload;
		if (e->type == CFS_CONFIRM && c->carries == CFS_SNAPSHOT)
			db->areas |= BIT(c->area & 1);
	}
	cfs_count_free(db);
}

/**
 * cfs_count_free() - how far the own log can be appended to
 * @db: database; live and cursor are set
 */
void cfs_count_free(struct cfs_db *db)
{
	for (db->free = 0; db->free < db->sb.log_blocks; db->free++)
		if (test_bit((db->cursor + db->free) % db->sb.log_blocks, db->live))
			break;
}

/**
 * cfs_chain() - what the logs that were read say
 * @db: database; index, gen, parent, root, behind and confirmed are set
 *
 * Return: 0, -ENOMEM, -EIO, or -EUCLEAN: the chain is broken, or it was read while
 * somebody changed it, which a look at the slots then tells.
 */
int cfs_chain(struct cfs_db *db)
{
	struct cfs_logs *logs = &db->logs;
	const struct cfs_disk_confirm *c;
	u32 *begin = NULL, n = 0, i, confirms = 0;
	const struct cfs_entry *e;
	u64 *cut = NULL;
	int ret = 0;

	db->known = false;
	sort(logs->entry, logs->entries, sizeof(*logs->entry), cfs_entry_cmp, NULL);
again:
	cfs_index_clear(&db->index);
	db->gen = db->sb.first_gen;
	db->parent = 0;
	db->root = 0;
	db->behind = 0;
	db->root_records = 0;
	db->confirmed = true;
	db->overwritten = false;
	confirms = 0;
	for (i = 0; i < logs->entries; i++)
		confirms += logs->entry[i].type == CFS_CONFIRM;
	if (!logs->entries)
		return 0;
	i = cfs_find_term(logs, logs->entry[logs->entries - 1].term);
	if (logs->entry[i].type != CFS_CONFIRM)
		return cfs_fail(db, -EUCLEAN,
				"the CONFIRM of term %llu by node %u is damaged or missing, its commits are there",
				U(logs->entry[logs->entries - 1].term),
				logs->entry[logs->entries - 1].node);

	begin = kvmalloc_array(confirms, sizeof(*begin), GFP_KERNEL);
	cut = kvmalloc_array(confirms, sizeof(*cut), GFP_KERNEL);
	if (!begin || !cut) {
		ret = cfs_fail(db, -ENOMEM, "there is no memory for the chain");
		goto free;
	}
	ret = cfs_walk(db, i, begin, cut, confirms, 0);
	if (ret < 0)
		goto free;
	n = ret;
	db->parent = logs->entry[i].term;
	db->confirmed = logs->entry[i].copies >= cfs_majority(&db->sb);
	db->confirmed_by = logs->entry[i].node;
	e = &logs->entry[begin[n - 1]];
	db->root = e->term;
	db->gen = e->gen;
	c = (const void *)cfs_record_of(db, e)->payload;
	if (c->carries == CFS_SNAPSHOT && e->node == db->me) {
		db->root_area = c->area;
		db->root_records = le32_to_cpu(c->records);
	}
	ret = c->carries == CFS_SNAPSHOT ? cfs_replay_snapshot(db, e, c) : 0;
	/*
	 * Its writer has begun another snapshot in that place, so it had not found this
	 * CONFIRM on a majority: it never was on one, and nothing was built on it.
	 */
	if (ret == -EUCLEAN && db->overwritten && n == 1 && !db->confirmed) {
		logs->entries = i;
		kvfree(cut);
		kvfree(begin);
		goto again;
	}
	while (!ret && n--)
		ret = cfs_replay_term(db, begin[n], cut[n]);
free:
	kvfree(cut);
	kvfree(begin);
	return ret;
}

/* The terms since @term, up to that whose CONFIRM is entry @at. */
static int cfs_chain_terms(struct cfs_db *db, u64 term, u32 at)
{
	struct cfs_logs *logs = &db->logs;
	const struct cfs_disk_confirm *c;
	u32 confirms = 0, *begin, n, i;
	u64 *cut;
	int ret;

	for (i = 0; i < logs->entries; i++)
		confirms += logs->entry[i].type == CFS_CONFIRM;
	begin = kvmalloc_array(confirms, sizeof(*begin), GFP_KERNEL);
	cut = kvmalloc_array(confirms, sizeof(*cut), GFP_KERNEL);
	if (!begin || !cut) {
		ret = cfs_fail(db, -ENOMEM, "there is no memory for the chain");
		goto free;
	}
	ret = cfs_walk(db, at, begin, cut, confirms, term);
	if (ret < 0)
		goto free;
	n = ret;
	i = begin[n - 1];
	c = (const void *)cfs_record_of(db, &logs->entry[i])->payload;
	if (c->carries == CFS_SNAPSHOT) {
		/* It is of a later term than what is known, and so are all that follow it. */
		ret = cfs_chain(db);
		goto free;
	}
	if (le64_to_cpu(c->parent) != term || logs->entry[i].gen < db->gen)
		ret = cfs_fail(db, -EUCLEAN, "what was known of term %llu is not continued",
			       U(term));
	else
		ret = cfs_replay_commits(db, term, db->known_by, logs->entry[i].gen);
	db->parent = logs->entry[at].term;
	db->confirmed_by = logs->entry[at].node;
	while (!ret && n--)
		ret = cfs_replay_term(db, begin[n], cut[n]);
free:
	kvfree(cut);
	kvfree(begin);
	return ret;
}

/**
 * cfs_chain_on() - what the logs that were read add to what is known
 * @db: database; index, gen, parent, confirmed_by and behind are set
 * @term: highest confirmed one that is known, up to commit gen
 *
 * Read were the logs of all who may have confirmed a higher term, and what the writer of
 * @term has appended.
 *
 * Return: 0, -ENOMEM, -EIO, or -EUCLEAN: they do not fit, the index is of no use.
 */
int cfs_chain_on(struct cfs_db *db, u64 term)
{
	struct cfs_logs *logs = &db->logs;
	u64 top;
	u32 at;

	db->behind = 0;
	db->overwritten = false;
	db->parent = term;
	db->confirmed_by = db->known_by;
	if (!logs->entries)
		return 0;
	sort(logs->entry, logs->entries, sizeof(*logs->entry), cfs_entry_cmp, NULL);
	top = logs->entry[logs->entries - 1].term;
	if (top <= term)
		return cfs_replay_commits(db, term, db->known_by, U64_MAX);
	at = cfs_find_term(logs, top);
	if (logs->entry[at].type != CFS_CONFIRM)
		return cfs_fail(db, -EUCLEAN, "the CONFIRM of term %llu is not there", U(top));
	return cfs_chain_terms(db, term, at);
}
