// SPDX-License-Identifier: GPL-2.0
/*
 * Which LUNs there are. Two works: "check" runs when the link returned, before
 * any held command is sent, and only looks; "scan" adds, removes and resizes.
 * They are apart because a scan may itself wait for the link.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <scsi/scsi_eh.h>

#include "host.h"

#define VSCSI_CHECK_TRIES	3	/* per LUN, while the link is there */
#define VSCSI_CHECK_PAUSE_MS	100	/* between two of them */
#define VSCSI_AGAIN_MS		1000	/* until a silent one is asked again */
#define VSCSI_LOOK_SHARE	8	/* of so many parts of the time, such a look takes one */
#define VSCSI_SCAN_PAUSE	(HZ / 50)	/* the least between any two looks */

/* Additional sense: asc << 8 | ascq */
#define VSCSI_ASC_CAPACITY_CHANGED	0x2a09
#define VSCSI_ASC_LUNS_CHANGED		0x3f0e

/**
 * vscsi_rescan() - look at the LUNs soon
 * @h: host
 * @todo: mask of VSCSI_TODO_*
 *
 * Whatever the server says, no more than half of the time is spent on it.
 *
 * Context: any.
 */
void vscsi_rescan(struct vscsi_host *h, unsigned int todo)
{
	unsigned int i;

	for (i = 0; i < VSCSI_TODOS; i++)
		if (todo & BIT(i))
			set_bit(i, &h->todo);
	if (READ_ONCE(h->state) == VSCSI_UP)
		mod_delayed_work(vscsi_scan_wq, &h->scan,
				 vscsi_pace_delay(&h->scan_pace, jiffies));
}

/**
 * vscsi_rescan_lun() - look soon whether a LUN is there, and the one that it was
 * @h: host
 * @lun: which, below VSCSI_MAX_LUN
 *
 * Context: any.
 */
void vscsi_rescan_lun(struct vscsi_host *h, u64 lun)
{
	set_bit(lun, h->todo_lun[VSCSI_TODO_LUNS]);
	vscsi_rescan(h, 0);
}

/*
 * What an event or a unit attention is about. If it names the LUN, that one is
 * looked at and no other: a server that gets n of them says so of each. Is it
 * about anything that is looked at?
 */
static bool vscsi_changed(struct vscsi_host *h, u64 lun, u16 asc)
{
	unsigned int todo;

	if (asc == VSCSI_ASC_LUNS_CHANGED)
		todo = VSCSI_TODO_LUNS;
	else if (asc == VSCSI_ASC_CAPACITY_CHANGED)
		todo = VSCSI_TODO_CAPACITY;
	else
		return false;
	if (lun < VSCSI_MAX_LUN)
		set_bit(lun, h->todo_lun[todo]);
	vscsi_rescan(h, lun < VSCSI_MAX_LUN ? 0 : BIT(todo));
	return true;
}

static void vscsi_look(struct work_struct *work)
{
	struct vscsi_host *h = container_of(work, struct vscsi_host, look.work);

	vscsi_rescan(h, BIT(VSCSI_TODO_LUNS));
}

/*
 * Each LUN says once that there is another one, and does not say which. An event
 * has, so there is no hurry: with many LUNs that come one by one, and I/O on all of
 * them, looking must not be all that is done.
 */
static void vscsi_look_soon(struct vscsi_host *h)
{
	unsigned long at = READ_ONCE(h->looked) + VSCSI_LOOK_SHARE * READ_ONCE(h->look_took);

	queue_delayed_work(vscsi_scan_wq, &h->look,
			   time_before(jiffies, at) ? at - jiffies : 0);
}

/**
 * vscsi_scan_later() - a LUN that was found could not be taken: look for it again
 * @h: host
 *
 * Context: any.
 */
void vscsi_scan_later(struct vscsi_host *h)
{
	queue_delayed_work(vscsi_scan_wq, &h->again, msecs_to_jiffies(VSCSI_AGAIN_MS));
}

/**
 * vscsi_unit_attention() - look at sense data for what concerns LUNs
 * @h: host
 * @sdev: whose it is
 * @sense: sense data
 * @len: bytes there
 *
 * Context: any, before the midlayer has the command, which it may send again.
 */
