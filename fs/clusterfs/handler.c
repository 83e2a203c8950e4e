// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: handlers of events: one at a mounted node for each class. A worker of the class
 * gives out one event after the other, and the next when the one before is answered or late
 * (post.c has the steps). The mount is there until its handler has unregistered; the handler,
 * and its module, until no call runs.
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include <linux/module.h>
#include "mount.h"

static LIST_HEAD(cfs_calls);
static DEFINE_SPINLOCK(cfs_calls_lock);

/**
 * cfs_call_begin() - the code of a handler or listener is about to run
 * @call: until cfs_call_end()
 */
void cfs_call_begin(struct cfs_call *call)
{
	call->task = current;
	spin_lock(&cfs_calls_lock);
	list_add(&call->entry, &cfs_calls);
	spin_unlock(&cfs_calls_lock);
}

/**
 * cfs_call_end() - it has returned
 * @call: the same
 */
void cfs_call_end(struct cfs_call *call)
{
	spin_lock(&cfs_calls_lock);
	list_del(&call->entry);
	spin_unlock(&cfs_calls_lock);
}

/* Is this in such a call? */
static bool cfs_in_call(void)
{
	struct cfs_call *call;
	bool in = false;

	spin_lock(&cfs_calls_lock);
	list_for_each_entry(call, &cfs_calls, entry)
		in |= call->task == current;
	spin_unlock(&cfs_calls_lock);
	return in;
}

static u64 cfs_desk_now(void)
{
	return ktime_to_ms(ktime_get()) + 1;
}

/* Under the lock: somebody's code is about to run. */
static bool cfs_desk_enter(struct cfs_desk *d, struct cfs_handler *h)
{
	if (!try_module_get(h->owner))
		return false;
	/* Read without the lock by whoever waits: cfs_desk_wait(). */
	WRITE_ONCE(d->calling, h);
	d->caller = current;
	return true;
}

/* It has returned: @h may be gone. */
static void cfs_desk_exit(struct cfs_desk *d, struct module *owner)
{
	spin_lock(&d->m->events->lock);
	WRITE_ONCE(d->calling, NULL);
	d->caller = NULL;
	spin_unlock(&d->m->events->lock);
	wake_up_all(&d->idle);
	module_put(owner);
}

/* What came of it is said where it is not well. */
static void cfs_desk_result(struct cfs_desk *d, const struct cfs_post *was, int result)
{
	if (result)
		pr_warn_ratelimited("node %s: %s could not handle %s event %llu (result %d)\n",
				    d->m->opt.node, was->holder,
				    cfs_class_name(d - d->m->events->desk), was->seq, result);
}

/* Give out the next event. Return: false: there is none, or the last one is not over. */
static bool cfs_desk_give(struct cfs_desk *d)
{
	struct cfs_events *es = d->m->events;
	const unsigned int class = d - es->desk;
	struct cfs_event *ev = &d->heard.ev;
	struct cfs_post *p = &d->post;
	struct cfs_handler *h;
	struct cfs_post was;
	struct cfs_call call;
	struct module *owner;
	bool found, answered = false;
	u64 from;
	int ret;

	spin_lock(&es->lock);
	was = *p;
	spin_unlock(&es->lock);
	h = was.handler;
	if (!h || was.deadline)
		return false;
	from = was.next;
	found = cfs_event_next(d->m, &from, cfs_is_local(class), class, &d->heard);

	spin_lock(&es->lock);
	if (p->handler != h || p->next != was.next || es->ended) {
		/* Another one, who may want another. */
		ret = !es->ended;
		goto unlock;
	}
	/* What is lost is told before it is passed. */
	if (!found || !ev->lost)
		p->next = from;
	ret = false;
	if (!found || !cfs_desk_enter(d, h))
		goto unlock;
	ev->delivery = cfs_post_begin(p, ev->seq, ev->lost ? ev->seq : ev->seq + 1,
				      cfs_desk_now());
	mod_delayed_work(cfs_queue, &d->expire, msecs_to_jiffies(p->ms));
	was = *p;
	owner = h->owner;
	spin_unlock(&es->lock);

	cfs_call_begin(&call);
	ret = h->event(h, ev);
	cfs_call_end(&call);
	found = true;
	if (ret == -EAGAIN) {
		spin_lock(&es->lock);
		if (p->handler == h && cfs_post_again(p, was.delivery) && !es->ended)
			mod_delayed_work(cfs_queue, &d->expire,
					 msecs_to_jiffies(CFS_HANDLER_AGAIN_MS));
		spin_unlock(&es->lock);
		found = false;
	} else if (ret != -EINPROGRESS) {
		spin_lock(&es->lock);
		if (p->handler == h && !cfs_post_answer(p, was.delivery, ret))
			answered = true;
		spin_unlock(&es->lock);
		if (answered)
			cfs_desk_result(d, &was, ret);
	}
	cfs_desk_exit(d, owner);
	return found;
unlock:
	spin_unlock(&es->lock);
	return ret;
}

