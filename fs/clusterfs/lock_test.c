// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: what locks do, whatever the engine: these cases are a function of its ops.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "lock_test.h"

#define NONE	CLUSTERFS_LOCK_NONE
#define NL	CLUSTERFS_LOCK_NL
#define CR	CLUSTERFS_LOCK_CR
#define PR	CLUSTERFS_LOCK_PR
#define PW	CLUSTERFS_LOCK_PW
#define EX	CLUSTERFS_LOCK_EX
#define IDLE		CLUSTERFS_LOCK_IDLE
#define WAITING		CLUSTERFS_LOCK_WAITING
#define GRANTED		CLUSTERFS_LOCK_GRANTED
#define CONVERTING	CLUSTERFS_LOCK_CONVERTING

static const enum clusterfs_mode modes[] = { NL, CR, PR, PW, EX };

/* Locks compete the same whether they are those of several nodes or of one. */
static const struct lt_engine {
	const char				*name;
	const struct clusterfs_lock_ops		*ops;
	unsigned int				nodes;
} engines[] = {
	{ "local, four nodes", &clusterfs_local_ops, 4 },
	{ "local, one node", &clusterfs_local_ops, 1 },
};

static void engine_desc(const struct lt_engine *engine, char *desc)
{
	strscpy(desc, engine->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(engine, engines, engine_desc);

static int lt_init(struct kunit *test)
{
	const struct lt_engine *engine = test->param_value;

	lt_start(test, engine->ops, engine->nodes);
	return 0;
}

/* What stands still until something else happens: an engine far away has been asked. */
static void lt_stands(struct kunit *test, struct lt_lock *l, enum clusterfs_lock_state state,
		      enum clusterfs_mode mode)
{
	struct lt_lock *other = lt_open(test, l->node - lt_nodes, "other");

	lt_take(test, other, EX);
	lt_close(test, other);
	KUNIT_EXPECT_TRUE(test, lt_is(l, state, mode));
}

/* V4 V12: which modes go together, for a request and for a conversion. */
static void lock_matrix(struct kunit *test)
{
	static const u8 together[5][5] = {
		{ 1, 1, 1, 1, 1 },
		{ 1, 1, 1, 1, 0 },
		{ 1, 1, 1, 0, 0 },
		{ 1, 1, 0, 0, 0 },
		{ 1, 0, 0, 0, 0 },
	};
	struct lt_lock *a = lt_open(test, 0, "r"), *b = lt_open(test, 1, "r");
	unsigned int i, j;
	int want, got;

	for (i = 0; i < 5; i++) {
		for (j = 0; j < 5; j++) {
			want = together[i][j] ? 0 : -EAGAIN;
			KUNIT_EXPECT_EQ(test, clusterfs_modes_compatible(modes[i], modes[j]),
					together[i][j]);
			lt_take(test, a, modes[i]);
			got = lt_try(b, modes[j]);
			KUNIT_EXPECT_EQ_MSG(test, got, want, "request: %u %u", i, j);
			KUNIT_EXPECT_EQ(test, clusterfs_lock_held(&b->lock, modes[j]), !want);
			lt_take(test, b, NL);
			got = lt_try(b, modes[j]);
			KUNIT_EXPECT_EQ_MSG(test, got, want, "convert: %u %u", i, j);
			KUNIT_EXPECT_TRUE(test, lt_is(b, GRANTED, want ? NL : modes[j]));
			lt_take(test, b, NONE);
			lt_take(test, a, NONE);
		}
	}
	lt_close(test, a);
	lt_close(test, b);
}

/* P4: first come, first served; who could be granted does not overtake. */
static void lock_order(struct kunit *test)
{
	struct lt_lock *l[4];
	unsigned int i;

	for (i = 0; i < 4; i++)
		l[i] = lt_open(test, i, "r");
	lt_take(test, l[0], PR);
	lt_begin(test, l[1], EX, 0);
	lt_begin(test, l[2], PR, 0);
	lt_begin(test, l[3], EX, 0);
	lt_stands(test, l[1], WAITING, NONE);
	lt_stands(test, l[2], WAITING, NONE);
	lt_take(test, l[0], NONE);
	lt_until(test, lt_dones(l[1], 1));
	lt_stands(test, l[2], WAITING, NONE);
	lt_begin(test, l[1], NONE, 0);
	lt_until(test, lt_dones(l[2], 1));
	lt_stands(test, l[3], WAITING, NONE);
	/* A request for NL bars nobody and waits for nobody. */
	lt_take(test, l[0], NL);
	lt_begin(test, l[2], NONE, 0);
	lt_until(test, lt_dones(l[3], 1));
	KUNIT_EXPECT_TRUE(test, lt_is(l[3], GRANTED, EX));
	for (i = 0; i < 4; i++)
		lt_close(test, l[i]);
}

/* P4: conversions up are in order, too, and before requests. */
static void lock_order_convert(struct kunit *test)
{
	struct lt_lock *l[5];
	unsigned int i;

	for (i = 0; i < 5; i++)
		l[i] = lt_open(test, i % 4, "r");
	lt_take(test, l[0], PR);
	for (i = 1; i < 4; i++)
		lt_take(test, l[i], NL);
	lt_begin(test, l[1], EX, 0);
	lt_begin(test, l[2], PR, 0);
	lt_begin(test, l[4], EX, 0);
	lt_begin(test, l[3], EX, 0);
	lt_stands(test, l[2], CONVERTING, NL);
	lt_take(test, l[0], NL);
	lt_until(test, lt_dones(l[1], 1));
	lt_stands(test, l[2], CONVERTING, NL);
	lt_begin(test, l[1], NL, 0);
	lt_until(test, lt_dones(l[2], 1));
	lt_begin(test, l[2], NL, 0);
	lt_until(test, lt_dones(l[3], 1));
	lt_stands(test, l[4], WAITING, NONE);
	lt_begin(test, l[3], NL, 0);
	lt_until(test, lt_dones(l[4], 1));
	for (i = 0; i < 5; i++)
		lt_close(test, l[i]);
}

/* V12: what is given up is not held from then on, and who waits for it has it at once. */
static void lock_down(struct kunit *test)
{
	struct lt_lock *a = lt_open(test, 0, "r"), *b = lt_open(test, 1, "r");

	lt_take(test, a, EX);
	lt_begin(test, b, PR, 0);
	lt_begin(test, a, PR, 0);
	KUNIT_EXPECT_FALSE(test, clusterfs_lock_held(&a->lock, PW));
	lt_until(test, lt_dones(b, 1));
	KUNIT_EXPECT_TRUE(test, clusterfs_lock_held(&a->lock, PR));
	KUNIT_EXPECT_TRUE(test, clusterfs_lock_held(&b->lock, PR));
	lt_until(test, lt_dones(a, 1));
	lt_begin(test, a, NONE, 0);
	KUNIT_EXPECT_FALSE(test, clusterfs_lock_held(&a->lock, NL));
	lt_close(test, a);
	lt_close(test, b);
}

/* V10: two that bar each other do not wait for ever; the second is told, and holds on. */
static void lock_deadlock(struct kunit *test)
{
	struct lt_lock *a = lt_open(test, 0, "r"), *b = lt_open(test, 1, "r");
	struct lt_lock *c = lt_open(test, 2, "r");

	lt_take(test, a, PR);
	lt_take(test, b, PR);
	lt_begin(test, a, EX, 0);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_sync(&b->lock, EX, 0, LT_LONG), -EDEADLK);
	KUNIT_EXPECT_TRUE(test, lt_is(b, GRANTED, PR));
	lt_stands(test, a, CONVERTING, PR);
	lt_take(test, b, NL);
	lt_until(test, lt_dones(a, 1));
	KUNIT_EXPECT_TRUE(test, lt_is(a, GRANTED, EX));

	/* Only one of them is barred by the other's present mode. */
	lt_take(test, a, PR);
	lt_take(test, c, NL);
	lt_begin(test, c, EX, 0);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_sync(&a->lock, EX, 0, LT_LONG), -EDEADLK);
	lt_take(test, a, NL);
	lt_until(test, lt_dones(c, 1));
	lt_close(test, a);
	lt_close(test, b);
	lt_close(test, c);
}

