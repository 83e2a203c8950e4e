// SPDX-License-Identifier: GPL-2.0
/*
 * Receiving: bytes in, one PDU after the other out. Runs in softirq on TCP, so
 * it never sleeps; what needs memory that is not there at once makes the bytes
 * wait in the socket (-EAGAIN) until rx_work has gone on.
 *
 *	state	complete	what is done			next
 *	HDR	32 bytes	vpart_hdr_get()			IU
 *	IU	IU and pad	header digest; where data go	DATA, or done
 *	DATA	the data	copied as they come		TAIL, or done
 *	TAIL	pad and digest	both checked			done
 *	done			the PDU takes effect		HDR
 *
 * Nothing of a header takes effect, but its lengths, before its digest fits.
 * Nothing that a PDU says takes effect before its data's digest fits, but that
 * data are already where they belong: a command whose data are wrong is never
 * given to the server's driver, and never answered to the client's.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ktime.h>

#include "stream.h"

static u32 stream_now_us(void)
{
	return ktime_to_us(ktime_get());
}

static void stream_rx_rtt(struct stream_conn *conn, u32 us)
{
	struct stream_end *end = conn->sess->end;
	struct vpart_link_stats *st = &end->total;
	unsigned int bucket = min_t(unsigned int, us ? ilog2(us) : 0, VPART_RTT_BUCKETS - 1);
	unsigned long flags;

	spin_lock_irqsave(&end->lock, flags);
	st->rtt[bucket]++;
	st->rtt_last = us;
	st->rtt_max = max(st->rtt_max, us);
	st->rtt_min = st->rtt_min ? min(st->rtt_min, us) : us;
	spin_unlock_irqrestore(&end->lock, flags);
}

/* What both sides do alike. Others are the side's. */
static int stream_rx_done(struct stream_conn *conn)
{
	const struct vpart_hdr *h = &conn->rx.hdr;

	switch (h->type) {
	case VPART_PDU_NOP:
		stream_tx_ack(conn, h->arg);
		return 0;
	case VPART_PDU_NOP_ACK:
		/* One that nobody waits for means nothing. */
		if (h->arg == READ_ONCE(conn->nop.hdr.arg) &&
		    test_and_clear_bit(STREAM_CONN_NOP, &conn->flags))
			stream_rx_rtt(conn, stream_now_us() - h->arg);
		return 0;
	case VPART_PDU_BYE:
		return -ESHUTDOWN;
	case VPART_PDU_ERROR:
		stream_say(conn->sess->end, "%s complains: %s", conn->peer,
			   vpart_wire_error_text(h->arg));
		return -ECONNABORTED;
	}
	return conn->rules.side == VPART_SIDE_CLIENT ? stream_client_done(conn) :
						       stream_server_done(conn);
}

/* The header is there. */
static int stream_rx_hdr(struct stream_conn *conn)
{
	struct stream_receiver *rx = &conn->rx;
	int err;

	err = vpart_hdr_get(&rx->hdr, rx->head, &conn->rules);
	if (unlikely(err))
		return err;
	conn->rules.seq++;
	rx->call = NULL;
	rx->state = STREAM_RX_IU;
	rx->need = ALIGN(rx->hdr.iu_len, 4);
	rx->have = 0;
	return 0;
}

/* The IU is there: the header counts from here on. May come again (-EAGAIN). */
static int stream_rx_iu(struct stream_conn *conn)
{
	struct stream_receiver *rx = &conn->rx;
	const struct vpart_hdr *h = &rx->hdr;
	int err;

	if (vpart_hdr_has_digest(h->type, conn->rules.hdgst)) {
		err = vpart_hdr_sealed(h, vpart_wire_crc(vpart_hdr_crc(rx->head), rx->iu,
							 rx->need));
		if (unlikely(err))
			return err;
	}
	if (unlikely(!vpart_pad_is_zero(rx->iu + h->iu_len, rx->need - h->iu_len)))
		return VPART_ERR_MALFORMED;
	err = conn->rules.side == VPART_SIDE_CLIENT ? stream_client_iu(conn) :
						      stream_server_iu(conn);
	if (unlikely(err))
		return err;
	rx->have = 0;
	if (h->data_len) {
		rx->state = STREAM_RX_DATA;
		rx->need = h->data_len;
		rx->crc = VPART_CRC_SEED;
		return 0;
	}
	rx->state = STREAM_RX_HDR;
	rx->need = VPART_HDR_SIZE;
	return stream_rx_done(conn);
}

