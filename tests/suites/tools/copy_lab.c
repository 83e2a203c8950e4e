// SPDX-License-Identifier: GPL-2.0
/*
 * copy_lab: the local copy of a node (tools/libvpart/cluster_copy.c), on a disk that fails and
 * a machine that dies at each call, and as files that somebody else has written. The calls are
 * counted by the linker (--wrap).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "copy_lab.h"
#include "internal.h"

#define NODE		"n@1"
#define FILE_NAME	COPY_FOLDER "/n%401@lab"
#define OBJECTS		5
#define SIZE		(512 * (1 + OBJECTS))

static int at = -1;		/* the call that does not come back as it should, from 0 */
static int count;		/* of them */
static bool dies;		/* then; else it fails */
static char calls[256];
static struct vpart *v;

static void bad(const char *what, int n)
{
	fprintf(stderr, "%s (%d): %s\n", what, n, vpart_last_error(v)->text);
	exit(1);
}

/* --- calls --- */

static bool now(const char *name)
{
	if (strlen(calls) + 16 < sizeof(calls))
		strcat(strcat(calls, name), " ");
	if (count++ != at)
		return false;
	if (dies)
		_exit(9);
	errno = ENOSPC;
	return true;
}

int __wrap_openat(int dir, const char *path, int flags, unsigned int mode)
{
	return now("open") ? -1 : __real_openat(dir, path, flags, mode);
}

/* Half of it is written, then the rest. */
ssize_t __wrap_write(int fd, const void *data, size_t n)
{
	return now("write") ? -1 : __real_write(fd, data, n > SIZE / 2 ? SIZE / 2 : n);
}

int __wrap_fsync(int fd)
{
	return now("sync") ? -1 : __real_fsync(fd);
}

int __wrap_renameat(int from, const char *old, int to, const char *new)
{
	return now("rename") ? -1 : __real_renameat(from, old, to, new);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
	return now("mkdir") ? -1 : __real_mkdir(path, mode);
}

int __wrap_close(int fd)
{
	return now("close") ? (__real_close(fd), -1) : __real_close(fd);
}

struct dirent *__wrap_readdir(DIR *dir)
{
	return now("readdir") ? NULL : __real_readdir(dir);
}

/* --- copies --- */

static void make(struct vpart_cluster_copy *c, uint64_t commit)
{
	static const enum vpart_cluster_type types[OBJECTS] = {
		VPART_CLUSTER_NODE, VPART_CLUSTER_CLIENT, VPART_CLUSTER_LU, VPART_CLUSTER_MAP,
		VPART_CLUSTER_VOLUME,
	};
	size_t i;

	memset(c, 0, sizeof(*c));
	strcpy(c->cluster, "lab");
	strcpy(c->node, NODE);
	c->id = 3;
	memset(c->at.repository, 7, sizeof(c->at.repository));
	c->at.generation = 2;
	c->at.term = 1ULL << 40;
	c->at.commit = commit;
	c->at.event = 9;
	c->at.event_term = 4;
	c->at.event_commit = commit;
	c->at.event_time = 12;
	c->time = commit;
	c->n = OBJECTS;
	c->list = calloc(OBJECTS, sizeof(*c->list));
	for (i = 0; i < OBJECTS; i++) {
		struct vpart_cluster_object *o = &c->list[i].o;

		o->type = types[i];
		o->id = 100 + i;
		memset(o->name, 'a' + (int)i, sizeof(o->name) - 1);
		if (types[i] == VPART_CLUSTER_MAP) {
			memcpy(o->lu_name, o->name, sizeof(o->name));
			memset(o->name, 0, sizeof(o->name));
			strcpy(o->client_name, "web");
			memset(c->list[i].lu, 1, sizeof(c->list[i].lu));
			memset(c->list[i].client, 2, sizeof(c->list[i].client));
		} else {
			memset(o->uuid, 1 + (int)i, sizeof(o->uuid));
		}
		if (types[i] == VPART_CLUSTER_LU)
			strcpy(o->backing, "/dev/sdb");
		if (types[i] == VPART_CLUSTER_NODE) {
			strcpy(o->address, "192.0.2.1");
			memset(o->boot, 5, sizeof(o->boot));
		}
		if (types[i] == VPART_CLUSTER_CLIENT)
			memset(o->instance, 6, sizeof(o->instance));
		o->sectors = UINT64_MAX - i;
		o->owner = VPART_CLUSTER_NOBODY;
		o->leg[1].node = 4;
		memset(o->leg[1].uuid, 8, sizeof(o->leg[1].uuid));
		o->lun = 0xffffffff;
	}
}