/* What @l finds, coming from NL. 0: nothing valid. */
static u8 lt_lvb_found(struct kunit *test, struct lt_lock *l, enum clusterfs_mode mode)
{
	u8 found;

	lt_take(test, l, NL);
	lt_lvb(l, 0xee);
	lt_take(test, l, mode);
	found = l->lock.lvb_valid ? l->lock.lvb[CLUSTERFS_LVB_SIZE - 1] : 0;
	KUNIT_EXPECT_EQ(test, l->lock.lvb[0], l->lock.lvb[CLUSTERFS_LVB_SIZE - 1]);
	lt_take(test, l, NL);
	return found;
}

/* Who reads the value block, and who writes it. */
static void lock_lvb(struct kunit *test)
{
	struct lt_lock *a = lt_open(test, 0, "r"), *b = lt_open(test, 1, "r");
	struct lt_lock *keeps = lt_open(test, 2, "r");

	lt_take(test, keeps, NL);
	KUNIT_EXPECT_EQ(test, lt_lvb_found(test, a, EX), 0);

	lt_take(test, a, EX);
	lt_set(test, a, NL, 1);
	KUNIT_EXPECT_EQ(test, lt_lvb_found(test, b, PR), 1);
	KUNIT_EXPECT_EQ(test, lt_lvb_found(test, b, CR), 1);

	/* Not without being told to. */
	lt_take(test, a, EX);
	lt_lvb(a, 2);
	lt_take(test, a, NL);
	KUNIT_EXPECT_EQ(test, lt_lvb_found(test, b, EX), 1);

	/* Not by who may only read. */
	lt_take(test, a, PR);
	lt_set(test, a, NL, 3);
	KUNIT_EXPECT_EQ(test, lt_lvb_found(test, b, EX), 1);

	/* From PW, by a release, and without going anywhere. */
	lt_take(test, a, PW);
	lt_set(test, a, CR, 4);
	KUNIT_EXPECT_EQ(test, lt_lvb_found(test, b, CR), 4);
	lt_take(test, a, EX);
	lt_set(test, a, NONE, 5);
	KUNIT_EXPECT_EQ(test, lt_lvb_found(test, b, PR), 5);
	lt_take(test, a, PW);
	lt_set(test, a, PW, 6);
	KUNIT_EXPECT_EQ(test, lt_lvb_found(test, b, CR), 6);
	lt_take(test, a, NL);

	/* Level below PW reads. */
	lt_take(test, a, CR);
	lt_take(test, b, PW);
	lt_set(test, b, NL, 7);
	lt_lvb(a, 0xee);
	lt_take(test, a, CR);
	KUNIT_EXPECT_EQ(test, a->lock.lvb[3], 7);

	/* Zeros are nothing. */
	lt_take(test, b, PW);
	lt_set(test, b, NL, 0);
	KUNIT_EXPECT_EQ(test, lt_lvb_found(test, b, PR), 0);
	lt_close(test, a);
	lt_close(test, b);
	lt_close(test, keeps);
}

