// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: a lock's state, its waits and its callbacks, the same for all engines.
 *
 *  1. Begin: the state says what is on its way, then the engine is called, without any lock
 *     of ours. The mode goes down now, or up with the answer: what is believed is never more
 *     than what is granted.
 *  2. Answer: from the engine, once. A grant that comes while the lockspace recovers is kept
 *     back until it has recovered.
 *  3. Whoever waits is woken, else the worker tells.
 *  4. A waiter that gives up has the request withdrawn. If the grant was faster, the worker
 *     takes the lock back to where it was.
 *  5. Closing is: withdraw, await the answer, release, await the answer, free.
 *
 * The engine is called for a lock once at a time. What comes up meanwhile is done by who
 * called, or by the worker after it: so the engine never sees a cancel before its request,
 * or one that was meant for an earlier request.
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "lock_engine.h"

/* Whoever waits in clusterfs_lock_sync(); by the lock's own lock. */
struct clusterfs_lock_waiter {
	struct clusterfs_lock	*lock;
	bool			over;
	int			status;
};

/**
 * clusterfs_modes_compatible() - may two locks on a resource be granted together
 * @a: mode of one
 * @b: mode of the other
 */
bool clusterfs_modes_compatible(enum clusterfs_mode a, enum clusterfs_mode b)
{
	enum clusterfs_mode high = max(a, b), low = min(a, b);

	switch (high) {
	case CLUSTERFS_LOCK_EX:
		return low <= CLUSTERFS_LOCK_NL;
	case CLUSTERFS_LOCK_PW:
		return low <= CLUSTERFS_LOCK_CR;
	default:
		return true;
	}
}

/**
 * clusterfs_mode_name() - as DLM calls it
 * @mode: mode
 */
const char *clusterfs_mode_name(enum clusterfs_mode mode)
{
	switch (mode) {
	case CLUSTERFS_LOCK_NL:
		return "NL";
	case CLUSTERFS_LOCK_CR:
		return "CR";
	case CLUSTERFS_LOCK_PR:
		return "PR";
	case CLUSTERFS_LOCK_PW:
		return "PW";
	case CLUSTERFS_LOCK_EX:
		return "EX";
	default:
		return "none";
	}
}

/**
 * clusterfs_lock_state_name() - for status
 * @state: of a lock
 */
