// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: logins that a server granted and the bus cannot take. The server is
 * told that it is over, and the next one is as if there had been none.
 */
#include <kunit/test.h>

#include "vpart.h"

#define LT_QUEUES	2
#define LT_DEPTH	8
#define LT_TRIES	4
#define LT_SOON		msecs_to_jiffies(20000)	/* limit of a wait that ends */

/* What the server adds to the client's wishes, and the length of its answer. */
struct lt_answer {
	int	queues, depth, segs, data;
	u16	rsp_len;
};

static struct {
	wait_queue_head_t	wait;
	struct vpart_adapter	*a[2];
	struct lt_answer	answer;
	bool			no_memory;
	unsigned int		logins, logouts, ups;
	u16			depth;
} lt;

static int lt_login(struct vpart_adapter *a, void *iu, u16 size)
{
	return 1;
}

static void lt_up(struct vpart_adapter *a, u32 epoch, const struct vpart_limits *lim,
		  const void *rsp, u16 len)
{
	lt.depth = lim->depth;
	lt.ups++;
	wake_up_all(&lt.wait);
}

static void lt_down(struct vpart_adapter *a, u32 epoch, enum vpart_why why)
{
}

static void lt_credit(struct vpart_queue *q)
{
}

static void lt_event(struct vpart_adapter *a, u64 seq, const void *iu, u16 len)
{
}

static void lt_event_lost(struct vpart_adapter *a)
{
}

static const struct vpart_client_ops lt_client_ops = {
	.login		= lt_login,
	.up		= lt_up,
	.down		= lt_down,
	.credit		= lt_credit,
	.event		= lt_event,
	.event_lost	= lt_event_lost,
};

/* The next allocation of this task fails, if failslab may fail those that wait. */
static void lt_fail_next(void)
{
#ifdef CONFIG_FAULT_INJECTION
	current->fail_nth = 1;
#endif
}

static int lt_server_login(struct vpart_adapter *a, u32 epoch, const void *iu, u16 len,
			   struct vpart_limits *lim, void *rsp, u16 *rsp_len)
{
	lt.logins++;
	lim->nr_queues += lt.answer.queues;
	lim->depth += lt.answer.depth;
	lim->max_segs += lt.answer.segs;
	lim->max_data += lt.answer.data;
	*rsp_len = lt.answer.rsp_len;
	if (lt.no_memory)
		lt_fail_next();
	lt.no_memory = false;
	return 0;
}

static void lt_request(struct vpart_call *c)
{
	vpart_call_put(c);
}

static void lt_cancel(struct vpart_call *c)
{
}

static void lt_drain(struct vpart_adapter *a, u32 epoch)
{
}

static void lt_logout(struct vpart_adapter *a, u32 epoch)
{
	lt.logouts++;
	wake_up_all(&lt.wait);
}

static const struct vpart_server_ops lt_server_ops = {
	.login		= lt_server_login,
	.request	= lt_request,
	.cancel		= lt_cancel,
	.drain		= lt_drain,
	.logout		= lt_logout,
};

static int lt_probe(struct vpart_adapter *a)
{
	lt.a[a->side] = a;
	return 0;
}

static struct vpart_driver lt_client = {
	.driver.name	= "lt-client",
	.side		= VPART_SIDE_CLIENT,
	.probe		= lt_probe,
	.client		= &lt_client_ops,
};

static struct vpart_driver lt_server = {
	.driver.name	= "lt-server",
	.side		= VPART_SIDE_SERVER,
	.probe		= lt_probe,
	.server		= &lt_server_ops,
};

#define lt_soon(cond)	(wait_event_timeout(lt.wait, cond, LT_SOON) != 0)

static void lt_status(struct vpart_link_status *st)
{
	/* logout() is not the last of a login's end */
	flush_workqueue(lt.a[VPART_SIDE_CLIENT]->link->wq);
	vpart_link_status(lt.a[VPART_SIDE_CLIENT]->link, st);
}

static int lt_init(struct kunit *test)
{
	struct vpart_node_args n = { .name = "lt-n" };
	struct vpart_partition_args p = { .name = "lt-c", .node = "lt-n" };
	struct vpart_adapter_args a = { .name = "lt", .client = "lt-c", .server = "lt-s" };
	const struct vpart_limits want = {
		.nr_queues = LT_QUEUES, .depth = LT_DEPTH, .max_segs = 4, .max_data = 65536,
	};
	u32 id;

	memset(&lt, 0, sizeof(lt));
	init_waitqueue_head(&lt.wait);
	KUNIT_ASSERT_EQ(test, vpart_driver_register(&lt_client, NULL), 0);
	KUNIT_ASSERT_EQ(test, vpart_driver_register(&lt_server, NULL), 0);
	KUNIT_ASSERT_EQ(test, vpart_node_new(&n, &id, NULL), 0);
	KUNIT_ASSERT_EQ(test, vpart_partition_new(&p, &id, NULL), 0);
	p.name = "lt-s";
	p.role = VPART_ROLE_VIOS;
	KUNIT_ASSERT_EQ(test, vpart_partition_new(&p, &id, NULL), 0);
	KUNIT_ASSERT_EQ(test, vpart_adapter_new(&a, &id, NULL), 0);
	KUNIT_ASSERT_NOT_NULL(test, lt.a[VPART_SIDE_CLIENT]);
	KUNIT_ASSERT_NOT_NULL(test, lt.a[VPART_SIDE_SERVER]);
	KUNIT_ASSERT_EQ(test, vpart_start(lt.a[VPART_SIDE_CLIENT], &want), 0);
	return 0;
}

