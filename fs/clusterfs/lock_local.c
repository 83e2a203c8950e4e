// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: the engine lock_local. Several nodes of this kernel share a lockspace by its
 * name; what they are granted, in which order, and what they are told is what DLM does.
 *
 * A change of the members, one at a time, by the worker of the lockspace:
 *
 *  1. From the change on nothing is granted; what is begun is set aside.
 *  2. recover_prep() at all live members, one after another.
 *  3. recover_slot() at each of them for each that is gone. If there was another change
 *     meanwhile, from 2.
 *  4. Locks of those that are gone or have left go. Where one was PW or EX the value block
 *     is invalid, until it is written. What can be granted is; then what was set aside, in
 *     order.
 *  5. recover_done() at all live members and new ones, with one generation.
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include <linux/jhash.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "lock_local.h"
#include "lock_local_grant.h"

static LIST_HEAD(local_spaces);
static DEFINE_MUTEX(local_mutex);

/* What a node that is gone, or leaves, does: it changes nothing. */
static void local_do_gone(struct local_lkb *l)
{
	/* What it believes is in its own lock: here it may hold nothing any more. */
	if (l->op != LOCAL_REQUEST && l->wanted <= l->lock->granted)
		clusterfs_local_answer(l, 0, NULL);
	else if (l->member->state == LOCAL_DEAD || l->member->leaving)
		clusterfs_local_answer(l, -ENODEV, NULL);
}

static bool local_is_gone(const struct local_member *m)
{
	return m->state == LOCAL_STALE || m->state == LOCAL_DEAD;
}

static bool local_is_out(const struct local_member *m)
{
	return local_is_gone(m) || m->leaving;
}

static void local_begin(struct clusterfs_lock *lock, enum local_op op, enum clusterfs_mode mode,
			unsigned int flags)
{
	struct local_lkb *l = lock->engine;
	struct local_space *space = l->space;

	spin_lock(&space->lock);
	l->op = op;
	l->wanted = mode;
	l->flags = flags;
	l->owed = true;
	if (local_is_out(l->member))
		local_do_gone(l);
	else if (space->recovering)
		list_add_tail(&l->aside, &space->aside);
	else
		clusterfs_local_do(l);
	spin_unlock(&space->lock);
}

static void local_request(struct clusterfs_lock *lock, enum clusterfs_mode mode,
			  unsigned int flags)
{
	local_begin(lock, LOCAL_REQUEST, mode, flags);
}

static void local_convert(struct clusterfs_lock *lock, enum clusterfs_mode mode,
			  unsigned int flags)
{
	local_begin(lock, LOCAL_CONVERT, mode, flags);
}

static void local_release(struct clusterfs_lock *lock, unsigned int flags)
{
	local_begin(lock, LOCAL_RELEASE, CLUSTERFS_LOCK_NONE, flags);
}

static void local_cancel(struct clusterfs_lock *lock)
{
	struct local_lkb *l = lock->engine;
	struct local_space *space = l->space;

	spin_lock(&space->lock);
	if (l->owed && !list_empty(&l->aside)) {
		list_del_init(&l->aside);
		clusterfs_local_answer(l, -ECANCELED, NULL);
	} else if (l->owed && local_is_out(l->member)) {
		clusterfs_local_answer(l, -ECANCELED, NULL);
	} else if (l->owed) {
		clusterfs_local_withdraw(l);
		if (!space->recovering)
			clusterfs_local_settle(l->res);
	}
	spin_unlock(&space->lock);
}

/* --- spaces and locks come and go --- */

static void local_space_free(struct kref *ref)
{
	struct local_space *space = container_of(ref, struct local_space, ref);

	list_del(&space->entry);
	mutex_unlock(&local_mutex);
	destroy_workqueue(space->wq);
	kfree(space);
}

static void local_space_put(struct local_space *space)
{
	kref_put_mutex(&space->ref, local_space_free, &local_mutex);
}

/* A lock that its node has not freed outlives the membership. */
static void local_member_put(struct local_member *m)
{
	if (refcount_dec_and_test(&m->ref))
		kfree(m);
}

