// SPDX-License-Identifier: GPL-2.0
/* vpart lu */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"

/* A LU is there at once; this is for a machine that is very busy. */
#define DISK_WAIT_MS	15000

static const struct column columns[] = {
	{ "name", "NAME" }, { "server", "SERVER" }, { "client", "CLIENT" },
	{ "adapter", "ADAPTER" }, { "lun", "LUN" }, { "bytes", "SIZE" }, { "device", "DEVICE" },
	{ "disk", "DISK" }, { "access", "ACCESS" }, { "state", "STATE" }, { NULL, NULL },
};

static struct json_object *to_json(const struct vpart_lu *lu)
{
	struct json_object *o = json_object_new_object();
	char disk[VPART_DISK_SIZE + 8] = "";

	if (lu->disk[0])
		snprintf(disk, sizeof(disk), "/dev/%s", lu->disk);
	put_text(o, "name", lu->name);
	put_uuid(o, lu->uuid);
	put_text(o, "server", lu->server);
	put_text(o, "client", lu->client);
	put_text(o, "adapter", lu->pair);
	if (lu->pair[0])
		put_number(o, "lun", lu->lun);
	else
		json_object_object_add(o, "lun", NULL);
	put_number(o, "bytes", lu->bytes);
	put_text(o, "device", lu->device);
	put_text(o, "identity", lu->identity[0] ? lu->identity : "none");
	put_text(o, "identity_type", vpart_identity_type(lu->identity));
	put_text(o, "backstore", lu->backstore);
	put_text(o, "disk", disk);
	put_bool(o, "remote", lu->remote);
	put_text(o, "access", lu->pair[0] ? vpart_access_name(lu->access) : "");
	put_bool(o, "preferred", lu->preferred);
	put_bool(o, "direct", lu->direct);
	put_number(o, "port", lu->port);
	put_number(o, "group", lu->group_id);
	put_text(o, "state", !lu->pair[0] ? "unmapped" : !lu->active ? "link down" :
		 lu->disk[0] || lu->remote ? "ready" : "no disk");
	return o;
}

static int run_show(struct cmd *c)
{
	struct json_object *rows, *one;
	struct vpart_lu *list;
	size_t i, n;

	if (c->npos ? vpart_lu_paths(c->v, c->pos[0], &list, &n) : vpart_lus(c->v, &list, &n))
		return failed(c);
	rows = json_object_new_array();
	for (i = 0; i < n; i++)
		json_object_array_add(rows, to_json(&list[i]));
	one = c->npos ? to_json(list) : NULL;
	free(list);
	if (!one)
		return print_rows(c, rows, columns);
	/* The first path in full; if it is not the only one, all of them after it. */
	if (n == 1)
		json_object_put(rows);
	else if (c->json)
		json_object_object_add(one, "paths", rows);
	print_one(c, one);
	if (n == 1 || c->json)
		return EXIT_SUCCESS;
	putchar('\n');
	return print_rows(c, rows, columns);
}

static int run_paths(struct cmd *c)
{
	static const struct column path_columns[] = {
		{ "naa", "NAA" }, { "disk", "DISK" }, { "client", "CLIENT" },
		{ "server", "SERVER" }, { "adapter", "ADAPTER" }, { "group", "GROUP" },
		{ "port", "PORT" }, { "access", "ACCESS" }, { "problem", "PROBLEM" },
		{ NULL, NULL },
	};
	char disk[VPART_DISK_SIZE + 8];
	struct json_object *rows, *o;
	struct vpart_path *list;
	size_t i, n;

	if (vpart_paths(c->v, &list, &n))
		return failed(c);
	rows = json_object_new_array();
	for (i = 0; i < n; i++) {
		o = json_object_new_object();
		snprintf(disk, sizeof(disk), "/dev/%s", list[i].disk);
		put_text(o, "naa", list[i].naa);
		put_text(o, "disk", disk);
		put_text(o, "client", list[i].client);
		put_text(o, "server", list[i].server);
		put_text(o, "adapter", list[i].pair);
		put_number(o, "group", list[i].group);
		put_number(o, "port", list[i].port);
		put_text(o, "access", list[i].access);
		put_text(o, "problem", list[i].problem);
		json_object_array_add(rows, o);
	}
	free(list);
	return print_rows(c, rows, path_columns);
}

