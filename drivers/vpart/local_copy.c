// SPDX-License-Identifier: GPL-2.0
/*
 * The local fabric with pages of its own (copy=1): what a client sends is copied when
 * the server maps the call, what it shall receive when the server answers. In between
 * nobody touches the client's pages, so it can give a request up at any time, as it
 * can where the server is in another kernel.
 *
 * c->req is the claim on the request and its pages, with two bits at its end:
 *
 *	c->req		    what goes on		     who ends the request
 *	req		    the server has the call	     who takes it: the answer, the put,
 *							     a cancel, the end of the epoch
 *	req | HELD	    what it sends is being copied    nobody yet
 *	req | HELD | GONE   ... and it was given up	     who copies, behind the last byte
 *	NULL		    nothing: the server works on
 *			    by itself, its answer goes
 *			    nowhere
 *
 * Each step is an atomic exchange, so a full barrier: who ends a request has seen all
 * that was copied before, and nothing is copied behind it. What it receives is copied
 * by who has taken it to answer it.
 *
 * Memory is bounded, and that of one disk that is stuck leaves some to the others: the
 * calls of a share have at most what is free beside them. If the kernel has none, a call
 * gets the link's reserve, which is enough for any. Else it waits at the server for one
 * that ends. Calls of a few pages are not counted: there are no more than tags.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "local.h"

/* ---- the claim ---- */

#define LOCAL_HELD	1UL
#define LOCAL_GONE	2UL

static struct vpart_req *local_mark(const struct vpart_req *req, unsigned long bits)
{
	return (struct vpart_req *)((unsigned long)req | bits);
}

static struct vpart_req *local_bare(const struct vpart_req *req)
{
	return (struct vpart_req *)((unsigned long)req & ~(LOCAL_HELD | LOCAL_GONE));
}

/* The client sees its request again; the caller has taken it. */
static void local_end(struct vpart_call *c, struct vpart_req *req)
{
	bool up = READ_ONCE(c->q->link->state) == VPART_LINK_STATE_UP;

	req->status = up ? -ECANCELED : -ENOTCONN;
	req->rsp_len = 0;
	req->done(req);
}

/**
 * local_hold() - keep a request from being ended, to touch its pages
 * @c: its call
 *
 * Context: Any.
 * Return: the request; local_release() follows. NULL: it was ended.
 */
struct vpart_req *local_hold(struct vpart_call *c)
{
	struct vpart_req *req = READ_ONCE(c->req);

	if (!req || cmpxchg(&c->req, req, local_mark(req, LOCAL_HELD)) != req)
		return NULL;
	return req;
}

/**
 * local_release() - its pages are not touched any more
 * @c: call
 * @req: what local_hold() gave
 *
 * Context: Any; no lock held that done() could want.
 * Return: 0, or -ECANCELED: it was given up meanwhile, and is ended now.
 */
int local_release(struct vpart_call *c, struct vpart_req *req)
{
	struct vpart_req *held = local_mark(req, LOCAL_HELD);

	if (likely(cmpxchg(&c->req, held, req) == held))
		return 0;
	/* Nobody but us looks at it since. */
	WRITE_ONCE(c->req, NULL);
	local_end(c, req);
	return -ECANCELED;
}

/* Returns whether the request is the caller's to end; else it was, or is by another. */
static bool local_give_up(struct vpart_call *c, struct vpart_req *req)
{
	struct vpart_req *held = local_mark(req, LOCAL_HELD);
	struct vpart_req *old = READ_ONCE(c->req), *now;

	while (old == req || old == held) {
		now = cmpxchg(&c->req, old, old == req ? NULL : local_mark(held, LOCAL_GONE));
		if (now == old)
			return old == req;
		old = now;
	}
	return false;
}

/* ---- memory ---- */

static bool local_mem_take(struct local_mem *mem, struct local_call *lc, u32 share, u32 len)
{
	int used, total;

	lc->mem = 0;
	if (len <= VPART_PAGES_INLINE * PAGE_SIZE)
		return true;
	used = atomic_add_return(len, &mem->used[share]);
	total = atomic_add_return(len, &mem->total);
	lc->mem = len;
	lc->share = share;
	/* One always may: else its share could wait for others for ever. */
	return used == len || used + total <= LOCAL_MEM;
}

static void local_mem_give(struct local_mem *mem, struct local_call *lc)
{
	if (!lc->mem)
		return;
	atomic_sub(lc->mem, &mem->used[lc->share]);
	atomic_sub(lc->mem, &mem->total);
	lc->mem = 0;
}

