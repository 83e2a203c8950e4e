// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets of the stream fabric: TCP, vsock and unix streams, made, set up, used
 * and released in one way.
 *
 * A disk whose pages are to be written before memory is free again may depend
 * on any of them. So each may use the reserves (SOCK_MEMALLOC), nothing done
 * to it starts I/O to get memory, and no lock is taken that is held across
 * CPU hotplug, which waits for disks.
 *
 * Locks: a socket's own (lock_sock), a mutex for its owner's purposes, and
 * sk_callback_lock, which callbacks hold for reading and which is never held
 * across anything else. Owners take no lock in a callback that they hold when
 * they call a function of this file.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bvec.h>
#include <linux/in.h>
#include <linux/jump_label.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/sched/mm.h>
#include <linux/tcp.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "stream_sock.h"

/* Connections that wait to be accepted. */
#define STREAM_BACKLOG		256
/* ms for the peer's TCP to acknowledge something; longer than any keepalive's limit */
#define STREAM_USER_TIMEOUT	10000

#define SEND_FLAGS		(MSG_DONTWAIT | MSG_NOSIGNAL)

/* What the callbacks of a new socket are; the same for all sockets of a family. */
struct callbacks {
	void (*data_ready)(struct sock *sk);
	void (*state_change)(struct sock *sk);
	void (*write_space)(struct sock *sk);
	void (*error_report)(struct sock *sk);
};

static struct callbacks defaults[3];

static struct callbacks *defaults_of(const struct sock *sk)
{
	switch (sk->sk_family) {
	case AF_UNIX:
		return &defaults[0];
	case AF_VSOCK:
		return &defaults[1];
	default:
		return &defaults[2];
	}
}

static bool is_tcp(const struct sock *sk)
{
	return sk->sk_family == AF_INET || sk->sk_family == AF_INET6;
}

/**
 * stream_sock_init() - before the first socket
 *
 * Skbs from the reserves are told from others only while this static key is on.
 * sk_set_memalloc() would switch it for each socket, and to do so waits for CPU
 * hotplug to end: which may wait for a disk that waits for this socket.
 *
 * Context: Process context.
 */
void stream_sock_init(void)
{
	static_branch_inc(&memalloc_socks_key);
}

/**
 * stream_sock_exit() - after the last socket
 *
 * Context: Process context.
 */
void stream_sock_exit(void)
{
	static_branch_dec(&memalloc_socks_key);
}

/*
 * The same for each side. No error of these matters to a caller.
 *
 * sk_allocation: no I/O to get memory, and the reserves (see above).
 * No task_frag: the task's page fragment belongs to whoever is in the middle
 *	of using it when memory is reclaimed by it.
 * No linger: closing is a reset and purges the write queue, so that nothing of
 *	a dead session is sent later.
 * No delay: a PDU is sent when it is complete; MSG_MORE joins what belongs together.
 * User time-out: a second bound under the fabric's keepalive, for a connect too.
 */
static void set_up(struct socket *sock)
{
	struct sock *sk = sock->sk;

	/* Flags of a live socket change under its lock alone. */
	lock_sock(sk);
	sock_set_flag(sk, SOCK_MEMALLOC);
	sk->sk_allocation = GFP_NOIO | __GFP_MEMALLOC;
	sock_no_task_frag(sk);
	release_sock(sk);
	sock_no_linger(sk);
	if (is_tcp(sk)) {
		tcp_sock_set_nodelay(sk);
		tcp_sock_set_user_timeout(sk, STREAM_USER_TIMEOUT);
	}
}

static int new_sock(struct net *net, const struct stream_addr *a, struct socket **sockp)
{
	int family = a->ss.ss_family;
	struct callbacks *d;
	struct socket *sock;
	struct sock *sk;
	int err;

	err = sock_create_kern(net, family, SOCK_STREAM,
			       family == AF_INET || family == AF_INET6 ? IPPROTO_TCP : 0, &sock);
	if (err)
		return err;
	sk = sock->sk;
	/* Written again and again, but never with anything else. */
	d = defaults_of(sk);
	WRITE_ONCE(d->data_ready, sk->sk_data_ready);
	WRITE_ONCE(d->state_change, sk->sk_state_change);
	WRITE_ONCE(d->write_space, sk->sk_write_space);
	WRITE_ONCE(d->error_report, sk->sk_error_report);
	set_up(sock);
	*sockp = sock;
	return 0;
}

