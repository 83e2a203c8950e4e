// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: the engine lock_dlm. Nodes in several kernels, by the kernel's DLM, whose
 * members are as its daemon (dlm_controld) says.
 *
 * dlm_lock() and dlm_unlock() sleep while DLM's lockspace is stopped, and an engine's calls
 * may not. So each lock has a work item, which does what the lock is asked for:
 *
 *  1. Begin notes the operation and queues the work; while members change, only on @aside.
 *  2. The work hands it to DLM: from then on DLM owes an answer, by its callback dlm_ast().
 *  3. A cancel of what DLM was not given yet is answered at once; else the work passes it
 *     on, and the answer is that of the operation.
 *  4. The answer ends the operation. What comes without one, or says that what nobody
 *     cancelled is cancelled, is of an earlier cancel that came too late: nobody waits.
 *
 * So nothing sleeps in DLM over a change of members but what was handed over in the moment
 * in which it began. dlm_leave() waits for that, too: DLM frees a lockspace's queues while
 * it wakes up who sleeps in it.
 *
 * The value block that DLM uses is always what this lock has read or written last: DLM
 * takes it from there when it recovers.
 */
#define pr_fmt(fmt) "clusterfs_dlm: " fmt

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/dlm.h>
#include <linux/kernel.h>
#include <linux/kref.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "clusterfs.h"
#include "lock_engine.h"

/* How often it is tried again what has to wait for a cancel: DLM tells nobody of its end. */
#define DLM_AGAIN_MS	10

static_assert(CLUSTERFS_LS_MAX <= DLM_LOCKSPACE_LEN);
static_assert(CLUSTERFS_RES_MAX <= DLM_RESNAME_MAXLEN);
static_assert(CLUSTERFS_LVB_SIZE % 8 == 0);
static_assert((int)CLUSTERFS_LOCK_NL == DLM_LOCK_NL);
static_assert((int)CLUSTERFS_LOCK_CR == DLM_LOCK_CR);
static_assert((int)CLUSTERFS_LOCK_PR == DLM_LOCK_PR);
static_assert((int)CLUSTERFS_LOCK_PW == DLM_LOCK_PW);
static_assert((int)CLUSTERFS_LOCK_EX == DLM_LOCK_EX);

/* A membership. It is there as long as one of its locks. */
struct dlm_space {
	struct clusterfs_ls		*ls;
	dlm_lockspace_t			*handle;
	struct workqueue_struct		*wq;
	struct completion		recovered;	/* for the first time */
	struct kref			ref;
	spinlock_t			lock;		/* all below, and that of its locks */
	struct list_head		aside;		/* locks, until it has recovered */
	bool				running;	/* DLM is to be called */
	bool				leaving;	/* ...never again */
};

enum dlm_op {
	DLM_OP_REQUEST,
	DLM_OP_CONVERT,
	DLM_OP_RELEASE,
};

struct dlm_own {
	struct clusterfs_lock	*lock;
	struct dlm_space	*space;
	struct dlm_lksb		lksb;
	char			lvb[CLUSTERFS_LVB_SIZE];
	struct kref		ref;		/* the lock's, and that of the queued work */
	struct work_struct	work;

	/* By the space's lock. */
	struct list_head	aside;
	enum dlm_op		op;
	enum clusterfs_mode	granted, wanted;
	unsigned int		flags;
	bool			owed;		/* an answer */
	bool			given;		/* ...by DLM */
	bool			cancel;		/* to be passed on */
	bool			cancelled;	/* it was */
	unsigned int		again;		/* so often DLM was not ready for it */
	bool			lvb_invalid;	/* as DLM said when it was read */
};

static void dlm_space_free(struct kref *ref)
{
	kfree(container_of(ref, struct dlm_space, ref));
}

static void dlm_own_free(struct kref *ref)
{
	struct dlm_own *own = container_of(ref, struct dlm_own, ref);

	kref_put(&own->space->ref, dlm_space_free);
	kfree(own);
}

