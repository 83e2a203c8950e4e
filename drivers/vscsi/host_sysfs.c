// SPDX-License-Identifier: GPL-2.0
/*
 * What /sys/class/scsi_host/hostN/ shows of a client's end. Nothing here waits.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>

#include "host.h"

static ssize_t link_state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  vscsi_state_name(READ_ONCE(vscsi_shost(class_to_shost(dev))->state)));
}
static DEVICE_ATTR_RO(link_state);

static ssize_t adapter_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", vscsi_shost(class_to_shost(dev))->a->name);
}
static DEVICE_ATTR_RO(adapter);

static ssize_t server_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vpart_peer peer;

	vpart_peer(vscsi_shost(class_to_shost(dev))->a, &peer);
	return sysfs_emit(buf, "%s\n", peer.partition);
}
static DEVICE_ATTR_RO(server);

static ssize_t port_name_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%016llx\n",
			  vpart_port_name(vscsi_shost(class_to_shost(dev))->a));
}
static DEVICE_ATTR_RO(port_name);

static ssize_t held_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(vscsi_shost(class_to_shost(dev))->nr_held));
}
static DEVICE_ATTR_RO(held);

static ssize_t held_unproven_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vscsi_host *h = vscsi_shost(class_to_shost(dev));
	unsigned int n;

	spin_lock_irq(&h->lock);
	n = vscsi_unproven(h);
	spin_unlock_irq(&h->lock);
	return sysfs_emit(buf, "%u\n", n);
}
static DEVICE_ATTR_RO(held_unproven);

#define VSCSI_COUNTER(name)								\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf)	\
{											\
	return sysfs_emit(buf, "%d\n",							\
			  atomic_read(&vscsi_shost(class_to_shost(dev))->name));	\
}											\
static DEVICE_ATTR_RO(name)

VSCSI_COUNTER(timeouts);
VSCSI_COUNTER(aborts);
VSCSI_COUNTER(detached);
VSCSI_COUNTER(resets);
VSCSI_COUNTER(bad);
VSCSI_COUNTER(event_losses);

static struct attribute *vscsi_shost_attrs[] = {
	&dev_attr_link_state.attr,
	&dev_attr_adapter.attr,
	&dev_attr_server.attr,
	&dev_attr_port_name.attr,
	&dev_attr_held.attr,
	&dev_attr_held_unproven.attr,
	&dev_attr_timeouts.attr,
	&dev_attr_aborts.attr,
	&dev_attr_detached.attr,
	&dev_attr_resets.attr,
	&dev_attr_bad.attr,
	&dev_attr_event_losses.attr,
	NULL
};

/* Who is no virtual port has no port name. */
static umode_t vscsi_shost_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	struct Scsi_Host *shost = class_to_shost(kobj_to_dev(kobj));

	if (attr == &dev_attr_port_name.attr && !vpart_port_name(vscsi_shost(shost)->a))
		return 0;
	return attr->mode;
}

static const struct attribute_group vscsi_shost_group = {
	.attrs = vscsi_shost_attrs,
	.is_visible = vscsi_shost_visible,
};

const struct attribute_group *vscsi_shost_groups[] = {
	&vscsi_shost_group,
	NULL
};
