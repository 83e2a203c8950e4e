// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: what the server does with calls that never get to LIO. The link and
 * its fabric are the test's own; of LIO's session there is only what leads from a
 * LUN to a device.
 */
#include <kunit/test.h>

#include "../vpart/vpart.h"
#include "target.h"

#define CT_QUEUE	0

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
	struct vscsi_client	client;
	struct se_session	*se_sess;
	struct se_node_acl	*nacl;
	struct se_lun		*lun;
	struct se_dev_entry	*deve;
	struct ct_call		first, call;
	struct vpart_req	req;
	struct srp_tsk_mgmt	tmf;
	u8			iu[VSCSI_CMD_IU_SIZE];
	u8			rsp[VSCSI_RSP_IU_SIZE];
	unsigned int		done, maps;
	int			map_error;
	bool			feed;		/* memory comes while it is asked for */
	u32			gen;
};

static void ct_done(struct vpart_req *req)
{
	container_of(req, struct ct, req)->done++;
}

static int ct_map(struct vpart_call *c, enum dma_data_direction dir, struct vpart_data *d)
{
	struct ct *ct = container_of(c->q->link, struct ct, link);

	ct->maps++;
	if (ct->feed)
		vscsi_gate_feed(&ct->client);
	return ct->map_error;
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
	ct->sess->a = &ct->link.adapter[VPART_SIDE_SERVER];
	ct->sess->client = &ct->client;
	spin_lock_init(&ct->client.lock);
	INIT_LIST_HEAD(&ct->client.barred);
	INIT_LIST_HEAD(&ct->client.parked);
	xa_init(&ct->sess->shown);
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
	ct->first.cmd.sess = ct->sess;
	ct->first.cmd.barred = false;
	llist_add(&ct->first.cmd.node, &ct->sess->tq[CT_QUEUE].list);

	memset(&ct->call, 0xff, sizeof(ct->call));	/* what a call before left */
	ct->call.cmd.barred = false;	/* ... and when it was over */
	ct->call.cmd.parked = false;
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

	ct->map_error = -ECANCELED;	/* it was given up */
	int_to_scsilun(0, &lun);
	for (i = 1; i <= 2; i++) {
		len = vscsi_put_cmd(ct->iu, vscsi_make_tag(i, CT_QUEUE, 1), &lun, cdb, 10);
		ct_request(ct, ct->iu, len, 0, 4096);
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

/* ---- commands that were given up ---- */

static void ct_nothing(struct work_struct *work)
{
}

/* LUN 0 leads to a device. */
static void ct_map_lun(struct kunit *test)
{
	struct ct *ct = test->priv;

	ct->se_sess = kunit_kzalloc(test, sizeof(*ct->se_sess), GFP_KERNEL);
	ct->nacl = kunit_kzalloc(test, sizeof(*ct->nacl), GFP_KERNEL);
	ct->lun = kunit_kzalloc(test, sizeof(*ct->lun), GFP_KERNEL);
	ct->deve = kunit_kzalloc(test, sizeof(*ct->deve), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, ct->se_sess && ct->nacl && ct->lun && ct->deve);
	rcu_assign_pointer(ct->lun->lun_se_dev, (struct se_device *)ct);
	ct->deve->se_lun = ct->lun;
	hlist_add_head_rcu(&ct->deve->link, &ct->nacl->lun_entry_hlist);
	ct->se_sess->se_node_acl = ct->nacl;
	ct->sess->se_sess = ct->se_sess;
	/* KUnit may run before the module's own beginning. */
	vscsi_twq = vscsi_twq ?: system_wq;
	INIT_DELAYED_WORK(&ct->client.limit, ct_nothing);
	INIT_WORK(&ct->sess->tq[CT_QUEUE].work, ct_nothing);
}

/* A command that the server has, and its other call, with a command for the same LUN. */
static struct vscsi_tcmd *ct_two(struct ct *ct, u8 opcode, u8 other)
{
	struct vscsi_tcmd *cmd = &ct->first.cmd;
	u8 cdb[VSCSI_CDB_SIZE] = { other };
	struct scsi_lun lun;
	u16 len;

	int_to_scsilun(0, &lun);
	len = vscsi_put_cmd(ct->iu, vscsi_make_tag(++ct->gen, CT_QUEUE, 1), &lun, cdb, 10);
	ct_request(ct, ct->iu, len, 0, 0);
	cmd->kind = VSCSI_KIND_CMD;
	cmd->tag = vscsi_make_tag(ct->gen, CT_QUEUE, 0);
	cmd->lun = 0;
	cmd->cdb[0] = opcode;
	cmd->state = 0;
	cmd->over = false;
	cmd->parked = false;
	return cmd;
}

/* V3: what is given up and may still change the medium holds others back until it is over. */
static void given_up(struct kunit *test)
{
	static const struct {
		u8 opcode, other;
		bool barred, parked;
	} rows[] = {
		{ WRITE_10, WRITE_10, true, true },
		{ WRITE_10, READ_10, true, true },
		{ WRITE_10, SYNCHRONIZE_CACHE, true, true },
		{ WRITE_10, INQUIRY, true, false },
		{ WRITE_10, TEST_UNIT_READY, true, false },
		{ UNMAP, WRITE_10, true, true },
		{ PERSISTENT_RESERVE_OUT, READ_16, true, true },
		{ 0xff, WRITE_16, true, true },
		{ READ_10, WRITE_10, false, false },
		{ SYNCHRONIZE_CACHE, WRITE_10, false, false },
		{ INQUIRY, WRITE_10, false, false },
	};
	struct ct *ct = test->priv;
	struct vscsi_tcmd *cmd, *other = &ct->call.cmd;
	unsigned int i;

	ct_map_lun(test);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		cmd = ct_two(ct, rows[i].opcode, rows[i].other);
		llist_del_all(&ct->sess->tq[CT_QUEUE].list);
		vscsi_gate_bar(ct->sess, cmd, cmd->tag);
		vscsi_gate_bar(ct->sess, cmd, cmd->tag);	/* once more is the same */
		KUNIT_EXPECT_EQ_MSG(test, cmd->barred, rows[i].barred, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, ct->client.nr_barred, rows[i].barred, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, vscsi_gate_park(other), rows[i].parked, "row %u", i);
		KUNIT_EXPECT_FALSE_MSG(test, vscsi_gate_park(cmd), "row %u", i);
		if (rows[i].barred)
			__vscsi_gate_over(cmd);
		KUNIT_EXPECT_EQ(test, ct->client.nr_barred, 0U);
		/* What waited is on its way again, and nothing stops it. */
		KUNIT_EXPECT_EQ_MSG(test, !llist_empty(&ct->sess->tq[CT_QUEUE].list),
				    rows[i].parked, "row %u", i);
		KUNIT_EXPECT_FALSE(test, vscsi_gate_park(other));
		cancel_delayed_work_sync(&ct->client.limit);
		cancel_work_sync(&ct->sess->tq[CT_QUEUE].work);
		llist_del_all(&ct->sess->tq[CT_QUEUE].list);
	}
}

/* V3: of a slot that is used again, or is over, nothing is barred. */
static void given_up_too_late(struct kunit *test)
{
	struct ct *ct = test->priv;
	struct vscsi_tcmd *cmd;

	ct_map_lun(test);
	cmd = ct_two(ct, WRITE_10, READ_10);
	vscsi_gate_bar(ct->sess, cmd, cmd->tag ^ 1ULL << 32);
	KUNIT_EXPECT_EQ(test, ct->client.nr_barred, 0U);
	cmd->over = true;
	vscsi_gate_bar(ct->sess, cmd, cmd->tag);
	KUNIT_EXPECT_EQ(test, ct->client.nr_barred, 0U);
	KUNIT_EXPECT_FALSE(test, cmd->barred);
}

/* V10: what waits ends when its client says so; another LUN does not wait. */
static void parked_ends(struct kunit *test)
{
	struct ct *ct = test->priv;
	struct vscsi_tcmd *cmd, *other = &ct->call.cmd;
	u64 tag;

	ct_map_lun(test);
	cmd = ct_two(ct, WRITE_10, READ_10);
	llist_del_all(&ct->sess->tq[CT_QUEUE].list);
	vscsi_gate_bar(ct->sess, cmd, cmd->tag);
	other->lun = 1;
	KUNIT_EXPECT_FALSE(test, vscsi_gate_park(other));
	other->lun = 0;
	KUNIT_EXPECT_TRUE(test, vscsi_gate_park(other));
	tag = other->tag + 1;
	KUNIT_EXPECT_FALSE(test, vscsi_gate_drop(ct->sess, 0, &tag));
	KUNIT_EXPECT_FALSE(test, vscsi_gate_drop(ct->sess, 1, NULL));
	KUNIT_EXPECT_EQ(test, ct->done, 0U);
	vscsi_cancel(&ct->call.c);
	KUNIT_EXPECT_EQ(test, ct->done, 1U);
	KUNIT_EXPECT_TRUE(test, list_empty(&ct->client.parked));

	other->state = 0;
	other->over = false;
	ct->call.c.req = &ct->req;
	ct->call.c.state = VPART_CALL_OPEN;
	KUNIT_EXPECT_TRUE(test, vscsi_gate_park(other));
	KUNIT_EXPECT_TRUE(test, vscsi_gate_drop(ct->sess, 0, &other->tag));
	KUNIT_EXPECT_EQ(test, ct->done, 2U);
	KUNIT_EXPECT_EQ(test, ct->client.nr_barred, 1U);
	__vscsi_gate_over(cmd);
	cancel_delayed_work_sync(&ct->client.limit);
}

/* V10: without memory a command waits, and goes on, or ends when its client says so. */
static void starved(struct kunit *test)
{
	static const u8 cdb[VSCSI_CDB_SIZE] = { READ_10, 0, 0, 0, 0, 0, 0, 0, 8, 0 };
	struct ct *ct = test->priv;
	struct vscsi_tcmd *cmd = &ct->call.cmd;
	struct llist_head *list = &ct->sess->tq[CT_QUEUE].list;
	struct scsi_lun lun;
	u16 len;

	ct_map_lun(test);
	ct->map_error = -EBUSY;
	int_to_scsilun(0, &lun);
	len = vscsi_put_cmd(ct->iu, vscsi_make_tag(1, CT_QUEUE, 1), &lun, cdb, 10);
	ct_request(ct, ct->iu, len, 0, 4096);
	ct_work(ct);
	/* Asked twice: memory may have come in between. */
	KUNIT_EXPECT_EQ(test, ct->maps, 2U);
	KUNIT_EXPECT_TRUE(test, cmd->parked);
	KUNIT_EXPECT_EQ(test, ct->done, 0U);
	KUNIT_EXPECT_TRUE(test, llist_empty(list));
	vscsi_room(ct->port.a);
	KUNIT_EXPECT_FALSE(test, cmd->parked);
	KUNIT_EXPECT_FALSE(test, llist_empty(list));
	cancel_work_sync(&ct->sess->tq[CT_QUEUE].work);
	ct_work(ct);
	KUNIT_EXPECT_EQ(test, ct->maps, 4U);
	KUNIT_EXPECT_TRUE(test, cmd->parked);
	vscsi_cancel(&ct->call.c);
	ct_expect_put(test, 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&ct->client.parked));

	/* There was memory, but behind the second look: it is tried again. */
	ct_request(ct, ct->iu, len, 0, 4096);
	ct->feed = true;
	ct_work(ct);
	KUNIT_EXPECT_FALSE(test, cmd->parked);
	KUNIT_EXPECT_FALSE(test, llist_empty(list));
	cancel_work_sync(&ct->sess->tq[CT_QUEUE].work);
	/* Given up meanwhile, it does not wait. */
	set_bit(VSCSI_CANCELLED, &cmd->state);
	KUNIT_EXPECT_EQ(test, vscsi_gate_starve(cmd), -ECANCELED);
	cmd->state = 0;
	ct->sess->draining = true;
	KUNIT_EXPECT_EQ(test, vscsi_gate_starve(cmd), -ECANCELED);
	ct_work(ct);
	ct_expect_put(test, 2);
	cancel_delayed_work_sync(&ct->client.limit);
}

