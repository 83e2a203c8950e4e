// SPDX-License-Identifier: GPL-2.0
/*
 * dm-vmirror: the path of a bio.
 *
 * A write to a hot region goes to the legs at once: the bio that dm gave us to
 * the leg that is read, a clone to the other. Everything else is deferred to
 * the worker. A write that one leg failed is held until the worker has made
 * durable, on the other leg, that it serves alone; only then is it
 * acknowledged. Reads and new writes are held in the meantime.
 *
 * Which leg is read changes only by the worker, while all I/O is held and after
 * every write has ended on the leg that is read from then on; so a version that
 * was read once is never followed by an older one (P15).
 */
#include "mirror.h"

/**
 * vmirror_kick() - have the worker look around
 * @m: mirror
 *
 * Context: any.
 */
void vmirror_kick(struct vmirror *m)
{
	queue_work(m->wq, &m->work);
}

/**
 * vmirror_leg_failed() - a leg that is in service failed
 * @m: mirror
 * @leg: which leg
 * @status: the error it gave
 *
 * From here on nothing is sent to the legs until the worker has settled it.
 *
 * Context: any.
 */
void vmirror_leg_failed(struct vmirror *m, unsigned int leg, blk_status_t status)
{
	unsigned long flags;

	spin_lock_irqsave(&m->lock, flags);
	if ((m->mode & VMIRROR_MODE_LEGS) == VMIRROR_MODE_LEGS || m->bad) {
		if (!(m->bad & BIT(leg)))
			m->leg[leg].error = status;
		if (m->state == VMIRROR_RESYNC && leg == m->src) {
			/* The last leg: not given up. A bad sector is no lost cache. */
			if (status != BLK_STS_MEDIUM)
				m->source_suspect = true;
		} else {
			m->bad |= BIT(leg);
			WRITE_ONCE(m->mode, m->mode & VMIRROR_MODE_READ_1);
			set_bit(VMIRROR_WATCH_DRAIN, &m->watch);
		}
	}
	spin_unlock_irqrestore(&m->lock, flags);
	vmirror_kick(m);
}

/**
 * vmirror_drained() - has a leg ended every write it was given
 * @m: mirror
 * @leg: which leg
 *
 * Ended writes are summed up before begun ones; each writer counts as begun
 * before it reads m->mode. So equal sums mean that none was out at the time the
 * first sum was complete, and, with m->mode holding back all I/O, none since.
 *
 * Context: worker or probe.
 */
bool vmirror_drained(struct vmirror *m, unsigned int leg)
{
	unsigned long begun = 0, ended = 0;
	int cpu;

	smp_mb();	/* pairs with the one in vmirror_map_write() */
	for_each_possible_cpu(cpu)
		ended += READ_ONCE(per_cpu_ptr(m->count, cpu)->ended[leg]);
	smp_mb();	/* a write seen as ended is seen as begun */
	for_each_possible_cpu(cpu)
		begun += READ_ONCE(per_cpu_ptr(m->count, cpu)->begun);
	return begun == ended;
}

/* Somebody waits for writes to end: the worker for a leg, resync for a region. */
static noinline void vmirror_watched(struct vmirror *m)
{
	wake_up(&m->copy_wait);
	vmirror_kick(m);
}

static void vmirror_defer(struct vmirror *m, struct bio *bio)
{
	unsigned long flags;

	atomic_inc(&m->held);
	spin_lock_irqsave(&m->lock, flags);
	bio_list_add(&m->deferred, bio);
	spin_unlock_irqrestore(&m->lock, flags);
	vmirror_kick(m);
}

/* A write left its region; @m may be gone when the bio has been ended. */
static void vmirror_leave(struct vmirror *m, unsigned int region)
{
	atomic_dec(&m->inflight[region]);
	smp_mb__after_atomic();	/* pairs with B at the top of bitmap.c */
	if (unlikely(READ_ONCE(m->watch)))
		vmirror_watched(m);
}

