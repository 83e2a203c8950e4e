// SPDX-License-Identifier: GPL-2.0
/*
 * Queues: entries in and out of the rings, doorbells, and data through blocks.
 *
 * Entries are taken by whoever comes first: the tasklet after an interrupt, a
 * poller, the work where memory has to be waited for, or nobody polls. One at a time, by
 * SHM_RUN_BUSY; who comes meanwhile leaves SHM_RUN_AGAIN behind and goes. No
 * lock is held where the bus or a driver is called.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ktime.h>
#include <linux/sched/mm.h>

#include "shm.h"

#define SHM_PUBLISH	16	/* entries are taken before the other side is told */
#define SHM_TAKE_MORE	256	/* no enum vpart_wire_error */

/* ---- sending ---- */

/**
 * shm_queue_put_locked() - put an entry into the ring
 * @sq: queue, its tx_lock held
 * @type: enum vpart_pdu_type
 * @flags: VPART_HDR_*
 * @iu_len: bytes of IU, which is in place
 * @tag: tag, or slot
 * @arg: by type
 *
 * The other side is not told yet.
 *
 * Context: Any.
 * Return: 0; else the session has failed.
 */
int shm_queue_put_locked(struct shm_queue *sq, u8 type, u8 flags, u16 iu_len, u32 tag, u32 arg)
{
	struct shm_wire_entry e = {
		.type		= type,
		.flags		= flags,
		.iu_len		= cpu_to_le16(iu_len),
		.session	= cpu_to_le32(sq->sess->id),
		.tag		= cpu_to_le32(tag),
		.arg		= cpu_to_le32(arg),
	};
	int err;

	lockdep_assert_held(&sq->tx_lock);
	err = shm_prod_put(&sq->tx, &e);
	/* There is room for all that may be in flight: it takes nothing out. */
	if (unlikely(err))
		shm_session_fail(sq->sess, err == -EPROTO ? VPART_ERR_SEQ : VPART_ERR_TIMEOUT);
	else
		sq->tx_bytes += sizeof(e) + iu_len;
	return err;
}

/**
 * shm_queue_bell() - interrupt the other side
 * @sq: queue
 *
 * Context: Any.
 */
void shm_queue_bell(struct shm_queue *sq)
{
	struct shm_session *sess = sq->sess;

	shm_bell(sess->end, sess->bell, sq->index % sess->bells);
}

/**
 * shm_queue_kick() - interrupt the other side, if it waits for what was put in
 * @sq: queue
 *
 * Context: Any.
 */
void shm_queue_kick(struct shm_queue *sq)
{
	unsigned long flags;
	bool ring;

	spin_lock_irqsave(&sq->tx_lock, flags);
	ring = shm_prod_must_ring(&sq->tx);
	spin_unlock_irqrestore(&sq->tx_lock, flags);
	if (ring)
		shm_queue_bell(sq);
}

/**
 * shm_queue_put() - send an entry
 * @sq: queue
 * @type: enum vpart_pdu_type
 * @flags: VPART_HDR_*
 * @iu_len: bytes of IU, which is in place
 * @tag: tag, or slot
 * @arg: by type
 *
 * Context: Any.
 */
void shm_queue_put(struct shm_queue *sq, u8 type, u8 flags, u16 iu_len, u32 tag, u32 arg)
{
	unsigned long irq;
	bool ring;

	spin_lock_irqsave(&sq->tx_lock, irq);
	shm_queue_put_locked(sq, type, flags, iu_len, tag, arg);
	ring = shm_prod_must_ring(&sq->tx);
	spin_unlock_irqrestore(&sq->tx_lock, irq);
	if (ring)
		shm_queue_bell(sq);
}

/* ---- data ---- */

/**
 * shm_blocks_copy() - copy between pages and blocks
 * @sq: queue
 * @block: numbers of the blocks, checked
 * @sgl: pages
 * @nents: how many
 * @len: bytes; both have room for them
 * @to_blocks: into the blocks, else out of them
 *
 * The other side may write to the blocks meanwhile; that is its own loss.
 *
 * Context: Any.
 */
void shm_blocks_copy(struct shm_queue *sq, const u16 *block, struct scatterlist *sgl,
		     unsigned int nents, u32 len, bool to_blocks)
{
	const struct shm_layout *l = &sq->sess->layout;
	unsigned int flags = SG_MITER_ATOMIC | (to_blocks ? SG_MITER_FROM_SG : SG_MITER_TO_SG);
	struct sg_mapping_iter it;
	u32 pos = 0, off, n, k;
	void *shared;

	sg_miter_start(&it, sgl, nents, flags);
	while (pos < len && sg_miter_next(&it)) {
		n = min_t(u32, it.length, len - pos);
		for (off = 0; off < n; off += k, pos += k) {
			k = min(n - off, l->block - (pos & (l->block - 1)));
			shared = sq->sess->end->mem + shm_at_block(l, block[pos / l->block]) +
				 (pos & (l->block - 1));
			if (to_blocks)
				memcpy(shared, it.addr + off, k);
			else
				shm_copy_in(it.addr + off, shared, k);
		}
	}
	sg_miter_stop(&it);
}

