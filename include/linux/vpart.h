/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The partition bus: adapter pairs as devices, fabrics as what joins them.
 *
 * An adapter pair is two devices on the bus "vpart": the client's end and the
 * server's end. Each is bound by one driver (vscsi_host, vscsi_target), which
 * knows nothing of the fabric that carries its requests.
 *
 * Life of a link (one per adapter pair), driven by one work item of the bus:
 *
 *	DOWN --login--> UP --down--> DRAINING --last call put--> DOWN
 *
 * The link logs in when both partitions run and both drivers have started.
 * Each UP is one epoch; epochs are numbered from 1 and never overlap: the next
 * login happens only after the last call of the old epoch was put.
 */
#ifndef _LINUX_VPART_H
#define _LINUX_VPART_H

#include <linux/device.h>
#include <linux/dma-direction.h>
#include <linux/refcount.h>
#include <linux/scatterlist.h>
#include <linux/types.h>
#include <linux/uuid.h>
#include <uapi/linux/vpart.h>

struct vpart_adapter;
struct vpart_call;
struct vpart_link;

#define VPART_MAX_IU		512	/* bytes of a request, response or event IU */
#define VPART_PRIO_TAGS		2	/* tags [depth - 2, depth) are for VPART_REQ_PRIO */

/**
 * struct vpart_queue - one channel of a link
 * @index: number of the queue, from 0
 * @end: the two adapters, by enum vpart_side
 *
 * Lives as long as the adapters. The rest is the bus's own: @calls and @stride
 * change only while the link is down and nobody is in an RCU read section that
 * saw it up.
 */
struct vpart_queue {
	u16			index;
	struct vpart_adapter	*end[2];
	/* private: of the bus */
	struct vpart_link	*link;
	void			*calls;		/* call table; NULL: unused */
	u32			stride;		/* bytes from one call to the next */
} ____cacheline_aligned;

struct vpart_data {
	struct scatterlist	*sgl;
	unsigned int		nents;
	u32			len;	/* bytes; never more than the list holds */
};

/* struct vpart_limits.caps */
#define VPART_CAP_ZERO_COPY	BIT(0)	/* vpart_map() returns the client's own pages */
#define VPART_CAP_POLL		BIT(1)	/* vpart_poll() works */
#define VPART_CAP_STABLE	BIT(2)	/* the client must set stable writes */
#define VPART_CAP_PROT		BIT(3)	/* reserved for T10-PI */

/**
 * struct vpart_limits - what both ends agreed on; fixed for one epoch
 * @nr_queues: queues, one per hardware queue of the client
 * @nr_poll: so many of them, the last ones, the client looks at by itself with
 *	vpart_poll(): of answers there nobody is told, but they are found within a
 *	second also if nobody looks, in process context. 0 without VPART_CAP_POLL
 * @depth: credits (tags) per queue, the VPART_PRIO_TAGS last of them reserved
 * @max_segs: scatterlist entries of one request
 * @max_data: bytes of data of one request
 * @dma_alignment: mask that every data segment must respect (511: 512 bytes)
 * @caps: VPART_CAP_*
 */
struct vpart_limits {
	u16	nr_queues;
	u16	nr_poll;
	u16	depth;
	u16	max_segs;
	u32	max_data;
	u32	dma_alignment;
	u32	caps;
};

/* struct vpart_req.flags */
#define VPART_REQ_PRIO		BIT(0)	/* a reserved tag: task management */
#define VPART_REQ_MORE		BIT(1)	/* vpart_kick() follows */
#define VPART_REQ_RUN		BIT(2)	/* vpart_run() follows */

