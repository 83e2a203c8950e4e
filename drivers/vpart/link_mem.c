// SPDX-License-Identifier: GPL-2.0
/*
 * What a link consists of: itself, and the call tables of its epochs.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "vpart.h"

/**
 * vpart_link_free_tables() - free the call tables
 * @link: link, down, with nobody in a read section that saw it up
 *
 * Context: Process context.
 */
void vpart_link_free_tables(struct vpart_link *link)
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
			   __alignof__(struct vpart_call)) +
		     ALIGN(link->fabric->call_size, __alignof__(struct vpart_call));
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
				vpart_link_problem(link, "no memory for %u queues of %u commands",
						   lim->nr_queues, lim->depth);
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
EXPORT_SYMBOL_GPL(vpart_link_tables);

/**
 * vpart_limits_valid() - may an epoch have these limits
 * @lim: queues and depth of a driver's wish, or of the other end's
 */
bool vpart_limits_valid(const struct vpart_limits *lim)
{
	return lim->nr_queues > lim->nr_poll && lim->nr_queues <= VPART_QUEUES_MAX &&
	       lim->depth > VPART_PRIO_TAGS && lim->depth <= VPART_DEPTH_MAX;
}
EXPORT_SYMBOL_GPL(vpart_limits_valid);

/**
 * vpart_link_alloc() - make a link
 * @fabric: what carries its requests; held for as long as the link lives
 * @ends: BIT(side) of those that are in this kernel
 *
 * Context: Process context.
 * Return: the link, with one reference per end that is here, or NULL.
 */
struct vpart_link *vpart_link_alloc(const struct vpart_fabric_ops *fabric, u8 ends)
{
	struct vpart_link *link;
	unsigned int i;

	link = kzalloc(sizeof(*link), GFP_KERNEL);
	if (!link)
		return NULL;
	link->queues = kvcalloc(VPART_QUEUES_MAX, sizeof(*link->queues),
				GFP_KERNEL);
	link->ev = kvcalloc(VPART_LINK_EVENTS, sizeof(*link->ev), GFP_KERNEL);
	if (!link->queues || !link->ev || init_srcu_struct(&link->runners))
		goto free;
	/*
	 * A login waits for the other end. On a queue that links share, others could
	 * have to wait with it: a rescuer does one thing after the other.
	 */
	link->wq = alloc_ordered_workqueue("vpart_link", WQ_MEM_RECLAIM);
	if (!link->wq)
		goto cleanup_srcu;
	for (i = 0; i < VPART_QUEUES_MAX; i++) {
		link->queues[i].link = link;
		link->queues[i].index = i;
		link->queues[i].end[VPART_SIDE_CLIENT] = &link->adapter[VPART_SIDE_CLIENT];
		link->queues[i].end[VPART_SIDE_SERVER] = &link->adapter[VPART_SIDE_SERVER];
	}
	link->fabric = fabric;
	__module_get(fabric->owner);
	link->ends = ends;
	link->state = VPART_LINK_STATE_DOWN;
	link->since = ktime_get();
	link->retry_at = jiffies;
	link->retry_max = VPART_RETRY_MAX;
	link->loss_max = UINT_MAX;
	spin_lock_init(&link->lock);
	ratelimit_state_init(&link->said, 10 * HZ, 50);
	vpart_link_init_work(link);
	init_waitqueue_head(&link->wait);
	kref_init(&link->ref);
	if (hweight8(ends) > 1)
		kref_get(&link->ref);
	return link;

cleanup_srcu:
	cleanup_srcu_struct(&link->runners);
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
	vpart_fabric_put(link->fabric);
	destroy_workqueue(link->wq);
	cleanup_srcu_struct(&link->runners);
	kfree(link->address);
	kfree(link->key);
	if (link->parent)
		vpart_link_put(link->parent);
	kvfree(link->ev);
	kvfree(link->queues);
	kfree(link);
}

/**
 * vpart_link_discard() - free a link that nobody has seen
 * @link: link without devices
 *
 * Context: Process context.
 */
void vpart_link_discard(struct vpart_link *link)
{
	vpart_link_free(&link->ref);
}

/**
 * vpart_link_get() - keep a link
 * @link: link that has a reference
 *
 * Context: Any.
 */
void vpart_link_get(struct vpart_link *link)
{
	kref_get(&link->ref);
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
