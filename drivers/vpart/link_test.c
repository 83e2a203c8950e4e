// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the link and the call table, between a client's and a server's driver
 * of the test's own. The server holds each call until the test lets go of it.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "vpart.h"

#define FAKE_DEPTH	8
#define FAKE_EVENTS	64
#define FAKE_SOON	msecs_to_jiffies(20000)	/* limit of a wait that ends */

/* What the two drivers saw; one test at a time. */
static struct {
	spinlock_t		lock;		/* guards the lists and counts */
	wait_queue_head_t	wait;
	struct vpart_adapter	*a[2];
	int			login_err, login_depth;
	unsigned int		logins, ups, downs, drains, logouts;
	unsigned int		credits, cancels, requests, lost, nr_events;
	u64			events[FAKE_EVENTS];
	u8			event_iu[FAKE_EVENTS];
	unsigned int		lost_before;	/* events seen before the last "lost" */
	u32			epoch;
	enum vpart_why		why;
	struct vpart_limits	lim;
	struct vpart_call	*held[FAKE_DEPTH * 2];
	unsigned int		nr_held;
	bool			up_blocks;
} fake;

static int fake_login(struct vpart_adapter *a, void *iu, u16 size)
{
	memcpy(iu, "hello", 5);
	return 5;
}

static void fake_up(struct vpart_adapter *a, u32 epoch,
		    const struct vpart_limits *lim, const void *rsp, u16 len)
{
	fake.lim = *lim;
	fake.epoch = epoch;
	if (len == 7 && !memcmp(rsp, "welcome", 7))
		fake.ups++;
	wake_up_all(&fake.wait);
	/* Lets the test fill the ring while nothing is delivered. */
	wait_event_timeout(fake.wait, !READ_ONCE(fake.up_blocks), FAKE_SOON);
}

static void fake_down(struct vpart_adapter *a, u32 epoch, enum vpart_why why)
{
	fake.why = why;
	fake.downs++;
	wake_up_all(&fake.wait);
}

static void fake_credit(struct vpart_queue *q)
{
	fake.credits++;
}

static void fake_event(struct vpart_adapter *a, u64 seq, const void *iu, u16 len)
{
	if (fake.nr_events < FAKE_EVENTS) {
		fake.events[fake.nr_events] = seq;
		fake.event_iu[fake.nr_events] = *(const u8 *)iu;
	}
	fake.nr_events++;
	wake_up_all(&fake.wait);
}

static void fake_event_lost(struct vpart_adapter *a)
{
	fake.lost_before = fake.nr_events;
	fake.lost++;
	wake_up_all(&fake.wait);
}

static const struct vpart_client_ops fake_client_ops = {
	.login		= fake_login,
	.up		= fake_up,
	.down		= fake_down,
	.credit		= fake_credit,
	.event		= fake_event,
	.event_lost	= fake_event_lost,
};

static int fake_server_login(struct vpart_adapter *a, u32 epoch, const void *iu,
			     u16 len, struct vpart_limits *lim, void *rsp,
			     u16 *rsp_len)
{
	fake.logins++;
	wake_up_all(&fake.wait);
	if (fake.login_err)
		return fake.login_err;
	if (len != 5 || memcmp(iu, "hello", 5))
		return -EPROTO;
	lim->depth = fake.login_depth ?: min_t(u16, lim->depth, FAKE_DEPTH);
	lim->dma_alignment = 511;
	memcpy(rsp, "welcome", 7);
	*rsp_len = 7;
	return 0;
}

static void fake_request(struct vpart_call *c)
{
	unsigned long flags;

	spin_lock_irqsave(&fake.lock, flags);
	fake.requests++;
	if (fake.nr_held < ARRAY_SIZE(fake.held))
		fake.held[fake.nr_held++] = c;
	spin_unlock_irqrestore(&fake.lock, flags);
	wake_up_all(&fake.wait);
}

static void fake_cancel(struct vpart_call *c)
{
	fake.cancels++;
}

static void fake_drain(struct vpart_adapter *a, u32 epoch)
{
	fake.drains++;
}

static void fake_logout(struct vpart_adapter *a, u32 epoch)
{
	fake.logouts++;
	wake_up_all(&fake.wait);
}

static const struct vpart_server_ops fake_server_ops = {
	.call_size	= 40,
	.login		= fake_server_login,
	.request	= fake_request,
	.cancel		= fake_cancel,
	.drain		= fake_drain,
	.logout		= fake_logout,
};

