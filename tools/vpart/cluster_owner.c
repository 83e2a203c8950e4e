// SPDX-License-Identifier: GPL-2.0
/* vpart cluster: who owns what, and moves */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cluster.h"

/* The name of a node, or its id as a number. */
static const char *node_name(const struct vpart_cluster_object *nodes, size_t n, uint32_t id,
			     char buf[16])
{
	size_t i;

	for (i = 0; i < n; i++)
		if (nodes[i].id == id)
			return nodes[i].name;
	snprintf(buf, 16, "#%u", id);
	return buf;
}

/* A node by its name; null: nobody. */
static void put_node_name(struct json_object *o, const char *key,
			  const struct vpart_cluster_object *nodes, size_t n, uint32_t id)
{
	char buf[16];

	if (id == VPART_CLUSTER_NOBODY)
		json_object_object_add(o, key, NULL);
	else
		put_text(o, key, node_name(nodes, n, id, buf));
}

int cluster_owners(struct cmd *c)
{
	static const struct column columns[] = {
		{ "type", "TYPE" }, { "name", "NAME" }, { "owner", "OWNER" }, { "term", "TERM" },
		{ "role", "ROLE" }, { "since", "SINCE" }, { "waits_for", "WAITS FOR" },
		{ "reason", "REASON" }, { "ends", "ENDS BY" }, { NULL, NULL },
	};
	struct vpart_cluster_at at = where(c);
	struct vpart_cluster_object *nodes;
	struct vpart_cluster_owner *list;
	struct json_object *rows, *o;
	size_t i, n, known;

	if (vpart_cluster_objects(c->v, &at, VPART_CLUSTER_NODE, &nodes, &known))
		return failed(c);
	if (vpart_cluster_owners(c->v, &at, &list, &n)) {
		free(nodes);
		return failed(c);
	}
	rows = json_object_new_array();
	for (i = 0; i < n; i++) {
		o = json_object_new_object();
		put_text(o, "type", vpart_cluster_type_name(list[i].type));
		put_number(o, "id", list[i].id);
		put_text(o, "name", list[i].name);
		put_uuid(o, list[i].uuid);
		put_node_name(o, "owner", nodes, known, list[i].owner);
		put_number(o, "term", list[i].term);
		put_text(o, "role", list[i].role);
		if (list[i].since)
			put_time(o, "since", list[i].since);
		else
			put_text(o, "since", "");
		put_node_name(o, "waits_for", nodes, known, list[i].waits);
		put_text(o, "reason", list[i].reason);
		put_text(o, "ends", list[i].ends);
		json_object_array_add(rows, o);
	}
	free(list);
	free(nodes);
	return print_rows(c, rows, columns);
}

int cluster_move(struct cmd *c)
{
	struct vpart_cluster_at at = where(c);
	enum vpart_cluster_type type;
	uint64_t id, to = VPART_CLUSTER_NOBODY;
	struct json_object *o;
	int ret;

	ret = cluster_type(c, c->pos[0], &type);
	if (ret)
		return ret;
	if (type != VPART_CLUSTER_LU && type != VPART_CLUSTER_VOLUME)
		return usage(c, "a %s has no owner: lu and volume have", c->pos[0]);
	ret = cluster_id(c, type, c->pos[1], &id);
	if (!ret && word(c, "to"))
		ret = cluster_id(c, VPART_CLUSTER_NODE, word(c, "to"), &to);
	if (ret)
		return ret;
	if (word(c, "to") && to >= VPART_CLUSTER_NOBODY)
		to = VPART_CLUSTER_NOBODY - 1;	/* which no node is */
	if (vpart_cluster_move(c->v, &at, type, id, (uint32_t)to))
		return failed(c);
	o = json_object_new_object();
	put_text(o, "type", c->pos[0]);
	put_number(o, "id", id);
	return done(c, o, "%s %s has another owner", c->pos[0], c->pos[1]);
}
