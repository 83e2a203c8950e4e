// SPDX-License-Identifier: GPL-2.0
/*
 * A server's calls. The driver gets a request when all of its data are here, in
 * pages of the call's own; what it answers leaves with the put.
 *
 *	phase	  what has come			what it waits for
 *	ARRIVING  REQ				its immediate data
 *	MEMORY	  REQ of much data		rx_work finds memory: XFER_RDY,
 *						or the driver, for a read
 *	GONE	  ... and then CANCEL		rx_work puts it
 *	DATA	  some of its data		the rest
 *	GIVEN	  all				the driver
 *
 * Up to DATA a call is the receiver's and rx_work's, who leave it to the link's
 * work when the connection is over. From GIVEN on it is the driver's, who puts
 * it at whatever time; NONE is one that is being put, or free.
 *
 * A slot is free before its answer is sent: else a client that has the answer
 * could be refused the tag. The answer itself is another matter: see struct
 * stream_answer. What a client can have us keep for it is bounded, also while it
 * does not take its answers: beyond that its commands wait. Nothing that the driver
 * has not written leaves: a client gets c->in_valid bytes, no more.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/scatterlist.h>

#include "stream.h"

static struct stream_conn *stream_conn_of(const struct vpart_queue *q)
{
	struct stream_end *end = q->link->priv;

	return READ_ONCE(end->sess)->conn[q->index];
}

static struct stream_answer *stream_answer_of(struct stream_serve *s)
{
	return &s->answer[s->turn];
}

/* ---- pages ---- */

static int stream_pages_get(struct stream_conn *conn, struct stream_answer *a, u32 len,
			    gfp_t gfp)
{
	unsigned int nr = DIV_ROUND_UP(len, PAGE_SIZE), i;
	struct page *page;

	if (nr > STREAM_INLINE_SG) {
		a->sgl = sgl_alloc(len, gfp | __GFP_NOWARN, &a->nents);
		return a->sgl ? 0 : -ENOMEM;
	}
	sg_init_table(a->list, nr);
	for (i = 0; i < nr; i++) {
		page = stream_pool_get(&conn->pool, gfp);
		if (!page)
			goto free;
		sg_set_page(&a->list[i], page, min_t(u32, len - i * PAGE_SIZE, PAGE_SIZE), 0);
	}
	a->sgl = a->list;
	a->nents = nr;
	return 0;

free:
	while (i--)
		__free_page(sg_page(&a->list[i]));
	return -ENOMEM;
}

/* For process context: a list of its own, however short */
static int stream_pages_new(struct stream_answer *a, u32 len)
{
	a->sgl = sgl_alloc(len, GFP_NOIO | __GFP_NOWARN, &a->nents);
	return a->sgl ? 0 : -ENOMEM;
}

/* May so much memory be taken for a call? One always may: else nothing would go on. */
static bool stream_mem_take(struct stream_conn *conn, struct stream_answer *a, u32 len)
{
	u32 now = atomic_add_return(len, &conn->mem);

	if (unlikely(now > STREAM_DATA_MEM / conn->sess->nr && now != len)) {
		atomic_sub(len, &conn->mem);
		return false;
	}
	a->mem = len;
	return true;
}

/* It is there again: for calls that wait. */
static void stream_mem_put(struct stream_conn *conn, struct stream_answer *a)
{
	if (!a->mem)
		return;
	atomic_sub(a->mem, &conn->mem);
	a->mem = 0;
	if (unlikely(!llist_empty(&conn->xfers)) && !test_bit(STREAM_CONN_DEAD, &conn->flags))
		queue_work(stream_wq, &conn->rx_work);
}

/* @conn: keeps them; NULL: it is over, or will be */
static void stream_pages_drop(struct stream_conn *conn, struct stream_answer *a)
{
	unsigned int i;

	if (conn)
		stream_mem_put(conn, a);

	if (a->sgl && a->sgl != a->list)
		sgl_free(a->sgl);
	for (i = 0; a->sgl == a->list && i < a->nents; i++) {
		if (conn)
			stream_pool_put(&conn->pool, sg_page(&a->list[i]));
		else
			put_page(sg_page(&a->list[i]));
	}
	a->sgl = NULL;
}