static int fake_probe(struct vpart_adapter *a)
{
	fake.a[a->side] = a;
	return 0;
}

static struct vpart_driver fake_client = {
	.driver.name	= "kt-client",
	.side		= VPART_SIDE_CLIENT,
	.probe		= fake_probe,
	.client		= &fake_client_ops,
};

static struct vpart_driver fake_server = {
	.driver.name	= "kt-server",
	.side		= VPART_SIDE_SERVER,
	.probe		= fake_probe,
	.server		= &fake_server_ops,
};

static const struct vpart_limits fake_want = {
	.nr_queues = 2, .depth = 32, .max_segs = 4, .max_data = 65536,
	.dma_alignment = 3,
};

struct fake_req {
	struct vpart_req	req;
	u8			rsp[16];
	unsigned int		done;
};

static void fake_done(struct vpart_req *req)
{
	container_of(req, struct fake_req, req)->done++;
}

static void fake_fill(struct fake_req *r, u32 tag)
{
	memset(r, 0, sizeof(*r));
	r->req.iu = "question";
	r->req.iu_len = 8;
	r->req.rsp = r->rsp;
	r->req.rsp_size = sizeof(r->rsp);
	r->req.tag = tag;
	r->req.status = 1;
	r->req.done = fake_done;
}

static struct vpart_call *fake_take(void)
{
	struct vpart_call *c = NULL;

	spin_lock_irq(&fake.lock);
	if (fake.nr_held) {
		c = fake.held[0];
		fake.nr_held--;
		memmove(fake.held, fake.held + 1, fake.nr_held * sizeof(c));
	}
	spin_unlock_irq(&fake.lock);
	return c;
}

#define fake_soon(cond)	(wait_event_timeout(fake.wait, cond, FAKE_SOON) != 0)

static enum vpart_link_state link_state(u32 *inflight)
{
	struct vpart_link_status st;

	vpart_link_status(fake.a[0]->link, &st);
	if (inflight)
		*inflight = st.inflight;
	return st.state;
}

static bool link_is(enum vpart_link_state state)
{
	return wait_event_timeout(fake.a[0]->link->wait,
				  link_state(NULL) == state, FAKE_SOON);
}

static int fake_set(const char *name, enum vpart_state state)
{
	return vpart_partition_set(0, name, state, NULL);
}

static int fake_start(void)
{
	int err = vpart_start(fake.a[VPART_SIDE_CLIENT], &fake_want);

	return err ?: vpart_start(fake.a[VPART_SIDE_SERVER], NULL);
}

/* No owner: the module may not be whole yet, see vpart_test_begin(). */
static int link_test_init(struct kunit *test)
{
	struct vpart_node_args n = { .name = "kt-n" };
	struct vpart_partition_args p = { .name = "kt-c", .node = "kt-n" };
	struct vpart_adapter_args a = {
		.name = "kt", .client = "kt-c", .server = "kt-s",
	};
	u32 id;

	memset(&fake, 0, sizeof(fake));
	spin_lock_init(&fake.lock);
	init_waitqueue_head(&fake.wait);
	KUNIT_ASSERT_EQ(test, vpart_driver_register(&fake_client, NULL), 0);
	KUNIT_ASSERT_EQ(test, vpart_driver_register(&fake_server, NULL), 0);
	KUNIT_ASSERT_EQ(test, vpart_node_new(&n, &id, NULL), 0);
	KUNIT_ASSERT_EQ(test, vpart_partition_new(&p, &id, NULL), 0);
	p.name = "kt-s";
	p.role = VPART_ROLE_VIOS;
	KUNIT_ASSERT_EQ(test, vpart_partition_new(&p, &id, NULL), 0);
	KUNIT_ASSERT_EQ(test, vpart_adapter_new(&a, &id, NULL), 0);
	KUNIT_ASSERT_NOT_NULL(test, fake.a[VPART_SIDE_CLIENT]);
	KUNIT_ASSERT_NOT_NULL(test, fake.a[VPART_SIDE_SERVER]);
	return 0;
}

static void link_test_exit(struct kunit *test)
{
	struct vpart_call *c;

	/* Whatever a failed test left held */
	while ((c = fake_take()))
		vpart_call_put(c);
	vpart_adapter_del(0, "kt", VPART_SIDE_ANY, NULL);
	vpart_partition_del(0, "kt-c", NULL);
	vpart_partition_del(0, "kt-s", NULL);
	vpart_node_del(0, "kt-n", NULL);
	vpart_driver_unregister(&fake_client);
	vpart_driver_unregister(&fake_server);
}

