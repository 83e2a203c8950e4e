// SPDX-License-Identifier: GPL-2.0
/*
 * fsck.clusterfs: is a repository whole? What one copy lacks and another has is copied;
 * nothing is invented. Exit codes as fsck(8) has them.
 */
#include <getopt.h>
#include <unistd.h>
#include "repo.h"

const char *program = "fsck.clusterfs";

#define FSCK_CORRECTED	1
#define FSCK_LEFT	4
#define FSCK_FAILED	8
#define FSCK_USAGE	16

static const char usage_text[] =
"Usage: fsck.clusterfs [-n] DEVICE [DEVICE DEVICE]\n"
"Check the repository on one device, or on three replicas, while no node is joined;\n"
"repair what another copy has.\n"
"\n"
"  -n      only check, write nothing; allowed while nodes are joined\n"
"  --help  this text\n"
"\n"
"Exit code: 0 whole, 1 repaired, 4 damage is left, 8 it cannot be checked, 16 wrong use.\n"
"\n"
"Example:\n"
"  fsck.clusterfs -n /dev/sdb\n";

struct fsck {
	struct repo	repo;
	bool		write;
	int		code;
};

/* A finding, in a sentence; @done: and what became of it. */
static void __printf(3, 4) finding(struct fsck *f, bool done, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	puts(done ? ": repaired" : "");
	f->code |= done ? FSCK_CORRECTED : FSCK_LEFT;
}

static const char *place(const struct fsck *f, unsigned int r)
{
	return f->repo.path[r] ? f->repo.path[r] : "a replica that is not there";
}

static bool put(struct fsck *f, unsigned int r, u64 block, const void *buf, unsigned int blocks)
{
	return f->write && !f->repo.io.write(f->repo.io.ctx, r, block, buf, blocks, CFS_FUA);
}

/* Each copy of each superblock: the other one of its replica says what it was. */
static void check_supers(struct fsck *f)
{
	static const u64 at[2] = { CFS_SUPER_BLOCK, CFS_SUPER_BLOCK_2 };
	u8 block[2][CFS_BLOCK_SIZE];
	struct cfs_super sb;
	enum cfs_found found[2];
	unsigned int r, k;

	for (r = 0; r < f->repo.db.sb.replicas; r++) {
		if (f->repo.fd[r] < 0 || f->repo.db.failed & BIT(r))
			continue;
		for (k = 0; k < 2; k++)
			found[k] = f->repo.io.read(f->repo.io.ctx, r, at[k], block[k], 1) ?
				   CFS_CORRUPT : cfs_super_decode(block[k], &sb);
		for (k = 0; k < 2; k++)
			if (found[k] != CFS_VALID && found[!k] == CFS_VALID)
				finding(f, put(f, r, at[k], block[!k], 1),
					"%s: superblock %u is damaged, the other one is whole",
					place(f, r), k);
	}
}

static void check_replicas(struct fsck *f)
{
	struct cfs_db *db = &f->repo.db;
	unsigned int r;

	for (r = 0; r < db->sb.replicas; r++)
		if (db->failed & BIT(r))
			finding(f, false, f->repo.path[r] ?
				"%s is no replica of this repository as it is now" :
				"%s: replica %u is missing", place(f, r), r);
}

/* A slot of which nothing is left: a claim above all that is known is what a node may write. */
static bool slot_repair(struct fsck *f, unsigned int node)
{
	struct cfs_db *db = &f->repo.db;
	u64 highest = db->sb.first_term;
	unsigned int n;
	u32 i;
	int ret = -EIO;

	if (!f->write)
		return false;
	cfs_logs_free(&db->logs);
	for (n = 0; n < db->sb.nodes; n++) {
		highest = max(highest, db->slot_term[n]);
		if (cfs_logs_add(db, n))
			return false;
	}
	for (i = 0; i < db->logs.entries; i++)
		highest = max(highest, db->logs.entry[i].term);
	cfs_logs_free(&db->logs);
	db->me = node;
	db->slot_next[node] = 0;
	ret = cfs_slot_write(db, highest + 1);
	db->slot_term[node] = highest + 1;
	db->me = CFS_NODES_MAX;
	return !ret;
}

static void check_slots(struct fsck *f)
{
	struct cfs_db *db = &f->repo.db;
	unsigned int n;
	int ret;

	ret = cfs_slots_read(db);
	if (ret && ret != -EUCLEAN) {
		complain("%s", db->why);
		f->code |= FSCK_FAILED;
		return;
	}
	for (n = 0; n < db->sb.nodes; n++) {
		if (db->slot_bad[n] == 1)
			printf("node %u: a claim was torn; its claim of term %llu before that counts, as it should\n",
			       n, (unsigned long long)db->slot_term[n]);
		if (db->slot_bad[n] == 2)
			finding(f, slot_repair(f, n), "node %u: both claim blocks are damaged", n);
	}
}

