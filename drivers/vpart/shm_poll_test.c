// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: a queue that a client polls.
 */
#include "shm_session_test.h"

/* It is sent, and answered: does the other side have to ring for that? */
static bool peer_answers(struct kunit *test, struct session_test *t, struct test_req *r)
{
	struct shm_wire_entry e;

	KUNIT_EXPECT_EQ(test, st_submit(t, r), 0);
	st_gets(test, t, VPART_PDU_REQ, &e);
	st_put(test, t, VPART_PDU_RSP, VPART_HDR_PUT, 0, r->req.tag, 0);
	return shm_prod_must_ring(&t->prod);
}

/* Of a queue that is polled nobody is told, and nothing in it is forgotten. */
static void client_polls(struct kunit *test)
{
	struct session_test *t = st_new(test, VPART_SIDE_CLIENT, U32_MAX);
	struct test_req *r = st_req_new(test, 0, false, 0, 0);
	struct test_req *s = st_req_new(test, 1, false, 0, 0);
	struct shm_wire_entry e;
	unsigned int i;

	/* One that is not: who looks asks to be told of the next. */
	KUNIT_EXPECT_TRUE(test, peer_answers(test, t, r));
	KUNIT_EXPECT_EQ(test, shm_queue_poll(t->sq, 8), 1);
	KUNIT_EXPECT_TRUE(test, peer_answers(test, t, r));
	KUNIT_EXPECT_FALSE(test, peer_answers(test, t, s));
	local_bh_disable();	/* the tasklet waits */
	KUNIT_EXPECT_EQ(test, shm_queue_poll(t->sq, 1), 1);
	KUNIT_EXPECT_TRUE(test, test_bit(TASKLET_STATE_SCHED, &t->sq->tasklet.state));
	local_bh_enable();
	tasklet_kill(&t->sq->tasklet);
	KUNIT_EXPECT_EQ(test, r->done + s->done, 3U);
	st_anew(test, t);
	t->link.lim.nr_poll = 1;
	shm_session_attach(t->sess, 1);
	for (i = 3; i < 6; i++) {
		KUNIT_EXPECT_FALSE(test, peer_answers(test, t, r));
		KUNIT_EXPECT_EQ(test, shm_queue_poll(t->sq, 8), 1);
		KUNIT_EXPECT_EQ(test, r->done, i);
	}
	/* What is left is for the next look. */
	KUNIT_EXPECT_FALSE(test, peer_answers(test, t, r));
	KUNIT_EXPECT_FALSE(test, peer_answers(test, t, s));
	KUNIT_EXPECT_EQ(test, shm_queue_poll(t->sq, 1), 1);
	KUNIT_EXPECT_FALSE(test, work_pending(&t->sq->work));
	KUNIT_EXPECT_EQ(test, shm_queue_poll(t->sq, 1), 1);
	/* Nobody polls: the pulse does, and does not ask to be told either. */
	shm_wq = shm_wq ?: system_wq;	/* the module has none yet */
	KUNIT_EXPECT_FALSE(test, peer_answers(test, t, r));
	st_look(t);
	flush_work(&t->sq->work);
	KUNIT_EXPECT_EQ(test, r->done, 7U);
	KUNIT_EXPECT_TRUE(test, r->in_task);
	st_gets(test, t, VPART_PDU_NOP, &e);
	KUNIT_EXPECT_FALSE(test, peer_answers(test, t, r));
}

static struct session_test *dying;

static void done_and_dead(struct vpart_req *req)
{
	set_bit(SHM_SESSION_DEAD, &dying->sess->flags);
}

/* The tasklet takes an answer; of what waited for its blocks the first was given up. */
static void tasklet_starts(struct kunit *test, struct session_test *t, struct test_req *r,
			   struct test_req *waits, struct test_req *next)
{
	struct shm_request *starting = vpart_call_fabric(vpart_slot(t->q, waits->req.tag));
	struct shm_wire_entry e;

	KUNIT_EXPECT_EQ(test, st_submit(t, r), 0);
	st_gets(test, t, VPART_PDU_REQ, &e);
	KUNIT_EXPECT_EQ(test, st_submit(t, waits), 0);
	KUNIT_EXPECT_EQ(test, st_submit(t, next), 0);
	/* As shm_client_take_back() leaves it while its data are being copied. */
	starting->cancelled = true;
	/* They would be of two queues: the tasklet is of one that is told. */
	t->sq->polled = true;
	st_put(test, t, VPART_PDU_RSP, VPART_HDR_PUT, 0, r->req.tag, 0);
	tasklet_schedule(&t->sq->tasklet);
	tasklet_kill(&t->sq->tasklet);
	flush_work(&t->sq->work);
	/* The blocks are the next one's. */
	st_gets(test, t, VPART_PDU_REQ, &e);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(e.tag), next->req.tag);
}

