/* SPDX-License-Identifier: GPL-2.0 */
/* What stands for libvpart's netlink (--wrap) */
#ifndef STUCK_LAB_H
#define STUCK_LAB_H

#include "internal.h"

struct nlmsghdr *__wrap_vpart_nl_start(struct vpart *v, uint8_t cmd, uint16_t flags);
int __wrap_vpart_nl_run(struct vpart *v, struct nlmsghdr *nlh, const char *what, vpart_nl_cb cb,
			void *arg);

#endif /* STUCK_LAB_H */
