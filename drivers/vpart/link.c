// SPDX-License-Identifier: GPL-2.0
/*
 * The link: when the two ends of an adapter pair may talk.
 *
 * One work item per link makes every change of state; it never runs twice at
 * once. Everybody else writes a wish under link->lock and queues it.
 *
 *   state     what the work finds		what it does		   next
 *   --------  ---------------------------	----------------------	   --------
 *   DOWN      a side failed, not started,	keeps the reason	   DOWN
 *	       refused, or pair being removed
 *   DOWN      none of it, retry time not yet	sleeps until then	   DOWN
 *   DOWN      none of it			starts the login	   LOGIN
 *   LOGIN     server says -EAGAIN		doubles the retry time	   DOWN
 *   LOGIN     any other errno			notes it; waits for a
 *						change of either side	   DOWN
 *   LOGIN     0, but the epoch must end	->logout()		   DOWN
 *   LOGIN     0				->up(), ->event_lost()	   UP
 *   UP	       the epoch must end		stops submits, cancels
 *						open calls, ->drain(),
 *						->down()		   DRAINING
 *   UP	       events of the server		->event()		   UP
 *   DRAINING  calls are held			returns; the put that
 *						frees the last queues it   DRAINING
 *   DRAINING  none				->logout()		   DOWN
 *
 * LOGIN is only seen while the work is inside the two ->login() callbacks. A
 * wish for the end of the epoch (link->ending) is kept even if its reason is
 * over when the work runs: a partition that failed and returned is another.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "vpart.h"

static const char * const vpart_why_texts[] = {
	[VPART_WHY_NONE]		= "",
	[VPART_WHY_CLIENT_FAILED]	= "client partition failed",
	[VPART_WHY_SERVER_FAILED]	= "server partition failed",
	[VPART_WHY_NO_CLIENT]		= "no client driver has started",
	[VPART_WHY_NO_SERVER]		= "no server driver has started",
	[VPART_WHY_REFUSED]		= "the server refused the login",
	[VPART_WHY_RESET]		= "a driver asked for a new epoch",
	[VPART_WHY_REMOVED]		= "the adapter pair is being deleted",
};

static const char * const vpart_link_state_texts[] = {
	[VPART_LINK_STATE_DOWN]		= "down",
	[VPART_LINK_STATE_LOGIN]	= "login",
	[VPART_LINK_STATE_UP]		= "up",
	[VPART_LINK_STATE_DRAINING]	= "draining",
};

/**
 * vpart_why_text() - a reason in words
 * @why: the reason
 *
 * Return: "" for none.
 */
const char *vpart_why_text(enum vpart_why why)
{
	return why < ARRAY_SIZE(vpart_why_texts) ? vpart_why_texts[why] : "";
}

/**
 * vpart_link_state_text() - a link state in words
 * @state: the state
 *
 * Return: one word.
 */
const char *vpart_link_state_text(enum vpart_link_state state)
{
	return vpart_link_state_texts[state];
}

__printf(2, 3)
static void vpart_link_say(struct vpart_link *link, const char *fmt, ...)
{
	char text[VPART_EVENT_DETAIL_SIZE];
	const char *name = link->adapter[0].name;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pr_info("adapter %s: link %s\n", name, text);
	vpart_notify(VPART_OBJECT_ADAPTER, link->adapter[0].id, name,
		     VPART_EVENT_TYPE_CHANGE, "%s", text);
}

/**
 * vpart_link_kick_locked() - let the work of a link look again
 * @link: link, its lock held
 *
 * Context: Any, never sleeps.
 */
void vpart_link_kick_locked(struct vpart_link *link)
{
	lockdep_assert_held(&link->lock);
	if (!link->gone)
		mod_delayed_work(vpart_wq, &link->work, 0);
}

/**
 * vpart_link_kick() - let the work of a link look again
 * @link: link
 *
 * Context: Any, never sleeps.
 */
void vpart_link_kick(struct vpart_link *link)
{
	unsigned long flags;

	spin_lock_irqsave(&link->lock, flags);
	vpart_link_kick_locked(link);
	spin_unlock_irqrestore(&link->lock, flags);
}

