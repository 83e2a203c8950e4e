/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vpart_stream: what its files share.
 *
 *	struct stream_end	one end of a link: address, key, counters; from
 *				the link's open() to its close()
 *	struct stream_session	one login: from the first INIT to the end of the
 *				epoch
 *	struct stream_conn	one socket of it, a queue of the link
 *
 * Who reads a socket: until the session runs, the thread that logs in (hs.c);
 * from then on, for TCP the callback of its data, in softirq and under the
 * socket's lock; for other sockets, and when memory was short, rx_work. Who
 * writes it: the same thread, then tx_work alone.
 *
 * Locks, outermost first: stream_mutex; the socket's lock; conn->rx_lock;
 * conn->tx_lock; end->lock. The bus's locks are taken inside of all.
 */
#ifndef _VPART_STREAM_H
#define _VPART_STREAM_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "auth.h"
#include "proto.h"
#include "proto_iu.h"
#include "proto_login.h"
#include "stream_sock.h"
#include "vpart.h"

#define STREAM_PDU_DATA		(128 * 1024)	/* of one PDU: others wait behind it */
#define STREAM_CMD_DATA		(1 << 20)	/* of one command */
#define STREAM_LOGIN_TIME	(5 * HZ)	/* a session's handshake, in all */
#define STREAM_DRAIN_TIME	(2 * HZ)	/* a login waits for the last session */
#define STREAM_HS_MAX		64		/* handshakes of one listener at a time */
#define STREAM_DATA_MEM		(16 << 20)	/* of a session's calls, in all */
#define STREAM_SPLICE		(16 * 1024)	/* bytes of data that are not copied any more */
#define STREAM_DEPTH		256	/* tags of a queue: each has its slot, all the time */
#define STREAM_TURN		2	/* jiffies: then others on this CPU have theirs */
#define STREAM_POOL		64	/* pages that a connection keeps */
#define STREAM_INLINE_SG	3		/* pages of a call without a list of their own */

struct stream_conn;
struct stream_session;

/* ---- pages: stream_pool.c ---- */

/**
 * struct stream_pool - pages to be used again
 * @lock: guards the rest
 * @first: the one that was put first
 * @nr: how many
 * @page: a ring of them
 */
struct stream_pool {
	spinlock_t	lock;		/* see above */
	unsigned int	first;
	unsigned int	nr;
	struct page	*page[STREAM_POOL];
};

/* ---- sending: stream_tx.c ---- */

enum stream_tx_state {
	STREAM_TX_IDLE,
	STREAM_TX_QUEUED,
	STREAM_TX_SENDING,
	STREAM_TX_SKIP,		/* given up before its turn */
};

/* Where in a list of pages something is */
struct stream_sg {
	struct scatterlist	*sg;
	u32			off;	/* into @sg */
};

/**
 * struct stream_tx - something to send: one PDU, or the PDUs of one transfer
 * @node: on conn->tx_list, then on conn->tx_next
 * @state: enum stream_tx_state; guarded by conn->tx_lock
 * @splice: the socket may keep the pages themselves
 * @last: VPART_HDR_* of the last PDU of a transfer
 * @hdr: header; seq, data_len and digests are filled in on the way
 * @iu: its IU, until sent
 * @data: data still to send
 * @left: bytes of it
 * @sent: called by the worker when all is with the socket, or skipped, or the
 *	connection is over
 */
struct stream_tx {
	struct llist_node	node;
	u8			state;
	bool			splice;
	u8			last;
	struct vpart_hdr	hdr;
	const void		*iu;
	struct stream_sg	data;
	u32			left;
	void			(*sent)(struct stream_conn *conn, struct stream_tx *tx);
};

/**
 * struct stream_sender - the sending half of a connection; tx_work's alone
 * @cur: being sent
 * @next: list in the order of sending
 * @head: header and IU of the PDU under way, with pad
 * @head_len: bytes there
 * @head_done: bytes of it in the stage
 * @data: bytes of data of this PDU still to come
 * @splice: they go to the socket as they are
 * @digest: they have one
 * @crc: of those that are under way
 * @tail: pad and data digest
 * @tail_len: bytes there
 * @tail_done: bytes of it in the stage
 * @busy: a PDU is under way
 * @seq: of the next PDU
 * @stage: page of what is to be sent
 * @spare: the last stage, perhaps still with the socket
 * @stage_size: bytes of @stage
 * @stage_put: bytes in it
 * @stage_sent: bytes of it with the socket
 */
