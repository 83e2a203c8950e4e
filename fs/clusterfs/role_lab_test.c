// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: nodes with a repository in memory, and a LU that each of them could own.
 */
#include "role_test.h"

static u8 *rt_disk;
static struct cfs_super rt_sb;
struct cfs_mount *rt_m[RT_NODES];
struct rt_role rt_role[RT_NODES];
struct rt_io rt_io[RT_NODES];

/* Is it a part of somebody's snapshot? */
static bool rt_is_snapshot(u64 block)
{
	unsigned int node;

	for (node = 0; node < rt_sb.nodes; node++)
		if (block >= cfs_snap_block(&rt_sb, node, 0) &&
		    block < cfs_snap_block(&rt_sb, node, 0) + 2 * rt_sb.snap_blocks)
			return true;
	return false;
}

/* Is a record of a LU among them? */
static bool rt_has_lu(const void *buf, unsigned int blocks)
{
	const struct cfs_disk_record *r = buf;
	unsigned int i;

	for (i = 0; i < blocks * CFS_BLOCK_SECTORS; i++)
		if (r[i].type == CFS_LU)
			return true;
	return false;
}

static int rt_read(void *ctx, unsigned int replica, u64 block, void *buf, unsigned int blocks)
{
	const struct rt_io *io = ctx;

	if (replica || block + blocks > rt_sb.total_blocks)
		return -EIO;
	if (io && READ_ONCE(io->blind) && rt_is_snapshot(block))
		return -EIO;
	memcpy(buf, rt_disk + block * CFS_BLOCK_SIZE, blocks * CFS_BLOCK_SIZE);
	return 0;
}

static int rt_write(void *ctx, unsigned int replica, u64 block, const void *buf,
		    unsigned int blocks, unsigned int flags)
{
	struct rt_io *io = ctx;

	if (replica || block + blocks > rt_sb.total_blocks)
		return -EIO;
	memcpy(rt_disk + block * CFS_BLOCK_SIZE, buf, blocks * CFS_BLOCK_SIZE);
	if (!io)
		return 0;
	if (READ_ONCE(io->mutes) && !rt_is_snapshot(block) && rt_has_lu(buf, blocks)) {
		WRITE_ONCE(io->mutes, false);
		WRITE_ONCE(io->mute, true);
	}
	return READ_ONCE(io->mute) ? -EIO : 0;
}

/* Node @i joins, as mount does. */
void rt_join(struct kunit *test, unsigned int i)
{
	const struct cfs_io io = {
		.read = rt_read, .write = rt_write, .ctx = &rt_io[i],
	};
	struct fs_context fc = {};
	struct cfs_mount *m = cfs_mount_new();

	KUNIT_ASSERT_NOT_NULL(test, m);
	rt_m[i] = m;
	m->opt.node = kasprintf(GFP_KERNEL, "n%u", i);
	m->opt.lockspace = kstrdup(RT_SPACE, GFP_KERNEL);
	m->opt.lock = "local";
	m->opt.timeout = RT_SECONDS;
	KUNIT_ASSERT_EQ(test, cfs_open(&m->db, &io, 1, 0, &m->boot), 0);
	m->open = true;
	m->db.me = CFS_NODES_MAX;
	m->sb = m->db.sb;
	KUNIT_ASSERT_EQ_MSG(test, cfs_join_repository(m, &fc), 0, "%s", m->db.why);
}

void rt_leave(unsigned int i)
{
	if (rt_role[i].role)
		cfs_role_close(rt_role[i].role);
	rt_role[i].role = NULL;
	if (rt_m[i])
		cfs_leave(rt_m[i]);
	rt_m[i] = NULL;
}

/* The cases may run before the module's own init. */
static bool rt_queue;

