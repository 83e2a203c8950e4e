// SPDX-License-Identifier: GPL-2.0
/*
 * The bus "vpart": adapters as its devices, drivers of one side each.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/module.h>

#include "vpart.h"

static const char *vpart_modalias(enum vpart_side side)
{
	return side == VPART_SIDE_CLIENT ? "vpart:client" : "vpart:server";
}

static int vpart_bus_match(struct device *dev, compat_match_const struct device_driver *drv)
{
	const struct vpart_driver *vdrv =
		container_of_const(drv, struct vpart_driver, driver);

	return to_vpart_adapter(dev)->side == vdrv->side;
}

static int vpart_bus_uevent(compat_uevent_const struct device *dev,
			    struct kobj_uevent_env *env)
{
	return add_uevent_var(env, "MODALIAS=%s",
			      vpart_modalias(to_vpart_adapter(dev)->side));
}

static int vpart_bus_probe(struct device *dev)
{
	struct vpart_adapter *a = to_vpart_adapter(dev);
	struct vpart_driver *drv =
		container_of(dev->driver, struct vpart_driver, driver);
	int err = drv->probe(a);

	if (err)
		vpart_link_unbind(a);
	return err;
}

static void vpart_bus_remove(struct device *dev)
{
	struct vpart_adapter *a = to_vpart_adapter(dev);
	struct vpart_driver *drv =
		container_of(dev->driver, struct vpart_driver, driver);

	vpart_link_unbind(a);
	if (drv->remove)
		drv->remove(a);
}

struct bus_type vpart_bus = {
	.name		= "vpart",
	.match		= vpart_bus_match,
	.uevent		= vpart_bus_uevent,
	.probe		= vpart_bus_probe,
	.remove		= vpart_bus_remove,
	.dev_groups	= vpart_adapter_groups,
};

/**
 * vpart_driver_register() - a driver for one side of adapter pairs
 * @drv: the driver
 * @owner: THIS_MODULE
 *
 * Adapters that are there already are probed before this returns. Binding by
 * hand through sysfs is not offered: a started driver may not be taken off.
 *
 * Context: Process context.
 * Return: 0, -EINVAL if a callback is missing, or what driver_register() says.
 */
int vpart_driver_register(struct vpart_driver *drv, struct module *owner)
{
	const struct vpart_client_ops *c = drv->client;
	const struct vpart_server_ops *s = drv->server;

	if (!drv->probe)
		return -EINVAL;
	if (drv->side == VPART_SIDE_CLIENT) {
		if (!c || !c->login || !c->up || !c->down || !c->credit ||
		    !c->event || !c->event_lost)
			return -EINVAL;
	} else if (!s || !s->login || !s->request || !s->cancel || !s->drain ||
		   !s->logout) {
		return -EINVAL;
	}
	drv->driver.bus = &vpart_bus;
	drv->driver.owner = owner;
	drv->driver.suppress_bind_attrs = true;
	return driver_register(&drv->driver);
}
EXPORT_SYMBOL_GPL(vpart_driver_register);

/**
 * vpart_driver_unregister() - take a driver off the bus
 * @drv: the driver
 *
 * Context: Process context.
 */
void vpart_driver_unregister(struct vpart_driver *drv)
{
	driver_unregister(&drv->driver);
}
EXPORT_SYMBOL_GPL(vpart_driver_unregister);

/**
 * vpart_bus_init() - register the bus
 *
 * Return: 0 or an errno.
 */
int vpart_bus_init(void)
{
	return bus_register(&vpart_bus);
}

/**
 * vpart_bus_exit() - unregister the bus, nothing is on it
 */
void vpart_bus_exit(void)
{
	bus_unregister(&vpart_bus);
}
