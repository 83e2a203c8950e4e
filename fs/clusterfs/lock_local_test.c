// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: members of a lockspace of lock_local: they come, go, die, and stand still.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <uapi/linux/clusterfs.h>

#include "lock_test.h"

#define NONE	CLUSTERFS_LOCK_NONE
#define NL	CLUSTERFS_LOCK_NL
#define PR	CLUSTERFS_LOCK_PR
#define EX	CLUSTERFS_LOCK_EX
#define IDLE	CLUSTERFS_LOCK_IDLE
#define WAITING	CLUSTERFS_LOCK_WAITING
#define GRANTED	CLUSTERFS_LOCK_GRANTED

static int local_test_init(struct kunit *test)
{
	lt_start(test, &clusterfs_local_ops, 3);
	return 0;
}

/* What each is told of those that come and leave in order. */
static void local_members(struct kunit *test)
{
	char why[CLUSTERFS_LOCK_WHY];
	u32 generation = lt_nodes[0].generation, node = lt_nodes[1].self.node;

	KUNIT_EXPECT_EQ(test, lt_nodes[0].self.slot, 1);
	KUNIT_EXPECT_EQ(test, lt_nodes[1].self.slot, 2);
	KUNIT_EXPECT_EQ(test, lt_nodes[2].self.slot, 3);
	lt_leave(test, 1);
	lt_until(test, lt_log_is(&lt_nodes[0], "pd") && lt_log_is(&lt_nodes[2], "pd"));
	KUNIT_EXPECT_EQ(test, lt_nodes[0].members, 2);
	KUNIT_EXPECT_EQ(test, lt_nodes[0].generation, generation + 1);
	KUNIT_EXPECT_EQ(test, lt_nodes[2].generation, generation + 1);
	/* The same number, and the lowest slot, for who comes back; it is told once. */
	KUNIT_EXPECT_EQ(test, lt_join(&clusterfs_local_ops, 3, LT_LONG, why), 0);
	KUNIT_EXPECT_EQ(test, lt_nodes[3].self.slot, 2);
	KUNIT_EXPECT_NE(test, lt_nodes[3].self.node, node);
	KUNIT_EXPECT_EQ(test, lt_join(&clusterfs_local_ops, 1, LT_LONG, why), 0);
	KUNIT_EXPECT_TRUE(test, lt_log_is(&lt_nodes[1], "d"));
	KUNIT_EXPECT_EQ(test, lt_nodes[1].self.slot, 4);
	KUNIT_EXPECT_EQ(test, lt_nodes[1].self.node, node);
	lt_until(test, lt_log_is(&lt_nodes[0], "pdpdpd"));
	KUNIT_EXPECT_EQ(test, lt_nodes[0].members, 4);
}

/* Who cannot join is told why. */
static void local_refused(struct kunit *test)
{
	struct clusterfs_ls_config config = {
		.ops = &clusterfs_local_ops, .cluster = "lab", .name = LT_SPACE, .node = "n1",
		.ms = LT_LONG,
	};
	char why[CLUSTERFS_LOCK_WHY];
	struct clusterfs_ls *ls;

	KUNIT_EXPECT_EQ(test, clusterfs_ls_join(&config, &ls, why), -EEXIST);
	KUNIT_EXPECT_STREQ(test, why, "node n1 is a member of lockspace lt already");
	config.node = "n9";
	config.cluster = "other";
	KUNIT_EXPECT_EQ(test, clusterfs_ls_join(&config, &ls, why), -EBADR);
	KUNIT_EXPECT_STREQ(test, why, "lockspace lt is of cluster lab, not other");
	config.cluster = "";
	KUNIT_EXPECT_EQ(test, clusterfs_ls_join(&config, &ls, why), -EINVAL);
	KUNIT_EXPECT_STREQ(test, why, "the name of the cluster is empty or longer than 64");
	KUNIT_EXPECT_TRUE(test, lt_log_is(&lt_nodes[0], ""));
}

