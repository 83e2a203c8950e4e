// SPDX-License-Identifier: GPL-2.0
/*
 * A session: from a login to the first thing that ends it. Any context may find
 * that it is over: shm_session_fail() notes why and tells the link, whose work
 * stops it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "shm.h"

/**
 * shm_session_free() - free a session
 * @sess: stopped, or never begun; nobody has a pointer to it; or NULL
 *
 * Context: Process context.
 */
void shm_session_free(struct shm_session *sess)
{
	if (!sess)
		return;
	kvfree(sess->used);
	kvfree(sess->pool.block);
	kvfree(sess->queue);
	kfree(sess);
}

/**
 * shm_session_new() - make a session
 * @end: end of a link
 * @ack: what was granted
 * @layout: of the segment, from it
 *
 * What the rings' counters have to be is written to the segment.
 *
 * Context: Process context, the link's work.
 * Return: the session, or NULL.
 */
struct shm_session *shm_session_new(struct shm_end *end, const struct vpart_init_ack *ack,
				    const struct shm_layout *layout)
{
	struct shm_session *sess = kzalloc(sizeof(*sess), GFP_KERNEL);
	u32 blocks = layout->nr_blocks, i;
	u16 *room;

	if (!sess)
		return NULL;
	sess->end = end;
	sess->id = lower_32_bits(ack->session);
	sess->ack = *ack;
	sess->layout = *layout;
	spin_lock_init(&sess->pool_lock);
	INIT_LIST_HEAD(&sess->waiting);
	sess->queue = kvcalloc(layout->nr_queues, sizeof(*sess->queue), GFP_KERNEL);
	if (!sess->queue)
		goto free;
	if (end->side == VPART_SIDE_CLIENT) {
		room = kvmalloc_array(blocks, sizeof(*room), GFP_KERNEL);
		if (!room)
			goto free;
		shm_pool_init(&sess->pool, room, blocks);
	} else {
		sess->used = kvcalloc(BITS_TO_LONGS(blocks), sizeof(long), GFP_KERNEL);
		if (!sess->used)
			goto free;
	}
	for (i = 0; i < layout->nr_queues; i++)
		shm_queue_init(&sess->queue[i], sess, i);
	return sess;

free:
	shm_session_free(sess);
	return NULL;
}

/**
 * shm_session_attach() - a session is that of the link's next epoch
 * @sess: session
 * @nr: queues in use
 *
 * Context: Process context, the link's work.
 */
void shm_session_attach(struct shm_session *sess, u32 nr)
{
	struct shm_end *end = sess->end;
	u32 i;

	sess->told = nr - end->link->lim.nr_poll;
	for (i = sess->told; i < nr; i++)
		shm_queue_polled(&sess->queue[i]);
	mutex_lock(&end->mutex);
	sess->nr = nr;
	sess->changes = end->peer.changes;
	sess->bell = end->peer.position;
	sess->bells = end->peer.vectors ?: 1;
	mutex_unlock(&end->mutex);
	spin_lock_irq(&end->lock);
	end->sess = sess;
	end->total.logins++;
	spin_unlock_irq(&end->lock);
}

/**
 * shm_session_begin() - take entries from here on, and say so
 * @sess: session that is attached
 *
 * Context: Process context, the link's work.
 */
void shm_session_begin(struct shm_session *sess)
{
	struct shm_end *end = sess->end;
	u32 i;

	mutex_lock(&end->mutex);
	sess->begun = jiffies;
	/* What has come of the handshake was a sign of life, too. */
	WRITE_ONCE(end->peer.alive, jiffies);
	/* Pairs with the acquire in shm_end_irq(). */
	smp_store_release(&end->running, sess);
	/* Interrupts that came before have found nobody. */
	for (i = 0; i < sess->told; i++)
		tasklet_schedule(&sess->queue[i].tasklet);
	shm_end_state(end, SHM_STATE_RUN, sess->id);
	mutex_unlock(&end->mutex);
}

/**
 * shm_session_fail() - a session is over
 * @sess: session
 * @error: enum vpart_wire_error: what the other side did wrong, or a negative
 *	errno: -ETIMEDOUT, -ESHUTDOWN when it has left
 *
 * Context: Any, never sleeps.
 */
void shm_session_fail(struct shm_session *sess, int error)
{
	struct shm_end *end = sess->end;
	unsigned long flags;

	if (test_and_set_bit(SHM_SESSION_DEAD, &sess->flags))
		return;
	sess->error = error;
	spin_lock_irqsave(&end->lock, flags);
	end->total.lost++;
	if (error > 0 && error != VPART_ERR_TIMEOUT)
		end->total.protocol_errors++;
	spin_unlock_irqrestore(&end->lock, flags);
	if (error > 0 && error != VPART_ERR_TIMEOUT)
		shm_say(end, "the other side breaks the protocol: %s",
			vpart_wire_error_text(error));
	vpart_link_end(end->link, VPART_WHY_LOST);
}