/* The same, and the answer is free for another call. */
static void stream_pages_put(struct stream_conn *conn, struct stream_answer *a)
{
	stream_pages_drop(conn, a);
	/* Pairs with the acquire in stream_server_claim(). */
	smp_store_release(&a->busy, false);
}

/* ---- a request arrives ---- */

static void stream_answer_sent(struct stream_conn *conn, struct stream_tx *tx)
{
	stream_pages_put(conn, container_of(tx, struct stream_answer, rsp));
}

static void stream_data_sent(struct stream_conn *conn, struct stream_tx *tx)
{
	stream_pages_put(conn, container_of(tx, struct stream_answer, data));
}

static void stream_sent_part(struct stream_conn *conn, struct stream_tx *tx)
{
}

/* Take the slot of a REQ. NULL: it is in use. */
static struct vpart_call *stream_server_claim(struct stream_conn *conn)
{
	const struct vpart_hdr *h = &conn->rx.hdr;
	struct vpart_call *c = vpart_slot(conn->q, h->tag);
	struct stream_answer *a;
	struct stream_serve *s;
	bool busy;

	if (cmpxchg(&c->state, 0, VPART_CALL_OPEN))
		return NULL;
	s = vpart_call_fabric(c);
	a = &s->answer[!s->turn];
	/* Pairs with the release in stream_pages_put(). */
	busy = smp_load_acquire(&a->busy);
	/* Pairs with the release of conn->tx_lock by the sender. */
	busy |= smp_load_acquire(&s->xtx.state) != STREAM_TX_IDLE;
	if (unlikely(busy)) {
		/* One who does not wait for the tag's end. Pairs with the cmpxchg() above. */
		smp_store_release(&c->state, 0);
		return NULL;
	}
	s->turn = !s->turn;
	a->busy = true;
	a->sgl = NULL;
	a->len = 0;
	a->given = false;
	a->mem = 0;
	s->call = c;
	WRITE_ONCE(s->phase, STREAM_PHASE_ARRIVING);
	s->got = 0;
	c->iu = conn->rx.iu;
	c->iu_len = h->iu_len;
	c->epoch = conn->q->link->epoch;
	c->out_len = h->flags & VPART_HDR_WRITE ? h->arg : 0;
	c->in_len = h->flags & VPART_HDR_READ ? h->arg : 0;
	c->in_valid = 0;
	c->flags = h->flags & VPART_HDR_PRIO ? VPART_REQ_PRIO : 0;
	c->start = jiffies;
	return c;
}

/* Header and IU of a REQ. May come again, when there was no memory. */
static int stream_server_req_iu(struct stream_conn *conn, gfp_t gfp)
{
	struct stream_receiver *rx = &conn->rx;
	struct stream_answer *a;
	struct stream_serve *s;
	struct vpart_call *c;

	if (!rx->call) {
		rx->call = stream_server_claim(conn);
		if (unlikely(!rx->call))
			return VPART_ERR_TAG;
		conn->count.commands++;
	}
	c = rx->call;
	if (!rx->hdr.data_len)
		return 0;
	s = vpart_call_fabric(c);
	a = stream_answer_of(s);
	if (unlikely(!a->sgl && stream_pages_get(conn, a, rx->hdr.data_len, gfp)))
		return -EAGAIN;
	stream_sg_begin(&rx->data, a->sgl);
	return 0;
}

static int stream_server_data_iu(struct stream_conn *conn)
{
	struct stream_receiver *rx = &conn->rx;
	struct vpart_call *c = vpart_slot(conn->q, rx->hdr.tag);
	struct stream_serve *s = vpart_call_fabric(c);
	int err;

	if (unlikely(!READ_ONCE(c->state) || READ_ONCE(s->phase) != STREAM_PHASE_DATA))
		return VPART_ERR_TAG;
	err = vpart_data_out_check(&rx->hdr, s->got, c->out_len);
	if (unlikely(err))
		return err;
	rx->call = c;
	rx->data = s->pos;
	return 0;
}

/**
 * stream_server_iu() - header and IU of a PDU are there: where do its data go?
 * @conn: connection
 *
 * Return: 0, -EAGAIN if there is no memory now, or enum vpart_wire_error.
 */
int stream_server_iu(struct stream_conn *conn)
{
	switch (conn->rx.hdr.type) {
	case VPART_PDU_REQ:
		return stream_server_req_iu(conn, GFP_ATOMIC);
	case VPART_PDU_DATA_OUT:
		return stream_server_data_iu(conn);
	default:
		return 0;
	}
}

