// SPDX-License-Identifier: GPL-2.0
/*
 * A command's way through the server:
 *
 *	request(), any context: check the IU, keep what is needed
 *	worker, process context without I/O in allocations: map the client's
 *		pages, hand all to LIO
 *	release_cmd(): LIO has let go of everything: unmap, answer, put
 *
 * The answer leaves at the end and not in queue_status(), so the client's
 * pages are its own again when it sees it.
 *
 * One worker per queue instead of target_queue_submission(): LIO's submission
 * work allocates with GFP_KERNEL, and memory that is written back through us
 * could then wait for itself. It costs the same single hop, and one wake-up for
 * a whole batch. READ and WRITE of a LUN that is direct spare that hop too: see
 * direct.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/ratelimit.h>
#include <linux/sched/mm.h>
#include <linux/scatterlist.h>
#include <scsi/scsi_tcq.h>

#include "target.h"

const size_t vscsi_call_size = sizeof(struct vscsi_tcmd);

/* ---- data ---- */

/*
 * What is known of a command by its opcode: which way its data goes, and whether
 * LIO hands that to the backing device page by page. All others work on a buffer
 * of LIO's own: it maps parameter lists with vmap(), which wants whole pages, and
 * takes single scatterlist entries for granted.
 */
#define VSCSI_OP_IN	BIT(0)
#define VSCSI_OP_OUT	BIT(1)
#define VSCSI_OP_DIRECT	BIT(2)
#define VSCSI_OP_OTHERS	BIT(3)	/* may be a unit attention for other initiators */
#define VSCSI_OP_TAKES	BIT(4)	/* has status GOOD with a unit attention */

static const u8 vscsi_op[256] = {
	[READ_6]		= VSCSI_OP_IN | VSCSI_OP_DIRECT,
	[READ_10]		= VSCSI_OP_IN | VSCSI_OP_DIRECT,
	[READ_12]		= VSCSI_OP_IN | VSCSI_OP_DIRECT,
	[READ_16]		= VSCSI_OP_IN | VSCSI_OP_DIRECT,
	[WRITE_6]		= VSCSI_OP_OUT | VSCSI_OP_DIRECT,
	[WRITE_10]		= VSCSI_OP_OUT | VSCSI_OP_DIRECT,
	[WRITE_12]		= VSCSI_OP_OUT | VSCSI_OP_DIRECT,
	[WRITE_16]		= VSCSI_OP_OUT | VSCSI_OP_DIRECT,
	[WRITE_VERIFY]		= VSCSI_OP_OUT,
	[WRITE_VERIFY_12]	= VSCSI_OP_OUT,
	[WRITE_VERIFY_16]	= VSCSI_OP_OUT,
	[WRITE_SAME]		= VSCSI_OP_OUT,
	[WRITE_SAME_16]		= VSCSI_OP_OUT,
	[COMPARE_AND_WRITE]	= VSCSI_OP_OUT,
	[UNMAP]			= VSCSI_OP_OUT,
	[EXTENDED_COPY]		= VSCSI_OP_OUT,
	[PERSISTENT_RESERVE_OUT] = VSCSI_OP_OUT | VSCSI_OP_OTHERS,
	[MAINTENANCE_OUT]	= VSCSI_OP_OTHERS,
	[REQUEST_SENSE]		= VSCSI_OP_TAKES,
};

/*
 * Does the backing device take these pages as they are? The link's limits say
 * so to the client, but a LUN may have come later, and a client may not care.
 */
static bool vscsi_aligned(const struct vscsi_tcmd *cmd)
{
	const struct vscsi_tpg *tpg = cmd->sess->tpg;
	struct scatterlist *sg = cmd->data.sgl;
	unsigned int bits = sg->offset | sg->length, i;
	void *mask;

	for (i = 1; i < cmd->data.nents; i++) {
		sg = sg_next(sg);
		bits |= sg->offset | sg->length;
	}
	if (likely(!(bits & READ_ONCE(tpg->alignment))))
		return true;
	mask = xa_load((struct xarray *)&tpg->alignments, cmd->se_cmd.se_lun->unpacked_lun);
	return mask && !(bits & xa_to_value(mask));
}