static int stream_rx_tail(struct stream_conn *conn)
{
	struct stream_receiver *rx = &conn->rx;
	u32 pad = vpart_wire_pad(rx->hdr.data_len);

	if (unlikely(!vpart_pad_is_zero(rx->head, pad)))
		return VPART_ERR_MALFORMED;
	if (rx->hdr.flags & VPART_HDR_DDGST &&
	    get_unaligned_be32(rx->head + pad) != vpart_crc_final(rx->crc))
		return VPART_ERR_DATA_DIGEST;
	rx->state = STREAM_RX_HDR;
	rx->need = VPART_HDR_SIZE;
	rx->have = 0;
	return stream_rx_done(conn);
}

/* All data are there. */
static int stream_rx_data(struct stream_conn *conn)
{
	struct stream_receiver *rx = &conn->rx;

	rx->have = 0;
	rx->need = vpart_wire_pad(rx->hdr.data_len) +
		   (rx->hdr.flags & VPART_HDR_DDGST ? VPART_DIGEST_SIZE : 0);
	rx->state = STREAM_RX_TAIL;
	return rx->need ? 0 : stream_rx_tail(conn);
}

/* Data to where they belong, unless that was taken away. */
static void stream_rx_copy(struct stream_conn *conn, const u8 *p, u32 len)
{
	struct stream_receiver *rx = &conn->rx;
	unsigned long flags;
	void *to;
	u32 n;

	if (rx->hdr.flags & VPART_HDR_DDGST)
		rx->crc = vpart_wire_crc(rx->crc, p, len);
	spin_lock_irqsave(&conn->rx_lock, flags);
	while (len && rx->call) {
		to = stream_sg_piece(&rx->data, len, &n);
		memcpy(to, p, n);
		stream_sg_skip(&rx->data, n);
		p += n;
		len -= n;
	}
	spin_unlock_irqrestore(&conn->rx_lock, flags);
}

/**
 * stream_rx_feed() - take bytes
 * @conn: connection that runs; nobody else feeds it
 * @p: the bytes
 * @len: how many
 * @done: how many were taken
 *
 * Context: Any, never sleeps.
 * Return: 0; -EAGAIN: the rest must come again, when rx_work calls; else what
 * stream_conn_fail() wants.
 */
int stream_rx_feed(struct stream_conn *conn, const u8 *p, size_t len, size_t *done)
{
	struct stream_receiver *rx = &conn->rx;
	const u8 *begin = p;
	int err = 0;
	u32 n;

	/* Once more at what had to wait, even without a new byte */
	while (!err && (len || rx->have == rx->need)) {
		n = min_t(size_t, len, rx->need - rx->have);
		switch (rx->state) {
		case STREAM_RX_HDR:
		case STREAM_RX_TAIL:
			memcpy(rx->head + rx->have, p, n);
			break;
		case STREAM_RX_IU:
			memcpy(rx->iu + rx->have, p, n);
			break;
		case STREAM_RX_DATA:
			stream_rx_copy(conn, p, n);
			break;
		}
		rx->have += n;
		p += n;
		len -= n;
		if (rx->have < rx->need)
			break;
		switch (rx->state) {
		case STREAM_RX_HDR:
			err = stream_rx_hdr(conn);
			break;
		case STREAM_RX_IU:
			err = stream_rx_iu(conn);
			break;
		case STREAM_RX_DATA:
			err = stream_rx_data(conn);
			break;
		case STREAM_RX_TAIL:
			err = stream_rx_tail(conn);
			break;
		}
	}
	conn->count.rx_bytes += p - begin;
	*done = p - begin;
	return err;
}