static void cfs_desk_work(struct work_struct *work)
{
	struct cfs_desk *d = container_of(work, struct cfs_desk, work);

	while (cfs_desk_give(d))
		;
}

static void cfs_desk_expire(struct work_struct *work)
{
	struct cfs_desk *d = container_of(to_delayed_work(work), struct cfs_desk, expire);
	struct cfs_events *es = d->m->events;
	struct cfs_post *p = &d->post, was;
	u64 now = cfs_desk_now();
	bool late;

	spin_lock(&es->lock);
	was = *p;
	late = cfs_post_expire(p, now);
	/* Or it is to be given again. */
	if (!p->deadline && !es->ended)
		queue_work(cfs_queue, &d->work);
	else if (p->deadline && !es->ended)
		mod_delayed_work(cfs_queue, &d->expire, msecs_to_jiffies(p->deadline - now));
	spin_unlock(&es->lock);
	if (late)
		pr_warn_ratelimited("node %s: %s has not answered %s event %llu in %u ms\n",
				    d->m->opt.node, was.holder, cfs_class_name(d - es->desk),
				    was.seq, was.ms);
}

/**
 * cfs_desk_init() - a class that has no handler
 * @m: mount
 * @d: set to it
 */
void cfs_desk_init(struct cfs_mount *m, struct cfs_desk *d)
{
	d->m = m;
	init_waitqueue_head(&d->idle);
	INIT_WORK(&d->work, cfs_desk_work);
	INIT_DELAYED_WORK(&d->expire, cfs_desk_expire);
}

/**
 * cfs_desk_end() - a class gets no handler any more, and its handler no event
 * @d: it, where events have ended
 *
 * Context: process; waits for the handler's call that runs.
 */
void cfs_desk_end(struct cfs_desk *d)
{
	struct cfs_events *es = d->m->events;
	struct module *owner = NULL;
	char holder[CFS_HOLDER_SIZE];
	struct cfs_handler *h;
	struct cfs_call call;

	/* No call begins any more; no time ends the one that runs. */
	if (!wait_event_timeout(d->idle, !READ_ONCE(d->calling), CFS_SLOW_CALL)) {
		spin_lock(&es->lock);
		strscpy(holder, d->post.holder, sizeof(holder));
		spin_unlock(&es->lock);
		pr_warn("node %s: unmounting waits for %s, which handles a %s event\n",
			d->m->opt.node, holder[0] ? holder : "one that leaves",
			cfs_class_name(d - es->desk));
	}
	cancel_work_sync(&d->work);
	spin_lock(&es->lock);
	h = d->post.handler;
	cfs_post_leave(&d->post, h);
	if (h && (!h->gone || !cfs_desk_enter(d, h)))
		h = NULL;
	if (h)
		owner = h->owner;
	spin_unlock(&es->lock);
	cancel_delayed_work_sync(&d->expire);
	if (!h)
		return;
	cfs_call_begin(&call);
	h->gone(h);
	cfs_call_end(&call);
	cfs_desk_exit(d, owner);
}

/**
 * cfs_handler_add() - be the handler of a class at a mount
 * @m: mount, that was found and not let go yet
 * @h: as for cfs_handler_register()
 * @from: the first event that is wanted; 0: where the handler before it ended, or if there
 *	was none, from now on
 * @why: as for cfs_handler_register()
 *
 * Context: process.
 * Return: 0; -EBUSY: another one is; -ERANGE: there is no event @from yet; -EINVAL.
 */
int cfs_handler_add(struct cfs_mount *m, struct cfs_handler *h, u64 from, char *why)
{
	struct cfs_events *es = m->events;
	struct cfs_desk *d;
	int ret = 0;
	u64 end;

	if (h->class >= CFS_EVENT_KINDS || !h->ms || h->ms > CFS_HANDLER_MS_MAX) {
		snprintf(why, CFS_EVENT_WHY, "a handler has a class, and 1 to %u ms",
			 CFS_HANDLER_MS_MAX);
		return -EINVAL;
	}
	d = &es->desk[h->class];
	end = cfs_events_end_of(m, cfs_is_local(h->class));
	if (from > end) {
		snprintf(why, CFS_EVENT_WHY, "event %llu is not there yet: the next is %llu",
			 from, end);
		return -ERANGE;
	}
	spin_lock(&es->lock);
	if (!from && !d->post.next)
		from = end;
	ret = cfs_post_take(&d->post, h, from, why);
	if (!ret) {
		refcount_inc(&m->ref);
		h->mount = m;
		queue_work(cfs_queue, &d->work);
	}
	spin_unlock(&es->lock);
	return ret;
}

