/* SPDX-License-Identifier: GPL-2.0 */
/* vscsi_host: what its files share. */
#ifndef _VSCSI_HOST_H
#define _VSCSI_HOST_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

#include "name.h"

/* A power of 2: then the block layer finds a free tag in the fewest words. */
#define VSCSI_CAN_QUEUE		128
#define VSCSI_INQ_TAG		VSCSI_CAN_QUEUE	/* not blk-mq's: see inquiry.c */
/* In place of tags that the server still has of commands that were given up: late.c */
#define VSCSI_SPARE_TAG		(VSCSI_CAN_QUEUE + 1)
#define VSCSI_SPARES		32
/* Tags per queue, the most and the least to do with */
#define VSCSI_DEPTH		(VSCSI_SPARE_TAG + VSCSI_SPARES + VPART_PRIO_TAGS)
#define VSCSI_DEPTH_MIN		(VSCSI_SPARE_TAG + VPART_PRIO_TAGS)
#define VSCSI_MAX_QUEUES	64
#define VSCSI_MAX_SEGS		256
#define VSCSI_MAX_DATA		(1U << 20)
#define VSCSI_TMF_LIMIT		(3 * HZ)
#define VSCSI_INQ_SIZE		252
#define VSCSI_TMO_OFF		(-1)	/* one of rport.c's time-outs */

/**
 * enum vscsi_state - what happens to a command that arrives
 * @VSCSI_BLOCKED: link down, path loss limit runs: held, or failed if it asks
 *	for fast failure, and that is due
 * @VSCSI_CHECK: link up, LUNs not yet known to be the same: as BLOCKED
 * @VSCSI_UP: sent
 * @VSCSI_LOST: link down for longer than the path loss limit: failed
 * @VSCSI_GONE: the adapter is going away: failed
 */
enum vscsi_state {
	VSCSI_BLOCKED,
	VSCSI_CHECK,
	VSCSI_UP,
	VSCSI_LOST,
	VSCSI_GONE,
};

/**
 * enum vscsi_lu_state - may a LUN be sent commands while the link is up?
 * @VSCSI_LU_SAME: it is the one that was scanned, in this session
 * @VSCSI_LU_OLD: it was in an earlier one, or was never asked: no
 * @VSCSI_LU_SILENT: it did not say which one it is: as if its link were down
 * @VSCSI_LU_GONE: the server has it no longer, or another one at its number, or
 *	dev_loss_tmo is over: to be removed
 * @VSCSI_LU_NONE: that of a device without a struct vscsi_lu, which comes or goes
 */
enum vscsi_lu_state {
	VSCSI_LU_SAME,
	VSCSI_LU_OLD,
	VSCSI_LU_SILENT,
	VSCSI_LU_GONE,
	VSCSI_LU_NONE,
};

/* Bits of struct vscsi_host.todo, of all LUNs, and rows of todo_lun, of those named */
#define VSCSI_TODO_LUNS		0	/* compare the LUNs with the server's */
#define VSCSI_TODO_CAPACITY	1	/* read the capacities again */
#define VSCSI_TODOS		2

/* One round that a LUN held up for long must not keep what others say for minutes. */
#define VSCSI_PACE_LONGEST	(20UL * HZ)

/**
 * struct vscsi_pace - how often a server may have us do something
 * @at: jiffies, not before
 * @pause: the last one
 */
struct vscsi_pace {
	unsigned long	at;
	unsigned long	pause;
};

/**
 * vscsi_pace_delay() - how long to wait
 * @p: pace
 * @now: jiffies
 *
 * Return: jiffies, 0 if it may be done at once.
 */
static inline unsigned long vscsi_pace_delay(const struct vscsi_pace *p, unsigned long now)
{
	unsigned long at = READ_ONCE(p->at);

	return time_before(now, at) ? at - now : 0;
}

/**
 * vscsi_pace_done() - it was done
 * @p: pace
 * @start: jiffies when that began
 * @end: and when it ended
 * @share: of so many times as long is the pause, or longer, but for %VSCSI_PACE_LONGEST
 * @least: the shortest pause
 * @most: while one follows the other, each pause is twice the last, up to this
 */
static inline void vscsi_pace_done(struct vscsi_pace *p, unsigned long start, unsigned long end,
				   unsigned int share, unsigned long least, unsigned long most)
{
	bool again = time_before_eq(start, p->at + p->pause);

	p->pause = again ? clamp(2 * p->pause, least, most) : least;
	WRITE_ONCE(p->at, end + max(p->pause, min(share * (end - start), VSCSI_PACE_LONGEST)));
}

