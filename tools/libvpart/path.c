// SPDX-License-Identifier: LGPL-2.1-or-later
/* The client's disks as paths: what each says of the port that it came by */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "internal.h"

/* Of a designator in VPD page 0x83 */
#define OF_LU		0
#define OF_PORT		1
#define TYPE_NAA	3
#define TYPE_PORT	4
#define TYPE_GROUP	5

static void read_designator(const unsigned char *d, struct vpart_path *p)
{
	unsigned int of = d[1] >> 4 & 3, type = d[1] & 0xf, len = d[3], i;

	if (of == OF_LU && type == TYPE_NAA && len <= 16)
		for (i = 0; i < len; i++)
			snprintf(p->naa + 2 * i, sizeof(p->naa) - 2 * i, "%02x", d[4 + i]);
	if (of == OF_PORT && type == TYPE_PORT && len == 4)
		p->port = (uint16_t)(d[6] << 8 | d[7]);
	if (of == OF_PORT && type == TYPE_GROUP && len == 4)
		p->group = (uint16_t)(d[6] << 8 | d[7]);
}

/* What the kernel has of VPD page 0x83; the disk is not asked. */
static void read_page(const char *disk, struct vpart_path *p)
{
	unsigned char page[1024];
	char path[128];
	ssize_t got;
	size_t at;
	int fd;

	snprintf(path, sizeof(path), "/sys/class/block/%.31s/device/vpd_pg83", disk);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	got = read(fd, page, sizeof(page));
	close(fd);
	for (at = 4; got > 0 && at + 4 <= (size_t)got && at + 4 + page[at + 3] <= (size_t)got;
	     at += 4 + (size_t)page[at + 3])
		read_designator(page + at, p);
}

static int look(const char *disk, const struct vpart_pair *pairs, size_t n, struct vpart_path *p)
{
	char path[128];
	size_t i;

	snprintf(path, sizeof(path), "/sys/class/block/%.31s/partition", disk);
	if (vpart_exists(path))
		return -ENODEV;
	for (i = 0; i < n; i++)
		if ((pairs[i].ends & VPART_END_CLIENT) && vpart_disk_of_pair(disk, pairs[i].name))
			break;
	if (i == n)
		return -ENODEV;
	memset(p, 0, sizeof(*p));
	vpart_copy(p->disk, sizeof(p->disk), disk);
	vpart_copy(p->pair, sizeof(p->pair), pairs[i].name);
	vpart_copy(p->client, sizeof(p->client), pairs[i].client);
	vpart_copy(p->server, sizeof(p->server), pairs[i].server);
	p->remote = !(pairs[i].ends & VPART_END_SERVER);
	snprintf(path, sizeof(path), "/sys/class/block/%.31s/device/access_state", disk);
	if (vpart_file_read(path, p->access, sizeof(p->access)) < 0)
		p->access[0] = 0;
	read_page(disk, p);
	return 0;
}

/*
 * Servers in one kernel are told apart by its LIO. Of those in two nobody but the
 * client sees that they have one number: it then takes the states of both for one.
 */
static void compare(struct vpart_path *a, const struct vpart_path *b)
{
	if (!a->naa[0] || strcmp(a->naa, b->naa) || (!a->remote && !b->remote))
		return;
	if (strcmp(a->server, b->server) && a->group == b->group)
		snprintf(a->problem, sizeof(a->problem), "server %s has the same port group",
			 b->server);
	else if (a->port == b->port)
		snprintf(a->problem, sizeof(a->problem), "adapter pair %s has the same port",
			 b->pair);
}

/**
 * vpart_paths - the disks of clients in this kernel, and how SCSI tells them apart
 * @v: the handle
 * @list: where they go; free() it
 * @n: its length
 *
 * Return: 0 or a negative errno.
 */
int vpart_paths(struct vpart *v, struct vpart_path **list, size_t *n)
{
	struct vpart_list l = { .size = sizeof(struct vpart_path) };
	struct vpart_path one, *p, *all;
	struct vpart_pair *pairs;
	size_t i, j, npairs, ndisks;
	char **disks;
	int ret;

	ret = vpart_pairs(v, &pairs, &npairs);
	if (ret)
		return ret;
	if (!vpart_disks(&disks, &ndisks)) {
		for (i = 0; i < ndisks; i++) {
			if (look(disks[i], pairs, npairs, &one))
				continue;
			p = vpart_list_add(&l);
			if (p)
				*p = one;
		}
		vpart_dir_free(disks, ndisks);
	}
	free(pairs);
	all = l.data;
	for (i = 0; i < l.n; i++)
		for (j = 0; j < l.n; j++)
			if (i != j && !all[i].problem[0])
				compare(&all[i], &all[j]);
	return vpart_list_done(v, 0, &l, list, n);
}
