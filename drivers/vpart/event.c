// SPDX-License-Identifier: GPL-2.0
/*
 * Events for listeners: a ring of this kernel, numbered from 1 since the
 * module was loaded (which makes a new boot id).
 *
 * Whoever reads has a cursor; what is no longer in the ring when its turn
 * comes is counted as lost before the next event is given. That holds for
 * dumps and for the multicast alike, so both see the same sequence.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "vpart.h"

uuid_t vpart_boot_id;

/* Guards the ring; irq-safe, innermost */
static DEFINE_SPINLOCK(vpart_ring_lock);
static struct vpart_event *vpart_ring;
static u64 vpart_ring_seq;	/* number of the last event, 0: none */

static u64 vpart_sent = 1;	/* cursor of the multicast; of its work */

static void vpart_ring_work(struct work_struct *work)
{
	unsigned int noio = memalloc_noio_save();
	struct vpart_event ev;
	u64 lost;

	while (vpart_ring_next(&vpart_sent, &ev, &lost)) {
		if (lost)
			vpart_netlink_event(NULL, lost, ev.seq);
		vpart_netlink_event(&ev, 0, ev.seq);
		cond_resched();
	}
	memalloc_noio_restore(noio);
}

static DECLARE_WORK(vpart_ring_task, vpart_ring_work);

/**
 * vpart_notify() - tell the listeners of events
 * @obj: kind of object
 * @id: its id
 * @name: its name
 * @type: what happened to it
 * @fmt: a few words, cut at VPART_EVENT_DETAIL_SIZE
 *
 * Numbered and kept here; sent by a work item, in order.
 *
 * Context: Any, never sleeps.
 */
void vpart_notify(enum vpart_object obj, u32 id, const char *name,
		  enum vpart_event_type type, const char *fmt, ...)
{
	struct vpart_event *ev;
	unsigned long flags;
	va_list args;

	spin_lock_irqsave(&vpart_ring_lock, flags);
	ev = &vpart_ring[++vpart_ring_seq % VPART_RING_SIZE];
	ev->seq = vpart_ring_seq;
	ev->time_ns = ktime_get_real_ns();
	ev->type = type;
	ev->object = obj;
	ev->id = id;
	strscpy(ev->name, name, sizeof(ev->name));
	va_start(args, fmt);
	vsnprintf(ev->detail, sizeof(ev->detail), fmt, args);
	va_end(args);
	spin_unlock_irqrestore(&vpart_ring_lock, flags);

	queue_work(vpart_wq, &vpart_ring_task);
}
EXPORT_SYMBOL_GPL(vpart_notify);

/**
 * vpart_ring_next() - read the next event
 * @cursor: number of the first event not yet read; moved on
 * @ev: gets the event
 * @lost: gets how many were lost between the cursor and it
 *
 * Context: Any, never sleeps.
 * Return: false if there is none yet.
 */
bool vpart_ring_next(u64 *cursor, struct vpart_event *ev, u64 *lost)
{
	unsigned long flags;
	u64 oldest = 1;
	bool ret = false;

	*lost = 0;
	spin_lock_irqsave(&vpart_ring_lock, flags);
	if (vpart_ring_seq > VPART_RING_SIZE)
		oldest = vpart_ring_seq - VPART_RING_SIZE + 1;
	if (*cursor <= vpart_ring_seq) {
		if (*cursor < oldest) {
			*lost = oldest - *cursor;
			*cursor = oldest;
		}
		*ev = vpart_ring[*cursor % VPART_RING_SIZE];
		++*cursor;
		ret = true;
	}
	spin_unlock_irqrestore(&vpart_ring_lock, flags);
	return ret;
}

/**
 * vpart_ring_last() - number of the last event
 *
 * Context: Any.
 * Return: the number, 0 if there was none.
 */
u64 vpart_ring_last(void)
{
	unsigned long flags;
	u64 seq;

	spin_lock_irqsave(&vpart_ring_lock, flags);
	seq = vpart_ring_seq;
	spin_unlock_irqrestore(&vpart_ring_lock, flags);
	return seq;
}

/**
 * vpart_ring_init() - make the ring
 *
 * Context: Process context, module init.
 * Return: 0 or -ENOMEM.
 */
int vpart_ring_init(void)
{
	vpart_ring = kvcalloc(VPART_RING_SIZE, sizeof(*vpart_ring), GFP_KERNEL);
	if (!vpart_ring)
		return -ENOMEM;
	uuid_gen(&vpart_boot_id);
	return 0;
}

/**
 * vpart_ring_exit() - free the ring
 *
 * Context: Process context, nobody notifies any more.
 */
void vpart_ring_exit(void)
{
	cancel_work_sync(&vpart_ring_task);
	kvfree(vpart_ring);
	vpart_ring_seq = 0;
	vpart_sent = 1;
}
