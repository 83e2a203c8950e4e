// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: who has a role, and how it moves (P4-P6). The states are in role.h.
 *
 *  1. An eligible node asks for the role's lock, EX, and stays queued.
 *  2. Granted: is it still eligible? Else it releases at once. TAKING: the next term is
 *     committed. From then on no commit of an older term counts.
 *  3. PROOF: until the database says that the old owner has left, was fenced, or has begun
 *     another life, or prove() knows that it can no longer act. There is no limit; status says
 *     whose end is waited for, and since when.
 *  4. ACTIVE is committed, then the role is given: activate().
 *  5. A planned move: drain(), a commit that nobody has it, and the lock is released. Not
 *     before that commit: a node that lives would be waited for without end. So too when
 *     ACTIVE may have been committed, and was not begun. If it is to go to a named node, the
 *     lock's value block says so, and others that are granted it before let it pass.
 *  6. If the node is LOST, or the database has a later term: lost(), the lock is released,
 *     drain(). Only after that the lock is asked for again.
 *
 * One worker for each role makes all the steps; what happens elsewhere only wakes it. It waits
 * for no I/O: what drain() waits for wakes it, too.
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include "role_record.h"

/* Before another try at what has failed, and between looks at what nobody tells. */
#define CFS_ROLE_AGAIN_MS	1000
#define CFS_ROLE_LOOK_MS	100

/**
 * cfs_role_state_name() - for status
 * @state: of a role
 *
 * Return: it.
 */
