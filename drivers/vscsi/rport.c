// SPDX-License-Identifier: GPL-2.0
/*
 * Path loss: what becomes of commands and disks of a link that is down, and when.
 * Three clocks run from the moment of the loss:
 *
 *	fast_io_fail_tmo	what has another path (asks for fast failure) fails
 *	path loss limit		everything fails
 *	dev_loss_tmo		the disks are removed
 *
 * in this order, of which each setting is refused that is not so. Whatever fails
 * early was never sent, or is known to have ended at the server: vscsi_no_wait(). Which
 * of it fails by no clock: proof.c.
 *
 * A host whose server is in another kernel has a remote port of the SRP transport
 * class with the first and the last of them. A local one has none; its first is 0,
 * its last off.
 *
 *	link, host.state	port, since the loss			a command
 *	------------------	--------------------			---------
 *	UP			running					is sent
 *	BLOCKED, CHECK		blocked					is held
 *	BLOCKED, CHECK		fail-fast, from fast_io_fail_tmo on	is held, or fails if
 *									it asks for that
 *	LOST, CHECK		fail-fast, from the path loss limit on	fails; in CHECK it waits
 *									for the check
 *	any of these					is held if it may still change the
 *							medium and "unproven" is "hold"
 *	LOST, CHECK		lost, from dev_loss_tmo on, and before	there is no disk
 *				the first login
 *	GONE			there is none				fails
 *
 * From each of them a login leads to CHECK and UP. The port stays what it was, under
 * its name and with its settings; if the disks were removed a scan finds them anew.
 *
 * The class has clocks of its own, of which only the names are used here (no
 * has_rport_state, no reconnect): they stop the queues of all disks, so that what has
 * another path and what has none would have to wait alike; they fail what was sent,
 * proof or not; they know no limit between theirs, and ask nobody before they are
 * set; their works wait for memory; and what they have lost never runs again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>

#include "host.h"

/* It declares nothing that it uses. */
#include <scsi/scsi_transport_srp.h>

#define VSCSI_RECONNECT_DEFAULT	2	/* seconds: the bus's own */
#define VSCSI_RECONNECT_MAX	300

static_assert(sizeof_field(struct srp_rport_identifiers, port_id) == VSCSI_PORT_ID_SIZE);

static struct srp_function_template vscsi_srp;
static struct scsi_transport_template *vscsi_transport;

/* ---- the clocks ---- */

static bool vscsi_clocks_run(const struct vscsi_host *h)
{
	lockdep_assert_held(&h->lock);
	return h->state == VSCSI_UP ? h->silent : h->state != VSCSI_GONE;
}

static bool vscsi_over(const struct vscsi_host *h, int tmo)
{
	return tmo >= 0 && time_after_eq(jiffies, h->down_at + (unsigned long)tmo * HZ);
}

static void vscsi_clock(struct vscsi_host *h, struct workqueue_struct *wq,
			struct delayed_work *work, int tmo)
{
	unsigned long at = h->down_at + (unsigned long)tmo * HZ;

	if (tmo < 0)
		cancel_delayed_work(work);
	else
		mod_delayed_work(wq, work, time_after(at, jiffies) ? at - jiffies : 0);
}

/* As they are set now. What is due may have to be failed: vscsi_fail_held(). */
static void vscsi_clocks_set(struct vscsi_host *h)
{
	lockdep_assert_held(&h->lock);
	h->fast = vscsi_over(h, h->fast_io_fail);
	vscsi_clock(h, vscsi_wq, &h->fast_fail, h->fast ? VSCSI_TMO_OFF : h->fast_io_fail);
	vscsi_clock(h, vscsi_scan_wq, &h->dev_gone, h->removed ? VSCSI_TMO_OFF : h->dev_loss);
}

/**
 * vscsi_clocks_again() - what has held them up is over
 * @h: host
 *
 * Context: any, no lock held.
 */
void vscsi_clocks_again(struct vscsi_host *h)
{
	unsigned long flags;

	spin_lock_irqsave(&h->lock, flags);
	if (h->rport && vscsi_clocks_run(h))
		vscsi_clocks_set(h);
	spin_unlock_irqrestore(&h->lock, flags);
}

