// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: a node reads the database, and changes it, under the lock on it.
 *
 * The lock on the database is held in one of three ways:
 *
 *	PR	the view is what was committed last; nobody can commit
 *	EX	this node may commit; whoever held PR has let go, and reads again
 *	NL	neither: somebody else commits
 *
 * 1. blocked(): another wants EX. A worker goes to NL, asks for PR, and when that is
 *    granted reads what was committed, unless the value block says that nothing was.
 * 2. To commit: NL, EX, claim if another has claimed since, commit, and back to PR with
 *    term and generation in the value block. Not from PR to EX, where two would wait for
 *    each other.
 *
 * No rule of the database rests on the lock: two that believe to have it outbid each
 * other (P1), and the late one acknowledges nothing (P2). But which slot is free is only
 * known under it.
 *
 * A commit whose outcome is unknown (P2) is settled by the event that it carries: events
 * are never changed, so when this node has claimed again, either that one is there, with
 * the commit's term and generation, or the commit never was.
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include "mount.h"

#define CFS_CHANGE_TRIES	4

/* What the value block of the lock says: the last commit. Never all zero: terms are above. */
struct cfs_lvb {
	__le64	term;
	__le64	gen;
	u8	reserved[16];
};

static_assert(sizeof(struct cfs_lvb) == CLUSTERFS_LVB_SIZE);

/* Is the last commit that was read older than @known, the last one that the others know of? */
static bool cfs_behind(const struct cfs_mount *m, u64 *known)
{
	struct cfs_lvb lvb;

	memcpy(&lvb, m->db_lock.lvb, sizeof(lvb));
	*known = le64_to_cpu(lvb.gen);
	return m->db_lock.lvb_valid && m->db.gen < *known;
}

/**
 * cfs_lock() - wait for the lock on the database
 * @m: mount, locked
 * @mode: not EX if PR is held: first NL
 *
 * Context: process, sleeps for at most the mount's "timeout"; a fatal signal ends it while
 * @m is being mounted.
 * Return: 0 or -errno, and a sentence in m->db.why.
 */
int cfs_lock(struct cfs_mount *m, enum clusterfs_mode mode)
{
	int ret;

	lockdep_assert_held(&m->lock);
	ret = clusterfs_lock_sync(&m->db_lock, mode,
				  m->devs.killable ? CLUSTERFS_LOCK_KILLABLE : 0,
				  m->opt.timeout * MSEC_PER_SEC);
	if (ret)
		cfs_fail(&m->db, ret, "the lock on the database was not granted in %u seconds (error %d)",
			 m->opt.timeout, ret);
	return ret;
}

/**
 * cfs_unlock() - let others see what was committed
 * @m: mount, locked, with EX
 * @mode: what is kept
 *
 * A claim alone makes an older commit count, of which nobody knew: that is told, too.
 *
 * Context: as cfs_lock().
 * Return: 0 or -errno.
 */
int cfs_unlock(struct cfs_mount *m, enum clusterfs_mode mode)
{
	const struct cfs_lvb lvb = { cpu_to_le64(m->db.term), cpu_to_le64(m->db.gen) };
	unsigned int flags = 0;
	u64 known;
	int ret;

	lockdep_assert_held(&m->lock);
	if (m->db.state == CFS_WRITER && !cfs_behind(m, &known)) {
		memcpy(m->db_lock.lvb, &lvb, sizeof(lvb));
		flags = CLUSTERFS_LOCK_SET_LVB;
	}
	ret = clusterfs_lock_sync(&m->db_lock, mode, flags, m->opt.timeout * MSEC_PER_SEC);
	if (ret)
		pr_warn("node %s: the lock on the database was not given back (error %d)\n",
			m->opt.node, ret);
	return ret;
}

/**
 * cfs_publish() - let the tree show what is in memory
 * @m: mount, locked
 *
 * Context: process.
 * Return: 0 or -ENOMEM, and a sentence in m->db.why.
 */
int cfs_publish(struct cfs_mount *m)
{
	int ret = cfs_view_publish(m);

	return ret ? cfs_fail(&m->db, ret, "there is no memory to show the database") : 0;
}

/*
 * Is what was read what the others commit to? It may be ahead of what they know, by a
 * commit whose writer did not learn its outcome, but never behind.
 */
static int cfs_check_current(struct cfs_mount *m)
{
	u64 known;

	if (!cfs_behind(m, &known))
		return 0;
	return cfs_fail(&m->db, -EUCLEAN,
			"the others have stored commit %llu, and here commit %llu is the last: the devices are a copy, or old",
			(unsigned long long)known, (unsigned long long)m->db.gen);
}

