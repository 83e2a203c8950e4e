// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: owners of LUs and volumes: a role (role.c), the gate that what it executes passes,
 * and the module that executes it. Documentation/design/clusterfs-roles.rst.
 *
 * The gate is a reference for each command that was admitted. It is open in one term: it is
 * closed, and all references are back, before the next one begins. So what was admitted in a
 * term has ended before the record of that is stored (P6), or was never answered GOOD (V12).
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include <linux/module.h>
#include <linux/percpu-refcount.h>
#include "object.h"
#include "owner.h"
#include "role_record.h"

/**
 * struct cfs_owner - a node's part in a LU or volume
 * @ops: the user's
 * @private: the user's
 * @m: mount; its memory stays as long as this
 * @entry: of m->owners, by m->owners_lock
 * @users: who has it: the user, and who looks at it
 * @closing: the role is being given up, by unregistering or by the mount; and the next two
 * @stopped: it is no longer wanted: it is being given up, or was
 * @left: it is unregistered: its user is not told any more
 * @role: until it is given up, by m->roles_lock; for who leaves the gate by RCU
 * @type: of the object: @ops are the user's, who may be gone
 * @id: of the object
 * @uuid: of the object
 * @gate: of what was admitted; dead unless it is the owner
 * @term: does not change while the gate is open
 * @parked: the gate was closed for a move: what comes is to be kept
 * @lost: nothing may be answered GOOD
 * @begun: the user was promoted, and not demoted yet
 */
struct cfs_owner {
	const struct cfs_owner_ops	*ops;
	void				*private;
	struct cfs_mount		*m;
	struct list_head		entry;
	refcount_t			users;
	struct mutex			closing;
	bool				stopped;
	bool				left;
	struct cfs_role			*role;
	u8				type;
	u64				id;
	uuid_t				uuid;
	struct percpu_ref		gate;
	u64				term;
	bool				parked;
	bool				lost;
	bool				begun;
};

static_assert(CFS_OWNER_WHY == CFS_ROLE_WHY);

static struct cfs_owner *cfs_owner_of(struct cfs_role *role)
{
	return role->private;
}

/* --- the gate --- */

static void cfs_owner_empty(struct percpu_ref *gate)
{
	struct cfs_role *role = READ_ONCE(container_of(gate, struct cfs_owner, gate)->role);

	/* It is called under rcu_read_lock(), which cfs_owner_stop() waits for. */
	if (role)
		cfs_role_kick(role);
}

/**
 * cfs_owner_enter() - may a command be executed here, now
 * @o: owner
 * @term: that the sender knows of, or 0: it knows none
 * @own: set to this node's, for the answer; 0: it is not the owner
 *
 * What is kept is to be queued under a lock that demote() takes, too: else it may come after that.
 *
 * Context: any.
 * Return: 0: it may, until cfs_owner_exit(); -ESTALE: another node is the owner, or @term is
 * not its: answer STALE; -EAGAIN: it is being moved away: keep it, unexecuted, until demote();
 * -EHOSTDOWN: the node may not serve now (V12): try again.
 */
int cfs_owner_enter(struct cfs_owner *o, u64 term, u64 *own)
{
	int ret = 0;

	*own = 0;
	if (!percpu_ref_tryget_live(&o->gate))
		return READ_ONCE(o->parked) ? -EAGAIN : -ESTALE;
	/* The gate was opened after the term was set, in percpu_ref_reinit(). */
	smp_rmb();
	*own = READ_ONCE(o->term);
	if ((term && term != *own) || READ_ONCE(o->lost))
		ret = -ESTALE;
	else if (!cfs_serves(o->m))
		ret = -EHOSTDOWN;
	if (ret)
		percpu_ref_put(&o->gate);
	return ret;
}
EXPORT_SYMBOL_GPL(cfs_owner_enter);

/**
 * cfs_owner_answers() - may what was admitted be answered GOOD now
 * @o: owner, entered
 *
 * Context: any.
 * Return: 0; -ESTALE: never: another node may be the owner already; -EHOSTDOWN: not now, for
 * the node may not serve (V12). Nobody says when it may again: answer with an error that is
 * tried again.
 */
int cfs_owner_answers(struct cfs_owner *o)
{
	if (READ_ONCE(o->lost))
		return -ESTALE;
	return cfs_serves(o->m) ? 0 : -EHOSTDOWN;
}
EXPORT_SYMBOL_GPL(cfs_owner_answers);

