// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: claim slots. Each node has two blocks and writes its claims to them in
 * turn, so that a torn one leaves the claim before it.
 */
#include "clusterfs.h"

/* The term of a claim in the first sector of a block; 0: it is zero; -1: neither. */
static u64 cfs_claim_in(const struct cfs_db *db, const void *block, u64 nr, unsigned int node)
{
	const struct cfs_disk_record *r = block;

	if (!memchr_inv(r, 0, sizeof(*r)))
		return 0;
	if (!cfs_sealed(r, &db->sb, nr * CFS_BLOCK_SECTORS) || r->type != CFS_CLAIM ||
	    le16_to_cpu(r->node) != node || cfs_record_wrong(r, &db->sb))
		return U64_MAX;
	return le64_to_cpu(r->term);
}

/**
 * cfs_replicas_doubt() - those that could not be read are asked again, when all are next
 * @db: database
 */
void cfs_replicas_doubt(struct cfs_db *db)
{
	db->unasked |= db->unread;
	db->unread = 0;
}

/**
 * cfs_slots_read() - read all claims
 * @db: database; slot_*, highest are set
 *
 * Return: 0 or -errno.
 */
int cfs_slots_read(struct cfs_db *db)
{
	unsigned int n, k;
	u64 nr, term;
	int ret;

	ret = cfs_read(db, CFS_SLOT_BLOCK, db->slots, 2 * db->sb.nodes, NULL);
	/* All were asked, also if too few have answered. */
	if (!ret || ret == -EIO)
		db->unasked = 0;
	if (ret)
		return ret;
	db->highest = db->sb.first_term;
	for (n = 0; n < db->sb.nodes; n++) {
		db->slot_term[n] = 0;
		db->slot_next[n] = 0;
		db->slot_bad[n] = 0;
		for (k = 0; k < 2; k++) {
			nr = cfs_slot_block(n) + k;
			term = cfs_claim_in(db, db->slots + (2 * n + k) * CFS_BLOCK_SIZE, nr, n);
			if (term == U64_MAX) {
				db->slot_bad[n]++;
			} else if (term > db->slot_term[n]) {
				db->slot_term[n] = term;
				db->slot_next[n] = !k;
			}
		}
		db->highest = max(db->highest, db->slot_term[n]);
	}
	for (n = 0; n < db->sb.nodes; n++)
		if (db->slot_bad[n] == 2)
			return cfs_fail(db, -EUCLEAN,
					"both claim blocks of node %u are damaged: fsck.clusterfs can repair them while no node is joined",
					n);
	return 0;
}

/**
 * cfs_slots_higher() - has another claimed since
 * @db: database, slots read
 * @term: own claim
 *
 * Return: true if a slot says so: then this node's claim does not count.
 */
bool cfs_slots_higher(const struct cfs_db *db, u64 term)
{
	unsigned int n;

	for (n = 0; n < db->sb.nodes; n++)
		if (db->slot_term[n] > term || (n != db->me && db->slot_term[n] == term))
			return true;
	return false;
}

/**
 * cfs_slot_write() - claim
 * @db: database, slots read
 * @term: greater than all that were read
 *
 * Return: 0 or -errno.
 */
int cfs_slot_write(struct cfs_db *db, u64 term)
{
	const u64 nr = cfs_slot_block(db->me) + db->slot_next[db->me];
	struct cfs_disk_record *r = (void *)db->block;
	struct cfs_disk_claim *c = (void *)r->payload;

	memset(db->block, 0, CFS_BLOCK_SIZE);
	r->type = CFS_CLAIM;
	r->node = cpu_to_le16(db->me);
	r->term = cpu_to_le64(term);
	r->count = cpu_to_le32(1);
	r->len = cpu_to_le32(sizeof(*c));
	export_uuid(c->boot, &db->boot);
	cfs_seal(r, &db->sb, nr * CFS_BLOCK_SECTORS);
	return cfs_write(db, nr, db->block, 1, CFS_FUA);
}
