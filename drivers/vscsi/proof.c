// SPDX-License-Identifier: GPL-2.0
/*
 * What a server that was lost may still carry out (PROTOCOL V3, P14).
 *
 * A command that was sent over a link before it went down is open: the server may carry
 * it out at any later time, over newer data. It is open no longer, by proof of one of
 *
 *	a login		the server lets us in when nothing of the last session is left
 *	CLOSE_SESSION	another link to the same server's kernel says so: vpart_fence()
 *	a person's word	the server was switched off: "fenced" of the remote port
 *
 * Where no other link leads to the server nobody can give the second one. What becomes
 * of what is open then is a policy of the remote port, "unproven":
 *
 *	fail	the default: as if it were proven. Right for a server with a disk of its
 *		own, that of a mirror's leg for instance: what it carries out late is on a
 *		leg that was left, and is overwritten when it returns
 *	hold	for a disk that servers in two kernels have: what is open and changes the
 *		medium is failed by no clock. Its disks are not removed meanwhile, and a
 *		command that a living server does not end is waited for, not given up
 *		(late.c): another server would not hold back what comes later
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "host.h"

#define VSCSI_PROOF_PAUSE	(5 * HZ)	/* another link may lead to the server by then */

/**
 * vscsi_open() - may the server still carry a command out?
 * @h: host
 * @p: its PDU; the command is with us
 *
 * Context: any, host.lock held.
 */
bool vscsi_open(const struct vscsi_host *h, const struct vscsi_pdu *p)
{
	lockdep_assert_held(&h->lock);
	return p->unknown && p->epoch == h->epoch && !h->fenced && !(h->untold && !h->hold);
}

/* What the medium keeps of it. A command that is not known may do anything. */
static bool vscsi_changes(struct vscsi_pdu *p)
{
	return vscsi_touches(vscsi_pdu_cmnd(p)->cmnd[0]) == VSCSI_TOUCH_CHANGE;
}

/**
 * vscsi_may_land() - may a command of a lost link still change the medium?
 * @h: host
 * @p: its PDU; the command is with us
 *
 * Context: any, host.lock held.
 */
bool vscsi_may_land(const struct vscsi_host *h, struct vscsi_pdu *p)
{
	return vscsi_open(h, p) && vscsi_changes(p);
}

/**
 * vscsi_once_only() - is a command over that must not be sent again?
 * @h: host
 * @p: its PDU; the command is with us
 *
 * The server has had it, and has it no longer. It fails then, and not before: who gets it
 * back may send it over another path.
 *
 * Context: any, host.lock held.
 */
bool vscsi_once_only(const struct vscsi_host *h, struct vscsi_pdu *p)
{
	lockdep_assert_held(&h->lock);
	return p->unknown && !vscsi_open(h, p) &&
	       !vscsi_may_redrive(vscsi_pdu_cmnd(p)->cmnd);
}

/**
 * vscsi_must_prove() - must a command be held until it is open no longer?
 * @h: host
 * @p: its PDU; the command is with us
 *
 * Context: any, host.lock held.
 */
bool vscsi_must_prove(const struct vscsi_host *h, struct vscsi_pdu *p)
{
	const struct scsi_cmnd *sc = vscsi_pdu_cmnd(p);

	lockdep_assert_held(&h->lock);
	/* Of these the midlayer waits for the end, and nobody's data are in them. */
	if (sc->submitter == SUBMITTED_BY_SCSI_ERROR_HANDLER ||
	    sc->device->sdev_state == SDEV_CREATED)
		return false;
	return h->hold && h->state != VSCSI_GONE && vscsi_may_land(h, p);
}

/**
 * vscsi_unproven() - commands that are held for want of proof
 * @h: host
 *
 * Context: any, host.lock held.
 * Return: how many.
 */
unsigned int vscsi_unproven(struct vscsi_host *h)
{
	struct vscsi_pdu *p;
	unsigned int n = 0;

	lockdep_assert_held(&h->lock);
	if (h->hold)
		list_for_each_entry(p, &h->held, node)
			n += vscsi_must_prove(h, p);
	return n;
}

/**
 * vscsi_proof_say() - say that there are such commands
 * @h: host
 *
 * Once for each loss, when the path loss limit is over: before, the link may return.
 *
 * Context: process, no lock held.
 */
void vscsi_proof_say(struct vscsi_host *h)
{
	unsigned int n = 0;

	spin_lock_irq(&h->lock);
	if (h->overdue && !h->told)
		n = vscsi_unproven(h);
	h->told |= n;
	spin_unlock_irq(&h->lock);
	if (n)
		shost_printk(KERN_WARNING, h->shost,
			     "%s: %u commands are held: the server may still carry them out; when it is off: vpart adapter fenced %s\n",
			     h->a->name, n, h->a->name);
}

/**
 * vscsi_proof_drop() - the host goes, with what it holds
 * @h: host
 *
 * Context: process, no lock held.
 */
