// SPDX-License-Identifier: GPL-2.0
/* vpart cluster: how a cluster is, and who uses what */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cluster_setup.h"

static const char *const node_states[] = { "left", "member", "fenced" };
static const char *const leg_states[] = { "none", "uptodate", "outdated" };

struct vpart_cluster_at where(const struct cmd *c)
{
	return (struct vpart_cluster_at){ word(c, "cluster"), word(c, "at") };
}

void put_time(struct json_object *o, const char *key, uint64_t seconds)
{
	time_t s = (time_t)seconds;
	struct tm tm;
	char text[32];

	gmtime_r(&s, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	put_text(o, key, text);
}

static void put_word(struct json_object *o, const char *key, const char *const *words, size_t n,
		     uint32_t value)
{
	put_text(o, key, value < n ? words[value] : "unknown");
}

static void put_id(struct json_object *o, const char *key, const uint8_t id[VPART_UUID_SIZE])
{
	char text[VPART_UUID_TEXT];

	vpart_uuid_format(id, text);
	put_text(o, key, vpart_uuid_is_null(id) ? "" : text);
}

/* A node; null: nobody. */
static void put_node(struct json_object *o, const char *key, uint32_t node)
{
	json_object_object_add(o, key, node == VPART_CLUSTER_NOBODY ? NULL :
			       json_object_new_uint64(node));
}

static void put_legs(struct json_object *o, const struct vpart_cluster_object *volume)
{
	struct json_object *list = json_object_new_array(), *leg;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(volume->leg); i++) {
		if (volume->leg[i].node == VPART_CLUSTER_NOBODY)
			continue;
		leg = json_object_new_object();
		put_node(leg, "node", volume->leg[i].node);
		put_uuid(leg, volume->leg[i].uuid);
		put_word(leg, "state", leg_states, ARRAY_SIZE(leg_states), volume->leg[i].state);
		json_object_array_add(list, leg);
	}
	json_object_object_add(o, "legs", list);
}

/* What is known of an object, by its type. */
struct json_object *cluster_object(const struct vpart_cluster_object *x)
{
	struct json_object *o = json_object_new_object();
	char key[24];

	if (x->type != VPART_CLUSTER_PRIMARY)
		put_number(o, "id", x->id);
	switch (x->type) {
	case VPART_CLUSTER_NODE:
		put_text(o, "name", x->name);
		put_uuid(o, x->uuid);
		put_word(o, "state", node_states, ARRAY_SIZE(node_states), x->state);
		put_text(o, "address", x->address);
		put_id(o, "boot", x->boot);
		put_number(o, "version", x->version);
		put_time(o, "registered", x->time);
		break;
	case VPART_CLUSTER_CLIENT:
		put_text(o, "name", x->name);
		put_uuid(o, x->uuid);
		put_id(o, "instance", x->instance);
		break;
	case VPART_CLUSTER_ADAPTER:
		put_uuid(o, x->uuid);
		put_node(o, "node", x->node);
		put_number(o, "client", x->client);
		put_text(o, "client_name", x->client_name);
		put_number(o, "peer", x->peer);
		put_number(o, "slot", x->slot);
		break;
	case VPART_CLUSTER_LU:
		put_text(o, "name", x->name);
		put_uuid(o, x->uuid);
		put_text(o, "backing", x->backing);
		put_number(o, "bytes", x->sectors * 512);
		put_number(o, "block", x->block);
		put_number(o, "volume", x->volume);
		put_bool(o, "shared", x->flags & 1);
		put_node(o, "owner", x->owner);
		put_number(o, "term", x->term);
		break;
	case VPART_CLUSTER_MAP:
		put_number(o, "lu", x->lu);
		put_text(o, "lu_name", x->lu_name);
		put_number(o, "client", x->client);
		put_text(o, "client_name", x->client_name);
		put_number(o, "adapter", x->adapter);
		put_number(o, "lun", x->lun);
		put_bool(o, "read_only", x->flags & 1);
		break;
	case VPART_CLUSTER_VOLUME:
		put_text(o, "name", x->name);
		put_uuid(o, x->uuid);
		put_number(o, "bytes", x->sectors * 512);
		put_node(o, "owner", x->owner);
		put_number(o, "term", x->term);
		put_legs(o, x);
		break;
	case VPART_CLUSTER_RESERVATION:
		put_number(o, "lu", x->lu);
		put_text(o, "lu_name", x->lu_name);
		put_number(o, "client", x->client);
		put_text(o, "client_name", x->client_name);
		snprintf(key, sizeof(key), "%016llx", (unsigned long long)x->key);
		put_text(o, "key", key);
		put_number(o, "generation", x->generation);
		put_number(o, "port", x->port);
		put_number(o, "type", x->reserves);
		break;
	case VPART_CLUSTER_PRIMARY:
		put_node(o, "node", x->node);
		put_text(o, "name", x->name);
		put_number(o, "term", x->term);
		break;
	}
	return o;
}

