// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The device that was saved, or is meant: by its identity, whatever it is called
 * now. Two devices of one identity are never chosen between, but for a multipath
 * map, which stands before its paths.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "config.h"

/**
 * struct entry - a device by an identity that it has
 * @id: the identity
 * @name: its kernel name
 */
struct entry {
	char	id[VPART_IDENTITY_SIZE];
	char	name[VPART_DISK_SIZE];
};

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
	d->major = major(st.st_rdev);
	d->minor = minor(st.st_rdev);
	vpart_identity(d->major, d->minor, d->id, sizeof(d->id));
	d->bytes = vpart_disk_bytes(d->major, d->minor);
	return 0;
}

/* The disk of a client shows what is written on the device behind it. */
static bool is_clients(const char *name)
{
	char path[64], real[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/class/block/%.31s", name);
	return realpath(path, real) && strstr(real, ".client/");
}

/* No disk is there, or nobody knows for how long it would have to be waited for. */
static bool is_drive(const char *name)
{
	return !strncmp(name, "sr", 2) || !strncmp(name, "fd", 2);
}

static bool device_number(const char *name, unsigned int *major, unsigned int *minor)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/block/%.31s/dev", name);
	return vpart_file_device(path, major, minor);
}

/* Each device that has an identity of this kind. */
static int fill(struct identity_index *index, const char *kind)
{
	bool ours = identity_is_written(kind);
	char id[VPART_IDENTITY_SIZE], **names;
	unsigned int major, minor;
	struct entry *e;
	size_t i, n;
	int ret;

	for (i = 0; i < index->nkinds; i++)
		if (!strcmp(index->kinds[i], kind))
			return 0;
	if (index->nkinds == ARRAY_SIZE(index->kinds))
		return -E2BIG;
	ret = vpart_dir_list("/sys/class/block", NULL, &names, &n);
	if (ret)
		return ret;
	index->devices.size = sizeof(*e);
	for (i = 0; i < n; i++) {
		if (!device_number(names[i], &major, &minor) ||
		    !vpart_disk_bytes(major, minor) ||
		    (ours && (is_drive(names[i]) || is_clients(names[i]))) ||
		    identity_of(major, minor, kind, id, sizeof(id)))
			continue;
		e = vpart_list_add(&index->devices);
		if (!e)
			break;
		vpart_copy(e->id, sizeof(e->id), id);
		vpart_copy(e->name, sizeof(e->name), names[i]);
	}
	vpart_dir_free(names, n);
	vpart_copy(index->kinds[index->nkinds++], IDENTITY_KIND_SIZE, kind);
	return index->devices.oom ? -ENOMEM : 0;
}

void identity_index_free(struct identity_index *index)
{
	free(index->devices.data);
	memset(index, 0, sizeof(*index));
}

/* The multipath map that a device is a path of; false: of none. */
static bool map_over(const char *name, char *map)
{
	char path[128], text[160], **names;
	bool found = false;
	size_t i, n;

	snprintf(path, sizeof(path), "/sys/class/block/%.31s/holders", name);
	if (vpart_dir_list(path, NULL, &names, &n))
		return false;
	for (i = 0; i < n && !found; i++) {
		snprintf(path, sizeof(path), "/sys/class/block/%.31s/dm/uuid", names[i]);
		found = vpart_file_read(path, text, sizeof(text)) > 0 &&
			!strncmp(text, "mpath-", strlen("mpath-"));
		if (found)
			vpart_copy(map, VPART_DISK_SIZE, names[i]);
	}
	vpart_dir_free(names, n);
	return found;
}

/*
 * The devices of an identity, of several paths their map: gives how many there
 * are, of which @names has the first two, or a negative errno.
 */
static int look_up(struct identity_index *index, const char *id, char names[2][VPART_DISK_SIZE])
{
	char kind[IDENTITY_KIND_SIZE], name[VPART_DISK_SIZE];
	const struct entry *e;
	int ret, n = 0;

	ret = identity_kind(id, kind);
	if (!ret)
		ret = fill(index, kind);
	if (ret)
		return ret;
	config_each(e, &index->devices) {
		if (strcmp(e->id, id))
			continue;
		if (!map_over(e->name, name))
			vpart_copy(name, sizeof(name), e->name);
		if ((n > 0 && !strcmp(name, names[0])) || (n > 1 && !strcmp(name, names[1])))
			continue;
		if (n < 2)
			vpart_copy(names[n], VPART_DISK_SIZE, name);
		n++;
	}
	return n;
}

/* By what a person would call it. */
static void device_path(const char *name, char *path, size_t size)
{
	char file[64], text[128];

	snprintf(file, sizeof(file), "/sys/class/block/%.31s/dm/name", name);
	if (vpart_file_read(file, text, sizeof(text)) > 0 &&
	    !vpart_path(path, size, "/dev/mapper/%s", text) && vpart_exists(path))
		return;
	snprintf(path, size, "/dev/%s", name);
}