/**
 * stream_sock_silence() - take the owner's callbacks off
 * @sock: the socket
 *
 * When it returns, no callback that holds sk_callback_lock for reading runs,
 * none will, and sk_user_data is NULL.
 *
 * Context: Process context; not from a callback.
 */
void stream_sock_silence(struct socket *sock)
{
	struct sock *sk = sock->sk;
	struct callbacks *d = defaults_of(sk);

	write_lock_bh(&sk->sk_callback_lock);
	rcu_assign_sk_user_data(sk, NULL);
	sk->sk_data_ready = d->data_ready;
	sk->sk_state_change = d->state_change;
	sk->sk_write_space = d->write_space;
	sk->sk_error_report = d->error_report;
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * stream_sock_release() - close a socket at once
 * @sock: from stream_sock_connect(), _listen() or _accept()
 *
 * TCP drops what was not sent and resets the connection. vsock and unix have
 * handed all over to the peer, who reads it and then the end of the stream (or
 * a reset, if data from him was not read). Connections that wait to be accepted
 * are reset with their listener. A packet on its way out of this machine is
 * beyond reach: what must not be overtaken is fenced by the session.
 *
 * Context: Process context; nothing else uses @sock.
 */
void stream_sock_release(struct socket *sock)
{
	unsigned int noio = memalloc_noio_save();

	stream_sock_silence(sock);
	sock_release(sock);
	memalloc_noio_restore(noio);
}

/**
 * stream_sock_connect() - make a socket and begin to connect it
 * @net: namespace; referenced by the caller until the socket is released
 * @to: where to
 * @prepare: called once the socket is set up, before it connects; may be NULL
 * @arg: for @prepare
 * @sockp: the socket on 0 and -EINPROGRESS, else NULL
 *
 * Callbacks may run before this returns: what they need is in their
 * sk_user_data, not in @sockp. If it fails, they are silenced first.
 *
 * It gives up after the TCP user time-out, and on vsock after 2 s.
 *
 * Context: Process context; may load the family's module. Does not wait for
 * the peer.
 * Return: 0 if it is connected (unix), -EINPROGRESS if sk_state_change or
 * sk_error_report will tell (then see stream_sock_connect_error()), -EAGAIN if
 * a unix listener has too many to accept, or another errno.
 */
int stream_sock_connect(struct net *net, const struct stream_addr *to,
			stream_prepare_fn prepare, void *arg, struct socket **sockp)
{
	/* What is written through this link may be all that can be freed. */
	unsigned int noreclaim = memalloc_noreclaim_save();
	struct stream_addr a = *to;
	struct socket *sock = NULL;
	int err;

	err = new_sock(net, to, &sock);
	if (err)
		goto restore;
	if (prepare)
		prepare(sock, arg);
	err = kernel_connect(sock, (struct sockaddr_unsized *)&a.ss, a.len, O_NONBLOCK);
	if (err && err != -EINPROGRESS) {
		stream_sock_release(sock);
		sock = NULL;
	}
restore:
	memalloc_noreclaim_restore(noreclaim);
	*sockp = sock;
	return err;
}

/**
 * stream_sock_connect_error() - what became of a connect
 * @sock: from stream_sock_connect()
 *
 * Context: Any; asked from a callback, the answer may be a moment old.
 * Return: 0 if it is, or was, connected (its end is then told by
 * stream_sock_recv()), -EINPROGRESS, or why it failed, each time it is asked.
 */
int stream_sock_connect_error(struct socket *sock)
{
	struct sock *sk = sock->sk;
	int state = READ_ONCE(sk->sk_state);
	int err = READ_ONCE(sk->sk_err);

	if (err)
		return -err;
	switch (state) {
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
		return -EINPROGRESS;
	case TCP_CLOSE:	/* and whoever looked first has taken the error */
		return -ECONNRESET;
	default:
		return 0;
	}
}

/**
 * stream_sock_listen() - make a socket that listens
 * @net: namespace; referenced by the caller until the socket is released
 * @at: where
 * @prepare: called once the socket has its address, before it listens; may be
 *	NULL
 * @arg: for @prepare
 * @sockp: the socket, NULL on error
 *
 * A connection that waits to be accepted runs a copy of the listener's
 * callbacks (TCP): they look at sk->sk_state == TCP_LISTEN before they use
 * sk_user_data.
 *
 * Context: Process context; may load the family's module.
 * Return: 0 or an errno: -EADDRINUSE, -EADDRNOTAVAIL, -EAFNOSUPPORT...
 */
int stream_sock_listen(struct net *net, const struct stream_addr *at,
		       stream_prepare_fn prepare, void *arg, struct socket **sockp)
{
	unsigned int noio = memalloc_noio_save();
	struct stream_addr a = *at;
	struct socket *sock = NULL;
	int err;

	err = new_sock(net, at, &sock);
	if (err)
		goto restore;
	/* Old connections of the port that TCP remembers are no obstacle. */
	if (is_tcp(sock->sk))
		sock_set_reuseaddr(sock->sk);
	/* [::] is IPv6 alone, so that it goes together with 0.0.0.0. */
	if (a.ss.ss_family == AF_INET6)
		ip6_sock_set_v6only(sock->sk);
	err = kernel_bind(sock, (struct sockaddr_unsized *)&a.ss, a.len);
	if (err)
		goto release;
	if (prepare)
		prepare(sock, arg);
	err = kernel_listen(sock, STREAM_BACKLOG);
	if (err)
		goto release;
	goto restore;

release:
	stream_sock_release(sock);
	sock = NULL;
restore:
	memalloc_noio_restore(noio);
	*sockp = sock;
	return err;
}

/**
 * stream_sock_accept() - take a connection from a listener
 * @listener: from stream_sock_listen()
 * @sockp: the connection, NULL on error
 *
 * It is set up like one that connects, and none of the listener's callbacks is
 * left on it. Data may be there already, for which no callback of its new owner
 * ran: he receives once after he has installed his.
 *
 * Context: Process context.
 * Return: 0, -EAGAIN if none waits, or an errno: of this connection, or
 * -ENFILE, -ENOMEM, -EINVAL of the listener.
 */
int stream_sock_accept(struct socket *listener, struct socket **sockp)
{
	unsigned int noio = memalloc_noio_save();
	struct socket *sock = NULL;
	int err;

	err = kernel_accept(listener, &sock, O_NONBLOCK);
	if (!err) {
		stream_sock_silence(sock);
		set_up(sock);
	}
	*sockp = err ? NULL : sock;
	memalloc_noio_restore(noio);
	return err;
}

/* A socket without memory has lost nothing; vsock and unix ask for some at each call. */
static int sent(int ret)
{
	return ret == -ENOMEM || ret == -ENOBUFS ? -EAGAIN : ret;
}

/**
 * stream_sock_send() - send what fits
 * @sock: a connection
 * @vec: what to send; changed by it
 * @nvec: its parts
 * @len: bytes in all, more than 0
 * @more: something follows at once: TCP may wait for it to fill a packet
 *
 * TCP calls sk_write_space while SOCK_NOSPACE is set in sock->flags, which it
 * sets when it has no room: the owner's callback clears it, or is called at
 * each acknowledgment from then on.
 *
 * Context: Process context; one sender at a time.
 * Return: bytes taken, perhaps fewer than @len; -EAGAIN if there is no room
 * (sk_write_space will tell), or no memory (nobody will: try again later); or an
 * errno: the connection is over.
 */
int stream_sock_send(struct socket *sock, struct kvec *vec, size_t nvec, size_t len, bool more)
{
	struct msghdr msg = { .msg_flags = SEND_FLAGS | (more ? MSG_MORE : 0) };
	unsigned int noreclaim = memalloc_noreclaim_save();
	int ret;

	ret = kernel_sendmsg(sock, &msg, vec, nvec, len);
	memalloc_noreclaim_restore(noreclaim);
	return sent(ret);
}

/*
 * Bytes from @offset on that a reference to @page keeps: to the end of its
 * compound page. Pages behind it may be next to it by chance alone.
 */
static size_t room_in_page(struct page *page, unsigned int offset)
{
	struct page *head = compound_head(page);
	size_t end = page_size(head) - (page - head) * PAGE_SIZE;

	return offset < end ? end - offset : 0;
}

/**
 * stream_sock_send_page() - send what fits of a page
 * @sock: a connection
 * @page: the first page
 * @offset: where in it the data begins
 * @len: bytes, more than 0; pages next to @page in memory may be part of it
 * @more: something follows at once
 * @splice: the page may be sent without a copy
 *
 * It is spliced on TCP if its kind of page allows it; the network card may ask
 * for a copy nevertheless. A page that was spliced is read, by this machine and
 * as late as the last retransmission, until the peer has acknowledged it: see
 * stream_sock_acked(). It may go back to its allocator before: TCP has its own
 * reference.
 *
 * Context: Process context; one sender at a time.
 * Return: as stream_sock_send().
 */
int stream_sock_send_page(struct socket *sock, struct page *page, unsigned int offset,
			  size_t len, bool more, bool splice)
{
	size_t room = room_in_page(page, offset);
	unsigned int noreclaim;
	struct bio_vec bv;
	struct msghdr msg;
	int ret;

	splice = splice && room && is_tcp(sock->sk) && sendpage_ok(page);
	if (splice && len > room) {
		len = room;
		more = true;
	}
	msg = (struct msghdr){ .msg_flags = SEND_FLAGS | (more ? MSG_MORE : 0) };
	bvec_set_page(&bv, page, len, offset);
	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, &bv, 1, len);
	noreclaim = memalloc_noreclaim_save();
	if (splice)
		ret = sock_splice_bvec(sock, &msg, &bv);
	else
		ret = sock_sendmsg(sock, &msg);
	memalloc_noreclaim_restore(noreclaim);
	return sent(ret);
}

