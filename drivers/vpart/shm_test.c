// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the layout of a segment, its rings and its blocks, over plain memory.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/prandom.h>

#include "proto_login.h"
#include "shm_ring.h"

/* ---- layout ---- */

static void layout_example(struct kunit *test)
{
	struct shm_layout l;

	/* That of Documentation/protocol/shm.rst */
	KUNIT_ASSERT_TRUE(test, shm_layout_set(&l, SZ_16M, 1, 131));
	KUNIT_EXPECT_EQ(test, l.entries, 1024);
	KUNIT_EXPECT_EQ(test, l.rings, 16384ULL);
	KUNIT_EXPECT_EQ(test, l.events, 49152ULL);
	KUNIT_EXPECT_EQ(test, l.tags, 57344ULL);
	KUNIT_EXPECT_EQ(test, l.data, 192512ULL);
	KUNIT_EXPECT_EQ(test, l.block, 4096);
	KUNIT_EXPECT_EQ(test, l.nr_blocks, 4049);
	KUNIT_EXPECT_EQ(test, l.max_data, (u32)SZ_1M);
}

/* Nothing overlaps, nothing is outside. */
static void layout_sound(struct kunit *test, const struct shm_layout *l)
{
	u32 q = l->nr_queues - 1, last = l->depth - 1;

	KUNIT_EXPECT_LE(test, shm_at_queue(q) + sizeof(struct shm_wire_queue), l->rings);
	KUNIT_EXPECT_GE(test, l->entries, SHM_RING_PER_TAG * l->depth);
	/* An answer to each tag, events, their loss, a NOP and a NOP_ACK */
	KUNIT_EXPECT_GE(test, l->entries, l->depth + SHM_EVENT_SLOTS + 1 + 2);
	KUNIT_EXPECT_TRUE(test, is_power_of_2(l->entries));
	KUNIT_EXPECT_EQ(test, shm_at_ring(l, 0, VPART_SIDE_CLIENT), l->rings);
	KUNIT_EXPECT_EQ(test, shm_at_ring(l, q, VPART_SIDE_SERVER) + l->entries * 16ULL, l->events);
	KUNIT_EXPECT_LE(test, shm_at_event(l, SHM_EVENT_SLOTS - 1) + VPART_WIRE_IU_MAX, l->tags);
	KUNIT_EXPECT_LE(test, shm_at_tag(l, q, last) + sizeof(struct shm_wire_tag), l->data);
	KUNIT_EXPECT_LE(test, shm_at_block(l, l->nr_blocks - 1) + l->block, l->size);
	KUNIT_EXPECT_LE(test, l->nr_blocks, SHM_BLOCKS_MAX);
	KUNIT_EXPECT_EQ(test, l->data % l->block, 0ULL);
	KUNIT_EXPECT_EQ(test, l->rings % 64, 0ULL);
	KUNIT_EXPECT_EQ(test, l->tags % 64, 0ULL);
	/* A command fits into its list, and into all blocks there are. */
	KUNIT_EXPECT_LE(test, DIV_ROUND_UP(l->max_data, l->block), min(SHM_LIST_MAX, l->nr_blocks));
	KUNIT_EXPECT_GE(test, l->max_data, (u32)VPART_PDU_DATA_MIN);
	KUNIT_EXPECT_EQ(test, l->max_data % VPART_PDU_DATA_UNIT, 0);
}

static void layout_any(struct kunit *test)
{
	static const u32 queues[] = { 1, 2, 3, 8, 64 }, depths[] = { 3, 16, 131, 1000, 1024 };
	struct shm_layout l;
	unsigned int q, d;
	u64 size;

	for (size = SHM_SEGMENT_MIN; size <= SZ_1G * 64ULL; size *= 2) {
		for (q = 0; q < ARRAY_SIZE(queues); q++) {
			for (d = 0; d < ARRAY_SIZE(depths); d++) {
				shm_layout_grant(&l, size, queues[q], depths[d]);
				KUNIT_EXPECT_LE(test, l.nr_queues, queues[q]);
				KUNIT_EXPECT_LE(test, l.depth, depths[d]);
				KUNIT_EXPECT_GE(test, l.depth, VPART_WIRE_DEPTH_MIN);
				KUNIT_EXPECT_GE(test, (u64)l.nr_blocks * l.block, size / 4);
				layout_sound(test, &l);
				if (size >= SZ_16M && depths[d] <= 131) {
					KUNIT_EXPECT_EQ(test, l.nr_queues, queues[q]);
					KUNIT_EXPECT_EQ(test, l.depth, depths[d]);
					KUNIT_EXPECT_EQ(test, l.max_data, (u32)SZ_1M);
				}
			}
		}
	}
	/* What a server may say that has no sense */
	KUNIT_EXPECT_FALSE(test, shm_layout_set(&l, SZ_512K, 64, 1024));
}

