// SPDX-License-Identifier: GPL-2.0
/*
 * dm-vmirror: states, and the start of a set.
 *
 *   state     legs written   read   left when
 *   --------  -------------  -----  -------------------------------------------
 *   normal    both           src    a leg fails -> (suspect) degraded, or failed
 *   suspect   none: held     held   every write has ended on the leg that stays,
 *                                   and its new copy id with ALONE_OK is durable
 *                                   -> degraded; it cannot be written -> failed
 *   degraded  src            src    the other leg is attached -> resync
 *   resync    both; dirty    src    nothing is dirty -> normal, or suspect if a
 *             regions: src          leg has failed since the flush; the other leg
 *                                   fails -> (suspect) degraded
 *   failed    none: error    error  the last leg can be written -> degraded
 *
 * "suspect" is not a value of m->state but m->bad being set: a leg failed and
 * that is not settled. In degraded and resync src is the last leg: its errors
 * are given to the user and it stays in service. In resync it may then have lost
 * what the other leg has got of it, so all is copied again (source_suspect); an
 * error of the medium says nothing of that kind. src is the leg that is read;
 * normal keeps the one it had, so no leg is read from that a write in flight
 * has not reached while another leg may have shown it (P15).
 *
 * What is durable, in order:
 *
 *   degrade   src: new current id, ALONE_OK, bitmap id = the old one unless bits
 *             are relative to an older one still; then held writes are
 *             acknowledged. Their bits were durable before they began.
 *   attach    src: bits of both legs; if the other lacks everything, src: bitmap id
 *             that no leg bears; other: RESYNC_TARGET; other: all bits
 *   end       other is flushed, and no leg has failed an I/O; src: ALONE_OK
 *             cleared; other: src's ids, not a target; src: bitmap id = 0 (P16)
 *   start     from one leg only with ALONE_OK or force_alone, never from a leg
 *             that is RESYNC_TARGET or OUTDATED (P17)
 */
#include <linux/sched/mm.h>

#include "mirror.h"

const char * const vmirror_state_text[] = {
	[VMIRROR_INIT]		= "init",
	[VMIRROR_NORMAL]	= "normal",
	[VMIRROR_DEGRADED]	= "degraded",
	[VMIRROR_RESYNC]	= "resync",
	[VMIRROR_FAILED]	= "failed",
};

/**
 * vmirror_in_service() - legs that metadata is written to
 * @m: mirror
 *
 * Context: worker, or a dm hook while no worker runs.
 * Return: mask of legs.
 */
unsigned int vmirror_in_service(struct vmirror *m)
{
	switch (m->state) {
	case VMIRROR_NORMAL:
	case VMIRROR_RESYNC:
		return VMIRROR_MODE_LEGS;
	case VMIRROR_DEGRADED:
		return BIT(m->src);
	default:
		return 0;
	}
}

static u32 vmirror_mode_of(enum vmirror_state state, unsigned int src)
{
	u32 read = src ? VMIRROR_MODE_READ_1 : 0;

	switch (state) {
	case VMIRROR_NORMAL:
		return VMIRROR_MODE_LEGS | read;
	case VMIRROR_RESYNC:
		return VMIRROR_MODE_LEGS | VMIRROR_MODE_RESYNC | read;
	case VMIRROR_DEGRADED:
		return BIT(src) | read;
	default:
		return read;
	}
}

static char vmirror_flag(struct vmirror *m, enum vmirror_state state, unsigned int src,
			 unsigned int leg)
{
	if (!m->leg[leg].dev)
		return 'M';
	if (state == VMIRROR_NORMAL || (state != VMIRROR_FAILED && leg == src))
		return 'A';
	if (state == VMIRROR_RESYNC)
		return 'R';
	return m->leg[leg].outdated ? 'O' : 'F';
}

/**
 * vmirror_switch() - all of a state but its announcement
 * @m: mirror; what the state rests on is durable
 * @state: the new one
 * @src: the leg that is read from now on
 *
 * Context: worker, or a dm hook while no worker runs.
 */