static void stream_server_give(struct vpart_call *c)
{
	struct stream_serve *s = vpart_call_fabric(c);

	WRITE_ONCE(s->phase, STREAM_PHASE_GIVEN);
	c->q->link->server->request(c);
}

/**
 * stream_server_given() - vpart_fabric_ops.given
 * @c: call, open
 */
bool stream_server_given(const struct vpart_call *c)
{
	const struct stream_serve *s = vpart_call_fabric(c);

	return READ_ONCE(s->phase) == STREAM_PHASE_GIVEN;
}

/* Ask for what is missing of a call's data; it has pages. */
static void stream_server_ask(struct stream_conn *conn, struct vpart_call *c)
{
	struct stream_serve *s = vpart_call_fabric(c);

	s->xtx.hdr.type = VPART_PDU_XFER_RDY;
	s->xtx.hdr.tag = c->tag;
	s->xtx.hdr.arg = s->got;
	s->xtx.hdr.iu_len = vpart_xfer_rdy_put(&s->want, c->out_len - s->got);
	s->xtx.iu = &s->want;
	s->xtx.left = 0;
	s->xtx.sent = stream_sent_part;
	WRITE_ONCE(s->xtx.state, STREAM_TX_QUEUED);
	/* Its data may come from here on, and with them the next use of the tag. */
	smp_store_release(&s->phase, STREAM_PHASE_DATA);
	stream_tx_queue(conn, &s->xtx, false);
}

static int stream_server_req(struct stream_conn *conn)
{
	struct stream_receiver *rx = &conn->rx;
	struct vpart_call *c = rx->call;
	struct stream_serve *s = vpart_call_fabric(c);
	struct stream_answer *a = stream_answer_of(s);

	s->got = rx->hdr.data_len;
	s->pos = rx->data;
	rx->call = NULL;
	if (likely(s->got == c->out_len &&
		   (!c->in_len || (llist_empty(&conn->xfers) &&
				   stream_mem_take(conn, a, c->in_len))))) {
		stream_server_give(c);
		return 0;
	}
	memcpy(a->iu, rx->iu, c->iu_len);
	c->iu = a->iu;
	s->phase = STREAM_PHASE_MEMORY;
	llist_add(&s->node, &conn->xfers);
	queue_work(stream_wq, &conn->rx_work);
	return 0;
}

static int stream_server_data(struct stream_conn *conn)
{
	struct stream_receiver *rx = &conn->rx;
	struct vpart_call *c = rx->call;
	struct stream_serve *s = vpart_call_fabric(c);

	s->got += rx->hdr.data_len;
	s->pos = rx->data;
	rx->call = NULL;
	if (s->got == c->out_len)
		stream_server_give(c);
	return 0;
}

/* The client has given a tag up. It may have crossed the answer. */
static int stream_server_cancel(struct stream_conn *conn)
{
	struct vpart_call *c = vpart_slot(conn->q, conn->rx.hdr.tag);
	struct stream_serve *s = vpart_call_fabric(c);
	unsigned long flags;
	bool put = false;

	rcu_read_lock();
	if (!READ_ONCE(c->state))
		goto unlock;
	spin_lock_irqsave(&conn->rx_lock, flags);
	if (s->phase == STREAM_PHASE_MEMORY)
		s->phase = STREAM_PHASE_GONE;
	put = s->phase == STREAM_PHASE_DATA;
	spin_unlock_irqrestore(&conn->rx_lock, flags);
	if (put)
		stream_server_put(c);
	else if (s->phase == STREAM_PHASE_GIVEN)
		c->q->link->server->cancel(c);
unlock:
	rcu_read_unlock();
	return 0;
}

/**
 * stream_server_done() - a PDU is whole
 * @conn: connection
 *
 * Return: 0 or enum vpart_wire_error.
 */
int stream_server_done(struct stream_conn *conn)
{
	switch (conn->rx.hdr.type) {
	case VPART_PDU_REQ:
		return stream_server_req(conn);
	case VPART_PDU_DATA_OUT:
		return stream_server_data(conn);
	case VPART_PDU_CANCEL:
		return stream_server_cancel(conn);
	case VPART_PDU_CLOSE_SESSION:
		return stream_close_asked(conn);
	default:
		return VPART_ERR_UNSUPPORTED;
	}
}

