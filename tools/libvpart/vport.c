// SPDX-License-Identifier: LGPL-2.1-or-later
/* Virtual ports: adapter pairs that hang on another pair and have a port name */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"

#define HEX_DIGITS	"0123456789abcdefABCDEF"

/**
 * vpart_port_name_format - a port name as text
 * @port_name: the name
 * @text: where 16 digits go
 */
void vpart_port_name_format(uint64_t port_name, char text[VPART_PORT_NAME_TEXT])
{
	snprintf(text, VPART_PORT_NAME_TEXT, "%016llx", (unsigned long long)port_name);
}

/**
 * vpart_port_name_parse - the reverse of vpart_port_name_format()
 * @text: 16 hexadecimal digits, perhaps with 0x before them
 * @port_name: where the name goes
 *
 * Return: 0, or -EINVAL: it is no NAA name of 64 bits, which begins with 2, 3 or 5.
 */
int vpart_port_name_parse(const char *text, uint64_t *port_name)
{
	if (!strncmp(text, "0x", 2))
		text += 2;
	if (strlen(text) != VPART_PORT_NAME_TEXT - 1 ||
	    strspn(text, HEX_DIGITS) != VPART_PORT_NAME_TEXT - 1 || !strchr("235", text[0]))
		return -EINVAL;
	*port_name = strtoull(text, NULL, 16);
	return 0;
}

/**
 * vpart_vport_add - make a virtual port
 * @v: the handle
 * @vport: name and parent, and what else is not zero or empty of id, which a port
 *	to another kernel needs, port name, slots, the end that is meant, if both
 *	of the parent's are here and each is a link, and address, for shared memory;
 *	on return what it has become
 *
 * Return: 0 or a negative errno.
 */
int vpart_vport_add(struct vpart *v, struct vpart_pair *vport)
{
	struct nlmsghdr *nlh;
	char what[64];

	if (vpart_check_name(v, "adapter pair", vport->parent))
		return -v->error.err;
	nlh = vpart_pair_about(v, VPART_CMD_ADAPTER_NEW, vport->name);
	if (!nlh)
		return -v->error.err;
	mnl_attr_put_strz(nlh, VPART_A_ADAPTER_PARENT, vport->parent);
	if (vport->id)
		mnl_attr_put_u32(nlh, VPART_A_ADAPTER_ID, vport->id);
	if (vport->port_name)
		mnl_attr_put_u64(nlh, VPART_A_ADAPTER_PORT_NAME, vport->port_name);
	if (vport->client_slot)
		mnl_attr_put_u32(nlh, VPART_A_ADAPTER_CLIENT_SLOT, vport->client_slot);
	if (vport->server_slot)
		mnl_attr_put_u32(nlh, VPART_A_ADAPTER_SERVER_SLOT, vport->server_slot);
	if (vport->ends == VPART_END_CLIENT || vport->ends == VPART_END_SERVER)
		mnl_attr_put_u32(nlh, VPART_A_ADAPTER_SIDE,
				 vport->ends == VPART_END_CLIENT ? VPART_SIDE_CLIENT :
								   VPART_SIDE_SERVER);
	if (vport->address[0])
		mnl_attr_put_strz(nlh, VPART_A_ADAPTER_ADDRESS, vport->address);
	snprintf(what, sizeof(what), "add virtual port %s", vport->name);
	return vpart_nl_run(v, nlh, what, vpart_pair_answer, vport);
}

/* Refuse to take a pair away that has virtual ports at one of @ends. */
int vpart_vport_none(struct vpart *v, const char *parent, unsigned int ends)
{
	struct vpart_pair *list;
	char names[192] = "";
	size_t i, n, len = 0;
	int ret;

	ret = vpart_pairs(v, &list, &n);
	if (ret)
		return ret;
	for (i = 0; i < n; i++) {
		if (strcmp(list[i].parent, parent) || !(list[i].ends & ends) ||
		    len >= sizeof(names))
			continue;
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
					len ? ", " : "", list[i].name);
	}
	free(list);
	if (!len)
		return 0;
	return vpart_fail(v, EBUSY, VPART_CODE_FAILED,
			  "adapter pair %s has virtual ports, delete these first: %s%s", parent,
			  names, len >= sizeof(names) ? "..." : "");
}

/**
 * vpart_vport_disks - the disks that a virtual port brings to this kernel
 * @vport: the virtual port
 * @disks: where their kernel names go; free() it
 * @n: how many; none if only the server's end is here
 *
 * Return: 0 or a negative errno.
 */
int vpart_vport_disks(const struct vpart_pair *vport, char (**disks)[VPART_DISK_SIZE], size_t *n)
{
	struct vpart_link l = {
		.side = vport->ends & VPART_END_CLIENT ? VPART_SIDE_CLIENT : VPART_SIDE_SERVER,
	};

	vpart_copy(l.name, sizeof(l.name), vport->name);
	return vpart_link_disks(&l, disks, n);
}

/* The parent of a virtual port, among the same ends; NULL: there is none. */
const struct vpart_pair *config_parent(const struct config *c, const struct vpart_pair *vport)
{
	const struct vpart_pair *p;

	config_each(p, &c->pairs)
		if (!p->parent[0] && p->ends == vport->ends && !strcmp(p->name, vport->parent))
			return p;
	return NULL;
}

/* What a file says once, of the parent, is true of its virtual ports. */
int config_inherit(struct vpart *v, struct config *c)
{
	const struct vpart_pair *parent;
	struct vpart_pair *p;

	config_each(p, &c->pairs) {
		if (!p->parent[0])
			continue;
		parent = config_parent(c, p);
		if (!parent)
			return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
					  "virtual port %s names parent %s, which is not there, has other ends or is a virtual port itself",
					  p->name, p->parent);
		vpart_copy(p->client, sizeof(p->client), parent->client);
		vpart_copy(p->server, sizeof(p->server), parent->server);
		vpart_copy(p->fabric, sizeof(p->fabric), parent->fabric);
		if (!p->address[0])
			vpart_copy(p->address, sizeof(p->address), parent->address);
		vpart_copy(p->key, sizeof(p->key), parent->key);
		vpart_copy(p->netns, sizeof(p->netns), parent->netns);
		p->digest = parent->digest;
		p->poll = parent->poll;
		p->copy = parent->copy;
		p->path_loss = parent->path_loss;
	}
	return 0;
}
