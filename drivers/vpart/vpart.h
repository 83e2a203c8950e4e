/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private to vpart.ko: nodes, partitions, links, and what fabrics implement.
 *
 * Locks, outermost first:
 *   a device's lock (driver core)
 *   vpart_config: every list and count of objects. Held for short and never
 *	across a wait for a link, a driver's callback or device_add/del of an
 *	adapter; taken with memalloc_noio so that no writeback is waited for.
 *   link->lock: wishes and state of one link, irq-safe.
 *   the event ring's lock, irq-safe.
 * The hot path takes none of them: see call.c.
 */
#ifndef _VPART_PRIVATE_H
#define _VPART_PRIVATE_H

#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/ratelimit_types.h>
#include <linux/sched/mm.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/vpart.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#define VPART_NODES_MAX		64
#define VPART_PARTITIONS_MAX	1024
#define VPART_ADAPTERS_MAX	1024
#define VPART_ID_MAX		0x7fffffffU
#define VPART_POOL_MAX		0xffffU
#define VPART_SLOT_MAX		0xffffU
#define VPART_QUEUES_MAX	64
#define VPART_DEPTH_MAX		1024
#define VPART_LINK_EVENTS	16	/* server events kept per link */
#define VPART_RETRY_MIN		20	/* ms before a login is tried again */
#define VPART_RETRY_MAX		2000	/* doubled up to here */
#define VPART_STEADY		1000	/* ms that an epoch lasts, and the next may come at once */
#define VPART_RING_SIZE		1024	/* events kept for listeners */

struct kunit_suite;
struct netlink_ext_ack;

/* ---- main.c ---- */
extern struct mutex vpart_config;
extern struct workqueue_struct *vpart_wq;

/**
 * vpart_config_lock() - take the configuration mutex
 *
 * Return: what vpart_config_unlock() wants back. Allocations in between wait
 * for no I/O: the disk behind it may be one of ours, held by a failed link.
 */
static inline unsigned int vpart_config_lock(void)
{
	mutex_lock(&vpart_config);
	return memalloc_noio_save();
}

static inline void vpart_config_unlock(unsigned int noio)
{
	memalloc_noio_restore(noio);
	mutex_unlock(&vpart_config);
}

int vpart_setup(void);
void vpart_teardown(void);
int vpart_name_check(const char *name, struct netlink_ext_ack *extack);

/* ---- node.c ---- */
/**
 * struct vpart_node - a physical node
 * @entry: in vpart_nodes, sorted by @id
 * @rcu: partitions are read under RCU with their node
 * @id: never 0
 * @uuid: never nil
 * @name: unique
 * @nr_partitions: partitions on it
 */
struct vpart_node {
	struct list_head	entry;
	struct rcu_head		rcu;
	u32			id;
	uuid_t			uuid;
	char			name[VPART_NAME_SIZE];
	unsigned int		nr_partitions;
};

struct vpart_node_args {
	u32		id;		/* 0: assign */
	const char	*name;
	uuid_t		uuid;		/* nil: make one */
};

extern struct list_head vpart_nodes;
extern unsigned int vpart_node_gen;

int vpart_node_new(const struct vpart_node_args *args, u32 *id,
		   struct netlink_ext_ack *extack);
int vpart_node_del(u32 id, const char *name, struct netlink_ext_ack *extack);
struct vpart_node *vpart_node_find(u32 id, const char *name,
				   struct netlink_ext_ack *extack);
void vpart_node_del_all(void);

/* ---- partition.c ---- */
/**
 * struct vpart_partition - one partition of a node
 * @dev: /sys/class/vpart/<name>, parent of its adapters
 * @entry: in vpart_partitions, sorted by @id; readers may hold RCU alone
 * @rcu: frees it
 * @node: where it is
 * @id: never 0
 * @uuid: never nil
 * @name: unique on all nodes
 * @role: client or VIOS
 * @pool: unique on its node
 * @nr_adapters: adapter ends in it
 * @lock: guards @boot and @since, and writes of @state
 * @state: read without a lock
 * @boot: changes with each failure and return
 * @since: when @state was entered
 */
