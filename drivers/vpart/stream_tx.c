// SPDX-License-Identifier: GPL-2.0
/*
 * Sending: whoever has a PDU puts it on a list, one worker per connection
 * writes the socket.
 *
 * A PDU gets its number when its turn comes, so the order on the wire is the
 * order of the numbers. PDUs are written one behind the other to pages of the
 * connection's own, the stage; the socket gets a stage at a time, which is one
 * call for many small PDUs. So no page of a client is ever with the socket: it
 * is its own again when its request ends, while TCP may send once more what is
 * on its way then. A digest is made of the copy, whatever happens to the
 * original meanwhile. Much data that a server has read goes to the socket as it
 * is: those pages are the session's.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "stream.h"

#define STREAM_STAGE_ORDER	3	/* 32 KiB */

/* Pages are used by their address. */
static_assert(BITS_PER_LONG == 64);

/**
 * stream_sg_begin() - the beginning of a list of pages
 * @pos: result
 * @sgl: list
 */
void stream_sg_begin(struct stream_sg *pos, struct scatterlist *sgl)
{
	pos->sg = sgl;
	pos->off = 0;
}

/**
 * stream_sg_piece() - what lies at a place, in one piece
 * @pos: place
 * @want: bytes wanted
 * @len: bytes there are, at most @want
 *
 * Return: its address.
 */
void *stream_sg_piece(struct stream_sg *pos, u32 want, u32 *len)
{
	*len = min(want, pos->sg->length - pos->off);
	return sg_virt(pos->sg) + pos->off;
}

/**
 * stream_sg_skip() - go on in a list of pages
 * @pos: place
 * @bytes: not beyond the end
 */
void stream_sg_skip(struct stream_sg *pos, u32 bytes)
{
	pos->off += bytes;
	while (pos->sg && pos->off >= pos->sg->length) {
		pos->off -= pos->sg->length;
		pos->sg = sg_next(pos->sg);
	}
}

/**
 * stream_tx_queue() - have something sent
 * @conn: connection
 * @tx: idle; the worker's until tx->sent()
 * @more: another follows at once, and vpart_kick() at the end
 *
 * Context: Any; the link is up under RCU, or the session's end waits for the
 * caller by other means.
 */
void stream_tx_queue(struct stream_conn *conn, struct stream_tx *tx, bool more)
{
	WRITE_ONCE(tx->state, STREAM_TX_QUEUED);
	llist_add(&tx->node, &conn->tx_list);
	if (!more)
		queue_work(stream_wq, &conn->tx_work);
}

/**
 * stream_tx_skip() - give up what was not begun to be sent
 * @conn: connection
 * @tx: queued before
 *
 * Context: Any.
 * Return: true if nothing of it was sent, or will be: tx->sent() comes in its
 * turn; false if it was, or is being sent.
 */
bool stream_tx_skip(struct stream_conn *conn, struct stream_tx *tx)
{
	unsigned long flags;
	bool skip;

	spin_lock_irqsave(&conn->tx_lock, flags);
	skip = tx->state == STREAM_TX_QUEUED;
	if (skip)
		tx->state = STREAM_TX_SKIP;
	spin_unlock_irqrestore(&conn->tx_lock, flags);
	return skip;
}

/**
 * stream_tx_ack() - answer a NOP
 * @conn: connection
 * @arg: its number
 *
 * Of those that come while an answer waits to be sent, the last is answered.
 *
 * Context: Any.
 */
void stream_tx_ack(struct stream_conn *conn, u32 arg)
{
	unsigned long flags;

	spin_lock_irqsave(&conn->tx_lock, flags);
	conn->ack_arg = arg;
	conn->ack_again = conn->acking;
	if (!conn->acking) {
		conn->acking = true;
		conn->ack.hdr.type = VPART_PDU_NOP_ACK;
		conn->ack.hdr.arg = arg;
		stream_tx_queue(conn, &conn->ack, false);
	}
	spin_unlock_irqrestore(&conn->tx_lock, flags);
}

