/* SPDX-License-Identifier: GPL-2.0 */
/*
 * clusterfs: locks between nodes. What uses them sees this file; lock.c keeps each lock's
 * state, its waits and its callbacks; below it is an engine, struct clusterfs_lock_ops:
 * lock_local (several nodes in this kernel) or the kernel's DLM. Which resources there are,
 * who may hold what, and what a node's death does: Documentation/design/clusterfs-locks.rst.
 *
 * A held lock is what this node believes. A node that stood still may believe longer than
 * the engine does: what must not be done by two needs the term, and its proof (P5), too.
 *
 * Calls are made in process context, under a spinlock too. None waits for another node but
 * those that are told for how long, and these sleep: clusterfs_ls_join(),
 * clusterfs_ls_leave(), clusterfs_lock_sync().
 */
#ifndef _CLUSTERFS_LOCK_H
#define _CLUSTERFS_LOCK_H

#include <linux/bits.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

/* As DLM's: a resource's name has no end, a lockspace's has. */
#define CLUSTERFS_RES_MAX	64
#define CLUSTERFS_LS_MAX	64
#define CLUSTERFS_LVB_SIZE	32
/* A sentence for who has to know why it failed. */
#define CLUSTERFS_LOCK_WHY	160

/* How long what waits may wait, in ms, where the caller has no better figure. */
#define CLUSTERFS_JOIN_MS	10000
#define CLUSTERFS_LEAVE_MS	10000
#define CLUSTERFS_LOCK_MS	5000

/*
 * Modes, numbered as DLM's. Its CW is left out: nothing needs it, and without it each mode
 * is compatible with all that a higher one is compatible with, so that going down never
 * waits for anybody.
 *
 *	     NL  CR  PR  PW  EX
 *	NL   y   y   y   y   y
 *	CR   y   y   y   y   -
 *	PR   y   y   y   -   -
 *	PW   y   y   -   -   -
 *	EX   y   -   -   -   -
 */
enum clusterfs_mode {
	CLUSTERFS_LOCK_NONE = -1,	/* not even NL */
	CLUSTERFS_LOCK_NL = 0,		/* keeps the value block, bars nobody */
	CLUSTERFS_LOCK_CR = 1,
	CLUSTERFS_LOCK_PR = 3,		/* a cache is valid */
	CLUSTERFS_LOCK_PW = 4,
	CLUSTERFS_LOCK_EX = 5,		/* a role; one writer */
};

static inline bool clusterfs_mode_valid(enum clusterfs_mode mode)
{
	return mode >= CLUSTERFS_LOCK_NL && mode <= CLUSTERFS_LOCK_EX && mode != 2;
}

/* Refuse with -EAGAIN what could not be granted at once. */
#define CLUSTERFS_LOCK_NOQUEUE	BIT(0)
/* Going down from, or staying at, PW or EX: lock->lvb becomes the resource's. */
#define CLUSTERFS_LOCK_SET_LVB	BIT(1)
/* A fatal signal ends clusterfs_lock_sync() with -EINTR. */
#define CLUSTERFS_LOCK_KILLABLE	BIT(2)

/*
 * What a lock is, at this node:
 *
 *	state		held	the engine owes		left by
 *	IDLE		nothing	nothing			request
 *	WAITING		nothing	an answer		the answer, cancel
 *	GRANTED		mode	blocks(), if it bars	convert, release
 *	CONVERTING	the lower	an answer	the answer, cancel
 *	RELEASING	nothing	an answer		the answer
 *	CANCELLING	as before	an answer	the answer: cancelled, or too late
 *
 * In a state in which an answer is owed nothing else is begun (-EBUSY), but a cancel. An
 * answer that gains something is kept back while the lockspace recovers: nobody is granted
 * a lock between recover_prep() and recover_done().
 *
 * clusterfs_lock_sync() that gave up leaves CANCELLING behind; if the grant was faster, the
 * lock goes back to what it was by itself, and nobody is told. Until then -EBUSY, but for
 * clusterfs_lock_sync(), which waits for that as well.
 */
enum clusterfs_lock_state {
	CLUSTERFS_LOCK_IDLE,
	CLUSTERFS_LOCK_WAITING,
	CLUSTERFS_LOCK_GRANTED,
	CLUSTERFS_LOCK_CONVERTING,
	CLUSTERFS_LOCK_RELEASING,
	CLUSTERFS_LOCK_CANCELLING,
};

