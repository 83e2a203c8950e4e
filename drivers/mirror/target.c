// SPDX-License-Identifier: GPL-2.0
/*
 * dm-vmirror: the device-mapper target. Table line, hooks, status, messages.
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "mirror.h"

#define VMIRROR_CLEAN_MS	5000
#define VMIRROR_POOL		64

static void vmirror_clean_timer(struct work_struct *work)
{
	struct vmirror *m = container_of(to_delayed_work(work), struct vmirror, clean_work);

	spin_lock_irq(&m->lock);
	m->clean_due = true;
	spin_unlock_irq(&m->lock);
	vmirror_kick(m);
}

static int vmirror_get_leg(struct vmirror *m, unsigned int leg, const char *path)
{
	struct dm_target *ti = m->ti;
	struct vmirror_leg *l = &m->leg[leg];
	u64 sectors;
	int r;

	if (!strcmp(path, "-"))
		return 0;
	r = dm_get_device(ti, path, dm_table_get_mode(ti->table), &l->dev);
	if (r) {
		l->dev = NULL;
		vmirror_err(m, "leg %u: device %s cannot be opened: error %d", leg, path, r);
		ti->error = "A leg cannot be opened";
		return r;
	}
	if (bdev_logical_block_size(l->dev->bdev) > VMIRROR_BLOCK_SIZE) {
		vmirror_err(m, "leg %u %s has logical blocks of %u bytes, more than %u", leg, path,
			    bdev_logical_block_size(l->dev->bdev), VMIRROR_BLOCK_SIZE);
		ti->error = "A leg has too large logical blocks";
		return -EINVAL;
	}
	sectors = bdev_nr_sectors(l->dev->bdev);
	if (sectors < VMIRROR_DATA_OFFSET + ti->len) {
		vmirror_err(m, "leg %u %s has %llu sectors, the volume needs %llu", leg, path,
			    sectors, VMIRROR_DATA_OFFSET + (u64)ti->len);
		ti->error = "A leg is too small for the volume";
		return -EINVAL;
	}
	return 0;
}

static int vmirror_parse_features(struct vmirror *m, struct dm_arg_set *as)
{
	static const struct dm_arg arg = { 0, 8, "Invalid number of feature arguments" };
	struct dm_target *ti = m->ti;
	const char *name;
	unsigned int n;
	int r;

	if (!as->argc)
		return 0;
	r = dm_read_arg_group(&arg, as, &n, &ti->error);
	if (r)
		return r;
	while (n--) {
		name = dm_shift_arg(as);
		if (!strcasecmp(name, "create")) {
			m->create = true;
		} else if (!strcasecmp(name, "assume_clean")) {
			m->assume_clean = true;
		} else if (!strcasecmp(name, "manual_attach")) {
			m->manual_attach = true;
		} else if (!strcasecmp(name, "force_alone")) {
			m->force_alone = true;
		} else {
			vmirror_err(m, "unknown feature %s", name);
			ti->error = "Unknown feature argument";
			return -EINVAL;
		}
	}
	if (m->assume_clean && !m->create) {
		ti->error = "assume_clean needs create";
		return -EINVAL;
	}
	return 0;
}

static int vmirror_parse_core(struct vmirror *m, struct dm_arg_set *as)
{
	static const struct dm_arg arg = { 0, 4, "Invalid number of core arguments" };
	struct dm_target *ti = m->ti;
	const char *key, *value;
	unsigned int n, v;
	int r;

	if (!as->argc)
		return 0;
	r = dm_read_arg_group(&arg, as, &n, &ti->error);
	if (r)
		return r;
	if (n % 2) {
		ti->error = "Core arguments must be pairs of key and value";
		return -EINVAL;
	}
	for (; n; n -= 2) {
		key = dm_shift_arg(as);
		value = dm_shift_arg(as);
		if (kstrtouint(value, 10, &v)) {
			vmirror_err(m, "%s: %s is not a number", key, value);
			ti->error = "A core argument is not a number";
			return -EINVAL;
		}
		if (!strcasecmp(key, "region_size")) {
			if (!is_power_of_2(v) || v < VMIRROR_MIN_REGION || v > VMIRROR_MAX_REGION) {
				vmirror_err(m, "region_size %u is not a power of two from %u to %u",
					    v, VMIRROR_MIN_REGION, VMIRROR_MAX_REGION);
				ti->error = "Invalid region_size";
				return -EINVAL;
			}
			m->region_arg = v;
		} else if (!strcasecmp(key, "clean_ms")) {
			if (v < 10 || v > 3600000) {
				vmirror_err(m, "clean_ms %u is not from 10 to 3600000", v);
				ti->error = "Invalid clean_ms";
				return -EINVAL;
			}
			m->period_ms = v;
			m->period_given = true;
		} else {
			vmirror_err(m, "unknown core argument %s", key);
			ti->error = "Unknown core argument";
			return -EINVAL;
		}
	}
	return 0;
}

static int vmirror_parse(struct vmirror *m, unsigned int argc, char **argv)
{
	struct dm_target *ti = m->ti;
	struct dm_arg_set as = { .argc = argc, .argv = argv };
	const char *path[VMIRROR_LEGS];
	unsigned int leg;
	int r;

	if (argc < 3) {
		ti->error = "Too few arguments: <set uuid> <leg 0> <leg 1> are needed";
		return -EINVAL;
	}
	if (uuid_parse(dm_shift_arg(&as), &m->set_uuid) || uuid_is_null(&m->set_uuid)) {
		ti->error = "Invalid set uuid";
		return -EINVAL;
	}
	for (leg = 0; leg < VMIRROR_LEGS; leg++)
		path[leg] = dm_shift_arg(&as);
	r = vmirror_parse_features(m, &as);
	if (!r)
		r = vmirror_parse_core(m, &as);
	if (r)
		return r;
	if (as.argc) {
		ti->error = "Too many arguments";
		return -EINVAL;
	}
	if (ti->len < VMIRROR_MIN_SECTORS || ti->len > VMIRROR_MAX_SECTORS) {
		ti->error = "The volume is too small or too large";
		return -EINVAL;
	}
	if (!(dm_table_get_mode(ti->table) & BLK_OPEN_WRITE)) {
		ti->error = "A read-only table is not supported";
		return -EINVAL;
	}

	for (leg = 0; leg < VMIRROR_LEGS; leg++) {
		r = vmirror_get_leg(m, leg, path[leg]);
		if (r)
			return r;
	}
	if (!m->leg[0].dev && !m->leg[1].dev) {
		ti->error = "No leg is given";
		return -EINVAL;
	}
	if (m->leg[0].dev && m->leg[1].dev &&
	    vmirror_bdev(m, 0)->bd_dev == vmirror_bdev(m, 1)->bd_dev) {
		vmirror_err(m, "leg 0 %s and leg 1 %s are the same device", path[0], path[1]);
		ti->error = "A leg is the other leg";
		return -EINVAL;
	}
	return 0;
}

static void vmirror_destroy(struct vmirror *m)
{
	unsigned int leg;

	if (m->slow_wq)
		destroy_workqueue(m->slow_wq);
	if (m->wq)
		destroy_workqueue(m->wq);
	vmirror_copy_free(m);
	vmirror_bitmap_free(m);
	bioset_exit(&m->meta);
	bioset_exit(&m->clones);
	free_percpu(m->count);
	if (m->super_page)
		__free_page(m->super_page);
	for (leg = 0; leg < VMIRROR_LEGS; leg++)
		if (m->leg[leg].dev)
			dm_put_device(m->ti, m->leg[leg].dev);
	kfree(m);
}

static void vmirror_dtr(struct dm_target *ti)
{
	struct vmirror *m = ti->private;

	/* postsuspend, or never resumed: nothing runs. */
	vmirror_destroy(m);
}

