// SPDX-License-Identifier: GPL-2.0
/*
 * CLOSE_SESSION: a session that was lost is ended over this one, see fence.c.
 * One at a time on a connection, and only on queue 0.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>

#include "stream.h"

#define STREAM_CLOSE_TIME	(3 * HZ)	/* more than the server takes, or an answer's way */

static bool stream_close_idle(const struct stream_close *c)
{
	return READ_ONCE(c->tx.state) == STREAM_TX_IDLE;
}

static void stream_close_sent(struct stream_conn *conn, struct stream_tx *tx)
{
	wake_up_all(conn->wait);
}

/* Have it sent, if the session is still that of the link. */
static bool stream_close_send(struct vpart_link *link, struct stream_session *sess)
{
	struct stream_end *end = link->priv;
	bool up;

	rcu_read_lock();
	/* Pairs with the release in vpart_link_publish(). */
	up = smp_load_acquire(&link->state) == VPART_LINK_STATE_UP &&
	     READ_ONCE(end->sess) == sess;
	if (up)
		stream_tx_queue(sess->conn[0], &sess->close.tx, false);
	rcu_read_unlock();
	return up;
}

/* Wait for a condition as long as the connection lives. */
#define stream_close_wait(conn, end, cond)						\
	wait_event_timeout(*(conn)->wait,						\
			   (cond) || test_bit(STREAM_CONN_DEAD, &(conn)->flags),		\
			   max_t(long, (end) - jiffies, 0))

/* ---- client ---- */

/* The session of a link that is up, referenced; it keeps its connections. */
static struct stream_session *stream_close_session(struct vpart_link *link)
{
	struct stream_session *sess = NULL;

	rcu_read_lock();
	/* Pairs with the release in vpart_link_publish(). */
	if (smp_load_acquire(&link->state) == VPART_LINK_STATE_UP)
		sess = stream_session_get(READ_ONCE(((struct stream_end *)link->priv)->sess));
	rcu_read_unlock();
	return sess;
}

static int stream_close_do(struct vpart_link *link, struct stream_session *sess,
			   const struct vpart_close_session *what, unsigned long end)
{
	struct stream_close *c = &sess->close;
	struct stream_conn *conn = sess->conn[0];

	/* One that was given up may still get its answer. */
	stream_close_wait(conn, end, !test_bit(STREAM_CLOSE_OPEN, &c->flags));
	if (test_bit(STREAM_CLOSE_OPEN, &c->flags))
		return -ETIMEDOUT;
	c->tx.hdr.type = VPART_PDU_CLOSE_SESSION;
	c->tx.hdr.iu_len = vpart_close_put(c->iu, what);
	c->tx.iu = c->iu;
	set_bit(STREAM_CLOSE_OPEN, &c->flags);
	if (!stream_close_send(link, sess)) {
		clear_bit(STREAM_CLOSE_OPEN, &c->flags);
		return -ENOTCONN;
	}
	stream_close_wait(conn, end, !test_bit(STREAM_CLOSE_OPEN, &c->flags) &&
			  stream_close_idle(c));
	/* Pairs with the release in stream_close_answered(). */
	if (!test_bit_acquire(STREAM_CLOSE_OPEN, &c->flags) && stream_close_idle(c))
		return c->result;
	return test_bit(STREAM_CONN_DEAD, &conn->flags) ? -ENOTCONN : -ETIMEDOUT;
}

/**
 * stream_close_ask() - vpart_fabric_ops.close_session
 * @link: client's end
 * @what: the session that shall be closed
 * @by: gets the instance of the server that answered
 *
 * Context: Process context; waits STREAM_CLOSE_TIME at most. The link is
 * referenced.
 * Return: enum vpart_close, -EOPNOTSUPP, -ENOTCONN or -ETIMEDOUT.
 */
