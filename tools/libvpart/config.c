// SPDX-License-Identifier: LGPL-2.1-or-later
/* Save what exists to a file, and bring it back: each object in its turn */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "config.h"

/**
 * struct restore - a restoration on its way
 * @v: the handle
 * @opts: how
 * @want: the file
 * @have: what existed at the beginning
 * @lus: all LUs that existed at the beginning, of other tools too
 * @nlus: how many
 * @index: devices by their identities, while LUs are made
 * @taken: numbers of backstores
 * @count: objects, by enum vpart_config_result
 */
struct restore {
	struct vpart			*v;
	const struct vpart_config_opts	*opts;
	struct config			want;
	struct config			have;
	struct vpart_lu			*lus;
	size_t				nlus;
	struct identity_index		index;
	struct lio_numbers		taken;
	size_t				count[VPART_CONFIG_RESULTS];
};

/**
 * vpart_config_result_name - what became of an object, as a word
 * @result: the result
 *
 * Return: the word.
 */
const char *vpart_config_result_name(enum vpart_config_result result)
{
	static const char *const names[] = {
		[VPART_CONFIG_KEPT] = "kept",
		[VPART_CONFIG_ADDED] = "added",
		[VPART_CONFIG_CHANGED] = "changed",
		[VPART_CONFIG_FAILED] = "failed",
	};

	return (unsigned int)result < ARRAY_SIZE(names) ? names[result] : "unknown";
}

/* A leg that is gone has no device to be asked: an earlier file may know it. */
static void remember_legs(const struct config *old, struct config *c)
{
	const struct config_mirror *o;
	struct config_mirror *m;
	struct config_lu *lu;
	int i;

	config_each(m, &c->mirrors) {
		config_each(o, &old->mirrors) {
			if (memcmp(o->uuid, m->uuid, sizeof(m->uuid)))
				continue;
			for (i = 0; i < VPART_MIRROR_LEGS; i++) {
				if (!m->legs[i].missing)
					continue;
				config_each(lu, &c->lus)
					if (!strcmp(lu->name, o->legs[i].lu))
						break;
				if (!o->legs[i].lu[0] ||
				    lu < (struct config_lu *)c->lus.data + c->lus.n)
					m->legs[i] = o->legs[i];
			}
		}
	}
}

/*
 * What a LU is known by was chosen when it was made. Where other tools made it
 * anew, an earlier file knows, if the device says so still.
 */
static void remember_identities(const struct config *old, struct config *c)
{
	char kind[IDENTITY_KIND_SIZE], id[VPART_IDENTITY_SIZE];
	const struct config_lu *o;
	struct config_lu *lu;

	config_each(lu, &c->lus)
		config_each(o, &old->lus)
			if (!lu->recorded && !memcmp(o->uuid, lu->uuid, sizeof(lu->uuid)) &&
			    lu->device.major && !identity_kind(o->device.id, kind) &&
			    !identity_of(lu->device.major, lu->device.minor, kind, id,
					 sizeof(id)) &&
			    !strcmp(id, o->device.id))
				vpart_copy(lu->device.id, sizeof(lu->device.id), id);
}

/**
 * vpart_config_save - write down what exists
 * @v: the handle
 * @file: where to; it is replaced as a whole
 * @n: gets the number of objects
 *
 * Return: 0 when it is on the medium, or a negative errno: the file is as it was.
 */
int vpart_config_save(struct vpart *v, const char *file, size_t *n)
{
	struct vpart *quiet = vpart_open();
	struct config c, old;
	int ret;

	config_init(&c);
	config_init(&old);
	ret = quiet ? config_look(v, &c) : vpart_no_memory(v);
	if (!ret && !config_read(quiet, file, &old)) {
		remember_legs(&old, &c);
		remember_identities(&old, &c);
	}
	if (!ret)
		ret = config_valid(v, &c);
	if (!ret)
		ret = config_write(v, file, &c);
	*n = c.nodes.n + c.partitions.n + c.pairs.n + c.lus.n + c.mirrors.n;
	config_free(&c);
	config_free(&old);
	vpart_close(quiet);
	return ret;
}

/* Tell what became of an object; @ret: of what was done, its error is the text. */
static void tell(struct restore *r, const char *object, const char *name,
		 enum vpart_config_result result, int ret, const char *text)
{
	struct vpart_config_step step = {
		.object = object,
		.name = name,
		.result = ret ? VPART_CONFIG_FAILED : result,
		.text = ret ? r->v->error.text : text,
	};

