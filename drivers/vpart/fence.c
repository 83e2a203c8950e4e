// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a lost session, by proof.
 *
 * A client that has lost a link does not know what became of its requests: the
 * server may carry them out later, over what was written since on another path.
 * So before they go another way, the client has the session closed over that way:
 *
 *	client				server
 *	requests of the lost link held
 *	CLOSE_SESSION over a path ---->	ends the lost link's epoch, cancels its
 *					calls, waits until they are put
 *	requests let go		<----	CLOSE_RSP: done
 *					or: not in time; the client asks again
 *
 * A session that a server does not know is over as well: it forgets one only by
 * the next login, which finds the last call put. That word counts only from the
 * instance of the server that had the session.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/wait.h>

#include "proto.h"
#include "proto_iu.h"
#include "vpart.h"

#define VPART_CLOSE_WAIT	(2 * HZ)	/* a server waits for the calls of a session */

/* ---- client ---- */

/* Is the server of a link in the kernel that had the lost session? */
static bool vpart_fence_same(struct vpart_link *link, const uuid_t *server)
{
	bool same;

	spin_lock_irq(&link->lock);
	same = uuid_equal(&link->peer_boot, server);
	spin_unlock_irq(&link->lock);
	return same;
}

static bool vpart_fence_leads(struct vpart_link *link, const struct vpart_link *lost,
			      const uuid_t *server)
{
	return link != lost && !vpart_here(link, VPART_SIDE_SERVER) &&
	       link->part[VPART_SIDE_CLIENT] == lost->part[VPART_SIDE_CLIENT] &&
	       link->fabric->close_session && READ_ONCE(link->state) == VPART_LINK_STATE_UP &&
	       (link->part[VPART_SIDE_SERVER] == lost->part[VPART_SIDE_SERVER] ||
		vpart_fence_same(link, server));
}

/* The first link behind @after that is up and leads to the server, referenced. */
static struct vpart_link *vpart_fence_path(const struct vpart_link *lost, const uuid_t *server,
					   u64 after)
{
	struct vpart_link *link;

	spin_lock(&vpart_links_lock);
	list_for_each_entry(link, &vpart_links, entry) {
		if (vpart_link_order(link) > after && vpart_fence_leads(link, lost, server)) {
			vpart_link_get(link);
			spin_unlock(&vpart_links_lock);
			return link;
		}
	}
	spin_unlock(&vpart_links_lock);
	return NULL;
}

static bool vpart_fence_drained(struct vpart_link *link)
{
	/* Pairs with the release in vpart_link_publish(). */
	return smp_load_acquire(&link->state) != VPART_LINK_STATE_DRAINING;
}

/* Of a server in this kernel: has it let go of all? */
static int vpart_fence_here(struct vpart_link *link)
{
	/* Of a request with pages of the client, before its end. */
	if (link->fabric->caps & VPART_CAP_ZERO_COPY)
		return 0;
	return wait_event_timeout(link->wait, vpart_fence_drained(link), VPART_CLOSE_WAIT) ?
	       0 : -EBUSY;
}

/**
 * vpart_fence() - prove that requests of a lost session are over
 * @a: client's end of a link that went down
 *
 * Asks the server over the other links to it, one after the other: to the same partition,
 * or to another one that the same kernel serves.
 *
 * Context: Process context; waits a few seconds for each.
 * Return: 0: nothing that was sent over the link before it went down can be
 * carried out any more; -EBUSY: the server still holds some of it, ask again;
 * -ETIMEDOUT: one of them did not answer in time, ask again; -ENOLINK: no other
 * link leads there; else what the last of them failed of.
 */
