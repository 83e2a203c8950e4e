// SPDX-License-Identifier: GPL-2.0
/*
 * A client's requests.
 *
 * Who takes the request out of its slot (xchg of c->req) calls its done(). A
 * slot has a reference for the server, until it lets go of the tag, and one for
 * each thing that is with the sender; the last one frees it. So a tag is never
 * used again while the sender still looks at its slot.
 *
 * Pages: data to send are copied by the sender, data that come by the receiver,
 * so a request can be given up at any moment when neither is at it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/rcupdate.h>

#include "stream.h"

static struct stream_conn *stream_conn_of(const struct vpart_queue *q)
{
	struct stream_end *end = q->link->priv;

	return READ_ONCE(end->sess)->conn[q->index];
}

static void stream_client_unref(struct vpart_call *c)
{
	struct stream_request *r = vpart_call_fabric(c);

	rcu_read_lock();
	if (atomic_dec_and_test(&r->refs))
		vpart_call_free(c, xchg(&c->req, NULL));
	rcu_read_unlock();
}

static void stream_client_sent(struct stream_conn *conn, struct stream_tx *tx)
{
	struct stream_request *r = container_of(tx, struct stream_request, tx);

	if (test_bit(STREAM_CONN_DEAD, &conn->flags))
		return;		/* stream_client_end() follows */
	conn->count.commands++;
	/* Given up before its turn: the server has never heard of it. */
	if (unlikely(tx->state == STREAM_TX_SKIP))
		stream_client_unref(r->call);
	stream_client_unref(r->call);
}

/* Send what the server has asked for. */
static void stream_client_data_out(struct stream_conn *conn, struct stream_request *r, u32 want)
{
	lockdep_assert_held(&conn->rx_lock);
	r->dtx.hdr.type = VPART_PDU_DATA_OUT;
	r->dtx.hdr.tag = r->call->tag;
	r->dtx.hdr.arg = r->asked;
	r->dtx.hdr.flags = 0;
	r->dtx.left = want;
	r->asked += want;
	stream_tx_queue(conn, &r->dtx, false);
}

static void stream_client_data_sent(struct stream_conn *conn, struct stream_tx *tx)
{
	struct stream_request *r = container_of(tx, struct stream_request, dtx);
	unsigned long flags;
	u32 want;

	if (test_bit(STREAM_CONN_DEAD, &conn->flags))
		return;
	spin_lock_irqsave(&conn->rx_lock, flags);
	want = r->want;
	r->want = 0;
	if (want)
		stream_client_data_out(conn, r, want);
	else
		r->sending = false;
	spin_unlock_irqrestore(&conn->rx_lock, flags);
	if (!want)
		stream_client_unref(r->call);
}

static void stream_client_cancel_sent(struct stream_conn *conn, struct stream_tx *tx)
{
	struct stream_request *r = container_of(tx, struct stream_request, cancel);

	if (!test_bit(STREAM_CONN_DEAD, &conn->flags))
		stream_client_unref(r->call);
}

/**
 * stream_client_submit() - vpart_fabric_ops.submit
 * @q: queue
 * @req: request
 *
 * Return: 0, -EBUSY, or -EINVAL for data both ways, which no PDU can carry.
 */
