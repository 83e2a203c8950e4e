// SPDX-License-Identifier: GPL-2.0
/*
 * A server is called: listeners, handshakes of what they accept, and the login
 * that comes of it.
 *
 * Each connection that is accepted has a handshake of its own, a work item that
 * waits: for INIT, which says to which end of a link it wants, then for AUTH.
 * Queue 0 makes a session, which is "forming" until its other queues have come
 * and the client's LOGIN; then it is "ready" and the link is asked to end the
 * epoch that it may have, and to log in with it. A new session of a client is
 * proof that it has given the last one up. What the client may not know it is
 * told late: until AUTH was right, only that it is refused.
 *
 * Who opens many connections and goes no further keeps nobody else out: when
 * there are STREAM_HS_MAX handshakes, the oldest whose client has not shown yet
 * that it may come makes room for the next.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "stream.h"

/**
 * struct stream_listener - a socket that ends of links share
 * @entry: in stream_listeners, under stream_mutex
 * @users: ends; under stream_mutex
 * @net: namespace
 * @addr: address
 * @sock: listening
 * @work: accepts
 * @wait: of its handshakes, and of who waits for their end
 * @handshakes: under way
 * @lock: guards the next
 * @strangers: those of them before AUTH was right, the oldest first
 * @closing: nothing is accepted any more
 * @log: limits messages about strangers
 */
struct stream_listener {
	struct list_head	entry;
	unsigned int		users;
	struct net		*net;
	struct stream_addr	addr;
	struct socket		*sock;
	struct work_struct	work;
	wait_queue_head_t	wait;
	atomic_t		handshakes;
	spinlock_t		lock;	/* see above */
	struct list_head	strangers;
	bool			closing;
	struct ratelimit_state	log;
};

static LIST_HEAD(stream_listeners);

/* A handshake under way */
struct stream_hs {
	struct work_struct	work;
	struct stream_listener	*listener;
	struct list_head	entry;
	bool			crowded;	/* it has to make room */
	struct stream_conn	*conn;
	struct stream_end	*end;
	struct stream_session	*sess;
	unsigned long		deadline;
	struct vpart_init	init;
	struct vpart_init_ack	ack;
	u8			init_pdu[VPART_HS_INIT];
	u8			ack_pdu[VPART_HS_INIT];
	u8			auth_pdu[VPART_HS_AUTH];
	u8			mac[VPART_MAC_SIZE];
};

static bool stream_hs_stop(void *arg)
{
	struct stream_hs *hs = arg;

	return READ_ONCE(hs->listener->closing) || READ_ONCE(hs->crowded) ||
	       (hs->end && READ_ONCE(hs->end->closing)) ||
	       (hs->sess && READ_ONCE(hs->sess->over));
}

/* ---- which end ---- */

static struct stream_end *stream_hs_find(struct stream_hs *hs)
{
	const struct vpart_init *init = &hs->init;
	struct stream_end *end;

	mutex_lock(&stream_mutex);
	list_for_each_entry(end, &stream_ends, entry) {
		if (end->listener != hs->listener || end->closing ||
		    end->link->adapter[VPART_SIDE_SERVER].id != init->adapter ||
		    !uuid_equal(&end->link->part[VPART_SIDE_CLIENT]->uuid, &init->client) ||
		    !uuid_equal(&end->link->part[VPART_SIDE_SERVER]->uuid, &init->server))
			continue;
		kref_get(&end->ref);
		mutex_unlock(&stream_mutex);
		return end;
	}
	mutex_unlock(&stream_mutex);
	return NULL;
}

static int stream_hs_reject(struct stream_hs *hs, u32 reason)
{
	struct stream_end *end = hs->end;

	if (end) {
		spin_lock_irq(&end->lock);
		end->total.refused++;
		if (reason == VPART_REJECT_AUTH)
			end->total.auth_failures++;
		spin_unlock_irq(&end->lock);
	}
	stream_hs_send(hs->conn, VPART_PDU_REJECT, reason, NULL, 0);
	set_bit(STREAM_CONN_SAID, &hs->conn->flags);
	return -EACCES;
}

