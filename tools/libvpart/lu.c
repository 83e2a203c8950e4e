// SPDX-License-Identifier: LGPL-2.1-or-later
/* Logical units: backing device, mapping to an adapter pair, the client's disk */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"

/* What serves a LU: the pair of this name with an end @side in this kernel. */
static const struct vpart_pair *pair_named(const struct vpart_pair *pairs, size_t n,
					   const char *name, enum vpart_side side)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(pairs[i].name, name) && (pairs[i].ends & VPART_END(side)))
			return &pairs[i];
	return NULL;
}

/* A disk, and what it says of itself, each asked once. */
struct disk {
	char	name[VPART_DISK_SIZE];
	char	serial[VPART_UUID_TEXT];
};

static int by_serial(const void *a, const void *b)
{
	return strcmp(((const struct disk *)a)->serial, ((const struct disk *)b)->serial);
}

/* The disks whose serial number may be that of a LU. */
static struct disk *list_disks(size_t *n)
{
	struct disk *list = NULL;
	char serial[256], **names;
	size_t i, all;

	*n = 0;
	if (vpart_disks(&names, &all))
		all = 0;
	list = calloc(all + 1, sizeof(*list));
	for (i = 0; list && i < all; i++) {
		if (vpart_disk_serial(names[i], serial, sizeof(serial)) ||
		    strlen(serial) >= VPART_UUID_TEXT)
			continue;
		vpart_copy(list[*n].name, VPART_DISK_SIZE, names[i]);
		vpart_copy(list[(*n)++].serial, VPART_UUID_TEXT, serial);
	}
	vpart_dir_free(names, all);
	if (list)
		qsort(list, *n, sizeof(*list), by_serial);
	return list;
}

static void set_disk(struct vpart_lu *lu, const char *name)
{
	char path[128], text[32];

	vpart_copy(lu->disk, sizeof(lu->disk), name);
	snprintf(path, sizeof(path), "/sys/class/block/%.31s/size", name);
	if (vpart_file_read(path, text, sizeof(text)) > 0)
		lu->bytes = strtoull(text, NULL, 10) * 512;
}

/* The client's disk of a mapped LU: below its adapter, with its serial number. */
static void find_disk(struct vpart_lu *lu, const struct disk *disks, size_t n)
{
	const struct disk *d;
	struct disk key;

	if (!lu->uuid_valid)
		return;
	vpart_uuid_format(lu->uuid, key.serial);
	d = bsearch(&key, disks, n, sizeof(*disks), by_serial);
	if (!d)
		return;
	/* One for each path. */
	while (d > disks && !by_serial(d - 1, &key))
		d--;
	for (; d < disks + n && !by_serial(d, &key); d++) {
		if (vpart_disk_of_pair(d->name, lu->pair)) {
			set_disk(lu, d->name);
			return;
		}
	}
}

/* The same where no ACL gives it another number, without a look at other disks. */
static void find_disk_at(struct vpart_lu *lu)
{
	char name[VPART_DISK_SIZE], serial[256], uuid[VPART_UUID_TEXT];

	if (!lu->uuid_valid || vpart_disk_at(lu->pair, lu->lun, name, sizeof(name)) ||
	    vpart_disk_serial(name, serial, sizeof(serial)))
		return;
	vpart_uuid_format(lu->uuid, uuid);
	if (!strcmp(serial, uuid))
		set_disk(lu, name);
}

/* Size of what is behind the LU now, which is not opened: it may be stuck. */
static uint64_t backing_bytes(const struct vpart_lu *lu)
{
	unsigned int major, minor;
	struct stat st;

	if (vpart_lio_device(lu, &major, &minor))
		return vpart_disk_bytes(major, minor);
	return vpart_lio_is_file(lu) && !stat(lu->device, &st) ? (uint64_t)st.st_size : 0;
}

/* Of a LU without a disk: that of what is behind it. */
static void find_bytes(struct vpart_lu *lu)
{
	if (!lu->bytes)
		lu->bytes = backing_bytes(lu);
}

