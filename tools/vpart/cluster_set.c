// SPDX-License-Identifier: GPL-2.0
/* vpart cluster: what changes the database */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cluster.h"

static int to_u64(const struct cmd *c, const char *text, const char *what, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno)
		return usage(c, "'%s' is no %s", text, what);
	return 0;
}

/* An object that a word names, 0 if it is not given. */
static int named(const struct cmd *c, const char *name, enum vpart_cluster_type type, uint64_t *id)
{
	return word(c, name) ? cluster_id(c, type, word(c, name), id) : 0;
}

/* A word may be given for these types only. */
static int only(const struct cmd *c, const char *name, enum vpart_cluster_type type,
		enum vpart_cluster_type a, enum vpart_cluster_type b)
{
	if (!word(c, name) || type == a || type == b)
		return 0;
	return usage(c, "a %s has no %s", vpart_cluster_type_name(type), name);
}

static int check_words(const struct cmd *c, enum vpart_cluster_type type)
{
	static const struct {
		const char		*name;
		enum vpart_cluster_type	a, b;
	} of[] = {
		{ "node", VPART_CLUSTER_ADAPTER, VPART_CLUSTER_ADAPTER },
		{ "client", VPART_CLUSTER_ADAPTER, VPART_CLUSTER_ADAPTER },
		{ "slot", VPART_CLUSTER_ADAPTER, VPART_CLUSTER_ADAPTER },
		{ "peer", VPART_CLUSTER_ADAPTER, VPART_CLUSTER_ADAPTER },
		{ "backing", VPART_CLUSTER_LU, VPART_CLUSTER_LU },
		{ "sectors", VPART_CLUSTER_LU, VPART_CLUSTER_VOLUME },
		{ "block", VPART_CLUSTER_LU, VPART_CLUSTER_LU },
		{ "volume", VPART_CLUSTER_LU, VPART_CLUSTER_LU },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(of); i++)
		if (only(c, of[i].name, type, of[i].a, of[i].b))
			return EXIT_USAGE;
	return 0;
}

/* A text where it belongs; 0, or EXIT_USAGE after saying why. */
static int copy(const struct cmd *c, const char *what, const char *text, char *dst, size_t size)
{
	if (strlen(text) >= size)
		return usage(c, "a %s has at most %zu characters", what, size - 1);
	strcpy(dst, text);
	return 0;
}

static int fill(const struct cmd *c, struct vpart_cluster_object *o)
{
	uint64_t node = VPART_CLUSTER_NOBODY;
	int ret;

	ret = named(c, "client", VPART_CLUSTER_CLIENT, &o->client);
	if (!ret)
		ret = named(c, "node", VPART_CLUSTER_NODE, &node);
	if (!ret)
		ret = named(c, "volume", VPART_CLUSTER_VOLUME, &o->volume);
	if (!ret && word(c, "slot"))
		ret = to_number(c, word(c, "slot"), "slot", 1, UINT32_MAX, &o->slot);
	if (!ret && word(c, "peer"))
		ret = to_u64(c, word(c, "peer"), "id of an adapter", &o->peer);
	if (!ret && word(c, "sectors"))
		ret = to_u64(c, word(c, "sectors"), "number of sectors", &o->sectors);
	if (!ret && word(c, "block"))
		ret = to_number(c, word(c, "block"), "block size", 512, 4096, &o->block);
	if (!ret && word(c, "backing"))
		ret = copy(c, "backing", word(c, "backing"), o->backing, sizeof(o->backing));
	if (!ret && word(c, "uuid"))
		ret = uuid(c, word(c, "uuid"), o->uuid);
	if (!ret && node >= VPART_CLUSTER_NOBODY && o->type == VPART_CLUSTER_ADAPTER)
		ret = usage(c, "an adapter of which node?");
	o->node = (uint32_t)node;
	return ret;
}

int cluster_add(struct cmd *c)
{
	struct vpart_cluster_at at = where(c);
	struct vpart_cluster_object o = { .id = 0 };
	const char *type;
	int ret;

	ret = cluster_type(c, c->pos[0], &o.type);
	if (ret)
		return ret;
	type = vpart_cluster_type_name(o.type);
	if (o.type == VPART_CLUSTER_NODE)
		return usage(c, "a node is added by mounting it");
	if (o.type == VPART_CLUSTER_MAP)
		return usage(c, "a map is made by: vpart cluster map");
	if (o.type == VPART_CLUSTER_ADAPTER ? c->npos > 1 : c->npos < 2)
		return usage(c, o.type == VPART_CLUSTER_ADAPTER ? "an %s has no name" :
			     "which %s?", type);
	ret = check_words(c, o.type);
	if (!ret && c->npos > 1)
		ret = copy(c, "name", c->pos[1], o.name, sizeof(o.name));
	if (!ret)
		ret = fill(c, &o);
	if (ret)
		return ret;
	if (vpart_cluster_add(c->v, &at, &o))
		return failed(c);
	return done(c, cluster_object(&o), "%s %s%sis registered with id %llu", type, o.name,
		    o.name[0] ? " " : "", (unsigned long long)o.id);
}