/* Why the client has no disk yet, and what helps. */
static const char *no_disk(const struct vpart_lu *lu)
{
	if (!lu->active && lu->why == VPART_WHY_NO_CLIENT)
		return ": the client has no driver: modprobe vscsi_host";
	if (!lu->active && lu->why == VPART_WHY_CLIENT_FAILED)
		return ": the client is failed";
	if (!lu->active && lu->why == VPART_WHY_SERVER_FAILED)
		return ": the server is failed";
	if (!lu->active)
		return ": the link is down, see vpart adapter show";
	if (access("/sys/bus/scsi/drivers/sd", F_OK))
		return ": there is no disk driver: modprobe sd_mod";
	return "";
}

static int run_add(struct cmd *c)
{
	struct vpart_lu_spec spec = {
		.name = c->pos[0],
		.device = word(c, "device"),
		.identity = word(c, "identity"),
		.pair = word(c, "adapter"),
		.client = word(c, "client"),
		.server = word(c, "server"),
		.lun = VPART_LUN_ANY,
		.access = VPART_ACCESS_ANY,
		.wait_ms = DISK_WAIT_MS,
	};
	char path[VPART_NAME_SIZE + 32];
	uint8_t id[VPART_UUID_SIZE];
	struct vpart_lu lu;
	int ret = 0;

	if (!spec.device && spec.identity && !strchr(spec.identity, ':'))
		return usage(c, "which device? Give its path, or its identity with a value");
	if (!spec.device && !spec.identity && word(c, "uuid"))
		return usage(c, "which device? A path to a LU that is there has its UUID");
	if (word(c, "access") && vpart_access_parse(word(c, "access"), &spec.access))
		return usage(c, "access is optimized, non-optimized, standby or unavailable");
	if (spec.pair ? spec.client || spec.server : !spec.client || !spec.server)
		return usage(c, "served by whom? Give server and client, or an adapter");
	if (word(c, "lun"))
		ret = to_number(c, word(c, "lun"), "LUN", 0, VPART_LUN_MAX, &spec.lun);
	if (!ret && word(c, "uuid")) {
		ret = uuid(c, word(c, "uuid"), id);
		spec.uuid = id;
	}
	if (ret)
		return ret;
	if (word(c, "--no-wait"))
		spec.wait_ms = 0;
	spec.direct = word(c, "--direct");
	if (vpart_lu_add(c->v, &spec, &lu))
		return failed(c);
	snprintf(path, sizeof(path), "%s, %s", lu.server, vpart_access_name(lu.access));
	if (spec.device || spec.identity)
		snprintf(path, sizeof(path), "%s", lu.server);
	/* Whose first path here has an access has others in another kernel. */
	if ((spec.device || spec.identity) && spec.access != VPART_ACCESS_ANY)
		fprintf(stderr,
			"vpart: LU %s: a server in another kernel that hangs can carry out old writes later: fence it before I/O goes on over another (multipath.rst)\n",
			lu.name);
	if (lu.remote)
		return done(c, to_json(&lu), "LU %s of %s, served by %s, is there for %s in another kernel",
			    lu.name, lu.device, path, lu.client);
	if (!lu.disk[0])
		return done(c, to_json(&lu), "LU %s of %s, served by %s, is no disk of %s yet%s",
			    lu.name, lu.device, path, lu.client, no_disk(&lu));
	return done(c, to_json(&lu), "LU %s of %s, served by %s, is /dev/%s of %s", lu.name,
		    lu.device, path, lu.disk, lu.client);
}

/* Is it about a LU that was before it in the list, over another path? */
static bool again(const struct vpart_lu *list, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++)
		if (!strcmp(list[j].backstore, list[i].backstore) &&
		    !strcmp(list[j].name, list[i].name))
			return true;
	return false;
}