int rt_init(struct kunit *test)
{
	u8 *block;
	unsigned int i;

	rt_queue = !cfs_queue;
	if (rt_queue) {
		KUNIT_ASSERT_EQ(test, cfs_io_init(), 0);
		KUNIT_ASSERT_EQ(test, cfs_member_init(), 0);
	}
	memset(rt_m, 0, sizeof(rt_m));
	memset(rt_role, 0, sizeof(rt_role));
	memset(rt_io, 0, sizeof(rt_io));
	rt_sb = (struct cfs_super){
		.generation = 1, .tag = 4711, .nodes = 4, .replicas = 1, .log_blocks = 32,
		.objects = 64, .events = 64, .made = 1, .cluster = "lab",
	};
	uuid_gen(&rt_sb.uuid);
	uuid_gen(&rt_sb.replica_uuid);
	cfs_geometry(&rt_sb);
	rt_disk = kvzalloc(rt_sb.total_blocks * CFS_BLOCK_SIZE, GFP_KERNEL);
	block = kzalloc(CFS_BLOCK_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, rt_disk && block);
	cfs_super_encode(&rt_sb, block);
	rt_write(NULL, 0, CFS_SUPER_BLOCK, block, 1, 0);
	rt_write(NULL, 0, CFS_SUPER_BLOCK_2, block, 1, 0);
	kfree(block);
	for (i = 0; i < RT_NODES; i++)
		rt_join(test, i);
	return 0;
}

void rt_exit(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < RT_NODES; i++)
		rt_leave(i);
	if (rt_queue) {
		cfs_member_exit();
		cfs_io_exit();
		cfs_queue = NULL;
	}
	kvfree(rt_disk);
	rt_disk = NULL;
}

/* --- a LU, and its role --- */

int rt_fill_lu(struct cfs_mount *m, struct cfs_txn *t, void *arg)
{
	struct cfs_disk_lu lu = {
		.name = "lu", .owner = cpu_to_le32(CFS_NOBODY), .block = cpu_to_le32(512),
	};
	static const u8 uuid[16] = { 1 };
	int ret = cfs_txn_put(&m->db, t, CFS_LU, 1, uuid, 0, &lu);

	return ret ? : cfs_txn_event(&m->db, t, CFS_EVENT_TOPOLOGY, CFS_INFORMATION, 1, CFS_LU, 1,
				     "a LU");
}

/* Another node has taken the next term, as far as the record goes. */
int rt_fill_later(struct cfs_mount *m, struct cfs_txn *t, void *arg)
{
	const struct cfs_obj *o = cfs_get(&m->db.index, CFS_LU, 1);
	int ret = cfs_txn_put(&m->db, t, CFS_LU, 1, o->d.uuid, le64_to_cpu(o->d.role_term) + 1,
			      o->d.payload);

	return ret ? : cfs_txn_event(&m->db, t, CFS_EVENT_TOPOLOGY, CFS_INFORMATION, 2, CFS_LU, 1,
				     "later");
}

static const char *rt_unfit(struct cfs_role *role)
{
	struct rt_role *r = role->private;

	wait_event_timeout(role->m->changed, !READ_ONCE(r->holds), RT_LONG);
	return READ_ONCE(r->unfit);
}

static int rt_activate(struct cfs_role *role, u64 term)
{
	struct rt_role *r = role->private;

	if (r->fails) {
		r->fails--;
		return -EIO;
	}
	r->term = term;
	r->active++;
	return 0;
}

static int rt_drain(struct cfs_role *role)
{
	struct rt_role *r = role->private;

	wait_event_timeout(role->m->changed, !READ_ONCE(r->stuck), RT_LONG);
	r->drained++;
	return 0;
}

static void rt_lost(struct cfs_role *role)
{
	((struct rt_role *)role->private)->lost++;
}

static unsigned int rt_work(struct cfs_role *role)
{
	struct rt_role *r = role->private;

	if (r->kicks)
		cfs_role_kick(role);
	r->kicks = false;
	r->worked++;
	wake_up_all(&role->m->changed);
	return 2 * RT_LONG / HZ * MSEC_PER_SEC;
}

static const struct cfs_role_ops rt_ops = {
	.type		= CFS_LU,
	.unfit		= rt_unfit,
	.activate	= rt_activate,
	.drain		= rt_drain,
	.lost		= rt_lost,
	.work		= rt_work,
};