/* ---- which LU a command is meant for ---- */

static bool ct_fits(struct vscsi_tcmd *cmd, u8 opcode, u32 said, u32 mark)
{
	cmd->cdb[0] = opcode;
	cmd->mark = said;
	cmd->say = VSCSI_SAY_NOTHING;
	return vscsi_mark_fits(cmd, mark);
}

/* R11: one that says it is carried out there, or not at all, whatever came before. */
static void meant_for(struct kunit *test)
{
	struct ct *ct = test->priv;
	struct vscsi_tcmd *cmd = &ct->call.cmd;

	cmd->sess = ct->sess;
	KUNIT_EXPECT_TRUE(test, ct_fits(cmd, WRITE_10, 7, 7));
	KUNIT_EXPECT_TRUE(test, ct_fits(cmd, INQUIRY, 0, 8));
	KUNIT_EXPECT_FALSE(test, ct_fits(cmd, WRITE_10, 7, 8));
	KUNIT_EXPECT_FALSE(test, ct_fits(cmd, WRITE_10, 7, 8));
	KUNIT_EXPECT_FALSE(test, ct_fits(cmd, READ_10, 7, 8));
	KUNIT_EXPECT_FALSE(test, ct_fits(cmd, TEST_UNIT_READY, 7, 8));
	KUNIT_EXPECT_EQ(test, cmd->say, VSCSI_SAY_NOTHING);
	KUNIT_EXPECT_TRUE(test, ct_fits(cmd, REPORT_LUNS, 7, 8));
	KUNIT_EXPECT_TRUE(test, ct_fits(cmd, REQUEST_SENSE, 7, 8));
	KUNIT_EXPECT_EQ(test, cmd->say, VSCSI_SAY_NOTHING);
	KUNIT_EXPECT_TRUE(test, ct_fits(cmd, INQUIRY, 7, 8));
	KUNIT_EXPECT_EQ(test, cmd->say, VSCSI_SAY_MARK);
	KUNIT_EXPECT_EQ(test, cmd->mark, 8U);
	KUNIT_EXPECT_FALSE(test, ct_fits(cmd, WRITE_10, 7, 8));
	KUNIT_EXPECT_TRUE(test, ct_fits(cmd, WRITE_10, 8, 8));
	xa_destroy(&ct->sess->shown);
}