int stream_close_ask(struct vpart_link *link, const struct vpart_close_session *what,
		     uuid_t *by)
{
	struct stream_session *sess = stream_close_session(link);
	unsigned long end = jiffies + STREAM_CLOSE_TIME;
	struct stream_conn *conn;
	struct stream_close *c;
	bool mine = false;
	int ret;

	if (!sess)
		return -ENOTCONN;
	c = &sess->close;
	conn = sess->conn[0];
	*by = sess->ack.boot;
	ret = -EOPNOTSUPP;
	if (!(sess->ack.features & VPART_FEATURE_CLOSE_SESSION))
		goto put;
	ret = -ETIMEDOUT;
	stream_close_wait(conn, end,
			  (mine = !test_and_set_bit_lock(STREAM_CLOSE_BUSY, &c->flags)));
	if (!mine)
		goto put;
	ret = stream_close_do(link, sess, what, end);
	clear_bit_unlock(STREAM_CLOSE_BUSY, &c->flags);
	wake_up_all(conn->wait);
put:
	stream_session_put(sess);
	return ret;
}

/**
 * stream_close_answered() - a CLOSE_RSP is whole
 * @conn: queue 0 of a client
 *
 * Return: 0 or enum vpart_wire_error.
 */
int stream_close_answered(struct stream_conn *conn)
{
	struct stream_close *c = &conn->sess->close;

	/* The server cannot have heard of one that is not yet being sent. */
	if (!test_bit(STREAM_CLOSE_OPEN, &c->flags) ||
	    READ_ONCE(c->tx.state) == STREAM_TX_QUEUED)
		return VPART_ERR_STATE;
	if (conn->rx.hdr.arg > VPART_CLOSE_TIMEOUT)
		return VPART_ERR_MALFORMED;
	c->result = conn->rx.hdr.arg;
	/* Pairs with the acquire in stream_close_do(). */
	clear_bit_unlock(STREAM_CLOSE_OPEN, &c->flags);
	wake_up_all(conn->wait);
	return 0;
}

/* ---- server ---- */

/*
 * A client may ask again when it has the answer, which can be before the sender has
 * let go of it.
 */
static void stream_close_work(struct work_struct *work)
{
	struct stream_close *c = container_of(work, struct stream_close, work);
	struct stream_session *sess = container_of(c, struct stream_session, close);
	struct vpart_close_session what = c->what;
	struct stream_conn *conn = sess->conn[0];
	struct stream_end *end = sess->end;
	int result = vpart_session_close(end->link, &what);

	/* Who asks again and does not read the last answer would hold this thread. */
	stream_close_wait(conn, jiffies + STREAM_CLOSE_TIME, stream_close_idle(c));
	if (!stream_close_idle(c)) {
		stream_conn_fail(conn, VPART_ERR_TIMEOUT);
	} else {
		c->tx.hdr.type = VPART_PDU_CLOSE_RSP;
		c->tx.hdr.iu_len = 0;
		c->tx.hdr.arg = result;
		clear_bit_unlock(STREAM_CLOSE_OPEN, &c->flags);
		stream_close_send(end->link, sess);
	}
	stream_session_put(sess);
	stream_end_put(end);
}

/**
 * stream_close_asked() - a CLOSE_SESSION is whole
 * @conn: queue 0 of a server
 *
 * Context: Any.
 * Return: 0 or enum vpart_wire_error.
 */
int stream_close_asked(struct stream_conn *conn)
{
	struct stream_session *sess = conn->sess;
	struct stream_close *c = &sess->close;
	struct vpart_close_session what;
	int err;

	err = vpart_close_get(&what, conn->rx.iu, conn->rx.hdr.iu_len);
	if (err)
		return err;
	if (test_and_set_bit_lock(STREAM_CLOSE_OPEN, &c->flags))
		return VPART_ERR_STATE;
	c->what = what;
	stream_session_get(sess);
	/* The link's own is there while requests may come. */
	kref_get(&sess->end->ref);
	queue_work(stream_hs_wq, &c->work);
	return 0;
}

/**
 * stream_close_init() - nothing is asked yet
 * @c: of a new session
 */
void stream_close_init(struct stream_close *c)
{
	c->tx.sent = stream_close_sent;
	INIT_WORK(&c->work, stream_close_work);
}
