// SPDX-License-Identifier: GPL-2.0
/* vpart node */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"

static const struct column columns[] = {
	{ "name", "NAME" }, { "id", "ID" }, { "uuid", "UUID" }, { NULL, NULL },
};

static struct json_object *to_json(const struct vpart_node *node)
{
	struct json_object *o = json_object_new_object();

	put_text(o, "name", node->name);
	put_number(o, "id", node->id);
	put_uuid(o, node->uuid);
	return o;
}

static int run_show(struct cmd *c)
{
	struct json_object *rows;
	struct vpart_node *list, one;
	size_t i, n;

	if (c->npos)
		return vpart_node_find(c->v, c->pos[0], &one) ? failed(c) :
		       print_one(c, to_json(&one));
	if (vpart_nodes(c->v, &list, &n))
		return failed(c);
	rows = json_object_new_array();
	for (i = 0; i < n; i++)
		json_object_array_add(rows, to_json(&list[i]));
	free(list);
	return print_rows(c, rows, columns);
}

static int run_add(struct cmd *c)
{
	struct vpart_node node = { .id = 0 };
	int ret = 0;

	if (!vpart_name_valid(c->pos[0]))
		return usage(c, "'%s' is no name: 1 to %d letters, digits, '.', '_', '-'",
			     c->pos[0], VPART_NAME_MAX);
	strcpy(node.name, c->pos[0]);
	if (word(c, "id"))
		ret = to_number(c, word(c, "id"), "node id", 1, UINT32_MAX, &node.id);
	if (!ret && word(c, "uuid"))
		ret = uuid(c, word(c, "uuid"), node.uuid);
	if (ret)
		return ret;
	if (vpart_node_add(c->v, &node))
		return failed(c);
	return done(c, to_json(&node), "node %s (id %u) is there", node.name, node.id);
}

static int run_del(struct cmd *c)
{
	struct vpart_node node;

	if (vpart_node_find(c->v, c->pos[0], &node) || vpart_node_del(c->v, c->pos[0]))
		return failed(c);
	return done(c, to_json(&node), "node %s is gone", node.name);
}

static const struct verb verbs[] = {
	{
		.name = "show", .args = "[NAME]", .max = 1, .run = run_show,
		.what = "Show all nodes, or all that is known of one.",
		.example = "vpart node show",
	}, {
		.name = "add", .args = "NAME [id N] [uuid UUID]", .min = 1, .max = 1,
		.run = run_add, .words = { "id=", "uuid=" },
		.what = "Make a node. Partners are partitions of two different nodes.",
		.example = "vpart node add cec2",
	}, {
		.name = "del", .args = "NAME", .min = 1, .max = 1, .run = run_del,
		.what = "Delete a node that has no partitions.",
		.example = "vpart node del cec2",
	}, { .name = NULL },
};

const struct noun node_noun = { "node", "physical machines", verbs };
