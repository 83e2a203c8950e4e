/* SPDX-License-Identifier: GPL-2.0 */
/*
 * clusterfs: what is between lock.c, lock_space.c and an engine. Users of locks see lock.h.
 */
#ifndef _CLUSTERFS_LOCK_ENGINE_H
#define _CLUSTERFS_LOCK_ENGINE_H

#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/mutex.h>

#include "lock.h"

struct module;

/**
 * struct clusterfs_lock_ops - an engine
 * @owner: its module, held by each lockspace
 * @name: as the mount option lock= says it
 * @join: become a member, in a thread that may wait for ever; calls clusterfs_ls_done(). On
 *	failure -errno and a sentence in @why.
 * @leave: the same thread; locks that are still there are dropped as those of a dead node.
 *	Nothing is called for @ls or its locks after it.
 * @open: room for what the engine keeps of a lock, as lock->engine. 0 or -ENOMEM.
 * @free: and back; nothing is on its way. It may come after @leave.
 * @request: a first lock, @mode
 * @convert: from lock->granted to @mode. Down and level it is granted at once; up it is queued
 *	behind those that wait already (DLM's QUECVT).
 * @release: of a lock that is granted
 * @cancel: what was begun need not go on
 *
 * The last four do not sleep and hold nobody up. request, convert and release are answered
 * once, by clusterfs_lock_answer(), from within the call or later; at most one is on its way
 * for a lock. cancel is called for a request or a convert that may not have been answered
 * yet; it adds no answer, but makes that one come: -ECANCELED, or what was faster.
 */
struct clusterfs_lock_ops {
	struct module *owner;
	const char *name;
	int (*join)(struct clusterfs_ls *ls, char why[CLUSTERFS_LOCK_WHY]);
	void (*leave)(struct clusterfs_ls *ls);
	int (*open)(struct clusterfs_lock *lock);
	void (*free)(struct clusterfs_lock *lock);
	void (*request)(struct clusterfs_lock *lock, enum clusterfs_mode mode, unsigned int flags);
	void (*convert)(struct clusterfs_lock *lock, enum clusterfs_mode mode, unsigned int flags);
	void (*release)(struct clusterfs_lock *lock, unsigned int flags);
	void (*cancel)(struct clusterfs_lock *lock);
};

/*
 * One node's membership of a lockspace.
 *
 * Order of the locks: @telling; @lock; a lock's own. An engine's own may be held outside
 * those of clusterfs_lock_answer() and clusterfs_lock_blocks(), which take the lock's alone.
 */
struct clusterfs_ls {
	const struct clusterfs_lock_ops		*ops;
	char					cluster[CLUSTERFS_LS_MAX + 1];
	char					name[CLUSTERFS_LS_MAX + 1];
	char					node[CLUSTERFS_LS_MAX + 1];
	void					*engine;	/* the engine's */

	struct mutex				telling;	/* @user is called */
	const struct clusterfs_member_user	*user;		/* NULL: nobody is told */
	void					*private;

	spinlock_t				lock;		/* all below */
	enum clusterfs_ls_state			state;		/* read without it, too */
	ktime_t					since;
	u32					generation;
	struct clusterfs_member			self;
	unsigned int				members;
	struct list_head			locks;
	unsigned int				open;		/* of them, not closed */
	unsigned int				locks_left;	/* not freed */
	bool					join_over;
	bool					given_up;	/* nobody waits for the join */
	bool					leave_asked;
	bool					engine_gone;	/* it is not called any more */
	int					result;
	unsigned int				leave_ms;
	char					why[CLUSTERFS_LOCK_WHY];

	wait_queue_head_t			wait;
	struct completion			left;
	struct workqueue_struct			*wq;		/* callbacks of locks */
	struct kref				ref;
};

/* lock_engine.c */
int __must_check clusterfs_engine_register(const struct clusterfs_lock_ops *ops);
void clusterfs_engine_unregister(const struct clusterfs_lock_ops *ops);

/* What an engine calls. lock.c; not in interrupts: */
void clusterfs_lock_answer(struct clusterfs_lock *lock, int status, const u8 *lvb,
			   bool lvb_invalid);
void clusterfs_lock_blocks(struct clusterfs_lock *lock, enum clusterfs_mode mode);
/* lock_space.c; may sleep: */
void clusterfs_ls_prep(struct clusterfs_ls *ls);
void clusterfs_ls_gone(struct clusterfs_ls *ls, const struct clusterfs_member *gone);
void clusterfs_ls_done(struct clusterfs_ls *ls, const struct clusterfs_member *members,
		       unsigned int count, const struct clusterfs_member *self, u32 generation);
void clusterfs_ls_kill(struct clusterfs_ls *ls);

/* Between lock.c and lock_space.c. */
void clusterfs_lock_resume(struct clusterfs_lock *lock);
void clusterfs_lock_drop(struct clusterfs_lock *lock);
void clusterfs_lock_dead(struct clusterfs_lock *lock);

#endif /* _CLUSTERFS_LOCK_ENGINE_H */
