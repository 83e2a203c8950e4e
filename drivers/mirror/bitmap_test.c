// SPDX-License-Identifier: GPL-2.0
/* KUnit: bitmap blocks and bits. */
#include <kunit/test.h>
#include <linux/slab.h>

#include "mirror.h"

/* Two blocks, and a last byte that is not full. */
#define REGIONS		(VMIRROR_BITMAP_BITS + 13)

static int bitmap_init(struct kunit *test)
{
	struct vmirror *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	if (!m)
		return -ENOMEM;
	test->priv = m;
	uuid_gen(&m->set_uuid);
	m->nr_regions = REGIONS;
	return vmirror_bitmap_alloc(m);
}

static void bitmap_exit(struct kunit *test)
{
	if (test->priv)
		vmirror_bitmap_free(test->priv);
}

static void bitmap_bits(struct kunit *test)
{
	static const unsigned int at[] = { 0, 1, 7, 8, VMIRROR_BITMAP_BITS - 1,
					   VMIRROR_BITMAP_BITS, REGIONS - 1 };
	struct vmirror *m = test->priv;
	unsigned int i, r, n = 0;

	KUNIT_EXPECT_EQ(test, m->nr_blocks, 2U);
	KUNIT_EXPECT_FALSE(test, vmirror_bitmap_any(m));
	for (i = 0; i < ARRAY_SIZE(at); i++)
		vmirror_bit_set(m, at[i]);
	for (r = 0; r < REGIONS; r++)
		n += vmirror_bit(m, r);
	KUNIT_EXPECT_EQ(test, n, (unsigned int)ARRAY_SIZE(at));
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		KUNIT_EXPECT_TRUE(test, vmirror_bit(m, at[i]));
		vmirror_bit_clear(m, at[i]);
	}
	KUNIT_EXPECT_FALSE(test, vmirror_bitmap_any(m));
}

static void bitmap_changed_blocks(struct kunit *test)
{
	struct vmirror *m = test->priv;

	vmirror_bit_set(m, VMIRROR_BITMAP_BITS);
	KUNIT_EXPECT_FALSE(test, test_bit(0, m->changed));
	KUNIT_EXPECT_TRUE(test, test_bit(1, m->changed));
	bitmap_zero(m->changed, m->nr_blocks);
	vmirror_bit_clear(m, 0);
	KUNIT_EXPECT_TRUE(test, test_bit(0, m->changed));
}

/* Merging adds, never takes away, and marks only what it changed. */
static void bitmap_merge(struct kunit *test)
{
	struct vmirror *m = test->priv;
	struct vmirror_disk_bitmap *b = (void *)m->probe.image;

	vmirror_bit_set(m, 5);
	bitmap_zero(m->changed, m->nr_blocks);
	b[0].bits[0] = BIT(5);
	vmirror_bitmap_merge(m, m->probe.image);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(m->changed, m->nr_blocks));
	b[0].bits[0] = BIT(6);
	vmirror_bitmap_merge(m, m->probe.image);
	KUNIT_EXPECT_TRUE(test, vmirror_bit(m, 5));
	KUNIT_EXPECT_TRUE(test, vmirror_bit(m, 6));
	KUNIT_EXPECT_TRUE(test, test_bit(0, m->changed));
	KUNIT_EXPECT_FALSE(test, test_bit(1, m->changed));
	vmirror_dirty_from_image(m);
	KUNIT_EXPECT_EQ(test, vmirror_dirty_count(m), 2U);
}

/* A corrupted block counts as all ones, but only for regions that exist. */
static void bitmap_all_ones_are_trimmed(struct kunit *test)
{
	struct vmirror *m = test->priv;

	memset(m->probe.image + VMIRROR_BLOCK_SIZE, 0xff, VMIRROR_BLOCK_SIZE);
	vmirror_bitmap_merge(m, m->probe.image);
	vmirror_dirty_from_image(m);
	KUNIT_EXPECT_EQ(test, vmirror_dirty_count(m), REGIONS - VMIRROR_BITMAP_BITS);
	vmirror_bitmap_set_all(m);
	vmirror_dirty_from_image(m);
	KUNIT_EXPECT_EQ(test, vmirror_dirty_count(m), REGIONS);
	vmirror_bitmap_reset(m);
	KUNIT_EXPECT_FALSE(test, vmirror_bitmap_any(m));
}

static void bitmap_block_checks(struct kunit *test)
{
	struct vmirror *m = test->priv;
	struct vmirror_disk_bitmap *b = page_address(m->image[0]);
	uuid_t other;
	unsigned int i;

	vmirror_bit_set(m, 77);
	vmirror_block_seal(b, 0, &m->set_uuid);
	KUNIT_EXPECT_TRUE(test, vmirror_block_ok(b, 0, &m->set_uuid));
	KUNIT_EXPECT_FALSE_MSG(test, vmirror_block_ok(b, 1, &m->set_uuid), "another block");
	uuid_gen(&other);
	KUNIT_EXPECT_FALSE_MSG(test, vmirror_block_ok(b, 0, &other), "another set");
	for (i = 0; i < VMIRROR_BLOCK_SIZE; i += 7) {
		((u8 *)b)[i] ^= 0x80;
		KUNIT_EXPECT_FALSE_MSG(test, vmirror_block_ok(b, 0, &m->set_uuid), "byte %u", i);
		((u8 *)b)[i] ^= 0x80;
	}
	memset(b, 0, sizeof(*b));
	KUNIT_EXPECT_FALSE_MSG(test, vmirror_block_ok(b, 0, &m->set_uuid), "zeroes");
}

/* Writes are summed up per leg, over all CPUs, ended before begun. */
static void bitmap_drained(struct kunit *test)
{
	struct vmirror *m = test->priv;
	int cpu = cpumask_first(cpu_possible_mask), last = cpumask_last(cpu_possible_mask);

	m->count = alloc_percpu(struct vmirror_count);
	KUNIT_ASSERT_NOT_NULL(test, m->count);
	KUNIT_EXPECT_TRUE(test, vmirror_drained(m, 0));
	per_cpu_ptr(m->count, cpu)->begun = 3;
	KUNIT_EXPECT_FALSE(test, vmirror_drained(m, 0));
	per_cpu_ptr(m->count, last)->ended[0] = 3;
	KUNIT_EXPECT_TRUE(test, vmirror_drained(m, 0));
	KUNIT_EXPECT_FALSE(test, vmirror_drained(m, 1));
	per_cpu_ptr(m->count, last)->ended[1] = 3;
	KUNIT_EXPECT_TRUE(test, vmirror_drained(m, 1));
	/* The sums may wrap. With one CPU, cpu and last are the same. */
	per_cpu_ptr(m->count, last)->begun += ULONG_MAX - 1;
	per_cpu_ptr(m->count, cpu)->ended[0] += ULONG_MAX - 1;
	KUNIT_EXPECT_TRUE(test, vmirror_drained(m, 0));
	free_percpu(m->count);
	m->count = NULL;
}

static struct kunit_case bitmap_cases[] = {
	KUNIT_CASE(bitmap_bits),
	KUNIT_CASE(bitmap_changed_blocks),
	KUNIT_CASE(bitmap_merge),
	KUNIT_CASE(bitmap_all_ones_are_trimmed),
	KUNIT_CASE(bitmap_block_checks),
	KUNIT_CASE(bitmap_drained),
	{}
};

static struct kunit_suite bitmap_suite = {
	.name = "vmirror_bitmap",
	.init = bitmap_init,
	.exit = bitmap_exit,
	.test_cases = bitmap_cases,
};

kunit_test_suite(bitmap_suite);