/* ---- rings ---- */

#define RING_ENTRIES	16

struct ring_test {
	struct shm_wire_queue	q;
	struct shm_wire_entry	entry[RING_ENTRIES];
	struct shm_prod		p;
	struct shm_cons		c;
};

/* Both ends of one ring, counters at @start. */
static struct ring_test *ring_new(struct kunit *test, u32 start)
{
	struct ring_test *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	r->p = (struct shm_prod) {
		.prod = &r->q.sq_prod, .cons = &r->q.sq_cons, .event = &r->q.sq_event,
		.entry = r->entry, .mask = RING_ENTRIES - 1,
		.next = start, .taken = start, .rung = start,
	};
	r->c = (struct shm_cons) {
		.prod = &r->q.sq_prod, .cons = &r->q.sq_cons, .event = &r->q.sq_event,
		.entry = r->entry, .mask = RING_ENTRIES - 1, .next = start, .there = start,
	};
	r->q.sq_prod = cpu_to_le32(start);
	r->q.sq_cons = cpu_to_le32(start);
	r->q.sq_event = cpu_to_le32(start);
	return r;
}

static int ring_put(struct ring_test *r, u32 arg)
{
	struct shm_wire_entry e = { .type = VPART_PDU_REQ, .arg = cpu_to_le32(arg) };

	return shm_prod_put(&r->p, &e);
}

/* The arg of the next entry, or -1. */
static s64 ring_take(struct kunit *test, struct ring_test *r)
{
	struct shm_wire_entry e;
	int ret = shm_cons_look(&r->c, &e);

	KUNIT_EXPECT_GE(test, ret, 0);
	if (ret <= 0)
		return -1;
	KUNIT_EXPECT_EQ(test, e.type, (u8)VPART_PDU_REQ);
	shm_cons_take(&r->c);
	return le32_to_cpu(e.arg);
}

static void ring_empty_and_full(struct kunit *test)
{
	static const u32 starts[] = { 0, 5, U32_MAX - 7, U32_MAX };
	struct ring_test *r;
	unsigned int s, i, round;

	for (s = 0; s < ARRAY_SIZE(starts); s++) {
		r = ring_new(test, starts[s]);
		for (round = 0; round < 3; round++) {
			KUNIT_EXPECT_EQ(test, ring_take(test, r), -1LL);
			KUNIT_EXPECT_EQ(test, shm_prod_room(&r->p), RING_ENTRIES);
			for (i = 0; i < RING_ENTRIES; i++)
				KUNIT_EXPECT_EQ(test, ring_put(r, i), 0);
			KUNIT_EXPECT_EQ(test, ring_put(r, 99), -ENOSPC);
			KUNIT_EXPECT_EQ(test, shm_prod_room(&r->p), 0);
			/* Taken, but not told: still no room */
			KUNIT_EXPECT_EQ(test, ring_take(test, r), 0LL);
			KUNIT_EXPECT_EQ(test, ring_put(r, 99), -ENOSPC);
			shm_cons_publish(&r->c);
			KUNIT_EXPECT_EQ(test, ring_put(r, RING_ENTRIES), 0);
			KUNIT_EXPECT_EQ(test, ring_put(r, 99), -ENOSPC);
			for (i = 1; i <= RING_ENTRIES; i++)
				KUNIT_EXPECT_EQ(test, ring_take(test, r), (s64)i);
			KUNIT_EXPECT_EQ(test, ring_take(test, r), -1LL);
			shm_cons_publish(&r->c);
		}
	}
}

static void ring_rings_when_asked(struct kunit *test)
{
	struct ring_test *r = ring_new(test, U32_MAX - 2);
	unsigned int i;

	/* Who waits for the next one is told of it, once. */
	for (i = 0; i < 6; i++) {
		KUNIT_EXPECT_FALSE(test, shm_cons_arm(&r->c));
		KUNIT_EXPECT_FALSE(test, shm_prod_must_ring(&r->p));
		ring_put(r, 1);
		KUNIT_EXPECT_TRUE(test, shm_prod_must_ring(&r->p));
		KUNIT_EXPECT_FALSE(test, shm_prod_must_ring(&r->p));
		ring_put(r, 2);
		KUNIT_EXPECT_FALSE(test, shm_prod_must_ring(&r->p));
		KUNIT_EXPECT_EQ(test, ring_take(test, r), 1LL);
		/* It asks, and there is one. */
		KUNIT_EXPECT_TRUE(test, shm_cons_arm(&r->c));
		KUNIT_EXPECT_EQ(test, ring_take(test, r), 2LL);
		shm_cons_publish(&r->c);
	}
	/* A batch counts as a whole. */
	KUNIT_EXPECT_FALSE(test, shm_cons_arm(&r->c));
	for (i = 0; i < 5; i++)
		ring_put(r, i);
	KUNIT_EXPECT_TRUE(test, shm_prod_must_ring(&r->p));
}

