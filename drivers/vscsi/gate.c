// SPDX-License-Identifier: GPL-2.0
/*
 * No ghost writes (PROTOCOL V3): what a client has given up must not change the
 * medium behind its back. LIO and the backing device may hold such a command for
 * as long as they like, so it is not they who are made to let go: what the client
 * sends after it waits, on whatever path, until the command has ended.
 *
 *	command		      becomes		by
 *	-------		      -------		--
 *	with LIO, or on its   barred		vscsi_gate_bar(): the client gave it
 *	way there				up, its session ends, or a newer
 *						instance of the client logs in
 *	barred		      over		vscsi_gate_over(): LIO let go of it
 *	new, and its device   parked		vscsi_gate_park()
 *	has a barred one
 *	new, without memory   parked		vscsi_gate_starve()
 *	for its data
 *	parked		      new again		a barred one of the client is over, or
 *						there is memory
 *			      dropped		the client gives it up, its session
 *						ends, it is aborted
 *			      BUSY		VSCSI_GATE_LIMIT
 *
 * A client is a partition, whatever its number of adapters, sessions and servers
 * in this kernel. A command that changes nothing is not barred; one that neither
 * reads nor changes the medium is not parked, so a client can still ask what is
 * there.
 *
 * That a barred command is over is seen without a lock on the hot path:
 *
 *	vscsi_gate_bar()		LIO's last word and its release
 *	----------------		-------------------------------
 *	barred = true			over = true
 *	smp_mb()			the last reference goes (full barrier)
 *	reads over, then the tag	reads barred
 *
 * One of the two sees the other. A slot that was used again meanwhile has another
 * tag, which is written before over becomes false.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "target.h"

#define VSCSI_GATE_LIMIT	(60 * HZ)	/* a parked command is told BUSY then */

LIST_HEAD(vscsi_clients);	/* under vscsi_mutex */

/* ---- parked commands ---- */

/* All to the workers, as if they had come just now: they look for themselves. */
static void vscsi_unpark(struct vscsi_client *client)
{
	struct vscsi_tcmd *cmd, *next;

	lockdep_assert_held(&client->lock);
	list_for_each_entry_safe(cmd, next, &client->parked, gate) {
		cmd->parked = false;
		list_del_init(&cmd->gate);
		vscsi_queue(cmd);
	}
}

/* Nobody answers them. */
static void vscsi_put_list(struct list_head *list)
{
	struct vscsi_tcmd *cmd, *next;

	list_for_each_entry_safe(cmd, next, list, gate) {
		list_del_init(&cmd->gate);
		vpart_call_put(vpart_priv_call(cmd));
	}
}

/* It will not go on. Who is to give it up finds it over, and leaves its list alone. */
static void vscsi_take_parked(struct vscsi_tcmd *cmd, struct list_head *to)
{
	lockdep_assert_held(&cmd->sess->client->lock);
	cmd->parked = false;
	cmd->over = true;
	list_move_tail(&cmd->gate, to);
}

/* They have waited long enough: let the client try again. */
static void vscsi_gate_limit(struct work_struct *work)
{
	struct vscsi_client *client = container_of(work, struct vscsi_client, limit.work);
	u8 iu[VSCSI_RSP_IU_SIZE] __aligned(8);
	struct vscsi_tcmd *cmd, *next;
	unsigned long flags;
	LIST_HEAD(list);

	spin_lock_irqsave(&client->lock, flags);
	list_for_each_entry_safe(cmd, next, &client->parked, gate) {
		if (time_before(jiffies, cmd->parked_at + VSCSI_GATE_LIMIT)) {
			/* In the order of their time; the next one is not due either. */
			queue_delayed_work(vscsi_twq, &client->limit,
					   cmd->parked_at + VSCSI_GATE_LIMIT - jiffies);
			break;
		}
		vscsi_take_parked(cmd, &list);
	}
	spin_unlock_irqrestore(&client->lock, flags);
	list_for_each_entry_safe(cmd, next, &list, gate) {
		list_del_init(&cmd->gate);
		vpart_finish(vpart_priv_call(cmd), iu,
			     vscsi_put_rsp(iu, cmd->tag, SAM_STAT_BUSY, 0, 0, NULL, 0));
	}
}

static void vscsi_park(struct vscsi_client *client, struct vscsi_tcmd *cmd)
{
	lockdep_assert_held(&client->lock);
	cmd->parked = true;
	cmd->parked_at = jiffies;
	list_add_tail(&cmd->gate, &client->parked);
	queue_delayed_work(vscsi_twq, &client->limit, VSCSI_GATE_LIMIT);
}

/* It is to end, and not to wait; vscsi_cancel() looks for it on the list, under the lock. */
static bool vscsi_is_over(const struct vscsi_tcmd *cmd)
{
	lockdep_assert_held(&cmd->sess->client->lock);
	return cmd->barred || cmd->sess->draining || test_bit(VSCSI_CANCELLED, &cmd->state);
}

