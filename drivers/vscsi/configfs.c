// SPDX-License-Identifier: GPL-2.0
/*
 * target/vscsi in configfs: NAME/tpgt_1/{lun,acls,attrib,enable,...}, NAME being
 * an adapter pair whose server end is here.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/configfs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <target/target_core_backend.h>

#include "target.h"

LIST_HEAD(vscsi_tports);

/**
 * vscsi_tport_find() - what is configured for an adapter pair
 * @name: of the pair
 *
 * Return: target, valid while vscsi_mutex is held, or NULL.
 */
struct vscsi_tport *vscsi_tport_find(const char *name)
{
	struct vscsi_tport *tport;

	lockdep_assert_held(&vscsi_mutex);
	list_for_each_entry(tport, &vscsi_tports, entry)
		if (!strcmp(tport->name, name))
			return tport;
	return NULL;
}

/* ---- NAME ---- */

static struct se_wwn *vscsi_make_wwn(struct target_fabric_configfs *tf, struct config_group *group,
				     const char *name)
{
	struct vscsi_tport *tport;
	struct vpart_adapter *a;

	a = vpart_find_server(name);
	if (IS_ERR_OR_NULL(a)) {
		pr_err("%s: no server adapter has this name\n", name);
		return ERR_PTR(-ENODEV);
	}
	vpart_adapter_put(a);
	tport = kzalloc(sizeof(*tport), GFP_KERNEL);
	if (!tport)
		return ERR_PTR(-ENOMEM);
	strscpy(tport->name, name, sizeof(tport->name));
	mutex_lock(&vscsi_mutex);
	list_add_tail(&tport->entry, &vscsi_tports);
	mutex_unlock(&vscsi_mutex);
	return &tport->wwn;
}

static void vscsi_drop_wwn(struct se_wwn *wwn)
{
	struct vscsi_tport *tport = to_vscsi_tport(wwn);

	mutex_lock(&vscsi_mutex);
	list_del(&tport->entry);
	mutex_unlock(&vscsi_mutex);
	kfree(tport);
}

/* ---- NAME/tpgt_1 ---- */

static int vscsi_enable_tpg(struct se_portal_group *se_tpg, bool enable)
{
	struct vscsi_tpg *tpg = to_vscsi_tpg(se_tpg);
	struct vpart_adapter *a;
	int ret = 0;

	mutex_lock(&vscsi_mutex);
	a = vscsi_port_get(tpg->tport->name);
	tpg->enabled = enable;
	if (enable) {
		ret = a ? tpg_rtpi_enable(se_tpg) : -ENODEV;
		if (!ret) {
			ret = vpart_start(a, NULL);
			if (ret)
				tpg_rtpi_disable(se_tpg);
		}
		tpg->enabled = !ret;
	} else {
		tpg_rtpi_disable(se_tpg);
	}
	mutex_unlock(&vscsi_mutex);
	if (ret == -ENODEV)
		pr_err("%s: its adapter pair is gone\n", tpg->tport->name);
	if (!a)
		return ret;
	if (!enable && vpart_stop(a))
		pr_warn("%s: stopped, but a backing device still holds commands\n", a->name);
	put_device(&a->dev);
	return ret;
}

static struct se_portal_group *vscsi_make_tpg(struct se_wwn *wwn, const char *name)
{
	struct vscsi_tport *tport = to_vscsi_tport(wwn);
	struct vpart_adapter *a;
	struct vscsi_tpg *tpg;
	int ret;

	if (strcmp(name, "tpgt_1")) {
		pr_err("%s: the only portal group is tpgt_1, not %s\n", tport->name, name);
		return ERR_PTR(-EINVAL);
	}
	a = vpart_find_server(tport->name);
	if (IS_ERR_OR_NULL(a)) {
		pr_err("%s: its adapter pair is gone\n", tport->name);
		return ERR_PTR(-ENODEV);
	}
	ret = -ENOMEM;
	tpg = kzalloc(sizeof(*tpg), GFP_KERNEL);
	if (!tpg)
		goto put_adapter;
	tpg->tport = tport;
	tpg->alignment = VSCSI_ALIGNMENT;
	tpg->generate_node_acls = 1;
	tpg->cache_dynamic_acls = 1;
	init_waitqueue_head(&tpg->idle);
	xa_init(&tpg->alignments);
	xa_init(&tpg->caws);
	xa_init(&tpg->direct);
	ret = core_tpg_register(wwn, &tpg->se_tpg, SCSI_PROTOCOL_SRP);
	if (ret)
		goto free_tpg;
	mutex_lock(&vscsi_mutex);
	ret = vscsi_port_number(tpg, a);
	if (!ret)
		tport->tpg = tpg;
	mutex_unlock(&vscsi_mutex);
	if (ret)
		goto deregister_tpg;
	vpart_adapter_put(a);
	return &tpg->se_tpg;

deregister_tpg:
	core_tpg_deregister(&tpg->se_tpg);
free_tpg:
	kfree(tpg);
put_adapter:
	vpart_adapter_put(a);
	return ERR_PTR(ret);
}

