// SPDX-License-Identifier: GPL-2.0
/*
 * A client's requests. Data go through blocks of the segment, which are copied
 * to before a request is sent, and from when its answer is there: nobody but us
 * ever touches the request's own pages.
 *
 *	state	   what it waits for	  who ends it
 *	WAITING	   blocks, in order	  cancel
 *	STARTING   its data being copied  cancel, when that is done; of a polled
 *					  queue then its work
 *	SENT	   the server		  who takes it out of the slot: the answer,
 *					  cancel
 *
 * and the end of the session, in any state. The slot and the blocks of a request
 * that is sent are free when the server says so, whoever ended it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/rcupdate.h>

#include "shm.h"

/* ---- blocks ---- */

/* Blocks for a request. False: it waits, and will be started. */
static bool shm_client_blocks(struct shm_session *sess, struct shm_request *r)
{
	unsigned long flags;
	bool ok;

	spin_lock_irqsave(&sess->pool_lock, flags);
	/* Nobody overtakes one that waits: it may want many. */
	ok = list_empty(&sess->waiting) && shm_pool_take(&sess->pool, r->block, r->nr_blocks);
	if (!ok) {
		r->state = SHM_REQ_WAITING;
		list_add_tail(&r->wait, &sess->waiting);
	}
	spin_unlock_irqrestore(&sess->pool_lock, flags);
	return ok;
}

/* The first of those that wait, if there is enough for it. */
static struct shm_request *shm_client_next(struct shm_session *sess)
{
	struct shm_request *r;
	unsigned long flags;

	spin_lock_irqsave(&sess->pool_lock, flags);
	r = list_first_entry_or_null(&sess->waiting, struct shm_request, wait);
	if (r && shm_pool_take(&sess->pool, r->block, r->nr_blocks)) {
		list_del(&r->wait);
		r->state = SHM_REQ_STARTING;
	} else {
		r = NULL;
	}
	spin_unlock_irqrestore(&sess->pool_lock, flags);
	return r;
}

static void shm_client_give_blocks(struct shm_session *sess, struct shm_request *r)
{
	unsigned long flags;

	spin_lock_irqsave(&sess->pool_lock, flags);
	shm_pool_give(&sess->pool, r->block, r->nr_blocks);
	spin_unlock_irqrestore(&sess->pool_lock, flags);
	r->nr_blocks = 0;
}

/* ---- sending ---- */

/* Give up a request that the server has never heard of; it has no blocks. */
static void shm_client_drop(struct vpart_call *c)
{
	struct shm_request *r = vpart_call_fabric(c);
	struct vpart_req *req;

	rcu_read_lock();
	r->state = SHM_REQ_NONE;
	req = xchg(&c->req, NULL);
	if (req) {
		req->status = -ECANCELED;
		req->rsp_len = 0;
	}
	vpart_call_free(c, req);
	rcu_read_unlock();
}

/*
 * The same where commands end in process context only, and blocks are free anywhere: its
 * queue's work drops it, or the end of the session.
 */
static void shm_client_drop_later(struct shm_queue *sq, struct shm_request *r)
{
	unsigned long flags;

	spin_lock_irqsave(&sq->tx_lock, flags);
	/* Pairs with the lock in shm_queue_kill(). */
	if (likely(!test_bit(SHM_SESSION_DEAD, &sq->sess->flags))) {
		list_add_tail(&r->wait, &sq->dropped);
		queue_work(shm_wq, &sq->work);
	}
	spin_unlock_irqrestore(&sq->tx_lock, flags);
}

/**
 * shm_client_dropped() - end what was given up before it was sent
 * @sq: queue that is polled
 *
 * Context: Process context, the queue's work.
 */
void shm_client_dropped(struct shm_queue *sq)
{
	struct shm_request *r, *next;
	LIST_HEAD(dropped);

	spin_lock_irq(&sq->tx_lock);
	list_splice_init(&sq->dropped, &dropped);
	spin_unlock_irq(&sq->tx_lock);
	list_for_each_entry_safe(r, next, &dropped, wait)
		shm_client_drop(r->call);
}

