// SPDX-License-Identifier: GPL-2.0
/* KUnit: superblocks as bytes, and the choice between the two copies. */
#include <kunit/test.h>
#include <linux/slab.h>

#include "mirror.h"

struct super_fixture {
	u8 a[VMIRROR_BLOCK_SIZE];
	u8 b[VMIRROR_BLOCK_SIZE];
	struct vmirror_super sb;
	struct vmirror_super out;
};

static int super_init(struct kunit *test)
{
	struct super_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	uuid_gen(&f->sb.set_uuid);
	uuid_gen(&f->sb.leg_uuid);
	f->sb.seq = 7;
	f->sb.index = 1;
	f->sb.flags = VMIRROR_F_ALONE_OK;
	f->sb.data_sectors = 1 << 20;
	f->sb.region_sectors = 512;
	f->sb.bitmap_blocks = 1;
	f->sb.term = 3;
	f->sb.current_id = 0x1122334455667788ULL;
	f->sb.bitmap_id = 5;
	f->sb.history[0] = 5;
	f->sb.history[VMIRROR_HISTORY - 1] = 9;
	test->priv = f;
	return 0;
}

/* Change a field of an encoded superblock and make its CRC right again. */
static void reseal(void *block)
{
	struct vmirror_disk_super *d = block;

	d->crc = cpu_to_le32(vmirror_crc(d, offsetof(struct vmirror_disk_super, crc)));
}

static void super_round_trip(struct kunit *test)
{
	struct super_fixture *f = test->priv;

	vmirror_super_encode(&f->sb, f->a);
	KUNIT_EXPECT_EQ(test, vmirror_super_decode(f->a, &f->out), VMIRROR_VALID);
	KUNIT_EXPECT_EQ(test, memcmp(&f->sb, &f->out, sizeof(f->sb)), 0);
}

/* The bytes on disk are a contract: places and byte order. */
static void super_bytes(struct kunit *test)
{
	static const u8 id[] = { 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11 };
	struct super_fixture *f = test->priv;

	vmirror_super_encode(&f->sb, f->a);
	KUNIT_EXPECT_EQ(test, memcmp(f->a, "VMIRSUP\n\1\0\0\0", 12), 0);
	KUNIT_EXPECT_EQ(test, memcmp(f->a + 128, id, sizeof(id)), 0);
	KUNIT_EXPECT_EQ(test, f->a[16], 7);
	KUNIT_EXPECT_EQ(test, f->a[80], 1);
}

static void super_each_bit_counts(struct kunit *test)
{
	struct super_fixture *f = test->priv;
	unsigned int i;

	vmirror_super_encode(&f->sb, f->a);
	for (i = 8; i < VMIRROR_BLOCK_SIZE; i++) {
		f->a[i] ^= 0x10;
		KUNIT_EXPECT_EQ_MSG(test, vmirror_super_decode(f->a, &f->out), VMIRROR_CORRUPT,
				    "byte %u", i);
		f->a[i] ^= 0x10;
	}
}

static void super_blank(struct kunit *test)
{
	struct super_fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, vmirror_super_choose(f->a, f->b, &f->out, NULL), VMIRROR_BLANK);
}

static void super_newest_wins(struct kunit *test)
{
	struct super_fixture *f = test->priv;
	int copy = -1;

	vmirror_super_encode(&f->sb, f->a);
	f->sb.seq++;
	f->sb.current_id = 99;
	vmirror_super_encode(&f->sb, f->b);
	KUNIT_EXPECT_EQ(test, vmirror_super_choose(f->a, f->b, &f->out, &copy), VMIRROR_VALID);
	KUNIT_EXPECT_EQ(test, copy, 1);
	KUNIT_EXPECT_EQ(test, f->out.current_id, 99ULL);
	KUNIT_EXPECT_EQ(test, vmirror_super_choose(f->b, f->a, &f->out, &copy), VMIRROR_VALID);
	KUNIT_EXPECT_EQ(test, copy, 0);
	KUNIT_EXPECT_EQ(test, f->out.current_id, 99ULL);
}

static void super_torn_leaves_the_one_before(struct kunit *test)
{
	struct super_fixture *f = test->priv;
	int copy = -1;

	vmirror_super_encode(&f->sb, f->a);
	f->sb.seq++;
	vmirror_super_encode(&f->sb, f->b);
	memset(f->b + 512, 0xa5, 512);
	KUNIT_EXPECT_EQ(test, vmirror_super_choose(f->a, f->b, &f->out, &copy), VMIRROR_VALID);
	KUNIT_EXPECT_EQ(test, copy, 0);
	KUNIT_EXPECT_EQ(test, f->out.seq, 7ULL);
	/* The magic is what was torn. */
	memset(f->b, 0, 512);
	KUNIT_EXPECT_EQ(test, vmirror_super_choose(f->a, f->b, &f->out, &copy), VMIRROR_VALID);
	KUNIT_EXPECT_EQ(test, copy, 0);
}