/**
 * local_reserve() - the reserve, if no other call has it
 * @mem: of the link
 * @p: gets its pages; has none
 * @len: bytes, at least 1, at most the link's max_data
 *
 * Context: Any.
 * Return: whether it was free.
 */
bool local_reserve(struct local_mem *mem, struct vpart_pages *p, u32 len)
{
	unsigned int i;

	if (test_and_set_bit_lock(LOCAL_BUSY_RESERVE, &mem->busy))
		return false;
	p->sgl = mem->sgl;
	p->nents = DIV_ROUND_UP(len, PAGE_SIZE);
	sg_init_table(p->sgl, p->nents);
	for (i = 0; i < p->nents; i++)
		sg_set_page(&p->sgl[i], sg_page(&mem->spare.sgl[i]),
			    min_t(u32, len - i * PAGE_SIZE, PAGE_SIZE), 0);
	return true;
}

static int local_pages_try(struct vpart_call *c, struct local_call *lc, u32 share, u32 len)
{
	struct local_mem *mem = c->q->link->priv;

	if (unlikely(!local_mem_take(mem, lc, share, len)))
		goto give;
	/* No reclaim: memory may wait for this very call. */
	if (likely(!vpart_pages_get(&mem->stash[c->q->index], &lc->pages, len,
				    GFP_NOWAIT)))
		return 0;
	if (local_reserve(mem, &lc->pages, len))
		return 0;
give:
	local_mem_give(mem, lc);
	return -EBUSY;
}

static int local_pages_get(struct vpart_call *c, struct local_call *lc, u32 len)
{
	struct vpart_link *link = c->q->link;
	struct local_mem *mem = link->priv;
	u32 share = link->server->share ? link->server->share(c) % LOCAL_SHARES : 0;
	int err;

	err = local_pages_try(c, lc, share, len);
	if (likely(!err))
		return 0;
	set_bit(LOCAL_BUSY_WANTED, &mem->busy);
	/* Who frees some sees that, or we see what is free: local_pages_put(). */
	smp_mb__after_atomic();
	return local_pages_try(c, lc, share, len);
}

static void local_pages_put(struct vpart_call *c, struct local_call *lc)
{
	struct vpart_link *link = c->q->link;
	struct local_mem *mem = link->priv;

	if (!lc->pages.sgl)
		return;
	if (unlikely(lc->pages.sgl == mem->sgl)) {
		lc->pages.sgl = NULL;
		clear_bit_unlock(LOCAL_BUSY_RESERVE, &mem->busy);
	} else {
		vpart_pages_put(&mem->stash[c->q->index], &lc->pages);
	}
	local_mem_give(mem, lc);
	/* Pairs with that in local_pages_get(). */
	smp_mb();
	if (unlikely(test_bit(LOCAL_BUSY_WANTED, &mem->busy)) &&
	    test_and_clear_bit(LOCAL_BUSY_WANTED, &mem->busy) && link->server->room)
		link->server->room(&link->adapter[VPART_SIDE_SERVER]);
}

static void local_copy_close(struct vpart_link *link)
{
	struct local_mem *mem = link->priv;

	if (!mem)
		return;
	link->priv = NULL;
	vpart_pages_put(&mem->stash[0], &mem->spare);
	vpart_stash_free(mem->stash);
	kfree(mem->sgl);
	kfree(mem);
}

/**
 * local_memory() - have the memory of a link ready
 * @link: link, logging in; no call is open
 * @max_data: bytes of the largest call
 *
 * Context: Process context, the link's work.
 * Return: 0 or -ENOMEM.
 */
int local_memory(struct vpart_link *link, u32 max_data)
{
	unsigned int nr = DIV_ROUND_UP(max_data, PAGE_SIZE);
	struct local_mem *mem = link->priv;

	if (!nr || (mem && mem->spare.nents >= nr))
		return 0;
	local_copy_close(link);
	mem = kzalloc(sizeof(*mem), GFP_KERNEL);
	if (!mem)
		return -ENOMEM;
	mem->stash = vpart_stash_new();
	if (!mem->stash)
		goto free;
	mem->sgl = kmalloc_array(nr, sizeof(*mem->sgl), GFP_KERNEL);
	if (!mem->sgl)
		goto free_stash;
	if (vpart_pages_get(&mem->stash[0], &mem->spare, max_data, GFP_KERNEL))
		goto free_sgl;
	link->priv = mem;
	return 0;

free_sgl:
	kfree(mem->sgl);
free_stash:
	vpart_stash_free(mem->stash);
free:
	kfree(mem);
	return -ENOMEM;
}

