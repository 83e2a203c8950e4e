// SPDX-License-Identifier: GPL-2.0
/*
 * vscsi_host: a client's end of an adapter pair as a SCSI host.
 *
 * The rule above all others: a command is completed only when nobody can touch
 * its pages any more, that is in vscsi_done() or before it was ever sent.
 * Whatever waits for that (a timer, a reset, a path loss) waits for the bus to
 * give the request back.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/module.h>
#include <scsi/scsi_tcq.h>

#include "host.h"

struct workqueue_struct *vscsi_wq;
struct workqueue_struct *vscsi_scan_wq;
struct workqueue_struct *vscsi_wait_wq;

static const char * const vscsi_state_names[] = {
	[VSCSI_BLOCKED]	= "blocked",
	[VSCSI_CHECK]	= "checking",
	[VSCSI_UP]	= "up",
	[VSCSI_LOST]	= "lost",
	[VSCSI_GONE]	= "removed",
};

const char *vscsi_state_name(enum vscsi_state state)
{
	return vscsi_state_names[state];
}

/**
 * vscsi_fail() - complete a command that is not with the bus
 * @p: its PDU
 * @host_byte: DID_*
 *
 * Who asks for fast failure has another path and says itself what it makes of
 * the loss of this one, which is in the log already: not a line per command.
 *
 * Context: any, no lock held.
 */
void vscsi_fail(struct vscsi_pdu *p, int host_byte)
{
	struct scsi_cmnd *sc = vscsi_pdu_cmnd(p);

	if (host_byte == DID_TRANSPORT_FAILFAST &&
	    scsi_cmd_to_rq(sc)->cmd_flags & REQ_FAILFAST_TRANSPORT)
		scsi_cmd_to_rq(sc)->rq_flags |= RQF_QUIET;
	sc->result = 0;
	set_host_byte(sc, host_byte);
	scsi_done(sc);
}

/*
 * Why a command must not wait for the link, as a host byte, or 0. A LUN that is
 * being scanned is not waited for either: it is scanned anew after the check.
 * One that asks for fast failure goes another way when that is due: not before it
 * is known that the server will not carry it out as well.
 */
static int vscsi_no_wait(struct vscsi_host *h, struct vscsi_pdu *p)
{
	struct scsi_cmnd *sc = vscsi_pdu_cmnd(p);
	struct vscsi_lu *lu = sc->device->hostdata;

	lockdep_assert_held(&h->lock);
	if (vscsi_must_prove(h, p))
		return 0;
	if (lu->state == VSCSI_LU_GONE || h->state == VSCSI_GONE)
		return DID_NO_CONNECT;
	if (vscsi_once_only(h, p))
		return DID_TRANSPORT_FAILFAST;
	if (h->state == VSCSI_LOST || sc->device->sdev_state == SDEV_CREATED ||
	    sc->submitter == SUBMITTED_BY_SCSI_ERROR_HANDLER)
		return DID_TRANSPORT_FAILFAST;
	if (lu->state == VSCSI_LU_SILENT && h->overdue)
		return DID_TRANSPORT_FAILFAST;
	/* Up, it is sent at once, or its LUN is being compared, and then it is, or is silent. */
	if (lu->state == VSCSI_LU_SAME && h->state == VSCSI_UP)
		return 0;
	if (!(scsi_cmd_to_rq(sc)->cmd_flags & REQ_FAILFAST_TRANSPORT) || !h->fast)
		return 0;
	if (h->fenced || !p->unknown || (h->untold && !vscsi_may_land(h, p)))
		return DID_TRANSPORT_FAILFAST;
	/* Up: the epoch in which it was sent has ended, which is proof. */
	return lu->state == VSCSI_LU_SILENT && h->state == VSCSI_UP ? DID_TRANSPORT_FAILFAST : 0;
}

/*
 * Keep a command for the link's return, or fail it. It always takes the command.
 * @unknown: the server has had it, in an epoch that is over.
 * Context: any, no lock held.
 */