/* What the pair says of a mapped LU; is there one? */
static bool take_pair(struct vpart_lu *lu, const struct vpart_pair *pairs, size_t n)
{
	const struct vpart_pair *pair = pair_named(pairs, n, lu->pair, VPART_SIDE_SERVER);

	if (!pair)
		return false;
	vpart_copy(lu->client, sizeof(lu->client), pair->client);
	vpart_copy(lu->server, sizeof(lu->server), pair->server);
	lu->active = pair->link == VPART_LINK_STATE_UP;
	lu->why = pair->why;
	lu->remote = !pair_named(pairs, n, lu->pair, VPART_SIDE_CLIENT);
	return true;
}

/* Their clients' disks. Of a few LUs the other disks are not asked, if no ACL is there. */
static int find_disks(struct vpart *v, struct vpart_lu *list, size_t n, bool few,
		      const struct vpart_pair *pairs, size_t npairs)
{
	struct disk *disks = NULL;
	size_t i, ndisks = 0;

	for (i = 0; i < n; i++) {
		if (!take_pair(&list[i], pairs, npairs))
			continue;
		if (few && !vpart_lio_acls_any(list[i].pair)) {
			find_disk_at(&list[i]);
			continue;
		}
		if (!disks)
			disks = list_disks(&ndisks);
		if (!disks)
			return vpart_no_memory(v);
		find_disk(&list[i], disks, ndisks);
	}
	free(disks);
	for (i = 0; i < n; i++)
		find_bytes(&list[i]);
	return 0;
}

/* All LUs, or those of this name, whatever their backstores. */
static int list_lus(struct vpart *v, const char *name, struct vpart_lu **list, size_t *n)
{
	struct vpart_pair *pairs = NULL;
	size_t npairs;
	int ret;

	ret = vpart_pairs(v, &pairs, &npairs);
	if (ret)
		return ret;
	ret = vpart_lio_list(v, name, list, n);
	if (!ret) {
		ret = find_disks(v, *list, *n, name, pairs, npairs);
		if (ret)
			free(*list);
	}
	free(pairs);
	return ret;
}

/**
 * vpart_lus - all LUs
 * @v: the handle
 * @list: where the list goes; free() it
 * @n: its length
 *
 * A LU that is mapped to two adapter pairs appears twice.
 *
 * Return: 0 or a negative errno.
 */
int vpart_lus(struct vpart *v, struct vpart_lu **list, size_t *n)
{
	return list_lus(v, NULL, list, n);
}

/* Is it meant by NAME, or by BACKSTORE/NAME? */
static bool is_named(const struct vpart_lu *lu, const char *name)
{
	const char *slash = strchr(name, '/');
	size_t len = slash ? (size_t)(slash - name) : 0;

	if (!slash)
		return !strcmp(lu->name, name);
	return strlen(lu->backstore) == len && !strncmp(lu->backstore, name, len) &&
	       !strcmp(lu->name, slash + 1);
}

/**
 * vpart_lu_paths - the paths to a LU
 * @v: the handle
 * @name: its name, or BACKSTORE/NAME: with other tools' backstores a name may be there twice
 * @list: where they go, one element each; one without an adapter pair if there is
 *	none; free() it
 * @n: its length
 *
 * Return: 0; -ENOTUNIQ if two backstores have that name; another negative errno.
 */
int vpart_lu_paths(struct vpart *v, const char *name, struct vpart_lu **list, size_t *n)
{
	const char *slash = strchr(name, '/');
	size_t i, all;
	int ret;

	ret = list_lus(v, slash ? slash + 1 : name, list, &all);
	if (ret)
		return ret;
	for (i = 0, *n = 0; i < all; i++)
		if (is_named(&(*list)[i], name))
			(*list)[(*n)++] = (*list)[i];
	if (!*n)
		ret = vpart_fail(v, ENOENT, VPART_CODE_NOT_FOUND, "there is no LU '%.64s'", name);
	for (i = 1; i < *n && !ret; i++)
		if (strcmp((*list)[i].backstore, (*list)[0].backstore))
			ret = vpart_fail(v, ENOTUNIQ, VPART_CODE_FAILED,
					 "there are two LUs '%.64s': say %s/%s or %s/%s", name,
					 (*list)[0].backstore, (*list)[0].name,
					 (*list)[i].backstore, (*list)[i].name);
	if (ret)
		free(*list);
	return ret;
}

/**
 * vpart_lu_find - a LU by its name
 * @v: the handle
 * @name: its name, as for vpart_lu_paths()
 * @lu: where it goes: its first path
 *
 * Return: 0 or a negative errno.
 */