static void vscsi_drop_tpg(struct se_portal_group *se_tpg)
{
	struct vscsi_tpg *tpg = to_vscsi_tpg(se_tpg);

	mutex_lock(&vscsi_mutex);
	tpg->tport->tpg = NULL;
	mutex_unlock(&vscsi_mutex);
	vscsi_enable_tpg(se_tpg, false);
	/*
	 * Unlinking the LUNs, which comes first, has waited for their commands;
	 * what is left of a session are those that need no device.
	 */
	while (!wait_event_timeout(tpg->idle, !READ_ONCE(tpg->nr_sess), VSCSI_END_NOTICE))
		pr_warn("%s: %u sessions still end; commands that the backing device keeps hold them\n",
			tpg->tport->name, READ_ONCE(tpg->nr_sess));
	/* Who woke us has left. */
	mutex_lock(&vscsi_mutex);
	mutex_unlock(&vscsi_mutex);
	core_tpg_deregister(se_tpg);
	tpg_rtpi_free(se_tpg);
	xa_destroy(&tpg->alignments);
	xa_destroy(&tpg->direct);
	vscsi_caw_free(tpg);
	kfree(tpg);
}

static struct se_portal_group *vscsi_attr_tpg(struct config_item *item)
{
	return container_of(to_config_group(item), struct se_portal_group, tpg_group);
}

/* The name by which an ACL knows the client of this pair. */
static ssize_t vscsi_tpg_initiator_show(struct config_item *item, char *page)
{
	struct vscsi_tpg *tpg = to_vscsi_tpg(vscsi_attr_tpg(item));
	char name[VSCSI_PORT_NAME_SIZE];
	u8 id[VSCSI_PORT_ID_SIZE];
	struct vpart_adapter *a;
	struct vpart_peer peer;

	mutex_lock(&vscsi_mutex);
	a = vscsi_port_get(tpg->tport->name);
	mutex_unlock(&vscsi_mutex);
	if (!a)
		return -ENODEV;
	vpart_peer(a, &peer);
	vscsi_port_id(id, &peer.uuid, peer.adapter_id, vpart_port_name(a));
	put_device(&a->dev);
	vscsi_port_name(name, id);
	return sysfs_emit(page, "%s\n", name);
}
CONFIGFS_ATTR_RO(vscsi_tpg_, initiator);

/*
 * Write a LUN's number here when its backing device has another size, when the
 * mapping of an ACL has changed, or when the access state of a target port group
 * was set by hand: of none of these does LIO tell us.
 */
static ssize_t vscsi_tpg_rescan_store(struct config_item *item, const char *page, size_t count)
{
	unsigned long long lun;
	int ret;

	ret = kstrtoull(page, 0, &lun);
	if (ret)
		return ret;
	vscsi_attention_again(to_vscsi_tpg(vscsi_attr_tpg(item)));
	vscsi_tell(to_vscsi_tpg(vscsi_attr_tpg(item)), lun, 0x3f, 0x0e);
	vscsi_tell(to_vscsi_tpg(vscsi_attr_tpg(item)), lun, 0x2a, 0x09);
	return count;
}
CONFIGFS_ATTR_WO(vscsi_tpg_, rescan);

/* Of the server: the number for the target port group that its LUNs belong to. */
static ssize_t vscsi_tpg_port_group_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", to_vscsi_tpg(vscsi_attr_tpg(item))->group);
}
CONFIGFS_ATTR_RO(vscsi_tpg_, port_group);

/* LUNs that are direct (direct.c). "LUN 1" makes one so, "LUN 0" makes it no longer. */
static ssize_t vscsi_tpg_direct_show(struct config_item *item, char *page)
{
	return vscsi_direct_show(to_vscsi_tpg(vscsi_attr_tpg(item)), page);
}

static ssize_t vscsi_tpg_direct_store(struct config_item *item, const char *page, size_t count)
{
	unsigned int on;
	char after;
	int ret;
	u64 lun;

	if (sscanf(page, "%llu %u %c", &lun, &on, &after) != 2 || on > 1)
		return -EINVAL;
	ret = vscsi_direct_set(to_vscsi_tpg(vscsi_attr_tpg(item)), lun, on);
	return ret ?: count;
}
CONFIGFS_ATTR(vscsi_tpg_, direct);

