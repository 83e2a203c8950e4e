/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vpart_shm: what its files share.
 *
 *	struct shm_dev		a PCI device, bound to this driver
 *	struct shm_end		one end of a link; has the device from the link's
 *				open() until its close(), or until it is removed
 *	struct shm_session	one login
 *	struct shm_queue	a queue of it: two rings
 *
 * Who looks at the segment: in a session, each queue's tasklet, or whoever else
 * runs the queue (shm_queue.c); all that is not a queue's, the end's work "look"
 * (shm_end.c), which also is the pulse; and the link's work while it logs in.
 *
 * Locks, outermost first: shm_mutex; end->mutex; queue->tx_lock; end->lock.
 * session->pool_lock is taken inside of no other and has none inside. The bus's
 * locks are inside of all.
 */
#ifndef _VPART_SHM_H
#define _VPART_SHM_H

#include <linux/interrupt.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "auth.h"
#include "proto.h"
#include "proto_iu.h"
#include "proto_login.h"
#include "shm_layout.h"
#include "shm_ring.h"
#include "vpart.h"

#define SHM_TICK		(HZ / 2)	/* the pulse */
#define SHM_HURRY_MAX		64		/* looks between two of them, by interrupts */
#define SHM_DEAD_TIME		(5 * HZ)	/* the other side's pulse has stopped */
#define SHM_LOGIN_TIME		(5 * HZ)	/* a login, in all */
#define SHM_DRAIN_TIME		(2 * HZ)	/* a login waits for the last session */
#define SHM_RUN_BUDGET		64		/* entries that a queue takes in one go */
#define SHM_RUN_BYTES		(256 * 1024)	/* bytes that it copies in one go, roughly */
#define SHM_VECTORS_MAX		VPART_QUEUES_MAX

struct shm_end;
struct shm_session;

/* ---- devices: shm_pci.c ---- */

/**
 * struct shm_dev - a PCI device with a segment
 * @entry: in shm_devs, under shm_mutex
 * @pdev: the device
 * @regs: BAR 0
 * @mem: BAR 2
 * @size: bytes of it
 * @vectors: interrupts; 0: it has none, so no link can use it
 * @end: who uses it, or NULL; under shm_mutex
 */
struct shm_dev {
	struct list_head	entry;
	struct pci_dev		*pdev;
	void __iomem		*regs;
	void			*mem;
	u64			size;
	unsigned int		vectors;
	struct shm_end		*end;
};

extern struct mutex shm_mutex;		/* shm_devs and who uses them */

int shm_pci_register(void);
void shm_pci_unregister(void);
struct shm_dev *shm_dev_find(const char *address, struct netlink_ext_ack *extack);

/* ---- queues: shm_queue.c ---- */

/* struct shm_queue.run */
#define SHM_RUN_BUSY		0	/* somebody takes entries out */
#define SHM_RUN_AGAIN		1	/* and shall look once more */

/**
 * struct shm_queue - a queue of a session
 * @sess: session
 * @vq: queue of the bus
 * @index: its number
 * @run: SHM_RUN_*
 * @rx: what the other side sends; of who set SHM_RUN_BUSY
 * @copied: bytes copied since the queue was entered; the same
 * @event_lost: the entry being taken says that events are lost; the same
 * @polled: the bus's driver looks by itself, and nobody is to tell us. Entries are taken
 *	in process context only, by who polls and by @work: the block layer has that so
 * @unasked: of a polled one: what it would have asked for; as @rx
 * @rx_bytes: bytes received; the same
 * @commands: requests; of the client under @tx_lock, of the server as @rx
 * @iu: private copy of an IU; as @rx
 * @tasklet: runs the queue after an interrupt
 * @work: the same where memory has to be waited for; of a polled one at each pulse
 * @tx_lock: guards what follows, and of each request whether it was sent
 * @tx: what we send
 * @tx_bytes: bytes sent
 * @dropped: of a polled one: requests that were given up before they were sent, for @work
 */
struct shm_queue {
	struct shm_session	*sess;
	struct vpart_queue	*vq;
	u32			index;
	unsigned long		run;
	struct shm_cons		rx;
	u32			copied;
	bool			event_lost;
	bool			polled;
	__le32			unasked;
	u64			rx_bytes;
	u64			commands;
	u8			iu[VPART_WIRE_IU_MAX] __aligned(8);
	struct tasklet_struct	tasklet;
	struct work_struct	work;

	spinlock_t		tx_lock ____cacheline_aligned;	/* see above */
	struct shm_prod		tx;
	u64			tx_bytes;
	struct list_head	dropped;
} ____cacheline_aligned;

/* ---- sessions: shm_session.c ---- */