static void put(uint64_t commit)
{
	struct vpart_cluster_copy c;

	make(&c, commit);
	if (vpart_cluster_copy_write(v, &c))
		bad("it is not written", (int)commit);
	vpart_cluster_copy_free(&c);
}

/* Which commit is there? -1: none, -2: what is there is none. */
static int have(void)
{
	struct vpart_cluster_copy c, want;
	int ret = vpart_cluster_copy_read(v, "lab", NODE, &c);

	if (ret == -ENOENT)
		return -1;
	if (ret == -EBADMSG)
		return -2;
	if (ret)
		bad("it is not read", ret);
	make(&want, c.at.commit);
	if (!vpart_cluster_copy_same(&c, &want) || c.time != want.time)
		bad("it is another one", (int)c.at.commit);
	ret = (int)c.at.commit;
	vpart_cluster_copy_free(&c);
	vpart_cluster_copy_free(&want);
	return ret;
}

static uint8_t *whole(void)
{
	uint8_t *data = malloc(SIZE + 1);
	int fd = open(FILE_NAME, O_RDONLY);

	if (fd < 0 || read(fd, data, SIZE + 1) != SIZE)
		bad("its size is another one", 0);
	__real_close(fd);
	return data;
}

static void whole_put(const uint8_t *data, size_t n)
{
	int fd = open(FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || __real_write(fd, data, n) != (ssize_t)n)
		bad("it cannot be changed", 0);
	__real_close(fd);
}