/**
 * cfs_owner_exit() - what was admitted has ended: nothing of it can change the medium any more
 * @o: owner, entered
 *
 * Context: any.
 */
void cfs_owner_exit(struct cfs_owner *o)
{
	percpu_ref_put(&o->gate);
}
EXPORT_SYMBOL_GPL(cfs_owner_exit);

static void cfs_owner_open_gate(struct cfs_owner *o)
{
	WRITE_ONCE(o->parked, false);
	percpu_ref_reinit(&o->gate);
}

/* Return: false: it was closed already. */
static bool cfs_owner_close_gate(struct cfs_owner *o, bool lost)
{
	if (lost)
		WRITE_ONCE(o->lost, true);
	if (percpu_ref_is_dying(&o->gate))
		return false;
	WRITE_ONCE(o->parked, !lost);
	percpu_ref_kill(&o->gate);
	return true;
}

/* --- what the role asks for --- */

static const char *cfs_owner_unfit(struct cfs_role *role)
{
	struct cfs_owner *o = cfs_owner_of(role);
	const struct cfs_disk_record *r;
	struct cfs_view *view;
	bool there;
	uuid_t uuid;

	view = cfs_view_get(o->m);
	r = cfs_view_object(view, o->type, o->id);
	if (r)
		import_uuid(&uuid, r->uuid);
	there = r && uuid_equal(&uuid, &o->uuid);
	cfs_view_put(view);
	if (!there)
		return "it is removed";
	return o->ops->unfit ? o->ops->unfit(o) : NULL;
}

static int cfs_owner_prove(struct cfs_role *role, u32 node, char *why)
{
	struct cfs_owner *o = cfs_owner_of(role);
	struct cfs_owner_old old = { .slot = node };
	const struct cfs_disk_record *r;
	const struct cfs_disk_node *n;
	struct cfs_view *view;
	int ret = -ENODATA;

	if (!o->ops->prove)
		return ret;
	view = cfs_view_get(o->m);
	r = cfs_view_object(view, CFS_NODE, node);
	if (r) {
		n = (const void *)r->payload;
		old.name = (const char *)n->name;
		import_uuid(&old.boot, n->boot);
		ret = o->ops->prove(o, role->term, &old, why);
	}
	cfs_view_put(view);
	if (!ret)
		pr_info("node %s: the end of node %u as the owner of %s is proven by its user\n",
			o->m->opt.node, node, role->lock.name);
	return ret;
}

static int cfs_owner_promote(struct cfs_role *role, u64 term)
{
	struct cfs_owner *o = cfs_owner_of(role);
	int ret;

	WRITE_ONCE(o->term, term);
	WRITE_ONCE(o->lost, false);
	ret = o->ops->promote ? o->ops->promote(o, term) : 0;
	if (ret)
		return ret;
	o->begun = true;
	cfs_owner_open_gate(o);
	return 0;
}

static void cfs_owner_lost(struct cfs_role *role)
{
	struct cfs_owner *o = cfs_owner_of(role);

	WRITE_ONCE(o->parked, false);
	cfs_owner_close_gate(o, true);
	if (o->ops->park)
		o->ops->park(o, o->term, true);
}

/* Its worker is woken when the last command has ended: cfs_owner_empty(). */
static int cfs_owner_drain(struct cfs_role *role)
{
	struct cfs_owner *o = cfs_owner_of(role);

	if (cfs_owner_close_gate(o, false) && o->ops->park)
		o->ops->park(o, o->term, false);
	return percpu_ref_is_zero(&o->gate) ? 0 : -EINPROGRESS;
}

/* Another node has, or had, a later term: that one may be the owner. */
static void cfs_owner_later(struct cfs_role *role, u64 term)
{
	struct cfs_owner *o = cfs_owner_of(role);

	if (term > READ_ONCE(o->term))
		WRITE_ONCE(o->lost, true);
}

static void cfs_owner_off(struct cfs_role *role)
{
	struct cfs_owner *o = cfs_owner_of(role);

	WRITE_ONCE(o->parked, false);
	if (o->begun && o->ops->demote)
		o->ops->demote(o, o->term);
	o->begun = false;
}

/* By type: the type is what a role's operations have. */
static const struct cfs_role_ops cfs_owner_roles[] = {
	{
		.type = CFS_LU, .unfit = cfs_owner_unfit, .prove = cfs_owner_prove,
		.activate = cfs_owner_promote, .drain = cfs_owner_drain, .lost = cfs_owner_lost,
		.later = cfs_owner_later, .off = cfs_owner_off,
	}, {
		.type = CFS_VOLUME, .unfit = cfs_owner_unfit, .prove = cfs_owner_prove,
		.activate = cfs_owner_promote, .drain = cfs_owner_drain, .lost = cfs_owner_lost,
		.later = cfs_owner_later, .off = cfs_owner_off,
	},
};

