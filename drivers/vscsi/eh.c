// SPDX-License-Identifier: GPL-2.0
/*
 * Task management at the client: what happens when a command's timer fires and
 * what a reset does. Each wait ends after VSCSI_TMF_LIMIT; what it waited for
 * may end later, and only then is the command completed.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/ratelimit.h>

#include "host.h"

static const char *vscsi_tmf_name(u8 func)
{
	return func == SRP_TSK_ABORT_TASK ? "abort task" : "LUN reset";
}

/* Any context. */
static void vscsi_tmf_done(struct vpart_req *req)
{
	struct vscsi_tmf *t = container_of(req, struct vscsi_tmf, req);
	struct vscsi_host *h = t->hq->host;
	struct vscsi_response rsp;

	t->result = req->status;
	if (!t->result)
		t->result = vscsi_get_rsp(t->rsp, req->rsp_len, 0, 0, &rsp);
	if (!t->result)
		t->result = rsp.tmf < 0 || rsp.tag != vscsi_tag_from_wire(t->iu.tag) ?
			    -EPROTO : rsp.tmf;
	if (t->result == -EPROTO)
		atomic_inc(&h->bad);
	cancel_delayed_work(&t->limit);
	/* The end and its announcement are one: who wakes may send another at once. */
	clear_and_wake_up_bit(0, &t->busy);
}

/* Nobody waits for an abort that was sent from a timer, so it has its own limit. */
static void vscsi_tmf_limit(struct work_struct *work)
{
	struct vscsi_tmf *t = container_of(work, struct vscsi_tmf, limit.work);

	/* It may be late, and this the next function. */
	if (test_bit(0, &t->busy) && time_after_eq(jiffies, READ_ONCE(t->deadline)))
		vpart_cancel(t->hq->vq, &t->req);
}

/**
 * vscsi_tmf_send() - send a task management function
 * @t: the reserved tag for it
 * @func: SRP_TSK_*, VSCSI_TSK_DETACH
 * @lun: logical unit
 * @task: tag of the command that it is about
 * @limit: nobody waits for it: it is given up after VSCSI_TMF_LIMIT
 *
 * Context: any.
 * Return: 0, -EBUSY when its tag is in use, or as vpart_submit().
 */
static int vscsi_tmf_send(struct vscsi_tmf *t, u8 func, const struct scsi_lun *lun, u64 task,
			  bool limit)
{
	struct vscsi_host *h = t->hq->host;
	int ret;

	if (READ_ONCE(h->state) != VSCSI_UP)
		return -ENOTCONN;
	if (test_and_set_bit_lock(0, &t->busy))
		return -EBUSY;
	t->func = func;
	t->req.iu_len = vscsi_put_tmf(&t->iu, vscsi_make_tag(0, t->hq - h->hq, t->req.tag),
				      lun, func, task);
	WRITE_ONCE(t->deadline, jiffies + VSCSI_TMF_LIMIT);
	if (limit)
		queue_delayed_work(vscsi_wq, &t->limit, VSCSI_TMF_LIMIT);
	ret = vpart_submit(t->hq->vq, &t->req);
	if (ret) {
		cancel_delayed_work(&t->limit);
		clear_bit_unlock(0, &t->busy);
	}
	return ret;
}

/**
 * vscsi_tmf_wait() - send a task management function and wait for the answer
 * @h: host
 * @hq: queue
 * @func: SRP_TSK_*, VSCSI_TSK_DETACH
 * @lun: logical unit
 * @task: tag of the command that it is about
 *
 * Context: process context; at most twice VSCSI_TMF_LIMIT, each time that it is called.
 * Return: VSCSI_TMF_* or an errno.
 */
int vscsi_tmf_wait(struct vscsi_host *h, struct vscsi_hq *hq, u8 func,
		   const struct scsi_lun *lun, u64 task)
{
	struct vscsi_tmf *t = &hq->tmf[VSCSI_TMF_RESET];
	int ret;

	mutex_lock(&h->tmf_mutex);
	ret = vscsi_tmf_send(t, func, lun, task, false);
	if (ret)
		goto unlock;
	if (!vscsi_tmf_ended(t)) {
		vpart_cancel(hq->vq, &t->req);
		if (!vscsi_tmf_ended(t)) {
			ret = -ETIMEDOUT;
			goto unlock;
		}
	}
	ret = t->result;
unlock:
	mutex_unlock(&h->tmf_mutex);
	return ret;
}

