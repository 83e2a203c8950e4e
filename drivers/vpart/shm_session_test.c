// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: a session over plain memory. The test is the other side: it puts entries
 * in, right and wrong, and looks at what comes out.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "shm_session_test.h"

/* A driver has no room for a pointer to us. */
static struct session_test *serving;

static void session_request(struct vpart_call *c)
{
	serving->call = c;
	serving->calls++;
	memcpy(serving->iu, c->iu, c->iu_len);
}

static void session_cancel(struct vpart_call *c)
{
	serving->cancels++;
}

/* A session begins: of a segment of which only @blocks blocks are used. */
void st_begin(struct kunit *test, struct session_test *t, u32 blocks)
{
	struct vpart_init_ack ack = { .session = TEST_ID, .queues = 1, .depth = TEST_DEPTH };
	struct shm_layout layout;

	KUNIT_ASSERT_TRUE(test, shm_layout_set(&layout, t->end.size, 1, TEST_DEPTH));
	layout.nr_blocks = min(layout.nr_blocks, blocks);
	t->sess = shm_session_new(&t->end, &ack, &layout);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t->sess);
	t->sess->nr = 1;
	t->sess->bells = 1;
	t->sess->begun = jiffies;
	t->sess->changes = t->end.peer.changes;
	t->end.sess = t->sess;
	t->end.peer.there = true;
	t->end.peer.alive = jiffies;
	t->end.peer.session = TEST_ID;
	t->end.them->session = cpu_to_le32(TEST_ID);
	t->end.them->state = cpu_to_le32(SHM_STATE_RUN);
	t->sq = &t->sess->queue[0];
	t->q = &t->queues[0];
	shm_prod_init(&t->prod, t->end.mem, &layout, 0, !t->end.side);
	shm_cons_init(&t->cons, t->end.mem, &layout, 0, !t->end.side);
	t->link.ending = VPART_WHY_NONE;
	t->link.state = VPART_LINK_STATE_UP;
}

/* Nobody is in it but the test. */
void st_end(struct session_test *t)
{
	t->link.state = VPART_LINK_STATE_DRAINING;
	set_bit(SHM_SESSION_DEAD, &t->sess->flags);
	shm_queue_kill(t->sq);
	if (t->end.side == VPART_SIDE_CLIENT)
		shm_client_end(&t->link);
	t->end.sess = NULL;
	shm_session_free(t->sess);
	t->sess = NULL;
}

void st_exit(struct kunit *test)
{
	struct session_test *t = test->priv;
	unsigned int i;

	if (!t)
		return;
	if (t->sess)
		st_end(t);
	for (i = 0; t->queues && i < VPART_QUEUES_MAX; i++)
		kvfree(t->queues[i].calls);
	vpart_stash_free(t->end.stash);
	kvfree(t->queues);
	vfree(t->end.mem);
	kfree(t);
	test->priv = NULL;
}

struct session_test *st_new(struct kunit *test, enum vpart_side side, u32 blocks)
{
	struct session_test *t = kzalloc(sizeof(*t), GFP_KERNEL);
	struct vpart_limits lim = {
		.nr_queues = 1, .depth = TEST_DEPTH, .max_segs = 16, .max_data = SZ_64K,
	};
	struct shm_end *end = &t->end;
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	test->priv = t;
	serving = t;
	t->queues = kvcalloc(VPART_QUEUES_MAX, sizeof(*t->queues), GFP_KERNEL);
	end->stash = vpart_stash_new();
	end->size = SHM_SEGMENT_MIN;
	end->mem = vzalloc(end->size);
	KUNIT_ASSERT_TRUE(test, t->queues && end->stash && end->mem);
	for (i = 0; i < VPART_QUEUES_MAX; i++) {
		t->queues[i].link = &t->link;
		t->queues[i].index = i;
	}
	t->fabric.call_size = max(sizeof(struct shm_request), sizeof(struct shm_serve));
	t->server.request = session_request;
	t->server.cancel = session_cancel;
	t->link.fabric = &t->fabric;
	t->link.server = &t->server;
	t->link.queues = t->queues;
	t->link.priv = end;
	t->link.gone = true;	/* nothing has to be done by anybody */
	spin_lock_init(&t->link.lock);
	init_waitqueue_head(&t->link.wait);
	KUNIT_ASSERT_EQ(test, vpart_link_tables(&t->link, &lim, 0), 0);

