// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the local fabric with pages of its own. The test is the client's driver and
 * the server's; the link is nobody's but the test's.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "local.h"

#define LC_DEPTH	72
#define LC_MAX		(1U << 20)
#define LC_LEN		30000		/* of no particular size */
#define LC_ROOM		40000

/* The link, both drivers, and a client's buffer in pieces. */
static struct {
	struct vpart_link	*link;
	struct vpart_queue	*q;
	struct vpart_call	*call;
	unsigned int		cancels, rooms, credits;
	u32			share;
	u8			*buf;
	struct scatterlist	sg[8];
	struct vpart_data	data;
} lc;

struct lc_req {
	struct vpart_req	req;
	u8			rsp[16];
	unsigned int		done;
};

static void lc_request(struct vpart_call *c)
{
	lc.call = c;
}

static void lc_cancel(struct vpart_call *c)
{
	lc.cancels++;
}

static u32 lc_share(struct vpart_call *c)
{
	return lc.share;
}

static void lc_room(struct vpart_adapter *a)
{
	lc.rooms++;
}

static void lc_credit(struct vpart_queue *q)
{
	lc.credits++;
}

static const struct vpart_client_ops lc_client = {
	.credit		= lc_credit,
};

static const struct vpart_server_ops lc_server = {
	.request	= lc_request,
	.cancel		= lc_cancel,
	.share		= lc_share,
	.room		= lc_room,
};

static void lc_done(struct vpart_req *req)
{
	container_of(req, struct lc_req, req)->done++;
}

static int lc_init(struct kunit *test)
{
	static const u16 piece[] = { 1, 4095, 4097, 3, 13000, 2, 8190, 612 };
	struct vpart_limits lim = {
		.nr_queues = 1, .depth = LC_DEPTH, .max_segs = 8, .max_data = LC_MAX,
	};
	unsigned int i, at = 7;

	memset(&lc, 0, sizeof(lc));
	lc.link = vpart_link_alloc(&vpart_local_copy,
				   BIT(VPART_SIDE_CLIENT) | BIT(VPART_SIDE_SERVER));
	KUNIT_ASSERT_NOT_NULL(test, lc.link);
	lc.link->client = &lc_client;
	lc.link->server = &lc_server;
	lc.q = &lc.link->queues[0];
	KUNIT_ASSERT_EQ(test, vpart_link_tables(lc.link, &lim, 0), 0);
	KUNIT_ASSERT_EQ(test, local_memory(lc.link, lim.max_data), 0);
	lc.buf = kzalloc(LC_ROOM, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, lc.buf);
	/* Pieces at odd places, with something between any two. */
	sg_init_table(lc.sg, ARRAY_SIZE(piece));
	for (i = 0; i < ARRAY_SIZE(piece); i++) {
		sg_set_buf(&lc.sg[i], lc.buf + at, piece[i]);
		at += piece[i] + 5;
	}
	lc.data = (struct vpart_data){ .sgl = lc.sg, .nents = ARRAY_SIZE(piece), .len = LC_LEN };
	lc.link->state = VPART_LINK_STATE_UP;
	return 0;
}

static void lc_exit(struct kunit *test)
{
	if (!lc.link)
		return;
	lc.link->state = VPART_LINK_STATE_DOWN;
	lc.link->fabric->close(lc.link);
	vpart_link_discard(lc.link);
	kfree(lc.buf);
}

static void lc_fill(struct lc_req *r, u32 tag)
{
	memset(r, 0, sizeof(*r));
	r->req.iu = "question";
	r->req.iu_len = 8;
	r->req.rsp = r->rsp;
	r->req.rsp_size = sizeof(r->rsp);
	r->req.tag = tag;
	r->req.status = 1;
	r->req.missing = 1;
	r->req.done = lc_done;
}

