// SPDX-License-Identifier: GPL-2.0
/*
 * Task management at the server. LIO answers an ABORT TASK or a LUN reset only
 * when the backing device has let go of the commands, perhaps never. So the
 * function lives in memory of its own, and the client that gives up (after its
 * own limit) gets its call back at once, while LIO goes on.
 *
 * The answer to an ABORT TASK leaves after the aborted command's call was put:
 * LIO waits for that itself. One that is parked (gate.c) is not LIO's to abort.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>

#include "target.h"

static void vscsi_tmr_answer(struct vpart_call *c, u8 code)
{
	struct vscsi_tcmd *cmd = vpart_call_priv(c);
	u8 iu[VSCSI_RSP_IU_SIZE] __aligned(8);

	vpart_finish(c, iu, vscsi_put_tmf_rsp(iu, cmd->tag, code));
}

/* The call of a function that nobody answered yet, or NULL. Once per function. */
static struct vpart_call *vscsi_tmr_take(struct vscsi_tmr *tmr)
{
	struct vscsi_session *sess = tmr->sess;
	struct vpart_call *c;
	unsigned long flags;

	spin_lock_irqsave(&sess->lock, flags);
	c = tmr->call;
	if (c) {
		struct vscsi_tcmd *cmd = vpart_call_priv(c);

		cmd->tmr = NULL;
		tmr->call = NULL;
	}
	spin_unlock_irqrestore(&sess->lock, flags);
	return c;
}

/**
 * vscsi_tmr_cancel() - the client gave up on a function
 * @c: its call
 *
 * Context: any, the call cannot be used again meanwhile.
 * Return: true if the caller now owns the call.
 */
bool vscsi_tmr_cancel(struct vpart_call *c)
{
	struct vscsi_tcmd *cmd = vpart_call_priv(c);
	struct vscsi_session *sess = cmd->sess;
	unsigned long flags;
	bool mine;

	spin_lock_irqsave(&sess->lock, flags);
	mine = cmd->tmr && cmd->tmr->call == c;
	if (mine) {
		cmd->tmr->call = NULL;
		cmd->tmr = NULL;
	}
	spin_unlock_irqrestore(&sess->lock, flags);
	return mine;
}

/**
 * vscsi_tmr_response() - target_core_fabric_ops.queue_tm_rsp
 * @se_cmd: the function's
 */
void vscsi_tmr_response(struct se_cmd *se_cmd)
{
	struct vscsi_tmr *tmr = container_of(se_cmd, struct vscsi_tmr, se_cmd);
	struct vpart_call *c = vscsi_tmr_take(tmr);

	if (!c)
		return;
	switch (se_cmd->se_tmr_req->response) {
	case TMR_FUNCTION_COMPLETE:
	case TMR_TASK_DOES_NOT_EXIST:	/* it ended by itself: as good as aborted */
		vscsi_tmr_answer(c, VSCSI_TMF_COMPLETE);
		break;
	case TMR_TASK_MGMT_FUNCTION_NOT_SUPPORTED:
		vscsi_tmr_answer(c, VSCSI_TMF_NOT_SUPPORTED);
		break;
	default:
		vscsi_tmr_answer(c, VSCSI_TMF_FAILED);
	}
}

static void vscsi_tmr_free(struct vscsi_tmr *tmr)
{
	struct vscsi_session *sess = tmr->sess;
	unsigned long flags;

	spin_lock_irqsave(&sess->lock, flags);
	sess->nr_tmr--;
	spin_unlock_irqrestore(&sess->lock, flags);
	kfree(tmr);
	vscsi_session_put(sess);
}

/**
 * vscsi_tmr_release() - LIO is finished with a function
 * @se_cmd: the function's
 */
void vscsi_tmr_release(struct se_cmd *se_cmd)
{
	struct vscsi_tmr *tmr = container_of(se_cmd, struct vscsi_tmr, se_cmd);
	struct vpart_call *c = vscsi_tmr_take(tmr);

	/* Aborted itself, by a LUN reset: unanswered. */
	if (c)
		vpart_call_put(c);
	vscsi_tmr_free(tmr);
}

/**
 * vscsi_detach() - VSCSI_TSK_DETACH: the client gives a command up
 * @c: call of the function, parsed
 *
 * It asks nothing of LIO, and waits for nothing: so it is answered also when the
 * workers are stuck.
 *
 * Context: any, as vpart_server_ops.request. Owns the call.
 */
void vscsi_detach(struct vpart_call *c)
{
	struct vscsi_tcmd *cmd = vpart_call_priv(c);
	u8 code = VSCSI_TMF_FAILED;
	struct vpart_call *task;

	if (vscsi_tag_queue(cmd->task) == c->q->index) {
		rcu_read_lock();
		task = vpart_call_at(c->q, vscsi_tag_index(cmd->task));
		if (task && !vscsi_gate_drop(cmd->sess, cmd->lun, &cmd->task))
			vscsi_gate_bar(cmd->sess, vpart_call_priv(task), cmd->task);
		rcu_read_unlock();
		code = VSCSI_TMF_COMPLETE;
	}
	WRITE_ONCE(cmd->over, true);
	vscsi_tmr_answer(c, code);
}

/**
 * vscsi_tmr_submit() - hand a task management function to LIO
 * @c: its call, parsed
 *
 * Context: the queue's worker. Owns the call.
 */
void vscsi_tmr_submit(struct vpart_call *c)
{
	struct vscsi_tcmd *cmd = vpart_call_priv(c);
	struct vscsi_session *sess = cmd->sess;
	struct vscsi_tmr *tmr;
	unsigned long flags;
	u8 func, code;
	bool full, gone;

	if (cmd->func == SRP_TSK_ABORT_TASK) {
		func = TMR_ABORT_TASK;
		code = VSCSI_TMF_COMPLETE;
		if (vscsi_gate_drop(sess, cmd->lun, &cmd->task))
			goto answer;
	} else if (cmd->func == SRP_TSK_LUN_RESET) {
		func = TMR_LUN_RESET;
		vscsi_gate_drop(sess, cmd->lun, NULL);
	} else {
		/* LIO answers unknown ones, but not safely */
		code = VSCSI_TMF_NOT_SUPPORTED;
		goto answer;
	}

	code = VSCSI_TMF_FAILED;
	tmr = kzalloc(sizeof(*tmr), GFP_NOIO);
	if (!tmr)
		goto answer;
	tmr->sess = sess;
	tmr->call = c;
	spin_lock_irqsave(&sess->lock, flags);
	full = sess->nr_tmr >= VSCSI_MAX_TMR;
	/* vscsi_cancel() set this before it looked for cmd->tmr, or sees it. */
	gone = sess->draining || test_bit(VSCSI_CANCELLED, &cmd->state);
	if (!full && !gone) {
		sess->nr_tmr++;
		cmd->tmr = tmr;
	}
	spin_unlock_irqrestore(&sess->lock, flags);
	if (full || gone)
		goto free;
	kref_get(&sess->ref);
	tmr->se_cmd.tag = cmd->tag;
	if (target_submit_tmr(&tmr->se_cmd, sess->se_sess, tmr->sense, cmd->lun, tmr, func,
			      GFP_NOIO, cmd->task, 0)) {
		c = vscsi_tmr_take(tmr);
		vscsi_tmr_free(tmr);
		if (c)
			goto answer;
	}
	return;

free:
	kfree(tmr);
	if (gone) {
		vpart_call_put(c);
		return;
	}
answer:
	vscsi_tmr_answer(c, code);
}
