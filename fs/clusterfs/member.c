// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: a node joins, keeps its view current, and leaves.
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include <linux/sched/signal.h>
#include "mount.h"

#define CFS_REGISTER_TRIES	4
#define CFS_SOFTWARE		1U

static LIST_HEAD(cfs_mounts);
static DEFINE_MUTEX(cfs_mounts_lock);		/* and joined, users of each */
static DECLARE_WAIT_QUEUE_HEAD(cfs_mounts_wait);
static u64 cfs_mounts_number;
struct workqueue_struct *cfs_queue;
struct workqueue_struct *cfs_roles_queue;

/**
 * cfs_mount_put() - let go of a mount
 * @m: it
 */
void cfs_mount_put(struct cfs_mount *m)
{
	unsigned int i;

	if (!refcount_dec_and_test(&m->ref))
		return;
	cfs_view_put(m->view);
	kvfree(m->events);
	for (i = 0; i < m->opt.paths; i++)
		kfree(m->opt.path[i]);
	kfree(m->opt.node);
	kfree(m->opt.cluster);
	kfree(m->opt.address);
	kfree(m->opt.lockspace);
	kfree(m);
}

/* --- the view --- */

static void cfs_refresh_work(struct work_struct *work)
{
	struct cfs_mount *m = container_of(work, struct cfs_mount, refresh);

	mutex_lock(&m->lock);
	if (m->registered)
		cfs_refresh(m);
	mutex_unlock(&m->lock);
	cfs_mount_put(m);
}

/* Can the repository be reached? If it could not, is there anything new? */
static void cfs_probe_work(struct work_struct *work)
{
	struct cfs_mount *m = container_of(to_delayed_work(work), struct cfs_mount, probe);
	bool more;
	int ret;

	mutex_lock(&m->lock);
	cfs_replicas_doubt(&m->db);
	if (m->status.health != CFS_OK || !clusterfs_lock_held(&m->db_lock, CLUSTERFS_LOCK_PR)) {
		cfs_refresh(m);
	} else {
		ret = cfs_slots_read(&m->db);
		cfs_status_set(m, ret ? CFS_RESTRICTED : CFS_OK, ret ? m->db.why : NULL);
	}
	more = cfs_may(m, CFS_MAY_SERVE) && cfs_replicas_return(m);
	mutex_unlock(&m->lock);
	queue_delayed_work(cfs_queue, &m->probe, more ? 1 : CFS_PROBE_SECONDS * HZ);
}

static struct cfs_mount *cfs_of_lock(struct clusterfs_lock *lock)
{
	return container_of(lock, struct cfs_mount, db_lock);
}

/**
 * cfs_refresh_queue() - a worker reads the database, letting others commit before
 * @m: mount
 */
void cfs_refresh_queue(struct cfs_mount *m)
{
	refcount_inc(&m->ref);
	if (!queue_work(cfs_queue, &m->refresh))
		cfs_mount_put(m);
}

static void cfs_lock_blocked(struct clusterfs_lock *lock, enum clusterfs_mode mode)
{
	if (!clusterfs_modes_compatible(CLUSTERFS_LOCK_PR, mode))
		cfs_refresh_queue(cfs_of_lock(lock));
}

static void cfs_lock_free(struct clusterfs_lock *lock)
{
	cfs_mount_put(cfs_of_lock(lock));
}

/* Nothing is begun without waiting for it. */
static void cfs_lock_done(struct clusterfs_lock *lock, int status)
{
}

static const struct clusterfs_lock_user cfs_lock_user = {
	.done		= cfs_lock_done,
	.blocked	= cfs_lock_blocked,
	.free		= cfs_lock_free,
};

/* --- commits about this node --- */

