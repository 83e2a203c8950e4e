// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: owners that serve nobody, from user space, to be tried:
 *
 *	echo WHAT NODE lu|volume UUID > /sys/kernel/debug/clusterfs/owner
 *
 * WHAT is take: a mounted node could own it from now on; drop: no longer; begin: a command is
 * admitted, which is on its way until end. Reading shows each, and what it was told.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "lock_engine.h"
#include "owner.h"

/* One that is tried; the last five are written by its calls alone. */
struct cfs_tried {
	struct list_head	entry;
	char			node[CFS_NAME_SIZE];
	uuid_t			uuid;
	struct cfs_owner	*o;
	unsigned int		held;		/* commands on their way */
	u64			term;		/* 0: it is not the owner */
	unsigned int		parked;
	unsigned int		lost;
	unsigned int		demoted;
	bool			gone;
};

static LIST_HEAD(cfs_tried);
static DEFINE_MUTEX(cfs_tried_lock);	/* not taken by calls: who gives one up has it */

static int cfs_tried_promote(struct cfs_owner *o, u64 term)
{
	WRITE_ONCE(((struct cfs_tried *)cfs_owner_private(o))->term, term);
	return 0;
}

static void cfs_tried_park(struct cfs_owner *o, u64 term, bool lost)
{
	struct cfs_tried *t = cfs_owner_private(o);

	if (lost)
		t->lost++;
	else
		t->parked++;
}

static void cfs_tried_demote(struct cfs_owner *o, u64 term)
{
	struct cfs_tried *t = cfs_owner_private(o);

	t->demoted++;
	WRITE_ONCE(t->term, 0);
}

static void cfs_tried_gone(struct cfs_owner *o)
{
	WRITE_ONCE(((struct cfs_tried *)cfs_owner_private(o))->gone, true);
}

#define CFS_TRIED(t)	{						\
	.type = (t), .promote = cfs_tried_promote, .park = cfs_tried_park,	\
	.demote = cfs_tried_demote, .gone = cfs_tried_gone,		\
}

static const struct cfs_owner_ops cfs_tried_lu = CFS_TRIED(CFS_LU);
static const struct cfs_owner_ops cfs_tried_volume = CFS_TRIED(CFS_VOLUME);

static struct cfs_tried *cfs_tried_find(const char *node, const uuid_t *uuid)
{
	struct cfs_tried *t;

	list_for_each_entry(t, &cfs_tried, entry)
		if (!strcmp(t->node, node) && uuid_equal(&t->uuid, uuid))
			return t;
	return NULL;
}

static int cfs_tried_take(const struct cfs_owner_ops *ops, const char *node, const uuid_t *uuid)
{
	struct cfs_tried *t;
	char why[CFS_OWNER_WHY];

	if (cfs_tried_find(node, uuid))
		return -EEXIST;
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		return -ENOMEM;
	strscpy(t->node, node, sizeof(t->node));
	t->uuid = *uuid;
	t->o = cfs_owner_register(ops, NULL, node, uuid, t, why);
	if (IS_ERR(t->o)) {
		const int ret = PTR_ERR(t->o);

		kfree(t);
		return ret;
	}
	list_add_tail(&t->entry, &cfs_tried);
	return 0;
}

static void cfs_tried_drop(struct cfs_tried *t)
{
	while (t->held) {
		t->held--;
		cfs_owner_exit(t->o);
	}
	cfs_owner_unregister(t->o);
	list_del(&t->entry);
	kfree(t);
}

static int cfs_tried_do(const char *what, const struct cfs_owner_ops *ops, const char *node,
			const uuid_t *uuid)
{
	struct cfs_tried *t;
	u64 own;
	int ret;

	if (!strcmp(what, "take"))
		return cfs_tried_take(ops, node, uuid);
	t = cfs_tried_find(node, uuid);
	if (!t)
		return -ENOENT;
	if (!strcmp(what, "drop")) {
		cfs_tried_drop(t);
		return 0;
	}
	if (!strcmp(what, "begin")) {
		ret = cfs_owner_enter(t->o, 0, &own);
		t->held += !ret;
		return ret;
	}
	if (strcmp(what, "end") || !t->held)
		return -EINVAL;
	ret = cfs_owner_answers(t->o);
	t->held--;
	cfs_owner_exit(t->o);
	return ret;
}

static int cfs_tried_line(char *line)
{
	const char *what = strsep(&line, " "), *node = strsep(&line, " ");
	const char *type = strsep(&line, " ");
	uuid_t uuid;
	int ret;

	if (!line || uuid_parse(line, &uuid) || (strcmp(type, "lu") && strcmp(type, "volume")))
		return -EINVAL;
	mutex_lock(&cfs_tried_lock);
	ret = cfs_tried_do(what, strcmp(type, "lu") ? &cfs_tried_volume : &cfs_tried_lu, node,
			   &uuid);
	mutex_unlock(&cfs_tried_lock);
	return ret;
}

static ssize_t cfs_tried_write(struct file *file, const char __user *buf, size_t size,
			       loff_t *pos)
{
	char *line;
	int ret;

	if (size > CFS_NAME_SIZE + UUID_STRING_LEN + 16)
		return -EINVAL;
	line = memdup_user_nul(buf, size);
	if (IS_ERR(line))
		return PTR_ERR(line);
	ret = cfs_tried_line(strim(line));
	kfree(line);
	return ret ? : size;
}

static int cfs_tried_show(struct seq_file *s, void *unused)
{
	struct cfs_tried *t;

	mutex_lock(&cfs_tried_lock);
	list_for_each_entry(t, &cfs_tried, entry)
		seq_printf(s, "%s %pUb term %llu held %u parked %u lost %u demoted %u%s\n", t->node,
			   &t->uuid, (unsigned long long)READ_ONCE(t->term), t->held, t->parked,
			   t->lost, t->demoted, READ_ONCE(t->gone) ? " gone" : "");
	mutex_unlock(&cfs_tried_lock);
	return 0;
}

static int cfs_tried_open(struct inode *inode, struct file *file)
{
	return single_open(file, cfs_tried_show, NULL);
}

static const struct file_operations cfs_tried_fops = {
	.owner		= THIS_MODULE,
	.open		= cfs_tried_open,
	.read		= seq_read,
	.write		= cfs_tried_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

/**
 * cfs_owner_debug_init() - the file, if the kernel has debugfs
 * @dir: where
 */
void __init cfs_owner_debug_init(struct dentry *dir)
{
	debugfs_create_file("owner", 0600, dir, NULL, &cfs_tried_fops);
}

/**
 * cfs_owner_debug_exit() - nothing is tried any more
 *
 * Context: process; the file is removed.
 */
void cfs_owner_debug_exit(void)
{
	struct cfs_tried *t, *next;

	list_for_each_entry_safe(t, next, &cfs_tried, entry)
		cfs_tried_drop(t);
}