struct vpart_partition {
	struct device		dev;
	struct list_head	entry;
	struct rcu_head		rcu;
	struct vpart_node	*node;
	u32			id;
	uuid_t			uuid;
	char			name[VPART_NAME_SIZE];
	enum vpart_role		role;
	u32			pool;
	unsigned int		nr_adapters;
	spinlock_t		lock;	/* see above */
	enum vpart_state	state;
	uuid_t			boot;
	ktime_t			since;
};

struct vpart_partition_args {
	u32		id;		/* 0: assign */
	const char	*name;
	const char	*node;
	uuid_t		uuid;		/* nil: make one */
	enum vpart_role	role;
	u32		pool;		/* 0: assign */
};

#define to_vpart_partition(d)	container_of(d, struct vpart_partition, dev)

extern struct list_head vpart_partitions;
extern unsigned int vpart_partition_gen;
extern struct class vpart_class;

int vpart_partition_new(const struct vpart_partition_args *args, u32 *id,
			struct netlink_ext_ack *extack);
int vpart_partition_set(u32 id, const char *name, enum vpart_state state,
			struct netlink_ext_ack *extack);
int vpart_partition_del(u32 id, const char *name,
			struct netlink_ext_ack *extack);
struct vpart_partition *vpart_partition_find(u32 id, const char *name,
					     struct netlink_ext_ack *extack);
struct vpart_partition *vpart_partner(const struct vpart_partition *p);
uuid_t vpart_partition_boot(struct vpart_partition *p, ktime_t *since);
void vpart_partition_del_all(void);

/* ---- fabrics: fabric.c ---- */
struct vpart_login_limits;
struct vpart_link;
struct vpart_adapter_args;
struct vpart_close_session;

/**
 * struct vpart_link_stats - what a link to another kernel has done
 * @connections: as many are open
 * @tx_bytes: sent since the link was made, as for all that follow
 * @rx_bytes: received
 * @commands: requests
 * @logins: that succeeded
 * @refused: logins that the other end, or we, refused
 * @auth_failures: of these, for want of the right key
 * @lost: connections that ended unasked
 * @digest_errors: digests that did not fit
 * @protocol_errors: what else the other end did wrong
 * @rtt: round trips by their length, bucket n from 2^n us on
 * @rtt_min: us; all three are valid if some bucket is not 0
 * @rtt_max: us
 * @rtt_last: us
 * @digest: enum vpart_digest, agreed on
 * @netns: inode of the network namespace
 * @peer: address of the other end, "" while there is none
 */
struct vpart_link_stats {
	u32	connections;
	u64	tx_bytes;
	u64	rx_bytes;
	u64	commands;
	u64	logins;
	u64	refused;
	u64	auth_failures;
	u64	lost;
	u64	digest_errors;
	u64	protocol_errors;
	u64	rtt[VPART_RTT_BUCKETS];
	u32	rtt_min;
	u32	rtt_max;
	u32	rtt_last;
	u32	digest;
	u64	netns;
	char	peer[VPART_ADDRESS_SIZE];
};

