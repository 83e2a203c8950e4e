// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: the database of a cluster, mounted. To mount is to register as a node, to
 * unmount is to leave; see Documentation/admin-guide/clusterfs.rst.
 */
#include <linux/fs_parser.h>
#include <linux/module.h>
#include "lock_local.h"
#include "mount.h"

#define CFS_TIMEOUT		30
#define CFS_TIMEOUT_MAX		600

enum {
	CFS_OPT_NODE,
	CFS_OPT_CLUSTER,
	CFS_OPT_ADDRESS,
	CFS_OPT_LOCK,
	CFS_OPT_LOCKSPACE,
	CFS_OPT_QUORUM,
	CFS_OPT_REPLICA,
	CFS_OPT_SOURCE,
	CFS_OPT_TIMEOUT,
	CFS_OPT_IO_TIMEOUT,
	CFS_OPT_EXPECT,
	CFS_OPT_EXPECTED,
};

static const struct fs_parameter_spec cfs_parameters[] = {
	fsparam_string("node", CFS_OPT_NODE),
	fsparam_string("cluster", CFS_OPT_CLUSTER),
	fsparam_string("address", CFS_OPT_ADDRESS),
	fsparam_string("lock", CFS_OPT_LOCK),
	fsparam_string("lockspace", CFS_OPT_LOCKSPACE),
	fsparam_string("quorum", CFS_OPT_QUORUM),
	fsparam_string("replica", CFS_OPT_REPLICA),
	fsparam_string("source", CFS_OPT_SOURCE),
	fsparam_u32("timeout", CFS_OPT_TIMEOUT),
	fsparam_u32("io-timeout", CFS_OPT_IO_TIMEOUT),
	fsparam_string("expect", CFS_OPT_EXPECT),
	fsparam_flag("expected", CFS_OPT_EXPECTED),
	{}
};

/* As mkfs.clusterfs takes them; one of a node is the name of a file, too. */
static int cfs_take_name(struct fs_context *fc, struct fs_parameter *param, char **name)
{
	const char *p;

	for (p = param->string; *p > ' ' && *p < 0x7f && *p != '/'; p++)
		;
	if (*p || p == param->string || p - param->string >= CFS_NAME_SIZE ||
	    param->string[0] == '#' || param->string[0] == '.')
		return invalfc(fc, "%s=%s is no name: 1 to %d printable characters without a space or '/', and no '#' or '.' first",
			       param->key, param->string, CFS_NAME_SIZE - 1);
	kfree(*name);
	*name = param->string;
	param->string = NULL;
	return 0;
}

static int cfs_take_path(struct fs_context *fc, struct cfs_options *opt, struct fs_parameter *param)
{
	if (!*param->string)
		return invalfc(fc, "a device has no empty path");
	if (opt->paths == CFS_REPLICAS_MAX)
		return invalfc(fc, "%s: a repository has at most %u replicas", param->string,
			       CFS_REPLICAS_MAX);
	opt->path[opt->paths++] = param->string;
	param->string = NULL;
	return 0;
}

static int cfs_parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct cfs_options *opt = &((struct cfs_mount *)fc->s_fs_info)->opt;
	struct fs_parse_result result;
	int which;

	which = fs_parse(fc, cfs_parameters, param, &result);
	if (which < 0)
		return which;
	switch (which) {
	case CFS_OPT_NODE:
		return cfs_take_name(fc, param, &opt->node);
	case CFS_OPT_CLUSTER:
		return cfs_take_name(fc, param, &opt->cluster);
	case CFS_OPT_ADDRESS:
		return cfs_take_name(fc, param, &opt->address);
	case CFS_OPT_LOCKSPACE:
		return cfs_take_name(fc, param, &opt->lockspace);
	case CFS_OPT_LOCK:
		if (!strcmp(param->string, "local"))
			opt->lock = "local";
		else if (!strcmp(param->string, "dlm"))
			opt->lock = "dlm";
		else
			return invalfc(fc, "lock=%s is not known: local and dlm are",
				       param->string);
		return 0;
	case CFS_OPT_QUORUM:
		if (!strcmp(param->string, "lease"))
			opt->quorum = CFS_QUORUM_LEASE;
		else if (!strcmp(param->string, "none"))
			opt->quorum = CFS_QUORUM_NONE;
		else
			return invalfc(fc, "quorum=%s is not known: lease and none are",
				       param->string);
		return 0;
	case CFS_OPT_SOURCE:
		if (fc->source)
			return invalfc(fc, "there is one first device, the others are given by replica=");
		fc->source = kstrdup(param->string, GFP_KERNEL);
		if (!fc->source)
			return -ENOMEM;
		return cfs_take_path(fc, opt, param);
	case CFS_OPT_REPLICA:
		return cfs_take_path(fc, opt, param);
	case CFS_OPT_TIMEOUT:
	case CFS_OPT_IO_TIMEOUT:
		if (!result.uint_32 || result.uint_32 > CFS_TIMEOUT_MAX)
			return invalfc(fc, "%s is 1 to %u seconds", param->key, CFS_TIMEOUT_MAX);
		if (which == CFS_OPT_TIMEOUT)
			opt->timeout = result.uint_32;
		else
			opt->io_timeout = result.uint_32;
		return 0;
	case CFS_OPT_EXPECT:
		if (cfs_expect_parse(&opt->expect, param->string))
			return invalfc(fc, "expect= is UUID:GENERATION:TERM:COMMIT:EVENT:TERM:COMMIT:TIME, as vpart cluster local show has it");
		return 0;
	case CFS_OPT_EXPECTED:
		/* Shown where expect= was told; a remount may repeat it, which says nothing. */
		return 0;
	}
	return -EINVAL;
}

