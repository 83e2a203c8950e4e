// SPDX-License-Identifier: GPL-2.0
/*
 * A server's calls. The driver gets a request when all of its data are here, in
 * pages of the call's own; what it answers is copied to the segment with the put.
 *
 * A slot is free before its answer can be seen: else a client that has the
 * answer could be refused the tag. What the driver has not written stays here: a
 * client gets c->in_valid bytes, no more.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/rcupdate.h>

#include "shm.h"

static struct vpart_stash *shm_stash_of(const struct vpart_queue *q)
{
	return &((struct shm_end *)q->link->priv)->stash[q->index];
}

/* Is the client still in this session? What it left behind is not carried out. */
static bool shm_server_attended(const struct shm_session *sess)
{
	/* Whatever was read of its memory was read before. */
	virt_rmb();
	return le32_to_cpu(READ_ONCE(sess->end->them->session)) == sess->id &&
	       le32_to_cpu(READ_ONCE(sess->end->them->state)) == SHM_STATE_RUN;
}

/* The blocks of a call's data, and the data itself if the driver needs them. */
static int shm_server_fetch(struct shm_queue *sq, struct vpart_call *c, gfp_t gfp)
{
	struct shm_session *sess = sq->sess;
	const struct shm_wire_tag *t = sess->end->mem +
				       shm_at_tag(&sess->layout, sq->index, c->tag);
	struct vpart_stash *stash = shm_stash_of(c->q);
	struct shm_serve *s = vpart_call_fabric(c);
	int err;

	shm_copy_in(sq->iu, t->iu, c->iu_len);
	s->answered = false;
	s->rsp_len = 0;
	s->pages.sgl = NULL;
	s->nr_blocks = DIV_ROUND_UP(c->out_len + c->in_len, sess->layout.block);
	if (c->out_len && unlikely(vpart_pages_get(stash, &s->pages, c->out_len, gfp)))
		return -EAGAIN;
	err = shm_blocks_claim(sess->used, sess->layout.nr_blocks, s->block, t->block,
			       s->nr_blocks);
	if (unlikely(err))
		goto put_pages;
	if (c->out_len)
		shm_blocks_copy(sq, s->block, s->pages.sgl, s->pages.nents, c->out_len, false);
	err = -ESHUTDOWN;
	if (unlikely(!shm_server_attended(sess)))
		goto drop_blocks;
	if (unlikely(!test_bit(SHM_SESSION_JOINED, &sess->flags)))
		set_bit(SHM_SESSION_JOINED, &sess->flags);
	return 0;

drop_blocks:
	shm_blocks_drop(sess->used, s->block, s->nr_blocks);
put_pages:
	vpart_pages_put(stash, &s->pages);
	return err;
}

/* What an entry of a request says, checked but for its tag's memory. */
static int shm_server_check(struct shm_queue *sq, const struct shm_wire_entry *e)
{
	u8 way = e->flags & (VPART_HDR_WRITE | VPART_HDR_READ);
	const struct vpart_limits *lim = &sq->vq->link->lim;
	u16 iu_len = le16_to_cpu(e->iu_len);
	u32 tag = le32_to_cpu(e->tag);
	u32 len = le32_to_cpu(e->arg);

	if (unlikely(tag >= lim->depth ||
		     (tag >= lim->depth - VPART_PRIO_TAGS && !(e->flags & VPART_HDR_PRIO))))
		return VPART_ERR_TAG;
	if (unlikely(e->flags & ~(VPART_HDR_WRITE | VPART_HDR_READ | VPART_HDR_PRIO) ||
		     way == (VPART_HDR_WRITE | VPART_HDR_READ) || !way != !len))
		return VPART_ERR_MALFORMED;
	if (unlikely(!iu_len || iu_len > VPART_WIRE_IU_MAX || len > lim->max_data))
		return VPART_ERR_LENGTH;
	return 0;
}

static int shm_server_req(struct shm_queue *sq, const struct shm_wire_entry *e, gfp_t gfp)
{
	u32 len = le32_to_cpu(e->arg);
	struct vpart_call *c;
	int err;

	err = shm_server_check(sq, e);
	if (unlikely(err))
		return err;
	c = vpart_slot(sq->vq, le32_to_cpu(e->tag));
	if (unlikely(cmpxchg(&c->state, 0, VPART_CALL_OPEN)))
		return VPART_ERR_TAG;
	c->iu = sq->iu;
	c->iu_len = le16_to_cpu(e->iu_len);
	c->epoch = sq->vq->link->epoch;
	c->out_len = e->flags & VPART_HDR_WRITE ? len : 0;
	c->in_len = e->flags & VPART_HDR_READ ? len : 0;
	c->in_valid = 0;
	c->flags = e->flags & VPART_HDR_PRIO ? VPART_REQ_PRIO : 0;
	c->start = jiffies;
	err = shm_server_fetch(sq, c, gfp);
	if (unlikely(err)) {
		/* Nobody has seen it. */
		xchg(&c->state, 0);
		return err;
	}
	sq->copied += c->out_len;
	sq->rx_bytes += c->out_len;
	sq->commands++;
	sq->vq->link->server->request(c);
	return 0;
}

