// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: a lock's states, with an engine that answers when and what the case says.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "lock_test.h"

#define NONE	CLUSTERFS_LOCK_NONE
#define NL	CLUSTERFS_LOCK_NL
#define PR	CLUSTERFS_LOCK_PR
#define EX	CLUSTERFS_LOCK_EX
#define IDLE		CLUSTERFS_LOCK_IDLE
#define WAITING		CLUSTERFS_LOCK_WAITING
#define GRANTED		CLUSTERFS_LOCK_GRANTED
#define CONVERTING	CLUSTERFS_LOCK_CONVERTING
#define RELEASING	CLUSTERFS_LOCK_RELEASING
#define CANCELLING	CLUSTERFS_LOCK_CANCELLING

/* What the engine was called for: r(equest), c(onvert), x: cancel, u(nlock). */
static char calls[32];
static bool cancel_inside;
static struct completion *join_hold, *leave_hold;
static int join_says;

static void hand_note(char what)
{
	size_t len = strlen(calls);

	if (len < sizeof(calls) - 1)
		WRITE_ONCE(calls[len], what);
	wake_up_all(&lt_wait);
}

static int hand_join(struct clusterfs_ls *ls, char why[CLUSTERFS_LOCK_WHY])
{
	const struct clusterfs_member self = { .node = 1, .slot = 1 };

	if (join_hold)
		wait_for_completion(join_hold);
	if (join_says) {
		snprintf(why, CLUSTERFS_LOCK_WHY, "no daemon");
		return join_says;
	}
	clusterfs_ls_done(ls, &self, 1, &self, 1);
	return 0;
}

static void hand_leave(struct clusterfs_ls *ls)
{
	if (leave_hold)
		wait_for_completion(leave_hold);
	hand_note('l');
}

static int hand_open(struct clusterfs_lock *lock)
{
	return 0;
}

static void hand_free(struct clusterfs_lock *lock)
{
}

static void hand_request(struct clusterfs_lock *lock, enum clusterfs_mode mode,
			 unsigned int flags)
{
	/* Before the engine has got anywhere with it. */
	if (cancel_inside)
		(void)!clusterfs_lock_cancel(lock);
	hand_note('r');
}

static void hand_convert(struct clusterfs_lock *lock, enum clusterfs_mode mode,
			 unsigned int flags)
{
	hand_note('c');
}

static void hand_release(struct clusterfs_lock *lock, unsigned int flags)
{
	hand_note('u');
}

static void hand_cancel(struct clusterfs_lock *lock)
{
	hand_note('x');
}

static const struct clusterfs_lock_ops hand_ops = {
	.name		= "hand",
	.join		= hand_join,
	.leave		= hand_leave,
	.open		= hand_open,
	.free		= hand_free,
	.request	= hand_request,
	.convert	= hand_convert,
	.release	= hand_release,
	.cancel		= hand_cancel,
};

static int hand_init(struct kunit *test)
{
	memset(calls, 0, sizeof(calls));
	cancel_inside = false;
	join_hold = NULL;
	leave_hold = NULL;
	join_says = 0;
	lt_start(test, &hand_ops, 1);
	return 0;
}

static void answer(struct lt_lock *l, int status)
{
	clusterfs_lock_answer(&l->lock, status, NULL, false);
}

static struct lt_lock *hand_granted(struct kunit *test, enum clusterfs_mode mode)
{
	struct lt_lock *l = lt_open(test, 0, "r");

	lt_begin(test, l, mode, 0);
	answer(l, 0);
	lt_until(test, lt_dones(l, 1));
	memset(calls, 0, sizeof(calls));
	return l;
}

/* The close of a lock whose engine answers what is asked for last. */
static void hand_close(struct kunit *test, struct lt_lock *l)
{
	memset(calls, 0, sizeof(calls));
	clusterfs_lock_close(&l->lock);
	lt_until(test, !strcmp(calls, "u"));
	KUNIT_EXPECT_FALSE(test, completion_done(&l->freed));
	answer(l, 0);
	lt_until(test, completion_done(&l->freed));
}

