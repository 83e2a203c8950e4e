// SPDX-License-Identifier: GPL-2.0
/*
 * dm-vmirror: the bitmap. One bit per region, for write intent and for what a
 * leg lacks alike. Three sets of regions are kept:
 *
 *   image	what is on disk, or will be before anybody relies on it
 *   dirty	the leg that is away, or being resynced, lacks these
 *   hot	writes go straight to the legs: the bit on disk is durable
 *
 * dirty and hot are subsets of image. A bit leaves the image only in
 * vmirror_clean(), after both legs were flushed with no write in flight.
 *
 * Barriers, between map (A) and who wants a region quiet (B: cleaner, resync):
 *
 *   A: inflight[r]++; smp_mb; test hot[r]; ... inflight[r]--
 *   B: clear hot[r]; smp_mb; read inflight[r]
 *
 * Either A sees hot clear and defers the write to the worker, or B sees A's
 * count and leaves the region alone.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "mirror.h"

/**
 * vmirror_block_seal() - fill in the header of a bitmap block
 * @b: block, its bits are set
 * @index: its number
 * @set: uuid of the set
 */
void vmirror_block_seal(struct vmirror_disk_bitmap *b, unsigned int index, const uuid_t *set)
{
	b->index = cpu_to_le32(index);
	memcpy(b->set_tag, set, sizeof(b->set_tag));
	b->crc = cpu_to_le32(vmirror_crc(b, offsetof(struct vmirror_disk_bitmap, crc)));
}

/**
 * vmirror_block_ok() - is this the bitmap block it should be
 * @b: block as read
 * @index: its number
 * @set: uuid of the set
 *
 * Return: false if not; then nothing is known about its regions.
 */
bool vmirror_block_ok(const struct vmirror_disk_bitmap *b, unsigned int index, const uuid_t *set)
{
	return le32_to_cpu(b->crc) == vmirror_crc(b, offsetof(struct vmirror_disk_bitmap, crc)) &&
	       le32_to_cpu(b->index) == index &&
	       !memcmp(b->set_tag, set, sizeof(b->set_tag));
}

/**
 * vmirror_bitmap_alloc() - all that is kept per region
 * @m: mirror; nr_regions is set
 *
 * Context: process.
 * Return: 0 or -ENOMEM; vmirror_bitmap_free() is due either way.
 */
int vmirror_bitmap_alloc(struct vmirror *m)
{
	size_t longs = BITS_TO_LONGS(m->nr_regions);
	unsigned int i;

	m->nr_blocks = DIV_ROUND_UP(m->nr_regions, VMIRROR_BITMAP_BITS);
	m->hot = kvcalloc(longs, sizeof(long), GFP_KERNEL);
	m->dirty = kvcalloc(longs, sizeof(long), GFP_KERNEL);
	m->cleaning = kvcalloc(longs, sizeof(long), GFP_KERNEL);
	m->inflight = kvcalloc(m->nr_regions, sizeof(*m->inflight), GFP_KERNEL);
	m->recent = kvcalloc(m->nr_regions, sizeof(*m->recent), GFP_KERNEL);
	m->changed = kcalloc(BITS_TO_LONGS(m->nr_blocks), sizeof(long), GFP_KERNEL);
	m->image = kcalloc(m->nr_blocks, sizeof(*m->image), GFP_KERNEL);
	m->probe.image = kvcalloc(m->nr_blocks, VMIRROR_BLOCK_SIZE, GFP_KERNEL);
	if (!m->hot || !m->dirty || !m->cleaning || !m->inflight || !m->recent || !m->changed ||
	    !m->image || !m->probe.image)
		return -ENOMEM;
	for (i = 0; i < m->nr_blocks; i++) {
		m->image[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!m->image[i])
			return -ENOMEM;
	}
	return 0;
}

/**
 * vmirror_bitmap_free() - undo vmirror_bitmap_alloc(), however far it came
 * @m: mirror
 */
void vmirror_bitmap_free(struct vmirror *m)
{
	unsigned int i;

	for (i = 0; m->image && i < m->nr_blocks; i++)
		if (m->image[i])
			__free_page(m->image[i]);
	kvfree(m->probe.image);
	kfree(m->image);
	kfree(m->changed);
	kvfree(m->recent);
	kvfree(m->inflight);
	kvfree(m->cleaning);
	kvfree(m->dirty);
	kvfree(m->hot);
	m->probe.image = NULL;
	m->image = NULL;
	m->changed = NULL;
	m->recent = NULL;
	m->inflight = NULL;
	m->cleaning = NULL;
	m->dirty = NULL;
	m->hot = NULL;
}

