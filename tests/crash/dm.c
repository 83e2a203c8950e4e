// SPDX-License-Identifier: GPL-2.0
/* Device-mapper by ioctl: no fork, no udev. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "crash.h"

static int control = -1;
static union {
	struct dm_ioctl io;
	char bytes[8192];
} arg;

void dm_open(void)
{
	control = open("/dev/mapper/control", O_RDWR);
	if (control < 0)
		die("/dev/mapper/control: %s", strerror(errno));
}

static int call(unsigned long cmd, const char *name, unsigned int flags, unsigned int targets)
{
	arg.io.version[0] = DM_VERSION_MAJOR;
	arg.io.version[1] = 0;
	arg.io.version[2] = 0;
	arg.io.data_size = sizeof(arg);
	arg.io.data_start = sizeof(arg.io);
	arg.io.flags = flags;
	arg.io.target_count = targets;
	snprintf(arg.io.name, sizeof(arg.io.name), "%s", name);
	return ioctl(control, cmd, &arg) ? -errno : 0;
}

static void clear(void)
{
	memset(&arg, 0, sizeof(arg));
}

int dm_create(const char *name)
{
	clear();
	return call(DM_DEV_CREATE, name, 0, 0);
}

/* The table of @name shall be one @target over all of it. */
int dm_load(const char *name, uint64_t sectors, const char *target, const char *params)
{
	struct dm_target_spec *spec = (void *)(arg.bytes + sizeof(arg.io));

	clear();
	spec->length = sectors;
	snprintf(spec->target_type, sizeof(spec->target_type), "%s", target);
	strcpy((char *)(spec + 1), params);
	return call(DM_TABLE_LOAD, name, 0, 1);
}

/* With @flush all I/O ends first; without, what comes is held. */
int dm_suspend(const char *name, bool flush)
{
	clear();
	return call(DM_DEV_SUSPEND, name, DM_SUSPEND_FLAG | DM_SKIP_LOCKFS_FLAG |
		    (flush ? 0 : DM_NOFLUSH_FLAG), 0);
}

int dm_resume(const char *name)
{
	clear();
	return call(DM_DEV_SUSPEND, name, 0, 0);
}

int dm_remove(const char *name)
{
	clear();
	return call(DM_DEV_REMOVE, name, 0, 0);
}

int dm_status(const char *name, char *text, size_t size)
{
	struct dm_target_spec *spec;
	int r;

	clear();
	r = call(DM_TABLE_STATUS, name, DM_NOFLUSH_FLAG, 0);
	if (r)
		return r;
	if (!arg.io.target_count)
		return -ENODATA;
	spec = (void *)(arg.bytes + arg.io.data_start);
	snprintf(text, size, "%s", (char *)(spec + 1));
	return 0;
}

int dm_message(const char *name, const char *text)
{
	struct dm_target_msg *msg = (void *)(arg.bytes + sizeof(arg.io));

	clear();
	strcpy(msg->message, text);
	return call(DM_TARGET_MSG, name, 0, 0);
}

/* The node that devtmpfs made. */
void dm_path(const char *name, char *path, size_t size)
{
	clear();
	if (call(DM_DEV_STATUS, name, 0, 0))
		die("dm: no device %s", name);
	snprintf(path, size, "/dev/dm-%u", minor(arg.io.dev));
}

/* What hangs below changes; I/O in between is held, not failed. */
int dm_swap(const char *name, uint64_t sectors, const char *target, const char *params)
{
	int r = dm_load(name, sectors, target, params);

	if (!r)
		r = dm_suspend(name, false);
	return r ? r : dm_resume(name);
}