/**
 * cfs_load_current() - read the database
 * @m: mount, locked, with PR or EX
 *
 * Context: process, sleeps.
 * Return: 0 or -errno, and a sentence in m->db.why; -EUCLEAN: it is not the one that the
 * other nodes have.
 */
int cfs_load_current(struct cfs_mount *m)
{
	int ret;

	lockdep_assert_held(&m->lock);
	ret = cfs_load(&m->db);
	return ret ? : cfs_check_current(m);
}

/* Under PR: read what is new, and show it. */
static int cfs_catch_up(struct cfs_mount *m)
{
	struct cfs_lvb lvb;
	int ret;

	memcpy(&lvb, m->db_lock.lvb, sizeof(lvb));
	if (m->db_lock.lvb_valid && m->status.health == CFS_OK &&
	    le64_to_cpu(lvb.term) == m->seen_term && le64_to_cpu(lvb.gen) == m->seen_gen)
		return 0;
	ret = cfs_follow(&m->db);
	if (!ret)
		ret = cfs_check_current(m);
	return ret ? : cfs_publish(m);
}

/*
 * What may not stay is not shown: a claim makes it so that it does, or is gone. Now and
 * then: two that reach different replicas would do it in turn for ever.
 */
static int cfs_settle(struct cfs_mount *m)
{
	int ret;

	if (time_before(jiffies, m->settle_after) || !cfs_may(m, CFS_MAY_SERVE))
		return -EAGAIN;
	m->settle_after = jiffies + CFS_PROBE_SECONDS * HZ;
	ret = cfs_lock(m, CLUSTERFS_LOCK_NL);
	if (!ret)
		ret = cfs_lock(m, CLUSTERFS_LOCK_EX);
	if (ret)
		return ret;
	ret = cfs_claim(&m->db, false);
	if (!ret)
		ret = cfs_check_current(m);
	if (!ret)
		ret = cfs_publish(m);
	if (cfs_unlock(m, ret ? CLUSTERFS_LOCK_NL : CLUSTERFS_LOCK_PR) && !ret)
		ret = cfs_fail(&m->db, -EIO, "the lock on the database is lost");
	return ret;
}

/**
 * cfs_refresh() - let others commit, then read what they have
 * @m: mount, locked
 *
 * The mount's status says what came of it.
 *
 * Context: as cfs_lock().
 */
void cfs_refresh(struct cfs_mount *m)
{
	int ret;

	atomic64_inc(&m->stats.refreshes);
	ret = cfs_lock(m, CLUSTERFS_LOCK_NL);
	if (!ret)
		ret = cfs_lock(m, CLUSTERFS_LOCK_PR);
	if (!ret)
		ret = cfs_catch_up(m);
	if (ret == -EAGAIN)
		ret = cfs_settle(m);
	cfs_status_set(m, ret ? CFS_RESTRICTED : CFS_OK, ret ? m->db.why : NULL);
}

/**
 * cfs_writer() - be the writer, with all that was committed in memory
 * @m: mount, locked, with EX
 * @compact: write a snapshot in any case
 *
 * Context: process, sleeps.
 * Return: 0 or -errno, and a sentence in m->db.why.
 */
int cfs_writer(struct cfs_mount *m, bool compact)
{
	struct cfs_db *db = &m->db;
	int ret;

	lockdep_assert_held(&m->lock);
	if (db->state == CFS_WRITER && !compact && !cfs_wants_compaction(db)) {
		ret = cfs_slots_read(db);
		if (ret)
			return ret;
		if (!cfs_slots_higher(db, db->term) && db->slot_term[db->me] == db->term)
			return 0;
	}
	atomic64_inc(&m->stats.claims);
	ret = cfs_claim(db, compact);
	return ret ? : cfs_check_current(m);
}

/**
 * cfs_txn_event() - an event goes with a commit
 * @db: database
 * @t: the commit
 * @class: CFS_EVENT_*
 * @severity: CFS_INFORMATION...
 * @code: what happened
 * @otype: type of what it is about, or 0
 * @object: its id, or 0
 * @fmt: a sentence
 *
 * Return: 0 or -errno, and a sentence in @db->why.
 */
int cfs_txn_event(struct cfs_db *db, struct cfs_txn *t, u8 class, u8 severity, u32 code, u8 otype,
		  u64 object, const char *fmt, ...)
{
	struct cfs_disk_event event = {
		.time = cpu_to_le64(ktime_get_real_seconds()), .object = cpu_to_le64(object),
		.code = cpu_to_le32(code), .otype = otype, .class = class, .severity = severity,
	};
	va_list args;
	u64 id;
	int ret;

	va_start(args, fmt);
	vscnprintf((char *)event.text, sizeof(event.text), fmt, args);
	va_end(args);
	ret = cfs_id_new(db, t, CFS_EVENT, &id);
	return ret ? : cfs_txn_put(db, t, CFS_EVENT, id, NULL, 0, &event);
}

