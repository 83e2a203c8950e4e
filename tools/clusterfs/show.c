// SPDX-License-Identifier: GPL-2.0
/* What a repository says, as a tree of JSON; and such a tree as text and tables. */
#include "repo.h"

static void add_text(json_object *o, const char *key, const u8 *text, size_t size)
{
	json_object_object_add(o, key,
			       json_object_new_string_len((const char *)text,
							  strnlen((const char *)text, size)));
}

static void add_number(json_object *o, const char *key, u64 n)
{
	json_object_object_add(o, key, json_object_new_uint64(n));
}

static void add_uuid(json_object *o, const char *key, const void *uuid)
{
	char text[40];

	uuid_text(text, uuid);
	json_object_object_add(o, key, json_object_new_string(text));
}

static void add_word(json_object *o, const char *key, const char *word)
{
	json_object_object_add(o, key, json_object_new_string(word));
}

/* A node by its slot, or "-". */
static void add_slot(json_object *o, const char *key, __le32 slot)
{
	if (le32_to_cpu(slot) == CFS_NOBODY)
		json_object_object_add(o, key, NULL);
	else
		add_number(o, key, le32_to_cpu(slot));
}

json_object *show_super(const struct cfs_super *sb)
{
	json_object *o = json_object_new_object();

	add_word(o, "cluster", sb->cluster);
	add_uuid(o, "uuid", &sb->uuid);
	add_number(o, "generation", sb->generation);
	add_number(o, "replicas", sb->replicas);
	add_number(o, "nodes_max", sb->nodes);
	add_number(o, "objects_max", sb->objects);
	add_number(o, "events_max", sb->events);
	add_number(o, "log_blocks", sb->log_blocks);
	add_number(o, "snapshot_blocks", sb->snap_blocks);
	add_number(o, "bytes", sb->total_blocks * CFS_BLOCK_SIZE);
	add_number(o, "first_term", sb->first_term);
	add_number(o, "first_gen", sb->first_gen);
	add_number(o, "made", sb->made);
	return o;
}

static void show_node(json_object *o, const void *payload)
{
	static const char * const states[] = { "left", "member", "fenced" };
	const struct cfs_disk_node *n = payload;

	add_text(o, "name", n->name, sizeof(n->name));
	add_word(o, "state", states[n->state]);
	add_text(o, "address", n->address, sizeof(n->address));
	add_number(o, "version", le32_to_cpu(n->version));
	add_uuid(o, "boot", n->boot);
	add_number(o, "time", le64_to_cpu(n->time));
}

static void show_client(json_object *o, const void *payload)
{
	const struct cfs_disk_client *c = payload;

	add_text(o, "name", c->name, sizeof(c->name));
	add_uuid(o, "instance", c->instance);
}

static void show_adapter(json_object *o, const void *payload)
{
	const struct cfs_disk_adapter *a = payload;

	add_number(o, "node", le64_to_cpu(a->node));
	add_number(o, "client", le64_to_cpu(a->client));
	add_number(o, "peer", le64_to_cpu(a->peer));
	add_number(o, "slot", le32_to_cpu(a->slot));
}

static void show_lu(json_object *o, const void *payload)
{
	const struct cfs_disk_lu *l = payload;

	add_text(o, "name", l->name, sizeof(l->name));
	add_number(o, "sectors", le64_to_cpu(l->sectors));
	add_number(o, "block", le32_to_cpu(l->block));
	add_slot(o, "owner", l->owner);
	add_number(o, "volume", le64_to_cpu(l->volume));
	json_object_object_add(o, "shared",
			       json_object_new_boolean(le32_to_cpu(l->flags) & CFS_LU_SHARED));
	add_text(o, "backing", l->backing, sizeof(l->backing));
}

static void show_map(json_object *o, const void *payload)
{
	const struct cfs_disk_map *m = payload;

	add_number(o, "lu", le64_to_cpu(m->lu));
	add_number(o, "client", le64_to_cpu(m->client));
	add_number(o, "adapter", le64_to_cpu(m->adapter));
	add_number(o, "lun", le32_to_cpu(m->lun));
	json_object_object_add(o, "read_only",
			       json_object_new_boolean(le32_to_cpu(m->flags) & CFS_MAP_READ_ONLY));
}

static void show_volume(json_object *o, const void *payload)
{
	static const char * const states[] = { "none", "uptodate", "outdated" };
	const struct cfs_disk_volume *v = payload;
	char key[16];
	int i;

	add_text(o, "name", v->name, sizeof(v->name));
	add_number(o, "sectors", le64_to_cpu(v->sectors));
	add_slot(o, "owner", v->owner);
	for (i = 0; i < 2; i++) {
		sprintf(key, "leg%d_node", i);
		add_slot(o, key, v->leg[i].node);
		sprintf(key, "leg%d", i);
		add_word(o, key, states[le32_to_cpu(v->leg[i].state)]);
	}
}