/* --- operations --- */

static bool dlm_writes(const struct dlm_own *own)
{
	return own->flags & CLUSTERFS_LOCK_SET_LVB && own->granted >= CLUSTERFS_LOCK_PW &&
	       own->wanted <= own->granted;
}

static bool dlm_reads(const struct dlm_own *own)
{
	return own->wanted > own->granted ||
	       (own->wanted == own->granted && own->granted < CLUSTERFS_LOCK_PW);
}

/* The work is to look. */
static void dlm_kick(struct dlm_own *own)
{
	struct dlm_space *space = own->space;

	lockdep_assert_held(&space->lock);
	if (space->leaving)
		return;
	if (!space->running) {
		if (list_empty(&own->aside))
			list_add_tail(&own->aside, &space->aside);
		return;
	}
	kref_get(&own->ref);
	if (!queue_work(space->wq, &own->work))
		kref_put(&own->ref, dlm_own_free);	/* never the last: the lock has one */
}

static void dlm_answer(struct dlm_own *own, int status)
{
	bool reads = !status && own->op != DLM_OP_RELEASE && dlm_reads(own);

	lockdep_assert_held(&own->space->lock);
	own->owed = false;
	own->cancel = false;
	list_del_init(&own->aside);
	if (reads)
		own->lvb_invalid = own->lksb.sb_flags & DLM_SBF_VALNOTVALID;
	else if (!status && dlm_writes(own))
		own->lvb_invalid = false;
	if (!status)
		own->granted = own->wanted;
	clusterfs_lock_answer(own->lock, status, reads ? (const u8 *)own->lvb : NULL,
			      own->lvb_invalid);
}

/* DLM's answer, in a worker of its own. */
static void dlm_ast(void *arg)
{
	struct dlm_own *own = arg;
	struct dlm_space *space = own->space;
	int status = own->lksb.sb_status;

	if (status == -DLM_EUNLOCK)
		status = 0;
	else if (status == -DLM_ECANCEL)
		status = -ECANCELED;
	spin_lock(&space->lock);
	if (own->owed && own->given && (status != -ECANCELED || own->cancelled))
		dlm_answer(own, status);
	spin_unlock(&space->lock);
}

static void dlm_bast(void *arg, int mode)
{
	struct dlm_own *own = arg;

	clusterfs_lock_blocks(own->lock, mode);
}

static int dlm_do_lock(struct dlm_own *own, enum clusterfs_mode mode, unsigned int flags,
		       u32 dlm_flags)
{
	struct clusterfs_lock *lock = own->lock;

	if (dlm_reads(own) || dlm_writes(own))
		dlm_flags |= DLM_LKF_VALBLK;
	/* NL is granted at once, whoever waits. */
	if (mode == CLUSTERFS_LOCK_NL && !(dlm_flags & DLM_LKF_CONVERT))
		dlm_flags |= DLM_LKF_EXPEDITE;
	else if (flags & CLUSTERFS_LOCK_NOQUEUE)
		dlm_flags |= DLM_LKF_NOQUEUE;
	return dlm_lock(own->space->handle, mode, &own->lksb, dlm_flags, lock->name,
			strlen(lock->name), 0, dlm_ast, own, dlm_bast);
}

/* DLM adds these flags to those of the last dlm_lock(): that the block is kept is said, too. */
static int dlm_do_unlock(struct dlm_own *own)
{
	u32 flags = 0;

	if (own->granted >= CLUSTERFS_LOCK_PW)
		flags = own->lvb_invalid && !dlm_writes(own) ? DLM_LKF_IVVALBLK : DLM_LKF_VALBLK;
	return dlm_unlock(own->space->handle, own->lksb.sb_lkid, flags, &own->lksb, own);
}