/**
 * struct vscsi_tmf - one reserved tag of a queue
 * @req: bus request
 * @iu: request IU
 * @rsp: response IU
 * @hq: its queue
 * @busy: bit 0: from start to @req.done, which wakes who waits for it
 * @limit: cancels a function that nobody waits for
 * @deadline: jiffies when it does
 * @func: SRP_TSK_*
 * @result: VSCSI_TMF_* or an errno
 */
struct vscsi_tmf {
	struct vpart_req	req;
	struct srp_tsk_mgmt	iu;
	u8			rsp[sizeof(struct srp_rsp) + 4];
	struct vscsi_hq		*hq;
	unsigned long		busy;
	struct delayed_work	limit;
	unsigned long		deadline;
	u8			func;
	int			result;
};

/* Which reserved tag is for what: aborts never starve a reset. */
#define VSCSI_TMF_ABORT		0
#define VSCSI_TMF_RESET		1
static_assert(VPART_PRIO_TAGS == 2);

/**
 * struct vscsi_hq - one hardware queue
 * @vq: the bus's queue
 * @host: back pointer
 * @spares: how many spare tags there are in this epoch
 * @spare: those in use
 * @tmf: its reserved tags
 */
struct vscsi_hq {
	struct vpart_queue	*vq;
	struct vscsi_host	*host;
	unsigned int		spares;
	DECLARE_BITMAP(spare, VSCSI_SPARES);
	struct vscsi_tmf	tmf[VPART_PRIO_TAGS];
};

/**
 * struct vscsi_inq - an INQUIRY of the driver's own, one at a time
 * @req: bus request
 * @mutex: guards all but @busy, and @data while it is looked at
 * @sg: @data
 * @gen: generation of the last tag
 * @mark: of the LU that answered last, or 0: the server did not say
 * @tag: SRP tag of the current use
 * @busy: bit 0: from start to @req.done, which wakes who waits for it
 * @rsp: response IU
 * @iu: request IU
 * @data: what the server said
 */
struct vscsi_inq {
	struct vpart_req	req;
	struct mutex		mutex;	/* see above */
	struct scatterlist	sg;
	u32			gen;
	u32			mark;
	u64			tag;
	unsigned long		busy;
	u8			rsp[VSCSI_RSP_IU_SIZE] __aligned(4);
	u8			iu[VSCSI_CMD_IU_SIZE] __aligned(8);
	u8			data[VSCSI_INQ_SIZE] ____cacheline_aligned;
};

/**
 * struct vscsi_host - a client's end of an adapter pair, as a SCSI host
 * @a: the adapter
 * @shost: the SCSI host
 * @hq: hardware queues
 * @nr_hq: how many
 * @nr_poll: of them, the last so many are for what blk-mq polls for
 * @state: enum vscsi_state; read without lock on the hot path, where an old
 *	value does no harm: the bus refuses what comes too late
 * @watched: @late is queued or runs, or there is no use in it
 * @lock: guards changes of @state, @epoch, @held and @nr_held. Taken in any
 *	context; no other lock is taken inside
 * @epoch: of the bus
 * @fenced: what was sent in this epoch cannot be carried out any more; guarded by @lock,
 *	as the next three
 * @untold: nobody could tell
 * @hold: then it is held until somebody can: see proof.c
 * @told: and the log says so, since the link was lost
 * @held: commands kept for the link's return
 * @nr_held: how many
 * @dma_alignment: mask of the link's limits
 * @caps: VPART_CAP_* of the link
 * @runs: the server may have queuecommand()'s context, which sleeps
 * @todo: VSCSI_TODO_*
 * @todo_lun: the same of LUNs that the server named, by number
 * @resume: sends the held commands
 * @check: compares the LUNs' identities after the link's return
 * @anew: that of LUNs that the server has said to be others, while the link is up
 * @scan: adds and removes LUNs, as often as @scan_pace lets it
 * @scan_pace: of what the server has us look at
 * @look: has @scan look at all LUNs, for want of a name
 * @looked: jiffies when it has done so last
 * @look_took: jiffies that it took
 * @late: looks after commands that the server does not end
 * @looks: how often it has looked
 * @fence: asks whether the server still has commands of a link that is down
 * @rport: /sys/class/srp_remote_ports, or NULL: the other end is in this kernel
 * @port: its device there
 * @reconnect_delay: seconds
 * @fast_io_fail: seconds, or VSCSI_TMO_OFF; as the next, guarded by @lock, and
 *	without an @rport never changed
 * @dev_loss: the same
 * @down_at: jiffies when the link was lost
 * @loss: the path loss limit; queued and cancelled with @lock held, as @state says
 * @loss_at: jiffies of its end: a work that was late must not end the next one
 * @overdue: it is over; guarded by @lock, as the next three
 * @fast: what asks for fast failure fails: @fast_io_fail is over
 * @removed: the LUNs were removed, or never there: @dev_loss is over
 * @silent: a LUN may be VSCSI_LU_SILENT, so the clocks of the loss go on
 * @fast_fail: ends @fast_io_fail; queued and cancelled as @loss
 * @dev_gone: ends @dev_loss; the same
 * @again: looks at silent LUNs
 * @up_wait: woken when @epoch changes
 * @tmf_mutex: one task management function that is waited for at a time
 * @inq: asks about LUNs
 * @lus: devices that have a struct vscsi_lu, by LUN
 * @attention: by LUN, what the server says, and what commands brought: see notice.c
 * @attend: tells of it, as often as @attend_pace lets it
 * @attend_pace: of what the server has us say
 * @event_log: limits messages about events that are of no use
 * @bad_log: limits messages about malformed answers
 * @lu_log: limits messages about LUNs that do not say who they are, and then do
 * @timeout_log: limits messages about timeouts
 * @timeouts: commands whose timer fired
 * @aborts: of these, sent an ABORT TASK
 * @detached: commands that were given up, the server still having them
 * @resets: resets of a LUN or of the whole, asked for by a person or the midlayer
 * @bad: malformed IUs from the server
 * @event_losses: times that all LUNs were looked at: a login, or lost events
 */
