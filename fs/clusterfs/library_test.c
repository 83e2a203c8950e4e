// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the repository's library in the kernel, over disks in memory: what a record is,
 * claims, commits and the chain, ids and events, replicas. tests/clusterfs tries the same
 * source in user space, in every order and with a cut at every sector.
 */
#include <kunit/test.h>

#include "clusterfs.h"

#define LB_NODES	3
#define LB_ENDLESS	1000

/* A repository, and its nodes; the last handle is a reader. */
struct lb {
	struct cfs_super	sb;
	u8			*disk[CFS_REPLICAS_MAX];
	bool			dead[CFS_REPLICAS_MAX];
	unsigned int		left;		/* writes that work yet */
	bool			foreign;	/* a node wrote a block of another */
	unsigned int		who;		/* ...is at work */
	struct cfs_db		db[LB_NODES + 1];
	bool			open[LB_NODES + 1];
	struct cfs_txn		*txn;
};

static int lb_read(void *ctx, unsigned int replica, u64 block, void *buf, unsigned int blocks)
{
	struct lb *lb = ctx;

	if (replica >= lb->sb.replicas || lb->dead[replica] ||
	    block + blocks > lb->sb.total_blocks)
		return -EIO;
	memcpy(buf, lb->disk[replica] + block * CFS_BLOCK_SIZE, (size_t)blocks * CFS_BLOCK_SIZE);
	return 0;
}

static int lb_write(void *ctx, unsigned int replica, u64 block, const void *buf,
		    unsigned int blocks, unsigned int flags)
{
	struct lb *lb = ctx;
	u64 slot = cfs_slot_block(lb->who), log = cfs_log_block(&lb->sb, lb->who);

	if (replica >= lb->sb.replicas || lb->dead[replica] || !lb->left ||
	    block + blocks > lb->sb.total_blocks)
		return -EIO;
	lb->left--;
	if (!(flags & CFS_FUA) ||
	    !((block >= slot && block + blocks <= slot + 2) ||
	      (block >= log && block + blocks <= log + lb->sb.log_blocks + 2 * lb->sb.snap_blocks)))
		lb->foreign = true;
	memcpy(lb->disk[replica] + block * CFS_BLOCK_SIZE, buf, (size_t)blocks * CFS_BLOCK_SIZE);
	return 0;
}

static struct cfs_db *lb_db(struct lb *lb, unsigned int n)
{
	lb->who = n;
	return &lb->db[n];
}

static void lb_close(struct lb *lb, unsigned int n)
{
	if (lb->open[n])
		cfs_close(&lb->db[n]);
	lb->open[n] = false;
}

/* As after a boot: nothing is known but what is on the disks. */
static void lb_open(struct kunit *test, unsigned int n)
{
	struct lb *lb = test->priv;
	const struct cfs_io io = { lb_read, lb_write, lb };

	lb_close(lb, n);
	KUNIT_ASSERT_EQ_MSG(test, cfs_open(&lb->db[n], &io, lb->sb.replicas,
					   n < LB_NODES ? n : CFS_NODES_MAX, NULL), 0,
			    "%s", lb->db[n].why);
	lb->open[n] = true;
}

static void lb_make(struct kunit *test, unsigned int replicas)
{
	struct lb *lb = test->priv;
	struct cfs_super sb = {
		.generation = 1, .tag = 0x1122334455667788ULL, .nodes = LB_NODES,
		.replicas = replicas, .log_blocks = 32, .objects = CFS_OBJECTS_MIN,
		.events = CFS_EVENTS_MIN, .made = 1700000000, .cluster = "lab",
	};
	unsigned int n;

	generate_random_uuid(sb.uuid.b);
	cfs_geometry(&sb);
	lb->sb = sb;
	for (n = 0; n < replicas; n++) {
		lb->disk[n] = kvcalloc(sb.total_blocks, CFS_BLOCK_SIZE, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, lb->disk[n]);
		sb.replica = n;
		generate_random_uuid(sb.replica_uuid.b);
		cfs_super_encode(&sb, lb->disk[n] + CFS_SUPER_BLOCK * CFS_BLOCK_SIZE);
		cfs_super_encode(&sb, lb->disk[n] + CFS_SUPER_BLOCK_2 * CFS_BLOCK_SIZE);
	}
	for (n = 0; n <= LB_NODES; n++)
		lb_open(test, n);
}