/* --- they come and go --- */

static void cfs_owner_put(struct cfs_owner *o)
{
	if (!refcount_dec_and_test(&o->users))
		return;
	percpu_ref_exit(&o->gate);
	cfs_mount_put(o->m);
	kfree(o);
}

static struct cfs_owner *cfs_owner_find(struct cfs_mount *m, unsigned int type, u64 id)
{
	struct cfs_owner *o;

	lockdep_assert_held(&m->owners_lock);
	list_for_each_entry(o, &m->owners, entry)
		if (o->type == type && o->id == id)
			return o;
	return NULL;
}

/* The object of that uuid, its id; 0: there is none. */
static u64 cfs_owner_id(struct cfs_mount *m, unsigned int type, const uuid_t *uuid)
{
	struct cfs_view *view = cfs_view_get(m);
	const struct cfs_disk_record *r;
	uuid_t other;
	u64 id = 0;
	u32 i;

	for (i = 0; !id && (r = cfs_view_at(view, type, i)); i++) {
		import_uuid(&other, r->uuid);
		if (uuid_equal(&other, uuid))
			id = le64_to_cpu(r->id);
	}
	cfs_view_put(view);
	return id;
}

static struct cfs_owner *cfs_owner_new(struct cfs_mount *m, const struct cfs_owner_ops *ops,
				       void *private)
{
	struct cfs_owner *o = kzalloc(sizeof(*o), GFP_KERNEL);

	if (!o)
		return NULL;
	if (percpu_ref_init(&o->gate, cfs_owner_empty,
			    PERCPU_REF_INIT_DEAD | PERCPU_REF_ALLOW_REINIT, GFP_KERNEL)) {
		kfree(o);
		return NULL;
	}
	refcount_inc(&m->ref);
	o->m = m;
	o->ops = ops;
	o->type = ops->type;
	o->private = private;
	refcount_set(&o->users, 1);
	mutex_init(&o->closing);
	INIT_LIST_HEAD(&o->entry);
	return o;
}

/* It has its place among the others, and a role; @o->m is not left meanwhile. */
static int cfs_owner_begin(struct cfs_owner *o, char *why)
{
	const struct cfs_role_ops *ops = &cfs_owner_roles[o->type == CFS_VOLUME];
	struct cfs_mount *m = o->m;
	struct cfs_owner *other;
	struct cfs_role *role;
	int ret = 0;

	mutex_lock(&m->owners_lock);
	other = cfs_owner_find(m, o->type, o->id);
	if (other) {
		snprintf(why, CFS_OWNER_WHY, "%s %llu has a user at node %s already%s",
			 cfs_type_name(o->type), o->id, m->opt.node,
			 READ_ONCE(other->stopped) ? ", which is leaving" : "");
		ret = -EBUSY;
		goto unlock;
	}
	role = cfs_role_open(m, ops, o->id, &o->uuid, o);
	if (IS_ERR(role)) {
		snprintf(why, CFS_OWNER_WHY, "there is no lock on %s %llu (error %ld)",
			 cfs_type_name(o->type), o->id, PTR_ERR(role));
		ret = PTR_ERR(role);
		goto unlock;
	}
	spin_lock(&m->roles_lock);
	WRITE_ONCE(o->role, role);
	spin_unlock(&m->roles_lock);
	/* What its user was asked, and has kicked for since, is asked again. */
	cfs_role_kick(role);
	list_add_tail(&o->entry, &m->owners);
unlock:
	mutex_unlock(&m->owners_lock);
	return ret;
}

/**
 * cfs_owner_add() - the same as cfs_owner_register(), of a mount
 * @m: mount, not left meanwhile
 * @ops: as of cfs_owner_register()
 * @uuid: as well
 * @private: as well
 * @why: as well
 *
 * Context: process.
 * Return: as cfs_owner_register().
 */
