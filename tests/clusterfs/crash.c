// SPDX-License-Identifier: GPL-2.0
/*
 * crash [SEED [N]]: cut the power between any two sectors of any write, or of each Nth,
 * and mount again.
 *
 * A run of some nodes is recorded. For every write of the trace, what a power cut can
 * leave: all that was durable, of the write that is under way any of several sets of
 * sectors, and of the writes behind the cache any as well. Each time the database must be
 * that of the model after the acknowledged commits, or after one more (V6); another
 * node must be able to claim it and go on; and what it then acknowledges must be there.
 */
#include "lab.h"

#define NODES		3
#define COMMITS		140

static struct cfs_super repo;
static u64 digests[COMMITS + 2];
static unsigned long states, torn_tails;

static void open_db(struct cfs_db *db, struct disks *d, unsigned int me)
{
	must(!cfs_open(db, &d->io, d->replicas, me, NULL), "%s", db->why);
}

/* The medium after a cut: what does it say? */
static void examine(struct disks *d, unsigned int acked, unsigned int node)
{
	struct cfs_txn *t = malloc(sizeof(*t));
	struct cfs_db db, other;
	u64 digest;

	must(t, "memory");
	states++;
	open_db(&db, d, node);
	must(!cfs_load(&db), "after %u commits: %s", acked, db.why);
	must(db.gen == acked || db.gen == acked + 1, "generation %llu after %u commits",
	     (unsigned long long)db.gen, acked);
	digest = index_digest(&db.index);
	must(digest == digests[db.gen], "after %u commits: not what was committed", acked);
	torn_tails += db.gen == acked;

	/* Whoever was it: the next writer sees the same, and what it adds stays. */
	must(!cfs_claim(&db, false), "after %u commits: %s", acked, db.why);
	must(index_digest(&db.index) == digest, "a claim changed history");
	must(!commit_event(&db, t), "%s", db.why);
	cfs_txn_end(t);
	must(index_digest(&db.index) != digest, "a commit has changed nothing");
	digest = index_digest(&db.index);
	open_db(&other, d, CFS_NODES_MAX);
	must(!cfs_load(&other), "%s", other.why);
	must(index_digest(&other.index) == digest, "an acknowledged commit is not there");
	cfs_close(&other);
	cfs_close(&db);
	free(t);
}

/* The subsets of a write's sectors that are tried. */
static void cuts(struct disks *at, struct disks *work, const struct write *w, unsigned int acked,
		 u64 *seed)
{
	unsigned int sectors = min(w->blocks * CFS_BLOCK_SECTORS, 64U), s;
	u64 all = sectors == 64 ? U64_MAX : (1ULL << sectors) - 1;

	for (s = 0; s <= sectors; s++) {
		u64 prefix = s == 64 ? U64_MAX : (1ULL << s) - 1;
		u64 tries[4] = { prefix, all & ~prefix, all & ~(1ULL << s % sectors),
				 all & draw(seed, U64_MAX) };
		unsigned int k;

		for (k = 0; k < 4; k++) {
			disks_copy(work, at);
			put_sectors(work, w, tries[k]);
			examine(work, acked, draw(seed, NODES));
		}
	}
}

/* Record: nodes take turns, commit, compact. */
static void record(struct disks *d, u64 *seed)
{
	struct cfs_txn *t = malloc(sizeof(*t));
	struct cfs_db db[NODES];
	struct model m;
	unsigned int n, writer = 0;
	int ret;

	must(t, "memory");
	model_init(&m, &repo);
	digests[0] = model_digest(&m);
	for (n = 0; n < NODES; n++)
		open_db(&db[n], d, n);
	must(!cfs_claim(&db[0], false), "%s", db[0].why);
	while (m.gen < COMMITS) {
		if (draw(seed, 9) == 0) {
			writer = draw(seed, NODES);
			must(!cfs_claim(&db[writer], draw(seed, 6) == 0), "%s", db[writer].why);
			must(index_digest(&db[writer].index) == model_digest(&m), "claim");
		}
		random_txn(&db[writer], &m, t, seed, draw(seed, 4) ? 3 : 24);
		if (!t->count)
			continue;
		/* The trace's cut before this write: as many were acknowledged. */
		ret = cfs_commit(&db[writer], t);
		if (ret == -EAGAIN) {
			must(!cfs_claim(&db[writer], true), "%s", db[writer].why);
			cfs_txn_end(t);
			continue;
		}
		must(!ret, "%s", db[writer].why);
		model_apply(&m, t);
		cfs_txn_end(t);
		digests[m.gen] = model_digest(&m);
		d->acked = m.gen;
	}
	for (n = 0; n < NODES; n++)
		cfs_close(&db[n]);
	model_free(&m);
	free(t);
}

int main(int argc, char **argv)
{
	u64 seed = argc > 1 ? strtoull(argv[1], NULL, 0) | 1 : 1;
	const unsigned int each = argc > 2 ? atoi(argv[2]) : 1;
	struct disks run, at, work;
	unsigned int i, k, durable;

	repo = small_repo(NODES, 1);
	disks_init(&run, &repo);
	disks_init(&at, &repo);
	disks_init(&work, &repo);
	disks_trace(&run);
	record(&run, &seed);
	digests[COMMITS + 1] = 0;

	/* @at has what is durable: up to @durable, and what was FUA since. */
	for (i = durable = 0; i < run.traced; i++) {
		const struct write *w = &run.trace[i];

		/* It begins when the cache is written out. */
		if (w->flags & CFS_PREFLUSH)
			for (; durable < i; durable++)
				put_write(&at, &run.trace[durable]);
		if (i % each == 0)
			cuts(&at, &work, w, w->acked, &seed);
		if (w->flags & CFS_FUA) {
			put_write(&at, w);
			continue;
		}
		/* In the cache: this and those before it, each there or not, in part or not. */
		for (k = 0; k < 40; k++) {
			unsigned int c;

			disks_copy(&work, &at);
			for (c = durable; c <= i; c++)
				if (!(run.trace[c].flags & CFS_FUA))
					put_sectors(&work, &run.trace[c], draw(&seed, U64_MAX) |
						    (draw(&seed, 2) ? U64_MAX : 0));
			examine(&work, w->acked, draw(&seed, NODES));
		}
	}
	printf("%u writes of %u commits, %lu states after a cut, %lu without the commit under way\n",
	       run.traced, COMMITS, states, torn_tails);
	must(states > torn_tails && torn_tails, "both outcomes are seen");
	disks_free(&run);
	disks_free(&at);
	disks_free(&work);
	return 0;
}
