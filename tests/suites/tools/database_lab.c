// SPDX-License-Identifier: GPL-2.0
/*
 * database_lab: linked into what reads the database of a cluster, it stands for the kernel,
 * which has what files of the folder $LAB say:
 *
 *	database	"UUID GENERATION TERM COMMIT FIRST LAST ID": the repository, its first and
 *			last event, and the id of the mounted node; all 1, and ID 0, if not there
 *	kept		lines "SEQ TERM COMMIT TIME" of events; "SEQ 1 SEQ 0" if not there
 *	nodes		lines "NAME STATE BOOT"
 *	objects		lines "TYPE ID UUID NODE CLIENT LU ADAPTER NAME"
 *	slow_nodes	it takes so many milliseconds to read the nodes
 *	changed		written: something has changed
 *	find_error	an errno that the kernel refuses with
 *
 * and notes in $LAB/said what it is told as an event of the node.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>
#include "internal.h"
#include "database_lab.h"

struct vpart_cluster_events {
	uint64_t	next;
	uint64_t	last;
	int		fd;
};

/* Who has a table of mounts says otherwise. */
__attribute__((weak)) bool registered(const struct vpart_cluster_at *at)
{
	(void)at;
	return true;
}

const char *lab(const char *name)
{
	static __thread char path[512];

	snprintf(path, sizeof(path), "%s/%s", getenv("LAB"), name);
	return path;
}

