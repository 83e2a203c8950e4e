// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: the tree. Its folders and files are made when somebody looks for them, from
 * the view as it is then; nothing is kept here but what is open. A file is read as it was
 * when its beginning was read; poll() tells when it would read differently.
 */
#include <linux/namei.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/statfs.h>
#include "mount.h"

#define CFS_TEXT_MIN	2048U
#define CFS_TEXT_MAX	(16U << 20)

struct cfs_inode {
	struct inode	vfs;
	u64		id;		/* of a file's object */
	u8		file;		/* enum cfs_file; of a folder: its files' */
};

/* An open file: what was read of it. */
struct cfs_reader {
	struct mutex	lock;
	struct cfs_text	t;
	u64		version;	/* published when it was, 0: it was not */
};

static const struct {
	const char	*name;
	umode_t		mode;
} cfs_names[CFS_FILES] = {
	[CFS_FILE_CONFIG]	= { "config", 0444 },
	[CFS_FILE_PRIMARY]	= { "primary", 0444 },
	/* Folders of such files. */
	[CFS_FILE_NODE]		= { "nodes", 0444 },
	[CFS_FILE_CLIENT]	= { "clients", 0444 },
	[CFS_FILE_ADAPTER]	= { "adapters", 0444 },
	[CFS_FILE_LU]		= { "lus", 0444 },
	[CFS_FILE_VOLUME]	= { "volumes", 0444 },
	/* Keys are nobody else's business. */
	[CFS_FILE_RESERVATION]	= { "reservations", 0400 },
	[CFS_FILE_EVENT]	= { "events", 0444 },
};

static struct kmem_cache *cfs_inode_cache;
static const struct inode_operations cfs_root_iops;
static const struct inode_operations cfs_folder_iops;
static const struct inode_operations cfs_file_iops;
static const struct file_operations cfs_folder_fops;
static const struct file_operations cfs_file_fops;

static struct cfs_inode *CFS_I(const struct inode *inode)
{
	return container_of(inode, struct cfs_inode, vfs);
}

static struct cfs_mount *cfs_of(const struct inode *inode)
{
	return inode->i_sb->s_fs_info;
}

/* Of what is in the root: below 32. */
static u64 cfs_ino(enum cfs_file file, bool folder, u64 id)
{
	if (folder || file < CFS_FILE_NODE)
		return 2 + file;
	return (id + 2) << 4 | file;
}

static struct inode *cfs_inode_new(struct super_block *sb, enum cfs_file file, bool folder, u64 id)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	inode->i_ino = cfs_ino(file, folder, id);
	CFS_I(inode)->file = file;
	CFS_I(inode)->id = id;
	simple_inode_init_ts(inode);
	if (folder) {
		inode->i_mode = S_IFDIR | 0555;
		inode->i_op = &cfs_folder_iops;
		inode->i_fop = &cfs_folder_fops;
		set_nlink(inode, 2);
	} else {
		inode->i_mode = S_IFREG | cfs_names[file].mode;
		inode->i_op = &cfs_file_iops;
		inode->i_fop = &cfs_file_fops;
	}
	return inode;
}

/* --- names --- */

/* The id that the file of this name shows now. */
static bool cfs_name_id(const struct cfs_view *view, enum cfs_file file, const char *name, u64 *id)
{
	char buf[CFS_NAME_SIZE];
	const char *own;
	u64 slot;
	u32 i;

	if (file == CFS_FILE_NODE) {
		for (i = 0; i < view->count[CFS_NODE]; i++) {
			slot = cfs_seen_key(cfs_view_at(view, CFS_NODE, i));
			own = cfs_node_file(view, slot, buf);
			if (own && !strcmp(own, name)) {
				*id = slot;
				return true;
			}
		}
		return false;
	}
	/* One name for each: no sign, no zero before it. */
	if (kstrtou64(name, 10, id))
		return false;
	snprintf(buf, sizeof(buf), "%llu", (unsigned long long)*id);
	return !strcmp(buf, name) && cfs_file_there(view, file, *id);
}