static struct local_res *local_res_find(struct local_space *space, const char *name, u32 hash)
{
	struct local_res *res;

	hash_for_each_possible(space->res, res, node, hash)
		if (!strcmp(res->name, name))
			return res;
	return NULL;
}

static int local_open(struct clusterfs_lock *lock)
{
	struct local_member *m = lock->ls->engine;
	struct local_space *space = m->space;
	u32 hash = jhash(lock->name, strlen(lock->name), 0);
	struct local_res *res, *new;
	struct local_lkb *l;

	l = kzalloc(sizeof(*l), GFP_KERNEL);
	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!l || !new) {
		kfree(l);
		kfree(new);
		return -ENOMEM;
	}
	INIT_LIST_HEAD(&new->granted);
	INIT_LIST_HEAD(&new->converting);
	INIT_LIST_HEAD(&new->waiting);
	strscpy(new->name, lock->name, sizeof(new->name));
	INIT_LIST_HEAD(&l->aside);
	l->lock = lock;
	l->member = m;
	refcount_inc(&m->ref);
	l->space = space;
	l->granted = CLUSTERFS_LOCK_NONE;
	l->told = CLUSTERFS_LOCK_NONE;
	lock->engine = l;
	kref_get(&space->ref);
	spin_lock(&space->lock);
	res = local_res_find(space, lock->name, hash);
	if (!res) {
		res = new;
		new = NULL;
		hash_add(space->res, &res->node, hash);
	}
	res->refs++;
	l->res = res;
	spin_unlock(&space->lock);
	kfree(new);
	return 0;
}

/* Return: the resource, to be freed with the lock, if that was its last one. */
static struct local_res *local_res_put(struct local_res *res)
{
	if (--res->refs)
		return NULL;
	hash_del(&res->node);
	return res;
}

static void local_free(struct clusterfs_lock *lock)
{
	struct local_lkb *l = lock->engine;
	struct local_space *space = l->space;
	struct local_res *res = NULL;

	spin_lock(&space->lock);
	if (l->queued) {
		l->lock = NULL;		/* until the others have recovered */
		l = NULL;
	} else {
		res = local_res_put(l->res);
	}
	spin_unlock(&space->lock);
	kfree(res);
	if (!l)
		return;
	local_member_put(l->member);
	kfree(l);
	local_space_put(space);
}

/* --- members --- */

static void local_change(struct local_space *space)
{
	lockdep_assert_held(&space->lock);
	space->changed = true;
	space->recovering = true;
	queue_work(space->wq, &space->work);
}

/* No lock of a member remains in any queue. Those that their node has freed come to @freed. */
static void local_purge_queue(struct local_res *res, struct list_head *queue,
			      struct list_head *freed)
{
	struct local_lkb *l, *next;

	list_for_each_entry_safe(l, next, queue, entry) {
		if (!local_is_out(l->member))
			continue;
		if (l->granted >= CLUSTERFS_LOCK_PW)
			res->lvb_invalid = true;
		clusterfs_local_unqueue(l);
		if (!l->lock)
			list_add(&l->entry, freed);
	}
}

static void local_purge(struct local_space *space, struct list_head *freed)
{
	struct local_res *res;
	int i;

	lockdep_assert_held(&space->lock);
	hash_for_each(space->res, i, res, node) {
		local_purge_queue(res, &res->granted, freed);
		local_purge_queue(res, &res->converting, freed);
		local_purge_queue(res, &res->waiting, freed);
	}
}

static void local_free_purged(struct local_space *space, struct list_head *freed)
{
	struct local_lkb *l, *next;
	struct local_res *res;

	list_for_each_entry_safe(l, next, freed, entry) {
		spin_lock(&space->lock);
		res = local_res_put(l->res);
		spin_unlock(&space->lock);
		kfree(res);
		local_member_put(l->member);
		kfree(l);
		local_space_put(space);		/* never the last: the caller has one */
	}
}

