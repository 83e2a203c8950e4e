// SPDX-License-Identifier: GPL-2.0
/*
 * returns: a replica that was away is overwritten from the majority, never merged (P3).
 *
 * One replica has a commit that no other has, and that nobody acknowledged. It is away
 * while two nodes claim, free space and commit. Then it is there again, and each node
 * overwrites its own blocks on it, with another claim and commit after any of its steps.
 * That is tried with each replica and for each write since its return: the power goes, with
 * a part of that write done; the replica fails again, and returns once more; or another
 * fails for good. Any two replicas say what was acknowledged (V6). At the end the one that
 * returned has, alone, all there is, and nothing else; and nobody wrote a block of another.
 */
#include "lab.h"

#define NODES		2
#define NONE		CFS_REPLICAS_MAX

enum fault { NOTHING, AGAIN, ANOTHER, FAULTS };

static struct cfs_super repo;
static struct disks empty, work, at, cut;
static struct cfs_db db[NODES];
static struct cfs_txn *t;
static u64 digests[32];
static unsigned int acked, steps, extra;
static bool begun, lost;
static unsigned int x;				/* the replica */
static unsigned int dies, dies_at, written;
static unsigned long runs, cuts, again, another;

static void before_write(struct disks *d)
{
	if (dies != NONE && written == dies_at)
		d->dead[dies] = true;
	written++;
}

static void only(struct disks *d, unsigned int away)
{
	unsigned int r;

	for (r = 0; r < CFS_REPLICAS_MAX; r++)
		d->dead[r] = r == away;
}

/* Commit, after a claim. An error means: its outcome is unknown. */
static void act(unsigned int n, bool compact)
{
	if (lost)
		return;
	lost = cfs_claim(&db[n], compact);
	if (lost)
		return;
	begun = true;
	lost = commit_event(&db[n], t);
	cfs_txn_end(t);
	if (lost)
		return;
	begun = false;
	digests[++acked] = index_digest(&db[n].index);
	work.acked = acked;
}

/* Two nodes, and a replica that they do without: with a commit that it alone has. */
static void leave(void)
{
	unsigned int n, r;

	disks_copy(&work, &empty);
	only(&work, NONE);
	work.before = NULL;
	acked = 0;
	work.acked = 0;
	begun = false;
	lost = false;
	for (n = 0; n < NODES; n++)
		must(!cfs_open(&db[n], &work.io, CFS_REPLICAS_MAX, n, NULL), "%s", db[n].why);
	act(0, false);
	act(1, true);
	act(0, false);
	must(!lost, "%s", db[0].why);
	for (r = 0; r < CFS_REPLICAS_MAX; r++)
		work.dead[r] = r != x;
	must(commit_event(&db[0], t) == -EIO && db[0].state == CFS_LOST, "%s", db[0].why);
	cfs_txn_end(t);
	only(&work, x);
	act(0, false);
	act(1, true);
	act(1, true);
	act(0, true);
	must(!lost && db[0].failed == BIT(x) && db[1].failed == BIT(x), "%s", db[0].why);
}

/* Node @n overwrites what is its own; false: it cannot. */
static bool overwrite(unsigned int n)
{
	int ret = cfs_resync_begin(&db[n], x);

	while (!ret || ret == CFS_MORE) {
		must(db[n].failed & BIT(x), "it counts before its time");
		/* Between two steps others write, too, and this one frees space. */
		if (steps++ == extra) {
			act(!n, false);
			act(n, true);
		}
		ret = cfs_resync_step(&db[n]);
		if (!ret)
			break;
	}
	must(!ret == !(db[n].failed & BIT(x)), "%d: failed %x", ret, db[n].failed);
	return !ret;
}

static u64 said(struct disks *d, unsigned int away, u64 *gen)
{
	struct cfs_db reader;
	u64 digest;

	only(d, away);
	must(!cfs_open(&reader, &d->io, CFS_REPLICAS_MAX, CFS_NODES_MAX, NULL), "%s", reader.why);
	must(!cfs_load(&reader), "without replica %u: %s", away, reader.why);
	digest = index_digest(&reader.index);
	*gen = reader.gen;
	cfs_close(&reader);
	return digest;
}

/* Any two say what was acknowledged, or one commit more. */
static void any_two(struct disks *d, unsigned int count, bool one_more, const char *what)
{
	unsigned int away;
	u64 now, gen;

	for (away = 0; away < CFS_REPLICAS_MAX; away++) {
		now = said(d, away, &gen);
		must((gen == count && now == digests[count]) || (one_more && gen == count + 1),
		     "%s at write %u, replica %u returns: without %u not what was acknowledged",
		     what, dies_at, x, away);
	}
}

/* It alone has all; and nothing that the others have not. */
static void has_all(void)
{
	const u64 body = CFS_SLOT_BLOCK * CFS_BLOCK_SIZE;
	const size_t size = repo.total_blocks * CFS_BLOCK_SIZE - body;
	unsigned int r;
	u64 gen;

	for (r = 0; r < CFS_REPLICAS_MAX; r++)
		must(!memcmp(work.medium[r] + body, work.medium[x] + body, size),
		     "replica %u returned and is not as replica %u", x, r);
	disks_copy(&cut, &work);
	for (r = 0; r < CFS_REPLICAS_MAX; r++)
		if (r != x)
			memset(cut.medium[r] + body, 0, size);
	/* The next copy is not to think that these are as they were. */
	cut.copied = NULL;
	for (r = 0; r < CFS_REPLICAS_MAX; r++)
		must(r == x || said(&cut, r, &gen) == digests[acked],
		     "replica %u returned and has not all", x);
}