/* --- status --- */

/* Replicas that cannot be used, as people count them. */
static void put_replicas(struct json_object *o, const struct vpart_cluster_mount *m)
{
	put_number(o, "replicas", m->replicas);
	put_number(o, "replicas_bad",
		   (uint64_t)__builtin_popcount(m->missing | m->failed | m->unread));
}

/* Does DLM have those fenced that died? NULL: nobody tells, or the locks are not DLM's. */
static struct json_object *fencing(const struct vpart_cluster_mount *m)
{
	char name[VPART_CLUSTER_NAME_SIZE];
	bool fences;

	return host_lockspace(m->lockspace, true, name, sizeof(name)) || fence_runs(&fences) ?
	       NULL : json_object_new_boolean(fences);
}

/* For people: what is not safe then. */
static void tell_unfenced(const struct cmd *c, bool fenced)
{
	if (!c->json && !fenced)
		fence_none(stdout, "");
}

static struct json_object *status(const struct vpart_cluster_mount *m, bool all)
{
	struct json_object *o = json_object_new_object();

	put_text(o, "cluster", m->cluster);
	put_text(o, "node", m->node);
	put_number(o, "id", m->id);
	put_text(o, "state", m->state);
	put_time(o, "since", m->since);
	put_text(o, "reason", m->reason);
	put_id(o, "repository", m->repository);
	put_number(o, "generation", m->generation);
	put_text(o, "lockspace", m->lockspace);
	put_text(o, "locks", m->locks);
	put_number(o, "members", m->members);
	put_number(o, "term", m->term);
	put_number(o, "commit", m->commit);
	put_number(o, "nodes", m->nodes);
	put_number(o, "nodes_max", m->nodes_max);
	put_number(o, "objects", m->objects);
	put_number(o, "objects_max", m->objects_max);
	put_replicas(o, m);
	json_object_object_add(o, "fencing", fencing(m));
	put_number(o, "first_event", m->first_event);
	put_number(o, "last_event", m->last_event);
	if (!all)
		return o;
	put_number(o, "changes", m->changes);
	put_number(o, "refused", m->refused);
	put_number(o, "tries", m->tries);
	put_number(o, "claims", m->claims);
	put_number(o, "refreshes", m->refreshes);
	put_number(o, "changes_us", m->change_us);
	put_number(o, "longest_us", m->change_max_us);
	return o;
}

/* Nobody says that they are not. */
static bool fenced(struct json_object *o)
{
	struct json_object *f = json_object_object_get(o, "fencing");

	return !f || json_object_get_boolean(f);
}

static bool healthy(const struct vpart_cluster_mount *m)
{
	return !strcmp(m->state, "OK") && !m->missing && !m->failed && !m->unread;
}