	end->link = &t->link;
	end->side = side;
	end->regs = (void __iomem __force *)t->regs;
	end->us = end->mem + shm_at_side(side);
	end->them = end->mem + shm_at_side(!side);
	mutex_init(&end->mutex);
	spin_lock_init(&end->lock);
	ratelimit_state_init(&end->log, HZ, 1);
	st_begin(test, t, blocks);
	return t;
}

/* ---- the other side ---- */

void st_put(struct kunit *test, struct session_test *t, u8 type, u8 flags, u16 iu_len, u32 tag,
	    u32 arg)
{
	struct shm_wire_entry e = {
		.type = type, .flags = flags, .iu_len = cpu_to_le16(iu_len),
		.session = cpu_to_le32(TEST_ID), .tag = cpu_to_le32(tag),
		.arg = cpu_to_le32(arg),
	};

	KUNIT_ASSERT_EQ(test, shm_prod_put(&t->prod, &e), 0);
}

/* The next entry has this type; it is in @e. */
void st_gets(struct kunit *test, struct session_test *t, u8 type, struct shm_wire_entry *e)
{
	KUNIT_ASSERT_EQ(test, shm_cons_look(&t->cons, e), 1);
	KUNIT_ASSERT_EQ(test, e->type, type);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(e->session), (u32)TEST_ID);
	shm_cons_take(&t->cons);
	shm_cons_publish(&t->cons);
}

static void peer_gets_nothing(struct kunit *test, struct session_test *t)
{
	struct shm_wire_entry e;

	KUNIT_EXPECT_EQ(test, shm_cons_look(&t->cons, &e), 0);
}

static struct shm_wire_tag *tag_of(struct session_test *t, u32 tag)
{
	return t->end.mem + shm_at_tag(&t->sess->layout, 0, tag);
}

static u8 *block_of(struct session_test *t, u32 tag, u32 n)
{
	u32 block = le16_to_cpu(tag_of(t, tag)->block[n]);

	return t->end.mem + shm_at_block(&t->sess->layout, block);
}

/* What has come is looked at: the session goes on, or ends with that error. */
void st_runs(struct kunit *test, struct session_test *t, int error)
{
	shm_queue_run(t->sq, SHM_RUN_BUDGET, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, t->sess->error, error);
	KUNIT_EXPECT_EQ(test, test_bit(SHM_SESSION_DEAD, &t->sess->flags), !!error);
	KUNIT_EXPECT_EQ(test, t->link.ending, error ? VPART_WHY_LOST : VPART_WHY_NONE);
}

void st_look(struct session_test *t)
{
	mutex_lock(&t->end.mutex);
	shm_session_look(t->sess);
	mutex_unlock(&t->end.mutex);
}

/* A new session after one that has failed */
void st_anew(struct kunit *test, struct session_test *t)
{
	st_end(t);
	st_begin(test, t, U32_MAX);
}

/* ---- a client's end ---- */

static void req_done(struct vpart_req *req)
{
	struct test_req *r = container_of(req, struct test_req, req);

	r->done++;
	r->in_task = in_task();
}

/* A request with up to 16 KiB of data, all of it @fill. */
struct test_req *st_req_new(struct kunit *test, u32 tag, bool write, u32 len, u8 fill)
{
	struct test_req *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct vpart_data *d;
	void *data;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	data = kunit_kzalloc(test, SZ_16K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, data);
	memset(data, fill, SZ_16K);
	sg_init_one(r->sg, data, SZ_16K);
	d = write ? &r->req.out : &r->req.in;
	d->sgl = r->sg;
	d->nents = 1;
	d->len = len;
	r->req.iu = "a request of 24 bytes..";
	r->req.iu_len = 24;
	r->req.rsp = r->rsp;
	r->req.rsp_size = sizeof(r->rsp);
	r->req.tag = tag;
	r->req.done = req_done;
	return r;
}

int st_submit(struct session_test *t, struct test_req *r)
{
	int err;

	rcu_read_lock();
	err = shm_client_submit(t->q, &r->req);
	rcu_read_unlock();
	return err;
}

