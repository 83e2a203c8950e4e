// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: what a mounted node may do now: the table of health.c, fed from all sides, and
 * told. What is known is in cfs_mount.in, by view_lock; nobody who feeds it waits.
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include "mount.h"

/* Suspended is time that passes, too. */
static u64 cfs_now_ms(void)
{
	return ktime_to_ms(ktime_get_boottime());
}

static bool cfs_engine_dead(struct cfs_mount *m)
{
	struct clusterfs_ls_status locks;

	if (!m->ls)
		return false;
	clusterfs_ls_status(m->ls, &locks);
	return locks.state == CLUSTERFS_LS_DEAD;
}

static void cfs_state_tell(struct cfs_mount *m, enum cfs_health from, enum cfs_health to,
			   const char *why)
{
	cfs_ring_say(m, CFS_EVENT_HEALTH,
		     to == CFS_OK ? CFS_INFORMATION :
		     to == CFS_FROZEN || to == CFS_OUT ? CFS_ERROR : CFS_WARNING, CFS_CODE_STATE,
		     CFS_NODE, m->slot, "node %.63s is %s%s%.150s", m->opt.node,
		     cfs_health_name(to), to == CFS_OK ? "" : ": ", to == CFS_OK ? "" : why);
	if (to == CFS_OK)
		pr_info("node %s: %s -> OK\n", m->opt.node, cfs_health_name(from));
	else if (to == CFS_SUSPECT)
		pr_info("node %s: %s -> SUSPECT: %s\n", m->opt.node, cfs_health_name(from), why);
	else
		pr_err("node %s: %s -> %s: %s\n", m->opt.node, cfs_health_name(from),
		       cfs_health_name(to), why);
}

/* For cfs_serves(): until when what is known now is true. */
static void cfs_state_serves(struct cfs_mount *m)
{
	u64 until = m->now.next ? : S64_MAX;

	atomic64_set(&m->serves_until,
		     cfs_health_may(m->now.state) & CFS_MAY_SERVE ? until : 0);
}

/* Under view_lock: the state as of now. Return: true if it has changed. */
static bool cfs_state_step(struct cfs_mount *m)
{
	struct cfs_status *s = &m->status;
	const char *why;

	lockdep_assert_held(&m->view_lock);
	if (!m->watched)
		return false;
	if (cfs_health_step(&m->now, &m->in, cfs_now_ms()) && m->now.state != s->health)
		s->since = ktime_get_real_seconds();
	cfs_state_serves(m);
	why = m->now.cause == CFS_CAUSE_REPOSITORY ? m->repository : cfs_cause_text(m->now.cause);
	if (m->now.state == s->health && !strcmp(why, s->why))
		return false;
	s->health = m->now.state;
	strscpy(s->why, why, sizeof(s->why));
	m->version++;
	return true;
}

/*
 * After something was told; view_lock is released. @from is the state before that. Whoever
 * was in doubt reads again: what was committed meanwhile may not have been told.
 */
static void cfs_state_end(struct cfs_mount *m, enum cfs_health from, bool changed)
	__releases(&m->view_lock)
{
	const struct cfs_status s = m->status;
	const u64 next = m->watched ? m->now.next : 0;
	const u64 ms = cfs_now_ms();

	/* Under the lock: cfs_state_stop() comes after it, or before. */
	if (next)
		mod_delayed_work(cfs_queue, &m->look, msecs_to_jiffies(next > ms ? next - ms : 0));
	spin_unlock(&m->view_lock);
	if (!changed)
		return;
	if (s.health != from)
		cfs_state_tell(m, from, s.health, s.why);
	if (s.health == CFS_OK && from > CFS_RESTRICTED)
		cfs_refresh_queue(m);
	wake_up_all(&m->changed);
	cfs_roles_kick(m);
}

/**
 * cfs_state_look() - see what the node is now
 * @m: mount
 *
 * Context: process, waits for nobody.
 */
void cfs_state_look(struct cfs_mount *m)
{
	const bool dead = cfs_engine_dead(m);
	enum cfs_health from;
	bool changed;

	spin_lock(&m->view_lock);
	from = m->status.health;
	m->in.dead |= dead;
	changed = cfs_state_step(m);
	cfs_state_end(m, from, changed);
}

