// SPDX-License-Identifier: GPL-2.0
/*
 * The hot path: requests of a client, calls of a server.
 *
 * No lock, no allocation, no store to a line that CPUs share: a request writes
 * only its own call. What keeps it apart from the end of an epoch is RCU:
 *
 *   submit, reply, put, cancel	      the link's work (link.c)
 *   --------------------------	      ------------------------
 *   rcu_read_lock()
 *   reads link->state == UP	      A: state = DRAINING
 *   claims a slot, ->request()	      B: synchronize_rcu()
 *   rcu_read_unlock()		      C: every slot still claimed: ->cancel()
 *
 * After B nobody claims a slot, and every slot claimed before is seen by C.
 *
 *   rcu_read_lock()
 *   frees the slot (full barrier)    after B: D: counts claimed slots
 *   reads link->state != UP	      E: none: synchronize_rcu()
 *   queues the work		      F: ->logout(), state = DOWN
 *   rcu_read_unlock()
 *
 * A put that still read UP began before B ended, so D sees its slot free; any
 * later one queues the work, which counts again. E lets the callbacks of the
 * last reply and put return before the drivers may go away.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/jiffies.h>

#include "vpart.h"

/**
 * vpart_call_wait() - a tag whose last call the server still holds
 * @c: its slot
 *
 * Context: Any, under RCU, the link is up.
 * Return: @c if it became free and is claimed, else NULL: ->credit() follows.
 */
struct vpart_call *vpart_call_wait(struct vpart_call *c)
{
	unsigned long old;

	for (;;) {
		old = cmpxchg(&c->state, 0, VPART_CALL_OPEN);
		if (!old)
			return c;
		if (old & VPART_CALL_WAIT)
			return NULL;
		/* The put that frees the slot sees the bit, or we see it free. */
		if (cmpxchg(&c->state, old, old | VPART_CALL_WAIT) == old)
			return NULL;
	}
}
EXPORT_SYMBOL_GPL(vpart_call_wait);

/*
 * Limits and tables stay as they are until the RCU read section ends: they
 * change while logging in only, behind a grace period (vpart_link_tables()).
 */
static bool vpart_link_has_calls(struct vpart_link *link)
{
	/* Pairs with the release in vpart_link_publish(). */
	u32 state = smp_load_acquire(&link->state);

	return state == VPART_LINK_STATE_UP ||
	       state == VPART_LINK_STATE_DRAINING;
}

static int vpart_data_check(const struct vpart_limits *lim,
			    const struct vpart_data *d)
{
	if (d->len > lim->max_data || d->nents > lim->max_segs ||
	    (d->len && (!d->sgl || !d->nents)))
		return -EINVAL;
	return 0;
}

/**
 * vpart_submit() - send a request to the server
 * @q: queue
 * @req: the request; the bus's until req->done()
 *
 * req->done() may run before this returns 0.
 *
 * Context: Any, never sleeps.
 * Return: 0; -EBUSY if the server still holds the last call with this tag
 * (->credit() follows, once); -ENOTCONN if the link is not up; -EINVAL if the
 * request is beyond the limits of the epoch.
 */
