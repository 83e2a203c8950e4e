// SPDX-License-Identifier: GPL-2.0
/*
 * A connection: a socket, its callbacks, and how it ends.
 *
 * Any context may find that a connection is over: stream_conn_fail() notes the
 * first reason and tells the link, whose work ends the session by
 * stream_conn_stop(). From there on no callback runs, no work, and nothing is
 * with the socket: neither end touches a page again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched/mm.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <net/tcp_states.h>

#include "stream.h"

#define STREAM_RX_BUF	(32 * 1024)

static void stream_conn_count(struct stream_conn *conn, int error)
{
	struct stream_end *end = conn->sess->end;
	unsigned long flags;

	spin_lock_irqsave(&end->lock, flags);
	end->total.lost++;
	if (error == VPART_ERR_DATA_DIGEST || error == VPART_ERR_HDR_DIGEST)
		end->total.digest_errors++;
	else if (error > 0 && error != VPART_ERR_TIMEOUT)
		end->total.protocol_errors++;
	spin_unlock_irqrestore(&end->lock, flags);
}

static void stream_conn_lost(struct stream_conn *conn)
{
	stream_conn_count(conn, conn->error);
	if (conn->error > 0)
		stream_say(conn->sess->end, "%s, queue %u: %s", conn->peer, conn->rules.queue,
			   vpart_wire_error_text(conn->error));
	vpart_link_end(conn->sess->end->link, VPART_WHY_LOST);
}

/**
 * stream_conn_fail() - a connection is over
 * @conn: connection
 * @error: enum vpart_wire_error, which the peer is told, or a negative errno
 *
 * Context: Any, never sleeps.
 */
void stream_conn_fail(struct stream_conn *conn, int error)
{
	if (test_and_set_bit(STREAM_CONN_DEAD, &conn->flags))
		return;
	conn->error = error;
	wake_up_all(conn->wait);
	/* Before, the thread that logs in finds it. */
	if (test_bit(STREAM_CONN_RUN, &conn->flags))
		stream_conn_lost(conn);
}

/* ---- reading ---- */

/* What stream_rx_feed() said, but 0. */
static void stream_conn_stuck(struct stream_conn *conn, int err)
{
	if (err != -EAGAIN) {
		stream_conn_fail(conn, err);
		return;
	}
	set_bit(STREAM_CONN_STALLED, &conn->flags);
	queue_work(stream_wq, &conn->rx_work);
}

static int stream_conn_actor(read_descriptor_t *desc, struct sk_buff *skb,
			     unsigned int offset, size_t len)
{
	struct stream_conn *conn = desc->arg.data;
	struct skb_seq_state seq;
	size_t taken = 0, done;
	const u8 *data;
	unsigned int n;
	int err = 0;

	if (conn->flags & (BIT(STREAM_CONN_STALLED) | BIT(STREAM_CONN_DEAD))) {
		desc->count = 0;
		return 0;
	}
	skb_prepare_seq_read(skb, offset, offset + len, &seq);
	while (!err) {
		n = skb_seq_read(taken, &data, &seq);
		if (!n)
			break;
		err = stream_rx_feed(conn, data, n, &done);
		taken += done;
	}
	if (unlikely(err)) {
		if (n)
			skb_abort_seq_read(&seq);
		desc->count = 0;
		stream_conn_stuck(conn, err);
	}
	return taken;
}

/* TCP, with the socket's lock: in softirq, or taken. */
static void stream_conn_read(struct stream_conn *conn, struct sock *sk)
{
	read_descriptor_t desc = { .arg.data = conn, .count = 1 };

	WRITE_ONCE(conn->last_rx, jiffies);
	tcp_read_sock(sk, &desc, stream_conn_actor);
}

/* TCP: what could not go on in softirq. */
static void stream_conn_unstall(struct stream_conn *conn)
{
	struct sock *sk = conn->sock->sk;
	size_t done;
	int err;

	if (!test_bit(STREAM_CONN_STALLED, &conn->flags))
		return;
	lock_sock(sk);
	clear_bit(STREAM_CONN_STALLED, &conn->flags);
	/* What waited may be complete, with no byte behind it. */
	err = stream_rx_feed(conn, NULL, 0, &done);
	if (err)
		stream_conn_stuck(conn, err);
	else
		stream_conn_read(conn, sk);
	release_sock(sk);
}