__printf(2, 3)
static void stream_hs_say(struct stream_hs *hs, const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	if (!__ratelimit(&hs->listener->log))
		return;
	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	if (hs->end)
		pr_notice("adapter %s: client at %s %pV\n",
			  hs->end->link->adapter[VPART_SIDE_SERVER].name, hs->conn->peer, &vaf);
	else
		pr_notice("client at %s %pV\n", hs->conn->peer, &vaf);
	va_end(args);
}

/* ---- INIT and AUTH ---- */

static int stream_hs_init(struct stream_hs *hs)
{
	struct stream_conn *conn = hs->conn;
	struct vpart_wire_own any = {
		.ver_min = VPART_WIRE_VERSION, .ver_max = VPART_WIRE_VERSION,
	};
	int err;

	err = stream_hs_recv(conn, hs->deadline, stream_hs_stop, hs);
	if (err)
		return err;
	memcpy(hs->init_pdu, conn->rx.head, VPART_HDR_SIZE);
	memcpy(hs->init_pdu + VPART_HDR_SIZE, conn->rx.iu, VPART_INIT_SIZE);
	err = vpart_init_get(&hs->init, conn->rx.iu, conn->rx.hdr.iu_len, &any);
	if (err) {
		stream_hs_say(hs, err == VPART_REJECT_VERSION ? "speaks no version that we know" :
			      "sends nonsense");
		return stream_hs_reject(hs, err);
	}
	conn->rules.queue = hs->init.queue;
	hs->end = stream_hs_find(hs);
	if (!hs->end || hs->init.role != VPART_INIT_CLIENT) {
		stream_hs_say(hs, "asks for adapter %u of partition %pUb, which is not here",
			      hs->init.adapter, &hs->init.client);
		return stream_hs_reject(hs, VPART_REJECT_NO_ADAPTER);
	}
	return 0;
}

/* The session that a further queue belongs to; its own for queue 0. */
static int stream_hs_session(struct stream_hs *hs)
{
	struct stream_end *end = hs->end;
	bool fits = false;

	if (!hs->init.queue) {
		hs->sess = stream_session_new(end);
		if (!hs->sess)
			return stream_hs_reject(hs, VPART_REJECT_BUSY);
		vpart_init_answer(&hs->ack, &hs->init, &end->own);
		do {
			get_random_bytes(&hs->ack.session, sizeof(hs->ack.session));
		} while (!hs->ack.session);
		hs->sess->init = hs->init;
		hs->ack.boot = vpart_partition_boot(end->link->part[VPART_SIDE_SERVER], NULL);
	} else {
		spin_lock_irq(&end->lock);
		if (end->forming && !end->forming->conn[hs->init.queue] &&
		    vpart_init_joins(&hs->init, &end->forming->init, &end->forming->ack)) {
			hs->sess = stream_session_get(end->forming);
			hs->ack = end->forming->ack;
			fits = true;
		}
		spin_unlock_irq(&end->lock);
		if (!fits)
			return stream_hs_reject(hs, VPART_REJECT_BUSY);
		hs->ack.queue = hs->init.queue;
	}
	hs->ack.auth = end->key ? VPART_AUTH_HMAC_SHA256 : VPART_AUTH_NONE;
	get_random_bytes(hs->ack.nonce, sizeof(hs->ack.nonce));
	if (!hs->init.queue)
		hs->sess->ack = hs->ack;
	return 0;
}