struct clusterfs_lock;
struct clusterfs_lock_waiter;
struct clusterfs_ls;

/**
 * struct clusterfs_lock_user - who is told of a lock
 * @done: what was begun by clusterfs_lock_request(), _convert() or _release() has ended: 0, or
 *	-EAGAIN (NOQUEUE), -ECANCELED, -EDEADLK (two convert, and each bars the other), or what
 *	the engine fails with; the lock is what it was before, then. Not called for
 *	clusterfs_lock_sync(). NULL: nobody asks.
 * @blocked: this lock, as granted, bars another that wants @mode. Called once for a grant and
 *	@mode, or a lower one, and after done(). NULL: a role lock, which does not let go for
 *	others.
 * @free: nobody uses the lock any more; the last call. Needed.
 *
 * They are called in a worker, one at a time for a lock, with no lock held. They may begin
 * anything and may sleep for short, but not wait (clusterfs_lock_sync() is refused).
 */
struct clusterfs_lock_user {
	void (*done)(struct clusterfs_lock *lock, int status);
	void (*blocked)(struct clusterfs_lock *lock, enum clusterfs_mode mode);
	void (*free)(struct clusterfs_lock *lock);
};

/* What status says of a lock. */
struct clusterfs_lock_status {
	enum clusterfs_lock_state	state;
	enum clusterfs_mode		mode;	/* held */
	enum clusterfs_mode		wanted;	/* NONE: nothing is on its way */
	u64				ms;	/* since then */
	bool				kept;	/* granted, told when recovered */
};

/**
 * struct clusterfs_lock - one node's lock on one resource; embedded in what it protects
 * @ls: lockspace
 * @user: who is told
 * @name: of the resource
 * @lvb: value block: as of the last grant; set by the user before CLUSTERFS_LOCK_SET_LVB.
 *	Owned by the user while nothing is on its way.
 * @lvb_valid: it is what its last holder in PW or EX has left; never true for zeros alone
 * @private: the user's
 *
 * The rest is lock.c's.
 */
struct clusterfs_lock {
	struct clusterfs_ls			*ls;
	const struct clusterfs_lock_user	*user;
	char					name[CLUSTERFS_RES_MAX + 1];
	u8					lvb[CLUSTERFS_LVB_SIZE];
	bool					lvb_valid;
	void					*private;

	/* private: */
	struct list_head		entry;		/* of ls->locks, by its lock */
	void				*engine;	/* the engine's */
	wait_queue_head_t		wait;
	struct work_struct		work;		/* callbacks, closing, going back */
	spinlock_t			lock;		/* all below */
	enum clusterfs_lock_state	state;
	enum clusterfs_lock_state	before;		/* of a cancel: what it withdraws */
	enum clusterfs_mode		mode;		/* believed; read without it, too */
	enum clusterfs_mode		granted;	/* by the engine: never lower */
	enum clusterfs_mode		wanted;
	ktime_t				since;
	unsigned int			flags;
	int				status;
	bool				calling;	/* the engine is being called */
	bool				cancel_wanted;	/* ...and is to be, once more */
	struct clusterfs_lock_waiter	*waiter;	/* who began it, if it waits */
	bool				given_up;	/* nobody wants the answer */
	bool				go_back;	/* the engine is to be called for that */
	bool				kept;		/* a grant, until recovered */
	bool				tell_done;
	bool				closed;
	bool				dead;		/* the node is: nobody is told */
	bool				freeing;
	enum clusterfs_mode		blocks;		/* to be told; NONE: nothing */
	enum clusterfs_mode		told;		/* since the grant */
	bool				lvb_read;	/* what came with the answer */
	bool				lvb_read_valid;
	u8				lvb_new[CLUSTERFS_LVB_SIZE];
};

/* A member of a lockspace, as the engine numbers it: no place in the database. */
struct clusterfs_member {
	u32	node;
	u32	slot;
};

