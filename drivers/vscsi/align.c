// SPDX-License-Identifier: GPL-2.0
/*
 * What alignment a backing device wants of the pages that it is given.
 *
 * The client's pages go to the device as they are. A device that wants 512-byte
 * sectors and gets a buffer at offset 100 of a page reads and writes the wrong
 * bytes and says GOOD. So the mask is part of the link's limits, and what does
 * not obey it is copied (io.c).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/slab.h>
#include <target/target_core_backend.h>

#include "target.h"

/*
 * The block device behind an iblock backstore, 0 if there is none. LIO keeps it
 * to itself, but tells users. Not to know it would be to misread buffers.
 */
static dev_t vscsi_bdev(struct se_device *dev)
{
	unsigned int major, minor;
	char *page, *at;
	dev_t devt = 0;

	if (strcmp(dev->transport->name, "iblock") || !dev->transport->show_configfs_dev_params)
		return 0;
	page = kzalloc(PAGE_SIZE, GFP_KERNEL | __GFP_NOFAIL);
	dev->transport->show_configfs_dev_params(dev, page);
	at = strstr(page, "Major: ");
	if (at && sscanf(at, "Major: %u Minor: %u", &major, &minor) == 2)
		devt = MKDEV(major, minor);
	kfree(page);
	return devt;
}

/**
 * vscsi_dev_alignment() - mask that each data segment for a backstore must respect
 * @dev: backstore, configured
 *
 * Context: process context, may sleep.
 * Return: mask, at least VSCSI_ALIGNMENT and the logical block size - 1.
 */
u32 vscsi_dev_alignment(struct se_device *dev)
{
	u32 mask = max_t(u32, VSCSI_ALIGNMENT, dev->dev_attrib.hw_block_size - 1);
	dev_t devt = vscsi_bdev(dev);
	struct file *file;

	if (!devt)
		return mask;
	file = bdev_file_open_by_dev(devt, BLK_OPEN_READ, NULL, NULL);
	if (IS_ERR(file)) {
		/* Nothing smaller than a page goes to it uncopied. */
		mask = max_t(u32, mask, PAGE_SIZE - 1);
		pr_warn("%u:%u: alignment unknown (%ld), using %u\n", MAJOR(devt), MINOR(devt),
			PTR_ERR(file), mask);
		return mask;
	}
	mask = max_t(u32, mask, bdev_dma_alignment(file_bdev(file)));
	mask = max_t(u32, mask, bdev_logical_block_size(file_bdev(file)) - 1);
	bdev_fput(file);
	return mask;
}