static int cancel(struct session_test *t, struct test_req *r)
{
	int err;

	rcu_read_lock();
	err = shm_client_cancel(t->q, &r->req);
	rcu_read_unlock();
	return err;
}

static void client_reads_and_writes(struct kunit *test)
{
	struct session_test *t = st_new(test, VPART_SIDE_CLIENT, U32_MAX);
	struct test_req *w = st_req_new(test, 0, true, 8000, 0x11);
	struct test_req *r = st_req_new(test, 1, false, 8000, 0);
	struct shm_wire_entry e;
	u32 pool = t->sess->pool.nr;

	KUNIT_EXPECT_EQ(test, st_submit(t, w), 0);
	KUNIT_EXPECT_EQ(test, st_submit(t, r), 0);
	st_gets(test, t, VPART_PDU_REQ, &e);
	KUNIT_EXPECT_EQ(test, e.flags, (u8)VPART_HDR_WRITE);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(e.arg), 8000U);
	KUNIT_EXPECT_EQ(test, memcmp(tag_of(t, 0)->iu, "a request", 9), 0);
	KUNIT_EXPECT_EQ(test, block_of(t, 0, 0)[4095], (u8)0x11);
	KUNIT_EXPECT_EQ(test, block_of(t, 0, 1)[8000 - 4096 - 1], (u8)0x11);
	st_gets(test, t, VPART_PDU_REQ, &e);
	KUNIT_EXPECT_EQ(test, e.flags, (u8)VPART_HDR_READ);

	/* Answered in the other order, one with less data than was asked for */
	memset(block_of(t, 1, 0), 0x22, 4096);
	memset(block_of(t, 1, 1), 0x33, 4096);
	strscpy(tag_of(t, 1)->iu, "an answer", VPART_WIRE_IU_MAX);
	st_put(test, t, VPART_PDU_RSP, VPART_HDR_PUT, 10, 1, 5000);
	st_put(test, t, VPART_PDU_RSP, VPART_HDR_PUT, 0, 0, 0);
	st_runs(test, t, 0);
	KUNIT_EXPECT_EQ(test, r->done, 1U);
	KUNIT_EXPECT_EQ(test, r->req.status, 0);
	KUNIT_EXPECT_EQ(test, r->req.rsp_len, 10);
	KUNIT_EXPECT_STREQ(test, (char *)r->rsp, "an answer");
	KUNIT_EXPECT_EQ(test, r->req.missing, 3000U);
	KUNIT_EXPECT_EQ(test, ((u8 *)sg_virt(r->sg))[4095], (u8)0x22);
	KUNIT_EXPECT_EQ(test, ((u8 *)sg_virt(r->sg))[4999], (u8)0x33);
	KUNIT_EXPECT_EQ(test, ((u8 *)sg_virt(r->sg))[5000], (u8)0);
	KUNIT_EXPECT_EQ(test, w->done, 1U);
	KUNIT_EXPECT_EQ(test, t->sess->pool.nr, pool);
}