/**
 * struct clusterfs_member_user - who is told of a lockspace's members
 * @recover_prep: members change; no lock is granted here until recover_done(). May come
 *	again before that. Nothing further comes if this node is not among those that go on.
 * @recover_slot: this member is gone, without having left. Locks of its are granted to others.
 * @recover_done: the members from now on, which of them this is, and how many changes there
 *	were since the lockspace began: a number that may begin again with the cluster
 *
 * Each may be NULL. They are called in the engine's worker, one at a time, from within
 * clusterfs_ls_join() on and not after clusterfs_ls_leave(). They may not wait for anything
 * of another node: recover_prep() holds up all the members. A member that leaves is in no
 * recover_slot().
 */
struct clusterfs_member_user {
	void (*recover_prep)(void *private);
	void (*recover_slot)(void *private, const struct clusterfs_member *gone);
	void (*recover_done)(void *private, const struct clusterfs_member *members,
			     unsigned int count, const struct clusterfs_member *self,
			     u32 generation);
};

/**
 * struct clusterfs_ls_config - a lockspace to be joined
 * @ops: engine
 * @cluster: has to be the engine's, and that of all members
 * @name: of the lockspace
 * @node: name of this node
 * @ms: how long it may take
 * @user: who is told of members
 * @private: for them
 */
struct clusterfs_ls_config {
	const struct clusterfs_lock_ops		*ops;
	const char				*cluster;
	const char				*name;
	const char				*node;
	unsigned int				ms;
	const struct clusterfs_member_user	*user;
	void					*private;
};

enum clusterfs_ls_state {
	CLUSTERFS_LS_JOINING,
	CLUSTERFS_LS_RUNNING,
	CLUSTERFS_LS_RECOVERING,	/* since recover_prep() */
	CLUSTERFS_LS_LEAVING,
	CLUSTERFS_LS_DEAD,		/* lock_local killed this node */
};

struct clusterfs_ls_status {
	enum clusterfs_ls_state	state;
	u64			ms;		/* since then */
	u32			generation;
	struct clusterfs_member	self;
	unsigned int		members;
};

/* lock.c: lockspaces */
int __must_check clusterfs_ls_join(const struct clusterfs_ls_config *config,
				   struct clusterfs_ls **ls, char why[CLUSTERFS_LOCK_WHY]);
int __must_check clusterfs_ls_leave(struct clusterfs_ls *ls, unsigned int ms);
bool __must_check clusterfs_ls_running(const struct clusterfs_ls *ls);
void clusterfs_ls_status(struct clusterfs_ls *ls, struct clusterfs_ls_status *status);

/* lock.c: locks */
int __must_check clusterfs_lock_open(struct clusterfs_ls *ls, struct clusterfs_lock *lock,
				     const char *name, const struct clusterfs_lock_user *user,
				     void *private);
void clusterfs_lock_close(struct clusterfs_lock *lock);
int __must_check clusterfs_lock_request(struct clusterfs_lock *lock, enum clusterfs_mode mode,
					unsigned int flags);
int __must_check clusterfs_lock_convert(struct clusterfs_lock *lock, enum clusterfs_mode mode,
					unsigned int flags);
int __must_check clusterfs_lock_release(struct clusterfs_lock *lock, unsigned int flags);
int __must_check clusterfs_lock_cancel(struct clusterfs_lock *lock);
int __must_check clusterfs_lock_sync(struct clusterfs_lock *lock, enum clusterfs_mode mode,
				     unsigned int flags, unsigned int ms);
bool __must_check clusterfs_lock_held(const struct clusterfs_lock *lock,
				      enum clusterfs_mode mode);
void clusterfs_lock_status(struct clusterfs_lock *lock, struct clusterfs_lock_status *status);
bool __must_check clusterfs_modes_compatible(enum clusterfs_mode a, enum clusterfs_mode b);
const char *clusterfs_mode_name(enum clusterfs_mode mode);
const char *clusterfs_lock_state_name(enum clusterfs_lock_state state);
const char *clusterfs_ls_state_name(enum clusterfs_ls_state state);

/* lock_engine.c: engines by the names of lock= */
const struct clusterfs_lock_ops * __must_check clusterfs_engine_get(const char *name);
void clusterfs_engine_put(const struct clusterfs_lock_ops *ops);

/* lock_local.c */
extern const struct clusterfs_lock_ops clusterfs_local_ops;

#endif /* _CLUSTERFS_LOCK_H */
