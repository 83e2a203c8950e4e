/* SPDX-License-Identifier: GPL-2.0 */
/* clusterfs: the events of a mounted node, and those who are told. */
#ifndef _CLUSTERFS_EVENT_H
#define _CLUSTERFS_EVENT_H

#include <linux/clusterfs.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

/* So many events that a node tells of itself are kept. */
#define CFS_RING_SIZE		128U

/* How long the answer of a handler may take, if nobody says, and at most. */
#define CFS_HANDLER_MS		10000U
#define CFS_HANDLER_MS_MAX	600000U
#define CFS_HOLDER_SIZE		32

/* Who is waited for longer than this is named. */
#define CFS_SLOW_CALL		(5 * HZ)

/* When an event that a handler could not take is given to it again. */
#define CFS_HANDLER_AGAIN_MS	100U

/* Is a class one of those that are not stored? */
#define cfs_is_local(class)	((class) >= CFS_EVENT_CLASSES)

/**
 * struct cfs_post - the place of the one handler of a class: no lock, no clock of its own
 * @handler: who has it, NULL: nobody
 * @holder: the same for people, empty: nobody
 * @ms: an answer may take so long
 * @next: the first event that was not handled; 0: there never was a handler
 * @delivery: number of the last that was given to a handler, 0: none
 * @seq: of the event that it was
 * @after: what @next is when that is over
 * @deadline: when it has to be answered, in ms; 0: nothing waits for an answer
 * @handled: deliveries that were answered with 0
 * @failed: with another result
 * @late: not in time
 */
struct cfs_post {
	struct cfs_handler	*handler;
	char			holder[CFS_HOLDER_SIZE];
	unsigned int		ms;
	u64			next;
	u64			delivery;
	u64			seq;
	u64			after;
	u64			deadline;
	u64			handled;
	u64			failed;
	u64			late;
};

/* An event, with what it points to. */
struct cfs_heard {
	struct cfs_event	ev;
	struct cfs_disk_event	d;
};

/* A call of a handler or listener that runs. */
struct cfs_call {
	struct list_head	entry;
	struct task_struct	*task;
};

/* A class at a mount, with its handler. */
struct cfs_desk {
	struct cfs_mount	*m;
	struct cfs_post		post;		/* by cfs_events.lock, as these two */
	struct cfs_handler	*calling;	/* whose code runs now */
	struct task_struct	*caller;
	wait_queue_head_t	idle;		/* it has returned */
	struct work_struct	work;		/* gives out the next */
	struct delayed_work	expire;
	struct cfs_heard	heard;		/* the worker's */
};

/* The events of a mount. */
struct cfs_events {
	spinlock_t		lock;		/* ended, next, ring, and of each desk; innermost */
	bool			ended;		/* nobody is told any more */
	struct work_struct	tell;		/* the ring's, to listeners of netlink */
	u64			told;		/* first that was not; this and the next: its own */
	struct cfs_heard	telling;
	struct work_struct	listen;		/* all, to listeners of this kernel */
	u64			heard[2];	/* stored, local: first that was not, 0: no view */
	struct cfs_heard	hearing;
	u32			replicas;	/* lost, as was told; by cfs_mount.lock */
	unsigned int		fill;		/* as was told: cfs_fill_level(); by the same */
	struct cfs_desk		desk[CFS_EVENT_KINDS];
	u64			next;		/* number of the next of the ring */
	struct cfs_disk_event	ring[CFS_RING_SIZE];
};

/* post.c */
int cfs_post_take(struct cfs_post *p, struct cfs_handler *h, u64 from, char *why);
bool cfs_post_leave(struct cfs_post *p, const struct cfs_handler *h);
u64 cfs_post_begin(struct cfs_post *p, u64 seq, u64 after, u64 now);
bool cfs_post_again(struct cfs_post *p, u64 delivery);
bool cfs_post_expire(struct cfs_post *p, u64 now);
int cfs_post_answer(struct cfs_post *p, u64 delivery, int result);
unsigned int cfs_fill_level(unsigned int was, u32 used, u32 max);
const char *cfs_class_name(unsigned int class);

/* event.c */
struct cfs_events *cfs_events_new(struct cfs_mount *m);
void cfs_events_end(struct cfs_mount *m);
void cfs_events_kick(struct cfs_mount *m);
u64 cfs_events_end_of(struct cfs_mount *m, bool local);
bool cfs_event_next(struct cfs_mount *m, u64 *from, bool local, unsigned int class,
		    struct cfs_heard *heard);
void cfs_event_local(struct cfs_event *ev, const struct cfs_disk_event *d);
void cfs_ring_put(struct cfs_mount *m, struct cfs_disk_event *e);
void __printf(7, 8) cfs_ring_say(struct cfs_mount *m, u8 class, u8 severity, u32 code, u8 type,
				 u64 object, const char *fmt, ...);
u64 cfs_ring_copy(struct cfs_mount *m, struct cfs_disk_event *e, u64 *end);
void cfs_replicas_say(struct cfs_mount *m);
void cfs_capacity_say(struct cfs_mount *m, u32 used);

/* handler.c */
void cfs_call_begin(struct cfs_call *call);
void cfs_call_end(struct cfs_call *call);
void cfs_desk_init(struct cfs_mount *m, struct cfs_desk *d);
void cfs_desk_end(struct cfs_desk *d);
int __must_check cfs_handler_add(struct cfs_mount *m, struct cfs_handler *h, u64 from, char *why);

/* listener.c */
void cfs_listen_wait(struct cfs_mount *m);
void cfs_listen_from(struct cfs_mount *m);
void cfs_listen_work(struct work_struct *work);

/* netlink_handler.c */
void cfs_nl_tell_local(const struct cfs_event *ev);

#endif /* _CLUSTERFS_EVENT_H */
