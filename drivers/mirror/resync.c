// SPDX-License-Identifier: GPL-2.0
/*
 * dm-vmirror: a leg comes back. The probe finds it, the worker attaches it, the
 * resync copies the dirty regions, the worker ends the resync.
 *
 * One region is copied at a time. To copy it, it is made quiet: new writes to
 * it are deferred, those in flight are waited for (bitmap.c, B). Writes to all
 * other regions go on: to a dirty one only to the source, and it stays dirty;
 * to a clean one to both legs. So no write ever races with the copy.
 */
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "mirror.h"

#define VMIRROR_COPY_PAGES	(256 * 1024 / PAGE_SIZE)
#define VMIRROR_PROBE_MIN_MS	1000u
#define VMIRROR_PROBE_MAX_MS	5000u

/**
 * vmirror_copy_alloc() - the buffer of the resync
 * @m: mirror
 *
 * Return: 0 or -ENOMEM; vmirror_copy_free() is due either way.
 */
int vmirror_copy_alloc(struct vmirror *m)
{
	unsigned int i;

	m->copy_pages = kcalloc(VMIRROR_COPY_PAGES, sizeof(*m->copy_pages), GFP_KERNEL);
	if (!m->copy_pages)
		return -ENOMEM;
	for (i = 0; i < VMIRROR_COPY_PAGES; i++) {
		m->copy_pages[i] = alloc_page(GFP_KERNEL);
		if (!m->copy_pages[i])
			return -ENOMEM;
	}
	return 0;
}

/**
 * vmirror_copy_free() - undo vmirror_copy_alloc(), however far it came
 * @m: mirror
 */
void vmirror_copy_free(struct vmirror *m)
{
	unsigned int i;

	for (i = 0; m->copy_pages && i < VMIRROR_COPY_PAGES; i++)
		if (m->copy_pages[i])
			__free_page(m->copy_pages[i]);
	kfree(m->copy_pages);
	m->copy_pages = NULL;
}

static int vmirror_copy_io(struct vmirror *m, unsigned int leg, blk_opf_t opf, sector_t sector,
			   unsigned int sectors)
{
	unsigned int left = sectors << SECTOR_SHIFT, i, len;
	struct bio *bio;
	int r;

	bio = bio_alloc_bioset(vmirror_bdev(m, leg), VMIRROR_COPY_PAGES, opf, GFP_NOIO, &m->meta);
	bio->bi_iter.bi_sector = sector + VMIRROR_DATA_OFFSET;
	for (i = 0; left; i++, left -= len) {
		len = min_t(unsigned int, left, PAGE_SIZE);
		__bio_add_page(bio, m->copy_pages[i], len, 0);
	}
	r = submit_bio_wait(bio);
	bio_put(bio);
	return r;
}

static bool vmirror_must_stop(struct vmirror *m)
{
	return READ_ONCE(m->stop_resync) || READ_ONCE(m->paused);
}

/* Copy a quiet region. Return: 0, -errno, or -EINTR when told to stop. */
static int vmirror_copy_region(struct vmirror *m, unsigned int src, unsigned int region)
{
	sector_t sector = (sector_t)region << m->region_shift;
	sector_t end = sector + vmirror_region_sectors(m, region);
	unsigned int n;
	int r;

	for (; sector < end; sector += n) {
		if (READ_ONCE(m->stop_resync))
			return -EINTR;
		n = min_t(sector_t, end - sector, VMIRROR_COPY_PAGES * PAGE_SECTORS);
		r = vmirror_copy_io(m, src, REQ_OP_READ, sector, n);
		if (r) {
			m->resync_errors++;
			m->source_failed = true;
		} else {
			r = vmirror_copy_io(m, !src, REQ_OP_WRITE | REQ_FAILFAST_TRANSPORT,
					    sector, n);
		}
		if (r) {
			/* Either way the target cannot be completed now. */
			m->bad_sector = sector;
			vmirror_leg_failed(m, !src, errno_to_blk_status(r));
			return r;
		}
		atomic64_add(n, &m->copied);
		atomic64_add(n, &m->copied_total);
	}
	return 0;
}

