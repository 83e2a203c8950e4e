// SPDX-License-Identifier: GPL-2.0
/*
 * What a server tells its client without being asked: a bounded queue per
 * link, delivered in order by the link's work. What it cannot hold is made
 * known by ->event_lost(), after which the client looks for itself.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>

#include "vpart.h"

/**
 * vpart_link_clear_events() - forget the events of an epoch that is over
 * @link: link
 *
 * Context: Process context, the link's work.
 */
void vpart_link_clear_events(struct vpart_link *link)
{
	spin_lock_irq(&link->lock);
	link->ev_head = 0;
	link->ev_count = 0;
	link->ev_lost = false;
	spin_unlock_irq(&link->lock);
}

/**
 * vpart_link_event() - queue an event IU of the server for the client
 * @link: link
 * @iu: the event
 * @len: its length, at most VPART_MAX_IU
 *
 * For fabrics. After an overflow events are dropped until the client was told.
 *
 * Context: Any, never sleeps.
 * Return: 0, or -ENOTCONN if the link is not up: the next epoch begins with
 * ->event_lost().
 */
int vpart_link_event(struct vpart_link *link, const void *iu, u16 len)
{
	struct vpart_link_event *ev;
	unsigned long flags;
	int ret = -ENOTCONN;

	spin_lock_irqsave(&link->lock, flags);
	if (link->state == VPART_LINK_STATE_UP) {
		ret = 0;
		link->ev_seq++;
		if (link->ev_count >= VPART_LINK_EVENTS)
			link->ev_lost = true;
		if (!link->ev_lost) {
			ev = &link->ev[(link->ev_head + link->ev_count) %
				       VPART_LINK_EVENTS];
			ev->seq = link->ev_seq;
			ev->len = len;
			memcpy(ev->iu, iu, len);
			link->ev_count++;
		}
		vpart_link_kick_locked(link);
	}
	spin_unlock_irqrestore(&link->lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(vpart_link_event);

/**
 * vpart_link_event_lost() - events of the server were lost on their way
 * @link: link
 *
 * For fabrics. What came before is delivered before it is told.
 *
 * Context: Any, never sleeps.
 */
void vpart_link_event_lost(struct vpart_link *link)
{
	unsigned long flags;

	spin_lock_irqsave(&link->lock, flags);
	if (link->state == VPART_LINK_STATE_UP) {
		link->ev_lost = true;
		vpart_link_kick_locked(link);
	}
	spin_unlock_irqrestore(&link->lock, flags);
}
EXPORT_SYMBOL_GPL(vpart_link_event_lost);

/**
 * vpart_link_deliver() - give the client one event of the server
 * @link: link, up
 *
 * Context: Process context, the link's work.
 * Return: false if there was none.
 */
bool vpart_link_deliver(struct vpart_link *link)
{
	struct vpart_adapter *client = &link->adapter[VPART_SIDE_CLIENT];
	struct vpart_link_event *ev = &link->scratch;
	bool lost = false, some = false;

	spin_lock_irq(&link->lock);
	if (link->ev_count) {
		*ev = link->ev[link->ev_head];
		link->ev_head = (link->ev_head + 1) % VPART_LINK_EVENTS;
		link->ev_count--;
		some = true;
	} else {
		/* From here new events are kept again: they come after it. */
		lost = link->ev_lost;
		link->ev_lost = false;
	}
	spin_unlock_irq(&link->lock);

	if (some)
		link->client->event(client, ev->seq, ev->iu, ev->len);
	if (lost)
		link->client->event_lost(client);
	return some || lost;
}

/**
 * vpart_event() - the server tells the client something
 * @a: server's adapter
 * @iu: event IU
 * @len: its length, at most VPART_MAX_IU
 *
 * Delivered in order; what cannot be kept is made known by ->event_lost().
 *
 * Context: Any, never sleeps.
 * Return: 0, -EINVAL if it is too long, -ENOTCONN if the link is not up: the
 * next epoch begins with ->event_lost().
 */
int vpart_event(struct vpart_adapter *a, const void *iu, u16 len)
{
	if (len > VPART_MAX_IU)
		return -EINVAL;
	return a->link->fabric->event(a->link, iu, len);
}
EXPORT_SYMBOL_GPL(vpart_event);