struct cfs_owner *cfs_owner_add(struct cfs_mount *m, const struct cfs_owner_ops *ops,
				const uuid_t *uuid, void *private, char *why)
{
	const u64 id = cfs_owner_id(m, ops->type, uuid);
	struct cfs_owner *o;
	int ret;

	if (!id) {
		snprintf(why, CFS_OWNER_WHY, "node %s knows no %s with uuid %pUb", m->opt.node,
			 cfs_type_name(ops->type), uuid);
		return ERR_PTR(-ENOENT);
	}
	o = cfs_owner_new(m, ops, private);
	if (!o) {
		snprintf(why, CFS_OWNER_WHY, "there is no memory");
		return ERR_PTR(-ENOMEM);
	}
	o->id = id;
	o->uuid = *uuid;
	ret = cfs_owner_begin(o, why);
	if (!ret)
		return o;
	cfs_owner_put(o);
	return ERR_PTR(ret);
}

/**
 * cfs_owner_register() - a mounted node could own a LU or a volume
 * @ops: what to do with it
 * @cluster: name of the cluster, or NULL: of any
 * @node: name of the node, or NULL: any, if there is only one
 * @uuid: of the LU or volume, which the node knows
 * @private: the user's, see cfs_owner_private()
 * @why: room for CFS_OWNER_WHY characters: a sentence, if it is refused
 *
 * From now on, also before this returns, @ops are called. Each node that could own it does
 * this; the first one that is eligible has it, and the next in order when that one moves it
 * away, leaves, or is proven to be out.
 *
 * Context: process.
 * Return: owner, to be given to cfs_owner_unregister(); ERR_PTR(-EINVAL): the type is none;
 * -ENODEV: there is no such node; -ENOTUNIQ: there are several; -ENOENT: there is no such
 * object; -EBUSY: it has a user at this node; -ENOMEM.
 */
struct cfs_owner *cfs_owner_register(const struct cfs_owner_ops *ops, const char *cluster,
				     const char *node, const uuid_t *uuid, void *private,
				     char *why)
{
	struct cfs_mount *m;
	struct cfs_owner *o;

	if (ops->type != CFS_LU && ops->type != CFS_VOLUME) {
		snprintf(why, CFS_OWNER_WHY, "LUs and volumes have owners");
		return ERR_PTR(-EINVAL);
	}
	m = cfs_mount_get_by(cluster, node);
	if (IS_ERR(m)) {
		snprintf(why, CFS_OWNER_WHY, "%s", PTR_ERR(m) == -ENODEV ?
			 "no such node is mounted here" : "several nodes are mounted here");
		return ERR_CAST(m);
	}
	o = cfs_owner_add(m, ops, uuid, private, why);
	cfs_mount_let_go(m);
	return o;
}
EXPORT_SYMBOL_GPL(cfs_owner_register);

/* Its role is given up: moved away, or lost. Until then nobody else can be its user here. */
static void cfs_owner_stop(struct cfs_owner *o)
{
	struct cfs_mount *m = o->m;
	struct cfs_role *role = o->role;

	lockdep_assert_held(&o->closing);
	if (o->stopped)
		return;
	WRITE_ONCE(o->stopped, true);
	cfs_role_stop(role);
	spin_lock(&m->roles_lock);
	WRITE_ONCE(o->role, NULL);
	spin_unlock(&m->roles_lock);
	/* Whoever left the gate last may still be waking it up. */
	synchronize_rcu();
	cfs_role_close(role);
	mutex_lock(&m->owners_lock);
	list_del_init(&o->entry);
	mutex_unlock(&m->owners_lock);
}

/**
 * cfs_owner_unregister() - this node does not own it any more, and does not want to
 * @o: owner; gone when this returns, and none of its calls runs
 *
 * If it was the owner: parked, drained, that nobody owns it is stored, and demoted. If that
 * cannot be stored now the next owner waits for the proof of this node's end.
 *
 * Context: process, in none of its own calls, with no lock held that these take. Waits until
 * what was admitted has ended.
 */
void cfs_owner_unregister(struct cfs_owner *o)
{
	mutex_lock(&o->closing);
	cfs_owner_stop(o);
	o->left = true;
	mutex_unlock(&o->closing);
	cfs_owner_put(o);
}
EXPORT_SYMBOL_GPL(cfs_owner_unregister);

/**
 * cfs_owners_leave() - a node is being unmounted
 * @m: mount, hidden: nobody registers any more
 *
 * All are parked before one is waited for: each moves when its own commands have ended.
 *
 * Context: process, sleeps as cfs_owner_unregister() does.
 */
