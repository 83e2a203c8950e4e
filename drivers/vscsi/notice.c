// SPDX-License-Identifier: GPL-2.0
/*
 * Unit attentions that leave a LUN the same, but not what may be done with it: its
 * access state, persistent reservations. They come with the sense data of a command;
 * a client that sends none is told by an event.
 *
 * An event says that there is one, and we say so: by a uevent of the SCSI device,
 * SDEV_UA=..., as the midlayer's own are, and an event of vpart. The unit attention
 * itself stays for the next command: it may be one of a guest or a program that has the
 * device for itself (SG_IO), to whom the midlayer's own handling is of no use. When it
 * comes, it is not said again. The server is believed: all that comes of it is words.
 *
 * But a changed access state is the device handler's to know, which learns it in no
 * other way: there we send a TEST UNIT READY, which brings the unit attention to
 * the midlayer and its handler. If it brings none, another command had it, or it was
 * lost behind an older one, for LIO reports the first and forgets the others; then
 * the device is looked at anew.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kobject.h>

#include "host.h"

#define VSCSI_ATTEND_PAUSE	(HZ / 10)	/* the least between two rounds */
#define VSCSI_ATTEND_MOST	(5 * HZ)	/* of a server that tells without end */
#define VSCSI_ATTEND_SHARE	8	/* of so many parts of the time, they take one */
#define VSCSI_TUR_LIMIT		(30 * HZ)

/*
 * vscsi_host.attention: what an event said, what came with a command, and what was said
 * already and has not come. Any unit attention of a LUN ends the last: behind it LIO has
 * forgotten the others.
 */
#define VSCSI_SAID		GENMASK(VSCSI_ATTENTIONS - 1, 0)
#define VSCSI_CAME		(VSCSI_SAID << VSCSI_ATTENTIONS)
#define VSCSI_OPEN_SHIFT	(2 * VSCSI_ATTENTIONS)
#define VSCSI_OPEN		(VSCSI_SAID << VSCSI_OPEN_SHIFT)

static const struct {
	const char *env;
	const char *text;
} vscsi_words[VSCSI_ATTENTIONS] = {
	[VSCSI_RESERVATIONS_PREEMPTED] = {
		"SDEV_UA=RESERVATIONS_PREEMPTED", "reservations preempted",
	},
	[VSCSI_RESERVATIONS_RELEASED] = {
		"SDEV_UA=RESERVATIONS_RELEASED", "reservations released",
	},
	[VSCSI_REGISTRATIONS_PREEMPTED] = {
		"SDEV_UA=REGISTRATIONS_PREEMPTED", "registrations preempted",
	},
	[VSCSI_ACCESS_STATE_CHANGED] = {
		"SDEV_UA=ASYMMETRIC_ACCESS_STATE_CHANGED", "access state changed",
	},
};

/**
 * vscsi_attend_soon() - see to what there is, if there is a link
 * @h: host
 *
 * Context: any.
 */
void vscsi_attend_soon(struct vscsi_host *h)
{
	if (READ_ONCE(h->state) == VSCSI_UP && !xa_empty(&h->attention))
		queue_delayed_work(vscsi_scan_wq, &h->attend,
				   vscsi_pace_delay(&h->attend_pace, jiffies));
}

/**
 * vscsi_notice() - a unit attention, or an event that tells of one
 * @h: host
 * @lun: below VSCSI_MAX_LUN
 * @what: which
 * @came: with a command
 *
 * As many at a time are kept as there are kinds, of each LUN that is a disk.
 *
 * Context: any.
 */
void vscsi_notice(struct vscsi_host *h, u64 lun, enum vscsi_attention what, bool came)
{
	unsigned long flags, is;
	void *old;

	if (!xa_load(&h->lus, lun))
		return;
	xa_lock_irqsave(&h->attention, flags);
	is = xa_to_value(xa_load(&h->attention, lun));
	if (!came)
		is |= BIT(what);
	else if (!(is & BIT(what + VSCSI_OPEN_SHIFT)))
		is |= BIT(what + VSCSI_ATTENTIONS);
	if (came)
		is &= ~VSCSI_OPEN;
	old = __xa_store(&h->attention, lun, xa_mk_value(is), GFP_ATOMIC);
	xa_unlock_irqrestore(&h->attention, flags);
	if (xa_is_err(old) && __ratelimit(&h->event_log))
		shost_printk(KERN_NOTICE, h->shost, "%s: LUN %llu: no memory to say: %s\n",
			     h->a->name, lun, vscsi_words[what].text);
	vscsi_attend_soon(h);
}

static void vscsi_notice_put(struct vscsi_host *h, unsigned long lun, unsigned long is)
{
	/* In the place of something: that needs no memory. */
	if (is)
		__xa_store(&h->attention, lun, xa_mk_value(is), GFP_ATOMIC);
	else
		__xa_erase(&h->attention, lun);
}

/* What there is of @mask for a LUN; from here on it is there no longer. */
static unsigned long vscsi_noticed(struct vscsi_host *h, unsigned long lun, unsigned long mask)
{
	unsigned long is, flags;

	xa_lock_irqsave(&h->attention, flags);
	is = xa_to_value(xa_load(&h->attention, lun));
	vscsi_notice_put(h, lun, is & ~mask);
	xa_unlock_irqrestore(&h->attention, flags);
	return is & mask;
}

