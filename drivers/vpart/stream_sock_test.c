// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: sockets of the stream fabric, over the loopback of each family. The
 * interface lo has to be up.
 */
#include <kunit/test.h>
#include <linux/in.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/un.h>
#include <linux/vm_sockets.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "stream_sock.h"

#define ST_SOON		msecs_to_jiffies(20000)	/* limit of a wait that ends */
#define ST_CHUNK	4096
#define ST_MUCH		(256 << 20)		/* more than any socket takes at once */
#define ST_PERIOD	65521			/* of the pattern; prime */

enum { DATA, STATE, SPACE, ERROR, CHILD, NR_EVENTS };
enum { LISTENER, CLIENT, SERVER, NR_ENDS };

/* A socket with an owner who counts what he is told. */
struct st_end {
	struct socket		*sock;
	wait_queue_head_t	wait;
	atomic_t		told[NR_EVENTS];
};

struct st {
	struct st_end	end[NR_ENDS];
	u8		*buf;		/* ST_CHUNK bytes */
	u32		sent, received;	/* bytes of the pattern */
};

static u8 *pattern;	/* a period, and a chunk of the next */

static const struct st_family {
	const char	*name;
	int		family;
} families[] = {
	{ "tcp4", AF_INET }, { "tcp6", AF_INET6 }, { "vsock", AF_VSOCK }, { "unix", AF_UNIX },
};