void cfs_owners_leave(struct cfs_mount *m)
{
	struct cfs_owner *o;

	mutex_lock(&m->owners_lock);
	spin_lock(&m->roles_lock);
	list_for_each_entry(o, &m->owners, entry)
		if (o->role)
			cfs_role_leave(o->role);
	spin_unlock(&m->roles_lock);
	mutex_unlock(&m->owners_lock);
	for (;;) {
		mutex_lock(&m->owners_lock);
		o = list_first_entry_or_null(&m->owners, struct cfs_owner, entry);
		if (o)
			refcount_inc(&o->users);
		mutex_unlock(&m->owners_lock);
		if (!o)
			return;
		mutex_lock(&o->closing);
		cfs_owner_stop(o);
		if (!o->left && o->ops->gone)
			o->ops->gone(o);
		mutex_unlock(&o->closing);
		cfs_owner_put(o);
	}
}

/**
 * cfs_owner_private() - what was registered with an owner
 * @o: owner
 *
 * Return: it.
 */
void *cfs_owner_private(const struct cfs_owner *o)
{
	return o->private;
}
EXPORT_SYMBOL_GPL(cfs_owner_private);

/**
 * cfs_owner_kick() - what unfit() or prove() says has changed
 * @o: owner
 *
 * Context: any but interrupts; waits for nobody.
 */
void cfs_owner_kick(struct cfs_owner *o)
{
	spin_lock(&o->m->roles_lock);
	if (o->role)
		cfs_role_kick(o->role);
	spin_unlock(&o->m->roles_lock);
}
EXPORT_SYMBOL_GPL(cfs_owner_kick);

/* --- planned moves (P6) --- */

static bool cfs_owner_has(struct cfs_owner *o, u64 term)
{
	struct cfs_role_status s = {};

	spin_lock(&o->m->roles_lock);
	if (o->role)
		cfs_role_status(o->role, &s);
	spin_unlock(&o->m->roles_lock);
	return s.state >= CFS_ROLE_PROOF && s.term == term;
}

/* Who owns it in a later term than @term, as was shown last; CFS_NOBODY: nobody yet. */
static u32 cfs_owner_next(struct cfs_owner *o, u64 term)
{
	struct cfs_view *view = cfs_view_get(o->m);
	const struct cfs_disk_record *r = cfs_view_object(view, o->type, o->id);
	u32 next = CFS_NOBODY;

	if (r && le64_to_cpu(r->role_term) > term)
		next = cfs_role_owner(o->type, r);
	cfs_view_put(view);
	return next;
}

/* Until it is given away, and somebody has it. Return: who, or CFS_NOBODY. */
static u32 cfs_owner_given(struct cfs_owner *o, u64 term)
{
	const unsigned long end = jiffies + 2 * o->m->opt.timeout * HZ;
	struct cfs_mount *m = o->m;
	u32 next = CFS_NOBODY;
	long left;
	u64 seen;

	while ((left = (long)(end - jiffies)) > 0) {
		seen = READ_ONCE(m->version);
		next = cfs_owner_has(o, term) ? CFS_NOBODY : cfs_owner_next(o, term);
		if (next != CFS_NOBODY || READ_ONCE(o->stopped) || READ_ONCE(m->leaving) ||
		    !cfs_may(m, CFS_MAY_HOLD))
			break;
		wait_event_timeout(m->changed, READ_ONCE(m->version) != seen ||
				   READ_ONCE(o->stopped) || READ_ONCE(m->leaving), left);
	}
	return next;
}

static int cfs_owner_give_to(struct cfs_owner *o, u32 to, char *why)
{
	const char *type = cfs_type_name(o->type);
	struct cfs_mount *m = o->m;
	int ret = -EPERM;
	u64 term = 0;
	u32 next;

	/* P20: what could not be recorded would stop what is served. */
	if (!cfs_may(m, CFS_MAY_COMMIT))
		return cfs_state_refuses(m, why);
	spin_lock(&m->roles_lock);
	if (o->role)
		ret = cfs_role_give(o->role, to, &term, NULL);
	spin_unlock(&m->roles_lock);
	if (ret) {
		snprintf(why, CFS_OWNER_WHY, ret == -EBUSY ?
			 "node %s is moving %s %llu away already" :
			 "node %s is not the owner of %s %llu", m->opt.node, type, o->id);
		return ret;
	}
	next = cfs_owner_given(o, term);
	if (to == CFS_NOBODY && next == m->slot) {
		snprintf(why, CFS_OWNER_WHY, "node %s has %s %llu again: nobody else took it",
			 m->opt.node, type, o->id);
		return -ENXIO;
	}
	if (next != CFS_NOBODY && (to == CFS_NOBODY || next == to))
		return 0;
	if (next != CFS_NOBODY) {
		snprintf(why, CFS_OWNER_WHY, "node %u has %s %llu now: node %u did not take it",
			 next, type, o->id, to);
		return -ENXIO;
	}
	if (!cfs_may(m, CFS_MAY_HOLD))
		return cfs_state_refuses(m, why);
	snprintf(why, CFS_OWNER_WHY, cfs_owner_has(o, term) ?
		 "%s %llu is not drained yet: it goes on by itself" :
		 "%s %llu is given away, and nobody has taken it yet", type, o->id);
	return -ETIMEDOUT;
}