struct vscsi_host {
	struct vpart_adapter	*a;
	struct Scsi_Host	*shost;
	struct vscsi_hq		*hq;
	unsigned int		nr_hq;
	unsigned int		nr_poll;
	enum vscsi_state	state;
	bool			watched;
	spinlock_t		lock;
	u32			epoch;
	bool			fenced;
	bool			untold;
	bool			hold;
	bool			told;
	struct list_head	held;
	unsigned int		nr_held;
	u32			dma_alignment;
	u32			caps;
	bool			runs;
	unsigned long		todo;
	unsigned long		todo_lun[VSCSI_TODOS][BITS_TO_LONGS(VSCSI_MAX_LUN)];
	struct work_struct	resume;
	struct work_struct	check;
	struct work_struct	anew;
	struct delayed_work	scan;
	struct vscsi_pace	scan_pace;
	struct delayed_work	look;
	unsigned long		looked;
	unsigned long		look_took;
	struct delayed_work	late;
	u32			looks;
	struct delayed_work	fence;
	struct srp_rport	*rport;
	struct device		*port;
	unsigned int		reconnect_delay;
	int			fast_io_fail;
	int			dev_loss;
	unsigned long		down_at;
	struct delayed_work	loss;
	unsigned long		loss_at;
	bool			overdue;
	bool			fast;
	bool			removed;
	bool			silent;
	struct delayed_work	fast_fail;
	struct delayed_work	dev_gone;
	struct delayed_work	again;
	wait_queue_head_t	up_wait;
	struct mutex		tmf_mutex;
	struct vscsi_inq	inq;
	struct xarray		lus;
	struct xarray		attention;
	struct delayed_work	attend;
	struct vscsi_pace	attend_pace;
	struct ratelimit_state	event_log;
	struct ratelimit_state	bad_log;
	struct ratelimit_state	lu_log;
	struct ratelimit_state	timeout_log;
	atomic_t		timeouts;
	atomic_t		aborts;
	atomic_t		detached;
	atomic_t		resets;
	atomic_t		bad;
	atomic_t		event_losses;
};

/**
 * struct vscsi_lu - per scsi_device, at hostdata, which changes under host.lock
 * @lun: wire form
 * @state: written by the works that look at LUNs, under host.lock; never VSCSI_LU_OLD
 * @passes: the epoch in which it is known to be the same: its commands pass in no other.
 *	0: in none. Written as @state; read without lock on the hot path
 * @mark: by which the server knows it, or 0. Written as @state; an old one does no
 *	harm: the server refuses a command that is meant for another LU
 * @known: @name was asked for; guarded by host.lock
 * @name: which LU it is, from before it was anybody's disk. Never changes then: the
 *	midlayer's copy of the page does, with each rescan
 */
struct vscsi_lu {
	struct scsi_lun		lun;
	enum vscsi_lu_state	state;
	u32			passes;
	u32			mark;
	bool			known;
	struct vscsi_name	name;
};