/* What the server says is held to what was asked. */
static void client_hostile(struct kunit *test)
{
	static const struct {
		u8	type, flags;
		u16	iu_len;
		u32	tag, arg;
		int	error;
	} wrong[] = {
		{ VPART_PDU_RSP, VPART_HDR_PUT, VPART_WIRE_IU_MAX + 1, 1, 0, VPART_ERR_LENGTH },
		{ VPART_PDU_RSP, VPART_HDR_PUT, 36, 1, 4097, VPART_ERR_LENGTH },
		{ VPART_PDU_RSP, VPART_HDR_PUT, 36, 1, U32_MAX, VPART_ERR_LENGTH },
		{ VPART_PDU_RSP, VPART_HDR_PUT, 36, 0, 0, VPART_ERR_TAG },
		{ VPART_PDU_RSP, VPART_HDR_PUT, 36, TEST_DEPTH, 0, VPART_ERR_TAG },
		{ VPART_PDU_RSP, VPART_HDR_PUT, 36, U32_MAX, 0, VPART_ERR_TAG },
		{ VPART_PDU_RSP, 0, 36, 1, 0, VPART_ERR_MALFORMED },
		{ VPART_PDU_PUT, 0, 36, 1, 0, VPART_ERR_MALFORMED },
		{ VPART_PDU_PUT, 0, 0, 2, 0, VPART_ERR_TAG },
		{ VPART_PDU_REQ, 0, 36, 1, 0, VPART_ERR_UNSUPPORTED },
		{ VPART_PDU_EVENT, 0, 36, SHM_EVENT_SLOTS, 0, VPART_ERR_TAG },
		{ VPART_PDU_EVENT, 0, VPART_WIRE_IU_MAX + 1, 1, 0, VPART_ERR_LENGTH },
		{ VPART_PDU_EVENT_LOST, 0, 1, 0, 0, VPART_ERR_MALFORMED },
		{ VPART_PDU_NOP, 0, 0, 1, 0, VPART_ERR_MALFORMED },
	};
	struct session_test *t = st_new(test, VPART_SIDE_CLIENT, U32_MAX);
	struct test_req *r;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		r = st_req_new(test, 1, false, 4096, 0x44);
		KUNIT_EXPECT_EQ(test, st_submit(t, r), 0);
		st_put(test, t, wrong[i].type, wrong[i].flags, wrong[i].iu_len, wrong[i].tag,
		       wrong[i].arg);
		st_runs(test, t, wrong[i].error);
		KUNIT_EXPECT_EQ(test, r->done, 0U);
		st_anew(test, t);
		KUNIT_EXPECT_EQ(test, r->done, 1U);
		KUNIT_EXPECT_EQ(test, r->req.status, -ENOTCONN);
		KUNIT_EXPECT_EQ(test, ((u8 *)sg_virt(r->sg))[SZ_16K - 1], (u8)0x44);
	}
}

static void entries_of_another_session(struct kunit *test)
{
	struct session_test *t = st_new(test, VPART_SIDE_CLIENT, U32_MAX);
	struct test_req *r = st_req_new(test, 1, false, 4096, 0);
	struct shm_wire_entry e = {
		.type = VPART_PDU_RSP, .flags = VPART_HDR_PUT, .tag = cpu_to_le32(1),
		.session = cpu_to_le32(TEST_ID ^ 1),
	};

	KUNIT_EXPECT_EQ(test, st_submit(t, r), 0);
	KUNIT_ASSERT_EQ(test, shm_prod_put(&t->prod, &e), 0);
	st_runs(test, t, VPART_ERR_EPOCH);
	KUNIT_EXPECT_EQ(test, r->done, 0U);
	st_anew(test, t);
	e.session = 0;
	KUNIT_ASSERT_EQ(test, shm_prod_put(&t->prod, &e), 0);
	st_runs(test, t, VPART_ERR_EPOCH);
}

/* Of a tag that nobody has sent yet, whatever it was before, nothing may be said. */
static void client_tag_of_last_session(struct kunit *test)
{
	struct session_test *t = st_new(test, VPART_SIDE_CLIENT, U32_MAX);
	struct test_req *r = st_req_new(test, 1, false, 8192, 0);
	struct vpart_call *c;
	u32 pool;

	KUNIT_EXPECT_EQ(test, st_submit(t, r), 0);
	st_anew(test, t);
	KUNIT_EXPECT_EQ(test, r->done, 1U);
	pool = t->sess->pool.nr;
	/* As far as this shm_client_submit() has come when the answer is there. */
	c = vpart_call_claim(t->q, 1);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c);
	st_put(test, t, VPART_PDU_RSP, VPART_HDR_PUT, 0, 1, 0);
	st_runs(test, t, VPART_ERR_TAG);
	KUNIT_EXPECT_EQ(test, t->sess->pool.nr, pool);
	KUNIT_EXPECT_EQ(test, c->state, (unsigned long)VPART_CALL_OPEN);
	rcu_read_lock();
	vpart_call_free(c, NULL);
	rcu_read_unlock();
}