/* The slot of a member, by its name; CFS_NOBODY: there is none. */
static u32 cfs_owner_slot(struct cfs_mount *m, const char *name)
{
	struct cfs_view *view = cfs_view_get(m);
	const struct cfs_disk_record *r;
	u32 slot = CFS_NOBODY, i;

	for (i = 0; (r = cfs_view_at(view, CFS_NODE, i)); i++) {
		const struct cfs_disk_node *n = (const void *)r->payload;

		if (!strcmp((const char *)n->name, name) && n->state == CFS_NODE_MEMBER)
			slot = le64_to_cpu(r->id);
	}
	cfs_view_put(view);
	return slot;
}

static bool cfs_owner_member(struct cfs_mount *m, u32 slot)
{
	struct cfs_view *view = cfs_view_get(m);
	const struct cfs_disk_record *r = cfs_view_object(view, CFS_NODE, slot);
	const bool member = r && ((const struct cfs_disk_node *)
				  (const void *)r->payload)->state == CFS_NODE_MEMBER;

	cfs_view_put(view);
	return member;
}

/**
 * cfs_owner_give() - let another node own it: a planned move (P6)
 * @o: owner
 * @node: name of that one, which has to be a member; NULL: whoever is next
 * @why: room for CFS_OWNER_WHY characters: a sentence, if it fails
 *
 * Parked, drained, stored, and granted to the other one. If that one does not want it, or is
 * not eligible, whoever is has it; this node too, in another term.
 *
 * Context: process, not in one of its calls; sleeps for at most twice the mount's "timeout".
 * Return: 0; -EPERM: this node is not the owner; -EBUSY: it is moving it away already; -EINVAL:
 * @node is this one, or no member; -ENXIO: another one has it, or this one again; -ETIMEDOUT: it
 * goes on by itself; -EHOSTDOWN: the node may not commit now, nothing has changed; -ESHUTDOWN: it
 * is LOST.
 */
int cfs_owner_give(struct cfs_owner *o, const char *node, char *why)
{
	u32 to = node ? cfs_owner_slot(o->m, node) : CFS_NOBODY;

	if (node && (to == CFS_NOBODY || to == o->m->slot)) {
		snprintf(why, CFS_OWNER_WHY, "node %.63s is %s", node,
			 to == CFS_NOBODY ? "no member" : "the one that it is to be moved from");
		return -EINVAL;
	}
	return cfs_owner_give_to(o, to, why);
}
EXPORT_SYMBOL_GPL(cfs_owner_give);

/**
 * cfs_owner_move() - the same, by who has only the numbers
 * @m: mount, not left meanwhile
 * @type: CFS_LU or CFS_VOLUME
 * @id: of the object
 * @to: slot, CFS_NOBODY: whoever is next
 * @why: as of cfs_owner_give()
 *
 * Context: as of cfs_owner_give().
 * Return: as of cfs_owner_give().
 */
int cfs_owner_move(struct cfs_mount *m, unsigned int type, u64 id, u32 to, char *why)
{
	struct cfs_owner *o;
	int ret;

	mutex_lock(&m->owners_lock);
	o = cfs_owner_find(m, type, id);
	if (o)
		refcount_inc(&o->users);
	mutex_unlock(&m->owners_lock);
	if (!o) {
		snprintf(why, CFS_OWNER_WHY, "node %s is not the owner of %s %llu", m->opt.node,
			 cfs_type_name(type), id);
		return -EPERM;
	}
	if (to != CFS_NOBODY && (to == m->slot || !cfs_owner_member(m, to))) {
		snprintf(why, CFS_OWNER_WHY, "node %u is %s", to, to == m->slot ?
			 "the one that it is to be moved from" : "no member");
		ret = -EINVAL;
	} else {
		ret = cfs_owner_give_to(o, to, why);
	}
	cfs_owner_put(o);
	return ret;
}
