// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The local copy of what concerns a node of a cluster (R18): a file for each node that was
 * mounted here, NODE@CLUSTER. It is a header and a record for each object, of 512 bytes each
 * and little endian, under one CRC32C. Nothing is changed in place: a new file takes the
 * name of the old one when it is on the disk. One process writes, vpart-clusterd.
 */
#include <assert.h>
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "crc32c.h"
#include "internal.h"

#ifndef COPY_FOLDER
#define COPY_FOLDER	VPART_CLUSTER_COPY_FOLDER
#endif
#define COPY_NEW	".new"
#define COPY_MAGIC	"VPCOPY1\n"
#define COPY_VERSION	1U
#define COPY_RECORD	512U
#define COPY_NAME	64U	/* of a node or cluster, with its end */
#define COPY_FILE	256U

struct copy_header {
	uint8_t		magic[8];
	uint32_t	version;
	uint32_t	crc;		/* of the file, with this 0 */
	uint32_t	records;
	uint32_t	id;
	uint64_t	generation;
	uint64_t	term;
	uint64_t	commit;
	uint64_t	event;
	uint64_t	event_term;
	uint64_t	event_commit;
	uint64_t	event_time;
	uint64_t	time;
	uint8_t		repository[VPART_UUID_SIZE];
	char		cluster[COPY_NAME];
	char		node[COPY_NAME];
	uint8_t		reserved[COPY_RECORD - 232];
};

struct copy_leg {
	uint8_t		uuid[VPART_UUID_SIZE];
	uint32_t	node;
	uint32_t	state;
};

struct copy_record {
	uint8_t		type;
	uint8_t		state;
	uint8_t		reserved[2];
	uint32_t	flags;
	uint64_t	id;
	uint64_t	client;
	uint64_t	lu;
	uint64_t	adapter;
	uint64_t	peer;
	uint64_t	volume;
	uint64_t	sectors;
	uint64_t	term;
	uint64_t	time;
	uint32_t	node;
	uint32_t	slot;
	uint32_t	lun;
	uint32_t	block;
	uint32_t	owner;
	uint32_t	version;
	uint8_t		uuid[VPART_UUID_SIZE];
	uint8_t		uuid_lu[VPART_UUID_SIZE];
	uint8_t		uuid_client[VPART_UUID_SIZE];
	uint8_t		life[VPART_UUID_SIZE];	/* of a node or client */
	struct copy_leg	leg[2];
	char		name[VPART_CLUSTER_NAME_SIZE];	/* of a map: of its LU */
	char		other[VPART_CLUSTER_NAME_SIZE];	/* client's, backing, address */
	uint8_t		reserved2[40];
};

static_assert(sizeof(struct copy_header) == COPY_RECORD, "header is a record");
static_assert(sizeof(struct copy_record) == COPY_RECORD, "record has its size");

#define COPY_SIZE_MAX	((1U + VPART_CLUSTER_COPY_OBJECTS) * (size_t)COPY_RECORD)

/* --- as bytes --- */

/* As the kernel takes names of nodes and clusters. */
static bool name_is_one(const char *name)
{
	const char *p = name;

	while (*p > ' ' && *p < 0x7f && *p != '/')
		p++;
	return !*p && p != name && p - name < (ptrdiff_t)COPY_NAME && *name != '#' &&
	       *name != '.';
}

static bool zero(const uint8_t *p, size_t n)
{
	while (n && !*p) {
		p++;
		n--;
	}
	return !n;
}

/* A text that ends, and is filled with zeroes. */
static bool text_is_one(const char *text, size_t size)
{
	const size_t len = strnlen(text, size);

	return len < size && zero((const uint8_t *)text + len, size - len);
}

static const char *other_of(const struct vpart_cluster_object *o)
{
	switch (o->type) {
	case VPART_CLUSTER_NODE:
		return o->address;
	case VPART_CLUSTER_LU:
		return o->backing;
	default:
		return o->client_name;
	}
}