/**
 * struct vscsi_pdu - per scsi_cmnd
 * @req: bus request
 * @node: on host.held
 * @tag: SRP tag of the current use
 * @gen: generation for the next one
 * @held: on host.held; guarded by host.lock, as the next
 * @unknown: of one that is held: the server has had it
 * @epoch: of the bus, when it was sent
 * @sent: with the bus, until its done
 * @start: jiffies when it was sent, or could not be for want of a tag
 * @looks: host.looks then
 * @late: to be given up: its path is as good as lost
 * @rsp: response IU
 * @iu: request IU
 */
struct vscsi_pdu {
	struct vpart_req	req;
	struct list_head	node;
	u64			tag;
	u32			gen;
	u32			epoch;
	bool			held;
	bool			unknown;
	bool			sent;
	bool			late;
	u32			looks;
	unsigned long		start;
	u8			rsp[VSCSI_RSP_IU_SIZE] __aligned(4);
	u8			iu[VSCSI_CMD_IU_SIZE] __aligned(8);
};

static inline struct scsi_cmnd *vscsi_pdu_cmnd(struct vscsi_pdu *p)
{
	return (struct scsi_cmnd *)p - 1;
}

static inline struct vscsi_host *vscsi_shost(struct Scsi_Host *shost)
{
	return shost_priv(shost);
}

static inline struct vscsi_lu *vscsi_pdu_lu(struct vscsi_pdu *p)
{
	return vscsi_pdu_cmnd(p)->device->hostdata;
}

/*
 * May a LUN that is up be sent commands? Its number leads to the LU that it was scanned
 * with, and that was found out in this session, whatever the midlayer thinks of the
 * device meanwhile: offline, or blocked. An old epoch does no harm, as host.state.
 */
static inline bool vscsi_lu_passes(const struct vscsi_host *h, const struct vscsi_lu *lu)
{
	return READ_ONCE(lu->passes) == READ_ONCE(h->epoch);
}

/* @p is held no longer; nothing else has become of it. */
static inline void vscsi_unhold(struct vscsi_host *h, struct vscsi_pdu *p)
{
	lockdep_assert_held(&h->lock);
	list_del_init(&p->node);
	p->held = false;
	h->nr_held--;
}

/* @p is held, behind @after: a held one, or the head of the list. */
static inline void vscsi_keep(struct vscsi_host *h, struct vscsi_pdu *p, struct list_head *after)
{
	lockdep_assert_held(&h->lock);
	list_add(&p->node, after);
	p->held = true;
	h->nr_held++;
}

/*
 * Does a command end when we say so? Not where the server has our pages, nor where another
 * one would let pass what comes later.
 */
static inline bool vscsi_may_detach(const struct vscsi_host *h)
{
	return READ_ONCE(h->state) == VSCSI_UP && !READ_ONCE(h->hold) &&
	       !(READ_ONCE(h->caps) & VPART_CAP_ZERO_COPY);
}

/* The server has said what nobody may say. */
#define vscsi_bad(h, fmt, ...) do {							\
	struct vscsi_host *_h = (h);							\
											\
	atomic_inc(&_h->bad);								\
	if (__ratelimit(&_h->bad_log))							\
		shost_printk(KERN_WARNING, _h->shost, fmt, ##__VA_ARGS__);		\
} while (0)

/* host.c */
extern struct workqueue_struct *vscsi_wq;	/* commands go on by these */
extern struct workqueue_struct *vscsi_wait_wq;
extern struct workqueue_struct *vscsi_scan_wq;
void vscsi_fail(struct vscsi_pdu *p, int host_byte);
void vscsi_fail_held(struct vscsi_host *h, struct scsi_device *sdev, int host_byte);
void vscsi_set_up(struct vscsi_host *h, u32 epoch);
void vscsi_resume(struct work_struct *work);
const char *vscsi_state_name(enum vscsi_state state);
int vscsi_probe(struct vpart_adapter *a);

/* host_sysfs.c */
extern const struct attribute_group *vscsi_shost_groups[];

/* proof.c */
bool vscsi_open(const struct vscsi_host *h, const struct vscsi_pdu *p);
bool vscsi_once_only(const struct vscsi_host *h, struct vscsi_pdu *p);
bool vscsi_may_land(const struct vscsi_host *h, struct vscsi_pdu *p);
bool vscsi_must_prove(const struct vscsi_host *h, struct vscsi_pdu *p);
unsigned int vscsi_unproven(struct vscsi_host *h);
void vscsi_proof_say(struct vscsi_host *h);
void vscsi_proof_drop(struct vscsi_host *h);
void vscsi_proof_up(struct vscsi_host *h);
void vscsi_fence(struct work_struct *work);
int vscsi_proof_word(struct vscsi_host *h);
void vscsi_proof_policy(struct vscsi_host *h, bool hold);