/* struct shm_session.flags */
#define SHM_SESSION_DEAD	0	/* it is over; nothing is sent or taken */
#define SHM_SESSION_JOINED	1	/* the other side has been seen in it */

/**
 * struct shm_session - one login
 * @end: end of the link
 * @id: lower half of its number, not 0
 * @flags: SHM_SESSION_*
 * @error: why it ends: enum vpart_wire_error, or a negative errno
 * @layout: of the segment
 * @ack: what was granted
 * @bell: the other side's device, as the doorbell wants it
 * @bells: interrupts that the other side takes
 * @nr: queues in use
 * @told: of them, the first so many are told of entries; the others are polled
 * @queue: they
 * @begun: jiffies of its beginning
 * @changes: the other side's instance
 *
 * A client's:
 * @pool_lock: guards what follows
 * @pool: blocks that are free
 * @waiting: requests that wait for blocks, in order
 *
 * A server's:
 * @used: bit n: block n is in a call
 * These are under the tx_lock of queue 0:
 * @ev_number: of the last event
 * @ev_entry: of each slot, the number of the entry that used it last
 * @ev_next: slot that is used next
 * @ev_sent: slots in use
 * @lost_entry: number of the last EVENT_LOST's entry
 * @lost_sent: it may not have been taken yet
 *
 * Of the end's work "look":
 * @stamp: of the NOP that was not answered
 * @pinged: there is one
 */
struct shm_session {
	struct shm_end		*end;
	u32			id;
	unsigned long		flags;
	int			error;
	struct shm_layout	layout;
	struct vpart_init_ack	ack;
	u32			bell;
	u32			bells;
	u32			nr;
	u32			told;
	struct shm_queue	*queue;
	unsigned long		begun;
	unsigned int		changes;

	spinlock_t		pool_lock;	/* see above */
	struct shm_pool		pool;
	struct list_head	waiting;

	unsigned long		*used;
	u64			ev_number;
	u32			ev_entry[SHM_EVENT_SLOTS];
	u32			ev_next;
	u32			ev_sent;
	u32			lost_entry;
	bool			lost_sent;

	u32			stamp;
	bool			pinged;
};

/* ---- mailboxes: shm_mail.c, shm_login.c, shm_accept.c, shm_close.c ---- */

/**
 * struct shm_mail - one side's half of a handshake
 * @rules: what may come
 * @seq: of the next PDU that is sent
 * @sent: turn of what was sent last; 0: nothing
 * @seen: turn of what was read last
 * @hdr: header of that
 * @rx: the PDU
 * @tx: the PDU that was sent last
 */
struct shm_mail {
	struct vpart_wire_rules	rules;
	u32			seq;
	u32			sent;
	u32			seen;
	struct vpart_hdr	hdr;
	u8			rx[SHM_PDU_MAX] __aligned(8);
	u8			tx[SHM_PDU_MAX] __aligned(8);
};

enum shm_hs_phase {
	SHM_HS_NONE,	/* INIT may come */
	SHM_HS_AUTH,	/* AUTH is to come */
	SHM_HS_LOGIN,	/* LOGIN is to come */
	SHM_HS_READY,	/* the link shall log in */
	SHM_HS_TAKEN,	/* it does */
	SHM_HS_RUN,	/* the session runs: CLOSE_SESSION may come */
};

/**
 * struct shm_hs - a server's handshake; all under end->mutex
 * @phase: enum shm_hs_phase
 * @taking: the link logs in with one that was taken, perhaps not the one of @phase
 * @since: jiffies when READY was entered
 * @mail: what comes and goes
 * @init: what the client asked for
 * @ack: what it was granted
 * @init_pdu: as it came
 * @ack_pdu: as it was sent
 * @login: IU of LOGIN
 * @login_len: its length
 */
struct shm_hs {
	u8			phase;
	bool			taking;
	unsigned long		since;
	struct shm_mail		mail;
	struct vpart_init	init;
	struct vpart_init_ack	ack;
	u8			init_pdu[VPART_HS_INIT];
	u8			ack_pdu[VPART_HS_INIT];
	u8			login[VPART_WIRE_IU_MAX];
	u16			login_len;
};

/* ---- ends: shm_end.c ---- */

/* struct shm_close.flags */
#define SHM_CLOSE_BUSY		0	/* client: somebody asks */
#define SHM_CLOSE_OPEN		1	/* asked, and not answered */

/**
 * struct shm_close - a CLOSE_SESSION, over the session that runs: shm_close.c
 * @flags: SHM_CLOSE_*
 * @askers: a client's: who is in shm_close_ask(); under end->lock
 * @result: a client's: enum vpart_close or an errno; valid when not OPEN
 * @what: a server's: the session that is to end; under end->mutex, as what follows
 * @session: a server's: the session that has asked
 * @work: a server's: ends it, waits, answers
 */