static int lb_init(struct kunit *test)
{
	struct lb *lb = kvzalloc(sizeof(*lb), GFP_KERNEL);

	if (!lb)
		return -ENOMEM;
	test->priv = lb;
	lb->left = LB_ENDLESS;
	lb->txn = kvmalloc(sizeof(*lb->txn), GFP_KERNEL);
	if (!lb->txn)
		return -ENOMEM;
	cfs_txn_begin(lb->txn);
	return 0;
}

static void lb_exit(struct kunit *test)
{
	struct lb *lb = test->priv;
	unsigned int n;

	if (!lb)
		return;
	KUNIT_EXPECT_FALSE(test, lb->foreign);
	for (n = 0; n <= LB_NODES; n++)
		lb_close(lb, n);
	for (n = 0; n < CFS_REPLICAS_MAX; n++)
		kvfree(lb->disk[n]);
	if (lb->txn)
		cfs_txn_end(lb->txn);
	kvfree(lb->txn);
	kvfree(lb);
}

/* A LU or a client of which nothing but uuid and id matters. */
static int lb_put(struct cfs_db *db, struct cfs_txn *t, unsigned int type, u64 id, u8 tag)
{
	struct cfs_disk_client client = { .name = "c" };
	struct cfs_disk_lu lu = { .name = "l", .block = cpu_to_le32(512) };
	u8 uuid[UUID_SIZE];

	memset(uuid, tag, sizeof(uuid));
	return cfs_txn_put(db, t, type, id, uuid, 0,
			   type == CFS_LU ? (void *)&lu : (void *)&client);
}

static int lb_commit(struct lb *lb, unsigned int n)
{
	int ret = cfs_commit(lb_db(lb, n), lb->txn);

	cfs_txn_end(lb->txn);
	return ret;
}

/* Commit one more LU. */
static int lb_lu(struct lb *lb, unsigned int n, u8 tag)
{
	struct cfs_db *db = lb_db(lb, n);
	u64 id;
	int ret;

	cfs_txn_begin(lb->txn);
	ret = cfs_id_new(db, NULL, CFS_LU, &id);
	if (!ret)
		ret = lb_put(db, lb->txn, CFS_LU, id, tag);
	return ret ? ret : lb_commit(lb, n);
}

static int lb_claim(struct lb *lb, unsigned int n, bool compact)
{
	return cfs_claim(lb_db(lb, n), compact);
}

/* The tags of all LUs as node @n has them in memory, from id 1 on. */
static void lb_has(struct kunit *test, unsigned int n, const char *tags)
{
	struct lb *lb = test->priv;
	struct cfs_index *ix = &lb->db[n].index;
	char got[CFS_OBJECTS_MIN + 1] = "";
	unsigned int i;
	struct cfs_obj *o;

	for (i = 1; i < ix->next[CFS_LU] && i <= CFS_OBJECTS_MIN; i++) {
		o = cfs_get(ix, CFS_LU, i);
		got[i - 1] = o ? o->d.uuid[0] : '-';
	}
	KUNIT_EXPECT_STREQ(test, got, tags);
}

/* ...and as a reader finds them, who may show them. */
static void lb_shows(struct kunit *test, const char *tags)
{
	struct lb *lb = test->priv;
	struct cfs_db *db = lb_db(lb, LB_NODES);

	KUNIT_EXPECT_EQ_MSG(test, cfs_follow(db), 0, "%s", db->why);
	lb_has(test, LB_NODES, tags);
}

/* --- records --- */