/**
 * struct vpart_fabric_ops - what carries the requests of a link
 * @name: as users write it
 * @owner: module; NULL: vpart's own
 * @call_size: bytes of the fabric behind each call: vpart_call_fabric()
 * @caps: VPART_CAP_* that the fabric itself decides
 * @exclusive: an address leads to one link alone: a virtual port cannot have its
 *	parent's
 * @open: a link to another kernel: check the arguments, keep what is needed in
 *	link->priv. Process context. NULL: both ends are in this kernel
 * @close: undo it; the link is at rest for good. Process context, bounded. May be NULL
 * @stats: fill what is zero; process context, never waits for a device. NULL
 *	without @open
 * @connect: log in: ask the client for its request, the server for its answer,
 *	set link->lim and link->login_rsp, set up the call tables. Process
 *	context, the link's work. -EAGAIN: try again in a moment. A fabric with
 *	@open asks whoever is here, waits for the other end no longer than
 *	vpart_link_unwanted() is false, and says why in vpart_link_problem();
 *	-ENOLINK: nobody has called, vpart_link_retry() will follow.
 * @up: the state is UP: requests may come. Process context, the link's work.
 *	May be NULL
 * @disconnect: the epoch is over and no submit is running: give every open call
 *	to the server's ->cancel(), end every request of a client whose server is
 *	elsewhere. Process context, the link's work, bounded. Also called if the
 *	epoch must end before @up.
 * @submit: the link is up, @req is within the limits. Under RCU. 0, -EBUSY.
 * @kick: a batch marked VPART_REQ_MORE is complete; may be NULL
 * @poll: reap completions; NULL without VPART_CAP_POLL
 * @cancel: as vpart_cancel(), under RCU
 * @map: as vpart_map()
 * @unmap: as vpart_unmap(); may be NULL
 * @pull: as vpart_pull(), range already checked; NULL if @map never fails with -EOPNOTSUPP
 * @push: as vpart_push(), the same
 * @reply: hand the answer over, or -ENOTCONN when @status says so. Returns the
 *	request if it is at this end: its done() is due then. Under RCU.
 * @dropped: the server puts an unanswered call. Returns the request that ends
 *	with it, if it is at this end. Under RCU.
 * @put: instead of @dropped where the client is in another kernel: frees the
 *	slot by vpart_call_free(), then has the answer sent, which @reply only
 *	kept. Under RCU.
 * @given: has the server's driver seen an open call, or is it still arriving? Under RCU.
 *	NULL: it has, a moment later
 * @event: carry an event IU to the client; any context
 * @close_session: at a client's end that was up just now: have the server close
 *	a session of another pair of the same client with that kernel. Process context,
 *	bounded. enum vpart_close, and in @by the instance that said so, or an
 *	errno. NULL: that cannot be asked
 *
 * The bus has checked epoch, credit and tag; a fabric only moves bytes. A call
 * that the server holds stays mapped whatever happens to the link.
 */
struct vpart_fabric_ops {
	const char	*name;
	struct module	*owner;
	size_t		call_size;
	u32		caps;
	bool		exclusive;
	int		(*open)(struct vpart_link *link,
				const struct vpart_adapter_args *args,
				struct netlink_ext_ack *extack);
	void		(*close)(struct vpart_link *link);
	void		(*stats)(struct vpart_link *link,
				 struct vpart_link_stats *st);
	int		(*connect)(struct vpart_link *link, u32 epoch);
	void		(*up)(struct vpart_link *link);
	void		(*disconnect)(struct vpart_link *link);
	int		(*submit)(struct vpart_queue *q, struct vpart_req *req);
	void		(*kick)(struct vpart_queue *q);
	int		(*poll)(struct vpart_queue *q, unsigned int budget);
	int		(*cancel)(struct vpart_queue *q, struct vpart_req *req);
	int		(*map)(struct vpart_call *c, enum dma_data_direction dir,
			       struct vpart_data *d);
	void		(*unmap)(struct vpart_call *c);
	int		(*pull)(struct vpart_call *c,
				const struct vpart_data *dst, u32 off,
				vpart_xfer_fn fn);
	int		(*push)(struct vpart_call *c,
				const struct vpart_data *src, u32 off,
				vpart_xfer_fn fn);
	struct vpart_req *(*reply)(struct vpart_call *c, const void *rsp,
				   u16 len, int status);
	struct vpart_req *(*dropped)(struct vpart_call *c);
	void		(*put)(struct vpart_call *c);
	bool		(*given)(const struct vpart_call *c);
	int		(*event)(struct vpart_link *link, const void *iu,
				 u16 len);
	int		(*close_session)(struct vpart_link *link,
					 const struct vpart_close_session *what,
					 uuid_t *by);
};

extern const struct vpart_fabric_ops vpart_local;
extern const struct vpart_fabric_ops vpart_local_copy;

int vpart_fabric_register(const struct vpart_fabric_ops *fabric);
void vpart_fabric_unregister(const struct vpart_fabric_ops *fabric);
const struct vpart_fabric_ops *vpart_fabric_get(const char *name);
void vpart_fabric_put(const struct vpart_fabric_ops *fabric);

/* ---- link.c ---- */
struct vpart_link_event {
	u64	seq;
	u16	len;
	u8	iu[VPART_MAX_IU];
};