/* P4: a stand-by withdraws; who is behind it moves up. */
static void lock_cancel(struct kunit *test)
{
	struct lt_lock *a = lt_open(test, 0, "r"), *b = lt_open(test, 1, "r");
	struct lt_lock *c = lt_open(test, 2, "r");

	lt_take(test, a, PR);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_cancel(&b->lock), -ENOENT);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_cancel(&a->lock), -ENOENT);
	lt_begin(test, b, EX, 0);
	lt_begin(test, c, PR, 0);
	lt_stands(test, c, WAITING, NONE);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_cancel(&b->lock), 0);
	lt_until(test, lt_dones(b, 1));
	KUNIT_EXPECT_EQ(test, b->status, -ECANCELED);
	KUNIT_EXPECT_TRUE(test, lt_is(b, IDLE, NONE));
	lt_until(test, lt_dones(c, 1));

	/* A conversion goes back to what it was, and bars again. */
	lt_begin(test, c, EX, 0);
	lt_take(test, b, NL);
	lt_begin(test, b, PR, 0);
	lt_stands(test, b, CONVERTING, NL);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_cancel(&c->lock), 0);
	lt_until(test, lt_dones(c, 2));
	KUNIT_EXPECT_EQ(test, c->status, -ECANCELED);
	KUNIT_EXPECT_TRUE(test, lt_is(c, GRANTED, PR));
	lt_until(test, lt_dones(b, 2));
	KUNIT_EXPECT_EQ(test, lt_try(a, EX), -EAGAIN);
	lt_close(test, a);
	lt_close(test, b);
	lt_close(test, c);
}