/**
 * struct vpart_req - one request of a client
 * @iu: request IU, unchanged until @done
 * @rsp: where the response IU lands
 * @out: data that the server reads
 * @in: data that the server writes
 * @tag: index below limits.depth, unique on its queue until @done
 * @iu_len: bytes of @iu
 * @rsp_size: room at @rsp
 * @rsp_len: bytes of the response (set before @done); 0 with @status 0: all
 *	was done as asked, there is nothing else to say
 * @flags: VPART_REQ_*
 * @missing: bytes of @in that did not come, as the fabric has counted them; what
 *	the response says of it is the server's word. 0 where the server writes
 *	@in itself. Set before @done, if @status is 0
 * @status: 0, -ECANCELED (the server dropped it unanswered), -ENOTCONN (its
 *	epoch is over) or -EPROTO; set before @done
 * @done: called exactly once if vpart_submit() returns 0, perhaps before it
 *	returns, in any context, with no lock held. From then on nobody touches
 *	@iu, @rsp or the data.
 *
 * Embedded in the driver's own request; the fabric's from submit to @done.
 */
struct vpart_req {
	const void		*iu;
	void			*rsp;
	struct vpart_data	out;
	struct vpart_data	in;
	u32			tag;
	u16			iu_len;
	u16			rsp_size;
	u16			rsp_len;
	u16			flags;
	u32			missing;
	int			status;
	void			(*done)(struct vpart_req *req);
};

/**
 * struct vpart_client_ops - what the bus calls in a client's driver
 * @login: write the login request IU into @iu (at most @size bytes), return its
 *	length or an errno. Process context.
 * @up: an epoch began; @rsp is the server's login response. Process context.
 * @down: the epoch ended, @why is enum vpart_why. vpart_submit() already fails;
 *	the requests still open end one by one with -ENOTCONN, some perhaps
 *	after this call. Process context.
 * @credit: a tag that vpart_submit() refused with -EBUSY is free. Any context.
 * @event: an event IU of the server, in order of @seq. Process context.
 * @event_lost: events were lost, or a new epoch began: look at everything
 *	again. Process context.
 *
 * The process context calls are serialised per link. They may sleep, but must
 * not wait for a request on the same link.
 */
struct vpart_client_ops {
	int	(*login)(struct vpart_adapter *a, void *iu, u16 size);
	void	(*up)(struct vpart_adapter *a, u32 epoch,
		      const struct vpart_limits *lim, const void *rsp, u16 len);
	void	(*down)(struct vpart_adapter *a, u32 epoch, enum vpart_why why);
	void	(*credit)(struct vpart_queue *q);
	void	(*event)(struct vpart_adapter *a, u64 seq, const void *iu, u16 len);
	void	(*event_lost)(struct vpart_adapter *a);
};

/**
 * struct vpart_call - a server's view of one request, in a preallocated table
 * @q: queue it came on
 * @iu: private or validated copy of the request IU; valid only in ->request()
 * @epoch: epoch it belongs to
 * @tag: the client's tag; (queue index, tag) is unique in the link
 * @out_len: bytes the client offers; already checked against the limits
 * @in_len: bytes the client expects; already checked against the limits
 * @iu_len: bytes of @iu
 * @flags: VPART_REQ_* of the request
 * @in_valid: bytes that the server has written for the client, from the first
 *	on; set by it before it answers. No more is sent to another kernel
 *
 * Owned by the server from ->request() until vpart_call_put(). The rest is the
 * bus's own. ops->call_size bytes of the driver follow: vpart_call_priv().
 */
struct vpart_call {
	struct vpart_queue	*q;
	const void		*iu;
	u32			epoch;
	u32			tag;
	u32			out_len;
	u32			in_len;
	u16			iu_len;
	u16			flags;
	u32			in_valid;
	/* private: of the bus */
	struct vpart_req	*req;
	unsigned long		state;
	unsigned long		start;		/* jiffies */
} ____cacheline_aligned;

#define VPART_ABOUT_CDB		32

/**
 * struct vpart_about - what a call is, for people
 * @known: the driver knows it
 * @lun: logical unit, as the client numbers it
 * @function: of task management, as it came; 0: a command
 * @cdb_len: bytes at @cdb
 * @cdb: a command's first bytes
 */
struct vpart_about {
	bool	known;
	u64	lun;
	u8	function;
	u8	cdb_len;
	u8	cdb[VPART_ABOUT_CDB];
};