static int vmirror_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct vmirror *m;
	int r;

	m = kzalloc(sizeof(*m), GFP_KERNEL);
	if (!m) {
		ti->error = "Cannot allocate the mirror";
		return -ENOMEM;
	}
	m->ti = ti;
	m->period_ms = VMIRROR_CLEAN_MS;
	m->copying = VMIRROR_NONE;
	spin_lock_init(&m->lock);
	bio_list_init(&m->deferred);
	bio_list_init(&m->half);
	bio_list_init(&m->copy_held);
	init_waitqueue_head(&m->copy_wait);
	INIT_WORK(&m->work, vmirror_worker);
	INIT_WORK(&m->resync_work, vmirror_resync);
	INIT_DELAYED_WORK(&m->clean_work, vmirror_clean_timer);
	INIT_DELAYED_WORK(&m->probe_work, vmirror_probe);

	r = vmirror_parse(m, argc, argv);
	if (r)
		goto destroy;

	r = -ENOMEM;
	ti->error = "Cannot allocate the mirror";
	m->count = alloc_percpu(struct vmirror_count);
	if (!m->count)
		goto destroy;
	m->super_page = alloc_page(GFP_KERNEL);
	if (!m->super_page)
		goto destroy;
	r = bioset_init(&m->clones, VMIRROR_POOL, 0, 0);
	if (r)
		goto destroy;
	r = bioset_init(&m->meta, VMIRROR_POOL, 0, BIOSET_NEED_BVECS);
	if (r)
		goto destroy;
	r = vmirror_copy_alloc(m);
	if (r)
		goto destroy;
	r = -ENOMEM;
	m->wq = alloc_ordered_workqueue("vmirror", WQ_MEM_RECLAIM | WQ_HIGHPRI);
	if (!m->wq)
		goto destroy;
	m->slow_wq = alloc_workqueue("vmirror_resync", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!m->slow_wq)
		goto destroy;

	ti->error = NULL;
	ti->private = m;
	ti->num_flush_bios = VMIRROR_LEGS;
	ti->flush_supported = true;
	ti->per_io_data_size = sizeof(struct vmirror_io);
	dm_target_stable_writes(ti);
	return 0;