int vpart_fence(struct vpart_adapter *a)
{
	struct vpart_link *path, *link = a->link;
	struct vpart_close_session what = {
		.client		= link->part[VPART_SIDE_CLIENT]->uuid,
		.adapter	= a->id,
	};
	uuid_t server, by;
	u64 after = 0;
	int err = -ENOLINK, ret;

	if (vpart_here(link, VPART_SIDE_SERVER))
		return vpart_fence_here(link);
	spin_lock_irq(&link->lock);
	/* Who let us in again has found the last session over; this one shall go on. */
	if (link->state != VPART_LINK_STATE_UP)
		what.session = link->session;
	what.boot = link->client_boot;
	server = link->peer_boot;
	spin_unlock_irq(&link->lock);
	if (!what.session)
		return 0;
	while ((path = vpart_fence_path(link, &server, after))) {
		after = vpart_link_order(path);
		ret = path->fabric->close_session(path, &what, &by);
		vpart_link_put(path);
		switch (ret) {
		case VPART_CLOSE_DONE:
			return 0;
		case VPART_CLOSE_UNKNOWN:
			if (uuid_equal(&by, &server))
				return 0;
			break;
		case VPART_CLOSE_TIMEOUT:
			return -EBUSY;
		default:
			/* Who has not answered yet may still prove it: ask again. */
			if (err != -ETIMEDOUT)
				err = ret;
		}
	}
	return err;
}
EXPORT_SYMBOL_GPL(vpart_fence);

/* ---- server ---- */

static bool vpart_session_is(const struct vpart_link *link,
			     const struct vpart_close_session *what)
{
	lockdep_assert_held(&link->lock);
	return link->session == what->session && uuid_equal(&link->client_boot, &what->boot);
}

/* None of its calls is left: a login begins when there is none. */
static bool vpart_session_over(struct vpart_link *link, const struct vpart_close_session *what)
{
	bool over;

	spin_lock_irq(&link->lock);
	over = link->state == VPART_LINK_STATE_DOWN || link->state == VPART_LINK_STATE_LOGIN ||
	       !vpart_session_is(link, what);
	spin_unlock_irq(&link->lock);
	return over;
}

/*
 * The server's end of a pair, referenced, if its client is @via's; of which partition of
 * this kernel the server is does not matter.
 */
static struct vpart_link *vpart_session_link(const struct vpart_link *via,
					     const struct vpart_close_session *what)
{
	struct vpart_link *link;

	if (!uuid_equal(&via->part[VPART_SIDE_CLIENT]->uuid, &what->client))
		return NULL;
	spin_lock(&vpart_links_lock);
	list_for_each_entry(link, &vpart_links, entry) {
		if (link->adapter[VPART_SIDE_SERVER].id == what->adapter &&
		    vpart_here(link, VPART_SIDE_SERVER) &&
		    link->part[VPART_SIDE_CLIENT] == via->part[VPART_SIDE_CLIENT]) {
			vpart_link_get(link);
			spin_unlock(&vpart_links_lock);
			return link;
		}
	}
	spin_unlock(&vpart_links_lock);
	return NULL;
}

/**
 * vpart_session_close() - a client wants a session ended that it has lost
 * @via: link that it says so over
 * @what: the session, from the peer
 *
 * For fabrics.
 *
 * Context: Process context, waits VPART_CLOSE_WAIT at most.
 * Return: enum vpart_close.
 */
int vpart_session_close(struct vpart_link *via, const struct vpart_close_session *what)
{
	struct vpart_link *link = vpart_session_link(via, what);
	int ret = VPART_CLOSE_UNKNOWN;

	if (!link)
		return ret;
	spin_lock_irq(&link->lock);
	if (vpart_session_is(link, what)) {
		vpart_link_end_locked(link, VPART_WHY_CLOSED);
		vpart_link_kick_locked(link);
		ret = VPART_CLOSE_DONE;
	}
	spin_unlock_irq(&link->lock);
	if (ret == VPART_CLOSE_DONE &&
	    !wait_event_timeout(link->wait, vpart_session_over(link, what), VPART_CLOSE_WAIT))
		ret = VPART_CLOSE_TIMEOUT;
	vpart_link_put(link);
	return ret;
}
EXPORT_SYMBOL_GPL(vpart_session_close);
