// SPDX-License-Identifier: GPL-2.0
/*
 * The local copy of what concerns a mounted node (R18), kept by a thread: it waits for the
 * disk, and no lease may wait for that.
 *
 * What is read of the database is compared with the copy before it takes its place, each time.
 * A repository that is foreign, or older than the copy, is refused (P23): the loop gives it no
 * lease, and says at once that there is no quorum, so that the node admits nothing; and the
 * copy stays. Mount has refused it before, if it was told (option expect=): this is for who
 * mounts by hand.
 *
 * Nothing is admitted by a copy: it only refuses.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>
#include <linux/clusterfs.h>
#include "clusterd.h"

#ifndef COPY_FOLDER
#define COPY_FOLDER	VPART_CLUSTER_COPY_FOLDER
#endif
/* Many changes are one. */
#ifndef COPY_MS
#define COPY_MS		1000U
#endif
/* What cannot be written is tried again. */
#ifndef COPY_AGAIN_MS
#define COPY_AGAIN_MS	10000U
#endif
/* Objects that are gone: so many are named. */
#define GONE_MAX	16U
/* Events of one node, before others are looked at. */
#define EVENTS_MAX	4096U

/**
 * struct watch - a mounted node whose copy is kept
 * @place: cluster, node, and the number of this mount
 * @v: talks to the kernel: the module may be loaded anew between two mounts
 * @events: tell that there is something new; NULL: not yet, or no more
 * @known: the copy
 * @read: it was read; if there is none, @known has no cluster
 * @compared: with the database, since this was mounted, which the loop was told
 * @told: what that was, in the log
 * @refused: the database is
 * @dirty: there may be something new
 * @stale: @known is not what is in the file
 * @next: not before, by now_ms()
 * @said: last
 */
struct watch {
	struct place			place;
	struct vpart			*v;
	struct vpart_cluster_events	*events;
	struct vpart_cluster_copy	known;
	bool				read;
	bool				compared;
	bool				told;
	bool				refused;
	bool				dirty;
	bool				stale;
	uint64_t			next;
	char				said[512];
};

static int wake = -1;
static int results[2] = { -1, -1 };

/* What is mounted, from the loop. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct place *places;
static size_t places_n;

static struct watch *watches;
static size_t watches_n;

/* --- what is said --- */

/* Unless it was said last. */
__printf(2, 3)
static void watch_say(struct watch *w, const char *fmt, ...)
{
	char text[sizeof(w->said)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!strcmp(text, w->said))
		return;
	strcpy(w->said, text);
	say("node %s of cluster %s: %s", w->place.node, w->place.cluster, text);
}

/* The same as an event of the node itself: who watches the cluster is told. */
static void watch_tell(struct watch *w, uint32_t severity, enum vpart_cluster_type type,
		       uint64_t id, const char *text)
{
	const struct vpart_cluster_at at = { w->place.cluster, w->place.node };
	struct vpart_cluster_event ev = {
		.class = CFS_EVENT_HEALTH, .severity = severity, .code = CFS_CODE_COPY,
		.type = type, .object = id,
	};

	snprintf(ev.text, sizeof(ev.text), "%.255s", text);
	say("node %s of cluster %s: %s", w->place.node, w->place.cluster, text);
	if (vpart_cluster_say(w->v, &at, &ev))
		say("node %s of cluster %s: that is no event: %s", w->place.node,
		    w->place.cluster, vpart_last_error(w->v)->text);
}

static void report(const struct watch *w, const char *why)
{
	struct compared c = { .number = w->place.number, .refused = w->refused };

	snprintf(c.why, sizeof(c.why), "%.*s", (int)sizeof(c.why) - 1, why);
	if (write(results[1], &c, sizeof(c)) != sizeof(c))
		say("what a local copy says is lost: %s", strerror(errno));
}

/* --- the database is refused --- */

static void refuse_text(const struct watch *w, const struct vpart_cluster_point *is,
			enum vpart_cluster_order order, char *text, size_t size)
{
	const struct vpart_cluster_point *known = &w->known.at;
	char uuid[VPART_UUID_TEXT], other[VPART_UUID_TEXT], what[192];