void vscsi_unit_attention(struct vscsi_host *h, struct scsi_device *sdev, const u8 *sense, u8 len)
{
	struct scsi_sense_hdr sshdr;
	u64 lun = sdev->lun, mark;
	u16 asc;

	if (!scsi_normalize_sense(sense, len, &sshdr) || sshdr.sense_key != UNIT_ATTENTION)
		return;
	asc = sshdr.asc << 8 | sshdr.ascq;
	if (vscsi_attention(asc) >= 0) {
		vscsi_notice(h, lun, vscsi_attention(asc), true);
		return;
	}
	vscsi_notice_other(h, lun);
	if (asc != VSCSI_ASC_LUNS_CHANGED)
		vscsi_changed(h, lun, asc);
	else if (!scsi_get_sense_info_fld(sense, len, &mark))
		vscsi_look_soon(h);
	else if (vscsi_lu_stop(h, sdev, mark))
		queue_work(vscsi_wq, &h->anew);
}

/**
 * vscsi_event() - the server says that something changed
 * @a: adapter
 * @seq: its number
 * @iu: event IU
 * @len: bytes there
 *
 * A hint: what it says is asked for. One that is not known is a later version's.
 */
void vscsi_event(struct vpart_adapter *a, u64 seq, const void *iu, u16 len)
{
	struct vscsi_host *h = vpart_get_drvdata(a);
	u64 lun;
	u16 asc;

	if (vscsi_get_aer(iu, len, &lun, &asc)) {
		atomic_inc(&h->bad);
		return;
	}
	if (lun < VSCSI_MAX_LUN && vscsi_attention(asc) >= 0)
		vscsi_notice(h, lun, vscsi_attention(asc), false);
	else if (!vscsi_changed(h, lun, asc) && __ratelimit(&h->event_log))
		shost_printk(KERN_NOTICE, h->shost,
			     "%s: an event of LUN %llu, sense %02x/%02x, is of no use here\n",
			     a->name, lun, asc >> 8, asc & 0xff);
}

/**
 * vscsi_event_lost() - it said something that did not arrive
 * @a: adapter
 */
void vscsi_event_lost(struct vpart_adapter *a)
{
	struct vscsi_host *h = vpart_get_drvdata(a);

	atomic_inc(&h->event_losses);
	vscsi_rescan(h, BIT(VSCSI_TODO_LUNS) | BIT(VSCSI_TODO_CAPACITY));
}

/**
 * vscsi_same_link() - is the link still the one that was asked?
 * @h: host
 * @epoch: its epoch then
 *
 * Context: any.
 * Return: true if so, and it is there.
 */
bool vscsi_same_link(struct vscsi_host *h, u32 epoch)
{
	enum vscsi_state state = READ_ONCE(h->state);

	return (state == VSCSI_CHECK || state == VSCSI_UP) && READ_ONCE(h->epoch) == epoch;
}

/* And do all commands wait for the check? */
static bool vscsi_checking(struct vscsi_host *h, u32 epoch)
{
	return READ_ONCE(h->state) == VSCSI_CHECK && READ_ONCE(h->epoch) == epoch;
}

/*
 * It does not say which disk it is: it may be anybody, and gets no command. For
 * the client its path is lost, with the time-outs of that.
 */
static void vscsi_lu_silent(struct vscsi_host *h, struct scsi_device *sdev)
{
	if (vscsi_lu_set(h, sdev, VSCSI_LU_SILENT, 0) == VSCSI_LU_SAME && __ratelimit(&h->lu_log))
		sdev_printk(KERN_NOTICE, sdev,
			    "%s: LUN %llu does not say which disk it is: its commands wait for that\n",
			    h->a->name, sdev->lun);
}

/* It does, and is the one that was known. */
static void vscsi_lu_same(struct vscsi_host *h, struct scsi_device *sdev, u32 epoch)
{
	if (vscsi_lu_set(h, sdev, VSCSI_LU_SAME, epoch) != VSCSI_LU_SILENT)
		return;
	if (__ratelimit(&h->lu_log))
		sdev_printk(KERN_NOTICE, sdev, "%s: LUN %llu is the same disk\n", h->a->name,
			    sdev->lun);
	queue_work(vscsi_wq, &h->resume);
	set_bit(VSCSI_TODO_CAPACITY, &h->todo);
	vscsi_attend_soon(h);
}