int stream_client_submit(struct vpart_queue *q, struct vpart_req *req)
{
	struct stream_conn *conn = stream_conn_of(q);
	struct vpart_link *link = q->link;
	struct stream_request *r;
	struct vpart_call *c;
	struct vpart_hdr *h;

	if (unlikely(req->out.len && req->in.len))
		return -EINVAL;
	c = vpart_call_claim(q, req->tag);
	if (unlikely(!c))
		return -EBUSY;
	c->epoch = link->epoch;
	c->out_len = req->out.len;
	c->in_len = req->in.len;
	c->flags = req->flags;
	c->start = jiffies;

	r = vpart_call_fabric(c);
	/* From the first moment the server cannot have heard of it: stream_client_call(). */
	WRITE_ONCE(r->tx.state, STREAM_TX_QUEUED);
	r->call = c;
	r->got = 0;
	r->asked = 0;
	r->want = 0;
	r->sending = false;
	r->put = false;
	r->answered = false;
	r->last = false;
	atomic_set(&r->refs, 2);
	h = &r->tx.hdr;
	h->type = VPART_PDU_REQ;
	h->flags = req->flags & VPART_REQ_PRIO ? VPART_HDR_PRIO : 0;
	h->tag = req->tag;
	h->iu_len = req->iu_len;
	h->arg = 0;
	r->tx.iu = req->iu;
	r->tx.left = 0;
	r->tx.sent = stream_client_sent;
	if (req->out.len) {
		h->flags |= VPART_HDR_WRITE;
		h->arg = req->out.len;
		if (req->out.len <= conn->rules.imm_max) {
			stream_sg_begin(&r->tx.data, req->out.sgl);
			r->tx.left = req->out.len;
			r->asked = req->out.len;
		} else {
			stream_sg_begin(&r->dtx.data, req->out.sgl);
			r->dtx.sent = stream_client_data_sent;
			r->dtx.hdr.iu_len = 0;
			r->dtx.hdr.flags = 0;
			r->dtx.last = VPART_HDR_LAST;
		}
	} else if (req->in.len) {
		h->flags |= VPART_HDR_READ;
		h->arg = req->in.len;
	}
	/* Pairs with the xchg() and the loads of whoever finds the request. */
	smp_store_release(&c->req, req);
	stream_tx_queue(conn, &r->tx, req->flags & VPART_REQ_MORE);
	return 0;
}

/**
 * stream_client_cancel() - vpart_fabric_ops.cancel
 * @q: queue
 * @req: request
 *
 * The request ends at once unless the sender is at it just now, or the server
 * has asked for its data: then with the server's answer, or the connection.
 *
 * Return: 0 or -EINPROGRESS.
 */
int stream_client_cancel(struct vpart_queue *q, struct vpart_req *req)
{
	struct vpart_call *c = vpart_slot(q, req->tag);
	struct stream_request *r = vpart_call_fabric(c);
	bool mine = false, skip = false;
	struct stream_conn *conn;
	unsigned long flags;

	/*
	 * Pairs with the release in vpart_link_publish(). In DRAINING there may be
	 * no session any more; it ends every request.
	 */
	if (smp_load_acquire(&q->link->state) != VPART_LINK_STATE_UP)
		return -EINPROGRESS;
	conn = stream_conn_of(q);
	/* Without it the server may let go meanwhile, and the tag be used again. */
	if (!atomic_inc_not_zero(&r->refs))
		return -EINPROGRESS;
	spin_lock_irqsave(&conn->rx_lock, flags);
	/* Pairs with the release in stream_client_submit(). */
	if (smp_load_acquire(&c->req) != req)
		goto unlock;
	skip = stream_tx_skip(conn, &r->tx);
	if (!skip && (READ_ONCE(r->tx.state) != STREAM_TX_IDLE || r->sending))
		goto unlock;
	mine = cmpxchg(&c->req, req, NULL) == req;
	if (mine && conn->rx.call == c)
		conn->rx.call = NULL;
	if (mine && !skip) {
		/* The reference is the sender's now. */
		r->cancel.hdr.type = VPART_PDU_CANCEL;
		r->cancel.hdr.tag = c->tag;
		r->cancel.sent = stream_client_cancel_sent;
		stream_tx_queue(conn, &r->cancel, false);
	}
unlock:
	spin_unlock_irqrestore(&conn->rx_lock, flags);
	if (!mine || skip)
		stream_client_unref(c);
	if (!mine)
		return -EINPROGRESS;
	req->status = -ECANCELED;
	req->rsp_len = 0;
	req->done(req);
	return 0;
}

