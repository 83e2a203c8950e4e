// SPDX-License-Identifier: GPL-2.0
/*
 * vpart_shm: links of the bus between two machines on one host, through memory
 * that both have. This file: what the bus calls, and the module.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/netlink.h>

#include "shm.h"

struct workqueue_struct *shm_wq;
struct workqueue_struct *shm_close_wq;

static int shm_link_open(struct vpart_link *link, const struct vpart_adapter_args *args,
			 struct netlink_ext_ack *extack)
{
	struct shm_end *end;
	int err;

	if (args->digest) {
		NL_SET_ERR_MSG(extack, "shared memory has no digests: nothing is between its ends");
		return -EINVAL;
	}
	end = shm_end_new(link, args);
	if (!end)
		return -ENOMEM;
	link->priv = end;
	err = shm_end_bind(end, link->address, extack);
	if (err) {
		link->priv = NULL;
		shm_end_free(end);
	}
	return err;
}

static void shm_link_close(struct vpart_link *link)
{
	shm_end_free(link->priv);
	link->priv = NULL;
}

static void shm_link_stats(struct vpart_link *link, struct vpart_link_stats *st)
{
	struct shm_end *end = link->priv;

	spin_lock_irq(&end->lock);
	*st = end->total;
	if (end->sess) {
		shm_session_stats(end->sess, st);
		st->connections = end->sess->nr;
		snprintf(st->peer, sizeof(st->peer), "%s peer %u", end->name,
			 READ_ONCE(end->peer.position));
	}
	spin_unlock_irq(&end->lock);
}

static int shm_link_connect(struct vpart_link *link, u32 epoch)
{
	struct shm_end *end = link->priv;

	return end->side == VPART_SIDE_CLIENT ? shm_client_connect(link, epoch) :
						shm_server_connect(link, epoch);
}

static void shm_link_up(struct vpart_link *link)
{
	struct shm_end *end = link->priv;

	if (end->side == VPART_SIDE_SERVER)
		shm_server_up(link);
}

static void shm_link_disconnect(struct vpart_link *link)
{
	struct shm_end *end = link->priv;
	struct shm_session *sess = end->sess;

	shm_session_stop(sess, vpart_link_bye(link));
	/* Who cancels a request while the link drains may still have a pointer. */
	synchronize_rcu();
	if (end->side == VPART_SIDE_CLIENT)
		shm_client_end(link);
	else
		vpart_calls_cancel(link);
	shm_session_free(sess);
	shm_end_release(end);
}

/* The session of a link that is up, or NULL. Under RCU. */
static struct shm_queue *shm_link_queue(struct vpart_queue *q)
{
	struct shm_end *end = q->link->priv;

	/* Pairs with the release in vpart_link_publish(). */
	if (smp_load_acquire(&q->link->state) != VPART_LINK_STATE_UP ||
	    q->index >= q->link->lim.nr_queues)
		return NULL;
	return &READ_ONCE(end->sess)->queue[q->index];
}

static void shm_link_kick(struct vpart_queue *q)
{
	struct shm_queue *sq;

	rcu_read_lock();
	sq = shm_link_queue(q);
	if (sq)
		shm_queue_kick(sq);
	rcu_read_unlock();
}

static int shm_link_poll(struct vpart_queue *q, unsigned int budget)
{
	struct shm_queue *sq;
	int n = 0;

	rcu_read_lock();
	sq = shm_link_queue(q);
	if (sq && budget)
		n = shm_queue_poll(sq, budget);
	rcu_read_unlock();
	return n;
}

union shm_call {
	struct shm_request	request;
	struct shm_serve	serve;
};

static const struct vpart_fabric_ops shm_fabric = {
	.name		= "shm",
	.owner		= THIS_MODULE,
	.call_size	= sizeof(union shm_call),
	.caps		= VPART_CAP_POLL,
	.exclusive	= true,
	.open		= shm_link_open,
	.close		= shm_link_close,
	.stats		= shm_link_stats,
	.connect	= shm_link_connect,
	.up		= shm_link_up,
	.disconnect	= shm_link_disconnect,
	.submit		= shm_client_submit,
	.kick		= shm_link_kick,
	.poll		= shm_link_poll,
	.cancel		= shm_client_cancel,
	.map		= shm_server_map,
	.reply		= shm_server_reply,
	.put		= shm_server_put,
	.event		= shm_event_send,
	.close_session	= shm_close_ask,
};

/* ---- the module ---- */

static int __init shm_module_init(void)
{
	int err;

	/* Memory may be waiting for what goes through it. */
	shm_wq = alloc_workqueue("vpart_shm", WQ_MEM_RECLAIM | WQ_HIGHPRI | WQ_PERCPU, 0);
	if (!shm_wq)
		return -ENOMEM;
	err = -ENOMEM;
	/* What waits there for a disk keeps nothing else from its turn. */
	shm_close_wq = alloc_workqueue("vpart_shm_close", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!shm_close_wq)
		goto destroy_wq;
	err = shm_pci_register();
	if (err)
		goto destroy_close_wq;
	err = vpart_fabric_register(&shm_fabric);
	if (err)
		goto unregister_pci;
	return 0;

unregister_pci:
	shm_pci_unregister();
destroy_close_wq:
	destroy_workqueue(shm_close_wq);
destroy_wq:
	destroy_workqueue(shm_wq);
	return err;
}

static void __exit shm_module_exit(void)
{
	vpart_fabric_unregister(&shm_fabric);
	shm_pci_unregister();
	destroy_workqueue(shm_close_wq);
	destroy_workqueue(shm_wq);
}

module_init(shm_module_init);
module_exit(shm_module_exit);

MODULE_ALIAS("vpart-fabric-shm");
MODULE_DESCRIPTION("Shared memory (ivshmem) as a fabric of the vpart bus");
MODULE_AUTHOR("The vpart project");
MODULE_LICENSE("GPL");