/*
 * Is the LUN still there, and the same one? If not, all its commands fail from
 * here on and the scan removes it: a number that is used again must not lead to
 * another disk. What the midlayer thinks of the device does not matter: one that is
 * offline, blocked or about to go may have commands that are held. A link that went
 * says nothing. Who does not answer while the link is there is asked again until
 * dev_loss_tmo is over. Where there is no such thing, in one kernel, one that does not
 * answer after the link's return is removed; one that was stopped while the link was up
 * is not: it is asked again, for ever, and fails what is sent to it meanwhile.
 */
static void vscsi_check_lu(struct vscsi_host *h, struct scsi_device *sdev)
{
	u32 epoch = READ_ONCE(h->epoch);
	enum vscsi_lu_state was = vscsi_lu_state(h, sdev);
	unsigned int tries = was == VSCSI_LU_SILENT ? VSCSI_CHECK_TRIES - 1 : 0;
	struct vscsi_name name;
	const char *why;
	int ret;

	if (was == VSCSI_LU_NONE || was == VSCSI_LU_GONE || !vscsi_lu_name(h, sdev, &name))
		return;
	ret = vscsi_lu_compare(h, sdev, &name, &why);
	while (ret && vscsi_same_link(h, epoch) && ++tries < VSCSI_CHECK_TRIES) {
		msleep(VSCSI_CHECK_PAUSE_MS);
		ret = vscsi_lu_compare(h, sdev, &name, &why);
	}
	if (ret && vscsi_same_link(h, epoch) &&
	    (was != VSCSI_LU_SAME || vscsi_checking(h, epoch))) {
		/* Stopped while the link was up: no clock runs for it yet. */
		if (was == VSCSI_LU_OLD)
			vscsi_clocks_silent(h);
		if ((h->rport || !vscsi_checking(h, epoch)) && !vscsi_dev_lost(h)) {
			vscsi_lu_silent(h, sdev);
			/* The clocks may be over: those of another one, that ran before. */
			vscsi_fail_held(h, sdev, DID_OK);
			return;
		}
		why = "does not say which disk it is";
	}
	if (!ret && !why)
		vscsi_lu_same(h, sdev, epoch);
	if (!why)
		return;
	sdev_printk(KERN_NOTICE, sdev, "%s: LUN %llu %s\n", h->a->name, sdev->lun, why);
	vscsi_lu_set(h, sdev, VSCSI_LU_GONE, 0);
	vscsi_fail_held(h, sdev, DID_NO_CONNECT);
}

/*
 * LUNs that were stopped. Not by a scan, which may wait for a command of one of them. Of
 * one that passes again, because another had asked before, commands may be held yet.
 */
static void vscsi_anew(struct work_struct *work)
{
	struct vscsi_host *h = container_of(work, struct vscsi_host, anew);
	struct scsi_device *sdev;
	unsigned long lun = 0;

	mutex_lock(&h->inq.mutex);
	while (READ_ONCE(h->state) == VSCSI_UP && (sdev = vscsi_lu_next(h, &lun))) {
		if (vscsi_lu_state(h, sdev) == VSCSI_LU_OLD) {
			vscsi_check_lu(h, sdev);
			if (vscsi_lu_state(h, sdev) == VSCSI_LU_GONE)
				vscsi_rescan_lun(h, sdev->lun);
		}
		put_device(&sdev->sdev_gendev);
	}
	mutex_unlock(&h->inq.mutex);
	queue_work(vscsi_wq, &h->resume);
	/* What was left until it is known: to be said, and to be read again. */
	vscsi_attend_soon(h);
	vscsi_rescan(h, 0);
}

static void vscsi_check_all(struct vscsi_host *h)
{
	struct scsi_device *sdev;
	unsigned long lun = 0;

	mutex_lock(&h->inq.mutex);
	while ((sdev = vscsi_lu_next(h, &lun))) {
		vscsi_check_lu(h, sdev);
		put_device(&sdev->sdev_gendev);
	}
	mutex_unlock(&h->inq.mutex);
}