/**
 * stream_tx_ack_sent() - stream_conn.ack.sent
 * @conn: connection
 * @tx: its @ack
 */
void stream_tx_ack_sent(struct stream_conn *conn, struct stream_tx *tx)
{
	unsigned long flags;

	spin_lock_irqsave(&conn->tx_lock, flags);
	conn->acking = conn->ack_again && !test_bit(STREAM_CONN_DEAD, &conn->flags);
	conn->ack_again = false;
	if (conn->acking) {
		tx->hdr.arg = conn->ack_arg;
		stream_tx_queue(conn, tx, false);
	}
	spin_unlock_irqrestore(&conn->tx_lock, flags);
}

/* Header and IU of the next PDU of conn->tx.cur. */
static void stream_tx_head(struct stream_conn *conn)
{
	struct stream_sender *s = &conn->tx;
	struct stream_tx *tx = s->cur;
	struct vpart_hdr *h = &tx->hdr;
	u32 pad;

	s->data = min_t(u32, tx->left, conn->rules.max_pdu_data);
	h->data_len = s->data;
	h->epoch = conn->rules.epoch;
	h->seq = s->seq++;
	if (s->data && conn->rules.ddgst)
		h->flags |= VPART_HDR_DDGST;
	if (s->data == tx->left)
		h->flags |= tx->last;
	vpart_hdr_put(s->head, h);
	s->head_len = VPART_HDR_SIZE;
	if (h->iu_len) {
		pad = vpart_wire_pad(h->iu_len);
		memcpy(s->head + VPART_HDR_SIZE, tx->iu, h->iu_len);
		memset(s->head + VPART_HDR_SIZE + h->iu_len, 0, pad);
		s->head_len += h->iu_len + pad;
	}
	if (vpart_hdr_has_digest(h->type, conn->rules.hdgst))
		vpart_hdr_seal(s->head, s->head + VPART_HDR_SIZE, h->iu_len);
	s->head_done = 0;
	s->splice = tx->splice && s->data >= STREAM_SPLICE;
	s->digest = h->flags & VPART_HDR_DDGST;
	s->crc = VPART_CRC_SEED;
	s->tail_len = 0;
	s->tail_done = 0;
	if (s->data)
		s->tail_len = vpart_wire_pad(s->data) + (s->digest ? VPART_DIGEST_SIZE : 0);
	tx->left -= s->data;
	h->arg += h->type == VPART_PDU_REQ ? 0 : s->data;
	s->busy = true;
}

/* All data of the PDU is under way: what follows it. */
static void stream_tx_tail(struct stream_sender *s)
{
	u32 pad = s->tail_len & 3;

	memset(s->tail, 0, sizeof(s->tail));
	if (s->digest)
		put_unaligned_be32(vpart_crc_final(s->crc), s->tail + pad);
}

/* ---- the stage ---- */

static void stream_stage_drop(struct stream_sender *s)
{
	if (s->stage)
		put_page(s->stage);
	s->stage = NULL;
	s->stage_put = 0;
	s->stage_sent = 0;
}

/* Room to write to. -EAGAIN: no memory, the connection's clock tries again. */
static int stream_stage_get(struct stream_conn *conn)
{
	struct stream_sender *s = &conn->tx;
	struct page *page = NULL;

	if (s->stage_put < s->stage_size && s->stage)
		return 0;
	if (s->stage && page_count(s->stage) == 1) {	/* TCP has let go of it */
		s->stage_put = 0;
		s->stage_sent = 0;
		return 0;
	}
	if (s->spare && page_count(s->spare) == 1)
		page = s->spare;
	swap(s->spare, s->stage);
	if (page) {
		s->stage = page;
	} else {
		if (s->stage)
			put_page(s->stage);
		s->stage = alloc_pages(GFP_NOIO | __GFP_COMP | __GFP_NOWARN | __GFP_NORETRY,
				       STREAM_STAGE_ORDER);
		/* What is to be sent may be all that can be freed: at most two of these. */
		if (!s->stage)
			s->stage = alloc_page(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN);
	}
	s->stage_put = 0;
	s->stage_sent = 0;
	s->stage_size = s->stage ? page_size(s->stage) : 0;
	return s->stage ? 0 : -EAGAIN;
}

