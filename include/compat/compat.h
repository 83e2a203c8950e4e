/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Force-included before every file: brings older kernels up to the interfaces
 * of Linux 7.2, for which the source is written. Each shim names the version
 * it stands for. No version test lives anywhere else.
 */
#ifndef _VPART_COMPAT_H
#define _VPART_COMPAT_H

#include <linux/version.h>

/* 6.12: moved from asm/ */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#include <asm/unaligned.h>
#else
#include <linux/unaligned.h>
#endif

/* 6.17: per-CPU workqueues are asked for */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#ifndef WQ_PERCPU
#define WQ_PERCPU 0
#endif
#endif

/* 6.5: how a block device is opened is a type of its own */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define BLK_OPEN_READ FMODE_READ
#define BLK_OPEN_WRITE FMODE_WRITE
#endif

/* 6.9: block devices are opened as files */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
#define bdev_file_open_by_dev(devt, mode, holder, ops) \
	((struct file *)blkdev_get_by_dev(devt, mode, holder))
#define file_bdev(file) ((struct block_device *)(file))
#define bdev_fput(file) blkdev_put(file_bdev(file), FMODE_READ)
#define bdev_file_open_by_path(path, mode, holder, ops) \
	((struct file *)blkdev_get_by_path(path, (mode) | FMODE_EXCL, holder))
#define bdev_close_held(file, mode) blkdev_put(file_bdev(file), (mode) | FMODE_EXCL)
#else
#define bdev_close_held(file, mode) bdev_fput(file)
#endif

/* 6.4: the timer's answer is SCSI's own */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define scsi_timeout_action blk_eh_timer_return
#define SCSI_EH_RESET_TIMER BLK_EH_RESET_TIMER
#endif

/* 6.4: queuecommand() may sleep, where a host says so before it is added */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define shost_may_block(shost) ((void)(shost), false)
#define VSCSI_HAS_DIRECT false
#else
#define shost_may_block(shost) ((shost)->queuecommand_may_block = true)
#define VSCSI_HAS_DIRECT true
#endif

/* 6.9: a plug holds a time, and a flag of its task says so */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
#define blk_plug_invalidate_ts() do { } while (0)
#endif

/* 6.13, and some 6.12: a list of requests is a struct, that begins with what it was */
#define plug_has_requests(plug) (*(struct request **)&(plug)->mq_list)

/* 6.18: how a lockspace is left has names */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#define DLM_RELEASE_NORMAL 2
#endif

/* 6.14: names of the device callbacks */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
#define sdev_init slave_alloc
#define sdev_destroy slave_destroy
#define sdev_configure device_configure
#endif

/* 6.10: the queue's limits are passed to the callback that configures a device */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define DEFINE_SDEV_CONFIGURE(fn)						\
static int fn##_compat(struct scsi_device *sdev)				\
{										\
	struct queue_limits lim = sdev->request_queue->limits;			\
	int ret = fn(sdev, &lim);						\
										\
	blk_queue_update_dma_alignment(sdev->request_queue, lim.dma_alignment);	\
	return ret;								\
}
#define SDEV_CONFIGURE(fn) .slave_configure = fn##_compat
#define sdev_stable_writes(sdev, lim) \
	((void)(lim), blk_queue_flag_set(QUEUE_FLAG_STABLE_WRITES, (sdev)->request_queue))
#else
#define DEFINE_SDEV_CONFIGURE(fn)
#define SDEV_CONFIGURE(fn) .sdev_configure = fn
#define sdev_stable_writes(sdev, lim) ((void)((lim)->features |= BLK_FEAT_STABLE_WRITES))
#endif

/* 6.7: target_submit() works in the caller's context only where that is asked for */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define FABRIC_SUBMITS_DIRECTLY
#else
#define FABRIC_SUBMITS_DIRECTLY		\
	.direct_submit_supp = 1,	\
	.default_submit_type = TARGET_DIRECT_SUBMIT,
#endif

/*
 * 7.1: LIO ends a good command in the context in which its device does, where that is
 * asked for; Kbuild looks for it. Before, always in a worker.
 */