int vpart_lu_find(struct vpart *v, const char *name, struct vpart_lu *lu)
{
	struct vpart_lu *list;
	size_t n;
	int ret;

	ret = vpart_lu_paths(v, name, &list, &n);
	if (ret)
		return ret;
	*lu = list[0];
	free(list);
	return 0;
}

/**
 * vpart_lu_path_find - one path to a LU
 * @v: the handle
 * @name: its name
 * @pair: adapter pair; NULL: its only one
 * @lu: where it goes
 *
 * Return: 0 or a negative errno.
 */
int vpart_lu_path_find(struct vpart *v, const char *name, const char *pair, struct vpart_lu *lu)
{
	struct vpart_lu *list;
	size_t i, n;
	int ret;

	ret = vpart_lu_paths(v, name, &list, &n);
	if (ret)
		return ret;
	for (i = 0; i < n && pair; i++)
		if (!strcmp(list[i].pair, pair))
			break;
	if (!pair && n > 1)
		ret = vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				 "LU %s has %zu paths: name the adapter pair of one", name, n);
	else if (i == n || !list[i].pair[0])
		ret = vpart_fail(v, ENOENT, VPART_CODE_NOT_FOUND,
				 "LU %s is not at %s%.64s", name, pair ? "adapter pair " : "any",
				 pair ? pair : " adapter pair");
	else
		*lu = list[i];
	free(list);
	return ret;
}

/* Will the client show its disk, here and without anybody's doing? */
bool vpart_disk_may_come(const struct vpart_lu *lu)
{
	if (lu->remote || !vpart_exists("/sys/bus/scsi/drivers/sd"))
		return false;
	return lu->active || (lu->why != VPART_WHY_CLIENT_FAILED &&
			      lu->why != VPART_WHY_SERVER_FAILED &&
			      lu->why != VPART_WHY_NO_CLIENT);
}

/* One path and its disk, without a look at all LUs. */
static int look_path(struct vpart *v, const char *backstore, const char *name,
		     const struct vpart_lio_path *at, struct vpart_lu *lu)
{
	struct vpart_pair *pairs;
	size_t n;
	int ret;

	ret = vpart_pairs(v, &pairs, &n);
	if (ret)
		return ret;
	vpart_lio_look(lu, backstore, name, at);
	if (take_pair(lu, pairs, n))
		find_disk_at(lu);
	find_bytes(lu);
	free(pairs);
	return 0;
}

/* Wait for the client's disk; that there is none (yet) is no failure. */
static int wait_disk(struct vpart *v, int uevents, unsigned int wait_ms, const char *backstore,
		     const char *name, const struct vpart_lio_path *at, struct vpart_lu *lu)
{
	uint64_t end = vpart_now_ms() + wait_ms, now;
	bool acls = vpart_lio_acls_any(at->pair);
	char path[64];
	int ret;

	for (;;) {
		/* By the ACL of its client it may have any number. */
		ret = acls ? vpart_lu_path_find(v, name, at->pair, lu) :
			     look_path(v, backstore, name, at, lu);
		if (ret)
			return ret;
		snprintf(path, sizeof(path), "/dev/%s", lu->disk);
		if (lu->disk[0] && vpart_exists(path))
			return 0;
		now = vpart_now_ms();
		if (now >= end || uevents < 0 || !vpart_disk_may_come(lu))
			return 0;
		vpart_uevent_wait(uevents, (unsigned int)(end - now));
	}
}

/*
 * Do two LUs show one name to their clients? VPD page 0x83 has room for 100 bits
 * of the UUID, and disks of one name are taken for paths to one disk.
 */
static bool same_wwid(const uint8_t *a, const uint8_t *b)
{
	return !memcmp(a, b, 12) && (a[12] ^ b[12]) < 0x10;
}

static int check_unique(struct vpart *v, const char *name, const uint8_t *uuid)
{
	struct vpart_lu *list;
	size_t i, n;
	int ret;

	ret = vpart_lio_backstores(v, &list, &n);
	if (ret)
		return ret;
	for (i = 0; i < n && !ret; i++) {
		if (!strcmp(list[i].name, name))
			ret = vpart_fail(v, EEXIST, VPART_CODE_FAILED,
					 "LU %s exists already; for one more path to it name no device",
					 name);
		else if (list[i].uuid_valid && !memcmp(list[i].uuid, uuid, VPART_UUID_SIZE))
			ret = vpart_fail(v, EEXIST, VPART_CODE_FAILED,
					 "LU %s has this UUID already", list[i].name);
		else if (list[i].uuid_valid && same_wwid(list[i].uuid, uuid))
			ret = vpart_fail(v, EEXIST, VPART_CODE_FAILED,
					 "LU %s has a UUID with the same first 25 digits: clients would take both for one disk",
					 list[i].name);
	}
	free(list);
	return ret;
}