/**
 * vscsi_timed_out() - a command's timer fired
 * @sc: the command; blk-mq keeps its tag for the time of the call
 *
 * The command is never given to the error handler, which would stop the whole
 * host for it: it is aborted in the background and its timer starts again.
 *
 * Return: always %SCSI_EH_RESET_TIMER.
 */
enum scsi_timeout_action vscsi_timed_out(struct scsi_cmnd *sc)
{
	struct vscsi_host *h = vscsi_shost(sc->device->host);
	struct vscsi_pdu *p = scsi_cmd_priv(sc);
	struct vscsi_lu *lu = sc->device->hostdata;
	struct vscsi_hq *hq;
	u32 tag;
	int ret;

	if (!READ_ONCE(p->sent) || READ_ONCE(h->state) != VSCSI_UP)
		return SCSI_EH_RESET_TIMER;
	/* It is given up anyway, or nearly: see late.c. */
	if (vscsi_may_detach(h) &&
	    time_after(jiffies, p->start + vpart_path_loss(h->a) * HZ * 3 / 4))
		return SCSI_EH_RESET_TIMER;
	atomic_inc(&h->timeouts);
	tag = blk_mq_unique_tag(scsi_cmd_to_rq(sc));
	hq = &h->hq[blk_mq_unique_tag_to_hwq(tag)];
	ret = vscsi_tmf_send(&hq->tmf[VSCSI_TMF_ABORT], SRP_TSK_ABORT_TASK, &lu->lun, p->tag,
			     true);
	if (!ret)
		atomic_inc(&h->aborts);
	if (__ratelimit(&h->timeout_log))
		sdev_printk(KERN_WARNING, sc->device,
			    "%s: command %#x open for %u s: %s\n", h->a->name, sc->cmnd[0],
			    jiffies_to_msecs(jiffies - sc->jiffies_at_alloc) / 1000,
			    ret ? "waiting for an earlier abort" : "abort sent");
	return SCSI_EH_RESET_TIMER;
}

/**
 * vscsi_eh_abort() - abort a command that the error handler itself sent
 * @sc: the command
 *
 * Return: SUCCESS only when the server has let go of it.
 */
int vscsi_eh_abort(struct scsi_cmnd *sc)
{
	struct vscsi_host *h = vscsi_shost(sc->device->host);
	struct vscsi_pdu *p = scsi_cmd_priv(sc);
	struct vscsi_lu *lu = sc->device->hostdata;
	u32 tag = blk_mq_unique_tag(scsi_cmd_to_rq(sc));
	unsigned long flags;

	/* It is the error handler's again, which uses it anew. */
	spin_lock_irqsave(&h->lock, flags);
	if (p->held)
		vscsi_unhold(h, p);
	spin_unlock_irqrestore(&h->lock, flags);
	if (READ_ONCE(p->sent))
		vscsi_tmf_wait(h, &h->hq[blk_mq_unique_tag_to_hwq(tag)], SRP_TSK_ABORT_TASK,
			       &lu->lun, p->tag);
	return READ_ONCE(p->sent) ? FAILED : SUCCESS;
}

static int vscsi_lun_reset(struct vscsi_host *h, struct scsi_device *sdev)
{
	struct scsi_lun lun;
	int ret;

	atomic_inc(&h->resets);
	/* Who knows which disk that would be. */
	if (vscsi_lu_state(h, sdev) != VSCSI_LU_SAME)
		return FAILED;
	int_to_scsilun(sdev->lun, &lun);
	ret = vscsi_tmf_wait(h, &h->hq[0], SRP_TSK_LUN_RESET, &lun, 0);
	if (ret == VSCSI_TMF_COMPLETE)
		return SUCCESS;
	sdev_printk(KERN_WARNING, sdev, "%s: %s failed (%d)\n", h->a->name,
		    vscsi_tmf_name(SRP_TSK_LUN_RESET), ret);
	return FAILED;
}