/* ---- receiving ---- */

static int shm_queue_nop(struct shm_queue *sq, u32 arg)
{
	unsigned long flags;
	int room;

	/* Who asks faster than it listens gets no answer. */
	spin_lock_irqsave(&sq->tx_lock, flags);
	room = shm_prod_room(&sq->tx);
	if (room > (int)(sq->tx.mask / 2))
		shm_queue_put_locked(sq, VPART_PDU_NOP_ACK, 0, 0, 0, arg);
	spin_unlock_irqrestore(&sq->tx_lock, flags);
	shm_queue_kick(sq);
	return room < 0 ? VPART_ERR_SEQ : 0;
}

static void shm_queue_nop_ack(struct shm_queue *sq, u32 arg)
{
	struct shm_session *sess = sq->sess;
	struct vpart_link_stats *st = &sess->end->total;
	unsigned long flags;
	unsigned int bucket;
	u32 us;

	/* Pairs with the release in shm_session_look(). */
	if (!smp_load_acquire(&sess->pinged) || arg != sess->stamp)
		return;
	us = (u32)ktime_to_us(ktime_get()) - sess->stamp;
	bucket = min_t(unsigned int, us ? ilog2(us) : 0, VPART_RTT_BUCKETS - 1);
	spin_lock_irqsave(&sess->end->lock, flags);
	st->rtt[bucket]++;
	st->rtt_last = us;
	st->rtt_max = max(st->rtt_max, us);
	st->rtt_min = st->rtt_min ? min(st->rtt_min, us) : us;
	spin_unlock_irqrestore(&sess->end->lock, flags);
	WRITE_ONCE(sess->pinged, false);
}

/* An entry that is there. 0, -EAGAIN, or what shm_session_fail() wants. */
static int shm_queue_entry(struct shm_queue *sq, const struct shm_wire_entry *e, gfp_t gfp)
{
	bool client = sq->sess->end->side == VPART_SIDE_CLIENT;
	u32 arg = le32_to_cpu(e->arg);

	if (unlikely(le32_to_cpu(e->session) != sq->sess->id))
		return VPART_ERR_EPOCH;
	switch (e->type) {
	case VPART_PDU_NOP:
	case VPART_PDU_NOP_ACK:
		if (sq->index)
			return VPART_ERR_STATE;
		if (e->flags || e->iu_len || e->tag)
			return VPART_ERR_MALFORMED;
		if (e->type == VPART_PDU_NOP)
			return shm_queue_nop(sq, arg);
		shm_queue_nop_ack(sq, arg);
		return 0;
	}
	return client ? shm_client_entry(sq, e) : shm_server_entry(sq, e, gfp);
}

/*
 * Take entries. 0: there are no more, and we shall be told of the next.
 * SHM_TAKE_MORE: the budget is spent. Else as shm_queue_entry().
 */
static int shm_queue_take(struct shm_queue *sq, unsigned int budget, unsigned int *done,
			  gfp_t gfp)
{
	struct shm_wire_entry e;
	int ret = SHM_TAKE_MORE;

	sq->copied = 0;
	while (*done < budget && sq->copied < SHM_RUN_BYTES) {
		if (unlikely(test_bit(SHM_SESSION_DEAD, &sq->sess->flags)))
			return 0;
		ret = shm_cons_look(&sq->rx, &e);
		if (ret < 0)
			return VPART_ERR_SEQ;
		if (!ret) {
			shm_cons_publish(&sq->rx);
			ret = shm_cons_arm(&sq->rx);
			if (ret <= 0)
				return ret ? VPART_ERR_SEQ : 0;
			ret = SHM_TAKE_MORE;
			continue;
		}
		ret = shm_queue_entry(sq, &e, gfp);
		if (unlikely(ret))
			break;
		sq->rx_bytes += sizeof(e) + le16_to_cpu(e.iu_len);
		shm_cons_take(&sq->rx);
		if (unlikely(sq->event_lost))
			shm_event_lost(sq);
		if (!(++*done % SHM_PUBLISH))
			shm_cons_publish(&sq->rx);
		ret = SHM_TAKE_MORE;
	}
	shm_cons_publish(&sq->rx);
	return ret;
}

/**
 * shm_queue_soon() - have entries be taken
 * @sq: queue
 *
 * Context: Any.
 */
void shm_queue_soon(struct shm_queue *sq)
{
	if (sq->polled)
		queue_work(shm_wq, &sq->work);
	else
		tasklet_schedule(&sq->tasklet);
}

