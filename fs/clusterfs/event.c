// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: the events of a mounted node, read one after the other by all who are told of
 * them. Those of the database are in the view. What a node sees itself, its paths, its
 * capacity, its health, is not stored, for often enough nothing can be: it is in a ring,
 * numbered in this life of the node (P22). Of both, what was not read in time is told to be
 * lost (V11).
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include "mount.h"

/* --- reading --- */

/* The oldest that is kept. */
static u64 cfs_ring_first(const struct cfs_events *es)
{
	return es->next > CFS_RING_SIZE ? es->next - CFS_RING_SIZE : 1;
}

static struct cfs_disk_event *cfs_ring_slot(struct cfs_events *es, u64 seq)
{
	return &es->ring[seq % CFS_RING_SIZE];
}

/**
 * cfs_event_local() - an event of the ring as it is told
 * @ev: filled but for the names, the history and the numbers
 * @d: what is kept of it, for as long as @ev is
 */
void cfs_event_local(struct cfs_event *ev, const struct cfs_disk_event *d)
{
	ev->time = le64_to_cpu(d->time);
	ev->object = le64_to_cpu(d->object);
	ev->code = le32_to_cpu(d->code);
	ev->type = d->otype;
	ev->class = d->class;
	ev->severity = d->severity;
	ev->text = (const char *)d->text;
}

/* Which of [first, end) is the next from *@from on; 0: none. */
static u64 cfs_event_pick(u64 *from, u64 first, u64 end, struct cfs_event *ev)
{
	if (*from >= end)
		return 0;
	if (*from < first) {
		ev->lost = first - *from;
		*from = first;
	}
	return *from;
}

static bool cfs_event_ring(struct cfs_mount *m, u64 *from, unsigned int class,
			   struct cfs_heard *heard)
{
	struct cfs_events *es = m->events;
	u64 seq;

	spin_lock(&es->lock);
	while ((seq = cfs_event_pick(from, cfs_ring_first(es), es->next, &heard->ev))) {
		heard->d = *cfs_ring_slot(es, seq);
		if (heard->ev.lost || class == CFS_EVENT_KINDS || heard->d.class == class)
			break;
		++*from;
	}
	spin_unlock(&es->lock);
	heard->ev.seq = seq;
	heard->ev.history = m->boot;
	return seq;
}

static bool cfs_event_stored(struct cfs_mount *m, u64 *from, unsigned int class,
			     struct cfs_heard *heard)
{
	struct cfs_view *view = cfs_view_get(m);
	const struct cfs_disk_record *r;
	u64 first = 1, seq = 0;

	if (!view)
		return false;
	r = cfs_view_at(view, CFS_EVENT, 0);
	if (r)
		first = le64_to_cpu(r->id);
	while ((seq = cfs_event_pick(from, first, first + view->count[CFS_EVENT], &heard->ev))) {
		r = cfs_view_at(view, CFS_EVENT, seq - first);
		memcpy(&heard->d, r->payload, sizeof(heard->d));
		heard->ev.term = le64_to_cpu(r->since_term);
		heard->ev.commit = le64_to_cpu(r->since_gen);
		if (heard->ev.lost || class == CFS_EVENT_KINDS || heard->d.class == class)
			break;
		++*from;
	}
	cfs_view_put(view);
	heard->ev.seq = seq;
	heard->ev.history = m->sb.uuid;
	return seq;
}

/**
 * cfs_event_next() - the next event for somebody
 * @m: mount
 * @from: number of the first that he was not told; set to that of the one found, or behind
 *	the last
 * @local: of the ring, or of the database
 * @class: the only class that he wants, CFS_EVENT_KINDS: any
 * @heard: filled; with ev.lost if some before ev.seq are gone, of any class: then that is told,
 *	and ev.seq is still to come
 *
 * Context: process; waits for nobody.
 * Return: true if there is one.
 */
bool cfs_event_next(struct cfs_mount *m, u64 *from, bool local, unsigned int class,
		    struct cfs_heard *heard)
{
	struct cfs_event *ev = &heard->ev;

	memset(ev, 0, sizeof(*ev));
	if (!(local ? cfs_event_ring(m, from, class, heard) :
		      cfs_event_stored(m, from, class, heard)))
		return false;
	ev->cluster = m->sb.cluster;
	ev->node = m->opt.node;
	ev->local = local;
	if (!ev->lost) {
		cfs_event_local(ev, &heard->d);
		return true;
	}
	ev->term = 0;
	ev->commit = 0;
	ev->class = class;
	ev->text = "";
	return true;
}

