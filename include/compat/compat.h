/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Force-included before every file: brings older kernels up to the interfaces
 * of Linux 7.2, for which the source is written. Each shim names the version
 * it stands for. No version test lives anywhere else.
 */
#ifndef _VPART_COMPAT_H
#define _VPART_COMPAT_H

#include <linux/version.h>

#endif /* _VPART_COMPAT_H */