/* The open slot that a PDU is about, or NULL. @more: it must not be answered. */
static struct vpart_call *stream_client_call(struct stream_conn *conn, bool more)
{
	struct vpart_call *c = vpart_slot(conn->q, conn->rx.hdr.tag);
	struct stream_request *r = vpart_call_fabric(c);
	u8 state;

	if (unlikely(!(READ_ONCE(c->state) & VPART_CALL_OPEN)))
		return NULL;
	/* The server has let go; only the sender has not yet. */
	if (unlikely(r->put || (more && r->answered)))
		return NULL;
	/* It cannot have heard of this one. */
	state = READ_ONCE(r->tx.state);
	if (unlikely(state == STREAM_TX_QUEUED || state == STREAM_TX_SKIP))
		return NULL;
	return c;
}

/**
 * stream_client_iu() - header and IU of a PDU are there: where do its data go?
 * @conn: connection
 *
 * Return: 0 or enum vpart_wire_error.
 */
int stream_client_iu(struct stream_conn *conn)
{
	struct stream_receiver *rx = &conn->rx;
	struct stream_request *r;
	struct vpart_req *req;
	struct vpart_call *c;
	unsigned long flags;
	int err = 0;

	if (rx->hdr.type != VPART_PDU_DATA_IN)
		return 0;
	c = stream_client_call(conn, true);
	if (unlikely(!c))
		return VPART_ERR_TAG;
	r = vpart_call_fabric(c);
	if (unlikely(r->last))
		return VPART_ERR_OFFSET;
	err = vpart_data_in_check(&rx->hdr, r->got, c->in_len);
	if (unlikely(err))
		return err;
	spin_lock_irqsave(&conn->rx_lock, flags);
	/* Pairs with the release in stream_client_submit(). */
	req = smp_load_acquire(&c->req);
	if (likely(req)) {
		if (!r->got)
			stream_sg_begin(&r->pos, req->in.sgl);
		rx->data = r->pos;
		rx->call = c;
	}
	spin_unlock_irqrestore(&conn->rx_lock, flags);
	return 0;
}

/* The server has let go of a tag. @req: taken from it, or NULL. */
static int stream_client_free(struct vpart_call *c, struct vpart_req *req)
{
	struct stream_request *r = vpart_call_fabric(c);

	rcu_read_lock();
	r->put = true;
	if (likely(atomic_cmpxchg(&r->refs, 1, 0) == 1)) {
		vpart_call_free(c, req);
	} else {
		/* The sender ends it, when it lets go, or who wants to cancel it. */
		xchg(&c->req, req);
		if (atomic_dec_and_test(&r->refs))
			vpart_call_free(c, xchg(&c->req, NULL));
	}
	rcu_read_unlock();
	return 0;
}

/* RSP, or a DATA_IN that says GOOD; @put: the server has let go of the tag. */
static int stream_client_answer(struct stream_conn *conn, struct vpart_call *c, bool put)
{
	struct stream_request *r = vpart_call_fabric(c);
	struct stream_receiver *rx = &conn->rx;
	struct vpart_req *req;

	r->answered = true;
	req = xchg(&c->req, NULL);
	if (likely(req)) {
		req->missing = c->in_len - r->got;
		req->status = rx->hdr.iu_len > req->rsp_size ? -EPROTO : 0;
		req->rsp_len = req->status ? 0 : rx->hdr.iu_len;
		memcpy(req->rsp, rx->iu, req->rsp_len);
	}
	if (likely(put))
		return stream_client_free(c, req);
	if (unlikely(atomic_read(&r->refs) > 1))
		xchg(&c->req, req);	/* done() with the PUT, or the sender's end */
	else if (req)
		req->done(req);
	return 0;
}

static int stream_client_rsp(struct stream_conn *conn)
{
	struct vpart_call *c = stream_client_call(conn, true);

	if (unlikely(!c))
		return VPART_ERR_TAG;
	return stream_client_answer(conn, c, conn->rx.hdr.flags & VPART_HDR_PUT);
}