static void show_pr(json_object *o, const void *payload)
{
	const struct cfs_disk_pr *p = payload;
	char text[2 * CFS_TID_SIZE + 1] = "";
	unsigned int i;

	add_number(o, "lu", le64_to_cpu(p->lu));
	add_number(o, "client", le64_to_cpu(p->client));
	sprintf(text, "%016llx", (unsigned long long)le64_to_cpu(p->key));
	add_word(o, "key", text);
	add_number(o, "type", p->type);
	add_number(o, "prgeneration", le32_to_cpu(p->generation));
	add_number(o, "rtpi", le16_to_cpu(p->rtpi));
	text[0] = 0;
	for (i = 0; i < le16_to_cpu(p->tid_len); i++)
		sprintf(text + 2 * i, "%02x", p->tid[i]);
	add_word(o, "transport_id", text);
}

static void show_primary(json_object *o, const void *payload)
{
	add_slot(o, "node", ((const struct cfs_disk_primary *)payload)->node);
}

static void show_event(json_object *o, const void *payload)
{
	static const char * const classes[] = { "lifecycle", "alert", "topology", "reservation" };
	const struct cfs_disk_event *e = payload;

	add_number(o, "time", le64_to_cpu(e->time));
	add_word(o, "class", classes[e->class]);
	add_number(o, "severity", e->severity);
	add_number(o, "code", le32_to_cpu(e->code));
	add_word(o, "object_type", e->otype ? cfs_type_name(e->otype) : "-");
	add_number(o, "object", le64_to_cpu(e->object));
	add_text(o, "text", e->text, sizeof(e->text));
}

static void show_tombstone(json_object *o, const void *payload)
{
	add_number(o, "time", le64_to_cpu(((const struct cfs_disk_tombstone *)payload)->time));
}

static const struct {
	const char	*name;
	void		(*show)(json_object *o, const void *payload);
	bool		uuid, role;
} kinds[CFS_TYPES] = {
	[CFS_NODE]	= { "nodes", show_node, true, false },
	[CFS_CLIENT]	= { "clients", show_client, true, false },
	[CFS_ADAPTER]	= { "adapters", show_adapter, true, false },
	[CFS_LU]	= { "lus", show_lu, true, true },
	[CFS_MAP]	= { "maps", show_map, false, false },
	[CFS_VOLUME]	= { "volumes", show_volume, true, true },
	[CFS_PR]	= { "registrations", show_pr, false, false },
	[CFS_PRIMARY]	= { "primary", show_primary, false, true },
	[CFS_EVENT]	= { "events", show_event, false, false },
	[CFS_TOMBSTONE]	= { "tombstones", show_tombstone, true, false },
};

static json_object *show_record(const struct cfs_disk_record *r)
{
	json_object *o = json_object_new_object();

	add_number(o, "id", le64_to_cpu(r->id));
	if (r->type == CFS_TOMBSTONE)
		add_word(o, "of", cfs_type_name(r->otype));
	kinds[r->type].show(o, r->payload);
	if (kinds[r->type].role)
		add_number(o, "role_term", le64_to_cpu(r->role_term));
	add_number(o, "term", le64_to_cpu(r->since_term));
	add_number(o, "gen", le64_to_cpu(r->since_gen));
	if (kinds[r->type].uuid)
		add_uuid(o, "uuid", r->uuid);
	return o;
}

static int by_id(const void *a, const void *b)
{
	const struct cfs_disk_record *p = *(const struct cfs_disk_record * const *)a;
	const struct cfs_disk_record *q = *(const struct cfs_disk_record * const *)b;

	if (p->otype != q->otype)
		return p->otype - q->otype;
	return le64_to_cpu(p->id) < le64_to_cpu(q->id) ? -1 : 1;
}

static json_object *show_objects(struct cfs_index *ix, unsigned int type)
{
	json_object *list = json_object_new_array();
	const struct cfs_disk_record **all;
	struct cfs_obj *obj;
	u32 n = 0, i;
	u64 e;

	if (type == CFS_EVENT) {
		for (e = ix->event_first; e < ix->next[CFS_EVENT]; e++)
			json_object_array_add(list, show_record(cfs_get_event(ix, e)));
		return list;
	}
	all = calloc(ix->count[type] + 1, sizeof(*all));
	if (!all)
		abort();
	for (obj = cfs_first(ix, type); obj; obj = cfs_next(obj))
		all[n++] = &obj->d;
	qsort(all, n, sizeof(*all), by_id);
	for (i = 0; i < n; i++)
		json_object_array_add(list, show_record(all[i]));
	free(all);
	return list;
}

