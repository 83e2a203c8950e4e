// SPDX-License-Identifier: GPL-2.0
/*
 * Commands that the server does not end in time. The limit is the path loss limit
 * of the link, counted from when a command was sent, whatever its own timer says. It
 * is counted in looks, VSCSI_LATE_LOOKS of them: while this machine stands still there
 * is none, and who has not answered meanwhile is not late.
 *
 * What is sent again when the link has returned has the limit anew: the login is proof that
 * the server is there, and that of the last attempt nothing is left. Were it counted from
 * the first one, who has waited for the link for most of the limit would fail when it is
 * back. What can go another way does not wait for it at all, unless fast_io_fail_tmo says so.
 *
 *	DETACH		the server shall hold back what comes later for the same disk
 *	complete	the command is taken from the link and fails like one whose
 *			path is lost
 *	no answer	the link is reset: who says nothing is not there
 *
 * It is not aborted first: LIO waits for its backing device in an abort, too, and of what
 * that ends meanwhile it forgets that it went well.
 *
 * Only where the fabric has copied the pages: on a link with VPART_CAP_ZERO_COPY a
 * command ends when the server lets go of it, and not before. A server that does not
 * know DETACH is left alone: its commands would be ghosts (PROTOCOL V3).
 *
 * One work per host looks at its commands; while there is none, it does not run:
 * vscsi_watch().
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/ratelimit.h>

#include "host.h"

#define VSCSI_LATE_LOOKS	10

/**
 * struct vscsi_look - one look at all commands of a host
 * @h: host
 * @seen: commands that are not ended
 * @hq: queue of the one to detach, or NULL
 * @lun: its logical unit
 * @tag: its SRP tag
 * @age: jiffies
 */
struct vscsi_look {
	struct vscsi_host	*h;
	unsigned int		seen;
	struct vscsi_hq		*hq;
	struct scsi_lun		lun;
	u64			tag;
	unsigned long		age;
};

/* A command waits for a tag of its own: it is nobody's but ours. */
static void vscsi_look_held(struct vscsi_host *h, struct vscsi_pdu *p)
{
	unsigned long flags;
	bool mine;

	spin_lock_irqsave(&h->lock, flags);
	mine = p->held && h->state == VSCSI_UP && !vscsi_must_prove(h, p);
	if (mine)
		vscsi_unhold(h, p);
	spin_unlock_irqrestore(&h->lock, flags);
	if (mine)
		vscsi_fail(p, DID_TRANSPORT_FAILFAST);
}

/* blk-mq keeps the request while we look. */
static bool vscsi_look_one(struct request *rq, void *data)
{
	struct scsi_cmnd *sc = blk_mq_rq_to_pdu(rq);
	struct vscsi_pdu *p = scsi_cmd_priv(sc);
	struct vscsi_look *look = data;
	const struct vscsi_lu *lu = sc->device->hostdata;
	bool sent = READ_ONCE(p->sent);

	if (!sent && !READ_ONCE(p->held))
		return true;
	look->seen++;
	/* 0: it waits to be sent anew. */
	if (!READ_ONCE(p->start) || look->h->looks - READ_ONCE(p->looks) < VSCSI_LATE_LOOKS)
		return true;
	if (!sent) {
		vscsi_look_held(look->h, p);
		return true;
	}
	/* However it ends now, if it is not answered. */
	WRITE_ONCE(p->late, true);
	look->hq = &look->h->hq[vscsi_tag_queue(p->tag)];
	look->lun = lu->lun;
	look->tag = p->tag;
	look->age = jiffies - READ_ONCE(p->start);
	return false;
}

static void vscsi_look_at(struct vscsi_host *h, struct vscsi_look *look)
{
	memset(look, 0, sizeof(*look));
	look->h = h;
	blk_mq_tagset_busy_iter(&h->shost->tag_set, vscsi_look_one, look);
}

/* Take the command from the link that the server has said it holds back others for. */
static bool vscsi_detach_one(struct request *rq, void *data)
{
	struct scsi_cmnd *sc = blk_mq_rq_to_pdu(rq);
	struct vscsi_pdu *p = scsi_cmd_priv(sc);
	const struct vscsi_look *look = data;

	if (!READ_ONCE(p->sent) || p->tag != look->tag)
		return true;
	if (__ratelimit(&look->h->timeout_log))
		sdev_printk(KERN_WARNING, sc->device,
			    "%s: command %#x open for %u s: given up; others wait for it at the server\n",
			    look->h->a->name, sc->cmnd[0], jiffies_to_msecs(look->age) / 1000);
	atomic_inc(&look->h->detached);
	vpart_cancel(look->hq->vq, &p->req);
	return false;
}