/* The client has the key; hs->mac shall show it that we have it, too. */
static int stream_hs_auth(struct stream_hs *hs)
{
	struct stream_conn *conn = hs->conn;
	struct stream_end *end = hs->end;
	u8 mac[VPART_MAC_SIZE], iu[VPART_INIT_SIZE];
	int err;

	vpart_init_ack_put(iu, &hs->ack);
	err = stream_hs_send(conn, VPART_PDU_INIT_ACK, 0, iu, sizeof(iu));
	if (err)
		return err;
	memcpy(hs->ack_pdu, conn->tx.head, sizeof(hs->ack_pdu));
	vpart_rules_negotiated(&conn->rules, &hs->ack);
	err = stream_hs_recv(conn, hs->deadline, stream_hs_stop, hs);
	if (err)
		return err;
	if (conn->rx.hdr.type != VPART_PDU_AUTH)
		return -ECONNABORTED;
	if (!end->key)
		return 0;

	memcpy(hs->auth_pdu, conn->rx.head, VPART_HDR_SIZE);
	memcpy(hs->auth_pdu + VPART_HDR_SIZE, conn->rx.iu, VPART_MAC_SIZE);
	err = vpart_handshake_mac(end->key, hs->init_pdu, hs->ack_pdu, NULL, mac);
	if (err || !vpart_mac_equal(mac, conn->rx.iu)) {
		if (err)
			stream_hs_say(hs, "is refused: our key %s: error %d", end->key, -err);
		else
			stream_hs_say(hs, "does not have the key %s", end->key);
		return stream_hs_reject(hs, VPART_REJECT_AUTH);
	}
	return vpart_handshake_mac(end->key, hs->init_pdu, hs->ack_pdu, hs->auth_pdu, hs->mac);
}

static int stream_hs_auth_ack(struct stream_hs *hs)
{
	return stream_hs_send(hs->conn, VPART_PDU_AUTH_ACK, 0, hs->mac,
			      hs->end->key ? sizeof(hs->mac) : 0);
}

/* ---- from the session to the link's login ---- */

/* A session that no longer counts; no reference of @end's points to it. */
static void stream_session_discard(struct stream_session *sess, u32 bye)
{
	if (!sess)
		return;
	stream_session_stop(sess, bye);
	stream_session_put(sess);
}

/*
 * Its queue 0 is there: others may come, before the client is told so. An older
 * one that was forming ends.
 */
static void stream_hs_form(struct stream_hs *hs)
{
	struct stream_end *end = hs->end;
	struct stream_session *old;

	spin_lock_irq(&end->lock);
	old = end->forming;
	end->forming = stream_session_get(hs->sess);
	if (old)
		old->over = true;
	spin_unlock_irq(&end->lock);
	wake_up_all(&hs->listener->wait);
	stream_session_put(old);
}

static bool stream_hs_taken(struct stream_hs *hs)
{
	return READ_ONCE(hs->sess->taken) || stream_hs_stop(hs);
}

/* The link did not take it: no more. True if the link has it after all. */
static bool stream_hs_withdraw(struct stream_hs *hs)
{
	struct stream_end *end = hs->end;
	bool mine = false;

	spin_lock_irq(&end->lock);
	if (end->forming == hs->sess) {
		end->forming = NULL;
		mine = true;
	}
	if (end->ready == hs->sess) {
		end->ready = NULL;
		mine = true;
	}
	spin_unlock_irq(&end->lock);
	if (mine)
		stream_session_put(hs->sess);
	return hs->sess->taken;
}

static bool stream_hs_whole(struct stream_hs *hs)
{
	return READ_ONCE(hs->sess->nr) == hs->sess->ack.queues || stream_hs_stop(hs);
}

static bool stream_hs_is_formed(struct stream_hs *hs)
{
	struct stream_end *end = hs->end;
	bool ret;

	spin_lock_irq(&end->lock);
	ret = end->forming == hs->sess && hs->sess->nr == hs->sess->ack.queues;
	spin_unlock_irq(&end->lock);
	return ret;
}

