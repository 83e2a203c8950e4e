// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: mounts, objects and events as messages of the netlink family. One is an
 * answer, an entry of a dump, or sent to the listeners. Texts of records end in the record:
 * nothing else comes from a disk (record.c).
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include "netlink.h"
#include "owner.h"
#include "role_record.h"

/* nla_put_u64_64bit() wants an attribute for padding; readers need none. */
static int cfs_put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put(skb, attr, sizeof(value), &value);
}

static int cfs_put_le64(struct sk_buff *skb, int attr, __le64 value)
{
	return cfs_put_u64(skb, attr, le64_to_cpu(value));
}

static int cfs_put_le32(struct sk_buff *skb, int attr, __le32 value)
{
	return nla_put_u32(skb, attr, le32_to_cpu(value));
}

static int cfs_put_text(struct sk_buff *skb, int attr, const u8 *text)
{
	return nla_put_string(skb, attr, (const char *)text);
}

/* A node, or nothing: nobody. */
static int cfs_put_slot(struct sk_buff *skb, int attr, __le32 slot)
{
	return slot == cpu_to_le32(CFS_NOBODY) ? 0 : cfs_put_le32(skb, attr, slot);
}

static void *cfs_nl_begin(const struct cfs_nl_out *out)
{
	return genlmsg_put(out->skb, out->portid, out->seq, &cfs_family, out->flags, out->cmd);
}

