// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: what the server does with calls that never get to LIO. The link and
 * its fabric are the test's own; there is no LIO session behind the server's.
 */
#include <kunit/test.h>

#include "../vpart/vpart.h"
#include "target.h"

#define CT_QUEUE	0
#define CT_MAP_ERROR	(-EOPNOTSUPP)	/* of a client that does not show its pages */

/* A call of the table, with what the server keeps of it. */
struct ct_call {
	struct vpart_call	c;
	struct vscsi_tcmd	cmd;
};

struct ct {
	struct vpart_link	link;
	struct vpart_queue	q;
	struct vscsi_port	port;
	struct vscsi_session	*sess;
	struct ct_call		first, call;
	struct vpart_req	req;
	struct srp_tsk_mgmt	tmf;
	u8			iu[VSCSI_CMD_IU_SIZE];
	u8			rsp[VSCSI_RSP_IU_SIZE];
	unsigned int		done, maps;
	u32			gen;
};

static void ct_done(struct vpart_req *req)
{
	container_of(req, struct ct, req)->done++;
}

static int ct_map(struct vpart_call *c, enum dma_data_direction dir, struct vpart_data *d)
{
	container_of(c->q->link, struct ct, link)->maps++;
	return CT_MAP_ERROR;
}

static struct vpart_req *ct_reply(struct vpart_call *c, const void *rsp, u16 len, int status)
{
	struct vpart_req *req = xchg(&c->req, NULL);

	if (req) {
		memcpy(req->rsp, rsp, min(len, req->rsp_size));
		req->rsp_len = len;
		req->status = status;
	}
	return req;
}

static struct vpart_req *ct_dropped(struct vpart_call *c)
{
	return xchg(&c->req, NULL);
}

static const struct vpart_fabric_ops ct_fabric = {
	.name		= "test",
	.map		= ct_map,
	.reply		= ct_reply,
	.dropped	= ct_dropped,
};

static int ct_init(struct kunit *test)
{
	struct ct *ct = kunit_kzalloc(test, sizeof(*ct), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ct);
	ct->sess = kunit_kzalloc(test, struct_size(ct->sess, tq, 1), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ct->sess);
	kref_init(&ct->sess->ref);
	spin_lock_init(&ct->sess->lock);
	ct->sess->nr_tq = 1;
	init_llist_head(&ct->sess->tq[CT_QUEUE].list);
	ct->port.sess = ct->sess;
	ct->port.a = &ct->link.adapter[VPART_SIDE_SERVER];
	strscpy(ct->port.a->name, "test", sizeof(ct->port.a->name));
	vpart_set_drvdata(ct->port.a, &ct->port);
	ct->link.fabric = &ct_fabric;
	ct->link.state = VPART_LINK_STATE_UP;
	ct->q.index = CT_QUEUE;
	ct->q.link = &ct->link;
	ct->q.end[VPART_SIDE_SERVER] = ct->port.a;
	ct->req.rsp = ct->rsp;
	ct->req.rsp_size = sizeof(ct->rsp);
	ct->req.done = ct_done;
	test->priv = ct;
	return 0;
}

/*
 * Give the server the call. Another waits already: no worker is woken for this
 * one, it is taken when ct_work() says so.
 */
static void ct_request(struct ct *ct, const void *iu, u16 len, u16 flags, u32 in_len)
{
	struct vpart_call *c = &ct->call.c, *first = &ct->first.c;

	memset(&ct->first, 0xff, sizeof(ct->first));
	first->q = &ct->q;
	first->req = NULL;
	first->state = VPART_CALL_OPEN;
	ct->first.cmd.kind = VSCSI_KIND_BAD;
	llist_add(&ct->first.cmd.node, &ct->sess->tq[CT_QUEUE].list);

	memset(&ct->call, 0xff, sizeof(ct->call));	/* what a call before left */
	c->q = &ct->q;
	c->iu = iu;
	c->iu_len = len;
	c->tag = 1;
	c->out_len = 0;
	c->in_len = in_len;
	c->flags = flags;
	c->req = &ct->req;
	c->state = VPART_CALL_OPEN;
	ct->req.status = 1;
	ct->req.rsp_len = 0;
	vscsi_request(c);
}

static void ct_work(struct ct *ct)
{
	vscsi_tq_work(&ct->sess->tq[CT_QUEUE].work);
}

/* Has the client its request back, without an answer, and the tag is free? */
static void ct_expect_put(struct kunit *test, unsigned int done)
{
	struct ct *ct = test->priv;

	KUNIT_EXPECT_EQ(test, ct->done, done);
	KUNIT_EXPECT_EQ(test, ct->req.status, -ECANCELED);
	KUNIT_EXPECT_EQ(test, ct->req.rsp_len, 0);
	KUNIT_EXPECT_EQ(test, ct->call.c.state, 0UL);
	KUNIT_EXPECT_EQ(test, ct->first.c.state, 0UL);
	KUNIT_EXPECT_TRUE(test, llist_empty(&ct->sess->tq[CT_QUEUE].list));
}