void vmirror_switch(struct vmirror *m, enum vmirror_state state, unsigned int src)
{
	unsigned int leg;

	spin_lock_irq(&m->lock);
	m->state = state;
	m->src = src;
	/* What failed while the resync ended is settled by the worker, next. */
	if (state != VMIRROR_NORMAL)
		m->bad = 0;
	else if (m->source_suspect)
		m->bad |= BIT(src);
	m->source_suspect = false;
	if (m->bad)
		set_bit(VMIRROR_WATCH_DRAIN, &m->watch);
	else
		clear_bit(VMIRROR_WATCH_DRAIN, &m->watch);
	for (leg = 0; leg < VMIRROR_LEGS; leg++)
		m->leg[leg].flag = vmirror_flag(m, state, src, leg);
	WRITE_ONCE(m->mode, vmirror_mode_of(m->bad ? VMIRROR_INIT : state, src));
	spin_unlock_irq(&m->lock);
}

/**
 * vmirror_set_state() - enter a state
 * @m: mirror; what the state rests on is durable
 * @state: the new one
 * @src: the leg that is read from now on
 * @why: for the log
 *
 * Context: worker, or a dm hook while no worker runs.
 */
void vmirror_set_state(struct vmirror *m, enum vmirror_state state, unsigned int src,
		       const char *why)
{
	enum vmirror_state old = m->state;

	vmirror_switch(m, state, src);
	vmirror_info(m, "state %s -> %s: %s", vmirror_state_text[old],
		     vmirror_state_text[state], why);
	dm_table_event(m->ti->table);
}

/* Let go of the region in copy; it stays dirty. */
static void vmirror_abort_copy(struct vmirror *m)
{
	spin_lock_irq(&m->lock);
	m->stop_resync = true;
	m->copied_all = false;
	m->copying = VMIRROR_NONE;
	bio_list_merge(&m->deferred, &m->copy_held);
	bio_list_init(&m->copy_held);
	spin_unlock_irq(&m->lock);
	wake_up(&m->copy_wait);
}

/* Make durable that @leg serves alone. */
static int vmirror_record_alone(struct vmirror *m, unsigned int leg)
{
	struct vmirror_super *sb = &m->leg[leg].sb;

	vmirror_super_degrade(sb, vmirror_new_id());
	return vmirror_write_super(m, leg);
}

static bool vmirror_is_alone(const struct vmirror_super *sb)
{
	return (sb->flags & VMIRROR_F_ALONE_OK) && sb->bitmap_id;
}

/* Why @leg goes on alone. */
static void vmirror_why(struct vmirror *m, unsigned int leg, char *why, size_t size)
{
	const struct vmirror_leg *other = &m->leg[!leg];
	int r = blk_status_to_errno(other->error);

	if (m->source_failed)
		snprintf(why, size, "resync cannot read sector %llu of leg %u %s: error %d",
			 (u64)m->bad_sector, leg, m->leg[leg].dev->name, r);
	else if (other->manual)
		snprintf(why, size, "leg %u %s failed by command", !leg, other->dev->name);
	else
		snprintf(why, size, "leg %u %s failed: error %d", !leg, other->dev->name, r);
}

static unsigned int vmirror_bad(struct vmirror *m)
{
	unsigned int bad;

	spin_lock_irq(&m->lock);
	bad = m->bad;
	spin_unlock_irq(&m->lock);
	return bad;
}

/**
 * vmirror_unsettled() - has a leg failed an I/O that is not dealt with yet
 * @m: mirror
 *
 * A leg that failed and answers again may have lost its cache, so a flush says
 * nothing about what was written before. Who clears bits, or ends a resync, on
 * the strength of a flush asks this after the flush.
 *
 * Context: worker.
 */
bool vmirror_unsettled(struct vmirror *m)
{
	bool r;

	spin_lock_irq(&m->lock);
	r = m->bad || m->source_suspect;
	spin_unlock_irq(&m->lock);
	return r;
}

/**
 * vmirror_settle() - deal with legs that failed
 * @m: mirror
 *
 * Context: worker, or postsuspend.
 * Return: false if writes are still out on the leg that stays; the end of each
 * of them wakes the worker.
 */
