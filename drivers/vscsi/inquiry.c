// SPDX-License-Identifier: GPL-2.0
/*
 * INQUIRYs of the driver's own, past the SCSI midlayer. They are sent when the
 * link returns, before any command that is held, and those may have every tag
 * of blk-mq: so these have a tag, a buffer and a response of their own, made
 * with the host. Nothing here allocates or waits for a block layer's request.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/scatterlist.h>
#include <linux/wait_bit.h>
#include <scsi/scsi_common.h>

#include "host.h"

#define VSCSI_INQ_TIMEOUT	(5 * HZ)
#define VSCSI_ASC_NO_LUN	0x2500	/* asc << 8 | ascq */

/* Any context. */
static void vscsi_inq_done(struct vpart_req *req)
{
	struct vscsi_inq *q = container_of(req, struct vscsi_inq, req);

	/* The end and its announcement are one: who wakes may ask again at once. */
	clear_and_wake_up_bit(0, &q->busy);
}

/**
 * vscsi_inq_init() - prepare the INQUIRY of a host
 * @h: host
 */
void vscsi_inq_init(struct vscsi_host *h)
{
	struct vscsi_inq *q = &h->inq;

	mutex_init(&q->mutex);
	sg_init_one(&q->sg, q->data, sizeof(q->data));
	q->req.iu = q->iu;
	q->req.rsp = q->rsp;
	q->req.rsp_size = sizeof(q->rsp);
	q->req.tag = VSCSI_INQ_TAG;
	q->req.in.sgl = &q->sg;
	q->req.in.nents = 1;
	q->req.in.len = sizeof(q->data);
	q->req.done = vscsi_inq_done;
}

static int vscsi_inq_result(struct vscsi_host *h)
{
	struct vscsi_inq *q = &h->inq;
	struct vscsi_response rsp;
	struct scsi_sense_hdr sshdr;

	if (q->req.status)
		return q->req.status;
	if (!q->req.rsp_len && !q->req.missing)
		return 0;
	if (vscsi_get_rsp(q->rsp, q->req.rsp_len, 0, sizeof(q->data), &rsp) ||
	    rsp.tag != q->tag || rsp.tmf >= 0) {
		atomic_inc(&h->bad);
		return -EPROTO;
	}
	q->mark = rsp.mark;
	if (rsp.status == SAM_STAT_GOOD)
		return 0;
	if (rsp.status != SAM_STAT_CHECK_CONDITION || !rsp.sense ||
	    !scsi_normalize_sense(rsp.sense, rsp.sense_len, &sshdr))
		return -EIO;
	if ((sshdr.asc << 8 | sshdr.ascq) == VSCSI_ASC_NO_LUN)
		return -ENODEV;
	return sshdr.sense_key == ILLEGAL_REQUEST ? -EOPNOTSUPP : -EIO;
}

/**
 * vscsi_inquiry() - ask the server about a LUN
 * @h: host
 * @lun: which
 * @page: vital product data page, or 0: standard data
 *
 * The answer is in h->inq.data, and who gave it in h->inq.mark.
 *
 * Context: process, h->inq.mutex held; bounded.
 * Return: 0; -ENODEV: there is no such LUN; -EOPNOTSUPP: it has no such page; -EBUSY:
 * the server still holds an earlier one; -ENOTCONN; or another errno.
 */
int vscsi_inquiry(struct vscsi_host *h, const struct scsi_lun *lun, u8 page)
{
	const u8 cdb[VSCSI_CDB_SIZE] = { INQUIRY, !!page, page, 0, sizeof(h->inq.data) };
	struct vscsi_inq *q = &h->inq;
	struct vpart_queue *vq = h->hq[0].vq;
	int ret;

	lockdep_assert_held(&q->mutex);
	if (test_and_set_bit_lock(0, &q->busy))
		return -EBUSY;
	memset(q->data, 0, sizeof(q->data));
	q->mark = 0;
	q->tag = vscsi_make_tag(++q->gen, 0, VSCSI_INQ_TAG);
	q->req.iu_len = vscsi_put_cmd(q->iu, q->tag, lun, cdb, 6);
	ret = vpart_submit(vq, &q->req);
	if (ret) {
		clear_bit_unlock(0, &q->busy);
		return ret;
	}
	if (wait_on_bit_timeout(&q->busy, 0, TASK_UNINTERRUPTIBLE, VSCSI_INQ_TIMEOUT)) {
		vpart_cancel(vq, &q->req);
		return -ETIMEDOUT;
	}
	return vscsi_inq_result(h);
}