static int cfs_fill_super(struct super_block *sb, struct fs_context *fc)
{
	sb->s_magic = CFS_SUPER_MAGIC;
	sb->s_op = &cfs_super_ops;
	sb->s_blocksize = CFS_BLOCK_SIZE;
	sb->s_blocksize_bits = ilog2(CFS_BLOCK_SIZE);
	sb->s_maxbytes = MAX_LFS_FILESIZE;
	sb->s_time_gran = NSEC_PER_SEC;
	sb->s_flags |= SB_NOATIME | SB_NODIRATIME;
	sb->s_iflags |= SB_I_NODEV | SB_I_NOEXEC;
	set_default_d_op(sb, &cfs_dentry_ops);
	return cfs_tree_fill(sb);
}

static int cfs_get_tree(struct fs_context *fc)
{
	struct cfs_mount *m = fc->s_fs_info;
	int ret;

	if (!m->opt.paths || !fc->source)
		return invalfc(fc, "the device of the repository is missing");
	if (!m->opt.node)
		return invalfc(fc, "node= is missing: the name of this node");
	if (!m->opt.lock)
		return invalfc(fc, "lock= is missing: dlm, or local for nodes that are all in this kernel");
	if (fc->sb_flags & SB_RDONLY) {
		errorfc(fc, "to mount is to register, which writes: it cannot be read-only");
		return -EROFS;
	}
	/* With no lock of the VFS held: it may take its time, and can be killed. */
	ret = cfs_join(m, fc);
	return ret ? ret : get_tree_nodev(fc, cfs_fill_super);
}

/* Nothing of a registration can be changed; a remount for the VFS's own flags may be. */
static int cfs_reconfigure(struct fs_context *fc)
{
	const struct cfs_options *is = &((struct cfs_mount *)fc->root->d_sb->s_fs_info)->opt;
	const struct cfs_options *asked = &((struct cfs_mount *)fc->s_fs_info)->opt;
	const struct cfs_mount *m = fc->root->d_sb->s_fs_info;

	if (fc->sb_flags & SB_RDONLY || asked->expect.known ||
	    (asked->node && strcmp(asked->node, is->node)) ||
	    (asked->cluster && strcmp(asked->cluster, m->sb.cluster)) ||
	    (asked->lock && strcmp(asked->lock, is->lock)) ||
	    (asked->lockspace && strcmp(asked->lockspace, is->lockspace)) ||
	    (asked->quorum && asked->quorum != is->quorum) ||
	    (asked->address && (!is->address || strcmp(asked->address, is->address))) ||
	    asked->timeout != is->timeout || asked->io_timeout != is->io_timeout) {
		errorfc(fc, "a registration is not changed by a remount: unmount, then mount");
		return -EINVAL;
	}
	return 0;
}

static void cfs_free_fc(struct fs_context *fc)
{
	if (fc->s_fs_info)
		cfs_leave(fc->s_fs_info);
}

static const struct fs_context_operations cfs_context_ops = {
	.parse_param	= cfs_parse_param,
	.get_tree	= cfs_get_tree,
	.reconfigure	= cfs_reconfigure,
	.free		= cfs_free_fc,
};

static int cfs_init_fs_context(struct fs_context *fc)
{
	struct cfs_mount *m = cfs_mount_new();

	if (!m)
		return -ENOMEM;
	m->opt.timeout = CFS_TIMEOUT;
	m->opt.io_timeout = CFS_TIMEOUT;
	if (fc->purpose == FS_CONTEXT_FOR_RECONFIGURE) {
		const struct cfs_mount *is = fc->root->d_sb->s_fs_info;

		m->opt.timeout = is->opt.timeout;
		m->opt.io_timeout = is->opt.io_timeout;
	}
	fc->s_fs_info = m;
	fc->ops = &cfs_context_ops;
	return 0;
}

static void cfs_kill_sb(struct super_block *sb)
{
	struct cfs_mount *m = sb->s_fs_info;

	kill_anon_super(sb);
	if (m)
		cfs_leave(m);
}

struct file_system_type cfs_fs_type = {
	.owner			= THIS_MODULE,
	.name			= "clusterfs",
	.init_fs_context	= cfs_init_fs_context,
	.parameters		= cfs_parameters,
	.kill_sb		= cfs_kill_sb,
};
MODULE_ALIAS_FS("clusterfs");

static int __init cfs_init(void)
{
	int ret;

	ret = cfs_io_init();
	if (ret)
		return ret;
	ret = cfs_member_init();
	if (ret)
		goto io_exit;
	ret = cfs_tree_init();
	if (ret)
		goto member_exit;
	ret = cfs_netlink_init();
	if (ret)
		goto tree_exit;
	ret = register_filesystem(&cfs_fs_type);
	if (ret)
		goto netlink_exit;
	clusterfs_debug_init();
	return 0;
netlink_exit:
	cfs_netlink_exit();
tree_exit:
	cfs_tree_exit();
member_exit:
	cfs_member_exit();
io_exit:
	cfs_io_exit();
	return ret;
}

static void __exit cfs_exit(void)
{
	clusterfs_debug_exit();
	unregister_filesystem(&cfs_fs_type);
	cfs_netlink_exit();
	cfs_tree_exit();
	cfs_member_exit();
	cfs_io_exit();
}

module_init(cfs_init);
module_exit(cfs_exit);

MODULE_DESCRIPTION("Database of a cluster of virtual I/O servers");
MODULE_LICENSE("GPL");
