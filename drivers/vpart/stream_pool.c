// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of a connection, used again and again: a page that is new is cleared by
 * many kernels, which costs as much as copying it.
 *
 * A page may still be with the socket when it is put here. It is taken again
 * only when nobody else holds it, the one that was put first before the others.
 * What is in it is of the same session: never more of it leaves than was
 * written for the command at hand.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>

#include "stream.h"

/**
 * stream_pool_get() - take a page
 * @pool: of a connection
 * @gfp: for a new one
 *
 * Context: Any.
 * Return: the page, with anything in it, or NULL.
 */
struct page *stream_pool_get(struct stream_pool *pool, gfp_t gfp)
{
	struct page *page = NULL;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	if (pool->nr && page_count(pool->page[pool->first]) == 1) {
		page = pool->page[pool->first];
		pool->first = (pool->first + 1) % STREAM_POOL;
		pool->nr--;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	return page ?: alloc_page(gfp | __GFP_NOWARN);
}

/**
 * stream_pool_put() - a page is done with, but perhaps by the socket
 * @pool: of a connection
 * @page: page, from stream_pool_get()
 *
 * Context: Any.
 */
void stream_pool_put(struct stream_pool *pool, struct page *page)
{
	unsigned long flags;
	bool kept;

	spin_lock_irqsave(&pool->lock, flags);
	kept = pool->nr < STREAM_POOL;
	if (kept) {
		pool->page[(pool->first + pool->nr) % STREAM_POOL] = page;
		pool->nr++;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	if (!kept)
		put_page(page);
}

/**
 * stream_pool_free() - let all pages go
 * @pool: of a connection that is over
 *
 * Context: Process context.
 */
void stream_pool_free(struct stream_pool *pool)
{
	while (pool->nr) {
		put_page(pool->page[pool->first]);
		pool->first = (pool->first + 1) % STREAM_POOL;
		pool->nr--;
	}
}
