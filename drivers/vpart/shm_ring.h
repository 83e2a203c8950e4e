/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rings in memory that the other side can write to at any time, and the pool
 * of blocks that commands' data go through.
 *
 * Pure functions over memory: no allocation, no lock; one producer and one
 * consumer at a time, each with its own struct. What the other side writes is
 * read once, into private memory, and bounded before it is used.
 *
 * Order, in pairs across the two machines:
 *
 *   producer					consumer
 *   writes the entry, tag, blocks
 *   store-release prod			load-acquire prod
 *						reads the entry, tag, blocks
 *   load-acquire cons (is there room)	store-release cons
 *
 *   store prod, full barrier, load event	store event, full barrier, load prod
 *
 * The last pair: either the producer sees that it has to ring, or the consumer
 * sees that there is more.
 */
#ifndef _VPART_SHM_RING_H
#define _VPART_SHM_RING_H

#include <asm/barrier.h>
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "shm_layout.h"

/* A copy of shared memory; the compiler must not look there again. */
static inline void shm_copy_in(void *dst, const void *shared, size_t len)
{
	memcpy(dst, shared, len);
	barrier();
}

/**
 * struct shm_prod - the producer's end of a ring
 * @prod: shared: ours to write
 * @cons: shared: the other side's
 * @event: shared: the other side's
 * @entry: shared: ours to write
 * @mask: entries - 1
 * @next: number of the next entry
 * @taken: entries that the other side has taken, as last seen
 * @rung: @next when it was last asked whether to ring
 */
struct shm_prod {
	__le32			*prod;
	const __le32		*cons;
	const __le32		*event;
	struct shm_wire_entry	*entry;
	u32			mask;
	u32			next;
	u32			taken;
	u32			rung;
};

/**
 * struct shm_cons - the consumer's end of a ring
 * @prod: shared: the other side's
 * @cons: shared: ours to write
 * @event: shared: ours to write
 * @entry: shared: the other side's
 * @mask: entries - 1
 * @next: number of the entry that is next
 * @there: entries that the other side has put in, as last seen
 */
struct shm_cons {
	const __le32			*prod;
	__le32				*cons;
	__le32				*event;
	const struct shm_wire_entry	*entry;
	u32				mask;
	u32				next;
	u32				there;
};

/**
 * shm_prod_room() - how many entries can be put in now
 * @p: producer
 *
 * Return: a number, or -EPROTO if the other side's counter is impossible.
 */
static inline int shm_prod_room(struct shm_prod *p)
{
	/* Pairs with the release in shm_cons_publish(): it has read the entry. */
	u32 taken = le32_to_cpu(virt_load_acquire(p->cons));

	/* It only grows, and never beyond what was put in. */
	if (unlikely(p->next - taken > p->next - p->taken))
		return -EPROTO;
	p->taken = taken;
	return p->mask + 1 - (p->next - taken);
}

/**
 * shm_prod_put() - put an entry in
 * @p: producer
 * @e: the entry; what belongs to it is in place
 *
 * Return: 0, -ENOSPC if the ring is full, or -EPROTO.
 */
static inline int shm_prod_put(struct shm_prod *p, const struct shm_wire_entry *e)
{
	int room;

	if (unlikely(p->next - p->taken > p->mask)) {
		room = shm_prod_room(p);
		if (room <= 0)
			return room ?: -ENOSPC;
	}
	memcpy(&p->entry[p->next & p->mask], e, sizeof(*e));
	p->next++;
	/* Pairs with the acquire in shm_cons_look(). */
	virt_store_release(p->prod, cpu_to_le32(p->next));
	return 0;
}

/**
 * shm_prod_must_ring() - does the other side wait to be told?
 * @p: producer
 *
 * For all entries since it was last asked.
 */
static inline bool shm_prod_must_ring(struct shm_prod *p)
{
	u32 old = p->rung, event;

	p->rung = p->next;
	/* Pairs with the barrier in shm_cons_arm(). */
	virt_mb();
	event = le32_to_cpu(READ_ONCE(*p->event));
	return p->next - event - 1 < p->next - old;
}

