/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lowest layer of vpart_stream.ko: addresses and sockets.
 *
 * It knows nothing of sessions and PDUs. A socket has one owner, who installs
 * its callbacks, calls it from process context and releases it. Nothing here
 * waits for a peer.
 *
 * Callbacks of a socket (sk_data_ready, sk_state_change, sk_write_space,
 * sk_error_report) are installed by a function of type stream_prepare_fn, or
 * by the owner after an accept, under write_lock_bh(&sk->sk_callback_lock).
 * Each takes that lock for reading while it uses sk->sk_user_data. After
 * stream_sock_silence() none runs and none will.
 */
#ifndef _VPART_STREAM_SOCK_H
#define _VPART_STREAM_SOCK_H

#include <linux/net.h>
#include <linux/socket.h>
#include <linux/types.h>
#include <linux/uio.h>

struct net;
struct netlink_ext_ack;
struct page;

/* ---- stream_addr.c ---- */

/* Room for any address as text, with its final zero. */
#define STREAM_ADDR_TEXT	128

/**
 * struct stream_addr - where to connect or to listen
 * @ss: the address; its ss_family is AF_INET, AF_INET6, AF_VSOCK or AF_UNIX
 * @len: bytes of it that count
 */
struct stream_addr {
	struct sockaddr_storage	ss;
	int			len;
};

int stream_addr_parse(struct net *net, struct stream_addr *a, const char *text,
		      bool listen, struct netlink_ext_ack *extack);
int stream_addr_print(char *buf, size_t size, const struct stream_addr *a);
bool stream_addr_equal(const struct stream_addr *a, const struct stream_addr *b);

/* ---- stream_sock.c ---- */

/*
 * In short (long form in stream_sock.c). All but prepare() want process
 * context and may take the socket's lock, so none is called from a callback.
 *
 * connect: 0 connected, -EINPROGRESS: sk_state_change or sk_error_report will
 *	tell, then ask stream_sock_connect_error(): 0, -EINPROGRESS, errno.
 * accept: -EAGAIN if there is none. The new socket has default callbacks and
 *	no sk_user_data; look for data once after installing yours. Connections
 *	that wait to be accepted run the listener's callbacks (TCP clones them):
 *	a listener's sk_data_ready looks at sk->sk_state == TCP_LISTEN first.
 * send: bytes taken (maybe fewer), -EAGAIN: sk_write_space will tell, errno.
 * recv: bytes, 0 at the end of the stream, -EAGAIN, errno.
 * end, acked: one sender at a time; a page that was spliced may change when
 *	the position behind it is acknowledged, or after the session's fence.
 * The caller holds a reference of @net until its last socket is released.
 */

/**
 * typedef stream_prepare_fn - install callbacks before anything can happen
 * @sock: set up, neither connecting nor listening yet
 * @arg: what the caller of stream_sock_connect() or stream_sock_listen() gave
 */
typedef void (*stream_prepare_fn)(struct socket *sock, void *arg);

void stream_sock_init(void);
void stream_sock_exit(void);
int stream_sock_connect(struct net *net, const struct stream_addr *to,
			stream_prepare_fn prepare, void *arg, struct socket **sockp);
int stream_sock_connect_error(struct socket *sock);
int stream_sock_listen(struct net *net, const struct stream_addr *at,
		       stream_prepare_fn prepare, void *arg, struct socket **sockp);
int stream_sock_accept(struct socket *listener, struct socket **sockp);
int stream_sock_send(struct socket *sock, struct kvec *vec, size_t nvec, size_t len,
		     bool more);
int stream_sock_send_page(struct socket *sock, struct page *page, unsigned int offset,
			  size_t len, bool more, bool splice);
int stream_sock_recv(struct socket *sock, struct kvec *vec, size_t nvec, size_t len);
u32 stream_sock_end(struct socket *sock);
bool stream_sock_acked(struct socket *sock, u32 end);
int stream_sock_names(struct socket *sock, struct stream_addr *local,
		      struct stream_addr *peer);
void stream_sock_silence(struct socket *sock);
void stream_sock_release(struct socket *sock);

#endif /* _VPART_STREAM_SOCK_H */
