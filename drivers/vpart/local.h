/* SPDX-License-Identifier: GPL-2.0 */
/* The local fabric, with the client's pages and with pages of its own */
#ifndef _VPART_LOCAL_H
#define _VPART_LOCAL_H

#include "vpart.h"

/* ---- local.c ---- */

int local_connect(struct vpart_link *link, u32 epoch);
int local_submit(struct vpart_queue *q, struct vpart_req *req);

/* The response of a request that the caller has taken from its call */
static inline void local_answer(struct vpart_req *req, const void *rsp, u16 len, int status)
{
	if (unlikely(len > req->rsp_size && !status))
		status = -EPROTO;
	if (likely(!status))
		memcpy(req->rsp, rsp, len);
	req->rsp_len = status ? 0 : len;
	req->status = status;
}

/* ---- local_copy.c ---- */

#define LOCAL_MEM		(32 << 20)	/* of a link's calls, in all but for: */
#define LOCAL_SHARES		16		/* ... each has room for one call */

/* Bits of struct local_mem.busy */
#define LOCAL_BUSY_RESERVE	0	/* a call has the reserve */
#define LOCAL_BUSY_WANTED	1	/* a call got no memory: ->room() */

/**
 * struct local_mem - memory of a link, from its first login on
 * @stash: of its queues
 * @total: bytes of its calls that are counted
 * @used: the same, by share
 * @busy: LOCAL_BUSY_*
 * @spare: the reserve: pages for the largest call
 * @sgl: the list of the call that has it
 */
struct local_mem {
	struct vpart_stash	*stash;
	atomic_t		total;
	atomic_t		used[LOCAL_SHARES];
	unsigned long		busy;
	struct vpart_pages	spare;
	struct scatterlist	*sgl;
};

/**
 * struct local_call - the fabric's part of a call
 * @pages: its data, from map to the answer or the put
 * @mem: bytes that are counted
 * @share: where
 */
struct local_call {
	struct vpart_pages	pages;
	u32			mem;
	u32			share;
};

int local_memory(struct vpart_link *link, u32 max_data);
struct vpart_req *local_hold(struct vpart_call *c);
int local_release(struct vpart_call *c, struct vpart_req *req);
bool local_reserve(struct local_mem *mem, struct vpart_pages *p, u32 len);

#endif /* _VPART_LOCAL_H */
