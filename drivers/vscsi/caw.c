// SPDX-License-Identifier: GPL-2.0
/*
 * COMPARE AND WRITE. LIO carries it out as a read, a comparison and a write,
 * under a semaphore of the device, and hangs the latter two on
 * se_cmd->transport_complete_callback from the beginning. Whatever ends the
 * command without the read calls that too: a unit attention, a reservation, an
 * ALUA state, an abort. The callback then gives back a semaphore that was never
 * taken, so that from then on two may compare at once; or it compares with a
 * buffer that nobody read into, and writes, for a command that is over.
 *
 * So the callback is put in place only when the command is carried out, and what
 * ends it early gives back the semaphore and no more. And as the semaphore may be
 * held for as long as the device keeps a command, nobody waits for it but a
 * worker of that LUN's own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <target/target_core_backend.h>

#include "target.h"

/**
 * struct vscsi_caw_lun - the COMPARE AND WRITE commands of one LUN
 * @list: those that LIO has let through, newest first
 * @work: carries them out, one after the other
 */
struct vscsi_caw_lun {
	struct llist_head	list;
	struct work_struct	work;
};

/* Not success: LIO calls from any context, and the semaphore is held. */
static sense_reason_t vscsi_caw_complete(struct se_cmd *se_cmd, bool success, int *post_ret)
{
	if (!success) {
		up(&se_cmd->se_dev->caw_sem);
		return TCM_NO_SENSE;
	}
	/* It sets another callback when it writes. */
	return to_tcmd(se_cmd)->caw_complete(se_cmd, success, post_ret);
}

static void vscsi_caw_run(struct vscsi_tcmd *cmd)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;
	unsigned long flags;
	sense_reason_t ret;
	bool over;

	spin_lock_irqsave(&se_cmd->t_state_lock, flags);
	over = se_cmd->transport_state & CMD_T_ABORTED;
	spin_unlock_irqrestore(&se_cmd->t_state_lock, flags);
	/* Or nobody waits for it any more. */
	if (over || READ_ONCE(cmd->sess->draining) || test_bit(VSCSI_CANCELLED, &cmd->state)) {
		target_complete_cmd(se_cmd, SAM_STAT_TASK_ABORTED);
		return;
	}

	se_cmd->transport_complete_callback = vscsi_caw_complete;
	ret = cmd->caw_execute(se_cmd);		/* waits for the semaphore */
	if (!ret)
		return;
	/* It has taken the callback away. The rest is what LIO does itself. */
	spin_lock_irqsave(&se_cmd->t_state_lock, flags);
	se_cmd->transport_state &= ~CMD_T_SENT;
	spin_unlock_irqrestore(&se_cmd->t_state_lock, flags);
	transport_generic_request_failure(se_cmd, ret);
}

static void vscsi_caw_work(struct work_struct *work)
{
	struct vscsi_caw_lun *l = container_of(work, struct vscsi_caw_lun, work);
	struct llist_node *list = llist_reverse_order(llist_del_all(&l->list));
	unsigned int noio = memalloc_noio_save();
	struct vscsi_tcmd *cmd, *next;

	llist_for_each_entry_safe(cmd, next, list, node)
		vscsi_caw_run(cmd);
	memalloc_noio_restore(noio);
}

/* In place of LIO's: unit attentions, ALUA and reservations have been looked at. */
static sense_reason_t vscsi_caw_execute(struct se_cmd *se_cmd)
{
	struct vscsi_tcmd *cmd = to_tcmd(se_cmd);

	if (llist_add(&cmd->node, &cmd->caw->list))
		queue_work(vscsi_caw_wq, &cmd->caw->work);
	return TCM_NO_SENSE;
}

/* The same for all sessions of a LUN; it goes with the portal group. */
static struct vscsi_caw_lun *vscsi_caw_lun(struct vscsi_tpg *tpg, u64 lun)
{
	struct vscsi_caw_lun *l = xa_load(&tpg->caws, lun), *old;

	if (l)
		return l;
	l = kzalloc(sizeof(*l), GFP_NOIO);
	if (!l)
		return NULL;
	init_llist_head(&l->list);
	INIT_WORK(&l->work, vscsi_caw_work);
	old = xa_cmpxchg(&tpg->caws, lun, NULL, l, GFP_NOIO);
	if (!old)
		return l;
	kfree(l);
	return xa_is_err(old) ? NULL : old;
}

/* There is no memory for it. */
static sense_reason_t vscsi_caw_busy(struct se_cmd *se_cmd)
{
	return TCM_LUN_BUSY;
}

/**
 * vscsi_caw_prepare() - take LIO's execution of a COMPARE AND WRITE into our hands
 * @cmd: command, prepared by LIO and not yet submitted
 *
 * Context: process.
 */
void vscsi_caw_prepare(struct vscsi_tcmd *cmd)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;

	cmd->caw = vscsi_caw_lun(cmd->sess->tpg, cmd->lun);
	cmd->caw_execute = se_cmd->execute_cmd;
	cmd->caw_complete = se_cmd->transport_complete_callback;
	se_cmd->execute_cmd = cmd->caw ? vscsi_caw_execute : vscsi_caw_busy;
	se_cmd->transport_complete_callback = NULL;
}

/**
 * vscsi_caw_free() - free what a portal group's LUNs had
 * @tpg: portal group without sessions
 */
void vscsi_caw_free(struct vscsi_tpg *tpg)
{
	struct vscsi_caw_lun *l;
	unsigned long lun;

	xa_for_each(&tpg->caws, lun, l) {
		/* Its commands have ended, the worker may still return. */
		flush_work(&l->work);
		kfree(l);
	}
	xa_destroy(&tpg->caws);
}