static void link_states(struct kunit *test)
{
	struct vpart_adapter *client = fake.a[VPART_SIDE_CLIENT];
	struct vpart_link_status st;
	struct vpart_peer peer;
	uuid_t boot;

	KUNIT_EXPECT_EQ(test, vpart_start(client, NULL), -EINVAL);
	KUNIT_ASSERT_EQ(test, vpart_start(client, &fake_want), 0);
	KUNIT_EXPECT_EQ(test, fake.logins, 0U);
	KUNIT_ASSERT_EQ(test, vpart_start(fake.a[VPART_SIDE_SERVER], NULL), 0);
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.lost == 1));
	KUNIT_EXPECT_EQ(test, fake.ups, 1U);
	KUNIT_EXPECT_EQ(test, fake.epoch, 1U);
	KUNIT_EXPECT_EQ(test, fake.lim.nr_queues, 2);
	KUNIT_EXPECT_EQ(test, fake.lim.depth, FAKE_DEPTH);
	KUNIT_EXPECT_EQ(test, fake.lim.dma_alignment, 511U);
	KUNIT_EXPECT_EQ(test, fake.lim.caps, (u32)VPART_CAP_ZERO_COPY);

	/* Failed and back before anybody looked is another epoch all the same. */
	vpart_peer(client, &peer);
	boot = peer.boot;
	KUNIT_EXPECT_STREQ(test, peer.partition, "kt-s");
	KUNIT_EXPECT_EQ(test, fake_set("kt-s", VPART_STATE_FAILED), 0);
	KUNIT_EXPECT_EQ(test, fake_set("kt-s", VPART_STATE_RUNNING), 0);
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.lost == 2));
	KUNIT_EXPECT_EQ(test, fake.downs, 1U);
	KUNIT_EXPECT_EQ(test, fake.drains, 1U);
	KUNIT_EXPECT_EQ(test, fake.logouts, 1U);
	KUNIT_EXPECT_EQ(test, fake.why, VPART_WHY_SERVER_FAILED);
	KUNIT_EXPECT_EQ(test, fake.epoch, 2U);
	vpart_peer(client, &peer);
	KUNIT_EXPECT_FALSE(test, uuid_equal(&boot, &peer.boot));

	KUNIT_EXPECT_EQ(test, fake_set("kt-c", VPART_STATE_FAILED), 0);
	KUNIT_ASSERT_TRUE(test, link_is(VPART_LINK_STATE_DOWN));
	KUNIT_EXPECT_EQ(test, fake.why, VPART_WHY_CLIENT_FAILED);
	KUNIT_EXPECT_EQ(test, fake.ups, 2U);

	/* Not yet: tried again by itself. */
	fake.login_err = -EAGAIN;
	fake.logins = 0;
	KUNIT_EXPECT_EQ(test, fake_set("kt-c", VPART_STATE_RUNNING), 0);
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.logins >= 3));
	fake.login_err = 0;
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.lost == 3));
	KUNIT_EXPECT_EQ(test, fake.epoch, 3U);

	/* Refused: not tried again until something changes. */
	fake.login_err = -EACCES;
	fake.logins = 0;
	vpart_reset(client, VPART_WHY_RESET);
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.logins == 1));
	KUNIT_EXPECT_EQ(test, fake.why, VPART_WHY_RESET);
	KUNIT_ASSERT_TRUE(test, link_is(VPART_LINK_STATE_DOWN));
	msleep(2 * VPART_RETRY_MIN);
	KUNIT_EXPECT_EQ(test, fake.logins, 1U);
	vpart_link_status(client->link, &st);
	KUNIT_EXPECT_EQ(test, st.why, VPART_WHY_REFUSED);
	KUNIT_EXPECT_EQ(test, st.last_error, (u32)EACCES);
	fake.login_err = 0;
	/* So are limits beyond what the client asked for. */
	fake.login_depth = fake_want.depth + 1;
	KUNIT_ASSERT_EQ(test, vpart_start(fake.a[VPART_SIDE_SERVER], NULL), 0);
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.logouts == 4));
	fake.login_depth = 0;
	KUNIT_ASSERT_EQ(test, vpart_start(fake.a[VPART_SIDE_SERVER], NULL), 0);
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.lost == 4));
	KUNIT_EXPECT_EQ(test, vpart_stop(client), 0);
	KUNIT_EXPECT_EQ(test, fake.why, VPART_WHY_NO_CLIENT);
	KUNIT_EXPECT_EQ(test, fake.logouts, 5U);
	KUNIT_EXPECT_EQ(test, link_state(NULL), VPART_LINK_STATE_DOWN);
}