	r->count[step.result]++;
	if (r->opts->step)
		r->opts->step(&step, r->opts->arg);
}

static void restore_nodes(struct restore *r)
{
	const struct vpart_node *n, *h;

	config_each(n, &r->want.nodes) {
		struct vpart_node new = *n;
		bool there = false;

		config_each(h, &r->have.nodes)
			there |= !strcmp(h->name, n->name);
		if (there)
			tell(r, "node", n->name, VPART_CONFIG_KEPT, 0, "");
		else
			tell(r, "node", n->name, VPART_CONFIG_ADDED,
			     r->opts->dry_run ? 0 : vpart_node_add(r->v, &new), "");
	}
}

static void restore_partitions(struct restore *r)
{
	const struct vpart_partition *p, *h;

	config_each(p, &r->want.partitions) {
		struct vpart_partition new = *p;
		bool there = false;

		config_each(h, &r->have.partitions)
			there |= !strcmp(h->name, p->name);
		if (there)
			tell(r, "partition", p->name, VPART_CONFIG_KEPT, 0, "");
		else
			tell(r, "partition", p->name, VPART_CONFIG_ADDED,
			     r->opts->dry_run ? 0 : vpart_partition_add(r->v, &new), "");
	}
}

static void restore_pair(struct restore *r, const struct vpart_pair *p)
{
	const struct vpart_pair *h, *there = NULL;
	struct vpart_pair new = *p;
	const char *what = p->parent[0] ? "vport" : p->address[0] ? "link" : "adapter";
	bool dry = r->opts->dry_run;
	char text[64];

	config_each(h, &r->have.pairs)
		if (config_same_pair(h, p))
			there = h;
	/* Only one of its own is for a virtual port to say. */
	if (p->parent[0] && !strcmp(p->address, config_parent(&r->want, p)->address))
		new.address[0] = 0;
	if (!there) {
		tell(r, what, p->name, VPART_CONFIG_ADDED,
		     dry ? 0 : vpart_pair_add(r->v, &new), "");
	} else if (there->path_loss != p->path_loss && (p->ends & VPART_END_CLIENT) &&
		   !p->parent[0]) {
		snprintf(text, sizeof(text), "path loss time %u s instead of %u s", p->path_loss,
			 there->path_loss);
		tell(r, what, p->name, VPART_CONFIG_CHANGED,
		     dry ? 0 : vpart_pair_set_path_loss(r->v, p->name, p->path_loss), text);
	} else {
		tell(r, what, p->name, VPART_CONFIG_KEPT, 0, "");
	}
}

/* ---- LUs ---- */

/* The mirror that a LU is a leg of; NULL: of none that the file knows. */
static const struct config_mirror *mirror_of(const struct restore *r, const char *lu,
					     unsigned int *leg)
{
	const struct config_mirror *m;
	unsigned int i;

	config_each(m, &r->want.mirrors) {
		for (i = 0; i < VPART_MIRROR_LEGS; i++) {
			if (strcmp(m->legs[i].lu, lu))
				continue;
			*leg = i;
			return m;
		}
	}
	return NULL;
}

/* A new backstore, as it was. */
static int make_backstore(struct restore *r, size_t index, char *backstore, size_t size)
{
	const struct config_lu *lu = (const struct config_lu *)r->want.lus.data + index;
	struct vpart_lu_spec spec = { .name = lu->name };
	const struct config_mirror *set;
	const struct config_attrib *a;
	struct vpart_error first;
	unsigned int leg = 0;
	char path[PATH_MAX];
	int ret;

	set = mirror_of(r, lu->name, &leg);
	ret = config_device_find(r->v, lu->name, &lu->device, set, leg, &r->index, path,
				 sizeof(path));
	if (ret || r->opts->dry_run)
		return ret;
	spec.device = path;
	spec.identity = lu->device.id;
	ret = vpart_lio_backstore_add(r->v, &spec, lu->uuid, &r->taken, backstore, size);
	if (ret)
		return ret;
	config_each_attrib(a, &r->want, index) {
		ret = vpart_lio_attrib_write(r->v, backstore, lu->name, a);
		if (!ret)
			continue;
		first = r->v->error;
		vpart_lio_backstore_del(r->v, backstore, lu->name);
		r->v->error = first;
		return ret;
	}
	return 0;
}

