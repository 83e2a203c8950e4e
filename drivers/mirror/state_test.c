// SPDX-License-Identifier: GPL-2.0
/* KUnit: which leg follows which, for every row of the start. */
#include <kunit/test.h>

#include "mirror.h"

#define ALONE	VMIRROR_F_ALONE_OK
#define TARGET	VMIRROR_F_RESYNC_TARGET
#define OUT	VMIRROR_F_OUTDATED

struct verdict_row {
	const char *name;
	struct { u64 cur, bm; u32 flags; u64 hist[2]; } a, b;
	enum vmirror_verdict want;
};

static const struct verdict_row rows[] = {
	{ "equal", { 1 }, { 1 }, VMIRROR_IN_SYNC },
	{ "equal, bits of 0 left by the end of a resync", { 2, 1, 0, { 1 } }, { 2, 0, 0, { 1 } },
	  VMIRROR_FROM_0 },
	{ "equal, bits of 1 left", { 2 }, { 2, 1, 0, { 1 } }, VMIRROR_FROM_1 },
	{ "equal, 0 is a target", { 1, 0, TARGET }, { 1 }, VMIRROR_FROM_1 },
	{ "equal, 1 is a target", { 1 }, { 1, 0, TARGET }, VMIRROR_FROM_0 },
	{ "equal, 1 is outdated", { 1 }, { 1, 0, OUT }, VMIRROR_FROM_0 },
	{ "1 was lost", { 2, 1, ALONE, { 1 } }, { 1 }, VMIRROR_FROM_0 },
	{ "0 was lost", { 1 }, { 2, 1, ALONE, { 1 } }, VMIRROR_FROM_1 },
	{ "1 was lost and was being resynced", { 2, 1, ALONE, { 1 } }, { 1, 0, TARGET },
	  VMIRROR_FROM_0 },
	{ "the end of a resync: ALONE_OK is cleared already", { 2, 1, 0, { 1 } },
	  { 1, 0, TARGET }, VMIRROR_FROM_0 },
	{ "1 is two generations old", { 3, 2, ALONE, { 2, 1 } }, { 1 }, VMIRROR_FULL_FROM_0 },
	{ "1 was lost at the end of its resync", { 3, 1, ALONE, { 2, 1 } }, { 1, 0, TARGET },
	  VMIRROR_FROM_0 },
	{ "or a moment later", { 3, 1, ALONE, { 2, 1 } }, { 2 }, VMIRROR_FROM_0 },
	{ "0 was lost at the end of its resync", { 1, 0, TARGET }, { 3, 1, ALONE, { 2, 1 } },
	  VMIRROR_FROM_1 },
	{ "the bits are about another leg", { 2, 9, ALONE, { 1 } }, { 1 }, VMIRROR_FULL_FROM_0 },
	{ "0 is two generations old", { 1 }, { 3, 2, ALONE, { 2, 1 } }, VMIRROR_FULL_FROM_1 },
	{ "both were written alone", { 2, 1, ALONE, { 1 } }, { 3, 1, ALONE, { 1 } },
	  VMIRROR_DIVERGED },
	{ "nothing in common", { 2, 1, 0, { 1 } }, { 4, 3, 0, { 3 } }, VMIRROR_DIVERGED },
	{ "each descends from the other", { 2, 1, 0, { 1 } }, { 1, 2, 0, { 2 } },
	  VMIRROR_DIVERGED },
	{ "the newer one is a target", { 2, 1, TARGET, { 1 } }, { 1 }, VMIRROR_DIVERGED },
	{ "the newer one is outdated", { 1 }, { 2, 1, OUT, { 1 } }, VMIRROR_DIVERGED },
	{ "1 is new", { 2, 1, ALONE, { 1 } }, { 0, 0, TARGET }, VMIRROR_FULL_FROM_0 },
	{ "0 is new", { 0, 0, TARGET }, { 2, 1, ALONE, { 1 } }, VMIRROR_FULL_FROM_1 },
	{ "both are targets", { 1, 0, TARGET }, { 1, 0, TARGET }, VMIRROR_BOTH_TARGETS },
	{ "both are new", { 0, 0, TARGET }, { 0, 0, TARGET }, VMIRROR_BOTH_TARGETS },
	{ "an empty history matches nothing", { 2 }, { 3 }, VMIRROR_DIVERGED },
};

