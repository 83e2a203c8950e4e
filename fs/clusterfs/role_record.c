// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: roles in the database. Each commit here is refused unless the lock is held, and
 * all but the first one unless the term is still the one that the first one gave: so of two
 * that believe to have a role the database knows one, whatever the locks say (V5).
 *
 * A commit goes by the index, which is complete when the node has just claimed. Who looks
 * without that goes by the view, which is always complete: of an index that could not be
 * read to its end nothing follows.
 *
 * TAKING(t+1) raises the term and leaves the owner: the last one that was ACTIVE, whose end
 * is to be proven. It names nobody if that is proven already, for the record's own age is
 * what a node's record is compared with (cfs_proven_out()).
 */
#include "role_record.h"

/* Where an object's payload says who has its role. */
static size_t cfs_owner_at(unsigned int type)
{
	switch (type) {
	case CFS_PRIMARY:
		return offsetof(struct cfs_disk_primary, node);
	case CFS_LU:
		return offsetof(struct cfs_disk_lu, owner);
	default:
		return offsetof(struct cfs_disk_volume, owner);
	}
}

/**
 * cfs_role_owner() - the owner, as the database has it
 * @type: of the object
 * @r: its record
 *
 * Return: slot or CFS_NOBODY.
 */
u32 cfs_role_owner(unsigned int type, const struct cfs_disk_record *r)
{
	return le32_to_cpup((const __le32 *)(const void *)(r->payload + cfs_owner_at(type)));
}

/* Is it the object that the role is of, or has another got its id? */
static bool cfs_role_fits(const struct cfs_role *role, const struct cfs_disk_record *r)
{
	uuid_t uuid;

	import_uuid(&uuid, r->uuid);
	return uuid_is_null(&role->uuid) || uuid_equal(&role->uuid, &uuid);
}

/* What @view says; without one, within a commit, the index. */
static const struct cfs_disk_record *cfs_role_read(struct cfs_mount *m,
						   const struct cfs_view *view,
						   unsigned int type, u64 id)
{
	const struct cfs_obj *o;

	if (view)
		return cfs_view_object(view, type, id);
	lockdep_assert_held(&m->lock);
	o = cfs_get(&m->db.index, type, id);
	return o ? &o->d : NULL;
}

/* Has who had it last ended? This node's own I/O has: drain() was called. */
static bool cfs_role_vacant(struct cfs_mount *m, const struct cfs_view *view,
			    const struct cfs_disk_record *r, u32 owner)
{
	return owner == CFS_NOBODY || owner == m->slot ||
	       cfs_proven_out(cfs_role_read(m, view, CFS_NODE, owner), r);
}

static int cfs_role_put(struct cfs_role *role, struct cfs_txn *t, const struct cfs_obj *o,
			u64 term, u32 owner, const char *what)
{
	const unsigned int type = role->ops->type;
	struct cfs_mount *m = role->m;
	const __le32 slot = cpu_to_le32(owner);
	u8 payload[CFS_PAYLOAD_SIZE] = {};
	int ret;

	if (o)
		memcpy(payload, o->d.payload, sizeof(payload));
	memcpy(payload + cfs_owner_at(type), &slot, sizeof(slot));
	ret = cfs_txn_put(&m->db, t, type, role->id, o ? o->d.uuid : NULL, term, payload);
	if (ret)
		return ret;
	if (type == CFS_PRIMARY)
		return cfs_txn_event(&m->db, t, CFS_EVENT_TOPOLOGY, CFS_INFORMATION, CFS_CODE_ROLE,
				     type, role->id, "node %s %s the primary node, term %llu",
				     m->opt.node, what, term);
	return cfs_txn_event(&m->db, t, CFS_EVENT_TOPOLOGY, CFS_INFORMATION, CFS_CODE_ROLE, type,
			     role->id, "node %s %s the owner of %s %llu, term %llu", m->opt.node,
			     what, cfs_type_name(type), role->id, term);
}