/* The client has given a tag up. It may have crossed the answer. */
static int shm_server_cancel(struct shm_queue *sq, const struct shm_wire_entry *e)
{
	u32 tag = le32_to_cpu(e->tag);
	struct vpart_call *c;

	if (unlikely(tag >= sq->vq->link->lim.depth))
		return VPART_ERR_TAG;
	if (unlikely(e->flags || e->iu_len || e->arg))
		return VPART_ERR_MALFORMED;
	c = vpart_slot(sq->vq, tag);
	rcu_read_lock();
	if (READ_ONCE(c->state))
		sq->vq->link->server->cancel(c);
	rcu_read_unlock();
	return 0;
}

/**
 * shm_server_entry() - an entry of the client
 * @sq: queue
 * @e: private copy of it
 * @gfp: how to allocate
 *
 * Return: 0; -EAGAIN if there is no memory now: then it comes again; -ESHUTDOWN
 * if the client has left; or enum vpart_wire_error.
 */
int shm_server_entry(struct shm_queue *sq, const struct shm_wire_entry *e, gfp_t gfp)
{
	switch (e->type) {
	case VPART_PDU_REQ:
		return shm_server_req(sq, e, gfp);
	case VPART_PDU_CANCEL:
		return shm_server_cancel(sq, e);
	default:
		return VPART_ERR_UNSUPPORTED;
	}
}

/* ---- the driver's side ---- */

/**
 * shm_server_map() - vpart_fabric_ops.map
 * @c: call
 * @dir: which data
 * @d: result
 *
 * Context: Process context.
 * Return: 0 or -ENOMEM.
 */
int shm_server_map(struct vpart_call *c, enum dma_data_direction dir, struct vpart_data *d)
{
	struct shm_serve *s = vpart_call_fabric(c);

	if (!s->pages.sgl &&
	    vpart_pages_get(shm_stash_of(c->q), &s->pages, c->in_len, GFP_NOIO))
		return -ENOMEM;
	d->sgl = s->pages.sgl;
	d->nents = s->pages.nents;
	d->len = dir == DMA_TO_DEVICE ? c->out_len : c->in_len;
	return 0;
}

/**
 * shm_server_reply() - vpart_fabric_ops.reply: lay the answer down for the put
 * @c: call
 * @rsp: response IU
 * @len: its length
 * @status: 0, or the epoch is over
 */
struct vpart_req *shm_server_reply(struct vpart_call *c, const void *rsp, u16 len, int status)
{
	struct shm_end *end = c->q->link->priv;
	struct shm_serve *s = vpart_call_fabric(c);
	struct shm_session *sess;
	struct shm_wire_tag *t;

	if (status || len > VPART_WIRE_IU_MAX)
		return NULL;
	sess = READ_ONCE(end->sess);
	t = end->mem + shm_at_tag(&sess->layout, c->q->index, c->tag);
	memcpy(t->iu, rsp, len);
	s->rsp_len = len;
	s->answered = true;
	return NULL;
}

/**
 * shm_server_put() - vpart_fabric_ops.put
 * @c: call
 *
 * Context: Any, under RCU.
 */
void shm_server_put(struct vpart_call *c)
{
	struct shm_serve *s = vpart_call_fabric(c);
	struct vpart_queue *q = c->q;
	struct vpart_stash *stash = shm_stash_of(q);
	u32 valid, tag = c->tag, len = s->rsp_len;
	bool answered = s->answered;
	struct shm_session *sess;
	struct shm_queue *sq;
	unsigned long irq;
	bool ring;

	/* The segment may be gone, or another session's. */
	if (unlikely(READ_ONCE(q->link->state) != VPART_LINK_STATE_UP)) {
		vpart_pages_put(stash, &s->pages);
		vpart_call_free(c, NULL);
		return;
	}
	sess = READ_ONCE(((struct shm_end *)q->link->priv)->sess);
	sq = &sess->queue[q->index];
	valid = answered && s->pages.sgl ? min(c->in_valid, c->in_len) : 0;
	if (valid)
		shm_blocks_copy(sq, s->block, s->pages.sgl, s->pages.nents, valid, true);
	shm_blocks_drop(sess->used, s->block, s->nr_blocks);
	vpart_pages_put(stash, &s->pages);
	/* The client may use the tag again when it has the answer. */
	vpart_call_free(c, NULL);

	spin_lock_irqsave(&sq->tx_lock, irq);
	if (likely(answered))
		shm_queue_put_locked(sq, VPART_PDU_RSP, VPART_HDR_PUT, len, tag, valid);
	else
		shm_queue_put_locked(sq, VPART_PDU_PUT, 0, 0, tag, 0);
	sq->tx_bytes += valid;
	ring = shm_prod_must_ring(&sq->tx);
	spin_unlock_irqrestore(&sq->tx_lock, irq);
	if (ring)
		shm_queue_bell(sq);
}