/**
 * shm_cons_there() - is there an entry that was not taken?
 * @c: consumer
 *
 * What was seen once is there, whatever the counter says later.
 *
 * Return: 1, 0, or -EPROTO if the other side's counter is impossible.
 */
static inline int shm_cons_there(struct shm_cons *c)
{
	u32 there;

	if (c->next != c->there)
		return 1;
	/* Pairs with the release in shm_prod_put(). */
	there = le32_to_cpu(virt_load_acquire(c->prod));
	if (unlikely(there - c->next > c->mask + 1))
		return -EPROTO;
	c->there = there;
	return there != c->next;
}

/**
 * shm_cons_look() - look at the next entry
 * @c: consumer
 * @e: gets a copy of it
 *
 * Return: 1, 0 if there is none, or -EPROTO if the other side's counter is
 * impossible.
 */
static inline int shm_cons_look(struct shm_cons *c, struct shm_wire_entry *e)
{
	const u64 *shared;
	u64 copy[2];
	int ret = shm_cons_there(c);

	if (ret <= 0)
		return ret;
	shared = (const u64 *)&c->entry[c->next & c->mask];
	copy[0] = READ_ONCE(shared[0]);
	copy[1] = READ_ONCE(shared[1]);
	static_assert(sizeof(copy) == sizeof(*e));
	memcpy(e, copy, sizeof(copy));
	return 1;
}

/**
 * shm_cons_take() - the entry that was looked at is done with
 * @c: consumer
 */
static inline void shm_cons_take(struct shm_cons *c)
{
	c->next++;
}

/**
 * shm_cons_publish() - tell the producer what was taken
 * @c: consumer
 */
static inline void shm_cons_publish(struct shm_cons *c)
{
	/* Pairs with the acquire in shm_prod_room(). */
	virt_store_release(c->cons, cpu_to_le32(c->next));
}

/**
 * shm_cons_more() - is there something to look at?
 * @c: consumer; a look without a claim, by whoever
 */
static inline bool shm_cons_more(const struct shm_cons *c)
{
	return le32_to_cpu(READ_ONCE(*c->prod)) != READ_ONCE(c->next);
}

/**
 * shm_cons_arm() - ask to be told of the next entry
 * @c: consumer
 *
 * Return: 0; 1 if it is there already: then shm_cons_look() finds it; or -EPROTO.
 */
static inline int shm_cons_arm(struct shm_cons *c)
{
	WRITE_ONCE(*c->event, cpu_to_le32(c->next));
	/* Pairs with the barrier in shm_prod_must_ring(). */
	virt_mb();
	return shm_cons_there(c);
}

/**
 * shm_cons_deaf() - never ask to be told
 * @c: consumer, that has begun
 * @event: private: what shm_cons_arm() asks for lands there, and nobody sees it
 *
 * For who looks at the ring by itself. The other side rings no more than once in
 * 2^32 entries.
 */
static inline void shm_cons_deaf(struct shm_cons *c, __le32 *event)
{
	/* The one before the first */
	WRITE_ONCE(*c->event, cpu_to_le32(c->next - 1));
	c->event = event;
}

/**
 * shm_prod_init() - begin with an empty ring
 * @p: producer
 * @base: the segment
 * @l: its layout
 * @queue: number of the queue
 * @side: ours
 *
 * Only what is ours to write is written.
 */
static inline void shm_prod_init(struct shm_prod *p, void *base, const struct shm_layout *l,
				 u32 queue, unsigned int side)
{
	struct shm_wire_queue *q = base + shm_at_queue(queue);
	bool client = side == VPART_SIDE_CLIENT;

	p->prod = client ? &q->sq_prod : &q->cq_prod;
	p->cons = client ? &q->sq_cons : &q->cq_cons;
	p->event = client ? &q->sq_event : &q->cq_event;
	p->entry = base + shm_at_ring(l, queue, side);
	p->mask = l->entries - 1;
	p->next = 0;
	p->taken = 0;
	p->rung = 0;
	WRITE_ONCE(*p->prod, 0);
}

