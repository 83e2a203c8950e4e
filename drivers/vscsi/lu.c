// SPDX-License-Identifier: GPL-2.0
/*
 * Which LU a number leads to. Numbers are the server's, who may give one to another LU
 * while the link is down, or say nothing of it. So a device has a name of its own: the
 * NAA name of the LU that it was made for, asked for before it is anybody's disk. With
 * each session it is compared anew, in whatever state the midlayer has the device, and
 * until then no command passes:
 *
 *	sdev_init()	passes = epoch		commands of the scan
 *	identify()	known, name		in that same epoch, or it is no disk
 *	up()		host.epoch + 1		none passes
 *	check		compared: passes = epoch of the question
 *
 * The epoch is read before the question. If it is the host's when a command comes, the
 * answer was of the same one.
 *
 * Within a session a number may be given to another LU, too, while commands are on their
 * way. So the answer comes with a mark, which each command says from then on, and of
 * which the server refuses those that are not meant for the LU that is there:
 *
 *	3f/0e, mark	passes = 0		none passes, what was refused is held
 *	anew		compared: as check
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>

#include "host.h"

#define VSCSI_IDENTIFY_TRIES	3
#define VSCSI_IDENTIFY_PAUSE_MS	100	/* between two of them */

/**
 * vscsi_lu_state() - of a device that may be about to come or to go
 * @h: host
 * @sdev: device that the caller has a reference to: what a list of them leads to
 *
 * The midlayer lists a device before it has a vscsi_lu, and takes that away while others
 * have references still, at a person's wish at any time.
 *
 * Context: any, no lock held.
 * Return: its state; %VSCSI_LU_NONE: it has none.
 */
enum vscsi_lu_state vscsi_lu_state(struct vscsi_host *h, struct scsi_device *sdev)
{
	enum vscsi_lu_state state = VSCSI_LU_NONE;
	const struct vscsi_lu *lu;
	unsigned long flags;

	spin_lock_irqsave(&h->lock, flags);
	lu = sdev->hostdata;
	if (lu)
		state = lu->state;
	if (state == VSCSI_LU_SAME && !vscsi_lu_passes(h, lu))
		state = VSCSI_LU_OLD;
	spin_unlock_irqrestore(&h->lock, flags);
	return state;
}

/**
 * vscsi_lu_set() - one that is not %VSCSI_LU_GONE has another state from here on
 * @h: host
 * @sdev: as above
 * @state: which
 * @epoch: read before the server was asked; of %VSCSI_LU_SAME alone, as is the mark that
 *	came with the answer
 *
 * Context: any, no lock held; host.inq.mutex held, so that two do not judge at once.
 * Return: what it was, %VSCSI_LU_SAME in whatever epoch.
 */
enum vscsi_lu_state vscsi_lu_set(struct vscsi_host *h, struct scsi_device *sdev,
				 enum vscsi_lu_state state, u32 epoch)
{
	enum vscsi_lu_state was = VSCSI_LU_NONE;
	struct vscsi_lu *lu;
	unsigned long flags;

	lockdep_assert_held(&h->inq.mutex);
	spin_lock_irqsave(&h->lock, flags);
	lu = sdev->hostdata;
	if (lu)
		was = lu->state;
	if (was != VSCSI_LU_NONE && was != VSCSI_LU_GONE) {
		WRITE_ONCE(lu->state, state);
		/* On another backstore: its size, its cache, all that it can do is read again. */
		if (state == VSCSI_LU_SAME && lu->mark != h->inq.mark)
			set_bit(sdev->lun, h->todo_lun[VSCSI_TODO_CAPACITY]);
		if (state == VSCSI_LU_SAME)
			WRITE_ONCE(lu->mark, h->inq.mark);
		WRITE_ONCE(lu->passes, state == VSCSI_LU_SAME ? epoch : 0);
		h->silent |= state == VSCSI_LU_SILENT;
	}
	spin_unlock_irqrestore(&h->lock, flags);
	return was;
}