/* ---- which device ---- */

/* What a client's LUN leads to; only to be compared. NULL: nowhere. */
static const void *vscsi_gate_dev(const struct vscsi_session *sess, u64 lun)
{
	const struct se_node_acl *nacl = sess->se_sess->se_node_acl;
	const struct se_dev_entry *deve;
	const void *dev = NULL;

	rcu_read_lock();
	hlist_for_each_entry_rcu(deve, &nacl->lun_entry_hlist, link) {
		if (deve->mapped_lun == lun) {
			dev = rcu_access_pointer(deve->se_lun->lun_se_dev);
			break;
		}
	}
	rcu_read_unlock();
	return dev;
}

/* ---- the calls of io.c and tmr.c ---- */

/**
 * vscsi_gate_bar() - the client has given a command up
 * @sess: its session
 * @cmd: the command, not yet put when the caller looked
 * @task: its tag
 *
 * From here on no command of the client that comes later passes it.
 *
 * Context: any, under RCU: the memory of @cmd stays, but it may be put and used
 * again at any time.
 */
void vscsi_gate_bar(struct vscsi_session *sess, struct vscsi_tcmd *cmd, u64 task)
{
	struct vscsi_client *client = sess->client;
	unsigned long flags;

	spin_lock_irqsave(&client->lock, flags);
	if (cmd->barred || cmd->parked || cmd->kind != VSCSI_KIND_CMD)
		goto unlock;
	WRITE_ONCE(cmd->barred, true);
	/* Pairs with LIO's release of the last reference: see above. */
	smp_mb();
	/* And that with the release in vscsi_request(). */
	if (smp_load_acquire(&cmd->over) || READ_ONCE(cmd->tag) != task ||
	    vscsi_touches(cmd->cdb[0]) != VSCSI_TOUCH_CHANGE) {
		WRITE_ONCE(cmd->barred, false);
		goto unlock;
	}
	cmd->gate_dev = vscsi_gate_dev(sess, cmd->lun);
	list_add_tail(&cmd->gate, &client->barred);
	WRITE_ONCE(client->nr_barred, client->nr_barred + 1);
unlock:
	spin_unlock_irqrestore(&client->lock, flags);
}

/**
 * __vscsi_gate_over() - a command that may be barred cannot change anything any more
 * @cmd: the command, not put yet
 *
 * Context: any.
 */
void __vscsi_gate_over(struct vscsi_tcmd *cmd)
{
	struct vscsi_client *client = cmd->sess->client;
	unsigned long flags;

	spin_lock_irqsave(&client->lock, flags);
	cmd->over = true;
	if (cmd->barred) {
		WRITE_ONCE(cmd->barred, false);
		list_del_init(&cmd->gate);
		WRITE_ONCE(client->nr_barred, client->nr_barred - 1);
		vscsi_unpark(client);
	}
	spin_unlock_irqrestore(&client->lock, flags);
}

/**
 * __vscsi_gate_park() - keep a command that must not pass a barred one
 * @cmd: the command, on its way to LIO
 *
 * Context: the worker.
 * Return: whether it was kept; then it is not the caller's any more.
 */
bool __vscsi_gate_park(struct vscsi_tcmd *cmd)
{
	/* It outlives its workers; @cmd, once it is kept, may go at any time. */
	const struct vscsi_session *sess = cmd->sess;
	struct vscsi_client *client = sess->client;
	const struct vscsi_tcmd *other;
	unsigned long flags;
	u64 lun = cmd->lun;
	const void *dev;
	bool wait = false, first;

	if (vscsi_touches(cmd->cdb[0]) == VSCSI_TOUCH_NONE)
		return false;
	dev = vscsi_gate_dev(sess, lun);
	spin_lock_irqsave(&client->lock, flags);
	list_for_each_entry(other, &client->barred, gate)
		wait |= dev && other->gate_dev == dev && other != cmd;
	wait &= !vscsi_is_over(cmd);
	first = wait && list_empty(&client->parked);
	if (wait)
		vscsi_park(client, cmd);
	spin_unlock_irqrestore(&client->lock, flags);
	if (first)
		pr_notice_ratelimited("%s: LUN %llu: commands wait for one that the client gave up\n",
				      sess->a->name, lun);
	return wait;
}

/**
 * vscsi_gate_starve() - there is no memory for the data of a command: let it wait
 * @cmd: the command, on its way to LIO
 *
 * Context: the worker.
 * Return: 0: there is after all, and it is mapped; -EBUSY: it waits, and is not the
 * caller's any more; else what vpart_map() says, or -ECANCELED: it is to end.
 */