static int stream_hs_login(struct stream_hs *hs)
{
	struct stream_conn *conn = hs->conn;
	struct stream_session *sess = hs->sess, *old;
	struct stream_end *end = hs->end;
	struct vpart_link_status st;
	int err;

	err = stream_hs_recv(conn, hs->deadline, stream_hs_stop, hs);
	if (err)
		return err;
	if (conn->rx.hdr.type != VPART_PDU_LOGIN)
		return -ECONNABORTED;
	/* The client has all answers; the last queue's handshake may not be done yet. */
	wait_event_timeout(hs->listener->wait, stream_hs_whole(hs),
			   max_t(long, hs->deadline - jiffies, 0));
	memcpy(sess->login, conn->rx.iu, conn->rx.hdr.iu_len);
	sess->login_len = conn->rx.hdr.iu_len;

	if (!stream_hs_is_formed(hs))
		return stream_hs_reject(hs, VPART_REJECT_BUSY);
	spin_lock_irq(&end->lock);
	if (end->forming != sess) {
		spin_unlock_irq(&end->lock);
		return stream_hs_reject(hs, VPART_REJECT_BUSY);
	}
	old = end->ready;
	end->forming = NULL;
	end->ready = sess;
	if (old)
		old->over = true;
	/* Of the one before, not of a login that has yet to look: it finds this one. */
	if (end->taking || end->sess)
		vpart_link_end(end->link, VPART_WHY_RELOGIN);
	spin_unlock_irq(&end->lock);
	wake_up_all(&hs->listener->wait);
	stream_session_put(old);

	vpart_link_retry(end->link);
	wait_event_timeout(hs->listener->wait, stream_hs_taken(hs), STREAM_DRAIN_TIME);
	if (stream_hs_withdraw(hs))
		return 0;
	vpart_link_status(end->link, &st);
	return stream_hs_reject(hs, st.state == VPART_LINK_STATE_DRAINING ?
				VPART_REJECT_DRAIN : VPART_REJECT_NOT_READY);
}

static int stream_hs_join(struct stream_hs *hs)
{
	struct stream_conn *conn = hs->conn;

	vpart_rules_phase(&conn->rules,
			  hs->init.queue ? VPART_PHASE_WAIT : VPART_PHASE_LOGIN);
	if (!stream_session_join(hs->sess, conn))
		return stream_hs_reject(hs, VPART_REJECT_BUSY);
	if (!hs->init.queue)
		stream_hs_form(hs);
	return 0;
}

/*
 * The last steps. A further queue is the link's as soon as it has joined; queue
 * 0 stays the handshake's until the link has taken the session.
 */
static int stream_hs_finish(struct stream_hs *hs)
{
	int err;

	if (!hs->init.queue)
		return stream_hs_join(hs) ?: stream_hs_auth_ack(hs) ?: stream_hs_login(hs);
	err = stream_hs_auth_ack(hs) ?: stream_hs_join(hs);
	wake_up_all(&hs->listener->wait);
	return err;
}

/* ---- the handshake's own life ---- */

/* No stranger any more, or no more at all. */
static void stream_hs_known(struct stream_hs *hs)
{
	struct stream_listener *listener = hs->listener;

	spin_lock(&listener->lock);
	list_del_init(&hs->entry);
	spin_unlock(&listener->lock);
}

/* One more, @hs: false if there is no room and nobody to make some. */
static bool stream_hs_begin(struct stream_listener *listener, struct stream_hs *hs)
{
	int nr = atomic_read(&listener->handshakes);
	struct stream_hs *old = NULL;

	spin_lock(&listener->lock);
	if (nr > STREAM_HS_MAX && nr <= 4 * STREAM_HS_MAX) {
		old = list_first_entry_or_null(&listener->strangers, struct stream_hs, entry);
		if (old) {
			list_del_init(&old->entry);
			WRITE_ONCE(old->crowded, true);
		}
	}
	if (old || nr <= STREAM_HS_MAX)
		list_add_tail(&hs->entry, &listener->strangers);
	spin_unlock(&listener->lock);
	if (old)
		wake_up_all(&listener->wait);
	return old || nr <= STREAM_HS_MAX;
}