/* The table in lock.h. */
static void state_table(struct kunit *test)
{
	struct lt_lock *l = lt_open(test, 0, "r");

	KUNIT_EXPECT_TRUE(test, lt_is(l, IDLE, NONE));
	lt_begin(test, l, PR, 0);
	KUNIT_EXPECT_TRUE(test, lt_is(l, WAITING, NONE));
	answer(l, 0);
	KUNIT_EXPECT_TRUE(test, lt_is(l, GRANTED, PR));
	lt_until(test, lt_dones(l, 1));
	lt_begin(test, l, EX, 0);
	KUNIT_EXPECT_TRUE(test, lt_is(l, CONVERTING, PR));
	answer(l, -EDEADLK);
	KUNIT_EXPECT_TRUE(test, lt_is(l, GRANTED, PR));
	lt_until(test, lt_dones(l, 2));
	KUNIT_EXPECT_EQ(test, l->status, -EDEADLK);
	lt_begin(test, l, EX, 0);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_cancel(&l->lock), 0);
	KUNIT_EXPECT_TRUE(test, lt_is(l, CANCELLING, PR));
	KUNIT_EXPECT_EQ(test, clusterfs_lock_cancel(&l->lock), 0);
	KUNIT_EXPECT_STREQ(test, calls, "rccx");
	answer(l, -ECANCELED);
	lt_until(test, lt_dones(l, 3));
	KUNIT_EXPECT_TRUE(test, lt_is(l, GRANTED, PR));
	lt_begin(test, l, NL, 0);
	KUNIT_EXPECT_TRUE(test, lt_is(l, CONVERTING, NL));
	KUNIT_EXPECT_EQ(test, clusterfs_lock_cancel(&l->lock), -ENOENT);
	answer(l, 0);
	lt_until(test, lt_dones(l, 4));
	lt_begin(test, l, NONE, 0);
	KUNIT_EXPECT_TRUE(test, lt_is(l, RELEASING, NONE));
	KUNIT_EXPECT_EQ(test, clusterfs_lock_cancel(&l->lock), -ENOENT);
	answer(l, 0);
	KUNIT_EXPECT_TRUE(test, lt_is(l, IDLE, NONE));
	lt_until(test, lt_dones(l, 5));
	KUNIT_EXPECT_STREQ(test, calls, "rccxcu");
	lt_close(test, l);
}

/* P4: the grant was faster than the cancel: it is held, and told so. */
static void state_grant_first(struct kunit *test)
{
	struct lt_lock *l = lt_open(test, 0, "r");

	lt_begin(test, l, EX, 0);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_cancel(&l->lock), 0);
	answer(l, 0);
	lt_until(test, lt_dones(l, 1));
	KUNIT_EXPECT_EQ(test, l->status, 0);
	KUNIT_EXPECT_TRUE(test, clusterfs_lock_held(&l->lock, EX));
	hand_close(test, l);
}

/* A cancel that comes while the engine is being asked is told to it after that. */
static void state_cancel_inside(struct kunit *test)
{
	struct lt_lock *l = lt_open(test, 0, "r");

	cancel_inside = true;
	lt_begin(test, l, EX, 0);
	KUNIT_EXPECT_STREQ(test, calls, "rx");
	KUNIT_EXPECT_TRUE(test, lt_is(l, CANCELLING, NONE));
	answer(l, -ECANCELED);
	lt_until(test, lt_dones(l, 1));
	KUNIT_EXPECT_EQ(test, l->status, -ECANCELED);
	lt_close(test, l);
}