/* R11: who says nothing is told, until it has asked, or read what it was told. */
static void meant_for_any(struct kunit *test)
{
	struct ct *ct = test->priv;
	struct vscsi_tcmd *one = &ct->call.cmd, *two = &ct->first.cmd;

	one->sess = ct->sess;
	two->sess = ct->sess;
	ct->sess->epoch = 1;
	/* The first, of its session. */
	KUNIT_EXPECT_TRUE(test, ct_fits(one, WRITE_10, 0, 7));
	KUNIT_EXPECT_TRUE(test, ct_fits(two, WRITE_10, 0, 7));
	/* All that were under way. */
	KUNIT_EXPECT_FALSE(test, ct_fits(one, WRITE_10, 0, 8));
	KUNIT_EXPECT_FALSE(test, ct_fits(two, WRITE_10, 0, 8));
	KUNIT_EXPECT_TRUE(test, ct_fits(one, REPORT_LUNS, 0, 8));
	KUNIT_EXPECT_TRUE(test, ct_fits(one, REQUEST_SENSE, 0, 8));
	KUNIT_EXPECT_TRUE(test, ct_fits(one, WRITE_10, 0, 8));
	KUNIT_EXPECT_TRUE(test, ct_fits(two, WRITE_10, 0, 8));
	/* It was told of another, and of this one in a session that has ended. */
	KUNIT_EXPECT_FALSE(test, ct_fits(one, WRITE_10, 0, 9));
	ct->sess->epoch = 2;
	KUNIT_EXPECT_FALSE(test, ct_fits(one, WRITE_10, 0, 9));
	KUNIT_EXPECT_TRUE(test, ct_fits(two, INQUIRY, 0, 9));
	KUNIT_EXPECT_EQ(test, two->say, VSCSI_SAY_MARK);
	KUNIT_EXPECT_TRUE(test, ct_fits(two, WRITE_10, 0, 9));
	/* One LUN is no matter of another. */
	one->lun = 1;
	KUNIT_EXPECT_TRUE(test, ct_fits(one, WRITE_10, 0, 10));
	KUNIT_EXPECT_FALSE(test, ct_fits(two, WRITE_10, 0, 10));
	xa_destroy(&ct->sess->shown);
}

