// SPDX-License-Identifier: GPL-2.0
/* vpart partition */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"

static const struct column columns[] = {
	{ "name", "NAME" }, { "id", "ID" }, { "node", "NODE" }, { "role", "ROLE" },
	{ "state", "STATE" }, { "pool", "POOL" }, { "partner", "PARTNER" }, { NULL, NULL },
};

static struct json_object *to_json(const struct vpart_partition *p)
{
	struct json_object *o = json_object_new_object();

	put_text(o, "name", p->name);
	put_number(o, "id", p->id);
	put_uuid(o, p->uuid);
	put_text(o, "node", p->node);
	put_text(o, "role", vpart_role_name(p->role));
	put_text(o, "state", vpart_state_name(p->state));
	put_number(o, "pool", p->pool);
	put_text(o, "partner", p->partner);
	put_number(o, "since_ms", p->since_ms);
	return o;
}

static int run_show(struct cmd *c)
{
	struct vpart_partition *list, one;
	struct json_object *rows;
	size_t i, n;

	if (c->npos)
		return vpart_partition_find(c->v, c->pos[0], &one) ? failed(c) :
		       print_one(c, to_json(&one));
	if (vpart_partitions(c->v, &list, &n))
		return failed(c);
	rows = json_object_new_array();
	for (i = 0; i < n; i++)
		json_object_array_add(rows, to_json(&list[i]));
	free(list);
	return print_rows(c, rows, columns);
}

static int run_add(struct cmd *c)
{
	const char *role = c->npos > 1 ? c->pos[1] : word(c, "role");
	struct vpart_partition p = { .id = 0 };
	int ret = 0;

	if (!vpart_name_valid(c->pos[0]))
		return usage(c, "'%s' is no name: 1 to %d letters, digits, '.', '_', '-'",
			     c->pos[0], VPART_NAME_MAX);
	strcpy(p.name, c->pos[0]);
	if (!role)
		return usage(c, "what is %s, a client or a vios?", p.name);
	if (!strcmp(role, "client"))
		p.role = VPART_ROLE_CLIENT;
	else if (!strcmp(role, "vios"))
		p.role = VPART_ROLE_VIOS;
	else
		return usage(c, "'%s' is no role: client and vios are", role);
	if (word(c, "node") && !vpart_name_valid(word(c, "node")))
		return usage(c, "'%s' is no name of a node", word(c, "node"));
	if (word(c, "node"))
		strcpy(p.node, word(c, "node"));
	if (word(c, "id"))
		ret = to_number(c, word(c, "id"), "partition id", 1, UINT32_MAX, &p.id);
	if (!ret && word(c, "pool"))
		ret = to_number(c, word(c, "pool"), "pool number", 1, UINT32_MAX, &p.pool);
	if (!ret && word(c, "uuid"))
		ret = uuid(c, word(c, "uuid"), p.uuid);
	if (ret)
		return ret;
	if (vpart_partition_add(c->v, &p))
		return failed(c);
	if (p.partner[0])
		return done(c, to_json(&p), "%s %s runs on node %s, its partner is %s",
			    vpart_role_name(p.role), p.name, p.node, p.partner);
	return done(c, to_json(&p), "%s %s runs on node %s", vpart_role_name(p.role), p.name,
		    p.node);
}

static int run_del(struct cmd *c)
{
	struct vpart_partition p;

	if (vpart_partition_find(c->v, c->pos[0], &p) || vpart_partition_del(c->v, c->pos[0]))
		return failed(c);
	return done(c, to_json(&p), "partition %s is gone", p.name);
}

static int set_state(struct cmd *c, enum vpart_state state)
{
	struct vpart_partition p;

	if (vpart_partition_set_state(c->v, c->pos[0], state) ||
	    vpart_partition_find(c->v, c->pos[0], &p))
		return failed(c);
	return done(c, to_json(&p), "partition %s is %s", p.name, vpart_state_name(p.state));
}

static int run_fail(struct cmd *c)
{
	return set_state(c, VPART_STATE_FAILED);
}

static int run_start(struct cmd *c)
{
	return set_state(c, VPART_STATE_RUNNING);
}

static const struct verb verbs[] = {
	{
		.name = "show", .args = "[NAME]", .max = 1, .run = run_show,
		.what = "Show all partitions, or all that is known of one.",
		.example = "vpart partition show vios1",
	}, {
		.name = "add", .args = "NAME client|vios [node NODE] [pool N] [id N] [uuid UUID]",
		.min = 1, .max = 2, .run = run_add,
		.words = { "role=", "node=", "pool=", "id=", "uuid=" },
		.what = "Make a partition and let it run.",
		.more = "  node   the node it is on (the first one, made if there is none)\n"
			"  pool   its pool number; partitions of two nodes with the same number are\n"
			"         partners (the next free one of the node)",
		.example = "vpart partition add vios2 vios node cec2 pool 1",
	}, {
		.name = "del", .args = "NAME", .min = 1, .max = 1, .run = run_del,
		.what = "Delete a partition that has no adapters.",
		.example = "vpart partition del client1",
	}, {
		.name = "fail", .args = "NAME", .min = 1, .max = 1, .run = run_fail,
		.what = "Fail a partition: all its links go down at once.",
		.example = "vpart partition fail vios1",
	}, {
		.name = "start", .args = "NAME", .min = 1, .max = 1, .run = run_start,
		.what = "Start a failed partition: its links come back.",
		.example = "vpart partition start vios1",
	}, { .name = NULL },
};

const struct noun partition_noun = { "partition", "clients and I/O servers (VIOS)", verbs };