/* The pair that the LU goes to; @made: it did not exist before. */
static int choose_pair(struct vpart *v, const struct vpart_lu_spec *spec,
		       struct vpart_pair *pair, bool *made)
{
	int ret;

	*made = false;
	if (spec->pair)
		ret = vpart_pair_find_end(v, spec->pair, VPART_SIDE_SERVER, pair);
	else
		ret = vpart_pair_between(v, spec->client, spec->server, pair);
	if (spec->pair && ret == -ENOENT && !vpart_pair_find(v, spec->pair, pair))
		ret = 0;
	if (!ret && !(pair->ends & VPART_END_SERVER))
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "the server %s of adapter pair %s is in another kernel: add the LU there",
				  pair->server, pair->name);
	if (spec->pair || ret != -ENOENT)
		return ret;
	memset(pair, 0, sizeof(*pair));
	vpart_copy(pair->client, sizeof(pair->client), spec->client);
	vpart_copy(pair->server, sizeof(pair->server), spec->server);
	ret = vpart_pair_add(v, pair);
	*made = !ret;
	return ret;
}

/* Map a LU at @pair, and wait for the client's disk there. */
static int add_path(struct vpart *v, const struct vpart_lu_spec *spec, const char *backstore,
		    const struct vpart_pair *pair, enum vpart_access access, struct vpart_lu *lu)
{
	struct vpart_lio_path path = {
		.pair = pair->name,
		.server = pair->server,
		.lun = spec->lun,
		.access = access,
		.direct = spec->direct,
	};
	int uevents, ret;

	if (spec->direct) {
		ret = vpart_lu_check_direct(v, spec->name, backstore, pair->name,
					    pair->ends & VPART_END_CLIENT);
		if (ret)
			return ret;
	}
	uevents = vpart_uevent_open();
	ret = vpart_lio_map(v, backstore, spec->name, &path);
	if (!ret) {
		memset(lu, 0, sizeof(*lu));
		ret = wait_disk(v, uevents, spec->wait_ms, backstore, spec->name, &path, lu);
	}
	if (uevents >= 0)
		close(uevents);
	return ret;
}

static void undo_pair(struct vpart *v, const struct vpart_pair *pair, bool made)
{
	struct vpart_error first = v->error;

	if (made)
		vpart_pair_del(v, pair->name, true);
	vpart_lio_tidy();
	v->error = first;
}

/* A LU that is there gets one more path. */
static int add_to(struct vpart *v, const struct vpart_lu_spec *spec, struct vpart_lu *lu)
{
	enum vpart_access access = spec->access;
	struct vpart_lu *list;
	struct vpart_pair pair;
	bool made = false;
	size_t i, n;
	int ret;

	ret = vpart_lu_paths(v, spec->name, &list, &n);
	if (ret == -ENOENT)
		ret = vpart_fail(v, ENOENT, VPART_CODE_NOT_FOUND,
				 "there is no LU '%.64s'; name a device to make it", spec->name);
	if (ret)
		return ret;
	if (access == VPART_ACCESS_ANY)
		access = list[0].pair[0] ? VPART_ACCESS_NON_OPTIMIZED : VPART_ACCESS_OPTIMIZED;
	if (list[0].pair[0])
		ret = vpart_lio_check_lasting(v, list[0].backstore, spec->name);
	if (!ret)
		ret = choose_pair(v, spec, &pair, &made);
	if (ret)
		goto free;
	for (i = 0; i < n && !ret; i++)
		if (!strcmp(list[i].pair, pair.name))
			ret = vpart_fail(v, EEXIST, VPART_CODE_FAILED,
					 "LU %s is at adapter pair %s already", spec->name,
					 pair.name);
	if (!ret)
		ret = add_path(v, spec, list[0].backstore, &pair, access, lu);
	if (ret)
		undo_pair(v, &pair, made);
free:
	free(list);
	return ret;
}

