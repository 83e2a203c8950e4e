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
 *   LOGIN     nobody called, -ENOLINK	waits for the call	   DOWN
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
 *
 * Of a link to another kernel one end is here, and only its driver is asked and
 * told. Its login waits for the other end, as long as the link is wanted. A
 * client's end goes on trying, whatever it is told: nobody tells it of a change.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/module.h>

#include "vpart.h"

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
		mod_delayed_work(link->wq, &link->work, 0);
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

/**
 * vpart_link_retry() - a login that failed is worth another try
 * @link: link
 *
 * For fabrics: the other end has called, or can be reached.
 *
 * Context: Any, never sleeps.
 */
void vpart_link_retry(struct vpart_link *link)
{
	unsigned long flags;

	spin_lock_irqsave(&link->lock, flags);
	vpart_link_retry_locked(link);
	spin_unlock_irqrestore(&link->lock, flags);
}
EXPORT_SYMBOL_GPL(vpart_link_retry);

/**
 * vpart_link_end_locked() - this epoch is over, or must not begin
 * @link: link, its lock held
 * @why: kept if it is the first reason: it is what ended the epoch
 *
 * vpart_link_kick_locked() follows.
 *
 * Context: Any, never sleeps.
 */
void vpart_link_end_locked(struct vpart_link *link, enum vpart_why why)
{
	lockdep_assert_held(&link->lock);
	if ((link->state == VPART_LINK_STATE_UP ||
	     link->state == VPART_LINK_STATE_LOGIN) && !link->ending)
		link->ending = why;
	/* A login may be waiting for the other end. */
	wake_up_all(&link->wait);
}

/**
 * vpart_link_end() - this epoch is over, or must not begin
 * @link: link
 * @why: the reason that is shown
 *
 * For fabrics. The next login follows as soon as may be.
 *
 * Context: Any, never sleeps.
 */
void vpart_link_end(struct vpart_link *link, enum vpart_why why)
{
	unsigned long flags;

	spin_lock_irqsave(&link->lock, flags);
	vpart_link_end_locked(link, why);
	vpart_link_kick_locked(link);
	spin_unlock_irqrestore(&link->lock, flags);
}
EXPORT_SYMBOL_GPL(vpart_link_end);

/**
 * vpart_link_session() - what a login is known by
 * @link: link, logging in
 * @session: number of the session, the same at both ends, never 0
 * @client: instance of the client partition
 * @peer: instance of the partition in another kernel
 *
 * For fabrics, before anything is sent, or taken, in that session.
 *
 * Context: Process context, the link's work.
 */
void vpart_link_session(struct vpart_link *link, u64 session, const uuid_t *client,
			const uuid_t *peer)
{
	spin_lock_irq(&link->lock);
	link->session = session;
	link->client_boot = *client;
	link->peer_boot = *peer;
	spin_unlock_irq(&link->lock);
}
EXPORT_SYMBOL_GPL(vpart_link_session);

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
	if (vpart_here(link, VPART_SIDE_CLIENT) &&
	    !link->end[VPART_SIDE_CLIENT].started)
		return VPART_WHY_NO_CLIENT;
	if (vpart_here(link, VPART_SIDE_SERVER) &&
	    !link->end[VPART_SIDE_SERVER].started)
		return VPART_WHY_NO_SERVER;
	if (link->refused)
		return link->last_error == ENOLINK ? VPART_WHY_NO_PEER :
						     VPART_WHY_REFUSED;
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

/**
 * vpart_link_unwanted() - must a login be given up
 * @link: link, logging in
 *
 * For fabrics that wait for the other end: link->wait is woken when it changes.
 *
 * Context: Any, never sleeps.
 */
bool vpart_link_unwanted(struct vpart_link *link)
{
	unsigned long flags;
	bool ret;

	spin_lock_irqsave(&link->lock, flags);
	ret = link->ending || vpart_link_hindrance(link);
	spin_unlock_irqrestore(&link->lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(vpart_link_unwanted);

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
			mod_delayed_work(link->wq, &link->work,
					 link->retry_at - now);
	} else {
		link->client = vpart_here(link, VPART_SIDE_CLIENT) ?
			       link->end[VPART_SIDE_CLIENT].drv->client : NULL;
		link->server = vpart_here(link, VPART_SIDE_SERVER) ?
			       link->end[VPART_SIDE_SERVER].drv->server : NULL;
		vpart_link_publish(link, VPART_LINK_STATE_LOGIN);
		ret = true;
	}
	spin_unlock_irq(&link->lock);
	return ret;
}

/* Errors that pass by themselves */
static bool vpart_link_not_yet(const struct vpart_link *link, int err)
{
	/* Nobody here is told when the other end thinks better of it. */
	if (!vpart_here(link, VPART_SIDE_SERVER))
		return true;
	return err == -EAGAIN || err == -ENOMEM;
}

/* The next login is not tried at once, and each time later. */
static void vpart_link_later(struct vpart_link *link)
{
	lockdep_assert_held(&link->lock);
	link->backoff = clamp(link->backoff * 2, VPART_RETRY_MIN, READ_ONCE(link->retry_max));
	link->retry_at = jiffies + msecs_to_jiffies(link->backoff);
}