static void vscsi_clocks_begin(struct vscsi_host *h)
{
	unsigned long limit = vpart_path_loss(h->a) * HZ;

	lockdep_assert_held(&h->lock);
	h->down_at = jiffies;
	h->loss_at = jiffies + limit;
	h->overdue = false;
	mod_delayed_work(vscsi_wq, &h->loss, limit);
}

/**
 * vscsi_clocks_start() - the link is lost
 * @h: host, UP or CHECK; it becomes BLOCKED, or LOST
 *
 * Context: any, host.lock held.
 */
void vscsi_clocks_start(struct vscsi_host *h)
{
	lockdep_assert_held(&h->lock);
	/* A link that came up but never passed the check is still lost. */
	if (h->state == VSCSI_UP)
		vscsi_clocks_begin(h);
	h->state = h->overdue ? VSCSI_LOST : VSCSI_BLOCKED;
	vscsi_clocks_set(h);
}

/**
 * vscsi_clocks_silent() - a LUN does not say which disk it is, the link being up
 * @h: host
 *
 * If the clocks run for another one, they do for this.
 *
 * Context: process, host.inq.mutex held until the LUN is %VSCSI_LU_SILENT: or who looks
 * whether there is one stops them.
 */
void vscsi_clocks_silent(struct vscsi_host *h)
{
	unsigned long flags;

	lockdep_assert_held(&h->inq.mutex);
	spin_lock_irqsave(&h->lock, flags);
	if (h->state == VSCSI_UP && !h->silent) {
		h->silent = true;
		vscsi_clocks_begin(h);
		vscsi_clocks_set(h);
		/* It is asked again, and they are stopped when it has answered. */
		vscsi_scan_later(h);
	}
	spin_unlock_irqrestore(&h->lock, flags);
}

/**
 * vscsi_clocks_stop() - the link is up
 * @h: host, UP
 *
 * For LUNs that do not say which disk they are, it is still lost.
 *
 * Context: any, host.lock held.
 */
void vscsi_clocks_stop(struct vscsi_host *h)
{
	lockdep_assert_held(&h->lock);
	cancel_delayed_work(&h->dev_gone);
	if (h->silent)
		return;
	cancel_delayed_work(&h->loss);
	cancel_delayed_work(&h->fast_fail);
	h->fast = !h->fast_io_fail;
}

static void vscsi_fast_fail(struct work_struct *work)
{
	struct vscsi_host *h = container_of(work, struct vscsi_host, fast_fail.work);
	unsigned long flags;

	spin_lock_irqsave(&h->lock, flags);
	if (vscsi_clocks_run(h) && vscsi_over(h, h->fast_io_fail))
		h->fast = true;
	spin_unlock_irqrestore(&h->lock, flags);
	vscsi_fail_held(h, NULL, DID_OK);
}

/* The link was down for longer than the path loss limit. */
static void vscsi_loss(struct work_struct *work)
{
	struct vscsi_host *h = container_of(work, struct vscsi_host, loss.work);
	unsigned long flags, down;
	bool lost, up;

	spin_lock_irqsave(&h->lock, flags);
	down = jiffies - h->down_at;
	/* A check that runs ends by itself, but held commands wait no longer. */
	lost = vscsi_clocks_run(h) && !h->overdue && time_after_eq(jiffies, h->loss_at);
	if (lost) {
		h->overdue = true;
		if (h->state == VSCSI_BLOCKED)
			h->state = VSCSI_LOST;
	}
	up = h->state == VSCSI_UP;
	spin_unlock_irqrestore(&h->lock, flags);
	if (!lost)
		return;
	shost_printk(KERN_WARNING, h->shost, "%s: path lost for %u s: failing commands%s\n",
		     h->a->name, jiffies_to_msecs(down) / 1000, up ? " to silent LUNs" : "");
	vscsi_fail_held(h, NULL, up ? DID_OK : DID_TRANSPORT_FAILFAST);
	vscsi_proof_say(h);
}

/**
 * vscsi_dev_lost() - is dev_loss_tmo over?
 * @h: host whose link was lost
 *
 * Context: any, no lock held.
 */
