// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: the block devices under a repository.
 *
 * No wait here is without a bound. What is given to a device has pages of its own, so
 * that one who has waited long enough goes away and leaves them to the device; until the
 * device has given all of them back nothing more is sent to it, because of two writes to
 * a block the older could land last. The device itself stays open as long, and nobody
 * opens it for another mount before.
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/workqueue.h>
#include "mount.h"

/* Pages of one bio. */
#define CFS_BIO_PAGES	64U

/* One bio. It goes when the one who waits and the device have both let go of it. */
struct cfs_request {
	struct cfs_dev		*dev;
	struct bio		*bio;
	struct completion	done;
	refcount_t		ref;
	bool			ended;		/* under dev->lock */
	bool			left;		/* nobody waits; under dev->lock */
	unsigned int		pages;
	struct page		*page[];
};

static struct workqueue_struct *cfs_close_queue;
static LIST_HEAD(cfs_devices);
static DEFINE_MUTEX(cfs_devices_lock);

static void cfs_dev_close(struct work_struct *work)
{
	struct cfs_dev *dev = container_of(work, struct cfs_dev, close);

	mutex_lock(&cfs_devices_lock);
	list_del(&dev->entry);
	mutex_unlock(&cfs_devices_lock);
	bdev_close_held(dev->file, BLK_OPEN_READ | BLK_OPEN_WRITE);
	kfree(dev->path);
	kfree(dev);
	/* cfs_io_exit() waits for the end of this function. */
	module_put(THIS_MODULE);
}

static void cfs_dev_put(struct cfs_dev *dev)
{
	/* The last one may be a device's interrupt. */
	if (refcount_dec_and_test(&dev->ref))
		queue_work(cfs_close_queue, &dev->close);
}

/* Has a mount that is gone left something to this device, which has not come back? */
static bool cfs_dev_owes(struct block_device *bdev)
{
	struct cfs_dev *dev;
	bool owes = false;

	lockdep_assert_held(&cfs_devices_lock);
	list_for_each_entry(dev, &cfs_devices, entry)
		owes |= file_bdev(dev->file) == bdev && READ_ONCE(dev->gone) &&
			READ_ONCE(dev->left);
	return owes;
}

/**
 * cfs_devs_owe() - has a mount that is gone left something to these devices
 * @devs: some may be missing
 *
 * Context: process.
 * Return: true: it may yet land, behind what is written now.
 */
bool cfs_devs_owe(const struct cfs_devs *devs)
{
	bool owe = false;
	unsigned int r;

	mutex_lock(&cfs_devices_lock);
	for (r = 0; r < CFS_REPLICAS_MAX; r++)
		owe |= devs->dev[r] && cfs_dev_owes(file_bdev(devs->dev[r]->file));
	mutex_unlock(&cfs_devices_lock);
	return owe;
}

/**
 * cfs_dev_open() - open a block device for a replica
 * @path: of the device
 *
 * Several nodes of one kernel may have it open, anybody else must not.
 *
 * Return: the device, or ERR_PTR(); -ETIMEDOUT: a mount that is gone has left something to
 * it that it has not given back.
 */
struct cfs_dev *cfs_dev_open(const char *path)
{
	struct cfs_dev *dev;
	struct file *file;
	int ret = -ENOMEM;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return ERR_PTR(-ENOMEM);
	dev->path = kstrdup(path, GFP_KERNEL);
	if (!dev->path)
		goto free;
	file = bdev_file_open_by_path(path, BLK_OPEN_READ | BLK_OPEN_WRITE, &cfs_fs_type, NULL);
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
		goto free;
	}
	dev->file = file;
	mutex_lock(&cfs_devices_lock);
	if (cfs_dev_owes(file_bdev(file))) {
		ret = -ETIMEDOUT;
		goto close;
	}
	list_add(&dev->entry, &cfs_devices);
	mutex_unlock(&cfs_devices_lock);
	__module_get(THIS_MODULE);
	dev->bytes = bdev_nr_bytes(file_bdev(file));
	refcount_set(&dev->ref, 1);
	spin_lock_init(&dev->lock);
	INIT_WORK(&dev->close, cfs_dev_close);
	return dev;
close:
	mutex_unlock(&cfs_devices_lock);
	bdev_close_held(file, BLK_OPEN_READ | BLK_OPEN_WRITE);
free:
	kfree(dev->path);
	kfree(dev);
	return ERR_PTR(ret);
}

/**
 * cfs_devs_close() - let go of a repository's devices
 * @devs: some may be missing
 *
 * It waits until those are closed that have given everything back.
 */
void cfs_devs_close(struct cfs_devs *devs)
{
	unsigned int r;

	for (r = 0; r < CFS_REPLICAS_MAX; r++) {
		if (!devs->dev[r])
			continue;
		WRITE_ONCE(devs->dev[r]->gone, true);
		cfs_dev_put(devs->dev[r]);
		devs->dev[r] = NULL;
	}
	flush_workqueue(cfs_close_queue);
}

static void cfs_request_put(struct cfs_request *rq)
{
	unsigned int i;

	if (!refcount_dec_and_test(&rq->ref))
		return;
	for (i = 0; i < rq->pages; i++)
		__free_page(rq->page[i]);
	if (rq->bio)
		bio_put(rq->bio);
	cfs_dev_put(rq->dev);
	kfree(rq);
}

static void cfs_request_end(struct bio *bio)
{
	struct cfs_request *rq = bio->bi_private;
	unsigned long flags;

	spin_lock_irqsave(&rq->dev->lock, flags);
	rq->ended = true;
	if (rq->left)
		rq->dev->left--;
	spin_unlock_irqrestore(&rq->dev->lock, flags);
	complete(&rq->done);
	cfs_request_put(rq);
}