/* Of all LUs on a device: udev says that it has another size, and knows no LUs. */
static int resize_device(struct cmd *c, const char *device, unsigned int wait_ms)
{
	char name[sizeof(((struct vpart_lu *)0)->backstore) + VPART_NAME_SIZE];
	struct json_object *rows;
	struct vpart_lu *list, lu;
	char now[32], was[32];
	int ret = EXIT_SUCCESS;
	uint64_t bytes;
	size_t i, n;

	if (vpart_lus_on(c->v, device, &bytes, &list, &n))
		return failed(c);
	rows = json_object_new_array();
	for (i = 0; i < n; i++) {
		human_bytes(now, sizeof(now), bytes);
		human_bytes(was, sizeof(was), list[i].bytes);
		if (list[i].disk[0] && bytes < list[i].bytes)
			fprintf(stderr, "vpart: LU %s shrinks for %s: /dev/%s has %s, its device %s\n",
				list[i].name, list[i].client, list[i].disk, was, now);
		if (again(list, i))
			continue;
		snprintf(name, sizeof(name), "%s/%s", list[i].backstore, list[i].name);
		/* One that is going away, or slow, is no reason not to tell the others. */
		if (vpart_lu_rescan(c->v, name, wait_ms, &lu))
			ret = failed(c);
		else
			json_object_array_add(rows, to_json(&lu));
	}
	free(list);
	if (n || c->json) {
		print_rows(c, rows, columns);
		return ret;
	}
	json_object_put(rows);
	printf("no LU is on %s\n", device);
	return ret;
}

static int run_resize(struct cmd *c)
{
	const unsigned int wait_ms = word(c, "--no-wait") ? 0 : DISK_WAIT_MS;
	const char *device = word(c, "device");
	struct vpart_lu lu;
	char size[32];

	if (!!device + c->npos != 1)
		return usage(c, "which LU? Give its name, or a device");
	if (device)
		return resize_device(c, device, wait_ms);
	if (vpart_lu_rescan(c->v, c->pos[0], wait_ms, &lu))
		return failed(c);
	human_bytes(size, sizeof(size), lu.bytes);
	if (lu.remote)
		return done(c, to_json(&lu), "%s in another kernel is told to look at LU %s again",
			    lu.client, lu.name);
	if (!lu.disk[0])
		return done(c, to_json(&lu), "LU %s is no disk of %s%s", lu.name, lu.client,
			    no_disk(&lu));
	return done(c, to_json(&lu), "LU %s is /dev/%s of %s: %s", lu.name, lu.disk, lu.client,
		    size);
}

static int run_set(struct cmd *c)
{
	const char *identity = word(c, "identity"), *direct = word(c, "direct");
	const char *how = word(c, "access"), *pair = word(c, "adapter");
	enum vpart_access access;
	struct vpart_lu lu;

	if (!!how + !!identity + !!direct > 1 || (identity && pair))
		return usage(c, "access, identity or direct: one at a time");
	if (identity) {
		if (vpart_lu_set_identity(c->v, c->pos[0], identity, &lu))
			return failed(c);
		return done(c, to_json(&lu), "LU %s of %s is known by its identity %s", lu.name,
			    lu.device, lu.identity);
	}
	if (direct) {
		bool on = !strcmp(direct, "on");

		if (!on && strcmp(direct, "off"))
			return usage(c, "direct is on or off");
		if (vpart_lu_set_direct(c->v, c->pos[0], pair, on, &lu))
			return failed(c);
		return done(c, to_json(&lu), "LU %s is %s at adapter pair %s", lu.name,
			    lu.direct ? "direct" : "not direct", lu.pair);
	}
	if (!how || vpart_access_parse(how, &access))
		return usage(c, "access is optimized, non-optimized, standby or unavailable");
	if (vpart_lu_set_access(c->v, c->pos[0], pair, access, &lu))
		return failed(c);
	return done(c, to_json(&lu), "LU %s is %s over %s (adapter pair %s)", lu.name,
		    vpart_access_name(lu.access), lu.server, lu.pair);
}

static int run_del(struct cmd *c)
{
	const char *pair = word(c, "adapter");
	struct vpart_lu lu, *list;
	size_t n;

	if (vpart_lu_paths(c->v, c->pos[0], &list, &n))
		return failed(c);
	lu = list[0];
	free(list);
	if (pair && vpart_lu_path_find(c->v, c->pos[0], pair, &lu))
		return failed(c);
	if (vpart_lu_del(c->v, c->pos[0], pair, word(c, "--force")))
		return failed(c);
	if (pair && n > 1)
		return done(c, to_json(&lu), "LU %s is no longer at adapter pair %s; paths left: %zu",
			    lu.name, pair, n - 1);
	return done(c, to_json(&lu), "LU %s is gone; %s keeps its data", lu.name, lu.device);
}

