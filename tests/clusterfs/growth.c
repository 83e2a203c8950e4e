// SPDX-License-Identifier: GPL-2.0
/*
 * growth: what a commit, a mount, a claim, to follow and a look-up cost as nodes and LUs become
 * more, in blocks read and written and in objects looked at. Nothing is timed.
 */
#include "lab.h"

struct cost {
	u64	written, read;
};

static struct disks d;

static struct cost since(struct cost before)
{
	return (struct cost) { d.written_blocks - before.written, d.read_blocks - before.read };
}

static struct cost now(void)
{
	return (struct cost) { d.written_blocks, d.read_blocks };
}

static void measure(unsigned int nodes, unsigned int lus)
{
	struct cfs_super sb = small_repo(nodes, 1);
	struct cfs_txn *t = malloc(sizeof(*t));
	struct cost commit, claim, mount, compact, same, other_one, start;
	u64 id, have = 0, looked, peak;
	struct cfs_db db, other;
	unsigned int n, i;
	u8 uuid[16];
	double looks;

	must(t, "memory");
	sb.log_blocks = 256;
	sb.objects = 12288;
	sb.events = 1024;
	cfs_geometry(&sb);
	disks_init(&d, &sb);
	/* All nodes have claimed and written once. */
	for (n = 0; n < nodes; n++) {
		must(!cfs_open(&db, &d.io, 1, n, NULL) && !cfs_claim(&db, false), "%s", db.why);
		have += !commit_lu(&db, t, have + 1, &id);
		cfs_txn_end(t);
		cfs_close(&db);
	}
	must(!cfs_open(&db, &d.io, 1, 0, NULL) && !cfs_claim(&db, false), "%s", db.why);
	while (have < lus) {
		struct cfs_disk_lu lu = { .name = "lu", .block = cpu_to_le32(512) };

		cfs_txn_begin(t);
		for (i = 0; i < CFS_TXN_MAX && have < lus; i++) {
			must(!cfs_id_new(&db, t, CFS_LU, &id), "%s", db.why);
			uuid_of(uuid, ++have);
			must(!cfs_txn_put(&db, t, CFS_LU, id, uuid, 0, &lu), "%s", db.why);
		}
		if (cfs_wants_compaction(&db))
			must(!cfs_claim(&db, true), "%s", db.why);
		must(!cfs_commit(&db, t), "%s", db.why);
		cfs_txn_end(t);
	}
	start = now();
	must(!cfs_claim(&db, true), "%s", db.why);
	compact = since(start);
	must(commit_lu(&db, t, have + 1, &id) == 0, "%s", db.why);
	cfs_txn_end(t);
	start = now();
	must(commit_lu(&db, t, have + 2, &id) == 0, "%s", db.why);
	commit = since(start);
	cfs_txn_end(t);

	start = now();
	must(!cfs_open(&other, &d.io, 1, 1, NULL) && !cfs_load(&other), "%s", other.why);
	mount = since(start);
	must(other.index.count[CFS_LU] == lus + 2, "%u", other.index.count[CFS_LU]);
	start = now();
	must(!cfs_claim(&other, false), "%s", other.why);
	claim = since(start);

	/* To follow: a commit of the same writer, and then one of another. */
	must(!cfs_follow(&db), "%s", db.why);
	must(commit_lu(&other, t, have + 3, &id) == 0, "%s", other.why);
	cfs_txn_end(t);
	must(!cfs_follow(&db), "%s", db.why);
	must(commit_lu(&other, t, have + 4, &id) == 0, "%s", other.why);
	cfs_txn_end(t);
	start = now();
	must(!cfs_follow(&db) && db.index.count[CFS_LU] == lus + 4, "%s", db.why);
	same = since(start);
	cfs_close(&db);
	must(!cfs_open(&db, &d.io, 1, 0, NULL) && !cfs_follow(&db), "%s", db.why);
	cfs_close(&other);
	must(!cfs_open(&other, &d.io, 1, nodes - 1, NULL) && !cfs_claim(&other, false), "%s",
	     other.why);
	must(commit_lu(&other, t, have + 5, &id) == 0, "%s", other.why);
	cfs_txn_end(t);
	start = now();
	must(!cfs_follow(&db) && db.index.count[CFS_LU] == lus + 5, "%s", db.why);
	other_one = since(start);

	looked = other.index.looked_at;
	peak = 0;
	for (i = 1; i <= lus; i++) {
		u64 before = other.index.looked_at;
		struct cfs_obj *o = cfs_get(&other.index, CFS_LU, i);

		must(o && cfs_get_uuid(&other.index, CFS_LU, o->d.uuid) == o, "LU %u", i);
		peak = max(peak, other.index.looked_at - before);
	}
	looks = (double)(other.index.looked_at - looked) / (2 * lus);
	printf("%5u %5u  %6llu %6llu  %7llu  %7llu %7llu  %7llu %7llu  %5llu %5llu  %5.2f %3llu\n", nodes, lus,
	       (unsigned long long)commit.written, (unsigned long long)commit.read,
	       (unsigned long long)mount.read,
	       (unsigned long long)claim.written, (unsigned long long)claim.read,
	       (unsigned long long)compact.written, (unsigned long long)compact.read,
	       (unsigned long long)same.read, (unsigned long long)other_one.read, looks,
	       (unsigned long long)peak);
	/* A commit is one block, and a look at the slots, whatever the size. */
	must(commit.written == 1 && commit.read == 2 * nodes, "a commit");
	/* A mount reads the logs of those that have ever written, and one snapshot. */
	must(mount.read <= 2 * 2 * nodes + nodes * sb.log_blocks + sb.snap_blocks + 8, "a mount");
	must(claim.written == 2, "a claim");
	/* The slots twice, and what is new: of the same writer, or the log of another, too. */
	must(same.read <= 2 * 2 * nodes + 16, "to follow");
	must(other_one.read <= 2 * 2 * nodes + 16 + sb.log_blocks, "to follow another");
	must(compact.written <= DIV_ROUND_UP(lus + nodes + 2, 8) + 2, "a snapshot");
	must(looks < 2 && peak < 24, "a look-up");
	cfs_close(&other);
	cfs_close(&db);
	disks_free(&d);
	free(t);
}

int main(void)
{
	static const unsigned int nodes[] = { 2, 8, 32 }, lus[] = { 64, 512, 4096 };
	unsigned int n, l;

	puts("                commit        mount         claim         snapshot     follow       look-up");
	puts("nodes   LUs  written   read     read  written    read  written    read   same other   mean max");
	for (n = 0; n < ARRAY_SIZE(nodes); n++)
		for (l = 0; l < ARRAY_SIZE(lus); l++)
			measure(nodes[n], lus[l]);
	return 0;
}