/* The release orders limits, tables and callbacks before the state. */
static void vpart_link_publish(struct vpart_link *link,
			       enum vpart_link_state state)
{
	lockdep_assert_held(&link->lock);
	/* Pairs with the acquire in vpart_submit(). */
	smp_store_release(&link->state, state);
	link->since = ktime_get();
}

/* Something changed that makes a refused or delayed login worth a try. */
static void vpart_link_retry_locked(struct vpart_link *link)
{
	lockdep_assert_held(&link->lock);
	link->changes++;
	link->refused = false;
	link->backoff = 0;
	link->retry_at = jiffies;
	vpart_link_kick_locked(link);
}

/* The first reason is kept: it is what ended the epoch. */
static void vpart_link_end_locked(struct vpart_link *link, enum vpart_why why)
{
	lockdep_assert_held(&link->lock);
	if ((link->state == VPART_LINK_STATE_UP ||
	     link->state == VPART_LINK_STATE_LOGIN) && !link->ending)
		link->ending = why;
}

/* Why the link may not be up; NONE if it may. */
static enum vpart_why vpart_link_hindrance(const struct vpart_link *link)
{
	lockdep_assert_held(&link->lock);
	if (link->removing)
		return VPART_WHY_REMOVED;
	if (READ_ONCE(link->part[VPART_SIDE_CLIENT]->state) != VPART_STATE_RUNNING)
		return VPART_WHY_CLIENT_FAILED;
	if (READ_ONCE(link->part[VPART_SIDE_SERVER]->state) != VPART_STATE_RUNNING)
		return VPART_WHY_SERVER_FAILED;
	if (!link->end[VPART_SIDE_CLIENT].started)
		return VPART_WHY_NO_CLIENT;
	if (!link->end[VPART_SIDE_SERVER].started)
		return VPART_WHY_NO_SERVER;
	if (link->refused)
		return VPART_WHY_REFUSED;
	return VPART_WHY_NONE;
}

/* Let go of the modules of drivers that stopped, once nothing calls them. */
static void vpart_link_unpin(struct vpart_link *link)
{
	struct module *owner;
	unsigned long flags;
	unsigned int side;

	for (side = 0; side < 2; side++) {
		owner = NULL;
		spin_lock_irqsave(&link->lock, flags);
		if (link->state == VPART_LINK_STATE_DOWN &&
		    link->end[side].pinned && !link->end[side].started) {
			link->end[side].pinned = false;
			owner = link->end[side].drv->driver.owner;
		}
		spin_unlock_irqrestore(&link->lock, flags);
		module_put(owner);
	}
}

/* DOWN -> LOGIN; false if there is nothing to do now. */
static bool vpart_link_may_login(struct vpart_link *link, unsigned int *changes)
{
	unsigned long now = jiffies;
	enum vpart_why why;
	bool ret = false;

	spin_lock_irq(&link->lock);
	*changes = link->changes;
	link->ending = VPART_WHY_NONE;
	why = vpart_link_hindrance(link);
	if (why) {
		link->why = why;
	} else if (time_before(now, link->retry_at)) {
		if (!link->gone)
			mod_delayed_work(vpart_wq, &link->work,
					 link->retry_at - now);
	} else {
		link->client = link->end[VPART_SIDE_CLIENT].drv->client;
		link->server = link->end[VPART_SIDE_SERVER].drv->server;
		vpart_link_publish(link, VPART_LINK_STATE_LOGIN);
		ret = true;
	}
	spin_unlock_irq(&link->lock);
	return ret;
}

/* Errors that pass by themselves */
static bool vpart_link_not_yet(int err)
{
	return err == -EAGAIN || err == -ENOMEM;
}