static struct cfs_request *cfs_request_new(struct cfs_dev *dev, unsigned int pages,
					   blk_opf_t opf, u64 block)
{
	struct cfs_request *rq;

	rq = kzalloc(struct_size(rq, page, pages), GFP_NOIO);
	if (!rq)
		return NULL;
	rq->dev = dev;
	refcount_inc(&dev->ref);
	refcount_set(&rq->ref, 1);
	init_completion(&rq->done);
	while (rq->pages < pages) {
		rq->page[rq->pages] = alloc_page(GFP_NOIO);
		if (!rq->page[rq->pages])
			goto put;
		rq->pages++;
	}
	rq->bio = bio_alloc(file_bdev(dev->file), pages, opf, GFP_NOIO);
	if (!rq->bio)
		goto put;
	rq->bio->bi_iter.bi_sector = block * CFS_BLOCK_SECTORS;
	rq->bio->bi_private = rq;
	rq->bio->bi_end_io = cfs_request_end;
	return rq;
put:
	cfs_request_put(rq);
	return NULL;
}

/* Wait until @end; then the device is left with what it has. */
static int cfs_request_wait(struct cfs_devs *devs, struct cfs_request *rq, unsigned long end)
{
	struct cfs_dev *dev = rq->dev;
	long left = max_t(long, end - jiffies, 1);
	bool ended;

	if (devs->killable)
		left = wait_for_completion_killable_timeout(&rq->done, left);
	else
		left = wait_for_completion_timeout(&rq->done, left);
	spin_lock_irq(&dev->lock);
	ended = rq->ended;
	if (!ended) {
		rq->left = true;
		dev->left++;
	}
	spin_unlock_irq(&dev->lock);
	if (ended)
		return blk_status_to_errno(rq->bio->bi_status);
	if (left < 0)
		return -EINTR;
	pr_warn("%s: no answer for %u seconds, it is left out until there is one\n", dev->path,
		devs->limit);
	return -ETIMEDOUT;
}

static int cfs_transfer(struct cfs_devs *devs, unsigned int replica, u64 block, void *buf,
			unsigned int blocks, blk_opf_t opf)
{
	const unsigned long end = jiffies + devs->limit * HZ;
	const unsigned int each = CFS_BIO_PAGES * PAGE_SIZE / CFS_BLOCK_SIZE;
	struct cfs_dev *dev = devs->dev[replica];
	unsigned int n, i, len, pages;
	struct cfs_request *rq;
	int ret = 0;

	if (!dev)
		return -ENODEV;
	for (; blocks && !ret; blocks -= n, block += n, buf += n * CFS_BLOCK_SIZE) {
		n = min(blocks, each);
		if ((block + n) * CFS_BLOCK_SIZE > dev->bytes)
			return -ENXIO;
		if (READ_ONCE(dev->left))
			return -EBUSY;
		if (devs->killable && fatal_signal_pending(current))
			return -EINTR;
		pages = DIV_ROUND_UP(n * CFS_BLOCK_SIZE, PAGE_SIZE);
		rq = cfs_request_new(dev, pages, opf, block);
		if (!rq)
			return -ENOMEM;
		for (i = 0; i < pages; i++) {
			len = min_t(unsigned int, n * CFS_BLOCK_SIZE - i * PAGE_SIZE, PAGE_SIZE);
			if (op_is_write(opf))
				memcpy(page_address(rq->page[i]), buf + i * PAGE_SIZE, len);
			__bio_add_page(rq->bio, rq->page[i], len, 0);
		}
		refcount_inc(&rq->ref);
		submit_bio(rq->bio);
		ret = cfs_request_wait(devs, rq, end);
		for (i = 0; !ret && !op_is_write(opf) && i < pages; i++) {
			len = min_t(unsigned int, n * CFS_BLOCK_SIZE - i * PAGE_SIZE, PAGE_SIZE);
			memcpy(buf + i * PAGE_SIZE, page_address(rq->page[i]), len);
		}
		cfs_request_put(rq);
		/* What ended before the first bio is durable with it. */
		opf &= ~REQ_PREFLUSH;
	}
	return ret;
}

static int cfs_dev_read(void *ctx, unsigned int replica, u64 block, void *buf, unsigned int blocks)
{
	return cfs_transfer(ctx, replica, block, buf, blocks, REQ_OP_READ | REQ_SYNC | REQ_META);
}

static int cfs_dev_write(void *ctx, unsigned int replica, u64 block, const void *buf,
			 unsigned int blocks, unsigned int flags)
{
	blk_opf_t opf = REQ_OP_WRITE | REQ_SYNC | REQ_META;

	if (flags & CFS_FUA)
		opf |= REQ_FUA;
	if (flags & CFS_PREFLUSH)
		opf |= REQ_PREFLUSH;
	/* A write only reads what it is given. */
	return cfs_transfer(ctx, replica, block, (void *)buf, blocks, opf);
}

/**
 * cfs_devs_io() - the devices as the library wants them
 * @devs: they
 *
 * Return: what cfs_open() takes.
 */
struct cfs_io cfs_devs_io(struct cfs_devs *devs)
{
	return (struct cfs_io) { cfs_dev_read, cfs_dev_write, devs };
}

int cfs_io_init(void)
{
	cfs_close_queue = alloc_workqueue("clusterfs_close", WQ_UNBOUND, 0);
	return cfs_close_queue ? 0 : -ENOMEM;
}

void cfs_io_exit(void)
{
	destroy_workqueue(cfs_close_queue);
}
