// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a device says that it is. Names change when disks are added or come up
 * in another order; this does not. As a rule nothing here waits for a device:
 * sysfs keeps what the kernel learnt when the device appeared. Only what is
 * written on a device is read from it, and only where that is asked for.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "config.h"

/* Of a device or disk, for what is written there: reaches btrfs' superblock */
#define HEAD_BYTES	(128 << 10)
#define HEAD_ALIGN	4096

/**
 * struct source - a file of sysfs that identifies a device
 * @file: below the device's folder
 * @kind: what it is called, so that no two kinds are taken for one
 */
struct source {
	const char	*file;
	const char	*kind;
};

/* In this order: what a stack of devices says comes before what a disk says. */
static const struct source sources[] = {
	{ "dm/uuid", "dm" },
	{ "md/uuid", "md" },
	{ "wwid", "wwid" },
	{ "device/wwid", "wwid" },
	{ "serial", "serial" },
	{ "loop/backing_file", "file" },
};

/* Written on the device. What lies outside of a partition its client cannot change. */
static const char *const written[] = {
	[IDENTITY_PARTUUID] = "partuuid",
	[IDENTITY_PTUUID] = "ptuuid",
	[IDENTITY_PVUUID] = "pvuuid",
	[IDENTITY_FSUUID] = "fsuuid",
};

/* Runs of blanks become one, those at the ends go; false if nothing is left. */
static bool tidy(char *text)
{
	char *to = text, *from;

	for (from = text; *from; from++) {
		if (!isspace((unsigned char)*from) && isprint((unsigned char)*from))
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	while (to > text && to[-1] == ' ')
		to--;
	*to = 0;
	return to > text;
}

/* Two loop devices may show two parts of one file. */
static int add_offset(const char *dir, char *id, size_t size)
{
	char path[PATH_MAX], text[32];
	size_t len = strlen(id);

	if (vpart_path(path, sizeof(path), "%s/loop/offset", dir) ||
	    vpart_file_read(path, text, sizeof(text)) <= 0 || !strcmp(text, "0"))
		return 0;
	return vpart_path(id + len, size - len, "@%s", text);
}

/* @kind: only that, or NULL: the first that there is. */
static int read_id(const char *dir, const char *kind, char *id, size_t size)
{
	static const char gone[] = "(deleted)";
	char path[PATH_MAX], text[VPART_IDENTITY_SIZE];
	size_t i, len;
	int ret;

	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		if ((kind && strcmp(kind, sources[i].kind)) ||
		    vpart_path(path, sizeof(path), "%s/%s", dir, sources[i].file) ||
		    vpart_file_read(path, text, sizeof(text)) <= 0 || !tidy(text))
			continue;
		len = strlen(text);
		/* A file that is gone says nothing about who is behind it. */
		if (len >= strlen(gone) && !strcmp(text + len - strlen(gone), gone))
			continue;
		ret = vpart_path(id, size, "%s:%s", sources[i].kind, text);
		if (!ret && !strcmp(sources[i].kind, "file"))
			ret = add_offset(dir, id, size);
		return ret;
	}
	return -ENODATA;
}

/* The number of a partition, of a whole device 0. */
static unsigned int part_of(unsigned int major, unsigned int minor)
{
	char path[64], number[16];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/partition", major, minor);
	return vpart_file_read(path, number, sizeof(number)) > 0 ?
	       (unsigned int)strtoul(number, NULL, 10) : 0;
}

static int from_sysfs(unsigned int major, unsigned int minor, const char *kind, char *id,
		      size_t size)
{
	unsigned int part = part_of(major, minor);
	char dir[64], disk[VPART_IDENTITY_SIZE];
	int ret;

	id[0] = 0;
	snprintf(dir, sizeof(dir), "/sys/dev/block/%u:%u%s", major, minor, part ? "/.." : "");
	if (!part)
		return read_id(dir, kind, id, size);
	ret = read_id(dir, kind, disk, sizeof(disk));
	return ret ? ret : vpart_path(id, size, "%s-part%u", disk, part);
}

/* The identity that a block device has without being asked; -ENODATA if it has none. */
int vpart_identity(unsigned int major, unsigned int minor, char *id, size_t size)
{
	return from_sysfs(major, minor, NULL, id, size);
}

/*
 * The first bytes of a device, past the page cache: a backstore writes past it,
 * too. Gives their number; free @buf.
 */
