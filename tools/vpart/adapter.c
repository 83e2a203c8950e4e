// SPDX-License-Identifier: GPL-2.0
/* vpart adapter */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"

/* A link is down after 5 s of silence: Documentation/admin-guide/timers.rst. */
#define FENCED_WAIT_MS	10000

static const struct column columns[] = {
	{ "name", "NAME" }, { "client", "CLIENT" }, { "server", "SERVER" }, { "here", "HERE" },
	{ "fabric", "FABRIC" }, { "link", "LINK" },
	{ "why", "WHY" }, { "epoch", "EPOCH" }, { "path_loss", "PATH-LOSS" },
	{ "inflight", "INFLIGHT" }, { "parent", "PARENT" }, { NULL, NULL },
};

/* A slot of a partition elsewhere is not known. */
static void put_slot(struct json_object *o, const char *key, uint32_t slot)
{
	if (slot)
		put_number(o, key, slot);
	else
		json_object_object_add(o, key, NULL);
}

static struct json_object *to_json(const struct vpart_pair *p)
{
	struct json_object *o = json_object_new_object();
	char tag[32] = "", port_name[VPART_PORT_NAME_TEXT] = "";

	put_text(o, "name", p->name);
	put_number(o, "id", p->id);
	put_text(o, "client", p->client);
	put_slot(o, "client_slot", p->client_slot);
	put_text(o, "server", p->server);
	put_slot(o, "server_slot", p->server_slot);
	put_text(o, "here", p->ends == VPART_END_BOTH ? "both" : p->ends == VPART_END_CLIENT ?
		 "client" : "server");
	put_text(o, "fabric", p->fabric);
	put_bool(o, "copy", p->copy);
	put_text(o, "address", p->address);
	put_text(o, "key", p->key);
	put_text(o, "digest", p->address[0] ? vpart_digest_name(p->digest) : "");
	put_number(o, "poll", p->poll);
	put_text(o, "link", vpart_link_state_name(p->link));
	put_text(o, "why", p->link == VPART_LINK_STATE_UP ? "" : vpart_why_name(p->why));
	put_number(o, "since_ms", p->since_ms);
	put_number(o, "epoch", p->epoch);
	put_number(o, "path_loss", p->path_loss);
	put_number(o, "queues", p->queues);
	put_number(o, "depth", p->depth);
	put_number(o, "inflight", p->inflight);
	put_number(o, "credits", (uint64_t)p->queues * p->depth);
	put_number(o, "free", p->free);
	put_number(o, "oldest_ms", p->oldest_ms);
	if (p->inflight)
		snprintf(tag, sizeof(tag), "%u.%u", p->oldest_queue, p->oldest_tag);
	put_text(o, "oldest_tag", tag);
	put_text(o, "last_error", p->last_error ? strerror((int)p->last_error) : "");
	put_number(o, "last_errno", p->last_error);
	put_number(o, "unproven", vpart_pair_unproven(p));
	put_text(o, "problem", p->problem);
	if (p->port_name)
		vpart_port_name_format(p->port_name, port_name);
	put_text(o, "parent", p->parent);
	put_text(o, "port_name", port_name);
	return o;
}

static int run_show(struct cmd *c)
{
	struct vpart_pair *list, one;
	struct json_object *rows;
	size_t i, n;

	if (c->npos)
		return vpart_pair_find(c->v, c->pos[0], &one) ? failed(c) :
		       print_one(c, to_json(&one));
	if (vpart_pairs(c->v, &list, &n))
		return failed(c);
	rows = json_object_new_array();
	for (i = 0; i < n; i++)
		json_object_array_add(rows, to_json(&list[i]));
	free(list);
	return print_rows(c, rows, columns);
}

static int path_loss(const struct cmd *c, uint32_t *seconds)
{
	return to_number(c, word(c, "path-loss"), "path loss time in seconds", VPART_PATH_LOSS_MIN,
		      VPART_PATH_LOSS_MAX, seconds);
}

static int run_add(struct cmd *c)
{
	struct vpart_pair pair = { .copy = word(c, "--copy") };
	int ret;

	ret = copy_name(c, "client", word(c, "client"), pair.client);
	if (!ret)
		ret = copy_name(c, "server", word(c, "server"), pair.server);
	if (!ret && word(c, "name"))
		ret = copy_name(c, "name", word(c, "name"), pair.name);
	if (!ret && word(c, "path-loss"))
		ret = path_loss(c, &pair.path_loss);
	if (ret)
		return ret;
	if (vpart_pair_add(c->v, &pair))
		return failed(c);
	return done(c, to_json(&pair), "adapter pair %s joins client %s and server %s", pair.name,
		    pair.client, pair.server);
}