/*
 * Whose pages LIO works on: the client's, or its own, which write_pending() and
 * queue_data_in() copy. A CDB that moves more or less than the client offered
 * gets the latter: LIO would hand the whole list to the device.
 */
static void vscsi_set_data(struct vscsi_tcmd *cmd)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;

	if (unlikely(se_cmd->se_cmd_flags & (SCF_OVERFLOW_BIT | SCF_UNDERFLOW_BIT))) {
		/* The device reads whole blocks of those that do not all arrive. */
		if (se_cmd->se_cmd_flags & SCF_OVERFLOW_BIT &&
		    se_cmd->se_cmd_flags & SCF_SCSI_DATA_CDB)
			se_cmd->data_length = round_up(se_cmd->data_length,
						       se_cmd->se_dev->dev_attrib.block_size);
		return;
	}
	if (!(vscsi_op[cmd->cdb[0]] & VSCSI_OP_DIRECT) || !vscsi_aligned(cmd))
		return;
	cmd->bounce = false;
	se_cmd->t_data_sg = cmd->data.sgl;
	se_cmd->t_data_nents = cmd->data.nents;
	se_cmd->se_cmd_flags |= SCF_PASSTHROUGH_SG_TO_MEM_NOALLOC;
}

static void vscsi_copy_sg(struct scatterlist *dst, unsigned int dst_nents,
			  struct scatterlist *src, unsigned int src_nents, size_t len)
{
	struct sg_mapping_iter m;
	size_t pos = 0;

	sg_miter_start(&m, src, src_nents, SG_MITER_ATOMIC | SG_MITER_FROM_SG);
	while (pos < len && sg_miter_next(&m)) {
		size_t n = min(m.length, len - pos);

		if (sg_pcopy_from_buffer(dst, dst_nents, m.addr, n, pos) != n)
			break;
		pos += n;
	}
	sg_miter_stop(&m);
}

/* LIO has pages for a write's data: bring it. Process context. */
int vscsi_write_pending(struct se_cmd *se_cmd)
{
	struct vscsi_tcmd *cmd = to_tcmd(se_cmd);

	if (cmd->bounce)
		vscsi_copy_sg(se_cmd->t_data_sg, se_cmd->t_data_nents, cmd->data.sgl,
			      cmd->data.nents, min(se_cmd->data_length, cmd->data.len));
	target_execute_cmd(se_cmd);
	return 0;
}

/* ---- the end of a command ---- */

int vscsi_queue_data_in(struct se_cmd *se_cmd)
{
	struct vscsi_tcmd *cmd = to_tcmd(se_cmd);

	if (cmd->bounce)
		vscsi_copy_sg(cmd->data.sgl, cmd->data.nents, se_cmd->t_data_sg,
			      se_cmd->t_data_nents, min(se_cmd->data_length, cmd->data.len));
	return vscsi_queue_status(se_cmd);
}

int vscsi_queue_status(struct se_cmd *se_cmd)
{
	struct vscsi_tcmd *cmd = to_tcmd(se_cmd);

	if (unlikely(se_cmd->scsi_status && cmd->mark))
		vscsi_mark_status(cmd);
	cmd->answered = true;
	/* LIO drops a reference after this, a full barrier: see gate.c. */
	WRITE_ONCE(cmd->over, true);
	return 0;
}

/* The call is put unanswered when LIO releases the command. */
void vscsi_aborted_task(struct se_cmd *se_cmd)
{
}

int vscsi_check_stop_free(struct se_cmd *se_cmd)
{
	return transport_generic_free_cmd(se_cmd, 0);
}