static uint32_t crc32c(const uint8_t *p, size_t n)
{
	uint32_t crc = ~0U;
	int bit;

	while (n--)
		for (crc ^= *p++, bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
	return ~crc;
}

static void seal(uint8_t *data, size_t n)
{
	uint32_t crc;

	memset(data + 12, 0, 4);
	crc = crc32c(data, n);
	memcpy(data + 12, &crc, 4);
}

/* --- what is asked for --- */

static void roundtrip(void)
{
	struct vpart_cluster_copy *list;
	size_t n;

	put(1);
	if (have() != 1)
		bad("it is not what was written", 0);
	if (vpart_cluster_copy_names(v, &list, &n) || n != 1 || strcmp(list->node, NODE) ||
	    strcmp(list->cluster, "lab"))
		bad("its names are others", (int)n);
	free(list);
	if (vpart_cluster_copy_remove(v, "lab", NODE) || have() != -1 ||
	    vpart_cluster_copy_remove(v, "lab", NODE) != -ENOENT)
		bad("it is not removed", 0);
}

/* A folder that is read in part has not the copies that it seems to have. */
static void listed(void)
{
	struct vpart_cluster_copy *list;
	size_t n;
	int ret;

	put(1);
	for (at = 0; ; at++) {
		count = 0;
		calls[0] = 0;
		ret = vpart_cluster_copy_names(v, &list, &n);
		if (count <= at)
			break;
		if (!ret)
			bad("the folder is not read, and that is not seen", at);
	}
	if (ret || n != 1 || at < 2)
		bad("the folder is not read", (int)n);
	free(list);
}

/* Each byte changed, each length. */
static void damage(void)
{
	uint8_t *data;
	size_t i;

	put(1);
	data = whole();
	for (i = 0; i < SIZE; i++) {
		data[i] ^= (uint8_t)(1 << i % 8);
		whole_put(data, SIZE);
		if (have() != -2)
			bad("a byte is changed, and that is not seen", (int)i);
		data[i] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 0; i < SIZE; i++) {
		whole_put(data, i);
		if (have() != -2)
			bad("it is cut, and that is not seen", (int)i);
	}
	data[SIZE] = 0;
	whole_put(data, SIZE + 1);
	if (have() != -2)
		bad("it is longer, and that is not seen", 0);
	free(data);
}

/* With a right sum: whatever is in it, it is read or refused. */
static void hostile(void)
{
	struct vpart_cluster_copy c;
	unsigned int ok = 0, none = 0;
	uint8_t *data;
	size_t i, k;
	int ret;

	put(1);
	data = whole();
	for (i = 0; i < SIZE * 4; i++) {
		const size_t byte = i / 4;
		const uint8_t was = data[byte], to[] = { 0, 0xff, (uint8_t)(was + 1), '/' };

		data[byte] = to[i % 4];
		seal(data, SIZE);
		whole_put(data, SIZE);
		ret = vpart_cluster_copy_read(v, "lab", NODE, &c);
		if (ret && ret != -EBADMSG)
			bad("it is neither read nor refused", ret);
		ret ? none++ : ok++;
		for (k = 0; !ret && k < c.n; k++)
			if (strlen(c.list[k].o.name) >= sizeof(c.list[k].o.name))
				bad("a name has no end", (int)i);
		if (!ret && (c.n != OBJECTS || strcmp(c.node, NODE)))
			bad("it is of another node, or has more than there is", (int)i);
		vpart_cluster_copy_free(&c);
		data[byte] = was;
	}
	if (!ok || !none)
		bad("all are the same", (int)ok);
	free(data);
}

static void leave_nothing(void)
{
	unlink(FILE_NAME);
	unlink(COPY_FOLDER "/.new");
	rmdir(COPY_FOLDER);
}

/* It is cut short at each call: the one of before is there, or the new one. */
static void cut(bool first)
{
	int status, i, was, is, old = 0;
	pid_t pid;

	for (i = 0; ; i++) {
		leave_nothing();
		at = -1;
		if (!first)
			put(1);
		pid = fork();
		if (!pid) {
			struct vpart_cluster_copy c;

			make(&c, 2);
			at = i;
			count = 0;
			calls[0] = 0;
			is = vpart_cluster_copy_write(v, &c);
			/* Nothing of it stays behind, if it could not be done. */
			if (!dies && is && !access(COPY_FOLDER "/.new", F_OK))
				_exit(3);
			_exit(count <= i ? 7 : is ? 8 : strstr(calls, "rename") ? 0 : 4);
		}
		waitpid(pid, &status, 0);
		is = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
		was = have();
		if (is == 7 && was == 2)
			break;
		if (is != 0 && is != 8 && is != 9)
			bad("it ended otherwise", is);
		if (was != 2 && was != (first ? -1 : 1))
			bad("neither the old one nor the new one is there", i);
		if (!is && was != 2)
			bad("it is said to be written, and is not", i);
		old += was != 2;
		/* Who comes next is not held up by what is left. */
		put(3);
		if (have() != 3)
			bad("the next one is not written", i);
	}
	if (i < 6 || !old)
		bad("it does not do so much", i);
	leave_nothing();
}

static void cut_all(bool die)
{
	dies = die;
	cut(false);
	cut(true);
}

/* On the disk before it has its name, and the name before it is said. */
static void order(void)
{
	put(1);
	count = 0;
	calls[0] = 0;
	put(2);
	if (!strstr(calls, "open write write ") ||
	    !strstr(calls, "write sync close rename sync close"))
		bad(calls, count);
}

static void strange(void)
{
	static const char *const names[] = { "", ".", "..", "a/b", "a b", "#a", "a\n", ".new",
		"a123456789b123456789c123456789d123456789e123456789f123456789g123x" };
	struct vpart_cluster_copy c;
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (vpart_cluster_copy_read(v, "lab", names[i], &c) != -EINVAL ||
		    vpart_cluster_copy_read(v, names[i], "n1", &c) != -EINVAL ||
		    vpart_cluster_copy_remove(v, names[i], "n1") != -EINVAL)
			bad("that is no name", (int)i);
	put(1);
	if (rename(FILE_NAME, COPY_FOLDER "/n2@lab") ||
	    vpart_cluster_copy_read(v, "lab", "n2", &c) != -EBADMSG)
		bad("it is another node's", 0);
	if (symlink("n2@lab", FILE_NAME) || have() != -2)
		bad("it is a link", 0);
	unlink(FILE_NAME);
	if (mkfifo(FILE_NAME, 0600) || have() != -2)
		bad("it is a pipe", 0);
	unlink(FILE_NAME);
	if (__real_mkdir(FILE_NAME, 0700) || have() != -2)
		bad("it is a folder", 0);
	rmdir(FILE_NAME);
	fd = open(FILE_NAME, O_WRONLY | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, 1LL << 40) || have() != -2)
		bad("it is too long", 0);
	__real_close(fd);
	unlink(COPY_FOLDER "/n2@lab");
	make(&c, 1);
	c.n = VPART_CLUSTER_COPY_OBJECTS + 1;
	if (vpart_cluster_copy_write(v, &c) != -EFBIG)
		bad("it has too many objects", 0);
	vpart_cluster_copy_free(&c);
}