/* Hands the operation over. What it reads of it does not change until the answer. */
static int dlm_do(struct dlm_own *own)
{
	switch (own->op) {
	case DLM_OP_REQUEST:
		/* DLM leaves it as it is where nobody has written one. */
		memset(own->lvb, 0, sizeof(own->lvb));
		return dlm_do_lock(own, own->wanted, own->flags, 0);
	case DLM_OP_CONVERT:
		return dlm_do_lock(own, own->wanted, own->flags, DLM_LKF_CONVERT |
				   (own->wanted > own->granted ? DLM_LKF_QUECVT : 0));
	default:
		return dlm_do_unlock(own);
	}
}

static void dlm_give(struct dlm_own *own) __must_hold(&own->space->lock)
{
	struct dlm_space *space = own->space;
	int ret;

	own->given = true;
	spin_unlock(&space->lock);
	ret = dlm_do(own);
	/* A cancel that came too late for the operation before this one is still on its way. */
	if (ret == -EBUSY)
		msleep(DLM_AGAIN_MS);
	spin_lock(&space->lock);
	if (ret == -EBUSY) {
		own->given = false;
		if (++own->again == CLUSTERFS_LOCK_MS / DLM_AGAIN_MS)
			pr_warn_ratelimited("%s: lock %s: DLM does not end a cancel\n",
					    own->lock->ls->name, own->lock->name);
	} else if (ret) {
		dlm_answer(own, ret);
	}
}

static void dlm_give_cancel(struct dlm_own *own) __must_hold(&own->space->lock)
{
	struct dlm_space *space = own->space;
	u32 lkid = own->lksb.sb_lkid;
	int ret;

	own->cancel = false;
	own->cancelled = true;
	spin_unlock(&space->lock);
	ret = dlm_unlock(space->handle, lkid, DLM_LKF_CANCEL, &own->lksb, own);
	/* The answer was faster, and DLM has forgotten a request that it refused. */
	if (ret && ret != -ENOENT)
		pr_warn_ratelimited("%s: lock %s: DLM does not cancel (error %d)\n",
				    own->lock->ls->name, own->lock->name, ret);
	spin_lock(&space->lock);
}

static void dlm_work(struct work_struct *work)
{
	struct dlm_own *own = container_of(work, struct dlm_own, work);
	struct dlm_space *space = own->space;

	spin_lock(&space->lock);
	while (own->owed && space->running) {
		if (!own->given)
			dlm_give(own);
		else if (own->cancel)
			dlm_give_cancel(own);
		else
			break;
	}
	/* It stopped meanwhile. */
	if (own->owed && !space->running && (!own->given || own->cancel))
		dlm_kick(own);
	spin_unlock(&space->lock);
	kref_put(&own->ref, dlm_own_free);
}

static void dlm_begin(struct clusterfs_lock *lock, enum dlm_op op, enum clusterfs_mode mode,
		      unsigned int flags)
{
	struct dlm_own *own = lock->engine;

	spin_lock(&own->space->lock);
	own->op = op;
	own->wanted = mode;
	own->flags = flags;
	own->owed = true;
	own->given = false;
	own->cancel = false;
	own->cancelled = false;
	own->again = 0;
	if (dlm_writes(own))
		memcpy(own->lvb, lock->lvb, sizeof(own->lvb));
	dlm_kick(own);
	spin_unlock(&own->space->lock);
}

static void dlm_request(struct clusterfs_lock *lock, enum clusterfs_mode mode,
			unsigned int flags)
{
	dlm_begin(lock, DLM_OP_REQUEST, mode, flags);
}

static void dlm_convert(struct clusterfs_lock *lock, enum clusterfs_mode mode,
			unsigned int flags)
{
	dlm_begin(lock, DLM_OP_CONVERT, mode, flags);
}

static void dlm_release(struct clusterfs_lock *lock, unsigned int flags)
{
	dlm_begin(lock, DLM_OP_RELEASE, CLUSTERFS_LOCK_NONE, flags);
}

static void dlm_cancel(struct clusterfs_lock *lock)
{
	struct dlm_own *own = lock->engine;

	spin_lock(&own->space->lock);
	if (own->owed && !own->given) {
		dlm_answer(own, -ECANCELED);
	} else if (own->owed) {
		own->cancel = true;
		dlm_kick(own);
	}
	spin_unlock(&own->space->lock);
}