#ifdef COMPAT_QUEUED_COMPLETION
#define FABRIC_COMPLETES_DIRECTLY
#else
#define FABRIC_COMPLETES_DIRECTLY	\
	.direct_compl_supp = 1,		\
	.default_compl_type = TARGET_DIRECT_COMPL,
#endif

/* A fix of 2026, in 7.2 and in some 6.1 and 6.12: Kbuild looks for it */
#ifdef COMPAT_POST_UNLINK
struct se_portal_group;
struct se_lun;
void compat_post_unlink(struct se_portal_group *tpg, struct se_lun *lun,
			void (*fn)(struct se_portal_group *tpg, struct se_lun *lun));
#define DEFINE_POST_UNLINK(fn)							\
static void fn##_compat(struct se_portal_group *tpg, struct se_lun *lun)	\
{										\
	compat_post_unlink(tpg, lun, fn);					\
}
#define POST_UNLINK(fn) .fabric_pre_unlink = fn##_compat
#else
#define DEFINE_POST_UNLINK(fn)
#define POST_UNLINK(fn) .fabric_post_unlink = fn
#endif

/*
 * 6.4: a relative target port id is the portal group's; LIO has it set in tpgt_1/rtpi
 * and keeps it unique. Before, it numbers each device's LUNs as they come.
 */
#ifdef COMPAT_RTPI
struct configfs_attribute;
struct se_portal_group;
struct se_lun;
extern struct configfs_attribute compat_rtpi_attr;
int tpg_rtpi_new(struct se_portal_group *tpg, unsigned short rtpi);
void tpg_rtpi_free(struct se_portal_group *tpg);
unsigned short tpg_rtpi(struct se_portal_group *tpg);
int tpg_rtpi_enable(struct se_portal_group *tpg);
void tpg_rtpi_disable(struct se_portal_group *tpg);
void tpg_rtpi_lun(struct se_portal_group *tpg, struct se_lun *lun);
#define TPG_RTPI_ATTR &compat_rtpi_attr,
#else
#define tpg_rtpi_new(tpg, rtpi) ((tpg)->tpg_rtpi = (rtpi), (tpg)->rtpi_manual = true, 0)
#define tpg_rtpi_free(tpg) ((void)(tpg))
#define tpg_rtpi(tpg) ((tpg)->tpg_rtpi)
#define tpg_rtpi_enable(tpg) ((void)(tpg), 0)
#define tpg_rtpi_disable(tpg) ((void)(tpg))
#define tpg_rtpi_lun(tpg, lun) ((void)(tpg), (void)(lun))
#define TPG_RTPI_ATTR
#endif

/* 6.19: queuecommand() has a type of its own */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
typedef int vscsi_qc_status;
#else
typedef enum scsi_qc_status vscsi_qc_status;
#endif

/* 6.3: struct bus_type.uevent takes a const device */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define compat_uevent_const	const
#else
#define compat_uevent_const
#endif

/* 6.11: struct bus_type.match takes a const driver */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define compat_match_const	const
#else
#define compat_match_const
#endif

/*
 * 6.3: struct netlink_ext_ack has room for a formatted message. Before, only a
 * pointer: messages rotate through a few buffers per file. One is read when
 * the answer is built, right after the operation, so it would take
 * COMPAT_EXTACK_BUFS refusals by other tasks in between to mix up two texts.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define COMPAT_EXTACK_LEN	80
#define COMPAT_EXTACK_BUFS	64
static __maybe_unused char compat_extack_buf[COMPAT_EXTACK_BUFS][COMPAT_EXTACK_LEN];
static __maybe_unused unsigned int compat_extack_next;
#define NL_SET_ERR_MSG_FMT(extack, fmt, args...) do {			\
	struct netlink_ext_ack *__extack = (extack);			\
	char *__buf;							\
									\
	if (__extack) {							\
		/* No atomic.h here: files set pr_fmt() before including */ \
		__buf = compat_extack_buf[__atomic_add_fetch(		\
				&compat_extack_next, 1,			\
				__ATOMIC_RELAXED) % COMPAT_EXTACK_BUFS];	\
		scnprintf(__buf, COMPAT_EXTACK_LEN, fmt, ##args);	\
		__extack->_msg = __buf;					\
	}								\
} while (0)
#define NL_SET_ERR_MSG_ATTR_FMT(extack, attr, fmt, args...) do {	\
	struct netlink_ext_ack *__ea = (extack);			\
									\
	NL_SET_ERR_MSG_FMT(__ea, fmt, ##args);				\
	NL_SET_BAD_ATTR(__ea, attr);					\
} while (0)
#endif