static void calls(struct kunit *test)
{
	struct vpart_queue *q = vpart_queue(fake.a[VPART_SIDE_CLIENT], 1);
	struct vpart_call *c;
	struct fake_req r;

	fake_fill(&r, 0);
	KUNIT_EXPECT_EQ(test, vpart_submit(q, &r.req), -ENOTCONN);
	KUNIT_ASSERT_EQ(test, fake_start(), 0);
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.lost == 1));

	/* Answered */
	KUNIT_ASSERT_EQ(test, vpart_submit(q, &r.req), 0);
	c = fake_take();
	KUNIT_ASSERT_NOT_NULL(test, c);
	KUNIT_EXPECT_PTR_EQ(test, c->q, q);
	KUNIT_EXPECT_EQ(test, c->tag, 0U);
	KUNIT_EXPECT_EQ(test, c->epoch, 1U);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)c, SMP_CACHE_BYTES));
	memset(vpart_call_priv(c), 0xff, fake_server_ops.call_size);
	vpart_reply(c, "answer", 7);
	KUNIT_EXPECT_EQ(test, r.done, 1U);
	KUNIT_EXPECT_EQ(test, r.req.status, 0);
	KUNIT_EXPECT_EQ(test, r.req.rsp_len, 7);
	KUNIT_EXPECT_STREQ(test, (char *)r.rsp, "answer");

	/* The tag is the server's until put: busy, and one credit for it */
	fake_fill(&r, 0);
	KUNIT_EXPECT_EQ(test, vpart_submit(q, &r.req), -EBUSY);
	KUNIT_EXPECT_EQ(test, vpart_submit(q, &r.req), -EBUSY);
	vpart_reply(c, "again", 6);
	KUNIT_EXPECT_EQ(test, r.done, 0U);
	KUNIT_EXPECT_EQ(test, fake.credits, 0U);
	vpart_call_put(c);
	KUNIT_EXPECT_EQ(test, fake.credits, 1U);
	KUNIT_ASSERT_EQ(test, vpart_submit(q, &r.req), 0);

	/* Dropped */
	vpart_call_put(fake_take());
	KUNIT_EXPECT_EQ(test, fake.credits, 1U);
	KUNIT_EXPECT_EQ(test, r.done, 1U);
	KUNIT_EXPECT_EQ(test, r.req.status, -ECANCELED);

	/* More than the client can take */
	fake_fill(&r, 3);
	KUNIT_ASSERT_EQ(test, vpart_submit(q, &r.req), 0);
	c = fake_take();
	vpart_reply(c, "a longer answer than fits", 26);
	vpart_call_put(c);
	KUNIT_EXPECT_EQ(test, r.done, 1U);
	KUNIT_EXPECT_EQ(test, r.req.status, -EPROTO);
	KUNIT_EXPECT_EQ(test, r.req.rsp_len, 0);

	/* Given up: the server is asked, the client waits */
	fake_fill(&r, 3);
	KUNIT_ASSERT_EQ(test, vpart_submit(q, &r.req), 0);
	KUNIT_EXPECT_EQ(test, vpart_cancel(q, &r.req), -EINPROGRESS);
	KUNIT_EXPECT_EQ(test, fake.cancels, 1U);
	KUNIT_EXPECT_EQ(test, r.done, 0U);
	vpart_call_put(fake_take());
	KUNIT_EXPECT_EQ(test, r.done, 1U);
	KUNIT_EXPECT_EQ(test, vpart_cancel(q, &r.req), -EINPROGRESS);
	KUNIT_EXPECT_EQ(test, fake.cancels, 1U);

	KUNIT_EXPECT_EQ(test, vpart_poll(q, 1), -EOPNOTSUPP);
	vpart_kick(q);
}

/* Sends itself again from done(), once. */
static void fake_done_again(struct vpart_req *req)
{
	fake_done(req);
	req->done = fake_done;
	if (vpart_submit(vpart_queue(fake.a[VPART_SIDE_CLIENT], 0), req))
		fake.credits = ~0U;
}