static int cfs_nl_end(const struct cfs_nl_out *out, void *hdr, int err)
{
	if (err) {
		genlmsg_cancel(out->skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(out->skb, hdr);
	return 0;
}

/* --- mounts --- */

static int cfs_nl_fill_mount(struct sk_buff *skb, struct cfs_mount *m, const struct cfs_view *view)
{
	const struct cfs_disk_record *first = cfs_view_at(view, CFS_EVENT, 0);
	const u64 id = first ? le64_to_cpu(first->id) : 0;
	struct clusterfs_ls_status locks;
	u32 missing = 0, r;
	struct cfs_status s;

	clusterfs_ls_status(m->ls, &locks);
	spin_lock(&m->view_lock);
	s = m->status;
	spin_unlock(&m->view_lock);
	for (r = 0; r < m->sb.replicas; r++)
		missing |= m->devs.dev[r] ? 0 : BIT(r);
	return nla_put_string(skb, CLUSTERFS_A_CLUSTER, m->sb.cluster) ||
	       nla_put_string(skb, CLUSTERFS_A_MOUNT, m->opt.node) ||
	       nla_put_u32(skb, CLUSTERFS_A_NODE, m->slot) ||
	       nla_put(skb, CLUSTERFS_A_REPOSITORY, sizeof(m->sb.uuid), &m->sb.uuid) ||
	       cfs_put_u64(skb, CLUSTERFS_A_REPO_GENERATION, m->sb.generation) ||
	       nla_put_string(skb, CLUSTERFS_A_LOCKSPACE, m->opt.lockspace) ||
	       nla_put_string(skb, CLUSTERFS_A_LOCKS, clusterfs_ls_state_name(locks.state)) ||
	       nla_put_u32(skb, CLUSTERFS_A_MEMBERS, locks.members) ||
	       nla_put_string(skb, CLUSTERFS_A_HEALTH, cfs_health_name(s.health)) ||
	       cfs_put_u64(skb, CLUSTERFS_A_SINCE, s.since) ||
	       nla_put_string(skb, CLUSTERFS_A_REASON, s.why) ||
	       cfs_put_u64(skb, CLUSTERFS_A_TERM, view->term) ||
	       cfs_put_u64(skb, CLUSTERFS_A_COMMIT, view->gen) ||
	       nla_put_u32(skb, CLUSTERFS_A_NODES, view->count[CFS_NODE]) ||
	       nla_put_u32(skb, CLUSTERFS_A_NODES_MAX, m->sb.nodes) ||
	       nla_put_u32(skb, CLUSTERFS_A_OBJECTS, view->objects) ||
	       nla_put_u32(skb, CLUSTERFS_A_OBJECTS_MAX, m->sb.objects) ||
	       nla_put_u32(skb, CLUSTERFS_A_REPLICAS, m->sb.replicas) ||
	       nla_put_u32(skb, CLUSTERFS_A_REPLICAS_MISSING, missing) ||
	       nla_put_u32(skb, CLUSTERFS_A_REPLICAS_FAILED, s.failed) ||
	       nla_put_u32(skb, CLUSTERFS_A_REPLICAS_UNREAD, s.unread) ||
	       cfs_put_u64(skb, CLUSTERFS_A_FIRST_EVENT, id) ||
	       cfs_put_u64(skb, CLUSTERFS_A_LAST_EVENT,
			   first ? id + view->count[CFS_EVENT] - 1 : 0);
}

/**
 * cfs_nl_put_mount() - a mounted node as a message
 * @out: where to
 * @m: mount, of cfs_mount_get_by() or cfs_mount_next()
 *
 * Return: 0, or -EMSGSIZE if there is no room: the message is not there then.
 */
int cfs_nl_put_mount(const struct cfs_nl_out *out, struct cfs_mount *m)
{
	struct cfs_view *view = cfs_view_get(m);
	void *hdr = cfs_nl_begin(out);
	int ret = -EMSGSIZE;

	if (hdr)
		ret = cfs_nl_end(out, hdr, cfs_nl_fill_mount(out->skb, m, view));
	cfs_view_put(view);
	return ret;
}

/**
 * cfs_nl_put_stats() - what a mounted node has done, as a message
 * @out: where to
 * @m: mount
 *
 * Return: 0 or -EMSGSIZE.
 */
int cfs_nl_put_stats(const struct cfs_nl_out *out, struct cfs_mount *m)
{
	struct sk_buff *skb = out->skb;
	void *hdr = cfs_nl_begin(out);

	if (!hdr)
		return -EMSGSIZE;
	return cfs_nl_end(out, hdr,
		nla_put_string(skb, CLUSTERFS_A_CLUSTER, m->sb.cluster) ||
		nla_put_string(skb, CLUSTERFS_A_MOUNT, m->opt.node) ||
		cfs_put_u64(skb, CLUSTERFS_A_CHANGES, atomic64_read(&m->stats.changes)) ||
		cfs_put_u64(skb, CLUSTERFS_A_REFUSED, atomic64_read(&m->stats.refused)) ||
		cfs_put_u64(skb, CLUSTERFS_A_TRIES, atomic64_read(&m->stats.tries)) ||
		cfs_put_u64(skb, CLUSTERFS_A_CLAIMS, atomic64_read(&m->stats.claims)) ||
		cfs_put_u64(skb, CLUSTERFS_A_REFRESHES, atomic64_read(&m->stats.refreshes)) ||
		cfs_put_u64(skb, CLUSTERFS_A_CHANGE_US, atomic64_read(&m->stats.us)) ||
		cfs_put_u64(skb, CLUSTERFS_A_CHANGE_MAX_US, atomic64_read(&m->stats.max_us)) ||
		nla_put_u32(skb, CLUSTERFS_A_UNANSWERED, READ_ONCE(m->asked_count)));
}

/* --- objects --- */

/* What the commands about objects are about. */
static const u8 cfs_nl_types[CLUSTERFS_CMD_MAX + 1] = {
	[CLUSTERFS_CMD_NODE_GET]	= CFS_NODE,
	[CLUSTERFS_CMD_CLIENT_GET]	= CFS_CLIENT,
	[CLUSTERFS_CMD_CLIENT_NEW]	= CFS_CLIENT,
	[CLUSTERFS_CMD_CLIENT_DEL]	= CFS_CLIENT,
	[CLUSTERFS_CMD_ADAPTER_GET]	= CFS_ADAPTER,
	[CLUSTERFS_CMD_ADAPTER_NEW]	= CFS_ADAPTER,
	[CLUSTERFS_CMD_ADAPTER_DEL]	= CFS_ADAPTER,
	[CLUSTERFS_CMD_LU_GET]		= CFS_LU,
	[CLUSTERFS_CMD_LU_NEW]		= CFS_LU,
	[CLUSTERFS_CMD_LU_DEL]		= CFS_LU,
	[CLUSTERFS_CMD_MAP_GET]		= CFS_MAP,
	[CLUSTERFS_CMD_MAP_NEW]		= CFS_MAP,
	[CLUSTERFS_CMD_MAP_DEL]		= CFS_MAP,
	[CLUSTERFS_CMD_VOLUME_GET]	= CFS_VOLUME,
	[CLUSTERFS_CMD_VOLUME_NEW]	= CFS_VOLUME,
	[CLUSTERFS_CMD_VOLUME_DEL]	= CFS_VOLUME,
	[CLUSTERFS_CMD_PR_GET]		= CFS_PR,
	[CLUSTERFS_CMD_PRIMARY_GET]	= CFS_PRIMARY,
};

/**
 * cfs_nl_type() - what a command is about
 * @cmd: CLUSTERFS_CMD_*
 *
 * Return: CFS_NODE..., 0: no object.
 */
u8 cfs_nl_type(u8 cmd)
{
	return cmd <= CLUSTERFS_CMD_MAX ? cfs_nl_types[cmd] : 0;
}

static int cfs_nl_fill_node(struct sk_buff *skb, const struct cfs_disk_node *n)
{
	return cfs_put_text(skb, CLUSTERFS_A_NAME, n->name) ||
	       nla_put_u32(skb, CLUSTERFS_A_STATE, n->state) ||
	       cfs_put_text(skb, CLUSTERFS_A_ADDRESS, n->address) ||
	       nla_put(skb, CLUSTERFS_A_BOOT, sizeof(n->boot), n->boot) ||
	       cfs_put_le32(skb, CLUSTERFS_A_VERSION, n->version) ||
	       cfs_put_le64(skb, CLUSTERFS_A_TIME, n->time);
}

static int cfs_nl_fill_client(struct sk_buff *skb, const struct cfs_disk_client *c)
{
	return cfs_put_text(skb, CLUSTERFS_A_NAME, c->name) ||
	       nla_put(skb, CLUSTERFS_A_INSTANCE, sizeof(c->instance), c->instance);
}

/* An object that is named: its id, and its name if it is there. */
static int cfs_nl_fill_ref(struct sk_buff *skb, const struct cfs_view *view, unsigned int type,
			   __le64 id, int id_attr, int name_attr)
{
	const struct cfs_disk_record *r = cfs_view_object(view, type, le64_to_cpu(id));

	return cfs_put_le64(skb, id_attr, id) ||
	       (r && nla_put_string(skb, name_attr, cfs_object_name(r)));
}

static int cfs_nl_fill_client_ref(struct sk_buff *skb, const struct cfs_view *view, __le64 id)
{
	return cfs_nl_fill_ref(skb, view, CFS_CLIENT, id, CLUSTERFS_A_CLIENT,
			       CLUSTERFS_A_CLIENT_NAME);
}

static int cfs_nl_fill_lu_ref(struct sk_buff *skb, const struct cfs_view *view, __le64 id)
{
	return cfs_nl_fill_ref(skb, view, CFS_LU, id, CLUSTERFS_A_LU, CLUSTERFS_A_LU_NAME);
}

static int cfs_nl_fill_adapter(struct sk_buff *skb, const struct cfs_view *view,
			       const struct cfs_disk_adapter *a)
{
	return nla_put_u32(skb, CLUSTERFS_A_NODE, le64_to_cpu(a->node)) ||
	       cfs_nl_fill_client_ref(skb, view, a->client) ||
	       cfs_put_le64(skb, CLUSTERFS_A_PEER, a->peer) ||
	       cfs_put_le32(skb, CLUSTERFS_A_SLOT, a->slot);
}

static int cfs_nl_fill_lu(struct sk_buff *skb, const struct cfs_disk_lu *l)
{
	return cfs_put_text(skb, CLUSTERFS_A_NAME, l->name) ||
	       cfs_put_text(skb, CLUSTERFS_A_BACKING, l->backing) ||
	       cfs_put_le64(skb, CLUSTERFS_A_SECTORS, l->sectors) ||
	       cfs_put_le32(skb, CLUSTERFS_A_BLOCK, l->block) ||
	       cfs_put_le64(skb, CLUSTERFS_A_VOLUME, l->volume) ||
	       cfs_put_le32(skb, CLUSTERFS_A_FLAGS, l->flags) ||
	       cfs_put_slot(skb, CLUSTERFS_A_OWNER, l->owner);
}

static int cfs_nl_fill_map(struct sk_buff *skb, const struct cfs_view *view,
			   const struct cfs_disk_map *map)
{
	return cfs_nl_fill_lu_ref(skb, view, map->lu) ||
	       cfs_nl_fill_client_ref(skb, view, map->client) ||
	       cfs_put_le64(skb, CLUSTERFS_A_ADAPTER, map->adapter) ||
	       cfs_put_le32(skb, CLUSTERFS_A_LUN, map->lun) ||
	       cfs_put_le32(skb, CLUSTERFS_A_FLAGS, map->flags);
}

static int cfs_nl_fill_volume(struct sk_buff *skb, const struct cfs_disk_volume *v)
{
	struct nlattr *leg;
	int i;

	if (cfs_put_text(skb, CLUSTERFS_A_NAME, v->name) ||
	    cfs_put_le64(skb, CLUSTERFS_A_SECTORS, v->sectors) ||
	    cfs_put_slot(skb, CLUSTERFS_A_OWNER, v->owner))
		return -EMSGSIZE;
	for (i = 0; i < 2; i++) {
		leg = nla_nest_start(skb, CLUSTERFS_A_LEG);
		if (!leg || cfs_put_slot(skb, CLUSTERFS_A_LEG_NODE, v->leg[i].node) ||
		    nla_put(skb, CLUSTERFS_A_LEG_UUID, sizeof(v->leg[i].uuid), v->leg[i].uuid) ||
		    cfs_put_le32(skb, CLUSTERFS_A_LEG_STATE, v->leg[i].state))
			return -EMSGSIZE;
		nla_nest_end(skb, leg);
	}
	return 0;
}

static int cfs_nl_fill_pr(struct sk_buff *skb, const struct cfs_view *view,
			  const struct cfs_disk_pr *p)
{
	return cfs_nl_fill_lu_ref(skb, view, p->lu) ||
	       cfs_nl_fill_client_ref(skb, view, p->client) ||
	       cfs_put_le64(skb, CLUSTERFS_A_KEY, p->key) ||
	       cfs_put_le32(skb, CLUSTERFS_A_GENERATION, p->generation) ||
	       nla_put_u32(skb, CLUSTERFS_A_RTPI, le16_to_cpu(p->rtpi)) ||
	       nla_put_u32(skb, CLUSTERFS_A_TYPE, p->type) ||
	       nla_put_u32(skb, CLUSTERFS_A_FLAGS, p->flags) ||
	       nla_put(skb, CLUSTERFS_A_TID, le16_to_cpu(p->tid_len), p->tid);
}

static int cfs_nl_fill_primary(struct sk_buff *skb, const struct cfs_view *view,
			       const struct cfs_disk_primary *p)
{
	const struct cfs_disk_record *n = cfs_view_object(view, CFS_NODE, le32_to_cpu(p->node));

	return cfs_put_slot(skb, CLUSTERFS_A_NODE, p->node) ||
	       (n && nla_put_string(skb, CLUSTERFS_A_NAME, cfs_object_name(n)));
}

static int cfs_nl_fill_object(struct sk_buff *skb, const struct cfs_view *view,
			      const struct cfs_disk_record *r)
{
	const void *p = r->payload;

	switch (r->type) {
	case CFS_NODE:
		return cfs_nl_fill_node(skb, p);
	case CFS_CLIENT:
		return cfs_nl_fill_client(skb, p);
	case CFS_ADAPTER:
		return cfs_nl_fill_adapter(skb, view, p);
	case CFS_LU:
		return cfs_nl_fill_lu(skb, p);
	case CFS_MAP:
		return cfs_nl_fill_map(skb, view, p);
	case CFS_VOLUME:
		return cfs_nl_fill_volume(skb, p);
	case CFS_PR:
		return cfs_nl_fill_pr(skb, view, p);
	case CFS_PRIMARY:
		return cfs_nl_fill_primary(skb, view, p);
	default:
		return -EMSGSIZE;
	}
}

/**
 * cfs_nl_put_object() - an object as a message
 * @out: where to
 * @view: view that it is in
 * @r: its record
 *
 * Return: 0 or -EMSGSIZE.
 */
int cfs_nl_put_object(const struct cfs_nl_out *out, const struct cfs_view *view,
		      const struct cfs_disk_record *r)
{
	const bool uuid = r->type != CFS_MAP && r->type != CFS_PR && r->type != CFS_PRIMARY;
	const bool owned = r->type == CFS_LU || r->type == CFS_VOLUME || r->type == CFS_PRIMARY;
	struct sk_buff *skb = out->skb;
	void *hdr = cfs_nl_begin(out);

	if (!hdr)
		return -EMSGSIZE;
	return cfs_nl_end(out, hdr,
		(r->type != CFS_PRIMARY && cfs_put_le64(skb, CLUSTERFS_A_ID, r->id)) ||
		(uuid && nla_put(skb, CLUSTERFS_A_UUID, sizeof(r->uuid), r->uuid)) ||
		cfs_nl_fill_object(skb, view, r) ||
		(owned && cfs_put_le64(skb, CLUSTERFS_A_ROLE_TERM, r->role_term)));
}

/* A registration's key is nobody else's business. */
static int cfs_nl_fill_user(struct sk_buff *skb, const struct cfs_view *view,
			    const struct cfs_disk_record *r)
{
	const struct cfs_disk_adapter *a = (const void *)r->payload;
	const struct cfs_disk_pr *p = (const void *)r->payload;

	switch (r->type) {
	case CFS_ADAPTER:
		return nla_put_u32(skb, CLUSTERFS_A_NODE, le64_to_cpu(a->node)) ||
		       cfs_nl_fill_client_ref(skb, view, a->client);
	case CFS_LU:
		return cfs_nl_fill_lu_ref(skb, view, r->id);
	case CFS_MAP:
		return cfs_nl_fill_map(skb, view, (const void *)r->payload);
	case CFS_PR:
		return cfs_nl_fill_lu_ref(skb, view, p->lu) ||
		       cfs_nl_fill_client_ref(skb, view, p->client) ||
		       nla_put_u32(skb, CLUSTERFS_A_TYPE, p->type);
	default:
		return 0;
	}
}

/* This node's part in it, if it has one. */
static int cfs_nl_fill_part(struct sk_buff *skb, struct cfs_mount *m, const struct cfs_view *view,
			    const struct cfs_disk_record *r)
{
	struct cfs_role_status s;
	char ends[CFS_OWNER_ENDS];

	if (!cfs_owner_status(m, r->type, le64_to_cpu(r->id), &s))
		return nla_put_string(skb, CLUSTERFS_A_ROLE, "none");
	cfs_owner_ends(m, view, r, &s, ends);
	return nla_put_string(skb, CLUSTERFS_A_ROLE, cfs_role_state_name(s.state)) ||
	       cfs_put_u64(skb, CLUSTERFS_A_SINCE, s.since) ||
	       nla_put_string(skb, CLUSTERFS_A_REASON, s.why) ||
	       cfs_put_slot(skb, CLUSTERFS_A_WAITS, cpu_to_le32(s.waits)) ||
	       nla_put_string(skb, CLUSTERFS_A_ENDS, ends);
}

/**
 * cfs_nl_put_owner() - who owns a LU or a volume, as a message
 * @out: where to
 * @m: mount whose part in it is told
 * @view: view that it is in
 * @r: its record
 *
 * Return: 0 or -EMSGSIZE.
 */
int cfs_nl_put_owner(const struct cfs_nl_out *out, struct cfs_mount *m,
		     const struct cfs_view *view, const struct cfs_disk_record *r)
{
	struct sk_buff *skb = out->skb;
	void *hdr = cfs_nl_begin(out);

	if (!hdr)
		return -EMSGSIZE;
	return cfs_nl_end(out, hdr,
		nla_put_string(skb, CLUSTERFS_A_CLUSTER, m->sb.cluster) ||
		nla_put_string(skb, CLUSTERFS_A_MOUNT, m->opt.node) ||
		nla_put_u32(skb, CLUSTERFS_A_OBJECT_TYPE, r->type) ||
		cfs_put_le64(skb, CLUSTERFS_A_OBJECT, r->id) ||
		nla_put_string(skb, CLUSTERFS_A_NAME, cfs_object_name(r)) ||
		nla_put(skb, CLUSTERFS_A_UUID, sizeof(r->uuid), r->uuid) ||
		cfs_put_slot(skb, CLUSTERFS_A_OWNER,
			     cpu_to_le32(cfs_role_owner(r->type, r))) ||
		cfs_put_le64(skb, CLUSTERFS_A_ROLE_TERM, r->role_term) ||
		cfs_nl_fill_part(skb, m, view, r));
}

/**
 * cfs_nl_put_usage() - an object that uses another, as a message
 * @out: where to
 * @view: view that it is in
 * @r: its record
 *
 * Return: 0 or -EMSGSIZE.
 */
int cfs_nl_put_usage(const struct cfs_nl_out *out, const struct cfs_view *view,
		     const struct cfs_disk_record *r)
{
	void *hdr = cfs_nl_begin(out);

	if (!hdr)
		return -EMSGSIZE;
	return cfs_nl_end(out, hdr,
			  nla_put_u32(out->skb, CLUSTERFS_A_OBJECT_TYPE, r->type) ||
			  cfs_put_le64(out->skb, CLUSTERFS_A_OBJECT, r->id) ||
			  cfs_nl_fill_user(out->skb, view, r));
}

/* --- events --- */

/**
 * cfs_nl_from() - which mount an event is told by
 * @from: set to it
 * @m: mount
 */
void cfs_nl_from(struct cfs_nl_from *from, const struct cfs_mount *m)
{
	strscpy(from->cluster, m->sb.cluster, sizeof(from->cluster));
	strscpy(from->mount, m->opt.node, sizeof(from->mount));
	from->uuid = m->sb.uuid;
}

static int cfs_nl_fill_told(struct sk_buff *skb, const struct cfs_event *ev)
{
	return (!ev->local && (cfs_put_u64(skb, CLUSTERFS_A_TERM, ev->term) ||
			       cfs_put_u64(skb, CLUSTERFS_A_COMMIT, ev->commit))) ||
	       cfs_put_u64(skb, CLUSTERFS_A_TIME, ev->time) ||
	       nla_put_u32(skb, CLUSTERFS_A_CLASS, ev->class) ||
	       nla_put_u32(skb, CLUSTERFS_A_SEVERITY, ev->severity) ||
	       nla_put_u32(skb, CLUSTERFS_A_CODE, ev->code) ||
	       nla_put_u32(skb, CLUSTERFS_A_OBJECT_TYPE, ev->type) ||
	       cfs_put_u64(skb, CLUSTERFS_A_OBJECT, ev->object) ||
	       nla_put_string(skb, CLUSTERFS_A_TEXT, ev->text);
}

/**
 * cfs_nl_put_told() - an event as a message: of a node itself, stored, or for a handler
 * @out: where to
 * @ev: it; with a delivery: for a handler
 *
 * Return: 0 or -EMSGSIZE.
 */
int cfs_nl_put_told(const struct cfs_nl_out *out, const struct cfs_event *ev)
{
	struct sk_buff *skb = out->skb;
	void *hdr = cfs_nl_begin(out);

	if (!hdr)
		return -EMSGSIZE;
	return cfs_nl_end(out, hdr,
		nla_put_string(skb, CLUSTERFS_A_CLUSTER, ev->cluster) ||
		nla_put_string(skb, CLUSTERFS_A_MOUNT, ev->node) ||
		nla_put(skb, ev->local ? CLUSTERFS_A_BOOT : CLUSTERFS_A_REPOSITORY,
			sizeof(ev->history), &ev->history) ||
		(ev->delivery && cfs_put_u64(skb, CLUSTERFS_A_DELIVERY, ev->delivery)) ||
		cfs_put_u64(skb, CLUSTERFS_A_SEQ, ev->seq) ||
		(ev->lost && (cfs_put_u64(skb, CLUSTERFS_A_LOST, ev->lost) ||
			      (ev->delivery &&
			       nla_put_u32(skb, CLUSTERFS_A_CLASS, ev->class)))) ||
		(!ev->lost && cfs_nl_fill_told(skb, ev)));
}

/**
 * cfs_nl_put_event() - a stored event as a message
 * @out: where to
 * @from: who tells it
 * @r: its record; NULL: tell that events are lost
 * @lost: how many were lost before @seq
 * @seq: number of the event, or of the one after the lost ones
 *
 * Return: 0 or -EMSGSIZE.
 */
int cfs_nl_put_event(const struct cfs_nl_out *out, const struct cfs_nl_from *from,
		     const struct cfs_disk_record *r, u64 lost, u64 seq)
{
	struct cfs_event ev = {
		.cluster = from->cluster, .node = from->mount, .history = from->uuid,
		.lost = lost, .seq = seq, .text = "",
	};

	if (r) {
		cfs_event_local(&ev, (const void *)r->payload);
		ev.term = le64_to_cpu(r->since_term);
		ev.commit = le64_to_cpu(r->since_gen);
	}
	return cfs_nl_put_told(out, &ev);
}

/* --- handlers --- */

/**
 * cfs_nl_put_handler() - the handler of a class as a message
 * @out: where to
 * @m: mount
 * @class: CFS_EVENT_*
 * @p: its place
 *
 * Return: 0 or -EMSGSIZE.
 */
int cfs_nl_put_handler(const struct cfs_nl_out *out, const struct cfs_mount *m, unsigned int class,
		       const struct cfs_post *p)
{
	struct sk_buff *skb = out->skb;
	void *hdr = cfs_nl_begin(out);

	if (!hdr)
		return -EMSGSIZE;
	return cfs_nl_end(out, hdr,
		nla_put_string(skb, CLUSTERFS_A_CLUSTER, m->sb.cluster) ||
		nla_put_string(skb, CLUSTERFS_A_MOUNT, m->opt.node) ||
		nla_put_u32(skb, CLUSTERFS_A_CLASS, class) ||
		nla_put_string(skb, CLUSTERFS_A_HOLDER, p->holder) ||
		nla_put_u32(skb, CLUSTERFS_A_TIMEOUT_MS, p->ms) ||
		cfs_put_u64(skb, CLUSTERFS_A_SEQ, p->next) ||
		(p->deadline && cfs_put_u64(skb, CLUSTERFS_A_DELIVERY, p->delivery)) ||
		cfs_put_u64(skb, CLUSTERFS_A_HANDLED, p->handled) ||
		cfs_put_u64(skb, CLUSTERFS_A_FAILED, p->failed) ||
		cfs_put_u64(skb, CLUSTERFS_A_LATE, p->late));
}

/**
 * cfs_nl_put_gone() - a handler is none any more, as a message
 * @out: where to
 * @m: mount, which is being left
 * @class: CFS_EVENT_*
 *
 * Return: 0 or -EMSGSIZE.
 */
int cfs_nl_put_gone(const struct cfs_nl_out *out, const struct cfs_mount *m, unsigned int class)
{
	struct sk_buff *skb = out->skb;
	void *hdr = cfs_nl_begin(out);

	if (!hdr)
		return -EMSGSIZE;
	return cfs_nl_end(out, hdr,
		nla_put_string(skb, CLUSTERFS_A_CLUSTER, m->sb.cluster) ||
		nla_put_string(skb, CLUSTERFS_A_MOUNT, m->opt.node) ||
		nla_put_u32(skb, CLUSTERFS_A_CLASS, class));
}
