// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a device says that it is. Names change when disks are added or come up
 * in another order; this does not. Nothing here waits for a device: sysfs
 * keeps what the kernel learnt when the device appeared.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "config.h"

/**
 * struct source - a file of sysfs that identifies a device
 * @file: below the device's folder
 * @prefix: put before what it says, so that no two kinds are taken for one
 */
struct source {
	const char	*file;
	const char	*prefix;
};

/* In this order: what a stack of devices says comes before what a disk says. */
static const struct source sources[] = {
	{ "dm/uuid", "dm:" },
	{ "md/uuid", "md:" },
	{ "wwid", "wwid:" },
	{ "device/wwid", "wwid:" },
	{ "serial", "serial:" },
	{ "loop/backing_file", "file:" },
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

static int read_id(const char *dir, char *id, size_t size)
{
	static const char gone[] = "(deleted)";
	char path[PATH_MAX], text[CONFIG_ID_SIZE];
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		if (vpart_path(path, sizeof(path), "%s/%s", dir, sources[i].file) ||
		    vpart_file_read(path, text, sizeof(text)) <= 0 || !tidy(text))
			continue;
		len = strlen(text);
		/* A file that is gone says nothing about who is behind it. */
		if (len >= strlen(gone) && !strcmp(text + len - strlen(gone), gone))
			continue;
		return vpart_path(id, size, "%s%s", sources[i].prefix, text);
	}
	return -ENODATA;
}

/* The identity of a block device; -ENODATA if it has none. */
int vpart_identity(unsigned int major, unsigned int minor, char *id, size_t size)
{
	char dir[64], part[PATH_MAX], number[16], disk[CONFIG_ID_SIZE];
	int ret;

	id[0] = 0;
	snprintf(dir, sizeof(dir), "/sys/dev/block/%u:%u", major, minor);
	snprintf(part, sizeof(part), "%s/partition", dir);
	if (vpart_file_read(part, number, sizeof(number)) <= 0)
		return read_id(dir, id, size);
	snprintf(part, sizeof(part), "%s/..", dir);
	ret = read_id(part, disk, sizeof(disk));
	return ret ? ret : vpart_path(id, size, "%s-part%s", disk, number);
}

/* Look at what is at @path; it is not opened. */
int config_device_look(struct vpart *v, const char *path, struct config_device *d)
{
	struct stat st;

	memset(d, 0, sizeof(*d));
	vpart_copy(d->path, sizeof(d->path), path);
	if (stat(path, &st))
		return vpart_fail(v, errno,
				  errno == ENOENT ? VPART_CODE_NOT_FOUND : VPART_CODE_FAILED,
				  "%s: %s", path, strerror(errno));
	if (S_ISREG(st.st_mode)) {
		d->file = true;
		d->bytes = (uint64_t)st.st_size;
		return 0;
	}
	if (!S_ISBLK(st.st_mode))
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "%s is neither a block device nor a file", path);
	vpart_identity(major(st.st_rdev), minor(st.st_rdev), d->id, sizeof(d->id));
	d->bytes = vpart_disk_bytes(major(st.st_rdev), minor(st.st_rdev));
	return 0;
}

/* A block device of this kernel that says who it is. */
struct vpart_known {
	char	*id;
	char	name[VPART_DISK_SIZE];
};

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct vpart_known *)a)->id, ((const struct vpart_known *)b)->id);
}

/* Devices have come or gone since they were asked. */
void vpart_known_forget(struct vpart *v)
{
	while (v->nknown)
		free(v->known[--v->nknown].id);
	free(v->known);
	v->known = NULL;
}

/* Ask each who it is: once for many that are searched. */
static int learn(struct vpart *v)
{
	char dir[PATH_MAX], text[32], id[CONFIG_ID_SIZE], **names;
	unsigned int major, minor;
	struct vpart_known *k;
	int ret = 0;
	size_t i, n;

	if (vpart_dir_list("/sys/class/block", NULL, &names, &n))
		return -ENOENT;
	v->known = calloc(n + 1, sizeof(*v->known));
	for (i = 0; v->known && i < n; i++) {
		if (vpart_path(dir, sizeof(dir), "/sys/class/block/%s/dev", names[i]) ||
		    vpart_file_read(dir, text, sizeof(text)) <= 0 ||
		    sscanf(text, "%u:%u", &major, &minor) != 2 ||
		    vpart_identity(major, minor, id, sizeof(id)) ||
		    strlen(names[i]) >= VPART_DISK_SIZE)
			continue;
		k = &v->known[v->nknown];
		k->id = strdup(id);
		if (!k->id) {
			ret = -ENOMEM;
			break;
		}
		v->nknown++;
		vpart_copy(k->name, sizeof(k->name), names[i]);
	}
	vpart_dir_free(names, n);
	if (ret || !v->known) {
		vpart_known_forget(v);
		return -ENOMEM;
	}
	qsort(v->known, v->nknown, sizeof(*v->known), by_id);
	return 0;
}