static void finish(struct kunit *test)
{
	struct vpart_queue *q = vpart_queue(fake.a[VPART_SIDE_CLIENT], 0);
	struct vpart_call *c;
	struct fake_req r;

	KUNIT_ASSERT_EQ(test, fake_start(), 0);
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.lost == 1));

	/* The tag is free when done() runs */
	fake_fill(&r, 2);
	r.req.done = fake_done_again;
	KUNIT_ASSERT_EQ(test, vpart_submit(q, &r.req), 0);
	vpart_finish(fake_take(), "answer", 7);
	KUNIT_EXPECT_EQ(test, r.done, 1U);
	KUNIT_EXPECT_EQ(test, fake.credits, 0U);
	KUNIT_EXPECT_STREQ(test, (char *)r.rsp, "answer");
	c = fake_take();
	KUNIT_ASSERT_NOT_NULL(test, c);
	KUNIT_EXPECT_EQ(test, c->tag, 2U);

	/* After the end of the epoch the answer does not count, but the call ends */
	vpart_reset(fake.a[VPART_SIDE_CLIENT], VPART_WHY_RESET);
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.downs == 1));
	KUNIT_EXPECT_EQ(test, r.done, 1U);
	KUNIT_EXPECT_EQ(test, fake.logouts, 0U);
	vpart_finish(c, "late", 5);
	KUNIT_EXPECT_EQ(test, r.done, 2U);
	KUNIT_EXPECT_EQ(test, r.req.status, -ENOTCONN);
	KUNIT_EXPECT_EQ(test, r.req.rsp_len, 0);
	KUNIT_EXPECT_TRUE(test, fake_soon(fake.lost == 2));
	KUNIT_EXPECT_EQ(test, fake.logouts, 1U);

	/* A slot that was answered before is given back all the same */
	KUNIT_ASSERT_EQ(test, vpart_submit(q, &r.req), 0);
	c = fake_take();
	vpart_reply(c, "first", 6);
	vpart_finish(c, "second", 7);
	KUNIT_EXPECT_STREQ(test, (char *)r.rsp, "first");
	KUNIT_EXPECT_EQ(test, vpart_calls_open(fake.a[0]->link, NULL), 0U);
}

static void limits(struct kunit *test)
{
	struct vpart_queue *q = vpart_queue(fake.a[VPART_SIDE_CLIENT], 0);
	struct scatterlist sg[5];
	struct fake_req r;

	KUNIT_ASSERT_EQ(test, fake_start(), 0);
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.lost == 1));
	sg_init_table(sg, 5);
	fake_fill(&r, FAKE_DEPTH);
	KUNIT_EXPECT_EQ(test, vpart_submit(q, &r.req), -EINVAL);
	fake_fill(&r, U32_MAX);
	KUNIT_EXPECT_EQ(test, vpart_submit(q, &r.req), -EINVAL);
	fake_fill(&r, FAKE_DEPTH - VPART_PRIO_TAGS);
	KUNIT_EXPECT_EQ(test, vpart_submit(q, &r.req), -EINVAL);
	fake_fill(&r, 0);
	r.req.iu_len = 0;
	KUNIT_EXPECT_EQ(test, vpart_submit(q, &r.req), -EINVAL);
	r.req.iu_len = VPART_MAX_IU + 1;
	KUNIT_EXPECT_EQ(test, vpart_submit(q, &r.req), -EINVAL);
	fake_fill(&r, 0);
	r.req.in = (struct vpart_data){ .sgl = sg, .nents = 5, .len = 512 };
	KUNIT_EXPECT_EQ(test, vpart_submit(q, &r.req), -EINVAL);
	r.req.in = (struct vpart_data){ .sgl = sg, .nents = 1, .len = 65537 };
	KUNIT_EXPECT_EQ(test, vpart_submit(q, &r.req), -EINVAL);
	r.req.in = (struct vpart_data){ .len = 512 };
	KUNIT_EXPECT_EQ(test, vpart_submit(q, &r.req), -EINVAL);
	fake_fill(&r, 0);
	KUNIT_EXPECT_EQ(test,
			vpart_submit(vpart_queue(fake.a[0], 2), &r.req), -EINVAL);
	KUNIT_EXPECT_NULL(test, vpart_queue(fake.a[0], VPART_QUEUES_MAX));
	KUNIT_EXPECT_EQ(test, fake.requests, 0U);
	KUNIT_EXPECT_EQ(test, r.done, 0U);
	fake_fill(&r, FAKE_DEPTH - 1);
	r.req.flags = VPART_REQ_PRIO;
	KUNIT_ASSERT_EQ(test, vpart_submit(q, &r.req), 0);
	vpart_call_put(fake_take());
	KUNIT_EXPECT_EQ(test, r.done, 1U);
}

static int fake_xfer_err;