/* P4: cache locks are told once what they bar, for each grant; role locks are not. */
static void lock_blocked(struct kunit *test)
{
	struct lt_lock *cache = lt_open(test, 0, "r"), *role = lt_open_role(test, 1, "r");
	struct lt_lock *b = lt_open(test, 2, "r"), *c = lt_open(test, 3, "r");

	lt_take(test, cache, PR);
	lt_take(test, role, PR);
	lt_take(test, b, PR);
	KUNIT_EXPECT_EQ(test, cache->tolds, 0);
	lt_begin(test, b, EX, 0);
	lt_until(test, lt_tolds(cache, 1));
	KUNIT_EXPECT_EQ(test, cache->told, EX);
	lt_begin(test, c, EX, 0);
	lt_stands(test, c, WAITING, NONE);
	KUNIT_EXPECT_EQ(test, cache->tolds, 1);
	lt_take(test, cache, NL);
	lt_take(test, role, NONE);
	lt_until(test, lt_dones(b, 1));

	/* ...which bars c: told once, for the new grant. Not while it converted; not by itself. */
	lt_until(test, lt_tolds(b, 1));
	lt_begin(test, cache, PR, 0);
	lt_take(test, b, NONE);
	lt_until(test, lt_dones(cache, 1));
	lt_until(test, lt_tolds(cache, 2));
	KUNIT_EXPECT_EQ(test, cache->told, EX);
	lt_close(test, cache);
	lt_until(test, lt_dones(c, 1));
	lt_close(test, role);
	lt_close(test, b);
	lt_close(test, c);
}

/* ...and once more when a higher mode is barred. */
static void lock_blocked_more(struct kunit *test)
{
	struct lt_lock *a = lt_open(test, 0, "r"), *b = lt_open(test, 1, "r");
	struct lt_lock *c = lt_open(test, 2, "r"), *d = lt_open(test, 3, "r");

	lt_take(test, a, EX);
	lt_begin(test, b, PR, 0);
	lt_until(test, lt_tolds(a, 1));
	KUNIT_EXPECT_EQ(test, a->told, PR);
	lt_begin(test, c, EX, 0);
	lt_until(test, lt_tolds(a, 2));
	KUNIT_EXPECT_EQ(test, a->told, EX);
	lt_begin(test, d, PR, 0);
	lt_stands(test, d, WAITING, NONE);
	KUNIT_EXPECT_EQ(test, a->tolds, 2);
	/* Nobody that it bars is left: what it was told of is over. */
	lt_close(test, c);
	lt_take(test, a, CR);
	lt_until(test, lt_dones(b, 1) && lt_dones(d, 1));
	KUNIT_EXPECT_EQ(test, a->tolds, 2);
	KUNIT_EXPECT_EQ(test, b->tolds, 0);
	lt_close(test, a);
	lt_close(test, b);
	lt_close(test, d);
}