const char *clusterfs_lock_state_name(enum clusterfs_lock_state state)
{
	static const char * const names[] = {
		[CLUSTERFS_LOCK_IDLE]		= "idle",
		[CLUSTERFS_LOCK_WAITING]	= "waiting",
		[CLUSTERFS_LOCK_GRANTED]	= "granted",
		[CLUSTERFS_LOCK_CONVERTING]	= "converting",
		[CLUSTERFS_LOCK_RELEASING]	= "releasing",
		[CLUSTERFS_LOCK_CANCELLING]	= "cancelling",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "?";
}
EXPORT_SYMBOL_GPL(clusterfs_lock_state_name);

static void lock_queue(struct clusterfs_lock *lock)
{
	lockdep_assert_held(&lock->lock);
	if (!lock->freeing)
		queue_work(lock->ls->wq, &lock->work);
}

/* Whoever waits is answered, if somebody does. */
static bool lock_wake(struct clusterfs_lock *lock, int status)
{
	struct clusterfs_lock_waiter *waiter = lock->waiter;

	lockdep_assert_held(&lock->lock);
	lock->waiter = NULL;
	if (waiter) {
		waiter->status = status;
		waiter->over = true;
	}
	wake_up_all(&lock->wait);
	return waiter;
}

static bool lock_settled(const struct clusterfs_lock *lock)
{
	lockdep_assert_held(&lock->lock);
	return (lock->state == CLUSTERFS_LOCK_IDLE || lock->state == CLUSTERFS_LOCK_GRANTED) &&
	       !lock->calling && !lock->tell_done;
}

/* More than is believed now is on its way. */
static bool lock_gains(const struct clusterfs_lock *lock)
{
	return lock->wanted > lock->mode;
}

static void lock_state(struct clusterfs_lock *lock, enum clusterfs_lock_state state)
{
	lock->state = state;
	lock->since = ktime_get();
}

/* Calls the engine for the state that the lock is in. */
static void lock_call(struct clusterfs_lock *lock) __must_hold(&lock->lock)
{
	const struct clusterfs_lock_ops *ops = lock->ls->ops;
	enum clusterfs_lock_state state = lock->state;
	enum clusterfs_mode wanted = lock->wanted;
	unsigned int flags = lock->flags;

	lockdep_assert_held(&lock->lock);
	lock->calling = true;
	spin_unlock(&lock->lock);
	switch (state) {
	case CLUSTERFS_LOCK_WAITING:
		ops->request(lock, wanted, flags);
		break;
	case CLUSTERFS_LOCK_CONVERTING:
		ops->convert(lock, wanted, flags);
		break;
	case CLUSTERFS_LOCK_RELEASING:
		ops->release(lock, flags);
		break;
	default:
		ops->cancel(lock);
		break;
	}
	spin_lock(&lock->lock);
	lock->calling = false;
}

/* ...and what came up meanwhile. */
static void lock_call_all(struct clusterfs_lock *lock) __must_hold(&lock->lock)
{
	lock_call(lock);
	while (lock->cancel_wanted) {
		lock->cancel_wanted = false;
		if (lock->state == CLUSTERFS_LOCK_CANCELLING && !lock->kept)
			lock_call(lock);
	}
	wake_up_all(&lock->wait);
	lock_queue(lock);
}

/* The answer of what is on its way has come, and counts. */
static void lock_finish(struct clusterfs_lock *lock, int status)
{
	enum clusterfs_lock_state was = lock->state;

	lockdep_assert_held(&lock->lock);
	if (was == CLUSTERFS_LOCK_CANCELLING)
		was = lock->before;
	lock->kept = false;
	if (was == CLUSTERFS_LOCK_RELEASING) {
		lock->granted = CLUSTERFS_LOCK_NONE;
	} else if (!status) {
		lock->granted = lock->wanted;
		if (lock->given_up && lock_gains(lock)) {
			lock->wanted = lock->mode;
			lock->flags = 0;
			lock->go_back = true;
			lock_state(lock, lock->mode == CLUSTERFS_LOCK_NONE ?
				   CLUSTERFS_LOCK_RELEASING : CLUSTERFS_LOCK_CONVERTING);
			lock_queue(lock);
			return;
		}
		WRITE_ONCE(lock->mode, lock->granted);
		if (lock->lvb_read) {
			memcpy(lock->lvb, lock->lvb_new, CLUSTERFS_LVB_SIZE);
			lock->lvb_valid = lock->lvb_read_valid;
		}
	}
	lock->wanted = CLUSTERFS_LOCK_NONE;
	lock_state(lock, lock->granted == CLUSTERFS_LOCK_NONE ?
		   CLUSTERFS_LOCK_IDLE : CLUSTERFS_LOCK_GRANTED);
	lock->status = status;
	lock->tell_done = !lock_wake(lock, status) && !lock->given_up && lock->user->done;
	lock->given_up = false;
	lock_queue(lock);
}

/**
 * clusterfs_lock_answer() - the engine's answer to request, convert or release
 * @lock: lock
 * @status: 0, or why it is what it was before
 * @lvb: value block, where this grant reads it; NULL: it does not
 * @lvb_invalid: who held it in PW or EX died
 *
 * Context: not in interrupts.
 */
void clusterfs_lock_answer(struct clusterfs_lock *lock, int status, const u8 *lvb,
			   bool lvb_invalid)
{
	spin_lock(&lock->lock);
	lock->lvb_read = !status && lvb;
	if (lock->lvb_read) {
		memcpy(lock->lvb_new, lvb, CLUSTERFS_LVB_SIZE);
		/* Nobody has written it yet: DLM says valid, and gives what was there before. */
		lock->lvb_read_valid = !lvb_invalid && memchr_inv(lvb, 0, CLUSTERFS_LVB_SIZE);
	}
	if (!status) {
		/* What this grant bars, the engine says after it. */
		lock->blocks = CLUSTERFS_LOCK_NONE;
		lock->told = CLUSTERFS_LOCK_NONE;
	}
	if (!status && lock_gains(lock) &&
	    READ_ONCE(lock->ls->state) == CLUSTERFS_LS_RECOVERING)
		lock->kept = true;
	else
		lock_finish(lock, status);
	spin_unlock(&lock->lock);
}
EXPORT_SYMBOL_GPL(clusterfs_lock_answer);

/**
 * clusterfs_lock_blocks() - this lock, as it was granted last, bars another
 * @lock: lock
 * @mode: what the other wants
 *
 * Context: not in interrupts.
 */
void clusterfs_lock_blocks(struct clusterfs_lock *lock, enum clusterfs_mode mode)
{
	spin_lock(&lock->lock);
	if (lock->user->blocked && mode > lock->told && mode > lock->blocks) {
		lock->blocks = mode;
		lock_queue(lock);
	}
	spin_unlock(&lock->lock);
}
EXPORT_SYMBOL_GPL(clusterfs_lock_blocks);

/* The lockspace has recovered, or is left. */
void clusterfs_lock_resume(struct clusterfs_lock *lock)
{
	spin_lock(&lock->lock);
	if (lock->kept)
		lock_finish(lock, 0);
	spin_unlock(&lock->lock);
}

/* Engine and members are gone: nothing is owed any more. */
void clusterfs_lock_drop(struct clusterfs_lock *lock)
{
	spin_lock(&lock->lock);
	lock->kept = false;
	lock->go_back = false;
	lock->given_up = true;
	lock->granted = CLUSTERFS_LOCK_NONE;
	lock->wanted = CLUSTERFS_LOCK_NONE;
	WRITE_ONCE(lock->mode, CLUSTERFS_LOCK_NONE);
	lock_state(lock, CLUSTERFS_LOCK_IDLE);
	lock_queue(lock);
	spin_unlock(&lock->lock);
}

/* The node is dead: nobody is told any more, nobody waits. */
void clusterfs_lock_dead(struct clusterfs_lock *lock)
{
	spin_lock(&lock->lock);
	lock->dead = true;
	if (lock_wake(lock, -ENODEV))
		lock->given_up = true;
	spin_unlock(&lock->lock);
}

/* Withdraws what is on its way; the answer is still owed. */
static void lock_withdraw(struct clusterfs_lock *lock) __must_hold(&lock->lock)
{
	lock->before = lock->state;
	lock_state(lock, CLUSTERFS_LOCK_CANCELLING);
	if (lock->calling)
		lock->cancel_wanted = true;
	else if (!lock->kept)
		lock_call_all(lock);
}

/* It can be withdrawn: a cancel has not been begun, and something would be gained. */
static bool lock_can_withdraw(const struct clusterfs_lock *lock)
{
	return (lock->state == CLUSTERFS_LOCK_WAITING ||
		lock->state == CLUSTERFS_LOCK_CONVERTING) && lock_gains(lock);
}

/* One step for a lock that is closed. Return: false if there is none, now. */
static bool lock_close_step(struct clusterfs_lock *lock) __must_hold(&lock->lock)
{
	lock->tell_done = false;
	lock->blocks = CLUSTERFS_LOCK_NONE;
	if (lock->state != CLUSTERFS_LOCK_GRANTED)
		return false;
	WRITE_ONCE(lock->mode, CLUSTERFS_LOCK_NONE);
	if (READ_ONCE(lock->ls->engine_gone))
		return false;
	lock->wanted = CLUSTERFS_LOCK_NONE;
	lock->flags = 0;
	lock_state(lock, CLUSTERFS_LOCK_RELEASING);
	lock_call_all(lock);
	return true;
}

/* One thing to be told. Return: false if there is none, now. */
static bool lock_tell(struct clusterfs_lock *lock) __must_hold(&lock->lock)
{
	const struct clusterfs_lock_user *user = lock->user;
	enum clusterfs_mode mode = lock->blocks;
	int status = lock->status;

	if (lock->dead) {
		lock->tell_done = false;
		lock->blocks = CLUSTERFS_LOCK_NONE;
		wake_up_all(&lock->wait);
		return false;
	}
	if (lock->tell_done) {
		lock->tell_done = false;
		wake_up_all(&lock->wait);
		spin_unlock(&lock->lock);
		user->done(lock, status);
		spin_lock(&lock->lock);
		return true;
	}
	if (mode == CLUSTERFS_LOCK_NONE || lock->kept)
		return false;
	lock->blocks = CLUSTERFS_LOCK_NONE;
	if (clusterfs_modes_compatible(lock->mode, mode))
		return true;
	lock->told = mode;
	spin_unlock(&lock->lock);
	user->blocked(lock, mode);
	spin_lock(&lock->lock);
	return true;
}

static void lock_free(struct clusterfs_lock *lock)
{
	struct clusterfs_ls *ls = lock->ls;

	spin_lock(&ls->lock);
	list_del(&lock->entry);
	spin_unlock(&ls->lock);
	ls->ops->free(lock);
	lock->user->free(lock);
	spin_lock(&ls->lock);
	ls->locks_left--;
	wake_up_all(&ls->wait);
	spin_unlock(&ls->lock);
}

static void lock_work(struct work_struct *work)
{
	struct clusterfs_lock *lock = container_of(work, struct clusterfs_lock, work);
	bool more;

	spin_lock(&lock->lock);
	do {
		if (lock->calling) {
			more = false;	/* who calls queues this again */
		} else if (lock->go_back) {
			lock->go_back = false;
			more = !READ_ONCE(lock->ls->engine_gone);
			if (more)
				lock_call_all(lock);
		} else if (lock->closed) {
			more = lock_close_step(lock);
		} else {
			more = lock_tell(lock);
		}
	} while (more);
	/* Nobody queues it but under this lock: what is pending frees it. */
	lock->freeing = lock->closed && lock->state == CLUSTERFS_LOCK_IDLE && !lock->calling &&
			!work_pending(work);
	more = lock->freeing;
	spin_unlock(&lock->lock);
	if (more)
		lock_free(lock);
}

static bool lock_is_worker(void)
{
	struct work_struct *work = current_work();

	return work && work->func == lock_work;
}

/**
 * clusterfs_lock_open() - a lock to be, that holds nothing
 * @ls: lockspace
 * @lock: room for it, zeroed, until @user's free()
 * @name: of the resource
 * @user: who is told
 * @private: the user's
 *
 * Return: 0; -EINVAL: a name is empty or too long; -ENODEV: the lockspace is left; -ENOMEM.
 */
int clusterfs_lock_open(struct clusterfs_ls *ls, struct clusterfs_lock *lock, const char *name,
			const struct clusterfs_lock_user *user, void *private)
{
	int ret;

	if (!*name || strnlen(name, CLUSTERFS_RES_MAX + 1) > CLUSTERFS_RES_MAX || !user->free)
		return -EINVAL;
	memset(lock, 0, sizeof(*lock));
	lock->ls = ls;
	lock->user = user;
	lock->private = private;
	strscpy(lock->name, name, sizeof(lock->name));
	init_waitqueue_head(&lock->wait);
	INIT_WORK(&lock->work, lock_work);
	spin_lock_init(&lock->lock);
	lock->mode = CLUSTERFS_LOCK_NONE;
	lock->granted = CLUSTERFS_LOCK_NONE;
	lock->wanted = CLUSTERFS_LOCK_NONE;
	lock->blocks = CLUSTERFS_LOCK_NONE;
	lock->told = CLUSTERFS_LOCK_NONE;
	lock->since = ktime_get();
	ret = ls->ops->open(lock);
	if (ret)
		return ret;
	spin_lock(&ls->lock);
	if (ls->state >= CLUSTERFS_LS_LEAVING) {
		spin_unlock(&ls->lock);
		ls->ops->free(lock);
		return -ENODEV;
	}
	list_add_tail(&lock->entry, &ls->locks);
	ls->open++;
	ls->locks_left++;
	spin_unlock(&ls->lock);
	return 0;
}
EXPORT_SYMBOL_GPL(clusterfs_lock_open);

/**
 * clusterfs_lock_close() - no further use for a lock
 * @lock: lock, that nobody waits for
 *
 * What is on its way is withdrawn, what is held is released, both later. A callback that
 * has begun may still run; the user's free() comes after all of them.
 */
void clusterfs_lock_close(struct clusterfs_lock *lock)
{
	struct clusterfs_ls *ls = lock->ls;

	spin_lock(&ls->lock);
	ls->open--;
	spin_unlock(&ls->lock);
	spin_lock(&lock->lock);
	lock->closed = true;
	if (lock_can_withdraw(lock))
		lock_withdraw(lock);
	lock_queue(lock);
	spin_unlock(&lock->lock);
}
EXPORT_SYMBOL_GPL(clusterfs_lock_close);

static int lock_begin(struct clusterfs_lock *lock, enum clusterfs_lock_state what,
		      enum clusterfs_mode mode, unsigned int flags,
		      struct clusterfs_lock_waiter *waiter)
	__must_hold(&lock->lock)
{
	if (lock->dead || lock->closed)
		return -ENODEV;
	if (!lock_settled(lock))
		return -EBUSY;
	if (what != CLUSTERFS_LOCK_WAITING && lock->state == CLUSTERFS_LOCK_IDLE)
		return -EINVAL;
	if (what == CLUSTERFS_LOCK_WAITING && lock->state != CLUSTERFS_LOCK_IDLE)
		return -EINVAL;
	lock->wanted = mode;
	lock->flags = flags & (CLUSTERFS_LOCK_NOQUEUE | CLUSTERFS_LOCK_SET_LVB);
	lock->waiter = waiter;
	if (mode < lock->mode)
		WRITE_ONCE(lock->mode, mode);
	lock_state(lock, what);
	lock_call_all(lock);
	return 0;
}

static int lock_begin_async(struct clusterfs_lock *lock, enum clusterfs_lock_state what,
			    enum clusterfs_mode mode, unsigned int flags)
{
	int ret;

	spin_lock(&lock->lock);
	ret = lock_begin(lock, what, mode, flags, NULL);
	spin_unlock(&lock->lock);
	return ret;
}

/**
 * clusterfs_lock_request() - begin to take a lock
 * @lock: one that holds nothing
 * @mode: what is wanted; NL is granted at once
 * @flags: CLUSTERFS_LOCK_NOQUEUE
 *
 * Return: 0: done() will be called; -EINVAL: it holds something, or no such mode; -EBUSY:
 * something is on its way; -ENODEV: the lock is closed, or this node is dead.
 */
int clusterfs_lock_request(struct clusterfs_lock *lock, enum clusterfs_mode mode,
			   unsigned int flags)
{
	if (!clusterfs_mode_valid(mode))
		return -EINVAL;
	return lock_begin_async(lock, CLUSTERFS_LOCK_WAITING, mode, flags);
}
EXPORT_SYMBOL_GPL(clusterfs_lock_request);

/**
 * clusterfs_lock_convert() - begin to change what is held
 * @lock: one that holds something
 * @mode: what is wanted; the present one re-reads or sets the value block
 * @flags: CLUSTERFS_LOCK_NOQUEUE, CLUSTERFS_LOCK_SET_LVB
 *
 * What is given up is not held from now on, whatever the answer.
 *
 * Return: as clusterfs_lock_request(); -EINVAL: it holds nothing.
 */
int clusterfs_lock_convert(struct clusterfs_lock *lock, enum clusterfs_mode mode,
			   unsigned int flags)
{
	if (!clusterfs_mode_valid(mode))
		return -EINVAL;
	return lock_begin_async(lock, CLUSTERFS_LOCK_CONVERTING, mode, flags);
}
EXPORT_SYMBOL_GPL(clusterfs_lock_convert);

/**
 * clusterfs_lock_release() - begin to give a lock back
 * @lock: one that holds something
 * @flags: CLUSTERFS_LOCK_SET_LVB
 *
 * Return: as clusterfs_lock_convert().
 */
int clusterfs_lock_release(struct clusterfs_lock *lock, unsigned int flags)
{
	return lock_begin_async(lock, CLUSTERFS_LOCK_RELEASING, CLUSTERFS_LOCK_NONE, flags);
}
EXPORT_SYMBOL_GPL(clusterfs_lock_release);

/**
 * clusterfs_lock_cancel() - withdraw a request or a conversion upwards
 * @lock: lock
 *
 * Return: 0: done() will say -ECANCELED, or 0 if the grant was faster; -ENOENT: nothing is
 * on its way that could be withdrawn.
 */
int clusterfs_lock_cancel(struct clusterfs_lock *lock)
{
	int ret = 0;

	spin_lock(&lock->lock);
	if (lock_can_withdraw(lock))
		lock_withdraw(lock);
	else if (lock->state != CLUSTERFS_LOCK_CANCELLING)
		ret = -ENOENT;
	spin_unlock(&lock->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(clusterfs_lock_cancel);

static bool lock_is_settled(struct clusterfs_lock_waiter *w)
{
	bool ret;

	spin_lock(&w->lock->lock);
	ret = lock_settled(w->lock) || w->lock->dead;
	spin_unlock(&w->lock->lock);
	return ret;
}

static bool lock_is_answered(struct clusterfs_lock_waiter *w)
{
	bool ret;

	spin_lock(&w->lock->lock);
	ret = w->over;
	spin_unlock(&w->lock->lock);
	return ret;
}

/* Who wakes holds the lock until it is done with it: the condition is looked at under it. */
static long lock_wait(struct clusterfs_lock_waiter *w, bool (*over)(struct clusterfs_lock_waiter *),
		      unsigned int flags, long left)
{
	if (flags & CLUSTERFS_LOCK_KILLABLE)
		return wait_event_killable_timeout(w->lock->wait, over(w), left);
	return wait_event_timeout(w->lock->wait, over(w), left);
}

static int lock_begin_sync(struct clusterfs_lock_waiter *w, enum clusterfs_mode mode,
			   unsigned int flags)
{
	struct clusterfs_lock *lock = w->lock;
	enum clusterfs_lock_state what;
	int ret = 0;

	spin_lock(&lock->lock);
	if (mode == CLUSTERFS_LOCK_NONE)
		what = CLUSTERFS_LOCK_RELEASING;
	else if (lock->state == CLUSTERFS_LOCK_IDLE)
		what = CLUSTERFS_LOCK_WAITING;
	else
		what = CLUSTERFS_LOCK_CONVERTING;
	if (what == CLUSTERFS_LOCK_RELEASING && lock->state == CLUSTERFS_LOCK_IDLE)
		w->over = true;
	else
		ret = lock_begin(lock, what, mode, flags, w);
	spin_unlock(&lock->lock);
	return ret;
}

/* Nobody waits any more. Return: what it has come to in the last moment, or @ret. */
static int lock_give_up(struct clusterfs_lock_waiter *w, int ret)
{
	struct clusterfs_lock *lock = w->lock;

	spin_lock(&lock->lock);
	if (w->over) {
		ret = w->status;
	} else {
		lock->waiter = NULL;
		lock->given_up = true;
		if (lock_can_withdraw(lock))
			lock_withdraw(lock);
	}
	spin_unlock(&lock->lock);
	return ret;
}

/**
 * clusterfs_lock_sync() - take, convert or release a lock, and wait for it
 * @lock: lock, that nobody closes meanwhile
 * @mode: what is wanted; NONE to release it
 * @flags: CLUSTERFS_LOCK_*
 * @ms: at most
 *
 * Waits for what is on its way, too. What could not be gained is withdrawn and goes back
 * by itself, so that the lock is soon what it was before; what was given up stays so.
 *
 * Context: not in a callback of a lock.
 * Return: 0; -ETIMEDOUT; -EINTR (KILLABLE); -EAGAIN (NOQUEUE); -ECANCELED; -EDEADLK: two
 * convert, and each bars the other; or this is a callback; -ENODEV; the engine's.
 */
int clusterfs_lock_sync(struct clusterfs_lock *lock, enum clusterfs_mode mode,
			unsigned int flags, unsigned int ms)
{
	struct clusterfs_lock_waiter w = { .lock = lock };
	long left = msecs_to_jiffies(ms);
	int ret;

	if (lock_is_worker())
		return -EDEADLK;
	if (mode != CLUSTERFS_LOCK_NONE && !clusterfs_mode_valid(mode))
		return -EINVAL;
	do {
		left = lock_wait(&w, lock_is_settled, flags, left);
		if (left > 0)
			ret = lock_begin_sync(&w, mode, flags);
		else
			ret = left ? -EINTR : -ETIMEDOUT;
	} while (ret == -EBUSY);
	if (!ret) {
		left = lock_wait(&w, lock_is_answered, flags, left);
		ret = lock_give_up(&w, left ? -EINTR : -ETIMEDOUT);
	}
	if (ret == -ETIMEDOUT)
		pr_warn_ratelimited("%s: lock %s: no %s in %u ms\n", lock->ls->name, lock->name,
				    clusterfs_mode_name(mode), ms);
	return ret;
}
EXPORT_SYMBOL_GPL(clusterfs_lock_sync);

/**
 * clusterfs_lock_held() - does this node believe that it holds a lock
 * @lock: lock
 * @mode: at least in this mode
 *
 * Context: any.
 * Return: false too while the lockspace recovers, or is left.
 */
bool clusterfs_lock_held(const struct clusterfs_lock *lock, enum clusterfs_mode mode)
{
	return READ_ONCE(lock->mode) >= mode && clusterfs_ls_running(lock->ls);
}
EXPORT_SYMBOL_GPL(clusterfs_lock_held);

/**
 * clusterfs_lock_status() - what a lock is, and since when
 * @lock: lock
 * @status: to be filled
 *
 * Context: not in interrupts; waits for nobody.
 */
void clusterfs_lock_status(struct clusterfs_lock *lock, struct clusterfs_lock_status *status)
{
	spin_lock(&lock->lock);
	status->state = lock->state;
	status->mode = lock->mode;
	status->wanted = lock->wanted;
	status->ms = ktime_ms_delta(ktime_get(), lock->since);
	status->kept = lock->kept;
	spin_unlock(&lock->lock);
}
EXPORT_SYMBOL_GPL(clusterfs_lock_status);