void cfs_look_work(struct work_struct *work)
{
	cfs_state_look(container_of(to_delayed_work(work), struct cfs_mount, look));
}

/**
 * cfs_state_begin() - the node is a member from now on
 * @m: mount, locked, registered
 */
void cfs_state_begin(struct cfs_mount *m)
{
	lockdep_assert_held(&m->lock);
	spin_lock(&m->view_lock);
	m->in.limits = &cfs_health_limits;
	m->in.needs_lease = cfs_needs_lease(m);
	/* The engine has let it in; the agent has so long to be there. */
	m->in.quorate = true;
	m->in.lease_end = cfs_now_ms() + CFS_JOIN_LEASE_MS;
	m->status.since = ktime_get_real_seconds();
	m->status.failed = m->db.failed;
	m->watched = true;
	spin_unlock(&m->view_lock);
	cfs_state_look(m);
	cfs_replicas_say(m);
}

/**
 * cfs_state_stop() - nothing is looked at any more
 * @m: mount, not locked; begun or not
 *
 * Context: process, sleeps.
 */
void cfs_state_stop(struct cfs_mount *m)
{
	spin_lock(&m->view_lock);
	m->watched = false;
	spin_unlock(&m->view_lock);
	cancel_delayed_work_sync(&m->look);
}

/**
 * cfs_may() - may the node do something now
 * @m: mount
 * @what: CFS_MAY_*, all of them
 *
 * As of now: a lease that has run out since counts, though no timer has seen it.
 *
 * Context: process; waits for nobody.
 * Return: true if so.
 */
bool cfs_may(struct cfs_mount *m, unsigned int what)
{
	enum cfs_health health;

	cfs_state_look(m);
	spin_lock(&m->view_lock);
	health = m->status.health;
	spin_unlock(&m->view_lock);
	return (cfs_health_may(health) & what) == what;
}

/**
 * cfs_serves() - may the node serve now what it owns: for each command
 * @m: mount
 *
 * As cfs_may(m, CFS_MAY_SERVE), without its locks. Where a doubt is just turning into another
 * state, it says no until that is looked at. That the engine is gone it knows when somebody has
 * looked; a lease ends without that.
 *
 * Context: any.
 * Return: true if so.
 */
bool cfs_serves(const struct cfs_mount *m)
{
	return cfs_now_ms() < (u64)atomic64_read(&m->serves_until);
}

/**
 * cfs_state_refuses() - say that the node's state does not allow something
 * @m: mount
 * @why: room for sizeof(m->db.why) characters, or NULL
 *
 * Return: -EHOSTDOWN: it may be tried again; -ESHUTDOWN: not with this mount.
 */
int cfs_state_refuses(struct cfs_mount *m, char *why)
{
	struct cfs_status s;

	spin_lock(&m->view_lock);
	s = m->status;
	spin_unlock(&m->view_lock);
	if (why)
		snprintf(why, sizeof(m->db.why), "the node is %s: %.175s",
			 cfs_health_name(s.health), s.why);
	return s.health == CFS_OUT ? -ESHUTDOWN : -EHOSTDOWN;
}

/**
 * cfs_leaving_refuses() - say that the node is being unmounted
 * @m: mount
 * @why: room for sizeof(m->db.why) characters, or NULL
 *
 * Return: -ENODEV.
 */
int cfs_leaving_refuses(struct cfs_mount *m, char *why)
{
	if (why)
		strscpy(why, "the node is being unmounted", sizeof(m->db.why));
	return -ENODEV;
}

/**
 * cfs_may_wait() - wait until the node may do something
 * @m: mount, not locked
 * @what: CFS_MAY_*, all of them
 * @asked: somebody asks for it, and can be refused when the node is unmounted
 * @why: room for sizeof(m->db.why) characters: a sentence, if it may not; or NULL
 *
 * Context: process, sleeps for at most the mount's "timeout".
 * Return: 0, or as cfs_state_refuses() or cfs_leaving_refuses() says.
 */
