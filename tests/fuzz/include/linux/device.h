/* SPDX-License-Identifier: GPL-2.0 */
/* Devices as members of structures that no parser looks at. */
#ifndef _FUZZ_DEVICE_H
#define _FUZZ_DEVICE_H

struct module;

struct device {
	void *driver_data;
};

struct device_driver {
	const char *name;
};

static inline void dev_set_drvdata(struct device *dev, void *data)
{
	dev->driver_data = data;
}

static inline void *dev_get_drvdata(const struct device *dev)
{
	return dev->driver_data;
}

#endif /* _FUZZ_DEVICE_H */
