// SPDX-License-Identifier: GPL-2.0
// includes: tools/clusterfs fs/clusterfs tests/clusterfs
/*
 * A repository in which records are forged: opened, read, claimed, committed to. The
 * input is a list of changes to one that is whole; a changed record gets its CRC anew.
 */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include "../clusterfs/media.c"
#include "../clusterfs/model.c"
#include "../../fs/clusterfs/record.c"
#include "../../fs/clusterfs/geometry.c"
#include "../../fs/clusterfs/disk.c"
#include "../../fs/clusterfs/slots.c"
#include "../../fs/clusterfs/index.c"
#include "../../fs/clusterfs/txn.c"
#include "../../fs/clusterfs/chain.c"
#include "../../fs/clusterfs/claim.c"
#include "../../fs/clusterfs/follow.c"
#include "../../fs/clusterfs/commit.c"
#include "../../fs/clusterfs/open.c"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define NODES	3
#define SECTORS	256

static struct disks whole, work;
static u64 used[SECTORS];		/* sectors that are not zero */
static unsigned int sectors;
static struct cfs_txn *txn;

static void prepare(void)
{
	struct cfs_super repo = small_repo(NODES, 1);
	u64 seed = 7, s, id;
	struct model m;
	struct cfs_db db;
	unsigned int n;

	disks_init(&whole, &repo);
	disks_init(&work, &repo);
	model_init(&m, &repo);
	txn = malloc(sizeof(*txn));
	must(txn, "memory");
	for (n = 0; n < NODES; n++) {
		must(!cfs_open(&db, &whole.io, 1, n, NULL), "%s", db.why);
		must(!cfs_claim(&db, n == 1), "%s", db.why);
		random_txn(&db, &m, txn, &seed, 12);
		must(!cfs_commit(&db, txn), "%s", db.why);
		model_apply(&m, txn);
		cfs_txn_end(txn);
		must(!commit_lu(&db, txn, 100 + n, &id), "%s", db.why);
		model_apply(&m, txn);
		cfs_txn_end(txn);
		cfs_close(&db);
	}
	for (s = 0; s < repo.total_blocks * CFS_BLOCK_SECTORS; s++)
		if (s >= CFS_SLOT_BLOCK * CFS_BLOCK_SECTORS &&
		    memchr_inv(whole.medium[0] + s * CFS_SECTOR_SIZE, 0, CFS_SECTOR_SIZE) &&
		    sectors < SECTORS)
			used[sectors++] = s;
	model_free(&m);
}

static void change(const u8 **data, size_t *size)
{
	u8 what = (*data)[0], len = 1 + ((*data)[1] & 7);
	u64 s = used[(*data)[2] % sectors], from = used[(*data)[3] % sectors];
	unsigned int at = ((*data)[3] | (*data)[4] << 8) % CFS_SECTOR_SIZE;
	struct cfs_disk_record *r = (void *)(work.medium[0] + s * CFS_SECTOR_SIZE);
	struct cfs_disk_super *sb;

	*data += 5;
	*size -= 5;
	len = min_t(size_t, len, *size);
	len = min_t(size_t, len, CFS_SECTOR_SIZE - at);
	switch (what % 4) {
	case 0:
	case 1:
		memcpy((u8 *)r + at, *data, len);
		break;
	case 2:			/* a record in the place of another */
		memcpy(r, work.medium[0] + from * CFS_SECTOR_SIZE, sizeof(*r));
		len = 0;
		break;
	case 3:
		sb = (void *)(work.medium[0] + (size_t)(what & 4 ? CFS_SUPER_BLOCK :
							 CFS_SUPER_BLOCK_2) * CFS_BLOCK_SIZE);
		memcpy((u8 *)sb + at, *data, len);
		sb->crc = cpu_to_le32(cfs_crc(sb, sizeof(*sb),
					      offsetof(struct cfs_disk_super, crc)));
		touch(&work, CFS_SUPER_BLOCK, 1);
		touch(&work, CFS_SUPER_BLOCK_2, 1);
		break;
	}
	if (what % 4 == 0 || what % 4 == 2) {
		r->sector = cpu_to_le64(s);
		r->crc = cpu_to_le32(cfs_crc(r, sizeof(*r), offsetof(struct cfs_disk_record, crc)));
	}
	touch(&work, s / CFS_BLOCK_SECTORS, 1);
	*data += len;
	*size -= len;
}

/* What was let in is in bounds, and can be found. */
static void sane(struct cfs_db *db)
{
	struct cfs_obj *o;
	unsigned int type;
	u32 n = 0;

	for (type = CFS_NODE; type < CFS_TYPES; type++)
		for (o = cfs_first(&db->index, type); o; o = cfs_next(o), n++) {
			must(!cfs_record_wrong(&o->d, &db->sb), "a wrong one is in");
			must(type == CFS_TOMBSTONE ||
			     cfs_get(&db->index, type, le64_to_cpu(o->d.id)) == o, "not found");
		}
	must(n == db->index.objects && n <= db->index.max_objects, "%u objects", n);
	must(db->index.next[CFS_EVENT] - db->index.event_first <= db->index.max_events, "events");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct cfs_disk_event event = { .text = "still here" };
	u8 me = size ? data[0] % NODES : 0;
	struct cfs_db db;
	int ret;

	if (!sectors)
		prepare();
	disks_copy(&work, &whole);
	while (size > 5)
		change(&data, &size);
	ret = cfs_open(&db, &work.io, 1, me, NULL);
	must(ret <= 0 && (!ret || db.why[0]), "%d", ret);
	if (ret)
		return 0;
	ret = cfs_load(&db);
	must(ret <= 0 && (!ret || db.why[0]), "%d", ret);
	if (!ret)
		sane(&db);
	ret = cfs_claim(&db, db.gen & 1);
	must(ret <= 0 && (!ret || db.why[0]), "%d", ret);
	if (!ret) {
		sane(&db);
		cfs_txn_begin(txn);
		cfs_txn_put(&db, txn, CFS_EVENT, db.index.next[CFS_EVENT], NULL, 0, &event);
		ret = cfs_commit(&db, txn);
		must(ret <= 0 && (!ret || db.why[0]), "%d", ret);
		cfs_txn_end(txn);
		/* What was acknowledged can be followed, and read again. */
		if (!ret) {
			must(!cfs_follow(&db), "%s", db.why);
			sane(&db);
			must(!cfs_load(&db), "%s", db.why);
		}
	}
	cfs_close(&db);
	return 0;
}