int cfs_may_wait(struct cfs_mount *m, unsigned int what, bool asked, char *why)
{
	bool may;

	wait_event_timeout(m->changed,
			   (may = cfs_may(m, what)) || (asked && READ_ONCE(m->leaving)) ||
			   READ_ONCE(m->status.health) == CFS_OUT, m->opt.timeout * HZ);
	if (may)
		return 0;
	return asked && READ_ONCE(m->leaving) ? cfs_leaving_refuses(m, why) :
						cfs_state_refuses(m, why);
}

/**
 * cfs_status_set() - tell what came of reading the database
 * @m: mount, locked
 * @health: CFS_OK: all is known; CFS_RESTRICTED: it cannot be reached
 * @why: a sentence, for what is not CFS_OK
 *
 * Context: process.
 */
void cfs_status_set(struct cfs_mount *m, enum cfs_health health, const char *why)
{
	const bool dead = cfs_engine_dead(m);
	struct cfs_status *s = &m->status;
	enum cfs_health from;
	bool changed;

	lockdep_assert_held(&m->lock);
	spin_lock(&m->view_lock);
	from = s->health;
	changed = s->failed != m->db.failed || s->unread != m->db.unread;
	m->version += changed;
	s->failed = m->db.failed;
	s->unread = m->db.unread;
	m->in.dead |= dead;
	m->in.unreachable = health != CFS_OK;
	m->in.fenced |= cfs_life_over(m);
	strscpy(m->repository, why ? : "", sizeof(m->repository));
	changed |= cfs_state_step(m);
	cfs_state_end(m, from, changed);
	cfs_replicas_say(m);
}

/**
 * cfs_recovering() - the lockspace begins to recover, or has recovered
 * @m: mount
 * @recovering: begins
 *
 * Context: process; waits for nobody.
 */
void cfs_recovering(struct cfs_mount *m, bool recovering)
{
	enum cfs_health from;

	spin_lock(&m->view_lock);
	from = m->status.health;
	/* What has run out before this was told has run out. */
	cfs_state_step(m);
	if (recovering && !m->in.recovering)
		m->in.recovering_since = cfs_now_ms();
	m->in.recovering = recovering;
	cfs_state_step(m);
	/* Who reads how many members there are reads again. */
	m->version++;
	cfs_state_end(m, from, true);
}

/**
 * cfs_quorum_until() - the agent tells of quorum (P19)
 * @m: mount
 * @quorate: is there quorum
 * @lease_ms: for how long that is true, 0: CFS_LEASE_MS
 * @end: but no longer than until then, by the clock of boot in milliseconds
 *
 * From the first time on it has to be told again before the lease ends, whatever the mount's
 * options say. With no quorum the node is FROZEN at once.
 *
 * Context: process; waits for nobody.
 * Return: 0; -EINVAL: the lease is longer than CFS_LEASE_MAX_MS; -ENOTCONN: the node is not
 * registered; -ETIME: the lease has ended already, and nothing has changed; -ESHUTDOWN: it is
 * LOST, and no lease changes that.
 */
int cfs_quorum_until(struct cfs_mount *m, bool quorate, unsigned int lease_ms, u64 end)
{
	enum cfs_health from;
	bool changed, late, out, was;
	u64 ms;

	if (lease_ms > CFS_LEASE_MAX_MS)
		return -EINVAL;
	spin_lock(&m->view_lock);
	was = m->watched;
	from = m->status.health;
	changed = cfs_state_step(m);
	ms = cfs_now_ms();
	late = quorate && end <= ms;
	if (!late) {
		if (quorate)
			m->in.lease_end = min(ms + (lease_ms ? : CFS_LEASE_MS), end);
		else if (m->in.quorate || !m->in.needs_lease)
			m->in.lease_end = min(ms, m->in.needs_lease ? m->in.lease_end : ms);
		m->in.needs_lease = true;
		m->in.quorate = quorate;
		changed |= cfs_state_step(m);
	}
	out = m->now.state == CFS_OUT;
	cfs_state_end(m, from, changed);
	if (!was)
		return -ENOTCONN;
	if (out)
		return -ESHUTDOWN;
	return late ? -ETIME : 0;
}
