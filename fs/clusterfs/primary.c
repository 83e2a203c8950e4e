// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: the primary node (R21). It is a role whose holder only commits, and what it
 * does can wait: ids whose tombstones are old enough are given again, and its own log is
 * compacted before a commit has to wait for that. Nothing else depends on there being one.
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include <linux/module.h>
#include "role.h"

static unsigned int cfs_hold = 24 * 60 * 60;
module_param_named(reuse_hold, cfs_hold, uint, 0644);
MODULE_PARM_DESC(reuse_hold, "seconds for which the id of what was removed is not given again");

/* It looks again at least so often, and at most. */
#define CFS_PRIMARY_MAX_MS	(60 * MSEC_PER_SEC)
#define CFS_PRIMARY_MIN_MS	MSEC_PER_SEC

static u64 cfs_stone_time(const struct cfs_obj *o)
{
	return le64_to_cpu(((const struct cfs_disk_tombstone *)(const void *)o->d.payload)->time);
}

/* Is a tombstone's time over? One from the future waits as long as one of now. */
static bool cfs_stone_old(const struct cfs_obj *o, u64 now)
{
	return now >= cfs_stone_time(o) && now - cfs_stone_time(o) >= READ_ONCE(cfs_hold);
}

static int cfs_fill_forget(struct cfs_mount *m, struct cfs_txn *t, void *arg)
{
	const u64 now = ktime_get_real_seconds();
	struct cfs_db *db = &m->db;
	unsigned int ids = 0;
	struct cfs_obj *o;
	int ret = 0;

	/* One record is the event's. */
	for (o = cfs_first(&db->index, CFS_TOMBSTONE); o && ids < CFS_TXN_MAX - 1;
	     o = cfs_next(o)) {
		if (!cfs_stone_old(o, now))
			continue;
		ret = cfs_txn_forget(db, t, o->d.otype, le64_to_cpu(o->d.id));
		if (ret)
			return ret;
		ids++;
	}
	if (!ids)
		return cfs_fail(db, -ENODATA, "no id is to be given again");
	return cfs_txn_event(db, t, CFS_EVENT_LIFECYCLE, CFS_INFORMATION, CFS_CODE_FORGOTTEN, 0, 0,
			     "ids of %u removed objects may be given again", ids);
}

/* The writer has compacted by then. */
static int cfs_fill_nothing(struct cfs_mount *m, struct cfs_txn *t, void *arg)
{
	return cfs_fail(&m->db, -ENODATA, "nothing is to be committed");
}

/* In how many ms is there something to be done; 0: now. */
static unsigned int cfs_primary_due(struct cfs_mount *m, bool *compact)
{
	const u64 now = ktime_get_real_seconds(), hold = READ_ONCE(cfs_hold);
	u64 ms = CFS_PRIMARY_MAX_MS;
	struct cfs_obj *o;

	mutex_lock(&m->lock);
	*compact = m->db.state == CFS_WRITER && cfs_wants_compaction(&m->db);
	for (o = cfs_first(&m->db.index, CFS_TOMBSTONE); o && ms; o = cfs_next(o)) {
		if (cfs_stone_old(o, now))
			ms = 0;
		else if (cfs_stone_time(o) <= now)
			ms = min_t(u64, ms, (cfs_stone_time(o) + hold - now) * MSEC_PER_SEC);
	}
	mutex_unlock(&m->lock);
	return ms;
}

static unsigned int cfs_primary_work(struct cfs_role *role)
{
	struct cfs_mount *m = role->m;
	char why[sizeof(m->db.why)];
	bool compact;
	unsigned int ms = cfs_primary_due(m, &compact);
	int ret = 0;

	if (!cfs_may(m, CFS_MAY_COMMIT))
		return CFS_PRIMARY_MIN_MS;
	if (!ms)
		ret = cfs_role_change(role, cfs_fill_forget, NULL, why);
	else if (compact)
		ret = cfs_role_change(role, cfs_fill_nothing, NULL, why);
	if (ret && ret != -ENODATA && ret != -ENOLCK)
		pr_warn("node %s: the primary node's work is not done: %s\n", m->opt.node, why);
	return max_t(unsigned int, ms, CFS_PRIMARY_MIN_MS);
}

static const struct cfs_role_ops cfs_primary_ops = {
	.type		= CFS_PRIMARY,
	.commits_only	= true,
	.work		= cfs_primary_work,
};

/**
 * cfs_primary_start() - a member can be the primary node
 * @m: mount, registered, not locked
 *
 * Return: 0 or -errno.
 */
int cfs_primary_start(struct cfs_mount *m)
{
	struct cfs_role *role = cfs_role_open(m, &cfs_primary_ops, 1, NULL, NULL);

	if (IS_ERR(role))
		return PTR_ERR(role);
	m->primary = role;
	return 0;
}

/**
 * cfs_primary_stop() - a member leaves
 * @m: mount, not locked; started or not
 *
 * Context: process, sleeps as cfs_role_close() does.
 */
void cfs_primary_stop(struct cfs_mount *m)
{
	if (m->primary)
		cfs_role_close(m->primary);
	m->primary = NULL;
}

/**
 * cfs_primary_yield() - the primary node relegates itself (R21)
 * @m: mount
 * @why: room for sizeof(m->db.why) characters: a sentence, if it fails; or NULL
 *
 * Context: process, sleeps as cfs_role_yield() does.
 * Return: 0; -EPERM: this node is not the primary one; or as cfs_role_yield() says.
 */
int cfs_primary_yield(struct cfs_mount *m, char *why)
{
	return cfs_role_yield(m->primary, why);
}

/**
 * cfs_primary_text() - this node's part in it
 * @m: mount
 * @buf: filled with a word, and why
 * @size: of it
 *
 * Context: process; waits for nobody.
 */
void cfs_primary_text(struct cfs_mount *m, char *buf, size_t size)
{
	struct cfs_role_status s;

	cfs_role_status(m->primary, &s);
	snprintf(buf, size, "%s%s%s", cfs_role_state_name(s.state), s.why[0] ? ": " : "", s.why);
}