destroy:
	vmirror_destroy(m);
	return r;
}

/* The old table, if any, is suspended by now: the legs hold still. */
static int vmirror_preresume(struct dm_target *ti)
{
	struct vmirror *m = ti->private;

	dm_resume_stable_writes(ti);
	if (m->state != VMIRROR_INIT)
		return 0;
	return vmirror_start(m);
}

static void vmirror_resume(struct dm_target *ti)
{
	struct vmirror *m = ti->private;

	WRITE_ONCE(m->running, true);
	vmirror_resync_start(m);
	if (m->state == VMIRROR_DEGRADED || m->state == VMIRROR_FAILED)
		vmirror_probe_soon(m, true);
	vmirror_kick(m);
}

/* Held bios are sent on by the worker; dm waits for them after this. */
static void vmirror_presuspend(struct dm_target *ti)
{
	struct vmirror *m = ti->private;

	WRITE_ONCE(m->running, false);
	vmirror_resync_stop(m);
}

/* No bio is left. What waits here waits for bios to legs only. */
static void vmirror_postsuspend(struct dm_target *ti)
{
	struct vmirror *m = ti->private;

	if (m->state == VMIRROR_INIT)
		return;
	cancel_delayed_work_sync(&m->probe_work);
	cancel_delayed_work_sync(&m->clean_work);
	if (cancel_work_sync(&m->resync_work))
		m->resyncing = false;
	cancel_work_sync(&m->work);
	vmirror_worker(&m->work);
	vmirror_clean(m, true);
	vmirror_worker(&m->work);
	cancel_work_sync(&m->work);
}

static const char *vmirror_state_name(struct vmirror *m)
{
	return READ_ONCE(m->bad) ? "suspect" : vmirror_state_text[m->state];
}

static const char *vmirror_resync_name(struct vmirror *m)
{
	if (m->state != VMIRROR_RESYNC)
		return "idle";
	return m->paused ? "paused" : "resync";
}