/* V10: who gave up holds nothing that is granted late; nobody is told, and it is given back. */
static void state_late_request(struct kunit *test)
{
	struct lt_lock *l = lt_open(test, 0, "r");

	KUNIT_EXPECT_EQ(test, clusterfs_lock_sync(&l->lock, EX, 0, LT_SHORT), -ETIMEDOUT);
	KUNIT_EXPECT_TRUE(test, lt_is(l, CANCELLING, NONE));
	KUNIT_EXPECT_STREQ(test, calls, "rx");
	KUNIT_EXPECT_EQ(test, clusterfs_lock_request(&l->lock, EX, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_sync(&l->lock, EX, 0, LT_SHORT), -ETIMEDOUT);
	answer(l, 0);
	lt_until(test, !strcmp(calls, "rxu"));
	KUNIT_EXPECT_FALSE(test, clusterfs_lock_held(&l->lock, NL));
	KUNIT_EXPECT_TRUE(test, lt_is(l, RELEASING, NONE));
	answer(l, 0);
	KUNIT_EXPECT_TRUE(test, lt_is(l, IDLE, NONE));
	KUNIT_EXPECT_EQ(test, l->dones, 0);
	lt_close(test, l);
}

static void state_late_convert(struct kunit *test)
{
	static const u8 lvb[CLUSTERFS_LVB_SIZE] = { 1 };
	struct lt_lock *l = hand_granted(test, PR);

	KUNIT_EXPECT_EQ(test, clusterfs_lock_sync(&l->lock, EX, 0, LT_SHORT), -ETIMEDOUT);
	clusterfs_lock_answer(&l->lock, 0, lvb, false);
	lt_until(test, !strcmp(calls, "cxc"));
	KUNIT_EXPECT_TRUE(test, lt_is(l, CONVERTING, PR));
	KUNIT_EXPECT_FALSE(test, clusterfs_lock_held(&l->lock, EX));
	KUNIT_EXPECT_TRUE(test, clusterfs_lock_held(&l->lock, PR));
	answer(l, 0);
	KUNIT_EXPECT_TRUE(test, lt_is(l, GRANTED, PR));
	KUNIT_EXPECT_EQ(test, l->dones, 1);
	KUNIT_EXPECT_FALSE(test, l->lock.lvb_valid);
	hand_close(test, l);
}

/* What was given up stays given up, answered or not. */
static void state_late_down(struct kunit *test)
{
	struct lt_lock *l = hand_granted(test, EX);

	KUNIT_EXPECT_EQ(test, clusterfs_lock_sync(&l->lock, PR, 0, LT_SHORT), -ETIMEDOUT);
	KUNIT_EXPECT_STREQ(test, calls, "c");
	KUNIT_EXPECT_TRUE(test, lt_is(l, CONVERTING, PR));
	answer(l, -ENOTCONN);
	KUNIT_EXPECT_TRUE(test, lt_is(l, GRANTED, PR));
	KUNIT_EXPECT_FALSE(test, clusterfs_lock_held(&l->lock, EX));
	hand_close(test, l);
}

/* What a grant bars is told after it. */
static void state_blocks_after(struct kunit *test)
{
	struct lt_lock *l = hand_granted(test, PR);

	clusterfs_lock_blocks(&l->lock, EX);
	clusterfs_lock_blocks(&l->lock, EX);
	lt_until(test, lt_tolds(l, 1));
	clusterfs_lock_blocks(&l->lock, EX);
	lt_begin(test, l, EX, 0);
	clusterfs_ls_prep(l->node->ls);
	answer(l, 0);
	clusterfs_lock_blocks(&l->lock, PR);
	flush_workqueue(l->node->ls->wq);
	KUNIT_EXPECT_EQ(test, l->dones, 1);
	KUNIT_EXPECT_EQ(test, l->tolds, 1);
	clusterfs_ls_done(l->node->ls, &l->node->self, 1, &l->node->self, 2);
	lt_until(test, lt_dones(l, 2));
	lt_until(test, lt_tolds(l, 2));
	KUNIT_EXPECT_EQ(test, l->told, PR);
	/* What it gives up before it is told does not bar any more. */
	clusterfs_lock_blocks(&l->lock, EX);
	lt_until(test, lt_tolds(l, 3));
	lt_begin(test, l, NL, 0);
	clusterfs_lock_blocks(&l->lock, EX);
	answer(l, 0);
	clusterfs_lock_blocks(&l->lock, EX);
	lt_until(test, lt_dones(l, 3));
	flush_workqueue(l->node->ls->wq);
	KUNIT_EXPECT_EQ(test, l->tolds, 3);
	hand_close(test, l);
}

/* V12: a grant that comes while the lockspace recovers is none before it has. */
static void state_kept(struct kunit *test)
{
	struct lt_lock *l = lt_open(test, 0, "r"), *down = hand_granted(test, EX);
	struct clusterfs_lock_status s;

	memset(l->node->log, 0, sizeof(l->node->log));
	lt_begin(test, l, EX, 0);
	clusterfs_ls_prep(l->node->ls);
	KUNIT_EXPECT_FALSE(test, clusterfs_lock_held(&down->lock, NL));
	lt_begin(test, down, NL, 0);
	answer(down, 0);
	lt_until(test, lt_dones(down, 2));
	answer(l, 0);
	flush_workqueue(l->node->ls->wq);
	clusterfs_lock_status(&l->lock, &s);
	KUNIT_EXPECT_TRUE(test, s.kept);
	KUNIT_EXPECT_TRUE(test, lt_is(l, WAITING, NONE));
	/* It is too late to withdraw it. */
	KUNIT_EXPECT_EQ(test, clusterfs_lock_cancel(&l->lock), 0);
	KUNIT_EXPECT_NULL(test, strchr(calls, 'x'));
	clusterfs_ls_done(l->node->ls, &l->node->self, 1, &l->node->self, 2);
	lt_until(test, lt_dones(l, 1));
	KUNIT_EXPECT_TRUE(test, lt_log_is(l->node, "pgdg"));
	KUNIT_EXPECT_TRUE(test, clusterfs_lock_held(&l->lock, EX));
	hand_close(test, down);
	hand_close(test, l);
}

/* V10: closed in each state; the engine is asked for no more than it can answer. */
static void state_close(struct kunit *test)
{
	struct lt_lock *l;

	l = lt_open(test, 0, "r");
	lt_begin(test, l, EX, 0);
	clusterfs_lock_close(&l->lock);
	KUNIT_EXPECT_STREQ(test, calls, "rx");
	answer(l, -ECANCELED);
	lt_until(test, completion_done(&l->freed));
	KUNIT_EXPECT_EQ(test, l->dones, 0);

	l = lt_open(test, 0, "r");
	lt_begin(test, l, EX, 0);
	clusterfs_lock_close(&l->lock);
	memset(calls, 0, sizeof(calls));
	answer(l, 0);
	lt_until(test, !strcmp(calls, "u"));
	answer(l, 0);
	lt_until(test, completion_done(&l->freed));

	l = hand_granted(test, PR);
	lt_begin(test, l, NONE, 0);
	clusterfs_lock_close(&l->lock);
	KUNIT_EXPECT_STREQ(test, calls, "u");
	answer(l, 0);
	lt_until(test, completion_done(&l->freed));
	KUNIT_EXPECT_EQ(test, l->dones, 1);

	l = lt_open(test, 0, "r");
	KUNIT_EXPECT_EQ(test, clusterfs_lock_sync(&l->lock, EX, 0, LT_SHORT), -ETIMEDOUT);
	clusterfs_lock_close(&l->lock);
	memset(calls, 0, sizeof(calls));
	answer(l, 0);
	lt_until(test, !strcmp(calls, "u"));
	answer(l, 0);
	lt_until(test, completion_done(&l->freed));
}

/* V10: locks that the engine never answers for do not hold up a node that leaves. */
static void state_leave(struct kunit *test)
{
	struct lt_lock *held = hand_granted(test, PR), *waits = lt_open(test, 0, "r");
	struct lt_lock *kept = lt_open(test, 0, "r");
	struct clusterfs_ls *ls = held->node->ls;

	lt_begin(test, waits, EX, 0);
	lt_begin(test, kept, EX, 0);
	clusterfs_ls_prep(ls);
	answer(kept, 0);
	clusterfs_lock_close(&held->lock);
	clusterfs_lock_close(&waits->lock);
	clusterfs_lock_close(&kept->lock);
	lt_nodes[0].ls = NULL;
	/* A slow machine may take longer for what is left to do, which then goes on. */
	(void)!clusterfs_ls_leave(ls, LT_SHORT);
	lt_until(test, strchr(calls, 'l'));
	lt_until(test, completion_done(&held->freed) && completion_done(&waits->freed) &&
		 completion_done(&kept->freed));
}

/* V10: an engine that does not end holds up nobody: it ends later, by itself. */
static void state_leave_bounded(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(hold);
	struct clusterfs_ls *ls = lt_nodes[0].ls;

	leave_hold = &hold;
	lt_nodes[0].ls = NULL;
	KUNIT_EXPECT_EQ(test, clusterfs_ls_leave(ls, LT_SHORT), -ETIMEDOUT);
	KUNIT_EXPECT_STREQ(test, calls, "");
	complete(&hold);
	lt_until(test, !strcmp(calls, "l"));
}

/* V10: so does one that does not join. What it joins late, it leaves; nobody is told. */
static void state_join_bounded(struct kunit *test)
{
	char why[CLUSTERFS_LOCK_WHY] = "";
	DECLARE_COMPLETION_ONSTACK(hold);

	join_hold = &hold;
	KUNIT_EXPECT_EQ(test, lt_join(&hand_ops, 1, LT_SHORT, why), -ETIMEDOUT);
	KUNIT_EXPECT_STREQ(test, why, "lockspace lt was not joined in time");
	complete(&hold);
	lt_until(test, !strcmp(calls, "l"));
	KUNIT_EXPECT_TRUE(test, lt_log_is(&lt_nodes[1], ""));
}

/* An engine's refusal is its sentence. */
static void state_join_refused(struct kunit *test)
{
	char why[CLUSTERFS_LOCK_WHY] = "";

	join_says = -EUNATCH;
	KUNIT_EXPECT_EQ(test, lt_join(&hand_ops, 1, LT_LONG, why), -EUNATCH);
	KUNIT_EXPECT_STREQ(test, why, "no daemon");
}

static struct kunit_case state_cases[] = {
	KUNIT_CASE(state_table),
	KUNIT_CASE(state_grant_first),
	KUNIT_CASE(state_cancel_inside),
	KUNIT_CASE(state_late_request),
	KUNIT_CASE(state_late_convert),
	KUNIT_CASE(state_late_down),
	KUNIT_CASE(state_blocks_after),
	KUNIT_CASE(state_kept),
	KUNIT_CASE(state_close),
	KUNIT_CASE(state_leave),
	KUNIT_CASE(state_leave_bounded),
	KUNIT_CASE(state_join_bounded),
	KUNIT_CASE(state_join_refused),
	{}
};

static struct kunit_suite state_suite = {
	.name		= "clusterfs-lock-state",
	.init		= hand_init,
	.exit		= lt_end,
	.test_cases	= state_cases,
};

kunit_test_suite(state_suite);