/* R11: what LIO refuses before it comes to the mark is no word about the LU that was meant. */
static void meant_for_refused(struct kunit *test)
{
	struct ct *ct = test->priv;
	struct vscsi_tcmd *cmd = &ct->call.cmd;
	struct se_cmd *se_cmd = &cmd->se_cmd;
	struct se_device *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);
	u32 mark;

	KUNIT_ASSERT_NOT_NULL(test, dev);
	dev->dev_index = 41;
	mark = vscsi_mark(dev);
	se_cmd->scsi_status = SAM_STAT_CHECK_CONDITION;
	cmd->cdb[0] = WRITE_10;
	cmd->mark = mark + 1;
	/* It found none. */
	vscsi_queue_status(se_cmd);
	KUNIT_EXPECT_EQ(test, cmd->say, VSCSI_SAY_NOTHING);
	se_cmd->se_dev = dev;
	se_cmd->lun_ref_active = true;
	vscsi_queue_status(se_cmd);
	KUNIT_EXPECT_EQ(test, cmd->say, VSCSI_SAY_OTHER);
	KUNIT_EXPECT_EQ(test, cmd->mark, mark);
	/* One that is meant for it, one that does not say, and what is carried out anyway */
	cmd->say = VSCSI_SAY_NOTHING;
	vscsi_queue_status(se_cmd);
	cmd->mark = 0;
	vscsi_queue_status(se_cmd);
	cmd->mark = mark + 1;
	cmd->cdb[0] = REPORT_LUNS;
	vscsi_queue_status(se_cmd);
	KUNIT_EXPECT_EQ(test, cmd->say, VSCSI_SAY_NOTHING);
}