/**
 * vmirror_set_region() - the region size is known: allocate what depends on it
 * @m: mirror in state init
 * @region: in sectors, a power of two
 *
 * Context: preresume.
 * Return: 0 or -errno, logged.
 */
int vmirror_set_region(struct vmirror *m, u32 region)
{
	int r;

	if (DIV_ROUND_UP_ULL(m->ti->len, region) > VMIRROR_MAX_REGIONS) {
		vmirror_err(m, "region_size %u is too small for %llu sectors", region,
			    (u64)m->ti->len);
		return -EINVAL;
	}
	vmirror_bitmap_free(m);
	m->region_shift = ilog2(region);
	m->nr_regions = DIV_ROUND_UP_ULL(m->ti->len, region);
	r = vmirror_bitmap_alloc(m);
	if (!r)
		r = dm_set_target_max_io_len(m->ti, region);
	if (r)
		vmirror_err(m, "no memory for %u regions: error %d", m->nr_regions, r);
	return r;
}

/**
 * vmirror_bitmap_reset() - all bits of the image clear, nothing to be written
 * @m: mirror in state init
 */
void vmirror_bitmap_reset(struct vmirror *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_blocks; i++)
		clear_page(page_address(m->image[i]));
	bitmap_zero(m->changed, m->nr_blocks);
}

static u8 *vmirror_byte(struct vmirror *m, unsigned int region)
{
	struct vmirror_disk_bitmap *b = page_address(m->image[region / VMIRROR_BITMAP_BITS]);

	return &b->bits[region % VMIRROR_BITMAP_BITS / 8];
}

/**
 * vmirror_bit() - is the bit of a region set in the image
 * @m: mirror
 * @region: which region
 *
 * Context: worker.
 */
bool vmirror_bit(struct vmirror *m, unsigned int region)
{
	return *vmirror_byte(m, region) & BIT(region % 8);
}

/**
 * vmirror_bit_set() - set the bit of a region in the image
 * @m: mirror
 * @region: which region
 *
 * Context: worker. vmirror_write_bitmap() makes it durable.
 */
void vmirror_bit_set(struct vmirror *m, unsigned int region)
{
	*vmirror_byte(m, region) |= BIT(region % 8);
	__set_bit(region / VMIRROR_BITMAP_BITS, m->changed);
}

/**
 * vmirror_bit_clear() - clear the bit of a region in the image
 * @m: mirror
 * @region: which region
 *
 * Context: worker. vmirror_write_bitmap() makes it durable.
 */
void vmirror_bit_clear(struct vmirror *m, unsigned int region)
{
	*vmirror_byte(m, region) &= ~BIT(region % 8);
	__set_bit(region / VMIRROR_BITMAP_BITS, m->changed);
}

/* Bytes of a block that carry bits of existing regions. */
static unsigned int vmirror_block_bits(struct vmirror *m, unsigned int block)
{
	return min_t(unsigned int, m->nr_regions - block * VMIRROR_BITMAP_BITS,
		     VMIRROR_BITMAP_BITS);
}

/* Bits beyond the last region stay clear. */
static void vmirror_trim(struct vmirror *m, unsigned int block)
{
	struct vmirror_disk_bitmap *b = page_address(m->image[block]);
	unsigned int bits = vmirror_block_bits(m, block), bytes = DIV_ROUND_UP(bits, 8);

	if (bits % 8)
		b->bits[bytes - 1] &= BIT(bits % 8) - 1;
	memset(b->bits + bytes, 0, VMIRROR_BITMAP_BYTES - bytes);
}

/**
 * vmirror_bitmap_merge() - add the bits of a leg to the image
 * @m: mirror
 * @image: blocks as given by vmirror_read_bitmap()
 *
 * Context: worker, or a dm hook while no worker runs.
 */
void vmirror_bitmap_merge(struct vmirror *m, const u8 *image)
{
	const struct vmirror_disk_bitmap *from;
	struct vmirror_disk_bitmap *to;
	unsigned int i, k;

	for (i = 0; i < m->nr_blocks; i++) {
		from = (const void *)(image + (size_t)i * VMIRROR_BLOCK_SIZE);
		to = page_address(m->image[i]);
		for (k = 0; k < VMIRROR_BITMAP_BYTES; k++) {
			if (!(from->bits[k] & ~to->bits[k]))
				continue;
			to->bits[k] |= from->bits[k];
			__set_bit(i, m->changed);
		}
		vmirror_trim(m, i);
	}
}