/* Whatever the order, nothing stays in the ring without somebody knowing. */
static void ring_loses_nothing(struct kunit *test)
{
	struct ring_test *r = ring_new(test, U32_MAX - 1000);
	bool awake = true, owed = false;
	u32 put = 0, took = 0, steps;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 4);
	for (steps = 0; steps < 20000; steps++) {
		switch (prandom_u32_state(&rnd) % 4) {
		case 0:
		case 1:	/* the producer puts one in, and asks now or later */
			if (!ring_put(r, put)) {
				put++;
				owed = true;
			}
			if (prandom_u32_state(&rnd) % 2)
				break;
			fallthrough;
		case 2:
			if (shm_prod_must_ring(&r->p))
				awake = true;
			owed = false;
			break;
		case 3:	/* the consumer, if it is awake, takes one or goes to sleep */
			if (!awake)
				break;
			if (ring_take(test, r) == (s64)took)
				took++;
			else
				awake = shm_cons_arm(&r->c);
			shm_cons_publish(&r->c);
			break;
		}
		KUNIT_ASSERT_TRUE(test, awake || owed || put == took);
	}
	KUNIT_EXPECT_GT(test, took, 2000);
}

static void ring_hostile(struct kunit *test)
{
	struct shm_wire_entry e;
	struct ring_test *r;
	unsigned int i;

	/* More than there can be, at once or little by little; backwards */
	r = ring_new(test, 0);
	r->q.sq_prod = cpu_to_le32(RING_ENTRIES + 1);
	KUNIT_EXPECT_EQ(test, shm_cons_look(&r->c, &e), -EPROTO);
	KUNIT_EXPECT_EQ(test, shm_cons_look(&r->c, &e), -EPROTO);
	r->q.sq_prod = cpu_to_le32(U32_MAX);
	KUNIT_EXPECT_EQ(test, shm_cons_look(&r->c, &e), -EPROTO);
	r->q.sq_prod = cpu_to_le32(RING_ENTRIES);
	KUNIT_EXPECT_EQ(test, shm_cons_look(&r->c, &e), 1);
	/* What was seen once is there, whatever it says now. */
	r->q.sq_prod = 0;
	for (i = 0; i < RING_ENTRIES; i++) {
		KUNIT_EXPECT_EQ(test, shm_cons_look(&r->c, &e), 1);
		shm_cons_take(&r->c);
	}
	KUNIT_EXPECT_EQ(test, shm_cons_look(&r->c, &e), -EPROTO);
	/* Nor does it go away between asking and looking: that could go on for ever. */
	r = ring_new(test, 0);
	ring_put(r, 0);
	KUNIT_EXPECT_EQ(test, shm_cons_arm(&r->c), 1);
	r->q.sq_prod = 0;
	KUNIT_EXPECT_EQ(test, shm_cons_look(&r->c, &e), 1);
	shm_cons_take(&r->c);
	KUNIT_EXPECT_EQ(test, shm_cons_arm(&r->c), -EPROTO);

	/* Taken more than was put in; less than before */
	r = ring_new(test, 0);
	for (i = 0; i < 4; i++)
		ring_put(r, i);
	r->q.sq_cons = cpu_to_le32(5);
	KUNIT_EXPECT_EQ(test, shm_prod_room(&r->p), -EPROTO);
	r->q.sq_cons = cpu_to_le32(3);
	KUNIT_EXPECT_EQ(test, shm_prod_room(&r->p), RING_ENTRIES - 1);
	r->q.sq_cons = cpu_to_le32(2);
	KUNIT_EXPECT_EQ(test, shm_prod_room(&r->p), -EPROTO);
	r->q.sq_cons = cpu_to_le32(U32_MAX);
	KUNIT_EXPECT_EQ(test, shm_prod_room(&r->p), -EPROTO);
	/* And where room is looked for only when there is none */
	for (i = 4; i < RING_ENTRIES + 3; i++)
		KUNIT_EXPECT_EQ(test, ring_put(r, i), 0);
	KUNIT_EXPECT_EQ(test, ring_put(r, 0), -EPROTO);
	/* An event that is nowhere near only costs interrupts. */
	r->q.sq_event = cpu_to_le32(12345);
	shm_prod_must_ring(&r->p);
}