static void stream_hs_done(struct stream_hs *hs, int err)
{
	struct stream_conn *conn = hs->conn;
	struct stream_session *sess = hs->sess;

	if (err > 0) {
		conn->error = err;
		stream_hs_say(hs, "breaks the protocol: %s", vpart_wire_error_text(err));
	} else if (err == -ETIMEDOUT) {
		conn->error = VPART_ERR_TIMEOUT;
	}
	if (!sess || conn->sess != sess) {
		/* It never became part of a session. */
		stream_conn_stop(conn, VPART_BYE_NONE);
		stream_conn_free(conn);
	} else if (err && !hs->init.queue) {
		stream_hs_withdraw(hs);
		stream_session_stop(sess, VPART_BYE_NONE);
	}
	stream_session_put(sess);
	if (hs->end)
		stream_end_put(hs->end);
}

/* The last touch of the listener: stream_unlisten() takes the lock once more. */
static void stream_hs_gone(struct stream_listener *listener)
{
	spin_lock(&listener->lock);
	if (atomic_dec_and_test(&listener->handshakes))
		wake_up_all(&listener->wait);
	spin_unlock(&listener->lock);
}

static void stream_hs_work(struct work_struct *work)
{
	struct stream_hs *hs = container_of(work, struct stream_hs, work);
	struct stream_listener *listener = hs->listener;
	/* Two servers may have disks of each other. */
	unsigned int noio = memalloc_noio_save();
	int err;

	err = stream_hs_init(hs) ?: stream_hs_session(hs) ?: stream_hs_auth(hs);
	stream_hs_known(hs);
	if (err == -ECANCELED && READ_ONCE(hs->crowded))
		err = stream_hs_reject(hs, VPART_REJECT_BUSY);
	if (!err)
		err = stream_hs_finish(hs);
	stream_hs_done(hs, err);
	kfree_sensitive(hs);
	stream_hs_gone(listener);
	memalloc_noio_restore(noio);
}

/* NULL without memory; then the socket is the caller's yet. */
static struct stream_conn *stream_accept_conn(struct stream_listener *listener,
					      struct socket *sock)
{
	struct stream_conn *conn = stream_conn_new(&listener->wait, VPART_SIDE_SERVER, 0);

	if (conn && stream_conn_attach(conn, sock)) {
		conn->sock = NULL;
		stream_conn_free(conn);
		conn = NULL;
	}
	return conn;
}

static void stream_accepted(struct stream_listener *listener, struct socket *sock)
{
	struct stream_hs *hs;

	atomic_inc(&listener->handshakes);
	hs = kzalloc(sizeof(*hs), GFP_KERNEL);
	if (!hs)
		goto refuse;
	hs->listener = listener;
	hs->deadline = jiffies + STREAM_LOGIN_TIME;
	INIT_WORK(&hs->work, stream_hs_work);
	if (!stream_hs_begin(listener, hs))
		goto free_hs;
	hs->conn = stream_accept_conn(listener, sock);
	if (!hs->conn)
		goto forget;
	stream_conn_prepare(sock, hs->conn);
	queue_work(stream_hs_wq, &hs->work);
	return;

forget:
	stream_hs_known(hs);
free_hs:
	kfree(hs);
refuse:
	stream_sock_release(sock);
	stream_hs_gone(listener);
}

/* ---- listeners ---- */

static void stream_accept_work(struct work_struct *work)
{
	struct stream_listener *listener = container_of(work, struct stream_listener, work);
	struct socket *sock;
	int err;

	while (!READ_ONCE(listener->closing)) {
		err = stream_sock_accept(listener->sock, &sock);
		if (err == -EAGAIN)
			break;
		if (err) {
			/* One that hung up before; or no memory: its caller calls again. */
			if (err != -ECONNABORTED)
				break;
			continue;
		}
		stream_accepted(listener, sock);
	}
}