/* Nobody was there who could have refused. */
static bool vpart_link_unreached(const struct vpart_link *link, int err)
{
	if (vpart_here(link, VPART_SIDE_SERVER))
		return err == -ENOLINK;
	switch (err) {
	case -ENOLINK:
	case -ENODEV:
	case -ETIMEDOUT:
	case -ECONNREFUSED:
	case -ECONNRESET:
	case -EHOSTUNREACH:
	case -ENETUNREACH:
		return true;
	default:
		return false;
	}
}

/* Note how a login ended. Returns whether there is something to say of it. */
static bool vpart_link_noted(struct vpart_link *link, int err,
			     unsigned int changes)
{
	bool news = link->last_error != -err && err != -ENOLINK && err != -ECANCELED &&
		    (!vpart_link_not_yet(link, err) || link->problem[0]);

	lockdep_assert_held(&link->lock);
	link->last_error = -err;
	if (!err) {
		link->problem[0] = 0;
		return false;
	}
	link->why = vpart_link_unreached(link, err) ? VPART_WHY_NO_PEER : VPART_WHY_REFUSED;
	/* What changed during the login may have come too late for it. */
	if (link->changes == changes) {
		link->refused = !vpart_link_not_yet(link, err);
		vpart_link_later(link);
	}
	return news;
}

/* LOGIN -> UP; false if the epoch must end before it began. */
static bool vpart_link_begin(struct vpart_link *link)
{
	struct vpart_adapter *client = &link->adapter[VPART_SIDE_CLIENT];
	bool up;

	spin_lock_irq(&link->lock);
	up = !link->ending;
	WRITE_ONCE(link->runs, up && link->client && link->server && link->server->run);
	if (up)
		vpart_link_publish(link, VPART_LINK_STATE_UP);
	spin_unlock_irq(&link->lock);
	if (!up) {
		if (link->fabric->open)
			link->fabric->disconnect(link);
		if (link->server)
			link->server->logout(&link->adapter[VPART_SIDE_SERVER],
					     link->epoch);
		return false;
	}
	vpart_link_say(link, "up, epoch %u", link->epoch);
	if (link->client)
		link->client->up(client, link->epoch, &link->lim,
				 link->login_rsp, link->login_rsp_len);
	if (link->fabric->up)
		link->fabric->up(link);
	if (link->client)
		link->client->event_lost(client);
	return true;
}

static bool vpart_link_login(struct vpart_link *link)
{
	u32 epoch = link->epoch + 1;
	unsigned int changes;
	bool news;
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
	news = vpart_link_noted(link, err, changes);
	spin_unlock_irq(&link->lock);
	if (!err && vpart_link_begin(link))
		return true;

	if (news)
		vpart_link_say(link, "down: %s, error %d",
			       link->problem[0] ? link->problem :
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
		/* Else one who logs in to break off would keep us busy. */
		if (why != VPART_WHY_LOST ||
		    ktime_ms_delta(ktime_get(), link->since) >= VPART_STEADY)
			link->backoff = 0;
		else
			vpart_link_later(link);
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
	if (link->server)
		link->server->drain(server, link->epoch);
	if (link->client)
		link->client->down(client, link->epoch, why);
	return true;
}

static bool vpart_link_draining(struct vpart_link *link)
{
	/* Steps D to F of the table in call.c */
	if (vpart_calls_open(link, NULL))
		return false;
	synchronize_rcu();
	if (link->runs) {
		WRITE_ONCE(link->runs, false);
		/* They have no call any more, so they do not wait for a device. */
		synchronize_srcu(&link->runners);
	}
	if (link->server)
		link->server->logout(&link->adapter[VPART_SIDE_SERVER],
				     link->epoch);
	spin_lock_irq(&link->lock);
	vpart_link_publish(link, VPART_LINK_STATE_DOWN);
	spin_unlock_irq(&link->lock);
	wake_up_all(&link->wait);
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

/**
 * vpart_link_init_work() - make the work of a new link
 * @link: link
 */
void vpart_link_init_work(struct vpart_link *link)
{
	INIT_DELAYED_WORK(&link->work, vpart_link_work);
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
	if (want && want->nr_poll && !(link->fabric->caps & VPART_CAP_POLL))
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
 * vpart_set_retry() - how long the bus waits between two logins, at most
 * @a: adapter
 * @ms: milliseconds, at least VPART_RETRY_MIN; 0: as long as by default
 *
 * It begins with less, and doubles that up to here. A login that waits is tried
 * at once, unless @ms is 0.
 *
 * Context: Any, never sleeps.
 */
void vpart_set_retry(struct vpart_adapter *a, unsigned int ms)
{
	WRITE_ONCE(a->link->retry_max, ms ?: VPART_RETRY_MAX);
	if (ms)
		vpart_link_retry(a->link);
}
EXPORT_SYMBOL_GPL(vpart_set_retry);

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
	strscpy(st->problem, link->problem, sizeof(st->problem));
	spin_unlock_irqrestore(&link->lock, flags);
	st->inflight = vpart_calls_open(link, &st->oldest);
}
EXPORT_SYMBOL_GPL(vpart_link_status);