int vpart_submit(struct vpart_queue *q, struct vpart_req *req)
{
	struct vpart_link *link = q->link;
	const struct vpart_limits *lim = &link->lim;
	int ret = -ENOTCONN;

	rcu_read_lock();
	/* Pairs with the release in vpart_link_publish(): limits and tables. */
	if (unlikely(smp_load_acquire(&link->state) != VPART_LINK_STATE_UP))
		goto out;
	ret = -EINVAL;
	if (unlikely(q->index >= lim->nr_queues || req->tag >= lim->depth ||
		     !req->iu_len || req->iu_len > VPART_MAX_IU))
		goto out;
	if (unlikely(req->tag >= lim->depth - VPART_PRIO_TAGS &&
		     !(req->flags & VPART_REQ_PRIO)))
		goto out;
	if (unlikely(vpart_data_check(lim, &req->out) ||
		     vpart_data_check(lim, &req->in)))
		goto out;
	ret = link->fabric->submit(q, req);
out:
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(vpart_submit);

/**
 * vpart_kick() - a batch of requests marked VPART_REQ_MORE is complete
 * @q: queue
 *
 * Context: Any, never sleeps. Nothing to do on the local fabric.
 */
void vpart_kick(struct vpart_queue *q)
{
	if (q->link->fabric->kick)
		q->link->fabric->kick(q);
}
EXPORT_SYMBOL_GPL(vpart_kick);

/**
 * vpart_run() - give the server the caller's context
 * @q: queue
 * @what: of which requests, as the two drivers understand it; VPART_RUN_ELSEWHERE: of
 *	all, and the caller has no time
 *
 * After one or more vpart_submit() with VPART_REQ_RUN, whatever they returned. The
 * server has the choice: it takes as many of these requests in its own context.
 * Nothing is done where vpart_remote().
 *
 * Context: Process context, may sleep for as long as the server's device does; with
 * VPART_RUN_ELSEWHERE any. Allocations are the server's matter.
 */
void vpart_run(struct vpart_queue *q, u64 what)
{
	struct vpart_link *link = q->link;
	int idx;

	/*
	 * Not RCU: the server may sleep. The link's work waits for us before ->logout(),
	 * with no call left (steps D to F above), so not for what the server waits for.
	 */
	idx = srcu_read_lock(&link->runners);
	if (likely(READ_ONCE(link->runs)))
		link->server->run(q, what);
	srcu_read_unlock(&link->runners, idx);
}
EXPORT_SYMBOL_GPL(vpart_run);

/**
 * vpart_poll() - look for completions of a queue
 * @q: queue
 * @budget: at most so many
 *
 * Context: Any, never sleeps; calls done() of what it finds. The last limits.nr_poll
 * queues are polled in process context only, and so are their done() called.
 * Return: how many, or -EOPNOTSUPP without VPART_CAP_POLL.
 */
int vpart_poll(struct vpart_queue *q, unsigned int budget)
{
	if (!q->link->fabric->poll)
		return -EOPNOTSUPP;
	return q->link->fabric->poll(q, budget);
}
EXPORT_SYMBOL_GPL(vpart_poll);

/**
 * vpart_cancel() - the client gives a request up
 * @q: queue
 * @req: the request, submitted; the caller keeps its tag from being used for
 *	another until this returns
 *
 * It says nothing about the medium: task management and the end of the epoch
 * do.
 *
 * Context: Any, never sleeps.
 * Return: 0: done() with -ECANCELED has been or is being called. -EINPROGRESS:
 * the server may still touch the pages, done() comes when it lets go (perhaps
 * already has). Always the latter where VPART_CAP_ZERO_COPY is; elsewhere only
 * if it is answered, or its data are being copied: then no server is waited for.
 */
int vpart_cancel(struct vpart_queue *q, struct vpart_req *req)
{
	struct vpart_link *link = q->link;
	int ret = -EINPROGRESS;

	rcu_read_lock();
	if (vpart_link_has_calls(link) && q->index < link->lim.nr_queues &&
	    req->tag < link->lim.depth)
		ret = link->fabric->cancel(q, req);
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(vpart_cancel);

/**
 * vpart_map() - get pages for the data of a call
 * @c: call, not yet answered
 * @dir: DMA_TO_DEVICE for what the client sends, DMA_FROM_DEVICE for what it
 *	wants to receive
 * @d: gets the scatterlist
 *
 * With VPART_CAP_ZERO_COPY these are the client's own pages; they are the server's
 * to use until vpart_unmap(), vpart_reply() or vpart_call_put(). Else they are the
 * call's own: what the client sends is in them, what it shall receive is written
 * there before the answer.
 *
 * Context: Process context; allocates, so under memalloc_noio. With
 * VPART_CAP_ZERO_COPY any.
 * Return: 0; -EOPNOTSUPP: bring pages, use vpart_pull() and vpart_push();
 * -EBUSY: other calls have the memory, ->room() follows; -ENOMEM; -EINVAL: no data in
 * that direction; -ECANCELED: already answered, or given up.
 */
int vpart_map(struct vpart_call *c, enum dma_data_direction dir,
	      struct vpart_data *d)
{
	if (dir != DMA_TO_DEVICE && dir != DMA_FROM_DEVICE)
		return -EINVAL;
	if (!(dir == DMA_TO_DEVICE ? c->out_len : c->in_len))
		return -EINVAL;
	return c->q->link->fabric->map(c, dir, d);
}
EXPORT_SYMBOL_GPL(vpart_map);

/**
 * vpart_unmap() - done with what vpart_map() gave
 * @c: call
 *
 * Context: Any, never sleeps.
 */
void vpart_unmap(struct vpart_call *c)
{
	if (c->q->link->fabric->unmap)
		c->q->link->fabric->unmap(c);
}
EXPORT_SYMBOL_GPL(vpart_unmap);

/**
 * vpart_pull() - copy what the client sends
 * @c: call, not yet answered
 * @dst: where to; dst->len bytes
 * @off: from this byte of the client's data on
 * @fn: called exactly once if this returns 0, perhaps before it returns, in
 *	process context; 0, -ECANCELED or -ENOTCONN
 *
 * Context: Process context.
 * Return: 0; -EINVAL if the range is not within what the client offers;
 * -EOPNOTSUPP where vpart_map() gives pages of the call's own.
 */
int vpart_pull(struct vpart_call *c, const struct vpart_data *dst, u32 off,
	       vpart_xfer_fn fn)
{
	if (off > c->out_len || dst->len > c->out_len - off)
		return -EINVAL;
	if (!c->q->link->fabric->pull)
		return -EOPNOTSUPP;
	return c->q->link->fabric->pull(c, dst, off, fn);
}
EXPORT_SYMBOL_GPL(vpart_pull);

/**
 * vpart_push() - copy to where the client receives
 * @c: call, not yet answered
 * @src: where from; src->len bytes
 * @off: to this byte of the client's data on
 * @fn: called exactly once if this returns 0, perhaps before it returns, in
 *	process context; 0, -ECANCELED or -ENOTCONN
 *
 * Context: Process context.
 * Return: 0; -EINVAL if the range is not within what the client expects;
 * -EOPNOTSUPP where vpart_map() gives pages of the call's own.
 */
int vpart_push(struct vpart_call *c, const struct vpart_data *src, u32 off,
	       vpart_xfer_fn fn)
{
	if (off > c->in_len || src->len > c->in_len - off)
		return -EINVAL;
	if (!c->q->link->fabric->push)
		return -EOPNOTSUPP;
	return c->q->link->fabric->push(c, src, off, fn);
}
EXPORT_SYMBOL_GPL(vpart_push);

/**
 * vpart_reply() - answer a call
 * @c: call
 * @rsp: response IU
 * @len: its length
 *
 * The client's done() is called, perhaps before this returns: nothing of the
 * server may touch the client's pages any more. A client in another kernel is
 * told when the call is put. The status it sees is 0, or
 * -ENOTCONN if the epoch is over, or -EPROTO if the response is longer than it
 * can take. Harmless on a call that was answered before.
 *
 * Context: Any, never sleeps; no lock held that done() could want.
 */
void vpart_reply(struct vpart_call *c, const void *rsp, u16 len)
{
	struct vpart_link *link = c->q->link;
	struct vpart_req *req;
	int status;

	rcu_read_lock();
	status = READ_ONCE(link->state) == VPART_LINK_STATE_UP ? 0 : -ENOTCONN;
	req = link->fabric->reply(c, rsp, len, status);
	if (likely(req))
		req->done(req);
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(vpart_reply);

/*
 * Give the tag back, then end @req, which the caller has taken from @c, if any.
 * Under RCU: the link's work waits for done() and credit() to return.
 */
static __always_inline void __vpart_call_free(struct vpart_call *c, struct vpart_req *req)
{
	struct vpart_queue *q = c->q;
	struct vpart_link *link = q->link;
	unsigned long old;
	bool up;

	/* Full barrier: the slot is free before the state is read. */
	old = xchg(&c->state, 0);
	WARN_ON_ONCE(!(old & VPART_CALL_OPEN));	/* the driver put it twice */
	up = READ_ONCE(link->state) == VPART_LINK_STATE_UP;
	if (likely(req)) {
		if (unlikely(!up && req->status == -ECANCELED))
			req->status = -ENOTCONN;
		req->done(req);
	}
	if (unlikely(old & VPART_CALL_WAIT))
		link->client->credit(q);
	if (unlikely(!up))
		vpart_link_kick(link);
}

/**
 * vpart_call_free() - give a tag back, and end its request
 * @c: call, open; nobody's from here
 * @req: the request, taken from it by the caller, its status set; NULL if it
 *	was ended before, or is in another kernel
 *
 * For fabrics: at a client's end when the server, in another kernel, has let
 * go; at a server's end in ->put().
 *
 * Context: Any, under RCU; no lock held that done() or ->credit() could want.
 */
void vpart_call_free(struct vpart_call *c, struct vpart_req *req)
{
	__vpart_call_free(c, req);
}
EXPORT_SYMBOL_GPL(vpart_call_free);

/**
 * vpart_call_put() - no command of this call can take effect any more
 * @c: call; not the server's from here
 *
 * Gives the tag back. If the call was not answered, the client's done() is
 * called with -ECANCELED, or -ENOTCONN if the epoch is over.
 *
 * Context: Any, never sleeps; no lock held that done() or ->credit() could
 * want.
 */
void vpart_call_put(struct vpart_call *c)
{
	const struct vpart_fabric_ops *fabric = c->q->link->fabric;
	struct vpart_req *req;

	rcu_read_lock();
	if (fabric->put) {
		fabric->put(c);
		goto unlock;
	}
	req = fabric->dropped(c);
	if (unlikely(req)) {
		req->status = -ECANCELED;
		req->rsp_len = 0;
	}
	__vpart_call_free(c, req);
unlock:
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(vpart_call_put);

/**
 * vpart_finish() - vpart_reply() and vpart_call_put() in one
 * @c: call; not the server's from here
 * @rsp: response IU
 * @len: its length
 *
 * How a call ends as a rule. An empty response says that all of what was asked
 * was done, and nothing else: the client's driver sees rsp_len 0. The tag is free
 * before done() runs, so a client that sends its next request from there is not
 * refused.
 *
 * Context: Any, never sleeps; no lock held that done() or ->credit() could
 * want.
 */
void vpart_finish(struct vpart_call *c, const void *rsp, u16 len)
{
	struct vpart_link *link = c->q->link;
	struct vpart_req *req;
	int status;

	rcu_read_lock();
	status = READ_ONCE(link->state) == VPART_LINK_STATE_UP ? 0 : -ENOTCONN;
	req = link->fabric->reply(c, rsp, len, status);
	if (link->fabric->put)
		link->fabric->put(c);
	else
		__vpart_call_free(c, req);
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(vpart_finish);

/**
 * vpart_call_at() - the open call of a tag
 * @q: queue
 * @tag: from the client, any number
 *
 * For the server's driver, to whom a client names one of its requests.
 *
 * Context: Any, under RCU: the memory stays until the read section ends, but the
 * call may be put meanwhile, and its tag be used again.
 * Return: the call, or NULL if none is open.
 */
struct vpart_call *vpart_call_at(struct vpart_queue *q, u32 tag)
{
	struct vpart_call *c;

	if (!vpart_link_has_calls(q->link) || tag >= q->link->lim.depth)
		return NULL;
	c = vpart_slot(q, tag);
	return READ_ONCE(c->state) ? c : NULL;
}
EXPORT_SYMBOL_GPL(vpart_call_at);

/**
 * vpart_calls_each() - do something with every open call
 * @link: link; its epoch is over, nobody claims a slot
 * @fn: called under RCU
 *
 * Context: Process context, the link's work.
 */
void vpart_calls_each(struct vpart_link *link, void (*fn)(struct vpart_call *c))
{
	struct vpart_queue *q;
	struct vpart_call *c;
	unsigned int i, tag;

	for (i = 0; i < link->lim.nr_queues; i++) {
		q = &link->queues[i];
		for (tag = 0; tag < link->lim.depth; tag++) {
			c = vpart_slot(q, tag);
			rcu_read_lock();
			if (READ_ONCE(c->state))
				fn(c);
			rcu_read_unlock();
		}
		cond_resched();
	}
}

/**
 * vpart_calls_cancel() - give every open call to the server's ->cancel()
 * @link: link whose server is here; its epoch is over, nobody claims a slot
 *
 * For fabrics, in ->disconnect().
 *
 * Context: Process context, the link's work.
 */
void vpart_calls_cancel(struct vpart_link *link)
{
	vpart_calls_each(link, link->server->cancel);
}
EXPORT_SYMBOL_GPL(vpart_calls_cancel);

/**
 * vpart_calls_open() - count the calls that the server holds
 * @link: link
 * @oldest: gets the oldest, all zero if there is none; may be NULL
 *
 * Context: Any, never sleeps. A look at a moving thing, unless the link is
 * draining and a grace period has passed: then it only goes down.
 * Return: how many.
 */
unsigned int vpart_calls_open(struct vpart_link *link,
			      struct vpart_oldest *oldest)
{
	unsigned long now = jiffies, age, most = 0;
	unsigned int i, tag, open = 0;
	struct vpart_oldest found = {};
	struct vpart_queue *q;
	struct vpart_call *c;

	rcu_read_lock();
	if (vpart_link_has_calls(link)) {
		for (i = 0; i < link->lim.nr_queues; i++) {
			q = &link->queues[i];
			for (tag = 0; tag < link->lim.depth; tag++) {
				c = vpart_slot(q, tag);
				if (!READ_ONCE(c->state))
					continue;
				age = now - READ_ONCE(c->start);
				/* Started after we looked at the clock */
				if ((long)age < 0)
					age = 0;
				if (!open++ || age > most) {
					most = age;
					found.queue = i;
					found.tag = tag;
				}
			}
		}
	}
	rcu_read_unlock();
	found.age_ms = jiffies_to_msecs(most);
	if (oldest)
		*oldest = found;
	return open;
}

/* What an open call is; false: it no longer is. Under RCU. */
static bool vpart_call_held(struct vpart_link *link, struct vpart_call *c,
			    struct vpart_held *held)
{
	bool (*given)(const struct vpart_call *c) = link->fabric->given;
	unsigned long start = READ_ONCE(c->start), now = jiffies;

	/* The time first, then what it is. */
	smp_rmb();
	memset(held, 0, sizeof(*held));
	/* Until then it is what the slot had before. */
	if (link->server->about && (!given || given(c)))
		link->server->about(c, &held->about);
	/* What was read is not that of a call that took its place. */
	smp_rmb();
	if (!READ_ONCE(c->state) || READ_ONCE(c->start) != start)
		return false;
	/* Started after we looked at the clock */
	held->age_ms = time_after(start, now) ? 0 : jiffies_to_msecs(now - start);
	return true;
}

/**
 * vpart_calls_next() - walk the calls that the server holds
 * @link: link whose server is here
 * @pos: where to look from, 0 at first; becomes that of the call found
 * @held: gets what it is
 *
 * One that comes or goes meanwhile may be there or not. To go on, add 1 to @pos.
 *
 * Context: Any, never sleeps.
 * Return: false: there are no more.
 */
bool vpart_calls_next(struct vpart_link *link, unsigned long *pos, struct vpart_held *held)
{
	unsigned long end = 0;
	struct vpart_call *c;
	bool found = false;

	rcu_read_lock();
	if (vpart_link_has_calls(link))
		end = (unsigned long)link->lim.nr_queues * link->lim.depth;
	for (; *pos < end; ++*pos) {
		c = vpart_slot(&link->queues[*pos / link->lim.depth], *pos % link->lim.depth);
		found = READ_ONCE(c->state) && vpart_call_held(link, c, held);
		if (!found)
			continue;
		held->queue = *pos / link->lim.depth;
		held->tag = *pos % link->lim.depth;
		break;
	}
	rcu_read_unlock();
	return found;
}

/**
 * vpart_queue() - a queue of an adapter
 * @a: the adapter, either end
 * @index: below limits.nr_queues
 *
 * Context: Any. The queue lives as long as the adapter.
 * Return: the queue, or NULL if there can be none with that number.
 */
struct vpart_queue *vpart_queue(struct vpart_adapter *a, unsigned int index)
{
	return index < VPART_QUEUES_MAX ? &a->link->queues[index] : NULL;
}
EXPORT_SYMBOL_GPL(vpart_queue);
