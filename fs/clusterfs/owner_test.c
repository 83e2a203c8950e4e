// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: owners of a LU, as the modules that serve it see them: who executes, in which term,
 * and what is answered when it moves, is lost, or is not proven.
 */
#include "owner.h"
#include "role_test.h"

/* A user of a LU at a node, and what it was told. */
struct ot_user {
	struct cfs_owner	*o;
	const char		*unfit;
	int			fails;		/* promote() does */
	bool			proves;		/* by the key of the disk */
	const char		*dies;		/* that node does, when it has proven that */
	bool			holds;		/* unfit() does not return */
	bool			held;
	unsigned int		asked;
	unsigned int		promoted, parked, lost, demoted, gone;
	u64			term;
};

/* Those of LU 1, by node; and behind them those of LU 2. */
static struct ot_user ot[2 * RT_NODES];

/* The LU's disk: whoever's key is below this is refused by it (P5.3). */
static u64 ot_key;
static u64 ot_written;		/* the term of the last write that it has taken */

static const struct cfs_health_limits ot_short = { .recover = 1, .expired = 1, .frozen = 1 };
static const struct cfs_health_limits ot_long = {
	.recover = 600000, .expired = 600000, .frozen = 600000,
};

static const u8 ot_uuid[2][UUID_SIZE] = { { 1 }, { 2 } };

static struct cfs_mount *ot_mount(unsigned int i)
{
	return rt_m[i % RT_NODES];
}

/* Whoever waits for what a user was told looks again. */
static void ot_told(const struct ot_user *u)
{
	wake_up_all(&ot_mount(u - ot)->changed);
}

static const char *ot_unfit(struct cfs_owner *o)
{
	struct ot_user *u = cfs_owner_private(o);

	u->asked++;
	if (READ_ONCE(u->holds)) {
		WRITE_ONCE(u->held, true);
		ot_told(u);
		wait_event_timeout(ot_mount(u - ot)->changed, !READ_ONCE(u->holds), RT_LONG);
	}
	return READ_ONCE(u->unfit);
}

static int ot_prove(struct cfs_owner *o, u64 term, const struct cfs_owner_old *old, char *why)
{
	struct ot_user *u = cfs_owner_private(o);

	if (!READ_ONCE(u->proves)) {
		snprintf(why, CFS_OWNER_WHY, "the key of node %s is on the disk", old->name);
		return -EBUSY;
	}
	ot_key = term;
	return u->dies ? clusterfs_local_kill(RT_SPACE, u->dies) : 0;
}

static int ot_promote(struct cfs_owner *o, u64 term)
{
	struct ot_user *u = cfs_owner_private(o);

	if (u->fails) {
		u->fails--;
		return -EIO;
	}
	u->term = term;
	u->promoted++;
	return 0;
}

static void ot_park(struct cfs_owner *o, u64 term, bool lost)
{
	struct ot_user *u = cfs_owner_private(o);

	u->lost += lost;
	u->parked += !lost;
	ot_told(u);
}

static void ot_demote(struct cfs_owner *o, u64 term)
{
	struct ot_user *u = cfs_owner_private(o);

	u->demoted++;
	ot_told(u);
}

static void ot_gone(struct cfs_owner *o)
{
	((struct ot_user *)cfs_owner_private(o))->gone++;
}

static const struct cfs_owner_ops ot_ops = {
	.type		= CFS_LU,
	.unfit		= ot_unfit,
	.prove		= ot_prove,
	.promote	= ot_promote,
	.park		= ot_park,
	.demote		= ot_demote,
	.gone		= ot_gone,
};

static void ot_register(struct kunit *test, unsigned int i)
{
	char why[CFS_OWNER_WHY] = "";
	struct cfs_owner *o;
	uuid_t uuid;

	import_uuid(&uuid, ot_uuid[i / RT_NODES]);
	/* It has to know the LU. */
	mutex_lock(&ot_mount(i)->lock);
	cfs_refresh(ot_mount(i));
	mutex_unlock(&ot_mount(i)->lock);
	o = cfs_owner_add(ot_mount(i), &ot_ops, &uuid, &ot[i], why);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(o), "%s", why);
	ot[i].o = o;
}

static void ot_unregister(unsigned int i)
{
	if (ot[i].o)
		cfs_owner_unregister(ot[i].o);
	ot[i].o = NULL;
}