/* @len bytes between a call's pages, which are whole but for the last, and a client's. */
static void local_copy(const struct vpart_pages *p, const struct vpart_data *client, u32 len,
		       bool to_client)
{
	struct sg_mapping_iter it;
	u32 pos = 0, n, end;
	void *page;
	char *far;

	sg_miter_start(&it, client->sgl, client->nents,
		       SG_MITER_ATOMIC | (to_client ? SG_MITER_TO_SG : SG_MITER_FROM_SG));
	while (pos < len && sg_miter_next(&it)) {
		far = it.addr;
		for (end = pos + min_t(size_t, it.length, len - pos); pos < end; pos += n) {
			n = min_t(u32, end - pos, PAGE_SIZE - offset_in_page(pos));
			page = sg_virt(&p->sgl[pos / PAGE_SIZE]) + offset_in_page(pos);
			if (to_client)
				memcpy(far, page, n);
			else
				memcpy(page, far, n);
			far += n;
		}
	}
	sg_miter_stop(&it);
}

/* ---- the fabric ---- */

static int local_copy_map(struct vpart_call *c, enum dma_data_direction dir,
			  struct vpart_data *d)
{
	struct local_call *lc = vpart_call_fabric(c);
	u32 len = dir == DMA_TO_DEVICE ? c->out_len : c->in_len;
	struct vpart_req *req;
	int err;

	/* Both ways at once there is nothing. */
	if (unlikely(c->out_len && c->in_len))
		return -EINVAL;
	if (!lc->pages.sgl) {
		if (unlikely(!READ_ONCE(c->req)))
			return -ECANCELED;
		err = local_pages_get(c, lc, len);
		if (unlikely(err))
			return err;
		/* The server has written nothing yet. */
		c->in_valid = 0;
		if (dir == DMA_TO_DEVICE) {
			req = local_hold(c);
			if (unlikely(!req))
				return -ECANCELED;
			local_copy(&lc->pages, &req->out, len, false);
			err = local_release(c, req);
			if (unlikely(err))
				return err;
			/* Many of them may come in one go. */
			cond_resched();
		}
	}
	d->sgl = lc->pages.sgl;
	d->nents = lc->pages.nents;
	d->len = len;
	return 0;
}

/* The client's tag is its own until done(): the call is not used for another. */
static int local_copy_cancel(struct vpart_queue *q, struct vpart_req *req)
{
	struct vpart_call *c = vpart_slot(q, req->tag);

	if (!local_give_up(c, req))
		return -EINPROGRESS;
	q->link->server->cancel(c);
	local_end(c, req);
	return 0;
}

static void local_copy_over(struct vpart_call *c)
{
	struct vpart_req *req = local_bare(READ_ONCE(c->req));
	bool mine = req && local_give_up(c, req);

	c->q->link->server->cancel(c);
	if (mine)
		local_end(c, req);
}

/* The client waits for no server of an epoch that is over. */
static void local_copy_disconnect(struct vpart_link *link)
{
	vpart_calls_each(link, local_copy_over);
}

static struct vpart_req *local_copy_reply(struct vpart_call *c, const void *rsp, u16 len,
					  int status)
{
	struct local_call *lc = vpart_call_fabric(c);
	struct vpart_req *req = xchg(&c->req, NULL);
	u32 valid = 0;

	if (likely(req)) {
		local_answer(req, rsp, len, status);
		if (c->in_len && lc->pages.sgl && !req->status) {
			valid = min(c->in_valid, c->in_len);
			local_copy(&lc->pages, &req->in, valid, true);
		}
		req->missing = c->in_len - valid;
	}
	local_pages_put(c, lc);
	return req;
}

static struct vpart_req *local_copy_dropped(struct vpart_call *c)
{
	local_pages_put(c, vpart_call_fabric(c));
	return xchg(&c->req, NULL);
}

const struct vpart_fabric_ops vpart_local_copy = {
	.name		= "local",
	.call_size	= sizeof(struct local_call),
	.close		= local_copy_close,
	.connect	= local_connect,
	.disconnect	= local_copy_disconnect,
	.submit		= local_submit,
	.cancel		= local_copy_cancel,
	.map		= local_copy_map,
	.reply		= local_copy_reply,
	.dropped	= local_copy_dropped,
	.event		= vpart_link_event,
};
