// SPDX-License-Identifier: GPL-2.0
/*
 * image NODE COMMAND FILE [FILE FILE]: write to a repository in files, as a node would.
 *
 * Commands: sample: one object of each type; fill=N: N random commits; claim; compact;
 * stop=N: claim, and stop after N steps, as if the power went.
 */
#include <fcntl.h>
#include <unistd.h>
#include "lab.h"

static int fds[CFS_REPLICAS_MAX] = { -1, -1, -1 };

static int file_read(void *ctx, unsigned int replica, u64 block, void *buf, unsigned int blocks)
{
	ssize_t n = (size_t)blocks * CFS_BLOCK_SIZE;

	return pread(fds[replica], buf, n, block * CFS_BLOCK_SIZE) == n ? 0 : -EIO;
}

static int file_write(void *ctx, unsigned int replica, u64 block, const void *buf,
		      unsigned int blocks, unsigned int flags)
{
	ssize_t n = (size_t)blocks * CFS_BLOCK_SIZE;

	return pwrite(fds[replica], buf, n, block * CFS_BLOCK_SIZE) == n ? 0 : -EIO;
}

static void sample(struct cfs_db *db, struct cfs_txn *t)
{
	struct cfs_disk_node node = { .name = "vios1", .address = "192.0.2.1",
				      .state = CFS_NODE_MEMBER, .version = cpu_to_le32(1) };
	struct cfs_disk_client client = { .name = "client1" };
	struct cfs_disk_adapter adapter = { .client = cpu_to_le64(1), .slot = cpu_to_le32(2) };
	struct cfs_disk_lu lu = { .name = "root", .backing = "/dev/vmirror/root",
				  .sectors = cpu_to_le64(2097152), .volume = cpu_to_le64(1),
				  .block = cpu_to_le32(512), .flags = cpu_to_le32(CFS_LU_SHARED) };
	struct cfs_disk_map map = { .lu = cpu_to_le64(1), .client = cpu_to_le64(1),
				    .adapter = cpu_to_le64(1), .lun = cpu_to_le32(3) };
	struct cfs_disk_volume volume = { .name = "root", .sectors = cpu_to_le64(2097152),
					  .leg = { { .state = cpu_to_le32(CFS_LEG_UPTODATE) },
						   { .node = cpu_to_le32(1),
						     .state = cpu_to_le32(CFS_LEG_OUTDATED) } } };
	struct cfs_disk_pr pr = { .lu = cpu_to_le64(1), .client = cpu_to_le64(1),
				  .key = cpu_to_le64(0xabc), .generation = cpu_to_le32(4),
				  .rtpi = cpu_to_le16(1), .type = 5, .tid_len = cpu_to_le16(3),
				  .tid = "tid" };
	struct cfs_disk_primary primary = { };
	struct cfs_disk_event event = { .time = cpu_to_le64(1700000000), .object = cpu_to_le64(1),
					.code = cpu_to_le32(7), .otype = CFS_LU,
					.class = CFS_EVENT_TOPOLOGY, .severity = 1,
					.text = "root is there" };
	u8 uuid[16];

	cfs_txn_begin(t);
	uuid_of(uuid, 1);
	cfs_txn_put(db, t, CFS_NODE, 0, uuid, 0, &node);
	uuid_of(uuid, 2);
	cfs_txn_put(db, t, CFS_CLIENT, 1, uuid, 0, &client);
	/* One that goes again: its tombstone stays. */
	uuid_of(uuid, 3);
	cfs_txn_put(db, t, CFS_CLIENT, 2, uuid, 0, &client);
	uuid_of(uuid, 4);
	cfs_txn_put(db, t, CFS_ADAPTER, 1, uuid, 0, &adapter);
	uuid_of(uuid, 5);
	cfs_txn_put(db, t, CFS_LU, 1, uuid, 2, &lu);
	cfs_txn_put(db, t, CFS_MAP, 1, NULL, 0, &map);
	uuid_of(uuid, 6);
	cfs_txn_put(db, t, CFS_VOLUME, 1, uuid, 3, &volume);
	cfs_txn_put(db, t, CFS_PR, 1, NULL, 0, &pr);
	cfs_txn_put(db, t, CFS_PRIMARY, 1, NULL, 1, &primary);
	cfs_txn_put(db, t, CFS_EVENT, 1, NULL, 0, &event);
	must(!cfs_commit(db, t), "%s", db->why);
	cfs_txn_end(t);
	must(!cfs_txn_del(db, t, CFS_CLIENT, 2, 1700000001) && !cfs_commit(db, t), "%s", db->why);
	cfs_txn_end(t);
}

static void fill(struct cfs_db *db, struct cfs_txn *t, unsigned int commits)
{
	unsigned int i;

	for (i = 0; i < commits; i++) {
		if (cfs_wants_compaction(db))
			must(!cfs_claim(db, true), "%s", db->why);
		must(!commit_event(db, t), "%s", db->why);
		cfs_txn_end(t);
	}
}

int main(int argc, char **argv)
{
	struct cfs_io io = { file_read, file_write, NULL };
	struct cfs_txn *t = malloc(sizeof(*t));
	struct cfs_db db;
	int i, steps;

	if (argc < 4 || argc > 6 || !t)
		return 2;
	for (i = 3; i < argc; i++) {
		fds[i - 3] = open(argv[i], O_RDWR);
		if (fds[i - 3] < 0) {
			perror(argv[i]);
			return 2;
		}
	}
	if (cfs_open(&db, &io, argc - 3, atoi(argv[1]), NULL)) {
		fprintf(stderr, "%s\n", db.why);
		return 1;
	}
	if (!strncmp(argv[2], "stop=", 5)) {
		must(!cfs_claim_begin(&db, true), "%s", db.why);
		for (steps = atoi(argv[2] + 5); steps--; )
			must(cfs_claim_step(&db) == CFS_MORE, "%s", db.why);
	} else {
		if (cfs_claim(&db, !strcmp(argv[2], "compact"))) {
			fprintf(stderr, "%s\n", db.why);
			return 1;
		}
		if (!strcmp(argv[2], "sample"))
			sample(&db, t);
		else if (!strncmp(argv[2], "fill=", 5))
			fill(&db, t, atoi(argv[2] + 5));
	}
	cfs_close(&db);
	free(t);
	return 0;
}