static bool vpart_link_login(struct vpart_link *link)
{
	u32 epoch = link->epoch + 1;
	bool up = false, news;
	unsigned int changes;
	int err;

	if (!vpart_link_may_login(link, &changes)) {
		vpart_link_unpin(link);
		wake_up_all(&link->wait);
		return false;
	}

	err = link->fabric->connect(link, epoch);

	if (!err) {
		link->epoch = epoch;
		vpart_link_clear_events(link);
	}
	spin_lock_irq(&link->lock);
	news = link->last_error != -err && !vpart_link_not_yet(err);
	link->last_error = -err;
	if (!err) {
		link->backoff = 0;
		if (!link->ending) {
			vpart_link_publish(link, VPART_LINK_STATE_UP);
			up = true;
		}
	} else {
		link->why = VPART_WHY_REFUSED;
		/* What changed during the login may have come too late for it. */
		if (link->changes == changes) {
			link->refused = !vpart_link_not_yet(err);
			link->backoff = clamp(link->backoff * 2, VPART_RETRY_MIN,
					      VPART_RETRY_MAX);
			link->retry_at = jiffies +
					 msecs_to_jiffies(link->backoff);
		}
	}
	spin_unlock_irq(&link->lock);

	if (up) {
		vpart_link_say(link, "up, epoch %u", epoch);
		link->client->up(&link->adapter[VPART_SIDE_CLIENT], epoch,
				 &link->lim, link->login_rsp,
				 link->login_rsp_len);
		link->client->event_lost(&link->adapter[VPART_SIDE_CLIENT]);
		return true;
	}

	if (!err)
		link->server->logout(&link->adapter[VPART_SIDE_SERVER],
				     epoch);
	else if (news)
		vpart_link_say(link, "down: %s, error %d",
			       vpart_why_text(VPART_WHY_REFUSED), -err);
	spin_lock_irq(&link->lock);
	vpart_link_publish(link, VPART_LINK_STATE_DOWN);
	spin_unlock_irq(&link->lock);
	return true;
}

static bool vpart_link_up(struct vpart_link *link)
{
	struct vpart_adapter *client = &link->adapter[VPART_SIDE_CLIENT];
	struct vpart_adapter *server = &link->adapter[VPART_SIDE_SERVER];
	enum vpart_why why;

	spin_lock_irq(&link->lock);
	why = link->ending;
	if (why) {
		link->why = why;
		vpart_link_publish(link, VPART_LINK_STATE_DRAINING);
	}
	spin_unlock_irq(&link->lock);
	if (!why)
		return vpart_link_deliver(link);

	vpart_link_say(link, "down: %s", vpart_why_text(why));
	/* Steps B and C of the table in call.c */
	synchronize_rcu();
	vpart_link_clear_events(link);
	link->fabric->disconnect(link);
	link->server->drain(server, link->epoch);
	link->client->down(client, link->epoch, why);
	return true;
}

static bool vpart_link_draining(struct vpart_link *link)
{
	/* Steps D to F of the table in call.c */
	if (vpart_calls_open(link, NULL))
		return false;
	synchronize_rcu();
	link->server->logout(&link->adapter[VPART_SIDE_SERVER],
			     link->epoch);
	spin_lock_irq(&link->lock);
	vpart_link_publish(link, VPART_LINK_STATE_DOWN);
	spin_unlock_irq(&link->lock);
	return true;
}

static void vpart_link_work(struct work_struct *work)
{
	struct vpart_link *link =
		container_of(to_delayed_work(work), struct vpart_link, work);
	unsigned int noio = memalloc_noio_save();
	bool again = true;

	while (again) {
		switch (link->state) {
		case VPART_LINK_STATE_UP:
			again = vpart_link_up(link);
			break;
		case VPART_LINK_STATE_DRAINING:
			again = vpart_link_draining(link);
			break;
		default:
			again = vpart_link_login(link);
			break;
		}
		cond_resched();
	}
	memalloc_noio_restore(noio);
}

static void vpart_link_free_tables(struct vpart_link *link)
{
	unsigned int i;

	for (i = 0; i < VPART_QUEUES_MAX; i++) {
		kvfree(link->queues[i].calls);
		link->queues[i].calls = NULL;
	}
}

/**
 * vpart_link_tables() - set the limits of a new epoch, make its call tables
 * @link: link, logging in
 * @lim: the limits
 * @call_size: bytes of the server's driver behind each call
 *
 * Tables that fit are used again: every slot of them is free.
 *
 * Context: Process context, the link's work.
 * Return: 0 or -ENOMEM; then there are no tables and no queues.
 */