/* V12 P4: the others are told, recover, and only then have what the dead one held. */
static void local_death(struct kunit *test)
{
	struct lt_lock *held = lt_open(test, 1, "role"), *next = lt_open_role(test, 0, "role");
	struct lt_lock *last = lt_open_role(test, 2, "role"), *dies = lt_open(test, 1, "role");

	lt_take(test, held, EX);
	lt_begin(test, dies, EX, 0);
	lt_begin(test, next, EX, 0);
	lt_begin(test, last, EX, 0);
	KUNIT_ASSERT_EQ(test, clusterfs_local_kill(LT_SPACE, "n1"), 0);
	lt_until(test, lt_dones(next, 1));
	KUNIT_EXPECT_TRUE(test, lt_log_is(&lt_nodes[0], "psdg"));
	lt_until(test, lt_log_is(&lt_nodes[2], "psd"));
	KUNIT_EXPECT_EQ(test, lt_nodes[0].gone.node, lt_nodes[1].self.node);
	KUNIT_EXPECT_EQ(test, lt_nodes[0].gone.slot, 2);
	KUNIT_EXPECT_EQ(test, lt_nodes[0].members, 2);
	KUNIT_EXPECT_TRUE(test, lt_is(last, WAITING, NONE));
	/* A dead node is told nothing and can do nothing. */
	KUNIT_EXPECT_TRUE(test, lt_log_is(&lt_nodes[1], ""));
	KUNIT_EXPECT_FALSE(test, clusterfs_lock_held(&held->lock, NL));
	KUNIT_EXPECT_EQ(test, clusterfs_lock_release(&held->lock, 0), -ENODEV);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_sync(&held->lock, NL, 0, LT_LONG), -ENODEV);
	KUNIT_EXPECT_EQ(test, clusterfs_local_kill(LT_SPACE, "n1"), -ENOENT);
	lt_close(test, held);
	lt_close(test, dies);
	lt_leave(test, 1);
	KUNIT_EXPECT_TRUE(test, lt_is(next, GRANTED, EX));
	lt_close(test, next);
	lt_until(test, lt_dones(last, 1));
	lt_close(test, last);
}

/* The value block of who died writing is none, until it is written again. */
static void local_death_lvb(struct kunit *test)
{
	struct lt_lock *a = lt_open(test, 0, "w"), *b = lt_open(test, 1, "w");
	struct lt_lock *r = lt_open(test, 0, "r"), *s = lt_open(test, 1, "r");
	struct lt_lock *c = lt_open(test, 2, "w");

	lt_take(test, a, EX);
	lt_set(test, a, NL, 1);
	lt_take(test, r, EX);
	lt_set(test, r, NL, 2);
	lt_take(test, b, EX);
	KUNIT_EXPECT_TRUE(test, b->lock.lvb_valid);
	lt_take(test, s, PR);
	KUNIT_ASSERT_EQ(test, clusterfs_local_kill(LT_SPACE, "n1"), 0);
	lt_until(test, lt_log_is(&lt_nodes[0], "psd") && lt_log_is(&lt_nodes[2], "psd"));
	lt_take(test, r, PR);
	KUNIT_EXPECT_TRUE(test, r->lock.lvb_valid);
	lt_take(test, a, PR);
	KUNIT_EXPECT_FALSE(test, a->lock.lvb_valid);
	lt_take(test, a, NL);
	lt_take(test, a, EX);
	KUNIT_EXPECT_FALSE(test, a->lock.lvb_valid);
	lt_set(test, a, NL, 3);
	lt_take(test, c, PR);
	KUNIT_EXPECT_TRUE(test, c->lock.lvb_valid);
	KUNIT_EXPECT_EQ(test, c->lock.lvb[5], 3);
	lt_close(test, a);
	lt_close(test, b);
	lt_close(test, c);
	lt_close(test, r);
	lt_close(test, s);
}