static u32 local_free_slot(struct local_space *space)
{
	struct local_member *m;
	u32 slot = 1;

restart:
	list_for_each_entry(m, &space->members, entry)
		if (m->id.slot == slot) {
			slot++;
			goto restart;
		}
	return slot;
}

/* 4. of a change. Return: how many members are in @now. */
static unsigned int local_apply(struct local_space *space, struct local_member **now,
				struct list_head *freed)
{
	struct local_lkb *l, *next;
	struct local_member *m;
	struct local_res *res;
	unsigned int count = 0;
	LIST_HEAD(aside);
	int i;

	lockdep_assert_held(&space->lock);
	local_purge(space, freed);
	list_for_each_entry(m, &space->members, entry)
		if (local_is_out(m))
			m->id.slot = 0;
	list_for_each_entry(m, &space->members, entry) {
		if (m->state == LOCAL_JOINING && !m->leaving) {
			m->id.slot = local_free_slot(space);
			m->state = LOCAL_LIVE;
		}
		if (m->state == LOCAL_LIVE && !m->leaving)
			now[count++] = m;
	}
	space->generation++;
	space->recovering = false;
	hash_for_each(space->res, i, res, node)
		clusterfs_local_settle(res);
	list_splice_init(&space->aside, &aside);
	list_for_each_entry_safe(l, next, &aside, aside) {
		list_del_init(&l->aside);
		if (local_is_out(l->member))
			local_do_gone(l);
		else
			clusterfs_local_do(l);
	}
	return count;
}

/* 5. of a change, and whoever waited for it goes on. */
static void local_tell_done(struct local_space *space, struct local_member **now,
			    unsigned int count, u32 generation)
{
	struct clusterfs_member ids[CFS_NODES_MAX];
	struct local_member *m;
	unsigned int i;

	for (i = 0; i < count; i++)
		ids[i] = now[i]->id;
	for (i = 0; i < count; i++)
		if (!local_is_gone(now[i]))
			clusterfs_ls_done(now[i]->ls, ids, count, &now[i]->id, generation);
	spin_lock(&space->lock);
	for (i = 0; i < count; i++)
		if (now[i]->waits && !now[i]->leaving) {
			now[i]->waits = false;
			complete(&now[i]->over);
		}
	list_for_each_entry(m, &space->members, entry)
		if (m->leaving && !m->id.slot && m->waits) {
			m->state = LOCAL_LEFT;
			m->waits = false;
			complete(&m->over);
		}
	spin_unlock(&space->lock);
}

/* Those that @which says, as they are now: they stay, for only this worker lets them go. */
static unsigned int local_select(struct local_space *space, struct local_member **list,
				 unsigned int room, bool (*which)(struct local_member *m))
{
	struct local_member *m;
	unsigned int count = 0;

	spin_lock(&space->lock);
	list_for_each_entry(m, &space->members, entry)
		if (count < room && which(m))
			list[count++] = m;
	spin_unlock(&space->lock);
	return count;
}

static bool local_is_live(struct local_member *m)
{
	return m->state == LOCAL_LIVE;
}

static bool local_is_news(struct local_member *m)
{
	bool news = local_is_gone(m) && !m->told;

	m->told |= news;
	return news;
}

static bool local_is_learning(struct local_member *m)
{
	bool learns = m->learns;

	m->learns = false;
	return learns;
}

static bool local_again(struct local_space *space)
{
	bool changed = space->changed;

	lockdep_assert_held(&space->lock);
	space->changed = false;
	return changed;
}

/* 2. and 3. of a change. */
static void local_tell_begin(struct local_space *space)
{
	struct local_member *live[CFS_NODES_MAX], *gone;
	unsigned int count, i;

	count = local_select(space, live, CFS_NODES_MAX, local_is_live);
	for (i = 0; i < count; i++)
		if (local_is_live(live[i]))
			clusterfs_ls_prep(live[i]->ls);
	while (local_select(space, &gone, 1, local_is_news))
		for (i = 0; i < count; i++)
			if (local_is_live(live[i]))
				clusterfs_ls_gone(live[i]->ls, &gone->id);
}