/* Blocks are another's when what is in them was read, and not before. */
static void client_blocks_change_hands(struct kunit *test)
{
	struct session_test *t = st_new(test, VPART_SIDE_CLIENT, 3);
	struct test_req *r = st_req_new(test, 0, false, 8192, 0);
	struct test_req *w = st_req_new(test, 1, true, 12288, 0x55);
	struct test_req *s = st_req_new(test, 2, true, 512, 0x66);
	struct shm_wire_entry e;

	KUNIT_EXPECT_EQ(test, st_submit(t, r), 0);
	st_gets(test, t, VPART_PDU_REQ, &e);
	/* These wait, in order: one block is free. */
	KUNIT_EXPECT_EQ(test, st_submit(t, w), 0);
	KUNIT_EXPECT_EQ(test, st_submit(t, s), 0);
	peer_gets_nothing(test, t);
	memset(block_of(t, 0, 0), 0x22, 4096);
	memset(block_of(t, 0, 1), 0x22, 4096);
	st_put(test, t, VPART_PDU_RSP, VPART_HDR_PUT, 0, 0, 8192);
	st_runs(test, t, 0);
	KUNIT_EXPECT_EQ(test, r->done, 1U);
	KUNIT_EXPECT_EQ(test, ((u8 *)sg_virt(r->sg))[0], (u8)0x22);
	KUNIT_EXPECT_EQ(test, ((u8 *)sg_virt(r->sg))[8191], (u8)0x22);
	st_gets(test, t, VPART_PDU_REQ, &e);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(e.tag), 1U);
	KUNIT_EXPECT_EQ(test, block_of(t, 1, 0)[0], (u8)0x55);
	peer_gets_nothing(test, t);
	st_put(test, t, VPART_PDU_RSP, VPART_HDR_PUT, 0, 1, 0);
	st_runs(test, t, 0);
	st_gets(test, t, VPART_PDU_REQ, &e);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(e.tag), 2U);
	KUNIT_EXPECT_EQ(test, t->sess->pool.nr, 2U);
}

static void client_gives_up(struct kunit *test)
{
	struct session_test *t = st_new(test, VPART_SIDE_CLIENT, 2);
	struct test_req *r = st_req_new(test, 0, false, 8192, 0x77);
	struct test_req *waits = st_req_new(test, 1, true, 4096, 0);
	struct shm_wire_entry e;

	KUNIT_EXPECT_EQ(test, st_submit(t, r), 0);
	st_gets(test, t, VPART_PDU_REQ, &e);
	KUNIT_EXPECT_EQ(test, st_submit(t, waits), 0);
	/* One that waits was never sent. */
	KUNIT_EXPECT_EQ(test, cancel(t, waits), 0);
	KUNIT_EXPECT_EQ(test, waits->done, 1U);
	KUNIT_EXPECT_EQ(test, waits->req.status, -ECANCELED);
	KUNIT_EXPECT_EQ(test, cancel(t, waits), -EINPROGRESS);
	peer_gets_nothing(test, t);

	/* One that was sent: its tag and blocks are the server's until it says so. */
	KUNIT_EXPECT_EQ(test, cancel(t, r), 0);
	KUNIT_EXPECT_EQ(test, r->done, 1U);
	KUNIT_EXPECT_EQ(test, r->req.status, -ECANCELED);
	st_gets(test, t, VPART_PDU_CANCEL, &e);
	KUNIT_EXPECT_EQ(test, t->sess->pool.nr, 0U);
	KUNIT_EXPECT_EQ(test, st_submit(t, st_req_new(test, 0, false, 512, 0)), -EBUSY);
	st_put(test, t, VPART_PDU_RSP, VPART_HDR_PUT, 0, 0, 8192);
	/* The bus tells its driver that the tag is free. */
	vpart_slot(t->q, 0)->state = VPART_CALL_OPEN;
	st_runs(test, t, 0);
	KUNIT_EXPECT_EQ(test, r->done, 1U);
	KUNIT_EXPECT_EQ(test, ((u8 *)sg_virt(r->sg))[0], (u8)0x77);
	KUNIT_EXPECT_EQ(test, t->sess->pool.nr, 2U);

	/* What is over is ended as a whole. */
	KUNIT_EXPECT_EQ(test, st_submit(t, r), 0);
	st_gets(test, t, VPART_PDU_REQ, &e);
	set_bit(SHM_SESSION_DEAD, &t->sess->flags);
	KUNIT_EXPECT_EQ(test, cancel(t, r), -EINPROGRESS);
	peer_gets_nothing(test, t);
	st_end(t);
	KUNIT_EXPECT_EQ(test, r->done, 2U);
	KUNIT_EXPECT_EQ(test, r->req.status, -ENOTCONN);
}