void wait_ms(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

long number(const char *name, long none)
{
	FILE *f = fopen(lab(name), "r");
	long n = none;

	if (!f)
		return none;
	if (fscanf(f, "%ld", &n) != 1)
		n = none;
	fclose(f);
	return n;
}

const char *vpart_cluster_type_name(enum vpart_cluster_type type)
{
	static const char *const names[] = {
		[VPART_CLUSTER_NODE] = "node", [VPART_CLUSTER_CLIENT] = "client",
		[VPART_CLUSTER_ADAPTER] = "adapter", [VPART_CLUSTER_LU] = "lu",
		[VPART_CLUSTER_MAP] = "map", [VPART_CLUSTER_VOLUME] = "volume",
	};

	return type <= VPART_CLUSTER_VOLUME && names[type] ? names[type] : "unknown";
}

int vpart_cluster_find(struct vpart *v, const struct vpart_cluster_at *at,
		       struct vpart_cluster_mount *m)
{
	unsigned long long n[5] = { 1, 1, 1, 1, 1 };
	const int err = (int)number("find_error", 0);
	char uuid[VPART_UUID_TEXT] = "11111111-1111-1111-1111-111111111111";
	FILE *f = fopen(lab("database"), "r");
	unsigned int id = 0;

	memset(m, 0, sizeof(*m));
	if (f && fscanf(f, "%36s %llu %llu %llu %llu %llu %u", uuid, &n[0], &n[1], &n[2], &n[3],
			&n[4], &id) != 7)
		abort();
	if (f)
		fclose(f);
	if (err || !registered(at))
		return vpart_fail(v, err ? err : ENODEV, VPART_CODE_NOT_FOUND, "the kernel says %d",
				  err ? err : ENODEV);
	if (vpart_uuid_parse(uuid, m->repository))
		abort();
	vpart_copy(m->cluster, sizeof(m->cluster), at->cluster);
	vpart_copy(m->node, sizeof(m->node), at->node);
	m->generation = n[0];
	m->term = n[1];
	m->commit = n[2];
	m->first_event = n[3];
	m->last_event = n[4];
	m->id = id;
	return 0;
}

static void read_nodes(struct vpart_list *l)
{
	struct vpart_cluster_object o;
	char boot[64];
	FILE *f;

	wait_ms(number("slow_nodes", 0));
	f = fopen(lab("nodes"), "r");
	for (;;) {
		struct vpart_cluster_object *to;

		memset(&o, 0, sizeof(o));
		o.type = VPART_CLUSTER_NODE;
		if (!f || fscanf(f, "%127s %u %63s", o.name, &o.state, boot) != 3 ||
		    vpart_uuid_parse(boot, o.boot))
			break;
		to = vpart_list_add(l);
		*to = o;
	}
	if (f)
		fclose(f);
}

int vpart_cluster_objects(struct vpart *v, const struct vpart_cluster_at *at,
			  enum vpart_cluster_type type, struct vpart_cluster_object **list,
			  size_t *n)
{
	struct vpart_list l = { .size = sizeof(struct vpart_cluster_object) };
	unsigned long long id, client, lu, adapter;
	struct vpart_cluster_object o, *to;
	char word[32], uuid[64];
	unsigned int node;
	FILE *f;

	(void)at;
	if (type == VPART_CLUSTER_NODE)
		read_nodes(&l);
	f = fopen(lab("objects"), "r");
	for (;;) {
		memset(&o, 0, sizeof(o));
		if (!f || fscanf(f, "%31s %llu %63s %u %llu %llu %llu %127s", word, &id, uuid,
				 &node, &client, &lu, &adapter, o.name) != 8)
			break;
		if (strcmp(word, vpart_cluster_type_name(type)))
			continue;
		o.type = type;
		o.id = id;
		o.node = node;
		o.owner = node;
		o.leg[0].node = VPART_CLUSTER_NOBODY;
		o.leg[1].node = VPART_CLUSTER_NOBODY;
		o.client = client;
		o.lu = lu;
		o.adapter = adapter;
		if (type == VPART_CLUSTER_LU)
			o.volume = adapter;
		if (type == VPART_CLUSTER_MAP)
			strcpy(o.lu_name, o.name);
		else if (vpart_uuid_parse(uuid, o.uuid))
			abort();
		to = vpart_list_add(&l);
		*to = o;
	}
	if (f)
		fclose(f);
	return vpart_list_done(v, 0, &l, list, n);
}

struct vpart_cluster_events *vpart_cluster_events_open(struct vpart *v,
						       const struct vpart_cluster_at *at,
						       uint64_t from, bool follow)
{
	struct vpart_cluster_events *e;
	struct vpart_cluster_mount m;

	if (vpart_cluster_find(v, at, &m))
		return NULL;
	e = calloc(1, sizeof(*e));
	e->next = from;
	e->last = m.last_event;
	e->fd = follow ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;
	if (follow && inotify_add_watch(e->fd, lab("changed"), IN_CLOSE_WRITE) < 0)
		abort();
	return e;
}

int vpart_cluster_events_next(struct vpart_cluster_events *e, struct vpart_cluster_event *ev,
			      int timeout_ms)
{
	unsigned long long seq, term, commit, when;
	char buf[4096];
	FILE *f;

	(void)timeout_ms;
	memset(ev, 0, sizeof(*ev));
	if (e->fd >= 0)
		return read(e->fd, buf, sizeof(buf)) > 0;
	if (e->next > e->last)
		return 0;
	ev->seq = e->next++;
	ev->term = 1;
	ev->commit = ev->seq;
	f = fopen(lab("kept"), "r");
	while (f && fscanf(f, "%llu %llu %llu %llu", &seq, &term, &commit, &when) == 4) {
		if (seq != ev->seq)
			continue;
		ev->term = term;
		ev->commit = commit;
		ev->time = when;
	}
	if (f)
		fclose(f);
	return 1;
}

int vpart_cluster_events_fd(const struct vpart_cluster_events *e)
{
	return e->fd;
}

void vpart_cluster_events_close(struct vpart_cluster_events *e)
{
	if (!e)
		return;
	if (e->fd >= 0)
		close(e->fd);
	free(e);
}

int vpart_cluster_say(struct vpart *v, const struct vpart_cluster_at *at,
		      const struct vpart_cluster_event *ev)
{
	char text[512];
	int fd, len;

	(void)v;
	len = snprintf(text, sizeof(text), "%s %s class %u severity %u code %u %s %llu: %s\n",
		       at->cluster, at->node, ev->class, ev->severity, ev->code,
		       vpart_cluster_type_name(ev->type), (unsigned long long)ev->object, ev->text);
	fd = open(lab("said"), O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0 || write(fd, text, (size_t)len) != len)
		abort();
	close(fd);
	return 0;
}