/* This node's record, and an event that says so. */
static int cfs_fill_node(struct cfs_mount *m, struct cfs_txn *t, void *arg)
{
	const u8 state = *(const u8 *)arg;
	struct cfs_db *db = &m->db;
	struct cfs_disk_node node = {
		.version = cpu_to_le32(CFS_SOFTWARE), .state = state,
		.time = cpu_to_le64(ktime_get_real_seconds()),
	};
	struct cfs_obj *old = cfs_get(&db->index, CFS_NODE, m->slot);
	const struct cfs_disk_node *was;
	u8 uuid[UUID_SIZE];
	uuid_t fresh;
	int ret;

	uuid_gen(&fresh);
	export_uuid(uuid, &fresh);
	if (old) {
		memcpy(uuid, old->d.uuid, sizeof(uuid));
		was = (const void *)old->d.payload;
		if (state != CFS_NODE_MEMBER)
			node.time = was->time;
	}
	/* That record is another's, who goes on. */
	if (state != CFS_NODE_MEMBER && (!old || cfs_life_over(m)))
		return cfs_fail(db, -ESRCH, "this life of node %s is registered no longer",
				m->opt.node);
	strscpy((char *)node.name, m->opt.node, sizeof(node.name));
	if (m->opt.address)
		strscpy((char *)node.address, m->opt.address, sizeof(node.address));
	export_uuid(node.boot, &m->boot);
	ret = cfs_txn_put(db, t, CFS_NODE, m->slot, uuid,
			  old ? le64_to_cpu(old->d.role_term) : 0, &node);
	if (ret)
		return ret;
	if (state == CFS_NODE_MEMBER)
		return cfs_txn_event(db, t, CFS_EVENT_LIFECYCLE, CFS_INFORMATION,
				     CFS_CODE_REGISTERED, CFS_NODE, m->slot,
				     "node %s has registered", m->opt.node);
	return cfs_txn_event(db, t, CFS_EVENT_LIFECYCLE, CFS_INFORMATION, CFS_CODE_LEFT,
			     CFS_NODE, m->slot, "node %s has left", m->opt.node);
}

/* The slot that has this node's name, or the first that nobody has. */
static int cfs_pick_slot(struct cfs_mount *m, unsigned int *slot)
{
	struct cfs_index *ix = &m->db.index;
	unsigned int best = CFS_NODES_MAX;
	u32 used = 0;
	struct cfs_obj *o;

	for (o = cfs_first(ix, CFS_NODE); o; o = cfs_next(o)) {
		const struct cfs_disk_node *n = (const void *)o->d.payload;

		used |= BIT(le64_to_cpu(o->d.id));
		if (!strcmp(n->name, m->opt.node))
			best = min_t(unsigned int, best, le64_to_cpu(o->d.id));
	}
	for (o = cfs_first(ix, CFS_TOMBSTONE); o; o = cfs_next(o))
		if (o->d.otype == CFS_NODE)
			used |= BIT(le64_to_cpu(o->d.id));
	if (best == CFS_NODES_MAX)
		for (best = 0; best < m->sb.nodes && used & BIT(best); best++)
			;
	if (best == m->sb.nodes)
		return cfs_fail(&m->db, -ENOSPC,
				"node %s is not known, and all %u places for nodes are taken",
				m->opt.node, m->sb.nodes);
	*slot = best;
	return 0;
}

/* Under EX. */
static int cfs_register_once(struct cfs_mount *m, struct fs_context *fc, bool compact,
			     struct cfs_attempt *attempt)
{
	u8 member = CFS_NODE_MEMBER;
	struct cfs_db *db = &m->db;
	unsigned int again;
	int ret;

	db->me = CFS_NODES_MAX;
	ret = cfs_load_current(m);
	if (!ret)
		ret = cfs_expect_history(m, fc);
	if (!ret)
		ret = cfs_pick_slot(m, &m->slot);
	if (ret)
		return ret;
	db->me = m->slot;
	ret = cfs_claim(db, compact);
	if (!ret && attempt->lost) {
		ret = cfs_attempt_settle(m, attempt);
		if (ret <= 0)
			return ret;
		ret = 0;
	}
	if (!ret)
		ret = cfs_pick_slot(m, &again);
	if (!ret && again != m->slot)
		ret = cfs_fail(db, -ESTALE, "slot %u was taken by another node meanwhile", m->slot);
	if (!ret)
		ret = cfs_commit_fill(m, cfs_fill_node, &member, attempt);
	return ret;
}