const char *cfs_role_state_name(enum cfs_role_state state)
{
	static const char * const names[CFS_ROLE_STATES] = {
		[CFS_ROLE_OFF]		= "off",
		[CFS_ROLE_QUEUED]	= "queued",
		[CFS_ROLE_TAKING]	= "taking",
		[CFS_ROLE_PROOF]	= "proof",
		[CFS_ROLE_ACTIVE]	= "active",
		[CFS_ROLE_DRAINING]	= "draining",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "?";
}

/**
 * cfs_role_status() - what a role is, and since when
 * @role: role
 * @status: to be filled
 *
 * Context: process; waits for nobody.
 */
void cfs_role_status(struct cfs_role *role, struct cfs_role_status *status)
{
	spin_lock(&role->m->view_lock);
	*status = role->status;
	spin_unlock(&role->m->view_lock);
}

static void cfs_role_say(struct cfs_role *role, enum cfs_role_state state, u32 waits,
			 const char *why)
{
	struct cfs_role_status *s = &role->status;
	struct cfs_mount *m = role->m;

	spin_lock(&m->view_lock);
	if (s->state != state)
		s->since = ktime_get_real_seconds();
	WRITE_ONCE(s->state, state);
	s->term = state >= CFS_ROLE_PROOF ? role->term : 0;
	s->waits = waits;
	WRITE_ONCE(s->drains, role->drains);
	strscpy(s->why, why ? : "", sizeof(s->why));
	spin_unlock(&m->view_lock);
	cfs_view_touch(m);
}

/* What its users do may take long, and never end: the node's own work is not behind that. */
static struct workqueue_struct *cfs_role_queue(const struct cfs_role *role)
{
	return role->ops->commits_only ? cfs_queue : cfs_roles_queue;
}

/* The worker, of itself: a kick that has come meanwhile is not put off. */
static void cfs_role_look_in(struct cfs_role *role, unsigned int ms)
{
	if (!READ_ONCE(role->stopped))
		queue_delayed_work(cfs_role_queue(role), &role->work, msecs_to_jiffies(ms));
}

/**
 * cfs_role_kick() - see whether a role can be moved on
 * @role: role
 *
 * Context: any.
 */
void cfs_role_kick(struct cfs_role *role)
{
	if (!READ_ONCE(role->stopped))
		mod_delayed_work(cfs_role_queue(role), &role->work, 0);
}

/**
 * cfs_roles_kick() - something has changed that all roles may wait for
 * @m: mount
 *
 * Context: process; waits for nobody.
 */
void cfs_roles_kick(struct cfs_mount *m)
{
	struct cfs_role *role;

	spin_lock(&m->roles_lock);
	list_for_each_entry(role, &m->roles, entry)
		cfs_role_kick(role);
	spin_unlock(&m->roles_lock);
}

/* A view shares with the last one what has not changed. */
static bool cfs_nodes_changed(const struct cfs_view *old, const struct cfs_view *view)
{
	return !old || old->count[CFS_NODE] != view->count[CFS_NODE] ||
	       memcmp(old->seen[CFS_NODE], view->seen[CFS_NODE],
		      view->count[CFS_NODE] * sizeof(*view->seen[CFS_NODE]));
}

/**
 * cfs_roles_see() - another view is shown
 * @m: mount
 * @old: the last one, or NULL
 * @view: the new one
 *
 * Those roles are woken whose object has changed, and all if a node has. One whose term is over
 * hears of that here: its worker may be late.
 *
 * Context: process; waits for nobody.
 */
void cfs_roles_see(struct cfs_mount *m, const struct cfs_view *old, const struct cfs_view *view)
{
	const bool all = cfs_nodes_changed(old, view);
	const struct cfs_disk_record *r;
	struct cfs_role *role;

	spin_lock(&m->roles_lock);
	list_for_each_entry(role, &m->roles, entry) {
		const u8 type = role->ops->type;

		r = cfs_view_object(view, type, role->id);
		if (role->ops->later && r)
			role->ops->later(role, le64_to_cpu(r->role_term));
		if (all || role->ops->commits_only || r != cfs_view_object(old, type, role->id))
			cfs_role_kick(role);
	}
	spin_unlock(&m->roles_lock);
}

/* --- one step each; they return whether another may follow at once --- */

/* Why this node may not have it, or NULL. */
static const char *cfs_role_unfit(struct cfs_role *role, bool has)
{
	struct cfs_mount *m = role->m;
	enum cfs_health health;

	if (READ_ONCE(role->closing))
		return "it is given up";
	cfs_state_look(m);
	health = READ_ONCE(m->status.health);
	if (health == CFS_OUT)
		return "the node is LOST";
	/* P20: who owns a LU goes on without the database; nobody begins. */
	if (health == CFS_RESTRICTED && (!has || role->ops->commits_only))
		return "the database cannot be reached";
	return role->ops->unfit ? role->ops->unfit(role) : NULL;
}

static enum clusterfs_lock_state cfs_role_lock_state(struct cfs_role *role)
{
	struct clusterfs_lock_status s;

	clusterfs_lock_status(&role->lock, &s);
	return s.state;
}

/*
 * Give the lock back if it is held. Return: false: its grant has not been told yet, done()
 * comes; only after that it can be given back.
 */
static bool cfs_role_let_go(struct cfs_role *role)
{
	return cfs_role_lock_state(role) != CLUSTERFS_LOCK_GRANTED ||
	       clusterfs_lock_release(&role->lock, 0) != -EBUSY;
}

/* Nothing is to be held or asked for any more; another try not before so long. */
static bool cfs_role_off(struct cfs_role *role, unsigned int ms, const char *why)
{
	/* What cannot be given back yet cfs_role_ask() gives back. */
	cfs_role_let_go(role);
	role->not_before = jiffies + msecs_to_jiffies(ms);
	if (role->ops->off)
		role->ops->off(role);
	cfs_role_say(role, CFS_ROLE_OFF, CFS_NOBODY, why);
	return true;
}

/* Nothing is left of it: give the lock back with word of who is to have it. */
static bool cfs_role_hand(struct cfs_role *role, const struct cfs_role_hint *hint)
{
	memcpy(role->lock.lvb, hint, sizeof(*hint));
	return clusterfs_lock_release(&role->lock, CLUSTERFS_LOCK_SET_LVB) != -EBUSY;
}

/* 1. */
static bool cfs_role_ask(struct cfs_role *role, const char *unfit)
{
	int ret;

	/* The others wait for it, whether or not this node may ask. */
	if (!cfs_role_let_go(role))
		return false;
	if (unfit || !cfs_may(role->m, CFS_MAY_COMMIT)) {
		unfit = unfit ? : "the node may not commit now";
		if (strcmp(role->status.why, unfit))
			cfs_role_say(role, CFS_ROLE_OFF, CFS_NOBODY, unfit);
		return false;
	}
	if (time_before(jiffies, role->not_before)) {
		cfs_role_look_in(role, jiffies_to_msecs(role->not_before - jiffies));
		return false;
	}
	/* -EBUSY: what was given back is not back yet; done() tells. */
	ret = clusterfs_lock_request(&role->lock, CLUSTERFS_LOCK_EX, 0);
	if (ret) {
		if (ret != -EBUSY)
			cfs_role_look_in(role, CFS_ROLE_AGAIN_MS);
		return false;
	}
	cfs_role_say(role, CFS_ROLE_QUEUED, CFS_NOBODY, "");
	return true;
}

/* It was granted before the one that is to have it: ask again, behind that one. */
static bool cfs_role_pass(struct cfs_role *role, struct cfs_role_hint *hint)
{
	char why[64];

	snprintf(why, sizeof(why), "it is to be given to node %u", le32_to_cpu(hint->node));
	le32_add_cpu(&hint->passes, 1);
	return cfs_role_hand(role, hint) && cfs_role_off(role, CFS_ROLE_LOOK_MS, why);
}

/* 2. */
static bool cfs_role_take(struct cfs_role *role, const char *unfit)
{
	struct cfs_mount *m = role->m;
	char why[sizeof(m->db.why)];
	struct cfs_role_hint hint;

	switch (cfs_role_lock_state(role)) {
	case CLUSTERFS_LOCK_GRANTED:
		break;
	case CLUSTERFS_LOCK_IDLE:
		return cfs_role_off(role, unfit ? 0 : CFS_ROLE_AGAIN_MS,
				    unfit ? : "the lock was not granted");
	default:
		/* -ENOENT: it is cancelled already. */
		if (unfit && clusterfs_lock_cancel(&role->lock) == 0)
			cfs_role_say(role, CFS_ROLE_QUEUED, CFS_NOBODY, unfit);
		else if (!unfit && !role->status.why[0])
			cfs_role_say(role, CFS_ROLE_QUEUED, CFS_NOBODY, "another node has it");
		return false;
	}
	if (unfit)
		return cfs_role_let_go(role) && cfs_role_off(role, 0, unfit);
	if (!clusterfs_lock_held(&role->lock, CLUSTERFS_LOCK_EX)) {
		/* The lockspace recovers; that it has is not told to those who hold. */
		cfs_role_look_in(role, CFS_ROLE_LOOK_MS);
		return false;
	}
	/* cfs_change() would wait for that, and the others for the lock. */
	if (!cfs_may(m, CFS_MAY_COMMIT))
		return cfs_role_let_go(role) &&
		       cfs_role_off(role, 0, "the node may not commit now");
	memcpy(&hint, role->lock.lvb, sizeof(hint));
	if (role->lock.lvb_valid && cfs_role_hint_holds(role, &hint))
		return cfs_role_pass(role, &hint);
	cfs_role_say(role, CFS_ROLE_TAKING, CFS_NOBODY, "the next term is committed");
	if (cfs_change(m, cfs_role_fill_taking, role, why)) {
		pr_warn("node %s: %s is not taken: %s\n", m->opt.node, role->lock.name, why);
		return cfs_role_off(role, CFS_ROLE_AGAIN_MS, why);
	}
	cfs_role_say(role, CFS_ROLE_PROOF, CFS_NOBODY, "");
	return true;
}

/* May it be given back without a record, which is not to be had now? */
static bool cfs_role_gives_up(struct cfs_role *role)
{
	return role->ops->commits_only || READ_ONCE(role->closing) ||
	       !cfs_may(role->m, CFS_MAY_HOLD) ||
	       cfs_role_lock_state(role) != CLUSTERFS_LOCK_GRANTED;
}

/* Has somebody said of this term that it is to be given away? */
static bool cfs_role_yields(const struct cfs_role *role)
{
	return READ_ONCE(role->yields) == role->term;
}

/* 5. It is drained: give it back when that is recorded, if need be again and again. */
static bool cfs_role_record(struct cfs_role *role, const char *reason)
{
	const u32 to = cfs_role_yields(role) ? READ_ONCE(role->to) : CFS_NOBODY;
	struct cfs_role_hint hint = {
		.term = cpu_to_le64(role->term), .node = cpu_to_le32(to),
	};
	struct cfs_mount *m = role->m;
	char why[sizeof(m->db.why)];
	int ret;

	if (cfs_may(m, CFS_MAY_COMMIT))
		ret = cfs_change(m, cfs_role_fill_free, role, why);
	else
		ret = cfs_state_refuses(m, why);
	if (!ret && to != CFS_NOBODY)
		cfs_role_hand(role, &hint);
	if (!ret || ret == -EALREADY)
		return cfs_role_off(role, role->pause, reason);
	if (strncmp(role->status.why, why, sizeof(role->status.why) - 1)) {
		pr_warn("node %s: that %s is given back is not recorded: %s\n", m->opt.node,
			role->lock.name, why);
		cfs_role_say(role, CFS_ROLE_DRAINING, CFS_NOBODY, why);
	}
	if (cfs_role_gives_up(role))
		return cfs_role_off(role, role->pause, reason);
	cfs_role_look_in(role, CFS_ROLE_AGAIN_MS);
	return false;
}

/* All that was given has ended, or nothing was. */
static bool cfs_role_free(struct cfs_role *role, unsigned int ms, const char *reason)
{
	role->pause = ms;
	cfs_role_say(role, CFS_ROLE_DRAINING, CFS_NOBODY, reason);
	return cfs_role_record(role, reason);
}

/* 4. */
static bool cfs_role_activate(struct cfs_role *role)
{
	int ret = role->ops->activate ? role->ops->activate(role, role->term) : 0;

	if (ret) {
		pr_warn("node %s: %s, term %llu, is given back (error %d)\n", role->m->opt.node,
			role->lock.name, role->term, ret);
		return cfs_role_free(role, CFS_ROLE_AGAIN_MS, "it could not be begun");
	}
	pr_info("node %s: has %s, term %llu\n", role->m->opt.node, role->lock.name, role->term);
	cfs_role_say(role, CFS_ROLE_ACTIVE, CFS_NOBODY, "");
	return true;
}

/* Whose end is to be proven yet; CFS_NOBODY: nobody's. */
static u32 cfs_role_unproven(struct cfs_role *role, char *why)
{
	const u32 waits = cfs_role_waits(role);

	if (waits == CFS_NOBODY || waits == role->proven)
		return CFS_NOBODY;
	strscpy(why, "the old owner has to leave or to be fenced", CFS_ROLE_WHY);
	if (!role->ops->prove)
		return waits;
	/* It may do what only the next owner may: not by a term that is perhaps over. */
	if (!cfs_may(role->m, CFS_MAY_COMMIT) ||
	    !clusterfs_lock_held(&role->lock, CLUSTERFS_LOCK_EX)) {
		cfs_role_look_in(role, CFS_ROLE_AGAIN_MS);
		return waits;
	}
	if (role->ops->prove(role, waits, why)) {
		cfs_role_look_in(role, CFS_ROLE_AGAIN_MS);
		return waits;
	}
	role->proven = waits;
	return CFS_NOBODY;
}

/* 3. */
static bool cfs_role_prove(struct cfs_role *role, const char *unfit)
{
	struct cfs_mount *m = role->m;
	char why[CFS_ROLE_WHY];
	u32 waits;
	int ret;

	static_assert(sizeof(why) == sizeof(m->db.why));
	if (role->ops->commits_only)
		return cfs_role_activate(role);
	if (unfit)
		return cfs_role_off(role, 0, unfit);
	waits = cfs_role_unproven(role, why);
	if (waits != CFS_NOBODY) {
		if (role->status.waits != waits || strcmp(role->status.why, why))
			cfs_role_say(role, CFS_ROLE_PROOF, waits, why);
		return false;
	}
	ret = cfs_change(m, cfs_role_fill_active, role, why);
	if (!ret)
		return cfs_role_activate(role);
	if (ret == -EINPROGRESS) {
		/* What is shown is behind. */
		cfs_role_look_in(role, CFS_ROLE_AGAIN_MS);
		return false;
	}
	pr_warn("node %s: %s is not taken: %s\n", m->opt.node, role->lock.name, why);
	/* Perhaps it was stored. */
	return cfs_role_free(role, CFS_ROLE_AGAIN_MS, why);
}

static bool cfs_role_end(struct cfs_role *role, const char *why);

/* What was given has not ended yet. The worker does not wait for that: drain() has it woken. */
static bool cfs_role_undrained(struct cfs_role *role)
{
	char why[CFS_ROLE_WHY];

	if (!role->drains) {
		role->drains = true;
		role->slow = jiffies + CFS_SLOW_CALL;
	}
	snprintf(why, sizeof(why), "what was begun has not ended: %.160s", role->reason);
	if (!role->status.drains || strcmp(role->status.why, why))
		cfs_role_say(role, CFS_ROLE_DRAINING, CFS_NOBODY, why);
	if (!role->slow)
		return false;
	if (time_before(jiffies, role->slow)) {
		cfs_role_look_in(role, jiffies_to_msecs(role->slow - jiffies));
		return false;
	}
	pr_warn("node %s: %s, term %llu: %s\n", role->m->opt.node, role->lock.name, role->term,
		why);
	role->slow = 0;
	return false;
}

/* 5., 6.: from the first look until all that was given has ended. */
static bool cfs_role_drain(struct cfs_role *role)
{
	const int ret = role->ops->drain ? role->ops->drain(role) : 0;

	if (ret && !role->gone && cfs_role_gone(role))
		return cfs_role_end(role, cfs_may(role->m, CFS_MAY_HOLD) ?
				    "another node has a later term" : role->m->status.why);
	if (ret)
		return cfs_role_undrained(role);
	role->drains = false;
	return role->gone ? cfs_role_off(role, 0, role->reason) :
			    cfs_role_free(role, 0, role->reason);
}

/* 6. */
static bool cfs_role_end(struct cfs_role *role, const char *why)
{
	strscpy(role->reason, why, sizeof(role->reason));
	role->gone = true;
	pr_warn("node %s: has lost %s, term %llu: %s\n", role->m->opt.node, role->lock.name,
		role->term, role->reason);
	if (role->ops->lost)
		role->ops->lost(role);
	cfs_role_say(role, CFS_ROLE_DRAINING, CFS_NOBODY, role->reason);
	/* Before I/O that may never end: the lock is no proof that it has, the others need one. */
	cfs_role_let_go(role);
	return cfs_role_drain(role);
}

/* 5. */
static bool cfs_role_move(struct cfs_role *role, const char *why)
{
	strscpy(role->reason, why, sizeof(role->reason));
	role->gone = false;
	cfs_role_say(role, CFS_ROLE_DRAINING, CFS_NOBODY, role->reason);
	return cfs_role_drain(role);
}

static bool cfs_role_keep(struct cfs_role *role, const char *unfit)
{
	struct cfs_mount *m = role->m;
	unsigned int ms;

	if (!cfs_may(m, CFS_MAY_HOLD))
		return cfs_role_end(role, m->status.why);
	if (cfs_role_lock_state(role) != CLUSTERFS_LOCK_GRANTED)
		return cfs_role_end(role, "its lock is gone");
	if (!cfs_role_mine(role))
		return cfs_role_end(role, "another node has a later term");
	if (unfit)
		return cfs_role_move(role, unfit);
	/* P20: without the database the owner serves, for a move could not be recorded. */
	if (cfs_role_yields(role) && (role->ops->commits_only || cfs_may(m, CFS_MAY_COMMIT)))
		return cfs_role_move(role, "it was given to another");
	ms = role->ops->work ? role->ops->work(role) : 0;
	if (ms)
		cfs_role_look_in(role, ms);
	return false;
}

static bool cfs_role_step(struct cfs_role *role)
{
	const enum cfs_role_state state = role->status.state;
	const char *unfit = cfs_role_unfit(role, state == CFS_ROLE_ACTIVE);

	switch (state) {
	case CFS_ROLE_OFF:
		return cfs_role_ask(role, unfit);
	case CFS_ROLE_QUEUED:
		return cfs_role_take(role, unfit);
	case CFS_ROLE_PROOF:
		return cfs_role_prove(role, unfit);
	case CFS_ROLE_ACTIVE:
		return cfs_role_keep(role, unfit);
	case CFS_ROLE_DRAINING:
		return role->drains ? cfs_role_drain(role) :
				      cfs_role_record(role, "it was given back");
	default:
		return false;		/* passed within a step */
	}
}

static void cfs_role_work(struct work_struct *work)
{
	struct cfs_role *role = container_of(to_delayed_work(work), struct cfs_role, work);

	while (cfs_role_step(role))
		;
}

/* --- they come and go --- */

static void cfs_role_done(struct clusterfs_lock *lock, int status)
{
	cfs_role_kick(lock->private);
}

static void cfs_role_lock_free(struct clusterfs_lock *lock)
{
	struct cfs_role *role = lock->private;
	struct cfs_mount *m = role->m;

	/* A done() may have woken it last; it finds nothing to do. */
	cancel_delayed_work_sync(&role->work);
	kfree(role);
	cfs_mount_put(m);
}

/* No blocked(): a role lock does not let go because others wait. */
static const struct clusterfs_lock_user cfs_role_user = {
	.done	= cfs_role_done,
	.free	= cfs_role_lock_free,
};

/**
 * cfs_role_open() - this node could have a role
 * @m: mount, registered
 * @ops: what it is
 * @id: of the object; of the primary node: 1
 * @uuid: of the object; NULL: whichever has that id
 * @private: the user's
 *
 * From now on @ops may be called.
 *
 * Context: process.
 * Return: role, to be given to cfs_role_close() before cfs_leave(); or ERR_PTR().
 */
struct cfs_role *cfs_role_open(struct cfs_mount *m, const struct cfs_role_ops *ops, u64 id,
			       const uuid_t *uuid, void *private)
{
	struct cfs_role *role = kzalloc(sizeof(*role), GFP_KERNEL);
	char name[CLUSTERFS_RES_MAX + 1];
	int ret;

	if (!role)
		return ERR_PTR(-ENOMEM);
	role->m = m;
	role->ops = ops;
	role->id = id;
	role->private = private;
	if (uuid)
		role->uuid = *uuid;
	role->to = CFS_NOBODY;
	role->proven = CFS_NOBODY;
	role->not_before = jiffies;
	role->status.waits = CFS_NOBODY;
	INIT_DELAYED_WORK(&role->work, cfs_role_work);
	if (ops->type == CFS_PRIMARY)
		snprintf(name, sizeof(name), "primary");
	else
		snprintf(name, sizeof(name), "%s:%llu", ops->type == CFS_LU ? "lu" : "vol", id);
	refcount_inc(&m->ref);
	ret = clusterfs_lock_open(m->ls, &role->lock, name, &cfs_role_user, role);
	if (ret) {
		kfree(role);
		cfs_mount_put(m);
		return ERR_PTR(ret);
	}
	spin_lock(&m->roles_lock);
	list_add_tail(&role->entry, &m->roles);
	spin_unlock(&m->roles_lock);
	cfs_role_kick(role);
	return role;
}

/**
 * cfs_role_leave() - this node does not want a role any more
 * @role: it; what is left is cfs_role_stop(), which waits for the end of this
 *
 * If it has it: drained, and recorded, or lost.
 *
 * Context: process, also under m->roles_lock; waits for nobody.
 */
void cfs_role_leave(struct cfs_role *role)
{
	WRITE_ONCE(role->closing, true);
	cfs_role_kick(role);
}

static bool cfs_role_drains(const struct cfs_role *role)
{
	return READ_ONCE(role->status.drains);
}

/**
 * cfs_role_stop() - this node does not have a role any more, and does not want it
 * @role: it; what is left is cfs_role_close()
 *
 * As cfs_role_leave(), and waits until it is done. @ops is not called any more.
 *
 * Context: process, sleeps: as drain() and cfs_change() do.
 */
void cfs_role_stop(struct cfs_role *role)
{
	struct cfs_mount *m = role->m;

	cfs_role_leave(role);
	flush_delayed_work(&role->work);
	wait_event(m->changed, !cfs_role_drains(role));
	/* Who has said so goes on to the end. */
	flush_delayed_work(&role->work);
	WRITE_ONCE(role->stopped, true);
	/* Whoever did not see that has queued it before this. */
	spin_lock(&m->roles_lock);
	list_del_init(&role->entry);
	spin_unlock(&m->roles_lock);
	cancel_delayed_work_sync(&role->work);
}

/**
 * cfs_role_close() - give a role up for good
 * @role: stopped or not; not to be used any more
 *
 * Context: process, sleeps: as cfs_role_stop() does.
 */
void cfs_role_close(struct cfs_role *role)
{
	if (!list_empty(&role->entry))
		cfs_role_stop(role);
	clusterfs_lock_close(&role->lock);
}

/**
 * cfs_role_give() - begin to let another node have a role
 * @role: role
 * @to: slot of that one, CFS_NOBODY: whoever is next
 * @term: set to the one that ends
 * @why: room for CFS_ROLE_WHY characters: a sentence, if it fails; or NULL
 *
 * It is drained and recorded. If nobody else waits for it this node has it again, with the
 * next term.
 *
 * Context: process, also under m->roles_lock; waits for nobody.
 * Return: 0; -EPERM: this node does not have it; -EBUSY: it is given away already.
 */
int cfs_role_give(struct cfs_role *role, u32 to, u64 *term, char *why)
{
	struct cfs_role_status s;

	cfs_role_status(role, &s);
	if (s.state == CFS_ROLE_DRAINING) {
		if (why)
			snprintf(why, CFS_ROLE_WHY, "%s is given away already", role->lock.name);
		return -EBUSY;
	}
	if (s.state != CFS_ROLE_ACTIVE) {
		if (why)
			snprintf(why, CFS_ROLE_WHY, "node %s does not have %s", role->m->opt.node,
				 role->lock.name);
		return -EPERM;
	}
	*term = s.term;
	WRITE_ONCE(role->to, to);
	/* That one alone: the worker may be on its way to the next. */
	WRITE_ONCE(role->yields, s.term);
	cfs_role_kick(role);
	return 0;
}

/**
 * cfs_role_yield() - let the next node have a role
 * @role: role
 * @why: room for CFS_ROLE_WHY characters: a sentence, if it fails; or NULL
 *
 * As cfs_role_give(), and waits until it is done.
 *
 * Context: process, sleeps for at most twice the mount's "timeout".
 * Return: 0; -EPERM: this node does not have it; -ETIMEDOUT: it goes on by itself; -ENODEV: so
 * it does, and the node is being unmounted.
 */
int cfs_role_yield(struct cfs_role *role, char *why)
{
	struct cfs_mount *m = role->m;
	struct cfs_role_status s;
	u64 term;
	int ret;

	ret = cfs_role_give(role, CFS_NOBODY, &term, why);
	if (ret)
		return ret;
	wait_event_timeout(m->changed, (cfs_role_status(role, &s), READ_ONCE(m->leaving) ||
					s.state < CFS_ROLE_PROOF || s.term != term),
			   2 * m->opt.timeout * HZ);
	if (s.state < CFS_ROLE_PROOF || s.term != term)
		return 0;
	if (READ_ONCE(m->leaving))
		return cfs_leaving_refuses(m, why);
	if (why)
		snprintf(why, CFS_ROLE_WHY, "%s is %s yet", role->lock.name,
			 cfs_role_state_name(s.state));
	return -ETIMEDOUT;
}

/**
 * cfs_role_gone() - has this node lost a role that it believed to have
 * @role: role
 *
 * Context: process; waits for nobody.
 * Return: true if the node is LOST, or the database says so.
 */
bool cfs_role_gone(struct cfs_role *role)
{
	return !cfs_may(role->m, CFS_MAY_HOLD) || !cfs_role_mine(role);
}

/**
 * cfs_fencing() - whose end does this node wait for
 * @m: mount
 *
 * Return: a bit for each slot: a verdict about that node (cfs_fence_done()), or its leave,
 * lets a role go on.
 */
u32 cfs_fencing(struct cfs_mount *m)
{
	struct cfs_role_status s;
	struct cfs_role *role;
	u32 slots = 0;

	spin_lock(&m->roles_lock);
	list_for_each_entry(role, &m->roles, entry) {
		cfs_role_status(role, &s);
		if (s.state == CFS_ROLE_PROOF && s.waits < CFS_NODES_MAX)
			slots |= BIT(s.waits);
	}
	spin_unlock(&m->roles_lock);
	return slots;
}