/* Make @region quiet, copy it, let writers in again. */
static int vmirror_resync_region(struct vmirror *m, unsigned int src, unsigned int region)
{
	int r = -EINTR;

	spin_lock_irq(&m->lock);
	if (m->stop_resync) {
		spin_unlock_irq(&m->lock);
		return r;
	}
	m->copying = region;
	spin_unlock_irq(&m->lock);

	set_bit(VMIRROR_WATCH_COPY, &m->watch);
	clear_bit(region, m->hot);
	smp_mb__after_atomic();	/* B at the top of bitmap.c */
	wait_event(m->copy_wait, !atomic_read(&m->inflight[region]) || READ_ONCE(m->stop_resync));
	clear_bit(VMIRROR_WATCH_COPY, &m->watch);
	r = vmirror_copy_region(m, src, region);

	spin_lock_irq(&m->lock);
	if (m->copying == region) {
		if (!r && !m->stop_resync) {
			/* Writes go to both legs from here on; the bit is on both. */
			WRITE_ONCE(m->recent[region], 0);
			clear_bit(region, m->dirty);
			smp_mb__after_atomic();	/* pairs with vmirror_write_mask() */
			set_bit(region, m->hot);
		}
		m->copying = VMIRROR_NONE;
		bio_list_merge(&m->deferred, &m->copy_held);
		bio_list_init(&m->copy_held);
	}
	spin_unlock_irq(&m->lock);
	vmirror_kick(m);
	return r;
}

/**
 * vmirror_resync() - copy all dirty regions
 * @work: m->resync_work
 */
void vmirror_resync(struct work_struct *work)
{
	struct vmirror *m = container_of(work, struct vmirror, resync_work);
	unsigned int noio = memalloc_noio_save(), src = m->src, region;
	int r = 0;

	while (!r && !vmirror_must_stop(m)) {
		region = find_next_bit(m->dirty, m->nr_regions, m->cursor);
		if (region >= m->nr_regions) {
			region = find_first_bit(m->dirty, m->nr_regions);
			if (region >= m->nr_regions)
				break;
		}
		m->cursor = region + 1;
		r = vmirror_resync_region(m, src, region);
		cond_resched();
	}

	spin_lock_irq(&m->lock);
	m->resyncing = false;
	if (!r && !m->stop_resync && !m->paused)
		m->copied_all = true;
	spin_unlock_irq(&m->lock);
	vmirror_kick(m);
	memalloc_noio_restore(noio);
}

/**
 * vmirror_resync_start() - start or continue copying
 * @m: mirror
 *
 * Context: worker, resume, message.
 */
void vmirror_resync_start(struct vmirror *m)
{
	bool start;

	spin_lock_irq(&m->lock);
	start = m->running && !m->paused && !m->resyncing && m->state == VMIRROR_RESYNC &&
		!m->bad;
	if (start) {
		m->stop_resync = false;
		m->source_failed = false;
		m->resyncing = true;
	}
	spin_unlock_irq(&m->lock);
	if (start)
		queue_work(m->slow_wq, &m->resync_work);
}

/**
 * vmirror_resync_stop() - have the copying stop at the next step
 * @m: mirror
 *
 * Context: any that may sleep; does not wait.
 */
void vmirror_resync_stop(struct vmirror *m)
{
	spin_lock_irq(&m->lock);
	m->stop_resync = true;
	m->copied_all = false;
	spin_unlock_irq(&m->lock);
	wake_up(&m->copy_wait);
}

/**
 * vmirror_copy_again() - the source failed an I/O: nothing copied so far counts
 * @m: mirror
 *
 * If it lost its cache, the target holds what the source no longer does. All of
 * that has its bit set: bits are cleared only after a flush.
 *
 * Context: worker.
 */