static void record_put(struct copy_record *r, const struct vpart_cluster_copied *c)
{
	const struct vpart_cluster_object *o = &c->o;
	size_t i;

	memset(r, 0, sizeof(*r));
	r->type = (uint8_t)o->type;
	r->state = (uint8_t)o->state;
	r->flags = htole32(o->flags);
	r->id = htole64(o->id);
	r->client = htole64(o->client);
	r->lu = htole64(o->lu);
	r->adapter = htole64(o->adapter);
	r->peer = htole64(o->peer);
	r->volume = htole64(o->volume);
	r->sectors = htole64(o->sectors);
	r->term = htole64(o->term);
	r->time = htole64(o->time);
	r->node = htole32(o->node);
	r->slot = htole32(o->slot);
	r->lun = htole32(o->lun);
	r->block = htole32(o->block);
	r->owner = htole32(o->owner);
	r->version = htole32(o->version);
	memcpy(r->uuid, o->uuid, sizeof(r->uuid));
	memcpy(r->uuid_lu, c->lu, sizeof(r->uuid_lu));
	memcpy(r->uuid_client, c->client, sizeof(r->uuid_client));
	memcpy(r->life, o->type == VPART_CLUSTER_NODE ? o->boot : o->instance, sizeof(r->life));
	for (i = 0; i < ARRAY_SIZE(r->leg); i++) {
		memcpy(r->leg[i].uuid, o->leg[i].uuid, sizeof(r->leg[i].uuid));
		r->leg[i].node = htole32(o->leg[i].node);
		r->leg[i].state = htole32(o->leg[i].state);
	}
	vpart_copy(r->name, sizeof(r->name), o->type == VPART_CLUSTER_MAP ? o->lu_name : o->name);
	vpart_copy(r->other, sizeof(r->other), other_of(o));
}

static bool record_get(const struct copy_record *r, struct vpart_cluster_copied *c)
{
	struct vpart_cluster_object *o = &c->o;
	size_t i;

	if (r->type < VPART_CLUSTER_NODE || r->type > VPART_CLUSTER_VOLUME ||
	    !zero(r->reserved, sizeof(r->reserved)) || !zero(r->reserved2, sizeof(r->reserved2)) ||
	    !text_is_one(r->name, sizeof(r->name)) || !text_is_one(r->other, sizeof(r->other)))
		return false;
	memset(c, 0, sizeof(*c));
	o->type = (enum vpart_cluster_type)r->type;
	o->state = r->state;
	o->flags = le32toh(r->flags);
	o->id = le64toh(r->id);
	o->client = le64toh(r->client);
	o->lu = le64toh(r->lu);
	o->adapter = le64toh(r->adapter);
	o->peer = le64toh(r->peer);
	o->volume = le64toh(r->volume);
	o->sectors = le64toh(r->sectors);
	o->term = le64toh(r->term);
	o->time = le64toh(r->time);
	o->node = le32toh(r->node);
	o->slot = le32toh(r->slot);
	o->lun = le32toh(r->lun);
	o->block = le32toh(r->block);
	o->owner = le32toh(r->owner);
	o->version = le32toh(r->version);
	memcpy(o->uuid, r->uuid, sizeof(o->uuid));
	memcpy(c->lu, r->uuid_lu, sizeof(c->lu));
	memcpy(c->client, r->uuid_client, sizeof(c->client));
	memcpy(o->type == VPART_CLUSTER_NODE ? o->boot : o->instance, r->life, sizeof(r->life));
	for (i = 0; i < ARRAY_SIZE(r->leg); i++) {
		memcpy(o->leg[i].uuid, r->leg[i].uuid, sizeof(o->leg[i].uuid));
		o->leg[i].node = le32toh(r->leg[i].node);
		o->leg[i].state = le32toh(r->leg[i].state);
	}
	strcpy(o->type == VPART_CLUSTER_MAP ? o->lu_name : o->name, r->name);
	strcpy((char *)other_of(o), r->other);
	return true;
}