static bool is_mapped(const struct restore *r, const char *name, const char *pair)
{
	size_t i;

	for (i = 0; i < r->nlus; i++)
		if (!strcmp(r->lus[i].name, name) && !strcmp(r->lus[i].pair, pair))
			return true;
	return false;
}

static const char *server_of(const struct restore *r, const char *pair)
{
	const struct vpart_pair *p;

	config_each(p, &r->want.pairs)
		if (!strcmp(p->name, pair))
			return p->server;
	return "";
}

/* Is it the first path to its LU? */
static bool first_of(const struct restore *r, const struct config_map *map)
{
	const struct config_map *m;

	config_each(m, &r->want.maps)
		if (m->lu == map->lu)
			return m == map;
	return false;
}

/* Put the LU where it was; @changed: it was not there before. */
static int map_lu(struct restore *r, size_t index, const char *backstore, bool *changed)
{
	const struct config_lu *lu = (const struct config_lu *)r->want.lus.data + index;
	const struct config_map *m;
	size_t paths = 0;
	int ret = 0;

	config_each(m, &r->want.maps)
		paths += m->lu == index;
	if (paths > 1 && !r->opts->dry_run)
		ret = vpart_lio_check_lasting(r->v, backstore, lu->name);
	config_each(m, &r->want.maps) {
		struct vpart_lio_path path = {
			.pair = m->pair,
			.server = server_of(r, m->pair),
			.lun = m->lun,
			.port = m->port,
			.access = m->access,
		};

		if (ret || m->lu != index || is_mapped(r, lu->name, m->pair))
			continue;
		if (path.access == VPART_ACCESS_ANY)
			path.access = first_of(r, m) ? VPART_ACCESS_OPTIMIZED :
				      VPART_ACCESS_NON_OPTIMIZED;
		*changed = true;
		if (r->opts->dry_run)
			continue;
		ret = vpart_lio_target_make(r->v, &r->want, m->pair);
		if (!ret)
			ret = vpart_lio_map(r->v, backstore, lu->name, &path);
		/* An older kernel serves it as well, by its workers. */
		if (!ret && m->direct)
			vpart_lio_direct_set(r->v, m->pair, m->lun, true);
	}
	return ret;
}

/* Is a backstore that another tool has made on the LU's device? Its paths were names. */
static int check_backstore(struct restore *r, const struct config_lu *lu,
			   const struct vpart_lu *there)
{
	struct config_device now;
	int ret;

	if (there->recorded && !lu->device.file && !strcmp(there->identity, lu->device.id))
		return 0;
	ret = config_device_look(r->v, there->device, &now);
	if (ret || config_device_same(&lu->device, &now))
		return ret;
	return vpart_fail(r->v, EMEDIUMTYPE, VPART_CODE_FAILED,
			  "%s: its backstore %s/%s is on %s (%s), which is not its device %s (%s)",
			  lu->name, there->backstore, lu->name, there->device,
			  now.id[0] ? now.id : "nameless", lu->device.path,
			  lu->device.id[0] ? lu->device.id : "nameless");
}

static void restore_lu(struct restore *r, size_t index)
{
	struct config_lu *lu = (struct config_lu *)r->want.lus.data + index;
	const struct vpart_lu *there = NULL;
	char backstore[64] = "";
	bool changed = false;
	size_t i;
	int ret;

	for (i = 0; i < r->nlus; i++)
		if (!strcmp(r->lus[i].name, lu->name))
			there = &r->lus[i];
	if (there)
		vpart_copy(backstore, sizeof(backstore), there->backstore);
	ret = r->opts->dry_run ? 0 : vpart_lio_check(r->v);
	if (!ret && there && !there->pair[0])
		ret = check_backstore(r, lu, there);
	if (!ret && !there)
		ret = make_backstore(r, index, backstore, sizeof(backstore));
	if (!ret)
		ret = map_lu(r, index, backstore, &changed);
	if (ret && !there && backstore[0]) {
		struct vpart_error first = r->v->error;

		/* Where it is mapped already, this is refused. */
		vpart_lio_backstore_del(r->v, backstore, lu->name);
		r->v->error = first;
	}
	lu->ready = !ret;
	tell(r, "lu", lu->name, !there ? VPART_CONFIG_ADDED :
	     changed ? VPART_CONFIG_CHANGED : VPART_CONFIG_KEPT, ret,
	     there && changed ? "its backstore was there, it is mapped again" : "");
}