static int dlm_open(struct clusterfs_lock *lock)
{
	struct dlm_space *space = lock->ls->engine;
	struct dlm_own *own = kzalloc(sizeof(*own), GFP_KERNEL);

	if (!own)
		return -ENOMEM;
	kref_get(&space->ref);
	own->space = space;
	own->lock = lock;
	own->lksb.sb_lvbptr = own->lvb;
	own->granted = CLUSTERFS_LOCK_NONE;
	kref_init(&own->ref);
	INIT_WORK(&own->work, dlm_work);
	INIT_LIST_HEAD(&own->aside);
	lock->engine = own;
	return 0;
}

static void dlm_free(struct clusterfs_lock *lock)
{
	struct dlm_own *own = lock->engine;

	spin_lock(&own->space->lock);
	own->owed = false;
	list_del_init(&own->aside);
	spin_unlock(&own->space->lock);
	kref_put(&own->ref, dlm_own_free);
}

/* --- members --- */

static void dlm_recover_prep(void *arg)
{
	struct dlm_space *space = arg;

	spin_lock(&space->lock);
	space->running = false;
	spin_unlock(&space->lock);
	clusterfs_ls_prep(space->ls);
}

static void dlm_recover_slot(void *arg, struct dlm_slot *slot)
{
	const struct clusterfs_member gone = { .node = slot->nodeid, .slot = slot->slot };
	struct dlm_space *space = arg;

	clusterfs_ls_gone(space->ls, &gone);
}

/* After its own, in a thread of DLM's: recover_prep() does not come before it has ended. */
static void dlm_recover_done(void *arg, struct dlm_slot *slots, int count, int our_slot,
			     u32 generation)
{
	struct clusterfs_member members[CFS_NODES_MAX], self = {};
	struct dlm_space *space = arg;
	struct dlm_own *own, *next;
	unsigned int n = 0;
	int i;

	if (count > CFS_NODES_MAX)
		pr_warn("%s: %d members, of which %u count\n", space->ls->name, count,
			CFS_NODES_MAX);
	for (i = 0; i < count; i++) {
		const struct clusterfs_member m = {
			.node = slots[i].nodeid, .slot = slots[i].slot,
		};

		if (slots[i].slot == our_slot)
			self = m;
		if (n < CFS_NODES_MAX)
			members[n++] = m;
	}
	clusterfs_ls_done(space->ls, members, n, &self, generation);
	spin_lock(&space->lock);
	space->running = !space->leaving;
	list_for_each_entry_safe(own, next, &space->aside, aside) {
		list_del_init(&own->aside);
		dlm_kick(own);
	}
	spin_unlock(&space->lock);
	complete_all(&space->recovered);
}

static const struct dlm_lockspace_ops dlm_member_ops = {
	.recover_prep	= dlm_recover_prep,
	.recover_slot	= dlm_recover_slot,
	.recover_done	= dlm_recover_done,
};

/* Why dlm_new_lockspace() has failed. */
static void dlm_say(const struct clusterfs_ls *ls, int ret, char why[CLUSTERFS_LOCK_WHY])
{
	switch (ret) {
	case -EUNATCH:
	case -ENOTCONN:
		snprintf(why, CLUSTERFS_LOCK_WHY,
			 "DLM has no daemon here: start corosync and dlm_controld");
		break;
	case -EBADR:
		snprintf(why, CLUSTERFS_LOCK_WHY,
			 "DLM's cluster is another one than %.64s: see cluster_name in corosync.conf",
			 ls->cluster);
		break;
	case -EEXIST:
		snprintf(why, CLUSTERFS_LOCK_WHY,
			 "this kernel is in lockspace %.64s already: with lock=dlm it is one node",
			 ls->name);
		break;
	default:
		snprintf(why, CLUSTERFS_LOCK_WHY, "DLM did not join lockspace %.64s (error %d)",
			 ls->name, ret);
	}
}