static void local_work(struct work_struct *work)
{
	struct local_space *space = container_of(work, struct local_space, work);
	struct local_member *now[CFS_NODES_MAX], *m;
	unsigned int count;
	LIST_HEAD(freed);
	u32 generation;
	bool again;

	while (local_select(space, &m, 1, local_is_learning))
		clusterfs_ls_prep(m->ls);
	spin_lock(&space->lock);
	again = local_again(space);
	spin_unlock(&space->lock);
	if (!again)
		return;
	do {
		local_tell_begin(space);
		spin_lock(&space->lock);
		again = local_again(space);
		if (!again)
			count = local_apply(space, now, &freed);
		generation = space->generation;
		spin_unlock(&space->lock);
	} while (again);
	local_free_purged(space, &freed);
	local_tell_done(space, now, count, generation);
}

static struct local_space *local_space_find(const char *name)
{
	struct local_space *space;

	lockdep_assert_held(&local_mutex);
	list_for_each_entry(space, &local_spaces, entry)
		if (!strcmp(space->name, name))
			return space;
	return NULL;
}

/* Return: the space, with a reference; NULL: out of memory. */
static struct local_space *local_space_get(struct clusterfs_ls *ls)
{
	struct local_space *space = local_space_find(ls->name);

	if (space) {
		kref_get(&space->ref);
		return space;
	}
	space = kzalloc(sizeof(*space), GFP_KERNEL);
	if (!space)
		return NULL;
	space->wq = alloc_workqueue("clusterfs-local-%s", WQ_UNBOUND | WQ_MEM_RECLAIM, 1,
				    ls->name);
	if (!space->wq) {
		kfree(space);
		return NULL;
	}
	strscpy(space->name, ls->name, sizeof(space->name));
	strscpy(space->cluster, ls->cluster, sizeof(space->cluster));
	kref_init(&space->ref);
	INIT_WORK(&space->work, local_work);
	spin_lock_init(&space->lock);
	INIT_LIST_HEAD(&space->members);
	hash_init(space->res);
	INIT_LIST_HEAD(&space->aside);
	list_add_tail(&space->entry, &local_spaces);
	return space;
}

/* The member of that name that is none of the dead. */
static struct local_member *local_member_find(struct local_space *space, const char *node)
{
	struct local_member *m;

	lockdep_assert_held(&local_mutex);
	list_for_each_entry(m, &space->members, entry)
		if (m->state != LOCAL_DEAD && !strcmp(m->ls->node, node))
			return m;
	return NULL;
}

static bool local_number_used(struct local_space *space, u32 number)
{
	struct local_member *m;

	list_for_each_entry(m, &space->members, entry)
		if (m->id.node == number)
			return true;
	return false;
}

/* A name's number: the same again, unless all were given and its was needed. 0: none left. */
static u32 local_number(struct local_space *space, const char *node)
{
	u32 i, unused = 0;

	for (i = 0; i < CFS_NODES_MAX; i++)
		if (!strcmp(space->names[i], node))
			return i + 1;
	for (i = CFS_NODES_MAX; i; i--)
		if (!local_number_used(space, i) && (!unused || !space->names[i - 1][0]))
			unused = i;
	if (unused)
		strscpy(space->names[unused - 1], node, sizeof(space->names[0]));
	return unused;
}

/* Return: 0: @m is a member to be; else nothing is, and @why is a sentence. */
static int local_admit(struct clusterfs_ls *ls, struct local_space *space, struct local_member *m,
		       char *why)
{
	if (strcmp(space->cluster, ls->cluster)) {
		snprintf(why, CLUSTERFS_LOCK_WHY, "lockspace %.32s is of cluster %.32s, not %.32s",
			 ls->name, space->cluster, ls->cluster);
		return -EBADR;
	}
	if (local_member_find(space, ls->node)) {
		snprintf(why, CLUSTERFS_LOCK_WHY, "node %.40s is a member of lockspace %.40s already",
			 ls->node, ls->name);
		return -EEXIST;
	}
	m->id.node = local_number(space, ls->node);
	if (!m->id.node) {
		snprintf(why, CLUSTERFS_LOCK_WHY, "lockspace %.40s has %u members already",
			 ls->name, CFS_NODES_MAX);
		return -ENOSPC;
	}
	m->space = space;
	m->ls = ls;
	m->state = LOCAL_JOINING;
	m->waits = true;
	refcount_set(&m->ref, 1);
	init_completion(&m->over);
	ls->engine = m;
	spin_lock(&space->lock);
	list_add_tail(&m->entry, &space->members);
	local_change(space);
	spin_unlock(&space->lock);
	return 0;
}

