// SPDX-License-Identifier: GPL-2.0
/*
 * dm-vmirror: metadata I/O. All of it is synchronous and runs in the worker, in
 * the probe or in a dm hook; never on the path of a bio.
 */
#include <linux/completion.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "mirror.h"

/*
 * A leg that can be done without fails at once when its path is lost; the last
 * one waits for its path as long as its driver is willing to.
 */
static blk_opf_t vmirror_fast(struct vmirror *m, unsigned int leg)
{
	bool last = leg == m->src;

	if (m->state == VMIRROR_NORMAL)
		last = READ_ONCE(m->bad);
	return last ? 0 : REQ_FAILFAST_TRANSPORT;
}

/**
 * vmirror_rw_block() - read or write one metadata block, and wait for it
 * @m: mirror
 * @leg: which leg
 * @opf: operation and flags
 * @block: number of the block on the leg
 * @page: its data, VMIRROR_BLOCK_SIZE bytes from offset 0
 *
 * Context: process, under memalloc_noio where memory reclaim may wait for @m.
 * Return: 0 or -errno.
 */
int vmirror_rw_block(struct vmirror *m, unsigned int leg, blk_opf_t opf,
		     unsigned int block, struct page *page)
{
	struct bio *bio;
	int r;

	bio = bio_alloc_bioset(vmirror_bdev(m, leg), 1, opf | REQ_META | REQ_SYNC,
			       GFP_NOIO, &m->meta);
	bio->bi_iter.bi_sector = (sector_t)block * VMIRROR_BLOCK_SECTORS;
	__bio_add_page(bio, page, VMIRROR_BLOCK_SIZE, 0);
	r = submit_bio_wait(bio);
	bio_put(bio);
	if (op_is_write(opf))
		m->meta_writes++;
	return r;
}

/**
 * vmirror_flush_leg() - make all ended writes of a leg durable
 * @m: mirror
 * @leg: which leg
 *
 * Context: worker.
 * Return: 0 or -errno.
 */
int vmirror_flush_leg(struct vmirror *m, unsigned int leg)
{
	struct bio *bio;
	int r;

	bio = bio_alloc_bioset(vmirror_bdev(m, leg), 0,
			       REQ_OP_WRITE | REQ_PREFLUSH | vmirror_fast(m, leg),
			       GFP_NOIO, &m->meta);
	r = submit_bio_wait(bio);
	bio_put(bio);
	return r;
}

/**
 * vmirror_read_super() - read both superblock copies of a leg and choose
 * @m: mirror
 * @leg: which leg, its device is present
 * @opf: extra request flags
 * @sb: filled when @found is VMIRROR_VALID
 * @found: what is there, set when the result is 0
 *
 * Context: process.
 * Return: 0, or -errno when the leg cannot be read.
 */
int vmirror_read_super(struct vmirror *m, unsigned int leg, blk_opf_t opf,
		       struct vmirror_super *sb, enum vmirror_found *found)
{
	struct page *a = alloc_page(GFP_NOIO), *b = alloc_page(GFP_NOIO);
	int r = -ENOMEM;

	if (!a || !b)
		goto free;
	r = vmirror_rw_block(m, leg, REQ_OP_READ | opf, VMIRROR_SUPER_BLOCK, a);
	if (!r)
		r = vmirror_rw_block(m, leg, REQ_OP_READ | opf, VMIRROR_SUPER_BLOCK + 1, b);
	if (!r)
		*found = vmirror_super_choose(page_address(a), page_address(b), sb, NULL);
free:
	if (b)
		__free_page(b);
	if (a)
		__free_page(a);
	return r;
}

/**
 * vmirror_write_super() - make the superblock of a leg durable
 * @m: mirror
 * @leg: which leg
 *
 * The copy that is not the newest is overwritten, so a torn write leaves the
 * state before it. After a write that failed the same copy is written again: the
 * other is the last that is known to be whole.
 *
 * Context: worker, or a dm hook while no worker runs.
 * Return: 0 or -errno; then either state may be on the medium.
 */
int vmirror_write_super(struct vmirror *m, unsigned int leg)
{
	struct vmirror_super *sb = &m->leg[leg].sb;
	int r;

	sb->seq++;
	vmirror_super_encode(sb, page_address(m->super_page));
	r = vmirror_rw_block(m, leg, REQ_OP_WRITE | REQ_FUA | REQ_PREFLUSH | vmirror_fast(m, leg),
			     VMIRROR_SUPER_BLOCK + (sb->seq & 1), m->super_page);
	if (r) {
		sb->seq++;
		vmirror_err_limit(m, "leg %u %s: superblock cannot be written: error %d",
				  leg, m->leg[leg].dev->name, r);
	}
	return r;
}

/**
 * vmirror_format() - write all metadata of a new leg
 * @m: mirror; the leg's superblock is set in memory
 * @leg: which leg
 *
 * Superblocks come last: where one is, the bitmap is valid. Nothing is allocated: a
 * set of which one leg is formatted and the other is not starts no more.
 *
 * Context: preresume.
 * Return: 0 or -errno.
 */
