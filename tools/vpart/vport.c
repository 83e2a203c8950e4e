// SPDX-License-Identifier: GPL-2.0
/* vpart vport */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"

static const struct column columns[] = {
	{ "name", "NAME" }, { "port_name", "PORT-NAME" }, { "parent", "PARENT" },
	{ "client", "CLIENT" }, { "server", "SERVER" }, { "here", "HERE" }, { "link", "LINK" },
	{ "why", "WHY" }, { "host", "HOST" }, { "disks", "DISKS" }, { NULL, NULL },
};

/* The SCSI host of the client's end, "" without one. */
static void host_of(const struct vpart_pair *p, char *host, size_t size)
{
	char path[64];
	struct dirent *e;
	DIR *dir;

	host[0] = 0;
	snprintf(path, sizeof(path), "/sys/bus/vpart/devices/%s.client", p->name);
	dir = opendir(path);
	while (dir && (e = readdir(dir)))
		if (!strncmp(e->d_name, "host", 4))
			snprintf(host, size, "%.15s", e->d_name);
	if (dir)
		closedir(dir);
}

static struct json_object *to_json(const struct cmd *c, const struct vpart_pair *p)
{
	struct json_object *o = json_object_new_object();
	char text[VPART_PORT_NAME_TEXT], initiator[64], host[16], (*disks)[VPART_DISK_SIZE];
	size_t n;

	vpart_port_name_format(p->port_name, text);
	/* As vscsi_target makes an initiator's name of it. */
	snprintf(initiator, sizeof(initiator), "0x%s%016d", text, 0);
	host_of(p, host, sizeof(host));
	put_text(o, "name", p->name);
	put_number(o, "id", p->id);
	put_text(o, "port_name", text);
	put_text(o, "initiator", initiator);
	put_text(o, "parent", p->parent);
	put_text(o, "client", p->client);
	put_text(o, "server", p->server);
	put_text(o, "here", p->ends == VPART_END_BOTH ? "both" : p->ends == VPART_END_CLIENT ?
		 "client" : "server");
	put_text(o, "fabric", p->fabric);
	put_text(o, "address", p->address);
	put_text(o, "link", vpart_link_state_name(p->link));
	put_text(o, "why", p->link == VPART_LINK_STATE_UP ? "" : vpart_why_name(p->why));
	put_text(o, "problem", p->problem);
	put_number(o, "path_loss", p->path_loss);
	put_text(o, "host", host);
	vpart_vport_disks(p, &disks, &n);
	put_disks(o, disks, n);
	if (!c->json)
		join_disks(o);
	return o;
}

/* The virtual port of the first argument; 0 or an exit code. */
static int find(const struct cmd *c, unsigned int ends, struct vpart_pair *p)
{
	int ret;

	ret = !ends ? vpart_pair_find(c->v, c->pos[0], p) :
	      vpart_pair_find_end(c->v, c->pos[0], ends == VPART_END_CLIENT ?
				  VPART_SIDE_CLIENT : VPART_SIDE_SERVER, p);
	if (ret)
		return failed(c);
	if (p->parent[0])
		return 0;
	fprintf(stderr, "vpart: adapter pair %s is no virtual port\n", c->pos[0]);
	return EXIT_NOT_FOUND;
}

static int run_show(struct cmd *c)
{
	struct vpart_pair *list, one;
	struct json_object *rows;
	unsigned int ends;
	size_t i, n;
	int ret;

	ret = ends_of(c, &ends);
	if (!ret && c->npos)
		ret = find(c, ends, &one);
	if (ret)
		return ret;
	if (c->npos)
		return print_one(c, to_json(c, &one));
	if (vpart_pairs(c->v, &list, &n))
		return failed(c);
	rows = json_object_new_array();
	for (i = 0; i < n; i++)
		if (list[i].parent[0] && (!ends || (list[i].ends & ends)))
			json_object_array_add(rows, to_json(c, &list[i]));
	ret = print_rows(c, rows, columns);
	/* Too long for a column, and what is wanted most. */
	for (i = 0; i < n; i++)
		if (!c->json && list[i].parent[0] && list[i].problem[0] &&
		    (!ends || (list[i].ends & ends)))
			printf("%s: %s\n", list[i].name, list[i].problem);
	free(list);
	return ret;
}

