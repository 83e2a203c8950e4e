/* SPDX-License-Identifier: GPL-2.0 */
/*
 * clusterfs: between role.c and role_record.c.
 */
#ifndef _CLUSTERFS_ROLE_RECORD_H
#define _CLUSTERFS_ROLE_RECORD_H

#include "role.h"

u32 cfs_role_owner(unsigned int type, const struct cfs_disk_record *r);
bool cfs_role_mine(struct cfs_role *role);
u32 cfs_role_waits(struct cfs_role *role);
bool cfs_role_hint_holds(struct cfs_role *role, const struct cfs_role_hint *hint);
int cfs_role_fill_taking(struct cfs_mount *m, struct cfs_txn *t, void *arg);
int cfs_role_fill_active(struct cfs_mount *m, struct cfs_txn *t, void *arg);
int cfs_role_fill_free(struct cfs_mount *m, struct cfs_txn *t, void *arg);

#endif /* _CLUSTERFS_ROLE_RECORD_H */