static void family_desc(const struct st_family *f, char *desc)
{
	strscpy(desc, f->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(family, families, family_desc);

/* ---- an owner ---- */

static void st_told(struct sock *sk, int what)
{
	struct st_end *e;

	read_lock_bh(&sk->sk_callback_lock);
	e = sk->sk_user_data;
	if (e) {
		/* Of a listener, only its own; others share its callbacks. */
		if (e->sock && sk != e->sock->sk)
			what = CHILD;
		atomic_inc(&e->told[what]);
		wake_up_all(&e->wait);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

static void st_data(struct sock *sk)
{
	st_told(sk, DATA);
}

static void st_state(struct sock *sk)
{
	st_told(sk, STATE);
}

static void st_space(struct sock *sk)
{
	st_told(sk, SPACE);
}

static void st_error(struct sock *sk)
{
	st_told(sk, ERROR);
}

static void st_prepare(struct socket *sock, void *arg)
{
	struct st_end *e = arg;
	struct sock *sk = sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	e->sock = sock;
	sk->sk_user_data = e;
	sk->sk_data_ready = st_data;
	sk->sk_state_change = st_state;
	sk->sk_write_space = st_space;
	sk->sk_error_report = st_error;
	write_unlock_bh(&sk->sk_callback_lock);
}

static void st_release(struct st_end *e)
{
	if (e->sock)
		stream_sock_release(e->sock);
	e->sock = NULL;
}

/* The condition does not sleep. */
#define st_soon(e, condition) wait_event_timeout((e)->wait, condition, ST_SOON)

static int st_all_told(struct st_end *e)
{
	int i, n = 0;

	for (i = 0; i < NR_EVENTS; i++)
		n += atomic_read(&e->told[i]);
	return n;
}

/* ---- addresses and connections ---- */

/* Loopback, at a port that the listener is given. */
static void st_address(struct stream_addr *a, int family)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&a->ss;
	struct sockaddr_in *sin = (struct sockaddr_in *)&a->ss;
	struct sockaddr_vm *svm = (struct sockaddr_vm *)&a->ss;
	struct sockaddr_un *sun = (struct sockaddr_un *)&a->ss;

	memset(a, 0, sizeof(*a));
	a->ss.ss_family = family;
	switch (family) {
	case AF_INET:
		sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		a->len = sizeof(*sin);
		break;
	case AF_INET6:
		sin6->sin6_addr = in6addr_loopback;
		a->len = sizeof(*sin6);
		break;
	case AF_VSOCK:
		svm->svm_cid = VMADDR_CID_LOCAL;
		svm->svm_port = VMADDR_PORT_ANY;
		a->len = sizeof(*svm);
		break;
	default:
		strscpy(sun->sun_path + 1, "vpart-kunit", sizeof(sun->sun_path) - 1);
		a->len = offsetof(struct sockaddr_un, sun_path) + 12;
	}
}

static void st_listen(struct kunit *test, int family, struct stream_addr *at)
{
	struct st *st = test->priv;
	struct socket *sock;

	st_address(at, family);
	KUNIT_ASSERT_EQ(test, stream_sock_listen(&init_net, at, st_prepare, &st->end[LISTENER],
						 &sock), 0);
	KUNIT_EXPECT_PTR_EQ(test, st->end[LISTENER].sock, sock);
	KUNIT_ASSERT_EQ(test, stream_sock_names(sock, at, NULL), 0);
}

/* Both ends of a connection; the server's is as the accept left it. */
static void st_pair_of(struct kunit *test, int family)
{
	struct st *st = test->priv;
	struct st_end *c = &st->end[CLIENT], *l = &st->end[LISTENER];
	struct socket *sock;
	struct stream_addr at;
	int err;

	st_listen(test, family, &at);
	KUNIT_EXPECT_EQ(test, stream_sock_accept(l->sock, &sock), -EAGAIN);
	KUNIT_EXPECT_PTR_EQ(test, sock, NULL);

	err = stream_sock_connect(&init_net, &at, st_prepare, c, &sock);
	KUNIT_ASSERT_EQ(test, err, family == AF_UNIX ? 0 : -EINPROGRESS);
	KUNIT_EXPECT_PTR_EQ(test, c->sock, sock);
	KUNIT_ASSERT_TRUE(test, st_soon(c, stream_sock_connect_error(sock) != -EINPROGRESS));
	KUNIT_ASSERT_EQ(test, stream_sock_connect_error(sock), 0);
	if (family != AF_UNIX)
		KUNIT_EXPECT_GT(test, atomic_read(&c->told[STATE]), 0);

	KUNIT_ASSERT_TRUE(test, st_soon(l, atomic_read(&l->told[DATA])));
	KUNIT_ASSERT_EQ(test, stream_sock_accept(l->sock, &st->end[SERVER].sock), 0);
}

/* The same, the server's end with its owner. */
static struct st *st_pair(struct kunit *test)
{
	const struct st_family *f = test->param_value;
	struct st *st = test->priv;

	st_pair_of(test, f->family);
	st_prepare(st->end[SERVER].sock, &st->end[SERVER]);
	return st;
}

static bool st_tcp(struct kunit *test)
{
	const struct st_family *f = test->param_value;

	return f->family == AF_INET || f->family == AF_INET6;
}

/* ---- data ---- */

static int st_send(struct st_end *e, const void *data, size_t len)
{
	struct kvec vec = { .iov_base = (void *)data, .iov_len = len };

	return stream_sock_send(e->sock, &vec, 1, len, false);
}

static int st_recv(struct st_end *e, void *data, size_t len)
{
	struct kvec vec = { .iov_base = data, .iov_len = len };

	return stream_sock_recv(e->sock, &vec, 1, len);
}

/* Waits for something. */
static int st_recv_soon(struct st_end *e, void *data, size_t len)
{
	int told, ret;

	for (;;) {
		told = st_all_told(e);
		ret = st_recv(e, data, len);
		if (ret != -EAGAIN)
			return ret;
		if (!st_soon(e, st_all_told(e) != told))
			return -ETIME;
	}
}

/* All of it, however it comes. */
static void st_expect(struct kunit *test, struct st_end *e, const void *want, size_t len)
{
	struct st *st = test->priv;
	size_t at;
	int ret;

	for (at = 0; at < len; at += ret) {
		ret = st_recv_soon(e, st->buf, min_t(size_t, len - at, ST_CHUNK));
		KUNIT_ASSERT_GT(test, ret, 0);
		KUNIT_ASSERT_EQ(test, memcmp(st->buf, want + at, ret), 0);
	}
}

/* Sends until no more is taken. */
static void st_fill(struct kunit *test, struct st_end *e)
{
	struct st *st = test->priv;
	int ret;

	while (st->sent < ST_MUCH) {
		ret = st_send(e, pattern + st->sent % ST_PERIOD, ST_CHUNK);
		if (ret == -EAGAIN)
			return;
		KUNIT_ASSERT_GT(test, ret, 0);
		st->sent += ret;
	}
	KUNIT_FAIL(test, "a socket without an end");
}

/*
 * Receives as many bytes as @want of the pattern in all; returns 0. If the
 * stream ends before: -EPIPE, or how.
 */
static int st_drain(struct kunit *test, struct st_end *e, u32 want)
{
	struct st *st = test->priv;
	int ret;

	while (st->received < want) {
		ret = st_recv_soon(e, st->buf, ST_CHUNK);
		if (ret <= 0)
			return ret ?: -EPIPE;
		KUNIT_ASSERT_EQ(test, memcmp(st->buf, pattern + st->received % ST_PERIOD, ret), 0);
		st->received += ret;
	}
	return 0;
}

/* ---- cases ---- */

static void check_set_up(struct kunit *test, struct socket *sock)
{
	struct sock *sk = sock->sk;

	KUNIT_EXPECT_TRUE(test, sock_flag(sk, SOCK_MEMALLOC));
	KUNIT_EXPECT_EQ(test, sk->sk_allocation, GFP_NOIO | __GFP_MEMALLOC);
	KUNIT_EXPECT_FALSE(test, sk->sk_use_task_frag);
	KUNIT_EXPECT_TRUE(test, sock_flag(sk, SOCK_LINGER));
	KUNIT_EXPECT_EQ(test, (long)sk->sk_lingertime, 0L);
	if (!st_tcp(test))
		return;
	KUNIT_EXPECT_TRUE(test, tcp_sk(sk)->nonagle & TCP_NAGLE_OFF);
	KUNIT_EXPECT_GT(test, inet_csk(sk)->icsk_user_timeout, 5000U);
}

/* A connection is as it should be, at each end, and carries data each way. */
static void sock_exchange(struct kunit *test)
{
	const struct st_family *f = test->param_value;
	struct st *st = test->priv;
	struct st_end *c = &st->end[CLIENT], *s = &st->end[SERVER];
	struct stream_addr at, name, local, peer;
	unsigned int i;
	struct sock *sk;
	struct kvec vec[2];

	st_pair_of(test, f->family);
	for (i = 0; i < NR_ENDS; i++)
		check_set_up(test, st->end[i].sock);

	/* Nothing of the listener's is left on what it accepted. */
	sk = s->sock->sk;
	KUNIT_EXPECT_PTR_EQ(test, sk->sk_user_data, NULL);
	KUNIT_EXPECT_TRUE(test, sk->sk_data_ready != st_data && sk->sk_state_change != st_state);
	KUNIT_EXPECT_TRUE(test, sk->sk_write_space != st_space && sk->sk_error_report != st_error);
	st_prepare(s->sock, s);

	KUNIT_ASSERT_EQ(test, stream_sock_names(st->end[LISTENER].sock, &at, NULL), 0);
	KUNIT_EXPECT_NE(test, stream_sock_names(st->end[LISTENER].sock, NULL, &peer), 0);
	KUNIT_EXPECT_EQ(test, stream_sock_names(c->sock, &name, &peer), 0);
	KUNIT_EXPECT_TRUE(test, stream_addr_equal(&peer, &at));
	KUNIT_EXPECT_EQ(test, stream_sock_names(s->sock, &local, &peer), 0);
	KUNIT_EXPECT_TRUE(test, stream_addr_equal(&local, &at));
	if (f->family == AF_VSOCK)	/* which does not know its CID, only its port */
		((struct sockaddr_vm *)&name.ss)->svm_cid = VMADDR_CID_LOCAL;
	KUNIT_EXPECT_TRUE(test, stream_addr_equal(&peer, &name));

	KUNIT_EXPECT_EQ(test, st_recv(s, st->buf, 1), -EAGAIN);
	vec[0] = (struct kvec){ .iov_base = "the first", .iov_len = 9 };
	vec[1] = (struct kvec){ .iov_base = " and the second", .iov_len = 15 };
	KUNIT_ASSERT_EQ(test, stream_sock_send(c->sock, vec, 2, 24, false), 24);
	KUNIT_ASSERT_TRUE(test, st_soon(s, atomic_read(&s->told[DATA])));
	vec[0] = (struct kvec){ .iov_base = st->buf, .iov_len = 3 };
	vec[1] = (struct kvec){ .iov_base = st->buf + 100, .iov_len = 100 };
	KUNIT_ASSERT_EQ(test, stream_sock_recv(s->sock, vec, 2, 103), 24);
	KUNIT_EXPECT_EQ(test, memcmp(st->buf, "the", 3), 0);
	KUNIT_EXPECT_EQ(test, memcmp(st->buf + 100, " first and the second", 21), 0);

	/* What more announces is sent with what follows. */
	vec[0] = (struct kvec){ .iov_base = "so", .iov_len = 2 };
	KUNIT_ASSERT_EQ(test, stream_sock_send(s->sock, vec, 1, 2, true), 2);
	KUNIT_ASSERT_EQ(test, st_send(s, "on", 2), 2);
	st_expect(test, c, "soon", 4);
}

/* Full, emptied and filled again: all arrives, in order, and the sender is told. */
static void sock_full(struct kunit *test)
{
	struct st *st = st_pair(test);
	struct st_end *c = &st->end[CLIENT], *s = &st->end[SERVER];
	int round, space;

	for (round = 0; round < 3; round++) {
		st_fill(test, c);
		KUNIT_ASSERT_GT(test, st->sent, st->received);
		space = atomic_read(&c->told[SPACE]);
		KUNIT_ASSERT_EQ(test, st_drain(test, s, st->sent), 0);
		KUNIT_EXPECT_TRUE(test, st_soon(c, atomic_read(&c->told[SPACE]) > space));
	}
	st_release(c);
	KUNIT_EXPECT_EQ(test, st_drain(test, s, U32_MAX), st_tcp(test) ? -ECONNRESET : -EPIPE);
	KUNIT_EXPECT_EQ(test, st->received, st->sent);
}

/* V3: what a dead session had queued is not sent later, and the peer knows. */
static void sock_reset(struct kunit *test)
{
	struct st *st = st_pair(test);
	struct st_end *c = &st->end[CLIENT], *s = &st->end[SERVER];
	int ret;

	st_fill(test, c);
	st_release(c);
	ret = st_drain(test, s, U32_MAX);
	if (st_tcp(test)) {
		KUNIT_EXPECT_EQ(test, ret, -ECONNRESET);
		KUNIT_EXPECT_GT(test, atomic_read(&s->told[ERROR]), 0);
		KUNIT_EXPECT_LT(test, st->received, st->sent);
	} else {
		/* It was there already; then the end, and nothing but the end. */
		KUNIT_EXPECT_EQ(test, ret, -EPIPE);
		KUNIT_EXPECT_EQ(test, st->received, st->sent);
		KUNIT_EXPECT_EQ(test, st_recv(s, st->buf, 1), 0);
	}
	KUNIT_EXPECT_GT(test, atomic_read(&s->told[STATE]), 0);
	ret = st_send(s, "x", 1);
	KUNIT_EXPECT_LT(test, ret, 0);
	KUNIT_EXPECT_NE(test, ret, -EAGAIN);
}

/* A page is spliced where that can be, and copied where not. */
static void sock_splice(struct kunit *test)
{
	struct st *st = st_pair(test);
	struct st_end *c = &st->end[CLIENT], *s = &st->end[SERVER];
	struct page *page = alloc_page(GFP_KERNEL), *lost = alloc_page(GFP_KERNEL);
	bool tcp = st_tcp(test);
	u8 *data;

	KUNIT_ASSERT_TRUE(test, page && lost);
	data = page_address(page);
	/* Changed too early, it tells what was sent: itself, or a copy. */
	memset(data, 'a', PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, stream_sock_send_page(c->sock, page, 100, 200, false, false), 200);
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	memset(data, 'b', PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, stream_sock_send_page(c->sock, page, 100, 200, true, true), 200);
	KUNIT_EXPECT_EQ(test, page_count(page) > 1, tcp);
	KUNIT_EXPECT_EQ(test, st_send(c, "end", 3), 3);
	memset(data, 'c', PAGE_SIZE);
	data[100] = 'x';

	memset(st->buf + 2048, 'a', 200);
	st_expect(test, s, st->buf + 2048, 200);
	memset(st->buf + 2048, tcp ? 'c' : 'b', 200);
	if (tcp)
		st->buf[2048] = 'x';
	st_expect(test, s, st->buf + 2048, 200);
	st_expect(test, s, "end", 3);

	/* A connection that is gone holds none, though nobody read it. */
	KUNIT_EXPECT_EQ(test, stream_sock_send_page(c->sock, lost, 0, 4096, false, true), 4096);
	KUNIT_EXPECT_EQ(test, page_count(lost) > 1, tcp);
	st_release(c);
	st_release(s);
	KUNIT_EXPECT_EQ(test, page_count(lost), 1);
	__free_page(page);
	__free_page(lost);
}

/* Memory of a kind that is not spliced, and pages that lie side by side. */
static void sock_pages(struct kunit *test)
{
	struct st *st = st_pair(test);
	struct st_end *c = &st->end[CLIENT], *s = &st->end[SERVER];
	u8 *slab = kmalloc(256, GFP_KERNEL);
	struct page *page;
	u8 *data;
	int ret;

	/* The allocator's own: copied, without a word. */
	KUNIT_ASSERT_NOT_NULL(test, slab);
	memset(slab, 's', 256);
	KUNIT_EXPECT_EQ(test, stream_sock_send_page(c->sock, virt_to_page(slab),
						    offset_in_page(slab), 256, false, true), 256);
	memset(slab, 0, 256);
	kfree(slab);
	memset(st->buf + 2048, 's', 256);
	st_expect(test, s, st->buf + 2048, 256);

	/* Two pages of their own: one at a time, each with its own reference. */
	page = alloc_pages(GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_NULL(test, page);
	split_page(page, 1);
	data = page_address(page);
	memset(data, '1', PAGE_SIZE);
	memset(data + PAGE_SIZE, '2', PAGE_SIZE);
	ret = stream_sock_send_page(c->sock, page, 1000, PAGE_SIZE, false, true);
	KUNIT_EXPECT_EQ(test, ret, (int)(st_tcp(test) ? PAGE_SIZE - 1000 : PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, page_count(page) > 1, st_tcp(test));
	KUNIT_EXPECT_EQ(test, page_count(page + 1), 1);
	/* The first page's rest waits for more: it goes with what follows. */
	if (st_tcp(test))
		KUNIT_EXPECT_EQ(test, stream_sock_send_page(c->sock, page + 1, 0, 1000, false,
							    true), 1000);
	st_expect(test, s, data + 1000, 1000);
	st_expect(test, s, data + 2000, 1000);
	st_expect(test, s, data + 3000, 1000);
	st_expect(test, s, data + 4000, 1096);
	__free_page(page);
	__free_page(page + 1);

	/* One page of two: all of it at once, from any place in it. */
	page = alloc_pages(GFP_KERNEL | __GFP_COMP, 1);
	KUNIT_ASSERT_NOT_NULL(test, page);
	data = page_address(page);
	memset(data, '3', 2 * PAGE_SIZE);
	data[PAGE_SIZE] = '4';
	ret = stream_sock_send_page(c->sock, page, 4000, 1000, false, true);
	KUNIT_EXPECT_EQ(test, ret, 1000);
	ret = stream_sock_send_page(c->sock, page + 1, 0, 1000, false, true);
	KUNIT_EXPECT_EQ(test, ret, 1000);
	st_expect(test, s, data + 4000, 1000);
	st_expect(test, s, data + PAGE_SIZE, 1000);
	__free_pages(page, 1);
}

/* A position is acknowledged when the peer's TCP has it, and not before. */
static void sock_acked(struct kunit *test)
{
	struct st *st = st_pair(test);
	struct st_end *c = &st->end[CLIENT], *s = &st->end[SERVER];
	u32 begin = stream_sock_end(c->sock), end;

	KUNIT_EXPECT_TRUE(test, stream_sock_acked(c->sock, begin));
	st_fill(test, c);
	end = stream_sock_end(c->sock);
	if (!st_tcp(test)) {
		KUNIT_EXPECT_TRUE(test, stream_sock_acked(c->sock, end));
		return;
	}
	KUNIT_EXPECT_EQ(test, end - begin, (u32)st->sent);
	KUNIT_EXPECT_FALSE(test, stream_sock_acked(c->sock, end));
	KUNIT_EXPECT_TRUE(test, stream_sock_acked(c->sock, begin));
	KUNIT_ASSERT_EQ(test, st_drain(test, s, st->sent), 0);
	/* What the peer sends carries an acknowledgment. */
	KUNIT_ASSERT_EQ(test, st_send(s, "x", 1), 1);
	st_expect(test, c, "x", 1);
	KUNIT_EXPECT_TRUE(test, stream_sock_acked(c->sock, end));
	KUNIT_EXPECT_FALSE(test, stream_sock_acked(c->sock, end + 1));

	/* Not by a connection that failed: what it has not sent, nobody has. */
	st_fill(test, c);
	end = stream_sock_end(c->sock);
	st_release(s);
	KUNIT_ASSERT_TRUE(test, st_soon(c, atomic_read(&c->told[ERROR])));
	KUNIT_EXPECT_FALSE(test, stream_sock_acked(c->sock, end));
}

/* Nobody listens, or no longer. */
static void sock_refused(struct kunit *test)
{
	const struct st_family *f = test->param_value;
	struct st *st = test->priv;
	struct st_end *c = &st->end[CLIENT], *l = &st->end[LISTENER];
	struct stream_addr at;
	struct socket *sock;
	int err;

	st_listen(test, f->family, &at);
	st_release(l);
	err = stream_sock_connect(&init_net, &at, st_prepare, c, &sock);
	if (f->family == AF_UNIX) {
		KUNIT_EXPECT_EQ(test, err, -ECONNREFUSED);
		KUNIT_EXPECT_PTR_EQ(test, sock, NULL);
		c->sock = NULL;		/* st_prepare() saw one */
		return;
	}
	KUNIT_ASSERT_EQ(test, err, -EINPROGRESS);
	KUNIT_ASSERT_TRUE(test, st_soon(c, stream_sock_connect_error(sock) != -EINPROGRESS));
	err = f->family == AF_VSOCK ? -ECONNRESET : -ECONNREFUSED;
	KUNIT_EXPECT_EQ(test, stream_sock_connect_error(sock), err);
	KUNIT_EXPECT_EQ(test, stream_sock_connect_error(sock), err);
	KUNIT_EXPECT_TRUE(test, st_soon(c, atomic_read(&c->told[ERROR]) +
					atomic_read(&c->told[STATE])));
}

/* An address that is taken, and one that is not of this machine. */
static void sock_listen(struct kunit *test)
{
	const struct st_family *f = test->param_value;
	struct st *st = test->priv;
	struct stream_addr at, any;
	struct socket *sock = ERR_PTR(-1);

	st_listen(test, f->family, &at);
	KUNIT_EXPECT_EQ(test, stream_sock_listen(&init_net, &at, NULL, NULL, &sock), -EADDRINUSE);
	KUNIT_EXPECT_PTR_EQ(test, sock, NULL);

	/* A port of IPv6 leaves that of IPv4 free. */
	if (f->family == AF_INET) {
		st_release(&st->end[LISTENER]);
		st_address(&any, AF_INET6);
		((struct sockaddr_in6 *)&any.ss)->sin6_addr = in6addr_any;
		((struct sockaddr_in6 *)&any.ss)->sin6_port =
			((struct sockaddr_in *)&at.ss)->sin_port;
		KUNIT_ASSERT_EQ(test, stream_sock_listen(&init_net, &any, st_prepare,
							 &st->end[LISTENER], &sock), 0);
		((struct sockaddr_in *)&at.ss)->sin_addr.s_addr = htonl(INADDR_ANY);
		KUNIT_ASSERT_EQ(test, stream_sock_listen(&init_net, &at, st_prepare,
							 &st->end[SERVER], &sock), 0);
	}

	if (f->family == AF_INET)
		((struct sockaddr_in *)&at.ss)->sin_addr.s_addr = htonl(0xc0000201);
	else if (f->family == AF_INET6)
		((struct sockaddr_in6 *)&at.ss)->sin6_addr.s6_addr[0] = 0x20;
	else if (f->family == AF_VSOCK)
		((struct sockaddr_vm *)&at.ss)->svm_cid = 12345;
	else
		return;
	KUNIT_EXPECT_EQ(test, stream_sock_listen(&init_net, &at, NULL, NULL, &sock),
			-EADDRNOTAVAIL);
}

/* A connection that waits to be accepted has its data kept, or is reset. */
static void sock_waiting(struct kunit *test)
{
	const struct st_family *f = test->param_value;
	struct st *st = test->priv;
	struct st_end *c = &st->end[CLIENT], *s = &st->end[SERVER], *l = &st->end[LISTENER];
	struct stream_addr at;
	struct socket *sock;
	int i, ret;

	st_listen(test, f->family, &at);
	for (i = 0; i < 2; i++) {
		ret = stream_sock_connect(&init_net, &at, st_prepare, c, &sock);
		KUNIT_ASSERT_TRUE(test, !ret || ret == -EINPROGRESS);
		KUNIT_ASSERT_TRUE(test, st_soon(c, !stream_sock_connect_error(sock)));
		KUNIT_ASSERT_EQ(test, st_send(c, "early", 5), 5);
		KUNIT_ASSERT_TRUE(test, st_soon(l, atomic_read(&l->told[DATA]) > i));
		if (i)
			break;
		KUNIT_ASSERT_EQ(test, stream_sock_accept(l->sock, &s->sock), 0);
		st_prepare(s->sock, s);
		st_expect(test, s, "early", 5);
		st_release(s);
		st_release(c);
	}
	st_release(l);
	ret = st_recv_soon(c, st->buf, 1);
	KUNIT_EXPECT_LE(test, ret, 0);
	KUNIT_EXPECT_NE(test, ret, -ETIME);
	KUNIT_EXPECT_LT(test, st_send(c, "x", 1), 0);
}

/* Silenced, an owner hears nothing more; the socket works on. */
static void sock_silenced(struct kunit *test)
{
	struct st *st = st_pair(test);
	struct st_end *c = &st->end[CLIENT], *s = &st->end[SERVER];
	struct sock *sk = s->sock->sk;
	int told;

	KUNIT_ASSERT_EQ(test, st_send(c, "a", 1), 1);
	st_expect(test, s, "a", 1);
	stream_sock_silence(s->sock);
	told = st_all_told(s);
	KUNIT_EXPECT_PTR_EQ(test, sk->sk_user_data, NULL);

	/* When the answer is there, so is what was sent before it. */
	KUNIT_ASSERT_EQ(test, st_send(c, "b", 1), 1);
	KUNIT_ASSERT_EQ(test, st_send(s, "c", 1), 1);
	st_expect(test, c, "c", 1);
	KUNIT_EXPECT_EQ(test, st_recv(s, st->buf, 1), 1);
	st_release(c);
	/* As a program waits: the callbacks are the socket's own again. */
	KUNIT_EXPECT_TRUE(test, wait_event_timeout(*sk_sleep(sk), READ_ONCE(sk->sk_shutdown) ||
						   READ_ONCE(sk->sk_state) != TCP_ESTABLISHED,
						   ST_SOON));
	KUNIT_EXPECT_EQ(test, st_all_told(s), told);
}

/* Each allocation that can fail fails once: nothing is left behind (see kmemleak). */
static void sock_no_memory(struct kunit *test)
{
#ifdef CONFIG_FAULT_INJECTION
	const struct st_family *f = test->param_value;
	struct st *st = test->priv;
	struct st_end *c = &st->end[CLIENT], *s = &st->end[SERVER], *l = &st->end[LISTENER];
	struct stream_addr at;
	struct socket *sock;
	int what, nth, err, failed = 0, last = 0;

	for (what = 0; what < 3; what++) {
		for (nth = 1; nth < 200; nth++) {
			if (what)
				st_listen(test, f->family, &at);
			else
				st_address(&at, f->family);
			if (what == 2) {
				err = stream_sock_connect(&init_net, &at, st_prepare, c, &sock);
				KUNIT_ASSERT_TRUE(test, !err || err == -EINPROGRESS);
				KUNIT_ASSERT_TRUE(test, st_soon(l, atomic_read(&l->told[DATA])));
			}
			current->fail_nth = nth;
			if (what == 0)
				err = stream_sock_listen(&init_net, &at, st_prepare, l, &l->sock);
			else if (what == 1)
				err = stream_sock_connect(&init_net, &at, st_prepare, c, &c->sock);
			else
				err = stream_sock_accept(l->sock, &s->sock);
			last = current->fail_nth;
			current->fail_nth = 0;
			if (err && err != -EINPROGRESS) {
				KUNIT_EXPECT_PTR_EQ(test, st->end[what].sock, NULL);
				failed++;
			}
			st_release(c);
			st_release(s);
			st_release(l);
			atomic_set(&l->told[DATA], 0);
			if (last)	/* it has no so many */
				break;
		}
		KUNIT_EXPECT_LT(test, nth, 200);
	}
	if (!failed)
		kunit_skip(test, "no allocation can be made to fail");
#else
	kunit_skip(test, "no allocation can be made to fail");
#endif
}

static int sock_begin(struct kunit *test)
{
	struct st *st = kunit_kzalloc(test, sizeof(*st), GFP_KERNEL);
	int i;

	if (!st)
		return -ENOMEM;
	st->buf = kunit_kzalloc(test, ST_CHUNK, GFP_KERNEL);
	if (!st->buf)
		return -ENOMEM;
	for (i = 0; i < NR_ENDS; i++)
		init_waitqueue_head(&st->end[i].wait);
	test->priv = st;
	return 0;
}

static void sock_end(struct kunit *test)
{
	struct st *st = test->priv;
	int i;

	if (!st)
		return;
	for (i = NR_ENDS - 1; i >= 0; i--)
		st_release(&st->end[i]);
}

static int stream_sock_begin(struct kunit_suite *suite)
{
	u32 i;

	pattern = kvmalloc(ST_PERIOD + ST_CHUNK, GFP_KERNEL);
	if (!pattern)
		return -ENOMEM;
	for (i = 0; i < ST_PERIOD + ST_CHUNK; i++)
		pattern[i] = (i % ST_PERIOD) ^ (i % ST_PERIOD) >> 8;
	stream_sock_init();
	return 0;
}

static void stream_sock_done(struct kunit_suite *suite)
{
	stream_sock_exit();
	kvfree(pattern);
}

static struct kunit_case stream_sock_cases[] = {
	KUNIT_CASE_PARAM(sock_exchange, family_gen_params),
	KUNIT_CASE_PARAM(sock_full, family_gen_params),
	KUNIT_CASE_PARAM(sock_reset, family_gen_params),
	KUNIT_CASE_PARAM(sock_splice, family_gen_params),
	KUNIT_CASE_PARAM(sock_pages, family_gen_params),
	KUNIT_CASE_PARAM(sock_acked, family_gen_params),
	KUNIT_CASE_PARAM(sock_refused, family_gen_params),
	KUNIT_CASE_PARAM(sock_listen, family_gen_params),
	KUNIT_CASE_PARAM(sock_waiting, family_gen_params),
	KUNIT_CASE_PARAM(sock_silenced, family_gen_params),
	KUNIT_CASE_PARAM(sock_no_memory, family_gen_params),
	{}
};

static struct kunit_suite stream_sock_suite = {
	.name		= "vpart-stream-sock",
	.suite_init	= stream_sock_begin,
	.suite_exit	= stream_sock_done,
	.init		= sock_begin,
	.exit		= sock_end,
	.test_cases	= stream_sock_cases,
};

kunit_test_suite(stream_sock_suite);