static void lb_codec(struct kunit *test)
{
	struct lb *lb = test->priv;
	struct cfs_disk_lu lu = { .name = "root", .block = cpu_to_le32(4096) };
	struct cfs_disk_record *r;
	unsigned int i;

	lb_make(test, 1);
	cfs_txn_begin(lb->txn);
	KUNIT_ASSERT_EQ(test, cfs_txn_put(&lb->db[0], lb->txn, CFS_LU, 7, lb->sb.uuid.b, 3, &lu), 0);
	r = &lb->txn->rec[0];
	r->term = cpu_to_le64(5);
	r->gen = cpu_to_le64(9);
	r->count = cpu_to_le32(1);
	cfs_seal(r, &lb->sb, 4711);
	KUNIT_EXPECT_TRUE(test, cfs_sealed(r, &lb->sb, 4711));
	KUNIT_EXPECT_FALSE(test, cfs_sealed(r, &lb->sb, 4712));
	KUNIT_EXPECT_NULL(test, cfs_record_wrong(r, &lb->sb));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(r->magic), CFS_RECORD_MAGIC);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(r->len), (u32)sizeof(lu));
	KUNIT_EXPECT_EQ(test, memcmp(r->payload, &lu, sizeof(lu)), 0);
	for (i = 0; i < CFS_SECTOR_SIZE * BITS_PER_BYTE; i++) {
		((u8 *)r)[i / BITS_PER_BYTE] ^= BIT(i % BITS_PER_BYTE);
		if (cfs_sealed(r, &lb->sb, 4711))
			KUNIT_FAIL(test, "bit %u is of no importance", i);
		((u8 *)r)[i / BITS_PER_BYTE] ^= BIT(i % BITS_PER_BYTE);
	}
	/* Sealed, and nonsense nevertheless. */
	r->node = cpu_to_le16(LB_NODES);
	KUNIT_EXPECT_STREQ(test, cfs_record_wrong(r, &lb->sb), "its writer has no slot here");
	r->node = 0;
	r->type = CFS_TYPES;
	KUNIT_EXPECT_STREQ(test, cfs_record_wrong(r, &lb->sb), "its type is unknown");
	r->type = CFS_LU;
	r->payload[sizeof(lu)] = 1;
	KUNIT_EXPECT_STREQ(test, cfs_record_wrong(r, &lb->sb), "its length is not that of its type");
	r->payload[sizeof(lu)] = 0;
	r->payload[4] = '\n';
	KUNIT_EXPECT_STREQ(test, cfs_record_wrong(r, &lb->sb), "its name is no text");
	cfs_txn_begin(lb->txn);
}

static void lb_superblock(struct kunit *test)
{
	struct lb *lb = test->priv;
	struct cfs_disk_super *d;
	struct cfs_super sb;

	lb_make(test, 3);
	d = (void *)(lb->disk[1] + CFS_SUPER_BLOCK * CFS_BLOCK_SIZE);
	KUNIT_EXPECT_EQ(test, cfs_super_decode(d, &sb), CFS_VALID);
	KUNIT_EXPECT_TRUE(test, cfs_super_same(&sb, &lb->sb));
	KUNIT_EXPECT_EQ(test, sb.replica, 1);
	d->nodes = cpu_to_le32(4);
	KUNIT_EXPECT_EQ(test, cfs_super_decode(d, &sb), CFS_CORRUPT);
	d->crc = cpu_to_le32(cfs_crc(d, sizeof(*d), offsetof(struct cfs_disk_super, crc)));
	KUNIT_EXPECT_EQ(test, cfs_super_decode(d, &sb), CFS_INVALID);
	/* Two that differ: that replica is none; two of three are enough, one is not. */
	lb_open(test, 0);
	KUNIT_EXPECT_EQ(test, lb->db[0].failed, (u32)BIT(1));
	lb_close(lb, 0);
	lb->dead[0] = true;
	KUNIT_EXPECT_NE(test, cfs_open(&lb->db[0], &lb->db[1].io, 3, 0, NULL), 0);
	KUNIT_EXPECT_NOT_NULL(test, strstr(lb->db[0].why, "a majority is needed"));
}

/* --- claims, commits, the chain --- */

/* P1 P2 V6: who was outbid acknowledges nothing, and is on no chain. */
static void lb_outbid(struct kunit *test)
{
	struct lb *lb = test->priv;

	lb_make(test, 1);
	KUNIT_ASSERT_EQ(test, lb_claim(lb, 0, false), 0);
	KUNIT_EXPECT_EQ(test, lb_lu(lb, 0, 'a'), 0);
	KUNIT_EXPECT_EQ(test, lb_lu(lb, 1, 'x'), -ESTALE);
	KUNIT_ASSERT_EQ(test, lb_claim(lb, 1, false), 0);
	lb_has(test, 1, "a");
	/* It stood still meanwhile, and writes. */
	KUNIT_EXPECT_EQ(test, lb_lu(lb, 0, 'x'), -ESTALE);
	KUNIT_EXPECT_EQ(test, lb->db[0].state, CFS_LOST);
	KUNIT_EXPECT_EQ(test, lb_lu(lb, 1, 'b'), 0);
	lb_shows(test, "ab");
	KUNIT_ASSERT_EQ(test, lb_claim(lb, 0, false), 0);
	lb_has(test, 0, "ab");
	KUNIT_EXPECT_EQ(test, lb_lu(lb, 0, 'c'), 0);
	lb_shows(test, "abc");
	KUNIT_EXPECT_EQ(test, lb->db[LB_NODES].gen, lb->sb.first_gen + 3);
}

