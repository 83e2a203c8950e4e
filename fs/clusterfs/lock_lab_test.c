// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: what the cases of locks have in common.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "lock_test.h"

DECLARE_WAIT_QUEUE_HEAD(lt_wait);
struct lt_node lt_nodes[LT_NODES];
static struct lt_lock *lt_locks[LT_LOCKS];
static DEFINE_SPINLOCK(lt_log_lock);

void lt_note(struct lt_node *node, char what)
{
	size_t len;

	spin_lock(&lt_log_lock);
	len = strlen(node->log);
	if (len < sizeof(node->log) - 1)
		node->log[len] = what;
	spin_unlock(&lt_log_lock);
	wake_up_all(&lt_wait);
}

bool lt_log_is(const struct lt_node *node, const char *log)
{
	bool ret;

	spin_lock(&lt_log_lock);
	ret = !strcmp(node->log, log);
	spin_unlock(&lt_log_lock);
	return ret;
}

static void lt_prep(void *private)
{
	struct lt_node *node = private;
	/* Who is told that it is held may let it go at once. */
	struct completion *hold = READ_ONCE(node->hold);

	lt_note(node, 'p');
	if (hold) {
		WRITE_ONCE(node->held, true);
		wake_up_all(&lt_wait);
		wait_for_completion(hold);
		WRITE_ONCE(node->held, false);
	}
}

static void lt_slot(void *private, const struct clusterfs_member *gone)
{
	struct lt_node *node = private;

	node->gone = *gone;
	lt_note(node, 's');
}

static void lt_recovered(void *private, const struct clusterfs_member *members,
			 unsigned int count, const struct clusterfs_member *self, u32 generation)
{
	struct lt_node *node = private;

	node->members = count;
	node->self = *self;
	node->generation = generation;
	if (node->on_done)
		node->on_done(node);
	lt_note(node, 'd');
}

static const struct clusterfs_member_user lt_member_user = {
	.recover_prep	= lt_prep,
	.recover_slot	= lt_slot,
	.recover_done	= lt_recovered,
};

int lt_join(const struct clusterfs_lock_ops *ops, unsigned int node, unsigned int ms, char *why)
{
	struct lt_node *n = &lt_nodes[node];
	const struct clusterfs_ls_config config = {
		.ops		= ops,
		.cluster	= "lab",
		.name		= LT_SPACE,
		.node		= n->name,
		.ms		= ms,
		.user		= &lt_member_user,
		.private	= n,
	};
	struct clusterfs_ls *ls;
	int ret;

	memset(n, 0, sizeof(*n));
	snprintf(n->name, sizeof(n->name), "n%u", node);
	ret = clusterfs_ls_join(&config, &ls, why);
	if (!ret)
		n->ls = ls;
	return ret;
}

void lt_start(struct kunit *test, const struct clusterfs_lock_ops *ops, unsigned int nodes)
{
	char why[CLUSTERFS_LOCK_WHY];
	unsigned int i;

	memset(lt_nodes, 0, sizeof(lt_nodes));
	for (i = 0; i < nodes; i++)
		KUNIT_ASSERT_EQ_MSG(test, lt_join(ops, i, LT_LONG, why), 0, "%s", why);
	/* Those that came first are told of the last. */
	for (i = 0; i < nodes; i++)
		lt_until(test, clusterfs_ls_running(lt_nodes[i].ls) &&
			 lt_nodes[i].members == nodes);
	for (i = 0; i < nodes; i++)
		memset(lt_nodes[i].log, 0, sizeof(lt_nodes[i].log));
}

void lt_leave(struct kunit *test, unsigned int node)
{
	struct clusterfs_ls *ls = lt_nodes[node].ls;

	lt_nodes[node].ls = NULL;
	if (ls)
		KUNIT_EXPECT_EQ(test, clusterfs_ls_leave(ls, LT_LONG), 0);
}

static void lt_done(struct clusterfs_lock *lock, int status)
{
	struct lt_lock *l = lock->private;

	l->status = status;
	if (l->on_done)
		l->on_done(l);
	if (!status)
		lt_note(l->node, 'g');
	/* Pairs with lt_dones(): after the status. */
	smp_store_release(&l->dones, l->dones + 1);
	wake_up_all(&lt_wait);
}

static void lt_blocked(struct clusterfs_lock *lock, enum clusterfs_mode mode)
{
	struct lt_lock *l = lock->private;

	l->told = mode;
	/* Pairs with lt_tolds(): after the mode. */
	smp_store_release(&l->tolds, l->tolds + 1);
	wake_up_all(&lt_wait);
}

static void lt_free(struct clusterfs_lock *lock)
{
	struct lt_lock *l = lock->private;

	complete_all(&l->freed);
	wake_up_all(&lt_wait);
}