static void vscsi_hold(struct vscsi_host *h, struct vscsi_pdu *p, bool unknown)
{
	unsigned long flags;
	bool up, prove;
	int why;

	spin_lock_irqsave(&h->lock, flags);
	p->unknown = unknown;
	/* Sent again it has the limit anew: see late.c. */
	p->start = 0;
	why = vscsi_no_wait(h, p);
	if (!why)
		vscsi_keep(h, p, h->held.prev);
	/*
	 * A command of an old epoch may arrive when the next one already runs;
	 * nobody else would send it.
	 */
	up = h->state == VSCSI_UP && vscsi_lu_passes(h, vscsi_pdu_lu(p));
	prove = !why && vscsi_must_prove(h, p);
	spin_unlock_irqrestore(&h->lock, flags);
	if (prove)
		queue_delayed_work(vscsi_wait_wq, &h->fence, 0);
	if (why)
		vscsi_fail(p, why);
	else if (up)
		queue_work(vscsi_wq, &h->resume);
}

/*
 * The server still has the last command with this tag: it answered, but has not
 * let go. credit() or the work queued here sends it; if credit() comes first,
 * the work finds the tag free.
 */
static void vscsi_wait_credit(struct vscsi_host *h, struct vscsi_pdu *p)
{
	unsigned long flags;

	spin_lock_irqsave(&h->lock, flags);
	vscsi_keep(h, p, h->held.prev);
	p->unknown = false;
	spin_unlock_irqrestore(&h->lock, flags);
	queue_work(vscsi_wq, &h->resume);
}

/*
 * Give a command to the bus. 0, -EBUSY or -ENOTCONN as vpart_submit(), in which
 * case the command is still the caller's.
 */
static int vscsi_send(struct vscsi_host *h, struct vscsi_pdu *p, u16 flags)
{
	struct scsi_cmnd *sc = vscsi_pdu_cmnd(p);
	struct request *rq = scsi_cmd_to_rq(sc);
	u16 queue = rq->mq_hctx->queue_num;
	struct vscsi_lu *lu = sc->device->hostdata;
	struct vpart_req *req = &p->req;
	struct vpart_data *data = NULL;
	int ret;

	p->gen++;
	p->tag = vscsi_make_tag(p->gen, queue, rq->tag);
	req->tag = rq->tag;
	req->flags = flags;
	req->out.nents = 0;
	req->out.len = 0;
	req->in.nents = 0;
	req->in.len = 0;
	if (sc->sc_data_direction == DMA_FROM_DEVICE)
		data = &req->in;
	else if (sc->sc_data_direction == DMA_TO_DEVICE)
		data = &req->out;
	if (data) {
		data->sgl = scsi_sglist(sc);
		data->nents = scsi_sg_count(sc);
		data->len = scsi_bufflen(sc);
	}
	req->iu_len = vscsi_put_cmd(p->iu, p->tag, &lu->lun, sc->cmnd, sc->cmd_len);
	vscsi_cmd_mark(p->iu, READ_ONCE(lu->mark));
	if (!p->start) {
		p->looks = READ_ONCE(h->looks);
		p->start = jiffies;
	}
	p->late = false;
	p->epoch = READ_ONCE(h->epoch);
	p->sent = true;
	ret = vpart_submit(h->hq[queue].vq, req);
	if (unlikely(ret == -EBUSY))
		ret = vscsi_send_spare(&h->hq[queue], p);
	if (unlikely(ret))
		p->sent = false;
	vscsi_watch(h);
	return ret;
}

static void vscsi_commit_rqs(struct Scsi_Host *shost, u16 hwq)
{
	struct vscsi_host *h = vscsi_shost(shost);

	if (READ_ONCE(h->state) == VSCSI_UP)
		vpart_kick(h->hq[hwq].vq);
	/* Of a batch that was cut short; the caller may have a lock. */
	if (h->runs)
		vpart_run(h->hq[hwq].vq, VPART_RUN_ELSEWHERE);
}

/*
 * A command is not with the bus, for that reason (vpart_submit()'s). Those of its
 * batch that are before it must not wait for it.
 */
