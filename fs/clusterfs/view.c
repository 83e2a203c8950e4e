// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: what the tree shows. After each commit, own or another's, the objects are
 * put into a view that nobody changes any more, so that a reader waits for nothing.
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include <linux/sort.h>
#include "mount.h"

static void cfs_seen_put(struct cfs_seen *s)
{
	if (s && refcount_dec_and_test(&s->ref))
		kfree(s);
}

/**
 * cfs_view_put() - let go of a view
 * @view: it, or NULL
 */
void cfs_view_put(struct cfs_view *view)
{
	unsigned int type;
	u32 i;

	if (!view || !refcount_dec_and_test(&view->ref))
		return;
	for (type = 0; type < CFS_TYPES; type++) {
		for (i = 0; i < view->count[type]; i++)
			cfs_seen_put(view->seen[type][i]);
		kvfree(view->seen[type]);
	}
	kfree(view);
}

/**
 * cfs_view_get() - the view as it is now
 * @m: mount
 *
 * Return: it, to be put; NULL before the first one.
 */
struct cfs_view *cfs_view_get(struct cfs_mount *m)
{
	struct cfs_view *view;

	spin_lock(&m->view_lock);
	view = m->view;
	if (view)
		refcount_inc(&view->ref);
	spin_unlock(&m->view_lock);
	return view;
}

/**
 * cfs_seen_key() - what a type is sorted by first
 * @r: record of an object or event
 *
 * Return: the client of a map, the LU of a registration, else the id.
 */
u64 cfs_seen_key(const struct cfs_disk_record *r)
{
	const struct cfs_disk_map *map = (const void *)r->payload;
	const struct cfs_disk_pr *pr = (const void *)r->payload;

	if (r->type == CFS_MAP)
		return le64_to_cpu(map->client);
	if (r->type == CFS_PR)
		return le64_to_cpu(pr->lu);
	return le64_to_cpu(r->id);
}

static int cfs_seen_cmp(const void *p, const void *q)
{
	const struct cfs_seen *a = *(const void * const *)p, *b = *(const void * const *)q;
	u64 ka = cfs_seen_key(&a->d), kb = cfs_seen_key(&b->d);

	if (ka == kb) {
		ka = le64_to_cpu(a->d.id);
		kb = le64_to_cpu(b->d.id);
	}
	return ka < kb ? -1 : ka > kb;
}

