// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: the superblock, and where everything is. No I/O here.
 */
#include "clusterfs.h"

const char * const cfs_found_text[] = {
	[CFS_VALID]	= "a valid superblock",
	[CFS_BLANK]	= "no clusterfs superblock",
	[CFS_CORRUPT]	= "only corrupted superblocks (bad CRC in both copies)",
	[CFS_NEWER]	= "a superblock of a newer version",
	[CFS_RO_ONLY]	= "a superblock with an unknown feature that allows only reading",
	[CFS_INCOMPAT]	= "a superblock with an unknown incompatible feature",
	[CFS_INVALID]	= "a superblock with impossible sizes, or two that differ",
};

/**
 * cfs_slot_block() - where a node's claims are
 * @node: slot
 *
 * Return: the first of two blocks.
 */
u64 cfs_slot_block(unsigned int node)
{
	return CFS_SLOT_BLOCK + 2 * node;
}

/**
 * cfs_beat_block() - where a node's heartbeat is
 * @sb: superblock
 * @node: slot
 *
 * Return: the block.
 */
u64 cfs_beat_block(const struct cfs_super *sb, unsigned int node)
{
	return CFS_SLOT_BLOCK + 2 * sb->nodes + node;
}

static u64 cfs_node_blocks(const struct cfs_super *sb)
{
	return sb->log_blocks + 2ULL * sb->snap_blocks;
}

/**
 * cfs_log_block() - where a node's log is
 * @sb: superblock
 * @node: slot
 *
 * Return: its first block.
 */
u64 cfs_log_block(const struct cfs_super *sb, unsigned int node)
{
	return CFS_AREA_BLOCK + node * cfs_node_blocks(sb);
}

/**
 * cfs_snap_block() - where a snapshot area is
 * @sb: superblock
 * @node: slot
 * @area: 0 or 1
 *
 * Return: its first block.
 */
u64 cfs_snap_block(const struct cfs_super *sb, unsigned int node, unsigned int area)
{
	return cfs_log_block(sb, node) + sb->log_blocks + (u64)area * sb->snap_blocks;
}

/**
 * cfs_geometry() - sizes that follow from others
 * @sb: nodes, log_blocks, objects and events are set; snap_blocks and total_blocks
 *	will be
 */
void cfs_geometry(struct cfs_super *sb)
{
	sb->snap_blocks = DIV_ROUND_UP(sb->objects + sb->events, CFS_BLOCK_SECTORS);
	sb->total_blocks = cfs_log_block(sb, sb->nodes);
}

/**
 * cfs_super_encode() - write a superblock into a block
 * @sb: what to store
 * @block: CFS_BLOCK_SIZE bytes, overwritten
 */
void cfs_super_encode(const struct cfs_super *sb, void *block)
{
	struct cfs_disk_super *d = block;

	memset(d, 0, sizeof(*d));
	memcpy(d->magic, CFS_MAGIC, CFS_MAGIC_SIZE);
	d->version = cpu_to_le32(CFS_VERSION);
	export_uuid(d->uuid, &sb->uuid);
	d->generation = cpu_to_le64(sb->generation);
	d->tag = cpu_to_le64(sb->tag);
	memcpy(d->cluster, sb->cluster, sizeof(d->cluster));
	d->block_size = cpu_to_le32(CFS_BLOCK_SIZE);
	d->nodes = cpu_to_le32(sb->nodes);
	d->replicas = cpu_to_le32(sb->replicas);
	d->replica = cpu_to_le32(sb->replica);
	export_uuid(d->replica_uuid, &sb->replica_uuid);
	d->log_blocks = cpu_to_le32(sb->log_blocks);
	d->snap_blocks = cpu_to_le32(sb->snap_blocks);
	d->objects = cpu_to_le32(sb->objects);
	d->events = cpu_to_le32(sb->events);
	d->slot_block = cpu_to_le64(CFS_SLOT_BLOCK);
	d->beat_block = cpu_to_le64(cfs_beat_block(sb, 0));
	d->area_block = cpu_to_le64(CFS_AREA_BLOCK);
	d->total_blocks = cpu_to_le64(sb->total_blocks);
	d->first_term = cpu_to_le64(sb->first_term);
	d->first_gen = cpu_to_le64(sb->first_gen);
	d->made = cpu_to_le64(sb->made);
	d->crc = cpu_to_le32(cfs_crc(d, sizeof(*d), offsetof(struct cfs_disk_super, crc)));
}

/* Terms and generations are counted up from the first: none may come near the end. */
#define CFS_FIRST_MAX	(U64_MAX / 4)