/* R11: no two devices have one mark. */
static void marks_differ(struct kunit *test)
{
	static const u32 indexes[] = { 0, 1, 2, 3, 100, 16383, INT_MAX - 1 };
	struct se_device *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);
	u32 marks[ARRAY_SIZE(indexes)];
	unsigned int i, j;

	KUNIT_ASSERT_NOT_NULL(test, dev);
	for (i = 0; i < ARRAY_SIZE(marks); i++) {
		dev->dev_index = indexes[i];
		marks[i] = vscsi_mark(dev);
		KUNIT_EXPECT_NE(test, marks[i], 0U);
		KUNIT_EXPECT_EQ(test, xa_to_value(xa_mk_value(marks[i])), (unsigned long)marks[i]);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_NE(test, marks[i], marks[j]);
	}
}

static struct kunit_case vscsi_call_cases[] = {
	KUNIT_CASE(no_pages),
	KUNIT_CASE(too_many_functions),
	KUNIT_CASE(unknown_function),
	KUNIT_CASE(function_while_draining),
	KUNIT_CASE(function_given_up),
	KUNIT_CASE(given_up),
	KUNIT_CASE(given_up_too_late),
	KUNIT_CASE(parked_ends),
	KUNIT_CASE(starved),
	KUNIT_CASE(meant_for),
	KUNIT_CASE(meant_for_any),
	KUNIT_CASE(meant_for_refused),
	KUNIT_CASE(marks_differ),
	{}
};

static struct kunit_suite vscsi_call_suite = {
	.name		= "vscsi-call",
	.init		= ct_init,
	.test_cases	= vscsi_call_cases,
};
kunit_test_suite(vscsi_call_suite);