/* The path of the one device with an identity; -ENOENT, -ENOTUNIQ, -ENOMEM. */
static int search(struct vpart *v, char *id, char *path, size_t size)
{
	const struct vpart_known key = { .id = id }, *k, *end;
	int ret = v->known ? 0 : learn(v);

	if (ret)
		return ret;
	k = bsearch(&key, v->known, v->nknown, sizeof(*k), by_id);
	if (!k)
		return -ENOENT;
	end = v->known + v->nknown;
	if ((k > v->known && !by_id(k - 1, k)) || (k + 1 < end && !by_id(k + 1, k)))
		return -ENOTUNIQ;
	return vpart_path(path, size, "/dev/%s", k->name);
}

/* Is the leg of a mirror on it that was there? */
static int check_leg(struct vpart *v, const char *what, const char *path,
		     const struct config_mirror *set, unsigned int leg)
{
	struct vpart_super super;
	struct vpart_block b;
	int ret;

	ret = vpart_block_find(v, path, &b);
	if (!ret)
		ret = vpart_super_read(v, &b, &super);
	if (!ret && (memcmp(super.set_uuid, set->uuid, sizeof(set->uuid)) ||
		     super.leg_index != leg))
		ret = -ENOENT;
	if (ret != -ENOENT)
		return ret;
	return vpart_fail(v, EMEDIUMTYPE, VPART_CODE_FAILED,
			  "%s: %s is another device now: leg %u of mirror %s is not on it", what,
			  path, leg, set->name);
}

/* A block device without an identity: all that is left to compare. */
static int check_nameless(struct vpart *v, const char *what, const struct config_device *d,
			  const struct config_device *now, const struct config_mirror *set,
			  unsigned int leg)
{
	if (now->id[0])
		return vpart_fail(v, EMEDIUMTYPE, VPART_CODE_FAILED,
				  "%s: %s is another device now: it says that it is %s and said nothing before",
				  what, d->path, now->id);
	if (now->bytes != d->bytes)
		return vpart_fail(v, EMEDIUMTYPE, VPART_CODE_FAILED,
				  "%s: %s is another device now: it has %llu bytes and had %llu",
				  what, d->path, (unsigned long long)now->bytes,
				  (unsigned long long)d->bytes);
	return set ? check_leg(v, what, d->path, set, leg) : 0;
}

/*
 * Where is the device that was saved? By its identity, whatever it is called
 * now; without one the path is taken if nothing speaks against it, and if a
 * leg of the mirror @set was on it (may be NULL), it must still be.
 */
int config_device_find(struct vpart *v, const char *what, const struct config_device *d,
		       const struct config_mirror *set, unsigned int leg, char *path, size_t size)
{
	struct config_device now;
	int ret;

	ret = config_device_look(v, d->path, &now);
	if (!ret && d->file != now.file)
		return vpart_fail(v, EMEDIUMTYPE, VPART_CODE_FAILED, "%s: %s is %s now, and was %s",
				  what, d->path, now.file ? "a file" : "a block device",
				  d->file ? "a file" : "a block device");
	vpart_copy(path, size, d->path);
	if (d->id[0] && (ret || strcmp(d->id, now.id))) {
		char id[CONFIG_ID_SIZE];
		int found;

		vpart_copy(id, sizeof(id), d->id);
		found = search(v, id, path, size);

		if (found == -ENOMEM)
			return vpart_no_memory(v);
		if (found == -ENOTUNIQ)
			return vpart_fail(v, ENOTUNIQ, VPART_CODE_FAILED,
					  "%s: several devices say that they are %s, and %s is none of them",
					  what, d->id, d->path);
		if (found && !ret)
			return vpart_fail(v, ENODEV, VPART_CODE_NOT_FOUND,
					  "%s: its device %s is missing; %s is another one (%s)",
					  what, d->id, d->path, now.id[0] ? now.id : "nameless");
		if (found)
			return vpart_fail(v, ENODEV, VPART_CODE_NOT_FOUND,
					  "%s: its device %s (%s) is missing", what, d->id,
					  d->path);
		ret = config_device_look(v, path, &now);
	}
	if (ret == -ENOENT)
		return vpart_fail(v, ENODEV, VPART_CODE_NOT_FOUND, "%s: its device %s is missing",
				  what, d->path);
	if (ret)
		return ret;
	if (now.bytes < d->bytes)
		return vpart_fail(v, EMEDIUMTYPE, VPART_CODE_FAILED,
				  "%s: %s has %llu bytes and had %llu", what, path,
				  (unsigned long long)now.bytes, (unsigned long long)d->bytes);
	return d->file || d->id[0] ? 0 : check_nameless(v, what, d, &now, set, leg);
}

/* Do both mean one device? Both were looked at, or one was saved. */
bool config_device_same(const struct config_device *a, const struct config_device *b)
{
	char real_a[PATH_MAX], real_b[PATH_MAX];

	if (a->file != b->file)
		return false;
	if (a->id[0] && b->id[0])
		return !strcmp(a->id, b->id);
	if (!strcmp(a->path, b->path))
		return true;
	return realpath(a->path, real_a) && realpath(b->path, real_b) && !strcmp(real_a, real_b);
}