static noinline int vscsi_not_sent(struct vscsi_host *h, struct vscsi_pdu *p, int why)
{
	struct scsi_cmnd *sc = vscsi_pdu_cmnd(p);
	/* It may end before we look again. */
	u16 hwq = scsi_cmd_to_rq(sc)->mq_hctx->queue_num;
	bool last = sc->flags & SCMD_LAST;

	if (why == -EBUSY)
		vscsi_wait_credit(h, p);
	else if (why == -ENOTCONN)
		vscsi_hold(h, p, false);
	else
		vscsi_fail(p, DID_ERROR);
	if (last)
		vscsi_commit_rqs(h->shost, hwq);
	return 0;
}

static vscsi_qc_status vscsi_queuecommand(struct Scsi_Host *shost, struct scsi_cmnd *sc)
{
	struct vscsi_host *h = vscsi_shost(shost);
	struct vscsi_pdu *p = scsi_cmd_priv(sc);
	struct vscsi_lu *lu = sc->device->hostdata;
	bool last = sc->flags & SCMD_LAST, run = h->runs;
	struct vpart_queue *vq;
	int ret = -ENOTCONN;
	u64 lun;

	/* The error handler may send a command again that the server still has. */
	if (unlikely(p->sent))
		return SCSI_MLQUEUE_HOST_BUSY;
	/* It may end before we look again. */
	lun = sc->device->lun;
	vq = h->hq[scsi_cmd_to_rq(sc)->mq_hctx->queue_num].vq;
	/* See vscsi_resume(); where queuecommand() may sleep, blk-mq does without. */
	rcu_read_lock();
	if (likely(READ_ONCE(h->state) == VSCSI_UP && vscsi_lu_passes(h, lu))) {
		p->start = 0;
		ret = vscsi_send(h, p, (last ? 0 : VPART_REQ_MORE) | (run ? VPART_REQ_RUN : 0));
	}
	rcu_read_unlock();
	if (unlikely(ret))
		return vscsi_not_sent(h, p, ret);
	if (run && last)
		vpart_run(vq, lun);
	return 0;
}

/* The server's answer, checked. Returns the scsi_cmnd's result. */
static noinline int vscsi_result(struct vscsi_host *h, struct vscsi_pdu *p, struct scsi_cmnd *sc)
{
	struct vpart_req *req = &p->req;
	struct vscsi_response rsp;

	if (unlikely(vscsi_get_rsp(p->rsp, req->rsp_len, req->out.len, req->in.len, &rsp) ||
		     rsp.tag != p->tag || rsp.tmf >= 0 ||
		     !vscsi_rsp_sane(&rsp, sc->cmnd[0]))) {
		vscsi_bad(h, "malformed response to tag %#llx\n", p->tag);
		return DID_ERROR << 16;
	}
	/* The fabric has counted what came: a server that says GOOD to less, lies. */
	if (unlikely(req->missing > rsp.residual && rsp.status == SAM_STAT_GOOD)) {
		vscsi_bad(h, "GOOD without %u bytes of data\n", req->missing);
		return DID_ERROR << 16;
	}
	if (unlikely(rsp.residual || req->missing))
		scsi_set_resid(sc, max(rsp.residual, req->missing));
	if (unlikely(rsp.sense)) {
		u8 n = min_t(u8, rsp.sense_len, SCSI_SENSE_BUFFERSIZE);

		memcpy(sc->sense_buffer, rsp.sense, n);
		vscsi_unit_attention(h, sc->device, rsp.sense, n);
	}
	return rsp.status;
}

/*
 * Of REPORT LUNS the midlayer believes how long the list is: it makes room for it,
 * and asks again. So no more than there can be.
 */
static noinline bool vscsi_luns_sane(struct vscsi_host *h, struct scsi_cmnd *sc)
{
	__be32 len = 0;

	sg_copy_to_buffer(scsi_sglist(sc), scsi_sg_count(sc), &len, sizeof(len));
	if (be32_to_cpu(len) <= VSCSI_MAX_LUN * sizeof(struct scsi_lun))
		return true;
	vscsi_bad(h, "a list of %u bytes of LUNs\n", be32_to_cpu(len));
	return false;
}