static struct lt_lock *at_done;
static bool at_done_kept, at_done_held;

static void local_look(struct lt_node *node)
{
	struct clusterfs_lock_status s;

	clusterfs_lock_status(&at_done->lock, &s);
	at_done_kept = s.kept;
	at_done_held = clusterfs_lock_held(&at_done->lock, NL);
}

/* V12: while members change nothing is granted; what is begun then is done after it. */
static void local_set_aside(struct kunit *test)
{
	struct lt_lock *held = lt_open(test, 1, "r"), *next = lt_open(test, 0, "r");
	struct lt_lock *free = lt_open(test, 2, "free"), *no = lt_open(test, 2, "free");
	struct lt_lock *gone = lt_open(test, 2, "free");
	DECLARE_COMPLETION_ONSTACK(hold);

	at_done = next;
	lt_nodes[0].on_done = local_look;
	lt_nodes[0].hold = &hold;
	lt_take(test, held, EX);
	lt_begin(test, next, EX, 0);
	KUNIT_ASSERT_EQ(test, clusterfs_local_kill(LT_SPACE, "n1"), 0);
	lt_until(test, READ_ONCE(lt_nodes[0].held));
	lt_begin(test, free, EX, CLUSTERFS_LOCK_NOQUEUE);
	lt_begin(test, no, EX, CLUSTERFS_LOCK_NOQUEUE);
	lt_begin(test, gone, EX, 0);
	KUNIT_EXPECT_EQ(test, clusterfs_lock_sync(&lt_open(test, 2, "free")->lock, EX, 0, LT_SHORT),
			-ETIMEDOUT);
	KUNIT_EXPECT_TRUE(test, lt_is(free, WAITING, NONE));
	KUNIT_EXPECT_TRUE(test, lt_is(no, WAITING, NONE));
	KUNIT_EXPECT_TRUE(test, lt_is(next, WAITING, NONE));
	KUNIT_EXPECT_EQ(test, clusterfs_lock_cancel(&gone->lock), 0);
	KUNIT_EXPECT_TRUE(test, lt_is(gone, IDLE, NONE));
	KUNIT_EXPECT_TRUE(test, lt_log_is(&lt_nodes[0], "p"));
	lt_nodes[0].hold = NULL;
	complete(&hold);
	lt_until(test, lt_dones(next, 1) && lt_dones(free, 1) && lt_dones(no, 1));
	KUNIT_EXPECT_EQ(test, next->status, 0);
	KUNIT_EXPECT_TRUE(test, at_done_kept);
	KUNIT_EXPECT_FALSE(test, at_done_held);
	KUNIT_EXPECT_EQ(test, free->status, 0);
	KUNIT_EXPECT_EQ(test, no->status, -EAGAIN);
	KUNIT_EXPECT_TRUE(test, lt_log_is(&lt_nodes[0], "psdg"));
}

/* P4: a node whose release was set aside, and that dies: its lock goes as a dead one's. */
static void local_death_again(struct kunit *test)
{
	struct lt_lock *a = lt_open(test, 1, "r"), *b = lt_open(test, 0, "r");
	DECLARE_COMPLETION_ONSTACK(hold);
	char why[CLUSTERFS_LOCK_WHY];

	KUNIT_ASSERT_EQ(test, lt_join(&clusterfs_local_ops, 3, LT_LONG, why), 0);
	lt_until(test, lt_log_is(&lt_nodes[0], "pd"));
	lt_take(test, a, EX);
	lt_lvb(a, 1);
	lt_begin(test, b, EX, 0);
	lt_nodes[0].hold = &hold;
	KUNIT_ASSERT_EQ(test, clusterfs_local_kill(LT_SPACE, "n3"), 0);
	lt_until(test, READ_ONCE(lt_nodes[0].held));
	lt_begin(test, a, NONE, CLUSTERFS_LOCK_SET_LVB);
	KUNIT_ASSERT_EQ(test, clusterfs_local_kill(LT_SPACE, "n1"), 0);
	lt_nodes[0].hold = NULL;
	complete(&hold);
	/* The second begins anew, before the first was done. */
	lt_until(test, lt_dones(b, 1));
	KUNIT_EXPECT_TRUE(test, lt_log_is(&lt_nodes[0], "pdpsspdg") ||
			  lt_log_is(&lt_nodes[0], "pdpspsdg"));
	KUNIT_EXPECT_EQ(test, lt_nodes[0].members, 2);
	KUNIT_EXPECT_FALSE(test, b->lock.lvb_valid);
	lt_close(test, a);
	lt_close(test, b);
}

