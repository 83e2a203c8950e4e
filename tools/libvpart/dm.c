// SPDX-License-Identifier: LGPL-2.1-or-later
/* The device-mapper, by libdevmapper; a refusal's reason from the kernel's log */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libdevmapper.h>
#include <linux/dm-ioctl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <syslog.h>
#include <unistd.h>
#include "internal.h"

#define TARGET		"vmirror"

/* libdevmapper talks through one function for the whole process. */
static __thread char said[256];

static void hear(int level, const char *file, int line, int dm_errno, const char *fmt, ...)
{
	va_list ap;

	(void)file;
	(void)line;
	(void)dm_errno;
	/* Bits above the level are flags; the first complaint says most. */
	if ((level & 7) > 3 || said[0])
		return;
	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
}

/*
 * The kernel tells why it refuses a table only in its log. Read what it writes
 * there during the call.
 */
static int log_mark(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* Does a line only say that something failed, which is known? */
static bool says_nothing(const char *text)
{
	return !strncmp(text, "ioctl:", 6) || strstr(text, "preresume failed");
}

/* The sentence in "device-mapper: [table: M:N: ]vmirror: [M:N: ]SENTENCE". */
static char *sentence(char *text)
{
	char *at = strstr(text, TARGET ": ");
	int skip = 0;

	if (!at)
		return text;
	at += strlen(TARGET ": ");
	if (sscanf(at, "%*u:%*u: %n", &skip) != EOF && skip)
		at += skip;
	return at;
}

static bool log_reason(int fd, char *why, size_t size)
{
	static const char marker[] = "device-mapper: ";
	bool found = false, good = false;
	char line[2048], *text;
	ssize_t got;

	if (fd < 0)
		return false;
	while (!good && ((got = read(fd, line, sizeof(line) - 1)) > 0 ||
			 (got < 0 && errno == EPIPE))) {
		if (got < 0)
			continue;
		line[got] = 0;
		text = strchr(line, ';');
		/* The line begins with its level: warnings and errors count. */
		if (!text || (strtoul(line, NULL, 10) & 7) > LOG_WARNING ||
		    strncmp(text + 1, marker, strlen(marker)))
			continue;
		text += 1 + strlen(marker);
		text[strcspn(text, "\n")] = 0;
		good = !says_nothing(text);
		if (!good && found)
			continue;
		vpart_copy(why, size, sentence(text));
		found = true;
	}
	return found;
}

static struct dm_task *task(struct vpart *v, int type, const char *name)
{
	struct dm_task *t;

	said[0] = 0;
	dm_log_with_errno_init(hear);
	t = dm_task_create(type);
	if (!t || (name && !dm_task_set_name(t, name))) {
		if (t)
			dm_task_destroy(t);
		vpart_fail(v, EINVAL, VPART_CODE_FAILED, "device-mapper: %s",
			   said[0] ? said : "no request made");
		return NULL;
	}
	return t;
}

/* Run one request; make its nodes here where no udev does it. */
static int carry_out(struct vpart *v, struct dm_task *t, const char *doing, const char *name,
		     bool nodes)
{
	char why[256];
	uint32_t cookie = 0;
	bool udev;
	int log = log_mark();
	int ok, err;

	if (nodes) {
		udev = vpart_exists("/run/udev/control");
		dm_udev_set_sync_support(udev);
		ok = dm_task_set_cookie(t, &cookie, udev ? 0 : DM_UDEV_DISABLE_DM_RULES_FLAG |
					DM_UDEV_DISABLE_SUBSYSTEM_RULES_FLAG) && dm_task_run(t);
	} else {
		ok = dm_task_run(t);
	}
	err = ok ? 0 : dm_task_get_errno(t);
	if (nodes) {
		if (cookie)
			dm_udev_wait(cookie);
		dm_task_update_nodes();
	}
	if (!ok) {
		if (!err)
			err = EIO;
		if (err == ENXIO)
			vpart_fail(v, ENXIO, VPART_CODE_NOT_FOUND, "there is no mirror '%s'", name);
		else if (log_reason(log, why, sizeof(why)))
			vpart_fail(v, err, VPART_CODE_FAILED, "%s mirror %s: %s", doing, name, why);
		else
			vpart_fail(v, err, VPART_CODE_FAILED, "%s mirror %s: %s", doing, name,
				   strerror(err));
	}
	if (log >= 0)
		close(log);
	return -err;
}

/* Is the target there? */
int vpart_dm_check(struct vpart *v)
{
	struct dm_versions *ver, *last = NULL;
	struct dm_task *t;
	bool found = false;

	t = task(v, DM_DEVICE_LIST_VERSIONS, NULL);
	if (!t)
		return -v->error.err;
	if (!dm_task_run(t)) {
		dm_task_destroy(t);
		if (geteuid())
			return vpart_fail(v, EPERM, VPART_CODE_FAILED,
					  "mirrors: only root may do this (CAP_SYS_ADMIN)");
		return vpart_fail(v, ENOENT, VPART_CODE_FAILED,
				  "the device-mapper is not loaded: modprobe dm_mod");
	}
	ver = dm_task_get_versions(t);
	while (ver && ver != last && !found) {
		found = !strcmp(ver->name, TARGET);
		last = ver;
		ver = (struct dm_versions *)((char *)ver + ver->next);
	}
	dm_task_destroy(t);
	if (found)
		return 0;
	return vpart_fail(v, ENOENT, VPART_CODE_FAILED,
			  "the kernel module dm-vmirror is not loaded: modprobe dm-vmirror");
}

static int load(struct vpart *v, int type, const char *name, const char *uuid,
		uint64_t sectors, const char *params)
{
	bool create = type == DM_DEVICE_CREATE;
	struct dm_task *t = task(v, type, name);
	int ret;

	if (!t)
		return -v->error.err;
	if ((uuid && !dm_task_set_uuid(t, uuid)) ||
	    !dm_task_add_target(t, 0, sectors, TARGET, params) ||
	    (create && !dm_task_set_add_node(t, DM_ADD_NODE_ON_RESUME)))
		ret = vpart_no_memory(v);
	else
		ret = carry_out(v, t, create ? "create" : "change", name, create);
	dm_task_destroy(t);
	return ret;
}

/* DM_DEVICE_CREATE with a table is create, load and resume, undone on failure. */
int vpart_dm_create(struct vpart *v, const char *name, const char *uuid,
		    uint64_t sectors, const char *params)
{
	int ret = load(v, DM_DEVICE_CREATE, name, uuid, sectors, params);

	if (ret == -EBUSY)
		return vpart_fail(v, EBUSY, VPART_CODE_FAILED,
				  "a device-mapper device '%s' exists already, or a leg is in use",
				  name);
	return ret;
}

static int simple(struct vpart *v, int type, const char *doing, const char *name, bool nodes)
{
	struct dm_task *t = task(v, type, name);
	int ret;

	if (!t)
		return -v->error.err;
	ret = carry_out(v, t, doing, name, nodes);
	dm_task_destroy(t);
	return ret;
}

/* Exchange the table of a live device; its writes wait meanwhile. */
int vpart_dm_reload(struct vpart *v, const char *name, uint64_t sectors, const char *params)
{
	struct dm_task *t;
	int ret, back;

	ret = load(v, DM_DEVICE_RELOAD, name, NULL, sectors, params);
	if (ret)
		return ret;
	t = task(v, DM_DEVICE_SUSPEND, name);
	if (!t)
		return -v->error.err;
	dm_task_no_flush(t);
	dm_task_skip_lockfs(t);
	ret = carry_out(v, t, "suspend", name, false);
	dm_task_destroy(t);
	if (ret)
		simple(v, DM_DEVICE_CLEAR, "change", name, false);
	back = simple(v, DM_DEVICE_RESUME, "resume", name, true);
	return ret ? ret : back;
}

int vpart_dm_remove(struct vpart *v, const char *name)
{
	int ret = simple(v, DM_DEVICE_REMOVE, "stop", name, true);

	if (ret == -EBUSY)
		return vpart_fail(v, EBUSY, VPART_CODE_FAILED,
				  "mirror %s is in use: unmount or close it first", name);
	return ret;
}

int vpart_dm_message(struct vpart *v, const char *name, const char *message)
{
	struct dm_task *t = task(v, DM_DEVICE_TARGET_MSG, name);
	char doing[128];
	int ret;

	if (!t)
		return -v->error.err;
	snprintf(doing, sizeof(doing), "'%s' to", message);
	if (!dm_task_set_sector(t, 0) || !dm_task_set_message(t, message))
		ret = vpart_no_memory(v);
	else
		ret = carry_out(v, t, doing, name, false);
	dm_task_destroy(t);
	return ret;
}

/* Names of all device-mapper devices with a vmirror table. */
int vpart_dm_list(struct vpart *v, char ***names, size_t *n)
{
	struct vpart_list l = { .size = sizeof(char *) };
	struct vpart_dm_info info;
	struct dm_names *d;
	struct dm_task *t;
	char **slot;
	int ret;

	*names = NULL;
	*n = 0;
	t = task(v, DM_DEVICE_LIST, NULL);
	if (!t)
		return -v->error.err;
	ret = carry_out(v, t, "list", "", false);
	d = ret ? NULL : dm_task_get_names(t);
	while (d && d->dev) {
		ret = vpart_dm_info(v, d->name, false, &info);
		if (!ret) {
			slot = vpart_list_add(&l);
			if (slot)
				*slot = strdup(d->name);
			if (!slot || !*slot)
				l.oom = true;
		} else if (ret == -ENXIO || ret == -ENOTTY) {
			ret = 0;	/* went away meanwhile, or is no mirror */
		} else {
			break;
		}
		if (!d->next)
			break;
		d = (struct dm_names *)((char *)d + d->next);
	}
	dm_task_destroy(t);
	if (ret || l.oom) {
		vpart_dir_free(l.data, l.n);
		return ret ? ret : vpart_no_memory(v);
	}
	*names = l.data;
	*n = l.n;
	return 0;
}

/* Status line or table of a mirror; -ENXIO: no such device, -ENOTTY: no mirror. */
int vpart_dm_info(struct vpart *v, const char *name, bool table, struct vpart_dm_info *info)
{
	struct dm_task *t = task(v, table ? DM_DEVICE_TABLE : DM_DEVICE_STATUS, name);
	uint64_t first, len;
	char *type, *params;
	struct dm_info i;
	int ret;

	if (!t)
		return -v->error.err;
	if (!table)
		dm_task_no_flush(t);
	memset(info, 0, sizeof(*info));
	ret = carry_out(v, t, "read", name, false);
	if (ret)
		goto out;
	ret = -ENXIO;
	if (!dm_task_get_info(t, &i) || !i.exists) {
		vpart_fail(v, ENXIO, VPART_CODE_NOT_FOUND, "there is no mirror '%s'", name);
		goto out;
	}
	type = NULL;
	params = NULL;
	dm_get_next_target(t, NULL, &first, &len, &type, &params);
	if (!type || strcmp(type, TARGET)) {
		vpart_fail(v, ENOTTY, VPART_CODE_NOT_FOUND, "'%s' is no mirror", name);
		ret = -ENOTTY;
		goto out;
	}
	vpart_copy(info->name, sizeof(info->name), name);
	vpart_copy(info->uuid, sizeof(info->uuid), dm_task_get_uuid(t) ? dm_task_get_uuid(t) : "");
	info->major = i.major;
	info->minor = i.minor;
	info->open = i.open_count > 0;
	info->sectors = len;
	vpart_copy(info->params, sizeof(info->params), params ? params : "");
	ret = 0;
out:
	dm_task_destroy(t);
	return ret;
}

/* A descriptor for vpart_dm_poll_arm() and vpart_dm_poll_wait(). */
int vpart_dm_poll_open(struct vpart *v)
{
	int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return vpart_fail(v, errno, VPART_CODE_FAILED, "/dev/mapper/control: %s",
				  strerror(errno));
	return fd;
}

/* From now on a change of any device wakes the waiter. Arm, look, then wait. */
void vpart_dm_poll_arm(int fd)
{
	struct dm_ioctl arm = {
		.version = { DM_VERSION_MAJOR, 0, 0 },
		.data_size = sizeof(arm),
	};

	ioctl(fd, DM_DEV_ARM_POLL, &arm);
}

/* 1: something changed since it was armed, 0: time is up. */
int vpart_dm_poll_wait(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, timeout_ms) > 0;
}