static unsigned int vmirror_status_info(struct vmirror *m, char *result, unsigned int maxlen)
{
	const struct vmirror_super *sb = &m->leg[m->src].sb;
	unsigned int sz = 0, leg, dirty = 0, hot = 0;

	if (m->state == VMIRROR_INIT) {
		DMEMIT("init");
		return sz;
	}
	if (m->dirty) {
		dirty = vmirror_dirty_count(m);
		hot = bitmap_weight(m->hot, m->nr_regions);
	}
	DMEMIT("%s %u", vmirror_state_name(m), VMIRROR_LEGS);
	for (leg = 0; leg < VMIRROR_LEGS; leg++)
		DMEMIT(" %s %c", m->leg[leg].dev ? m->leg[leg].dev->name : "-", m->leg[leg].flag);
	DMEMIT(" %u/%u %s %llu %016llx %016llx %d %s", m->nr_regions - dirty, m->nr_regions,
	       vmirror_resync_name(m), sb->term, sb->current_id, sb->bitmap_id,
	       atomic_read(&m->held), m->state == VMIRROR_FAILED ? "fail" : "rw");
	DMEMIT(" region=%u hot=%u copied_kib=%llu copied_total_kib=%llu", 1U << m->region_shift,
	       hot, (u64)atomic64_read(&m->copied) / 2, (u64)atomic64_read(&m->copied_total) / 2);
	return sz;
}

static unsigned int vmirror_status_table(struct vmirror *m, char *result, unsigned int maxlen)
{
	unsigned int sz = 0, leg;

	DMEMIT("%pUb", &m->set_uuid);
	for (leg = 0; leg < VMIRROR_LEGS; leg++)
		DMEMIT(" %s", m->leg[leg].dev ? m->leg[leg].dev->name : "-");
	DMEMIT(" %d", m->create + m->assume_clean + m->manual_attach + m->force_alone);
	if (m->create)
		DMEMIT(" create");
	if (m->assume_clean)
		DMEMIT(" assume_clean");
	if (m->manual_attach)
		DMEMIT(" manual_attach");
	if (m->force_alone)
		DMEMIT(" force_alone");
	DMEMIT(" %d", 2 * (!!m->region_arg + m->period_given));
	if (m->region_arg)
		DMEMIT(" region_size %u", m->region_arg);
	if (m->period_given)
		DMEMIT(" clean_ms %u", m->period_ms);
	return sz;
}

static void vmirror_status(struct dm_target *ti, status_type_t type, unsigned int flags,
			   char *result, unsigned int maxlen)
{
	struct vmirror *m = ti->private;
	unsigned int sz = 0;

	switch (type) {
	case STATUSTYPE_INFO:
		vmirror_status_info(m, result, maxlen);
		break;
	case STATUSTYPE_TABLE:
		vmirror_status_table(m, result, maxlen);
		break;
	case STATUSTYPE_IMA:
		DMEMIT_TARGET_NAME_VERSION(ti->type);
		DMEMIT(",uuid=%pUb;", &m->set_uuid);
		break;
	}
}

static int vmirror_message_fail(struct vmirror *m, const char *arg)
{
	unsigned int leg;
	int r = 0;

	if (kstrtouint(arg, 10, &leg) || leg >= VMIRROR_LEGS) {
		vmirror_err(m, "fail: %s is not 0 or 1", arg);
		return -EINVAL;
	}
	spin_lock_irq(&m->lock);
	if (m->state == VMIRROR_NORMAL || (m->state == VMIRROR_RESYNC && leg != m->src))
		m->ask_fail |= BIT(leg);
	else if (m->state == VMIRROR_DEGRADED && leg != m->src)
		m->leg[leg].manual = true;
	else
		r = -EBUSY;
	spin_unlock_irq(&m->lock);
	if (r)
		vmirror_err(m, "fail: leg %u is the last one that serves", leg);
	vmirror_kick(m);
	return r;
}

static int vmirror_message_attach(struct vmirror *m, const char *arg)
{
	unsigned int leg = !m->src;

	if (m->state != VMIRROR_DEGRADED) {
		vmirror_err(m, "attach: no leg is missing in state %s", vmirror_state_name(m));
		return -EINVAL;
	}
	if (arg && (kstrtouint(arg, 10, &leg) || leg != !m->src)) {
		vmirror_err(m, "attach: the leg that is missing is %u, not %s", !m->src, arg);
		return -EINVAL;
	}
	if (!m->leg[leg].dev) {
		vmirror_err(m, "attach: leg %u has no device; load a table that names it", leg);
		return -ENODEV;
	}
	spin_lock_irq(&m->lock);
	m->leg[leg].manual = false;
	m->leg[leg].outdated = false;
	spin_unlock_irq(&m->lock);
	mod_delayed_work(m->slow_wq, &m->probe_work, 0);
	return 0;
}

