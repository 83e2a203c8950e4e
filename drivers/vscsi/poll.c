// SPDX-License-Identifier: GPL-2.0
/*
 * Which queues a host has: one per processor, and if the administrator wants them so
 * many more for what the block layer polls for. Of what is answered there no interrupt
 * tells.
 *
 *	who waits for a command	who finds that it is answered
 *	somebody who polls	he does
 *	who resets, or detaches	he does: at once for a while, then now and then
 *	nobody			the fabric does, twice a second: a command whose task has
 *				gone, an abort, the server's word that a tag is free
 *
 * Else nothing is different. A command that is held while the link is down, or given up
 * by late.c, ends as any other does; who polls for it polls on meanwhile. Nor do timers
 * have to look for answers: none is so short that the fabric is not first.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/wait_bit.h>

#include "host.h"

#define VSCSI_POLL_SPIN		NSEC_PER_MSEC	/* a server's answer, if it is not busy */

/**
 * vscsi_queues() - how many queues a host shall have
 * @a: its adapter
 * @want: gets the numbers
 *
 * Context: any.
 */
void vscsi_queues(const struct vpart_adapter *a, struct vpart_limits *want)
{
	unsigned int cpus = num_online_cpus(), polled = min(vpart_poll_queues(a), cpus);

	want->nr_poll = polled;
	want->nr_queues = min(cpus, VSCSI_MAX_QUEUES - polled) + polled;
}

/**
 * vscsi_map_queues() - scsi_host_template.map_queues: the last are for what is polled for
 * @shost: host
 */
void vscsi_map_queues(struct Scsi_Host *shost)
{
	struct vscsi_host *h = vscsi_shost(shost);
	struct blk_mq_tag_set *set = &shost->tag_set;

	/* Not in a kernel that saves a crash: that has one queue in all. */
	if (set->nr_maps > HCTX_TYPE_POLL) {
		set->map[HCTX_TYPE_DEFAULT].nr_queues = h->nr_hq - h->nr_poll;
		/* Reads go by those too: blk-mq has all of each kind to begin with. */
		set->map[HCTX_TYPE_READ].nr_queues = 0;
		set->map[HCTX_TYPE_POLL].nr_queues = h->nr_poll;
		set->map[HCTX_TYPE_POLL].queue_offset = h->nr_hq - h->nr_poll;
		blk_mq_map_queues(&set->map[HCTX_TYPE_POLL]);
	}
	blk_mq_map_queues(&set->map[HCTX_TYPE_DEFAULT]);
}

/**
 * vscsi_mq_poll() - scsi_host_template.mq_poll: take what is answered
 * @shost: host
 * @hwq: a poll queue
 *
 * Return: how many commands.
 */
int vscsi_mq_poll(struct Scsi_Host *shost, unsigned int hwq)
{
	struct vscsi_host *h = vscsi_shost(shost);

	return vpart_poll(h->hq[hwq].vq, VSCSI_CAN_QUEUE);
}

/* Most answers come at once. False: this one does not. */
static bool vscsi_tmf_spin(struct vscsi_tmf *t)
{
	u64 end = ktime_get_ns() + VSCSI_POLL_SPIN;

	do {
		vpart_poll(t->hq->vq, VSCSI_CAN_QUEUE);
		if (!test_bit_acquire(0, &t->busy))
			return true;
		cpu_relax();
		cond_resched();
	} while (ktime_get_ns() < end);
	return false;
}

/**
 * vscsi_tmf_ended() - wait for the end of a task management function
 * @t: it was sent
 *
 * There may be one for each late command of a poll queue, one after the other: they cannot
 * all wait for the fabric to look, nor for a timer.
 *
 * Context: process context; at most %VSCSI_TMF_LIMIT.
 * Return: true if it has ended.
 */
bool vscsi_tmf_ended(struct vscsi_tmf *t)
{
	const struct vscsi_host *h = t->hq->host;
	bool polled = t->hq - h->hq >= h->nr_hq - h->nr_poll;
	unsigned long end = jiffies + VSCSI_TMF_LIMIT;
	long pause = polled ? 1 : VSCSI_TMF_LIMIT;

	if (polled && vscsi_tmf_spin(t))
		return true;
	do {
		if (polled)
			vpart_poll(t->hq->vq, VSCSI_CAN_QUEUE);
		if (!wait_on_bit_timeout(&t->busy, 0, TASK_UNINTERRUPTIBLE, pause))
			return true;
	} while (time_before(jiffies, end));
	return false;
}