static void vmirror_write_done(struct bio *bio, struct vmirror_io *io)
{
	struct vmirror *m = io->m;
	unsigned long flags;

	bio->bi_end_io = io->end_io;
	if (likely(!io->status[0] && !io->status[1])) {
		bio->bi_status = BLK_STS_OK;
	} else if (io->mask != VMIRROR_MODE_LEGS) {
		bio->bi_status = io->status[0] ?: io->status[1];
	} else {
		atomic_inc(&m->held);
		spin_lock_irqsave(&m->lock, flags);
		bio_list_add(&m->half, bio);
		spin_unlock_irqrestore(&m->lock, flags);
		vmirror_kick(m);
		return;
	}
	vmirror_leave(m, io->region);
	bio->bi_end_io(bio);
}

static void vmirror_write_ended(struct bio *bio, unsigned int leg, blk_status_t status)
{
	struct vmirror_io *io = vmirror_io(bio);
	struct vmirror *m = io->m;

	io->status[leg] = status;
	if (unlikely(status)) {
		atomic64_inc(&m->leg[leg].write_errors);
		if (io->mask == VMIRROR_MODE_LEGS)
			vmirror_leg_failed(m, leg, status);
	}
	this_cpu_inc(m->count->ended[leg]);
	/* Full barrier: ended[] is visible before m->watch is read. */
	if (atomic_dec_and_test(&io->left))
		vmirror_write_done(bio, io);
	else if (unlikely(READ_ONCE(m->watch)))
		vmirror_watched(m);
}

static void vmirror_own_end(struct bio *bio)
{
	vmirror_write_ended(bio, vmirror_io(bio)->leg, bio->bi_status);
}

static void vmirror_clone_end(struct bio *clone)
{
	struct bio *bio = clone->bi_private;
	blk_status_t status = clone->bi_status;

	bio_put(clone);
	vmirror_write_ended(bio, !vmirror_io(bio)->leg, status);
}

static void vmirror_aim(struct vmirror *m, struct bio *bio, unsigned int leg)
{
	bio_set_dev(bio, vmirror_bdev(m, leg));
	bio->bi_iter.bi_sector = dm_target_offset(m->ti, bio->bi_iter.bi_sector) +
				 VMIRROR_DATA_OFFSET;
}

/*
 * Prepare a write to the legs in @mask; the clone is on its way when this
 * returns. The caller has counted the write in.
 */
static void vmirror_prepare_write(struct vmirror *m, struct bio *bio, struct vmirror_io *io,
				  u32 mode, unsigned int mask)
{
	unsigned int leg = !!(mode & VMIRROR_MODE_READ_1);
	struct bio *clone;

	io->mask = mask;
	io->leg = leg;
	io->status[0] = BLK_STS_OK;
	io->status[1] = BLK_STS_OK;
	io->end_io = bio->bi_end_io;
	bio->bi_end_io = vmirror_own_end;
	vmirror_aim(m, bio, leg);
	if (mask == VMIRROR_MODE_LEGS) {
		atomic_set(&io->left, 2);
		clone = bio_alloc_clone(vmirror_bdev(m, !leg), bio, GFP_NOIO, &m->clones);
		/* Fail fast, but not on the source of a resync: it is the last leg. */
		clone->bi_opf |= REQ_FAILFAST_TRANSPORT;
		if (likely(!(mode & VMIRROR_MODE_RESYNC)))
			bio->bi_opf |= REQ_FAILFAST_TRANSPORT;
		clone->bi_private = bio;
		clone->bi_end_io = vmirror_clone_end;
		submit_bio_noacct(clone);
	} else {
		atomic_set(&io->left, 1);
		this_cpu_inc(m->count->ended[!leg]);
	}
}

static void vmirror_count_in(struct vmirror *m, unsigned int region)
{
	this_cpu_inc(m->count->begun);
	atomic_inc(&m->inflight[region]);
	smp_mb__after_atomic();	/* A at the top of bitmap.c, and vmirror_drained() */
}

static void vmirror_count_out(struct vmirror *m, unsigned int region)
{
	this_cpu_inc(m->count->ended[0]);
	this_cpu_inc(m->count->ended[1]);
	vmirror_leave(m, region);
}

static unsigned int vmirror_write_mask(struct vmirror *m, u32 mode, unsigned int region)
{
	if (unlikely(mode & VMIRROR_MODE_RESYNC)) {
		smp_rmb();	/* hot was read before; resync sets it after dirty */
		if (test_bit(region, m->dirty))
			return mode & VMIRROR_MODE_READ_1 ? 2 : 1;
	}
	return mode & VMIRROR_MODE_LEGS;
}