/* P1 V6: a claim is left at each of its writes; the next one goes on from what there was. */
static void lb_left(struct kunit *test)
{
	struct lb *lb = test->priv;
	unsigned int left, compact;
	char tags[32] = "a";

	lb_make(test, 1);
	KUNIT_ASSERT_EQ(test, lb_claim(lb, 0, false), 0);
	KUNIT_ASSERT_EQ(test, lb_lu(lb, 0, 'a'), 0);
	for (compact = 0; compact < 2; compact++) {
		for (left = 0; left < 4; left++) {
			lb->left = left;
			lb_claim(lb, 0, compact);
			lb_lu(lb, 0, 'x');
			lb->left = LB_ENDLESS;
			lb_open(test, 0);
			KUNIT_ASSERT_EQ_MSG(test, lb_claim(lb, 1, false), 0, "%s", lb->db[1].why);
			/* What was not acknowledged may be there, whole. */
			if (lb->db[1].index.next[CFS_LU] > strlen(tags) + 1)
				strcat(tags, "x");
			lb_has(test, 1, tags);
			strcat(tags, "b");
			tags[strlen(tags) - 1] = 'b' + compact * 4 + left;
			KUNIT_ASSERT_EQ(test, lb_lu(lb, 1, tags[strlen(tags) - 1]), 0);
			lb_shows(test, tags);
			if (strchr(tags, 'x'))
				return;
		}
	}
	KUNIT_FAIL(test, "no commit was ever left whole");
}

/* V6: replay finds damage, unless it is the very end. */
static void lb_replay(struct kunit *test)
{
	struct lb *lb = test->priv;
	struct cfs_db *db;
	u8 *log;
	u32 at;

	lb_make(test, 1);
	KUNIT_ASSERT_EQ(test, lb_claim(lb, 0, false), 0);
	at = lb->db[0].cursor;
	KUNIT_ASSERT_EQ(test, lb_lu(lb, 0, 'a'), 0);
	KUNIT_ASSERT_EQ(test, lb_lu(lb, 0, 'b'), 0);
	KUNIT_ASSERT_EQ(test, lb_lu(lb, 0, 'c'), 0);
	log = lb->disk[0] + (cfs_log_block(&lb->sb, 0) + at) * CFS_BLOCK_SIZE;
	db = lb_db(lb, LB_NODES);
	log[2 * CFS_BLOCK_SIZE + 200] ^= 1;
	KUNIT_EXPECT_EQ(test, cfs_load(db), 0);
	lb_has(test, LB_NODES, "ab");
	log[2 * CFS_BLOCK_SIZE + 200] ^= 1;
	log[CFS_BLOCK_SIZE + 200] ^= 1;
	KUNIT_EXPECT_EQ(test, cfs_load(db), -EUCLEAN);
	KUNIT_EXPECT_NOT_NULL(test, strstr(db->why, "commit 2 of term 1 by node 0 is damaged"));
	log[CFS_BLOCK_SIZE + 200] ^= 1;
	lb_shows(test, "abc");
	/* A snapshot instead: the log is not needed any more. */
	KUNIT_ASSERT_EQ(test, lb_claim(lb, 1, true), 0);
	memset(log, 0, 3 * CFS_BLOCK_SIZE);
	lb_shows(test, "abc");
}