/* R17: limited tries, limited time, a clear failure. */
static int cfs_register(struct cfs_mount *m, struct fs_context *fc)
{
	const unsigned long end = jiffies + m->opt.timeout * HZ;
	struct cfs_attempt attempt = {};
	unsigned int tries = 0;
	bool compact = false;
	int ret;

	ret = cfs_lock(m, CLUSTERFS_LOCK_EX);
	if (ret) {
		errorfc(fc, "node %s is not registered: %s", m->opt.node, m->db.why);
		return ret;
	}
	do {
		ret = cfs_register_once(m, fc, compact, &attempt);
		compact |= ret == -EAGAIN;
	} while (cfs_again(ret, &attempt) && ++tries < CFS_REGISTER_TRIES &&
		 time_before(jiffies, end) &&
		 !fatal_signal_pending(current));
	if (!ret)
		ret = cfs_publish(m);
	if (ret)
		errorfc(fc, "node %s is not registered: %s", m->opt.node, m->db.why);
	/* Whatever came of it, others may go on. */
	if (cfs_unlock(m, ret ? CLUSTERFS_LOCK_NL : CLUSTERFS_LOCK_PR) && !ret) {
		errorfc(fc, "node %s is registered, but the lock on the database is lost",
			m->opt.node);
		ret = -EIO;
	}
	return fatal_signal_pending(current) && ret ? -EINTR : ret;
}

/* --- mounts --- */

/**
 * cfs_mount_new() - a mount of which nothing is known
 *
 * Return: it, to be given to cfs_leave() at the end; or NULL.
 */
struct cfs_mount *cfs_mount_new(void)
{
	struct cfs_mount *m = kzalloc(sizeof(*m), GFP_KERNEL);

	if (!m)
		return NULL;
	m->events = cfs_events_new(m);
	if (!m->events) {
		kfree(m);
		return NULL;
	}
	refcount_set(&m->ref, 1);
	INIT_LIST_HEAD(&m->entry);
	mutex_init(&m->lock);
	spin_lock_init(&m->view_lock);
	spin_lock_init(&m->roles_lock);
	spin_lock_init(&m->asked_lock);
	INIT_LIST_HEAD(&m->asked);
	INIT_LIST_HEAD(&m->roles);
	mutex_init(&m->owners_lock);
	INIT_LIST_HEAD(&m->owners);
	init_waitqueue_head(&m->changed);
	init_waitqueue_head(&m->turns);
	m->turn = 1;
	uuid_gen(&m->boot);
	m->settle_after = jiffies;
	INIT_WORK(&m->refresh, cfs_refresh_work);
	INIT_DELAYED_WORK(&m->probe, cfs_probe_work);
	INIT_DELAYED_WORK(&m->look, cfs_look_work);
	return m;
}

/*
 * One mount for each node of a repository; all of a repository in one lockspace. And one for
 * each node of a cluster, if an agent has to renew its lease: that names it by these two.
 */
static int cfs_take_place(struct cfs_mount *m, struct fs_context *fc)
{
	struct cfs_mount *other;
	int ret = 0;

	mutex_lock(&cfs_mounts_lock);
	list_for_each_entry(other, &cfs_mounts, entry) {
		if (!uuid_equal(&other->sb.uuid, &m->sb.uuid)) {
			if ((!cfs_needs_lease(m) && !cfs_needs_lease(other)) ||
			    strcmp(other->opt.node, m->opt.node) ||
			    strcmp(other->sb.cluster, m->sb.cluster))
				continue;
			errorfc(fc,
				"node %s of cluster %s has another repository here: nobody could tell the two apart who renews their quorum",
				m->opt.node, m->sb.cluster);
			ret = -EBUSY;
		} else if (!strcmp(other->opt.node, m->opt.node)) {
			errorfc(fc, "node %s of cluster %s is mounted already", m->opt.node,
				m->sb.cluster);
			ret = -EBUSY;
		} else if (strcmp(other->opt.lockspace, m->opt.lockspace) ||
			   strcmp(other->opt.lock, m->opt.lock)) {
			errorfc(fc,
				"node %s has this repository with lockspace %s, lock=%s: its locks would not keep the two apart",
				other->opt.node, other->opt.lockspace, other->opt.lock);
			ret = -EINVAL;
		}
		if (ret)
			break;
	}
	if (!ret) {
		m->number = ++cfs_mounts_number;
		list_add_tail(&m->entry, &cfs_mounts);
	}
	mutex_unlock(&cfs_mounts_lock);
	return ret;
}