/* The link is up: are the LUNs the ones that we knew? */
static void vscsi_check(struct work_struct *work)
{
	struct vscsi_host *h = container_of(work, struct vscsi_host, check);
	u32 epoch = READ_ONCE(h->epoch);

	vscsi_check_all(h);
	vscsi_set_up(h, epoch);
}

static void vscsi_remove_gone(struct vscsi_host *h)
{
	struct scsi_device *sdev;

	shost_for_each_device(sdev, h->shost)
		if (vscsi_lu_state(h, sdev) == VSCSI_LU_GONE)
			scsi_remove_device(sdev);
}

/* Any LUN that is silent, or number 0, of which the others are asked */
static bool vscsi_any_silent(struct vscsi_host *h, bool zero)
{
	struct scsi_device *sdev;
	unsigned long lun = 0;
	bool any = false;

	while ((sdev = vscsi_lu_next(h, &lun))) {
		any |= vscsi_lu_state(h, sdev) == VSCSI_LU_SILENT && (!zero || !sdev->lun);
		put_device(&sdev->sdev_gendev);
	}
	return any;
}

/* As long as there are silent LUNs, they are asked again, and the clocks run for them. */
static void vscsi_look_again(struct vscsi_host *h)
{
	unsigned long flags;
	bool any;

	/* vscsi_anew() may have started the clocks for one that is silent in a moment. */
	mutex_lock(&h->inq.mutex);
	any = vscsi_any_silent(h, false);
	spin_lock_irqsave(&h->lock, flags);
	/* Else the next check begins anew. */
	if (h->state == VSCSI_UP && h->silent != any) {
		h->silent = any;
		vscsi_clocks_stop(h);
	}
	spin_unlock_irqrestore(&h->lock, flags);
	mutex_unlock(&h->inq.mutex);
	if (any)
		queue_delayed_work(vscsi_scan_wq, &h->again, msecs_to_jiffies(VSCSI_AGAIN_MS));
}

static void vscsi_scan_again(struct work_struct *work)
{
	struct vscsi_host *h = container_of(work, struct vscsi_host, again.work);

	vscsi_rescan(h, BIT(VSCSI_TODO_LUNS));
}

/* All LUNs are looked at: those that were named, too. */
static void vscsi_unname(struct vscsi_host *h, unsigned int todo)
{
	unsigned long lun;

	for_each_set_bit(lun, h->todo_lun[todo], VSCSI_MAX_LUN)
		clear_bit(lun, h->todo_lun[todo]);
}

/* One that was named: is it there, and the one that it was? */
static void vscsi_scan_lun(struct vscsi_host *h, u64 lun)
{
	struct scsi_device *sdev = scsi_device_lookup(h->shost, 0, 0, lun);
	enum vscsi_lu_state state = VSCSI_LU_NONE;

	if (sdev) {
		mutex_lock(&h->inq.mutex);
		vscsi_check_lu(h, sdev);
		mutex_unlock(&h->inq.mutex);
		state = vscsi_lu_state(h, sdev);
		if (state == VSCSI_LU_GONE)
			scsi_remove_device(sdev);
		scsi_device_put(sdev);
	}
	if (state != VSCSI_LU_SILENT)
		scsi_scan_target(&h->shost->shost_gendev, 0, 0, lun, SCSI_SCAN_RESCAN);
}

static void vscsi_resize_lun(struct vscsi_host *h, u64 lun)
{
	struct scsi_device *sdev = scsi_device_lookup(h->shost, 0, 0, lun);
	enum vscsi_lu_state state;

	if (!sdev)
		return;
	mutex_lock(&h->inq.mutex);
	vscsi_check_lu(h, sdev);
	mutex_unlock(&h->inq.mutex);
	state = vscsi_lu_state(h, sdev);
	if (state == VSCSI_LU_GONE)
		vscsi_rescan_lun(h, lun);
	else if (state == VSCSI_LU_SAME)
		scsi_rescan_device(sdev);
	else if (state == VSCSI_LU_OLD)
		set_bit(lun, h->todo_lun[VSCSI_TODO_CAPACITY]);
	scsi_device_put(sdev);
}

