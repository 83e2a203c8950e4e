// SPDX-License-Identifier: GPL-2.0
/*
 * The PCI device: QEMU's ivshmem-doorbell. This driver claims each one and maps
 * it; links find them by address.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/io.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/slab.h>

#include "shm.h"

#define SHM_PCI_VENDOR	0x1af4
#define SHM_PCI_DEVICE	0x1110
#define SHM_BAR_REGS	0
#define SHM_BAR_MEM	2
#define SHM_REGS_SIZE	256

DEFINE_MUTEX(shm_mutex);
static LIST_HEAD(shm_devs);

/* "shm:0000:00:05.0": the domain may be left out. */
static int shm_dev_parse(const char *address, unsigned int *domain, unsigned int *bus,
			 unsigned int *devfn)
{
	unsigned int slot, func;
	int end = 0;

	if (strncmp(address, "shm:", 4))
		return -EINVAL;
	address += 4;
	if (sscanf(address, "%4x:%2x:%2x.%1x%n", domain, bus, &slot, &func, &end) != 4 ||
	    address[end]) {
		end = 0;
		*domain = 0;
		if (sscanf(address, "%2x:%2x.%1x%n", bus, &slot, &func, &end) != 3 ||
		    address[end])
			return -EINVAL;
	}
	if (slot > 0x1f || func > 7)
		return -EINVAL;
	*devfn = PCI_DEVFN(slot, func);
	return 0;
}

/**
 * shm_dev_find() - find the device that an address names
 * @address: of a link
 * @extack: gets a sentence on failure
 *
 * Context: Process context, shm_mutex held.
 * Return: a device that a link can use; ERR_PTR(-EINVAL), ERR_PTR(-ENODEV),
 * ERR_PTR(-EBUSY).
 */
struct shm_dev *shm_dev_find(const char *address, struct netlink_ext_ack *extack)
{
	unsigned int domain, bus, devfn;
	struct shm_dev *dev;

	lockdep_assert_held(&shm_mutex);
	if (shm_dev_parse(address, &domain, &bus, &devfn)) {
		NL_SET_ERR_MSG_FMT(extack, "%.40s is no PCI address, as in shm:0000:00:05.0",
				   address);
		return ERR_PTR(-EINVAL);
	}
	list_for_each_entry(dev, &shm_devs, entry) {
		if (pci_domain_nr(dev->pdev->bus) != domain ||
		    dev->pdev->bus->number != bus || dev->pdev->devfn != devfn)
			continue;
		if (dev->end) {
			NL_SET_ERR_MSG_FMT(extack, "%s is in use by adapter %s",
					   pci_name(dev->pdev),
					   dev->end->link->adapter[dev->end->side].name);
			return ERR_PTR(-EBUSY);
		}
		if (dev->size < SHM_SEGMENT_MIN) {
			NL_SET_ERR_MSG_FMT(extack, "%s is too small: %llu KiB, not %u",
					   pci_name(dev->pdev), dev->size >> 10,
					   SHM_SEGMENT_MIN >> 10);
			return ERR_PTR(-EINVAL);
		}
		if (!dev->vectors) {
			NL_SET_ERR_MSG_FMT(extack, "%s has no interrupts: it has to be an ivshmem-doorbell",
					   pci_name(dev->pdev));
			return ERR_PTR(-EINVAL);
		}
		return dev;
	}
	NL_SET_ERR_MSG_FMT(extack, "there is no shared memory at %.40s", address + 4);
	return ERR_PTR(-ENODEV);
}

static int shm_pci_map(struct shm_dev *dev)
{
	struct pci_dev *pdev = dev->pdev;
	int err;

	err = pci_request_regions(pdev, KBUILD_MODNAME);
	if (err)
		return err;
	err = -ENODEV;
	if (pci_resource_len(pdev, SHM_BAR_REGS) < SHM_REGS_SIZE ||
	    !pci_resource_len(pdev, SHM_BAR_MEM))
		goto release;
	err = -ENOMEM;
	dev->regs = pci_iomap(pdev, SHM_BAR_REGS, SHM_REGS_SIZE);
	if (!dev->regs)
		goto release;
	/* Memory of this host, of whichever kind the BAR looks. */
	dev->size = pci_resource_len(pdev, SHM_BAR_MEM);
	dev->mem = memremap(pci_resource_start(pdev, SHM_BAR_MEM), dev->size, MEMREMAP_WB);
	if (dev->mem)
		return 0;
	pci_iounmap(pdev, dev->regs);
release:
	pci_release_regions(pdev);
	return err;
}

static void shm_pci_unmap(struct shm_dev *dev)
{
	memunmap(dev->mem);
	pci_iounmap(dev->pdev, dev->regs);
	pci_release_regions(dev->pdev);
}

static int shm_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct shm_dev *dev;
	int err, n;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return -ENOMEM;
	dev->pdev = pdev;
	err = pci_enable_device(pdev);
	if (err)
		goto free;
	err = shm_pci_map(dev);
	if (err)
		goto disable;
	/* An ivshmem-plain has none. */
	n = pci_alloc_irq_vectors(pdev, 1, SHM_VECTORS_MAX, PCI_IRQ_MSIX);
	if (n == -ENOMEM) {
		err = n;
		goto unmap;
	}
	if (n > 0) {
		dev->vectors = n;
		pci_set_master(pdev);
	}
	pci_set_drvdata(pdev, dev);
	mutex_lock(&shm_mutex);
	list_add_tail(&dev->entry, &shm_devs);
	mutex_unlock(&shm_mutex);
	return 0;

unmap:
	shm_pci_unmap(dev);
disable:
	pci_disable_device(pdev);
free:
	kfree(dev);
	return err;
}

/* Its link, if there is one, goes down first, and never comes back. */
static void shm_pci_remove(struct pci_dev *pdev)
{
	struct shm_dev *dev = pci_get_drvdata(pdev);

	mutex_lock(&shm_mutex);
	list_del(&dev->entry);
	if (dev->end)
		shm_end_gone(dev->end);
	mutex_unlock(&shm_mutex);
	if (dev->vectors) {
		pci_clear_master(pdev);
		pci_free_irq_vectors(pdev);
	}
	shm_pci_unmap(dev);
	pci_disable_device(pdev);
	kfree(dev);
}

static const struct pci_device_id shm_pci_ids[] = {
	{ PCI_DEVICE(SHM_PCI_VENDOR, SHM_PCI_DEVICE) },
	{}
};
MODULE_DEVICE_TABLE(pci, shm_pci_ids);

static struct pci_driver shm_pci_driver = {
	.name		= KBUILD_MODNAME,
	.id_table	= shm_pci_ids,
	.probe		= shm_pci_probe,
	.remove		= shm_pci_remove,
};

/**
 * shm_pci_register() - claim the devices, those to come too
 *
 * Return: 0 or an errno.
 */
int shm_pci_register(void)
{
	return pci_register_driver(&shm_pci_driver);
}

/**
 * shm_pci_unregister() - let go of them
 *
 * Context: Process context; no link is there.
 */
void shm_pci_unregister(void)
{
	pci_unregister_driver(&shm_pci_driver);
}
