// SPDX-License-Identifier: GPL-2.0
/*
 * Pages for the data of a server's calls. They are used again and again: a page
 * that is new is cleared by many kernels, which costs as much as copying it. What
 * is in one is the link's own client's, and never more of it leaves than was
 * written for the command at hand.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "vpart.h"

static struct page *vpart_page_get(struct vpart_stash *stash, gfp_t gfp)
{
	struct page *page = NULL;
	unsigned long flags;

	spin_lock_irqsave(&stash->lock, flags);
	if (stash->nr)
		page = stash->page[--stash->nr];
	spin_unlock_irqrestore(&stash->lock, flags);
	return page ?: alloc_page(gfp | __GFP_NOWARN);
}

static void vpart_page_put(struct vpart_stash *stash, struct page *page)
{
	unsigned long flags;
	bool kept;

	spin_lock_irqsave(&stash->lock, flags);
	kept = stash->nr < VPART_STASH;
	if (kept)
		stash->page[stash->nr++] = page;
	spin_unlock_irqrestore(&stash->lock, flags);
	if (!kept)
		__free_page(page);
}

/**
 * vpart_pages_get() - pages for data
 * @stash: of the queue
 * @p: gets them; has none
 * @len: bytes, at least 1
 * @gfp: how to allocate
 *
 * Context: Any that @gfp allows.
 * Return: 0 or -ENOMEM.
 */
int vpart_pages_get(struct vpart_stash *stash, struct vpart_pages *p, u32 len, gfp_t gfp)
{
	unsigned int nr = DIV_ROUND_UP(len, PAGE_SIZE), i;
	struct scatterlist *sgl = p->list;
	struct page *page;

	if (nr > VPART_PAGES_INLINE) {
		sgl = kmalloc_array(nr, sizeof(*sgl), gfp | __GFP_NOWARN);
		if (!sgl)
			return -ENOMEM;
	}
	sg_init_table(sgl, nr);
	p->sgl = sgl;
	for (i = 0; i < nr; i++) {
		page = vpart_page_get(stash, gfp);
		if (!page)
			goto put;
		sg_set_page(&sgl[i], page, min_t(u32, len - i * PAGE_SIZE, PAGE_SIZE), 0);
	}
	p->nents = nr;
	return 0;

put:
	p->nents = i;
	vpart_pages_put(stash, p);
	return -ENOMEM;
}
EXPORT_SYMBOL_GPL(vpart_pages_get);

/**
 * vpart_pages_put() - give them back
 * @stash: of the queue
 * @p: may have none
 *
 * Context: Any.
 */
void vpart_pages_put(struct vpart_stash *stash, struct vpart_pages *p)
{
	unsigned int i;

	if (!p->sgl)
		return;
	for (i = 0; i < p->nents; i++)
		vpart_page_put(stash, sg_page(&p->sgl[i]));
	if (p->sgl != p->list)
		kfree(p->sgl);
	p->sgl = NULL;
}
EXPORT_SYMBOL_GPL(vpart_pages_put);

/**
 * vpart_stash_new() - where the queues of a link keep their pages
 *
 * Context: Process context.
 * Return: VPART_QUEUES_MAX of them, empty, or NULL.
 */
struct vpart_stash *vpart_stash_new(void)
{
	struct vpart_stash *stash = kvcalloc(VPART_QUEUES_MAX, sizeof(*stash), GFP_KERNEL);
	unsigned int i;

	for (i = 0; stash && i < VPART_QUEUES_MAX; i++)
		spin_lock_init(&stash[i].lock);
	return stash;
}
EXPORT_SYMBOL_GPL(vpart_stash_new);

/**
 * vpart_stash_free() - let all pages go
 * @stash: of a link, nobody uses it; or NULL
 *
 * Context: Process context.
 */
void vpart_stash_free(struct vpart_stash *stash)
{
	unsigned int i;

	for (i = 0; stash && i < VPART_QUEUES_MAX; i++)
		while (stash[i].nr)
			__free_page(stash[i].page[--stash[i].nr]);
	kvfree(stash);
}
EXPORT_SYMBOL_GPL(vpart_stash_free);
