// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: the text of the tree's files, lines of "key: value". Keys are only added.
 * Documentation/admin-guide/clusterfs.rst has them.
 */
#include "owner.h"

#define U(x)	((unsigned long long)le64_to_cpu(x))

static void __printf(2, 3) cfs_put(struct cfs_text *t, const char *fmt, ...)
{
	size_t room = t->len < t->size ? t->size - t->len : 0;
	va_list args;

	va_start(args, fmt);
	t->len += vsnprintf(room ? t->buf + t->len : NULL, room, fmt, args);
	va_end(args);
}

static void cfs_put_owner(struct cfs_text *t, const struct cfs_view *view, const char *key,
			  u32 slot)
{
	char buf[CFS_NAME_SIZE];
	const char *name = slot == CFS_NOBODY ? NULL : cfs_node_file(view, slot, buf);

	if (slot == CFS_NOBODY)
		cfs_put(t, "%s: none\n", key);
	else if (name)
		cfs_put(t, "%s: %s\n", key, name);
	else
		cfs_put(t, "%s: #%u\n", key, slot);
}

static void cfs_show_config(struct cfs_mount *m, const struct cfs_view *view, struct cfs_text *t)
{
	const struct cfs_disk_record *first = cfs_view_at(view, CFS_EVENT, 0);
	struct clusterfs_ls_status locks;
	struct cfs_status s;
	unsigned int r;
	char role[256];

	clusterfs_ls_status(m->ls, &locks);
	spin_lock(&m->view_lock);
	s = m->status;
	spin_unlock(&m->view_lock);
	cfs_put(t, "cluster: %s\nuuid: %pUb\ngeneration: %llu\n", m->sb.cluster, &m->sb.uuid,
		(unsigned long long)m->sb.generation);
	cfs_put(t, "node: %s\nid: %u\nlock: %s\nlockspace: %s\n", m->opt.node, m->slot,
		m->opt.lock, m->opt.lockspace);
	cfs_put(t, "locks: %s\nmembers: %u\n", clusterfs_ls_state_name(locks.state), locks.members);
	cfs_put(t, "state: %s\nsince: %llu\nreason: %s\n", cfs_health_name(s.health),
		(unsigned long long)s.since, s.why);
	cfs_primary_text(m, role, sizeof(role));
	cfs_put(t, "primary: %s\n", role);
	cfs_put(t, "term: %llu\ncommit: %llu\n", (unsigned long long)view->term,
		(unsigned long long)view->gen);
	cfs_put(t, "nodes: %u of %u\nobjects: %u of %u\n", view->count[CFS_NODE], m->sb.nodes,
		view->objects, m->sb.objects);
	cfs_put(t, "first-event: %llu\nevents: %u\n", first ? U(first->id) : 0ULL,
		view->count[CFS_EVENT]);
	cfs_put(t, "replicas: %u\n", m->sb.replicas);
	spin_lock(&m->view_lock);
	for (r = 0; r < m->sb.replicas; r++) {
		const struct cfs_dev *dev = m->devs.dev[r];
		const char *how = "ok";

		if (!dev)
			how = "missing";
		else if (s.failed & BIT(r))
			how = "failed";
		else if (s.unread & BIT(r))
			how = "unreadable";
		cfs_put(t, "replica-%u: %s%s%s\n", r, how, dev ? " " : "", dev ? dev->path : "");
	}
	spin_unlock(&m->view_lock);
}

static void cfs_show_primary(const struct cfs_view *view, struct cfs_text *t)
{
	const struct cfs_disk_record *r = cfs_view_object(view, CFS_PRIMARY, 1);
	const struct cfs_disk_primary *p;

	if (!r) {
		cfs_put(t, "node: none\nterm: 0\n");
		return;
	}
	p = (const void *)r->payload;
	cfs_put_owner(t, view, "node", le32_to_cpu(p->node));
	cfs_put(t, "term: %llu\n", U(r->role_term));
}

static void cfs_show_node(const struct cfs_disk_record *r, struct cfs_text *t)
{
	static const char *const state[CFS_NODE_STATES] = { "left", "member", "fenced" };
	const struct cfs_disk_node *n = (const void *)r->payload;

	cfs_put(t, "id: %llu\nname: %s\nuuid: %pUb\nstate: %s\naddress: %s\nboot: %pUb\n", U(r->id),
		n->name, r->uuid, state[n->state], n->address, n->boot);
	cfs_put(t, "version: %u\ntime: %llu\n", le32_to_cpu(n->version), U(n->time));
}

/* A client, and the LUs that it sees. */
static void cfs_show_client(const struct cfs_view *view, const struct cfs_disk_record *r,
			    struct cfs_text *t)
{
	const struct cfs_disk_client *c = (const void *)r->payload;
	const struct cfs_disk_record *o;
	u64 id = le64_to_cpu(r->id);
	u32 i;

