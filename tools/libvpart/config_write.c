// SPDX-License-Identifier: LGPL-2.1-or-later
/* A configuration into a file, which is the old one or the new one at any moment */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"

static void put_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static void put_number(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, json_object_new_int64((int64_t)n));
}

static void put_true(struct json_object *o, const char *key, bool on)
{
	if (on)
		json_object_object_add(o, key, json_object_new_boolean(true));
}

static void put_uuid(struct json_object *o, const uint8_t uuid[VPART_UUID_SIZE])
{
	char text[VPART_UUID_TEXT];

	vpart_uuid_format(uuid, text);
	put_text(o, "uuid", text);
}

static struct json_object *list_in(struct json_object *o, const char *key)
{
	struct json_object *list = json_object_new_array();

	json_object_object_add(o, key, list);
	return list;
}

/* A new object at the end of @list. */
static struct json_object *object_in(struct json_object *list)
{
	struct json_object *o = json_object_new_object();

	json_object_array_add(list, o);
	return o;
}

static void put_nodes(struct json_object *top, const struct config *c)
{
	struct json_object *list = list_in(top, "nodes"), *o;
	const struct vpart_node *n;

	config_each(n, &c->nodes) {
		o = object_in(list);
		put_text(o, "name", n->name);
		put_number(o, "id", n->id);
		put_uuid(o, n->uuid);
	}
}

static void put_partitions(struct json_object *top, const struct config *c)
{
	struct json_object *list = list_in(top, "partitions"), *o;
	const struct vpart_partition *p;

	config_each(p, &c->partitions) {
		o = object_in(list);
		put_text(o, "name", p->name);
		put_number(o, "id", p->id);
		put_uuid(o, p->uuid);
		put_text(o, "node", p->node);
		put_text(o, "role", vpart_role_name(p->role));
		put_number(o, "pool", p->pool);
	}
}

static void put_acls(struct json_object *o, const struct config *c, const char *pair)
{
	struct json_object *list = NULL, *luns, *one;
	const struct config_acl *a, *first = c->acls.data;
	const struct config_acl_lun *l;
	const struct config_target *t;

	config_each(t, &c->targets)
		if (!strcmp(t->pair, pair))
			put_true(o, config_target_attribs[t->attrib], true);
	config_each(a, &c->acls) {
		if (strcmp(a->pair, pair))
			continue;
		if (!a->initiator[0]) {
			put_true(o, "only_acls", true);
			continue;
		}
		if (!list)
			list = list_in(o, "acls");
		one = object_in(list);
		put_text(one, "initiator", a->initiator);
		luns = list_in(one, "luns");
		config_each(l, &c->acl_luns) {
			if (l->acl != (size_t)(a - first))
				continue;
			one = object_in(luns);
			put_number(one, "lun", l->seen);
			put_number(one, "of", l->lun);
			put_true(one, "read_only", l->read_only);
		}
	}
}

/* What only a link to another kernel has. */
static void put_link(struct json_object *o, const struct vpart_pair *p)
{
	put_text(o, "side", p->ends == VPART_END_CLIENT ? "client" : "server");
	put_text(o, "address", p->address);
	if (p->key[0])
		put_text(o, "key", p->key);
	put_text(o, "digest", vpart_digest_name(p->digest));
	if (p->poll)
		put_number(o, "poll", p->poll);
	if (p->netns[0])
		put_text(o, "netns", p->netns);
}

/* What a virtual port has of its own; the rest is its parent's. */
static void put_vport(struct json_object *o, const struct config *c, const struct vpart_pair *p)
{
	const struct vpart_pair *parent = config_parent(c, p);
	char text[VPART_PORT_NAME_TEXT];

	vpart_port_name_format(p->port_name, text);
	put_text(o, "parent", p->parent);
	put_text(o, "port_name", text);
	if (p->ends != VPART_END_BOTH)
		put_text(o, "side", p->ends == VPART_END_CLIENT ? "client" : "server");
	if (p->address[0] && (!parent || strcmp(p->address, parent->address)))
		put_text(o, "address", p->address);
	if (p->ends & VPART_END_CLIENT)
		put_number(o, "client_slot", p->client_slot);
	if (p->ends & VPART_END_SERVER)
		put_number(o, "server_slot", p->server_slot);
}

static void put_pair(struct json_object *o, const struct vpart_pair *p)
{
	put_text(o, "client", p->client);
	if (p->ends & VPART_END_CLIENT)
		put_number(o, "client_slot", p->client_slot);
	put_text(o, "server", p->server);
	if (p->ends & VPART_END_SERVER)
		put_number(o, "server_slot", p->server_slot);
	put_text(o, "fabric", p->fabric);
	put_true(o, "copy", p->copy);
	put_number(o, "path_loss", p->path_loss);
	if (p->address[0])
		put_link(o, p);
}

static void put_pairs(struct json_object *top, const struct config *c)
{
	struct json_object *list = list_in(top, "adapters"), *o;
	const struct vpart_pair *p;

	config_each(p, &c->pairs) {
		o = object_in(list);
		put_text(o, "name", p->name);
		put_number(o, "id", p->id);
		if (p->parent[0])
			put_vport(o, c, p);
		else
			put_pair(o, p);
		if (p->ends & VPART_END_SERVER)
			put_acls(o, c, p->name);
	}
}

