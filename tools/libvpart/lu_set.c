// SPDX-License-Identifier: LGPL-2.1-or-later
/* Logical units: what can be changed of one that is served */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"

/* Can the client's context be used for it? */
int vpart_lu_check_direct(struct vpart *v, const char *name, const char *backstore,
			  const char *pair, bool here)
{
	if (strncmp(backstore, "iblock_", 7))
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "LU %s is no block device: it cannot be direct", name);
	if (!here)
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "the client of adapter pair %s is in another kernel: LU %s cannot be direct",
				  pair, name);
	return 0;
}

/**
 * vpart_lu_set_identity - say what the device of a LU is known by from now on
 * @v: the handle
 * @name: the LU
 * @identity: KIND, KIND:VALUE or "none"
 * @lu: what has become of it
 *
 * Return: 0 or a negative errno.
 */
int vpart_lu_set_identity(struct vpart *v, const char *name, const char *identity,
			  struct vpart_lu *lu)
{
	char id[VPART_IDENTITY_SIZE];
	int ret;

	ret = vpart_lu_find(v, name, lu);
	if (!ret)
		ret = identity_choose(v, lu->device, identity, id, sizeof(id));
	if (!ret)
		ret = vpart_lio_identity_set(v, lu->backstore, lu->name, id);
	return ret ? ret : vpart_lu_find(v, name, lu);
}

/* What LIO alone has mapped is in no server's group yet. */
static int join_groups(struct vpart *v, struct vpart_lu *list, size_t n)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < n && !ret; i++) {
		struct vpart_lio_path path = {
			.pair = list[i].pair,
			.server = list[i].server,
			.lun = list[i].lun,
			.access = list[i].access,
		};

		if (!list[i].server[0] || !strcmp(list[i].group, list[i].server))
			continue;
		ret = vpart_lio_group_join(v, list[i].backstore, list[i].name, &path);
		vpart_lio_path_read(&list[i], NULL);
	}
	return ret;
}

/**
 * vpart_lu_set_access - say how the client should use the paths of a server
 * @v: the handle
 * @name: the LU
 * @pair: adapter pair of one of its paths; NULL: its only one
 * @access: how that path is to be used, and the others of its server
 * @lu: what has become of that path
 *
 * If it is optimized, the paths of other servers here no longer are.
 *
 * Return: 0 or a negative errno.
 */
int vpart_lu_set_access(struct vpart *v, const char *name, const char *pair,
			enum vpart_access access, struct vpart_lu *lu)
{
	struct vpart_lu *list;
	size_t i, n;
	int ret;

	ret = vpart_lu_path_find(v, name, pair, lu);
	if (!ret && !lu->server[0])
		ret = vpart_fail(v, ENOENT, VPART_CODE_NOT_FOUND,
				 "LU %s: adapter pair %s is gone", name, lu->pair);
	if (!ret)
		ret = vpart_lu_paths(v, name, &list, &n);
	if (ret)
		return ret;
	ret = join_groups(v, list, n);
	/* The new one first: at no time is there none to use. */
	if (!ret)
		ret = vpart_lio_access_set(v, lu->backstore, lu->name, lu->server, access);
	for (i = 0; i < n && !ret && access == VPART_ACCESS_OPTIMIZED; i++)
		if (list[i].server[0] && strcmp(list[i].server, lu->server) &&
		    (list[i].access == VPART_ACCESS_OPTIMIZED || list[i].preferred))
			ret = vpart_lio_access_set(v, lu->backstore, lu->name, list[i].group,
						   VPART_ACCESS_NON_OPTIMIZED);
	for (i = 0; i < n && !ret; i++)
		ret = vpart_lio_rescan(v, list[i].pair, list[i].lun);
	free(list);
	return ret ? ret : vpart_lu_path_find(v, name, lu->pair, lu);
}

/**
 * vpart_lu_set_direct - have READ and WRITE carried out in the client's context, or not
 * @v: the handle
 * @name: the LU
 * @pair: adapter pair of one of its paths; NULL: its only one
 * @on: which
 * @lu: what has become of that path
 *
 * Return: 0 or a negative errno.
 */
int vpart_lu_set_direct(struct vpart *v, const char *name, const char *pair, bool on,
			struct vpart_lu *lu)
{
	int ret = vpart_lu_path_find(v, name, pair, lu);

	if (!ret && on)
		ret = vpart_lu_check_direct(v, name, lu->backstore, lu->pair, !lu->remote);
	if (!ret)
		ret = vpart_lio_direct_set(v, lu->pair, lu->lun, on);
	return ret ? ret : vpart_lu_path_find(v, name, lu->pair, lu);
}