/* V10: a wait ends, and leaves nothing behind. */
static void lock_bounded(struct kunit *test)
{
	struct lt_lock *a = lt_open(test, 0, "r"), *b = lt_open(test, 1, "r");

	lt_take(test, a, EX);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_sync(&b->lock, EX, 0, LT_SHORT), -ETIMEDOUT);
	KUNIT_EXPECT_FALSE(test, clusterfs_lock_held(&b->lock, NL));
	lt_until(test, lt_is(b, IDLE, NONE));
	lt_take(test, b, NL);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_sync(&b->lock, PR, 0, LT_SHORT), -ETIMEDOUT);
	lt_until(test, lt_is(b, GRANTED, NL));
	/* Nobody is in the queue. */
	lt_take(test, a, NL);
	KUNIT_EXPECT_EQ(test, lt_try(a, EX), 0);
	KUNIT_EXPECT_EQ(test, b->dones, 0);
	lt_close(test, a);
	lt_close(test, b);
}

struct lt_waiter {
	struct lt_lock		*l;
	int			ret;
	struct completion	began, over;
};

static int lt_waits(void *data)
{
	struct lt_waiter *w = data;

	allow_signal(SIGKILL);
	complete(&w->began);
	w->ret = clusterfs_lock_sync(&w->l->lock, EX, CLUSTERFS_LOCK_KILLABLE, LT_LONG);
	complete(&w->over);
	while (!kthread_should_stop())
		usleep_range(100, 1000);
	return 0;
}

/* V10: whoever waits can be killed. */
static void lock_killed(struct kunit *test)
{
	struct lt_lock *a = lt_open(test, 0, "r"), *b = lt_open(test, 1, "r");
	struct lt_waiter w = { .l = b };
	struct task_struct *task;

	init_completion(&w.began);
	init_completion(&w.over);
	lt_take(test, a, EX);
	task = kthread_run(lt_waits, &w, "lt");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	wait_for_completion(&w.began);
	lt_until(test, lt_is(b, WAITING, NONE));
	send_sig(SIGKILL, task, 1);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&w.over, msecs_to_jiffies(LT_LONG)), 0UL);
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, w.ret, -EINTR);
	lt_until(test, lt_is(b, IDLE, NONE));
	lt_close(test, a);
	lt_close(test, b);
}

static void lt_sync_inside(struct lt_lock *l)
{
	l->on_done = NULL;
	l->status = clusterfs_lock_sync(&l->lock, NL, 0, LT_LONG);
}

