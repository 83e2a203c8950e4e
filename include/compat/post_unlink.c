// SPDX-License-Identifier: GPL-2.0
/*
 * target_core_fabric_ops.fabric_post_unlink, for a kernel that only says when a
 * LU is about to be unlinked. The rest runs when the system call which unlinks
 * it returns: before its caller goes on, as with the real one.
 */
#include <linux/configfs.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

struct compat_unlink {
	struct callback_head head;
	struct se_portal_group *tpg;
	struct se_lun *lun;
	void (*fn)(struct se_portal_group *tpg, struct se_lun *lun);
};

static void compat_unlinked(struct callback_head *head)
{
	struct compat_unlink *u = container_of(head, struct compat_unlink, head);

	u->fn(u->tpg, u->lun);
	config_item_put(&u->lun->lun_group.cg_item);
	config_item_put(&u->tpg->tpg_group.cg_item);
	kfree(u);
}

/**
 * compat_post_unlink() - call a function when a LU has been unlinked
 * @tpg: portal group
 * @lun: its LU, about to be unlinked by this task
 * @fn: what to call
 *
 * Context: a fabric_pre_unlink().
 */
void compat_post_unlink(struct se_portal_group *tpg, struct se_lun *lun,
			void (*fn)(struct se_portal_group *tpg, struct se_lun *lun))
{
	struct compat_unlink *u = kmalloc(sizeof(*u), GFP_KERNEL | __GFP_NOFAIL);

	u->tpg = tpg;
	u->lun = lun;
	u->fn = fn;
	config_item_get(&tpg->tpg_group.cg_item);
	config_item_get(&lun->lun_group.cg_item);
	init_task_work(&u->head, compat_unlinked);
	/* Refused by a task that exits, which unlinks nothing. */
	if (task_work_add(current, &u->head, TWA_RESUME))
		compat_unlinked(&u->head);
}