/* Does what an object names exist? The database allows it, people wonder. */
static void check_names(struct fsck *f)
{
	struct cfs_index *ix = &f->repo.db.index;
	struct cfs_obj *o;

	for (o = cfs_first(ix, CFS_MAP); o; o = cfs_next(o)) {
		const struct cfs_disk_map *m = (const void *)o->d.payload;

		if (!cfs_get(ix, CFS_LU, le64_to_cpu(m->lu)))
			printf("map %llu names LU %llu, which there is not\n",
			       (unsigned long long)le64_to_cpu(o->d.id),
			       (unsigned long long)le64_to_cpu(m->lu));
		if (!cfs_get(ix, CFS_CLIENT, le64_to_cpu(m->client)))
			printf("map %llu names client %llu, which there is not\n",
			       (unsigned long long)le64_to_cpu(o->d.id),
			       (unsigned long long)le64_to_cpu(m->client));
	}
	for (o = cfs_first(ix, CFS_PR); o; o = cfs_next(o)) {
		const struct cfs_disk_pr *p = (const void *)o->d.payload;

		if (!cfs_get(ix, CFS_LU, le64_to_cpu(p->lu)))
			printf("registration %llu names LU %llu, which there is not\n",
			       (unsigned long long)le64_to_cpu(o->d.id),
			       (unsigned long long)le64_to_cpu(p->lu));
	}
}

static void check_chain(struct fsck *f)
{
	struct cfs_db *db = &f->repo.db;
	int ret = cfs_load(db);

	if (!ret) {
		check_names(f);
		return;
	}
	if (ret == -EUCLEAN) {
		finding(f, false, "%s; no other copy has it", db->why);
		return;
	}
	complain("%s", db->why);
	f->code |= FSCK_FAILED;
}

/* The node whose block it is, which is to overwrite it on a replica that has returned. */
static unsigned int owner_of(const struct cfs_super *sb, u64 block)
{
	const u64 first = cfs_log_block(sb, 0), each = cfs_log_block(sb, 1) - first;

	if (block >= first)
		return (block - first) / each;
	return min_t(u64, block - CFS_SLOT_BLOCK, 2 * sb->nodes - 1) / 2;
}

/* "0 (3), 5 (1)": so many blocks of each node. */
static const char *of_nodes(const u64 *blocks, unsigned int nodes, char *text, size_t size)
{
	size_t len = 0;
	unsigned int n;

	for (n = 0; n < nodes && len < size; n++)
		if (blocks[n])
			len += snprintf(text + len, size - len, "%s%u (%llu)", len ? ", " : "", n,
					(unsigned long long)blocks[n]);
	return text;
}

/*
 * Every replica gets what the majority says. Blocks that hold nothing of this
 * repository are left as they are.
 */
static void check_copies(struct fsck *f)
{
	const u64 begin = CFS_SLOT_BLOCK, end = f->repo.db.sb.total_blocks;
	u64 differ[CFS_REPLICAS_MAX] = {}, done[CFS_REPLICAS_MAX] = {}, b;
	u64 behind[CFS_REPLICAS_MAX][CFS_NODES_MAX] = {};
	char nodes[CFS_NODES_MAX * 16];
	u8 good[CFS_BLOCK_SIZE], one[CFS_BLOCK_SIZE];
	struct cfs_db *db = &f->repo.db;
	unsigned int r, s;
	bool sealed;

	for (b = begin; db->sb.replicas > 1 && b < end; b++) {
		if (cfs_read(db, b, good, 1, NULL)) {
			complain("%s", db->why);
			f->code |= FSCK_FAILED;
			return;
		}
		sealed = false;
		for (s = 0; s < CFS_BLOCK_SECTORS; s++)
			sealed |= cfs_sealed((const void *)(good + s * CFS_SECTOR_SIZE), &db->sb,
					     b * CFS_BLOCK_SECTORS + s);
		for (r = 0; sealed && r < db->sb.replicas; r++) {
			if (f->repo.fd[r] < 0 || db->failed & BIT(r) ||
			    (!f->repo.io.read(f->repo.io.ctx, r, b, one, 1) &&
			     !memcmp(one, good, sizeof(one))))
				continue;
			differ[r]++;
			behind[r][owner_of(&db->sb, b)]++;
			done[r] += put(f, r, b, good, 1);
		}
	}
	for (r = 0; r < db->sb.replicas; r++)
		if (differ[r])
			finding(f, done[r] == differ[r],
				"%s: %llu blocks differ from what the majority has, of node %s",
				place(f, r), (unsigned long long)differ[r],
				of_nodes(behind[r], db->sb.nodes, nodes, sizeof(nodes)));
}

int main(int argc, char **argv)
{
	static const struct option longs[] = { { "help", no_argument, NULL, 'h' }, { } };
	struct fsck f = { .write = true };
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "nhaypC:", longs, NULL)) != -1) {
		switch (c) {
		case 'n':
			f.write = false;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return 0;
		case 'a':	/* as fsck(8) and mount give them: nothing is ever asked */
		case 'y':
		case 'p':
		case 'C':
			break;
		default:
			wrong_use("'%s' is no option", argv[optind - 1]);
			return FSCK_USAGE;
		}
	}
	if (argc - optind < 1 || argc - optind > CFS_REPLICAS_MAX) {
		wrong_use("1 to %d devices are named", CFS_REPLICAS_MAX);
		return FSCK_USAGE;
	}
	if (repo_open(&f.repo, argv + optind, argc - optind, f.write))
		return FSCK_FAILED;
	check_supers(&f);
	check_replicas(&f);
	check_slots(&f);
	if (!(f.code & FSCK_FAILED))
		check_chain(&f);
	if (!(f.code & FSCK_FAILED))
		check_copies(&f);
	if (!f.code)
		printf("%s: clean: term %llu, generation %llu, %u objects\n", argv[optind],
		       (unsigned long long)f.repo.db.term, (unsigned long long)f.repo.db.gen,
		       f.repo.db.index.objects);
	repo_close(&f.repo);
	return f.code;
}
