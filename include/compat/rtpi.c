// SPDX-License-Identifier: GPL-2.0
/*
 * tpgt_1/rtpi, the relative target port id of a portal group, for a kernel whose
 * LIO gives each LUN a number of its own: the LUNs of a group get the group's.
 */
#include <linux/configfs.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

/**
 * struct compat_rtpi - the id of a portal group
 * @entry: in compat_rtpis
 * @tpg: the group
 * @id: its id
 * @enabled: the group is: its id is nobody else's, and does not change
 */
struct compat_rtpi {
	struct list_head	entry;
	struct se_portal_group	*tpg;
	u16			id;
	bool			enabled;
};

static DEFINE_MUTEX(compat_rtpi_mutex);	/* all of this file; outside tpg_lun_mutex */
static LIST_HEAD(compat_rtpis);

static struct compat_rtpi *compat_rtpi_find(struct se_portal_group *tpg)
{
	struct compat_rtpi *r;

	lockdep_assert_held(&compat_rtpi_mutex);
	list_for_each_entry(r, &compat_rtpis, entry)
		if (r->tpg == tpg)
			return r;
	return NULL;
}

/**
 * tpg_rtpi_new() - the id of a new portal group
 * @tpg: the group
 * @rtpi: its id
 *
 * Return: 0 or -ENOMEM.
 */
int tpg_rtpi_new(struct se_portal_group *tpg, unsigned short rtpi)
{
	struct compat_rtpi *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	r->tpg = tpg;
	r->id = rtpi;
	mutex_lock(&compat_rtpi_mutex);
	list_add_tail(&r->entry, &compat_rtpis);
	mutex_unlock(&compat_rtpi_mutex);
	return 0;
}

/**
 * tpg_rtpi_free() - a portal group goes
 * @tpg: the group
 */
void tpg_rtpi_free(struct se_portal_group *tpg)
{
	struct compat_rtpi *r;

	mutex_lock(&compat_rtpi_mutex);
	r = compat_rtpi_find(tpg);
	if (r)
		list_del(&r->entry);
	mutex_unlock(&compat_rtpi_mutex);
	kfree(r);
}

/**
 * tpg_rtpi() - the id of a portal group
 * @tpg: the group
 *
 * Return: its id, or 0: it has none.
 */
unsigned short tpg_rtpi(struct se_portal_group *tpg)
{
	struct compat_rtpi *r;
	u16 id;

	mutex_lock(&compat_rtpi_mutex);
	r = compat_rtpi_find(tpg);
	id = r ? r->id : 0;
	mutex_unlock(&compat_rtpi_mutex);
	return id;
}

/**
 * tpg_rtpi_enable() - from now on the id is the group's alone
 * @tpg: the group
 *
 * Return: 0, or -EINVAL: another group has it.
 */
int tpg_rtpi_enable(struct se_portal_group *tpg)
{
	struct compat_rtpi *r, *own;
	int ret = 0;

	mutex_lock(&compat_rtpi_mutex);
	own = compat_rtpi_find(tpg);
	list_for_each_entry(r, &compat_rtpis, entry)
		if (r != own && r->enabled && r->id == own->id)
			ret = -EINVAL;
	own->enabled = !ret;
	if (ret)
		pr_err("%s: relative target port id %u is another target's\n",
		       tpg->se_tpg_tfo->tpg_get_wwn(tpg), own->id);
	mutex_unlock(&compat_rtpi_mutex);
	return ret;
}

/**
 * tpg_rtpi_disable() - the id may become another group's
 * @tpg: the group
 */
void tpg_rtpi_disable(struct se_portal_group *tpg)
{
	mutex_lock(&compat_rtpi_mutex);
	compat_rtpi_find(tpg)->enabled = false;
	mutex_unlock(&compat_rtpi_mutex);
}

/* LIO has given the LUN a number when it was linked; nobody was told of it. */
static void compat_rtpi_set(struct se_lun *lun, u16 id)
{
	struct se_device *dev = rcu_dereference_raw(lun->lun_se_dev);
	struct se_lun *other;

	if (!dev)
		return;
	spin_lock(&dev->se_port_lock);
	list_for_each_entry(other, &dev->dev_sep_list, lun_dev_link)
		if (other->lun_tpg != lun->lun_tpg && other->lun_rtpi == id)
			break;
	if (list_entry_is_head(other, &dev->dev_sep_list, lun_dev_link))
		lun->lun_rtpi = id;
	else
		pr_warn("%s: relative target port id %u is taken at this device: LUN %llu has %u\n",
			lun->lun_tpg->se_tpg_tfo->tpg_get_wwn(lun->lun_tpg), id,
			lun->unpacked_lun, lun->lun_rtpi);
	spin_unlock(&dev->se_port_lock);
}

/**
 * tpg_rtpi_lun() - a LUN was added to a portal group
 * @tpg: the group
 * @lun: the LUN
 *
 * Context: fabric_post_link().
 */
void tpg_rtpi_lun(struct se_portal_group *tpg, struct se_lun *lun)
{
	mutex_lock(&compat_rtpi_mutex);
	compat_rtpi_set(lun, compat_rtpi_find(tpg)->id);
	mutex_unlock(&compat_rtpi_mutex);
}

static struct se_portal_group *compat_rtpi_tpg(struct config_item *item)
{
	return container_of(to_config_group(item), struct se_portal_group, tpg_group);
}

static ssize_t compat_rtpi_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%#x\n", tpg_rtpi(compat_rtpi_tpg(item)));
}

static ssize_t compat_rtpi_store(struct config_item *item, const char *page, size_t count)
{
	struct se_portal_group *tpg = compat_rtpi_tpg(item);
	struct compat_rtpi *r;
	struct se_lun *lun;
	u16 id;
	int ret;

	ret = kstrtou16(page, 0, &id);
	if (ret)
		return ret;
	if (!id)
		return -EINVAL;
	mutex_lock(&compat_rtpi_mutex);
	r = compat_rtpi_find(tpg);
	if (r->enabled) {
		pr_info("%s: rtpi can be set only while the target is disabled\n",
			tpg->se_tpg_tfo->tpg_get_wwn(tpg));
		mutex_unlock(&compat_rtpi_mutex);
		return -EINVAL;
	}
	r->id = id;
	mutex_lock(&tpg->tpg_lun_mutex);
	hlist_for_each_entry(lun, &tpg->tpg_lun_hlist, link)
		compat_rtpi_set(lun, id);
	mutex_unlock(&tpg->tpg_lun_mutex);
	mutex_unlock(&compat_rtpi_mutex);
	return count;
}

struct configfs_attribute compat_rtpi_attr = {
	.ca_name	= "rtpi",
	.ca_mode	= 0644,
	.ca_owner	= THIS_MODULE,
	.show		= compat_rtpi_show,
	.store		= compat_rtpi_store,
};