/**
 * struct vpart_server_ops - what the bus calls in a server's driver
 * @call_size: bytes of driver data behind each struct vpart_call
 * @login: validate login request @iu, fill @lim (the client's wishes on entry,
 *	may only be lowered, but for @dma_alignment), write the response IU to
 *	@rsp (at most *@rsp_len bytes, length back in *@rsp_len). 0 admits;
 *	-EAGAIN: not yet, the bus tries again when vpart_start() is called or a
 *	moment later; any other errno refuses until something changes. Process
 *	context, may sleep.
 * @request: a call arrived. Any context, must not sleep, interrupts may be off.
 * @cancel: the client asks to drop the call, or its epoch ends: answer or put
 *	it as soon as can be. Called under RCU, any context, must not sleep. The
 *	call and its driver data are not used for another request meanwhile, but
 *	another CPU may be answering or putting it, or just have done so.
 * @drain: epoch is ending: start refusing and aborting, do not wait. Every call
 *	was also given to @cancel. Process context.
 * @logout: the last call of the epoch was put; drop the session. Process
 *	context, may sleep, must not wait for a backing device.
 * @share: what a call is for, any number. Where pages are the calls' own, memory is
 *	shared out by it: the calls of one number, which may be stuck, leave some to the
 *	others. In vpart_map(), its context. NULL: all are alike
 * @room: calls that vpart_map() has refused with -EBUSY are worth another try. Under RCU,
 *	any context, must not sleep. May be NULL
 * @about: say what a call is that was open a moment ago. Under RCU, any context, must not
 *	sleep; it may be answered, put, and used for another request meanwhile, and then what
 *	was said is not looked at. May be NULL
 * @run: carry out what @request kept for the client's context, of calls with
 *	VPART_REQ_RUN. The rest of these, or with VPART_RUN_ELSEWHERE all, is for a
 *	context of the server's own. May be NULL: there are none. Process context,
 *	may sleep for as long as a device does; runs beside all others, but not
 *	beside @login and @logout.
 */
struct vpart_server_ops {
	size_t	call_size;
	int	(*login)(struct vpart_adapter *a, u32 epoch, const void *iu, u16 len,
			 struct vpart_limits *lim, void *rsp, u16 *rsp_len);
	void	(*request)(struct vpart_call *c);
	void	(*cancel)(struct vpart_call *c);
	void	(*drain)(struct vpart_adapter *a, u32 epoch);
	void	(*logout)(struct vpart_adapter *a, u32 epoch);
	u32	(*share)(struct vpart_call *c);
	void	(*room)(struct vpart_adapter *a);
	void	(*about)(struct vpart_call *c, struct vpart_about *about);
	void	(*run)(struct vpart_queue *q, u64 what);
};

#define VPART_RUN_ELSEWHERE	U64_MAX

/**
 * struct vpart_adapter - one end of an adapter pair, a device on the bus
 * @dev: the device; its parent is the partition it belongs to
 * @link: what joins it to the other end
 * @side: VPART_SIDE_CLIENT or VPART_SIDE_SERVER
 * @id: number of the pair, the same at both ends
 * @slot: slot in its own partition
 * @name: name of the pair, the same at both ends
 */
struct vpart_adapter {
	struct device		dev;
	struct vpart_link	*link;
	enum vpart_side		side;
	u32			id;
	u32			slot;
	char			name[VPART_NAME_SIZE];
};

#define to_vpart_adapter(d)	container_of_const(d, struct vpart_adapter, dev)

/**
 * struct vpart_driver - driver of one side of adapter pairs
 * @driver: name and owner are the driver's to set
 * @side: the side it binds to
 * @probe: as any bus's; the driver calls vpart_start() when it is ready
 * @remove: the link is down and drained, vpart_stop() was called by the bus
 * @client: set if @side is VPART_SIDE_CLIENT
 * @server: set if @side is VPART_SIDE_SERVER
 */
struct vpart_driver {
	struct device_driver		driver;
	enum vpart_side			side;
	int				(*probe)(struct vpart_adapter *a);
	void				(*remove)(struct vpart_adapter *a);
	const struct vpart_client_ops	*client;
	const struct vpart_server_ops	*server;
};