static void fake_xfer(struct vpart_call *c, int err)
{
	fake_xfer_err = err;
}

static void data(struct kunit *test)
{
	struct vpart_queue *q = vpart_queue(fake.a[VPART_SIDE_CLIENT], 0);
	u8 *buf = kunit_kzalloc(test, 2048, GFP_KERNEL);
	struct scatterlist far[2], near[3];
	struct vpart_data d, mine;
	struct vpart_call *c;
	struct fake_req r;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_EQ(test, fake_start(), 0);
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.lost == 1));
	for (i = 0; i < 1024; i++)
		buf[i] = i * 7;
	sg_init_table(far, 2);
	sg_set_buf(&far[0], buf, 300);
	sg_set_buf(&far[1], buf + 300, 724);
	sg_init_table(near, 3);
	sg_set_buf(&near[0], buf + 1024, 100);
	sg_set_buf(&near[1], buf + 1124, 500);
	sg_set_buf(&near[2], buf + 1624, 424);
	mine = (struct vpart_data){ .sgl = near, .nents = 3, .len = 700 };

	/* Zero copy: the client's own list */
	fake_fill(&r, 0);
	r.req.out = (struct vpart_data){ .sgl = far, .nents = 2, .len = 1024 };
	KUNIT_ASSERT_EQ(test, vpart_submit(q, &r.req), 0);
	c = fake_take();
	KUNIT_EXPECT_EQ(test, c->out_len, 1024U);
	KUNIT_ASSERT_EQ(test, vpart_map(c, DMA_TO_DEVICE, &d), 0);
	KUNIT_EXPECT_PTR_EQ(test, d.sgl, (struct scatterlist *)far);
	KUNIT_EXPECT_EQ(test, d.len, 1024U);
	KUNIT_EXPECT_EQ(test, vpart_map(c, DMA_FROM_DEVICE, &d), -EINVAL);
	vpart_unmap(c);

	/* Copies, within what the client offers */
	KUNIT_ASSERT_EQ(test, vpart_pull(c, &mine, 250, fake_xfer), 0);
	KUNIT_EXPECT_EQ(test, fake_xfer_err, 0);
	KUNIT_EXPECT_EQ(test, memcmp(buf + 1024, buf + 250, 700), 0);
	KUNIT_EXPECT_EQ(test, vpart_pull(c, &mine, 325, fake_xfer), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpart_pull(c, &mine, U32_MAX, fake_xfer), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpart_push(c, &mine, 0, fake_xfer), -EINVAL);
	vpart_reply(c, "", 0);
	KUNIT_EXPECT_EQ(test, vpart_map(c, DMA_TO_DEVICE, &d), -ECANCELED);
	KUNIT_EXPECT_EQ(test, vpart_pull(c, &mine, 0, fake_xfer), 0);
	KUNIT_EXPECT_EQ(test, fake_xfer_err, -ECANCELED);
	vpart_call_put(c);

	fake_fill(&r, 0);
	r.req.in = (struct vpart_data){ .sgl = far, .nents = 2, .len = 1024 };
	KUNIT_ASSERT_EQ(test, vpart_submit(q, &r.req), 0);
	c = fake_take();
	memset(buf, 0, 1024);
	KUNIT_ASSERT_EQ(test, vpart_push(c, &mine, 300, fake_xfer), 0);
	KUNIT_EXPECT_EQ(test, fake_xfer_err, 0);
	KUNIT_EXPECT_EQ(test, memcmp(buf + 1024, buf + 300, 700), 0);
	KUNIT_EXPECT_EQ(test, buf[299] | buf[1000], 0);
	vpart_reply(c, "", 0);
	vpart_call_put(c);
	KUNIT_EXPECT_EQ(test, r.done, 1U);
}