/* The bus is finished with a request. Any context, no lock held. */
static void vscsi_done(struct vpart_req *req)
{
	struct vscsi_pdu *p = container_of(req, struct vscsi_pdu, req);
	struct scsi_cmnd *sc = vscsi_pdu_cmnd(p);
	struct vscsi_host *h = vscsi_shost(sc->device->host);

	p->sent = false;
	if (unlikely(req->tag >= VSCSI_SPARE_TAG))
		vscsi_spare_put(h, &h->hq[scsi_cmd_to_rq(sc)->mq_hctx->queue_num], req->tag);
	if (likely(!req->status)) {
		sc->result = likely(!(req->rsp_len | req->missing)) ? 0 : vscsi_result(h, p, sc);
		if (unlikely(sc->cmnd[0] == REPORT_LUNS && !sc->result && !vscsi_luns_sane(h, sc)))
			sc->result = DID_ERROR << 16;
		scsi_done(sc);
		return;
	}
	switch (req->status) {
	case -ENOTCONN:
		/* Whether it was carried out, or still will be, is unknown. */
		vscsi_hold(h, p, true);
		break;
	case -ECANCELED:
		if (p->late) {
			vscsi_fail(p, DID_TRANSPORT_FAILFAST);
			break;
		}
		/* Aborted: what the midlayer would do after a good abort. */
		vscsi_fail(p, blk_rq_is_passthrough(scsi_cmd_to_rq(sc)) ?
			      DID_ABORT : DID_SOFT_ERROR);
		break;
	default:
		atomic_inc(&h->bad);
		vscsi_fail(p, DID_ERROR);
	}
}

static int vscsi_init_cmd_priv(struct Scsi_Host *shost, struct scsi_cmnd *sc)
{
	struct vscsi_pdu *p = scsi_cmd_priv(sc);

	memset(p, 0, sizeof(*p));
	p->req.iu = p->iu;
	p->req.rsp = p->rsp;
	p->req.rsp_size = sizeof(p->rsp);
	p->req.done = vscsi_done;
	return 0;
}

/* The first held command that is not to wait any more, or NULL. */
static struct vscsi_pdu *vscsi_next_held(struct vscsi_host *h)
{
	const struct vscsi_lu *lu;
	struct vscsi_pdu *p;

	list_for_each_entry(p, &h->held, node) {
		lu = vscsi_pdu_lu(p);
		if ((vscsi_lu_passes(h, lu) || lu->state == VSCSI_LU_GONE) &&
		    !vscsi_must_prove(h, p))
			return p;
	}
	return NULL;
}

/*
 * A command that was held could not be sent: it is held again, unless what would have ended
 * that has come meanwhile. Behind the others, whose tags may be free, or first as it was.
 */
static void vscsi_put_back(struct vscsi_host *h, struct vscsi_pdu *p, bool behind, bool unknown)
{
	unsigned long flags;
	int why;

	spin_lock_irqsave(&h->lock, flags);
	p->unknown = unknown;
	why = vscsi_no_wait(h, p);
	if (!why)
		vscsi_keep(h, p, behind ? h->held.prev : &h->held);
	spin_unlock_irqrestore(&h->lock, flags);
	if (why)
		vscsi_fail(p, why);
}

/**
 * vscsi_resume() - send what was held
 * @work: vscsi_host.resume
 *
 * Those whose tag the server still has stay: credit() or the next up() starts it
 * again. Those of silent LUNs stay, too: vscsi_lu_same() does, and of those that were
 * stopped: vscsi_anew(). Under RCU, a command that is sent because the state is UP
 * cannot reach another epoch, whose LUNs were not compared yet: down() comes behind a
 * grace period.
 */