static void vscsi_answer(struct vscsi_tcmd *cmd, struct vpart_call *c)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;
	u8 iu[VSCSI_RSP_IU_SIZE] __aligned(8);
	const u8 *sense = NULL;
	u16 sense_len = 0, len;
	u32 residual = 0;
	u8 flags = 0;

	/* As nearly always: all was done, and there is nothing to say of it. */
	if (likely(!se_cmd->scsi_status && !cmd->say &&
		   !(se_cmd->se_cmd_flags & (SCF_OVERFLOW_BIT | SCF_UNDERFLOW_BIT)))) {
		c->in_valid = c->in_len;
		vpart_finish(c, NULL, 0);
		return;
	}
	if (unlikely(cmd->say == VSCSI_SAY_OTHER)) {
		vpart_finish(c, iu, vscsi_mark_answer(iu, cmd));
		return;
	}
	if (unlikely(se_cmd->se_cmd_flags & (SCF_OVERFLOW_BIT | SCF_UNDERFLOW_BIT))) {
		/*
		 * Both: the CDB asks for more than the client has room for, and
		 * then less came than that. LIO has counted the latter.
		 */
		bool over = !(se_cmd->se_cmd_flags & SCF_UNDERFLOW_BIT);

		residual = se_cmd->residual_count;
		if (cmd->dir == DMA_TO_DEVICE)
			flags = over ? SRP_RSP_FLAG_DOOVER : SRP_RSP_FLAG_DOUNDER;
		else
			flags = over ? SRP_RSP_FLAG_DIOVER : SRP_RSP_FLAG_DIUNDER;
	}
	if (unlikely(se_cmd->se_cmd_flags & (SCF_TRANSPORT_TASK_SENSE | SCF_EMULATED_TASK_SENSE) &&
		     se_cmd->scsi_sense_length)) {
		sense = cmd->sense;
		sense_len = se_cmd->scsi_sense_length;
	}
	/* What was not written may hold anything: it is for nobody else's eyes. */
	if (cmd->dir == DMA_FROM_DEVICE && se_cmd->scsi_status == SAM_STAT_GOOD)
		c->in_valid = min(se_cmd->data_length, c->in_len);
	len = vscsi_put_rsp(iu, cmd->tag, se_cmd->scsi_status, flags, residual, sense, sense_len);
	if (cmd->say)
		vscsi_rsp_mark(iu, cmd->mark);
	vpart_finish(c, iu, len);
}

/*
 * The last reference is gone: the backing device has ended its bios, no task
 * management function looks at the command. Only now may the client know.
 */
void vscsi_release_cmd(struct se_cmd *se_cmd)
{
	struct vscsi_tcmd *cmd;
	struct vpart_call *c;
	u8 op;

	if (unlikely(se_cmd->se_cmd_flags & SCF_SCSI_TMR_CDB)) {
		vscsi_tmr_release(se_cmd);
		return;
	}
	cmd = to_tcmd(se_cmd);
	c = vpart_priv_call(cmd);
	op = vscsi_op[cmd->cdb[0]];
	if (unlikely(op & VSCSI_OP_OTHERS))
		vscsi_attention_look();
	if (unlikely(op & VSCSI_OP_TAKES || se_cmd->scsi_status || !cmd->answered))
		vscsi_attention_taken(cmd);
	if (unlikely(READ_ONCE(cmd->barred) || !cmd->answered))
		__vscsi_gate_over(cmd);
	/* Either of them unmaps. */
	if (likely(cmd->answered))
		vscsi_answer(cmd, c);
	else
		vpart_call_put(c);
}

/* ---- its beginning ---- */

/* A command that never came to LIO, or only so far that there is nothing to undo. */
static void vscsi_drop(struct vscsi_tcmd *cmd)
{
	__vscsi_gate_over(cmd);
	vpart_call_put(vpart_priv_call(cmd));
}

static int vscsi_task_attr(u8 attr)
{
	return attr == 0 ? TCM_SIMPLE_TAG : attr == 1 ? TCM_HEAD_TAG : TCM_ORDERED_TAG;
}

/*
 * LIO believes the direction that it is told and looks at the CDB for the rest:
 * it would write for a READ whose data goes out, past what reservations forbid,
 * and on the medium what was in its pages for a write whose data comes in.
 */