static int vmirror_message_resync(struct vmirror *m, const char *arg)
{
	bool pause = !strcasecmp(arg, "pause");

	if (!pause && strcasecmp(arg, "resume")) {
		vmirror_err(m, "resync: %s is not pause or resume", arg);
		return -EINVAL;
	}
	WRITE_ONCE(m->paused, pause);
	vmirror_resync_start(m);
	return 0;
}

static int vmirror_message_stats(struct vmirror *m, char *result, unsigned int maxlen)
{
	unsigned int sz = 0, leg;

	DMEMIT("marked=%llu cleaned=%llu metadata_blocks=%llu degraded=%llu resync_errors=%llu",
	       m->new_marks, m->cleaned, m->meta_writes, m->degrades, m->resync_errors);
	for (leg = 0; leg < VMIRROR_LEGS; leg++)
		DMEMIT(" leg%u_read_errors=%llu leg%u_write_errors=%llu", leg,
		       (u64)atomic64_read(&m->leg[leg].read_errors), leg,
		       (u64)atomic64_read(&m->leg[leg].write_errors));
	return 1;
}

static int vmirror_message(struct dm_target *ti, unsigned int argc, char **argv, char *result,
			   unsigned int maxlen)
{
	struct vmirror *m = ti->private;

	if (m->state == VMIRROR_INIT)
		return -EBUSY;
	if (argc == 2 && !strcasecmp(argv[0], "fail"))
		return vmirror_message_fail(m, argv[1]);
	if ((argc == 1 || argc == 2) && !strcasecmp(argv[0], "attach"))
		return vmirror_message_attach(m, argc == 2 ? argv[1] : NULL);
	if (argc == 2 && !strcasecmp(argv[0], "resync"))
		return vmirror_message_resync(m, argv[1]);
	if (argc == 1 && !strcasecmp(argv[0], "stats"))
		return vmirror_message_stats(m, result, maxlen);
	vmirror_err(m, "unknown message %s", argv[0]);
	return -EINVAL;
}

static int vmirror_iterate_devices(struct dm_target *ti, iterate_devices_callout_fn fn, void *data)
{
	struct vmirror *m = ti->private;
	unsigned int leg;
	int r = 0;

	for (leg = 0; !r && leg < VMIRROR_LEGS; leg++)
		if (m->leg[leg].dev)
			r = fn(ti, m->leg[leg].dev, VMIRROR_DATA_OFFSET, ti->len, data);
	return r;
}

static void vmirror_io_hints(struct dm_target *ti, struct queue_limits *limits)
{
	/* A page that changes in flight would make the legs differ. */
	limits_stable_writes(limits);
	/* Who polled for a bio would go on while it is aimed at the other leg. */
	limits_not_polled(limits);
}

static struct target_type vmirror_target = {
	.name		 = "vmirror",
	.version	 = { 1, 0, 0 },
	.module		 = THIS_MODULE,
	.ctr		 = vmirror_ctr,
	.dtr		 = vmirror_dtr,
	.map		 = vmirror_map,
	.end_io		 = vmirror_end_io,
	.preresume	 = vmirror_preresume,
	.resume		 = vmirror_resume,
	.presuspend	 = vmirror_presuspend,
	.postsuspend	 = vmirror_postsuspend,
	.status		 = vmirror_status,
	.message	 = vmirror_message,
	.iterate_devices = vmirror_iterate_devices,
	.io_hints	 = vmirror_io_hints,
};

static int __init vmirror_init(void)
{
	return dm_register_target(&vmirror_target);
}

static void __exit vmirror_exit(void)
{
	dm_unregister_target(&vmirror_target);
}

module_init(vmirror_init);
module_exit(vmirror_exit);

MODULE_DESCRIPTION("device-mapper mirror of two legs for virtual I/O servers");
MODULE_LICENSE("GPL");