static void cfs_give_place(struct cfs_mount *m)
{
	mutex_lock(&cfs_mounts_lock);
	list_del_init(&m->entry);
	mutex_unlock(&cfs_mounts_lock);
}

/* That of these names, any if NULL; @leaving: also if it is being left, and still a member. */
static struct cfs_mount *cfs_mount_find(const char *cluster, const char *node, bool leaving)
{
	struct cfs_mount *m, *found = ERR_PTR(-ENODEV);

	lockdep_assert_held(&cfs_mounts_lock);
	list_for_each_entry(m, &cfs_mounts, entry) {
		if ((!m->joined && !(leaving && READ_ONCE(m->watched))) ||
		    (cluster && strcmp(cluster, m->sb.cluster)) ||
		    (node && strcmp(node, m->opt.node)))
			continue;
		if (!IS_ERR(found))
			return ERR_PTR(-ENOTUNIQ);
		found = m;
	}
	return found;
}

/**
 * cfs_mount_get_by() - find a mount
 * @cluster: name of its cluster, or NULL: of any
 * @node: name of its node, or NULL: any
 *
 * It is not left before it is let go: that must be in bounded time.
 *
 * Context: process.
 * Return: it, to be given to cfs_mount_let_go(); ERR_PTR(-ENODEV): there is none;
 * ERR_PTR(-ENOTUNIQ): there are several.
 */
struct cfs_mount *cfs_mount_get_by(const char *cluster, const char *node)
{
	struct cfs_mount *found;

	mutex_lock(&cfs_mounts_lock);
	found = cfs_mount_find(cluster, node, false);
	if (!IS_ERR(found))
		found->users++;
	mutex_unlock(&cfs_mounts_lock);
	return found;
}

/**
 * cfs_mount_look() - find a mount, to see what it does
 * @cluster: as of cfs_mount_get_by()
 * @node: as well
 *
 * Also one that is being left, which goes on: only its memory stays.
 *
 * Context: process.
 * Return: it, to be given to cfs_mount_put(); or as cfs_mount_get_by().
 */
struct cfs_mount *cfs_mount_look(const char *cluster, const char *node)
{
	struct cfs_mount *m;

	mutex_lock(&cfs_mounts_lock);
	m = cfs_mount_find(cluster, node, false);
	if (m == ERR_PTR(-ENODEV))
		m = cfs_mount_find(cluster, node, true);
	/* One that joins has nothing to be seen yet. */
	if (!IS_ERR(m) && !m->joined && !(m->leaving && READ_ONCE(m->view)))
		m = ERR_PTR(-ENODEV);
	if (!IS_ERR(m))
		refcount_inc(&m->ref);
	mutex_unlock(&cfs_mounts_lock);
	return m;
}

/**
 * cfs_mount_quorum() - find a mount, and tell it of quorum
 * @cluster: as of cfs_mount_get_by()
 * @node: as well
 * @quorate: as of cfs_quorum_until()
 * @lease_ms: as well
 * @end: as well
 *
 * Also one that is being left: what it has to store yet needs its lease.
 *
 * Context: process; waits for nobody.
 * Return: as cfs_mount_get_by() and cfs_quorum_until().
 */
int cfs_mount_quorum(const char *cluster, const char *node, bool quorate,
		     unsigned int lease_ms, u64 end)
{
	struct cfs_mount *m;
	int ret;

	/* It does not give its place meanwhile. */
	mutex_lock(&cfs_mounts_lock);
	m = cfs_mount_find(cluster, node, true);
	ret = IS_ERR(m) ? PTR_ERR(m) : cfs_quorum_until(m, quorate, lease_ms, end);
	mutex_unlock(&cfs_mounts_lock);
	return ret;
}

/**
 * cfs_mount_next() - the next mount
 * @number: the last one's, or 0
 *
 * Context: process.
 * Return: it, to be given to cfs_mount_let_go(); or NULL.
 */
struct cfs_mount *cfs_mount_next(u64 number)
{
	struct cfs_mount *m, *found = NULL;

	mutex_lock(&cfs_mounts_lock);
	list_for_each_entry(m, &cfs_mounts, entry) {
		if (m->joined && m->number > number) {
			m->users++;
			found = m;
			break;
		}
	}
	mutex_unlock(&cfs_mounts_lock);
	return found;
}