void vscsi_proof_drop(struct vscsi_host *h)
{
	unsigned int n;

	spin_lock_irq(&h->lock);
	n = vscsi_unproven(h);
	spin_unlock_irq(&h->lock);
	if (n)
		shost_printk(KERN_WARNING, h->shost,
			     "%s: removed with %u commands that its server may still carry out: they fail\n",
			     h->a->name, n);
}

/*
 * Each command that is held has a tag. If they had all of them, none could come that fails,
 * and who has another path would never hear that this one is lost. So the LUNs of a host that
 * holds have some tags less while the link is up.
 */
#define VSCSI_PROOF_SPARE	8

static void vscsi_proof_depth(struct vscsi_host *h, bool up)
{
	struct scsi_device *sdev;
	unsigned int n = 0;
	int depth = h->shost->can_queue;

	shost_for_each_device(sdev, h->shost)
		n++;
	if (h->hold && up && n)
		depth = max_t(int, (depth - VSCSI_PROOF_SPARE) / n, 1);
	shost_for_each_device(sdev, h->shost)
		scsi_change_queue_depth(sdev, depth);
}

/* Does somebody wait for proof? */
static bool vscsi_proof_wanted(struct vscsi_host *h)
{
	lockdep_assert_held(&h->lock);
	return h->state == VSCSI_BLOCKED || (h->state == VSCSI_LOST && vscsi_unproven(h));
}

/* There may be proof, or none is asked for: let go what waited for it, disks as well. */
static void vscsi_proven(struct vscsi_host *h)
{
	vscsi_fail_held(h, NULL, DID_OK);
	vscsi_clocks_again(h);
}

/**
 * vscsi_fence() - have what the server still holds ended, over another path to it
 * @work: vscsi_host.fence
 *
 * If there is none, the policy says whether it is waited for.
 */
void vscsi_fence(struct work_struct *work)
{
	struct vscsi_host *h = container_of(work, struct vscsi_host, fence.work);
	const unsigned long start = jiffies;
	bool asked, held = false;
	u32 epoch;
	int err;

	spin_lock_irq(&h->lock);
	epoch = h->epoch;
	/* Came up again: that was proof. Lost, or gone: nobody waits for it. */
	asked = !h->fenced && vscsi_proof_wanted(h);
	spin_unlock_irq(&h->lock);
	if (!asked)
		return;
	err = vpart_fence(h->a);
	if (err == -EBUSY || err == -ETIMEDOUT) {
		/* It was waited for as long as the server, or the path, took; or they took none. */
		mod_delayed_work(vscsi_wait_wq, &h->fence,
				 time_before(jiffies, start + HZ) ? start + HZ - jiffies : 0);
		return;
	}
	spin_lock_irq(&h->lock);
	if (h->epoch == epoch && vscsi_proof_wanted(h)) {
		h->fenced |= !err;
		h->untold = true;
		held = !h->fenced && h->hold;
	}
	spin_unlock_irq(&h->lock);
	if (!held) {
		vscsi_proven(h);
		return;
	}
	vscsi_fail_held(h, NULL, DID_OK);
	vscsi_proof_depth(h, false);
	vscsi_proof_say(h);
	mod_delayed_work(vscsi_wait_wq, &h->fence, VSCSI_PROOF_PAUSE);
}

/**
 * vscsi_proof_word() - a person says that the server is off
 * @h: host
 *
 * Context: process.
 * Return: 0, or -EBUSY: its link is up.
 */
int vscsi_proof_word(struct vscsi_host *h)
{
	bool down;

	spin_lock_irq(&h->lock);
	down = h->state == VSCSI_BLOCKED || h->state == VSCSI_LOST;
	if (down)
		h->fenced = true;
	spin_unlock_irq(&h->lock);
	if (!down)
		return -EBUSY;
	shost_printk(KERN_NOTICE, h->shost, "%s: its server is said to be off\n", h->a->name);
	vscsi_proven(h);
	return 0;
}

/**
 * vscsi_proof_policy() - what becomes of what nobody can prove
 * @h: host
 * @hold: it is held, else failed
 *
 * Context: process.
 */
void vscsi_proof_policy(struct vscsi_host *h, bool hold)
{
	bool up;

	spin_lock_irq(&h->lock);
	if (h->hold != hold) {
		WRITE_ONCE(h->hold, hold);
		if (vscsi_proof_wanted(h))
			mod_delayed_work(vscsi_wait_wq, &h->fence, 0);
		/* Nobody looks after late commands, and then somebody has to again. */
		WRITE_ONCE(h->watched, true);
		if (vscsi_may_detach(h))
			queue_delayed_work(vscsi_wait_wq, &h->late, 1);
	}
	up = h->state == VSCSI_UP;
	spin_unlock_irq(&h->lock);
	vscsi_proof_depth(h, up);
	vscsi_proven(h);
}

/**
 * vscsi_proof_up() - the link is up, or a LUN has come or gone
 * @h: host
 *
 * Context: process, no lock held.
 */
void vscsi_proof_up(struct vscsi_host *h)
{
	if (READ_ONCE(h->hold))
		vscsi_proof_depth(h, READ_ONCE(h->state) == VSCSI_UP);
}