struct stream_sender {
	struct stream_tx	*cur;
	struct llist_node	*next;
	u8			head[VPART_HDR_SIZE + VPART_WIRE_IU_MAX];
	u16			head_len;
	u16			head_done;
	u32			data;
	bool			splice;
	bool			digest;
	u32			crc;
	u8			tail[4 + VPART_DIGEST_SIZE];
	u8			tail_len;
	u8			tail_done;
	bool			busy;
	u32			seq;
	struct page		*stage;
	struct page		*spare;
	u32			stage_size;
	u32			stage_put;
	u32			stage_sent;
};

/* ---- receiving: stream_rx.c ---- */

enum stream_rx_state {
	STREAM_RX_HDR,
	STREAM_RX_IU,
	STREAM_RX_DATA,
	STREAM_RX_TAIL,		/* pad and digest */
};

/**
 * struct stream_receiver - the receiving half of a connection
 * @state: what the next byte belongs to
 * @hdr: header of this PDU
 * @need: bytes that the state still needs
 * @have: bytes that it has
 * @crc: running digest of header and IU, then of data
 * @head: the header as it came; then pad and digest
 * @iu: the IU with its pad
 * @call: the call that data belongs to; NULL: thrown away
 * @data: where to
 */
struct stream_receiver {
	u8			state;
	struct vpart_hdr	hdr;
	u32			need;
	u32			have;
	u32			crc;
	u8			head[VPART_HDR_SIZE];
	u8			iu[VPART_WIRE_IU_MAX] __aligned(8);
	struct vpart_call	*call;
	struct stream_sg	data;
};

/* ---- connections: stream_conn.c ---- */

/* struct stream_conn.flags */
#define STREAM_CONN_RUN		0	/* the engine reads and writes it */
#define STREAM_CONN_DEAD	1	/* it is over; nothing is sent or taken */
#define STREAM_CONN_STALLED	2	/* rx_work shall go on reading */
#define STREAM_CONN_READABLE	3	/* handshake: look for data */
#define STREAM_CONN_SAID	4	/* the last word was said: REJECT */
#define STREAM_CONN_NOP		5	/* a NOP has no answer yet */

/* Counters of a connection; each is written by one half only */
struct stream_count {
	u64	tx_bytes;
	u64	rx_bytes;
	u64	commands;
};

/**
 * struct stream_conn - one socket
 * @sock: released by stream_conn_close()
 * @sess: session; NULL in the handshake of an incoming one
 * @q: queue of the link, while the session runs
 * @flags: STREAM_CONN_*
 * @error: first error, enum vpart_wire_error or a negative errno; 0: none
 * @rules: what the receiver holds headers to
 * @wait: of the thread that logs in: the link's, or the listener's
 * @softirq: the callback reads it
 * @rx: receiver
 * @rx_lock: held while data is copied to a request's pages, and by who takes
 *	them away
 * @rx_work: reads where no callback may
 * @rx_buf: for sockets that cannot be read in place
 * @tx_list: what shall be sent, newest first
 * @tx: sender
 * @tx_lock: guards the states of what is on the lists
 * @tx_work: sends
 * @alive: sends a NOP, and finds the other end dead
 * @last_rx: jiffies of the last byte
 * @looked: jiffies when @alive ran last
 * @last_nop: jiffies of our last NOP
 * @run_seq: number of the first PDU that came, or comes, while it runs
 * @nop: reused, one at a time
 * @ack: the same, for NOP_ACK
 * @ack_arg: of the last NOP that came; guarded by tx_lock, as the next two
 * @acking: @ack is with the sender
 * @ack_again: another NOP came meanwhile
 * @lost: the same, for EVENT_LOST
 * @xfers: calls that wait for memory, and then for their data; of rx_work
 * @mem: bytes of the calls' data, until their pages are gone; but for data that
 *	come with a REQ
 * @pool: pages for data
 * @count: see there
 * @peer: address of the other end, as text
 */