/**
 * struct vpart_peer - who is at the other end, as the fabric attests it
 * @uuid: partition
 * @boot: changes whenever that partition fails or is restarted
 * @adapter_id: number of the adapter pair
 * @partition: name
 */
struct vpart_peer {
	uuid_t	uuid;
	uuid_t	boot;
	u32	adapter_id;
	char	partition[VPART_NAME_SIZE];
};

int vpart_driver_register(struct vpart_driver *drv, struct module *owner);
void vpart_driver_unregister(struct vpart_driver *drv);

/*
 * Both sides. vpart_stop() waits at most VPART_DRAIN_WAIT ms: 0, the link is
 * down and nothing of this end is in use; -EBUSY, it is stopped for good, but
 * the server still holds calls: ->logout() comes when it lets go.
 */
#define VPART_DRAIN_WAIT	5000
int vpart_start(struct vpart_adapter *a, const struct vpart_limits *want);
int vpart_stop(struct vpart_adapter *a);
void vpart_peer(const struct vpart_adapter *a, struct vpart_peer *peer);
unsigned int vpart_path_loss(const struct vpart_adapter *a);
int vpart_bound_path_loss(struct vpart_adapter *a, unsigned int min, unsigned int max);
unsigned int vpart_poll_queues(const struct vpart_adapter *a);
bool vpart_remote(const struct vpart_adapter *a);
void vpart_set_retry(struct vpart_adapter *a, unsigned int ms);
u64 vpart_port_name(const struct vpart_adapter *a);
void vpart_reset(struct vpart_adapter *a, enum vpart_why why);
__printf(2, 3)
void vpart_problem(struct vpart_adapter *a, const char *fmt, ...);

/* Client */
struct vpart_queue *vpart_queue(struct vpart_adapter *a, unsigned int index);
int __must_check vpart_submit(struct vpart_queue *q, struct vpart_req *req);
void vpart_kick(struct vpart_queue *q);
void vpart_run(struct vpart_queue *q, u64 what);
int vpart_poll(struct vpart_queue *q, unsigned int budget);
int vpart_cancel(struct vpart_queue *q, struct vpart_req *req);
int vpart_fence(struct vpart_adapter *a);

/* Server */
typedef void (*vpart_xfer_fn)(struct vpart_call *c, int err);

struct vpart_adapter *vpart_find_server(const char *name);
void vpart_adapter_put(struct vpart_adapter *a);
int vpart_map(struct vpart_call *c, enum dma_data_direction dir, struct vpart_data *d);
void vpart_unmap(struct vpart_call *c);
int vpart_pull(struct vpart_call *c, const struct vpart_data *dst, u32 off, vpart_xfer_fn fn);
int vpart_push(struct vpart_call *c, const struct vpart_data *src, u32 off, vpart_xfer_fn fn);
void vpart_reply(struct vpart_call *c, const void *rsp, u16 len);
void vpart_call_put(struct vpart_call *c);
void vpart_finish(struct vpart_call *c, const void *rsp, u16 len);
int vpart_event(struct vpart_adapter *a, const void *iu, u16 len);
struct vpart_call *vpart_call_at(struct vpart_queue *q, u32 tag);

/* Both sides: tell the listeners of events */
__printf(5, 6)
void vpart_notify(enum vpart_object obj, u32 id, const char *name,
		  enum vpart_event_type type, const char *fmt, ...);

static inline void *vpart_call_priv(struct vpart_call *c)
{
	return c + 1;
}

static inline struct vpart_call *vpart_priv_call(void *priv)
{
	return (struct vpart_call *)priv - 1;
}

static inline void vpart_set_drvdata(struct vpart_adapter *a, void *data)
{
	dev_set_drvdata(&a->dev, data);
}

static inline void *vpart_get_drvdata(const struct vpart_adapter *a)
{
	return dev_get_drvdata(&a->dev);
}

#endif /* _LINUX_VPART_H */