void vscsi_resume(struct work_struct *work)
{
	struct vscsi_host *h = container_of(work, struct vscsi_host, resume);
	/* Each of those that are there now; of one that comes later another work is queued. */
	unsigned int n = READ_ONCE(h->nr_held);
	struct vscsi_pdu *p;
	unsigned long flags;
	bool gone, open;
	int ret = 0;

	for (; n && ret != -ENOTCONN; n--) {
		rcu_read_lock();
		spin_lock_irqsave(&h->lock, flags);
		p = vscsi_next_held(h);
		if (!p || h->state != VSCSI_UP) {
			spin_unlock_irqrestore(&h->lock, flags);
			rcu_read_unlock();
			return;
		}
		vscsi_unhold(h, p);
		gone = vscsi_pdu_lu(p)->state == VSCSI_LU_GONE;
		open = vscsi_open(h, p);
		ret = vscsi_once_only(h, p) ? -ESTALE : 0;
		spin_unlock_irqrestore(&h->lock, flags);

		/* It waited for a tag, or for its LUN, which turned out to be another. */
		if (gone)
			ret = -ENODEV;
		else if (!ret)
			ret = open && !vscsi_may_redrive(vscsi_pdu_cmnd(p)->cmnd) ? -ENOTCONN :
			      vscsi_send(h, p, 0);
		rcu_read_unlock();
		if (ret == -EBUSY || ret == -ENOTCONN) {
			/* In this epoch it was not sent, or has come back from it. */
			vscsi_put_back(h, p, ret == -EBUSY, open);
		} else if (ret) {
			vscsi_fail(p, gone ? DID_NO_CONNECT :
				      ret == -ESTALE ? DID_TRANSPORT_FAILFAST : DID_ERROR);
		}
	}
}

/**
 * vscsi_fail_held() - fail held commands
 * @h: host
 * @sdev: only those of this device, or all if NULL
 * @host_byte: DID_*, or DID_OK: only those that must not wait
 *
 * Context: any, no lock held.
 */
void vscsi_fail_held(struct vscsi_host *h, struct scsi_device *sdev, int host_byte)
{
	struct vscsi_pdu *p, *next;
	unsigned long flags;
	LIST_HEAD(list);

	spin_lock_irqsave(&h->lock, flags);
	list_for_each_entry_safe(p, next, &h->held, node) {
		if (sdev && vscsi_pdu_cmnd(p)->device != sdev)
			continue;
		/* Failed, it would be said of them what may not be true. */
		if (vscsi_must_prove(h, p))
			continue;
		/* Up, they wait for a tag, or for their LUN to say which it is. */
		if (host_byte == DID_OK && h->state == VSCSI_UP &&
		    vscsi_pdu_lu(p)->state == VSCSI_LU_SAME)
			continue;
		/* Not lost: only those that must not wait. */
		if (host_byte == DID_OK && !vscsi_no_wait(h, p))
			continue;
		vscsi_unhold(h, p);
		list_add_tail(&p->node, &list);
	}
	spin_unlock_irqrestore(&h->lock, flags);
	list_for_each_entry_safe(p, next, &list, node) {
		list_del_init(&p->node);
		vscsi_fail(p, host_byte ?: DID_TRANSPORT_FAILFAST);
	}
}

/**
 * vscsi_set_up() - the LUNs were found to be the same: let commands pass
 * @h: host
 * @epoch: epoch in which they were looked at
 */
void vscsi_set_up(struct vscsi_host *h, u32 epoch)
{
	unsigned long flags;
	bool up, silent;

	vscsi_notice_login(h);
	spin_lock_irqsave(&h->lock, flags);
	silent = h->silent;
	up = h->state == VSCSI_CHECK && h->epoch == epoch;
	if (up) {
		h->state = VSCSI_UP;
		h->removed = false;
		/* Inside the lock: the next loss may have begun behind it. */
		vscsi_clocks_stop(h);
	}
	spin_unlock_irqrestore(&h->lock, flags);
	if (!up)
		return;
	if (vscsi_may_detach(h)) {
		WRITE_ONCE(h->watched, true);
		queue_delayed_work(vscsi_wait_wq, &h->late, 1);
	}
	queue_work(vscsi_wq, &h->resume);
	if (silent)
		vscsi_fail_held(h, NULL, DID_OK);
	WRITE_ONCE(h->scan_pace.at, jiffies);
	vscsi_proof_up(h);
	vscsi_rescan(h, BIT(VSCSI_TODO_LUNS) | BIT(VSCSI_TODO_CAPACITY));
	vscsi_attend_soon(h);
}