void vmirror_copy_again(struct vmirror *m)
{
	bool again = false;

	spin_lock_irq(&m->lock);
	if (m->source_suspect && m->state == VMIRROR_RESYNC && !m->bad) {
		m->stop_resync = true;
		m->copied_all = false;
		again = !m->resyncing;	/* else its end kicks the worker */
		if (again)
			m->source_suspect = false;
	}
	spin_unlock_irq(&m->lock);
	wake_up(&m->copy_wait);
	if (!again)
		return;
	vmirror_err_limit(m, "leg %u %s failed an I/O during the resync: all is copied again",
			  m->src, m->leg[m->src].dev->name);
	vmirror_dirty_from_image(m);
	vmirror_resync_start(m);
}

/**
 * vmirror_resync_end() - nothing is dirty any more: both legs serve
 * @m: mirror
 *
 * The order is P16. A failure in the middle makes the source degrade anew: what
 * the target has got is unknown, and its copy id then no longer counts as equal.
 *
 * Context: worker.
 */
void vmirror_resync_end(struct vmirror *m)
{
	unsigned int src = m->src;
	struct vmirror_super *from = &m->leg[src].sb, *to = &m->leg[!src].sb;
	int r;

	if (m->state != VMIRROR_RESYNC)
		return;
	if (!bitmap_empty(m->dirty, m->nr_regions)) {
		vmirror_resync_start(m);
		return;
	}

	r = vmirror_flush_leg(m, !src);
	if (r)
		goto failed;
	if (vmirror_unsettled(m))
		return;
	from->flags &= ~VMIRROR_F_ALONE_OK;
	r = vmirror_write_super(m, src);
	if (r)
		goto failed;

	to->flags = 0;
	to->current_id = from->current_id;
	to->bitmap_id = 0;
	memcpy(to->history, from->history, sizeof(to->history));
	to->term = from->term;
	r = vmirror_write_super(m, !src);
	if (r)
		goto failed;

	from->bitmap_id = 0;
	r = vmirror_write_super(m, src);
	vmirror_set_state(m, VMIRROR_NORMAL, src, "legs are equal");
	if (r)
		vmirror_leg_failed(m, src, errno_to_blk_status(r));
	/* The bits of what was copied are cleared now, or the next failure pays for them. */
	vmirror_clean(m, false);
	return;

failed:
	vmirror_leg_failed(m, !src, errno_to_blk_status(r));
}

/**
 * vmirror_attach_leg() - make a leg the target of a resync
 * @m: mirror, degraded; the bits of the leg are merged and durable on src
 * @leg: which leg; its superblock is read and follows that of src
 * @full: it lacks everything
 *
 * With @full the bits are relative to nothing but this leg, and are cleared as
 * it is filled: no other one may be taken for a leg that they cover.
 *
 * Context: worker, or preresume.
 * Return: 0, or -errno: then the mirror stays degraded.
 */
int vmirror_attach_leg(struct vmirror *m, unsigned int leg, bool full)
{
	struct vmirror_super *sb = &m->leg[leg].sb;
	int r;

	if (full) {
		m->leg[m->src].sb.bitmap_id = vmirror_new_id();
		r = vmirror_write_super(m, m->src);
		if (r)
			return r;
	}

	sb->flags |= VMIRROR_F_RESYNC_TARGET;
	sb->flags &= ~VMIRROR_F_ALONE_OK;
	r = vmirror_write_super(m, leg);
	if (r)
		return r;
	if (vmirror_write_bitmap(m, BIT(leg), true)) {
		vmirror_err(m, "leg %u %s: bitmap cannot be written", leg, m->leg[leg].dev->name);
		return -EIO;
	}
	atomic64_set(&m->copied, 0);
	m->cursor = 0;
	m->leg[leg].manual = false;
	m->leg[leg].outdated = false;
	vmirror_set_state(m, VMIRROR_RESYNC, m->src, "the other leg is attached");
	vmirror_info(m, "resync from leg %u to leg %u: %u of %u regions", m->src, leg,
		     vmirror_dirty_count(m), m->nr_regions);
	return 0;
}