static bool cfs_super_sane(const struct cfs_disk_super *d, const struct cfs_super *sb)
{
	struct cfs_super calc = *sb;
	size_t n;

	if (le32_to_cpu(d->block_size) != CFS_BLOCK_SIZE ||
	    !sb->nodes || sb->nodes > CFS_NODES_MAX ||
	    (sb->replicas != 1 && sb->replicas != CFS_REPLICAS_MAX) ||
	    sb->replica >= sb->replicas ||
	    sb->log_blocks < CFS_LOG_BLOCKS_MIN || sb->log_blocks > CFS_LOG_BLOCKS_MAX ||
	    sb->objects < CFS_OBJECTS_MIN || sb->objects > CFS_OBJECTS_MAX ||
	    sb->events < CFS_EVENTS_MIN || sb->events > CFS_EVENTS_MAX ||
	    sb->first_term > CFS_FIRST_MAX || sb->first_gen > CFS_FIRST_MAX)
		return false;
	for (n = 0; n < CFS_NAME_SIZE && d->cluster[n]; n++)
		if (d->cluster[n] <= ' ' || d->cluster[n] >= 0x7f)
			return false;
	if (!n || n == CFS_NAME_SIZE || memchr_inv(d->cluster + n, 0, CFS_NAME_SIZE - n))
		return false;
	cfs_geometry(&calc);
	return sb->snap_blocks == calc.snap_blocks && sb->total_blocks == calc.total_blocks &&
	       le64_to_cpu(d->slot_block) == CFS_SLOT_BLOCK &&
	       le64_to_cpu(d->beat_block) == cfs_beat_block(sb, 0) &&
	       le64_to_cpu(d->area_block) == CFS_AREA_BLOCK &&
	       !memchr_inv(d->reserved, 0, sizeof(d->reserved));
}

/**
 * cfs_super_decode() - read one copy of a superblock
 * @block: CFS_BLOCK_SIZE bytes
 * @sb: filled when the result is CFS_VALID or CFS_RO_ONLY
 *
 * The ladder of refusals: magic, CRC, version, incompatible features, sizes. What a
 * newer program says it did to the sizes is not judged before its features are.
 *
 * Return: what the block is.
 */
enum cfs_found cfs_super_decode(const void *block, struct cfs_super *sb)
{
	const struct cfs_disk_super *d = block;

	if (memcmp(d->magic, CFS_MAGIC, CFS_MAGIC_SIZE))
		return CFS_BLANK;
	if (le32_to_cpu(d->crc) != cfs_crc(d, sizeof(*d), offsetof(struct cfs_disk_super, crc)))
		return CFS_CORRUPT;
	if (le32_to_cpu(d->version) > CFS_VERSION)
		return CFS_NEWER;
	if (le64_to_cpu(d->incompat) & ~CFS_INCOMPAT_KNOWN)
		return CFS_INCOMPAT;

	memset(sb, 0, sizeof(*sb));
	import_uuid(&sb->uuid, d->uuid);
	import_uuid(&sb->replica_uuid, d->replica_uuid);
	sb->generation = le64_to_cpu(d->generation);
	sb->tag = le64_to_cpu(d->tag);
	memcpy(sb->cluster, d->cluster, sizeof(sb->cluster));
	sb->nodes = le32_to_cpu(d->nodes);
	sb->replicas = le32_to_cpu(d->replicas);
	sb->replica = le32_to_cpu(d->replica);
	sb->log_blocks = le32_to_cpu(d->log_blocks);
	sb->snap_blocks = le32_to_cpu(d->snap_blocks);
	sb->objects = le32_to_cpu(d->objects);
	sb->events = le32_to_cpu(d->events);
	sb->total_blocks = le64_to_cpu(d->total_blocks);
	sb->first_term = le64_to_cpu(d->first_term);
	sb->first_gen = le64_to_cpu(d->first_gen);
	sb->made = le64_to_cpu(d->made);
	if (!le32_to_cpu(d->version) || !cfs_super_sane(d, sb))
		return CFS_INVALID;
	return le64_to_cpu(d->ro_compat) & ~CFS_RO_COMPAT_KNOWN ? CFS_RO_ONLY : CFS_VALID;
}

/**
 * cfs_super_choose() - the superblock of a replica, from its two copies
 * @a: block CFS_SUPER_BLOCK
 * @b: block CFS_SUPER_BLOCK_2
 * @sb: filled when the result is CFS_VALID or CFS_RO_ONLY
 *
 * mkfs writes both, and nobody writes one alone: the first intact one counts. A
 * copy that is intact but not understood forbids the replica, whatever the other
 * one says.
 *
 * Return: what the replica is.
 */
enum cfs_found cfs_super_choose(const void *a, const void *b, struct cfs_super *sb)
{
	struct cfs_super other = {};
	enum cfs_found fa = cfs_super_decode(a, sb), fb = cfs_super_decode(b, &other);
	enum cfs_found bad = max(fa, fb);

	if (bad > CFS_CORRUPT) {
		if (fa != CFS_VALID && fa != CFS_RO_ONLY)
			*sb = other;
		return bad;
	}
	if (fa == CFS_VALID) {
		if (fb == CFS_VALID &&
		    (!cfs_super_same(sb, &other) || sb->replica != other.replica))
			return CFS_INVALID;
		return CFS_VALID;
	}
	if (fb != CFS_VALID)
		return bad;
	*sb = other;
	return CFS_VALID;
}

/**
 * cfs_super_same() - do two superblocks belong to one repository
 * @a: one
 * @b: other
 *
 * Return: true if they differ in nothing but the replica.
 */
bool cfs_super_same(const struct cfs_super *a, const struct cfs_super *b)
{
	return uuid_equal(&a->uuid, &b->uuid) && a->generation == b->generation &&
	       a->tag == b->tag && a->nodes == b->nodes && a->replicas == b->replicas &&
	       a->log_blocks == b->log_blocks && a->objects == b->objects &&
	       a->events == b->events && a->first_term == b->first_term &&
	       a->first_gen == b->first_gen &&
	       !memcmp(a->cluster, b->cluster, sizeof(a->cluster));
}