/* ---- memory ---- */

/* Pages for all data of a call that has some; what is there moves. */
static int stream_server_grow(struct stream_conn *conn, struct stream_serve *s)
{
	struct stream_answer *a = stream_answer_of(s);
	struct stream_sg from, to;
	struct scatterlist *sgl;
	unsigned int nents, i;
	u32 left, n;
	void *p;

	sgl = sgl_alloc(s->call->out_len, GFP_NOIO | __GFP_NOWARN, &nents);
	if (!sgl)
		return -ENOMEM;
	stream_sg_begin(&to, sgl);
	if (a->sgl) {
		stream_sg_begin(&from, a->sgl);
		for (left = s->got; left; left -= n) {
			p = stream_sg_piece(&from, left, &n);
			memcpy(stream_sg_piece(&to, n, &n), p, n);
			stream_sg_skip(&from, n);
			stream_sg_skip(&to, n);
		}
		/* Immediate data are few: these are pages of the pool. */
		for (i = 0; i < a->nents; i++)
			stream_pool_put(&conn->pool, sg_page(&a->list[i]));
	}
	a->sgl = sgl;
	a->nents = nents;
	s->pos = to;
	return 0;
}

/* Memory for one call's data: it goes on, or is given up. -EAGAIN: later. */
static int stream_server_take(struct stream_conn *conn, struct stream_serve *s)
{
	struct stream_answer *a = stream_answer_of(s);
	struct vpart_call *c = s->call;
	unsigned long flags;
	bool gone;

	if (READ_ONCE(s->phase) != STREAM_PHASE_GONE) {
		if (!stream_mem_take(conn, a, c->out_len ?: c->in_len))
			return -EAGAIN;
		if (c->out_len && stream_server_grow(conn, s)) {
			atomic_sub(a->mem, &conn->mem);
			a->mem = 0;
			return -EAGAIN;
		}
	}
	spin_lock_irqsave(&conn->rx_lock, flags);
	gone = s->phase == STREAM_PHASE_GONE;
	/* A CANCEL finds a call that the driver has, not one that it will have. */
	if (!gone && c->out_len)
		stream_server_ask(conn, c);
	else if (!gone)
		stream_server_give(c);
	spin_unlock_irqrestore(&conn->rx_lock, flags);
	if (gone) {
		rcu_read_lock();
		stream_server_put(c);
		rcu_read_unlock();
	}
	return 0;
}

/**
 * stream_server_memory() - find memory for calls that wait for it
 * @conn: connection
 *
 * Context: rx_work, under memalloc_noio.
 */
void stream_server_memory(struct stream_conn *conn)
{
	struct llist_node *list = llist_reverse_order(llist_del_all(&conn->xfers));
	struct stream_serve *s, *next;
	struct vpart_call *c;
	bool full = false;
	int mem = 0;

	llist_for_each_entry_safe(s, next, list, node) {
		if (!full) {
			mem = atomic_read(&conn->mem);
			if (!stream_server_take(conn, s))
				continue;
		}
		full = true;
		llist_add(&s->node, &conn->xfers);
	}
	/* Who has freed some meanwhile saw nobody wait for it. */
	if (full && atomic_read(&conn->mem) < mem)
		queue_work(stream_wq, &conn->rx_work);
	/* What the receiver itself could not get */
	c = conn->rx.call;
	if (test_bit(STREAM_CONN_STALLED, &conn->flags) || !conn->softirq) {
		if (c && conn->rx.state == STREAM_RX_IU && c->out_len)
			stream_server_req_iu(conn, GFP_NOIO);
	}
}

/* ---- the driver's side ---- */

/**
 * stream_server_map() - vpart_fabric_ops.map
 * @c: call
 * @dir: which data
 * @d: result
 *
 * Context: Process context.
 * Return: 0, -ENOMEM, or -ENOTCONN if the epoch is over.
 */
