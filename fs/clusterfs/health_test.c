// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the states of a node, each way into them and out, at the limits' very ms.
 */
#include <kunit/test.h>

#include "health.h"

static const struct cfs_health_limits ht_limits = {
	.recover = 100, .expired = 20, .frozen = 1000,
};

struct ht {
	struct cfs_health_in	in;
	struct cfs_health_now	now;
};

/* One that is well, at 1000 ms. */
static struct ht ht_well(bool needs_lease)
{
	struct ht h = {
		.in = { .limits = &ht_limits, .needs_lease = needs_lease, .quorate = true,
			.lease_end = 3000 },
	};

	return h;
}

static void ht_is(struct kunit *test, struct ht *h, u64 ms, enum cfs_health state,
		  enum cfs_cause cause, u64 next)
{
	cfs_health_step(&h->now, &h->in, ms);
	KUNIT_EXPECT_STREQ_MSG(test, cfs_health_name(h->now.state), cfs_health_name(state),
			       "at %llu", ms);
	KUNIT_EXPECT_EQ_MSG(test, h->now.cause, cause, "at %llu", ms);
	KUNIT_EXPECT_EQ_MSG(test, h->now.next, next, "at %llu", ms);
}

/* P19: a lease that is needed is; one that is not never ends. */
static void health_lease(struct kunit *test)
{
	struct ht h = ht_well(false);

	ht_is(test, &h, 1000, CFS_OK, CFS_CAUSE_NONE, 0);
	ht_is(test, &h, U64_MAX / 2, CFS_OK, CFS_CAUSE_NONE, 0);
	h = ht_well(true);
	ht_is(test, &h, 2999, CFS_OK, CFS_CAUSE_NONE, 3000);
	ht_is(test, &h, 3000, CFS_SUSPECT, CFS_CAUSE_LEASE, 3020);
	ht_is(test, &h, 3019, CFS_SUSPECT, CFS_CAUSE_LEASE, 3020);
	ht_is(test, &h, 3020, CFS_FROZEN, CFS_CAUSE_LEASE, 4020);
	ht_is(test, &h, 4019, CFS_FROZEN, CFS_CAUSE_LEASE, 4020);
	ht_is(test, &h, 4020, CFS_OUT, CFS_CAUSE_LEASE, 0);
}

/* P19: who renews it in time is well again; LOST stays so, and tells why it came to that. */
static void health_back(struct kunit *test)
{
	struct ht h = ht_well(true);

	ht_is(test, &h, 3010, CFS_SUSPECT, CFS_CAUSE_LEASE, 3020);
	h.in.lease_end = 5010;
	ht_is(test, &h, 3010, CFS_OK, CFS_CAUSE_NONE, 5010);
	ht_is(test, &h, 5500, CFS_FROZEN, CFS_CAUSE_LEASE, 6030);
	h.in.lease_end = 7500;
	ht_is(test, &h, 5500, CFS_OK, CFS_CAUSE_NONE, 7500);
	ht_is(test, &h, 9000, CFS_OUT, CFS_CAUSE_LEASE, 0);
	h.in.lease_end = 11000;
	h.in.unreachable = true;
	ht_is(test, &h, 9000, CFS_OUT, CFS_CAUSE_LEASE, 0);
}

/* P19: no quorum is no doubt. */
static void health_quorum(struct kunit *test)
{
	struct ht h = ht_well(true);

	h.in.quorate = false;
	h.in.lease_end = 2000;
	ht_is(test, &h, 2000, CFS_FROZEN, CFS_CAUSE_QUORUM, 3000);
	h.in.quorate = true;
	h.in.lease_end = 4000;
	ht_is(test, &h, 2500, CFS_OK, CFS_CAUSE_NONE, 4000);
	h.in.quorate = false;
	h.in.lease_end = 2500;
	ht_is(test, &h, 3500, CFS_OUT, CFS_CAUSE_QUORUM, 0);
}

/* A node that stood still is not asked whether it has looked meanwhile. */
static void health_late(struct kunit *test)
{
	struct ht h = ht_well(true);

	ht_is(test, &h, 1000, CFS_OK, CFS_CAUSE_NONE, 3000);
	ht_is(test, &h, 100000, CFS_OUT, CFS_CAUSE_LEASE, 0);
}