/* A log is a ring: it goes round, and space is freed by claims alone. */
static void lb_round(struct kunit *test)
{
	struct lb *lb = test->priv;
	struct cfs_disk_event event = { .text = "e" };
	unsigned int i, claims = 0;
	struct cfs_db *db;
	int ret;
	u64 e;

	lb_make(test, 1);
	db = lb_db(lb, 2);
	KUNIT_ASSERT_EQ(test, lb_claim(lb, 2, false), 0);
	for (i = 1; i <= 5 * lb->sb.log_blocks; i++) {
		cfs_txn_begin(lb->txn);
		KUNIT_ASSERT_EQ(test, cfs_txn_put(db, lb->txn, CFS_EVENT, i, NULL, 0, &event), 0);
		ret = cfs_commit(db, lb->txn);
		if (ret == -EAGAIN) {
			claims++;
			KUNIT_ASSERT_EQ(test, lb_claim(lb, 2, true), 0);
			ret = cfs_commit(db, lb->txn);
		}
		cfs_txn_end(lb->txn);
		KUNIT_ASSERT_EQ_MSG(test, ret, 0, "%s", db->why);
	}
	KUNIT_EXPECT_GE(test, claims, 4);
	KUNIT_EXPECT_EQ(test, cfs_follow(lb_db(lb, LB_NODES)), 0);
	/* V11: the last ones without a gap, and those before are known to be lost. */
	for (e = 0; e <= i; e++) {
		const struct cfs_disk_record *r = cfs_get_event(&lb->db[LB_NODES].index, e);
		bool kept = e >= i - CFS_EVENTS_MIN && e < i;

		KUNIT_EXPECT_EQ(test, !!r, kept);
		KUNIT_EXPECT_TRUE(test, !r || le64_to_cpu(r->id) == e);
	}
}

/* --- ids --- */

static void lb_ids(struct kunit *test)
{
	struct lb *lb = test->priv;
	struct cfs_db *db;
	u64 id;

	lb_make(test, 1);
	KUNIT_ASSERT_EQ(test, lb_claim(lb, 0, false), 0);
	KUNIT_ASSERT_EQ(test, lb_lu(lb, 0, 'a'), 0);
	KUNIT_ASSERT_EQ(test, lb_lu(lb, 0, 'b'), 0);
	db = lb_db(lb, 0);
	cfs_txn_begin(lb->txn);
	KUNIT_ASSERT_EQ(test, cfs_txn_del(db, lb->txn, CFS_LU, 2, 5), 0);
	KUNIT_ASSERT_EQ(test, lb_commit(lb, 0), 0);
	KUNIT_ASSERT_EQ(test, cfs_txn_forget(db, lb->txn, CFS_LU, 2), 0);
	KUNIT_ASSERT_EQ(test, lb_commit(lb, 0), 0);
	/* V6: never given again, whoever writes, after a snapshot too. */
	KUNIT_ASSERT_EQ(test, lb_claim(lb, 1, true), 0);
	db = lb_db(lb, 1);
	KUNIT_EXPECT_EQ(test, cfs_id_new(db, NULL, CFS_LU, &id), 0);
	KUNIT_EXPECT_EQ(test, id, 3);
	KUNIT_EXPECT_EQ(test, lb_put(db, lb->txn, CFS_LU, 2, 'c'), 0);
	KUNIT_EXPECT_EQ(test, lb_commit(lb, 1), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, strstr(db->why, "its id is not the next one"));
	KUNIT_EXPECT_EQ(test, db->state, CFS_WRITER);
	/* A client's is, when all others were given and its tombstone is forgotten. */
	KUNIT_EXPECT_EQ(test, lb_put(db, lb->txn, CFS_CLIENT, 1, 'c'), 0);
	KUNIT_EXPECT_EQ(test, lb_put(db, lb->txn, CFS_CLIENT, U16_MAX, 'd'), 0);
	KUNIT_EXPECT_EQ(test, lb_commit(lb, 1), 0);
	cfs_txn_begin(lb->txn);
	KUNIT_EXPECT_EQ(test, cfs_txn_del(db, lb->txn, CFS_CLIENT, 1, 5), 0);
	KUNIT_EXPECT_EQ(test, lb_commit(lb, 1), 0);
	KUNIT_EXPECT_EQ(test, cfs_id_new(db, NULL, CFS_CLIENT, &id), 0);
	KUNIT_EXPECT_EQ(test, id, 2);
	KUNIT_EXPECT_EQ(test, cfs_txn_forget(db, lb->txn, CFS_CLIENT, 1), 0);
	KUNIT_EXPECT_EQ(test, lb_commit(lb, 1), 0);
	KUNIT_EXPECT_EQ(test, cfs_id_new(db, NULL, CFS_CLIENT, &id), 0);
	KUNIT_EXPECT_EQ(test, id, 1);
	/* Two of one commit do not get the same. */
	KUNIT_EXPECT_EQ(test, lb_put(db, lb->txn, CFS_CLIENT, 1, 'e'), 0);
	KUNIT_EXPECT_EQ(test, cfs_id_new(db, lb->txn, CFS_CLIENT, &id), 0);
	KUNIT_EXPECT_EQ(test, id, 2);
	cfs_txn_end(lb->txn);
}