static ssize_t read_head(unsigned int major, unsigned int minor, uint8_t **buf)
{
	char name[VPART_DISK_SIZE], path[64];
	ssize_t got = -ENXIO;
	int fd;

	*buf = NULL;
	if (vpart_disk_name(major, minor, name, sizeof(name)))
		return got;
	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (posix_memalign((void **)buf, HEAD_ALIGN, HEAD_BYTES)) {
		*buf = NULL;
		got = -ENOMEM;
		goto close;
	}
	got = pread(fd, *buf, HEAD_BYTES, 0);
	if (got <= 0)
		got = got ? -errno : -ENODATA;
close:
	close(fd);
	return got;
}

static unsigned int block_size(unsigned int major, unsigned int minor)
{
	char path[80], text[16];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/queue/logical_block_size", major, minor);
	return vpart_file_read(path, text, sizeof(text)) > 0 ?
	       (unsigned int)strtoul(text, NULL, 10) : 512;
}

/* What is written on a device, or for a partition in its disk's table. */
static int from_medium(unsigned int major, unsigned int minor, enum identity_written kind, char *id,
		       size_t size)
{
	unsigned int part = part_of(major, minor);
	char path[64], value[64];
	uint8_t *buf;
	ssize_t got;
	int ret;

	/* A table in a partition is nobody's, and a whole device is no partition. */
	if (part ? kind == IDENTITY_PTUUID : kind == IDENTITY_PARTUUID)
		return -ENODATA;
	if (kind == IDENTITY_PARTUUID) {
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/../dev", major, minor);
		if (!vpart_file_device(path, &major, &minor))
			return -ENODATA;
	}
	got = read_head(major, minor, &buf);
	ret = got < 0 ? (int)got :
	      identity_written(buf, (size_t)got, block_size(major, minor), kind, part, value,
			       sizeof(value));
	free(buf);
	return ret ? ret : vpart_path(id, size, "%s:%s", written[kind], value);
}

/* Which of the kinds that are written on a device is it? */
static bool is_written(const char *kind, enum identity_written *which)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(written); i++) {
		if (strcmp(kind, written[i]))
			continue;
		*which = (enum identity_written)i;
		return true;
	}
	return false;
}

/* The kind of an identity; -EINVAL if there is no such kind. */
int identity_kind(const char *id, char kind[IDENTITY_KIND_SIZE])
{
	size_t len = strcspn(id, ":"), i;
	enum identity_written which;

	if (len >= IDENTITY_KIND_SIZE)
		return -EINVAL;
	memcpy(kind, id, len);
	kind[len] = 0;
	for (i = 0; i < ARRAY_SIZE(sources); i++)
		if (!strcmp(kind, sources[i].kind))
			return 0;
	return is_written(kind, &which) ? 0 : -EINVAL;
}

/* Is it of a kind that is read from the device itself? */
bool identity_is_written(const char *id)
{
	char kind[IDENTITY_KIND_SIZE];
	enum identity_written which;

	return !identity_kind(id, kind) && is_written(kind, &which);
}

/* The identity of one kind that a block device has; -ENODATA if it has none. */
int identity_of(unsigned int major, unsigned int minor, const char *kind, char *id, size_t size)
{
	enum identity_written which;

	id[0] = 0;
	return is_written(kind, &which) ? from_medium(major, minor, which, id, size) :
	       from_sysfs(major, minor, kind, id, size);
}

/* What the device says, or else what is written on it. */
int identity_best(unsigned int major, unsigned int minor, char *id, size_t size)
{
	int ret = vpart_identity(major, minor, id, size);
	size_t i;

	for (i = 0; ret == -ENODATA && i < ARRAY_SIZE(written); i++)
		ret = from_medium(major, minor, (enum identity_written)i, id, size);
	return ret;
}

/* Was it said that the device has none, and that it be served all the same? */
bool identity_none(const char *id)
{
	return !strncmp(id, IDENTITY_NONE, strlen(IDENTITY_NONE)) &&
	       (!id[strlen(IDENTITY_NONE)] || id[strlen(IDENTITY_NONE)] == ':');
}

/**
 * vpart_identity_type - what sort of identity it is
 * @id: the identity
 *
 * Return: "ieee" of an id that IEEE or NAA has given out, "udid" of what the
 * device's maker has, "pvid" of what was written on it or is a volume's own,
 * "file", or "none".
 */
const char *vpart_identity_type(const char *id)
{
	static const struct {
		const char *start, *type;
	} types[] = {
		{ "wwid:naa.", "ieee" }, { "wwid:eui.", "ieee" }, { "dm:mpath-3", "ieee" },
		{ "dm:mpath-2", "ieee" }, { "dm:mpath-", "udid" }, { "wwid:", "udid" },
		{ "serial:", "udid" }, { "file:", "file" },
	};
	size_t i;

	if (!id[0] || identity_none(id))
		return IDENTITY_NONE;
	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (!strncmp(id, types[i].start, strlen(types[i].start)))
			return types[i].type;
	return "pvid";
}