/* V10, V3: an epoch ends only when the server has let go of its last call */
static void drain(struct kunit *test)
{
	struct vpart_adapter *client = fake.a[VPART_SIDE_CLIENT];
	struct vpart_queue *q = vpart_queue(client, 0);
	struct fake_req r[3], late;
	struct vpart_call *c[3];
	unsigned int i;
	u32 inflight;

	KUNIT_ASSERT_EQ(test, fake_start(), 0);
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.lost == 1));
	for (i = 0; i < 3; i++) {
		fake_fill(&r[i], i);
		KUNIT_ASSERT_EQ(test, vpart_submit(q, &r[i].req), 0);
		c[i] = fake_take();
		KUNIT_ASSERT_NOT_NULL(test, c[i]);
	}
	KUNIT_EXPECT_EQ(test, fake_set("kt-s", VPART_STATE_FAILED), 0);
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.downs == 1));
	KUNIT_EXPECT_EQ(test, fake.cancels, 3U);
	KUNIT_EXPECT_EQ(test, fake.drains, 1U);
	fake_fill(&late, 5);
	KUNIT_EXPECT_EQ(test, vpart_submit(q, &late.req), -ENOTCONN);

	/* The partition is back, the old epoch is not over: no login. */
	KUNIT_EXPECT_EQ(test, fake_set("kt-s", VPART_STATE_RUNNING), 0);
	vpart_reply(c[0], "late", 5);
	KUNIT_EXPECT_EQ(test, r[0].done, 1U);
	KUNIT_EXPECT_EQ(test, r[0].req.status, -ENOTCONN);
	KUNIT_EXPECT_EQ(test, r[0].rsp[0], 0);
	vpart_call_put(c[0]);
	vpart_call_put(c[1]);
	KUNIT_EXPECT_EQ(test, r[1].done, 1U);
	KUNIT_EXPECT_EQ(test, r[1].req.status, -ENOTCONN);
	flush_workqueue(fake.a[0]->link->wq);
	KUNIT_EXPECT_EQ(test, link_state(&inflight), VPART_LINK_STATE_DRAINING);
	KUNIT_EXPECT_EQ(test, inflight, 1U);
	KUNIT_EXPECT_EQ(test, fake.logins, 1U);
	KUNIT_EXPECT_EQ(test, fake.logouts, 0U);

	/* A pair in that state is not deleted, its driver not let go. */
	KUNIT_EXPECT_EQ(test, vpart_adapter_del(0, "kt", VPART_SIDE_ANY, NULL), -EBUSY);
	KUNIT_EXPECT_EQ(test, vpart_stop(client), -EBUSY);
	KUNIT_EXPECT_EQ(test, r[2].done, 0U);
	KUNIT_EXPECT_EQ(test, vpart_start(client, &fake_want), 0);

	vpart_call_put(c[2]);
	KUNIT_EXPECT_EQ(test, r[2].done, 1U);
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.lost == 2));
	KUNIT_EXPECT_EQ(test, fake.logouts, 1U);
	KUNIT_EXPECT_EQ(test, fake.epoch, 2U);
	KUNIT_EXPECT_EQ(test, late.done, 0U);
}

/* V11: events of the server in order, or "lost" where some are missing */
static void events(struct kunit *test)
{
	struct vpart_adapter *server = fake.a[VPART_SIDE_SERVER];
	unsigned int i;
	u8 iu;

	KUNIT_EXPECT_EQ(test, vpart_event(server, "x", 1), -ENOTCONN);
	KUNIT_EXPECT_EQ(test, vpart_event(server, NULL, VPART_MAX_IU + 1), -EINVAL);
	fake.up_blocks = true;
	KUNIT_ASSERT_EQ(test, fake_start(), 0);
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.ups == 1));
	/* The link's work is in ->up(): nothing is delivered meanwhile. */
	for (i = 0; i < VPART_LINK_EVENTS + 4; i++) {
		iu = i;
		KUNIT_EXPECT_EQ(test, vpart_event(server, &iu, 1), 0);
	}
	WRITE_ONCE(fake.up_blocks, false);
	wake_up_all(&fake.wait);
	/* One for the new epoch, one for what did not fit */
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.lost == 2));
	KUNIT_EXPECT_EQ(test, fake.nr_events, (unsigned int)VPART_LINK_EVENTS);
	KUNIT_EXPECT_EQ(test, fake.lost_before, (unsigned int)VPART_LINK_EVENTS);
	for (i = 0; i < VPART_LINK_EVENTS; i++) {
		KUNIT_EXPECT_EQ(test, fake.event_iu[i], i);
		KUNIT_EXPECT_EQ(test, fake.events[i], (u64)i + 1);
	}
	iu = 99;
	KUNIT_EXPECT_EQ(test, vpart_event(server, &iu, 1), 0);
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.nr_events == VPART_LINK_EVENTS + 1));
	KUNIT_EXPECT_EQ(test, fake.event_iu[VPART_LINK_EVENTS], 99);
	KUNIT_EXPECT_EQ(test, fake.events[VPART_LINK_EVENTS],
			(u64)VPART_LINK_EVENTS + 5);
	KUNIT_EXPECT_EQ(test, fake.lost, 2U);
}

/* ---- many requests while the server's partition comes and goes ---- */

#define STORM_EPOCHS	25