/* ---- the bus's calls ---- */

static int vscsi_login(struct vpart_adapter *a, void *iu, u16 size)
{
	return vscsi_put_login(iu, size, a->id, vpart_port_name(a));
}

/* No command is with the link: all tags are free, and the last two for task management. */
static void vscsi_hq_up(struct vscsi_hq *hq, const struct vpart_limits *lim)
{
	unsigned int i;

	hq->spares = min_t(unsigned int, lim->depth - VSCSI_DEPTH_MIN, VSCSI_SPARES);
	for (i = 0; i < VPART_PRIO_TAGS; i++)
		hq->tmf[i].req.tag = lim->depth - VPART_PRIO_TAGS + i;
}

static void vscsi_up(struct vpart_adapter *a, u32 epoch, const struct vpart_limits *lim,
		     const void *rsp, u16 len)
{
	struct vscsi_host *h = vpart_get_drvdata(a);
	unsigned long flags;
	unsigned int i;

	if (vscsi_get_login_rsp(rsp, len) || lim->nr_queues < h->nr_hq ||
	    lim->depth < VSCSI_DEPTH_MIN || lim->max_segs < h->shost->sg_tablesize ||
	    lim->max_data < h->shost->max_sectors << SECTOR_SHIFT) {
		shost_printk(KERN_ERR, h->shost,
			     "%s: server offers %u queues of %u, %u segments, %u bytes: not enough\n",
			     a->name, lim->nr_queues, lim->depth, lim->max_segs, lim->max_data);
		vpart_problem(a, "%u queues, commands of %u bytes: too few for a disk of %u queues",
			      lim->nr_queues, lim->max_data, h->nr_hq);
		return;
	}
	for (i = 0; i < h->nr_hq; i++)
		vscsi_hq_up(&h->hq[i], lim);

	spin_lock_irqsave(&h->lock, flags);
	h->epoch = epoch;
	h->fenced = false;
	h->untold = false;
	h->told = false;
	h->dma_alignment = lim->dma_alignment;
	h->caps = lim->caps;
	if (h->state != VSCSI_GONE)
		h->state = VSCSI_CHECK;
	spin_unlock_irqrestore(&h->lock, flags);
	wake_up_all(&h->up_wait);
	queue_work(vscsi_wq, &h->check);
}

static void vscsi_down(struct vpart_adapter *a, u32 epoch, enum vpart_why why)
{
	struct vscsi_host *h = vpart_get_drvdata(a);
	unsigned long flags;

	spin_lock_irqsave(&h->lock, flags);
	if (h->state == VSCSI_UP || h->state == VSCSI_CHECK)
		vscsi_clocks_start(h);
	spin_unlock_irqrestore(&h->lock, flags);
	vscsi_fail_held(h, NULL, DID_OK);
	mod_delayed_work(vscsi_wait_wq, &h->fence, 0);
}

static void vscsi_credit(struct vpart_queue *q)
{
	struct vscsi_host *h = vpart_get_drvdata(q->end[VPART_SIDE_CLIENT]);

	queue_work(vscsi_wq, &h->resume);
}

static const struct vpart_client_ops vscsi_client_ops = {
	.login		= vscsi_login,
	.up		= vscsi_up,
	.down		= vscsi_down,
	.credit		= vscsi_credit,
	.event		= vscsi_event,
	.event_lost	= vscsi_event_lost,
};

/* ---- SCSI devices ---- */

/*
 * The server maps our pages to its backing device as they are, so the device's
 * alignment is ours: without it a buffer at an odd offset is silently misread.
 */