/**
 * identity_find - the one device of an identity
 * @v: the handle
 * @what: who wants it, for people
 * @id: the identity
 * @index: of earlier calls, while no device comes or goes; zeroed at first
 * @path: gets its path; "" if there is none
 * @size: room there
 *
 * Return: 0, also without such a device; -ENOTUNIQ if there are several;
 * another negative errno.
 */
int identity_find(struct vpart *v, const char *what, const char *id, struct identity_index *index,
		  char *path, size_t size)
{
	char names[2][VPART_DISK_SIZE], other[PATH_MAX];
	int n = look_up(index, id, names);

	path[0] = 0;
	if (n < 0)
		return n == -EINVAL ?
		       vpart_fail(v, EINVAL, VPART_CODE_INVALID, "%s: '%s' is no identity", what,
				  id) :
		       vpart_fail(v, -n, VPART_CODE_FAILED, "%s: look for its device: %s", what,
				  strerror(-n));
	if (n)
		device_path(names[0], path, size);
	if (n < 2)
		return 0;
	device_path(names[1], other, sizeof(other));
	return vpart_fail(v, ENOTUNIQ, VPART_CODE_FAILED,
			  "%s: %s and %s both say that they are %s: nobody can tell which one is meant",
			  what, path, other, id);
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
	const char *said = strchr(d->id, ':');

	said = said ? said + 1 : "";
	if (strcmp(now->id, said))
		return vpart_fail(v, EMEDIUMTYPE, VPART_CODE_FAILED,
				  "%s: %s is another device now: it says %s%s and said %s before",
				  what, d->path, now->id[0] ? "that it is " : "nothing", now->id,
				  said[0] ? said : "nothing");
	if (now->bytes != d->bytes)
		return vpart_fail(v, EMEDIUMTYPE, VPART_CODE_FAILED,
				  "%s: %s is another device now: it has %llu bytes and had %llu",
				  what, d->path, (unsigned long long)now->bytes,
				  (unsigned long long)d->bytes);
	return set ? check_leg(v, what, d->path, set, leg) : 0;
}

/* The device at a path says who it is; of the same kind, if it can. */
static void who_is_there(const char *path, const char *kind, char *id, size_t size)
{
	struct stat st;

	vpart_copy(id, size, "nameless");
	if (stat(path, &st) || !S_ISBLK(st.st_mode))
		return;
	if (identity_of(major(st.st_rdev), minor(st.st_rdev), kind, id, size) &&
	    vpart_identity(major(st.st_rdev), minor(st.st_rdev), id, size))
		vpart_copy(id, size, "nameless");
}

static int find_by_identity(struct vpart *v, const char *what, const struct config_device *d,
			    struct identity_index *index, char *path, size_t size)
{
	struct identity_index own = { .nkinds = 0 };
	char kind[IDENTITY_KIND_SIZE], other[VPART_IDENTITY_SIZE];
	struct stat was, st;
	int ret;

	ret = identity_find(v, what, d->id, index ? index : &own, path, size);
	identity_index_free(&own);
	if (ret || identity_kind(d->id, kind))
		return ret;
	if (path[0]) {
		if (!stat(d->path, &was) && !stat(path, &st) && S_ISBLK(was.st_mode) &&
		    was.st_rdev == st.st_rdev)
			vpart_copy(path, size, d->path);
		return 0;
	}
	if (!vpart_exists(d->path))
		return vpart_fail(v, ENODEV, VPART_CODE_NOT_FOUND,
				  "%s: its device %s (%s) is missing", what, d->id, d->path);
	who_is_there(d->path, kind, other, sizeof(other));
	return vpart_fail(v, ENODEV, VPART_CODE_NOT_FOUND,
			  "%s: its device %s is missing; %s is another one (%s)", what, d->id,
			  d->path, other);
}

/*
 * Where is the device that was saved? By its identity, whatever it is called
 * now; without one the path is taken if nothing speaks against it, and if a
 * leg of the mirror @set was on it (may be NULL), it must still be. @index is
 * identity_find()'s, or NULL.
 */
int config_device_find(struct vpart *v, const char *what, const struct config_device *d,
		       const struct config_mirror *set, unsigned int leg,
		       struct identity_index *index, char *path, size_t size)
{
	bool named = !d->file && d->id[0] && !identity_none(d->id);
	struct config_device now;
	int ret = 0;

	vpart_copy(path, size, d->path);
	if (named)
		ret = find_by_identity(v, what, d, index, path, size);
	if (ret)
		return ret;
	ret = config_device_look(v, path, &now);
	if (ret == -ENOENT)
		return vpart_fail(v, ENODEV, VPART_CODE_NOT_FOUND, "%s: its device %s is missing",
				  what, d->path);
	if (ret)
		return ret;
	if (d->file != now.file)
		return vpart_fail(v, EMEDIUMTYPE, VPART_CODE_FAILED, "%s: %s is %s now, and was %s",
				  what, d->path, now.file ? "a file" : "a block device",
				  d->file ? "a file" : "a block device");
	if (now.bytes < d->bytes)
		return vpart_fail(v, EMEDIUMTYPE, VPART_CODE_FAILED,
				  "%s: %s has %llu bytes and had %llu", what, path,
				  (unsigned long long)now.bytes, (unsigned long long)d->bytes);
	return d->file || named ? 0 : check_nameless(v, what, d, &now, set, leg);
}