static bool ot_is(unsigned int i, enum cfs_role_state state)
{
	struct cfs_role_status s;

	return cfs_owner_status(ot_mount(i), CFS_LU, 1 + i / RT_NODES, &s) && s.state == state;
}

/* What node @i answers to a command of whoever knows of @term; ended at once. */
static int ot_command(unsigned int i, u64 term)
{
	u64 own;
	int ret = cfs_owner_enter(ot[i].o, term, &own);

	if (!ret)
		cfs_owner_exit(ot[i].o);
	return ret;
}

/* A write that was admitted at node @i reaches the disk. */
static int ot_write(unsigned int i)
{
	if (ot[i].term < ot_key)
		return -EBADE;
	ot_written = ot[i].term;
	return 0;
}

/* The LU is there, node 0 is its owner, the others wait, in order. */
static void ot_begin(struct kunit *test)
{
	unsigned int i;

	rt_begin_lu(test);
	for (i = 0; i < RT_NODES; i++) {
		ot_register(test, i);
		rt_until(test, rt_m[i], ot_is(i, i ? CFS_ROLE_QUEUED : CFS_ROLE_ACTIVE));
	}
}

static int ot_init(struct kunit *test)
{
	memset(ot, 0, sizeof(ot));
	ot_key = 0;
	ot_written = 0;
	return rt_init(test);
}

static void ot_exit(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ot); i++)
		ot_unregister(i);
	rt_exit(test);
}

/* cfs_owner_give() waits for what the test does meanwhile. */
struct ot_give {
	struct work_struct	work;
	unsigned int		from;
	const char		*to;
	int			ret;
	char			why[CFS_OWNER_WHY];
};

static struct ot_give ot_giving;

static void ot_give_work(struct work_struct *work)
{
	struct ot_give *g = container_of(work, struct ot_give, work);

	g->ret = cfs_owner_give(ot[g->from].o, g->to, g->why);
}

static void ot_give_begin(struct ot_give *g, unsigned int from, const char *to)
{
	g->from = from;
	g->to = to;
	INIT_WORK(&g->work, ot_give_work);
	queue_work(system_unbound_wq, &g->work);
}

static int ot_give_end(struct ot_give *g)
{
	flush_work(&g->work);
	return g->ret;
}

static int ot_give(unsigned int from, const char *to)
{
	char why[CFS_OWNER_WHY];

	return cfs_owner_give(ot[from].o, to, why);
}