/* The outcome of the commit of @t is unknown. */
static void cfs_attempt_lost(struct cfs_attempt *attempt, const struct cfs_txn *t)
{
	unsigned int i;

	for (i = 0; i < t->count; i++) {
		if (t->rec[i].type != CFS_EVENT)
			continue;
		attempt->lost = true;
		attempt->event = le64_to_cpu(t->rec[i].id);
		attempt->term = le64_to_cpu(t->rec[i].term);
		attempt->gen = le64_to_cpu(t->rec[i].gen);
		return;
	}
	WARN_ONCE(1, "a commit without an event\n");
}

/**
 * cfs_attempt_settle() - what became of a commit whose outcome was unknown
 * @m: mount, locked, the writer again
 * @attempt: it
 *
 * Return: 0: it counts; 1: it never was; -EIO: nobody can tell any more.
 */
int cfs_attempt_settle(struct cfs_mount *m, struct cfs_attempt *attempt)
{
	const struct cfs_disk_record *r = cfs_get_event(&m->db.index, attempt->event);

	lockdep_assert_held(&m->lock);
	attempt->lost = false;
	if (!r && attempt->event < m->db.index.event_first)
		return cfs_fail(&m->db, -EIO, "whether it was stored is not known: event %llu is gone",
				(unsigned long long)attempt->event);
	if (r && le64_to_cpu(r->since_term) == attempt->term &&
	    le64_to_cpu(r->since_gen) == attempt->gen)
		return 0;
	return 1;
}

/**
 * cfs_again() - is it worth another try
 * @err: what came of the last one
 * @attempt: of it
 *
 * Return: true if so.
 */
bool cfs_again(int err, const struct cfs_attempt *attempt)
{
	return err == -ESTALE || err == -EBUSY || err == -EAGAIN || (err && attempt->lost);
}

/**
 * cfs_commit_fill() - commit what a function says
 * @m: mount, locked, the writer
 * @fill: puts it into a transaction, with one event at least
 * @arg: for @fill
 * @attempt: set if the outcome is unknown
 *
 * Context: process, sleeps.
 * Return: 0 or -errno, and a sentence in m->db.why.
 */
int cfs_commit_fill(struct cfs_mount *m, cfs_fill_t fill, void *arg, struct cfs_attempt *attempt)
{
	struct cfs_db *db = &m->db;
	struct cfs_txn *t;
	int ret;

	lockdep_assert_held(&m->lock);
	t = kvmalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		return cfs_fail(db, -ENOMEM, "there is no memory for a commit");
	atomic64_inc(&m->stats.tries);
	cfs_txn_begin(t);
	ret = fill(m, t, arg);
	if (!ret) {
		ret = cfs_commit(db, t);
		if (ret && db->state == CFS_LOST)
			cfs_attempt_lost(attempt, t);
	}
	cfs_txn_end(t);
	kvfree(t);
	return ret;
}

/**
 * cfs_change_locked() - commit, until it is known what became of it or the tries are used up
 * @m: mount, locked, with EX
 * @fill: as for cfs_change()
 * @arg: for @fill
 *
 * Context: process, sleeps.
 * Return: 0 or -errno, and a sentence in m->db.why.
 */
int cfs_change_locked(struct cfs_mount *m, cfs_fill_t fill, void *arg)
{
	const unsigned long end = jiffies + m->opt.timeout * HZ;
	struct cfs_attempt attempt = {};
	unsigned int tries = 0;
	bool compact = false;
	char was[sizeof(m->db.why)];
	int ret;

	do {
		ret = cfs_writer(m, compact);
		if (!ret && attempt.lost) {
			ret = cfs_attempt_settle(m, &attempt);
			if (ret <= 0)
				return ret;
			ret = 0;
		}
		if (!ret && !cfs_may(m, CFS_MAY_COMMIT))
			ret = cfs_state_refuses(m, m->db.why);
		if (!ret)
			ret = cfs_commit_fill(m, fill, arg, &attempt);
		compact = ret == -EAGAIN;
	} while (cfs_again(ret, &attempt) && ++tries < CFS_CHANGE_TRIES &&
		 time_before(jiffies, end));
	if (ret && attempt.lost) {
		strscpy(was, m->db.why, sizeof(was));
		cfs_fail(&m->db, ret, "perhaps it was stored: %s", was);
	}
	return ret;
}