int vmirror_format(struct vmirror *m, unsigned int leg)
{
	int r;

	if (vmirror_write_bitmap(m, BIT(leg), true))
		return -EIO;
	clear_page(page_address(m->super_page));
	memcpy(page_address(m->super_page) + VMIRROR_MEMBER_MAGIC_OFFSET, VMIRROR_MEMBER_MAGIC,
	       VMIRROR_MAGIC_SIZE);
	r = vmirror_rw_block(m, leg, REQ_OP_WRITE | REQ_FUA, 0, m->super_page);
	if (!r)
		r = vmirror_write_super(m, leg);
	if (!r)
		r = vmirror_write_super(m, leg);
	return r;
}

/**
 * vmirror_read_bitmap() - read the bits of a leg
 * @m: mirror
 * @leg: which leg
 * @opf: extra request flags
 * @sb: superblock of the leg
 * @image: VMIRROR_BLOCK_SIZE bytes for each block
 *
 * A block that fails a check is replaced by one with all bits set.
 *
 * Context: process.
 * Return: 0, or -errno when the leg cannot be read.
 */
int vmirror_read_bitmap(struct vmirror *m, unsigned int leg, blk_opf_t opf,
			const struct vmirror_super *sb, u8 *image)
{
	struct vmirror_disk_bitmap *b;
	struct page *page;
	unsigned int i;
	int r = 0;

	page = alloc_page(GFP_NOIO);
	if (!page)
		return -ENOMEM;
	for (i = 0; i < sb->bitmap_blocks && !r; i++) {
		r = vmirror_rw_block(m, leg, REQ_OP_READ | opf, VMIRROR_BITMAP_BLOCK + i, page);
		if (r)
			break;
		b = page_address(page);
		if (!vmirror_block_ok(b, i, &sb->set_uuid)) {
			vmirror_err(m, "leg %u %s: bitmap block %u is corrupted: all its regions count as dirty",
				    leg, m->leg[leg].dev->name, i);
			memset(b->bits, 0xff, sizeof(b->bits));
		}
		memcpy(image + (size_t)i * VMIRROR_BLOCK_SIZE, b, VMIRROR_BLOCK_SIZE);
	}
	__free_page(page);
	return r;
}

struct vmirror_batch {
	atomic_t left;
	atomic_t failed;	/* mask of legs */
	struct completion done;
};

struct vmirror_batch_ref {
	struct vmirror_batch *batch;
	unsigned int leg;
};

static void vmirror_batch_put(struct vmirror_batch *b)
{
	if (atomic_dec_and_test(&b->left))
		complete(&b->done);
}

static void vmirror_batch_end(struct bio *bio)
{
	struct vmirror_batch_ref *ref = bio->bi_private;

	if (bio->bi_status)
		atomic_or(BIT(ref->leg), &ref->batch->failed);
	vmirror_batch_put(ref->batch);
	bio_put(bio);
}

/**
 * vmirror_write_bitmap() - make changed bitmap blocks durable
 * @m: mirror
 * @legs: mask of the legs to write, in parallel
 * @all: every block, not only the changed ones
 *
 * Blocks stay marked as changed unless each leg took all of them.
 *
 * Context: worker, or a dm hook while no worker runs.
 * Return: mask of the legs that failed.
 */
unsigned int vmirror_write_bitmap(struct vmirror *m, unsigned int legs, bool all)
{
	struct vmirror_batch_ref ref[VMIRROR_LEGS];
	struct vmirror_batch batch;
	struct bio *bio;
	unsigned int i, leg;

	atomic_set(&batch.left, 1);
	atomic_set(&batch.failed, 0);
	init_completion(&batch.done);

	for (i = 0; i < m->nr_blocks; i++) {
		if (!all && !test_bit(i, m->changed))
			continue;
		vmirror_block_seal(page_address(m->image[i]), i, &m->set_uuid);
		for (leg = 0; leg < VMIRROR_LEGS; leg++) {
			if (!(legs & BIT(leg)))
				continue;
			ref[leg].batch = &batch;
			ref[leg].leg = leg;
			bio = bio_alloc_bioset(vmirror_bdev(m, leg), 1,
					       REQ_OP_WRITE | REQ_META | REQ_SYNC | REQ_FUA |
					       vmirror_fast(m, leg), GFP_NOIO, &m->meta);
			bio->bi_iter.bi_sector = (sector_t)(VMIRROR_BITMAP_BLOCK + i) *
						 VMIRROR_BLOCK_SECTORS;
			__bio_add_page(bio, m->image[i], VMIRROR_BLOCK_SIZE, 0);
			bio->bi_private = &ref[leg];
			bio->bi_end_io = vmirror_batch_end;
			atomic_inc(&batch.left);
			m->meta_writes++;
			submit_bio(bio);
		}
	}
	vmirror_batch_put(&batch);
	wait_for_completion_io(&batch.done);

	if (!atomic_read(&batch.failed))
		bitmap_zero(m->changed, m->nr_blocks);
	return atomic_read(&batch.failed);
}
