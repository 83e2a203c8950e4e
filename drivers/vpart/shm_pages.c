// SPDX-License-Identifier: GPL-2.0
/*
 * Pages for the data of a server's calls. They are used again and again: a page
 * that is new is cleared by many kernels, which costs as much as copying it. What
 * is in one is the link's own client's, and never more of it leaves than was
 * written for the command at hand.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/slab.h>

#include "shm.h"

static struct page *shm_page_get(struct shm_stash *stash, gfp_t gfp)
{
	struct page *page = NULL;
	unsigned long flags;

	spin_lock_irqsave(&stash->lock, flags);
	if (stash->nr)
		page = stash->page[--stash->nr];
	spin_unlock_irqrestore(&stash->lock, flags);
	return page ?: alloc_page(gfp | __GFP_NOWARN);
}

static void shm_page_put(struct shm_stash *stash, struct page *page)
{
	unsigned long flags;
	bool kept;

	spin_lock_irqsave(&stash->lock, flags);
	kept = stash->nr < SHM_STASH;
	if (kept)
		stash->page[stash->nr++] = page;
	spin_unlock_irqrestore(&stash->lock, flags);
	if (!kept)
		__free_page(page);
}

/**
 * shm_pages_get() - pages for data
 * @stash: of the queue
 * @p: gets them; has none
 * @len: bytes, at least 1
 * @gfp: how to allocate
 *
 * Context: Any that @gfp allows.
 * Return: 0 or -ENOMEM.
 */
int shm_pages_get(struct shm_stash *stash, struct shm_pages *p, u32 len, gfp_t gfp)
{
	unsigned int nr = DIV_ROUND_UP(len, PAGE_SIZE), i;
	struct scatterlist *sgl = p->list;
	struct page *page;

	if (nr > SHM_PAGES_INLINE) {
		sgl = kmalloc_array(nr, sizeof(*sgl), gfp | __GFP_NOWARN);
		if (!sgl)
			return -ENOMEM;
	}
	sg_init_table(sgl, nr);
	p->sgl = sgl;
	for (i = 0; i < nr; i++) {
		page = shm_page_get(stash, gfp);
		if (!page)
			goto put;
		sg_set_page(&sgl[i], page, min_t(u32, len - i * PAGE_SIZE, PAGE_SIZE), 0);
	}
	p->nents = nr;
	return 0;

put:
	p->nents = i;
	shm_pages_put(stash, p);
	return -ENOMEM;
}

/**
 * shm_pages_put() - give them back
 * @stash: of the queue
 * @p: may have none
 *
 * Context: Any.
 */
void shm_pages_put(struct shm_stash *stash, struct shm_pages *p)
{
	unsigned int i;

	if (!p->sgl)
		return;
	for (i = 0; i < p->nents; i++)
		shm_page_put(stash, sg_page(&p->sgl[i]));
	if (p->sgl != p->list)
		kfree(p->sgl);
	p->sgl = NULL;
}

/**
 * shm_stash_free() - let all pages go
 * @stash: nobody uses it
 */
void shm_stash_free(struct shm_stash *stash)
{
	while (stash->nr)
		__free_page(stash->page[--stash->nr]);
}