/* What cannot be begun is refused, and changes nothing. */
static void lock_refused(struct kunit *test)
{
	char *name = kunit_kzalloc(test, CLUSTERFS_RES_MAX + 2, GFP_KERNEL);
	struct lt_lock *a = lt_open(test, 0, "r"), *b = lt_open(test, 1, "r");
	struct clusterfs_lock *room;

	KUNIT_ASSERT_NOT_NULL(test, name);
	room = kunit_kzalloc(test, sizeof(*room), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, room);
	memset(name, 'x', CLUSTERFS_RES_MAX + 1);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_open(a->lock.ls, room, name, a->lock.user, NULL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_open(a->lock.ls, room, "", a->lock.user, NULL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_request(&a->lock, 2, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_request(&a->lock, NONE, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_request(&a->lock, EX + 1, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_convert(&a->lock, EX, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_release(&a->lock, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_sync(&a->lock, 2, 0, LT_LONG), -EINVAL);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_sync(&a->lock, NONE, 0, LT_LONG), 0);
	lt_take(test, a, PR);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_request(&a->lock, EX, 0), -EINVAL);
	lt_begin(test, b, EX, 0);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_request(&b->lock, EX, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_release(&b->lock, 0), -EBUSY);
	KUNIT_EXPECT_TRUE(test, lt_is(a, GRANTED, PR));
	KUNIT_EXPECT_EQ(test, clusterfs_ls_leave(a->lock.ls, LT_LONG), -EBUSY);
	KUNIT_EXPECT_TRUE(test, clusterfs_ls_running(a->lock.ls));
	b->on_done = lt_sync_inside;
	lt_take(test, a, NL);
	lt_until(test, lt_dones(b, 1));
	KUNIT_EXPECT_EQ(test, b->status, -EDEADLK);
	lt_close(test, a);
	lt_close(test, b);
}

/* Who wants to be told of nothing is not; what it began is done all the same. */
static void lock_untold(struct kunit *test)
{
	struct lt_lock *a = lt_open_untold(test, 0, "r"), *b = lt_open(test, 1, "r");

	lt_begin(test, a, EX, 0);
	lt_until(test, lt_is(a, GRANTED, EX));
	lt_begin(test, b, EX, 0);
	lt_stands(test, b, WAITING, NONE);
	lt_take(test, a, NONE);
	lt_until(test, lt_dones(b, 1));
	lt_close(test, a);
	lt_close(test, b);
}

/* V10: a lock goes in whatever state, and who waits for it goes on. */
static void lock_close(struct kunit *test)
{
	struct lt_lock *a = lt_open(test, 0, "r"), *b = lt_open(test, 1, "r");
	struct lt_lock *c = lt_open(test, 2, "r"), *d = lt_open(test, 3, "r");

	lt_close(test, lt_open(test, 0, "idle"));
	lt_take(test, a, PR);
	lt_take(test, b, PR);
	lt_begin(test, b, EX, 0);	/* converting */
	lt_begin(test, c, EX, 0);	/* waiting */
	lt_begin(test, d, EX, 0);
	lt_close(test, c);
	lt_close(test, b);
	lt_stands(test, d, WAITING, NONE);
	lt_close(test, a);		/* granted */
	lt_until(test, lt_dones(d, 1));
	lt_close(test, d);
}

static int lt_cancels(void *data)
{
	struct lt_lock *l = data;

	while (!kthread_should_stop()) {
		(void)!clusterfs_lock_cancel(&l->lock);
		udelay(get_random_u32() % 20);
		cond_resched();
	}
	return 0;
}

/* V4 P4: a cancel races with a grant: one outcome, told once, and it is so. */
static void lock_cancel_race(struct kunit *test)
{
	struct lt_lock *a = lt_open(test, 0, "r"), *b = lt_open(test, 1, "r");
	unsigned int i, granted = 0, bad = 0;
	struct task_struct *task;

	task = kthread_run(lt_cancels, b, "lt");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	for (i = 0; i < 500; i++) {
		if (clusterfs_lock_sync(&a->lock, EX, 0, LT_LONG) ||
		    clusterfs_lock_request(&b->lock, EX, 0)) {
			bad++;
			break;
		}
		udelay(get_random_u32() % 20);
		if (i % 2)
			usleep_range(1, 50);	/* one processor: the other has its turn */
		bad += !!clusterfs_lock_sync(&a->lock, NONE, 0, LT_LONG);
		if (!wait_event_timeout(lt_wait, lt_dones(b, i + 1 + granted),
					msecs_to_jiffies(LT_LONG))) {
			bad++;
			break;
		}
		if (b->status) {
			bad += b->status != -ECANCELED || !lt_is(b, IDLE, NONE);
			continue;
		}
		granted++;
		bad += !lt_is(b, GRANTED, EX);
		/* Nobody else has it. */
		bad += lt_try(a, CR) != -EAGAIN;
		bad += !!clusterfs_lock_release(&b->lock, 0);
		bad += !wait_event_timeout(lt_wait, lt_dones(b, i + 1 + granted),
					   msecs_to_jiffies(LT_LONG));
	}
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, bad, 0);
	kunit_info(test, "%u of 500 were granted\n", granted);
	lt_close(test, a);
	lt_close(test, b);
}

#define LT_TURNS	300

static struct {
	int		inside;		/* threads that hold EX */
	atomic_t	bad, turns;
} crowd;

static int lt_crowd(void *data)
{
	struct lt_lock *l = data;
	unsigned int i;
	u32 count;
	int ret;

	for (i = 0; i < LT_TURNS; i++) {
		ret = clusterfs_lock_sync(&l->lock, EX, 0, i % 8 ? LT_LONG : 1);
		if (ret == -ETIMEDOUT && i % 8 == 0)
			continue;
		if (ret || !clusterfs_lock_held(&l->lock, EX) || crowd.inside++)
			atomic_inc(&crowd.bad);
		memcpy(&count, l->lock.lvb, sizeof(count));
		if (count != (u32)atomic_read(&crowd.turns) || l->lock.lvb_valid != !!count)
			atomic_inc(&crowd.bad);
		count++;
		memcpy(l->lock.lvb, &count, sizeof(count));
		cond_resched();
		atomic_inc(&crowd.turns);
		crowd.inside--;
		if (clusterfs_lock_sync(&l->lock, NL, CLUSTERFS_LOCK_SET_LVB, LT_LONG))
			atomic_inc(&crowd.bad);
	}
	while (!kthread_should_stop())
		usleep_range(100, 1000);
	return 0;
}

/* V4: one at a time, each finds what the last has left, and some give up. */
static void lock_crowd(struct kunit *test)
{
	struct task_struct *task[4] = { };
	struct lt_lock *l[4];
	unsigned int i;

	memset(&crowd, 0, sizeof(crowd));
	for (i = 0; i < 4; i++) {
		l[i] = lt_open(test, i, "r");
		lt_take(test, l[i], NL);
	}
	for (i = 0; i < 4; i++) {
		task[i] = kthread_run(lt_crowd, l[i], "lt%u", i);
		KUNIT_EXPECT_FALSE(test, IS_ERR(task[i]));
	}
	for (i = 0; i < 4; i++)
		if (!IS_ERR(task[i]))
			kthread_stop(task[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&crowd.bad), 0);
	KUNIT_EXPECT_GE(test, atomic_read(&crowd.turns),
			4 * (LT_TURNS - DIV_ROUND_UP(LT_TURNS, 8)));
	for (i = 0; i < 4; i++)
		lt_close(test, l[i]);
}

static struct kunit_case lock_cases[] = {
	KUNIT_CASE_PARAM(lock_matrix, engine_gen_params),
	KUNIT_CASE_PARAM(lock_order, engine_gen_params),
	KUNIT_CASE_PARAM(lock_order_convert, engine_gen_params),
	KUNIT_CASE_PARAM(lock_down, engine_gen_params),
	KUNIT_CASE_PARAM(lock_deadlock, engine_gen_params),
	KUNIT_CASE_PARAM(lock_lvb, engine_gen_params),
	KUNIT_CASE_PARAM(lock_cancel, engine_gen_params),
	KUNIT_CASE_PARAM(lock_blocked, engine_gen_params),
	KUNIT_CASE_PARAM(lock_blocked_more, engine_gen_params),
	KUNIT_CASE_PARAM(lock_bounded, engine_gen_params),
	KUNIT_CASE_PARAM(lock_killed, engine_gen_params),
	KUNIT_CASE_PARAM(lock_refused, engine_gen_params),
	KUNIT_CASE_PARAM(lock_untold, engine_gen_params),
	KUNIT_CASE_PARAM(lock_close, engine_gen_params),
	KUNIT_CASE_PARAM(lock_cancel_race, engine_gen_params),
	KUNIT_CASE_PARAM(lock_crowd, engine_gen_params),
	{}
};

static struct kunit_suite lock_suite = {
	.name		= "clusterfs-lock",
	.init		= lt_init,
	.exit		= lt_end,
	.test_cases	= lock_cases,
};

kunit_test_suite(lock_suite);