/**
 * vscsi_lu_stop() - the server has said that another LU is there than a command meant
 * @h: host
 * @sdev: the command's device
 * @mark: of the LU that is there
 *
 * It passes no command until it was compared. Not one that is being scanned: without a
 * mark, its commands are for whichever is there; identify() decides.
 *
 * Context: any, no lock held.
 * Return: false if it is known already, or nothing passes.
 */
bool vscsi_lu_stop(struct vscsi_host *h, struct scsi_device *sdev, u32 mark)
{
	unsigned long flags;
	struct vscsi_lu *lu;
	bool stop;

	spin_lock_irqsave(&h->lock, flags);
	lu = sdev->hostdata;
	stop = lu && lu->known && lu->state == VSCSI_LU_SAME && lu->mark != mark;
	if (stop)
		WRITE_ONCE(lu->passes, 0);
	spin_unlock_irqrestore(&h->lock, flags);
	return stop;
}

/**
 * vscsi_lu_next() - walk all devices that have a vscsi_lu
 * @h: host
 * @lun: the first number to look for; becomes that behind the one found
 *
 * Those too that the midlayer gives nobody a reference to any more: while a disk is being
 * removed its last commands are on their way, and may be held.
 *
 * Context: process.
 * Return: a device, for put_device(&sdev->sdev_gendev), or NULL: there are no more.
 */
struct scsi_device *vscsi_lu_next(struct vscsi_host *h, unsigned long *lun)
{
	struct scsi_device *sdev;

	xa_lock_irq(&h->lus);
	sdev = xa_find(&h->lus, lun, ULONG_MAX, XA_PRESENT);
	if (sdev)
		get_device(&sdev->sdev_gendev);
	xa_unlock_irq(&h->lus);
	++*lun;
	return sdev;
}

/* Its name now. 0 or an errno: unknown. */
static int vscsi_ask_name(struct vscsi_host *h, const struct scsi_lun *lun,
			  struct vscsi_name *name)
{
	int ret = vscsi_inquiry(h, lun, 0x83);

	memset(name, 0, sizeof(*name));
	if (ret == -EOPNOTSUPP)
		return 0;	/* that is one, too */
	if (!ret)
		vscsi_get_name(h->inq.data, sizeof(h->inq.data), name);
	return ret;
}

/**
 * vscsi_lu_name() - what a LU was called when it was scanned
 * @h: host
 * @sdev: device that the caller has a reference to
 * @name: gets it
 *
 * Context: any, no lock held.
 * Return: false: it was not asked yet, so it is nobody's disk, or it is none any more.
 */
bool vscsi_lu_name(struct vscsi_host *h, struct scsi_device *sdev, struct vscsi_name *name)
{
	const struct vscsi_lu *lu;
	unsigned long flags;
	bool known;

	spin_lock_irqsave(&h->lock, flags);
	lu = sdev->hostdata;
	known = lu && lu->known;
	if (known)
		*name = lu->name;
	spin_unlock_irqrestore(&h->lock, flags);
	return known;
}

/**
 * vscsi_lu_compare() - does its number lead to the LU that was scanned?
 * @h: host
 * @sdev: device
 * @was: its name then
 * @why: gets NULL if so, else why not
 *
 * If so, host.inq.mark is that of the LU.
 *
 * Context: process, host.inq.mutex held; bounded.
 * Return: 0 or an errno: unknown.
 */
int vscsi_lu_compare(struct vscsi_host *h, struct scsi_device *sdev,
		     const struct vscsi_name *was, const char **why)
{
	struct vscsi_name now;
	struct scsi_lun lun;
	u32 mark;
	int ret;

	*why = NULL;
	int_to_scsilun(sdev->lun, &lun);
	ret = vscsi_inquiry(h, &lun, 0);
	if (!ret && h->inq.data[0] >> 5)
		ret = -ENODEV;
	mark = h->inq.mark;
	if (!ret)
		ret = vscsi_ask_name(h, &lun, &now);
	/* Two were asked. */
	if (!ret && h->inq.mark != mark)
		ret = -EAGAIN;
	if (!ret && !vscsi_same_name(was, &now))
		*why = "is another disk now";
	if (ret != -ENODEV)
		return ret;
	*why = "was removed by the server";
	return 0;
}