/* As shm_queue_run(). @again: the caller comes again for what is left of its budget. */
static int __shm_queue_run(struct shm_queue *sq, unsigned int budget, gfp_t gfp, bool again)
{
	unsigned int done = 0;
	int ret = 0;

	/* Who is at it now may have looked for the last time: it looks again. */
	set_bit(SHM_RUN_AGAIN, &sq->run);
	while (!ret && test_bit(SHM_RUN_AGAIN, &sq->run) &&
	       !test_and_set_bit_lock(SHM_RUN_BUSY, &sq->run)) {
		clear_bit(SHM_RUN_AGAIN, &sq->run);
		/* Cleared before the ring is looked at: see set_bit() above. */
		smp_mb__after_atomic();
		ret = shm_queue_take(sq, budget, &done, gfp);
		clear_bit_unlock(SHM_RUN_BUSY, &sq->run);
		/* Others find it free, or we find that they were here. */
		smp_mb__after_atomic();
	}
	if (ret == SHM_TAKE_MORE) {
		if (!again)
			shm_queue_soon(sq);
	} else if (unlikely(ret == -EAGAIN)) {
		queue_work(shm_wq, &sq->work);
	} else if (unlikely(ret)) {
		shm_session_fail(sq->sess, ret);
	}
	return done;
}

/**
 * shm_queue_run() - take entries, unless somebody else does
 * @sq: queue
 * @budget: at most so many, at least 1
 * @gfp: how to allocate
 *
 * What is left is taken by tasklet or work.
 *
 * Context: Any; what it calls may take its time.
 * Return: how many were taken.
 */
int shm_queue_run(struct shm_queue *sq, unsigned int budget, gfp_t gfp)
{
	return __shm_queue_run(sq, budget, gfp, false);
}

/**
 * shm_queue_polled() - a queue is its driver's to look at
 * @sq: queue of a client's session that has not begun
 *
 * Of its answers nobody is told. Those that nobody polls for are taken by the work at
 * the next pulse: shm_session_look().
 *
 * Context: Process context.
 */
void shm_queue_polled(struct shm_queue *sq)
{
	sq->polled = true;
	shm_cons_deaf(&sq->rx, &sq->unasked);
}

/**
 * shm_queue_poll() - take entries, if there are any
 * @sq: queue
 * @budget: at most so many, at least 1
 *
 * What is left in a queue that is polled is for the next look.
 *
 * Context: Any; for a queue that is polled process context. Who has taken the queue is
 * not kept from giving it back by another one, who spins until he finds something: so
 * drivers' done() may take no lock that sleeps, as those of PREEMPT_RT do.
 * Return: how many were taken.
 */
int shm_queue_poll(struct shm_queue *sq, unsigned int budget)
{
	int n;

	/* Who spins writes to no line that others need. */
	if (!shm_cons_more(&sq->rx))
		return 0;
	preempt_disable();
	n = __shm_queue_run(sq, budget, GFP_ATOMIC, sq->polled);
	preempt_enable();
	return n;
}

static void shm_queue_tasklet(struct tasklet_struct *t)
{
	struct shm_queue *sq = container_of(t, struct shm_queue, tasklet);

	if (!test_bit(SHM_SESSION_DEAD, &sq->sess->flags))
		shm_queue_run(sq, SHM_RUN_BUDGET, GFP_ATOMIC);
}

static void shm_queue_work(struct work_struct *work)
{
	struct shm_queue *sq = container_of(work, struct shm_queue, work);
	unsigned int noio = memalloc_noio_save();

	if (sq->polled) {
		shm_client_dropped(sq);
		/* There may be more without end: the pulse is of the same workers. */
		if (shm_queue_poll(sq, SHM_RUN_BUDGET))
			queue_work(shm_wq, &sq->work);
	} else if (!test_bit(SHM_SESSION_DEAD, &sq->sess->flags)) {
		shm_queue_run(sq, SHM_RUN_BUDGET, GFP_NOIO);
	}
	memalloc_noio_restore(noio);
}

/* ---- life ---- */

/**
 * shm_queue_init() - set a queue up, its rings empty
 * @sq: queue
 * @sess: its session
 * @index: its number
 *
 * Context: Process context.
 */
void shm_queue_init(struct shm_queue *sq, struct shm_session *sess, u32 index)
{
	struct shm_end *end = sess->end;

	sq->sess = sess;
	sq->index = index;
	sq->vq = &end->link->queues[index];
	spin_lock_init(&sq->tx_lock);
	INIT_LIST_HEAD(&sq->dropped);
	tasklet_setup(&sq->tasklet, shm_queue_tasklet);
	INIT_WORK(&sq->work, shm_queue_work);
	shm_prod_init(&sq->tx, end->mem, &sess->layout, index, end->side);
	shm_cons_init(&sq->rx, end->mem, &sess->layout, index, end->side);
}

/**
 * shm_queue_kill() - wait until nobody runs a queue
 * @sq: queue of a session that is dead; no interrupt and no "look" schedules it
 *
 * Context: Process context; waits for what runs, which waits for nothing but
 * memory.
 */
void shm_queue_kill(struct shm_queue *sq)
{
	/* Who gives a request up has queued the work, or sees that the session is dead. */
	spin_lock_irq(&sq->tx_lock);
	spin_unlock_irq(&sq->tx_lock);
	/* Each may schedule the other once more. */
	tasklet_kill(&sq->tasklet);
	cancel_work_sync(&sq->work);
	tasklet_kill(&sq->tasklet);
}
