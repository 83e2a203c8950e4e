// SPDX-License-Identifier: GPL-2.0
/*
 * vpart_stream: links of the bus between machines, over TCP, vsock and unix
 * sockets. This file: the ends of links, and what the bus calls.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "stream.h"

DEFINE_MUTEX(stream_mutex);
LIST_HEAD(stream_ends);
struct workqueue_struct *stream_wq;
struct workqueue_struct *stream_hs_wq;
struct workqueue_struct *stream_accept_wq;

/**
 * stream_say() - a line about a link, for the administrator
 * @end: end of it
 * @fmt: what is to be said
 *
 * Context: Any.
 */
void stream_say(struct stream_end *end, const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	pr_notice_ratelimited("adapter %s: %pV\n", end->link->adapter[end->side].name, &vaf);
	va_end(args);
}

/* ---- ends ---- */

static void stream_end_idle(struct kref *ref)
{
	struct stream_end *end = container_of(ref, struct stream_end, ref);

	wake_up_all(&end->idle);
}

/**
 * stream_end_put() - a handshake lets go of an end
 * @end: end
 */
void stream_end_put(struct stream_end *end)
{
	mutex_lock(&stream_mutex);
	kref_put(&end->ref, stream_end_idle);
	mutex_unlock(&stream_mutex);
}

/* A server has whatever digest its client wants. */
static void stream_own(struct stream_end *end, u32 digest)
{
	if (end->side == VPART_SIDE_SERVER)
		digest = VPART_DIGEST_HEADER | VPART_DIGEST_DATA;
	end->own = (struct vpart_wire_own) {
		.features	= (digest & VPART_DIGEST_HEADER ? VPART_FEATURE_HDGST : 0) |
				  (digest & VPART_DIGEST_DATA ? VPART_FEATURE_DDGST : 0) |
				  VPART_FEATURE_CLOSE_SESSION,
		.keepalive	= VPART_KEEPALIVE_DEFAULT,
		.max_pdu_data	= STREAM_PDU_DATA,
		.imm_max	= VPART_IMM_DEFAULT,
		.queues		= VPART_QUEUES_MAX,
		.depth		= STREAM_DEPTH,
		.ver_min	= VPART_WIRE_VERSION,
		.ver_max	= VPART_WIRE_VERSION,
	};
}

static int stream_link_open(struct vpart_link *link, const struct vpart_adapter_args *args,
			    struct netlink_ext_ack *extack)
{
	struct net *net = args->net;
	struct stream_end *end;
	int err;

	if (link->parent) {
		end = link->parent->priv;
		net = end->net;
	}
	end = kzalloc(sizeof(*end), GFP_KERNEL);
	if (!end)
		return -ENOMEM;
	kref_init(&end->ref);
	spin_lock_init(&end->lock);
	init_waitqueue_head(&end->idle);
	end->link = link;
	end->side = args->side;
	end->key = link->key;
	stream_own(end, args->digest);
	err = stream_addr_parse(net, &end->addr, link->address,
				args->side == VPART_SIDE_SERVER, extack);
	if (err)
		goto free;
	end->net = get_net(net);
	link->priv = end;
	mutex_lock(&stream_mutex);
	if (end->side == VPART_SIDE_SERVER)
		err = stream_listen(end, extack);
	if (!err)
		list_add_tail(&end->entry, &stream_ends);
	mutex_unlock(&stream_mutex);
	if (!err)
		return 0;
	link->priv = NULL;
	put_net(end->net);
free:
	kfree(end);
	return err;
}

static void stream_link_close(struct vpart_link *link)
{
	struct stream_end *end = link->priv;

	mutex_lock(&stream_mutex);
	list_del(&end->entry);
	WRITE_ONCE(end->closing, true);
	mutex_unlock(&stream_mutex);
	stream_end_put(end);
	/* Handshakes with it find that it closes, and end. */
	if (end->side == VPART_SIDE_SERVER)
		stream_wake(end);
	wait_event(end->idle, !kref_read(&end->ref));
	/* Who put the last reference has left the lock, and with it the end. */
	mutex_lock(&stream_mutex);
	mutex_unlock(&stream_mutex);
	if (end->side == VPART_SIDE_SERVER)
		stream_unlisten(end);
	link->priv = NULL;
	put_net(end->net);
	kfree(end);
}