static void cfs_count_change(struct cfs_mount *m, int ret, ktime_t start)
{
	s64 us = ktime_us_delta(ktime_get(), start);

	lockdep_assert_held(&m->lock);
	if (ret) {
		atomic64_inc(&m->stats.refused);
		return;
	}
	atomic64_inc(&m->stats.changes);
	atomic64_add(us, &m->stats.us);
	if (us > atomic64_read(&m->stats.max_us))
		atomic64_set(&m->stats.max_us, us);
}

static int cfs_change_now(struct cfs_mount *m, cfs_fill_t fill, void *arg, char *why,
			  ktime_t start)
{
	bool writes, shown;
	int ret;

	lockdep_assert_held(&m->lock);
	ret = m->registered ? 0 : cfs_fail(&m->db, -ENOTCONN, "node %s is not registered",
					   m->opt.node);
	/* Not from PR: two would wait for each other. */
	if (!ret)
		ret = cfs_lock(m, CLUSTERFS_LOCK_NL);
	if (!ret)
		ret = cfs_lock(m, CLUSTERFS_LOCK_EX);
	writes = !ret;
	if (!ret)
		ret = cfs_change_locked(m, fill, arg);
	if (ret && why)
		strscpy(why, m->db.why, sizeof(m->db.why));
	cfs_count_change(m, ret, start);
	/* What is stored is, even if there is no memory to show it. */
	shown = !ret && !cfs_publish(m);
	if (writes && cfs_unlock(m, shown ? CLUSTERFS_LOCK_PR : CLUSTERFS_LOCK_NL))
		shown = false;
	if (shown)
		cfs_status_set(m, CFS_OK, NULL);
	else if (m->registered)
		cfs_refresh(m);
	return ret;
}

/**
 * cfs_change() - change the database
 * @m: mount, not locked
 * @fill: says what: called with @m locked and all that was committed in m->db.index, it
 *	puts records into the transaction, one event at least, or refuses with cfs_fail(). It
 *	may be called again, when what it said the first time was not stored.
 * @arg: for @fill
 * @why: room for sizeof(m->db.why) characters: a sentence, if it fails; or NULL
 *
 * A node that may not commit now, but soon may, waits for that (P20).
 *
 * Context: process, sleeps: for the mount's "timeout" and "io-timeout" a few times at most.
 * Return: 0: it is stored; or -errno: it is not, unless the sentence says that
 * nobody knows.
 */
int cfs_change(struct cfs_mount *m, cfs_fill_t fill, void *arg, char *why)
{
	ktime_t start = ktime_get();
	int ret = cfs_may_wait(m, CFS_MAY_COMMIT, false, why);

	if (ret)
		return ret;
	mutex_lock(&m->lock);
	ret = cfs_change_now(m, fill, arg, why, start);
	mutex_unlock(&m->lock);
	return ret;
}

/* In the order of the calls. Who is refused has no successor that would wait for him. */
static int cfs_turn_take(struct cfs_mount *m, char *why)
{
	const int mine = atomic_inc_return(&m->last_turn);

	wait_event_idle(m->turns, READ_ONCE(m->turn) == mine || READ_ONCE(m->leaving));
	return READ_ONCE(m->leaving) ? cfs_leaving_refuses(m, why) : 0;
}

static void cfs_turn_give(struct cfs_mount *m)
{
	WRITE_ONCE(m->turn, m->turn + 1);
	wake_up_all(&m->turns);
}

/**
 * cfs_change_asked() - change the database, because somebody asks for that
 * @m: mount, not locked
 * @fill: as for cfs_change()
 * @arg: as well
 * @why: as well
 *
 * One after the other, in their order: an unmount waits for the one that is being done, and
 * whoever waits for his turn is refused at once.
 *
 * Context: as cfs_change().
 * Return: as cfs_change(); -ENODEV: the node is being unmounted.
 */
int cfs_change_asked(struct cfs_mount *m, cfs_fill_t fill, void *arg, char *why)
{
	ktime_t start = ktime_get();
	int ret;

	ret = cfs_may_wait(m, CFS_MAY_COMMIT, true, why) ? : cfs_turn_take(m, why);
	if (ret)
		return ret;
	mutex_lock(&m->lock);
	ret = READ_ONCE(m->leaving) ? cfs_leaving_refuses(m, why) :
				      cfs_change_now(m, fill, arg, why, start);
	mutex_unlock(&m->lock);
	cfs_turn_give(m);
	return ret;
}