static void compare(void)
{
	static const struct {
		uint8_t				uuid;
		uint64_t			n[7];	/* in the order of the struct */
		enum vpart_cluster_order	is;
	} table[] = {
		{ 1, { 3, 5, 50, 40, 4, 49, 7 }, VPART_CLUSTER_SAME },
		{ 1, { 3, 5, 51, 40, 4, 49, 7 }, VPART_CLUSTER_NEWER },
		{ 1, { 3, 6, 50, 40, 4, 49, 7 }, VPART_CLUSTER_NEWER },
		{ 1, { 3, 9, 99, 40, 4, 49, 7 }, VPART_CLUSTER_NEWER },
		{ 1, { 3, 9, 99, 41, 9, 98, 7 }, VPART_CLUSTER_NEWER }, /* is kept no more */
		{ 1, { 4, 9, 99, 40, 4, 49, 7 }, VPART_CLUSTER_RESTORED },
		{ 1, { 4, 1, 1, 1, 1, 1, 7 }, VPART_CLUSTER_RESTORED },
		{ 2, { 3, 5, 50, 40, 4, 49, 7 }, VPART_CLUSTER_FOREIGN },
		{ 2, { 9, 9, 99, 40, 4, 49, 7 }, VPART_CLUSTER_FOREIGN },
		{ 1, { 2, 5, 50, 40, 4, 49, 7 }, VPART_CLUSTER_OLD_GENERATION },
		{ 1, { 2, 9, 99, 40, 4, 49, 7 }, VPART_CLUSTER_OLD_GENERATION },
		{ 1, { 3, 4, 50, 40, 4, 49, 7 }, VPART_CLUSTER_OLDER },
		{ 1, { 3, 5, 49, 40, 4, 49, 7 }, VPART_CLUSTER_OLDER },
		{ 1, { 3, 9, 49, 40, 4, 49, 7 }, VPART_CLUSTER_OLDER },
		{ 1, { 3, 4, 99, 40, 4, 49, 7 }, VPART_CLUSTER_OLDER },
		{ 1, { 3, 9, 99, 40, 5, 49, 7 }, VPART_CLUSTER_OTHER_HISTORY },
		{ 1, { 3, 9, 99, 40, 4, 48, 7 }, VPART_CLUSTER_OTHER_HISTORY },
		{ 1, { 3, 5, 50, 40, 4, 49, 8 }, VPART_CLUSTER_OTHER_HISTORY },
		{ 1, { 3, 9, 99, 39, 4, 48, 7 }, VPART_CLUSTER_OTHER_HISTORY }, /* is not there */
		{ 1, { 3, 9, 99, 0, 0, 0, 7 }, VPART_CLUSTER_OTHER_HISTORY },
	};
	struct vpart_cluster_point known, is;
	size_t i;

	for (i = 0; i < 2 * ARRAY_SIZE(table); i++) {
		const bool without = i >= ARRAY_SIZE(table);	/* no event is known */
		enum vpart_cluster_order want = table[i % ARRAY_SIZE(table)].is;
		const uint64_t *n = table[i % ARRAY_SIZE(table)].n;

		memset(&known, 0, sizeof(known));
		memset(&is, 0, sizeof(is));
		known.repository[15] = 1;
		known.generation = 3;
		known.term = 5;
		known.commit = 50;
		known.event = without ? 0 : 40;
		known.event_term = without ? 0 : 4;
		known.event_commit = without ? 0 : 49;
		is.repository[15] = table[i % ARRAY_SIZE(table)].uuid;
		is.generation = n[0];
		is.term = n[1];
		is.commit = n[2];
		is.event = n[3];
		is.event_term = n[4];
		is.event_commit = n[5];
		is.event_time = n[6];
		known.event_time = without ? 0 : 7;
		if (without && want == VPART_CLUSTER_OTHER_HISTORY)
			want = n[2] == 50 ? VPART_CLUSTER_SAME : VPART_CLUSTER_NEWER;
		if (vpart_cluster_copy_compare(&known, &is) != want)
			bad("it is compared otherwise", (int)i);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	v = vpart_open();
	if (!strcmp(what, "roundtrip"))
		roundtrip();
	else if (!strcmp(what, "damage"))
		damage();
	else if (!strcmp(what, "hostile"))
		hostile();
	else if (!strcmp(what, "listed"))
		listed();
	else if (!strcmp(what, "order"))
		order();
	else if (!strcmp(what, "strange"))
		strange();
	else if (!strcmp(what, "compare"))
		compare();
	else if (!strcmp(what, "dies") || !strcmp(what, "fails"))
		cut_all(what[0] == 'd');
	else
		return 2;
	vpart_close(v);
	return 0;
}