int vpart_link_tables(struct vpart_link *link, const struct vpart_limits *lim,
		      size_t call_size)
{
	u32 stride = ALIGN(sizeof(struct vpart_call) + call_size,
			   __alignof__(struct vpart_call));
	bool fits = link->queues[0].calls && link->queues[0].stride == stride &&
		    link->lim.nr_queues == lim->nr_queues &&
		    link->lim.depth == lim->depth;
	struct vpart_call *c;
	unsigned int i, tag;
	void *calls;

	lockdep_assert_not_held(&link->lock);
	if (fits && !memcmp(&link->lim, lim, sizeof(*lim)))
		return 0;
	/* Readers that saw the last epoch draining: see vpart_link_has_calls(). */
	synchronize_rcu();
	if (!fits) {
		vpart_link_free_tables(link);
		spin_lock_irq(&link->lock);
		memset(&link->lim, 0, sizeof(link->lim));
		spin_unlock_irq(&link->lock);
		for (i = 0; i < lim->nr_queues; i++) {
			/* Whole pages, so that calls keep their alignment */
			calls = kvzalloc(PAGE_ALIGN((size_t)stride * lim->depth),
					 GFP_KERNEL);
			if (!calls) {
				vpart_link_free_tables(link);
				return -ENOMEM;
			}
			link->queues[i].calls = calls;
			link->queues[i].stride = stride;
			for (tag = 0; tag < lim->depth; tag++) {
				c = vpart_slot(&link->queues[i], tag);
				c->q = &link->queues[i];
				c->tag = tag;
			}
		}
	}
	spin_lock_irq(&link->lock);
	link->lim = *lim;
	spin_unlock_irq(&link->lock);
	return 0;
}

/**
 * vpart_link_partition() - a partition of a link failed or returned
 * @link: link
 * @side: which of its two
 * @state: the new state, already set
 *
 * Context: Any, never sleeps.
 */
void vpart_link_partition(struct vpart_link *link, enum vpart_side side,
			  enum vpart_state state)
{
	unsigned long flags;

	spin_lock_irqsave(&link->lock, flags);
	if (state != VPART_STATE_RUNNING)
		vpart_link_end_locked(link, side == VPART_SIDE_CLIENT ?
				      VPART_WHY_CLIENT_FAILED :
				      VPART_WHY_SERVER_FAILED);
	vpart_link_retry_locked(link);
	spin_unlock_irqrestore(&link->lock, flags);
}

static bool vpart_link_is_down(struct vpart_link *link)
{
	unsigned long flags;
	bool ret;

	spin_lock_irqsave(&link->lock, flags);
	ret = link->state == VPART_LINK_STATE_DOWN;
	spin_unlock_irqrestore(&link->lock, flags);
	return ret;
}

/**
 * vpart_link_wait_down() - wait for a link that is on its way down
 * @link: link, with a hindrance set: once seen down it stays down
 *
 * Context: Process context; waits VPART_DRAIN_WAIT at most.
 * Return: 0, or -EBUSY if the server still holds calls.
 */
int vpart_link_wait_down(struct vpart_link *link)
{
	if (!wait_event_timeout(link->wait, vpart_link_is_down(link),
				msecs_to_jiffies(VPART_DRAIN_WAIT)))
		return -EBUSY;
	return 0;
}

/**
 * vpart_link_begin_remove() - take a link down for good
 * @link: link
 *
 * vpart_link_wait_down() follows, then vpart_link_unremove() or
 * vpart_link_gone().
 *
 * Context: Any, never sleeps.
 */
void vpart_link_begin_remove(struct vpart_link *link)
{
	unsigned long flags;

	spin_lock_irqsave(&link->lock, flags);
	link->removing = true;
	vpart_link_end_locked(link, VPART_WHY_REMOVED);
	vpart_link_kick_locked(link);
	spin_unlock_irqrestore(&link->lock, flags);
}

/**
 * vpart_link_unremove() - let a link come back that could not be removed
 * @link: link
 *
 * Context: Any, never sleeps.
 */