/* ---- blocks ---- */

#define BLOCKS	40

static void pool_gives_each_once(struct kunit *test)
{
	u16 room[BLOCKS + 1], list[4][BLOCKS + 1], i, k;
	DECLARE_BITMAP(seen, BLOCKS);
	struct shm_pool pool;

	shm_pool_init(&pool, room, BLOCKS);
	for (k = 0; k < 50; k++) {
		bitmap_zero(seen, BLOCKS);
		for (i = 0; i < 4; i++)
			KUNIT_ASSERT_TRUE(test, shm_pool_take(&pool, list[i], 10));
		KUNIT_EXPECT_FALSE(test, shm_pool_take(&pool, list[0], 1));
		for (i = 0; i < BLOCKS; i++) {
			KUNIT_ASSERT_LT(test, list[i / 10][i % 10], BLOCKS);
			KUNIT_EXPECT_FALSE(test, test_and_set_bit(list[i / 10][i % 10], seen));
		}
		for (i = 0; i < 4; i++)
			shm_pool_give(&pool, list[(i + k) % 4], 10);
		KUNIT_EXPECT_FALSE(test, shm_pool_take(&pool, list[0], BLOCKS + 1));
		KUNIT_EXPECT_TRUE(test, shm_pool_take(&pool, list[0], BLOCKS));
		shm_pool_give(&pool, list[0], BLOCKS);
	}
}

static void blocks_are_of_one_command(struct kunit *test)
{
	__le16 shared[6] = {
		cpu_to_le16(3), cpu_to_le16(0), cpu_to_le16(BLOCKS - 1), cpu_to_le16(7),
		cpu_to_le16(3), cpu_to_le16(BLOCKS),
	};
	DECLARE_BITMAP(used, BLOCKS) = {};
	u16 list[6], other[6];

	KUNIT_EXPECT_EQ(test, shm_blocks_claim(used, BLOCKS, list, shared, 0), 0);
	/* The fifth is the first once more; the sixth is none. */
	KUNIT_EXPECT_EQ(test, shm_blocks_claim(used, BLOCKS, list, shared, 5), VPART_ERR_TAG);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(used, BLOCKS));
	KUNIT_EXPECT_EQ(test, shm_blocks_claim(used, BLOCKS, list, shared + 2, 4),
			VPART_ERR_OFFSET);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(used, BLOCKS));
	shared[5] = cpu_to_le16(U16_MAX);
	KUNIT_EXPECT_EQ(test, shm_blocks_claim(used, BLOCKS, list, shared + 2, 4),
			VPART_ERR_OFFSET);

	KUNIT_EXPECT_EQ(test, shm_blocks_claim(used, BLOCKS, list, shared, 3), 0);
	KUNIT_EXPECT_EQ(test, list[2], BLOCKS - 1);
	KUNIT_EXPECT_EQ(test, bitmap_weight(used, BLOCKS), 3);
	/* Another command's; what it had besides is let go again. */
	KUNIT_EXPECT_EQ(test, shm_blocks_claim(used, BLOCKS, other, shared + 3, 2),
			VPART_ERR_TAG);
	KUNIT_EXPECT_EQ(test, bitmap_weight(used, BLOCKS), 3);
	shm_blocks_drop(used, list, 3);
	KUNIT_EXPECT_EQ(test, shm_blocks_claim(used, BLOCKS, other, shared + 3, 2), 0);
	KUNIT_EXPECT_EQ(test, bitmap_weight(used, BLOCKS), 2);
}

static struct kunit_case shm_cases[] = {
	KUNIT_CASE(layout_example),
	KUNIT_CASE(layout_any),
	KUNIT_CASE(ring_empty_and_full),
	KUNIT_CASE(ring_rings_when_asked),
	KUNIT_CASE(ring_loses_nothing),
	KUNIT_CASE(ring_hostile),
	KUNIT_CASE(pool_gives_each_once),
	KUNIT_CASE(blocks_are_of_one_command),
	{}
};

static struct kunit_suite shm_suite = {
	.name		= "vpart-shm",
	.test_cases	= shm_cases,
};

kunit_test_suite(shm_suite);