/* P6, V4: parked, drained, stored; the named one has it, and what was kept is answered STALE. */
static void owner_moves(struct kunit *test)
{
	struct ot_give *g = &ot_giving;
	u64 own;

	ot_begin(test);
	KUNIT_EXPECT_EQ(test, cfs_owner_enter(ot[0].o, 0, &own), 0);
	KUNIT_EXPECT_EQ(test, own, 1);
	KUNIT_EXPECT_EQ(test, ot_command(0, 1), 0);
	KUNIT_EXPECT_EQ(test, ot_command(0, 2), -ESTALE);
	KUNIT_EXPECT_EQ(test, ot_command(1, 0), -ESTALE);
	ot_give_begin(g, 0, "n2");
	rt_until(test, rt_m[0], READ_ONCE(ot[0].parked));
	/* Not before what was admitted has ended. */
	KUNIT_EXPECT_TRUE(test, ot_is(0, CFS_ROLE_DRAINING));
	KUNIT_EXPECT_EQ(test, ot_command(0, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, ot_give(0, "n1"), -EBUSY);
	KUNIT_EXPECT_EQ(test, ot_command(2, 0), -ESTALE);
	rt_owner(test, 1, 0, 1);
	KUNIT_EXPECT_EQ(test, cfs_owner_answers(ot[0].o), 0);
	KUNIT_EXPECT_EQ(test, ot[0].demoted, 0);
	cfs_owner_exit(ot[0].o);
	rt_until(test, rt_m[2], ot_is(2, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ_MSG(test, ot_give_end(g), 0, "%s", g->why);
	rt_owner(test, 1, 2, 2);
	rt_until(test, rt_m[0], READ_ONCE(ot[0].demoted) == 1);
	KUNIT_EXPECT_EQ(test, ot[0].lost, 0);
	KUNIT_EXPECT_EQ(test, ot[1].promoted, 0);
	KUNIT_EXPECT_EQ(test, ot_command(0, 1), -ESTALE);
	KUNIT_EXPECT_EQ(test, ot_command(2, 1), -ESTALE);
	KUNIT_EXPECT_EQ(test, cfs_owner_enter(ot[2].o, 2, &own), 0);
	KUNIT_EXPECT_EQ(test, own, 2);
	cfs_owner_exit(ot[2].o);
	/* The others wait again. */
	rt_until(test, rt_m[0], ot_is(0, CFS_ROLE_QUEUED));
	rt_until(test, rt_m[1], ot_is(1, CFS_ROLE_QUEUED));
}

/* P6: who is named does not want it: whoever does has it, in bounded time. */
static void owner_not_wanted(struct kunit *test)
{
	struct ot_give *g = &ot_giving;

	ot_begin(test);
	ot_unregister(2);
	KUNIT_EXPECT_EQ(test, ot_give(0, "n0"), -EINVAL);
	KUNIT_EXPECT_EQ(test, ot_give(0, "n9"), -EINVAL);
	KUNIT_EXPECT_EQ(test, ot_give(1, "n2"), -EPERM);
	KUNIT_EXPECT_EQ(test, ot[0].parked, 0);
	ot_give_begin(g, 0, "n2");
	KUNIT_EXPECT_EQ(test, ot_give_end(g), -ENXIO);
	KUNIT_EXPECT_NOT_NULL(test, strstr(g->why, "node 2 did not take it"));
	rt_until(test, rt_m[1], ot_is(0, CFS_ROLE_ACTIVE) || ot_is(1, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ(test, ot[2].promoted, 0);
}

/* V5: each owner has a term of its own, above all that were before. */
static void owner_terms(struct kunit *test)
{
	unsigned int i, from = 0, to;
	char name[4];
	u64 term = 1;

	ot_begin(test);
	for (i = 0; i < 6; i++) {
		to = (from + 1 + i / RT_NODES) % RT_NODES;
		snprintf(name, sizeof(name), "n%u", to);
		rt_until(test, rt_m[to], ot_is(to, CFS_ROLE_QUEUED));
		KUNIT_ASSERT_EQ(test, ot_give(from, name), 0);
		rt_until(test, rt_m[to], ot_is(to, CFS_ROLE_ACTIVE));
		KUNIT_EXPECT_GT(test, ot[to].term, term);
		term = ot[to].term;
		KUNIT_EXPECT_EQ(test, ot_command(from, 0), -ESTALE);
		KUNIT_EXPECT_EQ(test, ot_command(to, term), 0);
		KUNIT_EXPECT_EQ(test, ot_command(to, term - 1), -ESTALE);
		from = to;
	}
	rt_owner(test, 0, from, term);
}

/* P5.3, V10: the owner dies: its successor waits for the proof, and says whose and what ends it. */
static void owner_death(struct kunit *test)
{
	const struct cfs_disk_record *r;
	char ends[CFS_OWNER_ENDS];
	struct cfs_role_status s;
	struct cfs_view *view;

	ot_begin(test);
	KUNIT_ASSERT_EQ(test, clusterfs_local_kill(RT_SPACE, "n0"), 0);
	rt_until(test, rt_m[1], cfs_fencing(rt_m[1]) == BIT(0));
	KUNIT_EXPECT_TRUE(test, cfs_owner_status(rt_m[1], CFS_LU, 1, &s));
	KUNIT_EXPECT_EQ(test, s.state, CFS_ROLE_PROOF);
	KUNIT_EXPECT_EQ(test, s.waits, 0);
	KUNIT_EXPECT_EQ(test, s.term, 2);
	KUNIT_EXPECT_NE(test, s.since, 0);
	KUNIT_EXPECT_STREQ(test, s.why, "the key of node n0 is on the disk");
	view = cfs_view_get(rt_m[1]);
	r = cfs_view_object(view, CFS_LU, 1);
	cfs_owner_ends(rt_m[1], view, r, &s, ends);
	KUNIT_EXPECT_TRUE(test, strstarts(ends, "vpart cluster fenced n0 boot "));
	cfs_view_put(view);
	KUNIT_EXPECT_EQ(test, ot_command(1, 0), -ESTALE);
	KUNIT_EXPECT_EQ(test, ot[1].promoted, 0);
	KUNIT_EXPECT_EQ(test, rt_verdict(2, "n0", true), 0);
	rt_until(test, rt_m[1], ot_is(1, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ(test, ot[1].term, 2);
	KUNIT_EXPECT_EQ(test, ot_command(1, 2), 0);
	/* V12: the dead one answers nothing more when it looks. */
	cfs_state_look(rt_m[0]);
	KUNIT_EXPECT_NE(test, ot_command(0, 1), 0);
	rt_until(test, rt_m[0], ot_is(0, CFS_ROLE_OFF));
	KUNIT_EXPECT_EQ(test, ot[0].lost, 1);
	KUNIT_EXPECT_EQ(test, ot[0].demoted, 1);
}

/*
 * V4, P5.3: the owner stands still with a write on its way, and still believes. Nobody is the
 * owner without a proof; its key on the disk is one, and then the write is refused by that.
 */
static void owner_stale(struct kunit *test)
{
	u64 own;

	ot_begin(test);
	KUNIT_EXPECT_EQ(test, cfs_owner_enter(ot[0].o, 1, &own), 0);
	KUNIT_ASSERT_EQ(test, clusterfs_local_stale(RT_SPACE, "n0"), 0);
	rt_until(test, rt_m[1], ot_is(1, CFS_ROLE_PROOF));
	KUNIT_EXPECT_TRUE(test, ot_is(0, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ(test, ot_command(0, 1), 0);
	KUNIT_EXPECT_EQ(test, ot_command(1, 0), -ESTALE);
	KUNIT_EXPECT_EQ(test, ot_write(0), 0);
	WRITE_ONCE(ot[1].proves, true);
	cfs_owner_kick(ot[1].o);
	rt_until(test, rt_m[1], ot_is(1, CFS_ROLE_ACTIVE));
	rt_owner(test, 2, 1, 2);
	KUNIT_EXPECT_EQ(test, ot_write(1), 0);
	/* It wakes up, sends what it has, and learns; its doubts are short. */
	spin_lock(&rt_m[0]->view_lock);
	rt_m[0]->in.limits = &ot_short;
	spin_unlock(&rt_m[0]->view_lock);
	KUNIT_EXPECT_EQ(test, ot_write(0), -EBADE);
	KUNIT_EXPECT_EQ(test, ot_written, 2);
	KUNIT_ASSERT_EQ(test, clusterfs_local_learn(RT_SPACE, "n0"), 0);
	rt_until(test, rt_m[0], READ_ONCE(ot[0].lost));
	KUNIT_EXPECT_EQ(test, cfs_owner_answers(ot[0].o), -ESTALE);
	KUNIT_EXPECT_EQ(test, ot_command(0, 1), -ESTALE);
	KUNIT_EXPECT_EQ(test, ot[0].demoted, 0);
	cfs_owner_exit(ot[0].o);
	rt_until(test, rt_m[0], ot_is(0, CFS_ROLE_OFF));
	KUNIT_EXPECT_EQ(test, ot[0].demoted, 1);
	KUNIT_EXPECT_EQ(test, ot[0].parked, 0);
	KUNIT_EXPECT_EQ(test, ot_command(1, 2), 0);
}

/* P5: what was proven in one take-over proves nothing in the next one's. */
static void owner_proof_dies(struct kunit *test)
{
	ot_begin(test);
	KUNIT_ASSERT_EQ(test, clusterfs_local_kill(RT_SPACE, "n0"), 0);
	rt_until(test, rt_m[1], ot_is(1, CFS_ROLE_PROOF));
	/* It dies with the proof in its hands. */
	ot[1].dies = "n1";
	WRITE_ONCE(ot[1].proves, true);
	cfs_owner_kick(ot[1].o);
	rt_until(test, rt_m[2], cfs_fencing(rt_m[2]) || READ_ONCE(ot[2].promoted));
	KUNIT_EXPECT_EQ(test, ot_key, 2);
	KUNIT_EXPECT_EQ(test, cfs_fencing(rt_m[2]), BIT(0));
	KUNIT_EXPECT_EQ(test, ot[2].promoted, 0);
	WRITE_ONCE(ot[2].proves, true);
	cfs_owner_kick(ot[2].o);
	rt_until(test, rt_m[2], ot_is(2, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ(test, ot[2].term, 3);
	KUNIT_EXPECT_EQ(test, ot[1].promoted, 0);
}

/* P5: ...nor does it in a later one, when that node has been the owner again. */
static void owner_proof_once(struct kunit *test)
{
	ot_begin(test);
	ot_unregister(2);
	WRITE_ONCE(ot[1].proves, true);
	KUNIT_ASSERT_EQ(test, clusterfs_local_kill(RT_SPACE, "n0"), 0);
	rt_until(test, rt_m[1], ot_is(1, CFS_ROLE_ACTIVE));
	WRITE_ONCE(ot[1].proves, false);
	ot_unregister(0);
	rt_leave(0);
	rt_join(test, 0);
	ot_register(test, 0);
	rt_until(test, rt_m[0], ot_is(0, CFS_ROLE_QUEUED));
	/* It knows of that life. */
	rt_owner(test, 1, 1, 2);
	KUNIT_ASSERT_EQ(test, ot_give(1, "n0"), 0);
	rt_until(test, rt_m[0], ot_is(0, CFS_ROLE_ACTIVE));
	rt_until(test, rt_m[1], ot_is(1, CFS_ROLE_QUEUED));
	KUNIT_ASSERT_EQ(test, clusterfs_local_kill(RT_SPACE, "n0"), 0);
	rt_until(test, rt_m[1], cfs_fencing(rt_m[1]) == BIT(0) || ot[1].promoted > 1);
	KUNIT_EXPECT_EQ(test, ot[1].promoted, 1);
	rt_owner(test, 2, 0, 4);
}

/* P6, P12: what was admitted does not end, and the node is lost: the others wait no longer. */
static void owner_stuck(struct kunit *test)
{
	struct ot_give *g = &ot_giving;
	u64 own;

	ot_begin(test);
	KUNIT_EXPECT_EQ(test, cfs_owner_enter(ot[0].o, 0, &own), 0);
	ot_give_begin(g, 0, NULL);
	rt_until(test, rt_m[0], READ_ONCE(ot[0].parked));
	KUNIT_EXPECT_TRUE(test, ot_is(1, CFS_ROLE_QUEUED));
	KUNIT_EXPECT_EQ(test, rt_verdict(2, "n0", true), 0);
	rt_until(test, rt_m[1], ot_is(1, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ(test, ot_give_end(g), -ESHUTDOWN);
	rt_until(test, rt_m[0], READ_ONCE(ot[0].lost));
	KUNIT_EXPECT_EQ(test, cfs_owner_answers(ot[0].o), -ESTALE);
	KUNIT_EXPECT_EQ(test, ot_command(0, 0), -ESTALE);
	KUNIT_EXPECT_EQ(test, ot[0].demoted, 0);
	cfs_owner_exit(ot[0].o);
	rt_until(test, rt_m[0], ot_is(0, CFS_ROLE_OFF));
	KUNIT_EXPECT_EQ(test, ot[0].demoted, 1);
	KUNIT_EXPECT_EQ(test, ot[0].parked, 1);
	rt_owner(test, 2, 1, 2);
}

/* P4: who is not eligible does not queue, moves it away; who cannot begin gives it back. */
static void owner_eligible(struct kunit *test)
{
	struct cfs_role_status s;

	ot_begin(test);
	WRITE_ONCE(ot[1].unfit, "its copy is outdated");
	cfs_owner_kick(ot[1].o);
	rt_until(test, rt_m[1], ot_is(1, CFS_ROLE_OFF));
	cfs_owner_status(rt_m[1], CFS_LU, 1, &s);
	KUNIT_EXPECT_STREQ(test, s.why, ot[1].unfit);
	ot[2].fails = 1;
	WRITE_ONCE(ot[0].unfit, "its store is broken");
	cfs_owner_kick(ot[0].o);
	/* Node 2 fails, waits, and is the only one that asks. */
	rt_until(test, rt_m[2], ot_is(2, CFS_ROLE_ACTIVE));
	KUNIT_EXPECT_EQ(test, ot[0].parked, 1);
	rt_until(test, rt_m[0], READ_ONCE(ot[0].demoted) == 1);
	KUNIT_EXPECT_EQ(test, ot[1].promoted, 0);
	KUNIT_EXPECT_EQ(test, ot[2].demoted, 0);
	KUNIT_EXPECT_EQ(test, ot[2].term, 3);
	KUNIT_EXPECT_EQ(test, ot_command(2, 3), 0);
	rt_owner(test, 0, 2, 3);
}

/* V12: without quorum nothing is admitted, and nothing answered GOOD; with it again, both. */
static void owner_frozen(struct kunit *test)
{
	u64 own;

	ot_begin(test);
	KUNIT_EXPECT_EQ(test, cfs_owner_enter(ot[0].o, 0, &own), 0);
	KUNIT_ASSERT_EQ(test, cfs_quorum_set(rt_m[0], false, 0), 0);
	KUNIT_EXPECT_EQ(test, cfs_owner_answers(ot[0].o), -EHOSTDOWN);
	KUNIT_EXPECT_EQ(test, ot_command(0, 0), -EHOSTDOWN);
	KUNIT_EXPECT_TRUE(test, ot_is(0, CFS_ROLE_ACTIVE));
	KUNIT_ASSERT_EQ(test, cfs_quorum_set(rt_m[0], true, CFS_LEASE_MAX_MS), 0);
	KUNIT_EXPECT_EQ(test, cfs_owner_answers(ot[0].o), 0);
	KUNIT_EXPECT_EQ(test, ot_command(0, 0), 0);
	cfs_owner_exit(ot[0].o);
}

/* P4: a clean leave needs no verdict; the user is told, and lets go when it wants. */
static void owner_leaves(struct kunit *test)
{
	char why[CFS_OWNER_WHY];
	struct cfs_owner *o;
	uuid_t uuid;

	ot_begin(test);
	import_uuid(&uuid, ot_uuid[0]);
	o = cfs_owner_add(rt_m[0], &ot_ops, &uuid, &ot[0], why);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(o), -EBUSY);
	uuid_gen(&uuid);
	o = cfs_owner_add(rt_m[0], &ot_ops, &uuid, &ot[0], why);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(o), -ENOENT);
	rt_leave(0);
	KUNIT_EXPECT_EQ(test, ot[0].gone, 1);
	KUNIT_EXPECT_EQ(test, ot[0].demoted, 1);
	KUNIT_EXPECT_EQ(test, ot_command(0, 0), -ESTALE);
	rt_until(test, rt_m[1], ot_is(1, CFS_ROLE_ACTIVE));
	rt_owner(test, 2, 1, 2);
	ot_unregister(0);
	ot_unregister(1);
	KUNIT_EXPECT_EQ(test, ot[1].demoted, 1);
	KUNIT_EXPECT_EQ(test, ot[1].gone, 0);
	rt_until(test, rt_m[2], ot_is(2, CFS_ROLE_ACTIVE));
}

static int ot_fill_del(struct cfs_mount *m, struct cfs_txn *t, void *arg)
{
	int ret = cfs_txn_del(&m->db, t, CFS_LU, 1, ktime_get_real_seconds());

	return ret ? : cfs_txn_event(&m->db, t, CFS_EVENT_TOPOLOGY, CFS_INFORMATION, 2, CFS_LU, 1,
				     "gone");
}

/* P4: what is removed has no owner, and nobody asks for it. */
static void owner_removed(struct kunit *test)
{
	struct cfs_role_status s;

	rt_begin_lu(test);
	ot[0].unfit = "its store is broken";
	ot_register(test, 0);
	rt_until(test, rt_m[0], ot_is(0, CFS_ROLE_OFF));
	KUNIT_ASSERT_EQ(test, cfs_change(rt_m[0], ot_fill_del, NULL, NULL), 0);
	WRITE_ONCE(ot[0].unfit, NULL);
	cfs_owner_kick(ot[0].o);
	rt_until(test, rt_m[0], cfs_owner_status(rt_m[0], CFS_LU, 1, &s) &&
		 !strcmp(s.why, "it is removed"));
	KUNIT_EXPECT_EQ(test, s.state, CFS_ROLE_OFF);
	KUNIT_EXPECT_EQ(test, ot[0].promoted, 0);
}

/* P20: a move that could not be recorded would stop a healthy owner: it is refused. */
static void owner_suspect(struct kunit *test)
{
	ot_begin(test);
	spin_lock(&rt_m[0]->view_lock);
	rt_m[0]->in.limits = &ot_long;
	spin_unlock(&rt_m[0]->view_lock);
	KUNIT_ASSERT_EQ(test, cfs_quorum_set(rt_m[0], true, 1), 0);
	rt_until(test, rt_m[0], !cfs_may(rt_m[0], CFS_MAY_COMMIT));
	KUNIT_EXPECT_EQ(test, ot_give(0, "n1"), -EHOSTDOWN);
	KUNIT_EXPECT_EQ(test, ot[0].parked, 0);
	KUNIT_EXPECT_EQ(test, ot_command(0, 1), 0);
	KUNIT_EXPECT_TRUE(test, ot_is(0, CFS_ROLE_ACTIVE));
	KUNIT_ASSERT_EQ(test, cfs_quorum_set(rt_m[0], true, CFS_LEASE_MAX_MS), 0);
	KUNIT_EXPECT_EQ(test, ot_give(0, "n1"), 0);
	rt_until(test, rt_m[1], ot_is(1, CFS_ROLE_ACTIVE));
}

/* P6: nobody else takes it: that is no move. */
static void owner_alone(struct kunit *test)
{
	struct ot_give *g = &ot_giving;

	rt_begin_lu(test);
	ot_register(test, 0);
	rt_until(test, rt_m[0], ot_is(0, CFS_ROLE_ACTIVE));
	ot_give_begin(g, 0, NULL);
	KUNIT_EXPECT_EQ(test, ot_give_end(g), -ENXIO);
	KUNIT_EXPECT_NOT_NULL(test, strstr(g->why, "nobody else took it"));
	rt_until(test, rt_m[0], ot_is(0, CFS_ROLE_ACTIVE));
	rt_owner(test, 1, 0, 2);
}

/* V12, P5: a later term is read: nothing is answered any more, though the worker is busy. */
static void owner_later(struct kunit *test)
{
	u64 own;

	ot_begin(test);
	KUNIT_EXPECT_EQ(test, cfs_owner_enter(ot[0].o, 0, &own), 0);
	WRITE_ONCE(ot[0].holds, true);
	cfs_owner_kick(ot[0].o);
	rt_until(test, rt_m[0], READ_ONCE(ot[0].held));
	KUNIT_EXPECT_EQ(test, cfs_owner_answers(ot[0].o), 0);
	KUNIT_ASSERT_EQ(test, cfs_change(rt_m[1], rt_fill_later, NULL, NULL), 0);
	rt_owner(test, 0, 0, 2);
	KUNIT_EXPECT_EQ(test, cfs_owner_answers(ot[0].o), -ESTALE);
	KUNIT_EXPECT_EQ(test, ot_command(0, 1), -ESTALE);
	KUNIT_EXPECT_EQ(test, ot[0].lost, 0);
	WRITE_ONCE(ot[0].holds, false);
	wake_up_all(&rt_m[0]->changed);
	rt_until(test, rt_m[0], READ_ONCE(ot[0].lost) == 1);
	cfs_owner_exit(ot[0].o);
	rt_until(test, rt_m[0], READ_ONCE(ot[0].demoted) == 1);
}

/* A commit wakes the roles that it concerns, not all. */
static void owner_not_woken(struct kunit *test)
{
	unsigned int asked;

	ot_begin(test);
	flush_workqueue(cfs_roles_queue);
	asked = ot[0].asked;
	KUNIT_ASSERT_EQ(test, cfs_change(rt_m[1], rt_fill_event, NULL, NULL), 0);
	rt_owner(test, 0, 0, 1);
	flush_workqueue(cfs_roles_queue);
	KUNIT_EXPECT_EQ(test, ot[0].asked, asked);
}

static struct cfs_mount *ot_leaving;
static struct work_struct ot_work;

static void ot_leave_work(struct work_struct *work)
{
	rt_leave(0);
}

static int ot_fill_lu2(struct cfs_mount *m, struct cfs_txn *t, void *arg)
{
	struct cfs_disk_lu lu = {
		.name = "lu2", .owner = cpu_to_le32(CFS_NOBODY), .block = cpu_to_le32(512),
	};
	int ret = cfs_txn_put(&m->db, t, CFS_LU, 2, ot_uuid[1], 0, &lu);

	return ret ? : cfs_txn_event(&m->db, t, CFS_EVENT_TOPOLOGY, CFS_INFORMATION, 1, CFS_LU, 2,
				     "a LU");
}

/*
 * V10: one LU's commands do not end while the node leaves: its others are served elsewhere, with
 * no worker to spare, and it is told what ends that.
 */
static void owner_leaves_stuck(struct kunit *test)
{
	const struct cfs_disk_record *r;
	char ends[CFS_OWNER_ENDS];
	struct cfs_role_status s;
	struct cfs_view *view;
	u64 own;

	ot_begin(test);
	KUNIT_ASSERT_EQ(test, cfs_change(rt_m[0], ot_fill_lu2, NULL, NULL), 0);
	ot_register(test, RT_NODES);
	rt_until(test, rt_m[0], ot_is(RT_NODES, CFS_ROLE_ACTIVE));
	ot_register(test, RT_NODES + 1);
	rt_until(test, rt_m[1], ot_is(RT_NODES + 1, CFS_ROLE_QUEUED));
	KUNIT_EXPECT_EQ(test, cfs_owner_enter(ot[0].o, 0, &own), 0);
	workqueue_set_max_active(cfs_roles_queue, 1);
	ot_leaving = rt_m[0];
	INIT_WORK(&ot_work, ot_leave_work);
	queue_work(system_unbound_wq, &ot_work);
	KUNIT_EXPECT_TRUE(test, wait_event_timeout(rt_m[1]->changed,
						   ot_is(RT_NODES + 1, CFS_ROLE_ACTIVE), RT_LONG));
	KUNIT_EXPECT_TRUE(test, ot_is(1, CFS_ROLE_QUEUED));
	rt_until(test, ot_leaving, cfs_owner_status(ot_leaving, CFS_LU, 1, &s) && s.drains);
	KUNIT_EXPECT_EQ(test, s.state, CFS_ROLE_DRAINING);
	KUNIT_EXPECT_STREQ(test, s.why, "what was begun has not ended: it is given up");
	view = cfs_view_get(ot_leaving);
	r = cfs_view_object(view, CFS_LU, 1);
	cfs_owner_ends(ot_leaving, view, r, &s, ends);
	KUNIT_EXPECT_TRUE(test,
			  strstarts(ends, "power n0 off, then vpart cluster fenced n0 boot "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(ends, " method WORD at n1"));
	cfs_view_put(view);
	cfs_owner_exit(ot[0].o);
	flush_work(&ot_work);
	workqueue_set_max_active(cfs_roles_queue, WQ_MAX_ACTIVE);
	KUNIT_EXPECT_EQ(test, ot[0].gone + ot[RT_NODES].gone, 2);
	rt_until(test, rt_m[1], ot_is(1, CFS_ROLE_ACTIVE));
}

static void ot_unregister_work(struct work_struct *work)
{
	ot_unregister(0);
}

/* V4: a node has one user of a LU: the next one not before the last one's commands have ended. */
static void owner_twice(struct kunit *test)
{
	struct cfs_owner *o, *other;
	char why[CFS_OWNER_WHY];
	uuid_t uuid;
	u64 own;

	ot_begin(test);
	o = ot[0].o;
	KUNIT_EXPECT_EQ(test, cfs_owner_enter(o, 0, &own), 0);
	INIT_WORK(&ot_work, ot_unregister_work);
	queue_work(system_unbound_wq, &ot_work);
	rt_until(test, rt_m[0], READ_ONCE(ot[0].parked));
	import_uuid(&uuid, ot_uuid[0]);
	other = cfs_owner_add(rt_m[0], &ot_ops, &uuid, &ot[0], why);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(other), -EBUSY);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why, "which is leaving"));
	cfs_owner_exit(o);
	flush_work(&ot_work);
	ot_register(test, 0);
	rt_until(test, rt_m[1], ot_is(1, CFS_ROLE_ACTIVE));
}

static struct kunit_case owner_cases[] = {
	KUNIT_CASE(owner_moves),
	KUNIT_CASE(owner_not_wanted),
	KUNIT_CASE(owner_terms),
	KUNIT_CASE(owner_death),
	KUNIT_CASE(owner_stale),
	KUNIT_CASE(owner_proof_dies),
	KUNIT_CASE(owner_proof_once),
	KUNIT_CASE(owner_stuck),
	KUNIT_CASE(owner_eligible),
	KUNIT_CASE(owner_frozen),
	KUNIT_CASE(owner_leaves),
	KUNIT_CASE(owner_removed),
	KUNIT_CASE(owner_suspect),
	KUNIT_CASE(owner_alone),
	KUNIT_CASE(owner_later),
	KUNIT_CASE(owner_not_woken),
	KUNIT_CASE(owner_leaves_stuck),
	KUNIT_CASE(owner_twice),
	{}
};

static struct kunit_suite owner_suite = {
	.name		= "clusterfs-owner",
	.init		= ot_init,
	.exit		= ot_exit,
	.test_cases	= owner_cases,
};

kunit_test_suite(owner_suite);