static void stream_link_stats(struct vpart_link *link, struct vpart_link_stats *st)
{
	struct stream_end *end = link->priv;
	struct stream_session *sess;
	unsigned int i;

	spin_lock_irq(&end->lock);
	*st = end->total;
	sess = end->sess;
	if (sess) {
		for (i = 0; i < sess->nr; i++) {
			st->tx_bytes += sess->conn[i]->count.tx_bytes;
			st->rx_bytes += sess->conn[i]->count.rx_bytes;
			st->commands += sess->conn[i]->count.commands;
		}
		st->connections = sess->nr;
		strscpy(st->peer, sess->conn[0]->peer, sizeof(st->peer));
		st->digest = (sess->ack.features & VPART_FEATURE_HDGST ? VPART_DIGEST_HEADER : 0) |
			     (sess->ack.features & VPART_FEATURE_DDGST ? VPART_DIGEST_DATA : 0);
	}
	spin_unlock_irq(&end->lock);
	st->netns = end->net->ns.inum;
}

/* ---- what the bus calls ---- */

static int stream_link_connect(struct vpart_link *link, u32 epoch)
{
	struct stream_end *end = link->priv;

	return end->side == VPART_SIDE_CLIENT ? stream_client_connect(link, epoch) :
						stream_server_connect(link, epoch);
}

static void stream_link_up(struct vpart_link *link)
{
	struct stream_end *end = link->priv;

	if (end->side == VPART_SIDE_SERVER)
		stream_server_up(link);
	else
		stream_session_run(end->sess);
}

static void stream_link_disconnect(struct vpart_link *link)
{
	struct stream_end *end = link->priv;
	struct stream_session *sess = end->sess;
	unsigned int i;

	stream_session_stop(sess, vpart_link_bye(link));
	for (i = 0; i < sess->nr; i++) {
		if (end->side == VPART_SIDE_CLIENT)
			stream_client_end(sess->conn[i]);
		else
			stream_server_end(sess->conn[i]);
	}
	if (end->side == VPART_SIDE_SERVER)
		vpart_calls_cancel(link);
	spin_lock_irq(&end->lock);
	end->sess = NULL;
	spin_unlock_irq(&end->lock);
	stream_session_put(sess);
}

static void stream_link_kick(struct vpart_queue *q)
{
	struct stream_end *end = q->link->priv;

	rcu_read_lock();
	/* Pairs with the release in vpart_link_publish(). */
	if (smp_load_acquire(&q->link->state) == VPART_LINK_STATE_UP &&
	    q->index < q->link->lim.nr_queues)
		queue_work(stream_wq, &end->sess->conn[q->index]->tx_work);
	rcu_read_unlock();
}

union stream_call {
	struct stream_request	request;
	struct stream_serve	serve;
};

static const struct vpart_fabric_ops stream_fabric = {
	.name		= "stream",
	.owner		= THIS_MODULE,
	.call_size	= sizeof(union stream_call),
	.open		= stream_link_open,
	.close		= stream_link_close,
	.stats		= stream_link_stats,
	.connect	= stream_link_connect,
	.up		= stream_link_up,
	.disconnect	= stream_link_disconnect,
	.submit		= stream_client_submit,
	.kick		= stream_link_kick,
	.cancel		= stream_client_cancel,
	.map		= stream_server_map,
	.reply		= stream_server_reply,
	.put		= stream_server_put,
	.given		= stream_server_given,
	.event		= stream_event_send,
	.close_session	= stream_close_ask,
};

/* ---- the module ---- */

static int __init stream_init(void)
{
	int err;

	stream_sock_init();
	/* Memory may be waiting for what they send and receive. */
	err = -ENOMEM;
	stream_wq = alloc_workqueue("vpart_stream", WQ_MEM_RECLAIM | WQ_PERCPU, 0);
	if (!stream_wq)
		goto exit_sock;
	/* These wait for their clients, each in a worker: no rescuer, it would wait for all. */
	stream_hs_wq = alloc_workqueue("vpart_login", WQ_UNBOUND, 0);
	if (!stream_hs_wq)
		goto destroy_wq;
	/* These make room, whoever waits. */
	stream_accept_wq = alloc_workqueue("vpart_accept", WQ_UNBOUND, 0);
	if (!stream_accept_wq)
		goto destroy_hs_wq;
	err = vpart_fabric_register(&stream_fabric);
	if (err)
		goto destroy_accept_wq;
	return 0;

destroy_accept_wq:
	destroy_workqueue(stream_accept_wq);
destroy_hs_wq:
	destroy_workqueue(stream_hs_wq);
destroy_wq:
	destroy_workqueue(stream_wq);
exit_sock:
	stream_sock_exit();
	return err;
}

static void __exit stream_exit(void)
{
	vpart_fabric_unregister(&stream_fabric);
	destroy_workqueue(stream_accept_wq);
	destroy_workqueue(stream_hs_wq);
	destroy_workqueue(stream_wq);
	stream_sock_exit();
}

module_init(stream_init);
module_exit(stream_exit);

MODULE_ALIAS("vpart-fabric-stream");
MODULE_DESCRIPTION("Stream sockets as a fabric of the vpart bus");
MODULE_AUTHOR("The vpart project");
MODULE_LICENSE("GPL");