static void vscsi_refuse(struct vscsi_tcmd *cmd, struct vpart_call *c)
{
	u8 iu[VSCSI_RSP_IU_SIZE] __aligned(8);
	u8 sense[18] = {};	/* fixed format */

	__vscsi_gate_over(cmd);
	/* Invalid field in command information unit */
	scsi_build_sense_buffer(0, sense, ILLEGAL_REQUEST, 0x0e, 0x03);
	vpart_finish(c, iu, vscsi_put_rsp(iu, cmd->tag, SAM_STAT_CHECK_CONDITION, 0, 0, sense,
					  sizeof(sense)));
}

static void vscsi_submit(struct vscsi_tcmd *cmd, struct vpart_call *c)
{
	struct vscsi_session *sess = cmd->sess;
	struct se_cmd *se_cmd = &cmd->se_cmd;
	u32 len = c->out_len + c->in_len;	/* one of them is 0 */
	u8 op = vscsi_op[cmd->cdb[0]];
	u32 mark;

	cmd->dir = c->out_len ? DMA_TO_DEVICE : c->in_len ? DMA_FROM_DEVICE : DMA_NONE;
	if (unlikely((c->out_len && op & VSCSI_OP_IN) || (c->in_len && op & VSCSI_OP_OUT))) {
		vscsi_refuse(cmd, c);
		return;
	}
	/* Of a write without data, LIO must not think that it moves none. */
	if (unlikely(!len && op & VSCSI_OP_OUT))
		cmd->dir = DMA_TO_DEVICE;
	cmd->data.nents = 0;
	if (len) {
		int ret = vpart_map(c, cmd->dir, &cmd->data);

		if (unlikely(ret)) {
			if (ret == -EBUSY)
				ret = vscsi_gate_starve(cmd);
			if (ret == -EBUSY)
				return;
			if (ret)
				goto drop;
		}
	}
	cmd->answered = false;
	cmd->say = VSCSI_SAY_NOTHING;
	cmd->bounce = len;

	memset(se_cmd, 0, sizeof(*se_cmd));
	se_cmd->tag = cmd->tag;
	se_cmd->cpuid = cmd->cpu;
	if (target_init_cmd(se_cmd, sess->se_sess, cmd->sense, cmd->lun, len,
			    vscsi_task_attr(cmd->attr), cmd->dir, TARGET_SCF_USE_CPUID))
		goto drop;
	if (target_submit_prep(se_cmd, cmd->cdb, NULL, 0, NULL, 0, NULL, 0, GFP_NOIO))
		return;		/* LIO has answered and released it */
	mark = vscsi_mark(se_cmd->se_dev);
	if (unlikely(!vscsi_mark_fits(cmd, mark))) {
		vscsi_mark_refuse(cmd, mark);
		return;
	}
	if (len)
		vscsi_set_data(cmd);
	if (unlikely(se_cmd->se_cmd_flags & SCF_COMPARE_AND_WRITE))
		vscsi_caw_prepare(cmd);
	target_submit(se_cmd);
	return;

drop:
	vscsi_drop(cmd);
}

/* Hand a batch of commands, newest first, to LIO. Process context. */
static void vscsi_take(struct llist_node *list)
{
	unsigned int noio = memalloc_noio_save(), flags = current->flags;
	struct vscsi_tcmd *cmd, *next;
	struct blk_plug plug;

	/*
	 * A file behind a LUN is written here: what a client in this kernel has
	 * dirtied is cleaned by it and must not slow it down.
	 */
	current->flags |= PF_LOCAL_THROTTLE;
	list = llist_reverse_order(list);
	blk_start_plug(&plug);
	llist_for_each_entry_safe(cmd, next, list, node) {
		struct vpart_call *c = vpart_priv_call(cmd);

		if (unlikely(cmd->kind == VSCSI_KIND_TMF))
			vscsi_tmr_submit(c);
		else if (unlikely(cmd->kind == VSCSI_KIND_BAD ||
				  READ_ONCE(cmd->sess->draining) ||
				  test_bit(VSCSI_CANCELLED, &cmd->state)))
			vscsi_drop(cmd);
		else if (likely(!vscsi_gate_park(cmd)))
			vscsi_submit(cmd, c);
	}
	blk_finish_plug(&plug);
	current_restore_flags(flags, PF_LOCAL_THROTTLE);
	memalloc_noio_restore(noio);
}

