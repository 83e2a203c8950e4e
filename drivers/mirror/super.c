// SPDX-License-Identifier: GPL-2.0
/*
 * dm-vmirror: superblocks. Encoding, the choice between the two copies, and
 * what the superblocks of two legs say about who follows whom. No I/O here.
 */
#include <linux/crc32c.h>
#include <linux/log2.h>
#include <linux/random.h>
#include <linux/string.h>

#include "mirror.h"

static_assert(sizeof(struct vmirror_disk_super) == VMIRROR_BLOCK_SIZE);
static_assert(sizeof(struct vmirror_disk_bitmap) == VMIRROR_BLOCK_SIZE);
static_assert(offsetof(struct vmirror_disk_super, history) == 144);
static_assert((VMIRROR_BITMAP_BLOCK +
	       DIV_ROUND_UP(VMIRROR_MAX_REGIONS, VMIRROR_BITMAP_BITS)) *
	      VMIRROR_BLOCK_SECTORS <= VMIRROR_DATA_OFFSET);

const char * const vmirror_found_text[] = {
	[VMIRROR_VALID]		= "a valid superblock",
	[VMIRROR_BLANK]		= "no vmirror superblock",
	[VMIRROR_CORRUPT]	= "only corrupted superblocks (bad CRC in both copies)",
	[VMIRROR_NEWER]		= "a superblock of a newer version",
	[VMIRROR_INCOMPAT]	= "a superblock with an unknown incompatible feature",
	[VMIRROR_INVALID]	= "a superblock with impossible sizes",
};

/**
 * vmirror_crc() - CRC32C of a metadata block
 * @block: VMIRROR_BLOCK_SIZE bytes
 * @at: offset of the 4-byte CRC field, which counts as zero
 *
 * Return: the CRC to store.
 */
u32 vmirror_crc(const void *block, size_t at)
{
	static const __le32 zero;
	u32 crc;

	crc = crc32c(~0, block, at);
	crc = crc32c(crc, &zero, sizeof(zero));
	at += sizeof(zero);
	return ~crc32c(crc, block + at, VMIRROR_BLOCK_SIZE - at);
}

/**
 * vmirror_super_encode() - write a superblock into a block
 * @sb: what to store
 * @block: VMIRROR_BLOCK_SIZE bytes, overwritten
 */
void vmirror_super_encode(const struct vmirror_super *sb, void *block)
{
	struct vmirror_disk_super *d = block;
	int i;

	memset(d, 0, sizeof(*d));
	memcpy(d->magic, VMIRROR_SUPER_MAGIC, VMIRROR_MAGIC_SIZE);
	d->version = cpu_to_le32(VMIRROR_VERSION);
	d->seq = cpu_to_le64(sb->seq);
	export_uuid(d->set_uuid, &sb->set_uuid);
	export_uuid(d->leg_uuid, &sb->leg_uuid);
	d->leg_index = cpu_to_le32(sb->index);
	d->flags = cpu_to_le32(sb->flags);
	d->data_sectors = cpu_to_le64(sb->data_sectors);
	d->data_offset = cpu_to_le64(VMIRROR_DATA_OFFSET);
	d->bitmap_offset = cpu_to_le64(VMIRROR_BITMAP_BLOCK * VMIRROR_BLOCK_SECTORS);
	d->bitmap_blocks = cpu_to_le32(sb->bitmap_blocks);
	d->region_sectors = cpu_to_le32(sb->region_sectors);
	d->term = cpu_to_le64(sb->term);
	d->current_id = cpu_to_le64(sb->current_id);
	d->bitmap_id = cpu_to_le64(sb->bitmap_id);
	for (i = 0; i < VMIRROR_HISTORY; i++)
		d->history[i] = cpu_to_le64(sb->history[i]);
	d->crc = cpu_to_le32(vmirror_crc(d, offsetof(struct vmirror_disk_super, crc)));
}