struct shm_close {
	unsigned long			flags;
	unsigned int			askers;
	int				result;
	struct vpart_close_session	what;
	u32				session;
	struct work_struct		work;
};

/* An interrupt of an end's device */
struct shm_vector {
	struct shm_end	*end;
	u32		index;
};

/**
 * struct shm_peer - the other side, as it was seen last; written by "look"
 * @there: its block makes sense, and it is not absent
 * @problem: why it makes no sense, or NULL
 * @instance: its instance
 * @changes: counts instances
 * @position: number of its device
 * @vectors: interrupts that it takes, at least 1
 * @state: enum shm_state
 * @session: session that it is in, or 0
 * @turn: of its mailbox
 * @beat: its pulse
 * @alive: jiffies when that changed last, without what we stood still
 */
struct shm_peer {
	bool		there;
	const char	*problem;
	u8		instance[16];
	unsigned int	changes;
	u32		position;
	u32		vectors;
	u32		state;
	u32		session;
	u32		turn;
	u32		beat;
	unsigned long	alive;
};

/**
 * struct shm_end - one end of a link
 * @link: of the bus
 * @side: this end
 * @key: name of the key, or NULL; the link's
 * @own: what this end can do
 * @name: address of the device, for messages
 * @dev: the device; NULL when it was removed; under shm_mutex
 * @regs: its registers
 * @mem: the segment
 * @size: bytes of it
 * @us: our side block
 * @them: the other's
 * @out: our mailbox
 * @in: the other's
 * @vectors: interrupts
 * @vec: they
 * @stash: a server's: of each queue; used as long as calls are held
 * @look: looks at all that is not a queue's, and beats
 * @hurried: looks that interrupts have asked for since @hurried_at
 * @hurried_at: jiffies; of @look
 * @looked: jiffies when @look ran last
 * @running: session whose queues take entries; for interrupts, and under @mutex
 * @log: limits messages
 * @idle: woken when @busy becomes false, or @close.askers less
 * @close: the session's CLOSE_SESSION
 * @mutex: guards @hs, @peer, and @running against its end
 * @hs: server's handshake; of a client only @hs.mail, once it is logged in
 * @peer: the other side
 * @lock: guards all that follows
 * @gone: the device is being taken away
 * @busy: the link logs in or is up: it uses the device
 * @sess: session of this epoch; also read under RCU while the link is up
 * @total: what sessions that are over have counted, and more
 */
struct shm_end {
	struct vpart_link	*link;
	enum vpart_side		side;
	const char		*key;
	struct vpart_wire_own	own;
	char			name[32];
	struct shm_dev		*dev;
	void __iomem		*regs;
	void			*mem;
	u64			size;
	struct shm_wire_side	*us;
	struct shm_wire_side	*them;
	struct shm_wire_mail	*out;
	struct shm_wire_mail	*in;
	unsigned int		vectors;
	struct shm_vector	vec[SHM_VECTORS_MAX];
	struct vpart_stash	*stash;
	struct delayed_work	look;
	unsigned int		hurried;
	unsigned long		hurried_at;
	unsigned long		looked;
	struct shm_session	*running;
	struct ratelimit_state	log;
	wait_queue_head_t	idle;
	struct shm_close	close;
	struct mutex		mutex;	/* see above */
	struct shm_hs		hs;
	struct shm_peer		peer;
	spinlock_t		lock;	/* see above */
	bool			gone;
	bool			busy;
	struct shm_session	*sess;
	struct vpart_link_stats	total;
};

/* ---- what is behind each call of the bus: vpart_call_fabric() ---- */

enum shm_req_state {
	SHM_REQ_NONE,
	SHM_REQ_WAITING,	/* for blocks; under session->pool_lock */
	SHM_REQ_STARTING,	/* somebody copies its data */
	SHM_REQ_SENT,		/* entered under queue->tx_lock */
};

/**
 * struct shm_request - a client's request
 * @wait: on session->waiting, or queue->dropped
 * @call: the slot
 * @state: enum shm_req_state
 * @cancelled: given up before it was sent; under queue->tx_lock
 * @nr_blocks: blocks of its data
 * @block: they
 */
struct shm_request {
	struct list_head	wait;
	struct vpart_call	*call;
	u8			state;
	bool			cancelled;
	u16			nr_blocks;
	u16			block[SHM_LIST_MAX];
};

/**
 * struct shm_serve - a server's call
 * @pages: its data
 * @answered: the driver has
 * @rsp_len: bytes of its answer
 * @nr_blocks: blocks of its data
 * @block: they
 */
