// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: faults of lock_local from user space, to be tried:
 *
 *	echo FAULT LOCKSPACE NODE > /sys/kernel/debug/clusterfs/lock_local
 *
 * FAULT is kill, stale or learn: see lock_local.h. Nodes of other engines have none.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "lock_engine.h"
#include "lock_local.h"
#include "owner.h"

static struct dentry *cfs_debug;

static const struct {
	const char *name;
	int (*fault)(const char *space, const char *node);
} cfs_faults[] = {
	{ "kill", clusterfs_local_kill },
	{ "stale", clusterfs_local_stale },
	{ "learn", clusterfs_local_learn },
};

static int cfs_fault(char *line)
{
	const char *fault = strsep(&line, " "), *space = strsep(&line, " "), *node = line;
	unsigned int i;

	for (i = 0; node && i < ARRAY_SIZE(cfs_faults); i++)
		if (!strcmp(fault, cfs_faults[i].name))
			return cfs_faults[i].fault(space, node);
	return -EINVAL;
}

static ssize_t cfs_fault_write(struct file *file, const char __user *buf, size_t size,
			       loff_t *pos)
{
	char *line;
	int ret;

	if (size > 2 * (CLUSTERFS_LS_MAX + 1) + 8)
		return -EINVAL;
	line = memdup_user_nul(buf, size);
	if (IS_ERR(line))
		return PTR_ERR(line);
	ret = cfs_fault(strim(line));
	kfree(line);
	return ret ? : size;
}

static const struct file_operations cfs_fault_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.write	= cfs_fault_write,
	.llseek	= noop_llseek,
};

/**
 * clusterfs_debug_init() - the files of debugfs, if the kernel has that
 */
void __init clusterfs_debug_init(void)
{
	cfs_debug = debugfs_create_dir("clusterfs", NULL);
	debugfs_create_file("lock_local", 0200, cfs_debug, NULL, &cfs_fault_fops);
	cfs_owner_debug_init(cfs_debug);
}

void clusterfs_debug_exit(void)
{
	debugfs_remove_recursive(cfs_debug);
	cfs_owner_debug_exit();
}