/* Other sockets: through a buffer. */
static void stream_conn_recv(struct stream_conn *conn)
{
	unsigned long turn = jiffies + STREAM_TURN;
	struct kvec vec;
	size_t pos, done;
	int n, err;

	while (!test_bit(STREAM_CONN_DEAD, &conn->flags)) {
		if (time_after(jiffies, turn)) {
			queue_work(stream_wq, &conn->rx_work);
			return;
		}
		vec.iov_base = conn->rx_buf;
		vec.iov_len = STREAM_RX_BUF;
		n = stream_sock_recv(conn->sock, &vec, 1, STREAM_RX_BUF);
		if (n == -EAGAIN)
			return;
		if (n <= 0) {
			stream_conn_fail(conn, n ?: -ECONNRESET);
			return;
		}
		WRITE_ONCE(conn->last_rx, jiffies);
		for (pos = 0; pos < n; pos += done) {
			err = stream_rx_feed(conn, conn->rx_buf + pos, n - pos, &done);
			if (err == -EAGAIN) {
				stream_server_memory(conn);
				if (!done && test_bit(STREAM_CONN_DEAD, &conn->flags))
					return;
			} else if (err) {
				stream_conn_fail(conn, err);
				return;
			}
			cond_resched();
		}
	}
}

static void stream_conn_rx_work(struct work_struct *work)
{
	struct stream_conn *conn = container_of(work, struct stream_conn, rx_work);
	unsigned int noio = memalloc_noio_save();

	if (!test_bit(STREAM_CONN_DEAD, &conn->flags)) {
		if (conn->rules.side == VPART_SIDE_SERVER)
			stream_server_memory(conn);
		if (conn->softirq)
			stream_conn_unstall(conn);
		else
			stream_conn_recv(conn);
	}
	memalloc_noio_restore(noio);
}

/* ---- callbacks of the socket ---- */