/**
 * shm_cons_init() - begin with an empty ring
 * @c: consumer
 * @base: the segment
 * @l: its layout
 * @queue: number of the queue
 * @side: ours
 *
 * Only what is ours to write is written.
 */
static inline void shm_cons_init(struct shm_cons *c, void *base, const struct shm_layout *l,
				 u32 queue, unsigned int side)
{
	struct shm_wire_queue *q = base + shm_at_queue(queue);
	bool client = side == VPART_SIDE_CLIENT;

	c->prod = client ? &q->cq_prod : &q->sq_prod;
	c->cons = client ? &q->cq_cons : &q->sq_cons;
	c->event = client ? &q->cq_event : &q->sq_event;
	c->entry = base + shm_at_ring(l, queue, client ? VPART_SIDE_SERVER : VPART_SIDE_CLIENT);
	c->mask = l->entries - 1;
	c->next = 0;
	c->there = 0;
	WRITE_ONCE(*c->cons, 0);
	WRITE_ONCE(*c->event, 0);
}

/* ---- the pool of blocks: the client's alone, in its private memory ---- */

/**
 * struct shm_pool - blocks that no command has
 * @block: their numbers, the last given back first
 * @nr: how many
 */
struct shm_pool {
	u16	*block;
	u32	nr;
};

static inline void shm_pool_init(struct shm_pool *pool, u16 *room, u32 nr)
{
	u32 i;

	pool->block = room;
	pool->nr = nr;
	for (i = 0; i < nr; i++)
		room[i] = nr - 1 - i;
}

/* Take @n blocks; false if there are not as many. */
static inline bool shm_pool_take(struct shm_pool *pool, u16 *list, u32 n)
{
	if (pool->nr < n)
		return false;
	pool->nr -= n;
	memcpy(list, pool->block + pool->nr, n * sizeof(*list));
	return true;
}

static inline void shm_pool_give(struct shm_pool *pool, const u16 *list, u32 n)
{
	memcpy(pool->block + pool->nr, list, n * sizeof(*list));
	pool->nr += n;
}

/* ---- the server's view of it: which blocks belong to a command ---- */

/**
 * shm_blocks_drop() - blocks belong to no command any more
 * @used: a bit per block
 * @list: their numbers, as shm_blocks_claim() took them
 * @n: how many
 */
static inline void shm_blocks_drop(unsigned long *used, const u16 *list, u32 n)
{
	while (n--)
		clear_bit(list[n], used);
}

/**
 * shm_blocks_claim() - blocks that a client names for a command
 * @used: a bit per block
 * @nr_blocks: how many there are
 * @list: gets their numbers
 * @shared: where the client has written them
 * @n: how many, at most SHM_LIST_MAX
 *
 * No block is in two commands, nor twice in one: so all that a server holds
 * for its client is no more than the segment.
 *
 * Return: 0, VPART_ERR_OFFSET for a block that there is not, or VPART_ERR_TAG
 * for one in use; then none is claimed.
 */
static inline int shm_blocks_claim(unsigned long *used, u32 nr_blocks, u16 *list,
				   const __le16 *shared, u32 n)
{
	u32 i, block;
	int err;

	for (i = 0; i < n; i++) {
		block = le16_to_cpu(READ_ONCE(shared[i]));
		err = VPART_ERR_OFFSET;
		if (unlikely(block >= nr_blocks))
			goto drop;
		err = VPART_ERR_TAG;
		if (unlikely(test_and_set_bit(block, used)))
			goto drop;
		list[i] = block;
	}
	return 0;

drop:
	shm_blocks_drop(used, list, i);
	return err;
}

#endif /* _VPART_SHM_RING_H */