/**
 * cfs_mount_let_go() - what was found is not needed any more
 * @m: mount; it may be gone when this returns
 */
void cfs_mount_let_go(struct cfs_mount *m)
{
	bool last;

	mutex_lock(&cfs_mounts_lock);
	last = !--m->users;
	mutex_unlock(&cfs_mounts_lock);
	if (last)
		wake_up_all(&cfs_mounts_wait);
}

/* From now on it can be found. */
static void cfs_mount_show(struct cfs_mount *m)
{
	mutex_lock(&cfs_mounts_lock);
	m->joined = true;
	mutex_unlock(&cfs_mounts_lock);
}

/*
 * It is found no more, and nobody has it: each request ends in bounded time. Of the changes
 * that were asked for the one that is being done is waited for, and all verdicts that have a
 * place; the others are refused.
 */
static void cfs_mount_hide(struct cfs_mount *m)
{
	mutex_lock(&cfs_mounts_lock);
	WRITE_ONCE(m->joined, false);
	WRITE_ONCE(m->leaving, true);
	mutex_unlock(&cfs_mounts_lock);
	wake_up_all(&m->changed);
	wake_up_all(&m->turns);
	if (!wait_event_timeout(cfs_mounts_wait, !READ_ONCE(m->users), CFS_SLOW_CALL)) {
		cfs_asked_say(m);
		wait_event(cfs_mounts_wait, !READ_ONCE(m->users));
	}
	/* Who let it go last has left the lock, too. */
	mutex_lock(&cfs_mounts_lock);
	mutex_unlock(&cfs_mounts_lock);
}

static void cfs_recover_prep(void *private)
{
	cfs_recovering(private, true);
}

static void cfs_recover_slot(void *private, const struct clusterfs_member *gone)
{
	struct cfs_mount *m = private;

	pr_warn("node %s: member %u of lockspace %s is gone\n", m->opt.node, gone->node,
		m->opt.lockspace);
}

static void cfs_recover_done(void *private, const struct clusterfs_member *members,
			     unsigned int count, const struct clusterfs_member *self,
			     u32 generation)
{
	cfs_recovering(private, false);
}

static const struct clusterfs_member_user cfs_member_user = {
	.recover_prep	= cfs_recover_prep,
	.recover_slot	= cfs_recover_slot,
	.recover_done	= cfs_recover_done,
};

/**
 * cfs_join_repository() - register in a repository that is open
 * @m: mount, with its options
 * @fc: for the sentences
 *
 * Return: 0 or -errno; cfs_leave() undoes either.
 */
int cfs_join_repository(struct cfs_mount *m, struct fs_context *fc)
{
	struct clusterfs_ls_config config = {
		.node = m->opt.node, .ms = m->opt.timeout * MSEC_PER_SEC,
		.user = &cfs_member_user, .private = m,
	};
	char why[CLUSTERFS_LOCK_WHY] = "";
	int ret;

	/* The generation is in it: a node with an old repository meets nobody (P21). */
	if (!m->opt.lockspace)
		m->opt.lockspace = kasprintf(GFP_KERNEL, "cfs-%pUb-%llu", &m->sb.uuid,
					     (unsigned long long)m->sb.generation);
	if (!m->opt.lockspace)
		return -ENOMEM;
	ret = cfs_take_place(m, fc);
	/* Again: whoever had the place may have left something meanwhile. */
	if (!ret && cfs_devs_owe(&m->devs)) {
		errorfc(fc, "what an earlier mount sent to the devices has not come back");
		ret = -ETIMEDOUT;
	}
	if (ret)
		return ret;
	config.cluster = m->sb.cluster;
	config.name = m->opt.lockspace;
	config.ops = clusterfs_engine_get(m->opt.lock);
	if (!config.ops) {
		errorfc(fc, "lock=%s needs the module clusterfs_%s, which cannot be loaded",
			m->opt.lock, m->opt.lock);
		return -ENOPKG;
	}
	ret = clusterfs_ls_join(&config, &m->ls, why);
	clusterfs_engine_put(config.ops);
	if (ret) {
		m->ls = NULL;
		errorfc(fc, "%s", why);
		return ret;
	}
	ret = clusterfs_lock_open(m->ls, &m->db_lock, "db", &cfs_lock_user, m);
	if (ret) {
		errorfc(fc, "there is no lock on the database (error %d)", ret);
		return ret;
	}
	refcount_inc(&m->ref);
	m->lock_open = true;

	mutex_lock(&m->lock);
	ret = cfs_register(m, fc);
	m->devs.killable = false;
	if (!ret) {
		m->registered = true;
		cfs_state_begin(m);
		queue_delayed_work(cfs_queue, &m->probe, CFS_PROBE_SECONDS * HZ);
	}
	mutex_unlock(&m->lock);
	if (ret)
		return ret;
	ret = cfs_primary_start(m);
	if (ret)
		errorfc(fc, "node %s could not be the primary node (error %d)", m->opt.node, ret);
	return ret;
}

