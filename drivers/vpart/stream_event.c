// SPDX-License-Identifier: GPL-2.0
/*
 * Events of a server on their way to the client: numbered, in order, on queue
 * 0. A client that does not read them gets no more than STREAM_EVENTS_MAX; what
 * it missed it is told by EVENT_LOST.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>

#include "stream.h"

/* Say that some are missing, once there is room. end->lock held. */
static void stream_event_gap(struct stream_end *end, struct stream_conn *conn)
{
	lockdep_assert_held(&end->lock);
	if (!end->ev_gap || READ_ONCE(conn->lost.state) != STREAM_TX_IDLE)
		return;
	end->ev_gap = false;
	conn->lost.hdr.type = VPART_PDU_EVENT_LOST;
	stream_tx_queue(conn, &conn->lost, false);
}

static void stream_event_sent(struct stream_conn *conn, struct stream_tx *tx)
{
	struct stream_end *end = conn->sess->end;
	unsigned long flags;

	spin_lock_irqsave(&end->lock, flags);
	end->ev_open--;
	if (!test_bit(STREAM_CONN_DEAD, &conn->flags))
		stream_event_gap(end, conn);
	spin_unlock_irqrestore(&end->lock, flags);
	kfree(container_of(tx, struct stream_event, tx));
}

/**
 * stream_event_lost_sent() - stream_conn.lost.sent
 * @conn: connection
 * @tx: its @lost
 */
void stream_event_lost_sent(struct stream_conn *conn, struct stream_tx *tx)
{
	struct stream_end *end = conn->sess->end;
	unsigned long flags;

	spin_lock_irqsave(&end->lock, flags);
	/* Others were lost while it was on its way. */
	if (!end->ev_open && !test_bit(STREAM_CONN_DEAD, &conn->flags))
		stream_event_gap(end, conn);
	spin_unlock_irqrestore(&end->lock, flags);
}

/**
 * stream_event_send() - vpart_fabric_ops.event
 * @link: link
 * @iu: event IU
 * @len: its length
 *
 * Context: Any, never sleeps.
 * Return: 0, or -ENOTCONN if the link is not up.
 */
int stream_event_send(struct vpart_link *link, const void *iu, u16 len)
{
	struct stream_end *end = link->priv;
	struct stream_event *ev = NULL;
	struct stream_conn *conn;
	unsigned long flags;
	int err = -ENOTCONN;

	if (len <= sizeof(ev->iu) - 8)
		ev = kzalloc(sizeof(*ev), GFP_ATOMIC | __GFP_NOWARN);
	rcu_read_lock();
	/* Pairs with the release in vpart_link_publish(). */
	if (smp_load_acquire(&link->state) != VPART_LINK_STATE_UP)
		goto unlock;
	err = 0;
	conn = end->sess->conn[0];
	spin_lock_irqsave(&end->lock, flags);
	end->ev_number++;
	if (!ev || end->ev_gap || end->ev_open >= STREAM_EVENTS_MAX) {
		end->ev_gap = true;
		if (!end->ev_open)
			stream_event_gap(end, conn);
	} else {
		end->ev_open++;
		ev->tx.hdr.type = VPART_PDU_EVENT;
		ev->tx.hdr.iu_len = vpart_event_put(ev->iu, end->ev_number) + len;
		memcpy(ev->iu + 8, iu, len);
		ev->tx.iu = ev->iu;
		ev->tx.sent = stream_event_sent;
		stream_tx_queue(conn, &ev->tx, false);
		ev = NULL;
	}
	spin_unlock_irqrestore(&end->lock, flags);
unlock:
	rcu_read_unlock();
	kfree(ev);
	return err;
}

/**
 * stream_event_got() - an event, or the word that some are lost
 * @conn: queue 0 of a client
 *
 * Return: 0 or enum vpart_wire_error.
 */
int stream_event_got(struct stream_conn *conn)
{
	struct stream_end *end = conn->sess->end;
	const void *iu;
	u64 number;
	u16 len;
	int err;

	if (conn->rx.hdr.type == VPART_PDU_EVENT_LOST) {
		vpart_link_event_lost(end->link);
		return 0;
	}
	err = vpart_event_get(conn->rx.iu, conn->rx.hdr.iu_len, &number, &iu, &len);
	if (err)
		return err;
	/* Before the first of a session the client has looked at everything. */
	if (end->ev_number && number != end->ev_number + 1)
		vpart_link_event_lost(end->link);
	end->ev_number = number;
	vpart_link_event(end->link, iu, len);
	return 0;
}