/* Is block @b one that node @n may write? */
static bool own(unsigned int n, u64 b)
{
	const u64 log = cfs_log_block(&repo, n), end = log + repo.log_blocks + 2 * repo.snap_blocks;

	return (b >= cfs_slot_block(n) && b < cfs_slot_block(n) + 2) || (b >= log && b < end);
}

static void end(void)
{
	unsigned int n;

	for (n = 0; n < NODES; n++)
		cfs_close(&db[n]);
}

/* One run from the return on; the number of its writes. */
static unsigned int run(enum fault fault, unsigned int replica, unsigned int when)
{
	unsigned int n, i, traced;
	bool whole = true;

	leave();
	only(&work, NONE);
	disks_copy(&at, &work);
	dies = replica;
	dies_at = when;
	written = 0;
	steps = 0;
	work.before = before_write;
	if (fault == NOTHING)
		disks_trace(&work);
	for (n = 0; n < NODES; n++) {
		traced = work.traced;
		whole &= overwrite(n);
		for (i = traced; i < work.traced; i++)
			must(own(0, work.trace[i].block) || own(1, work.trace[i].block), "block");
		if (steps <= extra)
			for (i = traced; i < work.traced; i++)
				must(own(n, work.trace[i].block), "node %u wrote block %llu", n,
				     (unsigned long long)work.trace[i].block);
	}
	work.before = NULL;
	runs++;
	if (fault == AGAIN) {
		/* It fails at any write, and at the next attempt it does not. */
		again += !whole;
		must(!lost, "%s", db[0].why);
		any_two(&work, acked, begun, "it fails again");
		only(&work, NONE);
		dies = NONE;
		for (n = 0; n < NODES; n++)
			whole = !(db[n].failed & BIT(x)) || overwrite(n);
		must(whole, "%s", db[0].why);
	}
	if (fault == ANOTHER) {
		another += lost || !whole;
		any_two(&work, acked, begun, "another fails");
	} else {
		must(!lost && whole, "%s", db[0].why);
		has_all();
		any_two(&work, acked, false, "nothing is lost");
	}
	end();
	return written;
}

/* The power goes at each write of the run that was traced, and with it a part of it. */
static void power(u64 *seed)
{
	unsigned int i, k;

	for (i = 0; i < work.traced; i++) {
		const struct write *w = &work.trace[i];
		u64 parts[3] = { 0, draw(seed, U64_MAX), draw(seed, U64_MAX) };

		dies_at = i;
		for (k = 0; k < 3; k++) {
			disks_copy(&cut, &at);
			put_sectors(&cut, w, parts[k]);
			any_two(&cut, w->acked, true, "the power goes");
			cuts++;
		}
		put_write(&at, w);
	}
	trace_free(&work);
}

static void refusals(void)
{
	struct cfs_db reader;

	x = 2;
	leave();
	must(cfs_resync_begin(&db[0], 0) == -EINVAL && strstr(db[0].why, "not left out"), "%s",
	     db[0].why);
	must(cfs_resync_begin(&db[0], 3) == -EINVAL, "%s", db[0].why);
	must(cfs_resync_begin(&db[0], 2) == -EIO && !db[0].returning, "%s", db[0].why);
	must(cfs_resync_step(&db[0]) == -EINVAL, "%s", db[0].why);
	only(&work, NONE);
	/* Exchanged for an empty one, or for another's. */
	memset(work.medium[2] + CFS_SUPER_BLOCK * CFS_BLOCK_SIZE, 0, CFS_BLOCK_SIZE);
	memset(work.medium[2] + CFS_SUPER_BLOCK_2 * CFS_BLOCK_SIZE, 0, CFS_BLOCK_SIZE);
	must(cfs_resync(&db[0], 2) == -ENODEV && strstr(db[0].why, "no clusterfs"), "%s",
	     db[0].why);
	memcpy(work.medium[2], work.medium[1], CFS_SLOT_BLOCK * CFS_BLOCK_SIZE);
	must(cfs_resync(&db[0], 2) == -EINVAL && strstr(db[0].why, "in the place"), "%s",
	     db[0].why);
	must(db[0].failed == BIT(2), "refused, and counts");
	must(!cfs_open(&reader, &work.io, CFS_REPLICAS_MAX, CFS_NODES_MAX, NULL), "%s", reader.why);
	must(cfs_resync_begin(&reader, 2) == -EROFS, "%s", reader.why);
	cfs_close(&reader);
	must(!cfs_claim_begin(&db[0], false), "%s", db[0].why);
	must(cfs_resync_begin(&db[0], 2) == -EBUSY, "%s", db[0].why);
	end();
}

int main(void)
{
	unsigned int writes, i, other;
	u64 seed = 5;

	t = malloc(sizeof(*t));
	must(t, "memory");
	cfs_txn_begin(t);
	repo = small_repo(NODES, CFS_REPLICAS_MAX);
	repo.log_blocks = 80;
	cfs_geometry(&repo);
	disks_init(&empty, &repo);
	disks_init(&work, &repo);
	disks_init(&at, &repo);
	disks_init(&cut, &repo);
	for (x = 0; x < CFS_REPLICAS_MAX; x++) {
		for (extra = 0; extra < 13; extra++) {
			writes = run(NOTHING, NONE, 0);
			power(&seed);
			for (i = 0; i < writes; i++) {
				run(AGAIN, x, i);
				for (other = 0; other < CFS_REPLICAS_MAX; other++)
					if (other != x)
						run(ANOTHER, other, i);
			}
		}
	}
	refusals();
	printf("%lu runs: the power went %lu times, it failed again %lu times, another failed for good %lu times\n",
	       runs, cuts, again, another);
	must(again && another, "all of it is seen");
	disks_free(&empty);
	disks_free(&work);
	disks_free(&at);
	disks_free(&cut);
	free(t);
	return 0;
}