static void super_both_bad(struct kunit *test)
{
	struct super_fixture *f = test->priv;

	vmirror_super_encode(&f->sb, f->a);
	vmirror_super_encode(&f->sb, f->b);
	f->a[100] ^= 1;
	f->b[200] ^= 1;
	KUNIT_EXPECT_EQ(test, vmirror_super_choose(f->a, f->b, &f->out, NULL), VMIRROR_CORRUPT);
	memset(f->b, 0, sizeof(f->b));
	KUNIT_EXPECT_EQ(test, vmirror_super_choose(f->a, f->b, &f->out, NULL), VMIRROR_CORRUPT);
}

static void super_newer_is_refused(struct kunit *test)
{
	struct super_fixture *f = test->priv;
	struct vmirror_disk_super *d = (void *)f->b;

	vmirror_super_encode(&f->sb, f->a);
	vmirror_super_encode(&f->sb, f->b);
	d->version = cpu_to_le32(VMIRROR_VERSION + 1);
	reseal(d);
	KUNIT_EXPECT_EQ(test, vmirror_super_choose(f->a, f->b, &f->out, NULL), VMIRROR_NEWER);
}

static void super_unknown_feature_is_refused(struct kunit *test)
{
	struct super_fixture *f = test->priv;
	struct vmirror_disk_super *d = (void *)f->a;

	vmirror_super_encode(&f->sb, f->a);
	d->compat = cpu_to_le64(1ULL << 40);
	reseal(d);
	KUNIT_EXPECT_EQ(test, vmirror_super_decode(d, &f->out), VMIRROR_VALID);
	d->incompat = cpu_to_le64(1ULL << 40);
	reseal(d);
	KUNIT_EXPECT_EQ(test, vmirror_super_decode(d, &f->out), VMIRROR_INCOMPAT);
	d->incompat = 0;
	d->ro_compat = cpu_to_le64(1);
	reseal(d);
	KUNIT_EXPECT_EQ(test, vmirror_super_decode(d, &f->out), VMIRROR_INCOMPAT);
}

/* Intact, but written by somebody with other ideas: no number is trusted. */
static void super_impossible_numbers(struct kunit *test)
{
	struct super_fixture *f = test->priv;
	struct vmirror_disk_super *d = (void *)f->a;

#define BAD(field, bits, value) do {						\
		vmirror_super_encode(&f->sb, d);				\
		d->field = cpu_to_le##bits(value);				\
		reseal(d);							\
		KUNIT_EXPECT_EQ_MSG(test, vmirror_super_decode(d, &f->out),	\
				    VMIRROR_INVALID, #field);			\
	} while (0)

	BAD(data_sectors, 64, 0);
	BAD(data_sectors, 64, ~0ULL);
	BAD(data_sectors, 64, VMIRROR_MAX_SECTORS);
	BAD(region_sectors, 32, 0);
	BAD(region_sectors, 32, 768);
	BAD(region_sectors, 32, 64);
	BAD(region_sectors, 32, 1U << 31);
	BAD(bitmap_blocks, 32, 2);
	BAD(bitmap_blocks, 32, 0);
	BAD(bitmap_offset, 64, 0);
	BAD(data_offset, 64, 8);
	BAD(leg_index, 32, 2);
	BAD(flags, 32, 1U << 31);
#undef BAD
}

static void super_sizes(struct kunit *test)
{
	u64 size;

	KUNIT_EXPECT_EQ(test, vmirror_data_sectors(0), 0ULL);
	KUNIT_EXPECT_EQ(test, vmirror_data_sectors(4095), 0ULL);
	KUNIT_EXPECT_EQ(test, vmirror_data_sectors(4096), 2048ULL);
	KUNIT_EXPECT_EQ(test, vmirror_data_sectors(4103), 2048ULL);
	for (size = 4096; size && size <= VMIRROR_MAX_SECTORS; size *= 2) {
		u32 region = vmirror_default_region(size);

		KUNIT_EXPECT_LE(test, DIV_ROUND_UP_ULL(size, region), (u64)VMIRROR_MAX_REGIONS);
		KUNIT_EXPECT_LE(test, region, VMIRROR_MAX_REGION);
	}
}

static struct kunit_case super_cases[] = {
	KUNIT_CASE(super_round_trip),
	KUNIT_CASE(super_bytes),
	KUNIT_CASE(super_each_bit_counts),
	KUNIT_CASE(super_blank),
	KUNIT_CASE(super_newest_wins),
	KUNIT_CASE(super_torn_leaves_the_one_before),
	KUNIT_CASE(super_both_bad),
	KUNIT_CASE(super_newer_is_refused),
	KUNIT_CASE(super_unknown_feature_is_refused),
	KUNIT_CASE(super_impossible_numbers),
	KUNIT_CASE(super_sizes),
	{}
};

static struct kunit_suite super_suite = {
	.name = "vmirror_super",
	.init = super_init,
	.test_cases = super_cases,
};

kunit_test_suite(super_suite);