/**
 * struct vpart_end - what one driver wants of a link, under link->lock
 * @started: between vpart_start() and vpart_stop()
 * @pinned: its driver's module is held
 * @want: limits given to vpart_start()
 * @drv: the driver; set while @pinned or the link is not down
 */
struct vpart_end {
	bool			started;
	bool			pinned;
	struct vpart_limits	want;
	struct vpart_driver	*drv;
};

/**
 * struct vpart_link - one adapter pair and what joins its two ends
 * @state: enum vpart_link_state. Written by the work under @lock; the hot path
 *	reads it alone and pairs with that through RCU: see call.c
 * @epoch: of this or the last UP
 * @lim: limits of this epoch
 * @fabric: what carries the requests
 * @client: callbacks of the client's driver, valid unless down
 * @server: callbacks of the server's driver, valid unless down
 * @queues: VPART_QUEUES_MAX of them
 * @priv: the fabric's, from its open() to its close()
 * @ends: BIT(side) of each end that is in this kernel; of one that is not,
 *	neither device nor callbacks are there
 * @runs: vpart_run() may call the server
 *
 * All above is read by every request and written only between epochs.
 *
 * @lock: guards what follows up to @work, and writes of @state
 * @end: wishes of the two drivers
 * @removing: the pair is being deleted
 * @gone: the work may not be queued any more
 * @refused: the server refused the login; nothing is tried until a change
 * @changes: counts what makes a login worth another try
 * @ending: why this epoch must end, set once per epoch
 * @why: why the link is down, or went down last
 * @last_error: positive errno of the last failed login
 * @problem: the same in words, for a link to another kernel
 * @peer_boot: instance of a partition in another kernel, as it said
 * @session: number of this or the last session with it; 0: there was none
 * @client_boot: instance of the client that logged in with it
 * @retry_at: jiffies before which no login is tried
 * @backoff: ms, 0 at first
 * @since: when @state was entered
 * @ev_seq: number of the last event of the server
 * @ev_head: oldest of the events kept
 * @ev_count: how many are kept
 * @ev_lost: events were dropped; more are until the client was told
 * @ev: the events
 * @wq: of its own, for @work
 * @work: the only one that changes @state
 * @wait: woken when the link is down
 * @login_rsp: the server's login response, for ->up(); of the work
 * @login_rsp_len: its length; of the work
 * @scratch: event being delivered, or login request; of the work
 * @ref: one per device
 * @adapter: the two ends, by enum vpart_side
 * @part: the two partitions, by enum vpart_side
 * @entry: in vpart_links, sorted by id; under vpart_config, changed under
 *	vpart_links_lock too
 * @live: both devices are on the bus; under vpart_config
 * @path_loss: seconds; changed under @lock, read without
 * @loss_min: least that @path_loss may be, as the client's driver wants it; under @lock,
 *	of a virtual port that of its parent, whose time-out it has
 * @loss_max: and most
 * @retry_max: ms, the longest time between two logins
 * @address: of a link to another kernel: where it connects or listens
 * @key: name of its key; NULL: none
 * @digest: enum vpart_digest that are wanted
 * @poll: queues that the client shall poll
 * @port_name: of a virtual port; 0: it is none
 * @parent: of a virtual port, held; NULL
 * @said: limits what is said of it on the console; of the work
 * @runners: those in vpart_run()
 */
struct vpart_link {
	u32				state;
	u32				epoch;
	struct vpart_limits		lim;
	const struct vpart_fabric_ops	*fabric;
	const struct vpart_client_ops	*client;
	const struct vpart_server_ops	*server;
	struct vpart_queue		*queues;
	void				*priv;
	u8				ends;
	bool				runs;

	/* Wishes and state; first of what the hot path does not read */
	spinlock_t			lock ____cacheline_aligned;
	struct vpart_end		end[2];
	bool				removing;
	bool				gone;
	bool				refused;
	unsigned int			changes;
	enum vpart_why			ending;
	enum vpart_why			why;
	u32				last_error;
	char				problem[VPART_PROBLEM_SIZE];
	uuid_t				peer_boot;
	u64				session;
	uuid_t				client_boot;
	unsigned long			retry_at;
	unsigned int			backoff;
	ktime_t				since;
	u64				ev_seq;
	unsigned int			ev_head;
	unsigned int			ev_count;
	bool				ev_lost;
	struct vpart_link_event		*ev;
	struct workqueue_struct		*wq;
	struct delayed_work		work;
	wait_queue_head_t		wait;
	u8				login_rsp[VPART_MAX_IU];
	u16				login_rsp_len;
	struct vpart_link_event		scratch;