void vpart_link_unremove(struct vpart_link *link)
{
	unsigned long flags;

	spin_lock_irqsave(&link->lock, flags);
	link->removing = false;
	vpart_link_retry_locked(link);
	spin_unlock_irqrestore(&link->lock, flags);
}

/**
 * vpart_link_gone() - the devices of a link are off the bus: stop its work
 * @link: link, removed
 *
 * Context: Process context; waits for the work, which has nothing to wait for.
 */
void vpart_link_gone(struct vpart_link *link)
{
	spin_lock_irq(&link->lock);
	link->gone = true;
	spin_unlock_irq(&link->lock);
	cancel_delayed_work_sync(&link->work);
}

static bool vpart_limits_valid(const struct vpart_limits *lim)
{
	return lim->nr_queues && lim->nr_queues <= VPART_QUEUES_MAX &&
	       lim->depth > VPART_PRIO_TAGS && lim->depth <= VPART_DEPTH_MAX;
}

/**
 * vpart_start() - a driver is ready for the link to come up
 * @a: adapter, bound to the driver
 * @want: limits it wishes; a server may give NULL and decide in ->login()
 *
 * Called again it changes the wishes of the next epoch and has a refused or
 * delayed login tried at once. The driver's module is held until vpart_stop()
 * has found the link down.
 *
 * Context: Any but the link's own callbacks' locks; never sleeps.
 * Return: 0, -EINVAL for impossible limits, -ENODEV if no driver is bound or
 * its module is going, -ESHUTDOWN if the pair is being deleted.
 */
int vpart_start(struct vpart_adapter *a, const struct vpart_limits *want)
{
	struct vpart_link *link = a->link;
	struct vpart_end *end = &link->end[a->side];
	struct vpart_driver *drv;
	unsigned long flags;
	int err = 0;

	if (want ? !vpart_limits_valid(want) : a->side == VPART_SIDE_CLIENT)
		return -EINVAL;
	if (!a->dev.driver)
		return -ENODEV;
	drv = container_of(a->dev.driver, struct vpart_driver, driver);

	spin_lock_irqsave(&link->lock, flags);
	if (link->removing) {
		err = -ESHUTDOWN;
		goto unlock;
	}
	if (!end->pinned && !try_module_get(drv->driver.owner)) {
		err = -ENODEV;
		goto unlock;
	}
	end->pinned = true;
	end->started = true;
	end->drv = drv;
	if (want)
		end->want = *want;
	else
		memset(&end->want, 0, sizeof(end->want));
	vpart_link_retry_locked(link);
unlock:
	spin_unlock_irqrestore(&link->lock, flags);
	return err;
}
EXPORT_SYMBOL_GPL(vpart_start);

/**
 * vpart_stop() - a driver wants nothing of the link any more
 * @a: adapter
 *
 * Context: Process context; waits VPART_DRAIN_WAIT at most. Not from a
 * callback of the same link.
 * Return: 0: the link is down, no callback runs and the module is let go;
 * -EBUSY: it will not come up again, but the server still holds calls.
 */
int vpart_stop(struct vpart_adapter *a)
{
	struct vpart_link *link = a->link;
	int err;

	spin_lock_irq(&link->lock);
	link->end[a->side].started = false;
	vpart_link_end_locked(link, a->side == VPART_SIDE_CLIENT ?
			      VPART_WHY_NO_CLIENT : VPART_WHY_NO_SERVER);
	vpart_link_kick_locked(link);
	spin_unlock_irq(&link->lock);

	err = vpart_link_wait_down(link);
	if (!err)
		vpart_link_unpin(link);
	return err;
}
EXPORT_SYMBOL_GPL(vpart_stop);

/**
 * vpart_link_unbind() - a driver is being taken off an adapter
 * @a: adapter
 *
 * A driver that has started holds its own module, so it gets here started only
 * when its registration is undone on an error path, or with its pair deleted
 * and down. What the server holds then are pages of the client: there is no
 * way on but to wait, and to say so.
 *
 * Context: Process context, the device's lock held.
 */
