// SPDX-License-Identifier: GPL-2.0
/*
 * Events of a server on their way to the client: numbered, in order, on queue
 * 0, each in a slot until the client has taken its entry. What the client has
 * missed it is told by EVENT_LOST.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "shm.h"

/* Has the client taken an entry? @taken: how many it has, from shm_prod.taken */
static bool shm_event_taken(const struct shm_queue *sq, u32 entry)
{
	return (s32)(sq->tx.taken - entry) > 0;
}

/*
 * What the client has taken is not in use any more. The numbers of entries wrap,
 * so this is done at least every 2^31 of them: "look" sees to it. False: the
 * client's counter is impossible.
 */
static bool shm_event_retire(struct shm_session *sess)
{
	struct shm_queue *sq = &sess->queue[0];
	u32 oldest;

	lockdep_assert_held(&sq->tx_lock);
	if (unlikely(shm_prod_room(&sq->tx) < 0)) {
		shm_session_fail(sess, VPART_ERR_SEQ);
		return false;
	}
	while (sess->ev_sent) {
		oldest = (sess->ev_next - sess->ev_sent) % SHM_EVENT_SLOTS;
		if (!shm_event_taken(sq, sess->ev_entry[oldest]))
			break;
		sess->ev_sent--;
	}
	if (sess->lost_sent && shm_event_taken(sq, sess->lost_entry))
		sess->lost_sent = false;
	return true;
}

/**
 * shm_event_look() - see which events the client has taken
 * @sess: session of a server
 *
 * Context: Any.
 */
void shm_event_look(struct shm_session *sess)
{
	struct shm_queue *sq = &sess->queue[0];
	unsigned long flags;

	spin_lock_irqsave(&sq->tx_lock, flags);
	shm_event_retire(sess);
	spin_unlock_irqrestore(&sq->tx_lock, flags);
}

/* An event, or the word that one is lost. Queue 0's tx_lock held. */
static void shm_event_put(struct shm_session *sess, const void *iu, u16 len)
{
	struct shm_queue *sq = &sess->queue[0];
	u32 slot = sess->ev_next;
	void *shared = sess->end->mem + shm_at_event(&sess->layout, slot);
	u16 head;

	lockdep_assert_held(&sq->tx_lock);
	sess->ev_number++;
	if (unlikely(!shm_event_retire(sess)))
		return;
	/* It will look at everything, and has not begun to. */
	if (sess->lost_sent)
		return;
	if (sess->ev_sent == SHM_EVENT_SLOTS || len > VPART_EVENT_IU_MAX) {
		sess->lost_entry = sq->tx.next;
		sess->lost_sent = true;
		shm_queue_put_locked(sq, VPART_PDU_EVENT_LOST, 0, 0, 0, 0);
		return;
	}
	head = vpart_event_put(shared, sess->ev_number);
	memcpy(shared + head, iu, len);
	sess->ev_entry[slot] = sq->tx.next;
	sess->ev_next = (slot + 1) % SHM_EVENT_SLOTS;
	sess->ev_sent++;
	shm_queue_put_locked(sq, VPART_PDU_EVENT, 0, head + len, slot, 0);
}

/**
 * shm_event_send() - vpart_fabric_ops.event
 * @link: link
 * @iu: event IU
 * @len: its length
 *
 * Context: Any, never sleeps.
 * Return: 0, or -ENOTCONN if the link is not up.
 */
int shm_event_send(struct vpart_link *link, const void *iu, u16 len)
{
	struct shm_end *end = link->priv;
	struct shm_session *sess;
	struct shm_queue *sq;
	unsigned long flags;
	int err = -ENOTCONN;

	rcu_read_lock();
	/* Pairs with the release in vpart_link_publish(). */
	if (smp_load_acquire(&link->state) != VPART_LINK_STATE_UP)
		goto unlock;
	err = 0;
	sess = READ_ONCE(end->sess);
	sq = &sess->queue[0];
	spin_lock_irqsave(&sq->tx_lock, flags);
	shm_event_put(sess, iu, len);
	spin_unlock_irqrestore(&sq->tx_lock, flags);
	shm_queue_kick(sq);
unlock:
	rcu_read_unlock();
	return err;
}

/**
 * shm_event_lost() - an EVENT_LOST was taken
 * @sq: queue of a client, that runs
 *
 * The server sends no event until it sees that it was taken: so it has to see that
 * before anybody looks, or what happens behind the look is never said.
 */
void shm_event_lost(struct shm_queue *sq)
{
	sq->event_lost = false;
	shm_cons_publish(&sq->rx);
	vpart_link_event_lost(sq->sess->end->link);
}

/**
 * shm_event_got() - an event, or the word that some are lost
 * @sq: queue of a client
 * @e: the entry
 *
 * Return: 0 or enum vpart_wire_error.
 */
int shm_event_got(struct shm_queue *sq, const struct shm_wire_entry *e)
{
	struct shm_session *sess = sq->sess;
	u16 len = le16_to_cpu(e->iu_len), event_len;
	u32 slot = le32_to_cpu(e->tag);
	const void *event;
	u64 number;
	int err;

	if (sq->index)
		return VPART_ERR_STATE;
	if (e->flags || e->arg)
		return VPART_ERR_MALFORMED;
	if (e->type == VPART_PDU_EVENT_LOST) {
		if (len || slot)
			return VPART_ERR_MALFORMED;
		sq->event_lost = true;
		return 0;
	}
	if (slot >= SHM_EVENT_SLOTS)
		return VPART_ERR_TAG;
	if (len > VPART_WIRE_IU_MAX)
		return VPART_ERR_LENGTH;
	shm_copy_in(sq->iu, sess->end->mem + shm_at_event(&sess->layout, slot), len);
	err = vpart_event_get(sq->iu, len, &number, &event, &event_len);
	if (!err)
		vpart_link_event(sess->end->link, event, event_len);
	return err;
}