struct stream_conn {
	struct socket		*sock;
	struct stream_session	*sess;
	struct vpart_queue	*q;
	unsigned long		flags;
	int			error;
	struct vpart_wire_rules	rules;
	wait_queue_head_t	*wait;
	bool			softirq;
	struct stream_receiver	rx;
	spinlock_t		rx_lock;	/* see above */
	struct work_struct	rx_work;
	void			*rx_buf;
	struct llist_head	xfers;
	atomic_t		mem;

	struct llist_head	tx_list ____cacheline_aligned;
	struct stream_sender	tx;
	spinlock_t		tx_lock;	/* see above */
	struct work_struct	tx_work;
	struct delayed_work	alive;
	unsigned long		last_rx;
	unsigned long		looked;
	unsigned long		last_nop;
	u32			run_seq;
	u32			ack_arg;
	bool			acking;
	bool			ack_again;
	struct stream_tx	nop;
	struct stream_tx	ack;
	struct stream_tx	lost;
	struct stream_pool	pool;
	struct stream_count	count;
	char			peer[STREAM_ADDR_TEXT];
};

/* ---- closing a lost session over this one: stream_close.c ---- */

/* struct stream_close.flags */
#define STREAM_CLOSE_BUSY	0	/* client: somebody asks, or waits for the answer */
#define STREAM_CLOSE_OPEN	1	/* it has no answer yet */

/**
 * struct stream_close - a CLOSE_SESSION of queue 0, and its answer
 * @tx: CLOSE_SESSION of a client, CLOSE_RSP of a server
 * @iu: IU of a client's
 * @flags: STREAM_CLOSE_*
 * @result: client: what the server has said, enum vpart_close
 * @what: server: what it was asked
 * @work: server: does it
 */
struct stream_close {
	struct stream_tx		tx;
	u8				iu[sizeof(struct vpart_wire_close)];
	unsigned long			flags;
	u32				result;
	struct vpart_close_session	what;
	struct work_struct		work;
};

/**
 * struct stream_session - one login
 * @ref: the end's, and one per handshake
 * @end: end of the link
 * @init: what the client asked for on queue 0
 * @ack: what the server granted
 * @taken: server: the link logs in with it
 * @over: no queue may join any more
 * @nr: queues that have a connection; guarded by end->lock until @over
 * @conn: they
 * @login: server: IU of the login request
 * @login_len: its length
 * @close: see there
 */
struct stream_session {
	struct kref		ref;
	struct stream_end	*end;
	struct vpart_init	init;
	struct vpart_init_ack	ack;
	bool			taken;
	bool			over;
	unsigned int		nr;
	struct stream_conn	*conn[VPART_QUEUES_MAX];
	u8			login[VPART_WIRE_IU_MAX];
	u16			login_len;
	struct stream_close	close;
};

/**
 * struct stream_end - one end of a link
 * @ref: the link's, and one per handshake with it
 * @link: of the bus
 * @side: this end
 * @net: namespace it belongs to, referenced
 * @addr: where to connect, or to listen
 * @key: name of the key, or NULL; the link's
 * @own: what this end can do
 * @listener: server's
 * @entry: in stream_ends, under stream_mutex
 * @idle: woken when the last reference goes
 * @lock: guards all that follows
 * @closing: no handshake may begin
 * @forming: server: session whose queues come in
 * @ready: server: session that the link shall log in
 * @taking: server: it does so, and @sess is not set yet
 * @sess: session of this epoch, or of the login under way
 * @ev_number: of the last event; the client's is the receiver's, 0: none yet
 * @ev_open: server: events on their way
 * @ev_gap: server: some were lost, and the client does not know
 * @total: what connections that are over have counted, and the events
 */
struct stream_end {
	struct kref		ref;
	struct vpart_link	*link;
	enum vpart_side		side;
	struct net		*net;
	struct stream_addr	addr;
	const char		*key;
	struct vpart_wire_own	own;
	struct stream_listener	*listener;
	struct list_head	entry;
	wait_queue_head_t	idle;
	spinlock_t		lock;	/* see above */
	bool			closing;
	struct stream_session	*forming;
	struct stream_session	*ready;
	bool			taking;
	struct stream_session	*sess;
	u64			ev_number;
	unsigned int		ev_open;
	bool			ev_gap;
	struct vpart_link_stats	total;
};