static int run_status(struct cmd *c)
{
	static const struct column columns[] = {
		{ "cluster", "CLUSTER" }, { "node", "NODE" }, { "state", "STATE" },
		{ "locks", "LOCKS" }, { "members", "MEMBERS" }, { "term", "TERM" },
		{ "commit", "COMMIT" }, { "replicas", "REPLICAS" }, { "replicas_bad", "BAD" },
		{ "reason", "REASON" }, { NULL, NULL },
	};
	struct vpart_cluster_at at = where(c);
	struct vpart_cluster_mount *list, one;
	bool well = true, all_fenced = true;
	struct json_object *rows, *o;
	size_t i, n;

	if (at.cluster || at.node) {
		if (vpart_cluster_find(c->v, &at, &one))
			return failed(c);
		o = status(&one, true);
		all_fenced = fenced(o);
		print_one(c, o);
		tell_unfenced(c, all_fenced);
		return healthy(&one) ? EXIT_SUCCESS : EXIT_DEGRADED;
	}
	if (vpart_cluster_mounts(c->v, &list, &n))
		return failed(c);
	rows = json_object_new_array();
	for (i = 0; i < n; i++) {
		well &= healthy(&list[i]);
		o = status(&list[i], false);
		all_fenced &= fenced(o);
		json_object_array_add(rows, o);
	}
	free(list);
	print_rows(c, rows, columns);
	tell_unfenced(c, all_fenced);
	return well ? EXIT_SUCCESS : EXIT_DEGRADED;
}

/* --- objects --- */

static int show(struct cmd *c, enum vpart_cluster_type type, const struct column *columns)
{
	struct vpart_cluster_at at = where(c);
	struct vpart_cluster_object *list;
	struct json_object *rows;
	size_t i, n;

	if (vpart_cluster_objects(c->v, &at, type, &list, &n))
		return failed(c);
	rows = json_object_new_array();
	for (i = 0; i < n; i++)
		json_object_array_add(rows, cluster_object(&list[i]));
	free(list);
	return print_rows(c, rows, columns);
}

static int run_nodes(struct cmd *c)
{
	static const struct column columns[] = {
		{ "id", "ID" }, { "name", "NAME" }, { "state", "STATE" },
		{ "address", "ADDRESS" }, { "registered", "REGISTERED" }, { NULL, NULL },
	};

	return show(c, VPART_CLUSTER_NODE, columns);
}

static int run_clients(struct cmd *c)
{
	static const struct column columns[] = {
		{ "id", "ID" }, { "name", "NAME" }, { "uuid", "UUID" }, { "instance", "INSTANCE" },
		{ NULL, NULL },
	};

	return show(c, VPART_CLUSTER_CLIENT, columns);
}

static int run_adapters(struct cmd *c)
{
	static const struct column columns[] = {
		{ "id", "ID" }, { "node", "NODE" }, { "client_name", "CLIENT" },
		{ "slot", "SLOT" }, { "peer", "PEER" }, { NULL, NULL },
	};

	return show(c, VPART_CLUSTER_ADAPTER, columns);
}

static int run_lus(struct cmd *c)
{
	static const struct column columns[] = {
		{ "id", "ID" }, { "name", "NAME" }, { "bytes", "SIZE" }, { "owner", "OWNER" },
		{ "term", "TERM" }, { "shared", "SHARED" }, { "backing", "BACKING" },
		{ NULL, NULL },
	};

	return show(c, VPART_CLUSTER_LU, columns);
}

static int run_maps(struct cmd *c)
{
	static const struct column columns[] = {
		{ "id", "ID" }, { "client_name", "CLIENT" }, { "lun", "LUN" },
		{ "lu_name", "LU" }, { "adapter", "ADAPTER" }, { "read_only", "READ-ONLY" },
		{ NULL, NULL },
	};

	return show(c, VPART_CLUSTER_MAP, columns);
}

static int run_volumes(struct cmd *c)
{
	static const struct column columns[] = {
		{ "id", "ID" }, { "name", "NAME" }, { "bytes", "SIZE" }, { "owner", "OWNER" },
		{ "term", "TERM" }, { NULL, NULL },
	};

	return show(c, VPART_CLUSTER_VOLUME, columns);
}

