// SPDX-License-Identifier: LGPL-2.1-or-later
/* What exists, as a configuration: for saving it, and for comparing a file with it */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"

/* Hand a list of the library over to the configuration. */
static void take(struct vpart_list *l, void *list, size_t n)
{
	l->data = list;
	l->n = n;
	l->room = n;
}

static struct config_lu *lu_named(const struct config *c, const char *name)
{
	struct config_lu *lu;

	config_each(lu, &c->lus)
		if (!strcmp(lu->name, name))
			return lu;
	return NULL;
}

/* A file knows a LU by its name: two of one name, of other tools, are too many. */
static int check_alone(struct vpart *v, const struct vpart_lu *lu, const struct vpart_lu *list,
		       size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].pair[0] && !strcmp(list[i].name, lu->name) &&
		    strcmp(list[i].backstore, lu->backstore))
			return vpart_fail(v, ENOTUNIQ, VPART_CODE_FAILED,
					  "LU %s is there twice: %s/%s and %s/%s", lu->name,
					  list[i].backstore, lu->name, lu->backstore, lu->name);
	return 0;
}

/* LUs that are at an adapter pair; other backstores are other people's. */
static int look_lus(struct vpart *v, struct config *c)
{
	struct vpart_lu *list, *from;
	struct config_map *map;
	struct config_lu *lu;
	size_t i, n;
	int ret;

	ret = vpart_lus(v, &list, &n);
	if (ret)
		return ret;
	for (i = 0; i < n && !ret; i++) {
		from = &list[i];
		if (!from->pair[0])
			continue;
		ret = check_alone(v, from, list, i);
		if (ret)
			break;
		lu = lu_named(c, from->name);
		if (!lu) {
			if (!from->uuid_valid) {
				ret = vpart_fail(v, EINVAL, VPART_CODE_FAILED,
						 "LU %s has no UUID as its serial number, so it cannot be known again: set wwn/vpd_unit_serial of its backstore",
						 from->name);
				break;
			}
			lu = vpart_list_add(&c->lus);
			if (!lu)
				break;
			vpart_copy(lu->name, sizeof(lu->name), from->name);
			memcpy(lu->uuid, from->uuid, sizeof(lu->uuid));
			ret = from->device[0] ? config_device_look(v, from->device, &lu->device) :
			      vpart_fail(v, ENODEV, VPART_CODE_FAILED,
					 "LU %s: nobody can tell what it is on: set udev_path of its backstore %s",
					 from->name, from->backstore);
			if (ret)
				break;
			lu->recorded = from->recorded && !lu->device.file;
			if (lu->recorded)
				vpart_copy(lu->device.id, sizeof(lu->device.id), from->identity);
			vpart_lio_attribs_read(from->backstore, from->name, c->lus.n - 1,
					       &c->attribs);
		}
		map = vpart_list_add(&c->maps);
		if (!map)
			break;
		map->lu = (size_t)(lu - (struct config_lu *)c->lus.data);
		vpart_copy(map->pair, sizeof(map->pair), from->pair);
		map->lun = from->lun;
		map->port = from->port;
		map->access = from->access;
		map->direct = from->direct;
	}
	free(list);
	return ret;
}

static int look_leg(struct vpart *v, const struct vpart_leg *from, struct config_leg *leg)
{
	char path[64];

	vpart_copy(leg->lu, sizeof(leg->lu), from->lu);
	if (leg->lu[0])
		return 0;
	if (!from->disk[0])
		return -ENODEV;
	snprintf(path, sizeof(path), "/dev/%s", from->disk);
	return config_device_look(v, path, &leg->device);
}

static int look_mirrors(struct vpart *v, struct config *c)
{
	struct vpart_dm_info info;
	struct vpart_mirror *list;
	struct config_mirror *m;
	size_t i, n;
	int leg, ret;

	/* Without the module there are none. */
	ret = vpart_dm_check(v);
	if (ret == -ENOENT)
		return 0;
	if (!ret)
		ret = vpart_mirrors(v, &list, &n);
	if (ret)
		return ret;
	for (i = 0; i < n && !ret; i++) {
		m = vpart_list_add(&c->mirrors);
		if (!m)
			break;
		vpart_copy(m->name, sizeof(m->name), list[i].name);
		ret = vpart_dm_info(v, list[i].name, true, &info);
		if (ret)
			break;
		m->manual_attach = strstr(info.params, " manual_attach");
		/* The table begins with it; dmsetup may have given no dm uuid. */
		info.params[strcspn(info.params, " ")] = 0;
		if (vpart_uuid_parse(info.params, m->uuid))
			ret = vpart_fail(v, EPROTO, VPART_CODE_FAILED,
					 "mirror %s: its table begins with no UUID", m->name);
		for (leg = 0; leg < VPART_MIRROR_LEGS && !ret; leg++)
			m->legs[leg].missing = look_leg(v, &list[i].legs[leg], &m->legs[leg]);
	}
	free(list);
	return ret;
}

/* What a link has that its adapter pair does not tell. */
static int look_links(struct vpart *v, struct config *c)
{
	const struct vpart_link *l;
	struct vpart_pair *p;
	struct vpart_link *list;
	int ret = 0;
	size_t n;

	config_each(p, &c->pairs)
		if (p->address[0])
			break;
	if (p == (struct vpart_pair *)c->pairs.data + c->pairs.n)
		return 0;
	ret = vpart_links(v, &list, &n);
	if (ret)
		return ret;
	for (l = list; l < list + n && !ret; l++) {
		config_each(p, &c->pairs) {
			if (strcmp(p->name, l->name) || p->ends != VPART_END(l->side))
				continue;
			if (vpart_netns_name(l->netns, p->netns))
				ret = vpart_fail(v, ENOENT, VPART_CODE_FAILED,
						 "link %s belongs to a network namespace without a name (ip netns attach), so it cannot be known again",
						 p->name);
		}
	}
	free(list);
	return ret;
}

/* Fill @c, which config_init() made, with what exists. */
int config_look(struct vpart *v, struct config *c)
{
	const struct vpart_pair *p;
	void *list;
	size_t n;
	int ret;

	ret = vpart_nodes(v, (struct vpart_node **)&list, &n);
	if (ret)
		return ret;
	take(&c->nodes, list, n);
	ret = vpart_partitions(v, (struct vpart_partition **)&list, &n);
	if (ret)
		return ret;
	take(&c->partitions, list, n);
	ret = vpart_pairs(v, (struct vpart_pair **)&list, &n);
	if (ret)
		return ret;
	take(&c->pairs, list, n);
	config_each(p, &c->pairs) {
		if (!(p->ends & VPART_END_SERVER))
			continue;
		vpart_lio_target_read(p->name, c);
		vpart_lio_acls_read(p->name, c);
	}
	ret = look_links(v, c);
	if (!ret)
		ret = look_lus(v, c);
	if (!ret)
		ret = look_mirrors(v, c);
	if (!ret && (c->lus.oom || c->maps.oom || c->attribs.oom || c->targets.oom ||
		     c->acls.oom || c->acl_luns.oom || c->mirrors.oom))
		ret = vpart_no_memory(v);
	return ret;
}