/* ---- what is behind each call of the bus: vpart_call_fabric() ---- */

/**
 * struct stream_request - a client's request
 * @tx: the REQ
 * @dtx: its DATA_OUT
 * @call: the slot
 * @refs: see stream_client.c
 * @put: the server has let go of the tag; the receiver's, as the next two
 * @answered: no more but a PUT may come
 * @last: no more data may come
 * @got: bytes of data that came
 * @pos: where the next of them goes
 * @asked: end of what the server asked for; from here on under conn->rx_lock
 * @want: bytes that it asks for beyond, while @dtx is not done
 * @sending: @dtx is under way
 * @cancel: CANCEL
 */
struct stream_request {
	struct stream_tx	tx;
	struct stream_tx	dtx;
	struct stream_tx	cancel;
	struct vpart_call	*call;
	atomic_t		refs;
	bool			put;
	bool			answered;
	bool			last;
	u32			got;
	struct stream_sg	pos;
	u32			asked;
	u32			want;
	bool			sending;
};

/* struct stream_serve.phase */
enum stream_phase {
	STREAM_PHASE_NONE,	/* no request, or it is being put */
	STREAM_PHASE_ARRIVING,	/* its IU is here, perhaps not all immediate data */
	STREAM_PHASE_MEMORY,	/* waits for memory for its data */
	STREAM_PHASE_GONE,	/* the same, but the client has given it up */
	STREAM_PHASE_DATA,	/* waits for its data */
	STREAM_PHASE_GIVEN,	/* with the driver */
};

/**
 * struct stream_answer - data of a call, and the answer to it
 * @data: DATA_IN, if there is some
 * @rsp: RSP or PUT behind it
 * @busy: from the REQ until the answer was sent and the pages are gone
 * @given: the driver has answered
 * @sgl: pages of the data, or NULL
 * @nents: how many
 * @mem: bytes counted in conn->mem
 * @len: length of the IU, 0: none
 * @list: @sgl, if it is short
 * @iu: the IU; until the request is given to the driver, the request's
 *
 * Two per slot, used in turn: the client may have an answer, and ask again,
 * before the sender has let go of it.
 */
struct stream_answer {
	struct stream_tx	data;
	struct stream_tx	rsp;
	bool			busy;
	bool			given;
	struct scatterlist	*sgl;
	unsigned int		nents;
	u32			mem;
	u16			len;
	struct scatterlist	list[STREAM_INLINE_SG];
	u8			iu[VPART_WIRE_IU_MAX] __aligned(8);
};

/**
 * struct stream_serve - a server's call
 * @xtx: XFER_RDY
 * @want: its IU
 * @node: on conn->xfers
 * @call: the slot
 * @phase: enum stream_phase; guarded by conn->rx_lock until it is given
 * @turn: which answer is in use
 * @got: bytes of data that came
 * @pos: where the next of them goes
 * @answer: see there
 */
struct stream_serve {
	struct stream_tx	xtx;
	__be32			want;
	struct llist_node	node;
	struct vpart_call	*call;
	u8			phase;
	u8			turn;
	u32			got;
	struct stream_sg	pos;
	struct stream_answer	answer[2];
};

/**
 * struct stream_event - an event on its way to the client
 * @tx: EVENT
 * @iu: number and event IU
 */
struct stream_event {
	struct stream_tx	tx;
	u8			iu[VPART_WIRE_IU_MAX];
};

#define STREAM_EVENTS_MAX	16	/* on their way at a time */

/* stream_main.c */
extern struct mutex stream_mutex;		/* stream_ends, stream_listeners */
extern struct list_head stream_ends;
extern struct workqueue_struct *stream_wq;	/* sends and receives */
extern struct workqueue_struct *stream_hs_wq;	/* handshakes, which wait */
extern struct workqueue_struct *stream_accept_wq;
void stream_end_put(struct stream_end *end);
__printf(2, 3)
void stream_say(struct stream_end *end, const char *fmt, ...);

/* stream_conn.c */
static inline bool stream_conn_runs(const struct stream_conn *conn)
{
	return (READ_ONCE(conn->flags) & (BIT(STREAM_CONN_RUN) | BIT(STREAM_CONN_DEAD))) ==
	       BIT(STREAM_CONN_RUN);
}