/* One late command. False: nothing can be done about those of this link. */
static bool vscsi_detach(struct vscsi_host *h, struct vscsi_look *look)
{
	u32 epoch = READ_ONCE(h->epoch);
	int ret;

	ret = vscsi_tmf_wait(h, look->hq, VSCSI_TSK_DETACH, &look->lun, look->tag);
	if (READ_ONCE(h->epoch) != epoch || !vscsi_may_detach(h))
		return false;
	switch (ret) {
	case VSCSI_TMF_COMPLETE:
		blk_mq_tagset_busy_iter(&h->shost->tag_set, vscsi_detach_one, look);
		return true;
	case VSCSI_TMF_NOT_SUPPORTED:
		shost_printk(KERN_NOTICE, h->shost,
			     "%s: the server cannot let go of late commands: they are waited for\n",
			     h->a->name);
		return false;
	default:
		shost_printk(KERN_WARNING, h->shost,
			     "%s: the server answers nothing (%d): link reset\n", h->a->name, ret);
		vpart_reset(h->a, VPART_WHY_RESET);
		return false;
	}
}

static void vscsi_look_later(struct vscsi_host *h)
{
	queue_delayed_work(vscsi_wait_wq, &h->late, vpart_path_loss(h->a) * HZ / VSCSI_LATE_LOOKS);
}

/**
 * vscsi_late() - look for commands that are late
 * @work: vscsi_host.late
 *
 * Context: process context; waits for one task management function at a time.
 */
void vscsi_late(struct work_struct *work)
{
	struct vscsi_host *h = container_of(work, struct vscsi_host, late.work);
	struct vscsi_look look;

	WRITE_ONCE(h->looks, h->looks + 1);
	do {
		if (!vscsi_may_detach(h))
			return;		/* vscsi_set_up() begins anew */
		vscsi_look_at(h, &look);
		if (look.hq && !vscsi_detach(h, &look))
			return;
	} while (look.hq);
	if (!look.seen) {
		WRITE_ONCE(h->watched, false);
		/* Who sends meanwhile sees that, or we see the command: vscsi_watch(). */
		smp_mb();
		vscsi_look_at(h, &look);
		if (!look.seen)
			return;
		WRITE_ONCE(h->watched, true);
	}
	vscsi_look_later(h);
}

/**
 * __vscsi_watch() - a command was sent that nobody looks after
 * @h: host
 *
 * Context: any.
 */
void __vscsi_watch(struct vscsi_host *h)
{
	if (!vscsi_may_detach(h) || xchg(&h->watched, true))
		return;
	vscsi_look_later(h);
}

/**
 * vscsi_send_spare() - send a command whose tag the server still has
 * @hq: queue
 * @p: its PDU, ready but for the tag
 *
 * The last command with that tag may be one that we have given up: so there are spare
 * tags.
 *
 * Context: any, as vpart_submit().
 * Return: as vpart_submit(); -EBUSY if no spare tag is free either.
 */
int vscsi_send_spare(struct vscsi_hq *hq, struct vscsi_pdu *p)
{
	struct scsi_cmnd *sc = vscsi_pdu_cmnd(p);
	struct vscsi_lu *lu = sc->device->hostdata;
	struct vpart_req *req = &p->req;
	unsigned int i;
	int ret = -EBUSY;

	for (i = 0; i < hq->spares && ret == -EBUSY; i++) {
		if (test_and_set_bit_lock(i, hq->spare))
			continue;
		req->tag = VSCSI_SPARE_TAG + i;
		p->tag = vscsi_make_tag(p->gen, hq - hq->host->hq, req->tag);
		req->iu_len = vscsi_put_cmd(p->iu, p->tag, &lu->lun, sc->cmnd, sc->cmd_len);
		vscsi_cmd_mark(p->iu, READ_ONCE(lu->mark));
		ret = vpart_submit(hq->vq, req);
		if (ret)
			clear_bit_unlock(i, hq->spare);
	}
	return ret;
}

/**
 * vscsi_spare_put() - a command with a spare tag has ended
 * @h: host
 * @hq: queue
 * @tag: the tag
 *
 * Context: any.
 */
void vscsi_spare_put(struct vscsi_host *h, struct vscsi_hq *hq, u32 tag)
{
	clear_bit_unlock(tag - VSCSI_SPARE_TAG, hq->spare);
	if (READ_ONCE(h->nr_held))
		queue_work(vscsi_wq, &h->resume);
}