static void restore_acls(struct restore *r)
{
	const struct config_acl *a, *first = r->want.acls.data;
	bool changed = false;
	char name[VPART_NAME_SIZE + 64];
	int ret;

	if (r->opts->dry_run)
		return;
	config_each(a, &r->want.acls) {
		if (!a->initiator[0])
			continue;
		changed = false;
		ret = vpart_lio_acl_write(r->v, &r->want, (size_t)(a - first), &changed);
		snprintf(name, sizeof(name), "%s:%s", a->pair, a->initiator);
		if (ret || changed)
			tell(r, "acl", name, VPART_CONFIG_ADDED, ret, "");
	}
}

/* ---- the clients' disks ---- */

/* Does the client's end of a link lead to disks that no LU of this kernel is? */
static bool has_links(const struct restore *r)
{
	const struct vpart_pair *p;

	config_each(p, &r->want.pairs)
		if (p->ends == VPART_END_CLIENT)
			return true;
	return false;
}

/* Is a leg on its way that another machine serves? */
static bool leg_missing(struct restore *r)
{
	struct vpart_error first = r->v->error;
	const struct config_mirror *m;
	char path[PATH_MAX];
	bool missing = false;
	unsigned int i;

	if (!has_links(r))
		return false;
	config_each(m, &r->want.mirrors)
		for (i = 0; i < VPART_MIRROR_LEGS; i++)
			if (!m->legs[i].missing && !m->legs[i].lu[0] &&
			    config_device_find(r->v, m->name, &m->legs[i].device, m, i, NULL,
					       path, sizeof(path)))
				missing = true;
	r->v->error = first;
	return missing;
}

/* Is a disk on its way that a mirror needs? */
static bool disk_missing(struct restore *r)
{
	const struct config_lu *want;
	struct vpart_lu *list;
	bool missing = false;
	char path[64];
	unsigned int leg;
	size_t i, n;

	if (vpart_lus(r->v, &list, &n))
		return false;
	config_each(want, &r->want.lus) {
		if (!want->ready || !mirror_of(r, want->name, &leg))
			continue;
		for (i = 0; i < n; i++) {
			if (strcmp(list[i].name, want->name) || !list[i].pair[0])
				continue;
			snprintf(path, sizeof(path), "/dev/%s", list[i].disk);
			if ((!list[i].disk[0] || !vpart_exists(path) || !list[i].active) &&
			    vpart_disk_may_come(&list[i]))
				missing = true;
		}
	}
	free(list);
	return missing;
}

/* The kernel tells of each disk; looking again after each is enough. */
static void wait_disks(struct restore *r, int uevents)
{
	uint64_t end = vpart_now_ms() + r->opts->wait_ms, now;

	while (uevents >= 0 && (disk_missing(r) || leg_missing(r))) {
		now = vpart_now_ms();
		if (now >= end)
			break;
		vpart_uevent_wait(uevents, (unsigned int)(end - now));
	}
}

/* ---- mirrors ---- */

/* The leg as vpart_mirror_start() wants it, "-" if it is not there now. */
static void name_leg(struct restore *r, const struct config_mirror *m, int i, char *arg,
		     size_t size)
{
	const struct config_leg *leg = &m->legs[i];
	struct vpart_lu lu;
	char path[PATH_MAX];

	vpart_copy(arg, size, "-");
	if (leg->missing)
		return;
	if (!leg->lu[0]) {
		if (!config_device_find(r->v, m->name, &leg->device, m, (unsigned int)i, NULL,
					path, sizeof(path)))
			vpart_copy(arg, size, path);
		return;
	}
	if (!vpart_lu_find(r->v, leg->lu, &lu) && lu.disk[0] && lu.active)
		vpart_copy(arg, size, leg->lu);
}