static int local_join(struct clusterfs_ls *ls, char why[CLUSTERFS_LOCK_WHY])
{
	struct local_space *space;
	struct local_member *m;
	int ret;

	snprintf(why, CLUSTERFS_LOCK_WHY, "out of memory");
	m = kzalloc(sizeof(*m), GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	mutex_lock(&local_mutex);
	space = local_space_get(ls);
	ret = space ? local_admit(ls, space, m, why) : -ENOMEM;
	mutex_unlock(&local_mutex);
	if (!ret) {
		wait_for_completion(&m->over);
		return 0;
	}
	if (space)
		local_space_put(space);
	kfree(m);
	return ret;
}

static void local_leave(struct clusterfs_ls *ls)
{
	struct local_member *m = ls->engine;
	struct local_space *space = m->space;

	reinit_completion(&m->over);
	spin_lock(&space->lock);
	m->leaving = true;
	m->waits = true;
	local_change(space);
	spin_unlock(&space->lock);
	wait_for_completion(&m->over);
	mutex_lock(&local_mutex);
	spin_lock(&space->lock);
	list_del(&m->entry);
	spin_unlock(&space->lock);
	mutex_unlock(&local_mutex);
	local_space_put(space);
	local_member_put(m);
}

const struct clusterfs_lock_ops clusterfs_local_ops = {
	.owner		= THIS_MODULE,
	.name		= "local",
	.join		= local_join,
	.leave		= local_leave,
	.open		= local_open,
	.free		= local_free,
	.request	= local_request,
	.convert	= local_convert,
	.release	= local_release,
	.cancel		= local_cancel,
};

/* --- faults --- */

/* The engine's part of a node's end. */
static void local_end(struct local_member *m, enum local_state state)
{
	struct local_space *space = m->space;
	struct local_lkb *l, *next;

	spin_lock(&space->lock);
	m->state = state;
	list_for_each_entry_safe(l, next, &space->aside, aside)
		if (l->member == m) {
			list_del_init(&l->aside);
			local_do_gone(l);
		}
	local_change(space);
	spin_unlock(&space->lock);
}

static struct local_member *local_victim(const char *name, const char *node,
					 enum local_state state)
{
	struct local_space *space = local_space_find(name);
	struct local_member *m = space ? local_member_find(space, node) : NULL;

	return m && m->state == state && !m->leaving ? m : NULL;
}

int clusterfs_local_kill(const char *space, const char *node)
{
	struct local_member *m;

	mutex_lock(&local_mutex);
	m = local_victim(space, node, LOCAL_LIVE);
	if (m) {
		clusterfs_ls_kill(m->ls);
		local_end(m, LOCAL_DEAD);
	}
	mutex_unlock(&local_mutex);
	return m ? 0 : -ENOENT;
}

int clusterfs_local_stale(const char *space, const char *node)
{
	struct local_member *m;

	mutex_lock(&local_mutex);
	m = local_victim(space, node, LOCAL_LIVE);
	if (m)
		local_end(m, LOCAL_STALE);
	mutex_unlock(&local_mutex);
	return m ? 0 : -ENOENT;
}

int clusterfs_local_learn(const char *space, const char *node)
{
	struct local_member *m;

	mutex_lock(&local_mutex);
	m = local_victim(space, node, LOCAL_STALE);
	if (m) {
		spin_lock(&m->space->lock);
		m->learns = true;
		queue_work(m->space->wq, &m->space->work);
		spin_unlock(&m->space->lock);
	}
	mutex_unlock(&local_mutex);
	return m ? 0 : -ENOENT;
}