static int options(const struct cmd *c, struct vpart_pair *p)
{
	const char *name = word(c, "port-name"), *address = word(c, "address");
	int ret;

	ret = ends_of(c, &p->ends);
	if (!ret && word(c, "id"))
		ret = to_number(c, word(c, "id"), "id", 1, INT32_MAX, &p->id);
	if (ret)
		return ret;
	if (name && vpart_port_name_parse(name, &p->port_name))
		return usage(c, "'%.40s' is no port name: 16 hexadecimal digits, the first 2, 3 or 5",
			     name);
	if (address && strlen(address) >= sizeof(p->address))
		return usage(c, "'%.40s...' is too long: %zu characters are allowed", address,
			     sizeof(p->address) - 1);
	if (address)
		strcpy(p->address, address);
	return 0;
}

static int run_add(struct cmd *c)
{
	char text[VPART_PORT_NAME_TEXT];
	struct vpart_pair p = { .id = 0 };
	int ret;

	ret = copy_name(c, "name", c->pos[0], p.name);
	if (!ret)
		ret = copy_name(c, "parent", word(c, "parent"), p.parent);
	if (!ret)
		ret = options(c, &p);
	if (ret)
		return ret;
	if (vpart_vport_add(c->v, &p))
		return failed(c);
	vpart_port_name_format(p.port_name, text);
	return done(c, to_json(c, &p), "virtual port %s of adapter pair %s has the port name %s",
		    p.name, p.parent, text);
}

static int run_del(struct cmd *c)
{
	struct vpart_pair p;
	unsigned int ends;
	int ret;

	ret = ends_of(c, &ends);
	if (!ret)
		ret = find(c, ends, &p);
	if (ret)
		return ret;
	ret = ends ? vpart_link_del(c->v, p.name, ends, word(c, "--force")) :
		     vpart_pair_del(c->v, p.name, word(c, "--force"));
	if (ret)
		return failed(c);
	return done(c, to_json(c, &p), "virtual port %s is gone", p.name);
}

static const struct verb verbs[] = {
	{
		.name = "show", .args = "[NAME] [side client|server]", .max = 1, .run = run_show,
		.words = { "side=" },
		.what = "Show all virtual ports, or all that is known of one.",
		.more = "  side       the end that is meant, if a link leaves this kernel and comes back\n\n"
			"Host and disks are the client's, here; initiator is the name of the port for an\n"
			"ACL of the server's target.",
		.example = "vpart vport show web1",
	}, {
		.name = "add",
		.args = "NAME parent ADAPTER [port-name HEX] [id N] [side client|server]\n"
			"        [address ADDRESS]",
		.min = 1, .max = 1, .run = run_add,
		.words = { "parent=", "port-name=", "id=", "side=", "address=" },
		.what = "Make a virtual port: a SCSI host of its own over the way that a pair has.",
		.more = "LUs are mapped to it as to an adapter: vpart lu add ... adapter NAME.\n\n"
			"  parent     the adapter pair or link whose partitions, address, key and path\n"
			"             loss it has\n"
			"  port-name  16 hexadecimal digits, an NAA name; without it one is made\n"
			"  id         of one whose parent is a link: as NAME and port-name the same at\n"
			"             both ends. The server's end is the grant: without it, or with\n"
			"             another port name, the client is refused\n"
			"  side       the end that is meant, if both of the link are here\n"
			"  address    of its own, where the parent is shared memory",
		.example = "vpart vport add web1 parent client1-vios1",
	}, {
		.name = "del", .args = "NAME [side client|server] [--force]", .min = 1, .max = 1,
		.run = run_del, .words = { "side=", "--force" },
		.what = "Delete a virtual port: its ends that are here.",
		.more = "  side       only this end, if both are here\n"
			"  --force    even if it serves LUs or its disks are used: their I/O fails",
		.example = "vpart vport del web1",
	}, { .name = NULL },
};

const struct noun vport_noun = { "vport", "virtual ports: SCSI hosts with a port name", verbs };