/* Send @r; @dir: which way the client's data go. */
static struct vpart_call *lc_send(struct kunit *test, struct lc_req *r, u32 tag,
				  enum dma_data_direction dir)
{
	lc_fill(r, tag);
	if (dir == DMA_TO_DEVICE)
		r->req.out = lc.data;
	else if (dir == DMA_FROM_DEVICE)
		r->req.in = lc.data;
	lc.call = NULL;
	KUNIT_ASSERT_EQ(test, vpart_submit(lc.q, &r->req), 0);
	KUNIT_ASSERT_NOT_NULL(test, lc.call);
	return lc.call;
}

static u8 lc_byte(unsigned int i)
{
	return i % 251 + 1;
}

/* What the client's list holds from byte @from on: the pattern, or @other. */
static unsigned int lc_wrong(unsigned int from, unsigned int to, int other)
{
	unsigned int i, wrong = 0;
	u8 byte;

	for (i = from; i < to; i++) {
		sg_pcopy_to_buffer(lc.sg, ARRAY_SIZE(lc.sg), &byte, 1, i);
		wrong += byte != (other < 0 ? lc_byte(i) : other);
	}
	return wrong;
}

static void lc_pattern(const struct vpart_data *d)
{
	unsigned int i;
	u8 byte;

	for (i = 0; i < d->len; i++) {
		byte = lc_byte(i);
		sg_pcopy_from_buffer(d->sgl, d->nents, &byte, 1, i);
	}
}

static unsigned int lc_sum(const struct vpart_data *d)
{
	struct scatterlist *sg;
	unsigned int i, sum = 0;

	for_each_sg(d->sgl, sg, d->nents, i)
		sum += sg->length;
	return sum;
}

/* R10: what is sent arrives, in pages that are not the client's. */
static void copy_write(struct kunit *test)
{
	unsigned int i, wrong = 0;
	struct vpart_data d, again;
	struct vpart_call *c;
	struct lc_req r;
	u8 byte;

	lc_pattern(&lc.data);
	c = lc_send(test, &r, 3, DMA_TO_DEVICE);
	KUNIT_ASSERT_EQ(test, vpart_map(c, DMA_TO_DEVICE, &d), 0);
	KUNIT_EXPECT_EQ(test, d.len, (u32)LC_LEN);
	KUNIT_EXPECT_EQ(test, lc_sum(&d), (unsigned int)LC_LEN);
	/* The client's may change: it is the copy that counts. */
	memset(lc.buf, 0, LC_ROOM);
	for (i = 0; i < LC_LEN; i++) {
		sg_pcopy_to_buffer(d.sgl, d.nents, &byte, 1, i);
		wrong += byte != lc_byte(i);
	}
	KUNIT_EXPECT_EQ(test, wrong, 0U);
	KUNIT_ASSERT_EQ(test, vpart_map(c, DMA_TO_DEVICE, &again), 0);
	KUNIT_EXPECT_PTR_EQ(test, again.sgl, d.sgl);
	KUNIT_EXPECT_EQ(test, vpart_map(c, DMA_FROM_DEVICE, &again), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpart_pull(c, &d, 0, NULL), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, vpart_push(c, &(struct vpart_data){}, 0, NULL), -EOPNOTSUPP);
	vpart_finish(c, NULL, 0);
	KUNIT_EXPECT_EQ(test, r.done, 1U);
	KUNIT_EXPECT_EQ(test, r.req.status, 0);
	KUNIT_EXPECT_EQ(test, r.req.missing, 0U);
	KUNIT_EXPECT_EQ(test, c->state, 0UL);
}

