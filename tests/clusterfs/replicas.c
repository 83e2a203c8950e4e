// SPDX-License-Identifier: GPL-2.0
/*
 * replicas [SEED]: three replicas, of which any one may be away (P3).
 *
 * A run is recorded, with one replica failing now and then. At every write to each
 * replica the power goes, with a part of that write done. Then any two replicas come back:
 * they say what was acknowledged, or one commit more (V6), and if a follower may show it,
 * it stays, whichever two come next; a node claims over these two
 * and commits; and then every two replicas say the same. In a second round that claim is
 * cut too, at some write, and another two come back.
 */
#include "lab.h"

#define NODES		3
#define COMMITS		60
#define NONE		CFS_REPLICAS_MAX

static struct cfs_super repo;
static u64 digests[COMMITS + 2];
static unsigned long states, second, with_snapshot, kept, gone, waited, shown, unsettled;

static void only(struct disks *d, unsigned int away)
{
	unsigned int r;

	for (r = 0; r < CFS_REPLICAS_MAX; r++)
		d->dead[r] = r == away;
}

static void open_db(struct cfs_db *db, struct disks *d, unsigned int me)
{
	must(!cfs_open(db, &d->io, CFS_REPLICAS_MAX, me, NULL), "%s", db->why);
}

static u64 said(struct disks *d, unsigned int away)
{
	struct cfs_db db;
	u64 digest;

	only(d, away);
	open_db(&db, d, CFS_NODES_MAX);
	must(!cfs_load(&db), "without replica %u: %s", away, db.why);
	digest = index_digest(&db.index);
	cfs_close(&db);
	return digest;
}

/* What a follower shows; 0: what there is may not stay. */
static u64 follow(struct disks *d, unsigned int away)
{
	struct cfs_db db;
	u64 digest = 0;
	int ret;

	only(d, away);
	open_db(&db, d, CFS_NODES_MAX);
	ret = cfs_follow(&db);
	must(!ret || ret == -EAGAIN, "without replica %u: %s", away, db.why);
	if (!ret)
		digest = index_digest(&db.index);
	shown += !ret;
	unsettled += ret < 0;
	cfs_close(&db);
	return digest;
}

/*
 * Claim and commit over two replicas. What is said before and after. Now and
 * then it takes another node: no lie, but no answer from this one.
 */
static void go_on(struct disks *d, unsigned int away, unsigned int node, u64 *before, u64 *after)
{
	struct cfs_txn *t = malloc(sizeof(*t));
	struct cfs_db db;
	unsigned int n;
	int ret;

	must(t, "memory");
	only(d, away);
	open_db(&db, d, node);
	ret = cfs_claim(&db, false);
	for (n = 1; ret == -EAGAIN && n < NODES; n++) {
		waited++;
		cfs_close(&db);
		open_db(&db, d, (node + n) % NODES);
		ret = cfs_claim(&db, false);
	}
	must(!ret, "%s", db.why);
	with_snapshot += db.compact;
	*before = index_digest(&db.index);
	ret = commit_event(&db, t);
	/* No area was free before the claim was settled. */
	if (ret == -EAGAIN)
		ret = cfs_claim(&db, true) ?: cfs_commit(&db, t);
	must(!ret, "%s", db.why);
	*after = index_digest(&db.index);
	cfs_txn_end(t);
	cfs_close(&db);
	free(t);
}

/* The power went; @d is what is on the three. */
static void examine(struct disks *d, struct disks *work, struct disks *deep, unsigned int acked,
		    u64 *seed)
{
	unsigned int away, other, node = draw(seed, NODES), i, cut;
	u64 before, after, now, seen = 0, one;

	states++;
	for (away = 0; away < CFS_REPLICAS_MAX; away++) {
		one = follow(d, away);
		if (one == digests[acked + 1] || !seen)
			seen = one;
	}
	for (away = 0; away < CFS_REPLICAS_MAX; away++) {
		now = said(d, away);
		must(now == digests[acked] || now == digests[acked + 1],
		     "after %u commits, without replica %u: not what was committed", acked, away);
		if (draw(seed, 4))
			continue;
		disks_copy(work, d);
		disks_trace(work);
		go_on(work, away, node, &before, &after);
		must(before == digests[acked] || before == digests[acked + 1], "claim");
		must(seen != digests[acked + 1] || before == seen,
		     "after %u commits, without replica %u: what was shown is gone", acked, away);
		must(follow(work, away) == after, "what was acknowledged is not shown");
		if (before == digests[acked])
			gone++;
		else
			kept++;
		for (other = 0; other < CFS_REPLICAS_MAX; other++)
			must(said(work, other) == after, "without %u not the same as without %u",
			     other, away);

		/* The same once more, and the power goes again. */
		second++;
		cut = draw(seed, work->traced + 1);
		disks_copy(deep, d);
		for (i = 0; i < cut; i++)
			put_write(deep, &work->trace[i]);
		if (cut < work->traced)
			put_sectors(deep, &work->trace[cut], draw(seed, U64_MAX));
		other = draw(seed, CFS_REPLICAS_MAX);
		go_on(deep, other, draw(seed, NODES), &before, &now);
		must(before == digests[acked] || before == digests[acked + 1] || before == after,
		     "cut again, after %u commits", acked);
		must(cut < work->traced || before == after, "an acknowledged commit is lost");
		for (i = 0; i < CFS_REPLICAS_MAX; i++)
			must(said(deep, i) == now, "cut again: without %u not the same", i);
		trace_free(work);
	}
}