bool vscsi_dev_lost(struct vscsi_host *h)
{
	unsigned long flags;
	bool ret;

	spin_lock_irqsave(&h->lock, flags);
	ret = vscsi_over(h, h->dev_loss);
	spin_unlock_irqrestore(&h->lock, flags);
	return ret;
}

/*
 * It is, and the disks go. A link that comes up before this is decided has won: they
 * stay. One that comes up later finds them gone, and scans.
 */
static void vscsi_dev_gone(struct work_struct *work)
{
	struct vscsi_host *h = container_of(work, struct vscsi_host, dev_gone.work);
	struct scsi_device *sdev;
	unsigned long flags;
	bool gone;

	/* A check waits for this, and this for one. */
	mutex_lock(&h->inq.mutex);
	spin_lock_irqsave(&h->lock, flags);
	/* A disk goes when none of its commands is held any more: vscsi_clocks_again(). */
	gone = (h->state == VSCSI_BLOCKED || h->state == VSCSI_LOST) && !h->removed &&
	       vscsi_over(h, h->dev_loss) && !vscsi_unproven(h);
	if (gone) {
		h->state = VSCSI_LOST;
		h->overdue = true;
		h->removed = true;
	}
	spin_unlock_irqrestore(&h->lock, flags);
	if (!gone)
		goto unlock;
	shost_printk(KERN_WARNING, h->shost, "%s: path lost for dev_loss_tmo: removing its disks\n",
		     h->a->name);
	shost_for_each_device(sdev, h->shost) {
		vscsi_lu_set(h, sdev, VSCSI_LU_GONE, 0);
		vscsi_fail_held(h, sdev, DID_NO_CONNECT);
	}
	set_bit(VSCSI_TODO_LUNS, &h->todo);
	mod_delayed_work(vscsi_scan_wq, &h->scan, 0);
unlock:
	mutex_unlock(&h->inq.mutex);
}

/* ---- what is shown and set ---- */

static struct vscsi_host *vscsi_port_host(struct device *port)
{
	return container_of(port->parent, struct srp_rport, dev)->lld_data;
}

static ssize_t state_show(struct device *port, struct device_attribute *attr, char *buf)
{
	struct vscsi_host *h = vscsi_port_host(port);
	const char *state = "blocked";

	spin_lock_irq(&h->lock);
	if (h->state == VSCSI_UP)
		state = "running";
	else if (h->removed)
		state = "lost";
	else if (h->fast || h->overdue)
		state = "fail-fast";
	spin_unlock_irq(&h->lock);
	return sysfs_emit(buf, "%s\n", state);
}
static DEVICE_ATTR_RO(state);

static int vscsi_get_tmo(struct vscsi_host *h, const char *name, const char *buf, int *tmo)
{
	if (sysfs_streq(buf, "off")) {
		*tmo = VSCSI_TMO_OFF;
		return 0;
	}
	if (!kstrtoint(buf, 10, tmo) && *tmo >= VSCSI_TMO_OFF && *tmo < LONG_MAX / HZ)
		return 0;
	shost_printk(KERN_NOTICE, h->shost, "%s: %s is a number of seconds, or off\n",
		     h->a->name, name);
	return -EINVAL;
}

/* Both, one of which is new: @name. */
static int vscsi_set_tmo(struct vscsi_host *h, const char *name, int fast_io_fail, int dev_loss)
{
	lockdep_assert_held(&h->rport->mutex);
	if (vpart_bound_path_loss(h->a, max(fast_io_fail, 0),
				  dev_loss < 0 ? UINT_MAX : max(dev_loss, 1) - 1)) {
		shost_printk(KERN_NOTICE, h->shost,
			     "%s: %s refused: fast_io_fail_tmo is at most the path loss limit, %u s, and dev_loss_tmo is more\n",
			     h->a->name, name, vpart_path_loss(h->a));
		return -EINVAL;
	}
	spin_lock_irq(&h->lock);
	h->fast_io_fail = fast_io_fail;
	h->dev_loss = dev_loss;
	if (vscsi_clocks_run(h))
		vscsi_clocks_set(h);
	else
		h->fast = !fast_io_fail;
	spin_unlock_irq(&h->lock);
	vscsi_fail_held(h, NULL, DID_OK);
	return 0;
}

