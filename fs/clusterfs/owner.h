/* SPDX-License-Identifier: GPL-2.0 */
/* clusterfs: owners of LUs and volumes, as the rest of the module sees them. */
#ifndef _CLUSTERFS_OWNER_H
#define _CLUSTERFS_OWNER_H

#include <linux/clusterfs_owner.h>
#include "role.h"

/* Room for the command that ends a wait. */
#define CFS_OWNER_ENDS	320

struct cfs_owner *cfs_owner_add(struct cfs_mount *m, const struct cfs_owner_ops *ops,
				const uuid_t *uuid, void *private, char *why);
bool cfs_owner_status(struct cfs_mount *m, unsigned int type, u64 id, struct cfs_role_status *s);
void cfs_owner_ends(struct cfs_mount *m, const struct cfs_view *view,
		    const struct cfs_disk_record *r, const struct cfs_role_status *s,
		    char buf[CFS_OWNER_ENDS]);
int cfs_owner_move(struct cfs_mount *m, unsigned int type, u64 id, u32 to, char *why);

/* owner_debug.c */
void cfs_owner_debug_init(struct dentry *dir);
void cfs_owner_debug_exit(void);

#endif /* _CLUSTERFS_OWNER_H */