/* Joined, but this node is told nothing, or was not told who the members are. */
static int dlm_check(struct dlm_space *space, int told, char why[CLUSTERFS_LOCK_WHY])
{
	if (told) {
		snprintf(why, CLUSTERFS_LOCK_WHY,
			 "DLM does not tell of members: its recover_callbacks was off when it was joined");
		return -EOPNOTSUPP;
	}
	if (!wait_for_completion_timeout(&space->recovered,
					 msecs_to_jiffies(CLUSTERFS_JOIN_MS))) {
		snprintf(why, CLUSTERFS_LOCK_WHY, "DLM did not say who is in lockspace %.64s",
			 space->ls->name);
		return -EIO;
	}
	return 0;
}

/* Nothing of this space sleeps in DLM, or calls it, when it returns; DLM may call still. */
static void dlm_quiesce(struct dlm_space *space)
{
	spin_lock(&space->lock);
	space->leaving = true;
	space->running = false;
	spin_unlock(&space->lock);
	destroy_workqueue(space->wq);
}

/* Waits for DLM's daemon. Other nodes go on without the locks that are left. */
static void dlm_leave(struct clusterfs_ls *ls)
{
	struct dlm_space *space = ls->engine;
	int ret;

	dlm_quiesce(space);
	/* A tool may have joined it as well: DLM counts that, and would go on telling us. */
	do {
		ret = dlm_release_lockspace(space->handle, DLM_RELEASE_NORMAL);
	} while (ret > 0);
	if (ret)
		pr_warn("%s: DLM did not leave it (error %d)\n", ls->name, ret);
	kref_put(&space->ref, dlm_space_free);
}

static int dlm_join(struct clusterfs_ls *ls, char why[CLUSTERFS_LOCK_WHY])
{
	struct dlm_space *space;
	int ret, told = 0;

	snprintf(why, CLUSTERFS_LOCK_WHY, "out of memory");
	space = kzalloc(sizeof(*space), GFP_KERNEL);
	if (!space)
		return -ENOMEM;
	/* In order: DLM is asked first for what was begun first (P4). */
	space->wq = alloc_ordered_workqueue("clusterfs-dlm-%s", WQ_MEM_RECLAIM, ls->name);
	if (!space->wq) {
		kfree(space);
		return -ENOMEM;
	}
	space->ls = ls;
	init_completion(&space->recovered);
	kref_init(&space->ref);
	spin_lock_init(&space->lock);
	INIT_LIST_HEAD(&space->aside);
	ls->engine = space;
	ret = dlm_new_lockspace(ls->name, ls->cluster, DLM_LSFL_NEWEXCL, CLUSTERFS_LVB_SIZE,
				&dlm_member_ops, space, &told, &space->handle);
	if (ret) {
		dlm_say(ls, ret, why);
		dlm_quiesce(space);
		kref_put(&space->ref, dlm_space_free);
		return ret;
	}
	ret = dlm_check(space, told, why);
	if (ret)
		dlm_leave(ls);
	return ret;
}

static const struct clusterfs_lock_ops dlm_ops = {
	.owner		= THIS_MODULE,
	.name		= "dlm",
	.join		= dlm_join,
	.leave		= dlm_leave,
	.open		= dlm_open,
	.free		= dlm_free,
	.request	= dlm_request,
	.convert	= dlm_convert,
	.release	= dlm_release,
	.cancel		= dlm_cancel,
};

static int __init dlm_engine_init(void)
{
	return clusterfs_engine_register(&dlm_ops);
}

static void __exit dlm_engine_exit(void)
{
	clusterfs_engine_unregister(&dlm_ops);
}

module_init(dlm_engine_init);
module_exit(dlm_engine_exit);

MODULE_DESCRIPTION("Locks of clusterfs by the kernel's DLM");
MODULE_ALIAS("clusterfs-dlm");
MODULE_LICENSE("GPL");
