// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of adapters and partitions, for reading.
 *
 * None takes vpart_config: a device is deleted under it, or while it is
 * wanted, and deleting waits for readers.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sysfs.h>

#include "vpart.h"

static ssize_t side_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  to_vpart_adapter(dev)->side == VPART_SIDE_CLIENT ?
			  "client" : "server");
}
static DEVICE_ATTR_RO(side);

static ssize_t slot_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%u\n", to_vpart_adapter(dev)->slot);
}
static DEVICE_ATTR_RO(slot);

static ssize_t peer_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct vpart_peer peer;

	vpart_peer(to_vpart_adapter(dev), &peer);
	return sysfs_emit(buf, "%s\n", peer.partition);
}
static DEVICE_ATTR_RO(peer);

static ssize_t path_loss_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%u\n", vpart_path_loss(to_vpart_adapter(dev)));
}
static DEVICE_ATTR_RO(path_loss);

static ssize_t link_state_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct vpart_link_status st;

	vpart_link_status(to_vpart_adapter(dev)->link, &st);
	return sysfs_emit(buf, "%s\n", vpart_link_state_text(st.state));
}
static DEVICE_ATTR_RO(link_state);

static ssize_t why_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	struct vpart_link_status st;

	vpart_link_status(to_vpart_adapter(dev)->link, &st);
	return sysfs_emit(buf, "%s\n", vpart_why_text(st.why));
}
static DEVICE_ATTR_RO(why);

static ssize_t epoch_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct vpart_link_status st;

	vpart_link_status(to_vpart_adapter(dev)->link, &st);
	return sysfs_emit(buf, "%u\n", st.epoch);
}
static DEVICE_ATTR_RO(epoch);

static ssize_t inflight_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	struct vpart_link_status st;

	vpart_link_status(to_vpart_adapter(dev)->link, &st);
	return sysfs_emit(buf, "%u\n", st.inflight);
}
static DEVICE_ATTR_RO(inflight);

static ssize_t oldest_ms_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	struct vpart_link_status st;

	vpart_link_status(to_vpart_adapter(dev)->link, &st);
	return sysfs_emit(buf, "%llu\n", st.oldest.age_ms);
}
static DEVICE_ATTR_RO(oldest_ms);

static ssize_t oldest_tag_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct vpart_link_status st;

	vpart_link_status(to_vpart_adapter(dev)->link, &st);
	if (!st.inflight)
		return sysfs_emit(buf, "\n");
	return sysfs_emit(buf, "%u.%u\n", st.oldest.queue, st.oldest.tag);
}
static DEVICE_ATTR_RO(oldest_tag);

static struct attribute *vpart_adapter_attrs[] = {
	&dev_attr_side.attr,
	&dev_attr_slot.attr,
	&dev_attr_peer.attr,
	&dev_attr_path_loss.attr,
	&dev_attr_link_state.attr,
	&dev_attr_why.attr,
	&dev_attr_epoch.attr,
	&dev_attr_inflight.attr,
	&dev_attr_oldest_ms.attr,
	&dev_attr_oldest_tag.attr,
	NULL
};

static const struct attribute_group vpart_adapter_group = {
	.attrs = vpart_adapter_attrs,
};

const struct attribute_group *vpart_adapter_groups[] = {
	&vpart_adapter_group,
	NULL
};

static ssize_t node_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%s\n", to_vpart_partition(dev)->node->name);
}
static DEVICE_ATTR_RO(node);

static ssize_t role_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  to_vpart_partition(dev)->role == VPART_ROLE_CLIENT ?
			  "client" : "vios");
}
static DEVICE_ATTR_RO(role);

static ssize_t state_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  READ_ONCE(to_vpart_partition(dev)->state) ==
			  VPART_STATE_RUNNING ? "running" : "failed");
}
static DEVICE_ATTR_RO(state);

static ssize_t pool_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%u\n", to_vpart_partition(dev)->pool);
}
static DEVICE_ATTR_RO(pool);

static ssize_t partner_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct vpart_partition *o;
	ssize_t n;

	rcu_read_lock();
	o = vpart_partner(to_vpart_partition(dev));
	n = sysfs_emit(buf, "%s\n", o ? o->name : "");
	rcu_read_unlock();
	return n;
}
static DEVICE_ATTR_RO(partner);

static ssize_t uuid_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%pUb\n", &to_vpart_partition(dev)->uuid);
}
static DEVICE_ATTR_RO(uuid);

static struct attribute *vpart_partition_attrs[] = {
	&dev_attr_node.attr,
	&dev_attr_role.attr,
	&dev_attr_state.attr,
	&dev_attr_pool.attr,
	&dev_attr_partner.attr,
	&dev_attr_uuid.attr,
	NULL
};

static const struct attribute_group vpart_partition_group = {
	.attrs = vpart_partition_attrs,
};

const struct attribute_group *vpart_partition_groups[] = {
	&vpart_partition_group,
	NULL
};