/* Whoever finds that it was given up, it ends in process context. */
static void client_gives_up_polled(struct kunit *test)
{
	struct session_test *t = st_new(test, VPART_SIDE_CLIENT, 2);
	struct test_req *r = st_req_new(test, 0, false, 8192, 0);
	struct test_req *waits = st_req_new(test, 1, true, 8192, 0);
	struct test_req *next = st_req_new(test, 2, true, 512, 0);

	shm_wq = shm_wq ?: system_wq;
	tasklet_starts(test, t, r, waits, next);
	KUNIT_EXPECT_FALSE(test, r->in_task);
	KUNIT_EXPECT_EQ(test, waits->done, 1U);
	KUNIT_EXPECT_EQ(test, waits->req.status, -ECANCELED);
	KUNIT_EXPECT_TRUE(test, waits->in_task);
	KUNIT_EXPECT_EQ(test, next->done, 0U);

	/* What is over is ended as a whole, by nobody else. */
	st_end(t);
	st_begin(test, t, 2);
	KUNIT_EXPECT_EQ(test, waits->done, 1U);
	dying = t;
	r->req.done = done_and_dead;
	tasklet_starts(test, t, r, waits, next);
	KUNIT_EXPECT_EQ(test, waits->done, 1U);
	st_end(t);
	KUNIT_EXPECT_EQ(test, waits->done, 2U);
	KUNIT_EXPECT_EQ(test, waits->req.status, -ENOTCONN);
}

/**
 * struct test_flood - a client and a server that always have something to say
 * @t: their session
 * @r: sent again when it is answered, and answered when it is sent
 * @other: what else the worker has to do
 * @left: answers to come
 * @then: how many were when @other ran
 */
static struct test_flood {
	struct session_test	*t;
	struct test_req		*r;
	struct work_struct	other;
	unsigned int		left;
	unsigned int		then;
} flood;

static void flood_sends(void)
{
	struct shm_wire_entry e;

	if (st_submit(flood.t, flood.r) || shm_cons_look(&flood.t->cons, &e) != 1)
		return;
	shm_cons_take(&flood.t->cons);
	shm_cons_publish(&flood.t->cons);
	e = (struct shm_wire_entry){
		.type = VPART_PDU_RSP, .flags = VPART_HDR_PUT, .session = cpu_to_le32(TEST_ID),
	};
	shm_prod_put(&flood.t->prod, &e);
}

static void flood_done(struct vpart_req *req)
{
	if (--flood.left)
		flood_sends();
}

static void flood_other(struct work_struct *work)
{
	flood.then = flood.left;
}

/* It has one worker with the pulse, and leaves that some time. */
static void client_polls_without_end(struct kunit *test)
{
	struct session_test *t = st_new(test, VPART_SIDE_CLIENT, U32_MAX);
	unsigned int all = 100 * SHM_RUN_BUDGET;

	t->link.lim.nr_poll = 1;
	shm_session_attach(t->sess, 1);
	shm_wq = shm_wq ?: system_wq;
	flood = (struct test_flood){ .t = t, .r = st_req_new(test, 0, false, 0, 0), .left = all };
	flood.r->req.done = flood_done;
	INIT_WORK(&flood.other, flood_other);
	flood_sends();
	preempt_disable();
	queue_work(shm_wq, &t->sq->work);
	queue_work(shm_wq, &flood.other);
	preempt_enable();
	flush_work(&flood.other);
	while (flush_work(&t->sq->work))
		;
	KUNIT_EXPECT_EQ(test, flood.left, 0U);
	KUNIT_EXPECT_GE(test, flood.then, all - 2 * SHM_RUN_BUDGET);
}

static struct kunit_case shm_poll_cases[] = {
	KUNIT_CASE(client_polls),
	KUNIT_CASE(client_gives_up_polled),
	KUNIT_CASE(client_polls_without_end),
	{}
};

static struct kunit_suite shm_poll_suite = {
	.name		= "vpart-shm-poll",
	.exit		= st_exit,
	.test_cases	= shm_poll_cases,
};

kunit_test_suite(shm_poll_suite);