/* What is to be said of a LUN; from here on that is open, unless it has come. */
static unsigned long vscsi_notice_take(struct vscsi_host *h, unsigned long lun)
{
	unsigned long is, open;

	xa_lock_irq(&h->attention);
	is = xa_to_value(xa_load(&h->attention, lun));
	open = is & VSCSI_SAID & ~(is >> VSCSI_ATTENTIONS) & ~BIT(VSCSI_ACCESS_STATE_CHANGED);
	vscsi_notice_put(h, lun, (is & VSCSI_OPEN) | open << VSCSI_OPEN_SHIFT);
	xa_unlock_irq(&h->attention);
	return is & (VSCSI_SAID | VSCSI_CAME);
}

/**
 * vscsi_notice_other() - a unit attention of another kind came with a command
 * @h: host
 * @lun: whose
 *
 * Context: any.
 */
void vscsi_notice_other(struct vscsi_host *h, u64 lun)
{
	if (xa_load(&h->attention, lun))
		vscsi_noticed(h, lun, VSCSI_OPEN);
}

/**
 * vscsi_notice_login() - what was said is said again by a new session's server
 * @h: host
 *
 * Context: any.
 */
void vscsi_notice_login(struct vscsi_host *h)
{
	unsigned long lun;
	void *entry;

	xa_for_each(&h->attention, lun, entry)
		vscsi_noticed(h, lun, VSCSI_OPEN);
}

/* Is it not known yet whether it is the LU that was scanned? Then the event stays. */
static bool vscsi_attend_later(enum vscsi_lu_state state)
{
	return state == VSCSI_LU_OLD || state == VSCSI_LU_SILENT;
}

/* @came: the midlayer has had it */
static void vscsi_say(struct vscsi_host *h, struct scsi_device *sdev,
		      enum vscsi_attention what, bool came)
{
	char *env[2] = {};

	if (what != VSCSI_ACCESS_STATE_CHANGED) {
		env[0] = (char *)vscsi_words[what].env;
		kobject_uevent_env(&sdev->sdev_gendev.kobj, KOBJ_CHANGE, env);
	} else if (!came) {
		/* The midlayer takes over what it reads; we see whether that is of the same. */
		vscsi_rescan_lun(h, sdev->lun);
		sdev_evt_send_simple(sdev, SDEV_EVT_ALUA_STATE_CHANGE_REPORTED, GFP_KERNEL);
		scsi_rescan_device(sdev);
	}
	vpart_notify(VPART_OBJECT_LU, sdev->lun, h->a->name, VPART_EVENT_TYPE_CHANGE,
		     "LUN %llu: %s", sdev->lun, vscsi_words[what].text);
}

static void vscsi_attend_lun(struct vscsi_host *h, struct scsi_device *sdev)
{
	unsigned long said, came, all, what;
	struct scsi_sense_hdr sshdr;

	all = vscsi_notice_take(h, sdev->lun);
	said = all & VSCSI_SAID;
	came = all & VSCSI_CAME;
	if (said & BIT(VSCSI_ACCESS_STATE_CHANGED)) {
		/* Whatever it answers: vscsi_unit_attention() sees it. */
		scsi_test_unit_ready(sdev, VSCSI_TUR_LIMIT, 1, &sshdr);
		came |= vscsi_noticed(h, sdev->lun, VSCSI_CAME);
	}
	came >>= VSCSI_ATTENTIONS;
	all = said | came;
	for_each_set_bit(what, &all, VSCSI_ATTENTIONS)
		vscsi_say(h, sdev, what, came & BIT(what));
}

/*
 * One LUN after the other: who does not answer has those behind it wait, as it does in
 * vscsi_scan(). A server that tells without end has us here in a part of the time only.
 */
static void vscsi_attend(struct work_struct *work)
{
	struct vscsi_host *h = container_of(work, struct vscsi_host, attend.work);
	unsigned long lun, start = jiffies;
	enum vscsi_lu_state state;
	struct scsi_device *sdev;
	void *entry;

	/* Asked for while the last one ran. */
	if (vscsi_pace_delay(&h->attend_pace, start)) {
		vscsi_attend_soon(h);
		return;
	}
	xa_for_each(&h->attention, lun, entry) {
		/* The rest when the link is back. */
		if (READ_ONCE(h->state) != VSCSI_UP)
			break;
		sdev = scsi_device_lookup(h->shost, 0, 0, lun);
		state = sdev ? vscsi_lu_state(h, sdev) : VSCSI_LU_NONE;
		/* One that is being scanned is nobody's disk yet. */
		if (state == VSCSI_LU_SAME && sdev->sdev_state == SDEV_RUNNING)
			vscsi_attend_lun(h, sdev);
		else if (!vscsi_attend_later(state))
			vscsi_noticed(h, lun, VSCSI_SAID | VSCSI_CAME | VSCSI_OPEN);
		if (sdev)
			scsi_device_put(sdev);
	}
	vscsi_pace_done(&h->attend_pace, start, jiffies, VSCSI_ATTEND_SHARE, VSCSI_ATTEND_PAUSE,
			VSCSI_ATTEND_MOST);
}

/**
 * vscsi_notice_init() - before there is a link
 * @h: host
 */
void vscsi_notice_init(struct vscsi_host *h)
{
	xa_init_flags(&h->attention, XA_FLAGS_LOCK_IRQ);
	INIT_DELAYED_WORK(&h->attend, vscsi_attend);
	h->attend_pace.at = jiffies;
	ratelimit_state_init(&h->event_log, 5 * HZ, 5);
}

/**
 * vscsi_notice_exit() - the link has gone for good
 * @h: host
 */
void vscsi_notice_exit(struct vscsi_host *h)
{
	cancel_delayed_work_sync(&h->attend);
	xa_destroy(&h->attention);
}