/* @loss: it is dev_loss_tmo */
static ssize_t vscsi_store_tmo(struct vscsi_host *h, const char *name, bool loss,
			       const char *buf, size_t count)
{
	int ret, tmo;

	ret = vscsi_get_tmo(h, name, buf, &tmo);
	if (ret)
		return ret;
	mutex_lock(&h->rport->mutex);
	ret = vscsi_set_tmo(h, name, loss ? h->fast_io_fail : tmo, loss ? tmo : h->dev_loss);
	mutex_unlock(&h->rport->mutex);
	return ret ?: count;
}

static ssize_t vscsi_show_tmo(int tmo, char *buf)
{
	return tmo < 0 ? sysfs_emit(buf, "off\n") : sysfs_emit(buf, "%d\n", tmo);
}

static ssize_t fast_io_fail_tmo_show(struct device *port, struct device_attribute *attr,
				     char *buf)
{
	return vscsi_show_tmo(READ_ONCE(vscsi_port_host(port)->fast_io_fail), buf);
}

static ssize_t fast_io_fail_tmo_store(struct device *port, struct device_attribute *attr,
				      const char *buf, size_t count)
{
	return vscsi_store_tmo(vscsi_port_host(port), attr->attr.name, false, buf, count);
}
static DEVICE_ATTR_RW(fast_io_fail_tmo);

static ssize_t dev_loss_tmo_show(struct device *port, struct device_attribute *attr, char *buf)
{
	return vscsi_show_tmo(READ_ONCE(vscsi_port_host(port)->dev_loss), buf);
}

static ssize_t dev_loss_tmo_store(struct device *port, struct device_attribute *attr,
				  const char *buf, size_t count)
{
	return vscsi_store_tmo(vscsi_port_host(port), attr->attr.name, true, buf, count);
}
static DEVICE_ATTR_RW(dev_loss_tmo);

static ssize_t reconnect_delay_show(struct device *port, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(vscsi_port_host(port)->reconnect_delay));
}

static ssize_t reconnect_delay_store(struct device *port, struct device_attribute *attr,
				     const char *buf, size_t count)
{
	struct vscsi_host *h = vscsi_port_host(port);
	unsigned int delay;

	if (kstrtouint(buf, 10, &delay) || !delay || delay > VSCSI_RECONNECT_MAX) {
		shost_printk(KERN_NOTICE, h->shost,
			     "%s: reconnect_delay is from 1 to %u s: a lost link is always tried again\n",
			     h->a->name, VSCSI_RECONNECT_MAX);
		return -EINVAL;
	}
	mutex_lock(&h->rport->mutex);
	WRITE_ONCE(h->reconnect_delay, delay);
	vpart_set_retry(h->a, delay * MSEC_PER_SEC);
	mutex_unlock(&h->rport->mutex);
	return count;
}
static DEVICE_ATTR_RW(reconnect_delay);

static ssize_t unproven_show(struct device *port, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", READ_ONCE(vscsi_port_host(port)->hold) ? "hold" : "fail");
}

static ssize_t unproven_store(struct device *port, struct device_attribute *attr,
			      const char *buf, size_t count)
{
	struct vscsi_host *h = vscsi_port_host(port);
	bool hold = sysfs_streq(buf, "hold");

	if (!hold && !sysfs_streq(buf, "fail")) {
		shost_printk(KERN_NOTICE, h->shost, "%s: unproven is fail or hold\n", h->a->name);
		return -EINVAL;
	}
	mutex_lock(&h->rport->mutex);
	vscsi_proof_policy(h, hold);
	mutex_unlock(&h->rport->mutex);
	return count;
}
static DEVICE_ATTR_RW(unproven);

static ssize_t fenced_store(struct device *port, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	struct vscsi_host *h = vscsi_port_host(port);
	bool fenced;

	if (kstrtobool(buf, &fenced) || !fenced) {
		shost_printk(KERN_NOTICE, h->shost,
			     "%s: fenced is 1, when the server was switched off\n", h->a->name);
		return -EINVAL;
	}
	return vscsi_proof_word(h) ?: count;
}
static DEVICE_ATTR_WO(fenced);