	struct kref			ref;
	struct vpart_adapter		adapter[2];
	struct vpart_partition		*part[2];
	struct list_head		entry;
	bool				live;
	unsigned int			path_loss;
	unsigned int			loss_min;
	unsigned int			loss_max;
	unsigned int			retry_max;
	const char			*address;
	const char			*key;
	u32				digest;
	u32				poll;
	u64				port_name;
	struct vpart_link		*parent;
	struct ratelimit_state		said;
	struct srcu_struct		runners;
};

/**
 * struct vpart_oldest - the call that the server has held for the longest time
 * @age_ms: its age
 * @queue: number of its queue
 * @tag: its tag there; on a vscsi host both are blk-mq's numbers
 */
struct vpart_oldest {
	u64	age_ms;
	u32	queue;
	u32	tag;
};

/**
 * struct vpart_held - a call that the server holds
 * @age_ms: its age
 * @queue: number of its queue
 * @tag: its tag there
 * @about: what it is, as the server's driver says
 */
struct vpart_held {
	u64			age_ms;
	u32			queue;
	u32			tag;
	struct vpart_about	about;
};

/**
 * struct vpart_link_status - a consistent look at a link, for users
 * @state: link state
 * @why: why it is down, or went down last
 * @epoch: of this or the last UP
 * @lim: limits of the epoch
 * @inflight: calls that the server holds
 * @oldest: the oldest of them
 * @since_ms: age of @state
 * @last_error: positive errno of the last failed login
 * @problem: the same in words; "" if there are none
 */
struct vpart_link_status {
	enum vpart_link_state	state;
	enum vpart_why		why;
	u32			epoch;
	struct vpart_limits	lim;
	u32			inflight;
	struct vpart_oldest	oldest;
	u64			since_ms;
	u32			last_error;
	char			problem[VPART_PROBLEM_SIZE];
};

void vpart_link_kick(struct vpart_link *link);
void vpart_link_kick_locked(struct vpart_link *link);
void vpart_link_partition(struct vpart_link *link, enum vpart_side side,
			  enum vpart_state state);
void vpart_link_begin_remove(struct vpart_link *link);
int vpart_link_wait_down(struct vpart_link *link);
void vpart_link_unremove(struct vpart_link *link);
void vpart_link_gone(struct vpart_link *link);
void vpart_link_unbind(struct vpart_adapter *a);
void vpart_link_retry(struct vpart_link *link);
void vpart_link_end(struct vpart_link *link, enum vpart_why why);
void vpart_link_end_locked(struct vpart_link *link, enum vpart_why why);
void vpart_link_session(struct vpart_link *link, u64 session, const uuid_t *client,
			const uuid_t *peer);
bool vpart_link_unwanted(struct vpart_link *link);
__printf(2, 3)
void vpart_link_problem(struct vpart_link *link, const char *fmt, ...);
void vpart_link_status(struct vpart_link *link, struct vpart_link_status *st);
const char *vpart_why_text(enum vpart_why why);
const char *vpart_link_state_text(enum vpart_link_state state);

static inline struct vpart_adapter *vpart_other(const struct vpart_adapter *a)
{
	return &a->link->adapter[a->side == VPART_SIDE_CLIENT ?
				 VPART_SIDE_SERVER : VPART_SIDE_CLIENT];
}

/* Both ends have the same. */
static inline u32 vpart_link_id(const struct vpart_link *link)
{
	return link->adapter[VPART_SIDE_CLIENT].id;
}

static inline const char *vpart_link_name(const struct vpart_link *link)
{
	return link->adapter[VPART_SIDE_CLIENT].name;
}

static inline bool vpart_here(const struct vpart_link *link, enum vpart_side side)
{
	return link->ends & BIT(side);
}

void vpart_link_init_work(struct vpart_link *link);