/* The whole file; NULL: out of memory. */
static uint8_t *encode(const struct vpart_cluster_copy *copy, size_t *size)
{
	struct copy_header *h;
	struct copy_record *r;
	size_t i;

	*size = (1 + copy->n) * sizeof(*r);
	h = calloc(1 + copy->n, sizeof(*r));
	if (!h)
		return NULL;
	memcpy(h->magic, COPY_MAGIC, sizeof(h->magic));
	h->version = htole32(COPY_VERSION);
	h->records = htole32((uint32_t)copy->n);
	h->id = htole32(copy->id);
	h->generation = htole64(copy->at.generation);
	h->term = htole64(copy->at.term);
	h->commit = htole64(copy->at.commit);
	h->event = htole64(copy->at.event);
	h->event_term = htole64(copy->at.event_term);
	h->event_commit = htole64(copy->at.event_commit);
	h->event_time = htole64(copy->at.event_time);
	h->time = htole64(copy->time);
	memcpy(h->repository, copy->at.repository, sizeof(h->repository));
	vpart_copy(h->cluster, sizeof(h->cluster), copy->cluster);
	vpart_copy(h->node, sizeof(h->node), copy->node);
	r = (struct copy_record *)(h + 1);
	for (i = 0; i < copy->n; i++)
		record_put(&r[i], &copy->list[i]);
	h->crc = htole32(crc32c(h, *size));
	return (uint8_t *)h;
}

/* What is wrong with a file, or NULL: @copy is filled, its list is to be freed. */
static const char *decode(uint8_t *data, size_t size, struct vpart_cluster_copy *copy)
{
	struct copy_header *h = (struct copy_header *)data;
	const struct copy_record *r = (const struct copy_record *)(h + 1);
	uint32_t crc, i;

	if (size < sizeof(*h) || memcmp(h->magic, COPY_MAGIC, sizeof(h->magic)))
		return "it is no local copy";
	if (le32toh(h->version) != COPY_VERSION)
		return "it was written by another version";
	crc = le32toh(h->crc);
	h->crc = 0;
	if (crc32c(data, size) != crc)
		return "it is damaged: its checksum is another one";
	if (le32toh(h->records) > VPART_CLUSTER_COPY_OBJECTS ||
	    size != (1 + (size_t)le32toh(h->records)) * sizeof(*r) ||
	    !text_is_one(h->cluster, sizeof(h->cluster)) ||
	    !text_is_one(h->node, sizeof(h->node)) || !name_is_one(h->cluster) ||
	    !name_is_one(h->node) || !zero(h->reserved, sizeof(h->reserved)))
		return "it is damaged: its header is none";
	copy->n = le32toh(h->records);
	copy->list = calloc(copy->n + 1, sizeof(*copy->list));
	if (!copy->list)
		return "there is no memory for it";
	for (i = 0; i < copy->n; i++)
		if (!record_get(&r[i], &copy->list[i]))
			return "it is damaged: an object is none";
	copy->id = le32toh(h->id);
	copy->at.generation = le64toh(h->generation);
	copy->at.term = le64toh(h->term);
	copy->at.commit = le64toh(h->commit);
	copy->at.event = le64toh(h->event);
	copy->at.event_term = le64toh(h->event_term);
	copy->at.event_commit = le64toh(h->event_commit);
	copy->at.event_time = le64toh(h->event_time);
	copy->time = le64toh(h->time);
	memcpy(copy->at.repository, h->repository, sizeof(h->repository));
	strcpy(copy->cluster, h->cluster);
	strcpy(copy->node, h->node);
	return NULL;
}

/**
 * vpart_cluster_copy_same - would two copies be the same file?
 * @a: one
 * @b: the other
 *
 * When they were written does not count.
 *
 * Return: true if so; false also without memory to tell.
 */
bool vpart_cluster_copy_same(const struct vpart_cluster_copy *a,
			     const struct vpart_cluster_copy *b)
{
	struct vpart_cluster_copy then = *b;
	size_t size = 0, other = 0;
	uint8_t *p, *q;
	bool same;

	if (a->n != b->n)
		return false;
	then.time = a->time;
	p = encode(a, &size);
	q = encode(&then, &other);
	same = p && q && size == other && !memcmp(p, q, size);
	free(p);
	free(q);
	return same;
}

/**
 * vpart_cluster_copy_free - give its list back
 * @copy: it, read, taken or all zero
 */