static void put_device(struct json_object *o, const struct config_device *d)
{
	put_text(o, "device", d->path);
	if (d->id[0])
		put_text(o, "identity", d->id);
	put_text(o, "kind", d->file ? "file" : "block");
	put_number(o, "bytes", d->bytes);
}

static void put_lus(struct json_object *top, const struct config *c)
{
	struct json_object *list = list_in(top, "lus"), *o, *in, *one;
	const struct config_lu *lu, *first = c->lus.data;
	const struct config_attrib *a;
	const struct config_map *m;

	config_each(lu, &c->lus) {
		size_t index = (size_t)(lu - first);

		o = object_in(list);
		put_text(o, "name", lu->name);
		put_uuid(o, lu->uuid);
		put_device(o, &lu->device);
		in = list_in(o, "at");
		config_each(m, &c->maps) {
			if (m->lu != index)
				continue;
			one = object_in(in);
			put_text(one, "adapter", m->pair);
			put_number(one, "lun", m->lun);
			if (m->port)
				put_number(one, "port", m->port);
			if (m->access < VPART_ACCESS_UNKNOWN)
				put_text(one, "access", vpart_access_name(m->access));
			put_true(one, "direct", m->direct);
		}
		in = NULL;
		config_each_attrib(a, c, index) {
			if (!in)
				in = list_in(o, "attributes");
			one = object_in(in);
			put_text(one, "name", a->name);
			put_number(one, "value", a->value);
		}
	}
}

static void put_mirrors(struct json_object *top, const struct config *c)
{
	struct json_object *list = list_in(top, "mirrors"), *o, *legs, *one;
	const struct config_mirror *m;
	int i;

	config_each(m, &c->mirrors) {
		o = object_in(list);
		put_text(o, "name", m->name);
		put_uuid(o, m->uuid);
		put_true(o, "manual_attach", m->manual_attach);
		legs = list_in(o, "legs");
		for (i = 0; i < VPART_MIRROR_LEGS; i++) {
			one = object_in(legs);
			if (m->legs[i].missing)
				put_true(one, "missing", true);
			else if (m->legs[i].lu[0])
				put_text(one, "lu", m->legs[i].lu);
			else
				put_device(one, &m->legs[i].device);
		}
	}
}

static int write_all(int fd, const char *text, size_t len)
{
	ssize_t put;

	while (len) {
		put = write(fd, text, len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put ? -errno : -EIO;
		text += put;
		len -= (size_t)put;
	}
	return 0;
}

/* Replace @file, which lies in @dir, by @text: on the medium when it returns 0. */
static int replace(struct vpart *v, const char *file, const char *dir, const char *text)
{
	char temp[PATH_MAX];
	int dirfd, fd, ret;

	if (vpart_path(temp, sizeof(temp), "%s.XXXXXX", file))
		return vpart_fail(v, ENAMETOOLONG, VPART_CODE_INVALID, "%s: too long", file);
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return vpart_fail(v, errno, VPART_CODE_FAILED, "%s: %s", dir, strerror(errno));
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		ret = -errno;
		goto close_dir;
	}
	ret = write_all(fd, text, strlen(text));
	if (!ret && fsync(fd))
		ret = -errno;
	if (close(fd) && !ret)
		ret = -errno;
	if (!ret && rename(temp, file))
		ret = -errno;
	if (ret)
		unlink(temp);
	else if (fsync(dirfd))
		ret = -errno;
close_dir:
	close(dirfd);
	return ret ? vpart_fail(v, -ret, VPART_CODE_FAILED, "%s: %s", file, strerror(-ret)) : 0;
}

/* Write @c to @file; after a failure the file is as it was. */
int config_write(struct vpart *v, const char *file, const struct config *c)
{
	struct json_object *top = json_object_new_object();
	char copy[PATH_MAX], *dir;
	const char *json;
	struct stat st;
	char *text;
	int ret;

	if (vpart_path(copy, sizeof(copy), "%s", file)) {
		json_object_put(top);
		return vpart_fail(v, ENAMETOOLONG, VPART_CODE_INVALID, "the file's name is too long");
	}
	put_number(top, "vpart_config", CONFIG_VERSION);
	put_nodes(top, c);
	put_partitions(top, c);
	put_pairs(top, c);
	put_lus(top, c);
	put_mirrors(top, c);
	json = json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY |
					      JSON_C_TO_STRING_SPACED |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!json || asprintf(&text, "%s\n", json) < 0) {
		json_object_put(top);
		return vpart_no_memory(v);
	}
	json_object_put(top);
	dir = dirname(copy);
	/* The default's own folder; any other must be there. */
	if (!strcmp(file, VPART_CONFIG_FILE) && mkdir(dir, 0755) && errno != EEXIST)
		ret = vpart_fail(v, errno, VPART_CODE_FAILED, "%s: %s", dir, strerror(errno));
	else if (!lstat(file, &st) && !S_ISREG(st.st_mode))
		ret = vpart_fail(v, EINVAL, VPART_CODE_INVALID, "%s is no regular file", file);
	else
		ret = replace(v, file, dir, text);
	free(text);
	return ret;
}