/* ---- link_text.c ---- */
__printf(2, 3)
void vpart_link_say(struct vpart_link *link, const char *fmt, ...);

/* ---- link_mem.c ---- */
struct vpart_link *vpart_link_alloc(const struct vpart_fabric_ops *fabric, u8 ends);
void vpart_link_get(struct vpart_link *link);
void vpart_link_put(struct vpart_link *link);
void vpart_link_discard(struct vpart_link *link);
int vpart_link_tables(struct vpart_link *link, const struct vpart_limits *lim,
		      size_t call_size);
void vpart_link_free_tables(struct vpart_link *link);
bool vpart_limits_valid(const struct vpart_limits *lim);

/* ---- link_event.c ---- */
int vpart_link_event(struct vpart_link *link, const void *iu, u16 len);
void vpart_link_event_lost(struct vpart_link *link);
bool vpart_link_deliver(struct vpart_link *link);
void vpart_link_clear_events(struct vpart_link *link);

/* ---- fence.c ---- */
int vpart_session_close(struct vpart_link *via, const struct vpart_close_session *what);

/* ---- call.c ---- */
/* struct vpart_call.state; 0 is a free slot */
#define VPART_CALL_OPEN		BIT(0)	/* the server holds it */
#define VPART_CALL_WAIT		BIT(1)	/* the client was refused this tag: credit() */

static inline struct vpart_call *vpart_slot(const struct vpart_queue *q, u32 tag)
{
	return q->calls + (size_t)tag * q->stride;
}

struct vpart_call *vpart_call_wait(struct vpart_call *c);

/**
 * vpart_call_claim() - take the slot of a tag for a new call
 * @q: queue
 * @tag: below limits.depth
 *
 * For fabrics, in ->submit() or where a request arrives from a peer.
 *
 * Context: Any, under RCU, the link is up.
 * Return: the call, or NULL if the server still holds the last one with this
 * tag; then ->credit() follows when it is put.
 */
static inline struct vpart_call *vpart_call_claim(const struct vpart_queue *q, u32 tag)
{
	struct vpart_call *c = vpart_slot(q, tag);

	if (likely(!cmpxchg(&c->state, 0, VPART_CALL_OPEN)))
		return c;
	return vpart_call_wait(c);
}

/* The fabric's bytes of a call: the last of its stride */
static inline void *vpart_call_fabric(const struct vpart_call *c)
{
	const struct vpart_queue *q = c->q;

	return (void *)c + q->stride - ALIGN(q->link->fabric->call_size,
					     __alignof__(struct vpart_call));
}

void vpart_call_free(struct vpart_call *c, struct vpart_req *req);
void vpart_calls_each(struct vpart_link *link, void (*fn)(struct vpart_call *c));
void vpart_calls_cancel(struct vpart_link *link);
unsigned int vpart_calls_open(struct vpart_link *link,
			      struct vpart_oldest *oldest);
bool vpart_calls_next(struct vpart_link *link, unsigned long *pos, struct vpart_held *held);

/* ---- pages.c ---- */
#define VPART_STASH		64	/* pages kept per queue */
#define VPART_PAGES_INLINE	3	/* pages without a list of their own */

/**
 * struct vpart_stash - pages of a queue that no call has
 * @lock: guards the rest; inside of no other
 * @nr: how many
 * @page: they
 */
struct vpart_stash {
	spinlock_t	lock;	/* see above */
	unsigned int	nr;
	struct page	*page[VPART_STASH];
};

/**
 * struct vpart_pages - pages for the data of a call
 * @sgl: they; NULL: none
 * @nents: how many
 * @list: @sgl, if it is short
 */
struct vpart_pages {
	struct scatterlist	*sgl;
	unsigned int		nents;
	struct scatterlist	list[VPART_PAGES_INLINE];
};

int vpart_pages_get(struct vpart_stash *stash, struct vpart_pages *p, u32 len, gfp_t gfp);
void vpart_pages_put(struct vpart_stash *stash, struct vpart_pages *p);
struct vpart_stash *vpart_stash_new(void);
void vpart_stash_free(struct vpart_stash *stash);

/* ---- bus.c ---- */
extern struct bus_type vpart_bus;

int vpart_bus_init(void);
void vpart_bus_exit(void);