static int vscsi_sdev_configure(struct scsi_device *sdev, struct queue_limits *lim)
{
	struct vscsi_host *h = vscsi_shost(sdev->host);

	lim->dma_alignment = max(lim->dma_alignment, h->dma_alignment);
	/* The fabric has a digest over data that it then sends from where they are. */
	if (h->caps & VPART_CAP_STABLE)
		sdev_stable_writes(sdev, lim);
	scsi_change_queue_depth(sdev, sdev->host->can_queue);
	vscsi_proof_up(h);
	return vscsi_lu_identify(h, sdev);
}
DEFINE_SDEV_CONFIGURE(vscsi_sdev_configure)

static struct scsi_host_template vscsi_template = {
	.module			= THIS_MODULE,
	.name			= "vSCSI client adapter",
	.proc_name		= "vscsi_host",
	.queuecommand		= vscsi_queuecommand,
	.commit_rqs		= vscsi_commit_rqs,
	.mq_poll		= vscsi_mq_poll,
	.map_queues		= vscsi_map_queues,
	.init_cmd_priv		= vscsi_init_cmd_priv,
	.eh_timed_out		= vscsi_timed_out,
	.eh_abort_handler	= vscsi_eh_abort,
	.eh_device_reset_handler = vscsi_eh_device_reset,
	.eh_target_reset_handler = vscsi_eh_target_reset,
	.eh_host_reset_handler	= vscsi_eh_host_reset,
	.change_queue_depth	= scsi_change_queue_depth,
	.sdev_init		= vscsi_sdev_init,
	SDEV_CONFIGURE(vscsi_sdev_configure),
	.sdev_destroy		= vscsi_sdev_destroy,
	.cmd_size		= sizeof(struct vscsi_pdu),
	.can_queue		= VSCSI_CAN_QUEUE,
	.cmd_per_lun		= VSCSI_CAN_QUEUE,
	.sg_tablesize		= VSCSI_MAX_SEGS,
	.max_sectors		= VSCSI_MAX_DATA >> SECTOR_SHIFT,
	.max_segment_size	= VSCSI_MAX_DATA,
	.dma_boundary		= PAGE_SIZE - 1,
	.this_id		= -1,
	.skip_settle_delay	= 1,
	.shost_groups		= vscsi_shost_groups,
};

/**
 * vscsi_probe() - vpart_driver.probe
 * @a: adapter
 *
 * Return: 0 or an errno; then nothing is left of the host.
 */
int vscsi_probe(struct vpart_adapter *a)
{
	struct vpart_limits want = {
		.depth		= VSCSI_DEPTH,
		.max_segs	= VSCSI_MAX_SEGS,
		.max_data	= VSCSI_MAX_DATA,
	};
	struct Scsi_Host *shost;
	struct vscsi_host *h;
	int ret;

	shost = scsi_host_alloc(&vscsi_template, sizeof(*h));
	if (!shost)
		return -ENOMEM;
	h = vscsi_shost(shost);
	h->a = a;
	h->shost = shost;
	vscsi_queues(a, &want);
	h->nr_hq = want.nr_queues;
	h->nr_poll = want.nr_poll;
	h->state = VSCSI_LOST;
	h->watched = true;	/* until the link is up */
	spin_lock_init(&h->lock);
	INIT_LIST_HEAD(&h->held);
	mutex_init(&h->tmf_mutex);
	vscsi_inq_init(h);
	init_waitqueue_head(&h->up_wait);
	ratelimit_state_init(&h->timeout_log, 5 * HZ, 5);
	INIT_DELAYED_WORK(&h->fence, vscsi_fence);
	INIT_DELAYED_WORK(&h->late, vscsi_late);
	INIT_WORK(&h->resume, vscsi_resume);
	ratelimit_state_init(&h->bad_log, 5 * HZ, 10);
	vscsi_scan_init(h);
	vscsi_notice_init(h);
	vscsi_rport_init(h);
	ret = vscsi_tmf_init(h);
	if (ret)
		goto put_host;

	shost->nr_hw_queues = h->nr_hq;
	shost->nr_maps = h->nr_poll ? HCTX_MAX_TYPES : 1;
	shost->max_id = 1;
	shost->max_lun = VSCSI_MAX_LUN;
	shost->max_cmd_len = VSCSI_MAX_CDB;
	vscsi_rport_transport(h);
	h->runs = !vpart_remote(a) && shost_may_block(shost);
	ret = scsi_add_host(shost, &a->dev);
	if (ret)
		goto exit_tmf;
	ret = vscsi_rport_add(h);
	if (ret)
		goto remove_host;
	/*
	 * The server's device has a scheduler. A second one here, which a host
	 * with a single queue gets, only adds a hop to each command.
	 */
	shost->tag_set.flags |= BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	vpart_set_drvdata(a, h);
	ret = vpart_start(a, &want);
	if (ret)
		goto del_rport;
	return 0;

del_rport:
	vscsi_rport_del(h);
remove_host:
	scsi_remove_host(shost);
exit_tmf:
	vscsi_tmf_exit(h);
put_host:
	scsi_host_put(shost);
	return ret;
}