static struct dentry *cfs_folder_lookup(struct inode *dir, struct dentry *dentry,
					unsigned int flags)
{
	enum cfs_file file = CFS_I(dir)->file;
	struct inode *inode = NULL;
	struct cfs_view *view;
	bool there;
	u64 id;

	if (dentry->d_name.len > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	view = cfs_view_get(cfs_of(dir));
	there = cfs_name_id(view, file, dentry->d_name.name, &id);
	cfs_view_put(view);
	if (there) {
		inode = cfs_inode_new(dir->i_sb, file, false, id);
		if (!inode)
			return ERR_PTR(-ENOMEM);
	}
	return d_splice_alias(inode, dentry);
}

static struct dentry *cfs_root_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = NULL;
	unsigned int file;

	if (dentry->d_name.len > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	for (file = 0; file < CFS_FILES; file++) {
		if (strcmp(dentry->d_name.name, cfs_names[file].name))
			continue;
		inode = cfs_inode_new(dir->i_sb, file, file >= CFS_FILE_NODE, 0);
		if (!inode)
			return ERR_PTR(-ENOMEM);
	}
	return d_splice_alias(inode, dentry);
}

/* What is gone is looked for again, and so is what was not there. */
static int cfs_d_revalidate(compat_d_revalidate_args(dentry, flags))
{
	struct cfs_view *view;
	struct inode *inode;
	bool there;
	u64 id;

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	inode = d_inode(dentry);
	if (!inode)
		return 0;
	if (S_ISDIR(inode->i_mode) || CFS_I(inode)->file < CFS_FILE_NODE)
		return 1;
	view = cfs_view_get(cfs_of(inode));
	there = cfs_name_id(view, CFS_I(inode)->file, dentry->d_name.name, &id) &&
		id == CFS_I(inode)->id;
	cfs_view_put(view);
	return there;
}

const struct dentry_operations cfs_dentry_ops = {
	.d_revalidate	= cfs_d_revalidate,
	.d_delete	= always_delete_dentry,
};

/* --- folders --- */

/* A folder is listed as it was when the listing began. */
static int cfs_folder_open(struct inode *inode, struct file *file)
{
	file->private_data = cfs_view_get(cfs_of(inode));
	return 0;
}

static int cfs_folder_release(struct inode *inode, struct file *file)
{
	cfs_view_put(file->private_data);
	return 0;
}

static bool cfs_emit_root(struct dir_context *ctx)
{
	unsigned int file;

	for (; ctx->pos - 2 < CFS_FILES; ctx->pos++) {
		file = ctx->pos - 2;
		if (!dir_emit(ctx, cfs_names[file].name, strlen(cfs_names[file].name),
			      cfs_ino(file, true, 0), file < CFS_FILE_NODE ? DT_REG : DT_DIR))
			return false;
	}
	return true;
}

static bool cfs_emit_folder(struct dir_context *ctx, const struct cfs_view *view,
			    enum cfs_file file)
{
	static const u8 type[CFS_FILES] = {
		[CFS_FILE_NODE] = CFS_NODE, [CFS_FILE_CLIENT] = CFS_CLIENT,
		[CFS_FILE_ADAPTER] = CFS_ADAPTER, [CFS_FILE_LU] = CFS_LU,
		[CFS_FILE_VOLUME] = CFS_VOLUME, [CFS_FILE_RESERVATION] = CFS_PR,
		[CFS_FILE_EVENT] = CFS_EVENT,
	};
	const struct cfs_disk_record *r, *before;
	char buf[CFS_NAME_SIZE];
	const char *name;
	u64 id;

	for (; (r = cfs_view_at(view, type[file], ctx->pos - 2)); ctx->pos++) {
		id = cfs_seen_key(r);
		/* Of a LU's registrations the first stands for all. */
		before = ctx->pos > 2 ? cfs_view_at(view, type[file], ctx->pos - 3) : NULL;
		if (before && cfs_seen_key(before) == id)
			continue;
		if (file == CFS_FILE_NODE) {
			name = cfs_node_file(view, id, buf);
		} else {
			snprintf(buf, sizeof(buf), "%llu", (unsigned long long)id);
			name = buf;
		}
		if (!dir_emit(ctx, name, strlen(name), cfs_ino(file, false, id), DT_REG))
			return false;
	}
	return true;
}

static int cfs_folder_iterate(struct file *file, struct dir_context *ctx)
{
	struct inode *dir = file_inode(file);

	if (!ctx->pos) {
		cfs_view_put(file->private_data);
		file->private_data = cfs_view_get(cfs_of(dir));
	}
	if (!dir_emit_dots(file, ctx))
		return 0;
	if (dir->i_op == &cfs_root_iops)
		cfs_emit_root(ctx);
	else
		cfs_emit_folder(ctx, file->private_data, CFS_I(dir)->file);
	return 0;
}

/* cfs_folder_iterate() exchanges the view: a listing has the file's position locked. */
static const struct file_operations cfs_folder_fops = {
	.open		= cfs_folder_open,
	.release	= cfs_folder_release,
	.iterate_shared	= cfs_folder_iterate,
	.read		= generic_read_dir,
	.llseek		= generic_file_llseek,
};

static const struct inode_operations cfs_root_iops = {
	.lookup		= cfs_root_lookup,
};

static const struct inode_operations cfs_folder_iops = {
	.lookup		= cfs_folder_lookup,
};

/* --- files --- */

static int cfs_file_open(struct inode *inode, struct file *file)
{
	struct cfs_reader *rd = kzalloc(sizeof(*rd), GFP_KERNEL);

	if (!rd)
		return -ENOMEM;
	mutex_init(&rd->lock);
	file->private_data = rd;
	return 0;
}

static int cfs_file_release(struct inode *inode, struct file *file)
{
	struct cfs_reader *rd = file->private_data;

	kvfree(rd->t.buf);
	kfree(rd);
	return 0;
}

/* The text as it is now, into @t, and the number of what was published before it. */
static int cfs_file_text(struct inode *inode, struct cfs_text *t, u64 *version)
{
	struct cfs_mount *m = cfs_of(inode);
	const struct cfs_inode *ci = CFS_I(inode);
	struct cfs_view *view;
	int ret = 0;

	spin_lock(&m->view_lock);
	*version = m->version;
	spin_unlock(&m->view_lock);
	view = cfs_view_get(m);
	if (!cfs_file_there(view, ci->file, ci->id))
		ret = -ENODEV;
	for (t->size = CFS_TEXT_MIN; !ret; t->size *= 2) {
		if (t->size > CFS_TEXT_MAX) {
			ret = -EFBIG;
			break;
		}
		t->len = 0;
		t->buf = kvmalloc(t->size, GFP_KERNEL);
		if (!t->buf) {
			ret = -ENOMEM;
			break;
		}
		cfs_show(m, view, ci->file, ci->id, t);
		if (t->len < t->size)
			break;
		kvfree(t->buf);
		t->buf = NULL;
	}
	cfs_view_put(view);
	return ret;
}

static ssize_t cfs_file_read(struct file *file, char __user *to, size_t n, loff_t *pos)
{
	struct cfs_reader *rd = file->private_data;
	struct cfs_text t = {};
	u64 version;
	ssize_t ret;

	ret = mutex_lock_interruptible(&rd->lock);
	if (ret)
		return ret;
	if (!*pos || !rd->t.buf) {
		ret = cfs_file_text(file_inode(file), &t, &version);
		if (ret)
			goto unlock;
		kvfree(rd->t.buf);
		rd->t = t;
		rd->version = version;
	}
	ret = simple_read_from_buffer(to, n, pos, rd->t.buf, rd->t.len);
unlock:
	mutex_unlock(&rd->lock);
	return ret;
}

/* As for sysfs: EPOLLPRI when what was read is no longer what is there. */
static __poll_t cfs_file_poll(struct file *file, poll_table *wait)
{
	struct inode *inode = file_inode(file);
	struct cfs_mount *m = cfs_of(inode);
	struct cfs_reader *rd = file->private_data;
	__poll_t events = EPOLLIN | EPOLLRDNORM;
	struct cfs_text t = {};
	u64 version, now;
	int ret;

	poll_wait(file, &m->changed, wait);
	mutex_lock(&rd->lock);
	spin_lock(&m->view_lock);
	now = m->version;
	spin_unlock(&m->view_lock);
	if (!rd->t.buf) {
		events |= EPOLLPRI | EPOLLERR;
	} else if (rd->version != now) {
		ret = cfs_file_text(inode, &t, &version);
		if (!ret && t.len == rd->t.len && !memcmp(t.buf, rd->t.buf, t.len))
			rd->version = version;
		else
			events |= EPOLLPRI | EPOLLERR;
		if (ret == -ENODEV)
			events |= EPOLLHUP;
		kvfree(t.buf);
	}
	mutex_unlock(&rd->lock);
	return events;
}

static const struct file_operations cfs_file_fops = {
	.open		= cfs_file_open,
	.release	= cfs_file_release,
	.read		= cfs_file_read,
	.poll		= cfs_file_poll,
	.llseek		= generic_file_llseek,
};

static const struct inode_operations cfs_file_iops = {
};

/* --- the file system --- */

static struct inode *cfs_alloc_inode(struct super_block *sb)
{
	struct cfs_inode *ci = alloc_inode_sb(sb, cfs_inode_cache, GFP_KERNEL);

	return ci ? &ci->vfs : NULL;
}

static void cfs_free_inode(struct inode *inode)
{
	kmem_cache_free(cfs_inode_cache, CFS_I(inode));
}

/* Room is for objects: a record of a snapshot each. */
static int cfs_statfs(struct dentry *dentry, struct kstatfs *st)
{
	struct cfs_mount *m = dentry->d_sb->s_fs_info;
	struct cfs_view *view = cfs_view_get(m);
	u32 left = m->sb.objects - min(m->sb.objects, view->objects);
	u64 id = huge_encode_dev(dentry->d_sb->s_dev);

	cfs_view_put(view);
	st->f_type = CFS_SUPER_MAGIC;
	st->f_bsize = CFS_SECTOR_SIZE;
	st->f_blocks = m->sb.objects;
	st->f_bfree = left;
	st->f_bavail = left;
	st->f_files = m->sb.objects;
	st->f_ffree = left;
	st->f_namelen = NAME_MAX;
	st->f_fsid = u64_to_fsid(id);
	return 0;
}

static int cfs_show_options(struct seq_file *s, struct dentry *root)
{
	const struct cfs_mount *m = root->d_sb->s_fs_info;
	unsigned int i;

	seq_show_option(s, "node", m->opt.node);
	seq_show_option(s, "lock", m->opt.lock);
	seq_show_option(s, "lockspace", m->opt.lockspace);
	seq_show_option(s, "cluster", m->sb.cluster);
	if (m->opt.address)
		seq_show_option(s, "address", m->opt.address);
	if (m->opt.quorum)
		seq_printf(s, ",quorum=%s", m->opt.quorum == CFS_QUORUM_LEASE ? "lease" : "none");
	/* The agent need not compare again. */
	if (m->opt.expect.known)
		seq_puts(s, ",expected");
	for (i = 1; i < m->opt.paths; i++)
		seq_show_option(s, "replica", m->opt.path[i]);
	seq_printf(s, ",timeout=%u,io-timeout=%u", m->opt.timeout, m->opt.io_timeout);
	return 0;
}

const struct super_operations cfs_super_ops = {
	.alloc_inode	= cfs_alloc_inode,
	.free_inode	= cfs_free_inode,
	.drop_inode	= inode_just_drop,
	.statfs		= cfs_statfs,
	.show_options	= cfs_show_options,
};

/**
 * cfs_tree_fill() - the root
 * @sb: superblock of a mount that has a view
 *
 * Return: 0 or -ENOMEM.
 */
int cfs_tree_fill(struct super_block *sb)
{
	struct inode *root = cfs_inode_new(sb, CFS_FILE_CONFIG, true, 0);

	if (!root)
		return -ENOMEM;
	root->i_ino = 1;
	root->i_op = &cfs_root_iops;
	sb->s_root = d_make_root(root);
	return sb->s_root ? 0 : -ENOMEM;
}

static void cfs_inode_once(void *p)
{
	struct cfs_inode *ci = p;

	inode_init_once(&ci->vfs);
}

int __init cfs_tree_init(void)
{
	cfs_inode_cache = kmem_cache_create("clusterfs_inode", sizeof(struct cfs_inode), 0,
					    SLAB_RECLAIM_ACCOUNT | SLAB_ACCOUNT, cfs_inode_once);
	return cfs_inode_cache ? 0 : -ENOMEM;
}

void cfs_tree_exit(void)
{
	/* Inodes are freed after a grace period. */
	rcu_barrier();
	kmem_cache_destroy(cfs_inode_cache);
}
