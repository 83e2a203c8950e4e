// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: roles, verdicts and the primary node.
 */
#include "role_test.h"

/* P4, P6: the first one has it, and gives it to the next in order; each in a term of its own. */
static void role_moves(struct kunit *test)
{
	rt_begin(test);
	KUNIT_EXPECT_EQ(test, rt_role[0].term, 1);
	rt_owner(test, 1, 0, 1);
	KUNIT_EXPECT_EQ(test, rt_act(0, NULL), 0);
	KUNIT_EXPECT_EQ(test, rt_act(1, NULL), -ENOLCK);
	KUNIT_EXPECT_EQ(test, cfs_role_yield(rt_role[1].role, NULL), -EPERM);
	KUNIT_EXPECT_EQ(test, cfs_role_yield(rt_role[0].role, NULL), 0);
	KUNIT_EXPECT_EQ(test, rt_role[0].drained, 1);
	KUNIT_EXPECT_EQ(test, rt_role[0].lost, 0);
	rt_until(test, rt_m[1], rt_is(1, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ(test, rt_role[1].term, 2);
	rt_owner(test, 0, 1, 2);
	KUNIT_EXPECT_EQ(test, rt_act(0, NULL), -ENOLCK);
	KUNIT_EXPECT_EQ(test, rt_act(1, NULL), 0);
	KUNIT_EXPECT_EQ(test, rt_acts(2, "by node n0"), 1);
	KUNIT_EXPECT_EQ(test, rt_acts(2, "by node n1"), 1);
	KUNIT_EXPECT_EQ(test, rt_role[2].active, 0);
}

/* P5.3, P19: who takes over from a dead node waits for the verdict, and says for whom. */
static void role_death(struct kunit *test)
{
	struct cfs_role_status s;

	rt_begin(test);
	KUNIT_ASSERT_EQ(test, clusterfs_local_kill(RT_SPACE, "n0"), 0);
	rt_until(test, rt_m[1], cfs_fencing(rt_m[1]) == BIT(0));
	cfs_role_status(rt_role[1].role, &s);
	KUNIT_EXPECT_EQ(test, s.state, CFS_ROLE_PROOF);
	KUNIT_EXPECT_EQ(test, s.waits, 0);
	KUNIT_EXPECT_EQ(test, s.term, 2);
	KUNIT_EXPECT_STREQ(test, s.why, "the old owner has to leave or to be fenced");
	rt_owner(test, 2, 0, 2);
	KUNIT_EXPECT_EQ(test, rt_act(1, NULL), -ENOLCK);
	KUNIT_EXPECT_EQ(test, rt_verdict(2, "n0", false), -EPERM);
	KUNIT_EXPECT_EQ(test, rt_role[1].active, 0);
	KUNIT_EXPECT_EQ(test, rt_verdict(2, "n0", true), 0);
	rt_until(test, rt_m[1], rt_is(1, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ(test, rt_role[1].term, 2);
	KUNIT_EXPECT_EQ(test, cfs_fencing(rt_m[1]), 0);
	rt_owner(test, 2, 1, 2);
	/* V12: the dead one is told when it looks. */
	cfs_state_look(rt_m[0]);
	rt_until(test, rt_m[0], rt_is(0, CFS_ROLE_OFF));
	KUNIT_EXPECT_EQ(test, rt_role[0].lost, 1);
	KUNIT_EXPECT_EQ(test, rt_role[0].drained, 1);
	KUNIT_EXPECT_EQ(test, rt_act(0, NULL), -ESHUTDOWN);
}

/* P5, P6: I/O of who has lost it does not end: its successor has the lock nevertheless. */
static void role_lost_stuck(struct kunit *test)
{
	rt_begin(test);
	rt_role[0].stuck = true;
	KUNIT_EXPECT_EQ(test, rt_verdict(2, "n0", true), 0);
	rt_until(test, rt_m[1], rt_is(1, CFS_ROLE_ACTIVE) || rt_role[0].drained);
	KUNIT_EXPECT_TRUE(test, rt_is(0, CFS_ROLE_DRAINING));
	KUNIT_EXPECT_EQ(test, rt_role[0].lost, 1);
	KUNIT_EXPECT_EQ(test, rt_role[0].drained, 0);
	WRITE_ONCE(rt_role[0].stuck, false);
	wake_up_all(&rt_m[0]->changed);
	rt_until(test, rt_m[0], rt_is(0, CFS_ROLE_OFF));
	KUNIT_EXPECT_EQ(test, rt_role[0].drained, 1);
	rt_owner(test, 2, 1, 2);
}

/* P5: who takes over dies itself: the next one still waits for the first one's end. */
static void role_death_twice(struct kunit *test)
{
	rt_begin(test);
	KUNIT_ASSERT_EQ(test, clusterfs_local_kill(RT_SPACE, "n0"), 0);
	rt_until(test, rt_m[1], cfs_fencing(rt_m[1]) == BIT(0));
	KUNIT_ASSERT_EQ(test, clusterfs_local_kill(RT_SPACE, "n1"), 0);
	rt_until(test, rt_m[2], cfs_fencing(rt_m[2]) == BIT(0));
	KUNIT_EXPECT_EQ(test, rt_verdict(2, "n1", true), 0);
	rt_owner(test, 2, 0, 3);
	KUNIT_EXPECT_TRUE(test, rt_is(2, CFS_ROLE_PROOF));
	KUNIT_EXPECT_EQ(test, rt_verdict(2, "n0", true), 0);
	rt_until(test, rt_m[2], rt_is(2, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ(test, rt_role[2].term, 3);
	KUNIT_EXPECT_EQ(test, rt_role[1].active, 0);
}

/* P5.4: who waits for a proof, and finds a later term, has nothing of the older one. */
static void role_later(struct kunit *test)
{
	rt_begin(test);
	KUNIT_ASSERT_EQ(test, clusterfs_local_kill(RT_SPACE, "n0"), 0);
	rt_until(test, rt_m[1], rt_is(1, CFS_ROLE_PROOF));
	rt_owner(test, 2, 0, 2);
	KUNIT_ASSERT_EQ(test, cfs_change(rt_m[2], rt_fill_later, NULL, NULL), 0);
	rt_until(test, rt_m[2], rt_is(2, CFS_ROLE_PROOF));
	KUNIT_EXPECT_EQ(test, rt_role[1].active, 0);
	KUNIT_EXPECT_EQ(test, rt_verdict(2, "n0", true), 0);
	rt_until(test, rt_m[2], rt_is(2, CFS_ROLE_ACTIVE));
	rt_owner(test, 1, 2, 4);
	KUNIT_EXPECT_EQ(test, rt_role[1].active, 0);
}

/* P20: who cannot read a new snapshot to its end knows what it knew, and keeps what it has. */
static void role_half_read(struct kunit *test)
{
	struct cfs_mount *m = rt_m[0];

	rt_begin(test);
	WRITE_ONCE(rt_io[0].blind, true);
	mutex_lock(&rt_m[1]->lock);
	KUNIT_EXPECT_EQ(test, rt_compact(rt_m[1]), 0);
	mutex_unlock(&rt_m[1]->lock);
	mutex_lock(&m->lock);
	cfs_refresh(m);
	KUNIT_EXPECT_NULL(test, cfs_get(&m->db.index, CFS_LU, 1));
	mutex_unlock(&m->lock);
	KUNIT_EXPECT_EQ(test, READ_ONCE(m->status.health), CFS_RESTRICTED);
	cfs_role_kick(rt_role[0].role);
	flush_delayed_work(&rt_role[0].role->work);
	KUNIT_EXPECT_TRUE(test, rt_is(0, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ(test, rt_role[0].lost, 0);
	WRITE_ONCE(rt_io[0].blind, false);
	mutex_lock(&m->lock);
	cfs_refresh(m);
	mutex_unlock(&m->lock);
	KUNIT_EXPECT_EQ(test, rt_act(0, NULL), 0);
	KUNIT_EXPECT_EQ(test, rt_role[0].term, 1);
	KUNIT_EXPECT_EQ(test, rt_role[0].lost, 0);
}

/* V4: one that stands still believes that it has it; nothing that it does counts. */
static void role_stale(struct kunit *test)
{
	rt_begin(test);
	KUNIT_ASSERT_EQ(test, clusterfs_local_stale(RT_SPACE, "n0"), 0);
	rt_until(test, rt_m[1], rt_is(1, CFS_ROLE_PROOF));
	KUNIT_EXPECT_TRUE(test, rt_is(0, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_NE(test, rt_act(0, NULL), 0);
	KUNIT_EXPECT_EQ(test, rt_role[1].active, 0);
	KUNIT_EXPECT_EQ(test, rt_verdict(1, "n0", true), 0);
	rt_until(test, rt_m[1], rt_is(1, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ(test, rt_act(1, NULL), 0);
	KUNIT_EXPECT_NE(test, rt_act(0, NULL), 0);
	KUNIT_EXPECT_EQ(test, rt_acts(2, "by node n0"), 0);
	KUNIT_EXPECT_EQ(test, rt_acts(2, "by node n1"), 1);
}

/* Node 0 stands still while it commits, with all locks that it needs. */
static void rt_stand_still(void)
{
	static unsigned int times;

	if (times++)
		return;
	if (clusterfs_local_stale(RT_SPACE, "n0"))
		return;
	wait_event_timeout(rt_m[1]->changed, rt_is(1, CFS_ROLE_PROOF), RT_LONG);
}

/* V4, V6, P2: ...in the middle of a commit: it is not acknowledged, and never was. */
static void role_late(struct kunit *test)
{
	rt_begin(test);
	KUNIT_EXPECT_EQ(test, rt_act(0, rt_stand_still), -ENOLCK);
	KUNIT_EXPECT_TRUE(test, rt_is(1, CFS_ROLE_PROOF));
	KUNIT_EXPECT_EQ(test, rt_acts(2, "by node n0"), 0);
	rt_owner(test, 2, 0, 2);
	KUNIT_EXPECT_EQ(test, rt_verdict(2, "n0", true), 0);
	rt_until(test, rt_m[1], rt_is(1, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ(test, rt_act(1, NULL), 0);
	KUNIT_EXPECT_EQ(test, rt_acts(2, "by node n0"), 0);
}

/* P4: who is not eligible does not queue, cancels, gives it back; so does who fails. */
static void role_eligible(struct kunit *test)
{
	struct cfs_role_status s;

	rt_begin(test);
	rt_role[1].unfit = "its copy is outdated";
	cfs_role_kick(rt_role[1].role);
	rt_until(test, rt_m[1], rt_is(1, CFS_ROLE_OFF));
	cfs_role_status(rt_role[1].role, &s);
	KUNIT_EXPECT_STREQ(test, s.why, rt_role[1].unfit);
	rt_role[2].fails = 1;
	rt_role[0].unfit = "its store is broken";
	cfs_role_kick(rt_role[0].role);
	/* Node 2 fails, waits, and is the only one that asks. */
	rt_until(test, rt_m[2], rt_is(2, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ(test, rt_role[0].drained, 1);
	KUNIT_EXPECT_EQ(test, rt_role[1].active, 0);
	KUNIT_EXPECT_EQ(test, rt_role[2].term, 3);
	rt_owner(test, 0, 2, 3);
}

/* The call in which node @i has asked for the lock returns late, after the answer. */
static void rt_calling(unsigned int i, bool calling)
{
	struct clusterfs_lock *lock = &rt_role[i].role->lock;

	spin_lock(&lock->lock);
	lock->calling = calling;
	queue_work(lock->ls->wq, &lock->work);
	spin_unlock(&lock->lock);
}

static enum clusterfs_lock_state rt_lock(unsigned int i)
{
	struct clusterfs_lock_status s;

	clusterfs_lock_status(&rt_role[i].role->lock, &s);
	return s.state;
}

/* P4: granted while it is not eligible, and before it is told of that: it is given back. */
static void role_untold(struct kunit *test)
{
	rt_begin(test);
	rt_calling(1, true);
	/* It does not look meanwhile: what is committed wakes it. */
	flush_delayed_work(&rt_role[1].role->work);
	WRITE_ONCE(rt_role[1].holds, true);
	KUNIT_EXPECT_EQ(test, cfs_role_yield(rt_role[0].role, NULL), 0);
	KUNIT_EXPECT_EQ(test, rt_lock(1), CLUSTERFS_LOCK_GRANTED);
	WRITE_ONCE(rt_role[1].unfit, "its copy is outdated");
	WRITE_ONCE(rt_role[1].holds, false);
	wake_up_all(&rt_m[1]->changed);
	cfs_role_kick(rt_role[1].role);
	flush_delayed_work(&rt_role[1].role->work);
	KUNIT_EXPECT_TRUE(test, rt_is(1, CFS_ROLE_QUEUED));
	rt_calling(1, false);
	rt_until(test, rt_m[2], rt_is(2, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_TRUE(test, rt_is(1, CFS_ROLE_OFF));
	KUNIT_EXPECT_EQ(test, rt_role[1].active, 0);
	KUNIT_EXPECT_EQ(test, rt_role[2].term, 2);
	rt_role[1].unfit = NULL;
	cfs_role_kick(rt_role[1].role);
	rt_until(test, rt_m[1], rt_is(1, CFS_ROLE_QUEUED));
}

/* P20: what is to be given waits until that can be recorded: its owner serves. */
static void role_give_waits(struct kunit *test)
{
	u64 term;

	rt_begin(test);
	KUNIT_ASSERT_EQ(test, cfs_quorum_set(rt_m[0], false, 0), 0);
	KUNIT_EXPECT_EQ(test, cfs_role_give(rt_role[0].role, 1, &term, NULL), 0);
	flush_delayed_work(&rt_role[0].role->work);
	KUNIT_EXPECT_TRUE(test, rt_is(0, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ(test, rt_role[0].drained, 0);
	KUNIT_ASSERT_EQ(test, cfs_quorum_set(rt_m[0], true, CFS_LEASE_MAX_MS), 0);
	rt_until(test, rt_m[1], rt_is(1, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ(test, term, 1);
	KUNIT_EXPECT_EQ(test, rt_role[1].term, 2);
}

/* P4: granted while it may not commit: it is given back at once, not when it may again. */
static void role_frozen(struct kunit *test)
{
	rt_begin(test);
	KUNIT_ASSERT_EQ(test, cfs_quorum_set(rt_m[1], false, 0), 0);
	KUNIT_EXPECT_TRUE(test, rt_is(1, CFS_ROLE_QUEUED));
	KUNIT_EXPECT_EQ(test, cfs_role_yield(rt_role[0].role, NULL), 0);
	rt_until(test, rt_m[1], !rt_is(1, CFS_ROLE_QUEUED));
	KUNIT_EXPECT_TRUE(test, rt_is(1, CFS_ROLE_OFF));
	rt_until(test, rt_m[2], rt_is(2, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ(test, rt_role[2].term, 2);
	KUNIT_ASSERT_EQ(test, cfs_quorum_set(rt_m[1], true, CFS_LEASE_MAX_MS), 0);
	rt_until(test, rt_m[1], rt_is(1, CFS_ROLE_QUEUED));
}

/* P4, P6: drained, and that cannot be recorded: the lock is kept until it is. */
static void role_unrecorded(struct kunit *test)
{
	struct cfs_role_status s;

	rt_begin(test);
	KUNIT_ASSERT_EQ(test, cfs_quorum_set(rt_m[0], false, 0), 0);
	rt_role[0].unfit = "its store is broken";
	cfs_role_kick(rt_role[0].role);
	rt_until(test, rt_m[0], !rt_is(0, CFS_ROLE_ACTIVE));
	flush_delayed_work(&rt_role[0].role->work);
	cfs_role_status(rt_role[0].role, &s);
	KUNIT_EXPECT_EQ(test, s.state, CFS_ROLE_DRAINING);
	KUNIT_EXPECT_STREQ(test, s.why, "the node is FROZEN: there is no quorum");
	KUNIT_EXPECT_EQ(test, rt_lock(0), CLUSTERFS_LOCK_GRANTED);
	KUNIT_EXPECT_TRUE(test, rt_is(1, CFS_ROLE_QUEUED));
	rt_owner(test, 1, 0, 1);
	KUNIT_ASSERT_EQ(test, cfs_quorum_set(rt_m[0], true, CFS_LEASE_MAX_MS), 0);
	rt_until(test, rt_m[1], rt_is(1, CFS_ROLE_ACTIVE) || cfs_fencing(rt_m[1]));
	rt_owner(test, 2, 1, 2);
	rt_until(test, rt_m[0], rt_is(0, CFS_ROLE_OFF));
	KUNIT_EXPECT_EQ(test, rt_role[0].drained, 1);
	KUNIT_EXPECT_EQ(test, rt_role[0].lost, 0);
}

/* P6: ...but not when the role is given up, or the node is LOST: then a proof is needed. */
static void role_unrecorded_ends(struct kunit *test)
{
	rt_begin(test);
	KUNIT_ASSERT_EQ(test, cfs_quorum_set(rt_m[0], false, 0), 0);
	cfs_role_close(rt_role[0].role);
	rt_role[0].role = NULL;
	rt_until(test, rt_m[1], cfs_fencing(rt_m[1]) == BIT(0));
	KUNIT_EXPECT_EQ(test, rt_role[0].drained, 1);
	KUNIT_EXPECT_EQ(test, rt_verdict(2, "n0", true), 0);
	rt_until(test, rt_m[1], rt_is(1, CFS_ROLE_ACTIVE));
	KUNIT_ASSERT_EQ(test, cfs_quorum_set(rt_m[1], false, 0), 0);
	rt_role[1].unfit = "its store is broken";
	cfs_role_kick(rt_role[1].role);
	rt_until(test, rt_m[1], rt_is(1, CFS_ROLE_DRAINING));
	KUNIT_EXPECT_EQ(test, rt_verdict(2, "n1", true), 0);
	rt_until(test, rt_m[2], rt_is(2, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ(test, rt_role[1].drained, 1);
}

/* P5.4, P2: nobody knows whether ACTIVE was stored. It was: who has begun nothing records that. */
static void role_unknown(struct kunit *test)
{
	rt_begin(test);
	KUNIT_ASSERT_EQ(test, clusterfs_local_kill(RT_SPACE, "n0"), 0);
	rt_until(test, rt_m[1], cfs_fencing(rt_m[1]) == BIT(0));
	WRITE_ONCE(rt_io[1].mutes, true);
	KUNIT_EXPECT_EQ(test, rt_verdict(2, "n0", true), 0);
	rt_until(test, rt_m[1], !rt_is(1, CFS_ROLE_PROOF));
	KUNIT_EXPECT_TRUE(test, READ_ONCE(rt_io[1].mute));
	KUNIT_EXPECT_TRUE(test, rt_is(1, CFS_ROLE_DRAINING));
	KUNIT_EXPECT_EQ(test, rt_lock(1), CLUSTERFS_LOCK_GRANTED);
	WRITE_ONCE(rt_io[1].mute, false);
	rt_until(test, rt_m[2], rt_is(2, CFS_ROLE_ACTIVE) || cfs_fencing(rt_m[2]));
	KUNIT_EXPECT_EQ(test, cfs_fencing(rt_m[2]), 0);
	KUNIT_EXPECT_EQ(test, rt_role[1].active, 0);
	rt_owner(test, 2, 2, 3);
	KUNIT_EXPECT_EQ(test, rt_told(2, "node n1 is the owner of lu 1, term 2"), 1);
	KUNIT_EXPECT_EQ(test, rt_told(2, "node n1 is no more the owner of lu 1, term 2"), 1);
}

/* P4: a lock that is held for nothing is given back, and can be asked for again. */
static void role_holds_nothing(struct kunit *test)
{
	rt_role[0].unfit = "its store is broken";
	rt_begin_lu(test);
	rt_open(test, 0);
	flush_delayed_work(&rt_role[0].role->work);
	KUNIT_ASSERT_EQ(test, clusterfs_lock_sync(&rt_role[0].role->lock, CLUSTERFS_LOCK_EX, 0,
						  RT_SECONDS * MSEC_PER_SEC), 0);
	cfs_role_kick(rt_role[0].role);
	rt_open(test, 1);
	rt_until(test, rt_m[1], rt_is(1, CFS_ROLE_ACTIVE));
	rt_role[0].unfit = NULL;
	cfs_role_kick(rt_role[0].role);
	rt_until(test, rt_m[0], rt_is(0, CFS_ROLE_QUEUED));
}

/* P4: a clean leave needs no verdict; neither does one that begins another life. */
static void role_leave(struct kunit *test)
{
	rt_begin(test);
	rt_leave(0);
	rt_until(test, rt_m[1], rt_is(1, CFS_ROLE_ACTIVE));
	rt_owner(test, 2, 1, 2);
	KUNIT_ASSERT_EQ(test, clusterfs_local_kill(RT_SPACE, "n1"), 0);
	rt_until(test, rt_m[2], cfs_fencing(rt_m[2]) == BIT(1));
	rt_leave(1);
	KUNIT_EXPECT_TRUE(test, rt_is(2, CFS_ROLE_PROOF));
	rt_join(test, 1);
	rt_until(test, rt_m[2], rt_is(2, CFS_ROLE_ACTIVE));
	rt_owner(test, 2, 2, 3);
}

/* P19: what a verdict has to name; what it does to the node that it is about. */
static void fence_verdict(struct kunit *test)
{
	struct cfs_verdict v = { .node = "n0", .method = "lab", .confirmed = true };
	char why[200];

	KUNIT_EXPECT_EQ(test, cfs_fence_done(rt_m[1], &v, why), -ESRCH);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why, "which has boot"));
	KUNIT_EXPECT_EQ(test, rt_verdict(1, "n7", true), -ENOENT);
	KUNIT_EXPECT_EQ(test, rt_verdict(1, "n1", true), -EINVAL);
	KUNIT_EXPECT_EQ(test, rt_verdict(1, "", true), -EINVAL);
	v.boot = rt_m[0]->boot;
	memset(v.method, 'x', sizeof(v.method));
	KUNIT_EXPECT_EQ(test, cfs_fence_done(rt_m[1], &v, why), -EINVAL);
	v.confirmed = false;
	strscpy(v.method, "lab", sizeof(v.method));
	KUNIT_EXPECT_EQ(test, cfs_fence_done(rt_m[1], &v, why), -EPERM);
	KUNIT_EXPECT_TRUE(test, cfs_may(rt_m[0], CFS_MAY_COMMIT));
	v.confirmed = true;
	KUNIT_EXPECT_EQ(test, cfs_fence_done(rt_m[1], &v, why), 0);
	KUNIT_EXPECT_EQ(test, cfs_fence_done(rt_m[2], &v, why), 0);
	/* It is alive, and reads that it is not: it stops. */
	rt_until(test, rt_m[0], READ_ONCE(rt_m[0]->status.health) == CFS_OUT);
	KUNIT_EXPECT_EQ(test, rt_m[0]->now.cause, CFS_CAUSE_FENCED);
	KUNIT_EXPECT_EQ(test, cfs_change(rt_m[0], rt_fill_event, NULL, why), -ESHUTDOWN);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why, "the node is LOST"));
	rt_leave(0);
	rt_join(test, 0);
	KUNIT_EXPECT_TRUE(test, cfs_may(rt_m[0], CFS_MAY_COMMIT));
	/* Its new life is another one. */
	KUNIT_EXPECT_EQ(test, cfs_fence_done(rt_m[1], &v, why), -ESRCH);
	KUNIT_EXPECT_TRUE(test, cfs_may(rt_m[0], CFS_MAY_COMMIT));
	rt_leave(0);
}

/* P6: what comes up while the role works is looked at then, not when it would work again. */
static void role_kicked(struct kunit *test)
{
	unsigned int worked;

	rt_begin(test);
	flush_delayed_work(&rt_role[0].role->work);
	worked = READ_ONCE(rt_role[0].worked);
	rt_role[0].kicks = true;
	cfs_role_kick(rt_role[0].role);
	rt_until(test, rt_m[0], READ_ONCE(rt_role[0].worked) >= worked + 2);
}

/* V12, P19: without its lease a node commits nothing; with it again, it goes on. */
static void state_lease(struct kunit *test)
{
	const u64 now = ktime_to_ms(ktime_get_boottime());
	struct cfs_mount *m = rt_m[0];
	char why[200];

	KUNIT_EXPECT_EQ(test, cfs_quorum_set(m, true, CFS_LEASE_MAX_MS + 1), -EINVAL);
	KUNIT_EXPECT_TRUE(test, cfs_may(m, CFS_MAY_COMMIT));
	/* What was held up on its way renews nothing. */
	KUNIT_EXPECT_EQ(test, cfs_quorum_until(m, true, CFS_LEASE_MAX_MS, 1), -ETIME);
	KUNIT_EXPECT_EQ(test, cfs_quorum_until(m, true, CFS_LEASE_MAX_MS, now + 20), 0);
	rt_until(test, m, READ_ONCE(m->status.health) == CFS_SUSPECT);
	KUNIT_EXPECT_EQ(test, cfs_quorum_until(m, true, CFS_LEASE_MAX_MS, now), -ETIME);
	KUNIT_EXPECT_EQ(test, READ_ONCE(m->status.health), CFS_SUSPECT);
	KUNIT_EXPECT_EQ(test, cfs_quorum_until(m, true, 1, U64_MAX), 0);
	rt_until(test, m, READ_ONCE(m->status.health) == CFS_SUSPECT);
	KUNIT_EXPECT_FALSE(test, cfs_may(m, CFS_MAY_COMMIT));
	KUNIT_EXPECT_EQ(test, cfs_quorum_set(m, true, 0), 0);
	KUNIT_EXPECT_TRUE(test, cfs_may(m, CFS_MAY_COMMIT));
	KUNIT_EXPECT_EQ(test, cfs_change(m, rt_fill_event, NULL, why), 0);
	KUNIT_EXPECT_EQ(test, cfs_quorum_set(m, false, 0), 0);
	KUNIT_EXPECT_EQ(test, READ_ONCE(m->status.health), CFS_FROZEN);
	KUNIT_EXPECT_FALSE(test, cfs_may(m, CFS_MAY_SERVE));
	KUNIT_EXPECT_TRUE(test, cfs_may(m, CFS_MAY_HOLD));
	KUNIT_EXPECT_EQ(test, cfs_change(m, rt_fill_event, NULL, why), -EHOSTDOWN);
	KUNIT_EXPECT_STREQ(test, why, "the node is FROZEN: there is no quorum");
	KUNIT_EXPECT_EQ(test, cfs_quorum_set(m, true, CFS_LEASE_MAX_MS), 0);
	KUNIT_EXPECT_EQ(test, cfs_change(m, rt_fill_event, NULL, why), 0);
}

static bool rt_primary(unsigned int i, u64 term)
{
	struct cfs_role_status s;

	cfs_role_status(rt_m[i]->primary, &s);
	return s.state == CFS_ROLE_ACTIVE && s.term == term;
}

/* R21: elected, again when it relegates itself and when it fails: no verdict is waited for. */
static void primary_succession(struct kunit *test)
{
	rt_until(test, rt_m[0], rt_primary(0, 1));
	KUNIT_EXPECT_EQ(test, cfs_primary_yield(rt_m[1], NULL), -EPERM);
	KUNIT_EXPECT_EQ(test, cfs_primary_yield(rt_m[0], NULL), 0);
	rt_until(test, rt_m[1], rt_primary(1, 2));
	KUNIT_ASSERT_EQ(test, clusterfs_local_kill(RT_SPACE, "n1"), 0);
	rt_until(test, rt_m[2], rt_primary(2, 3));
	KUNIT_EXPECT_EQ(test, cfs_fencing(rt_m[2]), 0);
	rt_leave(2);
	rt_until(test, rt_m[0], rt_primary(0, 4));
	/* Alone: it has it again. */
	KUNIT_EXPECT_EQ(test, cfs_primary_yield(rt_m[0], NULL), 0);
	rt_until(test, rt_m[0], rt_primary(0, 5));
}

/* Two LUs come; one goes now, the other one went long ago. */
static int rt_fill_lus(struct cfs_mount *m, struct cfs_txn *t, void *arg)
{
	struct cfs_disk_lu lu = {
		.name = "lu", .owner = cpu_to_le32(CFS_NOBODY), .block = cpu_to_le32(512),
	};
	u8 uuid[16] = { 2 };
	int ret = rt_fill_lu(m, t, arg);

	return ret ? : cfs_txn_put(&m->db, t, CFS_LU, 2, uuid, 0, &lu);
}

/* A LU is deleted, a moment ago or long since. */
static int rt_fill_gone(struct cfs_mount *m, struct cfs_txn *t, void *arg)
{
	const u64 *since = arg;
	const u32 id = *since ? 2 : 1;
	int ret = cfs_txn_del(&m->db, t, CFS_LU, id, *since ? : ktime_get_real_seconds());

	return ret ? : cfs_txn_event(&m->db, t, CFS_EVENT_TOPOLOGY, CFS_INFORMATION, 2, CFS_LU, id,
				     "gone");
}

/* The tombstones, as the views show: none has a file, all count as objects. */
static u32 rt_objects(unsigned int i)
{
	struct cfs_view *view = cfs_view_get(rt_m[i]);
	const u32 objects = view->objects;

	cfs_view_put(view);
	return objects;
}

/* R19: an id is held for its time, and given back by the primary node after that. */
static void primary_forgets(struct kunit *test)
{
	u64 since = 0;
	u32 objects;

	rt_until(test, rt_m[0], rt_primary(0, 1));
	/* That the last one has joined, too. */
	mutex_lock(&rt_m[0]->lock);
	cfs_refresh(rt_m[0]);
	mutex_unlock(&rt_m[0]->lock);
	objects = rt_objects(0);
	KUNIT_ASSERT_EQ(test, cfs_change(rt_m[1], rt_fill_lus, NULL, NULL), 0);
	rt_until(test, rt_m[0], rt_objects(0) == objects + 2);
	KUNIT_ASSERT_EQ(test, cfs_change(rt_m[1], rt_fill_gone, &since, NULL), 0);
	KUNIT_EXPECT_EQ(test, rt_objects(1), objects + 2);
	since = 1;
	KUNIT_ASSERT_EQ(test, cfs_change(rt_m[1], rt_fill_gone, &since, NULL), 0);
	rt_until(test, rt_m[1], rt_objects(1) == objects + 1);
	mutex_lock(&rt_m[1]->lock);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(cfs_first(&rt_m[1]->db.index, CFS_TOMBSTONE)->d.id), 1);
	mutex_unlock(&rt_m[1]->lock);
}

static struct kunit_case role_cases[] = {
	KUNIT_CASE(role_moves),
	KUNIT_CASE(role_death),
	KUNIT_CASE(role_death_twice),
	KUNIT_CASE(role_later),
	KUNIT_CASE(role_lost_stuck),
	KUNIT_CASE(role_half_read),
	KUNIT_CASE(role_stale),
	KUNIT_CASE(role_late),
	KUNIT_CASE(role_eligible),
	KUNIT_CASE(role_untold),
	KUNIT_CASE(role_give_waits),
	KUNIT_CASE(role_frozen),
	KUNIT_CASE(role_unrecorded),
	KUNIT_CASE(role_unrecorded_ends),
	KUNIT_CASE(role_unknown),
	KUNIT_CASE(role_holds_nothing),
	KUNIT_CASE(role_kicked),
	KUNIT_CASE(role_leave),
	KUNIT_CASE(fence_verdict),
	KUNIT_CASE(state_lease),
	KUNIT_CASE(primary_succession),
	KUNIT_CASE(primary_forgets),
	{}
};

static struct kunit_suite role_suite = {
	.name		= "clusterfs-role",
	.init		= rt_init,
	.exit		= rt_exit,
	.test_cases	= role_cases,
};

kunit_test_suite(role_suite);
