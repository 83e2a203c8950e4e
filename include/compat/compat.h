/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Force-included before every file: brings older kernels up to the interfaces
 * of Linux 7.2, for which the source is written. Each shim names the version
 * it stands for. No version test lives anywhere else.
 */
#ifndef _VPART_COMPAT_H
#define _VPART_COMPAT_H

#include <linux/version.h>

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