/* R10: what the server has written comes, nothing else, and the fabric counts it. */
static void copy_read(struct kunit *test)
{
	static const u32 valid[] = { LC_LEN, 4096, 4099, 1, 0 };
	struct vpart_data d;
	struct vpart_call *c;
	struct lc_req r;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(valid); i++) {
		memset(lc.buf, 0xee, LC_ROOM);
		c = lc_send(test, &r, 3, DMA_FROM_DEVICE);
		c->in_valid = LC_LEN;		/* of the tag's last use */
		KUNIT_ASSERT_EQ(test, vpart_map(c, DMA_FROM_DEVICE, &d), 0);
		lc_pattern(&d);
		KUNIT_EXPECT_EQ(test, lc_wrong(0, LC_LEN, 0xee), 0U);
		if (valid[i])
			c->in_valid = valid[i];
		vpart_reply(c, "answer", 7);
		KUNIT_EXPECT_EQ(test, r.done, 1U);
		KUNIT_EXPECT_EQ(test, r.req.status, 0);
		KUNIT_EXPECT_EQ(test, r.req.missing, LC_LEN - valid[i]);
		KUNIT_EXPECT_EQ(test, r.req.rsp_len, 7);
		KUNIT_EXPECT_EQ_MSG(test, lc_wrong(0, valid[i], -1), 0U, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, lc_wrong(valid[i], LC_LEN, 0xee), 0U, "row %u", i);
		vpart_call_put(c);
		KUNIT_EXPECT_EQ(test, r.done, 1U);
	}
	/* Nor outside of its pieces: those before and between them are whole. */
	for (i = 0; i < 7; i++)
		KUNIT_EXPECT_EQ(test, lc.buf[i], 0xee);
	KUNIT_EXPECT_EQ(test, lc.buf[8], 0xee);
	/* An answer that is no answer brings no data. */
	c = lc_send(test, &r, 3, DMA_FROM_DEVICE);
	KUNIT_ASSERT_EQ(test, vpart_map(c, DMA_FROM_DEVICE, &d), 0);
	lc_pattern(&d);
	c->in_valid = LC_LEN;
	vpart_finish(c, "a longer answer than fits", 26);
	KUNIT_EXPECT_EQ(test, r.req.status, -EPROTO);
	KUNIT_EXPECT_EQ(test, lc_wrong(0, LC_LEN, 0xee), 0U);
}

/* V10, V3: a request that is given up ends at once, and the late answer goes nowhere. */
static void give_up(struct kunit *test)
{
	static const enum dma_data_direction dirs[] = { DMA_NONE, DMA_TO_DEVICE, DMA_FROM_DEVICE };
	struct vpart_data d;
	struct lc_req r, next;
	struct vpart_call *c;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		lc.cancels = 0;
		memset(lc.buf, 0xee, LC_ROOM);
		c = lc_send(test, &r, 5, dirs[i]);
		if (i)
			KUNIT_ASSERT_EQ(test, vpart_map(c, dirs[i], &d), 0);
		KUNIT_EXPECT_EQ(test, vpart_cancel(lc.q, &r.req), 0);
		KUNIT_EXPECT_EQ(test, r.done, 1U);
		KUNIT_EXPECT_EQ(test, r.req.status, -ECANCELED);
		KUNIT_EXPECT_EQ(test, lc.cancels, 1U);
		KUNIT_EXPECT_EQ(test, vpart_cancel(lc.q, &r.req), -EINPROGRESS);
		KUNIT_EXPECT_EQ(test, lc.cancels, 1U);
		/* The server goes on with its pages, and the tag is its own. */
		lc_fill(&next, 5);
		KUNIT_EXPECT_EQ(test, vpart_submit(lc.q, &next.req), -EBUSY);
		if (i)
			lc_pattern(&d);
		c->in_valid = LC_LEN;
		vpart_finish(c, "late", 5);
		KUNIT_EXPECT_EQ(test, r.done, 1U);
		KUNIT_EXPECT_EQ(test, r.req.status, -ECANCELED);
		KUNIT_EXPECT_EQ(test, r.rsp[0], 0);
		KUNIT_EXPECT_EQ(test, lc_wrong(0, LC_LEN, 0xee), 0U);
		KUNIT_EXPECT_EQ(test, c->state, 0UL);
		KUNIT_EXPECT_EQ(test, lc.credits, i + 1);
	}
	/* Before the server has its data: there is nothing to carry out. */
	c = lc_send(test, &r, 5, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, vpart_cancel(lc.q, &r.req), 0);
	KUNIT_EXPECT_EQ(test, vpart_map(c, DMA_TO_DEVICE, &d), -ECANCELED);
	vpart_call_put(c);
	/* When it is answered, it is too late. */
	c = lc_send(test, &r, 5, DMA_NONE);
	vpart_reply(c, "answer", 7);
	KUNIT_EXPECT_EQ(test, vpart_cancel(lc.q, &r.req), -EINPROGRESS);
	KUNIT_EXPECT_EQ(test, r.done, 1U);
	KUNIT_EXPECT_EQ(test, r.req.status, 0);
	vpart_call_put(c);
	/* Unanswered it ends with the put. */
	c = lc_send(test, &r, 5, DMA_NONE);
	vpart_call_put(c);
	KUNIT_EXPECT_EQ(test, r.done, 1U);
	KUNIT_EXPECT_EQ(test, r.req.status, -ECANCELED);
}

