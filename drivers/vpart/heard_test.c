// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: what of the time is silence of the other end, and what of it our own.
 */
#include <kunit/test.h>
#include <linux/jiffies.h>

#include "vpart.h"

#define HT_PERIOD	100UL

/* Times around any base, the end of the counter among them. */
static void heard_at(struct kunit *test, unsigned long base)
{
	unsigned long heard = base - 40, looked = base - 10, late;

	/* Whoever looks when he means to, or half as often, learns the truth. */
	KUNIT_EXPECT_EQ(test, vpart_link_heard(heard, looked, looked, HT_PERIOD), heard);
	for (late = HT_PERIOD; late <= 2 * HT_PERIOD; late++)
		KUNIT_EXPECT_EQ(test, vpart_link_heard(heard, looked, looked + late, HT_PERIOD),
				heard);
	/* What he is late by does not count. */
	KUNIT_EXPECT_EQ(test, vpart_link_heard(heard, looked, looked + late, HT_PERIOD),
			heard + HT_PERIOD + 1);
	late = 50 * HT_PERIOD;
	KUNIT_EXPECT_EQ(test, vpart_link_heard(heard, looked, looked + late, HT_PERIOD),
			heard + 49 * HT_PERIOD);
	/* It was silent before that. */
	heard -= 2 * HT_PERIOD;
	KUNIT_EXPECT_EQ(test, vpart_link_heard(heard, looked, looked + late, HT_PERIOD),
			heard + 49 * HT_PERIOD);
	/* What has come meanwhile is not yet to come. */
	heard = looked + 49 * HT_PERIOD;
	KUNIT_EXPECT_EQ(test, vpart_link_heard(heard, looked, looked + late, HT_PERIOD),
			looked + 50 * HT_PERIOD);
}

static void own_time(struct kunit *test)
{
	heard_at(test, 100000);
	heard_at(test, jiffies);
	heard_at(test, 0);
	heard_at(test, 50);
	heard_at(test, LONG_MAX);
	heard_at(test, -25UL * HT_PERIOD);
}

static struct kunit_case vpart_heard_cases[] = {
	KUNIT_CASE(own_time),
	{}
};

static struct kunit_suite vpart_heard_suite = {
	.name		= "vpart-heard",
	.test_cases	= vpart_heard_cases,
};

kunit_test_suite(vpart_heard_suite);