/**
 * vmirror_bitmap_set_all() - nothing is known to be equal
 * @m: mirror
 *
 * Context: as vmirror_bitmap_merge().
 */
void vmirror_bitmap_set_all(struct vmirror *m)
{
	struct vmirror_disk_bitmap *b;
	unsigned int i;

	for (i = 0; i < m->nr_blocks; i++) {
		b = page_address(m->image[i]);
		memset(b->bits, 0xff, sizeof(b->bits));
		vmirror_trim(m, i);
	}
	bitmap_fill(m->changed, m->nr_blocks);
}

/**
 * vmirror_bitmap_any() - is any bit of the image set
 * @m: mirror
 */
bool vmirror_bitmap_any(struct vmirror *m)
{
	struct vmirror_disk_bitmap *b;
	unsigned int i;

	for (i = 0; i < m->nr_blocks; i++) {
		b = page_address(m->image[i]);
		if (memchr_inv(b->bits, 0, sizeof(b->bits)))
			return true;
	}
	return false;
}

/**
 * vmirror_dirty_from_image() - every region whose bit is set may differ
 * @m: mirror
 *
 * Context: worker, with no fast write under way; or a dm hook.
 */
void vmirror_dirty_from_image(struct vmirror *m)
{
	unsigned int r;

	for (r = 0; r < m->nr_regions; r++)
		if (vmirror_bit(m, r))
			set_bit(r, m->dirty);
}

/**
 * vmirror_dirty_count() - number of regions that the other leg lacks
 * @m: mirror
 */
unsigned int vmirror_dirty_count(struct vmirror *m)
{
	return bitmap_weight(m->dirty, m->nr_regions);
}

/* The bits that were to be cleared stay as they are, and are durable. */
static void vmirror_keep_bits(struct vmirror *m)
{
	unsigned int r;

	for_each_set_bit(r, m->cleaning, m->nr_regions)
		set_bit(r, m->hot);
	bitmap_zero(m->cleaning, m->nr_regions);
}

/**
 * vmirror_clean() - take back the write intent of idle regions
 * @m: mirror
 * @all: also regions that were written since the last pass
 *
 * Only while both legs are written: without one, bits say what it lacks. Both
 * legs are flushed between the last write and the clearing of a bit (V9), or
 * a leg could lose a write from its cache that no bit remembers.
 *
 * Context: worker, or postsuspend.
 */
void vmirror_clean(struct vmirror *m, bool all)
{
	unsigned int legs = vmirror_in_service(m), leg, r, n = 0;
	unsigned int failed;
	bool later = false;

	if (legs != VMIRROR_MODE_LEGS)
		return;

	for_each_set_bit(r, m->hot, m->nr_regions) {
		if (test_bit(r, m->dirty))
			continue;
		if (!all && READ_ONCE(m->recent[r])) {
			WRITE_ONCE(m->recent[r], 0);
			later = true;
			continue;
		}
		clear_bit(r, m->hot);
		smp_mb__after_atomic();	/* see the top of this file */
		if (atomic_read(&m->inflight[r])) {
			set_bit(r, m->hot);
			later = true;
			continue;
		}
		__set_bit(r, m->cleaning);
		n++;
	}

	if (n) {
		for (leg = 0; leg < VMIRROR_LEGS; leg++) {
			int err = vmirror_flush_leg(m, leg);

			if (!err)
				continue;
			vmirror_keep_bits(m);
			vmirror_leg_failed(m, leg, errno_to_blk_status(err));
			return;
		}
		/* A leg that failed in the meantime may have flushed less than it was given. */
		if (vmirror_unsettled(m)) {
			vmirror_keep_bits(m);
			return;
		}
		for_each_set_bit(r, m->cleaning, m->nr_regions)
			vmirror_bit_clear(m, r);
		bitmap_zero(m->cleaning, m->nr_regions);
		failed = vmirror_write_bitmap(m, legs, false);
		for (leg = 0; leg < VMIRROR_LEGS; leg++)
			if (failed & BIT(leg))
				vmirror_leg_failed(m, leg, BLK_STS_IOERR);
		m->cleaned += n;
	}
	if (later && READ_ONCE(m->running))
		queue_delayed_work(m->wq, &m->clean_work, msecs_to_jiffies(m->period_ms));
}
