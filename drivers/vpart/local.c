// SPDX-License-Identifier: GPL-2.0
/*
 * The local fabric: both ends in one kernel, the server uses the client's own
 * pages, or copies of them: see local_copy.c. A request reaches the server in the
 * caller's context.
 *
 * c->req is the claim on the request: whoever takes it with xchg() calls its
 * done(), so that happens once, whether the server answers or drops the call.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/kernel.h>

#include "local.h"

static void local_limits(struct vpart_limits *lim,
			 const struct vpart_limits *client,
			 const struct vpart_limits *server)
{
	*lim = *client;
	if (!server->nr_queues)
		return;
	lim->nr_queues = min(lim->nr_queues, server->nr_queues);
	lim->depth = min(lim->depth, server->depth);
	lim->max_segs = min(lim->max_segs, server->max_segs);
	lim->max_data = min(lim->max_data, server->max_data);
	lim->dma_alignment |= server->dma_alignment;
	lim->caps |= server->caps;
}

int local_connect(struct vpart_link *link, u32 epoch)
{
	struct vpart_adapter *client = &link->adapter[VPART_SIDE_CLIENT];
	struct vpart_adapter *server = &link->adapter[VPART_SIDE_SERVER];
	struct vpart_limits want, lim;
	void *iu = link->scratch.iu;
	u16 rsp_len = VPART_MAX_IU;
	int len, err;

	spin_lock_irq(&link->lock);
	local_limits(&want, &link->end[VPART_SIDE_CLIENT].want,
		     &link->end[VPART_SIDE_SERVER].want);
	spin_unlock_irq(&link->lock);

	len = link->client->login(client, iu, VPART_MAX_IU);
	if (len < 0)
		return len;
	if (len > VPART_MAX_IU)
		return -EPROTO;
	lim = want;
	err = link->server->login(server, epoch, iu, len, &lim,
				  link->login_rsp, &rsp_len);
	if (err)
		return err > 0 ? -EPROTO : err;

	err = -EPROTO;
	if (rsp_len > VPART_MAX_IU || !lim.nr_queues ||
	    lim.nr_queues > want.nr_queues || lim.depth > want.depth ||
	    lim.depth <= VPART_PRIO_TAGS || lim.max_segs > want.max_segs ||
	    lim.max_data > want.max_data)
		goto logout;
	lim.caps &= ~(VPART_CAP_ZERO_COPY | VPART_CAP_POLL);
	lim.caps |= link->fabric->caps;
	link->login_rsp_len = rsp_len;
	if (link->fabric == &vpart_local_copy) {
		lim.dma_alignment = want.dma_alignment | 3;
		err = local_memory(link, lim.max_data);
		if (err)
			goto logout;
	}
	err = vpart_link_tables(link, &lim, link->server->call_size);
	if (err)
		goto logout;
	return 0;

logout:
	link->server->logout(server, epoch);
	return err;
}

int local_submit(struct vpart_queue *q, struct vpart_req *req)
{
	struct vpart_link *link = q->link;
	struct vpart_call *c;

	c = vpart_call_claim(q, req->tag);
	if (unlikely(!c))
		return -EBUSY;
	c->iu = req->iu;
	c->epoch = link->epoch;
	c->out_len = req->out.len;
	c->in_len = req->in.len;
	c->iu_len = req->iu_len;
	c->flags = req->flags;
	c->start = jiffies;
	/* Pairs with the xchg() and the loads of whoever finds the request. */
	smp_store_release(&c->req, req);
	link->server->request(c);
	return 0;
}

static int local_cancel(struct vpart_queue *q, struct vpart_req *req)
{
	struct vpart_call *c = vpart_slot(q, req->tag);

	/* Pairs with the release in local_submit(). */
	if (smp_load_acquire(&c->req) == req)
		q->link->server->cancel(c);
	return -EINPROGRESS;
}

static int local_map(struct vpart_call *c, enum dma_data_direction dir,
		     struct vpart_data *d)
{
	struct vpart_req *req = READ_ONCE(c->req);

	if (!req)
		return -ECANCELED;
	*d = dir == DMA_TO_DEVICE ? req->out : req->in;
	return 0;
}

/* Copy @len bytes between two lists, from byte @skip of @far on. */
static int local_copy(const struct vpart_data *near,
		      const struct vpart_data *far, u32 skip, bool to_far)
{
	unsigned int flags = to_far ? SG_MITER_FROM_SG : SG_MITER_TO_SG;
	struct sg_mapping_iter it;
	u32 left = near->len;
	size_t n, done;

	sg_miter_start(&it, near->sgl, near->nents, flags);
	while (left && sg_miter_next(&it)) {
		n = min_t(size_t, it.length, left);
		done = to_far ?
		       sg_pcopy_from_buffer(far->sgl, far->nents, it.addr, n,
					    skip) :
		       sg_pcopy_to_buffer(far->sgl, far->nents, it.addr, n,
					  skip);
		if (done != n)
			break;
		skip += n;
		left -= n;
	}
	sg_miter_stop(&it);
	return left ? -EINVAL : 0;
}

static int local_pull(struct vpart_call *c, const struct vpart_data *dst,
		      u32 off, vpart_xfer_fn fn)
{
	struct vpart_req *req = READ_ONCE(c->req);

	might_sleep();
	fn(c, req ? local_copy(dst, &req->out, off, false) : -ECANCELED);
	return 0;
}

static int local_push(struct vpart_call *c, const struct vpart_data *src,
		      u32 off, vpart_xfer_fn fn)
{
	struct vpart_req *req = READ_ONCE(c->req);

	might_sleep();
	fn(c, req ? local_copy(src, &req->in, off, true) : -ECANCELED);
	return 0;
}

static struct vpart_req *local_reply(struct vpart_call *c, const void *rsp,
				     u16 len, int status)
{
	struct vpart_req *req = xchg(&c->req, NULL);

	if (likely(req))
		local_answer(req, rsp, len, status);
	return req;
}

static struct vpart_req *local_dropped(struct vpart_call *c)
{
	/* Answered, as nearly always: spare the locked exchange. */
	if (likely(!READ_ONCE(c->req)))
		return NULL;
	return xchg(&c->req, NULL);
}

const struct vpart_fabric_ops vpart_local = {
	.name		= "local",
	.caps		= VPART_CAP_ZERO_COPY,
	.connect	= local_connect,
	.disconnect	= vpart_calls_cancel,
	.submit		= local_submit,
	.cancel		= local_cancel,
	.map		= local_map,
	.pull		= local_pull,
	.push		= local_push,
	.reply		= local_reply,
	.dropped	= local_dropped,
	.event		= vpart_link_event,
};