/* Do both mean one device? @a was saved, @b too or it was looked at. */
bool config_device_same(const struct config_device *a, const struct config_device *b)
{
	char real_a[PATH_MAX], real_b[PATH_MAX], kind[IDENTITY_KIND_SIZE];
	char id[VPART_IDENTITY_SIZE];

	if (a->file != b->file)
		return false;
	if (a->id[0] && !strcmp(a->id, b->id) && !identity_none(a->id))
		return true;
	if (a->id[0] && !identity_kind(a->id, kind)) {
		if (!strncmp(b->id, a->id, strlen(kind) + 1))
			return false;
		/* Another kind: has it this one, too? */
		if (b->major && !identity_of(b->major, b->minor, kind, id, sizeof(id)))
			return !strcmp(a->id, id);
	}
	if (!strcmp(a->path, b->path))
		return true;
	return realpath(a->path, real_a) && realpath(b->path, real_b) && !strcmp(real_a, real_b);
}

/* ---- of a LU that is made ---- */

/* udev's links that name a device by what is written on it: then that is meant. */
static int kind_of_link(const char *path, char kind[IDENTITY_KIND_SIZE])
{
	static const struct {
		const char *start, *kind;
	} links[] = {
		{ "/dev/disk/by-partuuid/", "partuuid" }, { "/dev/disk/by-uuid/", "fsuuid" },
		{ "/dev/disk/by-id/lvm-pv-uuid-", "pvuuid" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(links); i++) {
		if (strncmp(path, links[i].start, strlen(links[i].start)))
			continue;
		vpart_copy(kind, IDENTITY_KIND_SIZE, links[i].kind);
		return 0;
	}
	return -ENOENT;
}

/* What a block device is to be known by: @wanted, or the best that it has. */
static int choose(struct vpart *v, const char *wanted, const struct config_device *d, char *id,
		  size_t size)
{
	char kind[IDENTITY_KIND_SIZE];
	int ret;

	if (wanted && !strcmp(wanted, IDENTITY_NONE))
		return vpart_path(id, size, "%s%s%s", IDENTITY_NONE, d->id[0] ? ":" : "", d->id);
	if (wanted && identity_kind(wanted, kind))
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "'%.100s' is no identity: dm, md, wwid, serial, file, partuuid, ptuuid, pvuuid or fsuuid, alone or with ':' and its value, or none",
				  wanted);
	if (!wanted && kind_of_link(d->path, kind))
		ret = identity_best(d->major, d->minor, id, size);
	else
		ret = identity_of(d->major, d->minor, kind, id, size);
	if (ret && ret != -ENODATA)
		return vpart_fail(v, -ret, VPART_CODE_FAILED, "%s: read who it is: %s", d->path,
				  strerror(-ret));
	if (ret && wanted)
		return vpart_fail(v, ENODATA, VPART_CODE_FAILED, "%s has no identity of kind %s",
				  d->path, kind);
	if (ret)
		return vpart_fail(v, ENODATA, VPART_CODE_FAILED,
				  "%s says nothing by which it is known again after a reboot: give it a serial number or a partition table, or say 'identity none'",
				  d->path);
	if (wanted && strchr(wanted, ':') && strcmp(wanted, id))
		return vpart_fail(v, EMEDIUMTYPE, VPART_CODE_FAILED,
				  "%s is another device: it is %s, not %s", d->path, id, wanted);
	return 0;
}

/**
 * identity_choose - what the device of a LU is known by from now on
 * @v: the handle
 * @path: the device
 * @wanted: what was asked for: KIND, KIND:VALUE, "none"; NULL: whatever is best
 * @id: gets it; "" for a file
 * @size: room there
 *
 * Return: 0, or a negative errno: the device has no such identity, none at all,
 * or another device has the same one.
 */
int identity_choose(struct vpart *v, const char *path, const char *wanted, char *id, size_t size)
{
	struct identity_index index = { .nkinds = 0 };
	char found[PATH_MAX];
	struct config_device d;
	struct stat st, other;
	int ret;

	id[0] = 0;
	ret = config_device_look(v, path, &d);
	if (ret)
		return ret;
	if (d.file)
		return wanted ? vpart_fail(v, EINVAL, VPART_CODE_INVALID,
					   "%s is a file, which is known by its path", path) : 0;
	ret = choose(v, wanted, &d, id, size);
	if (ret || identity_none(id))
		return ret;
	ret = identity_find(v, path, id, &index, found, sizeof(found));
	identity_index_free(&index);
	if (!ret && found[0] && !stat(path, &st) && !stat(found, &other) &&
	    st.st_rdev != other.st_rdev)
		ret = vpart_fail(v, EBUSY, VPART_CODE_FAILED, "%s is a path of %s: serve that",
				 path, found);
	return ret;
}