/**
 * cfs_handler_register() - be the handler of a class at a mounted node
 * @h: all but its private part is set
 * @cluster: name of the cluster, or NULL: of any
 * @node: name of the node, or NULL: any, if there is only one
 * @why: room for CFS_EVENT_WHY characters: a sentence, if it is refused
 *
 * It gets what the handler before it at this mount did not answer, and what comes then.
 *
 * Context: process, also in a call of a handler or listener.
 * Return: 0; -EBUSY: another one is; -ENODEV: there is no such node; -ENOTUNIQ: there are
 * several; -EINVAL: its class or time is none.
 */
int cfs_handler_register(struct cfs_handler *h, const char *cluster, const char *node, char *why)
{
	struct cfs_mount *m = cfs_mount_get_by(cluster, node);
	int ret;

	if (IS_ERR(m)) {
		snprintf(why, CFS_EVENT_WHY, "%s", PTR_ERR(m) == -ENODEV ?
			 "no such node is mounted here" : "several nodes are mounted here");
		return PTR_ERR(m);
	}
	ret = cfs_handler_add(m, h, 0, why);
	cfs_mount_let_go(m);
	return ret;
}
EXPORT_SYMBOL_GPL(cfs_handler_register);

/**
 * cfs_handler_answer() - what came of an event whose call has said -EINPROGRESS
 * @h: handler, registered
 * @delivery: of the event
 * @result: 0, or -errno: it could not be done
 *
 * Context: any but interrupts; also before that call returns.
 * Return: 0; -ETIME: it is over: answered, or late; -ENOENT: there is no such delivery, or
 * it is the handler no longer.
 */
int cfs_handler_answer(struct cfs_handler *h, u64 delivery, int result)
{
	struct cfs_mount *m = h->mount;
	struct cfs_desk *d = &m->events->desk[h->class];
	struct cfs_post was;
	int ret;

	spin_lock(&m->events->lock);
	was = d->post;
	ret = was.handler == h ?
	      cfs_post_answer(&d->post, delivery, result) : -ENOENT;
	if (!ret && !m->events->ended)
		queue_work(cfs_queue, &d->work);
	spin_unlock(&m->events->lock);
	if (!ret)
		cfs_desk_result(d, &was, result);
	return ret;
}
EXPORT_SYMBOL_GPL(cfs_handler_answer);

/* Until no call of @h runs; what it has done is then seen here, too. */
static void cfs_desk_wait(struct cfs_desk *d, const struct cfs_handler *h)
{
	struct cfs_events *es = d->m->events;

	wait_event(d->idle, READ_ONCE(d->calling) != h);
	/* It was cleared under the lock, when the call was over. */
	spin_lock(&es->lock);
	spin_unlock(&es->lock);
}

/**
 * cfs_handler_unregister() - be the handler no longer
 * @h: it, registered; once, also if gone() was called
 *
 * What it has not answered is given to the next one. No call of it runs when this returns, but
 * the one that this is in. In a call, only a handler itself may be unregistered: two that
 * unregister each other would wait for ever.
 *
 * Context: process, with no lock held that its calls take; waits for the call that runs.
 * Return: 0; -EDEADLK: this is in the call of another, or of a listener: it still is the handler.
 */
int cfs_handler_unregister(struct cfs_handler *h)
{
	struct cfs_mount *m = h->mount;
	struct cfs_desk *d = &m->events->desk[h->class];
	const bool in = cfs_in_call();
	bool wait, own;

	spin_lock(&m->events->lock);
	own = d->calling == h && d->caller == current;
	if (in && !own) {
		spin_unlock(&m->events->lock);
		return -EDEADLK;
	}
	cfs_post_leave(&d->post, h);
	wait = d->calling == h && !own;
	spin_unlock(&m->events->lock);
	if (wait)
		cfs_desk_wait(d, h);
	h->mount = NULL;
	cfs_mount_put(m);
	return 0;
}
EXPORT_SYMBOL_GPL(cfs_handler_unregister);