static void stream_data_ready(struct sock *sk)
{
	struct stream_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (!conn) {
		;
	} else if (!test_bit(STREAM_CONN_RUN, &conn->flags)) {
		set_bit(STREAM_CONN_READABLE, &conn->flags);
		wake_up_all(conn->wait);
	} else if (!conn->softirq) {
		queue_work(stream_wq, &conn->rx_work);
	} else if (!test_bit(STREAM_CONN_STALLED, &conn->flags)) {
		stream_conn_read(conn, sk);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

static void stream_write_space(struct sock *sk)
{
	struct stream_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn && test_bit(STREAM_CONN_RUN, &conn->flags) &&
	    (!conn->softirq || sk_stream_is_writeable(sk))) {
		if (sk->sk_socket)
			clear_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		queue_work(stream_wq, &conn->tx_work);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

/* The socket's state, or its error, has changed; its callback lock held. */
static void stream_conn_changed(struct stream_conn *conn, struct sock *sk)
{
	set_bit(STREAM_CONN_READABLE, &conn->flags);
	wake_up_all(conn->wait);
	if (!test_bit(STREAM_CONN_RUN, &conn->flags))
		return;
	if (!conn->softirq)	/* it may have data still, and then an end */
		queue_work(stream_wq, &conn->rx_work);
	else if (sk->sk_state != TCP_ESTABLISHED)
		stream_conn_fail(conn, sk->sk_err ? -sk->sk_err : -ECONNRESET);
}

static void stream_state_change(struct sock *sk)
{
	struct stream_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn)
		stream_conn_changed(conn, sk);
	read_unlock_bh(&sk->sk_callback_lock);
}

/**
 * stream_conn_prepare() - install the callbacks
 * @sock: a socket of ours
 * @arg: its connection
 *
 * Context: Process context.
 */
void stream_conn_prepare(struct socket *sock, void *arg)
{
	struct sock *sk = sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = arg;
	sk->sk_data_ready = stream_data_ready;
	sk->sk_state_change = stream_state_change;
	sk->sk_error_report = stream_state_change;
	sk->sk_write_space = stream_write_space;
	write_unlock_bh(&sk->sk_callback_lock);
}

/* ---- signs of life ---- */

/*
 * A NOP is due. On a further queue not before the client has spoken there: it
 * may not know the epoch yet.
 */
static bool stream_nop_due(struct stream_conn *conn, unsigned long keepalive)
{
	if (time_before(jiffies, conn->last_nop + keepalive) ||
	    READ_ONCE(conn->nop.state) != STREAM_TX_IDLE)
		return false;
	if (conn->rules.side == VPART_SIDE_SERVER && conn->rules.queue &&
	    READ_ONCE(conn->rules.seq) == conn->run_seq)
		return false;
	return true;
}

static void stream_alive(struct work_struct *work)
{
	struct stream_conn *conn = container_of(work, struct stream_conn, alive.work);
	unsigned long keepalive = msecs_to_jiffies(conn->sess->ack.keepalive);

	if (test_bit(STREAM_CONN_DEAD, &conn->flags))
		return;
	WRITE_ONCE(conn->last_rx, vpart_link_heard(READ_ONCE(conn->last_rx), conn->looked, jiffies,
						   keepalive / 4));
	conn->looked = jiffies;
	/* What it says waits for us. */
	if (conn->softirq && test_bit(STREAM_CONN_STALLED, &conn->flags))
		WRITE_ONCE(conn->last_rx, jiffies);
	if (time_after(jiffies, READ_ONCE(conn->last_rx) + keepalive * 5 / 2)) {
		stream_conn_fail(conn, VPART_ERR_TIMEOUT);
		return;
	}
	if (stream_nop_due(conn, keepalive)) {
		conn->last_nop = jiffies;
		conn->nop.hdr.type = VPART_PDU_NOP;
		WRITE_ONCE(conn->nop.hdr.arg, (u32)ktime_to_us(ktime_get()));
		set_bit(STREAM_CONN_NOP, &conn->flags);
		stream_tx_queue(conn, &conn->nop, false);
	}
	/* Memory may be there again. */
	if (!llist_empty(&conn->xfers))
		queue_work(stream_wq, &conn->rx_work);
	if (READ_ONCE(conn->tx.cur) ||
	    READ_ONCE(conn->tx.stage_sent) != READ_ONCE(conn->tx.stage_put))
		queue_work(stream_wq, &conn->tx_work);
	queue_delayed_work(stream_wq, &conn->alive, keepalive / 4);
}

/* ---- life ---- */

static void stream_sent_nothing(struct stream_conn *conn, struct stream_tx *tx)
{
}

/**
 * stream_conn_new() - make a connection without a socket
 * @wait: of the thread that logs in with it
 * @side: this end
 * @queue: its number; a server learns it
 *
 * Context: Process context.
 * Return: the connection or NULL.
 */
struct stream_conn *stream_conn_new(wait_queue_head_t *wait, enum vpart_side side,
				    unsigned int queue)
{
	struct stream_conn *conn = kzalloc(sizeof(*conn), GFP_KERNEL);

	if (!conn)
		return NULL;
	conn->wait = wait;
	spin_lock_init(&conn->rx_lock);
	spin_lock_init(&conn->tx_lock);
	spin_lock_init(&conn->pool.lock);
	init_llist_head(&conn->xfers);
	init_llist_head(&conn->tx_list);
	INIT_WORK(&conn->rx_work, stream_conn_rx_work);
	INIT_WORK(&conn->tx_work, stream_tx_work);
	INIT_DELAYED_WORK(&conn->alive, stream_alive);
	conn->nop.sent = stream_sent_nothing;
	conn->ack.sent = stream_tx_ack_sent;
	conn->lost.sent = stream_event_lost_sent;
	vpart_rules_begin(&conn->rules, side, queue);
	return conn;
}

/**
 * stream_conn_attach() - give a connection its socket
 * @conn: connection
 * @sock: its socket, connected; released with it whatever happens
 *
 * Context: Process context.
 * Return: 0 or -ENOMEM.
 */
int stream_conn_attach(struct stream_conn *conn, struct socket *sock)
{
	struct stream_addr peer;

	conn->sock = sock;
	conn->softirq = sock->sk->sk_protocol == IPPROTO_TCP &&
			(sock->sk->sk_family == AF_INET || sock->sk->sk_family == AF_INET6);
	strscpy(conn->peer, "?", sizeof(conn->peer));
	if (!stream_sock_names(sock, NULL, &peer))
		stream_addr_print(conn->peer, sizeof(conn->peer), &peer);
	if (conn->softirq)
		return 0;
	conn->rx_buf = kvmalloc(STREAM_RX_BUF, GFP_KERNEL);
	return conn->rx_buf ? 0 : -ENOMEM;
}

/**
 * stream_conn_run() - from here on the engine reads and writes
 * @conn: connection of a session that runs; its rules say so
 *
 * Context: Process context.
 */
void stream_conn_run(struct stream_conn *conn)
{
	struct sock *sk = conn->sock->sk;

	conn->rx.state = STREAM_RX_HDR;
	conn->rx.need = VPART_HDR_SIZE;
	conn->rx.have = 0;
	conn->last_rx = jiffies;
	conn->last_nop = jiffies;
	conn->run_seq = conn->rules.seq;
	/* What has come by now, no callback will tell. */
	write_lock_bh(&sk->sk_callback_lock);
	set_bit(STREAM_CONN_STALLED, &conn->flags);
	set_bit(STREAM_CONN_RUN, &conn->flags);
	if (test_bit(STREAM_CONN_DEAD, &conn->flags))
		stream_conn_lost(conn);		/* since the login: nobody else will say so */
	stream_conn_changed(conn, sk);
	write_unlock_bh(&sk->sk_callback_lock);
	queue_work(stream_wq, &conn->rx_work);
	queue_work(stream_wq, &conn->tx_work);
	conn->looked = jiffies;
	queue_delayed_work(stream_wq, &conn->alive, 1);
}

/* Why we leave, if the peer can still be told. */
static void stream_conn_last_word(struct stream_conn *conn, u32 bye)
{
	struct vpart_hdr h = { .epoch = conn->rules.epoch, .seq = conn->tx.seq };
	u8 buf[VPART_HDR_SIZE + 4];
	struct kvec vec = { .iov_base = buf, .iov_len = VPART_HDR_SIZE };

	/* Not in the middle of another, not behind one that is not sent. */
	if (conn->tx.busy || conn->tx.stage_sent != conn->tx.stage_put)
		return;
	if (conn->error < 0 || test_bit(STREAM_CONN_SAID, &conn->flags))
		return;
	h.type = conn->error ? VPART_PDU_ERROR : VPART_PDU_BYE;
	h.arg = conn->error ?: bye;
	if (conn->error) {
		h.iu_len = vpart_error_put(buf + VPART_HDR_SIZE,
					   conn->error == VPART_ERR_TIMEOUT ? conn->rules.seq :
					   conn->rx.hdr.seq);
		vec.iov_len += h.iu_len;
	}
	vpart_hdr_put(buf, &h);
	if (conn->rules.hdgst)
		vpart_hdr_seal(buf, buf + VPART_HDR_SIZE, h.iu_len);
	stream_sock_send(conn->sock, &vec, 1, vec.iov_len, false);
}

/**
 * stream_conn_stop() - end a connection
 * @conn: connection; nobody queues anything any more but itself
 * @bye: enum vpart_bye, for a peer that still hears
 *
 * When it returns nothing touches a page of a request through it.
 *
 * Context: Process context; waits for what runs, which waits for nothing.
 */
void stream_conn_stop(struct stream_conn *conn, u32 bye)
{
	set_bit(STREAM_CONN_DEAD, &conn->flags);
	wake_up_all(conn->wait);
	if (!conn->sock)
		return;
	stream_sock_silence(conn->sock);
	cancel_delayed_work_sync(&conn->alive);
	cancel_work_sync(&conn->rx_work);
	cancel_work_sync(&conn->tx_work);
	/* Which may have queued the other once more, to no effect. */
	cancel_work_sync(&conn->rx_work);
	/* Who reads finds it before the reset that is behind it. */
	stream_conn_last_word(conn, bye);
	stream_sock_release(conn->sock);
	conn->sock = NULL;
}

/**
 * stream_conn_free() - free a connection
 * @conn: stopped, or NULL
 *
 * Context: Process context.
 */
void stream_conn_free(struct stream_conn *conn)
{
	if (!conn)
		return;
	stream_pool_free(&conn->pool);
	kvfree(conn->rx_buf);
	kfree(conn);
}