/* V4 V12: the engine has granted to another, and the node believes, until it learns. */
static void local_stale(struct kunit *test)
{
	struct lt_lock *a = lt_open_role(test, 0, "r"), *b = lt_open(test, 1, "r");
	struct lt_lock *keeps = lt_open(test, 2, "r"), *cache = lt_open(test, 1, "cache");
	struct lt_lock *c = lt_open(test, 2, "cache"), *waits = lt_open(test, 1, "r");
	char why[CLUSTERFS_LOCK_WHY];

	lt_take(test, keeps, NL);
	lt_take(test, b, EX);
	lt_take(test, cache, PR);
	lt_begin(test, waits, EX, 0);
	lt_begin(test, a, EX, 0);
	KUNIT_ASSERT_EQ(test, clusterfs_local_stale(LT_SPACE, "n1"), 0);
	lt_until(test, lt_dones(a, 1));
	lt_until(test, lt_log_is(&lt_nodes[2], "psd"));
	KUNIT_EXPECT_TRUE(test, lt_log_is(&lt_nodes[0], "psdg"));
	lt_take(test, c, EX);

	/* Both believe; that of the other is not disturbed by what the first one does. */
	KUNIT_EXPECT_TRUE(test, clusterfs_lock_held(&a->lock, EX));
	KUNIT_EXPECT_TRUE(test, clusterfs_lock_held(&b->lock, EX));
	KUNIT_EXPECT_TRUE(test, clusterfs_lock_held(&cache->lock, PR));
	KUNIT_EXPECT_EQ(test, cache->tolds, 0);
	KUNIT_EXPECT_TRUE(test, lt_log_is(&lt_nodes[1], ""));
	KUNIT_EXPECT_TRUE(test, lt_is(waits, WAITING, NONE));
	lt_set(test, b, PR, 0x55);
	KUNIT_EXPECT_TRUE(test, lt_is(b, GRANTED, PR));
	KUNIT_EXPECT_EQ(test, clusterfs_lock_sync(&b->lock, NONE, 0, LT_LONG), 0);
	KUNIT_EXPECT_TRUE(test, lt_is(a, GRANTED, EX));
	KUNIT_EXPECT_EQ(test, lt_try(keeps, PR), -EAGAIN);
	/* It gains nothing. */
	KUNIT_EXPECT_EQ(test, clusterfs_lock_sync(&b->lock, PR, 0, LT_SHORT), -ETIMEDOUT);
	lt_until(test, lt_is(b, IDLE, NONE));
	lt_take(test, a, NL);
	KUNIT_EXPECT_FALSE(test, clusterfs_lock_held(&waits->lock, NL));
	lt_take(test, keeps, PR);
	KUNIT_EXPECT_FALSE(test, keeps->lock.lvb_valid);

	/* It learns, and is let in again when it has left. */
	KUNIT_EXPECT_EQ(test, lt_join(&clusterfs_local_ops, 3, LT_LONG, why), 0);
	KUNIT_EXPECT_TRUE(test, clusterfs_lock_held(&cache->lock, PR));
	KUNIT_EXPECT_EQ(test, clusterfs_local_learn(LT_SPACE, "n1"), 0);
	lt_until(test, lt_log_is(&lt_nodes[1], "p"));
	KUNIT_EXPECT_FALSE(test, clusterfs_lock_held(&cache->lock, PR));
	lt_close(test, b);
	lt_close(test, cache);
	lt_close(test, waits);
	lt_leave(test, 1);
	KUNIT_EXPECT_TRUE(test, clusterfs_lock_held(&c->lock, EX));
	KUNIT_EXPECT_EQ(test, lt_join(&clusterfs_local_ops, 1, LT_LONG, why), 0);
	lt_close(test, a);
	lt_close(test, c);
	lt_close(test, keeps);
}