bool vmirror_settle(struct vmirror *m)
{
	unsigned int bad, leg;
	bool progress;
	char why[128];
	int r = 0;

	do {
		bad = vmirror_bad(m);
		if (!bad)
			return true;
		if (m->state == VMIRROR_NORMAL && bad != VMIRROR_MODE_LEGS)
			leg = bad & BIT(0) ? 1 : 0;
		else
			leg = m->src;
		if (!vmirror_drained(m, leg))
			return false;
		/* If the last of those writes failed, this is not the leg that stays. */
	} while (vmirror_bad(m) != bad);

	vmirror_why(m, leg, why, sizeof(why));
	progress = m->state != VMIRROR_RESYNC || atomic64_read(&m->copied);
	vmirror_abort_copy(m);
	if (m->state == VMIRROR_NORMAL || !vmirror_is_alone(&m->leg[leg].sb))
		r = vmirror_record_alone(m, leg);
	m->degrades++;
	if (r) {
		vmirror_set_state(m, VMIRROR_FAILED, leg, "neither leg can be written");
	} else {
		vmirror_dirty_from_image(m);
		vmirror_set_state(m, VMIRROR_DEGRADED, leg, why);
	}
	vmirror_probe_soon(m, progress);
	return true;
}

static void vmirror_operator_fail(struct vmirror *m)
{
	unsigned int ask, leg;

	spin_lock_irq(&m->lock);
	ask = m->ask_fail;
	m->ask_fail = 0;
	spin_unlock_irq(&m->lock);
	for (leg = 0; leg < VMIRROR_LEGS; leg++) {
		if (!(ask & BIT(leg)))
			continue;
		m->leg[leg].manual = true;
		vmirror_leg_failed(m, leg, BLK_STS_IOERR);
	}
}

static bool vmirror_take(struct vmirror *m, bool *request)
{
	bool r;

	spin_lock_irq(&m->lock);
	r = *request;
	*request = false;
	spin_unlock_irq(&m->lock);
	return r;
}

/**
 * vmirror_worker() - all that changes the state, the superblocks and the bitmap
 * @work: m->work
 */
void vmirror_worker(struct work_struct *work)
{
	struct vmirror *m = container_of(work, struct vmirror, work);
	unsigned int noio = memalloc_noio_save();
	bool again;

	do {
		vmirror_operator_fail(m);
		if (!vmirror_settle(m))
			break;
		vmirror_finish_half(m);
		vmirror_copy_again(m);
		if (smp_load_acquire(&m->probe.ready))	/* pairs with vmirror_probe() */
			vmirror_attach_found(m);
		if (vmirror_take(m, &m->copied_all))
			vmirror_resync_end(m);
		vmirror_run_deferred(m);
		if (vmirror_take(m, &m->clean_due))
			vmirror_clean(m, false);

		spin_lock_irq(&m->lock);
		again = m->bad || !bio_list_empty(&m->deferred) || !bio_list_empty(&m->half);
		spin_unlock_irq(&m->lock);
	} while (again);
	memalloc_noio_restore(noio);
}

/* Is what was found on a leg the leg of this table? */
static int vmirror_check_leg(struct vmirror *m, unsigned int leg, enum vmirror_found found)
{
	const struct vmirror_super *sb = &m->leg[leg].sb;
	const char *dev = m->leg[leg].dev->name;

	if (found != VMIRROR_VALID) {
		vmirror_err(m, "leg %u %s carries %s", leg, dev, vmirror_found_text[found]);
		return -EINVAL;
	}
	if (!uuid_equal(&sb->set_uuid, &m->set_uuid)) {
		vmirror_err(m, "leg %u %s belongs to the set %pUb, not to %pUb", leg, dev,
			    &sb->set_uuid, &m->set_uuid);
		return -EINVAL;
	}
	if (sb->index != leg) {
		vmirror_err(m, "leg %u %s is leg %u of its set", leg, dev, sb->index);
		return -EINVAL;
	}
	if (sb->data_sectors != m->ti->len) {
		vmirror_err(m, "leg %u %s holds a volume of %llu sectors, the table says %llu",
			    leg, dev, sb->data_sectors, (u64)m->ti->len);
		return -EINVAL;
	}
	if (m->region_arg && sb->region_sectors != m->region_arg) {
		vmirror_err(m, "leg %u %s has regions of %u sectors, the table says %u", leg, dev,
			    sb->region_sectors, m->region_arg);
		return -EINVAL;
	}
	return 0;
}

static int vmirror_check_pair(struct vmirror *m)
{
	const struct vmirror_super *a = &m->leg[0].sb, *b = &m->leg[1].sb;

	if (uuid_equal(&a->leg_uuid, &b->leg_uuid)) {
		vmirror_err(m, "legs %s and %s are the same leg %pUb", m->leg[0].dev->name,
			    m->leg[1].dev->name, &a->leg_uuid);
		return -EINVAL;
	}
	if (a->region_sectors != b->region_sectors) {
		vmirror_err(m, "legs %s and %s have different region sizes: %u and %u sectors",
			    m->leg[0].dev->name, m->leg[1].dev->name, a->region_sectors,
			    b->region_sectors);
		return -EINVAL;
	}
	return 0;
}