int vscsi_gate_starve(struct vscsi_tcmd *cmd)
{
	struct vscsi_client *client = cmd->sess->client;
	/* Memory that comes behind this look is counted. */
	unsigned int room = smp_load_acquire(&client->room);
	unsigned long flags;
	int ret;

	ret = vpart_map(vpart_priv_call(cmd), cmd->dir, &cmd->data);
	if (ret != -EBUSY)
		return ret;
	spin_lock_irqsave(&client->lock, flags);
	if (vscsi_is_over(cmd))
		ret = -ECANCELED;
	else if (client->room != room)
		vscsi_queue(cmd);
	else
		vscsi_park(client, cmd);
	spin_unlock_irqrestore(&client->lock, flags);
	return ret;
}

/**
 * vscsi_gate_feed() - there is memory for those that wait for it
 * @client: the client
 *
 * Context: any.
 */
void vscsi_gate_feed(struct vscsi_client *client)
{
	unsigned long flags;

	spin_lock_irqsave(&client->lock, flags);
	client->room++;
	vscsi_unpark(client);
	spin_unlock_irqrestore(&client->lock, flags);
}

/**
 * vscsi_gate_cancel() - give up a command that may be parked
 * @cmd: the command; VSCSI_CANCELLED is set
 *
 * Context: any.
 * Return: true if it was; its call is the caller's now.
 */
bool vscsi_gate_cancel(struct vscsi_tcmd *cmd)
{
	struct vscsi_client *client = cmd->sess->client;
	unsigned long flags;
	bool mine;

	spin_lock_irqsave(&client->lock, flags);
	mine = cmd->parked;
	if (mine) {
		cmd->parked = false;
		cmd->over = true;
		list_del_init(&cmd->gate);
	}
	spin_unlock_irqrestore(&client->lock, flags);
	return mine;
}

/**
 * vscsi_gate_drop() - a task management function ends what is parked
 * @sess: session of the function
 * @lun: its logical unit
 * @task: only the command with this tag, or all if NULL
 *
 * Context: any.
 * Return: whether there was one.
 */
bool vscsi_gate_drop(struct vscsi_session *sess, u64 lun, const u64 *task)
{
	struct vscsi_client *client = sess->client;
	struct vscsi_tcmd *cmd, *next;
	unsigned long flags;
	LIST_HEAD(list);
	bool any;

	spin_lock_irqsave(&client->lock, flags);
	list_for_each_entry_safe(cmd, next, &client->parked, gate)
		if (cmd->sess == sess && (task ? cmd->tag == *task : cmd->lun == lun))
			vscsi_take_parked(cmd, &list);
	spin_unlock_irqrestore(&client->lock, flags);
	any = !list_empty(&list);
	vscsi_put_list(&list);
	return any;
}

/* ---- clients ---- */

/**
 * vscsi_client_get() - the client of a login
 * @peer: who logs in
 *
 * Context: process context, vscsi_mutex held.
 * Return: the client, or NULL without memory. Given back with vscsi_client_put().
 */
struct vscsi_client *vscsi_client_get(const struct vpart_peer *peer)
{
	struct vscsi_client *client;

	lockdep_assert_held(&vscsi_mutex);
	list_for_each_entry(client, &vscsi_clients, entry) {
		if (uuid_equal(&client->uuid, &peer->uuid)) {
			client->users++;
			return client;
		}
	}
	client = kzalloc(sizeof(*client), GFP_KERNEL);
	if (!client)
		return NULL;
	client->uuid = peer->uuid;
	client->users = 1;
	INIT_LIST_HEAD(&client->sessions);
	INIT_LIST_HEAD(&client->barred);
	INIT_LIST_HEAD(&client->parked);
	spin_lock_init(&client->lock);
	INIT_DELAYED_WORK(&client->limit, vscsi_gate_limit);
	list_add_tail(&client->entry, &vscsi_clients);
	return client;
}

/**
 * vscsi_client_put() - a session of the client is no more
 * @client: the client
 *
 * Context: process context, vscsi_mutex held.
 */
void vscsi_client_put(struct vscsi_client *client)
{
	lockdep_assert_held(&vscsi_mutex);
	if (--client->users)
		return;
	/* Nothing is parked: it was a call of a session. */
	cancel_delayed_work_sync(&client->limit);
	list_del(&client->entry);
	kfree(client);
}

/**
 * vscsi_client_renew() - end the sessions of the client's older instances (P9)
 * @client: the client
 * @boot: instance that logs in
 *
 * When they drain, what they have with LIO is barred.
 *
 * Context: process context, vscsi_mutex held.
 * Return: 0, or -EAGAIN while one of them does not drain yet.
 */
int vscsi_client_renew(struct vscsi_client *client, const uuid_t *boot)
{
	struct vscsi_session *sess;
	int ret = 0;

	lockdep_assert_held(&vscsi_mutex);
	list_for_each_entry(sess, &client->sessions, entry) {
		if (uuid_equal(&sess->boot, boot) || READ_ONCE(sess->draining))
			continue;
		vpart_reset(sess->a, VPART_WHY_CLOSED);
		ret = -EAGAIN;
	}
	return ret;
}