/* The device that is meant, and what it is known by from now on. */
static int find_device(struct vpart *v, struct vpart_lu_spec *spec, char *path, size_t size,
		       char *id, size_t id_size)
{
	struct identity_index index = { .nkinds = 0 };
	int ret;

	if (!spec->device) {
		ret = identity_find(v, spec->name, spec->identity, &index, path, size);
		identity_index_free(&index);
		if (!ret && !path[0])
			ret = vpart_fail(v, ENOENT, VPART_CODE_NOT_FOUND, "no device is %.250s",
					 spec->identity);
		if (ret)
			return ret;
		spec->device = path;
	}
	ret = identity_choose(v, spec->device, spec->identity, id, id_size);
	spec->identity = id;
	return ret;
}

/**
 * vpart_lu_add - serve a device as a LU, or a LU over one more path
 * @v: the handle
 * @wanted: what is wanted
 * @lu: what has become of it; @lu->disk is "" if the client did not show its
 *	disk in time, which is no failure
 *
 * Return: 0 or a negative errno; after a failure nothing is left behind.
 */
int vpart_lu_add(struct vpart *v, const struct vpart_lu_spec *wanted, struct vpart_lu *lu)
{
	char id[VPART_IDENTITY_SIZE], path[PATH_MAX];
	struct vpart_lu_spec own = *wanted, *spec = &own;
	enum vpart_access access = spec->access;
	struct lio_numbers taken = { .iblock = 0 };
	uint8_t uuid[VPART_UUID_SIZE];
	struct vpart_error first;
	struct vpart_pair pair;
	char backstore[64];
	bool made;
	int ret;

	ret = vpart_check_name(v, "LU", spec->name);
	if (ret)
		return ret;
	if (spec->uuid)
		memcpy(uuid, spec->uuid, sizeof(uuid));
	else
		ret = vpart_uuid_random(v, uuid);
	if (ret)
		return ret;
	ret = vpart_lio_check(v);
	if (ret)
		return ret;
	if (!spec->device && !spec->identity)
		return add_to(v, spec, lu);
	ret = check_unique(v, spec->name, uuid);
	if (!ret)
		ret = find_device(v, spec, path, sizeof(path), id, sizeof(id));
	if (ret)
		goto tidy;
	ret = choose_pair(v, spec, &pair, &made);
	if (ret)
		goto tidy;
	ret = vpart_lio_backstore_add(v, spec, uuid, &taken, backstore, sizeof(backstore));
	if (ret)
		goto drop_pair;
	/* Who says how this path is to be used has another one, perhaps elsewhere. */
	if (access == VPART_ACCESS_ANY)
		access = VPART_ACCESS_OPTIMIZED;
	else
		ret = vpart_lio_check_lasting(v, backstore, spec->name);
	if (!ret)
		ret = add_path(v, spec, backstore, &pair, access, lu);
	if (ret)
		goto drop_backstore;
	return 0;

drop_backstore:
	first = v->error;
	vpart_lio_backstore_del(v, backstore, spec->name);
	v->error = first;
drop_pair:
	undo_pair(v, &pair, made);
	return ret;
tidy:
	vpart_lio_tidy();
	return ret;
}

static int tell_clients(struct vpart *v, const char *name)
{
	struct vpart_lu *list;
	bool told = false;
	size_t i, n;
	int ret;

	ret = vpart_lus(v, &list, &n);
	for (i = 0; !ret && i < n; i++) {
		if (!is_named(&list[i], name) || !list[i].pair[0])
			continue;
		told = true;
		ret = vpart_lio_rescan(v, list[i].pair, list[i].lun);
	}
	if (!ret && !told)
		ret = vpart_fail(v, ENOENT, VPART_CODE_NOT_FOUND, "LU %s is served to nobody",
				 name);
	free(list);
	return ret;
}

/**
 * vpart_lu_rescan - tell the client that a LU's size, or who may see it, changed
 * @v: the handle
 * @name: its name
 * @wait_ms: how long to wait until the client's disk has the new size
 * @lu: what has become of it
 *
 * Return: 0; -ETIMEDOUT if the disk has another size than the device in the
 * end; another negative errno.
 */
