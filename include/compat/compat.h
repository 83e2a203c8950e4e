/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Force-included before every file: brings older kernels up to the interfaces
 * of Linux 7.2, for which the source is written. Each shim names the version
 * it stands for. No version test lives anywhere else.
 */
#ifndef _VPART_COMPAT_H
#define _VPART_COMPAT_H

#include <linux/version.h>

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
 * the acknowledgement is built, right after the operation, so it would take
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

/*
 * 6.11: stable pages are a feature in the queue limits, set in io_hints;
 * before, a flag of the dm target, set in ctr.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define dm_target_stable_writes(ti)	((void)((ti)->needs_stable_writes = true))
#define limits_stable_writes(limits)	((void)(limits))
#else
#define dm_target_stable_writes(ti)	((void)(ti))
#define limits_stable_writes(limits)	((void)((limits)->features |= BLK_FEAT_STABLE_WRITES))
#endif

#endif /* _VPART_COMPAT_H */