/* V10: while its data are copied it does not end, and right behind it does. */
static void give_up_held(struct kunit *test)
{
	struct vpart_call *c;
	struct lc_req r;

	c = lc_send(test, &r, 1, DMA_TO_DEVICE);
	KUNIT_ASSERT_PTR_EQ(test, local_hold(c), &r.req);
	KUNIT_EXPECT_EQ(test, local_release(c, &r.req), 0);
	KUNIT_EXPECT_EQ(test, r.done, 0U);

	KUNIT_ASSERT_PTR_EQ(test, local_hold(c), &r.req);
	KUNIT_EXPECT_EQ(test, vpart_cancel(lc.q, &r.req), -EINPROGRESS);
	KUNIT_EXPECT_EQ(test, vpart_cancel(lc.q, &r.req), -EINPROGRESS);
	KUNIT_EXPECT_EQ(test, r.done, 0U);
	/* Who copies tells the server: it never began. */
	KUNIT_EXPECT_EQ(test, lc.cancels, 0U);
	KUNIT_EXPECT_EQ(test, local_release(c, &r.req), -ECANCELED);
	KUNIT_EXPECT_EQ(test, r.done, 1U);
	KUNIT_EXPECT_EQ(test, r.req.status, -ECANCELED);
	KUNIT_EXPECT_NULL(test, local_hold(c));
	vpart_call_put(c);
	KUNIT_EXPECT_EQ(test, r.done, 1U);
	KUNIT_EXPECT_EQ(test, c->state, 0UL);
}

/* V10: the client waits for no server of an epoch that is over. */
static void epoch_over(struct kunit *test)
{
	struct vpart_call *c[4];
	struct vpart_data d;
	struct lc_req r[4];
	unsigned int i;

	for (i = 0; i < 4; i++)
		c[i] = lc_send(test, &r[i], i, i ? DMA_TO_DEVICE : DMA_FROM_DEVICE);
	KUNIT_ASSERT_EQ(test, vpart_map(c[0], DMA_FROM_DEVICE, &d), 0);
	KUNIT_ASSERT_EQ(test, vpart_map(c[1], DMA_TO_DEVICE, &d), 0);
	KUNIT_ASSERT_PTR_EQ(test, local_hold(c[2]), &r[2].req);
	vpart_reply(c[3], "answer", 7);
	lc.link->state = VPART_LINK_STATE_DRAINING;
	lc.link->fabric->disconnect(lc.link);
	KUNIT_EXPECT_EQ(test, lc.cancels, 4U);
	KUNIT_EXPECT_EQ(test, r[2].done, 0U);
	KUNIT_EXPECT_EQ(test, local_release(c[2], &r[2].req), -ECANCELED);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, r[i].done, 1U);
		KUNIT_EXPECT_EQ(test, r[i].req.status, i == 3 ? 0 : -ENOTCONN);
	}
	KUNIT_EXPECT_EQ(test, vpart_calls_open(lc.link, NULL), 4U);
	/* No link of the test's is in the bus's hands. */
	lc.link->gone = true;
	vpart_finish(c[0], "late", 5);
	for (i = 1; i < 4; i++)
		vpart_call_put(c[i]);
	KUNIT_EXPECT_EQ(test, vpart_calls_open(lc.link, NULL), 0U);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, r[i].done, 1U);
}