static struct configfs_attribute *vscsi_tpg_attrs[] = {
	&vscsi_tpg_attr_initiator,
	&vscsi_tpg_attr_rescan,
	&vscsi_tpg_attr_port_group,
	&vscsi_tpg_attr_direct,
	TPG_RTPI_ATTR
	NULL
};

/* A client that was refused may be welcome now. */
static void vscsi_retry_login(struct vscsi_tpg *tpg)
{
	struct vpart_adapter *a = NULL;

	mutex_lock(&vscsi_mutex);
	if (tpg->enabled)
		a = vscsi_port_get(tpg->tport->name);
	if (a) {
		vpart_start(a, NULL);
		put_device(&a->dev);
	}
	mutex_unlock(&vscsi_mutex);
}

/* ---- NAME/tpgt_1/attrib ---- */

static struct vscsi_tpg *vscsi_attrib_tpg(struct config_item *item)
{
	return to_vscsi_tpg(container_of(to_config_group(item), struct se_portal_group,
					 tpg_attrib_group));
}

#define VSCSI_ATTRIB(name)								\
static ssize_t vscsi_attrib_##name##_show(struct config_item *item, char *page)	\
{											\
	return sysfs_emit(page, "%u\n", vscsi_attrib_tpg(item)->name);			\
}											\
static ssize_t vscsi_attrib_##name##_store(struct config_item *item, const char *page,	\
					   size_t count)				\
{											\
	bool on;									\
	int ret;									\
											\
	ret = kstrtobool(page, &on);							\
	if (ret)									\
		return ret;								\
	vscsi_attrib_tpg(item)->name = on;						\
	vscsi_retry_login(vscsi_attrib_tpg(item));					\
	return count;									\
}											\
CONFIGFS_ATTR(vscsi_attrib_, name)

VSCSI_ATTRIB(generate_node_acls);
VSCSI_ATTRIB(cache_dynamic_acls);
VSCSI_ATTRIB(demo_mode_write_protect);
VSCSI_ATTRIB(prod_mode_write_protect);

static struct configfs_attribute *vscsi_attrib_attrs[] = {
	&vscsi_attrib_attr_generate_node_acls,
	&vscsi_attrib_attr_cache_dynamic_acls,
	&vscsi_attrib_attr_demo_mode_write_protect,
	&vscsi_attrib_attr_prod_mode_write_protect,
	NULL
};

static int vscsi_check_demo_mode(struct se_portal_group *se_tpg)
{
	return to_vscsi_tpg(se_tpg)->generate_node_acls;
}

static int vscsi_check_demo_mode_cache(struct se_portal_group *se_tpg)
{
	return to_vscsi_tpg(se_tpg)->cache_dynamic_acls;
}

static int vscsi_check_demo_mode_write_protect(struct se_portal_group *se_tpg)
{
	return to_vscsi_tpg(se_tpg)->demo_mode_write_protect;
}

static int vscsi_check_prod_mode_write_protect(struct se_portal_group *se_tpg)
{
	return to_vscsi_tpg(se_tpg)->prod_mode_write_protect;
}

/* ---- NAME/tpgt_1/acls ---- */

static int vscsi_init_nodeacl(struct se_node_acl *nacl, const char *name)
{
	if (vscsi_port_name_valid(name)) {
		vscsi_retry_login(to_vscsi_tpg(nacl->se_tpg));
		return 0;
	}
	pr_err("%s: an initiator's name is 0x and 32 digits 0-9a-f, as in tpgt_1/initiator\n",
	       name);
	return -EINVAL;
}

/* ---- NAME/tpgt_1/lun ---- */

/* The LUN that had the largest mask has gone, perhaps. */
static void vscsi_lower_alignment(struct vscsi_tpg *tpg)
{
	u32 mask = VSCSI_ALIGNMENT;
	unsigned long lun;
	void *entry;

	lockdep_assert_held(&vscsi_mutex);
	xa_for_each(&tpg->alignments, lun, entry)
		mask = max_t(u32, mask, xa_to_value(entry));
	WRITE_ONCE(tpg->alignment, mask);
}

static void vscsi_lu_changed(struct vscsi_tpg *tpg, struct se_lun *lun,
			     enum vpart_event_type type)
{
	vscsi_tell(tpg, lun->unpacked_lun, 0x3f, 0x0e);
	vpart_notify(VPART_OBJECT_LU, lun->unpacked_lun, tpg->tport->name, type, "LUN %llu",
		     lun->unpacked_lun);
}