static int run_reservations(struct cmd *c)
{
	static const struct column columns[] = {
		{ "lu_name", "LU" }, { "client_name", "CLIENT" }, { "key", "KEY" },
		{ "type", "TYPE" }, { "generation", "GENERATION" }, { "port", "PORT" },
		{ NULL, NULL },
	};

	return show(c, VPART_CLUSTER_RESERVATION, columns);
}

static int run_primary(struct cmd *c)
{
	struct vpart_cluster_at at = where(c);
	struct vpart_cluster_object o;

	return vpart_cluster_primary(c->v, &at, &o) ? failed(c) : print_one(c, cluster_object(&o));
}

static int run_yield(struct cmd *c)
{
	struct vpart_cluster_at at = where(c);
	struct vpart_cluster_mount m;

	if (vpart_cluster_find(c->v, &at, &m) || vpart_cluster_yield(c->v, &at))
		return failed(c);
	return done(c, status(&m, false), "node %s is not the primary node any more", m.node);
}

/* --- usage --- */

/* A type by its word; 0, or EXIT_USAGE after saying why. */
int cluster_type(const struct cmd *c, const char *text, enum vpart_cluster_type *type)
{
	unsigned int i;

	for (i = VPART_CLUSTER_NODE; i <= VPART_CLUSTER_VOLUME; i++) {
		if (!strcmp(text, vpart_cluster_type_name((enum vpart_cluster_type)i))) {
			*type = (enum vpart_cluster_type)i;
			return 0;
		}
	}
	return usage(c, "'%s' is none of node, client, adapter, lu, map and volume", text);
}

/* An object by its id or name; 0, or an exit code after saying why. */
int cluster_id(const struct cmd *c, enum vpart_cluster_type type, const char *text, uint64_t *id)
{
	struct vpart_cluster_at at = where(c);
	struct vpart_cluster_object *list;
	char *end;
	size_t i, n;

	errno = 0;
	*id = strtoull(text, &end, 10);
	if (text[0] >= '0' && text[0] <= '9' && !*end && !errno)
		return 0;
	if (vpart_cluster_objects(c->v, &at, type, &list, &n))
		return failed(c);
	for (i = 0; i < n; i++)
		if (list[i].name[0] && !strcmp(list[i].name, text))
			break;
	if (i < n)
		*id = list[i].id;
	free(list);
	if (i < n)
		return 0;
	fprintf(stderr, "vpart: there is no %s %s\n", vpart_cluster_type_name(type), text);
	return EXIT_NOT_FOUND;
}

static int run_usage(struct cmd *c)
{
	static const struct column columns[] = {
		{ "user", "USED BY" }, { "id", "ID" }, { "client_name", "CLIENT" },
		{ "lu_name", "LU" }, { "lun", "LUN" }, { "node", "NODE" }, { NULL, NULL },
	};
	struct vpart_cluster_at at = where(c);
	struct vpart_cluster_object *list;
	struct json_object *rows, *o;
	enum vpart_cluster_type type;
	size_t i, n;
	uint64_t id;
	int ret;

	ret = cluster_type(c, c->pos[0], &type);
	if (!ret)
		ret = cluster_id(c, type, c->pos[1], &id);
	if (ret)
		return ret;
	if (vpart_cluster_usage(c->v, &at, type, id, &list, &n))
		return failed(c);
	rows = json_object_new_array();
	for (i = 0; i < n; i++) {
		o = json_object_new_object();
		put_text(o, "user", vpart_cluster_type_name(list[i].type));
		put_number(o, "id", list[i].id);
		put_text(o, "client_name", list[i].client_name);
		put_text(o, "lu_name", list[i].lu_name);
		if (list[i].type == VPART_CLUSTER_MAP)
			put_number(o, "lun", list[i].lun);
		put_node(o, "node", list[i].node);
		json_object_array_add(rows, o);
	}
	free(list);
	return print_rows(c, rows, columns);
}

#define AT		"[at NODE] [cluster NAME]"
#define AT_WORDS	"at=", "cluster="
#define LIST(n, f, w)	{						\
	.name = (n), .args = AT, .run = (f), .words = { AT_WORDS },	\
	.what = (w), .example = "vpart cluster " n,			\
}