	cfs_put(t, "id: %llu\nname: %s\nuuid: %pUb\ninstance: %pUb\n", U(r->id), c->name, r->uuid,
		c->instance);
	for (i = cfs_view_find(view, CFS_MAP, id);
	     (o = cfs_view_at(view, CFS_MAP, i)) && cfs_seen_key(o) == id; i++) {
		const struct cfs_disk_map *map = (const void *)o->payload;

		cfs_put(t, "map-%llu: lu %llu lun %u adapter %llu%s\n", U(o->id), U(map->lu),
			le32_to_cpu(map->lun), U(map->adapter),
			le32_to_cpu(map->flags) & CFS_MAP_READ_ONLY ? " read-only" : "");
	}
}

static void cfs_show_adapter(const struct cfs_view *view, const struct cfs_disk_record *r,
			     struct cfs_text *t)
{
	const struct cfs_disk_adapter *a = (const void *)r->payload;

	cfs_put(t, "id: %llu\nuuid: %pUb\n", U(r->id), r->uuid);
	cfs_put_owner(t, view, "node", le64_to_cpu(a->node));
	cfs_put(t, "client: %llu\npeer: %llu\nslot: %u\n", U(a->client), U(a->peer),
		le32_to_cpu(a->slot));
}

/* Who owns it, and this node's part in that. */
static void cfs_show_owner(struct cfs_mount *m, const struct cfs_view *view,
			   const struct cfs_disk_record *r, u32 owner, struct cfs_text *t)
{
	struct cfs_role_status s;
	char ends[CFS_OWNER_ENDS];

	cfs_put_owner(t, view, "owner", owner);
	cfs_put(t, "term: %llu\n", U(r->role_term));
	if (!cfs_owner_status(m, r->type, le64_to_cpu(r->id), &s)) {
		cfs_put(t, "role: none\n");
		return;
	}
	cfs_owner_ends(m, view, r, &s, ends);
	cfs_put(t, "role: %s\nsince: %llu\nreason: %s\n", cfs_role_state_name(s.state),
		(unsigned long long)s.since, s.why);
	cfs_put_owner(t, view, "waits-for", s.waits);
	cfs_put(t, "ends-by: %s\n", ends);
}

static void cfs_show_lu(struct cfs_mount *m, const struct cfs_view *view,
			const struct cfs_disk_record *r, struct cfs_text *t)
{
	const struct cfs_disk_lu *lu = (const void *)r->payload;

	cfs_put(t, "id: %llu\nname: %s\nuuid: %pUb\nbacking: %s\n", U(r->id), lu->name, r->uuid,
		lu->backing);
	cfs_put(t, "sectors: %llu\nblock: %u\nvolume: %llu\nshared: %s\n", U(lu->sectors),
		le32_to_cpu(lu->block), U(lu->volume),
		le32_to_cpu(lu->flags) & CFS_LU_SHARED ? "yes" : "no");
	cfs_show_owner(m, view, r, le32_to_cpu(lu->owner), t);
}

static void cfs_show_volume(struct cfs_mount *m, const struct cfs_view *view,
			    const struct cfs_disk_record *r, struct cfs_text *t)
{
	static const char *const state[CFS_LEG_STATES] = { "none", "uptodate", "outdated" };
	const struct cfs_disk_volume *v = (const void *)r->payload;
	char key[16];
	int i;

	cfs_put(t, "id: %llu\nname: %s\nuuid: %pUb\nsectors: %llu\n", U(r->id), v->name, r->uuid,
		U(v->sectors));
	cfs_show_owner(m, view, r, le32_to_cpu(v->owner), t);
	for (i = 0; i < 2; i++) {
		snprintf(key, sizeof(key), "leg-%d-node", i);
		cfs_put_owner(t, view, key, le32_to_cpu(v->leg[i].node));
		cfs_put(t, "leg-%d-uuid: %pUb\nleg-%d-state: %s\n", i, v->leg[i].uuid, i,
			state[le32_to_cpu(v->leg[i].state)]);
	}
}

/* The registrations on a LU. */
static void cfs_show_reservation(const struct cfs_view *view, u64 lu, struct cfs_text *t)
{
	const struct cfs_disk_record *r, *holder = NULL;
	const struct cfs_disk_pr *pr;
	u32 first = cfs_view_find(view, CFS_PR, lu), i;

	for (i = first; (r = cfs_view_at(view, CFS_PR, i)) && cfs_seen_key(r) == lu; i++)
		if (((const struct cfs_disk_pr *)(const void *)r->payload)->type)
			holder = r;
	cfs_put(t, "lu: %llu\n", (unsigned long long)lu);
	if (holder) {
		pr = (const void *)holder->payload;
		cfs_put(t, "holder: %llu\ntype: %u\n", U(holder->id), pr->type);
	} else {
		cfs_put(t, "holder: none\ntype: 0\n");
	}
	for (i = first; (r = cfs_view_at(view, CFS_PR, i)) && cfs_seen_key(r) == lu; i++) {
		pr = (const void *)r->payload;
		cfs_put(t, "registration-%llu: client %llu key %016llx generation %u port %u%s%s\n",
			U(r->id), U(pr->client), U(pr->key), le32_to_cpu(pr->generation),
			le16_to_cpu(pr->rtpi), pr->flags & CFS_PR_APTPL ? " aptpl" : "",
			pr->flags & CFS_PR_ALL_PORTS ? " all-ports" : "");
	}
}