/**
 * vscsi_tq_work() - hand a batch of commands to LIO
 * @work: vscsi_tq.work
 */
void vscsi_tq_work(struct work_struct *work)
{
	struct vscsi_tq *tq = container_of(work, struct vscsi_tq, work);

	vscsi_take(llist_del_all(&tq->list));
}

/* Copy what is needed of the IU: it is gone when request() returns. */
static int vscsi_parse(struct vpart_call *c, struct vscsi_tcmd *cmd)
{
	struct vscsi_command srp;
	int ret;

	if (likely(!(c->flags & VPART_REQ_PRIO))) {
		ret = vscsi_get_cmd(c->iu, c->iu_len, &srp);
		if (unlikely(ret))
			return ret;
		cmd->kind = VSCSI_KIND_CMD;
		cmd->tag = srp.tag;
		cmd->lun = srp.lun;
		cmd->mark = srp.mark;
		cmd->attr = srp.attr;
		memcpy(cmd->cdb, srp.cdb, VSCSI_CDB_SIZE);
		if (unlikely(srp.add_len))
			memcpy(cmd->cdb + VSCSI_CDB_SIZE, srp.add_cdb, srp.add_len);
		if (unlikely(c->out_len && c->in_len))
			return -EPROTO;		/* no bidirectional commands */
	} else {
		ret = vscsi_get_tmf(c->iu, c->iu_len, &cmd->tag, &cmd->lun, &cmd->func,
				    &cmd->task);
		if (ret)
			return ret;
		cmd->kind = VSCSI_KIND_TMF;
	}
	/* LIO finds commands by tag within the session: no two may be alike. */
	if (unlikely(vscsi_tag_queue(cmd->tag) != c->q->index ||
		     vscsi_tag_index(cmd->tag) != c->tag))
		return -EPROTO;
	return 0;
}

static struct vscsi_tq *vscsi_tq(struct vscsi_session *sess, const struct vpart_queue *q,
				 u64 lun)
{
	return &sess->tq[q->index * VSCSI_LANES + (unsigned int)lun % VSCSI_LANES];
}

/**
 * vscsi_queue() - have the worker take a command
 * @cmd: parsed
 *
 * Context: any.
 */
void vscsi_queue(struct vscsi_tcmd *cmd)
{
	struct vscsi_tq *tq = vscsi_tq(cmd->sess, vpart_priv_call(cmd)->q, cmd->lun);

	if (llist_add(&cmd->node, &tq->list))
		queue_work(vscsi_twq, &tq->work);
}

static void vscsi_run_elsewhere(struct vscsi_tq *tq)
{
	struct vscsi_tcmd *cmd, *next;
	struct llist_node *list;

	if (llist_empty(&tq->direct))
		return;
	list = llist_reverse_order(llist_del_all(&tq->direct));
	llist_for_each_entry_safe(cmd, next, list, node)
		vscsi_queue(cmd);
}

/**
 * vscsi_run() - vpart_server_ops.run
 * @q: queue
 * @what: LUN, or VPART_RUN_ELSEWHERE
 */
void vscsi_run(struct vpart_queue *q, u64 what)
{
	struct vscsi_port *port = vpart_get_drvdata(q->end[VPART_SIDE_SERVER]);
	struct vscsi_direct saved;
	struct vscsi_tq *tq;
	unsigned int i;

	if (unlikely(what == VPART_RUN_ELSEWHERE)) {
		for (i = 0; i < VSCSI_LANES; i++)
			vscsi_run_elsewhere(vscsi_tq(port->sess, q, i));
		return;
	}
	tq = vscsi_tq(port->sess, q, what);
	if (llist_empty(&tq->direct))
		return;
	if (unlikely(!vscsi_direct_begin(&saved))) {
		vscsi_run_elsewhere(tq);
		return;
	}
	vscsi_take(llist_del_all(&tq->direct));
	vscsi_direct_end(&saved);
}