/* Is it still the leg this mirror knows, and does it follow src? */
static bool vmirror_may_attach(struct vmirror *m, unsigned int leg, bool *full)
{
	const struct vmirror_super *sb = &m->probe.sb;
	enum vmirror_verdict v;
	const char *dev = m->leg[leg].dev->name;

	if (m->probe.found != VMIRROR_VALID) {
		vmirror_err(m, "leg %u %s carries %s", leg, dev,
			    vmirror_found_text[m->probe.found]);
		return false;
	}
	if (!uuid_equal(&sb->set_uuid, &m->set_uuid) || sb->index != leg ||
	    sb->data_sectors != m->ti->len ||
	    sb->region_sectors != m->leg[m->src].sb.region_sectors ||
	    uuid_equal(&sb->leg_uuid, &m->leg[m->src].sb.leg_uuid) ||
	    (m->leg[leg].known && !uuid_equal(&sb->leg_uuid, &m->leg[leg].sb.leg_uuid))) {
		vmirror_err(m, "leg %u %s is not the leg that was lost: set %pUb leg %pUb", leg,
			    dev, &sb->set_uuid, &sb->leg_uuid);
		return false;
	}
	v = m->src ? vmirror_compare(sb, &m->leg[1].sb) : vmirror_compare(&m->leg[0].sb, sb);
	*full = v == VMIRROR_FULL_FROM_0 || v == VMIRROR_FULL_FROM_1;
	if (v == (m->src ? VMIRROR_FROM_1 : VMIRROR_FROM_0) ||
	    v == (m->src ? VMIRROR_FULL_FROM_1 : VMIRROR_FULL_FROM_0))
		return true;
	vmirror_err(m, "leg %u %s does not follow leg %u: it was written without it", leg, dev,
		    m->src);
	return false;
}

/* The last leg of a failed mirror answers: go on with it. */
static void vmirror_revive(struct vmirror *m, unsigned int leg)
{
	if (m->probe.found != VMIRROR_VALID ||
	    !uuid_equal(&m->probe.sb.leg_uuid, &m->leg[leg].sb.leg_uuid))
		return;
	/* vmirror_settle() gave it a new id; whether that got there is unknown. */
	m->leg[leg].sb.seq = max(m->leg[leg].sb.seq, m->probe.sb.seq);
	if (vmirror_write_super(m, leg))
		return;
	vmirror_dirty_from_image(m);
	vmirror_set_state(m, VMIRROR_DEGRADED, leg, "the last leg can be written again");
}

/**
 * vmirror_attach_found() - a leg that was out of service answers
 * @m: mirror; m->probe says what was found
 *
 * Context: worker.
 */
void vmirror_attach_found(struct vmirror *m)
{
	unsigned int leg = m->probe.leg;
	bool full = false, revived = false;

	if (m->state == VMIRROR_FAILED) {
		vmirror_revive(m, leg);
		revived = m->state != VMIRROR_FAILED;
		goto out;
	}
	if (m->state != VMIRROR_DEGRADED || leg == m->src || READ_ONCE(m->resyncing) ||
	    !vmirror_drained(m, leg))
		goto out;
	if (!vmirror_may_attach(m, leg, &full)) {
		m->leg[leg].outdated = true;
		m->leg[leg].flag = 'O';
		goto out;
	}

	vmirror_bitmap_merge(m, m->probe.image);
	if (full)
		vmirror_bitmap_set_all(m);
	vmirror_dirty_from_image(m);
	/* On an error the blocks stay changed, and the next write tries again. */
	if (vmirror_write_bitmap(m, BIT(m->src), false))
		goto out;
	m->leg[leg].sb = m->probe.sb;
	m->leg[leg].known = true;
	vmirror_attach_leg(m, leg, full);
out:
	WRITE_ONCE(m->probe.ready, false);
	if (m->state == VMIRROR_RESYNC)
		vmirror_resync_start(m);
	else
		vmirror_probe_soon(m, revived);
}