/* V10: what is stuck has at most half of the memory; others go on, and all comes back. */
static void memory(struct kunit *test)
{
	struct local_mem *mem = lc.link->priv;
	struct vpart_call *c[64];
	struct vpart_data d;
	unsigned int i, n;
	struct lc_req *r;
	int err = 0;

	r = kunit_kcalloc(test, ARRAY_SIZE(c), sizeof(*r), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r);
	lc.data.len = LC_MAX;	/* nothing is copied: it does not have that much */
	for (n = 0; n < ARRAY_SIZE(c) && !err; n++) {
		c[n] = lc_send(test, &r[n], n, DMA_FROM_DEVICE);
		err = vpart_map(c[n], DMA_FROM_DEVICE, &d);
	}
	KUNIT_EXPECT_EQ(test, err, -EBUSY);
	KUNIT_EXPECT_EQ(test, n, LOCAL_MEM / 2 / LC_MAX + 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&mem->total), LOCAL_MEM / 2);

	/* Another share, with the same number modulo that, and a call of few pages */
	lc.share = LOCAL_SHARES;
	KUNIT_EXPECT_EQ(test, vpart_map(c[n - 1], DMA_FROM_DEVICE, &d), -EBUSY);
	lc.share = 1;
	KUNIT_EXPECT_EQ(test, vpart_map(c[n - 1], DMA_FROM_DEVICE, &d), 0);
	lc.share = 0;
	lc.data.len = VPART_PAGES_INLINE * PAGE_SIZE;
	c[n] = lc_send(test, &r[n], n, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, vpart_map(c[n], DMA_FROM_DEVICE, &d), 0);
	vpart_call_put(c[n]);
	lc.data.len = LC_MAX;

	/* One that ends makes room, and says so once; one of each share always may. */
	vpart_call_put(c[0]);
	c[0] = lc_send(test, &r[0], 0, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, vpart_map(c[0], DMA_FROM_DEVICE, &d), -EBUSY);
	lc.rooms = 0;
	vpart_call_put(c[n - 1]);
	KUNIT_EXPECT_EQ(test, lc.rooms, 1U);
	KUNIT_EXPECT_EQ(test, vpart_map(c[0], DMA_FROM_DEVICE, &d), 0);
	vpart_call_put(c[1]);
	KUNIT_EXPECT_EQ(test, lc.rooms, 1U);
	atomic_add(LOCAL_MEM, &mem->total);
	c[n] = lc_send(test, &r[n], n, DMA_FROM_DEVICE);
	lc.share = 2;
	KUNIT_EXPECT_EQ(test, vpart_map(c[n], DMA_FROM_DEVICE, &d), 0);
	vpart_call_put(c[n]);
	atomic_sub(LOCAL_MEM, &mem->total);

	vpart_call_put(c[0]);
	for (i = 2; i < n - 1; i++)
		vpart_call_put(c[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&mem->total), 0);
	for (i = 0; i < LOCAL_SHARES; i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&mem->used[i]), 0);
}

/* The @nth allocation of this task fails, if failslab may fail those that wait; 0: none. */
static void lc_fail(unsigned int nth)
{
#ifdef CONFIG_FAULT_INJECTION
	current->fail_nth = nth;
#endif
}

/* V10: without memory one call goes on, of any size, and then the next. */
static void reserve(struct kunit *test)
{
	struct local_mem *mem = lc.link->priv;
	struct vpart_pages other = {};
	struct local_call *own;
	struct vpart_data d;
	struct vpart_call *c;
	struct lc_req r;
	unsigned int i;
	int err;

	KUNIT_ASSERT_TRUE(test, local_reserve(mem, &other, LC_MAX));
	KUNIT_EXPECT_EQ(test, other.nents, LC_MAX / PAGE_SIZE);
	clear_bit_unlock(LOCAL_BUSY_RESERVE, &mem->busy);
	for (i = 0; i < 3; i++) {
		memset(lc.buf, 0xee, LC_ROOM);
		c = lc_send(test, &r, 0, DMA_FROM_DEVICE);
		own = vpart_call_fabric(c);
		if (i < 2)
			KUNIT_ASSERT_TRUE(test, local_reserve(mem, &own->pages, LC_LEN));
		else
			lc_fail(1);
		err = vpart_map(c, DMA_FROM_DEVICE, &d);
		lc_fail(0);
		KUNIT_ASSERT_EQ(test, err, 0);
		if (own->pages.sgl != mem->sgl) {
			vpart_call_put(c);
			kunit_skip(test, "nothing fails here");
		}
		KUNIT_EXPECT_FALSE(test, local_reserve(mem, &other, 1));
		KUNIT_EXPECT_EQ(test, lc_sum(&d), (unsigned int)LC_LEN);
		lc_pattern(&d);
		c->in_valid = LC_LEN;
		vpart_finish(c, NULL, 0);
		KUNIT_EXPECT_EQ(test, lc_wrong(0, LC_LEN, -1), 0U);
	}
}