static const struct verb verbs[] = {
	{
		.name = "show", .args = "[NAME]", .max = 1, .run = run_show,
		.what = "Show all LUs with device, mapping and the client's disk, or one.",
		.example = "vpart lu show",
	}, {
		.name = "add",
		.args = "NAME server PARTITION client PARTITION|adapter PAIR [device PATH]\n"
			"                    [identity ID] [lun N] [uuid UUID] [access HOW] [--direct]\n"
			"                    [--no-wait]",
		.min = 1, .max = 1, .run = run_add,
		.words = {
			"server=", "client=", "adapter=", "device=", "identity=", "lun=", "uuid=",
			"access=", "--direct", "--no-wait"
		},
		.what = "Serve a block device or a file to a client, which sees a SCSI disk.",
		.more = "Without a device, the LU is there and gets one more path, for multipath.\n\n"
			"  adapter    the pair to use (the one of server and client,\n"
			"             made if there is none)\n"
			"  identity   what the device is found by at the next boot, whatever its name\n"
			"             is then (the best it has): KIND or KIND:VALUE, and a KIND is\n"
			"             dm, md, wwid, serial, file, partuuid, ptuuid, pvuuid or fsuuid;\n"
			"             with a VALUE the device's path may be left away. none: only by\n"
			"             its path and size, which nothing but you can make right\n"
			"  lun        number at that adapter pair, 0 to 16383 (the lowest free one)\n"
			"  uuid       identity of the LU, the disk's serial number (a new one); its\n"
			"             first 25 digits are the disk's WWN, so these must differ\n"
			"  access     how the client should use the paths of this server: optimized,\n"
			"             non-optimized, standby or unavailable (the first server's are\n"
			"             optimized, those of others are not)\n"
			"  --direct   as \"vpart lu set NAME direct on\"\n"
			"  --no-wait  do not wait for the client's disk",
		.example = "vpart lu add d1 server vios1 client client1 device /dev/vdb",
	}, {
		.name = "resize", .args = "NAME|device PATH [--no-wait]", .max = 1,
		.run = run_resize, .words = { "device=", "--no-wait" },
		.what = "Tell the client that a LU has another size, or is mapped otherwise by an ACL.",
		.more = "The device is resized first, with its own tool. Where udev runs, the clients are\n"
			"then told without this, but for a partition. A file's size is fixed while it\n"
			"is served.\n\n"
			"  device     all LUs on this block device, there may be none\n"
			"  --no-wait  do not wait until the client's disk has the new size",
		.example = "vpart lu resize d1",
	}, {
		.name = "paths", .args = "", .run = run_paths,
		.what = "Show the disks of clients in this kernel as paths, with their SCSI numbers.",
		.more = "Disks of one NAA identity are paths to one LU. Those of two servers have two\n"
			"port groups; if they have one, PROBLEM says so.",
		.example = "vpart lu paths",
	}, {
		.name = "set", .args = "NAME [adapter PAIR] access HOW|direct on|off\n"
			"                    NAME identity ID", .min = 1,
		.max = 1, .run = run_set,
		.words = { "adapter=", "access=", "direct=", "identity=" },
		.what = "Say how a client uses the paths to a LU (ALUA), how it is served, or what its\n"
			"device is found by.",
		.more = "  adapter    the pair of one of these paths (the only one)\n"
			"  access     optimized: before all others, so paths of other servers here\n"
			"             become non-optimized; non-optimized: when no better one is left;\n"
			"             standby, unavailable: not\n"
			"  direct     on: the task of the client that reads or writes carries that out\n"
			"             itself, sparing a worker; of block devices, for a client in the\n"
			"             same kernel, from Linux 6.4 on. It waits when the device is full\n"
			"             (off)\n"
			"  identity   KIND, KIND:VALUE or none, see vpart lu add -h",
		.example = "vpart lu set d1 adapter client1-vios2 access optimized",
	}, {
		.name = "del", .args = "NAME [adapter PAIR] [--force]", .min = 1, .max = 1,
		.run = run_del, .words = { "adapter=", "--force" },
		.what = "Serve a LU no longer. The device behind it keeps its data.",
		.more = "Where other tools have made a second LU of that name, NAME is BACKSTORE/NAME.\n\n"
			"  adapter    only the path by this pair; with the last one the LU goes (all)\n"
			"  --force    even if the client uses its disk, whose I/O then fails",
		.example = "vpart lu del d1",
	}, { .name = NULL },
};

const struct noun lu_noun = { "lu", "logical units: devices served as SCSI disks", verbs };