static struct attribute *vscsi_port_attrs[] = {
	&dev_attr_state.attr,
	&dev_attr_fast_io_fail_tmo.attr,
	&dev_attr_dev_loss_tmo.attr,
	&dev_attr_reconnect_delay.attr,
	&dev_attr_unproven.attr,
	&dev_attr_fenced.attr,
	NULL
};

static const struct attribute_group vscsi_port_group = {
	.attrs = vscsi_port_attrs,
};

/* ---- the port ---- */

/**
 * vscsi_rport_init() - prepare the clocks of a host
 * @h: host that was never up
 */
void vscsi_rport_init(struct vscsi_host *h)
{
	INIT_DELAYED_WORK(&h->loss, vscsi_loss);
	INIT_DELAYED_WORK(&h->fast_fail, vscsi_fast_fail);
	INIT_DELAYED_WORK(&h->dev_gone, vscsi_dev_gone);
	h->down_at = jiffies;
	h->overdue = true;
	h->removed = true;
	h->fast = true;
	h->reconnect_delay = VSCSI_RECONNECT_DEFAULT;
	h->fast_io_fail = 0;
	h->dev_loss = VSCSI_TMO_OFF;
}

/**
 * vscsi_rport_transport() - a host with a server in another kernel has a transport
 * @h: host that is not added yet
 */
void vscsi_rport_transport(struct vscsi_host *h)
{
	if (vpart_remote(h->a))
		h->shost->transportt = vscsi_transport;
}

/**
 * vscsi_rport_add() - and a remote port
 * @h: host that was added
 *
 * Return: 0 or an errno; then there is none. Undone by vscsi_rport_del().
 */
int vscsi_rport_add(struct vscsi_host *h)
{
	struct srp_rport_identifiers ids = { .roles = SRP_RPORT_ROLE_TARGET };
	struct vpart_peer peer;
	int ret;

	if (h->shost->transportt != vscsi_transport)
		return 0;
	vpart_peer(h->a, &peer);
	vscsi_port_id(ids.port_id, &peer.uuid, peer.adapter_id, 0);
	h->rport = srp_rport_add(h->shost, &ids);
	if (IS_ERR(h->rport)) {
		ret = PTR_ERR(h->rport);
		goto no_rport;
	}
	h->rport->lld_data = h;
	/* The only child, unless there was no memory for it. */
	ret = -ENOMEM;
	h->port = device_find_any_child(&h->rport->dev);
	if (!h->port)
		goto del_rport;
	ret = sysfs_create_group(&h->port->kobj, &vscsi_port_group);
	if (ret)
		goto put_port;
	/* udev has heard of the port before these files were there. */
	kobject_uevent(&h->port->kobj, KOBJ_CHANGE);
	return 0;

put_port:
	put_device(h->port);
del_rport:
	srp_rport_del(h->rport);
no_rport:
	h->rport = NULL;
	return ret;
}

/**
 * vscsi_rport_del() - the port goes, and the clocks stop for good
 * @h: host that is GONE, or was never up
 */
void vscsi_rport_del(struct vscsi_host *h)
{
	if (h->rport) {
		sysfs_remove_group(&h->port->kobj, &vscsi_port_group);
		put_device(h->port);
		srp_rport_del(h->rport);
		h->rport = NULL;
		vpart_bound_path_loss(h->a, 0, UINT_MAX);
		vpart_set_retry(h->a, 0);
	}
	cancel_delayed_work_sync(&h->loss);
	cancel_delayed_work_sync(&h->fast_fail);
	cancel_delayed_work_sync(&h->dev_gone);
}

/**
 * vscsi_rport_attach() - make the transport of hosts with a remote port
 *
 * Return: 0 or -ENOMEM. Undone by vscsi_rport_detach().
 */
int vscsi_rport_attach(void)
{
	vscsi_transport = srp_attach_transport(&vscsi_srp);
	return vscsi_transport ? 0 : -ENOMEM;
}

/**
 * vscsi_rport_detach() - the reverse
 *
 * No host is left.
 */
void vscsi_rport_detach(void)
{
	srp_release_transport(vscsi_transport);
}
