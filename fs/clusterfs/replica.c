// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: the devices that mount names are found to be the replicas of a repository.
 *
 * One that cannot be opened or read, or that has lost its superblock, is left out if a
 * majority remains. One that belongs to another repository, or that this version must
 * not touch, is not: that is a mistake, or an old disk, and the rest may be one as well.
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include <linux/blkdev.h>
#include "mount.h"

/* Steps of a resync for which the database is locked at a time. */
#define CFS_RETURN_STEPS	4U

static int cfs_open_wrong(struct fs_context *fc, const char *path, int err)
{
	switch (err) {
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
		errorfc(fc, "%s: there is no such device", path);
		break;
	case -ENOTBLK:
		errorfc(fc, "%s is no block device", path);
		break;
	case -EBUSY:
		errorfc(fc, "%s is in use by another", path);
		break;
	case -EACCES:
	case -EROFS:
		errorfc(fc, "%s is read-only: a node writes its registration", path);
		break;
	case -ETIMEDOUT:
		errorfc(fc, "what an earlier mount sent to %s has not come back: it could land behind newer writes",
			path);
		break;
	default:
		errorfc(fc, "%s cannot be opened (error %d)", path, err);
	}
	return err;
}

/* What a device says it is; its place in m->devs is free, place 0 is used to read it. */
static int cfs_identify(struct cfs_mount *m, struct cfs_dev *dev, struct cfs_super *sb,
			enum cfs_found *found)
{
	struct cfs_devs one = { .dev = { dev }, .limit = m->devs.limit, .killable = true };
	struct cfs_io io = cfs_devs_io(&one);
	int ret, err;
	u8 *block;

	block = kvmalloc(2 * CFS_BLOCK_SIZE, GFP_KERNEL);
	if (!block)
		return -ENOMEM;
	/* A copy that cannot be read is a damaged one: the other one may do. */
	memset(block, 0, 2 * CFS_BLOCK_SIZE);
	ret = io.read(io.ctx, 0, CFS_SUPER_BLOCK, block, 1);
	err = io.read(io.ctx, 0, CFS_SUPER_BLOCK_2, block + CFS_BLOCK_SIZE, 1);
	if (ret == -EINTR || (ret && err)) {
		kvfree(block);
		return ret;
	}
	if (ret)
		memcpy(block, CFS_MAGIC, CFS_MAGIC_SIZE);
	if (err)
		memcpy(block + CFS_BLOCK_SIZE, CFS_MAGIC, CFS_MAGIC_SIZE);
	*found = cfs_super_choose(block, block + CFS_BLOCK_SIZE, sb);
	kvfree(block);
	return 0;
}

/* Take @dev for a replica: 0, 1: it is left out, or -errno and a sentence. */
static int cfs_take(struct cfs_mount *m, struct fs_context *fc, struct cfs_dev *dev)
{
	const bool alone = m->opt.paths == 1;
	enum cfs_found found = CFS_CORRUPT;
	struct cfs_super sb;
	unsigned int r;
	int ret;

	ret = cfs_identify(m, dev, &sb, &found);
	if (ret == -EINTR)
		return ret;
	if (ret && alone) {
		errorfc(fc, "%s cannot be read (error %d)", dev->path, ret);
		return ret;
	}
	if (ret) {
		warnfc(fc, "%s cannot be read (error %d): it is left out", dev->path, ret);
		return 1;
	}
	if (found <= CFS_CORRUPT && found != CFS_VALID && !alone) {
		warnfc(fc, "%s has %s: it is left out", dev->path, cfs_found_text[found]);
		return 1;
	}
	if (found != CFS_VALID) {
		errorfc(fc, "%s has %s", dev->path, cfs_found_text[found]);
		return found == CFS_BLANK ? -ENODEV : -EPROTONOSUPPORT;
	}
	if (dev->bytes / CFS_BLOCK_SIZE < sb.total_blocks) {
		errorfc(fc, "%s is too small for its own superblock: %llu bytes of %llu", dev->path,
			dev->bytes, sb.total_blocks * CFS_BLOCK_SIZE);
		return -EINVAL;
	}
	if (m->opt.cluster && strcmp(m->opt.cluster, sb.cluster)) {
		errorfc(fc, "%s belongs to cluster %s, not to %s", dev->path, sb.cluster,
			m->opt.cluster);
		return -EINVAL;
	}
	for (r = 0; r < CFS_REPLICAS_MAX; r++) {
		if (!m->devs.dev[r])
			continue;
		if (!cfs_super_same(&m->sb, &sb)) {
			errorfc(fc, "%s and %s belong to different repositories",
				m->devs.dev[r]->path, dev->path);
			return -EINVAL;
		}
		if (r == sb.replica) {
			errorfc(fc, "%s and %s are the same replica, number %u",
				m->devs.dev[r]->path, dev->path, r);
			return -EINVAL;
		}
	}
	m->sb = sb;
	m->devs.dev[sb.replica] = dev;
	return 0;
}

/**
 * cfs_replicas_open() - open the devices, and the repository on them
 * @m: mount
 * @fc: for the sentences
 *
 * Return: 0 or -errno; what was opened is closed by cfs_devs_close() and cfs_close().
 */