static json_object *show_claims(const struct cfs_db *db)
{
	json_object *list = json_object_new_array(), *o;
	unsigned int n;

	for (n = 0; n < db->sb.nodes; n++) {
		if (!db->slot_term[n] && !db->slot_bad[n])
			continue;
		o = json_object_new_object();
		add_number(o, "node", n);
		add_number(o, "term", db->slot_term[n]);
		add_number(o, "damaged_blocks", db->slot_bad[n]);
		json_object_array_add(list, o);
	}
	return list;
}

/* All of the database, after cfs_load(). */
json_object *show_repo(struct repo *repo)
{
	json_object *tree = show_super(&repo->db.sb);
	struct cfs_db *db = &repo->db;
	unsigned int type;

	add_number(tree, "term", db->term);
	add_number(tree, "gen", db->gen);
	add_number(tree, "history_begins_with_term", db->root);
	json_object_object_add(tree, "claims", show_claims(db));
	for (type = CFS_NODE; type < CFS_TYPES; type++)
		json_object_object_add(tree, kinds[type].name, show_objects(&db->index, type));
	return tree;
}

/* Every whole record of the logs, whether it counts or not. */
json_object *show_logs(struct repo *repo)
{
	json_object *list = json_object_new_array(), *o;
	struct cfs_db *db = &repo->db;
	const struct cfs_disk_confirm *c;
	const struct cfs_disk_record *r;
	const struct cfs_entry *e;
	unsigned int n;
	u32 i;

	for (n = 0; n < db->sb.nodes; n++) {
		cfs_logs_free(&db->logs);
		if ((!db->slot_term[n] && !db->slot_bad[n]) || cfs_logs_add(db, n))
			continue;
		for (i = 0; i < db->logs.entries; i++) {
			e = &db->logs.entry[i];
			r = (const void *)(db->logs.log[n] + (size_t)e->sector * CFS_SECTOR_SIZE);
			o = json_object_new_object();
			add_number(o, "node", n);
			add_number(o, "sector", e->sector);
			add_number(o, "term", e->term);
			add_number(o, "gen", e->gen);
			add_number(o, "record", e->index);
			add_number(o, "of", e->count);
			add_word(o, "type", cfs_type_name(r->type));
			add_number(o, "id", le64_to_cpu(r->id));
			if (r->type == CFS_CONFIRM && !cfs_record_wrong(r, &db->sb)) {
				c = (const void *)r->payload;
				add_word(o, "carries", c->carries == CFS_PARENT ? "parent" :
					 "snapshot");
				add_number(o, "parent", le64_to_cpu(c->parent));
			}
			json_object_array_add(list, o);
		}
	}
	cfs_logs_free(&db->logs);
	return list;
}

static const char *as_text(json_object *o)
{
	const char *text;

	if (!o)
		return "-";
	text = json_object_get_string(o);
	return *text ? text : "-";
}

static void print_table(const char *key, json_object *list)
{
	size_t n = json_object_array_length(list), i;
	size_t width[32], columns, col;

	if (!n)
		return;
	printf("\n%s (%zu)\n", key, n);
	columns = 0;
	json_object_object_foreach(json_object_array_get_idx(list, 0), first, unused) {
		(void)unused;
		if (columns < ARRAY_SIZE(width))
			width[columns++] = strlen(first);
	}
	for (i = 0; i < n; i++) {
		col = 0;
		json_object_object_foreach(json_object_array_get_idx(list, i), cell, value) {
			(void)cell;
			if (col < columns)
				width[col] = max(width[col], strlen(as_text(value)));
			col++;
		}
	}
	col = 0;
	json_object_object_foreach(json_object_array_get_idx(list, 0), head, ignored) {
		(void)ignored;
		col++;
		printf("  %-*s", col < columns ? (int)width[col - 1] : 0, head);
	}
	putchar('\n');
	for (i = 0; i < n; i++) {
		col = 0;
		json_object_object_foreach(json_object_array_get_idx(list, i), name, value) {
			(void)name;
			col++;
			printf("  %-*s", col < columns ? (int)width[col - 1] : 0, as_text(value));
		}
		putchar('\n');
	}
}

/* Words first, then a table for each list. */
static void print_tree(json_object *tree)
{
	json_object_object_foreach(tree, key, value) {
		if (!json_object_is_type(value, json_type_array))
			printf("%-24s %s\n", key, as_text(value));
	}
	json_object_object_foreach(tree, list, rows) {
		if (json_object_is_type(rows, json_type_array))
			print_table(list, rows);
	}
}

/* All of it, and it is freed. */
void show_tree(json_object *tree, bool json)
{
	if (json)
		puts(json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PRETTY));
	else
		print_tree(tree);
	json_object_put(tree);
}
