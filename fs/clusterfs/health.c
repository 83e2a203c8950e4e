// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: the states of a node (P19, P20).
 *
 *	state		from			COMMIT	HOLD	SERVE	left by
 *	OK		-			yes	yes	yes	-
 *	RESTRICTED	the database cannot	-	yes	yes	it can be read again
 *			be reached
 *	SUSPECT		the lockspace recovers,	-	yes	yes	it has recovered, the
 *			or the quorum lease has			lease is renewed
 *			run out
 *	FROZEN		SUSPECT for longer than	-	yes	-	the same; and quorum
 *			its limit, or there is
 *			no quorum
 *	LOST		FROZEN for longer than	-	-	-	unmount, mount again
 *			its limit; the engine
 *			is gone; a verdict
 *			about this node
 *
 * What is known can be read in all of them. COMMIT: to change the database, and all that
 * waits for that: to begin a role, to log a client in, to acknowledge with one leg. HOLD: to
 * keep a role, and to wait for one. SERVE: I/O to what is owned.
 *
 * If several hold, the lowest line counts. A doubt begins when its cause did, not when it
 * was noticed: whoever stood still for longer than all limits is LOST at its first look.
 * A doubt that ends goes to OK at once, whatever the limits; LOST never ends (V12).
 */
#include <linux/kernel.h>
#include <linux/minmax.h>

#include "health.h"

/* A fence agent may take a minute, and the lockspace recovers no sooner. */
const struct cfs_health_limits cfs_health_limits = {
	.recover	= 10000,
	.expired	= CFS_LEASE_MS,
	.frozen		= 120000,
};

/**
 * cfs_health_name() - for status
 * @state: of a node
 *
 * Return: it.
 */
const char *cfs_health_name(enum cfs_health state)
{
	static const char * const names[CFS_HEALTHS] = {
		[CFS_OK]		= "OK",
		[CFS_RESTRICTED]	= "RESTRICTED",
		[CFS_SUSPECT]		= "SUSPECT",
		[CFS_FROZEN]		= "FROZEN",
		[CFS_OUT]		= "LOST",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "?";
}

/**
 * cfs_cause_text() - a cause in a sentence
 * @cause: of a state
 *
 * Return: it; empty where the sentence is the caller's.
 */
const char *cfs_cause_text(enum cfs_cause cause)
{
	static const char * const texts[CFS_CAUSES] = {
		[CFS_CAUSE_NONE]	= "",
		[CFS_CAUSE_REPOSITORY]	= "",
		[CFS_CAUSE_RECOVERING]	= "the lockspace recovers",
		[CFS_CAUSE_LEASE]	= "the quorum lease has run out: nobody renews it",
		[CFS_CAUSE_QUORUM]	= "there is no quorum",
		[CFS_CAUSE_ENGINE]	= "the lock engine is gone: unmount, then mount again",
		[CFS_CAUSE_FENCED]	= "it was declared fenced, or registered anew: unmount, then mount again",
	};

	return cause < ARRAY_SIZE(texts) ? texts[cause] : "?";
}

/**
 * cfs_health_may() - what a state allows
 * @state: of a node
 *
 * Return: CFS_MAY_*.
 */
unsigned int cfs_health_may(enum cfs_health state)
{
	static const u8 may[CFS_HEALTHS] = {
		[CFS_OK]		= CFS_MAY_COMMIT | CFS_MAY_HOLD | CFS_MAY_SERVE,
		[CFS_RESTRICTED]	= CFS_MAY_HOLD | CFS_MAY_SERVE,
		[CFS_SUSPECT]		= CFS_MAY_HOLD | CFS_MAY_SERVE,
		[CFS_FROZEN]		= CFS_MAY_HOLD,
	};

	return state < ARRAY_SIZE(may) ? may[state] : 0;
}

static void cfs_health_set(struct cfs_health_now *now, enum cfs_health state,
			   enum cfs_cause cause)
{
	if (state > now->state) {
		now->state = state;
		now->cause = cause;
	}
}

/* One that has lasted since @since, SUSPECT for @suspect ms. */
static void cfs_health_doubt(struct cfs_health_now *now, enum cfs_cause cause, u64 since,
			     u32 suspect, u32 frozen, u64 ms)
{
	u64 next = 0;

	if (ms >= since + suspect + frozen) {
		cfs_health_set(now, CFS_OUT, cause);
	} else if (ms >= since + suspect) {
		cfs_health_set(now, CFS_FROZEN, cause);
		next = since + suspect + frozen;
	} else {
		cfs_health_set(now, CFS_SUSPECT, cause);
		next = since + suspect;
	}
	if (next && (!now->next || next < now->next))
		now->next = next;
}

static void cfs_health_quorum(struct cfs_health_now *now, const struct cfs_health_in *in, u64 ms)
{
	const struct cfs_health_limits *l = in->limits;

	if (!in->needs_lease)
		return;
	if (!in->quorate)
		cfs_health_doubt(now, CFS_CAUSE_QUORUM, in->lease_end, 0, l->frozen, ms);
	else if (ms >= in->lease_end)
		cfs_health_doubt(now, CFS_CAUSE_LEASE, in->lease_end, l->expired, l->frozen, ms);
	else if (!now->next || in->lease_end < now->next)
		now->next = in->lease_end;
}

/**
 * cfs_health_step() - what a node is now
 * @now: what it was; overwritten
 * @in: what is known
 * @ms: the time
 *
 * Context: any.
 * Return: true if state or cause have changed.
 */
bool cfs_health_step(struct cfs_health_now *now, const struct cfs_health_in *in, u64 ms)
{
	const struct cfs_health_now old = *now;

	if (old.state == CFS_OUT) {
		now->next = 0;
		return false;
	}
	*now = (struct cfs_health_now){ .state = CFS_OK, .cause = CFS_CAUSE_NONE };
	if (in->fenced)
		cfs_health_set(now, CFS_OUT, CFS_CAUSE_FENCED);
	if (in->dead)
		cfs_health_set(now, CFS_OUT, CFS_CAUSE_ENGINE);
	cfs_health_quorum(now, in, ms);
	if (in->recovering)
		cfs_health_doubt(now, CFS_CAUSE_RECOVERING, in->recovering_since,
				 in->limits->recover, in->limits->frozen, ms);
	if (in->unreachable)
		cfs_health_set(now, CFS_RESTRICTED, CFS_CAUSE_REPOSITORY);
	if (now->state == CFS_OUT)
		now->next = 0;
	return now->state != old.state || now->cause != old.cause;
}