static bool vmirror_super_sane(const struct vmirror_disk_super *d)
{
	u64 sectors = le64_to_cpu(d->data_sectors);
	u32 region = le32_to_cpu(d->region_sectors);
	u64 regions;

	if (!sectors || sectors > VMIRROR_MAX_SECTORS || !is_power_of_2(region) ||
	    region < VMIRROR_MIN_REGION || region > VMIRROR_MAX_REGION)
		return false;
	regions = DIV_ROUND_UP_ULL(sectors, region);
	return regions <= VMIRROR_MAX_REGIONS &&
	       le32_to_cpu(d->bitmap_blocks) == DIV_ROUND_UP_ULL(regions, VMIRROR_BITMAP_BITS) &&
	       le64_to_cpu(d->data_offset) == VMIRROR_DATA_OFFSET &&
	       le64_to_cpu(d->bitmap_offset) == VMIRROR_BITMAP_BLOCK * VMIRROR_BLOCK_SECTORS &&
	       le32_to_cpu(d->leg_index) < VMIRROR_LEGS &&
	       !(le32_to_cpu(d->flags) & ~VMIRROR_F_KNOWN);
}

/**
 * vmirror_super_decode() - read one copy of a superblock
 * @block: VMIRROR_BLOCK_SIZE bytes
 * @sb: filled when the result is VMIRROR_VALID
 *
 * Return: what the block is.
 */
enum vmirror_found vmirror_super_decode(const void *block, struct vmirror_super *sb)
{
	const struct vmirror_disk_super *d = block;
	int i;

	if (memcmp(d->magic, VMIRROR_SUPER_MAGIC, VMIRROR_MAGIC_SIZE))
		return VMIRROR_BLANK;
	if (le32_to_cpu(d->crc) != vmirror_crc(d, offsetof(struct vmirror_disk_super, crc)))
		return VMIRROR_CORRUPT;
	if (le32_to_cpu(d->version) > VMIRROR_VERSION)
		return VMIRROR_NEWER;
	if ((le64_to_cpu(d->incompat) & ~VMIRROR_INCOMPAT_KNOWN) ||
	    (le64_to_cpu(d->ro_compat) & ~VMIRROR_RO_COMPAT_KNOWN))
		return VMIRROR_INCOMPAT;
	if (!vmirror_super_sane(d))
		return VMIRROR_INVALID;

	sb->seq = le64_to_cpu(d->seq);
	import_uuid(&sb->set_uuid, d->set_uuid);
	import_uuid(&sb->leg_uuid, d->leg_uuid);
	sb->index = le32_to_cpu(d->leg_index);
	sb->flags = le32_to_cpu(d->flags);
	sb->data_sectors = le64_to_cpu(d->data_sectors);
	sb->region_sectors = le32_to_cpu(d->region_sectors);
	sb->bitmap_blocks = le32_to_cpu(d->bitmap_blocks);
	sb->term = le64_to_cpu(d->term);
	sb->current_id = le64_to_cpu(d->current_id);
	sb->bitmap_id = le64_to_cpu(d->bitmap_id);
	for (i = 0; i < VMIRROR_HISTORY; i++)
		sb->history[i] = le64_to_cpu(d->history[i]);
	return VMIRROR_VALID;
}

/**
 * vmirror_super_choose() - the superblock of a leg, from its two copies
 * @a: copy 0
 * @b: copy 1
 * @sb: filled when the result is VMIRROR_VALID
 * @copy: set to the copy chosen, may be NULL
 *
 * The intact copy with the higher sequence number counts: a write that was
 * torn leaves the one before it. A copy that is intact but not understood
 * forbids the leg, whatever the other copy says.
 *
 * Return: what the leg is.
 */
enum vmirror_found vmirror_super_choose(const void *a, const void *b,
					struct vmirror_super *sb, int *copy)
{
	enum vmirror_found fa, fb, bad;
	struct vmirror_super other;

	fa = vmirror_super_decode(a, sb);
	fb = vmirror_super_decode(b, &other);
	bad = max(fa, fb);
	if (bad > VMIRROR_CORRUPT)
		return bad;
	if (fa != VMIRROR_VALID && fb != VMIRROR_VALID)
		return bad;

	if (fa != VMIRROR_VALID || (fb == VMIRROR_VALID && other.seq > sb->seq)) {
		*sb = other;
		if (copy)
			*copy = 1;
	} else if (copy) {
		*copy = 0;
	}
	return VMIRROR_VALID;
}

static bool vmirror_descends(const struct vmirror_super *from, u64 id)
{
	int i;

	for (i = 0; i < VMIRROR_HISTORY; i++)
		if (from->history[i] && from->history[i] == id)
			return true;
	return false;
}