/**
 * cfs_events_end_of() - number of the next event
 * @m: mount
 * @local: of the ring, or of the database
 *
 * Return: it.
 */
u64 cfs_events_end_of(struct cfs_mount *m, bool local)
{
	const struct cfs_disk_record *r;
	struct cfs_view *view;
	u64 end = 1;

	if (local) {
		spin_lock(&m->events->lock);
		end = m->events->next;
		spin_unlock(&m->events->lock);
		return end;
	}
	view = cfs_view_get(m);
	if (!view)
		return end;
	r = cfs_view_at(view, CFS_EVENT, 0);
	if (r)
		end = le64_to_cpu(r->id) + view->count[CFS_EVENT];
	cfs_view_put(view);
	return end;
}

/* --- the ring --- */

static void cfs_kick_locked(struct cfs_events *es)
{
	unsigned int i;

	lockdep_assert_held(&es->lock);
	if (es->ended)
		return;
	queue_work(cfs_queue, &es->listen);
	for (i = 0; i < CFS_EVENT_KINDS; i++)
		if (es->desk[i].post.handler)
			queue_work(cfs_queue, &es->desk[i].work);
}

/**
 * cfs_events_kick() - there may be new events of the database
 * @m: mount
 *
 * Context: any but interrupts; waits for nobody.
 */
void cfs_events_kick(struct cfs_mount *m)
{
	spin_lock(&m->events->lock);
	cfs_kick_locked(m->events);
	spin_unlock(&m->events->lock);
}

/**
 * cfs_ring_put() - a node tells something of itself
 * @m: mount
 * @e: what; the time is set
 *
 * Context: any but interrupts; waits for nobody.
 */
void cfs_ring_put(struct cfs_mount *m, struct cfs_disk_event *e)
{
	struct cfs_events *es = m->events;

	e->time = cpu_to_le64(ktime_get_real_seconds());
	spin_lock(&es->lock);
	*cfs_ring_slot(es, es->next++) = *e;
	if (!es->ended)
		queue_work(cfs_queue, &es->tell);
	cfs_kick_locked(es);
	spin_unlock(&es->lock);
}

/**
 * cfs_ring_say() - a node tells something of itself, in a sentence
 * @m: mount
 * @class: one of those that are not stored
 * @severity: CFS_INFORMATION...
 * @code: CFS_CODE_* of the class
 * @type: type of what it is about, or 0
 * @object: its id, or 0
 * @fmt: the sentence
 *
 * Context: any but interrupts; waits for nobody.
 */
void cfs_ring_say(struct cfs_mount *m, u8 class, u8 severity, u32 code, u8 type, u64 object,
		  const char *fmt, ...)
{
	struct cfs_disk_event e = {
		.object = cpu_to_le64(object), .code = cpu_to_le32(code), .otype = type,
		.class = class, .severity = severity,
	};
	va_list args;

	va_start(args, fmt);
	vscnprintf((char *)e.text, sizeof(e.text), fmt, args);
	va_end(args);
	cfs_ring_put(m, &e);
}

/**
 * cfs_ring_copy() - all that the ring has, of one moment
 * @m: mount
 * @e: room for CFS_RING_SIZE, from the oldest on
 * @end: number of the next
 *
 * Return: number of the oldest; @end: there is none.
 */
u64 cfs_ring_copy(struct cfs_mount *m, struct cfs_disk_event *e, u64 *end)
{
	struct cfs_events *es = m->events;
	u64 first, seq;

	spin_lock(&es->lock);
	first = cfs_ring_first(es);
	*end = es->next;
	for (seq = first; seq < *end; seq++)
		*e++ = *cfs_ring_slot(es, seq);
	spin_unlock(&es->lock);
	return first;
}

static void cfs_tell_work(struct work_struct *work)
{
	struct cfs_events *es = container_of(work, struct cfs_events, tell);
	struct cfs_event *ev = &es->telling.ev;

	while (cfs_event_next(es->desk[0].m, &es->told, true, CFS_EVENT_KINDS, &es->telling)) {
		cfs_nl_tell_local(ev);
		if (!ev->lost)
			es->told++;
	}
}

/**
 * cfs_event_say() - a mounted node tells of a path, or of capacity
 * @cluster: name of its cluster, or NULL: of any
 * @node: its name, or NULL: any, if there is only one
 * @class: CFS_EVENT_PATH or CFS_EVENT_CAPACITY
 * @severity: CFS_INFORMATION...
 * @code: CFS_CODE_* of the class
 * @type: type of what it is about, or 0
 * @object: its id, or 0
 * @fmt: a sentence
 *
 * Context: process; waits for nobody.
 * Return: 0; -EINVAL: such a thing is not told so; -ENODEV: there is no such node;
 * -ENOTUNIQ: there are several.
 */