static int cfs_role_has_lock(struct cfs_role *role)
{
	if (clusterfs_lock_held(&role->lock, CLUSTERFS_LOCK_EX))
		return 0;
	return cfs_fail(&role->m->db, -ENOLCK, "the lock on the role is lost");
}

/* The object, if the role's term is still this node's. */
static struct cfs_obj *cfs_role_object(struct cfs_role *role)
{
	struct cfs_obj *o = cfs_get(&role->m->db.index, role->ops->type, role->id);

	return o && le64_to_cpu(o->d.role_term) == role->term && cfs_role_fits(role, &o->d) ?
	       o : NULL;
}

static bool cfs_role_owns(struct cfs_role *role, const struct cfs_view *view)
{
	const unsigned int type = role->ops->type;
	const struct cfs_disk_record *r = cfs_role_read(role->m, view, type, role->id);

	return r && le64_to_cpu(r->role_term) == role->term && cfs_role_fits(role, r) &&
	       cfs_role_owner(type, r) == role->m->slot;
}

/**
 * cfs_role_mine() - does the database still say that this node has a role
 * @role: role
 *
 * Context: process; waits for nobody.
 * Return: true if so, as it was shown last.
 */
bool cfs_role_mine(struct cfs_role *role)
{
	struct cfs_view *view = cfs_view_get(role->m);
	const bool mine = view && cfs_role_owns(role, view);

	cfs_view_put(view);
	return mine;
}

static int cfs_role_check(struct cfs_role *role)
{
	int ret = cfs_role_has_lock(role);

	if (!ret && !cfs_role_object(role))
		ret = cfs_fail(&role->m->db, -ENOLCK, "another node has taken a later term");
	return ret;
}

/**
 * cfs_role_fill_taking() - commit TAKING (P5.2); of a role that only commits, ACTIVE
 * @m: mount
 * @t: to be filled
 * @arg: role; its term is set
 *
 * Return: 0 or -errno.
 */
int cfs_role_fill_taking(struct cfs_mount *m, struct cfs_txn *t, void *arg)
{
	struct cfs_role *role = arg;
	const unsigned int type = role->ops->type;
	struct cfs_obj *o = cfs_get(&m->db.index, type, role->id);
	u32 owner;
	int ret;

	ret = cfs_role_has_lock(role);
	if (ret)
		return ret;
	if (o ? !cfs_role_fits(role, &o->d) : type != CFS_PRIMARY)
		return cfs_fail(&m->db, -ENOENT, "there is no %s %llu", cfs_type_name(type),
				role->id);
	role->term = o ? le64_to_cpu(o->d.role_term) + 1 : 1;
	role->proven = CFS_NOBODY;
	if (role->ops->commits_only)
		return cfs_role_put(role, t, o, role->term, m->slot, "is");
	owner = cfs_role_owner(type, &o->d);
	if (cfs_role_vacant(m, NULL, &o->d, owner))
		owner = CFS_NOBODY;
	return cfs_role_put(role, t, o, role->term, owner, "will be");
}

static u32 cfs_role_waits_in(struct cfs_role *role, const struct cfs_view *view)
{
	const unsigned int type = role->ops->type;
	const struct cfs_disk_record *r = cfs_role_read(role->m, view, type, role->id);
	u32 owner;

	if (!r || le64_to_cpu(r->role_term) != role->term || !cfs_role_fits(role, r))
		return CFS_NOBODY;
	owner = cfs_role_owner(type, r);
	return cfs_role_vacant(role->m, view, r, owner) ? CFS_NOBODY : owner;
}

/**
 * cfs_role_waits() - whose end is to be proven yet
 * @role: role in PROOF
 *
 * Context: process; waits for nobody.
 * Return: slot; CFS_NOBODY: there is nobody, or the term is not this node's any more, as it
 * was shown last.
 */
u32 cfs_role_waits(struct cfs_role *role)
{
	struct cfs_view *view = cfs_view_get(role->m);
	const u32 waits = view ? cfs_role_waits_in(role, view) : CFS_NOBODY;

	cfs_view_put(view);
	return waits;
}