int cfs_replicas_open(struct cfs_mount *m, struct fs_context *fc)
{
	struct cfs_devs none = {};
	struct cfs_dev *dev;
	unsigned int i;
	struct cfs_io io;
	int ret;

	m->devs.limit = m->opt.io_timeout;
	m->devs.killable = true;
	for (i = 0; i < m->opt.paths; i++) {
		dev = cfs_dev_open(m->opt.path[i]);
		if (IS_ERR(dev)) {
			ret = PTR_ERR(dev);
			if (m->opt.paths == 1 ||
			    (ret != -ENOENT && ret != -ENXIO && ret != -ETIMEDOUT))
				return cfs_open_wrong(fc, m->opt.path[i], ret);
			warnfc(fc, "%s: %s: it is left out", m->opt.path[i], ret == -ETIMEDOUT ?
			       "what an earlier mount sent to it has not come back" :
			       "there is no such device");
			continue;
		}
		ret = cfs_take(m, fc, dev);
		if (ret) {
			none.dev[0] = dev;
			cfs_devs_close(&none);
		}
		if (ret < 0)
			return ret;
	}
	if (!m->devs.dev[0] && !m->devs.dev[1] && !m->devs.dev[2]) {
		errorfc(fc, "none of the devices is a replica of a repository");
		return -ENODEV;
	}
	io = cfs_devs_io(&m->devs);
	/* As a writer; which slot, the database says. */
	ret = cfs_open(&m->db, &io, CFS_REPLICAS_MAX, 0, &m->boot);
	if (ret) {
		errorfc(fc, "%s", m->db.why);
		return ret;
	}
	m->open = true;
	m->db.me = CFS_NODES_MAX;
	m->sb = m->db.sb;
	return 0;
}

/* A device under one of the paths that mount was told is replica @r: it takes its place. */
static bool cfs_find_again(struct cfs_mount *m, unsigned int r)
{
	enum cfs_found found = CFS_CORRUPT;
	struct cfs_devs old = {};
	struct cfs_super sb;
	struct cfs_dev *dev;
	unsigned int i, k;

	/* It may be the same disk on another path, behind what is on its way to it. */
	if (m->devs.dev[r] && READ_ONCE(m->devs.dev[r]->left))
		return false;
	for (i = 0; i < m->opt.paths; i++) {
		/* Not one that is in use as another replica. */
		for (k = 0; k < CFS_REPLICAS_MAX; k++)
			if (k != r && m->devs.dev[k] &&
			    !strcmp(m->devs.dev[k]->path, m->opt.path[i]))
				break;
		if (k < CFS_REPLICAS_MAX)
			continue;
		dev = cfs_dev_open(m->opt.path[i]);
		if (IS_ERR(dev))
			continue;
		old.dev[0] = dev;
		if ((!m->devs.dev[r] || file_bdev(m->devs.dev[r]->file) != file_bdev(dev->file)) &&
		    !cfs_identify(m, dev, &sb, &found) && found == CFS_VALID &&
		    sb.replica == r && cfs_super_same(&m->sb, &sb) &&
		    dev->bytes / CFS_BLOCK_SIZE >= sb.total_blocks) {
			old.dev[0] = m->devs.dev[r];
			spin_lock(&m->view_lock);
			m->devs.dev[r] = dev;
			spin_unlock(&m->view_lock);
			cfs_devs_close(&old);
			return true;
		}
		cfs_devs_close(&old);
	}
	return false;
}

/* A replica that was left out is there, and is begun to be overwritten. */
static void cfs_return_begin(struct cfs_mount *m)
{
	struct cfs_db *db = &m->db;
	unsigned int r;

	for (r = 0; r < db->sb.replicas; r++) {
		if (!(db->failed & BIT(r))) {
			/* Nothing was written without it: another device may be all it needs. */
			if (db->unread & BIT(r) && db->sb.replicas > 1)
				cfs_find_again(m, r);
			continue;
		}
		if (cfs_resync_begin(db, r) && (!cfs_find_again(m, r) || cfs_resync_begin(db, r)))
			continue;
		if (!(m->return_failed & BIT(r)))
			pr_info("node %s: replica %u, %s, is there again: it is overwritten\n",
				m->opt.node, r, m->devs.dev[r]->path);
		return;
	}
}

/**
 * cfs_replicas_return() - overwrite a replica that is there again, a few steps of it
 * @m: mount, locked and registered
 *
 * What this node cannot reach is tried again at each call, one replica after the other.
 *
 * Return: true: there is more to do, soon.
 */
bool cfs_replicas_return(struct cfs_mount *m)
{
	struct cfs_db *db = &m->db;
	unsigned int i, r;
	int ret = CFS_MORE;

	lockdep_assert_held(&m->lock);
	if (db->me >= db->sb.nodes)
		return false;
	if (!db->returning)
		cfs_return_begin(m);
	if (!db->returning)
		return false;
	r = __ffs(db->returning);
	for (i = 0; ret == CFS_MORE && i < CFS_RETURN_STEPS; i++)
		ret = cfs_resync_step(db);
	if (ret < 0) {
		/* Once: it is tried again and again. */
		if (!(m->return_failed & BIT(r)))
			pr_warn("node %s: replica %u is left out as before: %s\n", m->opt.node, r,
				db->why);
		m->return_failed |= BIT(r);
		return false;
	}
	if (!ret) {
		pr_info("node %s: replica %u is in use again\n", m->opt.node, r);
		m->return_failed &= ~BIT(r);
	}
	return true;
}
