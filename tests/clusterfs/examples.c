// SPDX-License-Identifier: GPL-2.0
/*
 * examples: the examples of clusterfs-format.rst, as the library writes them. Rows of
 * zeroes are left out.
 */
#include "lab.h"

static void dump(const char *name, const void *data, size_t size)
{
	const u8 *p = data;
	size_t at, i;

	printf("%s\n", name);
	for (at = 0; at < size; at += 16) {
		if (!memchr_inv(p + at, 0, 16))
			continue;
		printf("    %04zx ", at);
		for (i = 0; i < 16; i++)
			printf(" %02x", p[at + i]);
		putchar('\n');
	}
}

static const void *sector(const struct disks *d, u64 block, unsigned int n)
{
	return d->medium[0] + block * CFS_BLOCK_SIZE + (size_t)n * CFS_SECTOR_SIZE;
}

int main(void)
{
	struct cfs_disk_client client = { .name = "client1" };
	struct cfs_txn *t = malloc(sizeof(*t));
	struct cfs_super sb = small_repo(2, 1);
	struct cfs_db db;
	struct disks d;
	uuid_t boot;
	u8 uuid[16];
	int i;

	must(t, "memory");
	cfs_txn_begin(t);
	for (i = 0; i < 16; i++) {
		boot.b[i] = 0x10 + i;
		uuid[i] = 0x20 + i;
	}
	disks_init(&d, &sb);
	must(!cfs_open(&db, &d.io, 1, 1, &boot) && !cfs_claim(&db, false), "%s", db.why);
	must(!cfs_txn_put(&db, t, CFS_CLIENT, 1, uuid, 0, &client) && !cfs_commit(&db, t), "%s",
	     db.why);
	cfs_txn_end(t);
	dump("superblock", sector(&d, CFS_SUPER_BLOCK, 0), CFS_BLOCK_SIZE);
	dump("claim", sector(&d, cfs_slot_block(1), 0), CFS_SECTOR_SIZE);
	dump("confirm", sector(&d, cfs_log_block(&sb, 1), 0), CFS_SECTOR_SIZE);
	dump("client", sector(&d, cfs_log_block(&sb, 1) + 1, 0), CFS_SECTOR_SIZE);
	must(!cfs_claim(&db, true), "%s", db.why);
	dump("confirm_snapshot", sector(&d, cfs_log_block(&sb, 1) + 2, 0), CFS_SECTOR_SIZE);
	dump("client_snapshot", sector(&d, cfs_snap_block(&sb, 1, 0), 0), CFS_SECTOR_SIZE);
	cfs_close(&db);
	disks_free(&d);
	free(t);
	return 0;
}
