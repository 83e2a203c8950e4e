// SPDX-License-Identifier: GPL-2.0
/*
 * Fabrics by name: "local" is part of this module, the others come with
 * modules of their own, which are held while a link of theirs is there.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/kmod.h>
#include <linux/module.h>

#include "vpart.h"

#define VPART_FABRICS_MAX	8

/* Under vpart_fabric_lock, which is taken inside no other lock. */
static const struct vpart_fabric_ops *vpart_fabrics[VPART_FABRICS_MAX];
static DEFINE_MUTEX(vpart_fabric_lock);

/**
 * vpart_fabric_register() - a fabric can be used from here on
 * @fabric: its operations; its name is not taken
 *
 * Context: Process context.
 * Return: 0, -EEXIST or -ENOSPC.
 */
int vpart_fabric_register(const struct vpart_fabric_ops *fabric)
{
	unsigned int i, slot = VPART_FABRICS_MAX;
	int err = -ENOSPC;

	mutex_lock(&vpart_fabric_lock);
	for (i = 0; i < VPART_FABRICS_MAX; i++) {
		if (!vpart_fabrics[i]) {
			slot = min(slot, i);
		} else if (!strcmp(vpart_fabrics[i]->name, fabric->name)) {
			err = -EEXIST;
			goto unlock;
		}
	}
	if (slot < VPART_FABRICS_MAX) {
		vpart_fabrics[slot] = fabric;
		err = 0;
	}
unlock:
	mutex_unlock(&vpart_fabric_lock);
	return err;
}
EXPORT_SYMBOL_GPL(vpart_fabric_register);

/**
 * vpart_fabric_unregister() - no new link may use a fabric
 * @fabric: its operations; each link of it holds its module
 *
 * Context: Process context.
 */
void vpart_fabric_unregister(const struct vpart_fabric_ops *fabric)
{
	unsigned int i;

	mutex_lock(&vpart_fabric_lock);
	for (i = 0; i < VPART_FABRICS_MAX; i++)
		if (vpart_fabrics[i] == fabric)
			vpart_fabrics[i] = NULL;
	mutex_unlock(&vpart_fabric_lock);
}
EXPORT_SYMBOL_GPL(vpart_fabric_unregister);

static const struct vpart_fabric_ops *vpart_fabric_look(const char *name)
{
	const struct vpart_fabric_ops *fabric = NULL;
	unsigned int i;

	mutex_lock(&vpart_fabric_lock);
	for (i = 0; i < VPART_FABRICS_MAX && !fabric; i++)
		if (vpart_fabrics[i] && !strcmp(vpart_fabrics[i]->name, name) &&
		    try_module_get(vpart_fabrics[i]->owner))
			fabric = vpart_fabrics[i];
	mutex_unlock(&vpart_fabric_lock);
	return fabric;
}

/**
 * vpart_fabric_get() - look a fabric up and hold its module
 * @name: its name
 *
 * A module that is not there is asked for.
 *
 * Context: Process context, no lock held.
 * Return: the fabric, to be given back with vpart_fabric_put(), or NULL.
 */
const struct vpart_fabric_ops *vpart_fabric_get(const char *name)
{
	const struct vpart_fabric_ops *fabric;

	if (!strcmp(name, vpart_local.name))
		return &vpart_local;
	fabric = vpart_fabric_look(name);
	if (fabric || request_module("vpart-fabric-%.31s", name))
		return fabric;
	return vpart_fabric_look(name);
}

/**
 * vpart_fabric_put() - let go of a fabric
 * @fabric: what vpart_fabric_get() gave
 *
 * Context: Any.
 */
void vpart_fabric_put(const struct vpart_fabric_ops *fabric)
{
	module_put(fabric->owner);
}