/* Superblock of a leg to be formatted; the ids are the caller's. */
static void vmirror_new_super(struct vmirror *m, unsigned int leg, u32 region)
{
	struct vmirror_super *sb = &m->leg[leg].sb;

	memset(sb, 0, sizeof(*sb));
	sb->set_uuid = m->set_uuid;
	uuid_gen(&sb->leg_uuid);
	sb->index = leg;
	sb->data_sectors = m->ti->len;
	sb->region_sectors = region;
	sb->bitmap_blocks = m->nr_blocks;
}

/*
 * Format the blank legs in @blank; @valid are those that already belong to the
 * set. A new leg beside a valid one lacks everything. In a new set leg 0 (or
 * the only one) has the data, unless the operator says that both are equal.
 */
static int vmirror_create(struct vmirror *m, unsigned int blank, unsigned int valid, u32 region)
{
	unsigned int leg, first = blank & BIT(0) ? 0 : 1;
	struct vmirror_super *sb;
	u64 id = vmirror_new_id();
	int r;

	if (!valid && blank == VMIRROR_MODE_LEGS &&
	    vmirror_data_sectors(bdev_nr_sectors(vmirror_bdev(m, 0))) !=
	    vmirror_data_sectors(bdev_nr_sectors(vmirror_bdev(m, 1)))) {
		vmirror_err(m, "legs %s and %s differ in size: %llu and %llu sectors",
			    m->leg[0].dev->name, m->leg[1].dev->name,
			    (u64)bdev_nr_sectors(vmirror_bdev(m, 0)),
			    (u64)bdev_nr_sectors(vmirror_bdev(m, 1)));
		return -EINVAL;
	}
	if (m->assume_clean && blank != VMIRROR_MODE_LEGS) {
		vmirror_err(m, "assume_clean needs two new legs");
		return -EINVAL;
	}

	if (!m->assume_clean)
		vmirror_bitmap_set_all(m);
	for (leg = 0; leg < VMIRROR_LEGS; leg++) {
		if (!(blank & BIT(leg)))
			continue;
		vmirror_new_super(m, leg, region);
		sb = &m->leg[leg].sb;
		if (m->assume_clean) {
			sb->current_id = id;
		} else if (!valid && leg == first) {
			sb->current_id = vmirror_new_id();
			vmirror_super_degrade(sb, id);
		} else {
			sb->flags = VMIRROR_F_RESYNC_TARGET;
		}
		r = vmirror_format(m, leg);
		if (r) {
			vmirror_err(m, "leg %u %s cannot be formatted: error %d", leg,
				    m->leg[leg].dev->name, r);
			return r;
		}
		m->leg[leg].known = true;
		vmirror_info(m, "leg %u %s formatted", leg, m->leg[leg].dev->name);
	}
	/* What is on disk is read back by the start. */
	vmirror_bitmap_reset(m);
	return 0;
}

static int vmirror_merge_leg(struct vmirror *m, unsigned int leg)
{
	int r = vmirror_read_bitmap(m, leg, 0, &m->leg[leg].sb, m->probe.image);

	if (!r)
		vmirror_bitmap_merge(m, m->probe.image);
	else
		vmirror_err(m, "leg %u %s: bitmap cannot be read: error %d", leg,
			    m->leg[leg].dev->name, r);
	return r;
}

/* The bits, and that it serves alone, on @leg. */
static int vmirror_start_alone(struct vmirror *m, unsigned int leg, const char *why)
{
	m->src = leg;
	vmirror_dirty_from_image(m);
	if (vmirror_write_bitmap(m, BIT(leg), false))
		return -EIO;
	if (!vmirror_is_alone(&m->leg[leg].sb) && vmirror_record_alone(m, leg))
		return -EIO;
	vmirror_set_state(m, VMIRROR_DEGRADED, leg, why);
	return 0;
}