/**
 * cfs_join() - open the repository, and register
 * @m: mount, with its options
 * @fc: for the sentences
 *
 * Return: 0 or -errno; cfs_leave() undoes either.
 */
int cfs_join(struct cfs_mount *m, struct fs_context *fc)
{
	int ret = cfs_replicas_open(m, fc);

	if (!ret)
		ret = cfs_expect_super(m, fc);
	if (!ret && cfs_asked_begin(m)) {
		errorfc(fc, "there is no memory for requests");
		ret = -ENOMEM;
	}
	if (!ret)
		ret = cfs_join_repository(m, fc);
	if (!ret)
		cfs_mount_show(m);
	return ret;
}

/* A clean leave is a record. */
static void cfs_unregister(struct cfs_mount *m)
{
	u8 left = CFS_NODE_LEFT;
	int ret;

	/* FROZEN, LOST: nothing is changed, others may have been told that it is gone. */
	ret = cfs_may(m, CFS_MAY_SERVE) ? cfs_lock(m, CLUSTERFS_LOCK_NL) :
	      cfs_fail(&m->db, -ESHUTDOWN, "%s", m->status.why);
	if (!ret)
		ret = cfs_lock(m, CLUSTERFS_LOCK_EX);
	if (!ret) {
		ret = cfs_change_locked(m, cfs_fill_node, &left);
		/* What it said of an earlier failure is kept. */
		cfs_unlock(m, CLUSTERFS_LOCK_NL);
	}
	if (ret)
		pr_warn("node %s: that it has left is not recorded: %s\n", m->opt.node, m->db.why);
	m->registered = false;
}

/**
 * cfs_leave() - leave, and give everything back
 * @m: mount, joined, half joined or not at all
 */
void cfs_leave(struct cfs_mount *m)
{
	int ret;

	cfs_mount_hide(m);
	cfs_asked_end(m);
	cfs_events_end(m);
	cfs_owners_leave(m);
	cfs_primary_stop(m);
	cancel_delayed_work_sync(&m->probe);
	mutex_lock(&m->lock);
	m->devs.killable = false;
	if (m->registered)
		cfs_unregister(m);
	mutex_unlock(&m->lock);
	cfs_state_stop(m);
	if (m->lock_open)
		clusterfs_lock_close(&m->db_lock);
	if (m->ls) {
		ret = clusterfs_ls_leave(m->ls, CLUSTERFS_LEAVE_MS);
		if (ret)
			pr_warn("node %s: lockspace %s was left without an answer (error %d)\n",
				m->opt.node, m->opt.lockspace, ret);
	}
	mutex_lock(&m->lock);
	if (m->open)
		cfs_close(&m->db);
	m->open = false;
	mutex_unlock(&m->lock);
	cfs_devs_close(&m->devs);
	cfs_give_place(m);
	cfs_mount_put(m);
}

void cfs_member_exit(void)
{
	if (cfs_roles_queue)
		destroy_workqueue(cfs_roles_queue);
	if (cfs_queue)
		destroy_workqueue(cfs_queue);
}

int cfs_member_init(void)
{
	cfs_queue = alloc_workqueue("clusterfs", WQ_UNBOUND, 0);
	cfs_roles_queue = alloc_workqueue("clusterfs_roles", WQ_UNBOUND, WQ_MAX_ACTIVE);
	if (cfs_queue && cfs_roles_queue)
		return 0;
	cfs_member_exit();
	return -ENOMEM;
}