/* rport.c */
int vscsi_rport_attach(void);
void vscsi_rport_detach(void);
void vscsi_rport_init(struct vscsi_host *h);
void vscsi_rport_transport(struct vscsi_host *h);
int vscsi_rport_add(struct vscsi_host *h);
void vscsi_rport_del(struct vscsi_host *h);
void vscsi_clocks_start(struct vscsi_host *h);
void vscsi_clocks_silent(struct vscsi_host *h);
void vscsi_clocks_stop(struct vscsi_host *h);
void vscsi_clocks_again(struct vscsi_host *h);
bool vscsi_dev_lost(struct vscsi_host *h);

/* eh.c */
int vscsi_tmf_init(struct vscsi_host *h);
void vscsi_tmf_exit(struct vscsi_host *h);
int vscsi_tmf_wait(struct vscsi_host *h, struct vscsi_hq *hq, u8 func,
		   const struct scsi_lun *lun, u64 task);
enum scsi_timeout_action vscsi_timed_out(struct scsi_cmnd *sc);
int vscsi_eh_abort(struct scsi_cmnd *sc);
int vscsi_eh_device_reset(struct scsi_cmnd *sc);
int vscsi_eh_target_reset(struct scsi_cmnd *sc);
int vscsi_eh_host_reset(struct scsi_cmnd *sc);

/* late.c */
void vscsi_late(struct work_struct *work);
void __vscsi_watch(struct vscsi_host *h);
int vscsi_send_spare(struct vscsi_hq *hq, struct vscsi_pdu *p);
void vscsi_spare_put(struct vscsi_host *h, struct vscsi_hq *hq, u32 tag);

/* A command was sent; has somebody an eye on it? */
static inline void vscsi_watch(struct vscsi_host *h)
{
	/* Behind vpart_submit(), which is a full barrier: pairs with vscsi_late(). */
	if (unlikely(!READ_ONCE(h->watched)))
		__vscsi_watch(h);
}

/* poll.c */
void vscsi_queues(const struct vpart_adapter *a, struct vpart_limits *want);
void vscsi_map_queues(struct Scsi_Host *shost);
int vscsi_mq_poll(struct Scsi_Host *shost, unsigned int hwq);
bool vscsi_tmf_ended(struct vscsi_tmf *t);

/* inquiry.c */
void vscsi_inq_init(struct vscsi_host *h);
int vscsi_inquiry(struct vscsi_host *h, const struct scsi_lun *lun, u8 page);

/* lu.c */
enum vscsi_lu_state vscsi_lu_state(struct vscsi_host *h, struct scsi_device *sdev);
enum vscsi_lu_state vscsi_lu_set(struct vscsi_host *h, struct scsi_device *sdev,
				 enum vscsi_lu_state state, u32 epoch);
bool vscsi_lu_stop(struct vscsi_host *h, struct scsi_device *sdev, u32 mark);
struct scsi_device *vscsi_lu_next(struct vscsi_host *h, unsigned long *lun);
bool vscsi_lu_name(struct vscsi_host *h, struct scsi_device *sdev, struct vscsi_name *name);
int vscsi_lu_compare(struct vscsi_host *h, struct scsi_device *sdev,
		     const struct vscsi_name *was, const char **why);
int vscsi_lu_identify(struct vscsi_host *h, struct scsi_device *sdev);
int vscsi_sdev_init(struct scsi_device *sdev);
void vscsi_sdev_destroy(struct scsi_device *sdev);

/* scan.c */
void vscsi_scan_init(struct vscsi_host *h);
void vscsi_scan_exit(struct vscsi_host *h);
void vscsi_scan_later(struct vscsi_host *h);
bool vscsi_same_link(struct vscsi_host *h, u32 epoch);
void vscsi_rescan(struct vscsi_host *h, unsigned int todo);
void vscsi_rescan_lun(struct vscsi_host *h, u64 lun);
void vscsi_unit_attention(struct vscsi_host *h, struct scsi_device *sdev, const u8 *sense, u8 len);
void vscsi_event(struct vpart_adapter *a, u64 seq, const void *iu, u16 len);
void vscsi_event_lost(struct vpart_adapter *a);

/* notice.c */
void vscsi_notice_init(struct vscsi_host *h);
void vscsi_notice_exit(struct vscsi_host *h);
void vscsi_notice(struct vscsi_host *h, u64 lun, enum vscsi_attention what, bool came);
void vscsi_notice_other(struct vscsi_host *h, u64 lun);
void vscsi_notice_login(struct vscsi_host *h);
void vscsi_attend_soon(struct vscsi_host *h);

#endif /* _VSCSI_HOST_H */