static struct {
	struct fake_req		r[FAKE_DEPTH];
	atomic_t		busy[FAKE_DEPTH];	/* from submit to done */
	atomic_t		twice;			/* done() without a submit */
	unsigned long		sent, ended[3];		/* good, epoch over, other */
} storm;

static void storm_done(struct vpart_req *req)
{
	int status = req->status;
	u32 tag = req->tag;

	if (status == 0)
		storm.ended[0]++;
	else if (status == -ENOTCONN)
		storm.ended[1]++;
	else
		storm.ended[2]++;
	if (atomic_dec_return(&storm.busy[tag]))
		atomic_inc(&storm.twice);
}

/* The server: answers what it holds, from a thread of its own. */
static int storm_server(void *unused)
{
	struct vpart_call *c;

	while (!kthread_should_stop()) {
		while ((c = fake_take())) {
			vpart_reply(c, "ok", 3);
			vpart_call_put(c);
		}
		wait_event_timeout(fake.wait, READ_ONCE(fake.nr_held) ||
				   kthread_should_stop(), 1);
	}
	return 0;
}

static int storm_client(void *unused)
{
	struct vpart_queue *q = vpart_queue(fake.a[VPART_SIDE_CLIENT], 0);
	struct fake_req *r;
	u32 tag = 0;
	int err;

	while (!kthread_should_stop()) {
		tag = (tag + 1) % (FAKE_DEPTH - VPART_PRIO_TAGS);
		r = &storm.r[tag];
		if (atomic_cmpxchg(&storm.busy[tag], 0, 1)) {
			cond_resched();
			continue;
		}
		fake_fill(r, tag);
		r->req.done = storm_done;
		err = vpart_submit(q, &r->req);
		if (err) {
			atomic_set(&storm.busy[tag], 0);
			schedule_timeout_interruptible(1);
		} else {
			storm.sent++;
		}
	}
	return 0;
}

static void storms(struct kunit *test)
{
	struct task_struct *client, *server;
	unsigned int i, before;

	memset(&storm, 0, sizeof(storm));
	KUNIT_ASSERT_EQ(test, fake_start(), 0);
	KUNIT_ASSERT_TRUE(test, fake_soon(fake.lost == 1));
	server = kthread_run(storm_server, NULL, "kt-server");
	KUNIT_ASSERT_FALSE(test, IS_ERR(server));
	client = kthread_run(storm_client, NULL, "kt-client");
	if (IS_ERR(client)) {
		kthread_stop(server);
		KUNIT_FAIL(test, "no thread");
		return;
	}
	for (i = 0; i < STORM_EPOCHS && test->status == KUNIT_SUCCESS; i++) {
		before = READ_ONCE(fake.requests);
		KUNIT_EXPECT_TRUE(test, fake_soon(READ_ONCE(fake.requests) > before + 20));
		KUNIT_EXPECT_EQ(test, fake_set("kt-s", VPART_STATE_FAILED), 0);
		KUNIT_EXPECT_EQ(test, fake_set("kt-s", VPART_STATE_RUNNING), 0);
		KUNIT_EXPECT_TRUE(test, fake_soon(READ_ONCE(fake.lost) == i + 2));
	}
	kthread_stop(client);
	KUNIT_EXPECT_TRUE(test, fake_soon(!vpart_calls_open(fake.a[0]->link, NULL)));
	kthread_stop(server);
	KUNIT_EXPECT_EQ(test, fake.epoch, i + 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&storm.twice), 0);
	KUNIT_EXPECT_EQ(test, storm.sent,
			storm.ended[0] + storm.ended[1] + storm.ended[2]);
	KUNIT_EXPECT_EQ(test, storm.ended[2], 0UL);
	KUNIT_EXPECT_GT(test, storm.ended[0], 0UL);
}

static struct kunit_case vpart_link_cases[] = {
	KUNIT_CASE(link_states),
	KUNIT_CASE(calls),
	KUNIT_CASE(finish),
	KUNIT_CASE(limits),
	KUNIT_CASE(data),
	KUNIT_CASE(drain),
	KUNIT_CASE(events),
	KUNIT_CASE(storms),
	{}
};

static struct kunit_suite vpart_link_suite = {
	.name		= "vpart-link",
	.suite_init	= vpart_test_begin,
	.suite_exit	= vpart_test_end,
	.init		= link_test_init,
	.exit		= link_test_exit,
	.test_cases	= vpart_link_cases,
};

kunit_test_suite(vpart_link_suite);
