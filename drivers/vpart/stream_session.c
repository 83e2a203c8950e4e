// SPDX-License-Identifier: GPL-2.0
/*
 * A session: the connections of one login, one per queue. It begins and ends as
 * a whole: a queue that is lost takes the others along.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>

#include "stream.h"

/**
 * stream_session_new() - make a session without connections
 * @end: end of a link
 *
 * Context: Process context.
 * Return: the session with one reference, or NULL.
 */
struct stream_session *stream_session_new(struct stream_end *end)
{
	struct stream_session *sess = kzalloc(sizeof(*sess), GFP_KERNEL);

	if (!sess)
		return NULL;
	kref_init(&sess->ref);
	sess->end = end;
	stream_close_init(&sess->close);
	return sess;
}

static void stream_session_free(struct kref *ref)
{
	struct stream_session *sess = container_of(ref, struct stream_session, ref);
	unsigned int i;

	for (i = 0; i < VPART_QUEUES_MAX; i++)
		stream_conn_free(sess->conn[i]);
	kfree(sess);
}

/**
 * stream_session_get() - take a reference
 * @sess: session
 */
struct stream_session *stream_session_get(struct stream_session *sess)
{
	kref_get(&sess->ref);
	return sess;
}

/**
 * stream_session_put() - drop a reference
 * @sess: session, stopped before the last one goes; or NULL
 */
void stream_session_put(struct stream_session *sess)
{
	if (sess)
		kref_put(&sess->ref, stream_session_free);
}

/**
 * stream_session_join() - a queue has a connection
 * @sess: session
 * @conn: connection, its rules name the queue; the session's if it joins
 *
 * Context: Process context.
 * Return: false if the session is over, or has that queue.
 */
bool stream_session_join(struct stream_session *sess, struct stream_conn *conn)
{
	unsigned int queue = conn->rules.queue;
	bool ok;

	spin_lock_irq(&sess->end->lock);
	ok = !sess->over && queue < VPART_QUEUES_MAX && !sess->conn[queue];
	if (ok) {
		conn->sess = sess;
		sess->conn[queue] = conn;
		WRITE_ONCE(sess->nr, sess->nr + 1);
	}
	spin_unlock_irq(&sess->end->lock);
	return ok;
}

/**
 * stream_session_run() - requests may come
 * @sess: session of a link that is up
 *
 * Context: Process context.
 */
void stream_session_run(struct stream_session *sess)
{
	unsigned int i;

	for (i = 0; i < sess->nr; i++)
		stream_conn_run(sess->conn[i]);
}

static void stream_session_count(struct stream_session *sess, struct stream_conn *conn)
{
	struct vpart_link_stats *st = &sess->end->total;

	st->tx_bytes += conn->count.tx_bytes;
	st->rx_bytes += conn->count.rx_bytes;
	st->commands += conn->count.commands;
}

/**
 * stream_session_stop() - end a session
 * @sess: session; the link gives it nothing more to send
 * @bye: enum vpart_bye
 *
 * When it returns, all that was to be sent is given up, and no page of a
 * request is touched through it. What the bus's slots hold is the caller's.
 *
 * Context: Process context.
 */
void stream_session_stop(struct stream_session *sess, u32 bye)
{
	unsigned int i;

	spin_lock_irq(&sess->end->lock);
	sess->over = true;
	spin_unlock_irq(&sess->end->lock);
	for (i = 0; i < VPART_QUEUES_MAX; i++)
		if (sess->conn[i])
			stream_conn_stop(sess->conn[i], bye);
	for (i = 0; i < VPART_QUEUES_MAX; i++) {
		if (!sess->conn[i])
			continue;
		stream_tx_drop(sess->conn[i]);
		spin_lock_irq(&sess->end->lock);
		stream_session_count(sess, sess->conn[i]);
		memset(&sess->conn[i]->count, 0, sizeof(sess->conn[i]->count));
		spin_unlock_irq(&sess->end->lock);
	}
}