/* Give the socket what is in the stage. 0, -EAGAIN or an errno. */
static int stream_stage_flush(struct stream_conn *conn, bool more)
{
	struct stream_sender *s = &conn->tx;
	struct kvec vec;
	u32 len;
	int n;

	while (s->stage_sent < s->stage_put) {
		len = s->stage_put - s->stage_sent;
		if (conn->softirq) {
			n = stream_sock_send_page(conn->sock, s->stage, s->stage_sent, len, more,
						  true);
		} else {
			vec.iov_base = page_address(s->stage) + s->stage_sent;
			vec.iov_len = len;
			n = stream_sock_send(conn->sock, &vec, 1, len, more);
		}
		if (n < 0)
			return n;
		s->stage_sent += n;
		conn->count.tx_bytes += n;
	}
	return 0;
}

static u32 stream_stage_write(struct stream_sender *s, const void *from, u32 len)
{
	u32 n = min(len, s->stage_size - s->stage_put);

	memcpy(page_address(s->stage) + s->stage_put, from, n);
	s->stage_put += n;
	return n;
}

/* As much data as there is room for. */
static void stream_stage_data(struct stream_sender *s)
{
	void *at = page_address(s->stage) + s->stage_put;
	u32 begin = s->stage_put, n;
	void *p;

	while (s->data && s->stage_put < s->stage_size) {
		p = stream_sg_piece(&s->cur->data, s->data, &n);
		n = stream_stage_write(s, p, n);
		stream_sg_skip(&s->cur->data, n);
		s->data -= n;
	}
	if (s->digest)
		s->crc = vpart_wire_crc(s->crc, at, s->stage_put - begin);
	if (!s->data)
		stream_tx_tail(s);
}

/* The pages of data that are ours, to the socket. */
static int stream_tx_pages(struct stream_conn *conn)
{
	struct stream_sender *s = &conn->tx;
	bool more;
	void *p;
	u32 len;
	int n;

	while (s->data) {
		p = stream_sg_piece(&s->cur->data, s->data, &len);
		len = min_t(u32, len, PAGE_SIZE - offset_in_page(p));
		/* Nothing may follow: then TCP must not wait for it. */
		more = len < s->data || s->tail_len || s->cur->left || s->next ||
		       !llist_empty(&conn->tx_list);
		n = stream_sock_send_page(conn->sock, virt_to_page(p), offset_in_page(p), len,
					  more, true);
		if (n < 0)
			return n;
		if (s->digest)
			s->crc = vpart_wire_crc(s->crc, p, n);
		stream_sg_skip(&s->cur->data, n);
		s->data -= n;
		conn->count.tx_bytes += n;
	}
	stream_tx_tail(s);
	return 0;
}

/*
 * Bring the PDU under way to the stage, and what does not fit there, or is
 * spliced, to the socket. 0: it is; else as stream_stage_flush().
 */
static int stream_tx_pdu(struct stream_conn *conn)
{
	struct stream_sender *s = &conn->tx;
	int err;

	for (;;) {
		if (s->head_done == s->head_len && s->data && s->splice) {
			err = stream_stage_flush(conn, true) ?: stream_tx_pages(conn);
			if (err)
				return err;
		}
		if (s->head_done == s->head_len && !s->data && s->tail_done == s->tail_len) {
			s->busy = false;
			return 0;
		}
		if (s->stage_put == s->stage_size) {
			err = stream_stage_flush(conn, true) ?: stream_stage_get(conn);
			if (err)
				return err;
		}
		if (s->head_done < s->head_len)
			s->head_done += stream_stage_write(s, s->head + s->head_done,
							   s->head_len - s->head_done);
		else if (s->data)
			stream_stage_data(s);
		else
			s->tail_done += stream_stage_write(s, s->tail + s->tail_done,
							   s->tail_len - s->tail_done);
	}
}