/* The link is down and drained: what is left are the commands that we hold. */
static void vscsi_remove(struct vpart_adapter *a)
{
	struct vscsi_host *h = vpart_get_drvdata(a);
	unsigned long flags;

	vscsi_proof_drop(h);
	spin_lock_irqsave(&h->lock, flags);
	h->state = VSCSI_GONE;
	spin_unlock_irqrestore(&h->lock, flags);
	vscsi_fail_held(h, NULL, DID_NO_CONNECT);
	vscsi_rport_del(h);
	cancel_delayed_work_sync(&h->fence);
	cancel_delayed_work_sync(&h->late);
	cancel_work_sync(&h->anew);	/* before what it queues */
	cancel_work_sync(&h->resume);
	vscsi_scan_exit(h);
	vscsi_notice_exit(h);
	scsi_remove_host(h->shost);
	vscsi_tmf_exit(h);
	scsi_host_put(h->shost);
}

static struct vpart_driver vscsi_driver = {
	.driver.name	= "vscsi_host",
	.side		= VPART_SIDE_CLIENT,
	.probe		= vscsi_probe,
	.remove		= vscsi_remove,
	.client		= &vscsi_client_ops,
};

static int __init vscsi_host_init(void)
{
	int ret;

	/* Held commands are resumed here, perhaps to free memory. */
	vscsi_wq = alloc_workqueue("vscsi_host", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!vscsi_wq)
		return -ENOMEM;
	/*
	 * Scans wait for memory and for commands, so for the works above. Of a
	 * queue of theirs, when memory is short, one may be all that runs.
	 */
	ret = -ENOMEM;
	vscsi_scan_wq = alloc_workqueue("vscsi_scan", WQ_UNBOUND, 0);
	if (!vscsi_scan_wq)
		goto destroy_wq;
	/* These wait for a server, and memory may wait for them. */
	vscsi_wait_wq = alloc_workqueue("vscsi_wait", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!vscsi_wait_wq)
		goto destroy_scan_wq;
	ret = vscsi_rport_attach();
	if (ret)
		goto destroy_wait_wq;
	ret = vpart_driver_register(&vscsi_driver, THIS_MODULE);
	if (ret)
		goto detach_rport;
	return 0;

detach_rport:
	vscsi_rport_detach();
destroy_wait_wq:
	destroy_workqueue(vscsi_wait_wq);
destroy_scan_wq:
	destroy_workqueue(vscsi_scan_wq);
destroy_wq:
	destroy_workqueue(vscsi_wq);
	return ret;
}
module_init(vscsi_host_init);

static void __exit vscsi_host_exit(void)
{
	vpart_driver_unregister(&vscsi_driver);
	vscsi_rport_detach();
	destroy_workqueue(vscsi_wait_wq);
	destroy_workqueue(vscsi_scan_wq);
	destroy_workqueue(vscsi_wq);
}
module_exit(vscsi_host_exit);

MODULE_DESCRIPTION("Virtual SCSI client adapter");
MODULE_LICENSE("GPL");