/* ---- a server's end ---- */

/* A REQ with its IU and blocks from @block on. */
static void peer_asks(struct kunit *test, struct session_test *t, u32 tag, u8 flags, u32 len,
		      u16 block)
{
	struct shm_wire_tag *w = tag_of(t, tag);
	u32 i;

	strscpy(w->iu, "a request", VPART_WIRE_IU_MAX);
	for (i = 0; i < DIV_ROUND_UP(len, SHM_BLOCK_MIN); i++)
		w->block[i] = cpu_to_le16(block + i);
	st_put(test, t, VPART_PDU_REQ, flags, 48, tag, len);
}

static void server_answers(struct session_test *t, struct vpart_call *c, u32 valid)
{
	c->in_valid = valid;
	rcu_read_lock();
	shm_server_reply(c, "an answer", 10, 0);
	shm_server_put(c);
	rcu_read_unlock();
}

static void server_writes_and_reads(struct kunit *test)
{
	struct session_test *t = st_new(test, VPART_SIDE_SERVER, U32_MAX);
	struct shm_wire_entry e;
	struct vpart_data d;
	struct vpart_call *c;

	memset(t->end.mem + shm_at_block(&t->sess->layout, 3), 0x88, 2 * SHM_BLOCK_MIN);
	peer_asks(test, t, 2, VPART_HDR_WRITE, 5000, 3);
	st_runs(test, t, 0);
	KUNIT_ASSERT_EQ(test, t->calls, 1U);
	c = t->call;
	KUNIT_EXPECT_STREQ(test, (char *)t->iu, "a request");
	KUNIT_EXPECT_EQ(test, c->out_len, 5000U);
	KUNIT_EXPECT_EQ(test, shm_server_map(c, DMA_TO_DEVICE, &d), 0);
	/* A copy: what the client writes now is its own loss. */
	memset(t->end.mem + shm_at_block(&t->sess->layout, 3), 0, 2 * SHM_BLOCK_MIN);
	KUNIT_EXPECT_EQ(test, ((u8 *)sg_virt(d.sgl))[4095], (u8)0x88);
	KUNIT_EXPECT_EQ(test, ((u8 *)sg_virt(&d.sgl[1]))[5000 - 4097], (u8)0x88);
	/* Its blocks are in use until it is answered. */
	KUNIT_EXPECT_EQ(test, bitmap_weight(t->sess->used, t->sess->layout.nr_blocks), 2);
	server_answers(t, c, 0);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(t->sess->used, t->sess->layout.nr_blocks));
	st_gets(test, t, VPART_PDU_RSP, &e);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(e.iu_len), 10);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(e.arg), 0U);

	/* What the driver has not written stays here. */
	memset(t->end.mem + shm_at_block(&t->sess->layout, 7), 0xee, SHM_BLOCK_MIN);
	peer_asks(test, t, 2, VPART_HDR_READ, 4096, 7);
	st_runs(test, t, 0);
	KUNIT_ASSERT_EQ(test, t->calls, 2U);
	KUNIT_EXPECT_EQ(test, shm_server_map(t->call, DMA_FROM_DEVICE, &d), 0);
	memset(sg_virt(d.sgl), 0x99, 4096);
	server_answers(t, t->call, 1000);
	st_gets(test, t, VPART_PDU_RSP, &e);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(e.arg), 1000U);
	KUNIT_EXPECT_EQ(test, block_of(t, 2, 0)[999], (u8)0x99);
	KUNIT_EXPECT_EQ(test, block_of(t, 2, 0)[1000], (u8)0xee);
	KUNIT_EXPECT_STREQ(test, (char *)tag_of(t, 2)->iu, "an answer");
}