/* The next thing to send; false if there is none. */
static bool stream_tx_next(struct stream_conn *conn)
{
	struct stream_sender *s = &conn->tx;
	struct stream_tx *tx;
	bool skip;

	for (;;) {
		if (!s->next)
			s->next = llist_reverse_order(llist_del_all(&conn->tx_list));
		if (!s->next)
			return false;
		tx = llist_entry(s->next, struct stream_tx, node);
		s->next = s->next->next;
		s->cur = tx;
		spin_lock_irq(&conn->tx_lock);
		skip = tx->state == STREAM_TX_SKIP;
		if (!skip) {
			tx->state = STREAM_TX_SENDING;
			/* The IU is copied here: its owner may take it away from now on. */
			stream_tx_head(conn);
		}
		spin_unlock_irq(&conn->tx_lock);
		if (!skip)
			return true;
		s->cur = NULL;
		tx->left = 0;
		tx->sent(conn, tx);
	}
}

/**
 * stream_tx_work() - write what the socket takes
 * @work: stream_conn.tx_work
 *
 * Goes on when the socket has room again, by its sk_write_space(). Before the
 * connection runs, the thread that logs in writes, and what is queued waits.
 */
void stream_tx_work(struct work_struct *work)
{
	struct stream_conn *conn = container_of(work, struct stream_conn, tx_work);
	struct stream_sender *s = &conn->tx;
	unsigned long turn = jiffies + STREAM_TURN;
	unsigned int noio = memalloc_noio_save();
	struct stream_tx *tx;
	int err = 0;

	while (stream_conn_runs(conn)) {
		if (time_after(jiffies, turn)) {
			queue_work(stream_wq, &conn->tx_work);
			break;
		}
		if (!s->cur && !stream_tx_next(conn)) {
			err = stream_stage_flush(conn, false);
			/* Something may have come while the last call was made. */
			if (err || llist_empty(&conn->tx_list))
				break;
			continue;
		}
		tx = s->cur;
		if (!s->busy)
			stream_tx_head(conn);
		err = stream_tx_pdu(conn);
		if (err)
			break;
		if (!tx->left) {
			s->cur = NULL;
			spin_lock_irq(&conn->tx_lock);
			tx->state = STREAM_TX_IDLE;
			spin_unlock_irq(&conn->tx_lock);
			tx->sent(conn, tx);
		}
	}
	memalloc_noio_restore(noio);
	if (err && err != -EAGAIN)
		stream_conn_fail(conn, err);
}

/**
 * stream_tx_drop() - the connection is over: nothing more is sent
 * @conn: connection, dead, its worker at rest and nobody to queue anything
 *
 * Context: Process context.
 */
void stream_tx_drop(struct stream_conn *conn)
{
	struct stream_sender *s = &conn->tx;
	struct llist_node *list;
	struct stream_tx *tx, *next;

	stream_stage_drop(s);
	if (s->spare)
		put_page(s->spare);
	s->spare = NULL;
	tx = s->cur;
	s->cur = NULL;
	if (tx) {
		tx->state = STREAM_TX_IDLE;
		tx->sent(conn, tx);
	}
	list = s->next;
	s->next = NULL;
	do {
		llist_for_each_entry_safe(tx, next, list, node) {
			tx->state = STREAM_TX_IDLE;
			tx->sent(conn, tx);
		}
		list = llist_reverse_order(llist_del_all(&conn->tx_list));
	} while (list);
}