/* TCP's connections that wait for accept() have this callback too. */
static void stream_listen_ready(struct sock *sk)
{
	struct stream_listener *listener;

	read_lock_bh(&sk->sk_callback_lock);
	listener = sk->sk_user_data;
	if (listener && sk->sk_state == TCP_LISTEN)
		queue_work(stream_accept_wq, &listener->work);
	read_unlock_bh(&sk->sk_callback_lock);
}

static void stream_listen_prepare(struct socket *sock, void *arg)
{
	struct sock *sk = sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = arg;
	sk->sk_data_ready = stream_listen_ready;
	write_unlock_bh(&sk->sk_callback_lock);
}

static struct stream_listener *stream_listener_new(struct net *net,
						   const struct stream_addr *addr, int *err)
{
	struct stream_listener *listener = kzalloc(sizeof(*listener), GFP_KERNEL);

	*err = -ENOMEM;
	if (!listener)
		return NULL;
	listener->net = net;
	listener->addr = *addr;
	listener->users = 1;
	INIT_WORK(&listener->work, stream_accept_work);
	init_waitqueue_head(&listener->wait);
	atomic_set(&listener->handshakes, 0);
	spin_lock_init(&listener->lock);
	INIT_LIST_HEAD(&listener->strangers);
	ratelimit_state_init(&listener->log, 5 * HZ, 5);
	*err = stream_sock_listen(net, addr, stream_listen_prepare, listener, &listener->sock);
	if (!*err)
		return listener;
	kfree(listener);
	return NULL;
}

/**
 * stream_listen() - a server's end can be called from here on
 * @end: end, its address and namespace are set
 * @extack: gets a sentence on failure
 *
 * Context: Process context, stream_mutex held.
 * Return: 0 or an errno.
 */
int stream_listen(struct stream_end *end, struct netlink_ext_ack *extack)
{
	struct stream_listener *listener;
	int err;

	lockdep_assert_held(&stream_mutex);
	list_for_each_entry(listener, &stream_listeners, entry) {
		if (net_eq(listener->net, end->net) &&
		    stream_addr_equal(&listener->addr, &end->addr)) {
			listener->users++;
			end->listener = listener;
			return 0;
		}
	}
	listener = stream_listener_new(end->net, &end->addr, &err);
	if (!listener) {
		NL_SET_ERR_MSG_FMT(extack, "cannot listen at %.40s: error %d",
				   end->link->address, -err);
		return err;
	}
	list_add_tail(&listener->entry, &stream_listeners);
	end->listener = listener;
	return 0;
}

/**
 * stream_wake() - have the handshakes of an end look whether they are wanted
 * @end: server's end
 *
 * Context: Any.
 */
void stream_wake(struct stream_end *end)
{
	wake_up_all(&end->listener->wait);
}

/**
 * stream_unlisten() - a server's end is called no more
 * @end: end, closing, with no handshake
 *
 * Context: Process context, no lock held; waits for the handshakes of the
 * listener if it is the last end, which end at once.
 */
void stream_unlisten(struct stream_end *end)
{
	struct stream_listener *listener = end->listener;
	bool last;

	mutex_lock(&stream_mutex);
	last = !--listener->users;
	if (last)
		list_del(&listener->entry);
	mutex_unlock(&stream_mutex);
	if (!last)
		return;
	WRITE_ONCE(listener->closing, true);
	stream_sock_silence(listener->sock);
	cancel_work_sync(&listener->work);
	wake_up_all(&listener->wait);
	wait_event(listener->wait, !atomic_read(&listener->handshakes));
	/* Who was the last has left it. */
	spin_lock(&listener->lock);
	spin_unlock(&listener->lock);
	stream_sock_release(listener->sock);
	kfree(listener);
}

/* ---- the link's login ---- */