static int vmirror_map_write(struct vmirror *m, struct bio *bio, struct vmirror_io *io)
{
	unsigned int region = io->region;
	u32 mode;

	vmirror_count_in(m, region);
	mode = READ_ONCE(m->mode);
	if (unlikely(!(mode & VMIRROR_MODE_LEGS) || !test_bit(region, m->hot))) {
		vmirror_count_out(m, region);
		vmirror_defer(m, bio);
		return DM_MAPIO_SUBMITTED;
	}
	if (unlikely(!READ_ONCE(m->recent[region])))
		WRITE_ONCE(m->recent[region], 1);
	vmirror_prepare_write(m, bio, io, mode, vmirror_write_mask(m, mode, region));
	return DM_MAPIO_REMAPPED;
}

/*
 * The block layer gives a request with read-ahead all failfast flags, and
 * warns of a bio in it that has only some of them.
 */
static blk_opf_t vmirror_failfast(const struct bio *bio)
{
	return bio->bi_opf & REQ_RAHEAD ? REQ_FAILFAST_MASK : REQ_FAILFAST_TRANSPORT;
}

/**
 * vmirror_map() - dm hook: where does this bio go
 * @ti: target
 * @bio: dm's clone of the user's bio, within one region
 *
 * Context: any that may submit bios.
 * Return: DM_MAPIO_REMAPPED, or DM_MAPIO_SUBMITTED for a bio that is deferred.
 */
int vmirror_map(struct dm_target *ti, struct bio *bio)
{
	struct vmirror *m = ti->private;
	struct vmirror_io *io = vmirror_io(bio);
	u32 mode;

	io->m = m;
	io->iter = bio->bi_iter;
	if (bio->bi_opf & REQ_PREFLUSH) {
		io->op = VMIRROR_IO_FLUSH;
		io->leg = dm_bio_get_target_bio_nr(bio);
	} else {
		io->region = dm_target_offset(ti, bio->bi_iter.bi_sector) >> m->region_shift;
		if (op_is_write(bio_op(bio))) {
			io->op = VMIRROR_IO_WRITE;
			return vmirror_map_write(m, bio, io);
		}
		io->op = VMIRROR_IO_READ;
	}

	mode = READ_ONCE(m->mode);
	if (unlikely(!(mode & VMIRROR_MODE_LEGS))) {
		vmirror_defer(m, bio);
		return DM_MAPIO_SUBMITTED;
	}
	if (io->op == VMIRROR_IO_READ) {
		io->leg = !!(mode & VMIRROR_MODE_READ_1);
		vmirror_aim(m, bio, io->leg);
	} else if (mode & BIT(io->leg)) {
		bio_set_dev(bio, vmirror_bdev(m, io->leg));
	} else {
		/* Nothing rests on a leg that is out of service. */
		bio_endio(bio);
		return DM_MAPIO_SUBMITTED;
	}
	if (likely((mode & VMIRROR_MODE_LEGS) == VMIRROR_MODE_LEGS) &&
	    !((mode & VMIRROR_MODE_RESYNC) && io->leg == !!(mode & VMIRROR_MODE_READ_1)))
		bio->bi_opf |= vmirror_failfast(bio);
	return DM_MAPIO_REMAPPED;
}

/*
 * A read or flush failed. While there is another leg this one is given up,
 * and the bio waits until that is durable: then a read is served by the other
 * leg and a flush has nothing left to do.
 */
static int vmirror_retry(struct vmirror *m, struct bio *bio, struct vmirror_io *io,
			 blk_status_t status)
{
	unsigned long flags;
	bool retry;

	atomic64_inc(io->op == VMIRROR_IO_READ ? &m->leg[io->leg].read_errors :
						 &m->leg[io->leg].write_errors);
	vmirror_leg_failed(m, io->leg, status);

	spin_lock_irqsave(&m->lock, flags);
	retry = m->bad & BIT(io->leg) || (m->state != VMIRROR_NORMAL && io->leg != m->src);
	spin_unlock_irqrestore(&m->lock, flags);
	if (!retry)
		return DM_ENDIO_DONE;

	bio->bi_iter = io->iter;
	bio->bi_status = BLK_STS_OK;
	/* Merging may have given it more of these than we did. */
	bio->bi_opf &= ~REQ_FAILFAST_MASK;
	atomic_set(&bio->__bi_remaining, 1);
	vmirror_defer(m, bio);
	return DM_ENDIO_INCOMPLETE;
}