static void verdict_name(const struct verdict_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(verdict, rows, verdict_name);

static void verdict_table(struct kunit *test)
{
	const struct verdict_row *row = test->param_value;
	struct vmirror_super a = { .current_id = row->a.cur, .bitmap_id = row->a.bm,
				   .flags = row->a.flags };
	struct vmirror_super b = { .current_id = row->b.cur, .bitmap_id = row->b.bm,
				   .flags = row->b.flags };

	memcpy(a.history, row->a.hist, sizeof(row->a.hist));
	memcpy(b.history, row->b.hist, sizeof(row->b.hist));
	KUNIT_EXPECT_EQ(test, vmirror_compare(&a, &b), row->want);
}

static void alone_rules(struct kunit *test)
{
	struct vmirror_super sb = { .current_id = 1 };

	KUNIT_EXPECT_FALSE(test, vmirror_may_serve_alone(&sb, false));
	KUNIT_EXPECT_TRUE(test, vmirror_may_serve_alone(&sb, true));
	sb.flags = ALONE;
	KUNIT_EXPECT_TRUE(test, vmirror_may_serve_alone(&sb, false));
	sb.flags = ALONE | TARGET;
	KUNIT_EXPECT_FALSE(test, vmirror_may_serve_alone(&sb, false));
	KUNIT_EXPECT_FALSE(test, vmirror_may_serve_alone(&sb, true));
	sb.flags = ALONE | OUT;
	KUNIT_EXPECT_FALSE(test, vmirror_may_serve_alone(&sb, true));
	sb.flags = ALONE;
	sb.current_id = 0;
	KUNIT_EXPECT_FALSE(test, vmirror_may_serve_alone(&sb, true));
}

static void degrade_makes_the_other_older(struct kunit *test)
{
	struct vmirror_super a = { .current_id = 1 }, b = { .current_id = 1 };

	vmirror_super_degrade(&a, 2);
	KUNIT_EXPECT_EQ(test, vmirror_compare(&a, &b), VMIRROR_FROM_0);
	KUNIT_EXPECT_TRUE(test, vmirror_may_serve_alone(&a, false));
	KUNIT_EXPECT_FALSE(test, vmirror_may_serve_alone(&b, false));
	/* Again, with the other still away: no bit was cleared, they say it all. */
	vmirror_super_degrade(&a, 3);
	KUNIT_EXPECT_EQ(test, vmirror_compare(&a, &b), VMIRROR_FROM_0);
	/* And the other did the same, forced. */
	vmirror_super_degrade(&b, 4);
	KUNIT_EXPECT_EQ(test, vmirror_compare(&a, &b), VMIRROR_DIVERGED);
}

/* A leg that is older than the history reaches is refused, never guessed. */
static void history_is_finite(struct kunit *test)
{
	struct vmirror_super a = { .current_id = 1 }, b = { .current_id = 1 };
	int i;

	for (i = 0; i < VMIRROR_HISTORY; i++) {
		a.bitmap_id = 0;
		vmirror_super_degrade(&a, 2 + i);
	}
	KUNIT_EXPECT_EQ(test, vmirror_compare(&a, &b), VMIRROR_FULL_FROM_0);
	vmirror_super_degrade(&a, 100);
	KUNIT_EXPECT_EQ(test, vmirror_compare(&a, &b), VMIRROR_DIVERGED);
}

/* P16, cut after each step: the source stays the source, or both are equal. */
static void end_of_resync_cut_anywhere(struct kunit *test)
{
	struct vmirror_super a = { .current_id = 1 }, b = { .current_id = 1 };

	vmirror_super_degrade(&a, 2);
	b.flags |= TARGET;
	KUNIT_EXPECT_EQ(test, vmirror_compare(&a, &b), VMIRROR_FROM_0);
	a.flags &= ~ALONE;
	KUNIT_EXPECT_EQ(test, vmirror_compare(&a, &b), VMIRROR_FROM_0);
	KUNIT_EXPECT_FALSE(test, vmirror_may_serve_alone(&a, false));
	KUNIT_EXPECT_FALSE(test, vmirror_may_serve_alone(&b, true));
	b.flags = 0;
	b.current_id = a.current_id;
	memcpy(b.history, a.history, sizeof(a.history));
	KUNIT_EXPECT_EQ(test, vmirror_compare(&a, &b), VMIRROR_FROM_0);
	a.bitmap_id = 0;
	KUNIT_EXPECT_EQ(test, vmirror_compare(&a, &b), VMIRROR_IN_SYNC);
	/* Either may be lost now, and the other follows. */
	vmirror_super_degrade(&b, 3);
	KUNIT_EXPECT_EQ(test, vmirror_compare(&a, &b), VMIRROR_FROM_1);
}

static struct kunit_case state_cases[] = {
	KUNIT_CASE_PARAM(verdict_table, verdict_gen_params),
	KUNIT_CASE(alone_rules),
	KUNIT_CASE(degrade_makes_the_other_older),
	KUNIT_CASE(history_is_finite),
	KUNIT_CASE(end_of_resync_cut_anywhere),
	{}
};

static struct kunit_suite state_suite = {
	.name = "vmirror_state",
	.test_cases = state_cases,
};

kunit_test_suite(state_suite);
