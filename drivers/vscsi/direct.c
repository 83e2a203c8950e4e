// SPDX-License-Identifier: GPL-2.0
/*
 * Direct submission: READ and WRITE of a LUN go to LIO in the context of the client
 * that sends them, without a worker in between. An administrator asks for it, LUN by
 * LUN; it needs a client in this kernel whose queuecommand() may sleep, as iblock
 * waits for memory and for its device's requests.
 *
 * So the client's task waits, instead of a worker, when the device is full. What it
 * waits for must not be something that it holds itself, nor may it run out of stack:
 *
 *	its bios	LIO's would be put behind those that the task still has to
 *			submit, and go when it is back there: they are put aside, and
 *			LIO's go down at once. Their memory comes from a pool that only
 *			bios on their way fill again.
 *	its plug	may hold requests of the same device, which nobody sends while
 *			it waits: one that holds any means the worker. A time that it
 *			holds is dropped: the scheduler would look for it in no plug.
 *	its stack	deep in a file system, or in a second LU below the first: less
 *			than half of it left means the worker.
 *
 * All else is the worker's: every other command, what was parked (gate.c), what is
 * sent again when a link returns, and every client in another kernel.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/sched/task_stack.h>
#include <target/target_core_backend.h>

#include "target.h"

/**
 * vscsi_direct_begin() - may LIO be called here?
 * @saved: keeps what the task had under way, for vscsi_direct_end()
 *
 * Context: the client's task, in queuecommand(), which may sleep.
 * Return: true if so. If not, nothing was changed.
 */
bool vscsi_direct_begin(struct vscsi_direct *saved)
{
	const struct blk_plug *plug = current->plug;

	if (plug && (plug_has_requests(plug) || !list_empty(&plug->cb_list)))
		return false;
	if ((unsigned long)&plug - (unsigned long)end_of_stack(current) < THREAD_SIZE / 2)
		return false;
	saved->bios = current->bio_list;
	saved->plug = current->plug;
	blk_plug_invalidate_ts();
	current->bio_list = NULL;
	current->plug = NULL;
	return true;
}

/**
 * vscsi_direct_end() - back to what the task was about
 * @saved: of vscsi_direct_begin()
 */
void vscsi_direct_end(const struct vscsi_direct *saved)
{
	current->plug = saved->plug;
	current->bio_list = saved->bios;
}

static struct se_lun *vscsi_direct_lun(struct vscsi_tpg *tpg, u64 number)
{
	struct se_lun *lun;

	lockdep_assert_held(&tpg->se_tpg.tpg_lun_mutex);
	hlist_for_each_entry(lun, &tpg->se_tpg.tpg_lun_hlist, link)
		if (lun->unpacked_lun == number)
			return lun;
	return NULL;
}

/* Why a LUN cannot be direct, or NULL. */
static const char *vscsi_direct_refused(struct vscsi_tpg *tpg, u64 number)
{
	const struct se_device *dev;
	const struct se_lun *lun;

	lun = vscsi_direct_lun(tpg, number);
	if (!lun)
		return "there is no such LUN";
	dev = rcu_dereference_raw(lun->lun_se_dev);
	if (strcmp(dev->transport->name, "iblock"))
		return "its backstore is not iblock";
	return NULL;
}

/**
 * vscsi_direct_set() - make a LUN direct, or no longer
 * @tpg: portal group
 * @number: LUN
 * @on: which
 *
 * Context: Process context.
 * Return: 0; -EOPNOTSUPP: this kernel's queuecommand() may not sleep; -EINVAL, said
 * why in the log; -ENOMEM.
 */
int vscsi_direct_set(struct vscsi_tpg *tpg, u64 number, bool on)
{
	const char *why;
	int ret;

	if (!on) {
		vscsi_direct_drop(tpg, number);
		return 0;
	}
	if (!VSCSI_HAS_DIRECT)
		return -EOPNOTSUPP;
	/* LIO's; a LUN that is here is dropped behind it. */
	mutex_lock(&tpg->se_tpg.tpg_lun_mutex);
	why = vscsi_direct_refused(tpg, number);
	if (why) {
		pr_err("%s: LUN %llu cannot be direct: %s\n", tpg->tport->name, number, why);
		ret = -EINVAL;
	} else {
		ret = xa_err(xa_store(&tpg->direct, number, xa_mk_value(1), GFP_KERNEL));
	}
	mutex_unlock(&tpg->se_tpg.tpg_lun_mutex);
	return ret;
}

/**
 * vscsi_direct_drop() - a LUN is not direct any more
 * @tpg: portal group
 * @number: LUN
 *
 * Context: Process context.
 */
void vscsi_direct_drop(struct vscsi_tpg *tpg, u64 number)
{
	xa_erase(&tpg->direct, number);
}

/**
 * vscsi_direct_show() - which LUNs are direct
 * @tpg: portal group
 * @page: gets their numbers, one to a line
 *
 * Return: bytes.
 */
ssize_t vscsi_direct_show(struct vscsi_tpg *tpg, char *page)
{
	unsigned long number;
	ssize_t len = 0;
	void *entry;

	xa_for_each(&tpg->direct, number, entry)
		len += sysfs_emit_at(page, len, "%lu\n", number);
	return len;
}