/**
 * vmirror_end_io() - dm hook: a bio ended
 * @ti: target
 * @bio: the bio
 * @error: its status
 *
 * Context: any.
 * Return: DM_ENDIO_DONE, or DM_ENDIO_INCOMPLETE for one that is tried again.
 */
int vmirror_end_io(struct dm_target *ti, struct bio *bio, blk_status_t *error)
{
	struct vmirror *m = ti->private;
	struct vmirror_io *io = vmirror_io(bio);

	if (likely(!*error) || io->op == VMIRROR_IO_WRITE)
		return DM_ENDIO_DONE;
	if (m->state == VMIRROR_FAILED)
		return DM_ENDIO_DONE;
	return vmirror_retry(m, bio, io, *error);
}

/**
 * vmirror_end_held() - end a bio that was held
 * @m: mirror
 * @bio: from one of the lists of @m
 * @status: its result
 *
 * Context: worker.
 */
void vmirror_end_held(struct vmirror *m, struct bio *bio, blk_status_t status)
{
	atomic_dec(&m->held);
	bio->bi_status = status;
	bio_endio(bio);
}

/* Neither leg has it: the one that stays is asked once more, and may wait for its path. */
static bool vmirror_write_again(struct vmirror *m, struct bio *bio, struct vmirror_io *io)
{
	if (m->state == VMIRROR_FAILED || !(bio->bi_opf & REQ_FAILFAST_MASK))
		return false;
	vmirror_leave(m, io->region);
	bio->bi_iter = io->iter;
	bio->bi_status = BLK_STS_OK;
	bio->bi_opf &= ~REQ_FAILFAST_MASK;
	atomic_set(&bio->__bi_remaining, 1);
	/* It is held still. */
	spin_lock_irq(&m->lock);
	bio_list_add(&m->deferred, bio);
	spin_unlock_irq(&m->lock);
	return true;
}

/**
 * vmirror_finish_half() - end the writes that a leg failed, or both
 * @m: mirror; no failed leg is left unsettled
 *
 * Context: worker. The record is durable before the answer.
 */
void vmirror_finish_half(struct vmirror *m)
{
	struct bio_list list = BIO_EMPTY_LIST;
	struct vmirror_io *io;
	struct bio *bio;

	spin_lock_irq(&m->lock);
	/* A leg that failed just now is settled first: those wait for the record. */
	if (!m->bad) {
		bio_list_merge(&list, &m->half);
		bio_list_init(&m->half);
	}
	spin_unlock_irq(&m->lock);

	while ((bio = bio_list_pop(&list))) {
		io = vmirror_io(bio);
		/* Failed by the source of a resync that has ended since: a leg failed. */
		if (m->state == VMIRROR_NORMAL && io->status[m->src]) {
			spin_lock_irq(&m->lock);
			bio_list_add(&m->half, bio);
			spin_unlock_irq(&m->lock);
			vmirror_leg_failed(m, m->src, io->status[m->src]);
			continue;
		}
		/* The source failed it, the target may have it: copy that again. */
		if (m->state == VMIRROR_RESYNC && io->status[m->src])
			set_bit(io->region, m->dirty);
		if (io->status[m->src] && vmirror_write_again(m, bio, io))
			continue;
		vmirror_leave(m, io->region);
		/* dm's end_io itself: bio_endio() has run for this bio. */
		atomic_dec(&m->held);
		bio->bi_status = m->state == VMIRROR_FAILED ? BLK_STS_IOERR : io->status[m->src];
		bio->bi_end_io(bio);
	}
}