/**
 * vscsi_eh_device_reset() - LUN reset, asked for by a person or the midlayer
 * @sc: a command of the LUN
 *
 * Return: SUCCESS when the server did it and has let go of @sc.
 */
int vscsi_eh_device_reset(struct scsi_cmnd *sc)
{
	struct vscsi_pdu *p = scsi_cmd_priv(sc);
	int ret = vscsi_lun_reset(vscsi_shost(sc->device->host), sc->device);

	return READ_ONCE(p->sent) ? FAILED : ret;
}

/**
 * vscsi_eh_target_reset() - reset each LUN
 * @sc: a command of the target
 *
 * Stops at the first LUN that does not answer, so it is bounded like one.
 */
int vscsi_eh_target_reset(struct scsi_cmnd *sc)
{
	struct vscsi_host *h = vscsi_shost(sc->device->host);
	struct vscsi_pdu *p = scsi_cmd_priv(sc);
	struct scsi_device *sdev;
	int ret = SUCCESS;

	shost_for_each_device(sdev, h->shost) {
		if (vscsi_lu_state(h, sdev) == VSCSI_LU_NONE)
			continue;
		ret = vscsi_lun_reset(h, sdev);
		if (ret != SUCCESS) {
			scsi_device_put(sdev);
			break;
		}
	}
	return READ_ONCE(p->sent) ? FAILED : ret;
}

/**
 * vscsi_eh_host_reset() - begin a new epoch
 * @sc: a command of the host
 *
 * Return: SUCCESS when the new epoch began: then no command of the old one is
 * with the server any more. FAILED if a backing device still holds one.
 */
int vscsi_eh_host_reset(struct scsi_cmnd *sc)
{
	struct vscsi_host *h = vscsi_shost(sc->device->host);
	struct vscsi_pdu *p = scsi_cmd_priv(sc);
	u32 epoch = READ_ONCE(h->epoch);
	long left;

	atomic_inc(&h->resets);
	vpart_reset(h->a, VPART_WHY_RESET);
	left = wait_event_timeout(h->up_wait, READ_ONCE(h->epoch) != epoch, VSCSI_TMF_LIMIT);
	return left && !READ_ONCE(p->sent) ? SUCCESS : FAILED;
}

/**
 * vscsi_tmf_init() - make the queues and their reserved tags
 * @h: host with nr_hq set
 *
 * Return: 0 or -ENOMEM. Undone by vscsi_tmf_exit().
 */
int vscsi_tmf_init(struct vscsi_host *h)
{
	unsigned int i, j;

	h->hq = kcalloc(h->nr_hq, sizeof(*h->hq), GFP_KERNEL);
	if (!h->hq)
		return -ENOMEM;
	for (i = 0; i < h->nr_hq; i++) {
		h->hq[i].host = h;
		h->hq[i].vq = vpart_queue(h->a, i);
		for (j = 0; j < VPART_PRIO_TAGS; j++) {
			struct vscsi_tmf *t = &h->hq[i].tmf[j];

			t->hq = &h->hq[i];
			t->req.iu = &t->iu;
			t->req.rsp = t->rsp;
			t->req.rsp_size = sizeof(t->rsp);
			t->req.flags = VPART_REQ_PRIO;
			t->req.done = vscsi_tmf_done;
			INIT_DELAYED_WORK(&t->limit, vscsi_tmf_limit);
		}
	}
	return 0;
}

/**
 * vscsi_tmf_exit() - the reverse
 * @h: host whose link is down and drained
 */
void vscsi_tmf_exit(struct vscsi_host *h)
{
	unsigned int i, j;

	for (i = 0; i < h->nr_hq; i++)
		for (j = 0; j < VPART_PRIO_TAGS; j++)
			cancel_delayed_work_sync(&h->hq[i].tmf[j].limit);
	kfree(h->hq);
}