static int stream_server_refuse(struct stream_session *sess, int err)
{
	u8 iu[4];
	u32 reason = err == -EAGAIN || err == -ENOMEM ? VPART_REJECT_NOT_READY :
							VPART_REJECT_DRIVER;
	struct stream_end *end = sess->end;

	spin_lock_irq(&end->lock);
	end->taking = false;
	end->total.refused++;
	spin_unlock_irq(&end->lock);
	stream_hs_send(sess->conn[0], VPART_PDU_REJECT, reason, iu,
		       vpart_reject_put(iu, reason, -err));
	set_bit(STREAM_CONN_SAID, &sess->conn[0]->flags);
	stream_session_discard(sess, VPART_BYE_NONE);
	return err;
}

/**
 * stream_server_connect() - vpart_fabric_ops.connect of a server's end
 * @link: link
 * @epoch: of the login
 *
 * Return: 0, -ENOLINK if no session is ready, or what the driver says.
 */
int stream_server_connect(struct vpart_link *link, u32 epoch)
{
	struct vpart_adapter *server = &link->adapter[VPART_SIDE_SERVER];
	struct stream_end *end = link->priv;
	struct stream_session *sess;
	struct vpart_limits want, lim;
	u16 rsp_len = VPART_MAX_IU - sizeof(struct vpart_wire_login_rsp);
	int err;

	spin_lock_irq(&end->lock);
	sess = end->ready;
	end->ready = NULL;
	end->taking = sess;
	if (sess)
		sess->taken = true;
	spin_unlock_irq(&end->lock);
	if (!sess)
		return -ENOLINK;
	stream_wake(end);

	vpart_link_session(link, sess->ack.session, &sess->init.boot, &sess->init.boot);
	want = (struct vpart_limits) {
		.nr_queues	= sess->ack.queues,
		.depth		= sess->ack.depth,
		.max_segs	= U16_MAX,
		.max_data	= STREAM_CMD_DATA,
		.dma_alignment	= 3,
	};
	lim = want;
	err = link->server->login(server, epoch, sess->login, sess->login_len, &lim,
				  link->login_rsp, &rsp_len);
	if (err)
		return stream_server_refuse(sess, err > 0 ? -EPROTO : err);
	err = -EPROTO;
	if (rsp_len <= VPART_MAX_IU - sizeof(struct vpart_wire_login_rsp) &&
	    lim.nr_queues == want.nr_queues && lim.depth <= want.depth &&
	    lim.depth > VPART_PRIO_TAGS && lim.max_data <= want.max_data) {
		link->login_rsp_len = rsp_len;
		lim.caps = 0;
		err = vpart_link_tables(link, &lim, link->server->call_size);
	}
	if (err) {
		link->server->logout(server, epoch);
		return stream_server_refuse(sess, err);
	}
	spin_lock_irq(&end->lock);
	end->taking = false;
	end->sess = sess;
	end->ev_open = 0;
	end->ev_gap = false;
	end->total.logins++;
	spin_unlock_irq(&end->lock);
	return 0;
}

/**
 * stream_server_up() - tell the client that the link is up
 * @link: link, up
 *
 * Context: Process context, the link's work.
 */
void stream_server_up(struct vpart_link *link)
{
	struct stream_end *end = link->priv;
	struct stream_session *sess = end->sess;
	struct vpart_login_limits lim;
	u8 iu[VPART_MAX_IU];
	unsigned int i;
	u16 len;

	len = vpart_link_login_rsp(link, &lim, iu);
	for (i = 0; i < sess->nr; i++) {
		sess->conn[i]->q = &link->queues[i];
		vpart_rules_login(&sess->conn[i]->rules, link->epoch, &lim);
	}
	if (stream_hs_send(sess->conn[0], VPART_PDU_LOGIN_RSP, 0, iu, len))
		vpart_link_end(link, VPART_WHY_LOST);
	else
		stream_session_run(sess);
}