/* R10: without its pages no command of a client is carried out. */
static void no_pages(struct kunit *test)
{
	static const u8 cdb[VSCSI_CDB_SIZE] = { READ_10, 0, 0, 0, 0, 0, 0, 0, 8, 0 };
	struct ct *ct = test->priv;
	struct scsi_lun lun;
	unsigned int i;
	u16 len;

	int_to_scsilun(0, &lun);
	for (i = 1; i <= 2; i++) {
		len = vscsi_put_cmd(ct->iu, vscsi_make_tag(i, CT_QUEUE, 1), &lun, cdb, 10);
		ct_request(ct, ct->iu, len, VPART_REQ_COPY, 4096);
		KUNIT_EXPECT_EQ(test, ct->call.cmd.kind, VSCSI_KIND_CMD);
		KUNIT_EXPECT_EQ(test, ct->done, i - 1);
		ct_work(ct);
		KUNIT_EXPECT_EQ(test, ct->maps, i);
		ct_expect_put(test, i);
	}
}

static void ct_tmf(struct ct *ct, u8 func)
{
	struct scsi_lun lun;
	u16 len;

	int_to_scsilun(0, &lun);
	len = vscsi_put_tmf(&ct->tmf, vscsi_make_tag(++ct->gen, CT_QUEUE, 1), &lun, func, 0);
	ct_request(ct, &ct->tmf, len, VPART_REQ_PRIO, 0);
}

static void ct_expect_code(struct kunit *test, int code)
{
	struct vscsi_response rsp;
	struct ct *ct = test->priv;

	KUNIT_EXPECT_EQ(test, ct->done, 1U);
	KUNIT_EXPECT_EQ(test, ct->req.status, 0);
	KUNIT_EXPECT_EQ(test, ct->call.c.state, 0UL);
	KUNIT_ASSERT_EQ(test, vscsi_get_rsp(ct->rsp, ct->req.rsp_len, 0, 0, &rsp), 0);
	KUNIT_EXPECT_EQ(test, rsp.tag, vscsi_make_tag(ct->gen, CT_QUEUE, 1));
	KUNIT_EXPECT_EQ(test, rsp.tmf, code);
}

/* V10: one more function than a session may have inside LIO fails, at once. */
static void too_many_functions(struct kunit *test)
{
	struct ct *ct = test->priv;

	ct->sess->nr_tmr = VSCSI_MAX_TMR;
	ct_tmf(ct, SRP_TSK_LUN_RESET);
	ct_work(ct);
	ct_expect_code(test, VSCSI_TMF_FAILED);
	KUNIT_EXPECT_EQ(test, ct->sess->nr_tmr, (unsigned int)VSCSI_MAX_TMR);
	KUNIT_EXPECT_EQ(test, kref_read(&ct->sess->ref), 1U);
	KUNIT_EXPECT_NULL(test, ct->call.cmd.tmr);
}

static void unknown_function(struct kunit *test)
{
	struct ct *ct = test->priv;

	ct_tmf(ct, SRP_TSK_CLEAR_ACA);
	ct_work(ct);
	ct_expect_code(test, VSCSI_TMF_NOT_SUPPORTED);
	KUNIT_EXPECT_EQ(test, ct->sess->nr_tmr, 0U);
}

/* V10: at the end of an epoch none begins. */
static void function_while_draining(struct kunit *test)
{
	struct ct *ct = test->priv;

	ct_tmf(ct, SRP_TSK_ABORT_TASK);
	ct->sess->draining = true;
	ct_work(ct);
	ct_expect_put(test, 1);
	KUNIT_EXPECT_EQ(test, ct->sess->nr_tmr, 0U);
	KUNIT_EXPECT_EQ(test, kref_read(&ct->sess->ref), 1U);
}

/* V10: nor one that its client has given up. */
static void function_given_up(struct kunit *test)
{
	struct ct *ct = test->priv;

	ct_tmf(ct, SRP_TSK_LUN_RESET);
	vscsi_cancel(&ct->call.c);
	KUNIT_EXPECT_EQ(test, ct->done, 0U);
	ct_work(ct);
	ct_expect_put(test, 1);
	KUNIT_EXPECT_EQ(test, ct->sess->nr_tmr, 0U);
	KUNIT_EXPECT_EQ(test, kref_read(&ct->sess->ref), 1U);
}

static struct kunit_case vscsi_call_cases[] = {
	KUNIT_CASE(no_pages),
	KUNIT_CASE(too_many_functions),
	KUNIT_CASE(unknown_function),
	KUNIT_CASE(function_while_draining),
	KUNIT_CASE(function_given_up),
	{}
};

static struct kunit_suite vscsi_call_suite = {
	.name		= "vscsi-call",
	.init		= ct_init,
	.test_cases	= vscsi_call_cases,
};
kunit_test_suite(vscsi_call_suite);
