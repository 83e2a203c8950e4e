// SPDX-License-Identifier: GPL-2.0
/*
 * vscsi_target: the server's end of adapter pairs as a LIO fabric module.
 *
 * This file: the ends themselves (ports) and their sessions. A login becomes a
 * LIO session of the client that the bus attests; what happens to its commands
 * is io.c's and tmr.c's, what an administrator sets is configfs.c's.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/slab.h>

#include "target.h"

/*
 * Guards the lists of ports and configured targets, tpg->enabled and the
 * counts of sessions. Never held across a wait for a link or a device.
 */
DEFINE_MUTEX(vscsi_mutex);
static LIST_HEAD(vscsi_ports);
struct workqueue_struct *vscsi_twq;
struct workqueue_struct *vscsi_caw_wq;
struct workqueue_struct *vscsi_end_wq;

/**
 * vscsi_port_get() - find a server adapter that this driver is bound to
 * @name: of the pair
 *
 * Return: the adapter, to be put with put_device(&a->dev), or NULL.
 */
struct vpart_adapter *vscsi_port_get(const char *name)
{
	struct vpart_adapter *a = NULL;
	struct vscsi_port *port;

	lockdep_assert_held(&vscsi_mutex);
	list_for_each_entry(port, &vscsi_ports, entry) {
		if (!strcmp(port->a->name, name)) {
			a = port->a;
			get_device(&a->dev);
			break;
		}
	}
	return a;
}

/* What the client calls a LUN. An ACL may give it another number, or several. */
static u64 vscsi_seen_lun(struct vscsi_tpg *tpg, u64 lun)
{
	struct se_node_acl *nacl;

	mutex_lock(&tpg->se_tpg.acl_node_mutex);
	list_for_each_entry(nacl, &tpg->se_tpg.acl_node_list, acl_list)
		if (!nacl->dynamic_node_acl)
			lun = VSCSI_ANY_LUN;
	mutex_unlock(&tpg->se_tpg.acl_node_mutex);
	return lun;
}

/**
 * vscsi_tell() - send an event to the client, if there is one
 * @tpg: portal group
 * @lun: logical unit, as it is numbered here
 * @asc: additional sense code
 * @ascq: its qualifier
 *
 * Without a link there is nobody to tell: a client looks at everything when the
 * link comes up.
 */
void vscsi_tell(struct vscsi_tpg *tpg, u64 lun, u8 asc, u8 ascq)
{
	u8 iu[VSCSI_AER_IU_SIZE] __aligned(8);
	struct vpart_adapter *a;

	mutex_lock(&vscsi_mutex);
	a = vscsi_port_get(tpg->tport->name);
	mutex_unlock(&vscsi_mutex);
	if (!a)
		return;
	vpart_event(a, iu, vscsi_put_aer(iu, vscsi_seen_lun(tpg, lun), asc, ascq));
	put_device(&a->dev);
}

/* ---- sessions ---- */

static void vscsi_session_free(struct work_struct *work)
{
	struct vscsi_session *sess = container_of(work, struct vscsi_session, free);
	struct vscsi_tpg *tpg = sess->tpg;

	/*
	 * All calls were put, but LIO touches the session's counter once more
	 * after release_cmd(): wait for these few instructions.
	 */
	target_stop_session(sess->se_sess);
	target_wait_for_sess_cmds(sess->se_sess);
	target_remove_session(sess->se_sess);
	mutex_lock(&vscsi_mutex);
	list_del(&sess->entry);
	vscsi_client_put(sess->client);
	WRITE_ONCE(tpg->nr_sess, tpg->nr_sess - 1);
	if (!tpg->nr_sess)
		wake_up_all(&tpg->idle);
	mutex_unlock(&vscsi_mutex);
	put_device(&sess->a->dev);
	xa_destroy(&sess->told);
	xa_destroy(&sess->shown);
	kfree(sess);
}

static void vscsi_session_release(struct kref *ref)
{
	struct vscsi_session *sess = container_of(ref, struct vscsi_session, ref);

	queue_work(vscsi_end_wq, &sess->free);
}

/**
 * vscsi_session_put() - drop a reference
 * @sess: session
 *
 * Context: any.
 */
void vscsi_session_put(struct vscsi_session *sess)
{
	kref_put(&sess->ref, vscsi_session_release);
}

/*
 * LIO keeps the ACL it made for a client in demo mode, so that reservations
 * outlive a logout. Such an ACL admits nobody once demo mode is off.
 */
static int vscsi_admit(struct se_portal_group *se_tpg, struct se_session *se_sess, void *priv)
{
	if (se_sess->se_node_acl->dynamic_node_acl && !to_vscsi_tpg(se_tpg)->generate_node_acls)
		return -EACCES;
	return 0;
}