/* One that is stopped is left for when it was compared. */
static void vscsi_resize_all(struct vscsi_host *h)
{
	enum vscsi_lu_state state;
	struct scsi_device *sdev;

	vscsi_unname(h, VSCSI_TODO_CAPACITY);
	shost_for_each_device(sdev, h->shost) {
		state = vscsi_lu_state(h, sdev);
		if (state == VSCSI_LU_SAME)
			scsi_rescan_device(sdev);
		else if (state == VSCSI_LU_OLD)
			set_bit(sdev->lun, h->todo_lun[VSCSI_TODO_CAPACITY]);
	}
}

/* Is it to be looked at, still? Those of a link that went are, with all others, in the next. */
static bool vscsi_take_todo(struct vscsi_host *h, unsigned int todo, unsigned long lun)
{
	return READ_ONCE(h->state) == VSCSI_UP && test_and_clear_bit(lun, h->todo_lun[todo]);
}

/* Make the SCSI devices follow the server's LUNs. */
static void vscsi_scan(struct work_struct *work)
{
	struct vscsi_host *h = container_of(work, struct vscsi_host, scan.work);
	unsigned long lun, start = jiffies;
	u32 epoch = READ_ONCE(h->epoch);
	bool all;

	/* Also when dev_loss_tmo is over. */
	vscsi_remove_gone(h);
	if (READ_ONCE(h->state) != VSCSI_UP)
		return;		/* vscsi_set_up() asks again */
	/* Asked for while the last one ran. */
	if (vscsi_pace_delay(&h->scan_pace, start)) {
		vscsi_rescan(h, 0);
		return;
	}
	all = test_and_clear_bit(VSCSI_TODO_LUNS, &h->todo);
	if (all) {
		vscsi_unname(h, VSCSI_TODO_LUNS);
		vscsi_check_all(h);
		vscsi_remove_gone(h);
		if (!vscsi_any_silent(h, true))
			scsi_scan_target(&h->shost->shost_gendev, 0, 0, SCAN_WILD_CARD,
					 SCSI_SCAN_RESCAN);
		WRITE_ONCE(h->looked, jiffies);
		WRITE_ONCE(h->look_took, jiffies - start);
	}
	for_each_set_bit(lun, h->todo_lun[VSCSI_TODO_LUNS], VSCSI_MAX_LUN)
		if (vscsi_take_todo(h, VSCSI_TODO_LUNS, lun))
			vscsi_scan_lun(h, lun);
	if (all || READ_ONCE(h->silent))
		vscsi_look_again(h);
	if (test_and_clear_bit(VSCSI_TODO_CAPACITY, &h->todo))
		vscsi_resize_all(h);
	for_each_set_bit(lun, h->todo_lun[VSCSI_TODO_CAPACITY], VSCSI_MAX_LUN)
		if (vscsi_take_todo(h, VSCSI_TODO_CAPACITY, lun))
			vscsi_resize_lun(h, lun);
	/* It may be the link that was waited for. */
	if (vscsi_same_link(h, epoch))
		vscsi_pace_done(&h->scan_pace, start, jiffies, 1, VSCSI_SCAN_PAUSE,
				VSCSI_SCAN_PAUSE);
}

/**
 * vscsi_scan_init() - before there is a link
 * @h: host
 */
void vscsi_scan_init(struct vscsi_host *h)
{
	xa_init_flags(&h->lus, XA_FLAGS_LOCK_IRQ);
	ratelimit_state_init(&h->lu_log, 5 * HZ, 20);
	INIT_WORK(&h->check, vscsi_check);
	INIT_WORK(&h->anew, vscsi_anew);
	INIT_DELAYED_WORK(&h->scan, vscsi_scan);
	INIT_DELAYED_WORK(&h->again, vscsi_scan_again);
	INIT_DELAYED_WORK(&h->look, vscsi_look);
	h->scan_pace.at = jiffies;
}

/**
 * vscsi_scan_exit() - the link has gone for good
 * @h: host that is GONE
 */
void vscsi_scan_exit(struct vscsi_host *h)
{
	cancel_work_sync(&h->check);
	cancel_delayed_work_sync(&h->look);
	cancel_delayed_work_sync(&h->scan);
	cancel_delayed_work_sync(&h->again);
}