/* What the server has to know, to where it looks. */
static void shm_client_fill(struct shm_queue *sq, struct vpart_call *c, struct vpart_req *req)
{
	const struct shm_layout *l = &sq->sess->layout;
	struct shm_wire_tag *t = sq->sess->end->mem + shm_at_tag(l, sq->index, c->tag);
	struct shm_request *r = vpart_call_fabric(c);
	u32 i;

	memcpy(t->iu, req->iu, req->iu_len);
	for (i = 0; i < r->nr_blocks; i++)
		t->block[i] = cpu_to_le16(r->block[i]);
	if (c->out_len)
		shm_blocks_copy(sq, r->block, req->out.sgl, req->out.nents, c->out_len, true);
}

/* Send a request that is STARTING. False: it was given up, its blocks are free. */
static bool shm_client_start(struct shm_queue *sq, struct vpart_call *c, bool more)
{
	struct shm_request *r = vpart_call_fabric(c);
	struct vpart_req *req = READ_ONCE(c->req);
	unsigned long irq;
	bool ring = false, cancelled;
	u16 iu_len = req->iu_len;
	u8 flags;

	flags = (c->out_len ? VPART_HDR_WRITE : 0) | (c->in_len ? VPART_HDR_READ : 0) |
		(c->flags & VPART_REQ_PRIO ? VPART_HDR_PRIO : 0);
	shm_client_fill(sq, c, req);
	spin_lock_irqsave(&sq->tx_lock, irq);
	cancelled = r->cancelled;
	if (likely(!cancelled)) {
		WRITE_ONCE(r->state, SHM_REQ_SENT);
		shm_queue_put_locked(sq, VPART_PDU_REQ, flags, iu_len, c->tag,
				     c->out_len + c->in_len);
		sq->tx_bytes += c->out_len;
		sq->commands++;
		ring = !more && shm_prod_must_ring(&sq->tx);
	}
	spin_unlock_irqrestore(&sq->tx_lock, irq);
	if (unlikely(cancelled)) {
		shm_client_give_blocks(sq->sess, r);
		if (sq->polled)
			shm_client_drop_later(sq, r);
		else
			shm_client_drop(c);
		return false;
	}
	if (ring)
		shm_queue_bell(sq);
	return true;
}

/* Blocks are free: start what waits for them. Returns the bytes that were copied. */
static u32 shm_client_wake(struct shm_session *sess)
{
	struct shm_request *r;
	u32 copied = 0;

	while (!list_empty_careful(&sess->waiting) && (r = shm_client_next(sess))) {
		copied += r->call->out_len;
		shm_client_start(&sess->queue[r->call->q->index], r->call, false);
	}
	return copied;
}

/**
 * shm_client_submit() - vpart_fabric_ops.submit
 * @q: queue
 * @req: request
 *
 * Return: 0, -EBUSY, or -EINVAL for data both ways, which no entry can say.
 */
int shm_client_submit(struct vpart_queue *q, struct vpart_req *req)
{
	struct shm_end *end = q->link->priv;
	struct shm_session *sess = READ_ONCE(end->sess);
	struct shm_queue *sq = &sess->queue[q->index];
	bool more = req->flags & VPART_REQ_MORE;
	struct shm_request *r;
	struct vpart_call *c;
	int err;

	err = -EINVAL;
	if (unlikely(req->out.len && req->in.len))
		goto kick;
	err = -EBUSY;
	c = vpart_call_claim(q, req->tag);
	if (unlikely(!c))
		goto kick;
	c->epoch = q->link->epoch;
	c->out_len = req->out.len;
	c->in_len = req->in.len;
	c->flags = req->flags;
	c->start = jiffies;
	r = vpart_call_fabric(c);
	r->call = c;
	r->cancelled = false;
	r->state = SHM_REQ_STARTING;
	r->nr_blocks = DIV_ROUND_UP(c->out_len + c->in_len, sess->layout.block);
	/* Pairs with the xchg() and the loads of whoever finds the request. */
	smp_store_release(&c->req, req);
	err = 0;
	if (r->nr_blocks && unlikely(!shm_client_blocks(sess, r)))
		goto kick;
	if (likely(shm_client_start(sq, c, more)))
		return 0;
	shm_client_wake(sess);
kick:
	/* The last of a batch, which is not sent: those before it are waiting. */
	if (!more)
		shm_queue_kick(sq);
	return err;
}