/**
 * vscsi_lu_identify() - ask a LUN that is being scanned for its name, once and for all
 * @h: host
 * @sdev: device that the midlayer has just found
 *
 * Who does not say it is no disk, yet; it is looked for again.
 *
 * Context: process, the midlayer's scan_mutex held; bounded.
 * Return: 0 or -ENXIO.
 */
int vscsi_lu_identify(struct vscsi_host *h, struct scsi_device *sdev)
{
	struct vscsi_lu *lu = sdev->hostdata;
	u32 epoch = READ_ONCE(lu->passes);
	struct vscsi_name name;
	unsigned int tries = 0;
	bool known;
	int ret;

	mutex_lock(&h->inq.mutex);
	ret = vscsi_ask_name(h, &lu->lun, &name);
	while (ret && ret != -ENODEV && vscsi_same_link(h, epoch) &&
	       ++tries < VSCSI_IDENTIFY_TRIES) {
		msleep(VSCSI_IDENTIFY_PAUSE_MS);
		ret = vscsi_ask_name(h, &lu->lun, &name);
	}
	spin_lock_irq(&h->lock);
	/* In another session the scan may have found another LU. */
	known = !ret && vscsi_lu_passes(h, lu);
	if (known) {
		lu->name = name;
		lu->mark = h->inq.mark;
		lu->known = true;
	}
	spin_unlock_irq(&h->lock);
	mutex_unlock(&h->inq.mutex);
	if (known)
		return 0;
	if (vscsi_same_link(h, epoch)) {
		if (__ratelimit(&h->lu_log))
			sdev_printk(KERN_NOTICE, sdev,
				    "%s: LUN %llu does not say which disk it is (%d): it is none yet\n",
				    h->a->name, sdev->lun, ret);
		vscsi_scan_later(h);
	}
	return -ENXIO;
}

/**
 * vscsi_sdev_init() - a LUN that is scanned
 * @sdev: device
 *
 * Return: 0; -ENXIO: its number is too large, or there is one; -ENOMEM.
 */
int vscsi_sdev_init(struct scsi_device *sdev)
{
	struct vscsi_host *h = vscsi_shost(sdev->host);
	struct vscsi_lu *lu;
	int ret;

	/* The midlayer's own limit lets one more pass. */
	if (sdev->lun >= VSCSI_MAX_LUN)
		return -ENXIO;
	lu = kzalloc(sizeof(*lu), GFP_KERNEL);
	if (!lu)
		return -ENOMEM;
	int_to_scsilun(sdev->lun, &lu->lun);
	ret = xa_insert_irq(&h->lus, sdev->lun, sdev, GFP_KERNEL);
	if (ret)
		goto free_lu;
	spin_lock_irq(&h->lock);
	if (h->state == VSCSI_UP)
		lu->passes = h->epoch;
	sdev->hostdata = lu;
	spin_unlock_irq(&h->lock);
	return 0;

free_lu:
	kfree(lu);
	return ret == -EBUSY ? -ENXIO : ret;
}

/**
 * vscsi_sdev_destroy() - the reverse
 * @sdev: device without a queue; the works that look at LUNs may have it still
 */
void vscsi_sdev_destroy(struct scsi_device *sdev)
{
	struct vscsi_host *h = vscsi_shost(sdev->host);
	struct vscsi_lu *lu = sdev->hostdata;

	if (!lu)
		return;
	xa_erase_irq(&h->lus, sdev->lun);
	spin_lock_irq(&h->lock);
	sdev->hostdata = NULL;
	spin_unlock_irq(&h->lock);
	kfree(lu);
}