static struct vscsi_session *vscsi_session_new(struct vpart_adapter *a, struct vscsi_tpg *tpg,
					       u32 epoch, unsigned int queues)
{
	char name[VSCSI_PORT_NAME_SIZE];
	u8 id[VSCSI_PORT_ID_SIZE];
	struct vscsi_session *sess;
	struct vpart_peer peer;
	unsigned int i;
	int ret;

	lockdep_assert_held(&vscsi_mutex);
	sess = kzalloc(struct_size(sess, tq, queues * VSCSI_LANES), GFP_KERNEL);
	if (!sess)
		return ERR_PTR(-ENOMEM);
	vpart_peer(a, &peer);
	ret = -ENOMEM;
	sess->client = vscsi_client_get(&peer);
	if (!sess->client)
		goto free;
	ret = vscsi_client_renew(sess->client, &peer.boot);
	if (ret)
		goto put_client;
	sess->boot = peer.boot;
	kref_init(&sess->ref);
	spin_lock_init(&sess->lock);
	xa_init_flags(&sess->told, XA_FLAGS_LOCK_IRQ);
	xa_init(&sess->shown);
	INIT_WORK(&sess->free, vscsi_session_free);
	sess->tpg = tpg;
	sess->a = a;
	sess->epoch = epoch;
	sess->nr_tq = queues * VSCSI_LANES;
	for (i = 0; i < sess->nr_tq; i++) {
		init_llist_head(&sess->tq[i].list);
		init_llist_head(&sess->tq[i].direct);
		INIT_WORK(&sess->tq[i].work, vscsi_tq_work);
	}
	vscsi_port_id(id, &peer.uuid, peer.adapter_id, vpart_port_name(a));
	vscsi_port_name(name, id);
	sess->se_sess = target_setup_session(&tpg->se_tpg, 0, 0, TARGET_PROT_NORMAL, name, sess,
					     vscsi_admit);
	if (IS_ERR(sess->se_sess)) {
		ret = PTR_ERR(sess->se_sess);
		/* LIO says so too when it has no memory for the ACL that it would make. */
		if (ret == -EACCES && READ_ONCE(tpg->generate_node_acls))
			ret = -ENOMEM;
		if (ret == -EACCES)
			pr_notice("%s: client %s (%s) has no ACL\n", a->name, peer.partition, name);
		goto put_client;
	}
	list_add_tail(&sess->entry, &sess->client->sessions);
	get_device(&a->dev);
	return sess;

put_client:
	vscsi_client_put(sess->client);
free:
	kfree(sess);
	return ERR_PTR(ret);
}

/**
 * vscsi_close_session() - target_core_fabric_ops.close_session
 * @se_sess: session whose ACL is being removed
 *
 * Does not wait: LIO does. The client's next login is judged anew.
 */
void vscsi_close_session(struct se_session *se_sess)
{
	struct vscsi_session *sess = se_sess->fabric_sess_ptr;

	vpart_reset(sess->a, VPART_WHY_RESET);
}

/* ---- the bus's calls ---- */

/* @said: by a client to which it is not granted */
static void vscsi_say_port_name(struct vpart_adapter *a, u64 said)
{
	u64 granted = vpart_port_name(a);

	if (!granted)
		vpart_problem(a, "the client says port name %016llx, this is no virtual port",
			      said);
	else if (!said)
		vpart_problem(a, "the client says no port name, %016llx is granted", granted);
	else
		vpart_problem(a, "the client says port name %016llx, %016llx is granted",
			      said, granted);
}

static int vscsi_login(struct vpart_adapter *a, u32 epoch, const void *iu, u16 len,
		       struct vpart_limits *lim, void *rsp, u16 *rsp_len)
{
	struct vscsi_port *port = vpart_get_drvdata(a);
	struct vscsi_session *sess;
	struct vscsi_tport *tport;
	struct vscsi_tpg *tpg;
	int ret;

	ret = vscsi_get_login(iu, len, a->id, vpart_port_name(a));
	if (ret == -EPERM)
		vscsi_say_port_name(a, vscsi_login_port_name(iu));
	if (ret)
		return ret;
	ret = vscsi_put_login_rsp(rsp, *rsp_len, lim->nr_queues * lim->depth);
	if (ret < 0)
		return ret;
	*rsp_len = ret;

	mutex_lock(&vscsi_mutex);
	tport = vscsi_tport_find(a->name);
	tpg = tport ? tport->tpg : NULL;
	if (!tpg || !tpg->enabled) {
		ret = -EAGAIN;
		goto unlock;
	}
	sess = vscsi_session_new(a, tpg, epoch, lim->nr_queues);
	if (IS_ERR(sess)) {
		ret = PTR_ERR(sess);
		goto unlock;
	}
	WRITE_ONCE(tpg->nr_sess, tpg->nr_sess + 1);
	port->sess = sess;
	lim->dma_alignment = max(lim->dma_alignment, READ_ONCE(tpg->alignment));
	ret = 0;
unlock:
	mutex_unlock(&vscsi_mutex);
	return ret;
}

