// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: verdicts about other nodes (P19), and who is proven to be out.
 *
 * A node's record is written when it registers, when it leaves, and by a verdict, and by
 * nothing else. So whatever a node became before its record was last written, it is that no
 * more: that life of it has left, was fenced, or ended before the node registered again.
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include "mount.h"

static const struct cfs_disk_node *cfs_node_of(const struct cfs_obj *o)
{
	return (const void *)o->d.payload;
}

static struct cfs_obj *cfs_node_named(struct cfs_db *db, const char *name)
{
	struct cfs_obj *o;

	for (o = cfs_first(&db->index, CFS_NODE); o; o = cfs_next(o))
		if (!strcmp((const char *)cfs_node_of(o)->name, name))
			return o;
	return NULL;
}

/* -EALREADY: nothing has to be stored. */
static int cfs_verdict_wrong(struct cfs_mount *m, const struct cfs_verdict *v, struct cfs_obj *o)
{
	struct cfs_db *db = &m->db;
	uuid_t boot;

	if (!o)
		return cfs_fail(db, -ENOENT, "node %s is not known", v->node);
	if (le64_to_cpu(o->d.id) == m->slot)
		return cfs_fail(db, -EINVAL, "node %s cannot tell that it is fenced itself",
				v->node);
	import_uuid(&boot, cfs_node_of(o)->boot);
	if (!uuid_equal(&boot, &v->boot))
		return cfs_fail(db, -ESRCH,
				"the verdict is about boot %pUb of node %s, which has boot %pUb",
				&v->boot, v->node, &boot);
	if (cfs_node_of(o)->state != CFS_NODE_MEMBER)
		return cfs_fail(db, -EALREADY, "node %s is no member any more", v->node);
	return 0;
}

static int cfs_fill_fenced(struct cfs_mount *m, struct cfs_txn *t, void *arg)
{
	const struct cfs_verdict *v = arg;
	struct cfs_obj *o = cfs_node_named(&m->db, v->node);
	struct cfs_disk_node node;
	int ret;

	ret = cfs_verdict_wrong(m, v, o);
	if (ret)
		return ret;
	node = *cfs_node_of(o);
	node.state = CFS_NODE_FENCED;
	ret = cfs_txn_put(&m->db, t, CFS_NODE, le64_to_cpu(o->d.id), o->d.uuid,
			  le64_to_cpu(o->d.role_term), &node);
	return ret ? : cfs_txn_event(&m->db, t, CFS_EVENT_ALERT, CFS_WARNING, CFS_CODE_FENCED,
				     CFS_NODE, le64_to_cpu(o->d.id),
				     "node %s, boot %pUb, is fenced (%s)", v->node, &v->boot,
				     v->method);
}

static bool cfs_word(const char *text, size_t size)
{
	size_t n;

	for (n = 0; n < size && text[n] > ' ' && text[n] < 0x7f; n++)
		;
	return n && n < size && !text[n];
}

/**
 * cfs_fence_done() - a node is out: store it
 * @m: mount of another node
 * @v: the verdict; nothing of it is believed before it is looked at
 * @why: room for sizeof(m->db.why) characters: a sentence, if it fails; or NULL
 *
 * What waited for the node's end goes on when it is stored, on all nodes. A verdict that
 * was stored before, or about a node that has left, changes nothing.
 *
 * It waits for no turn, and an unmount does not refuse it: perhaps nobody else has it.
 *
 * Context: process, sleeps as cfs_change() does.
 * Return: 0; -EINVAL: it names this node, or no name or method; -EPERM: it is not
 * confirmed; -ENOENT: the node is not known; -ESRCH: another life of it is registered; or
 * as cfs_change() says.
 */
int cfs_fence_done(struct cfs_mount *m, const struct cfs_verdict *v, char *why)
{
	struct cfs_verdict copy = *v;
	char none[sizeof(m->db.why)];
	int ret;

	why = why ? : none;
	if (!cfs_word(copy.node, sizeof(copy.node)) ||
	    !cfs_word(copy.method, sizeof(copy.method))) {
		snprintf(why, sizeof(m->db.why), "a verdict names a node and a method");
		return -EINVAL;
	}
	if (!copy.confirmed) {
		snprintf(why, sizeof(m->db.why),
			 "that node %s is fenced is not confirmed: nothing may rest on it",
			 copy.node);
		return -EPERM;
	}
	ret = cfs_change(m, cfs_fill_fenced, &copy, why);
	if (ret == -EALREADY)
		return 0;
	if (ret)
		pr_warn("node %s: verdict about node %s refused: %s\n", m->opt.node, copy.node,
			why);
	return ret;
}

/**
 * cfs_life_over() - has this life of the node ended for the others
 * @m: mount, locked; what it has read counts
 *
 * Return: true: there is a verdict about it, or a node of this name has registered anew.
 */
bool cfs_life_over(struct cfs_mount *m)
{
	struct cfs_obj *o;
	uuid_t boot;

	lockdep_assert_held(&m->lock);
	o = m->registered ? cfs_get(&m->db.index, CFS_NODE, m->slot) : NULL;
	if (!o)
		return false;
	import_uuid(&boot, cfs_node_of(o)->boot);
	return cfs_node_of(o)->state == CFS_NODE_FENCED || !uuid_equal(&boot, &m->boot);
}

/**
 * cfs_proven_out() - can a node no longer act by what was stored of it (P5.3)
 * @node: its record, or NULL: there is none
 * @since: the record that was stored when it could
 *
 * Return: true if its record was written after that: it has left, it was fenced, or it has
 * begun another life.
 */
bool cfs_proven_out(const struct cfs_disk_record *node, const struct cfs_disk_record *since)
{
	const struct cfs_disk_node *n;

	if (!node)
		return false;
	n = (const void *)node->payload;
	if (n->state != CFS_NODE_MEMBER)
		return true;
	/* Generations are one sequence, whatever the term. */
	return le64_to_cpu(node->since_gen) > le64_to_cpu(since->since_gen);
}