struct lt_joiner {
	int			ret;
	char			why[CLUSTERFS_LOCK_WHY];
	struct completion	over;
};

static int lt_joins(void *data)
{
	struct lt_joiner *j = data;

	allow_signal(SIGKILL);
	j->ret = lt_join(&clusterfs_local_ops, 3, LT_LONG, j->why);
	complete(&j->over);
	while (!kthread_should_stop())
		usleep_range(100, 1000);
	return 0;
}

/* V10: a join that others hold up can be killed; what it joins late, it leaves. */
static void local_join_killed(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(hold);
	struct lt_joiner j = { };
	struct task_struct *task;

	init_completion(&j.over);
	lt_nodes[0].hold = &hold;
	task = kthread_run(lt_joins, &j, "lt");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	lt_until(test, READ_ONCE(lt_nodes[0].held));
	send_sig(SIGKILL, task, 1);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&j.over, msecs_to_jiffies(LT_LONG)), 0UL);
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, j.ret, -EINTR);
	KUNIT_EXPECT_STREQ(test, j.why, "killed while lockspace lt was joined");
	lt_nodes[0].hold = NULL;
	complete(&hold);
	lt_until(test, lt_log_is(&lt_nodes[0], "pdpd"));
	KUNIT_EXPECT_EQ(test, lt_nodes[0].members, 3);
	KUNIT_EXPECT_TRUE(test, lt_log_is(&lt_nodes[3], ""));
}

/* V10: so is a leave. */
static void local_leave_bounded(struct kunit *test)
{
	struct clusterfs_ls *ls = lt_nodes[1].ls;
	DECLARE_COMPLETION_ONSTACK(hold);

	lt_nodes[0].hold = &hold;
	lt_nodes[1].ls = NULL;
	KUNIT_EXPECT_EQ(test, clusterfs_ls_leave(ls, LT_SHORT), -ETIMEDOUT);
	lt_until(test, READ_ONCE(lt_nodes[0].held));
	lt_nodes[0].hold = NULL;
	complete(&hold);
	lt_until(test, lt_log_is(&lt_nodes[0], "pd"));
	KUNIT_EXPECT_EQ(test, lt_nodes[0].members, 2);
}

/* P4: who leaves while what it gave up is set aside: that goes with its lock. */
static void local_leave_aside(struct kunit *test)
{
	struct lt_lock *a = lt_open(test, 1, "r"), *b = lt_open(test, 0, "r");
	struct clusterfs_ls *ls = lt_nodes[1].ls;
	DECLARE_COMPLETION_ONSTACK(hold);
	char why[CLUSTERFS_LOCK_WHY];

	KUNIT_ASSERT_EQ(test, lt_join(&clusterfs_local_ops, 3, LT_LONG, why), 0);
	lt_until(test, lt_log_is(&lt_nodes[0], "pd"));
	lt_take(test, a, EX);
	lt_begin(test, b, EX, 0);
	lt_nodes[0].hold = &hold;
	KUNIT_ASSERT_EQ(test, clusterfs_local_kill(LT_SPACE, "n3"), 0);
	lt_until(test, READ_ONCE(lt_nodes[0].held));
	lt_begin(test, a, NONE, 0);
	clusterfs_lock_close(&a->lock);
	lt_nodes[1].ls = NULL;
	KUNIT_EXPECT_EQ(test, clusterfs_ls_leave(ls, LT_SHORT), -ETIMEDOUT);
	lt_nodes[0].hold = NULL;
	complete(&hold);
	lt_until(test, lt_dones(b, 1));
	KUNIT_EXPECT_EQ(test, b->status, 0);
	KUNIT_EXPECT_EQ(test, lt_nodes[0].members, 2);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&a->freed, msecs_to_jiffies(LT_LONG)),
			0UL);
	lt_close(test, b);
}