/* --- replicas --- */

/* P3: any two are enough; one that returns is overwritten, and then it alone has all. */
static void lb_replicas(struct kunit *test)
{
	struct lb *lb = test->priv;
	const size_t body = CFS_SLOT_BLOCK * CFS_BLOCK_SIZE;
	unsigned int r;
	size_t size;

	lb_make(test, 3);
	size = lb->sb.total_blocks * CFS_BLOCK_SIZE - body;
	KUNIT_ASSERT_EQ(test, lb_claim(lb, 0, false), 0);
	KUNIT_ASSERT_EQ(test, lb_lu(lb, 0, 'a'), 0);
	/* What it alone has nobody acknowledged. */
	lb->dead[0] = true;
	lb->dead[1] = true;
	KUNIT_EXPECT_EQ(test, lb_lu(lb, 0, 'x'), -EIO);
	lb->dead[0] = false;
	lb->dead[1] = false;
	KUNIT_EXPECT_EQ(test, cfs_follow(lb_db(lb, LB_NODES)), -EAGAIN);
	KUNIT_EXPECT_NOT_NULL(test, strstr(lb->db[LB_NODES].why, "a claim settles it"));
	lb->dead[2] = true;
	KUNIT_ASSERT_EQ(test, lb_claim(lb, 0, false), 0);
	KUNIT_ASSERT_EQ(test, lb_lu(lb, 0, 'b'), 0);
	KUNIT_EXPECT_EQ(test, lb->db[0].failed, (u32)BIT(2));
	lb_shows(test, "ab");
	lb->dead[2] = false;
	lb_db(lb, 0);
	KUNIT_ASSERT_EQ(test, cfs_resync_begin(&lb->db[0], 2), 0);
	KUNIT_EXPECT_EQ(test, cfs_resync_step(&lb->db[0]), CFS_MORE);
	KUNIT_EXPECT_EQ(test, lb_lu(lb, 0, 'c'), 0);
	KUNIT_EXPECT_EQ(test, lb->db[0].failed, (u32)BIT(2));
	/* It fails once more: from the beginning. */
	lb->dead[2] = true;
	KUNIT_EXPECT_EQ(test, cfs_resync_step(&lb->db[0]), -EIO);
	KUNIT_EXPECT_EQ(test, cfs_resync_begin(&lb->db[0], 2), -EIO);
	lb->dead[2] = false;
	KUNIT_EXPECT_EQ(test, cfs_resync(&lb->db[0], 2), 0);
	KUNIT_EXPECT_EQ(test, lb->db[0].failed, 0);
	for (r = 0; r < 2; r++)
		KUNIT_EXPECT_EQ(test, memcmp(lb->disk[r] + body, lb->disk[2] + body, size), 0);
	memset(lb->disk[0] + body, 0, size);
	lb->dead[1] = true;
	lb_open(test, LB_NODES);
	KUNIT_EXPECT_EQ(test, cfs_load(&lb->db[LB_NODES]), 0);
	lb_has(test, LB_NODES, "abc");
}

static struct kunit_case lb_cases[] = {
	KUNIT_CASE(lb_codec),
	KUNIT_CASE(lb_superblock),
	KUNIT_CASE(lb_outbid),
	KUNIT_CASE(lb_left),
	KUNIT_CASE(lb_replay),
	KUNIT_CASE(lb_round),
	KUNIT_CASE(lb_ids),
	KUNIT_CASE(lb_replicas),
	{}
};

static struct kunit_suite lb_suite = {
	.name		= "clusterfs-library",
	.init		= lb_init,
	.exit		= lb_exit,
	.test_cases	= lb_cases,
};

kunit_test_suite(lb_suite);