static void server_hostile(struct kunit *test)
{
	static const struct {
		u8	type, flags;
		u16	iu_len;
		u32	tag, arg;
		u16	block;
		int	error;
	} wrong[] = {
		{ VPART_PDU_REQ, 0, VPART_WIRE_IU_MAX + 1, 1, 0, 0, VPART_ERR_LENGTH },
		{ VPART_PDU_REQ, 0, 0, 1, 0, 0, VPART_ERR_LENGTH },
		{ VPART_PDU_REQ, VPART_HDR_READ, 48, 1, SZ_64K + 1, 0, VPART_ERR_LENGTH },
		{ VPART_PDU_REQ, VPART_HDR_WRITE, 48, 1, U32_MAX, 0, VPART_ERR_LENGTH },
		{ VPART_PDU_REQ, 0, 48, TEST_DEPTH, 0, 0, VPART_ERR_TAG },
		{ VPART_PDU_REQ, 0, 48, TEST_DEPTH - 2, 0, 0, VPART_ERR_TAG },
		{ VPART_PDU_REQ, 0, 48, U32_MAX, 0, 0, VPART_ERR_TAG },
		{ VPART_PDU_REQ, VPART_HDR_READ, 48, 1, 512, U16_MAX, VPART_ERR_OFFSET },
		{ VPART_PDU_REQ, VPART_HDR_READ, 48, 1, 512, 5, VPART_ERR_TAG },
		{ VPART_PDU_REQ, VPART_HDR_READ, 48, 1, 0, 0, VPART_ERR_MALFORMED },
		{ VPART_PDU_REQ, 0, 48, 1, 512, 0, VPART_ERR_MALFORMED },
		{ VPART_PDU_REQ, 0, 48, 0, 0, 0, VPART_ERR_TAG },
		{ VPART_PDU_CANCEL, 0, 0, TEST_DEPTH, 0, 0, VPART_ERR_TAG },
		{ VPART_PDU_RSP, VPART_HDR_PUT, 0, 0, 0, 0, VPART_ERR_UNSUPPORTED },
	};
	struct session_test *t = st_new(test, VPART_SIDE_SERVER, U32_MAX);
	struct vpart_call *held;
	unsigned int i, calls;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		/* Tag 0 and block 5 are in use. */
		peer_asks(test, t, 0, VPART_HDR_READ, 4096, 5);
		st_runs(test, t, 0);
		held = t->call;
		calls = t->calls;
		if (wrong[i].tag == 1)
			tag_of(t, 1)->block[0] = cpu_to_le16(wrong[i].block);
		st_put(test, t, wrong[i].type, wrong[i].flags, wrong[i].iu_len, wrong[i].tag,
		       wrong[i].arg);
		st_runs(test, t, wrong[i].error);
		KUNIT_EXPECT_EQ(test, t->calls, calls);
		KUNIT_EXPECT_EQ(test, t->cancels, 0U);
		KUNIT_EXPECT_EQ(test, vpart_slot(t->q, 1)->state, 0UL);
		KUNIT_EXPECT_EQ(test, bitmap_weight(t->sess->used, t->sess->layout.nr_blocks), 1);
		/* It is answered when nobody is there any more. */
		t->link.state = VPART_LINK_STATE_DRAINING;
		rcu_read_lock();
		shm_server_put(held);
		rcu_read_unlock();
		st_anew(test, t);
	}
}

/* What a client has left behind is not carried out. */
static void server_alone(struct kunit *test)
{
	struct session_test *t = st_new(test, VPART_SIDE_SERVER, U32_MAX);
	static const struct {
		u32	state, session;
	} left[] = {
		{ SHM_STATE_RUN, TEST_ID + 1 },
		{ SHM_STATE_RUN, 0 },
		{ SHM_STATE_IDLE, TEST_ID },
		{ SHM_STATE_ABSENT, TEST_ID },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(left); i++) {
		peer_asks(test, t, 2, VPART_HDR_WRITE, 4096, 3);
		t->end.them->state = cpu_to_le32(left[i].state);
		t->end.them->session = cpu_to_le32(left[i].session);
		st_runs(test, t, -ESHUTDOWN);
		KUNIT_EXPECT_EQ(test, t->calls, 0U);
		KUNIT_EXPECT_TRUE(test, bitmap_empty(t->sess->used, t->sess->layout.nr_blocks));
		KUNIT_EXPECT_EQ(test, vpart_slot(t->q, 2)->state, 0UL);
		st_anew(test, t);
	}
}