/* A mirror that runs without a leg which is there now gets it back. */
static void complete_mirror(struct restore *r, const struct config_mirror *m,
			    const struct config_mirror *have)
{
	char arg[PATH_MAX], text[128];
	int i;

	for (i = 0; i < VPART_MIRROR_LEGS; i++) {
		if (!have->legs[i].missing || m->legs[i].missing)
			continue;
		name_leg(r, m, i, arg, sizeof(arg));
		if (!strcmp(arg, "-"))
			continue;
		snprintf(text, sizeof(text), "leg %d (%.64s) is attached", i, arg);
		tell(r, "mirror", m->name, VPART_CONFIG_CHANGED,
		     r->opts->dry_run ? 0 : vpart_mirror_attach(r->v, m->name, i, arg), text);
		return;
	}
	tell(r, "mirror", m->name, VPART_CONFIG_KEPT, 0, "");
}

static void restore_mirror(struct restore *r, const struct config_mirror *m)
{
	char arg[VPART_MIRROR_LEGS][PATH_MAX], text[128] = "";
	struct vpart_mirror_spec spec = {
		.name = m->name, .uuid = m->uuid, .manual_attach = m->manual_attach,
	};
	const struct config_mirror *h;
	int i, ret;

	config_each(h, &r->have.mirrors) {
		if (!strcmp(h->name, m->name)) {
			complete_mirror(r, m, h);
			return;
		}
	}
	if (r->opts->dry_run) {
		tell(r, "mirror", m->name, VPART_CONFIG_ADDED, 0, "");
		return;
	}
	for (i = 0; i < VPART_MIRROR_LEGS; i++) {
		name_leg(r, m, i, arg[i], sizeof(arg[i]));
		spec.legs[i] = arg[i];
		if (!strcmp(arg[i], "-"))
			snprintf(text, sizeof(text), "degraded: leg %d (%.64s) is not there", i,
				 m->legs[i].lu[0] ? m->legs[i].lu : m->legs[i].device.path);
	}
	ret = vpart_mirror_start(r->v, &spec);
	tell(r, "mirror", m->name, VPART_CONFIG_ADDED, ret, text);
}

/* Everything in the order in which one needs the other. */
static void restore_all(struct restore *r)
{
	int uevents = r->opts->dry_run ? -1 : vpart_uevent_open();
	const struct config_mirror *m;
	const struct vpart_pair *p;
	size_t i;

	restore_nodes(r);
	restore_partitions(r);
	config_each(p, &r->want.pairs)
		if (!p->parent[0])
			restore_pair(r, p);
	config_each(p, &r->want.pairs)
		if (p->parent[0])
			restore_pair(r, p);
	for (i = 0; i < r->want.lus.n; i++)
		restore_lu(r, i);
	identity_index_free(&r->index);
	restore_acls(r);
	wait_disks(r, uevents);
	config_each(m, &r->want.mirrors)
		restore_mirror(r, m);
	if (uevents >= 0)
		close(uevents);
	if (!r->opts->dry_run)
		vpart_lio_tidy();
}

/**
 * vpart_config_restore - bring back what a file says
 * @v: the handle
 * @file: a file that vpart_config_save() wrote
 * @opts: how
 *
 * What is there and the same is left as it is. A file that makes no sense or
 * contradicts what exists is refused before anything is done. After the
 * failure of one object the others still have their turn.
 *
 * Return: 0 if everything is there; a negative errno.
 */
int vpart_config_restore(struct vpart *v, const char *file, const struct vpart_config_opts *opts)
{
	struct restore r = { .v = v, .opts = opts };
	size_t all;
	int ret;

	config_init(&r.want);
	config_init(&r.have);
	ret = config_read(v, file, &r.want);
	if (!ret)
		ret = config_valid(v, &r.want);
	if (!ret)
		ret = config_look(v, &r.have);
	if (!ret)
		ret = vpart_lus(v, &r.lus, &r.nlus);
	if (!ret)
		ret = config_check(v, &r.want, &r.have, r.lus, r.nlus);
	if (ret)
		goto out;
	restore_all(&r);
	all = r.count[VPART_CONFIG_KEPT] + r.count[VPART_CONFIG_ADDED] +
	      r.count[VPART_CONFIG_CHANGED] + r.count[VPART_CONFIG_FAILED];
	if (r.count[VPART_CONFIG_FAILED])
		ret = vpart_fail(v, EIO, VPART_CODE_FAILED, "%zu of %zu objects of %s failed",
				 r.count[VPART_CONFIG_FAILED], all, file);
out:
	free(r.lus);
	config_free(&r.want);
	config_free(&r.have);
	return ret;
}