	vpart_uuid_format(is->repository, uuid);
	vpart_uuid_format(known->repository, other);
	switch (order) {
	case VPART_CLUSTER_FOREIGN:
		snprintf(what, sizeof(what), "repository %s is not %s, which its local copy is of",
			 uuid, other);
		break;
	case VPART_CLUSTER_OLD_GENERATION:
		snprintf(what, sizeof(what),
			 "the repository is older than its local copy: generation %llu, not %llu",
			 (unsigned long long)is->generation,
			 (unsigned long long)known->generation);
		break;
	case VPART_CLUSTER_OLDER:
		snprintf(what, sizeof(what),
			 "the repository is older than its local copy: commit %llu of term %llu, not %llu of %llu",
			 (unsigned long long)is->commit, (unsigned long long)is->term,
			 (unsigned long long)known->commit, (unsigned long long)known->term);
		break;
	default:
		snprintf(what, sizeof(what),
			 "the repository has another history than its local copy, which has event %llu of commit %llu",
			 (unsigned long long)known->event,
			 (unsigned long long)known->event_commit);
	}
	snprintf(text, size, "%s; to use it all the same: vpart cluster local forget", what);
}

static void refuse(struct watch *w, const struct vpart_cluster_point *is,
		   enum vpart_cluster_order order)
{
	char text[256];

	refuse_text(w, is, order, text, sizeof(text));
	w->refused = true;
	w->compared = true;
	report(w, text);
	watch_tell(w, CFS_ERROR, VPART_CLUSTER_NODE, w->known.id, text);
}

/* --- it is followed --- */

/* What was deleted while the node was not there. */
static void tell_gone(struct watch *w, const bool *gone)
{
	char text[256], uuid[VPART_UUID_TEXT];
	size_t i, n = 0;

	for (i = 0; i < w->known.n; i++) {
		const struct vpart_cluster_object *o = &w->known.list[i].o;

		if (!gone[i] || n++ >= GONE_MAX)
			continue;
		vpart_uuid_format(o->uuid, uuid);
		if (o->type == VPART_CLUSTER_MAP)
			snprintf(text, sizeof(text),
				 "LU %.90s is mapped to client %.90s no longer: dropped from the local copy",
				 o->lu_name, o->client_name);
		else
			snprintf(text, sizeof(text),
				 "%s %llu%s%.90s (%s) was deleted meanwhile: dropped from the local copy",
				 vpart_cluster_type_name(o->type), (unsigned long long)o->id,
				 o->name[0] ? ", " : "", o->name, uuid);
		watch_tell(w, CFS_INFORMATION, o->type, o->id, text);
	}
	if (n <= GONE_MAX)
		return;
	snprintf(text, sizeof(text), "%zu more objects were deleted meanwhile: dropped from the local copy",
		 n - GONE_MAX);
	watch_tell(w, CFS_INFORMATION, (enum vpart_cluster_type)0, 0, text);
}

static void follow(struct watch *w, const struct vpart_cluster_copy *fresh,
		   enum vpart_cluster_order order, const bool *gone)
{
	static const char *const how[] = {
		[VPART_CLUSTER_SAME] = "is as its local copy",
		[VPART_CLUSTER_NEWER] = "is newer than its local copy, and followed",
		[VPART_CLUSTER_RESTORED] = "was replaced or restored since its local copy, and is followed",
	};

	if (w->known.cluster[0])
		say("node %s of cluster %s: the repository %s: commit %llu of term %llu",
		    w->place.node, w->place.cluster, how[order],
		    (unsigned long long)fresh->at.commit, (unsigned long long)fresh->at.term);
	else
		say("node %s of cluster %s: a local copy is begun: commit %llu of term %llu",
		    w->place.node, w->place.cluster, (unsigned long long)fresh->at.commit,
		    (unsigned long long)fresh->at.term);
	if (w->known.cluster[0])
		tell_gone(w, gone);
}

static void keep(struct watch *w, struct vpart_cluster_copy *fresh)
{
	const bool same = !w->stale && w->known.cluster[0] &&
			  vpart_cluster_copy_same(&w->known, fresh);
	int ret = same ? 0 : vpart_cluster_copy_write(w->v, fresh);

	/* What is known now is compared with, also if the disk does not have it. */
	vpart_cluster_copy_free(&w->known);
	w->known = *fresh;
	memset(fresh, 0, sizeof(*fresh));
	w->stale = ret;
	if (ret) {
		watch_say(w, "its local copy cannot be written, which is tried again: %s",
			  vpart_last_error(w->v)->text);
		w->dirty = true;
		w->next = now_ms() + COPY_AGAIN_MS;
	} else if (w->said[0]) {
		w->said[0] = 0;
		say("node %s of cluster %s: its local copy is kept again", w->place.node,
		    w->place.cluster);
	}
}

/* --- one node --- */

static void events_end(struct watch *w)
{
	vpart_cluster_events_close(w->events);
	w->events = NULL;
}