static int vmirror_start_one(struct vmirror *m, unsigned int leg)
{
	const struct vmirror_super *sb = &m->leg[leg].sb;
	int r;

	if (!vmirror_may_serve_alone(sb, m->force_alone)) {
		vmirror_err(m, "leg %u %s may not start alone: %s", leg, m->leg[leg].dev->name,
			    sb->flags & VMIRROR_F_RESYNC_TARGET ?
				"it was being overwritten by the other leg" :
			    sb->flags & VMIRROR_F_OUTDATED ? "it is outdated" :
			    "the other leg may be newer; bring it, or give force_alone");
		return -EPERM;
	}
	r = vmirror_merge_leg(m, leg);
	return r ?: vmirror_start_alone(m, leg, "started from one leg");
}

static int vmirror_start_both(struct vmirror *m)
{
	enum vmirror_verdict v = vmirror_compare(&m->leg[0].sb, &m->leg[1].sb);
	bool full = v == VMIRROR_FULL_FROM_0 || v == VMIRROR_FULL_FROM_1;
	unsigned int src;
	int r;

	if (v == VMIRROR_DIVERGED || v == VMIRROR_BOTH_TARGETS) {
		vmirror_err(m, "legs %s and %s %s", m->leg[0].dev->name, m->leg[1].dev->name,
			    v == VMIRROR_DIVERGED ?
				"have diverged: each was written without the other; give only one" :
				"cannot serve: both were being overwritten");
		return -EINVAL;
	}
	src = v == VMIRROR_FROM_1 || v == VMIRROR_FULL_FROM_1;
	r = vmirror_merge_leg(m, src);
	if (!r)
		r = vmirror_merge_leg(m, !src);
	if (r)
		return r;
	if (full)
		vmirror_bitmap_set_all(m);
	if (v == VMIRROR_IN_SYNC && !vmirror_bitmap_any(m)) {
		vmirror_set_state(m, VMIRROR_NORMAL, 0, "legs are equal");
		return 0;
	}

	r = vmirror_start_alone(m, src, v == VMIRROR_IN_SYNC ? "writes were in flight" :
							      "the other leg is older");
	if (r)
		return r;
	/* Not fatal: the leg is probed again. */
	vmirror_attach_leg(m, !src, full);
	return 0;
}

/**
 * vmirror_start() - read both legs, decide who follows whom, enter a state
 * @m: mirror in state init
 *
 * Context: preresume. Nothing is written unless the start succeeds, or a later
 * write fails.
 * Return: 0 or -errno; a refusal is logged with its reason.
 */
int vmirror_start(struct vmirror *m)
{
	unsigned int leg, blank = 0, valid = 0, unread = 0;
	u32 region = m->region_arg ?: vmirror_default_region(m->ti->len);
	enum vmirror_found found;
	int r;

	for (leg = 0; leg < VMIRROR_LEGS; leg++) {
		if (!m->leg[leg].dev)
			continue;
		r = vmirror_read_super(m, leg, 0, &m->leg[leg].sb, &found);
		if (r == -ENOMEM)
			return r;
		if (r) {
			vmirror_warn(m, "leg %u %s cannot be read: error %d", leg,
				     m->leg[leg].dev->name, r);
			unread |= BIT(leg);
		} else if (found == VMIRROR_BLANK && m->create) {
			blank |= BIT(leg);
		} else {
			r = vmirror_check_leg(m, leg, found);
			if (r)
				return r;
			valid |= BIT(leg);
			region = m->leg[leg].sb.region_sectors;
		}
	}
	if (valid == VMIRROR_MODE_LEGS) {
		r = vmirror_check_pair(m);
		if (r)
			return r;
	}
	if (unread && blank) {
		vmirror_err(m, "nothing is created while a leg cannot be read");
		return -EIO;
	}
	if (!valid && !blank) {
		vmirror_err(m, "no leg can be read");
		return -EIO;
	}
	if (blank && valid && !vmirror_may_serve_alone(&m->leg[__ffs(valid)].sb, m->force_alone))
		return vmirror_start_one(m, __ffs(valid));

	r = vmirror_set_region(m, region);
	if (r)
		return r;
	if (blank) {
		r = vmirror_create(m, blank, valid, region);
		if (r)
			return r;
		valid |= blank;
	}
	for (leg = 0; leg < VMIRROR_LEGS; leg++)
		m->leg[leg].known = valid & BIT(leg);
	return valid == VMIRROR_MODE_LEGS ? vmirror_start_both(m) :
					    vmirror_start_one(m, __ffs(valid));
}