/* Take a request off the list of those that wait. */
static bool shm_client_unwait(struct shm_session *sess, struct vpart_call *c,
			      struct vpart_req *req)
{
	struct shm_request *r = vpart_call_fabric(c);
	unsigned long flags;
	bool mine;

	spin_lock_irqsave(&sess->pool_lock, flags);
	mine = READ_ONCE(c->req) == req && r->state == SHM_REQ_WAITING;
	if (mine) {
		list_del(&r->wait);
		r->state = SHM_REQ_NONE;
		r->nr_blocks = 0;
	}
	spin_unlock_irqrestore(&sess->pool_lock, flags);
	return mine;
}

/* Take a request away from the server. */
static bool shm_client_take_back(struct shm_queue *sq, struct vpart_call *c,
				 struct vpart_req *req)
{
	struct shm_request *r = vpart_call_fabric(c);
	bool mine = false, ring = false;
	unsigned long flags;

	spin_lock_irqsave(&sq->tx_lock, flags);
	if (READ_ONCE(c->req) == req) {
		if (r->state == SHM_REQ_STARTING)
			r->cancelled = true;
		else if (r->state == SHM_REQ_SENT)
			mine = cmpxchg(&c->req, req, NULL) == req;
	}
	if (mine) {
		/* The slot is ours until the answer; the tag until done(). */
		shm_queue_put_locked(sq, VPART_PDU_CANCEL, 0, 0, c->tag, 0);
		ring = shm_prod_must_ring(&sq->tx);
	}
	spin_unlock_irqrestore(&sq->tx_lock, flags);
	if (ring)
		shm_queue_bell(sq);
	return mine;
}

/**
 * shm_client_cancel() - vpart_fabric_ops.cancel
 * @q: queue
 * @req: request
 *
 * Return: 0; -EINPROGRESS if its data are being copied, or it is answered.
 */
int shm_client_cancel(struct vpart_queue *q, struct vpart_req *req)
{
	struct shm_end *end = q->link->priv;
	/* Ends, and then is freed after a grace period, while the link drains. */
	struct shm_session *sess = READ_ONCE(end->sess);
	struct vpart_call *c = vpart_slot(q, req->tag);

	/* What is over is ended as a whole. */
	if (unlikely(!sess || test_bit(SHM_SESSION_DEAD, &sess->flags)))
		return -EINPROGRESS;
	/* Pairs with the release in shm_client_submit(). */
	if (smp_load_acquire(&c->req) != req)
		return -EINPROGRESS;
	if (shm_client_unwait(sess, c, req)) {
		shm_client_drop(c);
		shm_client_wake(sess);	/* it may have been the first */
		return 0;
	}
	if (!shm_client_take_back(&sess->queue[q->index], c, req))
		return -EINPROGRESS;
	req->status = -ECANCELED;
	req->rsp_len = 0;
	req->done(req);
	return 0;
}

/* ---- answers ---- */

/* The slot that an entry is about, if the server may speak of it. */
static struct vpart_call *shm_client_call(struct shm_queue *sq, u32 tag)
{
	struct vpart_call *c;
	struct shm_request *r;

	if (unlikely(tag >= sq->vq->link->lim.depth))
		return NULL;
	c = vpart_slot(sq->vq, tag);
	if (unlikely(!(READ_ONCE(c->state) & VPART_CALL_OPEN)))
		return NULL;
	r = vpart_call_fabric(c);
	return likely(READ_ONCE(r->state) == SHM_REQ_SENT) ? c : NULL;
}

