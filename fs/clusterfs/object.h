/* SPDX-License-Identifier: GPL-2.0 */
/* clusterfs: objects that are made and removed by a request. */
#ifndef _CLUSTERFS_OBJECT_H
#define _CLUSTERFS_OBJECT_H

#include "mount.h"

/**
 * struct cfs_object - an object to be made or removed
 * @type: CFS_CLIENT, CFS_ADAPTER, CFS_LU, CFS_MAP or CFS_VOLUME
 * @id: of the one to be removed, 0: @name says it; then of what was made
 * @name: of the one to be removed, or NULL
 * @uuid: of the one to be made
 * @client: payload of the one to be made, by its type; the owner of a LU or volume is nobody
 * @adapter: ditto
 * @lu: ditto
 * @map: ditto
 * @volume: ditto
 * @wrong: what the refusal is about, CFS_WRONG_*
 */
struct cfs_object {
	u8		type;
	u64		id;
	const char	*name;
	u8		uuid[UUID_SIZE];
	union {
		struct cfs_disk_client	client;
		struct cfs_disk_adapter	adapter;
		struct cfs_disk_lu	lu;
		struct cfs_disk_map	map;
		struct cfs_disk_volume	volume;
	};
	enum {
		CFS_WRONG_NOTHING,
		CFS_WRONG_ID,
		CFS_WRONG_NAME,
		CFS_WRONG_UUID,
		CFS_WRONG_NODE,
		CFS_WRONG_CLIENT,
		CFS_WRONG_ADAPTER,
		CFS_WRONG_PEER,
		CFS_WRONG_SLOT,
		CFS_WRONG_LU,
		CFS_WRONG_LUN,
		CFS_WRONG_VOLUME,
		CFS_WRONG_FLAGS,
		CFS_WRONG_LEG,
	} wrong;
};

/* object.c */
int __must_check cfs_object_add(struct cfs_mount *m, struct cfs_object *o, char *why);
int __must_check cfs_object_del(struct cfs_mount *m, struct cfs_object *o, char *why);
const char *cfs_object_name(const struct cfs_disk_record *r);
bool cfs_object_uses(const struct cfs_disk_record *r, unsigned int type, u64 id);

#endif /* _CLUSTERFS_OBJECT_H */