/**
 * stream_sock_recv() - receive what is there
 * @sock: a connection
 * @vec: where to; changed by it
 * @nvec: its parts
 * @len: bytes of room in all, more than 0
 *
 * Context: Process context; one receiver at a time.
 * Return: bytes, perhaps fewer than @len; 0 at the end of the stream; -EAGAIN
 * if there is nothing (sk_data_ready will tell); or an errno: -ECONNRESET,
 * -ETIMEDOUT...: the connection is over.
 */
int stream_sock_recv(struct socket *sock, struct kvec *vec, size_t nvec, size_t len)
{
	unsigned int noio = memalloc_noio_save();
	struct msghdr msg = {};
	int ret;

	ret = kernel_recvmsg(sock, &msg, vec, nvec, len, MSG_DONTWAIT);
	memalloc_noio_restore(noio);
	return ret;
}

/**
 * stream_sock_end() - the position behind the last byte that was queued
 * @sock: a connection
 *
 * Context: Any, as long as no one else sends.
 * Return: a position for stream_sock_acked(); 0 where none is needed.
 */
u32 stream_sock_end(struct socket *sock)
{
	if (!is_tcp(sock->sk))
		return 0;
	return READ_ONCE(tcp_sk(sock->sk)->write_seq);
}

/**
 * stream_sock_acked() - has the peer acknowledged all up to a position
 * @sock: a connection
 * @end: from stream_sock_end(); less than 2 GiB were queued since
 *
 * Until then this machine may read a spliced page once more, to send it again.
 * Nothing calls back: ask when something arrives. A connection that has failed
 * acknowledges no more.
 *
 * Context: Any. Takes no lock: one word that only grows is read, so a "yes" is
 * final and a "no" may be a moment old.
 * Return: true; also for vsock and unix, which copy.
 */
bool stream_sock_acked(struct socket *sock, u32 end)
{
	if (!is_tcp(sock->sk))
		return true;
	return !before(READ_ONCE(tcp_sk(sock->sk)->snd_una), end);
}

/**
 * stream_sock_names() - both ends of a connection
 * @sock: a connection, or a listener (which has no @peer)
 * @local: this end, or NULL
 * @peer: the other end, or NULL
 *
 * A vsock that connects says "any" for its own CID, a unix socket has no name.
 *
 * Context: Process context.
 * Return: 0, -ENOTCONN if there is no peer (any more), or an errno.
 */
int stream_sock_names(struct socket *sock, struct stream_addr *local,
		      struct stream_addr *peer)
{
	int len;

	if (local) {
		memset(local, 0, sizeof(*local));
		len = kernel_getsockname(sock, (struct sockaddr *)&local->ss);
		if (len < 0)
			return len;
		local->len = len;
	}
	if (peer) {
		memset(peer, 0, sizeof(*peer));
		len = kernel_getpeername(sock, (struct sockaddr *)&peer->ss);
		if (len < 0)
			return len;
		peer->len = len;
	}
	return 0;
}