static const struct clusterfs_lock_user lt_cache = {
	.done		= lt_done,
	.blocked	= lt_blocked,
	.free		= lt_free,
};

static const struct clusterfs_lock_user lt_role = {
	.done		= lt_done,
	.free		= lt_free,
};

static const struct clusterfs_lock_user lt_untold = {
	.free		= lt_free,
};

static struct lt_lock *lt_open_user(struct kunit *test, unsigned int node, const char *name,
				    const struct clusterfs_lock_user *user)
{
	struct lt_lock *l = kzalloc(sizeof(*l), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, l);
	for (i = 0; i < LT_LOCKS && lt_locks[i]; i++)
		;
	KUNIT_ASSERT_LT(test, i, LT_LOCKS);
	lt_locks[i] = l;
	init_completion(&l->freed);
	l->node = &lt_nodes[lt_nodes[node].ls ? node : 0];
	KUNIT_ASSERT_EQ(test, clusterfs_lock_open(l->node->ls, &l->lock, name, user, l), 0);
	return l;
}

struct lt_lock *lt_open(struct kunit *test, unsigned int node, const char *name)
{
	return lt_open_user(test, node, name, &lt_cache);
}

struct lt_lock *lt_open_role(struct kunit *test, unsigned int node, const char *name)
{
	return lt_open_user(test, node, name, &lt_role);
}

struct lt_lock *lt_open_untold(struct kunit *test, unsigned int node, const char *name)
{
	return lt_open_user(test, node, name, &lt_untold);
}

void lt_close(struct kunit *test, struct lt_lock *l)
{
	unsigned int i;

	clusterfs_lock_close(&l->lock);
	for (i = 0; i < LT_LOCKS; i++)
		if (lt_locks[i] == l)
			lt_locks[i] = NULL;
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&l->freed, msecs_to_jiffies(LT_LONG)),
			0UL);
	kfree(l);
}

/* A case that has ended early leaves nothing behind. */
void lt_end(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < LT_LOCKS; i++)
		if (lt_locks[i] && !lt_locks[i]->lock.closed)
			clusterfs_lock_close(&lt_locks[i]->lock);
	for (i = 0; i < LT_NODES; i++)
		lt_leave(test, i);
	for (i = 0; i < LT_LOCKS; i++) {
		if (!lt_locks[i])
			continue;
		KUNIT_EXPECT_TRUE(test, completion_done(&lt_locks[i]->freed));
		kfree(lt_locks[i]);
		lt_locks[i] = NULL;
	}
}

void lt_begin(struct kunit *test, struct lt_lock *l, enum clusterfs_mode mode,
	      unsigned int flags)
{
	struct clusterfs_lock_status s;
	int ret;

	clusterfs_lock_status(&l->lock, &s);
	if (s.state == CLUSTERFS_LOCK_IDLE)
		ret = clusterfs_lock_request(&l->lock, mode, flags);
	else if (mode == CLUSTERFS_LOCK_NONE)
		ret = clusterfs_lock_release(&l->lock, flags);
	else
		ret = clusterfs_lock_convert(&l->lock, mode, flags);
	KUNIT_ASSERT_EQ(test, ret, 0);
}

void lt_take(struct kunit *test, struct lt_lock *l, enum clusterfs_mode mode)
{
	KUNIT_ASSERT_EQ(test, clusterfs_lock_sync(&l->lock, mode, 0, LT_LONG), 0);
}

/* At once or not at all. */
int lt_try(struct lt_lock *l, enum clusterfs_mode mode)
{
	return clusterfs_lock_sync(&l->lock, mode, CLUSTERFS_LOCK_NOQUEUE, LT_LONG);
}

void lt_lvb(struct lt_lock *l, u8 with)
{
	memset(l->lock.lvb, with, CLUSTERFS_LVB_SIZE);
}

/* Down, or level, with a value block. */
void lt_set(struct kunit *test, struct lt_lock *l, enum clusterfs_mode mode, u8 with)
{
	lt_lvb(l, with);
	KUNIT_ASSERT_EQ(test, clusterfs_lock_sync(&l->lock, mode, CLUSTERFS_LOCK_SET_LVB, LT_LONG),
			0);
}

bool lt_is(struct lt_lock *l, enum clusterfs_lock_state state, enum clusterfs_mode mode)
{
	struct clusterfs_lock_status s;

	clusterfs_lock_status(&l->lock, &s);
	return s.state == state && s.mode == mode;
}

bool lt_dones(const struct lt_lock *l, unsigned int dones)
{
	/* Pairs with lt_done(). */
	return smp_load_acquire(&l->dones) == dones;
}

bool lt_tolds(const struct lt_lock *l, unsigned int tolds)
{
	/* Pairs with lt_blocked(). */
	return smp_load_acquire(&l->tolds) == tolds;
}