/**
 * cfs_role_hint_holds() - should another node have a role before this one
 * @role: role, granted
 * @hint: what its last owner has left
 *
 * Context: process; waits for nobody.
 * Return: true if so, by what was shown last.
 */
bool cfs_role_hint_holds(struct cfs_role *role, const struct cfs_role_hint *hint)
{
	const u32 to = le32_to_cpu(hint->node);
	struct cfs_mount *m = role->m;
	const struct cfs_disk_record *r, *n;
	struct cfs_view *view;
	bool holds;

	if (to >= m->sb.nodes || to == m->slot || le32_to_cpu(hint->passes) >= 2 * m->sb.nodes)
		return false;
	view = cfs_view_get(m);
	r = cfs_view_object(view, role->ops->type, role->id);
	n = cfs_view_object(view, CFS_NODE, to);
	holds = r && n && le64_to_cpu(r->role_term) <= le64_to_cpu(hint->term) &&
		((const struct cfs_disk_node *)(const void *)n->payload)->state == CFS_NODE_MEMBER;
	cfs_view_put(view);
	return holds;
}

/**
 * cfs_role_fill_active() - commit ACTIVE (P5.4)
 * @m: mount
 * @t: to be filled
 * @arg: role
 *
 * An old owner of which prove() has said that it can no longer act may still be a member.
 *
 * Return: 0; -EINPROGRESS: the old owner's end is not proven; -ENOLCK: there is a later term;
 * or -errno.
 */
int cfs_role_fill_active(struct cfs_mount *m, struct cfs_txn *t, void *arg)
{
	struct cfs_role *role = arg;
	u32 owner;
	int ret;

	ret = cfs_role_check(role);
	if (ret)
		return ret;
	owner = cfs_role_waits_in(role, NULL);
	if (owner != CFS_NOBODY && owner != role->proven)
		return cfs_fail(&m->db, -EINPROGRESS, "the end of node %u is not proven", owner);
	return cfs_role_put(role, t, cfs_role_object(role), role->term, m->slot, "is");
}

/**
 * cfs_role_fill_free() - commit that nobody has it (P6)
 * @m: mount
 * @t: to be filled
 * @arg: role, drained
 *
 * An old owner whose end is not proven stays.
 *
 * Return: 0; -EALREADY: the object does not name this node with that term, there is nothing
 * to be recorded; -ENOLCK: the lock is lost, or the lockspace recovers; or -errno.
 */
int cfs_role_fill_free(struct cfs_mount *m, struct cfs_txn *t, void *arg)
{
	struct cfs_role *role = arg;
	int ret;

	ret = cfs_role_has_lock(role);
	if (ret)
		return ret;
	if (!cfs_role_owns(role, NULL))
		return cfs_fail(&m->db, -EALREADY, "this node does not have the role");
	return cfs_role_put(role, t, cfs_role_object(role), role->term, CFS_NOBODY,
			    "is no more");
}

/* What a holder wants to commit. */
struct cfs_role_arg {
	struct cfs_role	*role;
	cfs_fill_t	fill;
	void		*arg;
};

static int cfs_role_fill(struct cfs_mount *m, struct cfs_txn *t, void *arg)
{
	const struct cfs_role_arg *a = arg;
	int ret;

	ret = cfs_role_check(a->role);
	if (!ret && !cfs_role_owns(a->role, NULL))
		ret = cfs_fail(&m->db, -ENOLCK, "this node does not have the role");
	return ret ? : a->fill(m, t, a->arg);
}

/**
 * cfs_role_change() - change the database as the holder of a role
 * @role: role
 * @fill: says what, as for cfs_change()
 * @arg: for @fill
 * @why: as for cfs_change()
 *
 * Context: as cfs_change().
 * Return: 0; -ENOLCK: this node does not have the role, or another has a later term; or as
 * cfs_change() says.
 */
int cfs_role_change(struct cfs_role *role, cfs_fill_t fill, void *arg, char *why)
{
	struct cfs_role_arg a = { role, fill, arg };

	return cfs_change(role->m, cfs_role_fill, &a, why);
}