void vpart_link_unbind(struct vpart_adapter *a)
{
	struct vpart_oldest old;
	unsigned int open;

	while (vpart_stop(a)) {
		open = vpart_calls_open(a->link, &old);
		pr_warn("adapter %s: unbinding waits for %u calls, the oldest (queue %u, tag %u) %llu ms old\n",
			a->name, open, old.queue, old.tag, old.age_ms);
	}
}

/**
 * vpart_reset() - end this epoch and begin another
 * @a: adapter
 * @why: shown as the reason, VPART_WHY_RESET as a rule
 *
 * Also has a refused login tried again.
 *
 * Context: Any, never sleeps.
 */
void vpart_reset(struct vpart_adapter *a, enum vpart_why why)
{
	struct vpart_link *link = a->link;
	unsigned long flags;

	spin_lock_irqsave(&link->lock, flags);
	vpart_link_end_locked(link, why ?: VPART_WHY_RESET);
	vpart_link_retry_locked(link);
	spin_unlock_irqrestore(&link->lock, flags);
}
EXPORT_SYMBOL_GPL(vpart_reset);

/**
 * vpart_link_status() - look at a link
 * @link: link
 * @st: gets what was seen
 *
 * Context: Any, never sleeps: status is wanted most when things are stuck.
 */
void vpart_link_status(struct vpart_link *link, struct vpart_link_status *st)
{
	unsigned long flags;

	spin_lock_irqsave(&link->lock, flags);
	st->state = link->state;
	st->why = link->why;
	/* The work may not have looked yet. */
	if (st->state == VPART_LINK_STATE_DOWN)
		st->why = vpart_link_hindrance(link) ?: link->why;
	st->epoch = link->epoch;
	st->lim = link->lim;
	st->last_error = link->last_error;
	st->since_ms = ktime_ms_delta(ktime_get(), link->since);
	spin_unlock_irqrestore(&link->lock, flags);
	st->inflight = vpart_calls_open(link, &st->oldest);
}

/**
 * vpart_link_alloc() - make a link
 * @fabric: what carries its requests
 *
 * Context: Process context.
 * Return: the link, with one reference per end, or NULL.
 */
struct vpart_link *vpart_link_alloc(const struct vpart_fabric_ops *fabric)
{
	struct vpart_link *link;
	unsigned int i;

	link = kzalloc(sizeof(*link), GFP_KERNEL);
	if (!link)
		return NULL;
	link->queues = kvcalloc(VPART_QUEUES_MAX, sizeof(*link->queues),
				GFP_KERNEL);
	link->ev = kvcalloc(VPART_LINK_EVENTS, sizeof(*link->ev), GFP_KERNEL);
	if (!link->queues || !link->ev)
		goto free;
	for (i = 0; i < VPART_QUEUES_MAX; i++) {
		link->queues[i].link = link;
		link->queues[i].index = i;
		link->queues[i].end[VPART_SIDE_CLIENT] = &link->adapter[VPART_SIDE_CLIENT];
		link->queues[i].end[VPART_SIDE_SERVER] = &link->adapter[VPART_SIDE_SERVER];
	}
	link->fabric = fabric;
	link->state = VPART_LINK_STATE_DOWN;
	link->since = ktime_get();
	link->retry_at = jiffies;
	spin_lock_init(&link->lock);
	INIT_DELAYED_WORK(&link->work, vpart_link_work);
	init_waitqueue_head(&link->wait);
	kref_init(&link->ref);
	kref_get(&link->ref);
	return link;

free:
	kvfree(link->ev);
	kvfree(link->queues);
	kfree(link);
	return NULL;
}

static void vpart_link_free(struct kref *ref)
{
	struct vpart_link *link = container_of(ref, struct vpart_link, ref);
	unsigned int side;

	for (side = 0; side < 2; side++)
		if (link->part[side])
			put_device(&link->part[side]->dev);
	vpart_link_free_tables(link);
	kvfree(link->ev);
	kvfree(link->queues);
	kfree(link);
}

/**
 * vpart_link_put() - an end of a link is released
 * @link: link
 *
 * Context: Process context.
 */
void vpart_link_put(struct vpart_link *link)
{
	kref_put(&link->ref, vpart_link_free);
}