static void vscsi_drain(struct vpart_adapter *a, u32 epoch)
{
	struct vscsi_port *port = vpart_get_drvdata(a);

	WRITE_ONCE(port->sess->draining, true);
}

static void vscsi_logout(struct vpart_adapter *a, u32 epoch)
{
	struct vscsi_port *port = vpart_get_drvdata(a);
	struct vscsi_session *sess = port->sess;
	unsigned int i;

	port->sess = NULL;
	/* Each put call has left its worker's list; the worker may still return. */
	for (i = 0; i < sess->nr_tq; i++)
		flush_work(&sess->tq[i].work);
	vscsi_session_put(sess);
}

static const struct vpart_server_ops vscsi_server_ops = {
	.call_size	= sizeof(struct vscsi_tcmd),
	.login		= vscsi_login,
	.request	= vscsi_request,
	.cancel		= vscsi_cancel,
	.drain		= vscsi_drain,
	.logout		= vscsi_logout,
	.share		= vscsi_share,
	.room		= vscsi_room,
	.about		= vscsi_about,
	.run		= vscsi_run,
};

static void vscsi_remove(struct vpart_adapter *a)
{
	struct vscsi_port *port = vpart_get_drvdata(a);

	mutex_lock(&vscsi_mutex);
	list_del(&port->entry);
	mutex_unlock(&vscsi_mutex);
	kfree(port);
}

static int vscsi_probe(struct vpart_adapter *a)
{
	struct vscsi_tport *tport;
	struct vscsi_port *port;
	bool start;
	int ret;

	port = kzalloc(sizeof(*port), GFP_KERNEL);
	if (!port)
		return -ENOMEM;
	port->a = a;
	vpart_set_drvdata(a, port);
	mutex_lock(&vscsi_mutex);
	list_add_tail(&port->entry, &vscsi_ports);
	tport = vscsi_tport_find(a->name);
	start = tport && tport->tpg && tport->tpg->enabled;
	mutex_unlock(&vscsi_mutex);
	if (!start)
		return 0;
	ret = vpart_start(a, NULL);
	if (ret)
		vscsi_remove(a);
	return ret;
}

static struct vpart_driver vscsi_driver = {
	.driver.name	= "vscsi_target",
	.side		= VPART_SIDE_SERVER,
	.probe		= vscsi_probe,
	.remove		= vscsi_remove,
	.server		= &vscsi_server_ops,
};

static int __init vscsi_target_init(void)
{
	int ret;

	/*
	 * Writes that free memory come through here. Per CPU: a command stays
	 * on the CPU that submitted it.
	 */
	vscsi_twq = alloc_workqueue("vscsi_target", WQ_MEM_RECLAIM | WQ_PERCPU, 0);
	if (!vscsi_twq)
		return -ENOMEM;
	ret = -ENOMEM;
	/* A LUN's worker waits in it for as long as its device keeps a command. */
	vscsi_caw_wq = alloc_workqueue("vscsi_target_caw", WQ_UNBOUND | WQ_MEM_RECLAIM,
				       WQ_MAX_ACTIVE);
	if (!vscsi_caw_wq)
		goto destroy_wq;
	vscsi_end_wq = alloc_workqueue("vscsi_target_end", WQ_UNBOUND, 0);
	if (!vscsi_end_wq)
		goto destroy_caw_wq;
	ret = target_register_template(&vscsi_ops);
	if (ret)
		goto destroy_end_wq;
	ret = vpart_driver_register(&vscsi_driver, THIS_MODULE);
	if (ret)
		goto unregister_template;
	return 0;

unregister_template:
	target_unregister_template(&vscsi_ops);
destroy_end_wq:
	destroy_workqueue(vscsi_end_wq);
destroy_caw_wq:
	destroy_workqueue(vscsi_caw_wq);
destroy_wq:
	destroy_workqueue(vscsi_twq);
	return ret;
}
module_init(vscsi_target_init);

static void __exit vscsi_target_exit(void)
{
	vpart_driver_unregister(&vscsi_driver);
	target_unregister_template(&vscsi_ops);
	destroy_workqueue(vscsi_end_wq);
	destroy_workqueue(vscsi_caw_wq);
	destroy_workqueue(vscsi_twq);
}
module_exit(vscsi_target_exit);

MODULE_DESCRIPTION("Virtual SCSI server adapter: a LIO fabric");
MODULE_LICENSE("GPL");