/* Response IU and data, to where they belong. */
static void shm_client_fetch(struct shm_queue *sq, struct vpart_call *c, struct vpart_req *req,
			     u16 iu_len, u32 valid)
{
	const struct shm_layout *l = &sq->sess->layout;
	const struct shm_wire_tag *t = sq->sess->end->mem + shm_at_tag(l, sq->index, c->tag);
	struct shm_request *r = vpart_call_fabric(c);

	req->missing = c->in_len - valid;
	req->status = iu_len > req->rsp_size ? -EPROTO : 0;
	req->rsp_len = req->status ? 0 : iu_len;
	shm_copy_in(req->rsp, t->iu, req->rsp_len);
	if (valid)
		shm_blocks_copy(sq, r->block, req->in.sgl, req->in.nents, valid, false);
	sq->copied += valid;
	sq->rx_bytes += valid;
}

static int shm_client_answer(struct shm_queue *sq, const struct shm_wire_entry *e)
{
	struct vpart_call *c = shm_client_call(sq, le32_to_cpu(e->tag));
	struct shm_session *sess = sq->sess;
	u16 iu_len = le16_to_cpu(e->iu_len);
	u32 valid = le32_to_cpu(e->arg);
	bool rsp = e->type == VPART_PDU_RSP;
	struct shm_request *r;
	struct vpart_req *req;

	if (unlikely(!c))
		return VPART_ERR_TAG;
	if (unlikely(rsp ? e->flags != VPART_HDR_PUT : e->flags || iu_len || valid))
		return VPART_ERR_MALFORMED;
	if (unlikely(iu_len > VPART_WIRE_IU_MAX || valid > c->in_len))
		return VPART_ERR_LENGTH;

	r = vpart_call_fabric(c);
	req = xchg(&c->req, NULL);
	if (likely(req)) {
		if (likely(rsp)) {
			shm_client_fetch(sq, c, req, iu_len, valid);
		} else {
			req->status = -ECANCELED;
			req->rsp_len = 0;
		}
	}
	WRITE_ONCE(r->state, SHM_REQ_NONE);
	if (r->nr_blocks)
		shm_client_give_blocks(sess, r);
	rcu_read_lock();
	vpart_call_free(c, req);
	rcu_read_unlock();
	sq->copied += shm_client_wake(sess);
	return 0;
}

/**
 * shm_client_entry() - an entry of the server
 * @sq: queue
 * @e: private copy of it
 *
 * Return: 0 or enum vpart_wire_error.
 */
int shm_client_entry(struct shm_queue *sq, const struct shm_wire_entry *e)
{
	switch (e->type) {
	case VPART_PDU_RSP:
	case VPART_PDU_PUT:
		return shm_client_answer(sq, e);
	case VPART_PDU_EVENT:
	case VPART_PDU_EVENT_LOST:
		return shm_event_got(sq, e);
	default:
		return VPART_ERR_UNSUPPORTED;
	}
}

/**
 * shm_client_end() - end all requests of a session that is over
 * @link: link; nobody has a pointer to the session any more
 *
 * Context: Process context, the link's work.
 */
void shm_client_end(struct vpart_link *link)
{
	struct shm_request *r;
	struct vpart_req *req;
	struct vpart_call *c;
	unsigned int i, tag;

	for (i = 0; i < link->lim.nr_queues; i++) {
		for (tag = 0; tag < link->lim.depth; tag++) {
			c = vpart_slot(&link->queues[i], tag);
			if (!(READ_ONCE(c->state) & VPART_CALL_OPEN))
				continue;
			rcu_read_lock();
			req = xchg(&c->req, NULL);
			if (req) {
				req->status = -ENOTCONN;
				req->rsp_len = 0;
			}
			/* The next session's server may not speak of it. */
			r = vpart_call_fabric(c);
			r->state = SHM_REQ_NONE;
			r->nr_blocks = 0;
			vpart_call_free(c, req);
			rcu_read_unlock();
		}
		cond_resched();
	}
}