/* Events have slots until they were taken, also when entries' numbers have wrapped. */
static void server_events(struct kunit *test)
{
	struct session_test *t = st_new(test, VPART_SIDE_SERVER, U32_MAX);
	struct shm_wire_entry e;
	unsigned int i;
	u32 part;

	for (i = 0; i < SHM_EVENT_SLOTS + 3; i++)
		KUNIT_EXPECT_EQ(test, shm_event_send(&t->link, "event", 6), 0);
	for (i = 0; i < SHM_EVENT_SLOTS; i++) {
		st_gets(test, t, VPART_PDU_EVENT, &e);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(e.tag), i);
	}
	st_gets(test, t, VPART_PDU_EVENT_LOST, &e);
	peer_gets_nothing(test, t);

	/* For a long time nothing but answers */
	for (part = 0; part < 5; part++) {
		shm_event_look(t->sess);
		t->sq->tx.next += 0x30000000;
		t->sq->tx.taken = t->sq->tx.next;
		t->cons.next = t->sq->tx.next;
		shm_cons_publish(&t->cons);
		t->cons.there = t->cons.next;
	}
	for (i = 0; i < SHM_EVENT_SLOTS; i++) {
		KUNIT_EXPECT_EQ(test, shm_event_send(&t->link, "event", 6), 0);
		st_gets(test, t, VPART_PDU_EVENT, &e);
	}
	st_runs(test, t, 0);
}

/* ---- life and death ---- */

static void session_dies(struct kunit *test)
{
	struct session_test *t = st_new(test, VPART_SIDE_SERVER, U32_MAX);
	unsigned int how;

	st_look(t);
	KUNIT_EXPECT_TRUE(test, test_bit(SHM_SESSION_JOINED, &t->sess->flags));
	for (how = 0; how < 5; how++) {
		st_look(t);
		KUNIT_EXPECT_FALSE(test, test_bit(SHM_SESSION_DEAD, &t->sess->flags));
		switch (how) {
		case 0:	/* no pulse, and for how long it may be none */
			t->end.peer.alive = jiffies - SHM_DEAD_TIME + HZ;
			st_look(t);
			KUNIT_EXPECT_FALSE(test, test_bit(SHM_SESSION_DEAD, &t->sess->flags));
			t->end.peer.alive = jiffies - SHM_DEAD_TIME - 1;
			break;
		case 1:	/* another instance */
			t->end.peer.changes++;
			break;
		case 2:	/* it has left */
			t->end.peer.session = 0;
			break;
		case 3:	/* it is in another session */
			t->end.peer.session = TEST_ID + 1;
			break;
		case 4:	/* it has never come */
			st_anew(test, t);
			t->end.peer.session = 0;
			st_look(t);
			KUNIT_EXPECT_FALSE(test, test_bit(SHM_SESSION_DEAD, &t->sess->flags));
			t->sess->begun = jiffies - SHM_LOGIN_TIME - 1;
			break;
		}
		st_look(t);
		KUNIT_EXPECT_TRUE(test, test_bit(SHM_SESSION_DEAD, &t->sess->flags));
		KUNIT_EXPECT_EQ(test, t->sess->error, how && how < 4 ? -ESHUTDOWN :
							       VPART_ERR_TIMEOUT);
		st_anew(test, t);
	}
}

static struct kunit_case shm_session_cases[] = {
	KUNIT_CASE(client_reads_and_writes),
	KUNIT_CASE(client_hostile),
	KUNIT_CASE(entries_of_another_session),
	KUNIT_CASE(client_tag_of_last_session),
	KUNIT_CASE(client_blocks_change_hands),
	KUNIT_CASE(client_gives_up),
	KUNIT_CASE(server_writes_and_reads),
	KUNIT_CASE(server_hostile),
	KUNIT_CASE(server_alone),
	KUNIT_CASE(server_events),
	KUNIT_CASE(session_dies),
	{}
};

static struct kunit_suite shm_session_suite = {
	.name		= "vpart-shm-session",
	.exit		= st_exit,
	.test_cases	= shm_session_cases,
};

kunit_test_suite(shm_session_suite);
