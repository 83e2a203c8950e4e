// SPDX-License-Identifier: GPL-2.0
/*
 * clusterd_lab: linked into vpart-clusterd and fence_vpart, it stands for corosync and the
 * kernel, which do as files of the folder $LAB say and note what they are told in $LAB/told:
 *
 *	quorate		1, 0, or not there: corosync does not run
 *	told_quorate	what its callback says instead
 *	members		numbers; read when "event" is written
 *	event		written: corosync tells of a change
 *	flash		...of two: these members were there for a moment
 *	slow		corosync takes so many milliseconds for an answer
 *	fails		errors of quorum_getquorate(), by number
 *	name, names	of this node; lines "NUMBER NAME" of all
 *	mountinfo	the table of mounts (MOUNT_TABLE), read when a real one changes
 *	leaving		nodes that are not in it, and have not left yet
 *	cluster		the cluster's name, "lab" if it is not there
 *	quorum_error, fenced_error	an errno that the kernel refuses with
 *	no_module	that comes from the library: it found no module
 *	fenced_bad	lives about which a verdict is refused for now
 *	open_error	an errno: no verdict can be opened to be read
 *
 * The database is that of database_lab.c.
 */
#include <corosync/quorum.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "clusterd.h"
#include "internal.h"
#include "database_lab.h"

static quorum_callbacks_t calls;
static int events = -1;

__attribute__((format(printf, 1, 2)))
static void note(const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int fd, len;

	len = snprintf(text, sizeof(text), "%llu ", (unsigned long long)now_ms());
	va_start(ap, fmt);
	len += vsnprintf(text + len, sizeof(text) - (size_t)len, fmt, ap);
	va_end(ap);
	fd = open(lab("told"), O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0 || write(fd, text, (size_t)len) != len)
		abort();
	close(fd);
}

/* --- corosync --- */

cs_error_t quorum_initialize(quorum_handle_t *handle, quorum_callbacks_t *callbacks,
			     uint32_t *type)
{
	if (number("quorate", -1) < 0)
		return CS_ERR_LIBRARY;
	*handle = 1;
	calls = *callbacks;
	*type = QUORUM_SET;
	events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	return inotify_add_watch(events, lab("event"), IN_CLOSE_WRITE) < 0 ? CS_ERR_LIBRARY :
	       CS_OK;
}

cs_error_t quorum_finalize(quorum_handle_t handle)
{
	(void)handle;
	close(events);
	return CS_OK;
}

cs_error_t quorum_fd_get(quorum_handle_t handle, int *fd)
{
	(void)handle;
	*fd = events;
	return CS_OK;
}

static void tell(quorum_handle_t handle, const char *members)
{
	uint32_t list[8], n = 0;
	FILE *f = fopen(lab(members), "r");

	while (f && n < 8 && fscanf(f, "%u", &list[n]) == 1)
		n++;
	if (f)
		fclose(f);
	calls.quorum_notify_fn(handle, (uint32_t)number("told_quorate", number("quorate", 0)), 1,
			       n, list);
}

cs_error_t quorum_trackstart(quorum_handle_t handle, unsigned int flags)
{
	if (flags & CS_TRACK_CURRENT)
		tell(handle, "members");
	return CS_OK;
}

cs_error_t quorum_dispatch(quorum_handle_t handle, cs_dispatch_flags_t types)
{
	/* As corosync's own library does */
	volatile char large[1 << 20];
	char buf[4096];

	(void)types;
	large[0] = 0;
	large[sizeof(large) - 1] = 0;
	if (read(events, buf, sizeof(buf)) <= 0)
		return CS_OK;
	if (!access(lab("flash"), F_OK))
		tell(handle, "flash");
	tell(handle, "members");
	return CS_OK;
}

cs_error_t quorum_getquorate(quorum_handle_t handle, int *quorate)
{
	const long ms = number("slow", 0), fails = number("fails", CS_OK);

	(void)handle;
	*quorate = (int)number("quorate", -1);
	wait_ms(ms);
	note("asked\n");
	return *quorate < 0 ? CS_ERR_LIBRARY : (cs_error_t)fails;
}

/* In the place of names.c, which asks cmap. */
int corosync_name(uint32_t id, char name[VPART_CLUSTER_NAME_SIZE], char *why, size_t size)
{
	FILE *f = fopen(lab(id ? "names" : "name"), "r");
	unsigned int n = 0;

	while (f && fscanf(f, "%u %127s", &n, name) == 2 && n != id)
		;
	if (f)
		fclose(f);
	if (n == id && f)
		return 0;
	snprintf(why, size, "node %u has no name", id);
	return -1;
}

int corosync_cluster(char name[VPART_CLUSTER_NAME_SIZE], char *why, size_t size)
{
	FILE *f = fopen(lab("cluster"), "r");

	(void)why;
	(void)size;
	if (!f || fscanf(f, "%127s", name) != 1)
		strcpy(name, "lab");
	if (f)
		fclose(f);
	return 0;
}

/* --- the kernel --- */

static int result(struct vpart *v, const char *name)
{
	const int err = (int)number(name, 0);
	const bool found = number("no_module", 0) || (err != ESRCH && err != ENOENT);

	return err ? vpart_fail(v, err, found ? VPART_CODE_FAILED : VPART_CODE_NOT_FOUND,
				"the kernel says %d", err) : 0;
}

/* In the place of the C library's, by the linker (--wrap). */
int __wrap_openat(int dir, const char *path, int flags, unsigned int mode)
{
	const int err = (int)number("open_error", 0);

	if (!err || (flags & O_ACCMODE) != O_RDONLY || !strcmp(path, "."))
		return (int)syscall(SYS_openat, dir, path, flags, mode);
	errno = err;
	return -1;
}

/* Mounted, or leaving. */
bool registered(const struct vpart_cluster_at *at)
{
	FILE *f = fopen(lab("leaving"), "r");
	char node[VPART_CLUSTER_NAME_SIZE];
	struct place *list;
	bool is = false;
	size_t n;

	while (f && !is && fscanf(f, "%127s", node) == 1)
		is = !strcmp(node, at->node);
	if (f)
		fclose(f);
	if (places_read(&list, &n))
		abort();
	is |= !!place_find(list, n, at->cluster, at->node);
	free(list);
	return is;
}

int vpart_cluster_quorum_until(struct vpart *v, const struct vpart_cluster_at *at, bool quorate,
			       uint32_t lease_ms, uint64_t end)
{
	/* It says the same, but for the time in between. */
	if (quorate && end > now_ms() + lease_ms)
		abort();
	if (!registered(at))
		return vpart_fail(v, ENODEV, VPART_CODE_NOT_FOUND, "the kernel says %d", ENODEV);
	note("quorum %s %s %d %u\n", at->cluster, at->node, quorate, lease_ms);
	return result(v, "quorum_error");
}

int vpart_cluster_fenced(struct vpart *v, const struct vpart_cluster_at *at, const char *name,
			 const uint8_t boot[VPART_UUID_SIZE], const char *method)
{
	char text[VPART_UUID_TEXT], bad[VPART_UUID_TEXT];
	FILE *f = fopen(lab("fenced_bad"), "r");
	int err = 0;

	vpart_uuid_format(boot, text);
	while (f && fscanf(f, "%36s", bad) == 1)
		if (!strcmp(bad, text))
			err = EHOSTDOWN;
	if (f)
		fclose(f);
	if (err)
		return vpart_fail(v, err, VPART_CODE_FAILED, "the kernel says %d", err);
	note("fenced %s %s %s %s %s\n", at->cluster, at->node, name, text, method);
	return result(v, "fenced_error");
}