/* ---- both at once ---- */

#define LC_TURNS	400

static struct {
	struct lc_req		req;
	wait_queue_head_t	wait;
	atomic_t		turn;	/* of the server's thread */
	atomic_t		served;
	unsigned int		early;	/* done() while the server was at the pages */
	bool			stop;
} race;

/* The client's pages are its own again: it writes something else there. */
static void race_done(struct vpart_req *req)
{
	race.req.done++;
	memset(lc.buf, 0x11, LC_ROOM);
}

/* Maps, answers and puts each call; what it got must be what was sent. */
static int race_server(void *data)
{
	struct vpart_call *c;
	struct vpart_data d;
	u8 first, last;

	while (!READ_ONCE(race.stop)) {
		if (!atomic_xchg(&race.turn, 0)) {
			cond_resched();
			continue;
		}
		c = READ_ONCE(lc.call);
		if (!vpart_map(c, DMA_TO_DEVICE, &d)) {
			sg_pcopy_to_buffer(d.sgl, d.nents, &first, 1, 0);
			sg_pcopy_to_buffer(d.sgl, d.nents, &last, 1, LC_LEN - 1);
			race.early += first != 0x22 || last != 0x22;
			vpart_finish(c, NULL, 0);
		} else {
			vpart_call_put(c);
		}
		atomic_inc(&race.served);
	}
	return 0;
}

/* V3, V10: whoever is first, a request ends once, and never while it is being copied. */
static void give_up_races(struct kunit *test)
{
	unsigned int i, late = 0, spins;
	struct task_struct *server;
	int ret;

	memset(&race, 0, sizeof(race));
	server = kthread_run(race_server, NULL, "kt-local-copy");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, server);
	get_task_struct(server);
	for (i = 0; i < LC_TURNS; i++) {
		memset(lc.buf, 0x22, LC_ROOM);
		lc_send(test, &race.req, 0, DMA_TO_DEVICE);
		race.req.req.done = race_done;
		atomic_set(&race.turn, 1);
		if (i % 3 == 1)
			usleep_range(1, 20);
		for (spins = i % 97 * 8; spins; spins--)
			cpu_relax();
		ret = vpart_cancel(lc.q, &race.req.req);
		late += ret == -EINPROGRESS;
		while (atomic_read(&race.served) <= i)
			cond_resched();
		if (race.req.done != 1)
			break;
	}
	WRITE_ONCE(race.stop, true);
	kthread_stop(server);
	put_task_struct(server);
	KUNIT_EXPECT_EQ(test, i, (unsigned int)LC_TURNS);
	KUNIT_EXPECT_EQ(test, race.early, 0U);
	kunit_info(test, "%u of %u were given up too late\n", late, LC_TURNS);
}

static struct kunit_case vpart_local_copy_cases[] = {
	KUNIT_CASE(copy_write),
	KUNIT_CASE(copy_read),
	KUNIT_CASE(give_up),
	KUNIT_CASE(give_up_held),
	KUNIT_CASE(epoch_over),
	KUNIT_CASE(memory),
	KUNIT_CASE(reserve),
	KUNIT_CASE(give_up_races),
	{}
};

static struct kunit_suite vpart_local_copy_suite = {
	.name		= "vpart-local-copy",
	.init		= lc_init,
	.exit		= lc_exit,
	.test_cases	= vpart_local_copy_cases,
};

kunit_test_suite(vpart_local_copy_suite);