/* The first of a type that is not below (@key, @id), or where it would be. */
static u32 cfs_view_place(const struct cfs_view *view, unsigned int type, u64 key, u64 id)
{
	u32 low = 0, high = view->count[type], mid;

	while (low < high) {
		const struct cfs_disk_record *r;
		u64 other;

		mid = low + (high - low) / 2;
		r = &view->seen[type][mid]->d;
		other = cfs_seen_key(r);
		if (other < key || (other == key && le64_to_cpu(r->id) < id))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/**
 * cfs_view_find() - the first of a type with a key, or where it would be
 * @view: view
 * @type: CFS_NODE...
 * @key: see cfs_seen_key()
 *
 * Return: its place; count[type] if all are lower.
 */
u32 cfs_view_find(const struct cfs_view *view, unsigned int type, u64 key)
{
	return cfs_view_place(view, type, key, 0);
}

/**
 * cfs_view_at() - one of a type
 * @view: view
 * @type: CFS_NODE...
 * @i: its place
 *
 * Return: its record, or NULL behind the last.
 */
const struct cfs_disk_record *cfs_view_at(const struct cfs_view *view, unsigned int type, u32 i)
{
	return i < view->count[type] ? &view->seen[type][i]->d : NULL;
}

/**
 * cfs_view_object() - an object that is sorted by its id
 * @view: view
 * @type: CFS_NODE..., neither CFS_MAP nor CFS_PR
 * @id: its id
 *
 * Return: its record or NULL.
 */
const struct cfs_disk_record *cfs_view_object(const struct cfs_view *view, unsigned int type,
					      u64 id)
{
	const struct cfs_disk_record *r = cfs_view_at(view, type, cfs_view_find(view, type, id));

	return r && le64_to_cpu(r->id) == id ? r : NULL;
}

/* The same as in the last view, or a new one. A commit makes what it changes another's. */
static struct cfs_seen *cfs_seen_new(const struct cfs_view *old, const struct cfs_disk_record *r)
{
	u32 i = old ? cfs_view_place(old, r->type, cfs_seen_key(r), le64_to_cpu(r->id)) : 0;
	struct cfs_seen *s;

	if (old && i < old->count[r->type]) {
		s = old->seen[r->type][i];
		if (s->d.id == r->id && s->d.since_term == r->since_term &&
		    s->d.since_gen == r->since_gen) {
			refcount_inc(&s->ref);
			return s;
		}
	}
	s = kmalloc(sizeof(*s), GFP_KERNEL);
	if (s) {
		refcount_set(&s->ref, 1);
		s->d = *r;
	}
	return s;
}

static int cfs_view_add(struct cfs_view *view, const struct cfs_view *old,
			const struct cfs_disk_record *r)
{
	struct cfs_seen *s = cfs_seen_new(old, r);

	if (!s)
		return -ENOMEM;
	view->seen[r->type][view->count[r->type]++] = s;
	return 0;
}

static int cfs_view_type(struct cfs_view *view, const struct cfs_view *old, struct cfs_index *ix,
			 unsigned int type)
{
	u64 events = ix->next[CFS_EVENT] - ix->event_first, id;
	u32 room = type == CFS_EVENT ? events : ix->count[type];
	struct cfs_obj *o;
	int ret = 0;

	if (!room)
		return 0;
	view->seen[type] = kvmalloc_array(room, sizeof(*view->seen[type]), GFP_KERNEL);
	if (!view->seen[type])
		return -ENOMEM;
	if (type == CFS_EVENT) {
		for (id = ix->event_first; !ret && id < ix->next[CFS_EVENT]; id++)
			ret = cfs_view_add(view, old, cfs_get_event(ix, id));
		return ret;
	}
	for (o = cfs_first(ix, type); o && !ret; o = cfs_next(o))
		ret = cfs_view_add(view, old, &o->d);
	sort(view->seen[type], view->count[type], sizeof(*view->seen[type]), cfs_seen_cmp, NULL);
	return ret;
}

/**
 * cfs_view_publish() - show what the database says now
 * @m: mount, locked; its database has been read
 *
 * Return: 0 or -ENOMEM; then the old one is still shown.
 */
int cfs_view_publish(struct cfs_mount *m)
{
	struct cfs_index *ix = &m->db.index;
	struct cfs_view *view, *old = m->view;
	unsigned int type;
	int ret = 0;

	lockdep_assert_held(&m->lock);
	view = kzalloc(sizeof(*view), GFP_KERNEL);
	if (!view)
		return -ENOMEM;
	refcount_set(&view->ref, 1);
	view->term = m->db.term;
	view->gen = m->db.gen;
	view->objects = ix->objects;
	for (type = CFS_NODE; type < CFS_TOMBSTONE && !ret; type++)
		ret = cfs_view_type(view, old, ix, type);
	if (ret) {
		cfs_view_put(view);
		return ret;
	}
	spin_lock(&m->view_lock);
	view->version = ++m->version;
	m->view = view;
	spin_unlock(&m->view_lock);
	if (!old)
		cfs_listen_from(m);
	cfs_roles_see(m, old, view);
	cfs_view_put(old);
	m->seen_term = m->db.term;
	m->seen_gen = m->db.gen;
	wake_up_all(&m->changed);
	cfs_nl_publish(m, view);
	cfs_capacity_say(m, view->objects);
	cfs_events_kick(m);
	return 0;
}

/**
 * cfs_view_touch() - something beside the database has changed
 * @m: mount
 */
void cfs_view_touch(struct cfs_mount *m)
{
	spin_lock(&m->view_lock);
	m->version++;
	spin_unlock(&m->view_lock);
	wake_up_all(&m->changed);
}