/* The file, once for each mount. What is there and is no copy is no obstacle. */
static int watch_read(struct watch *w)
{
	int ret;

	if (w->read)
		return 0;
	ret = vpart_cluster_copy_read(w->v, w->place.cluster, w->place.node, &w->known);
	if (ret == -EBADMSG)
		say("node %s of cluster %s: its local copy is begun anew: %s", w->place.node,
		    w->place.cluster, vpart_last_error(w->v)->text);
	else if (ret && ret != -ENOENT)
		return ret;
	w->read = true;
	return 0;
}

/* Listen first, read then: nothing falls between. */
static int watch_open(struct watch *w)
{
	const struct vpart_cluster_at at = { w->place.cluster, w->place.node };

	if (!w->v)
		w->v = vpart_open();
	if (!w->v)
		return -ENOMEM;
	if (!w->events)
		w->events = vpart_cluster_events_open(w->v, &at, UINT64_MAX, true);
	return w->events ? watch_read(w) : -vpart_last_error(w->v)->err;
}

/* It is being mounted, or is gone, which the loop tells; else that is said. */
static void later(struct watch *w, int err)
{
	w->dirty = true;
	if (err != -ENODEV)
		watch_say(w, "its local copy cannot be compared, which is tried again: %s",
			  w->v ? vpart_last_error(w->v)->text : "out of memory");
}

/* What was read is followed: it becomes the copy. The lease waits for none of that. */
static int take(struct watch *w, const struct vpart_cluster_point *now,
		enum vpart_cluster_order order)
{
	const struct vpart_cluster_at at = { w->place.cluster, w->place.node };
	struct vpart_cluster_copy fresh;
	bool *gone = NULL;
	int ret;

	if (!w->told && w->known.n) {
		gone = calloc(w->known.n, sizeof(*gone));
		if (!gone)
			return -ENOMEM;
	}
	ret = vpart_cluster_copy_take(w->v, &at, &w->known, now, &fresh, gone);
	if (!ret) {
		if (!w->told)
			follow(w, &fresh, order, gone);
		w->told = true;
		keep(w, &fresh);
		vpart_cluster_copy_free(&fresh);
	}
	free(gone);
	return ret;
}

static void update(struct watch *w)
{
	const struct vpart_cluster_at at = { w->place.cluster, w->place.node };
	struct vpart_cluster_point now, is;
	enum vpart_cluster_order order;
	int ret;

	w->dirty = false;
	/* Until somebody says otherwise: what is mounted may grow beyond the copy. */
	if (w->refused)
		return;
	w->next = now_ms() + COPY_MS;
	ret = watch_open(w);
	if (!ret)
		ret = vpart_cluster_copy_point(w->v, &at, &w->known.at, &now, &is);
	if (ret) {
		later(w, ret);
		return;
	}
	order = w->known.cluster[0] ? vpart_cluster_copy_compare(&w->known.at, &is) :
	       VPART_CLUSTER_NEWER;
	if (order >= VPART_CLUSTER_FOREIGN) {
		refuse(w, &is, order);
		return;
	}
	if (!w->compared) {
		w->compared = true;
		report(w, "");
	}
	ret = take(w, &now, order);
	if (ret)
		later(w, ret);
}

static void watch_events(struct watch *w)
{
	struct vpart_cluster_event ev;
	unsigned int n = 0;
	int ret;

	do {
		ret = vpart_cluster_events_next(w->events, &ev, 0);
	} while (ret > 0 && ++n < EVENTS_MAX);
	w->dirty |= n;
	if (ret >= 0)
		return;
	/* Opened again with the next look. */
	events_end(w);
	w->dirty = true;
}

static void watch_end(struct watch *w)
{
	events_end(w);
	vpart_cluster_copy_free(&w->known);
	vpart_close(w->v);
}

/* --- the folder --- */

/* Somebody has said that what was known is to be forgotten. */
static void forgotten(struct watch *w)
{
	struct vpart_cluster_copy copy;
	int ret;

	if (!w->v)
		return;
	ret = vpart_cluster_copy_read(w->v, w->place.cluster, w->place.node, &copy);
	vpart_cluster_copy_free(&copy);
	if (ret != -ENOENT)
		return;
	w->stale = true;
	w->dirty = true;
	if (!w->refused)
		return;
	say("node %s of cluster %s: its local copy was removed, and is begun anew", w->place.node,
	    w->place.cluster);
	vpart_cluster_copy_free(&w->known);
	memset(&w->known, 0, sizeof(w->known));
	w->refused = false;
	w->compared = false;
	w->told = false;
	w->next = 0;
}

static void folder_events(int fd)
{
	char buf[4096] __attribute__((aligned(8)));
	size_t i;

	while (read(fd, buf, sizeof(buf)) > 0)
		;
	for (i = 0; i < watches_n; i++)
		forgotten(&watches[i]);
}

/*
 * It is made with the first copy, and watched before one is read, so that it is heard when what
 * was read is removed.
 */