/* ---- adapter.c ---- */
struct vpart_adapter_args {
	u32		id;		/* 0: assign */
	const char	*name;		/* NULL: "<client>-<server>" */
	const char	*client;
	const char	*server;
	const char	*fabric;	/* NULL: local */
	u32		slot[2];	/* 0: assign */
	u32		path_loss;	/* 0: default */
	u32		copy;		/* of the local fabric: 1: with pages of its own */
	/* of a pair whose other end is in another kernel: */
	bool		remote;
	enum vpart_side	side;		/* the end that is here */
	const char	*address;
	const char	*key;		/* NULL: none */
	u32		digest;		/* bits of enum vpart_digest */
	u32		poll;		/* queues that the client polls */
	struct net	*net;		/* of the caller; a virtual port's is its parent's */
	/* of a virtual port: */
	struct vpart_link *parent;	/* held by the caller; NULL: it is none */
	u64		port_name;	/* 0: make one */
};

extern struct list_head vpart_links;
extern spinlock_t vpart_links_lock;
extern unsigned int vpart_adapter_gen;

u64 vpart_link_order(const struct vpart_link *link);
int vpart_adapter_new(const struct vpart_adapter_args *args, u32 *id,
		      struct netlink_ext_ack *extack);
#define VPART_SIDE_ANY	(-1)	/* whichever is here */

int vpart_adapter_set(u32 id, const char *name, int side, u32 path_loss,
		      struct netlink_ext_ack *extack);
int vpart_adapter_del(u32 id, const char *name, int side,
		      struct netlink_ext_ack *extack);
struct vpart_link *vpart_adapter_lookup(u32 id, const char *name, int side,
					struct netlink_ext_ack *extack);
void vpart_adapter_del_all(void);

/* ---- vport.c ---- */
bool vpart_port_name_valid(u64 port_name);
int vpart_vport_new(struct vpart_adapter_args *args, const char *name, int side, u32 *id,
		    struct netlink_ext_ack *extack);
int vpart_vport_admit(const struct vpart_adapter_args *args, const char *name, u8 ends,
		      u64 *port_name, struct netlink_ext_ack *extack);
int vpart_vport_none(const struct vpart_link *parent, struct netlink_ext_ack *extack);

/* ---- event.c ---- */
/**
 * struct vpart_event - one entry of the ring of events
 * @seq: number, from 1
 * @time_ns: CLOCK_REALTIME
 * @type: what happened
 * @object: to what kind of object
 * @id: which
 * @name: which
 * @detail: a few words
 */
struct vpart_event {
	u64			seq;
	u64			time_ns;
	enum vpart_event_type	type;
	enum vpart_object	object;
	u32			id;
	char			name[VPART_NAME_SIZE];
	char			detail[VPART_EVENT_DETAIL_SIZE];
};

extern uuid_t vpart_boot_id;

int vpart_ring_init(void);
void vpart_ring_exit(void);
bool vpart_ring_next(u64 *cursor, struct vpart_event *ev, u64 *lost);
u64 vpart_ring_last(void);

/* ---- netlink.c, netlink_msg.c ---- */
int vpart_netlink_init(void);
void vpart_netlink_exit(void);
void vpart_netlink_event(const struct vpart_event *ev, u64 lost, u64 seq);

/* ---- sysfs.c ---- */
extern const struct attribute_group *vpart_adapter_groups[];
extern const struct attribute_group *vpart_partition_groups[];

/* ---- proto_text.c ---- */
const char *vpart_wire_error_text(int error);
const char *vpart_reject_text(u32 reason);

/* proto_link.c */
u32 vpart_link_bye(const struct vpart_link *link);
u16 vpart_link_login_rsp(const struct vpart_link *link, struct vpart_login_limits *lim, u8 *iu);
int vpart_link_rejected(struct vpart_link *link, const char *who, u32 reason, int err);
unsigned long vpart_link_heard(unsigned long heard, unsigned long looked, unsigned long now,
			       unsigned long period);

/* ---- *_test.c ---- */
int vpart_test_begin(struct kunit_suite *suite);
void vpart_test_end(struct kunit_suite *suite);

#endif /* _VPART_PRIVATE_H */