int vpart_lu_rescan(struct vpart *v, const char *name, unsigned int wait_ms, struct vpart_lu *lu)
{
	uint64_t end = vpart_now_ms() + wait_ms, now;
	int uevents, ret;
	struct stat st;

	ret = vpart_lu_find(v, name, lu);
	if (ret)
		return ret;
	if (vpart_lio_is_file(lu) && lu->disk[0] && !stat(lu->device, &st) &&
	    S_ISREG(st.st_mode) && backing_bytes(lu) != lu->bytes)
		return vpart_fail(v, EOPNOTSUPP, VPART_CODE_FAILED,
				  "LU %s is a file, whose size is fixed while it is served: delete the LU and add it again",
				  name);
	uevents = vpart_uevent_open();
	ret = tell_clients(v, name);
	while (!ret) {
		ret = vpart_lu_find(v, name, lu);
		if (ret || !lu->disk[0] || lu->bytes == backing_bytes(lu))
			break;
		now = vpart_now_ms();
		if (!wait_ms || !lu->active)
			break;
		if (now >= end || uevents < 0)
			ret = vpart_fail(v, ETIMEDOUT, VPART_CODE_FAILED,
					 "LU %s: /dev/%s has %llu bytes, its device %llu", name,
					 lu->disk, (unsigned long long)lu->bytes,
					 (unsigned long long)backing_bytes(lu));
		else
			vpart_uevent_wait(uevents, (unsigned int)(end - now));
	}
	if (uevents >= 0)
		close(uevents);
	return ret;
}

/**
 * vpart_lus_on - the paths to LUs on a block device
 * @v: the handle
 * @device: path of the device
 * @bytes: its size now
 * @list: where they go, one element each, none for a LU that is served to nobody; free() it
 * @n: its length
 *
 * The device is not opened.
 *
 * Return: 0 or a negative errno.
 */
int vpart_lus_on(struct vpart *v, const char *device, uint64_t *bytes, struct vpart_lu **list,
		 size_t *n)
{
	struct vpart_block b;
	size_t i, all;
	int ret;

	*n = 0;
	ret = vpart_block_look(v, device, &b);
	if (!ret)
		ret = vpart_lus(v, list, &all);
	if (ret)
		return ret;
	*bytes = b.bytes;
	for (i = 0; i < all; i++)
		if ((*list)[i].pair[0] && vpart_lio_is_device(&(*list)[i], b.major, b.minor))
			(*list)[(*n)++] = (*list)[i];
	return 0;
}

/* Is the client's disk held by someone? */
static int check_idle(struct vpart *v, const struct vpart_lu *lu)
{
	struct vpart_block b;
	char path[64], by[1100];

	if (!lu->disk[0])
		return 0;
	snprintf(path, sizeof(path), "/dev/%s", lu->disk);
	if (vpart_block_find(v, path, &b) || !vpart_block_busy(&b, by, sizeof(by)))
		return 0;
	return vpart_fail(v, EBUSY, VPART_CODE_FAILED, "LU %s is in use: the disk %s of %s is %s",
			  lu->name, path, lu->client, by);
}

/**
 * vpart_lu_del - serve a LU no longer, or over one path less
 * @v: the handle
 * @name: its name
 * @pair: adapter pair of the path; with the last one the LU goes. NULL: all
 * @force: even if the client uses its disk
 *
 * The backing device keeps its data. One that does not answer is never forced.
 *
 * Return: 0, -EBUSY or another negative errno.
 */
int vpart_lu_del(struct vpart *v, const char *name, const char *pair, bool force)
{
	struct vpart_lu *list, one;
	size_t i, n, left = 0;
	int ret;

	ret = pair ? vpart_lu_path_find(v, name, pair, &one) : 0;
	if (!ret)
		ret = vpart_lu_paths(v, name, &list, &n);
	if (ret)
		return ret;
	for (i = 0; i < n && !ret; i++) {
		if (pair && strcmp(list[i].pair, pair)) {
			left++;
			continue;
		}
		if (list[i].pair[0])
			ret = vpart_lu_check_answers(v, &list[i]);
		if (!ret && !force)
			ret = check_idle(v, &list[i]);
	}
	for (i = 0; i < n && !ret; i++)
		if (list[i].pair[0] && (!pair || !strcmp(list[i].pair, pair)))
			ret = vpart_lio_unmap(v, &list[i]);
	if (!ret && !left)
		ret = vpart_lio_backstore_del(v, list[0].backstore, list[0].name);
	free(list);
	return ret;
}