static void folder_watch(int fd)
{
	inotify_add_watch(fd, COPY_FOLDER, IN_DELETE | IN_ONLYDIR);
}

/* --- which nodes --- */

static struct watch *watch_find(struct watch *list, size_t n, uint32_t number)
{
	while (n--)
		if (list[n].place.number == number)
			return &list[n];
	return NULL;
}

static void watches_are(void)
{
	struct watch *all, *was;
	struct place *list;
	size_t n, i;

	pthread_mutex_lock(&lock);
	list = places;
	n = places_n;
	places = NULL;
	pthread_mutex_unlock(&lock);
	if (!list)
		return;
	all = calloc(n + 1, sizeof(*all));
	if (!all) {
		say("no memory for local copies");
		free(list);
		return;
	}
	for (i = 0; i < n; i++) {
		was = watch_find(watches, watches_n, list[i].number);
		if (was) {
			all[i] = *was;
			was->place.number = 0;
			continue;
		}
		all[i].place = list[i];
		all[i].dirty = true;
	}
	for (i = 0; i < watches_n; i++)
		if (watches[i].place.number)
			watch_end(&watches[i]);
	free(watches);
	free(list);
	watches = all;
	watches_n = n;
}

/* --- the thread --- */

static int wait_ms(void)
{
	const uint64_t now = now_ms();
	int ms = -1, left;
	size_t i;

	for (i = 0; i < watches_n; i++) {
		if (!watches[i].dirty)
			continue;
		left = watches[i].next > now ? (int)(watches[i].next - now) : 0;
		if (ms < 0 || left < ms)
			ms = left;
	}
	return ms;
}

/* Something has happened, or the time is up. */
static void look(struct pollfd *fds)
{
	uint64_t n;
	size_t i;

	if (fds[0].revents && read(wake, &n, sizeof(n)) < 0)
		say("nobody says what is mounted: %s", strerror(errno));
	if (fds[1].revents)
		folder_events(fds[1].fd);
	for (i = 0; i < watches_n; i++)
		if (fds[2 + i].revents && watches[i].events)
			watch_events(&watches[i]);
	if (fds[0].revents)
		watches_are();
	folder_watch(fds[1].fd);
	for (i = 0; i < watches_n; i++)
		if (watches[i].dirty && now_ms() >= watches[i].next)
			update(&watches[i]);
}

static void run(void)
{
	const struct sched_param p = { .sched_priority = 0 };
	struct pollfd *fds = NULL, *more;
	int folder;
	size_t i;

	/* It may be late: it renews nothing. */
	sched_setscheduler(0, SCHED_OTHER, &p);
	folder = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	for (;;) {
		more = reallocarray(fds, 2 + watches_n, sizeof(*fds));
		if (!more) {
			poll(NULL, 0, COPY_MS);
			continue;
		}
		fds = more;
		fds[0] = (struct pollfd){ .fd = wake, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = folder, .events = POLLIN };
		for (i = 0; i < watches_n; i++)
			fds[2 + i] = (struct pollfd){
				.fd = watches[i].events ?
				      vpart_cluster_events_fd(watches[i].events) : -1,
				.events = POLLIN,
			};
		if (poll(fds, 2 + watches_n, wait_ms()) >= 0)
			look(fds);
	}
}

/**
 * copy_start - begin; no node is known yet
 *
 * Return: a file that copy_hear() can be called for when it is readable, or -errno.
 */
int copy_start(void)
{
	int err;

	wake = eventfd(0, EFD_CLOEXEC);
	if (wake < 0 || pipe2(results, O_CLOEXEC))
		return -errno;
	err = thread_start(run);
	return err ? -err : results[0];
}

/**
 * copy_watch - these are mounted now; of each that is new copy_hear() will tell
 * @list: those
 * @n: how many
 */
void copy_watch(const struct place *list, size_t n)
{
	struct place *copy = calloc(n + 1, sizeof(*copy));
	uint64_t one = 1;
	size_t i, here = 0;

	if (!copy) {
		say("no memory for local copies");
		return;
	}
	for (i = 0; i < n; i++)
		if (!list[i].leaving)
			copy[here++] = list[i];
	pthread_mutex_lock(&lock);
	free(places);
	places = copy;
	places_n = here;
	pthread_mutex_unlock(&lock);
	if (write(wake, &one, sizeof(one)) < 0)
		say("local copies are not kept: %s", strerror(errno));
}

/**
 * copy_hear - what a local copy says
 * @c: where it goes
 *
 * Return: 0, or -1: nothing.
 */
int copy_hear(struct compared *c)
{
	return read(results[0], c, sizeof(*c)) == sizeof(*c) ? 0 : -1;
}
