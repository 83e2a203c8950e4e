// SPDX-License-Identifier: LGPL-2.1-or-later
/* Adapter pairs and links go: what still uses them, and in which order */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"

/* Is a disk of the client's end held by someone? @lus: to name it by its LU. */
static int check_disks(struct vpart *v, const char *name, const struct vpart_lu *lus, size_t n)
{
	const struct vpart_lu *lu;
	struct vpart_block b;
	char path[64], by[1100], **disks;
	size_t ndisks, i, j;
	int ret = 0;

	if (vpart_disks(&disks, &ndisks))
		return 0;
	for (i = 0; i < ndisks && !ret; i++) {
		snprintf(path, sizeof(path), "/dev/%.31s", disks[i]);
		if (!vpart_disk_of_pair(disks[i], name) || vpart_block_find(v, path, &b) ||
		    !vpart_block_busy(&b, by, sizeof(by)))
			continue;
		lu = NULL;
		for (j = 0; j < n; j++)
			if (!strcmp(lus[j].disk, disks[i]))
				lu = &lus[j];
		if (lu)
			ret = vpart_fail(v, EBUSY, VPART_CODE_FAILED,
					 "adapter pair %s is in use: the disk %s of %s (LU %s) is %s",
					 name, path, lu->client, lu->name, by);
		else
			ret = vpart_fail(v, EBUSY, VPART_CODE_FAILED,
					 "adapter pair %s is in use: its disk %s is %s", name, path,
					 by);
	}
	vpart_dir_free(disks, ndisks);
	return ret;
}

/* Does someone need what shall go: a disk of the client, a LU of the server? */
static int check_unused(struct vpart *v, const char *name, unsigned int ends)
{
	struct vpart_lu *lus;
	size_t i, n;
	int ret;

	ret = vpart_lus(v, &lus, &n);
	if (ret)
		return ret;
	/* Without the server's end the disks of a client that is here fail too. */
	ret = check_disks(v, name, lus, n);
	for (i = 0; i < n && !ret; i++)
		if ((ends & VPART_END_SERVER) && !strcmp(lus[i].pair, name))
			ret = vpart_fail(v, EBUSY, VPART_CODE_FAILED,
					 "adapter pair %s still serves LU %s: delete that first, or say --force",
					 name, lus[i].name);
	free(lus);
	return ret;
}

/* Take every LU away from the pair; one with other paths stays at these. */
static int drop_lus(struct vpart *v, const char *name)
{
	char lu[sizeof(((struct vpart_lu *)0)->backstore) + VPART_NAME_SIZE];
	struct vpart_lu *list;
	size_t i, n;
	int ret;

	ret = vpart_lus(v, &list, &n);
	if (ret)
		return ret;
	for (i = 0; i < n && !ret; i++) {
		if (strcmp(list[i].pair, name))
			continue;
		snprintf(lu, sizeof(lu), "%s/%s", list[i].backstore, list[i].name);
		ret = vpart_lu_del(v, lu, name, true);
	}
	free(list);
	return ret;
}

/* Delete both ends of a pair, or with @apart the one at @side. */
static int del(struct vpart *v, const char *name, bool apart, enum vpart_side side)
{
	struct nlmsghdr *nlh = vpart_pair_about(v, VPART_CMD_ADAPTER_DEL, name);
	char what[96];

	if (!nlh)
		return -v->error.err;
	if (apart)
		mnl_attr_put_u32(nlh, VPART_A_ADAPTER_SIDE, side);
	if (apart)
		snprintf(what, sizeof(what), "delete the %s's end of adapter pair %s",
			 vpart_side_name(side), name);
	else
		snprintf(what, sizeof(what), "delete adapter pair %s", name);
	return vpart_nl_run(v, nlh, what, NULL, NULL);
}

/**
 * struct found - what there is of a pair in this kernel
 * @ends: VPART_END_* that are here
 * @apart: each is the end of a link, to be deleted by itself
 */
struct found {
	unsigned int	ends;
	bool		apart;
};

static int find(struct vpart *v, const char *name, struct found *f)
{
	struct vpart_pair pair;
	int ret;

	f->ends = 0;
	ret = vpart_pair_find_end(v, name, VPART_SIDE_CLIENT, &pair);
	if (!ret)
		f->ends = pair.ends;
	f->apart = f->ends != VPART_END_BOTH;
	if ((ret && ret != -ENOENT) || !f->apart)
		return ret;
	ret = vpart_pair_find_end(v, name, VPART_SIDE_SERVER, &pair);
	if (!ret)
		f->ends |= VPART_END_SERVER;
	return ret == -ENOENT && f->ends ? 0 : ret;
}

/*
 * The client goes before the server: its I/O ends by its own doing, not by the
 * loss of the other end, for which it would wait.
 */
static int del_ends(struct vpart *v, const char *name, const struct found *f, unsigned int ends,
		    bool force)
{
	int ret = 0;

	if (f->apart && (ends & VPART_END_CLIENT))
		ret = del(v, name, true, VPART_SIDE_CLIENT);
	if (ret || !(ends & VPART_END_SERVER))
		return ret;
	if (force)
		ret = drop_lus(v, name);
	if (ret)
		return ret;
	vpart_lio_acls_drop(name);
	vpart_lio_pair_drop(name);
	return del(v, name, f->apart, VPART_SIDE_SERVER);
}

/**
 * vpart_pair_del - take an adapter pair away, with all of its ends that are here
 * @v: the handle
 * @name: its name
 * @force: even with LUs mapped and disks in use: their I/O fails
 *
 * Return: 0 or a negative errno.
 */
int vpart_pair_del(struct vpart *v, const char *name, bool force)
{
	struct found f;
	int ret;

	ret = find(v, name, &f);
	if (!ret)
		ret = vpart_vport_none(v, name, f.ends);
	if (!ret && !force)
		ret = check_unused(v, name, f.ends);
	return ret ? ret : del_ends(v, name, &f, f.ends, force);
}

/**
 * vpart_link_del - take a link to another kernel away
 * @v: the handle
 * @name: name of its adapter pair
 * @ends: VPART_END_* to take away; 0: those that are here
 * @force: even with LUs mapped and disks in use: their I/O fails
 *
 * Return: 0 or a negative errno.
 */
int vpart_link_del(struct vpart *v, const char *name, unsigned int ends, bool force)
{
	struct found f;
	int ret;

	ret = find(v, name, &f);
	if (ret)
		return ret;
	if (!f.apart)
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "adapter pair %s is no link, both its ends are here: vpart adapter del %s",
				  name, name);
	if (ends & ~f.ends)
		return vpart_fail(v, ENOENT, VPART_CODE_NOT_FOUND,
				  "the %s's end of link %s is not in this kernel",
				  ends & ~f.ends & VPART_END_CLIENT ? "client" : "server", name);
	if (!ends)
		ends = f.ends;
	ret = vpart_vport_none(v, name, ends);
	if (!ret && !force)
		ret = check_unused(v, name, ends);
	return ret ? ret : del_ends(v, name, &f, ends, force);
}
