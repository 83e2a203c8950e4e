// SPDX-License-Identifier: GPL-2.0
/*
 * corrupt [N]: any byte of a repository is wrong; or of each Nth of its sectors.
 *
 * Damage: a byte of a sector is changed. What it was is then found as damaged, or it did
 * not matter: never is something else said than before, but for the last commit, whose
 * tail cannot be told from one that was cut short.
 *
 * Malice: a field is changed and the CRC is right. Whatever comes of it, it comes in
 * bounds, and a refusal has a sentence.
 */
#include "lab.h"

#define NODES	3

static struct cfs_super repo;
static unsigned long damaged, unnoticed, refused, accepted;

/* A repository with a chain of several nodes, a snapshot, and every type. */
static void fill(struct disks *d, u64 *before, u64 *last)
{
	struct cfs_txn *t = malloc(sizeof(*t));
	struct cfs_db db[NODES];
	struct model m;
	unsigned int n, i;
	u64 seed = 99;

	must(t, "memory");
	model_init(&m, &repo);
	for (n = 0; n < NODES; n++)
		must(!cfs_open(&db[n], &d->io, 1, n, NULL), "%s", db[n].why);
	for (n = 0; n < NODES; n++) {
		must(!cfs_claim(&db[n], n == 1), "%s", db[n].why);
		for (i = 0; i < 6; i++) {
			random_txn(&db[n], &m, t, &seed, 12);
			if (t->count) {
				*before = model_digest(&m);
				must(!cfs_commit(&db[n], t), "%s", db[n].why);
				model_apply(&m, t);
			}
			cfs_txn_end(t);
		}
	}
	*last = model_digest(&m);
	for (n = 0; n < NODES; n++)
		cfs_close(&db[n]);
	model_free(&m);
	free(t);
}

/* Read it, and claim it, as a node would. */
static int read_all(struct disks *d, u64 *digest)
{
	struct cfs_db db;
	int ret;

	ret = cfs_open(&db, &d->io, 1, 2, NULL);
	if (!ret) {
		ret = cfs_load(&db);
		if (!ret)
			*digest = index_digest(&db.index);
		must(!ret || db.why[0], "a refusal without a sentence");
		cfs_close(&db);
	}
	must(ret <= 0 && (!ret || db.why[0]), "%d", ret);
	return ret;
}

static void damage(struct disks *d, u64 sector, u64 before, u64 last)
{
	u8 *at = d->medium[0] + sector * CFS_SECTOR_SIZE;
	unsigned int i;
	u64 digest;

	for (i = 0; i < CFS_SECTOR_SIZE; i++) {
		/* A byte in the payload is as good as the next. */
		if (i > 160 && i % 37)
			continue;
		at[i] ^= 1 << i % 8;
		damaged++;
		if (!read_all(d, &digest)) {
			must(digest == last || digest == before,
			     "sector %llu byte %u: something else is said",
			     (unsigned long long)sector, i);
			unnoticed++;
		}
		at[i] ^= 1 << i % 8;
	}
}

static void malice(struct disks *d, struct disks *work, u64 sector, u64 *seed)
{
	static const u64 values[] = { 0, 1, 2, 3, 63, 64, 65, 255, 0x7fffffff, 0x80000000,
				      0xffffffff, 1ULL << 63, U64_MAX, U64_MAX - 1 };
	struct cfs_disk_record *r;
	unsigned int field, k;
	struct cfs_db db;
	u64 digest, v;

	for (field = 16; field < 300; field += field < 128 ? 4 : 12) {
		for (k = 0; k < 6; k++) {
			disks_copy(work, d);
			r = (void *)(work->medium[0] + sector * CFS_SECTOR_SIZE);
			v = values[draw(seed, ARRAY_SIZE(values))];
			memcpy((u8 *)r + field, &v, k & 1 ? 8 : 4);
			if (k == 5)
				((u8 *)r)[16 + draw(seed, 200)] = draw(seed, 256);
			r->crc = cpu_to_le32(cfs_crc(r, sizeof(*r),
						     offsetof(struct cfs_disk_record, crc)));
			memset(work->dirty, 1, work->blocks);
			if (read_all(work, &digest))
				refused++;
			else
				accepted++;
			/* A node is not more easily deceived than a reader. */
			if (!cfs_open(&db, &work->io, 1, 0, NULL)) {
				int ret = cfs_claim(&db, k & 1);

				must(ret <= 0 && (!ret || db.why[0]), "%d", ret);
				cfs_close(&db);
			}
		}
	}
}