static void lt_exit(struct kunit *test)
{
	vpart_adapter_del(0, "lt", VPART_SIDE_ANY, NULL);
	vpart_partition_del(0, "lt-c", NULL);
	vpart_partition_del(0, "lt-s", NULL);
	vpart_node_del(0, "lt-n", NULL);
	vpart_driver_unregister(&lt_client);
	vpart_driver_unregister(&lt_server);
}

/* Poll queues are of a fabric that can be polled, and there are others, too. */
static void polled(struct kunit *test)
{
	struct vpart_adapter_args a = {
		.name = "lt-p", .client = "lt-c", .server = "lt-s", .poll = 1,
	};
	struct vpart_limits want = {
		.nr_queues = LT_QUEUES, .nr_poll = 1, .depth = LT_DEPTH, .max_segs = 4,
		.max_data = 65536,
	};
	u32 id;

	KUNIT_EXPECT_EQ(test, vpart_adapter_new(&a, &id, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpart_poll_queues(lt.a[VPART_SIDE_CLIENT]), 0U);
	KUNIT_EXPECT_TRUE(test, vpart_limits_valid(&want));
	KUNIT_EXPECT_EQ(test, vpart_start(lt.a[VPART_SIDE_CLIENT], &want), -EINVAL);
	want.nr_poll = LT_QUEUES;
	KUNIT_EXPECT_FALSE(test, vpart_limits_valid(&want));
	want.nr_poll = 0;
	KUNIT_EXPECT_EQ(test, vpart_start(lt.a[VPART_SIDE_CLIENT], &want), 0);
}

/* R10: a server grants no more than was asked for, and not nothing. */
static void server_oversteps(struct kunit *test)
{
	static const struct lt_answer wrong[] = {
		{ .queues = 1 },
		{ .queues = -LT_QUEUES },
		{ .depth = 1 },
		{ .depth = VPART_PRIO_TAGS - LT_DEPTH },
		{ .segs = 1 },
		{ .data = 1 },
		{ .rsp_len = VPART_MAX_IU + 1 },
	};
	struct vpart_link_status st;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		lt.answer = wrong[i];
		KUNIT_ASSERT_EQ(test, vpart_start(lt.a[VPART_SIDE_SERVER], NULL), 0);
		KUNIT_ASSERT_TRUE(test, lt_soon(lt.logouts == i + 1));
		lt_status(&st);
		KUNIT_EXPECT_EQ(test, st.state, VPART_LINK_STATE_DOWN);
		KUNIT_EXPECT_EQ(test, st.why, VPART_WHY_REFUSED);
		KUNIT_EXPECT_EQ(test, st.last_error, (u32)EPROTO);
		KUNIT_EXPECT_EQ(test, st.epoch, 0U);
		KUNIT_EXPECT_EQ(test, lt.logins, i + 1);
		KUNIT_EXPECT_EQ(test, lt.ups, 0U);
	}
	memset(&lt.answer, 0, sizeof(lt.answer));
	KUNIT_ASSERT_EQ(test, vpart_start(lt.a[VPART_SIDE_SERVER], NULL), 0);
	KUNIT_ASSERT_TRUE(test, lt_soon(lt.ups == 1));
	KUNIT_EXPECT_EQ(test, lt.depth, LT_DEPTH);
	KUNIT_EXPECT_EQ(test, lt.logouts, (unsigned int)ARRAY_SIZE(wrong));
}

/* R10: no memory for the call tables: logged out, and tried again by itself. */
static void no_tables(struct kunit *test)
{
	unsigned int i, logouts = 0, expect;
	struct vpart_link_status st;

	/*
	 * Another depth each time, so that there are tables to make. What else
	 * the login needs memory for may have had the failure.
	 */
	for (i = 0; i < LT_TRIES && lt.logouts == logouts; i++) {
		logouts = lt.logouts + !!lt.ups;	/* the end of the last epoch */
		expect = lt.ups + 1;
		lt.answer.depth = -i;
		lt.no_memory = true;
		/* One of them: both might make two epochs. */
		if (lt.ups)
			vpart_reset(lt.a[VPART_SIDE_SERVER], VPART_WHY_RESET);
		else
			KUNIT_ASSERT_EQ(test, vpart_start(lt.a[VPART_SIDE_SERVER], NULL), 0);
		KUNIT_ASSERT_TRUE(test, lt_soon(lt.ups == expect));
	}
	if (lt.logouts == logouts)
		kunit_skip(test, "no allocation can be made to fail");
	KUNIT_EXPECT_EQ(test, lt.logouts, logouts + 1);
	KUNIT_EXPECT_EQ(test, lt.logins, lt.ups + 1);
	lt_status(&st);
	KUNIT_EXPECT_EQ(test, st.state, VPART_LINK_STATE_UP);
	KUNIT_EXPECT_EQ(test, st.last_error, 0U);
	KUNIT_EXPECT_EQ(test, st.inflight, 0U);
	KUNIT_EXPECT_EQ(test, lt.depth, LT_DEPTH + lt.answer.depth);
}

static struct kunit_case vpart_login_cases[] = {
	KUNIT_CASE(polled),
	KUNIT_CASE(server_oversteps),
	KUNIT_CASE(no_tables),
	{}
};

static struct kunit_suite vpart_login_suite = {
	.name		= "vpart-login",
	.suite_init	= vpart_test_begin,
	.suite_exit	= vpart_test_end,
	.init		= lt_init,
	.exit		= lt_exit,
	.test_cases	= vpart_login_cases,
};

kunit_test_suite(vpart_login_suite);
