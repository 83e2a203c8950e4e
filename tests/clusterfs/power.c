// SPDX-License-Identifier: GPL-2.0
/*
 * power: three replicas with volatile caches, of which one fails for good and another
 * loses its power for a moment, each at any write (P3, V1).
 *
 * A node claims, commits a few blocks at once, frees space, and commits again. What it
 * acknowledged is then on any two replicas, the one that failed being back as it was:
 * whatever a replica said to be written it has after a loss of power.
 */
#include "lab.h"

#define NODES	2
#define NONE	CFS_REPLICAS_MAX

static struct cfs_super repo;
static struct disks start, work;
static unsigned int fails, fails_at, loses, loses_at;
static unsigned int written;
static u64 digests[8];
static unsigned long runs, acknowledged, unknown;

static void before_write(struct disks *d)
{
	if (written == fails_at && fails != NONE)
		d->dead[fails] = true;
	if (written == loses_at && loses != NONE)
		disks_power(d, loses);
	written++;
}

static void open_db(struct cfs_db *db, struct disks *d, unsigned int me)
{
	must(!cfs_open(db, &d->io, CFS_REPLICAS_MAX, me, NULL), "%s", db->why);
}

/* A commit of as many LUs; they differ by number only. */
static int commit_lus(struct cfs_db *db, struct cfs_txn *t, unsigned int lus)
{
	struct cfs_disk_lu lu = { .name = "lu", .block = cpu_to_le32(512) };
	unsigned int i;
	u8 uuid[16];
	u64 id;
	int ret;

	cfs_txn_begin(t);
	for (i = 0; i < lus; i++) {
		must(!cfs_id_new(db, t, CFS_LU, &id), "%s", db->why);
		uuid_of(uuid, id);
		must(!cfs_txn_put(db, t, CFS_LU, id, uuid, 0, &lu), "%s", db->why);
	}
	ret = cfs_commit(db, t);
	cfs_txn_end(t);
	return ret;
}

/* What the node does. How many commits were acknowledged, and whether one was begun more. */
static unsigned int act(struct disks *d, struct cfs_txn *t, bool *begun)
{
	static const unsigned int lus[] = { 20, 1, 17 };
	unsigned int done = 0;
	struct cfs_db db;

	open_db(&db, d, 1);
	*begun = false;
	if (cfs_claim(&db, false))
		goto close;
	for (; done < ARRAY_SIZE(lus); done++) {
		if (done == 2 && cfs_claim(&db, true))
			break;
		*begun = true;
		if (commit_lus(&db, t, lus[done]))
			break;
		*begun = false;
		digests[done + 1] = index_digest(&db.index);
	}
close:
	cfs_close(&db);
	return done;
}

static void run(struct cfs_txn *t)
{
	unsigned int away, r, done;
	struct cfs_db db;
	bool begun;

	disks_copy(&work, &start);
	work.caches = true;
	work.before = before_write;
	written = 0;
	done = act(&work, t, &begun);
	runs++;
	acknowledged += done;
	unknown += begun;
	work.before = NULL;
	for (away = 0; away < CFS_REPLICAS_MAX; away++) {
		u64 now;

		for (r = 0; r < CFS_REPLICAS_MAX; r++)
			work.dead[r] = r == away;
		open_db(&db, &work, CFS_NODES_MAX);
		must(!cfs_load(&db), "replica %u failed at write %u, %u lost its power at %u, without %u: %s",
		     fails, fails_at, loses, loses_at, away, db.why);
		now = index_digest(&db.index);
		must(now == digests[done] || (begun && now == digests[done + 1]),
		     "replica %u failed at write %u, %u lost its power at %u: without %u an acknowledged commit is lost",
		     fails, fails_at, loses, loses_at, away);
		cfs_close(&db);
	}
}

int main(void)
{
	struct cfs_txn *t = malloc(sizeof(*t));
	unsigned int writes;
	struct cfs_db db;
	bool begun;

	must(t, "memory");
	repo = small_repo(NODES, CFS_REPLICAS_MAX);
	disks_init(&start, &repo);
	disks_init(&work, &repo);
	open_db(&db, &start, 0);
	must(!cfs_claim(&db, true) && !commit_lus(&db, t, 3), "%s", db.why);
	digests[0] = index_digest(&db.index);
	cfs_close(&db);

	/* With nothing failing: what there is to be lost. */
	fails = NONE;
	loses = NONE;
	disks_copy(&work, &start);
	work.before = before_write;
	must(act(&work, t, &begun) == 3, "nothing fails");
	writes = written;
	for (fails = 0; fails <= NONE; fails++)
		for (fails_at = 0; fails_at < (fails == NONE ? 1 : writes); fails_at++)
			for (loses = 0; loses < CFS_REPLICAS_MAX; loses++)
				for (loses_at = 0; loses != fails && loses_at < writes; loses_at++)
					run(t);
	printf("%u writes, %lu runs with a failure and a loss of power, %lu commits acknowledged, %lu of unknown outcome\n",
	       writes, runs, acknowledged, unknown);
	must(acknowledged > 2 * runs, "most are acknowledged");
	disks_free(&start);
	disks_free(&work);
	free(t);
	return 0;
}