static int run_set(struct cmd *c)
{
	struct vpart_pair pair;
	uint32_t seconds;
	int ret;

	if (!word(c, "path-loss"))
		return usage(c, "set what? path-loss can be set");
	ret = path_loss(c, &seconds);
	if (ret)
		return ret;
	if (vpart_pair_set_path_loss(c->v, c->pos[0], seconds) ||
	    vpart_pair_find(c->v, c->pos[0], &pair))
		return failed(c);
	return done(c, to_json(&pair), "I/O over adapter pair %s waits %u seconds for a lost link",
		    pair.name, pair.path_loss);
}

static int run_fenced(struct cmd *c)
{
	struct vpart_pair pair;

	if (vpart_pair_fenced(c->v, c->pos[0], FENCED_WAIT_MS) ||
	    vpart_pair_find_end(c->v, c->pos[0], VPART_SIDE_CLIENT, &pair))
		return failed(c);
	return done(c, to_json(&pair), "the server of adapter pair %s is off: nothing waits for it",
		    pair.name);
}

static int run_del(struct cmd *c)
{
	struct vpart_pair pair;

	if (vpart_pair_find(c->v, c->pos[0], &pair) ||
	    vpart_pair_del(c->v, c->pos[0], word(c, "--force")))
		return failed(c);
	return done(c, to_json(&pair), "adapter pair %s is gone", pair.name);
}

static const struct verb verbs[] = {
	{
		.name = "show", .args = "[NAME]", .max = 1, .run = run_show,
		.what = "Show all adapter pairs and their links, or all that is known of one.",
		.more = "Of a link to another kernel only one end is here; if both are, each is a row, and\n"
			"of one the client's is shown. More of it: vpart link show.\n\n"
			"Of one: credits is how many commands may be in flight, free how many more could\n"
			"be sent now; oldest_tag is queue and tag of the command that the server has held\n"
			"for oldest_ms, blk-mq's own numbers: the disk that has it lists it in\n"
			"/sys/kernel/debug/block/DISK/hctxQUEUE/busy. unproven is how many writes wait until\n"
			"it is sure that a lost server cannot carry them out any more: see fenced.",
		.example = "vpart adapter show client1-vios1",
	}, {
		.name = "add",
		.args = "client PARTITION server PARTITION [name NAME] [path-loss SECONDS] [--copy]",
		.run = run_add, .words = { "client=", "server=", "name=", "path-loss=", "--copy" },
		.what = "Join a client and a server by a pair of adapters.",
		.more = "  name       (CLIENT-SERVER)\n"
			"  path-loss  how long the client's I/O waits for a lost link, 5 to 300 (30)\n"
			"  --copy     data are copied, instead of used where the client has them: so a\n"
			"             command fails within path-loss whatever its device does",
		.example = "vpart adapter add client client1 server vios1 path-loss 10",
	}, {
		.name = "set", .args = "NAME path-loss SECONDS", .min = 1, .max = 1, .run = run_set,
		.words = { "path-loss=" },
		.what = "Change how long the client's I/O waits for a lost link.",
		.example = "vpart adapter set client1-vios1 path-loss 5",
	}, {
		.name = "fenced", .args = "NAME", .min = 1, .max = 1, .run = run_fenced,
		.what = "Say that the server of a lost link was switched off.",
		.more = "Where two servers in two kernels have one disk, and the policy is shared\n"
			"(unproven is hold), a client keeps writes that a lost server may still carry out:\n"
			"they would land on what was written since by the other one. They wait for the\n"
			"server's return, or for this word. Say it only when the server is off, or was\n"
			"taken from the disk: nothing else can know. Of a server with several pairs it is\n"
			"said for each. It waits up to 10 s for the link to be down; else it is refused.",
		.example = "vpart adapter fenced disk1",
	}, {
		.name = "del", .args = "NAME [--force]", .min = 1, .max = 1, .run = run_del,
		.words = { "--force" },
		.what = "Delete an adapter pair, or its end that is here.",
		.more = "  --force    even if it serves LUs: their clients' I/O fails",
		.example = "vpart adapter del client1-vios1",
	}, { .name = NULL },
};

const struct noun adapter_noun = { "adapter", "pairs of a client's and a server's adapter", verbs };