static void health_recovery(struct kunit *test)
{
	struct ht h = ht_well(false);

	h.in.recovering = true;
	h.in.recovering_since = 1000;
	ht_is(test, &h, 1000, CFS_SUSPECT, CFS_CAUSE_RECOVERING, 1100);
	ht_is(test, &h, 1100, CFS_FROZEN, CFS_CAUSE_RECOVERING, 2100);
	h.in.recovering = false;
	ht_is(test, &h, 1200, CFS_OK, CFS_CAUSE_NONE, 0);
	h.in.recovering = true;
	ht_is(test, &h, 2100, CFS_OUT, CFS_CAUSE_RECOVERING, 0);
}

/* Two doubts: the worse one counts, and the next moment is that of either. */
static void health_both(struct kunit *test)
{
	struct ht h = ht_well(true);

	h.in.recovering = true;
	h.in.recovering_since = 2950;
	ht_is(test, &h, 2960, CFS_SUSPECT, CFS_CAUSE_RECOVERING, 3000);
	ht_is(test, &h, 3000, CFS_SUSPECT, CFS_CAUSE_LEASE, 3020);
	ht_is(test, &h, 3030, CFS_FROZEN, CFS_CAUSE_LEASE, 3050);
	h.in.lease_end = 6000;
	ht_is(test, &h, 3040, CFS_SUSPECT, CFS_CAUSE_RECOVERING, 3050);
	h.in.recovering_since = 2000;
	ht_is(test, &h, 2990, CFS_FROZEN, CFS_CAUSE_RECOVERING, 3100);
}

/* P20: the database is gone: the owner goes on; a doubt is worse than that. */
static void health_restricted(struct kunit *test)
{
	struct ht h = ht_well(true);

	h.in.unreachable = true;
	ht_is(test, &h, 1000, CFS_RESTRICTED, CFS_CAUSE_REPOSITORY, 3000);
	ht_is(test, &h, 3000, CFS_SUSPECT, CFS_CAUSE_LEASE, 3020);
	h.in.lease_end = 6000;
	ht_is(test, &h, 3010, CFS_RESTRICTED, CFS_CAUSE_REPOSITORY, 6000);
	h.in.unreachable = false;
	ht_is(test, &h, 3010, CFS_OK, CFS_CAUSE_NONE, 6000);
}

static void health_out(struct kunit *test)
{
	struct ht h = ht_well(false);

	h.in.dead = true;
	ht_is(test, &h, 1000, CFS_OUT, CFS_CAUSE_ENGINE, 0);
	h.in.dead = false;
	ht_is(test, &h, 1000, CFS_OUT, CFS_CAUSE_ENGINE, 0);
	h = ht_well(true);
	h.in.fenced = true;
	h.in.dead = true;
	ht_is(test, &h, 1000, CFS_OUT, CFS_CAUSE_FENCED, 0);
}

/* V12: what each state allows; no state allows more than one above it in the table. */
static void health_allows(struct kunit *test)
{
	static const unsigned int may[CFS_HEALTHS] = {
		[CFS_OK]	 = CFS_MAY_COMMIT | CFS_MAY_HOLD | CFS_MAY_SERVE,
		[CFS_RESTRICTED] = CFS_MAY_HOLD | CFS_MAY_SERVE,
		[CFS_SUSPECT]	 = CFS_MAY_HOLD | CFS_MAY_SERVE,
		[CFS_FROZEN]	 = CFS_MAY_HOLD,
		[CFS_OUT]	 = 0,
	};
	unsigned int i;

	for (i = 0; i < CFS_HEALTHS; i++) {
		KUNIT_EXPECT_EQ(test, cfs_health_may(i), may[i]);
		KUNIT_EXPECT_STRNEQ(test, cfs_health_name(i), "?");
		if (i)
			KUNIT_EXPECT_EQ(test, cfs_health_may(i) & ~cfs_health_may(i - 1), 0);
	}
	KUNIT_EXPECT_EQ(test, cfs_health_may(CFS_HEALTHS), 0);
	for (i = CFS_CAUSE_RECOVERING; i < CFS_CAUSES; i++)
		KUNIT_EXPECT_GT(test, strlen(cfs_cause_text(i)), 10);
}

static struct kunit_case health_cases[] = {
	KUNIT_CASE(health_lease),
	KUNIT_CASE(health_back),
	KUNIT_CASE(health_quorum),
	KUNIT_CASE(health_late),
	KUNIT_CASE(health_recovery),
	KUNIT_CASE(health_both),
	KUNIT_CASE(health_restricted),
	KUNIT_CASE(health_out),
	KUNIT_CASE(health_allows),
	{}
};

static struct kunit_suite health_suite = {
	.name		= "clusterfs-health",
	.test_cases	= health_cases,
};

kunit_test_suite(health_suite);