int stream_server_map(struct vpart_call *c, enum dma_data_direction dir, struct vpart_data *d)
{
	struct stream_answer *a = stream_answer_of(vpart_call_fabric(c));
	int err = 0;

	if (!a->sgl) {
		rcu_read_lock();
		/* The session is there while the link is up. */
		if (READ_ONCE(c->q->link->state) == VPART_LINK_STATE_UP)
			err = stream_pages_get(stream_conn_of(c->q), a, c->in_len, GFP_NOWAIT);
		else
			err = -ENOTCONN;
		rcu_read_unlock();
		if (err == -ENOMEM)
			err = stream_pages_new(a, c->in_len);
		if (err)
			return err;
	}
	d->sgl = a->sgl;
	d->nents = a->nents;
	d->len = dir == DMA_TO_DEVICE ? c->out_len : c->in_len;
	return 0;
}

/**
 * stream_server_reply() - vpart_fabric_ops.reply: keep the answer for the put
 * @c: call
 * @rsp: response IU
 * @len: its length
 * @status: 0, or the epoch is over
 */
struct vpart_req *stream_server_reply(struct vpart_call *c, const void *rsp, u16 len,
				      int status)
{
	struct stream_answer *a = stream_answer_of(vpart_call_fabric(c));

	if (!status && len <= sizeof(a->iu)) {
		memcpy(a->iu, rsp, len);
		a->len = len;
		a->given = true;
	}
	return NULL;
}

/**
 * stream_server_put() - vpart_fabric_ops.put
 * @c: call
 *
 * Context: Any, under RCU.
 */
void stream_server_put(struct vpart_call *c)
{
	struct stream_serve *s = vpart_call_fabric(c);
	struct stream_answer *a = stream_answer_of(s);
	struct vpart_queue *q = c->q;
	struct vpart_hdr *h = &a->rsp.hdr;
	u32 valid = a->given && a->sgl ? min(c->in_valid, c->in_len) : 0;
	/* All was done, and all data go: no need to say so in a PDU of its own. */
	bool good = valid && !a->len;
	struct stream_conn *conn;

	WRITE_ONCE(s->phase, STREAM_PHASE_NONE);
	if (unlikely(READ_ONCE(q->link->state) != VPART_LINK_STATE_UP)) {
		stream_pages_put(NULL, a);
		vpart_call_free(c, NULL);
		return;
	}
	conn = stream_conn_of(q);
	if (valid) {
		a->data.hdr.type = VPART_PDU_DATA_IN;
		a->data.hdr.flags = 0;
		a->data.hdr.tag = c->tag;
		a->data.hdr.arg = 0;
		a->data.left = valid;
		a->data.last = good ? VPART_HDR_LAST | VPART_HDR_GOOD : VPART_HDR_LAST;
		a->data.splice = true;
		a->data.sent = good ? stream_data_sent : stream_sent_part;
		stream_sg_begin(&a->data.data, a->sgl);
	} else {
		stream_pages_drop(conn, a);
	}
	if (!good) {
		h->type = a->given ? VPART_PDU_RSP : VPART_PDU_PUT;
		h->flags = a->given ? VPART_HDR_PUT : 0;
		h->tag = c->tag;
		h->iu_len = a->len;
		h->arg = 0;
		a->rsp.iu = a->iu;
		a->rsp.left = 0;
		a->rsp.sent = stream_answer_sent;
	}
	/* The client may use the tag again when it has the answer. */
	vpart_call_free(c, NULL);
	if (valid)
		stream_tx_queue(conn, &a->data, !good);
	if (!good)
		stream_tx_queue(conn, &a->rsp, false);
}

/**
 * stream_server_end() - end the calls that the driver has not been given
 * @conn: stopped; nothing of it is with the sender
 *
 * Context: Process context, the link's work.
 */
void stream_server_end(struct stream_conn *conn)
{
	struct vpart_queue *q = conn->q;
	struct stream_serve *s;
	struct vpart_call *c;
	unsigned int tag;

	if (!q)
		return;
	for (tag = 0; tag < q->link->lim.depth; tag++) {
		c = vpart_slot(q, tag);
		s = vpart_call_fabric(c);
		if (!READ_ONCE(c->state))
			continue;
		switch (READ_ONCE(s->phase)) {
		case STREAM_PHASE_ARRIVING:
		case STREAM_PHASE_MEMORY:
		case STREAM_PHASE_GONE:
		case STREAM_PHASE_DATA:
			rcu_read_lock();
			stream_server_put(c);
			rcu_read_unlock();
			break;
		}
	}
}
