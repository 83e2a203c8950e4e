// SPDX-License-Identifier: GPL-2.0
/*
 * PDUs of a handshake: one thread reads and writes the socket, and waits, never
 * beyond its deadline and never when it is not wanted any more.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>

#include "stream.h"

/*
 * Until something has happened to the socket. 0, -ETIMEDOUT, -ECANCELED when
 * it is not wanted any more.
 */
static int stream_hs_wait(struct stream_conn *conn, unsigned long deadline, stream_stop_fn stop,
			  void *arg)
{
	long left = deadline - jiffies;
	bool halt = false;

	if (left <= 0)
		return -ETIMEDOUT;
	left = wait_event_timeout(*conn->wait,
				  test_and_clear_bit(STREAM_CONN_READABLE, &conn->flags) ||
				  (halt = stop(arg)), left);
	if (halt)
		return -ECANCELED;
	return left ? 0 : -ETIMEDOUT;
}

/**
 * stream_hs_connected() - wait for a connection that was begun
 * @conn: connection with its socket
 * @deadline: jiffies
 * @stop: asked whether to go on; conn->wait is woken when that changes
 * @arg: its argument
 *
 * Context: Process context.
 * Return: 0 or an errno.
 */
int stream_hs_connected(struct stream_conn *conn, unsigned long deadline,
			stream_stop_fn stop, void *arg)
{
	int err;

	for (;;) {
		err = stream_sock_connect_error(conn->sock);
		if (err != -EINPROGRESS)
			return err;
		err = stream_hs_wait(conn, deadline, stop, arg);
		if (err)
			return err;
	}
}

/**
 * stream_hs_send() - send a PDU of the handshake
 * @conn: connection
 * @type: its type
 * @arg: its arg
 * @iu: its IU
 * @len: bytes there
 *
 * It stays, as it was sent, in conn->tx.head. The socket has room for it, or
 * something is wrong with it.
 *
 * Context: Process context.
 * Return: 0 or an errno.
 */
int stream_hs_send(struct stream_conn *conn, u8 type, u32 arg, const void *iu, u16 len)
{
	struct stream_sender *s = &conn->tx;
	struct vpart_hdr h = {
		.type	= type,
		.iu_len	= len,
		.arg	= arg,
		.epoch	= conn->rules.epoch,
		.seq	= s->seq++,
	};
	u32 pad = vpart_wire_pad(len);
	struct kvec vec;
	int n;

	if (len)
		memcpy(s->head + VPART_HDR_SIZE, iu, len);
	memset(s->head + VPART_HDR_SIZE + len, 0, pad);
	vpart_hdr_put(s->head, &h);
	vpart_hdr_seal(s->head, s->head + VPART_HDR_SIZE, len);
	vec.iov_base = s->head;
	vec.iov_len = VPART_HDR_SIZE + len + pad;
	n = stream_sock_send(conn->sock, &vec, 1, vec.iov_len, false);
	if (n < 0)
		return n == -EAGAIN ? -ENOBUFS : n;
	conn->count.tx_bytes += n;
	return n == VPART_HDR_SIZE + len + pad ? 0 : -ENOBUFS;
}

static int stream_hs_read(struct stream_conn *conn, void *to, u32 len, unsigned long deadline,
			  stream_stop_fn stop, void *arg)
{
	struct kvec vec;
	u32 have = 0;
	int n;

	while (have < len) {
		vec.iov_base = to + have;
		vec.iov_len = len - have;
		n = stream_sock_recv(conn->sock, &vec, 1, len - have);
		if (n > 0) {
			have += n;
			continue;
		}
		if (n != -EAGAIN)
			return n ?: -ECONNRESET;
		n = stream_hs_wait(conn, deadline, stop, arg);
		if (n)
			return n;
	}
	conn->count.rx_bytes += len;
	return 0;
}

/**
 * stream_hs_recv() - wait for a PDU of the handshake
 * @conn: connection; its rules say what may come
 * @deadline: jiffies
 * @stop: asked whether to go on; conn->wait is woken when that changes
 * @arg: its argument
 *
 * The PDU is in conn->rx: its header as it came in @head, read in @hdr, and
 * its IU.
 *
 * Context: Process context.
 * Return: 0, enum vpart_wire_error, -ECANCELED if it is not wanted any more,
 * -ETIMEDOUT or another errno.
 */
int stream_hs_recv(struct stream_conn *conn, unsigned long deadline, stream_stop_fn stop,
		   void *arg)
{
	struct stream_receiver *rx = &conn->rx;
	u32 len;
	int err;

	err = stream_hs_read(conn, rx->head, VPART_HDR_SIZE, deadline, stop, arg) ?:
	      vpart_hdr_get(&rx->hdr, rx->head, &conn->rules);
	if (err)
		return err;
	conn->rules.seq++;
	len = ALIGN(rx->hdr.iu_len, 4);
	err = stream_hs_read(conn, rx->iu, len, deadline, stop, arg);
	if (err)
		return err;
	if (!vpart_pad_is_zero(rx->iu + rx->hdr.iu_len, len - rx->hdr.iu_len))
		return VPART_ERR_MALFORMED;
	if (!vpart_hdr_has_digest(rx->hdr.type, conn->rules.hdgst))
		return 0;
	return vpart_hdr_sealed(&rx->hdr, vpart_wire_crc(vpart_hdr_crc(rx->head), rx->iu, len));
}