/**
 * vscsi_request() - vpart_server_ops.request
 * @c: the call
 */
void vscsi_request(struct vpart_call *c)
{
	struct vscsi_port *port = vpart_get_drvdata(c->q->end[VPART_SIDE_SERVER]);
	struct vscsi_tcmd *cmd = vpart_call_priv(c);

	cmd->sess = port->sess;
	cmd->state = 0;
	cmd->tmr = NULL;
	cmd->cpu = raw_smp_processor_id();
	if (unlikely(vscsi_parse(c, cmd))) {
		pr_warn_ratelimited("%s: malformed request of %u bytes\n", port->a->name,
				    c->iu_len);
		cmd->kind = VSCSI_KIND_BAD;
	}
	/* Behind the tag: see gate.c. */
	smp_store_release(&cmd->over, false);
	if (unlikely(cmd->kind == VSCSI_KIND_TMF && cmd->func == VSCSI_TSK_DETACH))
		vscsi_detach(c);
	else if (c->flags & VPART_REQ_RUN && vscsi_op[cmd->cdb[0]] & VSCSI_OP_DIRECT &&
		 cmd->kind == VSCSI_KIND_CMD && vscsi_is_direct(cmd->sess->tpg, cmd->lun))
		llist_add(&cmd->node, &vscsi_tq(cmd->sess, c->q, cmd->lun)->direct);
	else
		vscsi_queue(cmd);
}

/**
 * vscsi_share() - vpart_server_ops.share: memory is shared out by LUN
 * @c: the call
 */
u32 vscsi_share(struct vpart_call *c)
{
	const struct vscsi_tcmd *cmd = vpart_call_priv(c);

	return cmd->lun;
}

/**
 * vscsi_room() - vpart_server_ops.room
 * @a: adapter
 */
void vscsi_room(struct vpart_adapter *a)
{
	const struct vscsi_port *port = vpart_get_drvdata(a);

	vscsi_gate_feed(port->sess->client);
}

/**
 * vscsi_about() - vpart_server_ops.about
 * @c: the call
 * @about: gets what it is
 */
void vscsi_about(struct vpart_call *c, struct vpart_about *about)
{
	const struct vscsi_tcmd *cmd = vpart_call_priv(c);
	const u8 kind = READ_ONCE(cmd->kind);

	if (kind == VSCSI_KIND_BAD)
		return;
	about->known = true;
	about->lun = READ_ONCE(cmd->lun);
	if (kind == VSCSI_KIND_TMF) {
		about->function = READ_ONCE(cmd->func);
		return;
	}
	memcpy(about->cdb, cmd->cdb, sizeof(about->cdb));
	/* Behind it is what an earlier command had there. */
	about->cdb_len = min_t(unsigned int, vscsi_cdb_len(about->cdb), sizeof(about->cdb));
}

/**
 * vscsi_cancel() - vpart_server_ops.cancel
 * @c: the call
 *
 * A command that LIO has runs to its end: the backing device has the pages; what
 * the client sends next waits for it. One that waits for the worker is dropped by
 * it, one that is parked here. A task management function is answered by nobody
 * any more and LIO goes on with it alone.
 */
void vscsi_cancel(struct vpart_call *c)
{
	struct vscsi_tcmd *cmd = vpart_call_priv(c);

	set_bit(VSCSI_CANCELLED, &cmd->state);
	if (cmd->kind == VSCSI_KIND_TMF ? vscsi_tmr_cancel(c) : vscsi_gate_cancel(cmd))
		vpart_call_put(c);
	else
		vscsi_gate_bar(cmd->sess, cmd, cmd->tag);
}