static void record(struct disks *d, u64 *seed)
{
	struct cfs_txn *t = malloc(sizeof(*t));
	unsigned int n, away = CFS_REPLICAS_MAX;
	struct cfs_db db, follower;
	struct model m;
	int ret;

	must(t, "memory");
	model_init(&m, &repo);
	digests[0] = model_digest(&m);
	only(d, NONE);
	open_db(&follower, d, CFS_NODES_MAX);
	while (m.gen < COMMITS) {
		/* One replica may be away for this node; it comes back as it was. */
		only(d, away = draw(seed, 6));
		n = draw(seed, NODES);
		open_db(&db, d, n);
		must(!cfs_claim(&db, draw(seed, 5) == 0), "%s", db.why);
		must(index_digest(&db.index) == model_digest(&m), "claim without %u", away);
		while (draw(seed, 4) && m.gen < COMMITS) {
			if (draw(seed, 8) == 0 && away >= CFS_REPLICAS_MAX)
				only(d, away = draw(seed, CFS_REPLICAS_MAX));
			random_txn(&db, &m, t, seed, draw(seed, 4) ? 3 : 12);
			if (!t->count)
				continue;
			ret = cfs_commit(&db, t);
			if (ret == -EAGAIN) {
				cfs_txn_end(t);
				break;
			}
			must(!ret, "%s", db.why);
			must(away >= CFS_REPLICAS_MAX || db.failed == BIT(away), "failed %x",
			     db.failed);
			model_apply(&m, t);
			cfs_txn_end(t);
			digests[m.gen] = model_digest(&m);
			d->acked = m.gen;
			/* One who reaches all three is shown what any two have. */
			only(d, NONE);
			must(!cfs_follow(&follower), "%s", follower.why);
			must(index_digest(&follower.index) == digests[m.gen], "a follower");
			only(d, away);
		}
		cfs_close(&db);
	}
	cfs_close(&follower);
	model_free(&m);
	free(t);
}

static void refusals(struct disks *d)
{
	struct cfs_db db;

	only(d, 0);
	d->dead[1] = true;
	must(cfs_open(&db, &d->io, CFS_REPLICAS_MAX, 0, NULL) && strstr(db.why, "majority"),
	     "one of three is enough?");
	only(d, CFS_REPLICAS_MAX);
	open_db(&db, d, 0);
	must(!cfs_claim(&db, true), "%s", db.why);
	only(d, 0);
	d->dead[2] = true;
	{
		struct cfs_txn *t = malloc(sizeof(*t));

		must(t, "memory");
		must(commit_event(&db, t) == -EIO, "%s", db.why);
		must(db.state == CFS_LOST && strstr(db.why, "replicas can be"), "%s", db.why);
		cfs_txn_end(t);
		free(t);
	}
	must(cfs_load(&db) == -EIO, "one of three can be read?");
	cfs_close(&db);
}

int main(int argc, char **argv)
{
	u64 seed = argc > 1 ? strtoull(argv[1], NULL, 0) | 1 : 3;
	struct disks run, at, cut, work, deep;
	unsigned int i, k;

	repo = small_repo(NODES, CFS_REPLICAS_MAX);
	disks_init(&run, &repo);
	disks_init(&at, &repo);
	disks_init(&cut, &repo);
	disks_init(&work, &repo);
	disks_init(&deep, &repo);
	disks_trace(&run);
	record(&run, &seed);
	digests[COMMITS + 1] = 0;
	for (i = 0; i < run.traced; i++) {
		const struct write *w = &run.trace[i];
		u64 all = (1ULL << min(w->blocks * CFS_BLOCK_SECTORS, 63U)) - 1;
		u64 parts[3] = { 0, all & draw(&seed, U64_MAX), all >> draw(&seed, 8) };

		/* A snapshot is flushed before its CONFIRM: parts of it are as good as none. */
		for (k = 0; k < (w->flags & CFS_FUA ? 3 : 1); k++) {
			disks_copy(&cut, &at);
			put_sectors(&cut, w, parts[k]);
			examine(&cut, &work, &deep, w->acked, &seed);
		}
		put_write(&at, w);
	}
	refusals(&at);
	printf("%u writes, %lu states, %lu cut again, %lu claims carried a snapshot; the commit under way was kept %lu times, gone %lu times; %lu waited for another node; a follower could show it %lu times, and not %lu times\n",
	       run.traced, states, second, with_snapshot, kept, gone, waited, shown, unsettled);
	must(with_snapshot && kept && gone && shown && unsettled, "all of it is seen");
	disks_free(&run);
	disks_free(&at);
	disks_free(&cut);
	disks_free(&work);
	disks_free(&deep);
	return 0;
}