static void bad_super(const struct disks *d, struct disks *work, unsigned int at, u64 value,
		      unsigned int n, const char *what)
{
	struct cfs_disk_super *sb;
	struct cfs_db db;
	int ret, copy;

	disks_copy(work, d);
	memset(work->dirty, 1, work->blocks);
	for (copy = 0; copy < 2; copy++) {
		sb = (void *)(work->medium[0] + CFS_BLOCK_SIZE *
			      (copy ? CFS_SUPER_BLOCK_2 : CFS_SUPER_BLOCK));
		memcpy((u8 *)sb + at, &value, n);
		sb->crc = cpu_to_le32(cfs_crc(sb, sizeof(*sb),
					      offsetof(struct cfs_disk_super, crc)));
	}
	ret = cfs_open(&db, &work->io, 1, 0, NULL);
	must(ret && strstr(db.why, what), "superblock byte %u = %llu: %s", at,
	     (unsigned long long)value, ret ? db.why : "accepted");
}

#define AT(field)	offsetof(struct cfs_disk_super, field),

static void supers(const struct disks *d, struct disks *work)
{
	static const struct {
		unsigned int	at, n;
		u64		value;
		const char	*what;
	} bad[] = {
		{ AT(magic) 1, 'X', "no clusterfs" },
		{ AT(version) 4, CFS_VERSION + 1, "newer version" },
		{ AT(version) 4, 0, "impossible" },
		{ AT(incompat) 8, 1ULL << 40, "incompatible feature" },
		{ AT(ro_compat) 8, 1, "allows only reading" },
		{ AT(nodes) 4, 0, "impossible" },
		{ AT(nodes) 4, 33, "impossible" },
		{ AT(nodes) 4, 0xffffffff, "impossible" },
		{ AT(replicas) 4, 2, "impossible" },
		{ AT(replicas) 4, 4, "impossible" },
		{ AT(replica) 4, 1, "impossible" },
		{ AT(block_size) 4, 512, "impossible" },
		{ AT(log_blocks) 4, 8, "impossible" },
		{ AT(log_blocks) 4, 0xffffffff, "impossible" },
		{ AT(snap_blocks) 4, 1, "impossible" },
		{ AT(objects) 4, 0, "impossible" },
		{ AT(objects) 4, 0xffffffff, "impossible" },
		{ AT(events) 4, 0xffffffff, "impossible" },
		{ AT(slot_block) 8, 1, "impossible" },
		{ AT(area_block) 8, U64_MAX, "impossible" },
		{ AT(total_blocks) 8, U64_MAX, "impossible" },
		{ AT(first_term) 8, U64_MAX, "impossible" },
		{ AT(first_gen) 8, U64_MAX, "impossible" },
		{ AT(cluster) 1, 0, "impossible" },
		{ AT(cluster) 1, ' ', "impossible" },
		{ AT(reserved) 1, 1, "impossible" },
	};
	struct cfs_db db;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		bad_super(d, work, bad[i].at, bad[i].value, bad[i].n, bad[i].what);

	/* Either copy alone is enough; a reader may ignore what is only for writers. */
	for (i = 0; i < 3; i++) {
		disks_copy(work, d);
		memset(work->dirty, 1, work->blocks);
		if (i != 1)
			work->medium[0][CFS_SUPER_BLOCK * CFS_BLOCK_SIZE + 100] ^= 1;
		if (i != 0)
			work->medium[0][CFS_SUPER_BLOCK_2 * CFS_BLOCK_SIZE + 100] ^= 1;
		if (i == 2) {
			must(cfs_open(&db, &work->io, 1, 0, NULL) && strstr(db.why, "bad CRC"),
			     "%s", db.why);
			continue;
		}
		must(!cfs_open(&db, &work->io, 1, 0, NULL), "%s", db.why);
		cfs_close(&db);
	}
}

int main(int argc, char **argv)
{
	const unsigned int each = argc > 1 ? atoi(argv[1]) : 1;
	unsigned int nth = 0;
	u64 before, last, sector, seed = 12345, digest;
	struct disks d, work;
	u64 from, to;

	repo = small_repo(NODES, 1);
	disks_init(&d, &repo);
	disks_init(&work, &repo);
	fill(&d, &before, &last);
	must(!read_all(&d, &digest) && digest == last, "whole");
	supers(&d, &work);
	from = CFS_SLOT_BLOCK * CFS_BLOCK_SECTORS;
	to = repo.total_blocks * CFS_BLOCK_SECTORS;
	for (sector = from; sector < to; sector++) {
		const u8 *at = d.medium[0] + sector * CFS_SECTOR_SIZE;

		if (!memchr_inv(at, 0, CFS_SECTOR_SIZE))
			continue;
		if (nth++ % each)
			continue;
		damage(&d, sector, before, last);
		malice(&d, &work, sector, &seed);
	}
	printf("%lu bytes damaged: %lu did not matter; %lu fields forged: %lu refused, %lu accepted in bounds\n",
	       damaged, unnoticed, refused + accepted, refused, accepted);
	must(damaged > 2 * unnoticed && refused > accepted / 4, "both are seen");
	disks_free(&d);
	disks_free(&work);
	return 0;
}