static int vscsi_post_link(struct se_portal_group *se_tpg, struct se_lun *lun)
{
	struct vscsi_tpg *tpg = to_vscsi_tpg(se_tpg);
	u32 mask = vscsi_dev_alignment(rcu_dereference_raw(lun->lun_se_dev));

	/*
	 * A session that runs keeps its limits: io.c copies what this device
	 * cannot take. The masks are kept for when this LUN goes; if one cannot be,
	 * the next session may be told less than this device wants, and io.c copies.
	 */
	mutex_lock(&vscsi_mutex);
	xa_store(&tpg->alignments, lun->unpacked_lun, xa_mk_value(mask), GFP_KERNEL);
	WRITE_ONCE(tpg->alignment, max(mask, tpg->alignment));
	mutex_unlock(&vscsi_mutex);
	if (lun->unpacked_lun >= VSCSI_MAX_LUN)
		pr_warn("%s: clients do not see LUN %llu: the last is %u\n", tpg->tport->name,
			lun->unpacked_lun, VSCSI_MAX_LUN - 1);
	tpg_rtpi_lun(se_tpg, lun);
	vscsi_lu_changed(tpg, lun, VPART_EVENT_TYPE_CREATE);
	return 0;
}

static void vscsi_post_unlink(struct se_portal_group *se_tpg, struct se_lun *lun)
{
	struct vscsi_tpg *tpg = to_vscsi_tpg(se_tpg);
	void *mask;

	mutex_lock(&vscsi_mutex);
	mask = xa_erase(&tpg->alignments, lun->unpacked_lun);
	/* Of most there is no need to ask all others. */
	if (!mask || (tpg->alignment > VSCSI_ALIGNMENT && xa_to_value(mask) == tpg->alignment))
		vscsi_lower_alignment(tpg);
	mutex_unlock(&vscsi_mutex);
	vscsi_direct_drop(tpg, lun->unpacked_lun);
	vscsi_attention_forget(tpg);
	vscsi_lu_changed(tpg, lun, VPART_EVENT_TYPE_DELETE);
}
DEFINE_POST_UNLINK(vscsi_post_unlink)

/* ---- what LIO of 6.1 wants besides ---- */

static char *vscsi_tpg_get_wwn(struct se_portal_group *se_tpg)
{
	return to_vscsi_tpg(se_tpg)->tport->name;
}

static u16 vscsi_tpg_get_tag(struct se_portal_group *se_tpg)
{
	return 1;
}

static u32 vscsi_tpg_get_inst_index(struct se_portal_group *se_tpg)
{
	return 1;
}

static u32 vscsi_sess_get_index(struct se_session *se_sess)
{
	return 1;
}

static void vscsi_set_default_node_attributes(struct se_node_acl *nacl)
{
}

static int vscsi_get_cmd_state(struct se_cmd *se_cmd)
{
	return 0;
}

const struct target_core_fabric_ops vscsi_ops = {
	.module				= THIS_MODULE,
	.fabric_name			= "vscsi",
	.tpg_get_wwn			= vscsi_tpg_get_wwn,
	.tpg_get_tag			= vscsi_tpg_get_tag,
	.tpg_check_demo_mode		= vscsi_check_demo_mode,
	.tpg_check_demo_mode_cache	= vscsi_check_demo_mode_cache,
	.tpg_check_demo_mode_write_protect = vscsi_check_demo_mode_write_protect,
	.tpg_check_prod_mode_write_protect = vscsi_check_prod_mode_write_protect,
	.tpg_get_inst_index		= vscsi_tpg_get_inst_index,
	.check_stop_free		= vscsi_check_stop_free,
	.release_cmd			= vscsi_release_cmd,
	.close_session			= vscsi_close_session,
	.sess_get_index			= vscsi_sess_get_index,
	.write_pending			= vscsi_write_pending,
	.set_default_node_attributes	= vscsi_set_default_node_attributes,
	.get_cmd_state			= vscsi_get_cmd_state,
	.queue_data_in			= vscsi_queue_data_in,
	.queue_status			= vscsi_queue_status,
	.queue_tm_rsp			= vscsi_tmr_response,
	.aborted_task			= vscsi_aborted_task,
	.fabric_make_wwn		= vscsi_make_wwn,
	.fabric_drop_wwn		= vscsi_drop_wwn,
	.fabric_make_tpg		= vscsi_make_tpg,
	.fabric_enable_tpg		= vscsi_enable_tpg,
	.fabric_drop_tpg		= vscsi_drop_tpg,
	.fabric_post_link		= vscsi_post_link,
	POST_UNLINK(vscsi_post_unlink),
	.fabric_init_nodeacl		= vscsi_init_nodeacl,
	.tfc_tpg_base_attrs		= vscsi_tpg_attrs,
	.tfc_tpg_attrib_attrs		= vscsi_attrib_attrs,
	FABRIC_SUBMITS_DIRECTLY
	FABRIC_COMPLETES_DIRECTLY
};