void vpart_cluster_copy_free(struct vpart_cluster_copy *copy)
{
	free(copy->list);
	copy->list = NULL;
	copy->n = 0;
}

/* --- as a file --- */

/* NODE@CLUSTER; an '@' of the node's name is written otherwise, as the first one divides. */
static int file_name(struct vpart *v, const char *cluster, const char *node, char name[COPY_FILE])
{
	size_t n = 0;

	if (!name_is_one(cluster) || !name_is_one(node))
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "there is no local copy of node %.64s of cluster %.64s: that is no name",
				  node, cluster);
	for (; *node; node++)
		n += (size_t)sprintf(name + n, *node == '@' || *node == '%' ? "%%%02x" : "%c",
				     (unsigned char)*node);
	sprintf(name + n, "@%s", cluster);
	return 0;
}

static int folder_open(void)
{
	return open(COPY_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* The name of a folder is on the disk when the one above is: "..". */
static void sync_above(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), above = -1;

	if (fd >= 0) {
		above = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
		close(fd);
	}
	if (above >= 0) {
		fsync(above);
		close(above);
	}
}

/* Its own folders, if they are not there. */
static int folder_make(void)
{
	char path[] = COPY_FOLDER;
	char *at = path;

	while (at) {
		at = strchr(at + 1, '/');
		if (at)
			*at = 0;
		if (!mkdir(path, at ? 0755 : 0700))
			sync_above(path);
		else if (errno != EEXIST)
			return -1;
		if (at)
			*at = '/';
	}
	return folder_open();
}

static int read_all(int fd, uint8_t *data, size_t size)
{
	size_t have = 0;
	ssize_t got;

	while (have < size) {
		got = read(fd, data + have, size - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EBADMSG;
		have += (size_t)got;
	}
	return 0;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
	size_t have = 0;
	ssize_t got;

	while (have < size) {
		got = write(fd, data + have, size - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		have += (size_t)got;
	}
	return 0;
}

/* 0; -EBADMSG: it is no copy, says @why; or another negative errno. */
static int file_read(int dir, const char *name, struct vpart_cluster_copy *copy, const char **why)
{
	uint8_t *data = NULL;
	struct stat st;
	int fd, ret;

	*why = "it is no local copy";
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
	if (fd < 0)
		return errno == ELOOP ? -EBADMSG : -errno;
	if (fstat(fd, &st)) {
		ret = -errno;
	} else if (!S_ISREG(st.st_mode) || st.st_size > (off_t)COPY_SIZE_MAX) {
		ret = -EBADMSG;
	} else {
		data = malloc((size_t)st.st_size + 1);
		ret = data ? read_all(fd, data, (size_t)st.st_size) : -ENOMEM;
	}
	close(fd);
	if (!ret) {
		*why = decode(data, (size_t)st.st_size, copy);
		ret = !*why ? 0 : copy->n && !copy->list ? -ENOMEM : -EBADMSG;
	}
	free(data);
	if (ret)
		vpart_cluster_copy_free(copy);
	return ret;
}

/**
 * vpart_cluster_copy_read - read the local copy of a node
 * @v: the handle
 * @cluster: name of its cluster
 * @node: its name
 * @copy: where it goes; vpart_cluster_copy_free() it
 *
 * Return: 0; -ENOENT: there is none; -EBADMSG: what is there is none; or another negative errno.
 */
int vpart_cluster_copy_read(struct vpart *v, const char *cluster, const char *node,
			    struct vpart_cluster_copy *copy)
{
	char name[COPY_FILE];
	const char *why = "";
	int dir, ret;

	memset(copy, 0, sizeof(*copy));
	ret = file_name(v, cluster, node, name);
	if (ret)
		return ret;
	dir = folder_open();
	ret = dir < 0 ? -errno : file_read(dir, name, copy, &why);
	if (dir >= 0)
		close(dir);
	if (!ret && (strcmp(copy->cluster, cluster) || strcmp(copy->node, node))) {
		vpart_cluster_copy_free(copy);
		why = "it is of another node";
		ret = -EBADMSG;
	}
	/* What the disk has lost is damaged. What is short now comes back. */
	if (ret && ret != -ENOENT && ret != -EBADMSG && ret != -ENOMEM && ret != -EMFILE &&
	    ret != -ENFILE) {
		why = strerror(-ret);
		ret = -EBADMSG;
	}
	if (ret == -ENOENT)
		return vpart_fail(v, ENOENT, VPART_CODE_NOT_FOUND,
				  "there is no local copy of node %s of cluster %s", node, cluster);
	if (ret == -EBADMSG)
		return vpart_fail(v, EBADMSG, VPART_CODE_FAILED, COPY_FOLDER "/%s: %s", name, why);
	return ret ? vpart_fail(v, -ret, VPART_CODE_FAILED, COPY_FOLDER "/%s: %s", name,
				strerror(-ret)) : 0;
}

/**
 * vpart_cluster_copy_write - keep the local copy of a node
 * @v: the handle
 * @copy: it
 *
 * When it fails, or the machine does, the one of before is there, or this one.
 *
 * Return: 0 or a negative errno.
 */
int vpart_cluster_copy_write(struct vpart *v, const struct vpart_cluster_copy *copy)
{
	char name[COPY_FILE];
	int dir, fd, ret;
	uint8_t *data;
	size_t size;

	ret = file_name(v, copy->cluster, copy->node, name);
	if (ret)
		return ret;
	if (copy->n > VPART_CLUSTER_COPY_OBJECTS)
		return vpart_fail(v, EFBIG, VPART_CODE_FAILED,
				  "a local copy has at most %u objects, not %zu",
				  VPART_CLUSTER_COPY_OBJECTS, copy->n);
	data = encode(copy, &size);
	if (!data)
		return vpart_no_memory(v);
	dir = folder_make();
	if (dir < 0) {
		ret = -errno;
		goto free;
	}
	fd = openat(dir, COPY_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		ret = -errno;
		goto close;
	}
	ret = write_all(fd, data, size);
	if (!ret && fsync(fd))
		ret = -errno;
	if (close(fd) && !ret)
		ret = -errno;
	if (!ret && renameat(dir, COPY_NEW, dir, name))
		ret = -errno;
	if (ret)
		unlinkat(dir, COPY_NEW, 0);
	else if (fsync(dir))
		ret = -errno;
close:
	close(dir);
free:
	free(data);
	return ret ? vpart_fail(v, -ret, VPART_CODE_FAILED, COPY_FOLDER "/%s: %s", name,
				strerror(-ret)) : 0;
}

/**
 * vpart_cluster_copy_remove - forget what a node knew of its cluster
 * @v: the handle
 * @cluster: name of the cluster
 * @node: its name
 *
 * Return: 0; -ENOENT: there was none; or another negative errno.
 */
int vpart_cluster_copy_remove(struct vpart *v, const char *cluster, const char *node)
{
	char name[COPY_FILE];
	int dir, ret;

	ret = file_name(v, cluster, node, name);
	if (ret)
		return ret;
	dir = folder_open();
	if (dir < 0 || unlinkat(dir, name, 0))
		ret = -errno;
	else if (fsync(dir))
		ret = -errno;
	if (dir >= 0)
		close(dir);
	if (ret == -ENOENT)
		return vpart_fail(v, ENOENT, VPART_CODE_NOT_FOUND,
				  "there is no local copy of node %s of cluster %s", node, cluster);
	return ret ? vpart_fail(v, -ret, VPART_CODE_FAILED, COPY_FOLDER "/%s: %s", name,
				strerror(-ret)) : 0;
}

/* The names in a file's name; false: it is none of a copy. */
static bool name_parse(const char *file, struct vpart_cluster_copy *copy)
{
	const char *at = strchr(file, '@');
	unsigned int c;
	size_t n = 0;

	if (!at || !name_is_one(at + 1))
		return false;
	strcpy(copy->cluster, at + 1);
	while (file < at) {
		if (n + 1 >= COPY_NAME)
			return false;
		if (*file != '%') {
			copy->node[n++] = *file++;
			continue;
		}
		if (sscanf(file, "%%%2x", &c) != 1 || (c != '%' && c != '@'))
			return false;
		copy->node[n++] = (char)c;
		file += 3;
	}
	copy->node[n] = 0;
	return name_is_one(copy->node);
}

static int by_name(const void *p, const void *q)
{
	const struct vpart_cluster_copy *a = p, *b = q;
	const int c = strcmp(a->cluster, b->cluster);

	return c ? c : strcmp(a->node, b->node);
}

/**
 * vpart_cluster_copy_names - the nodes of which there are local copies
 * @v: the handle
 * @list: where they go, with their names and nothing else; free() it
 * @n: how many
 *
 * Return: 0 or a negative errno.
 */
int vpart_cluster_copy_names(struct vpart *v, struct vpart_cluster_copy **list, size_t *n)
{
	struct vpart_list l = { .size = sizeof(struct vpart_cluster_copy) };
	struct vpart_cluster_copy copy, *to;
	struct dirent *d;
	int err, ret = 0;
	DIR *dir;

	dir = opendir(COPY_FOLDER);
	err = dir || errno == ENOENT ? 0 : errno;
	while (dir) {
		errno = 0;
		d = readdir(dir);
		if (!d) {
			/* It is at its end, or it is said why not. */
			err = errno;
			break;
		}
		memset(&copy, 0, sizeof(copy));
		to = name_parse(d->d_name, &copy) ? vpart_list_add(&l) : NULL;
		if (to)
			*to = copy;
	}
	if (dir)
		closedir(dir);
	if (err)
		ret = vpart_fail(v, err, VPART_CODE_FAILED, COPY_FOLDER ": %s", strerror(err));
	ret = vpart_list_done(v, ret, &l, list, n);
	if (!ret && *n)
		qsort(*list, *n, sizeof(**list), by_name);
	return ret;
}

/* --- compared --- */

/**
 * vpart_cluster_copy_compare - how does a repository stand to what is known of one?
 * @known: what is known
 * @is: the repository. Its event is that of @known if it is kept there. Else it is the
 *	oldest one that is, if that one was dropped; or the last one, if it is not there yet
 *
 * Return: VPART_CLUSTER_FOREIGN or higher: it is refused (P23).
 */
enum vpart_cluster_order vpart_cluster_copy_compare(const struct vpart_cluster_point *known,
						    const struct vpart_cluster_point *is)
{
	if (memcmp(known->repository, is->repository, sizeof(known->repository)))
		return VPART_CLUSTER_FOREIGN;
	if (is->generation != known->generation)
		return is->generation < known->generation ? VPART_CLUSTER_OLD_GENERATION :
		       VPART_CLUSTER_RESTORED;
	if (is->term < known->term || is->commit < known->commit)
		return VPART_CLUSTER_OLDER;
	if (known->event && is->event < known->event)
		return VPART_CLUSTER_OTHER_HISTORY;
	if (known->event && is->event == known->event &&
	    (is->event_term != known->event_term || is->event_commit != known->event_commit ||
	     is->event_time != known->event_time))
		return VPART_CLUSTER_OTHER_HISTORY;
	return is->term == known->term && is->commit == known->commit ? VPART_CLUSTER_SAME :
	       VPART_CLUSTER_NEWER;
}

/**
 * vpart_cluster_copy_option - what mount is told, so that the kernel compares before it writes
 * @known: what is known
 * @text: the value of the option "expect"
 */
void vpart_cluster_copy_option(const struct vpart_cluster_point *known,
			       char text[VPART_CLUSTER_COPY_OPTION])
{
	char uuid[VPART_UUID_TEXT];

	vpart_uuid_format(known->repository, uuid);
	snprintf(text, VPART_CLUSTER_COPY_OPTION, "%s:%llu:%llu:%llu:%llu:%llu:%llu:%llu", uuid,
		 (unsigned long long)known->generation, (unsigned long long)known->term,
		 (unsigned long long)known->commit, (unsigned long long)known->event,
		 (unsigned long long)known->event_term, (unsigned long long)known->event_commit,
		 (unsigned long long)known->event_time);
}