static int lt_waits_dead(void *data)
{
	struct lt_lock *l = data;
	int ret = clusterfs_lock_sync(&l->lock, EX, 0, LT_LONG);

	while (!kthread_should_stop())
		usleep_range(100, 1000);
	return ret;
}

/* V10: who waits on a node that dies, ends. */
static void local_death_waits(struct kunit *test)
{
	struct lt_lock *a = lt_open(test, 0, "r"), *b = lt_open(test, 1, "r");
	struct task_struct *task;

	lt_take(test, a, EX);
	task = kthread_run(lt_waits_dead, b, "lt");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	lt_until(test, lt_is(b, WAITING, NONE));
	KUNIT_EXPECT_EQ(test, clusterfs_local_kill(LT_SPACE, "n1"), 0);
	KUNIT_EXPECT_EQ(test, kthread_stop(task), -ENODEV);
	lt_close(test, b);
	lt_close(test, a);
}

/* As many nodes as the database has places for, and no more; all are told the same. */
static void local_many(struct kunit *test)
{
	static const struct clusterfs_member_user none;
	struct clusterfs_ls_config config = {
		.ops = &clusterfs_local_ops, .cluster = "lab", .name = LT_SPACE,
		.ms = LT_LONG, .user = &none,
	};
	struct clusterfs_ls *ls[CFS_NODES_MAX + 1] = { };
	struct clusterfs_ls_status s;
	char why[CLUSTERFS_LOCK_WHY], name[8];
	unsigned int i;

	config.node = name;
	for (i = 3; i < CFS_NODES_MAX; i++) {
		snprintf(name, sizeof(name), "m%u", i);
		KUNIT_EXPECT_EQ(test, clusterfs_ls_join(&config, &ls[i], why), 0);
	}
	snprintf(name, sizeof(name), "m%u", i);
	KUNIT_EXPECT_EQ(test, clusterfs_ls_join(&config, &ls[i], why), -ENOSPC);
	KUNIT_EXPECT_STREQ(test, why, "lockspace lt has 32 members already");
	lt_until(test, READ_ONCE(lt_nodes[2].members) == CFS_NODES_MAX);
	for (i = 3; i < CFS_NODES_MAX; i++) {
		if (!ls[i])
			continue;
		clusterfs_ls_status(ls[i], &s);
		KUNIT_EXPECT_EQ(test, s.self.slot, i + 1);
		KUNIT_EXPECT_EQ(test, clusterfs_ls_leave(ls[i], LT_LONG), 0);
	}
	lt_until(test, READ_ONCE(lt_nodes[2].members) == 3);
}

static struct kunit_case local_cases[] = {
	KUNIT_CASE(local_members),
	KUNIT_CASE(local_refused),
	KUNIT_CASE(local_death),
	KUNIT_CASE(local_death_lvb),
	KUNIT_CASE(local_set_aside),
	KUNIT_CASE(local_death_again),
	KUNIT_CASE(local_stale),
	KUNIT_CASE(local_join_killed),
	KUNIT_CASE(local_leave_bounded),
	KUNIT_CASE(local_leave_aside),
	KUNIT_CASE(local_death_waits),
	KUNIT_CASE(local_many),
	{}
};

static struct kunit_suite local_suite = {
	.name		= "clusterfs-lock-local",
	.init		= local_test_init,
	.exit		= lt_end,
	.test_cases	= local_cases,
};

kunit_test_suite(local_suite);