bool rt_is(unsigned int i, enum cfs_role_state state)
{
	struct cfs_role_status s;

	cfs_role_status(rt_role[i].role, &s);
	return s.state == state;
}

void rt_open(struct kunit *test, unsigned int i)
{
	struct cfs_role *role = cfs_role_open(rt_m[i], &rt_ops, 1, NULL, &rt_role[i]);

	KUNIT_ASSERT_FALSE(test, IS_ERR(role));
	rt_role[i].role = role;
}

void rt_begin_lu(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, cfs_change(rt_m[0], rt_fill_lu, NULL, NULL), 0);
}

/* The LU is there, node 0 has it, the others wait, in order. */
void rt_begin(struct kunit *test)
{
	unsigned int i;

	rt_begin_lu(test);
	for (i = 0; i < RT_NODES; i++) {
		rt_open(test, i);
		rt_until(test, rt_m[i], rt_is(i, i ? CFS_ROLE_QUEUED : CFS_ROLE_ACTIVE));
	}
}

/* What the database says, read by node @i. */
void rt_owner(struct kunit *test, unsigned int i, u32 owner, u64 term)
{
	const struct cfs_disk_record *r;
	struct cfs_view *view;

	mutex_lock(&rt_m[i]->lock);
	cfs_refresh(rt_m[i]);
	mutex_unlock(&rt_m[i]->lock);
	view = cfs_view_get(rt_m[i]);
	r = cfs_view_object(view, CFS_LU, 1);
	KUNIT_EXPECT_EQ(test, cfs_role_owner(CFS_LU, r), owner);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(r->role_term), term);
	cfs_view_put(view);
}

int rt_fill_event(struct cfs_mount *m, struct cfs_txn *t, void *arg)
{
	if (arg)
		((void (*)(void))arg)();
	return cfs_txn_event(&m->db, t, CFS_EVENT_ALERT, CFS_INFORMATION, 99, CFS_LU, 1,
			     "by node %s", m->opt.node);
}

/* What node @i commits as the owner. */
int rt_act(unsigned int i, void (*within)(void))
{
	return cfs_role_change(rt_role[i].role, rt_fill_event, within, NULL);
}

/* How many events with that text does node @i read? */
unsigned int rt_told(unsigned int i, const char *text)
{
	struct cfs_index *ix = &rt_m[i]->db.index;
	const struct cfs_disk_event *e;
	unsigned int told = 0;
	u64 id;

	mutex_lock(&rt_m[i]->lock);
	cfs_refresh(rt_m[i]);
	for (id = ix->event_first; id < ix->next[CFS_EVENT]; id++) {
		e = (const void *)cfs_get_event(ix, id)->payload;
		told += !strcmp(e->text, text);
	}
	mutex_unlock(&rt_m[i]->lock);
	return told;
}

/* How often did a node act, as node @i reads it? */
unsigned int rt_acts(unsigned int i, const char *by)
{
	return rt_told(i, by);
}

int rt_verdict(unsigned int by, const char *node, bool confirmed)
{
	struct cfs_verdict v = { .method = "lab", .confirmed = confirmed };
	const struct cfs_disk_node *n;
	struct cfs_obj *o;

	strscpy(v.node, node, sizeof(v.node));
	mutex_lock(&rt_m[by]->lock);
	for (o = cfs_first(&rt_m[by]->db.index, CFS_NODE); o; o = cfs_next(o)) {
		n = (const void *)o->d.payload;
		if (!strcmp(n->name, node))
			import_uuid(&v.boot, n->boot);
	}
	mutex_unlock(&rt_m[by]->lock);
	return cfs_fence_done(rt_m[by], &v, NULL);
}

/* A node writes all that there is as a snapshot. */
int rt_compact(struct cfs_mount *m)
{
	int ret = cfs_lock(m, CLUSTERFS_LOCK_NL);

	if (!ret)
		ret = cfs_lock(m, CLUSTERFS_LOCK_EX);
	if (!ret)
		ret = cfs_writer(m, true);
	return ret ? : cfs_unlock(m, CLUSTERFS_LOCK_PR);
}