static int stream_client_put(struct stream_conn *conn)
{
	struct vpart_call *c = stream_client_call(conn, false);
	struct stream_request *r;
	struct vpart_req *req;

	if (unlikely(!c))
		return VPART_ERR_TAG;
	r = vpart_call_fabric(c);
	req = xchg(&c->req, NULL);
	/* One that is answered is here only as long as the sender needs its pages. */
	if (req && !r->answered) {
		req->status = -ECANCELED;
		req->rsp_len = 0;
	}
	return stream_client_free(c, req);
}

static int stream_client_xfer_rdy(struct stream_conn *conn)
{
	struct vpart_call *c = stream_client_call(conn, true);
	struct stream_request *r;
	unsigned long flags;
	int err = 0;
	u32 want;

	if (unlikely(!c || !c->out_len))
		return VPART_ERR_TAG;
	r = vpart_call_fabric(c);
	spin_lock_irqsave(&conn->rx_lock, flags);
	if (unlikely(!READ_ONCE(c->req)))
		goto unlock;	/* given up: CANCEL has crossed it */
	if (unlikely(r->want)) {
		err = VPART_ERR_STATE;
		goto unlock;
	}
	err = vpart_xfer_rdy_get(&conn->rx.hdr, conn->rx.iu, r->asked, c->out_len, &want);
	if (unlikely(err))
		goto unlock;
	if (unlikely(r->sending)) {
		r->want = want;
	} else {
		r->sending = true;
		atomic_inc(&r->refs);
		stream_client_data_out(conn, r, want);
	}
unlock:
	spin_unlock_irqrestore(&conn->rx_lock, flags);
	return err;
}

/* A piece of data is where it belongs. */
static int stream_client_data_in(struct stream_conn *conn)
{
	struct stream_receiver *rx = &conn->rx;
	struct vpart_call *c = vpart_slot(conn->q, rx->hdr.tag);
	struct stream_request *r = vpart_call_fabric(c);

	r->got += rx->hdr.data_len;
	r->pos = rx->data;
	r->last = rx->hdr.flags & VPART_HDR_LAST;
	rx->call = NULL;
	return rx->hdr.flags & VPART_HDR_GOOD ? stream_client_answer(conn, c, true) : 0;
}

/**
 * stream_client_done() - a PDU is whole
 * @conn: connection
 *
 * Return: 0 or enum vpart_wire_error.
 */
int stream_client_done(struct stream_conn *conn)
{
	switch (conn->rx.hdr.type) {
	case VPART_PDU_RSP:
		return stream_client_rsp(conn);
	case VPART_PDU_DATA_IN:
		return stream_client_data_in(conn);
	case VPART_PDU_PUT:
		return stream_client_put(conn);
	case VPART_PDU_XFER_RDY:
		return stream_client_xfer_rdy(conn);
	case VPART_PDU_EVENT:
	case VPART_PDU_EVENT_LOST:
		return stream_event_got(conn);
	case VPART_PDU_CLOSE_RSP:
		return stream_close_answered(conn);
	default:
		return VPART_ERR_UNSUPPORTED;
	}
}

/**
 * stream_client_end() - end all requests of a connection that is over
 * @conn: stopped; nothing of it is with the sender
 *
 * Context: Process context, the link's work.
 */
void stream_client_end(struct stream_conn *conn)
{
	struct vpart_queue *q = conn->q;
	struct vpart_req *req;
	struct vpart_call *c;
	unsigned int tag;

	if (!q)
		return;
	for (tag = 0; tag < q->link->lim.depth; tag++) {
		c = vpart_slot(q, tag);
		if (!(READ_ONCE(c->state) & VPART_CALL_OPEN))
			continue;
		rcu_read_lock();
		req = xchg(&c->req, NULL);
		if (req) {
			req->status = -ENOTCONN;
			req->rsp_len = 0;
		}
		atomic_set(&((struct stream_request *)vpart_call_fabric(c))->refs, 0);
		vpart_call_free(c, req);
		rcu_read_unlock();
	}
}