/* 6.6: what a dump was asked with is in struct genl_info */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define genl_info_dump(cb)	genl_dumpit_info(cb)
#endif

/* 6.7: one call sets all times of a new inode */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define simple_inode_init_ts(inode) do {					\
	struct inode *__inode = (inode);					\
										\
	__inode->i_ctime = current_time(__inode);				\
	__inode->i_mtime = __inode->i_ctime;					\
	__inode->i_atime = __inode->i_ctime;					\
} while (0)
#endif

/* 6.14: d_revalidate() is told folder and name */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
#define compat_d_revalidate_args(dentry, flags)	struct dentry *dentry, unsigned int flags
#else
#define compat_d_revalidate_args(dentry, flags)			\
	struct inode *dir, const struct qstr *name,		\
	struct dentry *dentry, unsigned int flags
#endif

/* 6.17: dentry operations of all of a superblock are set by a call */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define set_default_d_op(sb, ops)	((void)((sb)->s_d_op = (ops)))
#endif

/* 6.18: an inode that is dropped when nobody uses it any more */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#define inode_just_drop	generic_delete_inode
#endif

/* 6.19: an address of any length has a type of its own */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define sockaddr_unsized	sockaddr
#endif

/*
 * 6.2, and some 6.1: that a socket does not use the task's page fragment is said in
 * a field of its own, Kbuild looks for it. Before, sk_allocation without __GFP_FS
 * says so.
 */
#ifdef COMPAT_TASK_FRAG
#define sock_no_task_frag(sk)	((void)(sk))
#else
#define sock_no_task_frag(sk)	((void)((sk)->sk_use_task_frag = false))
#endif

/*
 * 6.5: pages are spliced into a socket by a flag of sock_sendmsg(). Before, the
 * flag is ignored where it exists, and a page at a time goes its own way.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define sock_splice_bvec(sock, msg, bv)						\
	kernel_sendpage(sock, (bv)->bv_page, (bv)->bv_offset, (bv)->bv_len,	\
			(msg)->msg_flags)
#else
#define sock_splice_bvec(sock, msg, bv)						\
	((msg)->msg_flags |= MSG_SPLICE_PAGES, sock_sendmsg(sock, msg))
#endif

/*
 * 6.11: stable pages are a feature in the queue limits, set in io_hints. Before, a
 * flag of the dm target, set in ctr, which some 6.1 got late: Kbuild looks for it.
 * Without that, dm asks the devices below alone, and clears the queue's flag if none
 * has it; so it is set in preresume, before the first bio.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define dm_target_stable_writes(ti)	((void)(ti))
#define dm_resume_stable_writes(ti)	((void)(ti))
#define limits_stable_writes(limits)	((void)((limits)->features |= BLK_FEAT_STABLE_WRITES))
#elif defined(COMPAT_DM_STABLE)
#define dm_target_stable_writes(ti)	((void)(ti))
#define dm_resume_stable_writes(ti)						\
	blk_queue_flag_set(QUEUE_FLAG_STABLE_WRITES,				\
			   dm_disk(dm_table_get_md((ti)->table))->queue)
#define limits_stable_writes(limits)	((void)(limits))
#else
#define dm_target_stable_writes(ti)	((void)((ti)->needs_stable_writes = true))
#define dm_resume_stable_writes(ti)	((void)(ti))
#define limits_stable_writes(limits)	((void)(limits))
#endif

/*
 * 6.11: that a queue can be polled is a feature in its limits, which dm inherits. Before,
 * polled bios ask for NOWAIT too, and dm refuses them where a target does not know that.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define limits_not_polled(limits)	((void)(limits))
#else
#define limits_not_polled(limits)	((void)((limits)->features &= ~BLK_FEAT_POLL))
#endif

#endif /* _VPART_COMPAT_H */