int cluster_del(struct cmd *c)
{
	struct vpart_cluster_at at = where(c);
	enum vpart_cluster_type type;
	struct json_object *o;
	uint64_t id;
	int ret;

	ret = cluster_type(c, c->pos[0], &type);
	if (!ret && type == VPART_CLUSTER_NODE)
		ret = usage(c, "a node leaves by being unmounted");
	if (!ret)
		ret = cluster_id(c, type, c->pos[1], &id);
	if (ret)
		return ret;
	if (vpart_cluster_del(c->v, &at, type, id))
		return failed(c);
	o = json_object_new_object();
	put_text(o, "type", vpart_cluster_type_name(type));
	put_number(o, "id", id);
	return done(c, o, "%s %llu is gone", vpart_cluster_type_name(type),
		    (unsigned long long)id);
}

int cluster_map(struct cmd *c)
{
	struct vpart_cluster_object o = { .type = VPART_CLUSTER_MAP };
	struct vpart_cluster_at at = where(c);
	int ret;

	if (!word(c, "lun"))
		return usage(c, "as which lun?");
	ret = to_number(c, word(c, "lun"), "lun", 0, UINT32_MAX, &o.lun);
	if (!ret && word(c, "adapter"))
		ret = to_u64(c, word(c, "adapter"), "id of an adapter", &o.adapter);
	if (!ret)
		ret = cluster_id(c, VPART_CLUSTER_LU, c->pos[0], &o.lu);
	if (!ret)
		ret = cluster_id(c, VPART_CLUSTER_CLIENT, c->pos[1], &o.client);
	if (ret)
		return ret;
	o.flags = word(c, "--read-only") ? 1 : 0;
	if (vpart_cluster_add(c->v, &at, &o))
		return failed(c);
	return done(c, cluster_object(&o), "client %s sees LU %s as lun %u", o.client_name,
		    o.lu_name, o.lun);
}

int cluster_unmap(struct cmd *c)
{
	struct vpart_cluster_at at = where(c);
	struct vpart_cluster_object *list;
	uint64_t lu, client, id = 0;
	struct json_object *o;
	size_t i, n;
	int ret;

	ret = cluster_id(c, VPART_CLUSTER_LU, c->pos[0], &lu);
	if (!ret)
		ret = cluster_id(c, VPART_CLUSTER_CLIENT, c->pos[1], &client);
	if (ret)
		return ret;
	if (vpart_cluster_objects(c->v, &at, VPART_CLUSTER_MAP, &list, &n))
		return failed(c);
	for (i = 0; i < n; i++)
		if (list[i].lu == lu && list[i].client == client)
			id = list[i].id;
	free(list);
	if (!id) {
		fprintf(stderr, "vpart: client %s does not see LU %s\n", c->pos[1], c->pos[0]);
		return EXIT_NOT_FOUND;
	}
	if (vpart_cluster_del(c->v, &at, VPART_CLUSTER_MAP, id))
		return failed(c);
	o = json_object_new_object();
	put_number(o, "id", id);
	put_number(o, "lu", lu);
	put_number(o, "client", client);
	return done(c, o, "client %s sees LU %s no longer", c->pos[1], c->pos[0]);
}

int cluster_quorum(struct cmd *c)
{
	struct vpart_cluster_at at = where(c);
	bool quorate = strcmp(c->pos[0], "lost");
	struct json_object *o;
	uint32_t lease = 0;
	int ret = 0;

	if (quorate)
		ret = to_number(c, c->pos[0], "lease in milliseconds", 1, UINT32_MAX, &lease);
	if (ret)
		return ret;
	if (vpart_cluster_quorum(c->v, &at, quorate, lease))
		return failed(c);
	o = json_object_new_object();
	put_bool(o, "quorate", quorate);
	put_number(o, "lease_ms", lease);
	return quorate ? done(c, o, "there is quorum for %u ms", lease) :
	       done(c, o, "quorum is lost");
}

int cluster_fenced(struct cmd *c)
{
	struct vpart_cluster_at at = where(c);
	uint8_t boot[VPART_UUID_SIZE];
	struct json_object *o;
	int ret;

	if (!word(c, "boot") || !word(c, "method"))
		return usage(c, "which life of it (boot), and how is that known (method)?");
	ret = uuid(c, word(c, "boot"), boot);
	if (ret)
		return ret;
	if (vpart_cluster_fenced(c->v, &at, c->pos[0], boot, word(c, "method")))
		return failed(c);
	o = json_object_new_object();
	put_text(o, "name", c->pos[0]);
	put_text(o, "boot", word(c, "boot"));
	put_text(o, "method", word(c, "method"));
	return done(c, o, "node %s is out", c->pos[0]);
}