int cfs_event_say(const char *cluster, const char *node, u8 class, u8 severity, u32 code, u8 type,
		  u64 object, const char *fmt, ...)
{
	struct cfs_disk_event e = {
		.object = cpu_to_le64(object), .code = cpu_to_le32(code), .otype = type,
		.class = class, .severity = severity,
	};
	struct cfs_mount *m;
	va_list args;

	if ((class != CFS_EVENT_PATH && class != CFS_EVENT_CAPACITY) || severity > CFS_ERROR ||
	    type >= CFS_TYPES)
		return -EINVAL;
	m = cfs_mount_get_by(cluster, node);
	if (IS_ERR(m))
		return PTR_ERR(m);
	va_start(args, fmt);
	vscnprintf((char *)e.text, sizeof(e.text), fmt, args);
	va_end(args);
	cfs_ring_put(m, &e);
	cfs_mount_let_go(m);
	return 0;
}
EXPORT_SYMBOL_GPL(cfs_event_say);

/* --- what clusterfs sees itself --- */

/**
 * cfs_replicas_say() - tell which replicas are lost, or are there again
 * @m: mount, locked
 */
void cfs_replicas_say(struct cfs_mount *m)
{
	/* One that was not read since is not there again. */
	const u32 lost = m->db.failed | m->db.unread | m->db.unasked, was = m->events->replicas;
	unsigned int r;

	lockdep_assert_held(&m->lock);
	m->events->replicas = lost;
	for (r = 0; r < m->sb.replicas; r++) {
		const char *path = m->devs.dev[r] ? m->devs.dev[r]->path : "no device";

		if (lost & ~was & BIT(r))
			cfs_ring_say(m, CFS_EVENT_PATH, CFS_WARNING, CFS_CODE_REPLICA_LOST, 0, r,
				     "replica %u, %.160s, is lost", r, path);
		else if (was & ~lost & BIT(r))
			cfs_ring_say(m, CFS_EVENT_PATH, CFS_INFORMATION, CFS_CODE_REPLICA_BACK, 0,
				     r, "replica %u, %.160s, is in use again", r, path);
	}
}

/**
 * cfs_capacity_say() - tell if there is little room for objects, or enough again
 * @m: mount, locked
 * @used: objects, with what is left of those that are gone
 */
void cfs_capacity_say(struct cfs_mount *m, u32 used)
{
	const unsigned int was = m->events->fill;
	const unsigned int is = cfs_fill_level(was, used, m->sb.objects);

	lockdep_assert_held(&m->lock);
	m->events->fill = is;
	if (is == was)
		return;
	cfs_ring_say(m, CFS_EVENT_CAPACITY,
		     is > 1 ? CFS_ERROR : is ? CFS_WARNING : CFS_INFORMATION,
		     is ? CFS_CODE_CAPACITY_LOW : CFS_CODE_CAPACITY_BACK, 0, 0,
		     "the repository has %u objects of %u", used, m->sb.objects);
}

/* --- life --- */

/**
 * cfs_events_new() - nobody is told yet, and nothing has happened
 * @m: a new mount
 *
 * Return: to be given to kvfree(), after cfs_events_end(); or NULL.
 */
struct cfs_events *cfs_events_new(struct cfs_mount *m)
{
	struct cfs_events *es = kvzalloc(sizeof(*es), GFP_KERNEL);
	unsigned int i;

	if (!es)
		return NULL;
	spin_lock_init(&es->lock);
	es->next = 1;
	es->told = 1;
	es->heard[true] = 1;
	INIT_WORK(&es->tell, cfs_tell_work);
	INIT_WORK(&es->listen, cfs_listen_work);
	for (i = 0; i < CFS_EVENT_KINDS; i++)
		cfs_desk_init(m, &es->desk[i]);
	return es;
}

/**
 * cfs_events_end() - nobody is told any more
 * @m: mount, not locked, that cannot be found by its name
 *
 * Context: process; waits for listeners to be told what there is, and for the call of a handler
 * that runs.
 */
void cfs_events_end(struct cfs_mount *m)
{
	struct cfs_events *es = m->events;
	unsigned int i;

	spin_lock(&es->lock);
	es->ended = true;
	spin_unlock(&es->lock);
	/* What happened before is still told. */
	flush_work(&es->tell);
	cfs_listen_wait(m);
	for (i = 0; i < CFS_EVENT_KINDS; i++)
		cfs_desk_end(&es->desk[i]);
}