/**
 * shm_session_stop() - end a session
 * @sess: session that is attached; the link gives it nothing more to send
 * @bye: enum vpart_bye
 *
 * When it returns nothing of it runs, but calls of the bus that have seen the
 * link up and are in their RCU read section. Then the other side is told.
 *
 * Context: Process context, the link's work.
 */
void shm_session_stop(struct shm_session *sess, u32 bye)
{
	struct shm_end *end = sess->end;
	u32 i;

	set_bit(SHM_SESSION_DEAD, &sess->flags);
	mutex_lock(&end->mutex);
	WRITE_ONCE(end->running, NULL);
	shm_close_stop(end);
	mutex_unlock(&end->mutex);
	/* Interrupts that have seen it. The device is there: the end is busy. */
	for (i = 0; i < end->vectors; i++)
		synchronize_irq(pci_irq_vector(end->dev->pdev, i));
	for (i = 0; i < sess->nr; i++)
		shm_queue_kill(&sess->queue[i]);

	WRITE_ONCE(end->us->bye, cpu_to_le32(bye));
	WRITE_ONCE(end->us->error, cpu_to_le32(sess->error > 0 ? sess->error : 0));
	shm_end_state(end, SHM_STATE_IDLE, 0);

	spin_lock_irq(&end->lock);
	end->sess = NULL;
	shm_session_stats(sess, &end->total);
	spin_unlock_irq(&end->lock);
}

/**
 * shm_session_stats() - add what a session has counted
 * @sess: session
 * @st: to this
 *
 * Context: Any.
 */
void shm_session_stats(struct shm_session *sess, struct vpart_link_stats *st)
{
	u32 i;

	for (i = 0; i < sess->nr; i++) {
		st->tx_bytes += READ_ONCE(sess->queue[i].tx_bytes);
		st->rx_bytes += READ_ONCE(sess->queue[i].rx_bytes);
		st->commands += READ_ONCE(sess->queue[i].commands);
	}
}

/* Is the other side still in this session? */
static void shm_session_watch(struct shm_session *sess)
{
	struct shm_end *end = sess->end;
	struct shm_peer *p = &end->peer;
	u32 error;

	if (p->changes != sess->changes) {
		shm_say(end, "the other side has begun anew");
		shm_session_fail(sess, -ESHUTDOWN);
	} else if (p->session == sess->id) {
		set_bit(SHM_SESSION_JOINED, &sess->flags);
	} else if (test_bit(SHM_SESSION_JOINED, &sess->flags)) {
		error = le32_to_cpu(READ_ONCE(end->them->error));
		if (p->there && error)
			shm_say(end, "the other side complains: %s", vpart_wire_error_text(error));
		shm_session_fail(sess, -ESHUTDOWN);
	} else if (time_after(jiffies, sess->begun + SHM_LOGIN_TIME)) {
		shm_say(end, "the other side does not come into its session");
		shm_session_fail(sess, VPART_ERR_TIMEOUT);
	}
	if (time_after(jiffies, p->alive + SHM_DEAD_TIME)) {
		shm_say(end, "the other side has no pulse");
		shm_session_fail(sess, VPART_ERR_TIMEOUT);
	}
}

/**
 * shm_session_look() - what is due every now and then
 * @sess: session that has begun
 *
 * Context: Process context, end->mutex held.
 */
void shm_session_look(struct shm_session *sess)
{
	u32 i;

	lockdep_assert_held(&sess->end->mutex);
	if (test_bit(SHM_SESSION_DEAD, &sess->flags))
		return;
	shm_session_watch(sess);
	/* Should an interrupt have been lost, or nobody poll, nothing is stuck. */
	for (i = 0; i < sess->nr; i++)
		if (shm_cons_more(&sess->queue[i].rx))
			shm_queue_soon(&sess->queue[i]);
	if (sess->end->side == VPART_SIDE_SERVER)
		shm_event_look(sess);
	if (!READ_ONCE(sess->pinged) && test_bit(SHM_SESSION_JOINED, &sess->flags)) {
		sess->stamp = ktime_to_us(ktime_get());
		/* Pairs with the acquire in shm_queue_nop_ack(). */
		smp_store_release(&sess->pinged, true);
		shm_queue_put(&sess->queue[0], VPART_PDU_NOP, 0, 0, 0, sess->stamp);
	}
}