struct stream_conn *stream_conn_new(wait_queue_head_t *wait, enum vpart_side side,
				    unsigned int queue);
int stream_conn_attach(struct stream_conn *conn, struct socket *sock);
void stream_conn_prepare(struct socket *sock, void *arg);
void stream_conn_fail(struct stream_conn *conn, int error);
void stream_conn_run(struct stream_conn *conn);
void stream_conn_stop(struct stream_conn *conn, u32 bye);
void stream_conn_free(struct stream_conn *conn);

/* stream_session.c */
struct stream_session *stream_session_new(struct stream_end *end);
struct stream_session *stream_session_get(struct stream_session *sess);
void stream_session_put(struct stream_session *sess);
bool stream_session_join(struct stream_session *sess, struct stream_conn *conn);
void stream_session_run(struct stream_session *sess);
void stream_session_stop(struct stream_session *sess, u32 bye);

/* stream_hs.c */
typedef bool (*stream_stop_fn)(void *arg);
int stream_hs_send(struct stream_conn *conn, u8 type, u32 arg, const void *iu, u16 len);
int stream_hs_recv(struct stream_conn *conn, unsigned long deadline, stream_stop_fn stop,
		   void *arg);
int stream_hs_connected(struct stream_conn *conn, unsigned long deadline,
			stream_stop_fn stop, void *arg);

/* stream_tx.c */
void stream_tx_queue(struct stream_conn *conn, struct stream_tx *tx, bool more);
bool stream_tx_skip(struct stream_conn *conn, struct stream_tx *tx);
void stream_tx_work(struct work_struct *work);
void stream_tx_drop(struct stream_conn *conn);
void stream_tx_ack(struct stream_conn *conn, u32 arg);
void stream_tx_ack_sent(struct stream_conn *conn, struct stream_tx *tx);

/* stream_pool.c */
struct page *stream_pool_get(struct stream_pool *pool, gfp_t gfp);
void stream_pool_put(struct stream_pool *pool, struct page *page);
void stream_pool_free(struct stream_pool *pool);

/* stream_rx.c */
int stream_rx_feed(struct stream_conn *conn, const u8 *p, size_t len, size_t *done);
void stream_sg_begin(struct stream_sg *pos, struct scatterlist *sgl);
void *stream_sg_piece(struct stream_sg *pos, u32 want, u32 *len);
void stream_sg_skip(struct stream_sg *pos, u32 bytes);

/* stream_login.c */
int stream_client_connect(struct vpart_link *link, u32 epoch);

/* stream_client.c */
int stream_client_submit(struct vpart_queue *q, struct vpart_req *req);
int stream_client_cancel(struct vpart_queue *q, struct vpart_req *req);
void stream_client_end(struct stream_conn *conn);
int stream_client_iu(struct stream_conn *conn);
int stream_client_done(struct stream_conn *conn);

/* stream_server.c */
int stream_server_iu(struct stream_conn *conn);
int stream_server_done(struct stream_conn *conn);
void stream_server_memory(struct stream_conn *conn);
void stream_server_end(struct stream_conn *conn);
int stream_server_map(struct vpart_call *c, enum dma_data_direction dir, struct vpart_data *d);
struct vpart_req *stream_server_reply(struct vpart_call *c, const void *rsp, u16 len,
				      int status);
void stream_server_put(struct vpart_call *c);
bool stream_server_given(const struct vpart_call *c);

/* stream_event.c */
int stream_event_send(struct vpart_link *link, const void *iu, u16 len);
int stream_event_got(struct stream_conn *conn);
void stream_event_lost_sent(struct stream_conn *conn, struct stream_tx *tx);

/* stream_close.c */
void stream_close_init(struct stream_close *c);
int stream_close_ask(struct vpart_link *link, const struct vpart_close_session *what,
		     uuid_t *by);
int stream_close_answered(struct stream_conn *conn);
int stream_close_asked(struct stream_conn *conn);

/* stream_accept.c */
int stream_listen(struct stream_end *end, struct netlink_ext_ack *extack);
void stream_unlisten(struct stream_end *end);
void stream_wake(struct stream_end *end);
int stream_server_connect(struct vpart_link *link, u32 epoch);
void stream_server_up(struct vpart_link *link);

#endif /* _VPART_STREAM_H */