/*
 * Do the bits of @from say all that a leg with the copy id @id lacks? They are
 * relative to bitmap_id; what followed that in the history came to be by writes
 * that have their bits too.
 */
static bool vmirror_covers(const struct vmirror_super *from, u64 id)
{
	bool found = false;
	int i;

	if (!from->bitmap_id || from->bitmap_id == id)
		return from->bitmap_id;
	for (i = 0; i < VMIRROR_HISTORY; i++) {
		found |= from->history[i] == id;
		if (from->history[i] == from->bitmap_id)
			return found;
	}
	return false;
}

static bool vmirror_can_serve(const struct vmirror_super *sb)
{
	return sb->current_id &&
	       !(sb->flags & (VMIRROR_F_RESYNC_TARGET | VMIRROR_F_OUTDATED));
}

/**
 * vmirror_compare() - who follows whom
 * @a: superblock of leg 0
 * @b: superblock of leg 1
 *
 * The order of the checks is that of the explored model: equal copy ids first,
 * then descent by history; a leg that was a resync target or is outdated is
 * never a source. A current id of 0 is a leg that has never held the data.
 *
 * Return: the verdict. For VMIRROR_IN_SYNC the bits of both legs still say
 * which regions had writes in flight.
 */
enum vmirror_verdict vmirror_compare(const struct vmirror_super *a,
				     const struct vmirror_super *b)
{
	bool a_ok = vmirror_can_serve(a), b_ok = vmirror_can_serve(b);
	bool a_newer, b_newer;

	if (!a_ok && !b_ok)
		return VMIRROR_BOTH_TARGETS;
	if (!b->current_id)
		return VMIRROR_FULL_FROM_0;
	if (!a->current_id)
		return VMIRROR_FULL_FROM_1;

	if (a->current_id == b->current_id) {
		if (!a_ok)
			return VMIRROR_FROM_1;
		if (!b_ok)
			return VMIRROR_FROM_0;
		if (a->bitmap_id)
			return VMIRROR_FROM_0;
		if (b->bitmap_id)
			return VMIRROR_FROM_1;
		return VMIRROR_IN_SYNC;
	}

	a_newer = vmirror_descends(a, b->current_id);
	b_newer = vmirror_descends(b, a->current_id);
	if (a_newer && !b_newer && a_ok)
		return vmirror_covers(a, b->current_id) ? VMIRROR_FROM_0 : VMIRROR_FULL_FROM_0;
	if (b_newer && !a_newer && b_ok)
		return vmirror_covers(b, a->current_id) ? VMIRROR_FROM_1 : VMIRROR_FULL_FROM_1;
	return VMIRROR_DIVERGED;
}

/**
 * vmirror_may_serve_alone() - may a set start from this leg only
 * @sb: its superblock
 * @forced: the operator said so (force_alone)
 *
 * Return: true if it may. A resync target or an outdated leg never may.
 */
bool vmirror_may_serve_alone(const struct vmirror_super *sb, bool forced)
{
	return vmirror_can_serve(sb) && (forced || (sb->flags & VMIRROR_F_ALONE_OK));
}

/**
 * vmirror_super_degrade() - from here on this leg is written without the other
 * @sb: superblock of the leg, changed in memory
 * @id: new copy id
 *
 * What is dirty from now on is relative to the data of the old copy id, which
 * the other leg bears. Bits that were relative to an older one stay so: the end
 * of a resync was cut short, and which of the two ids the other leg bears is
 * unknown.
 */
void vmirror_super_degrade(struct vmirror_super *sb, u64 id)
{
	memmove(sb->history + 1, sb->history, sizeof(sb->history) - sizeof(sb->history[0]));
	sb->history[0] = sb->current_id;
	if (!sb->bitmap_id)
		sb->bitmap_id = sb->current_id;
	sb->current_id = id;
	sb->flags |= VMIRROR_F_ALONE_OK;
}

/**
 * vmirror_new_id() - a copy id that no leg bears
 *
 * Return: a random number that is not 0.
 */
u64 vmirror_new_id(void)
{
	u64 id;

	do {
		id = get_random_u64();
	} while (!id);
	return id;
}
