// SPDX-License-Identifier: GPL-2.0
/*
 * vpart: partitions, and the bus that joins their virtual adapters.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/module.h>
#include <linux/netlink.h>

#include "vpart.h"

/* Every list and count of objects; lock order in vpart.h */
DEFINE_MUTEX(vpart_config);

/* Work of the links and of the event ring: a disk may depend on it */
struct workqueue_struct *vpart_wq;

/**
 * vpart_name_check() - may an object have this name
 * @name: the name
 * @extack: gets a sentence if not
 *
 * Names show up in paths and in other programs' configuration.
 *
 * Return: 0 or -EINVAL.
 */
int vpart_name_check(const char *name, struct netlink_ext_ack *extack)
{
	const char *c;

	if (!*name) {
		NL_SET_ERR_MSG(extack, "the name is empty");
		return -EINVAL;
	}
	if (strlen(name) > VPART_NAME_MAX) {
		NL_SET_ERR_MSG_FMT(extack, "the name is longer than %d characters",
				   VPART_NAME_MAX);
		return -EINVAL;
	}
	for (c = name; *c; c++) {
		if (isascii(*c) && isalnum(*c))
			continue;
		if (c != name && (*c == '.' || *c == '_' || *c == '-'))
			continue;
		NL_SET_ERR_MSG(extack,
			       "a name is letters, digits, '.', '_' and '-', a letter or digit first");
		return -EINVAL;
	}
	return 0;
}

/**
 * vpart_setup() - make everything the module consists of
 *
 * Context: Process context.
 * Return: 0 or an errno.
 */
int vpart_setup(void)
{
	int err;

	vpart_wq = alloc_workqueue("vpart", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!vpart_wq)
		return -ENOMEM;
	err = vpart_ring_init();
	if (err)
		goto free_wq;
	err = class_register(&vpart_class);
	if (err)
		goto exit_ring;
	err = vpart_bus_init();
	if (err)
		goto unregister_class;
	err = vpart_netlink_init();
	if (err)
		goto exit_bus;
	return 0;

exit_bus:
	vpart_bus_exit();
unregister_class:
	class_unregister(&vpart_class);
exit_ring:
	vpart_ring_exit();
free_wq:
	destroy_workqueue(vpart_wq);
	vpart_wq = NULL;
	return err;
}

/**
 * vpart_teardown() - undo vpart_setup()
 *
 * No driver is registered any more: each needs this module's symbols. So every
 * link is down, and what is left of the configuration goes with the module.
 *
 * Context: Process context.
 */
void vpart_teardown(void)
{
	vpart_netlink_exit();
	vpart_adapter_del_all();
	vpart_partition_del_all();
	vpart_node_del_all();
	vpart_bus_exit();
	class_unregister(&vpart_class);
	vpart_ring_exit();
	destroy_workqueue(vpart_wq);
	vpart_wq = NULL;
}

static int __init vpart_init(void)
{
	return vpart_setup();
}

static void __exit vpart_exit(void)
{
	vpart_teardown();
}

module_init(vpart_init);
module_exit(vpart_exit);

MODULE_DESCRIPTION("Partitions and the bus of their virtual adapters");
MODULE_AUTHOR("The vpart project");
MODULE_LICENSE("GPL");