/* Send a deferred write whose bit is durable, or hold it for the resync. */
static void vmirror_send_write(struct vmirror *m, struct bio *bio)
{
	struct vmirror_io *io = vmirror_io(bio);
	u32 mode;

	spin_lock_irq(&m->lock);
	if (m->copying == io->region) {
		bio_list_add(&m->copy_held, bio);
		spin_unlock_irq(&m->lock);
		return;
	}
	vmirror_count_in(m, io->region);
	mode = m->mode;
	if (!(mode & VMIRROR_MODE_LEGS)) {
		bio_list_add(&m->deferred, bio);
		spin_unlock_irq(&m->lock);
		vmirror_count_out(m, io->region);
		return;
	}
	set_bit(io->region, m->hot);
	spin_unlock_irq(&m->lock);

	WRITE_ONCE(m->recent[io->region], 1);
	atomic_dec(&m->held);
	vmirror_prepare_write(m, bio, io, mode, vmirror_write_mask(m, mode, io->region));
	submit_bio_noacct(bio);
}

static void vmirror_send_other(struct vmirror *m, struct bio *bio)
{
	struct vmirror_io *io = vmirror_io(bio);

	if (io->op == VMIRROR_IO_READ) {
		io->leg = m->src;
		vmirror_aim(m, bio, m->src);
	} else if (vmirror_in_service(m) & BIT(io->leg)) {
		bio_set_dev(bio, vmirror_bdev(m, io->leg));
	} else {
		vmirror_end_held(m, bio, BLK_STS_OK);
		return;
	}
	atomic_dec(&m->held);
	submit_bio_noacct(bio);
}

/* The region of @bio needs a bit that is not durable yet. */
static void vmirror_mark(struct vmirror *m, unsigned int region)
{
	if (vmirror_bit(m, region))
		return;
	vmirror_bit_set(m, region);
	m->new_marks++;
	if (m->state == VMIRROR_DEGRADED)
		set_bit(region, m->dirty);
}

/**
 * vmirror_run_deferred() - everything that could not go straight to the legs
 * @m: mirror; no failed leg is left unsettled
 *
 * The bits of all cold regions are made durable with one write per block and
 * leg, then the writes are sent.
 *
 * Context: worker.
 */
void vmirror_run_deferred(struct vmirror *m)
{
	struct bio_list list = BIO_EMPTY_LIST, writes = BIO_EMPTY_LIST;
	unsigned int failed = 0, leg;
	blk_status_t status = BLK_STS_OK;
	struct blk_plug plug;
	struct bio *bio;

	spin_lock_irq(&m->lock);
	bio_list_merge(&list, &m->deferred);
	bio_list_init(&m->deferred);
	spin_unlock_irq(&m->lock);
	if (bio_list_empty(&list))
		return;

	blk_start_plug(&plug);
	while ((bio = bio_list_pop(&list))) {
		if (m->state == VMIRROR_FAILED) {
			vmirror_end_held(m, bio, BLK_STS_IOERR);
		} else if (vmirror_io(bio)->op == VMIRROR_IO_WRITE) {
			vmirror_mark(m, vmirror_io(bio)->region);
			bio_list_add(&writes, bio);
		} else {
			vmirror_send_other(m, bio);
		}
	}
	blk_finish_plug(&plug);
	if (bio_list_empty(&writes))
		return;

	if (!bitmap_empty(m->changed, m->nr_blocks)) {
		failed = vmirror_write_bitmap(m, vmirror_in_service(m), false);
		for (leg = 0; leg < VMIRROR_LEGS; leg++)
			if (failed & BIT(leg))
				vmirror_leg_failed(m, leg, BLK_STS_IOERR);
		if (READ_ONCE(m->running) && m->state != VMIRROR_DEGRADED)
			queue_delayed_work(m->wq, &m->clean_work,
					   msecs_to_jiffies(m->period_ms));
	}
	if (failed) {
		/* A leg that is not the last: try again without it. */
		spin_lock_irq(&m->lock);
		if (m->bad & failed)
			bio_list_merge_head(&m->deferred, &writes);
		else
			status = BLK_STS_IOERR;
		spin_unlock_irq(&m->lock);
		if (!status)
			return;
	}

	blk_start_plug(&plug);
	while ((bio = bio_list_pop(&writes))) {
		if (status)
			vmirror_end_held(m, bio, status);
		else
			vmirror_send_write(m, bio);
	}
	blk_finish_plug(&plug);
}