static void cfs_show_event(const struct cfs_disk_record *r, struct cfs_text *t)
{
	static const char *const class[CFS_EVENT_CLASSES] = {
		"lifecycle", "alert", "topology", "reservation"
	};
	static const char *const severity[] = { "information", "warning", "error" };
	const struct cfs_disk_event *e = (const void *)r->payload;

	cfs_put(t, "id: %llu\nterm: %llu\ncommit: %llu\ntime: %llu\nclass: %s\n", U(r->id),
		U(r->since_term), U(r->since_gen), U(e->time), class[e->class]);
	cfs_put(t, "severity: %s\ncode: %u\nobject: %s %llu\ntext: %s\n", severity[e->severity],
		le32_to_cpu(e->code), e->otype ? cfs_type_name(e->otype) : "none", U(e->object),
		e->text);
}

/* What may be the name of a file, and is not taken for a slot's number. */
static bool cfs_name_fits(const char *name)
{
	return name[0] && name[0] != '#' && strcmp(name, ".") && strcmp(name, "..") &&
	       !strchr(name, '/');
}

static const char *cfs_node_name(const struct cfs_disk_record *r)
{
	return ((const struct cfs_disk_node *)(const void *)r->payload)->name;
}

/**
 * cfs_node_file() - name of a node's file
 * @view: view
 * @slot: the node's id
 * @buf: room for it
 *
 * A name that cannot be one, or that a node before it has, is replaced by "#SLOT".
 *
 * Return: it, or NULL: there is no such node.
 */
const char *cfs_node_file(const struct cfs_view *view, unsigned int slot, char buf[CFS_NAME_SIZE])
{
	const struct cfs_disk_record *r = cfs_view_object(view, CFS_NODE, slot), *other;
	bool fits;
	u32 i;

	if (!r)
		return NULL;
	fits = cfs_name_fits(cfs_node_name(r));
	for (i = 0; fits && (other = cfs_view_at(view, CFS_NODE, i)) && other != r; i++)
		fits = strcmp(cfs_node_name(other), cfs_node_name(r));
	if (fits)
		strscpy(buf, cfs_node_name(r), CFS_NAME_SIZE);
	else
		snprintf(buf, CFS_NAME_SIZE, "#%u", slot);
	return buf;
}

/* What type a file is of, in the order of enum cfs_file. */
static const u8 cfs_file_type[CFS_FILES] = {
	[CFS_FILE_NODE]		= CFS_NODE,
	[CFS_FILE_CLIENT]	= CFS_CLIENT,
	[CFS_FILE_ADAPTER]	= CFS_ADAPTER,
	[CFS_FILE_LU]		= CFS_LU,
	[CFS_FILE_VOLUME]	= CFS_VOLUME,
	[CFS_FILE_RESERVATION]	= CFS_PR,
	[CFS_FILE_EVENT]	= CFS_EVENT,
};

static const struct cfs_disk_record *cfs_file_record(const struct cfs_view *view,
						     enum cfs_file file, u64 id)
{
	const u8 type = cfs_file_type[file];
	const struct cfs_disk_record *r = cfs_view_at(view, type, cfs_view_find(view, type, id));

	return r && cfs_seen_key(r) == id ? r : NULL;
}

/**
 * cfs_file_there() - does what a file shows exist
 * @view: view
 * @file: CFS_FILE_CONFIG...
 * @id: of the object; of a reservation: the LU
 *
 * Return: true if so.
 */
bool cfs_file_there(const struct cfs_view *view, enum cfs_file file, u64 id)
{
	return !cfs_file_type[file] || cfs_file_record(view, file, id);
}

/**
 * cfs_show() - the text of a file
 * @m: mount
 * @view: view
 * @file: CFS_FILE_CONFIG...
 * @id: of the object, which exists; of a reservation: the LU
 * @t: it goes there; if @t->len is @t->size or more then, it did not fit
 */
void cfs_show(struct cfs_mount *m, const struct cfs_view *view, enum cfs_file file, u64 id,
	      struct cfs_text *t)
{
	const struct cfs_disk_record *r = NULL;

	if (cfs_file_type[file]) {
		r = cfs_file_record(view, file, id);
		if (!r)
			return;
	}
	switch (file) {
	case CFS_FILE_CONFIG:
		cfs_show_config(m, view, t);
		break;
	case CFS_FILE_PRIMARY:
		cfs_show_primary(view, t);
		break;
	case CFS_FILE_NODE:
		cfs_show_node(r, t);
		break;
	case CFS_FILE_CLIENT:
		cfs_show_client(view, r, t);
		break;
	case CFS_FILE_ADAPTER:
		cfs_show_adapter(view, r, t);
		break;
	case CFS_FILE_LU:
		cfs_show_lu(m, view, r, t);
		break;
	case CFS_FILE_VOLUME:
		cfs_show_volume(m, view, r, t);
		break;
	case CFS_FILE_RESERVATION:
		cfs_show_reservation(view, id, t);
		break;
	case CFS_FILE_EVENT:
		cfs_show_event(r, t);
		break;
	case CFS_FILES:
		break;
	}
}