static const struct verb verbs[] = {
	{
		.name = "status", .args = AT, .run = run_status, .words = { AT_WORDS },
		.what = "Show how the nodes are that are mounted here, or all that is known of one.",
		.more = "  at        the mounted node\n"
			"  cluster   its cluster, where two have a node of that name\n\n"
			"All other verbs ask one mounted node, and need neither if there is only one.\n"
			"Exit code 4: a node is not OK, or a replica of its repository is not.",
		.example = "vpart cluster status at vios1",
	},
	LIST("nodes", run_nodes, "Show the nodes of the cluster."),
	LIST("clients", run_clients, "Show its clients."),
	LIST("adapters", run_adapters, "Show its virtual adapters."),
	LIST("lus", run_lus, "Show its LUs."),
	LIST("maps", run_maps, "Show which client sees which LU."),
	LIST("volumes", run_volumes, "Show its mirrored volumes."),
	LIST("reservations", run_reservations, "Show the keys that clients have registered."),
	LIST("primary", run_primary, "Show who is the primary node."),
	LIST("yield", run_yield, "The primary node relegates itself, and another one is chosen."),
	LIST("owners", cluster_owners, "Show who owns each LU and volume, and what it waits for."),
	{
		.name = "move", .args = "lu|volume NAME|ID [to NODE] " AT, .min = 2, .max = 2,
		.run = cluster_move, .words = { "to=", AT_WORDS },
		.what = "The node, which owns a LU or volume, moves it away: what it has begun is ended first.",
		.more = "  to        name or id of the node that is to own it (the next that waits)",
		.example = "vpart cluster move lu disk1 to vios2 at vios1",
	}, {
		.name = "usage", .args = "node|client|adapter|lu|volume NAME|ID " AT,
		.min = 2, .max = 2, .run = run_usage, .words = { AT_WORDS },
		.what = "Show who uses an object, whichever node serves it.",
		.example = "vpart cluster usage lu disk1",
	}, {
		.name = "add",
		.args = "client|lu|volume NAME | adapter [node N client C] [WORD VALUE]... " AT,
		.min = 1, .max = 2, .run = cluster_add,
		.words = { "node=", "client=", "slot=", "peer=", "backing=", "sectors=", "block=",
			   "volume=", "uuid=", AT_WORDS },
		.what = "Register an object; it is stored when this ends.",
		.more = "  client    of an adapter: name or id\n"
			"  node      of an adapter: name or id\n"
			"  slot      of an adapter: its number in the node's partition\n"
			"  peer      of an adapter: id of the one at the other end\n"
			"  backing   of a LU: path or volume behind it\n"
			"  sectors   of a LU or volume: its size, of 512 bytes\n"
			"  block     of a LU: bytes of a logical block, 512 or 4096\n"
			"  volume    of a LU: name or id of the volume behind it\n"
			"  uuid      its identity (a new one)",
		.example = "vpart cluster add lu disk1 sectors 2097152 backing /dev/vg0/disk1",
	}, {
		.name = "del", .args = "client|adapter|lu|volume NAME|ID " AT, .min = 2, .max = 2,
		.run = cluster_del, .words = { AT_WORDS },
		.what = "Unregister an object that nobody uses. Its id is not given again for a while.",
		.example = "vpart cluster del lu disk1",
	}, {
		.name = "map", .args = "LU CLIENT lun N [adapter ID] [--read-only] " AT,
		.min = 2, .max = 2, .run = cluster_map,
		.words = { "lun=", "adapter=", "--read-only", AT_WORDS },
		.what = "Let a client see a LU. One that is not shared has one client.",
		.example = "vpart cluster map disk1 web lun 0",
	}, {
		.name = "unmap", .args = "LU CLIENT " AT, .min = 2, .max = 2, .run = cluster_unmap,
		.words = { AT_WORDS },
		.what = "Let a client see a LU no longer.",
		.example = "vpart cluster unmap disk1 web",
	}, {
		.name = "quorum", .args = "MS|lost " AT, .min = 1, .max = 1, .run = cluster_quorum,
		.words = { AT_WORDS },
		.what = "Tell a node that there is quorum, for so many milliseconds from now, or that it is lost.",
		.more = "For the agent of the cluster's quorum, which says it again before that time is over.\n"
			"A node with lock=dlm that is not told stops: SUSPECT, then FROZEN, then LOST.",
		.example = "vpart cluster quorum 2000 at vios1",
	}, {
		.name = "fenced", .args = "NODE boot ID method WORD " AT, .min = 1, .max = 1,
		.run = cluster_fenced, .words = { "boot=", "method=", AT_WORDS },
		.what = "Tell the cluster that a node is out, so that others may have what it had.",
		.more = "  boot      the life of it that has ended: \"boot\" of vpart cluster nodes --json\n"
			"  method    how that is known, a word\n\n"
			"Say it only when a fencing device has confirmed it, or you have switched the node off:\n"
			"a node that still runs would go on writing.",
		.example = "vpart cluster fenced vios2 boot 6f1c8a6e-0d3b-4a51-9c57-2f3a86c1b0de method power-switch-7",
	}, {
		.name = "events", .args = "[--from SEQ] [--kept] [--node] " AT,
		.run = cluster_events,
		.words = { "--from=", "--kept", "--node", AT_WORDS },
		.what = "Show what is there, a line \"exists -\", and then what happens, until interrupted.",
		.more = "  --from    nothing of what is there, but what has happened from this number on\n"
			"            (1: all that is kept)\n"
			"  --kept    end where nothing more has happened yet\n"
			"  --node    what the node tells of itself, and no other: paths, capacity, health;\n"
			"            numbered since its mount, from the first that is kept\n\n"
			"Numbers have no gap: what can no longer be read is said to be lost.",
		.example = "vpart cluster events --from 1 --kept",
	}, {
		.name = "say",
		.args = "path|capacity TEXT [severity WORD] [code N] [lu|volume X] " AT,
		.min = 2, .max = 2, .run = cluster_say,
		.words = { "severity=", "code=", "lu=", "volume=", AT_WORDS },
		.what = "Tell of a path, or of capacity, as the node: an event that others read.",
		.more = "  severity  information (if it is not given), warning or error\n"
			"  code      what happened, a number of the class\n"
			"  lu        what it is about: name or id\n"
			"  volume    what it is about: name or id",
		.example = "vpart cluster say path \"port 2 is down\" severity warning",
	},
	LIST("handlers", cluster_handlers, "Show who handles its events, and what became of them."),
	{
		.name = "handle",
		.args = "CLASS[,CLASS]... [--timeout SECONDS] [--from SEQ] [--count N] " AT
			" -- COMMAND...",
		.min = 1, .max = 1, .run = cluster_handle, .command = true,
		.words = { "--timeout=", "--from=", "--count=", AT_WORDS },
		.what = "Be the one handler of events: run a command for each, until interrupted.",
		.more = "  CLASS     lifecycle, alert, topology, reservation, path, capacity or health\n"
			"  --timeout a command may take so long, 1 to 595 (10) divided by the number of\n"
			"            classes; then it is killed, and the next event comes\n"
			"  --from    begin with this event; else where the last handler ended, or with\n"
			"            the next event\n"
			"  --count   end after so many\n\n"
			"The command reads the event from its standard input as JSON, and has it as VPART_SEQ,\n"
			"VPART_CLASS, VPART_SEVERITY, VPART_CODE, VPART_OBJECT, VPART_ID, VPART_TEXT,\n"
			"VPART_CLUSTER and VPART_NODE; instead, VPART_LOST says that so many before it are\n"
			"lost. Exit code 0: it is done. What was not answered is given to the next handler.",
		.example = "vpart cluster handle alert,path -- logger -t cluster -f /dev/stdin",
	}, {
		.name = "create",
		.args = "NAME NODE=ADDRESS[,ADDRESS]... repo DEVICE[,DEVICE,DEVICE]\n"
			"                    fence \"AGENT [NODE:]KEY=VALUE...\"|none [preferred NODE]\n"
			"                    [--shared-storage] [--timeout SECONDS] [--fence-unasked]\n"
			"                    [--no-start] [--dry-run]",
		.min = 3, .max = MAX_POS, .run = cluster_create,
		.words = { "repo=", "fence=", "preferred=", "--shared-storage", "--timeout=",
			   "--fence-unasked", "--no-start", "--dry-run" },
		.what = "Make a cluster, on the first of its nodes, and make this node a member.",
		.more = "Configures corosync and DLM, makes the repository, starts the daemons, waits for\n"
			"the other nodes (\"vpart cluster join FILE\" there) and mounts the repository.\n\n"
			"  NODE=ADDRESS     a node's name, and its address on each link between them\n"
			"  repo             a shared device, or three replicas\n"
			"  fence            what switches a node off that died; [NODE:]KEY=VALUE is for\n"
			"                   this node alone, and node= is added\n"
			"  preferred        which of two nodes may go on alone\n"
			"  --shared-storage the repository is in neither of two nodes\n"
			"  --timeout        how long to wait for the others (600)\n"
			"  --fence-unasked  the agent is not asked whether it reaches its device\n"
			"  --no-start       write the files, and start nothing\n"
			"  --dry-run        show the files, and write nothing",
		.example = "vpart cluster create prod vios1=192.0.2.1 vios2=192.0.2.2 repo /dev/sdb \\\n"
			   "    fence \"fence_ipmilan lanplus=1 username=fence vios1:ip=198.51.100.1 vios2:ip=198.51.100.2\"",
	}, {
		.name = "join", .args = "[FILE] [repo DEVICE[,DEVICE,DEVICE]] [--timeout SECONDS]\n"
					"                    [--incomplete] [--fence-unasked] [--no-start] [--dry-run]",
		.max = 1, .run = cluster_join,
		.words = { "repo=", "--timeout=", "--incomplete", "--fence-unasked", "--no-start",
			   "--dry-run" },
		.what = "Make this node a member of the cluster, with the file that create has written on the\n"
			"first one; without FILE go on with what this node has.",
		.more = "  repo            the repository's devices (they are looked for)\n"
			"  --timeout       how long to wait for the others (600)\n"
			"  --incomplete    wait for quorum only: DLM has the nodes fenced that are missing\n"
			"  --fence-unasked the agent is not asked whether it reaches its device\n"
			"  --no-start      write the files, and start nothing\n"
			"  --dry-run       show the files, and write nothing\n\n"
			"FILE has the cluster's key: /etc/vpart/cluster.setup of any node. It is for root\n"
			"alone, and so is the way that it is brought.",
		.example = "vpart cluster join cluster.setup",
	}, {
		.name = "leave", .args = "[--force]", .run = cluster_leave, .words = { "--force" },
		.what = "Unmount the repository, stop the daemons, and remove what create or join has written.",
		.more = "  --force  even if a file was changed since\n\n"
			"What a node serves has to be moved away before. The repository is not touched.",
		.example = "vpart cluster leave",
	}, {
		.name = "local", .args = "show|forget " AT, .min = 1, .max = 1,
		.run = cluster_local, .words = { AT_WORDS },
		.what = "Show, or forget, what a node of this machine keeps of its cluster.",
		.more = "It is compared with the repository when the node comes back. One that is another one,\n"
			"or older, is refused, until what the node knows is forgotten. It admits nothing, and\n"
			"is in " VPART_CLUSTER_COPY_FOLDER ".\n\n"
			"  show      with \"at\": its objects, and \"expect\", the option of mount that compares\n"
			"  forget    take whatever repository is mounted next, or is mounted now\n\n"
			"Exit code 4: one that is shown is damaged, and begun anew with the next mount.",
		.example = "vpart cluster local forget at vios1",
	}, { .name = NULL },
};

const struct noun cluster_noun = { "cluster", "the database of a cluster of servers", verbs };
