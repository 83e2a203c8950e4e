// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: a node's membership of a lockspace, the same for all engines.
 *
 *  1. A thread of the lockspace's own joins, so that an engine that waits for ever holds up
 *     nobody: clusterfs_ls_join() is killable and bounded. If it gives up, nobody is told
 *     of members from then on, and the thread leaves again as soon as it has joined.
 *  2. recover_prep(): grants are kept back. recover_slot(): who is gone. recover_done(): what
 *     was kept back is told.
 *  3. clusterfs_ls_leave(): all locks are closed; the same thread waits for them to come
 *     back, for so long; leaves, which drops those that did not; and ends.
 *
 * A node to which 2. does not come again after recover_prep() is not told why: whoever uses
 * the lockspace has a limit for that, and leaves.
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "lock_engine.h"

/**
 * clusterfs_ls_state_name() - for status
 * @state: of a lockspace
 */
const char *clusterfs_ls_state_name(enum clusterfs_ls_state state)
{
	static const char * const names[] = {
		[CLUSTERFS_LS_JOINING]		= "joining",
		[CLUSTERFS_LS_RUNNING]		= "running",
		[CLUSTERFS_LS_RECOVERING]	= "recovering",
		[CLUSTERFS_LS_LEAVING]		= "leaving",
		[CLUSTERFS_LS_DEAD]		= "dead",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "?";
}
EXPORT_SYMBOL_GPL(clusterfs_ls_state_name);

/* Return: false if it has left that path for good. */
static bool ls_set_state(struct clusterfs_ls *ls, enum clusterfs_ls_state state)
{
	lockdep_assert_held(&ls->lock);
	if (ls->state >= CLUSTERFS_LS_LEAVING && state < CLUSTERFS_LS_LEAVING)
		return false;
	WRITE_ONCE(ls->state, state);
	ls->since = ktime_get();
	return true;
}

static void ls_resume_locks(struct clusterfs_ls *ls)
{
	struct clusterfs_lock *lock;

	lockdep_assert_held(&ls->lock);
	list_for_each_entry(lock, &ls->locks, entry)
		clusterfs_lock_resume(lock);
}

/* No callback of @user is running when it returns, or begins later. */
static void ls_stop_telling(struct clusterfs_ls *ls)
{
	mutex_lock(&ls->telling);
	ls->user = NULL;
	mutex_unlock(&ls->telling);
}

/**
 * clusterfs_ls_prep() - members change, says the engine
 * @ls: lockspace
 */
void clusterfs_ls_prep(struct clusterfs_ls *ls)
{
	mutex_lock(&ls->telling);
	spin_lock(&ls->lock);
	ls_set_state(ls, CLUSTERFS_LS_RECOVERING);
	spin_unlock(&ls->lock);
	if (ls->user && ls->user->recover_prep)
		ls->user->recover_prep(ls->private);
	mutex_unlock(&ls->telling);
}
EXPORT_SYMBOL_GPL(clusterfs_ls_prep);

/**
 * clusterfs_ls_gone() - a member is, without having left
 * @ls: lockspace
 * @gone: member
 */
void clusterfs_ls_gone(struct clusterfs_ls *ls, const struct clusterfs_member *gone)
{
	mutex_lock(&ls->telling);
	if (ls->user && ls->user->recover_slot)
		ls->user->recover_slot(ls->private, gone);
	mutex_unlock(&ls->telling);
}
EXPORT_SYMBOL_GPL(clusterfs_ls_gone);

/**
 * clusterfs_ls_done() - the members from now on
 * @ls: lockspace
 * @members: all
 * @count: of them
 * @self: this node
 * @generation: of the lockspace
 *
 * What was granted since clusterfs_ls_prep() is told after the user's recover_done().
 */
void clusterfs_ls_done(struct clusterfs_ls *ls, const struct clusterfs_member *members,
		       unsigned int count, const struct clusterfs_member *self, u32 generation)
{
	mutex_lock(&ls->telling);
	spin_lock(&ls->lock);
	ls->self = *self;
	ls->members = count;
	ls->generation = generation;
	spin_unlock(&ls->lock);
	if (ls->user && ls->user->recover_done)
		ls->user->recover_done(ls->private, members, count, self, generation);
	spin_lock(&ls->lock);
	if (ls_set_state(ls, CLUSTERFS_LS_RUNNING))
		ls_resume_locks(ls);
	spin_unlock(&ls->lock);
	mutex_unlock(&ls->telling);
}
EXPORT_SYMBOL_GPL(clusterfs_ls_done);

/**
 * clusterfs_ls_kill() - this node is dead, to try what others do then
 * @ls: lockspace
 *
 * Who waits gets -ENODEV, and nobody is told anything any more.
 */
void clusterfs_ls_kill(struct clusterfs_ls *ls)
{
	struct clusterfs_lock *lock;

	ls_stop_telling(ls);
	spin_lock(&ls->lock);
	ls_set_state(ls, CLUSTERFS_LS_DEAD);
	list_for_each_entry(lock, &ls->locks, entry)
		clusterfs_lock_dead(lock);
	spin_unlock(&ls->lock);
}

static void ls_free(struct kref *ref)
{
	struct clusterfs_ls *ls = container_of(ref, struct clusterfs_ls, ref);

	module_put(ls->ops->owner);
	kfree(ls);
}

static bool ls_leave_asked(struct clusterfs_ls *ls)
{
	bool ret;

	spin_lock(&ls->lock);
	ret = ls->leave_asked;
	spin_unlock(&ls->lock);
	return ret;
}

/* All locks have come back, or do so no more. */
static void ls_end_locks(struct clusterfs_ls *ls)
{
	struct clusterfs_lock *lock, *next;

	if (!wait_event_timeout(ls->wait, !READ_ONCE(ls->locks_left),
				msecs_to_jiffies(ls->leave_ms)))
		pr_warn("%s: %u locks were not answered in %u ms: left without\n", ls->name,
			READ_ONCE(ls->locks_left), ls->leave_ms);
	spin_lock(&ls->lock);
	WRITE_ONCE(ls->engine_gone, true);
	spin_unlock(&ls->lock);
	/* Whoever still saw the engine is done with it. */
	flush_workqueue(ls->wq);
	ls->ops->leave(ls);
	spin_lock(&ls->lock);
	list_for_each_entry_safe(lock, next, &ls->locks, entry)
		clusterfs_lock_drop(lock);
	spin_unlock(&ls->lock);
	destroy_workqueue(ls->wq);
}

static int ls_thread(void *data)
{
	struct clusterfs_ls *ls = data;
	char why[CLUSTERFS_LOCK_WHY] = "";
	int ret;

	ret = ls->ops->join(ls, why);
	spin_lock(&ls->lock);
	ls->result = ret;
	strscpy(ls->why, why, sizeof(ls->why));
	ls->join_over = true;
	if (ls->given_up) {
		ls->leave_asked = true;
		pr_info("%s: joining has ended late (%d)\n", ls->name, ret);
	}
	wake_up_all(&ls->wait);
	spin_unlock(&ls->lock);
	if (ret) {
		destroy_workqueue(ls->wq);
	} else {
		wait_event_idle(ls->wait, ls_leave_asked(ls));
		spin_lock(&ls->lock);
		ls_resume_locks(ls);
		spin_unlock(&ls->lock);
		ls_end_locks(ls);
	}
	complete_all(&ls->left);
	kref_put(&ls->ref, ls_free);
	module_put_and_kthread_exit(0);
}

static bool ls_join_over(struct clusterfs_ls *ls)
{
	bool ret;

	spin_lock(&ls->lock);
	ret = ls->join_over;
	spin_unlock(&ls->lock);
	return ret;
}

static const char *ls_config_wrong(const struct clusterfs_ls_config *config)
{
	const char * const name[] = { config->cluster, config->name, config->node };
	const char * const what[] = { "cluster", "lockspace", "node" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(name); i++)
		if (!name[i] || !*name[i] ||
		    strnlen(name[i], CLUSTERFS_LS_MAX + 1) > CLUSTERFS_LS_MAX)
			return what[i];
	return NULL;
}

static struct clusterfs_ls *ls_alloc(const struct clusterfs_ls_config *config)
{
	struct clusterfs_ls *ls = kzalloc(sizeof(*ls), GFP_KERNEL);

	if (!ls)
		return NULL;
	ls->wq = alloc_workqueue("clusterfs-%s", WQ_UNBOUND | WQ_MEM_RECLAIM, 0, config->name);
	if (!ls->wq) {
		kfree(ls);
		return NULL;
	}
	ls->ops = config->ops;
	strscpy(ls->cluster, config->cluster, sizeof(ls->cluster));
	strscpy(ls->name, config->name, sizeof(ls->name));
	strscpy(ls->node, config->node, sizeof(ls->node));
	mutex_init(&ls->telling);
	ls->user = config->user;
	ls->private = config->private;
	spin_lock_init(&ls->lock);
	ls->since = ktime_get();
	INIT_LIST_HEAD(&ls->locks);
	init_waitqueue_head(&ls->wait);
	init_completion(&ls->left);
	kref_init(&ls->ref);
	return ls;
}

/**
 * clusterfs_ls_join() - become a member of a lockspace
 * @config: which; its strings are copied
 * @result: the lockspace
 * @why: filled with a sentence on failure
 *
 * The members are told, recover_done() here too, before it returns. It is killable.
 *
 * Return: 0; -EINVAL: a name is empty or too long; -EINTR: killed; -ETIMEDOUT: in config->ms;
 * -ENOMEM; -EEXIST: this node is a member already; -EBADR: another cluster's; the engine's.
 */
int clusterfs_ls_join(const struct clusterfs_ls_config *config, struct clusterfs_ls **result,
		      char why[CLUSTERFS_LOCK_WHY])
{
	const char *wrong = ls_config_wrong(config);
	struct task_struct *thread;
	struct clusterfs_ls *ls;
	long left;
	int ret;

	if (wrong) {
		snprintf(why, CLUSTERFS_LOCK_WHY, "the name of the %s is empty or longer than %u",
			 wrong, CLUSTERFS_LS_MAX);
		return -EINVAL;
	}
	snprintf(why, CLUSTERFS_LOCK_WHY, "out of memory");
	ls = ls_alloc(config);
	if (!ls)
		return -ENOMEM;
	__module_get(THIS_MODULE);
	__module_get(ls->ops->owner);
	kref_get(&ls->ref);
	thread = kthread_run(ls_thread, ls, "clusterfs-%s", config->name);
	if (IS_ERR(thread)) {
		module_put(THIS_MODULE);
		module_put(ls->ops->owner);
		destroy_workqueue(ls->wq);
		kfree(ls);
		return PTR_ERR(thread);
	}
	left = wait_event_killable_timeout(ls->wait, ls_join_over(ls),
					   msecs_to_jiffies(config->ms));
	spin_lock(&ls->lock);
	ls->given_up = !ls->join_over;
	ret = ls->result;
	strscpy(why, ls->why, CLUSTERFS_LOCK_WHY);
	spin_unlock(&ls->lock);
	if (ls->given_up) {
		ret = left ? -EINTR : -ETIMEDOUT;
		snprintf(why, CLUSTERFS_LOCK_WHY,
			 left ? "killed while lockspace %s was joined" :
			 "lockspace %s was not joined in time", ls->name);
		pr_warn("%s: joining was given up (%d): left again when it is joined\n", ls->name,
			ret);
		ls_stop_telling(ls);
	}
	if (ret)
		kref_put(&ls->ref, ls_free);
	else
		*result = ls;
	return ret;
}
EXPORT_SYMBOL_GPL(clusterfs_ls_join);

/**
 * clusterfs_ls_leave() - end a membership
 * @ls: lockspace, all its locks closed; not to be used any more, unless -EBUSY
 * @ms: how long locks may take to come back, and then, how long it may take to leave
 *
 * The user's callbacks are over when it returns.
 *
 * Return: 0; -EBUSY: a lock is not closed, nothing was done; -ETIMEDOUT: the engine does not
 * end, which goes on in the background.
 */
int clusterfs_ls_leave(struct clusterfs_ls *ls, unsigned int ms)
{
	int ret = 0;

	spin_lock(&ls->lock);
	if (ls->open) {
		spin_unlock(&ls->lock);
		return -EBUSY;
	}
	if (ls->state != CLUSTERFS_LS_DEAD)
		ls_set_state(ls, CLUSTERFS_LS_LEAVING);
	ls->leave_ms = ms;
	ls->leave_asked = true;
	wake_up_all(&ls->wait);
	spin_unlock(&ls->lock);
	ls_stop_telling(ls);
	if (!wait_for_completion_timeout(&ls->left, 2 * msecs_to_jiffies(ms))) {
		pr_warn("%s: not left in %u ms: goes on in the background\n", ls->name, 2 * ms);
		ret = -ETIMEDOUT;
	}
	kref_put(&ls->ref, ls_free);
	return ret;
}
EXPORT_SYMBOL_GPL(clusterfs_ls_leave);

/**
 * clusterfs_ls_running() - has the lockspace recovered
 * @ls: lockspace
 *
 * Context: any. It says nothing of quorum: DLM runs without (V12, P19).
 */
bool clusterfs_ls_running(const struct clusterfs_ls *ls)
{
	return READ_ONCE(ls->state) == CLUSTERFS_LS_RUNNING;
}

/**
 * clusterfs_ls_status() - what a lockspace is, and since when
 * @ls: lockspace
 * @status: to be filled
 *
 * Context: not in interrupts; waits for nobody.
 */
void clusterfs_ls_status(struct clusterfs_ls *ls, struct clusterfs_ls_status *status)
{
	spin_lock(&ls->lock);
	status->state = ls->state;
	status->ms = ktime_ms_delta(ktime_get(), ls->since);
	status->generation = ls->generation;
	status->self = ls->self;
	status->members = ls->members;
	spin_unlock(&ls->lock);
}
EXPORT_SYMBOL_GPL(clusterfs_ls_status);