/* The leg to look at, or VMIRROR_LEGS. */
static unsigned int vmirror_absent(struct vmirror *m)
{
	unsigned int leg = VMIRROR_LEGS;

	spin_lock_irq(&m->lock);
	if (m->running && !m->bad) {
		if (m->state == VMIRROR_DEGRADED)
			leg = !m->src;
		else if (m->state == VMIRROR_FAILED)
			leg = m->src;
	}
	if (leg < VMIRROR_LEGS && (!m->leg[leg].dev || m->leg[leg].manual ||
				   m->leg[leg].outdated || m->probe.ready))
		leg = VMIRROR_LEGS;
	spin_unlock_irq(&m->lock);
	return leg;
}

/* Is there something to attach @leg to, and is it what the mirror wrote? */
static int vmirror_source_answers(struct vmirror *m, unsigned int leg)
{
	unsigned int src = READ_ONCE(m->src);
	int r;

	if (leg == src)		/* the mirror has failed: the leg is the last one */
		return 0;
	r = vmirror_read_super(m, src, REQ_FAILFAST_TRANSPORT, &m->probe.sb, &m->probe.found);
	if (r)
		return r;
	if (m->probe.found != VMIRROR_VALID ||
	    !uuid_equal(&m->probe.sb.leg_uuid, &m->leg[src].sb.leg_uuid)) {
		vmirror_err_limit(m, "leg %u %s is another disk now: not copied to leg %u", src,
				  m->leg[src].dev->name, leg);
		return -ENXIO;
	}
	return 0;
}

/**
 * vmirror_probe() - does the leg that is out of service answer
 * @work: m->probe_work
 *
 * A leg that still holds writes of ours is left alone: a late one could
 * overwrite what the resync copies. So is any leg while the last one cannot be
 * read, or another disk is in its place: there would be nothing to copy from.
 */
void vmirror_probe(struct work_struct *work)
{
	struct vmirror *m = container_of(to_delayed_work(work), struct vmirror, probe_work);
	unsigned int leg = vmirror_absent(m), noio;
	int r = -EBUSY;

	if (leg == VMIRROR_LEGS)
		return;
	noio = memalloc_noio_save();
	if (vmirror_drained(m, leg) && !READ_ONCE(m->resyncing))
		r = vmirror_source_answers(m, leg);
	if (!r) {
		r = vmirror_read_super(m, leg, REQ_FAILFAST_TRANSPORT, &m->probe.sb,
				       &m->probe.found);
		if (!r && m->probe.found == VMIRROR_VALID &&
		    m->probe.sb.bitmap_blocks == m->nr_blocks)
			r = vmirror_read_bitmap(m, leg, REQ_FAILFAST_TRANSPORT, &m->probe.sb,
						m->probe.image);
	}
	memalloc_noio_restore(noio);
	if (!r) {
		m->probe.leg = leg;
		/* What was found is visible before the worker is told. */
		smp_store_release(&m->probe.ready, true);
		vmirror_kick(m);
		return;
	}
	m->probe_ms = min(m->probe_ms * 2, VMIRROR_PROBE_MAX_MS);
	if (READ_ONCE(m->running) && !m->manual_attach)
		queue_delayed_work(m->slow_wq, &m->probe_work, msecs_to_jiffies(m->probe_ms));
}

/**
 * vmirror_probe_soon() - look for the leg that is out of service
 * @m: mirror
 * @progress: something was gained since the last look; else it is put off
 *	further each time
 *
 * Context: any that may sleep.
 */
void vmirror_probe_soon(struct vmirror *m, bool progress)
{
	m->probe_ms = progress ? VMIRROR_PROBE_MIN_MS :
				 clamp(m->probe_ms * 2, VMIRROR_PROBE_MIN_MS, VMIRROR_PROBE_MAX_MS);
	if (READ_ONCE(m->running) && !m->manual_attach)
		queue_delayed_work(m->slow_wq, &m->probe_work, msecs_to_jiffies(m->probe_ms));
}