struct shm_serve {
	struct vpart_pages	pages;
	bool			answered;
	u16			rsp_len;
	u16			nr_blocks;
	u16			block[SHM_LIST_MAX];
};

/* shm_main.c */
extern struct workqueue_struct *shm_wq;
extern struct workqueue_struct *shm_close_wq;

/* shm_end.c */
struct shm_end *shm_end_new(struct vpart_link *link, const struct vpart_adapter_args *args);
int shm_end_bind(struct shm_end *end, const char *address, struct netlink_ext_ack *extack);
void shm_end_gone(struct shm_end *end);
void shm_end_free(struct shm_end *end);
int shm_end_claim(struct shm_end *end);
void shm_end_release(struct shm_end *end);
void shm_end_state(struct shm_end *end, u32 state, u32 session);
void shm_bell(struct shm_end *end, u32 position, u32 vector);
__printf(2, 3)
void shm_say(struct shm_end *end, const char *fmt, ...);

/* shm_session.c */
struct shm_session *shm_session_new(struct shm_end *end, const struct vpart_init_ack *ack,
				    const struct shm_layout *layout);
void shm_session_attach(struct shm_session *sess, u32 nr);
void shm_session_begin(struct shm_session *sess);
void shm_session_fail(struct shm_session *sess, int error);
void shm_session_stop(struct shm_session *sess, u32 bye);
void shm_session_free(struct shm_session *sess);
void shm_session_look(struct shm_session *sess);
void shm_session_stats(struct shm_session *sess, struct vpart_link_stats *st);

/* shm_queue.c */
void shm_queue_init(struct shm_queue *sq, struct shm_session *sess, u32 index);
void shm_queue_kill(struct shm_queue *sq);
int shm_queue_run(struct shm_queue *sq, unsigned int budget, gfp_t gfp);
void shm_queue_soon(struct shm_queue *sq);
void shm_queue_polled(struct shm_queue *sq);
int shm_queue_poll(struct shm_queue *sq, unsigned int budget);
int shm_queue_put_locked(struct shm_queue *sq, u8 type, u8 flags, u16 iu_len, u32 tag,
			 u32 arg);
void shm_queue_put(struct shm_queue *sq, u8 type, u8 flags, u16 iu_len, u32 tag, u32 arg);
void shm_queue_bell(struct shm_queue *sq);
void shm_queue_kick(struct shm_queue *sq);
void shm_blocks_copy(struct shm_queue *sq, const u16 *block, struct scatterlist *sgl,
		     unsigned int nents, u32 len, bool to_blocks);

/* shm_client.c */
int shm_client_submit(struct vpart_queue *q, struct vpart_req *req);
int shm_client_cancel(struct vpart_queue *q, struct vpart_req *req);
int shm_client_entry(struct shm_queue *sq, const struct shm_wire_entry *e);
void shm_client_dropped(struct shm_queue *sq);
void shm_client_end(struct vpart_link *link);

/* shm_server.c */
int shm_server_entry(struct shm_queue *sq, const struct shm_wire_entry *e, gfp_t gfp);
int shm_server_map(struct vpart_call *c, enum dma_data_direction dir, struct vpart_data *d);
struct vpart_req *shm_server_reply(struct vpart_call *c, const void *rsp, u16 len,
				   int status);
void shm_server_put(struct vpart_call *c);

/* shm_event.c */
void shm_event_look(struct shm_session *sess);
int shm_event_send(struct vpart_link *link, const void *iu, u16 len);
int shm_event_got(struct shm_queue *sq, const struct shm_wire_entry *e);
void shm_event_lost(struct shm_queue *sq);

/* shm_mail.c */
void shm_mail_begin(struct shm_mail *m, enum vpart_side side);
void shm_mail_send(struct shm_end *end, struct shm_mail *m, u8 type, u32 arg, const void *iu,
		   u16 len, u32 epoch);
int shm_mail_get(struct shm_end *end, struct shm_mail *m);
void shm_mail_run(struct shm_mail *m, u32 epoch);

/* shm_login.c */
int shm_client_connect(struct vpart_link *link, u32 epoch);

/* shm_accept.c */
void shm_hs_reject(struct shm_end *end, u32 reason, int err);
void shm_hs_look(struct shm_end *end);
int shm_server_connect(struct vpart_link *link, u32 epoch);
void shm_server_up(struct vpart_link *link);

/* shm_close.c */
int shm_close_ask(struct vpart_link *link, const struct vpart_close_session *what, uuid_t *by);
int shm_close_asked(struct shm_end *end);
void shm_close_look(struct shm_end *end);
void shm_close_stop(struct shm_end *end);
void shm_close_init(struct shm_end *end);
void shm_close_exit(struct shm_end *end);

#endif /* _VPART_SHM_H */
